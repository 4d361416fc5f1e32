/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that look at runs and put them side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/run_text.h"

/* ---- runs ---- */

static bool run_runs(struct context *c, const struct call *call, struct error *err)
{
    const struct session *s = c->session;
    struct grid *g = grid_new("runs");

    (void)call;
    (void)err;
    grid_column(g, "run", false);
    grid_column(g, "state", false);
    grid_column(g, "current", false);
    grid_spare(g);
    grid_column(g, "from", false);
    grid_column(g, "parent", false);
    grid_spare(g);
    grid_column(g, "task", false);
    grid_spare(g);
    grid_column(g, "target", false);
    grid_column(g, "epochs", true);
    grid_column(g, "best", true);
    grid_column(g, "seconds", true);
    grid_spare(g);
    grid_column(g, "valid_loss", true);
    grid_spare(g);
    grid_column(g, "valid_auc", true);
    grid_column(g, "valid_r2", true);
    for (size_t i = 0; i < s->n_runs; i++) {
        const struct run *r = s->runs[i];
        bool regression = r->task == TASK_REGRESSION, known = r->valid.rows > 0;

        grid_puts(g, r->name);
        grid_puts(g, run_state_text(r));
        grid_bool(g, r == s->run);
        grid_path(g, r->origin);
        grid_puts(g, r->parent ? r->parent : "");
        grid_puts(g, run_task(r));
        grid_puts(g, run_target(r));
        grid_count(g, (size_t)r->progress.epoch);
        grid_count(g, (size_t)r->progress.best_epoch);
        grid_number(g, r->progress.seconds, 1);
        grid_number(g, known && !regression ? r->valid.loss : NAN, 4);
        grid_number(g, known && !regression ? r->valid.auc : NAN, 4);
        grid_number(g, known && regression ? r->valid.r2 : NAN, 4);
    }
    if (s->n_runs == 0)
        context_note(c, "there is no run; `train` makes one and `open FILE` brings one");
    grid_print(g, c);
    return true;
}

const struct command command_runs = {
    .name = "runs",
    .help = "list the runs",
    .flags = COMMAND_DATA,
    .run = run_runs,
};

/* ---- run ---- */

/* Epochs that a table has all of; of more the first, the best and the last. */
enum { FEW_EPOCHS = 24, FIRST_EPOCHS = 3, LAST_EPOCHS = 16 };

static void add_titles_of_history(struct grid *g, const struct run *r)
{
    const struct metric_field *f;

    grid_column(g, "epoch", true);
    grid_column(g, "seconds", true);
    grid_column(g, "lr", true);
    grid_column(g, "train_loss", true);
    for (int k = 0; (f = metric_field(r->task, k)); k++) {
        struct str title = {0};

        str_printf(&title, "valid_%s", f->name);
        grid_column(g, title.text, true);
        str_done(&title);
    }
}

static void add_epoch(struct grid *g, const struct run *r, const struct epoch_record *e)
{
    const struct metric_field *f;

    grid_count(g, (size_t)e->epoch);
    grid_number(g, e->seconds, 1);
    grid_number(g, e->lr, -1);
    grid_number(g, e->train_loss, 4);
    for (int k = 0; (f = metric_field(r->task, k)); k++)
        grid_number(g, metric_value(&e->valid, f), 4);
}

static bool is_in_excerpt(const struct run *r, size_t i)
{
    return r->n_history <= FEW_EPOCHS || i < FIRST_EPOCHS ||
           i + LAST_EPOCHS >= r->n_history ||
           r->history[i].epoch == r->progress.best_epoch;
}

/* Returns how many epochs were left out. */
static size_t add_history(struct grid *g, const struct run *r, bool whole)
{
    size_t left_out = 0;

    add_titles_of_history(g, r);
    for (size_t i = 0; i < r->n_history; i++) {
        if (whole || is_in_excerpt(r, i))
            add_epoch(g, r, &r->history[i]);
        else
            left_out++;
    }
    return left_out;
}

static bool run_run(struct context *c, const struct call *call, struct error *err)
{
    struct run *r = find_run(c, call_word(call, 0), err);
    size_t left_out = 0;
    struct grid *g;

    if (!r)
        return false;
    if (r->state != RUN_WAITING)
        c->session->run = r;
    g = grid_new("epochs");
    grid_fact_text(g, "run", r->name);
    grid_fact_text(g, "state", run_state_text(r));
    grid_fact_text(g, "from", r->origin);
    if (r->parent)
        grid_fact_text(g, "parent", r->parent);
    grid_fact_text(g, "target", run_target(r));
    grid_fact_text(g, "task", run_task(r));
    if (r->model)
        grid_fact_count(g, "parameters", model_parameters(r->model));
    if (r->folder)
        grid_fact_text(g, "folder", r->folder);
    grid_fact_count(g, "best_epoch", (size_t)r->progress.best_epoch);
    grid_fact_number(g, "best", r->progress.best_epoch > 0 ? r->progress.best : NAN, 4);
    if (r->n_history > 0)
        left_out = add_history(g, r, c->format != FORMAT_TABLE);
    grid_print(g, c);
    if (left_out > 0)
        context_note(c, "%zu epochs are left out; `--format csv` has all", left_out);
    return true;
}

