/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes of a terminal become keys: characters, control and function keys with modifiers
 * in their many spellings (ESC [ and ESC O, CSI u, xterm's modifiers), mouse reports,
 * pastes, and late answers to queries, which are recognised so that they can be dropped.
 * Pure: no terminal, no clock.
 */
#ifndef UI_KEYCODE_H
#define UI_KEYCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum key_kind {
    KEY_NONE,       /* recognised and of no use: an answer to a query, an odd sequence */
    KEY_CHARACTER,  /* code: a code point; 13 is Enter, 9 Tab, 127 Backspace, 27 Escape */
    KEY_FUNCTION,   /* code: enum key_function, or F1..F24 as KEY_F + n */
    KEY_MOUSE,
    KEY_PASTE,      /* the bytes between the paste brackets: text, length */
    KEY_FOCUS,      /* the terminal got (code 1) or lost (0) the focus */
    KEY_ANSWER,     /* it is well (ESC [ 0 n), as it was asked to say */
    KEY_FEATURES,   /* what it can do, likewise (DA1); code 1: it takes sixels */
};

enum key_function {
    KEY_UP = 1, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_HOME, KEY_END, KEY_PAGE_UP,
    KEY_PAGE_DOWN, KEY_INSERT, KEY_DELETE, KEY_BACK_TAB, KEY_F = 100
};

enum key_modifier { KEY_SHIFT = 1, KEY_ALT = 2, KEY_CONTROL = 4 };

enum mouse_action { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL_UP,
                    MOUSE_WHEEL_DOWN };

struct key {
    enum key_kind kind;
    int code;
    unsigned modifiers;
    enum mouse_action action; /* of KEY_MOUSE; code is the button, 1 the left one */
    int x, y;                 /* of KEY_MOUSE: the cell, from 0 */
    const char *text;         /* of KEY_PASTE: inside the bytes that were decoded */
    size_t length;
};

/* Decodes the first key of bytes[0..n), n > 0. Returns the bytes it took; 0: it may go
 * on, wait for more. `final`: nothing more came for a while, so a lone ESC is the key
 * Escape and a beginning of a sequence is what it looks like; then it never returns 0. */
size_t key_decode(const char *bytes, size_t n, bool final, struct key *out);
/* Whether the bytes begin with a paste whose end has not come: worth a longer wait than a
 * lone ESC, as with `final` the rest of it would count as keys. */
bool key_in_paste(const char *bytes, size_t n);

/* The name of a key: "a", "Space", "C-l", "M-1", "S-Tab", "F5", "C-Left", "PgUp", "Esc",
 * "Enter", "Bksp". Appends. */
void key_print(const struct key *k, struct str *out);
/* And back; "Return", "PageUp" and the like are fine too, as are capitals. False: no such
 * key. What terminals send alike is one key: C-i is Tab, C-m and C-j Enter, C-h Bksp. */
bool key_parse(const char *name, struct key *out);
bool key_equal(const struct key *a, const struct key *b);

#endif
