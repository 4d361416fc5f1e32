/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations of the body: each with its description, forward and backward. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/graph_private.h"

/* ---- embedding ---- */

static void embedding_panel(const struct task *t, int block, int column, real *to)
{
    const struct node *n = t->node;
    const struct graph_input *in = &t->g->input;
    int m = n->n_values, d = n->out->features, shared = 0;
    const real *values = task_param(t, n->values[column]);

    if (n->weight >= 0) {
        shared = (int)t->g->params->list[n->weight].shape[1];
        const real *own = task_param(t, n->weight) + (size_t)column * (size_t)shared;

        for (int f = 0; f < shared; f++)
            for (int r = 0; r < LANES; r++)
                to[f * LANES + r] = own[f];
    }
    for (int r = 0; r < LANES; r++) {
        int row = block * LANES + r;
        int code = row < in->rows ? in->codes[(size_t)row * (size_t)m + (size_t)column] : 0;
        const real *value = values + (size_t)code * (size_t)(d - shared);

        if (code == 0 && in->missing)
            value = in->missing + (size_t)column * (size_t)(d - shared);
        for (int f = shared; f < d; f++)
            to[f * LANES + r] = value[f - shared];
    }
}

static void embedding_forward(const struct task *t)
{
    const struct node *n = t->node;
    size_t panel = panel_size(n->out->features);
    real *to = tensor_value(t, n->out);

    for (int b = 0; b < t->blocks; b++, to += (size_t)n->out->columns * panel) {
        for (int c = 0; c < n->n_values; c++)
            embedding_panel(t, t->first_block + b, c, to + (size_t)c * panel);
        if (n->numbers)
            numbers_forward(t, t->first_block + b, to + (size_t)n->n_values * panel);
    }
}

static void embedding_panel_backward(const struct task *t, int block, int column,
                                     const real *from)
{
    const struct node *n = t->node;
    const struct graph_input *in = &t->g->input;
    int m = n->n_values, d = n->out->features, shared = 0;
    real *values = task_gradient(t, n->values[column]);
    int rows = in->rows - block * LANES < LANES ? in->rows - block * LANES : LANES;

    if (n->weight >= 0) {
        shared = (int)t->g->params->list[n->weight].shape[1];
        real *own = task_gradient(t, n->weight) + (size_t)column * (size_t)shared;

        for (int f = 0; f < shared; f++)
            for (int r = 0; r < rows; r++)
                own[f] += from[f * LANES + r];
    }
    for (int r = 0; r < rows; r++) {
        size_t row = (size_t)(block * LANES + r);
        real *value = values
            + (size_t)in->codes[row * (size_t)m + (size_t)column] * (size_t)(d - shared);

        for (int f = shared; f < d; f++)
            value[f - shared] += from[f * LANES + r];
    }
}

static void embedding_backward(const struct task *t)
{
    const struct node *n = t->node;
    size_t panel = panel_size(n->out->features);
    const real *from = tensor_grad(t, n->out);

    for (int b = 0; b < t->blocks; b++, from += (size_t)n->out->columns * panel) {
        for (int c = 0; c < n->n_values; c++)
            embedding_panel_backward(t, t->first_block + b, c, from + (size_t)c * panel);
        if (n->numbers)
            numbers_backward(t, t->first_block + b, from + (size_t)n->n_values * panel);
    }
}

static const struct op op_embedding = {
    .name = "embedding", .layout = TOKENS,
    .forward = embedding_forward, .backward = embedding_backward,
};

struct tensor *graph_embed(struct graph *g, const struct embedding *e)
{
    struct node *n = graph_add_node(g, &op_embedding, NULL, NULL);
    int identified = e->columns + e->n_numbers;

    n->out = graph_add_tensor(g, n, TOKENS, identified + e->cls, e->d);
    snprintf(n->name, sizeof n->name, "columns");
    n->values = xcalloc((size_t)e->columns + 1, sizeof *n->values);
    n->n_values = e->columns;
    if (e->identifier > 0 && identified > 0)
        n->weight = graph_param(g, "columns", "identifier", (size_t)identified,
                                (size_t)e->identifier, PARAM_BODY, INIT_NORMAL, 1);
    for (int i = 0; i < e->columns; i++) {
        char name[32];

        snprintf(name, sizeof name, "columns.%d", i);
        n->values[i] =
            graph_param(g, name, "value", (size_t)e->classes[i] + 1,
                        (size_t)(e->d - e->identifier), PARAM_BODY, INIT_NORMAL, 1);
    }
    if (e->n_numbers > 0 || e->cls)
        n->numbers = numbers_describe(g, e);
    return n->out;
}

