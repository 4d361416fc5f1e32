/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 5 }; /* that numbers with decimals are written with */

/* Seconds from which on a date in brief has no day. */
static const double MONTHS = 90 * 86400.0;

static void trim_zeros(char *text)
{
    size_t n = strlen(text);

    if (!strchr(text, '.') || strchr(text, 'e'))
        return;
    while (text[n - 1] == '0')
        n--;
    text[text[n - 1] == '.' ? n - 1 : n] = '\0';
}

static void add_grouped(struct str *out, const char *text)
{
    size_t whole = strcspn(text, "."), from = text[0] == '-';

    for (size_t i = 0; text[i]; i++) {
        if (i > from && i < whole && (whole - i) % 3 == 0)
            str_putc(out, ',');
        str_putc(out, text[i]);
    }
}

void format_number(struct str *out, double x)
{
    char text[64];
    double size = fabs(x);
    int whole = size >= 1 ? (int)floor(log10(size)) + 1 : 1;

    if (!isfinite(x)) {
        str_putc(out, '-');
    } else if (size >= 1e15 || (size < 1e-4 && size > 0)) {
        str_printf(out, "%.*g", DIGITS - 1, x);
    } else if (x == floor(x)) {
        snprintf(text, sizeof(text), "%.0f", x);
        add_grouped(out, text);
    } else if (size < 1) {
        str_printf(out, "%.*g", DIGITS - 1, x);
    } else {
        snprintf(text, sizeof(text), "%.*f", whole < DIGITS ? DIGITS - whole : 0, x);
        trim_zeros(text);
        add_grouped(out, text);
    }
}

/* Three digits of x, which is below 1000. */
static void add_three(struct str *out, double x)
{
    char text[64];
    double size = fabs(x);

    snprintf(text, sizeof(text), "%.*f", size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2, x);
    trim_zeros(text);
    str_puts(out, text);
}

void format_short(struct str *out, double x)
{
    static const char marks[] = "kMGT";
    double size = fabs(x);
    int thousands = 0;

    if (!isfinite(x)) {
        str_putc(out, '-');
    } else if (size >= 999.5e12 || (size < 1e-2 && size > 0)) {
        str_printf(out, "%.*e", size < 1e-2 && size >= 1e-9 ? 1 : 0, x);
    } else if (size < 9999.5 && x == floor(x)) {
        str_printf(out, "%.0f", x);
    } else {
        for (; size >= 999.5; thousands++)
            size /= 1000;
        add_three(out, x < 0 ? -size : size);
        if (thousands > 0)
            str_putc(out, marks[thousands - 1]);
    }
}

void format_share(struct str *out, double share)
{
    double percent = 100 * share;

    if (isnan(share))
        str_putc(out, '-');
    else if (share <= 0)
        str_puts(out, "0%");
    else if (percent < 0.1)
        str_puts(out, "<0.1%");
    else if (share >= 1)
        str_puts(out, "100%");
    else
        str_printf(out, "%.1f%%", fmin(percent, 99.9));
}

/* The time of day matters where all lies within a few days. */
static void add_date(struct str *out, const struct profile *p, double x, bool brief)
{
    struct datetime t = datetime_of_seconds(x);
    bool dates = p->form != DATETIME_TIME;
    bool times = !dates || p->max - p->min < 3 * 86400.0;

    if (brief && dates && !times && p->max - p->min > MONTHS) {
        str_printf(out, "%04d-%02d", t.year, t.month);
        return;
    }
    if (dates)
        str_printf(out, "%04d-%02d-%02d%s", t.year, t.month, t.day, times ? " " : "");
    if (times)
        str_printf(out, "%02d:%02d", t.hour, t.minute);
    if (times && (t.second != 0 || p->max - p->min < 600))
        str_printf(out, ":%02d", t.second);
}

void format_value(struct str *out, const struct profile *p, double x, bool brief)
{
    if (p->form != DATETIME_NONE && isfinite(x))
        add_date(out, p, x, brief);
    else if (brief)
        format_short(out, x);
    else
        format_number(out, x);
}
