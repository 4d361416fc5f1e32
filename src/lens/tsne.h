/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * t-SNE: a layout of points in the plane whose probabilities Q, q_ij proportional to 1 /
 * (1 + |y_i - y_j|^2), come close to the probabilities P of the points (lens/affinity.h).
 * What is made small is KL(P || Q), the sum of p_ij log(p_ij / q_ij), by steps along
 *
 *     dKL/dy_i = 4 sum over j of (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2).
 *
 * Gradient, momentum and early exaggeration: van der Maaten, Hinton 2008; rate of n / 12:
 * Belkina et al. 2019; start from principal components: Kobak, Berens 2019; repulsion
 * through a grid for many points: Linderman et al. 2019, here with B-splines and one
 * transform each way (ARCHITECTURE has more).
 *
 * One iteration a step, so that a job can go on between the steps of a training and be
 * paused. The same layout for any number of threads. A step allocates nothing, but for a
 * plan of FFTW when the layout has outgrown its grid; as FFTW's planner is not made for
 * threads, only one thread of a program may step, at a time.
 */
#ifndef LENS_TSNE_H
#define LENS_TSNE_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/step.h"

enum tsne_method {
    TSNE_AUTO,  /* whichever is faster for so many points */
    TSNE_EXACT, /* all pairs */
    TSNE_FFT,   /* through a grid; the gradient is within 1 % */
};

struct tsne_options {
    double perplexity;
    int iterations;      /* in all */
    int early;           /* the first of them, with P times exaggeration */
    double exaggeration;
    double rate;         /* as n / 12 counts it: without the factor 4; 0: chosen */
    double early_momentum, momentum;
    enum tsne_method method;
};

struct tsne_options tsne_defaults(void);

/* False (ERROR_USAGE): an option out of range, or too few points for the perplexity. */
bool tsne_check(const struct tsne_options *o, size_t n, struct error *err);

/* Bytes that n points of d numbers will need beside themselves, at most. */
size_t tsne_memory(size_t n, int d, const struct tsne_options *o, int threads);

struct tsne;

/* x (n, d) and the pool are the caller's and must outlive it. NULL: tsne_check or
 * points_init refuses, or there is not enough memory (ERROR_MEMORY). */
struct tsne *tsne_new(const float *x, size_t n, int d, const struct tsne_options *o,
                      struct pool *pool, struct error *err);
void tsne_free(struct tsne *t);

/* Neighbours of some more points, then some more rows of P, then one iteration.
 * STEP_FAILED: no memory, or the layout is no longer finite. */
enum step tsne_step(struct tsne *t, struct error *err);

/* Begins again with iteration 0 of `iterations`, the first `early` of them exaggerated.
 * layout (n, 2), in the points' order; NULL: from the principal components. P stays. From
 * a layout that stands already (another layer's, or the present one), early is best 0. */
void tsne_restart(struct tsne *t, const float *layout, int early, int iterations);

enum tsne_phase { TSNE_NEIGHBOURS, TSNE_AFFINITIES, TSNE_LAYOUT };

struct tsne_progress {
    enum tsne_phase phase;
    double share;              /* of the phase that is done */
    int iteration, iterations; /* done and in all */
    bool exaggerated;
    double kl;                 /* as it was some iterations ago; NAN: not yet known. At
                                * the end it is that of the layout. */
};

struct tsne_progress tsne_progress(const struct tsne *t);

/* (n, 2) out, in the points' order; 0 before there is a layout. */
void tsne_layout(const struct tsne *t, float *layout);

/* Measured now, if there is P. NAN: there is not. */
double tsne_kl(struct tsne *t);
/* The gradient (n, 2) at the present layout, not exaggerated; only once there is P. */
void tsne_gradient(struct tsne *t, float *gradient);

#endif
