/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows go into strata (classes, or tenths of a regression target), each stratum is
 * shuffled with its own random numbers, and its rows are dealt out in that order. So the
 * rows of one class keep their places whatever happens to the others.
 */
#include "data/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/target.h"

enum { TENTHS = 10 };

static const char *const part_names[PARTS] = {"none", "train", "unlabeled", "valid",
                                              "test"};

struct split_options split_defaults(void)
{
    return (struct split_options){
        .train = 65, .valid = 15, .test = 20, .seed = 1, .labeled = -1};
}

const char *part_name(enum part part)
{
    return part_names[part];
}

bool part_parse(const char *text, enum part *part)
{
    for (int i = 0; i < PARTS; i++) {
        if (strcmp(part_names[i], text) == 0) {
            *part = (enum part)i;
            return true;
        }
    }
    return false;
}

static bool is_share(double x)
{
    return isfinite(x) && x >= 0 && x <= 1e9;
}

bool split_check(const struct split_options *o, struct error *err)
{
    if (!is_share(o->train) || !is_share(o->valid) || !is_share(o->test))
        return error_set(err, ERROR_USAGE,
                         "shares of a split are numbers from 0, not %g, %g and %g",
                         o->train, o->valid, o->test);
    if (o->train == 0)
        return error_set(err, ERROR_USAGE, "a split needs a training share above 0");
    if (o->folds != 0 && (o->folds < 2 || o->folds > 1000))
        return error_set(err, ERROR_USAGE, "folds are 2 to 1000 (or 0 for none), not %d",
                         o->folds);
    if (o->folds > 0 && (o->fold < 0 || o->fold >= o->folds))
        return error_set(err, ERROR_USAGE, "the fold is 0 to %d, not %d", o->folds - 1,
                         o->fold);
    if (o->labeled == 0 || o->labeled < -1)
        return error_set(err, ERROR_USAGE,
                         "the number of labeled rows is at least 1, not %ld", o->labeled);
    return true;
}

/* ---- strata ---- */

struct strata {
    int n;
    uint32_t *rows;  /* all rows with a target, stratum after stratum */
    size_t *begin;   /* (n + 1) places in rows */
};

static void strata_done(struct strata *s)
{
    free(s->rows);
    free(s->begin);
}

struct place {
    double value;
    uint32_t row;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->value != y->value)
        return (x->value > y->value) - (x->value < y->value);
    return (x->row > y->row) - (x->row < y->row);
}

static bool cut_tenths(struct strata *s, const struct target *t)
{
    struct place *places = try_alloc(t->rows, sizeof *places);
    size_t n = 0;

    if (!places)
        return false;
    for (size_t row = 0; row < t->rows; row++)
        if (!isnan(t->value[row]))
            places[n++] = (struct place){t->value[row], (uint32_t)row};
    qsort(places, n, sizeof *places, compare_places);
    for (size_t i = 0; i < n; i++)
        s->rows[i] = places[i].row;
    for (int k = 0; k <= TENTHS; k++)
        s->begin[k] = n * (size_t)k / TENTHS;
    free(places);
    return true;
}

/* Counting sort by class; without a target all rows are one class. */
static void group_classes(struct strata *s, const struct target *t)
{
    for (size_t row = 0; row < t->rows; row++)
        if (target_known(t, row))
            s->begin[(t->class_of ? t->class_of[row] : 0) + 1]++;
    for (int k = 0; k < s->n; k++)
        s->begin[k + 1] += s->begin[k];
    for (size_t row = 0; row < t->rows; row++)
        if (target_known(t, row))
            s->rows[s->begin[t->class_of ? t->class_of[row] : 0]++] = (uint32_t)row;
    for (int k = s->n; k > 0; k--)
        s->begin[k] = s->begin[k - 1];
    s->begin[0] = 0;
}

