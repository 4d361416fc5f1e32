/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that changes cells of a row and tells what the model makes of it: predictions
 * before and after, and the attention weights that moved most.
 */
#ifndef LENS_JOB_WHATIF_H
#define LENS_JOB_WHATIF_H

#include "data/dataset.h"
#include "data/edit.h"
#include "engine/engine.h"
#include "lens/look.h"

struct whatif_job;

extern const struct job_type whatif_job_type;

struct whatif_edit {
    const char *column;        /* the encoder's */
    const char *text;          /* copied */
    enum edit_reading reading; /* found by the job */
};

struct whatif_request {
    struct model *model;       /* referenced; predicts something */
    struct pool *pool;         /* outlives the job */
    struct dataset *data;      /* referenced */
    size_t row;                /* 1.. */
    const struct whatif_edit *edits; /* (n_edits) copied but for columns */
    int n_edits;
    int most;                  /* weights of attention that are wanted */
};

struct whatif_job *whatif_job_new(const struct whatif_request *r);

/* ---- after the end ---- */

const struct whatif_request *whatif_job_asked(const struct whatif_job *j);
/* The cell before it was changed. */
struct cell whatif_job_cell(const struct whatif_job *j, const struct whatif_edit *edit);
/* (2, model_outputs) before and after, as model_predict has them. */
const float *whatif_job_outputs(const struct whatif_job *j);
/* The class that is predicted before or after. */
int whatif_job_class(const struct whatif_job *j, bool after);

/* A weight of one layer and head (from 0), from the column that asks to the one asked. */
struct whatif_weight {
    int layer, head, from, to;
    double before, after;
};

/* The weights that changed, those that changed most first, at most as many as were asked
 * for; returns how many. 0: none did, or the model has nothing that attends. */
int whatif_job_weights(const struct whatif_job *j, struct whatif_weight *out);
/* Whether there is any attention to change. */
bool whatif_job_attends(const struct whatif_job *j);
/* (columns, columns) what the mean of a layer's heads is after, less before; the caller
 * frees. */
double *whatif_job_difference(const struct whatif_job *j, int layer);

#endif
