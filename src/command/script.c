/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/text.h"

enum { DEPTH_LIMIT = 16 };

/* Reads up to the end of the line. 1: a line, 0: the end, -1: too long or it holds a
 * NUL. */
static int read_line(FILE *f, struct str *line)
{
    bool bad = false;
    int c;

    str_clear(line);
    while ((c = getc(f)) != EOF && c != '\n') {
        bad = bad || c == '\0' || line->length > LINE_LIMIT;
        if (!bad)
            str_putc(line, (char)c);
    }
    if (bad)
        return -1;
    return c == EOF && line->length == 0 ? 0 : 1;
}

static void echo(const struct context *c, const char *line)
{
    char first = line[strspn(line, " \t")];

    if (c->out->echo && first != '\0' && first != '#')
        c->out->echo(c->self, line);
}

static bool run_lines(struct context *c, FILE *f, const char *name, bool aloud,
                      struct error *err)
{
    char *shown = show(name, 0);
    struct str line = {0};
    bool ok = true;
    long number = 0;
    int got;

    while (ok && !c->quit && (got = read_line(f, &line)) != 0) {
        number++;
        if (got > 0 && aloud)
            echo(c, str_text(&line));
        ok = got > 0 ? command_run(c, str_text(&line), err)
                     : error_set(err, ERROR_USAGE, "this is no command line: it has a NUL "
                                 "byte or more than %d bytes", LINE_LIMIT);
    }
    if (!ok)
        error_prefix(err, "%s:%ld", shown, number);
    else if (ferror(f))
        ok = error_set(err, ERROR_SYSTEM, "cannot read %s: %s", shown, strerror(errno));
    str_done(&line);
    free(shown);
    return ok;
}

bool script_run(struct context *c, FILE *f, const char *name, struct error *err)
{
    return run_lines(c, f, name, false, err);
}

/* NULL and a sentence for what is no ordinary file. */
static FILE *open_script(const char *path, struct error *err)
{
    char *shown = show(path, 0);
    struct stat st;
    FILE *f = NULL;

    if (stat(path, &st) != 0)
        error_set(err, ERROR_SYSTEM, "cannot read %s: %s", shown, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        error_set(err, ERROR_INPUT, "%s is a folder, not a script", shown);
    else if (!(f = fopen(path, "re")))
        error_set(err, ERROR_SYSTEM, "cannot read %s: %s", shown, strerror(errno));
    free(shown);
    return f;
}

bool script_run_file(struct context *c, const char *path, bool aloud, struct error *err)
{
    char *expanded = path_expand(path);
    FILE *f;
    bool ok;

    if (c->sourcing >= DEPTH_LIMIT) {
        free(expanded);
        return error_set(err, ERROR_USAGE, "scripts call each other more than %d deep",
                         DEPTH_LIMIT);
    }
    f = open_script(expanded, err);
    ok = f != NULL;
    if (f) {
        c->sourcing++;
        ok = run_lines(c, f, path, aloud, err);
        c->sourcing--;
        fclose(f);
    }
    free(expanded);
    return ok;
}
