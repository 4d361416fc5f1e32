/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `benchmark`: several models on the same rows of one or more tables. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/benchmark.h"
#include "command/contender.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/repeat.h"
#include "command/standings.h"
#include "command/studying.h"

enum { SPLITS = 5, MOST_LABELS = 32 };

/* ---- what came of it ---- */

static int compare_standings(const void *a, const void *b)
{
    const struct standing *s = a, *t = b;

    if (s->mean == t->mean || (isnan(s->mean) && isnan(t->mean)))
        return s->model - t->model;
    return isnan(s->mean) || s->mean < t->mean ? 1 : -1;
}

static void add_titles(struct grid *g, const struct study *s,
                       const struct metric_field *metric)
{
    grid_column(g, "table", false);
    if (s->n_labels > 1 || s->labels[0] >= 0)
        grid_column(g, "labels", true);
    grid_column(g, "model", false);
    grid_column(g, metric ? metric->name : "metric", true);
    grid_column(g, "deviation", true);
    if (study_has_rounds(s))
        grid_column(g, "unsearched", true);
    grid_column(g, "p", true);
    grid_column(g, "splits", true);
    grid_column(g, "failed", true);
    grid_spare(g);
    grid_column(g, "seconds", true);
    grid_spare(g);
}

static void add_standing(struct grid *g, const struct study *s, const struct standing *at)
{
    grid_puts(g, at->table >= 0 ? s->plan->tables[at->table].name : "mean");
    if (s->labels[at->labels] >= 0)
        grid_count(g, (size_t)s->labels[at->labels]);
    else if (s->n_labels > 1)
        grid_none(g);
    grid_puts(g, s->models[at->model]);
    grid_starred(g, at->mean, 4, at->best);
    grid_number(g, at->deviation, 4);
    if (study_has_rounds(s))
        grid_number(g, at->usual, 4);
    grid_number(g, at->p, 3);
    grid_count(g, (size_t)at->splits);
    grid_count(g, at->failed);
    grid_number(g, at->seconds, 1);
}

static void print_standings(struct context *c, const struct study *s)
{
    struct standings t = standings_make(s);
    struct grid *g = grid_new("standings");

    grid_fact_text(g, "benchmark", s->name);
    add_titles(g, s, t.metric);
    for (size_t i = 0; i < t.n; i += (size_t)s->n_models) {
        qsort(t.list + i, (size_t)s->n_models, sizeof *t.list, compare_standings);
        for (int m = 0; m < s->n_models; m++)
            add_standing(g, s, &t.list[i + (size_t)m]);
    }
    grid_print(g, c);
    standings_done(&t);
}

static bool write_latex(struct context *c, const struct study *s, const char *path,
                        struct error *err)
{
    struct standings t = standings_make(s);
    struct str text = {0};
    bool ok;

    standings_latex(&t, s, contender_title, &text);
    ok = file_write(path, 0644, text.text, text.length, err);
    if (ok)
        context_note(c, "%s: LaTeX table in %s", s->name, path);
    str_done(&text);
    standings_done(&t);
    return ok;
}

static void add_trial(struct grid *g, const struct study *s, size_t trial)
{
    const struct study_trial *t = &s->plan->trials[trial];
    const struct study_result *r = &s->results[trial];
    const struct metric_field *metric = metric_rising(study_task(s->plan, t));

    grid_puts(g, s->plan->tables[t->fit.table].name);
    if (s->labels[t->labels] >= 0)
        grid_count(g, (size_t)s->labels[t->labels]);
    else
        grid_puts(g, "all");
    grid_puts(g, s->models[t->model]);
    grid_count(g, (size_t)t->split);
    grid_count(g, (size_t)t->round);
    grid_puts(g, metric->name);
    grid_number(g, metric_value(&r->valid, metric), -1);
    grid_number(g, metric_value(&r->test, metric), -1);
    grid_count(g, (size_t)r->epochs);
    grid_count(g, (size_t)r->best_epoch);
    grid_bool(g, r->cut);
    grid_number(g, r->seconds, 1);
    grid_puts(g, t->settings);
}

