/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading small files of every kind: cells, names, notes, repairs, refusals. */
#include "data/dataset.h"

#include <locale.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "data/where.h"
#include "shared.h"
#include "table.h"
#include "test.h"

static struct error err;

static struct dataset *load_bytes(const char *bytes, size_t n,
                                  struct load_options options)
{
    char *path = table_write(bytes, n);
    struct dataset *d;

    err = (struct error){0};
    d = dataset_load(path, &options, &err);
    unlink(path);
    free(path);
    return d;
}

static struct dataset *load_with(const char *text, struct load_options options)
{
    struct dataset *d = load_bytes(text, strlen(text), options);

    if (!d)
        printf("# not loaded: %s\n", err.text);
    return d;
}

static struct dataset *load(const char *text)
{
    return load_with(text, (struct load_options){0});
}

/* The table as "name|name/cell|cell/", with "-" for a missing cell. */
static char *table_text(const struct dataset *d)
{
    struct str s = {0};
    int n = d ? dataset_columns(d) : 0;

    for (int i = 0; i < n; i++)
        str_printf(&s, "%s%s", i > 0 ? "|" : "", column_name(dataset_column(d, i)));
    str_putc(&s, '/');
    for (size_t row = 0; d && row < dataset_rows(d); row++) {
        for (int i = 0; i < n; i++) {
            const struct column *c = dataset_column(d, i);
            struct cell cell = column_cell(c, row);

            if (i > 0)
                str_putc(&s, '|');
            if (column_missing(c, row))
                str_putc(&s, '-');
            else
                str_add(&s, cell.text, cell.length);
        }
        str_putc(&s, '/');
    }
    return s.text;
}

static void check_table(const struct dataset *d, const char *want)
{
    char *got = table_text(d);

    check_str(got, want);
    free(got);
}

static void check_load(const char *text, const char *want)
{
    struct dataset *d = load(text);

    check_table(d, want);
    dataset_unref(d);
}

static bool noted(const struct dataset *d, const char *text)
{
    bool ok = d && strstr(dataset_notes(d), text);

    if (d && !ok)
        printf("# notes are: %s\n", dataset_notes(d));
    return ok;
}

static void check_refused(const char *bytes, size_t n, const char *why)
{
    struct dataset *d = load_bytes(bytes, n, (struct load_options){0});

    check(d == NULL);
    if (!check(strstr(err.text, why) != NULL))
        printf("# the sentence is: %s\n", err.text);
    dataset_unref(d);
}

#define BASE "a|b|y/1|x|0/2|y|1/3|x|0/"

static void line_ends(void)
{
    struct dataset *d;

    check_load("a,b,y\n1,x,0\n2,y,1\n3,x,0\n", BASE);
    check_load("a,b,y\n1,x,0\n2,y,1\n3,x,0", BASE);
    check_load("a,b,y\r\n1,x,0\r\n2,y,1\r\n3,x,0\r\n", BASE);
    check_load("a,b,y\r1,x,0\r2,y,1\r3,x,0\r", BASE);
    check_load("a,b,y\n\n1,x,0\n\n2,y,1\n3,x,0\n\n\n", BASE);
    d = load("a,b,y\r\r\n1,x,0\r\r\n2,y,1\r\r\n3,x,0\r\r\n");
    check_table(d, BASE);
    check_str(dataset_dialect(d)->line_end, "CRCRLF");
    dataset_unref(d);
    d = load("a,b,y\r\n1,x,0\n2,y,1\r3,x,0\r\n");
    check_table(d, BASE);
    check(noted(d, "mixed line ends"));
    check_int(dataset_line(d, 0), 2);
    check_int(dataset_line(d, 2), 4);
    dataset_unref(d);
    d = load("a,b,y\n1,x,0\n2,y,1\n3,x,0\n\x1a");
    check_table(d, BASE);
    check(noted(d, "end-of-file mark"));
    dataset_unref(d);
}

