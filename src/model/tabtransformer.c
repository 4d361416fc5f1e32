/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/tabtransformer.h"

#include <stdio.h>

enum { HEAD_WEIGHTS = 2000000, HEAD_WIDTH = 64 }; /* where head_cap is -1 */

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
    int identifier = o->identifier < 0 ? o->dim / 8 : o->identifier;
    struct tensor *x = graph_embedding(g, s->columns, s->classes, o->dim, identifier);

    graph_name(x, "hidden.0");
    for (int layer = 0; layer < o->layers; layer++) {
        x = transformer_layer(g, o, layer, x);
        graph_name(x, "hidden.%d", layer + 1);
    }
    return x;
}

int tabtransformer_head_input(const struct model_options *o, const struct model_shape *s)
{
    return s->columns * o->dim + s->continuous;
}

/* Of the first block; 0: none. */
static int head_cap(const struct model_options *o, const struct model_shape *s)
{
    int cap;

    if (o->head_cap >= 0)
        return o->head_cap;
    cap = HEAD_WEIGHTS / tabtransformer_head_input(o, s);
    return cap > HEAD_WIDTH ? cap : HEAD_WIDTH;
}

int tabtransformer_head_width(const struct model_options *o, const struct model_shape *s,
                              int block)
{
    int times = block == 0 ? o->head_hidden1 : o->head_hidden2;
    int width = times * tabtransformer_head_input(o, s), cap = head_cap(o, s);

    if (block == 1)
        cap = (int)((long)cap * o->head_hidden2 / o->head_hidden1);
    return cap > 0 && width > cap ? cap : width;
}

/* MLP of two blocks, Linear - SELU - BatchNorm - dropout, and the logits. */
static struct tensor *head(struct graph *g, const struct model_options *o,
                           const struct model_shape *s, struct tensor *x)
{
    static const char *const names[] = {"head.0", "head.1"};
    static const char *const norms[] = {"head.0.norm", "head.1.norm"};

    for (int block = 0; block < 2; block++) {
        x = graph_linear(g, x, tabtransformer_head_width(o, s, block), names[block],
                         ACTIVATION_SELU);
        if (o->head_norm != HEAD_NORM_NO)
            x = graph_batch_norm(g, x, norms[block]);
        if (o->head_dropout > 0)
            x = graph_dropout(g, x, o->head_dropout);
    }
    return graph_linear(g, x, s->outputs, "head.out", ACTIVATION_NONE);
}

void tabtransformer_describe(struct graph *g, const struct model_options *o,
                             const struct model_shape *s)
{
    struct tensor *x = NULL, *c = NULL;

    if (s->continuous > 0) {
        c = graph_continuous(g, s->continuous);
        if (o->continuous_norm)
            c = graph_row_norm(g, c, "continuous.norm");
    }
    if (s->columns > 0)
        x = tabtransformer_body(g, o, s);
    graph_loss(g, head(g, o, s, graph_concatenate(g, x, c)), s->loss);
}
