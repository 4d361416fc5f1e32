/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics against values worked out by scikit-learn 1.2's definitions. */
#include "num/metrics.h"
#include "test.h"

static void auc_counts_pairs(void)
{
    static const float score[] = {0.1f, 0.4f, 0.35f, 0.8f};
    static const unsigned char positive[] = {0, 0, 1, 1};

    check_near(metric_auc(score, positive, 4), 0.75, 1e-12);
    check_near(metric_average_precision(score, positive, 4), 0.8333333333333333, 1e-12);
}

static void ties_count_half(void)
{
    static const float score[] = {0.5f, 0.5f, 0.5f, 0.2f, 0.9f};
    static const unsigned char positive[] = {1, 0, 1, 0, 0};

    /* pairs: (.5, .5) twice half, (.5, .2) twice whole, (.5, .9) none, of 6 */
    check_near(metric_auc(score, positive, 5), 3.0 / 6, 1e-12);
    /* thresholds .9: 0 of 1; .5: 2 of 4; recall steps 0 and 1 */
    check_near(metric_average_precision(score, positive, 5), 0.5, 1e-12);
}

static void one_class_has_no_auc(void)
{
    static const float score[] = {0.1f, 0.2f};
    static const unsigned char none[] = {0, 0}, all[] = {1, 1};

    check(isnan(metric_auc(score, none, 2)));
    check(isnan(metric_auc(score, all, 2)));
    check(isnan(metric_average_precision(score, none, 2)));
    check(isnan(metric_auc(score, all, 0)));
}

static void binary_metrics(void)
{
    static const float p[] = {0.95f, 0.05f, 0.35f, 0.65f, 0.15f, 0.85f,
                              0.5f,  0.5f,  0.25f, 0.75f};
    static const float truth[] = {0, 1, 1, (float)NAN, 0};
    struct metrics m = metrics_classification(p, truth, 5, 2);

    check_int(m.rows, 4);
    check_near(m.loss, -(log(0.95) + log(0.65) + log(0.85) + log(0.25)) / 4, 1e-6);
    check_near(m.accuracy, 0.75, 1e-12);
    check_near(m.f1, 2 * 2.0 / (3 + 2), 1e-12);
    check_near(m.auc, 0.75, 1e-12); /* .65 and .85 against .05 and .75 */
    /* confidences .95, .65, .85 right, .75 wrong */
    check_near(m.calibration_error, (0.05 + 0.35 + 0.15 + 0.75) / 4, 1e-6);
    check(isnan(m.rmse) && isnan(m.r2));
}

static void multiclass_metrics_are_means_over_classes(void)
{
    static const float p[] = {0.8f, 0.1f, 0.1f, 0.2f, 0.7f, 0.1f,
                              0.5f, 0.3f, 0.2f, 0.1f, 0.6f, 0.3f};
    static const float truth[] = {0, 1, 1, 0};
    struct metrics m = metrics_classification(p, truth, 4, 3);

    check_near(m.accuracy, 0.5, 1e-12);
    check_near(m.f1, 0.5, 1e-12);  /* class 2 is neither there nor said */
    check_near(m.auc, 0.5 * (2.0 / 4 + 3.0 / 4), 1e-12); /* class 2 has no rows */
    check_near(m.loss, -(log(0.8) + log(0.7) + log(0.3) + log(0.1)) / 4, 1e-6);
}

static void regression_metrics(void)
{
    static const float y[] = {2.5f, 0.0f, 2, 8, 1};
    static const float truth[] = {3, -0.5f, 2, 7, (float)NAN};
    struct metrics m = metrics_regression(y, truth, 5);

    check_int(m.rows, 4);
    check_near(m.mae, 0.5, 1e-9);
    check_near(m.rmse, sqrt(0.375), 1e-9);
    check_near(m.r2, 0.9486081370449679, 1e-9);
    check(isnan(m.auc) && isnan(m.accuracy));
}

static void empty_parts_have_no_metrics(void)
{
    static const float truth[] = {(float)NAN}, p[] = {0.5f, 0.5f};
    struct metrics c = metrics_classification(p, truth, 1, 2);
    struct metrics r = metrics_regression(p, truth, 1);

    check_int(c.rows, 0);
    check(isnan(c.loss) && isnan(c.auc) && isnan(c.f1) && isnan(c.calibration_error));
    check(isnan(r.rmse) && isnan(r.r2));
}

/* ---- ROC ---- */

static double area(const struct roc_point *p, int n)
{
    double sum = 0;

    for (int i = 1; i < n; i++)
        sum += (double)(p[i].x - p[i - 1].x) * (double)(p[i].y + p[i - 1].y) / 2;
    return sum;
}

static bool is_point(struct roc_point p, double x, double y)
{
    return fabs((double)p.x - x) < 1e-6 && fabs((double)p.y - y) < 1e-6;
}

static void roc_has_corners_only(void)
{
    /* falling: + + - + - - ; on the way up and to the right only corners stay */
    static const float score[] = {0.9f, 0.8f, 0.7f, 0.6f, 0.5f, 0.4f};
    static const unsigned char positive[] = {1, 1, 0, 1, 0, 0};
    struct roc_point p[10];

    check_int(metric_roc(score, positive, 6, 10, p), 5);
    check(is_point(p[0], 0, 0));
    check(is_point(p[1], 0, 2.0 / 3));
    check(is_point(p[2], 1.0 / 3, 2.0 / 3));
    check(is_point(p[3], 1.0 / 3, 1));
    check(is_point(p[4], 1, 1));
    check_near(area(p, 5), metric_auc(score, positive, 6), 1e-6);
}

static void ties_are_slopes_of_the_roc(void)
{
    static const float score[] = {0.5f, 0.5f, 0.5f, 0.2f};
    static const unsigned char positive[] = {1, 0, 1, 0}, none[] = {0, 0, 0, 0};
    struct roc_point p[10];

    check_int(metric_roc(score, positive, 4, 10, p), 3);
    check(is_point(p[1], 0.5, 1));
    check_int(metric_roc(score, none, 4, 10, p), 0);
    check_int(metric_roc(score, none, 0, 10, p), 0);
}

static void long_rocs_are_thinned_out(void)
{
    enum { N = 5000, MOST = 200 };
    static float score[N];
    static unsigned char positive[N];
    struct roc_point p[MOST];
    unsigned state = 7;
    int n;

    for (int i = 0; i < N; i++) {
        state = state * 1664525u + 1013904223u;
        positive[i] = (state >> 20) % 3 == 0;
        state = state * 1664525u + 1013904223u;
        score[i] = (float)(state >> 8) / (float)(1 << 24) + 0.3f * (float)positive[i];
    }
    n = metric_roc(score, positive, N, MOST, p);
    check(n > 150 && n <= MOST);
    check(is_point(p[0], 0, 0) && is_point(p[n - 1], 1, 1));
    for (int i = 1; i < n; i++)
        check(p[i].x >= p[i - 1].x && p[i].y >= p[i - 1].y);
    check_near(area(p, n), metric_auc(score, positive, N), 0.005);
}

int main(void)
{
    test_run(auc_counts_pairs);
    test_run(ties_count_half);
    test_run(one_class_has_no_auc);
    test_run(binary_metrics);
    test_run(multiclass_metrics_are_means_over_classes);
    test_run(regression_metrics);
    test_run(empty_parts_have_no_metrics);
    test_run(roc_has_corners_only);
    test_run(ties_are_slopes_of_the_roc);
    test_run(long_rocs_are_thinned_out);
    return test_done();
}
