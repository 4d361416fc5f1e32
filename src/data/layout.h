/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the table lies in a file: what stands before it (titles, comments), whether its
 * first line holds names, and whether the names go over several lines.
 *
 * A line is a header when its cells are unlike the cells below: words above numbers or
 * dates, another pattern, a text that does not occur again.
 */
#ifndef DATA_LAYOUT_H
#define DATA_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "data/csv.h"
#include "data/dialect.h"
#include "data/sample.h"

struct layout {
    size_t n_columns;
    size_t offset, line;  /* of the first record of the table */
    size_t header_rows;   /* records that make the names; 0: no header */
    size_t skipped;       /* lines before the table that are not blank */
    size_t data_offset, data_line; /* of the first record of data */
    struct str *names;    /* (n_columns) original names, empty without a header */
    bool names_shifted;   /* one name too few: the first column has none */
    bool trouble;         /* the names' line has a stray quote */
    enum cell_class *classes; /* (n_columns) CELL_NUMBER, CELL_DATE, CELL_TIME where nine
                                 of ten cells are of that class, CELL_EMPTY where all are,
                                 else CELL_TEXT */
};

/* Finds the layout of text[0..n) (the beginning of a file), whose rows usually have
 * `width` cells. False and a sentence: there is no table in it, or no memory. */
bool layout_find(struct layout *l, const struct csv_format *format, size_t width,
                 const char *text, size_t n, bool complete,
                 const struct load_options *options, struct error *err);
void layout_done(struct layout *l);

#endif
