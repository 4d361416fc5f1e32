/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "lens/look.h"
#include "lens/probe.h"
#include "lens/trial.h"

/* One run, its rows, and how far it is: layer by layer, each pooling in turn. */
struct side {
    struct trial trial;
    struct look *look;
    int layers, layer;
    int *class;          /* (rows) counted without those that were left out; NULL: the
                          * target is a number */
    int classes;
    double end_to_end;
    bool predicted;
    real *hidden;        /* (look_most, columns, width) */
    float *x[POOLINGS];  /* (rows, inputs) of the present layer, NULL: not wanted */
    size_t filled;       /* rows of it */
    int pooling;         /* the one that is probed */
    bool probing;
    struct probe probe;
    struct probe_score *scores; /* (layers + 1, POOLINGS) */
};

struct probe_job {
    struct probe_request asked; /* its rows are those of the sides */
    const struct metric_field *metric;
    struct side sides[PROBE_RUNS];
    size_t rows;
    struct str note;
    int done, all;  /* folds */
    double share;   /* published */
};

struct probe_job *probe_job_new(const struct probe_request *r)
{
    struct probe_job *j = xcalloc(1, sizeof *j);

    j->asked = *r;
    j->metric = metric_rising(model_encoder(r->rows[0].model)->task);
    for (int k = 0; k < r->n_runs; k++) {
        struct side *p = &j->sides[k];

        trial_init(&p->trial, &r->rows[k]);
        j->asked.rows[k] = p->trial.rows.asked;
        p->layers = model_options(r->rows[k].model)->layers;
        p->scores = xcalloc((size_t)(p->layers + 1) * POOLINGS, sizeof *p->scores);
        for (int i = 0; i < POOLINGS; i++)
            j->all += r->pooled[i] ? (p->layers + 1) * r->folds : 0;
    }
    return j;
}

/* ---- rows ---- */

/* Leaves out rows of classes that have fewer than `least` of them; returns how many. */
static size_t drop_rare(struct side *p, const size_t *counts, int *number, int classes,
                        int least)
{
    struct trial *t = &p->trial;
    size_t n = 0, dropped = 0;

    for (int c = 0; c < classes; c++)
        number[c] = counts[c] >= (size_t)least ? p->classes++ : -1;
    for (size_t i = 0; i < t->n; i++) {
        if (number[(int)t->truth[i]] < 0) {
            dropped++;
            continue;
        }
        p->class[n] = number[(int)t->truth[i]];
        t->truth[n] = t->truth[i];
        t->index[n++] = t->index[i];
    }
    t->n = n;
    return dropped;
}

static bool choose_classes(struct probe_job *j, struct side *p, struct error *err)
{
    struct trial *t = &p->trial;
    int classes = model_encoder(t->rows.asked.model)->n_classes;
    size_t *counts = xcalloc((size_t)classes, sizeof *counts), dropped;
    int *number = xcalloc((size_t)classes, sizeof *number);
    char count[COUNT_TEXT];

    p->class = try_alloc(t->n, sizeof *p->class);
    for (size_t i = 0; p->class && i < t->n; i++)
        counts[(int)t->truth[i]]++;
    dropped = p->class ? drop_rare(p, counts, number, classes, j->asked.folds) : 0;
    free(counts);
    free(number);
    if (!p->class)
        return error_set(err, ERROR_MEMORY, "no memory for the classes of %zu rows",
                         t->n);
    if (p->classes < 2)
        return error_set(err, ERROR_STATE, "a probe of %d folds needs two classes with "
                         "as many rows each, and there %s", j->asked.folds,
                         p->classes ? "is one only" : "is none");
    if (dropped > 0 && p == j->sides)
        str_printf(&j->note, "%s row%s of classes with fewer than %d rows left out\n",
                   count_text(dropped, count), dropped == 1 ? " is" : "s are",
                   j->asked.folds);
    return true;
}

/* As each fold has two rows at least. */
static bool check_rows(const struct probe_job *j, const struct side *p, struct error *err)
{
    return p->trial.n / 2 >= (size_t)j->asked.folds
        || error_set(err, ERROR_STATE, "a probe of %d folds needs %d rows with a target, "
                     "and there %s %zu", j->asked.folds, 2 * j->asked.folds,
                     p->trial.n == 1 ? "is" : "are", p->trial.n);
}

