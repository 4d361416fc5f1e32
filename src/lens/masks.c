/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/masks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/graph.h"

struct masks {
    struct graph *graph;
    int steps, features, width, category_dim, categories;
    int32_t *codes;
    float *values;
    real *decision; /* (MASKS_ROWS, twice the width) */
    real *read;     /* (MASKS_ROWS, features) */
    float *step;    /* (steps, MASKS_ROWS, features) */
    float *total;   /* (MASKS_ROWS, features) */
};

struct masks *masks_new(struct model *m, struct pool *pool, struct error *err)
{
    const struct model_options *o = model_options(m);
    const struct encoder *e = model_encoder(m);
    struct masks *k = xcalloc(1, sizeof *k);
    size_t values;

    k->steps = o->steps;
    k->width = o->width;
    k->category_dim = o->category_dim;
    k->categories = e->n_categorical;
    k->features = e->n_categorical * o->category_dim + e->n_continuous;
    values = MASKS_ROWS * (size_t)k->features;
    k->graph = model_graph(m);
    graph_plan(k->graph, &(struct graph_plan){.rows = MASKS_ROWS, .keep = true});
    k->codes = try_alloc(MASKS_ROWS * (size_t)e->n_categorical + 1, sizeof *k->codes);
    k->values = try_alloc(MASKS_ROWS * (size_t)e->n_continuous + 1, sizeof *k->values);
    k->decision = try_alloc(MASKS_ROWS * 2 * (size_t)k->width, sizeof *k->decision);
    k->read = try_alloc(values, sizeof *k->read);
    k->step = try_alloc((size_t)k->steps * values, sizeof *k->step);
    k->total = try_alloc(values, sizeof *k->total);
    if (!k->codes || !k->values || !k->decision || !k->read || !k->step || !k->total)
        error_set(err, ERROR_MEMORY, "no memory for the masks of %d rows", MASKS_ROWS);
    else if (graph_allocate(k->graph, pool, err))
        return k;
    masks_free(k);
    return NULL;
}

void masks_free(struct masks *k)
{
    if (!k)
        return;
    graph_free(k->graph);
    free(k->codes);
    free(k->values);
    free(k->decision);
    free(k->read);
    free(k->step);
    free(k->total);
    free(k);
}

int masks_steps(const struct masks *k)
{
    return k->steps;
}

int masks_features(const struct masks *k)
{
    return k->features;
}

static float *step_at(const struct masks *k, int step)
{
    return k->step + (size_t)(step - 1) * MASKS_ROWS * (size_t)k->features;
}

static double eta(const struct masks *k, size_t row)
{
    const real *d = k->decision + row * 2 * (size_t)k->width;
    double sum = 0;

    for (int i = 0; i < k->width; i++)
        sum += d[i] > 0 ? (double)d[i] : 0;
    return sum;
}

static void add_step(struct masks *k, int step, size_t rows)
{
    size_t features = (size_t)k->features;
    float *own = step_at(k, step);
    char name[32];

    snprintf(name, sizeof name, "mask.%d", step);
    graph_read(k->graph, name, k->read);
    snprintf(name, sizeof name, "decision.%d", step);
    graph_read(k->graph, name, k->decision);
    for (size_t r = 0; r < rows; r++) {
        double weight = eta(k, r);

        for (size_t i = r * features; i < (r + 1) * features; i++) {
            own[i] = (float)k->read[i];
            k->total[i] += (float)(weight * (double)k->read[i]);
        }
    }
}

/* (features) of a row: to shares of 1 */
static void divide_by_sum(float *mask, size_t features)
{
    double sum = 0;

    for (size_t i = 0; i < features; i++)
        sum += (double)mask[i];
    for (size_t i = 0; i < features && sum > 0; i++)
        mask[i] = (float)((double)mask[i] / sum);
}

void masks_look(struct masks *k, const struct frame *f, const uint32_t *index, size_t n)
{
    struct graph_input in = {.rows = (int)n, .codes = k->codes, .values = k->values};
    size_t features = (size_t)k->features;

    frame_pick(f, index, 0, n, k->codes, k->values);
    graph_infer(k->graph, &in);
    memset(k->total, 0, n * features * sizeof *k->total);
    for (int step = 1; step <= k->steps; step++)
        add_step(k, step, n);
    for (size_t r = 0; r < n; r++)
        divide_by_sum(k->total + r * features, features);
}

const float *masks_step(const struct masks *k, int step)
{
    return step_at(k, step);
}

const float *masks_aggregated(const struct masks *k)
{
    return k->total;
}

double masks_share(const struct masks *k, const float *mask, const struct input *column)
{
    double sum = 0;

    for (int i = 0; i < column->n_categorical; i++)
        for (int d = 0; d < k->category_dim; d++)
            sum += (double)mask[column->categorical[i] * k->category_dim + d];
    for (int i = 0; i < column->n_continuous; i++)
        sum += (double)mask[k->categories * k->category_dim + column->continuous[i]];
    return sum;
}
