/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fitting. A column is grouped by text, the training rows of each text are counted, and
 * all else (vocabularies, means, quantiles) is made from these counts, so that a column
 * of a million rows and ten texts costs little more than ten texts.
 */
#include "data/encode.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/bins.h"
#include "data/datetime.h"
#include "data/feature.h"
#include "data/number.h"
#include "data/scaling.h"
#include "data/tally.h"
#include "data/target.h"

/* The encoder first, so that a pointer to one is a pointer to the other. */
struct shared_encoder {
    struct encoder encoder;
    _Atomic unsigned references;
};

struct encoder *encoder_make(void)
{
    struct shared_encoder *s = xcalloc(1, sizeof *s);

    atomic_init(&s->references, 1);
    return &s->encoder;
}

struct encoder *encoder_ref(struct encoder *e)
{
    atomic_fetch_add(&((struct shared_encoder *)e)->references, 1);
    return e;
}

static bool has_categorical(const struct encoder *e, const char *name)
{
    for (int i = 0; i < e->n_categorical; i++)
        if (strcmp(e->categorical[i].name, name) == 0)
            return true;
    return false;
}

bool encoder_is_like(const struct encoder *a, const struct encoder *b)
{
    bool like = a->n_categorical == b->n_categorical;

    for (int i = 0; like && i < a->n_categorical; i++)
        like = has_categorical(b, a->categorical[i].name);
    return like;
}

void encoder_unref(struct encoder *e)
{
    if (!e || atomic_fetch_sub(&((struct shared_encoder *)e)->references, 1) > 1)
        return;
    for (int i = 0; i < e->n_categorical; i++)
        feature_done(&e->categorical[i]);
    for (int i = 0; i < e->n_continuous; i++)
        feature_done(&e->continuous[i]);
    for (int i = 0; e->classes && i < e->n_classes; i++)
        free(e->classes[i]);
    free(e->categorical);
    free(e->continuous);
    free(e->classes);
    free(e->class_counts);
    free(e->target);
    free(e->weight);
    free(e->missing);
    free(e);
}

struct encode_options encode_defaults(void)
{
    return (struct encode_options){
        .scaling = SCALING_BOTH, .max_classes = SCHEMA_MAX_CLASSES, .min_count = 1,
        .bins = 48};
}

/* ---- what fitting works with ---- */

struct fit {
    struct encoder *encoder;
    const struct dataset *data;
    const struct schema *schema;
    uint32_t *rows; /* (n_rows) the rows to fit on */
    size_t n_rows;
    size_t categorical_room, continuous_room;
    struct str *note;
    struct str left_out; /* names of constant columns */
    struct error *err;
};

/* One column on the rows to fit on. */
struct view {
    const struct schema_column *column;
    const struct tally *tally;
    size_t *counts; /* (tally->n) rows to fit on */
    size_t missing; /* cells without a value, or not readable as what the kind says */
};

static bool no_memory(const struct fit *f, const char *name)
{
    return error_set(f->err, ERROR_MEMORY, "no memory to encode column %s", name);
}

static struct feature make_feature(const struct view *v, enum feature_source source,
                                   enum datetime_form form)
{
    const char *name = v->column->name;

    return (struct feature){
        .name = source == FEATURE_CELL
                    ? xstrdup(name)
                    : xasprintf("%s (%s)", name, feature_source_name(source)),
        .column = xstrdup(name),
        .source = source,
        .datetime_form = form,
        .decimal = v->column->decimal,
        .deviation = 1,
    };
}

/* ---- categorical features ---- */

struct class_count {
    struct cell text;
    size_t count;
};

static int compare_classes(const void *a, const void *b)
{
    const struct class_count *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return cell_compare(x->text, y->text);
}

/* What the rows hold of one feature: its texts with their rows, and rows without one. */
struct census {
    struct vocabulary texts;
    size_t *counts;
    size_t missing;
    char (*buffers)[FEATURE_TEXT]; /* for the texts of dates */
};

static void census_done(struct census *c)
{
    vocabulary_done(&c->texts);
    free(c->counts);
    free(c->buffers);
}

