/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over the files of a folder: rerun [FOLDER...]. Without arguments the
 * corpus beside the sources, tests/fuzz/NAME for a program fuzz_NAME. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_folder(const char *folder, int count)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir) {
        printf("Bail out! %s cannot be opened\n", folder);
        exit(99);
    }
    while ((entry = readdir(dir))) {
        char *path = xasprintf("%s/%s", folder, entry->d_name), *bytes = NULL;
        struct error err;
        size_t n;

        if (entry->d_name[0] != '.')
            bytes = file_read(path, 1 << 20, &n, &err);
        if (bytes) {
            LLVMFuzzerTestOneInput((const uint8_t *)bytes, n);
            printf("ok %d - %s\n", ++count, entry->d_name);
        }
        free(bytes);
        free(path);
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    const char *top = getenv("srcdir"), *slash = strrchr(argv[0], '/');
    const char *name = strstr(slash ? slash : argv[0], "fuzz_");
    char *folder = xasprintf("%s/tests/fuzz/%s", top ? top : ".", name ? name + 5 : "");
    int count = 0;

    for (int i = 1; i < argc; i++)
        count = run_folder(argv[i], count);
    if (argc == 1)
        count = run_folder(folder, count);
    printf("1..%d\n", count);
    free(folder);
    return 0;
}
