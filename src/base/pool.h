/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The compute threads. A pool of n threads is the caller and n - 1 helpers that live
 * as long as the pool; they only ever run a function over a range of tasks.
 * pool_run hands out tasks 0..n_tasks-1 one at a time and returns when all are
 * done; which thread ran a task must not matter to the result. Helpers wait for
 * work spinning for a tenth of a millisecond, then asleep, so an idle pool uses no CPU.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/error.h"

struct pool;

/* `threads` >= 1. NULL if a thread cannot be made. Helpers run as pool_lower_thread
 * says. */
struct pool *pool_new(int threads, struct error *err);
void pool_free(struct pool *pool);
int pool_threads(const struct pool *pool);

/* task: 0..n_tasks-1; worker: 0..threads-1, for scratch memory of the thread. */
typedef void pool_function(void *arg, int task, int worker);

/* Only one thread may call this at a time. */
void pool_run(struct pool *pool, int n_tasks, pool_function *run, void *arg);

/* Makes the calling thread one of the background: all signals blocked but those that its
 * own faults raise, priority a little lower so that typing stays fluid. */
void pool_lower_thread(void);

/* Cores this process may run on (affinity and cgroup quota). */
int pool_cores(void);

#endif
