/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What attends to what in the model of a run. */
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
#include "lens/job_attention.h"

/* Layers and heads are counted from 1. */
static bool read_head(const char *text, int heads, int *head, struct error *err)
{
    static const char *const names[] = {"mean", "max", "rollout"};
    static const int values[] = {HEADS_MEAN, HEADS_MAX, HEADS_ROLLOUT};
    char *end, *shown;
    long n;

    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *head = values[i];
            return true;
        }
    n = strtol(text, &end, 10);
    if (end != text && *end == '\0' && n >= 1 && n <= heads) {
        *head = (int)n - 1;
        return true;
    }
    shown = show(text, 40);
    error_set(err, ERROR_USAGE, "--head takes mean, max, rollout or a head from 1 to %d, "
              "not %s", heads, shown);
    free(shown);
    return false;
}

static bool read_map(const struct call *call, const struct model_options *o,
                     struct attention_request *q, struct error *err)
{
    q->layer = (int)call_int(call, "layer", o->layers) - 1;
    q->head = HEADS_MEAN;
    if (o->layers > 0 && q->layer >= o->layers)
        return error_set(err, ERROR_USAGE, "the model has %d layer%s, so no layer %d",
                         o->layers, o->layers == 1 ? "" : "s", q->layer + 1);
    return !call_option(call, "head")
        || read_head(call_option(call, "head"), o->heads, &q->head, err);
}

static bool read_rows(const struct call *call, struct attention_request *q,
                      struct error *err)
{
    const char *diff = call_option(call, "diff");
    int asked = (call_option(call, "row") != NULL) + (call_option(call, "class") != NULL)
        + (diff != NULL) + (call_option(call, "mean") != NULL);

    if (asked > 1)
        return error_set(err, ERROR_USAGE, "--row, --mean, --class and --diff say which "
                         "rows: give one of them");
    if (!diff != !call_word(call, 0))
        return error_set(err, ERROR_USAGE, "--diff takes two classes, as in "
                         "--diff yes no");
    q->row = (size_t)call_int(call, "row", 0);
    q->class = diff ? diff : call_option(call, "class");
    q->against = call_word(call, 0);
    return true;
}

/* ---- what came of it ---- */

static const char *head_text(int head, char out[16])
{
    if (head >= 0)
        snprintf(out, 16, "%d", head + 1);
    return head == HEADS_MEAN ? "mean"
        : head == HEADS_MAX ? "max"
        : head == HEADS_ROLLOUT ? "rollout" : out;
}

