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

#endif
