/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_dependence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/feature.h"
#include "lens/input.h"
#include "lens/trial.h"

/* A value, and what it is to the model. */
struct value {
    struct dependence found;
    char *text;
    struct frame *donor; /* of the table, or of one row made for it */
    size_t row;          /* of the donor */
};

struct dependence_job {
    struct dependence_request asked;
    char *column, *class_name; /* class_name: NULL: the usual one */
    int class;           /* number of the output that is looked at */
    struct trial trial;
    const struct feature *feature;
    bool continuous;
    struct input *inputs;
    int n_inputs, input; /* input: that of the column */
    struct value *values;
    int n_values;
    int pass;            /* -1: of the rows as they are */
    double clean;
    float *sorted;       /* (rows) */
    struct str note;
    double share;        /* published */
};

const struct feature *dependence_feature(const struct encoder *e, const char *column,
                                         bool *continuous)
{
    for (int i = 0; i < e->n_categorical + e->n_continuous; i++) {
        const struct feature *f = i < e->n_categorical
            ? &e->categorical[i] : &e->continuous[i - e->n_categorical];

        *continuous = i >= e->n_categorical;
        if (strcmp(f->column, column) == 0)
            return f->source == FEATURE_CELL ? f : NULL;
    }
    return NULL;
}

struct dependence_job *dependence_job_new(const struct dependence_request *r)
{
    struct dependence_job *j = xcalloc(1, sizeof *j);
    const struct encoder *e = model_encoder(r->rows.model);

    j->asked = *r;
    j->asked.column = j->column = xstrdup(r->column);
    j->asked.class = j->class_name = r->class ? xstrdup(r->class) : NULL;
    trial_init(&j->trial, &r->rows);
    j->asked.rows = j->trial.rows.asked;
    j->feature = dependence_feature(e, r->column, &j->continuous);
    j->inputs = inputs_new(e, &j->n_inputs);
    while (strcmp(j->inputs[j->input].column, r->column) != 0)
        j->input++;
    j->values = xcalloc((size_t)r->values + 1, sizeof *j->values);
    j->pass = -1;
    return j;
}

/* ---- values ---- */

static struct value *add_value(struct dependence_job *j, struct cell text,
                               struct frame *donor, size_t row)
{
    struct value *v = &j->values[j->n_values++];

    v->text = xstrndup(text.text, text.length);
    v->donor = donor;
    v->row = row;
    v->found.text = v->text;
    v->found.x = NAN;
    return v;
}

static size_t count_code(const struct dependence_job *j, int32_t code)
{
    const struct frame *f = j->trial.rows.frame;
    size_t place = (size_t)j->inputs[j->input].categorical[0], rows = 0;

    for (size_t i = 0; i < j->trial.n; i++)
        rows += f->codes[j->trial.index[i] * (size_t)f->n_categorical + place] == code;
    return rows;
}

/* A row with that class, everything else 0. */
static struct frame *frame_of_class(const struct dependence_job *j, int32_t code)
{
    const struct input *in = &j->inputs[j->input];
    struct frame *f = input_missing(in, model_encoder(j->trial.rows.asked.model));

    f->codes[in->categorical[0]] = code;
    return f;
}

static void add_class(struct dependence_job *j, int32_t code)
{
    struct cell text = {"", 0};
    struct value *v;

    if (code > 0)
        text = (struct cell){j->feature->texts[code - 1], j->feature->lengths[code - 1]};
    v = add_value(j, text, frame_of_class(j, code), 0);
    v->found.rows = count_code(j, code);
}

static void choose_classes(struct dependence_job *j)
{
    int known = j->feature->classes - 1;
    bool missing = j->feature->counts[0] > 0 || count_code(j, 0) > 0;
    int room = j->asked.values - (missing && j->asked.values > 1);

    for (int i = 0; i < known && i < room; i++)
        add_class(j, i + 1);
    if (known > room)
        str_printf(&j->note, "%d of %d values are tried, the most frequent ones; "
                   "--values takes more\n", room, known);
    if (missing && j->n_values < j->asked.values)
        add_class(j, 0);
}

struct numbered {
    double x;
    uint32_t row;
};

