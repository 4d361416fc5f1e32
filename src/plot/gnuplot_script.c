/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/gnuplot_script.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "plot/labels.h"

enum {
    STYLES = 8,
    WIDTH = 1000, HEIGHT = 625,   /* pixels of a picture, where it needs no more */
    CELL = 24, CELL_SMALL = 12,   /* of a matrix: pixels across, at least */
    MANY = 60,                    /* cells or names, from which on they are small */
    MATRIX_MOST = 4000,
    SCATTER_WIDTH = 1400, SCATTER_HEIGHT = 1000, /* with many texts */
    MANY_TEXTS = 40,
    TEXT_WIDTH = 100, TEXT_HEIGHT = 32,
    TICKS_X = 10, TICKS_Y = 8,
    NAME_WIDTH = 28,              /* columns of a name beside an axis or in the legend */
    NUMBERS = 14,                 /* rows and columns up to which cells bear their text */
};

/* Okabe and Ito's colours, which the colour-blind tell apart, less those that the ground
 * swallows; dashes and shapes of points tell them apart without colours, too. */
struct ground {
    const char *back, *front, *dim, *grid;
    const char *styles[STYLES];
};

static const struct ground grounds[2] = {
    {"#ffffff", "#202020", "#606060", "#dcdcdc",
     {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f",
      "#000000"}},
    {"#14171c", "#e4e4e4", "#a8a8a8", "#3a3f47",
     {"#56b4e9", "#e69f00", "#2fc59b", "#cc79a7", "#f0e442", "#d55e00", "#999999",
      "#ffffff"}},
};

/* Viridis at equal distances: as bright as it is large, also in grey and to the
 * colour-blind. */
static const char *const viridis[] = {"#440154", "#482878", "#3e4989", "#31688e",
                                      "#26828e", "#1f9e89", "#35b779", "#6ece58",
                                      "#b5de2b", "#fde725"};
enum { VIRIDIS = sizeof viridis / sizeof viridis[0] };

static const int point_types[STYLES] = {7, 5, 9, 11, 13, 6, 4, 7};
static const int dash_types[STYLES] = {1, 1, 2, 4, 5, 3, 2, 1};

struct script {
    struct str *out;
    const struct figure *f;
    const struct plot_look *look;
    const struct gnuplot_facts *facts;
    const struct ground *ground;
    const char *data;     /* as it stands behind `plot` */
    int width, height;
    double x_low, x_high, y_low, y_high;
};

static bool is_text(const struct script *s)
{
    return s->look->format == PLOT_TEXT;
}

/* ---- quoting ---- */

static bool is_harmless(int code)
{
    return code >= 0x20 && !(code >= 0x7F && code < 0xA0) && code != 0x200E &&
           code != 0x200F && !(code >= 0x2028 && code <= 0x202E) &&
           !(code >= 0x2066 && code <= 0x2069) && code != 0xFEFF &&
           !(code >= 0xE000 && code <= 0xF8FF);
}

/* Columns count as characters: a picture's letters have no cells. */
static void quote(struct str *out, const char *text, size_t width, bool format)
{
    size_t n = strlen(text), used;

    str_putc(out, '\'');
    for (size_t column = 0; n > 0; text += used, n -= used, column++) {
        int code;

        used = (size_t)utf8_decode(text, n, &code);
        if (column + 1 >= width && n > used) {
            str_puts(out, "\xE2\x80\xA6");
            break;
        }
        if (!is_harmless(code))
            str_putc(out, '?');
        else
            str_add(out, text, used);
        if (code == '\'' || (format && code == '%'))
            str_putc(out, (char)code);
    }
    str_putc(out, '\'');
}

void gnuplot_quote(struct str *out, const char *text, size_t width)
{
    quote(out, text, width > 0 ? width : 120, false);
}

void gnuplot_quote_format(struct str *out, const char *text, size_t width)
{
    quote(out, text, width > 0 ? width : 120, true);
}

bool gnuplot_quote_file(struct str *out, const char *name)
{
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return false;
    }
    str_puts(out, "'./");
    for (; *name; name++) {
        str_putc(out, *name);
        if (*name == '\'')
            str_putc(out, '\'');
    }
    str_putc(out, '\'');
    return true;
}

