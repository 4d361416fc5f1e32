/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Large matrix products: OpenBLAS, called with one thread of its own from each of ours.
 * The model's own products are in num/linear.c, which is faster at their shapes (see
 * share/doc/ARCHITECTURE); this is the yardstick they are measured against, and what code
 * with large matrices of the ordinary layout takes.
 *
 * Matrices are row-major; ld is the distance of rows. c = a b (or c += a b with add).
 */
#ifndef NUM_GEMM_H
#define NUM_GEMM_H

#include <stdbool.h>

#include "num/real.h"

/* Must be called once before the first product, from one thread: turns OpenBLAS's own
 * threads off. */
void gemm_init(void);

enum gemm_form {
    GEMM_AB,  /* c (m, n) = a (m, k) b (k, n) */
    GEMM_ATB, /* c (m, n) = a^T b, a is (k, m) */
    GEMM_ABT, /* c (m, n) = a b^T, b is (n, k) */
};

void gemm(enum gemm_form form, int m, int n, int k, const real *a, size_t lda,
          const real *b, size_t ldb, real *c, size_t ldc, bool add);

#endif
