/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trainer's state out of it and into another one. What is not here follows from the
 * table and the options, or is the same between any two steps (gradients, lanes). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "engine/answers.h"
#include "engine/trainer_own.h"

/* Numbers a task copies of each arena. */
#define BLOCK ((size_t)65536)

/* ---- what it learns from ---- */

static uint32_t crc_of_rows(const struct frame *f, const struct split *split)
{
    size_t m = (size_t)f->n_categorical, c = (size_t)f->n_continuous;
    uint32_t crc = path_crc32(0, f->codes, f->rows * m * sizeof *f->codes);

    crc = path_crc32(crc, f->values, f->rows * c * sizeof *f->values);
    if (f->target)
        crc = path_crc32(crc, f->target, f->rows * sizeof *f->target);
    if (f->weight)
        crc = path_crc32(crc, f->weight, f->rows * sizeof *f->weight);
    return path_crc32(crc, split->part, split->rows * sizeof *split->part);
}

/* What the numbers of the rows mean. */
static uint32_t crc_of_encoder(const struct encoder *e)
{
    json_t *j = encoder_to_json(e);
    char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
    uint32_t crc = text ? path_crc32(0, text, strlen(text)) : 0;

    free(text);
    json_decref(j);
    return crc;
}

static int64_t fingerprint(struct trainer *t)
{
    if (!t->has_fingerprint) {
        t->fingerprint = (int64_t)crc_of_rows(t->frame, t->split) << 31
            ^ crc_of_encoder(model_encoder(t->model));
        t->has_fingerprint = true;
    }
    return t->fingerprint;
}

/* ---- out of it ---- */

struct copies {
    struct {
        real *to;
        const real *from;
        size_t n;
    } list[5];
    int n;
};

static void copy_block(void *arg, int task, int worker)
{
    const struct copies *c = arg;
    size_t from = (size_t)task * BLOCK;

    (void)worker;
    for (int i = 0; i < c->n; i++)
        if (from < c->list[i].n) {
            size_t left = c->list[i].n - from;

            memcpy(c->list[i].to + from, c->list[i].from + from,
                   (left < BLOCK ? left : BLOCK) * sizeof(real));
        }
}

static void add_copy(struct copies *c, real *to, const real *from, size_t n)
{
    c->list[c->n].to = to;
    c->list[c->n].from = from;
    c->list[c->n++].n = n;
}

/* The best weights change once an epoch at most. */
static void copy_arenas(const struct trainer *t, struct train_state *s, bool with_best)
{
    const struct params *p = t->params;
    struct copies c = {.n = 0};

    add_copy(&c, s->weights, p->value, s->values);
    add_copy(&c, s->moment1, p->moment1, s->trainable);
    add_copy(&c, s->moment2, p->moment2, s->trainable);
    if (t->average)
        add_copy(&c, s->average, t->average, s->values);
    if (with_best)
        add_copy(&c, s->best, t->best, s->values);
    pool_run(t->pool, (int)((s->values + BLOCK - 1) / BLOCK), copy_block, &c);
}

/* (all classes of all columns) one after another; *n: how many. */
static unsigned char *list_brought(const struct trainer *t, size_t *n)
{
    const struct encoder *e = model_encoder(t->model);
    unsigned char *brought;
    size_t at = 0;

    *n = 0;
    for (int i = 0; i < e->n_categorical; i++)
        *n += (size_t)e->categorical[i].classes + 1;
    brought = try_calloc(*n, 1);
    for (int i = 0; brought && i < e->n_categorical; i++)
        for (int code = 0; code <= e->categorical[i].classes; code++)
            brought[at++] = model_brought(t->model, i, code);
    return brought;
}

