/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job_study.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "engine/answers.h"
#include "engine/stopping.h"

enum { SLICE_MS = 30 };

/* A body, and whether it can be begun with. */
struct body {
    struct model *model;
    enum trial_state state;
    size_t wanted; /* trials that have not ended yet */
};

/* What a thread works at. */
struct lane {
    struct study_job *of;
    struct pool *pool;     /* of one thread */
    size_t trial;          /* SIZE_MAX: idle */
    bool body;             /* of that trial, not itself */
    bool again;            /* a trial that is known, for its model */
    bool cut;              /* it promises little */
    bool paused;           /* its training is, at a rung */
    struct train_state *state; /* that it is to go on with; or NULL */
    struct rungs rungs;
    int seed;              /* counted from 0 */
    struct train_job *job;
    enum step ended;
    struct error error;
    double begun;
    struct answers sums[2]; /* validation and test: predictions of the seeds so far */
};

struct study_job {
    struct study_plan *plan;
    struct study_result *results; /* (n_trials), changed by way of change_result */
    size_t *changed;              /* (n_changed) trials, since they were published */
    size_t n_changed, changed_capacity;
    size_t changes;               /* of results, in all */
    size_t *due;                  /* (n_trials) changes before a PAUSED one is judged again */
    struct train_state **states;  /* (n_trials) of PAUSED ones, NULL: it begins anew */
    size_t paused_bytes, most_paused_bytes; /* of these */
    struct body *bodies;
    char *folder;
    struct lock *lock;
    struct study_log *log;
    bool keep_best, stopped;
    _Atomic bool cut;          /* a person did not stop it */
    bool unfinished;
    struct pool *pool;
    struct lane *lanes;
    int n_lanes;
    size_t best;               /* the trial of the next */
    struct train_job *best_job;
    int64_t deadline;          /* of the present slice */
    struct str note;
    struct study_view view;    /* published */
};

static bool take_folder(struct study_job *j, struct error *err)
{
    char *path;
    bool ok;

    if (!j->folder)
        return true;
    if (!path_make_folder(j->folder, err))
        return false;
    path = xasprintf("%s/" RUN_LOCK, j->folder);
    ok = lock_take(path, &j->lock, err);
    free(path);
    return ok && (j->log = study_log_open(j->folder, err));
}

static void release(void *work);

struct study_job *study_job_new(const struct study_request *r, struct error *err)
{
    struct study_job *j = xcalloc(1, sizeof *j);
    size_t n = r->plan->n_trials;

    j->plan = study_plan_ref(r->plan);
    j->results = xcalloc(n + 1, sizeof *j->results);
    j->view.results = xcalloc(n + 1, sizeof *j->results);
    memcpy(j->results, r->results, n * sizeof *j->results);
    memcpy(j->view.results, r->results, n * sizeof *j->results);
    j->due = xcalloc(n + 1, sizeof *j->due);
    j->states = xcalloc(n + 1, sizeof *j->states);
    j->most_paused_bytes = r->paused_bytes;
    j->bodies = xcalloc(r->plan->n_bodies + 1, sizeof *j->bodies);
    for (size_t i = 0; i < r->plan->n_bodies; i++)
        if (r->plan->bodies[i].model)
            j->bodies[i] = (struct body){.model = model_ref(r->plan->bodies[i].model),
                                         .state = TRIAL_DONE};
    for (size_t i = 0; i < n; i++)
        if (r->plan->trials[i].body >= 0 && j->results[i].state != TRIAL_DONE)
            j->bodies[r->plan->trials[i].body].wanted++;
    j->folder = r->folder ? xstrdup(r->folder) : NULL;
    j->keep_best = r->keep_best;
    j->pool = r->pool;
    j->best = SIZE_MAX;
    if (take_folder(j, err))
        return j;
    release(j);
    return NULL;
}

/* ---- a lane ---- */

static void make_lanes(struct study_job *j)
{
    int n = pool_threads(j->pool) < STUDY_LANES ? pool_threads(j->pool) : STUDY_LANES;

    j->lanes = xcalloc((size_t)n, sizeof *j->lanes);
    for (; j->n_lanes < n; j->n_lanes++)
        j->lanes[j->n_lanes] = (struct lane){.of = j, .trial = SIZE_MAX,
                                             .pool = pool_new(1, NULL)};
}

static void free_state(struct train_state *s)
{
    if (s)
        train_state_done(s);
    free(s);
}

