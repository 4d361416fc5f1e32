/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/mlp.h"

#include "model/tabtransformer.h"

enum { BLOCKS = 2 };
enum { HEAD_WEIGHTS = 2000000, HEAD_WIDTH = 64 }; /* where head_cap is -1 */

/* Of the first block; 0: none. */
static int head_cap(const struct model_options *o, int inputs)
{
    int cap;

    if (o->head_cap >= 0)
        return o->head_cap;
    cap = HEAD_WEIGHTS / inputs;
    return cap > HEAD_WIDTH ? cap : HEAD_WIDTH;
}

int mlp_width(const struct model_options *o, int inputs, int block)
{
    int times = block == 0 ? o->head_hidden1 : o->head_hidden2;
    int width = times * inputs, cap = head_cap(o, inputs);

    if (block == 1)
        cap = (int)((long)cap * o->head_hidden2 / o->head_hidden1);
    return cap > 0 && width > cap ? cap : width;
}

/* What follows the first linear map of an MLP over so many inputs, without the last. */
static struct tensor *rest(struct graph *g, const struct model_options *o, int inputs,
                           struct tensor *x)
{
    static const char *const names[BLOCKS] = {"head.0", "head.1"};
    static const char *const norms[BLOCKS] = {"head.0.norm", "head.1.norm"};

    for (int block = 0; block < BLOCKS; block++) {
        if (block > 0)
            x = graph_linear(g, x, mlp_width(o, inputs, block), names[block],
                             ACTIVATION_SELU);
        if (o->head_norm != HEAD_NORM_NO)
            x = graph_batch_norm(g, x, norms[block]);
        if (o->head_dropout > 0)
            x = graph_dropout(g, x, o->head_dropout);
    }
    return x;
}

static struct tensor *blocks(struct graph *g, const struct model_options *o,
                             struct tensor *x)
{
    int inputs = graph_features(x);

    x = graph_linear(g, x, mlp_width(o, inputs, 0), "head.0", ACTIVATION_SELU);
    return rest(g, o, inputs, x);
}

struct tensor *mlp_blocks(struct graph *g, const struct model_options *o,
                          struct tensor *x, int outputs)
{
    return graph_linear(g, blocks(g, o, x), outputs, "head.out", ACTIVATION_NONE);
}

static struct tensor *one_hot(struct graph *g, const struct model_options *o,
                              const struct model_shape *s, struct tensor *c)
{
    int inputs = shape_one_hot(s) + s->continuous;
    struct tensor *x = graph_linear_one_hot(g, c, s->columns, s->classes,
                                            mlp_width(o, inputs, 0), "head.0",
                                            ACTIVATION_SELU);

    return rest(g, o, inputs, x);
}

struct tensor *mlp_hidden(struct graph *g, const struct model_options *o,
                          const struct model_shape *s)
{
    struct model_options plain = *o;
    struct tensor *c = shape_continuous(g, o, s), *x = NULL;

    plain.layers = 0;
    if (s->columns > 0 && o->encoding == ENCODING_ONE_HOT)
        return one_hot(g, o, s, c);
    if (s->columns > 0)
        x = tabtransformer_body(g, &plain, s);
    return blocks(g, o, graph_concatenate(g, x, c));
}

struct tensor *mlp_body(struct graph *g, const struct model_options *o,
                        const struct model_shape *s, int outputs)
{
    return graph_linear(g, mlp_hidden(g, o, s), outputs, "head.out", ACTIVATION_NONE);
}

void mlp_describe(struct graph *g, const struct model_options *o,
                  const struct model_shape *s)
{
    graph_loss(g, mlp_body(g, o, s, s->outputs), s->loss);
}
