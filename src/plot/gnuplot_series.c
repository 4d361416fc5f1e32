/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves, bars and points, their legend, and the texts beside points. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "plot/gnuplot_own.h"
#include "plot/labels.h"

/* ---- the legend ---- */

/* Curves of the same style have one place in the legend; where the smoothed curve is
 * there, its raw values have none. */
static bool has_title(const struct figure *f, size_t at)
{
    if (f->series[at].kind != SERIES_FAINT)
        return f->series[at].name[0] != '\0';
    for (size_t i = 0; i < f->n_series; i++) {
        if (i != at && f->series[i].style == f->series[at].style &&
            f->series[i].kind != SERIES_FAINT)
            return false;
    }
    return true;
}

/* Titles in the legend, and the columns they take beside each other. */
static size_t count_titles(const struct figure *f, size_t *columns)
{
    size_t titles = 0;

    *columns = 0;
    for (size_t i = 0; i < f->n_series; i++) {
        const struct series *x = &f->series[i];
        size_t width = show_width(x->name, strlen(x->name));

        if (!has_title(f, i) || !script_has_points(f, x))
            continue;
        titles++;
        *columns += 6 + (width < SCRIPT_NAME ? width : SCRIPT_NAME);
    }
    return titles;
}

static bool has_key(const struct figure *f)
{
    size_t columns;

    return count_titles(f, &columns) > 1;
}

/* Never among the data: below them, or at the right where it is long. */
static void add_key(struct script *s)
{
    size_t columns;

    count_titles(s->f, &columns);
    if (!has_key(s->f))
        str_puts(s->out, "set key off\n");
    else if (s->f->n_texts > 0 || (int)columns > (script_is_text(s) ? s->width - 10 : 80))
        str_printf(s->out, "set key outside right center vertical Left reverse samplen "
                   "%d %s textcolor rgb '%s'\n", script_is_text(s) ? 1 : 2,
                   script_is_text(s) ? "" : "spacing 1.2", s->ground->front);
    else
        str_printf(s->out, "set key bmargin center horizontal %s textcolor rgb '%s'\n",
                   script_is_text(s) ? "Left reverse samplen 2 width 2"
                              : "samplen 2 spacing 1.2 height 1",
                   s->ground->front);
}

/* ---- what stands among the series ---- */

static void add_line(struct script *s, double x0, double y0, double x1, double y1,
                     const char *how)
{
    str_puts(s->out, "set arrow from ");
    script_number(s->out, x0);
    str_putc(s->out, ',');
    script_number(s->out, y0);
    str_puts(s->out, " to ");
    script_number(s->out, x1);
    str_putc(s->out, ',');
    script_number(s->out, y1);
    str_printf(s->out, " nohead %s lc rgb '%s'\n", how, s->ground->dim);
}

static bool is_within(double x, double low, double high)
{
    return x >= low && x <= high;
}

static void add_lines(struct script *s)
{
    const struct figure *f = s->f;
    double low = fmax(s->x_low, s->y_low), high = fmin(s->x_high, s->y_high);

    if (f->diagonal && !script_is_text(s) && low == s->x_low && low == s->y_low &&
        high == s->x_high && high == s->y_high)
        str_puts(s->out, "set size square\n");
    if (f->diagonal && low < high)
        add_line(s, low, low, high, high, "back lw 1 dt 2");
    if (is_within(f->level, s->y_low, s->y_high))
        add_line(s, s->x_low, f->level, s->x_high, f->level, "back lw 1 dt 3");
    if (is_within(f->cursor, s->x_low, s->x_high))
        add_line(s, f->cursor, s->y_low, f->cursor, s->y_high, "back lw 1 dt 1");
}

/* Edges of the plot where their places have to be known: parts of the picture. */
static const double plot_left = 0.07, plot_right = 0.97, plot_bottom = 0.09,
                    plot_top = 0.92, plot_before_key = 0.82;

static double part_of(const struct axis *a, double value, double low, double high)
{
    return a->log ? log(value / low) / log(high / low) : (value - low) / (high - low);
}

/* Towards its point, as letters take less than was measured. */
static void add_text(struct script *s, const struct figure_text *t,
                     const struct label *l, double width, double height)
{
    const char *colour = t->style < 0 ? s->ground->front
                                      : s->ground->styles[script_style(t->style)];
    double right = l->left + l->width;
    double at = right <= l->x ? right : l->left >= l->x ? l->left : l->left + l->width / 2;

    str_puts(s->out, "set label ");
    gnuplot_quote(s->out, t->text, SCRIPT_NAME);
    str_printf(s->out, " at graph %.5f,%.5f %s front font ',%d' textcolor rgb '%s'\n",
               at / width, (l->bottom + l->height / 2) / height,
               right <= l->x ? "right" : l->left >= l->x ? "left" : "center",
               s->f->n_texts > SCRIPT_MANY_TEXTS ? 9 : 11, colour);
    if (!l->apart)
        return;
    str_printf(s->out, "set arrow from graph %.5f,%.5f to graph %.5f,%.5f nohead back lw "
               "0.7 lc rgb '%s'\n", l->x / width, l->y / height,
               fmin(fmax(l->x, l->left), l->left + l->width) / width,
               fmin(fmax(l->y, l->bottom), l->bottom + l->height) / height, colour);
}

