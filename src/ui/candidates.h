/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list that Tab opens above the prompt: what could stand here, with a few words of
 * help each. Nothing is chosen at first, so that Enter still runs the line.
 */
#ifndef UI_CANDIDATES_H
#define UI_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "command/complete.h"
#include "ui/surface.h"

struct candidates {
    bool shown;
    int cursor;             /* the chosen one, -1: none yet */
    struct completion list; /* may be empty: then it says so */
};

/* Bytes that all texts of a list that is not empty begin with, in whole characters. */
size_t candidates_common(const struct completion *list);
/* What follows a candidate once it was taken: a blank, nothing behind a folder or =. */
const char *candidates_end(const char *text);

/* Appends the list as lines for a terminal, `most` of them. */
void candidates_print(const struct completion *list, int most, struct str *out);

/* Shows the list, which is taken over (*list is empty then). */
void candidates_show(struct candidates *c, struct completion *list);
void candidates_hide(struct candidates *c);
/* To the next or the one before, around the ends. */
void candidates_move(struct candidates *c, int by);
/* The text of the chosen one; NULL: none. */
const char *candidates_chosen(const struct candidates *c);

/* In the lower part of s, as near to column x as there is room. */
void candidates_draw(const struct candidates *c, struct surface *s, int x);

#endif
