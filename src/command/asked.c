/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/name.h"
#include "command/option.h"
#include "command/run_text.h"
#include "data/edit.h"

struct run *asked_run(struct context *c, const struct call *call, struct error *err)
{
    struct run *r = find_run(c, call_option(call, "run"), err);

    return r && run_needs_model(r, err) ? r : NULL;
}

bool run_predicts(const struct run *r, struct error *err)
{
    return r->pretext == PRETEXT_NONE
        || error_set(err, ERROR_STATE, "the run %s is only pre-trained: it predicts no "
                     "target; `train --from %s` goes on from it", r->name, r->name);
}

struct run *asked_predictor(struct context *c, const struct call *call, struct error *err)
{
    struct run *r = asked_run(c, call, err);

    return r && run_predicts(r, err) ? r : NULL;
}

static void refuse_table(const struct table *t, const struct run *r, struct error *err)
{
    const char *target = model_encoder(r->model)->target;
    char *table = show(t->name, 40), *column = show(target ? target : "", 40);

    error_set(err, ERROR_STATE, "%s predicts %s, which the table %s has not: `load` the "
              "table that it is to be asked about", r->name, column, table);
    free(table);
    free(column);
}

/* The schema that an opened model has of the current table: its target, its positive
 * class. */
static struct schema *schema_for(struct context *c, const struct run *r,
                                 struct error *err)
{
    const struct table *t = c->session->table;
    const struct encoder *e = model_encoder(r->model);
    const char *positive = e->task == TASK_BINARY ? e->classes[1] : NULL;
    struct schema *s;
    int column;

    if (!t) {
        error_set(err, ERROR_STATE,
                  "%s was opened from a file: `load` the table that it is "
                  "to be measured on", r->name);
        return NULL;
    }
    column = schema_find(t->schema, e->target ? e->target : "");
    if (column < 0) {
        refuse_table(t, r, err);
        return NULL;
    }
    s = schema_copy(t->schema);
    if (schema_set_target(s, t->data, column, positive, e->task, NULL, err))
        return s;
    schema_free(s);
    return NULL;
}

struct schema *asked_schema(struct context *c, const struct run *r, struct error *err)
{
    return r->schema ? schema_copy(r->schema) : schema_for(c, r, err);
}

struct dataset *asked_data(const struct context *c, const struct run *r)
{
    return r->data ? r->data : c->session->table->data;
}

struct dataset *asked_table(const struct context *c, const struct run *r,
                            struct error *err)
{
    if (r->data || c->session->table)
        return asked_data(c, r);
    error_set(err, ERROR_STATE, "%s was opened from a file: `load` the table that it is "
              "to look at", r->name);
    return NULL;
}

/* A body without a target needs of its schema only the columns. */
static struct schema *schema_to_look(struct context *c, const struct run *r,
                                     struct error *err)
{
    if (r->schema || model_encoder(run_seen(r))->target)
        return asked_schema(c, r, err);
    return asked_table(c, r, err) ? schema_copy(c->session->table->schema) : NULL;
}

bool asked_layer(const struct call *call, const struct run *r, int *layer,
                 struct error *err)
{
    const char *text = call_option(call, "layer");
    int layers = model_options(run_seen(r))->layers;
    char *shown;
    long n;

    *layer = -1;
    if (!text || strcmp(text, "last") == 0)
        return true;
    if (str_to_long(text, 0, layers, &n)) {
        *layer = (int)n;
        return true;
    }
    shown = show(text, 40);
    error_set(err, ERROR_USAGE, "--layer takes last or a layer from 0 to %d, not %s",
              layers, shown);
    free(shown);
    return false;
}

bool run_rows(struct context *c, const struct run *r, enum part part,
              struct rows_request *rows, struct error *err)
{
    struct model *m = run_seen(r);
    struct pool *pool = engine_pool(c->session->engine, err);
    struct schema *schema = pool ? schema_to_look(c, r, err) : NULL;

    if (!schema)
        return false;
    if (part == PARTS)
        part = model_encoder(m)->target ? PART_TEST : PART_NONE;
    *rows = (struct rows_request){.model = m, .pool = pool, .data = asked_data(c, r),
                                  .schema = schema, .split = r->split, .part = part};
    return true;
}

enum part asked_part(const struct call *call)
{
    static const enum part parts[] = {PART_TEST, PART_VALID, PART_TRAIN, PART_NONE,
                                      PARTS};

    return parts[call_choice(call, "on", 4)];
}

bool asked_rows(struct context *c, const struct call *call, const struct run *r,
                struct rows_request *rows, struct error *err)
{
    return run_rows(c, r, asked_part(call), rows, err);
}

void asked_rows_done(struct rows_request *rows)
{
    schema_free((struct schema *)rows->schema);
    rows->schema = NULL;
}

int asked_rows_of_all(struct context *c, const struct call *call, struct run *const *runs,
                      int most, struct rows_request *rows, struct error *err)
{
    int n = 0;

    while (n < most && runs[n]) {
        if (asked_rows(c, call, runs[n], &rows[n], err)) {
            n++;
            continue;
        }
        while (n > 0)
            asked_rows_done(&rows[--n]);
        return 0;
    }
    return n;
}

bool asked_against(struct context *c, const struct call *call, const struct run *r,
                   struct run **other, struct error *err)
{
    const char *name = call_option(call, "against");
    struct run *o = name ? find_run(c, name, err) : NULL;
    struct str unlike = {0};
    bool ok = true;

    *other = o;
    if (!name)
        return true;
    if (!o || !run_needs_model(o, err) || !run_predicts(o, err))
        return false;
    if (runs_unlike(r, o) != UNLIKE_NOT && runs_unlike(r, o) != UNLIKE_LABELS) {
        runs_unlike_text(r, o, &unlike);
        ok = error_set(err, ERROR_STATE, "%s is not measured on the rows of %s: %s",
                       o->name, r->name, str_text(&unlike));
    }
    str_done(&unlike);
    return ok;
}

const char *asked_input(const struct run *r, const struct dataset *d, const char *name,
                        struct error *err)
{
    const struct encoder *e = model_encoder(r->model);
    const char *column = edit_column(e, d, name), **names;
    int n = e->n_categorical + e->n_continuous, place = dataset_find(d, name);

    if (column)
        return column;
    if (place >= 0) {
        error_set(err, ERROR_INPUT, "%s does not read the column %s: it is no input of "
                  "that model", r->name, column_name(dataset_column(d, place)));
        return NULL;
    }
    names = xcalloc((size_t)n, sizeof *names);
    for (int i = 0; i < n; i++)
        names[i] = i < e->n_categorical ? e->categorical[i].column
                                        : e->continuous[i - e->n_categorical].column;
    name_refuse("column", name, names, n, "`schema` lists the columns", err);
    free(names);
    return NULL;
}
