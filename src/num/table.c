/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of kernels of one instruction set. */
#include "num/simd.h"

#define STRING(x) #x
#define NAME_OF(x) STRING(x)
#define ENTRY(name) .name = ISA(name),

extern const struct kernels ISA(kernels);

const struct kernels ISA(kernels) = {.name = NAME_OF(NUM_ISA), KERNELS(ENTRY)};