/* Without a mark three NULs in four bytes are no text. */
static void utf32_needs_its_mark(void)
{
    static const char big[] = "\0\0\xfe\xff"
                              "\0\0\0a\0\0\0,\0\0\0y\0\0\0\n"
                              "\0\x01\xf6\0\0\0\0,\0\0\0" "2\0\0\0\n";
    struct dataset *d = load_bytes(big, sizeof big - 1, (struct load_options){0});
    struct error err = {0};
    char *path = table_path();
    FILE *f = fopen(path, "wb");

    check_table(d, "a|y/\xf0\x9f\x98\x80|2/");
    check_str(dataset_dialect(d)->encoding, "UTF-32BE");
    dataset_unref(d);
    check(f && fwrite(big + 4, 1, sizeof big - 5, f) == sizeof big - 5 && fclose(f) == 0);
    check(dataset_load(path, NULL, &err) == NULL);
    check(strstr(err.text, "binary data, not a table") != NULL);
    unlink(path);
    free(path);
}

static void encodings(void)
{
    static const char utf16[] = "\xff\xfe" "a\0,\0y\0\n\0\xe9\0,\0" "1\0\n\0";
    static const char utf32[] = "\xff\xfe\0\0"
                                "a\0\0\0,\0\0\0y\0\0\0\n\0\0\0"
                                "1\0\0\0,\0\0\0"
                                "2\0\0\0\n\0\0";
    static const char bare[] = "a\0,\0y\0\n\0" "1\0,\0" "2\0\n";
    struct dataset *d;

    d = load("\xef\xbb\xbf" "a,y\n1,2\n");
    check_table(d, "a|y/1|2/");
    check_str(dataset_dialect(d)->encoding, "UTF-8 with BOM");
    dataset_unref(d);
    check_load("\xef\xbb\xbf\"a\",\"y\"\n1,2\n", "a|y/1|2/");
    d = load("\xef\xbb\xbf\xef\xbb\xbf" "a,y\n1,2\n");
    check_table(d, "a|y/1|2/");
    check(noted(d, "2 byte order marks"));
    dataset_unref(d);
    d = load("name,y\ncaf\xe9,1\nm\xfc" "de,0\n\x80,1\n");
    check_table(d, "name|y/caf\xc3\xa9|1/m\xc3\xbc" "de|0/\xe2\x82\xac|1/");
    check(noted(d, "CP1252"));
    dataset_unref(d);
    d = load_bytes(utf16, sizeof utf16 - 1, (struct load_options){0});
    check_table(d, "a|y/\xc3\xa9|1/");
    check_str(dataset_dialect(d)->encoding, "UTF-16LE");
    dataset_unref(d);
    d = load_bytes(utf32, sizeof utf32, (struct load_options){0});
    check_table(d, "a|y/1|2/");
    check_str(dataset_dialect(d)->encoding, "UTF-32LE");
    dataset_unref(d);
    d = load_bytes(bare, sizeof bare, (struct load_options){0});
    check_table(d, "a|y/1|2/");
    dataset_unref(d);
    d = load_with("a,y\n\xc3\xa9,1\n", (struct load_options){.encoding = "cp1252"});
    check_table(d, "a|y/\xc3\x83\xc2\xa9|1/");
    dataset_unref(d);
    d = load_with("\xfe\xff,y\n1,2\n", (struct load_options){.encoding = "utf-8"});
    check_int(column_original_name(dataset_column(d, 0)).length, 2);
    dataset_unref(d);
}

static void wrong_utf8_is_kept(void)
{
    struct dataset *d = load("a,y\n\xc0\xaf,1\n\xe0\x80\xaf,0\nok,1\n");
    const struct repair_note *notes;
    size_t n;

    check_table(d, "a|y/\xc0\xaf|1/\xe0\x80\xaf|0/ok|1/");
    check_int(dataset_repairs(d, REPAIR_ENCODING), 2);
    notes = dataset_repair_notes(d, &n);
    check_int(n, 2);
    check_int(notes[1].line, 3);
    dataset_unref(d);
    d = load("a,y\nok,1\nca\xc3");
    check_table(d, "a|y/ok|1/ca\xc3|-/");
    check_int(dataset_repairs(d, REPAIR_ENCODING), 1);
    check_int(dataset_repairs(d, REPAIR_SHORT), 1);
    dataset_unref(d);
}

