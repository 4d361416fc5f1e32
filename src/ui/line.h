/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line that is being edited, as cells. What cannot be shown has a visible form (as
 * with show()), a line end inside is one symbol, a byte that is no character one column,
 * a tab goes on to the next multiple of 8. On a surface of one row the line scrolls
 * sideways, on a higher one it wraps; < and > stand where something is cut off. On a
 * single cell the character before the cursor is shown.
 */
#ifndef UI_LINE_H
#define UI_LINE_H

#include <stddef.h>

#include "ui/surface.h"

struct line {
    const char *prompt; /* stands in front of it */
    const char *text;
    size_t point;       /* the byte of the text under the cursor */
    long first;         /* scrolled sideways: the column at the left edge. Kept by the
                         * caller from one drawing to the next; 0 at first */
};

/* Rows that it wants at this width, at least 1: one for what does not fit, too. */
int line_rows(const struct line *l, int width);

/* Draws all over s. The cursor is at (*x, *y) of s then, or at (-1, -1) where s has no
 * cells. */
void line_draw(struct line *l, struct surface *s, int *x, int *y);

#endif
