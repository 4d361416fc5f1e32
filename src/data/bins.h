/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers as a model embeds them: each continuous column, or each part of a date, one
 * number a row that may be missing; and the bins of its piecewise-linear encoding
 * (Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep
 * Learning", arXiv 2203.05556, section 3.2), whose edges are quantiles of the training
 * rows.
 */
#ifndef DATA_BINS_H
#define DATA_BINS_H

#include "data/encode.h"
#include "data/scaling.h"

enum { BINS_MOST = 1000 };

/* Places among the continuous features of an encoder. */
struct bins_column {
    int value;   /* the number; where data.scaling gives it two features, that by
                    quantiles. -1: it is the same in all rows, or missing */
    int missing; /* 1 where it is missing; -1: no training row lacks it, and where one
                    does later it has the value 0, its mean or median */
};

/* The numbers of a row in the order of their features; out has room for n_continuous.
 * Returns how many. */
int bins_numbers(const struct encoder *e, struct bins_column *out);
/* The continuous feature that is 1 where the column is missing; -1: there is none. */
int bins_find_missing(const struct encoder *e, const char *column);
/* Of the column whose missing cells that feature marks nothing else is left. */
bool bins_stands_alone(const struct encoder *e, int missing);
/* The feature that names it: "age", "date (year)". */
const struct feature *bins_feature(const struct encoder *e, const struct bins_column *n);

/* In a row of continuous features its cell becomes missing. */
void bins_hide(const struct encoder *e, const struct bins_column *n, float *values);

/* Gives f the edges of so many bins at most, which hold the same share of the samples
 * (ascending) each. The paper takes the quantiles 0, 1 / bins .. 1, so that a column of
 * zeros with some other numbers keeps two or three of its bins. Here a value of more rows
 * than a bin's share is an edge by itself, and the quantiles are those of the others,
 * with the bins that are left; where these are fewer than their bins, all are edges. Of
 * edges that are the same number when they are scaled one is kept; fewer than two are
 * none. False: no memory. */
bool bins_fit(struct feature *f, const struct sample *sorted, size_t n, int bins);
/* Whether f's edges ascend, also when scaled. */
bool bins_ascend(const struct feature *f);

#endif
