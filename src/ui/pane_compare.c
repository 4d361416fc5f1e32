/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of interest side by side: the one under the cursor of the list, the one that is
 * shown, those laid over it. Those that can be held against each other (run_text.h) stand
 * together; the best of them has a star. */
#include "ui/pane_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/run_text.h"
#include "ui/chart.h"
#include "ui/curves.h"
#include "ui/prose.h"
#include "ui/run_cells.h"

enum { MOST_COMPARED = 16, LABELS = 20, COMPARED_WIDTH = 12 };

/* Those of a group stand together, groups in the order of their first runs. */
struct compared {
    struct run *runs[MOST_COMPARED];
    size_t group[MOST_COMPARED];
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

/* As a person asked for them. */
static struct compared chosen_runs(const struct view *v)
{
    const struct train_desk *t = &v->desk->train;
    struct compared c = {.n = 0};

    compare_too(&c, v->session, view_listed_run(v));
    compare_too(&c, v->session, view_run(v));
    for (size_t i = 0; i < t->n_overlaid; i++)
        compare_too(&c, v->session, session_find_run(v->session, t->overlaid[i]));
    return c;
}

static struct compared compared_runs(const struct view *v)
{
    struct compared chosen = chosen_runs(v), c = {.n = 0};

    for (size_t first = 0; first < chosen.n; first++) {
        for (size_t i = first; i < chosen.n; i++) {
            if (runs_group(chosen.runs, chosen.n, i) == first)
                c.runs[c.n++] = chosen.runs[i];
        }
    }
    for (size_t i = 0; i < c.n; i++)
        c.group[i] = runs_group(c.runs, c.n, i);
    return c;
}

/* A line: what it is, and its text for every run. */
struct comparison {
    char *label;
    char *cells[MOST_COMPARED];
    bool best[MOST_COMPARED]; /* of its group */
};

struct comparisons {
    struct comparison *lines;
    size_t n, capacity;
};

static struct comparison *add_comparison(struct comparisons *t, char *label)
{
    t->lines = xgrow(t->lines, t->n, &t->capacity, sizeof(*t->lines));
    t->lines[t->n] = (struct comparison){.label = label};
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

static struct comparison *compare_cells(struct comparisons *t, const struct view *v,
                                        const struct compared *c, const char *label,
                                        enum run_cell cell)
{
    struct comparison *line = add_comparison(t, xstrdup(label));

    for (size_t i = 0; i < c->n; i++) {
        struct str text = {0};

        run_cell_text(v, c->runs[i], cell, &text);
        line->cells[i] = xstrdup(text.length > 0 ? text.text : "-");
        str_done(&text);
    }
    return line;
}

/* Only where the runs do not all say the same. */
static bool compare_unlike(struct comparisons *t, const struct view *v,
                           const struct compared *c, const char *label,
                           enum run_cell cell)
{
    struct comparison *line = compare_cells(t, v, c, label, cell);

