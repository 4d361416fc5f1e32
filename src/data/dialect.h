/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dialect of a CSV file: which bytes part and quote the cells, found by reading the
 * first part of the file in every plausible way. The best reading is the one whose rows
 * are most alike in width and whose cells look most like values (after van den Burg,
 * Nazabal and Sutton, "Wrangling messy CSV files by detecting row and type patterns",
 * 2019).
 */
#ifndef DATA_DIALECT_H
#define DATA_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "data/csv.h"

/* What a person says of a table to be read; the rest is detected. {0} detects
 * everything. With the path of the file it is all that is needed to read the table
 * again. */
struct load_options {
    char *const *more;   /* (n_more) paths of further files with the same columns, whose
                            rows follow in this order */
    size_t n_more;
    int delimiter;       /* byte, 0: detect; DELIMITER_BLANKS: runs of blanks */
    int quote;           /* byte, 0: detect, -1: none */
    int header;          /* 1 yes, -1 no, 0: detect */
    long skip;           /* lines before the table; only with skip_set, else detected */
    bool skip_set;
    const char *missing; /* comma-separated marks in place of the default list, or NULL */
    size_t max_rows;     /* 0: all */
    const char *encoding; /* "utf-8", "cp1252" or NULL: detect */
};

/* A copy with texts of its own, for load_options_done. */
struct load_options load_options_copy(const struct load_options *from);
void load_options_done(struct load_options *o);

/* How a file was read. */
struct dialect {
    int delimiter;        /* 0: one column without any */
    int quote;            /* 0: none */
    int escape;           /* 0: quotes are doubled */
    bool skip_blanks;     /* blanks around the delimiter belong to it */
    bool header;
    size_t header_lines;  /* lines that make the names */
    size_t skipped_lines; /* preamble and comments before the header */
    const char *encoding; /* "UTF-8", "UTF-8 with BOM", "CP1252", "UTF-16LE", ... */
    const char *line_end; /* "LF", "CRLF", "CR", "CRCRLF", "mixed" */
    bool gzip;
};

/* The format of text[0..n), the beginning of a file (`complete`: all of it), where
 * `options` do not say it. *n_columns gets the usual width of a row, *line_end the name
 * of the line ends. False: no memory. */
bool dialect_detect(const char *text, size_t n, bool complete,
                    const struct load_options *options, struct csv_format *format,
                    size_t *n_columns, const char **line_end);

/* "comma", "tab", "semicolon", "0x1F" ...; for a sentence. */
const char *dialect_delimiter_name(int delimiter, char room[8]);

#endif
