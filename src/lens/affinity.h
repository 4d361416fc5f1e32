/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The probabilities P of t-SNE (van der Maaten, Hinton 2008): p(j|i) falls with the
 * squared distance like a Gaussian whose width gives the row the wanted perplexity, that
 * is e to the entropy; p_ij = (p(j|i) + p(i|j)) / 2n. Only the nearest neighbours of a
 * point have a part, three times the perplexity of them, as van der Maaten 2014 has it.
 *
 * Rows stand in an order in which neighbours are close to each other (a walk of the
 * graph, breadth first), so that what an iteration reads together lies together.
 */
#ifndef LENS_AFFINITY_H
#define LENS_AFFINITY_H

#include "lens/neighbours.h"

struct affinity {
    size_t n;
    uint32_t *order; /* (n) the point of each row */
    size_t *start;   /* (n + 1) each row's first place; a multiple of LANES */
    uint32_t *neighbour; /* rows; places left over have the row itself */
    float *p;            /* the sum of all is 1; places left over have 0 */
    double entropy;      /* the sum of p log p */
};

/* Neighbours a point must have for this perplexity. */
int affinity_neighbours(double perplexity);

/* p(j|i), (k) out, from k squared distances, least first. Where more of them equal the
 * least than the perplexity, those share the whole. p may be distance2. */
void affinity_row(int k, const float *distance2, double perplexity, float *p);

/* The distances of points [from, to) become p(j|i). */
void affinity_calibrate(struct neighbours *b, size_t from, size_t to, double perplexity);

/* From p(j|i) in the place of distances. False: no memory. */
bool affinity_init(struct affinity *a, const struct neighbours *b, struct pool *pool,
                   struct error *err);
void affinity_done(struct affinity *a);

/* Bytes that affinity_init will ask for, at most. */
size_t affinity_memory(size_t n, int k, int threads);

#endif
