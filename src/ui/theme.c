/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A theme is written in the sixteen colours that every terminal has and that its owner
 * may have chosen; curves and heat have further colours of their own where there are 256.
 * A theme that promises contrasts cannot leave those sixteen to the terminal: it names
 * their stand-ins among the fixed ones.
 */
#include "ui/theme.h"

#include <string.h>

enum { SERIES = ROLE_SERIES_8 - ROLE_SERIES_1 + 1, HEATS = ROLE_HEAT_15 - ROLE_HEAT_0 + 1,
       PLAIN_ROLES = ROLE_SERIES_1 };

enum { BOLD = ATTRIBUTE_BOLD, DIM = ATTRIBUTE_DIM, REVERSE = ATTRIBUTE_REVERSE,
       UNDERLINE = ATTRIBUTE_UNDERLINE };

struct theme {
    const char *name;
    const struct look *looks;      /* (PLAIN_ROLES) in sixteen colours */
    const short *fixed;            /* (16) their stand-ins where there are 256, or NULL */
    const short *series;           /* (SERIES) of 256 */
    const short *series_16;
    const short *heat;             /* (HEATS) of 256, from dark to light */
    bool heat_falls;               /* most is dark: the background is light */
    int background;                /* -1: the terminal's own */
};

const char theme_choices[] = "dark|light|mono|deut|contrast";

/* ---- without colours ---- */

static const struct look mono_looks[PLAIN_ROLES] = {
    [ROLE_TEXT] = {-1, -1, 0},
    [ROLE_DIM] = {-1, -1, DIM},
    [ROLE_STRONG] = {-1, -1, BOLD},
    [ROLE_BORDER] = {-1, -1, DIM},
    [ROLE_FOCUS] = {-1, -1, BOLD},
    [ROLE_TITLE] = {-1, -1, 0},
    [ROLE_TAB] = {-1, -1, 0},
    [ROLE_TAB_ON] = {-1, -1, BOLD | REVERSE},
    [ROLE_KEY] = {-1, -1, BOLD},
    [ROLE_STATUS] = {-1, -1, REVERSE},
    [ROLE_CURSOR] = {-1, -1, REVERSE},
    [ROLE_CURSOR_OFF] = {-1, -1, UNDERLINE},
    [ROLE_SELECTED] = {-1, -1, BOLD | REVERSE},
    [ROLE_MATCH] = {-1, -1, REVERSE | UNDERLINE},
    [ROLE_GOOD] = {-1, -1, BOLD},
    [ROLE_WARNING] = {-1, -1, BOLD | UNDERLINE},
    [ROLE_ERROR] = {-1, -1, BOLD | REVERSE | UNDERLINE},
    [ROLE_TARGET] = {-1, -1, BOLD},
};

/* ---- in colours ---- */

static const struct look dark_looks[PLAIN_ROLES] = {
    [ROLE_TEXT] = {-1, -1, 0},
    [ROLE_DIM] = {-1, -1, DIM},
    [ROLE_STRONG] = {-1, -1, BOLD},
    [ROLE_BORDER] = {-1, -1, DIM},
    [ROLE_FOCUS] = {14, -1, BOLD},
    [ROLE_TITLE] = {-1, -1, 0},
    [ROLE_TAB] = {-1, -1, 0},
    [ROLE_TAB_ON] = {14, -1, BOLD | REVERSE},
    [ROLE_KEY] = {14, -1, 0},
    [ROLE_STATUS] = {-1, -1, REVERSE},
    [ROLE_CURSOR] = {14, -1, REVERSE},
    [ROLE_CURSOR_OFF] = {14, -1, UNDERLINE},
    [ROLE_SELECTED] = {15, 4, BOLD},
    [ROLE_MATCH] = {11, -1, REVERSE | UNDERLINE},
    [ROLE_GOOD] = {10, -1, 0},
    [ROLE_WARNING] = {11, -1, BOLD},
    [ROLE_ERROR] = {9, -1, BOLD | REVERSE},
    [ROLE_TARGET] = {13, -1, BOLD},
};

