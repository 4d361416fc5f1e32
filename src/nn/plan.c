/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where every tensor lies. Tensors that the backward pass reads, or a person, get memory
 * for the whole batch. The others live only while a shard is worked on: they get
 * places in the worker's scratch, and share them when they are not needed together.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "nn/graph_private.h"

/* A shard has about this many panels, so that its tensors stay in the second-level cache
 * while sums over rows are long enough to be worth starting. */
#define SHARD_PANELS 32
/* Even a small batch is cut into this many shards where it can be. */
#define MIN_SHARDS 16
/* More lanes would cost more in summing than they save. */
#define MAX_LANES 16
/* Output features a task of the head has at least. */
#define CHUNK_FEATURES 64
#define MAX_CHUNKS 32

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int plan_blocks(const struct graph *g)
{
    return lanes_up(g->plan.rows) / LANES;
}

static int most_columns(const struct graph *g)
{
    int columns = 1;

    for (size_t i = 0; i < g->n_tensors; i++)
        columns = max_int(columns, g->tensors[i]->columns);
    return columns;
}

static int most_features(const struct graph *g)
{
    int features = 1;

    for (size_t i = 0; i < g->n_tensors; i++)
        if (g->tensors[i]->layout == TOKENS)
            features = max_int(features, g->tensors[i]->features);
    return features;
}

static void choose_shards(struct graph *g)
{
    int blocks = max_int(1, SHARD_PANELS / most_columns(g));

    g->shard_blocks = max_int(1, min_int(blocks, plan_blocks(g) / MIN_SHARDS));
    if (g->plan.training && g->virtual_batch)
        g->shard_blocks = min_int(lanes_up(g->virtual_batch) / LANES, plan_blocks(g));
}

static int shard_count(const struct graph *g)
{
    return (plan_blocks(g) + g->shard_blocks - 1) / g->shard_blocks;
}

int graph_lanes(const struct graph *g)
{
    return min_int(shard_count(g), MAX_LANES);
}

/* A gradient that lies in the memory of another's makes that one live as long as both. */
static void share_grad(const struct tensor *x)
{
    for (struct tensor *y = x->grad_same; y; y = y->grad_same) {
        y->last_grad = max_int(y->last_grad, x->last_grad);
        y->grad_until = min_int(y->grad_until, x->producer);
    }
}

/* Sets uses, and which gradients are set and which added to. */
static void find_uses(struct graph *g)
{
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct tensor *x = g->tensors[i];

        x->last_use = x->last_grad = x->grad_until = x->producer;
    }
    for (int i = (int)g->n_nodes - 1; i >= 0; i--) {
        struct node *n = &g->nodes[i];

        for (int k = 0; k < 2; k++) {
            struct tensor *x = n->in[k];

            if (!x)
                continue;
            n->add[k] = x->last_grad != x->producer;
            x->last_use = max_int(x->last_use, i);
            x->last_grad = max_int(x->last_grad, i);
            if (n->op->needs & (k == 0 ? NEEDS_IN0 : NEEDS_IN1))
                x->saved = true;
        }
        if (n->op->needs & NEEDS_OUT)
            n->out->saved = true;
        for (int k = 0; k < 2; k++)
            if (n->aux[k] && !n->aux[k]->keep)
                n->aux[k]->saved = true;
    }
    for (size_t i = 0; i < g->n_tensors; i++)
        share_grad(g->tensors[i]);
}

static size_t tensor_size(const struct graph *g, const struct tensor *x, bool batch)
{
    int blocks = batch ? plan_blocks(g) : g->shard_blocks;

    return (size_t)blocks * (size_t)x->columns * panel_size(x->features);
}

/* Life of a tensor in a worker's scratch, in nodes of one pass. */
struct life {
    int birth, death;
    size_t offset, size;
};

/* The lowest place free during the life, given those before it. */
static void fit(struct life *lives, int n, struct life *one)
{
    bool moved = true;

    one->offset = 0;
    while (moved) {
        moved = false;
        for (int i = 0; i < n; i++) {
            const struct life *o = &lives[i];
            bool together = o->birth <= one->death && one->birth <= o->death;

            if (together && o->offset < one->offset + one->size
                && one->offset < o->offset + o->size) {
                one->offset = o->offset + o->size;
                moved = true;
            }
        }
    }
    lives[n] = *one;
}

