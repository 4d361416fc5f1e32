/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Beside a layout of embeddings: what its colours and glyphs mean, and the value under
 * the cursor with those that are nearest to it in all dimensions. */
#include "ui/pane_points.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "lens/cosine.h"
#include "ui/format.h"
#include "ui/prose.h"

/* ---- the legend ---- */

static size_t values_of(const struct scatter *s, int column)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_values; i++)
        n += s->values[i].column == column;
    return n;
}

static bool by_column(const struct view *v)
{
    return v->desk->embedding.colour == COLOUR_COLUMN;
}

static size_t count_legend(const struct view *v)
{
    const struct scatter *s = points_shown(v);

    if (!s)
        return 0;
    return by_column(v) ? (size_t)s->encoder->n_categorical
        : points_by_class(v, s) ? (size_t)s->encoder->n_classes : POINTS_LEVELS;
}

/* At the right: values of that kind. */
static void draw_count(struct surface *s, int y, size_t n)
{
    char number[32];

    snprintf(number, sizeof number, "%zu", n);
    surface_text_right(s, s->width - 4, y, 4, ROLE_DIM, number);
}

/* "E education   16", in brackets where it is hidden */
static void draw_column(const struct view *v, struct surface *s, int y,
                        const struct scatter *shown, int column, char letter)
{
    const struct embedding_desk *d = &v->desk->embedding;
    bool hidden = column < d->n_hidden && d->hidden[column];
    const char *name = shown->encoder->categorical[column].name;

    surface_put(s, 0, y, (unsigned char)letter,
                hidden ? ROLE_DIM : (enum role)(ROLE_SERIES_1 + column % 8));
    if (hidden)
        surface_printf(s, 2, y, s->width - 7, ROLE_DIM, "(%s)", name);
    else
        surface_text(s, 2, y, s->width - 7, ROLE_TEXT, name);
    draw_count(s, y, values_of(shown, column));
}

/* "S setosa   12" */
static void draw_class(struct surface *s, int y, const struct scatter *shown, int class,
                       char letter)
{
    size_t n = 0;

    for (size_t i = 0; i < shown->n_values; i++)
        n += scatter_class(shown, i) == class;
    surface_put(s, 0, y, (unsigned char)letter, (enum role)(ROLE_SERIES_1 + class % 8));
    surface_text(s, 2, y, s->width - 7, n > 0 ? ROLE_TEXT : ROLE_DIM,
                 shown->encoder->classes[class]);
    draw_count(s, y, n);
}

/* "3 from 0.30   12" */
static void draw_level(const struct view *v, struct surface *s, int y,
                       const struct scatter *shown, int level)
{
    struct str text = {0};
    size_t n = 0;

    for (size_t i = 0; i < shown->n_values; i++)
        n += points_level(v, shown, i) == level;
    surface_put(s, 0, y, (uint32_t)('0' + level),
                (enum role)(ROLE_HEAT_0 + level * 15 / (POINTS_LEVELS - 1)));
    str_puts(&text, "from ");
    if (v->desk->embedding.colour == COLOUR_TARGET && points_class(v, shown) >= 0)
        str_printf(&text, "%.1f", points_level_from(v, shown, level));
    else if (v->desk->embedding.colour == COLOUR_TARGET)
        format_short(&text, points_level_from(v, shown, level));
    else
        str_printf(&text, "%.0f rows", ceil(points_level_from(v, shown, level)));
    surface_text(s, 2, y, s->width - 7, n > 0 ? ROLE_TEXT : ROLE_DIM, str_text(&text));
    draw_count(s, y, n);
    str_done(&text);
}

static void draw_legend(const struct view *v, struct surface *s, bool focused)
{
    const struct scatter *shown = points_shown(v);
    struct list *l = &v->desk->lists[PANE_LEGEND];
    size_t n = count_legend(v);
    char *letters;

    if (!shown || s->height < 1)
        return;
    letters = points_glyphs(v, shown);
    list_fit(l, (size_t)s->height, n);
    for (size_t i = l->top; i < n && i < l->top + l->page; i++) {
        int y = (int)(i - l->top);

        if (by_column(v))
            draw_column(v, s, y, shown, (int)i, letters[i]);
        else if (points_by_class(v, shown))
            draw_class(s, y, shown, (int)i, letters[i]);
        else
            draw_level(v, s, y, shown, POINTS_LEVELS - 1 - (int)i);
        if (focused && i == l->cursor)
            surface_paint(s, (struct rect){2, y, s->width - 2, 1}, ROLE_CURSOR);
    }
    free(letters);
}

