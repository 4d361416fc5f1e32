/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows with known answers on which a model is tried again and again, each time with
 * something in them changed: noise, a column permuted, another value.
 */
#ifndef LENS_TRIAL_H
#define LENS_TRIAL_H

#include "lens/rows.h"
#include "num/metrics.h"

struct trial {
    struct rows rows;
    uint32_t *index;   /* (n) their numbers in the frame, ascending */
    size_t n;
    float *truth;      /* (n) class numbers, or values in the target's own unit */
    float *predicted;  /* (n, model_outputs) of the pass that goes on or ended last */
    size_t at;         /* rows predicted in this pass */
    struct frame slice; /* copies of some rows, which may be changed */
};

/* How far two predictions of a row are from each other, (outputs) each: of classes half
 * the sum of |p - p'|, the probability that changes hands; of a number |y - y'|. */
double trial_moved(const float *p, const float *q, size_t outputs, bool classes);

/* Changes rows that are about to be predicted, from number `from` of the trial on. */
typedef void trial_change(void *arg, struct frame *rows, size_t from);

void trial_init(struct trial *t, const struct rows_request *rows);
void trial_done(struct trial *t);

/* Finds the rows, at most `most` of them (0: all), picked by seed. STEP_DONE: they are
 * there. Refused: as rows_step, and where no row has a target. */
enum step trial_prepare(struct trial *t, size_t most, uint64_t seed, struct error *err);

/* Predicts a slice of the rows, which takes some milliseconds; change may be NULL.
 * STEP_DONE: all of them are; the next call begins a new pass. */
enum step trial_predict(struct trial *t, enum fill fill, trial_change *change, void *arg,
                        struct error *err);
/* Of the pass that ended. The loss of a regression is that of training. */
struct metrics trial_measure(const struct trial *t);

#endif
