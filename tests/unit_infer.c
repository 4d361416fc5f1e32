/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "data/datetime.h"
#include "data/infer.h"
#include "data/number.h"
#include "table.h"
#include "test.h"

/* ---- cells ---- */

static enum number read_cell(const char *text, int decimal, double *x)
{
    return number_read(cell_of(text), decimal, x);
}

static void numbers_are_plain_decimals(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},      {"-0", 0},   {"+1", 1},    {"12", 12},    {"-3.25", -3.25},
        {".5", .5},    {"5.", 5},   {"1e5", 1e5}, {"1E-400", 0}, {" 7\t", 7},
        {"0.07", .07}, {"-0.5e-3", -5e-4}, {"9007199254740991", 9007199254740991.0},
        {"1e300", 1e300}, {"123456789012345678901.5", 123456789012345678901.5},
    };
    static const char *const bad[] = {
        "",      " ",    "-",     ".",        "e5",      "1e",    "1e+",   "0x1F",
        "1_000",
        "--1",   "1 2",  "1,5",   "1.234.5",  "007",     "-01",   "00",    "1.5x", "$3",
        "10%",   "½",    "١٢",    "9007199254740993", "18446744073709551616",
        "123456789012345678901234567890", "True", "1'000",
    };
    double x;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        x = NAN;
        if (!check_int(read_cell(good[i].text, '.', &x), NUMBER_FINITE) ||
            !check_near(x, good[i].value, 0))
            printf("# in \"%s\"\n", good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!check_int(read_cell(bad[i], '.', &x), NUMBER_NONE))
            printf("# in \"%s\"\n", bad[i]);
}

static void nonfinite_words_are_no_numbers(void)
{
    static const char *const words[] = {"inf", "-Infinity", "NaN", "nan", "NAN(0x7)",
                                        "1.#INF", "-1.#IND", "1e400", "-1e99999"};
    double x = 5;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!check_int(read_cell(words[i], '.', &x), NUMBER_NONFINITE))
            printf("# in \"%s\"\n", words[i]);
    check_near(x, 5, 0);
    check_int(read_cell("information", '.', &x), NUMBER_NONE);
    check_int(read_cell("nanny", '.', &x), NUMBER_NONE);
}

static void decimal_comma_is_a_choice(void)
{
    double x = 0;

    check_int(read_cell("1,5", ',', &x), NUMBER_FINITE);
    check_near(x, 1.5, 0);
    check_int(read_cell(",5", ',', &x), NUMBER_FINITE);
    check_near(x, .5, 0);
    check_int(read_cell("-12,25e1", ',', &x), NUMBER_FINITE);
    check_near(x, -122.5, 0);
    check_int(read_cell("1.5", ',', &x), NUMBER_NONE);
    check_int(read_cell("1.234,5", ',', &x), NUMBER_NONE);
}

static void dates_follow_the_calendar(void)
{
    struct datetime t;

    check(datetime_parse(cell_of("2018-01-28 14:05:09"), DATETIME_ISO, &t));
    check(t.year == 2018 && t.month == 1 && t.day == 28);
    check(t.hour == 14 && t.minute == 5 && t.second == 9);
    check(datetime_parse(cell_of("2018-01-28T14:05:09.25+01:00"), DATETIME_ISO, &t));
    check(datetime_parse(cell_of("2016-12-31T23:59:60Z"), DATETIME_ISO, &t));
    check(datetime_parse(cell_of("2024-02-29"), DATETIME_ISO, &t));
    check_int(t.hour, -1);
    check(!datetime_parse(cell_of("2023-02-29"), DATETIME_ISO, &t));
    check(!datetime_parse(cell_of("1900-02-29"), DATETIME_ISO, &t));
    check(datetime_parse(cell_of("2000-02-29"), DATETIME_ISO, &t));
    check(!datetime_parse(cell_of("2018-13-01"), DATETIME_ISO, &t));
    check(!datetime_parse(cell_of("2018-01-28x"), DATETIME_ISO, &t));
    check(!datetime_parse(cell_of("2018-01-28 24:00"), DATETIME_ISO, &t));
    check(!datetime_parse(cell_of("2018-01/28"), DATETIME_ISO, &t));
    check(!datetime_parse(cell_of("99999-01-28"), DATETIME_ISO, &t));
    check(datetime_parse(cell_of("28.1.2018"), DATETIME_DMY, &t));
    check(!datetime_parse(cell_of("28.1.2018"), DATETIME_MDY, &t));
    check(datetime_parse(cell_of("1/28/2018 7:30"), DATETIME_MDY, &t));
    check(t.month == 1 && t.day == 28 && t.hour == 7);
    check(datetime_parse(cell_of("7:30"), DATETIME_TIME, &t));
    check(!datetime_parse(cell_of("7:3"), DATETIME_TIME, &t));
    check(!datetime_parse(cell_of(""), DATETIME_ISO, &t));
}

