/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Speed of training, inference and pre-training beside the machine's rate for large
 * matrix products, measured in turns in the same run. Ends with lines "share SHAPE BATCH
 * THREADS train|infer|mlm|rtd VALUE": FLOPs of the model's matrix products a second over
 * that rate; before them, at shape a, what dropout 0.1 costs and what all threads gain
 * over one, and how numbers as tokens compare with as many more categorical columns. A
 * training step here is forward, backward and AdamW, in pre-training with the
 * corruption of the batch before; the trainer's clipping and averaging come on top. (MLM
 * counts the classifiers of all cells, though few are asked: one product in a hundred.)
 *
 * Turns in which a thread had to wait for a core because of other programs are left out
 * of the medians as long as some are left.
 *
 *   bench [--shape a|b|c|n|m] [--batch N] [--threads N] [--work train|infer|mlm|rtd]
 *         [--seconds S] [--dropout P] [--profile]
 *
 * --batch 1 leaves only the comparisons at the end.
 */
#include <dirent.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/corruption.h"
#include "num/gemm.h"

#define ROUNDS 5
#define PAIRS 101 /* of two variants in turns */

static const struct {
    char name;
    int columns, classes[60], continuous;
    bool tokens; /* the continuous columns */
} shapes[] = {
    {'a', 8, {9, 16, 7, 15, 6, 5, 2, 42}, 6, false},
    {'b', 9, {12, 3, 4, 2, 2, 2, 3, 12, 4}, 7, false},
    {'c', 60, {20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20,
               20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20,
               20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20,
               20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20}, 20, false},
    /* as a, with its numbers as tokens, or with columns of classes in their place */
    {'n', 8, {9, 16, 7, 15, 6, 5, 2, 42}, 6, true},
    {'m', 14, {9, 16, 7, 15, 6, 5, 2, 42, 10, 10, 10, 10, 10, 10}, 0, false},
};

enum { SHAPE_A, SHAPE_B, SHAPE_C, SHAPE_TOKENS, SHAPE_CLASSES, SHAPES };

#define EDGES 49

enum work { TRAIN, INFER, MLM, RTD, WORKS };

static const char *const work_names[] = {"train", "infer", "mlm", "rtd"};

struct settings {
    char shape; /* 0: all */
    int batch, threads;
    const char *work; /* NULL: all */
    double seconds, dropout;
    bool profile;
};

/* A model at one work. */
struct subject {
    enum work work;
    struct params *params;
    struct graph *graph;
    struct pool *pool;
    struct corruption *corruption; /* pre-training only */
    struct graph_input input;
    int32_t *codes, *answers;      /* of the input */
    int32_t *clean;                /* (rows, columns) codes before corruption */
    uint32_t *index;
    float *values, *target;
    double flops; /* of a row in a step */
    uint64_t step;
};

static void die(const struct error *err)
{
    fprintf(stderr, "bench: %s\n", err->text);
    exit(1);
}

/* ---- medians of undisturbed turns ---- */

#define DISTURBED 0.01

struct turn {
    double value;
    double waited; /* what threads waited for a core that others had, over the time */
};

struct clocks {
    double wall, waited;
};

/* Seconds that the threads of this process were ready to run and did not; 0 where the
 * system does not say. */
static double seconds_waited(void)
{
    DIR *d = opendir("/proc/self/task");
    struct dirent *e;
    double total = 0;

    while (d && (e = readdir(d))) {
        char path[300];
        double ran, waited;
        FILE *f;

        snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", e->d_name);
        f = fopen(path, "r");
        if (f && fscanf(f, "%lf %lf", &ran, &waited) == 2)
            total += waited * 1e-9;
        if (f)
            fclose(f);
    }
    if (d)
        closedir(d);
    return total;
}

static struct clocks read_clocks(void)
{
    return (struct clocks){clock_seconds(), seconds_waited()};
}

