/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/private.h"

struct tally {
    size_t columns;
    int32_t *codes, *answers;  /* (INFER_ROWS, columns) */
    real *out;                 /* of the graph: (INFER_ROWS, 3 columns) */
    float *score;              /* RTD: (all rows, columns) */
    unsigned char *replaced;
    size_t asked, right, n_scores;
    double loss;
};

static bool allocate(struct tally *t, enum pretext pretext, size_t n)
{
    size_t cells = INFER_ROWS * t->columns;

    t->codes = try_alloc(cells, sizeof *t->codes);
    t->answers = try_alloc(cells, sizeof *t->answers);
    t->out = try_alloc(3 * cells, sizeof *t->out);
    if (pretext == PRETEXT_RTD) {
        t->score = try_alloc(n * t->columns, sizeof *t->score);
        t->replaced = try_alloc(n * t->columns, sizeof *t->replaced);
    }
    return t->codes && t->answers && t->out
        && (pretext != PRETEXT_RTD || (t->score && t->replaced));
}

static void done(struct tally *t)
{
    free(t->codes);
    free(t->answers);
    free(t->out);
    free(t->score);
    free(t->replaced);
}

/* cells: of a row the losses, then the hits of all columns, then more */
static void count_mlm(struct tally *t, int rows)
{
    for (size_t r = 0; r < (size_t)rows; r++)
        for (size_t c = 0; c < t->columns; c++) {
            const real *cells = t->out + r * 3 * t->columns;

            if (t->answers[r * t->columns + c] == 0)
                continue;
            t->asked++;
            t->loss += (double)cells[c];
            t->right += cells[t->columns + c] > 0;
        }
}

static void count_rtd(struct tally *t, int rows)
{
    for (size_t i = 0; i < (size_t)rows * t->columns; i++) {
        double z = (double)t->out[i], answer = t->answers[i];

        t->asked++;
        t->loss += fmax(z, 0) - z * answer + log1p(exp(-fabs(z)));
        t->right += (z > 0) == (answer > 0);
        t->score[t->n_scores] = (float)z;
        t->replaced[t->n_scores++] = t->answers[i] != 0;
    }
}

static void ask_rows(struct graph *g, const struct corruption *c, const struct frame *f,
                     const uint32_t *index, int rows, struct tally *t)
{
    struct graph_input in = {.rows = rows, .codes = t->codes, .answers = t->answers};

    for (size_t r = 0; r < (size_t)rows; r++)
        memcpy(t->codes + r * t->columns, f->codes + index[r] * t->columns,
               t->columns * sizeof *t->codes);
    corruption_apply(c, CORRUPTION_VALID, index, rows, t->codes, t->answers);
    graph_infer(g, &in);
    if (graph_read(g, "cells", t->out))
        count_mlm(t, rows);
    else if (graph_read(g, "logits", t->out))
        count_rtd(t, rows);
}

bool pretext_measure(struct model *m, struct pool *pool, const struct corruption *c,
                     const struct frame *f, const uint32_t *index, size_t n,
                     struct metrics *out, struct error *err)
{
    struct tally t = {.columns = (size_t)f->n_categorical};
    struct graph *g = model_infer(m, pool, err);
    bool ok = g && (allocate(&t, model_pretext(m), n)
                    || error_set(err, ERROR_MEMORY,
                                 "no memory for the answers of %zu rows", n));

    for (size_t from = 0; ok && from < n; from += INFER_ROWS)
        ask_rows(g, c, f, index + from,
                 (int)(n - from < INFER_ROWS ? n - from : INFER_ROWS), &t);
    *out = (struct metrics){
        .rows = n, .loss = t.asked ? t.loss / (double)t.asked : NAN,
        .accuracy = t.asked ? (double)t.right / (double)t.asked : NAN,
        .auc = ok && t.score ? metric_auc(t.score, t.replaced, t.n_scores) : NAN,
        .f1 = NAN, .average_precision = NAN, .calibration_error = NAN,
        .rmse = NAN, .mae = NAN, .r2 = NAN,
    };
    done(&t);
    return ok;
}
