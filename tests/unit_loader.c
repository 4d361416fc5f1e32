/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of several files, tables in pieces, and what comes through a pipe. */
#include <fcntl.h>
#include <sys/wait.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/dataset.h"
#include "data/infer.h"
#include "table.h"
#include "test.h"

enum { FILES_MAX = 4 };

static struct error err;

/* All rows, cells by | and rows by /. */
static void add_rows(struct str *out, const struct dataset *d)
{
    for (size_t row = 0; row < dataset_rows(d); row++) {
        for (int i = 0; i < dataset_columns(d); i++) {
            struct cell cell = column_cell(dataset_column(d, i), row);

            str_printf(out, "%s%.*s", i > 0 ? "|" : "", (int)cell.length, cell.text);
        }
        str_putc(out, '/');
    }
}

/* ---- several files ---- */

static char *paths[FILES_MAX];

static void write_files(const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        paths[i] = table_write(texts[i], strlen(texts[i]));
}

static void remove_files(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unlink(paths[i]);
        free(paths[i]);
    }
}

static struct dataset *load_files(const char *const *texts, size_t n, size_t max_rows)
{
    struct load_options o = {.more = paths + 1, .n_more = n - 1, .max_rows = max_rows};

    write_files(texts, n);
    err = (struct error){0};
    return dataset_load(paths[0], &o, &err);
}

static void check_files(const char *const *texts, size_t n, const char *rows)
{
    struct dataset *d = load_files(texts, n, 0);
    struct str got = {0};

    if (!check(d != NULL))
        printf("# %s\n", err.text);
    if (d)
        add_rows(&got, d);
    check_str(str_text(&got), rows);
    str_done(&got);
    dataset_unref(d);
    remove_files(n);
}

/* The sentence names the file that is to blame, by its place. */
static void check_refused(const char *const *texts, size_t n, size_t bad,
                          const char *sentence)
{
    struct dataset *d = load_files(texts, n, 0);

    check(d == NULL);
    if (!check(str_starts(err.text, paths[bad]) && strstr(err.text, sentence)))
        printf("# the sentence is: %s\n", err.text);
    dataset_unref(d);
    remove_files(n);
}

#define FILES(...) (const char *const[]){__VA_ARGS__}

static void columns_are_found_by_name(void)
{
    check_files(FILES("a,b,y\n1,x,0\n2,y,1\n", "a,b,y\n3,z,1\n"), 2,
                "1|x|0/2|y|1/3|z|1/");
    check_files(FILES("a,b,y\n1,x,0\n2,y,1\n", "y;b;a\n1;z;3\n0;w;4\n"), 2,
                "1|x|0/2|y|1/3|z|1/4|w|0/");
    check_files(FILES("a,b\n1,x\n2,y\n", "b\ta\nz\t3\nw\t4\n", "a,b\n5,v\n6,u\n"), 3,
                "1|x/2|y/3|z/4|w/5|v/6|u/");
    check_files(FILES("a,x,x\n1,p,q\n2,r,s\n", "x,a,x\nt,3,u\nv,4,w\n"), 2,
                "1|p|q/2|r|s/3|t|u/4|v|w/");
}

/* Where the first file has no names, none has: columns go by their place. */
static void the_first_file_says_whether_there_are_names(void)
{
    check_files(FILES("1,2,3\n4,5,6\n7,8,9\n", "3,2,1\n6,5,4\n"), 2,
                "1|2|3/4|5|6/7|8|9/3|2|1/6|5|4/");
    check_files(FILES("n,c\n1,red\n2,blue\n", "n,c\n"), 2, "1|red/2|blue/");
    check_refused(FILES("1,2,3\n4,5,6\n7,8,9\n", "3,2\n6,5\n"), 2, 1,
                  "it has 2 columns, and ");
}

static void other_columns_are_refused(void)
{
    check_refused(FILES("a,b,y\n1,x,0\n2,y,1\n", "a,b,y\n3,z,1\n", "a,y\n3,1\n4,0\n"),
                  3, 2, ": it lacks b");
    check_refused(FILES("a,b,y\n1,x,0\n2,y,1\n", "a,b,c,y\n3,z,7,1\n4,w,8,0\n"), 2, 1,
                  ": it has c too");
    check_refused(FILES("a,b,y\n1,x,0\n2,y,1\n", "a,B,y\n3,z,1\n4,w,0\n"), 2, 1,
                  ": it lacks b and has B");
    check_refused(FILES("a,b\n1,x\n2,y\n", "a,b,a\n3,z,1\n4,w,0\n"), 2, 1,
                  ": it has a too");
    check_refused(FILES("a,b\n1,x\n2,y\n", ""), 2, 1, ": 0 bytes");
}