static bool strata_init(struct strata *s, const struct target *t, uint64_t seed)
{
    s->n = t->value ? TENTHS : t->class_of ? t->n_classes : 1;
    s->rows = try_alloc(t->rows, sizeof *s->rows);
    s->begin = try_calloc((size_t)s->n + 1, sizeof *s->begin);
    if (!s->rows || !s->begin)
        return false;
    if (!t->value)
        group_classes(s, t);
    else if (!cut_tenths(s, t))
        return false;
    for (int k = 0; k < s->n; k++) {
        struct rng rng = rng_make(seed, RNG_SPLIT, (uint64_t)k);

        rng_shuffle(&rng, s->rows + s->begin[k], s->begin[k + 1] - s->begin[k]);
    }
    return true;
}

/* ---- dealing ---- */

enum { DEALT = 3 }; /* training, validation, test */

static const enum part dealt_parts[DEALT] = {PART_TRAIN, PART_VALID, PART_TEST};

/* Shares of what is dealt, and how many rows each part should and does have by now. */
struct dealer {
    double share[DEALT];
    double due[DEALT];
    size_t given[DEALT];
};

static struct dealer dealer_make(double train, double valid, double test)
{
    double sum = train + valid + test;

    return (struct dealer){.share = {train / sum, valid / sum, test / sum}};
}

/* The part that is most behind over all strata among those that may get one more. */
static int most_behind(const struct dealer *d, const size_t counts[DEALT],
                       const bool rounded[DEALT])
{
    double most = -INFINITY;
    int part = 0;

    for (int p = 0; p < DEALT; p++) {
        double behind = d->due[p] - (double)(d->given[p] + counts[p]);

        if (!rounded[p] && behind > most) {
            most = behind;
            part = p;
        }
    }
    return part;
}

/* How many of n rows go to each part: the share rounded down, then what is left one by
 * one to the parts that are most behind, at most one each. Training gets at least one. */
static void deal_counts(struct dealer *d, size_t n, size_t counts[DEALT])
{
    bool rounded[DEALT];
    size_t left = n;

    for (int p = 0; p < DEALT; p++) {
        double exact = d->share[p] * (double)n;

        counts[p] = (size_t)(exact + 1e-9);
        rounded[p] = exact - (double)counts[p] < 1e-9;
        d->due[p] += exact;
        left -= counts[p];
    }
    for (; left > 0; left--) {
        int p = counts[0] == 0 ? 0 : most_behind(d, counts, rounded);

        counts[p]++;
        rounded[p] = true;
    }
    if (counts[0] == 0 && n > 0) {
        counts[counts[1] > counts[2] ? 1 : 2]--;
        counts[0]++;
    }
    for (int p = 0; p < DEALT; p++)
        d->given[p] += counts[p];
}

static void deal(struct split *s, struct dealer *d, const uint32_t *rows, size_t n)
{
    size_t counts[DEALT];

    deal_counts(d, n, counts);
    for (int p = 0; p < DEALT; p++)
        for (size_t i = 0; i < counts[p]; i++)
            s->part[*rows++] = (uint8_t)dealt_parts[p];
}

/* Rows of a stratum go round the folds; `next` goes on from stratum to stratum, so that
 * the folds are equally large. What is not in the test fold is moved to the front, in the
 * order it had. */
static size_t take_fold(struct split *s, uint32_t *rows, size_t n, size_t *next)
{
    const struct split_options *o = &s->options;
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool test = n > 1 && (*next)++ % (size_t)o->folds == (size_t)o->fold;
        uint32_t row = rows[i];

        if (test) {
            s->part[row] = PART_TEST;
        } else {
            rows[i] = rows[kept];
            rows[kept++] = row;
        }
    }
    return kept;
}

static void deal_strata(struct split *s, const struct strata *strata)
{
    const struct split_options *o = &s->options;
    struct dealer dealer = dealer_make(o->train, o->valid, o->folds ? 0 : o->test);
    size_t next = 0;

    for (int k = 0; k < strata->n; k++) {
        uint32_t *rows = strata->rows + strata->begin[k];
        size_t n = strata->begin[k + 1] - strata->begin[k];

        if (o->folds)
            n = take_fold(s, rows, n, &next);
        deal(s, &dealer, rows, n);
    }
}

/* ---- labels ---- */