struct planner {
    struct graph *g;
    struct life *lives;
    int n;
};

static void place_in_shard(struct planner *p, struct place *place, int birth, int death,
                           size_t size)
{
    struct life one = {.birth = birth, .death = death, .size = size};

    fit(p->lives, p->n++, &one);
    *place = (struct place){IN_SHARD, one.offset};
    if (one.offset + size > p->g->shard_size)
        p->g->shard_size = one.offset + size;
}

static void place_in_batch(struct graph *g, struct place *place, size_t size)
{
    *place = (struct place){IN_BATCH, g->batch_size};
    g->batch_size += size;
}

/* What a node makes beside its result is for the backward pass or, where it is to be kept,
 * for reading alone: nobody wants it otherwise. */
static bool is_unused(const struct graph *g, const struct tensor *x)
{
    if (x == g->nodes[x->producer].out)
        return false;
    return x->keep ? !g->plan.keep : !g->plan.training;
}

static void place_values(struct planner *p)
{
    struct graph *g = p->g;

    p->n = 0;
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct tensor *x = g->tensors[i];
        bool batch = x->layout == FEATURES || (x->keep && g->plan.keep)
            || (x->saved && g->plan.training);

        x->value.where = NOWHERE;
        if (x->same || is_unused(g, x))
            continue;
        if (batch)
            place_in_batch(g, &x->value, tensor_size(g, x, true));
        else
            place_in_shard(p, &x->value, x->producer, x->last_use,
                           tensor_size(g, x, false));
    }
}

/* Backward in time: a gradient is born at the last node that uses the tensor. */
static void place_grads(struct planner *p)
{
    struct graph *g = p->g;

    p->n = 0;
    for (size_t k = g->n_tensors; k-- > 0;) {
        struct tensor *x = g->tensors[k];

        x->grad.where = NOWHERE;
        if (!g->plan.training || !x->needs_grad || x->same || x->grad_same
            || x != g->nodes[x->producer].out)
            continue;
        if (x->layout == FEATURES)
            place_in_batch(g, &x->grad, tensor_size(g, x, true));
        else
            place_in_shard(p, &x->grad, -x->last_grad, -x->grad_until,
                           tensor_size(g, x, false));
    }
}

static int chunks(const struct node *n, int features)
{
    int k = min_int(features / CHUNK_FEATURES, MAX_CHUNKS);

    return n->op->whole || k < 2 ? 1 : k / 2 * 2;
}

static void find_stages(struct graph *g)
{
    g->n_stages = 0;
    for (int i = 0; i < (int)g->n_nodes; i++) {
        struct node *n = &g->nodes[i];
        struct stage *last = g->n_stages ? &g->stages[g->n_stages - 1] : NULL;
        bool same_layout = last && g->nodes[last->first].op->layout == n->op->layout;

        if (same_layout && (n->op->layout == TOKENS || n->op->local)) {
            last->last = i;
            continue;
        }
        g->stages[g->n_stages++] = (struct stage){
            i, i, chunks(n, n->out ? n->out->features : 1),
            n->op->backward_input && n->in[0] && n->in[0]->needs_grad
                ? chunks(n, n->in[0]->features) : 0};
    }
}

void graph_plan(struct graph *g, const struct graph_plan *plan)
{
    struct planner p = {g, xcalloc(g->n_tensors + 1, sizeof(struct life)), 0};

    g->plan = *plan;
    g->batch_size = g->shard_size = 0;
    g->stages = xrealloc(g->stages, (g->n_nodes + 1) * sizeof *g->stages);
    choose_shards(g);
    find_uses(g);
    find_stages(g);
    place_values(&p);
    place_grads(&p);
    g->lines_offset = g->shard_size;
    g->scratch_offset = g->lines_offset + (size_t)(2 * most_features(g)) * LANES;
    g->shard_size = g->scratch_offset
        + (size_t)max_int(16 * most_columns(g), g->scratch_lines) * LANES;
    free(p.lives);
}

size_t graph_bytes(const struct graph *g, int threads)
{
    return sizeof(real) * (g->batch_size + (size_t)threads * g->shard_size);
}
