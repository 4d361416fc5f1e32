/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encoders as JSON. What is read back may come from anywhere: every field is looked at
 * for its type and range before it is used, and nothing is allocated by a number in the
 * file, only by arrays that are there.
 *
 * Texts are JSON strings, or {"hex": "00ff"} where the bytes are not UTF-8 or hold a NUL.
 */
#include "data/encode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/bins.h"
#include "data/datetime.h"
#include "data/feature.h"
#include "data/scaling.h"
#include "data/target.h"

static const char *const scaling_names[] = {"standard", "quantile", "both"};

/* ---- writing ---- */

/* A member or element that there was no memory for would be left out without a word, and
 * the model be saved without: *whole becomes false then. */
static void put(bool *whole, json_t *object, const char *key, json_t *value)
{
    *whole &= json_object_set_new(object, key, value) == 0;
}

static void append(bool *whole, json_t *array, json_t *value)
{
    *whole &= json_array_append_new(array, value) == 0;
}

static json_t *write_text(const char *bytes, size_t n)
{
    struct str hex = {0};
    json_t *text;

    if (utf8_valid(bytes, n) && !memchr(bytes, '\0', n))
        return json_stringn_nocheck(bytes, n);
    for (size_t i = 0; i < n; i++)
        str_printf(&hex, "%02x", (unsigned char)bytes[i]);
    text = json_pack("{s:s}", "hex", str_text(&hex));
    str_done(&hex);
    return text;
}

static json_t *write_name(const char *name)
{
    return name ? write_text(name, strlen(name)) : json_null();
}

static json_t *write_sizes(bool *whole, const size_t *v, int n)
{
    json_t *array = json_array();

    for (int i = 0; i < n; i++)
        append(whole, array, json_integer((json_int_t)v[i]));
    return array;
}

static json_t *write_source(bool *whole, const struct feature *f)
{
    json_t *j = json_object();

    put(whole, j, "name", write_name(f->name));
    put(whole, j, "column", write_name(f->column));
    put(whole, j, "source", json_string(feature_source_name(f->source)));
    put(whole, j, "datetime", json_integer(f->datetime_form));
    put(whole, j, "decimal", json_string(f->decimal == ',' ? "," : "."));
    return j;
}

static json_t *write_categorical(bool *whole, const struct feature *f)
{
    json_t *j = write_source(whole, f), *texts = json_array();

    for (int i = 0; i + 1 < f->classes; i++)
        append(whole, texts, write_text(f->texts[i], f->lengths[i]));
    put(whole, j, "texts", texts);
    put(whole, j, "counts", write_sizes(whole, f->counts, f->classes + 1));
    return j;
}

static json_t *write_edges(bool *whole, const struct feature *f)
{
    json_t *edges = json_array();

    for (int i = 0; i < f->n_edges; i++)
        append(whole, edges, json_real(f->edges[i]));
    return edges;
}

static json_t *write_continuous(bool *whole, const struct feature *f)
{
    json_t *j = write_source(whole, f), *quantiles = json_array();

    for (int i = 0; i < f->n_quantiles; i++)
        append(whole, quantiles, json_real(f->quantiles[i]));
    put(whole, j, "mean", json_real(f->mean));
    put(whole, j, "deviation", json_real(f->deviation));
    put(whole, j, "quantiles", quantiles);
    if (f->n_edges > 0)
        put(whole, j, "edges", write_edges(whole, f));
    return j;
}

static void write_target(bool *whole, json_t *j, const struct encoder *e)
{
    json_t *classes = json_array();

    for (int i = 0; i < e->n_classes; i++)
        append(whole, classes, write_name(e->classes[i]));
    put(whole, j, "task", json_string(task_name(e->task)));
    put(whole, j, "target", write_name(e->target));
    put(whole, j, "classes", classes);
    put(whole, j, "class_counts", write_sizes(whole, e->class_counts, e->n_classes));
    put(whole, j, "against_rest", json_boolean(e->against_rest));
    put(whole, j, "target_mean", json_real(e->target_mean));
    put(whole, j, "target_deviation", json_real(e->target_deviation));
    put(whole, j, "target_decimal", json_string(e->target_decimal == ',' ? "," : "."));
}

