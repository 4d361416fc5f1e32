/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of a table that a job of the lens looks at: split as in training and encoded as
 * the model's encoder says, in slices of the job.
 */
#ifndef LENS_ROWS_H
#define LENS_ROWS_H

#include "base/pool.h"
#include "base/step.h"
#include "base/str.h"
#include "data/encode.h"
#include "data/split.h"
#include "model/model.h"

struct rows_request {
    struct model *model;         /* referenced */
    struct pool *pool;           /* outlives the rows */
    struct dataset *data;        /* referenced */
    const struct schema *schema; /* copied; for the split */
    struct split_options split;
    enum part part;              /* PART_NONE: all rows, and no split is made */
};

struct rows {
    struct rows_request asked; /* model, data and schema are its own */
    bool targets;              /* the frame has the targets of the rows, too */
    struct split *split;       /* NULL: all rows */
    struct frame *frame;       /* of the whole table */
    struct str note;           /* what a person should know, one sentence a line */
};

void rows_init(struct rows *r, const struct rows_request *asked, bool targets);
void rows_done(struct rows *r);

/* STEP_DONE: the frame is there. Refused: a part that would be empty, a column that the
 * model needs and the table has not, no memory. */
enum step rows_step(struct rows *r, struct error *err);

/* Numbers of the rows of the part in the frame, n of them (at least one); class >= 0:
 * only rows of that class. The caller frees. NULL: there is none, or no memory. */
uint32_t *rows_pick(const struct rows *r, int class, size_t *n, struct error *err);

/* The number of a class of the model's target; -1 and a sentence that names the classes. */
int rows_find_class(const struct rows *r, const char *text, struct error *err);

#endif
