/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `search`: settings that are drawn at random, the best of which is kept as a run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/repeat.h"
#include "command/space.h"
#include "command/studying.h"
#include "command/training.h"
#include "engine/metric.h"

enum { ROUNDS = 20 };

/* ---- what came of it ---- */

static void print_value(struct grid *g, const struct settings *s, const char *name)
{
    const struct option *o = option_find(name, NULL);
    struct str value = {0};

    option_print(o, s, &value);
    grid_puts(g, str_text(&value));
    str_done(&value);
}

static void print_trial(struct grid *g, const struct study *s, size_t trial, bool best)
{
    const struct study_trial *t = &s->plan->trials[trial];
    const struct study_result *r = &s->results[trial];
    const struct metric_field *f = metric_rising(study_task(s->plan, t));
    struct settings settings = fit_settings(&t->fit);

    grid_count(g, (size_t)t->round);
    grid_starred(g, metric_value(&r->valid, f), 4, best);
    grid_number(g, metric_value(&r->test, f), 4);
    grid_count(g, (size_t)r->epochs);
    grid_number(g, r->seconds, 1);
    for (int i = 0; i < s->n_drawn; i++)
        print_value(g, &settings, s->drawn[i]);
}

static void print_search(struct context *c, const struct study *s)
{
    const struct metric_field *f = metric_rising(study_task(s->plan, s->plan->trials));
    char *valid = xasprintf("valid_%s", f->name), *test = xasprintf("test_%s", f->name);
    size_t *order = xcalloc(s->plan->n_trials + 1, sizeof *order);
    size_t n = study_order(s, TRIAL_DONE, order);
    struct grid *g = grid_new("trials");

    grid_fact_text(g, "search", s->name);
    grid_fact_count(g, "done", n);
    if (s->plan->stopping != STOPPING_NONE)
        grid_fact_count(g, "ended early", study_count_cut(s));
    grid_column(g, "trial", true);
    grid_column(g, valid, true);
    grid_column(g, test, true);
    grid_column(g, "epochs", true);
    grid_column(g, "seconds", true);
    grid_spare(g);
    for (int i = 0; i < s->n_drawn; i++)
        grid_column(g, s->drawn[i], true);
    for (size_t i = 0; i < n; i++)
        print_trial(g, s, order[i], i == 0);
    grid_print(g, c);
    free(order);
    free(valid);
    free(test);
}

static struct run *make_run(const struct study *s, const struct study_trial *t)
{
    const struct study_table *table = &s->plan->tables[t->fit.table];
    struct run *r = run_new(s->name);

    r->folder = xstrdup(s->folder);
    r->origin = xstrdup(table->name);
    r->table = xstrdup(table->name);
    r->data = dataset_ref(table->data);
    r->schema = schema_copy(table->schema);
    r->split = t->fit.split;
    r->settings = fit_settings(&t->fit);
    r->task = table->schema->task;
    return r;
}

/* table: lines that make it again. */
static bool keep_best(struct context *c, const struct study *s, const char *table,
                      struct train_job *job, size_t trial, struct error *err)
{
    struct run *r = make_run(s, &s->plan->trials[trial]), *before;
    json_t *extra = run_to_json(r);
    struct str commands = {0};
    bool ok;

    str_printf(&commands, "# tabscope: these lines repeat the run %s\n%s", s->name, table);
    repeat_settings(&commands, &r->settings);
    str_puts(&commands, "train\n");
    ok = train_job_keep(job, r->folder, str_text(&commands), extra, err);
    json_decref(extra);
    str_done(&commands);
    if (!ok) {
        run_free(r);
        train_job_type.free(job);
        return false;
    }
    before = session_find_run(c->session, r->name); /* what was cut off */
    if (before && before->users == 0)
        session_drop_run(c->session, before);
    training_take(c, r, job);
    return true;
}

static bool finish_search(struct context *c, struct pending *p, void *work,
                          enum job_state ended, struct error *err)
{
    bool whole = study_end(c, p, work, ended, err), ok = whole;
    struct study *s = c->session->study;
    size_t trial;
    struct train_job *best = study_job_take(work, &trial);

    if (ended == JOB_DONE)
        print_search(c, s);
    if (best && whole)
        ok = keep_best(c, s, p->name, best, trial, err);
    else if (best)
        train_job_type.free(best);
    study_job_type.free(work);
    return ok;
}

static const struct pending_type search_pending = {
    .job = &study_job_type,
    .cut = study_cut,
    .watch = study_watch,
    .status = study_status,
    .finish = finish_search,
};

