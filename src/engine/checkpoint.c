/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One lock, and one state that belongs to one thread at a time: to the training's while
 * `full` is false, to the writer's while it is true.
 */
#include "engine/checkpoint.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"

/* A better epoch is saved when the last saving took less than this share of the time
 * since. */
#define BUSY_SHARE 0.05

struct checkpoint {
    char *path, *run;
    double interval;
    /* the training's thread only */
    struct train_state state; /* the writer's while `full` */
    double kept_at;           /* when the last copy was made; 0: never */
    int64_t kept_step;
    int kept_best;            /* best epoch then */
    bool failing;             /* it was said that saving fails */
    bool has_writer;
    pthread_t writer;

    pthread_mutex_t lock; /* guards all that follows */
    pthread_cond_t change; /* of full or quit */
    bool full, quit;
    bool written;         /* something was, since the training's thread looked */
    bool ok;              /* and how it went */
    struct error error;
    double seconds;       /* the last writing took */
};

/* ---- the writer ---- */

static void write_state(struct checkpoint *c)
{
    double begin = clock_seconds();
    struct error err = {0};
    bool ok = train_state_write(&c->state, c->path, "running", c->run, &err);

    pthread_mutex_lock(&c->lock);
    c->written = true;
    c->ok = ok;
    c->error = err;
    c->seconds = clock_seconds() - begin;
    c->full = false;
    pthread_cond_broadcast(&c->change);
    pthread_mutex_unlock(&c->lock);
}

/* What was handed over is written even if the end has come. */
static void *work(void *arg)
{
    struct checkpoint *c = arg;
    bool full = true;

    pool_lower_thread();
    while (full) {
        pthread_mutex_lock(&c->lock);
        while (!c->full && !c->quit)
            pthread_cond_wait(&c->change, &c->lock);
        full = c->full;
        pthread_mutex_unlock(&c->lock);
        if (full)
            write_state(c);
    }
    return NULL;
}

/* No signal may find its handler on this thread. */
static bool make_writer(struct checkpoint *c, struct error *err)
{
    sigset_t all, before;
    int failed;

    if (c->has_writer)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&c->writer, NULL, work, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    c->has_writer = !failed;
    return !failed || error_set(err, ERROR_SYSTEM, "no thread could be made: %s",
                                strerror(failed));
}

/* ---- the training's side ---- */

struct checkpoint *checkpoint_new(const char *path, const char *run, double interval)
{
    struct checkpoint *c = xcalloc(1, sizeof(*c));

    c->path = xstrdup(path);
    c->run = xstrdup(run);
    c->interval = interval;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->change, NULL);
    return c;
}

static void await(struct checkpoint *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->full)
        pthread_cond_wait(&c->change, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

void checkpoint_free(struct checkpoint *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->quit = true;
    pthread_cond_broadcast(&c->change);
    pthread_mutex_unlock(&c->lock);
    if (c->has_writer)
        pthread_join(c->writer, NULL);
    pthread_cond_destroy(&c->change);
    pthread_mutex_destroy(&c->lock);
    train_state_done(&c->state);
    free(c->path);
    free(c->run);
    free(c);
}

static void tell(struct checkpoint *c, bool ok, const struct error *err, struct str *note)
{
    if (!ok && !c->failing)
        str_printf(note, "not autosaved: %s; training goes on, and saving is tried "
                   "again\n", err->text);
    else if (ok && c->failing)
        str_puts(note, "autosaved again\n");
    c->failing = !ok;
}

/* What came of the last writing; false: it still goes on. */
static bool take_result(struct checkpoint *c, double *seconds, struct str *note)
{
    struct error err;
    bool full, written, ok;

    pthread_mutex_lock(&c->lock);
    full = c->full;
    written = c->written;
    ok = c->ok;
    err = c->error;
    *seconds = c->seconds;
    c->written = false;
    pthread_mutex_unlock(&c->lock);
    if (written)
        tell(c, ok, &err, note);
    return !full;
}

static bool is_due(const struct checkpoint *c, const struct trainer *t, double writing)
{
    const struct train_progress *p = trainer_progress(t);
    double passed = clock_seconds() - c->kept_at;

    if (c->kept_at == 0)
        return true;
    if ((int64_t)p->step == c->kept_step && p->best_epoch == c->kept_best)
        return false;
    return passed >= c->interval
        || (p->best_epoch != c->kept_best && writing <= BUSY_SHARE * passed);
}

/* Only while the state is ours. */
static bool keep(struct checkpoint *c, struct trainer *t, struct error *err)
{
    const struct train_progress *p = trainer_progress(t);

    c->kept_at = clock_seconds();
    c->kept_step = (int64_t)p->step;
    c->kept_best = p->best_epoch;
    return trainer_keep(t, &c->state, err);
}

static void hand_over(struct checkpoint *c)
{
    pthread_mutex_lock(&c->lock);
    c->full = true;
    pthread_cond_broadcast(&c->change);
    pthread_mutex_unlock(&c->lock);
}

void checkpoint_step(struct checkpoint *c, struct trainer *t, struct str *note)
{
    struct error err = {0};
    double writing;

    if (!take_result(c, &writing, note) || !is_due(c, t, writing))
        return;
    if (keep(c, t, &err) && make_writer(c, &err))
        hand_over(c);
    else
        tell(c, false, &err, note);
}

bool checkpoint_write(struct checkpoint *c, struct trainer *t, const char *end,
                      struct error *err)
{
    await(c);
    return keep(c, t, err) && train_state_write(&c->state, c->path, end, c->run, err);
}

void checkpoint_remove(struct checkpoint *c)
{
    await(c);
    unlink(c->path);
}
