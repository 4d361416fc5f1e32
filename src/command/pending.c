/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/pending.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct pending *pending_find(const struct context *c, int job)
{
    for (struct pending *p = c->pending; p; p = p->next) {
        if (p->job == job)
            return p;
    }
    return NULL;
}

struct pending *pending_next(const struct context *c, const struct pending *p)
{
    struct pending *next = p ? p->next : c->pending;

    while (next && next->quiet)
        next = next->next;
    return next;
}

const char *pending_kept_name(const struct pending *p)
{
    bool saved = p->type->cut && p->run && p->run->settings.train.autosave > 0;

    return saved ? p->run->name : p->kept;
}

struct pending *pending_asked(const struct context *c, const char *number,
                              struct error *err)
{
    struct pending *p = pending_next(c, NULL);
    long job = 0;

    if (number)
        p = str_to_long(number, 1, 1000000000, &job) ? pending_find(c, (int)job) : NULL;
    if (p && (number || !pending_next(c, p)))
        return p;
    if (p)
        error_set(err, ERROR_USAGE,
                  "there are several jobs; say which (`jobs` lists them)");
    else if (number)
        error_set(err, ERROR_USAGE, "there is no job %ld; `jobs` lists them", job);
    else
        error_set(err, ERROR_STATE, "no job runs");
    return NULL;
}

static void pending_free(struct pending *p)
{
    if (p->run)
        p->run->users--;
    free(p->what);
    free(p->name);
    free(p->line);
    free(p);
}

void pending_clear(struct context *c)
{
    while (c->pending) {
        struct pending *p = c->pending;

        c->pending = p->next;
        p->run = NULL; /* may be gone by now */
        pending_free(p);
    }
}

static void unlink_pending(struct context *c, struct pending *p)
{
    struct pending **link = &c->pending;

    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
}

static bool has_ended(struct context *c, const struct pending *p)
{
    return engine_state(c->session->engine, p->job) >= JOB_DONE;
}

/* Tells the last news, then takes the work back. Frees p. */
static bool finish(struct context *c, struct pending *p, struct error *err)
{
    struct engine *e = c->session->engine;
    enum job_state ended = engine_state(e, p->job);
    enum format format = c->format;
    struct error why = {0};
    void *work;
    bool ok;

    if (p->type->watch)
        p->type->watch(c, p);
    work = engine_collect(e, p->job, &why);
    if (ended == JOB_STOPPED)
        error_set(&why, ERROR_CANCELLED, "%s was stopped", p->what);
    unlink_pending(c, p);
    c->out->status(c->self, NULL);
    c->format = p->format;
    ok = p->type->finish(c, p, work, ended, &why);
    c->format = format;
    if (!ok && err)
        *err = why;
    if (!ok && p->recorded && why.kind != ERROR_CANCELLED)
        command_unrecord(c, p->line);
    pending_free(p);
    return ok;
}

static void finish_in_background(struct context *c, struct pending *p)
{
    char *what = xstrdup(p->what);
    struct error err = {0};

    if (!finish(c, p, &err)) {
        if (err.kind != ERROR_CANCELLED) /* which names the job itself */
            error_prefix(&err, "%s", what);
        c->out->complain(c->self, &err);
        if (c->background.kind == ERROR_NONE)
            c->background = err;
    }
    free(what);
}

static void show_status(struct context *c)
{
    struct str line = {0};

    for (struct pending *p = pending_next(c, NULL); p; p = pending_next(c, p)) {
        str_printf(&line, "%s%s", line.length > 0 ? "  |  " : "", p->what);
        if (engine_state(c->session->engine, p->job) == JOB_PAUSED)
            str_puts(&line, " (paused)");
        if (p->type->status) {
            str_puts(&line, "  ");
            p->type->status(c, p, &line);
        }
    }
    c->out->status(c->self, line.length > 0 ? line.text : NULL);
    str_done(&line);
}

struct share {
    double (*of)(const void *work);
    double value;
};

static void look_at_share(void *work, void *arg)
{
    struct share *share = arg;

    share->value = share->of(work);
}

void pending_put_share(struct context *c, const struct pending *p,
                       double (*share_of)(const void *work), struct str *out)
{
    struct share share = {share_of, 0};

    engine_look(c->session->engine, p->job, look_at_share, &share);
    str_printf(out, "%.0f %%", 100 * share.value);
}

