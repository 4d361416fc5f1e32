/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: arguments, start-up file, then a script or the prompt. */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/pending.h"
#include "command/resume.h"
#include "command/script.h"
#include "engine/session.h"
#include "model/grower.h"
#include "ui/app.h"
#include "ui/arguments.h"
#include "ui/keylist.h"
#include "ui/plain.h"
#include "ui/signals.h"

enum { EXIT_USAGE = 2 };

static int fail(const struct error *err, int status)
{
    char *shown = show(err->text, 0);

    fprintf(stderr, "tabscope: %s\n", shown);
    free(shown);
    return status;
}

/* The exit status. */
static int print_text(void (*add)(struct str *out))
{
    struct str text = {0};
    bool ok;

    add(&text);
    ok = fputs(str_text(&text), stdout) >= 0 && fflush(stdout) == 0;
    str_done(&text);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void add_version(struct str *out)
{
    str_puts(out, PACKAGE_STRING "\n");
    if (grower_version())
        str_printf(out, "with XGBoost %s\n", grower_version());
}

/* ---- what is run before the prompt, or instead of it ---- */

static bool run_files(struct context *c, const char *verb, const char *const *paths,
                      int n, struct error *err)
{
    struct str line = {0};
    bool ok;

    str_puts(&line, verb);
    for (int i = 0; i < n; i++) {
        str_putc(&line, ' ');
        word_quote(&line, paths[i]);
    }
    ok = command_run(c, line.text, err);
    str_done(&line);
    return ok;
}

static bool run_line(struct context *c, const char *line, int number, struct error *err)
{
    return command_run(c, line, err) || error_prefix(err, "-c:%d", number);
}

static bool run_script(struct context *c, const char *path, struct error *err)
{
    return strcmp(path, "-") == 0 ? script_run(c, stdin, "standard input", err)
                                  : run_files(c, "source", &path, 1, err);
}

/* At the prompt a failure is said and the next thing is tried; in batch it ends all. */
static bool go_on(struct context *c, bool ok, const struct error *err)
{
    if (!ok)
        c->out->complain(c->self, err);
    return (ok || !c->batch) && !c->quit && c->signal == 0;
}

static bool run_arguments(struct context *c, const struct arguments *a)
{
    struct error err = {0};
    bool on = true;

    if (a->n_tables > 0)
        on = go_on(c, run_files(c, "load", a->tables, a->n_tables, &err), &err);
    for (int i = 0; on && i < a->n_lines; i++)
        on = go_on(c, run_line(c, a->lines[i], i + 1, &err), &err);
    if (on && a->script)
        on = go_on(c, run_script(c, a->script, &err), &err);
    return on;
}

/* A file of command lines in the person's folder of settings. It need not be there; what
 * fails in it is said and no more. */
static void run_own_file(struct context *c, const char *name)
{
    char *path = path_user("CONFIG", ".config", name);
    struct error err = {0};
    struct stat st;

    if (path && stat(path, &st) == 0 && !script_run_file(c, path, false, &err))
        c->out->complain(c->self, &err);
    free(path);
}

static int exit_status(const struct context *c, bool ok)
{
    if (c->signal != 0)
        return 128 + c->signal;
    return ok || c->quit ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_batch(struct context *c, const struct arguments *a)
{
    struct error err = {0};
    bool ok = run_arguments(c, a);

    if (ok)
        ok = go_on(c, pending_wait(c, 0, &err), &err);
    return exit_status(c, ok);
}

static int run_plain(struct plain *p, const struct arguments *a, const char *reason)
{
    struct context *c = plain_context(p);

    if (!a->no_rc)
        run_own_file(c, "rc");
    resume_offer(c);
    if (run_arguments(c, a))
        plain_prompt(p, reason);
    if (c->signal != 0)
        pending_end(c);
    return exit_status(c, true);
}

/* With nothing behind it the table is read while keys work already. */
static int run_workbench(struct app *app, const struct arguments *a)
{
    struct context *c = app_context(app);

    c->background_loads = a->n_lines == 0 && !a->script;
    if (!a->no_rc) {
        run_own_file(c, "rc");
        run_own_file(c, "keys");
    }
    resume_offer(c);
    if (run_arguments(c, a)) {
        c->background_loads = true;
        app_run(app);
    }
    if (c->signal != 0)
        app_end_jobs(app);
    return exit_status(c, true);
}

/* ---- what is printed and no more ---- */

static int print_keys(const struct arguments *a)
{
    char *path = a->no_rc ? NULL : path_user("CONFIG", ".config", "keys");
    struct error err = {0};
    struct str text = {0};
    int status;

    if (path && access(path, F_OK) != 0) {
        free(path);
        path = NULL;
    }
    if (keylist_print(path, &text, &err))
        status = fputs(str_text(&text), stdout) >= 0 && fflush(stdout) == 0
                 ? EXIT_SUCCESS : EXIT_FAILURE;
    else
        status = fail(&err, EXIT_FAILURE);
    str_done(&text);
    free(path);
    return status;
}

/* ---- the whole ---- */

/* Why there is a line-oriented prompt; NULL: there is a screen to draw on. */
static const char *plain_reason(const struct arguments *a)
{
    const char *term = getenv("TERM"), *accessible = getenv("ACCESSIBLE");

    if (a->plain)
        return "--plain";
    if (accessible && *accessible)
        return "ACCESSIBLE is set";
    if (!term || !*term || strcmp(term, "dumb") == 0)
        return "a dumb terminal";
    return isatty(STDOUT_FILENO) ? NULL : "standard output is no terminal";
}

static int run_without_screen(struct session *s, const struct arguments *a, bool batch,
                              const char *reason)
{
    struct plain *p = plain_new(s, batch);
    struct error err = {0};
    int status;

    plain_context(p)->usual_format = (enum format)a->format;
    plain_context(p)->input_free = batch && !(a->script && strcmp(a->script, "-") == 0);
    plain_context(p)->output_free = batch && !isatty(STDOUT_FILENO);
    status = batch ? run_batch(plain_context(p), a) : run_plain(p, a, reason);
    if (!plain_flush(p, &err) && status == EXIT_SUCCESS)
        status = fail(&err, EXIT_FAILURE);
    plain_free(p);
    return status;
}

static int run_session(struct session *s, struct arguments *a)
{
    bool batch = a->batch || !isatty(STDIN_FILENO);
    const char *reason = plain_reason(a);
    struct error err = {0};
    struct app *app = NULL;
    int status;

    if (batch && !a->batch && !a->script)
        a->script = "-";
    if (!signals_init(!batch, &err))
        return fail(&err, EXIT_FAILURE);
    if (!batch && !reason && !(app = app_new(s, &err)))
        reason = err.text;
    if (!app)
        return run_without_screen(s, a, batch, reason);
    app_context(app)->usual_format = (enum format)a->format;
    status = run_workbench(app, a);
    app_free(app);
    return status;
}

static int run_program(struct arguments *a)
{
    struct error err = {0};
    struct session *s = session_new(a->threads, &err);
    int status;

    if (!s)
        return fail(&err, err.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILURE);
    if (a->has_seed)
        s->settings.train.seed = s->settings.split_seed = a->seed;
    status = run_session(s, a);
    session_free(s);
    return status;
}

/* A standard stream that is closed must not become the number of another file: reading and
 * writing it fails instead. */
static void hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    struct arguments a;
    struct error err;
    int status;

    hold_standard_streams();
    /* XGBoost's threads sleep while they wait, where others have work for the cores */
    setenv("OMP_WAIT_POLICY", "passive", 0);
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    if (!arguments_parse(argc, argv, &a, &err))
        status = fail(&err, EXIT_USAGE);
    else if (a.version || a.help || a.complete_bash)
        status = print_text(a.version ? add_version
                            : a.help  ? arguments_help
                                      : arguments_complete_bash);
    else
        status = a.keys ? print_keys(&a) : run_program(&a);
    arguments_done(&a);
    return status;
}
