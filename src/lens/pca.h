/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two leading principal components of points, by subspace iteration with a few
 * vectors more than needed (Halko, Martinsson, Tropp 2011, section 4.5) and the
 * Rayleigh-Ritz method. The same for any number of threads.
 */
#ifndef LENS_PCA_H
#define LENS_PCA_H

#include "base/pool.h"
#include "lens/points.h"

struct pca {
    float share[2]; /* of the points' variance */
};

/* scores (n, 2) out: each point's two components, those of more variance first; 0 where
 * the points have fewer. The largest weight of each is positive. False: no memory. */
bool pca_scores(const struct points *p, struct pool *pool, float *scores,
                struct pca *result, struct error *err);

#endif
