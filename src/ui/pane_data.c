/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pane_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/number.h"
#include "ui/format.h"
#include "ui/prose.h"

/* ---- the list of columns ---- */

/* A column with what it is sorted by. */
struct entry {
    const char *name;
    size_t number; /* most first */
    int column;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = 0;

    if (x->name)
        order = strcasecmp(x->name, y->name);
    else if (x->number != y->number)
        order = x->number < y->number ? 1 : -1;
    return order ? order : x->column - y->column;
}

static struct entry entry_of(const struct data_desk *d, const struct schema_column *c,
                             int i)
{
    struct entry p = {NULL, 0, i};

    if (d->sort == SORT_NAME)
        p.name = c->name;
    else if (d->sort == SORT_MISSING)
        p.number = c->missing;
    else if (d->sort == SORT_DISTINCT)
        p.number = c->distinct;
    return p;
}

void column_list_init(struct column_list *l, const struct view *v)
{
    const struct table *t = v->session->table;
    const struct data_desk *d = &v->desk->data;
    size_t n = t ? (size_t)t->schema->n_columns : 0;
    struct entry *entries = xcalloc(n + 1, sizeof(*entries));

    *l = (struct column_list){.columns = xcalloc(n + 1, sizeof(int))};
    for (size_t i = 0; i < n; i++) {
        const struct schema_column *c = &t->schema->columns[i];

        if (!d->only_warnings || c->warnings)
            entries[l->n++] = entry_of(d, c, (int)i);
    }
    if (d->sort != SORT_POSITION)
        qsort(entries, (size_t)l->n, sizeof(*entries), compare_entries);
    for (int i = 0; i < l->n; i++)
        l->columns[i] = entries[i].column;
    free(entries);
}

void column_list_done(struct column_list *l)
{
    free(l->columns);
}

int column_list_find(const struct column_list *l, int column)
{
    for (int i = 0; i < l->n; i++) {
        if (l->columns[i] == column)
            return i;
    }
    return -1;
}

/* Keys, titles and panes ask for it, so a table of many columns gets no list made. */
int view_column(const struct view *v)
{
    size_t at = v->desk->lists[PANE_SCHEMA].cursor;
    const struct data_desk *d = &v->desk->data;
    const struct table *t = v->session->table;
    struct column_list l;
    int column = -1;

    if (t && d->sort == SORT_POSITION && !d->only_warnings)
        return at < (size_t)t->schema->n_columns ? (int)at : t->schema->n_columns - 1;
    column_list_init(&l, v);
    if (l.n > 0)
        column = l.columns[at < (size_t)l.n ? at : (size_t)l.n - 1];
    column_list_done(&l);
    return column;
}

const struct profile *data_profile(const struct view *v, int column)
{
    const struct table *t = v->session->table;

    return t && column >= 0 && column < dataset_columns(t->data) ? t->profiles[column]
                                                                 : NULL;
}

/* ---- without a table ---- */

static const struct view_job *find_load(const struct view *v)
{
    for (size_t i = 0; i < v->n_jobs; i++) {
        if (str_starts(v->jobs[i].what, "load "))
            return &v->jobs[i];
    }
    return NULL;
}

static void draw_load(struct surface *s, const struct view_job *j)
{
    int width = s->width > 62 ? 60 : s->width - 2;
    char *end;
    double percent = strtod(j->status, &end);

    surface_printf(s, 1, 1, s->width - 2, ROLE_STRONG, "Reading %s%s", j->what + 5,
                   j->paused ? " (held)" : data_unknown(s));
    if (end > j->status && width > 0)
        surface_bar(s, 1, 2, width, percent / 100, ROLE_SERIES_1);
    surface_text(s, 1, 3, s->width - 2, ROLE_TEXT, j->status);
    prose_draw(s, 1, 5, s->width - 2, ROLE_DIM,
               "The columns stand here as soon as it is read. The prompt takes commands "
               "meanwhile.");
}

bool data_draw_empty(const struct view *v, struct surface *s)
{
    const struct view_job *j = find_load(v);
    int y = 1;

    if (v->session->table)
        return false;
    if (j) {
        draw_load(s, j);
        return true;
    }
    surface_text(s, 1, y, s->width - 2, ROLE_STRONG, "No table is loaded");
    y += 2;
    y += prose_draw(s, 1, y, s->width - 2, ROLE_TEXT,
                    "`load FILE` reads one: a CSV file, plain or gzip. Delimiter, header "
                    "and the kinds of the columns are found out by themselves.");
    prose_draw(s, 1, y + 1, s->width - 2, ROLE_DIM,
               "Press : to get to the prompt, Tab there completes file names.");
    return true;
}

bool data_draw_nothing(const struct view *v, struct surface *s)
{
    if (v->session->table)
        return false;
    prose_draw(s, 1, 0, s->width - 2, ROLE_DIM,
               find_load(v) ? "The table is being read." : "No table is loaded.");
    return true;
}

