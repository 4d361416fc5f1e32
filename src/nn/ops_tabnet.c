/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations of TabNet: each with its description, forward and backward. Rows are one
 * column of tokens, so that a shard has all that a virtual batch has in common. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/graph_private.h"

/* What a virtual batch moves the running averages by. */
#define GHOST_MOMENTUM 0.02
/* Beside a share in its logarithm. */
#define TINY ((real)1e-15)

static struct node *add_node(struct graph *g, const struct op *op, struct tensor *in0,
                             struct tensor *in1, const char *name)
{
    struct node *n = graph_add_node(g, op, in0, in1);

    snprintf(n->name, sizeof n->name, "%s", name);
    return n;
}

/* Rows of the batch in this shard. */
static int rows_of(const struct task *t)
{
    int left = t->g->input.rows - t->first_block * LANES;

    return left < t->blocks * LANES ? left : t->blocks * LANES;
}

/* ---- from features to tokens ---- */

static void copy_lines(int blocks, int lines, const real *from, size_t from_panel,
                       real *to, size_t to_panel)
{
    for (int b = 0; b < blocks; b++, from += from_panel, to += to_panel)
        memcpy(to, from, (size_t)lines * LANES * sizeof *to);
}

static void rows_forward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *y = t->node->out;
    size_t panel = tensor_panel(x);

    copy_lines(t->blocks, x->features,
               tensor_value(t, x) + (size_t)t->first_block * panel, panel,
               tensor_value(t, y), tensor_panel(y));
}

/* Data have no gradient. */
static void rows_backward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *y = t->node->out;
    size_t panel = tensor_panel(x);
    real *dx = tensor_grad(t, x);

    if (dx)
        copy_lines(t->blocks, x->features, tensor_grad(t, y), tensor_panel(y),
                   dx + (size_t)t->first_block * panel, panel);
}

static const struct op op_rows = {
    .name = "rows", .layout = TOKENS, .forward = rows_forward, .backward = rows_backward,
};

struct tensor *graph_rows(struct graph *g, struct tensor *x)
{
    struct node *n = add_node(g, &op_rows, x, NULL, "rows");

    n->out = graph_add_tensor(g, n, TOKENS, 1, x->features);
    return n->out;
}

/* ---- linear, without bias ---- */

struct tensor *graph_linear_shared(struct graph *g, struct tensor *x, int out,
                                   const char *name, const char *weight, double deviation)
{
    struct node *n = add_node(g, &op_linear_tokens, x, NULL, name);

    n->weight = graph_param(g, weight, "weight", (size_t)out, (size_t)x->features,
                            PARAM_BODY, INIT_NORMAL, deviation);
    n->out = graph_add_tensor(g, n, TOKENS, 1, out);
    n->flops = 2.0 * out * x->features;
    return n->out;
}

/* ---- ghost batch norm ---- */

/* Of the shard, for the backward pass and the running averages: each (features). */
struct ghost {
    real *mean, *rstd, *running_mean, *running_variance;
};

static struct ghost ghost_of(const struct task *t)
{
    int d = t->node->out->features;
    real *p = tensor_value(t, t->node->aux[0]);

    return (struct ghost){p, p + d, p + 2 * d, p + 3 * d};
}

static void ghost_norm_forward(const struct task *t)
{
    const struct node *n = t->node;
    const struct kernels *k = t->g->kernels;
    int d = n->out->features, rows = rows_of(t);
    const real *x = tensor_value(t, n->in[0]);
    const real *gamma = task_param(t, n->weight), *beta = task_param(t, n->bias);
    real *y = tensor_value(t, n->out);

    if (!t->g->training) {
        k->batch_norm_infer(rows, d, x, panel_size(d), gamma, beta,
                            task_param(t, n->buffers[0]), task_param(t, n->buffers[1]),
                            y);
        return;
    }

    struct ghost own = ghost_of(t);

    memset(own.running_mean, 0, 2 * (size_t)d * sizeof *own.running_mean);
    k->batch_norm_forward(rows, d, x, panel_size(d), gamma, beta, y, own.mean, own.rstd,
                          own.running_mean, own.running_variance, 1);
}

