/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_importance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "lens/input.h"
#include "lens/trial.h"

struct importance_job {
    struct importance_request asked;
    struct trial trial;
    const struct metric_field *metric;
    struct input *inputs;
    int n_inputs, repeats;
    int pass;               /* -1: of the rows as they are; input * repeats + repeat */
    double clean;
    float *before;          /* (rows, outputs) of the rows as they are */
    uint32_t *permutation;  /* (rows) whose cells a row gets */
    struct frame *missing;  /* of masking, for the present input */
    double *worse, *moved;  /* (inputs, repeats) */
    int *order;             /* (inputs) after the end: the most important first */
    double share;           /* published */
};

struct importance_job *importance_job_new(const struct importance_request *r)
{
    struct importance_job *j = xcalloc(1, sizeof *j);
    const struct encoder *e = model_encoder(r->rows.model);
    size_t values;

    j->asked = *r;
    trial_init(&j->trial, &r->rows);
    j->asked.rows = j->trial.rows.asked;
    j->metric = metric_field(e->task, 0);
    j->inputs = inputs_new(e, &j->n_inputs);
    j->repeats = r->by == IMPORTANCE_MASKING ? 1 : r->repeats;
    values = (size_t)(j->n_inputs * j->repeats) + 1;
    j->worse = xcalloc(values, sizeof *j->worse);
    j->moved = xcalloc(values, sizeof *j->moved);
    j->order = xcalloc((size_t)j->n_inputs + 1, sizeof *j->order);
    j->pass = -1;
    return j;
}

/* ---- a pass ---- */

static void permute(struct importance_job *j)
{
    struct rng r = rng_make(j->asked.seed, RNG_PERMUTE, (uint64_t)j->pass);

    for (size_t i = 0; i < j->trial.n; i++)
        j->permutation[i] = j->trial.index[i];
    rng_shuffle(&r, j->permutation, j->trial.n);
}

static void begin_pass(struct importance_job *j)
{
    const struct input *in = &j->inputs[j->pass / j->repeats];

    if (j->asked.by == IMPORTANCE_PERMUTATION) {
        permute(j);
        return;
    }
    if (j->missing)
        frame_free(j->missing);
    j->missing = input_missing(in, model_encoder(j->asked.rows.model));
}

static void take_away(void *arg, struct frame *rows, size_t from)
{
    const struct importance_job *j = arg;
    const struct input *in = &j->inputs[j->pass / j->repeats];
    bool missing = j->asked.by == IMPORTANCE_MASKING;

    for (size_t r = 0; r < rows->rows; r++)
        input_copy(in, missing ? j->missing : j->trial.rows.frame,
                   missing ? 0 : j->permutation[from + r], rows, r);
}

static double moved_in_mean(const struct importance_job *j)
{
    size_t outputs = (size_t)model_outputs(j->asked.rows.model);
    bool classes = model_encoder(j->asked.rows.model)->task != TASK_REGRESSION;
    double sum = 0;

    for (size_t i = 0; i < j->trial.n; i++)
        sum += trial_moved(j->before + i * outputs, j->trial.predicted + i * outputs,
                           outputs, classes);
    return sum / (double)j->trial.n;
}

static void end_pass(struct importance_job *j)
{
    size_t outputs = (size_t)model_outputs(j->asked.rows.model);
    struct metrics m = trial_measure(&j->trial);
    double value = metric_value(&m, j->metric);

    if (j->pass < 0) {
        j->clean = value;
        memcpy(j->before, j->trial.predicted, j->trial.n * outputs * sizeof *j->before);
    } else {
        j->worse[j->pass] = j->metric->rises ? j->clean - value : value - j->clean;
        j->moved[j->pass] = moved_in_mean(j);
    }
    j->pass++;
}

/* ---- the order ---- */

static double mean_of(const struct importance_job *j, const double *values, int input)
{
    double mean = 0;

    for (int i = 0; i < j->repeats; i++)
        mean += values[input * j->repeats + i] / j->repeats;
    return mean;
}

