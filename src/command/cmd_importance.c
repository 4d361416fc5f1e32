/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much worse a model is without each of its columns, or what its masks take of each. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"
#include "command/run_text.h"
#include "lens/job_importance.h"
#include "plot/figure.h"

enum { REPEATS = 5, ROWS = 10000, SHARE_DECIMALS = 4 };

/* ---- what came of it ---- */

static bool is_masking(const struct importance_job *j)
{
    return importance_job_asked(j)->by == IMPORTANCE_MASKING;
}

static bool is_of_masks(const struct importance_job *j)
{
    return importance_job_asked(j)->by == IMPORTANCE_MASKS;
}

static void print_masks(struct context *c, const struct run *r,
                        const struct importance_job *j)
{
    struct grid *g = grid_new("columns");
    int steps = importance_job_steps(j);

    grid_fact_text(g, "run", r->name);
    grid_fact_text(g, "by", "masks");
    grid_fact_count(g, "rows", importance_job_rows(j));
    grid_fact_count(g, "steps", (size_t)steps);
    grid_column(g, "column", false);
    grid_column(g, "share", true);
    for (int s = 1; s <= steps; s++) {
        char name[16];

        snprintf(name, sizeof name, "step_%d", s);
        grid_column(g, name, true);
    }
    for (int i = 0; i < importance_job_columns(j); i++) {
        struct importance found = importance_job_column(j, i);

        grid_puts(g, found.column);
        grid_number(g, found.share, SHARE_DECIMALS);
        for (int s = 0; s < steps; s++)
            grid_number(g, found.steps[s], SHARE_DECIMALS);
    }
    grid_print(g, c);
}

static void print_importance(struct context *c, const struct run *r,
                             const struct importance_job *j)
{
    struct grid *g = grid_new("columns");
    int decimals = grid_decimals(importance_job_clean(j));

    grid_fact_text(g, "run", r->name);
    grid_fact_text(g, "by", is_masking(j) ? "masking" : "permutation");
    grid_fact_count(g, "rows", importance_job_rows(j));
    if (!is_masking(j))
        grid_fact_count(g, "repeats", (size_t)importance_job_repeats(j));
    grid_fact_text(g, "metric", importance_job_metric(j)->name);
    grid_fact_number(g, "clean", importance_job_clean(j), decimals);
    grid_column(g, "column", false);
    grid_column(g, "worse", true);
    if (!is_masking(j))
        grid_column(g, "deviation", true);
    grid_column(g, "moved", true);
    for (int i = 0; i < importance_job_columns(j); i++) {
        struct importance found = importance_job_column(j, i);

        grid_puts(g, found.column);
        grid_difference(g, found.worse, decimals);
        if (!is_masking(j))
            grid_number(g, found.deviation, decimals);
        grid_number(g, found.moved, decimals);
    }
    grid_print(g, c);
}

/* Bars, and what the steps take. */
static struct figure *make_masks_figure(const struct run *r,
                                        const struct importance_job *j)
{
    struct figure *f = figure_new(NULL);
    struct series *bars = figure_add(f, "all steps", SERIES_BARS, 0);
    struct series *points = figure_add(f, "one step", SERIES_POINTS, 1);

    f->title = xasprintf("importance of columns for %s, by masks", r->name);
    for (int i = 0; i < importance_job_columns(j); i++) {
        struct importance found = importance_job_column(j, i);

        series_add(bars, i, found.share);
        axis_add_name(&f->x, i, found.column);
        for (int s = 0; s < importance_job_steps(j); s++)
            series_add(points, i, found.steps[s]);
    }
    f->y.low = 0;
    f->y.label = xstrdup("share of the masks");
    return f;
}

/* Bars, and how far the repeats are apart. */
static struct figure *make_figure(const struct run *r, const struct importance_job *j)
{
    const struct metric_field *metric = importance_job_metric(j);
    struct figure *f = figure_new(NULL);
    struct series *bars = figure_add(f, is_masking(j) ? "" : "mean", SERIES_BARS, 0);
    double lowest = 0;

