/* SPDX-License-Identifier: GPL-3.0-or-later */
/* t-SNE and what stands around it, against plain loops in double precision. */
#include "base/mem.h"
#include "base/rng.h"
#include "lens/affinity.h"
#include "lens/pca.h"
#include "lens/procrustes.h"
#include "lens/trust.h"
#include "lens/tsne.h"
#include "test.h"

static struct pool *pool_of(int threads)
{
    struct error err;
    struct pool *pool = pool_new(threads, &err);

    check(pool != NULL);
    return pool;
}

/* n points of d numbers in `clusters` clouds, one after the other in turn */
static float *clouds(size_t n, int d, int clusters, double apart)
{
    struct rng r = rng_make(7, RNG_TEST, n);
    double *centre = xmalloc((size_t)(clusters * d) * sizeof *centre);
    float *x = xmalloc(n * (size_t)d * sizeof *x);

    for (int i = 0; i < clusters * d; i++)
        centre[i] = apart * rng_normal(&r);
    for (size_t i = 0; i < n; i++)
        for (size_t f = 0; f < (size_t)d; f++)
            x[i * (size_t)d + f] = (float)(centre[i % (size_t)clusters * (size_t)d + f]
                                           + rng_normal(&r));
    free(centre);
    return x;
}

/* ---- plain loops ---- */

static double distance2(const float *x, int d, size_t i, size_t j)
{
    double sum = 0;

    for (size_t f = 0; f < (size_t)d; f++) {
        double a = (double)x[i * (size_t)d + f] - x[j * (size_t)d + f];

        sum += a * a;
    }
    return sum;
}

struct near {
    double distance2;
    size_t index;
};

static int compare_near(const void *a, const void *b)
{
    const struct near *x = a, *y = b;

    if (x->distance2 != y->distance2)
        return x->distance2 < y->distance2 ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* all others, nearest first; (n - 1) */
static struct near *sort_others(const float *x, size_t n, int d, size_t i)
{
    struct near *all = xmalloc(n * sizeof *all);
    size_t count = 0;

    for (size_t j = 0; j < n; j++)
        if (j != i)
            all[count++] = (struct near){distance2(x, d, i, j), j};
    qsort(all, count, sizeof *all, compare_near);
    return all;
}

static double entropy_at(const struct near *all, int k, double beta, double *p)
{
    double sum = 0, h = 0;

    for (int s = 0; s < k; s++)
        sum += p[s] = exp(-beta * (all[s].distance2 - all[0].distance2));
    for (int s = 0; s < k; s++) {
        p[s] /= sum;
        h -= p[s] > 0 ? p[s] * log(p[s]) : 0;
    }
    return h;
}

/* p(j|i) by halving an interval of beta */
static void plain_row(const struct near *all, int k, double perplexity, double *p)
{
    double low = 0, high = 1e6;

    for (int round = 0; round < 200; round++) {
        double beta = (low + high) / 2;

        *(entropy_at(all, k, beta, p) > log(perplexity) ? &low : &high) = beta;
    }
}

/* (n, n) */
static double *plain_p(const float *x, size_t n, int d, double perplexity)
{
    double *p = xcalloc(n * n, sizeof *p), *row = xcalloc(n, sizeof *row);
    int k = (int)(3 * perplexity);

    for (size_t i = 0; i < n; i++) {
        struct near *all = sort_others(x, n, d, i);

        plain_row(all, k, perplexity, row);
        for (int s = 0; s < k; s++) {
            p[i * n + all[s].index] += row[s] / (2 * (double)n);
            p[all[s].index * n + i] += row[s] / (2 * (double)n);
        }
        free(all);
    }
    free(row);
    return p;
}

static double plain_z(const float *y, size_t n)
{
    double z = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            z += i == j ? 0 : 1 / (1 + distance2(y, 2, i, j));
    return z;
}

static double plain_kl(const double *p, const float *y, size_t n)
{
    double z = plain_z(y, n), kl = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (p[i * n + j] > 0)
                kl += p[i * n + j] * log(p[i * n + j] * z * (1 + distance2(y, 2, i, j)));
    return kl;
}

static void plain_gradient(const double *p, const float *y, size_t n, double *gradient)
{
    double z = plain_z(y, n);

    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 2; c++) {
            double sum = 0;

            for (size_t j = 0; j < n; j++) {
                double q = 1 / (1 + distance2(y, 2, i, j));

                sum += (p[i * n + j] - q / z) * q
                    * ((double)y[2 * i + c] - y[2 * j + c]);
            }
            gradient[2 * i + c] = 4 * sum;
        }
}

