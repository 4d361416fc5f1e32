/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What pre-training has learned of each column, a line a column: how often what is hidden
 * in its cells is told (MLM; of RTD the AUC of its cells being replaced), beside what one
 * gets who does not look. In the bar dots are what he gets, the rest was learned. The
 * number's heat is the share that was learned of what there is to learn.
 */
#include "ui/pane_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "ui/pane_data.h"

/* ---- the columns in order ---- */

struct line {
    const char *name;
    const struct column_score *score;
    int column;
};

struct lines {
    struct line *lines; /* (n) */
    size_t n;
};

/* What is told of a column: the AUC where there is one. */
static double value_of(const struct column_score *s)
{
    return (double)(isnan(s->auc) ? s->accuracy : s->auc);
}

static double plain_of(const struct column_score *s)
{
    return isnan(s->auc) ? (double)s->baseline : 0.5;
}

/* Numbers that are not known come last. */
static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static int by_position(const void *a, const void *b)
{
    return ((const struct line *)a)->column - ((const struct line *)b)->column;
}

static int by_name(const void *a, const void *b)
{
    const struct line *p = a, *q = b;
    int order = strcasecmp(p->name, q->name);

    return order ? order : by_position(a, b);
}

static int by_value(const void *a, const void *b)
{
    int order = compare_numbers(value_of(((const struct line *)a)->score),
                                value_of(((const struct line *)b)->score));

    return order ? order : by_position(a, b);
}

static int by_gain(const void *a, const void *b)
{
    int order = compare_numbers(-score_gain(((const struct line *)a)->score),
                                -score_gain(((const struct line *)b)->score));

    return order ? order : by_position(a, b);
}

/* Empty where nothing is known. */
static struct lines list_columns(const struct view *v)
{
    static int (*const orders[LEARNED_SORTS])(const void *, const void *) = {
        by_position, by_name, by_value, by_gain,
    };
    const struct run *r = view_run(v);
    const struct column_score *scores = r ? run_learned(r) : NULL;
    struct lines l = {NULL, 0};

    if (!scores)
        return l;
    l.n = (size_t)r->learned.columns;
    l.lines = xcalloc(l.n, sizeof(*l.lines));
    for (size_t i = 0; i < l.n; i++)
        l.lines[i] = (struct line){run_encoder(r)->categorical[i].name, &scores[i],
                                   (int)i};
    qsort(l.lines, l.n, sizeof(*l.lines), orders[v->desk->train.sort]);
    return l;
}

/* ---- drawing ---- */

enum learned_cell { NAME, VALUE, PLAIN, GAIN, BAR, ACCURACY, TREND, ASKED, CELLS };

enum { MARK = 2, GAP = 2, LEAST_NAME = 8, MOST_NAME = 24, NUMBER = 5, LEAST_BAR = 8,
       MOST_BAR = 30, TREND_WIDTH = 24 };

/* From left to right, and likewise as long as there is room; 0 ends. */
static const enum learned_cell mlm_cells[] = {VALUE, PLAIN, GAIN, BAR, TREND, ASKED, 0};
static const enum learned_cell rtd_cells[] = {VALUE, GAIN, BAR, ACCURACY, PLAIN, TREND,
                                              ASKED, 0};

struct plan {
    const enum learned_cell *cells;
    int width[CELLS]; /* 0: left out */
};

static int name_width(const struct lines *l, int width)
{
    int names = LEAST_NAME, most = width / 3 < MOST_NAME ? width / 3 : MOST_NAME;

    for (size_t i = 0; i < l->n; i++) {
        int n = (int)show_width(l->lines[i].name, strlen(l->lines[i].name));

        names = n > names ? n : names;
    }
    return names > most && most >= LEAST_NAME ? most : names;
}

static struct plan plan_cells(const struct lines *l, int width, bool rtd)
{
    static const int wanted[CELLS] = {
        [VALUE] = NUMBER, [PLAIN] = NUMBER, [GAIN] = 6, [BAR] = LEAST_BAR,
        [ACCURACY] = NUMBER, [TREND] = TREND_WIDTH, [ASKED] = 7,
    };
    struct plan p = {.cells = rtd ? rtd_cells : mlm_cells};
    int left = width - MARK;

