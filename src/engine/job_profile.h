/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job that profiles the columns of a table, one after another. */
#ifndef ENGINE_JOB_PROFILE_H
#define ENGINE_JOB_PROFILE_H

#include "data/profile.h"
#include "data/schema.h"
#include "engine/engine.h"

struct profile_job;

extern const struct job_type profile_job_type;

/* Shares the data and copies the schema, of which the target counts. */
struct profile_job *profile_job_new(struct dataset *data, const struct schema *schema);

/* How many values of each column are listed, so that a table of very many columns stays
 * small beside its data. */
size_t profile_job_values(int n_columns);

/* Under engine_look, or after the end: what is looked at, and the target as
 * schema_target_key says. They never change. */
const struct dataset *profile_job_data(const struct profile_job *j);
const char *profile_job_target(const struct profile_job *j);

/* Under engine_look, or after the end: puts the profiles that were finished since the
 * last time into places[column], where they replace others. */
void profile_job_take(struct profile_job *j, struct profile **places);
/* Columns that are finished. */
int profile_job_done(const struct profile_job *j);

#endif
