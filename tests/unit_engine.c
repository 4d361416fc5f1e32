/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker, with jobs that only count. */
#include "engine/engine.h"

#include <poll.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "base/rng.h"
#include "test.h"

struct counter {
    long to, at;
    bool fails, winding_up;
    long shown;               /* published */
    atomic_int *freed, *alive; /* jobs that were freed; slices that run right now */
};

static enum step count(void *work, struct error *err)
{
    struct counter *c = work;

    if (c->alive)
        check(atomic_fetch_add(c->alive, 1) == 0);
    c->at++;
    if (c->alive)
        atomic_fetch_sub(c->alive, 1);
    if (c->fails && c->at == c->to) {
        error_set(err, ERROR_STATE, "counted to %ld", c->at);
        return STEP_FAILED;
    }
    return c->winding_up || c->at >= c->to ? STEP_DONE : STEP_MORE;
}

static void wind_up(void *work)
{
    ((struct counter *)work)->winding_up = true;
}

/* One more slice is never enough for this one. */
static enum step go_on(void *work, struct error *err)
{
    (void)err;
    ((struct counter *)work)->at++;
    return STEP_MORE;
}

static void publish(void *work)
{
    ((struct counter *)work)->shown = ((struct counter *)work)->at;
}

static void release(void *work)
{
    struct counter *c = work;

    if (c->freed)
        atomic_fetch_add(c->freed, 1);
    free(c);
}

static const struct job_type counting = {
    .name = "count", .run = count, .stop = wind_up, .publish = publish, .free = release,
};
static const struct job_type endless = {
    .name = "endless", .run = go_on, .stop = wind_up, .publish = publish, .free = release,
};
static const struct job_type hasty = {
    .name = "hasty", .run = count, .publish = publish, .free = release,
};

static struct counter *counter_new(long to)
{
    struct counter *c = xcalloc(1, sizeof(*c));

    c->to = to;
    return c;
}

static void wait_for(struct engine *e, int job)
{
    struct pollfd fd = {engine_fd(e), POLLIN, 0};

    while (engine_state(e, job) < JOB_DONE) {
        poll(&fd, 1, -1);
        engine_quiet(e);
    }
}

static void a_job_runs_without_a_thread(void)
{
    struct counter c = {.to = 5};
    struct error err;

    check(job_run(&counting, &c, &err));
    check_int(c.shown, 5);
    c = (struct counter){.to = 3, .fails = true};
    check(!job_run(&counting, &c, &err));
    check_str(err.text, "counted to 3");
}

static void a_job_runs_to_its_end(void)
{
    struct error err = {0};
    struct engine *e = engine_new(1, &err);
    int job = engine_submit(e, &counting, counter_new(1000), &err);
    struct counter *c;

    check_int(job, 1);
    wait_for(e, job);
    check_int(engine_state(e, job), JOB_DONE);
    c = engine_collect(e, job, &err);
    check(c && c->at == 1000 && c->shown == 1000);
    check_int(err.kind, ERROR_NONE);
    check_int(engine_state(e, job), JOB_NONE);
    check(engine_collect(e, job, &err) == NULL);
    free(c);
    engine_free(e);
}

static void a_failure_is_handed_over(void)
{
    struct error err = {0};
    struct engine *e = engine_new(1, &err);
    struct counter *c = counter_new(7);
    int job;

    c->fails = true;
    job = engine_submit(e, &counting, c, &err);
    wait_for(e, job);
    check_int(engine_state(e, job), JOB_FAILED);
    c = engine_collect(e, job, &err);
    check_str(err.text, "counted to 7");
    free(c);
    engine_free(e);
}

static void copy_shown(void *work, void *arg)
{
    *(long *)arg = ((struct counter *)work)->shown;
}

static long shown(struct engine *e, int job)
{
    long n = -1;

    check(engine_look(e, job, copy_shown, &n));
    return n;
}

static void a_paused_job_stands_still(void)
{
    struct error err = {0};
    struct engine *e = engine_new(1, &err);
    int job = engine_submit(e, &counting, counter_new(1L << 60), &err);
    int other;
    long before;

    while (shown(e, job) == 0)
        ;
    engine_pause(e, job, true);
    check_int(engine_state(e, job), JOB_PAUSED);
    /* One slice may still be on its way: another job's end says that it is over. */
    other = engine_submit(e, &counting, counter_new(3), &err);
    wait_for(e, other);
    free(engine_collect(e, other, &err));
    before = shown(e, job);
    other = engine_submit(e, &counting, counter_new(1000), &err);
    wait_for(e, other);
    free(engine_collect(e, other, &err));
    check_int(shown(e, job), before);
    engine_pause(e, job, false);
    while (shown(e, job) == before)
        ;
    engine_stop(e, job);
    wait_for(e, job);
    check_int(engine_state(e, job), JOB_DONE);
    free(engine_collect(e, job, &err));
    engine_free(e);
}

