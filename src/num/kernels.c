/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "num/kernels.h"

#include <stdlib.h>
#include <string.h>

extern const struct kernels kernels_base;
#ifdef HAVE_X86_KERNELS
extern const struct kernels kernels_avx2, kernels_avx512;
#endif

struct dropout dropout_make(double rate, uint32_t key)
{
    struct dropout d = {.key = key / LANES * LANES,
                        .scale = (real)(1 / (1 - rate))};

    d.threshold = (int32_t)((1 - rate) * 4294967296.0 - 2147483648.0 - (rate == 0));
    return d;
}

#ifdef HAVE_X86_KERNELS
static bool runs_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool runs_avx512(void)
{
    return runs_avx2() && __builtin_cpu_supports("avx512f")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl");
}
#endif

const struct kernels *kernels_best(void)
{
#ifdef HAVE_X86_KERNELS
    const char *asked = getenv("TABSCOPE_ISA");

    __builtin_cpu_init();
    if (asked && strcmp(asked, "base") == 0)
        return &kernels_base;
    if (runs_avx512() && !(asked && strcmp(asked, "avx2") == 0))
        return &kernels_avx512;
    if (runs_avx2())
        return &kernels_avx2;
#endif
    return &kernels_base;
}
