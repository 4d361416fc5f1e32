/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/gnuplot_script.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "plot/gnuplot_own.h"

enum {
    WIDTH = 1000, HEIGHT = 625,   /* pixels of a picture, where it needs no more */
    SMALL_NAME = 12,              /* pixels across, of a name that stands upright */
    IN_GROUP = 13,                /* pixels across, of a point of a group */
    GROUP_NAME = 16,              /* letters of a name that groups make room for */
    SIZE_MOST = 4000,
    SCATTER_WIDTH = 1400, SCATTER_HEIGHT = 1000, /* with many texts */
    PANEL = 700, PANEL_LARGE = 900, /* across a panel of a map, with few and many texts */
    PANEL_EDGES = 90,             /* above and below it, */
    LEGEND = 200,                 /* and beside the last one */
    TEXT_WIDTH = 100, TEXT_HEIGHT = 32,
    PAGE_EDGE = 12,               /* columns of it that axis and border take, */
    PAGE_LEGEND = 24,             /* and a legend beside groups */
    TICKS_X = 10,
    BESIDE_AXES = 110,            /* pixels of what is at their left and right */
    ROOM_ASLANT = 26, ROOM_UPRIGHT = 18, /* pixels that a name needs so, its letters as
                                          * large as others */
};

/* Okabe and Ito's colours, which the colour-blind tell apart, less those that the ground
 * swallows; dashes and shapes of points tell them apart without colours, too. */
static const struct ground grounds[2] = {
    {"#ffffff", "#202020", "#606060", "#dcdcdc",
     {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f",
      "#000000"}},
    {"#14171c", "#e4e4e4", "#a8a8a8", "#3a3f47",
     {"#56b4e9", "#e69f00", "#2fc59b", "#cc79a7", "#f0e442", "#d55e00", "#999999",
      "#ffffff"}},
};

/* The contrast that WCAG 2 asks of small letters. */
static const double legible = 4.5;

static const int point_types[SCRIPT_STYLES] = {7, 5, 9, 11, 13, 6, 4, 7};
static const int further_types[2][SCRIPT_STYLES] = {{6, 4, 8, 10, 12, 7, 5, 6},
                                                    {2, 1, 3, 14, 2, 1, 3, 2}};
static const int dash_types[SCRIPT_STYLES] = {1, 1, 2, 4, 5, 3, 2, 1};

/* ---- data ---- */

void script_number(struct str *out, double x)
{
    str_json_number(out, x);
}

bool script_has_points(const struct figure *f, const struct series *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (figure_has_place(f, s->x[i], s->y[i]))
            return true;
    }
    return false;
}

/* Where a line breaks off there is one empty line; two would begin another part. */
static void add_points(struct str *out, const struct figure *f, const struct series *s)
{
    bool gap = true;

    for (size_t i = 0; i < s->n; i++) {
        if (figure_has_place(f, s->x[i], s->y[i])) {
            script_number(out, s->x[i]);
            str_putc(out, ' ');
            script_number(out, s->y[i]);
            if (s->reach) {
                str_putc(out, ' ');
                script_number(out, isfinite(s->reach[i]) ? s->reach[i] : 0);
            }
            str_putc(out, '\n');
            gap = false;
        } else if (!gap) {
            str_putc(out, '\n');
            gap = true;
        }
    }
    str_puts(out, gap ? "\n" : "\n\n");
}

