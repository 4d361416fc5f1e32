/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Formats into text[0..size); a text that does not fit is cut between two characters. */
__attribute__((format(printf, 3, 0)))
static void format_cut(char *text, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(text, size, format, args);
    size_t end = size - 1;

    if (length < 0) {
        text[0] = '\0';
        return;
    }
    if ((size_t)length < size)
        return;
    while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80)
        end--;
    if (end > 0 && (unsigned char)text[end - 1] >= 0xC0)
        end--;
    text[end] = '\0';
}

bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
    char text[sizeof err->text]; /* the arguments may point into err->text */
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    format_cut(text, sizeof text, format, args);
    va_end(args);
    err->kind = kind;
    memcpy(err->text, text, sizeof text);
    return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
    char prefix[sizeof err->text];
    va_list args;

    if (!err)
        return false;
    va_start(args, format);
    format_cut(prefix, sizeof prefix, format, args);
    va_end(args);
    return error_set(err, err->kind, "%s: %s", prefix, err->text);
}

bool error_unless_within(struct error *err, const char *name, double value, double low,
                         double high)
{
    if (value >= low && value <= high)
        return true;
    return error_set(err, ERROR_USAGE, "%s is %g; it must be between %g and %g", name,
                     value, low, high);
}
