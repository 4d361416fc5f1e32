/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/figure_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/prose.h"

enum { LEAST_COLUMNS = 20, LEAST_ROWS = 8 }; /* that gnuplot draws in */

static const char closes[] = " Esc closes ";

void figure_view_set(struct figure_view *f, const char *title, const struct str *picture,
                     bool sixels, int width, int height)
{
    free(f->title);
    f->title = xstrdup(title);
    str_clear(&f->picture);
    str_add(&f->picture, str_text(picture), picture->length);
    f->sixels = sixels;
    f->width = width;
    f->height = height;
}

void figure_view_done(struct figure_view *f)
{
    free(f->title);
    str_done(&f->picture);
}

void figure_view_room(int width, int height, struct picture_room *room)
{
    room->columns = width - 2 > LEAST_COLUMNS ? width - 2 : LEAST_COLUMNS;
    room->rows = height - 2 > LEAST_ROWS ? height - 2 : LEAST_ROWS;
}

bool figure_view_fits(const struct figure_view *f, int width, int height)
{
    return f->sixels && width == f->width && height == f->height;
}

static void draw_lines(const struct figure_view *f, struct surface *s)
{
    const char *text = str_text(&f->picture);

    for (int y = 0; *text && y < s->height; y++) {
        size_t n = strcspn(text, "\n");
        char *line = xstrndup(text, n);

        surface_text(s, 0, y, 0, ROLE_TEXT, line);
        free(line);
        text += n + (text[n] == '\n');
    }
}

void figure_view_draw(const struct figure_view *f, struct surface *s)
{
    struct surface inside = surface_part(s, (struct rect){1, 1, s->width - 2,
                                                          s->height - 2});

    surface_fill(s, (struct rect){0, 0, s->width, s->height}, ' ', ROLE_TEXT);
    if (!f->sixels)
        draw_lines(f, &inside);
    else if (!figure_view_fits(f, s->width, s->height))
        prose_draw(&inside, 1, 1, inside.width - 2, ROLE_DIM,
                   "The screen has another size now: run the line again to draw it.");
    surface_frame(s, f->title, true);
    surface_text_right(s, 1, s->height - 1, s->width - 3, ROLE_DIM, closes);
}
