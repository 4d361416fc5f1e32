/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How models with a graph are trained: AdamW on batches of the rows, beside which there may
 * be some without labels, or rows that a pretext has changed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/answers.h"
#include "engine/trainer_own.h"
#include "nn/prune.h"

/* ---- beginning ---- */

static bool check_memory(const struct trainer *t, struct error *err)
{
    size_t need = model_training_bytes(model_options(t->model), model_encoder(t->model),
                                       model_pretext(t->model), t->largest_batch,
                                       pool_threads(t->pool));
    size_t have = mem_available();

    if (need < have)
        return true;
    return error_set(err, ERROR_MEMORY,
                     "training would take %zu MB and %zu MB are free; a smaller "
                     "train.batch, model.head_cap or model.dim takes less", need >> 20,
                     have >> 20);
}

static bool allocate(struct trainer *t, struct error *err)
{
    struct graph_plan plan = {t->largest_batch, true, false};
    size_t values;

    t->graph = model_graph(t->model);
    graph_plan(t->graph, &plan);
    values = params_values(t->params);
    t->weight = xcalloc((size_t)t->options.batch, sizeof *t->weight);
    if (t->corruption) {
        size_t columns = (size_t)t->frame->n_categorical;

        t->answers = xcalloc((size_t)t->options.batch * columns + 1, sizeof *t->answers);
        t->clean = xcalloc((size_t)t->options.batch * (size_t)t->frame->n_continuous + 1,
                           sizeof *t->clean);
        t->scores = xcalloc(columns + 1, sizeof *t->scores);
    }
    t->best = try_alloc(values, sizeof *t->best);
    if (t->options.average > 0)
        t->average = try_aligned(values + LANES, sizeof *t->average);
    if (t->unlabeled)
        t->kept = try_alloc(t->params->total[PARAM_HEAD] + 1, sizeof *t->kept);
    if (!t->best || (t->options.average > 0 && !t->average) || (t->unlabeled && !t->kept))
        return error_set(err, ERROR_MEMORY, "no memory for a copy of the weights");
    memcpy(t->best, t->params->value, values * sizeof *t->best);
    return params_allocate_training(t->params, graph_lanes(t->graph), err)
        && graph_allocate(t->graph, t->pool, err);
}

/* Beside the others, where the options want them. */
static bool begin_unlabeled(struct trainer *t, struct error *err)
{
    size_t n;
    int batch;

    if (!trainer_count_unlabeled(t, &n, err))
        return false;
    if (n == 0)
        return true;
    batch = train_batch(&t->options, n);
    if (batch > t->largest_batch)
        t->largest_batch = batch;
    t->unlabeled = unlabeled_batcher(t->frame, t->split, n, batch, t->options.seed, err);
    return t->unlabeled != NULL;
}

static bool make_batcher(struct trainer *t, struct error *err)
{
    uint32_t *rows = trainer_list_rows(t, PART_TRAIN, t->rows);
    bool swaps = model_pretext(t->model) == PRETEXT_DAE;

    if (rows && swaps
        && !corruption_swap_with(t->corruption, model_encoder(t->model), t->frame, rows,
                                 t->rows, err)) {
        free(rows);
        return false;
    }
    if (rows)
        t->batcher = batcher_new(t->frame, rows, t->rows, t->options.batch, true, true,
                                 t->options.seed);
    free(rows);
    return t->batcher ||
           error_set(err, ERROR_MEMORY, "no memory for the order of %zu rows", t->rows);
}

static bool begin_descent(struct trainer *t, struct error *err)
{
    t->params = model_params(t->model);
    t->options.batch = t->largest_batch = train_batch(&t->options, t->rows);
    if (!begin_unlabeled(t, err) || !check_memory(t, err) || !make_batcher(t, err)
        || !allocate(t, err))
        return false;
    t->progress.batches = batcher_batches(t->batcher) * (size_t)t->options.passes;
    return true;
}

static void end_descent(struct trainer *t)
{
    graph_free(t->graph);
    if (t->params)
        params_free_training(t->params);
    batcher_free(t->batcher);
    batcher_free(t->unlabeled);
    free(t->answers);
    free(t->clean);
    free(t->weight);
    free(t->kept);
    free(t->best);
    free(t->average);
}

