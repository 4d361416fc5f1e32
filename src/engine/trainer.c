/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/trainer_own.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/answers.h"
#include "nn/prune.h"

enum { PAUSE_SECONDS = 1 };

struct train_options train_defaults(void)
{
    return (struct train_options){
        .epochs = 100, .passes = 1, .batch = 0, .lr = 0, .weight_decay = 1e-2,
        .schedule = SCHEDULE_CONSTANT, .warmup = 0, .patience = 15, .watch = WATCH_AUTO,
        .clip = 1, .class_weight = CLASS_WEIGHT_NONE, .average = 0.99,
        .autosave = 60, .freeze = 0, .body_lr = 1, .prune = 0.2, .prune_every = 10,
        .seed = 1,
        .pretrain = pretrain_defaults(), .unlabeled = unlabeled_defaults(),
    };
}

bool train_check(const struct train_options *o, struct error *err)
{
    return error_unless_within(err, "train.epochs", o->epochs, 1, 1e6)
        && error_unless_within(err, "train.passes", o->passes, 1, 10000)
        && error_unless_within(err, "train.batch", o->batch, 0, 65536)
        && error_unless_within(err, "train.lr", o->lr, 0, 1)
        && error_unless_within(err, "train.weight_decay", o->weight_decay, 0, 1)
        && error_unless_within(err, "train.warmup", o->warmup, 0, 1e6)
        && error_unless_within(err, "train.patience", o->patience, 0, 1e6)
        && error_unless_within(err, "train.clip", o->clip, 0, 1e9)
        && error_unless_within(err, "train.average", o->average, 0, 0.99999)
        && error_unless_within(err, "train.autosave", o->autosave, 0, 86400)
        && error_unless_within(err, "train.missing_dropout", o->missing_dropout, 0, 0.9)
        && error_unless_within(err, "train.freeze", o->freeze, 0, 1e6)
        && error_unless_within(err, "train.body_lr", o->body_lr, 0, 1)
        && error_unless_within(err, "train.prune", o->prune, 0, 0.9)
        && error_unless_within(err, "train.prune_every", o->prune_every, 1, 1e6)
        && pretrain_check(&o->pretrain, err) && unlabeled_check(&o->unlabeled, err);
}

void train_settle(struct train_options *o, enum model_kind kind)
{
    if (o->lr == 0)
        o->lr = kind == MODEL_GBDT ? 0.05 : kind == MODEL_TABNET ? 0.02 : 1e-3;
}

int train_batch(const struct train_options *o, size_t rows)
{
    size_t auto_batch = rows / 100 / 32 * 32;

    if (o->batch > 0)
        return o->batch;
    if (rows < MODEL_FEW)
        return 16;
    return auto_batch < 32 ? 32 : auto_batch < 256 ? (int)auto_batch : 256;
}

/* ---- beginning ---- */

/* scikit-learn's "balanced": rows / (classes * rows of the class) */
static float *balanced_weights(const struct encoder *e)
{
    float *w = xcalloc((size_t)e->n_classes + 1, sizeof *w);
    double total = 0;

    for (int c = 0; c < e->n_classes; c++)
        total += (double)e->class_counts[c];
    for (int c = 0; c < e->n_classes; c++)
        w[c] = e->class_counts[c]
            ? (float)(total / ((double)e->n_classes * (double)e->class_counts[c])) : 0;
    return w;
}

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

/* Rows of a part; of PART_TRAIN all that are in none of the two others. */
static bool is_of_part(const struct trainer *t, size_t row, enum part part)
{
    enum part own = (enum part)t->split->part[row];

    return part == PART_TRAIN ? own != PART_VALID && own != PART_TEST : own == part;
}

static size_t count_rows(const struct trainer *t, enum part part)
{
    size_t n = 0;

    if (!t->corruption)
        return answers_count(t->frame, t->split, part);
    for (size_t i = 0; i < t->frame->rows; i++)
        n += is_of_part(t, i, part);
    return n;
}

uint32_t *trainer_list_rows(const struct trainer *t, enum part part, size_t count)
{
    uint32_t *rows;
    size_t n = 0;

    if (!t->corruption)
        return answers_rows(t->frame, t->split, part, count);
    rows = try_alloc(count, sizeof *rows);
    for (size_t i = 0; rows && n < count; i++)
        if (is_of_part(t, i, part))
            rows[n++] = (uint32_t)i;
    return rows;
}

