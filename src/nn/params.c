/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/params.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* Parameters a task of the update handles: a few pages of each arena. */
#define BLOCK ((size_t)8192)

struct params *params_new(void)
{
    return xcalloc(1, sizeof(struct params));
}

void params_free(struct params *p)
{
    if (!p)
        return;
    params_free_training(p);
    free(p->value);
    free(p->list);
    free(p);
}

int params_find(const struct params *p, const char *name)
{
    for (int i = 0; i < p->n; i++)
        if (strcmp(p->list[i].name, name) == 0)
            return i;
    return -1;
}

int params_want(struct params *p, const char *name, size_t rows, size_t columns,
                enum param_kind kind, enum param_init init, double scale, bool decay)
{
    int i = params_find(p, name);

    if (i >= 0)
        return i;
    p->list = xgrow(p->list, (size_t)p->n, &p->list_capacity, sizeof *p->list);

    struct param *q = &p->list[p->n];

    *q = (struct param){.rank = rows ? 2 : 1, .kind = kind, .init = init, .scale = scale,
                        .decay = decay, .count = (rows ? rows : 1) * columns};
    q->shape[0] = rows ? rows : columns;
    q->shape[1] = rows ? columns : 0;
    snprintf(q->name, sizeof q->name, "%s", name);
    p->total[kind] += q->count;
    return p->n++;
}

static void place(struct params *p)
{
    size_t next[PARAM_KINDS] = {0, p->total[PARAM_BODY], params_trainable(p)};

    for (int i = 0; i < p->n; i++) {
        struct param *q = &p->list[i];

        q->offset = next[q->kind];
        next[q->kind] += q->count;
    }
}

static void fill(const struct param *q, real *value, struct rng *r)
{
    for (size_t i = 0; i < q->count; i++) {
        double x = q->init == INIT_ONE;

        if (q->init == INIT_UNIFORM)
            x = q->scale * (2 * rng_uniform(r) - 1);
        else if (q->init == INIT_NORMAL)
            x = q->scale * rng_normal(r);
        value[i] = (real)x;
    }
}

bool params_allocate(struct params *p, uint64_t seed, struct error *err)
{
    size_t n = params_values(p);

    p->value = try_aligned(n + LANES, sizeof *p->value);
    if (!p->value)
        return error_set(err, ERROR_MEMORY, "no memory for %zu parameters", n);
    place(p);
    for (int i = 0; i < p->n; i++) {
        struct rng r = rng_make(seed, RNG_INIT, (uint64_t)i);

        fill(&p->list[i], param_value(p, i), &r);
    }
    return true;
}

static int count_blocks(const struct params *p)
{
    return (int)((params_trainable(p) + BLOCK - 1) / BLOCK);
}

static size_t lane_stride_of(const struct params *p)
{
    return (p->total[PARAM_BODY] + 2 * LANES) / LANES * LANES;
}

size_t params_training_bytes(const struct params *p, int n_lanes)
{
    return sizeof(real) * (3 * params_trainable(p) + (size_t)n_lanes * lane_stride_of(p));
}

bool params_allocate_training(struct params *p, int n_lanes, struct error *err)
{
    size_t n = params_trainable(p) + LANES;

    params_free_training(p);
    p->n_lanes = n_lanes;
    p->lane_stride = lane_stride_of(p);
    p->gradient = try_aligned(n, sizeof(real));
    p->moment1 = try_aligned(n, sizeof(real));
    p->moment2 = try_aligned(n, sizeof(real));
    p->lanes = try_aligned((size_t)n_lanes * p->lane_stride, sizeof(real));
    p->squares = try_calloc((size_t)count_blocks(p), sizeof *p->squares);
    if (p->gradient && p->moment1 && p->moment2 && p->lanes && p->squares)
        return true;
    params_free_training(p);
    return error_set(err, ERROR_MEMORY, "no memory to train %zu parameters (%zu MB)",
                     n - LANES, params_training_bytes(p, n_lanes) >> 20);
}

void params_free_training(struct params *p)
{
    free(p->gradient);
    free(p->moment1);
    free(p->moment2);
    free(p->lanes);
    free(p->squares);
    p->gradient = p->moment1 = p->moment2 = p->lanes = NULL;
    p->squares = NULL;
    p->step = 0;
}

struct update update_defaults(void)
{
    return (struct update){.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8,
                           .body = 1};
}

/* The update runs over blocks; block b is parameters [b BLOCK, (b + 1) BLOCK). */
struct update_run {
    struct params *p;
    const struct kernels *k;
    struct adamw adamw, body; /* of PARAM_HEAD and PARAM_BODY */
    double *squares; /* (blocks) sum of g^2 */
};

static size_t block_end(size_t from, size_t limit)
{
    return from + BLOCK < limit ? from + BLOCK : limit;
}

