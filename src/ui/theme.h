/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How roles look. A theme says it for 256 colours and for the terminal's own 16; where
 * there are none (NO_COLOR, monochrome terminals, theme mono) bold, reverse and underline
 * have to do, and nothing is told by colour alone anywhere.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "ui/surface.h"

enum attribute { ATTRIBUTE_BOLD = 1, ATTRIBUTE_DIM = 2, ATTRIBUTE_REVERSE = 4,
                 ATTRIBUTE_UNDERLINE = 8 };

struct look {
    short foreground, background; /* 0..255, -1: the terminal's own */
    unsigned attributes;
};

struct theme;

/* "dark", "light", "mono", "deut" (told apart by the colour-blind), "contrast". NULL:
 * there is none of that name. */
const struct theme *theme_find(const char *name);
/* The names as a VALUE_CHOICE takes them, "dark|light|...". */
extern const char theme_choices[];

/* Whether it tells roles by colours, on a terminal that has so many. */
bool theme_has_colours(const struct theme *t, int colours);

/* colours: that the terminal has: 0 for none, 8, 16, 256 and more. */
struct look theme_look(const struct theme *t, enum role role, int colours);

#endif
