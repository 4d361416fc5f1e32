/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines that do again what was done, in the folder where it was begun. */
#ifndef COMMAND_REPEAT_H
#define COMMAND_REPEAT_H

#include "engine/session.h"

/* Appends the lines that load the table, mark its columns, divide its rows ... */
void repeat_table(struct str *out, const struct table *t);
/* ... open the model of a run whose body another one begins with ... */
void repeat_parent(struct str *out, const struct run *parent);
/* ... set all options that runs have ... */
void repeat_settings(struct str *out, const struct settings *s);
/* ... train it ... */
void repeat_train(struct str *out, const struct run *r);
/* ... and all that repeat the run, which begins with the body of parent (NULL: none). */
void repeat_run(struct str *out, const struct table *t, const struct run *r,
                const struct run *parent);

#endif
