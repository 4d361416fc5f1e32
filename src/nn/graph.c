/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The graph's own matters: nodes, memory, running the stages, reading tensors. */
#include "nn/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "nn/graph_private.h"

/* ---- describing ---- */

struct graph *graph_new(struct params *p)
{
    struct graph *g = xcalloc(1, sizeof *g);

    g->params = p;
    g->kernels = kernels_best();
    return g;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_nodes; i++) {
        free(g->nodes[i].values);
        free(g->nodes[i].moments);
        free(g->nodes[i].logits);
        numbers_free(g->nodes[i].numbers);
    }
    for (size_t i = 0; i < g->n_tensors; i++)
        free(g->tensors[i]);
    free(g->tensors);
    free(g->nodes);
    free(g->stages);
    free(g->batch);
    free(g->shard);
    free(g);
}

struct node *graph_add_node(struct graph *g, const struct op *op, struct tensor *in0,
                            struct tensor *in1)
{
    g->nodes = xgrow(g->nodes, g->n_nodes, &g->nodes_capacity, sizeof *g->nodes);

    struct node *n = &g->nodes[g->n_nodes++];

    memset(n, 0, sizeof *n);
    n->op = op;
    n->in[0] = in0;
    n->in[1] = in1;
    n->weight = n->bias = n->buffers[0] = n->buffers[1] = -1;
    return n;
}

int graph_param(struct graph *g, const char *name, const char *part, size_t rows,
                size_t columns, enum param_kind kind, enum param_init init, double scale)
{
    bool embedding = strcmp(part, "value") == 0 || strcmp(part, "identifier") == 0;
    char full[96];

    snprintf(full, sizeof full, "%s.%s", name, part);
    return params_want(g->params, full, rows, columns, kind, init, scale,
                       rows > 0 && !embedding);
}

void graph_add_norm_params(struct graph *g, struct node *n, const char *name,
                           size_t features, enum param_kind kind)
{
    n->weight = graph_param(g, name, "weight", 0, features, kind, INIT_ONE, 0);
    n->bias = graph_param(g, name, "bias", 0, features, kind, INIT_ZERO, 0);
    snprintf(n->name, sizeof n->name, "%s", name);
}

void graph_name_after(struct graph *g, struct node *n)
{
    const struct node *before = &g->nodes[n->in[0]->producer];

    snprintf(n->name, sizeof n->name, "%.32s.%.12s", before->name, n->op->name);
}

struct tensor *graph_add_tensor(struct graph *g, struct node *n, enum layout layout,
                                int columns, int features)
{
    struct tensor *x = xcalloc(1, sizeof *x);

    g->tensors = xgrow(g->tensors, g->n_tensors, &g->tensors_capacity,
                       sizeof *g->tensors);
    g->tensors[g->n_tensors++] = x;
    x->layout = layout;
    x->columns = columns;
    x->features = features;
    x->producer = (int)(n - g->nodes);
    x->needs_grad = true;
    return x;
}

int graph_features(const struct tensor *t)
{
    return t->columns * t->features;
}

void graph_name(struct tensor *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(t->name, sizeof t->name, format, args);
    va_end(args);
    t->keep = true;
}

/* ---- memory ---- */

bool graph_allocate(struct graph *g, struct pool *pool, struct error *err)
{
    size_t threads = (size_t)pool_threads(pool);

    free(g->batch);
    free(g->shard);
    g->pool = pool;
    g->batch = try_aligned(g->batch_size + LANES, sizeof(real));
    g->shard = try_aligned(threads * g->shard_size + LANES, sizeof(real));
    if (threads > GRAPH_MAX_WORKERS)
        return error_set(err, ERROR_USAGE, "%zu threads are too many, at most %d",
                         threads, GRAPH_MAX_WORKERS);
    if (g->batch && g->shard)
        return true;
    return error_set(err, ERROR_MEMORY,
                     "no memory for the activations of %d rows (%zu MB); a smaller "
                     "batch takes less", g->plan.rows,
                     graph_bytes(g, (int)threads) >> 20);
}

