/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands that say what the columns of the current table mean and how its rows are
 * divided. Each works on a copy that takes the place of the schema when all went well, so
 * a refused command leaves no trace and every other one can be undone.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/families.h"
#include "command/grid.h"

enum { NAMED_COLUMNS = 6 }; /* that a note lists */

static void change(struct context *c, const struct call *call, struct schema *schema,
                   const struct split_options *split)
{
    struct str line = {0};

    call_print(call, &line);
    table_change(c->session->table, schema, split, line.text);
    str_done(&line);
}

/* ---- mark ---- */

static bool is_regex(const char *word)
{
    size_t n = strlen(word);

    return n >= 2 && word[0] == '/' && word[n - 1] == '/';
}

static bool compile(regex_t *regex, const char *word, struct error *err)
{
    char *pattern = xstrndup(word + 1, strlen(word) - 2), why[128], *shown;
    int code = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);

    free(pattern);
    if (code == 0)
        return true;
    regerror(code, regex, why, sizeof(why));
    shown = show(word, 60);
    error_set(err, ERROR_USAGE, "%s is no regular expression: %s", shown, why);
    free(shown);
    return false;
}

/* The target is left out: its kind is not for mark to change. */
static bool choose_matching(const struct schema *s, const char *word,
                            struct column_choice *choice, struct error *err)
{
    regex_t regex;
    int found = 0;
    char *shown;

    if (!compile(&regex, word, err))
        return false;
    for (int i = 0; i < s->n_columns; i++) {
        if (i != s->target && regexec(&regex, s->columns[i].name, 0, NULL, 0) == 0) {
            choice->n += !choice->chosen[i];
            choice->chosen[i] = true;
            found++;
        }
    }
    regfree(&regex);
    if (found > 0)
        return true;
    shown = show(word, 60);
    error_set(err, ERROR_USAGE, "%s matches no column", shown);
    free(shown);
    return false;
}

/* A name that is there wins over a regular expression. */
bool column_choose(struct context *c, const char *word, struct column_choice *choice,
                   struct error *err)
{
    const struct table *t = c->session->table;
    int column;

    if (is_regex(word) && dataset_find(t->data, word) < 0)
        return choose_matching(t->schema, word, choice, err);
    column = find_column(c, word, err);
    if (column < 0)
        return false;
    choice->n += !choice->chosen[column];
    choice->chosen[column] = true;
    return true;
}

static void note_marked(struct context *c, const struct schema *s,
                        const struct column_choice *choice, enum kind kind)
{
    struct str names = {0};
    int named = 0;

    for (int i = 0; i < s->n_columns; i++) {
        if (choice->chosen[i] && named++ < NAMED_COLUMNS)
            str_printf(&names, "%s%s", named > 1 ? ", " : "", s->columns[i].name);
    }
    if (named > NAMED_COLUMNS)
        str_printf(&names, " and %d more", named - NAMED_COLUMNS);
    context_note(c, "%s: %s", kind == KIND_IGNORE ? "ignored" : kind_name(kind),
                 str_text(&names));
    str_done(&names);
}

static bool run_mark(struct context *c, const struct call *call, struct error *err)
{
    struct table *t = c->session->table;
    struct column_choice choice = {
        xcalloc((size_t)t->schema->n_columns, sizeof(bool)), 0};
    struct schema *s = schema_copy(t->schema);
    enum kind kind = (enum kind)value_choice(call->command->arguments[1].value.choices,
                                             call_word(call, call->n_words - 1));
    bool ok = true;

    for (int i = 0; ok && i < call->n_words - 1; i++)
        ok = column_choose(c, call_word(call, i), &choice, err);
    for (int i = 0; ok && i < s->n_columns; i++) {
        if (choice.chosen[i])
            ok = schema_mark(s, i, kind, err);
    }
    if (ok) {
        note_marked(c, s, &choice, kind);
        change(c, call, s, NULL);
    } else {
        schema_free(s);
    }
    free(choice.chosen);
    return ok;
}

/* The choices stand in the order of enum kind. */
const struct command command_mark = {
    .name = "mark",
    .help = "say of which kind columns are",
    .more = "A COLUMN may be a /regular expression/ that stands for every column it "
            "matches but the target. Ignored columns are not given to the model; the "
            "weight column says how much each row counts; dates become year, month, "
            "day, weekday and hour.",
    .arguments = {
        {"COLUMN", {VALUE_COLUMN, NULL, 0, 0}, MANY, NULL, "name or /regex/"},
        {"KIND", {VALUE_CHOICE, "categorical|continuous|datetime|ignore|weight", 0, 0},
         REQUIRED, NULL, "the kind"},
    },
    .flags = COMMAND_TABLE,
    .run = run_mark,
};

