/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The space that a random search draws settings from: a dimension for each option, as
 *
 *     train.lr=1e-6..1e-3:log     any number between, its logarithm uniform
 *     model.head_hidden1=1..8     any number between, uniform; of whole numbers a whole one
 *     model.dropout=0,0.1,0.2     one of these
 */
#ifndef COMMAND_SPACE_H
#define COMMAND_SPACE_H

#include "command/option.h"

struct dimension {
    const struct option *option;
    enum { DRAW_UNIFORM, DRAW_LOG, DRAW_ONE_OF } how;
    double low, high;
    char **values; /* (n) of DRAW_ONE_OF */
    int n;
};

struct space {
    struct dimension *dimensions;
    int n;
};

/* To be released in any case. Refused: no such option, no such value, twice the same. */
bool space_parse(struct space *s, const char *const *words, int n, struct error *err);
/* What the paper's authors searched for models of that kind (arXiv 2012.06678, appendix
 * B.1, table 9). */
void space_of_paper(struct space *s, enum model_kind kind);
void space_done(struct space *s);
void space_drop(struct space *s, int dimension);

/* Puts a value of every dimension into *out. Equal seed and round draw the same. */
void space_draw(const struct space *s, uint64_t seed, int round, struct settings *out);

#endif
