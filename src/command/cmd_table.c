/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that read tables and look at them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"
#include "engine/job_load.h"

enum {
    TOP_VALUES = 10, /* of a column that is described */
};

/* ---- load ---- */

struct load_look {
    double share;
    size_t rows;
};

static void look_at_load(void *work, void *arg)
{
    struct load_look *look = arg;

    load_job_view(work, &look->share, &look->rows);
}

static void load_status(struct context *c, const struct pending *p, struct str *out)
{
    struct load_look look = {0};
    char rows[COUNT_TEXT];

    engine_look(c->session->engine, p->job, look_at_load, &look);
    str_printf(out, "%.0f %%, %s rows", 100 * look.share, count_text(look.rows, rows));
}

/* Where the first repair of a kind was, if its note was kept. */
static void add_first_place(struct str *out, const struct dataset *d, enum repair kind)
{
    size_t n;
    const struct repair_note *notes = dataset_repair_notes(d, &n);

    for (size_t i = 0; i < n; i++) {
        if (notes[i].kind == kind) {
            str_puts(out, ", the first in ");
            dataset_repair_place(d, &notes[i], out);
            return;
        }
    }
}

void note_reading(struct context *c, const struct dataset *d)
{
    char count[COUNT_TEXT];

    context_note_lines(c, "  ", dataset_notes(d));
    for (int kind = 0; kind < REPAIR_KINDS; kind++) {
        size_t n = dataset_repairs(d, (enum repair)kind);
        struct str place = {0};

        if (n == 0)
            continue;
        add_first_place(&place, d, (enum repair)kind);
        context_note(c, "  %s: %s%s", repair_name((enum repair)kind),
                     count_text(n, count), str_text(&place));
        str_done(&place);
    }
}

/* "12 categorical, 2 continuous" */
static void add_kinds(struct str *out, const struct schema *s)
{
    const char *gap = "";

    for (int kind = KIND_CATEGORICAL; kind <= KIND_WEIGHT; kind++) {
        int n = 0;

        for (int i = 0; i < s->n_columns; i++)
            n += s->columns[i].kind == (enum kind)kind;
        if (n == 0)
            continue;
        str_printf(out, "%s%d %s", gap, n,
                   kind == KIND_IGNORE ? "ignored" : kind_name((enum kind)kind));
        gap = ", ";
    }
}

static void note_loaded(struct context *c, const struct table *t)
{
    size_t rows = dataset_rows(t->data);
    char count[COUNT_TEXT];
    struct str kinds = {0};

    add_kinds(&kinds, t->schema);
    context_note(c, "%s: %s row%s, %d column%s (%s)", t->name, count_text(rows, count),
                 rows == 1 ? "" : "s", t->schema->n_columns,
                 t->schema->n_columns == 1 ? "" : "s", str_text(&kinds));
    str_done(&kinds);
    note_reading(c, t->data);
}

static bool finish_load(struct context *c, struct pending *p, void *work,
                        enum job_state ended, struct error *err)
{
    struct split_options split = split_defaults();
    struct dataset *data;
    struct schema *schema;

    (void)err;
    if (ended != JOB_DONE) {
        load_job_type.free(work);
        return false;
    }
    load_job_take(work, &data, &schema);
    load_job_type.free(work);
    split.seed = c->session->settings.split_seed;
    if (session_find_table(c->session, p->name))
        context_note(c, "the table %s that was loaded before is replaced", p->name);
    session_add_table(c->session, table_new(p->name, p->line, data, schema, &split));
    note_loaded(c, c->session->table);
    return true;
}

static const struct pending_type load_pending = {
    .job = &load_job_type,
    .status = load_status,
    .finish = finish_load,
};

/* A run finds its table again by this line, when standard input is gone. */
static bool refuse_input(const struct call *call, struct error *err)
{
    for (int i = 0; i < call->n_words; i++)
        if (strcmp(call_word(call, i), "-") == 0)
            return error_set(err, ERROR_USAGE, "load reads files, so that they can be "
                             "read again; only predict takes -");
    return true;
}

