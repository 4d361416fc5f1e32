/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table as it was read: columns of cell texts, immutable and shared by reference
 * count. What the columns mean (kinds, target) is in data/schema.h.
 *
 * Loading goes in slices so that it can be watched and cancelled: loader_new opens the
 * file, loader_step looks at it and decides on the dialect, then reads a block, and
 * loader_finish freezes. A table larger than memory is taken in pieces on the way.
 *
 * Several files make one table where their columns have the same names, in any order: it
 * is the first file's. Each may have a dialect of its own.
 */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/step.h"
#include "base/str.h"
#include "data/column.h"
#include "data/csv.h"
#include "data/dialect.h"

struct loader;

/* Opens FILE (plain or gzip by content; "-": standard input) and looks whether those of
 * the options are there. NULL and a sentence if not. Options are copied. */
struct loader *loader_new(const char *path, const struct load_options *options,
                          struct error *err);
/* Short, also where a pipe has nothing yet. FAILED: it is not a table. */
enum step loader_step(struct loader *l, struct error *err);
/* 0..1, by bytes of the files; NAN: nobody knows how much is to come. */
double loader_progress(const struct loader *l);
size_t loader_rows(const struct loader *l); /* so far, with those taken */
size_t loader_waiting(const struct loader *l); /* rows that loader_take would give */
/* After STEP_MORE, and some rows are there: these as a table with the same columns, one
 * reference, and the loader goes on without them. What was noted and repaired is told by
 * the last table, which loader_finish gives. NULL: no memory. */
struct dataset *loader_take(struct loader *l, struct error *err);
/* After STEP_DONE: the table, one reference. Frees l. NULL: it turned out not to be a
 * table. */
struct dataset *loader_finish(struct loader *l, struct error *err);
/* Gives up; frees l. */
void loader_cancel(struct loader *l);

/* All of it in one call, for tests and small files. */
struct dataset *dataset_load(const char *path, const struct load_options *options,
                             struct error *err);

struct dataset *dataset_ref(struct dataset *d);
void dataset_unref(struct dataset *d);

/* How it can be read again. */
const char *dataset_path(const struct dataset *d); /* of the first file */
const struct load_options *dataset_options(const struct dataset *d);
size_t dataset_rows(const struct dataset *d);
int dataset_columns(const struct dataset *d);
const struct column *dataset_column(const struct dataset *d, int i);
/* The column of that name (shown or original), or -1. */
int dataset_find(const struct dataset *d, const char *name);
/* The line of its file where row began, counted from 1. */
size_t dataset_line(const struct dataset *d, size_t row);
/* Appends "line 7", or "line 7 of b.csv" where there are several files. */
void dataset_place(const struct dataset *d, size_t row, struct str *out);
size_t dataset_bytes(const struct dataset *d);

/* How it was read, or its first file. */
const struct dialect *dataset_dialect(const struct dataset *d);

/* The missing marks in force, comma-separated as `--missing` takes them. */
const char *dataset_missing_marks(const struct dataset *d);

/* What was repaired or left out, one entry a kind with its count and the first
 * lines, and the full list line by line. */
enum repair {
    REPAIR_SHORT,        /* row padded with missing cells */
    REPAIR_LONG_EMPTY,   /* surplus empty cells dropped */
    REPAIR_LONG,         /* row with surplus text: kept out, in the rejects */
    REPAIR_QUOTE,        /* stray or unclosed quote: kept as text */
    REPAIR_DELIMITER,    /* row written with another delimiter */
    REPAIR_ENCODING,     /* cell with invalid UTF-8, kept as it is */
    REPAIR_SKIPPED,      /* comment, preamble, footer or second table: line not read */
    REPAIR_NUL,          /* NUL bytes in a cell */
    REPAIR_KINDS
};
struct repair_note {
    enum repair kind;
    int file;    /* 0: the first */
    size_t line; /* of that file */
    char text[80]; /* beginning of the line, outside text */
};
size_t dataset_repairs(const struct dataset *d, enum repair kind);
/* The first repairs in order of line (at most 1,000 are kept); *n is set. */
const struct repair_note *dataset_repair_notes(const struct dataset *d, size_t *n);
const char *repair_name(enum repair kind); /* "short rows padded", ... */
/* Appends the place of a repair as dataset_place does. */
void dataset_repair_place(const struct dataset *d, const struct repair_note *note,
                          struct str *out);

/* Sentences for the load line: detection, warnings (HTML under the name .csv, NA in a
 * column of two-letter codes, mixed line ends ...), one a line. */
const char *dataset_notes(const struct dataset *d);

/* RFC 4180 with LF line ends, the cell texts as they were read, in UTF-8. The first line
 * holds the original names if the file had names, else there is none. With
 * `safe_formulas` a cell that a spreadsheet would run gets a leading '. */
bool dataset_export(const struct dataset *d, const char *path, bool safe_formulas,
                    struct error *err);
/* Only these rows (n), in their order. */
bool dataset_export_rows(const struct dataset *d, const uint32_t *rows, size_t n,
                         const char *path, bool safe_formulas, struct error *err);
#endif
