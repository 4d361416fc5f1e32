/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logistic regression, of two classes or more (multinomial), with the squares of the
 * weights as penalty. What is made small is the mean over the rows of
 *
 *     -log p(class of the row) + |weights|^2 / (2 strength rows)
 *
 * by L-BFGS (Liu, Nocedal 1989), which is convex: there is one smallest value. The
 * intercepts have no penalty. The same for any number of threads.
 */
#ifndef LENS_LOGISTIC_H
#define LENS_LOGISTIC_H

#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/step.h"
#include "num/kernels.h"

/* Rows of numbers, each column with mean 0 and variance 1 over all rows (or 0 throughout,
 * if it was constant), in panels of LANES rows. */
struct design {
    size_t n;
    int d, panels;
    size_t size; /* numbers from one panel to the next */
    float *panel;
    const struct kernels *kernels;
};

/* x (n, d) is read only. False: a number is not finite (ERROR_NUMERIC), or no memory. */
bool design_init(struct design *x, const float *from, size_t n, int d, struct error *err);
void design_done(struct design *x);

struct logistic_options {
    double strength;  /* the larger, the less penalty */
    double tolerance; /* of the largest slope, at which it ends */
    int iterations;   /* at most */
};

struct logistic_options logistic_defaults(void);

struct logistic {
    const struct design *x;  /* the caller's, as are class and learned */
    const int *class;        /* (n) 0 .. classes - 1 */
    const unsigned char *learned; /* (n) 0: the row has no part in it; NULL: all have */
    int classes, outputs;    /* one output for two classes */
    struct logistic_options options;
    struct pool *pool;

    int iteration;
    double value, slope;     /* what is made small, and its largest slope */
    size_t size;             /* of w: outputs of d weights, then outputs intercepts */
    double *w;
    struct descent *own;
};

/* False: no memory. */
bool logistic_init(struct logistic *l, const struct design *x, const int *class,
                   int classes, const unsigned char *learned,
                   const struct logistic_options *o, struct pool *pool,
                   struct error *err);
void logistic_done(struct logistic *l);

/* One iteration. STEP_DONE: it has ended. */
enum step logistic_step(struct logistic *l);

/* Probabilities (n, classes) of all rows. */
void logistic_predict(const struct logistic *l, float *probability);

#endif
