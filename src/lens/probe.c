/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/probe.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "num/metrics.h"

static bool check_classes(const struct probe *p, size_t n, struct error *err)
{
    if (p->folds < 2 || p->folds > PROBE_FOLDS_MOST)
        return error_set(err, ERROR_STATE, "%d folds: 2 to %d are possible", p->folds,
                         PROBE_FOLDS_MOST);
    for (int c = 0; c < p->classes; c++) {
        size_t rows = 0;

        for (size_t i = 0; i < n; i++)
            rows += p->class[i] == c;
        if (rows < (size_t)p->folds)
            return error_set(err, ERROR_STATE,
                             "too few rows of class %d for %d folds: %zu", c, p->folds,
                             rows);
    }
    return true;
}

/* Rows in an order by chance, each class dealt out to the folds in turn. */
static bool deal_out(struct probe *p, size_t n, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_SPLIT, 1);
    uint32_t *order = try_alloc(n, sizeof *order);

    if (!order)
        return false;
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(&r, order, n);
    for (int c = 0, next = 0; c < p->classes; c++)
        for (size_t i = 0; i < n; i++)
            if (p->class[order[i]] == c)
                p->fold_of[order[i]] = (unsigned char)(next++ % p->folds);
    free(order);
    return true;
}

static bool reserve(struct probe *p, size_t n)
{
    size_t classes = (size_t)p->classes;

    p->fold_of = try_alloc(n, 1);
    p->learned = try_alloc(n, 1);
    p->probability = try_alloc(n * classes, sizeof *p->probability);
    p->picked = try_alloc(n * classes, sizeof *p->picked);
    p->truth = try_alloc(n, sizeof *p->truth);
    return p->fold_of && p->learned && p->probability && p->picked && p->truth;
}

static bool begin_fold(struct probe *p, struct error *err)
{
    for (size_t i = 0; i < p->x.n; i++)
        p->learned[i] = p->fold_of[i] != p->fold;
    return logistic_init(&p->fit, &p->x, p->class, p->classes, p->learned, &p->options,
                         p->pool, err);
}

bool probe_init(struct probe *p, const float *x, size_t n, int d, const int *class,
                int classes, int folds, uint64_t seed, struct pool *pool,
                struct error *err)
{
    *p = (struct probe){.folds = folds, .classes = classes, .class = class, .pool = pool,
                        .options = logistic_defaults()};
    if (!check_classes(p, n, err))
        return false;
    if (!reserve(p, n) || !deal_out(p, n, seed))
        error_set(err, ERROR_MEMORY, "no memory for a probe of %zu rows", n);
    else if (design_init(&p->x, x, n, d, err) && begin_fold(p, err))
        return true;
    probe_done(p);
    return false;
}

void probe_done(struct probe *p)
{
    logistic_done(&p->fit);
    design_done(&p->x);
    free(p->fold_of);
    free(p->learned);
    free(p->probability);
    free(p->picked);
    free(p->truth);
}

static void end_fold(struct probe *p)
{
    size_t classes = (size_t)p->classes, n = 0;

    logistic_predict(&p->fit, p->probability);
    logistic_done(&p->fit);
    for (size_t i = 0; i < p->x.n; i++) {
        if (p->learned[i])
            continue;
        p->truth[n] = (float)p->class[i];
        for (size_t c = 0; c < classes; c++)
            p->picked[n * classes + c] = p->probability[i * classes + c];
        n++;
    }
    p->auc[p->fold++] = metrics_classification(p->picked, p->truth, n, p->classes).auc;
}

enum step probe_step(struct probe *p, struct error *err)
{
    if (p->fold == p->folds)
        return STEP_DONE;
    if (logistic_step(&p->fit) == STEP_MORE)
        return STEP_MORE;
    end_fold(p);
    if (p->fold == p->folds)
        return STEP_DONE;
    return begin_fold(p, err) ? STEP_MORE : STEP_FAILED;
}

double probe_auc(const struct probe *p, double *deviation)
{
    double mean = 0, square = 0;

    for (int f = 0; f < p->fold; f++)
        mean += p->auc[f] / p->fold;
    for (int f = 0; f < p->fold; f++)
        square += (p->auc[f] - mean) * (p->auc[f] - mean);
    if (deviation)
        *deviation = p->fold > 1 ? sqrt(square / (p->fold - 1)) : NAN;
    return p->fold > 0 ? mean : NAN;
}
