/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/figure.h"

#include <float.h>

#include "base/str.h"
#include "test.h"

/* A figure with one series of these values at x = 0, 1, 2, ... */
static struct figure *figure_of(size_t n, const double *y)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "s", SERIES_LINE, 0);

    for (size_t i = 0; i < n; i++)
        series_add(s, (double)i, y[i]);
    return f;
}

#define FIGURE(...)                                          \
    figure_of(sizeof(double[]){__VA_ARGS__} / sizeof(double), \
              (const double[]){__VA_ARGS__})

static void check_y_range(struct figure *f, double low, double high)
{
    double l, h;

    figure_y_range(f, &l, &h);
    check_near(l, low, 1e-9 * fabs(low));
    check_near(h, high, 1e-9 * fabs(high));
    figure_free(f);
}

/* Ticks as they are written, for a range with as many as that. */
static void check_ticks(const struct axis *a, double low, double high, int most,
                        const char *want)
{
    double ticks[64];
    int n = axis_ticks(a, low, high, most, ticks);
    struct str text = {0};
    double step = n > 1 ? ticks[1] - ticks[0] : 0;

    check(n <= most);
    if (n > 2 && fabs(ticks[n - 1] - ticks[n - 2] - step) > step * 1e-6)
        step = 0;
    for (int i = 0; i < n; i++) {
        char *tick = axis_tick_text(a, ticks[i], step);

        str_printf(&text, "%s%s", i > 0 ? " " : "", tick);
        free(tick);
    }
    check_str(str_text(&text), want);
    str_done(&text);
}

static const struct axis plain, whole = {.whole = true}, logarithmic = {.log = true},
                         seconds = {.time = true};

/* ---- ranges ---- */

static void range_has_room(void)
{
    check_y_range(FIGURE(1, 3, 2), 0.96, 3.04);
    check_y_range(FIGURE(-3, -1), -3.04, -0.96);
    check_y_range(FIGURE(-1, 1), -1.04, 1.04);
}

static void room_does_not_cross_zero(void)
{
    check_y_range(FIGURE(0, 100), 0, 102);
    check_y_range(FIGURE(-100, -1), -101.98, 0);
}

static void x_has_no_room(void)
{
    struct figure *f = FIGURE(5, 6, 7, NAN);
    double low, high;

    figure_x_range(f, &low, &high);
    check(low == 0 && high == 3); /* the gap counts: it is shown as one */
    f->x.high = 10;
    figure_x_range(f, &low, &high);
    check(low == 0 && high == 10);
    figure_free(f);
}

static void what_is_not_finite_does_not_count(void)
{
    check_y_range(FIGURE(NAN, 1, INFINITY, 3, -INFINITY, NAN), 0.96, 3.04);
    check_y_range(FIGURE(NAN, INFINITY), 0, 1);
    check_y_range(figure_new("nothing"), 0, 1);
}

static void single_value_has_room(void)
{
    struct figure *f = FIGURE(7);
    double low, high;

    figure_x_range(f, &low, &high);
    check(low == -1 && high == 1);
    f->series[0].x[0] = 1;
    f->x.whole = true;
    figure_x_range(f, &low, &high);
    check(low == 0 && high == 2);
    check_y_range(f, 6.3, 7.7);
    check_y_range(FIGURE(0, 0, 0), -1, 1);
    check_y_range(FIGURE(-0.5, -0.5), -0.55, -0.45);
    /* differences of rounding are none */
    check_y_range(FIGURE(1, 1 + DBL_EPSILON), 0.9, 1.1);
    check_y_range(FIGURE(0, 5e-324), -1, 1);
}

static void huge_values_do_not_overflow(void)
{
    struct figure *f = FIGURE(-DBL_MAX, DBL_MAX);
    double low, high;

    figure_y_range(f, &low, &high);
    check(isfinite(high - low) && high > 1e299 && low < -1e299);
    figure_free(f);
    f = FIGURE(DBL_MAX, DBL_MAX);
    f->y.log = true;
    figure_y_range(f, &low, &high);
    check(isfinite(high / low) && high > low);
    figure_free(f);
}

