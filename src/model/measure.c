/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/private.h"

/* What is given to the graph at a time, and what comes back. */
struct sheet {
    struct graph *graph;
    const struct corruption *corruption;
    const struct frame *frame;
    size_t columns;
    int32_t *codes, *answers;  /* (INFER_ROWS, columns) */
    float *values, *clean;     /* (INFER_ROWS, continuous) */
    size_t width;              /* numbers that come of a row */
    real *out;                 /* (INFER_ROWS, width) */
    enum pretext pretext;
};

static size_t width_of(const struct graph *g)
{
    int columns, features;

    return graph_tensor_size(g, "cells", &columns, &features)
            || graph_tensor_size(g, "logits", &columns, &features) ? (size_t)features : 0;
}

static bool sheet_init(struct sheet *s, struct model *m, struct pool *pool,
                       const struct corruption *c, const struct frame *f,
                       struct error *err)
{
    size_t cells = INFER_ROWS * (size_t)f->n_categorical;
    size_t numbers = INFER_ROWS * (size_t)f->n_continuous;

    *s = (struct sheet){.graph = model_infer(m, pool, err), .corruption = c, .frame = f,
                        .columns = (size_t)f->n_categorical,
                        .pretext = model_pretext(m)};
    if (!s->graph)
        return false;
    s->width = width_of(s->graph);
    s->codes = try_alloc(cells + 1, sizeof *s->codes);
    s->answers = try_alloc(cells + 1, sizeof *s->answers);
    s->values = try_alloc(numbers + 1, sizeof *s->values);
    s->clean = try_alloc(numbers + 1, sizeof *s->clean);
    s->out = try_alloc(INFER_ROWS * s->width, sizeof *s->out);
    return (s->codes && s->answers && s->values && s->clean && s->out)
        || error_set(err, ERROR_MEMORY, "no memory for the answers of %d rows",
                     INFER_ROWS);
}

static void sheet_done(struct sheet *s)
{
    free(s->codes);
    free(s->answers);
    free(s->values);
    free(s->clean);
    free(s->out);
}

/* Codes and values as the model sees them, and the answers. */
static void fill(struct sheet *s, const uint32_t *index, int rows)
{
    frame_pick(s->frame, index, 0, (size_t)rows, s->codes, s->values);
    if (s->pretext == PRETEXT_DAE)
        corruption_swap(s->corruption, CORRUPTION_VALID, index, rows, s->codes, s->values,
                        s->answers, s->clean);
    else
        corruption_apply(s->corruption, CORRUPTION_VALID, index, rows, s->codes,
                         s->answers);
}

/* `out` has the cells of MLM, the logits of the others. */
static void ask(struct sheet *s, int rows)
{
    struct graph_input in = {.rows = rows, .codes = s->codes, .values = s->values,
                             .answers = s->answers};

    graph_infer(s->graph, &in);
    graph_read(s->graph, s->pretext == PRETEXT_MLM ? "cells" : "logits", s->out);
}

/* ---- all rows ---- */

/* Of one column. */
struct tally {
    size_t asked, right;
    size_t plain;     /* answers that are the commonest: class 1, or "as it was" */
    double loss;
    float *score;     /* RTD, DAE: (rows) */
    unsigned char *replaced;
};

/* cells: of a row the losses, then the hits of all columns, then more */
static void count_mlm(struct tally *t, const struct sheet *s, int rows)
{
    for (size_t r = 0; r < (size_t)rows; r++)
        for (size_t c = 0; c < s->columns; c++) {
            const real *cells = s->out + r * 3 * s->columns;
            int32_t answer = s->answers[r * s->columns + c];

            if (answer == 0)
                continue;
            t[c].asked++;
            t[c].plain += answer == 1;
            t[c].loss += (double)cells[c];
            t[c].right += cells[s->columns + c] > 0;
        }
}

static void count_rtd(struct tally *t, const struct sheet *s, int rows)
{
    for (size_t i = 0; i < (size_t)rows * s->columns; i++) {
        struct tally *own = &t[i % s->columns];
        double z = (double)s->out[i], answer = s->answers[i];

        own->score[own->asked] = (float)z;
        own->replaced[own->asked++] = s->answers[i] != 0;
        own->plain += s->answers[i] == 0;
        own->loss += fmax(z, 0) - z * answer + log1p(exp(-fabs(z)));
        own->right += (z > 0) == (answer > 0);
    }
}

/* The likeliest of n classes, and the logarithm of the probability of one. */
static int likeliest(const real *z, int n, int class, double *log_p)
{
    double sum = 0;
    int best = 0;

    for (int c = 1; c < n; c++)
        best = z[c] > z[best] ? c : best;
    for (int c = 0; c < n; c++)
        sum += exp((double)z[c] - (double)z[best]);
    *log_p = (double)z[class] - (double)z[best] - log(sum);
    return best;
}

