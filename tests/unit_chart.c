/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Charts as text. A golden file tests/screens/chart.NAME.txt has one figure at some sizes
 * and levels, one below the other.
 */
#include "ui/chart.h"

#include <locale.h>
#include <time.h>

#include "screen.h"
#include "test.h"

static const char *const levels[] = {"ASCII", "blocks", "braille"};

/* Appends the figure at that size, under a line that says which. */
static void add_chart(struct str *out, const struct figure *f, int width, int height,
                      enum glyphs glyphs)
{
    struct surface s;

    surface_init(&s, width, height, glyphs);
    chart_draw(f, &s);
    str_printf(out, "%s%dx%d %s\n", out->length > 0 ? "\n" : "", width, height,
               levels[glyphs]);
    surface_dump(&s, out);
    surface_done(&s);
}

static void add_levels(struct str *out, const struct figure *f, int width, int height)
{
    for (enum glyphs g = GLYPHS_ASCII; g <= GLYPHS_BRAILLE; g++)
        add_chart(out, f, width, height, g);
}

/* Frees the figure. */
static void check_chart(const char *name, struct figure *f, const int (*sizes)[2], int n)
{
    struct str text = {0}, file = {0};

    for (int i = 0; i < n; i++)
        add_levels(&text, f, sizes[i][0], sizes[i][1]);
    str_printf(&file, "chart.%s", name);
    check(screen_is(str_text(&file), &text));
    str_done(&file);
    str_done(&text);
    figure_free(f);
}

#define CHECK_CHART(name, figure, ...)                            \
    check_chart(name, figure, (const int[][2]){__VA_ARGS__},      \
                sizeof(const int[][2]){__VA_ARGS__} / sizeof(int[2]))

/* ---- figures ---- */

/* Noise that is the same everywhere, -1..1. */
static double noise(int i, int stream)
{
    uint32_t h = (uint32_t)i * 2654435761U + (uint32_t)stream * 40503U;

    h ^= h >> 15;
    h *= 2246822519U;
    h ^= h >> 13;
    return h / 2147483648.0 - 1;
}

/* Training and validation loss of two runs, training smoothed with raw values behind. */
static struct figure *losses(bool second)
{
    struct figure *f = figure_new(NULL);
    struct series *raw, *train, *valid, *other;

    axis_label(&f->x, "epoch");
    axis_label(&f->y, "loss");
    f->x.whole = true;
    raw = figure_add(f, "train", SERIES_FAINT, 0);
    for (int i = 0; i <= 480; i++)
        series_add(raw, i / 10.0, 0.298 + 0.4 * exp(-i / 90.0) + 0.03 * noise(i, 1));
    train = figure_add(f, "train", SERIES_LINE, 0);
    series_smooth(train, &f->series[0], 0.9);
    valid = figure_add(f, "valid", SERIES_LINE, 1);
    for (int i = 1; i <= 48; i++)
        series_add(valid, i, 0.315 + 0.33 * exp(-i / 8.0) + i * 0.0006);
    if (!second)
        return f;
    other = figure_add(f, "r5 valid", SERIES_LINE, 2);
    for (int i = 1; i <= 30; i++)
        series_add(other, i, 0.34 + 0.33 * exp(-i / 13.0));
    return f;
}

static struct figure *scores(void)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "valid", SERIES_LINE, 1);

    axis_label(&f->x, "epoch");
    axis_label(&f->y, "AUC");
    f->x.whole = true;
    for (int i = 1; i <= 24; i++)
        series_add(s, i, 0.917 - 0.12 * exp(-i / 4.0) - (i > 18 ? 0.0015 * (i - 18) : 0));
    f->level = series_at(s, 18);
    return f;
}

static struct figure *roc(void)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "r7 0.917", SERIES_STEPS, 1);

    axis_label(&f->x, "false positives");
    axis_label(&f->y, "true positives");
    f->x.low = f->y.low = 0;
    f->x.high = f->y.high = 1;
    f->diagonal = true;
    for (int i = 0; i <= 200; i++)
        series_add(s, i / 200.0, pow(i / 200.0, 0.17));
    return f;
}