static void a_file_that_is_missing_is_said_first(void)
{
    char *more[] = {"/nonexistent/b.csv"};
    struct load_options o = {.more = more, .n_more = 1};

    paths[0] = table_write("a,b\n1,2\n", 8);
    check(loader_new(paths[0], &o, &err) == NULL);
    check_str(err.text, "/nonexistent/b.csv: No such file or directory");
    remove_files(1);
}

static void lines_are_those_of_their_files(void)
{
    struct dataset *d = load_files(FILES("a,b\n1,x\n\n2,y\n", "a,b\n3,z\n4\n5,w\n"), 2,
                                   0);
    const struct repair_note *notes;
    struct str place = {0}, want = {0};
    size_t n;

    if (!check(d != NULL))
        return;
    check_int(dataset_line(d, 0), 2);
    check_int(dataset_line(d, 1), 4);
    check_int(dataset_line(d, 2), 2);
    check_int(dataset_line(d, 4), 4);
    dataset_place(d, 4, &place);
    str_printf(&want, "line 4 of %s", paths[1]);
    check_str(str_text(&place), str_text(&want));
    check_int(dataset_repairs(d, REPAIR_SHORT), 1);
    notes = dataset_repair_notes(d, &n);
    str_clear(&place);
    str_clear(&want);
    if (check_int(n, 1))
        dataset_repair_place(d, &notes[0], &place);
    str_printf(&want, "line 3 of %s", paths[1]);
    check_str(str_text(&place), str_text(&want));
    dataset_unref(d);
    remove_files(2);
    d = table_of("a,b\n1,x\n");
    str_clear(&place);
    dataset_place(d, 0, &place);
    check_str(str_text(&place), "line 2");
    dataset_unref(d);
    str_done(&place);
    str_done(&want);
}

static void notes_name_the_file(void)
{
    struct dataset *d = load_files(FILES("a,b\n1,x\n2,y\n", "a,b\n3,z\n4,v\n",
                                         "a;b\n5;w\n6;u\n"), 3, 0);
    struct str want = {0};

    if (!check(d != NULL))
        return;
    str_printf(&want, "%s: delimiter comma, quote \", UTF-8, LF line ends\n"
               "%s: delimiter semicolon, quote \", UTF-8, LF line ends\n", paths[0],
               paths[2]);
    check_str(dataset_notes(d), str_text(&want));
    str_done(&want);
    dataset_unref(d);
    remove_files(3);
}

static void rows_are_counted_over_all_files(void)
{
    struct dataset *d = load_files(FILES("a,b\n1,x\n2,y\n", "a,b\n3,z\n4,v\n",
                                         "a,b\n5,w\n6,u\n"), 3, 3);

    if (!check(d != NULL))
        return;
    check_int(dataset_rows(d), 3);
    check_int(dataset_options(d)->n_more, 2);
    check_str(dataset_options(d)->more[1], paths[2]);
    dataset_unref(d);
    remove_files(3);
}

static void a_cell_is_found_in_its_file(void)
{
    struct str text = {0};
    struct dataset *d;
    struct schema *s;
    char *second;

    for (int i = 0; i < 300; i++)
        str_printf(&text, "%d,%s\n", i, i % 2 ? "u" : "v");
    second = xasprintf("a,b\n%s7x,u\n", text.text);
    d = load_files(FILES("a,b\n1,u\n2.5,v\n3,u\n4.25,v\n", second), 2, 0);
    s = d ? infer_schema(d) : NULL;
    if (check(s != NULL) && !check(strstr(s->columns[0].reason, "\"7x\" in line 302 of")))
        printf("# the reason is: %s\n", s->columns[0].reason);
    schema_free(s);
    dataset_unref(d);
    remove_files(2);
    free(second);
    str_done(&text);
}

/* ---- pieces ---- */

