/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The workbench: one loop that owns the terminal, the line editor and everything on the
 * screen. Keys, signals, news from the engine and what libraries write to standard error
 * come in here; commands and pictures go out. While jobs run on other threads the loop
 * sleeps in poll() between their news, and an idle program does nothing at all.
 */
#ifndef UI_APP_H
#define UI_APP_H

#include "command/command.h"
#include "engine/session.h"

struct app;

/* Takes the terminal. The session outlives it. NULL and a sentence: this terminal cannot
 * show it; nothing was changed. */
struct app *app_new(struct session *s, struct error *err);
/* Gives the terminal back. */
void app_free(struct app *app);

/* What commands are run with; its way out shows on the screen, also before app_run. */
struct context *app_context(struct app *app);

/* Until the person leaves or a signal asks for it. */
void app_run(struct app *app);

/* After a signal: jobs are stopped with their best weights, or go on to their end without
 * a screen (screen.hangup); what was done is kept as a script. */
void app_end_jobs(struct app *app);

#endif
