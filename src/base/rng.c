/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/rng.h"

#include <math.h>

__extension__ typedef unsigned __int128 uint128_t;

struct rng rng_make(uint64_t seed, enum rng_stream purpose, uint64_t index)
{
    return (struct rng){.seed = seed, .stream = ((uint64_t)purpose << 56) ^ index};
}

/* Philox 2x64 with 10 rounds; multiplier and key step are those of the paper. */
void rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t out[2])
{
    uint64_t key = seed, c0 = counter, c1 = stream;

    for (int round = 0; round < 10; round++) {
        uint128_t product = (uint128_t)c0 * UINT64_C(0xD2B74407B1CE6E93);

        c0 = (uint64_t)(product >> 64) ^ key ^ c1;
        c1 = (uint64_t)product;
        key += UINT64_C(0x9E3779B97F4A7C15);
    }
    out[0] = c0;
    out[1] = c1;
}

uint64_t rng_u64(struct rng *r)
{
    uint64_t block[2];

    if (r->has_spare) {
        r->has_spare = 0;
        return r->spare;
    }
    rng_block(r->seed, r->stream, r->counter++, block);
    r->spare = block[1];
    r->has_spare = 1;
    return block[0];
}

double rng_uniform(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

/* Box and Muller. */
void rng_normal_pair(struct rng *r, double pair[2])
{
    double u = 1.0 - rng_uniform(r); /* (0, 1] */
    double angle = 6.283185307179586476925 * rng_uniform(r);
    double radius = sqrt(-2.0 * log(u));

    pair[0] = radius * cos(angle);
    pair[1] = radius * sin(angle);
}

/* The second of the pair is not kept, so that each call uses up exactly two numbers of the
 * stream. */
double rng_normal(struct rng *r)
{
    double pair[2];

    rng_normal_pair(r, pair);
    return pair[0];
}

/* Lemire, "Fast random integer generation in an interval" (2019). */
uint64_t rng_below(struct rng *r, uint64_t n)
{
    uint128_t product = (uint128_t)rng_u64(r) * n;

    if ((uint64_t)product < n) {
        uint64_t floor = -n % n; /* 2^64 mod n */

        while ((uint64_t)product < floor)
            product = (uint128_t)rng_u64(r) * n;
    }
    return (uint64_t)(product >> 64);
}

void rng_shuffle(struct rng *r, uint32_t *v, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)rng_below(r, i);
        uint32_t kept = v[i - 1];

        v[i - 1] = v[j];
        v[j] = kept;
    }
}
