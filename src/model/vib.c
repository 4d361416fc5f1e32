/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/vib.h"

#include "model/mlp.h"

void vib_describe(struct graph *g, const struct model_options *o,
                  const struct model_shape *s)
{
    struct bottleneck b = {o->latent, o->components, o->beta};

    graph_loss_bottleneck(g, mlp_body(g, o, s, 2 * o->latent), s->outputs, s->loss, &b);
}