/* A line for each trial that is done, in the order of the plan. */
static bool write_trials(struct context *c, const struct study *s, const char *path,
                         struct error *err)
{
    static const char *const titles[] = {
        "table", "labels", "model", "split", "round", "metric", "valid", "test",
        "epochs", "best_epoch", "ended_early", "seconds", "settings",
    };
    struct grid *g = grid_new("trials");
    bool ok;

    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        grid_column(g, titles[i], false);
    for (size_t i = 0; i < s->plan->n_trials; i++)
        if (s->results[i].state == TRIAL_DONE)
            add_trial(g, s, i);
    ok = grid_write_csv(g, path, err);
    if (ok)
        context_note(c, "%s: its trials are in %s", s->name, path);
    return ok;
}

/* One that fails is not at the cost of the other. */
static bool write_files(struct context *c, const struct study *s, struct error *err)
{
    bool latex = !s->latex_path || write_latex(c, s, s->latex_path, err);
    bool trials = !s->trials_path
        || write_trials(c, s, s->trials_path, latex ? err : NULL);

    return latex && trials;
}

static bool finish_benchmark(struct context *c, struct pending *p, void *work,
                             enum job_state ended, struct error *err)
{
    bool ok = study_end(c, p, work, ended, err);
    const struct study *s = c->session->study;

    if (ended == JOB_DONE)
        print_standings(c, s);
    if (ok) {
        context_note(c, "%s: %zu trials, kept in %s", s->name, s->plan->n_trials, s->folder);
        ok = write_files(c, s, err);
    }
    study_job_type.free(work);
    return ok;
}

static const struct pending_type benchmark_pending = {
    .job = &study_job_type,
    .cut = study_cut,
    .watch = study_watch,
    .status = study_status,
    .finish = finish_benchmark,
};

/* ---- what was asked for ---- */

/* Calls take(asked, study, item) for each of the items between commas, without blanks
 * around it. */
static bool each_of(const char *list, struct benchmark *b, struct study *s,
                    bool (*take)(struct benchmark *b, struct study *s,
                                 const char *item, struct error *err),
                    struct error *err)
{
    bool ok = true;

    for (const char *at = list; ok && at;) {
        size_t n = strcspn(at, ","), blanks = strspn(at, " "), end = n;
        char *item;

        while (end > blanks && at[end - 1] == ' ')
            end--;
        item = xstrndup(at + blanks, end > blanks ? end - blanks : 0);
        ok = take(b, s, item, err);
        free(item);
        at = at[n] ? at + n + 1 : NULL;
    }
    return ok;
}

static bool take_model(struct benchmark *b, struct study *s, const char *item,
                       struct error *err)
{
    const struct contender *model = contender_find(item, err);

    if (!model)
        return false;
    for (int i = 0; i < s->n_models; i++)
        if (b->models[i] == model)
            return error_set(err, ERROR_USAGE, "--models has %s twice", model->name);
    if (s->n_models == BENCHMARK_MODELS)
        return error_set(err, ERROR_USAGE, "--models takes %d at most", BENCHMARK_MODELS);
    s->models = xrealloc(s->models, ((size_t)s->n_models + 1) * sizeof *s->models);
    s->models[s->n_models] = xstrdup(model->name);
    b->models[s->n_models++] = model;
    return true;
}

static bool take_labels(struct benchmark *b, struct study *s, const char *item,
                        struct error *err)
{
    char *shown;
    long n = -1;