static void own_limits_are_kept(void)
{
    struct figure *f = FIGURE(0.2, 0.4);

    f->y.low = 0;
    f->y.high = 1;
    check_y_range(f, 0, 1);
    f = FIGURE(10, 20);
    f->y.low = 5;
    check_y_range(f, 5, 20.3);
    /* a limit beyond all values */
    f = FIGURE(1, 2);
    f->y.low = 4;
    f->y.high = 4;
    check_y_range(f, 3.6, 4.4);
}

static void log_range_is_positive(void)
{
    struct figure *f = FIGURE(-5, 0, 0.01, 1);

    f->y.log = true;
    f->y.low = -1;
    check_y_range(f, 0.01 / pow(100, 0.02), pow(100, 0.02));
    f = FIGURE(-5, 0);
    f->y.log = true;
    check_y_range(f, 0.1, 1);
    f = FIGURE(3, 3);
    f->y.log = true;
    check_y_range(f, 1.5, 6);
}

static void zoom_looks_at_what_is_shown(void)
{
    struct figure *f = FIGURE(100, 50, 3, 2, 1, 70);

    f->x.low = 1.5;
    f->x.high = 4.5;
    check_y_range(f, 0.96, 3.04);
    f = FIGURE(100, 50);
    f->x.low = 0.4;
    f->x.high = 0.6; /* between two points */
    check_y_range(f, 49, 101);
}

static void level_is_in_range(void)
{
    struct figure *f = FIGURE(1, 2);

    f->level = 3;
    check_y_range(f, 0.96, 3.04);
}

static void bars_show_feet_and_widths(void)
{
    struct figure *f = figure_new("bars");
    struct series *s = figure_add(f, "n", SERIES_BARS, 0);
    double low, high;

    check(series_bar_width(s) == 1);
    for (int i = 0; i < 4; i++)
        series_add(s, 10 + 5 * i, 20 + i);
    check(series_bar_width(s) == 5);
    figure_x_range(f, &low, &high);
    check(low == 7.5 && high == 27.5);
    check_y_range(f, 0, 23.46);
}

static void reaches_are_in_range(void)
{
    struct figure *f = figure_new("deviations");
    struct series *s = figure_add(f, "mean", SERIES_POINTS, 0);

    series_add_reach(s, 0, 10, 1);
    series_add_reach(s, 1, 12, NAN);
    series_add_reach(s, 2, 11, 3);
    check(s->n == 3 && isnan(s->reach[1]));
    check_y_range(f, 8 - 0.12, 14 + 0.12);
}

/* ---- ticks ---- */

static void ticks_are_round(void)
{
    check_ticks(&plain, 0, 1, 6, "0.0 0.2 0.4 0.6 0.8 1.0");
    check_ticks(&plain, 0, 1, 5, "0.0 0.5 1.0");
    check_ticks(&plain, 0.29, 0.69, 5, "0.3 0.4 0.5 0.6");
    check_ticks(&plain, 0.9, 0.93, 4, "0.90 0.91 0.92 0.93");
    check_ticks(&plain, -1, 1, 5, "-1.0 -0.5 0.0 0.5 1.0");
    check_ticks(&plain, -37, -12, 6, "-35 -30 -25 -20 -15");
    check_ticks(&plain, 0, 50, 7, "0 10 20 30 40 50");
    check_ticks(&plain, 0.31, 0.39, 1, "0.35");
    check_ticks(&plain, 0, 1, 0, "");
}

static void ticks_of_large_numbers_have_units(void)
{
    check_ticks(&plain, 0, 5000, 6, "0 1k 2k 3k 4k 5k");
    check_ticks(&plain, 0, 600, 4, "0 200 400 600");
    check_ticks(&plain, 0, 2.1e6, 5, "0 500k 1.0M 1.5M 2.0M");
    check_ticks(&plain, 9400, 10600, 3, "9500 10000 10500");
    check_ticks(&plain, -3e9, 3e9, 4, "-2G 0 2G");
    check_ticks(&plain, 1e20, 3e20, 5, "1.0e20 1.5e20 2.0e20 2.5e20 3.0e20");
}

