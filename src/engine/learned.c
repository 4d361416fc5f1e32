/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/learned.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/dataset.h"

void learned_done(struct learned *l)
{
    free(l->scores);
    free(l->epochs);
    free(l->example_cells);
    *l = (struct learned){0};
}

void learned_add(struct learned *l, int epoch, const struct column_score *scores,
                 int columns)
{
    size_t line = (size_t)columns * sizeof *scores;

    l->columns = columns;
    l->scores = xgrow(l->scores, l->n, &l->capacity, line);
    l->epochs = xgrow(l->epochs, l->n, &l->epochs_capacity, sizeof *l->epochs);
    memcpy(l->scores + l->n * (size_t)columns, scores, line);
    l->epochs[l->n++] = epoch;
}

struct example_cell *learned_examples(struct learned *l, int columns)
{
    if (!l->example_cells)
        l->example_cells = try_alloc(EXAMPLES * (size_t)columns,
                                     sizeof *l->example_cells);
    l->columns = columns;
    return l->example_cells;
}

static void follow_examples(struct learned *copy, const struct learned *l)
{
    struct example_cell *cells;

    if (l->n_examples == 0 || copy->example_epoch == l->example_epoch)
        return;
    cells = learned_examples(copy, l->columns);
    if (!cells)
        return;
    copy->n_examples = l->n_examples;
    copy->example_epoch = l->example_epoch;
    memcpy(copy->example_rows, l->example_rows, sizeof copy->example_rows);
    memcpy(cells, l->example_cells,
           (size_t)(l->n_examples * l->columns) * sizeof *cells);
}

void learned_follow(struct learned *copy, const struct learned *l)
{
    while (copy->n < l->n)
        learned_add(copy, l->epochs[copy->n],
                    l->scores + copy->n * (size_t)l->columns, l->columns);
    follow_examples(copy, l);
}

const struct column_score *learned_at(const struct learned *l, int epoch)
{
    size_t at = l->n;

    if (l->n == 0)
        return NULL;
    while (at > 0 && l->epochs[at - 1] != epoch)
        at--;
    return l->scores + (at > 0 ? at - 1 : l->n - 1) * (size_t)l->columns;
}

double score_gain(const struct column_score *s)
{
    double value = (double)s->accuracy, plain = (double)s->baseline;

    if (!isnan(s->auc)) {
        value = (double)s->auc;
        plain = 0.5;
    }
    return plain < 1 ? (value - plain) / (1 - plain) : NAN;
}

/* ---- in files ---- */

static void put_csv_number(struct str *out, float x)
{
    str_putc(out, ',');
    if (isfinite(x))
        str_printf(out, "%.6g", (double)x);
}

void learned_to_csv(const struct learned *l, const struct encoder *e, struct str *out)
{
    str_puts(out, "epoch,column,asked,accuracy,baseline,auc\n");
    for (size_t i = 0; i < l->n * (size_t)l->columns; i++) {
        const struct column_score *s = &l->scores[i];
        const char *name = e->categorical[i % (size_t)l->columns].name;

        str_printf(out, "%d,", l->epochs[i / (size_t)l->columns]);
        csv_put_cell(out, name, strlen(name));
        str_printf(out, ",%lu", (unsigned long)s->asked);
        put_csv_number(out, s->accuracy);
        put_csv_number(out, s->baseline);
        put_csv_number(out, s->auc);
        str_putc(out, '\n');
    }
}

static json_t *number_or_null(float x)
{
    return isfinite(x) ? json_real((double)x) : json_null();
}

json_t *learned_to_json(const struct column_score *scores, const struct encoder *e)
{
    json_t *list = json_array();

    for (int i = 0; i < e->n_categorical; i++) {
        char *name = show(e->categorical[i].name, 0);
        json_t *j = json_object();

        json_object_set_new(j, "column", json_string(name));
        json_object_set_new(j, "asked", json_integer(scores[i].asked));
        json_object_set_new(j, "accuracy", number_or_null(scores[i].accuracy));
        json_object_set_new(j, "baseline", number_or_null(scores[i].baseline));
        json_object_set_new(j, "auc", number_or_null(scores[i].auc));
        json_array_append_new(list, j);
        free(name);
    }
    return list;
}

static float number_of(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);

    return json_is_number(v) ? (float)json_number_value(v) : NAN;
}

static struct column_score score_from_json(const json_t *j)
{
    json_int_t asked = json_integer_value(json_object_get(j, "asked"));

    return (struct column_score){
        .asked = asked > 0 && asked < UINT32_MAX ? (uint32_t)asked : 0,
        .accuracy = number_of(j, "accuracy"),
        .baseline = number_of(j, "baseline"),
        .auc = number_of(j, "auc"),
    };
}

void learned_from_json(struct learned *l, const struct encoder *e, const json_t *j)
{
    size_t n = json_array_size(j);
    struct column_score *scores;

    if (n == 0 || n != (size_t)e->n_categorical)
        return;
    scores = xcalloc(n, sizeof *scores);
    for (size_t i = 0; i < n; i++)
        scores[i] = score_from_json(json_array_get(j, i));
    learned_add(l, 0, scores, (int)n);
    free(scores);
}
