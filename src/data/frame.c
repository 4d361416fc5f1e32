/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/encode.h"

void frame_free(struct frame *f)
{
    if (!f)
        return;
    free(f->codes);
    free(f->values);
    free(f->target);
    free(f->weight);
    free(f);
}

size_t frame_bytes(const struct encoder *e, size_t rows)
{
    size_t numbers = (size_t)e->n_categorical + (size_t)e->n_continuous + 1 + !!e->weight;

    return rows * numbers * sizeof(float);
}

/* FNV-1a by words of four bytes, with the high half folded in at the end. */
static uint64_t hash_words(uint64_t hash, const void *bytes, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        uint32_t word;

        memcpy(&word, (const char *)bytes + 4 * i, 4);
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 29;
    }
    return hash;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

size_t frame_duplicates(const struct frame *f)
{
    size_t m = (size_t)f->n_categorical, c = (size_t)f->n_continuous, equal = 0;
    uint64_t *hashes = try_alloc(f->rows, sizeof *hashes);

    if (!hashes)
        return 0;
    for (size_t row = 0; row < f->rows; row++) {
        uint64_t hash = hash_words(0xcbf29ce484222325u, &f->target[row], 1);

        if (m > 0)
            hash = hash_words(hash, f->codes + row * m, m);
        if (c > 0)
            hash = hash_words(hash, f->values + row * c, c);
        hashes[row] = hash;
    }
    qsort(hashes, f->rows, sizeof *hashes, compare_hashes);
    for (size_t row = 1; row < f->rows; row++)
        equal += hashes[row] == hashes[row - 1];
    free(hashes);
    return equal;
}