static void ghost_norm_backward(const struct task *t)
{
    const struct node *n = t->node;
    int d = n->out->features;
    struct ghost own = ghost_of(t);
    real *slopes = task_scratch(t); /* of gamma, of beta */
    real *dgamma = task_gradient(t, n->weight), *dbeta = task_gradient(t, n->bias);

    t->g->kernels->batch_norm_backward(
        rows_of(t), d, tensor_value(t, n->in[0]), tensor_grad(t, n->out), panel_size(d),
        own.mean, own.rstd, task_param(t, n->weight), tensor_grad(t, n->in[0]), slopes,
        slopes + d);
    for (int f = 0; f < d; f++) {
        dgamma[f] += slopes[f];
        dbeta[f] += slopes[d + f];
    }
}

static void move_averages(const struct task *t, real share)
{
    const struct node *n = t->node;
    struct ghost own = ghost_of(t);
    real *mean = task_param(t, n->buffers[0]), *variance = task_param(t, n->buffers[1]);

    for (int f = 0; f < n->out->features; f++) {
        mean[f] += share * (own.running_mean[f] - mean[f]);
        variance[f] += share * (own.running_variance[f] - variance[f]);
    }
}

/* One virtual batch after another, whoever worked on them. At first the averages are plain
 * means, so that a few steps suffice for them. One row alone has no variance. */
static void ghost_norm_after(struct graph *g, struct node *n)
{
    int shards = graph_shards(g);

    for (int s = 0; s < shards; s++) {
        struct task t = {.g = g, .node = n};
        double seen = (double)g->params->step * shards + s;

        graph_shard(g, s, &t);
        if (rows_of(&t) > 1)
            move_averages(&t, (real)fmax(GHOST_MOMENTUM, 1 / (seen + 1)));
    }
}

static const struct op op_ghost_norm = {
    .name = "ghost_norm", .layout = TOKENS, .needs = NEEDS_IN0,
    .forward = ghost_norm_forward, .backward = ghost_norm_backward,
    .after = ghost_norm_after,
};

struct tensor *graph_ghost_norm(struct graph *g, struct tensor *x, int virtual_batch,
                                const char *name)
{
    struct node *n = graph_add_node(g, &op_ghost_norm, x, NULL);
    size_t d = (size_t)x->features;

    graph_add_norm_params(g, n, name, d, PARAM_BODY);
    n->buffers[0] = graph_param(g, name, "mean", 0, d, PARAM_BUFFER, INIT_ZERO, 0);
    n->buffers[1] = graph_param(g, name, "variance", 0, d, PARAM_BUFFER, INIT_ONE, 0);
    n->out = graph_add_tensor(g, n, TOKENS, 1, x->features);
    n->aux[0] = graph_add_tensor(g, n, TOKENS, 1, lanes_up(4 * x->features) / LANES);
    x->grad_same = n->out;
    g->virtual_batch = virtual_batch;
    if (g->scratch_lines < lanes_up(2 * x->features) / LANES)
        g->scratch_lines = lanes_up(2 * x->features) / LANES;
    return n->out;
}

/* ---- gated linear unit ---- */

static void glu_forward(const struct task *t)
{
    const struct node *n = t->node;

    t->g->kernels->glu_forward(t->blocks, n->out->features, tensor_value(t, n->in[0]),
                               tensor_value(t, n->in[1]), tensor_value(t, n->out));
}

/* to = or += scale from, over the panels of one tensor */
static void put_lines(const struct task *t, const struct tensor *x, real scale,
                      const real *from, real *to, bool add)
{
    size_t panel = tensor_panel(x);

    for (int b = 0; b < t->blocks; b++, from += panel, to += panel)
        for (int i = 0; i < x->features * LANES; i++)
            to[i] = add ? to[i] + scale * from[i] : scale * from[i];
}

static void glu_backward(const struct task *t)
{
    const struct node *n = t->node;
    const real *dy = tensor_grad(t, n->out);

    t->g->kernels->glu_backward(t->blocks, n->out->features, tensor_value(t, n->in[0]),
                                dy, tensor_grad(t, n->in[0]), n->in[1] != NULL);
    if (n->in[1])
        put_lines(t, n->out, (real)sqrt(0.5), dy, tensor_grad(t, n->in[1]), n->add[1]);
}

