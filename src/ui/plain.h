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

/* Prints the sentence of an error, in one line, and nothing else. */
void plain_complain(struct plain *p, const struct error *err);

/* The prompt, until the person leaves. The first line says why it is a plain one, if
 * there is a reason (else NULL). */
void plain_prompt(struct plain *p, const char *reason);

/* Stops what still runs, keeping what can be kept. */
void plain_stop_jobs(struct plain *p);

/* The signal that asked the program to end, or 0. SIGINT counts in batch only. */
int plain_signal(const struct plain *p);

/* False if standard output could not take all that was printed; *err says why. */
bool plain_flush(struct plain *p, struct error *err);

#endif