/* All news but the end of the one that somebody waits for. */
static void poll_others(struct context *c, int awaited)
{
    struct pending *next;

    for (struct pending *p = c->pending; p; p = next) {
        next = p->next;
        if (p->job != awaited && has_ended(c, p))
            finish_in_background(c, p);
        else if (p->type->watch)
            p->type->watch(c, p);
    }
    show_status(c);
}

void pending_poll(struct context *c)
{
    poll_others(c, 0);
}

static void stop_all(struct context *c, void (*stop)(struct engine *e, int job))
{
    for (struct pending *p = c->pending; p; p = p->next) {
        if (p->type->cut)
            engine_look(c->session->engine, p->job, p->type->cut, NULL);
        stop(c->session->engine, p->job);
    }
}

/* One that a person stopped a moment ago keeps its weights all the same. */
void pending_end(struct context *c)
{
    struct error err;

    stop_all(c, engine_wind_up);
    c->batch = true;
    pending_wait(c, 0, &err);
}

/* Until the job has ended. False: interrupted, and told to leave then. */
static bool await(struct context *c, int job, bool stop_then, bool *interrupted)
{
    struct pending *p;

    while ((p = pending_find(c, job)) && !has_ended(c, p)) {
        poll_others(c, job);
        if (c->out->turn(c->self))
            continue;
        *interrupted = true;
        if (!stop_then)
            return false;
        if (c->batch)
            stop_all(c, engine_stop);
        else
            engine_stop(c->session->engine, job);
    }
    return true;
}

static bool fail_interrupted(const char *what, struct error *err)
{
    return error_set(err, ERROR_CANCELLED, "interrupted; %s was stopped", what);
}

/* The one that is waited for ends, and its failure is the command's. */
static bool wait_for(struct context *c, int job, bool stop_then, struct error *err)
{
    struct pending *p;
    bool interrupted = false, ok;
    char *what;

    if (!await(c, job, stop_then, &interrupted)) {
        c->out->status(c->self, NULL);
        return true;
    }
    p = pending_find(c, job);
    if (!p)
        return true;
    what = xstrdup(p->what);
    ok = finish(c, p, err);
    if (interrupted)
        ok = fail_interrupted(what, err);
    free(what);
    return ok;
}

bool pending_start(struct context *c, const struct call *call, enum patience patience,
                   struct pending p, void *work, struct error *err)
{
    struct pending *mine = xmalloc(sizeof(*mine)), **end;

    *mine = p;
    mine->format = c->format;
    if (!mine->line)
        mine->line = xstrdup(c->line);
    mine->next = NULL;
    if (mine->run)
        mine->run->users++;
    mine->job = engine_submit(c->session->engine, p.type->job, work, err);
    if (mine->job == 0) {
        struct run *unborn = mine->run && !mine->run->model ? mine->run : NULL;

        p.type->job->free(work);
        pending_free(mine);
        if (unborn)
            session_drop_run(c->session, unborn);
        return false;
    }
    for (end = &c->pending; *end; end = &(*end)->next)
        ;
    *end = mine;
    if (!call->background && (c->batch || c->sourcing > 0 ||
                              (patience == WAIT_FOR_IT && !c->background_loads)))
        return wait_for(c, mine->job, true, err);
    mine->recorded = c->sourcing == 0;
    if (patience == WAIT_FOR_IT && !call->background)
        return true; /* soon done, and the screen shows how it goes */
    if (mine->quiet)
        return true;
    context_note(c, "[%d] %s begins; `jobs` looks at it, `wait` waits for it", mine->job,
                 mine->what);
    return true;
}

bool pending_wait(struct context *c, int job, struct error *err)
{
    struct pending *p;
    bool interrupted = false;

    if (job != 0)
        return wait_for(c, job, c->batch, err);
    while ((p = pending_next(c, NULL)) && !interrupted) {
        if (has_ended(c, p))
            finish_in_background(c, p);
        else if (!await(c, p->job, c->batch, &interrupted))
            return true;
    }
    while (interrupted && (p = pending_next(c, NULL))) {
        bool ignored;

        await(c, p->job, true, &ignored);
        finish_in_background(c, p);
    }
    if (interrupted)
        return fail_interrupted("what was running", err);
    if (c->background.kind != ERROR_NONE) {
        *err = c->background;
        c->background = (struct error){0};
        return false;
    }
    return true;
}
