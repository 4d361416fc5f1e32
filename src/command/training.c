/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "command/pending.h"
#include "engine/job_train.h"
#include "model/gbdt.h"

enum { SPARSE_MS = 2000 };

/* ---- telling how it goes ---- */

struct train_look {
    struct run *run; /* gets progress, history, curve ... */
    size_t begun;    /* epochs of an earlier session */
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
    if (v->model && !r->live)
        r->live = model_ref(v->model);
    look->begun = v->begun;
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
        str_printf(out, m->rmse < 1000 || m->rmse >= 1e9 ? "RMSE %.4g, R2 %.4f"
                                                         : "RMSE %.0f, R2 %.4f",
                   m->rmse, m->r2);
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
               e->epoch, run_epochs(r), e->seconds, e->train_loss);
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
    char parameters[COUNT_TEXT], batches[COUNT_TEXT], rows[COUNT_TEXT];
    double memory = ceil((double)r->bytes / 1e6);

    context_note_lines(c, "", str_text(&look->note));
    count_text(r->progress.batches, batches);
    count_text((size_t)r->batch, rows);
    if (r->settings.model.kind == MODEL_GBDT)
        context_note(c, "%s: %s round%s of trees an epoch from %s rows, %.0f MB of memory",
                     r->name, batches, r->progress.batches == 1 ? "" : "s", rows, memory);
    else
        context_note(c, "%s: %s parameters, %s batch%s of %s rows an epoch, %.0f MB of "
                     "memory", r->name, count_text(r->parameters, parameters), batches,
                     r->progress.batches == 1 ? "" : "es", rows, memory);
}

/* What was remarked since. */
static void note_news(struct context *c, struct pending *p, const struct train_look *look)
{
    char *before;

    if (p->told_at == 0 || look->note.length <= p->told_notes)
        return;
    before = xasprintf("%s: ", p->run->name);
    context_note_lines(c, before, look->note.text + p->told_notes);
    p->told_notes = look->note.length;
    free(before);
}

