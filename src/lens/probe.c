/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/probe.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "num/metrics.h"

static bool check_folds(int folds, struct error *err)
{
    return (folds >= 2 && folds <= PROBE_FOLDS_MOST)
        || error_set(err, ERROR_STATE, "%d folds: 2 to %d are possible", folds,
                     PROBE_FOLDS_MOST);
}

static bool check_classes(const struct probe *p, size_t n, struct error *err)
{
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

/* A fold of one row has no spread that something could be told of. */
static bool check_rows(const struct probe *p, size_t n, struct error *err)
{
    return n / 2 >= (size_t)p->folds
        || error_set(err, ERROR_STATE, "too few rows for %d folds: %zu", p->folds, n);
}

/* Rows in an order by chance, dealt out to the folds in turn, class by class. */
static bool deal_out(struct probe *p, size_t n, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_SPLIT, 1);
    uint32_t *order = try_alloc(n, sizeof *order);

    if (!order)
        return false;
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(&r, order, n);
    for (int c = 0, next = 0; c == 0 || c < p->classes; c++)
        for (size_t i = 0; i < n; i++)
            if (!p->class || p->class[order[i]] == c)
                p->fold_of[order[i]] = (unsigned char)(next++ % p->folds);
    free(order);
    return true;
}

static size_t outputs_of(const struct probe *p)
{
    return p->class ? (size_t)p->classes : 1;
}

static bool reserve(struct probe *p, size_t n)
{
    p->fold_of = try_alloc(n, 1);
    p->learned = try_alloc(n, 1);
    p->predicted = try_alloc(n * outputs_of(p), sizeof *p->predicted);
    p->picked = try_alloc(n * outputs_of(p), sizeof *p->picked);
    p->truth = try_alloc(n, sizeof *p->truth);
    return p->fold_of && p->learned && p->predicted && p->picked && p->truth;
}

static bool begin_fold(struct probe *p, struct error *err)
{
    for (size_t i = 0; i < p->x.n; i++)
        p->learned[i] = p->fold_of[i] != p->fold;
    if (p->class)
        return logistic_init(&p->fit, &p->x, p->class, p->classes, p->learned,
                             &p->options, p->pool, err);
    ridge_fit(&p->ridge, p->learned);
    return true;
}

/* Of p the folds, the pool and what is to be told are set. */
static bool begin(struct probe *p, const float *x, size_t n, int d, uint64_t seed,
                  struct error *err)
{
    p->options = logistic_defaults();
    if (!reserve(p, n) || !deal_out(p, n, seed))
        error_set(err, ERROR_MEMORY, "no memory for a probe of %zu rows", n);
    else if (design_init(&p->x, x, n, d, err)
             && (p->class || ridge_init(&p->ridge, &p->x, p->value, p->options.strength,
                                        p->pool, err))
             && begin_fold(p, err))
        return true;
    probe_done(p);
    return false;
}

bool probe_init(struct probe *p, const float *x, size_t n, int d, const int *class,
                int classes, int folds, uint64_t seed, struct pool *pool,
                struct error *err)
{
    *p = (struct probe){.folds = folds, .classes = classes, .class = class, .pool = pool};
    return check_folds(folds, err) && check_classes(p, n, err)
        && begin(p, x, n, d, seed, err);
}

bool probe_init_number(struct probe *p, const float *x, size_t n, int d,
                       const float *value, int folds, uint64_t seed, struct pool *pool,
                       struct error *err)
{
    *p = (struct probe){.folds = folds, .value = value, .pool = pool};
    return check_folds(folds, err) && check_rows(p, n, err)
        && begin(p, x, n, d, seed, err);
}

void probe_done(struct probe *p)
{
    logistic_done(&p->fit);
    ridge_done(&p->ridge);
    design_done(&p->x);
    free(p->fold_of);
    free(p->learned);
    free(p->predicted);
    free(p->picked);
    free(p->truth);
}

/* The fold's rows beside each other; returns how many. */
static size_t pick_fold(struct probe *p)
{
    size_t outputs = outputs_of(p), n = 0;

    for (size_t i = 0; i < p->x.n; i++) {
        if (p->learned[i])
            continue;
        p->truth[n] = p->class ? (float)p->class[i] : p->value[i];
        for (size_t c = 0; c < outputs; c++)
            p->picked[n * outputs + c] = p->predicted[i * outputs + c];
        n++;
    }
    return n;
}

static void end_fold(struct probe *p)
{
    double *score = &p->score[p->fold++];
    size_t n;

    if (p->class) {
        logistic_predict(&p->fit, p->predicted);
        logistic_done(&p->fit);
    } else {
        ridge_predict(&p->ridge, p->predicted);
    }
    n = pick_fold(p);
    *score = p->class ? metrics_classification(p->picked, p->truth, n, p->classes).auc
                      : metrics_regression(p->picked, p->truth, n).r2;
}

enum step probe_step(struct probe *p, struct error *err)
{
    enum step step;

    if (p->fold == p->folds)
        return STEP_DONE;
    step = p->class ? logistic_step(&p->fit) : ridge_step(&p->ridge);
    if (step == STEP_MORE)
        return STEP_MORE;
    end_fold(p);
    if (p->fold == p->folds)
        return STEP_DONE;
    return begin_fold(p, err) ? STEP_MORE : STEP_FAILED;
}

double probe_score(const struct probe *p, double *deviation)
{
    double mean = 0, square = 0;

    for (int f = 0; f < p->fold; f++)
        mean += p->score[f] / p->fold;
    for (int f = 0; f < p->fold; f++)
        square += (p->score[f] - mean) * (p->score[f] - mean);
    if (deviation)
        *deviation = p->fold > 1 ? sqrt(square / (p->fold - 1)) : NAN;
    return p->fold > 0 ? mean : NAN;
}
