/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/stopping.h"

#include <math.h>
#include <stdlib.h>

int stopping_epoch(enum stopping how, int rung)
{
    return (how == STOPPING_HALVING ? 2 : 4) << rung;
}

/* The rounds of a search stand one behind the other in the plan. */
static size_t first_round(const struct study_plan *p, size_t trial)
{
    return trial - (size_t)p->trials[trial].round;
}

int stopping_rounds(const struct study_plan *p, size_t trial)
{
    const struct study_trial *first = p->trials + first_round(p, trial);
    const struct study_trial *end = p->trials + p->n_trials;
    int n = 1;

    while (first + n < end && first[n].round == n)
        n++;
    return n - 1;
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

static enum verdict judge_by_median(const struct study_plan *p,
                                    const struct study_result *results, size_t trial,
                                    const struct rungs *r)
{
    const struct study_result *guides = results + first_round(p, trial);
    double values[STOPPING_GUIDES];
    int n = 0, rung = r->n - 1;

    for (int i = 0; is_guided(p, trial) && i < STOPPING_GUIDES; i++)
        if (guides[i].state == TRIAL_DONE)
            values[n++] = value_at(&guides[i], rung);
    return n > 0 && r->best[rung] < median(values, n) ? VERDICT_END : VERDICT_GO_ON;
}

/* Rounds that go on behind a rung. */
static int places_behind(int rung, int rounds)
{
    for (; rung >= 0; rung--)
        rounds = (rounds + 1) / 2;
    return rounds;
}

static bool has_come_to(const struct study_result *r, int rung)
{
    return r->state == TRIAL_DONE || rung < r->rungs.n;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Of equal ones the first is better. It ends once those before it take all places, and
 * goes on once those that have yet to come leave it one: either stays so. */
static enum verdict judge_by_halving(const struct study_plan *p,
                                     const struct study_result *results, size_t trial,
                                     const struct rungs *r, int *news)
{
    const struct study_result *rounds = results + first_round(p, trial);
    int n = stopping_rounds(p, trial), round = p->trials[trial].round, rung = r->n - 1;
    int places = places_behind(rung, n), before = 0, to_come = 0;

    if (round == 0)
        return VERDICT_GO_ON;
    for (int i = 1; i <= n; i++) {
        if (i == round)
            continue;
        if (!has_come_to(&rounds[i], rung))
            to_come += rounds[i].state != TRIAL_FAILED;
        else if (i < round)
            before += value_at(&rounds[i], rung) >= r->best[rung];
        else
            before += value_at(&rounds[i], rung) > r->best[rung];
    }
    if (before >= places)
        return VERDICT_END;
    if (before + to_come < places)
        return VERDICT_GO_ON;
    *news = least(places - before, before + to_come - places + 1);
    return VERDICT_PAUSE;
}

enum verdict stopping_judge(const struct study_plan *p, const struct study_result *results,
                            size_t trial, const struct rungs *r, int *news)
{
    return p->stopping == STOPPING_HALVING ? judge_by_halving(p, results, trial, r, news)
                                           : judge_by_median(p, results, trial, r);
}

bool stopping_note(const struct study_plan *p, struct rungs *r, int epoch, double best)
{
    if (p->stopping == STOPPING_NONE || r->n == STUDY_RUNGS
        || epoch < stopping_epoch(p->stopping, r->n))
        return false;
    r->best[r->n++] = best;
    return true;
}