static double waited_since(const struct clocks *c)
{
    struct clocks d = read_clocks();

    return (d.waited - c->waited) / (d.wall - c->wall);
}

static int rising(const void *a, const void *b)
{
    double x = ((const struct turn *)a)->value, y = ((const struct turn *)b)->value;

    return (x > y) - (x < y);
}

/* The median of the undisturbed turns, or of all if these are fewer than a tenth; *quiet,
 * if not NULL, is how many were undisturbed. The turns change their order. */
static double median(int n, struct turn *turns, int *quiet)
{
    int kept = 0;

    for (int i = 0; i < n; i++)
        if (turns[i].waited < DISTURBED) {
            struct turn t = turns[i];

            turns[i] = turns[kept];
            turns[kept++] = t;
        }
    if (quiet)
        *quiet = kept;
    if (kept == 0 || kept < n / 10)
        kept = n;
    qsort(turns, (size_t)kept, sizeof *turns, rising);
    return turns[kept / 2].value;
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
    double start = clock_seconds(), flops = 0;

    while (clock_seconds() - start < least) {
        pool_run(pool, pool_threads(pool), large_product, matrices);
        flops += 2.0 * GEMM_SIZE * GEMM_SIZE * GEMM_SIZE * pool_threads(pool);
    }
    return flops / (clock_seconds() - start);
}

/* ---- the subject ---- */

static void make_rows(struct subject *s, int shape, int rows)
{
    struct rng r = rng_make(7, RNG_TEST, (uint64_t)shape);
    size_t m = (size_t)shapes[shape].columns, c = (size_t)shapes[shape].continuous;

    s->codes = xcalloc((size_t)rows * m, sizeof *s->codes);
    s->clean = xcalloc((size_t)rows * m, sizeof *s->clean);
    s->answers = xcalloc((size_t)rows * m, sizeof *s->answers);
    s->index = xcalloc((size_t)rows, sizeof *s->index);
    s->values = xcalloc((size_t)rows * c, sizeof *s->values);
    s->target = xcalloc((size_t)rows, sizeof *s->target);
    for (size_t i = 0; i < (size_t)rows * m; i++)
        s->clean[i] = s->codes[i] =
            1 + (int32_t)rng_below(&r, (uint64_t)shapes[shape].classes[i % m]);
    for (size_t i = 0; i < (size_t)rows * c; i++)
        s->values[i] = (float)rng_normal(&r);
    for (int i = 0; i < rows; i++) {
        s->target[i] = (float)(s->codes[(size_t)i * m] % 2);
        s->index[i] = (uint32_t)i;
    }
    s->input = (struct graph_input){.rows = rows, .codes = s->codes, .values = s->values,
                                    .target = s->target, .answers = s->answers};
}

static enum pretext pretext_of(enum work work)
{
    return work == MLM ? PRETEXT_MLM : work == RTD ? PRETEXT_RTD : PRETEXT_NONE;
}

/* What a corruption asks of an encoder: each class was seen as often as another. */
static struct corruption *make_corruption(int shape, enum pretext pretext)
{
    struct feature features[60] = {{0}};
    struct encoder e = {.n_categorical = shapes[shape].columns, .categorical = features};
    struct pretrain_options o = pretrain_defaults();
    size_t counts[64];
    struct corruption *c;
    struct error err;

    for (int j = 0; j < 64; j++)
        counts[j] = j > 0;
    for (int i = 0; i < e.n_categorical; i++) {
        features[i].classes = shapes[shape].classes[i];
        features[i].counts = counts;
    }
    c = corruption_new(&e, pretext, &o, 1, &err);
    if (!c)
        die(&err);
    return c;
}

static float edges[EDGES]; /* of the bins of every number that is a token */
static struct number_column numbers[60];

static void make_numbers(void)
{
    for (int i = 0; i < EDGES; i++)
        edges[i] = (float)(6.0 * i / (EDGES - 1) - 3);
    for (int i = 0; i < 60; i++)
        numbers[i] = (struct number_column){i, -1, EDGES, edges};
}

