/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/trainer_own.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/answers.h"

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

static bool begin_pretext(struct trainer *t, struct error *err)
{
    enum pretext pretext = model_pretext(t->model);

    if (pretext != PRETEXT_NONE)
        t->corruption = corruption_new(model_encoder(t->model), pretext,
                                       &t->options.pretrain, t->options.seed, err);
    return pretext == PRETEXT_NONE || t->corruption;
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

/* What early stopping would end before it has begun. */
static bool is_growing(const struct trainer *t)
{
    const struct unlabeled_options *o = &t->options.unlabeled;

    return t->unlabeled && o->kind == UNLABELED_PSEUDO
        && t->progress.epoch < o->pseudo_begin + o->pseudo_growth;
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
    return trainer_prune(t, err) ? STEP_MORE : STEP_FAILED;
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