static void ticks_of_small_numbers_are_short(void)
{
    check_ticks(&plain, 0, 0.001, 6, "0 2e-4 4e-4 6e-4 8e-4 1.0e-3");
    check_ticks(&plain, 0, 1.6e-5, 4, "0 5e-6 1.0e-5 1.5e-5");
    check_ticks(&plain, 0.91234, 0.91237, 4, "0.91234 0.91235 0.91236 0.91237");
    check_ticks(&plain, 0.001, 0.009, 5, "0.002 0.004 0.006 0.008");
}

static void whole_axes_have_whole_ticks(void)
{
    check_ticks(&whole, 0, 2, 9, "0 1 2");
    check_ticks(&whole, 1, 4, 8, "1 2 3 4");
    check_ticks(&whole, 0.2, 0.8, 5, "");
    check_ticks(&whole, 1, 50, 6, "10 20 30 40 50");
    check_ticks(&whole, 0, 12000, 4, "0 5k 10k");
}

static void log_ticks_are_powers(void)
{
    check_ticks(&logarithmic, 0.08, 30, 9, "0.1 0.2 0.5 1 2 5 10 20");
    check_ticks(&logarithmic, 0.08, 30, 4, "0.1 1 10");
    check_ticks(&logarithmic, 1e-9, 1, 4, "1e-9 1e-6 0.001 1");
    check_ticks(&logarithmic, 1, 1e6, 7, "1 10 100 1k 10k 100k 1M");
    check_ticks(&logarithmic, 0.29, 0.69, 5, "0.3 0.4 0.5 0.6");
    check_ticks(&logarithmic, 1e-300, 1e300, 3, "1e-200 1 1e200");
}

static void times_are_round(void)
{
    check_ticks(&seconds, 0, 100, 5, "0 0:30 1:00 1:30");
    check_ticks(&seconds, 0, 8, 5, "0 0:02 0:04 0:06 0:08");
    check_ticks(&seconds, 0, 1200, 5, "0 5m 10m 15m 20m");
    check_ticks(&seconds, 3500, 3700, 5, "59m 1h 1h01");
    check_ticks(&seconds, 0, 6000, 4, "0 30m 1h 1h30");
    check_ticks(&seconds, 0, 90000, 5, "0 6h 12h 18h 24h");
    check_ticks(&seconds, 0, 1e6, 6, "0 48h 96h 144h 192h 240h");
    check_ticks(&seconds, 0, 0.9, 5, "0 0.2 0.4 0.6 0.8");
}

static void ticks_fit_any_range(void)
{
    static const double ends[] = {-1e300, -5e10, -3, -1e-7, 0,    1e-300, 3e-9, 0.1,
                                  0.7,    1,     17, 365,   1e15, 1e300};
    enum { N = sizeof ends / sizeof ends[0] };
    static const struct axis *axes[] = {&plain, &whole, &logarithmic, &seconds};

    for (int a = 0; a < 4; a++)
        for (int i = 0; i < N; i++)
            for (int j = i + 1; j < N; j++)
                for (int most = 1; most <= 12; most++) {
                    double out[12], low = ends[i], high = ends[j];
                    int n = axis_ticks(axes[a], low, high, most, out);
                    double slack = 1e-8 * (high - low);

                    check(n >= 0 && n <= most);
                    for (int k = 0; k < n; k++) {
                        check(out[k] >= low - slack && out[k] <= high + slack);
                        check(k == 0 || out[k] > out[k - 1]);
                        check(!axes[a]->whole || out[k] == floor(out[k]));
                    }
                }
}

static void no_range_has_no_ticks(void)
{
    double out[8];

    check_int(axis_ticks(&plain, 1, 1, 8, out), 0);
    check_int(axis_ticks(&plain, 2, 1, 8, out), 0);
    check_int(axis_ticks(&plain, NAN, 1, 8, out), 0);
    check_int(axis_ticks(&plain, 0, INFINITY, 8, out), 0);
    check_int(axis_ticks(&plain, -DBL_MAX, DBL_MAX, 8, out), 0);
    check_int(axis_ticks(&plain, 1, 1 + DBL_EPSILON, 8, out), 0);
}

