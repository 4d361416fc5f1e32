/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that lays out embeddings in context by t-SNE: rows, embeddings, neighbours,
 * then an iteration at a time, and how trustworthy the layout is. What it has so far is
 * published, so that it can be watched. Asked to stop it keeps the layout as it is. Of two
 * runs the other one follows, on the same rows: it begins where the first one lies, if not
 * anywhere, and is laid over it.
 */
#ifndef LENS_JOB_TSNE_H
#define LENS_JOB_TSNE_H

#include "engine/engine.h"
#include "lens/scatter.h"
#include "lens/tsne.h"

struct tsne_job;

extern const struct job_type tsne_job_type;

struct tsne_job_request {
    const char *run;          /* whose model it is, for people; copied */
    struct embeddings_request embeddings; /* first and last are the same layer */
    size_t most_points;       /* of cells, where embeddings.most is 0: rows are drawn so
                                 that there are no more; 0: all */
    struct tsne_options tsne; /* perplexity 0: as is usual, less of few points; one that
                                 is too large for the points is made smaller */
    bool random;              /* begins anywhere, by embeddings.seed */
    const struct scatter *from; /* or begins as this one lies; copied. NULL: from the
                                   principal components */
    const char *against_run;  /* and then the same of this one, or NULL */
    struct model *against;    /* its model; referenced by the job */
};

enum { TSNE_TRUST = 10,             /* neighbours that trustworthiness is asked of, */
       TSNE_TRUST_POINTS = 2000 };  /* of so many points */

/* NULL: no memory for the copy of `from`. */
struct tsne_job *tsne_job_new(const struct tsne_job_request *r, struct error *err);

/* ---- published ---- */

struct tsne_view {
    const char *run;                /* of two, which one is laid out now; else NULL */
    size_t done, rows;              /* looked at and in all; 0: not yet known */
    struct tsne_progress progress;
    size_t bytes;                   /* that it takes; 0: not yet known */
    bool measuring;                 /* how trustworthy it is */
    const struct scatter *scatter;  /* NULL: no points yet */
    const struct str *note;         /* what a person should know, one sentence a line */
};

const struct tsne_view *tsne_job_view(const struct tsne_job *j);

/* ---- after the end ---- */

/* The layout, which is the caller's now; where it was stopped, without the other run's. */
struct scatter *tsne_job_take(struct tsne_job *j);
/* Seconds from the first neighbour to the last iteration. */
double tsne_job_seconds(const struct tsne_job *j);

#endif
