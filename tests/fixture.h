/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An untrained small model of a table, for jobs that look inside one. */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include "lens/rows.h"
#include "subject.h"

enum { FIXTURE_DIM = 8, FIXTURE_HEADS = 2 };

struct fixture {
    struct subject s;
    struct pool *pool;
    struct model *model;
};

/* Takes over the table; weight may be NULL. */
static inline struct fixture fixture_of(struct dataset *data, const char *target,
                                        const char *weight, int layers,
                                        uint64_t seed, int threads)
{
    struct fixture f = {.s = subject_new(data, target, weight)};
    struct model_options o = model_defaults();
    struct error err = {0};

    o.dim = FIXTURE_DIM;
    o.layers = layers;
    o.heads = FIXTURE_HEADS;
    o.head_cap = 16;
    f.pool = pool_new(threads, &err);
    f.model = model_new(&o, f.s.encoder, seed, &err);
    if (!check(f.pool && f.model))
        exit(1);
    return f;
}

static inline void fixture_done(struct fixture *f)
{
    model_unref(f->model);
    pool_free(f->pool);
    subject_done(&f->s);
}

/* Rows of a part as a job is asked for them. */
static inline struct rows_request fixture_rows(const struct fixture *f, enum part part)
{
    return (struct rows_request){.model = f->model, .pool = f->pool, .data = f->s.data,
                                 .schema = f->s.schema, .split = split_defaults(),
                                 .part = part};
}

#endif
