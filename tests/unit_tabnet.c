/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TabNet is made of: sparsemax and the gate against worked values and plain loops,
 * ghost batch norm against what each virtual batch comes to, and masks read back. */
#include "base/mem.h"
#include "base/rng.h"
#include "fixture.h"
#include "lens/job_importance.h"
#include "lens/masks.h"
#include "nn/graph.h"
#include "num/kernels.h"

static const char *const sets[] = {"base", "avx2", "avx512"};

static const struct kernels *kernels_of(int i)
{
    setenv("TABSCOPE_ISA", sets[i], 1);
    return kernels_best();
}

/* ---- sparsemax ---- */

enum { FEATURES = 5, PANEL = (FEATURES | 1) * LANES };

/* A row of features, and what becomes of them. */
struct worked {
    double z[FEATURES], p[FEATURES];
    double dp[FEATURES], dz[FEATURES];
};

static const struct worked worked[] = {
    /* tau = (1 + 1/2 - 1) / 2 */
    {{1, .5, 0, -1, -1}, {.75, .25, 0, 0, 0}, {1, 3, 10, 7, 7}, {-1, 1, 0, 0, 0}},
    /* a support of one has no slope */
    {{-3, 2, .5, 1, 0}, {0, 1, 0, 0, 0}, {1, 2, 3, 4, 5}, {0, 0, 0, 0, 0}},
    /* one more would be in it if it were any larger */
    {{1, 0, 0, 0, -5}, {1, 0, 0, 0, 0}, {6, 7, 8, 9, 1}, {0, 0, 0, 0, 0}},
    /* ties: all alike, and two in front */
    {{.3, .3, .3, .3, .3}, {.2, .2, .2, .2, .2}, {1, 2, 3, 4, 5}, {-2, -1, 0, 1, 2}},
    {{-1, 7, 0, 7, 3}, {0, .5, 0, .5, 0}, {9, 1, 9, 2, 9}, {0, -.5, 0, .5, 0}},
    /* far from 0: only differences count */
    {{-1000, -1000.5, -1001, -2000, -1e6}, {.75, .25, 0, 0, 0}, {0, 1, 0, 0, 0},
     {-.5, .5, 0, 0, 0}},
};

enum { WORKED = sizeof worked / sizeof *worked };

static void sparsemax_is_as_worked_out(void)
{
    for (int i = 0; i < 3; i++) {
        const struct kernels *k = kernels_of(i);
        real z[PANEL] = {0}, p[PANEL], dp[PANEL] = {0};

        for (int r = 0; r < LANES; r++)
            for (int f = 0; f < FEATURES; f++) {
                z[f * LANES + r] = (real)worked[r % WORKED].z[f];
                dp[f * LANES + r] = (real)worked[r % WORKED].dp[f];
            }
        k->sparsemax_forward(1, FEATURES, z, p);
        k->sparsemax_backward(1, FEATURES, p, dp);
        k->sparsemax_forward(1, FEATURES, z, z);
        for (int r = 0; r < LANES; r++)
            for (int f = 0; f < FEATURES; f++) {
                check_near((double)p[f * LANES + r], worked[r % WORKED].p[f], 1e-6);
                check_near((double)dp[f * LANES + r], worked[r % WORKED].dz[f], 1e-6);
                check(z[f * LANES + r] == p[f * LANES + r]);
            }
    }
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x < y) - (x > y);
}

/* The threshold by sorting, as the paper has it (Martins, Astudillo 2016, algorithm 1). */
static double sorted_threshold(const double *z, int n)
{
    double *sorted = xcalloc((size_t)n, sizeof *sorted), sum = 0, tau = 0;

    memcpy(sorted, z, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, descending);
    for (int k = 1; k <= n; k++) {
        sum += sorted[k - 1];
        if (1 + k * sorted[k - 1] > sum)
            tau = (sum - 1) / k;
    }
    free(sorted);
    return tau;
}

static real *random_numbers(size_t n, double scale)
{
    struct rng r = rng_make(5, RNG_TEST, n);
    real *x = xcalloc(n, sizeof *x);

    for (size_t i = 0; i < n; i++)
        x[i] = (real)(scale * rng_normal(&r));
    return x;
}