static void check_text(double value, double step, const char *want)
{
    char *text = axis_tick_text(&plain, value, step);

    check_str(text, want);
    free(text);
}

static void values_are_written_as_finely_as_asked(void)
{
    check_text(0.30142, 0.001, "0.301");
    check_text(0.25, 0.25, "0.25");
    check_text(2.5, 2.5, "2.5");
    check_text(-0.0, 0.1, "0.0");
    check_text(1e-17, 0.1, "0.0"); /* what is left of a difference */
    check_text(12345, 50, "12345");
    check_text(2.34567e-5, 1e-7, "2.35e-5");
    check_text(NAN, 1, "-");
    check_text(INFINITY, 1, "-");
    check_text(0, 0, "0");
    check_text(0.25, 0, "0.25");
    check_text(-1e-4, 0, "-1e-4");
    check_text(1000, 0, "1k");
    check_text(150, 0, "150");
    check_text(DBL_MAX, 1e307, "1.8e308");
}

/* ---- smoothing ---- */

static struct series smooth(const struct series *in, double w)
{
    struct series out = {0};

    series_smooth(&out, in, w);
    return out;
}

static void series_drop(struct series *s)
{
    free(s->x);
    free(s->y);
}

/* By hand, w = 1/2: 4; (4/2 + 2)/(3/2); (4/4 + 2/2 + 8)/(7/4); after the gap
 * (4/8 + 2/4 + 8/2 + 1)/(15/8). */
static void smoothing_matches_worked_values(void)
{
    struct figure *f = FIGURE(4, 2, 8, NAN, 1);
    struct series s = smooth(&f->series[0], 0.5);

    check_int(s.n, 5);
    check_near(s.y[0], 4, 0);
    check_near(s.y[1], 8.0 / 3, 1e-15);
    check_near(s.y[2], 40.0 / 7, 1e-15);
    check(isnan(s.y[3]));
    check_near(s.y[4], 3.2, 1e-15);
    for (int i = 0; i < 5; i++)
        check(s.x[i] == i);
    series_drop(&s);
    figure_free(f);
}

/* The definition itself, summed the slow way. */
static void smoothing_is_the_weighted_mean(void)
{
    struct figure *f = figure_new(NULL);
    struct series *in = figure_add(f, "s", SERIES_LINE, 0), s;

    for (int i = 0; i < 300; i++)
        series_add(in, i, sin(i * 0.7) * 5 + exp(-i / 50.0) * 100);
    s = smooth(in, 0.97);
    for (int n = 0; n < 300; n += 23) {
        double sum = 0, weights = 0;

        for (int i = 0; i <= n; i++) {
            sum += pow(0.97, n - i) * in->y[i];
            weights += pow(0.97, n - i);
        }
        check_near(s.y[n], sum / weights, 1e-12 * 100);
    }
    series_drop(&s);
    figure_free(f);
}

static void constants_stay_constant(void)
{
    static const double constants[] = {0.1, 1.0 / 3, -7e-9, 1e300, 0};

    for (int c = 0; c < 5; c++) {
        struct figure *f = figure_new(NULL);
        struct series *in = figure_add(f, "s", SERIES_LINE, 0), s;
        bool same = true;

        for (int i = 0; i < 5000; i++)
            series_add(in, i, constants[c]);
        for (double w = 0; w <= 1; w += 0.125) {
            s = smooth(in, w);
            for (int i = 0; i < 5000; i++)
                same = same && s.y[i] == constants[c];
            series_drop(&s);
        }
        check(same);
        figure_free(f);
    }
}

/* Not drawn toward zero at the beginning, nor toward the first value. */
static void beginning_has_no_bias(void)
{
    struct figure *f = FIGURE(10, 20);
    struct series s = smooth(&f->series[0], 0.999);

    check(s.y[0] == 10);
    check_near(s.y[1], (0.999 * 10 + 20) / 1.999, 1e-12);
    series_drop(&s);
    figure_free(f);
}

