/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps the profiles of the current table (engine/table.h) up to date in the background,
 * for whoever shows them.
 */
#ifndef COMMAND_PROFILING_H
#define COMMAND_PROFILING_H

#include "command/command.h"

/* To be called whenever the current table or its target may be another one: begins a job
 * if its profiles are not made, or being made, for that target, and ends jobs whose table
 * is gone. Costs nothing else, so that it may be called after every command. Does nothing
 * in batch. */
void profiling_start(struct context *c);

#endif
