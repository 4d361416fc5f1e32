/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/tally.h"

#include <stdlib.h>

#include "base/mem.h"

enum { BLOCK = 64 };

static bool group_rows(struct tally *t, size_t begin, size_t end)
{
    for (size_t row = begin; row < end; row += BLOCK) {
        size_t n = end - row < BLOCK ? end - row : BLOCK;
        struct cell cells[BLOCK];

        for (size_t i = 0; i < n; i++)
            cells[i] = column_cell(t->column, row + i);
        if (!vocabulary_add_all(&t->words, cells, n, &t->codes[row]))
            return false;
    }
    t->n = t->words.n;
    return true;
}

static void count_rows(struct tally *t, size_t begin, size_t end)
{
    for (size_t row = begin; row < end; row++) {
        uint32_t code = tally_code(t, row);

        if (t->counts[code]++ == 0)
            t->first[code] = (uint32_t)row;
    }
}

/* When the distinct texts are known, which is at once with a dictionary. */
static bool make_counts(struct tally *t)
{
    t->counts = try_calloc(t->n, sizeof *t->counts);
    t->first = try_calloc(t->n, sizeof *t->first);
    return t->counts && t->first;
}

struct tally *tally_begin(const struct column *c)
{
    struct tally *t = try_calloc(1, sizeof *t);
    bool ok;

    if (!t)
        return NULL;
    t->column = c;
    t->rows = column_rows(c);
    t->n = column_dictionary_size(c);
    if (t->n > 0) {
        ok = make_counts(t);
    } else {
        t->codes = try_alloc(t->rows, sizeof *t->codes);
        ok = t->codes;
    }
    if (!ok || t->rows >= UINT32_MAX) {
        tally_free(t);
        return NULL;
    }
    return t;
}

enum step tally_step(struct tally *t, size_t most)
{
    size_t begin = t->done, end = t->rows - begin < most ? t->rows : begin + most;

    t->done = end;
    if (t->codes && !t->counts) {
        if (!group_rows(t, begin, end) || (end == t->rows && !make_counts(t)))
            return STEP_FAILED;
        t->done = end == t->rows ? 0 : end;
        return STEP_MORE;
    }
    count_rows(t, begin, end);
    return end == t->rows ? STEP_DONE : STEP_MORE;
}

struct tally *tally_new(const struct column *c)
{
    struct tally *t = tally_begin(c);
    enum step step = t ? STEP_MORE : STEP_FAILED;

    while (step == STEP_MORE)
        step = tally_step(t, t->rows);
    if (step == STEP_DONE)
        return t;
    tally_free(t);
    return NULL;
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
