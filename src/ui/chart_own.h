/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the chart share: where things are on the surface (chart.c), the axes
 * (chart_axes.c), legend and values at the cursor (chart_words.c).
 */
#ifndef UI_CHART_OWN_H
#define UI_CHART_OWN_H

#include "ui/canvas.h"
#include "ui/chart.h"

enum { TICKS = 32 };

/* From values to dots of the canvas. */
struct scale {
    const struct axis *axis;
    double low, high;   /* shown; logarithms on a log axis */
    double first, last; /* the dots of low and high */
    double factor;      /* dots for each unit */
};

struct ticks {
    int n;
    double at[TICKS];
    char *text[TICKS];
    int width[TICKS], widest;
    double step; /* 0: not the same everywhere */
};

struct chart {
    const struct figure *figure;
    struct surface *surface; /* all of it */
    struct rect plot;        /* where curves are drawn */
    struct surface area;     /* that part of the surface */
    struct canvas canvas;    /* of that size */
    bool bars;               /* there are some: the edges of cells count, not middles */
    bool legend, x_axis, y_axis;
    struct scale x, y;
    struct ticks y_ticks;
};

/* The dot of v, which has a place on the axis; far away ones are brought closer. */
double scale_dot(const struct scale *s, double v);
double scale_value(const struct scale *s, double dot);

/* The cell of the plot that a dot is in; may be outside. */
int chart_column(const struct chart *c, double dot);
int chart_row(const struct chart *c, double dot);

/* How a value is written beside the axis: finer than its ticks. */
char *chart_value_text(const struct chart *c, double y);

/* Find range and ticks for plot.height rows, for plot.width columns. */
void chart_fit_y(struct chart *c);
void chart_fit_x(struct chart *c);
void chart_draw_y_axis(struct chart *c);
void chart_draw_x_axis(struct chart *c);
void ticks_done(struct ticks *t);

bool chart_wants_legend(const struct figure *f);
void chart_draw_legend(struct chart *c);
/* The line at figure->cursor and the values there beside it. */
void chart_draw_cursor(struct chart *c);

/* The faint series that belongs to a curve: raw values of a smoothed one; NULL: none. */
const struct series *chart_raw_of(const struct figure *f, const struct series *s);
/* The other way round. */
bool chart_has_curve(const struct figure *f, const struct series *faint);

#endif
