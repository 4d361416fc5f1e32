/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Panes: a table of functions each. A pane draws what `struct view` shows it on the
 * surface it is given, and nothing else: no terminal, no clock, no engine. So a test can
 * make a view by hand and read the result as text.
 */
#ifndef UI_PANE_H
#define UI_PANE_H

#include "command/attending.h"
#include "engine/session.h"
#include "ui/desk.h"
#include "ui/log.h"
#include "ui/surface.h"

/* A job as it stands now. */
struct view_job {
    int number;
    const char *what;      /* "train r1" */
    const struct run *run; /* or NULL */
    bool paused;
    const char *status;    /* "epoch 3 of 50, ..." */
};

struct mapping;

struct view {
    const struct session *session;
    struct desk *desk;     /* drawing only fits scroll positions to the size */
    const struct log *log;
    const struct view_job *jobs;
    size_t n_jobs;
    struct attending *attending; /* what of the attention is looked at */
    const struct mapping *mapping; /* layouts of embeddings, or NULL */
    double now;            /* wall clock, seconds since the epoch */
};

enum movement { MOVE_UP, MOVE_DOWN, MOVE_LEFT, MOVE_RIGHT, MOVE_PAGE_UP, MOVE_PAGE_DOWN,
                MOVE_HOME, MOVE_END };

struct pane_type {
    const char *name;  /* as `focus` takes it */
    /* Appends what stands in the frame's upper side. */
    void (*title)(const struct view *v, struct str *out);
    /* Inside the frame. */
    void (*draw)(const struct view *v, struct surface *s, bool focused);
    /* Items of its list; NULL: it has none. */
    size_t (*count)(const struct view *v);
    /* Rows above the first item of the list, for clicks. */
    int header;
    /* Whether item i holds the text (letters of both cases are equal); NULL: no
     * search. */
    bool (*holds)(const struct view *v, size_t i, const char *text);
    /* In place of `holds`, where it would make a list anew for each item: the first item
     * from *at on, going round, that holds the text. */
    bool (*find)(const struct view *v, size_t *at, bool backwards, const char *text);
    /* What is not moving the cursor of the list; true: taken. NULL: nothing is. */
    bool (*move)(const struct view *v, enum movement m, long n);
    /* Appends what `copy` copies: the item under the cursor, or all. NULL: nothing. */
    void (*copy)(const struct view *v, struct str *out);
    /* It copies the item: a range of them can be marked and copied. */
    bool ranged;
};

const struct pane_type *pane_type(enum pane_id pane);

/* One definition each, in pane_data.c, pane_train.c, ... */
extern const struct pane_type pane_schema, pane_column, pane_values, pane_rows, pane_loss,
    pane_score, pane_facts, pane_roc, pane_confusion, pane_calibration, pane_learned,
    pane_example, pane_runs, pane_compare, pane_curves, pane_map, pane_heads, pane_query,
    pane_looked, pane_points, pane_beside, pane_legend, pane_point, pane_log,
    pane_standings, pane_trials;

/* ---- what is under the cursors ---- */

/* The column under the cursor of the schema list, -1 without a table or column. */
int view_column(const struct view *v);
/* The run that the Train view shows; NULL: none. */
const struct run *view_run(const struct view *v);
/* The run under the cursor of the Runs view; NULL: none. */
const struct run *view_listed_run(const struct view *v);
/* Appends the distinct value under the cursor of the frequency table. False: none. */
bool view_value(const struct view *v, struct str *out);

/* A value's text, or "-" if it is not a number. */
const char *value_text(double x, int decimals, char out[32]);

#endif
