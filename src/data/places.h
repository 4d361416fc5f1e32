/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the columns of a further file belong in a table that has others like it. */
#ifndef DATA_PLACES_H
#define DATA_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

/* Finds names[0..n) among those of the table, own[0..n_own), by their bytes; of equal
 * names the first goes to the first. Returns the columns (n), for the caller to free.
 * NULL: not the same names, and the sentence tells which; or no memory. `first` names the
 * file that the table began with. */
int *places_find(const struct str *names, size_t n, const struct str *own, size_t n_own,
                 const char *first, struct error *err);

/* Appends a name to a list for a sentence; one that grows long ends in dots. */
void places_list(struct str *list, const char *name, size_t length);

#endif