static void add_number(struct str *out, double x)
{
    str_json_number(out, x);
}

/* ---- data ---- */

/* Where a line breaks off there is one empty line; two would begin another part. */
static void add_points(struct str *out, const struct figure *f, const struct series *s)
{
    bool gap = true;

    for (size_t i = 0; i < s->n; i++) {
        if (figure_has_place(f, s->x[i], s->y[i])) {
            add_number(out, s->x[i]);
            str_putc(out, ' ');
            add_number(out, s->y[i]);
            str_putc(out, '\n');
            gap = false;
        } else if (!gap) {
            str_putc(out, '\n');
            gap = true;
        }
    }
    str_puts(out, gap ? "\n" : "\n\n");
}

static bool series_has_content(const struct figure *f, const struct series *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (figure_has_place(f, s->x[i], s->y[i]))
            return true;
    }
    return false;
}

static void add_matrix(struct str *out, const struct figure_matrix *m)
{
    for (int i = 0; i < m->rows; i++) {
        for (int j = 0; j < m->columns; j++) {
            double value = m->values[i * m->columns + j];

            if (j > 0)
                str_putc(out, ' ');
            if (isfinite(value))
                add_number(out, value);
            else
                str_puts(out, "NaN");
        }
        str_putc(out, '\n');
    }
}

void gnuplot_data(struct str *out, const struct figure *f)
{
    if (f->matrix)
        add_matrix(out, f->matrix);
    for (size_t i = 0; i < f->n_series; i++) {
        if (series_has_content(f, &f->series[i]))
            add_points(out, f, &f->series[i]);
    }
}

/* ---- colours ---- */

static int style_of(int style)
{
    return style >= 0 ? style % STYLES : 0;
}

/* "set style line 1..8": curves; 11..18: their faint shadows. */
static void add_styles(struct script *s)
{
    for (int i = 0; i < STYLES; i++) {
        str_printf(s->out, "set style line %d lc rgb '%s' lw 2 dt %d pt %d ps 1.1\n", i + 1,
                   s->ground->styles[i], dash_types[i], point_types[i]);
        str_printf(s->out, "set style line %d lc rgb '#a0%s' lw 1 dt 1\n", i + 11,
                   s->ground->styles[i] + 1);
    }
}

static void add_palette(struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;

    str_puts(s->out, "set palette defined (");
    if (m->diverging) {
        str_printf(s->out, "0 '%s', 1 '%s', 2 '%s'", grounds[0].styles[0],
                   s->look->dark ? s->ground->back : "#f7f7f7", grounds[0].styles[1]);
    } else {
        for (int i = 0; i < VIRIDIS; i++)
            str_printf(s->out, "%s%d '%s'", i > 0 ? ", " : "", i,
                       viridis[s->look->dark ? i : VIRIDIS - 1 - i]);
    }
    str_puts(s->out, ")\n");
}

/* ---- terminals ---- */

static void find_size(struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;
    int cells = m && m->columns > m->rows ? m->columns : m ? m->rows : 0;
    int cell = cells > MANY ? CELL_SMALL : CELL;

    s->width = WIDTH;
    s->height = HEIGHT;
    if (is_text(s)) {
        s->width = TEXT_WIDTH;
        s->height = TEXT_HEIGHT;
    } else if (m) {
        s->width = m->columns * cell + 400 > WIDTH ? m->columns * cell + 400 : WIDTH;
        s->height = m->rows * cell + 250 > HEIGHT ? m->rows * cell + 250 : HEIGHT;
    } else if (s->f->n_texts > MANY_TEXTS) {
        s->width = SCATTER_WIDTH;
        s->height = SCATTER_HEIGHT;
    } else if (s->f->x.n_names > MANY) {
        s->width = (int)s->f->x.n_names * CELL_SMALL + 150;
    }
    if (s->width > MATRIX_MOST)
        s->width = MATRIX_MOST;
    if (s->height > MATRIX_MOST)
        s->height = MATRIX_MOST;
    if (s->look->width > 0)
        s->width = s->look->width;
    if (s->look->height > 0)
        s->height = s->look->height;
}

