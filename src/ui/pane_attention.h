/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the panes of the Attention view share. */
#ifndef UI_PANE_ATTENTION_H
#define UI_PANE_ATTENTION_H

#include "ui/pane.h"

/* What was found. NULL: nothing yet, and s says why. */
const struct attending *attention_seen(const struct view *v, struct surface *s);
/* The same for a title. */
const struct attending *attention_known(const struct view *v);

/* The column in line i. */
const char *attention_name(const struct attending *a, size_t i);

/* The least number that is shown: some share of what each column has where all are asked
 * alike. */
double attention_least(const struct view *v);

/* How a share of the scale looks: where no colours can be trusted a character says it,
 * too. */
enum role attention_heat(double share);
bool attention_has_shades(const struct surface *s);
uint32_t attention_shade(const struct surface *s, double share);

#endif
