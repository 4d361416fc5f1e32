/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs that were stopped or cut off go on. */
#ifndef COMMAND_RESUME_H
#define COMMAND_RESUME_H

#include "command/command.h"

/* The run of that name goes on where its state was kept; its table is read again unless
 * it is there. False: nothing of it is kept, it is in training, its table has changed (as
 * far as that is known before it is encoded). */
bool resume_run(struct context *c, const struct call *call, const char *name,
                struct error *err);

/* Of the runs that were cut off and nobody goes on with the newest, or NULL. */
const struct run *resume_offered(const struct session *s);

/* Notes which runs, searches and benchmarks were cut off and how they go on, and which
 * another process works at. */
void resume_offer(struct context *c);

#endif
