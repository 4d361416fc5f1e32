/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Panes that hold more than they show. A text is written on a sheet as tall as it needs,
 * of which the pane shows a part; its list has a top and no cursor. A sign in the lower
 * side of the frame says how much there is above and below, of lists too.
 */
#ifndef UI_SCROLL_H
#define UI_SCROLL_H

#include "ui/desk.h"
#include "ui/pane.h"
#include "ui/surface.h"

/* Shows the part of the sheet from l->top on, which is kept within its `lines` in use. */
void scroll_show(struct surface *s, const struct surface *sheet, int lines,
                 struct list *l);
/* Up and down by lines, pages and to the ends. False: it is another movement. */
bool scroll_move(struct list *l, enum movement m, long n);
/* Paints the marked range, but for the item under the cursor; the first item stands
 * `header` rows down, and each has a row. */
void scroll_paint_range(struct surface *s, const struct list *l, int header);
/* "12 more below"; nothing where all is seen. */
void scroll_sign(struct surface *frame, const struct list *l);

#endif
