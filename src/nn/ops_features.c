/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations of the head: each with its description, forward and backward. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/graph_private.h"

#define BATCH_NORM_MOMENTUM ((real)0.1) /* as PyTorch's default */
#define EPSILON ((real)1e-5)

/* From feature `from` on. */
static real *value_from(const struct task *t, const struct tensor *x, int from)
{
    return tensor_value(t, x) + (size_t)from * LANES;
}

static real *grad_from(const struct task *t, const struct tensor *x, int from)
{
    return tensor_grad(t, x) + (size_t)from * LANES;
}

/* ---- linear ---- */

static void linear_product(const struct task *t)
{
    const struct node *n = t->node;
    int in = n->in[0]->features;
    const real *w = task_param(t, n->weight) + (size_t)t->from * (size_t)in;

    t->g->kernels->linear_forward(
        t->blocks, t->to - t->from, in, w, (size_t)in, task_param(t, n->bias) + t->from,
        tensor_value(t, n->in[0]), tensor_panel(n->in[0]),
        value_from(t, n->out, t->from), tensor_panel(n->out));
}

static void activate(const struct task *t)
{
    const struct node *n = t->node;

    if (n->activation == ACTIVATION_SELU)
        t->g->kernels->selu_forward(t->blocks, t->to - t->from,
                                    value_from(t, n->out, t->from),
                                    tensor_panel(n->out));
}

static void linear_forward(const struct task *t)
{
    linear_product(t);
    activate(t);
}

/* From the gradient of the output to that of what was activated, and of the bias. */
static void activate_backward(const struct task *t)
{
    const struct node *n = t->node;
    const struct kernels *k = t->g->kernels;
    int count = t->to - t->from;
    real *db = task_gradient(t, n->bias) + t->from;
    real *dy = grad_from(t, n->out, t->from);
    size_t panel = tensor_panel(n->out);

    if (n->activation == ACTIVATION_SELU)
        k->selu_backward(t->blocks, count, value_from(t, n->out, t->from), panel, dy,
                         panel, db, n->centred);
    else
        k->bias_backward(t->blocks, count, dy, panel, db, false);
}

static void linear_backward(const struct task *t)
{
    const struct node *n = t->node;
    int in = n->in[0]->features;

    activate_backward(t);
    t->g->kernels->linear_backward_weight(
        t->blocks, t->to - t->from, in, grad_from(t, n->out, t->from),
        tensor_panel(n->out), tensor_value(t, n->in[0]), tensor_panel(n->in[0]),
        task_gradient(t, n->weight) + (size_t)t->from * (size_t)in, (size_t)in, false);
}

static void linear_backward_input(const struct task *t)
{
    const struct node *n = t->node;
    int in = n->in[0]->features;

    t->g->kernels->linear_backward_input(
        t->blocks, n->out->features, t->to - t->from, task_param(t, n->weight) + t->from,
        (size_t)in, tensor_grad(t, n->out), tensor_panel(n->out),
        grad_from(t, n->in[0], t->from), tensor_panel(n->in[0]), false);
}

static const struct op op_linear_features = {
    .name = "linear", .layout = FEATURES, .needs = NEEDS_IN0 | NEEDS_OUT,
    .forward = linear_forward, .backward = linear_backward,
    .backward_input = linear_backward_input,
};

/* First weights and biases as PyTorch's Linear: U(-1/sqrt(in), 1/sqrt(in)). */
struct tensor *graph_linear(struct graph *g, struct tensor *x, int out, const char *name,
                            enum activation activation)
{
    bool tokens = x->layout == TOKENS;
    enum param_kind kind = tokens ? PARAM_BODY : PARAM_HEAD;
    double scale = 1 / sqrt(x->features);
    struct node *n = graph_add_node(g, tokens ? &op_linear_tokens : &op_linear_features,
                                    x, NULL);

    n->weight = graph_param(g, name, "weight", (size_t)out, (size_t)x->features, kind,
                            INIT_UNIFORM, scale);
    n->bias = graph_param(g, name, "bias", 0, (size_t)out, kind, INIT_UNIFORM, scale);
    n->activation = activation;
    snprintf(n->name, sizeof n->name, "%s", name);
    n->out = graph_add_tensor(g, n, x->layout, x->columns, out);
    n->flops = 2.0 * out * x->features * x->columns;
    return n->out;
}

