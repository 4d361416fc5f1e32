/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that predicts the rows of a file: it reads the table, encodes its columns by
 * name as the model's encoder says, and writes a CSV of the cells as they were read and,
 * at the right, the predictions:
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

struct predict_job;

extern const struct job_type predict_job_type;

/* Everything is copied but the model, which outlives the job. */
struct predict_job *predict_job_new(struct model *m, const char *path, const char *out,
                                    const struct load_options *options,
                                    struct pool *pool);

/* What is published: share of the whole. */
double predict_job_share(const struct predict_job *j);

/* After the end. */
size_t predict_job_rows(const struct predict_job *j);
size_t predict_job_unseen(const struct predict_job *j); /* cells of a class not known */
const char *predict_job_out(const struct predict_job *j);
/* What a person should know, one sentence a line. */
const char *predict_job_note(const struct predict_job *j);

#endif
