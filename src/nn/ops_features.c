/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations of the head: each with its description, forward and backward. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/graph_private.h"
#include "num/gemm.h"

#define BATCH_NORM_MOMENTUM ((real)0.1) /* as PyTorch's default */
#define EPSILON ((real)1e-5)

static int want(struct graph *g, const char *name, const char *part, size_t rows,
                size_t columns, enum param_kind kind, enum param_init init, double scale)
{
    char full[96];

    snprintf(full, sizeof full, "%s.%s", name, part);
    return params_want(g->params, full, rows, columns, kind, init, scale, rows > 0);
}

/* Feature `from` of a whole tensor. */
static real *value_from(const struct task *t, const struct tensor *x, int from)
{
    return tensor_value(t, x) + (size_t)from * t->g->stride;
}

static real *grad_from(const struct task *t, const struct tensor *x, int from)
{
    return tensor_grad(t, x) + (size_t)from * t->g->stride;
}

/* ---- linear ---- */

static void fill_bias(const struct task *t, const real *bias, real *y)
{
    for (int f = 0; f < t->to - t->from; f++)
        for (int r = 0; r < lanes_up(t->g->input.rows); r++)
            y[(size_t)f * t->g->stride + (size_t)r] = bias[f];
}

static void linear_forward(const struct task *t)
{
    const struct node *n = t->node;
    struct graph *g = t->g;
    int in = n->in[0]->features, count = t->to - t->from, rows = g->input.rows;
    const real *w = task_param(t, n->weight) + (size_t)t->from * (size_t)in;
    const real *bias = task_param(t, n->bias) + t->from;
    real *y = value_from(t, n->out, t->from);
    bool plain = n->activation == ACTIVATION_NONE;

    if (plain)
        fill_bias(t, bias, y);
    gemm(GEMM_AB, count, rows, in, w, (size_t)in, tensor_value(t, n->in[0]), g->stride, y,
         g->stride, plain);
    if (!plain)
        g->kernels->selu_forward(count, lanes_up(rows), g->stride, bias, y);
}

static void bias_backward(const struct task *t, const real *dy, real *db)
{
    for (int f = 0; f < t->to - t->from; f++) {
        real sum = 0;

        for (int r = 0; r < t->g->input.rows; r++)
            sum += dy[(size_t)f * t->g->stride + (size_t)r];
        db[f] = sum;
    }
}

/* Lanes past the batch's rows hold what an earlier, larger batch left: products leave them
 * out, SELU's backward may not sum them. */
static void clear_padding(const struct task *t, real *dy)
{
    int rows = t->g->input.rows;

    for (int f = 0; f < t->to - t->from; f++)
        for (int r = rows; r < lanes_up(rows); r++)
            dy[(size_t)f * t->g->stride + (size_t)r] = 0;
}

static void linear_backward(const struct task *t)
{
    const struct node *n = t->node;
    struct graph *g = t->g;
    int in = n->in[0]->features, count = t->to - t->from, rows = g->input.rows;
    real *dw = task_gradient(t, n->weight) + (size_t)t->from * (size_t)in;
    real *db = task_gradient(t, n->bias) + t->from;
    real *dy = grad_from(t, n->out, t->from);

    if (n->activation == ACTIVATION_NONE) {
        bias_backward(t, dy, db);
    } else {
        clear_padding(t, dy);
        g->kernels->selu_backward(count, lanes_up(rows), g->stride,
                                  value_from(t, n->out, t->from), dy, db, n->centred);
    }
    gemm(GEMM_ABT, count, in, rows, dy, g->stride, tensor_value(t, n->in[0]), g->stride,
         dw, (size_t)in, false);
}

static void linear_backward_input(const struct task *t)
{
    const struct node *n = t->node;
    struct graph *g = t->g;
    int in = n->in[0]->features;

    gemm(GEMM_ATB, t->to - t->from, g->input.rows, n->out->features,
         task_param(t, n->weight) + t->from, (size_t)in, tensor_grad(t, n->out), g->stride,
         grad_from(t, n->in[0], t->from), g->stride, false);
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

    n->weight = want(g, name, "weight", (size_t)out, (size_t)x->features, kind,
                     INIT_UNIFORM, scale);
    n->bias = want(g, name, "bias", 0, (size_t)out, kind, INIT_UNIFORM, scale);
    n->activation = activation;
    snprintf(n->name, sizeof n->name, "%s", name);
    n->out = graph_add_tensor(g, n, x->layout, x->columns, out);
    n->flops = 2.0 * out * x->features * x->columns;
    return n->out;
}

/* ---- continuous inputs ---- */

