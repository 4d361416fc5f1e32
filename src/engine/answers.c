/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/answers.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

static bool has_answer(const struct frame *f, const struct split *split, enum part part,
                       size_t row)
{
    return split->part[row] == part && !isnan(f->target[row]);
}

size_t answers_count(const struct frame *f, const struct split *split, enum part part)
{
    size_t n = 0;

    for (size_t i = 0; i < f->rows; i++)
        n += has_answer(f, split, part, i);
    return n;
}

uint32_t *answers_rows(const struct frame *f, const struct split *split, enum part part,
                       size_t count)
{
    uint32_t *rows = try_alloc(count, sizeof *rows);
    size_t n = 0;

    for (size_t i = 0; rows && n < count; i++)
        if (has_answer(f, split, part, i))
            rows[n++] = (uint32_t)i;
    return rows;
}

void answers_truth(const struct encoder *e, const struct frame *f, const uint32_t *rows,
                   size_t n, float *truth)
{
    for (size_t i = 0; i < n; i++) {
        truth[i] = f->target[rows[i]];
        if (e->task == TASK_REGRESSION)
            truth[i] = (float)((double)truth[i] * e->target_deviation + e->target_mean);
    }
}

bool answers_make(struct answers *a, struct model *m, struct pool *pool,
                  const struct frame *f, const struct split *split, enum part part,
                  enum fill fill, struct error *err)
{
    uint32_t *rows;
    bool done;

    a->n = answers_count(f, split, part);
    a->predicted = try_alloc(a->n, (size_t)model_outputs(m) * sizeof *a->predicted);
    a->truth = try_alloc(a->n, sizeof *a->truth);
    rows = answers_rows(f, split, part, a->n);
    if (!a->predicted || !a->truth || !rows)
        done = error_set(err, ERROR_MEMORY, "no memory for the predictions of %zu rows",
                         a->n);
    else if (a->n == 0)
        done = error_set(err, ERROR_STATE, "the %s part has no row with a target",
                         part_name(part));
    else
        done = model_predict(m, pool, f, rows, a->n, fill, a->predicted, err);
    if (done)
        answers_truth(model_encoder(m), f, rows, a->n, a->truth);
    free(rows);
    return done;
}

void answers_done(struct answers *a)
{
    free(a->predicted);
    free(a->truth);
}

int answers_class(const struct encoder *e, const float *probabilities)
{
    int best = e->n_classes == 2 ? 1 : 0;

    for (int c = 0; c < e->n_classes; c++)
        best = probabilities[c] > probabilities[best] ? c : best;
    return best;
}

struct metrics answers_measure(const struct answers *a, const struct encoder *e)
{
    struct metrics m;

    if (e->task != TASK_REGRESSION)
        return metrics_classification(a->predicted, a->truth, a->n, e->n_classes);
    m = metrics_regression(a->predicted, a->truth, a->n);
    m.loss /= e->target_deviation * e->target_deviation;
    return m;
}

bool answers_evaluate(struct answers *a, struct model *m, struct pool *pool,
                      const struct frame *f, const struct split *split, enum part part,
                      enum fill fill, struct metrics *out, struct error *err)
{
    if (!answers_make(a, m, pool, f, split, part, fill, err))
        return false;
    *out = answers_measure(a, model_encoder(m));
    return true;
}

bool model_evaluate(struct model *m, struct pool *pool, const struct frame *f,
                    const struct split *split, enum part part, enum fill fill,
                    struct metrics *out, struct error *err)
{
    struct answers a;
    bool done = answers_evaluate(&a, m, pool, f, split, part, fill, out, err);

    answers_done(&a);
    return done;
}