static const struct op op_glu = {
    .name = "glu", .layout = TOKENS, .needs = NEEDS_IN0,
    .forward = glu_forward, .backward = glu_backward,
};

struct tensor *graph_glu(struct graph *g, struct tensor *x, struct tensor *residual,
                         const char *name)
{
    struct node *n = add_node(g, &op_glu, x, residual, name);

    n->out = graph_add_tensor(g, n, TOKENS, 1, x->features / 2);
    return n->out;
}

/* ---- masks ---- */

/* to = or += a b, over the panels of one tensor */
static void put_product(const struct task *t, const struct tensor *x, const real *a,
                        const real *b, real *to, bool add)
{
    size_t panel = tensor_panel(x);

    for (int k = 0; k < t->blocks; k++, a += panel, b += panel, to += panel)
        for (int i = 0; i < x->features * LANES; i++)
            to[i] = add ? to[i] + a[i] * b[i] : a[i] * b[i];
}

static bool wants_entropy(const struct task *t)
{
    return t->g->training && t->node->factor > 0
        && t->g->input.unlabeled == UNLABELED_NOT;
}

/* Row by row -sum p log p -> the line beside each panel */
static void entropy_forward(const struct task *t)
{
    const struct tensor *p = t->node->out;
    const real *from = tensor_value(t, p);
    real *line = tensor_value(t, t->node->aux[0]);

    for (int b = 0; b < t->blocks; b++, from += tensor_panel(p), line += panel_size(1)) {
        memset(line, 0, LANES * sizeof *line);
        for (int f = 0; f < p->features; f++)
            for (int r = 0; r < LANES; r++) {
                real share = from[f * LANES + r];

                if (share > 0)
                    line[r] -= share * (real)log(share + TINY);
            }
    }
}

static real row_weight(const struct graph_input *in, int row)
{
    if (row >= in->rows)
        return 0;
    return in->weight ? (real)in->weight[row] : 1;
}

/* Adds its slope to dp, but where p is 0: no gradient goes back from there. */
static void entropy_backward(const struct task *t)
{
    const struct tensor *p = t->node->out;
    const real *from = tensor_value(t, p);
    real *dp = tensor_grad(t, p), factor = (real)(t->node->factor / t->g->weight_sum);

    for (int b = 0; b < t->blocks; b++, from += tensor_panel(p), dp += tensor_panel(p))
        for (int r = 0; r < LANES; r++) {
            int row = (t->first_block + b) * LANES + r;
            real weight = factor * row_weight(&t->g->input, row);

            for (int i = r; i < p->features * LANES; i += LANES)
                if (from[i] > 0)
                    dp[i] -= weight * ((real)log(from[i] + TINY)
                                       + from[i] / (from[i] + TINY));
        }
}

static void mask_forward(const struct task *t)
{
    const struct node *n = t->node;
    const struct kernels *k = t->g->kernels;
    const real *x = tensor_value(t, n->in[0]);
    real *p = tensor_value(t, n->out);

    if (n->in[1]) {
        put_product(t, n->out, x, tensor_value(t, n->in[1]), p, false);
        x = p;
    }
    if (n->sparse)
        k->sparsemax_forward(t->blocks, n->out->features, x, p);
    else
        k->softmax_forward(t->blocks, n->out->features, x, p);
    if (wants_entropy(t))
        entropy_forward(t);
}

static void mask_backward(const struct task *t)
{
    const struct node *n = t->node;
    const struct kernels *k = t->g->kernels;
    const struct tensor *x = n->in[0], *prior = n->in[1];
    real *dp = tensor_grad(t, n->out);
    int d = n->out->features;

    if (wants_entropy(t))
        entropy_backward(t);
    if (n->sparse)
        k->sparsemax_backward(t->blocks, d, tensor_value(t, n->out), dp);
    else
        k->softmax_backward(t->blocks, d, tensor_value(t, n->out), dp);
    if (!prior) {
        put_lines(t, x, 1, dp, tensor_grad(t, x), n->add[0]);
        return;
    }
    put_product(t, x, dp, tensor_value(t, prior), tensor_grad(t, x), n->add[0]);
    put_product(t, x, dp, tensor_value(t, x), tensor_grad(t, prior), n->add[1]);
}

