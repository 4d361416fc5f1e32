/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Column names that can be shown and told apart: made visible, without blanks at the
 * edges, not over 64 columns wide, unique ("x", "x_2"); an empty one becomes "col_3".
 */
#ifndef DATA_NAMES_H
#define DATA_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* From text to number in constant time. The texts are not copied. */
struct name_index;

struct name_index *name_index_new(size_t n); /* room for n names; NULL: no memory */
void name_index_free(struct name_index *x);
/* False, and nothing changes, if the name is there already. */
bool name_index_add(struct name_index *x, const char *name, int value);
int name_index_find(const struct name_index *x, const char *name); /* or -1 */

/* The shown names of originals[0..n), each to be freed, as is the array. *changed counts
 * those that differ from the original but for blanks at the edges. NULL: no memory. */
char **names_make(const struct str *originals, size_t n, size_t *changed);

#endif