static bool allocate(const struct trainer *t, struct train_state *s, struct error *err)
{
    size_t values = params_values(t->params), trainable = params_trainable(t->params);
    size_t bytes = (3 * values + 2 * trainable) * sizeof(real);

    s->values = values;
    s->trainable = trainable;
    if (bytes < mem_available()) {
        s->weights = try_aligned(values, sizeof(real));
        s->best = try_aligned(values, sizeof(real));
        s->moment1 = try_aligned(trainable, sizeof(real));
        s->moment2 = try_aligned(trainable, sizeof(real));
        s->average = t->average ? try_aligned(values, sizeof(real)) : NULL;
        s->brought = model_has_body(t->model) ? list_brought(t, &s->n_brought) : NULL;
    }
    if (s->weights && s->best && s->moment1 && s->moment2 && (s->average || !t->average)
        && (s->brought || !model_has_body(t->model)))
        return true;
    train_state_done(s);
    return error_set(err, ERROR_MEMORY, "no memory for a copy of the training's state "
                     "(%zu MB)", bytes >> 20);
}

static void copy_numbers(struct trainer *t, struct train_state *s)
{
    const struct train_progress *p = &t->progress;

    s->counts = (struct train_counts){
        .updates = s->counts.updates, .step = (int64_t)p->step, .epoch = p->epoch,
        .batch = (int64_t)t->epoch_batches, .has_best = t->has_best,
        .best_epoch = p->best_epoch, .since_best = p->since_best,
        .since_steps = (int64_t)t->since.steps, .curve_steps = (int64_t)t->curve.steps,
        .fingerprint = fingerprint(t), .rows = (int64_t)t->frame->rows,
    };
    s->numbers = (struct train_numbers){
        .epoch_loss = t->epoch_loss, .best = p->best, .best_loss = t->best_loss,
        .loss = p->loss, .lr = p->lr, .seconds = p->seconds,
        .epoch_seconds = clock_seconds() - t->epoch_start,
        .since_loss = t->since.loss, .since_norm = t->since.norm,
    };
}

bool trainer_keep_descent(struct trainer *t, struct train_state *s, struct error *err)
{
    bool fresh = !s->weights;
    bool with_best = fresh || s->counts.best_epoch != t->progress.best_epoch;

    if (fresh && !allocate(t, s, err))
        return false;
    copy_arenas(t, s, with_best);
    s->counts.updates = t->params->step;
    return true;
}

bool trainer_keep(struct trainer *t, struct train_state *s, struct error *err)
{
    if (!t->method->keep(t, s, err))
        return false;
    copy_numbers(t, s);
    snprintf(s->kernels, sizeof s->kernels, "%s", t->kernels->name);
    if (s->history_capacity < t->n_history) {
        s->history_capacity = t->history_capacity;
        s->history = xrealloc(s->history, s->history_capacity * sizeof *s->history);
    }
    if (t->n_history > 0)
        memcpy(s->history, t->history, t->n_history * sizeof *s->history);
    s->n_history = t->n_history;
    curve_follow(&s->curve, &t->curve);
    learned_follow(&s->learned, &t->learned);
    return true;
}

/* ---- into it ---- */

bool trainer_fits_descent(const struct trainer *t, const struct train_state *s)
{
    return s->weights && s->values == params_values(t->params)
        && s->trainable == params_trainable(t->params)
        && (s->average != NULL) == (t->average != NULL)
        && s->counts.epoch <= t->options.epochs;
}

static bool check_shape(const struct trainer *t, const struct train_state *s)
{
    const struct train_counts *c = &s->counts;
    int columns = t->corruption && c->epoch > 0 ? t->frame->n_categorical : 0;

    return t->method->fits(t, s) && (size_t)c->batch <= t->progress.batches
        && (size_t)c->step
            == (size_t)c->epoch * t->progress.batches + (size_t)c->batch
        && s->learned.columns == columns;
}

static bool check_fit(struct trainer *t, const struct train_state *s, struct error *err)
{
    char now[COUNT_TEXT], before[COUNT_TEXT];

    if (s->counts.rows != (int64_t)t->frame->rows)
        return error_set(err, ERROR_INPUT, "the table has %s rows; it had %s",
                         count_text(t->frame->rows, now),
                         count_text((size_t)s->counts.rows, before));
    if (s->counts.fingerprint != fingerprint(t))
        return error_set(err, ERROR_INPUT, "the table has other values than it had");
    return check_shape(t, s) || error_set(err, ERROR_INPUT, "what was kept does not fit "
                                          "the model and its settings");
}

