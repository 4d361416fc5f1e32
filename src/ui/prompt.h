/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line editor: the one file that knows readline. The loop feeds it bytes as they come
 * (prompt_read) and takes finished lines; in between it may print above the line. There
 * is one prompt in the program, as there is one readline.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "command/command.h"

/* Reads the history. The context is that of completion and outlives the prompt. What was
 * wrong with the history file is noted and nothing more. */
void prompt_begin(struct context *c, const char *text);
/* The terminal is as it was before. */
void prompt_end(void);

/* Shows the prompt and takes keys from now on; and no more, with the cursor at the
 * beginning of an empty line. */
void prompt_open(void);
void prompt_close(void);
bool prompt_is_open(void);

/* Call when standard input is readable. */
void prompt_read(void);
enum prompt_news { PROMPT_NOTHING, PROMPT_LINE, PROMPT_END };
/* LINE: *line is the caller's, and the prompt is closed. END: of input, closed too. */
enum prompt_news prompt_take(char **line);

/* Ctrl-C: begins an empty line. True if there was something on it. */
bool prompt_interrupt(void);

/* Takes the line off the screen while something is printed, and puts it back. */
void prompt_hide(void);
void prompt_show(void);

#endif
