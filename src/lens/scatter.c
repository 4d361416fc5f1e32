/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/scatter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_cells(const struct scatter *s)
{
    return s->points == EMBEDDING_CELLS;
}

size_t scatter_memory(const struct embeddings *e)
{
    size_t cells = e->asked.points == EMBEDDING_CELLS ? e->n_points : 0;
    size_t classes = e->class_rows
        ? (size_t)model_encoder(e->rows.asked.model)->n_classes : 0;

    return e->n_values * (sizeof *e->values + (size_t)e->width * sizeof(float)
                          + 2 * sizeof(float) + classes * sizeof *e->class_rows)
        + e->n_points * (2 * sizeof(float) + sizeof(uint32_t))
        + cells * (sizeof(uint32_t) + sizeof(float));
}

/* targets: whether points have one; classes: how many values count rows of. */
static bool reserve(struct scatter *s, bool targets, size_t classes)
{
    s->values = try_calloc(s->n_values, sizeof *s->values);
    s->vectors = try_calloc(s->n_values * (size_t)s->width, sizeof *s->vectors);
    s->place = try_calloc(s->n_values, 2 * sizeof *s->place);
    s->layout = try_calloc(s->n_points, 2 * sizeof *s->layout);
    s->value_of = try_calloc(s->n_points, sizeof *s->value_of);
    if (is_cells(s))
        s->row_of = try_calloc(s->n_points, sizeof *s->row_of);
    if (targets)
        s->target = try_calloc(s->n_points, sizeof *s->target);
    if (classes > 0)
        s->class_rows = try_calloc(s->n_values * classes, sizeof *s->class_rows);
    return s->values && s->vectors && s->place && s->layout && s->value_of
        && (s->row_of || !is_cells(s)) && (s->target || !targets)
        && (s->class_rows || classes == 0);
}

void scatter_free(struct scatter *s)
{
    if (!s)
        return;
    scatter_free(s->against);
    encoder_unref(s->encoder);
    dataset_unref(s->data);
    free(s->target);
    free(s->class_rows);
    free(s->run);
    free(s->values);
    free(s->vectors);
    free(s->place);
    free(s->layout);
    free(s->value_of);
    free(s->row_of);
    free(s);
}

/* ---- making one ---- */

static void name_points(struct scatter *s, const struct embeddings *e)
{
    for (size_t i = 0; i < s->n_points; i++) {
        if (is_cells(s)) {
            size_t row = i / (size_t)e->columns;

            s->row_of[i] = e->picked[row];
            s->value_of[i] = (uint32_t)embeddings_value(e, row,
                                                        (int)(i % (size_t)e->columns));
        } else {
            s->value_of[i] = (uint32_t)i;
        }
    }
}

static void take_targets(struct scatter *s, const struct embeddings *e)
{
    const struct encoder *encoder = s->encoder;
    const float *target = e->rows.frame->target;

    for (size_t i = 0; s->target && i < s->n_points; i++) {
        double y = (double)target[s->row_of[i]];

        if (encoder->task == TASK_REGRESSION)
            y = y * encoder->target_deviation + encoder->target_mean;
        s->target[i] = (float)y;
    }
    if (s->class_rows)
        memcpy(s->class_rows, e->class_rows,
               s->n_values * (size_t)encoder->n_classes * sizeof *s->class_rows);
}

/* In double: a value may have very many cells. */
static bool average_vectors(struct scatter *s, const float *x)
{
    size_t d = (size_t)s->width;
    double *sum = try_calloc(s->n_values * d, sizeof *sum);

    for (size_t i = 0; sum && i < s->n_points; i++)
        for (size_t k = 0; k < d; k++)
            sum[s->value_of[i] * d + k] += (double)x[i * d + k];
    for (size_t i = 0; sum && i < s->n_values * d; i++)
        s->vectors[i] = (float)(sum[i] / (is_cells(s) ? (double)s->values[i / d].rows
                                                      : 1));
    free(sum);
    return sum != NULL;
}

struct scatter *scatter_new(const struct embeddings *e, const char *run, int layer,
                            struct error *err)
{
    struct scatter *s = xcalloc(1, sizeof *s);
    const struct model *m = e->rows.asked.model;

