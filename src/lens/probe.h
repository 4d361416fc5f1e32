/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A linear probe: how much of the classes can be read off some features by logistic
 * regression (section 4 of the TabTransformer's paper does so layer by layer). The rows
 * are cut into folds with equal shares of the classes; each fold is predicted from the
 * others, and the mean of the folds' AUCs is what counts.
 */
#ifndef LENS_PROBE_H
#define LENS_PROBE_H

#include "lens/logistic.h"

enum { PROBE_FOLDS_MOST = 20 };

struct probe {
    int folds, fold;  /* in all, and the present one: folds before it are done */
    int classes;
    const int *class; /* (n), the caller's */
    struct pool *pool;
    struct logistic_options options;
    struct design x;
    struct logistic fit;     /* of the present fold */
    unsigned char *fold_of;  /* (n) */
    unsigned char *learned;  /* (n) 1: not in the present fold */
    float *probability;      /* (n, classes) */
    float *truth, *picked;   /* of the fold's rows: (n), (n, classes) */
    double auc[PROBE_FOLDS_MOST]; /* of classes against the rest, their mean; NAN: a
                                   * class has no row in the fold, or all */
};

/* x (n, d) is only read; class (n) stays the caller's. False: folds beyond 2 to
 * PROBE_FOLDS_MOST or a class with fewer rows than folds (ERROR_STATE), numbers that are
 * not finite, or no memory. */
bool probe_init(struct probe *p, const float *x, size_t n, int d, const int *class,
                int classes, int folds, uint64_t seed, struct pool *pool,
                struct error *err);
void probe_done(struct probe *p);

/* One iteration of a fold's regression. STEP_FAILED: no memory. */
enum step probe_step(struct probe *p, struct error *err);

/* The mean AUC of the folds that are done, and their standard deviation (NULL: not
 * wanted). NAN: none is. */
double probe_auc(const struct probe *p, double *deviation);

#endif
