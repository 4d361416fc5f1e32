/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parameters of a model: one table of named tensors in one arena, and beside it, once
 * training begins, arenas of the same shape for gradients and AdamW's two moments.
 *
 * Gradients come in two ways. Parameters of the body (layout "tokens") are used by every
 * shard of a batch, so each shard adds to a lane, a private copy of their part of the
 * gradient arena; params_step sums the lanes in a fixed order. Parameters of the head
 * are divided among tasks by output feature, so one gradient is enough.
 *
 * This is also the seam where several machines would sum their gradients.
 */
#ifndef NN_PARAMS_H
#define NN_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "num/kernels.h"

enum param_kind {
    PARAM_BODY,   /* gradient through lanes */
    PARAM_HEAD,   /* gradient direct */
    PARAM_BUFFER, /* not trained: running averages */
    PARAM_KINDS
};

enum param_init {
    INIT_ZERO,
    INIT_ONE,
    INIT_UNIFORM, /* U(-scale, scale) */
    INIT_NORMAL,  /* N(0, scale^2) */
};

struct param {
    char name[64];       /* as in the model file: "layers.0.ffn.up.weight" */
    int rank;            /* 1 or 2 */
    size_t shape[2];
    size_t count;
    enum param_kind kind;
    enum param_init init;
    double scale;
    bool decay;          /* weight decay applies */
    size_t offset;       /* in the arena; set by params_allocate */
};

struct params {
    int n;
    struct param *list;
    size_t list_capacity;
    size_t total[PARAM_KINDS];         /* numbers of each kind */
    real *value;                       /* (all kinds): body, head, buffers */
    real *gradient, *moment1, *moment2; /* (body and head) or NULL */
    double *squares;                   /* (blocks of the update), for the norm */
    real *lanes;                       /* (n_lanes, lane_stride) or NULL */
    int n_lanes;
    size_t lane_stride;
    long step;                         /* updates done */
};

struct params *params_new(void);
void params_free(struct params *p);

/* The number of the parameter of that name, added if it is not there yet. A matrix is
 * (rows, columns); rows 0: a vector of `columns`. */
int params_want(struct params *p, const char *name, size_t rows, size_t columns,
                enum param_kind kind, enum param_init init, double scale, bool decay);
int params_find(const struct params *p, const char *name); /* or -1 */

/* Gives the values their memory and first numbers from seed. */
bool params_allocate(struct params *p, uint64_t seed, struct error *err);
/* Gives gradients, moments and lanes theirs, all zero. */
bool params_allocate_training(struct params *p, int n_lanes, struct error *err);
void params_free_training(struct params *p);
size_t params_training_bytes(const struct params *p, int n_lanes);

static inline size_t params_trainable(const struct params *p)
{
    return p->total[PARAM_BODY] + p->total[PARAM_HEAD];
}

static inline real *param_value(const struct params *p, int i)
{
    return p->value + p->list[i].offset;
}

static inline real *param_gradient(const struct params *p, int i)
{
    return p->gradient + p->list[i].offset;
}

static inline real *param_lane(const struct params *p, int i, int lane)
{
    return p->lanes + (size_t)lane * p->lane_stride + p->list[i].offset;
}

struct update {
    double lr, beta1, beta2, eps, weight_decay;
    double clip; /* largest norm, 0: none */
    double body; /* share of lr that is the body's; 0: it stands still, and nothing was
                    added to its lanes (graph_backward_head) */
    long rest;   /* steps before this one in which it stood still */
};

struct update update_defaults(void); /* 1e-3, 0.9, 0.999, 1e-8, 0, 0, 1, 0 */

/* Sums the lanes, clips, makes one AdamW step and clears the lanes. *norm (may be NULL)
 * gets the gradient's norm before clipping if clipping is on. Same bits for any pool. */
void params_step(struct params *p, const struct kernels *k, struct pool *pool,
                 const struct update *u, double *norm);

/* Numbers in the arena of values: parameters and buffers. */
static inline size_t params_values(const struct params *p)
{
    return params_trainable(p) + p->total[PARAM_BUFFER];
}

/* average (params_values) += share (values - average) */
void params_average(const struct params *p, const struct kernels *k, struct pool *pool,
                    double share, real *average);

/* A backward pass adds to the lanes but sets the gradient of the head. To have the sum of
 * two passes, the head's of the first is kept, (total[PARAM_HEAD]), and then added. */
void params_keep_head(const struct params *p, real *kept);
void params_add_head(struct params *p, const real *kept);

/* Sums the lanes into the gradient without a step (tests). */
void params_sum(struct params *p, const struct kernels *k);

#endif
