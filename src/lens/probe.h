/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A linear probe: how much of the classes can be read off some features by logistic
 * regression (section 4 of the TabTransformer's paper does so layer by layer), or of a
 * number by ridge regression. The rows are cut into folds with equal shares of the
 * classes; each fold is predicted from the others, and the mean of the folds' AUCs, or
 * R2s, is what counts.
 */
#ifndef LENS_PROBE_H
#define LENS_PROBE_H

#include "lens/logistic.h"
#include "lens/ridge.h"

enum { PROBE_FOLDS_MOST = 20 };

struct probe {
    int folds, fold;  /* in all, and the present one: folds before it are done */
    int classes;        /* 0: of a number */
    const int *class;   /* (n), the caller's; NULL: of a number */
    const float *value; /* (n), the caller's, of a number */
    struct pool *pool;
    struct logistic_options options; /* their strength is that of the ridge, too */
    struct design x;
    struct logistic fit;     /* of the present fold */
    struct ridge ridge;
    unsigned char *fold_of;  /* (n) */
    unsigned char *learned;  /* (n) 1: not in the present fold */
    float *predicted;        /* (n, classes) probabilities, or (n) values */
    float *truth, *picked;   /* of the fold's rows: (n), as predicted */
    double score[PROBE_FOLDS_MOST]; /* AUC of classes against the rest, their mean; NAN:
                                     * a class has no row in the fold, or all. Or R2;
                                     * NAN: all values of the fold are alike */
};

/* x (n, d) is only read; class (n) stays the caller's. False: folds beyond 2 to
 * PROBE_FOLDS_MOST or a class with fewer rows than folds (ERROR_STATE), numbers that are
 * not finite, or no memory. */
bool probe_init(struct probe *p, const float *x, size_t n, int d, const int *class,
                int classes, int folds, uint64_t seed, struct pool *pool,
                struct error *err);
void probe_done(struct probe *p);

/* The same for value (n), a number, at least two for each fold. */
bool probe_init_number(struct probe *p, const float *x, size_t n, int d,
                       const float *value, int folds, uint64_t seed, struct pool *pool,
                       struct error *err);

/* Some milliseconds of a fold's regression. STEP_FAILED: no memory. */
enum step probe_step(struct probe *p, struct error *err);

/* The mean AUC or R2 of the folds that are done, and their standard deviation (NULL: not
 * wanted). NAN: none is. */
double probe_score(const struct probe *p, double *deviation);

#endif