/* Places of the training rows of a stratum among those of all: evenly from 0 to 1, so
 * that the first so many of all hold the strata in their shares; the first of each comes
 * before all others. Returns how many there are. */
static size_t place_stratum(const struct split *s, const uint32_t *rows, size_t n,
                            struct place *places)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (s->part[rows[i]] == PART_TRAIN)
            places[kept++].row = rows[i];
    for (size_t i = 0; i < kept; i++)
        places[i].value = i == 0 ? 0 : ((double)i + 0.5) / (double)kept;
    return kept;
}

static bool keep_labels(struct split *s, const struct strata *strata, struct error *err)
{
    struct place *places = try_alloc(s->rows, sizeof *places);
    size_t n = 0;

    if (!places)
        return error_set(err, ERROR_MEMORY, "no memory to split %zu rows", s->rows);
    for (int k = 0; k < strata->n; k++)
        n += place_stratum(s, strata->rows + strata->begin[k],
                           strata->begin[k + 1] - strata->begin[k], places + n);
    qsort(places, n, sizeof *places, compare_places);
    for (size_t i = (size_t)s->options.labeled; i < n; i++)
        s->part[places[i].row] = PART_UNLABELED;
    free(places);
    return true;
}

/* ---- all together ---- */

static void count_parts(struct split *s)
{
    memset(s->count, 0, sizeof s->count);
    for (size_t row = 0; row < s->rows; row++)
        s->count[s->part[row]]++;
}

static bool check_parts(const struct split *s, size_t known, struct error *err)
{
    const struct split_options *o = &s->options;

    if (s->count[PART_TRAIN] == 0 || (o->valid > 0 && s->count[PART_VALID] == 0) ||
        ((o->test > 0 || o->folds) && s->count[PART_TEST] == 0))
        return error_set(err, ERROR_INPUT,
                         "too few rows with a target (%zu): training would get %zu, "
                         "validation %zu, test %zu",
                         known, s->count[PART_TRAIN], s->count[PART_VALID],
                         s->count[PART_TEST]);
    return true;
}

/* Every class has a training row by construction, but its label may not be among few. */
static bool check_labels(const struct split *s, const struct target *t, struct error *err)
{
    if (s->options.labeled > 0 && s->options.labeled < t->n_classes)
        return error_set(err, ERROR_USAGE,
                         "%ld labeled rows cannot show %d classes: use at least %d",
                         s->options.labeled, t->n_classes, t->n_classes);
    return true;
}

static bool deal_parts(struct split *s, const struct target *t,
                       const struct strata *strata, struct error *err)
{
    deal_strata(s, strata);
    count_parts(s);
    if (!check_parts(s, strata->begin[strata->n], err) || !check_labels(s, t, err))
        return false;
    if (s->options.labeled > 0 && !keep_labels(s, strata, err))
        return false;
    count_parts(s);
    return true;
}

static bool fill_parts(struct split *s, const struct target *t, struct error *err)
{
    struct strata strata = {0};
    bool done = strata_init(&strata, t, s->options.seed)
        ? deal_parts(s, t, &strata, err)
        : error_set(err, ERROR_MEMORY, "no memory to split %zu rows", s->rows);

    strata_done(&strata);
    return done;
}

struct split *split_new(const struct dataset *d, const struct schema *s,
                        const struct split_options *o, struct error *err)
{
    struct target *t;
    struct split *split;

    if (!split_check(o, err))
        return NULL;
    t = target_read(d, s, err);
    if (!t)
        return NULL;
    split = xcalloc(1, sizeof *split);
    split->options = *o;
    split->rows = dataset_rows(d);
    split->part = try_calloc(split->rows, sizeof *split->part);
    if (!split->part)
        error_set(err, ERROR_MEMORY, "no memory to split %zu rows", split->rows);
    if (!split->part || !fill_parts(split, t, err)) {
        split_free(split);
        split = NULL;
    }
    target_free(t);
    return split;
}

void split_free(struct split *s)
{
    if (!s)
        return;
    free(s->part);
    free(s);
}
