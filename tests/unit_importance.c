/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns taken away: what is measured is what comes out when it is done by hand, and a
 * column that a model cannot see does not matter. */
#include "base/mem.h"
#include "engine/answers.h"
#include "fixture.h"
#include "lens/input.h"
#include "lens/job_importance.h"
#include "nn/params.h"

enum { ROWS = 300, REPEATS = 3 };

static struct fixture fixture_new(const char *target, int threads)
{
    return fixture_of(learnable_table(ROWS, -1), target, "weight", 1, 3, threads);
}

static struct importance_request request_of(const struct fixture *f,
                                            enum importance_by by)
{
    return (struct importance_request){
        .rows = fixture_rows(f, PART_TEST),
        .by = by, .repeats = REPEATS, .seed = 7};
}

static struct importance_job *run_job(const struct importance_request *q)
{
    struct importance_job *j = importance_job_new(q);
    struct error err = {0};

    if (!check(job_run(&importance_job_type, j, &err)))
        printf("# %s\n", err.text);
    return j;
}

static struct importance find(const struct importance_job *j, const char *column)
{
    for (int i = 0; i < importance_job_columns(j); i++)
        if (strcmp(importance_job_column(j, i).column, column) == 0)
            return importance_job_column(j, i);
    check(!"the column is there");
    return importance_job_column(j, 0);
}

static double metric_of(struct fixture *f)
{
    struct metrics m;
    struct error err = {0};

    check(model_evaluate(f->model, f->pool, f->s.frame, f->s.split, PART_TEST, FILL_CLASS,
                         &m, &err));
    return f->s.encoder->task == TASK_REGRESSION ? m.rmse : m.auc;
}

/* A table with a date, which brings features of both kinds, and a number with gaps. */
static struct dataset *mixed_table(void)
{
    struct rng r = rng_make(4, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "day,a,x,y\n");
    for (int i = 0; i < ROWS; i++) {
        str_printf(&text, "20%02d-%02d-%02d,%c,", 10 + i % 7, 1 + i % 12, 1 + i % 28,
                   "pqrs"[rng_below(&r, 4)]);
        if (i % 9)
            str_printf(&text, "%d.5", (int)rng_below(&r, 50));
        str_printf(&text, ",%s\n", i % 3 ? "no" : "yes");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* ---- by hand ---- */

static void put_missing(struct fixture *f, const char *column)
{
    const struct encoder *e = f->s.encoder;
    struct frame *frame = f->s.frame;

    for (size_t row = 0; row < ROWS; row++) {
        for (int i = 0; i < e->n_categorical; i++)
            if (strcmp(e->categorical[i].column, column) == 0)
                frame->codes[row * (size_t)e->n_categorical + (size_t)i] = 0;
        for (int i = 0; i < e->n_continuous; i++)
            if (strcmp(e->continuous[i].column, column) == 0)
                frame->values[row * (size_t)e->n_continuous + (size_t)i] =
                    e->continuous[i].source == FEATURE_MISSING;
    }
}

/* The cells of the part's rows in another order. */
static void put_permuted(struct fixture *f, const char *column, const uint32_t *from,
                         const uint32_t *to, size_t n)
{
    const struct encoder *e = f->s.encoder;
    size_t m = (size_t)e->n_categorical, c = (size_t)e->n_continuous;
    int32_t *codes = xcalloc(ROWS * m + 1, sizeof *codes);
    float *values = xcalloc(ROWS * c + 1, sizeof *values);

    memcpy(codes, f->s.frame->codes, ROWS * m * sizeof *codes);
    memcpy(values, f->s.frame->values, ROWS * c * sizeof *values);
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < m; i++)
            if (strcmp(e->categorical[i].column, column) == 0)
                f->s.frame->codes[to[k] * m + i] = codes[from[k] * m + i];
        for (size_t i = 0; i < c; i++)
            if (strcmp(e->continuous[i].column, column) == 0)
                f->s.frame->values[to[k] * c + i] = values[from[k] * c + i];
    }
    free(codes);
    free(values);
}

static void restore(struct fixture *f)
{
    struct error err = {0};

    frame_free(f->s.frame);
    f->s.frame = encoder_apply(f->s.encoder, f->s.data, NULL, &err);
}

static void masked_columns_are_measured_as_by_hand(void)
{
    static const char *const columns[] = {"day", "a", "x"};
    struct fixture f = fixture_of(mixed_table(), "y", NULL, 1, 3, 2);
    struct importance_request q = request_of(&f, IMPORTANCE_MASKING);
    struct importance_job *j = run_job(&q);
    double clean = metric_of(&f), largest = INFINITY;

    check(f.s.encoder->n_categorical > 2 && f.s.encoder->n_continuous > 2);
    check_int(importance_job_columns(j), 3);
    check_int(importance_job_repeats(j), 1);
    check(importance_job_clean(j) == clean);
    for (int i = 0; i < 3; i++) {
        struct importance found = find(j, columns[i]);

        put_missing(&f, columns[i]);
        check_near(found.worse, clean - metric_of(&f), 1e-12);
        check(isnan(found.deviation) && found.moved > 0);
        restore(&f);
        check(importance_job_column(j, i).worse <= largest);
        largest = importance_job_column(j, i).worse;
    }
    importance_job_type.free(j);
    fixture_done(&f);
}

