/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chart is laid out from the outside: legend above, numbers at the left and below, and
 * what is left is the plot. Points that fall into one column of dots are drawn as one
 * upright line from the least to the greatest: many points take little time, and no spike
 * is lost.
 */
#include "ui/chart.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "ui/chart_own.h"

enum {
    HEIGHT_X_AXIS = 5, /* from so many rows on */
    HEIGHT_LEGEND = 6,
    WIDTH_PLOT = 7,    /* columns that numbers must leave to the plot */
    WIDTH_GAP = 40,    /* from so many columns on there is one free beside the numbers */
    MARK_EVERY = 12,   /* columns between the glyphs on a curve */
};

char chart_glyph(int style)
{
    return "*o+x#@%&"[style & 7];
}

int chart_columns(const struct surface *s)
{
    return s->width * canvas_across(s->glyphs);
}

const struct series *chart_raw_of(const struct figure *f, const struct series *s)
{
    for (size_t i = 0; i < f->n_series; i++)
        if (f->series[i].kind == SERIES_FAINT && f->series[i].style == s->style)
            return &f->series[i];
    return NULL;
}

bool chart_has_curve(const struct figure *f, const struct series *faint)
{
    for (size_t i = 0; i < f->n_series; i++)
        if (f->series[i].kind != SERIES_FAINT && f->series[i].style == faint->style)
            return true;
    return false;
}

/* ---- curves ---- */

static bool is_curve(const struct series *s)
{
    return s->kind == SERIES_LINE || s->kind == SERIES_STEPS;
}

/* The points that share a column of dots; y as values. */
struct column {
    bool any;
    double dot;            /* of the column, rounded */
    double first_x, last_x; /* in dots */
    double first, last, low, high;
};

static void column_take(struct column *k, double x, double y)
{
    if (!k->any)
        *k = (struct column){true, round(x), x, x, y, y, y, y};
    k->last_x = x;
    k->last = y;
    k->low = y < k->low ? y : k->low;
    k->high = y > k->high ? y : k->high;
}

static void draw_column(struct chart *c, enum layer layer, const struct series *s,
                        const struct column *before, const struct column *k)
{
    double x = k->first_x, y = scale_dot(&c->y, k->first);

    if (!k->any)
        return;
    canvas_line(&c->canvas, layer, s->style, k->dot, scale_dot(&c->y, k->low), k->dot,
                scale_dot(&c->y, k->high));
    if (!before->any)
        return;
    if (s->kind == SERIES_STEPS) {
        canvas_line(&c->canvas, layer, s->style, before->last_x,
                    scale_dot(&c->y, before->last), x, scale_dot(&c->y, before->last));
        canvas_line(&c->canvas, layer, s->style, x, scale_dot(&c->y, before->last), x, y);
    } else {
        canvas_line(&c->canvas, layer, s->style, before->last_x,
                    scale_dot(&c->y, before->last), x, y);
    }
}

static void draw_curve(struct chart *c, enum layer layer, const struct series *s)
{
    struct column before = {.any = false}, k = {.any = false};

    for (size_t i = 0; i < s->n; i++) {
        bool gap = !figure_has_place(c->figure, s->x[i], s->y[i]);
        double x = gap ? 0 : scale_dot(&c->x, s->x[i]);

        if (k.any && (gap || fabs(x - k.dot) >= 0.5)) {
            draw_column(c, layer, s, &before, &k);
            before = k;
            k.any = false;
        }
        if (gap)
            before.any = false;
        else
            column_take(&k, x, s->y[i]);
    }
    draw_column(c, layer, s, &before, &k);
}

/* A dotted line: at each of some columns of dots the y that is asked for, or y = x. */
static void draw_guide(struct chart *c, double y)
{
    int every = c->canvas.across == 2 ? 3 : 2;

    for (int dot = 0; dot < c->plot.width * c->canvas.across; dot += every) {
        double x = scale_value(&c->x, dot), at = isnan(y) ? x : y;

        if (figure_has_place(c->figure, x, at))
            canvas_dot(&c->canvas, LAYER_GUIDE, 0, dot,
                       (int)lround(scale_dot(&c->y, at)));
    }
}

static void draw_curves(struct chart *c)
{
    const struct figure *f = c->figure;

    if (f->diagonal)
        draw_guide(c, NAN);
    if (!isnan(f->level))
        draw_guide(c, f->level);
    for (size_t i = 0; i < f->n_series; i++) {
        const struct series *s = &f->series[i];

        if (s->kind == SERIES_FAINT)
            draw_curve(c, LAYER_FAINT, s);
        else if (is_curve(s))
            draw_curve(c, LAYER_CURVES, s);
    }
    canvas_show(&c->canvas, &c->area);
}

