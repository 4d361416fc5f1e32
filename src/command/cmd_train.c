/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands that train. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/option.h"
#include "command/pending.h"
#include "engine/job_train.h"

#define PRETEXTS "mlm|rtd"

enum { SPARSE_MS = 2000 };

/* ---- telling how it goes ---- */

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct train_look {
    struct run *run; /* gets progress, history, curve ... */
    struct str note;
};

static void take_diagnosis(struct run *r, const struct diagnosis *d)
{
    if (d->epoch == (r->diagnosis ? r->diagnosis->epoch : 0))
        return;
    if (!r->diagnosis)
        r->diagnosis = xmalloc(sizeof(*r->diagnosis));
    *r->diagnosis = *d;
}

/* Copies what was published and is not known yet. Under the engine's lock. */
static void look_at_training(void *work, void *arg)
{
    struct train_look *look = arg;
    struct run *r = look->run;
    const struct train_view *v = train_job_view(work);

    r->progress = v->progress;
    for (; r->n_history < v->n_history; r->n_history++) {
        r->history = xgrow(r->history, r->n_history, &r->history_capacity,
                           sizeof(*r->history));
        r->history[r->n_history] = v->history[r->n_history];
    }
    curve_follow(&r->curve, &v->curve);
    take_diagnosis(r, &v->diagnosis);
    learned_follow(&r->learned, &v->learned);
    if (v->encoder && !r->encoder)
        r->encoder = encoder_ref(v->encoder);
    r->phase = v->phase;
    r->rows = v->rows;
    r->parameters = v->parameters;
    r->bytes = v->bytes;
    r->batch = v->batch;
    str_add(&look->note, str_text(&v->note), v->note.length);
}

static void add_metrics(struct str *out, const struct metrics *m, enum task task)
{
    if (task == TASK_REGRESSION)
        str_printf(out, "RMSE %.4g, R2 %.4f", m->rmse, m->r2);
    else if (isnan(m->auc))
        str_printf(out, "loss %.4f, accuracy %.4f", m->loss, m->accuracy);
    else
        str_printf(out, "AUC %.4f, loss %.4f", m->auc, m->loss);
}

static void note_epoch(struct context *c, const struct run *r,
                       const struct epoch_record *e)
{
    struct str text = {0};

    if (c->narration == NARRATE_ASIDE)
        str_puts(&text, "  ");
    str_printf(&text, "%s: epoch %d of %d, %.1f s, loss %.4f, valid ", r->name,
               e->epoch, r->settings.train.epochs, e->seconds, e->train_loss);
    add_metrics(&text, &e->valid, r->task);
    if (e->best)
        str_puts(&text, ", best");
    context_note(c, "%s", str_text(&text));
    str_done(&text);
}

/* The first news of a run that has begun to step: what it takes, what was remarked. */
static void note_begin(struct context *c, const struct run *r,
                       const struct train_look *look)
{
    char parameters[COUNT_TEXT];

    context_note_lines(c, "", str_text(&look->note));
    context_note(c,
                 "%s: %s parameters, %zu batch%s of %d rows an epoch, %.0f MB of memory",
                 r->name, count_text(r->parameters, parameters), r->progress.batches,
                 r->progress.batches == 1 ? "" : "es", r->batch,
                 ceil((double)r->bytes / 1e6));
}

static void watch_training(struct context *c, struct pending *p)
{
    struct train_look look = {.run = p->run};
    int64_t now = now_ms();

    if (!engine_look(c->session->engine, p->job, look_at_training, &look))
        return;
    if (p->told_at == 0 && p->run->bytes > 0) {
        note_begin(c, p->run, &look);
        p->told_at = now;
    }
    for (; p->told < p->run->n_history; p->told++) {
        if (c->narration == NARRATE_STATUS ||
            (c->narration >= NARRATE_SPARSE && now - p->told_at < SPARSE_MS))
            continue;
        note_epoch(c, p->run, &p->run->history[p->told]);
        p->told_at = now;
    }
    str_done(&look.note);
}

static void training_status(struct context *c, const struct pending *p, struct str *out)
{
    const struct train_progress *t = &p->run->progress;
    const struct run *r = p->run;

    (void)c;
    if (r->phase != PHASE_STEPPING || t->batches == 0) {
        str_puts(out, train_phase_text(r->phase));
        return;
    }
    str_printf(out, "epoch %d of %d, step %zu of %zu, loss %.4f", t->epoch + 1,
               r->settings.train.epochs, t->step % t->batches, t->batches, t->loss);
    if (r->n_history > 0) {
        str_puts(out, ", valid ");
        add_metrics(out, &r->history[r->n_history - 1].valid, r->task);
    }
    str_printf(out, ", %.0f rows/s", t->rows_per_second);
    train_left(t, &r->settings.train, ", ", out);
}

