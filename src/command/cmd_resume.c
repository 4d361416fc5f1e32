/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `resume`: of a job that is paused, and of a run that is not done. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/families.h"
#include "command/pending.h"
#include "command/recipe.h"
#include "command/resume.h"
#include "command/studying.h"
#include "command/training.h"
#include "engine/kept.h"
#include "engine/study_kept.h"

enum { OFFERS = 3 };

/* ---- what there is to go on with ---- */

static bool refuse_finished(const char *name, const char *folder, struct error *err)
{
    char *model = xasprintf("%s/" RUN_MODEL, folder), *shown = show(folder, 0);
    char *commands = xasprintf("%s/commands", folder);

    if (access(model, F_OK) == 0)
        error_set(err, ERROR_STATE, "the run %s has its end; `train --from %s` begins "
                  "another one with its weights", name, name);
    else if (access(commands, F_OK) == 0)
        error_set(err, ERROR_STATE, "nothing is kept of the run %s to go on with; "
                  "`source %s/commands` begins it anew", name, shown);
    else
        error_set(err, ERROR_USAGE, "there is no run \"%s\" to go on with; `runs` lists "
                  "them", name);
    free(commands);
    free(model);
    free(shown);
    return false;
}

/* Its file, as far as nobody else has it. NULL: it cannot go on. Caller frees. */
static char *find_state(struct context *c, const char *name, struct error *err)
{
    const struct run *r = session_find_run(c->session, name);
    char *shown = show(name, 60);
    char *folder = session_run_folder(c->session, name);
    char *lock = xasprintf("%s/" RUN_LOCK, folder), *path = NULL;
    bool ok = strchr(name, '/') == NULL && name[0] != '.';

    if (!ok)
        error_set(err, ERROR_USAGE, "there is no run \"%s\"; `runs` lists them", shown);
    else if (r && r->state == RUN_WAITING)
        ok = error_set(err, ERROR_STATE, "the run %s is in training", shown);
    else if (r && r->users > 0)
        ok = error_set(err, ERROR_STATE, "a job uses the model of %s; `wait` waits for "
                       "it", shown);
    else
        ok = !lock_is_taken(lock, err);
    if (ok) {
        path = xasprintf("%s/" RUN_RESUME, folder);
        if (access(path, F_OK) != 0) {
            refuse_finished(shown, folder, err);
            free(path);
            path = NULL;
        }
    }
    free(lock);
    free(folder);
    free(shown);
    return path;
}

static bool read_recipe(struct context *c, const char *path, struct recipe *recipe,
                        char **text, struct error *err)
{
    struct train_about about;

    if (!train_state_peek(&about, path, err))
        return false;
    *text = about.run;
    return recipe_read(recipe, about.run, &c->session->settings, err)
        || error_prefix(err, "%s", path);
}

/* ---- its table ---- */

static struct table *find_table(const struct session *s, const struct recipe *recipe)
{
    for (size_t i = 0; i < s->n_tables; i++)
        if (strcmp(s->tables[i]->load_line, recipe->load) == 0)
            return s->tables[i];
    return NULL;
}

/* The table, read again if need be: waited for in any case, as in a script. */
static struct table *need_table(struct context *c, const struct recipe *recipe,
                                struct error *err)
{
    struct table *t = find_table(c->session, recipe);
    struct schema *schema;
    char *shown, *line;
    bool ok;

    if (t)
        return t;
    c->sourcing++;
    ok = command_run(c, recipe->load, err);
    c->sourcing--;
    t = ok ? find_table(c->session, recipe) : NULL;
    if (!t) {
        shown = show(recipe->folder, 0);
        if (ok)
            error_set(err, ERROR_STATE, "`%s` did not bring its table", recipe->load);
        else if (!path_is_here(recipe->folder))
            error_prefix(err, "the run was begun in the folder %s", shown);
        free(shown);
        return NULL;
    }
    schema = recipe_schema(recipe, t->data, t->schema, NULL);
    line = xasprintf("resume %s", recipe->name);
    if (schema)
        table_change(t, schema, &recipe->split, line);
    free(line);
    return t;
}

/* ---- going on ---- */

/* What a run of this session has, or the table of the recipe. */
static bool need_data(struct context *c, const struct recipe *recipe, const char *name,
                      struct dataset **data, const struct schema **guessed,
                      struct error *err)
{
    const struct run *before = session_find_run(c->session, name);
    struct table *t;

    if (before && before->data && before->schema) {
        *data = before->data;
        *guessed = before->schema;
        return true;
    }
    t = need_table(c, recipe, err);
    if (!t)
        return false;
    *data = t->data;
    *guessed = t->schema;
    return true;
}

static struct run *make_run(struct context *c, const struct recipe *recipe,
                            const char *name, struct error *err)
{
    const struct schema *guessed;
    struct dataset *data;
    struct schema *schema;
    struct run *r;

    if (!need_data(c, recipe, name, &data, &guessed, err))
        return NULL;
    schema = recipe_schema(recipe, data, guessed, err);
    if (!schema)
        return NULL;
    r = run_new(name);
    r->folder = session_run_folder(c->session, name);
    r->origin = xstrdup(recipe->table);
    r->table = xstrdup(recipe->table);
    r->parent = recipe->parent ? xstrdup(recipe->parent) : NULL;
    r->data = dataset_ref(data);
    r->schema = schema;
    r->split = recipe->split;
    r->settings = recipe->settings;
    r->pretext = recipe->pretext;
    r->task = r->pretext == PRETEXT_NONE ? schema->task : TASK_NONE;
    return r;
}

