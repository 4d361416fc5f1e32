/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Studies: trials side by side, kept and gone on with; how models stand then. */
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "command/figures.h"
#include "command/option.h"
#include "command/standings.h"
#include "engine/job_study.h"
#include "engine/stopping.h"
#include "engine/study_kept.h"
#include "num/paired.h"
#include "screen.h"
#include "subject.h"
#include "ui/layout.h"
#include "ui/pane.h"

enum { ROWS = 300, TRIALS = 6 };

/* ---- a study of a small table ---- */

static struct study_fit fit_of(enum model_kind kind, double lr)
{
    struct study_fit f = {.split = split_defaults(), .encode = encode_defaults(),
                          .model = model_defaults(), .train = train_defaults()};

    f.model.kind = kind;
    f.model.dim = 8;
    f.model.heads = 2;
    f.model.layers = 1;
    f.model.head_cap = 16;
    f.train.lr = lr;
    f.train.epochs = 3;
    return f;
}

static void add_trial(struct study_plan *p, const struct study_fit *f, int body,
                      int seeds)
{
    struct study_trial t = {.fit = *f, .body = body, .seeds = seeds,
                            .round = (int)p->n_trials};

    t.key = xasprintf("%zu", p->n_trials);
    t.settings = xasprintf("train.lr %g", f->train.lr);
    study_add_trial(p, &t);
}

/* MLPs of several rates, a TabTransformer with a body, one of three seeds. */
static struct study_plan *make_plan(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", NULL);
    struct study_plan *p = study_plan_new();
    struct study_fit f, body;

    study_add_table(p, "small", s.data, s.schema);
    for (int i = 0; i < TRIALS - 2; i++) {
        f = fit_of(MODEL_MLP, 1e-3 * (i + 1));
        add_trial(p, &f, -1, 1);
    }
    f = body = fit_of(MODEL_TABTRANSFORMER, 2e-3);
    body.pretext = PRETEXT_MLM;
    add_trial(p, &f, study_add_body(p, &body), 1);
    f = fit_of(MODEL_MLP, 3e-3);
    add_trial(p, &f, -1, 3);
    subject_done(&s);
    return p;
}

static char *folder_new(void)
{
    char *folder = xstrdup("study-XXXXXX");

    if (!check(mkdtemp(folder) != NULL))
        exit(99);
    return folder;
}

static void folder_free(char *folder)
{
    char *line = xasprintf("rm -rf %s", folder);

    check_int(system(line), 0);
    free(line);
    free(folder);
}

static size_t paused_bytes = 1 << 30;

/* Makes the trials that are left, at most so many slices; results are updated. Returns the
 * training of the best. */
static struct train_job *run_study(struct study_plan *p, struct study_result *results,
                                   const char *folder, int threads, int slices,
                                   size_t *best)
{
    struct error err = {0};
    struct pool *pool = pool_new(threads, &err);
    struct study_request r = {p, results, folder, best != NULL, pool, paused_bytes};
    struct study_job *job = study_job_new(&r, &err);
    enum step step = STEP_MORE;
    struct train_job *kept;
    size_t unused;

    if (!check(job != NULL)) {
        printf("# %s\n", err.text);
        exit(99);
    }
    for (int i = 0; step == STEP_MORE && (slices == 0 || i < slices); i++)
        step = study_job_type.run(job, &err);
    if (step == STEP_MORE) {
        study_job_type.stop(job);
        check_int(study_job_type.run(job, &err), STEP_DONE);
    }
    study_job_type.publish(job);
    memcpy(results, study_job_view(job)->results, p->n_trials * sizeof *results);
    kept = study_job_take(job, best ? best : &unused);
    study_job_type.free(job);
    pool_free(pool);
    return kept;
}

static void check_same(const struct study_result *a, const struct study_result *b)
{
    for (size_t i = 0; i < TRIALS; i++) {
        check_int(a[i].state, TRIAL_DONE);
        check_int(b[i].state, TRIAL_DONE);
        check_near(a[i].test.auc, b[i].test.auc, 0);
        check_near(a[i].valid.loss, b[i].valid.loss, 0);
        check_near(a[i].score, b[i].score, 0);
        check_int(a[i].epochs, b[i].epochs);
    }
}

static void threads_change_nothing(void)
{
    struct study_plan *p = make_plan();
    struct study_result one[TRIALS] = {0}, two[TRIALS] = {0};

    run_study(p, one, NULL, 1, 0, NULL);
    run_study(p, two, NULL, 2, 0, NULL);
    check_same(one, two);
    for (int i = 0; i < TRIALS; i++)
        check(one[i].test.auc > 0.4 && one[i].test.auc <= 1 && one[i].epochs == 3);
    check(one[0].valid.loss != one[1].valid.loss);
    study_plan_unref(p);
}

/* A trial alone is the training that `train` makes. */
static void a_trial_is_a_training(void)
{
    struct study_plan *p = make_plan();
    struct study_result results[TRIALS] = {0};
    const struct study_fit *f = &p->trials[1].fit;
    struct error err;
    struct pool *pool = pool_new(1, &err);
    struct train_request r = {.data = p->tables[0].data, .schema = p->tables[0].schema,
                              .split = f->split, .encode = f->encode, .model = f->model,
                              .train = f->train, .pool = pool};
    struct train_job *job = train_job_new(&r, &err);
    struct metrics valid, test;

    run_study(p, results, NULL, 2, 0, NULL);
    check(job_run(&train_job_type, job, &err));
    train_job_metrics(job, &valid, &test);
    check_near(results[1].valid.auc, valid.auc, 0);
    check_near(results[1].test.loss, test.loss, 0);
    check_near(results[1].score, valid.auc, 0);
    train_job_type.free(job);
    pool_free(pool);
    study_plan_unref(p);
}

