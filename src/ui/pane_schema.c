/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The columns of the table, one a line. What a line has room for is decided field by
 * field: each has a least width, a width it would like, and a rank by which it is left
 * out.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "ui/format.h"
#include "ui/pane_data.h"
#include "ui/prose.h"

enum {
    MEASURED = 500,   /* columns by which widths are chosen; names are all looked at */
    MARKS = 3,        /* cursor, selection, warning */
    WIDE = 100,       /* from here on another pane shows the column in detail */
    FOOTER_HEIGHT = 12, /* below: no footer */
    HEADER = 1,
    SHARE = 6,        /* " 5.6% " */
};

/* In the order in which they stand. */
enum field { FIELD_NUMBER, FIELD_NAME, FIELD_KIND, FIELD_ROLE, FIELD_MISSING,
             FIELD_DISTINCT, FIELD_SIGNAL, FIELD_SHAPE, FIELD_RANGE, FIELD_WARNING,
             FIELDS };

static const struct field_type {
    const char *title;
    bool right;
    int gap; /* in front */
} types[FIELDS] = {
    [FIELD_NUMBER] = {"#", true, 0},
    [FIELD_NAME] = {"name", false, 1},
    [FIELD_KIND] = {"kind", false, 1},
    [FIELD_ROLE] = {"role", false, 1},
    [FIELD_MISSING] = {"miss", true, 1},
    [FIELD_DISTINCT] = {"distinct", true, 1},
    [FIELD_SIGNAL] = {"signal", false, 2},
    [FIELD_SHAPE] = {"profile", false, 2},
    [FIELD_RANGE] = {"range or top value", false, 1},
    [FIELD_WARNING] = {"warning", false, 1},
};

/* The most important first. */
static const enum field ranks[FIELDS] = {
    FIELD_NAME, FIELD_KIND, FIELD_NUMBER, FIELD_MISSING, FIELD_DISTINCT, FIELD_SHAPE,
    FIELD_SIGNAL, FIELD_RANGE, FIELD_WARNING, FIELD_ROLE,
};
/* In the list of warnings these come before what the columns hold. */
static const enum field ranks_of_warnings[FIELDS] = {
    FIELD_NAME, FIELD_KIND, FIELD_NUMBER, FIELD_MISSING, FIELD_DISTINCT, FIELD_WARNING,
    FIELD_RANGE, FIELD_SIGNAL, FIELD_SHAPE, FIELD_ROLE,
};
/* Who gets what is left over, in this order. */
static const enum field growing[] = {FIELD_NAME, FIELD_WARNING, FIELD_RANGE, FIELD_SHAPE};

struct line_plan {
    int x[FIELDS], width[FIELDS]; /* width 0: left out */
};

/* ---- what stands in the fields ---- */

/* Where there is no field for the role, the kind tells it. */
static const char *kind_text(const struct schema *s, int i, bool has_role)
{
    const char *role = schema_role(s, i);

    if (has_role || strcmp(role, "input") == 0)
        return data_kind_word(s->columns[i].kind);
    return i == s->target ? "TARGET" : s->columns[i].kind == KIND_WEIGHT ? "weight"
                                                                         : "ignore";
}

static const char *role_text(const struct schema *s, int i)
{
    return i == s->target ? "TARGET" : schema_role(s, i);
}

static void add_distinct(struct str *out, size_t n)
{
    char text[COUNT_TEXT];

    if (n < 1000000)
        str_puts(out, count_text(n, text));
    else
        format_short(out, (double)n);
}

static void add_signal(const struct view *v, int i, struct str *out)
{
    const struct schema *s = v->session->table->schema;
    const struct profile *p = data_profile(v, i);

    if (p && i != s->target)
        str_puts(out, signal_word(profile_signal(p, s->columns[i].kind)));
}

static void add_range(const struct schema_column *c, const struct profile *p, bool median,
                      struct str *out)
{
    const char *to = p && p->form != DATETIME_NONE ? ".." : " .. ";

    if (!p) {
        format_short(out, c->min);
        str_puts(out, to);
        format_short(out, c->max);
        return;
    }
    format_value(out, p, p->min, true);
    if (median) {
        str_puts(out, to);
        format_value(out, p, p->quantiles[2], true);
    }
    str_puts(out, to);
    format_value(out, p, p->max, true);
}

