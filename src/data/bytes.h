/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of a file or of standard input, unpacked where they are gzip (known by
 * content; several members one after another are one text). Nothing here waits for long:
 * a pipe that has nothing yet says so.
 */
#ifndef DATA_BYTES_H
#define DATA_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct bytes;

enum bytes_status {
    BYTES_SOME,
    BYTES_END,
    BYTES_LATER, /* nothing came for a moment: ask again */
    BYTES_FAILED,
};

/* "-" is standard input. NULL and a sentence: not there, or no plain file. */
struct bytes *bytes_open(const char *path, struct error *err);
void bytes_close(struct bytes *b);

/* Into to[0..room), *n of them. */
enum bytes_status bytes_read(struct bytes *b, char *to, size_t room, size_t *n,
                             struct error *err);

/* For sentences: the path made visible, or "standard input". */
const char *bytes_name(const struct bytes *b);
bool bytes_gzip(const struct bytes *b);  /* after the first bytes_read */
bool bytes_piped(const struct bytes *b); /* they come as somebody writes them */
/* Share of the file that was read, 0..1; NAN where nobody knows how long it is. */
double bytes_progress(const struct bytes *b);

#endif
