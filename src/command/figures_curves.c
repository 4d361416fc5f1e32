/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves of runs over their epochs or seconds. */
#include "command/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/run_text.h"

enum {
    ENOUGH = 32,   /* points, before a few of them may be cut off */
    GROUPS = 1000, /* that more points are drawn in: no screen has as many dots across */
};

/* The share of points between epochs that the loss shows whatever they are, and how much
 * smaller than all of it the rest has to be to be shown alone. */
static const double usual = 0.97, smaller = 0.75;
/* The part of its values that an axis of scores shows at least. */
static const double least_range = 0.004;

int figures_overlay_style(size_t i)
{
    return STYLE_OVERLAY + (int)(i % (STYLE_BEST - STYLE_OVERLAY));
}

/* ---- points ---- */

static double point_x(const struct curves_look *l, const struct curve_point *p)
{
    return l->by_time ? p->seconds : p->epochs;
}

static double epoch_x(const struct curves_look *l, const struct epoch_record *e)
{
    return l->by_time ? e->seconds : e->epoch;
}

static bool is_seen(const struct curves_look *l, double x)
{
    return !(x < l->low) && !(x > l->high); /* NAN: no limit */
}

/* Of points that are seen only, so that the other axis fits them. */
static void add_seen(const struct curves_look *l, struct series *s, double x, double y)
{
    if (is_seen(l, x))
        series_add(s, x, y);
}

/* Of every group of points the least and the greatest, so that no spike is lost, or only
 * the last, and where the curve breaks off. */
static void add_groups(const struct curves_look *l, struct series *out,
                       const struct series *in, bool extremes)
{
    size_t size = in->n / GROUPS + 1;

    for (size_t from = 0; from < in->n; from += size) {
        size_t to = from + size < in->n ? from + size : in->n, low = from, high = from;

        for (size_t i = from; i < to && extremes; i++) {
            low = in->y[i] < in->y[low] ? i : low;
            high = in->y[i] > in->y[high] ? i : high;
        }
        if (low != high) {
            size_t first = low < high ? low : high, second = low < high ? high : low;

            add_seen(l, out, in->x[first], in->y[first]);
            add_seen(l, out, in->x[second], in->y[second]);
        }
        if (low == high || isnan(in->y[to - 1]))
            add_seen(l, out, in->x[to - 1], in->y[to - 1]);
    }
}

/* The loss between epochs, raw and, if asked, smoothed over all points, seen or not. */
static void add_steps(const struct curves_look *l, const struct run *r, struct figure *f)
{
    struct figure *whole = figure_new(NULL);
    double keep = l->smooth;
    struct series *raw = figure_add(whole, "", SERIES_LINE, 0), *s;

    for (size_t i = 0; i < r->curve.n; i++)
        series_add(raw, point_x(l, &r->curve.points[i]), r->curve.points[i].loss);
    s = figure_add(f, "raw", SERIES_FAINT, STYLE_TRAIN);
    add_groups(l, s, raw, true);
    if (keep > 0) {
        figure_add(whole, "", SERIES_LINE, 0);
        series_smooth(&whole->series[1], &whole->series[0], keep);
        s = figure_add(f, "train", SERIES_LINE, STYLE_TRAIN);
        add_groups(l, s, &whole->series[1], false);
    }
    figure_free(whole);
}

static void add_train_epochs(const struct curves_look *l, const struct run *r,
                             struct figure *f)
{
    struct series *s = figure_add(f, "train", SERIES_LINE, STYLE_TRAIN);

    for (size_t i = 0; i < r->n_history; i++)
        add_seen(l, s, epoch_x(l, &r->history[i]), r->history[i].train_loss);
}

/* field NULL: the loss, also of a regression */
static double valid_value(const struct epoch_record *e, const struct metric_field *field)
{
    return field ? metric_value(&e->valid, field) : e->valid.loss;
}

static void add_valid(const struct curves_look *l, const struct run *r, struct figure *f,
                      const char *name, int style, const struct metric_field *field)
{
    struct series *s = figure_add(f, name, SERIES_LINE, style);

    for (size_t i = 0; i < r->n_history; i++)
        add_seen(l, s, epoch_x(l, &r->history[i]), valid_value(&r->history[i], field));
}

static const struct epoch_record *best_epoch(const struct run *r)
{
    size_t best = (size_t)r->progress.best_epoch;

    return best > 0 && best <= r->n_history ? &r->history[best - 1] : NULL;
}

static void add_best(const struct curves_look *l, const struct run *r, struct figure *f,
                     const struct metric_field *field)
{
    const struct epoch_record *e = best_epoch(r);

    if (e && is_seen(l, epoch_x(l, e)))
        series_add(figure_add(f, "best", SERIES_POINTS, STYLE_BEST), epoch_x(l, e),
                   valid_value(e, field));
}

/* The runs laid over it, as far as they have that metric. What is lost on hidden cells is
 * another matter than what is lost on a target. */
