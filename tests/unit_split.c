/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "data/infer.h"
#include "data/split.h"
#include "data/target.h"
#include "table.h"
#include "test.h"

enum kind_of_target { NO_TARGET, CLASSES, VALUES };

struct sample_table {
    struct dataset *data;
    struct schema *schema;
    struct target *target;
};

/* n rows; column 0 has classes a, b, ... of those sizes in random order (the rest of the
 * rows without a class), column 1 a number. */
static struct sample_table make_table(const int *sizes, int n_classes, int n,
                                      enum kind_of_target target)
{
    struct sample_table t;
    struct str text = {0};
    struct rng rng = rng_make(3, RNG_TEST, 0);
    struct error err = {0};
    uint32_t *order = malloc((size_t)n * sizeof *order);
    int row = 0;

    for (int i = 0; i < n; i++)
        order[i] = 100;
    for (int k = 0; k < n_classes; k++)
        for (int i = 0; i < sizes[k]; i++)
            order[row++] = (uint32_t)k;
    rng_shuffle(&rng, order, (size_t)n);
    str_puts(&text, "class,value\n");
    for (int i = 0; i < n; i++)
        if (order[i] == 100)
            str_printf(&text, ",%.4f\n", rng_normal(&rng));
        else
            str_printf(&text, "%c,%.4f\n", (char)('a' + order[i]), rng_normal(&rng));
    free(order);
    t.data = table_of(str_text(&text));
    t.schema = infer_schema(t.data);
    str_done(&text);
    if (target != NO_TARGET && !schema_set_target(t.schema, t.data, target == VALUES,
                                                  NULL, TASK_NONE, NULL, &err))
        printf("# %s\n", err.text);
    t.target = target_read(t.data, t.schema, &err);
    return t;
}

static void table_done(struct sample_table *t)
{
    target_free(t->target);
    schema_free(t->schema);
    dataset_unref(t->data);
}

static struct split *split_or_say(const struct sample_table *t,
                                  const struct split_options *o)
{
    struct error err = {0};
    struct split *s = split_new(t->data, t->schema, o, &err);

    if (!check(s != NULL)) {
        printf("# %s\n", err.text);
        exit(1);
    }
    return s;
}

static size_t count_of(const struct sample_table *t, const struct split *s, int class,
                       enum part part)
{
    size_t n = 0;

    for (size_t row = 0; row < s->rows; row++)
        n += s->part[row] == part && t->target->class_of[row] == class;
    return n;
}

/* Every class is within one row of its share in every part. */
static void check_shares(const struct sample_table *t, const struct split *s, int class,
                         size_t size)
{
    const struct split_options *o = &s->options;
    double sum = o->train + o->valid + o->test;
    double shares[PARTS] = {[PART_TRAIN] = o->train / sum,
                            [PART_VALID] = o->valid / sum,
                            [PART_TEST] = o->test / sum};

    for (int part = PART_TRAIN; part < PARTS; part++) {
        double exact = shares[part] * (double)size;

        if (!check(fabs((double)count_of(t, s, class, (enum part)part) - exact) < 1))
            printf("# class %d of %zu rows, %s\n", class, size,
                   part_name((enum part)part));
    }
}

static void parts_are_complete_and_stratified(void)
{
    static const int sizes[] = {400, 173, 97, 31, 7, 3, 2, 1};
    static const double shares[][3] = {{65, 15, 20}, {80, 10, 10}, {1, 1, 1}, {50, 50, 0},
                                       {100, 0, 0}};
    struct sample_table t = make_table(sizes, 8, 740, CLASSES);

    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct split_options o = split_defaults();
            struct split *s;
            size_t counted = 0;

            o.seed = seed;
            o.train = shares[k][0];
            o.valid = shares[k][1];
            o.test = shares[k][2];
            s = split_or_say(&t, &o);
            check_int(s->count[PART_NONE], 740 - 714);
            for (int part = 0; part < PARTS; part++)
                counted += s->count[part];
            check_int(counted, 740);
            for (int class = 0; class < 8; class++) {
                check_shares(&t, s, class, (size_t)sizes[class]);
                check(count_of(&t, s, class, PART_TRAIN) > 0);
            }
            check(fabs((double)s->count[PART_TRAIN] -
                       714 * o.train / (o.train + o.valid + o.test)) < 3);
            split_free(s);
        }
    }
    table_done(&t);
}

static size_t count_equal(const struct split *a, const struct split *b)
{
    size_t equal = 0;

    for (size_t row = 0; row < a->rows; row++)
        equal += a->part[row] == b->part[row];
    return equal;
}

static void seeds_decide(void)
{
    static const int sizes[] = {300, 200};
    struct sample_table t = make_table(sizes, 2, 500, CLASSES);
    struct split_options o = split_defaults();
    struct split *a = split_or_say(&t, &o), *b = split_or_say(&t, &o), *c;

    o.seed = 2;
    c = split_or_say(&t, &o);
    check_int(count_equal(a, b), 500);
    /* two splits at random agree in 0.65^2 + 0.15^2 + 0.2^2 = 48.5 % of the rows */
    check_near((double)count_equal(a, c) / 500, 0.485, 0.1);
    split_free(a);
    split_free(b);
    split_free(c);
    table_done(&t);
}

