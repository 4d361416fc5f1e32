/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows to numbers. Where a column has a dictionary, each of its texts is looked up once
 * and the rows are gathered through that table; all features of some thousand rows at a
 * time, so that the frame's rows are written while they are in the cache.
 */
#include "data/encode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/feature.h"
#include "data/number.h"
#include "data/places.h"
#include "data/tally.h"

enum { BLOCK = 2048 }; /* rows */

/* Deviations of a target, or times the mean weight: beyond this a float's square ends. */
static const double too_far = 1e18;

/* One feature and the column it is read from. */
struct source {
    const struct feature *feature;
    const struct column *column;
    int32_t *code_of; /* (dictionary) categorical */
    float *value_of;  /* (dictionary) continuous */
    bool counted;     /* its missing cells are counted: once a column */
};

struct application {
    const struct encoder *encoder;
    const struct dataset *data;
    size_t first, rows; /* of the table */
    struct source *categorical, *continuous;
    int further;
    struct frame *frame;
    struct str *note;
    struct error *err;
};

static bool no_memory(struct application *a)
{
    return error_set(a->err, ERROR_MEMORY, "no memory to encode %zu rows (%zu MiB)",
                     a->rows, frame_bytes(a->encoder, a->rows) >> 20);
}

/* ---- columns ---- */

static bool make_code_table(struct source *s)
{
    size_t n = column_dictionary_size(s->column);

    if (n == 0)
        return true;
    s->code_of = try_alloc(n, sizeof *s->code_of);
    for (size_t i = 0; s->code_of && i < n; i++)
        s->code_of[i] = feature_code(s->feature, column_dictionary_cell(s->column, i),
                                     column_dictionary_missing(s->column, i));
    return s->code_of != NULL;
}

static bool make_value_table(struct source *s)
{
    size_t n = column_dictionary_size(s->column);

    if (n == 0)
        return true;
    s->value_of = try_alloc(n, sizeof *s->value_of);
    for (size_t i = 0; s->value_of && i < n; i++)
        s->value_of[i] = feature_value(s->feature, column_dictionary_cell(s->column, i),
                                       column_dictionary_missing(s->column, i));
    return s->value_of != NULL;
}

/* What has been seen of the table's columns so far, and names that it does not have. */
struct search {
    bool *used, *counted; /* (columns) */
    struct vocabulary absent;
};

static bool find_columns(const struct application *a, const struct feature *features,
                         int n, struct search *search, struct source **out)
{
    struct source *sources = *out = xcalloc((size_t)n + 1, sizeof *sources);
    uint32_t number;

    for (int i = 0; i < n; i++) {
        int column = dataset_find(a->data, features[i].column);

        sources[i].feature = &features[i];
        if (column < 0) {
            if (!vocabulary_add(&search->absent, cell_of(features[i].column), &number))
                return false;
            continue;
        }
        sources[i].column = dataset_column(a->data, column);
        sources[i].counted =
            !search->counted[column] && features[i].source != FEATURE_MISSING;
        search->used[column] = true;
        search->counted[column] |= sources[i].counted;
    }
    return true;
}

/* Columns of the table that nobody uses: a name that is missing may be among them. */
static void list_unused(const struct application *a, const bool *used, struct str *out)
{
    const struct dataset *d = a->data;

    for (int i = 0; i < dataset_columns(d); i++) {
        const char *name = column_name(dataset_column(d, i));

        if (!used[i])
            places_list(out, name, strlen(name));
    }
}

static bool refuse_absent(const struct application *a, const struct vocabulary *absent,
                          const bool *used)
{
    struct str names = {0}, unused = {0};

    for (size_t i = 0; i < absent->n; i++)
        places_list(&names, absent->texts[i].text, absent->texts[i].length);
    list_unused(a, used, &unused);
    error_set(a->err, ERROR_INPUT, "the table lacks %s that the model reads: %s%s%s%s",
              absent->n > 1 ? "columns" : "a column", str_text(&names),
              unused.length > 0 ? "; not known to the model: " : "", str_text(&unused),
              dataset_dialect(a->data)->header
                  ? ""
                  : "; its first line was not taken for names, --header yes does so");
    str_done(&names);
    str_done(&unused);
    return false;
}

static void use_roles(const struct application *a, bool *used)
{
    const char *roles[] = {a->encoder->target, a->encoder->weight};

    for (int i = 0; i < 2; i++) {
        int column = roles[i] ? dataset_find(a->data, roles[i]) : -1;

        if (column >= 0)
            used[column] = true;
    }
}

static bool search_columns(struct application *a, struct search *search)
{
    const struct encoder *e = a->encoder;

    if (!find_columns(a, e->categorical, e->n_categorical, search, &a->categorical) ||
        !find_columns(a, e->continuous, e->n_continuous, search, &a->continuous))
        return no_memory(a);
    use_roles(a, search->used);
    if (search->absent.n > 0)
        return refuse_absent(a, &search->absent, search->used);
    for (int i = 0; i < dataset_columns(a->data); i++)
        a->further += !search->used[i];
    return true;
}