static void describe(struct subject *s, int shape, const struct settings *set)
{
    struct model_shape ms = {
        .columns = shapes[shape].columns, .classes = shapes[shape].classes,
        .continuous = shapes[shape].continuous, .outputs = 1, .loss = LOSS_BINARY,
    };
    struct model_options o = model_defaults();

    o.head_cap = 0;
    o.dropout = o.head_dropout = set->dropout;
    if (shapes[shape].tokens) {
        o.continuous = CONTINUOUS_TOKENS;
        ms.numbers = shapes[shape].continuous;
        ms.number = numbers;
    }
    s->graph = graph_new(s->params);
    if (pretext_of(s->work) == PRETEXT_NONE) {
        tabtransformer_describe(s->graph, &o, &ms);
        return;
    }
    pretrain_describe(s->graph, &o, &ms, pretext_of(s->work));
    s->corruption = make_corruption(shape, pretext_of(s->work));
}

static struct subject subject_new(int shape, int rows, enum work work,
                                  const struct settings *set, struct pool *pool)
{
    struct subject s = {.work = work, .params = params_new(), .pool = pool};
    bool training = work != INFER;
    struct graph_plan plan = {rows, training, false};
    struct error err;

    make_rows(&s, shape, rows);
    describe(&s, shape, set);
    graph_plan(s.graph, &plan);
    if (!params_allocate(s.params, 1, &err)
        || (training
            && !params_allocate_training(s.params, graph_lanes(s.graph), &err))
        || !graph_allocate(s.graph, pool, &err))
        die(&err);
    for (int i = 0; i < graph_nodes(s.graph); i++)
        s.flops += graph_node(s.graph, i).flops * (training ? 3 : 1);
    return s;
}

static void subject_done(struct subject *s)
{
    graph_free(s->graph);
    params_free(s->params);
    corruption_free(s->corruption);
    free(s->codes);
    free(s->clean);
    free(s->answers);
    free(s->index);
    free(s->values);
    free(s->target);
}

static void corrupt(struct subject *s)
{
    size_t m = (size_t)graph_node(s->graph, 0).columns;

    memcpy(s->codes, s->clean, (size_t)s->input.rows * m * sizeof *s->codes);
    corruption_apply(s->corruption, s->step % CORRUPTION_VALID, s->index, s->input.rows,
                     s->codes, s->answers);
}

static void one_step(struct subject *s)
{
    struct update u = update_defaults();

    if (s->work == INFER) {
        graph_infer(s->graph, &s->input);
        return;
    }
    if (s->corruption)
        corrupt(s);
    graph_train_forward(s->graph, &s->input, s->step++);
    graph_backward(s->graph);
    params_step(s->params, kernels_best(), s->pool, &u, NULL);
}

/* Rows a second. */
static double speed(struct subject *s, double least)
{
    double start = clock_seconds();
    long rows = 0;

    while (clock_seconds() - start < least) {
        one_step(s);
        rows += s->input.rows;
    }
    return (double)rows / (clock_seconds() - start);
}

/* ---- profile ---- */

static void print_busy(const struct subject *s, double elapsed)
{
    for (int w = 0; w < pool_threads(s->pool); w++)
        printf("worker %d: in nodes %.3f of the time\n", w,
               graph_busy(s->graph, w) / elapsed);
}