/* A cell is right where the likeliest class is the row's own, and found out by how unlikely
 * what stands there is to the model. The losses of numbers go to t[columns]. */
static void count_dae(struct tally *t, const struct sheet *s, const struct encoder *e,
                      int rows)
{
    size_t n = (size_t)s->frame->n_continuous;

    for (size_t r = 0; r < (size_t)rows; r++) {
        const real *z = s->out + r * s->width;

        for (size_t c = 0; c < s->columns; z += e->categorical[c++].classes + 1) {
            int32_t answer = s->answers[r * s->columns + c];
            int32_t shown = s->codes[r * s->columns + c];
            int n_classes = e->categorical[c].classes + 1;
            double log_p, log_shown;

            t[c].right += likeliest(z, n_classes, answer, &log_p) == answer;
            likeliest(z, n_classes, shown, &log_shown);
            t[c].loss -= log_p;
            t[c].plain += shown == answer;
            t[c].score[t[c].asked] = (float)-log_shown;
            t[c].replaced[t[c].asked++] = shown != answer;
        }
        for (size_t i = 0; i < n; i++) {
            double off = (double)z[i] - (double)s->clean[r * n + i];

            t[s->columns].loss += off * off;
        }
    }
}

static struct column_score score_column(const struct tally *t)
{
    double asked = (double)t->asked, plain = (double)t->plain / asked;

    if (t->asked == 0)
        return (struct column_score){0, NAN, NAN, NAN};
    return (struct column_score){
        .asked = (uint32_t)t->asked,
        .accuracy = (float)((double)t->right / asked),
        .baseline = (float)(t->score ? fmax(plain, 1 - plain) : plain),
        .auc = t->score ? (float)metric_auc(t->score, t->replaced, t->asked) : NAN,
    };
}

/* The scores of a column lie behind those of the column before, as do the answers. cells:
 * that have a loss, 0: those that are asked. */
static struct metrics sum_up(const struct tally *t, size_t columns, size_t rows,
                             size_t cells)
{
    double loss = t[columns].loss, right = 0, asked = 0, whole;

    for (size_t c = 0; c < columns; c++) {
        loss += t[c].loss;
        right += (double)t[c].right;
        asked += (double)t[c].asked;
    }
    whole = cells > 0 ? (double)cells : asked;
    return (struct metrics){
        .rows = rows, .loss = whole > 0 ? loss / whole : NAN,
        .accuracy = asked > 0 ? right / asked : NAN,
        .auc = t[0].score ? metric_auc(t[0].score, t[0].replaced, (size_t)asked) : NAN,
        .f1 = NAN, .average_precision = NAN, .calibration_error = NAN,
        .rmse = NAN, .mae = NAN, .r2 = NAN,
    };
}

/* (columns); free also what the first one's score and replaced point at. */
static struct tally *tallies_new(enum pretext pretext, size_t columns, size_t n)
{
    struct tally *t = xcalloc(columns + 1, sizeof *t);

    if (pretext == PRETEXT_MLM || columns == 0)
        return t;
    t[0].score = try_alloc(n * columns, sizeof *t->score);
    t[0].replaced = try_alloc(n * columns, sizeof *t->replaced);
    for (size_t c = 1; c < columns && t[0].score && t[0].replaced; c++) {
        t[c].score = t[0].score + c * n;
        t[c].replaced = t[0].replaced + c * n;
    }
    if (t[0].score && t[0].replaced)
        return t;
    free(t[0].score);
    free(t[0].replaced);
    free(t);
    return NULL;
}

static void count(struct tally *t, struct sheet *s, const struct encoder *e,
                  const uint32_t *index, size_t n)
{
    for (size_t from = 0; from < n; from += INFER_ROWS) {
        int rows = (int)(n - from < INFER_ROWS ? n - from : INFER_ROWS);

        fill(s, index + from, rows);
        ask(s, rows);
        if (s->pretext == PRETEXT_MLM)
            count_mlm(t, s, rows);
        else if (s->pretext == PRETEXT_RTD)
            count_rtd(t, s, rows);
        else
            count_dae(t, s, e, rows);
    }
}

bool pretext_measure(struct model *m, struct pool *pool, const struct corruption *c,
                     const struct frame *f, const uint32_t *index, size_t n,
                     struct metrics *out, struct column_score *columns,
                     struct error *err)
{
    struct tally *t = NULL;
    struct sheet s;
    bool ok = sheet_init(&s, m, pool, c, f, err);

