/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves, bars and points, their legend, and the texts beside points. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "plot/gnuplot_own.h"
#include "plot/labels.h"

enum {
    EDGE = 24, TITLE = 24,   /* pixels around a map, and of the title above it */
    LEGEND_LINE = 20, LEGEND_GLYPH = 56, /* pixels of a line of a legend at the right */
    LEGEND_GLYPH_TEXT = 6,   /* characters */
};

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

/* Titles in the legend, the columns they take beside each other, and the longest one. */
static size_t count_titles(const struct figure *f, size_t *columns, size_t *longest)
{
    size_t titles = 0;

    *columns = *longest = 0;
    for (size_t i = 0; i < f->n_series; i++) {
        const struct series *x = &f->series[i];
        size_t width = show_width(x->name, strlen(x->name));

        if (!has_title(f, i) || !script_has_points(f, x))
            continue;
        width = width < SCRIPT_NAME ? width : SCRIPT_NAME;
        titles++;
        *columns += 6 + width;
        *longest = width > *longest ? width : *longest;
    }
    return titles;
}

static bool has_key(const struct figure *f)
{
    size_t columns, longest;

    return count_titles(f, &columns, &longest) > 1;
}

/* Never among the data: below them, or at the right where it is long. */
static void add_key(struct script *s)
{
    size_t columns, longest;

    count_titles(s->f, &columns, &longest);
    if (!has_key(s->f))
        str_puts(s->out, "set key off\n");
    else if (s->f->n_texts > 0 || (int)columns > (script_is_text(s) ? s->width - 10 : 80))
        str_printf(s->out, "set key outside right center vertical Left reverse samplen "
                   "%d %s textcolor rgb '%s'\n",
                   script_is_text(s) ? 1 : s->f->map ? 2 : 3,
                   script_is_text(s) ? "" : "spacing 1.2", s->ground->front);
    else
        str_printf(s->out, "set key bmargin center horizontal %s textcolor rgb '%s'\n",
                   script_is_text(s) ? "Left reverse samplen 2 width 2"
                              : "samplen 3 spacing 1.2 height 1",
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

/* Between the names k - 1 and k of x. */
static double half_way(const struct figure *f, size_t k)
{
    return (f->x.names[k - 1].at + f->x.names[k].at) / 2;
}

/* Where panel k of a map begins; of k = the number of panels, where the last one ends. */
static double panel_begin(const struct script *s, size_t k)
{
    if (k == 0)
        return s->x_low;
    return k == script_panels(s) ? s->x_high : half_way(s->f, k);
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
    for (size_t k = 1; k < script_panels(s); k++)
        add_line(s, panel_begin(s, k), s->y_low, panel_begin(s, k), s->y_high,
                 "back lw 1 dt 1");
    for (size_t k = 1; f->groups && k < f->x.n_names; k++)
        add_line(s, half_way(f, k), s->y_low, half_way(f, k), s->y_high,
                 "back lw 1 dt 3");
}

/* Edges of the plot where their places have to be known, as parts of the picture. */
struct edges {
    double left, right, bottom, top;
};

static double part_of(const struct axis *a, double value, double low, double high)
{
    return a->log ? log(value / low) / log(high / low) : (value - low) / (high - low);
}

static int text_points(const struct script *s)
{
    return s->f->n_texts > SCRIPT_MANY_TEXTS ? 9 : 11;
}

/* Towards its point, as letters take less than was measured. */
static void add_text(struct script *s, const struct figure_text *t,
                     const struct label *l, double width, double height)
{
    unsigned long colour = script_ink(s, t->style < 0 ? s->ground->front
                                             : s->ground->styles[script_style(t->style)]);
    double right = l->left + l->width;
    double at = right <= l->x ? right : l->left >= l->x ? l->left : l->left + l->width / 2;

    str_puts(s->out, "set label ");
    gnuplot_quote(s->out, t->text, SCRIPT_NAME);
    str_printf(s->out, " at graph %.5f,%.5f %s front font ',%d' textcolor rgb "
               "'#%06lx'\n",
               at / width, (l->bottom + l->height / 2) / height,
               right <= l->x ? "right" : l->left >= l->x ? "left" : "center",
               script_letters(s, text_points(s)), colour);
    if (!l->apart)
        return;
    str_printf(s->out, "set arrow from graph %.5f,%.5f to graph %.5f,%.5f nohead back lw "
               "0.7 lc rgb '#%06lx'\n", l->x / width, l->y / height,
               fmin(fmax(l->x, l->left), l->left + l->width) / width,
               fmin(fmax(l->y, l->bottom), l->bottom + l->height) / height, colour);
}

/* Sizes of letters are those of the usual sans-serif fonts, rather too large, with a little
 * room behind the last one. */
static void measure_text(const struct script *s, const struct figure_text *t,
                         struct label *l)
{
    double size = text_points(s) * 96.0 / 72;
    size_t letters = show_width(t->text, strlen(t->text));
    double width = 0.4;

    for (size_t i = 0; i < strlen(t->text) && i < SCRIPT_NAME; i++)
        width += t->text[i] >= 'A' && t->text[i] <= 'Z' ? 0.14 : 0;
    if (letters > SCRIPT_NAME)
        letters = SCRIPT_NAME;
    l->width = script_is_text(s) ? (double)letters
                                 : (width + 0.62 * (double)letters) * size;
    l->height = script_is_text(s) ? 1 : size * 1.1;
}

/* Of a legend at the right, in pixels or characters: as many columns of it as the height
 * makes necessary, each with a glyph in front. */
static double legend_width(const struct script *s)
{
    bool text = script_is_text(s);
    size_t columns, longest, titles = count_titles(s->f, &columns, &longest);
    size_t lines = (size_t)(text ? s->height - 4 : (s->height - 60) / LEGEND_LINE);

    if (titles < 2)
        return 0;
    columns = lines > 0 ? (titles + lines - 1) / lines : 1;
    return (double)columns * (text ? (double)longest + LEGEND_GLYPH_TEXT
                                   : (double)(longest * SCRIPT_LETTER + LEGEND_GLYPH));
}

static struct edges find_edges(const struct script *s)
{
    bool text = script_is_text(s);
    double aside = text ? 2 : EDGE, above = text ? 2 : EDGE + TITLE;
    double right = fmin(legend_width(s) + aside, 0.5 * s->width);
    double below = text ? 1 : EDGE;

    if (s->f->x.n_names > 0) /* of panels */
        below += text ? 1 : TITLE;
    return (struct edges){aside / s->width, 1 - right / s->width,
                          below / s->height, 1 - above / s->height};
}

void script_field(const struct script *s, double *width, double *height)
{
    struct edges e = find_edges(s);

    *width = s->width * (e.right - e.left);
    *height = s->height * (e.top - e.bottom);
}

/* Those of a panel stay within it. Texts go from panel to panel. */
static void place_texts(const struct script *s, struct label *labels, double width,
                        double height)
{
    size_t n = s->f->n_texts, panels = script_panels(s), begin = 0;
    double right = 0;

    for (size_t k = 0; k < panels; k++) {
        double left = right;
        size_t end = begin;

        right = width * part_of(&s->f->x, panel_begin(s, k + 1), s->x_low, s->x_high);
        for (; end < n && (labels[end].x < right || k + 1 == panels); end++)
            labels[end].x -= left;
        labels_place(labels + begin, end - begin, right - left, height,
                     script_is_text(s) ? 1 : 10);
        for (; begin < end; begin++) {
            labels[begin].x += left;
            labels[begin].left += left;
        }
    }
}

static void add_texts(struct script *s)
{
    const struct figure *f = s->f;
    struct edges e = find_edges(s);
    double width, height;
    struct label *labels = xcalloc(f->n_texts + 1, sizeof *labels);

    script_field(s, &width, &height);
    str_printf(s->out, "set lmargin at screen %.4f\nset rmargin at screen %.4f\n", e.left,
               e.right);
    str_printf(s->out, "set bmargin at screen %.4f\nset tmargin at screen %.4f\n",
               e.bottom, e.top);
    for (size_t i = 0; i < f->n_texts; i++) {
        labels[i].x = width * part_of(&f->x, f->texts[i].x, s->x_low, s->x_high);
        labels[i].y = height * part_of(&f->y, f->texts[i].y, s->y_low, s->y_high);
        measure_text(s, &f->texts[i], &labels[i]);
    }
    place_texts(s, labels, width, height);
    for (size_t i = 0; i < f->n_texts; i++) {
        if (labels[i].placed)
            add_text(s, &f->texts[i], &labels[i], width, height);
    }
    free(labels);
}

/* ---- series ---- */

/* In a map a point is a value with a name, and has to be seen. */
static bool is_crowded(const struct script *s, const struct series *x)
{
    size_t many = s->f->map ? SCRIPT_MANY_IN_MAP : SCRIPT_MANY_POINTS;

    return x->n > many && !script_is_text(s);
}

/* Of characters they would cover points beside them. */
static bool has_bars(const struct script *s, const struct series *x)
{
    return x->reach && !script_is_text(s);
}

/* titled: it stands in the legend, so it means something by itself. */
static void add_kind(struct script *s, const struct series *x, bool titled)
{
    int style = script_style(x->style) + 1;

    switch (x->kind) {
    case SERIES_LINE:
        str_printf(s->out, "with lines ls %d", style);
        break;
    case SERIES_POINTS:
        str_printf(s->out, has_bars(s, x) ? "with yerrorbars ls %d lw 1.2 dt 1"
                                          : "with points ls %d", style);
        if (x->style >= SCRIPT_STYLES)
            str_printf(s->out, " pt %d", script_shape(s, x->style));
        if (!isnan(x->shade) && !script_is_text(s))
            str_printf(s->out, " lc rgb '%s'", script_shade(s, x->shade));
        str_puts(s->out, is_crowded(s, x) ? " ps 0.5" : "");
        break;
    case SERIES_STEPS:
        str_printf(s->out, "with steps ls %d", style);
        break;
    case SERIES_BARS:
        str_printf(s->out, "with boxes ls %d", style);
        break;
    case SERIES_FAINT:
        if (titled)
            str_printf(s->out, "with lines ls %d lw 1 dt 1", style);
        else
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
    str_puts(s->out, f->groups ? "set bars 0.5\nplot " : "plot ");
    for (size_t i = 0; i < f->n_series; i++) {
        if (!script_has_points(f, &f->series[i]))
            continue;
        index++;
        if (script_is_text(s) && f->series[i].kind == SERIES_FAINT && !has_title(f, i))
            continue; /* raw values would hide their curve */
        str_printf(s->out, "%s%s index %d using %s ", first ? "" : ", \\\n     ",
                   s->data, index, has_bars(s, &f->series[i]) ? "1:2:3" : "1:2");
        first = false;
        add_kind(s, &f->series[i], has_title(f, i));
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
