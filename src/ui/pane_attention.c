/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The map of one layer and head, columns that ask down and those that are asked across,
 * and beside it what the one under the cursor attends to, and what masking a column does.
 */
#include "ui/pane_attention.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ui/pane_data.h"
#include "ui/prose.h"

const struct attending *attention_known(const struct view *v)
{
    return v->attending && v->attending->found ? v->attending : NULL;
}

const struct attending *attention_seen(const struct view *v, struct surface *s)
{
    const struct attending *a = attention_known(v);

    if (!a && v->attending && v->attending->why.kind != ERROR_NONE)
        prose_draw(s, 1, 1, s->width - 2, ROLE_DIM, v->attending->why.text);
    else if (!a)
        surface_text(s, 1, 1, 0, ROLE_DIM, "looking ...");
    else
        return a;
    return NULL;
}

const char *attention_name(const struct attending *a, size_t i)
{
    return sight_name(a->found, i);
}

enum role attention_heat(double share)
{
    int step = (int)(fabs(share) * 15 + 0.5);

    return (enum role)(ROLE_HEAT_0 + (step > 15 ? 15 : step));
}

bool attention_has_shades(const struct surface *s)
{
    return s->colourless || s->glyphs == GLYPHS_ASCII;
}

uint32_t attention_shade(const struct surface *s, double share)
{
    static const char shades[] = " .:-=+*#%@";
    int step = (int)(fabs(share) * 9 + 0.5);

    if (!attention_has_shades(s))
        return ' ';
    return (unsigned char)shades[step > 9 ? 9 : step];
}

static double *map_of(const struct attending *a)
{
    return sight_map(a->found, attending_layer(a), a->wish.head);
}

static double largest(const double *map, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(map[i]));
    return most;
}

static size_t columns_of(const struct attending *a)
{
    return (size_t)a->found->seen.columns;
}

double attention_least(const struct view *v)
{
    const struct attending *a = attention_known(v);

    return a ? v->desk->attention.threshold / (double)columns_of(a) : 0;
}

/* ---- the map ---- */

enum { MARK = 1, LEAST_NAME = 5, MOST_NAME = 16, LEAST_CELL = 4, MOST_CELL = 9 };

/* How it lies on its surface. */
struct grid_plan {
    int name, cell;     /* columns of a name, and of a number with its gap */
    int lines;          /* rows of a cell */
    size_t left, shown; /* columns across */
    double most;        /* the largest number */
    double unit;        /* what numbers in cells are multiplied by: 100, 1000, ... */
    double threshold;   /* the least number that is shown */
    bool signs;         /* of differences */
};

static int longest_name(const struct attending *a)
{
    int most = LEAST_NAME;

    for (size_t i = 0; i < columns_of(a); i++) {
        int n = surface_width(attention_name(a, i));

        most = n > most ? n : most;
    }
    return most < MOST_NAME ? most : MOST_NAME;
}

static struct grid_plan plan_map(const struct view *v, const struct attending *a,
                                 const struct surface *s, const double *map)
{
    struct attention_desk *d = &v->desk->attention;
    size_t m = columns_of(a);
    struct grid_plan p = {.name = longest_name(a), .most = largest(map, m * m),
                          .unit = pow(10, sight_decimals(map, m * m)),
                          .threshold = attention_least(v),
                          .signs = a->found->less.rows > 0};
    int room, least = LEAST_CELL + p.signs;

    if (p.name > s->width / 3)
        p.name = s->width / 3 > LEAST_NAME ? s->width / 3 : LEAST_NAME;
    room = s->width - MARK - p.name;
    p.cell = room / (int)m;
    p.cell = p.cell < least ? least : p.cell > MOST_CELL ? MOST_CELL : p.cell;
    p.shown = room > p.cell ? (size_t)(room / p.cell) : 1;
    if (p.shown > m)
        p.shown = m;
    if (d->key >= m)
        d->key = m - 1;
    if (d->left + p.shown > m)
        d->left = m - p.shown;
    if (d->key < d->left)
        d->left = d->key;
    else if (d->key >= d->left + p.shown)
        d->left = d->key - p.shown + 1;
    p.left = d->left;
    p.lines = (s->height - 1) / (int)m >= 3 ? 3 : (s->height - 1) / (int)m >= 2 ? 2 : 1;
    return p;
}

