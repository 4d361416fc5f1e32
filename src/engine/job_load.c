/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job_load.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/infer.h"

struct load_job {
    char *path, *missing, *encoding;
    struct load_options options;
    struct loader *loader;
    struct dataset *data;
    struct infer *infer;
    struct schema *schema;
    double share; /* published */
    size_t rows;
};

struct load_job *load_job_new(const char *path, const struct load_options *options)
{
    struct load_job *j = xcalloc(1, sizeof(*j));

    j->path = xstrdup(path);
    j->options = *options;
    if (options->missing)
        j->options.missing = j->missing = xstrdup(options->missing);
    if (options->encoding)
        j->options.encoding = j->encoding = xstrdup(options->encoding);
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

/* Slices: look at the file; block by block; freeze; guess the kinds column by column. */
static enum step run(void *work, struct error *err)
{
    struct load_job *j = work;
    enum step step;

    if (j->data)
        return guess(j, err);
    if (!j->loader) {
        j->loader = loader_new(j->path, &j->options, err);
        return j->loader ? STEP_MORE : STEP_FAILED;
    }
    step = loader_step(j->loader, err);
    if (step != STEP_DONE)
        return step;
    j->data = loader_finish(j->loader, err);
    j->loader = NULL;
    return j->data ? STEP_MORE : STEP_FAILED;
}

static void publish(void *work)
{
    struct load_job *j = work;

    if (j->loader) {
        j->share = loader_progress(j->loader);
        j->rows = loader_rows(j->loader);
    }
}

static void release(void *work)
{
    struct load_job *j = work;

    if (j->loader)
        loader_cancel(j->loader);
    if (j->infer)
        infer_cancel(j->infer);
    if (j->data)
        dataset_unref(j->data);
    if (j->schema)
        schema_free(j->schema);
    free(j->path);
    free(j->missing);
    free(j->encoding);
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