static real *place_at(const struct task *t, const struct tensor *x,
                      const struct place *place)
{
    struct graph *g = t->g;
    size_t block = (size_t)x->columns * panel_size(x->features);

    if (place->where == NOWHERE)
        return NULL;
    if (place->where == IN_SHARD)
        return g->shard + (size_t)t->worker * g->shard_size + place->offset;
    if (x->layout == TOKENS)
        return g->batch + place->offset + (size_t)t->first_block * block;
    return g->batch + place->offset;
}

size_t tensor_panel(const struct tensor *x)
{
    while (x->same)
        x = x->same;
    return panel_size(x->features);
}

real *tensor_value(const struct task *t, const struct tensor *x)
{
    size_t line = 0;

    if (!x)
        return NULL;
    for (; x->same; x = x->same)
        line += (size_t)x->first_feature;

    real *p = place_at(t, x, &x->value);

    return p ? p + line * LANES : NULL;
}

real *tensor_grad(const struct task *t, const struct tensor *x)
{
    size_t line = 0;

    while (x->same || x->grad_same) {
        line += x->same ? (size_t)x->first_feature : 0;
        x = x->same ? x->same : x->grad_same;
    }

    real *p = place_at(t, x, &x->grad);

    return p ? p + line * LANES : NULL;
}

real *task_lines(const struct task *t)
{
    return t->g->shard + (size_t)t->worker * t->g->shard_size + t->g->lines_offset;
}

real *task_scratch(const struct task *t)
{
    return t->g->shard + (size_t)t->worker * t->g->shard_size + t->g->scratch_offset;
}

real *task_gradient(const struct task *t, int param)
{
    struct params *p = t->g->params;

    if (param < 0)
        return NULL;
    return p->list[param].kind == PARAM_BODY ? param_lane(p, param, t->lane)
                                             : param_gradient(p, param);
}

/* ---- running ---- */

void graph_chunk(int n, int tasks, int task, int *from, int *to)
{
    *from = (int)((long)n * task / tasks);
    *to = (int)((long)n * (task + 1) / tasks);
}

enum direction { FORWARD, BACKWARD, BACKWARD_INPUT };

struct pass {
    struct graph *g;
    const struct stage *stage;
    enum direction direction;
};

static void run_node(struct task *t, enum direction direction)
{
    const struct op *op = t->node->op;
    void (*run)(const struct task *) = direction == FORWARD ? op->forward
        : direction == BACKWARD ? op->backward : op->backward_input;
    double start = t->g->profile ? clock_seconds() : 0;

    if (run)
        run(t);
    if (t->g->profile)
        t->node->seconds[direction != FORWARD][t->worker] += clock_seconds() - start;
}

static void run_nodes(const struct pass *p, struct task *t)
{
    struct graph *g = p->g;
    int n = p->stage->last - p->stage->first + 1;

    for (int i = 0; i < n; i++) {
        t->node = &g->nodes[p->direction == FORWARD ? p->stage->first + i
                                                    : p->stage->last - i];
        run_node(t, p->direction);
    }
}

int graph_shards(const struct graph *g)
{
    return (g->blocks + g->shard_blocks - 1) / g->shard_blocks;
}

/* Virtual batches are as even as can be: a few rows left over would make a poor one. */
void graph_shard(const struct graph *g, int shard, struct task *t)
{
    int to = (shard + 1) * g->shard_blocks;

    t->first_block = shard * g->shard_blocks;
    if (g->virtual_batch)
        graph_chunk(g->blocks, graph_shards(g), shard, &t->first_block, &to);
    t->blocks = (to < g->blocks ? to : g->blocks) - t->first_block;
}

static void run_shard(const struct pass *p, struct task *t, int shard)
{
    graph_shard(p->g, shard, t);
    run_nodes(p, t);
}

/* Forward: a task is a shard. Backward: a task is a lane, all shards of which it adds. */
static void run_tokens(void *arg, int task, int worker)
{
    const struct pass *p = arg;
    struct task t = {.g = p->g, .worker = worker, .lane = task};

    if (p->direction == FORWARD) {
        run_shard(p, &t, task);
        return;
    }
    for (int s = task; s < graph_shards(p->g); s += p->g->params->n_lanes)
        run_shard(p, &t, s);
}

