/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of runs. */
#include "ui/pane_train.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/lineage.h"
#include "command/run_text.h"
#include "ui/chart.h"
#include "ui/curves.h"
#include "ui/pane_data.h"
#include "ui/run_cells.h"

/* The lines of the list: what is folded is left out. */
static struct lineage listed(const struct view *v)
{
    const struct train_desk *t = &v->desk->train;

    return lineage_make(v->session, t->folded, t->n_folded);
}

/* The line of the run, or where that is folded away of the one it is folded into; l->n:
 * there is none. */
static size_t find_listed(const struct view *v, const struct lineage *l,
                          const char *name)
{
    size_t at = l->n;

    for (size_t i = 0; name && at == l->n && i <= v->session->n_runs; i++) {
        const struct run *r = session_find_run(v->session, name);

        at = r ? lineage_find(l, r) : l->n;
        name = r ? r->parent : NULL;
    }
    return at;
}

/* Puts the cursor on the current run at first, and keeps it on its run where lines came
 * or went above it, but not where a person has moved it. */
static void follow_run(const struct view *v, const struct lineage *l)
{
    struct train_desk *t = &v->desk->train;
    size_t *cursor = &v->desk->lists[PANE_RUNS].cursor;
    const struct run *current = v->session->run;
    size_t at = find_listed(v, l, t->listed ? t->listed : current ? current->name : NULL);

    if (*cursor == t->listed_at && at < l->n)
        *cursor = at;
    if (l->n == 0)
        return;
    at = *cursor < l->n ? *cursor : l->n - 1;
    if (!t->listed || strcmp(t->listed, l->lines[at].run->name) != 0) {
        free(t->listed);
        t->listed = xstrdup(l->lines[at].run->name);
    }
    t->listed_at = *cursor;
}

const struct run *view_listed_run(const struct view *v)
{
    struct lineage l = listed(v);
    size_t at;
    const struct run *r = NULL;

    follow_run(v, &l);
    at = v->desk->lists[PANE_RUNS].cursor;
    if (l.n > 0)
        r = l.lines[at < l.n ? at : l.n - 1].run;
    lineage_done(&l);
    return r;
}

/* Its number among the overlaid runs, -1: it is none. */
static int overlay_of(const struct view *v, const struct run *r)
{
    const struct train_desk *t = &v->desk->train;

    for (size_t i = 0; i < t->n_overlaid; i++) {
        if (strcmp(t->overlaid[i], r->name) == 0)
            return (int)i;
    }
    return -1;
}

static const struct column {
    const char *title; /* NULL: the list does not have it */
    bool right; /* numbers */
    int most;   /* widest that it gets, 0: what is left */
    int rank;   /* those of high ranks leave a narrow screen first */
} columns[RUN_CELLS] = {
    [CELL_NAME] = {"run", false, 24, 0},      [CELL_STATE] = {"state", false, 8, 1},
    [CELL_TABLE] = {"table", false, 16, 8},   [CELL_FROM] = {NULL, false, 0, 0},
    [CELL_MODEL] = {"model", false, 14, 6},   [CELL_TARGET] = {"target", false, 14, 7},
    [CELL_LABELS] = {"labels", true, 9, 5},   [CELL_EPOCHS] = {"epochs", true, 11, 3},
    [CELL_BEST] = {"best", true, 6, 10},      [CELL_LOSS] = {"loss", true, 9, 9},
    [CELL_VALID] = {"valid", true, 9, 2},     [CELL_TEST] = {"test", true, 9, 4},
    [CELL_TIME] = {"time", true, 9, 11},      [CELL_NOTE] = {"note", false, 0, 12},
};

enum { RANKS = 13 };

/* cursor, current, overlaid; blanks between columns */
enum { MARKS = 3, GAP = 2, LEAST_NAME = 8 };

/* The name with its place in the tree, and how many runs are folded away below it. */
static void put_name(const struct lineage *l, size_t i, bool ascii, struct str *out)
{
    lineage_branch(l, i, ascii, out);
    str_puts(out, l->lines[i].run->name);
    if (l->lines[i].folded)
        str_printf(out, " +%zu", l->lines[i].below);
}

