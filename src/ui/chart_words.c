/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a chart: the legend above and the values at the cursor. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "ui/chart_own.h"

enum { BETWEEN = 2 }; /* columns between the words of the legend */

static bool has_words(const char *text)
{
    return text && *text;
}

/* ---- legend ---- */

static bool in_legend(const struct figure *f, const struct series *s)
{
    return has_words(s->name) && !(s->kind == SERIES_FAINT && chart_has_curve(f, s));
}

bool chart_wants_legend(const struct figure *f)
{
    for (size_t i = 0; i < f->n_series; i++)
        if (in_legend(f, &f->series[i]))
            return true;
    return has_words(f->title) || has_words(f->y.label);
}

static int item_width(const struct series *s)
{
    return 2 + surface_width(s->name) + BETWEEN;
}

/* The character with which the legend stands for a series. */
static uint32_t legend_glyph(const struct figure *f, const struct series *s,
                             enum glyphs level)
{
    int bars = 0;

    for (size_t i = 0; i < f->n_series; i++)
        bars += f->series[i].kind == SERIES_BARS;
    if (s->kind == SERIES_FAINT)
        return '.';
    if (s->kind == SERIES_BARS && bars == 1)
        return level == GLYPHS_ASCII ? '#' : 0x2588;
    return (uint32_t)chart_glyph(s->style);
}

/* Columns that all of them take. */
static int items_width(const struct figure *f)
{
    int width = 0;

    for (size_t i = 0; i < f->n_series; i++)
        if (in_legend(f, &f->series[i]))
            width += item_width(&f->series[i]);
    return width > 0 ? width - BETWEEN : 0;
}

/* What does not fit is counted: "+2". */
static void draw_items(struct chart *c, int x)
{
    const struct figure *f = c->figure;
    int end = c->surface->width, left_out = 0, rest = items_width(f);

    for (size_t i = 0; i < f->n_series; i++) {
        const struct series *s = &f->series[i];
        int width;

        if (!in_legend(f, s))
            continue;
        width = item_width(s) - BETWEEN;
        if (left_out > 0 || (x + rest > end && x + width + BETWEEN + 3 > end)) {
            left_out++;
            continue;
        }
        surface_put(c->surface, x, 0, legend_glyph(f, s, c->surface->glyphs),
                    s->kind == SERIES_FAINT ? ROLE_DIM : ROLE_SERIES_1 + (s->style & 7));
        surface_text(c->surface, x + 2, 0, 0, ROLE_TEXT, s->name);
        x += width + BETWEEN;
        rest -= width + BETWEEN;
    }
    if (left_out > 0)
        surface_printf(c->surface, x, 0, 0, ROLE_DIM, "+%d", left_out);
}

void chart_draw_legend(struct chart *c)
{
    const struct figure *f = c->figure;
    bool label = has_words(f->y.label) &&
                 !(f->title && strcmp(f->title, f->y.label) == 0);
    int x = 0, rest = items_width(f);

    if (!c->legend)
        return;
    if (has_words(f->title) && surface_width(f->title) + 3 + rest <= c->surface->width)
        x += surface_text(c->surface, x, 0, 0, ROLE_STRONG, f->title) + 3;
    if (label && x + surface_width(f->y.label) + 3 + rest <= c->surface->width)
        x += surface_text(c->surface, x, 0, 0, ROLE_DIM, f->y.label) + 3;
    draw_items(c, x);
}

/* ---- values at the cursor ---- */

/* How much is said, less and less. */
enum detail { DETAIL_RAW, DETAIL_NAME, DETAIL_VALUE };

struct words {
    struct str *lines;
    const struct series **series; /* of each line, NULL: of the first, the x */
    int n, width;
};

static void words_done(struct words *w)
{
    for (int i = 0; i < w->n; i++)
        str_done(&w->lines[i]);
    free(w->lines);
    free(w->series);
}

/* "epoch 24" */
static void write_x(const struct chart *c, enum detail detail, struct str *out)
{
    const struct axis *a = c->x.axis;
    double step = a->whole || a->time ? 1 : fabs(c->x.high - c->x.low) / 1000;
    char *text;

    if (a->log)
        step = pow(10, floor(log10(c->figure->cursor)) - 2);
    else if (step != 1)
        step = pow(10, floor(log10(step)));
    text = axis_tick_text(a, c->figure->cursor, step);
    if (detail != DETAIL_VALUE && has_words(a->label))
        str_printf(out, "%s ", a->label);
    str_puts(out, text);
    free(text);
}

