/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trees whose answers are added up: what gradient boosting makes, as plain data. Who grew
 * them (model/grower.h) is of no more concern, so that a model file needs no library to be
 * read and no bytes of it reach one.
 *
 * A round brings one tree for each output. A row is (features) numbers; NAN is missing. A
 * feature with categories holds the number of its category, 0...
 *
 * In files a forest is five tensors, which a word names: "forest.sizes" and so on:
 *
 *     sizes      I64  (trees, 2) nodes and bytes of sets of each tree
 *     nodes      I64  (nodes, 4) feature, or -1: a leaf | the left child, the right one
 *                     behind it | 1: a missing cell goes left | first byte of its set, or
 *                     -1: it compares numbers. Places are counted from those of the tree;
 *                     its first node is the root, and children come after their parent.
 *     values     F32  (nodes) what is below it goes left; of a leaf what it answers
 *     gains      F32  (nodes) by how much the split lowered the loss; of a leaf 0
 *     sets       U8   (bytes) sets of categories, a bit each, the lowest first; what is in
 *                     a set goes right. Absent without any.
 */
#ifndef MODEL_FOREST_H
#define MODEL_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "nn/safetensors.h"

struct forest_node {
    int32_t feature; /* -1: a leaf */
    int32_t left;    /* from the root; the right child is behind it */
    int32_t set;     /* its categories' place in the tree's sets; -1: numbers */
    float value, gain;
    bool missing_left;
};

struct tree {
    size_t n_nodes, n_set_bytes;
    const struct forest_node *nodes;
    const unsigned char *sets;
};

struct forest {
    size_t n_trees, n_nodes, n_set_bytes;
    size_t *first_node, *first_set; /* (n_trees) where each tree's own begin */
    struct forest_node *nodes;
    unsigned char *sets;
    size_t tree_room, node_room, set_room;
};

struct forest *forest_new(void);
void forest_free(struct forest *f); /* NULL: nothing */
/* NULL: no memory. */
struct forest *forest_copy(const struct forest *f);
struct tree forest_tree(const struct forest *f, size_t i);
/* False: no memory; nothing is added then. */
bool forest_add(struct forest *f, const struct tree *t, struct error *err);
/* Keeps the first n trees. */
void forest_cut(struct forest *f, size_t n);

/* Bytes of a set of so many categories. */
static inline size_t forest_set_bytes(int categories)
{
    return ((size_t)categories + 7) / 8;
}

/* What the tree answers to x (features). */
float tree_ask(const struct tree *t, const float *x);
/* Adds answers of trees [from, to) to sums (rows, outputs), one tree after the other; x is
 * (rows, features). */
void forest_sum(const struct forest *f, size_t from, size_t to, int outputs,
                const float *x, size_t rows, int features, float *sums);

/* One sentence unless every tree asks for features that are there, and for categories of
 * those that have some: categories (features), 0 of a number. It is to be checked before
 * a forest of a file is asked. */
bool forest_check(const struct forest *f, int features, const int *categories,
                  int outputs, struct error *err);

enum { FOREST_TENSORS = 5 };
/* The tensors of a forest under that word, *n of them; they and the forest share their
 * data. The caller frees the list by forest_tensors_free. NULL: no memory. */
struct safetensors_tensor *forest_tensors(const struct forest *f, const char *word,
                                          size_t *n);
void forest_tensors_free(struct safetensors_tensor *list); /* NULL: nothing */
/* The name is one of theirs. */
bool forest_has_tensor(const char *word, const char *name);
/* Some of that word are there. */
bool forest_is_there(const struct safetensors *s, const char *word);
/* NULL and a sentence if they are not there or do not fit together. */
struct forest *forest_read(const struct safetensors *s, const char *word,
                           struct error *err);

#endif
