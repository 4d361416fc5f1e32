/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/reader.h"

#include <stdlib.h>

#include "base/mem.h"

struct reader {
    char *path;
    struct load_options options; /* with texts of its own */
    struct loader *loader;
    struct dataset *data;
    double share;
    size_t rows;
};

struct reader *reader_new(const char *path, const struct load_options *options)
{
    struct reader *r = xcalloc(1, sizeof(*r));

    r->path = xstrdup(path);
    r->options = load_options_copy(options);
    return r;
}

enum step reader_step(struct reader *r, struct error *err)
{
    enum step step;

    if (!r->loader) {
        r->loader = loader_new(r->path, &r->options, err);
        return r->loader ? STEP_MORE : STEP_FAILED;
    }
    step = loader_step(r->loader, err);
    r->share = loader_progress(r->loader);
    r->rows = loader_rows(r->loader);
    if (step != STEP_DONE)
        return step;
    r->data = loader_finish(r->loader, err);
    r->loader = NULL;
    return r->data ? STEP_DONE : STEP_FAILED;
}

double reader_share(const struct reader *r)
{
    return r->share;
}

size_t reader_rows(const struct reader *r)
{
    return r->rows;
}

struct dataset *reader_take(struct reader *r)
{
    struct dataset *data = r->data;

    r->data = NULL;
    return data;
}

struct dataset *reader_take_piece(struct reader *r, struct error *err)
{
    return loader_take(r->loader, err);
}

size_t reader_waiting(const struct reader *r)
{
    return r->loader ? loader_waiting(r->loader) : 0;
}

void reader_free(struct reader *r)
{
    if (r->loader)
        loader_cancel(r->loader);
    if (r->data)
        dataset_unref(r->data);
    free(r->path);
    load_options_done(&r->options);
    free(r);
}
