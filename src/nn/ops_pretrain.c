/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heads of pre-training: classifiers of single columns over contextual embeddings. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "nn/graph_private.h"

/* Weight and bias of a classifier for each column, the biases behind the weights. */
static void add_classifiers(struct graph *g, struct node *n, int columns, int d,
                            const int *outputs, const char *name)
{
    double scale = 1 / sqrt(d);

    n->n_values = 2 * columns;
    n->values = xcalloc((size_t)n->n_values, sizeof *n->values);
    for (int i = 0; i < columns; i++) {
        size_t out = outputs ? (size_t)outputs[i] : 1;
        char full[48];

        snprintf(full, sizeof full, "%.32s.%d", name, i);
        n->values[i] = graph_param(g, full, "weight", out, (size_t)d, PARAM_BODY,
                                   INIT_UNIFORM, scale);
        n->values[columns + i] =
            graph_param(g, full, "bias", 0, out, PARAM_BODY, INIT_UNIFORM, scale);
        n->flops += 2.0 * (double)out * d;
    }
    snprintf(n->name, sizeof n->name, "%.32s", name);
}

/* Columns behind these, numbers and the like, are only looked at. */
static int asked_columns(const struct node *n)
{
    return n->n_values / 2;
}

static void clear_grad(const struct task *t, const struct tensor *x)
{
    memset(tensor_grad(t, x), 0,
           (size_t)task_panels(t, x) * panel_size(x->features) * sizeof(real));
}

/* ---- a logit a column ---- */

/* Of a column: its panels in x and in the gradient of x, its line in the logits. */
struct strand {
    size_t x_at, x_panel, z_at, z_panel;
};

static struct strand strand_of(const struct task *t, int column)
{
    const struct tensor *x = t->node->in[0], *z = t->node->out;
    size_t panel = panel_size(x->features);

    return (struct strand){
        .x_at = (size_t)column * panel, .x_panel = (size_t)x->columns * panel,
        .z_at = (size_t)t->first_block * tensor_panel(z) + (size_t)column * LANES,
        .z_panel = tensor_panel(z),
    };
}

static void column_logits_forward(const struct task *t)
{
    const struct node *n = t->node;
    int columns = asked_columns(n), d = n->in[0]->features;

    for (int c = 0; c < columns; c++) {
        struct strand l = strand_of(t, c);

        t->g->kernels->linear_forward(
            t->blocks, 1, d, task_param(t, n->values[c]), (size_t)d,
            task_param(t, n->values[columns + c]), tensor_value(t, n->in[0]) + l.x_at,
            l.x_panel, tensor_value(t, n->out) + l.z_at, l.z_panel);
    }
}

static void column_logits_backward(const struct task *t)
{
    const struct node *n = t->node;
    const struct kernels *k = t->g->kernels;
    int columns = asked_columns(n), d = n->in[0]->features;

    if (columns < n->in[0]->columns) {
        assert(!n->add[0]);
        clear_grad(t, n->in[0]);
    }
    for (int c = 0; c < columns; c++) {
        struct strand l = strand_of(t, c);
        const real *dz = tensor_grad(t, n->out) + l.z_at;

        k->linear_backward_weight(t->blocks, 1, d, dz, l.z_panel,
                                  tensor_value(t, n->in[0]) + l.x_at, l.x_panel,
                                  task_gradient(t, n->values[c]), (size_t)d, true);
        k->bias_backward(t->blocks, 1, dz, l.z_panel,
                         task_gradient(t, n->values[columns + c]), true);
        k->linear_backward_input(t->blocks, 1, d, task_param(t, n->values[c]), (size_t)d,
                                 dz, l.z_panel, tensor_grad(t, n->in[0]) + l.x_at,
                                 l.x_panel, n->add[0]);
    }
}

static const struct op op_column_logits = {
    .name = "column_logits", .layout = TOKENS, .needs = NEEDS_IN0,
    .forward = column_logits_forward, .backward = column_logits_backward,
};