static void weekdays_are_right(void)
{
    static const struct {
        struct datetime t;
        int weekday;
    } days[] = {
        {{.year = 1970, .month = 1, .day = 1}, 3},
        {{.year = 2000, .month = 2, .day = 29}, 1},
        {{.year = 2023, .month = 10, .day = 1}, 6},
        {{.year = 2024, .month = 2, .day = 29}, 3},
    };

    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        check_int(datetime_weekday(&days[i].t), days[i].weekday);
}

/* ---- columns ---- */

/* A table with one column `name` (and a second, so that a blank line is none) whose cells
 * are the given ones, each quoted. */
struct column_guess {
    struct dataset *data;
    struct schema *schema;
    const struct schema_column *column;
};

static struct column_guess guess_column(const char *name, const char *const *cells,
                                        size_t n, size_t times)
{
    struct str text = {0};
    struct column_guess g;

    str_printf(&text, "%s,other\n", name);
    for (size_t k = 0; k < times; k++)
        for (size_t i = 0; i < n; i++)
            str_printf(&text, "\"%s\",x%zu\n", cells[i], (i + k) % 3);
    g.data = table_of(str_text(&text));
    g.schema = infer_schema(g.data);
    g.column = &g.schema->columns[0];
    str_done(&text);
    return g;
}

static void guess_done(struct column_guess *g)
{
    schema_free(g->schema);
    dataset_unref(g->data);
}

static void check_kind(const char *name, const char *const *cells, size_t n,
                       size_t times, enum kind kind, unsigned warnings)
{
    struct column_guess g = guess_column(name, cells, n, times);
    bool right = check_str(kind_name(g.column->kind), kind_name(kind));

    if (!(check_int(g.column->warnings, warnings) && right))
        printf("# column %s: %s\n", name, g.column->reason);
    guess_done(&g);
}

#define CHECK_KIND(name, kind, warnings, times, ...)                                     \
    do {                                                                                 \
        static const char *const cells[] = {__VA_ARGS__};                                \
        check_kind(name, cells, sizeof cells / sizeof *cells, times, kind, warnings);    \
    } while (0)

static void few_codes_are_categorical(void)
{
    CHECK_KIND("flag", KIND_CATEGORICAL, 0, 10, "0", "1");
    CHECK_KIND("hero", KIND_CATEGORICAL, 0, 10, "0", "1", "-1");
    CHECK_KIND("rooms", KIND_CONTINUOUS, 0, 10, "1", "2", "3", "4");
    CHECK_KIND("game_type", KIND_CATEGORICAL, 0, 10, "1", "2", "3");
    CHECK_KIND("Pclass", KIND_CATEGORICAL, 0, 10, "1", "2", "3");
    CHECK_KIND("storeID", KIND_CATEGORICAL, 0, 10, "17", "2", "341");
    CHECK_KIND("paid", KIND_CONTINUOUS, 0, 10, "17", "2", "341");
    CHECK_KIND("month", KIND_CATEGORICAL, 0, 10, "1", "2", "12");
    CHECK_KIND("credit_month", KIND_CONTINUOUS, 0, 10, "6", "24", "48");
    CHECK_KIND("size", KIND_CATEGORICAL, 0, 10, "1", "2", "3+");
    CHECK_KIND("seen", KIND_CATEGORICAL, 0, 10, "yes", "", "yes");
}

static void texts_that_look_like_numbers_stay(void)
{
    CHECK_KIND("code", KIND_CATEGORICAL, 0, 10, "001", "020", "120");
    CHECK_KIND("account", KIND_CATEGORICAL, 0, 10, "12345678901234567890",
               "12345678901234567891", "12345678901234567892");
    CHECK_KIND("v", KIND_CATEGORICAL, 0, 10, "0x10", "1_000", "--1", "½");
}

static void empty_and_constant_columns_are_left_out(void)
{
    CHECK_KIND("nothing", KIND_IGNORE, WARN_ALL_MISSING, 10, "", "NA", "?");
    CHECK_KIND("same", KIND_IGNORE, WARN_CONSTANT, 10, "7");
}

/* n rows of a text with a number where the pattern has a #. */
static void repeat_text(struct str *out, size_t n, const char *pattern, size_t modulo)
{
    int before = (int)strcspn(pattern, "#");

    for (size_t i = 0; i < n; i++)
        str_printf(out, "%.*s%zu%s,%zu\n", before, pattern, i % modulo,
                   pattern + before + 1, i % 2);
}

