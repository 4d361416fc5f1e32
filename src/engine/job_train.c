/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job_train.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "data/schema.h"
#include "engine/answers.h"
#include "engine/checkpoint.h"
#include "engine/metric.h"

struct train_job {
    struct dataset *data;
    struct schema *schema;
    struct split_options split_options;
    struct encode_options encode_options;
    struct model_options model_options;
    struct train_options train_options;
    enum pretext pretext;
    struct model *from;
    struct pool *pool;
    char *folder, *commands, *recipe;
    bool resume;
    const struct train_state *state; /* to go on with; or NULL */
    json_t *extra;

    enum train_phase phase;
    bool stopped;
    _Atomic bool cut; /* not by a person who wants it to end */
    struct split *split;
    struct encoder *encoder;
    struct frame *frame;
    struct model *model;
    struct trainer *trainer;
    struct lock *lock;             /* of the folder */
    struct checkpoint *checkpoint; /* NULL: nothing is kept to go on with */
    size_t begun;     /* epochs that were done when it went on */
    size_t guessed;   /* rows with a guessed label that it was told of */
    size_t bytes;     /* that training takes */
    size_t n_written; /* records in metrics.csv */
    FILE *metrics_file;
    struct str note;
    struct train_result result;

    struct train_view view; /* published */
};

struct train_job *train_job_new(const struct train_request *r, struct error *err)
{
    struct train_job *j;

    if (!split_check(&r->split, err) || !model_check(&r->model, err) ||
        !train_check(&r->train, err))
        return NULL;
    j = xcalloc(1, sizeof(*j));
    j->data = dataset_ref(r->data);
    j->schema = schema_copy(r->schema);
    j->split_options = r->split;
    j->encode_options = r->encode;
    j->model_options = r->model;
    j->train_options = r->train;
    j->pretext = r->pretext;
    j->from = r->from;
    j->pool = r->pool;
    j->folder = r->folder ? xstrdup(r->folder) : NULL;
    j->commands = xstrdup(r->commands ? r->commands : "");
    j->recipe = xstrdup(r->recipe ? r->recipe : "");
    j->resume = r->resume;
    j->state = r->state;
    j->extra = r->extra ? json_incref(r->extra) : json_object();
    return j;
}

/* ---- the run's folder ---- */

/* What cannot be written once training goes on is said, and training goes on. */
static void note_failure(struct train_job *j, const struct error *err)
{
    str_printf(&j->note, "%s\n", err->text);
}

static char *file_of(const struct train_job *j, const char *name)
{
    return xasprintf("%s/%s", j->folder, name);
}

static bool write_text(const struct train_job *j, const char *name, const char *text,
                       struct error *err)
{
    char *path = file_of(j, name);
    bool ok = file_write(path, 0644, text, strlen(text), err);

    free(path);
    return ok;
}

/* The loss stands beside that of training, then come the task's other metrics. */
static bool has_own_column(const struct metric_field *f)
{
    return f->offset != offsetof(struct metrics, loss);
}

static void put_header(FILE *f, enum task task)
{
    const struct metric_field *field;

    fputs("epoch,seconds,lr,train_loss,valid_loss", f);
    for (int i = 0; (field = metric_field(task, i)); i++) {
        if (has_own_column(field))
            fprintf(f, ",valid_%s", field->name);
    }
    putc('\n', f);
}

static bool has_file(const struct train_job *j, const char *name)
{
    char *path = file_of(j, name);
    bool has = access(path, F_OK) == 0;

    free(path);
    return has;
}

static bool take_lock(struct train_job *j, struct error *err)
{
    char *path = file_of(j, RUN_LOCK);
    bool ok = lock_take(path, &j->lock, err);

    free(path);
    return ok;
}

/* Nobody else trains a run of that name, and nobody did since it was chosen. The folder
 * is made here and nowhere else: a run that is refused leaves none. */
static bool take_folder(struct train_job *j, struct error *err)
{
    char *shown;

    if (!j->folder)
        return true;
    if ((!j->resume && !path_make_folder(j->folder, err)) || !take_lock(j, err))
        return false;
    if (j->resume)
        return true;
    if (!has_file(j, "commands"))
        return write_text(j, "commands", j->commands, err);
    shown = show(j->folder, 0);
    error_set(err, ERROR_STATE, "a run was begun in %s meanwhile; choose another name",
              shown);
    free(shown);
    return false;
}

