/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of gradients and the AdamW update, each one pass over memory. */
#include "num/simd.h"

double ISA(gradient_sum)(size_t n, int lanes, real *lane, size_t lane_stride, real *g)
{
    double square = 0;

    for (size_t i = 0; i < n; i++) {
        real sum = 0;

        for (int l = 0; l < lanes; l++) {
            sum += lane[l * lane_stride + i];
            lane[l * lane_stride + i] = 0;
        }
        g[i] = sum;
    }
    for (size_t i = 0; i < n; i++)
        square += (double)g[i] * g[i];
    return square;
}

double ISA(gradient_norm)(size_t n, const real *g)
{
    double square = 0;
    size_t i = 0;

    for (; i + 256 <= n; i += 256) { /* short sums in vectors, their total in double */
        vec sum = {0};

        for (int k = 0; k < 256; k += WIDTH)
            sum += load(g + i + k) * load(g + i + k);
        square += lane_sum(sum);
    }
    for (; i < n; i++)
        square += (double)g[i] * g[i];
    return square;
}

void ISA(adamw_step)(size_t n, const struct adamw *o, bool decay, real *restrict w,
                     const real *restrict g, real *restrict m, real *restrict v)
{
    real keep = decay ? 1 - o->lr * o->weight_decay : 1;
    real rate = o->lr / o->correction1, inverse2 = 1 / o->correction2;

    for (size_t i = 0; i < n; i++) {
        real x = g[i] * o->scale;

        m[i] += (1 - o->beta1) * (x - m[i]);
        v[i] += (1 - o->beta2) * (x * x - v[i]);
        w[i] = w[i] * keep - rate * m[i] / ((real)sqrt(v[i] * inverse2) + o->eps);
    }
}

void ISA(average_step)(size_t n, real share, const real *restrict w,
                       real *restrict average)
{
    for (size_t i = 0; i < n; i++)
        average[i] += share * (w[i] - average[i]);
}
