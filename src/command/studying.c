/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/studying.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/option.h"
#include "command/repeat.h"
#include "command/training.h"
#include "engine/metric.h"
#include "engine/stopping.h"
#include "engine/study_kept.h"

/* Begins the line that says where the tables of a study were found. */
#define IN_FOLDER "# in the folder "

enum { SPARSE_MS = 2000, LINES_BYTES = 16 << 20 };

/* ---- settings ---- */

struct settings fit_settings(const struct study_fit *f)
{
    struct settings s = settings_defaults();

    s.model = f->model;
    s.train = f->train;
    s.data = f->encode;
    return s;
}

void fit_take_settings(struct study_fit *f, const struct settings *s)
{
    f->model = s->model;
    f->train = s->train;
    f->encode = s->data;
}

char *fit_text(const struct study_fit *f)
{
    struct settings s = fit_settings(f);
    struct str text = {0};
    const struct option *o;
    char *copy;

    for (int i = 0; (o = option_at(i)); i++) {
        if (option_is_default(o, &s))
            continue;
        str_printf(&text, "%s%s ", text.length > 0 ? ", " : "", o->name);
        option_print(o, &s, &text);
    }
    copy = xstrdup(str_text(&text));
    str_done(&text);
    return copy;
}

/* ---- beginning ---- */

/* A study that goes on keeps its folder. */
static bool check_name(struct context *c, const char *name, struct error *err)
{
    char *folder = session_run_folder(c->session, name);
    char *trials = xasprintf("%s/" STUDY_TRIALS, folder);
    bool ok = access(trials, F_OK) == 0 && strchr(name, '/') == NULL;

    free(trials);
    free(folder);
    return ok || training_check_name(c, name, err);
}

const struct pending *study_pending(const struct context *c)
{
    for (const struct pending *p = c->pending; p; p = p->next)
        if (p->type->job == &study_job_type)
            return p;
    return NULL;
}

static bool check_no_other(const struct context *c, struct error *err)
{
    const struct pending *p = study_pending(c);

    return !p || error_set(err, ERROR_STATE, "%s goes on, on all threads; `wait` waits "
                           "for it, `stop` ends it", p->what);
}

struct study *study_new(struct context *c, enum study_kind kind, const char *name,
                        const char *prefix, struct error *err)
{
    struct study *s;

    if ((name && !check_name(c, name, err)) || !check_no_other(c, err))
        return NULL;
    s = xcalloc(1, sizeof *s);
    s->kind = kind;
    s->name = name ? xstrdup(name) : session_free_name(c->session, prefix);
    s->folder = session_run_folder(c->session, s->name);
    s->plan = study_plan_new();
    return s;
}

void study_repeat(struct context *c, const struct call *call, const struct study *s,
                  struct str *out)
{
    repeat_settings(out, &c->session->settings);
    call_print(call, out);
    if (!call_option(call, "name")) {
        str_puts(out, " --name ");
        word_quote(out, s->name);
    }
    str_putc(out, '\n');
}

static bool write_lines(const struct study *s, const char *lines, struct error *err)
{
    char *path = xasprintf("%s/" STUDY_LINES, s->folder), here[PATH_MAX], *shown;
    struct file_writer *w = file_writer_open(path, 0644, err);

    free(path);
    if (!w)
        return false;
    shown = show(getcwd(here, sizeof here) ? here : "?", 0);
    file_writer_printf(w, "# tabscope: these lines begin %s, or go on with it\n"
                       IN_FOLDER "%s\n%s", s->name, shown, lines);
    free(shown);
    return file_writer_commit(w, err);
}

static struct study_job *make_job(struct context *c, const struct study *s,
                                  const struct studying *how, struct error *err)
{
    struct study_request r = {s->plan, s->results, s->folder, how->keep_best,
                              engine_pool(c->session->engine, err), mem_available() / 4};
    struct study_job *job = r.pool ? study_job_new(&r, err) : NULL;

    if (job && !write_lines(s, how->lines, err)) {
        study_job_type.free(job);
        return NULL;
    }
    return job;
}

/* Its run is the best of the trials that it has, and stays so. */
static bool check_end(const struct study *s, const struct studying *how,
                      struct error *err)
{
    return s->kind == STUDY_BENCHMARK || how->keep_best
        || s->done_before == s->plan->n_trials
        || error_set(err, ERROR_STATE, "the search %s has its end, with %zu trials; choose "
                     "another --name", s->name, s->done_before);
}

