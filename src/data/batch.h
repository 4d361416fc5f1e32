/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Batches: some rows of a frame laid one after another. A batcher goes through a list of
 * rows in epochs, shuffled anew for each (by seed and epoch number only, so that any
 * epoch can be begun anywhere), and keeps no state but the position.
 */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch {
    int rows; /* rows in use; the arrays have room for the batcher's batch size */
    int n_categorical, n_continuous;
    int32_t *codes;   /* (rows, n_categorical) */
    float *values;    /* (rows, n_continuous) */
    float *target;    /* (rows) */
    float *weight;    /* (rows), never NULL */
    uint32_t *index;  /* (rows) numbers of the rows in the frame */
};

struct frame;
struct batcher;

/* Goes over frame rows index[0..n) (copied) in batches of `size` (> 0); `shuffle`
 * false keeps the order. The last batch of an epoch may be smaller; with drop_last it
 * is left out unless it is the only one. The frame must outlive the batcher. NULL: no
 * memory. */
struct batcher *batcher_new(const struct frame *f, const uint32_t *index, size_t n,
                            int size, bool shuffle, bool drop_last, uint64_t seed);
void batcher_free(struct batcher *b);

size_t batcher_batches(const struct batcher *b); /* an epoch */
/* The batch at position (epoch, number), valid until the next call. */
const struct batch *batcher_get(struct batcher *b, size_t epoch, size_t number);

#endif
