/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/tsne.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "lens/affinity.h"
#include "lens/pca.h"
#include "lens/tsne_own.h"

enum {
    TASK_ROWS = 512,     /* points that a task moves */
    CALIBRATED = 256,    /* rows of P a task makes */
    CALIBRATED_TASKS = 8, /* of these in a step for each thread */
    KL_EVERY = 25,       /* iterations */
};

#define START 1e-4   /* standard deviation of the start's first coordinate */
#define JITTER 1e-6  /* so that equal points need not stay together */

/* The points as an iteration moves them, in the order of P's rows; pairs (n). */
struct layout {
    float *y, *velocity, *gain, *attraction, *repulsion;
};

/* What a task of moving sees. */
struct sums {
    struct box box;
    double x, y;
};

struct tsne {
    struct tsne_options options;
    size_t n;
    struct pool *pool;
    const struct kernels *kernels;
    enum tsne_phase phase;

    struct points points;     /* until there are neighbours */
    struct neighbours near;   /* until there is P */
    size_t calibrated;
    struct affinity p;

    float *start;             /* (n, 2) where it begins, in the points' order */
    float *given;             /* (n, 2) where it shall begin before there are rows of P */
    bool has_given;
    struct layout now;
    struct exact *exact;      /* one of these */
    struct field *field;
    struct sums *sums;        /* of each task */
    double *costs;            /* the like */
    struct tsne_move move;
    int iteration;
    double z, kl;
};

struct tsne_options tsne_defaults(void)
{
    return (struct tsne_options){.perplexity = 30, .iterations = 1000, .early = 250,
                                 .exaggeration = 12, .early_momentum = 0.5,
                                 .momentum = 0.8};
}

bool tsne_check(const struct tsne_options *o, size_t n, struct error *err)
{
    if (!error_unless_within(err, "perplexity", o->perplexity, 2, 1000)
        || !error_unless_within(err, "iterations", o->iterations, 1, 1e6)
        || !error_unless_within(err, "early", o->early, 0, o->iterations)
        || !error_unless_within(err, "exaggeration", o->exaggeration, 1, 1000)
        || !error_unless_within(err, "rate", o->rate, 0, 1e9)
        || !error_unless_within(err, "early_momentum", o->early_momentum, 0, 0.99)
        || !error_unless_within(err, "momentum", o->momentum, 0, 0.99))
        return false;
    if (n <= (size_t)affinity_neighbours(o->perplexity))
        return error_set(err, ERROR_USAGE,
                         "perplexity %g asks for %d neighbours of each point; %zu points "
                         "allow %.3g at most", o->perplexity,
                         affinity_neighbours(o->perplexity), n,
                         n > 1 ? floor((double)(n - 1) / 3) : 0);
    if (n > INT32_MAX / 4)
        return error_set(err, ERROR_USAGE, "%zu points are too many for a layout", n);
    return true;
}

/* ---- memory ---- */

/* Up to so many points all pairs are faster than the grid (measured; RESULTS). */
#define EXACT_MOST 4000

static bool is_exact(const struct tsne_options *o, size_t n)
{
    return o->method == TSNE_EXACT || (o->method == TSNE_AUTO && n <= EXACT_MOST);
}

static int tasks_of(size_t n)
{
    return (int)((n + TASK_ROWS - 1) / TASK_ROWS);
}

size_t tsne_memory(size_t n, int d, const struct tsne_options *o, int threads)
{
    int k = affinity_neighbours(o->perplexity);
    size_t edges = affinity_memory(n, k, threads);
    size_t first = neighbours_memory(n, d, k, threads);
    size_t before = points_memory(n, d) > edges ? points_memory(n, d) : edges;

    return first + before + 14 * n * sizeof(float)
        + (size_t)tasks_of(n) * (sizeof(struct sums) + sizeof(double))
        + (is_exact(o, n) ? exact_memory(n) : field_memory(n, threads));
}

static bool fits(size_t n, int d, const struct tsne_options *o, int threads,
                 struct error *err)
{
    size_t bytes = tsne_memory(n, d, o, threads), have = mem_available();

    if (bytes <= have)
        return true;
    return error_set(err, ERROR_MEMORY,
                     "t-SNE of %zu points needs %zu MB, and %zu MB are free; fewer "
                     "points or a smaller perplexity need less", n, bytes >> 20, have >> 20);
}

