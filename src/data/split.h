/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which row is for training, validation, test. Seeded and stratified by class: every
 * class is spread over the parts in the asked shares, a class with one row stays in
 * training. Rows without a target value are in no part.
 */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include <stdint.h>

#include "data/schema.h"

enum part {
    PART_NONE,      /* no target value */
    PART_TRAIN,
    PART_UNLABELED, /* training row whose label is not to be used (split --labeled) */
    PART_VALID,
    PART_TEST,
    PARTS
};

struct split_options {
    double train, valid, test; /* shares; they are divided by their sum */
    uint64_t seed;
    int folds, fold; /* folds > 0: the test part is fold 0..folds-1 of a stratified
                        k-fold; the rest is divided as train : valid */
    long labeled;    /* -1: all; else only N training rows keep their label, the classes
                        in their shares and at least one row each; more labels keep those
                        that fewer have */
};

struct split {
    struct split_options options;
    size_t rows;
    uint8_t *part;         /* (rows) enum part */
    size_t count[PARTS];
};

struct split_options split_defaults(void); /* 65 15 20, seed 1, no folds, all labeled */
const char *part_name(enum part part);
bool part_parse(const char *text, enum part *part);

/* One clear sentence if the options make no sense. */
bool split_check(const struct split_options *o, struct error *err);

/* Refused when a part that was asked for, or a class in training, would be empty.
 * Regression is stratified by ten quantiles of the target. NULL on failure. */
struct split *split_new(const struct dataset *d, const struct schema *s,
                        const struct split_options *o, struct error *err);
void split_free(struct split *s);

#endif