static void nul_bytes(void)
{
    struct dataset *d = load_bytes("a\0b,y\nx\0z,1\nx,0\n", 16, (struct load_options){0});

    check_int(dataset_rows(d), 2);
    check_int(column_cell(dataset_column(d, 0), 0).length, 3);
    check_int(column_original_name(dataset_column(d, 0)).length, 3);
    check_int(column_dictionary_size(dataset_column(d, 0)), 2);
    check_int(dataset_repairs(d, REPAIR_NUL), 1);
    dataset_unref(d);
}

static void refusals(void)
{
    char nuls[5000] = "a,y\n1,0\n", wide[300010];

    check_refused("", 0, "0 bytes");
    check_refused("\n\r\n\n", 4, "no column");
    check_refused("   \n   \n", 8, "no column");
    check_refused("\xef\xbb\xbf", 3, "no column");
    check_refused("\"", 1, "quote opened in line 1 never closed");
    check_refused(nuls, sizeof nuls, "NUL");
    check_refused("\x7f" "ELF\1\1\1\0\0\0", 10, "ELF");
    check_refused("PK\3\4\0\0\0", 7, "zip");
    check_refused("SQLite format 3\0\0\0", 18, "SQLite");
    check_refused("\x80\4\x95\x10\0\0", 6, "pickle");
    check_refused("\x89PNG\r\n\x1a\n", 8, "PNG");
    check_refused("\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xab\xab\xab\xab\xab", 16, "gzip");
    memset(wide, ',', sizeof wide);
    memcpy(wide, "a,y\n", 4);
    check_refused(wide, sizeof wide, "line 2 has 300007 cells and the table 2 columns");
    check(dataset_load("/nonexistent/x.csv", NULL, &err) == NULL);
    check_str(err.text, "/nonexistent/x.csv: No such file or directory");
    check(dataset_load("/", NULL, &err) == NULL);
    check_str(err.text, "/: a folder, not a table of text");
}

static void error_names_the_file_visibly(void)
{
    check(dataset_load("/nonexistent/\x1b[2J", NULL, &err) == NULL);
    check_str(err.text, "/nonexistent/^[[2J: No such file or directory");
}

static void gzip_by_content(void)
{
    char *path = table_path();
    gzFile gz = gzopen(path, "wb");
    struct load_options options = {0};
    struct dataset *d;
    char *packed;
    size_t n;

    gzputs(gz, "a,b,y\n1,x,0\n2,y,1\n3,x,0\n");
    gzclose(gz);
    d = dataset_load(path, &options, &err);
    check_table(d, BASE);
    check(dataset_dialect(d)->gzip);
    dataset_unref(d);
    packed = file_read(path, 1 << 20, &n, &err);
    d = load_bytes(packed, n - 9, options);
    check(d == NULL);
    check(strstr(err.text, "damaged gzip") != NULL);
    free(packed);
    unlink(path);
    free(path);
}

static void web_page_and_json_get_a_warning(void)
{
    struct dataset *d =
        load("<!DOCTYPE html>\n<html><body>404, not found</body></html>\n");

    check(noted(d, "web page"));
    dataset_unref(d);
    d = load("{\"a\":1,\n\"b\":[1,2,3]}\n");
    check(noted(d, "JSON"));
    dataset_unref(d);
}

static void header_or_not(void)
{
    struct dataset *d = load("1,2,3\n4,5,6\n7,8,9\n");

    check_table(d, "col_1|col_2|col_3/1|2|3/4|5|6/7|8|9/");
    check(!dataset_dialect(d)->header);
    check(noted(d, "no names"));
    dataset_unref(d);
    check_load("a,b,y\n", "a|b|y/");
    check_load("x", "x/");
    check_load(",,\n1,2,3\n", "col_1|col_2|col_3/1|2|3/");
    check_load("target,id,nan,NULL,0\n1,2,3,4,5\n", "target|id|nan|NULL|0/1|2|3|4|5/");
    check_load("country,2000,2001\nNL,5,6\nNO,7,8\n", "country|2000|2001/NL|5|6/NO|7|8/");
    check_load("low,small\nlow,big\nhigh,small\nlow,small\n",
               "col_1|col_2/low|small/low|big/high|small/low|small/");
    check_load("day,code\n2018-01-28,HK-5981\n2018-01-29,EN-22\n",
               "day|code/2018-01-28|HK-5981/2018-01-29|EN-22/");
    check_load("2018-01-27,HK-1\n2018-01-28,HK-5981\n2018-01-29,EN-22\n",
               "col_1|col_2/2018-01-27|HK-1/2018-01-28|HK-5981/2018-01-29|EN-22/");
}

