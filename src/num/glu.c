/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gated linear unit (Dauphin, Fan, Auli, Grangier 2017) with its residual. */
#include "num/simd.h"

#define SQRT_HALF ((real)0.70710678118654752440)

/* 1 / (1 + e^-x); vexp takes no more than 88 */
INLINE vec sigmoid(vec x)
{
    return 1 / (1 + vexp(-vmax(x, splat(-80))));
}

void ISA(glu_forward)(int n, int d, const real *x, const real *residual, real *y)
{
    for (int p = 0; p < n; p++, x += panel_size(2 * d), y += panel_size(d)) {
        const real *before = residual ? residual + p * panel_size(d) : NULL;

        for (int i = 0; i < d * LANES; i += WIDTH) {
            vec out = load(x + i) * sigmoid(load(x + d * LANES + i));

            store(y + i, before ? (out + load(before + i)) * SQRT_HALF : out);
        }
    }
}

void ISA(glu_backward)(int n, int d, const real *x, const real *dy, real *dx,
                       bool residual)
{
    real scale = residual ? SQRT_HALF : 1;

    for (int p = 0; p < n; p++, dy += panel_size(d)) {
        const real *from = x + p * panel_size(2 * d);
        real *to = dx + p * panel_size(2 * d);

        for (int i = 0; i < d * LANES; i += WIDTH) {
            vec gate = sigmoid(load(from + d * LANES + i)), g = load(dy + i) * scale;

            store(to + i, g * gate);
            store(to + d * LANES + i, g * load(from + i) * gate * (1 - gate));
        }
    }
}
