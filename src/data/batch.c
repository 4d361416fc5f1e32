/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/encode.h"

struct batcher {
    const struct frame *frame;
    uint32_t *index;  /* (n) as given */
    uint32_t *order;  /* (n) as this epoch goes through them */
    size_t n;
    size_t epoch;     /* whose order it is; SIZE_MAX: none yet */
    size_t size;
    bool shuffle, drop_last;
    uint64_t seed;
    struct batch batch;
};

static bool allocate(struct batcher *b)
{
    struct batch *x = &b->batch;

    x->n_categorical = b->frame->n_categorical;
    x->n_continuous = b->frame->n_continuous;
    b->index = try_alloc(b->n, sizeof *b->index);
    b->order = try_alloc(b->n, sizeof *b->order);
    x->codes = try_alloc(b->size * (size_t)x->n_categorical, sizeof *x->codes);
    x->values = try_alloc(b->size * (size_t)x->n_continuous, sizeof *x->values);
    x->target = try_alloc(b->size, sizeof *x->target);
    x->weight = try_alloc(b->size, sizeof *x->weight);
    x->index = try_alloc(b->size, sizeof *x->index);
    return b->index && b->order && x->codes && x->values && x->target && x->weight &&
           x->index;
}

struct batcher *batcher_new(const struct frame *f, const uint32_t *index, size_t n,
                            int size, bool shuffle, bool drop_last, uint64_t seed)
{
    struct batcher *b = try_calloc(1, sizeof *b);

    if (!b)
        return NULL;
    b->frame = f;
    b->n = n;
    b->size = (size_t)size;
    b->shuffle = shuffle;
    b->drop_last = drop_last;
    b->seed = seed;
    b->epoch = SIZE_MAX;
    if (!allocate(b)) {
        batcher_free(b);
        return NULL;
    }
    if (n > 0) {
        memcpy(b->index, index, n * sizeof *index);
        memcpy(b->order, index, n * sizeof *index);
    }
    return b;
}

void batcher_free(struct batcher *b)
{
    if (!b)
        return;
    free(b->index);
    free(b->order);
    free(b->batch.codes);
    free(b->batch.values);
    free(b->batch.target);
    free(b->batch.weight);
    free(b->batch.index);
    free(b);
}

size_t batcher_batches(const struct batcher *b)
{
    size_t whole = b->n / b->size, rest = b->n % b->size;

    return whole + (rest > 0 && (!b->drop_last || whole == 0));
}

static void begin_epoch(struct batcher *b, size_t epoch)
{
    struct rng rng = rng_make(b->seed, RNG_ORDER, epoch);

    if (!b->shuffle || b->epoch == epoch)
        return;
    if (b->n > 0)
        memcpy(b->order, b->index, b->n * sizeof *b->order);
    rng_shuffle(&rng, b->order, b->n);
    b->epoch = epoch;
}

const struct batch *batcher_get(struct batcher *b, size_t epoch, size_t number)
{
    size_t begin = number * b->size, rows = b->n - begin;
    const struct frame *f = b->frame;
    struct batch *x = &b->batch;

    begin_epoch(b, epoch);
    if (rows > b->size)
        rows = b->size;
    x->rows = (int)rows;
    memcpy(x->index, b->order + begin, rows * sizeof *x->index);
    frame_pick(f, x->index, 0, rows, x->codes, x->values);
    for (size_t row = 0; row < rows; row++) {
        x->target[row] = f->target ? f->target[x->index[row]] : NAN;
        x->weight[row] = f->weight ? f->weight[x->index[row]] : 1;
    }
    return x;
}
