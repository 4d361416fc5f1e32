/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/attending.h"
#include "command/families.h"
#include "command/mapping.h"
#include "command/name.h"
#include "command/option.h"
#include "engine/kept.h"
#include "plot/figure.h"

/* In the order of `help`. */
static const struct command *const commands[] = {
    &command_load, &command_tables, &command_use, &command_head, &command_describe,
    &command_export,
    &command_mark, &command_target, &command_split, &command_schema, &command_undo,
    &command_redo,
    &command_model, &command_pretrain, &command_train, &command_search,
    &command_benchmark, &command_evaluate,
    &command_predict, &command_save,
    &command_open,
    &command_attention,
    &command_whatif,
    &command_probe,
    &command_robustness,
    &command_importance,
    &command_dependence,
    &command_embeddings, &command_neighbours, &command_tsne,
    &command_runs, &command_run_verb, &command_compare, &command_plot, &command_report,
    &command_jobs, &command_pause, &command_resume, &command_stop, &command_wait,
    &command_view, &command_focus, &command_find_verb, &command_back, &command_enter,
    &command_move, &command_select, &command_arrange, &command_rows, &command_values,
    &command_chart, &command_zoom, &command_overlay, &command_fold,
    &command_map, &command_points, &command_brush,
    &command_layout, &command_range,
    &command_copy,
    &command_menu, &command_keys, &command_freeze, &command_repaint, &command_suspend,
    &command_edit, &command_screen_dump, &command_say,
    &command_linger, &command_bind, &command_unbind, &command_theme,
    &command_set, &command_show, &command_keep, &command_session, &command_doctor,
    &command_help, &command_source, &command_quit,
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]), MAX_CHOICES = 60 };

static const struct {
    const struct command *first;
    const char *heading;
} groups[] = {
    {&command_load, "Tables"}, {&command_mark, "Columns"}, {&command_model, "Models"},
    {&command_runs, "Runs"}, {&command_jobs, "Jobs"}, {&command_view, "The screen"},
    {&command_set, "The program"},
};

static const struct parameter format_option = {
    "format", {VALUE_CHOICE, "table|csv|json", 0, 0}, OPTIONAL, "table|csv|json",
    "how the data is printed",
};

/* ---- what it owns ---- */

void context_done(struct context *c)
{
    for (int i = 0; i < KEPT_FIGURES; i++)
        figure_free(c->figures[i]);
    attending_free(c->attending);
    mapping_free(c->mapping);
    str_done(&c->record);
}

void context_keep_figure(struct context *c, enum kept_figure which, struct figure *f)
{
    figure_free(c->figures[which]);
    c->figures[which] = f;
}

/* ---- the way out ---- */

void context_print(struct context *c, const char *bytes, size_t n)
{
    c->out->print(c->self, bytes, n);
}

void context_note(struct context *c, const char *format, ...)
{
    struct str text = {0};
    va_list args;

    va_start(args, format);
    str_vprintf(&text, format, args);
    va_end(args);
    c->out->note(c->self, str_text(&text));
    str_done(&text);
}

void context_note_lines(struct context *c, const char *indent, const char *text)
{
    for (size_t n; *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        if (n > 0)
            context_note(c, "%s%.*s", indent, (int)n, text);
    }
}

/* ---- the table ---- */

const struct command *command_at(int i)
{
    return i >= 0 && i < N_COMMANDS ? commands[i] : NULL;
}

const char *command_heading(const struct command *command)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (groups[i].first == command)
            return groups[i].heading;
    }
    return NULL;
}

const struct parameter *command_format_option(void)
{
    return &format_option;
}

const struct command *command_find(const char *name, struct error *err)
{
    const char *names[N_COMMANDS];
    int found;

    for (int i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i]->name;
    found = name_find("command", name, names, N_COMMANDS, "`help` lists them", err);
    return found >= 0 ? commands[found] : NULL;
}

static int count_arguments(const struct command *command)
{
    int n = 0;

    while (command->arguments[n].name)
        n++;
    return n;
}

const struct parameter *command_argument(const struct command *command, int i, int n)
{
    int count = count_arguments(command), many = 0;

    while (many < count && command->arguments[many].count < MANY)
        many++;
    if (many == count || i <= many)
        return i < count ? &command->arguments[i] : NULL;
    /* Behind the one that repeats, the last words belong to the last arguments. */
    if (n - i < count - many)
        return &command->arguments[count - (n - i)];
    return &command->arguments[many];
}

/* Choices stand for themselves, but for those that would fill a line. */
static void add_argument(struct str *out, const struct parameter *p)
{
    bool choices = p->value.type == VALUE_CHOICE &&
                   strlen(p->value.choices) < MAX_CHOICES;
    const char *name = choices ? p->value.choices : p->name;
    bool optional = p->count == OPTIONAL || p->count == MANY_OR_NONE;

    str_printf(out, optional ? " [%s%s]" : " %s%s", name, p->count >= MANY ? "..." : "");
}