static const char *end_text(const struct train_progress *t)
{
    switch (t->end) {
    case TRAIN_EARLY:
        return "no better for a while";
    case TRAIN_STOPPED:
        return "stopped";
    case TRAIN_DIVERGED:
        return "ended by a loss that is not finite";
    default:
        return "all epochs done";
    }
}

static void note_trained(struct context *c, const struct run *r,
                         const struct train_result *result)
{
    struct str text = {0};

    if (r->progress.end == TRAIN_DIVERGED)
        context_note(c, "%s: %s", r->name, r->progress.message);
    str_printf(&text, "%s: %s for %d epoch%s in %.1f s (%s)", r->name,
               r->pretext == PRETEXT_NONE ? "trained" : "pre-trained",
               r->progress.epoch, r->progress.epoch == 1 ? "" : "s", r->progress.seconds,
               end_text(&r->progress));
    if (r->progress.best_epoch > 0) {
        str_printf(&text, ", best epoch %d: valid ", r->progress.best_epoch);
        add_metrics(&text, &r->valid, r->task);
    }
    context_note(c, "%s", str_text(&text));
    str_done(&text);
    if (r->folder && result->saved)
        context_note(c, "%s: kept in %s", r->name, r->folder);
    else if (r->folder)
        context_note(c, "%s: not saved: %s", r->name, result->save_error.text);
}

static bool finish_training(struct context *c, struct pending *p, void *work,
                            enum job_state ended, struct error *err)
{
    struct run *r = p->run;
    struct train_result result;

    (void)err;
    if (ended != JOB_DONE) {
        p->run = NULL;
        session_drop_run(c->session, r);
        train_job_type.free(work);
        return false;
    }
    result = train_job_take(work);
    train_job_type.free(work);
    r->state = RUN_TRAINED;
    r->model = result.model;
    r->valid = result.valid;
    r->test = result.test;
    split_free(result.split);
    c->session->run = r;
    note_trained(c, r, &result);
    return true;
}

static const struct pending_type train_pending = {
    .job = &train_job_type,
    .watch = watch_training,
    .status = training_status,
    .finish = finish_training,
};

/* ---- beginning ---- */

/* The settings with the options of this call in place of the session's. */
static bool take_settings(const struct call *call, struct settings *s, struct error *err)
{
    for (int i = 0; call->command->options[i].name; i++) {
        const struct parameter *p = &call->command->options[i];
        const struct option *o;

        if (p->value.type != VALUE_SETTING || !call->options[i])
            continue;
        o = option_find(p->value.choices, err);
        if (!o || !option_set(o, s, call->options[i], err))
            return false;
    }
    return true;
}

/* A name makes a folder, so it must be one that stays where it is. */
static bool check_run_name(struct context *c, const char *name, struct error *err)
{
    char *shown = show(name, 60), *folder = session_run_folder(c->session, name);
    struct stat st;
    bool ok = true;

    if (strchr(name, '/') || name[0] == '.' || name[0] == '-' || strlen(name) > 100)
        ok = error_set(err, ERROR_USAGE,
                       "\"%s\" cannot name a run: no /, no . or - in front, "
                       "at most 100 bytes", shown);
    else if (session_find_run(c->session, name))
        ok = error_set(err, ERROR_USAGE,
                       "there is a run \"%s\" already; choose another name", shown);
    else if (lstat(folder, &st) == 0)
        ok = error_set(err, ERROR_USAGE,
                       "a run \"%s\" is kept in %s already; choose another "
                       "name", shown, folder);
    free(folder);
    free(shown);
    return ok;
}

static void add_mark(struct str *out, const struct schema_column *column)
{
    str_puts(out, "mark ");
    word_quote(out, column->name);
    str_printf(out, " %s\n", kind_name(column->kind));
}

static void add_target(struct str *out, const struct schema *s)
{
    if (s->target < 0)
        return;
    str_puts(out, "target ");
    word_quote(out, s->columns[s->target].name);
    if (s->positive) {
        str_puts(out, " --positive ");
        word_quote(out, s->positive);
    }
    str_printf(out, " --task %s\n", task_name(s->task));
}

static void add_split(struct str *out, const struct split_options *o)
{
    str_puts(out, "split --train ");
    str_json_number(out, o->train);
    str_puts(out, " --valid ");
    str_json_number(out, o->valid);
    str_puts(out, " --test ");
    str_json_number(out, o->test);
    str_printf(out, " --seed %llu", (unsigned long long)o->seed);
    if (o->folds > 0)
        str_printf(out, " --folds %d --fold %d", o->folds, o->fold);
    if (o->labeled >= 0)
        str_printf(out, " --labeled %ld", o->labeled);
    str_putc(out, '\n');
}

