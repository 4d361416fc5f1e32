/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Without XGBoost no tree is grown; those of model files are asked all the same. */
#include "model/grower.h"

const char *grower_version(void)
{
    return NULL;
}

struct grower *grower_new(const struct gbdt *g, const struct model_options *o,
                          const float *x, size_t rows, int threads, uint64_t seed,
                          struct error *err)
{
    (void)g;
    (void)o;
    (void)x;
    (void)rows;
    (void)threads;
    (void)seed;
    error_set(err, ERROR_STATE, "this tabscope was built without XGBoost and grows no "
              "trees: install libxgboost-dev and build it again, or choose another "
              "model.kind");
    return NULL;
}

void grower_free(struct grower *g)
{
    (void)g;
}

bool grower_round(struct grower *g, struct forest *f, double lr, const float *first,
                  const float *second, struct error *err)
{
    (void)g;
    (void)f;
    (void)lr;
    (void)first;
    (void)second;
    return error_set(err, ERROR_STATE, "there is no XGBoost");
}
