/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals as bytes in a pipe, for the loop that polls: SIGINT, SIGTERM, SIGHUP, SIGTSTP.
 * Where the loop is busy and the same signal comes again, a moment later at least, the
 * program ends at once, the terminal as it was found. SIGPIPE and SIGXFSZ become errors
 * of write.
 */
#ifndef UI_SIGNALS_H
#define UI_SIGNALS_H

#include <stdbool.h>

#include "base/error.h"

/* suspend: take SIGTSTP too, for who has the terminal in a mode of its own. */
bool signals_init(bool suspend, struct error *err);

/* SIGWINCH and SIGCONT too, from now on; `rescue` gives the screen back where the program
 * ends at once, in the handler of a signal. */
void signals_watch_screen(void (*rescue)(void));

/* Becomes readable when a signal came. */
int signals_fd(void);
/* The next signal that came, or 0. */
int signals_take(void);

/* Stops the program as Ctrl-Z does, until it is told to go on; not where no shell
 * could. */
void signals_suspend(void);

#endif