static struct figure *calibration(void)
{
    static const double true_rate[] = {0.04, 0.13, 0.27, 0.36, 0.42,
                                       0.57, 0.66, 0.78, 0.83, 0.94};
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "r7", SERIES_POINTS, 1);

    axis_label(&f->x, "predicted");
    axis_label(&f->y, "true");
    f->x.low = f->y.low = 0;
    f->x.high = f->y.high = 1;
    f->diagonal = true;
    for (int i = 0; i < 10; i++)
        series_add(s, 0.05 + i / 10.0, true_rate[i]);
    return f;
}

static struct figure *histogram(void)
{
    static const int counts[] = {3211, 6020, 8714, 7001, 4021, 2001, 920, 377, 150, 71,
                                 32,   18,   9,    6,    4,    2,    0,   1,   0,   1};
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "", SERIES_BARS, 0);

    axis_label(&f->x, "fnlwgt");
    axis_label(&f->y, "rows");
    f->y.whole = true;
    for (int i = 0; i < 20; i++)
        series_add(s, 12285 + 73621 * (i + 0.5), counts[i]);
    return f;
}

/* Values that broke off twice, once for good. */
static struct figure *broken(void)
{
    struct figure *f = figure_new(NULL);
    struct series *a = figure_add(f, "train", SERIES_LINE, 0), *b;

    axis_label(&f->x, "epoch");
    axis_label(&f->y, "loss");
    f->x.whole = true;
    for (int i = 1; i <= 40; i++)
        series_add(a, i, i > 12 && i < 18 ? NAN : 0.4 + 1.0 / i);
    b = figure_add(f, "valid", SERIES_LINE, 1);
    for (int i = 1; i <= 40; i++)
        series_add(b, i, i > 29 ? INFINITY : 0.6 + 0.9 / i + fmax(0, 0.08 * (i - 25)));
    return f;
}

#define SIZES {51, 8}, {78, 19}, {30, 6}, {12, 3}, {1, 1}

/* ---- golden ---- */

static void two_runs(void)
{
    CHECK_CHART("runs", losses(true), SIZES);
}

static void log_axis(void)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "train", SERIES_LINE, 0);

    axis_label(&f->x, "step");
    f->x.whole = true;
    for (int i = 0; i <= 3000; i += 10)
        series_add(s, i, exp(-i / 300.0) * 2 + 0.001 * (1 + 0.3 * noise(i, 3)));
    s = figure_add(f, "valid", SERIES_LINE, 1);
    for (int i = 100; i <= 3000; i += 100)
        series_add(s, i, exp(-i / 320.0) * 2 + 0.004);
    f->y.log = true;
    CHECK_CHART("log", f, SIZES);
}

static void cursor_shows_values(void)
{
    struct figure *f = losses(true);

    f->cursor = 21;
    CHECK_CHART("cursor", f, SIZES);
}

static void cursor_near_the_end(void)
{
    struct figure *f = losses(false);

    f->cursor = 46;
    CHECK_CHART("cursor-end", f, {51, 8}, {78, 19});
}

static void best_level_is_dotted(void)
{
    CHECK_CHART("level", scores(), SIZES);
}

static void gaps_are_marked(void)
{
    CHECK_CHART("gaps", broken(), SIZES);
}

static void roc_with_diagonal(void)
{
    CHECK_CHART("roc", roc(), SIZES, {40, 20});
}

static void calibration_points(void)
{
    CHECK_CHART("calibration", calibration(), SIZES);
}

static void bars(void)
{
    CHECK_CHART("bars", histogram(), SIZES, {46, 10});
}

static void single_point(void)
{
    struct figure *f = figure_new(NULL);

    axis_label(&f->x, "epoch");
    f->x.whole = true;
    series_add(figure_add(f, "valid", SERIES_LINE, 1), 1, 0.8421);
    CHECK_CHART("point", f, SIZES);
}

static void nothing_yet(void)
{
    struct figure *f = figure_new("AUC");

    figure_add(f, "valid", SERIES_LINE, 1);
    CHECK_CHART("nothing", f, SIZES);
}

