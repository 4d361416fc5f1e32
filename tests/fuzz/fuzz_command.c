/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as command lines: words read back as they were quoted, completion answers at
 * any byte, commands that touch no file end well or in a sentence, and what they print
 * for a person holds no control bytes. How to fuzz is said in fuzz_csv.c.
 */
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/command.h"
#include "command/complete.h"
#include "data/infer.h"
#include "engine/session.h"
#include "../table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const char *line)
{
    fprintf(stderr, "fuzz_command: %s: %s\n", what, line);
    abort();
}

/* ---- the way out ---- */

static void check_print(void *self, const char *bytes, size_t n)
{
    const struct context *c = self;

    for (size_t i = 0; i < n && c->format == FORMAT_TABLE; i++)
        if ((unsigned char)bytes[i] < ' ' && bytes[i] != '\n')
            fail("a control byte is printed", c->line);
}

static void take_text(void *self, const char *text)
{
    (void)self;
    (void)text;
}

static void take_error(void *self, const struct error *err)
{
    (void)self;
    (void)err;
}

static bool say_yes(void *self, const char *question)
{
    (void)self;
    (void)question;
    return true;
}

static bool go_on(void *self)
{
    (void)self;
    return true;
}

static const struct way_out checking = {
    .print = check_print, .note = take_text, .complain = take_error, .status = take_text,
    .ask = say_yes, .turn = go_on,
};

/* ---- words ---- */

static void check_words(const char *line)
{
    struct words words, again;
    struct error err = {0};
    struct str quoted = {0};

    if (!words_split(line, &words, &err)) {
        if (err.text[0] == '\0')
            fail("refused without a sentence", line);
        return;
    }
    for (int i = 0; i < words.n; i++) {
        str_putc(&quoted, ' ');
        word_quote(&quoted, words.words[i].text);
    }
    if (!words_split(str_text(&quoted), &again, &err) || again.n != words.n ||
        again.background)
        fail("quoted words are others", line);
    for (int i = 0; i < words.n; i++)
        if (strcmp(words.words[i].text, again.words[i].text) != 0)
            fail("a quoted word is another", line);
    words_done(&words);
    words_done(&again);
    str_done(&quoted);
}

/* ---- commands ---- */

/* Nothing that reads or writes a file, or computes for long. A regular expression with
 * counts may, in regcomp. */
static bool is_harmless(const char *line)
{
    static const char *const verbs[] = {"tables", "use",    "head",  "describe", "mark",
                                        "target", "split",  "undo",  "redo",     "set",
                                        "show",   "runs",   "jobs",  "help",     "wait",
                                        "stop",   "pause",  "resume"};
    const struct command *command = NULL;
    struct words words;
    bool harmless = false;

    if (!words_split(line, &words, NULL))
        return true;
    if (words.n > 0)
        command = command_find(words.words[0].text, NULL);
    for (size_t i = 0; command && i < sizeof verbs / sizeof *verbs; i++)
        harmless |= strcmp(command->name, verbs[i]) == 0;
    words_done(&words);
    return !command || (harmless && !strchr(line, '{'));
}

static void check_line(struct context *c, const char *line, size_t point)
{
    struct completion found;
    struct cut cut;
    struct error err = {0};

    check_words(line);
    line_cut(line, point, &cut);
    cut_done(&cut);
    if (!is_harmless(line))
        return;
    complete(c, line, point, &found);
    completion_done(&found);
    if (!command_run(c, line, &err) && (err.kind == ERROR_NONE || err.text[0] == '\0'))
        fail("failed without a sentence", line);
}

static struct session *make_session(void)
{
    struct split_options split = split_defaults();
    struct error err = {0};
    struct session *s = session_new(1, &err);
    struct dataset *d =
        table_of("age,city,\x1b[31m,y\n1,a b,x,no\n2,it's,x,yes\n3,a b,y,no\n"
                 "4,\"c,\"\"d\",y,yes\n5,a b,x,no\n6,c,x,yes\n");

    session_add_table(s, table_new("t", "load t.csv", d, infer_schema(d), &split));
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session *s;
    struct context c;
    char *text, *rest, *line;

    if (size == 0)
        return 0;
    setlocale(LC_ALL, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    s = make_session();
    c = (struct context){.session = s, .out = &checking, .self = &c, .batch = true};
    text = rest = xmalloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    while ((line = strsep(&rest, "\n")))
        check_line(&c, line, data[0] % (strlen(line) + 1));
    session_free(s);
    str_done(&c.record);
    free(text);
    return 0;
}
