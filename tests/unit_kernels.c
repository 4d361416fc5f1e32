/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of every instruction set that this machine has, against plain loops. */
#include "base/mem.h"
#include "base/rng.h"
#include "num/kernels.h"
#include "test.h"

static const char *const sets[] = {"base", "avx2", "avx512"};

static const struct kernels *kernels_of(int i)
{
    setenv("TABSCOPE_ISA", sets[i], 1);
    return kernels_best();
}

static real *numbers(size_t n, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_TEST, n);
    real *v = xcalloc(n + 1, sizeof *v);

    for (size_t i = 0; i < n; i++)
        v[i] = (real)rng_normal(&r);
    return v;
}

/* Sizes of a linear map over panels; odd ones take every path of the tiles. */
struct size {
    int n, out, in;
};

static real at(const real *x, int panel, int features, int feature, int lane)
{
    return x[(size_t)panel * panel_size(features) + (size_t)(feature * LANES + lane)];
}

static void check_linear(const struct kernels *k, const struct size *s)
{
    size_t x_size = (size_t)s->n * panel_size(s->in);
    size_t y_size = (size_t)s->n * panel_size(s->out);
    size_t w_size = (size_t)s->out * (size_t)s->in;
    real *x = numbers(x_size, 1), *w = numbers(w_size, 2);
    real *b = numbers((size_t)s->out, 3);
    real *y = numbers(y_size, 4), *dx = numbers(x_size, 5), *dw = numbers(w_size, 6);
    double worst = 0;

    k->linear_backward_input(s->n, s->out, s->in, w, (size_t)s->in, y, panel_size(s->out),
                             dx, panel_size(s->in), false);
    k->linear_backward_weight(s->n, s->out, s->in, y, panel_size(s->out), x,
                              panel_size(s->in), dw, (size_t)s->in, false);
    for (int p = 0; p < s->n; p++)
        for (int j = 0; j < s->in; j++)
            for (int r = 0; r < LANES; r++) {
                double sum = 0;

                for (int i = 0; i < s->out; i++)
                    sum += (double)w[i * s->in + j] * (double)at(y, p, s->out, i, r);
                worst = fmax(worst, fabs(sum - (double)at(dx, p, s->in, j, r)));
            }
    for (int i = 0; i < s->out; i++)
        for (int j = 0; j < s->in; j++) {
            double sum = 0;

            for (int p = 0; p < s->n; p++)
                for (int r = 0; r < LANES; r++)
                    sum += (double)at(y, p, s->out, i, r) * (double)at(x, p, s->in, j, r);
            worst = fmax(worst, fabs(sum - (double)dw[i * s->in + j]));
        }
    k->linear_forward(s->n, s->out, s->in, w, (size_t)s->in, b, x, panel_size(s->in), y,
                      panel_size(s->out));
    for (int p = 0; p < s->n; p++)
        for (int i = 0; i < s->out; i++)
            for (int r = 0; r < LANES; r++) {
                double sum = (double)b[i];

                for (int j = 0; j < s->in; j++)
                    sum += (double)w[i * s->in + j] * (double)at(x, p, s->in, j, r);
                worst = fmax(worst, fabs(sum - (double)at(y, p, s->out, i, r)));
            }
    if (!check(worst < 2e-4))
        printf("# %s: %d panels, %d x %d: off by %g\n", k->name, s->n, s->out, s->in,
               worst);
    free(x);
    free(w);
    free(b);
    free(y);
    free(dx);
    free(dw);
}

static void linear_maps_are_sums(void)
{
    static const struct size sizes[] = {
        {1, 1, 1}, {2, 3, 5}, {16, 32, 32}, {3, 7, 66}, {17, 13, 300}, {5, 270, 9},
        {3, 400, 47},
    };

    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            check_linear(kernels_of(i), &sizes[k]);
}

/* Which numbers are dropped depends on the key and the place, not on the machine. */
static void masks_are_the_same_for_all(void)
{
    enum { N = 3, D = 37 };
    size_t size = N * panel_size(D);
    real *x = numbers(size, 1), *first = NULL;

    for (int i = 0; i < 3; i++) {
        struct dropout d = dropout_make(0.25, 0xdeadbeef);
        real *y = xcalloc(size, sizeof *y);
        int dropped = 0;

        kernels_of(i)->dropout_features(N, D, x, y, panel_size(D), &d, 5);
        for (int p = 0; p < N; p++)
            for (int f = 0; f < D * LANES; f++)
                dropped += y[p * panel_size(D) + (size_t)f] == 0;
        check(dropped > N * D * LANES / 5 && dropped < N * D * LANES * 3 / 10);
        if (first)
            check(memcmp(first, y, size * sizeof *y) == 0);
        else
            first = xcalloc(size, sizeof *first);
        memcpy(first, y, size * sizeof *y);
        free(y);
    }
    free(first);
    free(x);
}

