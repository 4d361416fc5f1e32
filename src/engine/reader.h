/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the jobs share that read a table from a file: slice by slice, with options of
 * their own. */
#ifndef ENGINE_READER_H
#define ENGINE_READER_H

#include "data/dataset.h"

struct reader;

/* Everything is copied; nothing is opened yet. */
struct reader *reader_new(const char *path, const struct load_options *options);
/* Looks at the file, reads a block, or freezes the table at the end. */
enum step reader_step(struct reader *r, struct error *err);
double reader_share(const struct reader *r); /* of the file, 0..1; NAN: not known */
size_t reader_rows(const struct reader *r);  /* so far */
/* After DONE: the table, or what is left of it, one reference (once). */
struct dataset *reader_take(struct reader *r);
/* Before that, and with reader_waiting rows in it: the beginning of what is left. NULL:
 * no memory. */
struct dataset *reader_take_piece(struct reader *r, struct error *err);
size_t reader_waiting(const struct reader *r);
void reader_free(struct reader *r);

#endif
