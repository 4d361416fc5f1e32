/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles of columns and what they tell of a target, against slow plain loops. */
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/infer.h"
#include "data/number.h"
#include "data/profile.h"
#include "shared.h"
#include "table.h"
#include "test.h"

/* A table with its guessed schema and, if asked, a target. */
struct scene {
    struct dataset *data;
    struct schema *schema;
    struct target *target;
    struct answers answers;
};

static struct scene scene_of(struct dataset *d, const char *target, enum task task)
{
    struct scene s = {.data = d, .schema = infer_schema(d)};
    struct error err = {0};

    if (!target)
        return s;
    if (!schema_set_target(s.schema, d, schema_find(s.schema, target), NULL, task, NULL,
                           &err)) {
        printf("# %s\nBail out!\n", err.text);
        exit(99);
    }
    s.target = target_read(d, s.schema, &err);
    check(s.target && answers_init(&s.answers, s.target));
    return s;
}

static void scene_done(struct scene *s)
{
    target_free(s->target);
    schema_free(s->schema);
    dataset_unref(s->data);
}

static struct profile *look(const struct scene *s, const char *column, size_t values)
{
    int i = dataset_find(s->data, column);

    return profile_column(dataset_column(s->data, i), s->schema->columns[i].decimal,
                          s->target ? &s->answers : NULL, values);
}

static void check_cell(struct cell got, const char *want)
{
    char *text = xstrndup(got.text, got.length);

    check_str(text, want);
    free(text);
}

