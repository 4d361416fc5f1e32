/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A look inside a model: some rows go through it, and what its layers made of them can be
 * read. Attention and embeddings of the lens come from here. Only on the thread that the
 * model and the pool belong to.
 */
#ifndef LENS_LOOK_H
#define LENS_LOOK_H

#include "base/pool.h"
#include "data/encode.h"
#include "model/model.h"
#include "num/real.h"

struct look;

/* Model and pool outlive it; the weights may change between two looks. NULL: no memory,
 * or a model without columns that are vectors, which has nothing to show. */
struct look *look_new(struct model *m, struct pool *pool, struct error *err);
/* To look at the embeddings of categorical columns, which there have to be. */
struct look *look_new_embeddings(struct model *m, struct pool *pool, struct error *err);
void look_free(struct look *l);

/* Rows that go through at once. */
int look_most(const struct look *l);
/* Transformer layers, heads, columns of the attention (model_tokens), categorical ones
 * among them, numbers of an embedding. */
int look_layers(const struct look *l);
int look_heads(const struct look *l);
int look_tokens(const struct look *l);
int look_columns(const struct look *l);
int look_width(const struct look *l);

/* Sends rows index[0..n) of the frame through, n at most look_most. */
void look_at(struct look *l, const struct frame *f, const uint32_t *index, int n);

/* Of the rows looked at, softmax(q k / sqrt(d_head)) of layer 0.. before dropout:
 * (rows, heads, tokens, tokens), from query to key; each line sums to 1. */
void look_attention(const struct look *l, int layer, real *out);
/* The embeddings of categorical columns behind layer 1.., or 0: those that the first
 * layer begins with: (rows, columns, width). */
void look_hidden(const struct look *l, int layer, real *out);

#endif