static bool take_census(struct census *c, const struct feature *f, const struct view *v)
{
    const struct tally *t = v->tally;

    c->counts = try_calloc(t->n, sizeof *c->counts);
    c->buffers = f->source == FEATURE_CELL ? NULL : try_calloc(t->n, sizeof *c->buffers);
    if (!c->counts || (f->source != FEATURE_CELL && !c->buffers))
        return false;
    for (size_t code = 0; code < t->n; code++) {
        struct cell text;
        uint32_t number;

        if (v->counts[code] == 0)
            continue;
        if (tally_missing(t, code) ||
            !feature_text(f, tally_cell(t, code), c->buffers ? c->buffers[code] : NULL,
                          &text))
            c->missing += v->counts[code];
        else if (!vocabulary_add(&c->texts, text, &number))
            return false;
        else
            c->counts[number] += v->counts[code];
    }
    return true;
}

static char *copy_text(struct cell text)
{
    char *copy = xmalloc((size_t)text.length + 1);

    if (text.length > 0)
        memcpy(copy, text.text, text.length);
    copy[text.length] = '\0';
    return copy;
}

/* The most frequent n of all the classes become f's; the others share the last place. */
static bool keep_classes(struct feature *f, const struct class_count *all, size_t n_all,
                         size_t n, size_t missing)
{
    bool distinct;

    f->texts = try_calloc(n, sizeof *f->texts);
    f->lengths = try_calloc(n, sizeof *f->lengths);
    f->counts = try_calloc(n + 2, sizeof *f->counts);
    if (!f->texts || !f->lengths || !f->counts)
        return false;
    f->classes = (int)n + 1;
    f->counts[0] = missing;
    for (size_t i = 0; i < n; i++) {
        f->texts[i] = copy_text(all[i].text);
        f->lengths[i] = all[i].text.length;
        f->counts[i + 1] = all[i].count;
    }
    for (size_t i = n; i < n_all; i++)
        f->counts[n + 1] += all[i].count;
    return feature_make_index(f, &distinct) && distinct;
}

static void note_cap(const struct fit *f, const struct feature *x, size_t all,
                     size_t cells)
{
    size_t kept = (size_t)x->classes - 1, rest = x->counts[x->classes];
    char few[COUNT_TEXT], many[COUNT_TEXT];

    if (kept == all || !f->note)
        return;
    str_printf(
        f->note,
        "%s: %s of %s classes are kept, the rarer ones (%.3g %% of the cells) share "
        "one place\n", x->name, count_text(kept, few), count_text(all, many),
        100.0 * (double)rest / (double)cells);
}

static bool fill_feature(const struct fit *f, struct feature *x, const struct census *c)
{
    const struct encode_options *o = &f->encoder->options;
    size_t n_all = c->texts.n, n = 0;
    struct class_count *all = try_alloc(n_all, sizeof *all);
    bool done;

    if (!all)
        return false;
    for (size_t i = 0; i < n_all; i++)
        all[i] = (struct class_count){c->texts.texts[i], c->counts[i]};
    qsort(all, n_all, sizeof *all, compare_classes);
    while (n < n_all && n < (size_t)o->max_classes &&
           all[n].count >= (size_t)o->min_count)
        n++;
    done = keep_classes(x, all, n_all, n, c->missing);
    free(all);
    if (done)
        note_cap(f, x, n_all, f->n_rows);
    return done;
}

/* *added is false where the feature would be the same in every row. */
static bool add_categorical(struct fit *f, const struct view *v,
                            enum feature_source source, enum datetime_form form,
                            bool *added)
{
    struct encoder *e = f->encoder;
    struct feature x = make_feature(v, source, form);
    struct census c = {0};
    bool done = take_census(&c, &x, v);
    /* a field of a date may be missing where the others are: that alone is no feature */
    bool varies = c.texts.n > 1 ||
                  (c.texts.n == 1 && c.missing > 0 && source == FEATURE_CELL);

    *added = done && varies;
    if (*added)
        done = fill_feature(f, &x, &c);
    census_done(&c);
    if (!done || !*added) {
        feature_done(&x);
        return done || no_memory(f, v->column->name);
    }
    if ((size_t)e->n_categorical == f->categorical_room)
        e->categorical = xgrow(e->categorical, (size_t)e->n_categorical,
                               &f->categorical_room, sizeof x);
    e->categorical[e->n_categorical++] = x;
    return true;
}