static void header_of_several_lines(void)
{
    struct dataset *d = load("group,group,out\na,b,y\n1,x,0\n2,y,1\n");

    check_table(d, "group a|group b|out y/1|x|0/2|y|1/");
    check_int(dataset_dialect(d)->header_lines, 2);
    check_int(dataset_line(d, 0), 3);
    dataset_unref(d);
    check_load("a,b,y\na,b,y\n1,x,0\n2,y,1\n", "a a|b b|y y/1|x|0/2|y|1/");
    check_load(",2019,,2020,\nRegion,Men,Women,Men,Women\nNorth,1,2,3,4\nSouth,5,6,7,8\n",
               "Region|2019 Men|Women|2020 Men|Women_2/North|1|2|3|4/South|5|6|7|8/");
}

static void header_with_damage(void)
{
    check_load("ab,c,d\n1,2,x,3\n4,5,y,6\n7,8,z,9\n",
               "ab|c|d|col_4/1|2|x|3/4|5|y|6/7|8|z|9/");
    check_load("u,v\n1,5,x\n2,6,y\n3,7,z\n", "col_1|u|v/1|5|x/2|6|y/3|7|z/");
    check_load("a,,b,c\n1,2,3\n4,5,6\n7,8,9\n", "a|b|c/1|2|3/4|5|6/7|8|9/");
    check_load("a b c\n1,2,3\n4,5,6\n7,8,9\n", "a|b|c/1|2|3/4|5|6/7|8|9/");
    check_load("\"a,b,y\n1,x,0\n2,y,1\n", "\"a|b|y/1|x|0/2|y|1/");
}

static void before_the_table(void)
{
    struct dataset *d =
        load("Report 7\nDate:,2024-01-01\n\na,b,y\n1,x,0\n2,y,1\n3,x,0\n");

    check_table(d, BASE);
    check_int(dataset_dialect(d)->skipped_lines, 2);
    check_int(dataset_repairs(d, REPAIR_SKIPPED), 2);
    check_int(dataset_line(d, 0), 5);
    dataset_unref(d);
    check_load("# made by x\n# 2024, by y\na,b,y\n1,x,0\n2,y,1\n3,x,0\n", BASE);
    check_load("Report,,\n,,\na,b,y\n1,x,0\n2,y,1\n3,x,0\n", BASE);
    check_load("Source:,ONS,,,\nDate:,2020-01-01,,,\nr,m,w,s,n\nN,1,2,3,x\nS,5,6,7,y\n",
               "r|m|w|s|n/N|1|2|3|x/S|5|6|7|y/");
    check_load("sep=;\na;b;y\n1;x;0\n2;y;1\n3;x;0\n", BASE);
}

static void behind_the_table(void)
{
    struct dataset *d = load("a,b,y\n1,x,0\n2,y,1\n3,x,0\nTotal,,1\nSource: office\n");
    const struct repair_note *notes;
    size_t n;

    check_table(d, BASE);
    check_int(dataset_repairs(d, REPAIR_SKIPPED), 2);
    notes = dataset_repair_notes(d, &n);
    check_int(notes[0].line, 5);
    check_str(notes[0].text, "Total,,1");
    dataset_unref(d);
    d = load("a,b,y\n1,x,0\n2,y,1\n3,x,0\n\nk,v\np,1\n");
    check_table(d, BASE);
    check(noted(d, "second table from line 6"));
    dataset_unref(d);
    d = load("a,b,y\n1,x,0\n2,y,1\n3,x,0\na,b\n1,x\n2,y\n");
    check_table(d, BASE);
    check_int(dataset_repairs(d, REPAIR_SKIPPED), 3);
    dataset_unref(d);
    check_load("a,b,y\n1,x,0\n2,y,1\n3,x,0\na,b,y\n7,x,0\n", BASE);
    check_load("a,b,y\n1,x,0\n2,y,1\n3,x,0\n\nCreated in October,,\n,,\n,,\n", BASE);
    check_load("a|b|y\n---|---|---\n1|x|0\n2|y|1\n3|x|0\n", BASE);
    check_load("a,b,y\n1,x,0\n2,y,1\n# note\n3,x,0\n", BASE);
}

