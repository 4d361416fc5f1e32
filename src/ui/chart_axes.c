/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranges, ticks and numbers. Rows are few, so the range of y is chosen such that round
 * numbers lie exactly on rows: a number at a row is true of that row.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ui/chart_own.h"

struct line_glyphs {
    uint32_t across, down, tick_left, tick_below, corner, tick_corner;
};

static const struct line_glyphs *line_glyphs(enum glyphs level)
{
    static const struct line_glyphs ascii = {'-', '|', '+', '+', '+', '+'};
    static const struct line_glyphs lines = {0x2500, 0x2502, 0x2524,
                                             0x252C, 0x2514, 0x2534};

    return level == GLYPHS_ASCII ? &ascii : &lines;
}

/* ---- scales ---- */

static double transform(const struct scale *s, double v)
{
    return s->axis->log ? log(v) : v;
}

static void scale_set(struct scale *s, const struct axis *a, double low, double high,
                      double first, double last)
{
    s->axis = a;
    s->low = transform(s, low);
    s->high = transform(s, high);
    s->first = first;
    s->last = last;
    s->factor = (last - first) / (s->high - s->low);
}

/* What is no number, as where an axis is wider than numbers are, is far off, too. */
double scale_dot(const struct scale *s, double v)
{
    static const double far = 1e6;
    double dot = s->first + (transform(s, v) - s->low) * s->factor;

    return !(dot > -far) ? -far : dot > far ? far : dot;
}

double scale_value(const struct scale *s, double dot)
{
    double part = (dot - s->first) / (s->last - s->first);
    double v = s->low + part * (s->high - s->low);

    return s->axis->log ? exp(v) : v;
}

/* Between bars the edges of cells count, in curves the dots in them. */
int chart_column(const struct chart *c, double dot)
{
    return (int)floor((round(dot) + 0.5) / canvas_across(c->surface->glyphs));
}

int chart_row(const struct chart *c, double dot)
{
    double cells = (dot + 0.5) / canvas_down(c->surface->glyphs);

    return (int)(c->bars ? floor(cells + 0.5) : floor(cells + 1e-6));
}

/* ---- ticks ---- */

static void ticks_write(struct ticks *t, const struct axis *a)
{
    t->step = t->n > (a->log ? 2 : 1) ? t->at[1] - t->at[0] : 0;
    for (int i = 2; i < t->n; i++)
        if (fabs(t->at[i] - t->at[i - 1] - t->step) > t->step * 1e-6)
            t->step = 0;
    t->widest = 0;
    for (int i = 0; i < t->n; i++) {
        t->text[i] = axis_tick_text(a, t->at[i], t->step);
        t->width[i] = (int)strlen(t->text[i]);
        if (t->width[i] > t->widest)
            t->widest = t->width[i];
    }
}

void ticks_done(struct ticks *t)
{
    for (int i = 0; i < t->n; i++)
        free(t->text[i]);
    t->n = 0;
}

/* ---- y ---- */

/* A range whose ticks lie on rows: tick `step`, `rows` rows each, from `first` rows above
 * zero on. */
struct grid {
    double step, unit, first;
    int rows, ticks;
};

/* The grid with that step for values low..high on so many levels (rows, or edges of
 * rows); what is less than `slack` rows beyond the outer levels is still in their cells.
 * False: the values do not fit. */
static bool grid_try(struct grid *g, double step, int rows, double low, double high,
                     int levels, double slack)
{
    double unit = step / rows, first = floor(low / unit + slack + 1e-9), spare, ticks;

    spare = first + levels - 1 + slack + 1e-9 - high / unit;
    if (spare < 0)
        return false;
    /* as much above as below, but nothing below zero for what never goes there */
    first -= low < 0 ? floor(spare / 2) : fmin(floor(spare / 2), first);
    ticks = floor((first + levels - 1) / rows) - ceil(first / rows) + 1;
    if (ticks < 2)
        return false;
    *g = (struct grid){step, unit, first, rows, (int)ticks};
    return true;
}

