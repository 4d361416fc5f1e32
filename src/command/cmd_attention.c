/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What attends to what in the model of a run. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/attending.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"

/* False: a layer or head that the model has not. */
static bool read_map(const struct call *call, const struct model_options *o,
                     struct attention_wish *w, struct error *err)
{
    const char *head = call_option(call, "head");

    w->layer = (int)call_int(call, "layer", 0) - 1; /* LAYER_LAST where it is not given */
    w->head = HEADS_MEAN;
    if (o->layers > 0 && w->layer >= o->layers)
        return error_set(err, ERROR_USAGE, "the model has %d layer%s, so no layer %d",
                         o->layers, o->layers == 1 ? "" : "s", w->layer + 1);
    if (head && !attention_head_parse(head, o->heads, &w->head, err))
        return false;
    if (w->head == HEADS_ROLLOUT && w->layer >= 0)
        return error_set(err, ERROR_USAGE, "--head rollout follows attention through all "
                         "layers: leave out --layer");
    return true;
}

/* The texts stay the call's. */
static bool read_rows(const struct call *call, struct attention_wish *w,
                      struct error *err)
{
    const char *diff = call_option(call, "diff");
    int asked = (call_option(call, "row") != NULL) + (call_option(call, "class") != NULL)
        + (diff != NULL) + (call_option(call, "mean") != NULL);

    if (asked > 1)
        return error_set(err, ERROR_USAGE, "--row, --mean, --class and --diff say which "
                         "rows: give only one of them");
    if (w->n_cells > 0 && !call_option(call, "row"))
        return error_set(err, ERROR_USAGE, "--cell changes a cell of one row: say --row "
                         "too");
    if (!diff != !call_word(call, 0))
        return error_set(err, ERROR_USAGE, "--diff takes two classes, as in "
                         "--diff yes no");
    w->part = asked_part(call);
    w->row = (size_t)call_int(call, "row", 0);
    w->class = (char *)(diff ? diff : call_option(call, "class"));
    w->less_class = (char *)call_word(call, 0);
    w->masking = call_option(call, "masked") != NULL;
    w->against = (char *)call_option(call, "against");
    return !diff || !w->against
        || error_set(err, ERROR_USAGE, "--diff and --against both say what is "
                     "subtracted: give only one of them");
}

/* ---- what came of it ---- */

static void json_names(struct str *out, const struct sight *found)
{
    for (int i = 0; i < found->seen.columns; i++) {
        const char *name = sight_name(found, (size_t)i);

        str_puts(out, i ? "," : "");
        str_json_string(out, name, strlen(name));
    }
}

static void json_numbers(struct str *out, const double *x, int n)
{
    str_puts(out, "[");
    for (int i = 0; i < n; i++) {
        str_puts(out, i ? "," : "");
        str_json_number(out, x[i]);
    }
    str_puts(out, "]");
}

/* Where something is subtracted: "masked_of":"rows of yes" */
static void json_masked(struct str *out, const struct attending *a)
{
    struct str of = {0};

    attending_masked(a, &of);
    if (of.length > 0) {
        str_puts(out, ",\"masked_of\":");
        str_json_string(out, of.text, of.length);
    }
    str_done(&of);
}

static void print_json(struct context *c, const struct attending *a, const double *map)
{
    int m = a->found->seen.columns;
    struct str out = {0};
    char head[16];

    str_puts(&out, "{\"run\":");
    str_json_string(&out, a->of.run, strlen(a->of.run));
    if (a->wish.head != HEADS_ROLLOUT)
        str_printf(&out, ",\"layer\":%d", attending_layer(a) + 1);
    str_printf(&out, ",\"head\":\"%s\",\"rows\":%zu",
               attention_head_text(a->wish.head, head), a->found->seen.rows);
    if (a->found->less.rows > 0)
        str_printf(&out, ",\"less_rows\":%zu", a->found->less.rows);
    str_puts(&out, ",\"columns\":[");
    json_names(&out, a->found);
    str_puts(&out, "],\"matrix\":[");
    for (int i = 0; i < m; i++) {
        str_puts(&out, i ? "," : "");
        json_numbers(&out, map + i * m, m);
    }
    str_puts(&out, "]");
    if (a->found->effect) {
        str_puts(&out, ",\"masked\":");
        json_numbers(&out, a->found->effect, m);
        json_masked(&out, a);
    }
    str_puts(&out, "}\n");
    context_print(c, out.text, out.length);
    str_done(&out);
}

static void print_facts(struct grid *g, const struct attending *a)
{
    char head[16];

    grid_fact_text(g, "run", a->of.run);
    if (a->wish.head != HEADS_ROLLOUT)
        grid_fact_count(g, "layer", (size_t)attending_layer(a) + 1);
    grid_fact_text(g, "head", attention_head_text(a->wish.head, head));
    grid_fact_count(g, "rows", a->found->seen.rows);
    if (a->found->less.rows > 0)
        grid_fact_count(g, "less rows", a->found->less.rows);
}