static void ragged_rows(void)
{
    struct dataset *d = load("a,b,y\n1,x\n2,y,1\n3,x,0\n");

    check_table(d, "a|b|y/1|x|-/2|y|1/3|x|0/");
    check_int(dataset_repairs(d, REPAIR_SHORT), 1);
    dataset_unref(d);
    d = load("a,b,y\n1,x,0,EXTRA\n2,y,1\n");
    check_table(d, "a|b|y/2|y|1/");
    check_int(dataset_repairs(d, REPAIR_LONG), 1);
    dataset_unref(d);
    d = load("a,b,y\n1,x,0,\n2,y,1,,\n");
    check_table(d, "a|b|y/1|x|0/2|y|1/");
    check_int(dataset_repairs(d, REPAIR_LONG_EMPTY), 2);
    dataset_unref(d);
    /* the surplus empty cell is the one that shifts the others */
    check_load("a,b,y\n1,x,0\n2,,y,1\n,3,x,0\n", BASE);
    d = load("a,b,y\n1,x,0\n2;y;1\n3,x,0\n");
    check_table(d, BASE);
    check_int(dataset_repairs(d, REPAIR_DELIMITER), 1);
    dataset_unref(d);
    d = load("a,b,c,d\n1,2\n1,2,3\n1,2,3,4\n1,2\n1,2\n");
    check_table(d, "a|b|c|d/1|2|-|-/1|2|3|-/1|2|3|4/1|2|-|-/1|2|-|-/");
    dataset_unref(d);
}

static void quotes(void)
{
    struct dataset *d = load("a,b,y\n\"1,x,0\n2,y,1\n3,x,0\n");

    check_table(d, "a|b|y/\"1|x|0/2|y|1/3|x|0/");
    check(noted(d, "quote opened in line 2 never closed"));
    check_int(dataset_repairs(d, REPAIR_QUOTE), 1);
    dataset_unref(d);
    check_load("a,b,y\n1,\"x\"z,0\n", "a|b|y/1|xz|0/");
    check_load("a,b,y\n1,'x,y',0\n2,'z,w',1\n", "a|b|y/1|x,y|0/2|z,w|1/");
    check_load("a,b,y\n1,\"say \\\"hi\\\", ok\",0\n", "a|b|y/1|say \"hi\", ok|0/");
    check_load("a, b, y\n1, \"x, z\", 0\n", "a|b|y/1|x, z|0/");
    d = load("a,y\n\"two\nlines\",1\nb,0\n");
    check_int(dataset_line(d, 0), 2);
    check_int(dataset_line(d, 1), 4);
    dataset_unref(d);
}

static void one_column(void)
{
    check_load("a\n1\n2\n3\n", "a/1/2/3/");
    check_load("a\n1\n\n3\n\n\n", "a/1/-/3/");
    check_load("name\nAnna Smith\nBob Doe\nCarl, the great\n",
               "name/Anna Smith/Bob Doe/Carl, the great/");
}

static void missing_marks(void)
{
    static const char text[] =
        "v,y\nNA,0\n?,1\n  ,0\n\\N,1\n-,0\nx,1\n.,0\nnan,1\nNULL,0\n";
    struct dataset *d = load(text);

    check_table(d, "v|y/-|0/-|1/-|0/-|1/-|0/x|1/-|0/-|1/-|0/");
    check(strstr(dataset_missing_marks(d), "N/A") != NULL);
    dataset_unref(d);
    d = load_with(text, (struct load_options){.missing = "x, -"});
    check_table(d, "v|y/NA|0/?|1/-|0/\\N|1/-|0/-|1/.|0/nan|1/NULL|0/");
    check_str(dataset_missing_marks(d), "x, -");
    dataset_unref(d);
    d = load("country,y\nNA,1\nNL,0\nNO,1\n");
    check(noted(d, "column country holds two-letter codes"));
    dataset_unref(d);
    d = load("answer,y\nNA,1\nyes,0\nno,1\n");
    check(strstr(dataset_notes(d), "two-letter") == NULL);
    dataset_unref(d);
}