/* ---- bars ---- */

/* The uppermost cell of a bar, filled in part: there is something as soon as y > 0. */
static uint32_t bar_top(enum glyphs glyphs, double part)
{
    if (glyphs == GLYPHS_ASCII)
        return part > 2 / 3.0 ? '#' : part > 1 / 3.0 ? ':' : '.';
    return 0x2580 + (uint32_t)fmax(1, fmin(8, round(part * 8)));
}

static void draw_bar_column(struct chart *c, int x, double height, uint32_t glyph,
                            enum role role)
{
    for (int i = 0; i < height; i++) {
        double part = height - i;
        uint32_t code = part >= 1 ? (c->area.glyphs == GLYPHS_ASCII ? '#' : 0x2588)
                                  : bar_top(c->area.glyphs, part);

        surface_put(&c->area, x, c->plot.height - 1 - i, glyph ? glyph : code, role);
    }
}

/* Bars of several series have their glyphs, so that they can be told apart. */
static void draw_bars(struct chart *c, const struct series *s, bool several)
{
    double half = series_bar_width(s) / 2, bottom = c->plot.height * c->canvas.down - 0.5;

    for (size_t i = 0; i < s->n; i++) {
        double height, from, to;

        if (!figure_has_place(c->figure, s->x[i], s->y[i]))
            continue;
        height = (bottom - scale_dot(&c->y, s->y[i])) / c->canvas.down;
        from = round((scale_dot(&c->x, s->x[i] - half) + 0.5) / c->canvas.across);
        to = round((scale_dot(&c->x, s->x[i] + half) + 0.5) / c->canvas.across);
        if (to - from >= 4)
            to--; /* a gap */
        for (double x = fmax(from, 0); x < fmin(fmax(to, from + 1), c->plot.width); x++)
            draw_bar_column(c, (int)x, height,
                            several ? (uint32_t)chart_glyph(s->style) : 0,
                            ROLE_SERIES_1 + (s->style & 7));
    }
}

static void draw_all_bars(struct chart *c)
{
    const struct figure *f = c->figure;
    int n = 0;

    for (size_t i = 0; i < f->n_series; i++)
        n += f->series[i].kind == SERIES_BARS;
    for (size_t i = 0; i < f->n_series; i++)
        if (f->series[i].kind == SERIES_BARS)
            draw_bars(c, &f->series[i], n > 1);
}

/* ---- glyphs on the plot ---- */

static void put_glyph(struct chart *c, const struct series *s, double x, double y)
{
    if (figure_has_place(c->figure, x, y))
        surface_put(&c->area, chart_column(c, scale_dot(&c->x, x)),
                    chart_row(c, scale_dot(&c->y, y)), (uint32_t)chart_glyph(s->style),
                    ROLE_SERIES_1 + (s->style & 7));
}

static void draw_points(struct chart *c)
{
    const struct figure *f = c->figure;

    for (size_t k = 0; k < f->n_series; k++)
        for (size_t i = 0; f->series[k].kind == SERIES_POINTS && i < f->series[k].n; i++)
            put_glyph(c, &f->series[k], f->series[k].x[i], f->series[k].y[i]);
}

/* The middle one of the cells that a style has in a column, -1: none. */
static int row_of_style(const struct canvas *k, int x, int style)
{
    int first = -1, last = -1;

    for (int y = 0; y < k->height; y++)
        if (k->styles[(size_t)y * (size_t)k->width + (size_t)x] & (1 << (style & 7))) {
            first = first < 0 ? y : first;
            last = y;
        }
    return first < 0 ? -1 : (first + last) / 2;
}

static void mark_curve(struct chart *c, const struct series *s, int from, int to)
{
    for (int x = from; x < to; x += MARK_EVERY) {
        int y = row_of_style(&c->canvas, x, s->style);

        if (y >= 0)
            surface_put(&c->area, x, y, (uint32_t)chart_glyph(s->style),
                        ROLE_SERIES_1 + (s->style & 7));
    }
}

/* Curves of dots get the glyph of the legend at their last point and, where there are
 * several, on their way, each at columns of its own. */
