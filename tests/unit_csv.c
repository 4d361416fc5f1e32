/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records out of memory: quotes, escapes, line ends, and what is read of malformed ones.
 */
#include "data/csv.h"

#include "data/dialect.h"
#include "test.h"

static const struct csv_format comma = {.delimiter = ',', .quote = '"', .line_end = '\n'};

/* All records of text as "cell|cell/cell|cell/", "()" for a blank line, "!" before one
 * with trouble. The bytes come in pieces of `step` more each time (0: all at once). */
static char *read_all(const struct csv_format *f, size_t expected, const char *text,
                      size_t n, size_t step)
{
    struct csv_reader *r = csv_reader_new(f);
    struct str out = {0};
    char *bytes = malloc(n + 1);
    size_t begin = 0, end = step ? 0 : n;

    memcpy(bytes, text, n);
    csv_reader_expect(r, expected);
    while (begin < n) {
        struct csv_record record;
        enum csv_status status = CSV_STATUS_MORE;

        if (end > begin)
            status = csv_reader_next(r, bytes + begin, end - begin, end == n, &record);
        if (status == CSV_STATUS_MORE) {
            if (end == n)
                break;
            end = end + step < n ? end + step : n;
            continue;
        }
        if (record.trouble)
            str_putc(&out, '!');
        if (record.n == 0)
            str_puts(&out, "()");
        for (size_t i = 0; i < record.n; i++) {
            if (i > 0)
                str_putc(&out, '|');
            str_add(&out, record.cells[i].text, record.cells[i].length);
        }
        str_putc(&out, '/');
        begin += record.length;
    }
    csv_reader_free(r);
    free(bytes);
    if (!out.text)
        str_puts(&out, "");
    return out.text;
}

/* The same result whether the bytes come at once or one by one. */
static void check_read(const struct csv_format *f, size_t expected, const char *text,
                       const char *want)
{
    for (size_t step = 0; step < 3; step++) {
        char *got = read_all(f, expected, text, strlen(text), step);

        check_str(got, want);
        free(got);
    }
}

static void plain_lines(void)
{
    check_read(&comma, 3, "a,b,c\n1,,3\n", "a|b|c/1||3/");
    check_read(&comma, 3, "a,b,c\r\n1,2,3", "a|b|c/1|2|3/");
    check_read(&comma, 2, "a,\n,b\n,\n", "a|/|b/|/");
    check_read(&comma, 2, " a , b\n", " a | b/");
    check_read(&comma, 2, "a,b\n\n  \nc,d\n", "a|b/()/()/c|d/");
    check_read(&comma, 2, "a,b\r\r\nc,d\r\r\n", "a|b/c|d/");
}

static void quoted_cells(void)
{
    check_read(&comma, 2, "\"a\",\"b,c\"\n", "a|b,c/");
    check_read(&comma, 2, "\"two\nlines\",x\r\n\"two\r\nlines\",y\r\n",
               "two\nlines|x/two\r\nlines|y/");
    check_read(&comma, 2, "\"say \"\"hi\"\"\",\"\"\"\"\n\"\",1\n", "say \"hi\"|\"/|1/");
    check_read(&comma, 3, "1,5\" disk,0\n", "1|5\" disk|0/");
    check_read(&comma, 2, "\"a\",\"\"", "a|/");
    check_read(&comma, 2, "\"a\r\",b\r\n", "a\r|b/");
}

static void other_formats(void)
{
    struct csv_format f = {.delimiter = ';', .quote = '\'', .line_end = '\n'};

    check_read(&f, 2, "'x;y';\"z\n", "x;y|\"z/");
    f = (struct csv_format){.delimiter = ',',
                            .quote = '"',
                            .escape = '\\',
                            .line_end = '\n'};
    check_read(&f, 2, "\"say \\\"hi\\\", ok\",\"a\\\\\"\n", "say \"hi\", ok|a\\/");
    check_read(&f, 2, "\"a\\n\",b\\c\n", "a\\n|b\\c/");
    f = (struct csv_format){.delimiter = ',', .quote = '"', .skip_blanks = true,
                            .line_end = '\n'};
    check_read(&f, 3, "a, \"x, z\", 0\n", "a|x, z|0/");
    check_read(&f, 3, "a , b,c \n", "a|b|c/");
    f = (struct csv_format){.delimiter = DELIMITER_BLANKS,
                            .quote = '"',
                            .line_end = '\n'};
    check_read(&f, 3, "a   b \t y\n  1 \"x  z\"   0  \n", "a|b|y/1|x  z|0/");
    f = (struct csv_format){.delimiter = ',', .quote = '"', .line_end = '\r'};
    check_read(&f, 2, "a,b\r1,\"x\ry\"\r", "a|b/1|x\ry/");
    f = (struct csv_format){.delimiter = 0, .quote = '"', .line_end = '\n'};
    check_read(&f, 1, "a,b\n\"c\"\n", "a,b/c/");
    f = (struct csv_format){.delimiter = ',', .line_end = '\n'};
    check_read(&f, 2, "\"a,b\"\n", "\"a|b\"/");
}