/* Sizes of letters are those of the usual sans-serif fonts, rather too large. */
static void measure_text(const struct script *s, const struct figure_text *t,
                         struct label *l)
{
    double size = (s->f->n_texts > SCRIPT_MANY_TEXTS ? 9 : 11) * 96.0 / 72;
    size_t letters = show_width(t->text, strlen(t->text));

    if (letters > SCRIPT_NAME)
        letters = SCRIPT_NAME;
    l->width = script_is_text(s) ? (double)letters : (double)letters * size * 0.62;
    l->height = script_is_text(s) ? 1 : size * 1.1;
}

static double field_right(const struct figure *f)
{
    return has_key(f) ? plot_before_key : plot_right;
}

void script_field(const struct script *s, double *width, double *height)
{
    *width = s->width * (field_right(s->f) - plot_left);
    *height = s->height * (plot_top - plot_bottom);
}

static void add_texts(struct script *s)
{
    const struct figure *f = s->f;
    double right = field_right(f), width, height;
    struct label *labels = xcalloc(f->n_texts + 1, sizeof *labels);

    script_field(s, &width, &height);
    str_printf(s->out, "set lmargin at screen %g\nset rmargin at screen %g\n", plot_left,
               right);
    str_printf(s->out, "set bmargin at screen %g\nset tmargin at screen %g\n",
               plot_bottom, plot_top);
    for (size_t i = 0; i < f->n_texts; i++) {
        labels[i].x = width * part_of(&f->x, f->texts[i].x, s->x_low, s->x_high);
        labels[i].y = height * part_of(&f->y, f->texts[i].y, s->y_low, s->y_high);
        measure_text(s, &f->texts[i], &labels[i]);
    }
    labels_place(labels, f->n_texts, width, height, script_is_text(s) ? 0.6 : 10);
    for (size_t i = 0; i < f->n_texts; i++) {
        if (labels[i].placed)
            add_text(s, &f->texts[i], &labels[i], width, height);
    }
    free(labels);
}

/* ---- series ---- */

static void add_kind(struct script *s, const struct series *x)
{
    int style = script_style(x->style) + 1;

    switch (x->kind) {
    case SERIES_LINE:
        str_printf(s->out, "with lines ls %d", style);
        break;
    case SERIES_POINTS:
        str_printf(s->out, "with points ls %d", style);
        if (x->style >= SCRIPT_STYLES)
            str_printf(s->out, " pt %d", script_shape(s, x->style));
        if (!isnan(x->shade) && !script_is_text(s))
            str_printf(s->out, " lc rgb '%s'", script_shade(s, x->shade));
        str_puts(s->out, x->n > 500 && !script_is_text(s) ? " ps 0.5" : "");
        break;
    case SERIES_STEPS:
        str_printf(s->out, "with steps ls %d", style);
        break;
    case SERIES_BARS:
        str_printf(s->out, "with boxes ls %d", style);
        break;
    case SERIES_FAINT:
        str_printf(s->out, "with lines ls %d", style + 10);
        break;
    }
}

static void add_plot(struct script *s)
{
    const struct figure *f = s->f;
    bool first = true;
    int index = -1;

    for (size_t i = 0; i < f->n_series; i++) {
        if (f->series[i].kind == SERIES_BARS) {
            str_puts(s->out, "set style fill solid 0.85 noborder\nset boxwidth ");
            script_number(s->out, series_bar_width(&f->series[i]) * 0.9);
            str_putc(s->out, '\n');
        }
    }
    str_puts(s->out, "plot ");
    for (size_t i = 0; i < f->n_series; i++) {
        if (!script_has_points(f, &f->series[i]))
            continue;
        index++;
        if (script_is_text(s) && f->series[i].kind == SERIES_FAINT && !has_title(f, i))
            continue; /* raw values would hide their curve */
        str_printf(s->out, "%s%s index %d using 1:2 ", first ? "" : ", \\\n     ",
                   s->data, index);
        first = false;
        add_kind(s, &f->series[i]);
        if (has_title(f, i)) {
            str_puts(s->out, " title ");
            gnuplot_quote(s->out, f->series[i].name, SCRIPT_NAME);
        } else {
            str_puts(s->out, " notitle");
        }
    }
    str_putc(s->out, '\n');
}

void script_series(struct script *s)
{
    add_lines(s);
    if (s->f->n_texts > 0)
        add_texts(s);
    add_key(s);
    add_plot(s);
}
