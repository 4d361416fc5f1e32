/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that look at runs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/lineage.h"
#include "command/resume.h"
#include "command/run_text.h"

/* ---- runs ---- */

static void add_titles_of_runs(struct grid *g)
{
    grid_column(g, "run", false);
    grid_column(g, "state", false);
    grid_column(g, "current", false);
    grid_spare(g);
    grid_column(g, "table", false);
    grid_spare(g);
    grid_column(g, "from", false);
    grid_spare(g);
    grid_column(g, "model", false);
    grid_spare(g);
    grid_column(g, "task", false);
    grid_spare(g);
    grid_column(g, "target", false);
    grid_column(g, "labels", true);
    grid_column(g, "epochs", true);
    grid_column(g, "best", true);
    grid_spare(g);
    grid_column(g, "seconds", true);
    grid_spare(g);
    grid_column(g, "valid_loss", true);
    grid_spare(g);
    grid_column(g, "valid_auc", true);
    grid_column(g, "valid_r2", true);
}

/* On a screen in its place in the tree. */
static void add_name(struct grid *g, const struct context *c, const struct lineage *l,
                     size_t i)
{
    bool ascii = lineage_is_ascii(&c->session->settings, c->width);
    struct str name = {0};

    if (c->format == FORMAT_TABLE)
        lineage_branch(l, i, ascii, &name);
    str_puts(&name, l->lines[i].run->name);
    grid_puts(g, name.text);
    str_done(&name);
}

static void add_line(struct grid *g, const struct run *r, bool current)
{
    bool regression = r->task == TASK_REGRESSION, known = r->valid.rows > 0;

    grid_puts(g, run_state_text(r));
    grid_bool(g, current);
    grid_path(g, r->origin);
    grid_puts(g, r->parent ? r->parent : "");
    grid_puts(g, model_kind_name(run_model_kind(r)));
    grid_puts(g, run_task(r));
    grid_puts(g, run_target(r));
    if (run_labels(r) > 0)
        grid_count(g, run_labels(r));
    else
        grid_none(g);
    grid_count(g, (size_t)r->progress.epoch);
    grid_count(g, (size_t)r->progress.best_epoch);
    grid_number(g, r->progress.seconds, 1);
    grid_number(g, known && !regression ? r->valid.loss : NAN, 4);
    grid_number(g, known && !regression ? r->valid.auc : NAN, 4);
    grid_number(g, known && regression ? r->valid.r2 : NAN, 4);
}

static bool run_runs(struct context *c, const struct call *call, struct error *err)
{
    const struct session *s = c->session;
    struct grid *g = grid_new("runs");
    struct lineage l;

    (void)call;
    (void)err;
    resume_offer(c);
    l = lineage_make(s, NULL, 0);
    add_titles_of_runs(g);
    for (size_t i = 0; i < l.n; i++) {
        add_name(g, c, &l, i);
        add_line(g, l.lines[i].run, l.lines[i].run == s->run);
    }
    if (s->n_runs == 0)
        context_note(c, "there is no run; `train` makes one and `open FILE` brings one");
    grid_print(g, c);
    lineage_done(&l);
    return true;
}

const struct command command_runs = {
    .name = "runs",
    .help = "list the runs, those of other sessions too",
    .more = "A run that began with the body of another stands below it. Those of other "
            "sessions are found in the folders of run.dir and can be used by their "
            "names: they are kept, stopped, cut off, or, where another process trains "
            "them now, elsewhere.",
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

/* What pre-training has learned of each column. */
static void append_columns(struct grid *g, const struct run *r)
{
    const struct column_score *scores = run_learned(r);
    const struct encoder *e = run_encoder(r);
    struct grid *columns;

    if (!scores)
        return;
    columns = grid_new("columns");
    grid_column(columns, "column", false);
    grid_column(columns, "asked", true);
    grid_column(columns, "accuracy", true);
    grid_column(columns, "baseline", true);
    grid_column(columns, "auc", true);
    grid_column(columns, "gain", true);
    for (int i = 0; i < e->n_categorical; i++) {
        grid_puts(columns, e->categorical[i].name);
        grid_count(columns, scores[i].asked);
        grid_number(columns, (double)scores[i].accuracy, 4);
        grid_number(columns, (double)scores[i].baseline, 4);
        grid_number(columns, (double)scores[i].auc, 4);
        grid_difference(columns, score_gain(&scores[i]), 2);
    }
    grid_append(g, columns);
}

static bool run_run(struct context *c, const struct call *call, struct error *err)
{
    struct run *r = find_run(c, call_word(call, 0), err);
    char count[COUNT_TEXT];
    size_t left_out = 0;
    struct grid *g;

    if (!r || (r->state == RUN_KEPT && r->files.model && !run_needs_model(r, err)))
        return false;
    if (r->state != RUN_WAITING)
        c->session->run = r;
    g = grid_new("epochs");
    grid_fact_text(g, "run", r->name);
    grid_fact_text(g, "state", run_state_text(r));
    grid_fact_text(g, "table", r->origin);
    if (r->parent)
        grid_fact_text(g, "from", r->parent);
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
    append_columns(g, r);
    grid_print(g, c);
    if (left_out > 0)
        context_note(c, "%s epochs are left out; `--format csv` has all",
                     count_text(left_out, count));
    return true;
}

const struct command command_run_verb = {
    .name = "run",
    .help = "make a run the current one and show it epoch by epoch",
    .more = "Of a long run the table has the first epochs, the best and the last; CSV "
            "and JSON have all. After pre-training there is a line for each column: how "
            "often what was hidden in its cells is told, how often one who does not look "
            "would be right (baseline), and what share of the rest was learned (gain; "
            "with rtd and dae it goes by the AUC). columns.csv in its folder has all epochs.",
    .arguments = {{"NAME", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, NULL,
                   "else the current run"}},
    .flags = COMMAND_DATA,
    .run = run_run,
};
