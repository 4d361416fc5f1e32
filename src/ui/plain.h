/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The front end without a screen: data on standard output, narration on standard error, a
 * status line where that is a terminal. It runs scripts (batch) and a line-oriented
 * prompt, which screen readers and dumb terminals can follow: nothing moves but the last
 * line.
 */
#ifndef UI_PLAIN_H
#define UI_PLAIN_H

#include <stdbool.h>

#include "command/command.h"
#include "engine/session.h"

struct plain;

/* batch: nobody is there to answer. The session outlives it. */
struct plain *plain_new(struct session *s, bool batch);
void plain_free(struct plain *p);

struct context *plain_context(struct plain *p);

/* The prompt, until the person leaves or a signal comes (SIGINT does so in batch only).
 * The first line says why it is a plain one. */
void plain_prompt(struct plain *p, const char *reason);

/* False if standard output could not take all that was printed; *err says why. */
bool plain_flush(struct plain *p, struct error *err);

#endif
