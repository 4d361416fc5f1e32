/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <float.h>
#include <locale.h>
#include <stdint.h>

#include "base/rng.h"
#include "test.h"

static void adding_grows_and_keeps_nul(void)
{
    struct str s = {0};

    check_str(str_text(&s), "");
    for (int i = 0; i < 1000; i++)
        str_printf(&s, "%d,", i);
    check_int(s.length, 10 * 2 + 90 * 3 + 900 * 4);
    check_int(s.text[s.length], 0);
    str_add(&s, "a\0b", 3);
    check_int(memcmp(s.text + s.length - 3, "a\0b", 4), 0);
    str_clear(&s);
    check_str(str_text(&s), "");
    str_puts(&s, "x");
    str_putc(&s, 'y');
    check_str(str_text(&s), "xy");
    str_done(&s);
    check(s.text == NULL && s.length == 0);
}

static void json_strings_are_escaped(void)
{
    static const char text[] = "a\"\\\b\t\n\v\x01/\x7F \xC3\xA9\xC2\x9B \xFF\xE2\x82 z";
    struct str s = {0};

    str_json_string(&s, text, sizeof text); /* with its NUL */
    check_str(s.text, "\"a\\\"\\\\\\b\\t\\n\\u000b\\u0001/\\u007f \xC3\xA9\\u009b "
                      "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD z\\u0000\"");
    str_done(&s);
}

static double random_double(struct rng *r)
{
    uint64_t bits;
    double x;

    do {
        bits = rng_u64(r);
        memcpy(&x, &bits, sizeof x);
    } while (!isfinite(x));
    return x;
}

static bool number_round_trips(double x)
{
    struct str s = {0};
    double back;
    bool ok;

    str_json_number(&s, x);
    ok = str_to_double(s.text, s.length, &back) && memcmp(&back, &x, sizeof x) == 0 &&
         strtod(s.text, NULL) == x;
    if (!ok)
        printf("# %a became %s\n", x, s.text);
    str_done(&s);
    return ok;
}

static void json_numbers_round_trip(void)
{
    static const double some[] = {0,       -0.0,    0.1,    1e15,    1e22,
                                  1e23,    DBL_MAX, -1e300, DBL_MIN, 5e-324,
                                  1.0 / 3, 2.2250738585072011e-308};
    struct rng r = rng_make(1, RNG_TEST, 0);

    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        check(number_round_trips(some[i]));
    for (int i = 0; i < 20000; i++)
        check(number_round_trips(random_double(&r)));
}

static void json_number_is(double x, const char *want)
{
    struct str s = {0};

    str_json_number(&s, x);
    check_str(s.text, want);
    str_done(&s);
}

static void json_numbers_are_short(void)
{
    json_number_is(0.1, "0.1");
    json_number_is(3, "3");
    json_number_is(-2.5, "-2.5");
    json_number_is(5e-324, "5e-324");
    json_number_is(0.1 + 0.2, "0.30000000000000004");
    json_number_is(NAN, "null");
    json_number_is(-INFINITY, "null");
}

/* Ours against strtod on one text. */
static bool agrees(const char *text, size_t n)
{
    double got, want = strtod(text, NULL);

    if (str_to_double(text, n, &got) && memcmp(&got, &want, sizeof got) == 0)
        return true;
    printf("# %.60s: got %.17g, wanted %.17g\n", text, got, want);
    return false;
}

static void random_text(struct rng *r, char *out)
{
    int digits = 1 + (int)rng_below(r, rng_below(r, 8) == 0 ? 900 : 22);
    int point = (int)rng_below(r, (uint64_t)digits + 3);

    if (rng_below(r, 3) == 0)
        *out++ = "+-"[rng_below(r, 2)];
    for (int i = 0; i < digits; i++) {
        if (i == point)
            *out++ = '.';
        *out++ = (char)('0' + rng_below(r, 10) * (rng_below(r, 4) != 0));
    }
    if (rng_below(r, 2))
        out += sprintf(out, "%c%+d", "eE"[rng_below(r, 2)], (int)rng_below(r, 700) - 350);
    *out = '\0';
}

static void random_numbers_agree_with_strtod(void)
{
    struct rng r = rng_make(2, RNG_TEST, 0);
    char text[1000];

    for (int i = 0; i < 100000; i++) {
        random_text(&r, text);
        check(agrees(text, strlen(text)));
    }
    for (int i = 0; i < 50000; i++) { /* as programs write them */
        int digits = 1 + (int)rng_below(&r, 20);
        double x = i % 2 ? random_double(&r) : rng_normal(&r) * 100;

        snprintf(text, sizeof text, "%.*g", digits, x);
        check(agrees(text, strlen(text)));
    }
}

