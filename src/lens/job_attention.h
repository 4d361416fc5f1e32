/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job that looks at what attends to what over chosen rows of a table. */
#ifndef LENS_JOB_ATTENTION_H
#define LENS_JOB_ATTENTION_H

#include "engine/engine.h"
#include "lens/attention.h"
#include "lens/rows.h"

struct attention_job;

extern const struct job_type attention_job_type;

/* What is not asked for is NULL or 0. */
struct attention_request {
    struct rows_request rows;
    size_t row;          /* 1..: this one of the table alone */
    const char *class;   /* only rows of that class (copied, as is the next) */
    const char *against; /* less what rows of this class attend to */
    int layer, head;     /* as attention_read takes them */
    bool masking;        /* also the masking test, of ATTENTION_MASKED rows; the model
                            must predict something */
};

/* The masking test costs a prediction a column, so it looks at so many rows at most. */
enum { ATTENTION_MASKED = 2000 };

struct attention_job *attention_job_new(const struct attention_request *r);

const struct attention_request *attention_job_asked(const struct attention_job *j);

/* ---- after the end ---- */

/* Rows looked at, and those of the second class. */
size_t attention_job_rows(const struct attention_job *j);
size_t attention_job_against_rows(const struct attention_job *j);
/* The map of that layer and head (columns, columns), or the difference; caller frees. */
double *attention_job_map(const struct attention_job *j);
/* (columns) mean effect of masking; NULL: not asked. */
const double *attention_job_masking(const struct attention_job *j);
const char *attention_job_note(const struct attention_job *j);

#endif
