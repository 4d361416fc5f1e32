/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where everything is on a screen of a given size: a pure function. Row 0 has the tabs;
 * the last three hints, status and prompt. From 60 x 16 on a view shows its panes side by
 * side as they find room; below that only the focused one; below 40 x 10 only status and
 * prompt; on a single row only the prompt.
 */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include "ui/desk.h"
#include "ui/surface.h"

enum { LAYOUT_PANES = 8 };

struct layout {
    struct rect tabs, hints, status, prompt; /* height 0: not there */
    struct rect body;                        /* all panes together */
    int n;
    struct {
        enum pane_id pane;
        struct rect rect; /* the frame included */
    } panes[LAYOUT_PANES];
};

/* status_rows, prompt_rows: that message and line being edited want, at least 1 each;
 * hints: whether they are wanted. Rectangles never overlap and lie inside width x height;
 * the panes fill the body. */
void layout_make(struct layout *out, const struct desk *desk, int width, int height,
                 int status_rows, int prompt_rows, bool hints);

/* The position of the pane that has the focus in out->panes, -1: it is not shown. */
int layout_focus(const struct layout *l, const struct desk *desk);

/* Of a pane that is shown, the border that makes it wider or narrower is its left one;
 * true. At the left edge it is the left one of its neighbour: *pane becomes that; false. */
bool layout_border(const struct layout *l, enum pane_id *pane);

/* The panes of the view in the order Tab walks through them; returns how many. */
int layout_order(const struct desk *desk, enum pane_id out[PANES]);

#endif