/* The loss of the rows' entropies, each weighted as its loss is. */
static void mask_after(struct graph *g, struct node *n)
{
    struct task t = {.g = g, .node = n};
    const real *line = tensor_value(&t, n->aux[0]);
    double total = 0;

    if (!wants_entropy(&t))
        return;
    for (int row = 0; row < g->input.rows; row++)
        total += (double)row_weight(&g->input, row)
            * (double)line[row_at(row, panel_size(1))];
    g->loss += n->factor * total / g->weight_sum;
}

static const struct op op_mask = {
    .name = "mask", .layout = TOKENS, .needs = NEEDS_IN0 | NEEDS_IN1 | NEEDS_OUT,
    .forward = mask_forward, .backward = mask_backward, .after = mask_after,
};

struct tensor *graph_mask(struct graph *g, struct tensor *x, struct tensor *prior,
                          bool sparse, double entropy, const char *name)
{
    struct node *n = add_node(g, &op_mask, x, prior, name);

    n->sparse = sparse;
    n->factor = entropy;
    n->out = graph_add_tensor(g, n, TOKENS, 1, x->features);
    n->aux[0] = graph_add_tensor(g, n, TOKENS, 1, 1);
    return n->out;
}

/* ---- what masks may yet choose ---- */

static void prior_forward(const struct task *t)
{
    const struct node *n = t->node;
    const real *mask = tensor_value(t, n->in[0]), *prior = tensor_value(t, n->in[1]);
    real *y = tensor_value(t, n->out), gamma = (real)n->factor;
    size_t panel = tensor_panel(n->out);

    for (int b = 0; b < t->blocks; b++)
        for (int i = 0; i < n->out->features * LANES; i++) {
            size_t at = (size_t)b * panel + (size_t)i;

            y[at] = (prior ? prior[at] : 1) * (gamma - mask[at]);
        }
}

static void prior_backward(const struct task *t)
{
    const struct node *n = t->node;
    const real *mask = tensor_value(t, n->in[0]), *prior = tensor_value(t, n->in[1]);
    real *dmask = tensor_grad(t, n->in[0]), *dprior = NULL, gamma = (real)n->factor;
    const real *dy = tensor_grad(t, n->out);
    size_t panel = tensor_panel(n->out);

    if (prior)
        dprior = tensor_grad(t, n->in[1]);
    for (int b = 0; b < t->blocks; b++)
        for (int i = 0; i < n->out->features * LANES; i++) {
            size_t at = (size_t)b * panel + (size_t)i;
            real left = gamma - mask[at];

            dmask[at] = (n->add[0] ? dmask[at] : 0) - dy[at] * (prior ? prior[at] : 1);
            if (dprior)
                dprior[at] = (n->add[1] ? dprior[at] : 0) + dy[at] * left;
        }
}

static const struct op op_prior = {
    .name = "prior", .layout = TOKENS, .needs = NEEDS_IN0 | NEEDS_IN1,
    .forward = prior_forward, .backward = prior_backward,
};

struct tensor *graph_prior(struct graph *g, struct tensor *mask, struct tensor *prior,
                           double gamma, const char *name)
{
    struct node *n = add_node(g, &op_prior, mask, prior, name);

    n->factor = gamma;
    n->out = graph_add_tensor(g, n, TOKENS, 1, mask->features);
    return n->out;
}

/* ---- product ---- */

static void multiply_forward(const struct task *t)
{
    const struct node *n = t->node;

    put_product(t, n->out, tensor_value(t, n->in[0]), tensor_value(t, n->in[1]),
                tensor_value(t, n->out), false);
}

