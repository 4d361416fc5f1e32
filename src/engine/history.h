/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The epochs of a run of another session, from metrics.csv in its folder. */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include "engine/session.h"

/* Reads the run's history anew, and where it has no state to go on with, how far it came;
 * its task, settings and folder are known. What cannot be read is left out: a file that is
 * not there, a line that makes no sense and those behind it. */
void history_read(struct run *r);

#endif