static void put_cell(const struct view *v, const struct lineage *l, size_t i,
                     enum run_cell c, bool ascii, struct str *out)
{
    if (c == CELL_NAME)
        put_name(l, i, ascii, out);
    else
        run_cell_text(v, l->lines[i].run, c, out);
}

static bool have_other_labels(const struct lineage *l)
{
    size_t known = 0;

    for (size_t i = 0; i < l->n; i++) {
        size_t labels = run_labels(l->lines[i].run);

        if (labels > 0 && known > 0 && labels != known)
            return true;
        known = labels > 0 ? labels : known;
    }
    return false;
}

static bool have_other_models(const struct lineage *l)
{
    for (size_t i = 1; i < l->n; i++)
        if (run_model_kind(l->lines[i].run) != run_model_kind(l->lines[0].run))
            return true;
    return false;
}

/* Kinds of models and labels are worth a column where they are not all the same. */
static bool is_needed(const struct lineage *l, enum run_cell c)
{
    switch (c) {
    case CELL_LABELS: return have_other_labels(l);
    case CELL_MODEL: return have_other_models(l);
    default: return columns[c].title != NULL;
    }
}

/* The column's widest text, no more than it may take. */
static int measure_column(const struct view *v, const struct lineage *l, enum run_cell c)
{
    int width = (int)strlen(columns[c].title);

    for (size_t i = 0; i < l->n && columns[c].most > 0; i++) {
        struct str text = {0};
        int n;

        put_cell(v, l, i, c, true, &text);
        n = (int)show_width(str_text(&text), text.length);
        width = n > width ? n : width;
        str_done(&text);
    }
    return columns[c].most > 0 && width > columns[c].most ? columns[c].most : width;
}

/* What each column takes, 0: left out. */
static void plan_columns(const struct view *v, const struct lineage *l, int width,
                         int widths[RUN_CELLS])
{
    int left = width - MARKS;

    for (int c = 0; c < RUN_CELLS; c++)
        widths[c] = is_needed(l, (enum run_cell)c) ? measure_column(v, l,
                                                                    (enum run_cell)c) : 0;
    if (widths[CELL_NAME] > width / 4 && width / 4 >= LEAST_NAME)
        widths[CELL_NAME] = width / 4;
    for (int rank = 0; rank < RANKS; rank++) {
        for (int c = 0; c < RUN_CELLS; c++) {
            if (columns[c].rank != rank || widths[c] == 0)
                continue;
            left -= widths[c] + GAP;
            if (left + GAP < 0)
                widths[c] = 0;
        }
    }
    if (widths[CELL_NOTE] > 0)
        widths[CELL_NOTE] += left + GAP;
}

static void draw_marks(const struct view *v, struct surface *s, int y,
                       const struct run *r, bool here)
{
    int overlay = overlay_of(v, r), style = figures_overlay_style((size_t)overlay);

    if (here)
        surface_put(s, 0, y, '>', ROLE_TEXT);
    if (r == view_run(v))
        surface_put(s, 1, y, '*', ROLE_STRONG);
    else if (overlay >= 0)
        surface_put(s, 1, y, (uint32_t)chart_glyph(style),
                    (enum role)(ROLE_SERIES_1 + style));
}

static enum role role_of(const struct run *r, enum run_cell c)
{
    if (c == CELL_STATE && r->state == RUN_WAITING)
        return ROLE_GOOD;
    if (c == CELL_STATE && r->progress.end == TRAIN_DIVERGED)
        return ROLE_ERROR;
    return c == CELL_NAME ? ROLE_STRONG : c == CELL_NOTE ? ROLE_DIM : ROLE_TEXT;
}

static void draw_run(const struct view *v, struct surface *s, int y,
                     const struct lineage *l, size_t i, const int widths[RUN_CELLS])
{
    const struct run *r = l->lines[i].run;
    int x = MARKS;

    for (int c = 0; c < RUN_CELLS; c++) {
        struct str text = {0};

        if (widths[c] == 0)
            continue;
        put_cell(v, l, i, (enum run_cell)c, s->glyphs == GLYPHS_ASCII, &text);
        if (text.length == 0)
            str_putc(&text, columns[c].right ? '-' : ' ');
        if (columns[c].right)
            surface_text_right(s, x, y, widths[c], role_of(r, c), text.text);
        else
            surface_text(s, x, y, widths[c], role_of(r, c), text.text);
        x += widths[c] + GAP;
        str_done(&text);
    }
}

