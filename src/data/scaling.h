/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The arithmetic of scaling numbers: mean and deviation that survive values of 1e300,
 * quantiles of numbers that repeat, and the map through them to a normal distribution.
 */
#ifndef DATA_SCALING_H
#define DATA_SCALING_H

#include <stddef.h>

enum { SCALING_MAX_QUANTILES = 1000 };

/* A number and how often it occurs (> 0). */
struct sample {
    double value;
    size_t count;
};

/* Mean and deviation (of the whole, divided by n) of all samples; two passes over values
 * divided by the largest, so that no square overflows. n > 0, values finite. */
void scaling_moments(const struct sample *v, size_t n, double *mean, double *deviation);

void scaling_sort(struct sample *v, size_t n); /* by value, ascending */

/* The quantiles at some shares in 0..1, which ascend, of samples in ascending order,
 * interpolated as numpy's percentile does. */
void scaling_quantiles_at(const struct sample *sorted, size_t n, const double *shares,
                          int n_shares, double *quantiles);

/* The min(SCALING_MAX_QUANTILES, occurrences) quantiles 0, 1/(q-1), ... 1 of samples in
 * ascending order. Returns q. */
int scaling_quantiles(const struct sample *sorted, size_t n,
                      double quantiles[SCALING_MAX_QUANTILES]);

/* (x - mean) / deviation, kept in -SCALING_CLIP .. SCALING_CLIP: one value of 1e300
 * among small ones is an outlier and not the end of training. */
double scaling_standard(double x, double mean, double deviation);
extern const double SCALING_CLIP; /* 10 */

/* x through the quantiles (ascending, n >= 2) to the standard normal distribution: the
 * mean of interpolating from below and from above, so that a value that covers many
 * quantiles goes to their middle. As scikit-learn's
 * QuantileTransformer(output_distribution="normal") but for the ends: there it sends the
 * smallest and the largest value to -+5.199, also where half the rows hold it (a column
 * full of zeros); here they are treated like all others, and the ends of n quantiles are
 * at the shares 1/2n and 1 - 1/2n. */
double scaling_to_normal(double x, const double *quantiles, int n);

/* The point below which the share p (0 < p < 1) of the standard normal distribution
 * lies. */
double scaling_normal_quantile(double p);

#endif
