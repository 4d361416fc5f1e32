/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures as scripts for gnuplot: quoting, data, places of labels, and the child process,
 * with programs of ours in gnuplot's place. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "plot/gnuplot_quote.h"
#include "plot/gnuplot_script.h"
#include "plot/labels.h"
#include "test.h"

static const struct gnuplot_facts usual = {.version = 504, .cairo = true, .sixel = true};

/* ---- quoting ---- */

static char *quoted(const char *text, size_t width)
{
    struct str out = {0};

    gnuplot_quote(&out, text, width);
    return out.text;
}

static void check_quoted(const char *text, const char *want)
{
    char *got = quoted(text, 0);

    check_str(got, want);
    free(got);
}

static void texts_are_quoted(void)
{
    check_quoted("", "''");
    check_quoted("age", "'age'");
    check_quoted("it's", "'it''s'");
    check_quoted("x''", "'x'''''");
    check_quoted("'x", "' ''x'"); /* '''x' would be an empty string and a further one */
    check_quoted("`date` $(date) \"x\" @m {a_b^c} \\n %d", /* nothing of it is special */
                 "'`date` $(date) \"x\" @m {a_b^c} \\n %d'");
    check_quoted("a\n!touch x\r\t\033[1m\x7F", "'a?!touch x???[1m?'");
    check_quoted("\xC2\x9B", "'?'");
    check_quoted("a\xE2\x80\xAE" "b\xEF\xBB\xBF", "'a?b?'");
    check_quoted("\xFF\xC0'\xE2\x82", "'?" "?''?" "?'");
    check_quoted("\xC3\xA9\xE6\x97\xA5", "'\xC3\xA9\xE6\x97\xA5'");
}

