/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Repulsion between all pairs, each computed once for both of its points. A task has
 * forces of its own, which are added up afterwards in the order of the tasks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lens/tsne_own.h"
#include "num/kernels.h"

enum { TASKS = 16 };

struct exact {
    size_t n, room;  /* points, up to a multiple of LANES */
    float *x, *y;    /* (room) */
    float *fx, *fy;  /* (TASKS, room) */
    double z[TASKS];
    float *force;    /* the caller's */
    const struct kernels *kernels;
};

static size_t room_of(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

size_t exact_memory(size_t n)
{
    return (2 + 2 * TASKS) * room_of(n) * sizeof(float);
}

/* Places that are left over lie far from all points and from each other. */
static void fill_up(struct exact *e)
{
    for (size_t i = e->n; i < e->room; i++)
        e->x[i] = 1e15f * (float)(i - e->n + 1);
}

struct exact *exact_new(size_t n)
{
    struct exact *e = xcalloc(1, sizeof *e);

    e->n = n;
    e->room = room_of(n);
    e->kernels = kernels_best();
    e->x = try_aligned(e->room, sizeof *e->x);
    e->y = try_aligned(e->room, sizeof *e->y);
    e->fx = try_aligned(TASKS * e->room, sizeof *e->fx);
    e->fy = try_aligned(TASKS * e->room, sizeof *e->fy);
    if (!e->x || !e->y || !e->fx || !e->fy) {
        exact_free(e);
        return NULL;
    }
    fill_up(e);
    return e;
}

void exact_free(struct exact *e)
{
    if (!e)
        return;
    free(e->x);
    free(e->y);
    free(e->fx);
    free(e->fy);
    free(e);
}

/* Lines to and fro, so that each task has as many pairs as the others: a line meets those
 * behind it only. */
static void repel(void *arg, int task, int worker)
{
    struct exact *e = arg;
    float *fx = e->fx + (size_t)task * e->room, *fy = e->fy + (size_t)task * e->room;
    size_t lines = e->room / LANES;

    (void)worker;
    memset(fx, 0, e->room * sizeof *fx);
    memset(fy, 0, e->room * sizeof *fy);
    e->z[task] = 0;
    for (size_t turn = 0; turn * TASKS < lines; turn++) {
        size_t at = turn % 2 == 0 ? (size_t)task : (size_t)(TASKS - 1 - task);
        size_t line = turn * TASKS + at;

        if (line < lines)
            e->z[task] += e->kernels->tsne_repel(line * LANES, e->room, e->x, e->y, fx,
                                                 fy);
    }
}

static void add_up(void *arg, int task, int worker)
{
    struct exact *e = arg;
    size_t from = e->n * (size_t)task / TASKS, to = e->n * (size_t)(task + 1) / TASKS;

    (void)worker;
    for (size_t i = from; i < to; i++) {
        float fx = 0, fy = 0;

        for (size_t k = 0; k < TASKS; k++) {
            fx += e->fx[k * e->room + i];
            fy += e->fy[k * e->room + i];
        }
        e->force[2 * i] = fx;
        e->force[2 * i + 1] = fy;
    }
}

double exact_repel(struct exact *e, struct pool *pool, const float *y, float *force)
{
    double z = -(double)e->room; /* each has met itself */

    for (size_t i = 0; i < e->n; i++) {
        e->x[i] = y[2 * i];
        e->y[i] = y[2 * i + 1];
    }
    e->force = force;
    pool_run(pool, TASKS, repel, e);
    pool_run(pool, TASKS, add_up, e);
    for (int i = 0; i < TASKS; i++)
        z += e->z[i];
    return z;
}