static bool run_load(struct context *c, const struct call *call, struct error *err)
{
    struct load_options options;
    struct str line = {0};
    struct pending p = {.type = &load_pending};
    const char *name = call_option(call, "name");
    char **paths;
    bool ok;

    if (!load_options_of(call, &options, err) || !refuse_input(call, err))
        return false;
    paths = xcalloc((size_t)call->n_words, sizeof(*paths));
    for (int i = 0; i < call->n_words; i++)
        paths[i] = path_expand(call_word(call, i));
    options.max_rows = (size_t)call_int(call, "rows", 0);
    options.more = paths + 1;
    options.n_more = (size_t)call->n_words - 1;
    p.name = name ? xstrdup(name) : name_of_file(paths[0]);
    p.what = xasprintf("load %s", p.name);
    call_print(call, &line);
    p.line = line.text;
    ok = pending_start(c, call, WAIT_FOR_IT, p, load_job_new(paths[0], &options), err);
    for (int i = 0; i < call->n_words; i++)
        free(paths[i]);
    free(paths);
    return ok;
}

const struct command command_load = {
    .name = "load",
    .help = "read a table from CSV files, plain or gzip",
    .more = "Delimiter, quotes, header, encoding and the kinds of the columns are "
            "detected, and what was detected and repaired is said. Several files make "
            "one table, their rows one after another, where their columns have the same "
            "names, in whatever order. The table gets the name of the first file; one "
            "of the same name is replaced, but only when the new one is read.",
    .arguments = {{"FILE", {VALUE_FILE, NULL, 0, 0}, MANY, NULL, "to read"}},
    .options = {
        {"name", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "N", "another name for the table"},
        LOAD_OPTIONS,
        {"rows", {VALUE_INT, NULL, 1, 1e12}, OPTIONAL, "N", "read at most N rows"},
    },
    .flags = COMMAND_JOB,
    .run = run_load,
};

/* ---- tables, use ---- */

static void add_files(struct grid *g, const struct dataset *d)
{
    const struct load_options *o = dataset_options(d);
    struct str paths = {0};

    str_puts(&paths, dataset_path(d));
    for (size_t i = 0; i < o->n_more; i++)
        str_printf(&paths, ", %s", o->more[i]);
    grid_path(g, str_text(&paths));
    str_done(&paths);
}

static bool run_tables(struct context *c, const struct call *call, struct error *err)
{
    const struct session *s = c->session;
    struct grid *g = grid_new("tables");

    (void)call;
    (void)err;
    grid_column(g, "name", false);
    grid_column(g, "rows", true);
    grid_column(g, "columns", true);
    grid_column(g, "target", false);
    grid_column(g, "current", false);
    grid_column(g, "file", false);
    for (size_t i = 0; i < s->n_tables; i++) {
        const struct table *t = s->tables[i];

        grid_puts(g, t->name);
        grid_count(g, dataset_rows(t->data));
        grid_count(g, (size_t)dataset_columns(t->data));
        if (t->schema->target >= 0)
            grid_puts(g, t->schema->columns[t->schema->target].name);
        else
            grid_none(g);
        grid_bool(g, t == s->table);
        add_files(g, t->data);
    }
    if (s->n_tables == 0)
        context_note(c, "no table is loaded; `load FILE` reads one");
    grid_print(g, c);
    return true;
}

const struct command command_tables = {
    .name = "tables",
    .help = "list the tables that are loaded",
    .flags = COMMAND_DATA,
    .run = run_tables,
};

static bool run_use(struct context *c, const struct call *call, struct error *err)
{
    struct table *t = session_find_table(c->session, call_word(call, 0));
    char *shown;

    if (t) {
        c->session->table = t;
        return true;
    }
    shown = show(call_word(call, 0), 60);
    error_set(err, ERROR_USAGE, "there is no table \"%s\"; `tables` lists them", shown);
    free(shown);
    return false;
}

const struct command command_use = {
    .name = "use",
    .help = "make another table the current one",
    .arguments = {{"NAME", {VALUE_TABLE, NULL, 0, 0}, REQUIRED, NULL, "of the table"}},
    .run = run_use,
};

/* ---- head ---- */

