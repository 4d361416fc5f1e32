/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A column of cells as they were read, byte for byte. Two ways of keeping them:
 * a dictionary (distinct texts once, a code of 1, 2 or 4 bytes a row) for columns
 * that repeat themselves, or plain (all texts one after another) for the others.
 * A column belongs to its dataset and does not change once that is made.
 */
#ifndef DATA_COLUMN_H
#define DATA_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct column;
struct missing;

struct cell {
    const char *text; /* not NUL-terminated; may hold any byte */
    uint32_t length;
};

/* Unique in its table, made visible-safe; the original name for export and matching. */
const char *column_name(const struct column *c);
struct cell column_original_name(const struct column *c);

size_t column_rows(const struct column *c);
struct cell column_cell(const struct column *c, size_t row);

/* True for a cell that the table's missing marks name. */
bool column_missing(const struct column *c, size_t row);

/* Distinct texts if the column has a dictionary, else 0. */
size_t column_dictionary_size(const struct column *c);
/* The dictionary's texts, code 0.. in order of first appearance. */
struct cell column_dictionary_cell(const struct column *c, size_t code);
bool column_dictionary_missing(const struct column *c, size_t code);
/* The row's code; only for columns with a dictionary. */
uint32_t column_code(const struct column *c, size_t row);

/* Bytes of memory that the column takes. */
size_t column_bytes(const struct column *c);

/*
 * Building, for the loader. A column begins with a dictionary and turns plain by itself
 * when too many of its texts are distinct. Cells are kept in chunks of 65,536 rows, so
 * that growing never holds two copies of the column. After column_freeze nothing may be
 * appended.
 */
struct column *column_new(void); /* NULL: no memory */
void column_free(struct column *c);
/* False: no memory. */
bool column_append(struct column *c, const char *text, uint32_t length);
/* Copies the names; `missing` is kept and must outlive the column. False: no memory. */
bool column_freeze(struct column *c, const char *name, struct cell original,
                   const struct missing *missing);

#endif
