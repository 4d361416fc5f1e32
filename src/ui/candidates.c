/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/candidates.h"

#include <string.h>

#include "base/text.h"

enum {
    PRINTED_WIDTH = 40,   /* longer texts do not push the helps to the right */
    MOST_ROWS = 12,
    TITLE_WIDTH = 30,     /* the least of a frame, so that its title has room */
    FRAMED_WIDTH = 12, FRAMED_HEIGHT = 4, /* below that there is no frame */
};

static const char nothing[] = "nothing fits here";

/* ---- the list ---- */

size_t candidates_common(const struct completion *list)
{
    size_t n = strlen(list->texts[0]);

    for (int i = 1; i < list->n; i++) {
        size_t k = 0;

        while (k < n && list->texts[0][k] == list->texts[i][k])
            k++;
        n = k;
    }
    while (n > 0 && (list->texts[0][n] & 0xc0) == 0x80)
        n--; /* no half characters */
    return n;
}

const char *candidates_end(const char *text)
{
    size_t n = strlen(text);

    if (n > 1 && (text[n - 1] == '"' || text[n - 1] == '\''))
        n--;
    return n > 0 && strchr("/=", text[n - 1]) ? "" : " ";
}

void candidates_print(const struct completion *list, int most, struct str *out)
{
    size_t width = 0;
    int n = list->n < most ? list->n : most;

    for (int i = 0; i < n; i++) {
        size_t columns = show_width(list->texts[i], strlen(list->texts[i]));

        width = columns > width && columns < PRINTED_WIDTH ? columns : width;
    }
    for (int i = 0; i < n; i++) {
        size_t columns = show_to(out, list->texts[i], strlen(list->texts[i]), 0);

        for (; list->helps[i] && columns < width + 2; columns++)
            str_putc(out, ' ');
        if (list->helps[i])
            show_to(out, list->helps[i], strlen(list->helps[i]), 0);
        str_putc(out, '\n');
    }
    if (n < list->n)
        str_printf(out, "... and %d more\n", list->n - n);
}

void candidates_show(struct candidates *c, struct completion *list)
{
    candidates_hide(c);
    c->shown = true;
    c->list = *list;
    *list = (struct completion){0};
}

void candidates_hide(struct candidates *c)
{
    completion_done(&c->list);
    c->shown = false;
    c->cursor = -1;
}

void candidates_move(struct candidates *c, int by)
{
    int n = c->list.n;

    if (n == 0)
        return;
    if (c->cursor < 0)
        c->cursor = by > 0 ? 0 : n - 1;
    else
        c->cursor = ((c->cursor + by) % n + n) % n;
}

const char *candidates_chosen(const struct candidates *c)
{
    return c->shown && c->cursor >= 0 ? c->list.texts[c->cursor] : NULL;
}

/* ---- drawing ---- */

static int widest(char *const *texts, int n)
{
    int most = 0;

    for (int i = 0; i < n; i++) {
        int width = surface_width(texts[i]);

        most = width > most ? width : most;
    }
    return most;
}

/* Row i of the list: a place for the cursor, the text, its help behind it. */
static void draw_row(const struct candidates *c, struct surface *s, int y, int i,
                     int text_width)
{
    bool chosen = i == c->cursor;

    surface_text(s, 1, y, text_width, ROLE_TEXT, c->list.texts[i]);
    if (c->list.helps[i] && s->width > text_width + 3)
        surface_text(s, text_width + 3, y, s->width - text_width - 4, ROLE_DIM,
                     c->list.helps[i]);
    if (chosen) {
        surface_put(s, 0, y, '>', ROLE_TEXT);
        surface_paint(s, (struct rect){0, y, s->width, 1}, ROLE_CURSOR);
    }
}

static void draw_rows(const struct candidates *c, struct surface *s, int text_width)
{
    int from = c->cursor > 0 && s->height > 0 ? c->cursor / s->height * s->height : 0;

    surface_fill(s, (struct rect){0, 0, s->width, s->height}, ' ', ROLE_TEXT);
    if (c->list.n == 0)
        surface_text(s, 1, 0, 0, ROLE_DIM, nothing);
    for (int y = 0; y < s->height && from + y < c->list.n; y++)
        draw_row(c, s, y, from + y, text_width);
}

static void draw_framed(const struct candidates *c, struct surface *s, int text_width)
{
    struct surface inside = surface_part(s, (struct rect){1, 1, s->width - 2,
                                                          s->height - 2});
    struct str title = {0};

    if (c->cursor >= 0)
        str_printf(&title, "completions %d/%d", c->cursor + 1, c->list.n);
    else
        str_printf(&title, "completions %d", c->list.n);
    surface_frame(s, str_text(&title), false);
    str_done(&title);
    draw_rows(c, &inside, text_width);
}

static int clamp(int x, int low, int high)
{
    return x > high ? high : x < low ? low : x;
}

void candidates_draw(const struct candidates *c, struct surface *s, int x)
{
    int n = c->list.n, frame = s->width >= FRAMED_WIDTH && s->height >= FRAMED_HEIGHT;
    int texts = widest(c->list.texts, n), helps = widest(c->list.helps, n);
    int width, height;
    struct surface box;

    if (!c->shown)
        return;
    width = 2 + (n > 0 ? texts + (helps > 0 ? 2 + helps : 0) : (int)sizeof(nothing) - 1);
    width = clamp(width + 2 * frame, frame ? TITLE_WIDTH : 1, s->width);
    if (width > s->width)
        width = s->width;
    height = clamp(n, 1, MOST_ROWS) + 2 * frame;
    if (height > s->height)
        height = s->height;
    box = surface_part(s, (struct rect){clamp(x - frame - 1, 0, s->width - width),
                                        s->height - height, width, height});
    texts = clamp(texts, 1, helps > 0 && width > 24 ? width - 2 * frame - 14 : width);
    if (frame)
        draw_framed(c, &box, texts);
    else
        draw_rows(c, &box, texts);
}
