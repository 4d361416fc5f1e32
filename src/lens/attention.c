/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lens/trial.h"

bool attention_init(struct attention *a, const struct look *l, struct error *err)
{
    size_t m = (size_t)look_tokens(l), cells = m * m;
    size_t heads = (size_t)look_heads(l), most = (size_t)look_most(l);

    *a = (struct attention){look_layers(l), look_heads(l), look_tokens(l), 0,
                            NULL, NULL, NULL, NULL};
    a->sum = try_calloc((size_t)a->layers * heads * cells, sizeof *a->sum);
    a->rollout = try_calloc(cells, sizeof *a->rollout);
    a->map = try_calloc(most * heads * cells, sizeof *a->map);
    a->flow = try_calloc((most + 1) * cells, sizeof *a->flow);
    return (a->sum && a->rollout && a->map && a->flow)
        || error_set(err, ERROR_MEMORY, "no memory for attention maps of %d columns",
                     a->columns);
}

void attention_end(struct attention *a)
{
    free(a->map);
    free(a->flow);
    a->map = NULL;
    a->flow = NULL;
}

void attention_done(struct attention *a)
{
    attention_end(a);
    free(a->sum);
    free(a->rollout);
}

/* flow = (A + I) / 2 flow, with A the mean of the heads; `step` has room for one map. */
static void roll_on(const struct attention *a, const real *heads, double *flow,
                    double *step)
{
    size_t m = (size_t)a->columns, cells = m * m;

    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++) {
            double sum = flow[i * m + j];

            for (size_t k = 0; k < m; k++) {
                double mean = 0;

                for (int h = 0; h < a->heads; h++)
                    mean += (double)heads[(size_t)h * cells + i * m + k];
                sum += mean / a->heads * flow[k * m + j];
            }
            step[i * m + j] = sum / 2;
        }
    memcpy(flow, step, cells * sizeof *flow);
}

static void begin_flow(struct attention *a, size_t n)
{
    size_t m = (size_t)a->columns;

    memset(a->flow, 0, n * m * m * sizeof *a->flow);
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < m; i++)
            a->flow[(r * m + i) * m + i] = 1;
}

void attention_add(struct attention *a, const struct look *l, int n)
{
    size_t cells = (size_t)a->columns * (size_t)a->columns;
    size_t layer_cells = (size_t)a->heads * cells;

    begin_flow(a, (size_t)n);
    for (int layer = 0; layer < a->layers; layer++) {
        double *sum = a->sum + (size_t)layer * layer_cells;

        look_attention(l, layer, a->map);
        for (size_t r = 0; r < (size_t)n; r++) {
            const real *map = a->map + r * layer_cells;

            for (size_t i = 0; i < layer_cells; i++)
                sum[i] += (double)map[i];
            roll_on(a, map, a->flow + r * cells, a->flow + (size_t)look_most(l) * cells);
        }
    }
    for (size_t r = 0; r < (size_t)n; r++)
        for (size_t i = 0; i < cells; i++)
            a->rollout[i] += a->flow[r * cells + i];
    a->rows += (size_t)n;
}

void attention_read(const struct attention *a, int layer, int head, double *out)
{
    size_t cells = (size_t)a->columns * (size_t)a->columns;
    const double *sum = a->sum + (size_t)layer * (size_t)a->heads * cells;

    for (size_t i = 0; i < cells; i++) {
        double x = head >= 0 ? sum[(size_t)head * cells + i] : 0;

        for (int h = 0; h < a->heads && head == HEADS_MEAN; h++)
            x += sum[(size_t)h * cells + i] / a->heads;
        for (int h = 0; h < a->heads && head == HEADS_MAX; h++)
            x = fmax(x, sum[(size_t)h * cells + i]);
        if (head == HEADS_ROLLOUT)
            x = a->rollout[i];
        out[i] = x / (double)a->rows;
    }
}

/* ---- the masking test ---- */

/* Rows of a frame of their own, and what the model says of them. */
struct trial_rows {
    struct frame frame;
    int32_t *codes;        /* (rows, columns), and once more as they were */
    float *values;         /* (rows, continuous), likewise */
    float *before, *after; /* (rows, outputs) */
};

static bool take_rows(struct trial_rows *t, const struct frame *f, const uint32_t *index,
                      size_t n, size_t outputs, struct error *err)
{
    size_t m = (size_t)f->n_categorical, c = (size_t)f->n_continuous;

    *t = (struct trial_rows){
        .frame = {.rows = n, .n_categorical = f->n_categorical,
                  .n_continuous = f->n_continuous},
        .codes = try_alloc(n * m + 1, 2 * sizeof *t->codes),
        .values = try_alloc(n * c + 1, 2 * sizeof *t->values),
        .before = try_alloc(n * outputs + 1, 2 * sizeof *t->before),
    };
    if (!t->codes || !t->values || !t->before)
        return error_set(err, ERROR_MEMORY, "no memory to mask columns of %zu rows", n);
    t->after = t->before + n * outputs;
    t->frame.codes = t->codes;
    t->frame.values = t->values;
    frame_pick(f, index, 0, n, t->codes, t->values);
    memcpy(t->codes + n * m, t->codes, n * m * sizeof *t->codes);
    memcpy(t->values + n * c, t->values, n * c * sizeof *t->values);
    return true;
}

static void put_back(struct trial_rows *t)
{
    size_t m = t->frame.rows * (size_t)t->frame.n_categorical;
    size_t c = t->frame.rows * (size_t)t->frame.n_continuous;

    memcpy(t->codes, t->codes + m, m * sizeof *t->codes);
    memcpy(t->values, t->values + c, c * sizeof *t->values);
}

static void trial_rows_done(struct trial_rows *t)
{
    free(t->codes);
    free(t->values);
    free(t->before);
}

bool masking_add(struct model *m, struct pool *pool, const struct frame *f,
                 const uint32_t *index, size_t n, double *effect, struct error *err)
{
    size_t outputs = (size_t)model_outputs(m);
    bool classes = model_encoder(m)->task != TASK_REGRESSION;
    struct trial_rows t;
    bool ok = take_rows(&t, f, index, n, outputs, err)
        && model_predict(m, pool, &t.frame, NULL, n, FILL_CLASS, t.before, err);

    for (int j = 0; ok && j < model_tokens(m); j++) {
        for (size_t r = 0; r < n; r++)
            model_hide_token(m, j, t.codes + r * (size_t)f->n_categorical,
                             t.values + r * (size_t)f->n_continuous);
        ok = model_predict(m, pool, &t.frame, NULL, n, FILL_CLASS, t.after, err);
        for (size_t r = 0; ok && r < n; r++)
            effect[j] += trial_moved(t.before + r * outputs, t.after + r * outputs,
                                     outputs, classes);
        put_back(&t);
    }
    trial_rows_done(&t);
    return ok;
}
