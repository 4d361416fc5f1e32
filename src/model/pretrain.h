/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Learning without labels (arXiv 2012.06678, section 2): some cells of a row are masked
 * or replaced, and from the contextual embedding of each column its own classifier tells
 *
 *   MLM    masked language modelling: what stood in the cells that were masked
 *   RTD    replaced token detection: which cells were replaced by another value
 *
 * Their rival, of an MLP (Jahrer, 1st place of Porto Seguro's Safe Driver Prediction,
 * Kaggle 2017; Vincent, Larochelle, Bengio, Manzagol, ICML 2008):
 *
 *   DAE    denoising autoencoder: each cell, of numbers too, takes the value of another
 *          row with some probability, and from the MLP's last block a linear map makes
 *          the row as it was. Jahrer has squared errors for all, also of one-hot classes;
 *          here classes have their cross-entropy, which does not let go of rare ones.
 */
#ifndef MODEL_PRETRAIN_H
#define MODEL_PRETRAIN_H

#include "model/tabtransformer.h"

enum replace {
    REPLACE_UNIFORM,   /* by any class of the column, all equally likely */
    REPLACE_EMPIRICAL, /* by the value of any row */
};

struct pretrain_options {
    double mask;          /* share of the cells that are masked or replaced (0.3) */
    enum replace replace; /* RTD: by what */
    double swap;          /* DAE: share of the cells that are another row's (0.15) */
};

struct pretrain_options pretrain_defaults(void);
bool pretrain_check(const struct pretrain_options *o, struct error *err);

/* Appends the body, the classifiers of all columns ("mlm.I" or "rtd.I") and their loss to
 * g, for graph_input.answers. Columns there must be. To be read: "cells" of MLM
 * (nn/graph.h), "logits" of RTD, (features columns). Of DAE the MLP without its last map
 * and "dae" in place of that, for graph_input.clean too; "logits" are as graph_loss_clean
 * has them. */
void pretrain_describe(struct graph *g, const struct model_options *o,
                       const struct model_shape *s, enum pretext pretext);

#endif
