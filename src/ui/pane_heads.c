/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All layers and heads at a glance, layers down and heads across, each map as small as it
 * has to be: a cell of it stands for several, of which it shows the largest number. Of
 * differences those below 0 have a sign.
 */
#include "ui/pane_attention.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LABEL = 3, GAP = 1, STEPS = 10 /* of characters; colours have some more */ };

struct small_maps {
    const struct attending *a;
    struct surface *s;
    int width, height; /* of a map, in cells of the screen */
    int first;         /* the leftmost head that is shown */
    int shown;         /* heads across */
    int top, rows;     /* layers down */
    double scale;      /* the largest number of all maps */
    double threshold;  /* and the least that is shown */
};

static double largest_of_all(const struct sight *found)
{
    double most = 0;

    for (int layer = 0; layer < found->seen.layers; layer++)
        for (int head = 0; head < found->seen.heads; head++) {
            double *map = sight_map(found, layer, head);

            for (int i = 0; i < found->seen.columns * found->seen.columns; i++)
                most = fmax(most, fabs(map[i]));
            free(map);
        }
    return most;
}

static int at_least(int x, int least)
{
    return x < least ? least : x;
}

static int at_most(int x, int most)
{
    return x > most ? most : x;
}

/* The first of `shown` out of n so that `wanted` is among them. */
static int first_shown(int wanted, int shown, int n)
{
    return at_least(at_most(wanted - shown / 2, n - shown), 0);
}

static struct small_maps plan_maps(const struct view *v, const struct attending *a,
                                   struct surface *s)
{
    const struct attention *x = &a->found->seen;
    struct small_maps p = {.a = a, .s = s, .scale = largest_of_all(a->found),
                           .threshold = attention_least(v)};
    int room = s->width - LABEL, rows = s->height - 2;

    p.width = at_most(at_least(room / x->heads - GAP, 2), x->columns);
    p.height = at_most(at_least(rows / x->layers - GAP, 1), x->columns);
    p.shown = at_most(at_least((room + GAP) / (p.width + GAP), 1), x->heads);
    p.rows = at_most(at_least((rows + GAP) / (p.height + GAP), 1), x->layers);
    p.first = first_shown(a->wish.head > 0 ? a->wish.head : 0, p.shown, x->heads);
    p.top = first_shown(attending_layer(a), p.rows, x->layers);
    return p;
}

/* The largest number of those that a cell of the screen stands for. */
static double largest_in(const struct small_maps *p, const double *map, int x, int y)
{
    int m = p->a->found->seen.columns;
    double most = 0;

    for (int i = y * m / p->height; i < (y + 1) * m / p->height; i++)
        for (int k = x * m / p->width; k < (x + 1) * m / p->width; k++)
            if (fabs(map[i * m + k]) > fabs(most))
                most = map[i * m + k];
    return most;
}

static void draw_small(const struct small_maps *p, int layer, int head, int left, int top)
{
    double *map = sight_map(p->a->found, layer, head);

    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            double most = largest_in(p, map, x, y);
            bool seen = p->scale > 0 && fabs(most) >= p->threshold;
            double share = seen ? most / p->scale : 0;
            bool sign = share < 0 && !attention_has_shades(p->s);

            surface_put(p->s, left + x, top + y,
                        sign ? '-' : attention_shade(p->s, share), attention_heat(share));
        }
    free(map);
}

static void draw_layer(const struct small_maps *p, int layer, int y)
{
    bool here = layer == attending_layer(p->a) && p->a->wish.head != HEADS_ROLLOUT;

    surface_printf(p->s, 0, y, LABEL, here ? ROLE_STRONG : ROLE_DIM, "%c%d",
                   here ? '>' : ' ', layer + 1);
    for (int k = 0; k < p->shown; k++)
        draw_small(p, layer, p->first + k, LABEL + k * (p->width + GAP), y);
}

/* In the last row: the steps of the scale, and what its ends are. */
static void draw_scale(const struct small_maps *p, const struct surface *s)
{
    struct surface line = surface_part(s, (struct rect){0, s->height - 1, s->width, 1});
    int x = surface_text(&line, 0, 0, 0, ROLE_DIM, "0 ");

    for (int i = 0; i < STEPS; i++)
        surface_put(&line, x + i, 0, attention_shade(s, i / (STEPS - 1.0)),
                    attention_heat(i / (STEPS - 1.0)));
    x += STEPS + surface_printf(&line, x + STEPS, 0, 0, ROLE_DIM, " %.2g", p->scale);
    if (p->a->found->less.rows > 0)
        x += surface_text(&line, x, 0, 0, ROLE_DIM,
                          attention_has_shades(s) ? ", either sign" : ", -: below 0");
    if (p->threshold > 0)
        surface_printf(&line, x, 0, 0, ROLE_DIM, ", from %.2g", p->threshold);
}

static void draw_heads(const struct view *v, struct surface *s, bool focused)
{
    const struct attending *a = attention_seen(v, s);
    struct small_maps p;

    if (!a || s->width < LABEL + 2 || s->height < 3)
        return;
    p = plan_maps(v, a, s);
    for (int k = 0; k < p.shown; k++) {
        bool here = a->wish.head == p.first + k;
        int x = LABEL + k * (p.width + GAP);

        surface_printf(s, x, 0, p.width, here ? ROLE_STRONG : ROLE_DIM, "%d",
                       p.first + k + 1);
        if (here && focused)
            surface_paint(s, (struct rect){x, 0, p.width, 1}, ROLE_CURSOR);
    }
    for (int k = 0; k < p.rows; k++)
        draw_layer(&p, p.top + k, 1 + k * (p.height + GAP));
    draw_scale(&p, s);
}

static void title_heads(const struct view *v, struct str *out)
{
    const struct attending *a = attention_known(v);

    str_puts(out, "layers x heads");
    if (a && a->wish.head < 0)
        str_puts(out, a->wish.head == HEADS_ROLLOUT ? ": rollout of all"
                      : a->wish.head == HEADS_MAX ? ": largest of a layer"
                                                  : ": mean of a layer");
}

/* From layer to layer and from head to head; from an aggregate to the first head. */
static bool move_heads(const struct view *v, enum movement m, long n)
{
    struct attending *a = v->attending;
    int by = m == MOVE_UP || m == MOVE_LEFT ? (int)-n : (int)n;

    if (!attention_known(v) || m > MOVE_RIGHT)
        return false;
    if (m == MOVE_UP || m == MOVE_DOWN)
        a->wish.layer = at_least(at_most(attending_layer(a) + by,
                                         a->found->seen.layers - 1), 0);
    else if (a->wish.head < 0)
        a->wish.head = 0;
    else
        a->wish.head = at_least(at_most(a->wish.head + by, a->found->seen.heads - 1), 0);
    return true;
}

const struct pane_type pane_heads = {
    .name = "heads",
    .title = title_heads,
    .draw = draw_heads,
    .move = move_heads,
};
