/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of interest side by side: the one under the cursor of the list, the one that is
 * shown, those laid over it. */
#include "ui/pane_train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/run_text.h"
#include "ui/run_cells.h"

enum { MOST_COMPARED = 16, LABELS = 18, COMPARED_WIDTH = 12 };

/* The run under the cursor, the one that is shown, those laid over it. */
struct compared {
    struct run *runs[MOST_COMPARED];
    size_t n;
};

static void compare_too(struct compared *c, const struct session *s, const struct run *r)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->runs[i] == r)
            return;
    }
    for (size_t i = 0; i < s->n_runs && c->n < MOST_COMPARED; i++) {
        if (s->runs[i] == r)
            c->runs[c->n++] = s->runs[i];
    }
}

static struct compared compared_runs(const struct view *v)
{
    const struct train_desk *t = &v->desk->train;
    struct compared c = {.n = 0};

    compare_too(&c, v->session, view_listed_run(v));
    compare_too(&c, v->session, view_run(v));
    for (size_t i = 0; i < t->n_overlaid; i++)
        compare_too(&c, v->session, session_find_run(v->session, t->overlaid[i]));
    return c;
}

/* A line: what it is, and its text for every run. */
struct comparison {
    char *label;
    char *cells[MOST_COMPARED];
    int best; /* the run that is best in it, -1: none */
};

struct comparisons {
    struct comparison *lines;
    size_t n, capacity;
};

static struct comparison *add_comparison(struct comparisons *t, char *label)
{
    t->lines = xgrow(t->lines, t->n, &t->capacity, sizeof(*t->lines));
    t->lines[t->n] = (struct comparison){.label = label, .best = -1};
    return &t->lines[t->n++];
}

static void comparisons_done(struct comparisons *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->lines[i].label);
        for (int k = 0; k < MOST_COMPARED; k++)
            free(t->lines[i].cells[k]);
    }
    free(t->lines);
}

static void compare_cells(struct comparisons *t, const struct view *v,
                          const struct compared *c, const char *label, enum run_cell cell)
{
    struct comparison *line = add_comparison(t, xstrdup(label));

    for (size_t i = 0; i < c->n; i++) {
        struct str text = {0};

        run_cell_text(v, c->runs[i], cell, &text);
        line->cells[i] = xstrdup(text.length > 0 ? text.text : "-");
        str_done(&text);
    }
}

/* Skipped where no run has it. */
static void compare_metric(struct comparisons *t, const struct compared *c,
                           const char *part, enum task task, const struct metric_field *f)
{
    double values[MOST_COMPARED];
    struct comparison *line;
    char text[32];
    int at = -1, n = 0;

    for (size_t i = 0; i < c->n; i++) {
        const struct run *r = c->runs[i];
        bool has = metric_field(r->task, 0) == metric_field(task, 0);

        values[i] = has ? run_metric(part[0] == 'v' ? run_valid(r) : &r->test, f) : NAN;
        n += !isnan(values[i]);
        if (isnan(values[i]) || (at >= 0 && !(f->rises ? values[i] > values[at]
                                                       : values[i] < values[at])))
            continue;
        at = (int)i;
    }
    if (n == 0)
        return;
    line = add_comparison(t, xasprintf("%s %s", part, f->title));
    line->best = n > 1 ? at : -1;
    for (size_t i = 0; i < c->n; i++)
        line->cells[i] = xstrdup(train_measure(values[i], text));
}

static void compare_metrics(struct comparisons *t, const struct compared *c)
{
    /* those of classes, of numbers, and of pre-training */
    static const enum task tasks[] = {TASK_BINARY, TASK_REGRESSION, TASK_NONE};
    const struct metric_field *f;

    for (int k = 0; k < 3; k++) {
        for (int i = 0; (f = metric_field(tasks[k], i)); i++) {
            compare_metric(t, c, "valid", tasks[k], f);
            compare_metric(t, c, "test", tasks[k], f);
        }
    }
}

static void compare_options(struct comparisons *t, const struct compared *c)
{
    const struct option *o;

    for (int i = 0; (o = option_at(i)); i++) {
        struct comparison *line;

        if (!runs_differ(o, c->runs, c->n))
            continue;
        line = add_comparison(t, xstrdup(o->name));
        for (size_t k = 0; k < c->n; k++) {
            struct str text = {0};

            option_print(o, &c->runs[k]->settings, &text);
            line->cells[k] = xstrdup(str_text(&text));
            str_done(&text);
        }
    }
}

