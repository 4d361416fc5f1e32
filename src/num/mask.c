/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maps from the features of each row to shares of 1: sparsemax and softmax. The threshold
 * of sparsemax is not found by sorting, which lanes could not do side by side, but by
 * taking away what is below the threshold of what is left until nothing is (Michelot
 * 1986): the same number, usually after three or four rounds.
 */
#include "num/simd.h"

INLINE vec largest_of(int d, const real *z)
{
    vec largest = load(z);

    for (int f = 1; f < d; f++)
        largest = vmax(load(z + f * LANES), largest);
    return largest;
}

INLINE bool same(vec a, vec b)
{
    ivec differ = a != b;

    for (int i = 0; i < WIDTH; i++)
        if (differ[i])
            return false;
    return true;
}

/* Counted from the largest number. It never falls: so rounding cannot let in again what
 * was taken away, for ever. */
INLINE vec threshold(int d, const real *z, vec largest)
{
    vec tau = splat(-1), size = {0}, before;

    do {
        vec sum = {0};

        before = size;
        size = (vec){0};
        for (int f = 0; f < d; f++) {
            vec v = load(z + f * LANES) - largest;
            ivec in = v > tau;

            sum += choose(in, v, (vec){0});
            size += choose(in, splat(1), (vec){0});
        }
        tau = vmax((sum - 1) / size, tau);
    } while (!same(size, before));
    return tau;
}

void ISA(sparsemax_forward)(int n, int d, const real *z, real *p)
{
    for (int b = 0; b < n; b++, z += panel_size(d), p += panel_size(d))
        for (int i = 0; i < LANES; i += WIDTH) {
            vec largest = largest_of(d, z + i), tau = threshold(d, z + i, largest);

            for (int f = 0; f < d; f++) { /* what is no number stays none */
                vec v = load(z + f * LANES + i) - largest;

                store(p + f * LANES + i, choose(v < tau, (vec){0}, v - tau));
            }
        }
}

void ISA(sparsemax_backward)(int n, int d, const real *p, real *dp)
{
    for (int b = 0; b < n; b++, p += panel_size(d), dp += panel_size(d))
        for (int i = 0; i < LANES; i += WIDTH) {
            vec sum = {0}, size = {0};

            for (int f = 0; f < d; f++) {
                ivec in = load(p + f * LANES + i) > 0;

                sum += choose(in, load(dp + f * LANES + i), (vec){0});
                size += choose(in, splat(1), (vec){0});
            }
            for (int f = 0; f < d; f++)
                store(dp + f * LANES + i,
                      choose(load(p + f * LANES + i) > 0,
                             load(dp + f * LANES + i) - sum / size, (vec){0}));
        }
}

void ISA(softmax_forward)(int n, int d, const real *z, real *p)
{
    for (int b = 0; b < n; b++, z += panel_size(d), p += panel_size(d))
        for (int i = 0; i < LANES; i += WIDTH) {
            vec largest = largest_of(d, z + i), sum = {0};

            for (int f = 0; f < d; f++) {
                vec e = vexp(load(z + f * LANES + i) - largest);

                store(p + f * LANES + i, e);
                sum += e;
            }
            for (int f = 0; f < d; f++)
                store(p + f * LANES + i, load(p + f * LANES + i) / sum);
        }
}

void ISA(softmax_backward)(int n, int d, const real *p, real *dp)
{
    for (int b = 0; b < n; b++, p += panel_size(d), dp += panel_size(d))
        for (int i = 0; i < LANES; i += WIDTH) {
            vec along = {0};

            for (int f = 0; f < d; f++)
                along += load(p + f * LANES + i) * load(dp + f * LANES + i);
            for (int f = 0; f < d; f++)
                store(dp + f * LANES + i, load(p + f * LANES + i)
                                              * (load(dp + f * LANES + i) - along));
        }
}
