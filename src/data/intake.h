/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records on their way into a dataset. Those with the table's number of cells go straight
 * to the columns. The others are repaired where there is one obvious way (a short row
 * padded, a surplus empty cell dropped, another delimiter tried), kept out where there is
 * none, and wait where the rows behind them decide: at the end of the file they may be a
 * footer or a second table. Whatever is done is noted in the dataset.
 */
#ifndef DATA_INTAKE_H
#define DATA_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "data/csv.h"
#include "data/dataset.h"
#include "data/layout.h"

struct intake;

/* All of it must outlive the intake; the dataset has its columns. Cell i of a record goes
 * to column place[i] (NULL: i). Lines are counted on from `lines`. max_rows 0: all. NULL:
 * no memory. */
struct intake *intake_new(struct dataset *d, const struct layout *layout,
                          const struct csv_format *format, const int *place,
                          size_t lines, size_t max_rows);
void intake_free(struct intake *in);

/* From now on into another dataset. */
void intake_turn(struct intake *in, struct dataset *d);

/* A record that began in `line`; `suspect`: look for NUL bytes and invalid UTF-8 in it.
 */
bool intake_take(struct intake *in, const struct csv_record *record, size_t line,
                 bool suspect, struct error *err);
size_t intake_rows(const struct intake *in); /* so far, in all datasets */
bool intake_full(const struct intake *in);   /* max_rows are there */
/* The file ends: decides about what waits. */
bool intake_end(struct intake *in, struct error *err);

#endif