static void time_axis(void)
{
    struct figure *f = losses(true);

    for (size_t k = 0; k < f->n_series; k++)
        for (size_t i = 0; i < f->series[k].n; i++)
            f->series[k].x[i] *= 7.3;
    axis_label(&f->x, "time");
    f->x.whole = false;
    f->x.time = true;
    f->cursor = 200;
    CHECK_CHART("time", f, {78, 19});
}

/* ---- roles ---- */

static void roles_tell_what_is_what(void)
{
    struct figure *f = losses(true);
    struct surface s;

    f->cursor = 30;
    f->level = 0.34;
    surface_init(&s, 51, 8, GLYPHS_BRAILLE);
    chart_draw(f, &s);
    check(screen_matches("chart.runs", &s, true));
    surface_done(&s);
    figure_free(f);
}

/* ---- properties ---- */

static struct figure *any_figure(int i)
{
    switch (i) {
    case 0:
        return losses(true);
    case 1:
        return scores();
    case 2:
        return roc();
    case 3:
        return calibration();
    case 4:
        return histogram();
    case 5:
        return broken();
    default:
        return NULL;
    }
}

enum { OUTSIDE = 0xA7 };

/* Draws on the middle of a larger surface; true if all around is as it was. */
static bool stays_inside(const struct figure *f, int width, int height,
                         enum glyphs glyphs)
{
    struct surface s, part, inside;
    bool same = true;

    surface_init(&s, width + 2, height + 2, glyphs);
    surface_fill(&s, (struct rect){0, 0, width + 2, height + 2}, OUTSIDE, ROLE_KEY);
    part = surface_part(&s, (struct rect){1, 1, width, height});
    inside = part;
    chart_draw(f, &inside);
    for (int y = 0; y < height + 2; y++)
        for (int x = 0; x < width + 2; x++) {
            const struct screen_cell *cell = &surface_row(&s, y)[x];
            bool edge = x == 0 || y == 0 || x == width + 1 || y == height + 1;

            same = same && (edge ? cell->code == OUTSIDE : cell->code != OUTSIDE);
        }
    surface_done(&s);
    return same;
}

static void charts_stay_inside_at_any_size(void)
{
    for (int i = 0; i < 6; i++) {
        struct figure *f = any_figure(i);

        f->cursor = i % 2 ? 0.4 : 20;
        for (int width = 0; width < 60; width += width < 16 ? 1 : 7)
            for (int height = 0; height < 20; height++)
                for (enum glyphs g = GLYPHS_ASCII; g <= GLYPHS_BRAILLE; g++)
                    check(width == 0 || height == 0 || stays_inside(f, width, height, g));
        figure_free(f);
    }
}

/* Two numbers never touch: all that stands between blanks in the lowest row is one of the
 * numbers that a tick of that axis can have, or the label. */
static bool is_number(const char *word)
{
    char *end;

    strtod(word, &end);
    return end != word && (!*end || (strchr("kMGT", *end) && !end[1]));
}

static void numbers_of_x_do_not_touch(void)
{
    static const double highs[] = {1e-4, 0.37, 1, 7, 48, 1234, 99999, 3.3e6, 1e12};

    for (size_t i = 0; i < sizeof highs / sizeof highs[0]; i++)
        for (int width = 8; width < 130; width++) {
            struct figure *f = figure_new(NULL);
            struct series *s = figure_add(f, "s", SERIES_LINE, 0);
            struct surface surface;
            struct str text = {0};
            int numbers = 0;
            char *row;

            axis_label(&f->x, "step");
            series_add(s, -highs[i] / 3, 1);
            series_add(s, highs[i], 2);
            surface_init(&surface, width, 8, GLYPHS_ASCII);
            chart_draw(f, &surface);
            surface_dump(&surface, &text);
            text.text[text.length - 1] = '\0';
            row = strrchr(text.text, '\n') + 1;
            for (char *word = strtok(row, " "); word; word = strtok(NULL, " ")) {
                numbers += is_number(word);
                check(is_number(word) || strcmp(word, "step") == 0);
            }
            check(numbers > 0 && numbers <= width / 3);
            str_done(&text);
            surface_done(&surface);
            figure_free(f);
        }
}

