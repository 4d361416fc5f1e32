/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which classes the best weights so far take for which; of a regression the errors. */
#include "ui/pane_train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* "41 %", "<1 %", "-" of nothing */
static const char *share_text(size_t part, size_t all, char out[16])
{
    if (all == 0)
        snprintf(out, 16, "-");
    else if (part > 0 && part * 200 < all)
        snprintf(out, 16, "<1 %%");
    else
        snprintf(out, 16, "%.0f %%", 100.0 * (double)part / (double)all);
    return out;
}

static size_t count_at(const struct diagnosis *d, int truth, int said)
{
    return d->confusion[truth * d->lines + said];
}

static size_t rows_true(const struct diagnosis *d, int line)
{
    size_t sum = 0;

    for (int i = 0; i < d->lines; i++)
        sum += count_at(d, line, i);
    return sum;
}

static size_t rows_said(const struct diagnosis *d, int line)
{
    size_t sum = 0;

    for (int i = 0; i < d->lines; i++)
        sum += count_at(d, i, line);
    return sum;
}

enum measure { RECALL, PRECISION, F1, MEASURES };

/* Of a class; all are of the form "hits among so many". */
static const char *measure_text(const struct diagnosis *d, enum measure m, int line,
                                char out[16])
{
    size_t hits = count_at(d, line, line);

    switch (m) {
    case RECALL:
        return share_text(hits, rows_true(d, line), out);
    case PRECISION:
        return share_text(hits, rows_said(d, line), out);
    default:
        return share_text(2 * hits, rows_true(d, line) + rows_said(d, line), out);
    }
}

static enum role heat(size_t part, size_t all)
{
    return all == 0 ? ROLE_HEAT_0
                    : (enum role)(ROLE_HEAT_0 + (int)(15.0 * (double)part / (double)all));
}

/* How the matrix lies on its surface. */
struct matrix {
    const struct diagnosis *d;
    struct surface *s;
    int label, cell;  /* columns of a class's name, and of a count with its gap */
    bool letters;     /* stand for classes above the columns */
    bool shares;      /* per cent of the row in place of counts */
    int measures;     /* at the right */
};

enum { MEASURE_WIDTH = 8 };

static int digits(size_t n)
{
    return snprintf(NULL, 0, "%zu", n);
}

static int longest_name(const struct diagnosis *d)
{
    size_t most = 0;

    for (int i = 0; i < d->lines; i++) {
        size_t n = show_width(d->names[i], strlen(d->names[i]));

        most = n > most ? n : most;
    }
    return (int)most;
}

static struct matrix plan_matrix(const struct diagnosis *d, struct surface *s)
{
    struct matrix m = {.d = d, .s = s};
    int name = longest_name(d), widest = 1, room;

    for (int i = 0; i < d->lines * d->lines; i++)
        widest = digits(d->confusion[i]) > widest ? digits(d->confusion[i]) : widest;
    m.label = name < 5 ? 5 : name < 12 ? name : 12;
    room = s->width - m.label - 1;
    m.cell = (name > widest + 1 ? name : widest + 1) + 1;
    m.letters = m.cell * d->lines + (d->lines > 2 ? MEASURE_WIDTH : 0) > room;
    if (m.letters) {
        m.label += 2;
        room -= 2;
        m.cell = widest + 1;
        m.shares = m.cell * d->lines > room;
        m.cell = m.shares ? 3 : m.cell;
    }
    while (m.measures < MEASURES &&
           m.cell * d->lines + (m.measures + 1) * MEASURE_WIDTH <= room)
        m.measures++;
    return m;
}

static int cell_x(const struct matrix *m, int said)
{
    return m->label + 1 + said * m->cell;
}

static int measure_x(const struct matrix *m, int measure)
{
    return cell_x(m, m->d->lines) + measure * MEASURE_WIDTH;
}

static void draw_heads(const struct matrix *m)
{
    static const char *const measures[] = {"recall", "prec.", "F1"};

    for (int i = 0; i < m->d->lines; i++) {
        char letter[2] = {(char)('a' + i), '\0'};

        surface_text_right(m->s, cell_x(m, i), 0, m->cell, ROLE_DIM,
                           m->letters ? letter : m->d->names[i]);
    }
    for (int i = 0; i < m->measures; i++)
        surface_text_right(m->s, measure_x(m, i), 0, MEASURE_WIDTH, ROLE_DIM,
                           measures[i]);
    surface_text(m->s, 0, 0, m->label, ROLE_DIM, "true");
}

