/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/leak.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/number.h"
#include "data/tally.h"

static const double few_errors = 0.005; /* of those of a constant guess */
static const double ordered = 0.995;    /* share of pairs */

enum {
    LEAST_ROWS = 20,
    SUPPORT = 5,        /* rows that a text needs */
    PAIRS = 4000,       /* of rows, drawn */
    LEAST_PAIRS = 400,  /* of them that must differ in the target */
    FIRST_PAIRS = 100,  /* after which most columns are seen to be in no order */
};

/* The target as one number a row, whatever the task; -1 where there is none. */
struct answers {
    const struct target *target;
    int32_t *of_row;
    size_t *rows_with; /* rows that have one; (n) their numbers */
    size_t n;
    size_t errors;     /* of the best constant guess */
};

/* In a group of rows, the answer that a majority must have (Boyer and Moore). */
struct vote {
    int32_t candidate;
    uint32_t lead, rows, agreeing;
};

static void cast_votes(struct vote *votes, const struct tally *t, const struct answers *a)
{
    for (size_t i = 0; i < a->n; i++) {
        size_t row = a->rows_with[i];
        struct vote *v = &votes[tally_code(t, row)];

        v->rows++;
        if (v->lead == 0)
            v->candidate = a->of_row[row];
        v->lead += v->candidate == a->of_row[row] ? 1 : -1;
    }
    for (size_t i = 0; i < a->n; i++) {
        struct vote *v = &votes[tally_code(t, a->rows_with[i])];

        v->agreeing += v->candidate == a->of_row[a->rows_with[i]];
    }
}

/* All missing texts are one. */
static size_t count_errors(const struct vote *votes, const struct tally *t, size_t limit)
{
    size_t errors = 0;

    for (size_t code = 0; code < t->n && errors <= limit; code++)
        errors += votes[code].rows < SUPPORT ? votes[code].rows
                                             : votes[code].rows - votes[code].agreeing;
    return errors;
}

static bool determines(const struct tally *t, const struct answers *a, bool *leaks)
{
    struct vote *votes = try_calloc(t->n, sizeof *votes);
    size_t limit = (size_t)(few_errors * (double)a->errors);

    if (!votes)
        return false;
    cast_votes(votes, t, a);
    *leaks = count_errors(votes, t, limit) <= limit;
    free(votes);
    return true;
}

/* The order of two rows in the target: -1, 0, 1. */
static int compare_answers(const struct target *t, size_t a, size_t b)
{
    if (t->value)
        return (t->value[a] > t->value[b]) - (t->value[a] < t->value[b]);
    return t->class_of[a] - t->class_of[b];
}

/* Pairs of different classes are rare where one class is, so that more are drawn. */
static bool orders(const struct column *c, int decimal, const struct answers *a)
{
    struct rng rng = rng_make(1, RNG_SAMPLE, 0);
    size_t pairs = 0, same = 0, opposite = 0;

    for (int draw = 0; draw < 50 * PAIRS && pairs < PAIRS; draw++) {
        size_t one = a->rows_with[rng_below(&rng, a->n)];
        size_t two = a->rows_with[rng_below(&rng, a->n)];
        int order = compare_answers(a->target, one, two);
        double x, y;

        if (order == 0)
            continue;
        if (++pairs % FIRST_PAIRS == 0 &&
            (double)(same > opposite ? same : opposite) < 0.9 * (double)pairs)
            return false;
        if (!number_parse(column_cell(c, one), decimal, &x) ||
            !number_parse(column_cell(c, two), decimal, &y) || x == y)
            continue;
        if ((x > y) == (order > 0))
            same++;
        else
            opposite++;
    }
    return pairs >= LEAST_PAIRS && (double)(same > opposite ? same : opposite) >=
                                       ordered * (double)pairs;
}

static bool check_column(const struct dataset *d, struct schema *s, int i,
                         const struct answers *a)
{
    struct schema_column *c = &s->columns[i];
    const struct column *column = dataset_column(d, i);
    bool leaks = c->numeric > 0 && a->target->task != TASK_MULTICLASS &&
                 orders(column, c->decimal, a);

    if (!leaks) {
        struct tally *t = tally_new(column);
        bool done = t && determines(t, a, &leaks);

        tally_free(t);
        if (!done)
            return false;
    }
    if (leaks)
        c->warnings |= WARN_LEAK;
    return true;
}

/* Values become their texts' codes: equal values nearly always have equal texts. */
static bool number_values(struct answers *a, const struct column *c)
{
    struct tally *t = tally_new(c);

    if (!t)
        return false;
    for (size_t row = 0; row < a->target->rows; row++)
        a->of_row[row] = isnan(a->target->value[row]) ? -1 : (int32_t)tally_code(t, row);
    tally_free(t);
    return true;
}

static bool count_constant_errors(struct answers *a)
{
    size_t most = 0, *counts;
    int32_t highest = -1;

    for (size_t i = 0; i < a->n; i++)
        if (a->of_row[a->rows_with[i]] > highest)
            highest = a->of_row[a->rows_with[i]];
    counts = try_calloc((size_t)highest + 1, sizeof *counts);
    if (!counts)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        size_t count = ++counts[a->of_row[a->rows_with[i]]];

        most = count > most ? count : most;
    }
    free(counts);
    a->errors = a->n - most;
    return true;
}

static bool gather_answers(struct answers *a, const struct column *c)
{
    const struct target *t = a->target;

    a->of_row = try_alloc(t->rows, sizeof *a->of_row);
    a->rows_with = try_alloc(t->rows, sizeof *a->rows_with);
    if (!a->of_row || !a->rows_with)
        return false;
    if (t->value && !number_values(a, c))
        return false;
    for (size_t row = 0; row < t->rows; row++) {
        if (!t->value)
            a->of_row[row] = t->class_of[row];
        if (a->of_row[row] >= 0)
            a->rows_with[a->n++] = row;
    }
    return count_constant_errors(a);
}

bool leak_find(const struct dataset *d, struct schema *s, const struct target *t)
{
    struct answers a = {.target = t};
    bool done = true;

    for (int i = 0; i < s->n_columns; i++)
        s->columns[i].warnings &= ~(unsigned)WARN_LEAK;
    if (t->task == TASK_NONE)
        return true;
    done = gather_answers(&a, dataset_column(d, s->target));
    for (int i = 0; done && a.n >= LEAST_ROWS && i < s->n_columns; i++)
        if (i != s->target &&
            !(s->columns[i].warnings & (WARN_CONSTANT | WARN_ALL_MISSING)))
            done = check_column(d, s, i, &a);
    free(a.of_row);
    free(a.rows_with);
    return done;
}
