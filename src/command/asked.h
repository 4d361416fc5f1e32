/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands that use a model begin with: the run of --run, and its schema. */
#ifndef COMMAND_ASKED_H
#define COMMAND_ASKED_H

#include "command/command.h"

#define RUN_OPTION {"run", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R", "else the current run"}

/* The run of --run, with a model to use. NULL and a sentence. */
struct run *asked_run(struct context *c, const struct call *call, struct error *err);
/* The same, of a run that predicts. */
struct run *asked_predictor(struct context *c, const struct call *call,
                            struct error *err);

/* The schema that the run was trained with or, of a model that was opened, what it makes
 * of the current table: its target, its positive class. The caller frees it. */
struct schema *asked_schema(struct context *c, const struct run *r, struct error *err);
/* The table that goes with that schema. */
struct dataset *asked_data(const struct context *c, const struct run *r);

#endif