    p.width[NAME] = name_width(l, width);
    left -= p.width[NAME];
    for (int i = 0; p.cells[i]; i++) {
        int c = p.cells[i];

        if (left < wanted[c] + GAP)
            continue;
        p.width[c] = wanted[c];
        left -= wanted[c] + GAP;
    }
    if (p.width[BAR] > 0) /* it takes what is left */
        p.width[BAR] = p.width[BAR] + left < MOST_BAR ? p.width[BAR] + left : MOST_BAR;
    return p;
}

static enum role heat_of(const struct column_score *s)
{
    double gain = score_gain(s);

    if (isnan(gain))
        return ROLE_DIM;
    return (enum role)(ROLE_HEAT_0 + (int)(15 * fmin(1, fmax(0, gain))));
}

static void draw_number(struct surface *s, int x, int y, int width, enum role role,
                        double value)
{
    char text[32];

    surface_text_right(s, x, y, width, role, value_text(value, 3, text));
}

static void draw_gain(struct surface *s, int x, int y, int width,
                      const struct column_score *score)
{
    double gain = score_gain(score);
    char text[32] = "-";

    if (isfinite(gain))
        snprintf(text, sizeof(text), "%+.0f %%", 100 * gain + 0.0);
    surface_text_right(s, x, y, width, gain < 0 ? ROLE_WARNING : ROLE_TEXT, text);
}

/* Dots up to what one gets without a look, then what was learned. */
static void draw_bar(struct surface *s, int x, int y, int width,
                     const struct column_score *score)
{
    double value = value_of(score), plain = fmin(plain_of(score), value);
    int dots = isnan(value) ? 0 : (int)floor(plain * width);

    if (isnan(value))
        return;
    surface_bar(s, x, y, width, value, ROLE_SERIES_1);
    surface_fill(s, (struct rect){x, y, dots, 1},
                 s->glyphs == GLYPHS_ASCII ? '.' : 0x2591, ROLE_DIM);
}

/* The values of all epochs, or as many as there is room for, the last at the end. */
static void draw_trend(struct surface *s, int x, int y, int width, const struct run *r,
                       int column)
{
    const struct learned *l = &r->learned;
    size_t n = l->n < (size_t)width ? l->n : (size_t)width;
    double values[TREND_WIDTH], least = INFINITY;

    for (size_t i = 0; i < n; i++) {
        size_t epoch = n > 1 ? i * (l->n - 1) / (n - 1) : 0;

        values[i] = value_of(&l->scores[epoch * (size_t)l->columns + (size_t)column]);
        least = fmin(least, values[i]);
    }
    for (size_t i = 0; i < n; i++)
        values[i] += 0.02 - least;
    surface_spark(s, x, y, (int)n, values, ROLE_SERIES_1);
}

static void draw_cell(const struct view *v, struct surface *s, int x, int y, int width,
                      const struct line *line, enum learned_cell cell)
{
    const struct column_score *score = line->score;
    char count[COUNT_TEXT];

    switch (cell) {
    case VALUE:
        draw_number(s, x, y, width, heat_of(score), value_of(score));
        break;
    case GAIN:
        draw_gain(s, x, y, width, score);
        break;
    case BAR:
        draw_bar(s, x, y, width, score);
        break;
    case TREND:
        draw_trend(s, x, y, width, view_run(v), line->column);
        break;
    case ASKED:
        surface_text_right(s, x, y, width, ROLE_DIM, count_text(score->asked, count));
        break;
    default:
        draw_number(s, x, y, width, ROLE_TEXT,
                    (double)(cell == PLAIN ? score->baseline : score->accuracy));
        break;
    }
}

static void draw_line(const struct view *v, struct surface *s, int y,
                      const struct line *line, const struct plan *p)
{
    int x = MARK + p->width[NAME] + GAP;

    surface_text(s, MARK, y, p->width[NAME], ROLE_STRONG, line->name);
    for (int i = 0; p->cells[i]; i++) {
        int width = p->width[p->cells[i]];

        if (width == 0)
            continue;
        draw_cell(v, s, x, y, width, line, p->cells[i]);
        x += width + GAP;
    }
}

