/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/embeddings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/feature.h"

#define NO_VALUE UINT32_MAX

enum { VALUES_NAMED = 8 };

void embeddings_init(struct embeddings *e, const struct embeddings_request *asked)
{
    const struct model *m = asked->rows.model;
    int last = model_options(m)->layers;

    *e = (struct embeddings){.asked = *asked, .columns = model_encoder(m)->n_categorical,
                             .width = model_options(m)->dim};
    if (asked->first < 0)
        e->asked.first = last;
    if (asked->last < 0)
        e->asked.last = last;
    rows_init(&e->rows, &asked->rows, model_encoder(m)->target != NULL);
}

void embeddings_done(struct embeddings *e)
{
    look_free(e->look);
    rows_done(&e->rows);
    free(e->picked);
    free(e->values);
    free(e->class_rows);
    free(e->x);
    free(e->slice);
    free(e->offset);
    free(e->value_of);
    free(e->sum);
    *e = (struct embeddings){.look = NULL};
}

/* ---- which rows ---- */

/* Each row is taken with the chance that so many of those left are still to be taken, so
 * that they stay in order (Knuth, vol. 2, algorithm S). */
static void draw_rows(struct embeddings *e)
{
    struct rng r = rng_make(e->asked.seed, RNG_SAMPLE, 0);
    size_t n = 0;

    for (size_t i = 0; i < e->n_rows && n < e->asked.most; i++)
        if (rng_below(&r, e->n_rows - i) < e->asked.most - n)
            e->picked[n++] = e->picked[i];
    e->n_rows = n;
}

static bool pick_rows(struct embeddings *e, struct error *err)
{
    e->picked = rows_pick(&e->rows, -1, &e->n_rows, err);
    if (e->picked && e->asked.most > 0 && e->n_rows > e->asked.most)
        draw_rows(e);
    return e->picked;
}

/* ---- which values ---- */

static uint32_t *place_of(const struct embeddings *e, size_t i, int column)
{
    const struct frame *f = e->rows.frame;
    int32_t code = f->codes[e->picked[i] * (size_t)f->n_categorical + (size_t)column];

    return &e->value_of[e->offset[column] + (size_t)code];
}

static bool count_codes(struct embeddings *e, size_t *codes)
{
    const struct encoder *encoder = model_encoder(e->rows.asked.model);

    *codes = 0;
    e->offset = xcalloc((size_t)e->columns, sizeof *e->offset);
    for (int c = 0; c < e->columns; c++) {
        e->offset[c] = *codes;
        *codes += (size_t)encoder->categorical[c].classes + 1;
    }
    e->value_of = try_calloc(*codes, sizeof *e->value_of);
    return e->value_of;
}

/* Numbers those that rows have; value_of has their rows until then. */
static bool number_values(struct embeddings *e, size_t codes)
{
    int column = 0;

    for (size_t i = 0; i < codes; i++)
        e->n_values += e->value_of[i] > 0;
    e->values = try_calloc(e->n_values, sizeof *e->values);
    if (!e->values)
        return false;
    e->n_values = 0;
    for (size_t i = 0; i < codes; i++) {
        size_t rows = e->value_of[i];

        while (column + 1 < e->columns && i >= e->offset[column + 1])
            column++;
        e->value_of[i] = rows > 0 ? (uint32_t)e->n_values : NO_VALUE;
        if (rows > 0)
            e->values[e->n_values++] = (struct embedding_value){
                .column = column, .code = (int32_t)(i - e->offset[column]),
                .rows = rows, .target = NAN};
    }
    return true;
}

/* y: a class, or a standardised number */
static void add_target(struct embeddings *e, size_t value, double y, size_t classes)
{
    struct embedding_value *v = &e->values[value];

    if (classes > 0)
        e->class_rows[value * classes + (size_t)y]++;
    v->target = v->known++ > 0 ? v->target + y : y;
}

static void divide_target(struct embedding_value *v, const struct encoder *encoder)
{
    if (v->known == 0 || encoder->n_classes > 2)
        v->target = NAN;
    else
        v->target /= (double)v->known;
    if (encoder->task == TASK_REGRESSION)
        v->target = v->target * encoder->target_deviation + encoder->target_mean;
}

