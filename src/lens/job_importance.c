/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_importance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "lens/input.h"
#include "lens/masks.h"
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
    struct masks *masks;    /* IMPORTANCE_MASKS, else NULL */
    double *share;          /* (inputs) sum over the rows so far, then their mean */
    double *steps;          /* (inputs, steps) likewise */
    int n_steps;
    size_t looked, decided; /* rows so far, those that a step brought something for */
    int *order;             /* (inputs) after the end: the most important first */
    double done;            /* share of the whole; published */
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
    j->repeats = r->by == IMPORTANCE_PERMUTATION ? r->repeats : 1;
    values = (size_t)(j->n_inputs * j->repeats) + 1;
    j->worse = xcalloc(values, sizeof *j->worse);
    j->moved = xcalloc(values, sizeof *j->moved);
    j->order = xcalloc((size_t)j->n_inputs + 1, sizeof *j->order);
    if (r->by == IMPORTANCE_MASKS)
        j->n_steps = model_options(r->rows.model)->steps;
    j->share = xcalloc((size_t)j->n_inputs + 1, sizeof *j->share);
    j->steps = xcalloc((size_t)(j->n_inputs * j->n_steps) + 1, sizeof *j->steps);
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

static double weight_of(const struct importance_job *j, int input)
{
    return j->masks ? j->share[input] : mean_of(j, j->worse, input);
}

/* What comes first stays in front of its equals; what is not known is last. */
static void put_in_order(struct importance_job *j)
{
    for (int i = 0; i < j->n_inputs; i++) {
        double weight = weight_of(j, i);
        int at = i;

        while (at > 0 && !(weight_of(j, j->order[at - 1]) >= weight)
               && !isnan(weight))
            at--;
        memmove(j->order + at + 1, j->order + at, (size_t)(i - at) * sizeof *j->order);
        j->order[at] = i;
    }
}

/* ---- masks ---- */

/* Of row r of those looked at. One that no step brings anything for has no mask in all. */
static void add_masks(struct importance_job *j, size_t r)
{
    size_t at = r * (size_t)masks_features(j->masks);
    double all = 0;

    for (int i = 0; i < j->n_inputs; i++) {
        double share = masks_share(j->masks, masks_aggregated(j->masks) + at,
                                   &j->inputs[i]);

        j->share[i] += share;
        all += share;
        for (int s = 0; s < j->n_steps; s++)
            j->steps[i * j->n_steps + s] += masks_share(
                j->masks, masks_step(j->masks, s + 1) + at, &j->inputs[i]);
    }
    j->decided += all > 0;
}

static void divide_masks(struct importance_job *j)
{
    for (int i = 0; i < j->n_inputs; i++)
        j->share[i] /= (double)j->decided;
    for (int i = 0; i < j->n_inputs * j->n_steps; i++)
        j->steps[i] /= (double)j->trial.n;
}

static enum step look_at_masks(struct importance_job *j)
{
    const struct trial *t = &j->trial;
    size_t left = t->n - j->looked, n = left < MASKS_ROWS ? left : MASKS_ROWS;

    masks_look(j->masks, t->rows.frame, t->index + j->looked, n);
    for (size_t r = 0; r < n; r++)
        add_masks(j, r);
    j->looked += n;
    if (j->looked < t->n)
        return STEP_MORE;
    divide_masks(j);
    put_in_order(j);
    return STEP_DONE;
}

/* ---- slices ---- */

static enum step prepare(struct importance_job *j, struct error *err)
{
    enum step step = trial_prepare(&j->trial, j->asked.most, j->asked.seed, err);

    if (step != STEP_DONE)
        return step;
    if (j->asked.by == IMPORTANCE_MASKS) {
        j->masks = masks_new(j->asked.rows.model, j->asked.rows.pool, err);
        return j->masks ? STEP_MORE : STEP_FAILED;
    }
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

    if (j->masks)
        return look_at_masks(j);
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

    if (j->masks) {
        j->done = (double)j->looked / (double)t->n;
        return;
    }
    j->done = (j->pass + 1 + (t->n > 0 ? (double)(t->at % t->n) / (double)t->n : 0))
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
    masks_free(j->masks);
    free(j->share);
    free(j->steps);
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
    return ((const struct importance_job *)work)->done;
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

int importance_job_steps(const struct importance_job *j)
{
    return j->n_steps;
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
                               mean_of(j, j->moved, input), repeats, j->share[input],
                               j->steps + input * j->n_steps};
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