struct tensor *graph_embedding(struct graph *g, int columns, const int *classes, int d,
                               int identifier)
{
    struct embedding e = {.columns = columns, .classes = classes, .d = d,
                          .identifier = identifier};

    return graph_embed(g, &e);
}

/* ---- linear ---- */

static void linear_forward(const struct task *t)
{
    const struct node *n = t->node;
    int out = n->out->features, in = n->in[0]->features;

    t->g->kernels->linear_forward(task_panels(t, n->out), out, in,
                                  task_param(t, n->weight), (size_t)in,
                                  task_param(t, n->bias), tensor_value(t, n->in[0]),
                                  panel_size(in), tensor_value(t, n->out), panel_size(out));
}

/* A softmax does not see what is common to all keys, so the gradient of their bias is
 * zero; its rounding noise would be blown up by AdamW. */
static void clear_key_bias(real *db, int d)
{
    memset(db + d, 0, (size_t)d * sizeof *db);
}

static void linear_backward(const struct task *t)
{
    const struct node *n = t->node;
    const struct kernels *k = t->g->kernels;
    int panels = task_panels(t, n->out), out = n->out->features, in = n->in[0]->features;
    const real *dy = tensor_grad(t, n->out);
    real *db = task_gradient(t, n->bias);

    k->linear_backward_weight(panels, out, in, dy, panel_size(out),
                              tensor_value(t, n->in[0]), panel_size(in),
                              task_gradient(t, n->weight), (size_t)in, true);
    if (db)
        k->bias_backward(panels, out, dy, panel_size(out), db, true);
    if (n->qkv)
        clear_key_bias(db, out / 3);
    k->linear_backward_input(panels, out, in, task_param(t, n->weight), (size_t)in, dy,
                             panel_size(out), tensor_grad(t, n->in[0]), panel_size(in),
                             n->add[0]);
}

const struct op op_linear_tokens = {
    .name = "linear", .layout = TOKENS, .needs = NEEDS_IN0,
    .forward = linear_forward, .backward = linear_backward,
};

struct tensor *graph_query_key_value(struct graph *g, struct tensor *x, const char *name)
{
    static const char *const parts[] = {"query", "key", "value"};
    size_t d = (size_t)x->features;
    int first[2][3];
    struct node *n = graph_add_node(g, &op_linear_tokens, x, NULL);

    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < 3; i++) {
            char part[32];

            snprintf(part, sizeof part, "%s.%s", parts[i], kind ? "bias" : "weight");
            first[kind][i] = graph_param(g, name, part, kind ? 0 : d, d, PARAM_BODY,
                                         INIT_UNIFORM, 1 / sqrt((double)d));
        }
    n->weight = first[0][0];
    n->bias = first[1][0];
    n->qkv = true;
    snprintf(n->name, sizeof n->name, "%s.in", name);
    n->out = graph_add_tensor(g, n, TOKENS, x->columns, 3 * x->features);
    n->flops = 2.0 * 3 * (double)(d * d) * x->columns;
    return n->out;
}

/* ---- attention ---- */

static struct attention_shape shape_of(const struct node *n)
{
    return (struct attention_shape){n->out->columns, n->out->features, n->heads,
                                    n->dropout};
}

static void attention_forward(const struct task *t)
{
    const struct node *n = t->node;
    struct attention_shape s = shape_of(n);

    t->g->kernels->attention_forward(
        t->blocks, &s, tensor_value(t, n->in[0]), tensor_value(t, n->out),
        tensor_value(t, n->aux[0]), tensor_value(t, n->aux[1]), task_scratch(t),
        (uint32_t)t->first_block);
}