static void json_names(struct str *out, const struct encoder *e)
{
    for (int i = 0; i < e->n_categorical; i++) {
        str_puts(out, i ? "," : "");
        str_json_string(out, e->categorical[i].name, strlen(e->categorical[i].name));
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

static void print_json(struct context *c, const struct run *r,
                       const struct attention_job *j, const double *map)
{
    const struct attention_request *q = attention_job_asked(j);
    const struct encoder *e = model_encoder(r->model);
    const double *masking = attention_job_masking(j);
    int m = e->n_categorical;
    struct str out = {0};
    char head[16];

    str_puts(&out, "{\"run\":");
    str_json_string(&out, r->name, strlen(r->name));
    if (q->head != HEADS_ROLLOUT)
        str_printf(&out, ",\"layer\":%d", q->layer + 1);
    str_printf(&out, ",\"head\":\"%s\",\"rows\":%zu", head_text(q->head, head),
               attention_job_rows(j));
    if (q->against)
        str_printf(&out, ",\"against_rows\":%zu", attention_job_against_rows(j));
    str_puts(&out, ",\"columns\":[");
    json_names(&out, e);
    str_puts(&out, "],\"matrix\":[");
    for (int i = 0; i < m; i++) {
        str_puts(&out, i ? "," : "");
        json_numbers(&out, map + i * m, m);
    }
    str_puts(&out, "]");
    if (masking) {
        str_puts(&out, ",\"masked\":");
        json_numbers(&out, masking, m);
    }
    str_puts(&out, "}\n");
    context_print(c, out.text, out.length);
    str_done(&out);
}

static void print_facts(struct grid *g, const struct run *r,
                        const struct attention_job *j)
{
    const struct attention_request *q = attention_job_asked(j);
    char head[16];

    grid_fact_text(g, "run", r->name);
    if (q->head != HEADS_ROLLOUT)
        grid_fact_count(g, "layer", (size_t)q->layer + 1);
    grid_fact_text(g, "head", head_text(q->head, head));
    grid_fact_count(g, "rows", attention_job_rows(j));
    if (q->against)
        grid_fact_count(g, "less rows", attention_job_against_rows(j));
}

/* Down the columns that ask, across those that are asked. */
static void print_map(struct context *c, const struct run *r,
                      const struct attention_job *j, const double *map)
{
    const struct encoder *e = model_encoder(r->model);
    const double *masking = attention_job_masking(j);
    bool difference = attention_job_asked(j)->against != NULL;
    int m = e->n_categorical;
    struct grid *g = grid_new("attention");

    print_facts(g, r, j);
    grid_column(g, "from", false);
    if (masking)
        grid_column(g, "masked", true);
    for (int i = 0; i < m; i++)
        grid_column(g, e->categorical[i].name, true);
    for (int i = 0; i < m * m; i++) {
        if (i % m == 0)
            grid_puts(g, e->categorical[i / m].name);
        if (i % m == 0 && masking)
            grid_number(g, masking[i / m], 4);
        if (difference)
            grid_difference(g, map[i], 2);
        else
            grid_number(g, map[i], 2);
    }
    grid_print(g, c);
}

/* "attention of r1, layer 2, head mean, 100 rows of yes less no" */
static char *title_of(const struct run *r, const struct attention_job *j)
{
    const struct attention_request *q = attention_job_asked(j);
    struct str title = {0};
    char head[16], rows[COUNT_TEXT];

    str_printf(&title, "attention of %s", r->name);
    if (q->head != HEADS_ROLLOUT)
        str_printf(&title, ", layer %d, head", q->layer + 1);
    str_printf(&title, " %s, ", head_text(q->head, head));
    if (q->row > 0)
        str_printf(&title, "row %zu", q->row);
    else
        str_printf(&title, "%s rows", count_text(attention_job_rows(j), rows));
    if (q->class)
        str_printf(&title, " of %s", q->class);
    if (q->against)
        str_printf(&title, " less %s", q->against);
    return title.text;
}

static void keep_figure(struct context *c, const struct run *r,
                        const struct attention_job *j, const double *map)
{
    const struct encoder *e = model_encoder(r->model);
    struct figure *f;

    if (e->n_categorical == 0)
        return;
    f = figures_attention(e, map, attention_job_asked(j)->against != NULL);
    f->title = title_of(r, j);
    context_keep_figure(c, KEPT_ATTENTION, f);
}

static bool finish_attention(struct context *c, struct pending *p, void *work,
                             enum job_state ended, struct error *err)
{
    (void)err;
    if (ended == JOB_DONE) {
        double *map = attention_job_map(work);

        context_note_lines(c, "", attention_job_note(work));
        if (c->format == FORMAT_JSON)
            print_json(c, p->run, work, map);
        else
            print_map(c, p->run, work, map);
        keep_figure(c, p->run, work, map);
        free(map);
    }
    attention_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type attention_pending = {
    .job = &attention_job_type,
    .finish = finish_attention,
};

/* ---- beginning ---- */

static bool run_attention(struct context *c, const struct call *call, struct error *err)
{
    struct pending p = {.type = &attention_pending};
    struct attention_request q = {.masking = call_option(call, "masked") != NULL};
    struct run *r = q.masking ? asked_predictor(c, call, err) : asked_run(c, call, err);
    void *job;

    if (!r || !read_map(call, model_options(r->model), &q, err)
        || !read_rows(call, &q, err) || !asked_rows(c, call, r, &q.rows, err))
        return false;
    if (q.row > 0)
        q.rows.part = PART_NONE;
    job = attention_job_new(&q);
    asked_rows_done(&q.rows);
    p.run = r;
    p.what = xasprintf("attention %s", r->name);
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

const struct command command_attention = {
    .name = "attention",
    .help = "show which columns attend to which in the model of a run",
    .more = "Down are the columns that ask, across those that are asked; each line sums "
            "to 1. What a column attends to is not what the prediction hangs on: "
            "--masked shows beside it how far the prediction moves, in the mean, when "
            "the column down is missing. A rollout follows the attention through all "
            "layers, the residual connections included.",
    .arguments = {{"CLASS", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, NULL,
                   "with --diff: whose attention is subtracted"}},
    .options = {
        RUN_OPTION,
        {"layer", {VALUE_INT, NULL, 1, 100}, OPTIONAL, "L", "1 to the last; the last"},
        {"head", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "H|mean|max|rollout",
         "one head from 1, the mean or the largest of all, or the rollout; mean"},
        {"row", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N", "of that row of the table"},
        {"mean", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL, "of all rows; the default"},
        {"class", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "V", "of the rows of that class"},
        {"diff", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "V",
         "of the rows of that class less those of CLASS"},
        ON_OPTION,
        {"masked", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL, "with the masking test"},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_attention,
};
