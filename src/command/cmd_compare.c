/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs side by side. They may be several groups, such as those that learned from 50
 * labels and those that learned from 200: only within a group it can be told which run is
 * best, and how far each is from the one that began from scratch.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/run_text.h"

enum { FIRST_METRICS = 3 }; /* that a narrow screen has before other things */

struct comparison {
    struct run **runs;
    size_t n;
    bool valid;     /* on the validation rows, not those for testing */
    bool table;     /* for a person, who gets the differences of the first metric only */
};

static double value_of(const struct comparison *t, size_t i, const struct metric_field *f)
{
    return run_metric(t->valid ? &t->runs[i]->valid : &t->runs[i]->test, f);
}

static bool has_difference(const struct comparison *t, int metric)
{
    return !t->table || metric == 0;
}

static void add_titles(struct grid *g, const struct comparison *t)
{
    const struct metric_field *f;
    const struct option *o;

    grid_column(g, "run", false);
    grid_column(g, "from", false);
    grid_column(g, "table", false);
    grid_spare(g);
    grid_column(g, "target", false);
    grid_spare(g);
    grid_column(g, "labels", true);
    grid_column(g, "rows", true);
    grid_spare(g);
    for (int i = 0; (f = metric_field(t->runs[0]->task, i)); i++) {
        char *difference = xasprintf("%s_diff", f->name);

        grid_column(g, f->name, true);
        if (i >= FIRST_METRICS)
            grid_spare(g);
        if (has_difference(t, i))
            grid_column(g, difference, true);
        free(difference);
    }
    for (int i = 0; (o = option_at(i)); i++) {
        if (runs_differ(o, t->runs, t->n))
            grid_column(g, o->name, true);
    }
}

static void add_metric(struct grid *g, const struct comparison *t, size_t i, int metric)
{
    const struct metric_field *f = metric_field(t->runs[i]->task, metric);
    size_t group = runs_group(t->runs, t->n, i), base = runs_base(t->runs, t->n, group);
    double *values = xcalloc(t->n, sizeof(*values));

    for (size_t k = 0; k < t->n; k++)
        values[k] = value_of(t, k, f);
    grid_starred(g, values[i], 4, runs_best(t->runs, t->n, group, f, values) == i);
    if (has_difference(t, metric))
        grid_difference(g, i == base ? NAN : values[i] - values[base], 4);
    free(values);
}

static void add_run(struct grid *g, const struct comparison *t, size_t i)
{
    const struct run *r = t->runs[i];
    const struct option *o;

    grid_puts(g, r->name);
    grid_puts(g, r->parent ? r->parent : "");
    grid_path(g, r->origin);
    grid_puts(g, run_target(r));
    if (run_labels(r) > 0)
        grid_count(g, run_labels(r));
    else
        grid_none(g);
    grid_count(g, t->valid ? r->valid.rows : r->test.rows);
    for (int k = 0; metric_field(r->task, k); k++)
        add_metric(g, t, i, k);
    for (int k = 0; (o = option_at(k)); k++) {
        struct str value = {0};

        if (!runs_differ(o, t->runs, t->n))
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
        if (runs[i]->state == RUN_KEPT && !run_needs_model(runs[i], err))
            return false; /* the settings are beside the weights */
        if (metric_field(runs[i]->task, 0) != metric_field(runs[0]->task, 0))
            return refuse_mixture(runs[i], runs[0], err);
    }
    return true;
}

/* Which runs cannot be held against the first of all, and why. */
static void note_groups(struct context *c, const struct comparison *t)
{
    for (size_t i = 1; i < t->n; i++) {
        struct str why = {0};

        runs_unlike_text(t->runs[0], t->runs[i], &why);
        if (why.length > 0)
            context_note(c, "%s cannot be held against %s: %s", t->runs[i]->name,
                         t->runs[0]->name, why.text);
        str_done(&why);
    }
}

/* What _diff is a difference from. */
static void note_bases(struct context *c, const struct comparison *t)
{
    struct str text = {0};

    for (size_t i = 0; i < t->n; i++) {
        size_t base = runs_base(t->runs, t->n, i);
        bool alone = true;

        if (runs_group(t->runs, t->n, i) != i)
            continue;
        for (size_t k = i + 1; k < t->n; k++)
            alone &= runs_group(t->runs, t->n, k) != i;
        if (!alone)
            str_printf(&text, "%s%s", text.length > 0 ? ", " : "",
                       t->runs[base]->name);
    }
    if (text.length > 0)
        context_note(c, "differences are from %s; * is the best", text.text);
    str_done(&text);
}

static bool run_compare(struct context *c, const struct call *call, struct error *err)
{
    struct comparison t = {xcalloc((size_t)call->n_words, sizeof(*t.runs)),
                           (size_t)call->n_words, call_choice(call, "on", 0) == 1,
                           c->format == FORMAT_TABLE};
    bool ok = take_runs(c, call, t.runs, err);
    struct grid *g;

    if (ok) {
        g = grid_new("runs");
        grid_fact_text(g, "on", t.valid ? "valid" : "test");
        add_titles(g, &t);
        for (size_t i = 0; i < t.n; i++)
            add_run(g, &t, i);
        grid_print(g, c);
        note_groups(c, &t);
        note_bases(c, &t);
    }
    free(t.runs);
    return ok;
}

const struct command command_compare = {
    .name = "compare",
    .help = "put the metrics of finished runs side by side",
    .more = "The metrics are those of each run's own split. Differences are from the "
            "first run that began from scratch, else from the first; runs with another "
            "table, target, split or number of labels are set apart, and said. Options "
            "in which the runs differ are shown too.",
    .arguments = {{"RUN", {VALUE_RUN, NULL, 0, 0}, MANY, NULL, "names of runs"}},
    .options = {{"on", {VALUE_CHOICE, "test|valid", 0, 0}, OPTIONAL, "test|valid",
                 "which rows; test"}},
    .flags = COMMAND_DATA,
    .run = run_compare,
};
