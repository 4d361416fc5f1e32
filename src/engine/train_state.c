/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/train_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "nn/safetensors.h"

#define FORMAT "tabscope-resume"
/* the words that trees have */
#define FOREST "forest"
#define TEACHER "teacher"

enum {
    COUNTS = sizeof(struct train_counts) / sizeof(int64_t),
    NUMBERS = sizeof(struct train_numbers) / sizeof(double),
    POINT = sizeof(struct curve_point) / sizeof(double),
    RECORD = 15, /* fields of struct epoch_record and its metrics */
    SCORE = 4,   /* of struct column_score */
    TENSORS = 12 + 2 * FOREST_TENSORS,
};

void train_state_done(struct train_state *s)
{
    free(s->weights);
    free(s->average);
    free(s->best);
    free(s->moment1);
    free(s->moment2);
    free(s->history);
    curve_done(&s->curve);
    learned_done(&s->learned);
    free(s->brought);
    forest_free(s->forest);
    forest_free(s->teacher);
    free(s->guessed);
    *s = (struct train_state){0};
}

size_t train_state_bytes(const struct train_state *s)
{
    size_t arenas = s->average ? 3 : 2;

    return (arenas * s->values + 2 * s->trainable) * sizeof(real);
}

/* ---- structures as rows of numbers ---- */

static void flatten_record(const struct epoch_record *r, double out[RECORD])
{
    const struct metrics *m = &r->valid;
    const double fields[RECORD] = {
        r->epoch, r->seconds, r->lr, r->train_loss, r->best, (double)m->rows, m->loss,
        m->auc, m->accuracy, m->f1, m->average_precision, m->calibration_error, m->rmse,
        m->mae, m->r2,
    };

    memcpy(out, fields, sizeof fields);
}

/* A whole number that can be counted with; others become 0. */
static double whole(double x, double most)
{
    return x >= 0 && x <= most ? floor(x) : 0;
}

static struct epoch_record raise_record(const double in[RECORD])
{
    return (struct epoch_record){
        .epoch = (int)whole(in[0], 1e9), .seconds = in[1], .lr = in[2],
        .train_loss = in[3], .best = in[4] != 0,
        .valid = {
            .rows = (size_t)whole(in[5], 1e15), .loss = in[6], .auc = in[7],
            .accuracy = in[8], .f1 = in[9], .average_precision = in[10],
            .calibration_error = in[11], .rmse = in[12], .mae = in[13], .r2 = in[14],
        },
    };
}

static void flatten_score(const struct column_score *s, double out[SCORE])
{
    out[0] = s->asked;
    out[1] = (double)s->accuracy;
    out[2] = (double)s->baseline;
    out[3] = (double)s->auc;
}

static struct column_score raise_score(const double in[SCORE])
{
    return (struct column_score){(uint32_t)whole(in[0], UINT32_MAX), (float)in[1],
                                 (float)in[2], (float)in[3]};
}

/* ---- writing ---- */

struct tensor_list {
    struct safetensors_tensor tensors[TENSORS];
    size_t n;
};

static void add(struct tensor_list *l, const char *name, enum dtype dtype,
                const void *data, size_t rows, size_t columns)
{
    if (data)
        l->tensors[l->n++] = (struct safetensors_tensor){
            .name = name, .dtype = dtype, .rank = columns ? 2 : 1,
            .shape = {rows, columns}, .data = data,
        };
}

/* *list: to be freed when it is written. False: no memory. */
static bool add_forest(struct tensor_list *l, const struct forest *f, const char *word,
                       struct safetensors_tensor **list)
{
    size_t n = 0;

    *list = f ? forest_tensors(f, word, &n) : NULL;
    for (size_t i = 0; *list && i < n; i++)
        l->tensors[l->n++] = (*list)[i];
    return *list || !f;
}

/* Caller frees. */
static double *flatten_history(const struct train_state *s)
{
    double *rows = xcalloc(s->n_history + 1, RECORD * sizeof *rows);

    for (size_t i = 0; i < s->n_history; i++)
        flatten_record(&s->history[i], rows + i * RECORD);
    return rows;
}

/* Caller frees. */
static double *flatten_learned(const struct learned *l)
{
    size_t n = l->n * (size_t)l->columns;
    double *rows = xcalloc(n + 1, SCORE * sizeof *rows);

    for (size_t i = 0; i < n; i++)
        flatten_score(&l->scores[i], rows + i * SCORE);
    return rows;
}

