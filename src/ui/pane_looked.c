/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is looked at: the rows of a part or class, or one row with its cells and what the
 * model says of it; and the strongest pairs of columns.
 */
#include "ui/pane_attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/dataset.h"
#include "ui/prose.h"

enum { PAIRS = 5, CELL_WIDTH = 30 };

static const struct run *run_of(const struct view *v, const struct attending *a)
{
    return session_find_run(v->session, a->of.run);
}

/* The table that the row is in; NULL: it is gone. */
static const struct dataset *table_of(const struct view *v, const struct attending *a)
{
    const struct run *r = run_of(v, a);

    if (r && r->data)
        return r->data;
    return v->session->table ? v->session->table->data : NULL;
}

/* ---- what the model says ---- */

static void put_outputs(const struct encoder *e, const float *outputs, struct str *out)
{
    int most = 0;

    if (e->task == TASK_REGRESSION) {
        str_printf(out, "%.6g", (double)outputs[0]);
        return;
    }
    for (int i = 1; i < e->n_classes; i++)
        most = outputs[i] > outputs[most] ? i : most;
    show_to(out, e->classes[most], strlen(e->classes[most]), 24);
    str_printf(out, ", p %.3f", (double)outputs[most]);
}

static void put_prediction(const struct attending *a, struct str *out)
{
    str_puts(out, "predicted ");
    put_outputs(a->found->encoder, a->found->outputs, out);
    if (!a->found->before)
        return;
    str_puts(out, " (before: ");
    put_outputs(a->found->encoder, a->found->before, out);
    str_puts(out, ")");
}

static void put_rows(const struct attending *a, struct str *out)
{
    char rows[COUNT_TEXT];

    if (a->of.row > 0)
        str_printf(out, "row %zu%s", a->of.row, a->of.n_cells > 0 ? " changed" : "");
    else
        str_printf(out, "%s rows", count_text(a->found->seen.rows, rows));
    if (a->of.class) {
        str_puts(out, " of ");
        show_to(out, a->of.class, strlen(a->of.class), 24);
    }
    if (a->found->less.rows > 0)
        str_printf(out, " less %s", count_text(a->found->less.rows, rows));
    if (a->of.less_class) {
        str_puts(out, " of ");
        show_to(out, a->of.less_class, strlen(a->of.less_class), 24);
    }
    if (a->of.against) {
        str_puts(out, " of ");
        show_to(out, a->of.against, strlen(a->of.against), 24);
    }
    if (a->found->outputs) {
        str_puts(out, "   ");
        put_prediction(a, out);
    }
}

/* ---- the row ---- */

static const char *name_of(const struct encoder *e, int i)
{
    return i < e->n_categorical ? e->categorical[i].name
                                : e->continuous[i - e->n_categorical].name;
}

/* False: it is made of a column that was shown already. */
static bool put_cell(const struct dataset *d, const char *name, size_t row,
                     struct str *out)
{
    int column = dataset_find(d, name);
    struct cell cell;

    if (column < 0)
        return false;
    cell = column_cell(dataset_column(d, column), row);
    show_to(out, cell.text, cell.length, CELL_WIDTH);
    return true;
}

/* A cell that was changed has the new text in front of its own. */
static bool put_change(const struct attending *a, const char *name, struct str *cell)
{
    const char *text = attention_wish_find(&a->of, name);
    struct str own = *cell;

    if (!text)
        return false;
    *cell = (struct str){0};
    show_to(cell, text, strlen(text), CELL_WIDTH);
    str_printf(cell, " (%s)", str_text(&own));
    str_done(&own);
    return true;
}

/* Names and cells, as many on a line as there is room for. Returns the rows it took. */
static int draw_cells(const struct attending *a, const struct dataset *d,
                      struct surface *s, int y)
{
    const struct encoder *e = a->found->encoder;
    int begin = y, x = 0;

    for (int i = 0; i < e->n_categorical + e->n_continuous && y < s->height; i++) {
        const char *name = name_of(e, i);
        struct str cell = {0};
        bool changed;
        int width;

        if (!put_cell(d, name, a->of.row - 1, &cell))
            continue;
        changed = put_change(a, name, &cell);
        width = surface_width(name) + 1 + surface_width(str_text(&cell)) + 3;
        if (x > 0 && x + width > s->width) {
            y++;
            x = 0;
        }
        x += surface_text(s, x, y, 0, ROLE_DIM, name) + 1;
        x += surface_text(s, x, y, 0, changed ? ROLE_SELECTED : ROLE_TEXT,
                          str_text(&cell)) + 3;
        str_done(&cell);
    }
    return y - begin + 1;
}

/* ---- the strongest pairs ---- */

/* The largest of the map behind `before` in size, not from a column to itself; false:
 * there is none. */
static bool next_pair(const double *map, size_t m, double before, size_t *at)
{
    bool any = false;

    for (size_t i = 0; i < m * m; i++)
        if (i / m != i % m && fabs(map[i]) < before
            && (!any || fabs(map[i]) > fabs(map[*at]))) {
            *at = i;
            any = true;
        }
    return any;
}

static void draw_pairs(const struct attending *a, struct surface *s, int y)
{
    size_t m = (size_t)a->found->seen.columns, at = 0;
    double *map = sight_map(a->found, attending_layer(a), a->wish.head);
    double before = HUGE_VAL;
    int decimals = sight_decimals(map, m * m);

    if (y < s->height)
        surface_text(s, 0, y++, 0, ROLE_STRONG, "strongest from one to another");
    for (int k = 0; k < PAIRS && y < s->height && next_pair(map, m, before, &at); k++) {
        struct str text = {0};

        str_printf(&text, "%*.*f  ", decimals + 3, decimals, map[at]);
        show_to(&text, attention_name(a, at / m), strlen(attention_name(a, at / m)), 24);
        str_puts(&text, s->glyphs == GLYPHS_ASCII ? " -> " : " → ");
        show_to(&text, attention_name(a, at % m), strlen(attention_name(a, at % m)), 24);
        surface_text(s, 0, y++, 0, ROLE_TEXT, str_text(&text));
        str_done(&text);
        before = fabs(map[at]);
    }
    free(map);
}

static void draw_looked(const struct view *v, struct surface *s, bool focused)
{
    const struct attending *a = attention_seen(v, s);
    const struct dataset *d = a ? table_of(v, a) : NULL;
    struct str text = {0};
    int y = 0;

    (void)focused;
    if (!a)
        return;
    put_rows(a, &text);
    y += prose_draw(s, 0, y, s->width, ROLE_STRONG, str_text(&text));
    str_done(&text);
    if (a->of.row > 0 && d && a->of.row <= dataset_rows(d))
        y += draw_cells(a, d, s, y);
    draw_pairs(a, s, y + (s->height > y + 3));
}

static void title_looked(const struct view *v, struct str *out)
{
    const struct attending *a = attention_known(v);
    const struct run *r = a ? run_of(v, a) : NULL;

    str_puts(out, "looked at");
    if (!a)
        return;
    str_puts(out, ": ");
    show_to(out, a->of.run, strlen(a->of.run), 24);
    if (r && !r->model && r->progress.batches > 0)
        str_printf(out, ", in training, epoch %zu", a->step / r->progress.batches + 1);
}

static void copy_looked(const struct view *v, struct str *out)
{
    const struct attending *a = attention_known(v);

    if (a)
        put_rows(a, out);
}

const struct pane_type pane_looked = {
    .name = "looked",
    .title = title_looked,
    .draw = draw_looked,
    .copy = copy_looked,
};
