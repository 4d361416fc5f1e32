/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A column's cells read as numbers under one decimal sign. */
#ifndef DATA_NUMBERS_H
#define DATA_NUMBERS_H

#include "data/scaling.h"
#include "data/tally.h"

struct numbers {
    int decimal;
    size_t cells, distinct; /* that are finite numbers */
    size_t nonfinite;
    size_t odd;             /* cells that are neither */
    size_t first_odd;       /* the row of the first of them */
    size_t commas, grouped; /* texts with a comma; of them those like 1,234 */
    bool whole;             /* all numbers are whole */
    struct sample *samples; /* (distinct) */
    double min, max;
};

/* False: no memory. To be released in any case. */
bool numbers_begin(struct numbers *r, int decimal, const struct tally *t);
/* Takes in the texts [begin, end) of the tally. */
void numbers_read(struct numbers *r, const struct tally *t, size_t begin, size_t end);
void numbers_done(struct numbers *r);

/* Which of the two readings of a column holds. A decimal comma is taken for a whole
 * column only: every number reads with it, some have one, and not all that have one could
 * be thousands. */
bool numbers_are_commas(const struct numbers *point, const struct numbers *comma);

#endif
