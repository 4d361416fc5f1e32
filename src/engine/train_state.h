/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All that changes while a model is trained, as plain data between two steps, and the
 * file that it is kept in. A trainer that takes it over (trainer_restore) goes on as if
 * it had never ended, to the last bit: rows, dropout and masks are drawn by counters
 * (base/rng.h), so where they stand is a step, an epoch and a batch.
 *
 * The file is a safetensors file (nn/safetensors.h). Its metadata:
 *
 *     format    "tabscope-resume"
 *     version   of the program; another version's file is refused
 *     end       "running", or "stopped" where a person stopped it
 *     epoch     done, in digits; best_epoch likewise
 *     kernels   name of the instruction set: another one rounds otherwise
 *     run       a JSON text of whoever trains: how to get the same table again
 *
 * and its tensors:
 *
 *     counts    I64  struct train_counts
 *     numbers   F64  struct train_numbers
 *     weights, average, best  F32  (values) parameters and buffers; average may be absent
 *     moment1, moment2        F32  (trainable) of AdamW
 *     history   F64  (epochs, 15) struct epoch_record, field by field
 *     curve     F64  (points, 5) struct curve_point
 *     learned   F64  (epochs, columns, 4) struct column_score; absent without a pretext
 *     brought   U8   which classes came with another body; absent without one
 *
 * Of trees there are no weights, average, best and moments, but
 *
 *     forest.*       the trees so far (model/forest.h)
 *     teacher.*      those that guessed, until something is known of the new ones; else
 *                    absent
 *     guessed   I64  (rows, 2) number of a row without label in the table, and the class
 *                    that it is given; absent without any
 */
#ifndef ENGINE_TRAIN_STATE_H
#define ENGINE_TRAIN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/curve.h"
#include "engine/learned.h"
#include "model/forest.h"
#include "num/metrics.h"
#include "num/real.h"

/* Only int64_t in here: it is a tensor. */
struct train_counts {
    int64_t updates;       /* of AdamW */
    int64_t step, epoch;   /* done */
    int64_t batch;         /* of this epoch, done */
    int64_t has_best, best_epoch, since_best;
    int64_t since_steps;   /* since the curve's last point */
    int64_t curve_steps;   /* that a point of the curve stands for */
    int64_t fingerprint;   /* of the rows it learns from */
    int64_t rows;          /* of the table */
};

/* Only doubles: likewise. */
struct train_numbers {
    double epoch_loss;     /* sum over this epoch's batches */
    double best, best_loss;
    double loss, lr;
    double seconds, epoch_seconds;
    double since_loss, since_norm;
};

/* One line of a run's history. */
struct epoch_record {
    int epoch;         /* 1.. */
    double seconds;    /* of training so far, without pauses */
    double lr;
    double train_loss; /* mean over the epoch's batches, with dropout */
    struct metrics valid;
    bool best;         /* of all epochs so far */
};

struct train_state {
    struct train_counts counts;
    struct train_numbers numbers;
    size_t values, trainable;
    real *weights, *average, *best; /* (values); average may be NULL */
    real *moment1, *moment2;        /* (trainable) */
    struct epoch_record *history;   /* (n_history) */
    size_t n_history, history_capacity;
    struct curve curve;
    struct learned learned;
    unsigned char *brought;         /* (n_brought) or NULL */
    size_t n_brought;
    struct forest *forest;          /* of trees, which have none of the arenas; or NULL */
    struct forest *teacher;         /* likewise, or NULL */
    int64_t *guessed;               /* (n_guessed, 2) or NULL */
    size_t n_guessed;
    char kernels[16];
};

void train_state_done(struct train_state *s);
/* Bytes of its weights, and of what goes with each of them. */
size_t train_state_bytes(const struct train_state *s);

/* Atomically (base/path.h). `end` and `run` as above. */
bool train_state_write(const struct train_state *s, const char *path, const char *end,
                       const char *run, struct error *err);
/* Into an empty state. False with a sentence: damaged, of another version, no such file;
 * sizes are those that the file has and are for the trainer to judge. */
bool train_state_read(struct train_state *s, const char *path, struct error *err);

/* What the metadata say. */
struct train_about {
    bool stopped;
    int epoch, best_epoch;
    char *run;
};

/* That alone, without reading the tensors. The caller frees `run`. */
bool train_state_peek(struct train_about *about, const char *path, struct error *err);

#endif