static void names(void)
{
    struct dataset *d =
        load("x,x_2,x, pad ,\"two\nlines\",\x1b[2J,,col_7\n1,2,3,4,5,6,7,8\n");
    struct cell original;

    check_table(d, "x|x_2|x_3|pad|two^Jlines|^[[2J|col_7_2|col_7/1|2|3|4|5|6|7|8/");
    check_int(dataset_find(d, "x_3"), 2);
    check_int(dataset_find(d, "x"), 0);
    check_int(dataset_find(d, " pad "), 3);
    check_int(dataset_find(d, "two\nlines"), 4);
    check_int(dataset_find(d, "nothing"), -1);
    original = column_original_name(dataset_column(d, 5));
    check(original.length == 4 && memcmp(original.text, "\x1b[2J", 4) == 0);
    dataset_unref(d);
}

static void long_name_is_cut(void)
{
    struct str s = {0};
    struct dataset *d;

    for (int i = 0; i < 70000; i++)
        str_putc(&s, 'a');
    str_puts(&s, ",y\n1,0\n");
    d = load(s.text);
    check(strlen(column_name(dataset_column(d, 0))) < 80);
    check_int(column_original_name(dataset_column(d, 0)).length, 70000);
    dataset_unref(d);
    str_done(&s);
}

static void options_win(void)
{
    struct dataset *d = load_with("a;b\n1;2\n", (struct load_options){.delimiter = ','});

    check_table(d, "a;b/1;2/");
    dataset_unref(d);
    d = load_with("a,b\nc,d\n", (struct load_options){.header = -1});
    check_table(d, "col_1|col_2/a|b/c|d/");
    dataset_unref(d);
    d = load_with("1,2\n3,4\n", (struct load_options){.header = 1});
    check_table(d, "1|2/3|4/");
    dataset_unref(d);
    d = load_with("x,y,z\n1,2\n3,4\n", (struct load_options){.skip = 1, .skip_set = true,
                                                            .header = -1});
    check_table(d, "col_1|col_2/1|2/3|4/");
    check_int(dataset_line(d, 0), 2);
    dataset_unref(d);
    d = load_with("a,b\n1,2\n3,4\n5,6\n", (struct load_options){.max_rows = 2});
    check_table(d, "a|b/1|2/3|4/");
    dataset_unref(d);
    d = load_with("a b\n1   2\n", (struct load_options){.delimiter = DELIMITER_BLANKS});
    check_table(d, "a|b/1|2/");
    dataset_unref(d);
    check(load_bytes("a\n1\n", 4, (struct load_options){.encoding = "ebcdic"}) == NULL);
    check(strstr(err.text, "ebcdic") != NULL);
    check(load_bytes("a\n1\n", 4, (struct load_options){.skip = 9, .skip_set = true}) ==
          NULL);
}

/* What is exported and loaded again is the same table. */
static void check_round_trip(const char *text, size_t n, const char *want)
{
    struct dataset *d = load_bytes(text, n, (struct load_options){0});
    char *path = table_path(), *got;
    size_t length;

    check(d && dataset_export(d, path, false, &err));
    got = file_read(path, 1 << 20, &length, &err);
    check_str(got, want);
    free(got);
    dataset_unref(d);
    unlink(path);
    free(path);
}

static void export_gives_cells_back(void)
{
    static const char text[] =
        "a;\"b,c\";y\n1;\"say \"\"hi\"\"\";NA\n2;\"two\r\nlines\";\n";
    struct dataset *d = load("a,y\n=1+1,1\n-2,0\n@x,1\n-x,0\n");
    char *path = table_path(), *got;
    size_t length;

    check_round_trip(text, sizeof text - 1,
                     "a,\"b,c\",y\n1,\"say \"\"hi\"\"\",NA\n2,\"two\r\nlines\",\n");
    check_round_trip("1,2\n3,4\n", 8, "1,2\n3,4\n");
    check_round_trip("a\n1\n\n3\n", 7, "a\n1\n\"\"\n3\n");
    check_round_trip("x,x\n1,\xff\n", 8, "x,x\n1,\xc3\xbf\n");
    check(dataset_export(d, path, true, &err));
    got = file_read(path, 1 << 20, &length, &err);
    check_str(got, "a,y\n'=1+1,1\n-2,0\n'@x,1\n'-x,0\n");
    free(got);
    dataset_unref(d);
    unlink(path);
    free(path);
}