/* Three seeds are averaged: not worse in loss than the worst of them alone. */
static void seeds_are_averaged(void)
{
    struct study_plan *p = make_plan(), *alone = study_plan_new();
    struct study_result results[TRIALS] = {0}, single[3] = {0};
    double worst = 0;

    study_add_table(alone, "small", p->tables[0].data, p->tables[0].schema);
    for (int i = 0; i < 3; i++) {
        struct study_fit f = p->trials[TRIALS - 1].fit;

        f.train.seed += (uint64_t)i;
        add_trial(alone, &f, -1, 1);
    }
    run_study(p, results, NULL, 2, 0, NULL);
    run_study(alone, single, NULL, 2, 0, NULL);
    for (int i = 0; i < 3; i++) {
        worst = fmax(worst, single[i].test.loss);
        check(results[TRIALS - 1].test.loss != single[i].test.loss);
    }
    check(results[TRIALS - 1].test.loss < worst);
    check_near(results[2].test.loss, single[0].test.loss, 0); /* the rate of trial 2 */
    study_plan_unref(alone);
    study_plan_unref(p);
}

/* As of a table whose file is named in Latin-1. */
static void keys_of_any_bytes_are_kept(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", NULL);
    struct study_plan *p = study_plan_new();
    struct study_fit f = fit_of(MODEL_LOGISTIC, 0.01);
    struct study_trial t = {.fit = f, .body = -1, .seeds = 1,
                            .key = xstrdup("caf\xe9 all"), .settings = xstrdup("")};
    struct study_result results[1] = {{.state = TRIAL_WAITING}};
    char *folder = folder_new();
    struct error err = {0};
    size_t done = 0;

    study_add_table(p, "caf\xe9", s.data, s.schema);
    study_add_trial(p, &t);
    check_str(p->trials[0].key, "caf<E9> all");
    run_study(p, results, folder, 1, 0, NULL);
    check(study_read(p, folder, results, &done, &err));
    check_int(done, 1);
    folder_free(folder);
    study_plan_unref(p);
    subject_done(&s);
}

static void a_study_goes_on(void)
{
    struct study_plan *p = make_plan();
    struct study_result whole[TRIALS] = {0}, parts[TRIALS] = {0};
    char *folder = folder_new();
    struct error err;
    size_t best, best_again, done = 0;
    struct train_job *kept, *again;
    struct metrics a, b, test;

    kept = run_study(p, whole, NULL, 2, 0, &best);
    for (int i = 0; i < 1000 && done < TRIALS; i++) { /* sessions that are cut off */
        run_study(p, parts, folder, 2, 3 + i, NULL);
        memset(parts, 0, sizeof parts);
        check(study_read(p, folder, parts, &done, &err));
    }
    check_same(whole, parts);
    again = run_study(p, parts, folder, 2, 0, &best_again); /* made again, for its model */
    check(kept && again);
    check_int(best_again, best);
    train_job_metrics(kept, &a, &test);
    train_job_metrics(again, &b, &test);
    check_near(a.loss, b.loss, 0);
    for (int i = 0; i < TRIALS; i++)
        check(whole[best].score >= whole[i].score);
    train_job_type.free(kept);
    train_job_type.free(again);
    folder_free(folder);
    study_plan_unref(p);
}

static void append(const char *folder, const char *text)
{
    char *path = xasprintf("%s/" STUDY_TRIALS, folder);
    FILE *f = fopen(path, "a");

    check(f && fputs(text, f) >= 0 && fclose(f) == 0);
    free(path);
}

static void a_line_that_was_cut_off_counts_for_nothing(void)
{
    struct study_plan *p = make_plan();
    struct study_result first[TRIALS] = {0}, read[TRIALS] = {0};
    char *folder = folder_new();
    struct error err;
    size_t done;

    run_study(p, first, folder, 1, 0, NULL);
    append(folder, "not JSON at all\n{\"trial\":\"99\"}\n{\"trial\":\"0\",\"on\":\"30");
    check(study_read(p, folder, read, &done, &err));
    check_int(done, TRIALS);
    first[2].state = TRIAL_WAITING; /* is appended behind the line that was cut off */
    run_study(p, first, folder, 1, 0, NULL);
    memset(read, 0, sizeof read);
    check(study_read(p, folder, read, &done, &err));
    check_same(first, read);
    folder_free(folder);
    study_plan_unref(p);
}

static void another_study_is_refused(void)
{
    struct study_plan *p = make_plan();
    struct study_result results[TRIALS] = {0};
    char *folder = folder_new(), *sentence;
    struct error err;
    size_t done;

    sentence = xasprintf("%s/" STUDY_TRIALS " has trials with other settings, rows or "
                         "--stopping; choose another --name", folder);
    run_study(p, results, folder, 2, 0, NULL);
    free(p->trials[3].settings);
    p->trials[3].settings = xstrdup("train.lr 17");
    check(!study_read(p, folder, results, &done, &err));
    check_str(err.text, sentence);
    free(p->trials[3].settings);
    p->trials[3].settings = xstrdup("train.lr 0.004");
    check(study_read(p, folder, results, &done, &err));
    p->trials[3].fit.split.seed++;
    check(!study_read(p, folder, results, &done, &err));
    free(sentence);
    folder_free(folder);
    study_plan_unref(p);
}

static int news; /* of the last verdict */

static enum verdict judge_at(const struct study_plan *p, const struct study_result *results,
                             size_t trial, struct rungs *r, int epoch, double best)
{
    check(stopping_note(p, r, epoch, best));
    return stopping_judge(p, results, trial, r, &news);
}

/* Rounds that are judged, not trained. */
static struct study_plan *plan_of_seven(enum stopping how)
{
    struct study_plan *p = study_plan_new();
    struct study_fit f = fit_of(MODEL_MLP, 1e-3);

    p->stopping = how;
    for (int i = 0; i < 7; i++)
        add_trial(p, &f, -1, 1);
    return p;
}

