/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The multi-layer perceptron: two blocks of Linear - SELU - BatchNorm - dropout and the
 * logits. It is the TabTransformer's head, and a rival of its own (arXiv 2012.06678,
 * section 3 and appendix B), which takes categorical columns as learned vectors or
 * one-hot.
 */
#ifndef MODEL_MLP_H
#define MODEL_MLP_H

#include "model/shape.h"

/* Appends the blocks over x and the logits: "head.0", "head.1", "head.out". */
struct tensor *mlp_blocks(struct graph *g, const struct model_options *o,
                          struct tensor *x, int outputs);
/* Width of block 0 or 1 over so many inputs: a multiple of them, within the cap. */
int mlp_width(const struct model_options *o, int inputs, int block);

/* Appends inputs and blocks. With vectors "hidden.0" has them. */
struct tensor *mlp_hidden(struct graph *g, const struct model_options *o,
                          const struct model_shape *s);
/* Appends the whole model but its loss: mlp_hidden and so many outputs. */
struct tensor *mlp_body(struct graph *g, const struct model_options *o,
                        const struct model_shape *s, int outputs);
/* Appends the whole model and its loss to g. */
void mlp_describe(struct graph *g, const struct model_options *o,
                  const struct model_shape *s);

#endif