const struct command command_run_verb = {
    .name = "run",
    .help = "make a run the current one and show it epoch by epoch",
    .more = "Of a long run the table has the first epochs, the best and the last; CSV "
            "and JSON have all.",
    .arguments = {{"NAME", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, NULL,
                   "else the current run"}},
    .flags = COMMAND_DATA,
    .run = run_run,
};

/* ---- compare ---- */

enum { FIRST_METRICS = 3 }; /* that a narrow screen has before other things */

static void add_titles(struct grid *g, struct run *const *runs, size_t n)
{
    const struct metric_field *f;
    const struct option *o;

    grid_column(g, "run", false);
    grid_column(g, "from", false);
    grid_spare(g);
    grid_column(g, "target", false);
    grid_spare(g);
    grid_column(g, "rows", true);
    grid_spare(g);
    for (int i = 0; (f = metric_field(runs[0]->task, i)); i++) {
        grid_column(g, f->name, true);
        if (i >= FIRST_METRICS)
            grid_spare(g);
    }
    for (int i = 0; (o = option_at(i)); i++) {
        if (runs_differ(o, runs, n))
            grid_column(g, o->name, true);
    }
}

static void add_run(struct grid *g, const struct run *r, const struct metrics *m,
                    struct run *const *runs, size_t n)
{
    const struct metric_field *f;
    const struct option *o;

    grid_puts(g, r->name);
    grid_path(g, r->origin);
    grid_puts(g, run_target(r));
    grid_count(g, m->rows);
    for (int i = 0; (f = metric_field(r->task, i)); i++)
        grid_number(g, run_metric(m, f), 4);
    for (int i = 0; (o = option_at(i)); i++) {
        struct str value = {0};

        if (!runs_differ(o, runs, n))
            continue;
        option_print(o, &r->settings, &value);
        grid_puts(g, str_text(&value));
        str_done(&value);
    }
}

static bool refuse_mixture(const struct run *a, const struct run *b, struct error *err)
{
    const struct run *none = a->task == TASK_NONE ? a : b->task == TASK_NONE ? b : NULL;

    const struct run *number = a->task == TASK_REGRESSION ? a : b;
    const struct run *class = number == a ? b : a;

    if (none)
        return error_set(err, ERROR_USAGE,
                         "%s is only pre-trained and %s predicts a target: they have no "
                         "metric in common", none->name, (none == a ? b : a)->name);
    return error_set(err, ERROR_USAGE,
                     "%s predicts a number and %s a class: they have no metric in common",
                     number->name, class->name);
}

static bool same_metrics(const struct run *a, const struct run *b)
{
    return metric_field(a->task, 0) == metric_field(b->task, 0);
}

/* Runs with the same kind of metrics, all with an end. */
static bool take_runs(struct context *c, const struct call *call, struct run **runs,
                      struct error *err)
{
    for (int i = 0; i < call->n_words; i++) {
        runs[i] = find_run(c, call_word(call, i), err);
        if (!runs[i])
            return false;
        if (runs[i]->state == RUN_WAITING)
            return error_set(err, ERROR_STATE,
                             "the run %s is still in training; `wait` waits",
                             runs[i]->name);
        if (!same_metrics(runs[i], runs[0]))
            return refuse_mixture(runs[i], runs[0], err);
    }
    return true;
}

static bool run_compare(struct context *c, const struct call *call, struct error *err)
{
    size_t n = (size_t)call->n_words;
    struct run **runs = xcalloc(n, sizeof(*runs));
    bool valid = call_choice(call, "on", 0) == 1;
    bool ok = take_runs(c, call, runs, err);
    struct grid *g;

    if (ok) {
        g = grid_new("runs");
        grid_fact_text(g, "on", valid ? "valid" : "test");
        add_titles(g, runs, n);
        for (size_t i = 0; i < n; i++)
            add_run(g, runs[i], valid ? &runs[i]->valid : &runs[i]->test, runs, n);
        grid_print(g, c);
    }
    free(runs);
    return ok;
}

const struct command command_compare = {
    .name = "compare",
    .help = "put the metrics of finished runs side by side",
    .more = "The metrics are those of each run's own split; options in which the runs "
            "differ are shown beside them.",
    .arguments = {{"RUN", {VALUE_RUN, NULL, 0, 0}, MANY, NULL, "names of runs"}},
    .options = {{"on", {VALUE_CHOICE, "test|valid", 0, 0}, OPTIONAL, "test|valid",
                 "which rows; test"}},
    .flags = COMMAND_DATA,
    .run = run_compare,
};
