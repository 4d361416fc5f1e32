/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about the program itself. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/option.h"
#include "command/pending.h"
#include "command/script.h"

static void list_commands(struct context *c)
{
    struct grid *g = grid_new("commands");
    const struct command *command;

    grid_column(g, "command", false);
    grid_column(g, "does", false);
    for (int i = 0; (command = command_at(i)); i++) {
        grid_puts(g, command->name);
        grid_puts(g, command->help);
    }
    grid_print(g, c);
    context_note(c, "`help COMMAND` says more; a unique beginning of a name is enough");
}

/* "  --rows N  read at most N rows (a whole number from 1 to 1000)" */
static void add_parameter(struct str *out, const struct parameter *p, bool option)
{
    const struct option *setting = NULL;
    struct str left = {0}, range = {0};

    if (p->value.type == VALUE_SETTING)
        setting = option_find(p->value.choices, NULL);
    if (option)
        str_printf(&left, "--%s %s", p->name, p->sample ? p->sample : "");
    else
        str_puts(&left, p->name);
    value_describe(&range, setting ? &setting->value : &p->value);
    str_printf(out, "  %-24s  %s", str_text(&left), p->help);
    if (p->value.type == VALUE_INT || p->value.type == VALUE_NUMBER || setting ||
        (!option && p->value.type == VALUE_CHOICE))
        str_printf(out, " (%s)", str_text(&range));
    str_putc(out, '\n');
    str_done(&left);
    str_done(&range);
}

static void explain(const struct command *command, struct str *out)
{
    command_usage(command, out);
    str_printf(out, "\n\n%s.\n", command->help);
    if (command->more)
        str_printf(out, "%s\n", command->more);
    if (command->arguments[0].name || command->options[0].name)
        str_putc(out, '\n');
    for (const struct parameter *p = command->arguments; p->name; p++)
        add_parameter(out, p, false);
    for (const struct parameter *p = command->options; p->name; p++)
        add_parameter(out, p, true);
}

static void print_help(struct context *c, const struct command *command)
{
    struct str text = {0};

    explain(command, &text);
    if (c->format == FORMAT_TABLE) {
        context_print(c, text.text, text.length);
    } else {
        struct grid *g = grid_new("help");

        grid_fact_text(g, "command", command->name);
        grid_fact_text(g, "help", text.text);
        grid_print(g, c);
    }
    str_done(&text);
}

static bool run_help(struct context *c, const struct call *call, struct error *err)
{
    const struct command *command;

    if (!call_word(call, 0)) {
        list_commands(c);
        return true;
    }
    command = command_find(call_word(call, 0), err);
    if (command)
        print_help(c, command);
    return command != NULL;
}

const struct command command_help = {
    .name = "help",
    .help = "list the commands, or explain one",
    .arguments = {{"COMMAND", {VALUE_VERB, NULL, 0, 0}, OPTIONAL, NULL, "to explain"}},
    .flags = COMMAND_DATA,
    .run = run_help,
};

static bool run_source(struct context *c, const struct call *call, struct error *err)
{
    return script_run_file(c, call_word(call, 0), err);
}

const struct command command_source = {
    .name = "source",
    .help = "run the command lines of a file, up to the first that fails",
    .more = "Inside a script every job is waited for before the next line runs, unless its "
            "line ends in &.",
    .arguments = {{"FILE", {VALUE_FILE, NULL, 0, 0}, REQUIRED, NULL, "the script"}},
    .run = run_source,
};

static bool run_quit(struct context *c, const struct call *call, struct error *err)
{
    char *question;

    (void)call;
    if (c->pending && !c->batch) {
        question = xasprintf("%s is not done and would be lost; leave all the same?",
                             c->pending->what);
        c->quit = c->out->ask(c->self, question);
        free(question);
        return c->quit || error_set(err, ERROR_CANCELLED, "the jobs go on; `stop` ends one "
                                    "and keeps its best weights");
    }
    c->quit = true;
    return true;
}

const struct command command_quit = {
    .name = "quit",
    .help = "leave; jobs that run are ended",
    .run = run_quit,
};
