/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory. The x functions are for small things of our own: they end the program
 * when memory is out. What has a size that comes from data uses the try
 * functions, which return NULL, and says a sentence.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* n * size bytes or NULL, also when the product overflows. n == 0 gives a
 * pointer that can be freed. */
void *try_alloc(size_t n, size_t size);
void *try_calloc(size_t n, size_t size);
void *try_realloc(void *p, size_t n, size_t size); /* on failure p stays valid */

/* Zeroed memory aligned to 64 bytes, for kernels; released by free(). NULL: no memory.
 * From 2 MB on it lies on huge pages where the system has them: kernels go across large
 * matrices, where each line would need another entry of the table of pages. */
void *try_aligned(size_t n, size_t size);

/* Makes room for one more element: *capacity grows by doubling when it equals n. */
void *xgrow(void *p, size_t n, size_t *capacity, size_t size);

/* Bytes the machine can still give without swapping, with our own limits
 * (RLIMIT_AS, cgroup) taken into account. */
size_t mem_available(void);

#endif