/* Of few features and many, near each other and far apart. */
static void sparsemax_finds_what_sorting_finds(void)
{
    static const int widths[] = {1, 2, 7, 60, 301};

    for (int i = 0; i < 3 * 5 * 3; i++) {
        const struct kernels *k = kernels_of(i / 15);
        int d = widths[i % 5];
        double scale = (double[]){0.01, 1, 50}[i / 5 % 3], z[301], worst = 0;
        real *x = random_numbers(2 * panel_size(d), scale);
        real *p = xcalloc(2 * panel_size(d), sizeof *p);

        k->sparsemax_forward(2, d, x, p);
        for (int r = 0; r < 2 * LANES; r++) {
            size_t at = (size_t)(r / LANES) * panel_size(d) + (size_t)(r % LANES);
            double tau, sum = 0;

            for (int f = 0; f < d; f++)
                z[f] = (double)x[at + (size_t)f * LANES];
            tau = sorted_threshold(z, d);
            for (int f = 0; f < d; f++) {
                double share = (double)p[at + (size_t)f * LANES];

                worst = fmax(worst, fabs(share - fmax(z[f] - tau, 0)));
                sum += share;
            }
            worst = fmax(worst, fabs(sum - 1));
        }
        if (!check(worst < 2e-5))
            printf("# %s, %d features, scale %g: off by %g\n", k->name, d, scale, worst);
        free(x);
        free(p);
    }
}

/* A number that is none neither hangs it nor is forgotten. */
static void sparsemax_ends_on_nan(void)
{
    for (int i = 0; i < 3; i++) {
        real z[PANEL] = {0}, p[PANEL];

        for (int r = 0; r < LANES; r++)
            z[r] = (real)NAN;
        kernels_of(i)->sparsemax_forward(1, FEATURES, z, p);
        for (int r = 0; r < LANES; r++)
            check(isnan(p[r]));
    }
}

static void softmax_is_as_worked_out(void)
{
    for (int i = 0; i < 3; i++) {
        const struct kernels *k = kernels_of(i);
        real z[PANEL] = {0}, p[PANEL], dp[PANEL] = {0};

        for (int r = 0; r < LANES; r++) {
            z[r] = (real)(100 + log(4)); /* 1/2, and 1/8 each of the others */
            dp[r] = 1;
            for (int f = 1; f < FEATURES; f++)
                z[f * LANES + r] = 100;
        }
        k->softmax_forward(1, FEATURES, z, p);
        k->softmax_backward(1, FEATURES, p, dp);
        for (int r = 0; r < LANES; r++)
            for (int f = 0; f < FEATURES; f++) {
                check_near((double)p[f * LANES + r], f ? 0.125 : 0.5, 1e-6);
                check_near((double)dp[f * LANES + r], f ? -0.0625 : 0.25, 1e-6);
            }
    }
}

static void gates_are_as_worked_out(void)
{
    enum { D = 3 };
    static const double a[D] = {2, -1, 5}, b[D] = {0, 1.0986122886681098, -1000};
    static const double gate[D] = {0.5, 0.75, 0};

    for (int i = 0; i < 6; i++) {
        const struct kernels *k = kernels_of(i / 2);
        bool residual = i % 2;
        double scale = residual ? sqrt(0.5) : 1;
        real x[(2 * D + 1) * LANES] = {0}, before[D * LANES], y[D * LANES];
        real dy[D * LANES], dx[(2 * D + 1) * LANES] = {0};

        for (int f = 0; f < D; f++)
            for (int r = 0; r < LANES; r++) {
                x[f * LANES + r] = (real)a[f];
                x[(D + f) * LANES + r] = (real)b[f];
                before[f * LANES + r] = (real)(r - f);
                dy[f * LANES + r] = (real)(r + 1);
            }
        k->glu_forward(1, D, x, residual ? before : NULL, y);
        k->glu_backward(1, D, x, dy, dx, residual);
        for (int f = 0; f < D; f++)
            for (int r = 0; r < LANES; r++) {
                double want = a[f] * gate[f] + (residual ? r - f : 0);
                double g = scale * (r + 1);

                check_near((double)y[f * LANES + r], scale * want, 1e-5);
                check_near((double)dx[f * LANES + r], g * gate[f], 1e-5);
                check_near((double)dx[(D + f) * LANES + r],
                           g * a[f] * gate[f] * (1 - gate[f]), 1e-5);
            }
    }
}

/* ---- ghost batch norm ---- */

