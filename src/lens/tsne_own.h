/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two ways of repulsion, for tsne.c only. Both take n pairs y and set force (n pairs)
 * to the sums over j of q^2 (y_i - y_j), q = 1 / (1 + |y_i - y_j|^2), and return the sum
 * of q over all i and j that are not the same.
 */
#ifndef LENS_TSNE_OWN_H
#define LENS_TSNE_OWN_H

#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"

struct box {
    float low[2], high[2];
};

struct exact;

/* NULL: no memory. */
struct exact *exact_new(size_t n);
void exact_free(struct exact *e);
size_t exact_memory(size_t n);
double exact_repel(struct exact *e, struct pool *pool, const float *y, float *force);

struct field;

/* threads: of the pool. NULL: no memory. */
struct field *field_new(size_t n, int threads);
void field_free(struct field *f);
size_t field_memory(size_t n, int threads);
/* box holds all points. NAN: FFTW has no memory for a plan. */
double field_repel(struct field *f, struct pool *pool, const float *y,
                   const struct box *box, float *force);

#endif