/* A table with something to repair in it, larger than some blocks. Caller frees. */
static void make_table(struct str *out, int rows)
{
    struct rng r = rng_make(1, RNG_TEST, 0);

    str_puts(out, "id,colour,note,x\n");
    for (int i = 0; i < rows; i++) {
        static const char *const colours[] = {"red", "green", "blue", "", "NA"};
        const char *colour = colours[rng_below(&r, 5)];
        unsigned x = (unsigned)rng_below(&r, 100000);

        if (i % 997 == 5)
            str_printf(out, "%d,%s\n", i, colour);
        else if (i % 1009 == 7)
            str_printf(out, "%d,%s,\"a\"b,%u\n", i, colour, x);
        else if (i % 1013 == 9)
            str_printf(out, "%d,%s,plain,%u,more\n", i, colour, x);
        else
            str_printf(out, "%d,%s,\"line\n%u\",%u\n", i, colour, x % 7, x);
    }
    str_puts(out, "total,,,9\n");
}

struct taken {
    struct str rows;
    size_t pieces, largest, later;
    struct dataset *last;
};

/* Loads it, taking a piece whenever `least` rows are there. False: a failure. */
static bool take_pieces(struct loader *l, size_t least, struct taken *t)
{
    enum step step = STEP_MORE;

    while (step == STEP_MORE) {
        step = loader_step(l, &err);
        if (step == STEP_MORE && loader_waiting(l) >= least) {
            struct dataset *d = loader_take(l, &err);

            t->pieces++;
            if (dataset_rows(d) > t->largest)
                t->largest = dataset_rows(d);
            add_rows(&t->rows, d);
            dataset_unref(d);
        }
    }
    t->last = step == STEP_DONE ? loader_finish(l, &err) : NULL;
    if (step == STEP_DONE && t->last)
        add_rows(&t->rows, t->last);
    else
        loader_cancel(l);
    return t->last != NULL;
}

static void check_same_repairs(const struct dataset *got, const struct dataset *want)
{
    const struct repair_note *a, *b;
    size_t n, m;

    for (int kind = 0; kind < REPAIR_KINDS; kind++)
        check_int(dataset_repairs(got, (enum repair)kind),
                  dataset_repairs(want, (enum repair)kind));
    a = dataset_repair_notes(got, &n);
    b = dataset_repair_notes(want, &m);
    if (check_int(n, m))
        for (size_t i = 0; i < n; i++)
            check(a[i].line == b[i].line && a[i].kind == b[i].kind);
    check_str(dataset_notes(got), dataset_notes(want));
}

static void pieces_make_the_whole(void)
{
    struct str text = {0}, rows = {0};
    struct dataset *whole;
    char *path;

    make_table(&text, 60000);
    path = table_write(text.text, text.length);
    whole = dataset_load(path, NULL, &err);
    add_rows(&rows, whole);
    check(dataset_repairs(whole, REPAIR_SHORT) > 10);
    check(dataset_repairs(whole, REPAIR_QUOTE) > 10);
    check(dataset_repairs(whole, REPAIR_LONG) > 10);
    for (size_t least = 1; least < 100000; least *= 50) {
        struct taken t = {0};
        struct loader *l = loader_new(path, NULL, &err);

        if (!check(take_pieces(l, least, &t)))
            break;
        check(t.pieces > 0 || least > 60000);
        check(strcmp(str_text(&t.rows), str_text(&rows)) == 0);
        check_same_repairs(t.last, whole);
        check(dataset_find(t.last, "colour") == 1);
        dataset_unref(t.last);
        str_done(&t.rows);
    }
    dataset_unref(whole);
    unlink(path);
    free(path);
    str_done(&rows);
    str_done(&text);
}

/* ---- standard input ---- */

static int saved_input = -1;

/* Standard input reads what is written to the number that is returned. */
static int begin_pipe(void)
{
    int ends[2];

    saved_input = dup(STDIN_FILENO);
    if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0)
        abort();
    close(ends[0]);
    return ends[1];
}

static void end_pipe(void)
{
    if (saved_input >= 0)
        dup2(saved_input, STDIN_FILENO);
    else
        close(STDIN_FILENO);
    close(saved_input);
}

static bool put(int fd, const char *bytes, size_t n)
{
    return write(fd, bytes, n) == (ssize_t)n;
}

/* Where nothing comes a step ends without waiting for it, and how the text was cut on
 * its way does not matter. */
