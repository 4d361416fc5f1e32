/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layouts of embeddings by t-SNE. */
#include <string.h>

#include "base/mem.h"
#include "command/asked.h"
#include "command/attending.h"
#include "command/families.h"
#include "command/mapping.h"

enum { USUAL_POINTS = 10000, AGAIN_ITERATIONS = 250 };

/* A layout that lies already needs no exaggeration and fewer iterations. */
static void read_options(const struct call *call, struct tsne_options *o, bool again)
{
    *o = tsne_defaults();
    o->perplexity = call_number(call, "perplexity", 0);
    if (again) {
        o->iterations = AGAIN_ITERATIONS;
        o->early = 0;
    }
    o->iterations = (int)call_int(call, "iterations", o->iterations);
    if (o->early > o->iterations / 4)
        o->early = o->iterations / 4;
}

/* The layout that --start present goes on from. */
static bool read_start(struct context *c, const struct call *call, const struct run *r,
                       struct tsne_job_request *q, struct error *err)
{
    int start = call_choice(call, "start", 0);

    q->random = start == 1;
    q->from = start == 2 ? mapping_find(c, r->name) : NULL;
    return start != 2 || q->from
        || error_set(err, ERROR_STATE, "there is no layout of %s yet that --start "
                     "present could go on from", r->name);
}

/* Points are compared by column and value. */
static bool check_columns(const struct run *r, const struct run *other, struct error *err)
{
    return encoder_is_like(model_encoder(run_seen(r)), model_encoder(run_seen(other)))
        || error_set(err, ERROR_STATE, "%s and %s have other categorical columns: their "
                     "points cannot be compared", r->name, other->name);
}

/* The run that --against names. */
static bool read_against(struct context *c, const struct call *call, const struct run *r,
                         struct tsne_job_request *q, struct error *err)
{
    const char *name = call_option(call, "against");
    struct run *other = name ? attending_run(c, name, err) : NULL;

    if (!name)
        return true;
    if (!other || !check_columns(r, other, err))
        return false;
    if (!model_embeds(run_seen(other)))
        return error_set(err, ERROR_STATE, "%s %s: there are no embeddings to lay out",
                         other->name, model_lacks_embeddings(run_seen(other)));
    q->against_run = other->name;
    q->against = run_seen(other);
    return true;
}

static bool run_tsne(struct context *c, const struct call *call, struct error *err)
{
    struct tsne_job_request q = {.most_points = USUAL_POINTS};
    struct embeddings_request *e = &q.embeddings;
    struct run *r = attending_run(c, call_option(call, "run"), err);
    bool ok;

    if (!r || !asked_layer(call, r, &e->first, err) || !read_start(c, call, r, &q, err)
        || !read_against(c, call, r, &q, err) || !asked_rows(c, call, r, &e->rows, err))
        return false;
    read_options(call, &q.tsne, q.from != NULL);
    q.run = r->name;
    e->last = e->first;
    e->points = call_choice(call, "points", 0) == 0 ? EMBEDDING_CELLS : EMBEDDING_VALUES;
    e->most = (size_t)call_int(call, "rows", 0);
    e->seed = call_seed(call, "seed", 1);
    ok = mapping_start(c, call, r, &q, err);
    asked_rows_done(&e->rows);
    return ok;
}

const struct command command_tsne = {
    .name = "tsne",
    .help = "lay out embeddings in context in the plane by t-SNE",
    .more = "Every cell of the rows is a point, and a value stands where the mean of its "
            "cells is; with --points values each value is one point, its mean embedding. "
            "What lies close together was so before, as far as trustworthiness says (1: "
            "all of it); distances of what lies far apart, sizes of groups and axes mean "
            "nothing. Keep only what stays with another perplexity and --start random of "
            "another seed. With --against the same points of another run are laid out, "
            "too: from where those of the first lie, so that they move only where they "
            "have to, or with --start random from anywhere; then they are laid over them "
            "by shift, turn and size. `plot tsne` draws the layout, `stop` ends it and keeps "
            "it as it is. Tables and CSV have the values, JSON the cells, too.",
    .options = {
        RUN_OPTION,
        {"against", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R",
         "and then the same of that run"},
        LAYER_OPTION,
        {"points", {VALUE_CHOICE, "cells|values", 0, 0}, OPTIONAL, "cells|values",
         "what is laid out; cells"},
        ON_OPTION,
        {"rows", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N",
         "so many, drawn from them; as make 10,000 cells, or all of values"},
        {"perplexity", {VALUE_NUMBER, NULL, 2, 1000}, OPTIONAL, "P",
         "how many neighbours a point has, more or less; 30, or a fifth of few points"},
        {"iterations", {VALUE_INT, NULL, 10, 1000000}, OPTIONAL, "N",
         "how long; 1000, or 250 from the present layout"},
        {"start", {VALUE_CHOICE, "pca|random|present", 0, 0}, OPTIONAL,
         "pca|random|present",
         "from principal components, from anywhere, or from the last layout of the run; "
         "pca"},
        {"seed", {VALUE_SEED, NULL, 0, 0}, OPTIONAL, "N",
         "of the rows that are drawn and of a start from anywhere; 1"},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_tsne,
};