/* "train 0.301 (raw 0.289)", or less of it. */
static void write_value(const struct chart *c, const struct series *s, enum detail detail,
                        struct str *out)
{
    const struct series *raw = chart_raw_of(c->figure, s);
    char *value = chart_value_text(c, series_at(s, c->figure->cursor));

    if (detail != DETAIL_VALUE && has_words(s->name))
        str_printf(out, "%s ", s->name);
    str_puts(out, value);
    free(value);
    if (detail == DETAIL_RAW && raw && raw != s) {
        value = chart_value_text(c, series_at(raw, c->figure->cursor));
        str_printf(out, " (raw %s)", value);
        free(value);
    }
}

static void words_make(struct words *w, const struct chart *c, enum detail detail)
{
    const struct figure *f = c->figure;

    w->lines = xcalloc(f->n_series + 1, sizeof *w->lines);
    w->series = xcalloc(f->n_series + 1, sizeof *w->series);
    write_x(c, detail, &w->lines[0]);
    w->width = surface_width(w->lines[0].text);
    w->n = 1;
    for (size_t i = 0; i < f->n_series; i++) {
        const struct series *s = &f->series[i];
        int width;

        if (s->kind == SERIES_FAINT && chart_has_curve(f, s))
            continue;
        write_value(c, s, detail, &w->lines[w->n]);
        w->series[w->n] = s;
        width = 2 + surface_width(w->lines[w->n++].text);
        if (width > w->width)
            w->width = width;
    }
}

/* As many words as one of the sides has room for. */
static void words_fit(struct words *w, const struct chart *c, int line)
{
    int right = c->plot.width - line - 1, room = (right > line ? right : line) - 2;

    words_make(w, c, DETAIL_RAW);
    for (enum detail d = DETAIL_NAME; d <= DETAIL_VALUE && w->width > room; d++) {
        words_done(w);
        words_make(w, c, d);
    }
}

/* Cells that are not blank in a rectangle of the plot. */
static int hidden_by(const struct surface *s, struct rect r)
{
    int n = 0;

    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++)
            n += surface_row(s, y)[x].code != ' ';
    return n;
}

/* Beside the line, where they hide least; the right side and the top if it is all the
 * same. Width 0: there is no room. */
static struct rect place_words(const struct chart *c, const struct words *w, int line)
{
    int right = c->plot.width - line - 1, wanted = w->width + 2, least = -1;
    int height = w->n < c->plot.height ? w->n : c->plot.height;
    struct rect best = {0};

    if (wanted > right && wanted > line)
        wanted = right > line ? right : line;
    for (int side = 0; side < 2 && wanted >= 6; side++)
        for (int y = 0; y + height <= c->plot.height; y++) {
            struct rect r = {side ? line - wanted : line + 1, y, wanted, height};
            int hidden;

            if (wanted > (side ? line : right))
                break;
            hidden = hidden_by(&c->area, r);
            if (least < 0 || hidden < least) {
                least = hidden;
                best = r;
            }
        }
    return best;
}

static void draw_words(struct chart *c, const struct words *w, struct rect r)
{
    struct surface box = surface_part(&c->area, r);

    surface_fill(&box, (struct rect){0, 0, r.width, r.height}, ' ', ROLE_TEXT);
    for (int i = 0; i < r.height; i++) {
        const struct series *s = w->series[i];

        if (s)
            surface_put(&box, 1, i,
                        s->kind == SERIES_FAINT ? '.' : (uint32_t)chart_glyph(s->style),
                        ROLE_SERIES_1 + (s->style & 7));
        surface_text(&box, s ? 3 : 1, i, r.width - (s ? 3 : 1),
                     s ? ROLE_TEXT : ROLE_STRONG, str_text(&w->lines[i]));
    }
}

void chart_draw_cursor(struct chart *c)
{
    double cursor = c->figure->cursor;
    uint32_t code = c->surface->glyphs == GLYPHS_ASCII ? '|' : 0x2502;
    struct words w;
    struct rect r;
    int x;

    if (!isfinite(cursor) || (c->x.axis->log && cursor <= 0))
        return;
    x = chart_column(c, scale_dot(&c->x, cursor));
    if (x < 0 || x >= c->plot.width)
        return;
    words_fit(&w, c, x);
    r = place_words(c, &w, x);
    for (int y = 0; y < c->plot.height; y++) {
        const struct screen_cell *cell = &surface_row(&c->area, y)[x];

        if (cell->code == ' ' || cell->role == ROLE_DIM)
            surface_put(&c->area, x, y, code, ROLE_STRONG);
    }
    if (r.width > 0)
        draw_words(c, &w, r);
    words_done(&w);
}
