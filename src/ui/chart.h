/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Figures drawn with cells: braille dots (2 x 4 a cell), half blocks, or ASCII with one
 * glyph a series, so that curves can be told apart without colours; curves of dots bear
 * the glyph at their last point and now and then before it. Axes and their numbers are
 * text. What does not fit is left out: first the legend, then labels, then axes.
 *
 * The label of y and the legend stand in the top row, the label of x among its numbers.
 * Where a curve breaks off because a value is not finite there is a '!'. Faint series are
 * the raw values of the curve of their style and have no place in the legend beside it.
 * Values at figure->cursor are written next to its line. A figure without a point to see
 * says so in a sentence.
 */
#ifndef UI_CHART_H
#define UI_CHART_H

#include "plot/figure.h"
#include "ui/surface.h"

/* Fills the surface. */
void chart_draw(const struct figure *f, struct surface *s);

/* The character of a style where glyphs tell series apart ('*', 'o', '+', ...), the same
 * in legends. */
char chart_glyph(int style);

/* How many points across can be told apart on that width: what more there is may be
 * merged before it is drawn. */
int chart_columns(const struct surface *s);

#endif
