/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What there is to say of a run in a word each, for lists and tables of runs. */
#ifndef UI_RUN_CELLS_H
#define UI_RUN_CELLS_H

#include "ui/pane.h"

enum run_cell {
    CELL_NAME, CELL_STATE, CELL_TABLE, CELL_FROM, CELL_MODEL, CELL_TARGET, CELL_LABELS,
    CELL_EPOCHS, CELL_BEST, CELL_LOSS, CELL_VALID, CELL_TEST, CELL_TIME, CELL_NOTE,
    RUN_CELLS
};

/* Appends it; nothing where it is not known. Valid and test: the metric that early
 * stopping watches. */
void run_cell_text(const struct view *v, const struct run *r, enum run_cell cell,
                   struct str *out);

#endif
