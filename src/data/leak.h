/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Columns that give the target away: a copy of it, another spelling of it, or something
 * known only afterwards. A warning for a person, not a decision.
 */
#ifndef DATA_LEAK_H
#define DATA_LEAK_H

#include "data/target.h"

/*
 * Sets or clears WARN_LEAK on every column of s. A column leaks when
 *  - naming the most frequent target of each of its texts (missing is one) errs 200 times
 *    less often than naming the most frequent target everywhere; texts in fewer
 *    than five rows do not count as knowledge, or
 *  - its numbers put pairs of rows in the order of the target (a value, or one of two
 *    classes) or in the opposite one 995 times of 1,000.
 * Needs at least 20 rows with a target. False: no memory.
 */
bool leak_find(const struct dataset *d, struct schema *s, const struct target *t);

#endif
