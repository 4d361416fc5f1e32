/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job that measures a trained model on one part of a table. */
#ifndef ENGINE_JOB_SCORE_H
#define ENGINE_JOB_SCORE_H

#include "base/pool.h"
#include "data/split.h"
#include "engine/diagnosis.h"
#include "engine/engine.h"
#include "model/model.h"
#include "num/metrics.h"

struct score_job;

extern const struct job_type score_job_type;

/* Data is referenced, the schema copied; the model outlives the job. The split is made
 * again from its options, so that it is the one of training where table and options
 * are. */
struct score_job *score_job_new(struct model *m, struct dataset *data,
                                const struct schema *schema,
                                const struct split_options *split, enum part part,
                                enum fill fill, struct pool *pool);

/* After the end. */
struct metrics score_job_metrics(const struct score_job *j);
/* Epoch 0; valid as long as the job. */
const struct diagnosis *score_job_diagnosis(const struct score_job *j);
enum part score_job_part(const struct score_job *j);
/* What a person should know, one sentence a line. */
const char *score_job_note(const struct score_job *j);

#endif
