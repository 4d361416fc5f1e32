/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/complete.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "command/contender.h"
#include "command/option.h"
#include "command/pending.h"
#include "engine/study_kept.h"

enum { FILES_LIMIT = 2000, VALUES_LIMIT = 500 };

/* The word that is completed and where its candidates go. */
struct seek {
    const struct context *context;
    const struct cut *cut;
    const char *word;     /* what candidates begin with */
    size_t front;         /* bytes of the word in front of that: "--on=" */
    struct completion *out;
};

static void add(struct seek *s, const char *text, const char *help)
{
    struct completion *out = s->out;
    struct str quoted = {0};

    str_add(&quoted, s->cut->text, s->front);
    word_quote(&quoted, text);
    out->texts = xgrow(out->texts, (size_t)out->n, &out->capacity, sizeof(*out->texts));
    out->helps = xgrow(out->helps, (size_t)out->n, &out->help_capacity,
                       sizeof(*out->helps));
    out->texts[out->n] = quoted.text;
    out->helps[out->n++] = help ? xstrdup(help) : NULL;
}

static void offer(struct seek *s, const char *text, const char *help)
{
    if (str_starts(text, s->word))
        add(s, text, help);
}

static void offer_verbs(struct seek *s)
{
    const struct command *command;

    for (int i = 0; (command = command_at(i)); i++)
        offer(s, command->name, command->help);
}

/* Its name is not a word to be quoted: the dashes make it an option. */
static void offer_option(struct seek *s, const struct parameter *p)
{
    char *text = xasprintf("--%s", p->name);

    if (str_starts(text, s->word)) {
        add(s, p->name, p->help);
        free(s->out->texts[s->out->n - 1]);
        s->out->texts[s->out->n - 1] = text;
    } else {
        free(text);
    }
}

static void offer_options(struct seek *s, const struct command *command)
{
    for (const struct parameter *p = command->options; p->name; p++)
        offer_option(s, p);
    if (command->flags & COMMAND_DATA)
        offer_option(s, command_format_option());
}

static void offer_choices(struct seek *s, const char *choices)
{
    char name[64];

    for (int i = 0; value_choice_name(choices, i, name, sizeof(name)); i++)
        offer(s, name, NULL);
}

static void offer_columns(struct seek *s)
{
    const struct table *t = s->context->session->table;

    for (int i = 0; t && i < t->schema->n_columns; i++)
        offer(s, t->schema->columns[i].name, kind_name(t->schema->columns[i].kind));
}

/* First the column, then those of its values that are kept in a dictionary. */
static void offer_values(struct seek *s, const char *front, const struct column *c)
{
    for (size_t i = 0; i < column_dictionary_size(c) && s->out->n < VALUES_LIMIT; i++) {
        struct cell value = column_dictionary_cell(c, i);
        char *text = xasprintf("%s%.*s", front, (int)value.length, value.text);

        offer(s, text, NULL);
        free(text);
    }
}

/* A value is to follow within the quotes. */
static void leave_open(char *text)
{
    size_t n = strlen(text);

    if (n > 0 && strchr("'\"", text[n - 1]))
        text[n - 1] = '\0';
}

static void offer_cells(struct seek *s)
{
    const struct table *t = s->context->session->table;

    for (int i = 0; t && i < t->schema->n_columns; i++) {
        char *front = xasprintf("%s=", t->schema->columns[i].name);

        if (str_starts(s->word, front)) {
            offer_values(s, front, dataset_column(t->data, i));
        } else if (str_starts(front, s->word)) {
            add(s, front, kind_name(t->schema->columns[i].kind));
            leave_open(s->out->texts[s->out->n - 1]);
            s->out->more = true;
        }
        free(front);
    }
}

static void offer_classes(struct seek *s)
{
    const struct table *t = s->context->session->table;

    if (t && t->schema->target >= 0)
        offer_values(s, "", dataset_column(t->data, t->schema->target));
}