json_t *encoder_to_json(const struct encoder *e)
{
    json_t *j = json_object(), *categorical = json_array(), *continuous = json_array();
    bool whole = true;

    put(&whole, j, "scaling", json_string(scaling_names[e->options.scaling]));
    put(&whole, j, "max_classes", json_integer(e->options.max_classes));
    put(&whole, j, "min_count", json_integer(e->options.min_count));
    put(&whole, j, "fitted_rows", json_integer((json_int_t)e->fitted_rows));
    put(&whole, j, "missing", write_name(e->missing));
    write_target(&whole, j, e);
    put(&whole, j, "weight", write_name(e->weight));
    put(&whole, j, "weight_mean", json_real(e->weight_mean));
    put(&whole, j, "weight_decimal", json_string(e->weight_decimal == ',' ? "," : "."));
    for (int i = 0; i < e->n_categorical; i++)
        append(&whole, categorical, write_categorical(&whole, &e->categorical[i]));
    for (int i = 0; i < e->n_continuous; i++)
        append(&whole, continuous, write_continuous(&whole, &e->continuous[i]));
    put(&whole, j, "categorical", categorical);
    put(&whole, j, "continuous", continuous);
    if (whole)
        return j;
    json_decref(j);
    return NULL;
}

/* ---- reading ---- */

/* Of one object: each reads a member and says which one is wrong. After the first failure
 * nothing more is read. */
struct reader {
    const json_t *object;
    const char *where; /* "encoder", "categorical feature" ... */
    bool failed;
    struct error *err;
};

static void refuse(struct reader *r, const char *key, const char *right)
{
    if (!r->failed)
        error_set(r->err, ERROR_INPUT,
                  "the %s of this model file has a wrong \"%s\": %s is wanted",
                  r->where, key, right);
    r->failed = true;
}

/* What has a size that comes from the file is asked for softly. */
static void no_memory(struct reader *r)
{
    if (!r->failed)
        error_set(r->err, ERROR_MEMORY, "not enough memory for the %s of this model file",
                  r->where);
    r->failed = true;
}

static double read_real(struct reader *r, const char *key)
{
    const json_t *j = json_object_get(r->object, key);
    double x = json_number_value(j);

    if (!json_is_number(j) || !isfinite(x))
        refuse(r, key, "a finite number");
    return x;
}

static double read_positive(struct reader *r, const char *key)
{
    double x = read_real(r, key);

    if (!r->failed && !(x > 0))
        refuse(r, key, "a number above 0");
    return x;
}

static long long read_integer(struct reader *r, const char *key, long long low,
                              long long high)
{
    const json_t *j = json_object_get(r->object, key);
    long long x = json_integer_value(j);

    if (!json_is_integer(j) || x < low || x > high) {
        refuse(r, key, "a whole number in range");
        return low;
    }
    return x;
}