/* ---- target ---- */

static bool run_target(struct context *c, const struct call *call, struct error *err)
{
    struct table *t = c->session->table;
    int column = find_column(c, call_word(call, 0), err);
    enum task task = (enum task)(1 + call_choice(call, "task", -1));
    struct schema *s;
    struct str note = {0};
    bool ok;

    if (column < 0)
        return false;
    s = schema_copy(t->schema);
    ok = schema_set_target(s, t->data, column, call_option(call, "positive"), task, &note,
                           err);
    if (ok) {
        context_note_lines(c, "", str_text(&note));
        change(c, call, s, NULL);
    } else {
        schema_free(s);
    }
    str_done(&note);
    return ok;
}

/* The choices of --task stand in the order of enum task, without none. */
const struct command command_target = {
    .name = "target",
    .help = "say which column is to be predicted",
    .more = "Without --task two classes are binary, a continuous column is regression, "
            "anything else is multiclass. Without --positive the conventional or the "
            "rarer class is the positive one. A table may get one target after another; "
            "runs keep theirs.",
    .arguments = {{"COLUMN", {VALUE_COLUMN, NULL, 0, 0}, REQUIRED, NULL, "the target"}},
    .options = {
        {"positive", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "VALUE", "the positive class"},
        {"task", {VALUE_CHOICE, "binary|multiclass|regression", 0, 0}, OPTIONAL,
         "binary|multiclass|regression", "what kind of prediction it is"},
    },
    .flags = COMMAND_TABLE,
    .run = run_target,
};

/* ---- split ---- */

static void print_split(struct context *c, const struct split_options *o,
                        const struct split *split)
{
    struct grid *g = grid_new("parts");

    grid_fact_number(g, "train", o->train, -1);
    grid_fact_number(g, "valid", o->valid, -1);
    grid_fact_number(g, "test", o->test, -1);
    grid_fact_count(g, "seed", (size_t)o->seed);
    if (o->folds > 0) {
        grid_fact_count(g, "folds", (size_t)o->folds);
        grid_fact_count(g, "fold", (size_t)o->fold);
    }
    if (o->labeled >= 0)
        grid_fact_count(g, "labeled", (size_t)o->labeled);
    if (split) {
        grid_column(g, "part", false);
        grid_column(g, "rows", true);
        for (int part = PART_NONE; part < PARTS; part++) {
            if (split->count[part] == 0 && (part == PART_NONE || part == PART_UNLABELED))
                continue;
            grid_puts(g, part_name((enum part)part));
            grid_count(g, split->count[part]);
        }
    }
    grid_print(g, c);
}

static struct split_options asked_split(const struct call *call, struct split_options o)
{
    o.train = call_number(call, "train", o.train);
    o.valid = call_number(call, "valid", o.valid);
    o.test = call_number(call, "test", o.test);
    o.seed = call_seed(call, "seed", o.seed);
    o.folds = (int)call_int(call, "folds", o.folds);
    o.fold = (int)call_int(call, "fold", call_option(call, "folds") ? 0 : o.fold);
    o.labeled = call_int(call, "labeled", o.labeled);
    return o;
}

static bool run_split(struct context *c, const struct call *call, struct error *err)
{
    struct table *t = c->session->table;
    struct split_options o = asked_split(call, t->split);
    struct split *split = NULL;
    bool asked = false;

    for (int i = 0; i < MAX_OPTIONS; i++)
        asked = asked || call->options[i];
    if (!split_check(&o, err))
        return false;
    if (t->schema->target >= 0) {
        split = split_new(t->data, t->schema, &o, err);
        if (!split)
            return false;
    }
    if (asked)
        change(c, call, NULL, &o);
    print_split(c, &o, split);
    if (split)
        split_free(split);
    return true;
}

