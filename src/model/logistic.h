/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logistic regression, with several classes multinomial, for a numeric target linear
 * regression: one linear map of continuous features and one-hot classes. Weight decay is
 * its penalty.
 */
#ifndef MODEL_LOGISTIC_H
#define MODEL_LOGISTIC_H

#include "model/shape.h"

/* Appends the whole model and its loss to g. */
void logistic_describe(struct graph *g, const struct model_options *o,
                       const struct model_shape *s);

#endif
