/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scroll.h"

#include <string.h>

#include "base/text.h"

void scroll_show(struct surface *s, const struct surface *sheet, int lines,
                 struct list *l)
{
    size_t height = s->height > 0 ? (size_t)s->height : 0;

    l->page = height;
    l->total = lines < sheet->height ? (size_t)lines : (size_t)sheet->height;
    if (l->top + height > l->total)
        l->top = l->total > height ? l->total - height : 0;
    for (int y = 0; y < s->height; y++) {
        const struct screen_cell *row = surface_row(sheet, (int)l->top + y);

        if (row)
            memcpy(s->cells + (size_t)y * (size_t)s->stride, row,
                   (size_t)s->width * sizeof(*row));
    }
}

bool scroll_move(struct list *l, enum movement m, long n)
{
    struct list at = {.cursor = l->top};
    long page = l->page > 2 ? (long)l->page - 2 : 1;

    switch (m) {
    case MOVE_UP: list_move(&at, -n, l->total); break;
    case MOVE_DOWN: list_move(&at, n, l->total); break;
    case MOVE_PAGE_UP: list_move(&at, -n * page, l->total); break;
    case MOVE_PAGE_DOWN: list_move(&at, n * page, l->total); break;
    case MOVE_HOME: at.cursor = 0; break;
    case MOVE_END: at.cursor = l->total; break;
    default: return false;
    }
    l->top = at.cursor; /* drawing keeps it within the text */
    return true;
}

void scroll_paint_range(struct surface *s, const struct list *l, int header)
{
    for (size_t i = l->top; i < l->top + l->page && i < l->total; i++) {
        struct rect row = {0, header + (int)(i - l->top), s->width, 1};

        if (i != l->cursor && list_in_range(l, i))
            surface_paint(s, row, ROLE_SELECTED);
    }
}

static void describe(struct str *out, size_t above, size_t below)
{
    char count[COUNT_TEXT];

    if (above > 0)
        str_printf(out, "%s above", count_text(above, count));
    if (above > 0 && below > 0)
        str_puts(out, ", ");
    if (below > 0)
        str_printf(out, "%s %s", count_text(below, count), above > 0 ? "below"
                                                                     : "more below");
}

void scroll_sign(struct surface *frame, const struct list *l)
{
    size_t seen = l->top + l->page, below = l->total > seen ? l->total - seen : 0;
    int room = frame->width - 6, width;
    struct str text = {0};

    if (l->total == 0 || (l->top == 0 && below == 0))
        return;
    describe(&text, l->top, below);
    if ((int)text.length > room) {
        str_clear(&text);
        describe(&text, below > 0 ? 0 : l->top, below);
    }
    width = (int)text.length;
    if (width <= room) {
        surface_fill(frame, (struct rect){frame->width - width - 4, frame->height - 1,
                                          width + 2, 1}, ' ', ROLE_TITLE);
        surface_text(frame, frame->width - width - 3, frame->height - 1, 0, ROLE_DIM,
                     text.text);
    }
    str_done(&text);
}