    if (ok) {
        t = tallies_new(model_pretext(m), s.columns, n);
        ok = t || error_set(err, ERROR_MEMORY,
                            "no memory for the answers of %zu rows", n);
    }
    if (ok) {
        size_t cells = s.columns + (size_t)f->n_continuous;

        count(t, &s, model_encoder(m), index, n);
        *out = sum_up(t, s.columns, n, s.pretext == PRETEXT_DAE ? n * cells : 0);
        for (size_t i = 0; columns && i < s.columns; i++)
            columns[i] = score_column(&t[i]);
    }
    if (t) {
        free(t[0].score);
        free(t[0].replaced);
    }
    free(t);
    sheet_done(&s);
    return ok;
}

/* ---- a few rows ---- */

/* The sheet's first row, as cells of a row of the frame. True: something is hidden. */
static bool take_row(const struct sheet *s, uint32_t row, struct example_cell *cells)
{
    const int32_t *before = s->frame->codes + row * s->columns;
    bool hidden = false;

    for (size_t c = 0; c < s->columns; c++) {
        cells[c] = (struct example_cell){before[c], s->codes[c], 0, 0};
        hidden |= before[c] != s->codes[c];
    }
    return hidden;
}

/* The same row again and again, asked for one class after another: the loss of a class
 * tells its probability. */
static void ask_classes(struct sheet *s, const struct encoder *e, int from, int rows,
                        struct example_cell *cells)
{
    size_t m = s->columns, c = (size_t)s->frame->n_continuous;

    for (size_t r = 1; c > 0 && r < (size_t)rows; r++)
        memcpy(s->values + r * c, s->values, c * sizeof *s->values);
    for (size_t i = 0; i < (size_t)rows * m; i++) {
        int class = from + (int)(i / m) + 1;
        const struct example_cell *cell = &cells[i % m];

        s->codes[i] = cell->shown;
        s->answers[i] = cell->before != cell->shown
            && class <= e->categorical[i % m].classes ? class : 0;
    }
    ask(s, rows);
    for (size_t i = 0; i < (size_t)rows * m; i++) {
        struct example_cell *cell = &cells[i % m];
        float p = (float)exp(-(double)s->out[i / m * 3 * m + i % m]);

        if (s->answers[i] == 0 || p <= cell->sure)
            continue;
        cell->said = s->answers[i];
        cell->sure = p;
    }
}

static void guess_mlm(struct sheet *s, const struct encoder *e,
                      struct example_cell *cells)
{
    int most = 0;

    for (size_t c = 0; c < s->columns; c++)
        if (cells[c].before != cells[c].shown && e->categorical[c].classes > most)
            most = e->categorical[c].classes;
    if (most > EXAMPLE_CLASSES)
        most = EXAMPLE_CLASSES;
    for (int from = 0; from < most; from += INFER_ROWS)
        ask_classes(s, e, from, most - from < INFER_ROWS ? most - from : INFER_ROWS,
                    cells);
}

static void guess_rtd(struct sheet *s, struct example_cell *cells)
{
    ask(s, 1);
    for (size_t c = 0; c < s->columns; c++)
        cells[c].sure = (float)(1 / (1 + exp(-(double)s->out[c])));
}

static void guess_dae(struct sheet *s, const struct encoder *e, struct example_cell *cells)
{
    const real *z = s->out;

    ask(s, 1);
    for (size_t c = 0; c < s->columns; z += e->categorical[c++].classes + 1) {
        double log_p;
        int classes = e->categorical[c].classes + 1;

        if (cells[c].before == cells[c].shown)
            continue;
        cells[c].said = likeliest(z, classes, 0, &log_p);
        likeliest(z, classes, cells[c].said, &log_p);
        cells[c].sure = (float)exp(log_p);
    }
}

int pretext_examples(struct model *m, struct pool *pool, const struct corruption *c,
                     const struct frame *f, const uint32_t *index, size_t n,
                     uint32_t rows[EXAMPLES], struct example_cell *cells)
{
    struct sheet s;
    bool ok = sheet_init(&s, m, pool, c, f, NULL);
    int found = 0;

    for (size_t i = 0; ok && i < n && found < EXAMPLES; i++) {
        struct example_cell *own = cells + (size_t)found * s.columns;

        fill(&s, index + i, 1);
        if (!take_row(&s, index[i], own))
            continue;
        rows[found++] = index[i];
        if (s.pretext == PRETEXT_MLM)
            guess_mlm(&s, model_encoder(m), own);
        else if (s.pretext == PRETEXT_RTD)
            guess_rtd(&s, own);
        else
            guess_dae(&s, model_encoder(m), own);
    }
    sheet_done(&s);
    return found;
}
