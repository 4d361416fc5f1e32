/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands and panes say of runs, so that both say the same. */
#ifndef COMMAND_RUN_TEXT_H
#define COMMAND_RUN_TEXT_H

#include "command/option.h"
#include "engine/metric.h"
#include "engine/session.h"

/* "training", "trained", "stopped", "diverged", "opened" */
const char *run_state_text(const struct run *r);
/* "mlm", "rtd", or the task. */
const char *run_task(const struct run *r);
/* Name of the column it predicts, "" without one. */
const char *run_target(const struct run *r);

/* Metrics of the best weights on the validation rows, also while it trains; NULL: not
 * known. */
const struct metrics *run_valid(const struct run *r);
/* m may be NULL or without rows: NAN. */
double run_metric(const struct metrics *m, const struct metric_field *f);

/* Whether the runs do not all have the same value of an option that runs have. */
bool runs_differ(const struct option *o, struct run *const *runs, size_t n);
/* Appends what makes its settings different from those of the others and from the usual
 * ones: "lr 0.0003, dim 16". */
void run_differences(const struct run *r, struct run *const *runs, size_t n,
                     struct str *out);

#endif
