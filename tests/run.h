/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model in training, and what it takes. */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include "base/pool.h"
#include "engine/trainer.h"
#include "subject.h"

struct run {
    struct pool *pool;
    struct model *model;
    struct trainer *trainer; /* NULL: refused, err says why */
    struct error err;
};

/* Takes the model over; NULL: it was refused already, for the reason in *err. */
static inline struct run run_start(struct model *m, const struct subject *s,
                                   const struct train_options *o, int threads,
                                   const struct error *err)
{
    struct run r = {.model = m, .err = *err};

    r.pool = pool_new(threads, &r.err);
    if (m)
        r.trainer = trainer_new(m, s->frame, s->split, o, r.pool, &r.err);
    return r;
}

static inline void run_done(struct run *r)
{
    trainer_free(r->trainer);
    model_unref(r->model);
    pool_free(r->pool);
}

/* So many slices, or (-1) to the end. Ends the program where there is no trainer. */
static inline void run_train(struct run *r, int slices)
{
    enum step step = STEP_MORE;

    if (!check(r->trainer != NULL)) {
        printf("# %s\n", r->err.text);
        exit(99);
    }
    for (int i = 0; i != slices && step == STEP_MORE; i++)
        step = trainer_step(r->trainer, &r->err);
    if (!check(step != STEP_FAILED))
        printf("# %s\n", r->err.text);
}

#endif