/* A norm over numbers, alone. */
struct ghosts {
    struct params *params;
    struct graph *graph;
    struct pool *pool;
    float *values, *target;
    int rows, width;
};

static struct ghosts ghosts_new(int rows, int width, int virtual_batch, int threads)
{
    struct ghosts g = {.params = params_new(), .rows = rows, .width = width};
    struct graph_plan plan = {rows, true, true};
    struct rng r = rng_make(6, RNG_TEST, 0);
    struct error err = {0};
    struct tensor *x;

    g.graph = graph_new(g.params);
    x = graph_rows(g.graph, graph_continuous(g.graph, width));
    x = graph_ghost_norm(g.graph, x, virtual_batch, "norm");
    graph_name(x, "normed");
    x = graph_linear_shared(g.graph, x, 1, "out", "out", 1);
    graph_loss(g.graph, graph_concatenate(g.graph, x, NULL), LOSS_SQUARED);
    graph_plan(g.graph, &plan);
    g.pool = pool_new(threads, &err);
    check(params_allocate(g.params, 1, &err)
          && params_allocate_training(g.params, graph_lanes(g.graph), &err)
          && graph_allocate(g.graph, g.pool, &err));
    g.values = xcalloc((size_t)(rows * width), sizeof *g.values);
    g.target = xcalloc((size_t)rows, sizeof *g.target);
    for (int i = 0; i < rows * width; i++)
        g.values[i] = (float)(3 + (i % width + 1) * rng_normal(&r));
    return g;
}

static void ghosts_done(struct ghosts *g)
{
    graph_free(g->graph);
    params_free(g->params);
    pool_free(g->pool);
    free(g->values);
    free(g->target);
}

static struct graph_input input_of(const struct ghosts *g)
{
    return (struct graph_input){.rows = g->rows, .values = g->values,
                                .target = g->target};
}

static real *part_of(const struct ghosts *g, const char *name)
{
    return param_value(g->params, params_find(g->params, name));
}

/* Of a feature of rows [from, to). */
static void moments(const struct ghosts *g, int from, int to, int f, double *mean,
                    double *variance)
{
    *mean = *variance = 0;
    for (int r = from; r < to; r++)
        *mean += (double)g->values[r * g->width + f] / (to - from);
    for (int r = from; r < to; r++)
        *variance += pow((double)g->values[r * g->width + f] - *mean, 2) / (to - from);
}

/* bounds: the first row of each virtual batch, n of them, and the number of rows */
static void check_virtual_batches(int rows, int virtual_batch, const int *bounds, int n)
{
    enum { WIDTH = 3 };
    struct ghosts g = ghosts_new(rows, WIDTH, virtual_batch, 2);
    struct graph_input in = input_of(&g);
    real *out = xcalloc((size_t)(rows * WIDTH), sizeof *out);
    double running[2][WIDTH] = {{0}};

    for (int f = 0; f < WIDTH; f++) {
        part_of(&g, "norm.weight")[f] = (real)(f + 1);
        part_of(&g, "norm.bias")[f] = (real)(f - 1);
    }
    graph_train_forward(g.graph, &in, 0);
    check(graph_read(g.graph, "normed", out));
    for (int b = 0; b < n; b++)
        for (int f = 0; f < WIDTH; f++) {
            int size = bounds[b + 1] - bounds[b];
            double mean, variance;

            moments(&g, bounds[b], bounds[b + 1], f, &mean, &variance);
            for (int r = bounds[b]; r < bounds[b + 1]; r++)
                check_near((double)out[r * WIDTH + f],
                           (g.values[r * WIDTH + f] - mean) / sqrt(variance + 1e-5)
                                   * (f + 1) + f - 1, 2e-5);
            running[0][f] += mean / n;
            running[1][f] += variance * size / (size - 1) / n;
        }
    for (int f = 0; f < WIDTH; f++) {
        check_near((double)part_of(&g, "norm.mean")[f], running[0][f], 1e-5);
        check_near((double)part_of(&g, "norm.variance")[f], running[1][f], 2e-5);
    }
    graph_infer(g.graph, &in);
    check(graph_read(g.graph, "normed", out));
    for (int i = 0; i < rows * WIDTH; i++) {
        int f = i % WIDTH;

        check_near((double)out[i], (g.values[i] - running[0][f])
                       / sqrt(running[1][f] + 1e-5) * (f + 1) + f - 1, 5e-5);
    }
    free(out);
    ghosts_done(&g);
}