void command_usage(const struct command *command, struct str *out)
{
    str_puts(out, command->name);
    for (const struct parameter *p = command->arguments; p->name; p++)
        add_argument(out, p);
    for (const struct parameter *p = command->options; p->name; p++) {
        if (p->value.type == VALUE_FLAG)
            str_printf(out, " [--%s]", p->name);
        else
            str_printf(out, " [--%s %s]", p->name, p->sample);
    }
    if (command->flags & COMMAND_DATA)
        str_printf(out, " [--%s %s]", format_option.name, format_option.sample);
    if (command->flags & COMMAND_JOB)
        str_puts(out, " [&]");
}

static void refuse_option(const struct command *command, const char *name,
                          const char *const *names, int n, struct error *err)
{
    const char *near = name_nearest(name, names, n);
    char *shown = show(name, 60);
    struct str list = {0};

    for (int i = 0; i < n; i++)
        str_printf(&list, "%s--%s", i == 0 ? "" : ", ", names[i]);
    if (near)
        error_set(err, ERROR_USAGE, "%s has no option --%s; did you mean --%s?",
                  command->name, shown, near);
    else if (n > 0)
        error_set(err, ERROR_USAGE, "%s has no option --%s; it takes %s", command->name,
                  shown, str_text(&list));
    else
        error_set(err, ERROR_USAGE, "%s takes no options, so no --%s", command->name,
                  shown);
    str_done(&list);
    free(shown);
}

const struct parameter *command_option(const struct command *command, const char *name,
                                       struct error *err)
{
    const struct parameter *all[MAX_OPTIONS + 1], *found = NULL;
    const char *names[MAX_OPTIONS + 1] = {0}, *fitting[MAX_OPTIONS + 1];
    int n = 0, n_fitting = 0;

    for (const struct parameter *p = command->options; p->name; p++)
        all[n++] = p;
    if (command->flags & COMMAND_DATA)
        all[n++] = &format_option;
    for (int i = 0; i < n; i++) {
        names[i] = all[i]->name;
        if (strcmp(names[i], name) == 0)
            return all[i];
        if (name[0] != '\0' && str_starts(names[i], name)) {
            found = all[i];
            fitting[n_fitting++] = names[i];
        }
    }
    if (n_fitting == 1)
        return found;
    if (n_fitting > 1)
        name_refuse_ambiguous("option", name, fitting, n_fitting, err);
    else
        refuse_option(command, name, names, n, err);
    return NULL;
}

/* ---- a line becomes a call ---- */

static bool check_value(const struct parameter *p, const char *shown_name,
                        const char *text, struct error *err)
{
    const struct option *setting;

    if (p->value.type != VALUE_SETTING)
        return value_check(&p->value, shown_name, text, err);
    setting = option_find(p->value.choices, err);
    return setting && value_check(&setting->value, shown_name, text, err);
}

/* "--name value" or "--name=value" at words[*i]; *i moves on to the last word taken. */
static bool take_option(struct call *call, const struct words *w, int *i,
                        struct error *err)
{
    const struct command *command = call->command;
    char *text = w->words[*i].text + 2, *equals = strchr(text, '=');
    char *name = xstrndup(text, equals ? (size_t)(equals - text) : strlen(text));
    const struct parameter *p = command_option(command, name, err);
    char *shown = p ? xasprintf("--%s", p->name) : NULL;
    const char **slot = p == &format_option ? &call->format
                        : p ? &call->options[p - command->options] : NULL;
    const char *value = equals ? equals + 1 : NULL;
    bool ok = p != NULL;

    if (ok && *slot)
        ok = error_set(err, ERROR_USAGE, "%s is given twice", shown);
    else if (ok && p->value.type == VALUE_FLAG && value)
        ok = error_set(err, ERROR_USAGE, "%s takes no value", shown);
    else if (ok && p->value.type == VALUE_FLAG)
        value = p->name;
    else if (ok && !value && *i + 1 < w->n)
        value = w->words[++*i].text;
    else if (ok && !value)
        ok = error_set(err, ERROR_USAGE, "%s needs a value: %s %s", shown, shown,
                       p->sample);
    if (ok && p->value.type != VALUE_FLAG)
        ok = check_value(p, shown, value, err);
    if (ok)
        *slot = value;
    free(name);
    free(shown);
    return ok;
}

static bool refuse_count(const struct command *command, const char *problem,
                         struct error *err)
{
    struct str usage = {0};

    command_usage(command, &usage);
    error_set(err, ERROR_USAGE, "%s; usage: %s", problem, str_text(&usage));
    str_done(&usage);
    return false;
}