static void continuous_forward(const struct task *t)
{
    const struct graph_input *in = &t->g->input;
    int n = t->node->out->features;
    real *x = tensor_value(t, t->node->out);

    for (int f = 0; f < n; f++)
        for (int r = 0; r < lanes_up(in->rows); r++)
            x[(size_t)f * t->g->stride + (size_t)r] =
                r < in->rows ? (real)in->values[(size_t)r * (size_t)n + (size_t)f] : 0;
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

static struct moments row_moments(const real *x, int n, size_t stride)
{
    real mean = 0, square = 0;

    for (int f = 0; f < n; f++)
        mean += x[(size_t)f * stride] / (real)n;
    for (int f = 0; f < n; f++) {
        real c = x[(size_t)f * stride] - mean;

        square += c * c / (real)n;
    }
    return (struct moments){mean, 1 / (real)sqrt(square + EPSILON)};
}

static void row_norm_forward(const struct task *t)
{
    const struct node *n = t->node;
    size_t stride = t->g->stride;
    int features = n->out->features;
    const real *gamma = task_param(t, n->weight), *beta = task_param(t, n->bias);

    for (int r = 0; r < lanes_up(t->g->input.rows); r++) {
        const real *x = tensor_value(t, n->in[0]) + r;
        real *y = tensor_value(t, n->out) + r;
        struct moments m = row_moments(x, features, stride);

        for (int f = 0; f < features; f++)
            y[(size_t)f * stride] =
                (x[(size_t)f * stride] - m.mean) * m.rstd * gamma[f] + beta[f];
    }
}

/* The inputs are data: only the parameters have gradients. */
static void row_norm_backward(const struct task *t)
{
    const struct node *n = t->node;
    size_t stride = t->g->stride;
    int features = n->out->features;
    real *dgamma = task_gradient(t, n->weight), *dbeta = task_gradient(t, n->bias);

    for (int f = 0; f < features; f++)
        dgamma[f] = dbeta[f] = 0;
    for (int r = 0; r < t->g->input.rows; r++) {
        const real *x = tensor_value(t, n->in[0]) + r;
        const real *dy = tensor_grad(t, n->out) + r;
        struct moments m = row_moments(x, features, stride);

        for (int f = 0; f < features; f++) {
            dgamma[f] += dy[(size_t)f * stride] * (x[(size_t)f * stride] - m.mean) * m.rstd;
            dbeta[f] += dy[(size_t)f * stride];
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
    size_t features = (size_t)x->features;

    n->weight = want(g, name, "weight", 0, features, PARAM_HEAD, INIT_ONE, 0);
    n->bias = want(g, name, "bias", 0, features, PARAM_HEAD, INIT_ZERO, 0);
    snprintf(n->name, sizeof n->name, "%s", name);
    n->out = graph_add_tensor(g, n, FEATURES, 1, x->features);
    return n->out;
}

/* ---- batch norm ---- */

static void batch_norm_forward(const struct task *t)
{
    const struct node *n = t->node;
    struct graph *g = t->g;
    int from = t->from, count = t->to - t->from;
    const real *x = value_from(t, n->in[0], from);
    const real *gamma = task_param(t, n->weight) + from, *beta = task_param(t, n->bias) + from;
    real *mean = task_param(t, n->buffers[0]) + from;
    real *variance = task_param(t, n->buffers[1]) + from;
    real *y = value_from(t, n->out, from);

    if (!g->training) {
        g->kernels->batch_norm_infer(count, g->input.rows, g->stride, x, gamma, beta, mean,
                                     variance, y);
        return;
    }

    real *moments = n->moments + from;

    g->kernels->batch_norm_forward(count, g->input.rows, g->stride, x, gamma, beta, y,
                                   moments, moments + n->out->features, mean, variance,
                                   BATCH_NORM_MOMENTUM);
}

static void batch_norm_backward(const struct task *t)
{
    const struct node *n = t->node;
    struct graph *g = t->g;
    int from = t->from;
    const real *moments = n->moments + from;

    g->kernels->batch_norm_backward(
        t->to - from, g->input.rows, g->stride, value_from(t, n->in[0], from),
        grad_from(t, n->out, from), moments, moments + n->out->features,
        task_param(t, n->weight) + from, grad_from(t, n->in[0], from),
        task_gradient(t, n->weight) + from, task_gradient(t, n->bias) + from);
}

static const struct op op_batch_norm = {
    .name = "batch_norm", .layout = FEATURES, .needs = NEEDS_IN0, .local = true,
    .forward = batch_norm_forward, .backward = batch_norm_backward,
};

struct tensor *graph_batch_norm(struct graph *g, struct tensor *x, const char *name)
{
    struct node *n = graph_add_node(g, &op_batch_norm, x, NULL);
    size_t features = (size_t)x->features;

    n->weight = want(g, name, "weight", 0, features, PARAM_HEAD, INIT_ONE, 0);
    n->bias = want(g, name, "bias", 0, features, PARAM_HEAD, INIT_ZERO, 0);
    n->buffers[0] = want(g, name, "mean", 0, features, PARAM_BUFFER, INIT_ZERO, 0);
    n->buffers[1] = want(g, name, "variance", 0, features, PARAM_BUFFER, INIT_ONE, 0);
    snprintf(n->name, sizeof n->name, "%s", name);
    n->out = graph_add_tensor(g, n, FEATURES, 1, x->features);
    n->moments = xcalloc(2 * features, sizeof *n->moments);
    x->grad_same = n->out;
    g->nodes[x->producer].centred = true;
    return n->out;
}

/* ---- dropout ---- */

static void dropout(const struct task *t, const real *x, real *y)
{
    struct graph *g = t->g;
    const struct dropout *d = &t->node->dropout;
    int rows = lanes_up(g->input.rows);

    if (!dropout_none(d))
        g->kernels->dropout_features(t->to - t->from, rows, g->stride, x, y, d,
                                     (uint32_t)t->from);
    else if (x != y)
        for (int f = 0; f < t->to - t->from; f++)
            memcpy(y + (size_t)f * g->stride, x + (size_t)f * g->stride,
                   (size_t)rows * sizeof *y);
}

static void dropout_forward(const struct task *t)
{
    dropout(t, value_from(t, t->node->in[0], t->from), value_from(t, t->node->out, t->from));
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

    n->rate = rate;
    n->out = graph_add_tensor(g, n, FEATURES, 1, x->features);
    if (g->nodes[x->producer].op->needs & NEEDS_OUT)
        x->grad_same = n->out;
    else
        n->out->same = x;
    return n->out;
}

/* ---- loss ---- */

/* Loss of one row; logits and their gradient are `stride` apart. */
static double binary_loss(real z, real target, real *dz)
{
    double p = 1 / (1 + exp(-(double)z));

    *dz = (real)(p - (double)target);
    /* log(1 + e^z) - z target, without overflow */
    return (z > 0 ? (double)z : 0) + log1p(exp(-fabs((double)z))) - (double)z * (double)target;
}

static double multiclass_loss(const real *z, int classes, size_t stride, int target,
                              real *dz)
{
    double largest = -INFINITY, sum = 0;

    for (int c = 0; c < classes; c++)
        largest = fmax(largest, (double)z[(size_t)c * stride]);
    for (int c = 0; c < classes; c++)
        sum += exp((double)z[(size_t)c * stride] - largest);
    for (int c = 0; c < classes; c++)
        dz[(size_t)c * stride] =
            (real)(exp((double)z[(size_t)c * stride] - largest) / sum - (c == target));
    return log(sum) + largest - (double)z[(size_t)target * stride];
}

static double squared_loss(real y, real target, real *dy)
{
    double error = (double)y - (double)target;

    *dy = (real)(2 * error);
    return error * error;
}

static double row_loss(const struct task *t, int r, const real *z, real *dz)
{
    const struct node *n = t->node;
    real target = (real)t->g->input.target[r];

    switch (n->loss) {
    case LOSS_BINARY:
        return binary_loss(*z, target, dz);
    case LOSS_MULTICLASS:
        return multiclass_loss(z, n->in[0]->features, t->g->stride, (int)target, dz);
    default:
        return squared_loss(*z, target, dz);
    }
}

/* Only in training: leaves the gradient of the logits beside the loss. */
static void loss_forward(const struct task *t)
{
    struct graph *g = t->g;
    const struct tensor *logits = t->node->in[0];
    double total = 0;

    if (!g->training)
        return;
    for (int r = 0; r < g->input.rows; r++) {
        real *dz = tensor_grad(t, logits) + r;
        double weight = (g->input.weight ? (double)g->input.weight[r] : 1) / g->weight_sum;

        total += weight * row_loss(t, r, tensor_value(t, logits) + r, dz);
        for (int c = 0; c < logits->features; c++)
            dz[(size_t)c * g->stride] *= (real)weight;
    }
    g->loss = total;
}

static const struct op op_loss = {
    .name = "loss", .layout = FEATURES, .whole = true, .forward = loss_forward,
};

void graph_loss(struct graph *g, struct tensor *logits, enum loss loss)
{
    struct node *n = graph_add_node(g, &op_loss, logits, NULL);

    n->loss = loss;
    n->out = NULL;
    graph_name(logits, "logits");
}
