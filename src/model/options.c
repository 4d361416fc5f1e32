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
        .continuous = CONTINUOUS_FEATURES, .numbers = NUMBERS_PLE, .frequencies = 24,
        .sigma = 0.3, .readout = READOUT_CONCAT,
    };
}

const char *model_kind_name(enum model_kind kind)
{
    static const char *const names[MODEL_KINDS] = {"tabtransformer", "mlp",
                                                  "sparse-mlp", "vib", "logistic"};

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
        || !error_unless_within(err, "model.frequencies", o->frequencies, 1, 500)
        || !error_unless_within(err, "model.sigma", o->sigma, 1e-6, 1000)
        || !error_unless_within(err, "model.identifier", o->identifier, -1, o->dim - 1))
        return false;
    if (o->dim % o->heads != 0)
        return error_set(err, ERROR_USAGE,
                         "model.dim %d cannot be divided among %d heads; choose "
                         "model.heads so that it divides model.dim", o->dim, o->heads);
    return true;
}

void model_settle(struct model_options *o, size_t rows)
{
    if (o->kind != MODEL_TABTRANSFORMER) {
        o->layers = 0;
        o->continuous = CONTINUOUS_FEATURES;
        o->readout = READOUT_CONCAT;
    }
    if (o->head_norm == HEAD_NORM_AUTO)
        o->head_norm = rows < MODEL_FEW ? HEAD_NORM_NO : HEAD_NORM_YES;
}
