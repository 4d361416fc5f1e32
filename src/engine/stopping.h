/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which rounds of one search end early. What decides is the best watched value of a round
 * so far at certain epochs, its rungs, and which other rounds it is held against does not
 * depend on which of them are done at that moment: a study comes to the same on any number
 * of threads.
 *
 * The median rule (Golovin et al. 2017, Google Vizier): the first few rounds are trained to
 * their end, the others wait for them, and at epochs 4, 8, 16 and so on one that is below
 * their median there ends.
 *
 * Successive halving (Jamieson and Talwalkar 2016): all rounds that draw are trained to
 * epoch 2, the better half of them to 4, the better half of these to 8, and so on until one
 * is left or the epochs are over. A round pauses at a rung until enough of the others have
 * come there to tell. One that ended by itself stays where it was, and one that failed keeps
 * the places that it took before. Round 0 goes to its end and takes no place.
 *
 * Of several seeds the first one is held against the first ones of the others. Boosted
 * trees that guess labels begin anew with them: from there on they are left alone, since
 * their first new trees say nothing.
 */
#ifndef ENGINE_STOPPING_H
#define ENGINE_STOPPING_H

#include "engine/study.h"

enum { STOPPING_GUIDES = 5 }; /* rounds that the median rule trains to their end */

enum verdict { VERDICT_GO_ON, VERDICT_PAUSE, VERDICT_END };

/* The epoch of the rung, counted from 0. */
int stopping_epoch(enum stopping how, int rung);

/* How many rounds of the trial's search draw. */
int stopping_rounds(const struct study_plan *p, size_t trial);

/* Whether a trial that has not begun has to wait until its guides have ended. results:
 * (plan's trials), here and below. */
bool stopping_waits(const struct study_plan *p, const struct study_result *results,
                    size_t trial);

/* Of one that has come to its last rung of r. PAUSE: *news is how many results have to
 * change at least before that can change. */
enum verdict stopping_judge(const struct study_plan *p, const struct study_result *results,
                            size_t trial, const struct rungs *r, int *news);

/* Notes the best value so far of a trial that has done so many epochs. True: that is a
 * rung, to be judged. */
bool stopping_note(const struct study_plan *p, struct rungs *r, int epoch, double best);

#endif
