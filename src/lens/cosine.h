/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nearest points by the angle between them, in all their dimensions. */
#ifndef LENS_COSINE_H
#define LENS_COSINE_H

#include <stddef.h>
#include <stdint.h>

/* The cosine of two vectors of d numbers; 0 where one has no length. */
double cosine_of(const float *a, const float *b, int d);

/* The k points of x (n, d) with the largest cosine to point `of`, which is none of them:
 * index (k) and cosine (k) out, largest first, equal ones by number. Returns how many
 * there are, k or n - 1. */
size_t cosine_nearest(const float *x, size_t n, int d, size_t of, size_t k,
                      uint32_t *index, double *cosine);

#endif
