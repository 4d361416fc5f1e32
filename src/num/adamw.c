/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of gradients and the AdamW update, each one pass over memory. */
#include "num/simd.h"

/* sum over lanes of a few vectors at i; they become 0 */
INLINE void sum_lanes(int vectors, int lanes, real *lane, size_t lane_stride, real *g)
{
    vec sum[8] = {{0}};

    for (int l = 0; l < lanes; l++, lane += lane_stride)
        UNROLL for (int v = 0; v < vectors; v++) {
            sum[v] += load(lane + v * WIDTH);
            store(lane + v * WIDTH, (vec){0});
        }
    UNROLL for (int v = 0; v < vectors; v++)
        store(g + v * WIDTH, sum[v]);
}

double ISA(gradient_sum)(size_t n, int lanes, real *lane, size_t lane_stride, real *g)
{
    size_t i = 0;

    for (; i + 8 * WIDTH <= n; i += 8 * WIDTH)
        sum_lanes(8, lanes, lane + i, lane_stride, g + i);
    for (; i < n; i++) {
        real sum = 0;

        for (int l = 0; l < lanes; l++) {
            sum += lane[(size_t)l * lane_stride + i];
            lane[(size_t)l * lane_stride + i] = 0;
        }
        g[i] = sum;
    }
    return ISA(gradient_norm)(n, g);
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

void ISA(gradient_hold)(size_t n, const real *restrict w, real *restrict g)
{
    for (size_t i = 0; i < n; i++)
        g[i] = w[i] != 0 ? g[i] : 0;
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