/* " 54.7% female"; of a binary target the positive class. */
static void add_top_value(const struct schema *s, const struct profile *p, int i,
                          int width, struct str *out)
{
    const struct profile_value *top = p ? p->values : NULL;
    struct str share = {0};

    if (!p || p->n_values == 0)
        return;
    for (size_t k = 0; i == s->target && s->positive && k < p->n_values; k++) {
        if (cell_equal(p->values[k].text, cell_of(s->positive)))
            top = &p->values[k];
    }
    format_share(&share, (double)top->rows / (double)p->rows);
    str_printf(out, "%5s ", str_text(&share));
    if (width > SHARE)
        show_to(out, top->text.text, top->text.length, (size_t)(width - SHARE));
    str_done(&share);
}

/* Above half of the numbers 0 is worth a word, as is a column that says nothing. */
static void add_remark(const struct schema_column *c, const struct profile *p,
                       struct str *out)
{
    if (c->warnings) {
        str_puts(out, "! ");
        data_warnings(c, out);
    } else if (p && c->kind == KIND_CONTINUOUS && 2 * p->zeros > p->numeric) {
        format_share(out, (double)p->zeros / (double)p->numeric);
        str_puts(out, " are 0");
    }
}

/* Where there is no field for warnings, they stand in place of the range. */
static bool says_warning(const struct schema_column *c, const struct line_plan *plan)
{
    return c->warnings && plan->width[FIELD_RANGE] > 0 && plan->width[FIELD_WARNING] == 0;
}

static void add_field(const struct view *v, int i, enum field field,
                      const struct line_plan *plan, struct str *out)
{
    const struct table *t = v->session->table;
    const struct schema_column *c = &t->schema->columns[i];
    const struct profile *p = data_profile(v, i);
    size_t rows = dataset_rows(t->data);
    int width = plan->width[field];

    switch (field) {
    case FIELD_NUMBER:
        str_printf(out, "%d", i + 1);
        break;
    case FIELD_NAME:
        str_puts(out, c->name);
        break;
    case FIELD_KIND:
        str_puts(out, kind_text(t->schema, i, plan->width[FIELD_ROLE] > 0));
        break;
    case FIELD_ROLE:
        str_puts(out, role_text(t->schema, i));
        break;
    case FIELD_MISSING:
        format_share(out, rows > 0 ? (double)c->missing / (double)rows : 0);
        break;
    case FIELD_DISTINCT:
        add_distinct(out, c->distinct);
        break;
    case FIELD_SIGNAL:
        add_signal(v, i, out);
        break;
    case FIELD_RANGE:
        if (says_warning(c, plan))
            add_remark(c, p, out);
        else if (data_shows_numbers(c, p))
            add_range(c, p, width >= 24, out);
        else
            add_top_value(t->schema, p, i, width, out);
        break;
    case FIELD_WARNING:
        add_remark(c, p, out);
        break;
    default:
        break;
    }
}

/* ---- how wide the fields are ---- */

