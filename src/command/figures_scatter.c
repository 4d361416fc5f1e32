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
static void name_values(struct figure *f, const struct scatter *s)
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
                        s->values[v].column);
        free(text);
    }
    free(ranked);
}

struct figure *figures_scatter(const struct scatter *s)
{
    struct figure *f = figure_new(NULL);

    f->map = true;
    for (int c = 0; c < s->encoder->n_categorical; c++)
        figure_add(f, s->encoder->categorical[c].name, SERIES_POINTS, c);
    for (size_t v = 0; v < s->n_values; v++)
        series_add(&f->series[s->values[v].column], (double)s->place[2 * v],
                   (double)s->place[2 * v + 1]);
    name_values(f, s);
    return f;
}
