/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A cell as a number: plain decimal notation under the column's decimal sign, blanks
 * around it allowed. Not taken: group marks, percent and money signs, hexadecimal, 1_000,
 * other digits than 0-9; and what would lose its meaning as a number, leading zeros
 * (007, but 0.7 is one) and whole numbers beyond 2^53, which are names.
 */
#ifndef DATA_NUMBER_H
#define DATA_NUMBER_H

#include <stdbool.h>

#include "data/column.h"

enum number {
    NUMBER_NONE,      /* text, or nothing */
    NUMBER_FINITE,
    NUMBER_NONFINITE, /* inf, -Infinity, nan, NAN(0x7), 1.#INF, 1e400: no value */
};

/* *out is set for NUMBER_FINITE only. decimal: '.' or ','. */
enum number number_read(struct cell cell, int decimal, double *out);

/* True for NUMBER_FINITE. */
bool number_parse(struct cell cell, int decimal, double *out);

#endif
