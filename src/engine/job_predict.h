/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that predicts the rows of a file or of standard input: it reads some thousand
 * rows, encodes their columns by name as the model's encoder says, and writes the cells
 * as they were read and, at the right, the predictions; then the next. So a table may be
 * larger than memory, and what is predicted does not depend on how it was cut.
 *
 *     classes       prediction, then p(POSITIVE), or p(CLASS) of every class beyond two
 *     regression    prediction, in the target's own unit
 */
#ifndef ENGINE_JOB_PREDICT_H
#define ENGINE_JOB_PREDICT_H

#include "base/pool.h"
#include "data/dataset.h"
#include "engine/engine.h"
#include "model/model.h"

struct predict_request {
    struct model *model;
    struct pool *pool;
    const char *in, *out; /* "-": standard input, standard output */
    const struct load_options *options;
    enum fill fill;
};

struct predict_job;

extern const struct job_type predict_job_type;

/* Everything is copied but model and pool, which outlive the job. */
struct predict_job *predict_job_new(const struct predict_request *r);

/* What is published: share of the whole, NAN where nobody knows it; rows written. */
void predict_job_view(const struct predict_job *j, double *share, size_t *rows);

/* After the end. */
size_t predict_job_rows(const struct predict_job *j);
size_t predict_job_unseen(const struct predict_job *j); /* cells of a class not known */
const char *predict_job_out(const struct predict_job *j);
/* What a person should know, one sentence a line. */
const char *predict_job_note(const struct predict_job *j);
/* The last rows; knows how the table was read, and what was repaired in all of it. */
const struct dataset *predict_job_data(const struct predict_job *j);

#endif
