/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predictions taken apart, and the curve between epochs, against values worked out by
 * hand. */
#include "base/mem.h"
#include "engine/curve.h"
#include "engine/diagnosis.h"
#include "test.h"

/* ---- predictions ---- */

static const float binary[] = {0.95f, 0.05f, 0.35f, 0.65f, 0.15f, 0.85f,
                               0.5f,  0.5f,  0.25f, 0.75f};
static const float binary_truth[] = {0, 1, 1, (float)NAN, 0};

static void confusions_are_counted(void)
{
    static const int line[] = {0, 1};
    size_t counts[4];

    breakdown_confusion(binary, binary_truth, 5, 2, line, 2, counts);
    check_int(counts[0], 1);
    check_int(counts[1], 1);
    check_int(counts[2], 0);
    check_int(counts[3], 2);
}

static void an_even_chance_is_the_first_class(void)
{
    static const float p[] = {0.5f, 0.5f}, truth[] = {1};
    static const int line[] = {0, 1};
    size_t counts[4];

    breakdown_confusion(p, truth, 1, 2, line, 2, counts);
    check_int(counts[2], 1);
}

static void brier_scores(void)
{
    static const float p[] = {0.7f, 0.2f, 0.1f, 0.1f, 0.3f, 0.6f}, truth[] = {0, 1};
    static const float none[] = {(float)NAN};

    check_near(breakdown_brier(binary, binary_truth, 5, 2),
               (0.0025 + 0.1225 + 0.0225 + 0.5625) / 4, 1e-7);
    check_near(breakdown_brier(p, truth, 2, 3),
               (0.09 + 0.04 + 0.01 + 0.01 + 0.49 + 0.36) / 2, 1e-7);
    check(isnan(breakdown_brier(p, none, 1, 3)));
}

static void bins_of_probability(void)
{
    struct breakdown_bin b[10];

    breakdown_calibration(binary, binary_truth, 5, 2, 10, b);
    check_int(b[0].rows, 1);
    check_near(b[0].said, 0.05, 1e-7);
    check_near(b[0].found, 0, 0);
    check_int(b[8].rows, 1);
    check_near(b[8].found, 1, 0);
    check_near(b[7].found, 0, 0);
    check(b[5].rows == 0 && isnan(b[5].said) && isnan(b[5].found));
}

static void certainty_is_in_the_last_bin(void)
{
    static const float p[] = {0, 1, 0, 0.2f, 0.2f, 0.6f}, truth[] = {1, 0};
    struct breakdown_bin b[10];

    breakdown_calibration(p, truth, 2, 3, 10, b);
    check_int(b[9].rows, 1);
    check_near(b[9].found, 1, 0);
    check_int(b[6].rows, 1);
    check_near(b[6].found, 0, 0);
}

static void groups_go_by_prediction(void)
{
    static const float said[] = {5, 1, 2, 9, 4}, truth[] = {6, 1, 4, (float)NAN, 2};
    struct breakdown_group g[10];

    check_int(breakdown_groups(said, truth, 5, 2, g), 2);
    check_int(g[0].rows, 2);
    check_near(g[0].said, 1.5, 1e-9);
    check_near(g[0].found, 2.5, 1e-9);
    check_near(g[0].low, 1.3, 1e-9);
    check_near(g[0].high, 3.7, 1e-9);
    check_near(g[0].rmse, sqrt(2), 1e-9);
    check_near(g[1].said, 4.5, 1e-9);
    check_int(breakdown_groups(said, truth, 5, 10, g), 4);
    check_int(breakdown_groups(said, truth, 0, 10, g), 0);
}

