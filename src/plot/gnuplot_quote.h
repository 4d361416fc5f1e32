/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one way for texts from outside into a script of gnuplot, which would run what
 * stands in double quotes between back-quotes, behind the end of a string, or after a line
 * end.
 */
#ifndef PLOT_GNUPLOT_QUOTE_H
#define PLOT_GNUPLOT_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Appends text as a string of gnuplot in single quotes, at most `width` columns of it
 * (0: 120). What is no letter (control characters, what turns the direction, bytes that
 * are no UTF-8) becomes '?'. */
void gnuplot_quote(struct str *out, const char *text, size_t width);
/* The same as a format, in which % has a meaning: tic labels are formats. */
void gnuplot_quote_format(struct str *out, const char *text, size_t width);
/* Appends the name of a file in the folder that gnuplot runs in; "./" before it keeps it
 * from being a command. False: a name with control characters cannot be written. */
bool gnuplot_quote_file(struct str *out, const char *name);

#endif