static void add_matrix(struct str *out, const struct figure_matrix *m)
{
    for (int i = 0; i < m->rows; i++) {
        for (int j = 0; j < m->columns; j++) {
            double value = m->values[i * m->columns + j];

            if (j > 0)
                str_putc(out, ' ');
            if (isfinite(value))
                script_number(out, value);
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
        if (script_has_points(f, &f->series[i]))
            add_points(out, f, &f->series[i]);
    }
}

/* ---- colours ---- */

int script_style(int style)
{
    return style >= 0 ? style % SCRIPT_STYLES : 0;
}

int script_shape(const struct script *s, int style)
{
    int round = style / SCRIPT_STYLES;

    if (script_is_text(s))
        return style + 1;
    return round == 0 ? point_types[style]
                      : further_types[(round - 1) % 2][style % SCRIPT_STYLES];
}

static unsigned long number_of(const char *colour)
{
    return strtoul(colour + 1, NULL, 16);
}

/* Between two colours: `tenths` of the second one. */
static unsigned long mix(unsigned long a, unsigned long b, unsigned long tenths)
{
    unsigned long mixed = 0;

    for (int shift = 0; shift <= 16; shift += 8)
        mixed |= ((a >> shift & 255) * (10 - tenths) + (b >> shift & 255) * tenths) / 10
            << shift;
    return mixed;
}

/* Relative luminance, as the WCAG 2 defines it. */
static double luminance(unsigned long colour)
{
    static const double parts[] = {0.0722, 0.7152, 0.2126};
    double sum = 0;

    for (int i = 0; i < 3; i++) {
        double x = (double)(colour >> 8 * i & 255) / 255;

        sum += parts[i] * (x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4));
    }
    return sum;
}

unsigned long script_ink(const struct script *s, const char *colour)
{
    double back = luminance(number_of(s->ground->back));
    unsigned long ink = number_of(colour);

    for (unsigned long tenths = 1; tenths <= 10; tenths++) {
        double fore = luminance(ink);

        if ((fmax(fore, back) + 0.05) / (fmin(fore, back) + 0.05) >= legible)
            break;
        ink = mix(number_of(colour), number_of(s->ground->front), tenths);
    }
    return ink;
}

/* "set style line 1..8": curves; 11..18: their faint shadows. */
static void add_styles(struct script *s)
{
    for (int i = 0; i < SCRIPT_STYLES; i++) {
        str_printf(s->out, "set style line %d lc rgb '%s' lw 2 dt %d pt %d ps 1.1\n",
                   i + 1, s->ground->styles[i], dash_types[i], point_types[i]);
        str_printf(s->out, "set style line %d lc rgb '#%06lx' lw 1 dt 1\n", i + 11,
                   mix(number_of(s->ground->styles[i]), number_of(s->ground->back), 6));
    }
}

/* ---- terminals ---- */

/* No larger than that all panels have their room, as long as there is any. */
static void find_size_of_panels(struct script *s)
{
    int n = (int)script_panels(s);
    int most = (SIZE_MOST - LEGEND) / n;
    bool many = s->f->n_texts / (size_t)n > 2 * SCRIPT_MANY_TEXTS;
    int panel = many ? PANEL_LARGE : PANEL;

    panel = panel < most ? panel : most;
    s->width = n * panel + LEGEND;
    s->height = panel * 9 / 10 + PANEL_EDGES; /* the room that is between them */
}

/* Columns of the longest name. */
static size_t longest_name(const struct axis *a)
{
    size_t longest = 0;

    for (size_t i = 0; i < a->n_names; i++) {
        size_t width = show_width(a->names[i].text, strlen(a->names[i].text));

        longest = width > longest ? width : longest;
    }
    return longest;
}

/* Each group has room for a point of each series, for two more between it and the next,
 * and for its name, if that is not too long. */
static int width_of_groups(const struct figure *f)
{
    int points = ((int)f->n_series + 2) * IN_GROUP, longest = (int)longest_name(&f->x);
    int name = longest <= GROUP_NAME ? (longest + 1) * SCRIPT_LETTER : 0;

    return (int)f->x.n_names * (name > points ? name : points) + BESIDE_AXES + LEGEND;
}

