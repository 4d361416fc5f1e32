/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows "fit" when they have the table's width. The first row that fits is the header or
 * the first row of data; in the second case the line above may be a header that has lost
 * or gained a delimiter, or is written with another one.
 */
#include "data/layout.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/header.h"
#include "data/sample.h"

enum { METADATA_ROWS = 10 };

struct finder {
    const struct csv_format *format;
    struct header_finder header;
};

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

    if (sample_row_empty(row, l->n_columns))
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
        return error_set(err, ERROR_MEMORY, "not enough memory for %zu columns",
                         l->n_columns);
    for (size_t i = 0; i < n; i++)
        take_ragged_names(l, &rows[i]);
    return true;
}

/* The row above the data may be a header of another width. */
static bool try_row_above(struct finder *f, struct layout *l, size_t first,
                          const char *text, size_t *header, struct sample *other)
{
    const struct sample_row *row = &f->header.sample.rows[first - 1];

    if (row->n == 0 || row->filled == 0 || header_is_comment(&f->header, row))
        return false;
    if (row->n >= 2 && 2 * row->n >= f->header.width &&
        header_is(&f->header, row, first)) {
        l->names_shifted =
            row->n + 1 == f->header.width && header_rows_numbered(&f->header, first);
        *header = first - 1;
        return true;
    }
    if (row->n == 1 && f->header.width > 1 &&
        sample_read_other(other, f->format, text + row->offset, row->length,
                          f->header.width)) {
        if (other->rows[0].filled + 1 >= f->header.width &&
            header_is(&f->header, &other->rows[0], first)) {
            *header = first - 1;
            return true;
        }
        sample_done(other);
    }
    return false;
}

/* Sets offset, line and names for a table whose first rows are [first, first + n_header).
 */
static bool place(struct finder *f, struct layout *l, size_t first, size_t n_header,
                  const struct sample *other, struct error *err)
{
    const struct sample_row *rows = f->header.sample.rows;

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

/* A line of metadata: a few cells at its beginning and nothing behind. */
static bool is_metadata(const struct sample_row *row, size_t width)
{
    size_t n = 0;

    while (n < row->n && row->cells[n].length > 0)
        n++;
    return width > 3 && row->filled == n && 2 * n <= width;
}

/* Metadata that has the table's width stands above a row of names that are nearly all
 * there. */
static size_t skip_metadata(struct finder *f, size_t first)
{
    const struct sample_row *rows = f->header.sample.rows;
    size_t n = f->header.sample.n_rows, k = first;

    while (k < n && k < first + METADATA_ROWS && is_metadata(&rows[k], f->header.width))
        k++;
    if (k == first || k == n || 5 * rows[k].filled < 4 * f->header.width)
        return first;
    return header_fits(&f->header, &rows[k]) && header_is(&f->header, &rows[k], k + 1)
               ? k
               : first;
}

/* The first row that may belong to the table; n_rows if all are blank. */
static size_t find_first(struct finder *f, bool fixed)
{
    const struct sample *s = &f->header.sample;
    size_t first = 0;

    if (fixed) {
        while (first < s->n_rows && s->rows[first].n == 0)
            first++;
        return first;
    }
    while (first < s->n_rows && !header_fits(&f->header, &s->rows[first]))
        first++;
    if (first < s->n_rows)
        return skip_metadata(f, first);
    for (first = 0; first < s->n_rows && s->rows[first].filled == 0; first++)
        ;
    return first;
}

static bool find_table(struct finder *f, struct layout *l, const char *text,
                       const struct load_options *options, struct error *err)
{
    const struct sample_row *rows = f->header.sample.rows;
    bool fixed = options->skip_set && options->skip >= 0, ok;
    size_t first = find_first(f, fixed), n_header = 0;
    struct sample other = {0};

    if (first == f->header.sample.n_rows)
        return error_set(err, ERROR_INPUT,
                         "no column in it: only blanks and empty lines");
    if (options->header > 0) {
        n_header = 1;
    } else if (options->header == 0 && !header_find(&f->header, first, &n_header)) {
        if (!fixed && first > 0 && try_row_above(f, l, first, text, &first, &other)) {
            n_header = 1;
        } else if (first == 1 && rows[0].n == f->header.width && rows[0].filled == 0) {
            first = 0; /* names, all of them empty */
            n_header = 1;
        }
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
        return error_set(err, ERROR_MEMORY, "not enough memory for %zu columns",
                         l->n_columns);
    while (first < f->header.sample.n_rows &&
           f->header.sample.rows[first].offset < l->data_offset)
        first++;
    for (size_t j = 0; j < l->n_columns; j++)
        l->classes[j] = header_column_class(&f->header, first, j);
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
    return first && first->n > width && first->filled == first->n && same > 0 ? first->n
                                                                              : width;
}

bool layout_find(struct layout *l, const struct csv_format *format, size_t width,
                 const char *text, size_t n, bool complete,
                 const struct load_options *options, struct error *err)
{
    struct finder f = {.format = format};
    bool ok;

    *l = (struct layout){0};
    if (!sample_read(&f.header.sample, format, text, n, complete, width,
                     HEADER_SAMPLE_ROWS))
        return error_set(err, ERROR_MEMORY,
                         "not enough memory to look at its first lines");
    f.header.width = widest(&f.header.sample, width ? width : 1);
    l->n_columns = f.header.width;
    ok = find_table(&f, l, text, options, err) && find_classes(&f, l, err);
    sample_done(&f.header.sample);
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