static bool check_arguments(struct call *call, struct error *err)
{
    const struct command *command = call->command;
    int needed = 0;

    for (const struct parameter *p = command->arguments; p->name; p++)
        needed += p->count == REQUIRED || p->count == MANY;
    if (call->n_words < needed) {
        int missing = call->n_words < count_arguments(command) ? call->n_words : 0;
        char *problem = xasprintf("%s needs %s", command->name,
                                  command->arguments[missing].name);

        refuse_count(command, problem, err);
        free(problem);
        return false;
    }
    for (int i = 0; i < call->n_words; i++) {
        const struct parameter *p = command_argument(command, i, call->n_words);

        if (!p) {
            char *shown = show(call->words[i], 40);
            char *problem = xasprintf("\"%s\" is one word too many for %s", shown,
                                      command->name);

            refuse_count(command, problem, err);
            free(problem);
            free(shown);
            return false;
        }
        if (!check_value(p, p->name, call->words[i], err))
            return false;
    }
    return true;
}

/* words: room for w->n pointers, which stay the line's. */
static bool make_call(const struct words *w, char **words, struct call *call,
                      struct error *err)
{
    bool only_arguments = false;

    call->command = command_find(w->words[0].text, err);
    if (!call->command)
        return false;
    call->words = words;
    call->background = w->background;
    for (int i = 1; i < w->n; i++) {
        const struct word *word = &w->words[i];

        if (only_arguments || word->quoted || strncmp(word->text, "--", 2) != 0)
            words[call->n_words++] = word->text;
        else if (word->text[2] == '\0')
            only_arguments = true;
        else if (!take_option(call, w, &i, err))
            return false;
    }
    if (call->background && !(call->command->flags & COMMAND_JOB))
        return error_set(err, ERROR_USAGE, "%s is done at once and takes no &",
                         call->command->name);
    return check_arguments(call, err);
}

const char *call_word(const struct call *call, int i)
{
    return i < call->n_words ? call->words[i] : NULL;
}

const char *call_option(const struct call *call, const char *name)
{
    for (int i = 0; call->command->options[i].name; i++) {
        if (strcmp(call->command->options[i].name, name) == 0)
            return call->options[i];
    }
    return NULL;
}

long call_int(const struct call *call, const char *name, long otherwise)
{
    const char *text = call_option(call, name);
    long value = otherwise;

    if (text)
        str_to_long(text, -1000000000L, 1000000000000L, &value);
    return value;
}

double call_number(const struct call *call, const char *name, double otherwise)
{
    const char *text = call_option(call, name);
    double value = otherwise;

    if (text)
        str_to_double(text, strlen(text), &value);
    return value;
}

uint64_t call_seed(const struct call *call, const char *name, uint64_t otherwise)
{
    const char *text = call_option(call, name);
    uint64_t value = otherwise;

    if (text)
        value_seed(text, &value);
    return value;
}

int call_choice(const struct call *call, const char *name, int otherwise)
{
    const char *text = call_option(call, name);

    for (int i = 0; text && call->command->options[i].name; i++) {
        if (strcmp(call->command->options[i].name, name) == 0)
            return value_choice(call->command->options[i].value.choices, text);
    }
    return otherwise;
}

void call_print(const struct call *call, struct str *out)
{
    str_puts(out, call->command->name);
    for (int i = 0; i < call->n_words; i++) {
        str_putc(out, ' ');
        word_quote(out, call->words[i]);
    }
    for (int i = 0; call->command->options[i].name; i++) {
        if (!call->options[i])
            continue;
        str_printf(out, " --%s", call->command->options[i].name);
        if (call->command->options[i].value.type != VALUE_FLAG) {
            str_putc(out, ' ');
            word_quote(out, call->options[i]);
        }
    }
}

/* ---- running ---- */

static bool check_state(const struct context *c, const struct command *command,
                        struct error *err)
{
    bool needs = command->flags & (COMMAND_TABLE | COMMAND_TARGET);
    const struct table *t = needs ? c->session->table : NULL;

    if (needs && !t)
        return error_set(err, ERROR_STATE, "%s needs a table; `load FILE` reads one",
                         command->name);
    if ((command->flags & COMMAND_TARGET) && t->schema->target < 0)
        return error_set(err, ERROR_STATE,
                         "%s needs a target; `target COLUMN` says what is "
                         "to be predicted", command->name);
    return true;
}

static bool run_words(struct context *c, const struct words *w, struct error *err)
{
    char **words = xcalloc((size_t)w->n, sizeof(*words));
    struct call call = {0};
    bool ok = make_call(w, words, &call, err) && check_state(c, call.command, err);

    if (ok) {
        c->format = call.format ? (enum format)value_choice(format_option.value.choices,
                                                            call.format)
                                : c->usual_format;
        ok = call.command->run(c, &call, err);
    }
    free(words);
    return ok;
}