/* The finest grid that holds low..high; false where all of them waste too much. */
static bool grid_find(struct grid *best, const struct axis *a, double low, double high,
                      int levels, double slack)
{
    static const double mantissas[] = {1, 2, 2.5, 5}, costs[] = {1, 1, 1.15, 1};
    static const double few = 1.2, enough = 0.45;
    int least = levels / 9 + 1, most = levels - 1 < least + 4 ? levels - 1 : least + 4;
    int exponent = (int)floor(log10((high - low) / levels));
    double lowest = INFINITY;

    for (int e = exponent; e < exponent + 3; e++)
        for (int i = 0; i < 4; i++)
            for (int rows = least; rows <= most; rows++) {
                double step = mantissas[i] * pow(10, e), cost = step / rows * costs[i];
                struct grid g;

                if ((a->whole && (step < 1 || step != floor(step))) ||
                    !grid_try(&g, step, rows, low, high, levels, slack))
                    continue;
                if (g.ticks < 3 && levels > 4)
                    cost *= few;
                if (cost < lowest) {
                    *best = g;
                    lowest = cost;
                }
            }
    return isfinite(lowest) && high - low > enough * best->unit * levels;
}

static void grid_ticks(const struct grid *g, int levels, struct ticks *t)
{
    double last = floor((g->first + levels - 1) / g->rows);

    t->n = 0;
    for (double i = ceil(g->first / g->rows); i <= last && t->n < TICKS; i++)
        t->at[t->n++] = i * g->step;
}

/* Round times are not of the kind that grids have; limits of the axis' own are kept. */
static bool may_align(const struct axis *a, double low, double high)
{
    return !a->log && !a->time && !(isfinite(a->low) && isfinite(a->high)) &&
           high - low > 1e-6 * fmax(fabs(low), fabs(high)) && high - low > 1e-290;
}

/* With bars the range goes from edge to edge; else it goes between the middles of the
 * first and the last row, as long as there are enough of them. */
void chart_fit_y(struct chart *c)
{
    const struct axis *a = &c->figure->y;
    int rows = c->plot.height, down = canvas_down(c->surface->glyphs);
    int levels = rows + c->bars, most = rows < 3 ? 2 : rows < 8 ? rows - 1 : rows / 2;
    double low, high, first = rows * down - 0.5, last = -0.5;
    struct grid g = {.rows = 1};

    if (!c->bars) {
        double margin = rows > 2 ? (down - 1) / 2.0 : 0;

        first = rows * down - 1 - margin;
        last = margin;
    }
    figure_y_range(c->figure, &low, &high);
    if (levels > 2 && may_align(a, low, high) &&
        grid_find(&g, a, low, high, levels, c->bars ? 0 : 0.49)) {
        low = g.first * g.unit;
        high = (g.first + levels - 1) * g.unit;
        grid_ticks(&g, levels, &c->y_ticks);
    } else {
        most = most < 9 ? most : 9;
        do
            c->y_ticks.n = axis_ticks(a, low, high, most, c->y_ticks.at);
        while (c->y_ticks.n < 2 && ++most < 12);
    }
    scale_set(&c->y, a, low, high, first, rows == 1 ? last + 1e-3 : last);
    ticks_write(&c->y_ticks, a);
}

char *chart_value_text(const struct chart *c, double y)
{
    const struct axis *a = c->y.axis;
    double step = 0;

    if (c->y_ticks.step > 0)
        step = pow(10, floor(log10(c->y_ticks.step) + 1e-9) - 2);
    else if (y != 0 && isfinite(y))
        step = pow(10, floor(log10(fabs(y))) - 3);
    return axis_tick_text(a, y, a->whole ? fmax(step, 1) : step);
}

void chart_draw_y_axis(struct chart *c)
{
    const struct line_glyphs *lines = line_glyphs(c->surface->glyphs);
    int x = c->plot.x - 1, labelled = -1, end = c->plot.height + (c->bars && c->x_axis);

    if (!c->y_axis)
        return;
    for (int y = 0; y < c->plot.height; y++)
        surface_put(c->surface, x, c->plot.y + y, lines->down, ROLE_DIM);
    for (int i = c->y_ticks.n - 1; i >= 0; i--) {
        int y = chart_row(c, scale_dot(&c->y, c->y_ticks.at[i]));

        if (y < 0 || y >= end || y == labelled)
            continue;
        surface_text_right(c->surface, 0, c->plot.y + y, c->y_ticks.widest, ROLE_TEXT,
                           c->y_ticks.text[i]);
        surface_put(c->surface, x, c->plot.y + y,
                    y < c->plot.height ? lines->tick_left : lines->tick_corner, ROLE_DIM);
        labelled = y;
    }
}

/* ---- x ---- */

