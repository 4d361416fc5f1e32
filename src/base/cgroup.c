/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_in(const char *folder, const char *file)
{
    char path[4352];

    if (snprintf(path, sizeof path, "%s/%s", folder, file) >= (int)sizeof path)
        return NULL;
    return fopen(path, "re");
}

/* Visits root + path and every folder above it down to root itself. A container may see
 * only a part of the tree, so that folders of `path` can be missing: visitors cope. */
static void visit_up(const char *root, char *path,
                     void (*visit)(const char *folder, void *arg), void *arg)
{
    char folder[4224];

    for (;;) {
        char *slash = strrchr(path, '/');

        if (snprintf(folder, sizeof folder, "%s%s", root, path) < (int)sizeof folder)
            visit(folder, arg);
        if (!slash || path[0] == '\0' || strcmp(path, "/") == 0)
            break;
        *slash = '\0';
    }
}

static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    }
    return false;
}

void cgroup_each(const char *controller, void (*visit)(const char *folder, void *arg),
                 void *arg)
{
    char line[4096], root[128];
    FILE *f = fopen("/proc/self/cgroup", "re");

    if (!f)
        return;
    snprintf(root, sizeof root, "/sys/fs/cgroup/%s", controller);
    /* "ID:CONTROLLERS:PATH", version 2 with no controllers */
    while (fgets(line, sizeof line, f)) {
        char *list = strchr(line, ':');
        char *path = list ? strchr(list + 1, ':') : NULL;

        if (!path)
            continue;
        *path++ = '\0';
        list++;
        path[strcspn(path, "\n")] = '\0';
        if (list[0] == '\0')
            visit_up("/sys/fs/cgroup", path, visit, arg);
        else if (has_word(list, controller))
            visit_up(root, path, visit, arg);
    }
    fclose(f);
}

int cgroup_numbers(const char *folder, const char *file, double *numbers, int n)
{
    FILE *f = open_in(folder, file);
    unsigned long long number;
    int got = 0;

    if (!f)
        return 0;
    while (got < n && fscanf(f, "%llu", &number) == 1)
        numbers[got++] = (double)number;
    fclose(f);
    return got;
}

double cgroup_stat(const char *folder, const char *file, const char *key)
{
    FILE *f = open_in(folder, file);
    char name[64];
    unsigned long long number;
    double found = 0;

    if (!f)
        return 0;
    while (found == 0 && fscanf(f, "%63s %llu", name, &number) == 2)
        if (strcmp(name, key) == 0)
            found = (double)number;
    fclose(f);
    return found;
}
