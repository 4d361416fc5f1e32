/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vectors of reals in the compiler's own notation (GCC and Clang), as wide as the
 * instruction set that the file is compiled for. Only kernels include this; each kernel
 * file is compiled once per instruction set, its public names carry the suffix ISA().
 */
#ifndef NUM_SIMD_H
#define NUM_SIMD_H

#include <math.h>
#include <stdint.h>

#include "num/kernels.h"
#include "num/real.h"

#define ISA_JOIN(name, isa) name##_##isa
#define ISA_EXPAND(name, isa) ISA_JOIN(name, isa)
#define ISA(name) ISA_EXPAND(name, NUM_ISA)

/* Every kernel once: from this list come the prototypes that each file is checked
 * against, and the table. */
#define KERNELS(X) \
    X(linear_forward) X(linear_backward_input) X(linear_backward_weight) \
    X(bias_backward) X(gelu_forward) X(gelu_backward) \
    X(selu_forward) X(selu_backward) X(dropout_features) \
    X(add_norm_forward) X(add_norm_backward) X(lines_sum) \
    X(batch_norm_forward) X(batch_norm_infer) X(batch_norm_backward) \
    X(attention_forward) X(attention_backward) X(softmax_scan) \
    X(softmax_slope) X(glu_forward) X(glu_backward) X(sparsemax_forward) \
    X(sparsemax_backward) X(softmax_forward) X(softmax_backward) \
    X(gradient_sum) X(gradient_norm) X(gradient_hold) \
    X(adamw_step) X(average_step) \
    X(tsne_attract) X(tsne_cost) X(tsne_repel) X(tsne_spread) X(tsne_gather) \
    X(tsne_move) X(rows_pair) X(rows_part) X(spectra_split) X(spectra_join) \
    X(spectrum_scale) X(find_below)

#define PROTOTYPE(name) extern __typeof__(*((struct kernels *)0)->name) ISA(name);
KERNELS(PROTOTYPE)
#undef PROTOTYPE

#if defined __AVX512F__
#define VECTOR_BYTES 64
#elif defined __AVX__
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#define WIDTH (VECTOR_BYTES / (int)sizeof(real)) /* reals a vector */
#define PARTS (LANES / WIDTH)                    /* vectors a line of LANES */

#ifdef REAL_DOUBLE
typedef int64_t lane_int;
typedef uint64_t lane_uint;
#else
typedef int32_t lane_int;
typedef uint32_t lane_uint;
#endif

typedef real vec __attribute__((vector_size(VECTOR_BYTES)));
typedef lane_int ivec __attribute__((vector_size(VECTOR_BYTES)));
typedef lane_uint uvec __attribute__((vector_size(VECTOR_BYTES)));
typedef real vec_unaligned
    __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

INLINE vec load(const real *p)
{
    return *(const vec_unaligned *)p;
}

INLINE void store(real *p, vec v)
{
    *(vec_unaligned *)p = v;
}

INLINE vec splat(real x)
{
    return x - (vec){0};
}

/* mask ? a : b, lane by lane; mask lanes are all ones or zero */
INLINE vec choose(ivec mask, vec a, vec b)
{
    return (vec)(((ivec)a & mask) | ((ivec)b & ~mask));
}

INLINE vec vmax(vec a, vec b)
{
    return choose(a > b, a, b);
}

INLINE real lane_sum(vec v)
{
    real s = 0;

    for (int i = 0; i < WIDTH; i++)
        s += v[i];
    return s;
}

#ifdef REAL_DOUBLE

INLINE vec vexp(vec x)
{
    for (int i = 0; i < WIDTH; i++)
        x[i] = exp(x[i]);
    return x;
}

/* The standard normal distribution's density (times sqrt(2 pi)) and cumulative value. */
INLINE vec normal_cumulative(vec x)
{
    for (int i = 0; i < WIDTH; i++)
        x[i] = 0.5 * erfc(-x[i] * 0.70710678118654752440);
    return x;
}