/* What comes first stays in front of its equals; what is not known is last. */
static void put_in_order(struct importance_job *j)
{
    for (int i = 0; i < j->n_inputs; i++) {
        double worse = mean_of(j, j->worse, i);
        int at = i;

        while (at > 0 && !(mean_of(j, j->worse, j->order[at - 1]) >= worse)
               && !isnan(worse))
            at--;
        memmove(j->order + at + 1, j->order + at, (size_t)(i - at) * sizeof *j->order);
        j->order[at] = i;
    }
}

/* ---- slices ---- */

static enum step prepare(struct importance_job *j, struct error *err)
{
    enum step step = trial_prepare(&j->trial, j->asked.most, j->asked.seed, err);

    if (step != STEP_DONE)
        return step;
    j->before = try_alloc(j->trial.n, (size_t)model_outputs(j->asked.rows.model)
                                          * sizeof *j->before);
    j->permutation = try_alloc(j->trial.n, sizeof *j->permutation);
    if (j->before && j->permutation)
        return STEP_MORE;
    error_set(err, ERROR_MEMORY, "no memory for the predictions of %zu rows",
              j->trial.n);
    return STEP_FAILED;
}

static enum step run(void *work, struct error *err)
{
    struct importance_job *j = work;
    enum step step;

    if (!j->permutation)
        return prepare(j, err);
    if (j->pass == j->n_inputs * j->repeats) {
        put_in_order(j);
        return STEP_DONE;
    }
    if (j->pass >= 0 && j->trial.at % j->trial.n == 0)
        begin_pass(j);
    step = trial_predict(&j->trial, FILL_CLASS, j->pass < 0 ? NULL : take_away, j, err);
    if (step == STEP_DONE)
        end_pass(j);
    return step == STEP_FAILED ? STEP_FAILED : STEP_MORE;
}

static void publish(void *work)
{
    struct importance_job *j = work;
    const struct trial *t = &j->trial;

    j->share = (j->pass + 1 + (t->n > 0 ? (double)(t->at % t->n) / (double)t->n : 0))
        / (j->n_inputs * j->repeats + 1);
}

static void release(void *work)
{
    struct importance_job *j = work;

    inputs_free(j->inputs, j->n_inputs);
    if (j->missing)
        frame_free(j->missing);
    trial_done(&j->trial);
    free(j->before);
    free(j->permutation);
    free(j->worse);
    free(j->moved);
    free(j->order);
    free(j);
}

const struct job_type importance_job_type = {
    .name = "importance",
    .run = run,
    .publish = publish,
    .free = release,
};

double importance_job_share(const void *work)
{
    return ((const struct importance_job *)work)->share;
}

/* ---- after the end ---- */

const struct importance_request *importance_job_asked(const struct importance_job *j)
{
    return &j->asked;
}

size_t importance_job_rows(const struct importance_job *j)
{
    return j->trial.n;
}

int importance_job_repeats(const struct importance_job *j)
{
    return j->repeats;
}

const struct metric_field *importance_job_metric(const struct importance_job *j)
{
    return j->metric;
}

double importance_job_clean(const struct importance_job *j)
{
    return j->clean;
}

int importance_job_columns(const struct importance_job *j)
{
    return j->n_inputs;
}

struct importance importance_job_column(const struct importance_job *j, int i)
{
    int input = j->order[i];
    const double *repeats = j->worse + input * j->repeats;
    struct importance found = {j->inputs[input].column, mean_of(j, j->worse, input), NAN,
                               mean_of(j, j->moved, input), repeats};
    double square = 0;

    for (int k = 0; k < j->repeats; k++)
        square += (repeats[k] - found.worse) * (repeats[k] - found.worse);
    if (j->repeats > 1)
        found.deviation = sqrt(square / (j->repeats - 1));
    return found;
}

const char *importance_job_note(const struct importance_job *j)
{
    return str_text(&j->trial.rows.note);
}