static void run_features(void *arg, int task, int worker)
{
    const struct pass *p = arg;
    struct graph *g = p->g;
    const struct node *first = &g->nodes[p->stage->first];
    struct task t = {.g = g, .worker = worker, .blocks = g->blocks};

    if (p->direction == BACKWARD_INPUT) {
        graph_chunk(first->in[0]->features, p->stage->input_tasks, task, &t.from, &t.to);
        t.node = &g->nodes[p->stage->first];
        run_node(&t, BACKWARD_INPUT);
        return;
    }
    graph_chunk(first->out ? first->out->features : 1, p->stage->tasks, task, &t.from,
                &t.to);
    run_nodes(p, &t);
}

static void run_stage(struct graph *g, const struct stage *s, enum direction direction)
{
    struct pass pass = {g, s, direction};

    if (g->nodes[s->first].op->layout == TOKENS) {
        int lanes = g->params->n_lanes, shards = graph_shards(g);
        int tasks = direction == FORWARD || shards < lanes ? shards : lanes;

        pool_run(g->pool, tasks, run_tokens, &pass);
    } else if (direction == BACKWARD_INPUT) {
        pool_run(g->pool, s->input_tasks, run_features, &pass);
    } else {
        pool_run(g->pool, s->tasks, run_features, &pass);
    }
}

static void begin(struct graph *g, const struct graph_input *in, bool training)
{
    g->input = *in;
    g->training = training;
    g->blocks = lanes_up(in->rows) / LANES;
    g->weight_sum = 0;
    for (int r = 0; training && r < in->rows; r++)
        g->weight_sum += in->weight ? (double)in->weight[r] : 1;
    if (g->weight_sum == 0) /* no row counts: their mean is 0 */
        g->weight_sum = 1;
}

static uint32_t mix_key(uint64_t key, size_t node)
{
    uint64_t x = (key + node) * 0x9e3779b97f4a7c15u;

    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return (uint32_t)x;
}

static void forward(struct graph *g)
{
    for (int i = 0; i < g->n_stages; i++)
        run_stage(g, &g->stages[i], FORWARD);
    for (size_t i = 0; g->training && i < g->n_nodes; i++)
        if (g->nodes[i].op->after)
            g->nodes[i].op->after(g, &g->nodes[i]);
}

void graph_infer(struct graph *g, const struct graph_input *in)
{
    begin(g, in, false);
    for (size_t i = 0; i < g->n_nodes; i++)
        g->nodes[i].dropout = dropout_make(0, 0);
    forward(g);
}

double graph_train_forward(struct graph *g, const struct graph_input *in, uint64_t key)
{
    g->key = key;
    begin(g, in, true);
    for (size_t i = 0; i < g->n_nodes; i++)
        g->nodes[i].dropout = dropout_make(g->nodes[i].rate, mix_key(key, i));
    forward(g);
    return g->loss;
}

void graph_backward(struct graph *g)
{
    for (int i = g->n_stages - 1; i >= 0; i--) {
        run_stage(g, &g->stages[i], BACKWARD);
        if (g->stages[i].input_tasks)
            run_stage(g, &g->stages[i], BACKWARD_INPUT);
    }
}

/* The first stage with parameters of the head; *whole: its first node has them, so that
 * nobody wants the gradient of its input. */
static int find_head(const struct graph *g, bool *whole)
{
    for (int i = 0; i < g->n_stages; i++) {
        const struct stage *s = &g->stages[i];

        for (int n = s->first; n <= s->last; n++) {
            *whole = n == s->first;
            if (g->nodes[n].op->layout == FEATURES && g->nodes[n].weight >= 0)
                return i;
        }
    }
    return g->n_stages;
}

void graph_backward_head(struct graph *g)
{
    bool whole = false;
    int head = find_head(g, &whole);

    for (int i = g->n_stages - 1; i >= head; i--) {
        const struct stage *s = &g->stages[i];

        if (g->nodes[s->first].op->layout == TOKENS)
            continue;
        run_stage(g, s, BACKWARD);
        if (s->input_tasks && (i > head || !whole))
            run_stage(g, s, BACKWARD_INPUT);
    }
}

/* ---- reading ---- */

static const struct tensor *find_tensor(const struct graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_tensors; i++)
        if (strcmp(g->tensors[i]->name, name) == 0)
            return g->tensors[i];
    return NULL;
}

