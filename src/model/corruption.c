/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/corruption.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* The classes of a column laid end to end: code j has [begin[j], begin[j + 1]), as long
 * as it is likely to be drawn; 0 for missing and for classes that no training row has. */
struct urn {
    int codes;
    uint64_t *begin; /* (codes + 1) */
};

/* The features that are made of a column of the table. */
struct swapped {
    int *categorical, *continuous;
    int n_categorical, n_continuous;
};

struct corruption {
    enum pretext pretext;
    double mask, swap;
    uint64_t seed;
    int columns;
    struct urn *urns; /* (columns) */
    /* DAE: */
    const struct frame *frame;
    uint32_t *others; /* (n_others) rows that cells come from */
    size_t n_others;
    struct swapped *swapped; /* (n_swapped) */
    int n_swapped;
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

    *c = (struct corruption){.pretext = pretext, .mask = o->mask,
                             .swap = o->swap, .seed = seed,
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
    for (int i = 0; i < c->n_swapped; i++) {
        free(c->swapped[i].categorical);
        free(c->swapped[i].continuous);
    }
    free(c->swapped);
    free(c->others);
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

/* ---- swapping ---- */

static void add_feature(int **list, int *n, int feature)
{
    *list = xrealloc(*list, ((size_t)*n + 1) * sizeof **list);
    (*list)[(*n)++] = feature;
}

/* The one of that column; columns (n_swapped) has their names. */
static struct swapped *find_swapped(struct corruption *c, const char **columns,
                                    const char *column)
{
    int i = 0;

    while (i < c->n_swapped && strcmp(columns[i], column) != 0)
        i++;
    columns[i] = column;
    c->n_swapped += i == c->n_swapped;
    return &c->swapped[i];
}

static void group_features(struct corruption *c, const struct encoder *e)
{
    size_t most = (size_t)(e->n_categorical + e->n_continuous) + 1;
    const char **columns = xcalloc(most, sizeof *columns);

    c->swapped = xcalloc(most, sizeof *c->swapped);
    for (int i = 0; i < e->n_categorical; i++) {
        struct swapped *s = find_swapped(c, columns, e->categorical[i].column);

        add_feature(&s->categorical, &s->n_categorical, i);
    }
    for (int i = 0; i < e->n_continuous; i++) {
        struct swapped *s = find_swapped(c, columns, e->continuous[i].column);

        add_feature(&s->continuous, &s->n_continuous, i);
    }
    free(columns);
}

bool corruption_swap_with(struct corruption *c, const struct encoder *e,
                          const struct frame *f, const uint32_t *rows, size_t n,
                          struct error *err)
{
    c->others = try_alloc(n, sizeof *c->others);
    if (!c->others)
        return error_set(err, ERROR_MEMORY, "no memory for the numbers of %zu rows", n);
    memcpy(c->others, rows, n * sizeof *rows);
    c->n_others = n;
    c->frame = f;
    group_features(c, e);
    return true;
}

/* Any of them but the row itself, if there is another. */
static uint32_t draw_row(const struct corruption *c, uint32_t own, struct rng *r)
{
    uint64_t at = rng_below(r, c->n_others);

    if (c->others[at] == own)
        at = (at + 1) % c->n_others;
    return c->others[at];
}

static void take_cell(const struct corruption *c, const struct swapped *s, uint32_t from,
                      int32_t *codes, float *values)
{
    const struct frame *f = c->frame;

    for (int i = 0; i < s->n_categorical; i++)
        codes[s->categorical[i]] =
            f->codes[from * (size_t)f->n_categorical + (size_t)s->categorical[i]];
    for (int i = 0; i < s->n_continuous; i++)
        values[s->continuous[i]] =
            f->values[from * (size_t)f->n_continuous + (size_t)s->continuous[i]];
}

void corruption_swap(const struct corruption *c, uint64_t epoch, const uint32_t *index,
                     int rows, int32_t *codes, float *values, int32_t *answers,
                     float *clean)
{
    size_t m = (size_t)c->frame->n_categorical, n = (size_t)c->frame->n_continuous;

    if (m > 0)
        memcpy(answers, codes, (size_t)rows * m * sizeof *codes);
    if (n > 0)
        memcpy(clean, values, (size_t)rows * n * sizeof *values);
    for (size_t i = 0; i < (size_t)rows; i++) {
        struct rng r = rng_make(c->seed, RNG_MASK, epoch << 32 | index[i]);

        for (int k = 0; k < c->n_swapped; k++)
            if (rng_uniform(&r) < c->swap)
                take_cell(c, &c->swapped[k], draw_row(c, index[i], &r),
                          m > 0 ? codes + i * m : codes, n > 0 ? values + i * n : values);
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