/* the length of the difference over that of the right one */
static double unlike(const float *got, const double *right, size_t n)
{
    double off = 0, all = 0;

    for (size_t i = 0; i < n; i++) {
        off += (got[i] - right[i]) * (got[i] - right[i]);
        all += right[i] * right[i];
    }
    return sqrt(off / all);
}

/* ---- neighbours ---- */

static void find_neighbours(struct neighbours *b, struct points *points, const float *x,
                            size_t n, int d, int k, struct pool *pool)
{
    struct error err = {0};

    check(points_init(points, x, n, d, &err));
    check(neighbours_init(b, points, k, pool, &err));
    while (neighbours_step(b) == STEP_MORE)
        continue;
    check_int(b->found, n);
}

static void check_neighbours(size_t n, int d, int k, float *x, struct pool *pool)
{
    struct points points;
    struct neighbours b;

    find_neighbours(&b, &points, x, n, d, k, pool);
    for (size_t i = 0; i < n; i++) {
        struct near *all = sort_others(x, n, d, i);

        for (int s = 0; s < k; s++) {
            size_t at = i * (size_t)k + (size_t)s;

            if (!check_int(b.index[at], all[s].index))
                printf("# point %zu, neighbour %d of %d\n", i, s, k);
            check_near(b.distance2[at], all[s].distance2, 1e-6 * all[s].distance2);
        }
        free(all);
    }
    neighbours_done(&b);
    points_done(&points);
}

static void nearest_neighbours_are_those_of_all_distances(void)
{
    static const struct { size_t n; int d, k; } cases[] = {
        {2, 1, 1}, {5, 3, 4}, {100, 33, 40}, {700, 8, 90}, {1111, 5, 3}};
    struct pool *pool = pool_of(2);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float *x = clouds(cases[i].n, cases[i].d, 3, 4);

        check_neighbours(cases[i].n, cases[i].d, cases[i].k, x, pool);
        free(x);
    }
    pool_free(pool);
}

static void points_far_from_zero_keep_their_neighbours(void)
{
    struct pool *pool = pool_of(1);
    float *x = clouds(300, 4, 2, 1);

    for (size_t i = 0; i < 300 * 4; i++)
        x[i] += 1000;
    check_neighbours(300, 4, 20, x, pool);
    free(x);
    pool_free(pool);
}

/* Every point thrice: the other two come first, at distance 0. */
static void equal_points_are_neighbours(void)
{
    struct pool *pool = pool_of(2);
    float *x = clouds(99, 3, 1, 1);

    memcpy(x + 33 * 3, x, 33 * 3 * sizeof *x);
    memcpy(x + 66 * 3, x, 33 * 3 * sizeof *x);
    check_neighbours(99, 3, 10, x, pool);
    free(x);
    pool_free(pool);
}

/* ---- P ---- */

static void rows_reach_the_perplexity(void)
{
    float distance[90], p[90];

    for (int i = 0; i < 90; i++)
        distance[i] = (float)(0.01 * i * i + 3e4);
    for (double perplexity = 2; perplexity < 80; perplexity *= 1.7) {
        double h = 0, sum = 0;

        affinity_row(90, distance, perplexity, p);
        for (int i = 0; i < 90; i++) {
            h -= p[i] > 0 ? p[i] * log(p[i]) : 0;
            sum += p[i];
        }
        check_near(exp(h), perplexity, 1e-4 * perplexity);
        check_near(sum, 1, 1e-6);
    }
}

static void equal_distances_share_the_whole(void)
{
    float distance[6] = {0, 0, 0, 0, 5, 6}, p[6];

    affinity_row(6, distance, 2, p);
    for (int i = 0; i < 6; i++)
        check_near(p[i], i < 4 ? 0.25 : 0, 0);
    for (int i = 0; i < 6; i++)
        distance[i] = 2;
    affinity_row(6, distance, 2, p);
    for (int i = 0; i < 6; i++)
        check_near(p[i], 1 / 6.0, 1e-7);
}

