/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/number.h"

/* 1,234 or 12,345,678: what a thousands mark looks like. */
static bool looks_grouped(struct cell c)
{
    const char *comma = memchr(c.text, ',', c.length);
    size_t before, after;

    if (!comma)
        return false;
    before = (size_t)(comma - c.text);
    after = c.length - before - 1;
    return after == 3 && before >= 1 && before <= 4 && c.text[0] != '0' &&
           strncmp(c.text, "-0", 2) != 0;
}

static void count_number(struct numbers *r, double x, size_t count)
{
    r->samples[r->distinct++] = (struct sample){x, count};
    r->cells += count;
    r->whole = r->whole && x == floor(x);
    r->min = fmin(r->min, x);
    r->max = fmax(r->max, x);
}

static void count_text(struct numbers *r, const struct tally *t, size_t code)
{
    struct cell cell = tally_cell(t, code);
    double x = 0;

    if (cell.length > 0 && memchr(cell.text, ',', cell.length)) {
        r->commas++;
        r->grouped += looks_grouped(cell);
    }
    switch (number_read(cell, r->decimal, &x)) {
    case NUMBER_FINITE:
        count_number(r, x, t->counts[code]);
        break;
    case NUMBER_NONFINITE:
        r->nonfinite += t->counts[code];
        break;
    case NUMBER_NONE:
        if (r->odd == 0 || t->first[code] < r->first_odd)
            r->first_odd = t->first[code];
        r->odd += t->counts[code];
    }
}

bool numbers_begin(struct numbers *r, int decimal, const struct tally *t)
{
    *r = (struct numbers){.decimal = decimal, .whole = true, .min = INFINITY,
                          .max = -INFINITY};
    r->samples = try_alloc(t->n, sizeof *r->samples);
    return r->samples != NULL;
}

void numbers_read(struct numbers *r, const struct tally *t, size_t begin, size_t end)
{
    for (size_t code = begin; code < end; code++)
        if (t->counts[code] > 0 && !tally_missing(t, code))
            count_text(r, t, code);
}

void numbers_done(struct numbers *r)
{
    free(r->samples);
    r->samples = NULL;
}

bool numbers_are_commas(const struct numbers *point, const struct numbers *comma)
{
    return comma->cells > point->cells && comma->odd <= point->odd &&
           comma->grouped < comma->commas;
}
