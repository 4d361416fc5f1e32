/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the models of a benchmark stand, from the trials that are done so far. On each
 * split the round counts that is best on the validation rows; what is shown is its value
 * on the test rows: AUC, or R2 for regressions.
 */
#ifndef COMMAND_STANDINGS_H
#define COMMAND_STANDINGS_H

#include "base/str.h"
#include "engine/metric.h"
#include "engine/study.h"

/* One model on one table with so many labels. */
struct standing {
    int table, labels, model; /* as the study counts them; table -1: mean over tables */
    int splits;               /* that are done with at least one round; of the mean,
                                 tables that have all models */
    double mean, deviation;   /* over the splits, with n - 1; NAN: none, or only one */
    double usual;             /* mean with the settings as they are (round 0) */
    double p;                 /* that the best of the same table and labels is no better
                                 (num/paired.h); NAN: it is the best, or too few splits */
    bool best;                /* of its table and labels, where there are several */
    double seconds;           /* of all its trials */
    size_t failed;            /* trials */
};

struct standings {
    struct standing *list; /* tables by labels by models; then means by labels and models
                              where there are several tables of one metric */
    size_t n;
    const struct metric_field *metric; /* NULL: tables have different ones */
};

struct standings standings_make(const struct study *s);
void standings_done(struct standings *t);
const struct standing *standings_find(const struct standings *t, int table, int labels,
                                      int model);
/* Its place is worth a mark: told apart from the best with p < STANDINGS_LEVEL. */
#define STANDINGS_LEVEL 0.05
bool standing_is_worse(const struct standing *s);
const struct metric_field *standings_metric(const struct study *s, int table);
/* "bank", "bank, 50 labels", "mean". Appends. */
void standing_ground(const struct study *s, const struct standing *at, struct str *out);

/* Appends a LaTeX table: a line for each table and number of labels, a column a model, the
 * best in bold, a dagger at those that are worse. */
void standings_latex(const struct standings *t, const struct study *s,
                     const char *(*title)(const char *model), struct str *out);

#endif
