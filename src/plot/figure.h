/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chart as data: what is to be seen, not how. ui/chart.h draws it with cells; gnuplot
 * will make pictures of the same figures. A figure owns its arrays and texts.
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
    int style;          /* 0..7: colour and glyph, the same in all charts */
    double *x, *y;      /* NAN in y: a gap */
    size_t n, capacity;
};

struct axis {
    char *label;
    bool log;           /* values that are not positive are gaps */
    double low, high;   /* what is to be seen; NAN: what the series have */
    bool whole;         /* epochs, counts: ticks at whole numbers only */
    bool time;          /* seconds: ticks at round times, written as 1:30 or 2h */
};

struct figure {
    char *title;
    struct axis x, y;
    struct series *series;
    size_t n_series, series_capacity;
    double cursor;      /* x of a vertical line, NAN: none */
    double level;       /* y of a dotted horizontal line (best so far), NAN: none */
    bool diagonal;      /* the line y = x: chance in a ROC, truth in a calibration */
};

/* Copies the title, which may be NULL. */
struct figure *figure_new(const char *title);
void figure_free(struct figure *f);

/* An empty series; the pointer is valid until the next one is added. */
struct series *figure_add(struct figure *f, const char *name, enum series_kind kind,
                          int style);
void series_add(struct series *s, double x, double y);

void axis_label(struct axis *a, const char *label);

/* The range an axis shows: its own limits, and where it has none, what there is to be
 * seen: the finite values (in the logarithm's case the positive ones), in y of those
 * points whose x is shown, with a little room and with the level; bars with their feet
 * and whole widths. A single value gets room on both sides; without any it is 0..1, or
 * 0.1..1. */
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