/* The number before the axis in that row, NAN: there is none. *x: the first column of the
 * plot. */
static double number_of_row(const struct screen_cell *row, int *x)
{
    char number[32] = "";

    for (*x = 0; row[*x].code != '|' && row[*x].code != '+'; ++*x)
        number[*x] = (char)row[*x].code;
    return row[(*x)++].code == '+' ? strtod(number, NULL) : NAN;
}

/* A straight line from low to high is in the row of a number where it has that value, and
 * as long below it as above. Returns how many numbers there are. */
static int check_rows(const struct surface *s, double low, double high)
{
    int numbers = 0;

    for (int y = 0; y < s->height - 2; y++) {
        const struct screen_cell *row = surface_row(s, y);
        int x, first, last = s->width - 1;
        double value = number_of_row(row, &x), slope = (high - low) / (s->width - 1 - x);

        numbers += !isnan(value);
        if (!(value >= low && value <= high))
            continue;
        for (first = x; first < s->width && row[first].code != '*';)
            first++;
        while (last > first && row[last].code != '*')
            last--;
        check(first < s->width);
        check(low + (first - x) * slope <= value + slope);
        check(low + (last - x) * slope >= value - slope);
        if (first > x && last < s->width - 1)
            check_near(low + ((first + last) / 2.0 - x) * slope, value, 1.01 * slope);
    }
    return numbers;
}

static void numbers_of_y_are_true(void)
{
    for (int height = 6; height < 30; height++)
        for (int k = 1; k < 40; k++) {
            struct figure *f = figure_new(NULL);
            struct series *s = figure_add(f, "", SERIES_LINE, 0);
            double low = k * 0.013, high = low + k * k * 0.0071;
            struct surface surface;

            series_add(s, 0, low);
            series_add(s, 1, high);
            surface_init(&surface, 80, height, GLYPHS_ASCII);
            chart_draw(f, &surface);
            check(check_rows(&surface, low, high) >= 2);
            surface_done(&surface);
            figure_free(f);
        }
}

/* A drawn column, from the top, '#' for what is not blank. */
static bool column_has(const struct surface *s, int x, int from, int to)
{
    for (int y = from; y <= to; y++)
        if (surface_row(s, y)[x].code != '*')
            return false;
    return true;
}

static void spikes_are_not_lost(void)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "", SERIES_LINE, 0);
    struct surface surface;

    f->y.low = 0;
    f->y.high = 1;
    for (int i = 0; i <= 10000; i++)
        series_add(s, i, i == 5001 ? 1 : 0);
    surface_init(&surface, 6, 4, GLYPHS_ASCII); /* neither axis */
    chart_draw(f, &surface);
    check(column_has(&surface, 3, 0, 3));
    check(column_has(&surface, 1, 3, 3) && surface_row(&surface, 2)[1].code == ' ');
    surface_done(&surface);
    figure_free(f);
}

/* A line goes through the window though its points are outside. */
static void zoomed_lines_go_on(void)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "", SERIES_LINE, 0);
    struct surface surface;

    series_add(s, 0, 0);
    series_add(s, 100, 100);
    f->x.low = f->y.low = 40;
    f->x.high = f->y.high = 44;
    surface_init(&surface, 5, 4, GLYPHS_ASCII);
    chart_draw(f, &surface);
    check(surface_row(&surface, 3)[0].code == '*');
    check(surface_row(&surface, 0)[4].code == '*');
    for (int x = 0; x < 5; x++)
        check(column_has(&surface, x, 0, 0) + column_has(&surface, x, 1, 1) +
                  column_has(&surface, x, 2, 2) + column_has(&surface, x, 3, 3) >= 1);
    surface_done(&surface);
    figure_free(f);
}