    s->run = xstrdup(run);
    s->encoder = encoder_ref((struct encoder *)model_encoder(m));
    s->data = dataset_ref(e->rows.asked.data);
    s->points = e->asked.points;
    s->layer = layer;
    s->layers = model_options(m)->layers;
    s->rows = e->n_rows;
    s->part = e->rows.asked.part;
    s->n_values = e->n_values;
    s->n_points = e->n_points;
    s->width = e->width;
    s->kl = s->trust = s->unlike = NAN;
    if (reserve(s, is_cells(s) && e->rows.frame->target,
                e->class_rows ? (size_t)s->encoder->n_classes : 0)) {
        memcpy(s->values, e->values, s->n_values * sizeof *s->values);
        name_points(s, e);
        take_targets(s, e);
        if (average_vectors(s, embeddings_points(e, layer)))
            return s;
    }
    scatter_free(s);
    error_set(err, ERROR_MEMORY, "no memory for a layout of %zu points", e->n_points);
    return NULL;
}

struct scatter *scatter_copy(const struct scatter *from)
{
    struct scatter *s = xmalloc(sizeof *s);
    size_t classes = from->class_rows ? (size_t)from->encoder->n_classes : 0;

    *s = *from;
    s->run = xstrdup(from->run);
    s->encoder = encoder_ref(from->encoder);
    s->data = from->data ? dataset_ref(from->data) : NULL;
    s->values = NULL;
    s->vectors = s->place = s->layout = s->target = NULL;
    s->value_of = s->row_of = NULL;
    s->class_rows = NULL;
    s->against = from->against ? scatter_copy(from->against) : NULL;
    if ((from->against && !s->against) || !reserve(s, from->target != NULL, classes)) {
        scatter_free(s);
        return NULL;
    }
    memcpy(s->values, from->values, s->n_values * sizeof *s->values);
    memcpy(s->vectors, from->vectors,
           s->n_values * (size_t)s->width * sizeof *s->vectors);
    memcpy(s->value_of, from->value_of, s->n_points * sizeof *s->value_of);
    if (s->row_of)
        memcpy(s->row_of, from->row_of, s->n_points * sizeof *s->row_of);
    if (s->target)
        memcpy(s->target, from->target, s->n_points * sizeof *s->target);
    if (s->class_rows)
        memcpy(s->class_rows, from->class_rows,
               s->n_values * classes * sizeof *s->class_rows);
    scatter_follow(s, from);
    return s;
}

/* ---- moving ---- */

void scatter_follow(struct scatter *s, const struct scatter *from)
{
    memcpy(s->layout, from->layout, 2 * s->n_points * sizeof *s->layout);
    memcpy(s->place, from->place, 2 * s->n_values * sizeof *s->place);
    s->iteration = from->iteration;
    s->iterations = from->iterations;
    s->perplexity = from->perplexity;
    s->kl = from->kl;
    s->trust = from->trust;
    s->ended = from->ended;
    s->unlike = from->unlike;
    if (s->against && from->against)
        scatter_follow(s->against, from->against);
}

void scatter_settle(struct scatter *s)
{
    if (!is_cells(s)) {
        memcpy(s->place, s->layout, 2 * s->n_values * sizeof *s->place);
        return;
    }
    memset(s->place, 0, 2 * s->n_values * sizeof *s->place);
    for (size_t i = 0; i < s->n_points; i++) {
        size_t v = s->value_of[i];
        float share = 1 / (float)s->values[v].rows;

        s->place[2 * v] += s->layout[2 * i] * share;
        s->place[2 * v + 1] += s->layout[2 * i + 1] * share;
    }
}

/* ---- from one layout to the next ---- */

static const char *column_of(const struct scatter *s, size_t v)
{
    return s->encoder->categorical[s->values[v].column].name;
}

/* Codes are those of an encoder: of another model, texts have to be compared. */
static bool is_same_value(const struct scatter *a, size_t i, const struct scatter *b,
                          size_t k)
{
    if (a->encoder == b->encoder)
        return a->values[i].column == b->values[k].column
            && a->values[i].code == b->values[k].code;
    return strcmp(column_of(a, i), column_of(b, k)) == 0
        && strcmp(embedding_text(a->encoder, &a->values[i]),
                  embedding_text(b->encoder, &b->values[k])) == 0;
}

void scatter_match(const struct scatter *s, const struct scatter *to, uint32_t *same)
{
    for (size_t v = 0; v < s->n_values; v++) {
        same[v] = 0;
        while (same[v] < to->n_values && !is_same_value(s, v, to, same[v]))
            same[v]++;
    }
}

