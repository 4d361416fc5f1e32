/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What attends to what, over many rows: the mean attention map of every layer and head,
 * and the rollout of all layers (Abnar and Zuidema 2020): of a row, the product over the
 * layers, first to last, of (A + I) / 2, with A the mean of the layer's heads and I the
 * identity for the residual connection. Lines of all of them sum to 1.
 *
 * Beside it the masking test, because attention is no importance: how far the prediction
 * moves when a column is said to be missing.
 */
#ifndef LENS_ATTENTION_H
#define LENS_ATTENTION_H

#include "lens/look.h"

struct attention {
    int layers, heads, columns; /* all columns of the attention (model_tokens) */
    size_t rows;
    double *sum;     /* (layers, heads, columns, columns) over the rows */
    double *rollout; /* (columns, columns) likewise */
    real *map;       /* (look_most, heads, columns, columns) of one layer */
    double *flow;    /* (look_most, columns, columns) rollout so far, and one more */
};

/* False: no memory. The model has layers. attention_done in any case. */
bool attention_init(struct attention *a, const struct look *l, struct error *err);
void attention_done(struct attention *a);
/* Adds the n rows that were looked at last. */
void attention_add(struct attention *a, const struct look *l, int n);
/* Gives up what only adding needs. */
void attention_end(struct attention *a);

/* How the heads of a layer become one map; a head of its own is 0... */
enum { HEADS_MEAN = -1, HEADS_MAX = -2, HEADS_ROLLOUT = -3 };
/* (columns, columns) from query to key. HEADS_MAX takes of each cell the head with the
 * largest mean; HEADS_ROLLOUT has no layer of its own. */
void attention_read(const struct attention *a, int layer, int head, double *out);

/* Adds to effect[j] over rows index[0..n): how far the outputs of the model move when
 * column j of the attention is missing. Of a class: half the sum over classes of
 * |p - p'|, the probability that changes hands; of a regression |y - y'|. Divide by the
 * rows. */
bool masking_add(struct model *m, struct pool *pool, const struct frame *f,
                 const uint32_t *index, size_t n, double *effect, struct error *err);

#endif
