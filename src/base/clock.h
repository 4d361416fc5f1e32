/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monotonic clock: only differences mean something. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_ns(void);
int64_t clock_ms(void);
double clock_seconds(void);

/* Processor time of all threads of the process, in seconds. */
double clock_cpu_seconds(void);

#endif
