/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a graph: the loss of each row, and the gradient of its logits. */
#include <assert.h>
#include <math.h>

#include "base/mem.h"
#include "nn/graph_private.h"

/* Loss of one row; its logits and their gradients are LANES apart. */
static double binary_loss(real z, real target, real *dz)
{
    double p = 1 / (1 + exp(-(double)z));

    *dz = (real)(p - (double)target);
    /* log(1 + e^z) - z target, without overflow */
    return (z > 0 ? (double)z : 0) + log1p(exp(-fabs((double)z))) -
           (double)z * (double)target;
}

static double multiclass_loss(const real *z, int classes, int target, real *dz)
{
    double largest = -INFINITY, sum = 0;

    for (int c = 0; c < classes; c++)
        largest = fmax(largest, (double)z[c * LANES]);
    for (int c = 0; c < classes; c++)
        sum += exp((double)z[c * LANES] - largest);
    for (int c = 0; c < classes; c++)
        dz[c * LANES] =
            (real)(exp((double)z[c * LANES] - largest) / sum - (c == target));
    return log(sum) + largest - (double)z[target * LANES];
}

static double squared_loss(real y, real target, real *dy)
{
    double error = (double)y - (double)target;

    *dy = (real)(2 * error);
    return error * error;
}

double graph_row_loss(enum loss loss, const real *z, int features, float target, real *dz)
{
    if (loss == LOSS_BINARY)
        return binary_loss(*z, (real)target, dz);
    if (loss == LOSS_MULTICLASS)
        return multiclass_loss(z, features, (int)target, dz);
    return squared_loss(*z, (real)target, dz);
}

static double cells_loss(const real *z, int columns, const int32_t *answers, real *dz)
{
    double total = 0;

    for (int c = 0; c < columns; c++) {
        total += binary_loss(z[c * LANES], (real)answers[c], &dz[c * LANES]);
        dz[c * LANES] /= (real)columns;
    }
    return total / columns;
}

/* ---- without targets ---- */

/* H = log(1 + e^-|z|) + |z| p(the less likely class) */
static double binary_entropy(real z, real *dz)
{
    double size = fabs((double)z), p = 1 / (1 + exp(size));

    *dz = (real)(-(double)z * p * (1 - p));
    return log1p(exp(-size)) + size * p;
}

/* dH / dz = -p (log p + H) */
static double multiclass_entropy(const real *z, int classes, real *dz)
{
    double largest = -INFINITY, sum = 0, entropy = 0;

    for (int c = 0; c < classes; c++)
        largest = fmax(largest, (double)z[c * LANES]);
    for (int c = 0; c < classes; c++)
        sum += exp((double)z[c * LANES] - largest);
    for (int c = 0; c < classes; c++) {
        double log_p = (double)z[c * LANES] - largest - log(sum);

        entropy -= exp(log_p) * log_p;
    }
    for (int c = 0; c < classes; c++) {
        double log_p = (double)z[c * LANES] - largest - log(sum);

        dz[c * LANES] = (real)(-exp(log_p) * (log_p + entropy));
    }
    return entropy;
}

static int likeliest(const real *z, int classes)
{
    int best = 0;

    for (int c = 1; c < classes; c++)
        if (z[c * LANES] > z[best * LANES])
            best = c;
    return best;
}

static double unlabeled_loss(const struct task *t, const real *z, real *dz)
{
    bool binary = t->node->loss == LOSS_BINARY;
    int classes = t->node->in[0]->features;

    if (t->g->input.unlabeled == UNLABELED_ENTROPY)
        return binary ? binary_entropy(*z, dz) : multiclass_entropy(z, classes, dz);
    return binary ? binary_loss(*z, *z > 0, dz)
                  : multiclass_loss(z, classes, likeliest(z, classes), dz);
}

/* ---- a row as it was ---- */

/* Cells are columns, then numbers. */
static double clean_loss(const struct task *t, int r, const real *z, real *dz)
{
    const struct node *n = t->node;
    const struct graph_input *in = &t->g->input;
    int columns = n->n_columns, at = 0, numbers, cells;
    double total = 0;

    for (int c = 0; c < columns; at += n->logits[c++])
        total += multiclass_loss(z + at * LANES, n->logits[c],
                                 in->answers[(size_t)r * (size_t)columns + (size_t)c],
                                 dz + at * LANES);
    numbers = n->in[0]->features - at;
    for (int i = 0; i < numbers; i++, at++)
        total += squared_loss(z[at * LANES],
                              (real)in->clean[(size_t)r * (size_t)numbers + (size_t)i],
                              &dz[at * LANES]);
    cells = columns + numbers;
    for (int i = 0; i < at; i++)
        dz[i * LANES] /= (real)cells;
    return total / cells;
}

/* ---- all ---- */

static double row_loss(const struct task *t, int r, const real *z, real *dz)
{
    const struct node *n = t->node;
    const struct graph_input *in = &t->g->input;
    int features = n->in[0]->features;

    if (in->unlabeled != UNLABELED_NOT)
        return unlabeled_loss(t, z, dz);
    if (n->loss == LOSS_CLEAN)
        return clean_loss(t, r, z, dz);
    if (n->loss == LOSS_CELLS)
        return cells_loss(z, features, in->answers + (size_t)r * (size_t)features, dz);
    return graph_row_loss(n->loss, z, features, in->target[r], dz);
}

/* Only in training: leaves the gradient of the logits beside the loss; it is zero in
 * lanes past the batch's rows, and so are all that follow from it. */
static void loss_forward(const struct task *t)
{
    struct graph *g = t->g;
    const struct tensor *logits = t->node->in[0];
    double total = 0;

    if (!g->training)
        return;
    for (int r = 0; r < t->blocks * LANES; r++) {
        size_t at = row_at(r, tensor_panel(logits));
        real *dz = tensor_grad(t, logits) + at;
        double weight = 0;

        if (r < g->input.rows) {
            weight = (g->input.weight ? (double)g->input.weight[r] : 1) / g->weight_sum;
            if (g->input.unlabeled != UNLABELED_NOT)
                weight *= g->input.scale;
            total += weight * row_loss(t, r, tensor_value(t, logits) + at, dz);
        }
        for (int c = 0; c < logits->features; c++)
            dz[c * LANES] = weight > 0 ? dz[c * LANES] * (real)weight : 0;
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

void graph_loss_clean(struct graph *g, struct tensor *z, int columns, const int *classes,
                      int continuous)
{
    struct node *n;
    int features = continuous;

    graph_loss(g, z, LOSS_CLEAN);
    n = &g->nodes[g->n_nodes - 1];
    n->n_columns = columns;
    n->logits = xcalloc((size_t)columns + 1, sizeof *n->logits);
    for (int c = 0; c < columns; c++)
        features += n->logits[c] = classes[c] + 1;
    assert(features == z->features);
}
