/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A row of the validation part as pre-training asks for it: what stands in the table,
 * what the model sees of it, and what it says. The same rows every epoch, so that one can
 * watch it learn.
 */
#include "ui/pane_train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/prose.h"

/* ---- the row ---- */

struct row {
    const struct run *run;
    const struct encoder *encoder;
    const struct example_cell *cells; /* (columns) */
    int columns;
    int at, n;                        /* which of the examples */
    size_t number;                    /* of the row in the table, from 1 */
    bool rtd;                         /* asked whether, not by what */
    const char *name, *hidden;        /* of the pretext, and of a hidden cell */
};

/* False: there is none yet. */
static bool find_row(const struct view *v, struct row *row)
{
    const struct run *r = view_run(v);
    const struct learned *l = r ? &r->learned : NULL;

    if (!r || l->n_examples == 0 || !run_encoder(r)
        || run_encoder(r)->n_categorical != l->columns)
        return false;
    *row = (struct row){
        .run = r, .encoder = run_encoder(r), .columns = l->columns, .n = l->n_examples,
        .at = v->desk->train.example < l->n_examples ? v->desk->train.example : 0,
        .rtd = r->pretext == PRETEXT_RTD, .name = pretext_name(r->pretext),
        .hidden = r->pretext == PRETEXT_RTD ? "replaced"
            : r->pretext == PRETEXT_DAE ? "swapped" : "masked",
    };
    row->cells = l->example_cells + row->at * l->columns;
    row->number = (size_t)l->example_rows[row->at] + 1;
    return true;
}

static bool is_hidden(const struct example_cell *c)
{
    return c->before != c->shown;
}

/* What it says is true. Of RTD a cell that is as it was counts only where it is said to
 * be replaced. */
enum verdict { VERDICT_NONE, VERDICT_RIGHT, VERDICT_WRONG, VERDICT_ALARM };

static enum verdict judge(const struct row *r, const struct example_cell *c)
{
    bool right = r->rtd ? (c->sure > 0.5f) == is_hidden(c) : c->said == c->before;

    if (!is_hidden(c))
        return right || !r->rtd ? VERDICT_NONE : VERDICT_ALARM;
    return right ? VERDICT_RIGHT : VERDICT_WRONG;
}

static const char *text_of(const struct row *r, int column, int code)
{
    const struct feature *f = &r->encoder->categorical[column];

    return code <= 0 ? "(missing)" : code < f->classes ? f->texts[code - 1] : "(other)";
}

/* ---- drawing ---- */

enum { MARK = 2, GAP = 2, LEAST_NAME = 6, MOST_NAME = 20, LEAST = 6, MOST = 24,
       WIDE = 66, /* from here on MLM, too, tells what is seen from what is there */
       SAYS_MLM = 16, SAYS_RTD = 13 };

struct plan {
    int name, row, sees; /* widths; sees 0: hidden cells of the row stand in brackets */
};

/* The model does not see what stands there instead. */
static bool is_masked(const struct row *r)
{
    return r->run->pretext == PRETEXT_MLM;
}

static struct plan plan_cells(const struct row *r, int width)
{
    struct plan p = {.name = LEAST_NAME};
    int left, says = r->rtd ? SAYS_RTD : SAYS_MLM;
    bool both = !is_masked(r) || width >= WIDE;

    for (int c = 0; c < r->columns; c++) {
        const char *name = r->encoder->categorical[c].name;
        int n = (int)show_width(name, strlen(name));

        p.name = n > p.name ? n : p.name;
    }
    if (p.name > MOST_NAME)
        p.name = MOST_NAME;
    if (p.name > width / 4)
        p.name = width / 4 > LEAST_NAME ? width / 4 : LEAST_NAME;
    left = width - MARK - p.name - says - 2 * GAP - (both ? GAP : 0);
    p.row = both ? left / 2 : left;
    if (p.row > MOST)
        p.row = MOST;
    if (p.row < LEAST)
        p.row = LEAST;
    p.sees = both ? p.row : 0;
    return p;
}