/* ---- linear, of one-hot columns too ---- */

static int code_at(const struct task *t, int row, int column)
{
    return t->g->input.codes[(size_t)row * (size_t)t->node->n_values + (size_t)column];
}

/* The numbers of a code for this task's features. */
static const real *class_weights(const struct task *t, int row, int column)
{
    const struct node *n = t->node;
    size_t out = (size_t)n->out->features;
    int code = code_at(t, row, column);

    if (code == 0 && t->g->input.missing)
        return t->g->input.missing + (size_t)column * out + t->from;
    return task_param(t, n->values[column]) + (size_t)code * out + t->from;
}

/* y gets the bias, where there are no features beside the columns. */
static void only_bias(const struct task *t, real *y, size_t panel)
{
    const real *bias = task_param(t, t->node->bias) + t->from;

    for (int b = 0; b < t->blocks; b++, y += panel)
        for (int f = 0; f < t->to - t->from; f++)
            for (int r = 0; r < LANES; r++)
                y[f * LANES + r] = bias[f];
}

/* A row's classes are summed side by side, and go between the lanes of the other rows
 * once. */
static void one_hot_forward(const struct task *t)
{
    const struct node *n = t->node;
    int count = t->to - t->from;
    real *y = value_from(t, n->out, t->from), *sum = task_scratch(t);
    size_t panel = tensor_panel(n->out);

    if (n->in[0])
        linear_product(t);
    else
        only_bias(t, y, panel);
    for (int r = 0; r < t->g->input.rows; r++) {
        real *to = y + row_at(r, panel);

        memset(sum, 0, (size_t)count * sizeof *sum);
        for (int c = 0; c < n->n_values; c++) {
            const real *w = class_weights(t, r, c);

            for (int f = 0; f < count; f++)
                sum[f] += w[f];
        }
        for (int f = 0; f < count; f++)
            to[f * LANES] += sum[f];
    }
    activate(t);
}

static void clear_class_gradients(const struct task *t)
{
    const struct node *n = t->node;
    size_t out = (size_t)n->out->features, count = (size_t)(t->to - t->from);

    for (int c = 0; c < n->n_values; c++) {
        size_t codes = t->g->params->list[n->values[c]].shape[0];
        real *dw = task_gradient(t, n->values[c]) + t->from;

        for (size_t code = 0; code < codes; code++)
            memset(dw + code * out, 0, count * sizeof *dw);
    }
}

static void one_hot_backward(const struct task *t)
{
    const struct node *n = t->node;
    const real *dy = grad_from(t, n->out, t->from);
    size_t out = (size_t)n->out->features, panel = tensor_panel(n->out);
    int count = t->to - t->from;
    real *row = task_scratch(t);

    if (n->in[0])
        linear_backward(t);
    else
        activate_backward(t);
    clear_class_gradients(t);
    for (int r = 0; r < t->g->input.rows; r++) {
        for (int f = 0; f < count; f++)
            row[f] = dy[row_at(r, panel) + (size_t)f * LANES];
        for (int c = 0; c < n->n_values; c++) {
            real *dw = task_gradient(t, n->values[c]) + (size_t)code_at(t, r, c) * out
                + t->from;

            for (int f = 0; f < count; f++)
                dw[f] += row[f];
        }
    }
}

static const struct op op_linear_one_hot = {
    .name = "linear", .layout = FEATURES, .needs = NEEDS_IN0 | NEEDS_OUT,
    .forward = one_hot_forward, .backward = one_hot_backward,
    .backward_input = linear_backward_input,
};

struct tensor *graph_linear_one_hot(struct graph *g, struct tensor *c, int columns,
                                    const int *classes, int out, const char *name,
                                    enum activation activation)
{
    struct node *n = graph_add_node(g, &op_linear_one_hot, c, NULL);
    size_t width = c ? (size_t)c->features : 0, inputs = width;
    double scale;