static void extreme_weights(void)
{
    struct figure *f = FIGURE(1e20, 1, -5, DBL_MAX, -DBL_MAX);
    struct series none = smooth(&f->series[0], 0), all;

    for (int i = 0; i < 5; i++)
        check(none.y[i] == f->series[0].y[i]);
    series_drop(&none);
    all = smooth(&f->series[0], 1);
    for (int i = 0; i < 5; i++)
        check(isfinite(all.y[i]));
    figure_free(f);
    series_drop(&all);
    f = FIGURE(1, 2, 3, 6);
    all = smooth(&f->series[0], 1); /* the plain mean */
    check_near(all.y[3], 3, 1e-15);
    series_drop(&all);
    figure_free(f);
}

/* A point that came later, or points that are left out when drawing, change nothing of
 * what is smooth already. */
static void smoothing_does_not_depend_on_what_follows(void)
{
    struct figure *f = figure_new(NULL);
    struct series *in = figure_add(f, "s", SERIES_LINE, 0), some, all;

    for (int i = 0; i < 500; i++)
        series_add(in, i, i % 7);
    some = smooth(in, 0.9);
    for (int i = 500; i < 1000; i++)
        series_add(in, i, i % 11 ? i : NAN);
    all = smooth(in, 0.9);
    for (int i = 0; i < 500; i++)
        check(some.y[i] == all.y[i]);
    series_smooth(&all, in, 0); /* fills anew */
    check_int(all.n, 1000);
    series_drop(&some);
    series_drop(&all);
    figure_free(f);
}

/* ---- value at x ---- */

static void value_at_is_that_of_the_last_point(void)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "s", SERIES_LINE, 0);

    check(isnan(series_at(s, 1)));
    series_add(s, 1, 10);
    series_add(s, 2, 20);
    series_add(s, 2, 21); /* done again after a resume */
    series_add(s, 4, NAN);
    series_add(s, 6, 60);
    check(isnan(series_at(s, 0.99)));
    check(series_at(s, 1) == 10);
    check(series_at(s, 1.99) == 10);
    check(series_at(s, 3) == 21);
    check(isnan(series_at(s, 5)));
    check(series_at(s, 1e9) == 60);
    check(isnan(series_at(s, NAN)));
    figure_free(f);
}

static void points_without_place(void)
{
    struct figure *f = figure_new("t");

    check(figure_has_place(f, 0, -1));
    check(!figure_has_place(f, NAN, 0) && !figure_has_place(f, 0, INFINITY));
    f->y.log = true;
    check(!figure_has_place(f, 0, 0) && figure_has_place(f, 0, 1e-9));
    figure_free(f);
    figure_free(NULL);
}

int main(void)
{
    test_run(range_has_room);
    test_run(room_does_not_cross_zero);
    test_run(x_has_no_room);
    test_run(what_is_not_finite_does_not_count);
    test_run(single_value_has_room);
    test_run(huge_values_do_not_overflow);
    test_run(own_limits_are_kept);
    test_run(log_range_is_positive);
    test_run(zoom_looks_at_what_is_shown);
    test_run(level_is_in_range);
    test_run(bars_show_feet_and_widths);
    test_run(reaches_are_in_range);
    test_run(ticks_are_round);
    test_run(ticks_of_large_numbers_have_units);
    test_run(ticks_of_small_numbers_are_short);
    test_run(whole_axes_have_whole_ticks);
    test_run(log_ticks_are_powers);
    test_run(times_are_round);
    test_run(ticks_fit_any_range);
    test_run(no_range_has_no_ticks);
    test_run(values_are_written_as_finely_as_asked);
    test_run(smoothing_matches_worked_values);
    test_run(smoothing_is_the_weighted_mean);
    test_run(constants_stay_constant);
    test_run(beginning_has_no_bias);
    test_run(extreme_weights);
    test_run(smoothing_does_not_depend_on_what_follows);
    test_run(value_at_is_that_of_the_last_point);
    test_run(points_without_place);
    return test_done();
}
