/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines and dots in three layers, finer than cells where the glyphs allow it: braille has
 * 2 x 4 dots a cell, half blocks 1 x 2, ASCII 1 x 1. Dot (0, 0) is the upper left one;
 * dots are at whole coordinates and what is outside is cut off.
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include "ui/surface.h"

/* From the back; a cell shows the foremost that it has dots of. */
enum layer {
    LAYER_GUIDE, /* dotted levels and diagonals */
    LAYER_FAINT,
    LAYER_CURVES,
    LAYERS
};

struct canvas {
    enum glyphs glyphs;
    int width, height;             /* cells */
    int across, down;              /* dots of a cell */
    unsigned char *dots[LAYERS];   /* (height, width) a bit for each dot */
    unsigned char *styles;         /* (height, width) a bit for each style 0..7 whose
                                      curve is in that cell */
};

/* Dots of a cell. */
int canvas_across(enum glyphs glyphs);
int canvas_down(enum glyphs glyphs);

void canvas_init(struct canvas *c, int width, int height, enum glyphs glyphs);
void canvas_done(struct canvas *c);

void canvas_dot(struct canvas *c, enum layer layer, int style, int x, int y);
/* Both ends are drawn. Coordinates may be far outside, but finite. */
void canvas_line(struct canvas *c, enum layer layer, int style, double x0, double y0,
                 double x1, double y1);

/* Puts the cells that have dots on s and leaves the others. Where curves meet in a cell
 * they take turns, two columns each, so that none hides another. */
void canvas_show(const struct canvas *c, struct surface *s);

#endif
