/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table of the session: what was read, what its columns mean, how its rows are divided,
 * and the earlier states of the last two, so that every change can be undone. The data
 * itself never changes. Main thread only.
 */
#ifndef ENGINE_TABLE_H
#define ENGINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "data/dataset.h"
#include "data/profile.h"
#include "data/schema.h"
#include "data/split.h"
#include "data/where.h"

/* States that can be gone back to; older ones are forgotten. */
enum { TABLE_UNDO_LIMIT = 100 };

struct table_state {
    struct schema *schema;
    struct split_options split;
    char *change; /* what was done to this state, or undone to get to it: "mark ..." */
};

struct table_history {
    struct table_state *states;
    size_t n, capacity;
};

struct table {
    char *name;
    char *load_line; /* the command that reads it again */
    struct dataset *data;
    struct schema *schema;
    struct split_options split;
    struct table_history undo, redo;
    struct profile **profiles; /* (columns) NULL where not known (yet) */
    char *profiled_for;        /* schema_target_key of what was asked for, or NULL */
    struct where *found;       /* of the last table_where */
};

/* Takes over data and schema; copies the texts. */
struct table *table_new(const char *name, const char *load_line, struct dataset *data,
                        struct schema *schema, const struct split_options *split);
void table_free(struct table *t);

/* Puts a new schema (taken over; NULL: as it is) and split (copied; NULL: as it is) in
 * place. `change` is the command line that did it. */
void table_change(struct table *t, struct schema *schema,
                  const struct split_options *split, const char *change);

/* The command line that was undone or done again, valid until the next change; NULL:
 * there is nothing to undo or redo. */
const char *table_undo(struct table *t);
const char *table_redo(struct table *t);

/* The rows with COLUMN=VALUE, found at the first call and kept until another filter is
 * asked for. NULL: no memory. */
const struct where *table_where(struct table *t, const char *filter);

#endif
