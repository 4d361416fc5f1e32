/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ridge regression against numpy (its solution of the normal equations in double
 * precision, of the same table) and the probe on it against known answers. */
#include "base/mem.h"
#include "base/rng.h"
#include "lens/probe.h"
#include "num/metrics.h"
#include "test.h"

struct task {
    size_t n;
    int d;
    float *x, *y;
};

/* Waves; the last column is constant, that in front of it is the first one again. */
static struct task waves(size_t n, int d)
{
    struct task t = {n, d, xmalloc(n * (size_t)d * sizeof *t.x),
                     xmalloc(n * sizeof *t.y)};

    for (size_t i = 0; i < n; i++) {
        float *x = t.x + i * (size_t)d;
        double at = (double)i + 1;

        for (int f = 0; f < d; f++)
            x[f] = (float)(sin(0.7 * at * (f + 1) + 0.3 * f * f) + 3 * f);
        x[d - 1] = 7;
        x[d - 2] = x[0];
        t.y[i] = (float)(1000 + 50 * sin(0.7 * at) - 20 * sin(1.4 * at + 0.3)
                         + 10 * cos(3.0 * (double)i));
    }
    return t;
}

static void task_done(struct task *t)
{
    free(t->x);
    free(t->y);
}

static struct pool *pool_of(int threads)
{
    struct error err;
    struct pool *pool = pool_new(threads, &err);

    check(pool != NULL);
    return pool;
}

/* One row in `every` (0: none) is left out, from number `first` on. */
static unsigned char *mask_of(size_t n, size_t every, size_t first)
{
    unsigned char *learned = xmalloc(n);

    for (size_t i = 0; i < n; i++)
        learned[i] = every == 0 || i % every != first;
    return learned;
}

static double left_out_r2(const struct task *t, const unsigned char *learned,
                          const float *prediction)
{
    float *truth = xmalloc(t->n * sizeof *truth), *said = xmalloc(t->n * sizeof *said);
    size_t n = 0;
    double r2;

    for (size_t i = 0; i < t->n; i++)
        if (!learned[i]) {
            truth[n] = t->y[i];
            said[n++] = prediction[i];
        }
    r2 = metrics_regression(said, truth, n).r2;
    free(truth);
    free(said);
    return r2;
}

static void run_fit(struct ridge *r, const unsigned char *learned)
{
    ridge_fit(r, learned);
    while (ridge_step(r) == STEP_MORE)
        continue;
    check_int(ridge_step(r), STEP_DONE);
}

/* ---- against numpy ---- */

struct known {
    double strength;
    size_t every;
    double w[6], first, last, r2; /* weights and intercept; predictions of two rows */
};

/* Twice with one set of sums: with all rows and without a third of them. */
static void weights_are_those_of_numpy(void)
{
    static const struct known knowns[] = {
        {1, 0, {0.453241, -0.349014, 0.011107, 0.453241, 0, 0}, 1013.1849, 996.3859, NAN},
        {1, 3, {0.461215, -0.343772, 0.014572, 0.461215, 0, -0.008719}, 1013.6622,
         996.4374, 0.914382},
        {0.02, 0, {0.294508, -0.168713, 0.005287, 0.294508, 0, 0}, 1011.8003, 999.0486,
         NAN},
        {0.02, 3, {0.272845, -0.190013, 0.006154, 0.272845, 0, -0.007045}, 1008.8437,
         998.1044, 0.817684},
    };
    struct task t = waves(45, 5);
    struct pool *pool = pool_of(2);
    struct error err = {0};
    struct design x;
    struct ridge r;
    float said[45];

    check(design_init(&x, t.x, t.n, t.d, &err));
    for (size_t k = 0; k < sizeof knowns / sizeof *knowns; k++) {
        unsigned char *learned = mask_of(t.n, knowns[k].every, 0);

        if (k % 2 == 0)
            check(ridge_init(&r, &x, t.y, knowns[k].strength, pool, &err));
        run_fit(&r, k % 2 == 0 ? NULL : learned);
        for (int f = 0; f <= t.d; f++)
            check_near(r.w[f], knowns[k].w[f], 2e-6);
        ridge_predict(&r, said);
        check_near(said[0], knowns[k].first, 1e-3);
        check_near(said[44], knowns[k].last, 1e-3);
        if (knowns[k].every > 0)
            check_near(left_out_r2(&t, learned, said), knowns[k].r2, 2e-6);
        free(learned);
        if (k % 2 == 1)
            ridge_done(&r);
    }
    design_done(&x);
    pool_free(pool);
    task_done(&t);
}

/* More lines than a block has, and more rows than are summed at once. */
static void large_ones_are_too(void)
{
    struct task t = waves(700, 75);
    unsigned char *learned = mask_of(t.n, 4, 1);
    struct error err = {0};
    struct design x;
    float *said = xmalloc(t.n * sizeof *said);
    double first = 0;

    check(design_init(&x, t.x, t.n, t.d, &err));
    for (int threads = 1; threads <= 3; threads++) {
        struct pool *pool = pool_of(threads);
        struct ridge r;
        double square = 0;

        check(ridge_init(&r, &x, t.y, 1, pool, &err));
        run_fit(&r, learned);
        for (int f = 0; f < t.d; f++)
            square += r.w[f] * r.w[f];
        check_near(sqrt(square), 0.740045, 2e-6);
        check_near(r.w[0], 0.456217, 2e-6);
        check_near(r.w[33], -0.000557, 2e-6);
        check_near(r.w[72], -0.000599, 2e-6);
        check_near(r.w[75], -0.000728, 2e-6);
        ridge_predict(&r, said);
        check_near(said[1], 1047.4727, 1e-3);
        check_near(left_out_r2(&t, learned, said), 0.964049, 2e-6);
        check(threads == 1 || r.w[0] == first);
        first = r.w[0];
        ridge_done(&r);
        pool_free(pool);
    }
    design_done(&x);
    free(said);
    free(learned);
    task_done(&t);
}

