/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log: lines folded to the width, the newest at the bottom. While the cursor is on
 * the last line the pane follows what comes.
 */
#include <string.h>

#include "base/text.h"
#include "ui/pane.h"
#include "ui/prose.h"

enum { LONG_DATA = 400 }; /* bytes: more than a table's line has */

static const enum role roles[] = {
    [LOG_COMMAND] = ROLE_STRONG, [LOG_KEY] = ROLE_DIM, [LOG_DATA] = ROLE_TEXT,
    [LOG_NOTE] = ROLE_TEXT, [LOG_ERROR] = ROLE_ERROR, [LOG_STDERR] = ROLE_WARNING,
};

static const char *const marks[] = {
    [LOG_COMMAND] = "> ", [LOG_KEY] = ": ", [LOG_DATA] = "  ", [LOG_NOTE] = "  ",
    [LOG_ERROR] = "! ", [LOG_STDERR] = "# ",
};

static size_t count(const struct view *v)
{
    return log_lines(v->log);
}

static bool follows(const struct view *v)
{
    return !v->desk->log_held;
}

static void title(const struct view *v, struct str *out)
{
    const struct list *l = &v->desk->lists[PANE_LOG];
    size_t n = count(v), at = l->cursor;

    if (follows(v))
        str_puts(out, "Log");
    else if (l->mark > 0)
        str_printf(out, "Log  lines %zu-%zu of %zu, y copies them",
                   l->mark <= at ? l->mark : at + 1, l->mark <= at ? at + 1 : l->mark, n);
    else
        str_printf(out, "Log  line %zu of %zu, End goes on", at + 1, n);
}

/* Breaks the text wherever a line is full. */
static void break_line(struct str *out, const char *text, size_t room)
{
    size_t used = 0;

    for (size_t n; *text; text += n) {
        size_t width;

        for (n = 1; ((unsigned char)text[n] & 0xc0) == 0x80;)
            n++;
        width = show_width(text, n);
        if (used + width > room && used > 0) {
            str_putc(out, '\n');
            used = 0;
        }
        str_add(out, text, n);
        used += width;
    }
}

/* Data keeps its columns and is cut, but for a line that no screen has room for, as JSON
 * is; sentences are folded. */
static void fold_line(const struct log_line *line, int width, struct str *out)
{
    int room = width > LOG_MARK + 1 ? width - LOG_MARK : 1;

    if (line->kind == LOG_DATA && strlen(line->text) > LONG_DATA)
        break_line(out, line->text, (size_t)room);
    else if (line->kind == LOG_DATA)
        str_puts(out, line->text);
    else
        fold_to(out, line->text, 0, strspn(line->text, " ") + 2, (size_t)room);
}

static bool is_match(const struct view *v, size_t i);

/* Draws the rows of a line from row y on. */
static void draw_line(const struct view *v, struct surface *s, size_t i, int y,
                      bool focused)
{
    const struct log_line *line = log_line(v->log, i);
    const struct list *l = &v->desk->lists[PANE_LOG];
    enum role role = is_match(v, i) ? ROLE_MATCH : roles[line->kind];
    struct str text = {0};
    int rows;

    fold_line(line, s->width, &text);
    surface_text(s, 0, y, LOG_MARK, roles[line->kind], marks[line->kind]);
    prose_draw_rows(s, LOG_MARK, y, 0, role, str_text(&text));
    rows = prose_rows(str_text(&text));
    if (focused && !follows(v) && i == l->cursor)
        surface_paint(s, (struct rect){0, y, s->width, rows}, ROLE_CURSOR);
    else if (list_in_range(l, i))
        surface_paint(s, (struct rect){0, y, s->width, rows}, ROLE_SELECTED);
    str_done(&text);
}

static int rows_of(const struct view *v, size_t i, int width)
{
    struct str text = {0};
    int rows;

    fold_line(log_line(v->log, i), width, &text);
    rows = prose_rows(str_text(&text));
    str_done(&text);
    return rows;
}

/* The first line that is seen when `last` is the last one. */
static size_t first_line(const struct view *v, const struct surface *s, size_t last)
{
    int rows = rows_of(v, last, s->width);

    while (last > 0 && (rows += rows_of(v, last - 1, s->width)) <= s->height)
        last--;
    return last;
}

static void draw(const struct view *v, struct surface *s, bool focused)
{
    struct list *l = &v->desk->lists[PANE_LOG];
    size_t n = count(v), least;
    int y = 0;

    l->page = (size_t)s->height;
    if (n == 0)
        return;
    if (follows(v) || l->cursor >= n)
        l->cursor = n - 1;
    least = first_line(v, s, l->cursor);
    if (follows(v) || l->top < least)
        l->top = least;
    else if (l->top > l->cursor)
        l->top = l->cursor;
    for (size_t i = l->top; i < n && y < s->height; i++) {
        draw_line(v, s, i, y, focused);
        y += rows_of(v, i, s->width);
    }
}

static bool holds(const struct view *v, size_t i, const char *text)
{
    return strcasestr(log_line(v->log, i)->text, text) != NULL;
}

static bool is_match(const struct view *v, size_t i)
{
    return v->desk->search.length > 0 && v->desk->view == VIEW_LOG &&
           i == v->desk->lists[PANE_LOG].cursor && !follows(v) &&
           holds(v, i, v->desk->search.text);
}

/* Going up holds the picture; arriving at the end lets it follow again. */
static bool move(const struct view *v, enum movement m, long n)
{
    struct list *l = &v->desk->lists[PANE_LOG];
    long page = l->page > 2 ? (long)l->page - 2 : 1;
    size_t lines = count(v);

    v->desk->log_held = true;
    switch (m) {
    case MOVE_UP: list_move(l, -n, lines); break;
    case MOVE_DOWN: list_move(l, n, lines); break;
    case MOVE_PAGE_UP: list_move(l, -n * page, lines); break;
    case MOVE_PAGE_DOWN: list_move(l, n * page, lines); break;
    case MOVE_HOME: l->cursor = 0; break;
    case MOVE_END: list_move(l, (long)lines, lines); break;
    default: break;
    }
    if (n > 0 && l->mark == 0 && l->cursor + 1 >= lines && m != MOVE_UP &&
        m != MOVE_PAGE_UP)
        v->desk->log_held = false;
    return true;
}

static void copy(const struct view *v, struct str *out)
{
    size_t at = v->desk->lists[PANE_LOG].cursor;

    if (at < count(v))
        str_puts(out, log_line(v->log, at)->text);
}

const struct pane_type pane_log = {
    .name = "log",
    .title = title,
    .draw = draw,
    .count = count,
    .holds = holds,
    .move = move,
    .copy = copy,
    .ranged = true,
};
