/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands that use a model begin with: the run of --run, and its schema. */
#ifndef COMMAND_ASKED_H
#define COMMAND_ASKED_H

#include "command/command.h"
#include "lens/rows.h"

#define RUN_OPTION {"run", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R", "else the current run"}

/* The run of --run, with a model to use. NULL and a sentence. */
struct run *asked_run(struct context *c, const struct call *call, struct error *err);
/* Whether it has a target; false, with a sentence: it is only pre-trained. */
bool run_predicts(const struct run *r, struct error *err);
/* asked_run, of a run that predicts. */
struct run *asked_predictor(struct context *c, const struct call *call,
                            struct error *err);

/* The schema that the run was trained with or, of a model that was opened, what it makes
 * of the current table: its target, its positive class. The caller frees it. */
struct schema *asked_schema(struct context *c, const struct run *r, struct error *err);
/* The table that goes with that schema. */
struct dataset *asked_data(const struct context *c, const struct run *r);
/* The same where no schema is asked for. NULL and a sentence. */
struct dataset *asked_table(const struct context *c, const struct run *r,
                            struct error *err);

#define ON_OPTION \
    {"on", {VALUE_CHOICE, "test|valid|train|all", 0, 0}, OPTIONAL, \
     "test|valid|train|all", "which rows; test, or all where there is no target"}

/* Rows of r, which has a model or one in training (run_seen), as asked_rows; PARTS: those
 * that are usual. */
bool run_rows(struct context *c, const struct run *r, enum part part,
              struct rows_request *rows, struct error *err);
/* PARTS: not given */
enum part asked_part(const struct call *call);

#define LAYER_OPTION \
    {"layer", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "L|last", \
     "behind which layer, or 0: what the first one begins with; last"}

/* The layer of --layer, -1: the last one of all. False: the model has no such layer. */
bool asked_layer(const struct call *call, const struct run *r, int *layer,
                 struct error *err);

/* What a job of the lens looks at: the model of r and the rows of --on in the run's own
 * split or, of a body that was trained without a target, all. To be followed by
 * asked_rows_done once the job has copied it, unless refused. */
bool asked_rows(struct context *c, const struct call *call, const struct run *r,
                struct rows_request *rows, struct error *err);
void asked_rows_done(struct rows_request *rows);
/* The same of runs[0..most), up to the first that is NULL. Returns how many there are; 0:
 * refused, and nothing is to be done. */
int asked_rows_of_all(struct context *c, const struct call *call, struct run *const *runs,
                      int most, struct rows_request *rows, struct error *err);

/* The column of the table d that has this name, as the model of r calls it. NULL, and a
 * sentence that tells what may be meant: it reads no such column. */
const char *asked_input(const struct run *r, const struct dataset *d, const char *name,
                        struct error *err);

#define AGAINST_OPTION(help) \
    {"against", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R", help}

/* The run of --against, NULL where it is not given. False and a sentence where it cannot
 * be measured on the same rows as r, with the same metrics. */
bool asked_against(struct context *c, const struct call *call, const struct run *r,
                   struct run **other, struct error *err);

#endif
