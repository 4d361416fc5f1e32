/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From cells to numbers. An encoder is fitted on the training rows only and holds
 * everything that a model needs to read new rows: for each categorical feature a
 * vocabulary, for each continuous one a scaling, for the target its classes or its mean
 * and deviation. It is immutable once made and goes into the model file as JSON.
 *
 * Codes of a categorical feature with n known classes: 0 missing, 1..n the classes (most
 * frequent first, ties by text), n+1 other (unseen in training, or beyond the cap). So an
 * embedding table has n + 2 rows and `classes` = n + 1 (other counts as a class).
 *
 * Continuous features: scaled as asked (data/scaling.h); a missing value becomes 0 (the
 * mean or median), as does a cell that is no number, and a column with such cells in the
 * training rows brings one more feature that is 1 there. A constant column is left out.
 *
 * Dates bring a year and a day of the month (continuous), a month, weekday and hour
 * (categorical), as far as they vary in the training rows.
 */
#ifndef DATA_ENCODE_H
#define DATA_ENCODE_H

#include <jansson.h>
#include <stdint.h>

#include "base/str.h"
#include "data/schema.h"
#include "data/split.h"

enum scaling {
    SCALING_STANDARD, /* (x - mean) / deviation */
    SCALING_QUANTILE, /* to the normal distribution by quantiles (data/scaling.h) */
    SCALING_BOTH,     /* both, as two features: the paper's appendix suggests encodings
                         side by side; neither does well on all tables (RESULTS) */
};

struct encode_options {
    enum scaling scaling;
    int max_classes; /* cap on known classes of a column (default 10,000) */
    int min_count;   /* a class seen less often in training is other (default 1) */
    int bins;        /* of a number, for its piecewise-linear encoding (default 48) */
};

enum feature_source {
    FEATURE_CELL,      /* the cell itself */
    FEATURE_MISSING,   /* 1 if missing */
    FEATURE_YEAR, FEATURE_MONTH, FEATURE_DAY, FEATURE_WEEKDAY, FEATURE_HOUR,
};

struct feature {
    char *name;      /* of the column, or "date (month)" */
    char *column;    /* the column it is read from */
    enum feature_source source;
    int datetime_form, decimal;
    /* categorical */
    int classes;             /* known classes + 1 for other */
    char **texts;            /* (classes - 1) known texts, NUL-terminated; see lengths */
    uint32_t *lengths;
    size_t *counts;          /* (classes + 1) training rows of each code */
    void *index;             /* text to code, private */
    /* continuous */
    double mean, deviation;
    int n_quantiles;
    double *quantiles;       /* ascending, (n_quantiles) or NULL */
    int n_edges;             /* of a number's bins (data/bins.h), or 0 */
    double *edges;           /* ascending also when scaled, (n_edges) or NULL */
};

struct encoder {
    struct encode_options options;
    int n_categorical, n_continuous;
    struct feature *categorical; /* (n_categorical) */
    struct feature *continuous;  /* (n_continuous) */
    enum task task;
    char *target;         /* name of the target column, NULL without one */
    int n_classes;        /* binary: 2, with class 1 the positive one; regression: 0 */
    char **classes;       /* (n_classes) texts */
    bool against_rest;    /* binary, and all texts but classes[1] are class 0, "not x" */
    size_t *class_counts; /* (n_classes) training rows */
    double target_mean, target_deviation; /* regression */
    int target_decimal;
    char *weight;         /* name of the weight column or NULL */
    double weight_mean;   /* over the training rows; weights are divided by it */
    int weight_decimal;
    size_t fitted_rows;
    char *missing;        /* missing marks of the table, as `load --missing` takes them */
};

struct encode_options encode_defaults(void);

/* Fits on the rows of PART_TRAIN (and PART_UNLABELED for the inputs). `note` (may be
 * NULL) gets what a person should know (caps, constant columns left out), one a line.
 * NULL on failure, for instance when no input column is left. s->task may be TASK_NONE
 * (no target). */
struct encoder *encoder_fit(const struct dataset *d, const struct schema *s,
                            const struct split *split, const struct encode_options *o,
                            struct str *note, struct error *err);
struct encoder *encoder_ref(struct encoder *e);
void encoder_unref(struct encoder *e);

/* Whether both have the same categorical columns by name, in whatever order. */
bool encoder_is_like(const struct encoder *a, const struct encoder *b);

/* Rows as numbers. */
struct frame {
    size_t rows;
    int n_categorical, n_continuous;
    int32_t *codes;  /* (rows, n_categorical) */
    float *values;   /* (rows, n_continuous), scaled, finite */
    float *target;   /* (rows) class number, or standardised value; NAN: none */
    float *weight;   /* (rows) or NULL: all 1 */
    size_t unseen;   /* input cells that were a class not known */
    size_t missing;  /* input cells without a value, or not readable as number or date */
    size_t *odd;     /* (n_continuous) cells with one that is not readable */
    int further;     /* columns of the table that the encoder does not know */
};

/* Columns are found by name. A missing input column is an error that names it.
 * `note` (may be NULL) gets a count of cells that should be numbers and are not. The
 * target and the weight may be absent; a weight that is no number from 0 is refused with
 * its line. NULL on failure. */
struct frame *encoder_apply(const struct encoder *e, const struct dataset *d,
                            struct str *note, struct error *err);
/* The inputs only, of rows to be predicted: target and weight are NULL, and what stands
 * in their columns does not matter. */
struct frame *encoder_apply_inputs(const struct encoder *e, const struct dataset *d,
                                   struct error *err);
/* The same of one row: a frame of it alone. The row is there. */
struct frame *encoder_apply_row(const struct encoder *e, const struct dataset *d,
                                size_t row, struct error *err);
/* Tells of cells that should be numbers and are not: odd (n_continuous), counted in one
 * or more frames. */
void encoder_note_odd(const struct encoder *e, const size_t *odd, struct str *note);
void frame_free(struct frame *f);
/* Rows index[from..from + n), or with NULL from..from + n, one after another: codes
 * (n, n_categorical) and values (n, n_continuous); NULL: without these. */
void frame_pick(const struct frame *f, const uint32_t *index, size_t from, size_t n,
                int32_t *codes, float *values);
/* What encoder_apply will take. */
size_t frame_bytes(const struct encoder *e, size_t rows);
/* Rows that differ from all before, target included. Counting ends at most + 1, so that a
 * table of many costs little. 0 where there is no memory to tell. */
size_t frame_distinct(const struct frame *f, size_t most);

/* For the model file: a JSON object (NULL: no memory), and back with every number checked
 * (sizes, finite, order of quantiles, duplicate names). Caller owns the results. */
json_t *encoder_to_json(const struct encoder *e);
struct encoder *encoder_from_json(const json_t *j, struct error *err);

#endif
