/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/shape.h"

struct tensor *shape_continuous(struct graph *g, const struct model_options *o,
                                const struct model_shape *s)
{
    struct tensor *c;

    if (s->continuous == 0 || o->continuous == CONTINUOUS_TOKENS)
        return NULL;
    c = graph_continuous(g, s->continuous);
    return o->continuous_norm ? graph_row_norm(g, c, "continuous.norm") : c;
}

int shape_one_hot(const struct model_shape *s)
{
    int n = 0;

    for (int i = 0; i < s->columns; i++)
        n += s->classes[i] + 1;
    return n;
}
