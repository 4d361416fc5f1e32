/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine: one worker thread that runs jobs a slice at a time, round robin, so that a
 * look at a model goes on while another is trained and no weight needs a lock.
 *
 * A job is a type (functions) and its work (data). Work handed to engine_submit belongs
 * to the worker until the job has ended; engine_collect hands it back. In between the
 * main thread sees only what the type's `publish` wrote for it, through engine_look.
 *
 * All functions here are for the main thread. The same job types run without any thread
 * through job_run.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/step.h"

struct job_type {
    const char *name;
    /* Worker: one slice, some milliseconds long. */
    enum step (*run)(void *work, struct error *err);
    /* Worker, after a request to stop: makes the next slices wind the work up in good
     * order, after which the job is done. NULL: nothing to wind up, the job ends at
     * once. */
    void (*stop)(void *work);
    /* Worker, between slices and under the engine's lock: copies what the main thread may
     * see to its place in the work. Short. May be NULL. */
    void (*publish)(void *work);
    /* Main thread, when the engine ends and the worker is no more: keeps of work that is
     * not done what can be kept. May be NULL. */
    void (*leave)(void *work);
    /* Whoever owns the work: releases it. */
    void (*free)(void *work);
};

enum job_state {
    JOB_NONE,    /* no such job */
    JOB_RUNNING,
    JOB_PAUSED,
    JOB_DONE,    /* this and the next: ended, waiting for engine_collect */
    JOB_STOPPED, /* ended at once, before its work was done */
    JOB_FAILED,
};

struct engine;

/* No thread is made before the first job needs one. threads: of the pool, 0 for one a
 * core. NULL: no pipe could be made, or (ERROR_USAGE) the environment names an
 * instruction set that there is not. */
struct engine *engine_new(int threads, struct error *err);
/* Ends the worker after its present slice, then frees all work that was not collected. */
void engine_free(struct engine *e);

/* Compute threads that the pool is to have. */
int engine_threads(const struct engine *e);

/* The compute threads, made at the first call; for jobs to use, that is on the worker
 * only. With one thread only if the system refuses more. NULL: not even that. */
struct pool *engine_pool(struct engine *e, struct error *err);

/* Number of the new job, counted from 1; 0 if the worker could not be made, and then the
 * work is still the caller's. */
int engine_submit(struct engine *e, const struct job_type *type, void *work,
                  struct error *err);

enum job_state engine_state(struct engine *e, int job);
/* No effect on a job that has ended. */
void engine_pause(struct engine *e, int job, bool paused);
/* Asks the job to wind up, also when it is paused; asked a second time it ends as soon as
 * its type's `stop` was called. */
void engine_stop(struct engine *e, int job);
/* The same, but one that was asked before is left to wind up in good order. */
void engine_wind_up(struct engine *e, int job);

/* Calls look(work, arg) under the engine's lock. It may read what `publish` writes and
 * nothing else of the work, and must be short. False: no such job. */
bool engine_look(struct engine *e, int job, void (*look)(void *work, void *arg),
                 void *arg);

/* The work of an ended job; *err gets the reason of a failed one. The job is forgotten.
 * NULL: not ended, or no such job. */
void *engine_collect(struct engine *e, int job, struct error *err);

/* Becomes readable when there is news: something was published (told at most 30 times a
 * second) or a job ended. */
int engine_fd(const struct engine *e);
/* Makes it quiet again; to be called before looking. */
void engine_quiet(struct engine *e);

/* Runs the work to its end in the calling thread. */
bool job_run(const struct job_type *type, void *work, struct error *err);

#endif