static const struct look light_looks[PLAIN_ROLES] = {
    [ROLE_TEXT] = {-1, -1, 0},
    [ROLE_DIM] = {-1, -1, DIM},
    [ROLE_STRONG] = {-1, -1, BOLD},
    [ROLE_BORDER] = {-1, -1, DIM},
    [ROLE_FOCUS] = {4, -1, BOLD},
    [ROLE_TITLE] = {-1, -1, 0},
    [ROLE_TAB] = {-1, -1, 0},
    [ROLE_TAB_ON] = {4, -1, BOLD | REVERSE},
    [ROLE_KEY] = {4, -1, 0},
    [ROLE_STATUS] = {-1, -1, REVERSE},
    [ROLE_CURSOR] = {4, -1, REVERSE},
    [ROLE_CURSOR_OFF] = {4, -1, UNDERLINE},
    [ROLE_SELECTED] = {0, 6, BOLD},
    [ROLE_MATCH] = {0, 11, UNDERLINE},
    [ROLE_GOOD] = {2, -1, 0},
    [ROLE_WARNING] = {1, -1, BOLD},
    [ROLE_ERROR] = {1, -1, BOLD | REVERSE},
    [ROLE_TARGET] = {5, -1, BOLD},
};

/* Blue for good and orange for bad, never green beside red. */
static const struct look deut_looks[PLAIN_ROLES] = {
    [ROLE_TEXT] = {-1, -1, 0},
    [ROLE_DIM] = {-1, -1, DIM},
    [ROLE_STRONG] = {-1, -1, BOLD},
    [ROLE_BORDER] = {-1, -1, DIM},
    [ROLE_FOCUS] = {12, -1, BOLD},
    [ROLE_TITLE] = {-1, -1, 0},
    [ROLE_TAB] = {-1, -1, 0},
    [ROLE_TAB_ON] = {12, -1, BOLD | REVERSE},
    [ROLE_KEY] = {12, -1, 0},
    [ROLE_STATUS] = {-1, -1, REVERSE},
    [ROLE_CURSOR] = {12, -1, REVERSE},
    [ROLE_CURSOR_OFF] = {12, -1, UNDERLINE},
    [ROLE_SELECTED] = {15, 4, BOLD},
    [ROLE_MATCH] = {11, -1, REVERSE | UNDERLINE},
    [ROLE_GOOD] = {12, -1, 0},
    [ROLE_WARNING] = {11, -1, BOLD},
    [ROLE_ERROR] = {9, -1, BOLD | REVERSE},
    [ROLE_TARGET] = {15, -1, BOLD | UNDERLINE},
};

static const struct look contrast_looks[PLAIN_ROLES] = {
    [ROLE_TEXT] = {15, 0, 0},
    [ROLE_DIM] = {7, 0, 0},
    [ROLE_STRONG] = {15, 0, BOLD},
    [ROLE_BORDER] = {7, 0, 0},
    [ROLE_FOCUS] = {11, 0, BOLD},
    [ROLE_TITLE] = {15, 0, 0},
    [ROLE_TAB] = {15, 0, 0},
    [ROLE_TAB_ON] = {0, 11, BOLD},
    [ROLE_KEY] = {14, 0, BOLD},
    [ROLE_STATUS] = {0, 15, 0},
    [ROLE_CURSOR] = {0, 11, 0},
    [ROLE_CURSOR_OFF] = {15, 0, UNDERLINE},
    [ROLE_SELECTED] = {0, 15, BOLD},
    [ROLE_MATCH] = {0, 14, UNDERLINE},
    [ROLE_GOOD] = {10, 0, 0},
    [ROLE_WARNING] = {11, 0, BOLD | UNDERLINE},
    [ROLE_ERROR] = {0, 9, BOLD},
    [ROLE_TARGET] = {13, 0, BOLD},
};

static const short deut_fixed[16] = {16, 202, 36, 214, 25, 163, 75, 252,
                                     244, 208, 158, 227, 75, 219, 159, 231};
static const short contrast_fixed[16] = {16, 203, 120, 226, 75, 213, 51, 253,
                                         250, 210, 120, 226, 117, 219, 51, 231};

static const short dark_series[SERIES] = {75, 214, 114, 211, 228, 141, 80, 180};
static const short dark_series_16[SERIES] = {14, 11, 13, 10, 12, 9, 15, 6};
static const short light_series[SERIES] = {25, 166, 28, 161, 94, 55, 30, 240};
static const short light_series_16[SERIES] = {4, 1, 2, 5, 6, 3, 0, 8};
/* as far apart as can be for dichromats too: see unit_theme */
static const short deut_series[SERIES] = {75, 214, 158, 163, 228, 63, 143, 29};
static const short deut_series_16[SERIES] = {12, 11, 15, 13, 14, 9, 7, 5};
static const short contrast_series[SERIES] = {231, 226, 75, 203, 175, 208, 228, 223};
static const short contrast_series_16[SERIES] = {15, 11, 14, 13, 10, 9, 7, 6};

