/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that asks of each column how much worse a model is without what it says: by
 * giving its cells to other rows (permutation, several times), or by making all of them
 * missing (masking). Of a TabNet also: how much of its masks each column has
 * (lens/masks.h), which tells where it looks and not what that is worth.
 */
#ifndef LENS_JOB_IMPORTANCE_H
#define LENS_JOB_IMPORTANCE_H

#include "engine/engine.h"
#include "engine/metric.h"
#include "lens/rows.h"

enum importance_by { IMPORTANCE_PERMUTATION, IMPORTANCE_MASKING, IMPORTANCE_MASKS };
#define IMPORTANCE_NAMES "permutation|masking|masks"

enum { IMPORTANCE_REPEATS = 100 };

struct importance_job;

extern const struct job_type importance_job_type;

struct importance_request {
    struct rows_request rows; /* of a model that predicts something */
    enum importance_by by;    /* IMPORTANCE_MASKS: of a TabNet */
    int repeats;              /* of a permutation, at most IMPORTANCE_REPEATS */
    size_t most;              /* rows; 0: all */
    uint64_t seed;            /* of the rows and the permutations */
};

/* How a column fares. */
struct importance {
    const char *column;       /* the encoder's */
    double worse, deviation;  /* what the metric is worse by, in the mean over the
                                 repeats, and the deviation of these; NAN: there is one */
    double moved;             /* how far a prediction moves, as trial_moved has it */
    const double *repeats;    /* (importance_job_repeats) `worse` of each */
    double share;             /* IMPORTANCE_MASKS, in place of these: in the mean over the
                                 rows, of the aggregated mask; and of the mask of each */
    const double *steps;      /* (importance_job_steps) */
};

struct importance_job *importance_job_new(const struct importance_request *r);

/* What is published: the share of the whole; of a importance_job. */
double importance_job_share(const void *work);

/* ---- after the end ---- */

const struct importance_request *importance_job_asked(const struct importance_job *j);
size_t importance_job_rows(const struct importance_job *j);
/* Decision steps; 0 but of IMPORTANCE_MASKS */
int importance_job_steps(const struct importance_job *j);
/* 1 but of a permutation */
int importance_job_repeats(const struct importance_job *j);
/* What is measured, but of IMPORTANCE_MASKS: the first metric of the task, and what it is
 * with all columns. */
const struct metric_field *importance_job_metric(const struct importance_job *j);
double importance_job_clean(const struct importance_job *j);
/* Columns, and number i of them in the order of their importance. */
int importance_job_columns(const struct importance_job *j);
struct importance importance_job_column(const struct importance_job *j, int i);
const char *importance_job_note(const struct importance_job *j);

#endif
