/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Completion from the tables of commands and options and from what the session holds:
 * verbs, options, choices, columns, tables, runs, jobs, files.
 */
#ifndef COMMAND_COMPLETE_H
#define COMMAND_COMPLETE_H

#include <stddef.h>

#include "command/command.h"

struct completion {
    size_t at;     /* candidates replace the line from this byte to the point */
    int n;
    char **texts;  /* as they are to stand in the line, quoted where needed */
    char **helps;  /* a few words each, or NULL */
    bool more;     /* the word goes on after the candidate: folder or --option= */
    size_t capacity, help_capacity;
};

void complete(const struct context *c, const char *line, size_t point,
              struct completion *out);
void completion_done(struct completion *c);

#endif