bool graph_tensor_size(const struct graph *g, const char *name, int *columns,
                       int *features)
{
    const struct tensor *x = find_tensor(g, name);

    if (!x)
        return false;
    *columns = x->columns;
    *features = x->features;
    return true;
}

static real value_at(const struct tensor *x, const real *p, int row, int column,
                     int feature)
{
    size_t panel = (size_t)(row / LANES) * (size_t)x->columns + (size_t)column;

    return p[panel * tensor_panel(x) + (size_t)(feature * LANES + row % LANES)];
}

bool graph_read(const struct graph *g, const char *name, real *out)
{
    const struct tensor *x = find_tensor(g, name);
    struct task t = {.g = (struct graph *)g};
    const real *p = x ? tensor_value(&t, x) : NULL;

    if (!p || (x->layout == TOKENS && x->value.where != IN_BATCH))
        return false;
    for (int r = 0; r < g->input.rows; r++)
        for (int c = 0; c < x->columns; c++)
            for (int f = 0; f < x->features; f++)
                *out++ = value_at(x, p, r, c, f);
    return true;
}

bool graph_read_attention(const struct graph *g, int layer, real *out)
{
    char name[32];

    snprintf(name, sizeof name, "attention.%d", layer);

    const struct tensor *x = find_tensor(g, name);
    struct task t = {.g = (struct graph *)g};
    const real *p = x ? tensor_value(&t, x) : NULL;

    if (!p || x->value.where != IN_BATCH)
        return false;

    int m = x->columns, heads = x->features / m;

    for (int r = 0; r < g->input.rows; r++)
        for (int h = 0; h < heads; h++)
            for (int i = 0; i < m; i++)
                for (int j = 0; j < m; j++)
                    *out++ = value_at(x, p, r, i, h * m + j);
    return true;
}

/* ---- looking at it ---- */

int graph_nodes(const struct graph *g)
{
    return (int)g->n_nodes;
}

static size_t tensor_numbers(const struct tensor *x)
{
    return x ? (size_t)x->columns * (size_t)x->features : 0;
}

/* The weight is that of a node before it, where it is counted. */
static bool is_shared(const struct graph *g, const struct node *n)
{
    for (const struct node *before = g->nodes; before < n; before++)
        if (before->weight == n->weight)
            return true;
    return false;
}

static size_t node_parameters(const struct graph *g, const struct node *n)
{
    size_t total = 0;
    int own[] = {n->weight, n->bias};

    for (int i = is_shared(g, n); i < 2; i++)
        total += own[i] < 0 ? 0 : g->params->list[own[i]].count;
    if (n->op == &op_linear_tokens && n->qkv)
        total *= 3;
    for (int i = 0; i < n->n_values; i++)
        total += g->params->list[n->values[i]].count;
    return total + numbers_parameters(g, n->numbers);
}

/* Rows as one column (graph_rows) are rows to a person. */
static int columns_of(const struct graph *g, const struct tensor *x)
{
    bool rows = g->virtual_batch > 0 && x->columns == 1;

    return x->layout == TOKENS && !rows ? x->columns : 0;
}

struct node_info graph_node(const struct graph *g, int i)
{
    const struct node *n = &g->nodes[i];
    struct node_info info = {
        .op = n->op->name,
        .name = n->name[0] ? n->name : n->op->name,
        .columns = n->out ? columns_of(g, n->out) : 0,
        .features = n->out ? n->out->features : 1,
        .parameters = node_parameters(g, n),
        .flops = n->flops,
        .bytes = (double)(sizeof(real) * (tensor_numbers(n->in[0])
                                          + tensor_numbers(n->in[1])
                                          + tensor_numbers(n->out))),
    };

    for (int w = 0; w < GRAPH_MAX_WORKERS; w++) {
        info.seconds_forward += n->seconds[0][w];
        info.seconds_backward += n->seconds[1][w];
    }
    return info;
}

void graph_profile(struct graph *g, bool on)
{
    g->profile = on;
    for (size_t i = 0; i < g->n_nodes; i++)
        memset(g->nodes[i].seconds, 0, sizeof g->nodes[i].seconds);
}

double graph_busy(const struct graph *g, int worker)
{
    double total = 0;

    for (size_t i = 0; i < g->n_nodes; i++)
        total += g->nodes[i].seconds[0][worker] + g->nodes[i].seconds[1][worker];
    return total;
}
