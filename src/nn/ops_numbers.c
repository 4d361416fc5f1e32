/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as columns of the body: their encodings, forward and backward, and the vector
 * that all rows have in common. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/graph_private.h"

/* Of one number; parameters by their place in params, -1: none. */
struct number {
    int value, missing;
    int features; /* of its encoding */
    int n_bins;
    real *low, *slope; /* (n_bins) where a bin begins, and 1 / its width */
    int weight, bias, none, frequency;
};

struct numbers_node {
    int n, values;
    struct number *numbers; /* (n) */
    int cls;                /* parameter, -1: there is none */
};

/* One number of the LANES rows of a row block. */
struct lanes {
    real x[LANES];
    bool missing[LANES];
};

static struct lanes read_lanes(const struct task *t, const struct number *q, int block)
{
    const struct graph_input *in = &t->g->input;
    struct lanes l = {{0}, {false}};

    for (int r = 0; r < LANES && block * LANES + r < in->rows; r++) {
        const float *row = in->values
            + (size_t)(block * LANES + r) * (size_t)t->node->numbers->values;

        l.x[r] = q->value >= 0 ? (real)row[q->value] : 0;
        l.missing[r] = q->missing >= 0 && row[q->missing] > 0;
    }
    return l;
}

/* ---- encodings: e (features) lines ---- */

static void encode_bins(const struct number *q, const real *x, real *e)
{
    for (int b = 0; b < q->n_bins; b++, e += LANES)
        for (int r = 0; r < LANES; r++) {
            real part = (x[r] - q->low[b]) * q->slope[b];

            part = part > 0 ? part : 0;
            e[r] = part < 1 ? part : 1;
        }
}

static void wave(real turns, real *sine, real *cosine)
{
#ifdef REAL_DOUBLE
    *sine = sin(2 * M_PI * turns);
    *cosine = cos(2 * M_PI * turns);
#else
    turns -= rintf(turns); /* sinf is slow far from 0 */
    *sine = sinf((float)(2 * M_PI) * turns);
    *cosine = cosf((float)(2 * M_PI) * turns);
#endif
}

/* Sines first, then cosines. */
static void encode_waves(const real *frequency, int n, const real *x, real *e)
{
    for (int i = 0; i < n; i++, e += LANES)
        for (int r = 0; r < LANES; r++)
            wave(frequency[i] * x[r], &e[r], &e[n * LANES + r]);
}

/* de / dc = 2 pi x (cos, -sin) */
static void waves_backward(const real *x, int n, const real *e, const real *de,
                           real *frequency)
{
    for (int i = 0; i < n; i++, e += LANES, de += LANES) {
        real sum = 0;

        for (int r = 0; r < LANES; r++)
            sum += x[r] * (de[r] * e[n * LANES + r] - de[n * LANES + r] * e[r]);
        frequency[i] += (real)(2 * M_PI) * sum;
    }
}

static void encode(const struct task *t, const struct number *q, const real *x, real *e)
{
    if (q->frequency >= 0)
        encode_waves(task_param(t, q->frequency), q->features / 2, x, e);
    else
        encode_bins(q, x, e);
}

/* ---- forward ---- */

static void set_lines(const real *v, int n, real *to)
{
    for (int f = 0; f < n; f++)
        for (int r = 0; r < LANES; r++)
            to[f * LANES + r] = v[f];
}

static void set_missing(const struct lanes *l, const real *v, int n, real *to)
{
    for (int r = 0; r < LANES; r++)
        for (int f = 0; l->missing[r] && f < n; f++)
            to[f * LANES + r] = v[f];
}

/* Numbers of the identifier that a vector begins with. */
static int identifier_width(const struct task *t)
{
    const struct node *n = t->node;

    return n->weight < 0 ? 0 : (int)t->g->params->list[n->weight].shape[1];
}

static void number_forward(const struct task *t, int i, int block, real *to)
{
    const struct number *q = &t->node->numbers->numbers[i];
    int shared = identifier_width(t), width = t->node->out->features - shared;
    size_t line = (size_t)(t->node->n_values + i) * (size_t)shared;
    struct lanes l = read_lanes(t, q, block);
    real *e = task_scratch(t);

    if (shared > 0)
        set_lines(task_param(t, t->node->weight) + line, shared, to);
    to += (size_t)shared * LANES;
    if (q->features > 0) {
        encode(t, q, l.x, e);
        t->g->kernels->linear_forward(1, width, q->features, task_param(t, q->weight),
                                      (size_t)q->features, task_param(t, q->bias), e,
                                      panel_size(q->features), to, panel_size(width));
    } else {
        set_lines(task_param(t, q->bias), width, to);
    }
    if (q->none >= 0)
        set_missing(&l, task_param(t, q->none), width, to);
}

void numbers_forward(const struct task *t, int block, real *to)
{
    const struct numbers_node *q = t->node->numbers;
    int d = t->node->out->features;

    for (int i = 0; i < q->n; i++, to += panel_size(d))
        number_forward(t, i, block, to);
    if (q->cls >= 0)
        set_lines(task_param(t, q->cls), d, to);
}

/* ---- backward ---- */

static void add_lines(const real *from, int n, real *to)
{
    for (int f = 0; f < n; f++)
        for (int r = 0; r < LANES; r++)
            to[f] += from[f * LANES + r];
}

/* dy becomes 0 where x is missing; what was there goes to the vector of missing ones. */
static void take_missing(const struct lanes *l, int n, real *dy, real *none)
{
    for (int r = 0; r < LANES; r++)
        for (int f = 0; l->missing[r] && f < n; f++) {
            none[f] += dy[f * LANES + r];
            dy[f * LANES + r] = 0;
        }
}

