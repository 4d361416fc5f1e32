/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/pretrain.h"

#include "model/mlp.h"

struct pretrain_options pretrain_defaults(void)
{
    return (struct pretrain_options){.mask = 0.3, .replace = REPLACE_UNIFORM,
                                     .swap = 0.15};
}

bool pretrain_check(const struct pretrain_options *o, struct error *err)
{
    return error_unless_within(err, "pretrain.mask", o->mask, 0.01, 0.99)
        && error_unless_within(err, "pretrain.swap", o->swap, 0.01, 0.99);
}

static void describe_dae(struct graph *g, const struct model_options *o,
                         const struct model_shape *s)
{
    struct tensor *x = mlp_hidden(g, o, s);

    x = graph_linear(g, x, shape_one_hot(s) + s->continuous, "dae", ACTIVATION_NONE);
    graph_loss_clean(g, x, s->columns, s->classes, s->continuous);
}

void pretrain_describe(struct graph *g, const struct model_options *o,
                       const struct model_shape *s, enum pretext pretext)
{
    struct tensor *x;

    if (pretext == PRETEXT_DAE) {
        describe_dae(g, o, s);
        return;
    }
    x = tabtransformer_body(g, o, s);
    if (pretext == PRETEXT_RTD)
        graph_loss(g, graph_column_logits(g, x, s->columns, "rtd"), LOSS_CELLS);
    else
        graph_loss_asked(g, graph_classify_columns(g, x, s->columns, s->classes, "mlm"));
}
