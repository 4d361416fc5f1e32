/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of ours. Writing is atomic: a temporary file in the same folder, write,
 * fsync, rename, fsync of the folder. After a failure the old file is intact and
 * the temporary one is gone.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct file_writer; /* opaque */

/* Begins an atomic replacement of `path`. A symbolic link is followed (the link
 * stays a link); a folder, FIFO or device is refused; an existing file's mode is
 * kept, a new one gets `mode` (0644 or 0600) less what the umask takes away. Temporary
 * files that killed processes left beside it are removed. NULL on failure. */
struct file_writer *file_writer_open(const char *path, int mode, struct error *err);
/* Buffered; a failure is remembered and reported by commit. */
void file_writer_write(struct file_writer *w, const void *bytes, size_t n);
/* False: something could not be written, so it can be left at once; commit says why. */
bool file_writer_going(const struct file_writer *w);
void file_writer_printf(struct file_writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Flush, fsync, rename. Frees w. False with the old file in place, but for the one
 * failure after the rename: the folder cannot be synced ("cannot make sure of ..."). */
bool file_writer_commit(struct file_writer *w, struct error *err);
/* Removes the temporary file and frees w. */
void file_writer_abort(struct file_writer *w);
/* All of that for n bytes. */
bool file_write(const char *path, int mode, const void *bytes, size_t n,
                struct error *err);

/* Opens for reading. Returns the descriptor, or -1: also for a folder or FIFO. */
int file_open(const char *path, struct error *err);

/* The whole file, NUL-terminated, at most `limit` bytes; caller frees. `length` may be
 * NULL. NULL on failure: also for a folder or FIFO. */
char *file_read(const char *path, size_t limit, size_t *length, struct error *err);

/* mkdir -p with mode 0700 for new folders. */
bool path_make_folder(const char *path, struct error *err);

/* "$XDG_<KIND>_HOME/tabscope/NAME" or its default under HOME, e.g.
 * path_user("CONFIG", ".config", "rc"). NULL without a home. Caller frees. */
char *path_user(const char *kind, const char *under_home, const char *name);

/* What follows the last slash. */
const char *path_base_name(const char *path);

/* "~/x" with the home folder in place of "~"; anything else as it is. Caller frees. */
char *path_expand(const char *path);

/* Whether the folder is the one that the process works in. */
bool path_is_here(const char *folder);

/* CRC-32 (IEEE 802.3, as zlib's) continued from `crc` (0 to begin). */
uint32_t path_crc32(uint32_t crc, const void *bytes, size_t n);

#endif