bool train_state_write(const struct train_state *s, const char *path, const char *end,
                       const char *run, struct error *err)
{
    double *history = flatten_history(s), *learned = flatten_learned(&s->learned);
    struct safetensors_tensor *trees = NULL, *teacher = NULL;
    char epoch[24], best[24];
    const struct safetensors_pair pairs[] = {
        {"format", FORMAT}, {"version", PACKAGE_VERSION}, {"end", end},
        {"epoch", epoch}, {"best_epoch", best}, {"kernels", s->kernels}, {"run", run},
    };
    struct tensor_list l = {.n = 0};
    bool ok;

    snprintf(epoch, sizeof epoch, "%lld", (long long)s->counts.epoch);
    snprintf(best, sizeof best, "%lld", (long long)s->counts.best_epoch);
    add(&l, "counts", DTYPE_I64, &s->counts, COUNTS, 0);
    add(&l, "numbers", DTYPE_F64, &s->numbers, NUMBERS, 0);
    add(&l, "weights", DTYPE_F32, s->weights, s->values, 0);
    add(&l, "average", DTYPE_F32, s->average, s->values, 0);
    add(&l, "best", DTYPE_F32, s->best, s->values, 0);
    add(&l, "moment1", DTYPE_F32, s->moment1, s->trainable, 0);
    add(&l, "moment2", DTYPE_F32, s->moment2, s->trainable, 0);
    add(&l, "history", DTYPE_F64, history, s->n_history, RECORD);
    add(&l, "curve", DTYPE_F64, s->curve.points, s->curve.n, POINT);
    add(&l, "brought", DTYPE_U8, s->brought, s->n_brought, 0);
    if (s->learned.n > 0)
        add(&l, "learned", DTYPE_F64, learned, s->learned.n,
            (size_t)s->learned.columns * SCORE);
    if (s->n_guessed > 0)
        add(&l, "guessed", DTYPE_I64, s->guessed, s->n_guessed, 2);
    ok = add_forest(&l, s->forest, FOREST, &trees)
            && add_forest(&l, s->teacher, TEACHER, &teacher)
        ? safetensors_write(path, 0600, l.tensors, l.n, pairs,
                            sizeof pairs / sizeof *pairs, err)
        : error_set(err, ERROR_MEMORY, "no memory to write down the trees");
    forest_tensors_free(trees);
    forest_tensors_free(teacher);
    free(history);
    free(learned);
    return ok;
}

/* ---- reading ---- */

static bool check_format(const struct safetensors *s, struct error *err)
{
    const char *format = safetensors_metadata(s, "format");
    const char *version = safetensors_metadata(s, "version");
    char *shown;

    if (!format || strcmp(format, FORMAT) != 0)
        return error_set(err, ERROR_INPUT, "it is no file of a run that was cut off");
    if (version && strcmp(version, PACKAGE_VERSION) == 0)
        return true;
    shown = show(version ? version : "?", 20);
    error_set(err, ERROR_INPUT,
              "it was written by tabscope %s, and only that version can go on with it; "
              "this is " PACKAGE_VERSION, shown);
    free(shown);
    return false;
}

/* The tensor of that kind and rank, absent (NULL and true) only where it may be. */
static bool find(const struct safetensors *s, const char *name, enum dtype dtype,
                 int rank, bool needed, const struct safetensors_tensor **out,
                 struct error *err)
{
    const struct safetensors_tensor *t = safetensors_find(s, name);

    *out = t;
    if (t ? t->dtype == dtype && t->rank == rank : !needed)
        return true;
    return error_set(err, ERROR_INPUT, t ? "its tensor %s is of another kind or shape"
                                         : "its tensor %s is missing", name);
}

static bool read_fixed(const struct safetensors *s, const char *name, enum dtype dtype,
                       void *out, size_t bytes, struct error *err)
{
    const struct safetensors_tensor *t;

    if (!find(s, name, dtype, 1, true, &t, err))
        return false;
    if (t->bytes != bytes)
        return error_set(err, ERROR_INPUT, "its tensor %s is of another size", name);
    memcpy(out, t->data, bytes);
    return true;
}