/* Many rows: chunks of columns, dictionaries that turn plain, blocks of the file. */
static void large_columns(void)
{
    enum { N = 150000 };
    struct str s = {0};
    struct dataset *d;
    bool same = true;

    str_puts(&s, "few,many,id,empty\n");
    for (int i = 0; i < N; i++)
        str_printf(&s, "k%d,%d,id-%d,\n", i % 7, i % 1000, i);
    d = load(s.text);
    str_done(&s);
    check_int(dataset_rows(d), N);
    check_int(column_dictionary_size(dataset_column(d, 0)), 7);
    check_int(column_dictionary_size(dataset_column(d, 1)), 1000);
    check_int(column_dictionary_size(dataset_column(d, 2)), 0);
    for (int i = 0; i < N; i += 61) {
        char want[3][16];

        snprintf(want[0], 16, "k%d", i % 7);
        snprintf(want[1], 16, "%d", i % 1000);
        snprintf(want[2], 16, "id-%d", i);
        for (int k = 0; k < 3; k++) {
            struct cell cell = column_cell(dataset_column(d, k), i);

            same = same && cell.length == strlen(want[k]) &&
                   memcmp(cell.text, want[k], cell.length) == 0;
        }
        same = same && column_missing(dataset_column(d, 3), i);
        same = same && dataset_line(d, i) == (size_t)i + 2;
    }
    check(same);
    check(dataset_bytes(d) < N * (1 + 2 + 4 + 10 + 1) + 200000);
    dataset_unref(d);
}

static void a_word_may_come_late(void)
{
    struct str s = {0};
    struct dataset *d;

    str_puts(&s, "v,y\n");
    for (int i = 0; i < 90000; i++)
        str_puts(&s, "1,0\n");
    str_puts(&s, "caf\xe9,1\n");
    d = load(s.text);
    str_done(&s);
    check_str(dataset_dialect(d)->encoding, "CP1252");
    check(column_cell(dataset_column(d, 0), 90000).length == 5);
    dataset_unref(d);
}

static void wide_table(void)
{
    enum { N = 5000 };
    struct str s = {0};
    struct dataset *d;

    for (int i = 0; i < N; i++)
        str_printf(&s, "c%d%c", i, i + 1 < N ? ',' : '\n');
    for (int i = 0; i < N; i++)
        str_printf(&s, "1%c", i + 1 < N ? ',' : '\n');
    d = load(s.text);
    str_done(&s);
    check_int(dataset_columns(d), N);
    check_int(dataset_find(d, "c4999"), 4999);
    dataset_unref(d);
}

static void steps_can_be_watched_and_cancelled(void)
{
    struct load_options options = {0};
    struct str s = {0};
    struct loader *l;
    char *path;
    size_t steps = 0;
    double before = 0;
    enum step step;

    str_puts(&s, "a,b\n");
    for (int i = 0; i < 300000; i++)
        str_puts(&s, "12,34\n");
    path = table_write(s.text, s.length);
    str_done(&s);
    l = loader_new(path, &options, &err);
    while ((step = loader_step(l, &err)) == STEP_MORE) {
        steps++;
        check(loader_progress(l) >= before);
        before = loader_progress(l);
    }
    check_int(step, STEP_DONE);
    check(steps >= 5);
    check_near(loader_progress(l), 1, 1e-9);
    check_int(loader_rows(l), 300000);
    loader_cancel(l);
    l = loader_new(path, &options, &err);
    check_int(loader_step(l, &err), STEP_MORE);
    loader_cancel(l);
    unlink(path);
    free(path);
}

static void locale_does_not_matter(void)
{
    struct dataset *d;

    if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
        test_skip("no German locale here");
        return;
    }
    d = load("a;b\n1,5;x\n2,5;y\n");
    check_table(d, "a|b/1,5|x/2,5|y/");
    dataset_unref(d);
    setlocale(LC_ALL, "C");
}

