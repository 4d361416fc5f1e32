/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partial dependence: means and tenths against rows that were changed by hand. */
#include "base/mem.h"
#include "data/feature.h"
#include "data/number.h"
#include "data/vocabulary.h"
#include "engine/answers.h"
#include "lens/job_dependence.h"
#include "nn/params.h"
#include "subject.h"

enum { ROWS = 300 };

struct fixture {
    struct subject s;
    struct pool *pool;
    struct model *model;
    uint32_t *rows; /* (n) of the test part */
    size_t n;
};

static struct fixture fixture_of(struct dataset *data, const char *target,
                                 const char *weight, int threads)
{
    struct fixture f = {.s = subject_new(data, target, weight)};
    struct model_options o = model_defaults();
    struct error err = {0};

    o.dim = 8;
    o.layers = 1;
    o.heads = 2;
    o.head_cap = 16;
    f.pool = pool_new(threads, &err);
    f.model = model_new(&o, f.s.encoder, 3, &err);
    f.n = answers_count(f.s.frame, f.s.split, PART_TEST);
    f.rows = answers_rows(f.s.frame, f.s.split, PART_TEST, f.n);
    check(f.pool && f.model);
    return f;
}

static struct fixture learnable_fixture(const char *target, int threads)
{
    return fixture_of(learnable_table(ROWS, -1), target, "weight", threads);
}

static void fixture_done(struct fixture *f)
{
    free(f->rows);
    model_unref(f->model);
    pool_free(f->pool);
    subject_done(&f->s);
}

static struct dependence_request request_of(const struct fixture *f, const char *column)
{
    return (struct dependence_request){
        .rows = {.model = f->model, .pool = f->pool, .data = f->s.data,
                 .schema = f->s.schema, .split = split_defaults(), .part = PART_TEST},
        .column = column, .values = 20, .seed = 1};
}

static struct dependence_job *run_job(const struct dependence_request *q)
{
    struct dependence_job *j = dependence_job_new(q);
    struct error err = {0};

    if (!check(job_run(&dependence_job_type, j, &err)))
        printf("# %s\n", err.text);
    return j;
}

static int up(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of the rows of the frame as it is now: all predictions, ascending; caller frees. */
static double *predict_by_hand(const struct fixture *f, int output, double *mean)
{
    size_t outputs = (size_t)model_outputs(f->model);
    float *out = xcalloc(f->n * outputs, sizeof *out);
    double *all = xcalloc(f->n, sizeof *all);
    struct error err = {0};

    check(model_predict(f->model, f->pool, f->s.frame, f->rows, f->n, FILL_CLASS, out,
                        &err));
    *mean = 0;
    for (size_t i = 0; i < f->n; i++) {
        all[i] = (double)out[i * outputs + (size_t)output];
        *mean += all[i] / (double)f->n;
    }
    qsort(all, f->n, sizeof *all, up);
    free(out);
    return all;
}

/* A tenth is no larger than low, and a tenth no smaller than high. */
static void check_found(const struct fixture *f, const struct dependence *d, int output)
{
    double mean, *all = predict_by_hand(f, output, &mean);
    size_t below = 0, above = 0;

    check_near(d->mean, mean, 1e-6);
    for (size_t i = 0; i < f->n; i++) {
        below += all[i] < d->low;
        above += all[i] > d->high;
    }
    check(below <= f->n / 10 && above <= f->n / 10);
    check(d->low <= d->high && d->low >= all[0] && d->high <= all[f->n - 1]);
    check(all[f->n / 10] >= d->low && all[f->n - 1 - f->n / 10] <= d->high);
    free(all);
}

static int feature_of(const struct fixture *f, const char *name)
{
    const struct encoder *e = f->s.encoder;

    for (int i = 0; i < e->n_categorical; i++)
        if (strcmp(e->categorical[i].name, name) == 0)
            return i;
    check(!"the column is there");
    return 0;
}

static void classes_are_tried_as_by_hand(void)
{
    static const struct {
        const char *target, *class;
        int output;
    } cases[] = {{"yes", NULL, 1}, {"yes", "no", 0}, {"kind", "k2", 2},
                 {"price", NULL, 0}};

    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        struct fixture f = learnable_fixture(cases[t].target, 2);
        struct dependence_request q = request_of(&f, "b");
        int place = feature_of(&f, "b"), m = f.s.encoder->n_categorical;
        const struct feature *b = &f.s.encoder->categorical[place];
        struct dependence_job *j;
        double mean, *all = predict_by_hand(&f, cases[t].output, &mean);

        q.class = cases[t].class;
        j = run_job(&q);
        check_int(dependence_job_rows(j), f.n);
        check_near(dependence_job_clean(j), mean, 1e-6);
        check(!dependence_job_is_continuous(j));
        check_int(dependence_job_values(j), 4);
        if (cases[t].class)
            check_str(dependence_job_class(j), cases[t].class);
        for (int v = 0; v < 4; v++) {
            const struct dependence *d = dependence_job_value(j, v);
            size_t rows = 0;

            check_str(d->text, b->texts[v]);
            for (size_t i = 0; i < f.n; i++)
                rows += f.s.frame->codes[f.rows[i] * (uint32_t)m + (uint32_t)place]
                    == v + 1;
            check_int(d->rows, rows);
        }
        for (int v = 0; v < 4; v++) {
            for (int i = 0; i < ROWS; i++)
                f.s.frame->codes[i * m + place] = v + 1;
            check_found(&f, dependence_job_value(j, v), cases[t].output);
        }
        free(all);
        dependence_job_type.free(j);
        fixture_done(&f);
    }
}

