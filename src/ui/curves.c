/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/curves.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { STOPS = 200 }; /* points that the cursor goes through one by one */

/* ---- figures ---- */

static struct curves_look look_of(const struct view *v)
{
    const struct train_desk *t = &v->desk->train;

    return (struct curves_look){
        .log_y = t->log_y, .by_time = t->by_time, .smooth = t->smooth,
        .low = t->low, .high = t->high, .cursor = t->cursor,
        .session = v->session, .overlaid = t->overlaid, .n_overlaid = t->n_overlaid,
    };
}

struct figure *curves_loss(const struct view *v)
{
    struct curves_look look = look_of(v);

    return figures_loss(view_run(v), &look);
}

struct figure *curves_score(const struct view *v)
{
    struct curves_look look = look_of(v);

    return figures_score(view_run(v), &look);
}

struct figure *curves_compared(const struct view *v, struct run *const *runs, size_t n,
                               const struct metric_field *field)
{
    struct curves_look look = look_of(v);

    return figures_compared(&look, view_run(v), runs, n, field);
}

/* ---- points ---- */

static double point_x(const struct view *v, const struct curve_point *p)
{
    return v->desk->train.by_time ? p->seconds : p->epochs;
}

static double epoch_x(const struct view *v, const struct epoch_record *e)
{
    return v->desk->train.by_time ? e->seconds : e->epoch;
}

static bool is_seen(const struct view *v, double x)
{
    const struct train_desk *t = &v->desk->train;

    return !(x < t->low) && !(x > t->high); /* NAN: no limit */
}

/* ---- along the x axis ---- */

bool curves_range(const struct view *v, double *low, double *high)
{
    const struct run *r = view_run(v);

    if (!r || (r->n_history == 0 && r->curve.n == 0))
        return false;
    *low = *high = 0;
    if (r->n_history > 0)
        *high = epoch_x(v, &r->history[r->n_history - 1]);
    if (r->curve.n > 0)
        *high = fmax(*high, point_x(v, &r->curve.points[r->curve.n - 1]));
    return true;
}

/* Where the cursor stops, from left to right; caller frees. */
static double *find_stops(const struct view *v, const struct run *r, size_t *n)
{
    double *stops = xmalloc((r->curve.n + r->n_history + 1) * sizeof(*stops));

    *n = 0;
    for (size_t i = 0; i < r->curve.n; i++) {
        double x = point_x(v, &r->curve.points[i]);

        if (is_seen(v, x))
            stops[(*n)++] = x;
    }
    if (*n > 0 && *n <= STOPS)
        return stops;
    *n = 0;
    for (size_t i = 0; i < r->n_history; i++) {
        double x = epoch_x(v, &r->history[i]);

        if (is_seen(v, x))
            stops[(*n)++] = x;
    }
    return stops;
}

bool curves_move_cursor(const struct view *v, long steps)
{
    const struct run *r = view_run(v);
    double *cursor = &v->desk->train.cursor, *stops;
    size_t n;
    long at = 0;

    if (!r)
        return false;
    stops = find_stops(v, r, &n);
    if (n > 0) {
        while (at + 1 < (long)n && stops[at + 1] <= *cursor)
            at++;
        if (isnan(*cursor))
            at = (long)n - 1;
        else if (steps < 0 || stops[at] <= *cursor)
            at += steps;
        at = at < 0 ? 0 : at < (long)n ? at : (long)n - 1;
        *cursor = stops[at];
    }
    free(stops);
    return n > 0;
}
