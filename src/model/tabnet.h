/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TabNet: Arik, Pfister, "TabNet: Attentive Interpretable Tabular Learning", arXiv
 * 1908.07442. What its text leaves open (first weights, no bias, four blocks) is as in
 * DreamQuark's pytorch-tabnet.
 *
 * A step looks at the features through a mask of its own, which it makes of what the step
 * before handed on. Masks say which features a row was decided by.
 */
#ifndef MODEL_TABNET_H
#define MODEL_TABNET_H

#include "model/shape.h"

/* Appends the whole model and its loss to g. Where the plan keeps them, "mask.I" has the
 * mask of step I = 1 .. o->steps, (features): o->category_dim of each column, then the
 * continuous ones, and "decision.I" what the step made of it, of whose features the first
 * o->width, where above 0, go into the sum that decides. */
void tabnet_describe(struct graph *g, const struct model_options *o,
                     const struct model_shape *s);

#endif