/* By looking at all; the lower one of two. */
static int nearest_value(const struct dependence_job *j, double x)
{
    int best = 0;

    for (int v = 1; v < dependence_job_values(j); v++)
        if (fabs(x - dependence_job_value(j, v)->x)
            < fabs(x - dependence_job_value(j, best)->x))
            best = v;
    return best;
}

/* Texts of x in ascending order, each once; the same rows encoded with one of them. */
static void numbers_are_tried_as_by_hand(void)
{
    struct fixture f = learnable_fixture("yes", 2);
    struct dependence_request q = request_of(&f, "x");
    const struct column *column = dataset_column(f.s.data, dataset_find(f.s.data, "x"));
    int c = f.s.encoder->n_continuous;
    double numbers[ROWS];
    size_t near[7] = {0};
    struct dependence_job *j;

    q.values = 7;
    j = run_job(&q);
    check(dependence_job_is_continuous(j));
    check_int(dependence_job_values(j), 7);
    for (size_t i = 0; i < f.n; i++)
        check(number_parse(column_cell(column, f.rows[i]), '.', &numbers[i]));
    qsort(numbers, f.n, sizeof *numbers, up);
    for (size_t i = 0; i < f.n; i++)
        near[nearest_value(j, numbers[i])]++;
    for (int v = 0; v < 7; v++) {
        const struct dependence *d = dependence_job_value(j, v);
        double want = numbers[(size_t)((v + 0.5) / 7 * (double)f.n)];
        char number[32];

        snprintf(number, sizeof number, "%.4f", want);
        check(d->x == want);
        check(near[v] > 0);
        check_int(d->rows, near[v]);
        for (int i = 0; i < ROWS * c; i++) {
            const struct feature *x = &f.s.encoder->continuous[i % c];

            if (strcmp(x->column, "x") == 0)
                f.s.frame->values[i] = feature_value(x, cell_of(number), false);
        }
        check_found(&f, d, 1);
    }
    dependence_job_type.free(j);
    fixture_done(&f);
}

