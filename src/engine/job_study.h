/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that makes the trials of a study which are not done yet: one at a time on each
 * thread of the pool, so that nothing is lost where threads would wait for each other
 * within one small training. What comes of a trial does not depend on how many go on
 * beside it.
 */
#ifndef ENGINE_JOB_STUDY_H
#define ENGINE_JOB_STUDY_H

#include "base/pool.h"
#include "engine/engine.h"
#include "engine/job_train.h"
#include "engine/study.h"

struct study_job;

extern const struct job_type study_job_type;

struct study_request {
    struct study_plan *plan;            /* referenced */
    const struct study_result *results; /* (n_trials) so far, copied */
    const char *folder;                 /* of the study; NULL: nothing is written */
    bool keep_best;                     /* with all that a run has, for study_job_take */
    struct pool *pool;                  /* used on the worker only; outlives the job */
    size_t paused_bytes;                /* that paused trials may keep; others begin anew when
                                           they go on, and come to the same */
};

/* Refused: another process has the folder, or it cannot be written. */
struct study_job *study_job_new(const struct study_request *r, struct error *err);

/* When it is stopped, it is not because a person wants it to end: its lock stays in the
 * folder, as it does where the process is killed. Any thread. */
void study_job_cut(struct study_job *j);

enum { STUDY_LANES = 64 }; /* trials at once, at most */

struct study_view {
    struct study_result *results; /* (n_trials) */
    struct study_lane lanes[STUDY_LANES];
    int n_lanes;
    struct str note;              /* what a person should know, one sentence a line */
};
const struct study_view *study_job_view(const struct study_job *j);

/* The training of the best trial, once, to be freed by train_job_type.free, and its
 * number; NULL: none is kept. Closes the files of the folder. */
struct train_job *study_job_take(struct study_job *j, size_t *trial);

#endif