/* Five guides, of which one failed and one ended before the second rung. */
static void rungs_are_as_worked(void)
{
    static const double guides[STOPPING_GUIDES][2] = {
        {.6, .9}, {.7, 1}, {.5, .6}, {.8, .8},
    };
    struct study_plan *p = plan_of_seven(STOPPING_MEDIAN);
    struct study_result results[7] = {0};
    struct rungs r = {.n = 0};

    check(!stopping_waits(p, results, 4) && stopping_waits(p, results, 5));
    for (int i = 0; i < STOPPING_GUIDES; i++)
        results[i] = (struct study_result){.state = TRIAL_DONE, .score = 0.99, .rungs = {
            .best = {guides[i][0], guides[i][1]}, .n = 2, .last = NAN}};
    results[1].rungs.n = 1;
    results[1].rungs.last = 0.7; /* and the mean of its seeds is better */
    results[4].state = TRIAL_RUNNING;
    check(stopping_waits(p, results, 6));
    results[4].state = TRIAL_FAILED;
    check(!stopping_waits(p, results, 6));

    check_int(stopping_epoch(STOPPING_MEDIAN, 0), 4);
    check_int(stopping_epoch(STOPPING_MEDIAN, 2), 16);
    check(!stopping_note(p, &r, 3, 0)); /* no rung yet */
    check_int(r.n, 0);
    check_int(judge_at(p, results, 6, &r, 4, 0.65), VERDICT_GO_ON); /* of .5, .6, .7, .8 */
    check(!stopping_note(p, &r, 5, 0));
    check_int(r.n, 1);
    check_int(judge_at(p, results, 6, &r, 8, 0.749), VERDICT_END); /* of .6, .7, .8, .9 */
    check_near(r.best[1], 0.749, 0);
    r.n = 1;
    check_int(judge_at(p, results, 6, &r, 8, 0.75), VERDICT_GO_ON);
    results[1].rungs.last = NAN; /* as files of before tell it: its score counts */
    r.n = 1;
    check_int(judge_at(p, results, 6, &r, 8, 0.849), VERDICT_END); /* of .6, .8, .9, .99 */
    r.n = 0;
    check_int(judge_at(p, results, 0, &r, 4, 0.1), VERDICT_GO_ON); /* a guide */
    p->stopping = STOPPING_NONE;
    check(!stopping_note(p, &r, 8, 0.1) && !stopping_waits(p, results, 6));
    study_plan_unref(p);
}

/* Round 0 and five that draw, of which three, two, one and one have places behind the
 * rungs; one of them failed, one ended at once. */
static void halves_are_as_worked(void)
{
    struct study_plan *p = plan_of_seven(STOPPING_HALVING);
    struct study_result results[7] = {0};
    struct rungs r = {.n = 0};

    p->trials[6].round = 0; /* another search begins */
    check_int(stopping_rounds(p, 0), 5);
    check_int(stopping_rounds(p, 5), 5);
    check_int(stopping_rounds(p, 6), 0);
    check_int(stopping_epoch(STOPPING_HALVING, 0), 2);
    check_int(stopping_epoch(STOPPING_HALVING, 3), 16);
    check(!stopping_waits(p, results, 5));

    check_int(judge_at(p, results, 0, &r, 2, 0.1), VERDICT_GO_ON); /* takes no place */
    results[0] = (struct study_result){.state = TRIAL_RUNNING, .rungs = r};
    check_int(judge_at(p, results, 6, &r, 4, 0.1), VERDICT_GO_ON);
    r.n = 0;
    check_int(judge_at(p, results, 3, &r, 2, 0.7), VERDICT_PAUSE); /* four to come */
    check_int(news, 2); /* that are not better; three better ones end it */
    results[4].state = TRIAL_FAILED;
    check_int(stopping_judge(p, results, 3, &r, &news), VERDICT_PAUSE); /* three to come */
    check_int(news, 1);
    results[1] = (struct study_result){.state = TRIAL_DONE, .rungs = {.last = 0.6}};
    check_int(stopping_judge(p, results, 3, &r, &news), VERDICT_GO_ON); /* at most the third */
    results[1].rungs.last = 0.7; /* and before it */
    check_int(stopping_judge(p, results, 3, &r, &news), VERDICT_PAUSE);
    results[5] = (struct study_result){.state = TRIAL_PAUSED,
                                       .rungs = {.best = {0.7}, .n = 1}};
    check_int(stopping_judge(p, results, 3, &r, &news), VERDICT_GO_ON); /* that is behind it */
    results[5].rungs.best[0] = 0.71;
    check_int(stopping_judge(p, results, 3, &r, &news), VERDICT_PAUSE);
    results[2] = (struct study_result){.state = TRIAL_RUNNING};
    check_int(stopping_judge(p, results, 3, &r, &news), VERDICT_PAUSE);
    results[2].rungs = (struct rungs){.best = {0.8, 0.9}, .n = 2};
    check_int(stopping_judge(p, results, 3, &r, &news), VERDICT_END);
    results[2].state = TRIAL_FAILED; /* behind that rung: it had its place there */
    check_int(stopping_judge(p, results, 3, &r, &news), VERDICT_END);
    results[2].state = TRIAL_RUNNING;
    check_int(stopping_judge(p, results, 5, &results[5].rungs, &news), VERDICT_GO_ON);

    r = results[5].rungs;
    check_int(judge_at(p, results, 5, &r, 4, 0.85), VERDICT_PAUSE); /* for number 3 */
    results[3] = (struct study_result){.state = TRIAL_DONE, .cut = true,
                                       .rungs = {.best = {0.7}, .n = 1, .last = 0.7}};
    check_int(stopping_judge(p, results, 5, &r, &news), VERDICT_GO_ON);
    results[1].rungs.last = 0.85;
    check_int(stopping_judge(p, results, 5, &r, &news), VERDICT_END);
    study_plan_unref(p);
}

enum { EARLY = 9 };

