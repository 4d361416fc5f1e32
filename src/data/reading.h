/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How to read a record whose quotes are not well formed. Each cell that begins with a
 * quote can be read in several ways: quoted up to this or that later quote, quoted and
 * glued to the text behind, or as plain text with the quote in it. The search takes the
 * first combination, in that order of preference, that gives the wanted number of cells.
 */
#ifndef DATA_READING_H
#define DATA_READING_H

#include <stdbool.h>
#include <stddef.h>

#include "data/column.h"

struct csv_format;
struct reading;

struct reading *reading_new(
    const struct csv_format *format); /* the format must outlive it */
void reading_free(struct reading *r);

/* Looks for a reading of the record bytes[0..n) (without its line end) as n_cells cells.
 * False if there is none, or none was found with bounded effort. */
bool reading_find(struct reading *r, const char *bytes, size_t n, size_t n_cells);
/* A reading with as many cells as it gives: of each cell the likeliest. */
void reading_greedy(struct reading *r, const char *bytes, size_t n);

/* True if the last reading ended early for want of memory. */
bool reading_out_of_memory(const struct reading *r);

/* The cells of what was found last. Getting a cell unquotes it in its place, so each
 * can be had once, and the bytes are the same that were searched. */
size_t reading_cells(const struct reading *r);
struct cell reading_cell(const struct reading *r, char *bytes, size_t i);

#endif
