/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deep variational information bottleneck: an MLP whose outputs are a latent distribution
 * (nn/graph.h, graph_loss_bottleneck). The marginal is a mixture of Gaussians, with 10
 * samples in training and 20 for a prediction, as in arXiv 2012.06678, section 3; latent
 * width and beta are not told there.
 */
#ifndef MODEL_VIB_H
#define MODEL_VIB_H

#include "model/shape.h"

/* Appends the whole model and its loss to g. */
void vib_describe(struct graph *g, const struct model_options *o,
                  const struct model_shape *s);

#endif