static bool reserve(struct tsne *t, struct error *err)
{
    struct layout *now = &t->now;
    size_t pairs = 2 * t->n;
    bool exact = is_exact(&t->options, t->n);

    now->y = try_aligned(pairs, sizeof *now->y);
    now->velocity = try_aligned(pairs, sizeof *now->velocity);
    now->gain = try_aligned(pairs, sizeof *now->gain);
    now->attraction = try_aligned(pairs, sizeof *now->attraction);
    now->repulsion = try_aligned(pairs, sizeof *now->repulsion);
    t->start = try_aligned(pairs, sizeof *t->start);
    t->given = try_aligned(pairs, sizeof *t->given);
    t->sums = try_calloc((size_t)tasks_of(t->n), sizeof *t->sums);
    t->costs = try_calloc((size_t)tasks_of(t->n), sizeof *t->costs);
    if (exact)
        t->exact = exact_new(t->n);
    else
        t->field = field_new(t->n, pool_threads(t->pool));
    if (now->y && now->velocity && now->gain && now->attraction && now->repulsion
        && t->start && t->given && t->sums && t->costs && (t->exact || t->field))
        return true;
    return error_set(err, ERROR_MEMORY, "no memory for a layout of %zu points", t->n);
}

/* ---- the beginning ---- */

/* The standard deviation of the first coordinate becomes START. Points that are equal get
 * different places, and so do all if there is nothing but such points. */
static void scale_start(struct tsne *t)
{
    struct rng r = rng_make(0, RNG_LAYOUT, 1);
    double square = 0, scale;

    for (size_t i = 0; i < t->n; i++)
        square += (double)t->start[2 * i] * t->start[2 * i];
    scale = square > 0 ? START / sqrt(square / (double)t->n) : 0;
    for (size_t i = 0; i < 2 * t->n; i++)
        t->start[i] = (float)(t->start[i] * scale + JITTER * rng_normal(&r));
}

struct tsne *tsne_new(const float *x, size_t n, int d, const struct tsne_options *o,
                      struct pool *pool, struct error *err)
{
    struct tsne *t;
    struct pca pca;

    if (!tsne_check(o, n, err) || !fits(n, d, o, pool_threads(pool), err))
        return NULL;
    t = xcalloc(1, sizeof *t);
    t->options = *o;
    t->n = n;
    t->pool = pool;
    t->kernels = kernels_best();
    t->kl = NAN;
    if (!points_init(&t->points, x, n, d, err) || !reserve(t, err)
        || !neighbours_init(&t->near, &t->points, affinity_neighbours(o->perplexity),
                            pool, err)
        || !pca_scores(&t->points, pool, t->start, &pca, err)) {
        tsne_free(t);
        return NULL;
    }
    scale_start(t);
    return t;
}

void tsne_free(struct tsne *t)
{
    if (!t)
        return;
    points_done(&t->points);
    if (t->near.pool)
        neighbours_done(&t->near);
    affinity_done(&t->p);
    exact_free(t->exact);
    field_free(t->field);
    free(t->now.y);
    free(t->now.velocity);
    free(t->now.gain);
    free(t->now.attraction);
    free(t->now.repulsion);
    free(t->start);
    free(t->given);
    free(t->sums);
    free(t->costs);
    free(t);
}

/* The layout stands on its mark: no speed, gains of 1. */
static void begin(struct tsne *t)
{
    const float *from = t->has_given ? t->given : t->start;

    for (size_t row = 0; row < t->n; row++)
        memcpy(t->now.y + 2 * row, from + 2 * (size_t)t->p.order[row], 2 * sizeof *from);
    memset(t->now.velocity, 0, 2 * t->n * sizeof *t->now.velocity);
    for (size_t i = 0; i < 2 * t->n; i++)
        t->now.gain[i] = 1;
    t->iteration = 0;
    t->kl = NAN;
}

void tsne_restart(struct tsne *t, const float *layout, int early, int iterations)
{
    t->has_given = layout != NULL;
    if (layout)
        memcpy(t->given, layout, 2 * t->n * sizeof *layout);
    t->options.early = early;
    t->options.iterations = iterations;
    if (t->phase == TSNE_LAYOUT)
        begin(t);
}

/* ---- one iteration ---- */

static void rows_of(const struct tsne *t, int task, size_t *from, size_t *to)
{
    *from = (size_t)task * TASK_ROWS;
    *to = *from + TASK_ROWS < t->n ? *from + TASK_ROWS : t->n;
}

