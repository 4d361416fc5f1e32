/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well a model answers what its pretext asks. */
#ifndef MODEL_MEASURE_H
#define MODEL_MEASURE_H

#include "model/corruption.h"
#include "num/metrics.h"

/* What one column's classifier answers. NAN: not defined, as nothing was asked. */
struct column_score {
    uint32_t asked;  /* cells: those that were masked (MLM), all (RTD, DAE) */
    float accuracy;
    float baseline;  /* of answering without a look: the class that most training rows
                        have (MLM), "as it was", or "replaced" if most are (RTD), what
                        stands there (DAE) */
    float auc;       /* RTD: of a cell being replaced; DAE: of its being another row's,
                        by how unlikely it is */
};

/* Rows index[0..n) of the frame, their cells hidden as CORRUPTION_VALID has it. Of *out
 * are set: rows; loss, the mean cross-entropy, and accuracy over the cells that are asked
 * for (MLM) or all (RTD), of DAE the loss of all cells (nn/graph.h, graph_loss_clean) and
 * the accuracy of the categorical ones; of RTD and DAE also auc, of a cell being replaced.
 * The rest is NAN, as is all of it where nothing was asked. columns, (categorical columns)
 * or NULL, gets the same for each. False: no memory. */
bool pretext_measure(struct model *m, struct pool *pool, const struct corruption *c,
                     const struct frame *f, const uint32_t *index, size_t n,
                     struct metrics *out, struct column_score *columns,
                     struct error *err);

/* ---- rows for a person to look at ---- */

/* A cell of such a row. It is hidden where `shown` is not `before`. */
struct example_cell {
    int32_t before, shown; /* codes: in the table, and what the model sees */
    int32_t said;          /* MLM, DAE: the likeliest class of a hidden cell, else 0 */
    float sure;            /* its probability; RTD: that the cell was replaced */
};

enum {
    EXAMPLES = 4,
    EXAMPLE_CLASSES = 1024, /* MLM: only so many of a column, the commonest, are asked */
};

/* The first of the rows index[0..n) in which something is hidden, at most EXAMPLES: their
 * numbers in the frame, and cells (rows, categorical columns). Returns how many; 0 also
 * where memory is out. */
int pretext_examples(struct model *m, struct pool *pool, const struct corruption *c,
                     const struct frame *f, const uint32_t *index, size_t n,
                     uint32_t rows[EXAMPLES], struct example_cell *cells);

#endif
