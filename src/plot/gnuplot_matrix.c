/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heat maps; in characters, which have no colours, numbers in rows and columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "plot/gnuplot_own.h"

enum {
    CELL = 24, CELL_SMALL = 12, /* pixels across, at least */
    LETTER = 10, EDGES = 100,   /* pixels of a letter; of labels and edges */
    CELL_WIDTH = 16,            /* characters of the text in a cell */
    LEAST_CELL = 4,             /* where texts are shorter, or made of numbers */
    LEFT_EDGE = 50,             /* pixels of a label beside the names of rows */
    AROUND = 6,                 /* that axes and their labels take */
    NUMBERS = 20,               /* rows and columns up to which cells bear their text */
};

/* Viridis at equal distances: as bright as it is large, also in grey and to the
 * colour-blind. */
static const char *const viridis[] = {"#440154", "#482878", "#3e4989", "#31688e",
                                      "#26828e", "#1f9e89", "#35b779", "#6ece58",
                                      "#b5de2b", "#fde725"};
/* Of the picture's width, and pixels beside it: for the scale, its numbers and label. */
static const double scale_width = 0.075;
enum { SCALE_PIXELS = 120 };
enum { VIRIDIS = sizeof viridis / sizeof viridis[0] };

/* ---- names ---- */

static void add_names(struct script *s, const char *which, char *const *names, int n,
                      size_t width)
{
    bool first = true;

    str_printf(s->out, "set %stics scale 0 nomirror (", which);
    for (int i = 0; i < n; i++) {
        if (names[i])
            script_tick(s, &first, i, names[i], width);
    }
    str_printf(s->out, ") textcolor rgb '%s'", s->ground->front);
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
    gnuplot_quote(s->out, text, CELL_WIDTH);
    str_printf(s->out, " at %d,%d center front textcolor rgb '%s'\n", j, i,
               script_is_text(s) ? s->ground->front
               : is_bright(s, part) ? "#000000" : "#ffffff");
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
    return most < SCRIPT_NAME ? (int)most : SCRIPT_NAME;
}

static bool has_numbers(const struct figure_matrix *m)
{
    return m->rows <= NUMBERS && m->columns <= NUMBERS;
}

void script_matrix_size(const struct figure_matrix *m, int *width, int *height)
{
    int cells = m->columns > m->rows ? m->columns : m->rows;
    int cell = cells > SCRIPT_MANY ? CELL_SMALL : CELL, across = cell;
    int text = (longest(m->texts, m->rows * m->columns) + 1) * LETTER;

    if (has_numbers(m) && text > cell)
        across = text;
    *width = m->columns * across + longest(m->row_names, m->rows) * LETTER;
    *width += (int)(scale_width * *width) + SCALE_PIXELS + EDGES;
    *height = m->rows * cell + longest(m->column_names, m->columns) * LETTER + EDGES;
}

/* Characters that a cell has; 1: there is no room. */
static int text_cell(const struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;
    int room = s->width - longest(m->row_names, m->rows) - AROUND;

    return room > m->columns * 2 ? room / m->columns : 1;
}

/* Pixels that a column has. */
static double column_room(const struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;
    double across = s->width * (1 - scale_width) - SCALE_PIXELS - LEFT_EDGE;

    return (across - longest(m->row_names, m->rows) * SCRIPT_LETTER) / m->columns;
}

static void add_matrix_axes(struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;
    size_t names = (size_t)longest(m->column_names, m->columns);
    int cells = m->columns > m->rows ? m->columns : m->rows;

    add_names(s, "x", m->column_names, m->columns,
              script_is_text(s) ? (size_t)text_cell(s) - 1 : SCRIPT_NAME);
    if (!script_is_text(s))
        script_names_stand(s, names, column_room(s));
    str_putc(s->out, '\n');
    add_names(s, "y", m->row_names, m->rows, SCRIPT_NAME);
    if (cells > SCRIPT_MANY)
        str_printf(s->out, " font ',%d'", script_letters(s, SCRIPT_SMALL));
    str_printf(s->out, "\nset xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\n", m->columns - 1,
               m->rows - 1);
    script_label(s, "xlabel", s->f->x.label);
    script_label(s, "ylabel", s->f->y.label);
}

/* A point, other than a cell, has to be seen on the ground: the scale's first third is too
 * near to that. */
const char *script_shade(const struct script *s, double place)
{
    int i = (int)((0.35 + 0.65 * place) * (VIRIDIS - 1) + 0.5);

    return viridis[s->look->dark ? i : VIRIDIS - 1 - i];
}

static void add_palette(struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;

    str_puts(s->out, "set palette defined (");
    if (m->diverging) {
        str_printf(s->out, "0 '%s', 1 '%s', 2 '%s'", "#0072b2",
                   s->look->dark ? s->ground->back : "#f7f7f7", "#d55e00");
    } else {
        for (int i = 0; i < VIRIDIS; i++)
            str_printf(s->out, "%s%d '%s'", i > 0 ? ", " : "", i,
                       viridis[s->look->dark ? i : VIRIDIS - 1 - i]);
    }
    str_puts(s->out, ")\n");
}

static void add_scale(struct script *s)
{
    const struct figure_matrix *m = s->f->matrix;
    struct axis plain = {0};
    double low, high;

    matrix_range(m, &low, &high);
    add_palette(s);
    script_range(s, "cb", low, high);
    script_ticks(s, "cb", &plain, low, high, SCRIPT_TICKS);
    if (m->label) {
        str_puts(s->out, "set cblabel offset 0.5 ");
        gnuplot_quote(s->out, m->label, 0);
        str_printf(s->out, " textcolor rgb '%s'\n", s->ground->front);
    }
    str_printf(s->out, "set colorbox noborder\nset rmargin at screen %.4f\n",
               1 - scale_width - (double)SCALE_PIXELS / s->width);
}

/* Text has numbers in place of colours, which characters cannot tell apart. */
bool script_matrix(struct script *s, struct error *err)
{
    const struct figure_matrix *m = s->f->matrix;
    int cell = longest(m->texts, m->rows * m->columns);

    add_matrix_axes(s);
    str_puts(s->out, "set key off\n");
    if (script_is_text(s)) {
        if ((cell > LEAST_CELL ? cell : LEAST_CELL) >= text_cell(s) ||
            m->rows > s->height - AROUND)
            return error_set(err, ERROR_STATE, "a matrix of %d x %d does not fit %d x %d "
                             "characters; a FILE.svg, .png or .pdf has room",
                             m->rows, m->columns, s->width, s->height);
        add_cell_texts(s);
        str_printf(s->out, "plot %s matrix using 1:2 with dots notitle\n", s->data);
        return true;
    }
    add_scale(s);
    if (has_numbers(m))
        add_cell_texts(s);
    str_printf(s->out, "plot %s matrix using 1:2:3 with image pixels notitle\n", s->data);
    return true;
}