/* What only looks at the screen, leaves, or saves this very record is not repeated. */
static void record(struct context *c, const struct words *w, const char *line)
{
    const struct command *command =
        w->n > 0 ? command_find(w->words[0].text, NULL) : NULL;

    if (command && !(command->flags & (COMMAND_SCREEN | COMMAND_UNRECORDED)))
        str_printf(&c->record, "%s\n", line);
}

/* The last one that is the same. */
void command_unrecord(struct context *c, const char *line)
{
    char *text = c->record.text;
    size_t n = strlen(line), end = c->record.length, begin;

    for (; end > 0; end = begin) {
        begin = end - 1; /* of the line that ends there */
        while (begin > 0 && text[begin - 1] != '\n')
            begin--;
        if (end - 1 - begin != n || memcmp(text + begin, line, n) != 0)
            continue;
        memmove(text + begin, text + end, c->record.length - end + 1);
        c->record.length -= n + 1;
        return;
    }
}

bool command_run(struct context *c, const char *line, struct error *err)
{
    const char *outer = c->line;
    enum format outer_format = c->format;
    struct words w;
    bool ok = true;

    if (!words_split(line, &w, err))
        return false;
    c->line = line;
    if (w.n > 0)
        ok = run_words(c, &w, err);
    else if (w.background)
        ok = error_set(err, ERROR_USAGE, "& stands alone; it goes behind a command");
    c->line = outer;
    c->format = outer_format;
    if (ok && c->sourcing == 0)
        record(c, &w, line);
    words_done(&w);
    return ok;
}

/* ---- what several commands need ---- */

int find_column(struct context *c, const char *name, struct error *err)
{
    const struct dataset *d = c->session->table->data;
    int n = dataset_columns(d), found = dataset_find(d, name);
    const char **names;

    if (found >= 0)
        return found;
    names = xcalloc((size_t)n, sizeof(*names));
    for (int i = 0; i < n; i++)
        names[i] = column_name(dataset_column(d, i));
    name_refuse("column", name, names, n, "`describe` lists them", err);
    free(names);
    return -1;
}

static bool is_training(const struct session *s)
{
    for (size_t i = 0; i < s->n_runs; i++) {
        if (s->runs[i]->state == RUN_WAITING)
            return true;
    }
    return false;
}

struct run *find_run(struct context *c, const char *name, struct error *err)
{
    struct run *r = name ? session_find_run(c->session, name) : c->session->run;
    char *shown;

    if (!r && name) {
        kept_find(c->session);
        r = session_find_run(c->session, name);
    }
    if (r)
        return r;
    if (!name) {
        error_set(err, ERROR_STATE, is_training(c->session)
                  ? "no run is trained yet; `wait` waits, `stop` takes the best so far"
                  : "there is no run; `train` makes one and `open FILE` brings one");
        return NULL;
    }
    shown = show(name, 60);
    error_set(err, ERROR_USAGE, "there is no run \"%s\"; `runs` lists them", shown);
    free(shown);
    return NULL;
}

bool run_needs_model(struct run *r, struct error *err)
{
    if (r->model)
        return true;
    if (r->state == RUN_KEPT)
        return kept_open(r, err);
    return error_set(err, ERROR_STATE,
                     "the run %s is still in training; `wait` waits for it", r->name);
}

bool may_replace(struct context *c, const char *path, const char **told,
                 struct error *err)
{
    struct stat st;
    char *shown, *question;
    bool yes;

    *told = "";
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return true; /* the writer refuses folders and devices itself */
    shown = show(path, 0);
    question = xasprintf("%s is there already; replace it?", shown);
    yes = c->out->ask(c->self, question);
    if (!yes)
        error_set(err, ERROR_CANCELLED, "%s was left as it is", shown);
    else if (c->batch)
        *told = " in place of the file that was there";
    free(question);
    free(shown);
    return yes;
}

bool load_options_of(const struct call *call, struct load_options *out, struct error *err)
{
    const char *delimiter = call_option(call, "delimiter"), *quote =
        call_option(call, "quote");
    const char *encoding = call_option(call, "encoding");

    *out = (struct load_options){
        .header = (const int[]){-1, 1, 0}[call_choice(call, "header", 2)],
        .skip = call_int(call, "skip", 0),
        .skip_set = call_option(call, "skip") != NULL,
        .missing = call_option(call, "missing"),
    };
    if (encoding)
        out->encoding = call_choice(call, "encoding", 0) == 0 ? "utf-8" : "cp1252";
    if (delimiter && (!value_byte(delimiter, &out->delimiter) || out->delimiter < 0))
        return error_set(err, ERROR_USAGE,
                         "--delimiter takes one character, or tab, space, "
                         "blanks");
    if (quote && (!value_byte(quote, &out->quote) || out->quote > 255))
        return error_set(err, ERROR_USAGE, "--quote takes one character, or none");
    return true;
}