/* *n: how many there have to be, or 0: it is set. */
static bool read_reals(const struct safetensors *s, const char *name, bool needed,
                       real **out, size_t *n, struct error *err)
{
    const struct safetensors_tensor *t;

    if (!find(s, name, DTYPE_F32, 1, needed, &t, err))
        return false;
    if (!t)
        return true;
    if (t->shape[0] == 0 || (*n > 0 && t->shape[0] != *n))
        return error_set(err, ERROR_INPUT, "its tensor %s is of another size", name);
    *n = (size_t)t->shape[0];
    *out = try_alloc(*n, sizeof **out);
    if (!*out)
        return error_set(err, ERROR_MEMORY, "no memory for %zu numbers", *n);
    memcpy(*out, t->data, t->bytes);
    return true;
}

static bool read_history(struct train_state *s, const struct safetensors *file,
                         struct error *err)
{
    const struct safetensors_tensor *t;
    double row[RECORD];

    if (!find(file, "history", DTYPE_F64, 2, true, &t, err))
        return false;
    if (t->shape[1] != RECORD || (int64_t)t->shape[0] != s->counts.epoch)
        return error_set(err, ERROR_INPUT, "its history is not that of its epochs");
    s->n_history = s->history_capacity = (size_t)t->shape[0];
    s->history = xcalloc(s->n_history + 1, sizeof *s->history);
    for (size_t i = 0; i < s->n_history; i++) {
        memcpy(row, (const char *)t->data + i * sizeof row, sizeof row);
        s->history[i] = raise_record(row);
        s->history[i].epoch = (int)i + 1;
    }
    return true;
}

static bool read_curve(struct train_state *s, const struct safetensors *file,
                       struct error *err)
{
    const struct safetensors_tensor *t;

    if (!find(file, "curve", DTYPE_F64, 2, false, &t, err))
        return false;
    s->curve.steps = (size_t)s->counts.curve_steps;
    if (!t)
        return true;
    if (t->shape[1] != POINT || t->shape[0] > CURVE_LIMIT)
        return error_set(err, ERROR_INPUT, "its curve is of another shape");
    curve_reserve(&s->curve, (size_t)t->shape[0]);
    s->curve.n = (size_t)t->shape[0];
    if (s->curve.n > 0)
        memcpy(s->curve.points, t->data, t->bytes);
    return true;
}

static bool read_learned(struct train_state *s, const struct safetensors *file,
                         struct error *err)
{
    const struct safetensors_tensor *t;
    struct column_score *scores;
    double row[SCORE];
    size_t columns;

    if (!find(file, "learned", DTYPE_F64, 2, false, &t, err))
        return false;
    if (!t)
        return true;
    columns = (size_t)t->shape[1] / SCORE;
    if (columns == 0 || columns > 1000000 || (int64_t)t->shape[0] != s->counts.epoch)
        return error_set(err, ERROR_INPUT, "what it learned is not of its epochs");
    scores = xcalloc(columns, sizeof *scores);
    for (size_t i = 0; i < t->shape[0]; i++) {
        for (size_t k = 0; k < columns; k++) {
            memcpy(row, (const char *)t->data + (i * columns + k) * sizeof row,
                   sizeof row);
            scores[k] = raise_score(row);
        }
        learned_add(&s->learned, (int)i + 1, scores, (int)columns);
    }
    free(scores);
    return true;
}

static bool read_brought(struct train_state *s, const struct safetensors *file,
                         struct error *err)
{
    const struct safetensors_tensor *t;

    if (!find(file, "brought", DTYPE_U8, 1, false, &t, err))
        return false;
    if (!t)
        return true;
    s->n_brought = t->bytes;
    s->brought = try_alloc(t->bytes, 1);
    if (!s->brought)
        return error_set(err, ERROR_MEMORY, "no memory for %zu classes", t->bytes);
    memcpy(s->brought, t->data, t->bytes);
    return true;
}

static bool read_guessed(struct train_state *s, const struct safetensors *file,
                         struct error *err)
{
    const struct safetensors_tensor *t;

    if (!find(file, "guessed", DTYPE_I64, 2, false, &t, err))
        return false;
    if (!t)
        return true;
    if (t->shape[1] != 2)
        return error_set(err, ERROR_INPUT, "its tensor guessed is of another shape");
    s->n_guessed = (size_t)t->shape[0];
    s->guessed = try_alloc(t->bytes, 1);
    if (!s->guessed)
        return error_set(err, ERROR_MEMORY, "no memory for %zu rows", s->n_guessed);
    if (t->bytes > 0)
        memcpy(s->guessed, t->data, t->bytes);
    return true;
}

