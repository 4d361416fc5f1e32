/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks are measured, not believed: lightness is that of CIELAB, contrast that of WCAG 2,
 * and what the colour-blind see is simulated with the matrices of Machado, Oliveira and
 * Fernandes (2009) for a severity of 1.
 */
#include "ui/theme.h"

#include "test.h"

enum { MAX_THEMES = 8 };

static const int colour_counts[] = {0, 8, 16, 256, 16777216};

struct names {
    char text[64];
    const char *names[MAX_THEMES];
    int n;
};

static void take_names(struct names *out)
{
    char *rest = out->text;

    out->n = 0;
    snprintf(out->text, sizeof out->text, "%s", theme_choices);
    for (char *name; (name = strsep(&rest, "|")) != NULL && out->n < MAX_THEMES;)
        out->names[out->n++] = name;
}

/* ---- colours ---- */

struct rgb {
    double r, g, b; /* linear light */
};

struct lab {
    double l, a, b;
};

static double to_linear(int value)
{
    double c = value / 255.0;

    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* As xterm has them. */
static struct rgb rgb_of(int i)
{
    static const unsigned char own[16][3] = {
        {0, 0, 0}, {205, 0, 0}, {0, 205, 0}, {205, 205, 0}, {0, 0, 238}, {205, 0, 205},
        {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0}, {0, 255, 0},
        {255, 255, 0}, {92, 92, 255}, {255, 0, 255}, {0, 255, 255}, {255, 255, 255}};
    static const int levels[6] = {0, 95, 135, 175, 215, 255};
    int grey = 8 + 10 * (i - 232), cube = i - 16;

    if (i < 16)
        return (struct rgb){to_linear(own[i][0]), to_linear(own[i][1]),
                            to_linear(own[i][2])};
    if (i >= 232)
        return (struct rgb){to_linear(grey), to_linear(grey), to_linear(grey)};
    return (struct rgb){to_linear(levels[cube / 36]), to_linear(levels[cube / 6 % 6]),
                        to_linear(levels[cube % 6])};
}

static double luminance(struct rgb c)
{
    return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
}

static double lab_root(double t)
{
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

static struct lab lab_of(struct rgb c)
{
    double x = lab_root((0.4124 * c.r + 0.3576 * c.g + 0.1805 * c.b) / 0.9505);
    double y = lab_root(luminance(c));
    double z = lab_root((0.0193 * c.r + 0.1192 * c.g + 0.9505 * c.b) / 1.0890);

    return (struct lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

static double lightness(int colour)
{
    return lab_of(rgb_of(colour)).l;
}

static double contrast(int a, int b)
{
    double y = luminance(rgb_of(a)), z = luminance(rgb_of(b));

    return (fmax(y, z) + 0.05) / (fmin(y, z) + 0.05);
}

enum sight { SIGHT_FULL, SIGHT_NO_GREEN, SIGHT_NO_RED, SIGHTS };

static double within_1(double x)
{
    return fmin(fmax(x, 0), 1);
}

static struct rgb seen(struct rgb c, enum sight sight)
{
    static const double matrices[SIGHTS][9] = {
        {1, 0, 0, 0, 1, 0, 0, 0, 1},
        {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940,
         0.968881},
        {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882,
         -0.048116, 1.051998}};
    const double *m = matrices[sight];

    return (struct rgb){within_1(m[0] * c.r + m[1] * c.g + m[2] * c.b),
                        within_1(m[3] * c.r + m[4] * c.g + m[5] * c.b),
                        within_1(m[6] * c.r + m[7] * c.g + m[8] * c.b)};
}

static double distance(int a, int b, enum sight sight)
{
    struct lab p = lab_of(seen(rgb_of(a), sight)), q = lab_of(seen(rgb_of(b), sight));

    return sqrt((p.l - q.l) * (p.l - q.l) + (p.a - q.a) * (p.a - q.a) +
                (p.b - q.b) * (p.b - q.b));
}

/* What is seen as text and as its ground, where the terminal's own are these. */
static void sides(struct look l, int own_text, int own_ground, int *text, int *ground)
{
    int f = l.foreground < 0 ? own_text : l.foreground;
    int b = l.background < 0 ? own_ground : l.background;
    bool reverse = l.attributes & ATTRIBUTE_REVERSE;

    *text = reverse ? b : f;
    *ground = reverse ? f : b;
}

/* ---- tests ---- */

static void names_are_found(void)
{
    struct names names;

    take_names(&names);
    check_int(names.n, 5);
    for (int i = 0; i < names.n; i++)
        check(theme_find(names.names[i]) != NULL);
    check(theme_find("") == NULL);
    check(theme_find("dark|light") == NULL);
    check(theme_find("Dark") == NULL);
}

static void check_look(const char *name, struct look l, int role, int colours)
{
    bool ok = l.foreground >= -1 && l.background >= -1 && l.foreground < 256 &&
              l.background < 256 && l.attributes < 16;

    if (colours < 256)
        ok = ok && l.foreground < colours && l.background < colours;
    if (l.foreground >= 0 && l.foreground == l.background)
        ok = false;
    if (!ok)
        printf("# %s, role %d, %d colours: %d on %d, %u\n", name, role, colours,
               l.foreground, l.background, l.attributes);
    check(ok);
}

static void every_role_has_a_look(void)
{
    struct names names;

    take_names(&names);
    for (int i = 0; i < names.n; i++)
        for (size_t k = 0; k < sizeof colour_counts / sizeof colour_counts[0]; k++)
            for (int role = 0; role < ROLES; role++)
                check_look(names.names[i],
                           theme_look(theme_find(names.names[i]), (enum role)role,
                                      colour_counts[k]), role, colour_counts[k]);
}

static bool same_look(struct look a, struct look b)
{
    return a.foreground == b.foreground && a.background == b.background &&
           a.attributes == b.attributes;
}

/* With colours, and without: what has to be told apart is. */
static void states_are_told_apart(void)
{
    static const enum role states[] = {ROLE_TEXT, ROLE_DIM, ROLE_FOCUS, ROLE_CURSOR,
                                       ROLE_CURSOR_OFF, ROLE_SELECTED, ROLE_MATCH,
                                       ROLE_WARNING, ROLE_ERROR};
    enum { N = sizeof states / sizeof states[0] };
    struct names names;

    take_names(&names);
    for (int i = 0; i < names.n; i++) {
        const struct theme *t = theme_find(names.names[i]);

        for (size_t k = 0; k < sizeof colour_counts / sizeof colour_counts[0]; k++) {
            for (int a = 0; a < N; a++)
                for (int b = a + 1; b < N; b++)
                    check(!same_look(theme_look(t, states[a], colour_counts[k]),
                                     theme_look(t, states[b], colour_counts[k])));
            check(!same_look(theme_look(t, ROLE_TAB, colour_counts[k]),
                             theme_look(t, ROLE_TAB_ON, colour_counts[k])));
            check(!same_look(theme_look(t, ROLE_BORDER, colour_counts[k]),
                             theme_look(t, ROLE_FOCUS, colour_counts[k])));
        }
    }
}

static void without_colours_there_are_none(void)
{
    struct names names;

    take_names(&names);
    for (int i = 0; i < names.n; i++)
        for (int role = 0; role < ROLES; role++) {
            struct look l = theme_look(theme_find(names.names[i]), (enum role)role, 0);

            check_int(l.foreground, -1);
            check_int(l.background, -1);
        }
    check_int(theme_look(theme_find("mono"), ROLE_ERROR, 256).foreground, -1);
}

static int weight(struct look l)
{
    return (l.attributes & ATTRIBUTE_DIM ? -1 : 0) +
           (l.attributes & ATTRIBUTE_BOLD ? 1 : 0) +
           (l.attributes & ATTRIBUTE_REVERSE ? 2 : 0);
}

/* From least to most the heat scale only ever becomes lighter, or only ever darker. */
static void heat_is_monotone_in_lightness(void)
{
    struct names names;

    take_names(&names);
    for (int i = 0; i < names.n; i++) {
        const struct theme *t = theme_find(names.names[i]);
        int sign = strcmp(names.names[i], "light") == 0 ? -1 : 1;

        for (int step = 1; step < 16; step++) {
            struct look now[4], before[4];

            for (int k = 0; k < 4; k++) {
                now[k] = theme_look(t, (enum role)(ROLE_HEAT_0 + step), colour_counts[k]);
                before[k] = theme_look(t, (enum role)(ROLE_HEAT_0 + step - 1),
                                       colour_counts[k]);
            }
            check(weight(now[0]) >= weight(before[0]));
            for (int k = 1; k < 4 && strcmp(names.names[i], "mono") != 0; k++)
                check(sign * (lightness(now[k].background) -
                              lightness(before[k].background)) >= (k == 3 ? 2 : 0));
        }
    }
}

static void numbers_on_heat_can_be_read(void)
{
    static const char *const coloured[] = {"dark", "light", "deut", "contrast"};

    for (int i = 0; i < 4; i++)
        for (int k = 1; k < 4; k++)
            for (int step = 0; step < 16; step++) {
                struct look l = theme_look(theme_find(coloured[i]),
                                           (enum role)(ROLE_HEAT_0 + step),
                                           colour_counts[k]);

                check(contrast(l.foreground, l.background) >= 4.5);
            }
}

/* Level AAA of WCAG 2 whatever the terminal's own colours are. */
static void contrast_keeps_its_word(void)
{
    const struct theme *t = theme_find("contrast");

    for (int role = 0; role < ROLE_HEAT_0; role++) {
        struct look l = theme_look(t, (enum role)role, 256);
        int text, ground;

        check(l.foreground >= 16 && l.background >= 16);
        sides(l, 0, 0, &text, &ground);
        if (!check(contrast(text, ground) >= 7))
            printf("# role %d: %.1f\n", role, contrast(text, ground));
    }
}

static void curves_stand_out(void)
{
    for (int i = 0; i < 8; i++) {
        enum role role = (enum role)(ROLE_SERIES_1 + i);

        check(contrast(theme_look(theme_find("dark"), role, 256).foreground, 16) >= 4.5);
        check(contrast(theme_look(theme_find("deut"), role, 256).foreground, 16) >= 4.5);
        check(contrast(theme_look(theme_find("light"), role, 256).foreground, 231) >=
              3.5);
    }
}

static void check_apart(const struct theme *t, enum role a, enum role b, double least)
{
    struct look p = theme_look(t, a, 256), q = theme_look(t, b, 256);

    for (int sight = 0; sight < SIGHTS; sight++) {
        double d = distance(p.foreground, q.foreground, (enum sight)sight);

        if (!check(d >= least))
            printf("# roles %d and %d, sight %d: %.1f\n", a, b, sight, d);
    }
}

/* 2.3 is what an eye can just tell. */
static void deut_can_be_told_apart_by_the_colour_blind(void)
{
    static const enum role meanings[] = {
        ROLE_GOOD, ROLE_WARNING, ROLE_ERROR, ROLE_TARGET};
    const struct theme *t = theme_find("deut");

    for (int i = 0; i < 8; i++)
        for (int k = i + 1; k < 8; k++)
            check_apart(t, (enum role)(ROLE_SERIES_1 + i), (enum role)(ROLE_SERIES_1 + k),
                        25);
    for (int i = 0; i < 4; i++)
        for (int k = i + 1; k < 4; k++)
            check_apart(t, meanings[i], meanings[k], 25);
}

int main(void)
{
    test_run(names_are_found);
    test_run(every_role_has_a_look);
    test_run(states_are_told_apart);
    test_run(without_colours_there_are_none);
    test_run(heat_is_monotone_in_lightness);
    test_run(numbers_on_heat_can_be_read);
    test_run(contrast_keeps_its_word);
    test_run(curves_stand_out);
    test_run(deut_can_be_told_apart_by_the_colour_blind);
    return test_done();
}
