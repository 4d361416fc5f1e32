/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A study: many trainings with a plan, as a search makes them for one table and a
 * benchmark for several. The plan is made once and never changes; jobs and the session
 * share it by reference. Results come one by one (engine/job_study.h) and are kept in a
 * file of the study's folder, a JSON object a line, so that a study that was cut off goes
 * on with the trials that are left.
 */
#ifndef ENGINE_STUDY_H
#define ENGINE_STUDY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/encode.h"
#include "data/split.h"
#include "engine/trainer.h"
#include "model/model.h"

/* In its folder: its results, and the lines that begin it or go on with it. */
#define STUDY_TRIALS "trials.jsonl"
#define STUDY_LINES "study"
/* No results are larger. */
#define STUDY_TRIALS_BYTES ((size_t)1 << 30)

struct study_table {
    char *name;
    struct dataset *data;  /* referenced; NULL of a study that is only shown */
    struct schema *schema; /* with a target, or of the latter only its task */
};

/* What one training takes. */
struct study_fit {
    int table;             /* of the plan's */
    struct split_options split;
    struct encode_options encode;
    struct model_options model;
    struct train_options train;
    enum pretext pretext;  /* of a body, else PRETEXT_NONE */
};

/* What trials begin with: a model that is there, or one that is pre-trained once for all of
 * them. */
struct study_body {
    struct study_fit fit; /* of the latter */
    struct model *model;  /* the former, referenced; or NULL */
    uint32_t crc;         /* of its weights: results with others are of no use */
};

struct study_trial {
    char *key;      /* no other trial of the study has it: "bank 200 mlp 1 7" */
    char *settings; /* what is not as it would be by default: "train.lr 0.003, ..." */
    struct study_fit fit;
    int body;       /* of the plan's, which it begins with; -1: from scratch */
    int seeds;      /* models from as many seeds, whose predictions are averaged */
    /* In a benchmark, counted from 0; a search has rounds only. Round 0 has the settings
     * as they are, further ones have drawn some. */
    int labels, model, split, round;
};

/* Whether rounds that promise little end early (engine/stopping.h). */
enum stopping { STOPPING_NONE, STOPPING_MEDIAN, STOPPING_HALVING };
#define STOPPING_NAMES "none|median|halving"

struct study_plan {
    enum stopping stopping;
    struct study_table *tables;
    int n_tables;
    struct study_body *bodies;
    size_t n_bodies, bodies_capacity;
    struct study_trial *trials;
    size_t n_trials, trials_capacity;
};

struct study_plan *study_plan_new(void);
struct study_plan *study_plan_ref(struct study_plan *p);
void study_plan_unref(struct study_plan *p);
/* Its number; the schema is copied. */
int study_add_table(struct study_plan *p, const char *name, struct dataset *data,
                    const struct schema *schema);
/* Takes over key and settings. In the key, which may have the name of a file, a byte that is
 * no UTF-8 becomes "<E9>". */
void study_add_trial(struct study_plan *p, const struct study_trial *t);
/* Its number. */
int study_add_body(struct study_plan *p, const struct study_fit *body);
int study_add_model(struct study_plan *p, struct model *m);
enum task study_task(const struct study_plan *p, const struct study_trial *t);

/* PAUSED: it has begun, and waits for others to come to its rung. */
enum trial_state { TRIAL_WAITING, TRIAL_RUNNING, TRIAL_PAUSED, TRIAL_DONE, TRIAL_FAILED };

enum { STUDY_RUNGS = 10 };

/* The best watched value of the first seed in the first epochs, rung by rung, and at its
 * end. */
struct rungs {
    double best[STUDY_RUNGS];
    int n;                      /* that it came to */
    double last;                /* NAN: not known */
};

struct study_result {
    enum trial_state state;
    struct metrics valid, test; /* DONE: of the best weights, or of the mean prediction */
    double score;               /* what is watched of valid: more is better; PAUSED: so far */
    int epochs, best_epoch;     /* of the last seed; PAUSED: so far */
    double seconds;             /* of one thread; without the body's; PAUSED: so far */
    bool cut;                   /* it promised little and ended early */
    struct rungs rungs;         /* where the plan stops trials; also of RUNNING */
};

/* Of a line of that file. False: it makes no sense. */
bool study_result_from_json(struct study_result *r, const json_t *j);
/* Reads what earlier sessions did of the plan, from the file of its folder, into results
 * (n_trials), and counts them. True, 0 of them: there is no file. False: it cannot be
 * read, or has a trial of the plan with other settings: it is another study's. A last line
 * that was cut off counts for nothing. */
bool study_read(const struct study_plan *p, const char *folder,
                struct study_result *results, size_t *done, struct error *err);

struct study_log;
/* To append to that file, which is made if need be. */
struct study_log *study_log_open(const char *folder, struct error *err);
bool study_log_add(struct study_log *l, const struct study_plan *p, size_t trial,
                   const struct study_result *r, struct error *err);
void study_log_close(struct study_log *l);

/* What goes on on one thread. */
struct study_lane {
    size_t trial;    /* SIZE_MAX: nothing */
    bool body;       /* its body is pre-trained */
    int epoch;       /* done */
    double score;    /* the best so far; NAN: none yet */
};

/* A study of the session: the plan and its results so far. Main thread only. */
struct study {
    char *name, *folder;
    enum study_kind { STUDY_SEARCH, STUDY_BENCHMARK } kind;
    char *from;                   /* of a search: run whose body trials begin with, or NULL */
    char **drawn;                 /* (n_drawn) options whose values a search drew */
    int n_drawn;
    char **models;                /* (n_models) as the plan's trials count them */
    int n_models;
    long *labels;                 /* (n_labels) likewise, -1: all */
    int n_labels;
    struct study_plan *plan;
    struct study_result *results; /* (plan's trials) */
    struct study_lane *lanes;     /* (n_lanes) what goes on now; none: nothing does */
    int n_lanes;
    double begun;                 /* clock_seconds */
    size_t done_before;           /* trials that were done then */
    char *latex_path, *trials_path; /* what a benchmark writes at its end; NULL: nothing */
};

void study_free(struct study *s);
/* The name of a trial that is not in the plan yet: "7", of a benchmark "bank 200 mlp 1 7",
 * which engine/study_kept reads. Caller frees. */
char *study_key(const struct study *s, const struct study_trial *t);
/* Of two that are done, or paused. One that ended early is better than no other: the score
 * of trees that begin anew with guessed labels may fall, and that of several seeds is
 * another one's than the first's. */
bool study_is_better(const struct study_result *r, const struct study_result *than);
size_t study_count(const struct study *s, enum trial_state state);
/* Trials that promised little. */
size_t study_count_cut(const struct study *s);
/* Whether there is a round that draws. */
bool study_has_rounds(const struct study *s);
/* Numbers of the trials of that state, DONE or PAUSED, the best first; of equal ones the
 * first. Returns how many there are. order: (plan's trials). */
size_t study_order(const struct study *s, enum trial_state state, size_t *order);

#endif
