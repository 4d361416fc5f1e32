/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a model is made of. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/private.h"

static struct model_layer layer_of(const struct node_info *n)
{
    struct model_layer l = {
        .operation = n->op, .columns = n->columns, .features = n->features,
        .parameters = n->parameters, .flops = n->flops,
    };

    snprintf(l.name, sizeof l.name, "%s", n->name);
    return l;
}

struct model_layer *model_layers(const struct model_options *o, const struct encoder *e,
                                 int *n, struct error *err)
{
    struct model_layer *layers;
    struct params *p;
    struct graph *g;

    if (!model_fits(o, e, PRETEXT_NONE, err))
        return NULL;
    if (o->kind == MODEL_GBDT) {
        error_set(err, ERROR_STATE, "trees have no layers: `show model` has the settings "
                  "that they grow by");
        return NULL;
    }
    p = params_new();
    g = model_describe(o, e, PRETEXT_NONE, p);
    layers = xcalloc((size_t)graph_nodes(g), sizeof *layers);
    *n = 0;
    for (int i = 0; i < graph_nodes(g); i++) {
        struct node_info info = graph_node(g, i);

        if (strcmp(info.op, "loss") != 0)
            layers[(*n)++] = layer_of(&info);
    }
    graph_free(g);
    params_free(p);
    return layers;
}