static void add_settings(struct str *out, const struct settings *s)
{
    const struct option *o;

    for (int i = 0; (o = option_at(i)); i++) {
        struct str value = {0};

        if (!option_is_of_runs(o))
            continue;
        option_print(o, s, &value);
        str_printf(out, "set %s ", o->name);
        word_quote(out, str_text(&value));
        str_putc(out, '\n');
        str_done(&value);
    }
}

/* The run that is begun with has to be there too. */
static void add_parent(struct str *out, const struct run *parent)
{
    struct str path = {0};

    str_puts(&path, parent->folder ? parent->folder : parent->origin);
    if (parent->folder)
        str_puts(&path, "/model.safetensors");
    str_puts(out, "open ");
    word_quote(out, str_text(&path));
    str_puts(out, " --name ");
    word_quote(out, parent->name);
    str_putc(out, '\n');
    str_done(&path);
}

/* The lines that repeat the run, in the folder where this one was begun. */
static void add_commands(struct str *out, const struct table *t, const struct run *r,
                         const struct run *parent)
{
    str_printf(out, "# tabscope: these lines repeat the run %s\n", r->name);
    str_printf(out, "%s\n", t->load_line);
    for (int i = 0; i < t->schema->n_columns; i++) {
        if (t->schema->columns[i].marked)
            add_mark(out, &t->schema->columns[i]);
    }
    add_target(out, t->schema);
    add_split(out, &t->split);
    add_settings(out, &r->settings);
    if (parent)
        add_parent(out, parent);
    if (r->pretext == PRETEXT_NONE)
        str_puts(out, "train");
    else
        str_printf(out, "pretrain %s", pretext_name(r->pretext));
    if (r->parent) {
        str_puts(out, " --from ");
        word_quote(out, r->parent);
    }
    str_putc(out, '\n');
}

static struct run *make_run(struct context *c, const struct call *call,
                            const struct settings *settings, enum pretext pretext)
{
    const struct table *t = c->session->table;
    const char *asked = call_option(call, "name");
    char *name = asked ? xstrdup(asked) : session_free_run_name(c->session);
    struct run *r = run_new(name);

    r->folder = session_run_folder(c->session, name);
    r->origin = xstrdup(t->name);
    r->table = xstrdup(t->name);
    r->data = dataset_ref(t->data);
    r->schema = schema_copy(t->schema);
    r->split = t->split;
    r->settings = *settings;
    r->pretext = pretext;
    r->task = pretext == PRETEXT_NONE ? t->schema->task : TASK_NONE;
    free(name);
    return r;
}

static struct train_job *make_job(struct context *c, const struct run *r,
                                  const struct run *parent, struct error *err)
{
    struct train_request request = {
        .data = r->data, .schema = r->schema, .split = r->split,
        .encode = r->settings.data, .model = r->settings.model,
        .train = r->settings.train, .pretext = r->pretext,
        .from = parent ? parent->model : NULL,
        .pool = engine_pool(c->session->engine, err), .folder = r->folder,
    };
    struct str commands = {0};
    struct train_job *job;

    if (!request.pool)
        return NULL;
    add_commands(&commands, c->session->table, r, parent);
    request.commands = str_text(&commands);
    request.extra = run_to_json(r);
    job = train_job_new(&request, err);
    json_decref(request.extra);
    str_done(&commands);
    return job;
}

/* The run of --from, or NULL without one; its body's shape goes into the settings. */
static bool find_parent(struct context *c, const struct call *call, struct settings *s,
                        struct run **parent, struct error *err)
{
    const char *name = call_option(call, "from");
    const struct model_options *o;

    *parent = name ? find_run(c, name, err) : NULL;
    if (!*parent)
        return !name;
    if (!(*parent)->model)
        return error_set(err, ERROR_STATE,
                         "the run %s is still in training; `wait` waits for it",
                         (*parent)->name);
    if (model_encoder((*parent)->model)->n_categorical == 0)
        return error_set(err, ERROR_STATE,
                         "the run %s has no categorical columns, so nothing to begin "
                         "with", (*parent)->name);
    o = model_options((*parent)->model);
    s->model.dim = o->dim;
    s->model.layers = o->layers;
    s->model.heads = o->heads;
    s->model.ffn = o->ffn;
    s->model.identifier = o->identifier;
    return true;
}

static bool begin_run(struct context *c, const struct call *call, enum pretext pretext,
                      struct error *err)
{
    struct pending p = {.type = &train_pending};
    struct settings settings = c->session->settings;
    const char *name = call_option(call, "name");
    struct train_job *job;
    struct run *r, *parent;