struct tensor *graph_column_logits(struct graph *g, struct tensor *x, int columns,
                                   const char *name)
{
    struct node *n = graph_add_node(g, &op_column_logits, x, NULL);

    add_classifiers(g, n, columns, x->features, NULL, name);
    n->out = graph_add_tensor(g, n, FEATURES, 1, columns);
    return n->out;
}

/* ---- a classifier a column ---- */

/*
 * Few cells are asked, so those of a column are gathered into panels of their own. Its
 * classes may be many: logits are made in pieces of some classes, once to sum up the
 * softmax and once more in the backward pass.
 */
enum { PANELS = 4, PIECE = 64 };

struct group {
    int column, n, panels; /* n cells in so many panels */
    int row[PANELS * LANES];
    int answer[PANELS * LANES]; /* output number, from 0 */
    /* panels in scratch: inputs, a piece of logits, the inputs' gradient */
    real *x, *z, *dx;
    real *line[2]; /* lines (panels) in scratch */
};

static int scratch_lines(int d)
{
    return PANELS * ((int)(2 * panel_size(d) + panel_size(PIECE)) / LANES + 2);
}

static struct group group_in_scratch(const struct task *t, int column)
{
    size_t x = PANELS * panel_size(t->node->in[0]->features);
    size_t z = PANELS * panel_size(PIECE);
    real *p = task_scratch(t);

    return (struct group){
        .column = column, .x = p, .dx = p + x, .z = p + 2 * x,
        .line = {p + 2 * x + z, p + 2 * x + z + PANELS * LANES},
    };
}

/* The next cells of the column that are asked, from row *next of the shard's on. */
static bool next_group(const struct task *t, struct group *q, int *next)
{
    const struct graph_input *in = &t->g->input;
    int columns = asked_columns(t->node);
    int end = (t->first_block + t->blocks) * LANES;

    if (end > in->rows)
        end = in->rows;
    for (q->n = 0; *next < end && q->n < PANELS * LANES; ++*next) {
        int answer = in->answers[(size_t)*next * (size_t)columns + (size_t)q->column];

        if (answer == 0)
            continue;
        q->row[q->n] = *next;
        q->answer[q->n++] = answer - 1;
    }
    q->panels = (q->n + LANES - 1) / LANES;
    return q->n > 0;
}

/* Where feature 0 of a row's column is in a tensor of the shard. */
static size_t place_of_row(const struct task *t, const struct tensor *x, int row,
                           int column)
{
    size_t block = (size_t)(row / LANES - t->first_block);

    return (block * (size_t)x->columns + (size_t)column) * panel_size(x->features)
        + (size_t)(row % LANES);
}

/* And feature 0 of a cell in the group's panels. */
static size_t place_in_group(int cell, int features)
{
    return (size_t)(cell / LANES) * panel_size(features) + (size_t)(cell % LANES);
}

static void gather(const struct task *t, const struct group *q)
{
    const struct tensor *x = t->node->in[0];
    const real *from = tensor_value(t, x);
    int d = x->features;

    memset(q->x, 0, (size_t)q->panels * panel_size(d) * sizeof *q->x);
    for (int i = 0; i < q->n; i++) {
        size_t at = place_of_row(t, x, q->row[i], q->column), to = place_in_group(i, d);

        for (int f = 0; f < d; f++)
            q->x[to + (size_t)f * LANES] = from[at + (size_t)f * LANES];
    }
}

/* Adds the inputs' gradients to their places. */
static void scatter(const struct task *t, const struct group *q)
{
    const struct tensor *x = t->node->in[0];
    real *to = tensor_grad(t, x);
    int d = x->features;

    for (int i = 0; i < q->n; i++) {
        size_t at = place_of_row(t, x, q->row[i], q->column), from = place_in_group(i, d);

        for (int f = 0; f < d; f++)
            to[at + (size_t)f * LANES] += q->dx[from + (size_t)f * LANES];
    }
}