static void check_generated(const char *pattern, size_t n, size_t modulo, enum kind kind,
                            unsigned warnings)
{
    struct str text = {0};
    struct dataset *d;
    struct schema *s;

    str_puts(&text, "value,other\n");
    repeat_text(&text, n, pattern, modulo);
    d = table_of(str_text(&text));
    s = infer_schema(d);
    if (!check_int(s->columns[0].kind, kind) ||
        !check_int(s->columns[0].warnings, warnings))
        printf("# %s: %s\n", pattern, s->columns[0].reason);
    schema_free(s);
    dataset_unref(d);
    str_done(&text);
}

static void ids_and_prose_are_left_out(void)
{
    check_generated("#", 50, 50, KIND_IGNORE, WARN_ID);
    check_generated("#", 10, 10, KIND_CONTINUOUS, 0);
    check_generated("1#7", 50, 50, KIND_CONTINUOUS, 0);
    check_generated("15#77", 1500, 1500, KIND_IGNORE, WARN_ID);
    check_generated("#.5", 1500, 1500, KIND_CONTINUOUS, 0);
    check_generated("K-#", 50, 50, KIND_IGNORE, WARN_ID);
    check_generated("K-#", 10, 10, KIND_CATEGORICAL, 0);
    check_generated("the # th of many words", 50, 50, KIND_IGNORE, WARN_TEXT);
    check_generated("Name#", 300, 100, KIND_IGNORE, WARN_TEXT);
    check_generated("Name#", 600, 100, KIND_CATEGORICAL, 0);
    check_generated("Name#", 100, 40, KIND_CATEGORICAL, 0);
}

static void many_classes_are_told(void)
{
    check_generated("N#", 60000, 12000, KIND_CATEGORICAL, WARN_CARDINALITY);
    check_generated("N#", 60000, 10000, KIND_CATEGORICAL, 0);
}

/* One word among 1,000 numbers: the column stays one of numbers and the line is named. */
static void a_late_word_is_named(void)
{
    struct str text = {0};
    struct dataset *d;
    struct schema *s;

    str_puts(&text, "v,y\n");
    repeat_text(&text, 900, "#.25", 90);
    str_puts(&text, "n\x1b[2Jk,1\n");
    repeat_text(&text, 100, "#.25", 90);
    d = table_of(str_text(&text));
    s = infer_schema(d);
    check_int(s->columns[0].kind, KIND_CONTINUOUS);
    check_int(s->columns[0].warnings, WARN_MIXED);
    check_int(s->columns[0].numeric, 1000);
    check(strstr(s->columns[0].reason, "in line 902") != NULL);
    check(strchr(s->columns[0].reason, '\x1b') == NULL);
    schema_free(s);
    dataset_unref(d);
    str_done(&text);
}

/* Among the two values of a code it is no slip to be taken as missing, but told as
 * well. */
static void a_late_word_among_codes_is_named(void)
{
    struct str text = {0};
    struct dataset *d;
    struct schema *s;

    str_puts(&text, "v,y\n");
    repeat_text(&text, 3000, "#", 1);
    str_puts(&text, "oops,1\n");
    d = table_of(str_text(&text));
    s = infer_schema(d);
    check_int(s->columns[0].kind, KIND_CATEGORICAL);
    check_int(s->columns[0].warnings, WARN_MIXED);
    check(strstr(s->columns[0].reason, "\"oops\" in line 3002") != NULL);
    schema_free(s);
    dataset_unref(d);
    str_done(&text);
}

static void nonfinite_cells_are_counted(void)
{
    struct str text = {0};
    struct dataset *d;
    struct schema *s;

    str_puts(&text, "v,y\n");
    repeat_text(&text, 100, "#", 30);
    str_puts(&text, "inf,1\n-Infinity,0\n1e400,1\n");
    d = table_of(str_text(&text));
    s = infer_schema(d);
    check_int(s->columns[0].kind, KIND_CONTINUOUS);
    check_int(s->columns[0].warnings, WARN_NONFINITE);
    check_int(s->columns[0].numeric, 100);
    check_near(s->columns[0].max, 29, 0);
    schema_free(s);
    dataset_unref(d);
    str_done(&text);
}

