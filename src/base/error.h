/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An error is a kind and one sentence for a person: what was wrong, with which
 * value, where, and what would be right. It is written where the facts are and
 * carried up unchanged; library code never prints.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

enum error_kind {
    ERROR_NONE,
    ERROR_USAGE,     /* a command or option was written wrongly */
    ERROR_INPUT,     /* a file or a value has content we cannot take */
    ERROR_SYSTEM,    /* the operating system refused (errno is in the text) */
    ERROR_MEMORY,    /* not enough memory, or a limit of ours */
    ERROR_STATE,     /* not possible now: no table, no target, no such run */
    ERROR_NUMERIC,   /* a loss or a weight is not finite */
    ERROR_CANCELLED, /* a person asked for it */
};

struct error {
    enum error_kind kind;
    /* UTF-8, no newline at the end; may hold outside text: print through show() */
    char text[768];
};

/* Fills *err (if not NULL) and returns false, so that a function can
 * `return error_set(err, ...)`. Too long a text is cut. */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the sentence that stands in *err; returns false. */
bool error_prefix(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True if low <= value <= high; else a usage error that says so of the option `name`. */
bool error_unless_within(struct error *err, const char *name, double value, double low,
                         double high);

#endif