static void check_p(const struct affinity *a, const double *right)
{
    double sum = 0;
    size_t pairs = 0, wanted = 0;

    for (size_t row = 0; row < a->n; row++)
        for (size_t e = a->start[row]; e < a->start[row + 1]; e++) {
            double p = right[a->order[row] * a->n + a->order[a->neighbour[e]]];

            check_near(a->p[e], p, 1e-5 * p + 1e-12);
            sum += a->p[e];
            pairs += a->p[e] > 0;
        }
    for (size_t i = 0; i < a->n * a->n; i++)
        wanted += right[i] > 1e-40;
    check_near(sum, 1, 1e-5);
    check_int(pairs, wanted);
}

static void p_is_that_of_plain_loops(void)
{
    struct pool *pool = pool_of(2);
    struct error err = {0};
    struct points points;
    struct neighbours b;
    struct affinity a;
    size_t n = 300;
    float *x = clouds(n, 6, 4, 3);
    double *right = plain_p(x, n, 6, 12), entropy = 0;

    find_neighbours(&b, &points, x, n, 6, affinity_neighbours(12), pool);
    affinity_calibrate(&b, 0, n, 12);
    check(affinity_init(&a, &b, pool, &err));
    check_p(&a, right);
    for (size_t i = 0; i < n * n; i++)
        entropy += right[i] > 0 ? right[i] * log(right[i]) : 0;
    check_near(a.entropy, entropy, 1e-5);
    affinity_done(&a);
    neighbours_done(&b);
    points_done(&points);
    free(right);
    free(x);
    pool_free(pool);
}

/* ---- layouts ---- */

static struct tsne_options options_of(enum tsne_method method, int iterations)
{
    struct tsne_options o = tsne_defaults();

    o.method = method;
    o.perplexity = 15;
    o.iterations = iterations;
    o.early = iterations / 4;
    return o;
}

static struct tsne *run(const float *x, size_t n, int d, const struct tsne_options *o,
                        struct pool *pool)
{
    struct error err = {0};
    struct tsne *t = tsne_new(x, n, d, o, pool, &err);
    enum step step;

    if (!check(t != NULL)) {
        printf("# %s\n", err.text);
        exit(1);
    }
    while ((step = tsne_step(t, &err)) == STEP_MORE)
        continue;
    check_int(step, STEP_DONE);
    return t;
}

static void check_layout(enum tsne_method method, double tolerance)
{
    enum { N = 400, D = 5 };
    struct pool *pool = pool_of(2);
    float *x = clouds(N, D, 3, 3), y[2 * N], gradient[2 * N];
    double *p = plain_p(x, N, D, 15), right[2 * N];

    for (int iterations = 20; iterations <= 160; iterations *= 2) {
        struct tsne_options o = options_of(method, iterations);
        struct tsne *t = run(x, N, D, &o, pool);

        tsne_layout(t, y);
        tsne_gradient(t, gradient);
        plain_gradient(p, y, N, right);
        check_near(tsne_progress(t).kl, plain_kl(p, y, N), 1e-2 * tolerance);
        check_near(tsne_kl(t), tsne_progress(t).kl, 1e-6);
        if (!check(unlike(gradient, right, 2 * N) < tolerance))
            printf("# after %d iterations: %g\n", iterations,
                   unlike(gradient, right, 2 * N));
        tsne_free(t);
    }
    free(p);
    free(x);
    pool_free(pool);
}

static void exact_layout_has_kl_and_gradient_of_plain_loops(void)
{
    check_layout(TSNE_EXACT, 1e-3);
}

static void gradient_through_the_grid_is_within_one_percent(void)
{
    check_layout(TSNE_FFT, 1e-2);
}

