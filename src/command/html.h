/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page of HTML, made piece by piece. What comes from outside goes through html_text. */
#ifndef COMMAND_HTML_H
#define COMMAND_HTML_H

#include "base/str.h"

/* Appends text; what HTML would read as its own comes out as it was written. */
void html_text(struct str *out, const char *text, size_t n);

/* Appends a whole picture of SVG without what stands in front of <svg. Names of its parts
 * get the number in front, so that several pictures of a page do not take each other's. */
void html_svg(struct str *out, const struct str *svg, int number);

#endif
