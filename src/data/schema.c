/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/leak.h"
#include "data/target.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const kind_names[] = {"categorical", "continuous", "datetime",
                                         "ignore", "weight"};
static const char *const task_names[] = {"none", "binary", "multiclass", "regression"};

static bool find_name(const char *const *names, size_t n, const char *text, int *out)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

const char *kind_name(enum kind kind)
{
    return kind_names[kind];
}

bool kind_parse(const char *text, enum kind *kind)
{
    int found;

    if (!find_name(kind_names, COUNT(kind_names), text, &found))
        return false;
    *kind = (enum kind)found;
    return true;
}

const char *task_name(enum task task)
{
    return task_names[task];
}

bool task_parse(const char *text, enum task *task)
{
    int found;

    if (!find_name(task_names, COUNT(task_names), text, &found))
        return false;
    *task = (enum task)found;
    return true;
}

const char *warning_name(enum column_warning bit)
{
    switch (bit) {
    case WARN_CONSTANT:
        return "constant";
    case WARN_ID:
        return "id-like";
    case WARN_ALL_MISSING:
        return "all missing";
    case WARN_DUPLICATE:
        return "duplicate";
    case WARN_LEAK:
        return "gives the target away";
    case WARN_CARDINALITY:
        return "many classes";
    case WARN_MIXED:
        return "mixed";
    case WARN_NONFINITE:
        return "not finite";
    case WARN_TEXT:
        return "free text";
    }
    return "";
}

void schema_warnings(const struct schema_column *c, struct str *out)
{
    size_t before = out->length;

    for (unsigned bit = 1; bit <= WARN_TEXT; bit <<= 1)
        if (c->warnings & bit)
            str_printf(out, "%s%s", out->length > before ? ", " : "",
                       warning_name((enum column_warning)bit));
}

const char *schema_role(const struct schema *s, int column)
{
    if (column == s->target)
        return "target";
    switch (s->columns[column].kind) {
    case KIND_IGNORE:
        return "ignored";
    case KIND_WEIGHT:
        return "weight";
    default:
        return "input";
    }
}

const char *schema_reason(const struct schema_column *c)
{
    if (c->marked)
        return "marked by hand";
    return c->reason ? c->reason : "";
}

char *schema_target_key(const struct schema *s)
{
    if (s->target < 0)
        return xstrdup("");
    return xasprintf("%d %s %s", s->target, task_name(s->task),
                     s->positive ? s->positive : "");
}

struct schema *schema_copy(const struct schema *s)
{
    struct schema *copy = xmalloc(sizeof *copy);

    *copy = *s;
    copy->positive = s->positive ? xstrdup(s->positive) : NULL;
    copy->columns = xcalloc((size_t)s->n_columns, sizeof *copy->columns);
    for (int i = 0; i < s->n_columns; i++) {
        copy->columns[i] = s->columns[i];
        copy->columns[i].name = xstrdup(s->columns[i].name);
        copy->columns[i].reason = xstrdup(s->columns[i].reason);
    }
    return copy;
}

static void empty_schema(struct schema *s)
{
    for (int i = 0; i < s->n_columns; i++) {
        free(s->columns[i].name);
        free(s->columns[i].reason);
    }
    free(s->columns);
    free(s->positive);
}

void schema_free(struct schema *s)
{
    if (!s)
        return;
    empty_schema(s);
    free(s);
}

int schema_find(const struct schema *s, const char *name)
{
    for (int i = 0; i < s->n_columns; i++)
        if (strcmp(s->columns[i].name, name) == 0)
            return i;
    return -1;
}

/* Where a second weight column would be one too many, the first. */
static int find_weight(const struct schema *s)
{
    for (int i = 0; i < s->n_columns; i++)
        if (s->columns[i].kind == KIND_WEIGHT)
            return i;
    return -1;
}

bool schema_mark(struct schema *s, int column, enum kind kind, struct error *err)
{
    struct schema_column *c = &s->columns[column];
    int weight = find_weight(s);

    if (column == s->target)
        return error_set(err, ERROR_STATE, "%s is the target: set another target first",
                         c->name);
    if (kind == KIND_WEIGHT && weight >= 0 && weight != column)
        return error_set(err, ERROR_STATE,
                         "%s is the weight already: mark it ignore first",
                         s->columns[weight].name);
    if ((kind == KIND_CONTINUOUS || kind == KIND_WEIGHT) && c->numeric == 0)
        return error_set(err, ERROR_INPUT, "%s holds no number: it cannot be %s", c->name,
                         kind == KIND_WEIGHT ? "a weight" : "continuous");
    c->kind = kind;
    c->marked = true;
    return true;
}