static void title_legend(const struct view *v, struct str *out)
{
    const struct scatter *s = points_shown(v);
    char *name = s ? points_target_name(v, s) : NULL;

    if (by_column(v))
        str_puts(out, "columns");
    else if (v->desk->embedding.colour == COLOUR_ROWS)
        str_puts(out, "frequency");
    else if (name)
        show_to(out, name, strlen(name), 20);
    else
        str_puts(out, "no target");
    free(name);
}

static bool holds_column(const struct view *v, size_t i, const char *text)
{
    const struct scatter *s = points_shown(v);

    return s && by_column(v) && strstr(s->encoder->categorical[i].name, text) != NULL;
}

const struct pane_type pane_legend = {
    .name = "legend",
    .title = title_legend,
    .draw = draw_legend,
    .count = count_legend,
    .holds = holds_column,
};

/* ---- the value under the cursor ---- */

enum { NEAREST_MOST = 40 };

int points_draw_rows(struct surface *s, int y, size_t rows, size_t all)
{
    char count[COUNT_TEXT], of[COUNT_TEXT];
    struct str share = {0};

    format_share(&share, (double)rows / (double)all);
    surface_printf(s, 0, y, 0, ROLE_TEXT, "%s of %s rows, %s", count_text(rows, count),
                   count_text(all, of), str_text(&share));
    str_done(&share);
    return y + 1;
}

void points_put_target(const struct scatter *s, double x, struct str *out)
{
    if (s->encoder->task == TASK_REGRESSION || isnan(x))
        format_short(out, x);
    else
        str_printf(out, "%.3f", x);
}

/* "unacc 55%, acc 30%, good 15%": the most frequent ones first, as far as they fit. */
static void put_classes(struct str *out, const struct scatter *s, size_t value, int width)
{
    int n = s->encoder->n_classes;
    bool *done = xcalloc((size_t)n, sizeof *done);

    for (int drawn = 0; drawn < n && (int)out->length < width; drawn++) {
        int best = -1;

        for (int k = 0; k < n; k++)
            if (!done[k] && (best < 0 || scatter_share(s, value, k)
                                             > scatter_share(s, value, best)))
                best = k;
        done[best] = true;
        if (!(scatter_share(s, value, best) > 0))
            break;
        str_printf(out, "%s%s ", drawn > 0 ? ", " : "", s->encoder->classes[best]);
        format_share(out, scatter_share(s, value, best));
    }
    free(done);
}

static int draw_target(const struct view *v, struct surface *s, int y,
                       const struct scatter *shown, size_t value)
{
    char *name = points_target_name(v, shown);
    struct str text = {0};

    if (!name)
        return y;
    if (points_class(v, shown) < 0 && shown->class_rows) {
        put_classes(&text, shown, value, s->width);
    } else {
        str_printf(&text, "%s ", name);
        points_put_target(shown, points_target(v, shown, value), &text);
    }
    surface_text(s, 0, y, 0, ROLE_TARGET, str_text(&text));
    str_done(&text);
    free(name);
    return y + 1;
}

static void draw_neighbour(struct surface *s, int y, const struct scatter *shown,
                           size_t value, double cosine)
{
    const struct embedding_value *n = &shown->values[value];

    surface_printf(s, 0, y, 5, ROLE_DIM, "%5.2f", cosine);
    surface_printf(s, 6, y, s->width - 6, ROLE_TEXT, "%s=%s",
                   shown->encoder->categorical[n->column].name,
                   embedding_text(shown->encoder, n));
}

static int draw_neighbours(struct surface *s, int y, const struct scatter *shown,
                           size_t value, int rows)
{
    uint32_t index[NEAREST_MOST];
    double cosine[NEAREST_MOST];
    size_t n = rows < 1 ? 0 : (size_t)(rows < NEAREST_MOST ? rows : NEAREST_MOST);

    n = cosine_nearest(shown->vectors, shown->n_values, shown->width, value, n, index,
                       cosine);
    for (size_t i = 0; i < n; i++)
        draw_neighbour(s, y + (int)i, shown, index[i], cosine[i]);
    return y + (int)n;
}

/* ---- what stayed ---- */

enum { KEPT = 10 };

static double away(const struct scatter *s, size_t a, size_t b)
{
    double x = (double)(s->place[2 * a] - s->place[2 * b]);
    double y = (double)(s->place[2 * a + 1] - s->place[2 * b + 1]);

    return x * x + y * y;
}

