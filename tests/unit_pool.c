/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pool.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

enum { TASKS = 1000, MAX_THREADS = 8 };

struct job {
    int done[TASKS];                 /* how often each task ran */
    _Alignas(64) long sum[MAX_THREADS][8]; /* a worker's own, not atomic on purpose */
};

static void add_up(void *arg, int task, int worker)
{
    struct job *j = arg;

    j->done[task]++;
    j->sum[worker][0] += task;
}

static void each_task_runs_once(void)
{
    for (int threads = 1; threads <= MAX_THREADS; threads++) {
        struct error err;
        struct pool *p = pool_new(threads, &err);
        struct job j = {{0}, {{0}}};
        long sum = 0;
        int wrong = 0;

        if (!check(p != NULL))
            return;
        check_int(pool_threads(p), threads);
        pool_run(p, TASKS, add_up, &j);
        for (int i = 0; i < TASKS; i++)
            wrong += j.done[i] != 1;
        for (int w = 0; w < MAX_THREADS; w++)
            sum += j.sum[w][0];
        check_int(wrong, 0);
        check_int(sum, (long)TASKS * (TASKS - 1) / 2);
        pool_free(p);
    }
}

/* Plain memory written by one run is read by the next, over many short runs, with
 * pauses now and then so that the helpers fall asleep. */
static void runs_follow_each_other(void)
{
    struct error err;
    struct pool *p = pool_new(4, &err);
    struct job j = {{0}, {{0}}};
    int wrong = 0;

    for (int run = 0; run < 3000; run++) {
        int n = run % 17;

        pool_run(p, n, add_up, &j);
        if (run % 100 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    for (int i = 0; i < 17; i++) {
        int want = 0;

        for (int run = 0; run < 3000; run++)
            want += i < run % 17;
        wrong += j.done[i] != want;
    }
    check_int(wrong, 0);
    pool_free(p);
}

static void sleep_or_count(void *arg, int task, int worker)
{
    (void)worker;
    if (task % 2 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void the_caller_waits_for_slow_tasks(void)
{
    struct error err;
    struct pool *p = pool_new(3, &err);

    for (int run = 0; run < 50; run++) {
        atomic_int count = 0;

        pool_run(p, 5, sleep_or_count, &count);
        check_int(atomic_load(&count), 5);
    }
    pool_free(p);
}

static void idle_pools_come_and_go(void)
{
    for (int i = 0; i < 50; i++) {
        struct error err;
        struct pool *p = pool_new(1 + i % 4, &err);

        check(p != NULL);
        pool_free(p);
    }
    pool_free(NULL);
}

static void look_at_signals(void *arg, int task, int worker)
{
    sigset_t set;

    (void)task;
    if (worker == 0) { /* leave the work to a helper */
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        return;
    }
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    if (!sigismember(&set, SIGINT) || !sigismember(&set, SIGTERM) ||
        !sigismember(&set, SIGWINCH) || sigismember(&set, SIGSEGV))
        atomic_fetch_add((atomic_int *)arg, 1000);
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void helpers_block_signals_and_the_caller_does_not(void)
{
    struct error err;
    struct pool *p = pool_new(2, &err);
    atomic_int seen = 0;
    sigset_t set;

    for (int i = 0; i < 20 && seen == 0; i++)
        pool_run(p, 4, look_at_signals, &seen);
    check(seen > 0 && seen < 1000);
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    check(!sigismember(&set, SIGINT));
    check_int(getpriority(PRIO_PROCESS, 0), getpriority(PRIO_PROCESS, (id_t)getpid()));
    pool_free(p);
}

static void an_idle_pool_uses_no_cpu(void)
{
    struct error err;
    struct pool *p = pool_new(4, &err);
    struct timespec before, after;
    double used;

    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* all have gone to sleep */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    used = (double)(after.tv_sec - before.tv_sec) +
           1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    check(used < 0.05);
    pool_free(p);
}

static void cores_are_counted(void)
{
    int cores = pool_cores();

    check(cores >= 1 && cores <= sysconf(_SC_NPROCESSORS_CONF));
}

int main(void)
{
    test_run(each_task_runs_once);
    test_run(runs_follow_each_other);
    test_run(the_caller_waits_for_slow_tasks);
    test_run(idle_pools_come_and_go);
    test_run(helpers_block_signals_and_the_caller_does_not);
    test_run(an_idle_pool_uses_no_cpu);
    test_run(cores_are_counted);
    return test_done();
}
