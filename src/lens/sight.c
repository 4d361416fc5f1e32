/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/sight.h"

#include <stdlib.h>

#include "base/mem.h"

void sight_free(struct sight *s)
{
    if (!s)
        return;
    attention_done(&s->seen);
    attention_done(&s->less);
    encoder_unref(s->encoder);
    free(s->effect);
    free(s->outputs);
    free(s->before);
    str_done(&s->note);
    free(s);
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
