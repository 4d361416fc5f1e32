/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that trains or pre-trains a model from a table: split, encoder, frame, fresh
 * weights, one step a slice, the metrics of the best weights, and the files of the run's
 * folder:
 *
 *     commands            command lines that repeat the run
 *     metrics.csv         one line an epoch, written as they come
 *     columns.csv         of pre-training: one a column and epoch, at the end
 *     model.safetensors   at the end
 *     log                 what there was to say
 *     resume.safetensors  as long as it is not done: its state (engine/checkpoint.h)
 *     lock                as long as somebody trains it (base/lock.h)
 */
#ifndef ENGINE_JOB_TRAIN_H
#define ENGINE_JOB_TRAIN_H

#include <jansson.h>

#include "base/pool.h"
#include "data/encode.h"
#include "data/split.h"
#include "engine/engine.h"
#include "engine/trainer.h"
#include "model/model.h"

struct train_job;
struct answers;

#define RUN_MODEL "model.safetensors"
#define RUN_RESUME "resume.safetensors"
#define RUN_LOCK "lock"

extern const struct job_type train_job_type;

struct train_request {
    struct dataset *data;        /* referenced */
    const struct schema *schema; /* copied, as are all options and texts */
    struct split_options split;
    struct encode_options encode;
    struct model_options model;
    struct train_options train;
    enum pretext pretext;        /* not PRETEXT_NONE: pre-trains, uses no target */
    struct model *from;          /* whose body it begins with or NULL; outlives the job */
    struct pool *pool;           /* used on the worker only; outlives the job */
    const char *folder;          /* made when training begins; NULL: nothing is written */
    const char *commands;        /* content of that file */
    const char *recipe;          /* kept with its state: how to get here again */
    bool resume;                 /* goes on with what the folder holds */
    const struct train_state *state; /* goes on there, without a folder; there until the job
                                        has progress. NULL: begins */
    json_t *extra;               /* for the model file, referenced; metrics are added */
};

/* *err says which option is wrong; nothing is begun. */
struct train_job *train_job_new(const struct train_request *r, struct error *err);

enum train_phase {
    PHASE_SPLITTING,
    PHASE_FITTING,
    PHASE_ENCODING,
    PHASE_BUILDING,
    PHASE_STEPPING,
    PHASE_SCORING,
    PHASE_SAVING,
};
/* "encoding the table" */
const char *train_phase_text(enum train_phase phase);

/* When it is stopped, it is not because a person wants it to end. Any thread. */
void train_job_cut(struct train_job *j);

/* What is published. */
struct train_view {
    enum train_phase phase;
    size_t begun;             /* epochs that were done when it went on, 0: it is new */
    size_t rows;              /* in training */
    size_t parameters;
    int batch;                /* rows of a step */
    size_t bytes;             /* memory that training takes, the frame included */
    struct train_progress progress;
    struct epoch_record *history;
    size_t n_history, capacity;
    struct curve curve;
    struct diagnosis diagnosis; /* epoch 0: none yet */
    struct learned learned;     /* of a pretext */
    struct encoder *encoder;    /* the job's, to be referenced; NULL: none yet */
    struct model *model;        /* likewise, of the steps */
    struct str note;          /* what a person should know, one sentence a line */
};
const struct train_view *train_job_view(const struct train_job *j);

/* What it came to; for whoever collected the job. */
struct train_result {
    struct model *model;
    struct split *split;
    struct metrics valid, test; /* of the best weights; rows 0: no such rows */
    bool saved;                 /* the model is in the folder */
    struct error save_error;    /* why not */
    bool resumable;             /* so is what it takes to go on */
};
/* Hands over model and split (once). */
struct train_result train_job_take(struct train_job *j);

/* For who made the job without a folder and runs it himself. */

/* NULL: it has not come to its first step. */
const struct train_progress *train_job_progress(const struct train_job *j);

/* A copy of all that changes, into an empty state, while there is progress and it is
 * TRAIN_RUNNING; another job of the same request goes on with it. False: no memory. */
bool train_job_state(struct train_job *j, struct train_state *s, struct error *err);

/* Once it is done, and before train_job_take. */
void train_job_metrics(const struct train_job *j, struct metrics *valid,
                       struct metrics *test);
/* Of the best weights; refused as answers_make. */
bool train_job_answers(struct train_job *j, enum part part, struct answers *a,
                       struct error *err);
const struct encoder *train_job_encoder(const struct train_job *j);
int train_job_outputs(const struct train_job *j); /* values a row in its answers */
/* Writes the files of the run's folder, which is there, after all, in place of those that
 * may be there; the result says whether the model is. False: not even the folder can be
 * taken. */
bool train_job_keep(struct train_job *j, const char *folder, const char *commands,
                    json_t *extra, struct error *err);

#endif