/* ---- words ---- */

const char *data_unknown(const struct surface *s)
{
    return s->glyphs == GLYPHS_ASCII ? "..." : "\xe2\x80\xa6";
}

const char *data_kind_word(enum kind kind)
{
    switch (kind) {
    case KIND_CATEGORICAL:
        return "cat";
    case KIND_CONTINUOUS:
        return "num";
    case KIND_DATETIME:
        return "date";
    default:
        return "-";
    }
}

bool data_shows_numbers(const struct schema_column *c, const struct profile *p)
{
    if (c->kind == KIND_CONTINUOUS || c->kind == KIND_DATETIME || c->kind == KIND_WEIGHT)
        return !p || p->numeric > 0;
    return c->kind == KIND_IGNORE && p && 2 * p->numeric > p->rows - p->missing &&
           p->distinct > 2;
}

void data_warnings(const struct schema_column *c, struct str *out)
{
    static const struct {
        enum column_warning bit;
        const char *word;
    } words[] = {
        {WARN_LEAK, "leak"}, {WARN_CONSTANT, "constant"},
        {WARN_ALL_MISSING, "all missing"}, {WARN_DUPLICATE, "duplicate"},
        {WARN_ID, "id-like"}, {WARN_TEXT, "free text"},
        {WARN_CARDINALITY, "many values"}, {WARN_MIXED, "mixed"},
        {WARN_NONFINITE, "not finite"},
    };
    size_t before = out->length;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (c->warnings & words[i].bit)
            str_printf(out, "%s%s", out->length > before ? ", " : "", words[i].word);
    }
}

/* The most frequent class of a multiclass target, which is what its rates are of. */
static void add_first_class(const struct view *v, struct str *out)
{
    const struct profile *p = data_profile(v, v->session->table->schema->target);

    if (p && p->n_values > 0)
        show_to(out, p->values[0].text.text, p->values[0].text.length, 20);
    else
        str_puts(out, "most frequent");
}

void data_rate_name(const struct view *v, struct str *out)
{
    const struct schema *s = v->session->table ? v->session->table->schema : NULL;
    const char *name;

    if (!s || s->target < 0)
        return;
    name = s->columns[s->target].name;
    if (s->task == TASK_REGRESSION)
        str_puts(out, "mean ");
    show_to(out, name, strlen(name), 24);
    if (s->task == TASK_REGRESSION)
        return;
    str_puts(out, " = ");
    if (s->positive)
        show_to(out, s->positive, strlen(s->positive), 20);
    else
        add_first_class(v, out);
}

void data_rate(const struct view *v, double rate, struct str *out)
{
    if (v->session->table->schema->task == TASK_REGRESSION)
        format_short(out, rate);
    else
        format_share(out, rate);
}

/* ---- drawing ---- */

void data_paint_cursor(struct surface *s, int y, bool focused)
{
    surface_paint(s, (struct rect){0, y, s->width, 1},
                  focused ? ROLE_CURSOR : ROLE_CURSOR_OFF);
}

void data_cell(struct surface *s, int x, int y, int width, bool right, enum role role,
               struct cell cell)
{
    struct str text = {0};

    if (width <= 0)
        return;
    show_to(&text, cell.text, cell.length, (size_t)width);
    if (right)
        surface_text_right(s, x, y, width, role, str_text(&text));
    else
        surface_text(s, x, y, width, role, str_text(&text));
    str_done(&text);
}

const char data_no_value[] = "<NA>";

static enum role cell_role(const struct schema *s, int column, struct cell cell)
{
    const struct schema_column *c = &s->columns[column];
    double x;

    if ((c->kind == KIND_CONTINUOUS || c->kind == KIND_WEIGHT) &&
        !number_parse(cell, c->decimal, &x))
        return ROLE_WARNING;
    if (column == s->target)
        return ROLE_TARGET;
    return c->kind == KIND_IGNORE ? ROLE_DIM : ROLE_TEXT;
}

void data_table_cell(const struct view *v, struct surface *s, int x, int y, int width,
                     bool right, int column, size_t row)
{
    const struct column *c = dataset_column(v->session->table->data, column);
    struct cell cell = column_cell(c, row);
    enum role role = cell_role(v->session->table->schema, column, cell);

    if (column_missing(c, row)) {
        cell = cell_of(data_no_value);
        role = ROLE_DIM;
    }
    data_cell(s, x, y, width, right, role, cell);
}

int data_value_width(const struct profile *p, size_t n, int most)
{
    size_t width = 9;

    for (size_t i = 0; i < p->n_values && i < n && width < (size_t)most; i++) {
        size_t columns = show_width(p->values[i].text.text, p->values[i].text.length);

        width = columns > width ? columns : width;
    }
    return width < (size_t)most ? (int)width : most;
}

bool data_cell_holds(struct cell cell, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= cell.length; i++) {
        if (strncasecmp(cell.text + i, text, n) == 0)
            return true;
    }
    return false;
}