/* "Private 72 %" of MLM, "found 83 %" of RTD */
static void draw_saying(struct surface *s, int x, int y, const struct row *r, int column)
{
    static const char *const words[] = {"", "found", "missed", "alarm"};
    const struct example_cell *c = &r->cells[column];
    enum verdict verdict = judge(r, c);
    enum role role = verdict == VERDICT_RIGHT ? ROLE_GOOD
        : verdict == VERDICT_NONE ? ROLE_DIM : ROLE_WARNING;
    const char *text = r->rtd ? words[verdict] : text_of(r, column, c->said);

    if (!r->rtd && !is_hidden(c))
        return;
    surface_printf(s, x, y, 5, role, "%3.0f %%", floor(100 * (double)c->sure));
    surface_text(s, x + 6, y, s->width - x - 6, role, text);
}

/* What stands in the table, in brackets where it is hidden and nothing else says so. */
static void draw_before(struct surface *s, int x, int y, const struct row *r, int column,
                        const struct plan *p)
{
    const struct example_cell *c = &r->cells[column];
    const char *text = text_of(r, column, c->before);

    if (is_hidden(c) && p->sees == 0)
        surface_printf(s, x, y, p->row, ROLE_STRONG, "[%s]", text);
    else
        surface_text(s, x, y, p->row, is_hidden(c) ? ROLE_TEXT : ROLE_DIM, text);
}

static void draw_sees(struct surface *s, int x, int y, const struct row *r, int column,
                      const struct plan *p)
{
    const struct example_cell *c = &r->cells[column];
    bool masked = is_hidden(c) && is_masked(r);

    surface_text(s, x, y, p->sees, is_hidden(c) ? ROLE_STRONG : ROLE_DIM,
                 masked ? "?" : text_of(r, column, c->shown));
}

static void draw_cell(struct surface *s, int y, const struct row *r, int column,
                      const struct plan *p)
{
    static const char marks[] = {' ', '+', 'x', '!'};
    const struct example_cell *c = &r->cells[column];
    enum verdict verdict = judge(r, c);
    int x = MARK;

    surface_put(s, 0, y, (uint32_t)marks[verdict],
                verdict == VERDICT_RIGHT ? ROLE_GOOD : ROLE_WARNING);
    surface_text(s, x, y, p->name, is_hidden(c) ? ROLE_TEXT : ROLE_DIM,
                 r->encoder->categorical[column].name);
    x += p->name + GAP;
    draw_before(s, x, y, r, column, p);
    x += p->row + GAP;
    if (p->sees > 0) {
        draw_sees(s, x, y, r, column, p);
        x += p->sees + GAP;
    }
    draw_saying(s, x, y, r, column);
}

/* "Row 4,711: 4 of 12 masked, 3 told" */
static int draw_summary(struct surface *s, const struct row *r)
{
    int hidden = 0, right = 0, alarms = 0;
    struct str text = {0};
    char count[COUNT_TEXT];
    int rows;

    for (int c = 0; c < r->columns; c++) {
        enum verdict verdict = judge(r, &r->cells[c]);

        hidden += is_hidden(&r->cells[c]);
        right += verdict == VERDICT_RIGHT;
        alarms += verdict == VERDICT_ALARM;
    }
    str_printf(&text, "Row %s: %d of %d %s, %d %s", count_text(r->number, count), hidden,
               r->columns, r->hidden, right,
               r->rtd ? "found" : "told");
    if (alarms > 0)
        str_printf(&text, ", %d false alarm%s", alarms, alarms == 1 ? "" : "s");
    rows = prose_draw(s, 0, 0, s->width, ROLE_TEXT, str_text(&text));
    str_done(&text);
    return rows;
}

