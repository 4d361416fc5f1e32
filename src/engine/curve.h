/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a run went between its epochs: a point for every so many steps, so that a curve
 * moves while a long epoch lasts. A curve that is full halves itself: two neighbours
 * become one point, which from then on stands for twice as many steps.
 */
#ifndef ENGINE_CURVE_H
#define ENGINE_CURVE_H

#include <stddef.h>

enum {
    CURVE_EPOCH = 32,    /* points an epoch, as long as the curve is not halved */
    CURVE_LIMIT = 20000, /* points; even */
};

struct curve_point {
    double epochs;  /* done at its end, parts counted: 2.25 */
    double seconds; /* of training until then */
    double loss;    /* mean over its batches, with dropout */
    double norm;    /* mean of the gradient's, before clipping; NAN: not known */
    double lr;      /* of its last step */
};

struct curve {
    struct curve_point *points;
    size_t n, capacity;
    size_t steps; /* that a point stands for */
};

void curve_done(struct curve *c);

/* Makes room, so that the next n curve_add allocate nothing. */
void curve_reserve(struct curve *c, size_t n);
void curve_add(struct curve *c, const struct curve_point *p);

/* The copy gets what it does not have yet. Only curve_follow has ever changed it. */
void curve_follow(struct curve *copy, const struct curve *c);

#endif