static void residuals_have_quantiles(void)
{
    static const float said[] = {5, 1, 2, 9, 4}, truth[] = {6, 1, 4, (float)NAN, 2};
    static const double q[] = {0, 0.5, 1, 0.25};
    double out[4];

    breakdown_residuals(said, truth, 5, q, 4, out); /* -1 0 -2 2 */
    check_near(out[0], -2, 1e-9);
    check_near(out[1], -0.5, 1e-9);
    check_near(out[2], 2, 1e-9);
    check_near(out[3], -1.25, 1e-9);
    breakdown_residuals(said, truth, 0, q, 4, out);
    check(isnan(out[0]) && isnan(out[3]));
}

/* Of 25 classes the 19 with the most training rows are told apart. */
static void many_classes_share_a_line(void)
{
    enum { K = 25, N = 50 };
    char *classes[K];
    size_t counts[K];
    struct encoder e = {.task = TASK_MULTICLASS, .n_classes = K, .classes = classes,
                        .class_counts = counts};
    static float p[N * K], truth[N];
    struct metrics m = {.rows = N, .accuracy = 1};
    struct diagnosis *d = xcalloc(1, sizeof *d);
    size_t diagonal = 0;

    for (int c = 0; c < K; c++) {
        classes[c] = c == 24 ? xstrdup("a very long class name of many w\xc3\xb6rds")
                             : xasprintf("c%d", c);
        counts[c] = (size_t)c + 1;
    }
    for (int i = 0; i < N; i++) {
        truth[i] = (float)(i % K);
        p[i * K + i % K] = 1;
    }
    diagnosis_make(d, &e, 4, &m, p, truth, N);
    check_int(d->epoch, 4);
    check_int(d->lines, 20);
    check_str(d->names[0], "a very long class name of many ");
    check_str(d->names[1], "c23");
    check_str(d->names[18], "c6");
    check_str(d->names[19], "(6 others)");
    for (int i = 0; i < 20; i++)
        diagonal += d->confusion[i * 20 + i];
    check_int(diagonal, N);
    check_int(d->confusion[19 * 20 + 19], 12);
    check_int(d->n_curves, DIAGNOSIS_CURVES);
    check_near(d->curves[7].auc, 1, 0);
    check_int(d->curves[7].line, 7);
    for (int c = 0; c < K; c++)
        free(classes[c]);
    free(d);
}

/* ---- the curve ---- */

static struct curve_point point_at(size_t i)
{
    return (struct curve_point){.epochs = (double)(i + 1), .seconds = (double)i,
                                .loss = (double)i, .norm = 2 * (double)i, .lr = 0.1};
}

static void full_curves_halve_themselves(void)
{
    struct curve c = {.steps = 3}, copy = {0};

    for (size_t i = 0; i < CURVE_LIMIT + 1; i++) {
        struct curve_point p = point_at(i);

        curve_add(&c, &p);
        if (i == 10 || i == 5000)
            curve_follow(&copy, &c);
        if (i == 5000)
            check(copy.n == 5001 && copy.steps == 3 && copy.points[5000].epochs == 5001);
    }
    check_int(c.n, CURVE_LIMIT / 2 + 1);
    check_int(c.steps, 6);
    check_near(c.points[0].loss, 0.5, 0);
    check_near(c.points[0].norm, 1, 0);
    check_near(c.points[0].epochs, 2, 0);
    check_near(c.points[CURVE_LIMIT / 2].loss, CURVE_LIMIT, 0);
    check_int(c.capacity, CURVE_LIMIT);
    curve_follow(&copy, &c);
    check_int(copy.n, c.n);
    check_int(copy.steps, 6);
    check(memcmp(copy.points, c.points, c.n * sizeof *c.points) == 0);
    curve_done(&c);
    curve_done(&copy);
}

int main(void)
{
    test_run(confusions_are_counted);
    test_run(an_even_chance_is_the_first_class);
    test_run(brier_scores);
    test_run(bins_of_probability);
    test_run(certainty_is_in_the_last_bin);
    test_run(groups_go_by_prediction);
    test_run(residuals_have_quantiles);
    test_run(many_classes_share_a_line);
    test_run(full_curves_halve_themselves);
    return test_done();
}
