/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job_load.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/infer.h"
#include "engine/reader.h"

struct load_job {
    struct reader *reader;
    struct dataset *data;
    struct infer *infer;
    struct schema *schema;
    double share; /* published */
    size_t rows;
};

struct load_job *load_job_new(const char *path, const struct load_options *options)
{
    struct load_job *j = xcalloc(1, sizeof(*j));

    j->reader = reader_new(path, options);
    return j;
}

static enum step guess(struct load_job *j, struct error *err)
{
    enum step step;

    if (!j->infer)
        j->infer = infer_new(j->data);
    step = infer_step(j->infer, err);
    if (step == STEP_DONE) {
        j->schema = infer_finish(j->infer);
        j->infer = NULL;
    }
    return step;
}

/* Slices: block by block of the file; then guess the kinds column by column. */
static enum step run(void *work, struct error *err)
{
    struct load_job *j = work;
    enum step step;

    if (j->data)
        return guess(j, err);
    step = reader_step(j->reader, err);
    if (step != STEP_DONE)
        return step;
    j->data = reader_take(j->reader);
    return STEP_MORE;
}

static void publish(void *work)
{
    struct load_job *j = work;

    j->share = reader_share(j->reader);
    j->rows = reader_rows(j->reader);
}

static void release(void *work)
{
    struct load_job *j = work;

    if (j->infer)
        infer_cancel(j->infer);
    if (j->data)
        dataset_unref(j->data);
    if (j->schema)
        schema_free(j->schema);
    reader_free(j->reader);
    free(j);
}

const struct job_type load_job_type = {
    .name = "load",
    .run = run,
    .publish = publish,
    .free = release,
};

void load_job_view(const struct load_job *j, double *share, size_t *rows)
{
    *share = j->share;
    *rows = j->rows;
}

void load_job_take(struct load_job *j, struct dataset **data, struct schema **schema)
{
    *data = j->data;
    *schema = j->schema;
    j->data = NULL;
    j->schema = NULL;
}
