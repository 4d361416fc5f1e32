/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Studies of other sessions, or of another process now, as far as the trials that their
 * folders keep tell of them: enough to show how they stand, not to go on with them.
 */
#ifndef ENGINE_STUDY_KEPT_H
#define ENGINE_STUDY_KEPT_H

#include "engine/session.h"

/* The study of that name in the folder of runs, with the trials that are done. Its tables
 * have a name and a task, its trials no settings; labels are sorted, all of them last.
 * NULL: there is none, it cannot be read, or nothing of it is done. Free with
 * study_free. */
struct study *study_kept_open(const struct session *s, const char *name,
                              struct error *err);

/* Whether the folder of runs has one of that name. A name that leads elsewhere is none. */
bool study_kept_is(const struct session *s, const char *name);

/* Whether somebody, this process too, works at it now, or did and came to no end. */
enum study_hold { STUDY_FREE, STUDY_TAKEN, STUDY_CUT_OFF };
enum study_hold study_kept_hold(const struct session *s, const char *name);

/* Names of those there are, sorted; caller frees list and names. */
char **study_kept_list(const struct session *s, size_t *n);

#endif