static void attention_backward(const struct task *t)
{
    const struct node *n = t->node;
    struct attention_shape s = shape_of(n);

    t->g->kernels->attention_backward(
        t->blocks, &s, tensor_value(t, n->in[0]), tensor_value(t, n->aux[0]),
        tensor_value(t, n->out), tensor_grad(t, n->out), tensor_grad(t, n->in[0]),
        task_scratch(t), (uint32_t)t->first_block);
}

static const struct op op_attention = {
    .name = "attention", .layout = TOKENS, .needs = NEEDS_IN0 | NEEDS_OUT,
    .forward = attention_forward, .backward = attention_backward,
};

struct tensor *graph_attention(struct graph *g, struct tensor *qkv, int heads,
                               double dropout)
{
    struct node *n = graph_add_node(g, &op_attention, qkv, NULL);
    int m = qkv->columns, d = qkv->features / 3, layer = 0;

    for (size_t i = 0; i + 1 < g->n_nodes; i++)
        layer += g->nodes[i].op == &op_attention;
    n->heads = heads;
    n->rate = dropout;
    n->out = graph_add_tensor(g, n, TOKENS, m, d);
    n->aux[0] = graph_add_tensor(g, n, TOKENS, m, 2 * heads);
    n->aux[1] = graph_add_tensor(g, n, TOKENS, m, heads * m);
    graph_name(n->aux[1], "attention.%d", layer);
    snprintf(n->name, sizeof n->name, "layers.%d.attention", layer);
    n->flops = 2.0 * 2 * (double)m * m * d;
    return n->out;
}

/* ---- GELU ---- */

static void gelu_forward(const struct task *t)
{
    const struct node *n = t->node;

    t->g->kernels->gelu_forward(task_panels(t, n->out), n->out->features,
                                tensor_value(t, n->in[0]), tensor_value(t, n->out),
                                t->g->training, &n->dropout,
                                (uint32_t)(t->first_block * n->out->columns));
}

static void gelu_backward(const struct task *t)
{
    const struct node *n = t->node;

    t->g->kernels->gelu_backward(task_panels(t, n->out), n->out->features,
                                 tensor_value(t, n->in[0]), tensor_grad(t, n->out),
                                 tensor_grad(t, n->in[0]));
}

static const struct op op_gelu = {
    .name = "gelu", .layout = TOKENS, .needs = NEEDS_IN0,
    .forward = gelu_forward, .backward = gelu_backward,
};

struct tensor *graph_gelu(struct graph *g, struct tensor *x, double dropout)
{
    struct node *n = graph_add_node(g, &op_gelu, x, NULL);

    graph_name_after(g, n);
    n->rate = dropout;
    n->out = graph_add_tensor(g, n, TOKENS, x->columns, x->features);
    x->grad_same = n->out;
    return n->out;
}

/* ---- residual and layer norm ---- */

static void add_norm_forward(const struct task *t)
{
    const struct node *n = t->node;

    t->g->kernels->add_norm_forward(
        task_panels(t, n->out), n->out->features, tensor_value(t, n->in[0]),
        tensor_value(t, n->in[1]), task_param(t, n->weight), task_param(t, n->bias),
        tensor_value(t, n->out), tensor_value(t, n->aux[0]), tensor_value(t, n->aux[1]));
}

static void add_norm_backward(const struct task *t)
{
    const struct node *n = t->node;
    const struct kernels *k = t->g->kernels;
    int panels = task_panels(t, n->out), d = n->out->features;
    real *dgamma = task_lines(t), *dbeta = dgamma + d * LANES;
    real *ds = tensor_grad(t, n->in[0]), *sublayer = tensor_grad(t, n->in[1]);

    k->add_norm_backward(panels, d, tensor_grad(t, n->out), tensor_value(t, n->aux[0]),
                         tensor_value(t, n->aux[1]), task_param(t, n->weight), ds, dgamma,
                         dbeta);
    if (sublayer != ds)
        memcpy(sublayer, ds, (size_t)panels * panel_size(d) * sizeof *ds);
    k->lines_sum(d, dgamma, task_gradient(t, n->weight));
    k->lines_sum(d, dbeta, task_gradient(t, n->bias));
}

static const struct op op_add_norm = {
    .name = "add_norm", .layout = TOKENS,
    .forward = add_norm_forward, .backward = add_norm_backward,
};