static struct comparisons compare(const struct view *v, const struct compared *c)
{
    struct comparisons t = {0};

    compare_metrics(&t, c);
    compare_options(&t, c);
    compare_cells(&t, v, c, "epochs", CELL_EPOCHS);
    compare_cells(&t, v, c, "best epoch", CELL_BEST);
    compare_cells(&t, v, c, "time", CELL_TIME);
    compare_cells(&t, v, c, "state", CELL_STATE);
    compare_cells(&t, v, c, "table", CELL_TABLE);
    compare_cells(&t, v, c, "target", CELL_TARGET);
    return t;
}

static void title_compare(const struct view *v, struct str *out)
{
    struct compared c = compared_runs(v);

    str_puts(out, c.n > 1 ? "side by side:" : "run");
    for (size_t i = 0; i < c.n; i++)
        str_printf(out, "%s %s", i > 0 ? "," : "", c.runs[i]->name);
}

/* How many runs find room; the others are named in the title. */
static size_t columns_for(const struct surface *s, size_t n)
{
    size_t room = s->width > LABELS ? (size_t)(s->width - LABELS) / COMPARED_WIDTH : 0;

    return n < room ? n : room > 0 ? room : 1;
}

static void draw_comparison(struct surface *s, int y, const struct comparison *line,
                            size_t runs)
{
    surface_text(s, 0, y, LABELS - 1, ROLE_DIM, line->label);
    for (size_t i = 0; i < runs; i++) {
        bool best = line->best == (int)i;
        int x = LABELS + (int)i * COMPARED_WIDTH;

        surface_text_right(s, x, y, COMPARED_WIDTH - 2, best ? ROLE_GOOD : ROLE_TEXT,
                           line->cells[i]);
        if (best)
            surface_put(s, x + COMPARED_WIDTH - 2, y, '*', ROLE_GOOD);
    }
}

static size_t count_compare(const struct view *v)
{
    struct compared c = compared_runs(v);
    struct comparisons t = {0};
    size_t n;

    if (c.n > 0)
        t = compare(v, &c);
    n = t.n;
    comparisons_done(&t);
    return n;
}

static void draw_names(struct surface *s, const struct compared *c, size_t runs)
{
    for (size_t i = 0; i < runs; i++)
        surface_text_right(s, LABELS + (int)i * COMPARED_WIDTH, 0, COMPARED_WIDTH - 2,
                           ROLE_STRONG, c->runs[i]->name);
}

static void draw_compare(const struct view *v, struct surface *s, bool focused)
{
    struct list *l = &v->desk->lists[PANE_COMPARE];
    struct compared c = compared_runs(v);
    struct comparisons t;
    size_t runs = columns_for(s, c.n);

    if (train_draw_empty(v, s, "Here runs stand side by side."))
        return;
    t = compare(v, &c);
    list_fit(l, s->height > 1 ? (size_t)s->height - 1 : 1, t.n);
    draw_names(s, &c, runs);
    for (size_t i = l->top; i < t.n && i < l->top + l->page; i++) {
        draw_comparison(s, 1 + (int)(i - l->top), &t.lines[i], runs);
        if (focused && i == l->cursor)
            surface_paint(s, (struct rect){0, 1 + (int)(i - l->top), s->width, 1},
                          ROLE_CURSOR);
    }
    comparisons_done(&t);
}

static void copy_compare(const struct view *v, struct str *out)
{
    struct compared c = compared_runs(v);
    struct comparisons t = {0};

    if (c.n == 0)
        return;
    t = compare(v, &c);
    for (size_t i = 0; i < c.n; i++)
        str_printf(out, "\t%s", c.runs[i]->name);
    for (size_t i = 0; i < t.n; i++) {
        str_printf(out, "\n%s", t.lines[i].label);
        for (size_t k = 0; k < c.n; k++)
            str_printf(out, "\t%s", t.lines[i].cells[k]);
    }
    str_putc(out, '\n');
    comparisons_done(&t);
}

const struct pane_type pane_compare = {
    .name = "compare",
    .title = title_compare,
    .draw = draw_compare,
    .count = count_compare,
    .header = 1,
    .copy = copy_compare,
};
