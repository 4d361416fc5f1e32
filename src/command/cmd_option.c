/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about the settings. */
#include <string.h>

#include "command/families.h"
#include "command/grid.h"
#include "command/option.h"
#include "engine/trainer.h"

/* ---- show ---- */

static void add_option(struct grid *g, const struct option *o, const struct settings *s)
{
    struct settings defaults = settings_defaults();
    struct str value = {0}, usual = {0}, range = {0};

    option_print(o, s, &value);
    option_print(o, &defaults, &usual);
    value_describe(&range, &o->value);
    grid_puts(g, o->name);
    grid_puts(g, str_text(&value));
    grid_puts(g, str_text(&usual));
    grid_puts(g, str_text(&range));
    grid_puts(g, o->help);
    str_done(&value);
    str_done(&usual);
    str_done(&range);
}

static void print_option(struct context *c, const struct option *o)
{
    struct settings defaults = settings_defaults();
    struct str value = {0}, usual = {0}, range = {0};
    struct grid *g = grid_new("option");

    option_print(o, &c->session->settings, &value);
    option_print(o, &defaults, &usual);
    value_describe(&range, &o->value);
    grid_fact_text(g, "option", o->name);
    grid_fact_text(g, "value", str_text(&value));
    grid_fact_text(g, "default", str_text(&usual));
    grid_fact_text(g, "takes", str_text(&range));
    grid_fact_text(g, "help", o->help);
    str_done(&value);
    str_done(&usual);
    str_done(&range);
    grid_print(g, c);
}

static void print_options(struct context *c, const char *group)
{
    struct grid *g = grid_new("options");
    const struct option *o;

    grid_column(g, "option", false);
    grid_column(g, "value", false);
    grid_column(g, "default", false);
    grid_column(g, "takes", false);
    grid_spare(g);
    grid_prose(g, "help");
    for (int i = 0; (o = option_at(i)); i++) {
        if (!group || option_is_named(o, group))
            add_option(g, o, &c->session->settings);
    }
    grid_print(g, c);
}

static bool run_show(struct context *c, const struct call *call, struct error *err)
{
    const char *name = call_word(call, 0);
    const struct option *o;

    if (!name || option_is_group(name)) {
        print_options(c, name);
        return true;
    }
    o = option_find(name, err);
    if (o)
        print_option(c, o);
    return o != NULL;
}

const struct command command_show = {
    .name = "show",
    .help = "show options with their values, defaults and ranges",
    .more = "OPTION may be a whole group: model, train, pretrain, data, screen.",
    .arguments = {{"OPTION", {VALUE_OPTION, NULL, 0, 0}, OPTIONAL, NULL,
                   "one, or a group"}},
    .flags = COMMAND_DATA,
    .run = run_show,
};

/* ---- set ---- */

static bool run_set(struct context *c, const struct call *call, struct error *err)
{
    struct settings *s = &c->session->settings;
    const struct option *o;
    struct error clash;

    if (!call_word(call, 1))
        return run_show(c, call, err);
    o = option_find(call_word(call, 0), err);
    if (!o || !option_set(o, s, call_word(call, 1), err))
        return false;
    /* Two values that do not go together yet are no mistake: the other may be set
     * next. */
    if (!model_check(&s->model, &clash) || !train_check(&s->train, &clash))
        context_note(c, "before training: %s", clash.text);
    return true;
}

const struct command command_set = {
    .name = "set",
    .help = "give an option a value",
    .more = "Without a value it shows the option, as `show` does. `keep` makes the value "
            "that of every session.",
    .arguments = {
        {"OPTION", {VALUE_OPTION, NULL, 0, 0}, OPTIONAL, NULL, "its name"},
        {"VALUE", {VALUE_OPTION_VALUE, NULL, 0, 0}, OPTIONAL, NULL, "the value"},
    },
    .flags = COMMAND_DATA,
    .run = run_set,
};