static void values_are_counted(void)
{
    struct scene s = scene_of(table_of("a,b\nx,1\ny,1\nz,1\ny,1\n,1\ny,1\nz,1\n?,2\n"),
                              NULL, TASK_NONE);
    struct profile *p = look(&s, "a", 2);

    check_int(p->rows, 8);
    check_int(p->missing, 2);
    check_int(p->distinct, 3);
    check_int(p->n_values, 2);
    check_cell(p->values[0].text, "y");
    check_int(p->values[0].rows, 3);
    check_cell(p->values[1].text, "z");
    check_int(p->values[1].rows, 2);
    check_int(p->rest_rows, 1);
    check_int(p->numeric, 0);
    check_int(p->n_bins, 0);
    check_int(p->n_tenths, 0);
    check(isnan(p->min) && isnan(p->mean) && isnan(p->quantiles[2]));
    check(isnan(p->value_signal) && isnan(p->values[0].rate));
    profile_free(p);
    scene_done(&s);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* numpy.percentile */
static double quantile_of(const double *sorted, size_t n, double share)
{
    double place = share * (double)(n - 1);
    size_t below = (size_t)place;

    return below + 1 < n ? sorted[below] + (place - (double)below) *
                                               (sorted[below + 1] - sorted[below])
                         : sorted[n - 1];
}

static void check_numbers(const struct profile *p, double *x, size_t n)
{
    static const double shares[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    double mean = 0, squares = 0, cubes = 0;
    size_t inside = 0;

    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++)
        cubes += pow((x[i] - mean) / sqrt(squares), 3) / (double)n;
    qsort(x, n, sizeof *x, compare_doubles);
    check_int(p->numeric, n);
    check_near(p->mean, mean, 1e-9 * fabs(mean) + 1e-12);
    check_near(p->deviation, sqrt(squares), 1e-9 * sqrt(squares));
    check_near(p->skew, cubes, 1e-6 * (1 + fabs(cubes)));
    check_near(p->min, x[0], 0);
    check_near(p->max, x[n - 1], 0);
    for (int i = 0; i < PROFILE_QUANTILES; i++)
        check_near(p->quantiles[i], quantile_of(x, n, shares[i]),
                   1e-12 * fabs(x[n - 1] - x[0]));
    for (int i = 0; i < p->n_bins; i++)
        inside += p->bins[i];
    check_int(inside + p->below + p->above, n);
}

/* Texts of numbers with repeats, in several spellings, of both signs. */
static void numbers_are_measured(void)
{
    struct str text = {0};
    struct rng rng = rng_make(7, RNG_SAMPLE, 0);
    enum { ROWS = 3000 };
    double x[ROWS];
    struct scene s;
    struct profile *p;

    str_puts(&text, "x,y\n");
    for (int i = 0; i < ROWS; i++) {
        int number = (int)rng_below(&rng, 900) - 300;

        x[i] = number / 10.0;
        str_printf(&text, i % 2 ? "%.1f,a\n" : "%.3f,b\n", x[i]);
    }
    s = scene_of(table_load(text.text, text.length), NULL, TASK_NONE);
    p = look(&s, "x", PROFILE_VALUES);
    check_numbers(p, x, ROWS);
    check(!p->whole);
    check_int(p->n_bins, PROFILE_BINS);
    check_near(p->low, p->min, 0);
    profile_free(p);
    scene_done(&s);
    str_done(&text);
}

static void whole_numbers_have_bins_of_their_own(void)
{
    struct scene s = scene_of(table_of("x,y\n1,a\n2,a\n2,a\n7,a\n3.0,b\n?,b\n"), NULL,
                              TASK_NONE);
    struct profile *p = look(&s, "x", PROFILE_VALUES);

    check(p->whole);
    check_int(p->n_bins, 7);
    check_near(p->low, 1, 0);
    check_near(p->width, 1, 0);
    check_int(p->bins[0], 1);
    check_int(p->bins[1], 2);
    check_int(p->bins[2], 1);
    check_int(p->bins[6], 1);
    check_int(p->missing, 1);
    profile_free(p);
    scene_done(&s);
}

/* One enormous value must not press the others into one bin. */
static void long_tails_are_cut(void)
{
    struct str text = {0};
    struct scene s;
    struct profile *p;
    size_t most = 0;

    str_puts(&text, "x,y\n1000000.5,a\n-90000.5,a\n");
    for (int i = 0; i < 2000; i++)
        str_printf(&text, "%d.25,%c\n", i % 100, "ab"[i % 2]);
    s = scene_of(table_load(text.text, text.length), NULL, TASK_NONE);
    p = look(&s, "x", PROFILE_VALUES);
    check_int(p->below, 1);
    check_int(p->above, 1);
    check(p->low >= 0 && p->low + p->n_bins * p->width < 101);
    for (int i = 0; i < p->n_bins; i++)
        most = p->bins[i] > most ? p->bins[i] : most;
    check(most < 200);
    profile_free(p);
    scene_done(&s);
    str_done(&text);
}

static void extreme_numbers_stay_finite(void)
{
    struct scene s = scene_of(table_of("x,y\n1e308,a\n-1e308,a\n1e-300,b\n0,b\n5,a\n"),
                              NULL, TASK_NONE);
    struct profile *p = look(&s, "x", PROFILE_VALUES);
    size_t inside = 0;

    check(isfinite(p->mean) && isfinite(p->deviation) && isfinite(p->skew));
    check(isfinite(p->low) && isfinite(p->width) && p->width > 0);
    for (int i = 0; i < p->n_bins; i++)
        inside += p->bins[i];
    check_int(inside + p->below + p->above, 5);
    check_int(p->zeros, 1);
    profile_free(p);
    scene_done(&s);
}

static void dates_are_measured_in_seconds(void)
{
    struct scene s = scene_of(table_of("d,y\n1970-01-02,a\n1970-01-04,a\n1970-01-03,b\n"
                                       ",b\n2000-02-29,a\n"), NULL, TASK_NONE);
    struct profile *p = look(&s, "d", PROFILE_VALUES);
    struct datetime t;

    check_int(p->form, DATETIME_ISO);
    check_int(p->numeric, 4);
    check_near(p->min, 86400, 0);
    t = datetime_of_seconds(p->max);
    check_int(t.year, 2000);
    check_int(t.month, 2);
    check_int(t.day, 29);
    check_int(p->zeros, 0);
    profile_free(p);
    scene_done(&s);
}

/* Every day of four centuries there and back. */
static void seconds_and_dates_agree(void)
{
    for (long day = -150000; day < 150000; day += 7) {
        struct datetime t = datetime_of_seconds(86400.0 * (double)day + 3661);

        check_near(datetime_seconds(&t), 86400.0 * (double)day + 3661, 0);
        check(t.hour == 1 && t.minute == 1 && t.second == 1);
    }
}

/* Tenths by rank: each of the 100 numbers is there equally often. */
static void tenths_have_their_rates(void)
{
    struct str text = {0};
    struct scene s;
    struct profile *p;

    str_puts(&text, "x,y\n");
    for (int i = 0; i < 5000; i++)
        str_printf(&text, "%d.5,%s\n", i % 100, i % 100 >= 70 ? "yes" : "no");
    s = scene_of(table_load(text.text, text.length), "y", TASK_NONE);
    p = look(&s, "x", PROFILE_VALUES);
    check_int(p->n_tenths, 10);
    for (int i = 0; i < p->n_tenths; i++) {
        check_near(p->tenths[i].low, 10 * i + 0.5, 0);
        check_near(p->tenths[i].high, 10 * i + 9.5, 0);
        check_int(p->tenths[i].rows, 500);
        check_near(p->tenths[i].rate, i >= 7, 0);
    }
    check_near(p->number_signal, 1, 1e-9);
    check_str(signal_word(p->number_signal), "total");
    check_near(s.answers.mean, 0.3, 1e-12);
    profile_forget_target(p);
    check(isnan(p->tenths[9].rate) && isnan(p->number_signal));
    profile_free(p);
    scene_done(&s);
    str_done(&text);
}

/* Half of all numbers are 0: they are one tenth, and what lies above keeps its own. */
static void equal_numbers_share_a_tenth(void)
{
    struct str text = {0};
    struct scene s;
    struct profile *p;
    size_t rows = 0;

    str_puts(&text, "x,y\n");
    for (int i = 0; i < 1000; i++)
        str_printf(&text, "%d,%c\n", i < 500 ? 0 : i, "ab"[i % 2]);
    s = scene_of(table_load(text.text, text.length), "y", TASK_NONE);
    p = look(&s, "x", PROFILE_VALUES);
    check_int(p->n_tenths, 6);
    check_int(p->tenths[0].rows, 500);
    check_near(p->tenths[0].high, 0, 0);
    for (int i = 0; i < p->n_tenths; i++)
        rows += p->tenths[i].rows;
    check_int(rows, 1000);
    profile_free(p);
    scene_done(&s);
    str_done(&text);
}

/* Of a multiclass target the most frequent class is followed, and the share explained is
 * that of all classes. */
static void classes_have_a_signal(void)
{
    struct scene s = scene_of(
        table_of("v,w,y\np,p,a\np,q,a\np,p,a\nq,q,b\nq,p,b\nq,q,b\nr,p,c\nr,q,c\nr,p,c\n"
                 "r,q,c\np,p,a\nq,q,b\np,q,a\nq,p,b\nr,q,c\n"), "y", TASK_NONE);
    struct profile *v = look(&s, "v", PROFILE_VALUES);

    check_int(s.schema->task, TASK_MULTICLASS);
    check_int(s.answers.known, 15);
    check_near(v->value_signal, 1, 1e-9);
    check_near(v->values[0].rate, 1, 0); /* p goes with a, the first of three */
    check_near(v->values[1].rate, 0, 0);
    profile_free(v);
    v = look(&s, "w", PROFILE_VALUES);
    check_near(v->value_signal, 0, 0);
    check_str(signal_word(v->value_signal), "none");
    profile_free(v);
    scene_done(&s);
}

/* eta squared with Kelley's correction, worked out by hand from the group means. */
static void numbers_have_a_signal(void)
{
    struct str text = {0};
    struct rng rng = rng_make(3, RNG_SAMPLE, 1);
    enum { ROWS = 2000 };
    double sum[2] = {0, 0}, mean, between = 0, all = 0, y[ROWS], share;
    struct scene s;
    struct profile *p;

    str_puts(&text, "v,n,y\n");
    for (int i = 0; i < ROWS; i++) {
        y[i] = rng_uniform(&rng) + (i % 2 ? 0.4 : 0);
        sum[i % 2] += y[i] / (ROWS / 2);
        str_printf(&text, "%c,%d,%.17g\n", "ab"[i % 2], i % 5, y[i]);
    }
    mean = (sum[0] + sum[1]) / 2;
    for (int i = 0; i < ROWS; i++) {
        between += (sum[i % 2] - mean) * (sum[i % 2] - mean);
        all += (y[i] - mean) * (y[i] - mean);
    }
    share = 1 - (1 - between / all) * (ROWS - 1) / (ROWS - 2);
    s = scene_of(table_load(text.text, text.length), "y", TASK_REGRESSION);
    p = look(&s, "v", PROFILE_VALUES);
    check_near(p->value_signal, share, 1e-9);
    check_near(p->values[0].rate, sum[0], 1e-9);
    check_near(p->values[1].rate, sum[1], 1e-9);
    profile_free(p);
    p = look(&s, "n", PROFILE_VALUES);
    check_near(p->value_signal, 0, 0);
    profile_free(p);
    scene_done(&s);
    str_done(&text);
}

/* Groups by chance are not called a signal, however many there are. */
static void chance_is_no_signal(void)
{
    int called = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rng rng = rng_make(seed, RNG_SAMPLE, 2);
        struct target t = {.task = TASK_BINARY, .rows = 300, .n_classes = 2};
        struct answers a;
        struct signal g;
        int32_t class_of[300];

        t.class_of = class_of;
        for (int i = 0; i < 300; i++)
            class_of[i] = rng_below(&rng, 4) == 0;
        check(answers_init(&a, &t) && signal_init(&g, &a, 20, true));
        for (size_t i = 0; i < 300; i++)
            signal_add(&g, (int)rng_below(&rng, 20), i);
        called += signal_share(&g) > 0;
        signal_done(&g);
    }
    check(called <= 4);
}

