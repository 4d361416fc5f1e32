/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/repeat.h"

#include "base/mem.h"
#include "command/option.h"
#include "command/parse.h"

static void add_mark(struct str *out, const struct schema_column *column)
{
    str_puts(out, "mark ");
    word_quote(out, column->name);
    str_printf(out, " %s\n", kind_name(column->kind));
}

static void add_target(struct str *out, const struct schema *s)
{
    if (s->target < 0)
        return;
    str_puts(out, "target ");
    word_quote(out, s->columns[s->target].name);
    if (s->positive) {
        str_puts(out, " --positive ");
        word_quote(out, s->positive);
    }
    str_printf(out, " --task %s\n", task_name(s->task));
}

static void add_split(struct str *out, const struct split_options *o)
{
    str_puts(out, "split --train ");
    str_json_number(out, o->train);
    str_puts(out, " --valid ");
    str_json_number(out, o->valid);
    str_puts(out, " --test ");
    str_json_number(out, o->test);
    str_printf(out, " --seed %llu", (unsigned long long)o->seed);
    if (o->folds > 0)
        str_printf(out, " --folds %d --fold %d", o->folds, o->fold);
    if (o->labeled >= 0)
        str_printf(out, " --labeled %ld", o->labeled);
    str_putc(out, '\n');
}

void repeat_settings(struct str *out, const struct settings *s)
{
    const struct option *o;

    for (int i = 0; (o = option_at(i)); i++) {
        struct str value = {0};

        if (!option_is_of_runs(o))
            continue;
        option_print(o, s, &value);
        str_printf(out, "set %s ", o->name);
        word_quote(out, str_text(&value));
        str_putc(out, '\n');
        str_done(&value);
    }
}

void repeat_parent(struct str *out, const struct run *parent)
{
    struct str path = {0};

    str_puts(&path, parent->folder ? parent->folder : parent->origin);
    if (parent->folder)
        str_puts(&path, "/model.safetensors");
    str_puts(out, "open ");
    word_quote(out, str_text(&path));
    str_puts(out, " --name ");
    word_quote(out, parent->name);
    str_putc(out, '\n');
    str_done(&path);
}

void repeat_table(struct str *out, const struct table *t)
{
    str_printf(out, "%s\n", t->load_line);
    for (int i = 0; i < t->schema->n_columns; i++) {
        if (t->schema->columns[i].marked)
            add_mark(out, &t->schema->columns[i]);
    }
    add_target(out, t->schema);
    add_split(out, &t->split);
}

void repeat_train(struct str *out, const struct run *r)
{
    if (r->pretext == PRETEXT_NONE)
        str_puts(out, "train");
    else
        str_printf(out, "pretrain %s", pretext_name(r->pretext));
    if (r->parent) {
        str_puts(out, " --from ");
        word_quote(out, r->parent);
    }
    str_putc(out, '\n');
}

void repeat_run(struct str *out, const struct table *t, const struct run *r,
                const struct run *parent)
{
    str_printf(out, "# tabscope: these lines repeat the run %s\n", r->name);
    repeat_table(out, t);
    repeat_settings(out, &r->settings);
    if (parent)
        repeat_parent(out, parent);
    repeat_train(out, r);
}