static bool run_head(struct context *c, const struct call *call, struct error *err)
{
    const struct dataset *d = c->session->table->data;
    long n = 10;
    struct grid *g = grid_new("rows");

    (void)err;
    if (call_word(call, 0))
        str_to_long(call_word(call, 0), 1, 1000000, &n);
    for (int i = 0; i < dataset_columns(d); i++)
        grid_column(g, column_name(dataset_column(d, i)), false);
    for (size_t row = 0; row < dataset_rows(d) && row < (size_t)n; row++) {
        for (int i = 0; i < dataset_columns(d); i++) {
            struct cell cell = column_cell(dataset_column(d, i), row);

            grid_text(g, cell.text, cell.length);
        }
    }
    grid_print(g, c);
    return true;
}

const struct command command_head = {
    .name = "head",
    .help = "show the first rows of the current table",
    .arguments = {{"N", {VALUE_INT, NULL, 1, 1000000}, OPTIONAL, NULL, "how many; 10"}},
    .flags = COMMAND_TABLE | COMMAND_DATA,
    .run = run_head,
};

/* ---- describe ---- */

/* Of a column that holds texts too, the least number would say nothing. */
static void describe_row(struct grid *g, const struct schema *s, size_t rows, int i)
{
    const struct schema_column *column = &s->columns[i];
    bool numbers = column->numeric + column->missing == rows;
    struct str why = {0};

    schema_warnings(column, &why);
    grid_puts(g, column->name);
    grid_puts(g, kind_name(column->kind));
    grid_puts(g, schema_role(s, i));
    grid_count(g, column->missing);
    grid_count(g, column->distinct);
    grid_number(g, numbers ? column->min : NAN, -1);
    grid_number(g, numbers ? column->mean : NAN, -1);
    grid_number(g, numbers ? column->max : NAN, -1);
    grid_puts(g, str_text(&why));
    grid_puts(g, schema_reason(column));
    str_done(&why);
}

static void describe_all(struct context *c)
{
    const struct table *t = c->session->table;
    struct grid *g = grid_new("columns");

    grid_fact_text(g, "table", t->name);
    grid_fact_count(g, "rows", dataset_rows(t->data));
    if (t->schema->target >= 0) {
        grid_fact_text(g, "target", t->schema->columns[t->schema->target].name);
        grid_fact_text(g, "task", task_name(t->schema->task));
    }
    if (t->schema->positive)
        grid_fact_text(g, "positive", t->schema->positive);
    grid_column(g, "column", false);
    grid_column(g, "kind", false);
    grid_column(g, "role", false);
    grid_spare(g);
    grid_column(g, "missing", true);
    grid_column(g, "distinct", true);
    grid_column(g, "min", true);
    grid_spare(g);
    grid_column(g, "mean", true);
    grid_spare(g);
    grid_column(g, "max", true);
    grid_spare(g);
    grid_column(g, "warnings", false);
    grid_column(g, "reason", false);
    for (int i = 0; i < t->schema->n_columns; i++)
        describe_row(g, t->schema, dataset_rows(t->data), i);
    grid_print(g, c);
}

/* Caller frees. NULL: no memory. */
static struct profile *look_at(const struct table *t, int i, struct error *err)
{
    const struct schema *s = t->schema;
    bool with_target = s->target >= 0 && i != s->target;
    struct target *target = with_target ? target_read(t->data, s, NULL) : NULL;
    struct answers answers;
    bool asks = target && answers_init(&answers, target);
    struct profile *p = profile_column(dataset_column(t->data, i), s->columns[i].decimal,
                                       asks ? &answers : NULL, TOP_VALUES);

    target_free(target);
    if (!p)
        error_set(err, ERROR_MEMORY, "not enough memory to look at %s",
                  s->columns[i].name);
    return p;
}

/* A date is no number that a person reads. */
static void add_numbers(struct grid *g, const struct profile *p)
{
    static const char *const names[PROFILE_QUANTILES] = {"p5", "p25", "median", "p75",
                                                         "p95"};
    bool numbers = p->form == DATETIME_NONE;

    grid_fact_count(g, "numeric", numbers ? p->numeric : 0);
    if (!numbers || p->numeric == 0)
        return;
    grid_fact_number(g, "min", p->min, -1);
    for (int i = 0; i < PROFILE_QUANTILES; i++)
        grid_fact_number(g, names[i], p->quantiles[i], -1);
    grid_fact_number(g, "max", p->max, -1);
    grid_fact_number(g, "mean", p->mean, -1);
    grid_fact_number(g, "deviation", p->deviation, -1);
    grid_fact_number(g, "skew", p->skew, -1);
}

