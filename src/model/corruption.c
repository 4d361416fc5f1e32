/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/corruption.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

/* The classes of a column laid end to end: code j has [begin[j], begin[j + 1]), as long
 * as it is likely to be drawn; 0 for missing and for classes that no training row has. */
struct urn {
    int codes;
    uint64_t *begin; /* (codes + 1) */
};

struct corruption {
    enum pretext pretext;
    double mask;
    uint64_t seed;
    int columns;
    struct urn *urns; /* (columns) */
};

static bool fill_urn(struct urn *u, const struct feature *f, enum replace replace)
{
    u->codes = f->classes + 1;
    u->begin = try_alloc((size_t)u->codes + 1, sizeof *u->begin);
    if (!u->begin)
        return false;
    u->begin[0] = u->begin[1] = 0;
    for (int j = 1; j < u->codes; j++) {
        uint64_t rows = f->counts[j];

        u->begin[j + 1] = u->begin[j] + (replace == REPLACE_EMPIRICAL ? rows : rows > 0);
    }
    return true;
}

struct corruption *corruption_new(const struct encoder *e, enum pretext pretext,
                                  const struct pretrain_options *o, uint64_t seed,
                                  struct error *err)
{
    struct corruption *c = xcalloc(1, sizeof *c);

    *c = (struct corruption){.pretext = pretext, .mask = o->mask, .seed = seed,
                             .columns = e->n_categorical};
    c->urns = xcalloc((size_t)c->columns + 1, sizeof *c->urns);
    for (int i = 0; i < c->columns; i++)
        if (!fill_urn(&c->urns[i], &e->categorical[i], o->replace)) {
            corruption_free(c);
            error_set(err, ERROR_MEMORY, "no memory for the classes of %d columns",
                      e->n_categorical);
            return NULL;
        }
    return c;
}

void corruption_free(struct corruption *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->columns; i++)
        free(c->urns[i].begin);
    free(c->urns);
    free(c);
}

static uint64_t chances(const struct urn *u, int code)
{
    return u->begin[code + 1] - u->begin[code];
}

/* The code whose stretch holds the place. */
static int code_at(const struct urn *u, uint64_t place)
{
    int low = 0, high = u->codes;

    while (high - low > 1) {
        int middle = low + (high - low) / 2;

        if (u->begin[middle] <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Any code but this one; itself if there is no other. */
static int draw_other(const struct urn *u, int code, struct rng *r)
{
    uint64_t others = u->begin[u->codes] - chances(u, code), place;

    if (others == 0)
        return code;
    place = rng_below(r, others);
    return code_at(u, place < u->begin[code] ? place : place + chances(u, code));
}

static void corrupt_row(const struct corruption *c, struct rng *r, int32_t *codes,
                        int32_t *answers)
{
    for (int i = 0; i < c->columns; i++) {
        const struct urn *u = &c->urns[i];
        bool chosen = rng_uniform(r) < c->mask;
        int32_t code = codes[i];

        answers[i] = 0;
        if (!chosen)
            continue;
        if (c->pretext == PRETEXT_RTD) {
            codes[i] = draw_other(u, code, r);
            answers[i] = codes[i] != code;
        } else if (chances(u, code) > 0) {
            codes[i] = 0;
            answers[i] = code;
        }
    }
}

void corruption_apply(const struct corruption *c, uint64_t epoch, const uint32_t *index,
                      int rows, int32_t *codes, int32_t *answers)
{
    size_t m = (size_t)c->columns;

    for (size_t i = 0; i < (size_t)rows; i++) {
        struct rng r = rng_make(c->seed, RNG_MASK, epoch << 32 | index[i]);

        corrupt_row(c, &r, codes + i * m, answers + i * m);
    }
}

void corruption_hide(double share, uint64_t seed, uint64_t epoch, const uint32_t *index,
                     int rows, int columns, int32_t *codes)
{
    for (int i = 0; i < rows; i++) {
        struct rng r = rng_make(seed, RNG_HIDE, epoch << 32 | index[i]);

        for (int c = 0; c < columns; c++, codes++)
            *codes = rng_uniform(&r) < share ? 0 : *codes;
    }
}