/* at: where its row begins, or earlier; it goes there. n_points: there is none. */
static size_t find_cell(const struct scatter *from, uint32_t row, uint32_t value,
                        size_t *at)
{
    while (*at < from->n_points && from->row_of[*at] < row)
        ++*at;
    for (size_t i = *at; i < from->n_points && from->row_of[i] == row; i++)
        if (from->value_of[i] == value)
            return i;
    return from->n_points;
}

size_t scatter_start(const struct scatter *s, const struct scatter *from, float *layout)
{
    uint32_t *same = xcalloc(s->n_values, sizeof *same); /* number in `from` */
    bool cells = is_cells(s) && is_cells(from); /* of both in the order of rows */
    size_t found = 0, at = 0;

    scatter_match(s, from, same);
    for (size_t i = 0; i < s->n_points; i++) {
        uint32_t v = same[s->value_of[i]];
        bool known = v < from->n_values;
        const float *place = known ? from->place + 2 * v : NULL;

        if (known && cells) {
            size_t cell = find_cell(from, s->row_of[i], v, &at);

            if (cell < from->n_points)
                place = from->layout + 2 * cell;
        }
        layout[2 * i] = known ? place[0] : 0;
        layout[2 * i + 1] = known ? place[1] : 0;
        found += known;
    }
    free(same);
    return found;
}

/* ---- classes ---- */

double scatter_share(const struct scatter *s, size_t value, int class)
{
    size_t classes = (size_t)s->encoder->n_classes;

    if (!s->class_rows || s->values[value].known == 0)
        return NAN;
    return (double)s->class_rows[value * classes + (size_t)class]
        / (double)s->values[value].known;
}

int scatter_class(const struct scatter *s, size_t value)
{
    int best = 0;

    if (isnan(scatter_share(s, value, 0)))
        return -1;
    for (int k = 1; k < s->encoder->n_classes; k++)
        if (scatter_share(s, value, k) > scatter_share(s, value, best))
            best = k;
    return best;
}

/* ---- one over the other ---- */

bool scatter_fit(const struct scatter *from, const struct scatter *to,
                 struct procrustes *p)
{
    uint32_t *same = xcalloc(from->n_values, sizeof *same);
    float *mine = xcalloc(from->n_values, 2 * sizeof *mine);
    float *theirs = xcalloc(from->n_values, 2 * sizeof *theirs);
    size_t n = 0;

    scatter_match(from, to, same);
    for (size_t i = 0; i < from->n_values; i++)
        if (same[i] < to->n_values) {
            memcpy(mine + 2 * n, from->place + 2 * i, 2 * sizeof *mine);
            memcpy(theirs + 2 * n++, to->place + 2 * same[i], 2 * sizeof *theirs);
        }
    if (n > 2)
        *p = procrustes_fit(mine, theirs, n);
    free(mine);
    free(theirs);
    free(same);
    return n > 2;
}

void scatter_align(struct scatter *s, const struct scatter *to)
{
    struct procrustes p;

    s->unlike = NAN;
    if (!scatter_fit(s, to, &p))
        return;
    s->unlike = p.unlike;
    procrustes_keep_size(&p);
    procrustes_apply(&p, s->layout, s->n_points);
    procrustes_apply(&p, s->place, s->n_values);
}

void scatter_between(const struct scatter *from, const struct scatter *s, double way,
                     float *layout, float *place)
{
    uint32_t *same = xcalloc(s->n_values, sizeof *same);

    scatter_start(s, from, layout);
    for (size_t i = 0; i < 2 * s->n_points; i++)
        layout[i] += (float)way * (s->layout[i] - layout[i]);
    scatter_match(s, from, same);
    for (size_t i = 0; i < 2 * s->n_values; i++) {
        uint32_t v = same[i / 2];
        float start = v < from->n_values ? from->place[2 * v + i % 2] : 0;

        place[i] = start + (float)way * (s->place[i] - start);
    }
    free(same);
}

/* ---- what is seen ---- */

void scatter_range(const struct scatter *s, bool cells, double *left, double *right,
                   double *bottom, double *top)
{
    const float *at = cells ? s->layout : s->place;
    size_t n = cells ? s->n_points : s->n_values;

    *left = *bottom = INFINITY;
    *right = *top = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        *left = fmin(*left, (double)at[2 * i]);
        *right = fmax(*right, (double)at[2 * i]);
        *bottom = fmin(*bottom, (double)at[2 * i + 1]);
        *top = fmax(*top, (double)at[2 * i + 1]);
    }
}
