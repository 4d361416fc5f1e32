/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that spoils categorical cells of rows and measures what is left of a model
 * (figures 4 and 5 of the TabTransformer's paper): each cell is spoiled with a
 * probability, the rate, by noise - a value of its column, all equally likely - or by
 * being missing. Which cells follows from seed, column and row: those of a rate are
 * spoiled at every higher one, too, and in the same way for two models of the same table.
 */
#ifndef LENS_JOB_ROBUSTNESS_H
#define LENS_JOB_ROBUSTNESS_H

#include "engine/engine.h"
#include "engine/metric.h"
#include "lens/rows.h"

enum spoiling { SPOIL_NOISE, SPOIL_MISSING };
#define SPOILING_NAMES "noise|missing"

enum { ROBUSTNESS_RUNS = 2, ROBUSTNESS_RATES = 50, ROBUSTNESS_SEEDS = 1000 };

struct robustness_job;

extern const struct job_type robustness_job_type;

struct robustness_request {
    struct rows_request rows[ROBUSTNESS_RUNS]; /* of models that predict the same */
    int n_runs;
    enum spoiling spoiling;
    enum fill fill;         /* what a missing cell stands for */
    double rates[ROBUSTNESS_RATES]; /* 0..1 */
    int n_rates, seeds;
    size_t most;            /* rows; 0: all */
};

struct robustness_job *robustness_job_new(const struct robustness_request *r);

/* What is published: the share of the whole; of a robustness_job. */
double robustness_job_share(const void *work);

/* ---- after the end ---- */

const struct robustness_request *robustness_job_asked(const struct robustness_job *j);
size_t robustness_job_rows(const struct robustness_job *j);
/* What is measured: the first metric of the task. */
const struct metric_field *robustness_job_metric(const struct robustness_job *j);
/* Of the run without anything spoiled. */
double robustness_job_clean(const struct robustness_job *j, int run);
/* The mean over the seeds at rate number `rate`, and their standard deviation, NAN for
 * one seed. */
double robustness_job_mean(const struct robustness_job *j, int run, int rate,
                           double *deviation);
/* Of seed number `seed` alone. */
double robustness_job_value(const struct robustness_job *j, int run, int rate, int seed);
const char *robustness_job_note(const struct robustness_job *j);

#endif
