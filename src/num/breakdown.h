/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Predictions taken apart: which classes are taken for which, whether probabilities come
 * true, where a number is missed by how much. Rows whose truth is NAN are left out.
 */
#ifndef NUM_BREAKDOWN_H
#define NUM_BREAKDOWN_H

#include <stddef.h>

/* counts (k, k) of rows, truth by what is said (the most probable class, of equal ones
 * the first). line (classes): which of the k lines a class belongs to. */
void breakdown_confusion(const float *probability, const float *truth, size_t n,
                         int classes, const int *line, int k, size_t *counts);

/* Mean square of what probabilities miss: of class 1 where there are two, else summed
 * over the classes. NAN without rows. */
double breakdown_brier(const float *probability, const float *truth, size_t n,
                       int classes);

struct breakdown_bin {
    size_t rows;
    double said;  /* mean probability; NAN without rows, as is the next */
    double found; /* share of rows for which it came true */
};

/* Bins of equal width of the probability: of class 1 where there are two classes, else of
 * the most probable class. */
void breakdown_calibration(const float *probability, const float *truth, size_t n,
                           int classes, int bins, struct breakdown_bin *out);

/* Rows of about the same prediction. */
struct breakdown_group {
    size_t rows;
    double said, found; /* means of prediction and truth */
    double low, high;   /* quantiles .1 and .9 of the truth */
    double rmse;
};

/* The rows by rising prediction, cut into groups of equal size; returns how many there
 * are: as asked, or as many as rows. */
int breakdown_groups(const float *prediction, const float *truth, size_t n, int groups,
                     struct breakdown_group *out);

/* Quantiles q[0..k) of prediction - truth, by linear interpolation. NAN without rows. */
void breakdown_residuals(const float *prediction, const float *truth, size_t n,
                         const double *q, int k, double *out);

#endif
