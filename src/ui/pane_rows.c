/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of the table, all, those with a value, or some that were picked elsewhere. The
 * numbers of the rows stay while the columns go to the left; a column is as wide as the
 * cells that are seen need it. After Enter one row has the pane for itself (pane_row.c).
 */
#include <string.h>

#include "base/text.h"
#include "ui/pane_data.h"
#include "ui/prose.h"

enum {
    HEADER = 1,
    CELL = 24,  /* columns of a cell at most */
    LEAST = 3,  /* of a column that is cut at the right end */
};

/* ---- which rows ---- */

struct row_list {
    const struct dataset *data;
    const uint32_t *rows; /* (n) NULL: all rows */
    size_t n;
};

/* What was picked may be of another table. */
static bool list_picked(const struct view *v, struct row_list *out)
{
    const struct picked_rows *p = &v->desk->data.picked;
    const struct table *t = v->session->table;

    out->rows = p->rows;
    out->n = strcmp(p->table, t->name) == 0 && p->of == out->n ? p->n : 0;
    return out->n > 0;
}

/* False: a filter that this table cannot have. */
static bool list_rows(const struct view *v, struct row_list *out)
{
    struct table *t = v->session->table;
    const char *filter = v->desk->data.filter;
    const struct where *where;

    *out = (struct row_list){0};
    if (!t)
        return false;
    out->data = t->data;
    out->n = dataset_rows(t->data);
    if (v->desk->data.picked.rows)
        return list_picked(v, out);
    if (!filter)
        return true;
    where = table_where(t, filter);
    out->rows = where ? where->rows : NULL;
    out->n = where ? where->n : 0;
    return where && where->column >= 0;
}

static size_t row_at(const struct row_list *l, size_t i)
{
    return l->rows ? l->rows[i] : i;
}

/* The cursor is on a row then. */
static bool shows_one(const struct view *v, const struct row_list *l)
{
    struct list *list = &v->desk->lists[PANE_ROWS];

    if (v->desk->data.one_row && list->cursor >= l->n)
        list->cursor = l->n > 0 ? l->n - 1 : 0;
    return v->desk->data.one_row && l->n > 0;
}

/* ---- drawing ---- */

static bool is_right(const struct schema_column *c)
{
    return c->kind == KIND_CONTINUOUS || c->kind == KIND_WEIGHT;
}

static int column_width(const struct row_list *l, const struct list *list, int height,
                        int i)
{
    const struct column *c = dataset_column(l->data, i);
    const char *name = column_name(c);
    size_t width = show_width(name, strlen(name));

    for (size_t k = list->top; k < l->n && k < list->top + (size_t)height; k++) {
        size_t row = row_at(l, k), columns;
        struct cell cell = column_cell(c, row);

        if (column_missing(c, row))
            columns = strlen(data_no_value);
        else
            columns = show_width(cell.text, cell.length < 256 ? cell.length : 256);
        width = columns > width ? columns : width;
    }
    return width < CELL ? (int)width : CELL;
}

static enum role name_role(const struct schema *s, int i)
{
    if (i == s->target)
        return ROLE_TARGET;
    return s->columns[i].kind == KIND_IGNORE ? ROLE_DIM : ROLE_TITLE;
}

/* One column of the table with its name. */
static void draw_column(const struct view *v, struct surface *s, const struct row_list *l,
                        int x, int width, int i)
{
    const struct list *list = &v->desk->lists[PANE_ROWS];
    const struct schema *schema = v->session->table->schema;
    bool right = is_right(&schema->columns[i]);

    data_cell(s, x, 0, width, right, name_role(schema, i),
              cell_of(schema->columns[i].name));
    for (int k = 0; k < s->height - HEADER && list->top + (size_t)k < l->n; k++)
        data_table_cell(v, s, x, HEADER + k, width, right, i,
                        row_at(l, list->top + (size_t)k));
}

static int digits_of(size_t n)
{
    char text[COUNT_TEXT];

    return (int)strlen(count_text(n, text));
}

static void draw_numbers(const struct view *v, struct surface *s,
                         const struct row_list *l, int width)
{
    const struct list *list = &v->desk->lists[PANE_ROWS];

    for (int k = 0; k < s->height - HEADER && list->top + (size_t)k < l->n; k++) {
        size_t at = list->top + (size_t)k;
        char text[COUNT_TEXT];

        surface_put(s, 0, HEADER + k, at == list->cursor ? '>' : ' ', ROLE_FOCUS);
        surface_text_right(s, 1, HEADER + k, width, ROLE_DIM,
                           count_text(row_at(l, at) + 1, text));
    }
}

static void draw_columns(const struct view *v, struct surface *s,
                         const struct row_list *l, int x)
{
    const struct list *list = &v->desk->lists[PANE_ROWS];
    const struct schema_column *columns = v->session->table->schema->columns;
    int n = dataset_columns(l->data), first = v->desk->data.first_column, i = first;

    if (i > 0)
        surface_put(s, x - 1, 0, '<', ROLE_KEY);
    for (; i < n && s->width - x >= LEAST; i++) {
        int width = column_width(l, list, s->height - HEADER, i);

        if (width > s->width - x && is_right(&columns[i]) && i > first)
            break; /* half a number would be another one */
        if (width > s->width - x)
            width = s->width - x;
        draw_column(v, s, l, x, width, i);
        x += width + 2;
    }
    if (i < n)
        surface_put(s, s->width - 1, 0, '>', ROLE_KEY);
}

