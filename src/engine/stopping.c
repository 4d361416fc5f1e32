/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/stopping.h"

#include <math.h>
#include <stdlib.h>

int stopping_epoch(int rung)
{
    return 4 << rung;
}

/* The rounds of a search stand one behind the other in the plan. */
static size_t first_round(const struct study_plan *p, size_t trial)
{
    return trial - (size_t)p->trials[trial].round;
}

static bool is_guided(const struct study_plan *p, size_t trial)
{
    return p->stopping == STOPPING_MEDIAN && p->trials[trial].round >= STOPPING_GUIDES;
}

bool stopping_waits(const struct study_plan *p, const struct study_result *results,
                    size_t trial)
{
    const struct study_result *guides = results + first_round(p, trial);

    for (int i = 0; is_guided(p, trial) && i < STOPPING_GUIDES; i++)
        if (guides[i].state == TRIAL_WAITING || guides[i].state == TRIAL_RUNNING)
            return true;
    return false;
}

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of n > 0 values, which are sorted. */
static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, compare_values);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* One that ended before that rung stays where it was. */
static double value_at(const struct study_result *r, int rung)
{
    if (rung < r->rungs.n)
        return r->rungs.best[rung];
    return isnan(r->rungs.last) ? r->score : r->rungs.last;
}

bool stopping_ends(const struct study_plan *p, const struct study_result *results,
                   size_t trial, struct rungs *r, int epoch, double best)
{
    const struct study_result *guides = results + first_round(p, trial);
    double values[STOPPING_GUIDES];
    int n = 0, rung = r->n;

    if (p->stopping == STOPPING_NONE || rung == STUDY_RUNGS
        || epoch < stopping_epoch(rung))
        return false;
    r->best[r->n++] = best;
    for (int i = 0; is_guided(p, trial) && i < STOPPING_GUIDES; i++)
        if (guides[i].state == TRIAL_DONE)
            values[n++] = value_at(&guides[i], rung);
    return n > 0 && best < median(values, n);
}