    if (!take_settings(call, &settings, err) || (name && !check_run_name(c, name, err))
        || !find_parent(c, call, &settings, &parent, err))
        return false;
    r = make_run(c, call, &settings, pretext);
    r->parent = parent ? xstrdup(parent->name) : NULL;
    job = make_job(c, r, parent, err);
    if (!job) {
        run_free(r);
        return false;
    }
    session_add_run(c->session, r);
    p.run = r;
    p.what = xasprintf("%s %s", call->command->name, r->name);
    return pending_start(c, call, GO_ON, p, job, err);
}

static bool run_train(struct context *c, const struct call *call, struct error *err)
{
    return begin_run(c, call, PRETEXT_NONE, err);
}

static bool run_pretrain(struct context *c, const struct call *call, struct error *err)
{
    static const enum pretext pretexts[] = {PRETEXT_MLM, PRETEXT_RTD};

    return begin_run(c, call, pretexts[value_choice(PRETEXTS, call_word(call, 0))], err);
}

#define SETTING(name, setting, sample, help) \
    {name, {VALUE_SETTING, setting, 0, 0}, OPTIONAL, sample, help}

const struct command command_train = {
    .name = "train",
    .help = "train a model of the current table",
    .more = "The options stand in for those of `set train...` for this run only. At the "
            "prompt it goes on in the background: `jobs`, `pause`, `stop` and `wait` "
            "deal with it. The weights of the best epoch are kept, in the run's folder "
            "too. With --from it begins with the embeddings and Transformer layers of a "
            "run that was pre-trained, or trained for the same or another target: "
            "columns are found by name, classes by text, and what that run does not know "
            "begins anew.",
    .options = {
        {"from", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R",
         "begin with the body of that run"},
        SETTING("freeze", "train.freeze", "N", "epochs in which that body stands still"),
        SETTING("body_lr", "train.body_lr", "X", "its learning rate, as a share of --lr"),
        SETTING("epochs", "train.epochs", "N", "epochs at most"),
        SETTING("batch", "train.batch", "N", "rows of a step; 0: chosen by the table"),
        SETTING("lr", "train.lr", "X", "learning rate"),
        SETTING("patience", "train.patience", "N",
                "epochs without a better one; 0: no limit"),
        SETTING("weight_decay", "train.weight_decay", "X", "decoupled weight decay"),
        SETTING("schedule", "train.schedule", "constant|cosine", "of the learning rate"),
        SETTING("warmup", "train.warmup", "X", "epochs of warm-up"),
        SETTING("watch", "train.watch", "auto|auc|loss|r2",
                "what early stopping watches"),
        SETTING("clip", "train.clip", "X", "largest norm of the gradient; 0: any"),
        SETTING("class_weight", "train.class_weight", "none|balanced", "of rare classes"),
        SETTING("seed", "train.seed", "N", "of weights, order and dropout"),
        {"name", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "R", "of the run; else r1, r2, ..."},
    },
    .flags = COMMAND_TABLE | COMMAND_TARGET | COMMAND_JOB,
    .run = run_train,
};

const struct command command_pretrain = {
    .name = "pretrain",
    .help = "learn from the rows of the current table without their labels",
    .more = "From the other columns of a row, mlm learns what stands in cells that are "
            "masked, rtd which cells were replaced by another value of their column. All "
            "rows are used but those for validation and test; choose the target before, "
            "if there is one, so that it is no input and the same rows are left out "
            "later. It ends when the loss on the validation rows gets no better.",
    .arguments = {{"PRETEXT", {VALUE_CHOICE, PRETEXTS, 0, 0}, REQUIRED, NULL,
                   "what is learned"}},
    .options = {
        {"from", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R",
         "begin with the body of that run"},
        SETTING("mask", "pretrain.mask", "X", "share of cells masked or replaced"),
        SETTING("replace", "pretrain.replace", "uniform|empirical",
                "by what rtd replaces: any class, or the value of any row"),
        SETTING("epochs", "train.epochs", "N", "epochs at most"),
        SETTING("batch", "train.batch", "N", "rows of a step; 0: chosen by the table"),
        SETTING("lr", "train.lr", "X", "learning rate"),
        SETTING("patience", "train.patience", "N",
                "epochs without a better one; 0: no limit"),
        SETTING("weight_decay", "train.weight_decay", "X", "decoupled weight decay"),
        SETTING("schedule", "train.schedule", "constant|cosine", "of the learning rate"),
        SETTING("warmup", "train.warmup", "X", "epochs of warm-up"),
        SETTING("clip", "train.clip", "X", "largest norm of the gradient; 0: any"),
        SETTING("seed", "train.seed", "N", "of weights, order, dropout and masks"),
        {"name", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "R", "of the run; else r1, r2, ..."},
    },
    .flags = COMMAND_TABLE | COMMAND_JOB,
    .run = run_pretrain,
};
