/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* Room for n more bytes and a NUL. */
static void reserve(struct str *s, size_t n)
{
    size_t wanted = s->length + n + 1;

    if (wanted <= s->capacity)
        return;
    if (wanted < 2 * s->capacity)
        wanted = 2 * s->capacity;
    s->text = xrealloc(s->text, wanted);
    s->capacity = wanted;
}

void str_add(struct str *s, const char *bytes, size_t n)
{
    reserve(s, n);
    if (n > 0)
        memcpy(s->text + s->length, bytes, n);
    s->length += n;
    s->text[s->length] = '\0';
}

void str_puts(struct str *s, const char *text)
{
    str_add(s, text, strlen(text));
}

void str_putc(struct str *s, char c)
{
    str_add(s, &c, 1);
}

void str_printf(struct str *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    str_vprintf(s, format, args);
    va_end(args);
}

void str_vprintf(struct str *s, const char *format, va_list args)
{
    va_list again;
    int n;

    va_copy(again, args);
    reserve(s, 0);
    n = vsnprintf(s->text + s->length, s->capacity - s->length, format, args);
    if (n >= 0 && (size_t)n >= s->capacity - s->length) {
        reserve(s, (size_t)n);
        n = vsnprintf(s->text + s->length, s->capacity - s->length, format, again);
    }
    va_end(again);
    if (n > 0)
        s->length += (size_t)n;
    s->text[s->length] = '\0';
}

void str_clear(struct str *s)
{
    s->length = 0;
    if (s->text)
        s->text[0] = '\0';
}

void str_done(struct str *s)
{
    free(s->text);
    *s = (struct str){0};
}

const char *str_text(const struct str *s)
{
    return s->text ? s->text : "";
}

/* "%.*g" with a point, whatever the locale has in its place. */
static void format_g(char *out, size_t size, double x, int digits)
{
    char raw[64];
    size_t n = 0;
    bool in_point = false;

    snprintf(raw, sizeof raw, "%.*g", digits, x);
    for (const char *p = raw; *p != '\0' && n + 1 < size; p++) {
        bool plain = strchr("0123456789+-e", *p) != NULL;

        if (plain)
            out[n++] = *p;
        else if (!in_point)
            out[n++] = '.';
        in_point = !plain;
    }
    out[n] = '\0';
}

void str_json_number(struct str *s, double x)
{
    char text[64];
    double back;

    if (!isfinite(x)) {
        str_puts(s, "null");
        return;
    }
    /* 15 digits hold every shorter text of a normal number; subnormal ones have fewer */
    for (int digits = fabs(x) < DBL_MIN ? 1 : DBL_DIG; digits <= 17; digits++) {
        format_g(text, sizeof text, x, digits);
        if (str_to_double(text, strlen(text), &back) && back == x)
            break;
    }
    str_puts(s, text);
}

static void put_json_byte(struct str *s, unsigned char c)
{
    static const char names[] = "btnvfr"; /* of 8..13 */

    if (c == '"' || c == '\\')
        str_printf(s, "\\%c", c);
    else if (c >= 8 && c <= 13 && c != 11)
        str_printf(s, "\\%c", names[c - 8]);
    else
        str_printf(s, "\\u%04x", c);
}

void str_json_string(struct str *s, const char *bytes, size_t n)
{
    size_t i = 0;

    str_putc(s, '"');
    while (i < n) {
        size_t start = i;

        while (i < n && bytes[i] >= 0x20 && bytes[i] < 0x7F && bytes[i] != '"' &&
               bytes[i] != '\\')
            i++;
        str_add(s, bytes + start, i - start);
        if (i == n)
            break;
        if ((unsigned char)bytes[i] < 0x80) {
            put_json_byte(s, (unsigned char)bytes[i++]);
        } else {
            int code, length = utf8_decode(bytes + i, n - i, &code);

            if (code < 0)
                str_puts(s, "\xEF\xBF\xBD");
            else if (code < 0xA0)
                str_printf(s, "\\u%04x", (unsigned)code); /* C1: terminals obey some */
            else
                str_add(s, bytes + i, (size_t)length);
            i += (size_t)length;
        }
    }
    str_putc(s, '"');
}

__extension__ typedef unsigned __int128 uint128_t;

/* A number taken apart: mantissa x 10^exponent while there are at most 19 digits. */
struct decimal {
    bool negative;
    const char *digits, *end; /* with a point perhaps, and zeros in front */
    uint64_t mantissa;
    int64_t n_digits; /* from the first that is not 0 */
    int64_t exponent; /* of the last digit */
};