static void stopping_winds_up_or_ends_at_once(void)
{
    struct error err = {0};
    struct engine *e = engine_new(1, &err);
    int patient = engine_submit(e, &counting, counter_new(1L << 60), &err);
    int rash = engine_submit(e, &hasty, counter_new(1L << 60), &err);
    struct counter *c;

    engine_pause(e, patient, true);
    engine_stop(e, patient);
    wait_for(e, patient);
    check_int(engine_state(e, patient), JOB_DONE);
    c = engine_collect(e, patient, &err);
    check(c && c->winding_up);
    free(c);
    engine_stop(e, rash);
    wait_for(e, rash);
    check_int(engine_state(e, rash), JOB_STOPPED);
    free(engine_collect(e, rash, &err));
    engine_free(e);
}

static void a_second_stop_ends_what_winds_up(void)
{
    struct error err = {0};
    struct engine *e = engine_new(1, &err);
    int job = engine_submit(e, &endless, counter_new(0), &err);
    struct counter *c;

    engine_pause(e, job, true);
    engine_stop(e, job);
    engine_stop(e, job); /* before the worker has seen the first */
    wait_for(e, job);
    check_int(engine_state(e, job), JOB_STOPPED);
    c = engine_collect(e, job, &err);
    check(c && c->winding_up);
    free(c);
    engine_free(e);
}

static void winding_up_is_not_hurried(void)
{
    struct error err = {0};
    struct engine *e = engine_new(1, &err);
    int job = engine_submit(e, &endless, counter_new(0), &err);
    long before;

    engine_pause(e, job, true);
    engine_stop(e, job);
    engine_wind_up(e, job);
    for (int i = 0; i < 3; i++) {
        before = shown(e, job);
        while (shown(e, job) < before + 2 && engine_state(e, job) < JOB_DONE)
            ;
        engine_wind_up(e, job);
    }
    check_int(engine_state(e, job), JOB_RUNNING);
    engine_stop(e, job);
    wait_for(e, job);
    check_int(engine_state(e, job), JOB_STOPPED);
    free(engine_collect(e, job, &err));
    engine_free(e);
}

static void jobs_take_turns(void)
{
    enum { N = 3 };
    struct error err = {0};
    struct engine *e = engine_new(1, &err);
    int jobs[N];

    for (int i = 0; i < N; i++)
        jobs[i] = engine_submit(e, &counting, counter_new(1L << 60), &err);
    for (int i = 0; i < N; i++) {
        while (shown(e, jobs[i]) < 1000)
            ;
    }
    for (int i = 0; i < N; i++)
        engine_pause(e, jobs[i], true);
    engine_free(e); /* with work not collected */
}

enum { JOBS = 4, STEPS = 40 };

/* Any order of start, pause, resume, stop, collect and quit: one slice at a time, and all
 * work comes back or is freed once. */
static void play(uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_TEST, 0);
    struct error err = {0};
    struct engine *e = engine_new(1, &err);
    atomic_int freed = 0, alive = 0;
    int jobs[JOBS] = {0}, begun = 0, collected = 0;

    for (int i = 0; i < STEPS; i++) {
        int *job = &jobs[rng_below(&r, JOBS)];
        struct counter *c;

        switch (*job == 0 ? 0 : 1 + rng_below(&r, 5)) {
        case 0:
            c = counter_new((long)rng_below(&r, 500) + 1);
            c->fails = rng_below(&r, 4) == 0;
            c->freed = &freed;
            c->alive = &alive;
            *job = engine_submit(e, rng_below(&r, 2) ? &counting : &hasty, c, &err);
            begun++;
            break;
        case 1:
            engine_pause(e, *job, true);
            break;
        case 2:
            engine_pause(e, *job, false);
            break;
        case 3:
            engine_stop(e, *job);
            break;
        default:
            shown(e, *job);
            c = engine_collect(e, *job, &err);
            if (c) {
                release(c);
                collected++;
                *job = 0;
            }
            engine_quiet(e);
        }
    }
    check_int(freed, collected);
    engine_free(e);
    check_int(freed, begun);
}

static void random_sequences_lose_nothing(void)
{
    for (uint64_t seed = 1; seed <= 200; seed++)
        play(seed);
}

static void an_idle_engine_makes_no_thread(void)
{
    struct error err = {0};
    struct engine *e = engine_new(0, &err);

    check(engine_threads(e) >= 1);
    check_int(engine_state(e, 1), JOB_NONE);
    engine_stop(e, 1);
    engine_pause(e, 1, true);
    engine_free(e);
    engine_free(NULL);
}

int main(void)
{
    test_run(a_job_runs_without_a_thread);
    test_run(a_job_runs_to_its_end);
    test_run(a_failure_is_handed_over);
    test_run(a_paused_job_stands_still);
    test_run(stopping_winds_up_or_ends_at_once);
    test_run(a_second_stop_ends_what_winds_up);
    test_run(winding_up_is_not_hurried);
    test_run(jobs_take_turns);
    test_run(random_sequences_lose_nothing);
    test_run(an_idle_engine_makes_no_thread);
    return test_done();
}
