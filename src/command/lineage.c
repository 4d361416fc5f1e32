/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/lineage.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct run *named_parent(const struct session *s, const struct run *r)
{
    return r->parent ? session_find_run(s, r->parent) : NULL;
}

/* A file can say anything: also that a run began with itself, or with one that began with
 * it. All of these stand at the top. */
static struct run *parent_of(const struct session *s, const struct run *r)
{
    struct run *parent = named_parent(s, r), *up = parent;

    for (size_t i = 0; up && up != r && i < s->n_runs; i++)
        up = named_parent(s, up);
    return up == r ? NULL : parent;
}

struct folds {
    char *const *names;
    size_t n;
};

static bool is_folded(const struct folds *f, const struct run *r)
{
    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->names[i], r->name) == 0)
            return true;
    }
    return false;
}

/* Returns how many runs are below. */
static size_t add_run(struct lineage *l, const struct session *s, const struct folds *f,
                      struct run *r, size_t parent)
{
    size_t own = l->n++, below = 0, last = own;

    l->lines[own] = (struct lineage_line){.run = r, .parent = parent};
    for (size_t i = 0; i < s->n_runs; i++) {
        if (parent_of(s, s->runs[i]) != r)
            continue;
        last = l->n;
        below += 1 + add_run(l, s, f, s->runs[i], own);
    }
    if (last != own)
        l->lines[last].last = true;
    l->lines[own].below = below;
    if (below > 0 && is_folded(f, r)) {
        l->lines[own].folded = true;
        l->n = own + 1;
    }
    return below;
}

struct lineage lineage_make(const struct session *s, char *const *folded, size_t n_folded)
{
    struct lineage l = {xcalloc(s->n_runs + 1, sizeof(*l.lines)), 0};
    struct folds f = {folded, n_folded};

    for (size_t i = 0; i < s->n_runs; i++) {
        if (!parent_of(s, s->runs[i]))
            add_run(&l, s, &f, s->runs[i], l.n);
    }
    return l;
}

void lineage_done(struct lineage *l)
{
    free(l->lines);
    *l = (struct lineage){0};
}

size_t lineage_find(const struct lineage *l, const struct run *r)
{
    size_t i = 0;

    while (i < l->n && l->lines[i].run != r)
        i++;
    return i;
}

static void put_trunks(const struct lineage *l, size_t i, bool ascii, struct str *out)
{
    size_t parent = l->lines[i].parent;

    if (parent == i)
        return;
    put_trunks(l, parent, ascii, out);
    if (parent != l->lines[parent].parent)
        str_puts(out, l->lines[parent].last ? "   " : ascii ? "|  " : "\u2502  ");
}

void lineage_branch(const struct lineage *l, size_t i, bool ascii, struct str *out)
{
    if (l->lines[i].parent == i)
        return;
    put_trunks(l, i, ascii, out);
    if (l->lines[i].last)
        str_puts(out, ascii ? "`- " : "\u2514\u2500 ");
    else
        str_puts(out, ascii ? "|- " : "\u251c\u2500 ");
}

bool lineage_is_ascii(const struct settings *s, size_t width)
{
    return width == 0 || s->screen.glyphs == SCREEN_ASCII
        || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}