static void check_threads(enum tsne_method method)
{
    enum { N = 1500, D = 8 };
    float *x = clouds(N, D, 5, 3), y[2][2 * N];
    struct tsne_options o = options_of(method, 60);

    for (int i = 0; i < 2; i++) {
        struct pool *pool = pool_of(1 + 2 * i);
        struct tsne *t = run(x, N, D, &o, pool);

        tsne_layout(t, y[i]);
        tsne_free(t);
        pool_free(pool);
    }
    check(memcmp(y[0], y[1], sizeof y[0]) == 0);
    free(x);
}

static void threads_do_not_change_the_layout(void)
{
    check_threads(TSNE_EXACT);
    check_threads(TSNE_FFT);
}

/* The mean of the distances within clouds over that between their means, at most. */
static double spread(const float *y, size_t n, size_t clusters)
{
    double centre[16][2] = {{0}}, widest = 0, closest = INFINITY;

    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 2; c++)
            centre[i % clusters][c] += y[2 * i + c] * (double)clusters / (double)n;
    for (size_t i = 0; i < n; i++)
        widest = fmax(widest, hypot(y[2 * i] - centre[i % clusters][0],
                                    y[2 * i + 1] - centre[i % clusters][1]));
    for (size_t a = 0; a < clusters; a++)
        for (size_t b = 0; b < a; b++)
            closest = fmin(closest, hypot(centre[a][0] - centre[b][0],
                                          centre[a][1] - centre[b][1]));
    return widest / closest;
}

static void clouds_end_apart(void)
{
    enum { N = 600, D = 10, CLUSTERS = 6 };
    struct pool *pool = pool_of(2);
    float *x = clouds(N, D, CLUSTERS, 6), y[2 * N];

    for (int method = TSNE_EXACT; method <= TSNE_FFT; method++) {
        struct tsne_options o = options_of((enum tsne_method)method, 400);
        struct tsne *t = run(x, N, D, &o, pool);

        tsne_layout(t, y);
        check(spread(y, N, CLUSTERS) < 0.5);
        tsne_free(t);
    }
    free(x);
    pool_free(pool);
}

static void equal_points_are_laid_out(void)
{
    enum { N = 200 };
    struct pool *pool = pool_of(1);
    struct tsne_options o = options_of(TSNE_EXACT, 50);
    float x[N * 2], y[2 * N];

    for (int i = 0; i < N * 2; i++)
        x[i] = 3;
    for (int method = TSNE_EXACT; method <= TSNE_FFT; method++) {
        struct tsne *t;

        o.method = (enum tsne_method)method;
        t = run(x, N, 2, &o, pool);
        tsne_layout(t, y);
        for (int i = 0; i < 2 * N; i++)
            check(isfinite(y[i]));
        tsne_free(t);
    }
    pool_free(pool);
}

/* From where it ended it goes on, without a jump, and comes no further from P. */
static void a_layout_goes_on_from_where_it_was(void)
{
    enum { N = 300, D = 5 };
    struct pool *pool = pool_of(2);
    struct error err = {0};
    float *x = clouds(N, D, 3, 3), y[2 * N], again[2 * N];
    struct tsne_options o = options_of(TSNE_EXACT, 400);
    struct tsne *t = run(x, N, D, &o, pool);
    double kl = tsne_kl(t);

    tsne_layout(t, y);
    tsne_restart(t, y, 0, 100);
    check_int(tsne_progress(t).iteration, 0);
    tsne_layout(t, again);
    check(memcmp(y, again, sizeof y) == 0);
    while (tsne_step(t, &err) == STEP_MORE)
        continue;
    check_int(tsne_progress(t).iteration, 100);
    check(tsne_kl(t) < kl + 1e-3);
    tsne_layout(t, again);
    check(procrustes_fit(again, y, N).unlike < 0.1);
    tsne_restart(t, NULL, 100, 400);
    while (tsne_step(t, &err) == STEP_MORE)
        continue;
    tsne_layout(t, again);
    check(memcmp(y, again, sizeof y) == 0);
    tsne_free(t);
    free(x);
    pool_free(pool);
}

