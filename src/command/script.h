/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines from a file. */
#ifndef COMMAND_SCRIPT_H
#define COMMAND_SCRIPT_H

#include <stdio.h>

#include "command/command.h"

/* Runs line after line until one fails: then "NAME:LINE: sentence" stands in *err. Ends
 * with true where a line says quit. */
bool script_run(struct context *c, FILE *f, const char *name, struct error *err);
/* The same for a file; a script may run others, 16 deep. `aloud`: its lines are shown
 * where that is usual (way_out.echo), but for remarks. */
bool script_run_file(struct context *c, const char *path, bool aloud, struct error *err);

#endif
