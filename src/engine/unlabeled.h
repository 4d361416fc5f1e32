/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What rows without labels add to the loss of a step:
 *   entropy  of the prediction (Grandvalet, Bengio, "Semi-supervised Learning by Entropy
 *            Minimization", NIPS 2004), times a constant
 *   pseudo   cross-entropy against the class that the model itself finds likeliest (Lee,
 *            "Pseudo-Label", ICML workshop 2013), times what grows from epoch to epoch
 * Each labelled batch has an unlabelled one beside it; they pass through the model one
 * after the other, so that each has its own batch norm.
 *
 * Trees take pseudo labels another way (engine/boosting.c), after Jain, "Introduction to
 * Pseudo-Labelling", 2017: trained, they guess the classes of a share of those rows, and
 * begin anew with them among the labelled ones.
 */
#ifndef ENGINE_UNLABELED_H
#define ENGINE_UNLABELED_H

#include "base/error.h"
#include "data/batch.h"
#include "data/encode.h"
#include "data/split.h"
#include "nn/graph.h"

#define UNLABELED_NAMES "none|entropy|pseudo" /* of enum unlabeled */

struct unlabeled_options {
    enum unlabeled kind;
    double entropy;   /* weight of it */
    double pseudo;    /* weight of it in the end (Lee: 3) */
    int pseudo_begin; /* epochs without it (the TabTransformer's paper: 30) */
    int pseudo_growth; /* in which it then grows to its weight (40) */
    double pseudo_share; /* trees: of the rows that are given their class, once (0.2) */
};

struct unlabeled_options unlabeled_defaults(void);
bool unlabeled_check(const struct unlabeled_options *o, struct error *err);
/* In an epoch from 0 on. */
double unlabeled_weight(const struct unlabeled_options *o, int epoch);

/* Rows of the frame to be learned from whose target is not known or not to be used. */
size_t unlabeled_count(const struct frame *f, const struct split *split);
/* Their numbers, `count` as said by unlabeled_count; caller frees. NULL: no memory. */
uint32_t *unlabeled_rows(const struct frame *f, const struct split *split, size_t count);
/* Batches of them, shuffled: `count` as said by unlabeled_count, not 0. NULL: no
 * memory. */
struct batcher *unlabeled_batcher(const struct frame *f, const struct split *split,
                                  size_t count, int batch, uint64_t seed,
                                  struct error *err);

#endif
