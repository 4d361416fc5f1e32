/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the main thread knows: tables, runs, settings. It owns the engine too, which it
 * ends first of all. Nothing here waits for a job or prints; commands do
 * (command/pending.h).
 */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include <jansson.h>
#include <time.h>

#include "data/encode.h"
#include "engine/engine.h"
#include "engine/job_train.h"
#include "engine/study.h"
#include "engine/table.h"
#include "engine/trainer.h"
#include "model/model.h"

/* How the workbench shows itself. */
#define SCREEN_THEMES "dark|light|mono|deut|contrast"
enum screen_glyphs { SCREEN_AUTO, SCREEN_BLOCKS, SCREEN_ASCII, SCREEN_BRAILLE };
enum screen_pace { PACE_AUTO, PACE_ON, PACE_OFF };
enum screen_images { IMAGES_AUTO, IMAGES_TEXT, IMAGES_SIXEL };
enum hangup { HANGUP_LEAVE, HANGUP_CONTINUE };

struct screen_options {
    int theme; /* position in SCREEN_THEMES */
    enum screen_glyphs glyphs;
    int fps;   /* pictures a second at most; 0: 10, or 4 over SSH */
    bool hints, mouse;
    enum screen_pace pace;
    enum screen_images images;
    enum hangup hangup;
};

/* The values of the options (command/option.h has their names and ranges). */
struct settings {
    struct model_options model;
    struct train_options train;
    struct encode_options data;
    struct screen_options screen;
    uint64_t split_seed; /* of tables that are loaded from now on */
    char run_dir[1024];
};

enum run_state {
    RUN_WAITING,  /* a job prepares or trains it */
    RUN_TRAINED,
    RUN_OPENED,   /* came from a model file */
    RUN_KEPT,     /* of another session: what is left of it is in its folder */
};

/* What the folder of a run of another session holds (engine/kept.h). */
struct run_files {
    bool model;     /* of its best weights */
    bool resumable; /* its state, to go on with */
    bool cut_off;   /* likewise, and nobody wanted it to end */
    bool elsewhere; /* another process trains it now */
    struct timespec when; /* its state was saved */
};

/* A model and how it came about. */
struct run {
    char *name;
    enum run_state state;
    char *folder;            /* its files, NULL if it has none */
    char *parent;            /* name of the run whose body it began with, or NULL */
    char *origin;            /* name of its table, or the file it was opened from */
    char *table;             /* name of its table; NULL: not known */
    struct dataset *data;    /* what it was trained on, NULL if it was opened */
    struct schema *schema;   /* as it was then, NULL if it was opened */
    struct split_options split;
    struct settings settings;
    struct model *model;     /* NULL while in training; the worker's while users > 0 */
    struct model *live;      /* the one in training, referenced: a job may look at it
                                between two steps; NULL: none, or not begun */
    int users;               /* jobs that use the model */
    struct run_files files;  /* of a run that was RUN_KEPT */
    char *target;            /* what it predicts where neither schema nor model is there */
    enum task task;          /* TASK_NONE: it is pre-trained, no target is used */
    enum pretext pretext;    /* by what, else PRETEXT_NONE */
    struct train_progress progress;
    struct epoch_record *history;
    size_t n_history, history_capacity;
    struct curve curve;
    struct diagnosis *diagnosis; /* of the best weights on the validation rows, or NULL */
    struct learned learned;      /* of pre-training */
    struct encoder *encoder;     /* referenced; NULL: not known, or the model has it */
    struct metrics valid, test;  /* of the best weights; rows 0: not known */
    /* of a run of this session: where its job is, and what training takes */
    enum train_phase phase;
    size_t rows, parameters, bytes;
    int batch;
};

struct session {
    struct engine *engine;
    struct settings settings;
    struct table **tables;
    size_t n_tables, tables_capacity;
    struct table *table; /* the current one, or NULL */
    struct run **runs;
    size_t n_runs, runs_capacity;
    struct run *run;     /* the current one: trained or opened last, or NULL */
    struct study *study; /* the one that was begun last, or NULL */
};

struct settings settings_defaults(void);

struct session *session_new(int threads, struct error *err);
/* Ends the engine, then frees everything. */
void session_free(struct session *s);

struct table *session_find_table(const struct session *s, const char *name);
/* Takes over the table and makes it current; one of the same name is replaced. */
void session_add_table(struct session *s, struct table *t);

struct run *session_find_run(const struct session *s, const char *name);
/* Takes over the run. */
void session_add_run(struct session *s, struct run *r);
/* Takes it out and frees it: it came to nothing. */
void session_drop_run(struct session *s, struct run *r);
/* The first of PREFIX1, PREFIX2, ... that neither a run nor anything in the folder of runs
 * has. Caller frees. */
char *session_free_name(const struct session *s, const char *prefix);
/* The folder of a run of that name. Caller frees. */
char *session_run_folder(const struct session *s, const char *name);

struct run *run_new(const char *name);
void run_free(struct run *r);

/* Its model or, while it trains, the one in training; NULL: neither is there. */
struct model *run_seen(const struct run *r);
/* Epochs that its training has at most. */
int run_epochs(const struct run *r);
/* What its columns become; NULL as long as that is not known. */
const struct encoder *run_encoder(const struct run *r);
/* (columns) what its best weights have learned of each column by pre-training; while it
 * trains, what the last ones have. NULL: not known. */
const struct column_score *run_learned(const struct run *r);

/* "a-b" from "/x/a-b.csv.gz". Caller frees. */
char *name_of_file(const char *path);

/* The model becomes the run's, with what stands beside it in its file (NULL: nothing). */
void run_take_model(struct run *r, struct model *m, const json_t *extra);

/* What is kept beside the weights in a model file, and back: the split, how the training
 * went. Numbers that are missing or make no sense are left as they are. */
json_t *run_to_json(const struct run *r);
void run_take_json(struct run *r, const json_t *extra);

#endif