static void offer_tables(struct seek *s)
{
    const struct session *session = s->context->session;

    for (size_t i = 0; i < session->n_tables; i++)
        offer(s, session->tables[i]->name, NULL);
}

/* Behind those that are there already. */
static void offer_models(struct seek *s)
{
    const char *comma = strrchr(s->word, ',');
    int front = comma ? (int)(comma + 1 - s->word) : 0;
    const struct contender *model;

    for (int i = 0; (model = contender_at(i)); i++) {
        char *text = xasprintf("%.*s%s", front, s->word, model->name);

        offer(s, text, model->title);
        free(text);
    }
}

static void offer_runs(struct seek *s)
{
    const struct session *session = s->context->session;

    for (size_t i = 0; i < session->n_runs; i++)
        offer(s, session->runs[i]->name, session->runs[i]->origin);
}

/* All of them, or those that have not become a run. */
static void offer_studies(struct seek *s, bool all)
{
    const struct session *session = s->context->session;
    size_t n;
    char **names = study_kept_list(session, &n);

    for (size_t i = 0; i < n; i++) {
        if (all || !session_find_run(session, names[i]))
            offer(s, names[i], NULL);
        free(names[i]);
    }
    free(names);
}

static void offer_jobs(struct seek *s)
{
    for (const struct pending *p = pending_next(s->context, NULL); p;
         p = pending_next(s->context, p)) {
        char number[16];

        snprintf(number, sizeof(number), "%d", p->job);
        offer(s, number, p->what);
    }
}

static void offer_settings(struct seek *s)
{
    const struct option *o;

    for (int i = 0; (o = option_at(i)); i++)
        offer(s, o->name, o->help);
}

static void offer_setting_value(struct seek *s, const char *name)
{
    const struct option *o = name ? option_find(name, NULL) : NULL;
    struct str value = {0};

    if (!o)
        return;
    if (o->value.type == VALUE_CHOICE) {
        offer_choices(s, o->value.choices);
    } else {
        option_print(o, &s->context->session->settings, &value);
        offer(s, str_text(&value), "as it is now");
        str_done(&value);
    }
}

/* A folder goes on with "/", so that the next key completes inside it. */
static void offer_file(struct seek *s, const char *folder, const struct dirent *entry,
                       const char *shown_folder)
{
    char *path = xasprintf("%s/%s", folder, entry->d_name);
    struct stat st;
    bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    char *text = xasprintf("%s%s%s", shown_folder, entry->d_name, is_folder ? "/" : "");

    add(s, text, NULL);
    s->out->more = s->out->more || is_folder;
    free(text);
    free(path);
}

