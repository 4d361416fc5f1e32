/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The runs of a session as a tree: below a run stand those that began with its body.
 * Parents are found by name; a run whose parent is not there stands at the top.
 */
#ifndef COMMAND_LINEAGE_H
#define COMMAND_LINEAGE_H

#include "base/str.h"
#include "engine/session.h"

struct lineage_line {
    struct run *run;
    size_t parent; /* line of the run it began with; of a run at the top its own */
    size_t below;  /* runs below it, in all depths, also where it is folded */
    bool last;     /* of those that began with the same run */
    bool folded;   /* there are runs below it, and they have no lines */
};

struct lineage {
    struct lineage_line *lines; /* in the order in which the tree is read */
    size_t n;
};

/* folded: names of runs whose descendants are left out. */
struct lineage lineage_make(const struct session *s, char *const *folded,
                            size_t n_folded);
void lineage_done(struct lineage *l);

/* The run's line, l->n if it has none. */
size_t lineage_find(const struct lineage *l, const struct run *r);

/* Appends what stands in front of the name on line i, three columns for each depth:
 * "|  `- ", or the same in lines of boxes. */
void lineage_branch(const struct lineage *l, size_t i, bool ascii, struct str *out);
/* Whether output of that width (0: no screen) should be in ASCII. */
bool lineage_is_ascii(const struct settings *s, size_t width);

#endif