/* The same profile whatever the length of the slices; here there are several. */
static void large_columns_go_in_slices(void)
{
    struct str text = {0};
    struct scene s;
    struct profiler *p;
    struct profile *f;
    int slices = 0;

    str_puts(&text, "id,x\n");
    for (int i = 0; i < 200000; i++)
        str_printf(&text, "%d,%d\n", (int)((i * 7919LL) % 200000), i % 3);
    s = scene_of(table_load(text.text, text.length), "x", TASK_NONE);
    p = profiler_new(dataset_column(s.data, 0), '.', &s.answers, PROFILE_VALUES);
    do
        slices++;
    while (profiler_step(p) == STEP_MORE);
    f = profiler_take(p);
    check(slices > 20);
    check_int(f->distinct, 200000);
    check_int(f->n_values, PROFILE_VALUES);
    check_int(f->rest_rows, 190000);
    check_near(f->min, 0, 0);
    check_near(f->max, 199999, 0);
    check_near(f->quantiles[2], 99999.5, 1e-6);
    check_int(f->bins[0], 10000);
    check_cell(f->values[1].text, "7919");
    profiler_free(p);
    profile_free(f);
    scene_done(&s);
    str_done(&text);
}

/* What a person expects of half a million rows: a second or two for all columns. */
static void half_a_million_rows_are_fast(void)
{
    char *path = test_shared("data/kddcup99_10pct/kddcup99_10pct.csv.gz");
    struct load_options o = {.header = 1, .skip_set = true};
    struct error err = {0};
    struct timespec begin, end;
    struct scene s;

    if (!path) {
        test_skip("no folder of reference data");
        return;
    }
    s = scene_of(dataset_load(path, &o, &err), "label", TASK_NONE);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (int i = 0; i < dataset_columns(s.data); i++) {
        struct profile *p = look(&s, column_name(dataset_column(s.data, i)),
                                 PROFILE_VALUES);

        check_int(p->rows, 494021);
        profile_free(p);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf("# %.2f s\n", (double)(end.tv_sec - begin.tv_sec) +
                             1e-9 * (double)(end.tv_nsec - begin.tv_nsec));
    scene_done(&s);
    free(path);
}

int main(void)
{
    test_run(values_are_counted);
    test_run(numbers_are_measured);
    test_run(whole_numbers_have_bins_of_their_own);
    test_run(long_tails_are_cut);
    test_run(extreme_numbers_stay_finite);
    test_run(dates_are_measured_in_seconds);
    test_run(seconds_and_dates_agree);
    test_run(tenths_have_their_rates);
    test_run(equal_numbers_share_a_tenth);
    test_run(classes_have_a_signal);
    test_run(numbers_have_a_signal);
    test_run(chance_is_no_signal);
    test_run(large_columns_go_in_slices);
    test_run(half_a_million_rows_are_fast);
    return test_done();
}