static void add_terminal(struct script *s)
{
    const char *back = s->ground->back;

    switch (s->look->format) {
    case PLOT_SVG:
        str_printf(s->out, "set terminal svg noenhanced size %d,%d background rgb '%s' "
                   "font 'DejaVu Sans,Verdana,sans-serif,13'\n", s->width, s->height,
                   back);
        break;
    case PLOT_PNG:
        str_printf(s->out, "set terminal %s size %d,%d background rgb '%s' font 'Sans,%d'"
                   "\n", s->facts->cairo ? "pngcairo noenhanced" : "png truecolor "
                   "noenhanced", s->width, s->height, back, s->facts->cairo ? 12 : 11);
        break;
    case PLOT_PDF:
        str_printf(s->out, "set terminal pdfcairo noenhanced size %.4fin,%.4fin "
                   "background rgb '%s' font 'Sans,12'\n", s->width / 96.0,
                   s->height / 96.0, back);
        break;
    case PLOT_SIXEL:
        str_printf(s->out, "set terminal sixelgd noenhanced truecolor size %d,%d "
                   "background rgb '%s' font 'Sans,11'\n", s->width, s->height, back);
        break;
    case PLOT_TEXT:
        if (s->look->blocks && s->facts->block)
            str_printf(s->out, "set terminal block braille noenhanced size %d,%d mono\n",
                       s->width, s->height);
        else
            str_printf(s->out, "set terminal dumb noenhanced size %d,%d mono\n", s->width,
                       s->height);
        break;
    }
}

/* ---- axes ---- */

static void add_label(struct script *s, const char *what, const char *text)
{
    if (!text)
        return;
    str_printf(s->out, "set %s ", what);
    gnuplot_quote(s->out, text, 0);
    str_printf(s->out, " textcolor rgb '%s'\n", s->ground->front);
}

static void add_tick(struct script *s, bool *first, double at, const char *text)
{
    str_puts(s->out, *first ? "" : ", ");
    *first = false;
    gnuplot_quote_format(s->out, text, NAME_WIDTH);
    str_putc(s->out, ' ');
    add_number(s->out, at);
}

/* Beside each other there is no room for all of them in characters. */
static size_t every_name(const struct script *s, const struct axis *a)
{
    size_t columns = 0;

    for (size_t i = 0; i < a->n_names && is_text(s); i++) {
        size_t width = show_width(a->names[i].text, strlen(a->names[i].text)) + 1;

        columns += width < NAME_WIDTH ? width : NAME_WIDTH;
    }
    return columns / (size_t)s->width + 1;
}

/* Ours, not gnuplot's: written as the charts of the screen have them, in any locale. */
static void add_ticks(struct script *s, const char *which, const struct axis *a,
                      double low, double high, int most)
{
    double *ticks = xmalloc((size_t)most * sizeof *ticks), step = 0;
    int n = axis_ticks(a, low, high, most, ticks);
    bool first = true;

    for (int i = 1; i < n && !a->log; i++)
        step = step > 0 ? fmin(step, ticks[i] - ticks[i - 1]) : ticks[i] - ticks[i - 1];
    str_printf(s->out, "set %stics nomirror (", which);
    for (size_t i = 0; i < a->n_names; i += every_name(s, a))
        add_tick(s, &first, a->names[i].at, a->names[i].text);
    for (int i = 0; i < n && a->n_names == 0; i++) {
        char *text = axis_tick_text(a, ticks[i], step);

        add_tick(s, &first, ticks[i], text);
        free(text);
    }
    str_printf(s->out, ") textcolor rgb '%s'%s\n", s->ground->front,
               is_text(s) || a->n_names == 0 || which[0] != 'x' ? ""
               : a->n_names > MANY ? " rotate by -90 font ',8'" : " rotate by -40");
    free(ticks);
}

static void add_range(struct script *s, const char *which, double low, double high)
{
    str_printf(s->out, "set %srange [", which);
    add_number(s->out, low);
    str_puts(s->out, ":");
    add_number(s->out, high);
    str_puts(s->out, "]\n");
}