/* Number of a cell's feature in a tensor of the whole batch, `part` of three. */
static size_t place_of_cell(const struct task *t, int row, int part, int column)
{
    size_t line = (size_t)(part * asked_columns(t->node) + column);

    return (size_t)(row / LANES) * tensor_panel(t->node->out) + line * LANES
        + (size_t)(row % LANES);
}

enum { CELL_LOSS, CELL_HIT, CELL_WHOLE, CELL_PARTS };

static int classes_of(const struct task *t, int column)
{
    return (int)t->g->params->list[t->node->values[column]].shape[0];
}

/* Logits of the classes from `from` on, a piece at most; returns how many. */
static int piece_of_logits(const struct task *t, const struct group *q, int from)
{
    const struct node *n = t->node;
    int d = n->in[0]->features, left = classes_of(t, q->column) - from;
    int k = left < PIECE ? left : PIECE;
    const real *w = task_param(t, n->values[q->column]);
    const real *b = task_param(t, n->values[asked_columns(n) + q->column]);

    t->g->kernels->linear_forward(q->panels, k, d, w + (size_t)from * (size_t)d,
                                  (size_t)d, b + from, q->x, panel_size(d), q->z,
                                  panel_size(PIECE));
    return k;
}

/* The logit of a cell's answer if it is among the k from `from` on, or NULL. */
static real *logit_of_answer(const struct group *q, int cell, int from, int k)
{
    int class = q->answer[cell] - from;

    return class >= 0 && class < k
        ? q->z + place_in_group(cell, PIECE) + (size_t)class * LANES : NULL;
}

static void classify(const struct task *t, const struct group *q)
{
    real own[PANELS * LANES] = {0}, *largest = q->line[0], *sum = q->line[1];
    real *cells = tensor_value(t, t->node->out);
    int classes = classes_of(t, q->column);

    gather(t, q);
    for (int i = 0; i < q->panels * LANES; i++) {
        largest[i] = (real)-1e30;
        sum[i] = 0;
    }
    for (int from = 0; from < classes; from += PIECE) {
        int k = piece_of_logits(t, q, from);

        t->g->kernels->softmax_scan(q->panels, k, q->z, panel_size(PIECE), largest, sum);
        for (int i = 0; i < q->n; i++) {
            const real *z = logit_of_answer(q, i, from, k);

            own[i] = z ? *z : own[i];
        }
    }
    for (int i = 0; i < q->n; i++) {
        real whole = largest[i] + (real)log((double)sum[i]);

        cells[place_of_cell(t, q->row[i], CELL_LOSS, q->column)] = whole - own[i];
        cells[place_of_cell(t, q->row[i], CELL_HIT, q->column)] = own[i] >= largest[i];
        cells[place_of_cell(t, q->row[i], CELL_WHOLE, q->column)] = whole;
    }
}

static void classify_forward(const struct task *t)
{
    const struct tensor *out = t->node->out;
    size_t panel = tensor_panel(out);

    memset(tensor_value(t, out) + (size_t)t->first_block * panel, 0,
           (size_t)t->blocks * panel * sizeof(real));
    for (int c = 0; c < asked_columns(t->node); c++) {
        struct group q = group_in_scratch(t, c);

        for (int next = t->first_block * LANES; next_group(t, &q, &next);)
            classify(t, &q);
    }
}

/* Lanes without a cell get a sum so large that nothing comes of them. */
static void read_cells(const struct task *t, const struct group *q)
{
    const real *cells = tensor_value(t, t->node->out);
    const real *grad = tensor_grad(t, t->node->out);

    for (int i = 0; i < q->panels * LANES; i++) {
        q->line[0][i] = (real)1e30;
        q->line[1][i] = 0;
    }
    for (int i = 0; i < q->n; i++) {
        q->line[0][i] = cells[place_of_cell(t, q->row[i], CELL_WHOLE, q->column)];
        q->line[1][i] = grad[place_of_cell(t, q->row[i], CELL_LOSS, q->column)];
    }
}

