/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sentences on a surface. */
#ifndef UI_PROSE_H
#define UI_PROSE_H

#include "ui/surface.h"

/* Text with its lines ended between words, from row y on, `width` columns wide (0: up to
 * the edge). What stands in `backquotes` is a command line and is painted so. Returns the
 * rows it took. */
int prose_draw(struct surface *s, int x, int y, int width, enum role role,
               const char *text);

/* The rows of text whose lines are ended already (fold_to of base/text.h does it); no text
 * is one empty row. */
int prose_rows(const char *folded);

/* Draws such text as it is, each row cut at the width (0: at the edge). */
void prose_draw_rows(struct surface *s, int x, int y, int width, enum role role,
                     const char *folded);

#endif
