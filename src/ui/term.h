/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one file that knows curses. It takes the terminal, brings surfaces to it (only what
 * differs from what is there), and gives it back, whatever happens: on exit, on suspend,
 * on a fatal signal. Bytes of the keyboard are read raw and decoded elsewhere
 * (ui/keycode.h). Main thread only; there is one terminal.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ui/surface.h"
#include "ui/theme.h"

/* After the line editor was set up (ui/prompt.h). Takes standard input and output as the
 * terminal, and standard error away from it: what libraries write there comes out of
 * term_stderr. False: this terminal cannot address its cells; nothing was changed. */
bool term_begin(struct error *err);
/* The terminal as it was found. May be called twice. */
void term_end(void);
/* The same in a hurry, from a handler of signals on any thread. Fatal signals and exit()
 * do it by themselves. */
void term_rescue(void);

void term_size(int *width, int *height);
/* Asks the system again, after SIGWINCH or SIGCONT. */
void term_resize(void);
int term_colours(void); /* 0: none, or NO_COLOR */
enum glyphs term_glyphs(void); /* what locale and TERM make us trust */

/* What is wanted from now on. */
void term_set_theme(const struct theme *t);
void term_set_mouse(bool on);
/* Ask it what has arrived of what was sent, so that no more is on its way than a slow
 * line can take (ui/pace.h). Its answer comes with the keys. */
void term_set_pace(bool on);
void term_answered(void);

/* Asks it once whether it takes sixels; the answer comes with the keys. */
void term_ask_sixels(void);
void term_tell_sixels(bool takes);
enum term_sixels { SIXELS_UNKNOWN, SIXELS_ASKED, SIXELS_NO, SIXELS_YES };
enum term_sixels term_sixels(void);
/* Pixels of a cell, as far as they are known, else few. */
void term_cell(int *width, int *height);
/* Sends a picture behind what was drawn, its corner on cell (x, y). What is drawn there
 * later covers it, as does term_repaint. */
void term_put_picture(int x, int y, const char *bytes, size_t n);
/* Counts how often all was painted anew, so that a picture has to be sent again. */
unsigned term_paintings(void);

/* Brings the surface to the terminal, the cursor to (x, y); x < 0: no cursor. False: the
 * terminal did not take it (it is gone). */
bool term_draw(const struct surface *s, int x, int y);
/* Everything anew at the next term_draw, for a screen that others wrote on. */
void term_repaint(void);
/* Whether the terminal takes more now: a frame is left out while it is busy, or while too
 * much is on its way to it. Writes on what still waits. True where the terminal is gone:
 * the next term_draw says so. */
bool term_is_ready(void);
/* While a part of a frame waits for a slow terminal: to be polled for POLLOUT, then
 * term_is_ready writes on. -1: nothing waits. */
int term_waiting(void);
/* Bytes written to the terminal so far. */
size_t term_written(void);

/* Readable when something was written to standard error; take it by read(2). */
int term_stderr(void);

/* The shell's screen for a while (editor, suspension), and back. */
void term_leave(void);
void term_return(void);

/* Asks the terminal to put the text into the clipboard of the person's machine (OSC 52),
 * through tmux too. False: it is too long for that (100,000 bytes as they are sent,
 * 74,991 of text). */
bool term_copy(const char *text, size_t n);

#endif
