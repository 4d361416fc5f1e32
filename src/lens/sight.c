/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/sight.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

void sight_free(struct sight *s)
{
    if (!s)
        return;
    attention_done(&s->seen);
    attention_done(&s->less);
    encoder_unref(s->encoder);
    free(s->further);
    free(s->effect);
    free(s->outputs);
    free(s->before);
    str_done(&s->note);
    free(s);
}

const char *sight_name(const struct sight *s, size_t column)
{
    size_t categorical = (size_t)s->encoder->n_categorical;

    return column < categorical ? s->encoder->categorical[column].name
                                : s->further[column - categorical];
}

double *sight_map(const struct sight *s, int layer, int head)
{
    size_t m = (size_t)s->seen.columns, cells = m * m;
    double *map = xcalloc(cells, sizeof *map), *less;

    attention_read(&s->seen, layer, head, map);
    if (s->less.rows == 0)
        return map;
    less = xcalloc(cells, sizeof *less);
    attention_read(&s->less, layer, head, less);
    for (size_t i = 0; i < cells; i++)
        map[i] -= less[i];
    free(less);
    return map;
}

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x > y) - (x < y);
}

int sight_decimals(const double *map, size_t n)
{
    double *sorted = xcalloc(n + 1, sizeof *sorted), middle, most;
    double scale = 100; /* 10 to the decimals */
    int decimals = 2;

    for (size_t i = 0; i < n; i++)
        sorted[i] = map[i];
    qsort(sorted, n, sizeof *sorted, by_size);
    middle = fabs(sorted[n / 2]);
    most = n > 0 ? fabs(sorted[n - 1]) : 0;
    free(sorted);
    for (; decimals < 5 && most > 0 && middle * scale < 9.5 && most * scale * 10 < 999.5;
         decimals++)
        scale *= 10;
    return decimals;
}
