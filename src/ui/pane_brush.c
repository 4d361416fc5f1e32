/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in the brush of a layout of embeddings: how much of it all, what tells it from
 * the rest, and the target in it and elsewhere. */
#include "ui/pane_points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ui/format.h"
#include "ui/prose.h"

enum {
    SHARE = 6, LIFT = 6,  /* columns of these at the right */
    TARGET = 6, PAIR = 2 * (TARGET + 1), /* of a target, and of two with their gaps */
    CLASSES = 3,          /* that are told of where there is no room for more */
};

static bool is_cells(const struct scatter *s)
{
    return s->points == EMBEDDING_CELLS;
}

void points_put_brushed(const struct scatter *s, const struct brushed *b,
                        struct str *out)
{
    char points[COUNT_TEXT], all[COUNT_TEXT], values[COUNT_TEXT];

    if (is_cells(s))
        str_printf(out, "%s of %s cells; %s value%s", count_text(b->points, points),
                   count_text(b->all, all), count_text(b->values, values),
                   b->values == 1 ? "" : "s");
    else
        str_printf(out, "%s of %s values", count_text(b->points, points),
                   count_text(b->all, all));
}

/* Without the values where there is no room. */
static void draw_points(struct surface *s, const struct scatter *shown,
                        const struct brushed *b)
{
    struct str text = {0};

    points_put_brushed(shown, b, &text);
    if (surface_width(text.text) > s->width && strchr(text.text, ';'))
        *strchr(text.text, ';') = '\0';
    surface_text(s, 0, 0, 0, ROLE_STRONG, text.text);
    str_done(&text);
}

/* ---- the target ---- */

/* At the right, what is here, and beside it what is elsewhere. */
static void draw_pair(struct surface *s, int y, enum role role, const char *here,
                      const char *elsewhere)
{
    surface_text_right(s, s->width - PAIR + 1, y, TARGET, role, here);
    surface_text_right(s, s->width - TARGET, y, TARGET, ROLE_DIM, elsewhere);
}

/* "P(yes) 0.412, else 0.231" */
static int draw_mean(const struct view *v, struct surface *s, int y,
                     const struct scatter *shown, const struct brushed *b)
{
    char *name = shown->encoder->n_classes == 2
        ? xasprintf("P(%s)", shown->encoder->classes[1]) : points_target_name(v, shown);
    struct str here = {0}, elsewhere = {0};

    points_put_target(shown, b->mean[0], &here);
    points_put_target(shown, b->mean[1], &elsewhere);
    if (name) {
        surface_text(s, 0, y, s->width - PAIR, ROLE_TARGET, name);
        draw_pair(s, y, ROLE_TARGET, str_text(&here), str_text(&elsewhere));
    }
    str_done(&here);
    str_done(&elsewhere);
    free(name);
    return y + (name != NULL);
}

static double class_share(const struct brushed *b, int side, size_t class)
{
    return b->known[side] > 0
        ? (double)b->class_rows[side][class] / (double)b->known[side] : NAN;
}

static void draw_class(struct surface *s, int y, const struct scatter *shown,
                       const struct brushed *b, size_t class)
{
    struct str here = {0}, elsewhere = {0};

    format_share(&here, class_share(b, 0, class));
    format_share(&elsewhere, class_share(b, 1, class));
    surface_text(s, 0, y, s->width - PAIR, ROLE_TARGET, shown->encoder->classes[class]);
    draw_pair(s, y, ROLE_TARGET, str_text(&here), str_text(&elsewhere));
    str_done(&here);
    str_done(&elsewhere);
}

/* The frequent ones there. */
static int draw_classes(struct surface *s, int y, const struct scatter *shown,
                        const struct brushed *b)
{
    size_t n = (size_t)shown->encoder->n_classes, drawn = 0;
    bool *done = xcalloc(n, sizeof *done);

    for (; drawn < n && drawn < CLASSES; drawn++) {
        size_t best = n;

        for (size_t k = 0; k < n; k++)
            if (!done[k] && (best == n || b->class_rows[0][k] > b->class_rows[0][best]))
                best = k;
        done[best] = true;
        draw_class(s, y + (int)drawn, shown, b, best);
    }
    free(done);
    return y + (int)drawn;
}