/* navy, blue, teal, green, yellow: each lighter than the one before, as are the greys */
static const short blue_yellow[HEATS] = {17, 18, 19, 24, 25, 61, 31, 67,
                                         36, 73, 114, 150, 185, 221, 192, 228};
static const short greys[HEATS] = {16, 233, 235, 237, 239, 241, 243, 245,
                                   246, 247, 249, 250, 252, 253, 255, 231};
static const short heat_16[HEATS] = {0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 6, 6, 6, 11, 11, 11};
static const short heat_8[HEATS] = {0, 0, 0, 0, 4, 4, 4, 4, 6, 6, 6, 6, 3, 3, 3, 3};

enum { FIRST_DARK_TEXT = 6 /* of blue_yellow and greys */, FIRST_DARK_TEXT_16 = 7,
       FIRST_DARK_TEXT_8 = 8 };

static const struct theme themes[] = {
    {"dark", dark_looks, NULL, dark_series, dark_series_16, blue_yellow, false, -1},
    {"light", light_looks, NULL, light_series, light_series_16, blue_yellow, true, -1},
    {"mono", NULL, NULL, NULL, NULL, NULL, false, -1},
    {"deut", deut_looks, deut_fixed, deut_series, deut_series_16, blue_yellow, false, -1},
    {"contrast", contrast_looks, contrast_fixed, contrast_series, contrast_series_16,
     greys, false, 0},
};

const struct theme *theme_find(const char *name)
{
    for (size_t i = 0; i < sizeof themes / sizeof themes[0]; i++)
        if (strcmp(themes[i].name, name) == 0)
            return &themes[i];
    return NULL;
}

/* ---- from role to look ---- */

/* The same order as the glyphs that stand there. */
static struct look mono_heat(int step)
{
    static const unsigned attributes[4] = {DIM, 0, BOLD, BOLD | REVERSE};

    return (struct look){-1, -1, attributes[step * 4 / HEATS]};
}

static struct look mono_look(enum role role)
{
    if (role >= ROLE_HEAT_0)
        return mono_heat(role - ROLE_HEAT_0);
    return role < ROLE_SERIES_1 ? mono_looks[role] : (struct look){-1, -1, 0};
}

/* Text in black or white upon the colour of the step. */
static struct look heat_look(const struct theme *t, int step, int colours)
{
    int at = t->heat_falls ? HEATS - 1 - step : step;

    if (colours >= 256)
        return (struct look){at < FIRST_DARK_TEXT ? 231 : 16, t->heat[at], 0};
    if (colours >= 16)
        return (struct look){at < FIRST_DARK_TEXT_16 ? 15 : 0, heat_16[at], 0};
    return (struct look){at < FIRST_DARK_TEXT_8 ? 7 : 0, heat_8[at], 0};
}

static struct look series_look(const struct theme *t, int i, int colours)
{
    if (colours >= 256)
        return (struct look){t->series[i], (short)(t->background < 0 ? -1 : 16), 0};
    return (struct look){t->series_16[i], (short)t->background, 0};
}

/* Bright ones become bold; grey, which would be black, becomes dim. */
static struct look in_eight(struct look l)
{
    if (l.foreground == 8) {
        l.foreground = -1;
        l.attributes |= DIM;
    } else if (l.foreground > 8) {
        l.foreground = (short)(l.foreground - 8);
        l.attributes |= BOLD;
    }
    if (l.background >= 8)
        l.background = (short)(l.background - 8);
    return l;
}

static struct look in_fixed(const short *fixed, struct look l)
{
    if (l.foreground >= 0)
        l.foreground = fixed[l.foreground];
    if (l.background >= 0)
        l.background = fixed[l.background];
    return l;
}

bool theme_has_colours(const struct theme *t, int colours)
{
    return colours >= 8 && t->looks;
}

struct look theme_look(const struct theme *t, enum role role, int colours)
{
    struct look l;

    if (!theme_has_colours(t, colours))
        return mono_look(role);
    if (role >= ROLE_HEAT_0)
        return heat_look(t, role - ROLE_HEAT_0, colours);
    if (role < ROLE_SERIES_1)
        l = t->looks[role];
    else
        l = series_look(t, role - ROLE_SERIES_1, colours);
    if (colours >= 256)
        return t->fixed && role < ROLE_SERIES_1 ? in_fixed(t->fixed, l) : l;
    return colours >= 16 ? l : in_eight(l);
}