    for (int i = 0; i < columns; i++)
        inputs += (size_t)classes[i] + 1;
    scale = 1 / sqrt((double)inputs);
    if (c)
        n->weight = graph_param(g, name, "weight", (size_t)out, width, PARAM_HEAD,
                                INIT_UNIFORM, scale);
    n->bias = graph_param(g, name, "bias", 0, (size_t)out, PARAM_HEAD, INIT_UNIFORM,
                          scale);
    n->values = xcalloc((size_t)columns + 1, sizeof *n->values);
    n->n_values = columns;
    for (int i = 0; i < columns; i++) {
        char column[32];

        snprintf(column, sizeof column, "columns.%d", i);
        n->values[i] = graph_param(g, column, "weight", (size_t)classes[i] + 1,
                                   (size_t)out, PARAM_HEAD, INIT_UNIFORM, scale);
    }
    n->activation = activation;
    snprintf(n->name, sizeof n->name, "%s", name);
    if (g->scratch_lines < lanes_up(out) / LANES)
        g->scratch_lines = lanes_up(out) / LANES;
    n->out = graph_add_tensor(g, n, FEATURES, 1, out);
    n->flops = 2.0 * out * (double)(width + (size_t)columns);
    return n->out;
}

/* ---- continuous inputs ---- */

static void continuous_forward(const struct task *t)
{
    const struct graph_input *in = &t->g->input;
    const struct tensor *out = t->node->out;
    int n = out->features;

    for (int r = 0; r < t->blocks * LANES; r++) {
        real *x = tensor_value(t, out) + row_at(r, tensor_panel(out));

        for (int f = 0; f < n; f++)
            x[f * LANES] =
                r < in->rows ? (real)in->values[(size_t)r * (size_t)n + (size_t)f] : 0;
    }
}

static const struct op op_continuous = {
    .name = "continuous", .layout = FEATURES, .whole = true,
    .forward = continuous_forward,
};

struct tensor *graph_continuous(struct graph *g, int n)
{
    struct node *node = graph_add_node(g, &op_continuous, NULL, NULL);

    node->out = graph_add_tensor(g, node, FEATURES, 1, n);
    node->out->needs_grad = false;
    return node->out;
}

/* ---- layer norm across the features of a row ---- */

struct moments {
    real mean, rstd;
};

/* x: one row, its features LANES apart */
static struct moments row_moments(const real *x, int n)
{
    real mean = 0, square = 0;

    for (int f = 0; f < n; f++)
        mean += x[f * LANES] / (real)n;
    for (int f = 0; f < n; f++) {
        real c = x[f * LANES] - mean;

        square += c * c / (real)n;
    }
    return (struct moments){mean, 1 / (real)sqrt(square + EPSILON)};
}

static void row_norm_forward(const struct task *t)
{
    const struct node *n = t->node;
    const real *gamma = task_param(t, n->weight), *beta = task_param(t, n->bias);

    for (int r = 0; r < t->blocks * LANES; r++) {
        const real *x = tensor_value(t, n->in[0]) + row_at(r, tensor_panel(n->in[0]));
        real *y = tensor_value(t, n->out) + row_at(r, tensor_panel(n->out));
        struct moments m = row_moments(x, n->out->features);

        for (int f = 0; f < n->out->features; f++)
            y[f * LANES] = (x[f * LANES] - m.mean) * m.rstd * gamma[f] + beta[f];
    }
}

/* The inputs are data: only the parameters have gradients. */
static void row_norm_backward(const struct task *t)
{
    const struct node *n = t->node;
    int features = n->out->features;
    real *dgamma = task_gradient(t, n->weight), *dbeta = task_gradient(t, n->bias);

    for (int f = 0; f < features; f++)
        dgamma[f] = dbeta[f] = 0;
    for (int r = 0; r < t->g->input.rows; r++) {
        const real *x = tensor_value(t, n->in[0]) + row_at(r, tensor_panel(n->in[0]));
        const real *dy = tensor_grad(t, n->out) + row_at(r, tensor_panel(n->out));
        struct moments m = row_moments(x, features);

        for (int f = 0; f < features; f++) {
            dgamma[f] += dy[f * LANES] * (x[f * LANES] - m.mean) * m.rstd;
            dbeta[f] += dy[f * LANES];
        }
    }
}

static const struct op op_row_norm = {
    .name = "row_norm", .layout = FEATURES, .needs = NEEDS_IN0, .whole = true,
    .forward = row_norm_forward, .backward = row_norm_backward,
};

struct tensor *graph_row_norm(struct graph *g, struct tensor *x, const char *name)
{
    struct node *n = graph_add_node(g, &op_row_norm, x, NULL);

