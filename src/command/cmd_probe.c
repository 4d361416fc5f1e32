/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of the target can be read off each layer of a model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"
#include "lens/job_probe.h"
#include "lens/probe.h"
#include "plot/figure.h"

enum { FOLDS = 5, ROWS = 10000 };

static const char *const pooling_names[POOLINGS] = {"concat", "mean", "max"};

/* ---- what came of it ---- */

/* NAN: the model tells no more than the mean of the target, or not even that. */
static double relative(const struct probe_job *j, struct probe_score s)
{
    double end_to_end = probe_job_end_to_end(j, 0);

    return end_to_end > 0 ? s.mean / end_to_end : NAN;
}

static void add_line(struct grid *g, const struct probe_job *j, const char *run, int k,
                     enum pooling pooling, int layer)
{
    struct probe_score s = probe_job_score(j, k, pooling, layer);

    if (run)
        grid_puts(g, run);
    grid_puts(g, pooling_names[pooling]);
    grid_count(g, (size_t)layer);
    grid_number(g, s.mean, 4);
    grid_number(g, s.deviation, 4);
    grid_number(g, relative(j, s), 4);
}

static void print_probe(struct context *c, char *const *runs, const struct probe_job *j)
{
    const struct probe_request *q = probe_job_asked(j);
    const char *metric = probe_job_metric(j)->name;
    struct grid *g = grid_new("layers");

    grid_fact_text(g, "run", runs[0]);
    grid_fact_count(g, "rows", probe_job_rows(j));
    grid_fact_count(g, "folds", (size_t)q->folds);
    grid_fact_number(g, metric, probe_job_end_to_end(j, 0), 4);
    if (q->n_runs > 1) {
        grid_fact_text(g, "against", runs[1]);
        grid_fact_number(g, strcmp(metric, "auc") == 0 ? "against_auc" : "against_r2",
                         probe_job_end_to_end(j, 1), 4);
        grid_column(g, "run", false);
    }
    grid_column(g, "pooling", false);
    grid_column(g, "layer", true);
    grid_column(g, metric, true);
    grid_column(g, "deviation", true);
    grid_column(g, "relative", true);
    for (int k = 0; k < q->n_runs; k++)
        for (int p = 0; p < POOLINGS; p++)
            for (int l = 0; q->pooled[p] && l <= probe_job_layers(j, k); l++)
                add_line(g, j, q->n_runs > 1 ? runs[k] : NULL, k, (enum pooling)p, l);
    grid_print(g, c);
}

/* Beside the score of the model, which is 1; where that cannot be, as it is. */
static double height(const struct probe_job *j, struct probe_score s)
{
    return probe_job_end_to_end(j, 0) > 0 ? relative(j, s) : s.mean;
}

/* A curve and its points, which share a place in the legend. */
static void add_curve(struct figure *f, const struct probe_job *j, const char *name,
                      int k, enum pooling pooling)
{
    int layers = probe_job_layers(j, k), style = k * POOLINGS + (int)pooling;
    struct series *line = layers > 0 ? figure_add(f, name, SERIES_LINE, style) : NULL;
    struct series *points;

    for (int l = 0; l <= layers && line; l++)
        series_add(line, l, height(j, probe_job_score(j, k, pooling, l)));
    points = figure_add(f, line ? "" : name, SERIES_POINTS, style);
    for (int l = 0; l <= layers; l++)
        series_add(points, l, height(j, probe_job_score(j, k, pooling, l)));
}

static struct figure *make_figure(char *const *runs, const struct probe_job *j)
{
    const struct probe_request *q = probe_job_asked(j);
    const char *metric = probe_job_metric(j)->title;
    bool divided = probe_job_end_to_end(j, 0) > 0;
    struct figure *f = figure_new(NULL);
    char *label = divided ? xasprintf("%s of the probe / %s of %s", metric, metric, runs[0])
                          : xasprintf("%s of the probe", metric);

