/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/contender.h"

#include "command/name.h"
#include "model/grower.h"

#define FEW_LABELS "tabtransformer-rtd,tabtransformer-mlm,mlp-er,mlp-pl," \
    "tabtransformer-er,tabtransformer-pl,mlp-dae"
#define ALL_LABELS "tabtransformer,mlp,sparse-mlp,logistic,vib,tabnet"

static const struct contender contenders[] = {
    {"tabtransformer", "TabTransformer", MODEL_TABTRANSFORMER, PRETEXT_NONE,
     UNLABELED_NOT},
    {"mlp", "MLP", MODEL_MLP, PRETEXT_NONE, UNLABELED_NOT},
    {"sparse-mlp", "Sparse MLP", MODEL_SPARSE_MLP, PRETEXT_NONE, UNLABELED_NOT},
    {"logistic", "Logistic Regression", MODEL_LOGISTIC, PRETEXT_NONE, UNLABELED_NOT},
    {"vib", "VIB", MODEL_VIB, PRETEXT_NONE, UNLABELED_NOT},
    {"tabnet", "TabNet", MODEL_TABNET, PRETEXT_NONE, UNLABELED_NOT},
    {"gbdt", "GBDT", MODEL_GBDT, PRETEXT_NONE, UNLABELED_NOT},
    {"tabtransformer-rtd", "TabTransformer-RTD", MODEL_TABTRANSFORMER, PRETEXT_RTD,
     UNLABELED_NOT},
    {"tabtransformer-mlm", "TabTransformer-MLM", MODEL_TABTRANSFORMER, PRETEXT_MLM,
     UNLABELED_NOT},
    {"mlp-er", "MLP (ER)", MODEL_MLP, PRETEXT_NONE, UNLABELED_ENTROPY},
    {"mlp-pl", "MLP (PL)", MODEL_MLP, PRETEXT_NONE, UNLABELED_PSEUDO},
    {"tabtransformer-er", "TabTransformer (ER)", MODEL_TABTRANSFORMER, PRETEXT_NONE,
     UNLABELED_ENTROPY},
    {"tabtransformer-pl", "TabTransformer (PL)", MODEL_TABTRANSFORMER, PRETEXT_NONE,
     UNLABELED_PSEUDO},
    {"mlp-dae", "MLP (DAE)", MODEL_MLP, PRETEXT_DAE, UNLABELED_NOT},
    {"gbdt-pl", "GBDT (PL)", MODEL_GBDT, PRETEXT_NONE, UNLABELED_PSEUDO},
};

enum { CONTENDERS = sizeof contenders / sizeof contenders[0] };

const struct contender *contender_find(const char *name, struct error *err)
{
    const char *names[CONTENDERS];
    int found;

    for (int i = 0; i < CONTENDERS; i++)
        names[i] = contenders[i].name;
    found = name_find("model", name, names, CONTENDERS, "`help benchmark` lists them",
                      err);
    return found >= 0 ? &contenders[found] : NULL;
}

const char *contender_title(const char *name)
{
    const struct contender *c = contender_find(name, NULL);

    return c ? c->title : name;
}

const struct contender *contender_at(int i)
{
    return i < CONTENDERS ? &contenders[i] : NULL;
}

int contender_number(const char *name)
{
    const struct contender *c = contender_find(name, NULL);

    return c ? (int)(c - contenders) : -1;
}

const char *contenders_of_paper(bool few_labels)
{
    bool trees = grower_version() != NULL;

    if (few_labels)
        return trees ? FEW_LABELS ",gbdt-pl" : FEW_LABELS;
    return trees ? ALL_LABELS ",gbdt" : ALL_LABELS;
}

void contender_take(const struct contender *c, struct settings *s)
{
    s->model.kind = c->kind;
    model_leave_tokens(&s->model); /* so that texts of trials do not tell of them */
    s->train.unlabeled.kind = c->unlabeled;
    if ((c->pretext == PRETEXT_MLM || c->pretext == PRETEXT_RTD)
        && s->train.body_lr == train_defaults().body_lr)
        s->train.body_lr = 0.1;
}