static void long_texts_are_cut(void)
{
    char *got = quoted("abcdefgh", 4), long_text[500];

    check_str(got, "'abc\xE2\x80\xA6'");
    free(got);
    got = quoted("abcd", 4);
    check_str(got, "'abcd'");
    free(got);
    memset(long_text, '\'', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    got = quoted(long_text, 0);
    check_int(strlen(got), 3 + 2 * 119 + 3);
    free(got);
}

/* Whatever comes in, what comes out is one string of gnuplot and one line. */
static bool is_one_string(const char *text)
{
    size_t n = strlen(text);

    if (n < 2 || text[0] != '\'' || text[n - 1] != '\'')
        return false;
    if (text[1] == '\'' && n > 2)
        return false;
    for (size_t i = 1; i < n - 1; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return false;
        if (text[i] == '\'' && text[++i] != '\'')
            return false;
        if (i >= n - 1)
            return false;
    }
    return true;
}

static void any_bytes_make_one_string(void)
{
    struct rng r = rng_make(1, RNG_TEST, 0);
    int bad = 0;

    for (int round = 0; round < 20000; round++) {
        char text[24];
        size_t n = rng_below(&r, sizeof(text));
        char *got;

        for (size_t i = 0; i < n; i++)
            text[i] = (char)(rng_below(&r, 3) ? 1 + rng_below(&r, 255) : '\'');
        text[n] = '\0';
        got = quoted(text, 1 + rng_below(&r, 30));
        bad += !is_one_string(got);
        free(got);
    }
    check_int(bad, 0);
}

static void formats_and_files_are_quoted(void)
{
    struct str out = {0};

    gnuplot_quote_format(&out, "50 %s", 0);
    check_str(str_text(&out), "'50 %%s'");
    str_clear(&out);
    check(gnuplot_quote_file(&out, "| touch 'x'"));
    check_str(str_text(&out), "'./| touch ''x'''");
    check(!gnuplot_quote_file(&out, "a\nb"));
    check(!gnuplot_quote_file(&out, "a\033b"));
    str_done(&out);
}

/* ---- scripts ---- */

static struct figure *two_curves(void)
{
    struct figure *f = figure_new("loss of 'r1'\n!touch x");
    struct series *s = figure_add(f, "train", SERIES_LINE, 0);

    for (int i = 0; i < 5; i++)
        series_add(s, i, i == 2 || i == 3 ? NAN : 1.5 - i / 10.0);
    figure_add(f, "nothing", SERIES_LINE, 1);
    s = figure_add(f, "`id`", SERIES_POINTS, 7);
    series_add(s, 4, 0.5);
    axis_label(&f->x, "epochs");
    return f;
}

static char *script_of(const struct figure *f, struct plot_look look, const char *file,
                       const char *data)
{
    struct str out = {0};
    struct error err = {0};

    if (!check(gnuplot_script(&out, f, &look, &usual, file, data, &err)))
        printf("# %s\n", err.text);
    return out.text;
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void gaps_break_lines_and_series_stand_apart(void)
{
    struct figure *f = two_curves();
    struct str data = {0};

    gnuplot_data(&data, f);
    check_str(str_text(&data), "0 1.5\n1 1.4\n\n4 1.1\n\n\n4 0.5\n\n\n");
    str_done(&data);
    figure_free(f);
}

static void a_script_holds_all_it_needs(void)
{
    struct figure *f = two_curves();
    char *text = script_of(f, (struct plot_look){.format = PLOT_PNG}, NULL, NULL);

    check(has(text, "set terminal pngcairo noenhanced size 1000,625"));
    check(has(text, "\n$data << END\n0 1.5\n"));
    check(has(text, "set title 'loss of ''r1''?!touch x'"));
    check(has(text, "set xlabel 'epochs'"));
    check(has(text, "plot $data index 0 using 1:2 with lines ls 1 title 'train', \\\n"
                    "     $data index 1 using 1:2 with points ls 8 title '`id`'\n"));
    check(!has(text, "nothing") && !has(text, "set output '"));
    free(text);
    figure_free(f);
}

static void a_kept_script_names_its_files(void)
{
    struct figure *f = two_curves();
    char *text = script_of(f, (struct plot_look){.format = PLOT_SVG, .dark = true},
                           "it's.svg", "<id.dat");

    check(has(text, "set output './it''s.svg'\n"));
    check(has(text, "plot './<id.dat' index 0"));
    check(!has(text, "$data"));
    check(has(text, "background rgb '#14171c'"));
    free(text);
    figure_free(f);
}

static void terminals_are_those_it_has(void)
{
    struct figure *f = two_curves();
    struct plot_look text = {.format = PLOT_TEXT, .blocks = true, .width = 60,
                             .height = 20};
    struct gnuplot_facts newer = {.version = 600, .block = true};
    struct str out = {0};
    struct error err;
    char *dumb = script_of(f, text, NULL, NULL);

    check(has(dumb, "set terminal dumb noenhanced size 60,20 mono\n"));
    free(dumb);
    check(gnuplot_script(&out, f, &text, &newer, NULL, NULL, &err));
    check(has(str_text(&out), "set terminal block braille noenhanced size 60,20 mono\n"));
    str_clear(&out);
    text.format = PLOT_PNG;
    check(gnuplot_script(&out, f, &text, &newer, NULL, NULL, &err));
    check(has(str_text(&out), "set terminal png truecolor noenhanced size 60,20 "));
    str_done(&out);
    figure_free(f);
}

static struct figure *matrix_of(int n)
{
    struct figure *f = figure_new("attention");
    struct figure_matrix *m = figure_set_matrix(f, n, n, "share");

    for (int i = 0; i < n; i++) {
        matrix_name_row(m, i, "row %");
        matrix_name_column(m, i, "column");
        for (int k = 0; k < n; k++)
            matrix_put(m, i, k, i == 0 && k == 1 ? NAN : i == k, i == k ? "1" : NULL);
    }
    return f;
}

static void matrices_are_maps_or_numbers(void)
{
    struct figure *f = matrix_of(3), *large = matrix_of(40);
    struct plot_look look = {.format = PLOT_TEXT, .width = 80, .height = 24};
    char *map = script_of(f, (struct plot_look){.format = PLOT_PDF}, NULL, NULL);
    char *text = script_of(f, look, NULL, NULL);
    struct str out = {0};
    struct error err = {0};

    check(has(map, "1 NaN 0\n0 1 0\n0 0 1\n"));
    check(has(map, "matrix using 1:2:3 with image pixels"));
    check(has(map, "set yrange [2.5:-0.5]"));
    check(has(map, "'row %%' 0"));
    check(has(map, "set label '1' at 2,2 center front"));
    check(has(text, "set label '0' at 1,2 center front") && !has(text, "image"));
    check(!gnuplot_script(&out, large, &look, &usual, NULL, NULL, &err));
    check_str(err.text, "a matrix of 40 x 40 does not fit 80 x 24 characters; a "
                        "FILE.svg, .png or .pdf has room");
    str_done(&out);
    free(map);
    free(text);
    figure_free(f);
    figure_free(large);
}

/* ---- what can be read ---- */

/* How `set xtics` ends for n bars with names of so many letters. */
static char *names_of(int n, int letters, enum plot_format format)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "", SERIES_BARS, 0);
    char name[32] = {0}, *script, *tics;

    memset(name, 'x', (size_t)letters);
    for (int i = 0; i < n; i++) {
        series_add(s, i, 1);
        axis_add_name(&f->x, i, name);
    }
    script = script_of(f, (struct plot_look){.format = format}, NULL, NULL);
    tics = strstr(script, "set xtics");
    tics = tics ? strstr(tics, ") textcolor") : NULL;
    tics = tics ? xstrndup(tics, strcspn(tics, "\n")) : xstrdup("none");
    free(script);
    figure_free(f);
    return tics;
}

