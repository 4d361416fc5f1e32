/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file of the lines that were typed, one for each person. A line is appended as soon
 * as it was entered, so that a crash loses nothing; when the file has grown too long, its
 * older part is dropped at the next start.
 */
#ifndef UI_HISTFILE_H
#define UI_HISTFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The path of the file, its folder made. Caller frees. NULL: there is no place for it. */
char *histfile_path(void);

/* Hands over the lines that are worth it, the oldest first. *cut is set if the file is
 * too long and is to be written anew. A file that is not there is an empty one. */
bool histfile_read(const char *path, void (*take)(const char *line), bool *cut,
                   struct error *err);
/* Puts these lines in place of what is there. */
bool histfile_write(const char *path, const char *const *lines, size_t n,
                    struct error *err);
/* False: it could not be written; errno says why. */
bool histfile_append(const char *path, const char *line);

/* Whether a line is kept: not empty, no control characters but tabs, not too long. */
bool histfile_keeps(const char *line);

#endif