bool study_start(struct context *c, const struct call *call, struct study *s,
                 const struct studying *how, struct error *err)
{
    struct pending p = {.type = how->type, .name = how->remember};
    struct study_job *job = NULL;

    s->results = xcalloc(s->plan->n_trials + 1, sizeof *s->results);
    if (study_read(s->plan, s->folder, s->results, &s->done_before, err)
        && check_end(s, how, err))
        job = make_job(c, s, how, err);
    if (!job) {
        free(how->remember);
        study_free(s);
        return false;
    }
    if (s->done_before > 0 && s->done_before < s->plan->n_trials)
        context_note(c, "%s goes on: %zu of %zu trials are done", s->name, s->done_before,
                     s->plan->n_trials);
    study_free(c->session->study);
    c->session->study = s;
    s->begun = clock_seconds();
    p.what = xasprintf("%s %s", call->command->name, s->name);
    p.kept = s->name;
    return pending_start(c, call, GO_ON, p, job, err);
}

/* ---- going on with one of another session ---- */

bool study_has_run(const struct context *c, const char *name)
{
    char *folder = session_run_folder(c->session, name);
    char *model = xasprintf("%s/" RUN_MODEL, folder);
    bool has = access(model, F_OK) == 0
        && study_kept_hold(c->session, name) != STUDY_CUT_OFF;

    free(model);
    free(folder);
    return has;
}

bool study_is_kept(const struct context *c, const char *name)
{
    return study_kept_is(c->session, name) && !study_has_run(c, name);
}

static void print_nothing(void *self, const char *bytes, size_t n)
{
    (void)self;
    (void)bytes;
    (void)n;
}

static void note_nothing(void *self, const char *sentence)
{
    (void)self;
    (void)sentence;
}

/* All lines but the last, which is left in *last (caller frees; NULL: there is none):
 * what comes before the command is waited for. Which tables are read is told; that a
 * hundred columns are marked as they were is not. */
static bool run_before_last(struct context *c, char *lines, char **last,
                            struct error *err)
{
    const struct way_out *out = c->out;
    struct way_out quiet = *out;
    bool ok = true;

    *last = NULL;
    quiet.print = print_nothing;
    c->out = &quiet;
    c->sourcing++;
    for (char *at = lines, *end; ok && (end = strchr(at, '\n')); at = end + 1) {
        quiet.note = *last && str_starts(*last, "load ") ? out->note : note_nothing;
        ok = !*last || command_run(c, *last, err);
        free(*last);
        *last = xstrndup(at, (size_t)(end - at));
    }
    c->sourcing--;
    c->out = out;
    return ok;
}

/* Puts before *err in which folder the files were found, if it is another one. */
static void tell_folder(const char *lines, struct error *err)
{
    const char *line = strstr(lines, IN_FOLDER);
    char *folder;

    if (!line)
        return;
    line += strlen(IN_FOLDER);
    folder = xstrndup(line, strcspn(line, "\n"));
    if (!path_is_here(folder))
        error_prefix(err, "it was begun in the folder %s", folder);
    free(folder);
}

static void use_table(struct session *s, const char *name)
{
    struct table *t = name ? session_find_table(s, name) : NULL;

    if (t)
        s->table = t;
}

static void use_run(struct session *s, const char *name)
{
    s->run = name ? session_find_run(s, name) : NULL;
}

static bool run_lines(struct context *c, const struct call *call, char *lines,
                      struct error *err)
{
    struct session *s = c->session;
    struct settings before = s->settings;
    char *table = s->table ? xstrdup(s->table->name) : NULL;
    char *run = s->run ? xstrdup(s->run->name) : NULL, *last;
    struct str line = {0};
    bool ok = run_before_last(c, lines, &last, err);

    if (!ok)
        tell_folder(lines, err);
    use_run(s, run); /* a line may have opened another one */
    memcpy(s->settings.run_dir, before.run_dir, sizeof before.run_dir); /* it is there */
    if (ok && last) {
        str_printf(&line, "%s%s", last, call->background ? " &" : "");
        ok = command_run(c, str_text(&line), err);
    }
    s->settings = before;
    use_table(s, table);
    str_done(&line);
    free(last);
    free(run);
    free(table);
    return ok;
}

bool study_resume(struct context *c, const struct call *call, const char *name,
                  struct error *err)
{
    char *path = xasprintf("%s/%s/" STUDY_LINES, c->session->settings.run_dir, name);
    char *lines = check_no_other(c, err) ? file_read(path, LINES_BYTES, NULL, err) : NULL;
    bool ok = lines && run_lines(c, call, lines, err);

    free(lines);
    free(path);
    return ok;
}

/* ---- telling how it goes ---- */

struct study_look {
    struct study *study;
    const struct study_result *before; /* (n_trials) */
    struct str note;
    size_t told_notes;
};

/* Under the engine's lock. */
static void look_at_study(void *work, void *arg)
{
    struct study_look *look = arg;
    struct study *s = look->study;
    const struct study_view *v = study_job_view(work);

    memcpy(s->results, v->results, s->plan->n_trials * sizeof *s->results);
    s->lanes = xrealloc(s->lanes, (size_t)(v->n_lanes + 1) * sizeof *s->lanes);
    memcpy(s->lanes, v->lanes, (size_t)v->n_lanes * sizeof *s->lanes);
    s->n_lanes = v->n_lanes;
    if (v->note.length > look->told_notes)
        str_add(&look->note, v->note.text + look->told_notes,
                v->note.length - look->told_notes);
}