/* A number with gaps brings a second feature; equal quantiles are tried once. */
static void gaps_and_repeats_are_seen(void)
{
    struct str text = {0};
    struct fixture f;
    struct dependence_request q;
    struct dependence_job *j;
    bool continuous;

    str_puts(&text, "n,a,day,y\n");
    for (int i = 0; i < ROWS; i++)
        str_printf(&text, "%s,%s,2020-%02d-%02d,%d\n",
                   i % 5 == 0 ? "" : i % 2 ? "1.5" : i % 7 ? "2.5" : "40.25",
                   i % 4 == 0 ? "" : i % 3 ? "p" : "q", 1 + i % 12, 1 + i % 28, i % 2);
    f = fixture_of(table_load(text.text, text.length), "y", NULL, 1);
    if (schema_find(f.s.schema, "n") >= 0
        && f.s.schema->columns[schema_find(f.s.schema, "n")].kind == KIND_CONTINUOUS) {
        q = request_of(&f, "n");
        j = run_job(&q);
        check_int(dependence_job_values(j), 3);
        check(dependence_job_value(j, 0)->x == 1.5);
        check(dependence_job_value(j, 2)->x == 40.25);
        check(dependence_job_value(j, 0)->rows > dependence_job_value(j, 2)->rows);
        dependence_job_type.free(j);
    } else {
        check(!"n is continuous");
    }
    q = request_of(&f, "a"); /* the missing class stands last */
    j = run_job(&q);
    check_int(dependence_job_values(j), 3);
    check_str(dependence_job_value(j, 0)->text, "p");
    check_str(dependence_job_value(j, 1)->text, "q");
    check_str(dependence_job_value(j, 2)->text, "");
    check(dependence_job_value(j, 2)->rows > 0);
    dependence_job_type.free(j);
    q.values = 2;
    j = run_job(&q);
    check_int(dependence_job_values(j), 2);
    check_str(dependence_job_value(j, 1)->text, "");
    check_str(dependence_job_note(j), "1 of 2 values are tried, the most frequent ones; "
              "--values takes more\n");
    dependence_job_type.free(j);
    check(dependence_feature(f.s.encoder, "day", &continuous) == NULL);
    check(dependence_feature(f.s.encoder, "nothing", &continuous) == NULL);
    check(dependence_feature(f.s.encoder, "n", &continuous) && continuous);
    check(dependence_feature(f.s.encoder, "a", &continuous) && !continuous);
    fixture_done(&f);
    str_done(&text);
}

/* All values of b have one vector, so it does not matter which one a row has. */
static void what_a_model_cannot_see_changes_nothing(void)
{
    struct fixture f = learnable_fixture("yes", 1);
    struct dependence_request q = request_of(&f, "b");
    struct params *p = model_params(f.model);
    char name[32];
    struct dependence_job *j;
    int value;

    snprintf(name, sizeof name, "columns.%d.value", feature_of(&f, "b"));
    value = params_find(p, name);
    check(value >= 0);
    for (size_t c = 1; c < p->list[value].shape[0]; c++)
        memcpy(param_value(p, value) + c * p->list[value].shape[1], param_value(p, value),
               p->list[value].shape[1] * sizeof(real));
    j = run_job(&q);
    for (int v = 0; v < dependence_job_values(j); v++)
        check(dependence_job_value(j, v)->mean == dependence_job_clean(j));
    dependence_job_type.free(j);
    fixture_done(&f);
}

static void figures_are_the_same_for_any_threads(void)
{
    struct fixture one = learnable_fixture("kind", 1);
    struct fixture three = learnable_fixture("kind", 3);
    struct dependence_request q = request_of(&one, "x"), r = request_of(&three, "x");
    struct dependence_job *a = run_job(&q), *b = run_job(&r);

    check_int(dependence_job_values(a), dependence_job_values(b));
    check_str(dependence_job_class(a), dependence_job_class(b));
    for (int v = 0; v < dependence_job_values(a); v++) {
        const struct dependence *d = dependence_job_value(a, v);
        const struct dependence *e = dependence_job_value(b, v);

        check(d->mean == e->mean && d->low == e->low && d->high == e->high);
    }
    dependence_job_type.free(a);
    dependence_job_type.free(b);
    fixture_done(&one);
    fixture_done(&three);
}

static void classes_that_are_not_there_are_refused(void)
{
    struct fixture f = learnable_fixture("yes", 1);
    struct dependence_request q = request_of(&f, "b");
    struct error err = {0};
    struct dependence_job *j;

    q.class = "maybe";
    j = dependence_job_new(&q);
    check(!job_run(&dependence_job_type, j, &err));
    check_str(err.text, "no class \"maybe\": the classes are no, yes");
    dependence_job_type.free(j);
    q.class = NULL;
    for (int slices = 0; slices < 5; slices++) { /* and it can be stopped anywhere */
        j = dependence_job_new(&q);
        for (int i = 0; i < slices; i++)
            check(dependence_job_type.run(j, &err) == STEP_MORE);
        dependence_job_type.publish(j);
        check(dependence_job_share(j) >= 0 && dependence_job_share(j) < 1);
        dependence_job_type.free(j);
    }
    fixture_done(&f);
}

int main(void)
{
    test_run(classes_are_tried_as_by_hand);
    test_run(numbers_are_tried_as_by_hand);
    test_run(gaps_and_repeats_are_seen);
    test_run(what_a_model_cannot_see_changes_nothing);
    test_run(figures_are_the_same_for_any_threads);
    test_run(classes_that_are_not_there_are_refused);
    return test_done();
}