bool resume_run(struct context *c, const struct call *call, const char *name,
                struct error *err)
{
    char *path = find_state(c, name, err);
    struct training how = {.resume = true};
    struct recipe recipe = {0};
    struct run *r = NULL;
    bool ok = path && read_recipe(c, path, &recipe, &how.recipe, err);

    if (ok)
        r = make_run(c, &recipe, name, err);
    ok = r && training_start(c, call, r, &how, err);
    recipe_done(&recipe);
    free(how.recipe);
    free(path);
    return ok;
}

/* ---- offering ---- */

static void note_offer(struct context *c, const struct run *r)
{
    if (r->files.elsewhere)
        context_note(c, "another tabscope trains the run %s now", r->name);
    else if (r->progress.epoch > 0)
        context_note(c, "the run %s was cut off behind epoch %d; `resume %s` goes on "
                     "with it", r->name, r->progress.epoch, r->name);
    else
        context_note(c, "the run %s was cut off in its first epoch; `resume %s` goes on "
                     "with it", r->name, r->name);
}

static bool is_offered(const struct run *r)
{
    return r->state == RUN_KEPT && r->files.cut_off && !r->files.elsewhere;
}

static bool is_newer(const struct run *a, const struct run *b)
{
    struct timespec x = a->files.when, y = b->files.when;

    return x.tv_sec > y.tv_sec || (x.tv_sec == y.tv_sec && x.tv_nsec > y.tv_nsec);
}

const struct run *resume_offered(const struct session *s)
{
    const struct run *newest = NULL;

    for (size_t i = 0; i < s->n_runs; i++)
        if (is_offered(s->runs[i]) && (!newest || is_newer(s->runs[i], newest)))
            newest = s->runs[i];
    return newest;
}

static size_t count_done(const struct session *s, const char *name)
{
    struct study *kept = study_kept_open(s, name, NULL);
    size_t n = kept ? study_count(kept, TRIAL_DONE) : 0;

    study_free(kept);
    return n;
}

/* Searches and benchmarks. */
static void offer_studies(struct context *c)
{
    const struct session *s = c->session;
    const struct pending *own = study_pending(c);
    size_t n_names, n = 0;
    char **names = study_kept_list(s, &n_names);

    for (size_t i = 0; i < n_names; i++) {
        const char *name = names[i];
        enum study_hold hold = study_kept_hold(s, name);

        if (own && strcmp(own->kept, name) == 0)
            continue;
        if (hold == STUDY_TAKEN)
            context_note(c, "another tabscope makes the trials of %s now", name);
        else if (hold == STUDY_CUT_OFF && n++ < OFFERS)
            context_note(c, "%s was cut off, trials done: %zu; `resume %s` goes on with "
                         "it", name, count_done(s, name), name);
    }
    if (n > OFFERS)
        context_note(c, "%zu more searches or benchmarks were cut off", n - OFFERS);
    for (size_t i = 0; i < n_names; i++)
        free(names[i]);
    free(names);
}

void resume_offer(struct context *c)
{
    const struct session *s = c->session;
    size_t n = 0;

    kept_find(c->session);
    for (size_t i = s->n_runs; i > 0; i--) {
        const struct run *r = s->runs[i - 1];

        if ((is_offered(r) || r->files.elsewhere) && n++ < OFFERS)
            note_offer(c, r);
    }
    if (n > OFFERS)
        context_note(c, "%zu more runs were cut off; `runs` lists them", n - OFFERS);
    offer_studies(c);
}

/* ---- the command ---- */

/* The name of the only run that was cut off, NULL: there are none or several. */
static const char *only_offer(const struct session *s)
{
    const char *name = NULL;
    int n = 0;

    for (size_t i = 0; i < s->n_runs; i++)
        if (is_offered(s->runs[i])) {
            name = s->runs[i]->name;
            n++;
        }
    return n == 1 ? name : NULL;
}

static bool run_resume(struct context *c, const struct call *call, struct error *err)
{
    const char *word = call_word(call, 0), *name = word;
    struct pending *p = pending_asked(c, word, err);
    long number;

    if (p) {
        engine_pause(c->session->engine, p->job, false);
        return true;
    }
    if (word && str_to_long(word, 1, 1000000000, &number)
        && !session_find_run(c->session, word)) {
        kept_find(c->session);
        if (!session_find_run(c->session, word))
            return false;
    }
    if (!word && !pending_next(c, NULL)) {
        kept_find(c->session);
        name = only_offer(c->session);
    }
    if (name && study_is_kept(c, name))
        return study_resume(c, call, name, err);
    return name && resume_run(c, call, name, err);
}

const struct command command_resume = {
    .name = "resume",
    .help = "let a paused job go on, or what was stopped or cut off",
    .more = "A run goes on where its state was last kept (train.autosave), also when "
            "the program or the machine was ended in between; it comes to the very "
            "weights that it would have come to. Its table is read again if it is not "
            "loaded, and has to be as it was. Without a word it is the only job, or else "
            "the only run that was cut off. A search or a benchmark goes on with the "
            "trials that are left; its tables are read again, settings stay as they are.",
    .arguments = {{"NAME", {VALUE_PAUSED, NULL, 1, 1e9}, OPTIONAL, NULL,
                   "of a run, search or benchmark, or number of a job"}},
    .flags = COMMAND_JOB,
    .run = run_resume,
};
