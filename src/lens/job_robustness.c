/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_robustness.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "lens/trial.h"

/* One run: first the clean rows, then every seed of every rate. */
struct side {
    struct trial trial;
    struct rng *streams; /* (categorical columns) of the present seed; NULL: not begun */
    double clean;
    double *values;      /* (rates, seeds) */
    int pass;            /* 0: clean; else 1 + rate * seeds + seed */
};

struct robustness_job {
    struct robustness_request asked;
    struct side sides[ROBUSTNESS_RUNS];
    const struct metric_field *metric;
    double share; /* published */
};

static int passes(const struct robustness_job *j)
{
    return 1 + j->asked.n_rates * j->asked.seeds;
}

struct robustness_job *robustness_job_new(const struct robustness_request *r)
{
    struct robustness_job *j = xcalloc(1, sizeof *j);

    j->asked = *r;
    j->metric = metric_field(model_encoder(r->rows[0].model)->task, 0);
    for (int k = 0; k < r->n_runs; k++) {
        trial_init(&j->sides[k].trial, &r->rows[k]);
        j->asked.rows[k] = j->sides[k].trial.rows.asked;
        j->sides[k].values = xcalloc((size_t)passes(j), sizeof *j->sides[k].values);
    }
    return j;
}

/* ---- spoiling ---- */

/* By its name: two models may have their columns in another order. FNV-1a. */
static uint64_t number_of(const char *column)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *column; column++)
        hash = (hash ^ (unsigned char)*column) * 0x100000001b3u;
    return hash >> 8;
}

static void seed_streams(struct side *s, int seed)
{
    const struct encoder *e = model_encoder(s->trial.rows.asked.model);

    for (int i = 0; i < e->n_categorical; i++)
        s->streams[i] = rng_make((uint64_t)seed, RNG_NOISE,
                                 number_of(e->categorical[i].name));
}

static double uniform(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

struct spoiled {
    const struct side *side;
    enum spoiling spoiling;
    double rate;
};

static void spoil_cell(const struct spoiled *how, const struct feature *f,
                       const struct rng *stream, uint64_t row, int32_t *code)
{
    int known = f->classes - 1;
    uint64_t drawn[2];

    rng_block(stream->seed, stream->stream, row, drawn);
    if (uniform(drawn[0]) >= how->rate)
        return;
    if (how->spoiling == SPOIL_MISSING)
        *code = 0;
    else if (known > 0)
        *code = 1 + (int32_t)(uniform(drawn[1]) * known);
}

static void spoil(void *arg, struct frame *rows, size_t from)
{
    const struct spoiled *how = arg;
    const struct trial *t = &how->side->trial;
    const struct encoder *e = model_encoder(t->rows.asked.model);
    int32_t *code = rows->codes;

    for (size_t r = 0; r < rows->rows; r++)
        for (int i = 0; i < rows->n_categorical; i++)
            spoil_cell(how, &e->categorical[i], &how->side->streams[i],
                       t->index[from + r], code++);
}

/* ---- slices ---- */

static enum step prepare(struct robustness_job *j, struct side *s, struct error *err)
{
    const struct encoder *e = model_encoder(s->trial.rows.asked.model);
    enum step step = trial_prepare(&s->trial, j->asked.most, 1, err);

    if (step != STEP_DONE)
        return step;
    if (e->n_categorical == 0) {
        error_set(err, ERROR_STATE, "this model has no categorical columns whose cells "
                  "could be spoiled");
        return STEP_FAILED;
    }
    s->streams = xcalloc((size_t)e->n_categorical, sizeof *s->streams);
    return STEP_MORE;
}

static enum step pass_on(struct robustness_job *j, struct side *s, struct error *err)
{
    int at = s->pass - 1, rate = at / j->asked.seeds;
    struct spoiled how = {.side = s, .spoiling = j->asked.spoiling,
                          .rate = s->pass > 0 ? j->asked.rates[rate] : 0};
    enum step step;

    if (s->pass > 0 && how.rate == 0) {
        s->values[at] = s->clean;
        s->pass++;
        return STEP_MORE;
    }
    if (s->pass > 0 && s->trial.at % s->trial.n == 0)
        seed_streams(s, at % j->asked.seeds);
    step = trial_predict(&s->trial, j->asked.fill, s->pass > 0 ? spoil : NULL, &how, err);
    if (step == STEP_DONE) {
        struct metrics m = trial_measure(&s->trial);

        *(s->pass > 0 ? &s->values[at] : &s->clean) = metric_value(&m, j->metric);
        s->pass++;
    }
    return step == STEP_FAILED ? STEP_FAILED : STEP_MORE;
}

static enum step run(void *work, struct error *err)
{
    struct robustness_job *j = work;

    for (int k = 0; k < j->asked.n_runs; k++) {
        struct side *s = &j->sides[k];

        if (!s->streams)
            return prepare(j, s, err);
        if (s->pass < passes(j))
            return pass_on(j, s, err);
    }
    return STEP_DONE;
}

static void publish(void *work)
{
    struct robustness_job *j = work;
    double done = 0;

    for (int k = 0; k < j->asked.n_runs; k++) {
        const struct trial *t = &j->sides[k].trial;

        done += j->sides[k].pass;
        if (t->n > 0)
            done += (double)(t->at % t->n) / (double)t->n;
    }
    j->share = done / (passes(j) * j->asked.n_runs);
}

static void release(void *work)
{
    struct robustness_job *j = work;

    for (int k = 0; k < j->asked.n_runs; k++) {
        trial_done(&j->sides[k].trial);
        free(j->sides[k].streams);
        free(j->sides[k].values);
    }
    free(j);
}

const struct job_type robustness_job_type = {
    .name = "robustness",
    .run = run,
    .publish = publish,
    .free = release,
};

double robustness_job_share(const void *work)
{
    return ((const struct robustness_job *)work)->share;
}

/* ---- after the end ---- */

const struct robustness_request *robustness_job_asked(const struct robustness_job *j)
{
    return &j->asked;
}

size_t robustness_job_rows(const struct robustness_job *j)
{
    return j->sides[0].trial.n;
}

const struct metric_field *robustness_job_metric(const struct robustness_job *j)
{
    return j->metric;
}

double robustness_job_clean(const struct robustness_job *j, int run)
{
    return j->sides[run].clean;
}

double robustness_job_value(const struct robustness_job *j, int run, int rate, int seed)
{
    return j->sides[run].values[rate * j->asked.seeds + seed];
}

double robustness_job_mean(const struct robustness_job *j, int run, int rate,
                           double *deviation)
{
    double mean = 0, square = 0;
    int n = j->asked.seeds;

    for (int i = 0; i < n; i++)
        mean += robustness_job_value(j, run, rate, i) / n;
    for (int i = 0; i < n; i++)
        square += pow(robustness_job_value(j, run, rate, i) - mean, 2);
    *deviation = n > 1 ? sqrt(square / (n - 1)) : NAN;
    return mean;
}

const char *robustness_job_note(const struct robustness_job *j)
{
    return str_text(&j->sides[0].trial.rows.note);
}
