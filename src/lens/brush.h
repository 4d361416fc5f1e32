/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies in a rectangle of a layout: which values more than elsewhere, which others
 * stand beside them in their rows, and what the target is there and elsewhere. Points of
 * hidden columns do not count anywhere.
 */
#ifndef LENS_BRUSH_H
#define LENS_BRUSH_H

#include "lens/scatter.h"

/* Of the layout, sides included. */
struct brush {
    double left, right, bottom, top;
};

/* Of a value: that many, which is a share of what is looked at, and how many times the
 * share that it has of all. */
struct brush_share {
    int column;
    size_t value;  /* the number of values: the whole column */
    size_t n;
    double share;
    double lift;   /* NAN: it says nothing */
};

enum { BRUSH_TELLING = 24 };

struct brushed {
    size_t points, all;      /* in it, and in all */
    size_t values;           /* that have points in it */
    bool *has;               /* (values of the layout) which those are */
    size_t rows, all_rows;   /* of cells: those with a cell in it, and all; else 0 */
    uint32_t *row_of;        /* (rows) of the table, ascending; NULL: of values */
    /* Those that are more frequent than in all by more than chance would have it (two
     * standard deviations), what tells most first: share times log of lift. */
    struct brush_share telling[BRUSH_TELLING]; /* cells by value; of values columns */
    int n_telling;
    struct brush_share beside[BRUSH_TELLING];  /* rows by the value of another cell that
                                                  is not in it; of values those in it, by
                                                  frequency */
    int n_beside;
    /* The target in it ([0]) and elsewhere ([1]), a row as often as it has cells there: in a
     * table of many columns nearly every row has some. Of values all their cells count. */
    size_t known[2];
    double mean[2];          /* share of the positive class, or of the number; NAN */
    size_t *class_rows[2];   /* (classes) NULL: there are none */
};

/* hidden: (n_hidden) columns, further ones are shown. NULL: no memory. */
struct brushed *brush_look(const struct scatter *s, const struct brush *b,
                           const bool *hidden, int n_hidden);
void brushed_free(struct brushed *b);

#endif