static void multiply_backward(const struct task *t)
{
    const struct node *n = t->node;
    const real *dy = tensor_grad(t, n->out);

    put_product(t, n->out, dy, tensor_value(t, n->in[1]), tensor_grad(t, n->in[0]),
                n->add[0]);
    put_product(t, n->out, dy, tensor_value(t, n->in[0]), tensor_grad(t, n->in[1]),
                n->add[1]);
}

static const struct op op_multiply = {
    .name = "multiply", .layout = TOKENS, .needs = NEEDS_IN0 | NEEDS_IN1,
    .forward = multiply_forward, .backward = multiply_backward,
};

struct tensor *graph_multiply(struct graph *g, struct tensor *x, struct tensor *y,
                              const char *name)
{
    struct node *n = add_node(g, &op_multiply, x, y, name);

    n->out = graph_add_tensor(g, n, TOKENS, 1, x->features);
    return n->out;
}

/* ---- parts of the features ---- */

/* The gradient of x, of whose features this node is the first (in the backward pass) to
 * write some, becomes 0 elsewhere: other nodes add to that. */
static void clear_unless_added(const struct task *t)
{
    const struct tensor *x = t->node->in[0];
    real *dx = tensor_grad(t, x);

    for (int b = 0; !t->node->add[0] && b < t->blocks; b++, dx += tensor_panel(x))
        memset(dx, 0, (size_t)x->features * LANES * sizeof *dx);
}

static void part_forward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *y = t->node->out;

    copy_lines(t->blocks, y->features, tensor_value(t, x) + t->node->first * LANES,
               tensor_panel(x), tensor_value(t, y), tensor_panel(y));
}

static void part_backward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *y = t->node->out;
    const real *dy = tensor_grad(t, y);
    real *dx = tensor_grad(t, x) + t->node->first * LANES;

    clear_unless_added(t);
    for (int b = 0; b < t->blocks; b++, dy += tensor_panel(y), dx += tensor_panel(x))
        for (int i = 0; i < y->features * LANES; i++)
            dx[i] += dy[i];
}

static const struct op op_part = {
    .name = "part", .layout = TOKENS, .forward = part_forward, .backward = part_backward,
};

struct tensor *graph_part(struct graph *g, struct tensor *x, int first, int features,
                          const char *name)
{
    struct node *n = add_node(g, &op_part, x, NULL, name);

    n->first = first;
    n->out = graph_add_tensor(g, n, TOKENS, 1, features);
    return n->out;
}

static void decision_forward(const struct task *t)
{
    const struct tensor *x = t->node->in[0], *y = t->node->out;
    const real *from = tensor_value(t, x), *total = tensor_value(t, t->node->in[1]);
    real *to = tensor_value(t, y);

    for (int b = 0; b < t->blocks; b++, from += tensor_panel(x), to += tensor_panel(y)) {
        const real *before = total ? total + (size_t)b * tensor_panel(y) : NULL;

        for (int i = 0; i < y->features * LANES; i++)
            to[i] = (from[i] > 0 ? from[i] : 0) + (before ? before[i] : 0);
    }
}

static void decision_backward(const struct task *t)
{
    const struct node *n = t->node;
    const struct tensor *x = n->in[0], *y = n->out;
    const real *from = tensor_value(t, x), *dy = tensor_grad(t, y);
    real *dx = tensor_grad(t, x);

    clear_unless_added(t);
    if (n->in[1])
        put_lines(t, y, 1, dy, tensor_grad(t, n->in[1]), n->add[1]);
    for (int b = 0; b < t->blocks; b++) {
        for (int i = 0; i < y->features * LANES; i++)
            dx[i] += from[i] > 0 ? dy[i] : 0;
        from += tensor_panel(x);
        dx += tensor_panel(x);
        dy += tensor_panel(y);
    }
}

static const struct op op_decision = {
    .name = "decision", .layout = TOKENS, .needs = NEEDS_IN0,
    .forward = decision_forward, .backward = decision_backward,
};

struct tensor *graph_decision(struct graph *g, struct tensor *x, struct tensor *total,
                              int features, const char *name)
{
    struct node *n = add_node(g, &op_decision, x, total, name);

    n->out = graph_add_tensor(g, n, TOKENS, 1, features);
    return n->out;
}