static void draw_number(const struct view *v, struct surface *s,
                        const struct grid_plan *p, struct rect cell, double x)
{
    const struct attention_desk *d = &v->desk->attention;
    bool seen = fabs(x) >= p->threshold;
    double share = seen && p->most > 0 ? x / p->most : 0;
    enum role role = attention_heat(share);
    struct rect inner = {cell.x + 1, cell.y, cell.width - 1, cell.height};
    char text[16];

    surface_fill(s, inner, attention_shade(s, share), role);
    if (d->plain)
        return;
    if (!seen)
        snprintf(text, sizeof text, ".");
    else
        snprintf(text, sizeof text, p->signs ? "%+.0f" : "%.0f", x * p->unit);
    if (attention_has_shades(s))
        surface_fill(s, (struct rect){cell.x + 2, cell.y + (cell.height - 1) / 2,
                                      cell.width - 2, 1}, ' ', role);
    surface_text_right(s, cell.x + 1, cell.y + (cell.height - 1) / 2,
                       cell.width > 5 ? cell.width - 2 : cell.width - 1,
                       p->signs && x < 0 && seen ? ROLE_SERIES_1 : role, text);
}

static void draw_line(const struct view *v, const struct attending *a, struct surface *s,
                      const struct grid_plan *p, const double *map, size_t i, int y)
{
    size_t m = columns_of(a);
    int middle = y + (p->lines - 1) / 2;

    surface_text(s, MARK, middle, p->name, ROLE_TEXT, attention_name(a, i));
    for (size_t k = 0; k < p->shown; k++) {
        struct rect cell = {MARK + p->name + (int)k * p->cell, y, p->cell, p->lines};

        draw_number(v, s, p, cell, map[i * m + p->left + k]);
    }
}

static void draw_heads_of_columns(const struct attending *a, struct surface *s,
                                  const struct grid_plan *p, size_t key)
{
    surface_printf(s, 0, 0, MARK + p->name, ROLE_DIM, "x%.0f", p->unit);
    for (size_t k = 0; k < p->shown; k++)
        surface_text(s, MARK + p->name + (int)k * p->cell + 1, 0, p->cell - 1,
                     p->left + k == key ? ROLE_STRONG : ROLE_DIM,
                     attention_name(a, p->left + k));
    if (p->left > 0)
        surface_put(s, MARK + p->name, 0, '<', ROLE_DIM);
    if (p->left + p->shown < columns_of(a))
        surface_put(s, s->width - 1, 0, '>', ROLE_DIM);
}

static void draw_cursor(struct surface *s, const struct grid_plan *p, int y, size_t key,
                        bool focused)
{
    int middle = y + (p->lines - 1) / 2;
    enum role role = focused ? ROLE_CURSOR : ROLE_CURSOR_OFF;

    surface_put(s, 0, middle, '>', ROLE_STRONG);
    surface_paint(s, (struct rect){MARK, middle, p->name, 1}, role);
    surface_paint(s, (struct rect){MARK + p->name + (int)(key - p->left) * p->cell + 1,
                                   middle, p->cell - 1, 1}, role);
}

/* Below a map that is not what is wished, or not all of it. Returns the rows it took. */
static int draw_why(const struct view *v, const struct attending *a, struct surface *s)
{
    if (a->why.kind != ERROR_NONE)
        surface_text(s, MARK, s->height - 1, 0, ROLE_WARNING, a->why.text);
    else if (v->desk->attention.threshold > 0)
        surface_printf(s, MARK, s->height - 1, 0, ROLE_DIM,
                       "from %.3g, %g times all alike (1/%zu)", attention_least(v),
                       v->desk->attention.threshold, columns_of(a));
    else
        return 0;
    return 1;
}

