/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is a row a header? It is when its cells are unlike those below: words above numbers or
 * dates, another pattern, a text that does not occur again. Columns vote; rows equal
 * to the candidate are left out.
 */
#ifndef DATA_HEADER_H
#define DATA_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "data/sample.h"

#define HEADER_SAMPLE_ROWS 1000

struct header_finder {
    struct sample sample; /* at most HEADER_SAMPLE_ROWS rows */
    size_t width;         /* of the table */
    const struct sample_row *above;    /* the candidate, NULL without any */
    bool repeats[HEADER_SAMPLE_ROWS];  /* the row is equal to it */
};

/* A row of the table's width (surplus empty cells left out) with something in it, and no
 * comment. */
bool header_fits(const struct header_finder *f, const struct sample_row *row);
bool header_is_comment(const struct header_finder *f, const struct sample_row *row);

/* Is the row a header of the rows from `below` on? */
bool header_is(struct header_finder *f, const struct sample_row *row, size_t below);

/* The same for rows[first]; *n gets how many rows from there make the names. */
bool header_find(struct header_finder *f, size_t first, size_t *n);

/* True if the rows from `below` on begin with their number: 1, 2, 3 ... */
bool header_rows_numbered(const struct header_finder *f, size_t below);

/* CELL_NUMBER, CELL_DATE or CELL_TIME if nine of ten cells of the column are of that
 * class from row `from` on, CELL_EMPTY if all are empty, else CELL_TEXT. */
enum cell_class header_column_class(struct header_finder *f, size_t from, size_t column);

#endif