static void check_names(int n, int letters, enum plot_format format, const char *how)
{
    char *got = names_of(n, letters, format);
    char *want = xasprintf(") textcolor rgb '#202020'%s", how);

    check_str(got, want);
    free(got);
    free(want);
}

/* Beside each other, else aslant, else upright, and small only where there are very many:
 * never so that one touches another. */
static void names_stand_where_they_have_room(void)
{
    check_names(3, 4, PLOT_PNG, "");
    check_names(7, 9, PLOT_PNG, "");
    check_names(11, 9, PLOT_PNG, " rotate by -40");
    check_names(20, 7, PLOT_PNG, " rotate by -40");
    check_names(44, 14, PLOT_PNG, " rotate by -90");
    check_names(60, 14, PLOT_PNG, " rotate by -90 font ',8'");
    check_names(200, 3, PLOT_PNG, " rotate by -90 font ',8'");
    check_names(200, 3, PLOT_SVG, " rotate by -90 font ',11'");
    check_names(3, 30, PLOT_PNG, ""); /* which are cut */
    check_names(3, 4, PLOT_TEXT, "");
}

static void check_matrix_names(int n, const char *how)
{
    struct figure *f = matrix_of(n);
    char *script = script_of(f, (struct plot_look){.format = PLOT_PNG}, NULL, NULL);
    char *want = xasprintf("'column' %d) textcolor rgb '#202020'%s\n", n - 1, how);

    check(has(script, want));
    free(want);
    free(script);
    figure_free(f);
}

static void so_do_those_of_matrices(void)
{
    check_matrix_names(3, "");
    check_matrix_names(12, " rotate by -40");
    check_matrix_names(44, " rotate by -90");
    check_matrix_names(100, " rotate by -90 font ',8'");
}

/* Of n columns with names of so many letters. */
static char *map_of(int n, int letters, struct plot_look look)
{
    struct figure *f = figure_new("map");
    char name[32] = {0}, *script;

    f->map = true;
    memset(name, 'x', (size_t)letters);
    for (int i = 0; i < n; i++) {
        struct series *s = figure_add(f, name, SERIES_POINTS, i);

        series_add(s, cos(i), sin(i));
        figure_add_text(f, cos(i), sin(i), name, i % 8);
    }
    script = script_of(f, look, NULL, NULL);
    figure_free(f);
    return script;
}

/* At the right of the map the legend has all it needs: pixels of glyphs and letters. */
static void check_legend(int n, int letters, int lists)
{
    char *script = map_of(n, letters, (struct plot_look){.format = PLOT_PNG});
    const char *margin = strstr(script, "set rmargin at screen ");
    const char *size = strstr(script, " size ");
    double room;

    check(margin && size);
    room = (1 - strtod(margin + strlen("set rmargin at screen "), NULL))
        * strtod(size + strlen(" size "), NULL);
    check(room >= lists * (40 + 8.5 * letters) + 10);
    check(room < lists * (60 + 9.5 * letters) + 40);
    free(script);
}