static void offer_files(struct seek *s)
{
    const char *base = path_base_name(s->word);
    char *shown_folder = xstrndup(s->word, (size_t)(base - s->word));
    char *folder = path_expand(base > s->word ? shown_folder : ".");
    DIR *d = opendir(folder);
    const struct dirent *entry;

    while (d && s->out->n < FILES_LIMIT && (entry = readdir(d))) {
        if (!str_starts(entry->d_name, base) ||
            (entry->d_name[0] == '.' && base[0] != '.') ||
            strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        offer_file(s, folder, entry, shown_folder);
    }
    if (d)
        closedir(d);
    free(folder);
    free(shown_folder);
}

static void offer_value(struct seek *s, const struct value *v, const char *before)
{
    switch (v->type) {
    case VALUE_FILE:
    case VALUE_NEW_FILE:
        offer_files(s);
        break;
    case VALUE_CHOICE:
        offer_choices(s, v->choices);
        break;
    case VALUE_BYTE:
        offer_choices(s, "tab|space|blanks|none");
        break;
    case VALUE_COLUMN:
        offer_columns(s);
        break;
    case VALUE_CELL:
        offer_cells(s);
        break;
    case VALUE_CLASS:
        offer_classes(s);
        break;
    case VALUE_TABLE:
        offer_tables(s);
        break;
    case VALUE_SOURCE:
        offer_tables(s);
        offer_files(s);
        break;
    case VALUE_MODELS:
        offer_models(s);
        break;
    case VALUE_RUN:
        offer_runs(s);
        break;
    case VALUE_STUDY:
        offer_studies(s, true);
        break;
    case VALUE_JOB:
        offer_jobs(s);
        break;
    case VALUE_PAUSED:
        offer_jobs(s);
        offer_runs(s);
        offer_studies(s, false);
        break;
    case VALUE_VERB:
        offer_verbs(s);
        break;
    case VALUE_OPTION:
    case VALUE_DRAW:
        offer_settings(s);
        break;
    case VALUE_OPTION_VALUE:
        offer_setting_value(s, before);
        break;
    case VALUE_SETTING:
        offer_setting_value(s, v->choices);
        break;
    default:
        break;
    }
}

/* Arguments before the word, and the option that waits for its value there. */
struct place {
    int n_arguments;
    const char *last_argument;
    const struct parameter *open;
};

static struct place find_place(const struct command *command, const struct words *before)
{
    struct place place = {0};

    for (int i = 1; i < before->n; i++) {
        const struct word *w = &before->words[i];

        if (place.open) {
            place.open = NULL;
        } else if (!w->quoted && str_starts(w->text, "--")) {
            if (strchr(w->text, '='))
                continue;
            place.open = command_option(command, w->text + 2, NULL);
            if (place.open && place.open->value.type == VALUE_FLAG)
                place.open = NULL;
        } else {
            place.n_arguments++;
            place.last_argument = w->text;
        }
    }
    return place;
}

/* What may stand at an argument's place. Behind a repeated one both it and its
 * follower. */
static void offer_arguments(struct seek *s, const struct command *command,
                            const struct place *place)
{
    int i = place->n_arguments;
    const struct parameter *p = command_argument(command, i, i + 1);
    const struct parameter *follower = NULL;

    for (const struct parameter *q = command->arguments; q->name; q++) {
        if (q->count >= MANY && i > q - command->arguments) {
            p = q;
            follower = q[1].name ? &q[1] : NULL;
        }
        if (q->count >= MANY && i == q - command->arguments)
            p = q;
    }
    if (p)
        offer_value(s, &p->value, place->last_argument);
    if (follower)
        offer_value(s, &follower->value, place->last_argument);
}

static void offer_inside(struct seek *s, const struct command *command)
{
    struct place place = find_place(command, &s->cut->before);
    const char *text = s->cut->text, *equals = strchr(text, '=');
    const struct parameter *p;
    char *name;

    if (place.open) {
        offer_value(s, &place.open->value, NULL);
    } else if (str_starts(text, "--") && equals && !s->cut->quote) {
        name = xstrndup(text + 2, (size_t)(equals - text) - 2);
        p = command_option(command, name, NULL);
        s->front = (size_t)(equals - text) + 1;
        s->word = equals + 1;
        if (p)
            offer_value(s, &p->value, NULL);
        free(name);
    } else if (text[0] == '-' && !s->cut->quote) {
        offer_options(s, command);
    } else {
        offer_arguments(s, command, &place);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void complete(const struct context *c, const char *line, size_t point,
              struct completion *out)
{
    struct cut cut;
    struct seek seek = {.context = c, .cut = &cut, .out = out};
    const struct command *command;

    *out = (struct completion){.at = point};
    line_cut(line, point, &cut);
    seek.word = cut.text;
    out->at = cut.at;
    if (!cut.comment && cut.before.n == 0) {
        offer_verbs(&seek);
    } else if (!cut.comment) {
        command = command_find(cut.before.words[0].text, NULL);
        if (command)
            offer_inside(&seek, command);
    }
    if (out->n > 0 && !out->helps[0]) /* files: the folder gives them in any order */
        qsort(out->texts, (size_t)out->n, sizeof(*out->texts), by_text);
    cut_done(&cut);
}

void completion_done(struct completion *c)
{
    for (int i = 0; i < c->n; i++) {
        free(c->texts[i]);
        free(c->helps[i]);
    }
    free(c->texts);
    free(c->helps);
    *c = (struct completion){0};
}
