/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of the attention a person looks at, and what was found: `attention` prints it, the
 * Attention view shows it. All layers and heads are found at once, so that going from one
 * to the next looks at no row again.
 */
#ifndef COMMAND_ATTENDING_H
#define COMMAND_ATTENDING_H

#include "command/command.h"
#include "lens/sight.h"

enum { LAYER_LAST = -1 };

/* Texts are owned. What is not asked for is NULL or 0. */
struct attention_wish {
    char *run;        /* NULL: the one in training, else the current one */
    char *against;    /* a run whose map is subtracted */
    enum part part;   /* PARTS: as is usual for the run; PART_NONE: all rows */
    size_t row;       /* 1..: this one of the table alone, */
    char **cells;     /* (n_cells) with these in place of its own: COLUMN=VALUE */
    size_t n_cells;
    char *class;      /* only rows of that class */
    char *less_class; /* less those of this */
    bool masking;     /* also the masking test */
    int layer;        /* 0.., or LAYER_LAST */
    int head;         /* as attention_read takes it */
};

void attention_wish_copy(struct attention_wish *to, const struct attention_wish *from);
void attention_wish_done(struct attention_wish *w);
/* In place of a cell of the same column, where there is one. */
void attention_wish_cell(struct attention_wish *w, const char *cell);
void attention_wish_clear_cells(struct attention_wish *w);
/* The text that stands for a column of the row; NULL: its own. */
const char *attention_wish_find(const struct attention_wish *w, const char *column);

/* One for the program, made by attending_of; the context frees it. */
struct attending {
    struct attention_wish wish;
    struct sight *found;      /* NULL: nothing yet */
    struct attention_wish of; /* what found is; its run is named, */
    bool named;               /* as in the wish that it came from; else that had NULL */
    bool live;                /* found in the training of the run, */
    size_t step;              /* after so many steps; else its weights change no more */
    int64_t next;             /* clock_ms at which it may be looked at again */
    struct error why;         /* why found is not what is wished, or there is nothing */
    char *why_run;            /* the run that it is said of, or NULL */
};

struct attending *attending_of(struct context *c);
void attending_free(struct attending *a);

/* Of what was found. */
int attending_layer(const struct attending *a);
/* "layer 2, head mean, 100 rows of yes less no" */
void attending_title(const struct attending *a, struct str *out);

/* Whose masking test it is where something is subtracted: "rows of yes", "r1", or both;
 * "" where nothing is. */
void attending_masked(const struct attending *a, struct str *out);

/* The map that is looked at as a figure. NULL and a sentence: none is. */
struct figure *attending_figure(struct context *c, struct error *err);

/* "mean", "max", "rollout", or "3" of head 2. */
const char *attention_head_text(int head, char out[16]);
/* The same back, of a model of so many heads, whose numbers begin at 1. */
bool attention_head_parse(const char *text, int heads, int *head, struct error *err);

/* The run that is wished, with a model to look at. NULL and a sentence. */
struct run *attending_run(struct context *c, const char *name, struct error *err);
/* Whether the wish is what was found: only layer and head may be others. */
bool attending_has(const struct attending *a, const struct attention_wish *w,
                   const struct run *r);

/* A job that looks; the wish is copied, r is attending_run's. NULL and a sentence. */
extern const struct job_type attending_job_type;
struct attending_job *attending_job_new(struct context *c, const struct attention_wish *w,
                                        const struct run *r, struct error *err);
/* Keeps what the job, which is done, has found; it becomes the wish, too. */
void attending_take(struct context *c, struct attending_job *j);

/* What is wished may be looked at again at once. */
void attending_forget_why(struct attending *a);

/* Looks in the background where what was found is not what is wished, or the run in
 * training has gone on. May be called as often as one likes. A wish that cannot be met is
 * complained of, and becomes again that of what was found, which stays; where there is no
 * other to go back to, `why` says it. */
void attending_follow(struct context *c);

#endif
