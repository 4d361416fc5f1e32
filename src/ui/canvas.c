/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/canvas.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ui/chart.h"

enum { BRAILLE = 0x2800, UPPER_HALF = 0x2580, LOWER_HALF = 0x2584, FULL_BLOCK = 0x2588,
       LIGHT_SHADE = 0x2591, MIDDLE_DOT = 0xB7 };

int canvas_across(enum glyphs glyphs)
{
    return glyphs == GLYPHS_BRAILLE ? 2 : 1;
}

int canvas_down(enum glyphs glyphs)
{
    return glyphs == GLYPHS_BRAILLE ? 4 : glyphs == GLYPHS_BLOCKS ? 2 : 1;
}

void canvas_init(struct canvas *c, int width, int height, enum glyphs glyphs)
{
    size_t n = width > 0 && height > 0 ? (size_t)width * (size_t)height : 0;

    c->glyphs = glyphs;
    c->width = n > 0 ? width : 0;
    c->height = n > 0 ? height : 0;
    c->across = canvas_across(glyphs);
    c->down = canvas_down(glyphs);
    for (int i = 0; i < LAYERS; i++)
        c->dots[i] = xcalloc(n + 1, 1);
    c->styles = xcalloc(n + 1, 1);
}

void canvas_done(struct canvas *c)
{
    for (int i = 0; i < LAYERS; i++)
        free(c->dots[i]);
    free(c->styles);
}

/* The order of Unicode's braille: three rows of both columns, then the fourth. */
static unsigned char bit_of(const struct canvas *c, int x, int y)
{
    static const unsigned char braille[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};

    return c->across == 2 ? braille[y][x] : (unsigned char)(1 << y);
}

void canvas_dot(struct canvas *c, enum layer layer, int style, int x, int y)
{
    size_t cell;

    if (x < 0 || y < 0 || x >= c->width * c->across || y >= c->height * c->down)
        return;
    /* every other dot: faint also where there are no colours */
    if (layer == LAYER_FAINT && c->across == 2 && (x + y) % 2 != 0)
        return;
    cell = (size_t)(y / c->down) * (size_t)c->width + (size_t)(x / c->across);
    c->dots[layer][cell] |= bit_of(c, x % c->across, y % c->down);
    if (layer == LAYER_CURVES)
        c->styles[cell] |= (unsigned char)(1 << (style & 7));
}

/* ---- lines ---- */

/* One side of Liang and Barsky's clipping: narrows the part from..to of a line on which
 * p t <= q. False: nothing is left. */
static bool clip_side(double p, double q, double *from, double *to)
{
    if (p == 0)
        return q >= 0;
    if (p < 0)
        *from = fmax(*from, q / p);
    else
        *to = fmin(*to, q / p);
    return *from <= *to;
}

static bool clip_line(const struct canvas *c, double *x0, double *y0, double *x1,
                      double *y1)
{
    /* just less than half a dot around: what is left is rounded to dots inside */
    double edge = 0.499, right = c->width * c->across - 1 + edge,
           bottom = c->height * c->down - 1 + edge;
    double dx = *x1 - *x0, dy = *y1 - *y0, from = 0, to = 1;

    if (!clip_side(-dx, *x0 + edge, &from, &to) ||
        !clip_side(dx, right - *x0, &from, &to) ||
        !clip_side(-dy, *y0 + edge, &from, &to) ||
        !clip_side(dy, bottom - *y0, &from, &to))
        return false;
    *x1 = *x0 + to * dx;
    *y1 = *y0 + to * dy;
    *x0 += from * dx;
    *y0 += from * dy;
    return true;
}

/* A dot in every column or, if it is steep, in every row: the one next to the true line,
 * which need not begin at the middle of a dot. */
void canvas_line(struct canvas *c, enum layer layer, int style, double x0, double y0,
                 double x1, double y1)
{
    bool steep = fabs(y1 - y0) > fabs(x1 - x0);
    double from, length;
    int n, sign;

    if (!clip_line(c, &x0, &y0, &x1, &y1))
        return;
    from = round(steep ? y0 : x0);
    length = steep ? y1 - y0 : x1 - x0;
    n = (int)fabs(round(steep ? y1 : x1) - from);
    sign = length < 0 ? -1 : 1;
    for (int i = 0; i <= n; i++) {
        double at = from + sign * i;
        double t = length == 0 ? 0 : (at - (steep ? y0 : x0)) / length;

        t = fmax(0, fmin(1, t));
        canvas_dot(c, layer, style, (int)lround(steep ? x0 + t * (x1 - x0) : at),
                   (int)lround(steep ? at : y0 + t * (y1 - y0)));
    }
}

/* ---- to cells ---- */

static int style_in_turn(unsigned char styles, int x)
{
    int here[8], n = 0;

    for (int i = 0; i < 8; i++)
        if (styles & (1 << i))
            here[n++] = i;
    return here[x / 2 % n];
}

static uint32_t curve_code(const struct canvas *c, unsigned char dots, int style)
{
    static const uint32_t halves[] = {' ', UPPER_HALF, LOWER_HALF, FULL_BLOCK};

    if (c->glyphs == GLYPHS_BRAILLE)
        return BRAILLE + dots;
    return c->glyphs == GLYPHS_BLOCKS ? halves[dots] : (uint32_t)chart_glyph(style);
}

static void show_cell(const struct canvas *c, struct surface *s, int x, int y)
{
    size_t cell = (size_t)y * (size_t)c->width + (size_t)x;
    unsigned char curves = c->dots[LAYER_CURVES][cell];
    unsigned char faint = c->dots[LAYER_FAINT][cell], guide = c->dots[LAYER_GUIDE][cell];

    if (curves) {
        int style = style_in_turn(c->styles[cell], x);

        surface_put(s, x, y, curve_code(c, curves, style), ROLE_SERIES_1 + style);
    } else if (c->glyphs == GLYPHS_BRAILLE && (faint | guide)) {
        surface_put(s, x, y, BRAILLE + (uint32_t)(faint | guide), ROLE_DIM);
    } else if (faint | guide) {
        uint32_t code = faint ? LIGHT_SHADE : MIDDLE_DOT;

        surface_put(s, x, y, c->glyphs == GLYPHS_ASCII ? '.' : code, ROLE_DIM);
    }
}

void canvas_show(const struct canvas *c, struct surface *s)
{
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++)
            show_cell(c, s, x, y);
}
