/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metrics of a task by name, in the order in which they are printed everywhere. */
#ifndef ENGINE_METRIC_H
#define ENGINE_METRIC_H

#include <jansson.h>
#include <stdbool.h>

#include "data/schema.h"
#include "num/metrics.h"

struct metric_field {
    const char *name;  /* "auc" */
    const char *title; /* "AUC", at most nine letters */
    size_t offset;     /* of the double in struct metrics */
    bool rises;        /* more is better */
};

/* Field number i of the task, TASK_NONE being pre-training; NULL behind the last. */
const struct metric_field *metric_field(enum task task, int i);
/* The first of the task's that is more where a model is better: AUC, or R2. */
const struct metric_field *metric_rising(enum task task);
double metric_value(const struct metrics *m, const struct metric_field *f);

/* {"rows": ..., "auc": ..., ...}; null where a value is not defined. */
json_t *metrics_to_json(const struct metrics *m, enum task task);
/* And back: what is missing or no number is NAN. False if j is no object. */
bool metrics_from_json(struct metrics *m, const json_t *j);

#endif