static struct sums sum_up(const float *y, size_t from, size_t to)
{
    struct sums s = {.box = {{INFINITY, INFINITY}, {-INFINITY, -INFINITY}}};

    for (size_t i = from; i < to; i++) {
        for (int c = 0; c < 2; c++) {
            float at = y[2 * i + (size_t)c];

            s.box.low[c] = at < s.box.low[c] ? at : s.box.low[c];
            s.box.high[c] = at > s.box.high[c] ? at : s.box.high[c];
        }
        s.x += y[2 * i];
        s.y += y[2 * i + 1];
    }
    return s;
}

static void sum_rows(void *arg, int task, int worker)
{
    struct tsne *t = arg;
    size_t from, to;

    (void)worker;
    rows_of(t, task, &from, &to);
    t->sums[task] = sum_up(t->now.y, from, to);
}

static struct sums whole_sums(const struct tsne *t)
{
    struct sums all = t->sums[0];

    for (int k = 1; k < tasks_of(t->n); k++) {
        const struct sums *s = &t->sums[k];

        for (int c = 0; c < 2; c++) {
            if (s->box.low[c] < all.box.low[c])
                all.box.low[c] = s->box.low[c];
            if (s->box.high[c] > all.box.high[c])
                all.box.high[c] = s->box.high[c];
        }
        all.x += s->x;
        all.y += s->y;
    }
    return all;
}

static void attract_rows(void *arg, int task, int worker)
{
    struct tsne *t = arg;
    size_t from, to;

    (void)worker;
    rows_of(t, task, &from, &to);
    t->kernels->tsne_attract(from, to, t->p.start, t->p.neighbour, t->p.p, t->now.y,
                             t->now.attraction);
}

static void move_rows(void *arg, int task, int worker)
{
    struct tsne *t = arg;
    struct layout *now = &t->now;
    size_t from, to;

    rows_of(t, task, &from, &to);
    t->kernels->tsne_move(2 * (to - from), &t->move, now->attraction + 2 * from,
                          now->repulsion + 2 * from, now->y + 2 * from,
                          now->velocity + 2 * from, now->gain + 2 * from);
    sum_rows(t, task, worker);
}

static void cost_rows(void *arg, int task, int worker)
{
    struct tsne *t = arg;
    size_t from, to;

    (void)worker;
    rows_of(t, task, &from, &to);
    t->costs[task] = t->kernels->tsne_cost(from, to, t->p.start, t->p.neighbour, t->p.p,
                                           t->now.y);
}

/* Both forces at the present layout, whose sums stand. False: no memory. */
static bool find_forces(struct tsne *t)
{
    struct box box = whole_sums(t).box;

    t->z = t->exact ? exact_repel(t->exact, t->pool, t->now.y, t->now.repulsion)
                    : field_repel(t->field, t->pool, t->now.y, &box, t->now.repulsion);
    pool_run(t->pool, tasks_of(t->n), attract_rows, t);
    return !isnan(t->z);
}

/* KL = sum of p log p + sum of p log(1 / q) + log z, as the p sum to 1 */
static void measure(struct tsne *t)
{
    double cost = 0;

    pool_run(t->pool, tasks_of(t->n), cost_rows, t);
    for (int k = 0; k < tasks_of(t->n); k++)
        cost += t->costs[k];
    t->kl = t->p.entropy + cost + log(t->z);
}

static bool is_finite(const struct tsne *t)
{
    struct sums all = whole_sums(t);

    return isfinite(all.x) && isfinite(all.y);
}

/* The mean goes back to 0, from where rounding carries it off. */
static void centre(struct tsne *t)
{
    struct sums all = whole_sums(t);
    float x = (float)(all.x / (double)t->n), y = (float)(all.y / (double)t->n);

    for (size_t i = 0; i < t->n; i++) {
        t->now.y[2 * i] -= x;
        t->now.y[2 * i + 1] -= y;
    }
    pool_run(t->pool, tasks_of(t->n), sum_rows, t);
}

static enum step failed(struct error *err)
{
    error_set(err, ERROR_MEMORY, "no memory for a Fourier transform");
    return STEP_FAILED;
}

static enum step iterate(struct tsne *t, struct error *err)
{
    const struct tsne_options *o = &t->options;
    bool early = t->iteration < o->early;

