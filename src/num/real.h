/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The number type of kernels and graphs, and the layout of activations.
 *
 * Rows of a batch lie side by side in the lanes of the vector registers, never along
 * them, so that sums over features, columns and heads need no shuffling. A panel holds
 * some features of LANES rows: (features, LANES), LANES reals being a line. Two uses:
 *
 *   tokens    (row blocks, columns, panel): a panel for each column, for the body
 *   features  (row blocks, panel): one panel with all features, for the head
 *
 * The tests build the same files with REAL_DOUBLE and compare with finite differences.
 */
#ifndef NUM_REAL_H
#define NUM_REAL_H

#include <stddef.h>

#ifdef REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#define LANES 16

/* Numbers from one panel to the next: an odd number of lines, which keeps panels out of
 * each other's cache sets. */
static inline size_t panel_size(int features)
{
    return ((size_t)features | 1) * LANES;
}

/* Rows up to a multiple of LANES. */
static inline int lanes_up(int rows)
{
    return (rows + LANES - 1) / LANES * LANES;
}

#endif