static void watch_training(struct context *c, struct pending *p)
{
    struct train_look look = {.run = p->run};
    int64_t now = clock_ms();

    if (!engine_look(c->session->engine, p->job, look_at_training, &look))
        return;
    if (p->told_at == 0 && p->run->bytes > 0) {
        note_begin(c, p->run, &look);
        p->told_at = now;
        p->told = look.begun;
        p->told_notes = look.note.length;
    }
    note_news(c, p, &look);
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
    str_printf(out, "epoch %d of %d, step %zu of %zu", t->epoch + 1, run_epochs(r),
               t->step % t->batches, t->batches);
    if (t->step > 0)
        str_printf(out, ", loss %.4f", t->loss);
    if (r->n_history > 0) {
        str_puts(out, ", valid ");
        add_metrics(out, &r->history[r->n_history - 1].valid, r->task);
    }
    if (t->rows_per_second > 0)
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

static void note_pruned(struct context *c, const struct run *r)
{
    size_t left, n = model_weights(r->model, &left);
    char of[COUNT_TEXT], count[COUNT_TEXT];

    context_note(c, "%s: %s of %s weights are left (%.1f %%)", r->name,
                 count_text(left, count), count_text(n, of),
                 100 * (double)left / (double)n);
}

static void note_trees(struct context *c, const struct run *r)
{
    const struct forest *f = model_gbdt(r->model)->forest;
    char trees[COUNT_TEXT], leaves[COUNT_TEXT];

    /* a tree has one leaf more than splits */
    context_note(c, "%s: %s tree%s with %s leaves", r->name, count_text(f->n_trees, trees),
                 f->n_trees == 1 ? "" : "s",
                 count_text((f->n_nodes + f->n_trees) / 2, leaves));
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
    if (r->model && model_options(r->model)->kind == MODEL_SPARSE_MLP)
        note_pruned(c, r);
    if (r->model && model_gbdt(r->model))
        note_trees(c, r);
    if (r->folder && result->saved && result->resumable)
        context_note(c, "%s: kept in %s; `resume %s` goes on with it", r->name, r->folder,
                     r->name);
    else if (r->folder && result->saved)
        context_note(c, "%s: kept in %s", r->name, r->folder);
}

/* It is a run of the session all the same, where the session goes on. */
static bool refuse_unsaved(const struct context *c, const struct run *r,
                           const struct error *why, struct error *err)
{
    char *way_out = c->batch ? xstrdup("") : xasprintf("; while the program runs, `save "
                                                       "--run %s FILE` writes it elsewhere",
                                                       r->name);

    error_set(err, why->kind, "the model of %s is not saved: %s%s", r->name, why->text,
              way_out);
    free(way_out);
    return false;
}

/* Model and metrics; the job is freed. */
static void take_result(struct context *c, struct run *r, struct train_job *job,
                        struct train_result *result)
{
    *result = train_job_take(job);
    train_job_type.free(job);
    r->state = RUN_TRAINED;
    r->model = result->model;
    model_unref(r->live);
    r->live = NULL;
    r->valid = result->valid;
    r->test = result->test;
    split_free(result->split);
    c->session->run = r;
}

static bool finish_training(struct context *c, struct pending *p, void *work,
                            enum job_state ended, struct error *err)
{
    struct run *r = p->run;
    struct train_result result;

    if (ended != JOB_DONE) {
        p->run = NULL;
        session_drop_run(c->session, r);
        train_job_type.free(work);
        return false;
    }
    take_result(c, r, work, &result);
    note_trained(c, r, &result);
    return !r->folder || result.saved || refuse_unsaved(c, r, &result.save_error, err);
}

void training_take(struct context *c, struct run *r, struct train_job *job)
{
    struct train_look look = {.run = r};
    struct train_result result;

    train_job_type.publish(job);
    look_at_training(job, &look);
    str_done(&look.note);
    session_add_run(c->session, r);
    take_result(c, r, job, &result);
    note_trained(c, r, &result);
    if (!result.saved)
        context_note(c, "the model of %s is not saved: %s", r->name,
                     result.save_error.text);
}

static void cut_training(void *work, void *arg)
{
    (void)arg;
    train_job_cut(work);
}

static const struct pending_type train_pending = {
    .job = &train_job_type,
    .watch = watch_training,
    .status = training_status,
    .cut = cut_training,
    .finish = finish_training,
};

/* ---- beginning ---- */

/* What the body attends to stays there; more may come to it. */
static void take_tokens(struct model_options *own, const struct model_options *body)
{
    if (body->continuous != CONTINUOUS_FEATURES) {
        own->numbers = body->numbers;
        own->frequencies = body->frequencies;
        if (own->continuous == CONTINUOUS_FEATURES)
            own->continuous = body->continuous;
    }
    if (body->readout == READOUT_CLS)
        own->readout = READOUT_CLS;
}

/* The MLP's blocks come whole or not at all. */
static void take_blocks(struct model_options *own, const struct model_options *body)
{
    own->head_hidden1 = body->head_hidden1;
    own->head_hidden2 = body->head_hidden2;
    own->head_cap = body->head_cap;
    own->head_norm = body->head_norm;
    own->continuous_norm = body->continuous_norm;
}

static bool has_blocks(const struct run *r)
{
    return model_pretext(r->model) == PRETEXT_DAE;
}

bool training_find_parent(struct context *c, const struct call *call, enum model_kind kind,
                          struct run **parent, struct error *err)
{
    const char *name = call_option(call, "from");
    const struct model_options *o;

    *parent = name ? find_run(c, name, err) : NULL;
    if (!*parent)
        return !name;
    if (!run_needs_model(*parent, err))
        return false;
    if (model_encoder((*parent)->model)->n_categorical == 0 && !has_blocks(*parent))
        return error_set(err, ERROR_STATE,
                         "the run %s has no categorical columns, so nothing to begin "
                         "with", (*parent)->name);
    o = model_options((*parent)->model);
    if (!model_embeds((*parent)->model) && !has_blocks(*parent))
        return error_set(err, ERROR_STATE,
                         "the run %s %s and has no embeddings to begin with",
                         (*parent)->name, model_lacks_embeddings((*parent)->model));
    return kind == o->kind
        || error_set(err, ERROR_USAGE, "%s is a model of kind %s and model.kind is %s: say "
                     "`set model.kind %s`", (*parent)->name, model_kind_name(o->kind),
                     model_kind_name(kind), model_kind_name(o->kind));
}

void training_take_shape(const struct run *parent, struct settings *s)
{
    const struct model_options *o;

    if (!parent)
        return;
    o = model_options(parent->model);
    s->model.encoding = o->encoding;
    s->model.dim = o->dim;
    s->model.layers = o->layers;
    s->model.heads = o->heads;
    s->model.ffn = o->ffn;
    s->model.identifier = o->identifier;
    take_tokens(&s->model, o);
    if (has_blocks(parent))
        take_blocks(&s->model, o);
}

/* A name makes a folder, so it must be one that stays where it is; and it stands in
 * commands that are advised. */
bool training_check_name(struct context *c, const char *name, struct error *err)
{
    char *shown = show(name, 60), *folder = session_run_folder(c->session, name);
    struct stat st;
    bool ok = true;

    if (strchr(name, '/') || name[0] == '.' || name[0] == '-' || strlen(name) > 100
        || !word_is_plain(name))
        ok = error_set(err, ERROR_USAGE,
                       "\"%s\" cannot name a run: no /, blank, quote or \\, no . - # or & "
                       "in front, at most 100 bytes", shown);
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

static struct train_job *make_job(struct context *c, const struct run *r,
                                  const struct training *how, struct error *err)
{
    struct train_request request = {
        .data = r->data, .schema = r->schema, .split = r->split,
        .encode = r->settings.data, .model = r->settings.model,
        .train = r->settings.train, .pretext = r->pretext,
        .from = how->parent ? how->parent->model : NULL,
        .pool = engine_pool(c->session->engine, err), .folder = r->folder,
        .commands = how->commands, .recipe = how->recipe, .resume = how->resume,
    };
    struct train_job *job;

    if (!request.pool)
        return NULL;
    request.extra = run_to_json(r);
    job = train_job_new(&request, err);
    json_decref(request.extra);
    return job;
}

bool training_start(struct context *c, const struct call *call, struct run *r,
                    const struct training *how, struct error *err)
{
    struct train_job *job = make_job(c, r, how, err);
    struct pending p = {.type = &train_pending, .run = r};
    struct run *before;

    if (!job) {
        run_free(r);
        return false;
    }
    before = session_find_run(c->session, r->name);
    if (before)
        session_drop_run(c->session, before);
    session_add_run(c->session, r);
    p.what = xasprintf("%s %s", call->command->name, r->name);
    return pending_start(c, call, GO_ON, p, job, err);
}
