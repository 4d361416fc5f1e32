/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Speed of training and inference beside the machine's rate for large matrix products,
 * measured in turns in the same run. Ends with lines "share SHAPE BATCH THREADS
 * train|infer VALUE": FLOPs of the model's matrix products a second over that rate;
 * before them, at shape a, what dropout 0.1 costs and what all threads gain over one. A
 * training step here is forward, backward and AdamW; the trainer's clipping and averaging
 * come on top.
 *
 *   bench [--shape a|b|c] [--batch N] [--threads N] [--seconds S] [--dropout P]
 *         [--profile]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/tabtransformer.h"
#include "num/gemm.h"

#define ROUNDS 5
#define PAIRS 41 /* of two variants in turns */

static const struct {
    char name;
    int columns, classes[60], continuous;
} shapes[] = {
    {'a', 8, {9, 16, 7, 15, 6, 5, 2, 42}, 6},
    {'b', 9, {12, 3, 4, 2, 2, 2, 3, 12, 4}, 7},
    {'c', 60, {20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20,
               20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20,
               20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20,
               20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20}, 20},
};

struct settings {
    char shape; /* 0: all */
    int batch, threads;
    double seconds, dropout;
    bool profile;
};

/* One model in training and, over the same parameters, one for inference. */
struct subject {
    struct params *params;
    struct graph *train, *infer;
    struct pool *pool;
    struct graph_input input;
    int32_t *codes;
    float *values, *target;
    double flops; /* of a row forward */
    uint64_t step;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const struct error *err)
{
    fprintf(stderr, "bench: %s\n", err->text);
    exit(1);
}

/* ---- the yardstick ---- */

#define GEMM_SIZE 1536

/* arg: matrices (threads, 3, GEMM_SIZE^2) */
static void large_product(void *arg, int task, int worker)
{
    size_t square = (size_t)GEMM_SIZE * GEMM_SIZE;
    real *own = (real *)arg + (size_t)task * 3 * square;

    (void)worker;
    gemm(GEMM_AB, GEMM_SIZE, GEMM_SIZE, GEMM_SIZE, own, GEMM_SIZE, own + square,
         GEMM_SIZE, own + 2 * square, GEMM_SIZE, false);
}

static real *yardstick_matrices(int threads)
{
    size_t n = (size_t)threads * 3 * GEMM_SIZE * GEMM_SIZE;
    real *m = xmalloc(n * sizeof *m);

    for (size_t i = 0; i < n; i++)
        m[i] = (real)((i % 17) * 0.1 - 0.8);
    return m;
}

/* FLOP/s of all threads, each with products of its own. */
static double yardstick(struct pool *pool, real *matrices, double least)
{
    double start = now(), flops = 0;

    while (now() - start < least) {
        pool_run(pool, pool_threads(pool), large_product, matrices);
        flops += 2.0 * GEMM_SIZE * GEMM_SIZE * GEMM_SIZE * pool_threads(pool);
    }
    return flops / (now() - start);
}

/* ---- the subject ---- */

static void make_rows(struct subject *s, int shape, int rows)
{
    struct rng r = rng_make(7, RNG_TEST, (uint64_t)shape);
    size_t m = (size_t)shapes[shape].columns, c = (size_t)shapes[shape].continuous;

    s->codes = xcalloc((size_t)rows * m, sizeof *s->codes);
    s->values = xcalloc((size_t)rows * c, sizeof *s->values);
    s->target = xcalloc((size_t)rows, sizeof *s->target);
    for (size_t i = 0; i < (size_t)rows * m; i++)
        s->codes[i] = 1 + (int32_t)rng_below(&r, (uint64_t)shapes[shape].classes[i % m]);
    for (size_t i = 0; i < (size_t)rows * c; i++)
        s->values[i] = (float)rng_normal(&r);
    for (int i = 0; i < rows; i++)
        s->target[i] = (float)(s->codes[(size_t)i * m] % 2);
    s->input = (struct graph_input){.rows = rows, .codes = s->codes, .values = s->values,
                                    .target = s->target};
}

