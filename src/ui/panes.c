/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panes by number, and what they share. */
#include <math.h>
#include <stdio.h>

#include "ui/pane.h"

const struct pane_type *pane_type(enum pane_id pane)
{
    static const struct pane_type *const types[PANES] = {
        [PANE_SCHEMA] = &pane_schema,
        [PANE_COLUMN] = &pane_column,
        [PANE_VALUES] = &pane_values,
        [PANE_ROWS] = &pane_rows,
        [PANE_LOSS] = &pane_loss,
        [PANE_SCORE] = &pane_score,
        [PANE_FACTS] = &pane_facts,
        [PANE_ROC] = &pane_roc,
        [PANE_CONFUSION] = &pane_confusion,
        [PANE_CALIBRATION] = &pane_calibration,
        [PANE_LEARNED] = &pane_learned,
        [PANE_EXAMPLE] = &pane_example,
        [PANE_RUNS] = &pane_runs,
        [PANE_COMPARE] = &pane_compare,
        [PANE_CURVES] = &pane_curves,
        [PANE_MAP] = &pane_map,
        [PANE_HEADS] = &pane_heads,
        [PANE_QUERY] = &pane_query,
        [PANE_LOOKED] = &pane_looked,
        [PANE_POINTS] = &pane_points,
        [PANE_BESIDE] = &pane_beside,
        [PANE_LEGEND] = &pane_legend,
        [PANE_POINT] = &pane_point,
        [PANE_LOG] = &pane_log,
        [PANE_STANDINGS] = &pane_standings,
        [PANE_TRIALS] = &pane_trials,
    };

    return types[pane];
}

const char *value_text(double x, int decimals, char out[32])
{
    if (isfinite(x))
        snprintf(out, 32, "%.*f", decimals, x);
    else
        snprintf(out, 32, "-");
    return out;
}
