/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/figures.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

static const double second_a_year = 31556952;

static bool is_date(const struct profile *p)
{
    return p->form != DATETIME_NONE && p->form != DATETIME_TIME;
}

static bool spans_years(const struct profile *p)
{
    return p->max - p->min > 3 * second_a_year;
}

/* Dates become years, or days where there are few of them. */
static double axis_value(const struct profile *p, double x)
{
    if (!is_date(p))
        return x;
    return spans_years(p) ? 1970 + x / second_a_year : (x - p->min) / 86400;
}

struct figure *figures_histogram(const struct profile *p)
{
    struct figure *f = figure_new(NULL);
    struct series *bars = figure_add(f, "rows", SERIES_BARS, 0);
    double shift = p->whole ? (p->width - 1) / 2 : p->width / 2;

    for (int i = 0; i < p->n_bins; i++)
        series_add(bars, axis_value(p, p->low + i * p->width + shift),
                   (double)p->bins[i]);
    f->y.low = 0;
    f->y.whole = true;
    f->x.time = p->form == DATETIME_TIME;
    if (is_date(p))
        axis_label(&f->x, spans_years(p) ? "year" : "days from the first");
    return f;
}

static void add_bar(struct figure *f, double x, const char *name, size_t rows)
{
    series_add(&f->series[0], x, (double)rows);
    axis_add_name(&f->x, x, name);
}

static size_t count_rest(const struct profile *p, size_t shown)
{
    size_t rows = p->rest_rows;

    for (size_t i = shown; i < p->n_values; i++)
        rows += p->values[i].rows;
    return rows;
}

struct figure *figures_values(const struct profile *p, size_t most)
{
    struct figure *f = figure_new(NULL);
    size_t shown = p->n_values < most ? p->n_values : most;
    double x = 0;

    figure_add(f, "rows", SERIES_BARS, 0);
    f->y.low = 0;
    f->y.whole = true;
    for (size_t i = 0; i < shown; i++) {
        char *name = xstrndup(p->values[i].text.text, p->values[i].text.length);

        add_bar(f, x++, name, p->values[i].rows);
        free(name);
    }
    if (p->distinct > shown) {
        char count[COUNT_TEXT];
        char *name = xasprintf("%s others", count_text(p->distinct - shown, count));

        add_bar(f, x++, name, count_rest(p, shown));
        free(name);
    }
    if (p->missing > 0)
        add_bar(f, x, "(missing)", p->missing);
    return f;
}
