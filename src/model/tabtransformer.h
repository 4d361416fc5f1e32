/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TabTransformer: Huang, Khetan, Cvitkovic, Karnin, "TabTransformer: Tabular Data
 * Modeling Using Contextual Embeddings", arXiv 2012.06678, section 2.
 */
#ifndef MODEL_TABTRANSFORMER_H
#define MODEL_TABTRANSFORMER_H

#include "model/shape.h"

/* Appends embeddings and Transformer layers; returns the contextual embedding of each
 * column. */
struct tensor *tabtransformer_body(struct graph *g, const struct model_options *o,
                                   const struct model_shape *s);
/* Appends the whole model and its loss to g. Names "hidden.0" .. "hidden.L" and "logits"
 * can be read where the plan keeps them. */
void tabtransformer_describe(struct graph *g, const struct model_options *o,
                             const struct model_shape *s);

#endif