const struct command command_split = {
    .name = "split",
    .help = "say how the rows are divided into training, validation and test",
    .more = "The shares are divided by their sum; what is not given stays. Every class "
            "is spread over the parts alike. With --folds the test rows are fold I of K "
            "(from 0), the others are divided as train to valid. Without options it "
            "shows how things stand.",
    .options = {
        {"train", {VALUE_NUMBER, NULL, 0, 1e9}, OPTIONAL, "SHARE",
         "of rows to train on; 65"},
        {"valid", {VALUE_NUMBER, NULL, 0, 1e9}, OPTIONAL, "SHARE", "to stop by; 15"},
        {"test", {VALUE_NUMBER, NULL, 0, 1e9}, OPTIONAL, "SHARE", "to measure on; 20"},
        {"seed", {VALUE_SEED, NULL, 0, 0}, OPTIONAL, "N", "of the shuffling; 1"},
        {"folds", {VALUE_INT, NULL, 0, 1000}, OPTIONAL, "K",
         "of a cross-validation; 0: none"},
        {"fold", {VALUE_INT, NULL, 0, 999}, OPTIONAL, "I", "that is the test part"},
        {"labeled", {VALUE_INT, NULL, -1, 1e9}, OPTIONAL, "N",
         "training rows that keep their label, classes in their shares; -1: all"},
    },
    .flags = COMMAND_TABLE | COMMAND_DATA,
    .run = run_split,
};

/* ---- schema ---- */

static void print_schema(struct context *c, const struct schema *s)
{
    struct grid *g = grid_new("columns");

    grid_column(g, "column", false);
    grid_column(g, "kind", false);
    grid_column(g, "role", false);
    grid_column(g, "positive", false);
    grid_column(g, "task", false);
    grid_column(g, "decimal", false);
    for (int i = 0; i < s->n_columns; i++) {
        bool target = i == s->target;
        char decimal[2] = {(char)s->columns[i].decimal, '\0'};

        grid_puts(g, s->columns[i].name);
        grid_puts(g, kind_name(s->columns[i].kind));
        grid_puts(g, target ? "target" : "input");
        grid_puts(g, target && s->positive ? s->positive : "");
        grid_puts(g, target ? task_name(s->task) : "");
        grid_puts(g, decimal);
    }
    grid_print(g, c);
}

static bool load_schema(struct context *c, const struct call *call, const char *path,
                        struct error *err)
{
    struct table *t = c->session->table;
    struct schema *s = schema_copy(t->schema);
    struct str note = {0};
    bool ok = schema_load(s, t->data, path, &note, err);

    if (ok) {
        context_note_lines(c, "", str_text(&note));
        change(c, call, s, NULL);
    } else {
        schema_free(s);
    }
    str_done(&note);
    return ok;
}

static bool save_schema(struct context *c, const char *path, struct error *err)
{
    const struct schema *s = c->session->table->schema;
    const char *told;

    if (!may_replace(c, path, &told, err) || !schema_save(s, path, err))
        return false;
    context_note(c, "%d columns written to %s%s", s->n_columns, path, told);
    return true;
}

static bool run_schema(struct context *c, const struct call *call, struct error *err)
{
    char *path;
    bool ok;

    if (call->n_words == 0) {
        print_schema(c, c->session->table->schema);
        return true;
    }
    if (call->n_words == 1)
        return error_set(err, ERROR_USAGE, "schema %s needs a file", call_word(call, 0));
    path = path_expand(call_word(call, 1));
    if (value_choice("save|load", call_word(call, 0)) == 0)
        ok = save_schema(c, path, err);
    else
        ok = load_schema(c, call, path, err);
    free(path);
    return ok;
}

const struct command command_schema = {
    .name = "schema",
    .help = "show kinds and target, save them to a file, or load them",
    .more = "The file is CSV with a line for each column; columns are found by name, "
            "and those that it does not name stay as they are.",
    .arguments = {
        {"ACTION", {VALUE_CHOICE, "save|load", 0, 0}, OPTIONAL, NULL, "what to do"},
        {"FILE", {VALUE_FILE, NULL, 0, 0}, OPTIONAL, NULL, "with which file"},
    },
    .flags = COMMAND_TABLE | COMMAND_DATA,
    .run = run_schema,
};

/* ---- undo, redo ---- */

/* done: what was changed, NULL: nothing */
static bool say_changed(struct context *c, const char *done, const char *how,
                        const char *action, struct error *err)
{
    if (!done)
        return error_set(err, ERROR_STATE, "there is nothing to %s in this table", action);
    context_note(c, "%s: %s", how, done);
    return true;
}

static bool run_undo(struct context *c, const struct call *call, struct error *err)
{
    (void)call;
    return say_changed(c, table_undo(c->session->table), "undone", "undo", err);
}

const struct command command_undo = {
    .name = "undo",
    .help = "take back the last mark, target, split or schema load",
    .flags = COMMAND_TABLE,
    .run = run_undo,
};

static bool run_redo(struct context *c, const struct call *call, struct error *err)
{
    (void)call;
    return say_changed(c, table_redo(c->session->table), "done again", "do again",
                       err);
}

const struct command command_redo = {
    .name = "redo",
    .help = "do again what was undone last",
    .flags = COMMAND_TABLE,
    .run = run_redo,
};
