/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the data ask of a model of any kind. */
#ifndef MODEL_SHAPE_H
#define MODEL_SHAPE_H

#include "model/model.h"
#include "nn/graph.h"

struct model_shape {
    int columns;        /* categorical features */
    const int *classes; /* (columns) classes of each beside "missing" */
    int continuous;     /* continuous features */
    int outputs;        /* logits: 1, or the number of classes if more than two */
    enum loss loss;
    int numbers;        /* continuous columns, where they are tokens */
    const struct number_column *number; /* (numbers) */
};

/* Appends the continuous features as the options want them beside the columns. NULL:
 * there are none, or they are tokens only. */
struct tensor *shape_continuous(struct graph *g, const struct model_options *o,
                                const struct model_shape *s);
/* One number for each class of each column, "missing" among them. */
int shape_one_hot(const struct model_shape *s);

#endif
