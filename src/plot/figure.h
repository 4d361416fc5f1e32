/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chart as data: what is to be seen, not how. ui/chart.h draws series with cells,
 * plot/gnuplot_script.h makes pictures of all of it. A figure owns its arrays and texts.
 */
#ifndef PLOT_FIGURE_H
#define PLOT_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

enum series_kind {
    SERIES_LINE,  /* x never goes back */
    SERIES_POINTS,
    SERIES_STEPS, /* keeps its y up to the next x, which never goes back */
    SERIES_BARS,  /* from the lower edge, x the middle of each bar */
    SERIES_FAINT, /* a line behind the others: raw values of a smoothed one */
};

struct series {
    char *name;
    enum series_kind kind;
    int style;          /* 0..7: colour and glyph, the same in all charts; of points in
                           pictures more: the colours again with other shapes */
    double shade;       /* of points in pictures: their place 0..1 on a scale of colours, in
                           place of the style's; NAN: none */
    double *x, *y;      /* NAN in y: a gap */
    double *reach;      /* NULL, or of points in pictures: how far a bar goes from each up
                           and down; NAN: it has none */
    size_t n, capacity;
};

struct axis {
    char *label;
    bool log;           /* values that are not positive are gaps */
    double low, high;   /* what is to be seen; NAN: what the series have */
    bool whole;         /* epochs, counts: ticks at whole numbers only */
    bool time;          /* seconds: ticks at round times, written as 1:30 or 2h */
    struct axis_name {
        double at;
        char *text;
    } *names;           /* in place of numbers: categories */
    size_t n_names, names_capacity;
};

/* Values in rows and columns, each with a name: a heat map. Row 0 is the upper one. */
struct figure_matrix {
    int rows, columns;
    double *values;      /* (rows, columns), NAN: none */
    char **texts;        /* (rows, columns) what stands in a cell, NULL: nothing */
    char **row_names, **column_names;
    char *label;         /* of the scale: what the values are, and their unit */
    double low, high;    /* of the scale; NAN: what the values have */
    bool diverging;      /* differences: the scale has 0 in its middle */
};

/* A text beside a point of a scatter. */
struct figure_text {
    double x, y;
    char *text;
    int style;           /* of its colour; -1: that of all other texts */
};

struct figure {
    char *title;
    struct axis x, y;
    struct figure_matrix *matrix; /* NULL: none; then there are no series */
    struct figure_text *texts;    /* the most important first */
    size_t n_texts, texts_capacity;
    struct series *series;
    size_t n_series, series_capacity;
    double cursor;      /* x of a vertical line, NAN: none */
    double level;       /* y of a dotted horizontal line (best so far), NAN: none */
    int owners;
    bool groups;        /* names of x are those of groups of points around them: lines
                           stand half way between two names */
    bool diagonal;      /* the line y = x: chance in a ROC, truth in a calibration */
    bool map;           /* places that only tell what is near: the same scale in x and y,
                           and no numbers beside them. Names of x are those of panels,
                           each in its middle, which end half way to the next one */
};

/* Copies the title, which may be NULL. */
struct figure *figure_new(const char *title);
/* One more owner; of one thread only, as figure_free. */
struct figure *figure_ref(struct figure *f);
void figure_free(struct figure *f); /* one owner less */

/* An empty series; the pointer is valid until the next one is added. */
struct series *figure_add(struct figure *f, const char *name, enum series_kind kind,
                          int style);
void series_add(struct series *s, double x, double y);
/* All points of a series are added by this one, or none. */
void series_add_reach(struct series *s, double x, double y, double reach);

void axis_label(struct axis *a, const char *label);
void axis_add_name(struct axis *a, double at, const char *text);

/* A text beside (x, y). Where there are many, what draws them leaves out those that have
 * no room, the last ones first. */
void figure_add_text(struct figure *f, double x, double y, const char *text, int style);

/* Makes the figure a matrix without values and names; label may be NULL. */
struct figure_matrix *figure_set_matrix(struct figure *f, int rows, int columns,
                                        const char *label);
/* text: what is written into the cell where there is room, or NULL. */
void matrix_put(struct figure_matrix *m, int row, int column, double value,
                const char *text);
void matrix_name_row(struct figure_matrix *m, int row, const char *name);
void matrix_name_column(struct figure_matrix *m, int column, const char *name);
/* The range of its scale: its own limits, else the finite values; never empty. */
void matrix_range(const struct figure_matrix *m, double *low, double *high);

/* Whether there is a point, bar or value to see at all. */
bool figure_has_content(const struct figure *f);

/* The range an axis shows: its own limits, and where it has none, what there is to be
 * seen: the finite values (in the logarithm's case the positive ones), in y of those
 * points whose x is shown, with their reach, a little room and the level; bars with
 * their feet and whole widths. A single value gets room on both sides; without any it is
 * 0..1, or 0.1..1. */
void figure_x_range(const struct figure *f, double *low, double *high);
void figure_y_range(const struct figure *f, double *low, double *high);

/* Whether a point has a place on these axes: finite, and positive where they are log. */
bool figure_has_place(const struct figure *f, double x, double y);

/* y of the series at x: of the last point at or before it. NAN: there is none, or that
 * point is a gap. */
double series_at(const struct series *s, double x);

/* How wide the bars are, in x: the smallest distance of two, 1 if there is but one. */
double series_bar_width(const struct series *s);

/* Fills `out` with the exponential moving average of the finite values of `in`, without
 * the bias of its beginning: sum over i of w^(n-i) y_i / sum of w^(n-i). w in 0..1 is
 * what a step keeps; what is not finite stays a gap. A constant stays that constant, to
 * the last bit. It is meant for all points there are: thin out afterwards. */
void series_smooth(struct series *out, const struct series *in, double w);

/* Round numbers within low..high, at most `most`; returns how many went into out. On a
 * log axis 1, 2, 5 of each power of ten or only some powers, as there is room. */
int axis_ticks(const struct axis *a, double low, double high, int most, double *out);
/* How a tick is written: with as few digits as tell ticks apart that lie `step` from each
 * other; 0: as the value itself needs. Thousands become k, M, G, T. Caller frees. */
char *axis_tick_text(const struct axis *a, double value, double step);

#endif