static struct graph *planned(struct subject *s, const struct model_options *o,
                             const struct model_shape *shape, bool training)
{
    struct graph_plan plan = {s->input.rows, training, false};
    struct graph *g = graph_new(s->params);

    tabtransformer_describe(g, o, shape);
    graph_plan(g, &plan);
    return g;
}

static struct subject subject_new(int shape, int rows, const struct settings *set,
                                  struct pool *pool)
{
    struct subject s = {.params = params_new(), .pool = pool};
    struct model_shape ms = {shapes[shape].columns, shapes[shape].classes,
                             shapes[shape].continuous, 1, LOSS_BINARY};
    struct model_options o = model_defaults();
    struct error err;

    o.head_cap = 0;
    o.dropout = o.head_dropout = set->dropout;
    make_rows(&s, shape, rows);
    s.train = planned(&s, &o, &ms, true);
    s.infer = planned(&s, &o, &ms, false);
    if (!params_allocate(s.params, 1, &err)
        || !params_allocate_training(s.params, graph_lanes(s.train), &err)
        || !graph_allocate(s.train, pool, &err) || !graph_allocate(s.infer, pool, &err))
        die(&err);
    for (int i = 0; i < graph_nodes(s.train); i++)
        s.flops += graph_node(s.train, i).flops;
    return s;
}

static void subject_done(struct subject *s)
{
    graph_free(s->train);
    graph_free(s->infer);
    params_free(s->params);
    free(s->codes);
    free(s->values);
    free(s->target);
}

static void train_step(struct subject *s)
{
    struct update u = update_defaults();

    graph_train_forward(s->train, &s->input, s->step++);
    graph_backward(s->train);
    params_step(s->params, kernels_best(), s->pool, &u, NULL);
}