/* Given before there is P, it is where the first iteration begins. */
static void a_layout_can_be_given_first(void)
{
    enum { N = 120, D = 3 };
    struct pool *pool = pool_of(1);
    struct error err = {0};
    struct tsne_options o = options_of(TSNE_AUTO, 10);
    float *x = clouds(N, D, 2, 3), *given = clouds(N, 2, 1, 1), y[2 * N];
    struct tsne *t;

    t = tsne_new(x, N, D, &o, pool, &err);
    tsne_restart(t, given, 0, 5);
    check(isnan(tsne_kl(t)));
    while (tsne_progress(t).phase != TSNE_LAYOUT && tsne_step(t, &err) == STEP_MORE)
        continue;
    tsne_layout(t, y);
    check(memcmp(y, given, sizeof y) == 0);
    tsne_free(t);
    free(given);
    free(x);
    pool_free(pool);
}

static void wrong_options_are_refused(void)
{
    struct tsne_options o = tsne_defaults();
    struct pool *pool = pool_of(1);
    struct error err = {0};
    float x[100] = {0};

    check(!tsne_check(&o, 90, &err));
    check_int(err.kind, ERROR_USAGE);
    check_str(err.text, "perplexity 30 asks for 90 neighbours of each point; 90 points "
                        "allow 29 at most");
    check(tsne_check(&o, 91, &err));
    o.perplexity = 0.5;
    check(!tsne_check(&o, 1000, &err));
    o.perplexity = 5;
    x[7] = NAN;
    check(tsne_new(x, 50, 2, &o, pool, &err) == NULL);
    check_int(err.kind, ERROR_NUMERIC);
    check_str(err.text, "point 4 of 50 has a number that is not finite, or too large to "
                        "compute with");
    check(tsne_memory(100000000, 32, &o, 2) > (size_t)1 << 33);
    pool_free(pool);
}

/* ---- components ---- */

static void components_are_the_axes_of_most_variance(void)
{
    enum { N = 500, D = 12 };
    struct rng r = rng_make(1, RNG_TEST, 5);
    struct pool *pool = pool_of(2);
    struct points points;
    struct error err = {0};
    struct pca pca;
    float x[N * D], scores[2 * N];
    double a[2] = {0}, off = 0;

    for (int i = 0; i < N; i++) {
        double u = 9 * cos(2 * M_PI * i / N), v = 4 * sin(2 * M_PI * i / N);

        for (int f = 0; f < D; f++)
            x[i * D + f] = (float)(rng_normal(&r) * 0.01 + 100 + (f == 3 ? u : f == 8 ? v
                                                                                    : 0));
    }
    check(points_init(&points, x, N, D, &err));
    check(pca_scores(&points, pool, scores, &pca, &err));
    for (int i = 0; i < N; i++) {
        a[0] += x[i * D + 3] / N;
        a[1] += x[i * D + 8] / N;
    }
    for (int i = 0; i < N; i++)
        off = fmax(off, fmax(fabs(scores[2 * i] - (x[i * D + 3] - a[0])),
                             fabs(scores[2 * i + 1] - (x[i * D + 8] - a[1]))));
    check_near(off, 0, 0.05);
    check_near(pca.share[0] + pca.share[1], 1, 1e-3);
    check(pca.share[0] > 0.7 && pca.share[1] > 0.1);
    points_done(&points);
    pool_free(pool);
}

static void one_dimension_has_one_component(void)
{
    struct pool *pool = pool_of(1);
    struct points points;
    struct error err = {0};
    struct pca pca;
    float x[4] = {1, 2, 4, 5}, scores[8];

    check(points_init(&points, x, 4, 1, &err));
    check(pca_scores(&points, pool, scores, &pca, &err));
    for (int i = 0; i < 4; i++) {
        check_near(scores[2 * i], x[i] - 3, 1e-5);
        check_near(scores[2 * i + 1], 0, 0);
    }
    points_done(&points);
    pool_free(pool);
}

/* ---- Procrustes ---- */

