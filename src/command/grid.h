/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data on its way to a person or a program: some facts, then rows under columns. It is
 * printed in the command's format:
 *
 *     table   facts as "key  value" lines ("-": none), rows aligned, text through show();
 *             where a screen is too narrow texts are cut and columns left out, which a
 *             last line names
 *     csv     rows only (facts where there are no columns), cells as they are
 *     json    one object on one line: the facts, and the rows as objects under `name`
 */
#ifndef COMMAND_GRID_H
#define COMMAND_GRID_H

#include <stddef.h>

#include "command/command.h"

struct grid;

struct grid *grid_new(const char *name);
/* Rows of another kind behind those of g, which owns it from now on; of it only columns
 * and cells count. CSV leaves it out. */
void grid_append(struct grid *g, struct grid *next);
/* Prints and frees. */
void grid_print(struct grid *g, struct context *c);
/* Writes a CSV file, whatever the format, and frees. */
bool grid_write_csv(struct grid *g, const char *path, struct error *err);
void grid_free(struct grid *g);

/* decimals: behind the point in a table; -1: six digits in all. NAN is none: "-" or
 * null. */
void grid_fact_text(struct grid *g, const char *key, const char *text);
void grid_fact_number(struct grid *g, const char *key, double x, int decimals);
void grid_fact_count(struct grid *g, const char *key, size_t n);

/* All columns come before the first cell. Numbers stand at the right. */
void grid_column(struct grid *g, const char *title, bool number);
/* The last column, of sentences: folded where the screen is narrow, not cut. */
void grid_prose(struct grid *g, const char *title);
/* The column that came last leaves a screen that is too narrow before others do; the
 * first of several leaves first. */
void grid_spare(struct grid *g);
/* Cells go row by row, column by column. */
void grid_text(struct grid *g, const char *bytes, size_t n);
void grid_puts(struct grid *g, const char *text);
void grid_path(struct grid *g, const char *path); /* is cut in front */
void grid_number(struct grid *g, double x, int decimals);
/* In a table with a star behind it, or a blank in its place. */
void grid_starred(struct grid *g, double x, int decimals, bool star);
/* In a table with its sign: "+0.0123". */
void grid_difference(struct grid *g, double x, int decimals);
void grid_count(struct grid *g, size_t n);
/* Decimals for numbers of about that size: 4 below 10, none from 10,000 on. */
int grid_decimals(double size);
void grid_bool(struct grid *g, bool yes);
void grid_none(struct grid *g);

#endif