static void clear_lane(struct lane *l)
{
    if (l->job)
        train_job_type.free(l->job);
    for (int i = 0; i < 2; i++) {
        answers_done(&l->sums[i]);
        l->sums[i] = (struct answers){0};
    }
    free_state(l->state);
    l->state = NULL;
    l->job = NULL;
    l->trial = SIZE_MAX;
    l->again = l->body = l->cut = l->paused = false;
    l->rungs.n = 0;
}

static void begin_fit(struct lane *l, const struct study_fit *f, struct model *from)
{
    const struct study_table *t = &l->of->plan->tables[f->table];
    struct train_request r = {.data = t->data, .schema = t->schema, .split = f->split,
                              .encode = f->encode, .model = f->model, .train = f->train,
                              .pretext = f->pretext, .from = from, .state = l->state,
                              .pool = l->pool};

    r.train.seed += (uint64_t)l->seed;
    l->ended = STEP_MORE;
    l->job = train_job_new(&r, &l->error);
    if (!l->job)
        l->ended = STEP_FAILED;
}

static const struct study_trial *trial_of(const struct lane *l)
{
    return &l->of->plan->trials[l->trial];
}

static void begin_trial(struct lane *l)
{
    const struct study_trial *t = trial_of(l);
    struct model *from = t->body >= 0 ? l->of->bodies[t->body].model : NULL;

    begin_fit(l, &t->fit, from);
}

/* Results of others stand still meanwhile. */
static void judge_lane(struct lane *l, const struct train_progress *p)
{
    const struct study_job *j = l->of;
    bool anew = p->last_epoch > trial_of(l)->fit.train.epochs;
    enum verdict v;
    int news;

    if (anew || !stopping_note(j->plan, &l->rungs, p->epoch, p->best))
        return;
    v = stopping_judge(j->plan, j->results, l->trial, &l->rungs, &news);
    l->cut = v == VERDICT_END;
    l->paused = v == VERDICT_PAUSE;
}

/* One that was paused may have begun anew. */
static bool is_back(const struct lane *l, const struct train_progress *p)
{
    return p->epoch >= stopping_epoch(l->of->plan->stopping, l->rungs.n - 1);
}

/* Ends a trial that promises little, and pauses one of which that is not known yet. */
static void hold_lane(struct lane *l)
{
    const struct train_progress *p = train_job_progress(l->job);

    if (l->body || l->seed > 0 || !p || p->end != TRAIN_RUNNING || p->best_epoch == 0)
        return;
    if (!l->cut)
        judge_lane(l, p);
    if (l->cut && is_back(l, p))
        train_job_type.stop(l->job);
}

static void step_lane(void *arg, int number, int worker)
{
    struct lane *l = &((struct study_job *)arg)->lanes[number];

    (void)worker;
    while (l->job && l->ended == STEP_MORE && !l->paused && clock_ms() < l->of->deadline) {
        l->ended = train_job_type.run(l->job, &l->error);
        if (l->ended == STEP_MORE)
            hold_lane(l);
        if (l->state && train_job_progress(l->job)) {
            free_state(l->state);
            l->state = NULL;
        }
    }
}

/* ---- what a lane has done ---- */

static struct study_result *change_result(struct study_job *j, size_t trial)
{
    j->changed = xgrow(j->changed, j->n_changed, &j->changed_capacity,
                       sizeof *j->changed);
    j->changed[j->n_changed++] = trial;
    j->changes++;
    return &j->results[trial];
}

static void fail_trial(struct study_job *j, size_t trial, const char *why)
{
    change_result(j, trial)->state = TRIAL_FAILED;
    str_printf(&j->note, "trial %s: %s\n", j->plan->trials[trial].key, why);
}

/* No trial of this job needs it any more. */
static void leave_body(struct study_job *j, int body)
{
    if (body < 0 || j->keep_best || --j->bodies[body].wanted > 0)
        return;
    model_unref(j->bodies[body].model);
    j->bodies[body].model = NULL;
}

/* All that would begin with it. */
static void fail_body(struct study_job *j, int body, const char *why)
{
    j->bodies[body].state = TRIAL_FAILED;
    for (size_t i = 0; i < j->plan->n_trials; i++)
        if (j->plan->trials[i].body == body && j->results[i].state == TRIAL_WAITING)
            fail_trial(j, i, why);
}