INLINE void normal(vec x, vec *density, vec *cumulative)
{
    *cumulative = normal_cumulative(x);
    *density = vexp(-0.5 * x * x);
}

#else

/* e^x for x up to 88 within 2 units in the last place: 2^n * p(r), |r| <= ln 2 / 2
 * (coefficients of Cephes' expf). Below -87 it is 0 to within the smallest normal number. */
INLINE vec vexp(vec x)
{
    const real magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */

    x = choose(x < -87.0f, splat(-87.0f), x);

    vec shifted = x * 1.44269504088896341f + magic;
    vec n = shifted - magic;
    vec r = x - n * 0.693359375f;

    r = r + n * 2.12194440e-4f;

    /* p(r) by pairs of terms, so that they need not wait for each other */
    vec r2 = r * r;
    vec p = (r * 1.9875691500e-4f + 1.3981999507e-3f) * r2
        + (r * 8.3334519073e-3f + 4.1665795894e-2f);

    p = p * r2 + (r * 1.6666665459e-1f + 5.0000001201e-1f);
    p = p * r2 + (r + 1.0f);
    return (vec)((ivec)p + ((ivec)shifted << 23));
}

/* The standard normal distribution's cumulative value alone: 1/2 + x P(x^2) / Q(x^2), fitted
 * to |x| < 5.6 by least squares with the weights of the largest errors raised until they
 * were even (Lawson); absolute error below 3e-7. */
INLINE vec normal_cumulative(vec x)
{
    vec c = choose(x < -5.6f, splat(-5.6f), x), t, p, q;

    c = choose(c > 5.6f, splat(5.6f), c);
    t = c * c;
    p = t * 1.080242364e-10f - 2.199757731e-8f;
    p = p * t + 3.361801683e-6f;
    p = p * t + 1.824839678e-4f;
    p = p * t + 4.587652470e-3f;
    p = p * t + 3.711400898e-2f;
    p = p * t + 3.989421259e-1f;
    q = t * 6.625367182e-5f + 1.901566397e-3f;
    q = q * t + 2.978686295e-2f;
    q = q * t + 2.596951445e-1f;
    q = q * t + 1.0f;
    return c * p / q + 0.5f;
}

/* The standard normal distribution's density (times sqrt(2 pi)) and cumulative value:
 * Abramowitz and Stegun 7.1.26 on x / sqrt 2, absolute error below 1e-7. */
INLINE void normal(vec x, vec *density, vec *cumulative)
{
    vec z = choose(x < 0.0f, -x, x) * 0.70710678118654752f;
    vec t = 1.0f / (z * 0.3275911f + 1.0f);
    vec e = vexp(-(z * z));
    vec p = splat(0.5f * 1.061405429f);

    p = p * t - 0.5f * 1.453152027f;
    p = p * t + 0.5f * 1.421413741f;
    p = p * t - 0.5f * 0.284496736f;
    p = p * t + 0.5f * 0.254829592f;
    p = p * t * e;
    *density = e;
    *cumulative = choose(x < 0.0f, p, 1.0f - p);
}

#endif

/* Mixing of places for dropout: the finaliser "lowbias32" of C. Wellons. */
typedef uint32_t mix_vec __attribute__((vector_size(4 * WIDTH)));
typedef int32_t mix_ivec __attribute__((vector_size(4 * WIDTH)));

INLINE mix_vec lane_numbers(void)
{
    mix_vec v;

    for (int i = 0; i < WIDTH; i++)
        v[i] = (uint32_t)i;
    return v;
}

/* scale where kept, 0 where dropped, for WIDTH places from `place` on */
INLINE vec dropout_mask(const struct dropout *d, uint32_t place)
{
    mix_vec x = lane_numbers() + (place ^ d->key);

    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;

    mix_ivec kept = (mix_ivec)x < d->threshold;
#ifdef REAL_DOUBLE
    vec mask;

    for (int i = 0; i < WIDTH; i++)
        mask[i] = kept[i] ? d->scale : 0;
    return mask;
#else
    return (vec)(kept & (mix_ivec)splat(d->scale));
#endif
}

#endif