static void virtual_batches_are_normalised_each_by_itself(void)
{
    check_virtual_batches(40, 16, (const int[]){0, 16, 32, 40}, 3);
    check_virtual_batches(64, 32, (const int[]){0, 32, 64}, 2);
    check_virtual_batches(37, 64, (const int[]){0, 37}, 1);
    /* five blocks of rows: not three, of which nothing would be left, and two of one */
    check_virtual_batches(70, 48, (const int[]){0, 32, 70}, 2);
    check_virtual_batches(100, 32, (const int[]){0, 16, 48, 80, 100}, 4);
}

/* After fifty virtual batches by 0.02 each, in their order. */
static void averages_move_batch_after_batch(void)
{
    struct ghosts g = ghosts_new(32, 1, 16, 2);
    struct graph_input in = input_of(&g);
    double mean[2], variance[2], want = 5, want_variance = 7;

    *part_of(&g, "norm.mean") = 5;
    *part_of(&g, "norm.variance") = 7;
    g.params->step = 25;
    graph_train_forward(g.graph, &in, 0);
    for (int b = 0; b < 2; b++) {
        moments(&g, 16 * b, 16 * (b + 1), 0, &mean[b], &variance[b]);
        want += 0.02 * (mean[b] - want);
        want_variance += 0.02 * (variance[b] * 16 / 15 - want_variance);
    }
    check_near((double)*part_of(&g, "norm.mean"), want, 1e-5);
    check_near((double)*part_of(&g, "norm.variance"), want_variance, 1e-5);
    ghosts_done(&g);
}

/* A row that is alone in its virtual batch has no variance and says nothing of it. */
static void one_row_alone_leaves_the_averages(void)
{
    struct ghosts g = ghosts_new(17, 1, 16, 1);
    struct graph_input in = input_of(&g);
    double mean, variance;

    check(isfinite(graph_train_forward(g.graph, &in, 0)));
    graph_backward(g.graph);
    params_sum(g.params, kernels_best());
    for (size_t i = 0; i < params_trainable(g.params); i++)
        check(isfinite(g.params->gradient[i]));
    moments(&g, 0, 16, 0, &mean, &variance);
    check_near((double)*part_of(&g, "norm.mean"), mean, 1e-5);
    check_near((double)*part_of(&g, "norm.variance"), variance * 16 / 15, 1e-5);
    ghosts_done(&g);
}

/* ---- masks of a model ---- */

enum { ROWS = 300 };

static struct fixture tabnet_new(int category_dim, enum model_mask mask)
{
    struct fixture f = fixture_of(learnable_table(ROWS, -1), "kind", "weight", 1, 3, 2);
    struct model_options o = model_defaults();
    struct error err = {0};

    o.kind = MODEL_TABNET;
    o.steps = 4;
    o.width = 6;
    o.category_dim = category_dim;
    o.mask = mask;
    model_unref(f.model);
    f.model = model_new(&o, f.s.encoder, 3, &err);
    if (!check(f.model != NULL))
        exit(1);
    return f;
}

/* The whole frame through a graph, tensor by tensor; caller frees. */
static real *read_all(struct fixture *f, const char *name)
{
    struct graph *g = model_graph(f->model);
    struct graph_input in = {.rows = ROWS, .codes = f->s.frame->codes,
                             .values = f->s.frame->values};
    struct error err = {0};
    int columns, features;
    real *out = NULL;

    graph_plan(g, &(struct graph_plan){.rows = ROWS, .keep = true});
    if (check(graph_allocate(g, f->pool, &err))) {
        graph_infer(g, &in);
        check(graph_tensor_size(g, name, &columns, &features));
        out = xcalloc((size_t)(ROWS * columns * features), sizeof *out);
        check(graph_read(g, name, out));
    }
    graph_free(g);
    return out;
}

