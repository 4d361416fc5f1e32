/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/profiling.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/pending.h"
#include "engine/job_profile.h"

/* A job and the table it works for. */
struct profiling_look {
    const struct session *session;
    struct table *table; /* NULL: it is gone, or wants another target */
    int done;
};

static void find_table(void *work, void *arg)
{
    struct profiling_look *look = arg;
    const struct session *s = look->session;

    for (size_t i = 0; i < s->n_tables; i++) {
        struct table *t = s->tables[i];

        if (t->data == profile_job_data(work) && t->profiled_for &&
            strcmp(t->profiled_for, profile_job_target(work)) == 0)
            look->table = t;
    }
    look->done = profile_job_done(work);
}

static void take_profiles(void *work, void *arg)
{
    struct profiling_look *look = arg;

    find_table(work, look);
    if (look->table)
        profile_job_take(work, look->table->profiles);
}

static void watch(struct context *c, struct pending *p)
{
    struct profiling_look look = {.session = c->session};

    engine_look(c->session->engine, p->job, take_profiles, &look);
}

static void add_status(struct context *c, const struct pending *p, struct str *out)
{
    struct profiling_look look = {.session = c->session};

    engine_look(c->session->engine, p->job, find_table, &look);
    str_printf(out, "%d columns", look.done);
}

static bool finish(struct context *c, struct pending *p, void *work, enum job_state ended,
                   struct error *err)
{
    struct profiling_look look = {.session = c->session};

    (void)p;
    (void)ended;
    (void)err;
    take_profiles(work, &look);
    profile_job_type.free(work);
    return true;
}

static const struct pending_type profiling_pending = {
    .job = &profile_job_type,
    .watch = watch,
    .status = add_status,
    .finish = finish,
};

static void stop_outdated(struct context *c)
{
    for (struct pending *p = c->pending; p; p = p->next) {
        struct profiling_look look = {.session = c->session};

        if (p->type != &profiling_pending)
            continue;
        engine_look(c->session->engine, p->job, find_table, &look);
        if (!look.table)
            engine_stop(c->session->engine, p->job);
    }
}

static void start(struct context *c, struct table *t)
{
    struct call call = {.background = true};
    struct pending p = {.type = &profiling_pending, .quiet = true};
    struct error ignored;

    p.what = xasprintf("profile %s", t->name);
    p.line = xstrdup("");
    pending_start(c, &call, GO_ON, p, profile_job_new(t->data, t->schema), &ignored);
}

void profiling_start(struct context *c)
{
    struct table *t = c->session->table;
    char *target = t && !c->batch ? schema_target_key(t->schema) : NULL;
    bool wanted = target && (!t->profiled_for || strcmp(t->profiled_for, target) != 0);

    if (wanted) {
        for (int i = 0; t->profiled_for && i < dataset_columns(t->data); i++) {
            if (t->profiles[i])
                profile_forget_target(t->profiles[i]);
        }
        free(t->profiled_for);
        t->profiled_for = target;
        target = NULL;
    }
    stop_outdated(c);
    if (wanted)
        start(c, t);
    free(target);
}