/* Names stand closer than numbers: as many as there is room for letters. */
static void add_axes(struct script *s)
{
    const struct figure *f = s->f;
    int across = is_text(s) ? s->width / 10 : TICKS_X;
    int up = is_text(s) ? s->height / 4 : TICKS_Y;

    figure_x_range(f, &s->x_low, &s->x_high);
    figure_y_range(f, &s->y_low, &s->y_high);
    add_range(s, "x", s->x_low, s->x_high);
    add_range(s, "y", s->y_low, s->y_high);
    if (f->x.log)
        str_puts(s->out, "set logscale x\n");
    if (f->y.log)
        str_puts(s->out, "set logscale y\n");
    add_ticks(s, "x", &f->x, s->x_low, s->x_high, across > 2 ? across : 2);
    add_ticks(s, "y", &f->y, s->y_low, s->y_high, up > 2 ? up : 2);
    add_label(s, "xlabel", f->x.label);
    add_label(s, "ylabel", f->y.label);
    if (!is_text(s))
        str_printf(s->out, "set grid %s back lt 1 lw 1 lc rgb '%s'\n",
                   f->x.n_names > 0 ? "noxtics ytics" : "xtics ytics", s->ground->grid);
}

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

        if (!has_title(f, i) || !series_has_content(f, x))
            continue;
        titles++;
        *columns += 6 + (width < NAME_WIDTH ? width : NAME_WIDTH);
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
    else if (s->f->n_texts > 0 || (int)columns > (is_text(s) ? s->width - 10 : 80))
        str_printf(s->out, "set key outside right center vertical Left reverse samplen %d "
                   "%s textcolor rgb '%s'\n", is_text(s) ? 1 : 2,
                   is_text(s) ? "" : "spacing 1.2", s->ground->front);
    else
        str_printf(s->out, "set key bmargin center horizontal %s textcolor rgb '%s'\n",
                   is_text(s) ? "Left reverse samplen 2 width 2"
                              : "samplen 2 spacing 1.2 height 1",
                   s->ground->front);
}

/* ---- what stands among the series ---- */