/* MLPs of ever smaller rates, so that the last ones learn next to nothing. */
static struct study_plan *make_early_plan(enum stopping how)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", NULL);
    struct study_plan *p = study_plan_new();

    p->stopping = how;
    study_add_table(p, "small", s.data, s.schema);
    for (int i = 0; i < EARLY; i++) {
        struct study_fit f = fit_of(MODEL_MLP, i < STOPPING_GUIDES + 1 ? 1e-3 * (i + 1)
                                                                       : 1e-7);

        f.train.epochs = 12;
        f.train.average = 0;
        f.train.watch = WATCH_LOSS;
        add_trial(p, &f, -1, 1);
    }
    subject_done(&s);
    return p;
}

static void check_early(const struct study_result *a, const struct study_result *b)
{
    for (int i = 0; i < EARLY; i++) {
        check_int(b[i].state, TRIAL_DONE);
        check_int(a[i].cut, b[i].cut);
        check_int(a[i].epochs, b[i].epochs);
        check_near(a[i].score, b[i].score, 0);
        check_int(a[i].rungs.n, b[i].rungs.n);
        for (int k = 0; k < a[i].rungs.n; k++)
            check_near(a[i].rungs.best[k], b[i].rungs.best[k], 0);
        check_near(a[i].rungs.last, b[i].rungs.last, 0);
    }
}

/* On two threads, and in sessions that are cut off, it comes to the same. */
static void check_alike(struct study_plan *p, const struct study_result *whole)
{
    struct study_result two[EARLY] = {0}, parts[EARLY] = {0};
    char *folder = folder_new();
    struct error err;
    size_t done = 0;

    run_study(p, two, NULL, 2, 0, NULL);
    check_early(whole, two);
    for (int i = 0; i < 1000 && done < EARLY; i++) {
        run_study(p, parts, folder, 2, 2 + i, NULL);
        memset(parts, 0, sizeof parts);
        check(study_read(p, folder, parts, &done, &err));
    }
    check_early(whole, parts);
    p->stopping = STOPPING_NONE;
    check(!study_read(p, folder, parts, &done, &err)); /* they would have gone on */
    folder_free(folder);
}

static void what_promises_little_ends_early(void)
{
    struct study_plan *p = make_early_plan(STOPPING_MEDIAN);
    struct study_result whole[EARLY] = {0};

    run_study(p, whole, NULL, 1, 0, NULL);
    for (int i = 0; i < EARLY; i++) {
        bool slow = p->trials[i].fit.train.lr == 1e-7;

        check(i >= STOPPING_GUIDES || !whole[i].cut);
        check(!slow || (whole[i].cut && whole[i].epochs == 4 && whole[i].rungs.n == 1));
        check(whole[i].cut || whole[i].epochs == 12);
        check(whole[i].test.rows > 0);
    }
    check_alike(p, whole);
    study_plan_unref(p);
}

/* Of eight that draw four go on behind epoch 2, two behind 4, one behind 8; what they were
 * paused for leaves no trace. */
static void halves_end_early(void)
{
    static const int ends[] = {2, 2, 2, 2, 4, 4, 8, 12};
    struct study_plan *p = make_early_plan(STOPPING_HALVING);
    struct study_result whole[EARLY] = {0}, none[EARLY] = {0};
    int n = 0;

    p->stopping = STOPPING_NONE;
    run_study(p, none, NULL, 2, 0, NULL);
    p->stopping = STOPPING_HALVING;
    run_study(p, whole, NULL, 1, 0, NULL);
    for (int epochs = 1; epochs <= 12; epochs++)
        for (int i = 1; i < EARLY; i++)
            if (whole[i].epochs == epochs)
                check_int(epochs, ends[n++]);
    check_int(n, EARLY - 1);
    for (int i = 0; i < EARLY; i++) {
        check_int(whole[i].cut, whole[i].epochs < 12);
        check(whole[i].test.rows > 0);
        if (!whole[i].cut)
            check_near(whole[i].test.loss, none[i].test.loss, 0);
        for (int k = 1; k < EARLY; k++) /* the better one went as far at least */
            check(whole[i].score <= whole[k].score || whole[i].epochs >= whole[k].epochs);
    }
    paused_bytes = 1000; /* of hardly any model: it begins anew */
    check_alike(p, whole);
    paused_bytes = 1 << 30;
    p->stopping = STOPPING_HALVING;
    check_alike(p, whole);
    study_plan_unref(p);
}

/* Paused are a fine-tuning that begins with a body, trees, and trainings whose ensemble
 * has another seed. */
static void all_kinds_can_be_paused(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", NULL);
    struct study_fit f = fit_of(MODEL_TABTRANSFORMER, 2e-3), body = f;
    struct study_plan *p = study_plan_new();
    enum { SEARCH = 5, SEARCHES = 3 };
    struct study_result none[SEARCHES * SEARCH] = {0}, halves[SEARCHES * SEARCH] = {0};
    int number, cut = 0;

    study_add_table(p, "small", s.data, s.schema);
    body.pretext = PRETEXT_MLM;
    number = study_add_body(p, &body);
    for (int i = 0; i < SEARCHES * SEARCH; i++) {
        enum model_kind kind = i < SEARCH ? MODEL_TABTRANSFORMER
                               : i < 2 * SEARCH || !grower_version() ? MODEL_MLP : MODEL_GBDT;

        f = fit_of(kind, (kind == MODEL_GBDT ? 0.1 : 1e-3) * (1 + i % SEARCH));
        f.train.epochs = 12;
        f.model.rounds = 1;
        add_trial(p, &f, i < SEARCH ? number : -1, i / SEARCH == 1 ? 2 : 1);
        p->trials[i].round = i % SEARCH;
    }
    run_study(p, none, NULL, 2, 0, NULL);
    p->stopping = STOPPING_HALVING;
    run_study(p, halves, NULL, 2, 0, NULL);
    for (int i = 0; i < SEARCHES * SEARCH; i++) {
        check_int(halves[i].state, TRIAL_DONE);
        cut += halves[i].cut;
        check(halves[i].cut || (halves[i].score == none[i].score
                                && halves[i].test.loss == none[i].test.loss
                                && halves[i].epochs == none[i].epochs));
    }
    check_int(cut, SEARCHES * (SEARCH - 2));
    study_plan_unref(p);
    subject_done(&s);
}