static bool open_metrics(struct train_job *j, struct error *err)
{
    char *path, *shown;

    if (!j->folder)
        return true;
    path = file_of(j, "metrics.csv");
    j->metrics_file = fopen(path, "we");
    if (j->metrics_file) {
        put_header(j->metrics_file, j->schema->task);
        fflush(j->metrics_file);
    } else {
        shown = show(path, 0);
        error_set(err, ERROR_SYSTEM, "cannot write %s: %s", shown, strerror(errno));
        free(shown);
    }
    free(path);
    return j->metrics_file != NULL;
}

static void put_number(FILE *f, double x)
{
    struct str s = {0};

    if (isfinite(x))
        str_json_number(&s, x);
    fprintf(f, ",%s", str_text(&s));
    str_done(&s);
}

static void put_record(FILE *f, const struct epoch_record *r, enum task task)
{
    const struct metric_field *field;

    fprintf(f, "%d,%.3f", r->epoch, r->seconds);
    put_number(f, r->lr);
    put_number(f, r->train_loss);
    put_number(f, r->valid.loss);
    for (int i = 0; (field = metric_field(task, i)); i++) {
        if (has_own_column(field))
            put_number(f, metric_value(&r->valid, field));
    }
    putc('\n', f);
}

static void write_metrics(struct train_job *j)
{
    size_t n;
    const struct epoch_record *history = trainer_history(j->trainer, &n);
    struct error err = {0};

    if (!j->metrics_file || n == j->n_written)
        return;
    for (; j->n_written < n; j->n_written++)
        put_record(j->metrics_file, &history[j->n_written], j->schema->task);
    if (fflush(j->metrics_file) == 0 && !ferror(j->metrics_file))
        return;
    error_set(&err, ERROR_SYSTEM, "metrics.csv of this run is cut short: %s",
              strerror(errno));
    note_failure(j, &err);
    fclose(j->metrics_file);
    j->metrics_file = NULL;
}

/* ---- what is kept to go on with ---- */

static void begin_checkpoint(struct train_job *j)
{
    char *path;

    if (!j->folder || j->train_options.autosave <= 0)
        return;
    path = file_of(j, RUN_RESUME);
    j->checkpoint = checkpoint_new(path, j->recipe, j->train_options.autosave);
    free(path);
}

static void keep_state(struct train_job *j, const char *end)
{
    struct error err;

    if (j->checkpoint && !checkpoint_write(j->checkpoint, j->trainer, end, &err))
        note_failure(j, &err);
}

static bool refuse_state(const struct train_job *j, const char *way_out,
                         struct error *err)
{
    struct error why = *err;
    char *shown = show(j->folder, 0);

    error_set(err, why.kind, "%s; %s`source %s/commands` begins the run anew", why.text,
              way_out, shown);
    free(shown);
    return false;
}

/* Goes on where the run was when its state was kept. */
static bool restore(struct train_job *j, struct error *err)
{
    const struct train_progress *p = trainer_progress(j->trainer);
    char *path = file_of(j, RUN_RESUME);
    struct train_state state = {0};
    bool ok = train_state_read(&state, path, err);

    free(path);
    if (!ok)
        return refuse_state(j, "", err);
    ok = trainer_restore(j->trainer, &state, err)
        || refuse_state(j, "put its file back as it was, or ", err);
    if (ok && strcmp(state.kernels, kernels_best()->name) != 0)
        str_printf(&j->note, "it was begun with instructions %s, here it goes on with "
                   "%s: last digits may differ\n", state.kernels, kernels_best()->name);
    train_state_done(&state);
    trainer_history(j->trainer, &j->begun);
    if (ok)
        str_printf(&j->note, "goes on in epoch %d, batch %zu of %zu\n", p->epoch + 1,
                   p->step % p->batches + 1, p->batches);
    return ok;
}

/* ---- slices ---- */

static enum step next(struct train_job *j, enum train_phase phase)
{
    j->phase = phase;
    return STEP_MORE;
}

static enum step apply(struct train_job *j, struct error *err)
{
    size_t rows = dataset_rows(j->data), bytes = frame_bytes(j->encoder, rows);
    size_t available = mem_available();

