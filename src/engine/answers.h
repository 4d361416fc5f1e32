/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a model says of the rows of one part, and what is true of them. */
#ifndef ENGINE_ANSWERS_H
#define ENGINE_ANSWERS_H

#include "base/error.h"
#include "base/pool.h"
#include "data/encode.h"
#include "data/split.h"
#include "model/model.h"
#include "num/metrics.h"

struct answers {
    size_t n;
    float *predicted; /* (n, model_outputs) */
    float *truth;     /* (n) class numbers, or values in the target's own unit */
};

/* Rows of that part that have a target. */
size_t answers_count(const struct frame *f, const struct split *split, enum part part);
/* Their numbers, `count` as said by answers_count; caller frees. NULL: no memory. */
uint32_t *answers_rows(const struct frame *f, const struct split *split, enum part part,
                       size_t count);

/* What is true of n rows that have a target, as in struct answers. */
void answers_truth(const struct encoder *e, const struct frame *f, const uint32_t *rows,
                   size_t n, float *truth);

/* Refused: no such row, no memory. To be released in any case. */
bool answers_make(struct answers *a, struct model *m, struct pool *pool,
                  const struct frame *f, const struct split *split, enum part part,
                  enum fill fill, struct error *err);
void answers_done(struct answers *a);

/* The class that these probabilities speak for; of two classes on par the positive one. */
int answers_class(const struct encoder *e, const float *probabilities);

/* The loss is that of training: of a regression, the mean squared error of the
 * standardised target. */
struct metrics answers_measure(const struct answers *a, const struct encoder *e);

/* answers_make and answers_measure. */
bool answers_evaluate(struct answers *a, struct model *m, struct pool *pool,
                      const struct frame *f, const struct split *split, enum part part,
                      enum fill fill, struct metrics *out, struct error *err);
/* The same where only the metrics matter. */
bool model_evaluate(struct model *m, struct pool *pool, const struct frame *f,
                    const struct split *split, enum part part, enum fill fill,
                    struct metrics *out, struct error *err);

#endif
