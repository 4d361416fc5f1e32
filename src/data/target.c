/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/target.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/number.h"
#include "data/tally.h"

static bool no_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "no memory for the target column");
}

static int compare_texts(const void *a, const void *b)
{
    return cell_compare(*(const struct cell *)a, *(const struct cell *)b);
}

static int compare_numbers(const void *a, const void *b)
{
    double x = 0, y = 0;

    number_parse(*(const struct cell *)a, '.', &x);
    number_parse(*(const struct cell *)b, '.', &y);
    return x != y ? (x > y) - (x < y) : compare_texts(a, b);
}

static void sort_classes(struct target *t)
{
    bool numbers = true;
    double x;

    for (int i = 0; i < t->n_classes; i++)
        numbers = numbers && number_parse(t->classes[i], '.', &x);
    qsort(t->classes, (size_t)t->n_classes, sizeof *t->classes,
          numbers ? compare_numbers : compare_texts);
}

/* The present texts of the column in order; refused if they are too few or too many. */
static bool list_classes(struct target *t, const struct tally *tally, const char *name,
                         struct error *err)
{
    t->classes = try_alloc(tally->n + 1, sizeof *t->classes);
    if (!t->classes)
        return no_memory(err);
    for (size_t code = 0; code < tally->n; code++) {
        struct cell text = tally_cell(tally, code);

        if (tally_missing(tally, code) || tally->counts[code] == 0)
            continue;
        if (t->n_classes == INT32_MAX ||
            (text.length && memchr(text.text, 0, text.length)))
            return error_set(err, ERROR_INPUT,
                             "%s has a class with a NUL byte in its text", name);
        t->classes[t->n_classes++] = text;
    }
    if (t->n_classes == 0)
        return error_set(err, ERROR_INPUT, "%s has no value in any row: nothing to learn",
                         name);
    if (t->n_classes == 1)
        return error_set(err, ERROR_INPUT, "%s has one class only: nothing to learn",
                         name);
    sort_classes(t);
    return true;
}

/* negative and positive, in this order. */
static bool choose_positive(struct target *t, const char *positive, const char *name,
                            struct error *err)
{
    struct cell wanted = cell_of(positive ? positive : "");
    int found = -1;

    for (int i = 0; positive && i < t->n_classes; i++)
        if (cell_equal(t->classes[i], wanted))
            found = i;
    if (found < 0) {
        char *shown = show(positive ? positive : "", 60);

        error_set(err, ERROR_INPUT, "%s has no value \"%s\" to be the positive class",
                  name, shown);
        free(shown);
        return false;
    }
    wanted = t->classes[found]; /* the same bytes, but the dataset's */
    t->against_rest = t->n_classes > 2;
    t->classes[0] = t->against_rest ? (struct cell){"", 0} : t->classes[!found];
    t->classes[1] = wanted;
    t->n_classes = 2;
    return true;
}

static int32_t find_class(const struct target *t, struct cell text)
{
    for (int i = t->against_rest; i < t->n_classes; i++)
        if (cell_equal(t->classes[i], text))
            return i;
    return t->against_rest ? 0 : -1;
}

/* Once a distinct text, then for every row. */
static bool number_rows(struct target *t, const struct tally *tally, struct error *err)
{
    int32_t *of_code = try_alloc(tally->n, sizeof *of_code);

    t->class_of = try_alloc(t->rows, sizeof *t->class_of);
    if (!of_code || !t->class_of) {
        free(of_code);
        return no_memory(err);
    }
    for (size_t code = 0; code < tally->n; code++)
        of_code[code] =
            tally_missing(tally, code) ? -1 : find_class(t, tally_cell(tally, code));
    for (size_t row = 0; row < t->rows; row++)
        t->class_of[row] = of_code[tally_code(tally, row)];
    free(of_code);
    return true;
}

static bool read_classes(struct target *t, const struct tally *tally,
                         const char *positive, const char *name, struct error *err)
{
    if (!list_classes(t, tally, name, err))
        return false;
    if (t->task == TASK_BINARY && !choose_positive(t, positive, name, err))
        return false;
    if (t->n_classes > TARGET_MAX_CLASSES)
        return error_set(
            err, ERROR_INPUT,
            "%s has %d classes and %d are the most: if they are numbers, use "
            "--task regression",
            name, t->n_classes, TARGET_MAX_CLASSES);
    return number_rows(t, tally, err);
}

static bool read_values(struct target *t, const struct tally *tally, int decimal,
                        const char *name, struct error *err)
{
    double *of_code = try_alloc(tally->n, sizeof *of_code), low = INFINITY,
           high = -INFINITY;

    t->value = try_alloc(t->rows, sizeof *t->value);
    if (!of_code || !t->value) {
        free(of_code);
        return no_memory(err);
    }
    for (size_t code = 0; code < tally->n; code++) {
        if (tally_missing(tally, code) ||
            !number_parse(tally_cell(tally, code), decimal, &of_code[code]))
            of_code[code] = NAN;
        low = fmin(low, of_code[code]);
        high = fmax(high, of_code[code]);
    }
    for (size_t row = 0; row < t->rows; row++)
        t->value[row] = of_code[tally_code(tally, row)];
    free(of_code);
    if (!(low < high))
        return error_set(err, ERROR_INPUT, "%s has %s: nothing to learn", name,
                         low == high ? "one value only" : "no number in any row");
    return true;
}

struct target *target_read(const struct dataset *d, const struct schema *s,
                           struct error *err)
{
    struct target *t = xcalloc(1, sizeof *t);
    const struct schema_column *c;
    struct tally *tally;
    bool ok;

    t->rows = dataset_rows(d);
    if (s->target < 0)
        return t;
    t->task = s->task;
    c = &s->columns[s->target];
    tally = tally_new(dataset_column(d, s->target));
    if (!tally)
        ok = no_memory(err);
    else if (t->task == TASK_REGRESSION)
        ok = read_values(t, tally, c->decimal, c->name, err);
    else
        ok = read_classes(t, tally, s->positive, c->name, err);
    tally_free(tally);
    if (!ok) {
        target_free(t);
        return NULL;
    }
    return t;
}

void target_free(struct target *t)
{
    if (!t)
        return;
    free(t->classes);
    free(t->class_of);
    free(t->value);
    free(t);
}

bool target_known(const struct target *t, size_t row)
{
    if (t->task == TASK_NONE)
        return true;
    return t->class_of ? t->class_of[row] >= 0 : !isnan(t->value[row]);
}
