/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cgroup.h"

/* abort and not exit: the handler of fatal signals gives the terminal back. */
static _Noreturn void out_of_memory(void)
{
    static const char message[] = "tabscope: out of memory\n";

    if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
        abort();
    abort();
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (!p)
        out_of_memory();
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = try_calloc(n, size);

    if (!p)
        out_of_memory();
    return p;
}

void *xrealloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
    size_t length = strnlen(s, n);
    char *copy = xmalloc(length + 1);

    memcpy(copy, s, length);
    copy[length] = '\0';
    return copy;
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        out_of_memory();
    va_end(args);
    return text;
}

void *try_alloc(size_t n, size_t size)
{
    return try_realloc(NULL, n, size);
}

void *try_calloc(size_t n, size_t size)
{
    if (n == 0 || size == 0)
        return calloc(1, 1);
    return calloc(n, size);
}

void *try_realloc(void *p, size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    return realloc(p, bytes ? bytes : 1);
}

#define HUGE_PAGE ((size_t)2 << 20)

void *try_aligned(size_t n, size_t size)
{
    size_t bytes, alignment;
    void *p;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX - HUGE_PAGE)
        return NULL;
    alignment = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
    if (posix_memalign(&p, alignment, bytes ? bytes : 1) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (alignment == HUGE_PAGE)
        madvise(p, bytes, MADV_HUGEPAGE); /* a wish: small pages do as well */
#endif
    memset(p, 0, bytes);
    return p;
}

void *xgrow(void *p, size_t n, size_t *capacity, size_t size)
{
    size_t wanted = *capacity ? *capacity : 4;

    if (n < *capacity)
        return p;
    if (*capacity && __builtin_mul_overflow(*capacity, 2, &wanted))
        out_of_memory();
    p = try_realloc(p, wanted, size);
    if (!p)
        out_of_memory();
    *capacity = wanted;
    return p;
}

static void take_smaller(double *least, double x)
{
    if (x < *least)
        *least = x > 0 ? x : 0;
}

/* What a control group still allows. File pages count as used there, though the kernel
 * gives the inactive ones back before it says no. */
static void visit_memory_group(const char *folder, void *arg)
{
    double limit, used = 0;

    if (cgroup_numbers(folder, "memory.max", &limit, 1)) {
        cgroup_numbers(folder, "memory.current", &used, 1);
        used -= cgroup_stat(folder, "memory.stat", "inactive_file");
        take_smaller(arg, limit - used);
    } else if (cgroup_numbers(folder, "memory.limit_in_bytes", &limit, 1)) {
        cgroup_numbers(folder, "memory.usage_in_bytes", &used, 1);
        used -= cgroup_stat(folder, "memory.stat", "total_inactive_file");
        take_smaller(arg, limit - used);
    }
}

static double read_meminfo(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    char line[128];
    double kibibytes = -1;

    if (!f)
        return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    while (kibibytes < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, "MemAvailable:", 13) == 0)
            kibibytes = (double)strtoull(line + 13, NULL, 10);
    fclose(f);
    return kibibytes < 0 ? (double)SIZE_MAX : kibibytes * 1024;
}

size_t mem_available(void)
{
    double least = read_meminfo(), pages = 0;
    struct rlimit limit;

    cgroup_each("memory", visit_memory_group, &least);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        cgroup_numbers("/proc/self", "statm", &pages, 1);
        take_smaller(&least,
                     (double)limit.rlim_cur - pages * (double)sysconf(_SC_PAGESIZE));
    }
    return least >= (double)SIZE_MAX ? SIZE_MAX : (size_t)least;
}
