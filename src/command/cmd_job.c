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

#define JOB_ARGUMENT {"JOB", {VALUE_JOB, NULL, 1, 1e9}, OPTIONAL, NULL, "its number"}

static bool run_pause(struct context *c, const struct call *call, struct error *err)
{
    struct pending *p = pending_asked(c, call_word(call, 0), err);

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

static bool run_stop(struct context *c, const struct call *call, struct error *err)
{
    struct pending *p = pending_asked(c, call_word(call, 0), err);

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
    p = pending_asked(c, call_word(call, 0), err);
    return p && pending_wait(c, p->job, err);
}

const struct command command_wait = {
    .name = "wait",
    .help = "wait for a job, or for all",
    .more = "Ctrl-C ends the waiting and leaves the job alone.",
    .arguments = {JOB_ARGUMENT},
    .run = run_wait,
};