static void a_known_turn_is_found(void)
{
    enum { N = 50 };
    struct rng r = rng_make(2, RNG_TEST, 9);
    float from[2 * N], to[2 * N];

    for (int mirror = 0; mirror < 2; mirror++) {
        double c = 2.5 * cos(0.7), s = 2.5 * sin(0.7), sign = mirror ? -1 : 1;
        struct procrustes p;

        for (int i = 0; i < N; i++) {
            double x = rng_normal(&r), y = rng_normal(&r);

            from[2 * i] = (float)x;
            from[2 * i + 1] = (float)y;
            to[2 * i] = (float)(c * x - s * sign * y + 11);
            to[2 * i + 1] = (float)(s * x + c * sign * y - 4);
        }
        p = procrustes_fit(from, to, N);
        check_int(p.is_reflected, mirror);
        check_near(p.scale, 2.5, 1e-5);
        check_near(p.right, 11, 1e-5);
        check_near(p.up, -4, 1e-5);
        check_near(p.unlike, 0, 1e-9);
        procrustes_apply(&p, from, N);
        for (int i = 0; i < 2 * N; i++)
            check_near(from[i], to[i], 1e-4);
    }
}

static void a_layout_without_extent_goes_to_the_mean(void)
{
    float from[4] = {5, 5, 5, 5}, to[4] = {0, 1, 2, 3};
    struct procrustes p = procrustes_fit(from, to, 2);

    check_near(p.unlike, 1, 0);
    procrustes_apply(&p, from, 2);
    check_near(from[0], 1, 1e-6);
    check_near(from[3], 2, 1e-6);
}

/* ---- trustworthiness ---- */

static double trust_of(const float *x, size_t n, int d, const float *y, int k,
                       size_t most, struct pool *pool)
{
    struct points points;
    struct trust t;
    struct error err = {0};
    double value;

    check(points_init(&points, x, n, d, &err));
    check(trust_init(&t, &points, y, k, most, pool, &err));
    check(isnan(trust_value(&t)));
    while (trust_step(&t) == STEP_MORE)
        continue;
    value = trust_value(&t);
    trust_done(&t);
    points_done(&points);
    return value;
}

/* Five points on a line, of which the layout has 0 and 4 change places. By hand, k = 1:
 * the nearest in the layout of 0 .. 4 are 3, 4, 1, 2, 1; their ranks on the line 3, 4, 1,
 * 1, 3. The excess is 2 + 3 + 0 + 0 + 2 = 7. */
static void trustworthiness_by_hand(void)
{
    const float x[5] = {0, 1, 2.1f, 3.3f, 4.6f};
    const float y[10] = {4.6f, 0, 1, 0, 2.1f, 0, 3.3f, 0, 0, 0};
    struct pool *pool = pool_of(1);

    check_near(trust_of(x, 5, 1, y, 1, 5, pool), 1 - 2.0 / (5 * 1 * (10 - 3 - 1)) * 7,
               1e-12);
    pool_free(pool);
}

static void trustworthiness_of_itself_and_of_chance(void)
{
    struct pool *pool = pool_of(2);
    float *x = clouds(800, 2, 1, 1), *other = clouds(801, 2, 1, 1);

    check_near(trust_of(x, 800, 2, x, 12, 800, pool), 1, 1e-4);
    check_near(trust_of(x, 800, 2, other, 12, 800, pool), 0.5, 0.03);
    check_near(trust_of(x, 800, 2, other, 12, 200, pool), 0.5, 0.05);
    free(x);
    free(other);
    pool_free(pool);
}

int main(void)
{
    test_run(nearest_neighbours_are_those_of_all_distances);
    test_run(points_far_from_zero_keep_their_neighbours);
    test_run(equal_points_are_neighbours);
    test_run(rows_reach_the_perplexity);
    test_run(equal_distances_share_the_whole);
    test_run(p_is_that_of_plain_loops);
    test_run(exact_layout_has_kl_and_gradient_of_plain_loops);
    test_run(gradient_through_the_grid_is_within_one_percent);
    test_run(threads_do_not_change_the_layout);
    test_run(clouds_end_apart);
    test_run(equal_points_are_laid_out);
    test_run(a_layout_goes_on_from_where_it_was);
    test_run(a_layout_can_be_given_first);
    test_run(wrong_options_are_refused);
    test_run(components_are_the_axes_of_most_variance);
    test_run(one_dimension_has_one_component);
    test_run(a_known_turn_is_found);
    test_run(a_layout_without_extent_goes_to_the_mean);
    test_run(trustworthiness_by_hand);
    test_run(trustworthiness_of_itself_and_of_chance);
    return test_done();
}
