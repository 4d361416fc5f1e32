/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs tests/commands/NAME.test: command lines and what they are to say. Line by line:
 *
 *     # remark
 *     = FILE            makes a file in the test's own folder, of the lines "|..." below
 *     > command line    is run
 *       text            it prints as data
 *     : text            it says beside the data
 *     ! text            it fails with
 *
 * In what is expected "*" stands for any text, and {src} everywhere for the source tree.
 * With UPDATE_GOLDEN=1 files whose expectations fail are written anew: the difference is
 * the review.
 */
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/command.h"
#include "command/pending.h"
#include "engine/session.h"
#include "shared.h"
#include "test.h"

/* ---- the way out: everything becomes lines with a mark in front ---- */

struct recorder {
    struct context context;
    struct str said;  /* by the present command */
};

static void record(struct str *out, const char *mark, const char *text, size_t n)
{
    while (n > 0) {
        const char *end = memchr(text, '\n', n);
        size_t length = end ? (size_t)(end - text) : n;

        str_puts(out, mark);
        str_add(out, text, length);
        str_putc(out, '\n');
        length += end != NULL;
        text += length;
        n -= length;
    }
}

static void take_print(void *self, const char *bytes, size_t n)
{
    record(&((struct recorder *)self)->said, "  ", bytes, n);
}

static void take_note(void *self, const char *sentence)
{
    record(&((struct recorder *)self)->said, ": ", sentence, strlen(sentence));
}

static void take_complaint(void *self, const struct error *err)
{
    take_note(self, err->text);
}

static void take_status(void *self, const char *line)
{
    (void)self;
    (void)line;
}

static bool answer_yes(void *self, const char *question)
{
    (void)self;
    (void)question;
    return true;
}

static bool wait_for_news(void *self)
{
    struct engine *e = ((struct recorder *)self)->context.session->engine;
    struct pollfd fd = {engine_fd(e), POLLIN, 0};

    poll(&fd, 1, -1);
    engine_quiet(e);
    return true;
}

static const struct way_out recording = {
    .print = take_print,
    .note = take_note,
    .complain = take_complaint,
    .status = take_status,
    .ask = answer_yes,
    .turn = wait_for_news,
};

/* ---- text of a test ---- */

/* Every `from` becomes `to`. Caller frees. */
static char *replace(const char *text, const char *from, const char *to)
{
    struct str out = {0};
    const char *at;

    while ((at = strstr(text, from))) {
        str_add(&out, text, (size_t)(at - text));
        str_puts(&out, to);
        text = at + strlen(from);
    }
    str_puts(&out, text);
    return out.text ? out.text : xstrdup("");
}