/* The words by which people call the class they look for. */
static bool is_conventional(const char *text)
{
    static const char *const words[] = {"1", "1.0", "yes", "y", "true", "t", "positive",
                                        "pos", "+"};

    for (size_t i = 0; i < COUNT(words); i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return text[0] == '>';
}

/* The two classes of a column and their rows. */
struct two_classes {
    char *texts[2];
    size_t rows[2];
};

static const char *choose_positive(const struct two_classes *c)
{
    bool first = is_conventional(c->texts[0]), second = is_conventional(c->texts[1]);

    if (first != second)
        return c->texts[second];
    return c->texts[c->rows[1] < c->rows[0]];
}

static char *default_positive(const struct dataset *d, const struct schema *s,
                              struct error *err)
{
    struct schema as_classes = *s;
    struct two_classes two = {{NULL, NULL}, {0, 0}};
    struct target *t;
    char *positive;

    as_classes.task = TASK_MULTICLASS;
    t = target_read(d, &as_classes, err);
    if (!t)
        return NULL;
    if (t->n_classes != 2) {
        error_set(
            err, ERROR_USAGE,
            "%s has %d classes: say with --positive which one is set against the rest",
            s->columns[s->target].name, t->n_classes);
        target_free(t);
        return NULL;
    }
    for (int i = 0; i < 2; i++)
        two.texts[i] = xstrndup(t->classes[i].text, t->classes[i].length);
    for (size_t row = 0; row < t->rows; row++)
        if (t->class_of[row] >= 0)
            two.rows[t->class_of[row]]++;
    positive = xstrdup(choose_positive(&two));
    free(two.texts[0]);
    free(two.texts[1]);
    target_free(t);
    return positive;
}

/* A few odd cells are left out as rows without a target. */
static bool holds_numbers(const struct schema_column *c, size_t rows)
{
    return c->numeric > 0 && (double)c->numeric >= 0.9 * (double)(rows - c->missing);
}

static enum task infer_task(const struct schema_column *c, bool numbers)
{
    if (c->distinct == 2)
        return TASK_BINARY;
    if (numbers && c->kind != KIND_CATEGORICAL)
        return TASK_REGRESSION;
    return TASK_MULTICLASS;
}

/* Task and positive class of s, which has its target already. */
static bool choose_task(struct schema *s, const struct dataset *d, const char *positive,
                        enum task task, struct error *err)
{
    const struct schema_column *c = &s->columns[s->target];
    bool numbers = holds_numbers(c, dataset_rows(d));
    char some[COUNT_TEXT], all[COUNT_TEXT];

    if (task == TASK_NONE)
        task = positive ? TASK_BINARY : infer_task(c, numbers);
    if (task == TASK_REGRESSION && !numbers)
        return error_set(err, ERROR_INPUT,
                         "%s is not a column of numbers (%s of %s values are): "
                         "regression needs them", c->name,
                         count_text(c->numeric, some),
                         count_text(dataset_rows(d) - c->missing, all));
    if (task != TASK_BINARY && positive)
        return error_set(err, ERROR_USAGE,
                         "a positive class is for --task binary, not %s",
                         task_name(task));
    s->task = task;
    if (task == TASK_BINARY)
        s->positive = positive ? xstrdup(positive) : default_positive(d, s, err);
    return task != TASK_BINARY || s->positive;
}

static void note_classes(const struct schema *s, const struct target *t, struct str *note)
{
    size_t known = 0, positives = 0;
    char count[COUNT_TEXT];

    for (size_t row = 0; row < t->rows; row++) {
        known += t->class_of[row] >= 0;
        positives += t->class_of[row] == 1;
    }
    if (s->task == TASK_BINARY) {
        str_puts(note, ", positive class \"");
        show_to(note, s->positive, strlen(s->positive), 40);
        str_printf(note, "\"%s (%.1f %% of %s rows)",
                   t->against_rest ? " against the rest" : "",
                   100.0 * (double)positives / (double)known, count_text(known, count));
    } else {
        str_printf(note, ", %d classes in %s rows", t->n_classes,
                   count_text(known, count));
    }
}

static void note_target(const struct schema *s, const struct target *t, struct str *note)
{
    const struct schema_column *c = &s->columns[s->target];
    char count[COUNT_TEXT];
    bool first = true;

    str_printf(note, "target %s: %s", c->name, task_name(s->task));
    if (t->class_of)
        note_classes(s, t, note);
    else
        str_printf(note, ", from %.6g to %.6g", c->min, c->max);
    if (c->missing)
        str_printf(note, "; %s rows without a value are left out",
                   count_text(c->missing, count));
    str_putc(note, '\n');
    for (int i = 0; i < s->n_columns; i++) {
        if (!(s->columns[i].warnings & WARN_LEAK) || s->columns[i].kind == KIND_IGNORE)
            continue;
        str_printf(note, "%s%s", first ? "these columns give the target away: " : ", ",
                   s->columns[i].name);
        first = false;
    }
    if (!first)
        str_puts(note, "; mark them ignore if they are not known beforehand\n");
}

bool schema_set_target(struct schema *s, const struct dataset *d, int column,
                       const char *positive, enum task task, struct str *note,
                       struct error *err)
{
    struct schema *changed;
    struct target *t = NULL;

    if (s->columns[column].kind == KIND_WEIGHT)
        return error_set(err, ERROR_STATE, "%s is the weight: mark it otherwise first",
                         s->columns[column].name);
    changed = schema_copy(s);
    changed->target = column;
    free(changed->positive);
    changed->positive = NULL;
    if (choose_task(changed, d, positive, task, err))
        t = target_read(d, changed, err);
    if (t && !leak_find(d, changed, t)) {
        error_set(err, ERROR_MEMORY, "no memory to compare the columns with the target");
        target_free(t);
        t = NULL;
    }
    if (!t) {
        schema_free(changed);
        return false;
    }
    if (note)
        note_target(changed, t, note);
    target_free(t);
    empty_schema(s);
    *s = *changed;
    free(changed);
    return true;
}

void schema_forget_target(struct schema *s)
{
    if (s->target < 0)
        return;
    s->columns[s->target].kind = KIND_IGNORE;
    s->target = -1;
    s->task = TASK_NONE;
    free(s->positive);
    s->positive = NULL;
}