static void add_overlaid(const struct curves_look *l, const struct run *shown,
                         struct figure *f, const struct metric_field *field)
{
    for (size_t i = 0; i < l->n_overlaid; i++) {
        const struct run *r = session_find_run(l->session, l->overlaid[i]);
        bool same = r && metric_field(r->task, 0) == metric_field(shown->task, 0);

        if (r && r != shown && r->n_history > 0 && r->pretext == shown->pretext
            && (same || !field))
            add_valid(l, r, f, r->name, figures_overlay_style(i), field);
    }
}

/* ---- figures ---- */

static struct figure *begin(const struct curves_look *l, const struct run *r)
{
    struct figure *f;

    if (!r || (r->n_history == 0 && r->curve.n == 0))
        return NULL;
    f = figure_new(NULL);
    axis_label(&f->x, l->by_time ? "seconds" : "epochs");
    f->x.low = l->low;
    f->x.high = l->high;
    f->cursor = l->cursor;
    return f;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The largest value that is no single step's: of other curves, and of epochs. */
static double largest_but_raw(const struct run *r, const struct figure *f)
{
    double top = -INFINITY;

    for (size_t k = 1; k < f->n_series; k++) {
        const struct series *s = &f->series[k];

        for (size_t i = 0; s->style != STYLE_TRAIN && i < s->n; i++)
            top = fmax(top, s->y[i]);
    }
    for (size_t i = 0; i < r->n_history; i++)
        top = fmax(top, r->history[i].train_loss);
    return top;
}

/* The first steps of a run may lose ten times as much as all others, which would then be
 * a flat line: the chart's top goes by all but a few of the raw points, and by all of the
 * epochs. The curve comes down through it. */
static void cut_top(const struct run *r, struct figure *f)
{
    const struct series *raw = &f->series[0];
    double *sorted = xmalloc((raw->n + 1) * sizeof(*sorted)), top;
    size_t n = 0;

    for (size_t i = 0; i < raw->n; i++) {
        if (isfinite(raw->y[i]))
            sorted[n++] = raw->y[i];
    }
    qsort(sorted, n, sizeof(*sorted), by_value);
    if (n >= ENOUGH && r->n_history > 0) {
        top = fmax(sorted[(size_t)(usual * (double)(n - 1))], largest_but_raw(r, f));
        if (top - sorted[0] < smaller * (sorted[n - 1] - sorted[0]))
            f->y.high = top;
    }
    free(sorted);
}

struct figure *figures_loss(const struct run *r, const struct curves_look *l)
{
    struct figure *f = begin(l, r);

    if (!f)
        return NULL;
    f->y.log = l->log_y;
    if (r->curve.n > 0)
        add_steps(l, r, f);
    if (r->curve.n == 0 || l->smooth <= 0)
        add_train_epochs(l, r, f);
    add_valid(l, r, f, "valid", STYLE_VALID, NULL);
    add_overlaid(l, r, f, NULL);
    add_best(l, r, f, NULL);
    if (r->curve.n > 0 && !f->y.log)
        cut_top(r, f);
    return f;
}

/* Differences that mean nothing should not look like a rise or fall: the axis shows no
 * less than a part of its values. No score is above 1. */
static void keep_range(struct figure *f)
{
    double low, high, span;

    figure_y_range(f, &low, &high);
    span = least_range * fmax(fabs(low), fabs(high));
    if (high - low < span) {
        f->y.low = low = (low + high - span) / 2;
        f->y.high = high = low + span;
    }
    if (high > 1 && low < 1) {
        f->y.low = low;
        f->y.high = 1;
    }
}

struct figure *figures_score(const struct run *r, const struct curves_look *l)
{
    const struct metric_field *field;
    struct figure *f;

    if (!r || r->n_history == 0)
        return NULL;
    f = begin(l, r);
    field = run_watched(r);
    add_valid(l, r, f, field->title, STYLE_VALID, field);
    add_overlaid(l, r, f, field);
    add_best(l, r, f, field);
    if (best_epoch(r))
        f->level = valid_value(best_epoch(r), field);
    keep_range(f);
    return f;
}

/* As in the list: the one that is shown, those laid over it; and the one that is only
 * under the cursor. */
static int style_of(const struct curves_look *l, const struct run *shown,
                    const struct run *r)
{
    for (size_t i = 0; i < l->n_overlaid; i++) {
        if (strcmp(l->overlaid[i], r->name) == 0)
            return figures_overlay_style(i);
    }
    return r == shown ? STYLE_VALID : STYLE_TRAIN;
}

struct figure *figures_compared(const struct curves_look *l, const struct run *shown,
                                struct run *const *runs, size_t n,
                                const struct metric_field *field)
{
    struct figure *f = figure_new(NULL);

    axis_label(&f->x, l->by_time ? "seconds" : "epochs");
    for (size_t i = 0; i < n; i++) {
        const struct run *r = runs[i];
        struct series *s;

        if (metric_field(r->task, 0) != metric_field(runs[0]->task, 0) || !r->n_history)
            continue;
        s = figure_add(f, r->name, SERIES_LINE, style_of(l, shown, r));
        for (size_t k = 0; k < r->n_history; k++)
            series_add(s, epoch_x(l, &r->history[k]), valid_value(&r->history[k], field));
    }
    if (f->n_series == 0) {
        figure_free(f);
        return NULL;
    }
    keep_range(f);
    return f;
}
