/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pruning by magnitude, over all linear maps together (Morcos, Yu, Paganini, Tian, "One
 * ticket to win them all", arXiv 1906.02773): small weights become 0 for good. A weight
 * that is 0 is a pruned one; nothing else has to be kept.
 */
#ifndef NN_PRUNE_H
#define NN_PRUNE_H

#include "nn/params.h"

/* That share of the weights still there, the smallest ones, is set to 0, and so are their
 * moments and what they are in `average` (params_values, or NULL). Takes a number for each
 * weight meanwhile; false: no memory. Parameters must be allocated for training. */
bool prune_weights(struct params *p, double share, real *average, struct error *err);
/* Behind a backward pass: clears the gradients of what is pruned, so that steps leave it
 * where it is. */
void prune_hold(struct params *p, const struct kernels *k);
/* Weights of linear maps, and how many of them are not 0. */
size_t prune_count(const struct params *p, size_t *left);

#endif
