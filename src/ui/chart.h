/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Figures drawn with cells: braille dots (2 x 4 a cell), blocks, or ASCII with one glyph
 * a series, so that curves can be told apart without colours. Axes and their numbers are
 * text. What does not fit is left out: first the legend, then labels, then axes.
 */
#ifndef UI_CHART_H
#define UI_CHART_H

#include "plot/figure.h"
#include "ui/surface.h"

/* Fills the surface. */
void chart_draw(const struct figure *f, struct surface *s);

/* The character of a style where glyphs tell series apart ('*', 'o', '+', ...), the same in
 * legends. */
char chart_glyph(int style);

/* How many points across can be told apart on that width: what more there is may be
 * merged before it is drawn. */
int chart_columns(const struct surface *s);

#endif