/* "masked", or "masked (rows of yes)" */
static void add_masked_column(struct grid *g, const struct attending *a)
{
    struct str title = {0}, of = {0};

    attending_masked(a, &of);
    str_puts(&title, "masked");
    if (of.length > 0)
        str_printf(&title, " (%s)", of.text);
    grid_column(g, title.text, true);
    str_done(&title);
    str_done(&of);
}

/* Down the columns that ask, across those that are asked. */
static void print_map(struct context *c, const struct attending *a, const double *map)
{
    const double *masked = a->found->effect;
    int m = a->found->seen.columns;
    int decimals = sight_decimals(map, (size_t)m * (size_t)m);
    struct grid *g = grid_new("attention");

    print_facts(g, a);
    grid_column(g, "from", false);
    if (masked)
        add_masked_column(g, a);
    for (int i = 0; i < m; i++)
        grid_column(g, sight_name(a->found, (size_t)i), true);
    for (int i = 0; i < m * m; i++) {
        if (i % m == 0)
            grid_puts(g, sight_name(a->found, (size_t)(i / m)));
        if (i % m == 0 && masked)
            grid_number(g, masked[i / m], 4);
        if (a->found->less.rows > 0)
            grid_difference(g, map[i], decimals);
        else
            grid_number(g, map[i], decimals);
    }
    grid_print(g, c);
}

static void print_found(struct context *c)
{
    const struct attending *a = attending_of(c);
    double *map = sight_map(a->found, attending_layer(a), a->wish.head);

    if (c->format == FORMAT_JSON)
        print_json(c, a, map);
    else
        print_map(c, a, map);
    free(map);
}

static bool finish_attention(struct context *c, struct pending *p, void *work,
                             enum job_state ended, struct error *err)
{
    (void)p;
    (void)err;
    if (ended == JOB_DONE) {
        attending_take(c, work);
        context_note_lines(c, "", str_text(&attending_of(c)->found->note));
        print_found(c);
    }
    attending_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type attention_pending = {
    .job = &attending_job_type,
    .finish = finish_attention,
};

/* ---- beginning ---- */

/* What was found before is printed at once where it is the same. */
static bool run_attention(struct context *c, const struct call *call, struct error *err)
{
    struct pending p = {.type = &attention_pending};
    char *cell = (char *)call_option(call, "cell");
    struct attention_wish w = {.run = (char *)call_option(call, "run"), .cells = &cell,
                               .n_cells = cell != NULL};
    struct run *r = attending_run(c, w.run, err);
    struct attending *a = attending_of(c);
    struct attending_job *job;

    if (!r || !read_map(call, model_options(run_seen(r)), &w, err)
        || !read_rows(call, &w, err) || (w.masking && !run_predicts(r, err)))
        return false;
    if (attending_has(a, &w, r)) {
        attention_wish_done(&a->wish);
        attention_wish_copy(&a->wish, &w);
        print_found(c);
        return true;
    }
    job = attending_job_new(c, &w, r, err);
    if (!job)
        return false;
    p.run = r->model ? r : NULL; /* one in training may go while it is looked at */
    p.what = xasprintf("attention %s", r->name);
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

const struct command command_attention = {
    .name = "attention",
    .help = "show which columns attend to which in the model of a run",
    .more = "Down are the columns that ask, across those that are asked; each line sums "
            "to 1, but for the largest of all heads. What a column attends to is not what "
            "the prediction hangs on: --masked shows beside it how far the prediction "
            "moves, in the mean, when the column down is missing; of a difference that is "
            "a test of what is not subtracted. A rollout follows the attention through "
            "all layers, the residual connections included.",
    .arguments = {{"CLASS", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, NULL,
                   "with --diff: whose attention is subtracted"}},
    .options = {
        RUN_OPTION,
        {"layer", {VALUE_INT, NULL, 1, 100}, OPTIONAL, "L", "1 to the last; the last"},
        {"head", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "H|mean|max|rollout",
         "one head from 1, the mean or the largest of all, or the rollout; mean"},
        {"row", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N", "of that row of the table"},
        {"cell", {VALUE_CELL, NULL, 0, 0}, OPTIONAL, "COLUMN=VALUE",
         "with --row: what if that cell were another"},
        {"mean", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL, "of all rows; the default"},
        {"class", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, "V", "of the rows of that class"},
        {"diff", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, "V",
         "of the rows of that class less those of CLASS"},
        {"against", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R", "less the same of that run"},
        ON_OPTION,
        {"masked", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL, "with the masking test"},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_attention,
};