static void folds_are_disjoint_and_complete(void)
{
    static const int sizes[] = {101, 58, 12, 3, 1};
    struct sample_table t = make_table(sizes, 5, 180, CLASSES);
    struct split_options o = split_defaults();
    int tested[180] = {0};

    o.folds = 5;
    for (o.fold = 0; o.fold < 5; o.fold++) {
        struct split *s = split_or_say(&t, &o);

        check(s->count[PART_TEST] >= 34 && s->count[PART_TEST] <= 35);
        for (int class = 0; class < 5; class++) {
            check(fabs((double)count_of(&t, s, class, PART_TEST) - sizes[class] / 5.0) <
                  1);
            check(count_of(&t, s, class, PART_TRAIN) > 0);
        }
        check_near((double)s->count[PART_TRAIN] / (double)s->count[PART_VALID], 65.0 / 15,
                   0.4);
        for (size_t row = 0; row < s->rows; row++)
            tested[row] += s->part[row] == PART_TEST;
        split_free(s);
    }
    for (size_t row = 0; row < 180; row++) {
        int class = t.target->class_of[row];

        check_int(tested[row], class >= 0 && sizes[class] > 1);
    }
    table_done(&t);
}

static void labels_are_few(void)
{
    static const int sizes[] = {300, 190, 8, 2};
    struct sample_table t = make_table(sizes, 4, 500, CLASSES);
    struct split_options o = split_defaults();
    struct split *all = split_or_say(&t, &o), *few, *more;

    o.labeled = 10;
    few = split_or_say(&t, &o);
    o.labeled = 50;
    more = split_or_say(&t, &o);
    check_int(few->count[PART_TRAIN], 10);
    check_int(few->count[PART_TRAIN] + few->count[PART_UNLABELED],
              all->count[PART_TRAIN]);
    for (int class = 0; class < 4; class++)
        check(count_of(&t, few, class, PART_TRAIN) > 0);
    check_int(more->count[PART_TRAIN], 50);
    /* 50 of 325 training rows: 30 of 195 and 19 of 124, but for a rare one more or less */
    check_near(count_of(&t, more, 0, PART_TRAIN), 30, 1);
    check_near(count_of(&t, more, 1, PART_TRAIN), 19, 1);
    for (size_t row = 0; row < few->rows; row++) {
        check((few->part[row] == PART_TRAIN || few->part[row] == PART_UNLABELED) ==
              (all->part[row] == PART_TRAIN));
        check((few->part[row] == PART_TEST) == (all->part[row] == PART_TEST));
        check(few->part[row] != PART_TRAIN || more->part[row] == PART_TRAIN);
    }
    o.labeled = 100000;
    split_free(few);
    few = split_or_say(&t, &o);
    check_int(count_equal(few, all), 500);
    split_free(few);
    split_free(more);
    split_free(all);
    table_done(&t);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* In every tenth of the values each part has its share. */
static void values_are_spread(void)
{
    struct sample_table t = make_table(NULL, 0, 1000, VALUES);
    struct split_options o = split_defaults();
    struct split *s = split_or_say(&t, &o);
    double sorted[1000];

    check_int(t.target->task, TASK_REGRESSION);
    memcpy(sorted, t.target->value, sizeof sorted);
    qsort(sorted, 1000, sizeof *sorted, compare_doubles);
    for (int k = 0; k < 10; k++) {
        double low = sorted[100 * k], high = sorted[100 * k + 99];
        int tests = 0;

        for (size_t row = 0; row < 1000; row++)
            tests += s->part[row] == PART_TEST && t.target->value[row] >= low &&
                     t.target->value[row] <= high;
        check(tests >= 19 && tests <= 21);
    }
    check_int(s->count[PART_TRAIN], 650);
    split_free(s);
    table_done(&t);
}

static void no_target_splits_all(void)
{
    static const int sizes[] = {10, 10};
    struct sample_table t = make_table(sizes, 2, 100, NO_TARGET);
    struct split_options o = split_defaults();
    struct split *s = split_or_say(&t, &o);

    check_int(s->count[PART_NONE], 0);
    check_int(s->count[PART_TRAIN], 65);
    check_int(s->count[PART_VALID], 15);
    check_int(s->count[PART_TEST], 20);
    split_free(s);
    table_done(&t);
}

static void nonsense_is_refused(void)
{
    static const int sizes[] = {6, 5, 1};
    struct sample_table t = make_table(sizes, 3, 12, CLASSES);
    struct split_options good = split_defaults(), bad[9];
    struct error err;

    for (int i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].train = 0;
    bad[1].test = -1;
    bad[2].valid = NAN;
    bad[3].train = INFINITY;
    bad[4].folds = 1;
    bad[5].folds = 5;
    bad[5].fold = 5;
    bad[6].labeled = 0;
    bad[7].labeled = 2;  /* three classes */
    bad[8].test = 1e-6;  /* asked for and empty */
    for (int i = 0; i < 9; i++) {
        err = (struct error){0};
        check_int(split_check(&bad[i], &err), i >= 7);
        if (!check(split_new(t.data, t.schema, &bad[i], &err) == NULL) ||
            !check(err.text[0] != '\0'))
            printf("# case %d\n", i);
    }
    table_done(&t);
}

static void two_rows_are_too_few(void)
{
    static const int sizes[] = {1, 1};
    struct sample_table t = make_table(sizes, 2, 2, CLASSES);
    struct split_options o = split_defaults();
    struct error err = {0};

    check(split_new(t.data, t.schema, &o, &err) == NULL);
    check(strstr(err.text, "too few rows with a target (2)") != NULL);
    table_done(&t);
}

int main(void)
{
    test_run(parts_are_complete_and_stratified);
    test_run(seeds_decide);
    test_run(folds_are_disjoint_and_complete);
    test_run(labels_are_few);
    test_run(values_are_spread);
    test_run(no_target_splits_all);
    test_run(nonsense_is_refused);
    test_run(two_rows_are_too_few);
    return test_done();
}