static void sum_block(void *arg, int task, int worker)
{
    struct update_run *r = arg;
    struct params *p = r->p;
    size_t from = (size_t)task * BLOCK, to = block_end(from, params_trainable(p));
    size_t body = p->total[PARAM_BODY] < to ? p->total[PARAM_BODY] : to;
    double square = 0;

    (void)worker;
    if (from < body && r->body.lr > 0)
        square += r->k->gradient_sum(body - from, p->n_lanes, p->lanes + from,
                                     p->lane_stride, p->gradient + from);
    if (to > p->total[PARAM_BODY]) {
        size_t head = from > p->total[PARAM_BODY] ? from : p->total[PARAM_BODY];

        square += r->squares ? r->k->gradient_norm(to - head, p->gradient + head) : 0;
    }
    if (r->squares)
        r->squares[task] = square;
}

/* The parameters of [from, to), each with its own decay. */
static void step_block(void *arg, int task, int worker)
{
    struct update_run *r = arg;
    struct params *p = r->p;
    size_t from = (size_t)task * BLOCK, to = block_end(from, params_trainable(p));

    (void)worker;
    for (int i = 0; i < p->n; i++) {
        const struct param *q = &p->list[i];
        size_t low = q->offset > from ? q->offset : from;
        size_t high = q->offset + q->count < to ? q->offset + q->count : to;

        const struct adamw *o = q->kind == PARAM_BODY ? &r->body : &r->adamw;

        if (q->kind != PARAM_BUFFER && low < high && o->lr > 0)
            r->k->adamw_step(high - low, o, q->decay, p->value + low,
                             p->gradient + low, p->moment1 + low, p->moment2 + low);
    }
}

static void sum_and_step_block(void *arg, int task, int worker)
{
    sum_block(arg, task, worker);
    step_block(arg, task, worker);
}

static double clip_scale(const struct update_run *r, int blocks, double clip,
                         double *norm)
{
    double square = 0;

    for (int b = 0; b < blocks; b++)
        square += r->squares[b];
    if (norm)
        *norm = sqrt(square);
    return square > clip * clip ? clip / sqrt(square) : 1;
}

/* Of parameters that make their t-th step. */
static struct adamw adamw_of(const struct update *u, long t)
{
    return (struct adamw){
        .lr = (real)u->lr, .beta1 = (real)u->beta1, .beta2 = (real)u->beta2,
        .eps = (real)u->eps, .weight_decay = (real)u->weight_decay, .scale = 1,
        .correction1 = (real)(1 - pow(u->beta1, (double)t)),
        .correction2 = (real)(1 - pow(u->beta2, (double)t)),
    };
}

void params_step(struct params *p, const struct kernels *k, struct pool *pool,
                 const struct update *u, double *norm)
{
    int blocks = count_blocks(p);
    long t = ++p->step;
    struct update_run r = {.p = p, .k = k};

    r.adamw = adamw_of(u, t);
    r.body = adamw_of(u, t - u->rest); /* its moments have not been there for longer */
    r.body.lr = (real)(u->lr * u->body);
    if (u->clip <= 0) {
        pool_run(pool, blocks, sum_and_step_block, &r);
        return;
    }
    r.squares = p->squares;
    pool_run(pool, blocks, sum_block, &r);
    r.adamw.scale = r.body.scale = (real)clip_scale(&r, blocks, u->clip, norm);
    pool_run(pool, blocks, step_block, &r);
}

struct average_run {
    const struct params *p;
    const struct kernels *k;
    real share, *average;
};

static void average_block(void *arg, int task, int worker)
{
    const struct average_run *r = arg;
    size_t from = (size_t)task * BLOCK, to = block_end(from, params_values(r->p));

    (void)worker;
    r->k->average_step(to - from, r->share, r->p->value + from, r->average + from);
}

void params_average(const struct params *p, const struct kernels *k, struct pool *pool,
                    double share, real *average)
{
    struct average_run r = {p, k, (real)share, average};

    pool_run(pool, (int)((params_values(p) + BLOCK - 1) / BLOCK), average_block, &r);
}

void params_sum(struct params *p, const struct kernels *k)
{
    k->gradient_sum(p->total[PARAM_BODY], p->n_lanes, p->lanes, p->lane_stride,
                    p->gradient);
}

void params_keep_head(const struct params *p, real *kept)
{
    memcpy(kept, p->gradient + p->total[PARAM_BODY],
           p->total[PARAM_HEAD] * sizeof *kept);
}

void params_add_head(struct params *p, const real *kept)
{
    real *head = p->gradient + p->total[PARAM_BODY];

    for (size_t i = 0; i < p->total[PARAM_HEAD]; i++)
        head[i] += kept[i];
}