static void shared_by_reference(void)
{
    struct dataset *d = load("a\n1\n");

    check(dataset_ref(d) == d);
    dataset_unref(d);
    check_int(dataset_rows(d), 1);
    dataset_unref(d);
    dataset_unref(NULL);
}

/* The tables that the program is made for load whole. */
static void known_tables(void)
{
    static const struct {
        const char *name;
        size_t rows;
        int columns;
        int delimiter;
        bool header;
    } tables[] = {
        {"data/1995_income/1995_income_train.csv", 32561, 15, ',', true},
        {"data/1995_income/adult.data", 32561, 15, ',', false},
        {"data/1995_income/adult.test", 16281, 15, ',', false},
        {"data/bank_marketing/bank-full.csv", 45211, 17, ';', true},
        {"data/mushroom/mushroom.csv", 8124, 23, ',', true},
        {"data/dota2games/dota2games_test.csv", 10294, 117, ',', true},
        {"data/penguins/penguins.csv", 344, 7, ',', true},
    };
    size_t found = 0;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char *path = test_shared(tables[i].name);
        struct dataset *d = path ? dataset_load(path, NULL, &err) : NULL;

        if (path && check(d != NULL)) {
            found++;
            check_int(dataset_rows(d), tables[i].rows);
            check_int(dataset_columns(d), tables[i].columns);
            check_int(dataset_dialect(d)->delimiter, tables[i].delimiter);
            check_int(dataset_dialect(d)->header, tables[i].header);
        }
        dataset_unref(d);
        free(path);
    }
    if (found == 0)
        test_skip("no shared folder");
}

static void check_where(const struct dataset *d, const char *text, const char *want)
{
    struct where *w = where_new(d, text);
    struct str rows = {0};

    for (size_t i = 0; i < w->n; i++)
        str_printf(&rows, "%s%u", i > 0 ? " " : "", w->rows[i]);
    check_str(str_text(&rows), want);
    str_done(&rows);
    where_free(w);
}

static void rows_with_a_value_are_found(void)
{
    struct dataset *d = table_of("a,a=b,c\nx,1,?\ny,2,u\nx,b=3,\nz,4,u\n");
    struct where *w;

    check_where(d, "a=x", "0 2");
    check_where(d, "a=q", "");
    check_where(d, "c=", "0 2");
    check_where(d, "a=b", "");
    check_where(d, "a=b=3", ""); /* of the column a */
    check_where(d, "c=u", "1 3");
    w = where_new(d, "nothing=1");
    check_int(w->column, -1);
    check_int(w->n, 0);
    where_free(w);
    w = where_new(d, "without a sign");
    check_int(w->column, -1);
    where_free(w);
    dataset_unref(d);
}

/* Cells one after another in place of a dictionary. */
static void rows_of_a_plain_column_are_found(void)
{
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "id\n");
    for (int i = 0; i < 70000; i++)
        str_printf(&text, "%d\n", i == 66000 ? 3 : i);
    d = table_load(text.text, text.length);
    check_int(column_dictionary_size(dataset_column(d, 0)), 0);
    check_where(d, "id=3", "3 66000");
    check_where(d, "id=69999", "69999");
    dataset_unref(d);
    str_done(&text);
}

int main(void)
{
    test_run(line_ends);
    test_run(encodings);
    test_run(utf32_needs_its_mark);
    test_run(wrong_utf8_is_kept);
    test_run(nul_bytes);
    test_run(refusals);
    test_run(error_names_the_file_visibly);
    test_run(gzip_by_content);
    test_run(web_page_and_json_get_a_warning);
    test_run(header_or_not);
    test_run(header_of_several_lines);
    test_run(header_with_damage);
    test_run(before_the_table);
    test_run(behind_the_table);
    test_run(ragged_rows);
    test_run(quotes);
    test_run(one_column);
    test_run(missing_marks);
    test_run(names);
    test_run(long_name_is_cut);
    test_run(options_win);
    test_run(export_gives_cells_back);
    test_run(large_columns);
    test_run(a_word_may_come_late);
    test_run(wide_table);
    test_run(steps_can_be_watched_and_cancelled);
    test_run(locale_does_not_matter);
    test_run(shared_by_reference);
    test_run(rows_with_a_value_are_found);
    test_run(rows_of_a_plain_column_are_found);
    test_run(known_tables);
    return test_done();
}