/* Rows without a target do not count. */
static bool count_targets(struct embeddings *e)
{
    const struct encoder *encoder = model_encoder(e->rows.asked.model);
    const float *target = e->rows.frame->target;
    size_t classes = (size_t)encoder->n_classes;

    if (!target)
        return true;
    if (classes > 0)
        e->class_rows = try_calloc(e->n_values * classes, sizeof *e->class_rows);
    if (classes > 0 && !e->class_rows)
        return false;
    for (size_t i = 0; i < e->n_rows; i++) {
        double y = (double)target[e->picked[i]];

        for (int c = 0; c < e->columns && !isnan(y); c++)
            add_target(e, embeddings_value(e, i, c), y, classes);
    }
    for (size_t i = 0; i < e->n_values; i++)
        divide_target(&e->values[i], encoder);
    return true;
}

static bool find_values(struct embeddings *e, struct error *err)
{
    size_t codes;
    bool ok = count_codes(e, &codes);

    for (size_t i = 0; ok && i < e->n_rows; i++)
        for (int c = 0; c < e->columns; c++)
            ++*place_of(e, i, c);
    if (ok && number_values(e, codes) && count_targets(e))
        return true;
    return error_set(err, ERROR_MEMORY, "no memory to count the values of %d columns",
                     e->columns);
}

/* ---- memory ---- */

static size_t layers_of(const struct embeddings *e)
{
    return (size_t)(e->asked.last - e->asked.first + 1);
}

static size_t numbers_of(const struct embeddings *e)
{
    return layers_of(e) * e->n_points * (size_t)e->width;
}

static bool is_mean(const struct embeddings *e)
{
    return e->asked.points == EMBEDDING_VALUES;
}

size_t embeddings_memory(const struct embeddings *e)
{
    if (e->asked.passing)
        return 0;
    return numbers_of(e) * (sizeof(float) + (is_mean(e) ? sizeof(double) : 0));
}

static bool reserve(struct embeddings *e, struct error *err)
{
    size_t bytes, have = mem_available();

    e->n_points = is_mean(e) ? e->n_values : e->n_rows * (size_t)e->columns;
    bytes = embeddings_memory(e);
    if (bytes > have)
        return error_set(err, ERROR_MEMORY, "embeddings of %zu points need %zu MB, and "
                         "%zu MB are free; fewer rows need less", e->n_points,
                         bytes >> 20, have >> 20);
    e->slice = try_alloc((size_t)look_most(e->look) * (size_t)e->columns,
                         (size_t)e->width * sizeof *e->slice);
    if (!e->asked.passing)
        e->x = try_alloc(numbers_of(e), sizeof *e->x);
    if (is_mean(e))
        e->sum = try_calloc(numbers_of(e), sizeof *e->sum);
    return (e->slice && (e->x || e->asked.passing) && (e->sum || !is_mean(e)))
        || error_set(err, ERROR_MEMORY, "no memory for embeddings of %zu points",
                     e->n_points);
}

/* ---- slices ---- */

static bool check_layers(const struct embeddings *e, struct error *err)
{
    int layers = model_options(e->rows.asked.model)->layers;

    if (e->asked.first <= e->asked.last && e->asked.last <= layers)
        return true;
    return error_set(err, ERROR_USAGE, "the model has %d layer%s, so no embeddings "
                     "behind layer %d", layers, layers == 1 ? "" : "s", e->asked.last);
}

static bool begin(struct embeddings *e, struct error *err)
{
    e->look = look_new_embeddings(e->rows.asked.model, e->rows.asked.pool, err);
    return e->look && check_layers(e, err) && pick_rows(e, err) && find_values(e, err)
        && reserve(e, err);
}

static void add_to_means(struct embeddings *e, double *sum)
{
    const real *x = e->slice;

    for (size_t i = 0; i < e->n_slice; i++)
        for (int c = 0; c < e->columns; c++, x += e->width) {
            double *to = sum + embeddings_value(e, e->done + i, c) * (size_t)e->width;

            for (int k = 0; k < e->width; k++)
                to[k] += (double)x[k];
        }
}

static void look_on(struct embeddings *e)
{
    size_t most = (size_t)look_most(e->look), left = e->n_rows - e->done;
    size_t layer_size = e->n_points * (size_t)e->width;
    size_t row_size = (size_t)e->columns * (size_t)e->width;

    e->n_slice = left < most ? left : most;
    look_at(e->look, e->rows.frame, e->picked + e->done, (int)e->n_slice);
    for (int layer = e->asked.first; layer <= e->asked.last; layer++) {
        size_t at = (size_t)(layer - e->asked.first) * layer_size;

        look_hidden(e->look, layer, e->slice);
        if (is_mean(e))
            add_to_means(e, e->sum + at);
        else if (e->x)
            memcpy(e->x + at + e->done * row_size, e->slice,
                   e->n_slice * row_size * sizeof *e->x);
    }
    e->done += e->n_slice;
}