/* ---- continuous features ---- */

static void push_continuous(struct fit *f, struct feature x)
{
    struct encoder *e = f->encoder;

    if ((size_t)e->n_continuous == f->continuous_room)
        e->continuous = xgrow(e->continuous, (size_t)e->n_continuous, &f->continuous_room,
                              sizeof x);
    e->continuous[e->n_continuous++] = x;
}

static bool fit_quantiles(struct feature *x, const struct sample *v, size_t n)
{
    double quantiles[SCALING_MAX_QUANTILES];

    x->n_quantiles = scaling_quantiles(v, n, quantiles);
    x->quantiles = try_alloc((size_t)x->n_quantiles, sizeof *x->quantiles);
    if (!x->quantiles)
        return false;
    memcpy(x->quantiles, quantiles, (size_t)x->n_quantiles * sizeof *quantiles);
    return true;
}

/* One feature of the numbers v, standardised or by quantiles; with bins where it is the
 * one that is read in them. */
static bool push_scaled(struct fit *f, struct feature x, struct sample *v, size_t n,
                        bool by_quantiles, bool with_bins)
{
    scaling_moments(v, n, &x.mean, &x.deviation);
    if (!(x.deviation > 0)) /* differences below the smallest double */
        x.deviation = 1;
    if ((by_quantiles && !fit_quantiles(&x, v, n))
        || (with_bins && !bins_fit(&x, v, n, f->encoder->options.bins))) {
        feature_done(&x);
        return false;
    }
    push_continuous(f, x);
    return true;
}

/* The numbers of the rows in ascending order, and the rows without one. */
static size_t take_samples(struct sample *samples, const struct feature *x,
                           const struct view *v, size_t *missing)
{
    size_t n = 0;

    *missing = 0;
    for (size_t code = 0; code < v->tally->n; code++) {
        double value;

        if (v->counts[code] == 0)
            continue;
        if (tally_missing(v->tally, code) ||
            !feature_number(x, tally_cell(v->tally, code), &value))
            *missing += v->counts[code];
        else
            samples[n++] = (struct sample){value, v->counts[code]};
    }
    scaling_sort(samples, n);
    return n;
}

static struct feature make_quantile_feature(const struct view *v,
                                            enum feature_source source,
                                            enum datetime_form form)
{
    struct feature x = make_feature(v, source, form);
    char *name = xasprintf("%s (quantile)", x.name);

    free(x.name);
    x.name = name;
    return x;
}

/* The numbers as one feature, or for SCALING_BOTH as two. */
static bool push_numbers(struct fit *f, const struct view *v, enum feature_source source,
                         enum datetime_form form, struct sample *samples, size_t n)
{
    enum scaling scaling = f->encoder->options.scaling;

    if (!push_scaled(f, make_feature(v, source, form), samples, n,
                     scaling == SCALING_QUANTILE, scaling != SCALING_BOTH))
        return false;
    return scaling != SCALING_BOTH
        || push_scaled(f, make_quantile_feature(v, source, form), samples, n, true, true);
}

static bool add_continuous(struct fit *f, struct view *v, enum feature_source source,
                           enum datetime_form form, bool *added)
{
    struct feature x = make_feature(v, source, form);
    struct sample *samples = try_alloc(v->tally->n, sizeof *samples);
    bool done = samples != NULL;
    size_t n = done ? take_samples(samples, &x, v, &v->missing) : 0;

    feature_done(&x);
    *added = n > 1 && samples[0].value < samples[n - 1].value;
    if (*added)
        done = push_numbers(f, v, source, form, samples, n);
    free(samples);
    return done || no_memory(f, v->column->name);
}

/* A feature that is 1 where v has no value, if some but not all rows have none. */
static void add_missing(struct fit *f, const struct view *v, enum datetime_form form)
{
    if (v->missing > 0 && v->missing < f->n_rows)
        push_continuous(f, make_feature(v, FEATURE_MISSING, form));
}

/* ---- columns ---- */

static bool fit_number(struct fit *f, struct view *v, bool *used)
{
    if (!add_continuous(f, v, FEATURE_CELL, DATETIME_NONE, used))
        return false;
    add_missing(f, v, DATETIME_NONE);
    *used = *used || (v->missing > 0 && v->missing < f->n_rows);
    return true;
}