/* The same by hand: two rows, one input of -1 and 1, so (2 + 1) w = 2. */
static void a_small_one_is_as_by_hand(void)
{
    static const float from[] = {10, 20}, target[] = {-4, 6};
    struct pool *pool = pool_of(1);
    struct error err = {0};
    struct design x;
    struct ridge r;
    float said[2];

    check(design_init(&x, from, 2, 1, &err));
    check(ridge_init(&r, &x, target, 1, pool, &err));
    run_fit(&r, NULL);
    check_near(r.w[0], 2.0 / 3, 1e-6);
    check_near(r.w[1], 0, 1e-6);
    ridge_predict(&r, said);
    check_near(said[0], 1 - 5 * 2.0 / 3, 1e-5);
    check_near(said[1], 1 + 5 * 2.0 / 3, 1e-5);
    ridge_done(&r);
    design_done(&x);
    pool_free(pool);
}

static void a_constant_target_is_predicted(void)
{
    static const float target[] = {3, 3, 3, 3, 3};
    struct task t = waves(5, 4);
    struct pool *pool = pool_of(1);
    struct error err = {0};
    struct design x;
    struct ridge r;
    float said[5];

    check(design_init(&x, t.x, t.n, t.d, &err));
    check(ridge_init(&r, &x, target, 1, pool, &err));
    run_fit(&r, NULL);
    ridge_predict(&r, said);
    for (int i = 0; i < 5; i++)
        check(said[i] == 3);
    ridge_done(&r);
    design_done(&x);
    pool_free(pool);
    task_done(&t);
}

/* ---- the probe ---- */

static double probe_of(struct task *t, int threads, double *deviation)
{
    struct pool *pool = pool_of(threads);
    struct error err = {0};
    struct probe p;
    double mean;

    check(probe_init_number(&p, t->x, t->n, t->d, t->y, 5, 3, pool, &err));
    while (probe_step(&p, &err) == STEP_MORE)
        continue;
    mean = probe_score(&p, deviation);
    probe_done(&p);
    pool_free(pool);
    return mean;
}

/* y is a sum of the first inputs and noise of `noise` variances more: of the variance
 * 1 / (1 + noise) can be told. */
static struct task told(size_t n, double noise)
{
    struct rng r = rng_make(7, RNG_TEST, n);
    struct task t = waves(n, 6);

    for (size_t i = 0; i < n; i++) {
        double sum = 0;

        for (int f = 0; f < 4; f++) {
            double x = rng_normal(&r);

            t.x[i * 6 + (size_t)f] = (float)(1e3 + 10 * x);
            sum += x / 2;
        }
        t.y[i] = (float)(1e6 + 300 * (sum + sqrt(noise) * rng_normal(&r)));
    }
    return t;
}

static void the_probe_reads_what_is_there(void)
{
    struct task all = told(500, 0), half = told(4000, 1), many = told(300, 1e6);
    double deviation, first, second;

    check(probe_of(&all, 2, &deviation) > 0.999);
    check(deviation < 0.001);
    check_near(probe_of(&half, 2, NULL), 0.5, 0.03);
    check(probe_of(&many, 2, NULL) < 0.02);
    first = probe_of(&half, 1, NULL);
    second = probe_of(&half, 3, NULL);
    check(first == second);
    task_done(&all);
    task_done(&half);
    task_done(&many);
}

/* Each fold is a fit of its own on the rows of the others. */
static void folds_are_fits_without_them(void)
{
    struct task t = waves(103, 5);
    struct pool *pool = pool_of(1);
    struct error err = {0};
    struct probe p;
    struct ridge r;
    float said[103];
    int rows[4] = {0};

    check(probe_init_number(&p, t.x, t.n, t.d, t.y, 4, 3, pool, &err));
    while (probe_step(&p, &err) == STEP_MORE)
        continue;
    check(ridge_init(&r, &p.x, t.y, 1, pool, &err));
    for (int f = 0; f < 4; f++) {
        unsigned char learned[103];

        for (size_t i = 0; i < t.n; i++) {
            learned[i] = p.fold_of[i] != f;
            rows[f] += !learned[i];
        }
        run_fit(&r, learned);
        ridge_predict(&r, said);
        check_near(p.score[f], left_out_r2(&t, learned, said), 1e-12);
        check(rows[f] == 25 || rows[f] == 26);
    }
    ridge_done(&r);
    probe_done(&p);
    task_done(&t);
    pool_free(pool);
}

static void too_few_rows_are_refused(void)
{
    struct task t = waves(9, 4);
    struct pool *pool = pool_of(1);
    struct error err = {0};
    struct probe p;

    check(!probe_init_number(&p, t.x, t.n, t.d, t.y, 5, 3, pool, &err));
    check_str(err.text, "too few rows for 5 folds: 9");
    check(!probe_init_number(&p, t.x, t.n, t.d, t.y, 21, 3, pool, &err));
    check_str(err.text, "21 folds: 2 to 20 are possible");
    t.x[4] = NAN;
    check(!probe_init_number(&p, t.x, t.n, t.d, t.y, 2, 3, pool, &err));
    check_int(err.kind, ERROR_NUMERIC);
    task_done(&t);
    pool_free(pool);
}

int main(void)
{
    test_run(weights_are_those_of_numpy);
    test_run(large_ones_are_too);
    test_run(a_small_one_is_as_by_hand);
    test_run(a_constant_target_is_predicted);
    test_run(the_probe_reads_what_is_there);
    test_run(folds_are_fits_without_them);
    test_run(too_few_rows_are_refused);
    return test_done();
}
