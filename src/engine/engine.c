/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one file that knows of the worker's mutex. The lock guards the list of jobs and
 * every field of a job except the inside of its work, which is the worker's alone while a
 * slice runs; `publish` and `look` meet under the lock too. A slice runs without the
 * lock, so the main thread never waits longer than for a copy.
 */
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

enum { NEWS_INTERVAL_NS = 33 * 1000 * 1000 };

struct job {
    int id;
    const struct job_type *type;
    void *work;
    enum job_state state;
    int stops;       /* requests to stop that the worker has not seen */
    bool winding_up; /* type->stop was called */
    struct error error;
    struct job *next;
};

struct engine {
    int threads;
    struct pool *pool; /* made by the main thread, used by the worker */
    int news[2];       /* pipe: the worker writes, the main thread polls */
    pthread_t worker;
    bool has_worker;   /* main thread only */
    int last_id;       /* main thread only */

    pthread_mutex_t lock; /* guards all that follows */
    pthread_cond_t wake;  /* a job was added, resumed or stopped, or quit was set */
    struct job *jobs;     /* in the order they were submitted */
    struct job *turn;     /* the job that ran last, NULL: begin at the first */
    bool quit;
    bool told;            /* a byte is in the pipe */
    int64_t told_at;      /* monotonic, ns */
};

/* Under the lock. What is not told now is told with a later slice or with the end. */
static void tell(struct engine *e, bool at_once)
{
    int64_t now = clock_ns();

    if (e->told || (!at_once && now - e->told_at < NEWS_INTERVAL_NS))
        return;
    if (write(e->news[1], "", 1) == 1) {
        e->told = true;
        e->told_at = now;
    }
}

static struct job *find(const struct engine *e, int id)
{
    for (struct job *j = e->jobs; j; j = j->next) {
        if (j->id == id)
            return j;
    }
    return NULL;
}

static bool is_ready(const struct job *j)
{
    return j->state == JOB_RUNNING || (j->state == JOB_PAUSED && j->stops > 0);
}

/* The next job after the one whose turn it was, going round. */
static struct job *next_ready(struct engine *e)
{
    struct job *first = e->turn && e->turn->next ? e->turn->next : e->jobs;

    for (struct job *j = first; j; j = j->next) {
        if (is_ready(j))
            return j;
    }
    for (struct job *j = e->jobs; j && j != first; j = j->next) {
        if (is_ready(j))
            return j;
    }
    return NULL;
}

/* Under the lock. True if the job is to be wound up; without a way to do that, or asked
 * once more, it ends at once. Two requests within a slice are still two, as what there is
 * to keep is kept at the first. */
static bool take_stop(struct engine *e, struct job *j)
{
    bool at_once = !j->type->stop || j->winding_up;

    if (j->stops == 0)
        return false;
    j->stops--;
    j->winding_up = true;
    j->state = at_once ? JOB_STOPPED : JOB_RUNNING;
    if (at_once)
        tell(e, true);
    return !at_once;
}

static void settle(struct engine *e, struct job *j, enum step step,
                   const struct error *err)
{
    if (j->type->publish)
        j->type->publish(j->work);
    if (step == STEP_DONE) {
        j->state = JOB_DONE;
    } else if (step == STEP_FAILED) {
        j->state = JOB_FAILED;
        j->error = *err;
    }
    tell(e, step != STEP_MORE);
}