/* The k nearest in the plane into out; returns how many there are. */
static size_t nearest_in_plane(const struct scatter *s, size_t value, size_t k,
                               uint32_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_values; i++) {
        size_t at;

        if (i == value || (n == k && away(s, value, i) >= away(s, value, out[k - 1])))
            continue;
        at = n < k ? n++ : k - 1;
        for (; at > 0 && away(s, value, i) < away(s, value, out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = (uint32_t)i;
    }
    return n;
}

/* Of the nearest in the plane those that were among them in the layout before. */
static size_t count_kept(const struct scatter *s, const struct scatter *before,
                         size_t value, size_t *of)
{
    uint32_t *same = xcalloc(s->n_values, sizeof *same);
    uint32_t now[KEPT], then[KEPT];
    size_t n = nearest_in_plane(s, value, KEPT, now), m = 0, kept = 0;

    scatter_match(s, before, same);
    if (same[value] < before->n_values)
        m = nearest_in_plane(before, same[value], KEPT, then);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++)
            kept += same[now[i]] == then[k];
    free(same);
    *of = n;
    return kept;
}

static int draw_kept(const struct view *v, struct surface *s, int y,
                     const struct scatter *shown, size_t value)
{
    const struct scatter *before = points_beside(v);
    size_t of, kept;

    if (!before || !v->desk->embedding.beside)
        return y;
    kept = count_kept(shown, before, value, &of);
    surface_printf(s, 0, y, 0, ROLE_TEXT, "%zu of %zu nearest stayed", kept, of);
    return y + 1;
}

/* How it was made, as far as there is room: what one has to know to believe it. */
static void draw_facts(struct surface *s, int y, const struct scatter *shown)
{
    struct str text = {0};
    char points[COUNT_TEXT];

    str_printf(&text, "%s %s, perplexity %g, seed %llu",
               count_text(shown->n_points, points),
               shown->points == EMBEDDING_CELLS ? "cells" : "values", shown->perplexity,
               (unsigned long long)shown->seed);
    if (!isnan(shown->trust))
        str_printf(&text, ", trustworthiness %.2f", shown->trust);
    str_puts(&text, ". What lies far apart, the size of groups and axes mean nothing.");
    prose_draw(s, 0, y, s->width, ROLE_DIM, str_text(&text));
    str_done(&text);
}

static int rows_of_facts(const struct surface *s)
{
    return s->width >= 40 ? 4 : 7;
}

static void draw_point(const struct view *v, struct surface *s, bool focused)
{
    const struct scatter *shown = points_shown(v);
    int y = 0, left;
    size_t at;

    (void)focused;
    if (!shown)
        return;
    if (v->desk->embedding.brushing) {
        points_draw_brushed(v, s);
        return;
    }
    at = points_cursor(v, shown);
    y = prose_draw(s, 0, y, s->width, ROLE_STRONG,
                   embedding_text(shown->encoder, &shown->values[at]));
    y = points_draw_rows(s, y, shown->values[at].rows, shown->rows);
    y = draw_target(v, s, y, shown, at);
    y = draw_kept(v, s, y, shown, at);
    surface_printf(s, 0, y, 0, ROLE_DIM, "nearest (cosine, %d-d)", shown->width);
    left = s->height - y - 1;
    if (left > rows_of_facts(s) + 4)
        left -= rows_of_facts(s) + 1;
    y = draw_neighbours(s, y + 1, shown, at, left);
    if (s->height - y > rows_of_facts(s))
        draw_facts(s, y + 1, shown);
}

static void title_point(const struct view *v, struct str *out)
{
    const struct scatter *s = points_shown(v);
    const char *name;

    if (!s || v->desk->embedding.brushing) {
        str_puts(out, s ? "brush" : "value");
        return;
    }
    name = s->encoder->categorical[s->values[points_cursor(v, s)].column].name;
    show_to(out, name, strlen(name), 24);
}

static void copy_point(const struct view *v, struct str *out)
{
    const struct scatter *s = points_shown(v);
    uint32_t index[NEAREST_MOST];
    double cosine[NEAREST_MOST];
    size_t n;

    if (v->desk->embedding.brushing)
        points_copy_brushed(v, out);
    if (!s || v->desk->embedding.brushing)
        return;
    n = cosine_nearest(s->vectors, s->n_values, s->width, points_cursor(v, s),
                       NEAREST_MOST, index, cosine);
    for (size_t i = 0; i < n; i++)
        str_printf(out, "%.4f\t%s\t%s\n", cosine[i],
                   s->encoder->categorical[s->values[index[i]].column].name,
                   embedding_text(s->encoder, &s->values[index[i]]));
}

const struct pane_type pane_point = {
    .name = "point",
    .title = title_point,
    .draw = draw_point,
    .copy = copy_point,
};