    if (bytes > available) {
        error_set(err, ERROR_MEMORY, "the encoded table would take %zu MB and %zu MB are "
                  "free; load fewer rows (load --rows) or ignore some columns",
                  bytes >> 20, available >> 20);
        return STEP_FAILED;
    }
    j->frame = encoder_apply(j->encoder, j->data, &j->note, err);
    return j->frame ? next(j, PHASE_BUILDING) : STEP_FAILED;
}

static void note_duplicates(struct train_job *j)
{
    size_t rows = j->frame->rows, most = rows / 100;
    size_t distinct = frame_distinct(j->frame, most);
    char few[COUNT_TEXT], all[COUNT_TEXT];

    if (distinct > 0 && distinct <= most)
        str_printf(&j->note,
                   "warning: only %s of %s rows differ, so nearly every row of the "
                   "test part stands in the training part too\n",
                   count_text(distinct, few), count_text(rows, all));
}

/* What a DAE's blocks are for is to learn from few rows afterwards, which is when batch
 * norm is left out; by then they have to be the same. */
static void settle_blocks(struct train_job *j)
{
    if (j->pretext == PRETEXT_DAE && j->model_options.head_norm == HEAD_NORM_AUTO)
        j->model_options.head_norm = HEAD_NORM_NO;
}

static enum step build(struct train_job *j, struct error *err)
{
    note_duplicates(j);
    settle_blocks(j);
    model_settle(&j->model_options, j->split->count[PART_TRAIN]);
    j->model = model_new_pretext(&j->model_options, j->encoder, j->pretext,
                                 j->train_options.seed, err);
    if (!j->model || (j->from && !model_take_body(j->model, j->from, &j->note, err)))
        return STEP_FAILED;
    j->trainer = trainer_new(j->model, j->frame, j->split, &j->train_options, j->pool,
                             err);
    if (!j->trainer || !take_folder(j, err) || (j->resume && !restore(j, err))
        || (j->state && !trainer_restore(j->trainer, j->state, err)) || !open_metrics(j, err))
        return STEP_FAILED;
    begin_checkpoint(j);
    j->bytes = frame_bytes(j->encoder, j->frame->rows) +
               model_training_bytes(&j->model_options, j->encoder, j->pretext,
                                    trainer_batch(j->trainer), pool_threads(j->pool));
    return next(j, PHASE_STEPPING);
}

static void note_guessed(struct train_job *j)
{
    const struct train_progress *p = trainer_progress(j->trainer);
    char count[COUNT_TEXT];

    if (p->guessed == j->guessed)
        return;
    j->guessed = p->guessed;
    str_printf(&j->note, "%s rows without a label have the class that the best trees find "
               "likeliest; all trees are grown anew with them\n",
               count_text(p->guessed, count));
}

static enum step train(struct train_job *j, struct error *err)
{
    enum step step = j->stopped ? STEP_DONE : trainer_step(j->trainer, err);
    const struct train_progress *p = trainer_progress(j->trainer);

    write_metrics(j);
    note_guessed(j);
    if (step == STEP_MORE && j->checkpoint)
        checkpoint_step(j->checkpoint, j->trainer, &j->note);
    if (step != STEP_DONE)
        return step;
    if (p->end == TRAIN_DIVERGED && p->best_epoch == 0) {
        error_set(err, ERROR_NUMERIC, "%s", p->message);
        return STEP_FAILED;
    }
    return next(j, PHASE_SCORING);
}

static enum step score(struct train_job *j, struct error *err)
{
    if (!trainer_measure(j->trainer, PART_VALID, &j->result.valid, err) ||
        !trainer_measure(j->trainer, PART_TEST, &j->result.test, err))
        return STEP_FAILED;
    return next(j, PHASE_SAVING);
}

static void write_log(struct train_job *j)
{
    const struct train_progress *p = trainer_progress(j->trainer);
    char parameters[COUNT_TEXT];
    struct str text = {0};
    struct error err;

    str_printf(&text, PACKAGE_STRING ", seed %llu, %d threads\n",
               (unsigned long long)j->train_options.seed, pool_threads(j->pool));
    str_puts(&text, str_text(&j->note));
    str_printf(&text, "%d epochs in %.1f s, best epoch %d, %s parameters\n", p->epoch,
               p->seconds, p->best_epoch,
               count_text(model_parameters(j->model), parameters));
    if (p->end == TRAIN_DIVERGED)
        str_printf(&text, "%s\n", p->message);
    if (!write_text(j, "log", str_text(&text), &err))
        note_failure(j, &err);
    str_done(&text);
}

