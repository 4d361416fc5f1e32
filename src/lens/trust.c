/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/trust.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define SLICE_WORK 2e7 /* numbers that one thread looks at in a step */

enum { TASKS_MOST = 4096 };

bool trust_init(struct trust *t, const struct points *points, const float *layout, int k,
                size_t most, struct pool *pool, struct error *err)
{
    bool ok;

    *t = (struct trust){.points = points, .layout = layout, .k = k, .pool = pool,
                        .asked = most < points->n ? most : points->n};
    t->scratch = try_calloc((size_t)pool_threads(pool), sizeof *t->scratch);
    t->excess = try_calloc(TASKS_MOST, sizeof *t->excess);
    ok = t->scratch && t->excess;
    for (int i = 0; i < pool_threads(pool) && ok; i++) {
        t->scratch[i] = try_aligned((size_t)points->panels * LANES + (size_t)points->d + 1
                                    + points->n, sizeof **t->scratch);
        ok = t->scratch[i] != NULL;
    }
    if (!ok) {
        trust_done(t);
        error_set(err, ERROR_MEMORY, "no memory to compare %zu points with a layout",
                  points->n);
    }
    return ok;
}

void trust_done(struct trust *t)
{
    for (int i = 0; t->scratch && i < pool_threads(t->pool); i++)
        free(t->scratch[i]);
    free(t->scratch);
    free(t->excess);
    t->scratch = NULL;
    t->excess = NULL;
}

/* Squared distances from point i, but for a number that is the same for all. */
static void far_in_points(const struct points *p, size_t i, float *row, float *distance)
{
    points_ask(p, i, row);
    p->kernels->linear_forward(p->panels, 1, p->d + 1, row, (size_t)(p->d + 1), NULL,
                               p->panel, p->size, distance, LANES);
    distance[i] = -INFINITY;
}

static void far_in_layout(const float *layout, size_t n, size_t i, float *distance)
{
    for (size_t j = 0; j < n; j++) {
        float x = layout[2 * j] - layout[2 * i];
        float y = layout[2 * j + 1] - layout[2 * i + 1];

        distance[j] = x * x + y * y;
    }
    distance[i] = INFINITY;
}

/* The nearest that is left; it is taken. */
static size_t take_nearest(float *distance, size_t n)
{
    size_t least = 0;

    for (size_t j = 1; j < n; j++)
        if (distance[j] < distance[least])
            least = j;
    distance[least] = INFINITY;
    return least;
}

/* The point itself has rank 0, its nearest 1; equal distances go by the number. */
static size_t rank_of(const float *distance, size_t n, size_t j)
{
    size_t rank = 0;

    for (size_t other = 0; other < n; other++)
        rank += distance[other] < distance[j]
            || (distance[other] == distance[j] && other < j);
    return rank;
}

static void ask(void *arg, int task, int worker)
{
    const struct trust *t = arg;
    size_t n = t->points->n, i = (t->done + (size_t)task) * n / t->asked;
    float *before = t->scratch[worker], *now = before + (size_t)t->points->panels * LANES;

    far_in_points(t->points, i, now + n, before);
    far_in_layout(t->layout, n, i, now);
    t->excess[task] = 0;
    for (int s = 0; s < t->k; s++) {
        size_t rank = rank_of(before, n, take_nearest(now, n));

        if (rank > (size_t)t->k)
            t->excess[task] += (double)rank - t->k;
    }
}

enum step trust_step(struct trust *t)
{
    double work = (double)t->points->n * (t->points->d + 2.0 * t->k);
    double wanted = (1 + floor(SLICE_WORK / work)) * pool_threads(t->pool);
    size_t left = t->asked - t->done;
    int tasks = (int)fmin(fmin(wanted, (double)left), TASKS_MOST);

    pool_run(t->pool, tasks, ask, t);
    for (int i = 0; i < tasks; i++)
        t->sum += t->excess[i];
    t->done += (size_t)tasks;
    return t->done < t->asked ? STEP_MORE : STEP_DONE;
}

double trust_value(const struct trust *t)
{
    double n = (double)t->points->n, k = t->k;

    if (t->done == 0)
        return NAN;
    return 1 - 2 / ((double)t->done * k * (2 * n - 3 * k - 1)) * t->sum;
}
