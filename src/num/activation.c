/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elementwise kernels: GELU, SELU, dropout. */
#include "num/simd.h"

#define SELU_LAMBDA ((real)1.0507009873554804934)
#define SELU_ALPHA ((real)1.6732632423543772848)

/* Hendrycks, Gimpel 2016: x Phi(x) with the normal distribution's Phi */
void ISA(gelu_forward)(int n, int d, const real *x, real *y, const struct dropout *drop,
                       uint32_t place)
{
    for (int p = 0; p < n; p++) {
        const real *from = x + p * panel_size(d);
        real *to = y + p * panel_size(d);
        uint32_t at = (place + (uint32_t)p) * (uint32_t)d * LANES;

        for (int i = 0; i < d * LANES; i += WIDTH) {
            vec v = load(from + i), density, cumulative;

            normal(v, &density, &cumulative);
            v *= cumulative;
            if (!dropout_none(drop))
                v *= dropout_mask(drop, at + (uint32_t)i);
            store(to + i, v);
        }
    }
}

void ISA(gelu_backward)(int n, int d, const real *x, const real *dy, real *dx,
                        const struct dropout *drop, uint32_t place)
{
    const real inverse_sqrt_2pi = (real)0.39894228040143267794;

    for (int p = 0; p < n; p++) {
        const real *from = x + p * panel_size(d), *up = dy + p * panel_size(d);
        real *to = dx + p * panel_size(d);
        uint32_t at = (place + (uint32_t)p) * (uint32_t)d * LANES;

        for (int i = 0; i < d * LANES; i += WIDTH) {
            vec v = load(from + i), density, cumulative;

            normal(v, &density, &cumulative);
            v = (cumulative + v * density * inverse_sqrt_2pi) * load(up + i);
            if (!dropout_none(drop))
                v *= dropout_mask(drop, at + (uint32_t)i);
            store(to + i, v);
        }
    }
}

/* Klambauer et al. 2017 */
void ISA(selu_forward)(int d, int rows, size_t stride, const real *bias, real *x)
{
    for (int f = 0; f < d; f++) {
        real *line = x + f * stride;
        vec b = bias ? splat(bias[f]) : (vec){0};

        for (int r = 0; r < rows; r += WIDTH) {
            vec v = load(line + r) + b;
            vec below = SELU_ALPHA * (vexp(choose(v < 0, v, (vec){0})) - 1);

            store(line + r, SELU_LAMBDA * choose(v > 0, v, below));
        }
    }
}

/* The slope from the output: lambda above zero, y + lambda alpha below. */
void ISA(selu_backward)(int d, int rows, size_t stride, const real *y, real *dy, real *db,
                        bool centred)
{
    vec common = splat(centred ? SELU_LAMBDA : 0);

    for (int f = 0; f < d; f++) {
        const real *out = y + f * stride;
        real *up = dy + f * stride;
        vec sum = {0};

        for (int r = 0; r < rows; r += WIDTH) {
            vec v = load(out + r);
            vec slope = choose(v > 0, splat(SELU_LAMBDA), v + SELU_LAMBDA * SELU_ALPHA);
            vec g = load(up + r);

            sum += g * (slope - common);
            store(up + r, g * slope);
        }
        db[f] = lane_sum(sum);
    }
}

void ISA(dropout_features)(int d, int rows, size_t stride, const real *x, real *y,
                           const struct dropout *drop, uint32_t place)
{
    for (int f = 0; f < d; f++) {
        const real *from = x + f * stride;
        real *to = y + f * stride;
        uint32_t at = (place + (uint32_t)f) * (uint32_t)stride;

        for (int r = 0; r < rows; r += WIDTH)
            store(to + r, load(from + r) * dropout_mask(drop, at + (uint32_t)r));
    }
}
