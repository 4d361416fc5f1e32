/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a look at the attention of a model found: the mean maps of all layers and heads,
 * and of one row what the model says of it. It holds nothing of the table or the model
 * but names.
 */
#ifndef LENS_SIGHT_H
#define LENS_SIGHT_H

#include "data/encode.h"
#include "lens/attention.h"

struct sight {
    struct encoder *encoder;  /* referenced: names of columns and classes */
    const char **further;     /* (columns behind the categorical ones) their names, which
                                 the encoder has; or NULL: there are none */
    struct attention seen;
    struct attention less;    /* what is subtracted; rows 0: nothing is */
    double *effect;           /* (columns) mean effect of masking, or NULL */
    float *outputs;           /* of one row, as model_predict gives them, or NULL */
    float *before;            /* the same before its cells were changed, or NULL */
    struct str note;          /* what a person should know, one sentence a line */
};

void sight_free(struct sight *s);

/* The name of a column of the maps. */
const char *sight_name(const struct sight *s, size_t column);

/* (columns, columns) of a layer and head as attention_read takes them, or the difference;
 * the caller frees it. */
double *sight_map(const struct sight *s, int layer, int head);

/* Decimals, 2 to 5, with which n numbers of a map can be told apart: as many that the one
 * in the middle, by size, has two digits, but the largest no more than three. */
int sight_decimals(const double *map, size_t n);

#endif
