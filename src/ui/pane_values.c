/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The frequency table of the column under the cursor: every value that is listed, the
 * missing ones at their place among them, and at the end what is not listed.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ui/format.h"
#include "ui/pane_data.h"
#include "ui/prose.h"

enum {
    HEADER = 1,
    MEASURED = 200, /* values by which the width is chosen */
    VALUE = 32,     /* columns of a value at most, while others need room */
    RANK = 6, ROWS = 9, SHARE = 6, RATE = 8, PLACE = 8,
};

/* ---- the list: values, with the missing ones among them, and the rest ---- */

enum item_kind { ITEM_VALUE, ITEM_MISSING, ITEM_REST, ITEM_NONE };

struct item {
    enum item_kind kind;
    size_t rank; /* of a value, 0 the most frequent */
    size_t rows;
    double rate;
};

static const struct profile *shown_profile(const struct view *v)
{
    return data_profile(v, view_column(v));
}

static size_t count_items(const struct profile *p)
{
    return p ? p->n_values + (p->missing > 0) + (p->rest_rows > 0) : 0;
}

/* Where the missing ones stand: behind all that are as frequent. */
static size_t place_of_missing(const struct profile *p)
{
    size_t low = 0, high = p->n_values;

    if (p->missing == 0)
        return (size_t)-1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->values[middle].rows >= p->missing)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct item item_at(const struct profile *p, size_t i)
{
    size_t missing = place_of_missing(p), rank = i - (i > missing);

    if (i == missing)
        return (struct item){ITEM_MISSING, 0, p->missing, p->missing_rate};
    if (rank < p->n_values)
        return (struct item){ITEM_VALUE, rank, p->values[rank].rows,
                             p->values[rank].rate};
    if (rank == p->n_values && p->rest_rows > 0)
        return (struct item){ITEM_REST, 0, p->rest_rows, p->rest_rate};
    return (struct item){.kind = ITEM_NONE};
}

/* Where the model looks the value up. It counts training rows only, so that of values
 * near the limit some may go the other way. */
static const char *place_word(const struct view *v, const struct item *item)
{
    const struct encode_options *o = &v->session->settings.data;

    if (item->kind == ITEM_MISSING)
        return "missing";
    if (item->kind == ITEM_VALUE && item->rank < (size_t)o->max_classes &&
        item->rows >= (size_t)o->min_count)
        return "kept";
    return "rare";
}

/* ---- drawing ---- */

struct line_plan {
    int value, bar;   /* widths */
    int x_rank, x_value, x_rows, x_share, x_bar, x_rate, x_place; /* -1: left out */
};

static bool has_places(const struct view *v)
{
    int i = view_column(v);
    const struct schema *s = v->session->table->schema;

    return s->columns[i].kind == KIND_CATEGORICAL && i != s->target;
}

/* From the right end, what has least need to be there first. */
static int take_right(int *right, int width, int keep)
{
    if (*right - width - 1 < keep)
        return -1;
    *right -= width + 1;
    return *right + 1;
}

static struct line_plan plan_line(const struct view *v, const struct profile *p,
                                  int width)
{
    int keep = 2 + 12, right = width - 1;
    bool rates = !isnan(p->value_signal);
    struct line_plan l = {.x_rank = -1, .x_value = 1, .x_bar = -1, .x_place = -1,
                          .x_rate = -1, .value = data_value_width(p, MEASURED, VALUE)};

    if (width >= 50) {
        l.x_rank = 1;
        l.x_value = 1 + RANK + 1;
        keep += RANK + 1;
    }
    if (has_places(v))
        l.x_place = take_right(&right, PLACE, keep + ROWS + SHARE + RATE + 12);
    if (rates)
        l.x_rate = take_right(&right, RATE, keep + ROWS + SHARE + 4);
    l.x_share = take_right(&right, SHARE, keep + ROWS);
    l.x_rows = take_right(&right, ROWS, keep);
    if (l.value > right - l.x_value || right - l.x_value < 12)
        l.value = right - l.x_value;
    if (right - l.x_value - l.value >= 8 && l.x_share >= 0) {
        int bar = right - l.x_value - l.value - 2;

        l.bar = bar < 40 ? bar : 40;
        l.x_rows = l.x_value + l.value + 1;
        l.x_share = l.x_rows + ROWS + 1;
        l.x_bar = l.x_share + SHARE + 1;
        if (l.x_rate >= 0)
            l.x_rate = l.x_bar + l.bar + 1;
        if (l.x_place >= 0)
            l.x_place = l.x_bar + l.bar + 1 + (l.x_rate >= 0 ? RATE + 1 : 0);
    }
    return l;
}

static void put_right(struct surface *s, int x, int y, int width, enum role role,
                      const char *text)
{
    if (x >= 0)
        surface_text_right(s, x, y, width, role, text);
}

static void draw_header(const struct view *v, struct surface *s,
                        const struct line_plan *l)
{
    put_right(s, l->x_rank, 0, RANK, ROLE_TITLE, "#");
    surface_text(s, l->x_value, 0, l->value, ROLE_TITLE, "value");
    put_right(s, l->x_rows, 0, ROWS, ROLE_TITLE, "rows");
    put_right(s, l->x_share, 0, SHARE, ROLE_TITLE, "share");
    put_right(s, l->x_rate, 0, RATE, ROLE_TITLE,
              v->session->table->schema->task == TASK_REGRESSION ? "mean" : "target");
    if (l->x_place >= 0)
        surface_text(s, l->x_place, 0, PLACE, ROLE_TITLE, "in model");
}

