/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs of other sessions, from the folders of run.dir: finished, stopped, cut off, or in
 * training by another process now. They stand among the session's runs as RUN_KEPT, with
 * what the headers of their files say; a model is read when it is asked for.
 */
#ifndef ENGINE_KEPT_H
#define ENGINE_KEPT_H

#include "engine/session.h"

/* Adds those that the session does not know, looks anew at the others, and takes out
 * those whose files are gone. Files that say nothing right are passed over. */
void kept_find(struct session *s);

/* What is in that folder and could name a run, sorted. Caller frees list and names; NULL:
 * there is none. */
char **kept_names(const char *folder, size_t *n);

/* Reads the model of a run that is RUN_KEPT; it is RUN_OPENED then. False, and as it was:
 * there is none, or it cannot be read. */
bool kept_open(struct run *r, struct error *err);

#endif
