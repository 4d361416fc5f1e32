/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Training of one model, one step (batch) at a time: AdamW, schedule, early stopping on
 * the validation rows, best weights kept. A model of a pretext (model/pretrain.h) is
 * pre-trained on all rows outside validation and test, whether they have a target or not.
 * It runs on the worker thread; others see copies of struct train_progress.
 */
#ifndef ENGINE_TRAINER_H
#define ENGINE_TRAINER_H

#include "base/error.h"
#include "base/pool.h"
#include "base/step.h"
#include "data/encode.h"
#include "data/split.h"
#include "engine/curve.h"
#include "engine/diagnosis.h"
#include "engine/learned.h"
#include "engine/train_state.h"
#include "engine/unlabeled.h"
#include "model/pretrain.h"
#include "num/metrics.h"

enum schedule { SCHEDULE_CONSTANT, SCHEDULE_COSINE };
/* auto: auc, or r2 for regression */
enum watch { WATCH_AUTO, WATCH_AUC, WATCH_LOSS, WATCH_R2 };
enum class_weight { CLASS_WEIGHT_NONE, CLASS_WEIGHT_BALANCED };

struct train_options {
    int epochs;           /* at most */
    int passes;           /* over the rows, that make an epoch; of a GBDT without meaning */
    int batch;            /* rows a step; 0: see train_batch */
    double lr;            /* 0: train_settle decides */
    double weight_decay;  /* decoupled; weights of linear maps only */
    enum schedule schedule;
    double warmup;        /* epochs of linear warm-up */
    int patience;         /* epochs without a better validation value; 0: no early stop */
    enum watch watch;
    double clip;          /* largest norm of the gradient, 0: no clipping */
    enum class_weight class_weight;
    double average;       /* of the running average of the weights, what a step keeps; the
                             averaged weights are validated and kept; 0: no average */
    double autosave;      /* seconds from one saving of the state to the next; 0: none */
    double missing_dropout; /* share of categorical cells that a step takes for missing */
    int freeze;           /* fine-tuning: epochs in which the body stands still */
    double body_lr;       /* and then its rate, as a share of lr */
    double prune;         /* a sparse MLP: share of its weights that goes */
    int prune_every;      /* at the end of every so many epochs but the last */
    uint64_t seed;
    struct pretrain_options pretrain; /* of a model of a pretext */
    struct unlabeled_options unlabeled; /* of one that predicts classes */
};

struct train_options train_defaults(void);
bool train_check(const struct train_options *o, struct error *err);

/* What is left to the kind of model: the learning rate. That of a TabNet is 0.02, as its
 * paper and DreamQuark's code have it: every linear map of it has a norm behind it, and its
 * masks hardly move at a smaller one. */
void train_settle(struct train_options *o, enum model_kind kind);

/* The batch size for that many training rows: the one asked for, or a hundredth of the
 * rows as a multiple of 32 between 32 and 256, so that small tables get enough steps an
 * epoch; 16 below MODEL_FEW rows. */
int train_batch(const struct train_options *o, size_t rows);

enum train_end {
    TRAIN_RUNNING,
    TRAIN_EPOCHS,    /* all epochs done */
    TRAIN_EARLY,     /* patience used up */
    TRAIN_STOPPED,   /* a person stopped it */
    TRAIN_DIVERGED,  /* a loss was not finite; the last good weights are kept */
};

struct train_progress {
    size_t step, steps;        /* done, at most to do */
    size_t batches;            /* an epoch */
    int epoch;                 /* epochs finished */
    int last_epoch;            /* at most to be done, 0: not known */
    size_t guessed;            /* rows that were given a label on the way */
    int best_epoch;            /* 0: none yet */
    double best;               /* the watched value there */
    int since_best;            /* epochs */
    double loss;               /* running mean of this epoch's batches */
    double rows_per_second;
    double seconds;            /* of training so far, without pauses */
    double lr;
    enum train_end end;
    char message[256];         /* for DIVERGED: step, rows */
};

struct trainer;

/* Checks everything, then takes over nothing but references: model, frame, split and pool
 * must outlive it. Refused (with a suggestion) when the memory it needs is not there. */
struct trainer *trainer_new(struct model *m, const struct frame *f,
                            const struct split *split, const struct train_options *o,
                            struct pool *pool, struct error *err);
/* One batch, or the validation at the end of an epoch. DONE: the model holds the best
 * weights. FAILED: only for errors other than divergence, which is DONE with that end. */
enum step trainer_step(struct trainer *t, struct error *err);
/* Ends now: the best weights so far go into the model (the present ones before the first
 * validation); progress says TRAIN_STOPPED. */
void trainer_stop(struct trainer *t);
void trainer_free(struct trainer *t);
/* Metrics of the model's present weights on a part, rows 0 if it has none. */
bool trainer_measure(struct trainer *t, enum part part, struct metrics *out,
                     struct error *err);

size_t trainer_rows(const struct trainer *t); /* that are learned from */
int trainer_batch(const struct trainer *t);   /* rows of a step */

const struct train_progress *trainer_progress(const struct trainer *t);
/* History so far, (*n) records, valid until the next step. */
const struct epoch_record *trainer_history(const struct trainer *t, size_t *n);
/* The curve between epochs; valid until the next step. */
const struct curve *trainer_curve(const struct trainer *t);
/* Of the best weights so far; epoch 0: there are none yet. */
const struct diagnosis *trainer_diagnosis(const struct trainer *t);
/* Of a pretext; valid until the next step. */
const struct learned *trainer_learned(const struct trainer *t);

/* A copy of all that changes, while it is TRAIN_RUNNING. s is empty, or was filled from
 * this trainer before and its memory serves again. False: no memory. */
bool trainer_keep(struct trainer *t, struct train_state *s, struct error *err);
/* A trainer that has not made a step yet, of a model and options like those of the one
 * that was kept, goes on where that one was: all its steps will be the same. Refused: of
 * another table or shape, no memory; it is of no use then. */
bool trainer_restore(struct trainer *t, const struct train_state *s, struct error *err);

/* Appends `before` and how long it may yet take, "3:12 left", or "at most 3:12 left"
 * where it may stop early; nothing where that cannot be said. */
void train_left(const struct train_progress *p, const struct train_options *o,
                const char *before, struct str *out);

/* What early stopping watches of that task, auto resolved; the loss in pre-training
 * (TASK_NONE). */
enum watch train_watch(const struct train_options *o, enum task task);
/* Its value, larger is better (of equal ones the lower loss decides): minus the loss
 * where that is watched, or where AUC or r2 is not defined (only one class there). */
double train_watched(const struct train_options *o, enum task task,
                     const struct metrics *m);

#endif
