/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of runs and columns as figures: panes draw them with cells, `plot` has
 * gnuplot draw them. They bear no title, as a pane has its own. The caller frees them.
 */
#ifndef COMMAND_FIGURES_H
#define COMMAND_FIGURES_H

#include "data/profile.h"
#include "engine/diagnosis.h"
#include "engine/metric.h"
#include "engine/session.h"
#include "engine/study.h"
#include "lens/scatter.h"
#include "plot/figure.h"

/* ---- curves of runs: figures_curves.c ---- */

enum curves_style { STYLE_TRAIN, STYLE_VALID, STYLE_OVERLAY, STYLE_BEST = 7 };

/* The style of overlaid run number i in all charts and lists. */
int figures_overlay_style(size_t i);

struct curves_look {
    bool log_y, by_time;
    double smooth;          /* what a step of the moving average keeps, 0: raw values */
    double low, high;       /* x range, NAN: all */
    double cursor;          /* x, NAN: none */
    const struct session *session;
    char *const *overlaid;  /* names of runs that are laid over it, if they are there */
    size_t n_overlaid;
};

/* Loss of training and validation. NULL: there is no run (NULL) or no point of it yet. */
struct figure *figures_loss(const struct run *r, const struct curves_look *l);
/* Of the validation rows, what early stopping watches (run_watched). */
struct figure *figures_score(const struct run *r, const struct curves_look *l);
/* That of several runs, as far as they have the metric, over all their epochs. shown: has
 * a style of its own, or NULL. NULL: no epoch is known. */
struct figure *figures_compared(const struct curves_look *l, const struct run *shown,
                                struct run *const *runs, size_t n,
                                const struct metric_field *field);

/* ---- what a model does: figures_diagnosis.c ---- */

/* ROC curves, of many classes each against the rest; of a regression what is predicted
 * against what is true. NULL: all rows are of one class. */
struct figure *figures_roc(const struct diagnosis *d);
/* What is said against what came true; of a regression the size of errors. */
struct figure *figures_calibration(const struct diagnosis *d);
/* A matrix, rows the truth; of a regression quantiles of the errors. */
struct figure *figures_confusion(const struct diagnosis *d);
/* Of pre-training, column by column. NULL: not known. */
struct figure *figures_learned(const struct run *r);

/* Which of the n columns attends to which: map (n, n), from query to key. A difference
 * of two has a scale with 0 in its middle. */
struct figure *figures_attention(const char *const *names, int n, const double *map,
                                 bool difference);

/* ---- layouts: figures_scatter.c ---- */

/* What the series of values are: their columns; of the target levels of the share of the
 * positive class or of `class` (NULL: that one, or of several each value's most frequent
 * one), of a regression of the mean; or levels of how frequent they are. */
enum scatter_by { SCATTER_COLUMN, SCATTER_TARGET, SCATTER_ROWS };
#define SCATTER_BY "column|target|rows"

/* Values where they lie, with their names. Several layouts, of the same columns and
 * target, are panels beside each other, s[0] at the left; one of two runs is two of them.
 * NULL: nothing is known of the target. */
struct figure *figures_scatter(const struct scatter *const *s, int n_layouts,
                               enum scatter_by by, const char *class);

/* ---- searches and benchmarks: figures_study.c ---- */

/* Of each table and number of labels, and of their mean, a group of points: the means of
 * the models over the splits that are done, with their deviations. Models have the same
 * order and styles in all benchmarks. */
struct figure *figures_benchmark(const struct study *s);
/* The trials that are done by their numbers, what each came to on the validation rows,
 * and the best so far. */
struct figure *figures_search(const struct study *s);

/* ---- columns: figures_column.c ---- */

/* How its numbers lie. It has some (n_bins > 1). */
struct figure *figures_histogram(const struct profile *p);
/* How frequent its values are, at most so many of them. */
struct figure *figures_values(const struct profile *p, size_t most);

#endif