static void add_values(struct grid *g, const struct profile *p)
{
    bool rates = p->n_values > 0 && !isnan(p->values[0].rate);

    grid_column(g, "value", false);
    grid_column(g, "count", true);
    grid_column(g, "share", true);
    if (rates)
        grid_column(g, "target", true);
    for (size_t i = 0; i < p->n_values; i++) {
        grid_text(g, p->values[i].text.text, p->values[i].text.length);
        grid_count(g, p->values[i].rows);
        grid_number(g, (double)p->values[i].rows / (double)p->rows, 4);
        if (rates)
            grid_number(g, p->values[i].rate, 4);
    }
}

static bool describe_one(struct context *c, int i, struct error *err)
{
    const struct table *t = c->session->table;
    const struct schema_column *column = &t->schema->columns[i];
    struct profile *p = look_at(t, i, err);
    struct grid *g;
    struct str warnings = {0};
    double signal;

    if (!p)
        return false;
    g = grid_new("values");
    signal = profile_signal(p, column->kind);
    schema_warnings(column, &warnings);
    grid_fact_text(g, "column", column->name);
    grid_fact_text(g, "kind", kind_name(column->kind));
    grid_fact_text(g, "role", schema_role(t->schema, i));
    grid_fact_text(g, "reason", schema_reason(column));
    grid_fact_text(g, "warnings", str_text(&warnings));
    if (!isnan(signal)) {
        grid_fact_text(g, "signal", signal_word(signal));
        grid_fact_number(g, "explained", signal, 4);
    }
    grid_fact_count(g, "rows", p->rows);
    grid_fact_count(g, "missing", p->missing);
    grid_fact_count(g, "distinct", p->distinct);
    add_numbers(g, p);
    add_values(g, p);
    profile_free(p);
    str_done(&warnings);
    grid_print(g, c);
    return true;
}

static bool run_describe(struct context *c, const struct call *call, struct error *err)
{
    int column;

    if (!call_word(call, 0)) {
        describe_all(c);
        return true;
    }
    column = find_column(c, call_word(call, 0), err);
    if (column < 0)
        return false;
    return describe_one(c, column, err);
}

const struct command command_describe = {
    .name = "describe",
    .help = "show what the columns are taken for and why, or all about one",
    .more = "With a target, `signal` says how much of it this column tells by itself, "
            "and `explained` is that share from 0 to 1 (of its variation, less what "
            "chance would give); `target` is the share of the positive or most frequent "
            "class among the rows with a value, or the mean.",
    .arguments = {{"COLUMN", {VALUE_COLUMN, NULL, 0, 0}, OPTIONAL, NULL,
                   "the one to show"}},
    .flags = COMMAND_TABLE | COMMAND_DATA,
    .run = run_describe,
};

/* ---- export ---- */

static bool run_export(struct context *c, const struct call *call, struct error *err)
{
    const struct dataset *d = c->session->table->data;
    char *path = path_expand(call_word(call, 0)), rows[COUNT_TEXT];
    const char *told;
    bool ok = may_replace(c, path, &told, err) &&
              dataset_export(d, path, call_option(call, "safe") != NULL, err);

    if (ok)
        context_note(c, "%s rows written to %s%s", count_text(dataset_rows(d), rows),
                     path, told);
    free(path);
    return ok;
}

const struct command command_export = {
    .name = "export",
    .help = "write the table as RFC 4180 CSV, cells as they were read",
    .arguments = {{"FILE", {VALUE_NEW_FILE, NULL, 0, 0}, REQUIRED, NULL,
                   "the file to write"}},
    .options = {{"safe", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL,
                 "put ' before cells that a spreadsheet would run as a formula"}},
    .flags = COMMAND_TABLE,
    .run = run_export,
};
