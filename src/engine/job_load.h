/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job that reads a table and guesses its schema. */
#ifndef ENGINE_JOB_LOAD_H
#define ENGINE_JOB_LOAD_H

#include <stddef.h>

#include "data/dataset.h"
#include "data/schema.h"
#include "engine/engine.h"

struct load_job;

extern const struct job_type load_job_type;

/* Everything is copied. */
struct load_job *load_job_new(const char *path, const struct load_options *options);

/* What is published: share of the file, and rows so far. */
void load_job_view(const struct load_job *j, double *share, size_t *rows);

/* After the end, for whoever collected it: hands over what was read (once). */
void load_job_take(struct load_job *j, struct dataset **data, struct schema **schema);

#endif