static bool restore_brought(struct trainer *t, const struct train_state *s,
                            struct error *err)
{
    const struct encoder *e = model_encoder(t->model);
    size_t at = 0;

    for (int i = 0; s->brought && i < e->n_categorical; i++) {
        size_t codes = (size_t)e->categorical[i].classes + 1;

        if (codes > s->n_brought - at)
            return error_set(err, ERROR_INPUT, "what was kept does not fit the model");
        if (!model_set_brought(t->model, i, s->brought + at))
            return error_set(err, ERROR_MEMORY, "no memory for %zu classes", codes);
        at += codes;
    }
    return true;
}

static void restore_numbers(struct trainer *t, const struct train_state *s)
{
    const struct train_counts *c = &s->counts;
    const struct train_numbers *n = &s->numbers;
    struct train_progress *p = &t->progress;

    p->step = (size_t)c->step;
    p->epoch = (int)c->epoch;
    p->best_epoch = (int)c->best_epoch;
    p->since_best = (int)c->since_best;
    p->best = n->best;
    p->loss = n->loss;
    p->lr = n->lr;
    p->seconds = n->seconds;
    t->has_best = c->has_best;
    t->best_loss = n->best_loss;
    t->epoch_loss = n->epoch_loss;
    t->epoch_batches = (size_t)c->batch;
    t->since.loss = n->since_loss;
    t->since.norm = n->since_norm;
    t->since.steps = (size_t)c->since_steps;
    t->start = clock_seconds() - n->seconds;
    t->epoch_start = clock_seconds() - n->epoch_seconds;
}

static void restore_history(struct trainer *t, const struct train_state *s)
{
    t->n_history = t->history_capacity = s->n_history;
    t->history = xrealloc(t->history, (s->n_history + 1) * sizeof *t->history);
    if (s->n_history > 0)
        memcpy(t->history, s->history, s->n_history * sizeof *t->history);
    curve_follow(&t->curve, &s->curve);
    curve_reserve(&t->curve, CURVE_EPOCH + 1);
    learned_follow(&t->learned, &s->learned);
}

/* It is for people to look at, so it is made again rather than kept. */
bool trainer_diagnose(struct trainer *t, struct error *err)
{
    int epoch = t->progress.best_epoch;
    struct answers a;
    bool done;

    if (t->corruption || epoch == 0)
        return true;
    done = answers_make(&a, t->model, t->pool, t->frame, t->split, PART_VALID, FILL_CLASS,
                        err);
    if (done)
        diagnosis_make(&t->diagnosis, model_encoder(t->model), epoch,
                       &t->history[epoch - 1].valid, a.predicted, a.truth, a.n);
    answers_done(&a);
    return done;
}

bool trainer_restore_descent(struct trainer *t, const struct train_state *s,
                             struct error *err)
{
    struct params *p = t->params;
    size_t values = s->values * sizeof(real), trainable = s->trainable * sizeof(real);

    if (!restore_brought(t, s, err))
        return false;
    p->step = (long)s->counts.updates;
    memcpy(t->best, s->best, values);
    memcpy(p->value, s->best, values);
    if (!trainer_diagnose(t, err))
        return false;
    memcpy(p->value, s->weights, values);
    if (t->average)
        memcpy(t->average, s->average, values);
    memcpy(p->moment1, s->moment1, trainable);
    memcpy(p->moment2, s->moment2, trainable);
    return true;
}

bool trainer_restore(struct trainer *t, const struct train_state *s, struct error *err)
{
    if (!check_fit(t, s, err))
        return false;
    restore_numbers(t, s);
    restore_history(t, s);
    return t->method->restore(t, s, err);
}