    (void)b;
    if (strcmp(item, "all") != 0 && !str_to_long(item, 1, 1000000000, &n)) {
        shown = show(item, 60);
        error_set(err, ERROR_USAGE, "--labels takes numbers of rows, or all, with commas "
                  "between them, as in 50,200,500, not \"%s\"", shown);
        free(shown);
        return false;
    }
    for (int i = 0; i < s->n_labels; i++)
        if (s->labels[i] == n)
            return error_set(err, ERROR_USAGE, "--labels has %s twice", item);
    if (s->n_labels == MOST_LABELS)
        return error_set(err, ERROR_USAGE, "--labels takes %d at most", MOST_LABELS);
    s->labels = xrealloc(s->labels, ((size_t)s->n_labels + 1) * sizeof *s->labels);
    s->labels[s->n_labels++] = n;
    return true;
}

/* A table of the session, by its name or its file; NULL: it is not loaded. */
static struct table *find_table(const struct session *s, const char *word)
{
    struct table *t = session_find_table(s, word);
    char *path = path_expand(word);

    for (size_t i = 0; !t && i < s->n_tables; i++)
        if (strcmp(dataset_path(s->tables[i]->data), path) == 0)
            t = s->tables[i];
    free(path);
    return t;
}

/* A file that is not there is told of before another one is read. */
static bool check_table(const struct session *s, const char *word, struct error *err)
{
    char *path = path_expand(word), *shown = show(path, 0);
    bool ok = find_table(s, word) || strcmp(word, "-") == 0 || access(path, R_OK) == 0
        || error_set(err, ERROR_SYSTEM, "there is no table \"%s\", and no file: %s",
                     shown, strerror(errno));

    free(shown);
    free(path);
    return ok;
}

/* One that is not loaded is read. */
static struct table *need_table(struct context *c, const char *word, struct error *err)
{
    struct table *t = find_table(c->session, word);
    struct str line = {0};
    bool ok;

    if (t)
        return t;
    str_puts(&line, "load ");
    word_quote(&line, word);
    c->sourcing++; /* it is waited for */
    ok = command_run(c, str_text(&line), err);
    c->sourcing--;
    str_done(&line);
    return ok ? c->session->table : NULL;
}

/* The columns of a file that was just read tell no target: the last one is taken, as in
 * most tables that are shared. */
static bool need_target(struct context *c, struct table *t, struct error *err)
{
    const struct schema *s = t->schema;
    struct str line = {0};
    bool ok;

    if (s->target >= 0)
        return true;
    str_puts(&line, "target ");
    word_quote(&line, s->columns[s->n_columns - 1].name);
    context_note(c, "%s: no target was chosen, so it is the last column; `target` before "
                 "the benchmark chooses another one", t->name);
    c->session->table = t;
    ok = command_run(c, str_text(&line), err) || error_prefix(err, "%s", t->name);
    str_done(&line);
    return ok;
}

static bool add_table(struct context *c, struct benchmark *b, const char *word,
                      struct error *err)
{
    struct table *t = need_table(c, word, err);

    if (!t || !need_target(c, t, err))
        return false;
    for (int i = 0; i < b->n_tables; i++)
        if (b->tables[i] == t)
            return error_set(err, ERROR_USAGE, "the table %s is given twice", t->name);
    b->tables = xrealloc(b->tables, ((size_t)b->n_tables + 1) * sizeof *b->tables);
    b->tables[b->n_tables++] = t;
    return true;
}

/* Those of --tables and behind it, else the current one. It stays current. */
static bool find_tables(struct context *c, const struct call *call, struct benchmark *b,
                        struct error *err)
{
    struct table *current = c->session->table;
    const char *first = call_option(call, "tables");
    bool ok = !first || check_table(c->session, first, err);

    for (int i = 0; ok && i < call->n_words; i++)
        ok = check_table(c->session, call_word(call, i), err);
    ok = ok && (!first || add_table(c, b, first, err));
    for (int i = 0; ok && i < call->n_words; i++)
        ok = add_table(c, b, call_word(call, i), err);
    if (ok && b->n_tables == 0)
        ok = current ? add_table(c, b, current->name, err)
                     : error_set(err, ERROR_STATE, "no table: say which with --tables, "
                                 "or `load` one");
    if (current)
        c->session->table = current;
    return ok;
}

