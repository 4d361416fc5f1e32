/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which layout of embeddings is shown, and what is under its cursor. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/parse.h"
#include "ui/pane_points.h"

const struct scatter *points_made(const struct view *v)
{
    const struct mapping *m = v->mapping;
    const char *run = v->desk->embedding.run;

    for (int i = 0; m && i < m->n; i++)
        if (m->kept[i].scatter->n_values > 0
            && (!run || strcmp(m->kept[i].scatter->run, run) == 0))
            return m->kept[i].scatter;
    return NULL;
}

const struct scatter *points_shown(const struct view *v)
{
    const struct scatter *s = points_made(v);

    return s && s->against && v->desk->embedding.other ? s->against : s;
}

void points_follow_brush(const struct view *v)
{
    struct embedding_desk *d = &v->desk->embedding;
    const struct scatter *s = d->brushing ? points_made(v) : NULL;

    if (s && d->brush_run)
        d->brushing = strcmp(d->brush_run, s->run) == 0;
    if (!d->brushing || (s && !d->brush_run)) {
        free(d->brush_run);
        d->brush_run = d->brushing ? xstrdup(s->run) : NULL;
    }
}

const struct scatter *points_beside(const struct view *v)
{
    const struct mapping *m = v->mapping;
    const struct scatter *s = points_made(v);

    if (s && s->against)
        return v->desk->embedding.other ? s : s->against;
    for (int i = 0; m && i + 1 < m->n; i++)
        if (m->kept[i].scatter == s)
            return m->kept[i + 1].scatter;
    return NULL;
}

const struct view_job *points_job(const struct view *v)
{
    for (size_t i = 0; i < v->n_jobs; i++)
        if (str_starts(v->jobs[i].what, "tsne "))
            return &v->jobs[i];
    return NULL;
}

bool points_put_column(const struct view *v, struct str *out)
{
    const struct scatter *s = points_shown(v);
    size_t column;

    if (!s)
        return false;
    column = (size_t)s->values[points_cursor(v, s)].column;
    if (v->desk->focus[VIEW_EMBEDDING] == PANE_LEGEND
        && v->desk->embedding.colour == COLOUR_COLUMN)
        column = v->desk->lists[PANE_LEGEND].cursor;
    if (column >= (size_t)s->encoder->n_categorical)
        return false;
    word_quote(out, s->encoder->categorical[column].name);
    return true;
}

bool points_put_value(const struct view *v, struct str *out)
{
    const struct scatter *s = points_shown(v);
    const struct embedding_value *value;

    if (!s)
        return false;
    value = &s->values[points_cursor(v, s)];
    str_printf(out, "%s=%s", s->encoder->categorical[value->column].name,
               value->code == 0 ? "" : embedding_text(s->encoder, value));
    return true;
}

size_t points_cursor(const struct view *v, const struct scatter *s)
{
    size_t at = v->desk->lists[PANE_POINTS].cursor;

    return at < s->n_values ? at : s->n_values - 1;
}

/* The ends are exact: they are where the outermost points are. */
static double between(double low, double high, double share)
{
    return share <= 0 ? low : share >= 1 ? high : low + share * (high - low);
}

struct brush points_brush(const struct view *v, const struct scatter *s)
{
    double (*corner)[2] = v->desk->embedding.brush, left, right, bottom, top;

    scatter_range(s, true, &left, &right, &bottom, &top);
    return (struct brush){
        .left = between(left, right, fmin(corner[0][0], corner[1][0])),
        .right = between(left, right, fmax(corner[0][0], corner[1][0])),
        .bottom = between(bottom, top, fmin(corner[0][1], corner[1][1])),
        .top = between(bottom, top, fmax(corner[0][1], corner[1][1])),
    };
}

struct brushed *points_brushed(const struct view *v)
{
    const struct embedding_desk *d = &v->desk->embedding;
    const struct scatter *s = points_shown(v);
    struct brush b;

    if (!d->brushing || !s)
        return NULL;
    b = points_brush(v, s);
    return brush_look(s, &b, d->hidden, d->n_hidden);
}
