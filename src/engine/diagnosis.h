/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The predictions of one epoch's weights for the validation rows, taken apart for a
 * person to look at: ROC, confusions and calibration, or for a number what is said
 * against what is true. A plain value without pointers.
 */
#ifndef ENGINE_DIAGNOSIS_H
#define ENGINE_DIAGNOSIS_H

#include "data/encode.h"
#include "num/breakdown.h"
#include "num/metrics.h"

enum {
    DIAGNOSIS_CLASSES = 20, /* that are told apart: of more the most frequent ones */
    DIAGNOSIS_CURVES = 8,
    DIAGNOSIS_POINTS = 200, /* of a ROC curve */
    DIAGNOSIS_BINS = 10,
    DIAGNOSIS_RESIDUALS = 9,
    DIAGNOSIS_NAME = 32,    /* bytes of a class's name, cut between letters, and a NUL */
};

extern const double diagnosis_levels[DIAGNOSIS_RESIDUALS]; /* of residual quantiles */

struct roc_curve {
    int line;   /* of the class, in `names` */
    double auc;
    int n;
    struct roc_point points[DIAGNOSIS_POINTS];
};

struct diagnosis {
    int epoch;
    struct metrics metrics;
    enum task task;

    /* classes; each has a line of the confusions: in their own order, or, if there are
     * too many, the most frequent first and one line for all others */
    int lines;
    char names[DIAGNOSIS_CLASSES][DIAGNOSIS_NAME];
    size_t confusion[DIAGNOSIS_CLASSES * DIAGNOSIS_CLASSES]; /* truth by said */
    int n_curves; /* binary: class 1; else the first lines, each against the rest */
    struct roc_curve curves[DIAGNOSIS_CURVES];
    struct breakdown_bin bins[DIAGNOSIS_BINS];
    double brier;

    /* regression, in the target's own unit */
    int n_groups;
    struct breakdown_group groups[DIAGNOSIS_BINS];
    double residuals[DIAGNOSIS_RESIDUALS];
};

/* predicted (n, model_outputs), truth (n) in the target's own unit or class numbers. */
void diagnosis_make(struct diagnosis *d, const struct encoder *e, int epoch,
                    const struct metrics *metrics, const float *predicted,
                    const float *truth, size_t n);

#endif