/* (ROWS, features) by the formula. */
static double *aggregate(struct fixture *f, int features)
{
    const struct model_options *o = model_options(f->model);
    double *total = xcalloc((size_t)(ROWS * features), sizeof *total);
    char name[32];

    for (int step = 1; step <= o->steps; step++) {
        real *mask, *decision;

        snprintf(name, sizeof name, "mask.%d", step);
        mask = read_all(f, name);
        snprintf(name, sizeof name, "decision.%d", step);
        decision = read_all(f, name);
        for (int r = 0; r < ROWS; r++) {
            double eta = 0, sum = 0;

            for (int c = 0; c < o->width; c++)
                eta += fmax((double)decision[r * 2 * o->width + c], 0);
            for (int i = 0; i < features; i++) {
                total[r * features + i] += eta * (double)mask[r * features + i];
                sum += (double)mask[r * features + i];
            }
            check_near(sum, 1, 1e-5);
        }
        free(mask);
        free(decision);
    }
    for (int r = 0; r < ROWS; r++) {
        double sum = 0;

        for (int i = 0; i < features; i++)
            sum += total[r * features + i];
        for (int i = 0; i < features && sum > 0; i++)
            total[r * features + i] /= sum;
    }
    return total;
}

static void masks_are_aggregated_as_by_hand(void)
{
    for (int i = 0; i < 4; i++) {
        struct fixture f = tabnet_new(1 + i % 2, i < 2 ? MASK_SPARSEMAX : MASK_SOFTMAX);
        const struct encoder *e = f.s.encoder;
        int features = e->n_categorical * (1 + i % 2) + e->n_continuous;
        double *want = aggregate(&f, features);
        struct error err = {0};
        struct masks *k = masks_new(f.model, f.pool, &err);
        uint32_t index[ROWS];

        for (uint32_t r = 0; r < ROWS; r++)
            index[r] = r;
        check_int(masks_features(k), features);
        check_int(masks_steps(k), 4);
        for (int from = 0; from < ROWS; from += 100) {
            masks_look(k, f.s.frame, index + from, 100);
            for (int n = 0; n < 100 * features; n++)
                check_near((double)masks_aggregated(k)[n], want[from * features + n],
                           1e-5);
        }
        masks_free(k);
        free(want);
        fixture_done(&f);
    }
}

/* Column by column: a category's numbers together, and what else comes of a column. */
static void importance_is_the_mean_of_masks(void)
{
    struct fixture f = tabnet_new(2, MASK_SPARSEMAX);
    const struct encoder *e = f.s.encoder;
    int features = 2 * e->n_categorical + e->n_continuous;
    double *masks = aggregate(&f, features), all = 0, last = INFINITY;
    struct importance_request q = {.rows = fixture_rows(&f, PART_NONE),
                                   .by = IMPORTANCE_MASKS, .repeats = 3, .seed = 7};
    struct importance_job *j = importance_job_new(&q);
    struct error err = {0};

    check(job_run(&importance_job_type, j, &err));
    check_int(importance_job_rows(j), ROWS);
    check_int(importance_job_steps(j), 4);
    for (int c = 0; c < importance_job_columns(j); c++) {
        struct importance found = importance_job_column(j, c);
        double want = 0, steps = 0;

        for (int r = 0; r < ROWS; r++) {
            const double *own = masks + r * features;

            for (int i = 0; i < e->n_categorical; i++)
                if (strcmp(e->categorical[i].column, found.column) == 0)
                    want += (own[2 * i] + own[2 * i + 1]) / ROWS;
            for (int i = 0; i < e->n_continuous; i++)
                if (strcmp(e->continuous[i].column, found.column) == 0)
                    want += own[2 * e->n_categorical + i] / ROWS;
        }
        for (int s = 0; s < 4; s++)
            steps += found.steps[s];
        check_near(found.share, want, 1e-5);
        check(found.share <= last && steps >= 0 && steps <= 4.0001);
        last = found.share;
        all += found.share;
    }
    check_near(all, 1, 1e-5);
    importance_job_type.publish(j);
    check_near(importance_job_share(j), 1, 0);
    importance_job_type.free(j);
    free(masks);
    fixture_done(&f);
}

int main(void)
{
    test_run(sparsemax_is_as_worked_out);
    test_run(sparsemax_finds_what_sorting_finds);
    test_run(sparsemax_ends_on_nan);
    test_run(softmax_is_as_worked_out);
    test_run(gates_are_as_worked_out);
    unsetenv("TABSCOPE_ISA");
    test_run(virtual_batches_are_normalised_each_by_itself);
    test_run(averages_move_batch_after_batch);
    test_run(one_row_alone_leaves_the_averages);
    test_run(masks_are_aggregated_as_by_hand);
    test_run(importance_is_the_mean_of_masks);
    return test_done();
}