static void draw_lines(const struct view *v, const struct attending *a,
                       struct surface *s, bool focused)
{
    struct list *l = &v->desk->lists[PANE_MAP];
    double *map = map_of(a);
    struct grid_plan p = plan_map(v, a, s, map);

    list_fit(l, (size_t)((s->height - 1) / p.lines), columns_of(a));
    draw_heads_of_columns(a, s, &p, v->desk->attention.key);
    for (size_t i = 0; i < l->page && l->top + i < columns_of(a); i++) {
        int y = 1 + (int)i * p.lines;

        draw_line(v, a, s, &p, map, l->top + i, y);
        if (l->top + i == l->cursor)
            draw_cursor(s, &p, y, v->desk->attention.key, focused);
    }
    free(map);
}

static void draw_map(const struct view *v, struct surface *s, bool focused)
{
    const struct attending *a = attention_seen(v, s);
    struct surface part;

    if (!a || s->width < MARK + LEAST_NAME + LEAST_CELL || s->height < 3)
        return;
    part = surface_part(s, (struct rect){0, 0, s->width, s->height - draw_why(v, a, s)});
    draw_lines(v, a, &part, focused);
}

static void title_map(const struct view *v, struct str *out)
{
    const struct attending *a = attention_known(v);

    if (!a) {
        str_puts(out, "attention");
        return;
    }
    str_printf(out, "%s: ", a->of.run);
    attending_title(a, out);
}

static size_t count_map(const struct view *v)
{
    const struct attending *a = attention_known(v);

    return a ? columns_of(a) : 0;
}

static bool holds_name(const struct view *v, size_t i, const char *text)
{
    const struct attending *a = attention_known(v);

    const char *name = a ? attention_name(a, i) : "";

    return data_cell_holds((struct cell){name, (uint32_t)strlen(name)}, text);
}

static bool move_map(const struct view *v, enum movement m, long n)
{
    struct attention_desk *d = &v->desk->attention;
    size_t columns = count_map(v);

    if (m != MOVE_LEFT && m != MOVE_RIGHT)
        return false;
    if (m == MOVE_LEFT)
        d->key -= (size_t)n < d->key ? (size_t)n : d->key;
    else
        d->key += (size_t)n;
    if (d->key >= columns)
        d->key = columns > 0 ? columns - 1 : 0;
    return true;
}

static void copy_map(const struct view *v, struct str *out)
{
    const struct attending *a = attention_known(v);
    size_t m = count_map(v);
    double *map;

    if (!a)
        return;
    map = map_of(a);
    for (size_t i = 0; i < m; i++)
        str_printf(out, "\t%s", attention_name(a, i));
    for (size_t i = 0; i < m * m; i++) {
        if (i % m == 0)
            str_printf(out, "\n%s", attention_name(a, i / m));
        str_printf(out, "\t%.4f", map[i]);
    }
    str_putc(out, '\n');
    free(map);
}

const struct pane_type pane_map = {
    .name = "map",
    .title = title_map,
    .draw = draw_map,
    .count = count_map,
    .header = 1,
    .holds = holds_name,
    .move = move_map,
    .copy = copy_map,
};

/* ---- what one column attends to ---- */

struct weight {
    double x;
    size_t column;
};

static int by_size(const void *a, const void *b)
{
    const struct weight *p = a, *q = b;

    if (fabs(p->x) != fabs(q->x))
        return fabs(p->x) < fabs(q->x) ? 1 : -1;
    return p->column < q->column ? -1 : 1;
}

static void draw_weight(const struct attending *a, struct surface *s, int y, int name,
                        const struct weight *w, double most, int decimals)
{
    int number = decimals + 3, bar = s->width - name - number - 2;
    char text[32];

    surface_text(s, 0, y, name, ROLE_TEXT, attention_name(a, w->column));
    snprintf(text, sizeof text, "%.*f", decimals, w->x);
    surface_text_right(s, name + 1, y, number, ROLE_TEXT, text);
    if (bar > 0 && most > 0)
        surface_bar(s, name + number + 2, y, bar, fabs(w->x) / most,
                    w->x < 0 ? ROLE_SERIES_1 : ROLE_SERIES_1 + 1);
}

