/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the cells and values of rows lie for the layers of a model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/attending.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"
#include "lens/cosine.h"
#include "lens/job_embeddings.h"

#define ROWS_OPTION \
    {"rows", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N", "so many, drawn from them; all"}
#define SEED_OPTION \
    {"seed", {VALUE_SEED, NULL, 0, 0}, OPTIONAL, "N", "of that; 1"}

/* What both commands ask for, of a model in training too; asked_rows_done(&q->rows) once
 * the job has copied it. */
static struct run *read_request(struct context *c, const struct call *call,
                                struct embeddings_request *q, struct error *err)
{
    struct run *r = attending_run(c, call_option(call, "run"), err);

    if (!r || !asked_layer(call, r, &q->first, err)
        || !asked_rows(c, call, r, &q->rows, err))
        return NULL;
    q->last = q->first;
    q->most = (size_t)call_int(call, "rows", 0);
    q->seed = call_seed(call, "seed", 1);
    return r;
}

/* ---- while it goes on ---- */

struct looked {
    size_t done, rows;
};

static void look_at_job(void *work, void *arg)
{
    struct looked *l = arg;

    embeddings_job_view(work, &l->done, &l->rows);
}

static void embeddings_status(struct context *c, const struct pending *p, struct str *out)
{
    struct looked l = {0, 0};
    char done[COUNT_TEXT], rows[COUNT_TEXT];

    engine_look(c->session->engine, p->job, look_at_job, &l);
    if (l.rows > 0)
        str_printf(out, "%s of %s rows", count_text(l.done, done),
                   count_text(l.rows, rows));
    else
        str_puts(out, "choosing rows");
}

/* ---- embeddings ---- */

/* "r: layer 2, 27 values of 120 rows, 32 numbers each" */
static void note_written(struct context *c, const char *told,
                         const struct embeddings_job *j)
{
    const struct embeddings *e = embeddings_job_found(j);
    bool cells = e->asked.points == EMBEDDING_CELLS;
    char points[COUNT_TEXT], rows[COUNT_TEXT];

    context_note_lines(c, "", str_text(&e->rows.note));
    context_note(c, "%s: layer %d, %s %s of %s rows, %d numbers each",
                 embeddings_job_run(j), e->asked.first, count_text(e->n_points, points),
                 cells ? "cells" : "values", count_text(e->n_rows, rows), e->width);
    context_note(c, "wrote %s%s", embeddings_job_path(j), told);
    if (embeddings_job_metadata(j))
        context_note(c, "wrote %s, what they are", embeddings_job_metadata(j));
}

static bool finish_embeddings(struct context *c, struct pending *p, void *work,
                              enum job_state ended, struct error *err)
{
    (void)err;
    if (ended == JOB_DONE)
        note_written(c, p->name, work);
    embeddings_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type embeddings_pending = {
    .job = &embeddings_job_type,
    .status = embeddings_status,
    .finish = finish_embeddings,
};

static bool check_name(const char *path, struct error *err)
{
    const char *name = path_base_name(path), *dot = strrchr(name, '.');
    char *shown;

    if (dot && dot > name && (strcmp(dot, ".csv") == 0 || strcmp(dot, ".tsv") == 0))
        return true;
    shown = show(path, 60);
    error_set(err, ERROR_USAGE, "embeddings writes FILE.csv or FILE.tsv, not \"%s\"",
              shown);
    free(shown);
    return false;
}

static bool start_embeddings(struct context *c, const struct call *call, const char *path,
                             const char *metadata, struct error *err)
{
    struct pending p = {.type = &embeddings_pending};
    struct embeddings_job_request q = {.path = path, .metadata = metadata};
    const char *told = "", *also = "";
    struct embeddings_job *job;
    struct run *r;

    q.embeddings.points = (enum embedding_points)call_choice(call, "points", 0);
    r = read_request(c, call, &q.embeddings, err);
    if (!r)
        return false;
    q.run = r->name;
    if (!may_replace(c, path, &told, err)
        || (metadata && !may_replace(c, metadata, &also, err))) {
        asked_rows_done(&q.embeddings.rows);
        return false;
    }
    job = embeddings_job_new(&q);
    asked_rows_done(&q.embeddings.rows);
    p.run = r->model ? r : NULL; /* one in training may go while it is looked at */
    p.what = xasprintf("embeddings %s", r->name);
    p.name = xstrdup(told);
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

static bool run_embeddings(struct context *c, const struct call *call, struct error *err)
{
    char *path = path_expand(call_word(call, 0));
    char *metadata = embeddings_metadata_path(path);
    bool ok = check_name(path, err) && start_embeddings(c, call, path, metadata, err);

    free(metadata);
    free(path);
    return ok;
}

const struct command command_embeddings = {
    .name = "embeddings",
    .help = "write embeddings in context, as a layer of the model has them",
    .more = "Of each value the mean over the rows that have it, or each cell by itself. "
            "FILE.csv has what a point is and its numbers in one line; FILE.tsv only the "
            "numbers, and FILE.metadata.tsv what they are, as projectors of embeddings "
            "take it. What is called positive is the share of the positive class among "
            "the rows of a value.",
    .arguments = {{"FILE", {VALUE_NEW_FILE, NULL, 0, 0}, REQUIRED, NULL,
                   "FILE.csv or FILE.tsv"}},
    .options = {
        RUN_OPTION,
        LAYER_OPTION,
        {"points", {VALUE_CHOICE, EMBEDDING_POINTS, 0, 0}, OPTIONAL, EMBEDDING_POINTS,
         "the mean of each value, or each cell; values"},
        ON_OPTION,
        ROWS_OPTION,
        SEED_OPTION,
    },
    .flags = COMMAND_JOB,
    .run = run_embeddings,
};

/* ---- neighbours ---- */

static void put_value(struct grid *g, enum format format, const struct encoder *e,
                      const struct embedding_value *v)
{
    grid_puts(g, e->categorical[v->column].name);
    if (v->code == 0 && format == FORMAT_JSON)
        grid_none(g);
    else
        grid_puts(g, embedding_text(e, v));
}

static void print_facts(struct grid *g, const char *run, const struct embeddings *e,
                        const struct embedding_value *v)
{
    const struct encoder *encoder = model_encoder(e->rows.asked.model);

    grid_fact_text(g, "run", run);
    grid_fact_count(g, "layer", (size_t)e->asked.first);
    grid_fact_text(g, "column", encoder->categorical[v->column].name);
    if (v->code == 0)
        grid_fact_number(g, "value", NAN, 0);
    else
        grid_fact_text(g, "value", embedding_text(encoder, v));
    grid_fact_count(g, "rows", v->rows);
    grid_fact_count(g, "looked_at", e->n_rows);
    if (embedding_target(encoder))
        grid_fact_number(g, embedding_target(encoder), v->target, -1);
}

static void print_neighbours(struct context *c, const struct embeddings_job *j, size_t of,
                             size_t k)
{
    const struct embeddings *e = embeddings_job_found(j);
    const struct encoder *encoder = model_encoder(e->rows.asked.model);
    uint32_t *index = xcalloc(k, sizeof *index);
    double *cosine = xcalloc(k, sizeof *cosine);
    size_t n = cosine_nearest(embeddings_points(e, e->asked.first), e->n_values, e->width,
                              of, k, index, cosine);
    struct grid *g = grid_new("neighbours");

    print_facts(g, embeddings_job_run(j), e, &e->values[of]);
    grid_column(g, "column", false);
    grid_column(g, "value", false);
    grid_column(g, "cosine", true);
    grid_column(g, "rows", true);
    if (embedding_target(encoder))
        grid_column(g, embedding_target(encoder), true);
    for (size_t i = 0; i < n; i++) {
        const struct embedding_value *v = &e->values[index[i]];

        put_value(g, c->format, encoder, v);
        grid_number(g, cosine[i], 4);
        grid_count(g, v->rows);
        if (embedding_target(encoder))
            grid_number(g, v->target, encoder->task == TASK_BINARY ? 3 : -1);
    }
    grid_print(g, c);
    free(index);
    free(cosine);
}

/* p->name: "K COLUMN=VALUE" */
static bool finish_neighbours(struct context *c, struct pending *p, void *work,
                              enum job_state ended, struct error *err)
{
    const struct embeddings *e = embeddings_job_found(work);
    bool ok = ended == JOB_DONE;

    if (ok) {
        char *text;
        long k = strtol(p->name, &text, 10), of = embeddings_find(e, text + 1, err);

        ok = of >= 0;
        context_note_lines(c, "", str_text(&e->rows.note));
        if (ok)
            print_neighbours(c, work, (size_t)of, (size_t)k);
    }
    embeddings_job_type.free(work);
    return ok;
}

static const struct pending_type neighbours_pending = {
    .job = &embeddings_job_type,
    .status = embeddings_status,
    .finish = finish_neighbours,
};

static bool run_neighbours(struct context *c, const struct call *call, struct error *err)
{
    struct pending p = {.type = &neighbours_pending};
    struct embeddings_job_request q = {.path = NULL};
    struct run *r = read_request(c, call, &q.embeddings, err);
    struct embeddings_job *job;

    if (!r)
        return false;
    q.run = r->name;
    job = embeddings_job_new(&q);
    asked_rows_done(&q.embeddings.rows);
    p.run = r->model ? r : NULL;
    p.what = xasprintf("neighbours %s", r->name);
    p.name = xasprintf("%ld %s", call_int(call, "k", 10), call_word(call, 0));
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

const struct command command_neighbours = {
    .name = "neighbours",
    .help = "list the values that lie nearest to one, as a layer of the model has them",
    .more = "Of each value of each column the mean embedding over the rows that have it "
            "is taken, and the cosine of the angle between them, in all dimensions: 1 is "
            "the same direction. COLUMN= is a missing value. What is called positive is "
            "the share of the positive class among the rows of a value.",
    .arguments = {{"COLUMN=VALUE", {VALUE_CELL, NULL, 0, 0}, REQUIRED, NULL,
                   "the value, byte for byte"}},
    .options = {
        RUN_OPTION,
        LAYER_OPTION,
        {"k", {VALUE_INT, NULL, 1, 1000}, OPTIONAL, "N", "how many; 10"},
        ON_OPTION,
        ROWS_OPTION,
        SEED_OPTION,
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_neighbours,
};