/* ---- a step ---- */

static const float *row_weights(struct trainer *t, const struct batch *b)
{
    if (!t->class_weight)
        return b->weight;
    for (int r = 0; r < b->rows; r++)
        t->weight[r] = b->weight[r] * t->class_weight[(int)b->target[r]];
    return t->weight;
}

/* Only a body that was brought has anything to lose. */
static double body_share(const struct trainer *t)
{
    if (t->corruption || !model_has_body(t->model))
        return 1;
    return t->progress.epoch < t->options.freeze ? 0 : t->options.body_lr;
}

/* Steps so far in which the body stood still. */
static long body_rest(const struct trainer *t)
{
    size_t frozen = (size_t)t->options.freeze * t->progress.batches;

    if (t->corruption || !model_has_body(t->model))
        return 0;
    return (long)(frozen < t->progress.step ? frozen : t->progress.step);
}

static double one_pass(struct trainer *t, const struct graph_input *in, uint64_t key)
{
    double loss = graph_train_forward(t->graph, in, key);

    if (isfinite(loss) && body_share(t) > 0)
        graph_backward(t->graph);
    else if (isfinite(loss))
        graph_backward_head(t->graph);
    return loss;
}

/* Over all rows, from 0. */
static uint64_t pass_number(const struct trainer *t)
{
    return t->progress.step / batcher_batches(t->batcher);
}

static void hide_cells(const struct trainer *t, const struct batch *b)
{
    if (t->options.missing_dropout > 0)
        corruption_hide(t->options.missing_dropout, t->options.seed, pass_number(t),
                        b->index, b->rows, b->n_categorical, b->codes);
}

static uint64_t step_key(const struct trainer *t)
{
    return t->options.seed * 0x9e3779b97f4a7c15u + t->progress.step;
}

static double one_batch(struct trainer *t, const struct batch *b)
{
    struct graph_input in = {.rows = b->rows, .codes = b->codes, .values = b->values,
                             .target = b->target, .weight = row_weights(t, b),
                             .answers = t->answers, .clean = t->clean};
    uint64_t number = pass_number(t);

    if (!t->corruption)
        hide_cells(t, b);
    else if (model_pretext(t->model) == PRETEXT_DAE)
        corruption_swap(t->corruption, number, b->index, b->rows, b->codes, b->values,
                        t->answers, t->clean);
    else
        corruption_apply(t->corruption, number, b->index, b->rows, b->codes, t->answers);
    return one_pass(t, &in, step_key(t));
}

/* The one that comes after so many steps. */
static const struct batch *batch_after(struct batcher *b, size_t steps)
{
    size_t batches = batcher_batches(b);

    return batcher_get(b, steps / batches, steps % batches);
}

/* A batch of them, whose gradient is added to that of the labelled one. */
static double one_unlabeled_batch(struct trainer *t)
{
    double weight = unlabeled_weight(&t->options.unlabeled, t->progress.epoch), loss;
    const struct batch *b;
    struct graph_input in;

    if (weight == 0)
        return 0;
    b = batch_after(t->unlabeled, t->progress.step);
    hide_cells(t, b);
    in = (struct graph_input){.rows = b->rows, .codes = b->codes, .values = b->values,
                              .unlabeled = t->options.unlabeled.kind, .scale = weight};
    params_keep_head(t->params, t->kept);
    loss = one_pass(t, &in, ~step_key(t));
    params_add_head(t->params, t->kept);
    return loss;
}

/* A short average at first, which would else remember the beginning for too long. */
static void follow_average(struct trainer *t)
{
    double step = (double)t->progress.step;

    if (t->average)
        params_average(t->params, t->kernels, t->pool,
                       fmax(1 - t->options.average, 9 / (9 + step)), t->average);
}

static bool is_sparse(const struct trainer *t)
{
    return model_options(t->model)->kind == MODEL_SPARSE_MLP;
}

