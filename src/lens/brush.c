/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/brush.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Differences by chance are mostly smaller, in standard deviations. */
#define CHANCE 2

/* What is counted on the way; (n_values) each. */
struct counts {
    const struct scatter *s;
    const struct brush *brush;
    const bool *hidden;
    int n_hidden;
    size_t *inside, *whole; /* points */
    size_t *beside;         /* rows with a point inside and this one not */
};

void brushed_free(struct brushed *b)
{
    if (!b)
        return;
    free(b->has);
    free(b->row_of);
    free(b->class_rows[0]);
    free(b->class_rows[1]);
    free(b);
}

static bool is_shown(const struct counts *c, size_t point)
{
    int column = c->s->values[c->s->value_of[point]].column;

    return column >= c->n_hidden || !c->hidden[column];
}

static bool is_inside(const struct counts *c, size_t point)
{
    double x = (double)c->s->layout[2 * point], y = (double)c->s->layout[2 * point + 1];

    return x >= c->brush->left && x <= c->brush->right && y >= c->brush->bottom
        && y <= c->brush->top;
}

static void count_points(struct counts *c, struct brushed *b)
{
    const struct scatter *s = c->s;

    for (size_t i = 0; i < s->n_points; i++) {
        bool inside = is_inside(c, i);

        if (!is_shown(c, i))
            continue;
        b->all++;
        b->points += inside;
        c->whole[s->value_of[i]]++;
        c->inside[s->value_of[i]] += inside;
    }
    for (size_t v = 0; v < s->n_values; v++) {
        b->has[v] = c->inside[v] > 0;
        b->values += b->has[v];
    }
}

/* ---- rows ---- */

static void add_target(struct brushed *b, int side, double y, size_t n, bool classes)
{
    if (isnan(y))
        return;
    b->known[side] += n;
    if (classes)
        b->class_rows[side][(size_t)y] += n;
    else
        b->mean[side] += (double)n * y;
}

/* The shown cells from `from` to `to` are those of one row. */
static void count_row(struct counts *c, struct brushed *b, size_t from, size_t to)
{
    const struct scatter *s = c->s;
    bool any = false;
    size_t shown = 0;

    for (size_t i = from; i < to; i++) {
        shown += is_shown(c, i);
        any |= is_shown(c, i) && is_inside(c, i);
    }
    if (shown == 0)
        return;
    b->all_rows++;
    if (any)
        b->row_of[b->rows++] = s->row_of[from];
    for (size_t i = from; any && i < to; i++)
        c->beside[s->value_of[i]] += is_shown(c, i) && !is_inside(c, i);
    for (size_t i = from; s->target && i < to; i++)
        if (is_shown(c, i))
            add_target(b, !is_inside(c, i), (double)s->target[i], 1,
                       b->class_rows[0] != NULL);
}

static void count_rows(struct counts *c, struct brushed *b)
{
    const struct scatter *s = c->s;
    size_t end;

    for (size_t i = 0; i < s->n_points; i = end) {
        for (end = i + 1; end < s->n_points && s->row_of[end] == s->row_of[i]; end++)
            ;
        count_row(c, b, i, end);
    }
}

/* Of values there are only sums over their rows. */
static void sum_targets(struct counts *c, struct brushed *b)
{
    const struct scatter *s = c->s;
    size_t classes = b->class_rows[0] ? (size_t)s->encoder->n_classes : 0;

    for (size_t v = 0; v < s->n_values; v++) {
        if (c->whole[v] == 0)
            continue;
        for (size_t k = 0; k < classes; k++)
            add_target(b, !b->has[v], (double)k, s->class_rows[v * classes + k], true);
        if (classes == 0)
            add_target(b, !b->has[v], s->values[v].target, s->values[v].known, false);
    }
}

static void end_targets(struct brushed *b, int n_classes)
{
    for (int side = 0; side < 2; side++) {
        if (n_classes == 2 && b->class_rows[side])
            b->mean[side] = (double)b->class_rows[side][1];
        b->mean[side] = n_classes > 2 || b->known[side] == 0
            ? NAN : b->mean[side] / (double)b->known[side];
    }
}

/* ---- what tells most ---- */

static double weight(const struct brush_share *x)
{
    return isnan(x->lift) ? x->share : x->share * log(x->lift);
}