static bool find_spaces(const struct call *call, const struct study *s,
                        struct benchmark *b, struct error *err)
{
    const char *draw = call_option(call, "draw");
    struct words words = {0};
    bool ok = true;

    if (draw && !words_split(draw, &words, err))
        return false;
    for (int i = 0; ok && i < s->n_models; i++) {
        const char *texts[64];
        int n = 0;

        for (; n < words.n && n < 64; n++)
            texts[n] = words.words[n].text;
        if (draw)
            ok = space_parse(&b->spaces[i], texts, n, err);
        else
            space_of_paper(&b->spaces[i], b->models[i]->kind);
    }
    words_done(&words);
    return ok;
}

/* Of few rows there may be fewer labels than were asked for. */
static void note_labels(struct context *c, const struct study *s,
                        const struct benchmark *b)
{
    for (int k = 0; k < b->n_tables; k++) {
        double rows = benchmark_training_rows(b->tables[k]);
        char known[COUNT_TEXT], asked[COUNT_TEXT];

        for (int i = 0; i < s->n_labels; i++)
            if ((double)s->labels[i] > rows)
                context_note(c, "%s has %s training rows: of %s labels these are all",
                             b->tables[k]->name, count_text((size_t)rows, known),
                             count_text((size_t)s->labels[i], asked));
    }
}

/* The path that the option names, if it does. That it cannot be written is told before
 * the benchmark is made for days. */
static bool take_file(struct context *c, const struct call *call, const char *option,
                      char **path, struct error *err)
{
    const char *asked = call_option(call, option), *told;
    struct file_writer *w;

    if (!asked)
        return true;
    *path = path_expand(asked);
    if (!may_replace(c, *path, &told, err))
        return false;
    w = file_writer_open(*path, 0644, err);
    if (!w)
        return false;
    file_writer_abort(w);
    return true;
}

static bool take_files(struct context *c, const struct call *call, struct study *s,
                       struct error *err)
{
    const char *latex = call_option(call, "latex"), *trials = call_option(call, "trials");

    if (latex && trials && strcmp(latex, trials) == 0)
        return error_set(err, ERROR_USAGE, "--latex and --trials name the same file");
    return take_file(c, call, "latex", &s->latex_path, err)
        && take_file(c, call, "trials", &s->trials_path, err);
}

static bool take_asked(struct context *c, const struct call *call, struct study *s,
                       struct benchmark *b, struct error *err)
{
    const char *labels = call_option(call, "labels"), *models;

    models = call_option(call, "models");
    b->splits = (int)call_int(call, "splits", SPLITS);
    b->rounds = (int)call_int(call, "rounds", 0);
    b->seeds = (int)call_int(call, "ensemble", 1);
    b->body_epochs = (int)call_int(call, "pretrain_epochs", 0);
    b->seed = call_seed(call, "seed", 1);
    s->plan->stopping = (enum stopping)call_choice(call, "stopping", STOPPING_NONE);
    return each_of(labels ? labels : "all", b, s, take_labels, err)
        && each_of(models ? models : contenders_of_paper(labels != NULL), b, s,
                   take_model, err)
        && find_spaces(call, s, b, err) && take_files(c, call, s, err)
        && find_tables(c, call, b, err) && benchmark_check(b, err);
}

static bool begin(struct context *c, const struct call *call, struct study *s,
                  const struct benchmark *b, struct error *err)
{
    struct studying how = {.type = &benchmark_pending};
    struct str lines = {0};
    bool ok;

    note_labels(c, s, b);
    benchmark_plan(b, &c->session->settings, s);
    for (int i = 0; i < b->n_tables; i++)
        repeat_table(&lines, b->tables[i]);
    study_repeat(c, call, s, &lines);
    how.lines = str_text(&lines);
    ok = study_start(c, call, s, &how, err);
    str_done(&lines);
    return ok;
}