static bool fit_datetime(struct fit *f, struct view *v, bool *used)
{
    static const enum feature_source numbers[] = {FEATURE_YEAR, FEATURE_DAY};
    static const enum feature_source classes[] = {FEATURE_MONTH, FEATURE_WEEKDAY,
                                                  FEATURE_HOUR};
    size_t readable;
    enum datetime_form form = datetime_guess(v->tally, &readable);
    bool any_number = false, added;

    if (form == DATETIME_NONE)
        return error_set(
            f->err, ERROR_INPUT,
            "%s holds no date in a form that is known, as 2018-01-28: mark it "
            "otherwise",
            v->column->name);
    for (size_t i = 0; i < 2; i++) {
        if (!add_continuous(f, v, numbers[i], form, &added))
            return false;
        any_number = any_number || added;
    }
    if (any_number)
        add_missing(f, v, form);
    *used = any_number;
    for (size_t i = 0; i < 3; i++) {
        if (!add_categorical(f, v, classes[i], form, &added))
            return false;
        *used = *used || added;
    }
    return true;
}

static bool fit_kind(struct fit *f, struct view *v, bool *used)
{
    switch (v->column->kind) {
    case KIND_CATEGORICAL:
        return add_categorical(f, v, FEATURE_CELL, DATETIME_NONE, used);
    case KIND_CONTINUOUS:
        return fit_number(f, v, used);
    case KIND_DATETIME:
        return fit_datetime(f, v, used);
    case KIND_IGNORE:
    case KIND_WEIGHT:
        break;
    }
    return true;
}

static bool count_rows(struct view *v, const struct fit *f)
{
    v->counts = try_calloc(v->tally->n, sizeof *v->counts);
    if (!v->counts)
        return false;
    for (size_t i = 0; i < f->n_rows; i++)
        v->counts[tally_code(v->tally, f->rows[i])]++;
    return true;
}

static bool fit_column(struct fit *f, int i)
{
    struct view v = {.column = &f->schema->columns[i]};
    struct tally *t = tally_new(dataset_column(f->data, i));
    bool used = false, done;

    v.tally = t;
    done = t && count_rows(&v, f) ? fit_kind(f, &v, &used) : no_memory(f, v.column->name);
    if (done && !used)
        str_printf(&f->left_out, "%s%s", f->left_out.length ? ", " : "", v.column->name);
    free(v.counts);
    tally_free(t);
    return done;
}

static bool fit_inputs(struct fit *f)
{
    const struct schema *s = f->schema;

    for (int i = 0; i < s->n_columns; i++) {
        enum kind kind = s->columns[i].kind;

        if (i != s->target && kind != KIND_IGNORE && kind != KIND_WEIGHT &&
            !fit_column(f, i))
            return false;
    }
    if (f->left_out.length && f->note)
        str_printf(f->note, "left out, the same in all training rows: %s\n",
                   str_text(&f->left_out));
    if (f->encoder->n_categorical + f->encoder->n_continuous == 0)
        return error_set(f->err, ERROR_STATE,
                         "no input column is left: mark some that vary as categorical, "
                         "continuous or datetime");
    return true;
}

/* ---- target and weight ---- */

static bool fit_values(struct fit *f, const struct target *t, const struct split *split)
{
    struct encoder *e = f->encoder;
    struct sample *v = try_alloc(t->rows, sizeof *v);
    size_t n = 0;

    if (!v)
        return no_memory(f, e->target);
    for (size_t row = 0; row < t->rows; row++)
        if (split->part[row] == PART_TRAIN && target_known(t, row))
            v[n++] = (struct sample){t->value[row], 1};
    if (n > 0)
        scaling_moments(v, n, &e->target_mean, &e->target_deviation);
    free(v);
    if (!(e->target_deviation > 0))
        return error_set(f->err, ERROR_INPUT,
                         "%s is the same in all %zu training rows: nothing to learn",
                         e->target, n);
    return true;
}