/* Of pre-training: a file with all epochs, and the best one beside the weights. */
static void keep_learned(struct train_job *j, json_t *metrics)
{
    const struct learned *l = trainer_learned(j->trainer);
    const struct column_score *best =
        learned_at(l, trainer_progress(j->trainer)->best_epoch);
    struct str text = {0};
    struct error err;

    if (!best)
        return;
    json_object_set_new(metrics, "columns", learned_to_json(best, j->encoder));
    learned_to_csv(l, j->encoder, &text);
    if (!write_text(j, "columns.csv", str_text(&text), &err))
        note_failure(j, &err);
    str_done(&text);
}

static enum step save(struct train_job *j)
{
    const struct train_progress *p = trainer_progress(j->trainer);
    json_t *metrics;
    char *path;

    if (!j->folder)
        return STEP_DONE;
    metrics = json_object();
    json_object_set_new(metrics, "valid",
                        metrics_to_json(&j->result.valid, j->schema->task));
    json_object_set_new(metrics, "test",
                        metrics_to_json(&j->result.test, j->schema->task));
    json_object_set_new(j->extra, "rows",
                        json_integer((json_int_t)trainer_rows(j->trainer)));
    keep_learned(j, metrics);
    json_object_set_new(j->extra, "epochs", json_integer(p->epoch));
    json_object_set_new(j->extra, "best_epoch", json_integer(p->best_epoch));
    json_object_set_new(j->extra, "metrics", metrics);
    write_log(j);
    path = file_of(j, RUN_MODEL);
    j->result.saved = model_save(j->model, j->extra, path, &j->result.save_error);
    free(path);
    if (j->checkpoint && p->end == TRAIN_STOPPED)
        j->result.resumable = has_file(j, RUN_RESUME);
    else if (j->checkpoint && j->result.saved)
        checkpoint_remove(j->checkpoint);
    return STEP_DONE;
}

/* The rows are divided as they will be when a target is trained for; only then is the
 * target forgotten. */
static enum step divide(struct train_job *j, struct error *err)
{
    j->split = split_new(j->data, j->schema, &j->split_options, err);
    if (j->pretext != PRETEXT_NONE)
        schema_forget_target(j->schema);
    return j->split ? next(j, PHASE_FITTING) : STEP_FAILED;
}

static enum step run(void *work, struct error *err)
{
    struct train_job *j = work;

    switch (j->phase) {
    case PHASE_SPLITTING:
        return divide(j, err);
    case PHASE_FITTING:
        j->encoder = encoder_fit(j->data, j->schema, j->split, &j->encode_options,
                                 &j->note, err);
        return j->encoder ? next(j, PHASE_ENCODING) : STEP_FAILED;
    case PHASE_ENCODING:
        return apply(j, err);
    case PHASE_BUILDING:
        return build(j, err);
    case PHASE_STEPPING:
        return train(j, err);
    case PHASE_SCORING:
        return score(j, err);
    case PHASE_SAVING:
        return save(j);
    }
    return STEP_FAILED;
}

/* Before the first step there are no weights worth keeping: the next slice says so. What
 * is kept to go on with comes first, as there may be little time. */
static void stop(void *work)
{
    struct train_job *j = work;

    j->stopped = true;
    if (j->phase != PHASE_STEPPING)
        return;
    if (trainer_progress(j->trainer)->end == TRAIN_RUNNING)
        keep_state(j, j->cut ? "running" : "stopped");
    trainer_stop(j->trainer);
}

static void leave(void *work)
{
    struct train_job *j = work;

    if (j->phase == PHASE_STEPPING
        && trainer_progress(j->trainer)->end == TRAIN_RUNNING)
        keep_state(j, "running");
}

static enum step run_or_stop(void *work, struct error *err)
{
    struct train_job *j = work;

    if (j->stopped && j->phase < PHASE_STEPPING) {
        error_set(err, ERROR_CANCELLED, "stopped before training began");
        return STEP_FAILED;
    }
    return run(work, err);
}