/* One of n words; 0 after a failure. */
static int read_word(struct reader *r, const char *key, const char *const *words, int n)
{
    const char *text = json_string_value(json_object_get(r->object, key));

    for (int i = 0; text && i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    refuse(r, key, "one of the known words");
    return 0;
}

static int read_decimal(struct reader *r, const char *key)
{
    static const char *const signs[] = {".", ","};

    return *signs[read_word(r, key, signs, 2)];
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hex(const char *hex, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (hex_digit(hex[i]) < 0)
            return false;
    return n % 2 == 0;
}

/* A text as write_text made it; NULL after a failure: no memory, or `right` is wanted. */
static char *read_text(struct reader *r, const char *key, const char *right,
                       const json_t *j, size_t *length)
{
    const char *hex = json_string_value(json_object_get(j, "hex"));
    size_t n = hex ? strlen(hex) / 2 : json_string_length(j);
    char *text;

    if (n > UINT32_MAX || (hex ? !is_hex(hex, strlen(hex)) : !json_is_string(j))) {
        refuse(r, key, right);
        return NULL;
    }
    text = try_alloc(n + 1, 1);
    if (!text) {
        no_memory(r);
        return NULL;
    }
    if (!hex)
        memcpy(text, json_string_value(j), n);
    for (size_t i = 0; hex && i < n; i++)
        text[i] = (char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    text[n] = '\0';
    *length = n;
    return text;
}

/* A text without NULs, or NULL where that is allowed. */
static char *read_name(struct reader *r, const char *key, bool optional)
{
    const json_t *j = json_object_get(r->object, key);
    size_t length = 0;
    char *name;

    if (json_is_null(j) && optional)
        return NULL;
    name = read_text(r, key, "a text", j, &length);
    if (!name || strlen(name) == length)
        return name;
    free(name);
    refuse(r, key, "a text");
    return NULL;
}

static const json_t *read_array(struct reader *r, const char *key, size_t least,
                                size_t most)
{
    const json_t *j = json_object_get(r->object, key);

    if (!json_is_array(j) || json_array_size(j) < least || json_array_size(j) > most) {
        refuse(r, key, "a list of the right length");
        return NULL;
    }
    return j;
}

/* n counts of rows; NULL after a failure. */
static size_t *read_sizes(struct reader *r, const char *key, size_t n)
{
    const json_t *j = read_array(r, key, n, n);
    size_t *v = j ? try_calloc(n, sizeof *v) : NULL;

    if (j && !v)
        no_memory(r);
    for (size_t i = 0; v && i < n; i++) {
        const json_t *x = json_array_get(j, i);

        if (!json_is_integer(x) || json_integer_value(x) < 0)
            refuse(r, key, "a list of whole numbers from 0");
        v[i] = (size_t)json_integer_value(x);
    }
    return v;
}

static void read_source(struct reader *r, struct feature *f)
{
    const char *source = json_string_value(json_object_get(r->object, "source"));

    f->name = read_name(r, "name", false);
    f->column = read_name(r, "column", false);
    f->datetime_form = (int)read_integer(r, "datetime", 0, DATETIME_FORMS - 1);
    f->decimal = read_decimal(r, "decimal");
    if (!source || !feature_source_parse(source, &f->source))
        refuse(r, "source", "a part of a cell");
}

static bool source_fits(const struct feature *f, bool categorical)
{
    switch (f->source) {
    case FEATURE_CELL:
        return f->datetime_form == DATETIME_NONE;
    case FEATURE_MISSING:
        return !categorical;
    case FEATURE_YEAR:
    case FEATURE_DAY:
        return !categorical && f->datetime_form != DATETIME_NONE;
    case FEATURE_MONTH:
    case FEATURE_WEEKDAY:
    case FEATURE_HOUR:
        return categorical && f->datetime_form != DATETIME_NONE;
    }
    return false;
}

static void read_categorical(struct reader *r, struct feature *f)
{
    const json_t *texts;
    size_t n, length;
    bool distinct;

    read_source(r, f);
    texts = read_array(r, "texts", 1, INT32_MAX - 2);
    n = texts ? json_array_size(texts) : 0;
    f->texts = try_calloc(n, sizeof *f->texts);
    f->lengths = try_calloc(n, sizeof *f->lengths);
    if (!f->texts || !f->lengths) {
        no_memory(r);
        return;
    }
    f->classes = (int)n + 1;
    f->deviation = 1;
    for (size_t i = 0; i < n; i++) {
        f->texts[i] = read_text(r, "texts", "a list of texts", json_array_get(texts, i),
                                &length);
        if (!f->texts[i])
            return;
        f->lengths[i] = (uint32_t)length;
    }
    f->counts = read_sizes(r, "counts", n + 2);
    if (!r->failed && !source_fits(f, true))
        refuse(r, "source", "a part of a cell that has classes");
    if (r->failed)
        return;
    if (!feature_make_index(f, &distinct))
        no_memory(r);
    else if (!distinct)
        refuse(r, "texts", "a list without the same text twice");
}

static void read_quantiles(struct reader *r, struct feature *f)
{
    const json_t *j = read_array(r, "quantiles", 0, SCALING_MAX_QUANTILES);
    size_t n = j ? json_array_size(j) : 0;

    if (n == 0)
        return;
    f->n_quantiles = (int)n;
    f->quantiles = xcalloc(n, sizeof *f->quantiles);
    for (size_t i = 0; i < n; i++) {
        const json_t *x = json_array_get(j, i);

        f->quantiles[i] = json_number_value(x);
        if (!json_is_number(x) || !isfinite(f->quantiles[i]) ||
            (i > 0 && f->quantiles[i] < f->quantiles[i - 1]))
            refuse(r, "quantiles", "a list of ascending numbers");
    }
    if (n < 2 || !(f->quantiles[0] < f->quantiles[n - 1]))
        refuse(r, "quantiles", "a list with two different numbers");
}

/* Models without bins, and those of versions that knew none, have no edges. */
static void read_edges(struct reader *r, struct feature *f)
{
    const json_t *j = json_object_get(r->object, "edges")
        ? read_array(r, "edges", 2, BINS_MOST + 1) : NULL;
    size_t n = j ? json_array_size(j) : 0;

    if (n == 0)
        return;
    f->n_edges = (int)n;
    f->edges = xcalloc(n, sizeof *f->edges);
    for (size_t i = 0; i < n; i++) {
        const json_t *x = json_array_get(j, i);

        f->edges[i] = json_number_value(x);
        if (!json_is_number(x) || !isfinite(f->edges[i]))
            refuse(r, "edges", "a list of numbers");
    }
    if (!r->failed && !bins_ascend(f))
        refuse(r, "edges", "a list of ascending numbers");
}

static void read_continuous(struct reader *r, struct feature *f)
{
    read_source(r, f);
    f->mean = read_real(r, "mean");
    f->deviation = read_positive(r, "deviation");
    read_quantiles(r, f);
    if (!r->failed)
        read_edges(r, f);
    if (!r->failed && !source_fits(f, false))
        refuse(r, "source", "a part of a cell that is a number");
    if (!r->failed && f->source == FEATURE_MISSING && (f->quantiles || f->edges))
        refuse(r, "source", "a number, where there are quantiles or edges");
}

/* All features of one of the two lists. */
static struct feature *read_features(struct reader *r, const char *key, int *n,
                                     void (*read)(struct reader *, struct feature *))
{
    const json_t *j = read_array(r, key, 0, INT32_MAX - 2);
    size_t size = j ? json_array_size(j) : 0;
    struct feature *features = try_calloc(size, sizeof *features);

    if (!features)
        no_memory(r);
    for (size_t i = 0; i < size && !r->failed; i++) {
        struct reader one = {.object = json_array_get(j, i), .where = key, .err = r->err};

        read(&one, &features[i]);
        r->failed = one.failed;
        *n = (int)i + 1;
    }
    return features;
}

/* By column, part and scaling. */
static int compare_features(const void *a, const void *b)
{
    const struct feature *x = *(const struct feature *const *)a;
    const struct feature *y = *(const struct feature *const *)b;
    int order = strcmp(x->column, y->column);

    if (order == 0)
        order = (x->source > y->source) - (x->source < y->source);
    if (order == 0)
        order = (x->quantiles != NULL) - (y->quantiles != NULL);
    return order;
}

/* No part of a column twice in the same scaling. */
static void check_twins(struct reader *r, const struct encoder *e)
{
    size_t m = (size_t)e->n_categorical, n = m + (size_t)e->n_continuous;
    const struct feature **all = try_alloc(n, sizeof *all);

    if (!all) {
        no_memory(r);
        return;
    }
    for (size_t i = 0; i < n; i++)
        all[i] = i < m ? &e->categorical[i] : &e->continuous[i - m];
    qsort(all, n, sizeof *all, compare_features);
    for (size_t i = 1; i < n; i++)
        if (compare_features(&all[i - 1], &all[i]) == 0)
            refuse(r, "column", "each column once");
    free(all);
}

static void read_classes(struct reader *r, struct encoder *e)
{
    static const size_t least[] = {0, 2, 2, 0}, most[] = {0, 2, TARGET_MAX_CLASSES, 0};
    const json_t *j = read_array(r, "classes", least[e->task], most[e->task]);
    size_t n = j ? json_array_size(j) : 0, length;

    e->classes = xcalloc(n + 1, sizeof *e->classes);
    e->n_classes = (int)n;
    for (size_t i = 0; i < n; i++) {
        e->classes[i] = read_text(r, "classes", "a list of texts", json_array_get(j, i),
                                  &length);
        if (!e->classes[i] || strlen(e->classes[i]) != length) {
            refuse(r, "classes", "a list of texts");
            return;
        }
    }
    e->class_counts = read_sizes(r, "class_counts", n);
}

static void read_target(struct reader *r, struct encoder *e)
{
    static const char *const tasks[] = {"none", "binary", "multiclass", "regression"};

    e->task = (enum task)read_word(r, "task", tasks, 4);
    e->target = read_name(r, "target", e->task == TASK_NONE);
    if (e->task == TASK_NONE && e->target)
        refuse(r, "target", "no target");
    read_classes(r, e);
    e->against_rest = json_is_true(json_object_get(r->object, "against_rest"));
    if (e->against_rest && e->task != TASK_BINARY)
        refuse(r, "against_rest", "false");
    e->target_mean = read_real(r, "target_mean");
    e->target_deviation = read_real(r, "target_deviation");
    e->target_decimal = read_decimal(r, "target_decimal");
    if (e->task == TASK_REGRESSION && !r->failed && !(e->target_deviation > 0))
        refuse(r, "target_deviation", "a number above 0");
}

static void read_encoder(struct reader *r, struct encoder *e)
{
    e->options.scaling = (enum scaling)read_word(r, "scaling", scaling_names, 3);
    e->options.max_classes = (int)read_integer(r, "max_classes", 1, INT32_MAX);
    e->options.min_count = (int)read_integer(r, "min_count", 1, INT32_MAX);
    e->fitted_rows = (size_t)read_integer(r, "fitted_rows", 0, INT64_MAX);
    e->missing = read_name(r, "missing", false);
    read_target(r, e);
    e->weight = read_name(r, "weight", true);
    e->weight_mean = read_positive(r, "weight_mean");
    e->weight_decimal = read_decimal(r, "weight_decimal");
    e->categorical = read_features(r, "categorical", &e->n_categorical, read_categorical);
    e->continuous = read_features(r, "continuous", &e->n_continuous, read_continuous);
    if (!r->failed)
        check_twins(r, e);
    if (!r->failed && e->n_categorical + e->n_continuous == 0)
        refuse(r, "categorical", "at least one feature");
}

struct encoder *encoder_from_json(const json_t *j, struct error *err)
{
    struct reader r = {.object = j, .where = "encoder", .err = err};
    struct encoder *e = encoder_make();

    read_encoder(&r, e);
    if (r.failed) {
        encoder_unref(e);
        return NULL;
    }
    return e;
}