static void wild_values_are_drawn_somehow(void)
{
    static const double wild[] = {0,    -1,       1e-320, 1e308,  -1e308, NAN, 5e-324,
                                  1e15, INFINITY, 1e-9,   1.0,    -0.0,   -INFINITY,
                                  1e17, 0.5};
    enum { N = sizeof wild / sizeof wild[0] };

    for (int kind = SERIES_LINE; kind <= SERIES_FAINT; kind++)
        for (int logs = 0; logs < 4; logs++)
            for (int first = 0; first < N; first++) {
                struct figure *f = figure_new("wild \033[31m \xFF");
                struct series *s = figure_add(f, "\033]0;x\a",
                                              (enum series_kind)kind, 13);

                for (int i = 0; i < N; i++)
                    series_add(s, wild[(first + i * 4) % N], wild[(first + i * 7) % N]);
                f->x.log = logs & 1;
                f->y.log = logs & 2;
                f->cursor = wild[first];
                f->level = wild[(first + 3) % N];
                f->diagonal = true;
                f->y.high = wild[(first + 5) % N];
                for (enum glyphs g = GLYPHS_ASCII; g <= GLYPHS_BRAILLE; g++) {
                    check(stays_inside(f, 44, 12, g));
                    check(stays_inside(f, 9, 3, g));
                }
                figure_free(f);
            }
}

static void long_legends_are_cut(void)
{
    struct figure *f = figure_new(NULL);
    struct surface s;
    struct str text = {0};

    for (int i = 0; i < 8; i++) {
        char name[16];

        snprintf(name, sizeof name, "run-%d", i);
        series_add(figure_add(f, name, SERIES_LINE, i), i, i);
    }
    surface_init(&s, 30, 8, GLYPHS_ASCII);
    chart_draw(f, &s);
    surface_dump(&s, &text);
    check(strncmp(text.text, "* run-0  o run-1  + run-2  +5\n", 30) == 0);
    str_done(&text);
    surface_done(&s);
    figure_free(f);
}

static void glyphs_differ(void)
{
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++)
            check(chart_glyph(i) != chart_glyph(j));
    for (int i = 0; i < 8; i++)
        check(!strchr("!.|- ", chart_glyph(i)));
}

/* 10,000 points on 160 x 48 take less than a millisecond (printed); the check leaves
 * room for sanitizers and busy machines. */
static void many_points_are_fast(void)
{
    for (int log = 0; log < 2; log++)
        for (enum glyphs g = GLYPHS_ASCII; g <= GLYPHS_BRAILLE; g++) {
            struct figure *f = figure_new(NULL);
            struct series *s = figure_add(f, "train", SERIES_LINE, 0);
            struct surface surface;
            double best = INFINITY;

            f->y.log = log;
            for (int i = 0; i < 10000; i++)
                series_add(s, i, 0.3 + exp(-i / 2000.0) + 0.05 * noise(i, 7));
            surface_init(&surface, 160, 48, g);
            for (int i = 0; i < 20; i++) {
                clock_t start = clock();

                chart_draw(f, &surface);
                best = fmin(best, (double)(clock() - start) / CLOCKS_PER_SEC);
            }
            printf("# 10,000 points%s, %s: %.3f ms\n", log ? ", log" : "", levels[g],
                   best * 1e3);
            check(best < 0.05);
            surface_done(&surface);
            figure_free(f);
        }
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    test_run(two_runs);
    test_run(log_axis);
    test_run(cursor_shows_values);
    test_run(cursor_near_the_end);
    test_run(best_level_is_dotted);
    test_run(gaps_are_marked);
    test_run(roc_with_diagonal);
    test_run(calibration_points);
    test_run(bars);
    test_run(single_point);
    test_run(nothing_yet);
    test_run(time_axis);
    test_run(roles_tell_what_is_what);
    test_run(charts_stay_inside_at_any_size);
    test_run(numbers_of_x_do_not_touch);
    test_run(numbers_of_y_are_true);
    test_run(spikes_are_not_lost);
    test_run(zoomed_lines_go_on);
    test_run(wild_values_are_drawn_somehow);
    test_run(long_legends_are_cut);
    test_run(glyphs_differ);
    test_run(many_points_are_fast);
    return test_done();
}
