/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The median stopping rule (Golovin et al. 2017, Google Vizier) for rounds of one search:
 * the first few are trained to their end, and each further one is held against them at
 * epochs 4, 8, 16 and so on. One whose best value so far is below their median there ends.
 * Whether a trial ends so depends on those first ones alone, not on which others are done
 * at that moment, so that a study comes to the same on any number of threads. Of several
 * seeds the first one is held against the first ones of the others. Boosted trees that
 * guess labels begin anew with them: from there on they are left alone, since their first
 * new trees say nothing.
 */
#ifndef ENGINE_STOPPING_H
#define ENGINE_STOPPING_H

#include "engine/study.h"

enum { STOPPING_GUIDES = 5 }; /* rounds that are trained to their end */

/* The epoch of the rung, counted from 0. */
int stopping_epoch(int rung);

/* Whether the trial has to wait until its guides have ended. results: (plan's trials). */
bool stopping_waits(const struct study_plan *p, const struct study_result *results,
                    size_t trial);

/* Notes the best value so far of a trial that has done so many epochs, if that is a rung.
 * True: it is, and the trial is below the median of its guides there. */
bool stopping_ends(const struct study_plan *p, const struct study_result *results,
                   size_t trial, struct rungs *r, int epoch, double best);

#endif