/* The largest of x (m) first, as many as there is room for. Returns the rows it took. */
static int draw_weights(const struct attending *a, struct surface *s, int y, int rows,
                        const double *x, int decimals)
{
    size_t m = columns_of(a);
    struct weight *w = xcalloc(m, sizeof *w);
    int name = longest_name(a), n = rows < (int)m ? rows : (int)m;

    for (size_t i = 0; i < m; i++)
        w[i] = (struct weight){x[i], i};
    qsort(w, m, sizeof *w, by_size);
    if (name > s->width - decimals - 5)
        name = s->width - decimals - 5 > LEAST_NAME ? s->width - decimals - 5
                                                    : LEAST_NAME;
    for (int i = 0; i < n; i++)
        draw_weight(a, s, y + i, name, &w[i], fabs(w[0].x), decimals);
    free(w);
    return n > 0 ? n : 0;
}

static double entropy(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum -= x[i] > 0 ? x[i] * log(x[i]) : 0;
    return sum;
}

/* Returns the rows it took. */
static int draw_masking(const struct attending *a, struct surface *s, int y)
{
    struct str of = {0};
    int begin = y;

    if (!a->found->effect || s->height - y < 3)
        return 0;
    surface_text(s, 0, y++, 0, ROLE_STRONG, "said to be missing, moves");
    surface_text(s, 0, y++, 0, ROLE_STRONG, "the prediction by");
    attending_masked(a, &of);
    if (of.length > 0)
        surface_printf(s, 0, y++, 0, ROLE_DIM, "(%s)", of.text);
    str_done(&of);
    y += draw_weights(a, s, y, s->height - y, a->found->effect, 4);
    return y - begin;
}

static void draw_query(const struct view *v, struct surface *s, bool focused)
{
    const struct attending *a = attention_seen(v, s);
    size_t at = v->desk->lists[PANE_MAP].cursor, m;
    double *map;
    int y, half;

    (void)focused;
    if (!a || s->height < 2)
        return;
    m = columns_of(a);
    at = at < m ? at : m - 1;
    map = map_of(a);
    half = a->found->effect ? s->height / 2 - 2 : s->height - 6;
    y = draw_weights(a, s, 0, half > 3 ? half : 3, map + at * m,
                     sight_decimals(map, m * m));
    if (a->found->less.rows == 0 && a->wish.head != HEADS_MAX) /* whose shares sum to more */
        surface_printf(s, 0, y++, 0, ROLE_DIM, "entropy %.2f of %.2f",
                       entropy(map + at * m, m), log((double)m));
    free(map);
    y += 1 + draw_masking(a, s, y + 1);
    if (!a->found->effect && y < s->height)
        prose_draw(s, 0, y, s->width, ROLE_DIM,
                   "Attention is where the model looks, not what its prediction hangs "
                   "on: P tests that by masking.");
}

static void title_query(const struct view *v, struct str *out)
{
    const struct attending *a = attention_known(v);
    size_t at = v->desk->lists[PANE_MAP].cursor;

    str_puts(out, "attends to");
    if (a && at < columns_of(a)) {
        str_clear(out);
        show_to(out, attention_name(a, at), strlen(attention_name(a, at)), 12);
        str_puts(out, " attends to");
    }
}

static void copy_query(const struct view *v, struct str *out)
{
    const struct attending *a = attention_known(v);
    size_t at = v->desk->lists[PANE_MAP].cursor, m = count_map(v);
    double *map;

    if (!a || at >= m)
        return;
    map = map_of(a);
    for (size_t i = 0; i < m; i++) {
        str_printf(out, "%s\t%.4f", attention_name(a, i), map[at * m + i]);
        if (a->found->effect)
            str_printf(out, "\t%.4f", a->found->effect[i]);
        str_putc(out, '\n');
    }
    free(map);
}

const struct pane_type pane_query = {
    .name = "query",
    .title = title_query,
    .draw = draw_query,
    .copy = copy_query,
};