static void learn(const struct task *t, const struct group *q)
{
    const struct node *n = t->node;
    const struct kernels *kernels = t->g->kernels;
    int d = n->in[0]->features, classes = classes_of(t, q->column);
    int weight = n->values[q->column], bias = n->values[asked_columns(n) + q->column];

    gather(t, q);
    read_cells(t, q);
    for (int from = 0; from < classes; from += PIECE) {
        size_t first = (size_t)from * (size_t)d;
        int k = piece_of_logits(t, q, from);

        kernels->softmax_slope(q->panels, k, q->z, panel_size(PIECE), q->line[0],
                               q->line[1]);
        for (int i = 0; i < q->n; i++) {
            real *z = logit_of_answer(q, i, from, k);

            if (z)
                *z -= q->line[1][i];
        }
        kernels->linear_backward_weight(q->panels, k, d, q->z, panel_size(PIECE), q->x,
                                        panel_size(d), task_gradient(t, weight) + first,
                                        (size_t)d, true);
        kernels->bias_backward(q->panels, k, q->z, panel_size(PIECE),
                               task_gradient(t, bias) + from, true);
        kernels->linear_backward_input(q->panels, k, d, task_param(t, weight) + first,
                                       (size_t)d, q->z, panel_size(PIECE), q->dx,
                                       panel_size(d), from > 0);
    }
    scatter(t, q);
}

static void classify_backward(const struct task *t)
{
    const struct node *n = t->node;

    assert(!n->add[0]);
    clear_grad(t, n->in[0]);
    for (int c = 0; c < asked_columns(n); c++) {
        struct group q = group_in_scratch(t, c);

        for (int next = t->first_block * LANES; next_group(t, &q, &next);)
            learn(t, &q);
    }
}

static const struct op op_classify = {
    .name = "classify", .layout = TOKENS, .needs = NEEDS_IN0 | NEEDS_OUT,
    .forward = classify_forward, .backward = classify_backward,
};

struct tensor *graph_classify_columns(struct graph *g, struct tensor *x, int columns,
                                      const int *classes, const char *name)
{
    struct node *n = graph_add_node(g, &op_classify, x, NULL);
    int lines = scratch_lines(x->features);

    add_classifiers(g, n, columns, x->features, classes, name);
    if (g->scratch_lines < lines)
        g->scratch_lines = lines;
    n->out = graph_add_tensor(g, n, FEATURES, 1, CELL_PARTS * columns);
    graph_name(n->out, "cells");
    return n->out;
}

/* ---- the loss of asked cells ---- */

static size_t count_asked(const struct graph_input *in, int columns)
{
    size_t n = (size_t)in->rows * (size_t)columns, asked = 0;

    for (size_t i = 0; i < n; i++)
        asked += in->answers[i] != 0;
    return asked;
}

/* Only in training: leaves the gradient of the cells' losses. */
static void loss_asked_forward(const struct task *t)
{
    struct graph *g = t->g;
    const struct tensor *cells = t->node->in[0];
    int columns = cells->features / CELL_PARTS;
    const real *value = tensor_value(t, cells);
    real *grad = tensor_grad(t, cells);
    size_t asked;
    double total = 0;

    if (!g->training)
        return;
    asked = count_asked(&g->input, columns);
    for (int r = 0; r < g->input.rows; r++)
        for (int c = 0; c < columns; c++) {
            size_t at = (size_t)(r / LANES) * tensor_panel(cells) + (size_t)c * LANES
                + (size_t)(r % LANES);

            total += (double)value[at];
            grad[at] = 1 / (real)(asked ? asked : 1);
        }
    g->loss = asked ? total / (double)asked : 0;
}

static const struct op op_loss_asked = {
    .name = "loss", .layout = FEATURES, .needs = NEEDS_IN0, .whole = true,
    .forward = loss_asked_forward,
};

void graph_loss_asked(struct graph *g, struct tensor *cells)
{
    struct node *n = graph_add_node(g, &op_loss_asked, cells, NULL);

    n->out = NULL;
}
