/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder of reference data and hostile files that the tests use where it is there:
 * $TABSCOPE_SHARED, else "shared" beside the source tree. The automake driver tells
 * where the sources are in $srcdir.
 */
#ifndef TESTS_SHARED_H
#define TESTS_SHARED_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The path of a file of the source tree. Caller frees. */
static inline char *test_source(const char *name)
{
    const char *top = getenv("srcdir");
    char *path;

    if (asprintf(&path, "%s/%s", top ? top : ".", name) < 0)
        abort();
    return path;
}

/* The path of something in the shared folder, NULL if it is not there. Caller frees. */
static inline char *test_shared(const char *name)
{
    const char *shared = getenv("TABSCOPE_SHARED"), *top = getenv("srcdir");
    int n;
    char *path;

    if (shared)
        n = asprintf(&path, "%s/%s", shared, name);
    else
        n = asprintf(&path, "%s/../shared/%s", top ? top : ".", name);
    if (n < 0)
        abort();
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

#endif
