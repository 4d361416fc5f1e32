/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The autosave of a training: its state (engine/train_state.h) in a file that is renewed
 * while it goes on. The training's thread copies the state between two steps, which takes
 * some hundredths of one; a thread of its own writes the copy, so that no disk makes
 * training wait. While it writes, what is due is put off.
 *
 * A failure to write is said once, in a sentence, until writing succeeds again; the old
 * file stays, training goes on, and every later saving tries anew.
 *
 * All functions are for the training's thread, checkpoint_free also for whoever has the
 * job when that thread is done with it.
 */
#ifndef ENGINE_CHECKPOINT_H
#define ENGINE_CHECKPOINT_H

#include "base/str.h"
#include "engine/trainer.h"

struct checkpoint;

/* `path` and `run` (train_state_write) are copied; `interval` in seconds, over 0. Nothing
 * is written yet. */
struct checkpoint *checkpoint_new(const char *path, const char *run, double interval);
/* Waits until what is being written is written, then frees it. */
void checkpoint_free(struct checkpoint *c);

/* Between two steps. Saves if it is time: the first time, `interval` after the last time,
 * and at a better epoch where writing takes a small part of the time. *note gets what a
 * person should know, one sentence a line. */
void checkpoint_step(struct checkpoint *c, struct trainer *t, struct str *note);

/* Saves now and waits for it. `end` is "running" or "stopped". */
bool checkpoint_write(struct checkpoint *c, struct trainer *t, const char *end,
                      struct error *err);

/* The run has its end, the file is of no more use. */
void checkpoint_remove(struct checkpoint *c);

#endif
