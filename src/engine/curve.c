/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/curve.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void curve_done(struct curve *c)
{
    free(c->points);
    *c = (struct curve){0};
}

void curve_reserve(struct curve *c, size_t n)
{
    size_t want = c->n + n < CURVE_LIMIT ? c->n + n : CURVE_LIMIT;

    if (want <= c->capacity)
        return;
    want = want < 2 * c->capacity ? 2 * c->capacity : want;
    want = want < CURVE_LIMIT ? want : CURVE_LIMIT;
    c->points = xrealloc(c->points, want * sizeof *c->points);
    c->capacity = want;
}

static void halve(struct curve *c)
{
    struct curve_point *p = c->points;

    for (size_t i = 0; i < c->n / 2; i++) {
        double loss = 0.5 * (p[2 * i].loss + p[2 * i + 1].loss);
        double norm = 0.5 * (p[2 * i].norm + p[2 * i + 1].norm);

        p[i] = p[2 * i + 1];
        p[i].loss = loss;
        p[i].norm = norm;
    }
    c->n /= 2;
    c->steps *= 2;
}

void curve_add(struct curve *c, const struct curve_point *p)
{
    if (c->n == CURVE_LIMIT)
        halve(c);
    curve_reserve(c, 1);
    c->points[c->n++] = *p;
}

void curve_follow(struct curve *copy, const struct curve *c)
{
    if (copy->steps != c->steps)
        copy->n = 0; /* halved since */
    copy->steps = c->steps;
    if (copy->n == c->n)
        return;
    curve_reserve(copy, c->n - copy->n);
    memcpy(copy->points + copy->n, c->points + copy->n,
           (c->n - copy->n) * sizeof *copy->points);
    copy->n = c->n;
}