/* The sum's gradient goes to both inputs. They share its memory if the sublayer has several
 * nodes: its last has then read the gradient before its first adds to the residual's. */
struct tensor *graph_add_norm(struct graph *g, struct tensor *x, struct tensor *sublayer,
                              const char *name)
{
    struct node *n = graph_add_node(g, &op_add_norm, x, sublayer);

    if (g->nodes[sublayer->producer].in[0] != x)
        sublayer->grad_same = x;
    graph_add_norm_params(g, n, name, (size_t)x->features, PARAM_BODY);
    n->out = graph_add_tensor(g, n, TOKENS, x->columns, x->features);
    n->aux[0] = graph_add_tensor(g, n, TOKENS, x->columns, x->features);
    n->aux[1] = graph_add_tensor(g, n, TOKENS, x->columns, 1);
    return n->out;
}

/* ---- from tokens to features ---- */

/* Copies between the panels of a shard's columns and their place in the head's panel. */
static void flatten_forward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *z = t->node->out;
    size_t lines = (size_t)x->features * LANES;
    const real *from = tensor_value(t, x);
    real *to = tensor_value(t, z) + (size_t)t->first_block * tensor_panel(z);

    for (int b = 0; b < t->blocks; b++, to += tensor_panel(z))
        for (int c = 0; c < x->columns; c++, from += panel_size(x->features))
            memcpy(to + (size_t)c * lines, from, lines * sizeof *to);
}

static void flatten_backward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *z = t->node->out;
    size_t lines = (size_t)x->features * LANES;
    const real *from = tensor_grad(t, z) + (size_t)t->first_block * tensor_panel(z);
    real *to = tensor_grad(t, x);

    for (int b = 0; b < t->blocks; b++, from += tensor_panel(z))
        for (int c = 0; c < x->columns; c++, to += panel_size(x->features))
            memcpy(to, from + (size_t)c * lines, lines * sizeof *to);
}

static const struct op op_flatten = {
    .name = "concatenate", .layout = TOKENS,
    .forward = flatten_forward, .backward = flatten_backward,
};

/* The node's output: so many features of its own, and behind them c. */
static struct tensor *join(struct graph *g, struct node *n, int width, struct tensor *c)
{
    n->out = graph_add_tensor(g, n, FEATURES, 1, width + (c ? c->features : 0));
    if (c) {
        assert(c->producer < n->in[0]->producer && !c->same);
        c->same = n->out;
        c->first_feature = width;
    }
    return n->out;
}

struct tensor *graph_concatenate(struct graph *g, struct tensor *x, struct tensor *c)
{
    if (!x)
        return c;
    return join(g, graph_add_node(g, &op_flatten, x, NULL), x->columns * x->features, c);
}

static void readout_forward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *z = t->node->out;
    size_t panel = panel_size(x->features), lines = (size_t)x->features * LANES;
    const real *last = tensor_value(t, x) + (size_t)(x->columns - 1) * panel;
    real *to = tensor_value(t, z) + (size_t)t->first_block * tensor_panel(z);

    for (int b = 0; b < t->blocks; b++, to += tensor_panel(z))
        memcpy(to, last + (size_t)(b * x->columns) * panel, lines * sizeof *to);
}

static void readout_backward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *z = t->node->out;
    size_t panel = panel_size(x->features), lines = (size_t)x->features * LANES;
    const real *from = tensor_grad(t, z) + (size_t)t->first_block * tensor_panel(z);
    real *to = tensor_grad(t, x);

    memset(to, 0, (size_t)task_panels(t, x) * panel * sizeof *to);
    to += (size_t)(x->columns - 1) * panel;
    for (int b = 0; b < t->blocks; b++, from += tensor_panel(z))
        memcpy(to + (size_t)(b * x->columns) * panel, from, lines * sizeof *to);
}

static const struct op op_readout = {
    .name = "readout", .layout = TOKENS,
    .forward = readout_forward, .backward = readout_backward,
};

struct tensor *graph_readout(struct graph *g, struct tensor *x, struct tensor *c)
{
    return join(g, graph_add_node(g, &op_readout, x, NULL), x->features, c);
}