static void draw_titles(struct surface *s, const int widths[RUN_CELLS])
{
    int x = MARKS;

    for (int c = 0; c < RUN_CELLS; c++) {
        if (widths[c] == 0)
            continue;
        if (columns[c].right)
            surface_text_right(s, x, 0, widths[c], ROLE_DIM, columns[c].title);
        else
            surface_text(s, x, 0, widths[c], ROLE_DIM, columns[c].title);
        x += widths[c] + GAP;
    }
}

static void title_runs(const struct view *v, struct str *out)
{
    size_t n = v->session->n_runs, overlaid = v->desk->train.n_overlaid;

    str_puts(out, "runs");
    if (n > 0)
        str_printf(out, ", %zu", n);
    if (overlaid > 0)
        str_printf(out, ", %zu laid over", overlaid);
}

static void draw_runs(const struct view *v, struct surface *s, bool focused)
{
    struct list *list = &v->desk->lists[PANE_RUNS];
    struct lineage l;
    int widths[RUN_CELLS];

    if (train_draw_empty(v, s, NULL))
        return;
    l = listed(v);
    follow_run(v, &l);
    list_fit(list, s->height > 1 ? (size_t)s->height - 1 : 1, l.n);
    plan_columns(v, &l, s->width, widths);
    draw_titles(s, widths);
    for (size_t i = list->top; i < l.n && i < list->top + list->page; i++) {
        int y = 1 + (int)(i - list->top);

        draw_run(v, s, y, &l, i, widths);
        draw_marks(v, s, y, l.lines[i].run, i == list->cursor);
        if (i == list->cursor)
            surface_paint(s, (struct rect){0, y, s->width, 1},
                          focused ? ROLE_CURSOR : ROLE_CURSOR_OFF);
    }
    lineage_done(&l);
}

static size_t count_runs(const struct view *v)
{
    struct lineage l = listed(v);
    size_t n = l.n;

    lineage_done(&l);
    return n;
}

/* To the left folds what is below, or goes up to the run it began with; to the right
 * unfolds. */
static bool move_runs(const struct view *v, enum movement m, long n)
{
    struct lineage l = listed(v);
    const struct run *r = view_listed_run(v);
    size_t at = lineage_find(&l, r);
    const struct lineage_line *line = at < l.n ? &l.lines[at] : NULL;
    bool taken = m == MOVE_LEFT || m == MOVE_RIGHT;

    (void)n;
    if (line && taken) {
        if (m == MOVE_RIGHT ? line->folded : line->below > 0 && !line->folded)
            desk_fold(v->desk, r->name);
        else if (m == MOVE_LEFT)
            v->desk->lists[PANE_RUNS].cursor = line->parent;
    }
    lineage_done(&l);
    return taken;
}

static bool run_holds(const struct view *v, size_t i, const char *text)
{
    struct lineage l = listed(v);
    bool found = false;

    for (int c = 0; c < RUN_CELLS && !found && i < l.n; c++) {
        struct str cell = {0};

        run_cell_text(v, l.lines[i].run, (enum run_cell)c, &cell);
        found = data_cell_holds((struct cell){str_text(&cell), (uint32_t)cell.length},
                                text);
        str_done(&cell);
    }
    lineage_done(&l);
    return found;
}

static void copy_run(const struct view *v, struct str *out)
{
    const struct run *r = view_listed_run(v);

    for (int c = 0; r && c < RUN_CELLS; c++) {
        str_puts(out, c > 0 ? "\t" : "");
        run_cell_text(v, r, (enum run_cell)c, out);
    }
}

const struct pane_type pane_runs = {
    .name = "runs",
    .title = title_runs,
    .draw = draw_runs,
    .count = count_runs,
    .header = 1,
    .holds = run_holds,
    .move = move_runs,
    .copy = copy_run,
};
