/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elementwise kernels: GELU, SELU, dropout. */
#include "num/simd.h"

#define SELU_LAMBDA ((real)1.0507009873554804934)
#define SELU_ALPHA ((real)1.6732632423543772848)

/* Hendrycks, Gimpel 2016: x Phi(x) with the normal distribution's Phi; its slope is
 * Phi(x) + x phi(x). */
INLINE void gelu_train(int lanes, real *x, real *y, const struct dropout *drop,
                       uint32_t place)
{
    const real inverse_sqrt_2pi = (real)0.39894228040143267794;

    for (int i = 0; i < lanes; i += WIDTH) {
        vec v = load(x + i), density, cumulative, keep = splat(1);

        normal(v, &density, &cumulative);
        if (!dropout_none(drop))
            keep = dropout_mask(drop, place + (uint32_t)i);
        store(y + i, v * cumulative * keep);
        store(x + i, (cumulative + v * density * inverse_sqrt_2pi) * keep);
    }
}

void ISA(gelu_forward)(int n, int d, real *x, real *y, bool training,
                       const struct dropout *drop, uint32_t place)
{
    for (int p = 0; p < n; p++, x += panel_size(d), y += panel_size(d)) {
        if (training)
            gelu_train(d * LANES, x, y, drop,
                       (place + (uint32_t)p) * (uint32_t)d * LANES);
        else
            for (int i = 0; i < d * LANES; i += WIDTH)
                store(y + i, load(x + i) * normal_cumulative(load(x + i)));
    }
}

void ISA(gelu_backward)(int n, int d, const real *slope, const real *dy, real *dx)
{
    for (int p = 0; p < n; p++)
        for (int i = 0; i < d * LANES; i += WIDTH) {
            size_t at = p * panel_size(d) + (size_t)i;

            store(dx + at, load(slope + at) * load(dy + at));
        }
}

/* Klambauer et al. 2017 */
void ISA(selu_forward)(int n, int d, real *x, size_t panel)
{
    for (int p = 0; p < n; p++)
        for (int i = 0; i < d * LANES; i += WIDTH) {
            real *at = x + p * panel + i;
            vec v = load(at);
            vec below = SELU_ALPHA * (vexp(choose(v < 0, v, (vec){0})) - 1);

            store(at, SELU_LAMBDA * choose(v > 0, v, below));
        }
}

/* The slope from the output: lambda above zero, y + lambda alpha below. */
void ISA(selu_backward)(int n, int d, const real *y, size_t y_panel, real *dy,
                        size_t dy_panel, real *db, bool centred)
{
    vec common = splat(centred ? SELU_LAMBDA : 0);

    for (int f = 0; f < d; f++) {
        vec sum = {0};

        for (int p = 0; p < n; p++)
            for (int v = f * LANES; v < (f + 1) * LANES; v += WIDTH) {
                vec out = load(y + p * y_panel + v), g = load(dy + p * dy_panel + v);
                vec slope = choose(out > 0, splat(SELU_LAMBDA),
                                   out + SELU_LAMBDA * SELU_ALPHA);

                sum += g * (slope - common);
                store(dy + p * dy_panel + v, g * slope);
            }
        db[f] = lane_sum(sum);
    }
}

void ISA(dropout_features)(int n, int d, const real *x, real *y, size_t panel,
                           const struct dropout *drop, uint32_t place)
{
    for (int p = 0; p < n; p++) {
        uint32_t at = (uint32_t)(p * panel) + place * LANES;

        for (int i = 0; i < d * LANES; i += WIDTH)
            store(y + p * panel + i,
                  load(x + p * panel + i) * dropout_mask(drop, at + (uint32_t)i));
    }
}