static void end_body(struct study_job *j, struct lane *l)
{
    int body = trial_of(l)->body;
    struct train_result result;

    if (l->ended == STEP_DONE) {
        result = train_job_take(l->job);
        split_free(result.split);
        j->bodies[body].model = result.model;
        j->bodies[body].state = TRIAL_DONE;
    } else {
        fail_body(j, body, l->error.text);
    }
    clear_lane(l);
}

/* Adds what the model of one more seed says. */
static bool add_answers(struct lane *l, struct error *err)
{
    static const enum part parts[] = {PART_VALID, PART_TEST};

    for (int i = 0; i < 2; i++) {
        struct answers *sum = &l->sums[i], a = {0};
        size_t values;

        if (!train_job_answers(l->job, parts[i], &a, err)) {
            answers_done(&a);
            return false;
        }
        values = a.n * (size_t)train_job_outputs(l->job);
        for (size_t k = 0; k < values; k++)
            a.predicted[k] += l->seed > 0 ? sum->predicted[k] : 0;
        answers_done(sum);
        *sum = a;
    }
    return true;
}

/* The mean over the seeds. */
static struct metrics mean_metrics(struct lane *l, int part)
{
    struct answers *a = &l->sums[part];
    size_t values = a->n * (size_t)train_job_outputs(l->job);

    for (size_t k = 0; k < values; k++)
        a->predicted[k] /= (float)(l->seed + 1);
    return answers_measure(a, train_job_encoder(l->job));
}

static const struct train_progress *published(struct lane *l)
{
    train_job_type.publish(l->job);
    return &train_job_view(l->job)->progress;
}

static void measure_trial(struct study_job *j, struct lane *l, struct study_result *r)
{
    const struct study_trial *t = trial_of(l);
    const struct train_progress *p = published(l);

    r->epochs = p->epoch;
    r->best_epoch = p->best_epoch;
    r->seconds = clock_seconds() - l->begun;
    if (t->seeds > 1) {
        r->valid = mean_metrics(l, 0);
        r->test = mean_metrics(l, 1);
    } else {
        train_job_metrics(l->job, &r->valid, &r->test);
    }
    r->score = train_watched(&t->fit.train, study_task(j->plan, t), &r->valid);
    r->cut = l->cut;
    r->rungs = l->rungs;
    r->state = TRIAL_DONE;
}

/* Of equal ones the first. */
static size_t best_of(const struct study_job *j)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < j->plan->n_trials; i++)
        if (j->results[i].state == TRIAL_DONE
            && (best == SIZE_MAX || study_is_better(&j->results[i], &j->results[best])))
            best = i;
    return best;
}

static void keep_if_best(struct study_job *j, struct lane *l)
{
    if (!j->keep_best || best_of(j) != l->trial)
        return;
    if (j->best_job)
        train_job_type.free(j->best_job);
    j->best = l->trial;
    j->best_job = l->job;
    l->job = NULL;
}

static void write_result(struct study_job *j, size_t trial)
{
    struct error err;

    if (!j->log || study_log_add(j->log, j->plan, trial, &j->results[trial], &err))
        return;
    str_printf(&j->note, "%s\n", err.text);
    study_log_close(j->log);
    j->log = NULL;
}

static void end_trial(struct study_job *j, struct lane *l)
{
    const struct study_trial *t = trial_of(l);
    size_t trial = l->trial;

    if (l->ended == STEP_DONE && l->seed == 0)
        l->rungs.last = published(l)->best;
    if (l->ended == STEP_DONE && t->seeds > 1 && !add_answers(l, &l->error))
        l->ended = STEP_FAILED;
    if (l->ended == STEP_DONE && l->seed + 1 < t->seeds && !l->cut) {
        train_job_type.free(l->job);
        l->seed++;
        begin_trial(l);
        return;
    }
    if (l->ended == STEP_DONE) {
        if (!l->again) {
            measure_trial(j, l, change_result(j, trial));
            write_result(j, trial);
        }
        keep_if_best(j, l);
    } else {
        fail_trial(j, trial, l->error.text);
    }
    leave_body(j, t->body);
    clear_lane(l);
}

/* Others are held against it at its rungs while it goes on. */
static void tell_rungs(struct study_job *j, const struct lane *l)
{
    if (l->trial != SIZE_MAX && !l->body && !l->again
        && j->results[l->trial].rungs.n < l->rungs.n)
        change_result(j, l->trial)->rungs = l->rungs;
}

