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
    SERIES_LINE,
    SERIES_POINTS,
    SERIES_STEPS,
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

/* The range an axis shows: its own, or that of the finite values with a little room; a
 * single value gets room on both sides; without any: 0..1. In the logarithm's case both
 * are positive. */
void figure_x_range(const struct figure *f, double *low, double *high);
void figure_y_range(const struct figure *f, double *low, double *high);

/* y of the series at x: the last point at or before it. NAN: there is none. */
double series_at(const struct series *s, double x);

/* The exponential moving average of the finite values, without the bias of its beginning:
 * sum over i of w^(n-i) y_i / sum of w^(n-i). w in 0..1 is what a step keeps; gaps stay.
 * A constant stays that constant. */
void series_smooth(struct series *out, const struct series *in, double w);

/* Round numbers for at most `most` ticks within low..high. Returns how many went into
 * out. */
int axis_ticks(const struct axis *a, double low, double high, int most, double *out);
/* How a tick is written: as few digits as tell the ticks apart. Caller frees. */
char *axis_tick_text(const struct axis *a, double value, double step);

#endif
