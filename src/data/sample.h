/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first records of a file, read one way or another, and what their cells look
 * like. Detection reads the same text many times; loading never comes here.
 */
#ifndef DATA_SAMPLE_H
#define DATA_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "data/csv.h"

struct sample_row {
    const struct cell *cells; /* (n) */
    size_t n;                 /* 0: a blank line */
    size_t filled;            /* cells with anything in them */
    size_t offset, length;    /* of the record in the text */
    size_t line, lines;       /* where it begins, from 1; line ends in it */
    bool trouble;
};

/* True if the cells from `from` on are empty. */
bool sample_row_empty(const struct sample_row *row, size_t from);

struct sample {
    struct sample_row *rows; /* (n_rows) */
    size_t n_rows;
    char *text;              /* copy that the cells point into */
    struct cell *cells;
};

/* Reads up to max_rows records of text[0..n). A record cut by the end of the text is left
 * out unless it is the only one, or `complete`. False: no memory (then nothing is to be
 * released). */
bool sample_read(struct sample *s, const struct csv_format *format, const char *text,
                 size_t n, bool complete, size_t expected, size_t max_rows);
void sample_done(struct sample *s);

/* Reads one record of text[0..n) with another delimiter than the format's, one that
 * gives `width` cells. False (and nothing to release) if none does. */
bool sample_read_other(struct sample *s, const struct csv_format *format,
                       const char *text, size_t n, size_t width);

/* The most frequent width of the rows that are not blank (all cells empty), 0 without
 * any; of equally frequent ones that which comes first. *rows gets how many rows are not
 * blank, *fit how many have that width, surplus empty cells left out. */
size_t sample_width(const struct sample *s, size_t *rows, size_t *fit);

/* The share of rows as wide as the row before, blank ones left out: high also where a
 * second table follows the first. */
double sample_steadiness(const struct sample *s);

/* Cells with anything in them. */
size_t cells_filled(const struct cell *cells, size_t n);
/* A line that is drawn: "---|:--:|---". */
bool cells_draw_line(const struct cell *cells, size_t n);

enum cell_class {
    CELL_EMPTY,  /* nothing, blanks or a missing mark */
    CELL_NUMBER, /* also with group marks, money or percent sign */
    CELL_DATE,   /* with or without a time */
    CELL_TIME,
    CELL_WORD,   /* one word: letters, digits and what joins them */
    CELL_TEXT,   /* several words */
    CELL_ODD,    /* a quote at an edge, or what might be another delimiter inside */
};
enum cell_class cell_class(struct cell cell);
/* Number, date or time. */
bool cell_class_typed(enum cell_class class);

/* A hash of the cell's pattern: runs of letters and of digits count as one mark each, so
 * that "HK-5981" and "EN-22" are alike. 0 if there is no digit in it. */
unsigned cell_shape(struct cell cell);

#endif