static bool step_descent(struct trainer *t, struct pass *pass, struct error *err)
{
    const struct batch *b = batch_after(t->batcher, t->progress.step);
    struct update u = update_defaults();

    (void)err;
    *pass = (struct pass){.loss = one_batch(t, b), .norm = NAN, .rows = b->rows};
    if (t->unlabeled && isfinite(pass->loss))
        pass->loss += one_unlabeled_batch(t);
    if (!isfinite(pass->loss))
        return true;
    u.lr = t->progress.lr;
    u.weight_decay = t->options.weight_decay;
    u.clip = t->options.clip;
    u.body = body_share(t);
    u.rest = body_rest(t);
    if (is_sparse(t))
        prune_hold(t->params, t->kernels);
    params_step(t->params, t->kernels, t->pool, &u, &pass->norm);
    follow_average(t);
    return true;
}

/* ---- the end of an epoch ---- */

static bool answer_by_model(struct trainer *t, struct answers *a, struct error *err)
{
    return answers_make(a, t->model, t->pool, t->frame, t->split, PART_VALID, FILL_CLASS,
                        err);
}

static void keep_best(struct trainer *t)
{
    memcpy(t->best, t->params->value, params_values(t->params) * sizeof *t->best);
}

bool trainer_prune(struct trainer *t, struct error *err)
{
    if (!is_sparse(t) || t->progress.epoch % t->options.prune_every != 0)
        return true;
    return prune_weights(t->params, t->options.prune, t->average, err);
}

static bool do_not_begin_again(struct trainer *t, bool *more, struct error *err)
{
    (void)t;
    (void)err;
    *more = false;
    return true;
}

/* ---- the end ---- */

/* MLM masks cells as the missing class, and missing-dropout makes some of it. */
static bool makes_missing(const struct trainer *t)
{
    return t->corruption ? model_pretext(t->model) == PRETEXT_MLM
                         : t->options.missing_dropout > 0;
}

/* (codes) of a column: 1 where a row that was learned from has it, or the body brought a
 * vector for it. NULL: no memory. */
static unsigned char *list_trained(const struct trainer *t, int column)
{
    const struct frame *f = t->frame;
    int classes = model_encoder(t->model)->categorical[column].classes;
    unsigned char *trained = try_calloc((size_t)classes + 1, 1);
    uint32_t *rows = trainer_list_rows(t, PART_TRAIN, t->rows);

    for (size_t i = 0; trained && rows && i < t->rows; i++)
        trained[f->codes[rows[i] * (size_t)f->n_categorical + (size_t)column]] = 1;
    for (int c = 0; trained && c <= classes; c++)
        trained[c] |= model_brought(t->model, column, c);
    if (trained && makes_missing(t))
        trained[0] = 1;
    if (!rows) {
        free(trained);
        trained = NULL;
    }
    free(rows);
    return trained;
}

/* table (classes, width): the mean of the trained lines for the others */
static void settle_column(real *table, size_t classes, size_t width,
                          const unsigned char *trained)
{
    for (size_t k = 0; k < width; k++) {
        double sum = 0, rows = 0;

        for (size_t c = 0; c < classes; c++) {
            sum += trained[c] ? (double)table[c * width + k] : 0;
            rows += trained[c];
        }
        for (size_t c = 0; c < classes; c++)
            if (!trained[c] && rows > 0)
                table[c * width + k] = (real)(sum / rows);
    }
}

/* A category that no training row has keeps its first, random vector; the mean of those
 * that were trained says the same to the layers above and nothing false. Where memory is
 * out it stays as it is. */
static void settle_untrained(struct trainer *t)
{
    for (int i = 0; i < model_encoder(t->model)->n_categorical; i++) {
        unsigned char *trained = list_trained(t, i);
        int p = model_column_table(t->model, i);

        if (trained)
            settle_column(param_value(t->params, p), t->params->list[p].shape[0],
                          t->params->list[p].shape[1], trained);
        free(trained);
    }
}

static void finish_descent(struct trainer *t, bool best)
{
    if (best)
        memcpy(t->params->value, t->best, params_values(t->params) * sizeof *t->best);
    settle_untrained(t);
}

const struct method descent_method = {
    .begin = begin_descent,
    .end = end_descent,
    .step = step_descent,
    .answer = answer_by_model,
    .keep_best = keep_best,
    .finish = finish_descent,
    .begin_again = do_not_begin_again,
    .keep = trainer_keep_descent,
    .fits = trainer_fits_descent,
    .restore = trainer_restore_descent,
};
