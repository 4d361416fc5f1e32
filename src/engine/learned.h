/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What pre-training has learned of each column, epoch by epoch, and some rows of the
 * validation part as the model sees them and what it says to them.
 */
#ifndef ENGINE_LEARNED_H
#define ENGINE_LEARNED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "data/encode.h"
#include "model/measure.h"

struct learned {
    int columns;                 /* categorical features of the encoder; 0: nothing yet */
    struct column_score *scores; /* (n, columns) */
    int *epochs;                 /* (n) ascending; 0: not known */
    size_t n, capacity, epochs_capacity;
    int n_examples;
    int example_epoch;
    uint32_t example_rows[EXAMPLES];      /* from 0, as in the frame */
    struct example_cell *example_cells;   /* (EXAMPLES, columns), NULL: none */
};

/* Frees what it points at; it is empty then. */
void learned_done(struct learned *l);

/* Copies the scores of all columns; columns never changes. */
void learned_add(struct learned *l, int epoch, const struct column_score *scores,
                 int columns);

/* Room for the examples, to be filled by the caller; NULL: no memory. */
struct example_cell *learned_examples(struct learned *l, int columns);

/* The copy gets what it does not have yet. Only learned_follow has ever changed it. */
void learned_follow(struct learned *copy, const struct learned *l);

/* (columns) scores of that epoch, of the last one if it is not there; NULL: none. */
const struct column_score *learned_at(const struct learned *l, int epoch);

/* Of the accuracy that the commonest answer leaves to be learned, the share that was;
 * below 0: it does worse. From the AUC, where there is one. NAN: not known. */
double score_gain(const struct column_score *s);

/* Appends columns.csv: a line for each epoch and column. */
void learned_to_csv(const struct learned *l, const struct encoder *e, struct str *out);

/* For the model file: a JSON array with an object for each column. */
json_t *learned_to_json(const struct column_score *scores, const struct encoder *e);
/* And back, into an empty one; nothing where it is not about these columns. */
void learned_from_json(struct learned *l, const struct encoder *e, const json_t *j);

#endif
