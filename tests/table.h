/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small tables for tests, written as the text of a CSV file. */
#ifndef TESTS_TABLE_H
#define TESTS_TABLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "data/dataset.h"

/* A path for a temporary file that exists and is empty. Caller unlinks and frees. */
static inline char *table_path(void)
{
    const char *folder = getenv("TMPDIR");
    struct str path = {0};
    int file;

    str_printf(&path, "%s/tabscope-test-XXXXXX", folder ? folder : "/tmp");
    file = mkstemp(path.text);
    if (file < 0) {
        perror(path.text);
        exit(99);
    }
    close(file);
    return path.text;
}

/* Such a file with those bytes. */
static inline char *table_write(const char *bytes, size_t n)
{
    char *path = table_path();
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) {
        perror(path);
        exit(99);
    }
    return path;
}

/* The table with that text: commas, a header, nothing before it. Ends the test program
 * where it cannot be loaded. */
static inline struct dataset *table_load(const char *text, size_t length)
{
    struct load_options options = {.delimiter = ',', .quote = '"', .header = 1,
                                   .skip_set = true};
    struct error err = {0};
    char *path = table_write(text, length);
    struct dataset *d = dataset_load(path, &options, &err);

    if (!d) {
        printf("# %s\nBail out!\n", err.text);
        exit(99);
    }
    unlink(path);
    free(path);
    return d;
}

static inline struct dataset *table_of(const char *text)
{
    return table_load(text, strlen(text));
}

#endif
