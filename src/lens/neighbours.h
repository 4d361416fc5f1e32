/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The k nearest neighbours of every point, exactly: all distances are computed, block by
 * block, as a product of matrices; what could be among the nearest is computed once more
 * without rounding to speak of. The same for any number of threads. Equal distances go by
 * the number of the point. Only where more than a handful of points beyond the k-th lie
 * within some 1e-6 of the points' own squared lengths of it, one may stand for another.
 */
#ifndef LENS_NEIGHBOURS_H
#define LENS_NEIGHBOURS_H

#include <stdint.h>

#include "base/pool.h"
#include "base/step.h"
#include "lens/points.h"

struct neighbours {
    size_t n;
    int k;
    uint32_t *index;  /* (n, k), nearest first, without the point itself */
    float *distance2; /* (n, k), squared */
    size_t found;     /* points whose neighbours stand there */

    const struct points *points; /* the caller's, until all are found */
    struct pool *pool;
    struct search *search;       /* one for each thread */
};

/* 1 <= k < n. False: no memory. */
bool neighbours_init(struct neighbours *b, const struct points *points, int k,
                     struct pool *pool, struct error *err);
void neighbours_done(struct neighbours *b);

/* Some points more, in some ten milliseconds. STEP_DONE: all are found. */
enum step neighbours_step(struct neighbours *b);

/* Bytes that neighbours_init will ask for. */
size_t neighbours_memory(size_t n, int d, int k, int threads);

#endif
