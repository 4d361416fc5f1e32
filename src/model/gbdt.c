/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/gbdt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/bins.h"

enum { TASK_ROWS = 32 };

/* Of the same column and part of it comes one before it. */
static bool is_twin(const struct encoder *e, int feature)
{
    for (int i = 0; i < feature; i++)
        if (e->continuous[i].source == e->continuous[feature].source
            && strcmp(e->continuous[i].column, e->continuous[feature].column) == 0)
            return true;
    return false;
}

static void add_feature(struct gbdt *g, int continuous, int missing)
{
    int n = g->n_features++ - g->n_categorical;

    g->continuous[n] = continuous;
    g->missing[n] = missing;
}

/* Those that stand alone come last: older files, which lack them, keep their places. */
static void take_continuous(struct gbdt *g, const struct encoder *e)
{
    g->n_features = g->n_categorical;
    for (int i = 0; i < e->n_continuous; i++)
        if (e->continuous[i].source != FEATURE_MISSING && !is_twin(e, i))
            add_feature(g, i, bins_find_missing(e, e->continuous[i].column));
    for (int i = 0; i < e->n_continuous; i++)
        if (e->continuous[i].source == FEATURE_MISSING && bins_stands_alone(e, i))
            add_feature(g, i, -1);
}

struct gbdt *gbdt_new(const struct encoder *e)
{
    size_t all = (size_t)(e->n_categorical + e->n_continuous);
    struct gbdt *g = xcalloc(1, sizeof *g);

    g->n_categorical = e->n_categorical;
    g->outputs = e->task == TASK_MULTICLASS ? e->n_classes : 1;
    g->categories = xcalloc(all, sizeof *g->categories);
    g->other = xcalloc(all, sizeof *g->other);
    g->continuous = xcalloc(all, sizeof *g->continuous);
    g->missing = xcalloc(all, sizeof *g->missing);
    for (int i = 0; i < e->n_categorical; i++) {
        g->categories[i] = e->categorical[i].classes;
        g->other[i] = e->categorical[i].counts[e->categorical[i].classes] > 0;
    }
    take_continuous(g, e);
    g->forest = forest_new();
    return g;
}

void gbdt_free(struct gbdt *g)
{
    if (!g)
        return;
    forest_free(g->forest);
    free(g->categories);
    free(g->other);
    free(g->continuous);
    free(g->missing);
    free(g);
}

static float category(const struct gbdt *g, int feature, int32_t code)
{
    bool unknown = code == 0 || (code == g->categories[feature] && !g->other[feature]);

    return unknown ? NAN : (float)(code - 1);
}

void gbdt_inputs(const struct gbdt *g, const struct encoder *e, const int32_t *codes,
                 const float *values, size_t rows, float *x)
{
    for (size_t r = 0; r < rows; r++) {
        size_t code = r * (size_t)g->n_categorical, number = r * (size_t)e->n_continuous;

        for (int i = 0; i < g->n_categorical; i++)
            *x++ = category(g, i, codes[code + (size_t)i]);
        for (int i = 0; i < g->n_features - g->n_categorical; i++) {
            bool gone = g->missing[i] >= 0 && values[number + (size_t)g->missing[i]] > 0;

            *x++ = gone ? NAN : values[number + (size_t)g->continuous[i]];
        }
    }
}

struct question {
    const struct gbdt *gbdt;
    const float *x;
    size_t rows;
    float *logits;
};

static void ask_rows(void *arg, int task, int worker)
{
    const struct question *q = arg;
    const struct gbdt *g = q->gbdt;
    size_t from = (size_t)task * TASK_ROWS, left = q->rows - from;
    size_t rows = left < TASK_ROWS ? left : TASK_ROWS;
    float *logits = q->logits + from * (size_t)g->outputs;

    (void)worker;
    memset(logits, 0, rows * (size_t)g->outputs * sizeof *logits);
    forest_sum(g->forest, 0, g->forest->n_trees, g->outputs,
               q->x + from * (size_t)g->n_features, rows, g->n_features, logits);
}

void gbdt_logits(const struct gbdt *g, struct pool *pool, const float *x, size_t rows,
                 float *logits)
{
    struct question q = {g, x, rows, logits};

    pool_run(pool, (int)((rows + TASK_ROWS - 1) / TASK_ROWS), ask_rows, &q);
}

size_t gbdt_parameters(const struct gbdt *g)
{
    return g->forest->n_nodes;
}

size_t gbdt_training_bytes(const struct encoder *e, size_t rows)
{
    enum { ENTRY = 8, BINS = 2 + 2 };
    size_t features = (size_t)(e->n_categorical + e->n_continuous);
    size_t outputs = e->task == TASK_MULTICLASS ? (size_t)e->n_classes : 1;

    return rows * (features * (2 * sizeof(float) + ENTRY + BINS)
                   + outputs * 3 * sizeof(float));
}
