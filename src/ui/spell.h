/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a line editor is fed: keys and pastes in the one spelling that it knows. */
#ifndef UI_SPELL_H
#define UI_SPELL_H

#include <stddef.h>

#include "ui/keycode.h"

enum { SPELLED_KEY = 16 };

/* The key as terminals have always sent it, however it came; returns the bytes, 0: it has
 * no such spelling. */
size_t spell_key(const struct key *k, char out[SPELLED_KEY]);

/* The paste with line ends of all kinds as \n and without NUL. Caller frees. */
char *spell_paste(const char *text, size_t n);

#endif
