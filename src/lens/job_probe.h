/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job of the layer probe (figure 3 of the TabTransformer's paper): how well a
 * logistic regression on what each layer makes of a row, its continuous columns beside
 * it, tells the classes, held against the model's own score on the same rows; of a number
 * a ridge regression instead.
 */
#ifndef LENS_JOB_PROBE_H
#define LENS_JOB_PROBE_H

#include "engine/engine.h"
#include "engine/metric.h"
#include "lens/rows.h"

/* How the embeddings of a row's columns become one vector: laid side by side, or the mean
 * or the largest of each of their numbers. */
enum pooling { POOLING_CONCAT, POOLING_MEAN, POOLING_MAX, POOLINGS };
#define POOLING_NAMES "concat|mean|max"

enum { PROBE_RUNS = 2 };

struct probe_job;

extern const struct job_type probe_job_type;

struct probe_request {
    struct rows_request rows[PROBE_RUNS]; /* of models of the same target */
    int n_runs;                /* 1, or 2: another run beside it */
    bool pooled[POOLINGS];     /* which are wanted */
    int folds;
    size_t most;               /* rows; 0: all */
    uint64_t seed;             /* of the rows and the folds */
};

/* What came of a layer, 0: in front of the first. */
struct probe_score {
    double mean, deviation; /* over the folds, of the AUC or R2 */
};

struct probe_job *probe_job_new(const struct probe_request *r);

/* What is published: the share of the whole; of a probe_job. */
double probe_job_share(const void *work);

/* ---- after the end ---- */

/* What scores are: the AUC, or of a regression R2. */
const struct metric_field *probe_job_metric(const struct probe_job *j);
const struct probe_request *probe_job_asked(const struct probe_job *j);
size_t probe_job_rows(const struct probe_job *j);
/* Of the run: Transformer layers, and the AUC or R2 of the model itself on these rows. */
int probe_job_layers(const struct probe_job *j, int run);
double probe_job_end_to_end(const struct probe_job *j, int run);
struct probe_score probe_job_score(const struct probe_job *j, int run,
                                   enum pooling pooling, int layer);
/* What a person should know, one sentence a line. */
const char *probe_job_note(const struct probe_job *j);

#endif
