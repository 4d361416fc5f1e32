/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/procrustes.h"

#include <math.h>

/* Means, sums of squares, and sums of products: m[i][k] of to's i and from's k. */
struct moments {
    double from[2], to[2], from2, to2, m[2][2];
};

static struct moments gather(const float *from, const float *to, size_t n)
{
    struct moments s = {.from2 = 0};

    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 2; c++) {
            s.from[c] += from[2 * i + (size_t)c] / (double)n;
            s.to[c] += to[2 * i + (size_t)c] / (double)n;
        }
    for (size_t i = 0; i < n; i++) {
        double f[2], t[2];

        for (int c = 0; c < 2; c++) {
            f[c] = from[2 * i + (size_t)c] - s.from[c];
            t[c] = to[2 * i + (size_t)c] - s.to[c];
        }
        s.from2 += f[0] * f[0] + f[1] * f[1];
        s.to2 += t[0] * t[0] + t[1] * t[1];
        for (int c = 0; c < 2; c++)
            for (int k = 0; k < 2; k++)
                s.m[c][k] += t[c] * f[k];
    }
    return s;
}

/* In the plane the best rotation turns by the angle of the sum of conj(from) to, taken as
 * complex numbers, and the best reflection by that of the sum of from to: whichever sum
 * is longer fits better. */
struct procrustes procrustes_fit(const float *from, const float *to, size_t n)
{
    struct moments s = gather(from, to, n);
    double turn_x = s.m[0][0] + s.m[1][1], turn_y = s.m[1][0] - s.m[0][1];
    double flip_x = s.m[0][0] - s.m[1][1], flip_y = s.m[1][0] + s.m[0][1];
    double turn = hypot(turn_x, turn_y), flip = hypot(flip_x, flip_y);
    struct procrustes p = {.is_reflected = flip > turn, .unlike = 1,
                           .x = s.from[0], .y = s.from[1]};
    double fit = p.is_reflected ? flip : turn;

    if (s.from2 > 0 && s.to2 > 0) {
        p.scale = fit / s.from2;
        p.unlike = fmax(1 - fit * fit / (s.from2 * s.to2), 0);
        p.a = (p.is_reflected ? flip_x : turn_x) / s.from2;
        p.c = (p.is_reflected ? flip_y : turn_y) / s.from2;
        p.b = p.is_reflected ? p.c : -p.c;
        p.d = p.is_reflected ? -p.a : p.a;
    }
    p.right = s.to[0] - p.a * s.from[0] - p.b * s.from[1];
    p.up = s.to[1] - p.c * s.from[0] - p.d * s.from[1];
    return p;
}

void procrustes_keep_size(struct procrustes *p)
{
    double by = p->unlike < 1 ? 1 / sqrt(1 - p->unlike) : 1;

    p->right -= (by - 1) * (p->a * p->x + p->b * p->y);
    p->up -= (by - 1) * (p->c * p->x + p->d * p->y);
    p->a *= by;
    p->b *= by;
    p->c *= by;
    p->d *= by;
    p->scale *= by;
}

void procrustes_apply(const struct procrustes *p, float *layout, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = layout[2 * i], y = layout[2 * i + 1];

        layout[2 * i] = (float)(p->a * x + p->b * y + p->right);
        layout[2 * i + 1] = (float)(p->c * x + p->d * y + p->up);
    }
}
