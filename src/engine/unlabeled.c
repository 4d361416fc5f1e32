/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/unlabeled.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct unlabeled_options unlabeled_defaults(void)
{
    return (struct unlabeled_options){.entropy = 0.3, .pseudo = 3, .pseudo_begin = 30,
                                      .pseudo_growth = 40, .pseudo_share = 0.2};
}

bool unlabeled_check(const struct unlabeled_options *o, struct error *err)
{
    return error_unless_within(err, "train.entropy", o->entropy, 0, 100)
        && error_unless_within(err, "train.pseudo", o->pseudo, 0, 100)
        && error_unless_within(err, "train.pseudo_begin", o->pseudo_begin, 0, 1e6)
        && error_unless_within(err, "train.pseudo_growth", o->pseudo_growth, 0, 1e6)
        && error_unless_within(err, "train.pseudo_share", o->pseudo_share, 0.001, 1);
}

double unlabeled_weight(const struct unlabeled_options *o, int epoch)
{
    int grown = epoch - o->pseudo_begin;

    if (o->kind == UNLABELED_ENTROPY)
        return o->entropy;
    if (o->kind != UNLABELED_PSEUDO || grown < 0)
        return 0;
    return grown < o->pseudo_growth ? o->pseudo * grown / o->pseudo_growth : o->pseudo;
}

static bool is_unlabeled(const struct frame *f, const struct split *split, size_t row)
{
    switch ((enum part)split->part[row]) {
    case PART_VALID:
    case PART_TEST: return false;
    case PART_TRAIN: return isnan(f->target[row]);
    default: return true;
    }
}

size_t unlabeled_count(const struct frame *f, const struct split *split)
{
    size_t n = 0;

    for (size_t i = 0; i < f->rows; i++)
        n += is_unlabeled(f, split, i);
    return n;
}

uint32_t *unlabeled_rows(const struct frame *f, const struct split *split, size_t count)
{
    uint32_t *rows = try_alloc(count, sizeof *rows);
    size_t n = 0;

    for (size_t i = 0; rows && n < count; i++)
        if (is_unlabeled(f, split, i))
            rows[n++] = (uint32_t)i;
    return rows;
}

struct batcher *unlabeled_batcher(const struct frame *f, const struct split *split,
                                  size_t count, int batch, uint64_t seed,
                                  struct error *err)
{
    uint32_t *rows = unlabeled_rows(f, split, count);
    struct batcher *b = NULL;

    if (rows)
        b = batcher_new(f, rows, count, batch, true, true, seed);
    free(rows);
    if (!b)
        error_set(err, ERROR_MEMORY, "no memory for the order of %zu rows", count);
    return b;
}