    if (t->iteration == 0)
        pool_run(t->pool, tasks_of(t->n), sum_rows, t);
    if (t->iteration % KL_EVERY == 0)
        centre(t);
    if (!find_forces(t))
        return failed(err);
    if (t->iteration % KL_EVERY == 0)
        measure(t);
    t->move = (struct tsne_move){
        .exaggeration = early ? (float)o->exaggeration : 1,
        .inverse_z = (float)(1 / t->z),
        .rate = (float)(o->rate > 0 ? o->rate : fmax((double)t->n / 12, 50)),
        .momentum = (float)(early ? o->early_momentum : o->momentum)};
    pool_run(t->pool, tasks_of(t->n), move_rows, t);
    t->iteration++;
    if (!is_finite(t)) {
        error_set(err, ERROR_NUMERIC,
                  "the layout is no longer finite after iteration %d; a lower rate than "
                  "%g would help", t->iteration, t->move.rate);
        return STEP_FAILED;
    }
    if (t->iteration < o->iterations)
        return STEP_MORE;
    tsne_kl(t);
    return STEP_DONE;
}

/* ---- the steps ---- */

static void calibrate(void *arg, int task, int worker)
{
    struct tsne *t = arg;
    size_t from = t->calibrated + (size_t)task * CALIBRATED, to = from + CALIBRATED;

    (void)worker;
    affinity_calibrate(&t->near, from, to < t->n ? to : t->n, t->options.perplexity);
}

static enum step step_affinities(struct tsne *t, struct error *err)
{
    size_t left = (t->n - t->calibrated + CALIBRATED - 1) / CALIBRATED;
    size_t tasks = (size_t)(CALIBRATED_TASKS * pool_threads(t->pool));

    tasks = tasks < left ? tasks : left;
    pool_run(t->pool, (int)tasks, calibrate, t);
    t->calibrated += tasks * CALIBRATED;
    if (t->calibrated < t->n)
        return STEP_MORE;
    if (!affinity_init(&t->p, &t->near, t->pool, err))
        return STEP_FAILED;
    neighbours_done(&t->near);
    t->phase = TSNE_LAYOUT;
    begin(t);
    return STEP_MORE;
}

enum step tsne_step(struct tsne *t, struct error *err)
{
    switch (t->phase) {
    case TSNE_NEIGHBOURS:
        if (neighbours_step(&t->near) == STEP_DONE) {
            t->phase = TSNE_AFFINITIES;
            points_done(&t->points);
        }
        return STEP_MORE;
    case TSNE_AFFINITIES:
        return step_affinities(t, err);
    default:
        return t->iteration < t->options.iterations ? iterate(t, err) : STEP_DONE;
    }
}

/* ---- looking ---- */

struct tsne_progress tsne_progress(const struct tsne *t)
{
    const struct tsne_options *o = &t->options;
    double n = (double)t->n;

    return (struct tsne_progress){
        .phase = t->phase,
        .share = t->phase == TSNE_NEIGHBOURS   ? (double)t->near.found / n
                 : t->phase == TSNE_AFFINITIES ? fmin((double)t->calibrated / n, 1)
                                               : (double)t->iteration / o->iterations,
        .iteration = t->iteration,
        .iterations = o->iterations,
        .exaggerated = t->phase == TSNE_LAYOUT && t->iteration < o->early,
        .kl = t->kl};
}

void tsne_layout(const struct tsne *t, float *layout)
{
    if (t->phase != TSNE_LAYOUT) {
        memset(layout, 0, 2 * t->n * sizeof *layout);
        return;
    }
    for (size_t row = 0; row < t->n; row++)
        memcpy(layout + 2 * (size_t)t->p.order[row], t->now.y + 2 * row,
               2 * sizeof *layout);
}

double tsne_kl(struct tsne *t)
{
    if (t->phase != TSNE_LAYOUT)
        return NAN;
    pool_run(t->pool, tasks_of(t->n), sum_rows, t);
    if (!find_forces(t))
        return NAN;
    measure(t);
    return t->kl;
}

void tsne_gradient(struct tsne *t, float *gradient)
{
    pool_run(t->pool, tasks_of(t->n), sum_rows, t);
    find_forces(t);
    for (size_t row = 0; row < t->n; row++)
        for (size_t c = 0; c < 2; c++)
            gradient[2 * (size_t)t->p.order[row] + c] =
                (float)(4 * (t->now.attraction[2 * row + c]
                             - t->now.repulsion[2 * row + c] / t->z));
}
