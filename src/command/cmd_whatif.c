/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the model of a run would say of a row if some of its cells were others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/families.h"
#include "command/figures.h"
#include "command/grid.h"
#include "command/pending.h"
#include "lens/job_whatif.h"

enum { WEIGHTS = 5, WEIGHTS_MOST = 1000, CLASSES_SHOWN = 12 };

/* ---- what came of it ---- */

static struct grid *new_changes(const struct whatif_job *j)
{
    const struct whatif_request *q = whatif_job_asked(j);
    struct grid *g = grid_new("changes");

    grid_column(g, "column", false);
    grid_column(g, "before", false);
    grid_column(g, "after", false);
    grid_prose(g, "note");
    for (int i = 0; i < q->n_edits; i++) {
        struct cell cell = whatif_job_cell(j, &q->edits[i]);

        grid_puts(g, q->edits[i].column);
        grid_text(g, cell.text, cell.length);
        grid_puts(g, q->edits[i].text);
        grid_puts(g, edit_reading_text(q->edits[i].reading));
    }
    return g;
}

/* Whether among all classes there are too many that moved further. */
static bool is_left_out(const float *before, const float *after, int n, int class)
{
    double mine = fabs((double)after[class] - (double)before[class]);
    int ahead = 0;

    for (int c = 0; c < n; c++) {
        double moved = fabs((double)after[c] - (double)before[c]);

        ahead += moved > mine || (moved == mine && c < class);
    }
    return ahead >= CLASSES_SHOWN;
}

/* For a person the classes that moved most, in their own order. */
static struct grid *new_classes(const struct encoder *e, const struct whatif_job *j,
                                bool all)
{
    const float *before = whatif_job_outputs(j), *after = before + e->n_classes;
    struct grid *g = grid_new("classes");

    grid_column(g, "class", false);
    grid_column(g, "before", true);
    grid_column(g, "after", true);
    grid_column(g, "change", true);
    for (int c = 0; c < e->n_classes; c++) {
        if (!all && is_left_out(before, after, e->n_classes, c))
            continue;
        grid_puts(g, e->classes[c]);
        grid_number(g, (double)before[c], 4);
        grid_number(g, (double)after[c], 4);
        grid_difference(g, (double)after[c] - (double)before[c], 4);
    }
    return g;
}

static struct grid *new_weights(const struct model *m, const struct whatif_weight *w,
                                int n)
{
    struct grid *g = grid_new("attention");

    grid_column(g, "layer", true);
    grid_column(g, "head", true);
    grid_column(g, "from", false);
    grid_column(g, "to", false);
    grid_column(g, "before", true);
    grid_column(g, "after", true);
    grid_column(g, "change", true);
    for (int i = 0; i < n; i++) {
        grid_count(g, (size_t)w[i].layer + 1);
        grid_count(g, (size_t)w[i].head + 1);
        grid_puts(g, model_token_name(m, w[i].from));
        grid_puts(g, model_token_name(m, w[i].to));
        grid_number(g, w[i].before, 3);
        grid_number(g, w[i].after, 3);
        grid_difference(g, w[i].after - w[i].before, 3);
    }
    return g;
}

static void add_facts(struct grid *g, const struct run *r, const struct whatif_job *j)
{
    const struct encoder *e = model_encoder(r->model);
    const float *outputs = whatif_job_outputs(j);

    grid_fact_text(g, "run", r->name);
    grid_fact_count(g, "row", whatif_job_asked(j)->row);
    grid_fact_text(g, "target", e->target);
    if (e->task == TASK_REGRESSION) {
        grid_fact_number(g, "before", (double)outputs[0], -1);
        grid_fact_number(g, "after", (double)outputs[1], -1);
    } else {
        grid_fact_text(g, "before", e->classes[whatif_job_class(j, false)]);
        grid_fact_text(g, "after", e->classes[whatif_job_class(j, true)]);
    }
}

static void print_whatif(struct context *c, const struct run *r,
                         const struct whatif_job *j, const struct whatif_weight *weights,
                         int n)
{
    const struct encoder *e = model_encoder(r->model);
    struct grid *changes = new_changes(j), *first = changes;

    if (e->task != TASK_REGRESSION) {
        first = new_classes(e, j, c->format != FORMAT_TABLE);
        grid_append(first, changes);
    }
    if (whatif_job_attends(j) && (n > 0 || c->format == FORMAT_JSON))
        grid_append(first, new_weights(r->model, weights, n));
    add_facts(first, r, j);
    grid_print(first, c);
    if (c->format == FORMAT_TABLE && whatif_job_attends(j) && n == 0)
        context_note(c, "no attention changed: what changed is no column of it, or the same "
                     "to the model");
}