/* Which of them end is for the first seed to say. */
static void seeds_change_not_who_ends_early(void)
{
    struct study_plan *p = make_early_plan(STOPPING_MEDIAN);
    struct study_result one[EARLY] = {0}, two[EARLY] = {0};

    run_study(p, one, NULL, 2, 0, NULL);
    for (int i = 0; i < EARLY; i++)
        p->trials[i].seeds = 2;
    run_study(p, two, NULL, 2, 0, NULL);
    for (int i = 0; i < EARLY; i++) {
        check_int(two[i].cut, one[i].cut);
        check_near(two[i].rungs.last, one[i].rungs.last, 0);
        check((two[i].score != one[i].score) == !two[i].cut);
    }
    study_plan_unref(p);
}

/* Six epochs, labels are guessed, and at most six more: the rung at 8 is behind that. */
static void trees_that_begin_anew_are_left_alone(void)
{
    struct study_fit f = fit_of(MODEL_GBDT, 0.1);
    struct study_result results[EARLY] = {0};
    struct study_plan *p;
    struct subject s;

    if (no_xgboost())
        return;
    s = subject_new(learnable_table(ROWS, -1), "yes", NULL);
    p = study_plan_new();
    p->stopping = STOPPING_MEDIAN;
    study_add_table(p, "small", s.data, s.schema);
    f.split.labeled = 60;
    f.train.unlabeled.kind = UNLABELED_PSEUDO;
    f.train.epochs = 6;
    f.train.patience = 0;
    f.model.rounds = 1;
    for (int i = 0; i < EARLY; i++) {
        f.train.lr = i < STOPPING_GUIDES ? 0.1 : 1e-4 * (i + 1);
        add_trial(p, &f, -1, 1);
    }
    run_study(p, results, NULL, 2, 0, NULL);
    for (int i = 0; i < EARLY; i++) {
        check_int(results[i].state, TRIAL_DONE);
        check_int(results[i].rungs.n, 1);
        check_int(results[i].epochs, results[i].cut ? 4 : 12);
        check(i >= STOPPING_GUIDES || !results[i].cut);
    }
    study_plan_unref(p);
    subject_done(&s);
}

/* Of a MLM of one epoch. */
static struct model *pretrained(const struct subject *s, uint64_t seed)
{
    struct study_fit f = fit_of(MODEL_TABTRANSFORMER, 2e-3);
    struct error err = {0};
    struct pool *pool = pool_new(1, &err);
    struct train_request r = {.data = s->data, .schema = s->schema, .split = f.split,
                              .encode = f.encode, .model = f.model, .train = f.train,
                              .pretext = PRETEXT_MLM, .pool = pool};
    struct train_result result;
    struct train_job *job;

    r.train.seed = seed;
    r.train.epochs = 1;
    job = train_job_new(&r, &err);
    while (train_job_type.run(job, &err) == STEP_MORE)
        ;
    result = train_job_take(job);
    split_free(result.split);
    train_job_type.free(job);
    pool_free(pool);
    return result.model;
}

/* What a search of one rate comes to that begins with it. */
static struct study_plan *plan_with(const struct subject *s, struct model *body)
{
    struct study_plan *p = study_plan_new();
    struct study_fit f = fit_of(MODEL_TABTRANSFORMER, 1e-3);
    int number = body ? study_add_model(p, body) : -1;

    study_add_table(p, "small", s->data, s->schema);
    add_trial(p, &f, number, 1);
    return p;
}

static void trials_begin_with_a_body_that_is_there(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", NULL);
    struct model *one = pretrained(&s, 1), *same = pretrained(&s, 1),
                 *other = pretrained(&s, 2), *bodies[] = {one, same, other, NULL};
    struct study_result results[4] = {0}, read = {0};
    char *folder = folder_new();
    struct error err = {0};
    size_t done, best;

    for (int i = 0; i < 4; i++) {
        struct study_plan *p = plan_with(&s, bodies[i]);
        struct train_job *kept = run_study(p, &results[i], i == 0 ? folder : NULL, 1, 0,
                                           &best);

        check_int(results[i].state, TRIAL_DONE);
        train_job_type.free(kept);
        check(study_read(p, folder, &read, &done, &err) == (i < 2)); /* others' are refused */
        study_plan_unref(p);
    }
    check_near(results[0].test.loss, results[1].test.loss, 0);
    check(results[0].test.loss != results[2].test.loss);
    check(results[0].test.loss != results[3].test.loss);
    for (int i = 0; i < 3; i++)
        model_unref(bodies[i]);
    folder_free(folder);
    subject_done(&s);
}

static void what_fails_is_said(void)
{
    struct study_plan *p = make_plan();
    struct study_result results[TRIALS] = {0};

    p->trials[0].fit.train.lr = 1e9;  /* out of range: no training begins */
    p->bodies[0].fit.model.heads = 3; /* its trial cannot begin either */
    run_study(p, results, NULL, 2, 0, NULL);
    check_int(results[0].state, TRIAL_FAILED);
    check_int(results[1].state, TRIAL_DONE);
    check_int(results[TRIALS - 2].state, TRIAL_FAILED);
    check_int(results[TRIALS - 1].state, TRIAL_DONE);
    study_plan_unref(p);
}

/* ---- standings ---- */

enum { TABLES = 2, MODELS = 3, SPLITS = 3, ROUNDS = 2 };

/* Two tables, three models, three splits, two rounds, values by hand. */
static struct study *benchmark_by_hand(void)
{
    struct subject s = subject_new(learnable_table(40, -1), "yes", NULL);
    struct study *b = xcalloc(1, sizeof *b);
    static const char *const models[MODELS] = {"tabtransformer-mlm", "mlp", "logistic"};

