/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of model/ that are about any kind of model. */
#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H

#include "data/bins.h"
#include "model/model.h"
#include "nn/graph.h"

/* A sentence if options and encoder do not make a model. */
bool model_fits(const struct model_options *o, const struct encoder *e,
                enum pretext pretext, struct error *err);

/* The graph of a model over p, to which its parameters are added by name. */
struct graph *model_describe(const struct model_options *o, const struct encoder *e,
                             enum pretext pretext, struct params *p);

/* (codes) of the column, 1 where its vector came with a body; at first all 0. NULL: no
 * memory. */
unsigned char *model_mark_brought(struct model *m, int column);

/* Its continuous columns that are tokens, *n of them; the caller frees it. */
struct bins_column *model_numbers(const struct model *m, int *n);

/* (n_edges) as the model reads the numbers; the caller frees it. */
float *model_scaled_edges(const struct feature *f);

/* Rows that model_infer computes at a time. */
#define INFER_ROWS 256
/* A graph for that, planned and allocated, kept for the next time. NULL: no memory. */
struct graph *model_infer(struct model *m, struct pool *pool, struct error *err);

#endif