static void print_profile(struct subject *s)
{
    struct graph *g = s->graph;
    double rows = 0, start, elapsed;

    graph_profile(g, true);
    for (start = clock_seconds(); clock_seconds() - start < 2; rows += s->input.rows)
        one_step(s);
    elapsed = clock_seconds() - start;
    printf("%-28s %-12s %9s %9s %9s %9s %8s\n", "node", "op", "fwd ns", "bwd ns", "kFLOP",
           "KB", "GFLOP/s");
    for (int i = 0; i < graph_nodes(g); i++) {
        struct node_info n = graph_node(g, i);
        double f = n.seconds_forward / rows, b = n.seconds_backward / rows;

        printf("%-28s %-12s %9.0f %9.0f %9.1f %9.1f %8.1f\n", n.name, n.op, f * 1e9,
               b * 1e9, n.flops * 1e-3, n.bytes / 1024,
               n.flops * (s->work == INFER ? 1 : 3) / (f + b) * 1e-9);
    }
    print_busy(s, elapsed);
    graph_profile(g, false);
}

/* ---- a case ---- */

struct share {
    char text[64];
};

static struct share shares[64];
static int n_shares;

static void report(int shape, const struct subject *s, double rate, double share)
{
    int rows = s->input.rows, threads = pool_threads(s->pool);
    const char *work = work_names[s->work];

    printf("%c  batch %4d  threads %2d  %-5s %9.0f rows/s  %7.1f GFLOP/s  %.2f of large "
           "GEMM\n", shapes[shape].name, rows, threads, work, rate,
           rate * s->flops * 1e-9, share);
    fflush(stdout);
    if (n_shares < 64)
        snprintf(shares[n_shares++].text, sizeof shares->text, "share %c %d %d %s %.3f",
                 shapes[shape].name, rows, threads, work, share);
}

static bool wanted(const struct settings *set, int work)
{
    return !set->work || strcmp(set->work, work_names[work]) == 0;
}

static void run_round(struct subject *s, const struct settings *set, real *matrices,
                      struct turn *rate, struct turn *share)
{
    struct clocks begin = read_clocks();
    double large = yardstick(s->pool, matrices, set->seconds / 2);

    rate->value = speed(s, set->seconds);
    share->value = rate->value * s->flops / large;
    rate->waited = share->waited = waited_since(&begin);
}

static void run_case(int shape, int rows, const struct settings *set, struct pool *pool,
                     real *matrices)
{
    for (int work = 0; work < WORKS; work++) {
        struct turn rate[ROUNDS], share[ROUNDS];
        struct subject s;

        if (!wanted(set, work))
            continue;
        s = subject_new(shape, rows, work, set, pool);
        speed(&s, 0.1);
        for (int round = 0; round < ROUNDS; round++)
            run_round(&s, set, matrices, &rate[round], &share[round]);
        report(shape, &s, median(ROUNDS, rate, NULL), median(ROUNDS, share, NULL));
        if (set->profile)
            print_profile(&s);
        subject_done(&s);
    }
}

/* How many times the speed of `b` that of `a` is: the median over many short pairs,
 * because the machine's own rate drifts within seconds. */
static double compare(struct subject *a, struct subject *b, double least, int *quiet)
{
    struct turn ratio[PAIRS];

    speed(a, 0.1);
    speed(b, 0.1);
    for (int i = 0; i < PAIRS; i++) {
        struct clocks begin = read_clocks();

        ratio[i].value = speed(a, least) / speed(b, least);
        ratio[i].waited = waited_since(&begin);
    }
    return median(PAIRS, ratio, quiet);
}

static void compare_threads(enum work work, const struct settings *set, struct pool *one,
                            struct pool *all)
{
    struct subject single = subject_new(SHAPE_A, 256, work, set, one);
    struct subject many = subject_new(SHAPE_A, 256, work, set, all);
    int quiet;
    double ratio = compare(&many, &single, set->seconds / 20, &quiet);

    printf("a  batch  256  %s: %d threads give %.2f times the speed of one (%d of %d "
           "pairs undisturbed)\n", work_names[work], pool_cores(), ratio, quiet, PAIRS);
    fflush(stdout);
    subject_done(&single);
    subject_done(&many);
}