static void draw_cell(const struct matrix *m, int y, int truth, int said, size_t all)
{
    size_t n = count_at(m->d, truth, said);
    struct str text = {0};
    enum role role = heat(n, all);

    if (m->shares && n > 0)
        str_printf(&text, "%d", n == all ? 99 : (int)(100 * n / all));
    else
        str_printf(&text, m->shares ? "." : "%zu", n);
    surface_fill(m->s, (struct rect){cell_x(m, said) + 1, y, m->cell - 1, 1}, ' ', role);
    surface_text_right(m->s, cell_x(m, said) + 1, y, m->cell - 1, role, str_text(&text));
    str_done(&text);
}

static void draw_class(const struct matrix *m, int y, int truth)
{
    size_t all = rows_true(m->d, truth);
    char text[16];
    int x = 0;

    if (m->letters) {
        surface_put(m->s, 0, y, (uint32_t)('a' + truth), ROLE_DIM);
        x = 2;
    }
    surface_text(m->s, x, y, m->label - x, ROLE_TEXT, m->d->names[truth]);
    for (int i = 0; i < m->d->lines; i++)
        draw_cell(m, y, truth, i, all);
    for (int i = 0; i < m->measures; i++)
        surface_text_right(m->s, measure_x(m, i), y, MEASURE_WIDTH, ROLE_TEXT,
                           measure_text(m->d, i, truth, text));
}

static void draw_shares_of_row(const struct matrix *m, int y, int truth)
{
    char share[16];

    for (int i = 0; i < m->d->lines; i++)
        surface_text_right(m->s, cell_x(m, i) + 1, y, m->cell - 1, ROLE_DIM,
                           share_text(count_at(m->d, truth, i), rows_true(m->d, truth),
                                      share));
}

static void draw_precision(const struct matrix *m, int y)
{
    char share[16];

    surface_text(m->s, 0, y, m->label, ROLE_DIM, m->label < 9 ? "prec." : "precision");
    for (int i = 0; i < m->d->lines; i++)
        surface_text_right(m->s, cell_x(m, i) + 1, y, m->cell - 1, ROLE_TEXT,
                           measure_text(m->d, PRECISION, i, share));
}

static void draw_sums(const struct diagnosis *d, struct surface *s, int y)
{
    char accuracy[32], f1[32], rows[COUNT_TEXT];

    surface_printf(s, 0, y, 0, ROLE_STRONG, "accuracy %s  F1 %s",
                   train_measure(d->metrics.accuracy, accuracy),
                   train_measure(d->metrics.f1, f1));
    surface_printf(s, 0, y + 1, 0, ROLE_DIM, "%s rows, epoch %d",
                   count_text(d->metrics.rows, rows), d->epoch);
}

static void draw_binary(struct matrix *m)
{
    bool roomy = m->s->height >= 10;
    int y = 1 + roomy;

    draw_heads(m);
    for (int truth = 0; truth < 2; truth++) {
        draw_class(m, y++, truth);
        if (m->s->height >= 6)
            draw_shares_of_row(m, y++, truth);
        y += roomy;
    }
    if (m->measures <= PRECISION)
        draw_precision(m, y++);
    draw_sums(m->d, m->s, y + roomy);
}

static void draw_many(struct matrix *m, struct list *l, bool focused)
{
    int fixed = m->s->height > m->d->lines + 3 ? 4 : 1, y = 1;
    size_t page = m->s->height > fixed ? (size_t)(m->s->height - fixed) : 1;

    list_fit(l, page, (size_t)m->d->lines);
    draw_heads(m);
    for (size_t i = l->top; i < l->top + page && i < (size_t)m->d->lines; i++)
        draw_class(m, y++, (int)i);
    if (focused && page < (size_t)m->d->lines)
        surface_paint(m->s, (struct rect){0, 1 + (int)(l->cursor - l->top), m->label, 1},
                      ROLE_CURSOR);
    if (fixed > 1) {
        if (m->measures <= PRECISION && !m->shares && m->cell > 4)
            draw_precision(m, y++);
        draw_sums(m->d, m->s, y + (m->s->height > y + 2));
    }
}

static void draw_confusion(const struct diagnosis *d, struct surface *s, struct list *l,
                           bool focused)
{
    struct matrix m = plan_matrix(d, s);

    if (d->lines == 2)
        draw_binary(&m);
    else
        draw_many(&m, l, focused);
}

/* ---- errors of a regression ---- */