static size_t count_done(const struct study *s)
{
    return study_count(s, TRIAL_DONE) + study_count(s, TRIAL_FAILED);
}

/* "trial 7", or "bank, 200 labels, mlp, split 2, round 7"; caller frees. */
static char *trial_text(const struct study *s, const struct study_trial *t)
{
    char labels[COUNT_TEXT] = "all", round[32] = "";

    if (s->kind == STUDY_SEARCH)
        return xasprintf("trial %d", t->round);
    if (s->labels[t->labels] >= 0)
        count_text((size_t)s->labels[t->labels], labels);
    if (study_has_rounds(s))
        snprintf(round, sizeof round, ", round %d", t->round);
    return xasprintf("%s, %s labels, %s, split %d%s", s->plan->tables[t->fit.table].name,
                     labels, s->models[t->model], t->split + 1, round);
}

static void note_trial(struct context *c, const struct study *s, size_t trial)
{
    const struct study_trial *t = &s->plan->trials[trial];
    const struct study_result *r = &s->results[trial];
    const struct metric_field *f = metric_rising(study_task(s->plan, t));
    char *text = trial_text(s, t);

    context_note(c, "%s%s: %zu of %zu: %s: valid %s %.4f, %d epoch%s%s, %.1f s",
                 c->narration == NARRATE_ASIDE ? "  " : "", s->name, count_done(s),
                 s->plan->n_trials, text, f->title, metric_value(&r->valid, f),
                 r->epochs, r->epochs == 1 ? "" : "s", r->cut ? " (ended early)" : "",
                 r->seconds);
    free(text);
}

static void note_trials(struct context *c, struct pending *p, const struct study *s,
                        const struct study_result *before)
{
    int64_t now = clock_ms();

    for (size_t i = 0; i < s->plan->n_trials; i++) {
        if (before[i].state == TRIAL_DONE || s->results[i].state != TRIAL_DONE
            || c->narration == NARRATE_STATUS
            || (c->narration >= NARRATE_SPARSE && now - p->told_at < SPARSE_MS))
            continue;
        note_trial(c, s, i);
        p->told_at = now;
    }
}

void study_cut(void *work, void *arg)
{
    (void)arg;
    study_job_cut(work);
}

void study_watch(struct context *c, struct pending *p)
{
    struct study *s = c->session->study;
    size_t bytes = s->plan->n_trials * sizeof *s->results;
    struct study_result *before = xmalloc(bytes + 1);
    struct study_look look = {.study = s, .told_notes = p->told_notes};

    memcpy(before, s->results, bytes);
    if (engine_look(c->session->engine, p->job, look_at_study, &look)) {
        note_trials(c, p, s, before);
        context_note_lines(c, "", str_text(&look.note));
        p->told_notes += look.note.length;
    }
    str_done(&look.note);
    free(before);
}

/* By halving the longest ones come first. */
static size_t in_one_search(const struct study *s)
{
    return (size_t)stopping_rounds(s->plan, 0) + 1;
}

static void put_left(const struct study *s, struct str *out)
{
    size_t done = count_done(s), made = done - s->done_before;
    double seconds = clock_seconds() - s->begun;

    if (made == 0 || (s->plan->stopping == STOPPING_HALVING && made <= in_one_search(s)))
        return;
    str_puts(out, ", about ");
    str_duration(out, seconds / (double)made * (double)(s->plan->n_trials - done));
    str_puts(out, " left");
}

void study_status(struct context *c, const struct pending *p, struct str *out)
{
    const struct study *s = c->session->study;

    (void)p;
    str_printf(out, "%zu/%zu trials", count_done(s), s->plan->n_trials);
    for (int i = 0; i < s->n_lanes; i++) {
        const struct study_lane *l = &s->lanes[i];
        char *text;

        if (l->trial >= s->plan->n_trials)
            continue;
        text = trial_text(s, &s->plan->trials[l->trial]);
        str_printf(out, "%s %s%s epoch %d", i == 0 ? ":" : ";", text,
                   l->body ? " (body)" : "", l->epoch + 1);
        free(text);
    }
    put_left(s, out);
}

bool study_end(struct context *c, struct pending *p, void *work, enum job_state ended,
               struct error *err)
{
    struct study *s = c->session->study;
    struct study_look look = {.study = s, .told_notes = p->told_notes};

    if (ended != JOB_DONE)
        return false;
    look_at_study(work, &look);
    str_done(&look.note);
    s->n_lanes = 0;
    if (count_done(s) == s->plan->n_trials)
        return true;
    return error_set(err, ERROR_CANCELLED, "%s was stopped with %zu of %zu trials done; "
                     "`resume %s` goes on with it", p->what, count_done(s),
                     s->plan->n_trials, s->name);
}
