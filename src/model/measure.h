/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well a model answers what its pretext asks. */
#ifndef MODEL_MEASURE_H
#define MODEL_MEASURE_H

#include "model/corruption.h"
#include "num/metrics.h"

/* Rows index[0..n) of the frame, their cells hidden as CORRUPTION_VALID has it. Of *out
 * are set: rows; loss, the mean cross-entropy, and accuracy over the cells that are asked
 * for (MLM) or all (RTD); of RTD also auc, of a cell being replaced. The rest is NAN, as
 * is all of it where nothing was asked. False: no memory. */
bool pretext_measure(struct model *m, struct pool *pool, const struct corruption *c,
                     const struct frame *f, const uint32_t *index, size_t n,
                     struct metrics *out, struct error *err);

#endif