static int by_x(const void *a, const void *b)
{
    const struct numbered *p = a, *q = b;

    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

/* Rows of the trial that have a number, ascending by it. */
static size_t list_numbers(const struct dependence_job *j, struct numbered *list)
{
    const struct dataset *d = j->trial.rows.asked.data;
    const struct column *c = dataset_column(d, dataset_find(d, j->column));
    size_t n = 0;

    for (size_t i = 0; i < j->trial.n; i++) {
        uint32_t row = j->trial.index[i];

        list[n].row = row;
        n += !column_missing(c, row)
            && feature_number(j->feature, column_cell(c, row), &list[n].x);
    }
    qsort(list, n, sizeof *list, by_x);
    return n;
}

/* The numbers in the middle of equal shares of the rows, each once. */
static void take_quantiles(struct dependence_job *j, const struct numbered *list,
                           size_t n)
{
    const struct dataset *d = j->trial.rows.asked.data;
    const struct column *c = dataset_column(d, dataset_find(d, j->column));
    size_t values = (size_t)j->asked.values;

    for (size_t i = 0; i < values && n > 0; i++) {
        const struct numbered *at = &list[(2 * i + 1) * n / (2 * values)];
        struct value *v = j->n_values > 0 ? &j->values[j->n_values - 1] : NULL;

        if (v && v->found.x == at->x)
            continue;
        v = add_value(j, column_cell(c, at->row), j->trial.rows.frame, at->row);
        v->found.x = at->x;
    }
}

/* Each row counts for the value that its number is nearest to, the lower one of two. */
static void count_nearest(struct dependence_job *j, const struct numbered *list, size_t n)
{
    int v = 0;

    for (size_t i = 0; i < n; i++) {
        while (v + 1 < j->n_values
               && list[i].x - j->values[v].found.x > j->values[v + 1].found.x - list[i].x)
            v++;
        j->values[v].found.rows++;
    }
}

static bool choose_numbers(struct dependence_job *j, struct error *err)
{
    struct numbered *list = try_alloc(j->trial.n, sizeof *list);
    size_t n;

    if (!list)
        return error_set(err, ERROR_MEMORY, "no memory for the numbers of %zu rows",
                         j->trial.n);
    n = list_numbers(j, list);
    take_quantiles(j, list, n);
    count_nearest(j, list, n);
    free(list);
    return n > 0
        || error_set(err, ERROR_STATE, "no row of these has a number in %s", j->column);
}

static bool choose_class(struct dependence_job *j, struct error *err)
{
    const struct encoder *e = model_encoder(j->trial.rows.asked.model);

    j->class = e->n_classes == 2 ? 1 : 0;
    if (j->class_name)
        j->class = rows_find_class(&j->trial.rows, j->class_name, err);
    for (int i = 0; i < e->n_classes && e->n_classes > 2 && !j->class_name; i++)
        j->class = e->class_counts[i] > e->class_counts[j->class] ? i : j->class;
    return j->class >= 0;
}

static enum step prepare(struct dependence_job *j, struct error *err)
{
    enum step step = trial_prepare(&j->trial, j->asked.most, j->asked.seed, err);

    if (step != STEP_DONE)
        return step;
    if (!choose_class(j, err))
        return STEP_FAILED;
    str_puts(&j->note, str_text(&j->trial.rows.note));
    if (!j->continuous)
        choose_classes(j);
    else if (!choose_numbers(j, err))
        return STEP_FAILED;
    j->sorted = try_alloc(j->trial.n, sizeof *j->sorted);
    if (j->sorted)
        return STEP_MORE;
    error_set(err, ERROR_MEMORY, "no memory for the predictions of %zu rows", j->trial.n);
    return STEP_FAILED;
}

/* ---- passes ---- */

static void put_value(void *arg, struct frame *rows, size_t from)
{
    const struct dependence_job *j = arg;
    const struct value *v = &j->values[j->pass];

    (void)from;
    for (size_t r = 0; r < rows->rows; r++)
        input_copy(&j->inputs[j->input], v->donor, v->row, rows, r);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static void end_pass(struct dependence_job *j)
{
    size_t outputs = (size_t)model_outputs(j->trial.rows.asked.model), n = j->trial.n;
    double mean = 0;

    for (size_t i = 0; i < n; i++) {
        j->sorted[i] = j->trial.predicted[i * outputs + (size_t)j->class];
        mean += (double)j->sorted[i];
    }
    mean /= (double)n;
    if (j->pass < 0) {
        j->clean = mean;
    } else {
        struct dependence *found = &j->values[j->pass].found;

        qsort(j->sorted, n, sizeof *j->sorted, by_size);
        found->mean = mean;
        found->low = (double)j->sorted[(n - 1) / 10];
        found->high = (double)j->sorted[n - 1 - (n - 1) / 10];
    }
    j->pass++;
}

static enum step run(void *work, struct error *err)
{
    struct dependence_job *j = work;
    enum step step;

    if (!j->sorted)
        return prepare(j, err);
    if (j->pass == j->n_values)
        return STEP_DONE;
    step = trial_predict(&j->trial, FILL_CLASS, j->pass < 0 ? NULL : put_value, j, err);
    if (step == STEP_DONE)
        end_pass(j);
    return step == STEP_FAILED ? STEP_FAILED : STEP_MORE;
}

static void publish(void *work)
{
    struct dependence_job *j = work;
    const struct trial *t = &j->trial;

    j->share = (j->pass + 1 + (t->n > 0 ? (double)(t->at % t->n) / (double)t->n : 0))
        / (j->n_values + 1);
}

static void release(void *work)
{
    struct dependence_job *j = work;

    for (int i = 0; i < j->n_values; i++) {
        if (j->values[i].donor != j->trial.rows.frame)
            frame_free(j->values[i].donor);
        free(j->values[i].text);
    }
    free(j->values);
    inputs_free(j->inputs, j->n_inputs);
    trial_done(&j->trial);
    free(j->sorted);
    free(j->column);
    free(j->class_name);
    str_done(&j->note);
    free(j);
}

const struct job_type dependence_job_type = {
    .name = "dependence",
    .run = run,
    .publish = publish,
    .free = release,
};

double dependence_job_share(const void *work)
{
    return ((const struct dependence_job *)work)->share;
}

/* ---- after the end ---- */

const struct dependence_request *dependence_job_asked(const struct dependence_job *j)
{
    return &j->asked;
}

size_t dependence_job_rows(const struct dependence_job *j)
{
    return j->trial.n;
}

bool dependence_job_is_continuous(const struct dependence_job *j)
{
    return j->continuous;
}

const char *dependence_job_class(const struct dependence_job *j)
{
    const struct encoder *e = model_encoder(j->trial.rows.asked.model);

    return e->n_classes > 0 ? e->classes[j->class] : NULL;
}

double dependence_job_clean(const struct dependence_job *j)
{
    return j->clean;
}

int dependence_job_values(const struct dependence_job *j)
{
    return j->n_values;
}

const struct dependence *dependence_job_value(const struct dependence_job *j, int i)
{
    return &j->values[i].found;
}

const char *dependence_job_note(const struct dependence_job *j)
{
    return str_text(&j->note);
}
