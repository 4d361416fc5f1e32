/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logistic regression and the probe on it, against plain loops and known answers. */
#include "base/mem.h"
#include "base/rng.h"
#include "lens/probe.h"
#include "test.h"

struct task {
    size_t n;
    int d, classes;
    float *x;
    int *class;
};

/* Classes that can be told by the first columns, as far as `told` goes; the last column
 * is constant. */
static struct task task_of(size_t n, int d, int classes, double told)
{
    struct rng r = rng_make(11, RNG_TEST, n);
    struct task t = {n, d, classes, xmalloc(n * (size_t)d * sizeof *t.x),
                     xmalloc(n * sizeof *t.class)};

    for (size_t i = 0; i < n; i++) {
        t.class[i] = (int)rng_below(&r, (uint64_t)classes);
        for (int f = 0; f < d; f++)
            t.x[i * (size_t)d + (size_t)f] = (float)(
                f == d - 1 ? 7 : 3 * f + (1 + f) * (rng_normal(&r)
                                                    + told * (t.class[i] == f)));
    }
    return t;
}

static void task_done(struct task *t)
{
    free(t->x);
    free(t->class);
}

static struct pool *pool_of(int threads)
{
    struct error err;
    struct pool *pool = pool_new(threads, &err);

    check(pool != NULL);
    return pool;
}

/* ---- plain loops ---- */

static double input(const struct design *x, size_t i, int f)
{
    return f == x->d ? 1
                     : x->panel[i / LANES * x->size + (size_t)f * LANES + i % LANES];
}

static double weight(const struct logistic *l, int class, int f)
{
    int d = l->x->d, o = l->outputs == 1 ? class - 1 : class;

    if (o < 0)
        return 0;
    return l->w[f == d ? l->outputs * d + o : o * d + f];
}

static void plain_probabilities(const struct logistic *l, size_t i, double *p)
{
    double sum = 0;

    for (int c = 0; c < l->classes; c++) {
        double z = 0;

        for (int f = 0; f <= l->x->d; f++)
            z += weight(l, c, f) * input(l->x, i, f);
        sum += p[c] = exp(z);
    }
    for (int c = 0; c < l->classes; c++)
        p[c] /= sum;
}

static bool counts(const struct logistic *l, size_t i)
{
    return !l->learned || l->learned[i];
}

/* the slope along the weight of class and input f, of the mean loss */
static double plain_slope(const struct logistic *l, int class, int f)
{
    double sum = 0, rows = 0, p[8];

    for (size_t i = 0; i < l->x->n; i++)
        if (counts(l, i)) {
            plain_probabilities(l, i, p);
            sum += (p[class] - (l->class[i] == class)) * input(l->x, i, f);
            rows++;
        }
    if (f < l->x->d)
        sum += weight(l, class, f) / l->options.strength;
    return sum / rows;
}

static double plain_value(const struct logistic *l)
{
    double loss = 0, squares = 0, rows = 0, p[8];

    for (size_t i = 0; i < l->x->n; i++)
        if (counts(l, i)) {
            plain_probabilities(l, i, p);
            loss -= log(p[l->class[i]]);
            rows++;
        }
    for (int c = 0; c < l->classes; c++)
        for (int f = 0; f < l->x->d; f++)
            squares += weight(l, c, f) * weight(l, c, f);
    return (loss + squares / (2 * l->options.strength)) / rows;
}

/* ---- regression ---- */

static void check_optimum(const struct task *t, const unsigned char *learned,
                          double strength)
{
    struct logistic_options o = logistic_defaults();
    struct pool *pool = pool_of(2);
    struct error err = {0};
    struct design x;
    struct logistic l;
    float *probability = xmalloc(t->n * (size_t)t->classes * sizeof *probability);
    double p[8];

    o.strength = strength;
    check(design_init(&x, t->x, t->n, t->d, &err));
    check(logistic_init(&l, &x, t->class, t->classes, learned, &o, pool, &err));
    check_near(l.value, log(t->classes), 1e-6);
    while (logistic_step(&l) == STEP_MORE)
        continue;
    check(l.slope <= o.tolerance);
    check(l.iteration < o.iterations);
    check_near(l.value, plain_value(&l), 1e-6);
    for (int c = l.outputs == 1; c < t->classes; c++)
        for (int f = 0; f <= t->d; f++)
            check_near(plain_slope(&l, c, f), 0, 2e-5);
    logistic_predict(&l, probability);
    for (size_t i = 0; i < t->n; i++) {
        plain_probabilities(&l, i, p);
        for (int c = 0; c < t->classes; c++)
            check_near(probability[i * (size_t)t->classes + (size_t)c], p[c], 1e-4);
    }
    logistic_done(&l);
    design_done(&x);
    free(probability);
    pool_free(pool);
}

static void slopes_are_zero_at_the_end(void)
{
    for (int classes = 2; classes <= 4; classes++) {
        struct task t = task_of(333, 6, classes, 1.5);

        check_optimum(&t, NULL, 1);
        check_optimum(&t, NULL, 100);
        task_done(&t);
    }
}