static void learn(const struct task *t, const struct number *q, int width,
                  const struct lanes *l, const real *dy)
{
    const struct kernels *k = t->g->kernels;
    int n = q->features;
    size_t panel = panel_size(n), dy_panel = panel_size(width);
    real *e = task_scratch(t), *de = e + panel;

    encode(t, q, l->x, e);
    k->linear_backward_weight(1, width, n, dy, dy_panel, e, panel,
                              task_gradient(t, q->weight), (size_t)n, true);
    if (q->frequency < 0)
        return;
    k->linear_backward_input(1, width, n, task_param(t, q->weight), (size_t)n, dy,
                             dy_panel, de, panel, false);
    waves_backward(l->x, n / 2, e, de, task_gradient(t, q->frequency));
}

static void number_backward(const struct task *t, int i, int block, const real *from)
{
    const struct number *q = &t->node->numbers->numbers[i];
    int shared = identifier_width(t), width = t->node->out->features - shared;
    size_t line = (size_t)(t->node->n_values + i) * (size_t)shared;
    struct lanes l = read_lanes(t, q, block);
    real *dy = task_scratch(t) + 2 * panel_size(q->features);

    if (shared > 0)
        add_lines(from, shared, task_gradient(t, t->node->weight) + line);
    memcpy(dy, from + (size_t)shared * LANES, (size_t)width * LANES * sizeof *dy);
    if (q->none >= 0)
        take_missing(&l, width, dy, task_gradient(t, q->none));
    add_lines(dy, width, task_gradient(t, q->bias));
    if (q->features > 0)
        learn(t, q, width, &l, dy);
}

void numbers_backward(const struct task *t, int block, const real *from)
{
    const struct numbers_node *q = t->node->numbers;
    int d = t->node->out->features;

    for (int i = 0; i < q->n; i++, from += panel_size(d))
        number_backward(t, i, block, from);
    if (q->cls >= 0)
        add_lines(from, d, task_gradient(t, q->cls));
}

/* ---- describing ---- */

static void make_bins(struct number *q, const struct number_column *c)
{
    q->n_bins = c->n_edges - 1;
    q->low = xcalloc((size_t)q->n_bins, sizeof *q->low);
    q->slope = xcalloc((size_t)q->n_bins, sizeof *q->slope);
    for (int b = 0; b < q->n_bins; b++) {
        q->low[b] = (real)c->edges[b];
        q->slope[b] = 1 / ((real)c->edges[b + 1] - (real)c->edges[b]);
    }
}

static int number_features(const struct number_column *c, const struct embedding *e)
{
    if (c->value < 0)
        return 0;
    if (e->numbers == NUMBERS_PERIODIC)
        return 2 * e->frequencies;
    return c->n_edges > 1 ? c->n_edges - 1 : 0;
}

static int want(struct graph *g, int i, const char *part, int rows, int columns,
                enum param_init init, double scale)
{
    char name[48];

    snprintf(name, sizeof name, "numbers.%d.%s", i, part);
    /* embeddings do not decay */
    return params_want(g->params, name, (size_t)rows, (size_t)columns, PARAM_BODY, init,
                       scale, false);
}

static void describe_number(struct graph *g, const struct embedding *e, int i,
                            struct number *q)
{
    const struct number_column *c = &e->number[i];
    int width = e->d - e->identifier;

    *q = (struct number){.value = c->value, .missing = c->missing,
                         .features = number_features(c, e), .weight = -1, .none = -1,
                         .frequency = -1};
    if (q->features > 0) {
        double scale = 1 / sqrt(q->features);

        q->weight = want(g, i, "weight", width, q->features, INIT_UNIFORM, scale);
        if (e->numbers == NUMBERS_PERIODIC)
            q->frequency = want(g, i, "frequency", 0, e->frequencies, INIT_NORMAL,
                                e->sigma);
        else
            make_bins(q, c);
    }
    q->bias = want(g, i, "bias", 0, width, INIT_NORMAL, 1);
    if (c->missing >= 0)
        q->none = want(g, i, "missing", 0, width, INIT_ZERO, 0);
}

struct numbers_node *numbers_describe(struct graph *g, const struct embedding *e)
{
    struct numbers_node *q = xcalloc(1, sizeof *q);

    *q = (struct numbers_node){.n = e->n_numbers, .values = e->values, .cls = -1};
    q->numbers = xcalloc((size_t)q->n + 1, sizeof *q->numbers);
    for (int i = 0; i < q->n; i++) {
        int lines;

        describe_number(g, e, i, &q->numbers[i]);
        lines = (int)(2 * panel_size(q->numbers[i].features) + panel_size(e->d)) / LANES;
        if (g->scratch_lines < lines)
            g->scratch_lines = lines;
    }
    if (e->cls)
        q->cls = params_want(g->params, "readout.cls", 0, (size_t)e->d, PARAM_BODY,
                             INIT_NORMAL, 1, false);
    return q;
}

void numbers_free(struct numbers_node *q)
{
    for (int i = 0; q && i < q->n; i++) {
        free(q->numbers[i].low);
        free(q->numbers[i].slope);
    }
    if (q)
        free(q->numbers);
    free(q);
}

static size_t count(const struct graph *g, int param)
{
    return param < 0 ? 0 : g->params->list[param].count;
}

size_t numbers_parameters(const struct graph *g, const struct numbers_node *q)
{
    size_t total = q ? count(g, q->cls) : 0;

    for (int i = 0; q && i < q->n; i++) {
        const struct number *own = &q->numbers[i];

        total += count(g, own->weight) + count(g, own->bias) + count(g, own->none)
            + count(g, own->frequency);
    }
    return total;
}
