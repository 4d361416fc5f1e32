/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about the jobs that run in the background. */
#include <stdlib.h>

#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"

static const char *state_text(enum job_state state)
{
    return state == JOB_PAUSED ? "paused" : state == JOB_RUNNING ? "running" : "ending";
}

static bool run_jobs(struct context *c, const struct call *call, struct error *err)
{
    struct grid *g = grid_new("jobs");

    (void)call;
    (void)err;
    grid_column(g, "job", true);
    grid_column(g, "what", false);
    grid_column(g, "state", false);
    grid_prose(g, "progress");
    for (const struct pending *p = pending_next(c, NULL); p; p = pending_next(c, p)) {
        struct str progress = {0};

        if (p->type->status)
            p->type->status(c, p, &progress);
        grid_count(g, (size_t)p->job);
        grid_puts(g, p->what);
        grid_puts(g, state_text(engine_state(c->session->engine, p->job)));
        grid_puts(g, str_text(&progress));
        str_done(&progress);
    }
    if (!pending_next(c, NULL))
        context_note(c, "no job runs");
    grid_print(g, c);
    return true;
}

const struct command command_jobs = {
    .name = "jobs",
    .help = "list the jobs that run in the background",
    .flags = COMMAND_DATA | COMMAND_UNRECORDED,
    .run = run_jobs,
};

/* The job of the first word, or the only one there is. */
static struct pending *asked_job(struct context *c, const struct call *call,
                                 struct error *err)
{
    const char *word = call_word(call, 0);
    struct pending *p = pending_next(c, NULL);
    long job = 0;

    if (word && str_to_long(word, 1, 1000000000, &job))
        p = pending_find(c, (int)job);
    if (p && (word || !pending_next(c, p)))
        return p;
    if (p)
        error_set(err, ERROR_USAGE,
                  "there are several jobs; say which (`jobs` lists them)");
    else if (word)
        error_set(err, ERROR_USAGE, "there is no job %ld; `jobs` lists them", job);
    else
        error_set(err, ERROR_STATE, "no job runs");
    return NULL;
}

#define JOB_ARGUMENT {"JOB", {VALUE_JOB, NULL, 1, 1e9}, OPTIONAL, NULL, "its number"}

static bool run_pause(struct context *c, const struct call *call, struct error *err)
{
    struct pending *p = asked_job(c, call, err);

    if (!p)
        return false;
    engine_pause(c->session->engine, p->job, true);
    context_note(c, "[%d] %s is paused; `resume` goes on", p->job, p->what);
    return true;
}

const struct command command_pause = {
    .name = "pause",
    .help = "hold a job after its present step",
    .arguments = {JOB_ARGUMENT},
    .run = run_pause,
};

static bool run_resume(struct context *c, const struct call *call, struct error *err)
{
    struct pending *p = asked_job(c, call, err);

    if (!p)
        return false;
    engine_pause(c->session->engine, p->job, false);
    return true;
}

const struct command command_resume = {
    .name = "resume",
    .help = "let a paused job go on",
    .arguments = {JOB_ARGUMENT},
    .run = run_resume,
};

static bool run_stop(struct context *c, const struct call *call, struct error *err)
{
    struct pending *p = asked_job(c, call, err);

    if (!p)
        return false;
    engine_stop(c->session->engine, p->job);
    if (!c->batch && c->sourcing == 0)
        return true;
    return pending_wait(c, p->job, err) || err->kind == ERROR_CANCELLED;
}

const struct command command_stop = {
    .name = "stop",
    .help = "end a job; training keeps its best weights",
    .more = "A second stop ends it at once.",
    .arguments = {JOB_ARGUMENT},
    .run = run_stop,
};

static bool run_wait(struct context *c, const struct call *call, struct error *err)
{
    struct pending *p;

    if (!call_word(call, 0)) {
        if (!pending_next(c, NULL))
            context_note(c, "no job runs");
        return pending_wait(c, 0, err);
    }
    p = asked_job(c, call, err);
    return p && pending_wait(c, p->job, err);
}

const struct command command_wait = {
    .name = "wait",
    .help = "wait for a job, or for all",
    .more = "Ctrl-C ends the waiting and leaves the job alone.",
    .arguments = {JOB_ARGUMENT},
    .run = run_wait,
};
