/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files behind ui/keys.h share: keys.c (the table), keys_expand.c (%words),
 * keys_draw.c (hints and pop-ups), keys_table.c (what is built in). */
#ifndef UI_KEYS_PRIVATE_H
#define UI_KEYS_PRIVATE_H

#include "ui/keys.h"

/* Both end in a context of NULL. */
extern const struct binding keys_builtin[];
/* What the prompt does with keys of its own, for hints and `?`: without a line. */
extern const struct binding keys_editor[];

/* "%ask{" at the beginning of a line or word; its length. */
enum { ASK_LENGTH = 5 };
extern const char keys_ask[];

/* Whether a name behind % stands for something: "column", "next". */
bool keys_is_word(const char *name, size_t n);

/* Appends the keys that run the line of b in this place, "Up k", b's own first. */
void keys_print_all(const struct keys *k, const struct desk *d, const struct binding *b,
                    struct str *out);

#endif
