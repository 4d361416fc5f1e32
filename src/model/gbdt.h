/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gradient boosted trees (Friedman, "Greedy Function Approximation: A Gradient Boosting
 * Machine", Annals of Statistics 2001): each tree answers to what the sum of those before
 * it leaves, and the sum is what other models call logits. The trees are grown by XGBoost
 * (model/grower.h).
 *
 * Trees take columns as they are: the class of a categorical column is a category, without
 * any vector; a missing cell is missing, and so is one of a class that no training row has.
 * A column that is the same wherever it is not missing is a number, 1 where it is. Of
 * continuous columns they only see the order, so that scaling does not matter to them;
 * of a column that is there twice (data.scaling both) they see the first.
 */
#ifndef MODEL_GBDT_H
#define MODEL_GBDT_H

#include "base/pool.h"
#include "data/encode.h"
#include "model/forest.h"

struct gbdt {
    int n_features, n_categorical, outputs;
    int *categories;  /* (features) classes of a categorical feature, 0: a number */
    bool *other;      /* (categorical) the last class, others, was there in training */
    int *continuous;  /* (features - categorical) the encoder's number of it */
    int *missing;     /* likewise, the feature that is 1 where that is missing; or -1 */
    struct forest *forest;
};

/* No trees yet. */
struct gbdt *gbdt_new(const struct encoder *e);
void gbdt_free(struct gbdt *g); /* NULL: nothing */

/* codes (rows, categorical) and values (rows, continuous) of a frame -> x (rows,
 * features), NAN where missing */
void gbdt_inputs(const struct gbdt *g, const struct encoder *e, const int32_t *codes,
                 const float *values, size_t rows, float *x);
/* x -> logits (rows, outputs) */
void gbdt_logits(const struct gbdt *g, struct pool *pool, const float *x, size_t rows,
                 float *logits);
/* Splits of trees and answers of leaves. */
size_t gbdt_parameters(const struct gbdt *g);
/* What growing trees from so many rows takes: each cell as a number twice, as XGBoost's
 * entry and its bin, logits and derivatives. */
size_t gbdt_training_bytes(const struct encoder *e, size_t rows);

#endif