static void permuted_columns_are_measured_as_by_hand(void)
{
    static const char *const targets[] = {"yes", "price"};

    for (int t = 0; t < 2; t++) {
        struct fixture f = fixture_new(targets[t], 2);
        struct importance_request q = request_of(&f, IMPORTANCE_PERMUTATION);
        struct importance_job *j = run_job(&q);
        size_t n = answers_count(f.s.frame, f.s.split, PART_TEST);
        uint32_t *rows = answers_rows(f.s.frame, f.s.split, PART_TEST, n);
        uint32_t *from = xcalloc(n, sizeof *from);
        double clean = metric_of(&f), sign = t == 0 ? 1 : -1;
        int n_inputs;
        struct input *inputs = inputs_new(f.s.encoder, &n_inputs);

        check_int(importance_job_rows(j), n);
        for (int i = 0; i < n_inputs; i++) {
            struct importance found = find(j, inputs[i].column);
            double mean = 0, square = 0;

            for (int k = 0; k < REPEATS; k++) {
                struct rng r = rng_make(7, RNG_PERMUTE, (uint64_t)(i * REPEATS + k));

                memcpy(from, rows, n * sizeof *from);
                rng_shuffle(&r, from, n);
                put_permuted(&f, inputs[i].column, from, rows, n);
                check_near(found.repeats[k], sign * (clean - metric_of(&f)), 1e-12);
                restore(&f);
                mean += found.repeats[k] / REPEATS;
            }
            for (int k = 0; k < REPEATS; k++)
                square += (found.repeats[k] - mean) * (found.repeats[k] - mean);
            check_near(found.worse, mean, 1e-12);
            check_near(found.deviation, sqrt(square / (REPEATS - 1)), 1e-12);
        }
        inputs_free(inputs, n_inputs);
        free(rows);
        free(from);
        importance_job_type.free(j);
        fixture_done(&f);
    }
}

/* What is the same in all rows cannot be permuted, and what is missing not be masked. */
static void what_says_nothing_does_not_matter(void)
{
    struct fixture f = fixture_new("yes", 1);
    struct importance_request q = request_of(&f, IMPORTANCE_PERMUTATION);
    int value = -1;
    struct importance_job *j;
    char name[32];

    /* the values of b get the vector of one of them: the model cannot tell them apart */
    for (int i = 0; i < f.s.encoder->n_categorical; i++) {
        snprintf(name, sizeof name, "columns.%d.value", i);
        if (strcmp(f.s.encoder->categorical[i].name, "b") == 0)
            value = params_find(model_params(f.model), name);
    }
    check(value >= 0);
    if (value >= 0) {
        size_t width = model_params(f.model)->list[value].shape[1];
        size_t rows = model_params(f.model)->list[value].shape[0];
        real *table = param_value(model_params(f.model), value);

        for (size_t c = 1; c < rows; c++)
            memcpy(table + c * width, table, width * sizeof *table);
    }
    j = run_job(&q);
    check(find(j, "b").worse == 0 && find(j, "b").deviation == 0);
    check(find(j, "b").moved == 0);
    check(find(j, "a").moved > 0 && find(j, "x").moved > 0);
    importance_job_type.free(j);
    q.by = IMPORTANCE_MASKING;
    j = run_job(&q);
    check(find(j, "b").worse == 0 && find(j, "b").moved == 0);
    check(find(j, "a").moved > 0);
    importance_job_type.free(j);
    fixture_done(&f);
}

static void figures_are_the_same_for_any_threads(void)
{
    struct fixture one = fixture_new("kind", 1);
    struct fixture three = fixture_new("kind", 3);
    struct importance_request q = request_of(&one, IMPORTANCE_PERMUTATION);
    struct importance_request r = request_of(&three, IMPORTANCE_PERMUTATION);
    struct importance_job *a, *b, *c;
    bool differ = false;

    q.most = r.most = 40;
    a = run_job(&q);
    b = run_job(&r);
    q.seed = 8;
    c = run_job(&q);
    check_int(importance_job_rows(a), 40);
    for (int i = 0; i < importance_job_columns(a); i++) {
        struct importance x = importance_job_column(a, i);
        struct importance y = importance_job_column(b, i);

        check_str(x.column, y.column);
        check(x.worse == y.worse && x.deviation == y.deviation && x.moved == y.moved);
        differ |= find(c, x.column).worse != x.worse;
    }
    check(differ);
    importance_job_type.free(a);
    importance_job_type.free(b);
    importance_job_type.free(c);
    fixture_done(&one);
    fixture_done(&three);
}

static void it_can_be_stopped_anywhere(void)
{
    struct fixture f = fixture_new("yes", 1);
    struct importance_request q = request_of(&f, IMPORTANCE_MASKING);
    struct error err = {0};

    for (int slices = 0; slices < 8; slices++) {
        struct importance_job *j = importance_job_new(&q);

        for (int i = 0; i < slices; i++)
            check(importance_job_type.run(j, &err) == STEP_MORE);
        importance_job_type.publish(j);
        check(importance_job_share(j) >= 0 && importance_job_share(j) < 1);
        importance_job_type.free(j);
    }
    fixture_done(&f);
}

int main(void)
{
    test_run(masked_columns_are_measured_as_by_hand);
    test_run(permuted_columns_are_measured_as_by_hand);
    test_run(what_says_nothing_does_not_matter);
    test_run(figures_are_the_same_for_any_threads);
    test_run(it_can_be_stopped_anywhere);
    return test_done();
}