static void draw_list(const struct view *v, struct surface *s, const struct row_list *l,
                      bool focused)
{
    struct list *list = &v->desk->lists[PANE_ROWS];
    int width = digits_of(dataset_rows(l->data)), last = dataset_columns(l->data) - 1;
    struct data_desk *d = &v->desk->data;

    if (d->first_column > last)
        d->first_column = last > 0 ? last : 0;
    list_fit(list, s->height > HEADER ? (size_t)(s->height - HEADER) : 0, l->n);
    draw_numbers(v, s, l, width);
    draw_columns(v, s, l, width + 3);
    if (l->n > 0)
        data_paint_cursor(s, HEADER + (int)(list->cursor - list->top), focused);
}

static void draw(const struct view *v, struct surface *s, bool focused)
{
    struct row_list l;

    if (data_draw_nothing(v, s))
        return;
    if (!list_rows(v, &l)) {
        prose_draw(s, 1, 1, s->width - 2, ROLE_TEXT, v->desk->data.picked.rows
                   ? "The rows that were brushed are of another table. `rows` shows all "
                     "rows again."
                   : "This table has no such column. `rows` shows all rows again.");
        return;
    }
    if (shows_one(v, &l))
        data_row_draw(v, s, row_at(&l, v->desk->lists[PANE_ROWS].cursor), focused);
    else
        draw_list(v, s, &l, focused);
    if (l.n == 0)
        prose_draw(s, 1, 2, s->width - 2, ROLE_TEXT,
                   l.rows ? "No row has that value. `rows` shows all rows again."
                           : "The table has no rows.");
}

/* COLUMN= is about missing ones. */
static void add_filter(struct str *out, const char *filter)
{
    size_t n = strlen(filter);
    bool missing = n > 0 && filter[n - 1] == '=';

    show_to(out, filter, n - missing, 40);
    if (missing)
        str_puts(out, " missing");
}

/* "Rows 1-14 of 8,993", "Row 13, 3 of 560": the second number counts in the list. */
static void add_place(const struct view *v, const struct row_list *l, struct str *out)
{
    const struct list *list = &v->desk->lists[PANE_ROWS];
    size_t end = list->top + list->page;
    char first[COUNT_TEXT], last[COUNT_TEXT], all[COUNT_TEXT];

    if (!shows_one(v, l)) {
        str_printf(out, "s %s-%s of %s", count_text(list->top + 1, first),
                   count_text(end < l->n ? end : l->n, last), count_text(l->n, all));
        return;
    }
    if (l->rows)
        str_printf(out, " %s,", count_text(row_at(l, list->cursor) + 1, last));
    str_printf(out, " %s of %s", count_text(list->cursor + 1, first),
               count_text(l->n, all));
}

static void title(const struct view *v, struct str *out)
{
    struct row_list l;

    str_puts(out, "Row");
    if (list_rows(v, &l) && l.n > 0)
        add_place(v, &l, out);
    else
        str_putc(out, 's');
    if (v->session->table && v->desk->data.picked.rows) {
        str_puts(out, ", brushed");
    } else if (v->session->table && v->desk->data.filter) {
        str_puts(out, " with ");
        add_filter(out, v->desk->data.filter);
    }
}

static size_t count(const struct view *v)
{
    struct row_list l;

    return list_rows(v, &l) ? l.n : 0;
}

static bool holds(const struct view *v, size_t i, const char *text)
{
    struct row_list l;
    bool found = false;

    if (!list_rows(v, &l) || i >= l.n)
        return false;
    for (int k = 0; !found && k < dataset_columns(l.data); k++)
        found = data_cell_holds(column_cell(dataset_column(l.data, k), row_at(&l, i)),
                                text);
    return found;
}

static bool move(const struct view *v, enum movement m, long n)
{
    struct data_desk *d = &v->desk->data;
    struct row_list l;
    struct list across = {.cursor = d->first_column > 0 ? (size_t)d->first_column : 0};

    if (!v->session->table)
        return false;
    if (list_rows(v, &l) && shows_one(v, &l))
        return data_row_move(v, m, n, l.n);
    if (m != MOVE_LEFT && m != MOVE_RIGHT)
        return false;
    list_move(&across, m == MOVE_LEFT ? -n : n,
              (size_t)dataset_columns(v->session->table->data));
    d->first_column = (int)across.cursor;
    return true;
}

/* The cells as they are seen, with tabs between them; the one under the cursor where they
 * stand below each other. */
static void copy(const struct view *v, struct str *out)
{
    size_t at = v->desk->lists[PANE_ROWS].cursor;
    struct row_list l;
    int first = 0, n;

    if (!list_rows(v, &l) || at >= l.n)
        return;
    n = dataset_columns(l.data);
    if (shows_one(v, &l) && v->desk->data.cells.cursor < (size_t)n) {
        first = (int)v->desk->data.cells.cursor;
        n = first + 1;
    }
    for (int i = first; i < n; i++) {
        struct cell cell = column_cell(dataset_column(l.data, i), row_at(&l, at));

        if (i > first)
            str_putc(out, '\t');
        show_to(out, cell.text, cell.length, 0);
    }
}

const struct pane_type pane_rows = {
    .name = "rows",
    .title = title,
    .draw = draw,
    .count = count,
    .header = HEADER,
    .holds = holds,
    .move = move,
    .copy = copy,
    .ranged = true,
};