static const char *level_text(int i)
{
    static const char *const texts[DIAGNOSIS_RESIDUALS] = {
        "lowest", "5 %", "10 %", "25 %", "median", "75 %", "90 %", "95 %", "highest",
    };

    return texts[i];
}

enum { LEVELS = 8, ERRORS = 10, PLACES_X = 20, PLACES = 41 }; /* columns */

/* Where x lies on the line from the quantile .05 to .95; -1: not on it. */
static int place_of(const struct diagnosis *d, const struct surface *s, double x)
{
    double low = d->residuals[1], high = d->residuals[DIAGNOSIS_RESIDUALS - 2];
    int width = s->width - PLACES_X < PLACES ? s->width - PLACES_X : PLACES;

    if (width < 9 || !(high > low) || !(x >= low && x <= high))
        return -1;
    return PLACES_X + (int)lround((x - low) / (high - low) * (width - 1));
}

static void draw_level(const struct diagnosis *d, struct surface *s, int y, int i)
{
    int zero = place_of(d, s, 0), here = place_of(d, s, d->residuals[i]);
    char text[32];

    surface_text(s, 0, y, LEVELS, ROLE_DIM, level_text(i));
    surface_text_right(s, LEVELS, y, ERRORS, i == 4 ? ROLE_STRONG : ROLE_TEXT,
                       train_measure(d->residuals[i], text));
    if (zero >= 0)
        surface_put(s, zero, y, s->glyphs == GLYPHS_ASCII ? '|' : 0x2502, ROLE_DIM);
    if (here >= 0)
        surface_put(s, here, y, 'o', ROLE_SERIES_1);
}

static void draw_errors(const struct diagnosis *d, struct surface *s)
{
    bool all = s->height >= DIAGNOSIS_RESIDUALS + 2;
    char text[32], other[32];
    int y = 1;

    surface_text(s, 0, 0, 0, ROLE_DIM, "said - true");
    if (place_of(d, s, 0) >= 0)
        surface_put(s, place_of(d, s, 0), 0, '0', ROLE_DIM);
    for (int i = all ? 0 : 1; i < DIAGNOSIS_RESIDUALS - !all && y < s->height; i++) {
        if (all || (i != 2 && i != 6))
            draw_level(d, s, y++, i);
    }
    y += s->height > y + 2;
    surface_printf(s, 0, y++, 0, ROLE_STRONG, "RMSE %s  MAE %s",
                   train_measure(d->metrics.rmse, text),
                   train_measure(d->metrics.mae, other));
    surface_printf(s, 0, y, 0, ROLE_DIM, "R2 %s, %s rows, epoch %d",
                   train_measure(d->metrics.r2, text),
                   count_text(d->metrics.rows, other), d->epoch);
}

/* ---- the pane of both ---- */

static void title_confusion(const struct view *v, struct str *out)
{
    const struct diagnosis *d = train_known(v);

    if (train_is_regression(v))
        str_puts(out, "errors");
    else if (!d)
        str_puts(out, "confusion");
    else
        str_printf(out, "confusion%s, rows are the truth",
                   d->lines == 2 ? " at 0.5" : "");
}

static void draw_either(const struct view *v, struct surface *s, bool focused)
{
    const struct diagnosis *d = train_diagnosis(v, s);

    if (!d)
        return;
    if (d->task == TASK_REGRESSION)
        draw_errors(d, s);
    else
        draw_confusion(d, s, &v->desk->lists[PANE_CONFUSION], focused);
}

static size_t count_confusion(const struct view *v)
{
    const struct diagnosis *d = train_known(v);

    return d && d->task != TASK_REGRESSION ? (size_t)d->lines : 0;
}

static void copy_confusion(const struct view *v, struct str *out)
{
    const struct diagnosis *d = train_known(v);

    for (int i = 0; d && i < d->lines; i++)
        str_printf(out, "%s%s%s", i ? "" : "true", "\t", d->names[i]);
    for (int i = 0; d && i < d->lines; i++) {
        str_printf(out, "\n%s", d->names[i]);
        for (int k = 0; k < d->lines; k++)
            str_printf(out, "\t%zu", count_at(d, i, k));
    }
    if (d && d->lines > 0)
        str_putc(out, '\n');
    for (int i = 0; d && d->lines == 0 && i < DIAGNOSIS_RESIDUALS; i++)
        str_printf(out, "%s\t%.6g\n", level_text(i), d->residuals[i]);
}

const struct pane_type pane_confusion = {
    .name = "confusion",
    .title = title_confusion,
    .draw = draw_either,
    .count = count_confusion,
    .copy = copy_confusion,
};