/* So that it need not begin anew, if there is room. */
static void keep_state(struct study_job *j, struct lane *l)
{
    struct train_state *s = xcalloc(1, sizeof *s);
    struct error err;

    if (train_job_state(l->job, s, &err)
        && train_state_bytes(s) <= j->most_paused_bytes - j->paused_bytes) {
        j->paused_bytes += train_state_bytes(s);
        j->states[l->trial] = s;
    } else {
        free_state(s);
    }
}

static struct train_state *take_state(struct study_job *j, size_t trial)
{
    struct train_state *s = j->states[trial];

    j->paused_bytes -= s ? train_state_bytes(s) : 0;
    j->states[trial] = NULL;
    return s;
}

static void pause_trial(struct study_job *j, struct lane *l)
{
    const struct train_progress *p = published(l);
    struct study_result *r = change_result(j, l->trial);

    keep_state(j, l);
    r->state = TRIAL_PAUSED;
    r->score = p->best;
    r->epochs = p->epoch;
    r->best_epoch = p->best_epoch;
    r->seconds = clock_seconds() - l->begun;
    clear_lane(l);
}

/* ---- what comes next ---- */

/* A trial that was paused goes on, or goes on to be ended. */
static void take_up(struct study_job *j, struct lane *l)
{
    const struct study_result *r = &j->results[l->trial];
    int news;

    l->rungs = r->rungs;
    l->cut = stopping_judge(j->plan, j->results, l->trial, &l->rungs, &news) == VERDICT_END;
    l->begun -= r->seconds;
    l->state = take_state(j, l->trial);
}

static void give(struct study_job *j, struct lane *l, size_t trial, bool body)
{
    const struct study_trial *t = &j->plan->trials[trial];

    l->trial = trial;
    l->body = body;
    l->seed = 0;
    l->begun = clock_seconds();
    if (j->results[trial].state == TRIAL_PAUSED)
        take_up(j, l);
    if (body) {
        j->bodies[t->body].state = TRIAL_RUNNING;
        begin_fit(l, &j->plan->bodies[t->body].fit, NULL);
    } else {
        change_result(j, trial)->state = TRIAL_RUNNING;
        begin_trial(l);
    }
}

static bool can_go_on(struct study_job *j, size_t trial)
{
    const struct study_result *r = &j->results[trial];
    int news;

    if (r->state == TRIAL_WAITING)
        return !stopping_waits(j->plan, j->results, trial);
    if (r->state != TRIAL_PAUSED || j->changes < j->due[trial])
        return false;
    if (stopping_judge(j->plan, j->results, trial, &r->rungs, &news) != VERDICT_PAUSE)
        return true;
    j->due[trial] = j->changes + (size_t)news;
    return false;
}

/* Finds work in the order of the plan. False: there is none now. */
static bool find_work(struct study_job *j, struct lane *l)
{
    for (size_t i = 0; i < j->plan->n_trials; i++) {
        int number = j->plan->trials[i].body;
        const struct body *b = number >= 0 ? &j->bodies[number] : NULL;

        if ((b && b->state == TRIAL_RUNNING) || !can_go_on(j, i))
            continue;
        give(j, l, i, b && b->state != TRIAL_DONE);
        return true;
    }
    return false;
}

/* The best trial was made in another session: its model is made again. */
static bool find_lost_best(struct study_job *j, struct lane *l)
{
    size_t best = j->keep_best ? best_of(j) : SIZE_MAX;
    int number = best != SIZE_MAX ? j->plan->trials[best].body : -1;
    const struct body *b = number >= 0 ? &j->bodies[number] : NULL;

    if (best == SIZE_MAX || j->best == best || (b && b->state == TRIAL_FAILED))
        return false;
    give(j, l, best, b && b->state == TRIAL_WAITING);
    l->again = !l->body;
    if (l->body)
        return true;
    change_result(j, best)->state = TRIAL_DONE;
    return true;
}

static bool is_busy(const struct study_job *j)
{
    for (int i = 0; i < j->n_lanes; i++)
        if (j->lanes[i].trial != SIZE_MAX)
            return true;
    return false;
}

