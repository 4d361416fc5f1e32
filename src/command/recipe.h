/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept beside the state of a run that may be cut off (engine/train_state.h), so
 * that it can go on in another session: how its table is read and what its columns mean,
 * how the rows are divided, all settings, and where it came from. A JSON text:
 *
 *     {"name": "r1", "load": "load a.csv", "folder": "/where/it/was/begun",
 *      "table": "a", "pretext": "none", "parent": "pre", "target": "y",
 *      "schema": {"columns": [["categorical", ".", true], ...],
 *                 "target": 3, "positive": "yes", "task": "binary"},
 *      "split": {"train": 65, ...}, "settings": {"model.dim": "32", ...}}
 *
 * Columns come by place: whether they are the same ones, the state's fingerprint says.
 */
#ifndef COMMAND_RECIPE_H
#define COMMAND_RECIPE_H

#include "engine/session.h"

/* Of a run that begins on that table. Caller frees. */
char *recipe_text(const struct table *t, const struct run *r);

struct recipe {
    char *name, *load, *folder, *table;
    char *parent;             /* or NULL */
    enum pretext pretext;
    struct split_options split;
    struct settings settings; /* over the given ones */
    json_t *schema;
};

/* `settings` gives what runs do not set. False with a sentence; r is empty then. */
bool recipe_read(struct recipe *r, const char *text, const struct settings *settings,
                 struct error *err);
void recipe_done(struct recipe *r);

/* The schema, from the one that was guessed of the table. NULL: it does not fit. */
struct schema *recipe_schema(const struct recipe *r, const struct dataset *data,
                             const struct schema *guessed, struct error *err);

#endif
