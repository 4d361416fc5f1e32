/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views that are made by hand, drawn as the workbench draws them. */
#ifndef TESTS_VIEW_H
#define TESTS_VIEW_H

#include "ui/layout.h"
#include "ui/pane.h"

/* The whole view of its desk, as picture_draw frames it. */
static inline void view_draw(const struct view *v, struct surface *s)
{
    struct layout l;

    layout_make(&l, v->desk, s->width, s->height, 1, 1, true);
    for (int i = 0; i < l.n; i++) {
        const struct pane_type *type = pane_type(l.panes[i].pane);
        struct surface frame = surface_part(s, l.panes[i].rect);
        struct surface inner = surface_part(
            &frame, (struct rect){1, 1, frame.width - 2, frame.height - 2});
        bool focused = l.panes[i].pane == v->desk->focus[v->desk->view];
        struct str title = {0};

        type->title(v, &title);
        surface_frame(&frame, str_text(&title), focused);
        str_done(&title);
        type->draw(v, &inner, focused);
    }
}

#endif