static bool prepare_sources(struct application *a)
{
    const struct encoder *e = a->encoder;
    size_t columns = (size_t)dataset_columns(a->data) + 1;
    struct search search = {.used = xcalloc(columns, sizeof(bool)),
                            .counted = xcalloc(columns, sizeof(bool))};
    bool found = search_columns(a, &search), done = true;

    free(search.used);
    free(search.counted);
    vocabulary_done(&search.absent);
    if (!found)
        return false;
    if (a->rows == 1)
        return true; /* looking up its own cells is less work */
    for (int i = 0; done && i < e->n_categorical; i++)
        done = make_code_table(&a->categorical[i]);
    for (int i = 0; done && i < e->n_continuous; i++)
        done = make_value_table(&a->continuous[i]);
    return done || no_memory(a);
}

static void application_done(struct application *a)
{
    for (int i = 0; a->categorical && i < a->encoder->n_categorical; i++)
        free(a->categorical[i].code_of);
    for (int i = 0; a->continuous && i < a->encoder->n_continuous; i++)
        free(a->continuous[i].value_of);
    free(a->categorical);
    free(a->continuous);
}

/* ---- inputs ---- */

static inline int32_t read_code(const struct source *s, size_t row)
{
    if (s->code_of)
        return s->code_of[column_code(s->column, row)];
    return feature_code(s->feature, column_cell(s->column, row),
                        column_missing(s->column, row));
}

static inline float read_value(const struct source *s, size_t row)
{
    if (s->value_of)
        return s->value_of[column_code(s->column, row)];
    return feature_value(s->feature, column_cell(s->column, row),
                         column_missing(s->column, row));
}

/* A cell of a categorical feature has always a class, but a date's need not be one. */
static void gather_codes(struct application *a, const struct source *s, size_t place,
                         size_t begin, size_t end)
{
    struct frame *f = a->frame;
    int32_t *out = f->codes + begin * (size_t)f->n_categorical + place;
    size_t missing = 0, unseen = 0;

    for (size_t row = begin; row < end; row++, out += f->n_categorical) {
        int32_t code = read_code(s, a->first + row);

        *out = code;
        missing += code == 0;
        unseen += code == s->feature->classes;
    }
    f->unseen += unseen;
    f->missing += s->counted ? missing : 0;
}

static void gather_values(struct application *a, const struct source *s, size_t place,
                          size_t begin, size_t end)
{
    struct frame *f = a->frame;
    float *out = f->values + begin * (size_t)f->n_continuous + place;
    size_t missing = 0, odd = 0;

    for (size_t row = begin; row < end; row++, out += f->n_continuous) {
        float value = read_value(s, a->first + row);

        *out = value;
        if (isnan(value)) {
            *out = 0;
            missing++;
            odd += !column_missing(s->column, a->first + row);
        }
    }
    f->missing += s->counted ? missing : 0;
    f->odd[place] += s->counted ? odd : 0;
}

static void gather_inputs(struct application *a)
{
    struct frame *f = a->frame;

    for (size_t begin = 0; begin < f->rows; begin += BLOCK) {
        size_t end = f->rows - begin < BLOCK ? f->rows : begin + BLOCK;

        for (int i = 0; i < f->n_categorical; i++)
            gather_codes(a, &a->categorical[i], (size_t)i, begin, end);
        for (int i = 0; i < f->n_continuous; i++)
            gather_values(a, &a->continuous[i], (size_t)i, begin, end);
    }
}

void encoder_note_odd(const struct encoder *e, const size_t *odd, struct str *note)
{
    char count[COUNT_TEXT];

    for (int i = 0; i < e->n_continuous; i++)
        if (odd[i] > 0)
            str_printf(note, "%s: %s cell%s cannot be read and count%s as missing\n",
                       e->continuous[i].column, count_text(odd[i], count),
                       odd[i] == 1 ? "" : "s", odd[i] == 1 ? "s" : "");
}

/* ---- target and weight ---- */

static float class_of(const struct encoder *e, struct cell text)
{
    for (int i = e->against_rest; i < e->n_classes; i++)
        if (cell_equal(text, cell_of(e->classes[i])))
            return (float)i;
    return e->against_rest ? 0 : NAN;
}

static float target_of(const struct encoder *e, struct cell cell, bool missing)
{
    double x;

    if (missing)
        return NAN;
    if (e->task != TASK_REGRESSION)
        return class_of(e, cell);
    if (!number_parse(cell, e->target_decimal, &x))
        return NAN;
    x = (x - e->target_mean) / e->target_deviation;
    return fabs(x) < too_far ? (float)x : NAN;
}

