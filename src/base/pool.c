/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run is open from the time its fields are written until the caller finds no task
 * left. A helper enters (inside + 1), looks whether the run is open, takes tasks from the
 * shared counter and leaves (inside - 1). The caller closes the run and returns when
 * nobody is inside, so the fields of a run are never read by a helper that woke
 * late, and no helper needs to wake for a run that was over before it could.
 *
 * Two flags are raised on one side and looked at on the other (open/inside,
 * generation/sleepers); both pairs rely on sequentially consistent atomics.
 */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/mem.h"

enum {
    SPIN_NS = 100000, /* waiting spins so long before it sleeps: waking takes as long */
    NICE = 5,        /* added to the priority number of a background thread */
};

struct helper {
    struct pool *pool;
    pthread_t thread;
    int worker; /* 1..threads-1 */
};

struct pool {
    int threads, started; /* helpers that run: started */
    struct helper *helpers;

    /* the run: written by the caller while it is closed and nobody is inside */
    pool_function *run;
    void *arg;
    int n_tasks;

    atomic_int next;          /* the next task to hand out */
    atomic_bool open;         /* tasks may be taken; written by the caller */
    atomic_int inside;        /* helpers that may look at the run */
    atomic_uint generation;   /* counts the runs; written by the caller */
    atomic_bool stop;         /* the pool is being freed */

    pthread_mutex_t lock;     /* for sleeping only */
    pthread_cond_t work;      /* generation or stop changed */
    pthread_cond_t left;      /* inside became 0 */
    atomic_int sleepers;      /* helpers asleep; changed under lock */
    atomic_bool caller_waits; /* changed under lock */
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_tasks(struct pool *p, int worker)
{
    int task;

    while ((task = atomic_fetch_add(&p->next, 1)) < p->n_tasks)
        p->run(p->arg, task, worker);
}

static void help(struct pool *p, int worker)
{
    atomic_fetch_add(&p->inside, 1);
    if (atomic_load(&p->open))
        take_tasks(p, worker);
    if (atomic_fetch_sub(&p->inside, 1) == 1 && atomic_load(&p->caller_waits)) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_signal(&p->left);
        pthread_mutex_unlock(&p->lock);
    }
}

static bool has_news(struct pool *p, unsigned seen)
{
    return atomic_load(&p->generation) != seen || atomic_load(&p->stop);
}

static void wait_for_news(struct pool *p, unsigned seen)
{
    int64_t begin = clock_ns();

    while (clock_ns() - begin < SPIN_NS)
        for (int i = 0; i < 32; i++) {
            if (has_news(p, seen))
                return;
            relax();
        }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (!has_news(p, seen))
        pthread_cond_wait(&p->work, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *helper_main(void *arg)
{
    struct helper *h = arg;
    unsigned seen = 0;

    pool_lower_thread();
    for (;;) {
        wait_for_news(h->pool, seen);
        if (atomic_load(&h->pool->stop))
            return NULL;
        seen = atomic_load(&h->pool->generation);
        help(h->pool, h->worker);
    }
}

static void wake_sleepers(struct pool *p)
{
    if (atomic_load(&p->sleepers) == 0)
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
}

static void wait_for_helpers(struct pool *p)
{
    int64_t begin = clock_ns();

    while (clock_ns() - begin < SPIN_NS)
        for (int i = 0; i < 32; i++) {
            if (atomic_load(&p->inside) == 0)
                return;
            relax();
        }
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->caller_waits, true);
    while (atomic_load(&p->inside) != 0)
        pthread_cond_wait(&p->left, &p->lock);
    atomic_store(&p->caller_waits, false);
    pthread_mutex_unlock(&p->lock);
}

void pool_run(struct pool *p, int n_tasks, pool_function *run, void *arg)
{
    if (p->threads == 1 || n_tasks <= 1) {
        for (int task = 0; task < n_tasks; task++)
            run(arg, task, 0);
        return;
    }
    p->run = run;
    p->arg = arg;
    p->n_tasks = n_tasks;
    atomic_store(&p->next, 0);
    atomic_store(&p->open, true);
    atomic_fetch_add(&p->generation, 1);
    wake_sleepers(p);
    take_tasks(p, 0);
    atomic_store(&p->open, false);
    wait_for_helpers(p);
}

/* All signals but those that a fault of the thread itself raises. */
static void fill_blocked(sigset_t *set)
{
    static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                 SIGABRT, SIGTRAP, SIGSYS};

    sigfillset(set);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(set, faults[i]);
}

void pool_lower_thread(void)
{
    sigset_t blocked;

    fill_blocked(&blocked);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
#ifdef __linux__
    /* here, other than POSIX has it, the priority belongs to the thread; that of the
     * first thread is the measure, because a new thread inherits its maker's */
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid),
                getpriority(PRIO_PROCESS, (id_t)getpid()) + NICE);
#endif
}

/* Signals are blocked around the call, so that a helper never has them open. */
static int start_helper(struct helper *h)
{
    sigset_t blocked, before;
    int rc;

    fill_blocked(&blocked);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    rc = pthread_create(&h->thread, NULL, helper_main, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

struct pool *pool_new(int threads, struct error *err)
{
    struct pool *p = xcalloc(1, sizeof *p);

    p->threads = threads;
    p->helpers = xcalloc((size_t)threads, sizeof *p->helpers);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->left, NULL);
    for (int i = 1; i < threads; i++) {
        struct helper *h = &p->helpers[i - 1];
        int rc;

        h->pool = p;
        h->worker = i;
        rc = start_helper(h);
        if (rc != 0) {
            pool_free(p);
            error_set(err, ERROR_SYSTEM, "cannot start compute thread %d of %d: %s",
                      i + 1, threads, strerror(rc));
            return NULL;
        }
        p->started++;
    }
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->stop, true);
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->helpers[i].thread, NULL);
    pthread_cond_destroy(&p->left);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p->helpers);
    free(p);
}

int pool_threads(const struct pool *pool)
{
    return pool->threads;
}

/* A quota of 150 ms in 100 ms is one and a half cores, worth two threads. */
static void visit_cpu_group(const char *folder, void *arg)
{
    double quota[2];
    int *cores = arg, allowed;

    if (cgroup_numbers(folder, "cpu.max", quota, 2) != 2 &&
        (cgroup_numbers(folder, "cpu.cfs_quota_us", &quota[0], 1) != 1 ||
         cgroup_numbers(folder, "cpu.cfs_period_us", &quota[1], 1) != 1))
        return;
    if (quota[0] <= 0 || quota[1] <= 0 || quota[0] / quota[1] >= *cores)
        return;
    allowed = (int)(quota[0] / quota[1] + 0.999);
    *cores = allowed < 1 ? 1 : allowed;
}

int pool_cores(void)
{
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        cores = CPU_COUNT(&set);
#endif
    if (cores < 1)
        cores = 1;
    cgroup_each("cpu", visit_cpu_group, &cores);
    return cores;
}