static void fit_classes(struct encoder *e, const struct target *t,
                        const struct split *split)
{
    e->n_classes = t->n_classes;
    e->against_rest = t->against_rest;
    e->classes = xcalloc((size_t)t->n_classes, sizeof *e->classes);
    e->class_counts = xcalloc((size_t)t->n_classes, sizeof *e->class_counts);
    for (int i = 0; i < t->n_classes; i++)
        e->classes[i] = copy_text(t->classes[i]);
    if (t->against_rest) {
        free(e->classes[0]);
        e->classes[0] = xasprintf("not %s", e->classes[1]);
    }
    for (size_t row = 0; row < t->rows; row++)
        if (split->part[row] == PART_TRAIN && target_known(t, row))
            e->class_counts[t->class_of[row]]++;
}

static bool fit_target(struct fit *f, const struct split *split)
{
    struct encoder *e = f->encoder;
    struct target *t;
    bool done = true;

    e->task = f->schema->target < 0 ? TASK_NONE : f->schema->task;
    if (e->task == TASK_NONE)
        return true;
    t = target_read(f->data, f->schema, f->err);
    if (!t)
        return false;
    e->target = xstrdup(f->schema->columns[f->schema->target].name);
    e->target_decimal = f->schema->columns[f->schema->target].decimal;
    if (t->value)
        done = fit_values(f, t, split);
    else
        fit_classes(e, t, split);
    target_free(t);
    return done;
}

static bool fit_weight(struct fit *f)
{
    const struct schema *s = f->schema;
    int column = -1;
    double sum = 0, weight;

    for (int i = 0; i < s->n_columns; i++)
        if (s->columns[i].kind == KIND_WEIGHT && i != s->target)
            column = i;
    f->encoder->weight_mean = 1;
    if (column < 0)
        return true;
    f->encoder->weight = xstrdup(s->columns[column].name);
    for (size_t i = 0; i < f->n_rows; i++)
        if (number_parse(column_cell(dataset_column(f->data, column), f->rows[i]),
                         s->columns[column].decimal, &weight))
            sum += weight / (double)f->n_rows;
    if (!(sum > 0) || !isfinite(sum))
        return error_set(f->err, ERROR_INPUT,
                         "the weights of %s do not have a mean above 0",
                         f->encoder->weight);
    f->encoder->weight_mean = sum;
    f->encoder->weight_decimal = s->columns[column].decimal;
    return true;
}

/* ---- all together ---- */

static bool check_options(const struct encode_options *o, struct error *err)
{
    if (o->max_classes < 1 || o->max_classes > 100000000)
        return error_set(err, ERROR_USAGE,
                         "at most %d classes of a column: use 1 to 100000000",
                         o->max_classes);
    if (!error_unless_within(err, "data.bins", o->bins, 1, BINS_MOST))
        return false;
    if (o->min_count < 1)
        return error_set(err, ERROR_USAGE,
                         "a class must be seen at least once, not %d times",
                         o->min_count);
    return true;
}

static bool take_rows(struct fit *f, const struct split *split)
{
    f->rows = try_alloc(split->rows, sizeof *f->rows);
    if (!f->rows)
        return error_set(f->err, ERROR_MEMORY, "no memory to encode %zu rows",
                         split->rows);
    for (size_t row = 0; row < split->rows; row++)
        if (split->part[row] == PART_TRAIN || split->part[row] == PART_UNLABELED)
            f->rows[f->n_rows++] = (uint32_t)row;
    if (f->n_rows == 0)
        return error_set(f->err, ERROR_INPUT, "there is no training row to fit on");
    f->encoder->fitted_rows = f->n_rows;
    return true;
}

struct encoder *encoder_fit(const struct dataset *d, const struct schema *s,
                            const struct split *split, const struct encode_options *o,
                            struct str *note, struct error *err)
{
    struct fit f = {.data = d, .schema = s, .note = note, .err = err};
    bool done;

    if (!check_options(o, err))
        return NULL;
    f.encoder = encoder_make();
    f.encoder->options = *o;
    f.encoder->missing = xstrdup(dataset_missing_marks(d));
    done =
        take_rows(&f, split) && fit_target(&f, split) && fit_weight(&f) && fit_inputs(&f);
    free(f.rows);
    str_done(&f.left_out);
    if (!done) {
        encoder_unref(f.encoder);
        return NULL;
    }
    return f.encoder;
}
