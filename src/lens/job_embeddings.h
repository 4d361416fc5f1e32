/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that finds embeddings in context (lens/embeddings.h) of one layer, and writes
 * them to a file as they come: CSV, or TSV as projectors of embeddings take it, vectors
 * without a header in one file and what the points are in another.
 */
#ifndef LENS_JOB_EMBEDDINGS_H
#define LENS_JOB_EMBEDDINGS_H

#include "engine/engine.h"
#include "lens/embeddings.h"

struct embeddings_job;

extern const struct job_type embeddings_job_type;

struct embeddings_job_request {
    const char *run;      /* whose model it is, for people; copied */
    struct embeddings_request embeddings; /* first and last are the same layer */
    const char *path;     /* ends in .csv or .tsv; copied. NULL: nothing is written, the
                             embeddings stay with the job */
    const char *metadata; /* of TSV: the file that says what the points are; else NULL */
};

struct embeddings_job *embeddings_job_new(const struct embeddings_job_request *r);

/* "DIR/NAME.metadata.tsv" of "DIR/NAME.tsv"; NULL of CSV. Caller frees. */
char *embeddings_metadata_path(const char *path);

/* Rows looked at and in all (0: not yet known), as published. */
void embeddings_job_view(const struct embeddings_job *j, size_t *done, size_t *rows);

/* ---- after the end ---- */

const struct embeddings *embeddings_job_found(const struct embeddings_job *j);
const char *embeddings_job_run(const struct embeddings_job *j);
const char *embeddings_job_path(const struct embeddings_job *j);
const char *embeddings_job_metadata(const struct embeddings_job *j);

#endif