static void draw_value(struct surface *s, const struct line_plan *l, int y,
                       const struct profile *p, const struct item *item)
{
    char count[COUNT_TEXT];

    if (item->kind == ITEM_VALUE)
        data_cell(s, l->x_value, y, l->value, false, ROLE_TEXT,
                  p->values[item->rank].text);
    else if (item->kind == ITEM_MISSING)
        surface_text(s, l->x_value, y, l->value, ROLE_DIM, "<NA>");
    else
        surface_printf(s, l->x_value, y, l->value, ROLE_DIM, "%s others",
                       count_text(p->distinct - p->n_values, count));
}

static void draw_line(const struct view *v, struct surface *s, const struct line_plan *l,
                      int y, const struct profile *p, const struct item *item)
{
    enum role role = item->kind == ITEM_VALUE ? ROLE_TEXT : ROLE_DIM;
    double share = p->rows > 0 ? (double)item->rows / (double)p->rows : 0;
    char count[COUNT_TEXT];
    struct str text = {0};

    if (item->kind == ITEM_VALUE)
        put_right(s, l->x_rank, y, RANK, ROLE_DIM, count_text(item->rank + 1, count));
    draw_value(s, l, y, p, item);
    put_right(s, l->x_rows, y, ROWS, role, count_text(item->rows, count));
    format_share(&text, share);
    put_right(s, l->x_share, y, SHARE, role, text.text);
    if (l->x_bar >= 0)
        surface_bar(s, l->x_bar, y, l->bar, share,
                    item->kind == ITEM_VALUE ? ROLE_SERIES_1 : ROLE_DIM);
    str_clear(&text);
    data_rate(v, item->rate, &text);
    put_right(s, l->x_rate, y, RATE, ROLE_TARGET, str_text(&text));
    if (l->x_place >= 0)
        surface_text(s, l->x_place, y, PLACE, ROLE_DIM, place_word(v, item));
    str_done(&text);
}

static void draw_list(const struct view *v, struct surface *s, const struct profile *p,
                      bool focused)
{
    struct list *list = &v->desk->lists[PANE_VALUES];
    struct line_plan l = plan_line(v, p, s->width);
    int height = s->height - HEADER;
    size_t n = count_items(p);

    list_fit(list, height > 0 ? (size_t)height : 0, n);
    draw_header(v, s, &l);
    for (int k = 0; k < height && list->top + (size_t)k < n; k++) {
        size_t at = list->top + (size_t)k;
        struct item item = item_at(p, at);

        surface_put(s, 0, HEADER + k, at == list->cursor ? '>' : ' ', ROLE_FOCUS);
        draw_line(v, s, &l, HEADER + k, p, &item);
        if (at == list->cursor)
            data_paint_cursor(s, HEADER + k, focused);
    }
}

static void draw(const struct view *v, struct surface *s, bool focused)
{
    const struct profile *p;

    if (data_draw_nothing(v, s))
        return;
    p = shown_profile(v);
    if (p && count_items(p) > 0)
        draw_list(v, s, p, focused);
    else
        prose_draw(s, 1, 1, s->width - 2, ROLE_DIM,
                   view_column(v) < 0 ? "There is no column under the cursor."
                   : p ? "This column has no rows."
                       : "The values are being counted. They stand here in a moment.");
}

static void title(const struct view *v, struct str *out)
{
    int i = view_column(v);
    const struct schema_column *c;
    char count[COUNT_TEXT];

    str_puts(out, "Values");
    if (i < 0)
        return;
    c = &v->session->table->schema->columns[i];
    str_printf(out, " of %s: %s", c->name, count_text(c->distinct, count));
    if (c->missing > 0)
        str_printf(out, ", %s missing", count_text(c->missing, count));
}

static size_t count(const struct view *v)
{
    return count_items(shown_profile(v));
}

static bool holds(const struct view *v, size_t i, const char *text)
{
    const struct profile *p = shown_profile(v);
    struct item item = item_at(p, i);

    return item.kind == ITEM_VALUE && data_cell_holds(p->values[item.rank].text, text);
}

/* Missing ones are the rows with no value: COLUMN= lists them. */
bool view_value(const struct view *v, struct str *out)
{
    const struct profile *p = shown_profile(v);
    struct item item = p ? item_at(p, v->desk->lists[PANE_VALUES].cursor)
                         : (struct item){.kind = ITEM_NONE};

    if (item.kind == ITEM_VALUE)
        str_add(out, p->values[item.rank].text.text, p->values[item.rank].text.length);
    return item.kind == ITEM_VALUE || item.kind == ITEM_MISSING;
}

static void copy(const struct view *v, struct str *out)
{
    struct str value = {0};

    if (view_value(v, &value))
        show_to(out, str_text(&value), value.length, 0);
    str_done(&value);
}

const struct pane_type pane_values = {
    .name = "values",
    .title = title,
    .draw = draw,
    .count = count,
    .header = HEADER,
    .holds = holds,
    .copy = copy,
    .ranged = true,
};
