/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/command.h"
#include "command/name.h"

enum id {
    ARG_BATCH, ARG_LINE, ARG_PLAIN, ARG_SEED, ARG_THREADS, ARG_FORMAT, ARG_NO_RC,
    ARG_KEYS, ARG_VERSION, ARG_HELP, ARG_COMPLETE_BASH,
};

static const struct option_text {
    const char *name;
    const char *value; /* placeholder, NULL: takes none */
    enum id id;
    struct value check;
    const char *help;  /* NULL: not listed */
} options[] = {
    {"-b", "[SCRIPT]", ARG_BATCH, {VALUE_FILE, NULL, 0, 0},
     "run, without a terminal, the lines of -c, then SCRIPT"},
    {"-c", "LINE", ARG_LINE, {VALUE_TEXT, NULL, 0, 0},
     "run this command line first; may be given several times"},
    {"--plain", NULL, ARG_PLAIN, {VALUE_FLAG, NULL, 0, 0},
     "a line-oriented prompt: for screen readers and simple terminals"},
    {"--seed", "N", ARG_SEED, {VALUE_SEED, NULL, 0, 0},
     "seed of splits and training where a command gives none"},
    {"--threads", "N", ARG_THREADS, {VALUE_INT, NULL, 1, 1024},
     "compute threads; else one for each core"},
    {"--format", "table|csv|json", ARG_FORMAT, {VALUE_CHOICE, "table|csv|json", 0, 0},
     "how commands print data"},
    {"--no-rc", NULL, ARG_NO_RC, {VALUE_FLAG, NULL, 0, 0},
     "leave the start-up file and the file of keys alone"},
    {"--keys", NULL, ARG_KEYS, {VALUE_FLAG, NULL, 0, 0},
     "print the keys of the workbench, with your own, and leave"},
    {"--version", NULL, ARG_VERSION, {VALUE_FLAG, NULL, 0, 0},
     "print the version and leave"},
    {"--help", NULL, ARG_HELP, {VALUE_FLAG, NULL, 0, 0}, "print this and leave"},
    {"--complete-bash", NULL, ARG_COMPLETE_BASH, {VALUE_FLAG, NULL, 0, 0}, NULL},
};

enum { N_OPTIONS = sizeof(options) / sizeof(options[0]) };

static const struct option_text *find_option(const char *name, size_t n)
{
    for (int i = 0; i < N_OPTIONS; i++) {
        if (strlen(options[i].name) == n && strncmp(options[i].name, name, n) == 0)
            return &options[i];
    }
    return NULL;
}

static bool refuse_option(const char *word, struct error *err)
{
    const char *names[N_OPTIONS];
    char *name = xstrndup(word, strcspn(word, "="));

    for (int i = 0; i < N_OPTIONS; i++)
        names[i] = options[i].name;
    name_refuse("option", name, names, N_OPTIONS, "tabscope --help lists them", err);
    free(name);
    return false;
}

/* Stores a value that was checked (NULL for options that take none). */
static void store(struct arguments *a, const struct option_text *o, const char *value)
{
    long n = 0;

    switch (o->id) {
    case ARG_BATCH:
        a->batch = true;
        a->script = value ? value : a->script;
        break;
    case ARG_LINE:
        a->lines[a->n_lines++] = value;
        break;
    case ARG_PLAIN:
        a->plain = true;
        break;
    case ARG_SEED:
        a->has_seed = value_seed(value, &a->seed);
        break;
    case ARG_THREADS:
        str_to_long(value, (long)o->check.low, (long)o->check.high, &n);
        a->threads = (int)n;
        break;
    case ARG_FORMAT:
        a->format = value_choice(o->check.choices, value);
        break;
    case ARG_NO_RC:
        a->no_rc = true;
        break;
    case ARG_KEYS:
        a->keys = true;
        break;
    case ARG_VERSION:
        a->version = true;
        break;
    case ARG_HELP:
        a->help = true;
        break;
    case ARG_COMPLETE_BASH:
        a->complete_bash = true;
        break;
    }
}

/* The script of -b may be missing: then the next word is another option, or the end. */
static bool is_script_word(const char *word)
{
    return word && (word[0] != '-' || word[1] == '\0');
}

static bool take_option(struct arguments *a, char **argv, int *i, struct error *err)
{
    const char *word = argv[*i], *value = NULL, *next = argv[*i + 1];
    size_t n = word[1] == '-' ? strcspn(word, "=") : 2;
    const struct option_text *o = find_option(word, n);

    if (!o)
        return refuse_option(word, err);
    if (word[n] == '=' && word[1] == '-')
        value = word + n + 1;
    else if (word[n] != '\0')
        value = word + n; /* -cLINE */
    if (!o->value && value)
        return error_set(err, ERROR_USAGE, "%s takes no value", o->name);
    if (o->value && !value && (o->id != ARG_BATCH || is_script_word(next))) {
        if (!next)
            return error_set(err, ERROR_USAGE, "%s needs a value: %s %s", o->name,
                             o->name, o->value);
        value = next;
        ++*i;
    }
    if (value && !value_check(&o->check, o->name, value, err))
        return false;
    store(a, o, value);
    return true;
}