/* Numbers that the regression gets of a row. */
static int inputs_of(const struct side *p, enum pooling pooling)
{
    int columns = pooling == POOLING_CONCAT ? look_columns(p->look) : 1;

    return columns * look_width(p->look) + p->trial.rows.frame->n_continuous;
}

static bool reserve(struct probe_job *j, struct side *p, struct error *err)
{
    p->hidden = try_alloc((size_t)look_most(p->look) * (size_t)look_columns(p->look),
                          (size_t)look_width(p->look) * sizeof *p->hidden);
    for (int i = 0; p->hidden && i < POOLINGS; i++) {
        size_t inputs = (size_t)inputs_of(p, (enum pooling)i);

        if (!j->asked.pooled[i])
            continue;
        p->x[i] = try_alloc(p->trial.n, inputs * sizeof(float));
        if (!p->x[i])
            return error_set(err, ERROR_MEMORY, "no memory for %zu numbers of %zu rows: "
                             "--rows takes fewer", inputs, p->trial.n);
    }
    return p->hidden || error_set(err, ERROR_MEMORY, "no memory for embeddings");
}

static bool begin(struct probe_job *j, struct side *p, struct error *err)
{
    const struct rows_request *rows = &p->trial.rows.asked;

    bool classes = model_encoder(rows->model)->n_classes > 0;

    if (!(classes ? choose_classes(j, p, err) : check_rows(j, p, err)))
        return false;
    p->look = look_new_embeddings(rows->model, rows->pool, err);
    if (p == j->sides)
        j->rows = p->trial.n;
    return p->look && reserve(j, p, err);
}

/* ---- what a layer makes of a row ---- */

/* hidden (m, d) of a row -> out. */
static void pool(enum pooling pooling, const real *hidden, int m, int d, float *out)
{
    if (pooling == POOLING_CONCAT) {
        for (int i = 0; i < m * d; i++)
            out[i] = (float)hidden[i];
        return;
    }
    for (int k = 0; k < d; k++) {
        real sum = 0, top = hidden[k];

        for (int i = 0; i < m; i++) {
            sum += hidden[i * d + k];
            top = hidden[i * d + k] > top ? hidden[i * d + k] : top;
        }
        out[k] = (float)(pooling == POOLING_MEAN ? sum / (real)m : top);
    }
}

static void fill_row(struct side *p, enum pooling pooling, const real *hidden, size_t row)
{
    const struct frame *f = p->trial.rows.frame;
    size_t inputs = (size_t)inputs_of(p, pooling), c = (size_t)f->n_continuous;
    float *out = p->x[pooling] + row * inputs;

    pool(pooling, hidden, look_columns(p->look), look_width(p->look), out);
    if (c > 0)
        memcpy(out + inputs - c, f->values + p->trial.index[row] * c, c * sizeof *out);
}

static void fill(struct side *p)
{
    struct trial *t = &p->trial;
    size_t left = t->n - p->filled;
    int n = left < (size_t)look_most(p->look) ? (int)left : look_most(p->look);
    size_t size = (size_t)look_columns(p->look) * (size_t)look_width(p->look);

    look_at(p->look, t->rows.frame, t->index + p->filled, n);
    look_hidden(p->look, p->layer, p->hidden);
    for (int i = 0; i < POOLINGS; i++)
        for (int r = 0; p->x[i] && r < n; r++)
            fill_row(p, (enum pooling)i, p->hidden + (size_t)r * size,
                     p->filled + (size_t)r);
    p->filled += (size_t)n;
}

/* ---- slices ---- */

static bool begin_probe(struct probe_job *j, struct side *p, struct error *err)
{
    const float *x = p->x[p->pooling];
    int inputs = inputs_of(p, (enum pooling)p->pooling), folds = j->asked.folds;
    struct pool *pool = p->trial.rows.asked.pool;

    p->probing = p->class
        ? probe_init(&p->probe, x, p->trial.n, inputs, p->class, p->classes, folds,
                     j->asked.seed, pool, err)
        : probe_init_number(&p->probe, x, p->trial.n, inputs, p->trial.truth, folds,
                            j->asked.seed, pool, err);
    return p->probing;
}

