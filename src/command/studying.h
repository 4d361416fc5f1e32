/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A study on its way: what `search` and `benchmark` have in common. */
#ifndef COMMAND_STUDYING_H
#define COMMAND_STUDYING_H

#include "command/command.h"
#include "command/pending.h"
#include "engine/job_study.h"
#include "engine/study.h"

/* The usual settings with those of the fit in their place. */
struct settings fit_settings(const struct study_fit *f);
/* The fit takes over settings that are of models. */
void fit_take_settings(struct study_fit *f, const struct settings *s);
/* Those that are not as usual: "train.lr 0.003, model.layers 2". Caller frees. */
char *fit_text(const struct study_fit *f);

/* A study of that name (NULL: the first free one of PREFIX1, PREFIX2, ...), with an empty
 * plan. NULL: no folder can have it, something else is there, or a study goes on. */
struct study *study_new(struct context *c, enum study_kind kind, const char *name,
                        const char *prefix, struct error *err);

/* Appends the settings, and the command with the name that the study has. */
void study_repeat(struct context *c, const struct call *call, const struct study *s,
                  struct str *out);

struct studying {
    const struct pending_type *type;
    const char *lines;   /* that begin it, or go on with it: kept in its folder */
    char *remember;      /* for type->finish, as the pending job's name; taken over */
    bool keep_best;
};
/* Takes over the study, whose plan is whole now: it is the session's from here on.
 * Results of earlier sessions are read, the others made. */
bool study_start(struct context *c, const struct call *call, struct study *s,
                 const struct studying *how, struct error *err);

/* The study that goes on now, or NULL. */
const struct pending *study_pending(const struct context *c);

/* Whether the folder of that name has a whole run: not one that was cut off while it was
 * written. */
bool study_has_run(const struct context *c, const char *name);
/* Whether it is a study's that has not come to a run. */
bool study_is_kept(const struct context *c, const char *name);
/* Begins it anew by the lines that it keeps, so that it goes on where it was. The tables
 * of those lines are loaded, in place of others of the same names; the session's settings
 * and its current table stay as they are. */
bool study_resume(struct context *c, const struct call *call, const char *name,
                  struct error *err);

/* For a pending_type. */
void study_cut(void *work, void *arg);
void study_watch(struct context *c, struct pending *p);
void study_status(struct context *c, const struct pending *p, struct str *out);
/* Takes what the job came to; the job is still to be freed. False, and *err: it failed, or
 * was stopped before its end. */
bool study_end(struct context *c, struct pending *p, void *work, enum job_state ended,
               struct error *err);

#endif