    f->title = xasprintf("linear probe of the layers of %s", runs[0]);
    axis_label(&f->x, "layer");
    axis_label(&f->y, label);
    f->x.whole = true;
    f->level = divided ? 1 : probe_job_end_to_end(j, 0);
    for (int k = 0; k < q->n_runs; k++)
        for (int p = 0; p < POOLINGS; p++) {
            char *name = q->n_runs > 1 ? xasprintf("%s %s", runs[k], pooling_names[p])
                                       : xstrdup(pooling_names[p]);

            if (q->pooled[p])
                add_curve(f, j, name, k, (enum pooling)p);
            free(name);
        }
    free(label);
    return f;
}

static void probe_status(struct context *c, const struct pending *p, struct str *out)
{
    pending_put_share(c, p, probe_job_share, out);
}

static bool finish_probe(struct context *c, struct pending *p, void *work,
                         enum job_state ended, struct error *err)
{
    (void)err;
    if (ended == JOB_DONE) {
        char *runs[PROBE_RUNS] = {p->run->name, p->name};

        context_note_lines(c, "", probe_job_note(work));
        print_probe(c, runs, work);
        context_keep_figure(c, KEPT_PROBE, make_figure(runs, work));
    }
    probe_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type probe_pending = {
    .job = &probe_job_type,
    .status = probe_status,
    .finish = finish_probe,
};

/* ---- beginning ---- */

static bool start_probe(struct context *c, const struct call *call,
                        struct run *const *runs, struct probe_request *q,
                        struct error *err)
{
    struct pending p = {.type = &probe_pending, .run = runs[0]};
    struct probe_job *job = NULL;

    q->n_runs = asked_rows_of_all(c, call, runs, PROBE_RUNS, q->rows, err);
    if (q->n_runs > 0)
        job = probe_job_new(q);
    for (int k = 0; k < q->n_runs; k++)
        asked_rows_done(&q->rows[k]);
    if (!job)
        return false;
    p.what = xasprintf("probe %s", runs[0]->name);
    p.name = runs[1] ? xstrdup(runs[1]->name) : NULL;
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

static bool run_probe(struct context *c, const struct call *call, struct error *err)
{
    struct run *runs[PROBE_RUNS] = {asked_predictor(c, call, err), NULL};
    struct probe_request q = {.folds = (int)call_int(call, "folds", FOLDS),
                              .most = (size_t)call_int(call, "rows", ROWS),
                              .seed = call_seed(call, "seed", 1)};
    int pooling = call_choice(call, "pooling", POOLINGS);

    for (int p = 0; p < POOLINGS; p++)
        q.pooled[p] = pooling == POOLINGS || pooling == p;
    return runs[0] && asked_against(c, call, runs[0], &runs[1], err)
        && start_probe(c, call, runs, &q, err);
}

const struct command command_probe = {
    .name = "probe",
    .help = "show how much each layer of a model tells of the target",
    .more = "On the embeddings behind each layer (0: in front of the first) and the "
            "continuous columns a logistic regression learns the classes of some rows "
            "and is tried on others, fold by fold; its AUC is held against that of the "
            "model itself on the same rows. Of a number it is a ridge regression, and "
            "R2. --against brings in a second run, as one "
            "without Transformer layers.",
    .options = {
        RUN_OPTION,
        AGAINST_OPTION("a run whose layers are probed, too"),
        {"pooling", {VALUE_CHOICE, POOLING_NAMES, 0, 0}, OPTIONAL, POOLING_NAMES,
         "how embeddings of columns become one vector: side by side, their mean or their "
         "largest numbers; all three"},
        {"folds", {VALUE_INT, NULL, 2, PROBE_FOLDS_MOST}, OPTIONAL, "N",
         "of the cross-validation; 5"},
        ON_OPTION,
        {"rows", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N", "so many at most; 10,000"},
        {"seed", {VALUE_SEED, NULL, 0, 0}, OPTIONAL, "N", "of rows and folds; 1"},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_probe,
};
