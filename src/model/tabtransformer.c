/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/tabtransformer.h"

#include <stdio.h>

#include "model/mlp.h"

/* "layers.3" and "ffn.up" -> "layers.3.ffn.up" */
struct name {
    char text[48];
};

static struct name layer_name(int layer, const char *part)
{
    struct name n;

    snprintf(n.text, sizeof n.text, "layers.%d.%s", layer, part);
    return n;
}

/* Post-norm encoder layer: attention and feed-forward, each added to its input and
 * normalised. The feed-forward's activation is GELU, as in the authors' own code. */
static struct tensor *transformer_layer(struct graph *g, const struct model_options *o,
                                        int layer, struct tensor *x)
{
    struct tensor *y = graph_query_key_value(g, x, layer_name(layer, "attention").text);

    y = graph_attention(g, y, o->heads, o->dropout);
    y = graph_linear(g, y, o->dim, layer_name(layer, "attention.out").text,
                     ACTIVATION_NONE);
    x = graph_add_norm(g, x, y, layer_name(layer, "norm1").text);
    y = graph_linear(g, x, o->ffn * o->dim, layer_name(layer, "ffn.up").text,
                     ACTIVATION_NONE);
    y = graph_gelu(g, y, o->dropout);
    y = graph_linear(g, y, o->dim, layer_name(layer, "ffn.down").text, ACTIVATION_NONE);
    return graph_add_norm(g, x, y, layer_name(layer, "norm2").text);
}

struct tensor *tabtransformer_body(struct graph *g, const struct model_options *o,
                                   const struct model_shape *s)
{
    struct embedding e = {
        .columns = s->columns, .classes = s->classes, .d = o->dim,
        .identifier = o->identifier < 0 ? o->dim / 8 : o->identifier,
        .n_numbers = s->numbers, .number = s->number, .values = s->continuous,
        .numbers = o->numbers, .frequencies = o->frequencies, .sigma = o->sigma,
        .cls = o->readout == READOUT_CLS,
    };
    struct tensor *x = graph_embed(g, &e);

    graph_name(x, "hidden.0");
    for (int layer = 0; layer < o->layers; layer++) {
        x = transformer_layer(g, o, layer, x);
        graph_name(x, "hidden.%d", layer + 1);
    }
    return x;
}

void tabtransformer_describe(struct graph *g, const struct model_options *o,
                             const struct model_shape *s)
{
    struct tensor *x = NULL, *c = shape_continuous(g, o, s);

    if (s->columns + s->numbers > 0)
        x = tabtransformer_body(g, o, s);
    x = x && o->readout == READOUT_CLS ? graph_readout(g, x, c)
                                       : graph_concatenate(g, x, c);
    graph_loss(g, mlp_blocks(g, o, x, s->outputs), s->loss);
}