/* "*" in the pattern stands for any text. */
static bool matches(const char *pattern, const char *text)
{
    const char *star = NULL, *again = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            again = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool is_expectation(const char *line)
{
    return strncmp(line, "  ", 2) == 0 || strncmp(line, ": ", 2) == 0 ||
           strncmp(line, "! ", 2) == 0;
}

/* The next line of *text, its end cut off; NULL at the end. */
static char *next_line(char **text)
{
    char *line = *text, *end;

    if (*line == '\0')
        return NULL;
    end = strchr(line, '\n');
    if (end)
        *end = '\0';
    *text = end ? end + 1 : line + strlen(line);
    return line;
}

/* ---- one test ---- */

struct transcript {
    struct recorder recorder;
    const char *source;  /* path of the source tree */
    struct str written;  /* the file as it is to be */
    bool same;
};

static void run_command(struct transcript *t, const char *line)
{
    struct recorder *r = &t->recorder;
    char *full = replace(line, "{src}", t->source);
    struct error err = {0};

    str_clear(&r->said);
    if (!command_run(&r->context, full, &err))
        record(&r->said, "! ", err.text, strlen(err.text));
    free(full);
}

/* Compares what is said with the expectations at *rest, which moves behind them. */
static void compare(struct transcript *t, char **rest)
{
    char *said = replace(str_text(&t->recorder.said), t->source, "{src}"), *at = said;
    char *expected, *got;

    while ((got = next_line(&at))) {
        expected = is_expectation(*rest) ? next_line(rest) : NULL;
        if (!expected || !matches(expected, got)) {
            printf("# got    %s\n# wanted %s\n", got, expected ? expected : "nothing");
            t->same = false;
            expected = got;
        }
        str_printf(&t->written, "%s\n", expected);
    }
    while (is_expectation(*rest)) {
        printf("# got    nothing\n# wanted %s\n", next_line(rest));
        t->same = false;
    }
    free(said);
}

static void make_file(struct transcript *t, const char *name, char **rest)
{
    FILE *f = fopen(name, "w");
    char *line;

    check(f != NULL);
    while (f && **rest == '|' && (line = next_line(rest))) {
        str_printf(&t->written, "%s\n", line);
        fprintf(f, "%s\n", line + 1);
    }
    if (f)
        fclose(f);
}

static void run_lines(struct transcript *t, char *text)
{
    char *line;

    while ((line = next_line(&text))) {
        str_printf(&t->written, "%s\n", line);
        if (strncmp(line, "= ", 2) == 0) {
            make_file(t, line + 2, &text);
        } else if (strncmp(line, "> ", 2) == 0) {
            printf("# %s\n", line);
            run_command(t, line + 2);
            compare(t, &text);
        }
    }
}

static void rewrite(const char *path, const struct str *text)
{
    FILE *f = fopen(path, "w");

    check(f != NULL && fwrite(text->text, 1, text->length, f) == text->length);
    if (f)
        fclose(f);
}

/* In the working folder of the test. */
static void run_test(const char *path, const char *source)
{
    struct transcript t = {.source = source, .same = true};
    struct error err = {0};
    struct session *session = session_new(2, &err);
    char *text = file_read(path, 1 << 20, NULL, &err);

    if (!check(session != NULL && text != NULL))
        return;
    t.recorder.context = (struct context){
        .session = session, .out = &recording, .self = &t.recorder, .batch = true,
    };
    run_lines(&t, text);
    if (!t.same && getenv("UPDATE_GOLDEN"))
        rewrite(path, &t.written);
    else
        check(t.same);
    session_free(session);
    pending_clear(&t.recorder.context);
    context_done(&t.recorder.context);
    str_done(&t.recorder.said);
    str_done(&t.written);
    free(text);
}

/* ---- all of them ---- */

static int is_test(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return n > 5 && strcmp(entry->d_name + n - 5, ".test") == 0;
}

/* What the test function runs; test_run_named takes no argument. */
static struct {
    const char *path, *source;
} present;

static void run_present(void)
{
    run_test(present.path, present.source);
}

static void run_in_folder(const char *folder, const char *source, const char *name)
{
    char work[] = "/tmp/tabscope-test-XXXXXX", *path = NULL, *clean = NULL;

    if (!mkdtemp(work) || chdir(work) != 0 ||
        asprintf(&path, "%s/%s", folder, name) < 0 ||
            asprintf(&clean, "rm -rf %s", work) < 0)
        abort();
    present.path = path;
    present.source = source;
    test_run_named(run_present, name);
    if (chdir("/") != 0 || system(clean) != 0)
        printf("# %s was not removed\n", work);
    free(path);
    free(clean);
}

int main(int argc, char **argv)
{
    char *top = test_source("."), *source = realpath(top, NULL), *folder;
    struct dirent **entries;
    int n;

    setlocale(LC_ALL, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    if (!source || asprintf(&folder, "%s/tests/commands", source) < 0)
        return 99;
    n = scandir(folder, &entries, is_test, alphasort);
    for (int i = 0; i < n; i++) {
        if (argc < 2 || strcmp(argv[1], entries[i]->d_name) == 0)
            run_in_folder(folder, source, entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    free(folder);
    free(source);
    free(top);
    return n > 0 ? test_done() : 99;
}
