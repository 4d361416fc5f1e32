/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics of predictions, as scikit-learn defines them. NAN where one is not defined
 * (one class only, no row). All take weights of 1.
 */
#ifndef NUM_METRICS_H
#define NUM_METRICS_H

#include <stddef.h>

/* Area under the ROC curve of score for positive[i] != 0, ties count half. */
double metric_auc(const float *score, const unsigned char *positive, size_t n);
/* sum over thresholds of (recall step) * precision */
double metric_average_precision(const float *score, const unsigned char *positive,
                                size_t n);

/* A point of the ROC curve: of the negatives the share x, of the positives the share y
 * have at least a certain score. */
struct roc_point {
    float x, y;
};
/* The curve's corners from (0, 0) to (1, 1); where there are more than `most` (at least
 * 2), as many of them along its way. Returns how many there are; 0 with one class
 * only. */
int metric_roc(const float *score, const unsigned char *positive, size_t n, int most,
               struct roc_point *out);

struct metrics {
    size_t rows;
    /* classification; binary: of class 1; multiclass: macro one-vs-rest over the
     * classes that have rows of both kinds */
    double loss; /* mean cross-entropy (natural log), or mean squared error */
    double auc, accuracy, f1, average_precision;
    double calibration_error; /* expected, 10 bins of equal width, of the top class */
    /* regression, in the target's own unit */
    double rmse, mae, r2;
};

/* probability (n, classes), truth (n) class numbers (NAN: row left out). */
struct metrics metrics_classification(const float *probability, const float *truth,
                                      size_t n, int classes);
/* prediction and truth (n) in the target's own unit. */
struct metrics metrics_regression(const float *prediction, const float *truth, size_t n);

#endif
