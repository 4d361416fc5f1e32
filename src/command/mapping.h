/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Layouts of embeddings: those that jobs are making, as they move, and the last ones that
 * were made. `tsne` prints them, `plot tsne` and the Embeddings view show them.
 */
#ifndef COMMAND_MAPPING_H
#define COMMAND_MAPPING_H

#include "command/command.h"
#include "lens/job_tsne.h"

enum { MAPPING_KEPT = 8 };

/* The newest first. */
struct mapping {
    struct mapped {
        struct scatter *scatter;
        int job; /* that moves it, or 0 */
    } kept[MAPPING_KEPT];
    int n;
    int coming; /* the layer that a job has begun with, as long as there are no points of
                   it yet; -1: none */
};

void mapping_free(struct mapping *m);

/* The newest layout of the run (NULL: of any) that is there; NULL: none. */
const struct scatter *mapping_find(const struct context *c, const char *run);
/* The n newest ones, the oldest first. Returns how many there are of these. */
int mapping_find_all(const struct context *c, const char *run, int n,
                     const struct scatter **out);
/* The one before it, of any run; NULL: none. */
const struct scatter *mapping_before(const struct context *c, const struct scatter *s);

/* How far a job is, in a few words. */
void mapping_status(struct str *out, const struct tsne_view *v);

/* Starts the job of a request, whose run is r. Where somebody is at the prompt, those
 * that lay out the same run end. */
bool mapping_start(struct context *c, const struct call *call, const struct run *r,
                   const struct tsne_job_request *q, struct error *err);

#endif
