/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control groups that this process is in, versions 1 and 2: how mem_available()
 * and pool_cores() learn of a container's limits. Nothing happens where there are none.
 */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stdbool.h>

/* Calls visit(folder, arg) for each folder under /sys/fs/cgroup that stands for a group
 * of this process with that controller ("memory", "cpu"), innermost first. */
void cgroup_each(const char *controller, void (*visit)(const char *folder, void *arg),
                 void *arg);

/* The numbers on the first line of folder/file, at most n. Returns how many there were;
 * 0 if the file is missing or begins with a word such as "max". */
int cgroup_numbers(const char *folder, const char *file, double *numbers, int n);

/* The number behind `key` in a file of "key number" lines, 0 if it is not there. */
double cgroup_stat(const char *folder, const char *file, const char *key);

#endif
