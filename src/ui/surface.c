/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/surface.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/text.h"

enum { ELLIPSIS = 0x2026, FULL_BLOCK = 0x2588, LEFT_EIGHTH = 0x258F,
       LOWER_EIGHTH = 0x2581 };

static const struct screen_cell blank = {.code = ' ', .role = ROLE_TEXT};

/* What the locale does not know is one of our own glyphs. */
static int columns_of(uint32_t code)
{
    int columns = code < 0x80 ? 1 : wcwidth((wchar_t)code);

    return columns < 0 ? 1 : columns;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

void surface_init(struct surface *s, int width, int height, enum glyphs glyphs)
{
    size_t n;

    s->width = s->stride = width > 0 && height > 0 ? width : 0;
    s->height = s->width > 0 ? height : 0;
    s->glyphs = glyphs;
    s->colourless = false;
    n = (size_t)s->width * (size_t)s->height;
    s->cells = xcalloc(n + 1, sizeof *s->cells);
    for (size_t i = 0; i < n; i++)
        s->cells[i] = blank;
}

void surface_done(struct surface *s)
{
    free(s->cells);
    memset(s, 0, sizeof *s);
}

/* The part of r within width x height; an empty one has no width and no height. */
static struct rect clip(struct rect r, int width, int height)
{
    long right = (long)r.x + r.width, bottom = (long)r.y + r.height;
    struct rect c;

    c.x = r.x < 0 ? 0 : r.x;
    c.y = r.y < 0 ? 0 : r.y;
    if (right > width)
        right = width;
    if (bottom > height)
        bottom = height;
    if (right <= c.x || bottom <= c.y)
        return (struct rect){0, 0, 0, 0};
    c.width = (int)(right - c.x);
    c.height = (int)(bottom - c.y);
    return c;
}

struct surface surface_part(const struct surface *s, struct rect r)
{
    struct rect c = clip(r, s->width, s->height);
    struct surface part = *s;

    part.cells = s->cells + (ptrdiff_t)c.y * s->stride + c.x;
    part.width = c.width;
    part.height = c.height;
    return part;
}

const struct screen_cell *surface_row(const struct surface *s, int y)
{
    return y >= 0 && y < s->height ? s->cells + (ptrdiff_t)y * s->stride : NULL;
}

/* NULL outside. */
static struct screen_cell *cell_at(const struct surface *s, int x, int y)
{
    if (x < 0 || x >= s->width || y < 0 || y >= s->height)
        return NULL;
    return s->cells + (ptrdiff_t)y * s->stride + x;
}

static bool is_wide(const struct screen_cell *c)
{
    return c && columns_of(c->code) == 2;
}

struct screen_cell surface_shown(const struct surface *s, int x, int y)
{
    const struct screen_cell *c = cell_at(s, x, y), *right = cell_at(s, x + 1, y);
    struct screen_cell lost = blank;
    bool whole = c && (c->code == 0 ? is_wide(cell_at(s, x - 1, y))
                                    : !is_wide(c) || (right && right->code == 0));

    if (!c || whole)
        return c ? *c : blank;
    lost.role = c->role;
    return lost;
}

/* ---- characters ---- */

/* A character that is overwritten takes its other half with it. */
static void clear_halves(struct surface *s, int x, int y)
{
    struct screen_cell *c = cell_at(s, x, y), *left = cell_at(s, x - 1, y),
                *right = cell_at(s, x + 1, y);

    if (c->code == 0 && is_wide(left))
        left->code = ' ', left->marks[0] = 0;
    else if (is_wide(c) && right && right->code == 0)
        right->code = ' ';
}

static void set_cell(struct surface *s, int x, int y, uint32_t code, enum role role)
{
    struct screen_cell *c = cell_at(s, x, y);

    if (!c)
        return;
    clear_halves(s, x, y);
    *c = (struct screen_cell){.code = code, .role = (uint8_t)role};
}

/* Returns the columns it took. Half a character at an edge is a blank. */
static int put(struct surface *s, int x, int y, uint32_t code, enum role role)
{
    int columns = columns_of(code);

    if (is_control(code) || columns == 0) {
        code = '?';
        columns = 1;
    }
    if (columns == 2 && (x < 0 || x + 1 >= s->width)) {
        set_cell(s, x, y, ' ', role);
        set_cell(s, x + 1, y, ' ', role);
        return 2;
    }
    set_cell(s, x, y, code, role);
    if (columns == 2) {
        set_cell(s, x + 1, y, ' ', role); /* with whatever it halves */
        *cell_at(s, x, y) = (struct screen_cell){.code = code, .role = (uint8_t)role};
        *cell_at(s, x + 1, y) = (struct screen_cell){.code = 0, .role = (uint8_t)role};
    }
    return columns;
}

void surface_put(struct surface *s, int x, int y, uint32_t code, enum role role)
{
    put(s, x, y, code, role);
}

static void add_mark(struct surface *s, int x, int y, uint32_t mark)
{
    struct screen_cell *c = cell_at(s, x, y);

    if (c && c->code == 0)
        c = cell_at(s, x - 1, y);
    for (int i = 0; c && i < CELL_MARKS; i++) {
        if (c->marks[i] == 0) {
            c->marks[i] = mark;
            return;
        }
    }
}

/* ---- text ---- */

/* Writes what show() made. */
static void write_shown(struct surface *s, int x, int y, enum role role,
                        const struct str *text)
{
    for (size_t i = 0; i < text->length;) {
        int code;

        i += (size_t)utf8_decode(text->text + i, text->length - i, &code);
        if (code == ELLIPSIS && s->glyphs == GLYPHS_ASCII)
            code = '~';
        if (columns_of((uint32_t)code) == 0)
            add_mark(s, x - 1, y, (uint32_t)code);
        else if (x < s->width)
            x += put(s, x, y, (uint32_t)code, role);
    }
}

int surface_text(struct surface *s, int x, int y, int width, enum role role,
                 const char *text)
{
    struct str shown = {0};
    int room = s->width - x;
    size_t columns;

    if (width <= 0 || width > room)
        width = room;
    if (width <= 0 || y < 0 || y >= s->height)
        return 0;
    columns = show_to(&shown, text, strlen(text), (size_t)width);
    write_shown(s, x, y, role, &shown);
    str_done(&shown);
    return (int)columns;
}

int surface_printf(struct surface *s, int x, int y, int width, enum role role,
                   const char *format, ...)
{
    struct str text = {0};
    va_list args;
    int columns;

    va_start(args, format);
    str_vprintf(&text, format, args);
    va_end(args);
    columns = surface_text(s, x, y, width, role, str_text(&text));
    str_done(&text);
    return columns;
}

int surface_width(const char *text)
{
    return text ? (int)show_width(text, strlen(text)) : 0;
}

void surface_text_right(struct surface *s, int x, int y, int width, enum role role,
                        const char *text)
{
    int columns = surface_width(text);

    if (width <= 0)
        width = s->width - x;
    if (width <= 0)
        return;
    if (columns < width) {
        x += width - columns;
        width = columns;
    }
    if (columns > 0)
        surface_text(s, x, y, width, role, text);
}

/* ---- areas ---- */

void surface_fill(struct surface *s, struct rect r, uint32_t code, enum role role)
{
    struct rect c = clip(r, s->width, s->height);

    for (int y = c.y; y < c.y + c.height; y++)
        for (int x = c.x; x < c.x + c.width;)
            x += put(s, x, y, code, role);
}

void surface_paint(struct surface *s, struct rect r, enum role role)
{
    struct rect c = clip(r, s->width, s->height);

    for (int y = c.y; y < c.y + c.height; y++)
        for (int x = c.x; x < c.x + c.width; x++)
            cell_at(s, x, y)->role = (uint8_t)role;
}

/* ---- lines and frames ---- */

struct frame_glyphs {
    uint32_t across, down, corners[4]; /* upper left, upper right, lower left and right */
};

static const struct frame_glyphs *frame_glyphs(enum glyphs level, bool focused)
{
    static const struct frame_glyphs sets[2][2] = {
        {{'-', '|', {'+', '+', '+', '+'}}, {'=', '|', {'+', '+', '+', '+'}}},
        {{0x2500, 0x2502, {0x250C, 0x2510, 0x2514, 0x2518}},
         {0x2550, 0x2551, {0x2554, 0x2557, 0x255A, 0x255D}}},
    };

    return &sets[level != GLYPHS_ASCII][focused];
}

static void draw_side(struct surface *s, int y, const struct frame_glyphs *g,
                      const uint32_t corners[2], enum role role)
{
    for (int x = 1; x < s->width - 1; x++)
        put(s, x, y, g->across, role);
    put(s, 0, y, corners[0], role);
    put(s, s->width - 1, y, corners[1], role);
}

void surface_frame(struct surface *s, const char *title, bool focused)
{
    const struct frame_glyphs *g = frame_glyphs(s->glyphs, focused);
    enum role role = focused ? ROLE_FOCUS : ROLE_BORDER;
    int used;

    for (int y = 1; y < s->height - 1; y++) {
        put(s, 0, y, g->down, role);
        put(s, s->width - 1, y, g->down, role);
    }
    draw_side(s, s->height - 1, g, g->corners + 2, role);
    draw_side(s, 0, g, g->corners, role);
    if (!title || !*title || s->width < 7)
        return; /* corner, line, blank, a character, blank, line, corner */
    used = surface_text(s, 3, 0, s->width - 6, focused ? ROLE_FOCUS : ROLE_TITLE, title);
    put(s, 2, 0, ' ', role);
    put(s, 3 + used, 0, ' ', role);
}

void surface_line(struct surface *s, int y, enum role role)
{
    for (int x = 0; x < s->width; x++)
        put(s, x, y, frame_glyphs(s->glyphs, false)->across, role);
}

/* ---- small charts ---- */

void surface_bar(struct surface *s, int x, int y, int width, double part, enum role role)
{
    int steps = s->glyphs == GLYPHS_ASCII ? 2 : 8; /* in a cell */
    int n = part > 0 ? (int)lround(fmin(part, 1) * width * steps) : 0;

    if (part > 0 && n == 0)
        n = 1;
    for (int i = 0; i < width; i++, n -= steps) {
        uint32_t code = ' ';

        if (n >= steps)
            code = steps == 2 ? '#' : FULL_BLOCK;
        else if (n > 0)
            code = steps == 2 ? '-' : (uint32_t)(LEFT_EIGHTH - (n - 1));
        put(s, x + i, y, code, code == ' ' ? ROLE_TEXT : role);
    }
}

/* 0 is nothing */
static uint32_t spark_glyph(enum glyphs glyphs, int level)
{
    if (glyphs == GLYPHS_ASCII)
        return (uint32_t)" .:-=+*#"[level];
    return level == 0 ? ' ' : (uint32_t)(LOWER_EIGHTH + level - 1);
}

static int spark_level(double value, double most, int levels)
{
    int level;

    if (!(value > 0))
        return 0;
    if (isinf(most))
        return isinf(value) ? levels : 1;
    level = (int)lround(value / most * levels);
    return level > 0 ? level : 1;
}

void surface_spark(struct surface *s, int x, int y, int n, const double *values,
                   enum role role)
{
    int levels = s->glyphs == GLYPHS_ASCII ? 7 : 8;
    double most = 0;

    for (int i = 0; i < n; i++)
        if (values[i] > most)
            most = values[i];
    for (int i = 0; i < n; i++) {
        int level = spark_level(values[i], most, levels);

        put(s, x + i, y, spark_glyph(s->glyphs, level), level == 0 ? ROLE_TEXT : role);
    }
}

/* ---- as text ---- */

static void add_code(struct str *out, uint32_t code)
{
    char bytes[4];

    str_add(out, bytes, (size_t)utf8_encode((int)code, bytes));
}

static void cut_blanks(struct str *out, size_t from)
{
    while (out->length > from && out->text[out->length - 1] == ' ')
        out->text[--out->length] = '\0';
}

void surface_dump(const struct surface *s, struct str *out)
{
    for (int y = 0; y < s->height; y++) {
        size_t from = out->length;

        for (int x = 0; x < s->width; x++) {
            struct screen_cell c = surface_shown(s, x, y);

            if (c.code != 0)
                add_code(out, c.code);
            for (int i = 0; i < CELL_MARKS && c.code != 0 && c.marks[i] != 0; i++)
                add_code(out, c.marks[i]);
        }
        cut_blanks(out, from);
        str_putc(out, '\n');
    }
}

static char role_letter(struct screen_cell c)
{
    if (c.role == ROLE_TEXT)
        return c.code == ' ' ? ' ' : '.';
    if (c.role >= ROLE_HEAT_0)
        return "0123456789ABCDEF"[c.role - ROLE_HEAT_0];
    return (char)('a' + c.role - 1);
}

void surface_dump_roles(const struct surface *s, struct str *out)
{
    for (int y = 0; y < s->height; y++) {
        size_t from = out->length;

        for (int x = 0; x < s->width; x++)
            str_putc(out, role_letter(surface_shown(s, x, y)));
        cut_blanks(out, from);
        str_putc(out, '\n');
    }
}

static bool is_same(const struct screen_cell *a, const struct screen_cell *b)
{
    return a->code == b->code && a->role == b->role &&
           memcmp(a->marks, b->marks, sizeof a->marks) == 0;
}

bool surface_equal(const struct surface *a, const struct surface *b)
{
    if (a->width != b->width || a->height != b->height)
        return false;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++)
            if (!is_same(cell_at(a, x, y), cell_at(b, x, y)))
                return false;
    return true;
}