static bool run_benchmark(struct context *c, const struct call *call, struct error *err)
{
    struct study *s = study_new(c, STUDY_BENCHMARK, call_option(call, "name"), "b", err);
    struct benchmark b = {0};
    bool ok = s && take_asked(c, call, s, &b, err);

    if (ok)
        ok = begin(c, call, s, &b, err);
    else
        study_free(s);
    for (int i = 0; i < BENCHMARK_MODELS; i++)
        space_done(&b.spaces[i]);
    free(b.tables);
    return ok;
}

const struct command command_benchmark = {
    .name = "benchmark",
    .help = "hold several models against each other on the same rows",
    .more = "Every model is trained on every split of every table (`split`: its seed and "
            "those behind it, or its folds), with the settings as they are or, with "
            "--rounds, also with as many that are drawn at random, of which the "
            "validation rows choose. What is printed is the mean over the "
            "splits of the test rows' AUC (R2 of numbers) and its deviation; p says how "
            "likely the difference to the best is chance (corrected resampled t-test). "
            "Models: tabtransformer, mlp, sparse-mlp, logistic, vib, tabnet, gbdt; with "
            "few --labels also tabtransformer-rtd, tabtransformer-mlm and mlp-dae, which "
            "are pre-trained, and tabtransformer-er, tabtransformer-pl, mlp-er, mlp-pl "
            "and gbdt-pl, which learn from rows without labels by entropy or pseudo "
            "labels. What is done is kept in the folder of runs: `resume NAME`, or the "
            "same command with the same --name, goes on, or prints again; `plot "
            "benchmark` draws it.",
    .arguments = {{"TABLE", {VALUE_SOURCE, NULL, 0, 0}, MANY_OR_NONE, NULL,
                   "names of tables, or files; else the current one"}},
    .options = {
        {"models", {VALUE_MODELS, NULL, 0, 0}, OPTIONAL, "LIST",
         "with commas between them; those of the paper"},
        {"tables", {VALUE_SOURCE, NULL, 0, 0}, OPTIONAL, "TABLE", "the same as TABLE"},
        {"splits", {VALUE_INT, NULL, 1, 1000}, OPTIONAL, "N", "of each table; 5"},
        {"labels", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "LIST",
         "rows whose labels are used, as in 50,200,500; all"},
        {"rounds", {VALUE_INT, NULL, 0, 100000}, OPTIONAL, "N",
         "of a random search, for each model on each split; 0"},
        {"draw", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "TEXT",
         "what they draw, as `search` takes it; else what the paper searched"},
        {"ensemble", {VALUE_INT, NULL, 1, 1000}, OPTIONAL, "K",
         "the mean prediction of models from K seeds; 1"},
        {"pretrain_epochs", {VALUE_INT, NULL, 1, 1e6}, OPTIONAL, "N",
         "of bodies at most; train.epochs"},
        {"stopping", {VALUE_CHOICE, STOPPING_NAMES, 0, 0}, OPTIONAL, STOPPING_NAMES,
         "median, halving: rounds that promise little end early, as in `search`"},
        {"seed", {VALUE_SEED, NULL, 0, 0}, OPTIONAL, "N", "of what is drawn; 1"},
        {"latex", {VALUE_NEW_FILE, NULL, 0, 0}, OPTIONAL, "FILE",
         "writes the table there, too"},
        {"trials", {VALUE_NEW_FILE, NULL, 0, 0}, OPTIONAL, "FILE",
         "writes each trial there, as CSV: its settings and what came of them"},
        {"name", {VALUE_STUDY, NULL, 0, 0}, OPTIONAL, "B",
         "of the benchmark; else b1, b2, ..."},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_benchmark,
};
