/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left of a model when cells are noise or missing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"
#include "lens/job_robustness.h"
#include "plot/figure.h"

enum { SEEDS = 5, RATES = 10, ROWS = 10000 };

/* ---- what came of it ---- */

static const char *spoiling_name(enum spoiling spoiling)
{
    return spoiling == SPOIL_NOISE ? "noise" : "missing";
}

static void add_line(struct grid *g, const struct robustness_job *j, const char *run,
                     int k, int rate)
{
    double deviation, mean = robustness_job_mean(j, k, rate, &deviation);
    int decimals = grid_decimals(robustness_job_clean(j, 0));

    if (run)
        grid_puts(g, run);
    grid_number(g, robustness_job_asked(j)->rates[rate], 2);
    grid_number(g, mean, decimals);
    grid_number(g, deviation, decimals);
    grid_number(g, mean / robustness_job_clean(j, 0), 4);
}

static void print_robustness(struct context *c, char *const *runs,
                             const struct robustness_job *j)
{
    const struct robustness_request *q = robustness_job_asked(j);
    struct grid *g = grid_new("rates");
    int decimals = grid_decimals(robustness_job_clean(j, 0));

    grid_fact_text(g, "run", runs[0]);
    grid_fact_text(g, "spoiled", spoiling_name(q->spoiling));
    grid_fact_count(g, "rows", robustness_job_rows(j));
    grid_fact_count(g, "seeds", (size_t)q->seeds);
    grid_fact_text(g, "fill", q->fill == FILL_MEAN ? "mean" : "class");
    grid_fact_number(g, "clean", robustness_job_clean(j, 0), decimals);
    if (q->n_runs > 1) {
        grid_fact_text(g, "against", runs[1]);
        grid_fact_number(g, "against_clean", robustness_job_clean(j, 1), decimals);
        grid_column(g, "run", false);
    }
    grid_column(g, "rate", true);
    grid_column(g, robustness_job_metric(j)->name, true);
    grid_column(g, "deviation", true);
    grid_column(g, "relative", true);
    for (int k = 0; k < q->n_runs; k++)
        for (int i = 0; i < q->n_rates; i++)
            add_line(g, j, q->n_runs > 1 ? runs[k] : NULL, k, i);
    grid_print(g, c);
}

/* A deviation up and down, behind the means and their points. */
static void add_curve(struct figure *f, const struct robustness_job *j, const char *name,
                      int k)
{
    const struct robustness_request *q = robustness_job_asked(j);
    static const double sides[] = {-1, 1, 0, 0};

    for (int part = q->seeds > 1 ? 0 : 2; part < 4; part++) {
        struct series *s = figure_add(f, part == 3 ? "" : name,
                                      part < 2 ? SERIES_FAINT
                                               : part == 2 ? SERIES_LINE : SERIES_POINTS,
                                      k);

        for (int i = 0; i < q->n_rates; i++) {
            double deviation, mean = robustness_job_mean(j, k, i, &deviation);

            if (part < 2)
                mean += sides[part] * deviation;
            series_add(s, q->rates[i], mean / robustness_job_clean(j, 0));
        }
    }
}

static struct figure *make_figure(char *const *runs, const struct robustness_job *j)
{
    const struct robustness_request *q = robustness_job_asked(j);
    const char *metric = robustness_job_metric(j)->title;
    struct figure *f = figure_new(NULL);
    char *label = xasprintf("%s / %s of %s on clean rows", metric, metric, runs[0]);

    f->title = xasprintf("categorical cells %s: %s%s%s",
                         q->spoiling == SPOIL_NOISE ? "with noise" : "missing", runs[0],
                         q->n_runs > 1 ? " against " : "", q->n_runs > 1 ? runs[1] : "");
    f->x.label = xasprintf("share of cells that are %s%s",
                           q->spoiling == SPOIL_NOISE ? "noise" : "missing",
                           q->seeds > 1 ? "; faint: one standard deviation" : "");
    f->y.label = label;
    f->level = 1;
    for (int k = 0; k < q->n_runs; k++)
        add_curve(f, j, runs[k], k);
    return f;
}

static void robustness_status(struct context *c, const struct pending *p, struct str *out)
{
    pending_put_share(c, p, robustness_job_share, out);
}

