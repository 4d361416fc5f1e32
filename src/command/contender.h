/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who takes part in a benchmark: a kind of model and how it learns from rows without
 * labels, under the paper's names. */
#ifndef COMMAND_CONTENDER_H
#define COMMAND_CONTENDER_H

#include "base/error.h"
#include "engine/session.h"

struct contender {
    const char *name;    /* as --models takes it: "mlp-er" */
    const char *title;   /* as the paper's tables have it: "MLP (ER)" */
    enum model_kind kind;
    enum pretext pretext;
    enum unlabeled unlabeled;
};

/* By its name. NULL, and a sentence with the nearest: there is none. */
const struct contender *contender_find(const char *name, struct error *err);
/* What the paper calls it; the name itself of one that is not known. */
const char *contender_title(const char *name);
/* Number i of all; NULL behind the last. */
const struct contender *contender_at(int i);
/* Its place among all of them: the order, and the colour, that they have in figures. -1:
 * there is none of that name. */
int contender_number(const char *name);
/* The paper's list: of its tables 2 (all labels) or 3 and 4 (few labels). */
const char *contenders_of_paper(bool few_labels);

/* The settings of a session become those of this one: its kind, what it adds for rows
 * without labels and, where it begins with Transformer layers and they do not tell how to
 * train these on, a tenth of the learning rate for them. What only a TabTransformer has is
 * as usual in others. */
void contender_take(const struct contender *c, struct settings *s);

#endif
