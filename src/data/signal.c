/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/signal.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/* Standard deviations above chance that a signal needs. */
static const double sure = 3;

/* The one that comes first in the rows, of several. */
static int most_frequent(const struct target *t, const size_t *counts)
{
    size_t most = 0;

    for (int i = 0; i < t->n_classes; i++)
        most = counts[i] > most ? counts[i] : most;
    for (size_t row = 0; row < t->rows; row++)
        if (t->class_of[row] >= 0 && counts[t->class_of[row]] == most)
            return t->class_of[row];
    return 0;
}

static bool choose_class(struct answers *a)
{
    const struct target *t = a->target;
    size_t *counts = try_calloc((size_t)t->n_classes, sizeof *counts);

    if (!counts)
        return false;
    for (size_t row = 0; row < t->rows; row++) {
        if (t->class_of[row] >= 0) {
            counts[t->class_of[row]]++;
            a->known++;
        }
    }
    a->chosen = t->task == TASK_BINARY ? 1 : most_frequent(t, counts);
    a->mean = a->known > 0 ? (double)counts[a->chosen] / (double)a->known : 0;
    free(counts);
    return true;
}

/* In units of the largest value, so that no sum overflows. */
static void measure_values(struct answers *a)
{
    const struct target *t = a->target;
    double unit = 0, sum = 0, squares = 0;

    for (size_t row = 0; row < t->rows; row++)
        unit = fmax(unit, fabs(t->value[row]));
    if (unit == 0)
        unit = 1;
    for (size_t row = 0; row < t->rows; row++) {
        if (!isnan(t->value[row])) {
            sum += t->value[row] / unit;
            a->known++;
        }
    }
    sum /= (double)a->known;
    for (size_t row = 0; row < t->rows; row++) {
        double off = t->value[row] / unit - sum;

        squares += isnan(off) ? 0 : off * off;
    }
    a->mean = sum * unit;
    a->deviation = sqrt(squares / (double)a->known) * unit;
    if (!(a->deviation > 0))
        a->deviation = 1;
}

bool answers_init(struct answers *a, const struct target *t)
{
    *a = (struct answers){.target = t, .chosen = -1, .deviation = 1};
    if (t->class_of)
        return choose_class(a);
    measure_values(a);
    return true;
}

bool signal_init(struct signal *s, const struct answers *a, int groups, bool shares)
{
    int classes = a->target->n_classes;

    *s = (struct signal){.answers = a, .n = groups};
    s->known = try_calloc((size_t)groups, sizeof *s->known);
    s->sum = try_calloc((size_t)groups, sizeof *s->sum);
    if (shares && classes > 0)
        s->counts = try_calloc((size_t)groups * (size_t)classes, sizeof *s->counts);
    if (s->known && s->sum && (s->counts || !shares || classes == 0))
        return true;
    signal_done(s);
    return false;
}

void signal_done(struct signal *s)
{
    free(s->known);
    free(s->sum);
    free(s->counts);
    *s = (struct signal){0};
}

double signal_rate(const struct signal *s, int group)
{
    const struct answers *a = s->answers;
    double mean = s->sum[group] / (double)s->known[group];

    if (s->known[group] == 0)
        return NAN;
    return a->target->class_of ? mean : a->mean + a->deviation * mean;
}

/* Sum over classes of n_gc^2 / n_g. */
static double group_purity(const struct signal *s, int group)
{
    size_t classes = (size_t)s->answers->target->n_classes;
    const uint32_t *counts = s->counts + (size_t)group * classes;
    double squares = 0;

    for (size_t i = 0; i < classes; i++)
        squares += (double)counts[i] * (double)counts[i];
    return squares / (double)s->known[group];
}

static double total_purity(const struct signal *s, double rows)
{
    size_t classes = (size_t)s->answers->target->n_classes;
    double squares = 0;

    for (size_t i = 0; i < classes; i++) {
        double count = 0;

        for (size_t group = 0; group < (size_t)s->n; group++)
            count += s->counts[group * classes + i];
        squares += count * count;
    }
    return squares / rows;
}

/* Between the groups and in all; standardised numbers have the mean 0 and their number as
 * sum of squares. */
static void measure(const struct signal *s, double rows, double *between, double *all)
{
    *between = 0;
    for (int group = 0; group < s->n; group++) {
        if (s->known[group] == 0)
            continue;
        *between += s->counts ? group_purity(s, group)
                              : s->sum[group] * s->sum[group] / (double)s->known[group];
    }
    *all = rows;
    if (s->counts) {
        double before = total_purity(s, rows);

        *between -= before;
        *all -= before;
    }
}

/* What chance tells at most, times rows - 1. For C classes (rows - 1) (C - 1) tau is
 * about a chi squared of (groups - 1) (C - 1) degrees of freedom (Light and Margolin). */
static double chance(const struct signal *s, double groups)
{
    int classes = s->counts ? s->answers->target->n_classes : 2;

    return groups - 1 + sure * sqrt(2 * (groups - 1) / (classes - 1));
}

double signal_share(const struct signal *s)
{
    double rows = 0, groups = 0, between, all, share;

    for (int group = 0; group < s->n; group++) {
        rows += (double)s->known[group];
        groups += s->known[group] > 0;
    }
    if (groups < 2 || rows <= groups)
        return 0;
    measure(s, rows, &between, &all);
    if (!(all > 0))
        return 0;
    share = between / all;
    if (share * (rows - 1) <= chance(s, groups))
        return 0;
    return fmax(0, fmin(1, 1 - (1 - share) * (rows - 1) / (rows - groups)));
}

const char *signal_word(double share)
{
    static const struct {
        double below;
        const char *word;
    } words[] = {{0.002, "none"},  {0.01, "faint"},  {0.05, "weak"},
                 {0.15, "clear"}, {0.9, "strong"}};

    if (isnan(share))
        return "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (share < words[i].below)
            return words[i].word;
    }
    return "total";
}
