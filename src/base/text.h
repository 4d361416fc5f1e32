/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * show(): the one function through which text from outside (cells, names, paths,
 * messages that quote them) reaches a screen or a log. Control bytes, escape
 * sequences, direction overrides and invalid UTF-8 come out in a visible form;
 * width is counted in terminal columns. Files we export hold the true bytes instead.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

#include "base/str.h"

/* Appends the visible form of bytes[0..n) to out, cut with "…" (or "~" where the
 * locale is not UTF-8) so that it takes at most `width` columns (0: no limit).
 * C0 -> "^[", DEL -> "^?", C1, U+2028/9, U+202A..E, U+2066..9, U+FEFF, private and
 * unassigned code points, and others that are invisible or turn the direction ->
 * "<202E>"; invalid UTF-8 -> U+FFFD; more than 8 combining marks in a row are dropped.
 * Where the locale is not UTF-8, all beyond ASCII comes out as "<E9>". Returns the
 * columns used. */
size_t show_to(struct str *out, const char *bytes, size_t n, size_t width);

/* The same, but cut in front: of a path the end tells most. */
size_t show_end_to(struct str *out, const char *bytes, size_t n, size_t width);

/* show_to as a new string; caller frees. */
char *show(const char *text, size_t width);

/* Terminal columns that the visible form takes. */
size_t show_width(const char *bytes, size_t n);

/* Appends text, which is harmless already, with line ends at blanks, so that no line
 * takes more than `width` columns as long as its words are shorter. It begins at column
 * `at`; further lines at column `indent`. What stands in [brackets] is not broken. */
void fold_to(struct str *out, const char *text, size_t at, size_t indent, size_t width);

/* 1234567 -> "1,234,567" into out, which is returned. */
enum { COUNT_TEXT = 32 };
const char *count_text(size_t n, char out[COUNT_TEXT]);

/* Decodes one code point at bytes[0..n), n > 0. Returns its length in bytes
 * (1..4); *code is -1 for an invalid sequence (then the length is 1). */
int utf8_decode(const char *bytes, size_t n, int *code);
/* True if all of bytes is valid UTF-8 (no surrogates, no overlong forms). */
int utf8_valid(const char *bytes, size_t n);
/* Writes code as UTF-8 into out[4]; returns the length. */
int utf8_encode(int code, char out[4]);

#endif