/* Trees, or the arenas of all else. */
static bool read_weights(struct train_state *s, const struct safetensors *file,
                         struct error *err)
{
    if (!forest_is_there(file, FOREST))
        return read_reals(file, "weights", true, &s->weights, &s->values, err)
            && read_reals(file, "average", false, &s->average, &s->values, err)
            && read_reals(file, "best", true, &s->best, &s->values, err)
            && read_reals(file, "moment1", true, &s->moment1, &s->trainable, err)
            && read_reals(file, "moment2", true, &s->moment2, &s->trainable, err);
    s->forest = forest_read(file, FOREST, err);
    if (s->forest && forest_is_there(file, TEACHER))
        s->teacher = forest_read(file, TEACHER, err);
    return s->forest && (s->teacher || !forest_is_there(file, TEACHER))
        && read_guessed(s, file, err);
}

/* What is used to count and index makes sense by itself; whether it fits a model and a
 * table is for the trainer to see. */
static bool check_counts(const struct train_counts *c, struct error *err)
{
    bool ok = c->updates >= 0 && c->step >= 0 && c->epoch >= 0 && c->epoch <= 1000000
        && c->batch >= 0 && c->batch <= c->step && c->best_epoch >= 0
        && c->best_epoch <= c->epoch && (c->best_epoch > 0) == (c->has_best == 1)
        && c->has_best <= 1 && c->has_best >= 0 && c->since_best >= 0
        && c->since_best <= c->epoch && c->curve_steps >= 1 && c->since_steps >= 0
        && c->since_steps < c->curve_steps;

    return ok || error_set(err, ERROR_INPUT, "its counts do not fit together");
}

static bool read_kernels(struct train_state *s, const struct safetensors *file)
{
    const char *name = safetensors_metadata(file, "kernels");
    char *shown = show(name ? name : "?", sizeof s->kernels - 1);

    snprintf(s->kernels, sizeof s->kernels, "%s", shown);
    free(shown);
    return true;
}

static bool read_tensors(struct train_state *s, const struct safetensors *file,
                         struct error *err)
{
    return check_format(file, err) && read_kernels(s, file)
        && read_fixed(file, "counts", DTYPE_I64, &s->counts, sizeof s->counts, err)
        && read_fixed(file, "numbers", DTYPE_F64, &s->numbers, sizeof s->numbers, err)
        && check_counts(&s->counts, err)
        && read_weights(s, file, err) && read_history(s, file, err)
        && read_curve(s, file, err) && read_learned(s, file, err)
        && read_brought(s, file, err);
}

static bool name_file(const char *path, struct error *err)
{
    char *shown = show(path, 0);

    error_prefix(err, "%s", shown);
    free(shown);
    return false;
}

bool train_state_read(struct train_state *s, const char *path, struct error *err)
{
    struct safetensors *file = safetensors_open(path, err);
    bool ok;

    if (!file)
        return false;
    ok = safetensors_checked(file)
        || error_set(err, ERROR_INPUT, "damaged: its checksums are missing");
    ok = (ok && read_tensors(s, file, err)) || name_file(path, err);
    safetensors_free(file);
    if (!ok)
        train_state_done(s);
    return ok;
}

/* 0 for what is no number. */
static int number_of(const struct safetensors *file, const char *key)
{
    const char *text = safetensors_metadata(file, key);
    long number = 0;

    if (text)
        str_to_long(text, 0, 1000000, &number);
    return (int)number;
}

bool train_state_peek(struct train_about *about, const char *path, struct error *err)
{
    struct safetensors *file = safetensors_peek(path, err);
    const char *end, *run;
    bool ok;

    *about = (struct train_about){0};
    if (!file)
        return false;
    end = safetensors_metadata(file, "end");
    run = safetensors_metadata(file, "run");
    ok = (check_format(file, err)
          && ((end && run)
              || error_set(err, ERROR_INPUT, "it does not say how the run came about")))
        || name_file(path, err);
    if (ok)
        *about = (struct train_about){strcmp(end, "stopped") == 0,
                                      number_of(file, "epoch"),
                                      number_of(file, "best_epoch"), xstrdup(run)};
    safetensors_free(file);
    return ok;
}
