/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job of partial dependence (Friedman 2001): what a model says in the mean when a
 * column has the same value in all rows, for one value after another: the classes of a
 * categorical column, quantiles of a continuous one.
 */
#ifndef LENS_JOB_DEPENDENCE_H
#define LENS_JOB_DEPENDENCE_H

#include "engine/engine.h"
#include "lens/rows.h"

struct dependence_job;

extern const struct job_type dependence_job_type;

struct dependence_request {
    struct rows_request rows; /* of a model that predicts something */
    const char *column;       /* copied; one that is read as classes or numbers */
    const char *class;        /* copied; whose probability is looked at, NULL: the
                                 positive one, or of many the most frequent in training */
    int values;               /* at most: of classes the most frequent in training */
    size_t most;              /* rows; 0: all */
    uint64_t seed;            /* of the rows */
};

/* The feature that the column itself becomes; NULL: it is not read, or is a date. */
const struct feature *dependence_feature(const struct encoder *e, const char *column,
                                         bool *continuous);

/* What a value does. */
struct dependence {
    const char *text;  /* of the cell; "" is missing */
    double x;          /* of a continuous column: its number */
    size_t rows;       /* that have it themselves; of a continuous column: that are nearer
                          to it than to the other numbers */
    double mean;       /* of the predictions, */
    double low, high;  /* and what a tenth of them is below or above */
};

struct dependence_job *dependence_job_new(const struct dependence_request *r);

/* What is published: the share of the whole; of a dependence_job. */
double dependence_job_share(const void *work);

/* ---- after the end ---- */

const struct dependence_request *dependence_job_asked(const struct dependence_job *j);
size_t dependence_job_rows(const struct dependence_job *j);
bool dependence_job_is_continuous(const struct dependence_job *j);
/* The class that is looked at; NULL: the model predicts a number. */
const char *dependence_job_class(const struct dependence_job *j);
/* The mean prediction of the rows as they are. */
double dependence_job_clean(const struct dependence_job *j);
/* Values that were tried, and value number i: classes as the encoder has them, the
 * missing one last; numbers ascending. */
int dependence_job_values(const struct dependence_job *j);
const struct dependence *dependence_job_value(const struct dependence_job *j, int i);
/* What a person should know, one sentence a line. */
const char *dependence_job_note(const struct dependence_job *j);

#endif