    b->name = xstrdup("b1");
    b->folder = xstrdup("runs/b1");
    b->kind = STUDY_BENCHMARK;
    b->plan = study_plan_new();
    b->n_models = MODELS;
    b->models = xcalloc(MODELS, sizeof *b->models);
    for (int m = 0; m < MODELS; m++)
        b->models[m] = xstrdup(models[m]);
    b->n_labels = 1;
    b->labels = xcalloc(1, sizeof *b->labels);
    b->labels[0] = 50;
    study_add_table(b->plan, "bank_#1", s.data, s.schema);
    study_add_table(b->plan, "churn", s.data, s.schema);
    for (int i = 0; i < TABLES * MODELS * SPLITS * ROUNDS; i++) {
        struct study_trial t = {.fit = fit_of(MODEL_MLP, 1e-3), .body = -1, .seeds = 1,
                                .round = i % ROUNDS, .split = i / ROUNDS % SPLITS,
                                .model = i / (ROUNDS * SPLITS) % MODELS};

        t.fit.table = i / (ROUNDS * SPLITS * MODELS);
        t.key = xasprintf("%d", i);
        t.settings = xasprintf("train.seed %d", i);
        study_add_trial(b->plan, &t);
    }
    b->results = xcalloc(b->plan->n_trials, sizeof *b->results);
    subject_done(&s);
    return b;
}

/* The validation rows prefer round 1 in split 0, round 0 elsewhere. */
static void fill(struct study *b)
{
    for (size_t i = 0; i < b->plan->n_trials; i++) {
        const struct study_trial *t = &b->plan->trials[i];
        struct study_result *r = &b->results[i];
        bool chosen = t->round == (t->split == 0);

        r->state = TRIAL_DONE;
        r->score = chosen ? 0.9 : 0.8;
        r->valid.auc = r->score;
        r->test.auc = 0.9 - 0.1 * t->model - 0.02 * t->fit.table + 0.01 * t->split
            + (chosen ? 0 : 0.05) + (t->model == 2 ? 0.002 * t->split : 0);
        r->epochs = 7;
        r->seconds = 2;
    }
}

static void standings_are_as_worked(void)
{
    struct study *b = benchmark_by_hand();
    struct standings t;
    const struct standing *first, *second, *third;
    static const double best[] = {0.9, 0.91, 0.92}, worst[] = {0.7, 0.712, 0.724};

    fill(b);
    t = standings_make(b);
    first = standings_find(&t, 0, 0, 0);
    second = standings_find(&t, 0, 0, 1);
    third = standings_find(&t, 0, 0, 2);
    check_int(t.n, (TABLES + 1) * MODELS);
    check_near(first->mean, 0.91, 1e-12);
    check_near(first->deviation, 0.01, 1e-12);
    check_near(first->usual, (0.95 + 0.91 + 0.92) / 3, 1e-12);
    check(first->best && isnan(first->p) && !standing_is_worse(first));
    check_near(second->mean, 0.81, 1e-12);
    check(!second->best && standing_is_worse(second)); /* by as much on every split */
    check_near(third->p, paired_p(worst, best, 3, 20 / 65.0), 1e-9);
    check_int(first->splits, 3);
    check_near(first->seconds, 12, 1e-12);
    check_near(standings_find(&t, -1, 0, 0)->mean, 0.90, 1e-12);
    check_int(standings_find(&t, -1, 0, 0)->splits, TABLES);
    check(standings_find(&t, -1, 0, 0)->best);
    standings_done(&t);
    study_free(b);
}

static void what_is_not_done_is_left_out(void)
{
    struct study *b = benchmark_by_hand();
    struct standings t;

    fill(b);
    for (size_t i = 0; i < b->plan->n_trials; i++) {
        const struct study_trial *trial = &b->plan->trials[i];

        if (trial->fit.table == 1 && trial->model == 1)
            b->results[i].state = trial->split == 0 ? TRIAL_FAILED : TRIAL_WAITING;
        if (trial->fit.table == 0 && trial->model == 0 && trial->split == 2)
            b->results[i].state = TRIAL_WAITING;
    }
    t = standings_make(b);
    check_int(standings_find(&t, 1, 0, 1)->splits, 0);
    check_int(standings_find(&t, 1, 0, 1)->failed, 2);
    check(isnan(standings_find(&t, 1, 0, 1)->mean));
    check_near(standings_find(&t, 0, 0, 0)->mean, 0.905, 1e-12);
    check_int(standings_find(&t, 0, 0, 0)->splits, 2);
    /* the mean is of the first table alone, which all models have */
    check_near(standings_find(&t, -1, 0, 0)->mean, 0.905, 1e-12);
    check_int(standings_find(&t, -1, 0, 1)->splits, 1);
    standings_done(&t);
    study_free(b);
}

static const char *title_of(const char *model)
{
    return model[0] == 'm' ? "MLP & more" : model[0] == 'l' ? "%$#_{}~^\\<>|" : model;
}

static void latex_is_well_formed(void)
{
    struct study *b = benchmark_by_hand();
    struct str out = {0};
    struct standings t;

    fill(b);
    t = standings_make(b);
    standings_latex(&t, b, title_of, &out);
    check_str(str_text(&out),
              "% AUC of the test rows, mean and standard deviation over the splits\n"
              "% \\dagger: worse than the best of its line, p < 0.05, corrected resampled "
              "t-test\n\\begin{tabular}{lccc}\n\\hline\n"
              " & tabtransformer-mlm & MLP \\& more & \\%\\$\\#\\_\\{\\}\\~{}\\^{}"
              "\\textbackslash{}\\textless{}\\textgreater{}\\textbar{} \\\\\n\\hline\n"
              "{}bank\\_\\#1, 50 labels & $\\mathbf{0.910}$\\,$\\pm$\\,0.010"
              " & $0.810$\\,$\\pm$\\,0.010$^\\dagger$"
              " & $0.712$\\,$\\pm$\\,0.012$^\\dagger$ \\\\\n"
              "{}churn, 50 labels & $\\mathbf{0.890}$\\,$\\pm$\\,0.010"
              " & $0.790$\\,$\\pm$\\,0.010$^\\dagger$"
              " & $0.692$\\,$\\pm$\\,0.012$^\\dagger$ \\\\\n"
              "{}mean, 50 labels & $\\mathbf{0.900}$ & $0.800$ & $0.702$ \\\\\n"
              "\\hline\n\\end{tabular}\n");
    str_done(&out);
    standings_done(&t);
    study_free(b);
}

