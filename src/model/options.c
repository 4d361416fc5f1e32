/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model.h"

#include <string.h>

struct model_options model_defaults(void)
{
    return (struct model_options){
        .kind = MODEL_TABTRANSFORMER, .encoding = ENCODING_EMBEDDING,
        .dim = 32, .layers = 6, .heads = 8, .identifier = -1, .ffn = 4,
        .dropout = 0.1, .head_dropout = 0, .head_hidden1 = 4, .head_hidden2 = 2,
        .head_cap = -1, .head_norm = HEAD_NORM_AUTO, .continuous_norm = false,
        .latent = 64, .components = 5, .beta = 1e-3,
        .steps = 3, .width = 8, .category_dim = 1, .mask = MASK_SPARSEMAX,
        .gamma = 1.3, .sparsity = 1e-3, .virtual_batch = 128,
        .rounds = 10, .depth = 5, .leaves = 0, .min_child = 1, .subsample = 0.8,
        .colsample = 0.8, .l2 = 1,
        .continuous = CONTINUOUS_FEATURES, .numbers = NUMBERS_PLE, .frequencies = 24,
        .sigma = 0.3, .readout = READOUT_CONCAT,
    };
}

const char *model_kind_name(enum model_kind kind)
{
    static const char *const names[MODEL_KINDS] = {"tabtransformer", "mlp",
                                                  "sparse-mlp", "vib", "tabnet",
                                                  "logistic", "gbdt"};

    return names[kind];
}

bool model_kind_parse(const char *name, enum model_kind *kind)
{
    for (int k = 0; name && k < MODEL_KINDS; k++)
        if (strcmp(name, model_kind_name((enum model_kind)k)) == 0) {
            *kind = (enum model_kind)k;
            return true;
        }
    return false;
}

bool model_kind_is_mlp(enum model_kind kind)
{
    return kind == MODEL_MLP || kind == MODEL_SPARSE_MLP || kind == MODEL_VIB;
}

bool model_check(const struct model_options *o, struct error *err)
{
    if (!error_unless_within(err, "model.dim", o->dim, 4, 1024)
        || !error_unless_within(err, "model.layers", o->layers, 0, 64)
        || !error_unless_within(err, "model.heads", o->heads, 1, 64)
        || !error_unless_within(err, "model.ffn", o->ffn, 1, 16)
        || !error_unless_within(err, "model.dropout", o->dropout, 0, 0.9)
        || !error_unless_within(err, "model.head_dropout", o->head_dropout, 0, 0.9)
        || !error_unless_within(err, "model.head_hidden1", o->head_hidden1, 1, 64)
        || !error_unless_within(err, "model.head_hidden2", o->head_hidden2, 1, 64)
        || !error_unless_within(err, "model.head_cap", o->head_cap, -1, 1e6)
        || !error_unless_within(err, "model.latent", o->latent, 1, 1024)
        || !error_unless_within(err, "model.components", o->components, 1, 100)
        || !error_unless_within(err, "model.beta", o->beta, 0, 100)
        || !error_unless_within(err, "model.steps", o->steps, 1, 20)
        || !error_unless_within(err, "model.width", o->width, 1, 512)
        || !error_unless_within(err, "model.category_dim", o->category_dim, 1, 64)
        || !error_unless_within(err, "model.gamma", o->gamma, 1, 10)
        || !error_unless_within(err, "model.sparsity", o->sparsity, 0, 10)
        || !error_unless_within(err, "model.virtual_batch", o->virtual_batch, 16, 65536)
        || !error_unless_within(err, "model.rounds", o->rounds, 1, 10000)
        || !error_unless_within(err, "model.depth", o->depth, 0, 32)
        || !error_unless_within(err, "model.leaves", o->leaves, 0, 65536)
        || !error_unless_within(err, "model.min_child", o->min_child, 0, 1e9)
        || !error_unless_within(err, "model.subsample", o->subsample, 0.01, 1)
        || !error_unless_within(err, "model.colsample", o->colsample, 0.01, 1)
        || !error_unless_within(err, "model.l2", o->l2, 0, 1e9)
        || !error_unless_within(err, "model.frequencies", o->frequencies, 1, 500)
        || !error_unless_within(err, "model.sigma", o->sigma, 1e-6, 1000)
        || !error_unless_within(err, "model.identifier", o->identifier, -1, o->dim - 1))
        return false;
    if (o->dim % o->heads != 0)
        return error_set(err, ERROR_USAGE,
                         "model.dim %d cannot be divided among %d heads; choose "
                         "model.heads so that it divides model.dim", o->dim, o->heads);
    if (o->virtual_batch % 16 != 0)
        return error_set(err, ERROR_USAGE, "model.virtual_batch takes multiples of 16, not "
                         "%d", o->virtual_batch);
    if (o->leaves == 0 && o->depth == 0)
        return error_set(err, ERROR_USAGE, "model.depth and model.leaves are both 0: a tree "
                         "would have no end; choose one of them");
    if (o->leaves == 1)
        return error_set(err, ERROR_USAGE, "model.leaves is 1: a tree has at least 2");
    return true;
}

bool model_has_tokens(const struct model_options *o)
{
    return o->continuous != CONTINUOUS_FEATURES || o->readout != READOUT_CONCAT;
}

void model_leave_tokens(struct model_options *o)
{
    if (o->kind == MODEL_TABTRANSFORMER)
        return;
    o->continuous = CONTINUOUS_FEATURES;
    o->readout = READOUT_CONCAT;
}

void model_settle(struct model_options *o, size_t rows)
{
    model_leave_tokens(o);
    if (o->kind != MODEL_TABTRANSFORMER)
        o->layers = 0;
    if (o->head_norm == HEAD_NORM_AUTO)
        o->head_norm = rows < MODEL_FEW ? HEAD_NORM_NO : HEAD_NORM_YES;
}
