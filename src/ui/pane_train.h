/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the panes of the Train and Runs views share. */
#ifndef UI_PANE_TRAIN_H
#define UI_PANE_TRAIN_H

#include "ui/pane.h"

/* Where there is no run: draws what to type to get one, or, if `else_here` is not NULL,
 * only what this pane would show then. False: there is one. */
bool train_draw_empty(const struct view *v, struct surface *s, const char *else_here);

/* The job that trains the run, NULL: none does. */
const struct view_job *train_job_of(const struct view *v, const struct run *r);

/* The shown run's best weights, NULL: not known. */
const struct diagnosis *train_known(const struct view *v);
/* The same, after having drawn why it is not known. */
const struct diagnosis *train_diagnosis(const struct view *v, struct surface *s);
bool train_is_regression(const struct view *v);

/* Draws why there is nothing to see of a run that has no epoch, or none that is kept;
 * `early` is what is said as long as it trains. */
void train_draw_unknown(const struct run *r, struct surface *s, const char *early);

/* A metric in at most nine columns: "0.9172", "31234.0", "-". */
const char *train_measure(double x, char out[32]);

#endif
