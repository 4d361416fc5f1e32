/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records of a CSV file out of memory, one after another. Lines without a quote are cut
 * at the delimiters here; a record with quotes is checked for being well formed and then
 * goes through libcsv. What is not well formed (a quote never closed, text after a
 * closing quote) is read again in the way that gives the expected number of cells, and if
 * there is none, its first line alone, with the stray quote as text.
 *
 * The bytes are overwritten: cells with quotes are put together in their place, so that a
 * cell of 200 MB needs no second copy.
 */
#ifndef DATA_CSV_H
#define DATA_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "data/column.h"

#define DELIMITER_BLANKS 256

/* No line may be longer than this, and a quote open for longer counts as never closed. */
#define CSV_RECORD_MAX ((size_t)512 << 20)

struct csv_format {
    int delimiter;    /* byte; DELIMITER_BLANKS: runs of blanks; 0: none, one column */
    int quote;        /* byte; 0: none */
    int escape;       /* byte before a quote inside quotes; 0: quotes are doubled */
    bool skip_blanks; /* blanks around a cell belong to the delimiter (", ") */
    char line_end;    /* '\n' or '\r' */
};

enum csv_status {
    CSV_STATUS_RECORD,
    CSV_STATUS_MORE,   /* the record may go on behind the given bytes: call with more */
    CSV_STATUS_LONG,   /* a line is longer than CSV_RECORD_MAX */
    CSV_STATUS_MEMORY, /* not enough memory for it */
};

enum csv_trouble {
    CSV_TROUBLE_NONE,
    CSV_TROUBLE_STRAY,    /* text after a closing quote */
    CSV_TROUBLE_UNCLOSED, /* a quote was never closed */
};

struct csv_record {
    const struct cell *cells; /* (n), in the given bytes; valid until the next call */
    size_t n;                 /* 0: a blank line */
    size_t length;            /* bytes of the record with its line end */
    size_t lines;             /* line ends in it, at least 1 */
    enum csv_trouble trouble;
};

struct csv_reader;

struct csv_reader *csv_reader_new(const struct csv_format *format);
void csv_reader_free(struct csv_reader *r);

/* The number of cells that a record should have; 0: not known. It decides only how a
 * malformed record is read. */
void csv_reader_expect(struct csv_reader *r, size_t n_cells);

/* The record at the beginning of bytes[0..n), n > 0; `last`: the file ends there. */
enum csv_status csv_reader_next(struct csv_reader *r, char *bytes, size_t n, bool last,
                                struct csv_record *record);

/* Appends one cell quoted as RFC 4180 asks. */
void csv_put_cell(struct str *out, const char *bytes, size_t n);

#endif
