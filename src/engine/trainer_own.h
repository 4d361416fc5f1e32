/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of the trainer: what all kinds of models have in common (trainer.c),
 * descent by gradients (descent.c), boosting (boosting.c), and how it is kept and goes on
 * again (trainer_state.c). */
#ifndef ENGINE_TRAINER_OWN_H
#define ENGINE_TRAINER_OWN_H

#include "data/batch.h"
#include "engine/answers.h"
#include "engine/trainer.h"
#include "nn/graph.h"

/* What a step came to. */
struct pass {
    double loss, norm; /* of the gradient, NAN: not known */
    int rows;
};

/* What a model learns by. What returns bool says a sentence where it returns false. */
struct method {
    /* The rows are counted: sets what a batch is and what an epoch has, and gets memory. */
    bool (*begin)(struct trainer *t, struct error *err);
    void (*end)(struct trainer *t); /* also of what has not quite begun */
    bool (*step)(struct trainer *t, struct pass *p, struct error *err);
    /* What the model says of the validation rows now. To be released in any case. */
    bool (*answer)(struct trainer *t, struct answers *a, struct error *err);
    /* The present weights are the best. */
    void (*keep_best)(struct trainer *t);
    /* They become the model's, or as `best` is false, those it has stay; it is the end. */
    void (*finish)(struct trainer *t, bool best);
    /* It could end here, but for *more: now it begins anew, knowing more. */
    bool (*begin_again)(struct trainer *t, bool *more, struct error *err);
    /* To a state and back, as trainer_keep and trainer_restore; the numbers that all have
     * are there before. */
    bool (*keep)(struct trainer *t, struct train_state *s, struct error *err);
    bool (*fits)(const struct trainer *t, const struct train_state *s);
    bool (*restore)(struct trainer *t, const struct train_state *s, struct error *err);
};

extern const struct method descent_method, boosting_method;

/* Behind an epoch: a sparse MLP loses weights, where it is time for that. */
bool trainer_prune(struct trainer *t, struct error *err);

/* Of descent, in trainer_state.c. */
bool trainer_keep_descent(struct trainer *t, struct train_state *s, struct error *err);
bool trainer_fits_descent(const struct trainer *t, const struct train_state *s);
bool trainer_restore_descent(struct trainer *t, const struct train_state *s,
                             struct error *err);

struct trainer {
    const struct method *method;
    struct boosting *boosting; /* its own, or NULL */
    struct model *model;
    const struct frame *frame;
    const struct split *split;
    struct train_options options;
    struct pool *pool;
    const struct kernels *kernels;
    struct params *params;
    struct graph *graph;
    struct batcher *batcher;
    size_t rows;           /* that are learned from */
    struct batcher *unlabeled; /* rows without labels, or NULL */
    int largest_batch;     /* of the two */
    real *kept;            /* (head) its gradient, while that of theirs is made; or NULL */
    struct corruption *corruption; /* pre-training, else NULL */
    int32_t *answers;      /* (batch, columns) likewise */
    float *clean;          /* (batch, continuous) likewise */
    float *class_weight;   /* (classes) or NULL: all 1 */
    float *weight;         /* (batch) of the rows of the present batch */
    float *best;           /* (all parameters) at the best epoch, or at the beginning */
    float *average;        /* (all parameters) running average over steps, or NULL */
    bool has_best;
    double best_loss;      /* of the validation rows, at the best epoch */
    double epoch_loss;     /* sum over this epoch's batches */
    size_t epoch_batches;
    double start, epoch_start;
    double left;           /* when the last slice was done, 0: never */
    struct train_progress progress;
    struct epoch_record *history;
    size_t n_history, history_capacity;
    struct curve curve;
    struct {
        double loss, norm; /* sums over the steps since the curve's last point */
        size_t steps;
    } since;
    struct diagnosis diagnosis;
    struct learned learned;      /* pre-training */
    struct column_score *scores; /* (columns) of the validation rows, likewise */
    int64_t fingerprint;         /* of what it learns from, worked out when asked for */
    bool has_fingerprint;
};

/* Whether rows without labels are to be used, and how many there are. False: they are,
 * and cannot be. */
bool trainer_count_unlabeled(const struct trainer *t, size_t *n, struct error *err);

/* The rows of a part that have a target, or of a pretext all of it; `count` of them, the
 * caller frees. NULL: no memory. */
uint32_t *trainer_list_rows(const struct trainer *t, enum part part, size_t count);

/* The diagnosis of the best epoch, which the model's weights are of, made again. */
bool trainer_diagnose(struct trainer *t, struct error *err);

/* The model has the other weights (values), and they the model's. */
void trainer_swap(struct trainer *t, real **weights);

#endif
