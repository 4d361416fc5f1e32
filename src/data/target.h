/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target of every row as a schema means it: a class number or a value. What split
 * and encoder both start from.
 */
#ifndef DATA_TARGET_H
#define DATA_TARGET_H

#include "data/schema.h"

enum { TARGET_MAX_CLASSES = 1000 };

struct target {
    enum task task;   /* TASK_NONE: the schema has no target, and all below is empty */
    size_t rows;
    bool against_rest; /* binary, and class 0 is everything but the positive one */
    int n_classes;
    struct cell *classes; /* (n_classes) texts in the dataset; classes[0] empty with
                             against_rest. Binary: negative, positive; else in the order
                             of the numbers, or of the bytes if one is none */
    int32_t *class_of; /* (rows) or -1, classification */
    double *value;     /* (rows) or NAN, regression */
};

/* NULL and a sentence if there is no memory, or the column cannot be such a target: one
 * class, more than TARGET_MAX_CLASSES, no number, no positive class. */
struct target *target_read(const struct dataset *d, const struct schema *s,
                           struct error *err);
void target_free(struct target *t);

/* Rows with class or value. */
bool target_known(const struct target *t, size_t row);

#endif
