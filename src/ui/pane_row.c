/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row of the table, a cell a line: what the rows pane shows after Enter. */
#include <string.h>

#include "base/text.h"
#include "ui/pane_data.h"

enum { NAME = 32, MARK = 1, GAP = 2, KIND = 6 };

static int name_width(const struct schema *s)
{
    size_t width = 4;

    for (int i = 0; i < s->n_columns && width < NAME; i++) {
        size_t columns = show_width(s->columns[i].name, strlen(s->columns[i].name));

        width = columns > width ? columns : width;
    }
    return width < NAME ? (int)width : NAME;
}

static enum role name_role(const struct schema *s, int i)
{
    if (i == s->target)
        return ROLE_TARGET;
    return s->columns[i].kind == KIND_IGNORE ? ROLE_DIM : ROLE_STRONG;
}

static void draw_line(const struct view *v, struct surface *s, int y, int name, int i,
                      size_t row)
{
    const struct schema *schema = v->session->table->schema;
    int x = MARK + name + GAP;

    data_cell(s, MARK, y, name, false, name_role(schema, i),
              cell_of(schema->columns[i].name));
    if (s->width >= x + KIND + GAP + name) {
        surface_text(s, x, y, KIND, ROLE_DIM,
                     i == schema->target ? "TARGET"
                                         : data_kind_word(schema->columns[i].kind));
        x += KIND + GAP;
    }
    data_table_cell(v, s, x, y, s->width - x, false, i, row);
}

void data_row_draw(const struct view *v, struct surface *s, size_t row, bool focused)
{
    const struct schema *schema = v->session->table->schema;
    struct list *l = &v->desk->data.cells;
    size_t n = (size_t)schema->n_columns;
    int name = name_width(schema);

    list_fit(l, s->height > 0 ? (size_t)s->height : 0, n);
    for (int y = 0; y < s->height && l->top + (size_t)y < n; y++) {
        size_t at = l->top + (size_t)y;

        surface_put(s, 0, y, at == l->cursor ? '>' : ' ', ROLE_FOCUS);
        draw_line(v, s, y, name, (int)at, row);
        if (at == l->cursor)
            data_paint_cursor(s, y, focused);
    }
}

bool data_row_move(const struct view *v, enum movement m, long n, size_t rows)
{
    struct list *l = &v->desk->data.cells;
    size_t cells = (size_t)v->session->table->schema->n_columns;
    long page = l->page > 1 ? (long)l->page - 1 : 1;

    switch (m) {
    case MOVE_UP: list_move(l, -n, cells); break;
    case MOVE_DOWN: list_move(l, n, cells); break;
    case MOVE_PAGE_UP: list_move(l, -n * page, cells); break;
    case MOVE_PAGE_DOWN: list_move(l, n * page, cells); break;
    case MOVE_HOME: l->cursor = 0; break;
    case MOVE_END: list_move(l, (long)cells, cells); break;
    case MOVE_LEFT: list_move(&v->desk->lists[PANE_ROWS], -n, rows); break;
    case MOVE_RIGHT: list_move(&v->desk->lists[PANE_ROWS], n, rows); break;
    }
    return true;
}