static void insert(struct brush_share *list, int *n, const struct brush_share *x)
{
    int at = *n;

    while (at > 0 && weight(&list[at - 1]) < weight(x))
        at--;
    if (at == BRUSH_TELLING)
        return;
    if (*n < BRUSH_TELLING)
        (*n)++;
    memmove(list + at + 1, list + at, (size_t)(*n - at - 1) * sizeof *list);
    list[at] = *x;
}

/* n of `of` where it is `whole` of `all`. */
static void add_if_telling(struct brush_share *list, int *n_list, struct brush_share x,
                           size_t of, size_t whole, size_t all)
{
    double p = (double)whole / (double)all, expected = (double)of * p;
    double variance = expected * (1 - p);
    double more = (double)x.n - expected;

    if (x.n == 0 || more <= 0 || more * more < CHANCE * CHANCE * variance)
        return;
    x.share = (double)x.n / (double)of;
    x.lift = x.share / p;
    insert(list, n_list, &x);
}

static void find_values(const struct counts *c, struct brushed *b)
{
    const struct scatter *s = c->s;

    for (size_t v = 0; v < s->n_values; v++) {
        struct brush_share x = {.column = s->values[v].column, .value = v};

        x.n = c->inside[v];
        if (c->whole[v] > 0)
            add_if_telling(b->telling, &b->n_telling, x, b->points, c->whole[v], b->all);
        x.n = c->beside[v];
        if (c->whole[v] > 0)
            add_if_telling(b->beside, &b->n_beside, x, b->rows, c->whole[v],
                           b->all_rows);
    }
}

static void find_columns(const struct counts *c, struct brushed *b)
{
    const struct scatter *s = c->s;

    for (int column = 0; column < s->encoder->n_categorical; column++) {
        struct brush_share x = {.column = column, .value = s->n_values};
        size_t whole = 0;

        for (size_t v = 0; v < s->n_values; v++) {
            x.n += s->values[v].column == column ? c->inside[v] : 0;
            whole += s->values[v].column == column ? c->whole[v] : 0;
        }
        add_if_telling(b->telling, &b->n_telling, x, b->points, whole, b->all);
    }
    for (size_t v = 0; v < s->n_values; v++) {
        struct brush_share x = {.column = s->values[v].column, .value = v,
                                .n = s->values[v].rows, .lift = NAN,
                                .share = (double)s->values[v].rows / (double)s->rows};

        if (b->has[v])
            insert(b->beside, &b->n_beside, &x);
    }
}

/* ---- the whole ---- */

static bool reserve(struct counts *c, struct brushed *b)
{
    const struct scatter *s = c->s;
    size_t classes = s->class_rows ? (size_t)s->encoder->n_classes : 0;

    c->inside = try_calloc(s->n_values, sizeof *c->inside);
    c->whole = try_calloc(s->n_values, sizeof *c->whole);
    c->beside = try_calloc(s->n_values, sizeof *c->beside);
    b->has = try_calloc(s->n_values, sizeof *b->has);
    if (s->row_of)
        b->row_of = try_alloc(s->n_points, sizeof *b->row_of);
    for (int side = 0; side < 2 && classes > 0; side++)
        b->class_rows[side] = try_calloc(classes, sizeof *b->class_rows[side]);
    return c->inside && c->whole && c->beside && b->has && (b->row_of || !s->row_of)
        && (classes == 0 || (b->class_rows[0] && b->class_rows[1]));
}

static void look(struct counts *c, struct brushed *b)
{
    count_points(c, b);
    if (c->s->row_of) {
        count_rows(c, b);
        find_values(c, b);
    } else {
        sum_targets(c, b);
        find_columns(c, b);
    }
    end_targets(b, c->s->encoder->n_classes);
}

struct brushed *brush_look(const struct scatter *s, const struct brush *brush,
                           const bool *hidden, int n_hidden)
{
    struct counts c = {.s = s, .brush = brush, .hidden = hidden, .n_hidden = n_hidden};
    struct brushed *b = xcalloc(1, sizeof *b);
    bool ok = reserve(&c, b);

    if (ok)
        look(&c, b);
    free(c.inside);
    free(c.whole);
    free(c.beside);
    if (ok)
        return b;
    brushed_free(b);
    return NULL;
}
