/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files share that make scripts for gnuplot: gnuplot_script.c (the whole, axes),
 * gnuplot_series.c and gnuplot_matrix.c (what is to be seen).
 */
#ifndef PLOT_GNUPLOT_OWN_H
#define PLOT_GNUPLOT_OWN_H

#include "plot/gnuplot_quote.h"
#include "plot/gnuplot_script.h"

enum {
    SCRIPT_STYLES = 8,
    SCRIPT_SMALL = 8,  /* points of letters where there are very many names */
    SCRIPT_NAME = 28,  /* columns of a name beside an axis or in the legend */
    SCRIPT_LETTER = 9, /* pixels of one, rather too many */
    SCRIPT_TICKS = 8,  /* along y and scales */
    SCRIPT_MANY = 60,  /* cells or names, from which on they are small */
    SCRIPT_MANY_POINTS = 150, SCRIPT_MANY_IN_MAP = 500, /* points, likewise */
    SCRIPT_MANY_TEXTS = 40, SCRIPT_VERY_MANY_TEXTS = 150,
};

/* Colours on it. */
struct ground {
    const char *back, *front, *dim, *grid;
    const char *styles[SCRIPT_STYLES];
};

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

/* Parts of a map that stand beside each other; 1: it is one, or none. */
static inline size_t script_panels(const struct script *s)
{
    return s->f->map && s->f->x.n_names > 1 ? s->f->x.n_names : 1;
}

static inline bool script_is_text(const struct script *s)
{
    return s->look->format == PLOT_TEXT;
}

/* The size of letters of so many points, which SVG counts in pixels. */
int script_letters(const struct script *s, int points);
/* How names stand below an axis where each has so many pixels: beside each other, aslant
 * or upright, so that they do not touch. longest: letters of the longest one. */
void script_names_stand(struct script *s, size_t longest, double room);
/* The colour as "rrggbb", of letters: nearer to that of other texts where it would be too
 * near to the ground. */
unsigned long script_ink(const struct script *s, const char *colour);
/* A style of a figure as one that there is. */
int script_style(int style);
void script_number(struct str *out, double x);
/* "set WHAT 'text'"; text may be NULL: nothing. */
void script_label(struct script *s, const char *what, const char *text);
/* One of the list of tics: 'text' at; the text takes so many columns at most. */
void script_tick(struct script *s, bool *first, double at, const char *text,
                 size_t width);
void script_ticks(struct script *s, const char *which, const struct axis *a, double low,
                  double high, int most);
void script_range(struct script *s, const char *which, double low, double high);
/* Whether there is a point of it to see. */
bool script_has_points(const struct figure *f, const struct series *s);

/* The size of what axes enclose, where a figure has texts. */
void script_field(const struct script *s, double *width, double *height);
/* The colour of a place 0..1 on the scale of heat maps. */
const char *script_shade(const struct script *s, double place);
/* Number of a shape of points. */
int script_shape(const struct script *s, int style);

/* gnuplot_series.c, after the axes */
void script_series(struct script *s);
/* gnuplot_matrix.c: the pixels it needs at least */
void script_matrix_size(const struct figure_matrix *m, int *width, int *height);
/* False: it does not fit. */
bool script_matrix(struct script *s, struct error *err);

#endif
