/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Points of many dimensions as the kernels want them: sixteen side by side, moved so that
 * their mean is 0, and with their squared length as one more feature. So the product of a
 * point's row (-2 x, 1) with a panel is its squared distance to sixteen others, less a
 * number that is the same for all.
 */
#ifndef LENS_POINTS_H
#define LENS_POINTS_H

#include "base/error.h"
#include "num/kernels.h"

struct points {
    size_t n;
    int d;
    const float *x;  /* (n, d), the caller's */
    int panels;      /* of LANES points; what is left over of the last one is far away */
    size_t size;     /* numbers from one panel to the next */
    float *panel;    /* d + 1 features each */
    const struct kernels *kernels;
};

/* x must stay until points_done. False: fewer than 2 points, numbers that are not finite
 * (ERROR_NUMERIC), or no memory. */
bool points_init(struct points *p, const float *x, size_t n, int d, struct error *err);
void points_done(struct points *p);

/* Bytes that points_init will ask for. */
size_t points_memory(size_t n, int d);

/* row (d + 1) of point i for products with panels */
void points_ask(const struct points *p, size_t i, float *row);

/* The squared distance of two points, without rounding to speak of. */
double points_distance2(const struct points *p, size_t i, size_t j);

#endif
