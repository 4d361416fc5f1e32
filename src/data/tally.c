/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/tally.h"

#include <stdlib.h>

#include "base/mem.h"

enum { BLOCK = 64 };

static bool group_rows(struct tally *t)
{
    t->codes = try_alloc(t->rows, sizeof *t->codes);
    if (!t->codes)
        return false;
    for (size_t row = 0; row < t->rows; row += BLOCK) {
        size_t n = t->rows - row < BLOCK ? t->rows - row : BLOCK;
        struct cell cells[BLOCK];

        for (size_t i = 0; i < n; i++)
            cells[i] = column_cell(t->column, row + i);
        if (!vocabulary_add_all(&t->words, cells, n, &t->codes[row]))
            return false;
    }
    t->n = t->words.n;
    return true;
}

static bool count_rows(struct tally *t)
{
    t->counts = try_calloc(t->n, sizeof *t->counts);
    t->first = try_calloc(t->n, sizeof *t->first);
    if (!t->counts || !t->first)
        return false;
    for (size_t row = 0; row < t->rows; row++) {
        uint32_t code = tally_code(t, row);

        if (t->counts[code]++ == 0)
            t->first[code] = (uint32_t)row;
    }
    return true;
}

struct tally *tally_new(const struct column *c)
{
    struct tally *t = try_calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->column = c;
    t->rows = column_rows(c);
    t->n = column_dictionary_size(c);
    if (t->rows >= UINT32_MAX || (t->n == 0 && !group_rows(t)) || !count_rows(t)) {
        tally_free(t);
        return NULL;
    }
    return t;
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    free(t->counts);
    free(t->first);
    free(t->codes);
    vocabulary_done(&t->words);
    free(t);
}

struct cell tally_cell(const struct tally *t, size_t code)
{
    return t->codes ? t->words.texts[code] : column_dictionary_cell(t->column, code);
}

bool tally_missing(const struct tally *t, size_t code)
{
    return t->codes ? column_missing(t->column, t->first[code])
                    : column_dictionary_missing(t->column, code);
}
