/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random numbers, counter-based: the i-th number of a stream depends on (seed,
 * stream, i) only, so that a stream can be saved as one counter and a mask can be
 * made again in the backward pass. Philox 2x64-10 (Salmon et al., SC 2011).
 * One stream per purpose: two purposes never share numbers.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

enum rng_stream {
    RNG_SPLIT = 1, /* which row goes to which part */
    RNG_INIT,      /* first weights */
    RNG_ORDER,     /* order of rows in an epoch */
    RNG_DROPOUT,   /* dropout masks */
    RNG_MASK,      /* MLM and RTD corruption */
    RNG_SAMPLE,    /* rows picked to be looked at, quantile subsamples */
    RNG_TEST,
    RNG_HIDE,      /* cells that training takes for missing */
    RNG_LAYOUT,    /* where layouts of points begin */
    RNG_NOISE,     /* cells that are spoiled to see what a model makes of them */
    RNG_PERMUTE,   /* rows that get each other's cells to see how that matters */
    RNG_LATENT,    /* samples of latent distributions */
    RNG_SEARCH,    /* settings that a search tries */
    RNG_GROW,      /* columns that a tree is grown from */
    RNG_BAG,       /* and rows */
    RNG_PSEUDO,    /* rows without labels that are learned from with a guessed one */
};

struct rng {
    uint64_t seed, stream, counter;
    uint64_t spare; /* second half of the last block */
    int has_spare;
};

/* Block `counter` of a stream: two numbers, for kernels that need any place. */
void rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t out[2]);

/* The beginning of stream (purpose, index); index below 2^56. */
struct rng rng_make(uint64_t seed, enum rng_stream purpose, uint64_t index);
uint64_t rng_u64(struct rng *r);
double rng_uniform(struct rng *r);                  /* [0, 1) with 53 bits */
double rng_normal(struct rng *r);                   /* mean 0, variance 1 */
void rng_normal_pair(struct rng *r, double pair[2]); /* two for the price of one */
uint64_t rng_below(struct rng *r, uint64_t n);      /* 0..n-1, unbiased; n > 0 */
void rng_shuffle(struct rng *r, uint32_t *v, size_t n); /* Fisher-Yates */

#endif