static enum step probe_on(struct probe_job *j, struct side *p, struct error *err)
{
    struct probe_score *score = &p->scores[p->layer * POOLINGS + p->pooling];
    int before = p->probing ? p->probe.fold : 0;
    enum step step;

    if (!p->probing)
        return begin_probe(j, p, err) ? STEP_MORE : STEP_FAILED;
    step = probe_step(&p->probe, err);
    j->done += p->probe.fold - before;
    if (step != STEP_DONE)
        return step;
    score->mean = probe_score(&p->probe, &score->deviation);
    probe_done(&p->probe);
    p->probing = false;
    p->pooling++;
    return STEP_MORE;
}

static void side_release(struct side *p)
{
    if (p->probing)
        probe_done(&p->probe);
    p->probing = false;
    look_free(p->look);
    p->look = NULL;
    for (int i = 0; i < POOLINGS; i++) {
        free(p->x[i]);
        p->x[i] = NULL;
    }
    free(p->hidden);
    free(p->class);
    p->hidden = NULL;
    p->class = NULL;
}

static enum step predict(const struct probe_job *j, struct side *p, struct error *err)
{
    struct metrics m;
    enum step step = trial_predict(&p->trial, FILL_CLASS, NULL, NULL, err);

    if (step != STEP_DONE)
        return step;
    p->predicted = true;
    m = trial_measure(&p->trial);
    p->end_to_end = metric_value(&m, j->metric);
    return STEP_MORE;
}

static enum step side_step(struct probe_job *j, struct side *p, struct error *err)
{
    if (!p->look) {
        enum step step = trial_prepare(&p->trial, j->asked.most, j->asked.seed, err);

        if (step != STEP_DONE)
            return step;
        return begin(j, p, err) ? STEP_MORE : STEP_FAILED;
    }
    if (!p->predicted)
        return predict(j, p, err);
    if (p->filled < p->trial.n) {
        fill(p);
        return STEP_MORE;
    }
    while (p->pooling < POOLINGS && !p->x[p->pooling])
        p->pooling++;
    if (p->pooling < POOLINGS)
        return probe_on(j, p, err);
    p->pooling = 0;
    p->filled = 0;
    p->layer++;
    return STEP_MORE;
}

static enum step run(void *work, struct error *err)
{
    struct probe_job *j = work;

    for (int k = 0; k < j->asked.n_runs; k++) {
        struct side *p = &j->sides[k];

        if (p->layer <= p->layers)
            return side_step(j, p, err);
        side_release(p);
    }
    return STEP_DONE;
}

static void publish(void *work)
{
    struct probe_job *j = work;

    j->share = (double)j->done / j->all;
}

static void release(void *work)
{
    struct probe_job *j = work;

    for (int k = 0; k < j->asked.n_runs; k++) {
        side_release(&j->sides[k]);
        trial_done(&j->sides[k].trial);
        free(j->sides[k].scores);
    }
    str_done(&j->note);
    free(j);
}

const struct job_type probe_job_type = {
    .name = "probe",
    .run = run,
    .publish = publish,
    .free = release,
};

double probe_job_share(const void *work)
{
    return ((const struct probe_job *)work)->share;
}

/* ---- after the end ---- */

const struct metric_field *probe_job_metric(const struct probe_job *j)
{
    return j->metric;
}

const struct probe_request *probe_job_asked(const struct probe_job *j)
{
    return &j->asked;
}

size_t probe_job_rows(const struct probe_job *j)
{
    return j->rows;
}

int probe_job_layers(const struct probe_job *j, int run)
{
    return j->sides[run].layers;
}

double probe_job_end_to_end(const struct probe_job *j, int run)
{
    return j->sides[run].end_to_end;
}

struct probe_score probe_job_score(const struct probe_job *j, int run,
                                   enum pooling pooling, int layer)
{
    return j->sides[run].scores[layer * POOLINGS + (int)pooling];
}

const char *probe_job_note(const struct probe_job *j)
{
    return str_text(&j->note);
}
