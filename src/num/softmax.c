/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Softmax over more classes than should lie in memory at once: the logits come piece by
 * piece, first to find the sum (Milakov, Gimelshein 2018), then once more for the
 * gradient.
 */
#include "num/simd.h"

INLINE vec largest_of(int k, const real *z, vec largest)
{
    for (int c = 0; c < k; c++)
        largest = vmax(load(z + c * LANES), largest);
    return largest;
}

void ISA(softmax_scan)(int n, int k, const real *z, size_t panel, real *largest,
                       real *sum)
{
    for (int p = 0; p < n; p++)
        for (int i = 0; i < LANES; i += WIDTH) {
            const real *from = z + p * panel + i;
            real *top = largest + p * LANES + i, *total = sum + p * LANES + i;
            vec before = load(top), now = largest_of(k, from, before);
            vec s = load(total) * vexp(before - now);

            for (int c = 0; c < k; c++)
                s += vexp(load(from + c * LANES) - now);
            store(top, now);
            store(total, s);
        }
}

void ISA(softmax_slope)(int n, int k, real *z, size_t panel, const real *whole,
                        const real *slope)
{
    for (int p = 0; p < n; p++)
        for (int i = 0; i < LANES; i += WIDTH) {
            vec w = load(whole + p * LANES + i), s = load(slope + p * LANES + i);
            real *at = z + p * panel + i;

            for (int c = 0; c < k; c++)
                store(at + c * LANES, vexp(load(at + c * LANES) - w) * s);
        }
}
