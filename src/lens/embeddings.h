/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Embeddings in context: what the layers of a model made of the cells of chosen rows.
 * Each cell is a point of its own, or all cells of a value (COLUMN=VALUE) are one, their
 * mean. One object goes all the way from a table to points, a slice at a time.
 */
#ifndef LENS_EMBEDDINGS_H
#define LENS_EMBEDDINGS_H

#include "lens/look.h"
#include "lens/rows.h"

enum embedding_points { EMBEDDING_VALUES, EMBEDDING_CELLS };
#define EMBEDDING_POINTS "values|cells"

struct embeddings_request {
    struct rows_request rows;
    int first, last;              /* layers: 0 is what the first one begins with */
    enum embedding_points points;
    bool passing;                 /* of cells: only those of the last slice are kept */
    size_t most;                  /* rows: of more so many are drawn; 0: all */
    uint64_t seed;                /* of that */
};

/* A value that some row has. */
struct embedding_value {
    int column;    /* categorical feature of the encoder */
    int32_t code;  /* of data/encode.h: 0 missing, the last one other */
    size_t rows;   /* of those looked at, */
    size_t known;  /* and of these with a target */
    double target; /* their mean: share of the positive class, or the number that is
                      predicted; NAN: not known, or there are several classes */
};

struct embeddings {
    struct embeddings_request asked; /* rows are in `rows` */
    struct rows rows;
    struct look *look;
    uint32_t *picked;                /* (n_rows) rows of the frame, in their order */
    size_t n_rows, done, n_slice;    /* in all, looked at, and in the last slice */
    int columns, width;
    struct embedding_value *values;  /* by column, then by code */
    size_t n_values;
    size_t *class_rows;              /* (n_values, classes) rows of each class; NULL: no
                                        classes, or no targets */
    size_t n_points;                 /* values, or rows times columns */
    float *x;                        /* (layers, n_points, width); NULL: passing */
    real *slice;                     /* (n_slice, columns, width) of the last layer */
    size_t *offset;                  /* (columns) of its codes in value_of */
    uint32_t *value_of;              /* (codes of all columns) number of the value */
    double *sum;                     /* (layers, n_values, width) */
};

/* The last layer, where the request has -1 for first or last. */
void embeddings_init(struct embeddings *e, const struct embeddings_request *asked);
void embeddings_done(struct embeddings *e);

/* STEP_DONE: all rows are looked at and x is whole. Refused: what rows_step, rows_pick
 * and look_new_embeddings refuse, a layer that there is not, more than fits into memory. */
enum step embeddings_step(struct embeddings *e, struct error *err);

/* Bytes of points that are kept, once it is known which rows there are. */
size_t embeddings_memory(const struct embeddings *e);

/* The points (n_points, width) of a layer. Those of cells go row by row. */
const float *embeddings_points(const struct embeddings *e, int layer);
/* The value of a cell of row number i of the picked ones. */
size_t embeddings_value(const struct embeddings *e, size_t i, int column);

/* What the target of a value is called: "positive", its share of the positive class, or
 * "mean", of the number; NULL: it is not known. */
const char *embedding_target(const struct encoder *e);

/* What the value is called: its text, "(missing)" or "(other)". */
const char *embedding_text(const struct encoder *e, const struct embedding_value *v);
/* The value that COLUMN=VALUE means; nothing behind the = is a missing one. -1 and a
 * sentence: no such column or value. The shortest beginning that is the name of a column
 * is taken for it. */
long embeddings_find(const struct embeddings *e, const char *text, struct error *err);

#endif
