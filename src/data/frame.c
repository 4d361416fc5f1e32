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
    free(f->odd);
    free(f);
}

void frame_pick(const struct frame *f, const uint32_t *index, size_t from, size_t n,
                int32_t *codes, float *values)
{
    size_t m = (size_t)f->n_categorical, c = (size_t)f->n_continuous;

    for (size_t r = 0; r < n; r++) {
        size_t row = index ? index[from + r] : from + r;

        if (m && codes)
            memcpy(codes + r * m, f->codes + row * m, m * sizeof *codes);
        if (c && values)
            memcpy(values + r * c, f->values + row * c, c * sizeof *values);
    }
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

static uint64_t hash_row(const struct frame *f, size_t row)
{
    size_t m = (size_t)f->n_categorical, c = (size_t)f->n_continuous;
    uint64_t hash = hash_words(0xcbf29ce484222325u, &f->target[row], 1);

    if (m > 0)
        hash = hash_words(hash, f->codes + row * m, m);
    if (c > 0)
        hash = hash_words(hash, f->values + row * c, c);
    return hash ? hash : 1;
}

/* True if it was not in the set, where 0 is a free place, and one is always left. */
static bool set_add(uint64_t *set, size_t mask, uint64_t hash)
{
    size_t at = (size_t)hash & mask;

    while (set[at] != 0 && set[at] != hash)
        at = (at + 1) & mask;
    if (set[at] == hash)
        return false;
    set[at] = hash;
    return true;
}

/* Two rows of one hash count as one: a chance of one in millions for millions of rows. */
size_t frame_distinct(const struct frame *f, size_t most)
{
    size_t places = 16, distinct = 0;
    uint64_t *set;

    while (places / 2 <= most)
        places *= 2;
    set = try_calloc(places, sizeof *set);
    if (!set)
        return 0;
    for (size_t row = 0; row < f->rows && distinct <= most; row++)
        distinct += set_add(set, places - 1, hash_row(f, row));
    free(set);
    return distinct;
}