/* The widest of a field in the list, up to `most`. */
static int widest(const struct view *v, const struct column_list *l, enum field field,
                  int most)
{
    struct line_plan plan = {.width = {[FIELD_RANGE] = most, [FIELD_WARNING] = most}};
    int n = l->n < MEASURED || field == FIELD_NAME ? l->n : MEASURED, width = 0;

    for (int k = 0; k < n && width < most; k++) {
        struct str text = {0};
        int columns;

        add_field(v, l->columns[k], field, &plan, &text);
        columns = (int)show_width(str_text(&text), text.length);
        width = columns > width ? columns : width;
        str_done(&text);
    }
    return width < most ? width : most;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* On a narrow screen names are worth more than the role, which the kind tells, too. */
static void choose_least(const struct view *v, const struct column_list *l, int width,
                         int least[FIELDS], int liked[FIELDS])
{
    const struct schema *s = v->session->table->schema;
    int digits = s->n_columns < 100 ? 2 : s->n_columns < 1000 ? 3 : 6;
    int name = larger(widest(v, l, FIELD_NAME, 40), 4);
    int warning = widest(v, l, FIELD_WARNING, 40);

    memcpy(least, (int[FIELDS]){digits, name < 15 ? name : 15, 6,
                                width < WIDE ? 0 : 7, 5,
                                larger(widest(v, l, FIELD_DISTINCT, 8), 4),
                                s->target >= 0 ? 6 : 0, 10, 16,
                                warning < 10 ? warning : 10}, FIELDS * sizeof(int));
    memcpy(liked, least, FIELDS * sizeof(int));
    liked[FIELD_NAME] = name < 24 ? name : 24;
    liked[FIELD_WARNING] = warning + 1; /* not up to the border */
    liked[FIELD_RANGE] = larger(least[FIELD_RANGE], widest(v, l, FIELD_RANGE, 32));
    liked[FIELD_SHAPE] = 20;
}

static struct line_plan plan_line(const struct view *v, const struct column_list *l,
                                  int width)
{
    struct line_plan plan = {{0}, {0}};
    int least[FIELDS], liked[FIELDS], left = width - MARKS, x = MARKS;

    choose_least(v, l, width, least, liked);
    for (int k = 0; k < FIELDS; k++) {
        enum field f = v->desk->data.only_warnings ? ranks_of_warnings[k] : ranks[k];

        if (least[f] > 0 && (left >= types[f].gap + least[f] || f == FIELD_NAME)) {
            plan.width[f] = least[f];
            left -= types[f].gap + least[f];
        }
    }
    for (size_t k = 0; k < sizeof(growing) / sizeof(growing[0]); k++) {
        enum field f = growing[k];
        int more = liked[f] - least[f] < left ? liked[f] - least[f] : left;

        if (plan.width[f] > 0 && more > 0) {
            plan.width[f] += more;
            left -= more;
        }
    }
    for (enum field f = 0; f < FIELDS; f++) {
        plan.x[f] = x + types[f].gap;
        x += plan.width[f] > 0 ? types[f].gap + plan.width[f] : 0;
    }
    return plan;
}

/* ---- drawing ---- */

static void draw_text(struct surface *s, const struct line_plan *plan, enum field f,
                      int y, enum role role, const char *text)
{
    if (plan->width[f] <= 0)
        return;
    if (types[f].right)
        surface_text_right(s, plan->x[f], y, plan->width[f], role, text);
    else
        surface_text(s, plan->x[f], y, plan->width[f], role, text);
}

static void draw_header(struct surface *s, const struct line_plan *plan)
{
    for (enum field f = 0; f < FIELDS; f++) {
        const char *title = types[f].title;

        if (f == FIELD_DISTINCT && plan->width[f] < 8)
            title = "dist";
        if (f == FIELD_RANGE && plan->width[f] < 18)
            title = "range, top value";
        draw_text(s, plan, f, 0, ROLE_TITLE, title);
    }
}

/* The bins merged so that there are at most `width`. */
static void draw_histogram(struct surface *s, int x, int y, int width,
                           const struct profile *p)
{
    double heights[PROFILE_BINS] = {0};
    int merged = (p->n_bins + width - 1) / width, n = 0;

    for (int i = 0; i < p->n_bins; i++) {
        n = i / merged + 1;
        heights[i / merged] += (double)p->bins[i];
    }
    surface_spark(s, x, y, n, heights, ROLE_SERIES_1);
}

static void draw_shape(const struct view *v, struct surface *s,
                       const struct line_plan *plan, int y, int i)
{
    const struct schema_column *c = &v->session->table->schema->columns[i];
    const struct profile *p = data_profile(v, i);
    int x = plan->x[FIELD_SHAPE], width = plan->width[FIELD_SHAPE];

    if (width <= 0)
        return;
    if (!p)
        surface_text(s, x, y, width, ROLE_DIM, data_unknown(s));
    else if (data_shows_numbers(c, p))
        draw_histogram(s, x, y, width, p);
    else if (p->n_values > 0)
        surface_bar(s, x, y, width, (double)p->values[0].rows / (double)p->rows,
                    ROLE_SERIES_1);
}

static enum role field_role(const struct view *v, const struct line_plan *plan, int i,
                            enum field f)
{
    const struct schema *s = v->session->table->schema;
    const struct schema_column *c = &s->columns[i];

    if (f == FIELD_WARNING || (f == FIELD_RANGE && says_warning(c, plan)))
        return c->warnings ? ROLE_WARNING : ROLE_DIM;
    if (f == FIELD_NUMBER || (f == FIELD_MISSING && c->missing == 0))
        return ROLE_DIM;
    if (i == s->target && (f == FIELD_NAME || f == FIELD_KIND || f == FIELD_ROLE))
        return ROLE_TARGET;
    if (c->kind == KIND_IGNORE)
        return ROLE_DIM;
    return f == FIELD_NAME ? ROLE_STRONG : ROLE_TEXT;
}

static bool is_selected(const struct view *v, int i)
{
    const struct data_desk *d = &v->desk->data;

    return d->selected && i < d->n_selected && d->selected[i];
}

static void draw_line(const struct view *v, struct surface *s,
                      const struct line_plan *plan, int y, int i, bool cursor)
{
    const struct schema_column *c = &v->session->table->schema->columns[i];

    surface_put(s, 0, y, cursor ? '>' : ' ', ROLE_FOCUS);
    surface_put(s, 1, y, is_selected(v, i) ? '*' : ' ', ROLE_SELECTED);
    if (c->warnings && plan->width[FIELD_WARNING] == 0 && plan->width[FIELD_RANGE] == 0)
        surface_put(s, 2, y, '!', ROLE_WARNING);
    for (enum field f = 0; f < FIELDS; f++) {
        struct str text = {0};

        add_field(v, i, f, plan, &text);
        draw_text(s, plan, f, y, field_role(v, plan, i, f), str_text(&text));
        str_done(&text);
    }
    if (is_selected(v, i))
        surface_paint(s, (struct rect){plan->x[FIELD_NAME], y, plan->width[FIELD_NAME],
                                       1}, ROLE_SELECTED);
    draw_shape(v, s, plan, y, i);
}

/* ---- the last lines: the column under the cursor, or what a model will see ---- */

static void add_count_fact(struct str *out, const char *what, size_t n)
{
    char text[COUNT_TEXT];

    str_printf(out, "  %s %s", what, count_text(n, text));
}

static void add_number_fact(struct str *out, const struct profile *p, const char *what,
                            double x)
{
    str_printf(out, "  %s ", what);
    format_value(out, p, x, false);
}

/* "age  mean 38.582  sd 13.64  p5 19  median 37  p95 63  max 90" */
static void add_figures(const struct view *v, int i, struct str *out)
{
    const struct schema_column *c = &v->session->table->schema->columns[i];
    const struct profile *p = data_profile(v, i);

    if (!p || !data_shows_numbers(c, p)) {
        add_count_fact(out, "missing", c->missing);
        add_count_fact(out, "distinct", c->distinct);
        for (size_t k = 0; p && k < p->n_values && k < 3; k++) {
            str_puts(out, k == 0 ? "  " : ", ");
            show_to(out, p->values[k].text.text, p->values[k].text.length, 20);
            str_putc(out, ' ');
            format_share(out, (double)p->values[k].rows / (double)p->rows);
        }
        return;
    }
    if (p->form == DATETIME_NONE) {
        add_number_fact(out, p, "mean", p->mean);
        add_number_fact(out, p, "sd", p->deviation);
    }
    add_number_fact(out, p, "min", p->min);
    add_number_fact(out, p, "p5", p->quantiles[0]);
    add_number_fact(out, p, "median", p->quantiles[2]);
    add_number_fact(out, p, "p95", p->quantiles[4]);
    add_number_fact(out, p, "max", p->max);
}

static void draw_item(const struct view *v, struct surface *s, int y)
{
    int i = view_column(v);
    const struct schema_column *c = &v->session->table->schema->columns[i];
    struct str figures = {0}, reason = {0};
    int x = 1;

    add_figures(v, i, &figures);
    str_printf(&reason, "%s: %s", kind_name(c->kind), schema_reason(c));
    x += surface_text(s, x, y, s->width - x, ROLE_STRONG, c->name);
    surface_text(s, x, y, s->width - x, ROLE_TEXT, str_text(&figures));
    x = 1 + surface_text(s, 1, y + 1, s->width - 1, ROLE_DIM, str_text(&reason));
    if (c->warnings) {
        str_clear(&reason);
        add_remark(c, NULL, &reason);
        surface_text(s, x + 2, y + 1, s->width - x - 2, ROLE_WARNING, str_text(&reason));
    }
    str_done(&figures);
    str_done(&reason);
}

/* What goes into the model as the columns are marked now. Dates become several inputs,
 * which is not counted here. */
static void add_inputs(const struct view *v, struct str *out)
{
    const struct schema *s = v->session->table->schema;
    int categorical = 0, continuous = 0, dates = 0;
    size_t values = 0;
    char text[COUNT_TEXT];

    for (int i = 0; i < s->n_columns; i++) {
        const struct schema_column *c = &s->columns[i];

        if (i == s->target)
            continue;
        categorical += c->kind == KIND_CATEGORICAL;
        continuous += c->kind == KIND_CONTINUOUS;
        dates += c->kind == KIND_DATETIME;
        values += c->kind == KIND_CATEGORICAL ? c->distinct + 2 : 0;
    }
    str_printf(out, "A model gets %d categorical column%s (about %s embeddings, missing "
               "and other values counted), %d continuous",
               categorical, categorical == 1 ? "" : "s", count_text(values, text),
               continuous);
    if (dates > 0)
        str_printf(out, ", %d of dates", dates);
    str_putc(out, '.');
}

static void draw_inputs(const struct view *v, struct surface *s, int y)
{
    struct str text = {0};

    add_inputs(v, &text);
    if (v->session->table->schema->target < 0)
        str_puts(&text, " `target COLUMN` says what is to be predicted.");
    prose_draw(s, 1, y, s->width - 2, ROLE_DIM, str_text(&text));
    str_done(&text);
}

static void draw_footer(const struct view *v, struct surface *s, int y)
{
    surface_line(s, y, ROLE_BORDER);
    if (s->width >= WIDE && !v->desk->zoomed)
        draw_inputs(v, s, y + 1);
    else
        draw_item(v, s, y + 1);
}

static void draw_list(const struct view *v, struct surface *s,
                      const struct column_list *l, int height, bool focused)
{
    struct list *list = &v->desk->lists[PANE_SCHEMA];
    struct line_plan plan = plan_line(v, l, s->width);

    list_fit(list, height > 0 ? (size_t)height : 0, (size_t)l->n);
    draw_header(s, &plan);
    for (int k = 0; k < height && list->top + (size_t)k < (size_t)l->n; k++) {
        size_t at = list->top + (size_t)k;

        draw_line(v, s, &plan, HEADER + k, l->columns[at], at == list->cursor);
        if (at == list->cursor)
            data_paint_cursor(s, HEADER + k, focused);
    }
}

static void draw(const struct view *v, struct surface *s, bool focused)
{
    bool footer = s->height >= FOOTER_HEIGHT;
    int height = s->height - HEADER - (footer ? 3 : 0);
    struct column_list l;

    if (data_draw_empty(v, s))
        return;
    column_list_init(&l, v);
    if (l.n > 0) {
        draw_list(v, s, &l, height, focused);
        if (footer)
            draw_footer(v, s, s->height - 3);
    } else {
        prose_draw(s, 1, 1, s->width - 2, ROLE_TEXT,
                   "No column has a warning. `arrange --only all` shows all of them.");
    }
    column_list_done(&l);
}

static void title(const struct view *v, struct str *out)
{
    static const char *const sorted[] = {"", ", by name", ", most missing first",
                                         ", most distinct first"};
    const struct table *t = v->session->table;
    const struct data_desk *d = &v->desk->data;
    struct column_list l;

    str_puts(out, "Columns");
    if (!t)
        return;
    column_list_init(&l, v);
    if (d->only_warnings)
        str_printf(out, " with warnings: %d of %d", l.n, t->schema->n_columns);
    else
        str_printf(out, " of %s: %d", t->name, t->schema->n_columns);
    str_puts(out, sorted[d->sort]);
    column_list_done(&l);
}

static size_t count(const struct view *v)
{
    struct column_list l;
    size_t n;

    column_list_init(&l, v);
    n = (size_t)l.n;
    column_list_done(&l);
    return n;
}

static bool find(const struct view *v, size_t *at, bool backwards, const char *text)
{
    struct column_list l;
    bool found = false;

    column_list_init(&l, v);
    for (int k = 0; k < l.n && !found; k++) {
        size_t n = (size_t)l.n, step = backwards ? n - (size_t)k : (size_t)k;
        size_t i = (*at + step) % n;

        found = strcasestr(v->session->table->schema->columns[l.columns[i]].name, text);
        if (found)
            *at = i;
    }
    column_list_done(&l);
    return found;
}

static void copy(const struct view *v, struct str *out)
{
    int i = view_column(v);

    if (i >= 0)
        str_puts(out, v->session->table->schema->columns[i].name);
}

const struct pane_type pane_schema = {
    .name = "schema",
    .title = title,
    .draw = draw,
    .count = count,
    .header = HEADER,
    .find = find,
    .copy = copy,
    .ranged = true,
};