static void keep_figure(struct context *c, const struct run *r,
                        const struct whatif_job *j, int layer)
{
    const struct whatif_request *q = whatif_job_asked(j);
    struct str title = {0};
    double *map = whatif_job_difference(j, layer);
    int n = model_tokens(r->model);
    const char **names = xcalloc((size_t)n + 1, sizeof *names);
    struct figure *f;

    for (int i = 0; i < n; i++)
        names[i] = model_token_name(r->model, i);
    f = figures_attention(names, n, map, true);
    free(names);
    str_printf(&title, "attention of %s, row %zu, changed by", r->name, q->row);
    for (int i = 0; i < q->n_edits; i++)
        str_printf(&title, "%s %s=%s", i > 0 ? "," : "", q->edits[i].column,
                   q->edits[i].text);
    str_printf(&title, "; layer %d, head mean", layer + 1);
    f->title = title.text;
    context_keep_figure(c, KEPT_WHATIF, f);
    free(map);
}

static bool finish_whatif(struct context *c, struct pending *p, void *work,
                          enum job_state ended, struct error *err)
{
    (void)err;
    if (ended == JOB_DONE) {
        size_t most = (size_t)whatif_job_asked(work)->most;
        struct whatif_weight *weights = xcalloc(most + 1, sizeof *weights);
        int n = whatif_job_weights(work, weights);

        print_whatif(c, p->run, work, weights, n);
        if (whatif_job_attends(work))
            keep_figure(c, p->run, work, n > 0 ? weights[0].layer : 0);
        free(weights);
    }
    whatif_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type whatif_pending = {
    .job = &whatif_job_type,
    .finish = finish_whatif,
};

/* ---- beginning ---- */

/* Says why there is no such column: perhaps the model only does not read it. */
static bool refuse_word(const struct run *r, const struct dataset *d, const char *word,
                        struct error *err)
{
    char *column = xstrndup(word, strcspn(word, "=")), *shown = show(word, 60);

    if (strchr(word, '='))
        asked_input(r, d, column, err);
    else
        error_set(err, ERROR_USAGE, "whatif takes COLUMN=VALUE, not \"%s\"", shown);
    free(column);
    free(shown);
    return false;
}

static bool check_twice(const struct whatif_edit *edits, int n, struct error *err)
{
    for (int i = 0; i + 1 < n; i++)
        if (edits[i].column == edits[n - 1].column)
            return error_set(err, ERROR_USAGE, "%s is changed twice", edits[i].column);
    return true;
}

/* Fills edits, (n_words) of the call. */
static bool read_edits(const struct call *call, const struct run *r,
                       const struct dataset *d, struct whatif_edit *edits,
                       struct error *err)
{
    const struct encoder *e = model_encoder(r->model);

    for (int i = 0; i < call->n_words; i++) {
        const char *word = call_word(call, i), *text = NULL;
        const char *column = edit_split(e, d, word, &text);

        if (!column)
            return refuse_word(r, d, word, err);
        edits[i] = (struct whatif_edit){.column = column, .text = text};
        if (!check_twice(edits, i + 1, err))
            return false;
    }
    return true;
}

static bool start_whatif(struct context *c, const struct call *call, struct run *r,
                         struct whatif_request *q, struct error *err)
{
    struct pending p = {.type = &whatif_pending, .run = r};

    q->pool = engine_pool(c->session->engine, err);
    if (!q->pool)
        return false;
    p.what = xasprintf("whatif %s", r->name);
    return pending_start(c, call, WAIT_FOR_IT, p, whatif_job_new(q), err);
}

static bool run_whatif(struct context *c, const struct call *call, struct error *err)
{
    struct run *r = asked_predictor(c, call, err);
    struct dataset *data = r ? asked_table(c, r, err) : NULL;
    struct whatif_edit *edits;
    struct whatif_request q;
    bool ok;

    if (!data)
        return false;
    if (!call_option(call, "row"))
        return error_set(err, ERROR_USAGE, "whatif needs --row N, a row of the table");
    edits = xcalloc((size_t)call->n_words, sizeof *edits);
    q = (struct whatif_request){
        .model = r->model, .data = data, .row = (size_t)call_int(call, "row", 0),
        .edits = edits, .n_edits = call->n_words,
        .most = (int)call_int(call, "top", WEIGHTS)};
    ok = read_edits(call, r, data, edits, err) && start_whatif(c, call, r, &q, err);
    free(edits);
    return ok;
}

const struct command command_whatif = {
    .name = "whatif",
    .help = "show what a model would say of a row if some cells were others",
    .more = "The prediction is the one that `predict` gives for such a row. Below it are "
            "the weights of attention that changed most, of all layers and heads. A "
            "value that training did not know takes the place that all of these share; "
            "an empty one is missing.",
    .arguments = {{"COLUMN=VALUE", {VALUE_CELL, NULL, 0, 0}, MANY, NULL,
                   "columns and what stands in them instead"}},
    .options = {
        {"row", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N", "of the table; needed"},
        RUN_OPTION,
        {"top", {VALUE_INT, NULL, 1, WEIGHTS_MOST}, OPTIONAL, "N",
         "weights of attention that are shown; 5"},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_whatif,
};