static void add_line(struct script *s, double x0, double y0, double x1, double y1,
                     const char *how)
{
    str_puts(s->out, "set arrow from ");
    add_number(s->out, x0);
    str_putc(s->out, ',');
    add_number(s->out, y0);
    str_puts(s->out, " to ");
    add_number(s->out, x1);
    str_putc(s->out, ',');
    add_number(s->out, y1);
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

static void add_text(struct script *s, const struct figure_text *t,
                     const struct label *l, double width, double height)
{
    const char *colour = s->ground->styles[style_of(t->style)];

    str_puts(s->out, "set label ");
    gnuplot_quote(s->out, t->text, NAME_WIDTH);
    str_printf(s->out, " at graph %.5f,%.5f left front font ',%d' textcolor rgb '%s'\n",
               l->left / width, (l->bottom + l->height / 2) / height,
               s->f->n_texts > MANY_TEXTS ? 9 : 11, colour);
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
    double size = is_text(s) ? 1 : s->f->n_texts > MANY_TEXTS ? 9 * 1.333 : 11 * 1.333;
    size_t letters = show_width(t->text, strlen(t->text));

    if (letters > NAME_WIDTH)
        letters = NAME_WIDTH;
    l->width = is_text(s) ? (double)letters : (double)letters * size * 0.62;
    l->height = is_text(s) ? 1 : size * 1.1;
}

static void add_texts(struct script *s)
{
    const struct figure *f = s->f;
    double right = has_key(f) ? plot_before_key : plot_right;
    double width = s->width * (right - plot_left);
    double height = s->height * (plot_top - plot_bottom);
    struct label *labels = xcalloc(f->n_texts + 1, sizeof *labels);

    str_printf(s->out, "set lmargin at screen %g\nset rmargin at screen %g\n", plot_left,
               right);
    str_printf(s->out, "set bmargin at screen %g\nset tmargin at screen %g\n",
               plot_bottom, plot_top);
    for (size_t i = 0; i < f->n_texts; i++) {
        labels[i].x = width * part_of(&f->x, f->texts[i].x, s->x_low, s->x_high);
        labels[i].y = height * part_of(&f->y, f->texts[i].y, s->y_low, s->y_high);
        measure_text(s, &f->texts[i], &labels[i]);
    }
    labels_place(labels, f->n_texts, width, height, is_text(s) ? 0.6 : 6);
    for (size_t i = 0; i < f->n_texts; i++) {
        if (labels[i].placed)
            add_text(s, &f->texts[i], &labels[i], width, height);
    }
    free(labels);
}

/* ---- series ---- */

static void add_kind(struct script *s, const struct series *x)
{
    int style = style_of(x->style) + 1;

    switch (x->kind) {
    case SERIES_LINE:
        str_printf(s->out, "with lines ls %d", style);
        break;
    case SERIES_POINTS:
        str_printf(s->out, "with points ls %d%s", style,
                   x->n > 500 && !is_text(s) ? " ps 0.5" : "");
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

static void add_series(struct script *s)
{
    const struct figure *f = s->f;
    int part = 0;

    for (size_t i = 0; i < f->n_series; i++) {
        if (f->series[i].kind == SERIES_BARS) {
            str_puts(s->out, "set style fill solid 0.85 noborder\nset boxwidth ");
            add_number(s->out, series_bar_width(&f->series[i]) * 0.9);
            str_putc(s->out, '\n');
        }
    }
    str_puts(s->out, "plot ");
    for (size_t i = 0; i < f->n_series; i++) {
        if (!series_has_content(f, &f->series[i]))
            continue;
        str_printf(s->out, "%s%s index %d using 1:2 ", part > 0 ? ", \\\n     " : "",
                   s->data, part);
        part++;
        add_kind(s, &f->series[i]);
        if (has_title(f, i)) {
            str_puts(s->out, " title ");
            gnuplot_quote(s->out, f->series[i].name, NAME_WIDTH);
        } else {
            str_puts(s->out, " notitle");
        }
    }
    str_putc(s->out, '\n');
}

/* ---- matrices ---- */

static void add_names(struct script *s, const char *which, char *const *names, int n,
                      const char *how)
{
    bool first = true;

    str_printf(s->out, "set %stics scale 0 nomirror (", which);
    for (int i = 0; i < n; i++) {
        if (names[i])
            add_tick(s, &first, i, names[i]);
    }
    str_printf(s->out, ") textcolor rgb '%s'%s\n", s->ground->front, how);
}

/* 0..1: how bright that part of the scale is. */
static bool is_bright(const struct script *s, double part)
{
    if (s->f->matrix->diverging)
        return s->look->dark ? false : part > 0.15 && part < 0.85;
    return s->look->dark ? part > 0.55 : part < 0.45;
}

static void add_cell_text(struct script *s, int i, int j, double part)
{
    const struct figure_matrix *m = s->f->matrix;
    const char *text = m->texts[i * m->columns + j];
    double value = m->values[i * m->columns + j];
    char *number = NULL;

    if (!text && !isfinite(value))
        return;
    if (!text)
        text = number = xasprintf("%.3g", value);
    str_puts(s->out, "set label ");
    gnuplot_quote(s->out, text, 12);
    str_printf(s->out, " at %d,%d center front textcolor rgb '%s'\n", j, i,
               is_text(s) ? s->ground->front : is_bright(s, part) ? "#000000" : "#ffffff");
    free(number);
}

static void add_cell_texts(struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;
    double low, high;

    matrix_range(m, &low, &high);
    for (int i = 0; i < m->rows; i++) {
        for (int j = 0; j < m->columns; j++)
            add_cell_text(s, i, j,
                          (m->values[i * m->columns + j] - low) / (high - low));
    }
}

static int longest(char *const *names, int n)
{
    size_t most = 0;

    for (int i = 0; i < n; i++) {
        size_t width = names[i] ? show_width(names[i], strlen(names[i])) : 0;

        most = width > most ? width : most;
    }
    return most < NAME_WIDTH ? (int)most : NAME_WIDTH;
}

/* Names of columns lie where they have room beside each other. */
static void add_matrix_axes(struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;
    int names = longest(m->column_names, m->columns);
    bool lie = is_text(s) || names * m->columns * 9 < s->width - 350;
    int cells = m->columns > m->rows ? m->columns : m->rows;

    add_names(s, "x", m->column_names, m->columns,
              cells > MANY ? " rotate by -90 font ',8'" : lie ? "" : " rotate by -40");
    add_names(s, "y", m->row_names, m->rows, cells > MANY ? " font ',8'" : "");
    str_printf(s->out, "set xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\n", m->columns - 1,
               m->rows - 1);
    add_label(s, "xlabel", s->f->x.label);
    add_label(s, "ylabel", s->f->y.label);
}

static void add_scale(struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;
    struct axis plain = {0};
    double low, high;

    matrix_range(m, &low, &high);
    add_palette(s);
    add_range(s, "cb", low, high);
    add_ticks(s, "cb", &plain, low, high, TICKS_Y);
    add_label(s, "cblabel", m->label);
    str_puts(s->out, "set colorbox noborder\n");
}

/* Text has numbers in place of colours, which characters cannot tell apart. */
static bool add_matrix_plot(struct script *s, struct error *err)
{
    const struct figure_matrix *m = s->f->matrix;
    int room = s->width - longest(m->row_names, m->rows) - 6;

    add_matrix_axes(s);
    str_puts(s->out, "set key off\n");
    if (is_text(s)) {
        if (m->columns * 8 > room || m->rows > s->height - 6)
            return error_set(err, ERROR_STATE, "a matrix of %d x %d does not fit %d x %d "
                             "characters; a FILE.svg, .png or .pdf has room",
                             m->rows, m->columns, s->width, s->height);
        add_cell_texts(s);
        str_printf(s->out, "plot %s matrix using 1:2 with dots\n", s->data);
        return true;
    }
    add_scale(s);
    if (m->rows <= NUMBERS && m->columns <= NUMBERS)
        add_cell_texts(s);
    str_printf(s->out, "plot %s matrix using 1:2:3 with image pixels\n", s->data);
    return true;
}

/* ---- the whole ---- */

/* Lines of data begin with a digit, a sign or "NaN", so none of them ends the block. */
static void add_inline_data(struct script *s)
{
    str_puts(s->out, "$data << END\n");
    gnuplot_data(s->out, s->f);
    str_puts(s->out, "END\n");
}

static void add_frame(struct script *s)
{
    str_printf(s->out, "set border %d lc rgb '%s'\n", s->f->matrix ? 15 : 3,
               s->ground->dim);
    add_label(s, "title", s->f->title);
    if (!is_text(s))
        add_styles(s);
    else
        str_puts(s->out, "do for [i = 1:8] {\n    set style line i pt i\n"
                 "    set style line i + 10 pt i\n}\n");
}

bool gnuplot_script(struct str *out, const struct figure *f, const struct plot_look *look,
                    const struct gnuplot_facts *facts, const char *out_name,
                    const char *data_name, struct error *err)
{
    struct str data = {0};
    struct script s = {.out = out, .f = f, .look = look, .facts = facts,
                       .ground = &grounds[look->dark], .data = "$data"};
    bool ok = true;

    find_size(&s);
    str_puts(out, "reset\nset encoding utf8\n");
    add_terminal(&s);
    if (out_name) {
        str_puts(out, "set output ");
        gnuplot_quote_file(out, out_name);
        str_putc(out, '\n');
    }
    if (data_name) {
        gnuplot_quote_file(&data, data_name);
        s.data = str_text(&data);
    } else {
        add_inline_data(&s);
    }
    add_frame(&s);
    if (f->matrix) {
        ok = add_matrix_plot(&s, err);
    } else {
        add_axes(&s);
        add_lines(&s);
        if (f->n_texts > 0)
            add_texts(&s);
        add_key(&s);
        add_series(&s);
    }
    str_puts(out, "set output\n");
    str_done(&data);
    return ok;
}

bool gnuplot_is_whole(enum plot_format format, const struct str *picture)
{
    static const struct {
        const char *begin, *end;
    } marks[] = {
        [PLOT_SVG] = {"<?xml", "</svg>"}, [PLOT_PNG] = {"\x89PNG", "IEND\xAE\x42\x60\x82"},
        [PLOT_PDF] = {"%PDF", "%%EOF"}, [PLOT_TEXT] = {"", ""},
        [PLOT_SIXEL] = {"\033P", "\033\\"},
    };
    const char *begin = marks[format].begin, *end = marks[format].end;
    size_t n = picture->length;

    while (n > 0 && strchr("\n\f ", picture->text[n - 1]))
        n--;
    return n >= strlen(begin) + strlen(end) && n > 0 &&
           memcmp(picture->text, begin, strlen(begin)) == 0 &&
           memcmp(picture->text + n - strlen(end), end, strlen(end)) == 0;
}