/* ---- beginning ---- */

static bool find_space(const struct call *call, enum model_kind kind, struct space *space,
                       struct error *err)
{
    if (call->n_words == 0) {
        space_of_paper(space, kind);
        return true;
    }
    return space_parse(space, (const char *const *)call->words, call->n_words, err);
}

static void add_trial(struct study *s, const struct study_fit *fit, int round)
{
    struct study_trial t = {.fit = *fit, .body = -1, .seeds = 1, .round = round};

    t.key = study_key(s, &t);
    t.settings = fit_text(fit);
    study_add_trial(s->plan, &t);
}

static void make_plan(struct context *c, const struct call *call, struct study *s,
                      const struct space *space)
{
    const struct table *t = c->session->table;
    uint64_t seed = call_seed(call, "seed", 1);
    int rounds = (int)call_int(call, "rounds", ROUNDS);
    struct study_fit fit = {.split = t->split};

    s->plan->stopping = (enum stopping)call_choice(call, "stopping", STOPPING_NONE);
    fit.table = study_add_table(s->plan, t->name, t->data, t->schema);
    for (int round = 0; round <= rounds; round++) {
        struct settings settings = c->session->settings;

        if (round > 0)
            space_draw(space, seed, round, &settings);
        fit_take_settings(&fit, &settings);
        add_trial(s, &fit, round);
    }
    s->n_drawn = space->n;
    s->drawn = xcalloc((size_t)space->n + 1, sizeof *s->drawn);
    for (int i = 0; i < space->n; i++)
        s->drawn[i] = xstrdup(space->dimensions[i].option->name);
}

static bool run_search(struct context *c, const struct call *call, struct error *err)
{
    struct study *s = study_new(c, STUDY_SEARCH, call_option(call, "name"), "s", err);
    struct studying how = {.type = &search_pending};
    struct str table = {0}, lines = {0};
    struct space space = {0};
    bool ok;

    if (!s)
        return false;
    if (!find_space(call, c->session->settings.model.kind, &space, err)) {
        space_done(&space);
        study_free(s);
        return false;
    }
    make_plan(c, call, s, &space);
    space_done(&space);
    repeat_table(&table, c->session->table);
    str_puts(&lines, str_text(&table));
    study_repeat(c, call, s, &lines);
    how.lines = str_text(&lines);
    how.remember = xstrdup(str_text(&table));
    how.keep_best = !study_has_run(c, s->name);
    ok = study_start(c, call, s, &how, err);
    str_done(&lines);
    str_done(&table);
    return ok;
}

const struct command command_search = {
    .name = "search",
    .help = "train with settings drawn at random and keep the best",
    .more = "Trial 0 has the settings as they are, each further one has drawn some: those "
            "that the paper searched for this model.kind, or those of DRAW, such as "
            "train.lr=1e-5..1e-3:log, model.head_hidden1=1..8 or "
            "model.dropout=0,0.1,0.2. Trials go on side by side, one on each thread, and "
            "the one with the best value on the validation rows becomes the run NAME. "
            "What is done is kept in the run's folder: `resume NAME`, or the same "
            "command with the same --name, goes on with a search that was stopped or cut "
            "off, and with more --rounds it adds to one that is not kept yet. With "
            "--stopping median trials 0 to 4 go to their end, and each further one ends at "
            "epoch 4, 8, 16 and so on if its best value so far is below the median of "
            "theirs there. With --stopping halving all that draw are trained for 2 epochs, "
            "the better half of them for 4, the better half of these for 8 and so on, until "
            "one goes to its end beside trial 0. `plot search` draws it.",
    .arguments = {{"DRAW", {VALUE_DRAW, NULL, 0, 0}, MANY_OR_NONE, NULL,
                   "an option and what it is drawn from"}},
    .options = {
        {"rounds", {VALUE_INT, NULL, 1, 100000}, OPTIONAL, "N", "trials that draw; 20"},
        {"seed", {VALUE_SEED, NULL, 0, 0}, OPTIONAL, "N", "of what is drawn; 1"},
        {"stopping", {VALUE_CHOICE, STOPPING_NAMES, 0, 0}, OPTIONAL, STOPPING_NAMES,
         "median, halving: trials that promise little end early"},
        {"name", {VALUE_STUDY, NULL, 0, 0}, OPTIONAL, "S",
         "of the search and its run; else s1, s2, ..."},
    },
    .flags = COMMAND_TABLE | COMMAND_TARGET | COMMAND_DATA | COMMAND_JOB,
    .run = run_search,
};
