/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A figure that gnuplot drew, over the panes until a key closes it. Characters are drawn
 * on the surface. Sixels go to the terminal behind curses' back, onto cells that are
 * blank: the loop sends them after the frame, and again when the screen was painted anew.
 */
#ifndef UI_FIGURE_VIEW_H
#define UI_FIGURE_VIEW_H

#include <stdbool.h>

#include "base/str.h"
#include "command/command.h"
#include "ui/surface.h"

struct figure_view {
    char *title;          /* NULL: none was shown yet */
    struct str picture;
    bool sixels;
    int width, height;    /* of the surface that sixels were made for */
    bool sent;            /* sixels are on the screen, */
    unsigned painted;     /* since which it was not painted anew */
};

void figure_view_set(struct figure_view *f, const char *title, const struct str *picture,
                     bool sixels, int width, int height);
void figure_view_done(struct figure_view *f);

/* Characters that a picture may take on a surface of that size, inside the frame. */
void figure_view_room(int width, int height, struct picture_room *room);
/* Whether sixels belong on a surface of that size: they were made for it. */
bool figure_view_fits(const struct figure_view *f, int width, int height);
/* Fills the surface. */
void figure_view_draw(const struct figure_view *f, struct surface *s);

#endif