static const char *take_digits(struct decimal *d, const char *p, const char *end)
{
    uint64_t mantissa = d->mantissa;
    int64_t n = d->n_digits;

    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (n < 19)
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        n += mantissa != 0;
    }
    d->mantissa = mantissa;
    d->n_digits = n;
    return p;
}

/* The exponent behind an "e", held within 10^16 so that no text can wrap it. */
static bool take_exponent(struct decimal *d, const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    int64_t e = 0;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        if (e < INT64_C(1000000000000000))
            e = e * 10 + (*p - '0');
    }
    d->exponent += negative ? -e : e;
    return true;
}

static bool take_apart(struct decimal *d, const char *p, const char *end)
{
    ptrdiff_t n;

    *d = (struct decimal){.negative = p < end && *p == '-'};
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    d->digits = p;
    p = take_digits(d, p, end);
    n = p - d->digits;
    if (p < end && *p == '.') {
        const char *fraction = p + 1;

        p = take_digits(d, fraction, end);
        d->exponent = fraction - p;
        n += p - fraction;
    }
    d->end = p;
    if (n == 0)
        return false;
    if (p == end)
        return true;
    return (*p == 'e' || *p == 'E') && take_exponent(d, p + 1, end);
}

/* Any number of digits, left to strtod in a form without a point, which reads the same in
 * every locale. Digits beyond the 800th cannot change the rounding but by not being 0. */
static double round_slowly(const struct decimal *d)
{
    enum { KEPT = 800 };
    char text[KEPT + 32];
    int64_t magnitude = d->exponent + d->n_digits; /* 10^(magnitude - 1) <= x */
    int64_t exponent = d->exponent;
    int kept_errno = errno, n = 0;
    bool sticky = false;
    double x;

    if (magnitude > 400)
        return HUGE_VAL;
    if (magnitude < -400)
        return 0;
    for (const char *p = d->digits; p < d->end; p++) {
        if (*p == '.' || (n == 0 && *p == '0'))
            continue;
        if (n < KEPT) {
            text[n++] = *p;
        } else {
            sticky |= *p != '0';
            exponent++;
        }
    }
    if (sticky) {
        text[n++] = '1';
        exponent--;
    }
    snprintf(text + n, sizeof text - (size_t)n, "e%d", (int)exponent);
    x = strtod(text, NULL);
    errno = kept_errno;
    return x;
}

/* w x 10^e for |e| <= 27, where 5^|e| fits 63 bits: the product or quotient is made in
 * whole numbers, what the quotient leaves stays visible in its last bit, and the
 * conversion from 128 bits is the only rounding. */
static double round_exactly(uint64_t w, int e)
{
    uint64_t power = 1;
    uint128_t wide;
    int zeros;

    for (int i = 0; i < abs(e); i++)
        power *= 5;
    if (e >= 0)
        return ldexp((double)((uint128_t)w * power), e);
    zeros = __builtin_clzll(w);
    wide = (uint128_t)(w << zeros) << 63;
    return ldexp((double)(wide / power | (wide % power != 0)), e - zeros - 63);
}

bool str_to_double(const char *bytes, size_t n, double *out)
{
    /* the powers of ten that a double holds exactly */
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct decimal d;
    double x;

    if (!take_apart(&d, bytes, bytes + n))
        return false;
    if (d.mantissa == 0)
        x = 0;
    else if (d.n_digits > 19 || d.exponent < -27 || d.exponent > 27)
        x = round_slowly(&d);
    else if (d.mantissa > UINT64_C(1) << 53 || d.exponent < -22 || d.exponent > 22)
        x = round_exactly(d.mantissa, (int)d.exponent);
    else /* both exact, so one rounding (Clinger 1990) */
        x = d.exponent < 0 ? (double)d.mantissa / powers[-d.exponent]
                           : (double)d.mantissa * powers[d.exponent];
    *out = d.negative ? -x : x;
    return true;
}

bool str_to_long(const char *text, long low, long high, long *out)
{
    char *end;
    long value;
    const char *digits = text + (*text == '-' || *text == '+');

    if (*digits < '0' || *digits > '9')
        return false;
    errno = 0;
    value = strtol(text, &end, 10);
    if (*end != '\0' || errno != 0 || value < low || value > high)
        return false;
    *out = value;
    return true;
}

void str_duration(struct str *s, double seconds)
{
    long long n = seconds < 0 ? 0 : seconds > 1e12 ? (long long)1e12 : (long long)seconds;

    if (n >= 86400)
        str_printf(s, "%lld d %lld h", n / 86400, n / 3600 % 24);
    else if (n >= 3600)
        str_printf(s, "%lld:%02lld:%02lld", n / 3600, n / 60 % 60, n % 60);
    else
        str_printf(s, "%lld:%02lld", n / 60, n % 60);
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}
