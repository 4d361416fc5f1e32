/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A growing byte string. `text` always ends in a NUL that `length` does not count;
 * NULs inside are allowed. {0} is an empty string; str_done releases it. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
    char *text; /* NULL until something was added */
    size_t length, capacity;
};

void str_add(struct str *s, const char *bytes, size_t n);
void str_puts(struct str *s, const char *text);
void str_putc(struct str *s, char c);
void str_printf(struct str *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void str_clear(struct str *s); /* length 0, memory kept */
void str_done(struct str *s);

/* The text, never NULL. Valid until s changes. */
const char *str_text(const struct str *s);

/* Appends x as a JSON number with the shortest digits that read back equal
 * (null when not finite). */
void str_json_number(struct str *s, double x);
/* Appends bytes as a quoted JSON string; invalid UTF-8 becomes U+FFFD. */
void str_json_string(struct str *s, const char *bytes, size_t n);

/* Appends "0:07", "12:34", "1:23:45", "3 d 4 h". */
void str_duration(struct str *s, double seconds);

/* strtod without surprises: decimal digits with optional sign, point and
 * exponent, the whole of bytes[0..n), in the C locale whatever the locale is.
 * No hex, inf, nan, blanks. False if the text is not such a number; overflow
 * gives +-HUGE_VAL and underflow 0 and true. */
bool str_to_double(const char *bytes, size_t n, double *out);
/* A whole decimal integer in [low, high]. */
bool str_to_long(const char *text, long low, long high, long *out);

bool str_starts(const char *text, const char *prefix);

#endif
