/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns that are equal to another one, found without comparing all pairs of a table of
 * 100,000 columns. */
#ifndef DATA_TWINS_H
#define DATA_TWINS_H

#include "base/step.h"
#include "data/dataset.h"
#include "data/schema.h"

struct twins;

/* The figures of s must stand. Both must outlive it. NULL: no memory. */
struct twins *twins_new(const struct dataset *d, struct schema *s);
/* Holds one column against the ones left of it that look the same: an equal one is
 * ignored, with a warning. Never fails. */
enum step twins_step(struct twins *t);
void twins_free(struct twins *t);

#endif
