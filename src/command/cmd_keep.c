/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options that outlast the session: `keep` writes them into the start-up file. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "command/families.h"
#include "command/option.h"

enum { MOST_OPTIONS = 256, RC_BYTES = 1 << 20 };

/* How much an option is wanted in the file. */
enum wish { LEFT_ALONE, IF_UNUSUAL, WANTED };

struct keeping {
    const struct settings *settings;
    enum wish wishes[MOST_OPTIONS];
    struct str text;  /* of the file as it will be */
    struct str named; /* what is kept, for the person */
};

/* The number of the option that the line of the file sets, -1: it does something else. */
static int option_of_line(const char *line)
{
    const struct command *command;
    const struct option *o = NULL;
    struct words w;
    int i = -1;

    if (!words_split(line, &w, NULL))
        return -1;
    command = w.n > 1 ? command_find(w.words[0].text, NULL) : NULL;
    if (command == &command_theme)
        o = option_find("screen.theme", NULL);
    else if (command == &command_set && w.n > 2)
        o = option_find(w.words[1].text, NULL);
    words_done(&w);
    while (o && option_at(++i) != o)
        ;
    return i;
}

/* Copies what does not set a wanted option; an option that was set there is set again,
 * were it to its default. */
static void copy_others(struct keeping *k, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = xstrndup(text, n);
        int i = option_of_line(line);

        if (i >= 0 && k->wishes[i] != LEFT_ALONE)
            k->wishes[i] = WANTED;
        else
            str_printf(&k->text, "%s\n", line);
        free(line);
        text += n + (text[n] == '\n');
    }
}

static void add_kept(struct keeping *k)
{
    const struct option *o;

    for (int i = 0; (o = option_at(i)); i++) {
        struct str value = {0};

        if (k->wishes[i] == LEFT_ALONE ||
            (k->wishes[i] == IF_UNUSUAL && option_is_default(o, k->settings)))
            continue;
        option_print(o, k->settings, &value);
        str_printf(&k->named, "%s%s %s", k->named.length > 0 ? ", " : "", o->name,
                   str_text(&value));
        str_printf(&k->text, "set %s ", o->name);
        word_quote(&k->text, str_text(&value));
        str_putc(&k->text, '\n');
        str_done(&value);
    }
}

/* name: of an option, or of a group, from which only what is not the default counts. */
static bool wish_for(struct keeping *k, const char *name, struct error *err)
{
    const struct option *o, *one;
    bool group = option_is_group(name);

    one = group ? NULL : option_find(name, err);
    if (!group && !one)
        return false;
    for (int i = 0; (o = option_at(i)) && i < MOST_OPTIONS; i++) {
        if (o == one)
            k->wishes[i] = WANTED;
        else if (group && option_is_named(o, name) && k->wishes[i] == LEFT_ALONE)
            k->wishes[i] = IF_UNUSUAL;
    }
    return true;
}

/* A file that is not there is an empty one. */
static bool read_file(const char *path, char **text, struct error *err)
{
    *text = access(path, F_OK) == 0 ? file_read(path, RC_BYTES, NULL, err) : xstrdup("");
    return *text != NULL;
}

static bool write_file(const char *path, const struct str *text, struct error *err)
{
    char *copy = xstrdup(path);
    bool ok = path_make_folder(dirname(copy), err)
        && file_write(path, 0644, text->text, text->length, err);

    free(copy);
    return ok;
}

static bool keep(struct context *c, struct keeping *k, const char *path,
                 struct error *err)
{
    char *text;
    bool ok;

    if (!read_file(path, &text, err))
        return false;
    copy_others(k, text);
    free(text);
    add_kept(k);
    if (k->named.length == 0)
        return error_set(err, ERROR_STATE, "there is nothing to keep: these options have "
                         "their defaults");
    ok = write_file(path, &k->text, err);
    if (ok)
        context_note(c, "kept for every session, in %s: %s", path, k->named.text);
    return ok;
}

static bool run_keep(struct context *c, const struct call *call, struct error *err)
{
    char *path = path_user("CONFIG", ".config", "rc");
    struct keeping k = {.settings = &c->session->settings};
    bool ok = true;

    for (int i = 0; ok && i < call->n_words; i++)
        ok = wish_for(&k, call->words[i], err);
    if (call->n_words == 0)
        ok = wish_for(&k, "screen", err);
    if (ok && !path)
        ok = error_set(err, ERROR_STATE, "there is no place for a start-up file: HOME is "
                       "not set");
    ok = ok && keep(c, &k, path, err);
    str_done(&k.text);
    str_done(&k.named);
    free(path);
    return ok;
}

const struct command command_keep = {
    .name = "keep",
    .help = "let every session begin with the present values of options",
    .more = "It writes them into the start-up file (~/.config/tabscope/rc) in place of "
            "lines that set them there; other lines stay. Without an OPTION it keeps "
            "those of the screen.",
    .arguments = {{"OPTION", {VALUE_OPTION, NULL, 0, 0}, MANY_OR_NONE, NULL,
                   "one, or a group, of which those count that have not their default"}},
    .flags = COMMAND_UNRECORDED,
    .run = run_keep,
};
