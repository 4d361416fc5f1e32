/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows "fit" when they have the table's width. The first row that fits is the header or the first
 * row of data; in the second case the line above may be a header that has lost or
 * gained a delimiter, or is written with another one.
 */
#include "data/layout.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "data/sample.h"

enum {
    LAYOUT_ROWS = 1000,
    BODY_ROWS = 200,        /* rows that a header is compared with */
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

struct finder {
    const struct csv_format *format;
    struct sample sample;
    size_t width;
    const struct sample_row *above; /* the candidate header, NULL without any */
    bool repeats[LAYOUT_ROWS];      /* the row is equal to it */
};

static bool equal(struct cell a, struct cell b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static bool is_comment(const struct finder *f, const struct sample_row *row)
{
    return row->n > 0 && row->cells[0].length > 0 && row->cells[0].text[0] == '#' &&
           (row->n != f->width || f->width == 1);
}

/* Behind the table's width there are only empty cells. */
static bool surplus_empty(const struct sample_row *row, size_t width)
{
    for (size_t i = width; i < row->n; i++)
        if (row->cells[i].length > 0)
            return false;
    return true;
}

static bool fits(const struct finder *f, const struct sample_row *row)
{
    size_t need = f->width > 2 ? 2 : 1;

    return row->n >= f->width && row->filled >= need && surplus_empty(row, f->width) &&
           !is_comment(f, row);
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
static void set_above(struct finder *f, const struct sample_row *above)
{
    f->above = above;
    for (size_t i = 0; i < f->sample.n_rows; i++)
        f->repeats[i] = above && same_row(&f->sample.rows[i], above);
}

static struct body look_below(const struct finder *f, size_t from, size_t column)
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

static struct votes count_votes(struct finder *f, const struct sample_row *row, size_t below)
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

/* Names that are numbers: years or column numbers, each one more than the one before, behind a
 * name that is none. */
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

static bool any_below(const struct finder *f, size_t from)
{
    for (size_t i = from; i < f->sample.n_rows; i++)
        if (fits(f, &f->sample.rows[i]))
            return true;
    return false;
}

static bool is_header(struct finder *f, const struct sample_row *row, size_t below)
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

/* How many records from `first` make the names. */
static size_t header_rows(struct finder *f, size_t first)
{
    size_t n = 1;

    for (; n < HEADER_ROWS_MAX && first + n + 1 < f->sample.n_rows; n++) {
        const struct sample_row *row = &f->sample.rows[first + n];
        struct votes v;

        if (!fits(f, row) || !any_below(f, first + n + 1))
            break;
        if (same_row(row, &f->sample.rows[first]))
            continue;
        v = count_votes(f, row, first + n + 1);
        if (v.typed < 2 || v.typed_by < v.typed || v.data > 0 || v.header < (double)f->width / 2)
            break;
    }
    return n;
}

static void add_name(struct str *name, struct cell cell)
{
    if (cell.length == 0)
        return;
    if (name->length > 0)
        str_putc(name, ' ');
    str_add(name, cell.text, cell.length);
}

/* Names of a row that has not the table's width: a surplus empty one is left out. */
static void take_ragged_names(struct layout *l, const struct sample_row *row)
{
    size_t surplus = row->n > l->n_columns ? row->n - l->n_columns : 0;
    size_t at = row->n + 1 == l->n_columns && l->names_shifted;

    if (surplus_empty(row, l->n_columns))
        surplus = 0;
    for (size_t j = 0; j < row->n && at < l->n_columns; j++) {
        if (surplus > 0 && row->cells[j].length == 0) {
            surplus--;
            continue;
        }
        add_name(&l->names[at++], row->cells[j]);
    }
}

static bool take_names(struct layout *l, const struct sample_row *rows, size_t n,
                       struct error *err)
{
    l->names = try_calloc(l->n_columns, sizeof *l->names);
    if (!l->names)
        return error_set(err, ERROR_MEMORY, "not enough memory for %zu columns", l->n_columns);
    for (size_t i = 0; i < n; i++)
        take_ragged_names(l, &rows[i]);
    return true;
}

/* R writes one name too few when it writes the rows' names: 1, 2, 3 ... */
static bool has_row_names(const struct finder *f, size_t below)
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

/* The row above the data may be a header of another width. */
static bool try_row_above(struct finder *f, struct layout *l, size_t first, const char *text,
                          size_t *header, struct sample *other)
{
    const struct sample_row *row = &f->sample.rows[first - 1];

    if (row->n == 0 || row->filled == 0 || is_comment(f, row))
        return false;
    if (row->n >= 2 && 2 * row->n >= f->width && is_header(f, row, first)) {
        l->names_shifted = row->n + 1 == f->width && has_row_names(f, first);
        *header = first - 1;
        return true;
    }
    if (row->n == 1 && f->width > 1 &&
        sample_read_other(other, f->format, text + row->offset, row->length, f->width)) {
        if (other->rows[0].filled + 1 >= f->width && is_header(f, &other->rows[0], first)) {
            *header = first - 1;
            return true;
        }
        sample_done(other);
    }
    return false;
}

/* Sets offset, line and names for a table whose first rows are [first, first + n_header). */
static bool place(struct finder *f, struct layout *l, size_t first, size_t n_header,
                  const struct sample *other, struct error *err)
{
    const struct sample_row *rows = f->sample.rows;

    l->offset = rows[first].offset;
    l->line = rows[first].line;
    l->header_rows = n_header;
    l->data_offset = l->offset;
    l->data_line = l->line;
    if (n_header > 0) {
        const struct sample_row *last = &rows[first + n_header - 1];

        l->data_offset = last->offset + last->length;
        l->data_line = last->line + last->lines;
    }
    for (size_t i = 0; i < first; i++)
        l->skipped += rows[i].n > 0;
    for (size_t i = first; i < first + n_header; i++)
        l->trouble |= rows[i].trouble;
    return take_names(l, other->n_rows ? other->rows : rows + first, n_header, err);
}

static bool find_table(struct finder *f, struct layout *l, const char *text,
                       const struct load_options *options, struct error *err)
{
    struct sample other = {0};
    size_t first = 0, n_header = 0, n = f->sample.n_rows;
    bool fixed = options->skip_set && options->skip >= 0, ok;

    while (first < n && (fixed ? f->sample.rows[first].n == 0 : !fits(f, &f->sample.rows[first])))
        first++;
    if (first == n)
        for (first = 0; first < n && f->sample.rows[first].filled == 0; first++)
            ;
    if (first == n)
        return error_set(err, ERROR_INPUT, "no column in it: only blanks and empty lines");
    if (options->header >= 0 && (options->header > 0 || is_header(f, &f->sample.rows[first],
                                                                  first + 1)))
        n_header = options->header > 0 ? 1 : header_rows(f, first);
    else if (options->header == 0 && !fixed && first > 0 &&
             try_row_above(f, l, first, text, &first, &other))
        n_header = 1;
    else if (options->header == 0 && first == 1 && f->sample.rows[0].n == f->width &&
             f->sample.rows[0].filled == 0) {
        first = 0; /* names, all of them empty */
        n_header = 1;
    }
    ok = place(f, l, first, n_header, &other, err);
    sample_done(&other);
    return ok;
}

/* What the columns of the data hold. */
static bool find_classes(struct finder *f, struct layout *l, struct error *err)
{
    size_t first = 0;

    l->classes = try_alloc(l->n_columns, sizeof *l->classes);
    if (!l->classes)
        return error_set(err, ERROR_MEMORY, "not enough memory for %zu columns", l->n_columns);
    while (first < f->sample.n_rows && f->sample.rows[first].offset < l->data_offset)
        first++;
    set_above(f, NULL);
    for (size_t j = 0; j < l->n_columns; j++) {
        struct body b = look_below(f, first, j);

        l->classes[j] = b.cells ? class_of(&b) : CELL_EMPTY;
    }
    return true;
}

/* Names for more columns than most rows have: they count where some row is as wide. */
static size_t widest(const struct sample *s, size_t width)
{
    const struct sample_row *first = NULL;
    size_t same = 0;

    for (size_t i = 0; i < s->n_rows; i++) {
        const struct sample_row *row = &s->rows[i];

        if (row->filled == 0)
            continue;
        if (!first)
            first = row;
        else if (row->n > first->n)
            return width;
        else
            same += row->n == first->n;
    }
    return first && first->n > width && first->filled == first->n && same > 0 ? first->n : width;
}

bool layout_find(struct layout *l, const struct csv_format *format, size_t width,
                 const char *text, size_t n, bool complete, const struct load_options *options,
                 struct error *err)
{
    struct finder f = {.format = format, .width = width};
    bool ok;

    *l = (struct layout){0};
    if (!sample_read(&f.sample, format, text, n, complete, width, LAYOUT_ROWS))
        return error_set(err, ERROR_MEMORY, "not enough memory to look at its first lines");
    f.width = widest(&f.sample, width ? width : 1);
    l->n_columns = f.width;
    ok = find_table(&f, l, text, options, err) && find_classes(&f, l, err);
    sample_done(&f.sample);
    return ok;
}

void layout_done(struct layout *l)
{
    if (l->names)
        for (size_t i = 0; i < l->n_columns; i++)
            str_done(&l->names[i]);
    free(l->names);
    free(l->classes);
    *l = (struct layout){0};
}
