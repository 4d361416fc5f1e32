/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trustworthiness of a layout (Venna, Kaski 2001): how far what lies close together in it
 * also was close before.
 *
 *     T(k) = 1 - 2 / (n k (2n - 3k - 1)) sum over i and j of (rank of j seen from i) - k
 *
 * where j is one of the k nearest of i in the layout that is not so among the points.
 *
 * 1: no neighbour is false; about 1/2: as by chance. Of many points, some (evenly picked)
 * stand for all in the sum over i.
 */
#ifndef LENS_TRUST_H
#define LENS_TRUST_H

#include "base/pool.h"
#include "base/step.h"
#include "lens/points.h"

struct trust {
    const struct points *points; /* the caller's */
    const float *layout;         /* (n, 2), the caller's */
    int k;
    size_t asked, done;          /* points i: in all, and so far */
    struct pool *pool;
    float **scratch;             /* for each thread: distances of one point (n) twice */
    double *excess;              /* for each task of a step */
    double sum;
};

/* 1 <= k < n / 2; `most` points are asked, or all. False (ERROR_MEMORY): no memory. */
bool trust_init(struct trust *t, const struct points *points, const float *layout, int k,
                size_t most, struct pool *pool, struct error *err);
void trust_done(struct trust *t);

/* Some points more, in some ten milliseconds. */
enum step trust_step(struct trust *t);

/* Of the points that were asked so far; NAN: none. */
double trust_value(const struct trust *t);

#endif