/* ---- figures ---- */

static void models_are_drawn_in_one_order(void)
{
    struct study *b = benchmark_by_hand();
    struct figure *f;
    const struct series *mlp, *logistic, *mlm;

    fill(b);
    f = figures_benchmark(b);
    check_str(f->title, "b1: mean over 3 splits");
    check_str(f->y.label, "test AUC; bars: one standard deviation");
    check_int(f->n_series, MODELS);
    mlp = &f->series[0];
    logistic = &f->series[1];
    mlm = &f->series[2];
    check_str(mlp->name, "MLP");
    check_str(logistic->name, "Logistic Regression");
    check_str(mlm->name, "TabTransformer-MLM");
    check(mlp->style != logistic->style && logistic->style != mlm->style);
    check_int(f->x.n_names, TABLES + 1);
    check_str(f->x.names[0].text, "bank_#1, 50 labels");
    check_str(f->x.names[2].text, "mean, 50 labels");
    check_near(mlp->y[0], 0.81, 1e-12);
    check_near(mlp->reach[0], 0.01, 1e-12);
    check_near(mlm->y[1], 0.89, 1e-12);
    check(isnan(mlm->reach[2]));
    for (int k = 0; k <= TABLES; k++) {
        check(mlp->x[k] > k + 0.5 && mlp->x[k] < logistic->x[k]);
        check(logistic->x[k] < mlm->x[k] && mlm->x[k] < k + 1.5);
    }
    figure_free(f);
    b->results[0].state = b->results[1].state = TRIAL_WAITING;
    f = figures_benchmark(b);
    check_str(f->title, "b1: mean over 2 to 3 splits");
    figure_free(f);
    study_free(b);
}

static void trials_are_drawn_with_the_best_so_far(void)
{
    static const double scores[] = {0.7, 0.6, 0.8, 0.75, 0.9, 0.8};
    static const double best[] = {0.7, 0.7, 0.8, 0.8, 0.8};
    struct study *s = xcalloc(1, sizeof *s);
    struct figure *f;

    s->name = xstrdup("s1");
    s->plan = make_plan();
    s->results = xcalloc(TRIALS, sizeof *s->results);
    f = figures_search(s);
    check(!figure_has_content(f));
    figure_free(f);
    for (int i = 0; i < TRIALS; i++) {
        s->results[i].state = i == 4 ? TRIAL_FAILED : TRIAL_DONE;
        s->results[i].score = s->results[i].valid.auc = scores[i];
    }
    f = figures_search(s);
    check_str(f->title, "s1: best of 5 trials: trial 2, validation AUC 0.8000");
    check_int(f->series[1].n, 5);
    check_near(f->series[1].x[4], 5, 0);
    for (int i = 0; i < 5; i++)
        check_near(f->series[0].y[i], best[i], 0);
    figure_free(f);
    study_free(s);
}

/* ---- studies of other sessions ---- */

/* A line as a trial leaves it. */
static void append_trial(const char *folder, const char *key, double score, double test)
{
    char *line = xasprintf("{\"trial\":\"%s\",\"on\":\"9 rows, target a, split 1:2:3, "
                           "split 60:10:30 seed 7 fold 0 of 0, labeled -1, seeds 1\","
                           "\"settings\":\"\",\"score\":%g,\"epochs\":3,\"seconds\":2,"
                           "\"valid\":{\"auc\":%g},\"test\":{\"auc\":%g}}\n", key, score,
                           score, test);

    append(folder, line);
    free(line);
}

static struct session *session_at(const char *folder)
{
    struct error err;
    struct session *session = session_new(1, &err);

    check(option_set(option_find("run.dir", NULL), &session->settings, folder, &err));
    return session;
}

static void kept_studies_are_known_by_their_trials(void)
{
    char *folder = folder_new(), *b = xasprintf("%s/b", folder);
    struct session *session = session_at(folder);
    struct study *s;
    struct standings t;
    struct error err;
    char **names;
    size_t n;

    check(mkdir(b, 0777) == 0);
    append_trial(b, "my table 1,000 mlp 0 0", 0.8, 0.7);
    append_trial(b, "my table 1,000 mlp 1 0", 0.8, 0.8);
    append_trial(b, "my table 1,000 mlp 1 1", 0.9, 0.9);
    append_trial(b, "my table all mlp 0 0", 0.8, 0.75);
    append_trial(b, "my table 50 mlp 0 0", 0.8, 0.6);
    append_trial(b, "my table 50 mlp 0 0", 0.8, 0.65); /* the last one counts */
    append_trial(b, "my table 50 mlp -1 0", 0.8, 0.1);
    append_trial(b, "my table many mlp 0 0", 0.8, 0.1);
    append_trial(b, "table all mlp 999999999999 0", 0.8, 0.1);
    append_trial(b, "7 all", 0.8, 0.1);
    append(b, "not JSON\n[]\n{\"trial\":\"my table all mlp 1 0\"}\n{\"trial\":\"my ta");
    names = study_kept_list(session, &n);
    check_int(n, 1);
    check_str(names[0], "b");
    s = study_kept_open(session, "b", &err);
    if (!check(s != NULL))
        exit(99);
    check(s->kind == STUDY_BENCHMARK && s->plan->n_tables == 1 && s->n_models == 1);
    check_str(s->plan->tables[0].name, "my table");
    check_int(s->n_labels, 3);
    check(s->labels[0] == 50 && s->labels[1] == 1000 && s->labels[2] == -1);
    t = standings_make(s);
    check_near(standings_find(&t, 0, 0, 0)->mean, 0.65, 1e-12);
    check_near(standings_find(&t, 0, 1, 0)->mean, 0.8, 1e-12);
    check_int(standings_find(&t, 0, 1, 0)->splits, 2);
    check_near(standings_find(&t, 0, 2, 0)->mean, 0.75, 1e-12);
    check_near(s->plan->trials[0].fit.split.test, 30, 0);
    standings_done(&t);
    study_free(s);
    free(names[0]);
    free(names);
    session_free(session);
    free(b);
    folder_free(folder);
}