static bool count_parts(struct trainer *t, struct error *err)
{
    size_t valid = count_rows(t, PART_VALID);

    t->rows = count_rows(t, PART_TRAIN);
    if (t->rows < 2 || valid == 0)
        return error_set(err, ERROR_STATE,
                         "%zu training and %zu validation rows %s; training needs at "
                         "least 2 and 1", t->rows, valid,
                         t->corruption ? "are there" : "have a target");
    return true;
}

bool trainer_count_unlabeled(const struct trainer *t, size_t *n, struct error *err)
{
    enum model_kind kind = model_options(t->model)->kind;

    *n = 0;
    if (t->options.unlabeled.kind == UNLABELED_NOT || t->corruption)
        return true;
    if (model_encoder(t->model)->task == TASK_REGRESSION)
        return error_set(err, ERROR_USAGE, "rows without labels help to learn classes, not "
                         "numbers: say `set train.unlabeled none`");
    if (kind == MODEL_VIB)
        return error_set(err, ERROR_USAGE, "the loss of a VIB has no place for rows without "
                         "labels: say `set train.unlabeled none`");
    if (kind == MODEL_GBDT && t->options.unlabeled.kind == UNLABELED_ENTROPY)
        return error_set(err, ERROR_USAGE, "trees learn from classes, not from the entropy "
                         "of what is predicted: say `set train.unlabeled pseudo` or none");
    *n = unlabeled_count(t->frame, t->split);
    return *n > 0 || error_set(err, ERROR_STATE, "every training row has its label: `split "
                               "--labeled N` leaves some out, `set train.unlabeled none` "
                               "goes without them");
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

static bool begin_pretext(struct trainer *t, struct error *err)
{
    enum pretext pretext = model_pretext(t->model);

    if (pretext != PRETEXT_NONE)
        t->corruption = corruption_new(model_encoder(t->model), pretext,
                                       &t->options.pretrain, t->options.seed, err);
    return pretext == PRETEXT_NONE || t->corruption;
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

struct trainer *trainer_new(struct model *m, const struct frame *f,
                            const struct split *split, const struct train_options *o,
                            struct pool *pool, struct error *err)
{
    struct trainer *t;

    if (!train_check(o, err))
        return NULL;
    t = xcalloc(1, sizeof *t);
    t->model = m;
    t->frame = f;
    t->split = split;
    t->options = *o;
    train_settle(&t->options, model_options(m)->kind);
    t->method = model_gbdt(m) ? &boosting_method : &descent_method;
    t->progress.last_epoch = o->epochs;
    t->pool = pool;
    t->kernels = kernels_best();
    if (o->class_weight == CLASS_WEIGHT_BALANCED
        && model_encoder(m)->task != TASK_REGRESSION)
        t->class_weight = balanced_weights(model_encoder(m));
    if (!begin_pretext(t, err) || !count_parts(t, err) || !t->method->begin(t, err)) {
        trainer_free(t);
        return NULL;
    }
    t->progress.steps = t->progress.batches * (size_t)o->epochs;
    t->curve.steps = (t->progress.batches + CURVE_EPOCH - 1) / CURVE_EPOCH;
    curve_reserve(&t->curve, CURVE_EPOCH + 1);
    t->start = t->epoch_start = clock_seconds();
    return t;
}

void trainer_free(struct trainer *t)
{
    if (!t)
        return;
    t->method->end(t);
    corruption_free(t->corruption);
    free(t->class_weight);
    free(t->history);
    free(t->scores);
    learned_done(&t->learned);
    curve_done(&t->curve);
    free(t);
}

/* ---- a step ---- */

static double scheduled_lr(const struct trainer *t)
{
    const struct train_options *o = &t->options;
    double step = (double)t->progress.step, total = (double)t->progress.steps;
    double warm = o->warmup * (double)t->progress.batches;

    if (step < warm)
        return o->lr * (step + 1) / warm;
    if (o->schedule == SCHEDULE_COSINE && total > warm)
        return o->lr * 0.5 * (1 + cos(M_PI * (step - warm) / (total - warm)));
    return o->lr;
}

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

/* A batch of them, whose gradient is added to that of the labelled one. */
static double one_unlabeled_batch(struct trainer *t)
{
    double weight = unlabeled_weight(&t->options.unlabeled, t->progress.epoch), loss;
    size_t batches = batcher_batches(t->unlabeled), step = t->progress.step;
    const struct batch *b;
    struct graph_input in;

    if (weight == 0)
        return 0;
    b = batcher_get(t->unlabeled, step / batches, step % batches);
    hide_cells(t, b);
    in = (struct graph_input){.rows = b->rows, .codes = b->codes, .values = b->values,
                              .unlabeled = t->options.unlabeled.kind, .scale = weight};
    params_keep_head(t->params, t->kept);
    loss = one_pass(t, &in, ~step_key(t));
    params_add_head(t->params, t->kept);
    return loss;
}

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

static void finish(struct trainer *t, enum train_end end)
{
    t->progress.end = end;
    t->progress.seconds = clock_seconds() - t->start;
    t->method->finish(t, t->has_best || end == TRAIN_DIVERGED);
}

/* The curve breaks off there. */
static enum step diverged(struct trainer *t, double loss, const char *what)
{
    struct train_progress *p = &t->progress;
    struct curve_point end = {
        .epochs = (double)(p->step + 1) / (double)p->batches, .seconds = p->seconds,
        .loss = NAN, .norm = NAN, .lr = p->lr,
    };

    curve_add(&t->curve, &end);
    snprintf(p->message, sizeof p->message,
             "%s is %g in epoch %d, batch %zu of %zu: the weights of the %s are kept; a "
             "smaller train.lr may help", what, loss, p->epoch + 1, t->epoch_batches + 1,
             p->batches, t->has_best ? "best epoch" : "beginning");
    finish(t, TRAIN_DIVERGED);
    return STEP_DONE;
}

/* ---- the end of an epoch ---- */

enum watch train_watch(const struct train_options *o, enum task task)
{
    if (task == TASK_NONE)
        return WATCH_LOSS;
    if (o->watch != WATCH_AUTO)
        return o->watch;
    return task == TASK_REGRESSION ? WATCH_R2 : WATCH_AUC;
}

double train_watched(const struct train_options *o, enum task task,
                     const struct metrics *m)
{
    enum watch watch = train_watch(o, task);

    if (watch == WATCH_AUC && !isnan(m->auc))
        return m->auc;
    if (watch == WATCH_R2 && !isnan(m->r2))
        return m->r2;
    return -m->loss;
}

static void record_epoch(struct trainer *t, const struct metrics *valid)
{
    struct train_progress *p = &t->progress;
    double end = clock_seconds();

    t->history = xgrow(t->history, t->n_history, &t->history_capacity,
                       sizeof *t->history);
    t->history[t->n_history++] = (struct epoch_record){
        .epoch = p->epoch, .seconds = end - t->start, .lr = p->lr,
        .train_loss = t->epoch_loss / (double)t->epoch_batches, .valid = *valid,
    };
    t->epoch_loss = 0;
    t->epoch_batches = 0;
    t->epoch_start = end;
    curve_reserve(&t->curve, CURVE_EPOCH + 1);
}

static enum task task_of(const struct trainer *t)
{
    return t->corruption ? TASK_NONE : model_encoder(t->model)->task;
}

static void keep_best(struct trainer *t)
{
    memcpy(t->best, t->params->value, params_values(t->params) * sizeof *t->best);
}

/* True: the best one so far, and its weights are kept. */
static bool judge_epoch(struct trainer *t, const struct metrics *valid)
{
    struct train_progress *p = &t->progress;
    double value = train_watched(&t->options, task_of(t), valid);
    bool best = !t->has_best || value > p->best
        || (value == p->best && valid->loss < t->best_loss);

    t->history[t->n_history - 1].best = best;
    p->since_best++;
    if (!best)
        return false;
    t->has_best = true;
    t->best_loss = valid->loss;
    p->best = value;
    p->best_epoch = p->epoch;
    p->since_best = 0;
    t->method->keep_best(t);
    return true;
}

void trainer_swap(struct trainer *t, real **weights)
{
    real *own;

    if (!*weights)
        return;
    own = t->params->value;
    t->params->value = *weights;
    *weights = own;
}

static void take_epoch(struct trainer *t, const struct metrics *valid,
                       const struct answers *a)
{
    t->progress.epoch++;
    record_epoch(t, valid);
    if (judge_epoch(t, valid) && a)
        diagnosis_make(&t->diagnosis, model_encoder(t->model), t->progress.epoch, valid,
                       a->predicted, a->truth, a->n);
}

static bool answer_by_model(struct trainer *t, struct answers *a, struct error *err)
{
    return answers_make(a, t->model, t->pool, t->frame, t->split, PART_VALID, FILL_CLASS,
                        err);
}

static bool validate_answers(struct trainer *t, struct metrics *valid, struct error *err)
{
    struct answers a;
    bool done = t->method->answer(t, &a, err);

    if (done)
        *valid = answers_measure(&a, model_encoder(t->model));
    if (done && isfinite(valid->loss))
        take_epoch(t, valid, &a);
    answers_done(&a);
    return done;
}

static void take_examples(struct trainer *t, const uint32_t *rows, size_t n)
{
    struct learned *l = &t->learned;
    int columns = t->frame->n_categorical;
    struct example_cell *cells = columns > 0 ? learned_examples(l, columns) : NULL;

    if (!cells)
        return;
    l->n_examples = pretext_examples(t->model, t->pool, t->corruption, t->frame, rows, n,
                                     l->example_rows, cells);
    l->example_epoch = t->progress.end == TRAIN_RUNNING ? t->progress.epoch + 1
                                                        : t->progress.best_epoch;
}

/* Of the validation rows also what was learned of each column. */
static bool measure_pretext(struct trainer *t, enum part part, struct metrics *out,
                            struct error *err)
{
    size_t n = count_rows(t, part);
    uint32_t *rows = trainer_list_rows(t, part, n);
    bool valid = part == PART_VALID;
    bool done = rows || error_set(err, ERROR_MEMORY, "no memory for %zu rows", n);

    done = done && pretext_measure(t->model, t->pool, t->corruption, t->frame, rows, n,
                                   out, valid ? t->scores : NULL, err);
    if (done && valid)
        take_examples(t, rows, n);
    free(rows);
    return done;
}

static bool validate_pretext(struct trainer *t, struct metrics *valid, struct error *err)
{
    if (!measure_pretext(t, PART_VALID, valid, err))
        return false;
    if (isfinite(valid->loss)) {
        take_epoch(t, valid, NULL);
        if (t->frame->n_categorical > 0)
            learned_add(&t->learned, t->progress.epoch, t->scores,
                        t->frame->n_categorical);
    }
    return true;
}

/* Validates, and keeps the weights if they are the best. */
static bool validate(struct trainer *t, struct metrics *valid, struct error *err)
{
    bool done;

    trainer_swap(t, &t->average);
    done = t->corruption ? validate_pretext(t, valid, err)
                         : validate_answers(t, valid, err);
    trainer_swap(t, &t->average);
    return done;
}

bool trainer_measure(struct trainer *t, enum part part, struct metrics *out,
                     struct error *err)
{
    *out = (struct metrics){0};
    if (t->split->count[part] == 0)
        return true;
    if (t->corruption)
        return measure_pretext(t, part, out, err);
    return model_evaluate(t->model, t->pool, t->frame, t->split, part, FILL_CLASS, out,
                          err);
}

static bool is_sparse(const struct trainer *t)
{
    return model_options(t->model)->kind == MODEL_SPARSE_MLP;
}

static bool prune(struct trainer *t, struct error *err)
{
    if (!is_sparse(t) || t->progress.epoch % t->options.prune_every != 0)
        return true;
    return prune_weights(t->params, t->options.prune, t->average, err);
}

/* What early stopping would end before it has begun. */
static bool is_growing(const struct trainer *t)
{
    const struct unlabeled_options *o = &t->options.unlabeled;

    return t->unlabeled && o->kind == UNLABELED_PSEUDO
        && t->progress.epoch < o->pseudo_begin + o->pseudo_growth;
}

static bool do_not_begin_again(struct trainer *t, bool *more, struct error *err)
{
    (void)t;
    (void)err;
    *more = false;
    return true;
}

static enum step end_or_begin_again(struct trainer *t, enum train_end end,
                                    struct error *err)
{
    struct train_progress *p = &t->progress;
    bool more;

    if (!t->method->begin_again(t, &more, err))
        return STEP_FAILED;
    if (!more) {
        finish(t, end);
        return STEP_DONE;
    }
    t->has_best = false;
    p->best_epoch = p->since_best = 0;
    p->last_epoch = p->epoch + t->options.epochs;
    p->steps = p->batches * (size_t)p->last_epoch;
    return STEP_MORE;
}

static enum step end_epoch(struct trainer *t, struct error *err)
{
    struct train_progress *p = &t->progress;
    struct metrics valid;

    if (!validate(t, &valid, err))
        return STEP_FAILED;
    if (!isfinite(valid.loss))
        return diverged(t, valid.loss, "the validation loss");
    if (p->epoch >= p->last_epoch)
        return end_or_begin_again(t, TRAIN_EPOCHS, err);
    if (t->options.patience > 0 && p->since_best >= t->options.patience
        && !is_growing(t))
        return end_or_begin_again(t, TRAIN_EARLY, err);
    return prune(t, err) ? STEP_MORE : STEP_FAILED;
}

/* norm: of the gradient */
static void draw_curve(struct trainer *t, double loss, double norm)
{
    const struct train_progress *p = &t->progress;
    struct curve_point point = {
        .epochs = (double)p->step / (double)p->batches, .seconds = p->seconds,
        .lr = p->lr,
    };

    t->since.loss += loss;
    t->since.norm += norm;
    if (++t->since.steps < t->curve.steps)
        return;
    point.loss = t->since.loss / (double)t->since.steps;
    point.norm = t->since.norm / (double)t->since.steps;
    curve_add(&t->curve, &point);
    t->since.loss = t->since.norm = 0;
    t->since.steps = 0;
}

static void measure(struct trainer *t, double loss, double norm, int rows)
{
    struct train_progress *p = &t->progress;
    double passed;

    t->epoch_loss += loss;
    t->epoch_batches++;
    p->step++;
    p->loss = t->epoch_loss / (double)t->epoch_batches;
    p->seconds = clock_seconds() - t->start;
    passed = clock_seconds() - t->epoch_start;
    if (passed > 0)
        p->rows_per_second = (double)t->epoch_batches * rows / passed;
    draw_curve(t, loss, norm);
}

/* A short average at first, which would else remember the beginning for too long. */
static void follow_average(struct trainer *t)
{
    double step = (double)t->progress.step;

    if (t->average)
        params_average(t->params, t->kernels, t->pool,
                       fmax(1 - t->options.average, 9 / (9 + step)), t->average);
}

static bool step_descent(struct trainer *t, struct pass *pass, struct error *err)
{
    const struct batch *b = batcher_get(t->batcher, (size_t)pass_number(t),
                                        t->progress.step % batcher_batches(t->batcher));
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
        prune_hold(t->params);
    params_step(t->params, t->kernels, t->pool, &u, &pass->norm);
    follow_average(t);
    return true;
}

static enum step one_step(struct trainer *t, struct error *err)
{
    struct train_progress *p = &t->progress;
    struct pass pass;

    if (t->epoch_batches == p->batches)
        return end_epoch(t, err);
    p->lr = scheduled_lr(t);
    if (!t->method->step(t, &pass, err))
        return STEP_FAILED;
    if (!isfinite(pass.loss))
        return diverged(t, pass.loss, "the training loss");
    measure(t, pass.loss, pass.norm, pass.rows);
    return STEP_MORE;
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

/* So long between two slices, it was paused or the whole program was. */
static void leave_out_pause(struct trainer *t)
{
    double gap = t->left > 0 ? clock_seconds() - t->left : 0;

    if (gap < PAUSE_SECONDS)
        return;
    t->start += gap;
    t->epoch_start += gap;
}

enum step trainer_step(struct trainer *t, struct error *err)
{
    enum step step;

    if (t->progress.end != TRAIN_RUNNING)
        return STEP_DONE;
    leave_out_pause(t);
    step = one_step(t, err);
    t->left = clock_seconds();
    return step;
}

void trainer_stop(struct trainer *t)
{
    if (t->progress.end != TRAIN_RUNNING)
        return;
    leave_out_pause(t);
    finish(t, TRAIN_STOPPED);
}

size_t trainer_rows(const struct trainer *t)
{
    return t->rows;
}

int trainer_batch(const struct trainer *t)
{
    return t->options.batch;
}

const struct train_progress *trainer_progress(const struct trainer *t)
{
    return &t->progress;
}

const struct epoch_record *trainer_history(const struct trainer *t, size_t *n)
{
    *n = t->n_history;
    return t->history;
}

const struct curve *trainer_curve(const struct trainer *t)
{
    return &t->curve;
}

const struct diagnosis *trainer_diagnosis(const struct trainer *t)
{
    return &t->diagnosis;
}

const struct learned *trainer_learned(const struct trainer *t)
{
    return &t->learned;
}

void train_left(const struct train_progress *p, const struct train_options *o,
                const char *before, struct str *out)
{
    if (p->end != TRAIN_RUNNING || p->step == 0)
        return;
    str_printf(out, "%s%s", before, o->patience > 0 ? "at most " : "");
    str_duration(out, p->seconds / (double)p->step * (double)(p->steps - p->step));
    str_puts(out, " left");
}