    graph_add_norm_params(g, n, name, (size_t)x->features, PARAM_HEAD);
    n->out = graph_add_tensor(g, n, FEATURES, 1, x->features);
    return n->out;
}

/* ---- batch norm ---- */

static void batch_norm_forward(const struct task *t)
{
    const struct node *n = t->node;
    const struct kernels *k = t->g->kernels;
    int from = t->from, count = t->to - t->from, rows = t->g->input.rows;
    const real *x = value_from(t, n->in[0], from);
    const real *gamma = task_param(t, n->weight) + from;
    const real *beta = task_param(t, n->bias) + from;
    real *mean = task_param(t, n->buffers[0]) + from;
    real *variance = task_param(t, n->buffers[1]) + from;
    real *y = value_from(t, n->out, from), *moments = n->moments + from;
    size_t panel = tensor_panel(n->out);

    if (t->g->training)
        k->batch_norm_forward(rows, count, x, panel, gamma, beta, y, moments,
                              moments + n->out->features, mean, variance,
                              BATCH_NORM_MOMENTUM);
    else
        k->batch_norm_infer(rows, count, x, panel, gamma, beta, mean, variance, y);
}

static void batch_norm_backward(const struct task *t)
{
    const struct node *n = t->node;
    int from = t->from;
    const real *moments = n->moments + from;

    t->g->kernels->batch_norm_backward(
        t->g->input.rows, t->to - from, value_from(t, n->in[0], from),
        grad_from(t, n->out, from), tensor_panel(n->out), moments,
        moments + n->out->features, task_param(t, n->weight) + from,
        grad_from(t, n->in[0], from), task_gradient(t, n->weight) + from,
        task_gradient(t, n->bias) + from);
}

static const struct op op_batch_norm = {
    .name = "batch_norm", .layout = FEATURES, .needs = NEEDS_IN0, .local = true,
    .forward = batch_norm_forward, .backward = batch_norm_backward,
};

struct tensor *graph_batch_norm(struct graph *g, struct tensor *x, const char *name)
{
    struct node *n = graph_add_node(g, &op_batch_norm, x, NULL);
    size_t features = (size_t)x->features;

    graph_add_norm_params(g, n, name, features, PARAM_HEAD);
    n->buffers[0] =
        graph_param(g, name, "mean", 0, features, PARAM_BUFFER, INIT_ZERO, 0);
    n->buffers[1] =
        graph_param(g, name, "variance", 0, features, PARAM_BUFFER, INIT_ONE, 0);
    n->out = graph_add_tensor(g, n, FEATURES, 1, x->features);
    n->moments = xcalloc(2 * features, sizeof *n->moments);
    x->grad_same = n->out;
    g->nodes[x->producer].centred = true;
    return n->out;
}

/* ---- dropout ---- */

static void dropout(const struct task *t, const real *x, real *y)
{
    const struct dropout *d = &t->node->dropout;
    size_t panel = tensor_panel(t->node->out);
    int count = t->to - t->from;

    if (!dropout_none(d))
        t->g->kernels->dropout_features(t->blocks, count, x, y, panel, d,
                                        (uint32_t)t->from);
    else if (x != y)
        for (int b = 0; b < t->blocks; b++)
            memcpy(y + (size_t)b * panel, x + (size_t)b * panel,
                   (size_t)count * LANES * sizeof *y);
}

static void dropout_forward(const struct task *t)
{
    dropout(t, value_from(t, t->node->in[0], t->from),
            value_from(t, t->node->out, t->from));
}

static void dropout_backward(const struct task *t)
{
    real *dy = grad_from(t, t->node->out, t->from);

    dropout(t, dy, dy);
}

static const struct op op_dropout = {
    .name = "dropout", .layout = FEATURES, .local = true,
    .forward = dropout_forward, .backward = dropout_backward,
};

/* In place where the operation before does not need its output again. */
struct tensor *graph_dropout(struct graph *g, struct tensor *x, double rate)
{
    struct node *n = graph_add_node(g, &op_dropout, x, NULL);

    graph_name_after(g, n);
    n->rate = rate;
    n->out = graph_add_tensor(g, n, FEATURES, 1, x->features);
    if (g->nodes[x->producer].op->needs & NEEDS_OUT)
        x->grad_same = n->out;
    else
        n->out->same = x;
    return n->out;
}