    for (size_t i = 1; i < c->n; i++) {
        if (strcmp(line->cells[i], line->cells[0]) != 0)
            return true;
    }
    for (size_t i = 0; i < c->n; i++)
        free(line->cells[i]);
    free(line->label);
    t->n--;
    return false;
}

/* Which runs cannot be held against the first group's, and why not. */
static void compare_groups(struct comparisons *t, const struct compared *c)
{
    struct comparison *line;

    if (c->n == 0 || c->group[c->n - 1] == 0)
        return;
    line = add_comparison(t, xstrdup("set apart by"));
    for (size_t i = 0; i < c->n; i++)
        line->cells[i] = xstrdup(c->group[i] == 0 ? "" : unlike_name(
                                     runs_unlike(c->runs[0], c->runs[i])));
}

/* From what the group is held against. */
static void compare_difference(struct comparisons *t, const struct compared *c,
                               const double *values)
{
    struct comparison *line = add_comparison(t, xstrdup("  difference"));

    for (size_t i = 0; i < c->n; i++) {
        size_t base = runs_base((struct run *const *)c->runs, c->n, c->group[i]);
        double difference = i == base ? NAN : values[i] - values[base];
        char text[32] = "";

        if (!isnan(difference))
            snprintf(text, sizeof(text), fabs(difference) < 100 ? "%+.4f" : "%+.3g",
                     difference);
        line->cells[i] = xstrdup(text);
    }
}

/* Skipped where no run has it. */
static void compare_metric(struct comparisons *t, const struct compared *c,
                           const char *part, enum task task, int metric)
{
    const struct metric_field *f = metric_field(task, metric);
    double values[MOST_COMPARED];
    struct comparison *line;
    char text[32];
    int n = 0;
    bool groups = false;

    for (size_t i = 0; i < c->n; i++) {
        const struct run *r = c->runs[i];
        bool has = metric_field(r->task, 0) == metric_field(task, 0);

        values[i] = has ? run_metric(part[0] == 'v' ? run_valid(r) : &r->test, f) : NAN;
        n += !isnan(values[i]);
        groups |= i > 0 && c->group[i] == c->group[i - 1];
    }
    if (n == 0)
        return;
    line = add_comparison(t, xasprintf("%s%s %s", task == TASK_NONE ? "pre: " : "", part,
                                       f->title));
    for (size_t i = 0; i < c->n; i++) {
        line->cells[i] = xstrdup(train_measure(values[i], text));
        line->best[i] = runs_best((struct run *const *)c->runs, c->n, c->group[i], f,
                                  values) == i;
    }
    if (metric == 0 && groups)
        compare_difference(t, c, values);
}

static void compare_metrics(struct comparisons *t, const struct compared *c)
{
    /* those of classes, of numbers, and of pre-training */
    static const enum task tasks[] = {TASK_BINARY, TASK_REGRESSION, TASK_NONE};
    for (int k = 0; k < 3; k++) {
        for (int i = 0; metric_field(tasks[k], i); i++) {
            compare_metric(t, c, "valid", tasks[k], i);
            compare_metric(t, c, "test", tasks[k], i);
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
    bool target;

    compare_groups(&t, c);
    compare_unlike(&t, v, c, "from", CELL_FROM);
    target = compare_unlike(&t, v, c, "target", CELL_TARGET);
    compare_unlike(&t, v, c, "labels", CELL_LABELS);
    compare_metrics(&t, c);
    compare_options(&t, c);
    compare_cells(&t, v, c, "epochs", CELL_EPOCHS);
    compare_cells(&t, v, c, "best epoch", CELL_BEST);
    compare_cells(&t, v, c, "time", CELL_TIME);
    compare_cells(&t, v, c, "state", CELL_STATE);
    compare_cells(&t, v, c, "table", CELL_TABLE);
    if (!target)
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
        bool best = line->best[i];
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

/* ---- and laid over each other ---- */

static const struct metric_field *drawn_metric(const struct compared *c)
{
    return c->n > 0 ? run_watched(c->runs[0]) : NULL;
}

static void title_curves(const struct view *v, struct str *out)
{
    struct compared c = compared_runs(v);
    const struct metric_field *f = drawn_metric(&c);

    str_puts(out, "curves");
    if (f)
        str_printf(out, " of valid %s", f->title);
}

static void draw_curves(const struct view *v, struct surface *s, bool focused)
{
    struct compared c = compared_runs(v);
    struct figure *f;

    (void)focused;
    if (train_draw_empty(v, s, "Here the curves of runs are laid over each other."))
        return;
    f = curves_compared(v, c.runs, c.n, drawn_metric(&c));
    if (f)
        chart_draw(f, s);
    else
        prose_draw(s, 1, s->height > 3, s->width - 2, ROLE_DIM,
                   "No epoch of these runs is known: files keep no curve.");
    figure_free(f);
}

const struct pane_type pane_curves = {
    .name = "curves",
    .title = title_curves,
    .draw = draw_curves,
};

/* ---- the table ---- */

const struct pane_type pane_compare = {
    .name = "compare",
    .title = title_compare,
    .draw = draw_compare,
    .count = count_compare,
    .header = 1,
    .copy = copy_compare,
};
