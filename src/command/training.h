/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run in training, new or gone on with: its job, what is told of it, and what it came
 * to. */
#ifndef COMMAND_TRAINING_H
#define COMMAND_TRAINING_H

#include "command/command.h"

struct training {
    struct run *parent;   /* whose body it begins with, or NULL */
    const char *commands; /* lines that repeat it, for its folder */
    char *recipe;         /* recipe_text of it */
    bool resume;          /* goes on with what its folder holds */
};

/* Whether a run of that name may begin: it makes a folder, which must be new. */
bool training_check_name(struct context *c, const char *name, struct error *err);

/* Of a command's options. */
#define TRAIN_FROM \
    {"from", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R", "begin with the body of that run"}

/* The run of --from, NULL without one, whose body a model of that kind can begin with. */
bool training_find_parent(struct context *c, const struct call *call, enum model_kind kind,
                          struct run **parent, struct error *err);
/* The settings that the body of a run (NULL: of none) decides. */
void training_take_shape(const struct run *parent, struct settings *s);

/* Takes over the run, which becomes one of the session in place of one of its name, and
 * starts its job. False, the session as it was: a setting is wrong, no thread. */
bool training_start(struct context *c, const struct call *call, struct run *r,
                    const struct training *how, struct error *err);

/* The run, which is not the session's yet, becomes what the training came to: its model,
 * history, metrics. Frees the job. It is trained and current then; what is to be said of
 * that is said. */
void training_take(struct context *c, struct run *r, struct train_job *job);

#endif