static void mark_curves(struct chart *c)
{
    const struct figure *f = c->figure;
    int n = 0, k = 0;

    if (c->area.glyphs == GLYPHS_ASCII)
        return;
    for (size_t i = 0; i < f->n_series; i++)
        n += is_curve(&f->series[i]);
    for (size_t i = 0; i < f->n_series; i++) {
        const struct series *s = &f->series[i];
        size_t last = s->n;
        int end;

        while (last > 0 && !figure_has_place(f, s->x[last - 1], s->y[last - 1]))
            last--;
        if (!is_curve(s) || last == 0)
            continue;
        end = chart_column(c, scale_dot(&c->x, s->x[last - 1]));
        if (n > 1)
            mark_curve(c, s, MARK_EVERY / 2 + k++ * MARK_EVERY / n,
                       end < c->plot.width ? end - 2 : c->plot.width);
        put_glyph(c, s, s->x[last - 1], s->y[last - 1]);
    }
}

/* A '!' where a gap begins, at the height where the curve broke off; for one at the
 * beginning, where it goes on. */
static void mark_gaps(struct chart *c, const struct series *s)
{
    size_t near = 0;

    while (near < s->n && !figure_has_place(c->figure, s->x[near], s->y[near]))
        near++;
    for (size_t i = 0; i < s->n; i++) {
        bool gap = !isfinite(s->y[i]);
        int row = c->plot.height - 1;

        if (figure_has_place(c->figure, s->x[i], s->y[i]))
            near = i;
        if (!gap || (i > 0 && !isfinite(s->y[i - 1])) || !isfinite(s->x[i]) ||
            (c->figure->x.log && s->x[i] <= 0))
            continue;
        if (near < s->n)
            row = chart_row(c, scale_dot(&c->y, s->y[near]));
        surface_put(&c->area, chart_column(c, scale_dot(&c->x, s->x[i])), row, '!',
                    ROLE_ERROR);
    }
}

static void mark_all_gaps(struct chart *c)
{
    const struct figure *f = c->figure;

    for (size_t i = 0; i < f->n_series; i++)
        if (f->series[i].kind != SERIES_BARS &&
            !(f->series[i].kind == SERIES_FAINT && chart_has_curve(f, &f->series[i])))
            mark_gaps(c, &f->series[i]);
}

/* ---- the whole ---- */

/* Why there is nothing to see; NULL: there is something. */
static const char *why_empty(const struct figure *f)
{
    const char *why = "no data yet";

    for (size_t k = 0; k < f->n_series; k++)
        for (size_t i = 0; i < f->series[k].n; i++) {
            double x = f->series[k].x[i], y = f->series[k].y[i];

            if (figure_has_place(f, x, y))
                return NULL;
            why = isfinite(x) && isfinite(y) ? "no positive values" : "no finite values";
        }
    return why;
}

static void draw_sentence(struct surface *s, const char *text)
{
    int width = (int)strlen(text);

    if (width > s->width) {
        text = s->width >= 7 ? "no data" : "-";
        width = (int)strlen(text);
    }
    surface_text(s, (s->width - width) / 2, (s->height - 1) / 2, 0, ROLE_DIM, text);
}

static void lay_out(struct chart *c)
{
    const struct surface *s = c->surface;
    int numbers;

    c->legend = s->height >= HEIGHT_LEGEND && chart_wants_legend(c->figure);
    c->x_axis = s->height >= HEIGHT_X_AXIS;
    c->plot.y = c->legend;
    c->plot.height = s->height - c->legend - 2 * c->x_axis;
    chart_fit_y(c);
    numbers = c->y_ticks.widest + (s->width >= WIDTH_GAP);
    c->y_axis = c->y_ticks.n > 0 && c->plot.height > 1 &&
                s->width - numbers - 1 >= WIDTH_PLOT;
    c->plot.x = c->y_axis ? numbers + 1 : 0;
    c->plot.width = s->width - c->plot.x;
    chart_fit_x(c);
}

void chart_draw(const struct figure *f, struct surface *s)
{
    struct chart c = {.figure = f, .surface = s};
    const char *why = why_empty(f);

    surface_fill(s, (struct rect){0, 0, s->width, s->height}, ' ', ROLE_TEXT);
    if (s->width < 1 || why) {
        if (why)
            draw_sentence(s, why);
        return;
    }
    for (size_t i = 0; i < f->n_series; i++)
        c.bars = c.bars || f->series[i].kind == SERIES_BARS;
    lay_out(&c);
    c.area = surface_part(s, c.plot);
    canvas_init(&c.canvas, c.plot.width, c.plot.height, s->glyphs);
    draw_all_bars(&c);
    draw_curves(&c);
    draw_points(&c);
    mark_curves(&c);
    mark_all_gaps(&c);
    chart_draw_y_axis(&c);
    chart_draw_x_axis(&c);
    chart_draw_legend(&c);
    chart_draw_cursor(&c);
    canvas_done(&c.canvas);
    ticks_done(&c.y_ticks);
}
