/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/figures.h"

static const char *text_of(const struct scatter *s, size_t v)
{
    return embedding_text(s->encoder, &s->values[v]);
}

static const char *column_of(const struct scatter *s, size_t v)
{
    return s->encoder->categorical[s->values[v].column].name;
}

/* "yes" alone would not tell which column says so. */
static bool is_in_several(const struct scatter *s, size_t v)
{
    for (size_t i = 0; i < s->n_values; i++)
        if (s->values[i].column != s->values[v].column
            && strcmp(text_of(s, i), text_of(s, v)) == 0)
            return true;
    return false;
}

struct ranked {
    size_t v, rows;
};

static int by_rows(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return (x->v > y->v) - (x->v < y->v);
}

/* Where there is no room for all, frequent values keep their names. */
static void name_values(struct figure *f, const struct scatter *s, bool by_column)
{
    struct ranked *ranked = xcalloc(s->n_values, sizeof *ranked);

    for (size_t v = 0; v < s->n_values; v++)
        ranked[v] = (struct ranked){v, s->values[v].rows};
    qsort(ranked, s->n_values, sizeof *ranked, by_rows);
    for (size_t i = 0; i < s->n_values; i++) {
        size_t v = ranked[i].v;
        char *text = is_in_several(s, v)
            ? xasprintf("%s=%s", column_of(s, v), text_of(s, v)) : xstrdup(text_of(s, v));

        figure_add_text(f, (double)s->place[2 * v], (double)s->place[2 * v + 1], text,
                        by_column ? s->values[v].column : -1);
        free(text);
    }
    free(ranked);
}

/* ---- columns ---- */

static void add_columns(struct figure *f, const struct scatter *s)
{
    for (int c = 0; c < s->encoder->n_categorical; c++)
        figure_add(f, s->encoder->categorical[c].name, SERIES_POINTS, c);
    for (size_t v = 0; v < s->n_values; v++)
        series_add(&f->series[s->values[v].column], (double)s->place[2 * v],
                   (double)s->place[2 * v + 1]);
}

/* ---- levels ---- */

enum { LEVELS = 5 };

static double measure(const struct scatter *s, size_t v, enum scatter_by by)
{
    return by == SCATTER_TARGET ? s->values[v].target : log((double)s->values[v].rows);
}

/* "0.12 to 0.25" */
static char *level_name(double low, double high, enum scatter_by by)
{
    if (by == SCATTER_ROWS)
        return xasprintf("%.0f to %.0f rows", ceil(exp(low)), floor(exp(high)));
    return fabs(high) < 1000 ? xasprintf("%.2f to %.2f", low, high)
                             : xasprintf("%.4g to %.4g", low, high);
}

static void add_level(struct figure *f, const struct scatter *s, enum scatter_by by,
                      int level, double low, double high)
{
    double from = low + (high - low) * level / LEVELS;
    double to = low + (high - low) * (level + 1) / LEVELS;
    char *name = level_name(from, to, by);
    struct series *x = figure_add(f, name, SERIES_POINTS, level);

    x->shade = (double)level / (LEVELS - 1);
    for (size_t v = 0; v < s->n_values; v++) {
        double m = measure(s, v, by);

        if (m >= from && (m < to || level == LEVELS - 1))
            series_add(x, (double)s->place[2 * v], (double)s->place[2 * v + 1]);
    }
    free(name);
}

/* False: no value has a measure. */
static bool add_levels(struct figure *f, const struct scatter *s, enum scatter_by by)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t v = 0; v < s->n_values; v++) {
        double m = measure(s, v, by);

        low = isnan(m) ? low : fmin(low, m);
        high = isnan(m) ? high : fmax(high, m);
    }
    for (int level = LEVELS - 1; level >= 0 && high >= low; level--)
        add_level(f, s, by, level, low, high);
    return high >= low;
}

struct figure *figures_scatter(const struct scatter *s, enum scatter_by by)
{
    struct figure *f = figure_new(NULL);

    f->map = true;
    if (by == SCATTER_COLUMN) {
        add_columns(f, s);
    } else if (!add_levels(f, s, by)) {
        figure_free(f);
        return NULL;
    }
    name_values(f, s, by == SCATTER_COLUMN);
    return f;
}