static void find_size(struct script *s)
{
    int width = WIDTH, height = HEIGHT;

    s->width = WIDTH;
    s->height = HEIGHT;
    if (script_is_text(s)) {
        s->width = TEXT_WIDTH;
        s->height = TEXT_HEIGHT;
    } else if (script_panels(s) > 1) {
        find_size_of_panels(s);
    } else if (s->f->matrix) {
        script_matrix_size(s->f->matrix, &width, &height);
        s->width = width > WIDTH ? width : WIDTH;
        s->height = height > HEIGHT ? height : HEIGHT;
    } else if (s->f->n_texts > SCRIPT_VERY_MANY_TEXTS) {
        s->width = 2 * WIDTH;
        s->height = SCATTER_HEIGHT * WIDTH * 2 / SCATTER_WIDTH;
    } else if (s->f->n_texts > SCRIPT_MANY_TEXTS) {
        s->width = SCATTER_WIDTH;
        s->height = SCATTER_HEIGHT;
    } else if (s->f->groups) {
        width = width_of_groups(s->f);
        s->width = width > WIDTH ? width : WIDTH;
        s->height = s->width * 3 / 10 > HEIGHT ? s->width * 3 / 10 : HEIGHT;
    } else if (s->f->x.n_names > SCRIPT_MANY) {
        s->width = (int)s->f->x.n_names * SMALL_NAME + 150;
    }
    if (s->width > SIZE_MOST)
        s->width = SIZE_MOST;
    if (s->height > SIZE_MOST)
        s->height = SIZE_MOST;
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
        str_printf(s->out, "set terminal sixelgd noenhanced notruecolor size %d,%d "
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

void script_label(struct script *s, const char *what, const char *text)
{
    if (!text)
        return;
    str_printf(s->out, "set %s ", what);
    gnuplot_quote(s->out, text, 0);
    str_printf(s->out, " textcolor rgb '%s'\n", s->ground->front);
}

void script_tick(struct script *s, bool *first, double at, const char *text,
                 size_t width)
{
    str_puts(s->out, *first ? "" : ", ");
    *first = false;
    gnuplot_quote_format(s->out, text, width);
    str_putc(s->out, ' ');
    script_number(s->out, at);
}

/* Beside each other there is no room for all of them in characters. */
static size_t every_name(const struct script *s, const struct axis *a)
{
    size_t columns = 0;

    for (size_t i = 0; i < a->n_names && script_is_text(s) && !s->f->map; i++) {
        size_t width = show_width(a->names[i].text, strlen(a->names[i].text)) + 1;

        columns += width < SCRIPT_NAME ? width : SCRIPT_NAME;
    }
    return columns / (size_t)s->width + 1;
}

/* Columns of characters for the name of a panel. */
static size_t panel_room(const struct script *s)
{
    double width, height;

    script_field(s, &width, &height);
    width /= (double)script_panels(s) * (script_is_text(s) ? 1 : SCRIPT_LETTER);
    return width > 4 ? (size_t)width - 2 : 2;
}

/* Columns of characters that a name has for itself; in pictures they are aslant. */
static size_t name_room(const struct script *s, const char *which, const struct axis *a)
{
    size_t places = a->n_names / every_name(s, a) + 1;
    int edges = PAGE_EDGE + (s->f->groups ? PAGE_LEGEND : 0);
    size_t room = (size_t)(s->width > edges ? s->width - edges : 1) / places;

    if (s->f->map)
        return panel_room(s);
    if (!script_is_text(s) || which[0] != 'x')
        return SCRIPT_NAME;
    return room < SCRIPT_NAME ? room > 4 ? room - 1 : 3 : SCRIPT_NAME;
}

int script_letters(const struct script *s, int points)
{
    return s->look->format == PLOT_SVG ? (points * 4 + 1) / 3 : points;
}

void script_names_stand(struct script *s, size_t longest, double room)
{
    size_t letters = longest < SCRIPT_NAME ? longest : SCRIPT_NAME;

    if ((double)(letters + 1) * SCRIPT_LETTER <= room)
        return;
    str_puts(s->out, room >= ROOM_ASLANT ? " rotate by -40" : " rotate by -90");
    if (room < ROOM_UPRIGHT)
        str_printf(s->out, " font ',%d'", script_letters(s, SCRIPT_SMALL));
}

static void add_standing(struct script *s, const char *which, const struct axis *a)
{
    int beside = BESIDE_AXES + (s->f->groups ? LEGEND : 0);

    if (script_is_text(s) || a->n_names == 0 || which[0] != 'x' || s->f->map)
        return;
    script_names_stand(s, longest_name(a),
                       (double)(s->width - beside) / (double)a->n_names);
}

/* Ours, not gnuplot's: written as the charts of the screen have them, in any locale. */
void script_ticks(struct script *s, const char *which, const struct axis *a,
                      double low, double high, int most)
{
    double *ticks = xmalloc((size_t)most * sizeof *ticks), step = 0;
    int n = axis_ticks(a, low, high, most, ticks);
    bool first = true;

    for (int i = 1; i < n && !a->log; i++)
        step = step > 0 ? fmin(step, ticks[i] - ticks[i - 1]) : ticks[i] - ticks[i - 1];
    str_printf(s->out, "set %stics nomirror (", which);
    for (size_t i = 0; i < a->n_names; i += every_name(s, a))
        script_tick(s, &first, a->names[i].at, a->names[i].text, name_room(s, which, a));
    for (int i = 0; i < n && a->n_names == 0; i++) {
        char *text = axis_tick_text(a, ticks[i], step);

        script_tick(s, &first, ticks[i], text, SCRIPT_NAME);
        free(text);
    }
    str_printf(s->out, ") textcolor rgb '%s'", s->ground->front);
    add_standing(s, which, a);
    str_putc(s->out, '\n');
    free(ticks);
}

void script_range(struct script *s, const char *which, double low, double high)
{
    str_printf(s->out, "set %srange [", which);
    script_number(s->out, low);
    str_puts(s->out, ":");
    script_number(s->out, high);
    str_puts(s->out, "]\n");
}

/* Makes the range wider in which a unit would take more room. */
static void widen(double *low, double *high, double to)
{
    double middle = (*low + *high) / 2;

    *low = middle - to / 2;
    *high = middle + to / 2;
}

static void add_map_axes(struct script *s)
{
    double width, height, x, y, room = 1.08; /* which panels have in x */

    figure_x_range(s->f, &s->x_low, &s->x_high);
    figure_y_range(s->f, &s->y_low, &s->y_high);
    script_field(s, &width, &height);
    x = (s->x_high - s->x_low) * (script_panels(s) > 1 ? 1 : room);
    y = (s->y_high - s->y_low) * room;
    widen(&s->x_low, &s->x_high, fmax(x, y * width / height));
    widen(&s->y_low, &s->y_high, fmax(y, x * height / width));
    script_range(s, "x", s->x_low, s->x_high);
    script_range(s, "y", s->y_low, s->y_high);
    if (s->f->x.n_names > 0)
        script_ticks(s, "x", &s->f->x, s->x_low, s->x_high, 2);
    else
        str_puts(s->out, "unset xtics\n");
    str_puts(s->out, "unset ytics\n");
}

/* Names stand closer than numbers: as many as there is room for letters. */
static void add_axes(struct script *s)
{
    const struct figure *f = s->f;
    int across = script_is_text(s) ? s->width / 10 : TICKS_X;
    int up = script_is_text(s) ? s->height / 4 : SCRIPT_TICKS;

    figure_x_range(f, &s->x_low, &s->x_high);
    figure_y_range(f, &s->y_low, &s->y_high);
    script_range(s, "x", s->x_low, s->x_high);
    script_range(s, "y", s->y_low, s->y_high);
    if (f->x.log)
        str_puts(s->out, "set logscale x\n");
    if (f->y.log)
        str_puts(s->out, "set logscale y\n");
    script_ticks(s, "x", &f->x, s->x_low, s->x_high, across > 2 ? across : 2);
    script_ticks(s, "y", &f->y, s->y_low, s->y_high, up > 2 ? up : 2);
    script_label(s, "xlabel", f->x.label);
    script_label(s, "ylabel", f->y.label);
    if (!script_is_text(s))
        str_printf(s->out, "set grid %s back lt 1 lw 1 lc rgb '%s'\n",
                   f->x.n_names > 0 ? "noxtics ytics" : "xtics ytics", s->ground->grid);
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
    str_printf(s->out, "set border %d lc rgb '%s'\n", s->f->matrix || s->f->map ? 15 : 3,
               s->ground->dim);
    script_label(s, "title", s->f->title);
    if (!script_is_text(s))
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
        ok = script_matrix(&s, err);
    } else {
        if (f->map)
            add_map_axes(&s);
        else
            add_axes(&s);
        script_series(&s);
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
        [PLOT_SVG] = {"<?xml", "</svg>"},
        [PLOT_PNG] = {"\x89PNG", "IEND\xAE\x42\x60\x82"},
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