static bool is_script(const char *path)
{
    size_t n = strlen(path);
    char first[2] = "";
    FILE *f;
    bool result = false;

    if (n > 9 && strcmp(path + n - 9, ".tabscope") == 0)
        return true;
    f = fopen(path, "re");
    if (f) {
        result = fread(first, 1, 2, f) == 2 && first[0] == '#' && first[1] == '!';
        fclose(f);
    }
    return result;
}

/* `tabscope doctor` is a command line, unless a file is called so. */
static bool is_doctor(const char *word)
{
    return strcmp(word, "doctor") == 0 && access(word, F_OK) != 0;
}

static bool take_file(struct arguments *a, const char *path, struct error *err)
{
    char *shown;

    if (is_doctor(path)) {
        a->batch = true;
        a->lines[a->n_lines++] = path;
        return true;
    }
    if (!is_script(path)) {
        a->tables[a->n_tables++] = path;
        return true;
    }
    if (!a->script) {
        a->script = path;
        return true;
    }
    shown = show(path, 60);
    error_set(err, ERROR_USAGE,
              "\"%s\" is one script too many; `source` in a script runs others", shown);
    free(shown);
    return false;
}

bool arguments_parse(int argc, char **argv, struct arguments *out, struct error *err)
{
    bool ok = true, only_files = false;

    *out = (struct arguments){
        .lines = xcalloc((size_t)argc + 1, sizeof(*out->lines)),
        .tables = xcalloc((size_t)argc + 1, sizeof(*out->tables)),
    };
    for (int i = 1; i < argc && ok; i++) {
        if (!only_files && strcmp(argv[i], "--") == 0)
            only_files = true;
        else if (!only_files && argv[i][0] == '-' && argv[i][1] != '\0')
            ok = take_option(out, argv, &i, err);
        else
            ok = take_file(out, argv[i], err);
    }
    return ok;
}

void arguments_done(struct arguments *a)
{
    free(a->lines);
    free(a->tables);
}

const char *arguments_option(int i)
{
    return i >= 0 && i < N_OPTIONS && options[i].help ? options[i].name : NULL;
}

void arguments_help(struct str *out)
{
    str_puts(out, "usage: tabscope [OPTION...] [FILE.csv...] [SCRIPT]\n"
                  "       tabscope -b SCRIPT | -b - | -c LINE... -b\n"
                  "       tabscope doctor\n\n"
                  "Trains TabTransformers on tables and looks into them.\n\n");
    for (int i = 0; i < N_OPTIONS; i++) {
        struct str left = {0};

        if (!options[i].help)
            continue;
        str_printf(&left, "%s %s", options[i].name,
                   options[i].value ? options[i].value : "");
        str_printf(out, "  %-24s %s\n", left.text, options[i].help);
        str_done(&left);
    }
    str_puts(out,
             "\nA SCRIPT is a file of command lines, named *.tabscope. At the prompt "
                  "`help` lists the\ncommands; tabscope(1) and tabscope(5) are the "
                  "manual.\n");
}

void arguments_complete_bash(struct str *out)
{
    const struct command *command;

    str_puts(out, "# bash completion of tabscope, made by tabscope --complete-bash\n"
                  "_tabscope()\n{\n"
                  "    local word=${COMP_WORDS[COMP_CWORD]}\n"
                  "    case ${COMP_WORDS[COMP_CWORD-1]} in\n"
                  "    -c)\n"
                  "        COMPREPLY=($(compgen -W \"");
    for (int i = 0; (command = command_at(i)); i++)
        str_printf(out, "%s%s", i > 0 ? " " : "", command->name);
    str_puts(out, "\" -- \"$word\"))\n"
                  "        return ;;\n"
                  "    --format)\n"
                  "        COMPREPLY=($(compgen -W \"table csv json\" -- \"$word\"))\n"
                  "        return ;;\n"
                  "    esac\n"
                  "    if [[ $word == -* ]]; then\n"
                  "        COMPREPLY=($(compgen -W \"");
    for (int i = 0; arguments_option(i); i++)
        str_printf(out, "%s%s", i > 0 ? " " : "", arguments_option(i));
    str_puts(out, "\" -- \"$word\"))\n"
                  "    else\n"
                  "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                  "    fi\n"
                  "}\n"
                  "complete -o filenames -F _tabscope tabscope\n");
}
