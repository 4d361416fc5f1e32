/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The texts that mean "no value here". An empty cell and one of blanks only always do;
 * the other marks are a list that a person can replace.
 */
#ifndef DATA_MISSING_H
#define DATA_MISSING_H

#include <stdbool.h>
#include <stddef.h>

struct missing;

/* The marks of a comma-separated list (blanks around a mark do not count); NULL:
 * the usual ones, "?,NA,N/A,...". Never fails. */
struct missing *missing_new(const char *list);
void missing_free(struct missing *m);

/* The list as missing_new takes it. */
const char *missing_list(const struct missing *m);
bool missing_has(const struct missing *m, const char *text, size_t n);

#endif
