/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Laying one layout over another by what does not change a layout's meaning: shift,
 * rotation, reflection and one scale (ordinary Procrustes analysis; Schoenemann, Carroll
 * 1970). Layouts are pairs (n, 2) of the same points in the same order.
 */
#ifndef LENS_PROCRUSTES_H
#define LENS_PROCRUSTES_H

#include <stdbool.h>
#include <stddef.h>

struct procrustes {
    /* (x, y) goes to (a x + b y + right, c x + d y + up) */
    double a, b, c, d, right, up;
    double x, y;      /* the middle of what was fitted */
    double scale;     /* what lengths are multiplied by */
    double unlike;    /* share of the other layout's variance that is left, 0 to 1 */
    bool is_reflected;
};

/* The best way to lay `from` over `to`, by least squares. Where one has no extent, only
 * the means are laid upon each other. */
struct procrustes procrustes_fit(const float *from, const float *to, size_t n);

/* Makes what it is applied to as large as the other layout: least squares make it smaller,
 * the less alike they are. */
void procrustes_keep_size(struct procrustes *p);

/* In place. */
void procrustes_apply(const struct procrustes *p, float *layout, size_t n);

#endif
