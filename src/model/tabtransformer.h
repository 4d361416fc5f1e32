/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TabTransformer: Huang, Khetan, Cvitkovic, Karnin, "TabTransformer: Tabular Data
 * Modeling Using Contextual Embeddings", arXiv 2012.06678, section 2.
 */
#ifndef MODEL_TABTRANSFORMER_H
#define MODEL_TABTRANSFORMER_H

#include "model/model.h"
#include "nn/graph.h"

/* What the data ask of a model. */
struct model_shape {
    int columns;        /* categorical features */
    const int *classes; /* (columns) classes of each beside "missing" */
    int continuous;     /* continuous features */
    int outputs;        /* logits: 1, or the number of classes if more than two */
    enum loss loss;
};

/* Width of the head's input: d for each column, and the continuous features. */
int tabtransformer_head_input(const struct model_options *o, const struct model_shape *s);
/* Width of the head's block 0 or 1: a multiple of its input, within the cap. */
int tabtransformer_head_width(const struct model_options *o, const struct model_shape *s,
                              int block);

/* Appends embeddings and Transformer layers; returns the contextual embedding of each
 * column. */
struct tensor *tabtransformer_body(struct graph *g, const struct model_options *o,
                                   const struct model_shape *s);
/* Appends the whole model and its loss to g. Names "hidden.0" .. "hidden.L" and "logits"
 * can be read where the plan keeps them. */
void tabtransformer_describe(struct graph *g, const struct model_options *o,
                             const struct model_shape *s);

#endif