static int draw_target(const struct view *v, struct surface *s, int y,
                       const struct scatter *shown, const struct brushed *b)
{
    bool classes = shown->encoder->n_classes > 2 && b->class_rows[0];

    if (!classes && b->known[0] + b->known[1] == 0)
        return y;
    surface_text(s, 0, y, s->width - PAIR, ROLE_DIM, "target");
    draw_pair(s, y, ROLE_DIM, "here", "else");
    return classes ? draw_classes(s, y + 1, shown, b)
                   : draw_mean(v, s, y + 1, shown, b);
}

/* ---- what tells ---- */

static void put_name(struct str *out, const struct scatter *s,
                     const struct brush_share *x)
{
    str_puts(out, s->encoder->categorical[x->column].name);
    if (x->value < s->n_values)
        str_printf(out, "=%s", embedding_text(s->encoder, &s->values[x->value]));
}

static void put_lift(struct str *out, double lift)
{
    if (!isnan(lift))
        str_printf(out, lift < 9.95 ? "%.1f" : "%.0f", lift);
}

static void draw_share(struct surface *s, int y, const struct scatter *shown,
                       const struct brush_share *x)
{
    struct str name = {0}, share = {0}, lift = {0};
    int right = isnan(x->lift) ? 0 : LIFT;

    put_name(&name, shown, x);
    format_share(&share, x->share);
    put_lift(&lift, x->lift);
    surface_text(s, 0, y, s->width - SHARE - right, ROLE_TEXT, str_text(&name));
    surface_text_right(s, s->width - SHARE - right, y, SHARE, ROLE_TEXT,
                       str_text(&share));
    if (right)
        surface_text_right(s, s->width - LIFT, y, LIFT, ROLE_STRONG, str_text(&lift));
    str_done(&name);
    str_done(&share);
    str_done(&lift);
}

/* With its heading, on so many rows. */
static int draw_list(struct surface *s, int y, const struct scatter *shown,
                     const char *heading, const struct brush_share *list, int n,
                     int rows)
{
    if (n == 0 || rows < 2)
        return y;
    surface_text(s, 0, y, s->width - SHARE - LIFT, ROLE_DIM, heading);
    surface_text_right(s, s->width - SHARE - (isnan(list[0].lift) ? 0 : LIFT), y, SHARE,
                       ROLE_DIM, isnan(list[0].lift) ? "rows" : "share");
    if (!isnan(list[0].lift))
        surface_text_right(s, s->width - LIFT, y, LIFT, ROLE_DIM, "lift");
    for (int i = 0; i < n && i < rows - 1; i++)
        draw_share(s, ++y, shown, &list[i]);
    return y + 1;
}

/* The second list has half of the room, and what the first one leaves. */
static void draw_lists(struct surface *s, int y, const struct scatter *shown,
                       const struct brushed *b)
{
    int left = s->height - y, half = b->n_beside > 0 ? (left + 1) / 2 : left;

    if (b->n_telling == 0 && b->n_beside == 0) {
        prose_draw(s, 0, y, s->width, ROLE_DIM, b->points > 0
                   ? "Nothing is here more than elsewhere." : "No point is in it.");
        return;
    }
    if (b->n_beside + 1 < left - half)
        half = left - b->n_beside - 1;
    y = draw_list(s, y, shown, is_cells(shown) ? "cells" : "columns", b->telling,
                  b->n_telling, half);
    draw_list(s, y, shown, is_cells(shown) ? "beside in rows" : "values", b->beside,
              b->n_beside, s->height - y);
}

void points_draw_brushed(const struct view *v, struct surface *s)
{
    const struct scatter *shown = points_shown(v);
    struct brushed *b = points_brushed(v);
    int y;

    if (!b)
        return;
    draw_points(s, shown, b);
    y = b->all_rows > 0 ? points_draw_rows(s, 1, b->rows, b->all_rows) : 1;
    y = draw_target(v, s, y, shown, b);
    draw_lists(s, y, shown, b);
    brushed_free(b);
}

static void copy_list(struct str *out, const struct scatter *s,
                      const struct brush_share *list, int n)
{
    for (int i = 0; i < n; i++) {
        put_name(out, s, &list[i]);
        str_printf(out, "\t%zu\t%.4f", list[i].n, list[i].share);
        if (!isnan(list[i].lift))
            str_printf(out, "\t%.3f", list[i].lift);
        str_putc(out, '\n');
    }
}

void points_copy_brushed(const struct view *v, struct str *out)
{
    const struct scatter *shown = points_shown(v);
    struct brushed *b = points_brushed(v);

    if (!b)
        return;
    copy_list(out, shown, b->telling, b->n_telling);
    copy_list(out, shown, b->beside, b->n_beside);
    brushed_free(b);
}