static void return_alone_ends_a_record(void)
{
    check_read(&comma, 3, "a,b,y\r\n2,y,1\r3,x,0\r\n", "a|b|y/2|y|1/3|x|0/");
    check_read(&comma, 2, "good\rbad,1\n", "good\rbad|1/");
}

static void unclosed_quote(void)
{
    check_read(&comma, 3, "\"1,x,0\n2,y,1\n3,x,0\n", "!\"1|x|0/2|y|1/3|x|0/");
    check_read(&comma, 3, "2,\"y,1\n", "!2|\"y|1/");
    check_read(&comma, 2, "a,\"\nb,c\n", "!a|\"/b|c/");
}

static void stray_quotes(void)
{
    check_read(&comma, 3, "1,\"x\"z,0\n", "!1|xz|0/");
    check_read(&comma, 2, "\"\"five, six\",7\n", "!\"five, six|7/");
    check_read(&comma, 3, "\"$5,\"North, remote\",\"x\"\n", "!\"$5|North, remote|x/");
    check_read(&comma, 2, "\"Display 17\"\",1\n\"ok\",2\n", "!Display 17\"|1/ok|2/");
    check_read(&comma, 2, "\"said \"a, b\", then went\",1\n",
               "!said \"a, b\", then went|1/");
    /* no reading has three cells: the first line alone */
    check_read(&comma, 3, "\"x\"z\n1,2,3\n", "!xz/1|2|3/");
}

static void quote_over_lines_loses_to_its_line(void)
{
    /* The quote of line 1 finds a partner in line 3, but that makes three cells. */
    check_read(&comma, 2, "\"a,b\nc,d\ne\",f,g\n", "!\"a|b/c|d/e\"|f|g/");
    check_read(&comma, 2, "\"a\nb\",c\n", "a\nb|c/");
}

static void nul_bytes(void)
{
    char *got = read_all(&comma, 2, "a\0b,c\n\"d\0\",e\n", 14, 0);

    check(memcmp(got, "a\0b|c/d\0|e/", 12) == 0);
    free(got);
}

/* Time grows with the text, not with its square: these take hours otherwise. */
static void hostile_quotes_in_linear_time(void)
{
    enum { N = 100000 };
    static const char *const lines[] = {"\"a\"\"b,1\n", "\"a,1\n", "\"a\"b,1\n",
                                        "\"\"\"\"\"\"\"\n"};

    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
        size_t n = strlen(lines[k]);
        char *text = malloc(N * n), *got;

        for (size_t i = 0; i < N; i++)
            memcpy(text + i * n, lines[k], n);
        got = read_all(&comma, 2, text, N * n, 0);
        check(strlen(got) > 2 * N);
        free(got);
        free(text);
    }
}

static void many_quotes_in_a_line(void)
{
    enum { N = 200001 };
    char *text = malloc(N + 1), *got;

    memset(text, '"', N);
    text[N] = '\n';
    got = read_all(&comma, 2, text, N + 1, 0);
    check_int(strlen(got), N + 2);
    free(got);
    free(text);
}

static void lines_and_lengths(void)
{
    char text[] = "a,\"x\ny\"\r\nb,c";
    struct csv_reader *r = csv_reader_new(&comma);
    struct csv_record record;

    check_int(csv_reader_next(r, text, sizeof text - 1, true, &record),
              CSV_STATUS_RECORD);
    check_int(record.lines, 2);
    check_int(record.length, 9);
    check_int(csv_reader_next(r, text + 9, sizeof text - 10, true, &record),
              CSV_STATUS_RECORD);
    check_int(record.lines, 1);
    check_int(record.length, 3);
    check_int(csv_reader_next(r, text + 9, sizeof text - 10, false, &record),
              CSV_STATUS_MORE);
    csv_reader_free(r);
}