/* Columns of equal bars, as long as that leaves most of the width in use. */
static int width_for_bars(const struct chart *c, double low, double high)
{
    const struct figure *f = c->figure;
    int width = c->plot.width;

    for (size_t i = 0; i < f->n_series; i++) {
        double n = (high - low) / series_bar_width(&f->series[i]);

        if (f->series[i].kind == SERIES_BARS && n >= 1 && n <= width &&
            fabs(n - round(n)) < 1e-6 * n &&
            width / (int)round(n) * round(n) > 0.7 * width)
            return width / (int)round(n) * (int)round(n);
    }
    return width;
}

void chart_fit_x(struct chart *c)
{
    double low, high, dots;

    figure_x_range(c->figure, &low, &high);
    if (c->bars)
        c->plot.width = width_for_bars(c, low, high);
    dots = c->plot.width * canvas_across(c->surface->glyphs);
    if (c->bars)
        scale_set(&c->x, &c->figure->x, low, high, -0.5, dots - 0.5);
    else
        scale_set(&c->x, &c->figure->x, low, high, 0, dots > 1 ? dots - 1 : 1e-3);
}

/* The columns of the surface where each number begins. */
static void place_numbers(const struct chart *c, const struct ticks *t, int *left)
{
    for (int i = 0; i < t->n; i++) {
        int middle = c->plot.x + chart_column(c, scale_dot(&c->x, t->at[i]));

        left[i] = middle - (t->width[i] - 1) / 2;
        if (left[i] + t->width[i] > c->surface->width)
            left[i] = c->surface->width - t->width[i];
        if (left[i] < 0)
            left[i] = 0;
    }
}

/* Where a label of that width goes: after the last number or into the last gap that has
 * room for it; `anywhere`: also into one of the first, at worst before all numbers. -1:
 * nowhere. */
static int place_label(const struct chart *c, const struct ticks *t, const int *left,
                       int width, bool anywhere)
{
    int end = c->surface->width, first = anywhere ? 0 : t->n > 3 ? t->n - 2 : 1;

    for (int i = t->n; i >= first; i--) {
        int from = i > 0 ? left[i - 1] + t->width[i - 1] + 1 : 0;
        int room = (i < t->n ? left[i] - 1 : end) - from;

        if (room >= width)
            return i < t->n ? from + (room - width) / 2 : end - width;
    }
    return -1;
}

static bool numbers_fit(const struct ticks *t, const int *left)
{
    for (int i = 1; i < t->n; i++)
        if (left[i] < left[i - 1] + t->width[i - 1] + 2)
            return false;
    return true;
}

/* As many ticks as have numbers two columns from each other and leave room for a label of
 * that width (0: none). False: that would be fewer than `enough`. */
static bool find_x_ticks(const struct chart *c, struct ticks *t, int *left, int label,
                         int enough)
{
    int most = c->plot.width / 7 + 2;

    for (most = most < TICKS ? most : TICKS; most >= enough; most--) {
        t->n = axis_ticks(c->x.axis, scale_value(&c->x, c->x.first),
                          scale_value(&c->x, c->x.last), most, t->at);
        ticks_write(t, c->x.axis);
        place_numbers(c, t, left);
        if (t->n >= enough && numbers_fit(t, left) &&
            (label == 0 || place_label(c, t, left, label, false) >= 0))
            return true;
        ticks_done(t);
    }
    return false;
}

void chart_draw_x_axis(struct chart *c)
{
    const struct line_glyphs *lines = line_glyphs(c->surface->glyphs);
    const char *label = c->x.axis->label;
    int y = c->plot.y + c->plot.height, left[TICKS];
    int width = surface_width(label), x;
    struct ticks t = {.n = 0};

    if (!c->x_axis)
        return;
    for (x = 0; x < c->plot.width; x++)
        surface_put(c->surface, c->plot.x + x, y, lines->across, ROLE_DIM);
    if (c->y_axis && surface_row(c->surface, y)[c->plot.x - 1].code == ' ')
        surface_put(c->surface, c->plot.x - 1, y, lines->corner, ROLE_DIM);
    if (!find_x_ticks(c, &t, left, width, 3))
        find_x_ticks(c, &t, left, 0, 1);
    for (int i = 0; i < t.n; i++) {
        x = c->plot.x + chart_column(c, scale_dot(&c->x, t.at[i]));
        surface_put(c->surface, x < c->surface->width ? x : x - 1, y, lines->tick_below,
                    ROLE_DIM);
        surface_text(c->surface, left[i], y + 1, 0, ROLE_TEXT, t.text[i]);
    }
    x = width > 0 ? place_label(c, &t, left, width, true) : -1;
    if (x >= 0)
        surface_text(c->surface, x, y + 1, 0, ROLE_DIM, label);
    ticks_done(&t);
}