static void compare_dropout(const struct settings *set, struct pool *all)
{
    struct settings with = *set;
    struct subject plain, dropped;
    int quiet;
    double ratio;

    with.dropout = 0.1;
    plain = subject_new(SHAPE_A, 256, TRAIN, set, all);
    dropped = subject_new(SHAPE_A, 256, TRAIN, &with, all);
    ratio = compare(&dropped, &plain, set->seconds / 20, &quiet);
    printf("a  batch  256  train: dropout 0.1 gives %.3f of the speed without (%d of %d "
           "pairs undisturbed)\n", ratio, quiet, PAIRS);
    fflush(stdout);
    subject_done(&plain);
    subject_done(&dropped);
}

static void compare_tokens(const struct settings *set, struct pool *pool)
{
    struct subject features = subject_new(SHAPE_A, 256, TRAIN, set, pool);
    struct subject tokens = subject_new(SHAPE_TOKENS, 256, TRAIN, set, pool);
    struct subject classes = subject_new(SHAPE_CLASSES, 256, TRAIN, set, pool);
    int quiet;
    double ratio = compare(&tokens, &classes, set->seconds / 20, &quiet);

    printf("a  batch  256  train: 6 numbers as tokens give %.3f of the speed of 6 more "
           "categorical columns (%d of %d pairs undisturbed),", ratio, quiet, PAIRS);
    ratio = compare(&tokens, &features, set->seconds / 20, &quiet);
    printf(" %.3f of that of 6 features (%d)\n", ratio, quiet);
    fflush(stdout);
    subject_done(&features);
    subject_done(&tokens);
    subject_done(&classes);
}

static void compare_variants(const struct settings *set)
{
    struct settings plain = *set;
    struct error err;
    struct pool *one = pool_new(1, &err), *all = pool_new(pool_cores(), &err);

    if (!one || !all)
        die(&err);
    plain.dropout = 0;
    compare_dropout(&plain, all);
    compare_tokens(&plain, one);
    for (int work = 0; work < WORKS; work++)
        if (wanted(set, work))
            compare_threads(work, &plain, one, all);
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
    for (int i = 0; i < SHAPES; i++)
        for (int rows = 256; rows <= 1024; rows *= 4)
            if ((set->shape ? set->shape == shapes[i].name : i <= SHAPE_C)
                && (!set->batch || set->batch == rows))
                run_case(i, rows, set, pool, matrices);
    free(matrices);
    pool_free(pool);
}

/* On a thread with the priority of the pool's, as in the program: if other programs slowed
 * the helpers more than their caller, it would look like a loss of ours. */
static void *run_all(void *arg)
{
    const struct settings *set = arg;
    int cores = pool_cores();

    pool_lower_thread();
    run_threads(set->threads ? set->threads : 1, set);
    if (!set->threads && cores > 1)
        run_threads(cores, set);
    if (!set->threads && !set->shape)
        compare_variants(set);
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"shape", required_argument, NULL, 's'},
        {"batch", required_argument, NULL, 'b'},
        {"threads", required_argument, NULL, 't'},
        {"work", required_argument, NULL, 'w'},
        {"seconds", required_argument, NULL, 'n'},
        {"dropout", required_argument, NULL, 'd'},
        {"profile", no_argument, NULL, 'p'},
        {0},
    };
    struct settings set = {.seconds = 1};
    pthread_t worker;

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 's': set.shape = optarg[0]; break;
        case 'b': set.batch = atoi(optarg); break;
        case 't': set.threads = atoi(optarg); break;
        case 'w': set.work = optarg; break;
        case 'n': set.seconds = atof(optarg); break;
        case 'd': set.dropout = atof(optarg); break;
        case 'p': set.profile = true; break;
        default: return 2;
        }
    gemm_init();
    make_numbers();
    if (pthread_create(&worker, NULL, run_all, &set) != 0)
        return 1;
    pthread_join(worker, NULL);
    for (int i = 0; i < n_shares; i++)
        puts(shares[i].text);
    return 0;
}
