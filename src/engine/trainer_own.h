/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of the trainer: how it learns (trainer.c) and how it is kept and
 * goes on again (trainer_state.c). */
#ifndef ENGINE_TRAINER_OWN_H
#define ENGINE_TRAINER_OWN_H

#include "data/batch.h"
#include "engine/trainer.h"
#include "nn/graph.h"

struct trainer {
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

/* The model has the other weights (values), and they the model's. */
void trainer_swap(struct trainer *t, real **weights);

#endif