static bool gather_target(struct application *a)
{
    const struct encoder *e = a->encoder;
    struct frame *f = a->frame;
    int place = e->target ? dataset_find(a->data, e->target) : -1;
    struct tally *t = place >= 0 ? tally_new(dataset_column(a->data, place)) : NULL;
    float *target_of_code = t ? try_alloc(t->n, sizeof *target_of_code) : NULL;
    size_t unknown = 0;
    char count[COUNT_TEXT];

    for (size_t row = 0; place < 0 && row < f->rows; row++)
        f->target[row] = NAN;
    for (size_t code = 0; target_of_code && code < t->n; code++) {
        bool missing = tally_missing(t, code);

        target_of_code[code] = target_of(e, tally_cell(t, code), missing);
        unknown += !missing && isnan(target_of_code[code]) ? t->counts[code] : 0;
    }
    for (size_t row = 0; target_of_code && row < f->rows; row++)
        f->target[row] = target_of_code[tally_code(t, row)];
    if (unknown && a->note)
        str_printf(a->note, "%s: %s rows hold no target that training knew\n", e->target,
                   count_text(unknown, count));
    free(target_of_code);
    tally_free(t);
    return place < 0 || target_of_code || no_memory(a);
}

static bool refuse_weight(const struct application *a, const struct column *c, size_t row)
{
    struct cell cell = column_cell(c, row);
    struct str shown = {0}, place = {0};

    show_to(&shown, cell.text, cell.length, 40);
    dataset_place(a->data, row, &place);
    error_set(a->err, ERROR_INPUT,
              "%s: the weight %s is \"%s\" and must be a number from 0",
              str_text(&place), a->encoder->weight, str_text(&shown));
    str_done(&shown);
    str_done(&place);
    return false;
}

static bool gather_weight(struct application *a)
{
    const struct encoder *e = a->encoder;
    int place = e->weight ? dataset_find(a->data, e->weight) : -1;
    const struct column *c;

    if (place < 0)
        return true;
    c = dataset_column(a->data, place);
    a->frame->weight = try_alloc(a->frame->rows, sizeof *a->frame->weight);
    if (!a->frame->weight)
        return no_memory(a);
    for (size_t row = 0; row < a->frame->rows; row++) {
        double x;

        if (column_missing(c, row) ||
            !number_parse(column_cell(c, row), e->weight_decimal, &x) || x < 0)
            return refuse_weight(a, c, row);
        a->frame->weight[row] = (float)fmin(x / e->weight_mean, too_far);
    }
    return true;
}

/* ---- all together ---- */

static bool make_frame(struct application *a)
{
    struct frame *f = xcalloc(1, sizeof *f);

    a->frame = f;
    f->rows = a->rows;
    f->further = a->further;
    f->n_categorical = a->encoder->n_categorical;
    f->n_continuous = a->encoder->n_continuous;
    f->odd = xcalloc((size_t)f->n_continuous + 1, sizeof *f->odd);
    if (f->n_categorical)
        f->codes = try_alloc(f->rows, (size_t)f->n_categorical * sizeof *f->codes);
    if (f->n_continuous)
        f->values = try_alloc(f->rows, (size_t)f->n_continuous * sizeof *f->values);
    return ((f->codes || !f->n_categorical) && (f->values || !f->n_continuous)) ||
           no_memory(a);
}

static bool gather_answers(struct application *a)
{
    a->frame->target = try_alloc(a->frame->rows, sizeof *a->frame->target);
    if (!a->frame->target)
        return no_memory(a);
    return gather_weight(a) && gather_target(a);
}

static struct frame *apply(struct application *a, bool answers)
{
    bool done = prepare_sources(a) && make_frame(a) && (!answers || gather_answers(a));

    if (done) {
        gather_inputs(a);
    } else {
        frame_free(a->frame);
        a->frame = NULL;
    }
    application_done(a);
    return a->frame;
}

struct frame *encoder_apply(const struct encoder *e, const struct dataset *d,
                            struct str *note, struct error *err)
{
    struct application a = {.encoder = e, .data = d, .rows = dataset_rows(d),
                            .note = note, .err = err};
    struct frame *f = apply(&a, true);

    if (f && note)
        encoder_note_odd(e, f->odd, note);
    return f;
}

struct frame *encoder_apply_inputs(const struct encoder *e, const struct dataset *d,
                                   struct error *err)
{
    struct application a = {.encoder = e, .data = d, .rows = dataset_rows(d),
                            .err = err};

    return apply(&a, false);
}

struct frame *encoder_apply_row(const struct encoder *e, const struct dataset *d,
                                size_t row, struct error *err)
{
    struct application a = {.encoder = e, .data = d, .first = row, .rows = 1,
                            .err = err};

    return apply(&a, false);
}
