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
    if (s->from)
        grid_fact_text(g, "from", s->from);
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
    r->parent = s->from ? xstrdup(s->from) : NULL;
    r->origin = xstrdup(table->name);
    r->table = xstrdup(table->name);
    r->data = dataset_ref(table->data);
    r->schema = schema_copy(table->schema);
    r->split = t->fit.split;
    r->settings = fit_settings(&t->fit);
    r->task = table->schema->task;
    return r;
}

/* begin: lines that bring the table and the body back. */
static bool keep_best(struct context *c, const struct study *s, const char *begin,
                      struct train_job *job, size_t trial, struct error *err)
{
    struct run *r = make_run(s, &s->plan->trials[trial]), *before;
    json_t *extra = run_to_json(r);
    struct str commands = {0};
    bool ok;

    str_printf(&commands, "# tabscope: these lines repeat the run %s\n%s", s->name, begin);
    repeat_settings(&commands, &r->settings);
    repeat_train(&commands, r);
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

/* A search that is to begin. */
struct plan {
    struct settings settings; /* of trial 0 */
    struct space space;
    struct run *parent;       /* whose body trials begin with, or NULL */
    uint64_t seed;
    int rounds;
};

/* Whether the body takes the drawn value back. */
static bool takes_back(const struct plan *p, const struct option *o, int round)
{
    struct settings drawn = p->settings, kept;
    struct str a = {0}, b = {0};
    bool differ;

    space_draw(&p->space, p->seed, round, &drawn);
    kept = drawn;
    training_take_shape(p->parent, &kept);
    option_print(o, &drawn, &a);
    option_print(o, &kept, &b);
    differ = strcmp(str_text(&a), str_text(&b)) != 0;
    str_done(&a);
    str_done(&b);
    return differ;
}

/* The number of a dimension that is for the body to decide; -1: there is none. */
static int find_decided(const struct plan *p)
{
    for (int i = 0; p->parent && i < p->space.n; i++)
        for (int round = 1; round <= p->rounds; round++)
            if (takes_back(p, p->space.dimensions[i].option, round))
                return i;
    return -1;
}

static bool find_space(const struct call *call, struct plan *p, struct error *err)
{
    int decided;

    if (call->n_words == 0) {
        space_of_paper(&p->space, p->settings.model.kind);
        while ((decided = find_decided(p)) >= 0)
            space_drop(&p->space, decided);
        return true;
    }
    if (!space_parse(&p->space, (const char *const *)call->words, call->n_words, err))
        return false;
    decided = find_decided(p);
    return decided < 0
        || error_set(err, ERROR_USAGE, "%s is as in the body of %s: draw something else",
                     p->space.dimensions[decided].option->name, p->parent->name);
}

static bool find_plan(struct context *c, const struct call *call, struct plan *p,
                      struct error *err)
{
    *p = (struct plan){.settings = c->session->settings, .seed = call_seed(call, "seed", 1),
                       .rounds = (int)call_int(call, "rounds", ROUNDS)};
    if (!training_find_parent(c, call, p->settings.model.kind, &p->parent, err))
        return false;
    training_take_shape(p->parent, &p->settings);
    train_settle(&p->settings.train, p->settings.model.kind);
    return find_space(call, p, err);
}

static void add_trial(struct study *s, const struct study_fit *fit, int round)
{
    struct study_trial t = {.fit = *fit, .body = s->from ? 0 : -1, .seeds = 1,
                            .round = round};

    t.key = study_key(s, &t);
    t.settings = fit_text(fit);
    study_add_trial(s->plan, &t);
}

static void make_trials(const struct table *t, const struct plan *p, struct study *s)
{
    struct study_fit fit = {.split = t->split};

    fit.table = study_add_table(s->plan, t->name, t->data, t->schema);
    if (p->parent) {
        study_add_model(s->plan, p->parent->model);
        s->from = xstrdup(p->parent->name);
    }
    for (int round = 0; round <= p->rounds; round++) {
        struct settings settings = p->settings;

        if (round > 0)
            space_draw(&p->space, p->seed, round, &settings);
        fit_take_settings(&fit, &settings);
        add_trial(s, &fit, round);
    }
    s->n_drawn = p->space.n;
    s->drawn = xcalloc((size_t)p->space.n + 1, sizeof *s->drawn);
    for (int i = 0; i < p->space.n; i++)
        s->drawn[i] = xstrdup(p->space.dimensions[i].option->name);
}

/* A run that the folder of runs has is found there by its name. */
static bool is_in_folder_of_runs(const struct context *c, const struct run *r)
{
    char *folder = session_run_folder(c->session, r->name);
    bool is = r->folder && strcmp(r->folder, folder) == 0;

    free(folder);
    return is;
}

static bool run_search(struct context *c, const struct call *call, struct error *err)
{
    struct study *s = study_new(c, STUDY_SEARCH, call_option(call, "name"), "s", err);
    struct studying how = {.type = &search_pending};
    struct str begin = {0}, lines = {0};
    struct plan plan;
    bool ok;

    if (!s)
        return false;
    if (!find_plan(c, call, &plan, err)) {
        space_done(&plan.space);
        study_free(s);
        return false;
    }
    s->plan->stopping = (enum stopping)call_choice(call, "stopping", STOPPING_NONE);
    make_trials(c->session->table, &plan, s);
    space_done(&plan.space);
    repeat_table(&begin, c->session->table);
    str_puts(&lines, str_text(&begin));
    if (plan.parent)
        repeat_parent(&begin, plan.parent);
    if (plan.parent && !is_in_folder_of_runs(c, plan.parent))
        repeat_parent(&lines, plan.parent);
    study_repeat(c, call, s, &lines);
    how.lines = str_text(&lines);
    how.remember = xstrdup(str_text(&begin));
    how.keep_best = !study_has_run(c, s->name);
    ok = study_start(c, call, s, &how, err);
    str_done(&lines);
    str_done(&begin);
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
            "off, and with more --rounds it adds to one that is not kept yet (but by "
            "halving). With "
            "--stopping median trials 0 to 4 go to their end, and each further one ends at "
            "epoch 4, 8, 16 and so on if its best value so far is below the median of "
            "theirs there. With --stopping halving all that draw are trained for 2 epochs, "
            "the better half of them for 4, the better half of these for 8 and so on, until "
            "one goes to its end beside trial 0, or the epochs are over. With --from all trials begin with the "
            "body of that run, as in `train`, and what it decides is not drawn. `plot "
            "search` draws it.",
    .arguments = {{"DRAW", {VALUE_DRAW, NULL, 0, 0}, MANY_OR_NONE, NULL,
                   "an option and what it is drawn from"}},
    .options = {
        TRAIN_FROM,
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
