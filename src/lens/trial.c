/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/trial.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "engine/answers.h"
#include "num/real.h"

/* Of a slice: so many cells go through the layers in some milliseconds. */
enum { CELLS = 3000, ROWS_MOST = 1024 };

void trial_init(struct trial *t, const struct rows_request *rows)
{
    *t = (struct trial){.n = 0};
    rows_init(&t->rows, rows, true);
}

void trial_done(struct trial *t)
{
    rows_done(&t->rows);
    free(t->index);
    free(t->truth);
    free(t->predicted);
    free(t->slice.codes);
    free(t->slice.values);
}

/* ---- rows ---- */

static void drop_unknown(struct trial *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        if (!isnan(t->rows.frame->target[t->index[i]]))
            t->index[n++] = t->index[i];
    t->n = n;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void sample(struct trial *t, size_t most, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_SAMPLE, 1);

    if (most == 0 || t->n <= most)
        return;
    rng_shuffle(&r, t->index, t->n);
    qsort(t->index, most, sizeof *t->index, by_number);
    t->n = most;
}

/* Rows of a slice: whole panels. */
static size_t slice_rows(const struct frame *f)
{
    size_t rows = CELLS / ((size_t)f->n_categorical + 1) / LANES * LANES;

    return rows < LANES ? LANES : rows > ROWS_MOST ? ROWS_MOST : rows;
}

static bool reserve(struct trial *t, struct error *err)
{
    const struct frame *f = t->rows.frame;
    size_t rows = slice_rows(f), outputs = (size_t)model_outputs(t->rows.asked.model);

    t->slice = (struct frame){.n_categorical = f->n_categorical,
                              .n_continuous = f->n_continuous};
    t->slice.codes = try_alloc(rows * (size_t)f->n_categorical + 1,
                               sizeof *t->slice.codes);
    t->slice.values = try_alloc(rows * (size_t)f->n_continuous + 1,
                                sizeof *t->slice.values);
    t->truth = try_alloc(t->n, sizeof *t->truth);
    t->predicted = try_alloc(t->n, outputs * sizeof *t->predicted);
    return (t->slice.codes && t->slice.values && t->truth && t->predicted)
        || error_set(err, ERROR_MEMORY, "no memory for the predictions of %zu rows",
                     t->n);
}

static bool pick(struct trial *t, size_t most, uint64_t seed, struct error *err)
{
    t->index = rows_pick(&t->rows, -1, &t->n, err);
    if (!t->index)
        return false;
    drop_unknown(t);
    if (t->n == 0)
        return error_set(err, ERROR_STATE, "the %s part has no row with a target",
                         t->rows.split ? part_name(t->rows.asked.part) : "whole");
    sample(t, most, seed);
    if (!reserve(t, err))
        return false;
    answers_truth(model_encoder(t->rows.asked.model), t->rows.frame, t->index, t->n,
                  t->truth);
    return true;
}

enum step trial_prepare(struct trial *t, size_t most, uint64_t seed, struct error *err)
{
    enum step step = rows_step(&t->rows, err);

    if (step != STEP_DONE || t->truth)
        return step;
    return pick(t, most, seed, err) ? STEP_DONE : STEP_FAILED;
}

/* ---- passes ---- */

enum step trial_predict(struct trial *t, enum fill fill, trial_change *change, void *arg,
                        struct error *err)
{
    struct model *m = t->rows.asked.model;
    size_t rows = slice_rows(t->rows.frame);

    if (t->at == t->n)
        t->at = 0;
    t->slice.rows = t->n - t->at < rows ? t->n - t->at : rows;
    frame_pick(t->rows.frame, t->index, t->at, t->slice.rows, t->slice.codes,
               t->slice.values);
    if (change)
        change(arg, &t->slice, t->at);
    if (!model_predict(m, t->rows.asked.pool, &t->slice, NULL, t->slice.rows, fill,
                       t->predicted + t->at * (size_t)model_outputs(m), err))
        return STEP_FAILED;
    t->at += t->slice.rows;
    return t->at == t->n ? STEP_DONE : STEP_MORE;
}

struct metrics trial_measure(const struct trial *t)
{
    const struct answers all = {t->n, t->predicted, t->truth};

    return answers_measure(&all, model_encoder(t->rows.asked.model));
}

double trial_moved(const float *p, const float *q, size_t outputs, bool classes)
{
    double sum = 0;

    for (size_t i = 0; i < outputs; i++)
        sum += fabs((double)p[i] - (double)q[i]);
    return classes ? sum / 2 : sum;
}
