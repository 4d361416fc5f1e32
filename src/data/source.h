/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of a file as UTF-8 text: unpacked (data/bytes.h) and converted if it is
 * UTF-16, UTF-32 or CP1252. What is plainly no text (a program, an
 * archive, a picture, a block of NULs) is refused by name.
 *
 * Text that is not UTF-8 counts as CP1252, but a few wrong bytes in UTF-8 do not turn
 * it into that: they stay as they are. The question is settled at the first block that
 * holds a byte over 127, so nothing needs reading twice.
 */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct source;

/* "-" is standard input. `encoding`: "utf-8", "cp1252" (also "latin1") or NULL to detect.
 * NULL on failure; what the file holds is looked at by the first source_read. */
struct source *source_open(const char *path, const char *encoding, struct error *err);
void source_close(struct source *s);

/* Some more text into out[0..room), room >= 64; *n gets how much, 0 at the end, and where
 * a pipe has nothing yet. */
bool source_read(struct source *s, char *out, size_t room, size_t *n, struct error *err);
bool source_later(const struct source *s); /* that was it: ask again */

const char *source_name(const struct source *s); /* visible, for sentences */
double source_progress(const struct source *s); /* 0..1, by bytes; NAN: not known */
bool source_gzip(const struct source *s);
/* "UTF-8", "UTF-8 with BOM", "UTF-16LE", "CP1252" ...: what is known so far. */
const char *source_encoding(const struct source *s);
size_t source_marks(const struct source *s); /* byte order marks at the start */

/* True if some byte is over 127. */
bool source_any_high(const char *p, size_t n);

#endif
