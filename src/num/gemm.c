/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "num/gemm.h"

#include <cblas.h>

void gemm_init(void)
{
    openblas_set_num_threads(1);
}

#ifdef REAL_DOUBLE
#define cblas_gemm cblas_dgemm
#else
#define cblas_gemm cblas_sgemm
#endif

void gemm(enum gemm_form form, int m, int n, int k, const real *a, size_t lda,
          const real *b, size_t ldb, real *c, size_t ldc, bool add)
{
    cblas_gemm(CblasRowMajor, form == GEMM_ATB ? CblasTrans : CblasNoTrans,
               form == GEMM_ABT ? CblasTrans : CblasNoTrans, m, n, k, 1, a,
               (blasint)lda, b, (blasint)ldb, add ? 1 : 0, c, (blasint)ldc);
}
