/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The curves of the Train view as figures: the run that is shown, those laid over it, the
 * range and the value cursor along their x axis (epochs or seconds of training).
 */
#ifndef UI_CURVES_H
#define UI_CURVES_H

#include "command/figures.h"
#include "ui/pane.h"

/* Loss of training and validation. NULL: there is no run or no point of it yet. Caller
 * frees. */
struct figure *curves_loss(const struct view *v);
/* Of the validation rows, what early stopping watches. */
struct figure *curves_score(const struct view *v);

/* That of several runs, as far as they have the metric, over all their epochs. NULL: no
 * epoch is known. */
struct figure *curves_compared(const struct view *v, struct run *const *runs, size_t n,
                               const struct metric_field *field);

/* All that the curves of the shown run have along the x axis. False: no point yet. */
bool curves_range(const struct view *v, double *low, double *high);
/* Moves the value cursor by points of the curve (steps > 0: to the right), of a long
 * curve by epochs, within what is seen; if it is off, it appears at the last one. False:
 * no point yet. */
bool curves_move_cursor(const struct view *v, long steps);

#endif
