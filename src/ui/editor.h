/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text in the person's own editor. */
#ifndef UI_EDITOR_H
#define UI_EDITOR_H

#include "base/error.h"

/* Runs $VISUAL, $EDITOR or vi on a temporary file with the text and returns what is in it
 * then, without line ends behind it; the caller's. The terminal has to be the editor's
 * meanwhile. NULL: there was no such file, or the editor did not end well. */
char *editor_run(const char *text, struct error *err);

#endif
