/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands and panes say of runs, so that both say the same. */
#ifndef COMMAND_RUN_TEXT_H
#define COMMAND_RUN_TEXT_H

#include "command/option.h"
#include "engine/metric.h"
#include "engine/session.h"

/* "training", "trained", "stopped", "diverged", "opened"; of other sessions "kept",
 * "stopped", "cut off", or "elsewhere", where another process trains it */
const char *run_state_text(const struct run *r);
enum model_kind run_model_kind(const struct run *r);
/* "mlm", "rtd", or the task. */
const char *run_task(const struct run *r);
/* Name of the column it predicts, "" without one. */
const char *run_target(const struct run *r);

/* Metrics of the best weights on the validation rows, also while it trains; NULL: not
 * known. */
const struct metrics *run_valid(const struct run *r);
/* m may be NULL or without rows: NAN. */
double run_metric(const struct metrics *m, const struct metric_field *f);
/* Which of them its curve shows, as early stopping watches it: never the loss, which has
 * its own. */
const struct metric_field *run_watched(const struct run *r);

/* ---- runs side by side ---- */

/* The first thing in which two runs are so different that their metrics do not tell which
 * one is better. */
enum unlike {
    UNLIKE_NOT,
    UNLIKE_METRIC, /* a class, a number, a pretext */
    UNLIKE_TABLE,
    UNLIKE_TARGET,
    UNLIKE_SPLIT,  /* other rows to be measured on */
    UNLIKE_LABELS, /* fewer or more of them to learn from */
    UNLIKE_MASK,   /* pre-training: other cells hidden */
};

enum unlike runs_unlike(const struct run *a, const struct run *b);
/* "table", "split", ...; "" for UNLIKE_NOT. */
const char *unlike_name(enum unlike u);
/* Appends how b is unlike a: "other labels (200, not all)". */
void runs_unlike_text(const struct run *a, const struct run *b, struct str *out);

/* The first of the runs that run i can be compared with, at most i: the number of its
 * group. */
size_t runs_group(struct run *const *runs, size_t n, size_t i);
/* What the group's runs are held against: its first from-scratch run, or its first. */
size_t runs_base(struct run *const *runs, size_t n, size_t group);
/* The run of the group that is best in the metric, n if it has no other or no value.
 * values: (n) of all runs. */
size_t runs_best(struct run *const *runs, size_t n, size_t group,
                 const struct metric_field *f, const double *values);

/* How many labels it learned from; 0: none, or not known. */
size_t run_labels(const struct run *r);

/* Whether the runs do not all have the same value of an option that runs have. */
bool runs_differ(const struct option *o, struct run *const *runs, size_t n);
/* Appends what makes its settings different from those of the others and from the usual
 * ones: "lr 0.0003, dim 16". */
void run_differences(const struct run *r, struct run *const *runs, size_t n,
                     struct str *out);

#endif
