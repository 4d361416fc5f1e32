/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ridge regression in closed form: what logistic regression is to classes, for numbers,
 * with the same penalty. The target y is taken with mean 0 and variance 1 over all rows,
 * and what is made small is the mean over the rows that are learned of
 *
 *     (y - prediction)^2 / 2 + |weights|^2 / (2 strength rows)
 *
 * whose smallest value solves (X'X + I / strength) w = X'y (Hoerl, Kennard 1970; alpha is
 * 1 / strength elsewhere). The intercept has no penalty. Products are summed up over all
 * rows once; a fit takes those of the rows that are left out away from them, so that all
 * folds of a cross-validation cost no more than two fits. The same for any number of
 * threads.
 */
#ifndef LENS_RIDGE_H
#define LENS_RIDGE_H

#include "lens/logistic.h"

enum ridge_phase { RIDGE_SUM, RIDGE_READY, RIDGE_TAKE_AWAY, RIDGE_FACTOR, RIDGE_DONE };

struct ridge {
    const struct design *x;       /* the caller's, as are target and learned */
    const float *target;          /* (n) in its own unit */
    const unsigned char *learned; /* (n) 0: the row has no part in it; NULL: all have */
    struct pool *pool;
    double strength;
    double mean, deviation;       /* of the target over all rows; 0: it is constant */

    enum ridge_phase phase;
    size_t row;      /* that is summed up or taken away next */
    int column;      /* that is factored next */
    int size;        /* d + 2: the inputs, 1, and the target */
    double *all;     /* (size, size) sums of the products of each two, lower triangle */
    double *factor;  /* (size, size) that of the learned rows, and then its root */
    double *w;       /* (d + 1) weights, and the intercept */
    struct ridge_room *room;
};

/* False: no memory, of which (d + 2)^2 numbers are wanted. Released in any case. */
bool ridge_init(struct ridge *r, const struct design *x, const float *target,
                double strength, struct pool *pool, struct error *err);
void ridge_done(struct ridge *r);

/* Begins a fit, the first or another one; its rows are at least one. */
void ridge_fit(struct ridge *r, const unsigned char *learned);
/* Some milliseconds of it. STEP_DONE: it has ended. */
enum step ridge_step(struct ridge *r);

/* Of all rows (n), in the target's own unit. */
void ridge_predict(const struct ridge *r, float *prediction);

#endif