static void commas_have_one_reading(void)
{
    static const char *const decimal[] = {"1,5", "2,25", "3", "-4,125"};
    static const char *const thousand[] = {"1,234", "2,500", "999"};
    static const char *const both[] = {"1,5", "2.5", "3.25"};
    struct column_guess g = guess_column("v", decimal, 4, 5);

    check_int(g.column->kind, KIND_CONTINUOUS);
    check_int(g.column->decimal, ',');
    check_near(g.column->min, -4.125, 0);
    guess_done(&g);
    g = guess_column("v", thousand, 3, 5);
    check_int(g.column->kind, KIND_CATEGORICAL);
    check_int(g.column->decimal, '.');
    check(strstr(g.column->reason, "thousand") != NULL);
    guess_done(&g);
    g = guess_column("v", both, 3, 5);
    check_int(g.column->kind, KIND_CATEGORICAL);
    guess_done(&g);
}

static void dates_are_found(void)
{
    struct column_guess g;
    static const char *const slashes[] = {"01/02/2018", "03/04/2019"};
    static const char *const day_first[] = {"13/02/2018", "03/04/2019"};
    static const char *const dots[] = {"01.02.2018", "03.04.2019"};

    CHECK_KIND("when", KIND_DATETIME, 0, 10, "2018-01-28", "2019-02-01", "2020-02-29");
    CHECK_KIND("when", KIND_DATETIME, 0, 10, "14:05", "15:10:30", "");
    CHECK_KIND("when", KIND_CATEGORICAL, 0, 10, "2018-01-28", "01/28/2018", "28.01.2018");
    g = guess_column("when", slashes, 2, 10);
    check(strstr(g.column->reason, datetime_form_name(DATETIME_MDY)) != NULL);
    guess_done(&g);
    g = guess_column("when", day_first, 2, 10);
    check(strstr(g.column->reason, datetime_form_name(DATETIME_DMY)) != NULL);
    guess_done(&g);
    g = guess_column("when", dots, 2, 10);
    check(strstr(g.column->reason, datetime_form_name(DATETIME_DMY)) != NULL);
    guess_done(&g);
}

static void copies_are_found(void)
{
    struct dataset *d = table_of("a,b,c,d,e\n1.5,x,1.5,1.50,x\n2.5,y,2.5,2.5,y\n"
                                 "3.5,y,3.5,3.5,y\n4.5,z,4.5,4.5,w\n");
    struct schema *s = infer_schema(d);

    check_int(s->columns[0].warnings, 0);
    check_int(s->columns[2].warnings, WARN_DUPLICATE);
    check_int(s->columns[2].kind, KIND_IGNORE);
    check_str(s->columns[2].reason, "equal to a");
    check_int(s->columns[3].warnings, 0);
    check_int(s->columns[4].warnings, 0);
    schema_free(s);
    dataset_unref(d);
}

static void figures_are_right(void)
{
    struct dataset *d = table_of("v,y\n1,a\n2,a\n2,b\n,b\n5,c\n");
    struct schema *s = infer_schema(d);
    const struct schema_column *c = &s->columns[0];

    check_int(c->missing, 1);
    check_int(c->distinct, 3);
    check_int(c->numeric, 4);
    check_near(c->mean, 2.5, 1e-15);
    check_near(c->deviation, 1.5, 1e-15);
    check_near(c->min, 1, 0);
    check_near(c->max, 5, 0);
    check(isnan(s->columns[1].mean));
    schema_free(s);
    dataset_unref(d);
}

static void huge_values_have_a_deviation(void)
{
    struct dataset *d = table_of("v,w\n1e300,1e-300\n2e300,2e-300\n-3e300,3e-300\n");
    struct schema *s = infer_schema(d);

    check_near(s->columns[0].mean / 1e300, 0, 1e-12);
    check_near(s->columns[0].deviation / 1e300, sqrt(14.0 / 3), 1e-12);
    check_near(s->columns[1].mean / 1e-300, 2, 1e-12);
    check_near(s->columns[1].deviation / 1e-300, sqrt(2.0 / 3), 1e-12);
    schema_free(s);
    dataset_unref(d);
}

int main(void)
{
    test_run(numbers_are_plain_decimals);
    test_run(nonfinite_words_are_no_numbers);
    test_run(decimal_comma_is_a_choice);
    test_run(dates_follow_the_calendar);
    test_run(weekdays_are_right);
    test_run(few_codes_are_categorical);
    test_run(texts_that_look_like_numbers_stay);
    test_run(empty_and_constant_columns_are_left_out);
    test_run(ids_and_prose_are_left_out);
    test_run(many_classes_are_told);
    test_run(a_late_word_is_named);
    test_run(a_late_word_among_codes_is_named);
    test_run(nonfinite_cells_are_counted);
    test_run(commas_have_one_reading);
    test_run(dates_are_found);
    test_run(copies_are_found);
    test_run(figures_are_right);
    test_run(huge_values_have_a_deviation);
    return test_done();
}
