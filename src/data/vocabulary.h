/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distinct texts, numbered 0, 1, ... in the order in which they came, found again by
 * hashing. The bytes belong to someone else and must outlive the vocabulary.
 */
#ifndef DATA_VOCABULARY_H
#define DATA_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/column.h"

/* A place of the hash table. The hash is kept so that texts, which lie anywhere in
 * memory, are looked at only where it is equal, and not at all when the table grows. */
struct vocabulary_slot {
    uint32_t number; /* + 1, or 0 for free */
    uint32_t hash;
};

struct vocabulary { /* {0} is an empty one */
    struct cell *texts; /* (n) by number */
    size_t n, capacity;
    struct vocabulary_slot *slots; /* slot_mask + 1 of them, a power of two */
    size_t slot_mask;
};

/* The number of text, a new one if it is not there yet. False: no memory. */
bool vocabulary_add(struct vocabulary *v, struct cell text, uint32_t *number);
/* The same for n texts, whose places are fetched beforehand: in a large vocabulary nearly
 * every look-up waits for memory. */
bool vocabulary_add_all(struct vocabulary *v, const struct cell *texts, size_t n,
                        uint32_t *numbers);
/* False: not there. */
bool vocabulary_find(const struct vocabulary *v, struct cell text, uint32_t *number);
void vocabulary_done(struct vocabulary *v);

/* Like memcmp, a text before the longer ones that begin with it. */
int cell_compare(struct cell a, struct cell b);
bool cell_equal(struct cell a, struct cell b);
struct cell cell_of(const char *text); /* of a NUL-terminated one */

#endif