static void rows_left_out_have_no_part(void)
{
    struct task t = task_of(200, 4, 2, 1);
    unsigned char learned[200];

    for (int i = 0; i < 200; i++)
        learned[i] = i % 3 != 0;
    check_optimum(&t, learned, 1);
    task_done(&t);
}

/* Classes that a line parts have no end of weights without a penalty. */
static void separable_classes_end(void)
{
    struct task t = task_of(100, 3, 2, 20);

    check_optimum(&t, NULL, 1);
    check_optimum(&t, NULL, 1000);
    task_done(&t);
}

/* Only the intercept can learn from columns that are constant: the share of class 1. */
static void constant_columns_leave_the_share(void)
{
    struct pool *pool = pool_of(1);
    struct logistic_options o = logistic_defaults();
    struct error err = {0};
    struct design x;
    struct logistic l;
    float from[40], probability[80];
    int class[40];

    for (int i = 0; i < 40; i++) {
        from[i] = 12345.678f;
        class[i] = i % 4 == 0;
    }
    check(design_init(&x, from, 40, 1, &err));
    check(logistic_init(&l, &x, class, 2, NULL, &o, pool, &err));
    while (logistic_step(&l) == STEP_MORE)
        continue;
    logistic_predict(&l, probability);
    check_near(probability[1], 0.25, 1e-4);
    check_near(probability[78], 0.75, 1e-4);
    logistic_done(&l);
    design_done(&x);
    pool_free(pool);
}

static void numbers_that_are_not_finite_are_refused(void)
{
    struct error err = {0};
    struct design x;
    float from[6] = {1, 2, 3, INFINITY, 5, 6};

    check(!design_init(&x, from, 3, 2, &err));
    check_int(err.kind, ERROR_NUMERIC);
    check_str(err.text, "number 2 of row 2 is not finite");
}

/* ---- the probe ---- */

static double probe_of(const struct task *t, int threads)
{
    struct pool *pool = pool_of(threads);
    struct error err = {0};
    struct probe p;
    enum step step;
    double auc, deviation;

    check(probe_init(&p, t->x, t->n, t->d, t->class, t->classes, 5, 3, pool, &err));
    check(isnan(probe_score(&p, &deviation)));
    while ((step = probe_step(&p, &err)) == STEP_MORE)
        continue;
    check_int(step, STEP_DONE);
    auc = probe_score(&p, &deviation);
    check(deviation >= 0 && deviation < 0.2);
    probe_done(&p);
    pool_free(pool);
    return auc;
}

/* Column 0 of class 0 and column 1 of class 1 are moved by `told` deviations each, so the
 * best score is that of two normal distributions told root 2 apart: AUC = Phi(told). */
static void the_probe_reads_what_is_there(void)
{
    struct task told = task_of(4000, 5, 2, 1), nothing = task_of(2000, 5, 2, 0);
    struct task many = task_of(900, 6, 3, 6);

    check_near(probe_of(&told, 2), 0.8413, 0.02);
    check_near(probe_of(&nothing, 2), 0.5, 0.04);
    check_near(probe_of(&many, 2), 1, 0.01);
    check(probe_of(&told, 1) == probe_of(&told, 3));
    task_done(&told);
    task_done(&nothing);
    task_done(&many);
}

static void folds_have_equal_shares(void)
{
    struct task t = task_of(503, 3, 3, 1);
    struct pool *pool = pool_of(1);
    struct error err = {0};
    struct probe p;
    int rows[5] = {0}, first[5] = {0}, all = 0;

    check(probe_init(&p, t.x, t.n, t.d, t.class, 3, 5, 3, pool, &err));
    for (size_t i = 0; i < t.n; i++) {
        rows[p.fold_of[i]]++;
        first[p.fold_of[i]] += t.class[i] == 0;
        all += t.class[i] == 0;
    }
    for (int f = 0; f < 5; f++) {
        check(rows[f] == 100 || rows[f] == 101);
        check(first[f] == all / 5 || first[f] == all / 5 + 1);
    }
    probe_done(&p);
    t.class[0] = 3;
    check(!probe_init(&p, t.x, t.n, t.d, t.class, 4, 5, 3, pool, &err));
    check_str(err.text, "too few rows of class 3 for 5 folds: 1");
    check(!probe_init(&p, t.x, t.n, t.d, t.class, 3, 1, 3, pool, &err));
    check_int(err.kind, ERROR_STATE);
    task_done(&t);
    pool_free(pool);
}

int main(void)
{
    test_run(slopes_are_zero_at_the_end);
    test_run(rows_left_out_have_no_part);
    test_run(separable_classes_end);
    test_run(constant_columns_leave_the_share);
    test_run(numbers_that_are_not_finite_are_refused);
    test_run(the_probe_reads_what_is_there);
    test_run(folds_have_equal_shares);
    return test_done();
}