static void feed_lanes(struct study_job *j)
{
    for (int i = 0; i < j->n_lanes; i++)
        tell_rungs(j, &j->lanes[i]);
    for (int i = 0; i < j->n_lanes; i++) {
        struct lane *l = &j->lanes[i];

        if (l->paused)
            pause_trial(j, l);
        while (l->trial != SIZE_MAX && l->ended != STEP_MORE) {
            if (l->body)
                end_body(j, l);
            else
                end_trial(j, l);
        }
        if (l->trial == SIZE_MAX && l->pool)
            find_work(j, l);
    }
    if (!is_busy(j))
        find_lost_best(j, &j->lanes[0]);
}

/* Trials that are not done are as if they had not begun. */
static void drop_lanes(struct study_job *j)
{
    for (int i = 0; i < j->n_lanes; i++) {
        struct lane *l = &j->lanes[i];

        if (l->trial != SIZE_MAX && !l->body && !l->again)
            *change_result(j, l->trial) = (struct study_result){.state = TRIAL_WAITING};
        clear_lane(l);
    }
    for (size_t i = 0; i < j->plan->n_trials; i++) {
        if (j->results[i].state == TRIAL_PAUSED)
            *change_result(j, i) = (struct study_result){.state = TRIAL_WAITING};
        free_state(take_state(j, i));
    }
}

static enum step run(void *work, struct error *err)
{
    struct study_job *j = work;

    j->unfinished = true;
    if (!j->lanes)
        make_lanes(j);
    if (!j->lanes[0].pool) {
        error_set(err, ERROR_MEMORY, "no memory for the trials");
        return STEP_FAILED;
    }
    if (j->stopped) {
        drop_lanes(j);
        j->unfinished = j->cut;
        return STEP_DONE;
    }
    feed_lanes(j);
    if (!is_busy(j)) {
        j->unfinished = false;
        return STEP_DONE;
    }
    j->deadline = clock_ms() + SLICE_MS;
    pool_run(j->pool, j->n_lanes, step_lane, j);
    return STEP_MORE;
}

static void stop(void *work)
{
    ((struct study_job *)work)->stopped = true;
}

static struct study_lane lane_view(struct lane *l)
{
    struct study_lane v = {l->trial, l->body, 0, NAN};
    const struct study_result *r = l->job ? &l->of->results[l->trial] : NULL;
    const struct train_progress *p = l->job ? published(l) : NULL;

    if (p && p->best_epoch > 0) {
        v.epoch = p->epoch;
        v.score = p->best;
    } else if (p && !l->body && r->epochs > 0) { /* it was paused, and is made ready */
        v.epoch = r->epochs;
        v.score = r->score;
    } else if (p) {
        v.epoch = p->epoch;
    }
    return v;
}

static void publish(void *work)
{
    struct study_job *j = work;

    for (size_t i = 0; i < j->n_changed; i++)
        j->view.results[j->changed[i]] = j->results[j->changed[i]];
    j->n_changed = 0;
    j->view.n_lanes = j->n_lanes;
    for (int i = 0; i < j->n_lanes; i++)
        j->view.lanes[i] = lane_view(&j->lanes[i]);
    str_add(&j->view.note, str_text(&j->note) + j->view.note.length,
            j->note.length - j->view.note.length);
}

static void close_folder(struct study_job *j)
{
    study_log_close(j->log);
    if (j->unfinished)
        lock_leave(j->lock);
    else
        lock_release(j->lock);
    j->log = NULL;
    j->lock = NULL;
}

static void release(void *work)
{
    struct study_job *j = work;

    drop_lanes(j);
    for (int i = 0; i < j->n_lanes; i++)
        pool_free(j->lanes[i].pool);
    for (size_t i = 0; i < j->plan->n_bodies; i++)
        model_unref(j->bodies[i].model);
    if (j->best_job)
        train_job_type.free(j->best_job);
    close_folder(j);
    study_plan_unref(j->plan);
    str_done(&j->note);
    str_done(&j->view.note);
    free(j->view.results);
    free(j->results);
    free(j->changed);
    free(j->due);
    free(j->states);
    free(j->bodies);
    free(j->lanes);
    free(j->folder);
    free(j);
}

const struct job_type study_job_type = {
    .name = "study",
    .run = run,
    .stop = stop,
    .publish = publish,
    .free = release,
};

void study_job_cut(struct study_job *j)
{
    j->cut = true;
}

const struct study_view *study_job_view(const struct study_job *j)
{
    return &j->view;
}

struct train_job *study_job_take(struct study_job *j, size_t *trial)
{
    struct train_job *best = j->best_job;

    *trial = j->best;
    j->best_job = NULL;
    close_folder(j);
    return best;
}
