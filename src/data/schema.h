/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the columns of a table mean: kind, role, and why. A schema starts as a guess
 * (data/infer.h) and is changed by a person; it is a plain value that can be copied,
 * so that undo is a stack of copies. It is saved as CSV.
 */
#ifndef DATA_SCHEMA_H
#define DATA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "data/dataset.h"

enum kind {
    KIND_CATEGORICAL,
    KIND_CONTINUOUS,
    KIND_DATETIME, /* becomes year, month, day, weekday, hour as far as they vary */
    KIND_IGNORE,   /* not given to the model */
    KIND_WEIGHT,   /* weight of the row in the loss; not given to the model */
};

/* Classes of a categorical column that get a place of their own unless asked
 * otherwise. */
enum { SCHEMA_MAX_CLASSES = 10000 };

enum task {
    TASK_NONE,
    TASK_BINARY,
    TASK_MULTICLASS,
    TASK_REGRESSION,
};

enum column_warning { /* bits */
    WARN_CONSTANT = 1,
    WARN_ID = 2,           /* every row another value */
    WARN_ALL_MISSING = 4,
    WARN_DUPLICATE = 8,    /* equal to another column */
    WARN_LEAK = 16,        /* gives the target away */
    WARN_CARDINALITY = 32, /* more than data.max_classes: rare ones share a place */
    WARN_MIXED = 64,       /* a few cells of another kind, as one word among numbers */
    WARN_NONFINITE = 128,  /* inf, nan, beyond a double's range: taken as missing */
    WARN_TEXT = 256,       /* free text */
};

struct schema_column {
    char *name; /* of the dataset's column */
    enum kind kind;
    bool marked;     /* a person said so */
    char *reason;    /* one clause: "98.2 % of cells are numbers, 73 distinct" */
    unsigned warnings;
    int decimal;     /* of numbers: '.', or ',' if the whole column is written so */
    size_t missing, distinct, numeric; /* cells; distinct counts the non-missing texts */
    double min, max, mean, deviation;  /* of the numeric cells; NAN without any */
};

struct schema {
    int n_columns;
    struct schema_column *columns;
    int target;      /* index or -1 */
    char *positive;  /* text of the positive class, or NULL */
    enum task task;  /* TASK_NONE without a target */
};

const char *kind_name(enum kind kind); /* "categorical", ... */
bool kind_parse(const char *text, enum kind *kind);
const char *task_name(enum task task);
bool task_parse(const char *text, enum task *task);
/* "constant", "id-like", ... of one bit. */
const char *warning_name(enum column_warning bit);
/* Appends the names of all warnings of a column, separated by commas. */
void schema_warnings(const struct schema_column *c, struct str *out);
/* "input", "target", "ignored" or "weight". */
const char *schema_role(const struct schema *s, int column);
/* Why it is of its kind. */
const char *schema_reason(const struct schema_column *c);
/* The target with its task and positive class as a text, equal for equal ones. Caller
 * frees. */
char *schema_target_key(const struct schema *s);

struct schema *schema_copy(const struct schema *s);
void schema_free(struct schema *s);
int schema_find(const struct schema *s, const char *name); /* or -1 */

/* Marks one column. Refused with a sentence: the target's own column, continuous where no
 * cell is a number, a second weight. */
bool schema_mark(struct schema *s, int column, enum kind kind, struct error *err);

/* Sets the target and its task. `positive` NULL: for two classes the conventional one
 * ("1", "yes", "true", ">50K"-like, else the rarer; said in *note). With more than two
 * classes and task binary it is set against all others. task TASK_NONE: inferred (2
 * classes: binary; a continuous column: regression; else multiclass). Refused with a
 * sentence that leaves s as it was: no such value, one class, regression on text, more
 * than 1,000 classes. `note` (may be NULL) gets what was chosen and warnings (leaks),
 * one a line. Recomputes WARN_LEAK on every column. */
bool schema_set_target(struct schema *s, const struct dataset *d, int column,
                       const char *positive, enum task task, struct str *note,
                       struct error *err);

/* The table without a target: what was the target is no input either. */
void schema_forget_target(struct schema *s);

/* CSV with a line for each column: column,kind,role,positive,task,decimal; the role is
 * "input" or "target". Load matches by name and says in *note which columns are not
 * there; columns it does not name stay. A file with a mistake changes nothing. */
bool schema_save(const struct schema *s, const char *path, struct error *err);
bool schema_load(struct schema *s, const struct dataset *d, const char *path,
                 struct str *note, struct error *err);

#endif
