/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/number.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { MAX_NUMBER = 512 }; /* bytes; a longer text is not taken for a number */

static const double too_big = 9007199254740992.0; /* 2^53; its neighbour reads as it */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct cell trim(struct cell c)
{
    while (c.length > 0 && is_blank(c.text[0])) {
        c.text++;
        c.length--;
    }
    while (c.length > 0 && is_blank(c.text[c.length - 1]))
        c.length--;
    return c;
}

/* Digits at *p, which is moved behind them. */
static size_t skip_digits(const char **p, const char *end)
{
    const char *start = *p;

    while (*p < end && **p >= '0' && **p <= '9')
        ++*p;
    return (size_t)(*p - start);
}

struct shape {
    bool whole;  /* neither decimal sign nor exponent */
    long comma;  /* place of the decimal sign that has to become a point, or -1 */
};

/* sign? digits? (decimal digits?)? (e sign? digits)?, without leading zeros. */
static bool match_shape(struct cell c, int decimal, struct shape *shape)
{
    const char *p = c.text, *end = c.text + c.length;
    size_t whole, fraction = 0;

    if (p < end && (*p == '+' || *p == '-'))
        p++;
    if (end - p > 1 && p[0] == '0' && p[1] >= '0' && p[1] <= '9')
        return false;
    whole = skip_digits(&p, end);
    *shape = (struct shape){.whole = true, .comma = -1};
    if (p < end && *p == decimal) {
        shape->whole = false;
        if (decimal != '.')
            shape->comma = p - c.text;
        p++;
        fraction = skip_digits(&p, end);
    }
    if (whole + fraction == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        shape->whole = false;
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (skip_digits(&p, end) == 0)
            return false;
    }
    return p == end;
}

static bool equals_word(struct cell c, const char *word)
{
    return c.length == strlen(word) && strncasecmp(c.text, word, c.length) == 0;
}

/* The ways in which C libraries and spreadsheets write what is no number. */
static bool is_nonfinite_word(struct cell c)
{
    static const char *const words[] = {"inf",    "infinity", "nan",     "1.#inf",
                                        "1.#ind", "1.#qnan",  "1.#snan", "1.#infinity"};

    if (c.length > 0 && (c.text[0] == '+' || c.text[0] == '-')) {
        c.text++;
        c.length--;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (equals_word(c, words[i]))
            return true;
    return c.length > 4 && strncasecmp(c.text, "nan(", 4) == 0 &&
           c.text[c.length - 1] == ')';
}

static bool convert(struct cell c, const struct shape *shape, double *x)
{
    char copy[MAX_NUMBER];

    if (shape->comma < 0)
        return str_to_double(c.text, c.length, x);
    memcpy(copy, c.text, c.length);
    copy[shape->comma] = '.';
    return str_to_double(copy, c.length, x);
}

enum number number_read(struct cell cell, int decimal, double *out)
{
    struct cell c = trim(cell);
    struct shape shape;
    double x;

    if (c.length == 0 || c.length > MAX_NUMBER)
        return NUMBER_NONE;
    if (!match_shape(c, decimal, &shape))
        return is_nonfinite_word(c) ? NUMBER_NONFINITE : NUMBER_NONE;
    if (!convert(c, &shape, &x))
        return NUMBER_NONE;
    if (shape.whole && fabs(x) >= too_big)
        return NUMBER_NONE;
    if (!isfinite(x))
        return NUMBER_NONFINITE;
    *out = x;
    return NUMBER_FINITE;
}

bool number_parse(struct cell cell, int decimal, double *out)
{
    return number_read(cell, decimal, out) == NUMBER_FINITE;
}
