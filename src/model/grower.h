/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growing trees by XGBoost (Chen, Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD
 * 2016) with histograms, categories and missing cells as it has them. Nothing of it is kept
 * between two rounds but the rows: each round a booster of its own takes derivatives and
 * gives its trees away. So a training that goes on grows the same trees as one that was
 * never interrupted; and since the derivatives are multiples of 2^-24, sums of them in
 * XGBoost's histograms are exact and do not depend on how many threads make them.
 *
 * XGBoost's library is loaded when the first grower is made: a program without one needs no
 * library, and starts as fast as ever.
 */
#ifndef MODEL_GROWER_H
#define MODEL_GROWER_H

#include "model/gbdt.h"
#include "model/model.h"

struct grower;

/* Which XGBoost this program was built with, "1.7.4"; NULL: without. */
const char *grower_version(void);

/* Takes a copy of x (rows, features), as gbdt_inputs makes it. NULL and a sentence: the
 * program was built without XGBoost, its library is not there, no memory. */
struct grower *grower_new(const struct gbdt *g, const struct model_options *o,
                          const float *x, size_t rows, int threads, uint64_t seed,
                          struct error *err);
void grower_free(struct grower *g); /* NULL: nothing */

/* First and second derivative of the loss by each logit (rows, outputs), multiples of
 * 2^-24; rows whose are 0 do not count. Adds a tree for each output to f, whose answers
 * are `lr` of a full step. False with a sentence: XGBoost refuses; then f may have to be
 * cut. */
bool grower_round(struct grower *g, struct forest *f, double lr, const float *first,
                  const float *second, struct error *err);

#endif
