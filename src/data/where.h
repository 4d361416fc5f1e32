/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of a table that have a value, written COLUMN=VALUE. An empty value stands for
 * all that means "missing". Names may hold = themselves: the shortest beginning that is
 * the name of a column is taken for it.
 */
#ifndef DATA_WHERE_H
#define DATA_WHERE_H

#include <stdint.h>

#include "data/dataset.h"

struct where {
    char *text;
    int column;        /* -1: the text names none, and all below is empty */
    const char *value; /* in the text */
    uint32_t *rows;    /* (n) in order */
    size_t n;
};

/* NULL: no memory for the rows. */
struct where *where_new(const struct dataset *d, const char *text);
void where_free(struct where *w);

#endif
