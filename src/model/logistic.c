/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/logistic.h"

void logistic_describe(struct graph *g, const struct model_options *o,
                       const struct model_shape *s)
{
    struct tensor *x = graph_linear_one_hot(g, shape_continuous(g, o, s), s->columns,
                                            s->classes, s->outputs, "head.out",
                                            ACTIVATION_NONE);

    graph_loss(g, x, s->loss);
}