static void check_piped(const char *bytes, size_t n, const char *rows, bool gzip)
{
    for (size_t cut = 0; cut < n; cut += 1 + n / 9) {
        int fd = begin_pipe();
        struct loader *l = loader_new("-", NULL, &err);
        struct taken t = {0};

        check(put(fd, bytes, cut));
        for (int i = 0; i < 3; i++)
            check_int(loader_step(l, &err), STEP_MORE);
        check(isnan(loader_progress(l)));
        check(put(fd, bytes + cut, n - cut));
        close(fd);
        if (check(take_pieces(l, 1, &t))) {
            check_str(str_text(&t.rows), rows);
            check(dataset_dialect(t.last)->gzip == gzip);
        }
        dataset_unref(t.last);
        str_done(&t.rows);
        end_pipe();
    }
}

static void a_pipe_is_read_as_it_comes(void)
{
    static const char text[] = "a;b;y\n1;\xc3\xa9;0\n2;\"z\n\";1\n3;x;0\n";

    check_piped(text, sizeof text - 1, "1|\xc3\xa9|0/2|z\n|1/3|x|0/", false);
}

/* Two members, one after another, are one text, and padding behind them is none. */
static void gzip_comes_through_a_pipe(void)
{
    char *path = table_path(), bytes[4096];
    gzFile gz = gzopen(path, "wb");
    FILE *f;
    size_t n;

    gzputs(gz, "a,b,y\n1,x,0\n2,");
    gzclose(gz);
    gz = gzopen(path, "ab");
    gzputs(gz, "y,1\n3,x,0\n");
    gzclose(gz);
    f = fopen(path, "rb");
    n = fread(bytes, 1, sizeof bytes - 5, f);
    fclose(f);
    memset(bytes + n, 0, 5);
    check_piped(bytes, n, "1|x|0/2|y|1/3|x|0/", true);
    check_piped(bytes, n + 5, "1|x|0/2|y|1/3|x|0/", true);
    unlink(path);
    free(path);
}

/* The rest comes while the source is asked: a writer of its own makes that happen. */
static void a_slow_writer_does_not_matter(void)
{
    static const char text[] = "a,b,y\n1,x,0\n2,y,1\n3,x,0\n";

    for (int trial = 0; trial < 8; trial++) {
        int fd = begin_pipe();
        pid_t pid = fork();
        struct loader *l;
        struct taken t = {0};

        if (pid == 0) { /* pauses longer and shorter than the loader waits */
            for (size_t i = 0; i < sizeof text - 1; i += 9) {
                usleep((useconds_t)(70000 + 10000 * trial));
                if (!put(fd, text + i, sizeof text - 1 - i < 9 ? sizeof text - 1 - i : 9))
                    _exit(1);
            }
            _exit(0);
        }
        close(fd);
        l = loader_new("-", NULL, &err);
        if (check(take_pieces(l, 1, &t)))
            check_str(str_text(&t.rows), "1|x|0/2|y|1/3|x|0/");
        dataset_unref(t.last);
        str_done(&t.rows);
        waitpid(pid, NULL, 0);
        end_pipe();
    }
}

static void a_bad_pipe_is_named(void)
{
    int fd = begin_pipe();
    struct loader *l = loader_new("-", NULL, &err);
    enum step step = STEP_MORE;

    check(put(fd, "\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xab\xab\xab", 14));
    close(fd);
    while (step == STEP_MORE)
        step = loader_step(l, &err);
    check_int(step, STEP_FAILED);
    check_str(err.text, "standard input: damaged gzip file");
    loader_cancel(l);
    end_pipe();
    close(begin_pipe());
    l = loader_new("-", NULL, &err);
    for (step = STEP_MORE; step == STEP_MORE;)
        step = loader_step(l, &err);
    check_str(err.text, "standard input: 0 bytes, no table in it");
    loader_cancel(l);
    end_pipe();
}

int main(void)
{
    test_run(columns_are_found_by_name);
    test_run(the_first_file_says_whether_there_are_names);
    test_run(other_columns_are_refused);
    test_run(a_file_that_is_missing_is_said_first);
    test_run(lines_are_those_of_their_files);
    test_run(notes_name_the_file);
    test_run(rows_are_counted_over_all_files);
    test_run(a_cell_is_found_in_its_file);
    test_run(pieces_make_the_whole);
    test_run(a_pipe_is_read_as_it_comes);
    test_run(gzip_comes_through_a_pipe);
    test_run(a_slow_writer_does_not_matter);
    test_run(a_bad_pipe_is_named);
    return test_done();
}
