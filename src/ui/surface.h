/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A grid of styled cells: what panes draw on and tests read, before any terminal is
 * involved. A cell has a role ("what this is"), never a colour: ui/theme.h gives roles
 * their looks, ui/term.h brings cells to the terminal.
 *
 * A part of a surface is a surface of its own with (0, 0) at its corner; whatever would
 * fall outside of it is not drawn, so a pane cannot harm its neighbours at any size.
 */
#ifndef UI_SURFACE_H
#define UI_SURFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum role {
    ROLE_TEXT,
    ROLE_DIM,       /* beside the point: units, echoed keys, grids */
    ROLE_STRONG,
    ROLE_BORDER,
    ROLE_FOCUS,     /* border and title of the pane that has the keys */
    ROLE_TITLE,
    ROLE_TAB,       /* row 0 */
    ROLE_TAB_ON,
    ROLE_KEY,       /* a key in hints and menus */
    ROLE_STATUS,
    ROLE_CURSOR,    /* the line or cell under the cursor of the focused pane */
    ROLE_CURSOR_OFF, /* the same where the pane has no focus */
    ROLE_SELECTED,
    ROLE_MATCH,     /* of a search */
    ROLE_GOOD,
    ROLE_WARNING,
    ROLE_ERROR,
    ROLE_TARGET,    /* the column to predict, the positive class */
    ROLE_SERIES_1,  /* curves and classes in charts, eight in a row */
    ROLE_SERIES_8 = ROLE_SERIES_1 + 7,
    ROLE_HEAT_0,    /* a scale from least to most, sixteen steps */
    ROLE_HEAT_15 = ROLE_HEAT_0 + 15,
    ROLES
};

/* What the terminal's font can be trusted with, each with all before it. */
enum glyphs { GLYPHS_ASCII, GLYPHS_BLOCKS, GLYPHS_BRAILLE };

enum { CELL_MARKS = 3 }; /* combining marks on a character; more are dropped */

struct screen_cell {
    uint32_t code;              /* 0: the right half of a wide character */
    uint32_t marks[CELL_MARKS]; /* 0 ends */
    uint8_t role;
};

struct rect {
    int x, y, width, height;
};

struct surface {
    struct screen_cell *cells; /* of row 0; the first of this part */
    int stride;                /* cells from one row to the next */
    int width, height;
    enum glyphs glyphs;
    bool colourless;           /* steps of the heat scale have to be told by characters */
};

/* All blank. Sizes below 1 are taken as 0: nothing can be drawn then. */
void surface_init(struct surface *s, int width, int height, enum glyphs glyphs);
/* For a surface that was made by surface_init, not for parts. */
void surface_done(struct surface *s);

/* The part that r (relative to s) has in common with s. */
struct surface surface_part(const struct surface *s, struct rect r);

/* Row y of s, NULL outside. */
const struct screen_cell *surface_row(const struct surface *s, int y);
/* The cell as a terminal can show it: what a neighbour cut in half is a blank. */
struct screen_cell surface_shown(const struct surface *s, int x, int y);

/* Control characters and lone combining marks come out as '?'; half a wide character at
 * an edge as a blank. */
void surface_put(struct surface *s, int x, int y, uint32_t code, enum role role);
/* Text through show(), from column x, cut so that it takes at most `width` columns (0:
 * up to the edge). Returns the columns used. */
int surface_text(struct surface *s, int x, int y, int width, enum role role,
                 const char *text);
int surface_printf(struct surface *s, int x, int y, int width, enum role role,
                   const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The columns surface_text would use on a surface that is wide enough; 0 for NULL. */
int surface_width(const char *text);
/* The text ends at column x + width - 1. */
void surface_text_right(struct surface *s, int x, int y, int width, enum role role,
                        const char *text);
void surface_fill(struct surface *s, struct rect r, uint32_t code, enum role role);
/* Gives the cells another role and leaves what is written. */
void surface_paint(struct surface *s, struct rect r, enum role role);

/* A frame along the edge of s with a title in its upper side: lines, or +-| in ASCII; the
 * focused one is double (= in ASCII), so that it can be told without colours. */
void surface_frame(struct surface *s, const char *title, bool focused);
void surface_line(struct surface *s, int y, enum role role); /* horizontal, all across */

/* The horizontal bar of `part` in 0..1 of `width` columns, blank behind it: eighths of
 * blocks, or # with - for half of one. What is more than 0 is seen. */
void surface_bar(struct surface *s, int x, int y, int width, double part,
                 enum role role);
/* n values (not negative; NAN: a gap) as one character each: heights of blocks, or
 * " .:-=+*#" in ASCII; scaled to the largest. What is more than 0 is seen. */
void surface_spark(struct surface *s, int x, int y, int n, const double *values,
                   enum role role);

/* Appends rows as lines, blanks at their ends cut. UTF-8. */
void surface_dump(const struct surface *s, struct str *out);
/* The same with a letter for each role in place of characters: a, b, ... y in the order
 * of enum role from ROLE_DIM on, 0..F for the heat scale; ROLE_TEXT is '.', or ' ' where
 * it is blank. */
void surface_dump_roles(const struct surface *s, struct str *out);

bool surface_equal(const struct surface *a, const struct surface *b);

#endif