static void kept_searches_too(void)
{
    char *folder = folder_new(), *path = xasprintf("%s/s", folder);
    struct session *session = session_at(folder);
    struct study_result results[TRIALS] = {0};
    struct study_plan *p = make_plan();
    struct study *s;
    struct error err;

    check(!study_kept_open(session, "s", &err));
    check_str(err.text, "there is no search or benchmark \"s\" in the folder of runs");
    check(!study_kept_open(session, "../s", &err) && !study_kept_open(session, "", &err));
    check(mkdir(path, 0777) == 0);
    append(path, "{\"trial\":\"0\"");
    check(!study_kept_open(session, "s", &err));
    check_str(err.text, "no trial of s is done yet");
    run_study(p, results, path, 1, 0, NULL);
    s = study_kept_open(session, "s", &err);
    if (!check(s != NULL))
        exit(99);
    check(s->kind == STUDY_SEARCH);
    check_int(study_count(s, TRIAL_DONE), TRIALS);
    for (size_t i = 0; i < s->plan->n_trials; i++)
        check_near(s->results[i].test.auc, results[s->plan->trials[i].round].test.auc, 0);
    study_free(s);
    study_plan_unref(p);
    session_free(session);
    free(path);
    folder_free(folder);
}

/* ---- the view ---- */

static void draw(struct str *out, struct session *session, struct desk *desk, int width,
                 int height)
{
    struct view v = {.session = session, .desk = desk};
    struct surface s, part;
    struct layout l;

    surface_init(&s, width, height, GLYPHS_ASCII);
    desk_show_study(desk, session->study && session->study->kind == STUDY_BENCHMARK);
    layout_make(&l, desk, width, height, 1, 1, false);
    for (int i = 0; i < l.n; i++) {
        struct rect inside = l.panes[i].rect;
        struct str title = {0};

        part = surface_part(&s, inside);
        pane_type(l.panes[i].pane)->title(&v, &title);
        surface_frame(&part, str_text(&title), i == 0);
        inside = (struct rect){inside.x + 1, inside.y + 1, inside.width - 2,
                               inside.height - 2};
        part = surface_part(&s, inside);
        pane_type(l.panes[i].pane)->draw(&v, &part, i == 0);
        str_done(&title);
    }
    str_printf(out, "%dx%d\n", width, height);
    surface_dump(&s, out);
    surface_done(&s);
}

static void views_are_drawn(void)
{
    struct error err;
    struct session *session = session_new(1, &err);
    struct study_lane lanes[2] = {{.trial = SIZE_MAX}, {.trial = 3, .epoch = 4,
                                                        .score = 0.8123}};
    struct study *b = benchmark_by_hand();
    struct desk desk;
    struct str out = {0}, copied = {0};

    desk_init(&desk);
    desk.view = VIEW_STUDY;
    draw(&out, session, &desk, 80, 10);
    fill(b);
    b->results[3].state = TRIAL_RUNNING;
    b->results[5].state = TRIAL_FAILED;
    b->lanes = xmalloc(sizeof lanes);
    memcpy(b->lanes, lanes, sizeof lanes);
    b->n_lanes = 2;
    session->study = b;
    draw(&out, session, &desk, 80, 24);
    draw(&out, session, &desk, 120, 18);
    desk.study.model = 1;
    b->results[4].state = TRIAL_WAITING;
    desk.study.setting = 1;
    draw(&out, session, &desk, 50, 16);
    desk.study.setting = 0;
    b->kind = STUDY_SEARCH;
    b->n_drawn = 2;
    b->drawn = xcalloc(2, sizeof *b->drawn);
    b->drawn[0] = xstrdup("train.seed");
    b->drawn[1] = xstrdup("train.weight_decay");
    b->results[4] = b->results[6] = b->results[7] = (struct study_result){
        .state = TRIAL_PAUSED, .score = 0.7777, .epochs = 4, .seconds = 1.5};
    b->results[6].score = 0.7;
    b->results[7].cut = true;
    b->results[7].state = TRIAL_DONE;
    draw(&out, session, &desk, 80, 16);
    check(screen_is("study", &out));
    desk.lists[PANE_TRIALS].cursor = 1; /* behind the one that goes on */
    pane_trials.copy(&(struct view){.session = session, .desk = &desk}, &copied);
    check(str_starts(str_text(&copied), "4\t0.777700\t-\t"));
    str_done(&copied);
    str_done(&out);
    desk_done(&desk);
    session_free(session);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    test_run(threads_change_nothing);
    test_run(a_trial_is_a_training);
    test_run(seeds_are_averaged);
    test_run(keys_of_any_bytes_are_kept);
    test_run(a_study_goes_on);
    test_run(a_line_that_was_cut_off_counts_for_nothing);
    test_run(another_study_is_refused);
    test_run(rungs_are_as_worked);
    test_run(halves_are_as_worked);
    test_run(what_promises_little_ends_early);
    test_run(halves_end_early);
    test_run(all_kinds_can_be_paused);
    test_run(seeds_change_not_who_ends_early);
    test_run(trees_that_begin_anew_are_left_alone);
    test_run(trials_begin_with_a_body_that_is_there);
    test_run(what_fails_is_said);
    test_run(standings_are_as_worked);
    test_run(what_is_not_done_is_left_out);
    test_run(latex_is_well_formed);
    test_run(models_are_drawn_in_one_order);
    test_run(trials_are_drawn_with_the_best_so_far);
    test_run(kept_studies_are_known_by_their_trials);
    test_run(kept_searches_too);
    test_run(views_are_drawn);
    return test_done();
}