static void put_cell(void)
{
    struct str s = {0};

    csv_put_cell(&s, "plain", 5);
    str_putc(&s, ';');
    csv_put_cell(&s, "", 0);
    str_putc(&s, ';');
    csv_put_cell(&s, "a,b", 3);
    str_putc(&s, ';');
    csv_put_cell(&s, "say \"hi\"", 8);
    str_putc(&s, ';');
    csv_put_cell(&s, "a\rb\n", 4);
    str_putc(&s, ';');
    csv_put_cell(&s, " edge", 5);
    check_str(str_text(&s), "plain;;\"a,b\";\"say \"\"hi\"\"\";\"a\rb\n\";\" edge\"");
    str_clear(&s);
    csv_put_cell(&s, "sep=;", 5);
    csv_put_cell(&s, "\xef\xbb\xbf", 3);
    check_str(str_text(&s), "\"sep=;\"\"\xef\xbb\xbf\"");
    str_done(&s);
}

/* The format that is detected, as "delimiter quote escape width lineend". */
static void check_dialect(const char *text, const char *want)
{
    struct load_options options = {0};
    struct csv_format f;
    const char *line_end;
    char got[64], room[8];
    size_t width;

    check(dialect_detect(text, strlen(text), true, &options, &f, &width, &line_end));
    snprintf(got, sizeof got, "%s%s %c%s %zu %s",
             dialect_delimiter_name(f.delimiter, room), f.skip_blanks ? "+" : "", f.quote,
             f.escape ? "\\" : "", width, line_end);
    check_str(got, want);
}

static void delimiters(void)
{
    check_dialect("a,b,y\n1,x,0\n2,y,1\n", "comma \" 3 LF");
    check_dialect("a;b;y\n1,5;x;0\n2,5;y;1\n", "semicolon \" 3 LF");
    check_dialect("a\tb\ty\r\n1\tx\t0\r\n", "tab \" 3 CRLF");
    check_dialect("a|b|y\r1|x|0\r", "| \" 3 CR");
    check_dialect("a^b^y\n1^x^0\n", "^ \" 3 LF");
    check_dialect("a\x1f" "b\n1\x1f" "2\n", "0x1F \" 2 LF");
    check_dialect("a, b, y\n1, \"x, z\", 0\n", "comma+ \" 3 LF");
    check_dialect("a   b   y\n1   x   0\n", "runs of blanks \" 3 LF");
    check_dialect("a\n1\n2\n", "none \" 1 LF");
    check_dialect("John Smith\nJane Doe\nJim Poe\n", "none \" 1 LF");
    check_dialect("text\nHello, dear friend\nGood bye\nWell, well, well\n",
                  "none \" 1 LF");
    check_dialect("a,b\r\n1,2\n3,4\r\n", "comma \" 2 mixed");
    check_dialect("a,b\r\r\n1,2\r\r\n", "comma \" 2 CRCRLF");
    check_dialect("t,v\n2024-01-01 10:00:00,1\n2024-01-02 11:30:00,2\n", "comma \" 2 LF");
}

static void quotes(void)
{
    check_dialect("a,b,y\n1,'x,y',0\n2,'z,w',1\n", "comma ' 3 LF");
    check_dialect("a,b\n1,it's\n2,\"x, 'y'\"\n", "comma \" 2 LF");
    check_dialect("a,b,y\n1,\"say \\\"hi\\\", ok\",0\n", "comma \"\\ 3 LF");
    check_dialect("a,b\n1,C:\\\n2,\"x\"\n", "comma \" 2 LF");
}

static void ragged_tables_keep_their_delimiter(void)
{
    check_dialect("a,b,y\n1,x,0,\n2,y,1,,\n", "comma \" 3 LF");
    check_dialect("Report 7\nDate:,2024-01-01\n\na,b,y\n1,x,0\n2,y,1\n3,x,0\n",
                  "comma \" 3 LF");
    check_dialect("a,b,c\n1,2,3\n4,5,6\na,b\n1,2\n3,4\n", "comma \" 3 LF");
}

static void options_win(void)
{
    struct load_options options = {.delimiter = ';', .quote = -1};
    const char *text = "a,b;c\n\"1,2\";3\n", *line_end;
    struct csv_format f;
    size_t width;

    check(dialect_detect(text, strlen(text), true, &options, &f, &width, &line_end));
    check_int(f.delimiter, ';');
    check_int(f.quote, 0);
    check_int(width, 2);
}

int main(void)
{
    test_run(plain_lines);
    test_run(quoted_cells);
    test_run(other_formats);
    test_run(return_alone_ends_a_record);
    test_run(unclosed_quote);
    test_run(stray_quotes);
    test_run(quote_over_lines_loses_to_its_line);
    test_run(nul_bytes);
    test_run(hostile_quotes_in_linear_time);
    test_run(many_quotes_in_a_line);
    test_run(lines_and_lengths);
    test_run(put_cell);
    test_run(delimiters);
    test_run(quotes);
    test_run(ragged_tables_keep_their_delimiter);
    test_run(options_win);
    return test_done();
}
