/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the masks of a TabNet choose (model/tabnet.h): which share of its attention each
 * feature of a row has. A step counts by what it brings into the sum that decides: eta,
 * the sum of its decision features where they are above 0 (arXiv 1908.07442, section 3).
 * The aggregated mask of a row is the sum over the steps of eta M, divided by its own sum.
 *
 * Only on the thread that the model and the pool belong to.
 */
#ifndef LENS_MASKS_H
#define LENS_MASKS_H

#include "base/pool.h"
#include "data/encode.h"
#include "lens/input.h"
#include "model/model.h"

/* Rows that go through at once. */
#define MASKS_ROWS 256

struct masks;

/* Of a TabNet. Model and pool outlive it. NULL: no memory. */
struct masks *masks_new(struct model *m, struct pool *pool, struct error *err);
void masks_free(struct masks *k);

int masks_steps(const struct masks *k);
int masks_features(const struct masks *k); /* numbers of a mask */

/* Sends rows index[0..n) of the frame through, n at most MASKS_ROWS. */
void masks_look(struct masks *k, const struct frame *f, const uint32_t *index, size_t n);
/* Of the rows looked at, (rows, features): of step 1.., and aggregated; there a row that
 * no step brings anything for is all 0. */
const float *masks_step(const struct masks *k, int step);
const float *masks_aggregated(const struct masks *k);

/* What of a mask (features) belongs to that column, in all: a category's numbers, and
 * each number that comes of it. */
double masks_share(const struct masks *k, const float *mask, const struct input *column);

#endif
