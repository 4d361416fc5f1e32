/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about the program itself. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/option.h"
#include "command/pending.h"
#include "command/script.h"

enum { HELP_WIDTH = 80, HELP_INDENT = 6 };

/* ---- the list ---- */

static size_t help_width(const struct context *c)
{
    return c->width > 0 && c->width < HELP_WIDTH ? c->width : HELP_WIDTH;
}

/* "  load         read a table from a CSV file, plain or gzip" */
static void add_command(struct str *out, const struct command *command, size_t names,
                        size_t width)
{
    size_t at = 2 + names + 2;

    str_printf(out, "  %-*s  ", (int)names, command->name);
    fold_to(out, command->help, at, at, width);
    str_putc(out, '\n');
}

/* Where there is no screen the names of its commands have to do. */
static int add_screen_commands(struct str *out, int first, size_t width)
{
    const struct command *command;
    struct str names = {0};
    int i = first;

    str_puts(out, " (these need the workbench)\n  ");
    for (; (command = command_at(i)) && command->flags & COMMAND_SCREEN; i++)
        str_printf(&names, "%s%s", i > first ? " " : "", command->name);
    fold_to(out, names.text, 2, 2, width);
    str_putc(out, '\n');
    str_done(&names);
    return i;
}

static size_t longest_name(void)
{
    const struct command *command;
    size_t longest = 0, n;

    for (int i = 0; (command = command_at(i)); i++) {
        n = strlen(command->name);
        longest = n > longest ? n : longest;
    }
    return longest;
}

static void add_groups(struct str *out, bool screen, size_t width)
{
    size_t names = longest_name();
    const struct command *command;
    const char *heading;

    for (int i = 0; (command = command_at(i)); i++) {
        heading = command_heading(command);
        if (heading)
            str_printf(out, "%s%s", i > 0 ? "\n" : "", heading);
        if (heading && !screen && command->flags & COMMAND_SCREEN)
            command = command_at(i = add_screen_commands(out, i, width));
        else if (heading)
            str_putc(out, '\n');
        add_command(out, command, names, width);
    }
}

static void list_as_data(struct context *c)
{
    struct grid *g = grid_new("commands");
    const struct command *command;

    grid_column(g, "command", false);
    grid_prose(g, "does");
    for (int i = 0; (command = command_at(i)); i++) {
        grid_puts(g, command->name);
        grid_puts(g, command->help);
    }
    grid_print(g, c);
}

static void list_commands(struct context *c)
{
    struct str text = {0};

    if (c->format == FORMAT_TABLE) {
        add_groups(&text, c->out->screen != NULL, help_width(c));
        context_print(c, text.text, text.length);
    } else {
        list_as_data(c);
    }
    context_note(c, "`help COMMAND` says more; a unique beginning of a name is enough");
    str_done(&text);
}

/* ---- one command ---- */

/* "  --rows N   read at most N rows (a whole number from 1 to 1000)" */
static void add_parameter(struct str *out, const struct parameter *p, bool option,
                          size_t width)
{
    const struct option *setting = p->value.type == VALUE_SETTING
                                       ? option_find(p->value.choices, NULL) : NULL;
    const struct value *v = setting ? &setting->value : &p->value;
    bool shows_choices = option && v->type == VALUE_CHOICE;
    struct str text = {0};

    str_puts(&text, p->help);
    if (v->type == VALUE_INT || v->type == VALUE_NUMBER || v->type == VALUE_SEED ||
        (v->type == VALUE_CHOICE && !shows_choices)) {
        str_puts(&text, " (");
        value_describe(&text, v);
        str_putc(&text, ')');
    }
    str_printf(out, "  %s%s%s%s\n%*s", option ? "--" : "", p->name, p->sample ? " " : "",
               p->sample ? p->sample : "", HELP_INDENT, "");
    fold_to(out, str_text(&text), HELP_INDENT, HELP_INDENT, width);
    str_putc(out, '\n');
    str_done(&text);
}

static void explain(const struct command *command, const char *usage, size_t width,
                    struct str *out)
{
    char *sentence;

    fold_to(out, usage, 0, 4, width);
    sentence = xasprintf("%c%s.", toupper((unsigned char)command->help[0]),
                         command->help + 1);
    str_puts(out, "\n\n");
    fold_to(out, sentence, 0, 0, width);
    str_putc(out, '\n');
    free(sentence);
    if (command->more) {
        fold_to(out, command->more, 0, 0, width);
        str_putc(out, '\n');
    }
    if (command->flags & COMMAND_SCREEN)
        str_puts(out, "It needs the workbench.\n");
    if (command->arguments[0].name || command->options[0].name)
        str_putc(out, '\n');
    for (const struct parameter *p = command->arguments; p->name; p++)
        add_parameter(out, p, false, width);
    for (const struct parameter *p = command->options; p->name; p++)
        add_parameter(out, p, true, width);
}

static void print_help(struct context *c, const struct command *command)
{
    struct str usage = {0}, text = {0};
    struct grid *g;

    command_usage(command, &usage);
    if (c->format == FORMAT_TABLE) {
        explain(command, usage.text, help_width(c), &text);
        context_print(c, text.text, text.length);
    } else {
        g = grid_new("help");
        grid_fact_text(g, "command", command->name);
        grid_fact_text(g, "usage", usage.text);
        grid_fact_text(g, "does", command->help);
        grid_print(g, c);
    }
    str_done(&usage);
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
    .flags = COMMAND_DATA | COMMAND_UNRECORDED,
    .run = run_help,
};

/* ---- the others ---- */

static bool run_source(struct context *c, const struct call *call, struct error *err)
{
    return script_run_file(c, call_word(call, 0), true, err);
}

const struct command command_source = {
    .name = "source",
    .help = "run the command lines of a file, up to the first that fails",
    .more = "Inside a script every job is waited for before the next line runs, unless "
            "its line ends in &. The log of the workbench has the lines as they run.",
    .arguments = {{"FILE", {VALUE_FILE, NULL, 0, 0}, REQUIRED, NULL, "the script"}},
    .run = run_source,
};

static bool run_quit(struct context *c, const struct call *call, struct error *err)
{
    const struct pending *p = pending_next(c, NULL);
    char *question;

    (void)call;
    if (p && !c->batch) {
        if (pending_kept_name(p))
            question = xasprintf("%s is not done; leave, so that `resume %s` goes on "
                                 "with it another time?", p->what,
                                 pending_kept_name(p));
        else
            question = xasprintf("%s is not done and would be lost; leave all the same?",
                                 p->what);
        c->quit = c->out->ask(c->self, question);
        free(question);
        return c->quit || error_set(err, ERROR_CANCELLED,
                                    "the jobs go on; `stop` ends one "
                                    "and keeps what is done");
    }
    c->quit = true;
    return true;
}

const struct command command_quit = {
    .name = "quit",
    .help = "leave; jobs that run are ended",
    .flags = COMMAND_UNRECORDED,
    .run = run_quit,
};
