/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guess of every column's kind, with its reason. Works over all rows (distinct values
 * and numeric share are exact), not a sample, but looks at each distinct text once.
 *
 * The rules, first match wins:
 *   nothing but missing cells, or one value everywhere         ignore
 *   equal to a column further left                             ignore
 *   numbers (at least 95 % of the cells and 90 % of the distinct texts, or
 *   99.5 % of the cells; odd ones are missing)
 *     every row another whole number, as row numbers and ids   ignore
 *     two values; or signs -1, 0, 1                            categorical
 *     whole numbers in a column whose name calls them a code
 *     (its last word is id, code, type, class, mode, month...) categorical
 *     any other                                                continuous
 *   dates or times in one form (at least 95 % of the cells)    datetime
 *   texts
 *     every row another                                        ignore
 *     more than 50, each in fewer than five rows               ignore
 *     any other, numbers with leading zeros among them         categorical
 */
#ifndef DATA_INFER_H
#define DATA_INFER_H

#include "base/step.h"
#include "data/dataset.h"
#include "data/schema.h"

/* The guessed schema, without a target. Caller frees. NULL: no memory. */
struct schema *infer_schema(const struct dataset *d);

/* Reads the numbers of a column under another decimal sign: its decimal, numeric, min,
 * max, mean and deviation. False: no memory. */
bool infer_decimal(const struct dataset *d, int column, int decimal,
                   struct schema_column *out);

/* infer_schema in slices of some ms. d must outlive it. FAILED: no memory, still to be
 * cancelled. */
struct infer;
struct infer *infer_new(const struct dataset *d);
enum step infer_step(struct infer *f, struct error *err);
/* After DONE. Frees f. */
struct schema *infer_finish(struct infer *f);
void infer_cancel(struct infer *f);

#endif