static void gelu_is_exact(void)
{
    struct dropout none = dropout_make(0, 0);

    for (int i = 0; i < 3; i++)
        for (int training = 0; training < 2; training++) {
            real x[LANES], y[LANES];

            for (double from = -7; from < 7; from += 0.11 * LANES) {
                for (int r = 0; r < LANES; r++)
                    x[r] = (real)(from + 0.11 * r);
                kernels_of(i)->gelu_forward(1, 1, x, y, training != 0, &none, 0);
                for (int r = 0; r < LANES; r++) {
                    double v = (double)(real)(from + 0.11 * r);

                    check_near((double)y[r], v * 0.5 * erfc(-v / sqrt(2)), 3e-6);
                    if (training) /* the slope is in the input's place */
                        check_near((double)x[r], 0.5 * erfc(-v / sqrt(2)) +
                                   v * exp(-v * v / 2) / sqrt(2 * M_PI), 1e-6);
                }
            }
        }
}

static void softmax_comes_in_pieces(void)
{
    enum { K = 11, FIRST = 7 };
    real *z = numbers(2 * panel_size(K), 9), *p = numbers(2 * panel_size(K), 9);
    real largest[2 * LANES], sum[2 * LANES], whole[2 * LANES], slope[2 * LANES];

    for (int i = 0; i < 3; i++) {
        const struct kernels *k = kernels_of(i);

        for (int l = 0; l < 2 * LANES; l++) {
            largest[l] = (real)-1e30;
            sum[l] = 0;
            slope[l] = (real)(l % 3);
        }
        k->softmax_scan(2, FIRST, z, panel_size(K), largest, sum);
        k->softmax_scan(2, K - FIRST, z + FIRST * LANES, panel_size(K), largest, sum);
        for (int l = 0; l < 2 * LANES; l++)
            whole[l] = largest[l] + (real)log((double)sum[l]);
        memcpy(p, z, 2 * panel_size(K) * sizeof *p);
        k->softmax_slope(2, K, p, panel_size(K), whole, slope);
        for (int l = 0; l < 2 * LANES; l++) {
            double total = 0;

            for (int c = 0; c < K; c++)
                total += exp((double)at(z, l / LANES, K, c, l % LANES));
            for (int c = 0; c < K; c++)
                check_near((double)at(p, l / LANES, K, c, l % LANES),
                           exp((double)at(z, l / LANES, K, c, l % LANES)) / total *
                               (l % 3), 1e-6);
        }
    }
    free(z);
    free(p);
}

/* Of a row block's lane l, from queries, keys and values in `qkv`: the weight of column j in
 * the sum of column i, head h. */
static double attention_weight(const struct attention_shape *s, const real *qkv, int h,
                               int i, int j, int l)
{
    int width = s->d / s->heads;
    double sum = 0, e = 0;

    for (int k = 0; k < s->columns; k++) {
        double score = 0;

        for (int f = h * width; f < (h + 1) * width; f++)
            score += (double)at(qkv, i, 3 * s->d, f, l)
                * (double)at(qkv, k, 3 * s->d, s->d + f, l);
        score = exp(score / sqrt(width));
        sum += score;
        if (k == j)
            e = score;
    }
    return e / sum;
}

static void attention_is_a_softmax(void)
{
    enum { M = 5, HEADS = 2 };
    static const int widths[] = {3, 4, 8, 10};
    real scratch[16 * M * LANES];

    for (int k = 0; k < 3 * 4; k++) {
        int width = widths[k / 3], d = HEADS * width;
        struct attention_shape s = {M, d, HEADS, dropout_make(0, 0)};
        real *qkv = numbers(M * panel_size(3 * d), 3), *out = numbers(M * panel_size(d), 4);
        real *plain = numbers(M * panel_size(d), 4);
        real *map = numbers(M * panel_size(HEADS * M), 5);

        kernels_of(k % 3)->attention_forward(1, &s, qkv, plain, NULL, NULL, scratch, 0);
        kernels_of(k % 3)->attention_forward(1, &s, qkv, out, NULL, map, scratch, 0);
        for (int i = 0; i < M; i++)
            for (int f = 0; f < d; f++)
                for (int l = 0; l < LANES; l++) {
                    int h = f / width;
                    double sum = 0;

                    for (int j = 0; j < M; j++) {
                        double w = attention_weight(&s, qkv, h, i, j, l);

                        check_near((double)at(map, i, HEADS * M, h * M + j, l), w, 1e-6);
                        sum += w * (double)at(qkv, j, 3 * d, 2 * d + f, l);
                    }
                    check_near((double)at(out, i, d, f, l), sum, 1e-5);
                    check(at(plain, i, d, f, l) == at(out, i, d, f, l));
                }
        free(qkv);
        free(out);
        free(plain);
        free(map);
    }
}

int main(void)
{
    test_run(linear_maps_are_sums);
    test_run(masks_are_the_same_for_all);
    test_run(gelu_is_exact);
    test_run(softmax_comes_in_pieces);
    test_run(attention_is_a_softmax);
    return test_done();
}