static void legends_have_room_beside_maps(void)
{
    char *script = map_of(5, 15, (struct plot_look){.format = PLOT_TEXT, .width = 80,
                                                    .height = 24});

    check_legend(3, 4, 1);
    check_legend(5, 17, 1);
    check_legend(44, 14, 1);
    check_legend(116, 8, 3); /* they would be higher than the picture */
    check(has(script, "set rmargin at screen 0.7125")); /* 23 of 80 characters */
    free(script);
}

static double luminance(const char *colour)
{
    static const double parts[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;

    for (int i = 0; i < 3; i++) {
        char byte[3] = {colour[2 * i], colour[2 * i + 1], '\0'};
        double x = (double)strtol(byte, NULL, 16) / 255;

        sum += parts[i] * (x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(const char *a, const char *b)
{
    double x = luminance(a), y = luminance(b);

    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

/* What WCAG 2 asks of small letters, in the colours of all series. */
static void texts_are_told_from_the_ground(void)
{
    for (int dark = 0; dark < 2; dark++) {
        char *script = map_of(16, 5, (struct plot_look){.format = PLOT_PNG,
                                                        .dark = dark});
        const char *at = script;
        int labels = 0;

        while ((at = strstr(at, "set label ")) && labels < 16) {
            const char *colour = strstr(at, "textcolor rgb '#");

            if (check(colour != NULL))
                check(contrast(colour + 16, dark ? "14171c" : "ffffff") >= 4.5);
            labels++;
            at++;
        }
        check_int(labels, 16);
        free(script);
    }
    check_near(contrast("000000", "ffffff"), 21, 1e-9);
}

/* Points of a scale, of which the least should not drown. */
static void points_are_told_from_the_ground(void)
{
    for (int dark = 0; dark < 2; dark++) {
        struct figure *f = figure_new("map");
        struct series *s = figure_add(f, "few", SERIES_POINTS, 0);
        char *script;
        const char *colour;

        f->map = true;
        s->shade = 0;
        for (int i = 0; i < 300; i++)
            series_add(s, i, i);
        script = script_of(f, (struct plot_look){.format = PLOT_PNG, .dark = dark}, NULL,
                           NULL);
        colour = strstr(script, "with points ls 1 lc rgb '#");
        if (check(colour != NULL))
            check(contrast(colour + 26, dark ? "14171c" : "ffffff") >= 2.4);
        check(!has(script, " ps 0.5")); /* each has a name */
        free(script);
        figure_free(f);
    }
}

/* Raw values are a shadow of their curve; what has no curve is one itself. */
static void only_shadows_are_faint(void)
{
    struct figure *f = figure_new("curves");
    char *script;

    series_add(figure_add(f, "raw", SERIES_FAINT, 0), 1, 1);
    series_add(figure_add(f, "90 %", SERIES_FAINT, 1), 1, 2);
    series_add(figure_add(f, "train", SERIES_LINE, 0), 1, 1);
    script = script_of(f, (struct plot_look){.format = PLOT_PNG}, NULL, NULL);
    check(has(script, "with lines ls 11 notitle"));
    check(has(script, "with lines ls 2 lw 1 dt 1 title '90 %'"));
    free(script);
    figure_free(f);
}

static void scales_have_a_range(void)
{
    struct figure *f = matrix_of(2);
    struct figure_matrix *m = f->matrix;
    double low, high;

    matrix_range(m, &low, &high);
    check(low == 0 && high == 1);
    matrix_put(m, 1, 1, -3, NULL);
    m->diverging = true;
    matrix_range(m, &low, &high);
    check(low == -3 && high == 3);
    for (int i = 0; i < 4; i++)
        m->values[i] = NAN;
    m->diverging = false;
    matrix_range(m, &low, &high);
    check(low == 0 && high == 1);
    check(!figure_has_content(f));
    m->values[2] = 0.25;
    matrix_range(m, &low, &high);
    check(low == 0 && high == 0.25);
    check(figure_has_content(f));
    figure_free(f);
}

/* ---- panels ---- */

enum { PANELS = 3, TEXTS = 24 }; /* texts in each */

/* Points along the walls of each panel, with long texts "0-..." to "2-...". */
static struct figure *make_panels(void)
{
    struct figure *f = figure_new("panels");
    struct series *s;

    f->map = true;
    f->x.low = -0.5;
    f->x.high = PANELS - 0.5;
    for (int k = 0; k < PANELS; k++)
        axis_add_name(&f->x, k, "a panel");
    s = figure_add(f, "points", SERIES_POINTS, 0);
    for (int i = 0; i < PANELS * TEXTS; i++) {
        double x = i / TEXTS + (i % 2 ? 0.48 : -0.48), y = 0.7 * (i % TEXTS) / TEXTS;
        char *text = xasprintf("%d-%s", i / TEXTS, "as long a name");

        series_add(s, x, y);
        figure_add_text(f, x, y, text, 0);
        free(text);
    }
    return f;
}

/* Texts that lie, from where they begin or end, in another panel than their own. */
static int count_strayed(const char *script)
{
    int strayed = 0;

    for (const char *at = script; (at = strstr(at, "set label '")); at += 11) {
        const char *place = strstr(at, "at graph ");
        double x = place ? strtod(place + strlen("at graph "), NULL) : -1;

        strayed += (int)(x * PANELS) != at[11] - '0';
    }
    return strayed;
}

/* Walls stand between them, nothing reaches over these, and all are as wide. */
/* Groups of points for `series` models, of so many tables. */
static struct figure *groups_of(int tables, int models)
{
    struct figure *f = figure_new("b");

    for (int m = 0; m < models; m++) {
        char name[] = {(char)('A' + m), '\0'};
        struct series *s = figure_add(f, name, SERIES_POINTS, m);

        for (int k = 0; k < tables; k++)
            series_add_reach(s, k + 1 + m / 10.0, 0.5, m == 0 ? NAN : 0.25);
    }
    for (int k = 0; k < tables; k++)
        axis_add_name(&f->x, k + 1, "table");
    f->groups = true;
    f->x.low = 0.5;
    f->x.high = tables + 0.5;
    return f;
}

static void points_reach_up_and_down(void)
{
    struct figure *f = groups_of(2, 2);
    char *text = script_of(f, (struct plot_look){.format = PLOT_PNG}, NULL, NULL);
    struct str data = {0};

    gnuplot_data(&data, f);
    check_str(str_text(&data), "1 0.5 0\n2 0.5 0\n\n\n1.1 0.5 0.25\n2.1 0.5 0.25\n\n\n");
    check(has(text, "index 0 using 1:2:3 with yerrorbars ls 1 lw 1.2 dt 1 title 'A', "));
    check(has(text, "set arrow from 1.5,0.24 to 1.5,0.76 nohead"));
    check(!has(text, "set arrow from 2.5"));
    check(has(text, "size 1000,625"));
    str_done(&data);
    free(text);
    text = script_of(f, (struct plot_look){.format = PLOT_TEXT}, NULL, NULL);
    check(has(text, "index 0 using 1:2 with points ls 1 title 'A', \\\n"));
    free(text);
    figure_free(f);
    f = groups_of(20, 8);
    text = script_of(f, (struct plot_look){.format = PLOT_PNG}, NULL, NULL);
    check(has(text, "size 2910,873")); /* (8 + 2) * 13 pixels each, axes and legend */
    free(text);
    figure_free(f);
}

static void panels_stand_beside_each_other(void)
{
    static const enum plot_format formats[] = {PLOT_SVG, PLOT_PNG, PLOT_TEXT};
    struct figure *f = make_panels();

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char *script = script_of(f, (struct plot_look){.format = formats[i]}, NULL, NULL);

        check(has(script, "set xrange [-0.5:2.5]"));
        check(has(script, "set arrow from 0.5,") && has(script, "set arrow from 1.5,"));
        check(!has(script, "set arrow from 2.5,"));
        check(has(script, "'a panel' 0, 'a panel' 1, 'a panel' 2)"));
        check(has(script, "set label '0-") && has(script, "set label '2-"));
        check_int(count_strayed(script), 0);
        free(script);
    }
    figure_free(f);
}

/* ---- labels ---- */

static bool covers(const struct label *a, const struct label *b)
{
    return a->left < b->left + b->width && b->left < a->left + a->width &&
           a->bottom < b->bottom + b->height && b->bottom < a->bottom + a->height;
}

/* Of n points on a field of 1000 x 700; returns how many of the texts have a place. */
static int place_many(size_t n, int *collisions)
{
    struct label *labels = xcalloc(n, sizeof(*labels));
    struct rng r = rng_make(1, RNG_TEST, 0);
    int placed = 0;

    *collisions = 0;
    for (size_t i = 0; i < n; i++)
        labels[i] = (struct label){.x = (double)rng_below(&r, 1000),
                                   .y = (double)rng_below(&r, 700),
                                   .width = 40 + (double)rng_below(&r, 80),
                                   .height = 12};
    labels_place(labels, n, 1000, 700, 4);
    for (size_t i = 0; i < n; i++) {
        const struct label *l = &labels[i];

        if (!l->placed)
            continue;
        placed++;
        *collisions += l->left < 0 || l->left + l->width > 1000 || l->bottom < 0 ||
                       l->bottom + l->height > 700;
        for (size_t k = 0; k < n; k++) {
            *collisions += k < i && labels[k].placed && covers(l, &labels[k]);
            *collisions += labels[k].x > l->left && labels[k].x < l->left + l->width &&
                           labels[k].y > l->bottom && labels[k].y < l->bottom + l->height;
        }
    }
    free(labels);
    return placed;
}

static void labels_never_overlap(void)
{
    int collisions;

    check_int(place_many(3, &collisions), 3);
    check_int(collisions, 0);
    check(place_many(200, &collisions) >= 160);
    check_int(collisions, 0);
    check(place_many(1000, &collisions) >= 100);
    check_int(collisions, 0);
}

/* ---- the child ---- */

/* Puts a shell script in gnuplot's place, alone in PATH beside the usual folders. */
static void pretend(const char *script)
{
    int fd = open("unit_plot.dir/gnuplot", O_CREAT | O_WRONLY | O_TRUNC, 0755);

    check(write(fd, script, strlen(script)) == (ssize_t)strlen(script));
    close(fd);
}

static enum step run_child(const char *input, int seconds, struct str *output,
                           struct error *err)
{
    struct gnuplot *g = gnuplot_new(input, strlen(input), seconds, err);
    enum step step = STEP_FAILED;

    while (g && (step = gnuplot_step(g, 100, err)) == STEP_MORE)
        ;
    if (g)
        str_add(output, str_text(gnuplot_output(g)), gnuplot_output(g)->length);
    gnuplot_free(g);
    return step;
}

static void check_fails(const char *script, int seconds, const char *sentence)
{
    struct str output = {0};
    struct error err = {0};

    pretend(script);
    check_int(run_child("plot x\n", seconds, &output, &err), STEP_FAILED);
    if (!has(err.text, sentence))
        check_str(err.text, sentence);
    check_int(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left to be waited for */
    str_done(&output);
}

static void what_goes_in_comes_out(void)
{
    struct str output = {0}, large = {0};
    struct error err = {0};

    pretend("#!/bin/sh\n[ \"$*\" = '-d -' ] || exit 3\n[ -z \"$GNUTERM\" ] || exit 4\n"
            "cat\n");
    setenv("GNUTERM", "x11", 1);
    while (large.length < 1000000)
        str_printf(&large, "%zu\n", large.length);
    check_int(run_child(large.text, 60, &output, &err), STEP_DONE);
    check_str(err.text, "");
    check_int(output.length, large.length);
    check(strcmp(str_text(&output), large.text) == 0);
    unsetenv("GNUTERM");
    str_done(&output);
    str_done(&large);
}

static void failures_are_told(void)
{
    check_fails("#!/bin/sh\n"
                "printf '\\n   ^\\n\"-\", line 3: undefined \\033[1mx\\n' >&2\nexit 1\n", 60,
                "gnuplot failed: \"-\", line 3: undefined ^[[1mx");
    check_fails("#!/bin/sh\nexit 0\n", 60, "gnuplot drew nothing and said nothing");
    check_fails("#!/bin/sh\nkill -9 $$\n", 60,
                "gnuplot was ended by signal 9 (Killed) and said nothing");
    check_fails("#!/bin/sh\nyes oh | head -c 2000000 >&2\nexit 1\n", 60,
                "gnuplot failed: oh");
    check_fails("#!/bin/sh\ncat /dev/zero\n", 60, "gnuplot made more than 64 MB");
}

/* Neither one that hangs, nor one that leaves a child behind which holds its pipes. */
static void a_deadline_ends_it(void)
{
    struct str output = {0};
    struct error err = {0};

    check_fails("#!/bin/sh\ntrap '' TERM INT\nwhile :; do sleep 1; done\n", 1,
                "gnuplot was not done after 1 s and was ended");
    check_fails("#!/bin/sh\nexec > /dev/null 2>&1\nsleep 1000\n", 1,
                "gnuplot was not done after 1 s and was ended");
    pretend("#!/bin/sh\nsleep 1000 &\necho done\n");
    check_int(run_child("", 60, &output, &err), STEP_DONE);
    check_str(str_text(&output), "done\n");
    str_done(&output);
}

static void without_it_there_is_a_sentence(void)
{
    struct str output = {0};
    struct error err = {0};

    unlink("unit_plot.dir/gnuplot");
    setenv("PATH", "unit_plot.dir", 1);
    check_int(run_child("", 60, &output, &err), STEP_FAILED);
    check_str(err.text, "gnuplot, which draws figures, is not installed; on Debian `apt "
                        "install gnuplot-nox` brings it");
    str_done(&output);
}

static void answers_are_read(void)
{
    struct gnuplot_facts f = {0};
    struct error err = {0};

    check(gnuplot_facts_read(&f, "5.4\n canvas pdfcairo png pngcairo sixelgd \n", &err));
    check(f.version == 504 && f.cairo && f.sixel && !f.block);
    check(gnuplot_facts_read(&f, "6.0\n block png \n", &err));
    check(f.version == 600 && !f.cairo && !f.sixel && f.block);
    check(!gnuplot_facts_read(&f, "4.6\n png \n", &err));
    check_str(err.text, "gnuplot 4.6 is too old for these figures: 5.0 or a newer one is "
                        "needed");
    check(!gnuplot_facts_read(&f, "hello\n", &err));
    check(!gnuplot_facts_read(&f, "", &err));
    check(!gnuplot_facts_read(&f, "5", &err));
    check_int(f.version, 600);
}

static void whole_pictures_are_told_from_cut_ones(void)
{
    struct str text = {0};

    str_puts(&text, "<?xml version=\"1.0\"?><svg></svg>\n\n");
    check(gnuplot_is_whole(PLOT_SVG, &text));
    check(!gnuplot_is_whole(PLOT_PNG, &text));
    text.length -= 6;
    check(!gnuplot_is_whole(PLOT_SVG, &text));
    str_clear(&text);
    check(!gnuplot_is_whole(PLOT_SVG, &text));
    str_puts(&text, " \n\f\n");
    check(!gnuplot_is_whole(PLOT_TEXT, &text));
    str_puts(&text, "x\n");
    check(gnuplot_is_whole(PLOT_TEXT, &text));
    str_done(&text);
}

int main(void)
{
    char *path = xasprintf("unit_plot.dir:%s", getenv("PATH"));

    signal(SIGPIPE, SIG_IGN);
    mkdir("unit_plot.dir", 0755);
    test_run(texts_are_quoted);
    test_run(long_texts_are_cut);
    test_run(any_bytes_make_one_string);
    test_run(formats_and_files_are_quoted);
    test_run(gaps_break_lines_and_series_stand_apart);
    test_run(a_script_holds_all_it_needs);
    test_run(a_kept_script_names_its_files);
    test_run(terminals_are_those_it_has);
    test_run(matrices_are_maps_or_numbers);
    test_run(names_stand_where_they_have_room);
    test_run(so_do_those_of_matrices);
    test_run(points_reach_up_and_down);
    test_run(panels_stand_beside_each_other);
    test_run(legends_have_room_beside_maps);
    test_run(texts_are_told_from_the_ground);
    test_run(points_are_told_from_the_ground);
    test_run(only_shadows_are_faint);
    test_run(scales_have_a_range);
    test_run(labels_never_overlap);
    setenv("PATH", path, 1);
    test_run(what_goes_in_comes_out);
    test_run(failures_are_told);
    test_run(a_deadline_ends_it);
    test_run(without_it_there_is_a_sentence);
    test_run(answers_are_read);
    test_run(whole_pictures_are_told_from_cut_ones);
    rmdir("unit_plot.dir");
    free(path);
    return test_done();
}
