/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guess of every column's kind, with its reason. Works over all rows (distinct values and
 * numeric share are exact), not a sample.
 */
#ifndef DATA_INFER_H
#define DATA_INFER_H

#include "data/dataset.h"
#include "data/schema.h"

/* The guessed schema, without a target. Caller frees. */
struct schema *infer_schema(const struct dataset *d);

/* A cell as a number under the column's decimal sign: plain decimal notation, group marks,
 * percent or money signs are not taken. False for text and missing; overflow and
 * non-finite words are not numbers. */
bool infer_number(struct cell cell, int decimal, double *out);

/* The fields of a date or time that a cell holds (ISO 8601 "2018-01-28", "2018-01-28
 * 14:05:00", "28.01.2018", "01/28/2018", "28/01/2018", "14:05"). */
struct datetime {
    int year, month, day, hour, minute, second; /* -1: not given */
};
enum datetime_form { DATETIME_NONE, DATETIME_ISO, DATETIME_DMY, DATETIME_MDY, DATETIME_TIME };
/* The one form that all non-missing cells of the column agree with, or NONE. */
enum datetime_form infer_datetime_form(const struct column *c);
bool infer_datetime(struct cell cell, enum datetime_form form, struct datetime *out);

#endif