/* Digits that decide the rounding far behind the ones that are kept. */
static void halfway_cases_are_right(void)
{
    char text[2000];
    int n = sprintf(text, "9007199254740993."); /* 2^53 + 1: half way, goes to even */

    memset(text + n, '0', 1500);
    text[n + 1500] = '\0';
    check(agrees(text, strlen(text)));
    text[n + 1499] = '1'; /* a little more: goes up */
    check(agrees(text, strlen(text)));
    memset(text, '0', 1900);
    text[1] = '.';
    check(agrees(text, 1900));
    text[1899] = '\0';
    text[1898] = '7';
    check(agrees(text, 1899));
    memset(text, '9', 1500);
    strcpy(text + 1500, "e-1495");
    check(agrees(text, strlen(text)));
    check(agrees("1.7976931348623159e308", 22));
    check(agrees("2.4703282292062327e-324", 23));
    check(agrees("2.4703282292062328e-324", 23));
}

static void other_texts_are_no_numbers(void)
{
    static const char *const bad[] = {"", "+", "-", ".", "e5", "1e", "1e+", "1 ", " 1",
                                      "1,5", "0x10", "inf", "nan", "nan(7)", "1.2.3",
                                      "--1", "1e5.0", "1_000", "\xD9\xA1", "1e5x", "+-1",
                                      ".e1", "-.", "..1"};
    double x;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check(!str_to_double(bad[i], strlen(bad[i]), &x));
    check(!str_to_double("1\0", 2, &x));
    check(str_to_double("15", 1, &x) && x == 1); /* n counts, not the NUL */
    check(str_to_double("1.", 2, &x) && x == 1);
    check(str_to_double(".5", 2, &x) && x == 0.5);
    check(str_to_double("1e99999999999999999999", 22, &x) && x == HUGE_VAL);
    check(str_to_double("-1e99999999999999999999", 23, &x) && x == -HUGE_VAL);
    check(str_to_double("1e-99999999999999999999", 23, &x) && x == 0);
    check(str_to_double("0e99999999999999999999", 22, &x) && x == 0);
    check(str_to_double("-0", 2, &x) && x == 0 && signbit(x));
}

static void a_comma_locale_changes_nothing(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "nl_NL"};
    const char *set = NULL;
    double x;

    for (int i = 0; i < 4 && !set; i++)
        set = setlocale(LC_ALL, names[i]);
    if (!set) {
        test_skip("no locale with a decimal comma");
        return;
    }
    check(strtod("1.5", NULL) == 1); /* the trap is there */
    check(str_to_double("1.5", 3, &x) && x == 1.5);
    check(str_to_double("1.2345678901234567890123", 24, &x) && x == 1.2345678901234567);
    check(!str_to_double("1,5", 3, &x));
    json_number_is(1.5, "1.5");
    json_number_is(1.0 / 3, "0.3333333333333333");
    setlocale(LC_ALL, "C");
}

static void longs_are_whole_and_in_range(void)
{
    long x = 7;

    check(str_to_long("42", 0, 100, &x) && x == 42);
    check(str_to_long("-42", -100, 100, &x) && x == -42);
    check(str_to_long("+5", 0, 9, &x) && x == 5);
    check(!str_to_long("101", 0, 100, &x) && !str_to_long("-1", 0, 100, &x));
    check(!str_to_long("", 0, 9, &x) && !str_to_long(" 1", 0, 9, &x));
    check(!str_to_long("1 ", 0, 9, &x) && !str_to_long("1.0", 0, 9, &x));
    check(!str_to_long("0x5", 0, 9, &x) && !str_to_long("-", 0, 9, &x));
    check(!str_to_long("99999999999999999999999", 0, 9, &x));
    check_int(x, 5);
}

static void starts_compares_the_beginning(void)
{
    check(str_starts("pretrain", "pre") && str_starts("x", "") && str_starts("x", "x"));
    check(!str_starts("pre", "pretrain") && !str_starts("", "x"));
}

static void durations(void)
{
    struct str s = {0};

    str_duration(&s, 7.9);
    str_puts(&s, " ");
    str_duration(&s, 754);
    str_puts(&s, " ");
    str_duration(&s, 5025);
    str_puts(&s, " ");
    str_duration(&s, 3 * 86400 + 4 * 3600 + 59);
    check_str(s.text, "0:07 12:34 1:23:45 3 d 4 h");
    str_done(&s);
}

int main(void)
{
    test_run(adding_grows_and_keeps_nul);
    test_run(json_strings_are_escaped);
    test_run(json_numbers_round_trip);
    test_run(json_numbers_are_short);
    test_run(random_numbers_agree_with_strtod);
    test_run(halfway_cases_are_right);
    test_run(other_texts_are_no_numbers);
    test_run(a_comma_locale_changes_nothing);
    test_run(longs_are_whole_and_in_range);
    test_run(starts_compares_the_beginning);
    test_run(durations);
    return test_done();
}
