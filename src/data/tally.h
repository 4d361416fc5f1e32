/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of a column grouped by text, missing ones among them: what a column with
 * a dictionary has anyway, and a column without one gets by hashing. Whoever looks at a
 * column does so once a distinct text and then counts.
 */
#ifndef DATA_TALLY_H
#define DATA_TALLY_H

#include "base/step.h"
#include "data/vocabulary.h"

struct tally {
    const struct column *column;
    size_t rows;
    size_t n;         /* distinct texts */
    uint32_t *counts; /* (n) rows with the text */
    uint32_t *first;  /* (n) the first of them */
    uint32_t *codes;  /* (rows), NULL for a column with a dictionary */
    struct vocabulary words; /* empty for a column with a dictionary */
    size_t done;      /* rows that were seen, while it is made */
};

/* NULL: no memory. The column must outlive the tally. */
struct tally *tally_new(const struct column *c);
/* The same in slices of at most so many rows, some nanoseconds each: valid after
 * STEP_DONE, to be freed also after STEP_FAILED (no memory). */
struct tally *tally_begin(const struct column *c);
enum step tally_step(struct tally *t, size_t rows);
void tally_free(struct tally *t);

struct cell tally_cell(const struct tally *t, size_t code);
bool tally_missing(const struct tally *t, size_t code);

static inline uint32_t tally_code(const struct tally *t, size_t row)
{
    return t->codes ? t->codes[row] : column_code(t->column, row);
}

#endif
