/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that people type: unique beginnings, and sentences for what is not there. */
#ifndef COMMAND_NAME_H
#define COMMAND_NAME_H

#include <stdbool.h>

#include "base/error.h"

/* Position of `word` among names[0..n): the name itself, or the only one that begins with
 * it. -1 and a sentence otherwise: what may be meant, else `hint`. */
int name_find(const char *what, const char *word, const char *const *names, int n,
              const char *hint, struct error *err);

/* The nearest name if it is near enough to be what was meant, else NULL. */
const char *name_nearest(const char *word, const char *const *names, int n);

/* "there is no WHAT "WORD"; did you mean X?" or "...; HINT" */
bool name_refuse(const char *what, const char *word, const char *const *names, int n,
                 const char *hint, struct error *err);

/* "the WHAT "WORD" may be a, b or c" */
bool name_refuse_ambiguous(const char *what, const char *word, const char *const *names,
                           int n, struct error *err);

#endif
