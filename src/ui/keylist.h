/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a person, without a screen: for `tabscope --keys`. */
#ifndef UI_KEYLIST_H
#define UI_KEYLIST_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/* Appends the table of keys and its conflicts. `path`: a file of `bind` and `unbind`
 * lines that are taken first, NULL: none. False: one of them is wrong. */
bool keylist_print(const char *path, struct str *out, struct error *err);

#endif