static void draw_titles(struct surface *s, int y, const struct row *r,
                        const struct plan *p)
{
    int x = MARK;

    surface_text(s, x, y, p->name, ROLE_DIM, "column");
    x += p->name + GAP;
    surface_text(s, x, y, p->row, ROLE_DIM, p->sees > 0 ? "the row" : "[masked]");
    x += p->row + GAP;
    if (p->sees > 0) {
        surface_text(s, x, y, p->sees, ROLE_DIM, "it sees");
        x += p->sees + GAP;
    }
    surface_text(s, x, y, 0, ROLE_DIM, r->rtd ? "replaced?" : "it says");
}

static void title_example(const struct view *v, struct str *out)
{
    struct row r;

    if (!find_row(v, &r)) {
        str_puts(out, "example");
        return;
    }
    str_printf(out, "example %d of %d, %s", r.at + 1, r.n, r.name);
    if (r.run->learned.example_epoch > 0)
        str_printf(out, ", epoch %d", r.run->learned.example_epoch);
}

static void draw_example(const struct view *v, struct surface *s, bool focused)
{
    struct list *l = &v->desk->lists[PANE_EXAMPLE];
    struct plan p;
    struct row r;
    int y;

    if (train_draw_empty(v, s, "Here a row is seen as pre-training asks for it."))
        return;
    if (!find_row(v, &r)) {
        train_draw_unknown(view_run(v), s,
                           "Here a row of the validation part is seen after each epoch: "
                           "what is hidden in it, and what the model says.");
        return;
    }
    p = plan_cells(&r, s->width);
    y = draw_summary(s, &r);
    draw_titles(s, y, &r, &p);
    list_fit(l, s->height > y + 1 ? (size_t)(s->height - y - 1) : 1, (size_t)r.columns);
    for (size_t i = l->top; i < (size_t)r.columns && i < l->top + l->page; i++) {
        draw_cell(s, ++y, &r, (int)i, &p);
        if (focused && i == l->cursor)
            surface_paint(s, (struct rect){0, y, MARK + p.name + 1, 1}, ROLE_CURSOR);
    }
    if (y + 2 < s->height && r.n > 1)
        surface_text(s, 0, s->height - 1, 0, ROLE_DIM, "Left and Right show other rows.");
}

/* ---- what can be done with it ---- */

static bool move_example(const struct view *v, enum movement m, long n)
{
    int *at = &v->desk->train.example;
    struct row r;
    long by = n % EXAMPLES;

    if (!find_row(v, &r))
        return false;
    if (m == MOVE_LEFT || m == MOVE_RIGHT) {
        *at = (int)((r.at + (m == MOVE_LEFT ? EXAMPLES * r.n - by : by)) % r.n);
        return true;
    }
    return false;
}

static size_t count_example(const struct view *v)
{
    struct row r;

    return find_row(v, &r) ? (size_t)r.columns : 0;
}

static void copy_example(const struct view *v, struct str *out)
{
    struct row r;

    if (!find_row(v, &r))
        return;
    str_printf(out, "column\tthe row\tit sees\t%s\tprobability\n",
               r.rtd ? "replaced" : "it says");
    for (int i = 0; i < r.columns; i++) {
        const struct example_cell *c = &r.cells[i];

        str_printf(out, "%s\t%s\t%s\t", r.encoder->categorical[i].name,
                   text_of(&r, i, c->before),
                   is_hidden(c) && is_masked(&r) ? "?" : text_of(&r, i, c->shown));
        if (r.rtd)
            str_puts(out, is_hidden(c) ? "yes" : "no");
        else if (is_hidden(c))
            str_puts(out, text_of(&r, i, c->said));
        if (r.rtd || is_hidden(c))
            str_printf(out, "\t%.3f\n", (double)c->sure);
        else
            str_puts(out, "\t\n");
    }
}

const struct pane_type pane_example = {
    .name = "example",
    .title = title_example,
    .draw = draw_example,
    .count = count_example,
    .move = move_example,
    .copy = copy_example,
};