static bool finish_robustness(struct context *c, struct pending *p, void *work,
                              enum job_state ended, struct error *err)
{
    (void)err;
    if (ended == JOB_DONE) {
        char *runs[ROBUSTNESS_RUNS] = {p->run->name, p->name};

        context_note_lines(c, "", robustness_job_note(work));
        print_robustness(c, runs, work);
        context_keep_figure(c, KEPT_ROBUSTNESS, make_figure(runs, work));
    }
    robustness_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type robustness_pending = {
    .job = &robustness_job_type,
    .status = robustness_status,
    .finish = finish_robustness,
};

/* ---- beginning ---- */

static bool refuse_rates(const char *text, struct error *err)
{
    char *shown = show(text, 60);

    error_set(err, ERROR_USAGE, "--rates takes up to %d numbers from 0 to 1 that rise, "
              "with commas between them, as in 0,0.1,0.5, not \"%s\"", ROBUSTNESS_RATES,
              shown);
    free(shown);
    return false;
}

/* NULL: 0, 0.1, ... 0.9. */
static bool read_rates(const char *text, struct robustness_request *q, struct error *err)
{
    const char *at = text;

    for (int i = 0; i < RATES && !text; i++)
        q->rates[q->n_rates++] = i / 10.0;
    while (at) {
        size_t n = strcspn(at, ",");
        double rate;

        if (!str_to_double(at, n, &rate) || !(rate >= 0 && rate <= 1)
            || q->n_rates == ROBUSTNESS_RATES
            || (q->n_rates > 0 && rate <= q->rates[q->n_rates - 1]))
            return refuse_rates(text, err);
        q->rates[q->n_rates++] = rate;
        at = at[n] ? at + n + 1 : NULL;
    }
    return true;
}

static bool start_robustness(struct context *c, const struct call *call,
                             struct run *const *runs, struct robustness_request *q,
                             struct error *err)
{
    struct pending p = {.type = &robustness_pending, .run = runs[0]};
    struct robustness_job *job = NULL;

    q->n_runs = asked_rows_of_all(c, call, runs, ROBUSTNESS_RUNS, q->rows, err);
    if (q->n_runs > 0)
        job = robustness_job_new(q);
    for (int k = 0; k < q->n_runs; k++)
        asked_rows_done(&q->rows[k]);
    if (!job)
        return false;
    p.what = xasprintf("robustness %s", runs[0]->name);
    p.name = runs[1] ? xstrdup(runs[1]->name) : NULL;
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

static bool run_robustness(struct context *c, const struct call *call, struct error *err)
{
    struct run *runs[ROBUSTNESS_RUNS] = {asked_predictor(c, call, err), NULL};
    enum spoiling spoiling = value_choice(SPOILING_NAMES, call_word(call, 0))
        ? SPOIL_MISSING : SPOIL_NOISE;
    struct robustness_request q = {
        .spoiling = spoiling, .seeds = (int)call_int(call, "seeds", SEEDS),
        .most = (size_t)call_int(call, "rows", ROWS),
        .fill = (enum fill)call_choice(call, "fill", spoiling == SPOIL_MISSING
                                                         ? FILL_MEAN : FILL_CLASS)};

    return runs[0] && read_rates(call_option(call, "rates"), &q, err)
        && asked_against(c, call, runs[0], &runs[1], err)
        && start_robustness(c, call, runs, &q, err);
}

const struct command command_robustness = {
    .name = "robustness",
    .help = "show what is left of a model when cells are noise or missing",
    .more = "Of the categorical cells of the rows so many are spoiled: noise is a value "
            "of the column, each as likely as others. What is relative is held against "
            "the model of --run on clean rows. Means and deviations are those over the "
            "seeds; each spoils other cells, the same ones for both runs.",
    .arguments = {{"HOW", {VALUE_CHOICE, SPOILING_NAMES, 0, 0}, REQUIRED, NULL,
                   "what cells become: another value or missing"}},
    .options = {
        RUN_OPTION,
        AGAINST_OPTION("a run that is tried on the same rows"),
        {"rates", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "LIST",
         "shares of cells, with commas between them; 0,0.1,...,0.9"},
        {"seeds", {VALUE_INT, NULL, 1, ROBUSTNESS_SEEDS}, OPTIONAL, "N",
         "how often with other cells; 5"},
        ON_OPTION,
        {"rows", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N", "so many at most; 10,000"},
        {"fill", {VALUE_CHOICE, FILL_NAMES, 0, 0}, OPTIONAL, FILL_NAMES,
         "what a missing category stands for: the column's missing class, or the mean of "
         "its known classes; mean, for noise class"},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_robustness,
};