/* Rows a second. */
static double speed(struct subject *s, bool training, double least)
{
    double start = now();
    long rows = 0;

    while (now() - start < least) {
        if (training)
            train_step(s);
        else
            graph_infer(s->infer, &s->input);
        rows += s->input.rows;
    }
    return (double)rows / (now() - start);
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(int n, double *v)
{
    qsort(v, (size_t)n, sizeof *v, rising);
    return v[n / 2];
}

/* ---- profile ---- */

static void print_profile(struct subject *s, bool training)
{
    struct graph *g = training ? s->train : s->infer;
    double rows = 0, start;

    graph_profile(g, true);
    for (start = now(); now() - start < 2; rows += s->input.rows)
        training ? train_step(s) : graph_infer(g, &s->input);
    printf("%-28s %-12s %9s %9s %9s %9s %8s\n", "node", "op", "fwd ns", "bwd ns", "kFLOP",
           "KB", "GFLOP/s");
    for (int i = 0; i < graph_nodes(g); i++) {
        struct node_info n = graph_node(g, i);
        double f = n.seconds_forward / rows, b = n.seconds_backward / rows;

        printf("%-28s %-12s %9.0f %9.0f %9.1f %9.1f %8.1f\n", n.name, n.op, f * 1e9,
               b * 1e9, n.flops * 1e-3, n.bytes / 1024,
               n.flops * (training ? 3 : 1) / (f + b) * 1e-9);
    }
    graph_profile(g, false);
}

/* ---- a case ---- */

struct share {
    char text[64];
};

static struct share shares[64];
static int n_shares;

static void report(int shape, int rows, struct pool *pool, const char *what, double rate,
                   double flops, double share)
{
    printf("%c  batch %4d  threads %2d  %-5s %9.0f rows/s  %7.1f GFLOP/s  %.2f of large "
           "GEMM\n", shapes[shape].name, rows, pool_threads(pool), what, rate,
           rate * flops * 1e-9, share);
    fflush(stdout);
    if (n_shares < 64)
        snprintf(shares[n_shares++].text, sizeof shares->text, "share %c %d %d %s %.3f",
                 shapes[shape].name, rows, pool_threads(pool), what, share);
}

static void run_case(int shape, int rows, const struct settings *set, struct pool *pool,
                     real *matrices)
{
    struct subject s = subject_new(shape, rows, set, pool);
    double rate[2][ROUNDS], share[2][ROUNDS];

    for (int training = 0; training < 2; training++)
        speed(&s, training, 0.1);
    for (int round = 0; round < ROUNDS; round++) {
        double large = yardstick(pool, matrices, set->seconds / 2);

        for (int training = 0; training < 2; training++) {
            rate[training][round] = speed(&s, training, set->seconds);
            share[training][round] =
                rate[training][round] * s.flops * (training ? 3 : 1) / large;
        }
    }
    report(shape, rows, pool, "train", median(ROUNDS, rate[1]), 3 * s.flops,
           median(ROUNDS, share[1]));
    report(shape, rows, pool, "infer", median(ROUNDS, rate[0]), s.flops,
           median(ROUNDS, share[0]));
    if (set->profile) {
        print_profile(&s, true);
        print_profile(&s, false);
    }
    subject_done(&s);
}

/* How many times the speed of `b` training with `a` has: the median over many short pairs,
 * because the machine's own rate drifts within seconds. */
static double compare(struct subject *a, struct subject *b, double least)
{
    double ratio[PAIRS];

    speed(a, true, least);
    speed(b, true, least);
    for (int i = 0; i < PAIRS; i++)
        ratio[i] = speed(a, true, least) / speed(b, true, least);
    return median(PAIRS, ratio);
}

static void compare_variants(const struct settings *set)
{
    struct settings with = *set, without = *set;
    struct error err;
    struct pool *one = pool_new(1, &err), *all = pool_new(pool_cores(), &err);
    struct subject single, dropped, plain;

    if (!one || !all)
        die(&err);
    with.dropout = 0.1;
    without.dropout = 0;
    single = subject_new(0, 256, &without, one);
    plain = subject_new(0, 256, &without, all);
    dropped = subject_new(0, 256, &with, all);
    printf("a  batch  256  training: dropout 0.1 gives %.3f of the speed without\n",
           compare(&dropped, &plain, set->seconds / 5));
    printf("a  batch  256  training: %d threads give %.2f times the speed of one\n",
           pool_cores(), compare(&plain, &single, set->seconds / 5));
    subject_done(&single);
    subject_done(&plain);
    subject_done(&dropped);
    pool_free(one);
    pool_free(all);
}

static void run_threads(int threads, const struct settings *set)
{
    struct error err;
    struct pool *pool = pool_new(threads, &err);
    real *matrices;

    if (!pool)
        die(&err);
    matrices = yardstick_matrices(threads);
    yardstick(pool, matrices, 0.3);
    printf("large GEMM (%d x %d x %d), %d threads: %.1f GFLOP/s, kernels %s\n", GEMM_SIZE,
           GEMM_SIZE, GEMM_SIZE, threads, yardstick(pool, matrices, 1) * 1e-9,
           kernels_best()->name);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int rows = 256; rows <= 1024; rows *= 4)
            if ((!set->shape || set->shape == shapes[i].name)
                && (!set->batch || set->batch == rows))
                run_case((int)i, rows, set, pool, matrices);
    free(matrices);
    pool_free(pool);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"shape", required_argument, NULL, 's'},
        {"batch", required_argument, NULL, 'b'},
        {"threads", required_argument, NULL, 't'},
        {"seconds", required_argument, NULL, 'n'},
        {"dropout", required_argument, NULL, 'd'},
        {"profile", no_argument, NULL, 'p'},
        {0},
    };
    struct settings set = {.seconds = 1};

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 's': set.shape = optarg[0]; break;
        case 'b': set.batch = atoi(optarg); break;
        case 't': set.threads = atoi(optarg); break;
        case 'n': set.seconds = atof(optarg); break;
        case 'd': set.dropout = atof(optarg); break;
        case 'p': set.profile = true; break;
        default: return 2;
        }
    gemm_init();
    if (set.threads)
        run_threads(set.threads, &set);
    else
        for (int threads = 1; threads <= pool_cores(); threads += pool_cores() - 1) {
            run_threads(threads, &set);
            if (pool_cores() == 1)
                break;
        }
    if (!set.threads && !set.shape)
        compare_variants(&set);
    for (int i = 0; i < n_shares; i++)
        puts(shares[i].text);
    return 0;
}
