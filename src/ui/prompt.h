/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line editor: the one file that knows readline. It serves two front ends, one at a
 * time, as there is one readline in the program.
 *
 * On a terminal (prompt_begin) readline reads and writes by itself: the loop calls
 * prompt_read when there is input, and may print above the line.
 *
 * On cells (prompt_begin_cells) it touches no terminal: the loop hands over keys and
 * pastes and draws the line, and the list of completions above it, on surfaces.
 *
 * Either way: prompt_open, then input until prompt_take has news, then prompt_open again.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "command/command.h"
#include "ui/surface.h"

/* ---- both ---- */

/* Reads the history. The context is that of completion and outlives the prompt, as does
 * the text. What was wrong with the history file is noted and nothing more. */
void prompt_begin(struct context *c, const char *text);
/* The same for cells; before curses takes the terminal, as readline asks it for its keys.
 * False: there is no /dev/null for readline to sit on (errno); prompt_begin works. */
bool prompt_begin_cells(struct context *c, const char *text);
/* The terminal is as it was before. Either of them may begin again. */
void prompt_end(void);

/* Shows the prompt and takes keys from now on; and no more, with the cursor at the
 * beginning of an empty line. */
void prompt_open(void);
void prompt_close(void);
bool prompt_is_open(void);

enum prompt_news { PROMPT_NOTHING, PROMPT_LINE, PROMPT_END };
/* LINE: *line is the caller's, and the prompt is closed; after a paste it may hold
 * several lines, each of which is a command. END: C-d on an empty line; closed, too. */
enum prompt_news prompt_take(char **line);

/* Ctrl-C: begins an empty line, in whatever state (search, prefix, completion) the old
 * one is. True if there was something on it. */
bool prompt_interrupt(void);

/* ---- on a terminal ---- */

/* Call when standard input is readable. */
void prompt_read(void);
/* Takes the line off the screen while something is printed, and puts it back. */
void prompt_hide(void);
void prompt_show(void);

/* ---- on cells ---- */

/* Bytes of keys, whole ones: a sequence that goes on elsewhere counts as what it looks
 * like. Keys that mean nothing here are dropped. Returns the bytes that were taken: fewer
 * than n where a key finished the line; the rest is for the next one. */
size_t prompt_feed(const char *bytes, size_t n);
/* What stood between the brackets of a paste, as one edit. Line ends stay in the line.
 * False: it is too long, and the line is as it was. */
bool prompt_paste(const char *text, size_t n);
/* Puts this in place of the line, the cursor behind it, as one edit: a command that is to
 * be completed by hand. */
void prompt_set_line(const char *text);
/* What stands on the line now. Valid until the next key. */
const char *prompt_line(void);

/* Whether Escape is for the prompt: in vi's insert mode, in a search, behind a prefix or
 * a count, while completions are listed. Else it is free to leave the prompt. */
bool prompt_wants_escape(void);
/* Whether the next key is, whichever it is: behind quoted-insert (C-v). */
bool prompt_wants_all(void);

/* Rows that prompt and line want at this width, 1 to `most`. */
int prompt_rows(int width, int most);
/* Draws them all over s and tells where in s the cursor is; (-1, -1): s has no cells, or
 * the prompt is closed. One row scrolls sideways, more wrap. */
void prompt_draw(struct surface *s, int *x, int *y);
/* Draws the list of completions, if there is one, in the lower part of s: what is above
 * the prompt, with the same left edge. After prompt_draw. */
void prompt_draw_candidates(struct surface *s);

#endif
