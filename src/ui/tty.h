/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The terminal as a device: raw bytes in, bytes out that nobody ever waits for long,
 * standard error taken aside, and all of it given back whatever happens, a fatal signal
 * included. What the bytes mean is no matter of this file; see ui/term.h.
 * Main thread only, but for tty_rescue; there is one terminal.
 */
#ifndef UI_TTY_H
#define UI_TTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Takes the terminal that is standard input and output into raw mode, and standard error
 * away from it; from now on a fatal signal and exit() give both back. False: there is no
 * terminal; nothing was changed. */
bool tty_begin(struct error *err);
/* As it was found. What was written to standard error and never read goes there now. */
void tty_end(void);
/* The same for a while, and taken again; also where another changed the modes. */
void tty_leave(void);
void tty_return(void);

/* What is written first when the terminal is given back in a hurry. Too long a text is
 * cut. */
void tty_set_farewell(const char *bytes, size_t n);
/* Farewell, modes, standard error, at once and only if they are taken. For handlers of
 * signals on any thread: async-signal-safe. */
void tty_rescue(void);

/* Columns and rows; false: the system does not know them. */
bool tty_size(int *width, int *height);
/* Pixels of a cell; false: the system does not know them. */
bool tty_cell(int *width, int *height);

/* Bytes for the terminal: collected, in order, until tty_flush. */
void tty_add(const char *bytes, size_t n);
/* Writes what was collected and waits at most `ms` for the terminal to take it; the rest
 * stays. False: the terminal is gone, now and for ever. */
bool tty_flush(int ms);
/* Writes on what waits, if anything does. True: all is out and the terminal takes more,
 * or it is gone. */
bool tty_is_ready(void);
bool tty_is_gone(void);
/* To be polled for POLLOUT while something waits; -1: nothing does. */
int tty_waiting(void);
size_t tty_written(void); /* bytes so far */
size_t tty_sent(void);    /* with those that wait */
/* Reads what comes from the keyboard until `text` came, at most `ms`; all of it is
 * dropped. */
void tty_skip_to(const char *text, int ms);

/* Readable when something was written to standard error. -1 where it is not taken. */
int tty_stderr(void);

#endif
