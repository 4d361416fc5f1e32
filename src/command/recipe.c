/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/recipe.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/option.h"

/* ---- writing ---- */

/* Bytes that are no UTF-8 are not kept: what they named is not found again. */
static void put_text(json_t *j, const char *key, const char *text)
{
    json_t *value = json_string(text);
    char *shown;

    if (!value) {
        shown = show(text, 0);
        value = json_string(shown);
        free(shown);
    }
    json_object_set_new(j, key, value);
}

static json_t *schema_to_json(const struct schema *s)
{
    json_t *j = json_object(), *columns = json_array();

    for (int i = 0; i < s->n_columns; i++) {
        const struct schema_column *c = &s->columns[i];

        json_array_append_new(columns, json_pack("[s, s, b]", kind_name(c->kind),
                                                 c->decimal == ',' ? "," : ".",
                                                 c->marked));
    }
    json_object_set_new(j, "columns", columns);
    if (s->target < 0)
        return j;
    json_object_set_new(j, "target", json_integer(s->target));
    if (s->positive)
        put_text(j, "positive", s->positive);
    json_object_set_new(j, "task", json_string(task_name(s->task)));
    return j;
}

static json_t *split_to_json(const struct split_options *s)
{
    return json_pack("{s:f, s:f, s:f, s:I, s:i, s:i, s:I}", "train", s->train, "valid",
                     s->valid, "test", s->test, "seed", (json_int_t)s->seed, "folds",
                     s->folds, "fold", s->fold, "labeled", (json_int_t)s->labeled);
}

/* Where runs are kept is a matter of the session that goes on with them. */
static bool is_kept(const struct option *o)
{
    return option_is_of_runs(o) && strcmp(o->name, "run.dir") != 0;
}

static json_t *settings_to_json(const struct settings *s)
{
    json_t *j = json_object();
    const struct option *o;

    for (int i = 0; (o = option_at(i)); i++) {
        struct str value = {0};

        if (!is_kept(o))
            continue;
        option_print(o, s, &value);
        put_text(j, o->name, str_text(&value));
        str_done(&value);
    }
    return j;
}

char *recipe_text(const struct table *t, const struct run *r)
{
    json_t *j = json_object();
    char folder[PATH_MAX], *text;

    put_text(j, "name", r->name);
    put_text(j, "load", t->load_line);
    put_text(j, "folder", getcwd(folder, sizeof(folder)) ? folder : "?");
    put_text(j, "table", t->name);
    put_text(j, "pretext", pretext_name(r->pretext));
    if (r->parent)
        put_text(j, "parent", r->parent);
    if (r->pretext == PRETEXT_NONE && r->schema->target >= 0)
        put_text(j, "target", r->schema->columns[r->schema->target].name);
    json_object_set_new(j, "schema", schema_to_json(r->schema));
    json_object_set_new(j, "split", split_to_json(&r->split));
    json_object_set_new(j, "settings", settings_to_json(&r->settings));
    text = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    return text;
}

/* ---- reading ---- */

static bool refuse(const char *what, struct error *err)
{
    return error_set(err, ERROR_INPUT, "what is kept of the run says nothing right of %s",
                     what);
}

static char *copy_text(const json_t *j, const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));

    return text ? xstrdup(text) : NULL;
}

static bool read_texts(struct recipe *r, const json_t *j, struct error *err)
{
    const char *pretext = json_string_value(json_object_get(j, "pretext"));

    r->name = copy_text(j, "name");
    r->load = copy_text(j, "load");
    r->folder = copy_text(j, "folder");
    r->table = copy_text(j, "table");
    r->parent = copy_text(j, "parent");
    return (r->name && r->load && r->folder && r->table
            && pretext_parse(pretext, &r->pretext))
        || refuse("its table", err);
}

static bool read_split(struct split_options *s, json_t *j, struct error *err)
{
    json_int_t seed, labeled;

    if (json_unpack(j, "{s:F, s:F, s:F, s:I, s:i, s:i, s:I}", "train", &s->train, "valid",
                    &s->valid, "test", &s->test, "seed", &seed, "folds", &s->folds,
                    "fold", &s->fold, "labeled", &labeled) != 0)
        return refuse("its split", err);
    s->seed = (uint64_t)seed;
    s->labeled = (long)labeled;
    return split_check(s, err);
}

static bool read_settings(struct settings *s, const json_t *j, struct error *err)
{
    const struct option *o;

    for (int i = 0; (o = option_at(i)); i++) {
        const char *text = json_string_value(json_object_get(j, o->name));

        if (!is_kept(o))
            continue;
        if (!text)
            return refuse(o->name, err);
        if (!option_set(o, s, text, err))
            return false;
    }
    return true;
}

bool recipe_read(struct recipe *r, const char *text, const struct settings *settings,
                 struct error *err)
{
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool ok;

    *r = (struct recipe){.settings = *settings};
    ok = json_is_object(j) || refuse("anything", err);
    ok = ok && read_texts(r, j, err)
        && read_split(&r->split, json_object_get(j, "split"), err)
        && read_settings(&r->settings, json_object_get(j, "settings"), err);
    r->schema = json_incref(json_object_get(j, "schema"));
    json_decref(j);
    if (!ok)
        recipe_done(r);
    return ok;
}

void recipe_done(struct recipe *r)
{
    free(r->name);
    free(r->load);
    free(r->folder);
    free(r->table);
    free(r->parent);
    json_decref(r->schema);
    *r = (struct recipe){0};
}

/* ---- the schema ---- */

static bool set_column(struct schema_column *c, json_t *j)
{
    const char *kind, *decimal;
    int marked;

    if (json_unpack(j, "[s, s, b]", &kind, &decimal, &marked) != 0
        || !kind_parse(kind, &c->kind))
        return false;
    c->decimal = decimal[0] == ',' ? ',' : '.';
    c->marked = marked;
    return true;
}

static bool set_columns(struct schema *s, const json_t *columns, struct error *err)
{
    if (json_array_size(columns) != (size_t)s->n_columns)
        return error_set(err, ERROR_INPUT, "the table has %d columns; it had %zu",
                         s->n_columns, json_array_size(columns));
    for (int i = 0; i < s->n_columns; i++)
        if (!set_column(&s->columns[i], json_array_get(columns, (size_t)i)))
            return refuse("its columns", err);
    return true;
}

static bool set_target(struct schema *s, const struct dataset *data, const json_t *j,
                       struct error *err)
{
    const json_t *target = json_object_get(j, "target");
    const char *task = json_string_value(json_object_get(j, "task"));
    json_int_t column = json_integer_value(target);
    enum task parsed;

    if (!target)
        return true;
    if (!json_is_integer(target) || column < 0 || column >= s->n_columns || !task
        || !task_parse(task, &parsed))
        return refuse("its target", err);
    return schema_set_target(s, data, (int)column,
                             json_string_value(json_object_get(j, "positive")), parsed,
                             NULL, err);
}

struct schema *recipe_schema(const struct recipe *r, const struct dataset *data,
                             const struct schema *guessed, struct error *err)
{
    struct schema *s = schema_copy(guessed);

    s->target = -1;
    s->task = TASK_NONE;
    free(s->positive);
    s->positive = NULL;
    if (set_columns(s, json_object_get(r->schema, "columns"), err)
        && set_target(s, data, r->schema, err))
        return s;
    schema_free(s);
    return NULL;
}
