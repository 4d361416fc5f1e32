/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people read them in narrow columns. All append to `out`. */
#ifndef UI_FORMAT_H
#define UI_FORMAT_H

#include "base/str.h"
#include "data/profile.h"

/* 178,356   38.582   0.00012   1.5e+20; "-" of what is not finite. */
void format_number(struct str *out, double x);
/* In at most six columns, seven with a sign: 2011   178k   1.48M   0.25 */
void format_short(struct str *out, double x);
/* What part of the whole, in at most five columns: 0%   <0.1%   5.6%   69%   100%. Only
 * what is nothing or all is called so. */
void format_share(struct str *out, double share);

/* A number of the column: as above, or as the date or time that it stands for; in brief
 * without the day where there are many months. */
void format_value(struct str *out, const struct profile *p, double x, bool brief);

#endif