static void divide(struct embeddings *e)
{
    size_t n = numbers_of(e), width = (size_t)e->width;

    for (size_t i = 0; i < n; i++)
        e->x[i] = (float)(e->sum[i] / (double)e->values[i / width % e->n_values].rows);
    free(e->sum);
    e->sum = NULL;
}

enum step embeddings_step(struct embeddings *e, struct error *err)
{
    if (!e->rows.frame)
        return rows_step(&e->rows, err) == STEP_FAILED ? STEP_FAILED : STEP_MORE;
    if (!e->look)
        return begin(e, err) ? STEP_MORE : STEP_FAILED;
    if (e->done < e->n_rows)
        look_on(e);
    if (e->done < e->n_rows)
        return STEP_MORE;
    if (e->sum)
        divide(e);
    return STEP_DONE;
}

/* ---- what came of it ---- */

const float *embeddings_points(const struct embeddings *e, int layer)
{
    return e->x + (size_t)(layer - e->asked.first) * e->n_points * (size_t)e->width;
}

size_t embeddings_value(const struct embeddings *e, size_t i, int column)
{
    return *place_of(e, i, column);
}

const char *embedding_target(const struct encoder *e)
{
    if (e->task == TASK_BINARY)
        return "positive";
    return e->task == TASK_REGRESSION ? "mean" : NULL;
}

const char *embedding_text(const struct encoder *e, const struct embedding_value *v)
{
    const struct feature *f = &e->categorical[v->column];

    return v->code == 0 ? "(missing)" : v->code < f->classes ? f->texts[v->code - 1]
                                                             : "(other)";
}

static int find_column(const struct encoder *e, const char *name, size_t length)
{
    for (int c = 0; c < e->n_categorical; c++)
        if (strlen(e->categorical[c].name) == length
            && memcmp(e->categorical[c].name, name, length) == 0)
            return c;
    return -1;
}

static long fail_without_column(const char *text, struct error *err)
{
    char *shown = show(text, 60);

    error_set(err, ERROR_INPUT, "%s names no categorical column of the model; write "
              "COLUMN=VALUE", shown);
    free(shown);
    return -1;
}

/* Some of those that there are, so that one can be picked. */
static void list_values(const struct embeddings *e, int column, struct str *out)
{
    const struct encoder *encoder = model_encoder(e->rows.asked.model);
    size_t n = 0;

    for (size_t i = 0; i < e->n_values; i++) {
        const char *text = embedding_text(encoder, &e->values[i]);

        if (e->values[i].column != column || e->values[i].code == 0)
            continue;
        if (++n > VALUES_NAMED) {
            str_puts(out, ", ...");
            return;
        }
        str_puts(out, n > 1 ? ", " : "");
        show_to(out, text, strlen(text), 30);
    }
}

static long fail_without_value(const struct embeddings *e, int column, const char *value,
                               struct error *err)
{
    const char *name = model_encoder(e->rows.asked.model)->categorical[column].name;
    char *shown = show(value, 60), *shown_name = show(name, 40);
    struct str values = {0};

    list_values(e, column, &values);
    if (value[0] == '\0')
        error_set(err, ERROR_INPUT, "no row that was looked at misses %s", shown_name);
    else
        error_set(err, ERROR_INPUT, "no row that was looked at has \"%s\" in %s, as "
                  "training knew it; there are %s", shown, shown_name, str_text(&values));
    str_done(&values);
    free(shown);
    free(shown_name);
    return -1;
}

long embeddings_find(const struct embeddings *e, const char *text, struct error *err)
{
    const struct encoder *encoder = model_encoder(e->rows.asked.model);
    const char *at = text;
    int column = -1;

    while (column < 0 && (at = strchr(at, '=')))
        column = find_column(encoder, text, (size_t)(at++ - text));
    if (column < 0)
        return fail_without_column(text, err);
    for (size_t i = 0; i < e->n_values; i++) {
        const struct embedding_value *v = &e->values[i];
        const struct feature *f = &encoder->categorical[column];

        if (v->column == column
            && (v->code == 0 ? at[0] == '\0'
                : v->code < f->classes && strcmp(f->texts[v->code - 1], at) == 0))
            return (long)i;
    }
    return fail_without_value(e, column, at, err);
}