    f->title = xasprintf("importance of columns for %s, by %s", r->name,
                         is_masking(j) ? "masking" : "permutation");
    for (int i = 0; i < importance_job_columns(j); i++) {
        struct importance found = importance_job_column(j, i);

        series_add(bars, i, found.worse);
        axis_add_name(&f->x, i, found.column);
        lowest = fmin(lowest, found.worse);
    }
    if (!is_masking(j)) {
        struct series *points = figure_add(f, "one permutation", SERIES_POINTS, 1);

        for (int i = 0; i < importance_job_columns(j); i++)
            for (int k = 0; k < importance_job_repeats(j); k++) {
                double worse = importance_job_column(j, i).repeats[k];

                series_add(points, i, worse);
                lowest = fmin(lowest, worse);
            }
    }
    f->y.low = 1.05 * lowest;
    f->level = lowest < 0 ? 0 : NAN;
    f->y.label = xasprintf("%s %s", metric->title, metric->rises ? "lost" : "more");
    return f;
}

static void importance_status(struct context *c, const struct pending *p, struct str *out)
{
    pending_put_share(c, p, importance_job_share, out);
}

static bool finish_importance(struct context *c, struct pending *p, void *work,
                              enum job_state ended, struct error *err)
{
    (void)err;
    if (ended == JOB_DONE) {
        context_note_lines(c, "", importance_job_note(work));
        (is_of_masks(work) ? print_masks : print_importance)(c, p->run, work);
        context_keep_figure(c, KEPT_IMPORTANCE,
                            (is_of_masks(work) ? make_masks_figure : make_figure)(
                                p->run, work));
    }
    importance_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type importance_pending = {
    .job = &importance_job_type,
    .status = importance_status,
    .finish = finish_importance,
};

/* ---- beginning ---- */

static bool check_masks(const struct run *r, enum importance_by by, struct error *err)
{
    enum model_kind kind = run_model_kind(r);

    return by != IMPORTANCE_MASKS || kind == MODEL_TABNET
        || error_set(err, ERROR_USAGE, "only a TabNet has masks, and %s is of kind %s: "
                     "say `importance --by permutation`", r->name,
                     model_kind_name(kind));
}

static bool run_importance(struct context *c, const struct call *call, struct error *err)
{
    struct pending p = {.type = &importance_pending};
    struct run *r = asked_predictor(c, call, err);
    struct importance_request q = {
        .by = (enum importance_by)call_choice(call, "by", IMPORTANCE_PERMUTATION),
        .repeats = (int)call_int(call, "repeats", REPEATS),
        .most = (size_t)call_int(call, "rows", ROWS), .seed = call_seed(call, "seed", 1)};
    struct importance_job *job;

    if (!r || !check_masks(r, q.by, err) || !asked_rows(c, call, r, &q.rows, err))
        return false;
    job = importance_job_new(&q);
    asked_rows_done(&q.rows);
    p.run = r;
    p.what = xasprintf("importance %s", r->name);
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

const struct command command_importance = {
    .name = "importance",
    .help = "show how much worse a model is without each of its columns",
    .more = "A permutation gives the cells of a column to other rows, so that they say "
            "nothing of their own any more; masking makes all of them missing, which the "
            "model may never have seen. Worse is what the AUC loses, or what the error "
            "of a regression gains; moved, how far a prediction goes: half the sum over "
            "classes of what their probabilities change, or the change of the number. "
            "What two columns say alike neither is missed for. Masks are those of a "
            "TabNet: which share of what it looks at is of each column, in the mean over "
            "the rows, in all (each step counting by what it decides) and in each step. "
            "They tell where it looks, not what that is worth.",
    .options = {
        RUN_OPTION,
        {"by", {VALUE_CHOICE, IMPORTANCE_NAMES, 0, 0}, OPTIONAL, IMPORTANCE_NAMES,
         "how a column is taken away, or by a TabNet's masks; permutation"},
        {"repeats", {VALUE_INT, NULL, 1, IMPORTANCE_REPEATS}, OPTIONAL, "N",
         "permutations of each column; 5"},
        ON_OPTION,
        {"rows", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N", "so many at most; 10,000"},
        {"seed", {VALUE_SEED, NULL, 0, 0}, OPTIONAL, "N", "of rows and permutations; 1"},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_importance,
};