static void *work(void *arg)
{
    struct engine *e = arg;

    pool_lower_thread();
    pthread_mutex_lock(&e->lock);
    while (!e->quit) {
        struct job *j = next_ready(e);
        struct error err = {0};
        enum step step;
        bool stop;

        if (!j) {
            pthread_cond_wait(&e->wake, &e->lock);
            continue;
        }
        e->turn = j;
        stop = take_stop(e, j);
        if (j->state == JOB_STOPPED)
            continue;
        pthread_mutex_unlock(&e->lock);
        if (stop)
            j->type->stop(j->work);
        step = j->type->run(j->work, &err);
        pthread_mutex_lock(&e->lock);
        settle(e, j, step, &err);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* A misspelt name would go unnoticed: kernels_best takes the fastest set then. */
static bool check_instruction_set(struct error *err)
{
    static const char *const sets[] = {"base", "avx2", "avx512"};
    const char *asked = getenv("TABSCOPE_ISA");
    char *shown;

    for (size_t i = 0; asked && i < sizeof(sets) / sizeof(*sets); i++) {
        if (strcmp(asked, sets[i]) == 0)
            return true;
    }
    if (!asked)
        return true;
    shown = show(asked, 60);
    error_set(err, ERROR_USAGE,
              "TABSCOPE_ISA in the environment is \"%s\"; it takes base, avx2 or avx512",
              shown);
    free(shown);
    return false;
}

struct engine *engine_new(int threads, struct error *err)
{
    struct engine *e;

    if (!check_instruction_set(err))
        return NULL;
    e = xcalloc(1, sizeof(*e));
    if (pipe2(e->news, O_CLOEXEC | O_NONBLOCK) != 0) {
        error_set(err, ERROR_SYSTEM, "no pipe for the worker thread: %s",
                  strerror(errno));
        free(e);
        return NULL;
    }
    e->threads = threads > 0 ? threads : pool_cores();
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->wake, NULL);
    return e;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    e->quit = true;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    if (e->has_worker)
        pthread_join(e->worker, NULL);
    while (e->jobs) {
        struct job *j = e->jobs;

        e->jobs = j->next;
        if (j->state < JOB_DONE && j->type->leave)
            j->type->leave(j->work);
        j->type->free(j->work);
        free(j);
    }
    if (e->pool)
        pool_free(e->pool);
    close(e->news[0]);
    close(e->news[1]);
    pthread_cond_destroy(&e->wake);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

int engine_threads(const struct engine *e)
{
    return e->threads;
}

struct pool *engine_pool(struct engine *e, struct error *err)
{
    if (!e->pool)
        e->pool = pool_new(e->threads, err);
    if (!e->pool && e->threads > 1)
        e->pool = pool_new(1, err);
    return e->pool;
}

/* The worker must never run a signal handler: it is born with all signals blocked. */
static bool make_worker(struct engine *e, struct error *err)
{
    sigset_t all, before;
    int failed;

    if (e->has_worker)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&e->worker, NULL, work, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return error_set(err, ERROR_SYSTEM,
                         "no thread for jobs could be made: %s; close other programs or "
                         "raise the limit (ulimit -u)", strerror(failed));
    e->has_worker = true;
    return true;
}

int engine_submit(struct engine *e, const struct job_type *type, void *work,
                  struct error *err)
{
    struct job *j, **end;

    if (!make_worker(e, err))
        return 0;
    j = xcalloc(1, sizeof(*j));
    j->id = ++e->last_id;
    j->type = type;
    j->work = work;
    j->state = JOB_RUNNING;
    pthread_mutex_lock(&e->lock);
    for (end = &e->jobs; *end; end = &(*end)->next)
        ;
    *end = j;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    return j->id;
}

enum job_state engine_state(struct engine *e, int job)
{
    struct job *j;
    enum job_state state;

    pthread_mutex_lock(&e->lock);
    j = find(e, job);
    state = j ? j->state : JOB_NONE;
    pthread_mutex_unlock(&e->lock);
    return state;
}

void engine_pause(struct engine *e, int job, bool paused)
{
    struct job *j;

    pthread_mutex_lock(&e->lock);
    j = find(e, job);
    if (j && (j->state == JOB_RUNNING || j->state == JOB_PAUSED)) {
        j->state = paused ? JOB_PAUSED : JOB_RUNNING;
        pthread_cond_signal(&e->wake);
    }
    pthread_mutex_unlock(&e->lock);
}

static void ask_to_stop(struct engine *e, int job, bool insist)
{
    struct job *j;

    pthread_mutex_lock(&e->lock);
    j = find(e, job);
    if (j && (j->state == JOB_RUNNING || j->state == JOB_PAUSED) &&
        (insist || (j->stops == 0 && !j->winding_up))) {
        j->stops++;
        pthread_cond_signal(&e->wake);
    }
    pthread_mutex_unlock(&e->lock);
}

void engine_stop(struct engine *e, int job)
{
    ask_to_stop(e, job, true);
}

void engine_wind_up(struct engine *e, int job)
{
    ask_to_stop(e, job, false);
}

bool engine_look(struct engine *e, int job, void (*look)(void *work, void *arg),
                 void *arg)
{
    struct job *j;

    pthread_mutex_lock(&e->lock);
    j = find(e, job);
    if (j)
        look(j->work, arg);
    pthread_mutex_unlock(&e->lock);
    return j != NULL;
}

/* The job that comes after `gone` keeps its turn. */
static void forget_turn(struct engine *e, const struct job *gone)
{
    struct job *before = NULL;

    if (e->turn != gone)
        return;
    for (struct job *j = e->jobs; j && j != gone; j = j->next)
        before = j;
    e->turn = before;
}

void *engine_collect(struct engine *e, int job, struct error *err)
{
    struct job *j, **link;
    void *result = NULL;

    pthread_mutex_lock(&e->lock);
    j = find(e, job);
    if (j && j->state >= JOB_DONE) {
        forget_turn(e, j);
        for (link = &e->jobs; *link != j; link = &(*link)->next)
            ;
        *link = j->next;
        result = j->work;
        if (err && j->state == JOB_FAILED)
            *err = j->error;
    } else {
        j = NULL;
    }
    pthread_mutex_unlock(&e->lock);
    free(j);
    return result;
}

int engine_fd(const struct engine *e)
{
    return e->news[0];
}

void engine_quiet(struct engine *e)
{
    char bytes[16];

    pthread_mutex_lock(&e->lock);
    while (read(e->news[0], bytes, sizeof(bytes)) > 0)
        ;
    e->told = false;
    pthread_mutex_unlock(&e->lock);
}

bool job_run(const struct job_type *type, void *work, struct error *err)
{
    enum step step;

    do {
        step = type->run(work, err);
        if (type->publish)
            type->publish(work);
    } while (step == STEP_MORE);
    return step == STEP_DONE;
}