static void draw_titles(struct surface *s, const struct plan *p)
{
    static const char *const titles[CELLS] = {
        [PLAIN] = "base", [GAIN] = "gain", [BAR] = "", [ACCURACY] = "acc.",
        [TREND] = "by epochs", [ASKED] = "cells",
    };
    int x = MARK + p->width[NAME] + GAP;

    surface_text(s, MARK, 0, p->width[NAME], ROLE_DIM, "column");
    for (int i = 0; p->cells[i]; i++) {
        enum learned_cell c = p->cells[i];
        const char *title = c != VALUE ? titles[c] : p->cells == rtd_cells ? "AUC"
                                                                           : "acc.";

        if (p->width[c] == 0)
            continue;
        if (c == TREND)
            surface_text(s, x, 0, p->width[c], ROLE_DIM, title);
        else
            surface_text_right(s, x, 0, p->width[c], ROLE_DIM, title);
        x += p->width[c] + GAP;
    }
}

static void title_learned(const struct view *v, struct str *out)
{
    static const char *const orders[LEARNED_SORTS] = {"", ", by name", ", worst first",
                                                      ", most learned first"};
    const struct run *r = view_run(v);
    int epoch;

    str_puts(out, "learned of each column");
    if (!r || !run_learned(r))
        return;
    epoch = r->state == RUN_WAITING ? r->learned.epochs[r->learned.n - 1]
                                    : r->progress.best_epoch;
    if (epoch > 0)
        str_printf(out, ", epoch %d", epoch);
    str_puts(out, orders[v->desk->train.sort]);
}

static void draw_learned(const struct view *v, struct surface *s, bool focused)
{
    struct list *l = &v->desk->lists[PANE_LEARNED];
    struct lines lines;
    struct plan p;

    if (train_draw_empty(v, s, "Here stands what pre-training learns of each column."))
        return;
    lines = list_columns(v);
    if (lines.n == 0) {
        train_draw_unknown(view_run(v), s, "Here stands what was learned of each column, "
                                           "after the first epoch.");
        return;
    }
    list_fit(l, s->height > 1 ? (size_t)s->height - 1 : 1, lines.n);
    p = plan_cells(&lines, s->width, view_run(v)->pretext != PRETEXT_MLM);
    draw_titles(s, &p);
    for (size_t i = l->top; i < lines.n && i < l->top + l->page; i++) {
        int y = 1 + (int)(i - l->top);

        draw_line(v, s, y, &lines.lines[i], &p);
        if (i != l->cursor || !focused)
            continue;
        surface_put(s, 0, y, '>', ROLE_TEXT);
        surface_paint(s, (struct rect){0, y, MARK + p.width[NAME] + 1, 1}, ROLE_CURSOR);
    }
    free(lines.lines);
}

/* ---- what can be done with it ---- */

static size_t count_learned(const struct view *v)
{
    const struct run *r = view_run(v);

    return r && run_learned(r) ? (size_t)r->learned.columns : 0;
}

static bool learned_holds(const struct view *v, size_t i, const char *text)
{
    struct lines l = list_columns(v);
    bool holds = false;

    if (i < l.n) {
        const char *name = l.lines[i].name;

        holds = data_cell_holds((struct cell){name, (uint32_t)strlen(name)}, text);
    }
    free(l.lines);
    return holds;
}

static void copy_learned(const struct view *v, struct str *out)
{
    struct lines l = list_columns(v);

    if (l.n > 0)
        str_puts(out, "column\tasked\taccuracy\tbaseline\tauc\tgain\n");
    for (size_t i = 0; i < l.n; i++) {
        const struct column_score *s = l.lines[i].score;

        str_printf(out, "%s\t%lu\t%.4f\t%.4f\t%.4f\t%.4f\n", l.lines[i].name,
                   (unsigned long)s->asked, (double)s->accuracy, (double)s->baseline,
                   (double)s->auc, score_gain(s));
    }
    free(l.lines);
}

const struct pane_type pane_learned = {
    .name = "learned",
    .title = title_learned,
    .draw = draw_learned,
    .count = count_learned,
    .header = 1,
    .holds = learned_holds,
    .copy = copy_learned,
};
