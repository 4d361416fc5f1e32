/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of runs. */
#include "ui/pane_train.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "ui/chart.h"
#include "ui/curves.h"
#include "ui/run_cells.h"

const struct run *view_listed_run(const struct view *v)
{
    const struct session *s = v->session;
    size_t at = v->desk->lists[PANE_RUNS].cursor;

    if (s->n_runs == 0)
        return NULL;
    return s->runs[at < s->n_runs ? at : s->n_runs - 1];
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
    const char *title;
    bool right; /* numbers */
    int most;   /* widest that it gets, 0: what is left */
    int rank;   /* those of high ranks leave a narrow screen first */
} columns[RUN_CELLS] = {
    [CELL_NAME] = {"run", false, 16, 0},      [CELL_STATE] = {"state", false, 8, 1},
    [CELL_TABLE] = {"table", false, 16, 6},   [CELL_TARGET] = {"target", false, 14, 7},
    [CELL_EPOCHS] = {"epochs", true, 11, 3},  [CELL_BEST] = {"best", true, 6, 8},
    [CELL_LOSS] = {"loss", true, 9, 5},       [CELL_VALID] = {"valid", true, 9, 2},
    [CELL_TEST] = {"test", true, 9, 4},       [CELL_TIME] = {"time", true, 9, 9},
    [CELL_NOTE] = {"note", false, 0, 10},
};

enum { MARKS = 3, GAP = 2 }; /* cursor, current, overlaid; blanks between columns */

/* What each column takes, 0: left out. */
static void plan_columns(const struct view *v, int width, int widths[RUN_CELLS])
{
    const struct session *s = v->session;
    int left = width - MARKS;

    for (int c = 0; c < RUN_CELLS; c++) {
        widths[c] = (int)strlen(columns[c].title);
        for (size_t i = 0; i < s->n_runs && columns[c].most > 0; i++) {
            struct str text = {0};
            int n;

            run_cell_text(v, s->runs[i], (enum run_cell)c, &text);
            n = (int)show_width(str_text(&text), text.length);
            widths[c] = n > widths[c] ? n : widths[c];
            str_done(&text);
        }
        if (columns[c].most > 0 && widths[c] > columns[c].most)
            widths[c] = columns[c].most;
    }
    for (int rank = 0; rank < RUN_CELLS; rank++) {
        for (int c = 0; c < RUN_CELLS; c++) {
            if (columns[c].rank != rank)
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
    int overlay = overlay_of(v, r), style = curves_overlay_style((size_t)overlay);

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

static void draw_run(const struct view *v, struct surface *s, int y, const struct run *r,
                     const int widths[RUN_CELLS])
{
    int x = MARKS;

    for (int c = 0; c < RUN_CELLS; c++) {
        struct str text = {0};

        if (widths[c] == 0)
            continue;
        run_cell_text(v, r, (enum run_cell)c, &text);
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
    struct list *l = &v->desk->lists[PANE_RUNS];
    const struct session *session = v->session;
    int widths[RUN_CELLS];

    if (train_draw_empty(v, s, NULL))
        return;
    list_fit(l, s->height > 1 ? (size_t)s->height - 1 : 1, session->n_runs);
    plan_columns(v, s->width, widths);
    draw_titles(s, widths);
    for (size_t i = l->top; i < session->n_runs && i < l->top + l->page; i++) {
        int y = 1 + (int)(i - l->top);

        draw_run(v, s, y, session->runs[i], widths);
        draw_marks(v, s, y, session->runs[i], i == l->cursor);
        if (i == l->cursor)
            surface_paint(s, (struct rect){0, y, s->width, 1},
                          focused ? ROLE_CURSOR : ROLE_CURSOR_OFF);
    }
}

static size_t count_runs(const struct view *v)
{
    return v->session->n_runs;
}

/* Letters of both cases are equal. */
static bool contains(const char *text, const char *part)
{
    size_t n = strlen(part);

    for (; *text; text++) {
        if (strncasecmp(text, part, n) == 0)
            return true;
    }
    return n == 0;
}

static bool run_holds(const struct view *v, size_t i, const char *text)
{
    bool found = false;

    for (int c = 0; c < RUN_CELLS && !found; c++) {
        struct str cell = {0};

        run_cell_text(v, v->session->runs[i], (enum run_cell)c, &cell);
        found = contains(str_text(&cell), text);
        str_done(&cell);
    }
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
    .copy = copy_run,
};
