/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void state_done(struct table_state *s)
{
    schema_free(s->schema);
    free(s->change);
}

static void history_clear(struct table_history *h)
{
    for (size_t i = 0; i < h->n; i++)
        state_done(&h->states[i]);
    free(h->states);
    *h = (struct table_history){0};
}

static struct table_state *history_push(struct table_history *h, struct table_state state)
{
    if (h->n == TABLE_UNDO_LIMIT) {
        state_done(&h->states[0]);
        memmove(h->states, h->states + 1, --h->n * sizeof(*h->states));
    }
    h->states = xgrow(h->states, h->n, &h->capacity, sizeof(*h->states));
    h->states[h->n] = state;
    return &h->states[h->n++];
}

struct table *table_new(const char *name, const char *load_line, struct dataset *data,
                        struct schema *schema, const struct split_options *split)
{
    struct table *t = xcalloc(1, sizeof(*t));

    t->name = xstrdup(name);
    t->load_line = xstrdup(load_line);
    t->data = data;
    t->schema = schema;
    t->split = *split;
    t->profiles = xcalloc((size_t)dataset_columns(data), sizeof(*t->profiles));
    return t;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    history_clear(&t->undo);
    history_clear(&t->redo);
    schema_free(t->schema);
    for (int i = 0; i < dataset_columns(t->data); i++)
        profile_free(t->profiles[i]);
    free(t->profiles);
    free(t->profiled_for);
    where_free(t->found);
    dataset_unref(t->data);
    free(t->load_line);
    free(t->name);
    free(t);
}

void table_change(struct table *t, struct schema *schema,
                  const struct split_options *split, const char *change)
{
    struct table_state before = {schema ? t->schema : schema_copy(t->schema), t->split,
                                 xstrdup(change)};

    history_push(&t->undo, before);
    history_clear(&t->redo);
    if (schema)
        t->schema = schema;
    if (split)
        t->split = *split;
}

/* The newest state of `from` becomes the present one, which goes to `to`. */
static const char *go(struct table *t, struct table_history *from,
                      struct table_history *to)
{
    struct table_state present = {t->schema, t->split, NULL}, next;

    if (from->n == 0)
        return NULL;
    next = from->states[--from->n];
    present.change = next.change;
    t->schema = next.schema;
    t->split = next.split;
    return history_push(to, present)->change;
}

const char *table_undo(struct table *t)
{
    return go(t, &t->undo, &t->redo);
}

const char *table_redo(struct table *t)
{
    return go(t, &t->redo, &t->undo);
}

const struct where *table_where(struct table *t, const char *filter)
{
    if (t->found && strcmp(t->found->text, filter) == 0)
        return t->found;
    where_free(t->found);
    t->found = where_new(t->data, filter);
    return t->found;
}