static void publish(void *work)
{
    struct train_job *j = work;
    struct train_view *v = &j->view;
    const struct epoch_record *history;
    size_t n;

    v->phase = j->phase;
    v->begun = j->begun;
    if (j->note.length > v->note.length)
        str_add(&v->note, j->note.text + v->note.length, j->note.length - v->note.length);
    if (!j->trainer)
        return;
    v->rows = trainer_rows(j->trainer);
    v->parameters = model_parameters(j->model);
    v->batch = trainer_batch(j->trainer);
    v->bytes = j->bytes;
    v->progress = *trainer_progress(j->trainer);
    for (history = trainer_history(j->trainer, &n); v->n_history < n; v->n_history++) {
        v->history = xgrow(v->history, v->n_history, &v->capacity, sizeof(*v->history));
        v->history[v->n_history] = history[v->n_history];
    }
    curve_follow(&v->curve, trainer_curve(j->trainer));
    if (v->diagnosis.epoch != trainer_diagnosis(j->trainer)->epoch)
        v->diagnosis = *trainer_diagnosis(j->trainer);
    v->encoder = j->encoder;
    v->model = j->model;
    learned_follow(&v->learned, trainer_learned(j->trainer));
}

static void release(void *work)
{
    struct train_job *j = work;

    if (j->metrics_file)
        fclose(j->metrics_file);
    checkpoint_free(j->checkpoint);
    lock_release(j->lock);
    if (j->trainer)
        trainer_free(j->trainer);
    if (j->model)
        model_unref(j->model);
    if (j->frame)
        frame_free(j->frame);
    if (j->encoder)
        encoder_unref(j->encoder);
    if (j->split)
        split_free(j->split);
    json_decref(j->extra);
    schema_free(j->schema);
    dataset_unref(j->data);
    str_done(&j->note);
    str_done(&j->view.note);
    free(j->view.history);
    curve_done(&j->view.curve);
    learned_done(&j->view.learned);
    free(j->folder);
    free(j->commands);
    free(j->recipe);
    free(j);
}

const struct job_type train_job_type = {
    .name = "train",
    .run = run_or_stop,
    .stop = stop,
    .publish = publish,
    .leave = leave,
    .free = release,
};

const char *train_phase_text(enum train_phase phase)
{
    static const char *const texts[] = {
        [PHASE_SPLITTING] = "splitting the rows",
        [PHASE_FITTING] = "reading the columns",
        [PHASE_ENCODING] = "encoding the table",
        [PHASE_BUILDING] = "building the model",
        [PHASE_STEPPING] = "training",
        [PHASE_SCORING] = "measuring the best weights",
        [PHASE_SAVING] = "saving",
    };

    return texts[phase];
}

void train_job_cut(struct train_job *j)
{
    j->cut = true;
}

const struct train_view *train_job_view(const struct train_job *j)
{
    return &j->view;
}

struct train_result train_job_take(struct train_job *j)
{
    struct train_result result = j->result;

    if (j->trainer)
        trainer_free(j->trainer);
    j->trainer = NULL;
    result.model = j->model;
    result.split = j->split;
    j->model = NULL;
    j->split = NULL;
    return result;
}

const struct train_progress *train_job_progress(const struct train_job *j)
{
    return j->trainer ? trainer_progress(j->trainer) : NULL;
}

bool train_job_state(struct train_job *j, struct train_state *s, struct error *err)
{
    return trainer_keep(j->trainer, s, err);
}

void train_job_metrics(const struct train_job *j, struct metrics *valid,
                       struct metrics *test)
{
    *valid = j->result.valid;
    *test = j->result.test;
}

bool train_job_answers(struct train_job *j, enum part part, struct answers *a,
                       struct error *err)
{
    return answers_make(a, j->model, j->pool, j->frame, j->split, part, FILL_CLASS, err);
}

const struct encoder *train_job_encoder(const struct train_job *j)
{
    return j->encoder;
}

int train_job_outputs(const struct train_job *j)
{
    return model_outputs(j->model);
}

bool train_job_keep(struct train_job *j, const char *folder, const char *commands,
                    json_t *extra, struct error *err)
{
    free(j->folder);
    free(j->commands);
    json_decref(j->extra);
    j->folder = xstrdup(folder);
    j->commands = xstrdup(commands);
    j->extra = json_incref(extra);
    if (!take_lock(j, err) || !write_text(j, "commands", commands, err)
        || !open_metrics(j, err))
        return false;
    write_metrics(j);
    save(j);
    return true;
}
