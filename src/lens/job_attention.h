/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job that looks at what attends to what over chosen rows of a table. */
#ifndef LENS_JOB_ATTENTION_H
#define LENS_JOB_ATTENTION_H

#include "engine/engine.h"
#include "lens/rows.h"
#include "lens/sight.h"

struct attention_job;

extern const struct job_type attention_job_type;

/* What is not asked for is NULL or 0. Texts are copied. */
struct attention_request {
    struct rows_request rows;
    const struct rows_request *less; /* the same of another model, which is subtracted; it
                                        has to have the same columns, layers and heads */
    size_t row;             /* 1..: this one of the table alone, */
    char *const *cells;     /* (n_cells) with these in place of its own: COLUMN=VALUE */
    size_t n_cells;
    const char *class;      /* only rows of that class */
    const char *less_class; /* less what rows of this class attend to */
    bool masking;           /* also the masking test, of ATTENTION_MASKED rows; the model
                               must predict something */
};

/* The masking test costs a prediction a column, so it looks at so many rows at most. */
enum { ATTENTION_MASKED = 2000 };

struct attention_job *attention_job_new(const struct attention_request *r);

/* What was found, once the job is done; the caller frees it. */
struct sight *attention_job_take(struct attention_job *j);

#endif
