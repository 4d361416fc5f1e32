/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/header.h"

#include <stdlib.h>
#include <string.h>

enum {
    BODY_ROWS = 200,     /* rows that a header is compared with */
    HEADER_ROWS_MAX = 4,
};

/* What a column's cells below a row have in common. */
struct body {
    size_t cells;              /* not empty */
    size_t classes[CELL_ODD + 1];
    size_t same_shape;         /* of those, cells with the shape of the first */
    unsigned shape;
    size_t same_text;          /* cells equal to the candidate header's */
};

static bool equal(struct cell a, struct cell b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

bool header_is_comment(const struct header_finder *f, const struct sample_row *row)
{
    return row->n > 0 && row->cells[0].length > 0 && row->cells[0].text[0] == '#' &&
           (row->n != f->width || f->width == 1);
}

bool header_fits(const struct header_finder *f, const struct sample_row *row)
{
    size_t need = f->width > 2 ? 2 : 1;

    return row->n >= f->width && row->filled >= need && sample_row_empty(row, f->width) &&
           !header_is_comment(f, row) && !cells_draw_line(row->cells, row->n);
}

static bool same_row(const struct sample_row *a, const struct sample_row *b)
{
    if (a->n != b->n)
        return false;
    for (size_t j = 0; j < a->n; j++)
        if (!equal(a->cells[j], b->cells[j]))
            return false;
    return true;
}

/* Rows equal to the candidate header (names written twice) say nothing about it. */
static void set_above(struct header_finder *f, const struct sample_row *above)
{
    f->above = above;
    for (size_t i = 0; i < f->sample.n_rows; i++)
        f->repeats[i] = above && same_row(&f->sample.rows[i], above);
}

static struct body look_below(const struct header_finder *f, size_t from, size_t column)
{
    struct body b = {0};
    size_t rows = 0;

    for (size_t i = from; i < f->sample.n_rows && rows < BODY_ROWS; i++) {
        const struct sample_row *row = &f->sample.rows[i];
        enum cell_class class;
        unsigned shape;

        if (row->n != f->width || row->filled == 0 || f->repeats[i])
            continue;
        rows++;
        class = cell_class(row->cells[column]);
        if (class == CELL_EMPTY)
            continue;
        shape = cell_shape(row->cells[column]);
        if (b.cells++ == 0)
            b.shape = shape;
        b.classes[class]++;
        b.same_shape += shape == b.shape;
        b.same_text += f->above && equal(row->cells[column], f->above->cells[column]);
    }
    return b;
}

/* The class that nine of ten cells have: number, date or time; else CELL_TEXT. */
static enum cell_class class_of(const struct body *b)
{
    static const enum cell_class typed[] = {CELL_NUMBER, CELL_DATE, CELL_TIME};

    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
        if (b->cells > 0 && 10 * b->classes[typed[i]] >= 9 * b->cells)
            return typed[i];
    return CELL_TEXT;
}

struct votes {
    double header, data;
    size_t typed;     /* columns of numbers, dates, times below */
    size_t typed_by;  /* of those, with a word above */
};

static void vote(struct votes *v, const struct body *b, struct cell cell)
{
    enum cell_class below = class_of(b), here = cell_class(cell);
    bool patterned = b->shape && 10 * b->same_shape >= 9 * b->cells;

    if (here == CELL_EMPTY || b->cells == 0)
        return;
    if (cell_class_typed(below)) {
        v->typed++;
        v->typed_by += !cell_class_typed(here);
        if (here == below)
            v->data++;
        else if (!cell_class_typed(here))
            v->header++;
    } else if (cell_class_typed(here)) {
        v->data += 0.5;
    } else if (b->same_text > 0) {
        v->data++;
    } else if (patterned) {
        if (cell_shape(cell) == b->shape)
            v->data++;
        else
            v->header++;
    }
}

static struct votes count_votes(struct header_finder *f, const struct sample_row *row,
                                size_t below)
{
    struct votes v = {0};

    set_above(f, row);
    for (size_t j = 0; j < row->n && j < f->width; j++) {
        struct body b = look_below(f, below, j);

        vote(&v, &b, row->cells[j]);
    }
    return v;
}

static bool read_integer(struct cell c, long *out)
{
    char text[16], *end;

    if (c.length == 0 || c.length >= sizeof text)
        return false;
    memcpy(text, c.text, c.length);
    text[c.length] = '\0';
    *out = strtol(text, &end, 10);
    return *end == '\0';
}

/* Names that are numbers: years or column numbers, each one more than the one before,
 * behind a name that is none. */
static bool counts_up(const struct sample_row *row)
{
    long number, before = 0;
    size_t n = 0;

    for (size_t j = 0; j < row->n; j++) {
        if (!read_integer(row->cells[j], &number)) {
            if (n > 0)
                return false;
            continue;
        }
        if (n++ > 0 && number != before + 1)
            return false;
        before = number;
    }
    return n >= 2 && n < row->n;
}

static bool any_below(const struct header_finder *f, size_t from)
{
    for (size_t i = from; i < f->sample.n_rows; i++)
        if (header_fits(f, &f->sample.rows[i]))
            return true;
    return false;
}

bool header_is(struct header_finder *f, const struct sample_row *row, size_t below)
{
    struct votes v;

    if (row->filled == 0)
        return false;
    if (!any_below(f, below)) {
        for (size_t j = 0; j < row->n; j++)
            if (cell_class_typed(cell_class(row->cells[j])))
                return false;
        return true;
    }
    if (counts_up(row))
        return true;
    v = count_votes(f, row, below);
    if (v.header == 0 && v.data == 0) {
        for (size_t j = 0; j < row->n; j++)
            if (cell_class_typed(cell_class(row->cells[j])))
                return false;
        return true;
    }
    return v.header > v.data;
}

/* A line of group names, with gaps where a group goes on. */
static bool is_sparse(const struct header_finder *f, const struct sample_row *row)
{
    return row->filled > 0 && 3 * row->filled < 2 * f->width;
}

/* Names beyond doubt: a word above every column of numbers, dates or times, and two of
 * them. */
static bool is_strong(struct header_finder *f, size_t at)
{
    const struct sample_row *row = &f->sample.rows[at];
    struct votes v;

    if (!header_fits(f, row) || !any_below(f, at + 1))
        return false;
    v = count_votes(f, row, at + 1);
    return v.typed >= 2 && v.typed_by == v.typed && v.data == 0 &&
           v.header >= (double)f->width / 2;
}

/* How many records from `first` make the names. */
static size_t header_rows(struct header_finder *f, size_t first)
{
    size_t n = 1;

    for (; n < HEADER_ROWS_MAX && first + n + 1 < f->sample.n_rows; n++) {
        const struct sample_row *row = &f->sample.rows[first + n];

        if (!same_row(row, &f->sample.rows[first]) && !is_strong(f, first + n))
            break;
    }
    return n;
}

bool header_rows_numbered(const struct header_finder *f, size_t below)
{
    long number, next = 1;

    for (size_t i = below; i < f->sample.n_rows; i++) {
        const struct sample_row *row = &f->sample.rows[i];

        if (row->n != f->width || row->filled == 0)
            continue;
        if (!read_integer(row->cells[0], &number) || number != next++ ||
            row->cells[row->n - 1].length == 0)
            return false;
    }
    return next > 2;
}

bool header_find(struct header_finder *f, size_t first, size_t *n)
{
    size_t rows = f->sample.n_rows, k = first;

    if (header_is(f, &f->sample.rows[first], first + 1)) {
        *n = header_rows(f, first);
        return true;
    }
    while (k < rows && k < first + HEADER_ROWS_MAX - 1 &&
           is_sparse(f, &f->sample.rows[k]))
        k++;
    if (k == first || k == rows || !is_strong(f, k))
        return false;
    *n = k - first + header_rows(f, k);
    return true;
}

enum cell_class header_column_class(struct header_finder *f, size_t from, size_t column)
{
    struct body b;

    set_above(f, NULL);
    b = look_below(f, from, column);
    return b.cells ? class_of(&b) : CELL_EMPTY;
}
