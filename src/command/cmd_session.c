/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session as a script, and what the program finds around itself. */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "command/families.h"
#include "command/grid.h"
#include "num/kernels.h"

/* ---- session ---- */

bool session_write(const struct context *c, const char *path, struct error *err)
{
    struct file_writer *w = file_writer_open(path, 0644, err);

    if (!w)
        return false;
    file_writer_printf(w, "# a session of " PACKAGE_STRING "; `source` or tabscope -b "
                       "repeats it in the folder where it was\n%s",
                       str_text(&c->record));
    return file_writer_commit(w, err);
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static bool run_session(struct context *c, const struct call *call, struct error *err)
{
    const char *path = call_word(call, 1), *told;
    size_t n = count_lines(str_text(&c->record));

    if (n == 0)
        return error_set(err, ERROR_STATE, "nothing was done yet that could be saved");
    if (!may_replace(c, path, &told, err) || !session_write(c, path, err))
        return false;
    context_note(c, "wrote %s: %zu command%s%s; `source %s` repeats them", path, n,
                 n == 1 ? "" : "s", told, path);
    return true;
}

const struct command command_session = {
    .name = "session",
    .help = "save what was done in this session as a script",
    .more = "The script holds the commands that succeeded, in their order, without those "
            "that only moved the screen.",
    .arguments = {
        {"WHAT", {VALUE_CHOICE, "save", 0, 0}, REQUIRED, NULL, "what to do"},
        {"FILE", {VALUE_NEW_FILE, NULL, 0, 0}, REQUIRED, NULL, "the script to write"},
    },
    .flags = COMMAND_UNRECORDED,
    .run = run_session,
};

/* ---- doctor ---- */

struct findings {
    struct grid *grid;
    int n_advised;
};

/* advice: NULL where all is well. */
static void add_finding(struct findings *f, const char *what, const char *found,
                        const char *advice)
{
    grid_puts(f->grid, what);
    grid_puts(f->grid, found);
    grid_puts(f->grid, advice ? advice : "");
    f->n_advised += advice != NULL;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static void examine_terminal(struct findings *f, const struct context *c)
{
    const char *term = environment("TERM");
    const char *codeset = nl_langinfo(CODESET);
    bool utf8 = strcmp(codeset, "UTF-8") == 0;
    struct winsize size;
    char *text;

    add_finding(f, "terminal", term ? term : "TERM is not set",
                !term || strcmp(term, "dumb") == 0
                ? "only the plain prompt works; set TERM, as in TERM=xterm-256color"
                : NULL);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        text = xasprintf("%d x %d", size.ws_col, size.ws_row);
        add_finding(f, "size", text, size.ws_col < 80 || size.ws_row < 24
                    ? "80 x 24 shows every pane of a view, 160 x 48 more at a time"
                    : NULL);
        free(text);
    } else {
        add_finding(f, "size", "standard output is no terminal", NULL);
    }
    add_finding(f, "screen", c->screen ? c->screen : "not in use", NULL);
    add_finding(f, "letters", codeset, utf8 ? NULL
                : "curves and frames are ASCII; a UTF-8 locale (LC_ALL=C.UTF-8) draws "
                  "finer");
    if (environment("NO_COLOR"))
        add_finding(f, "colours", "off", "NO_COLOR is set");
    add_finding(f, "inside", environment("TMUX") ? "tmux" : environment("STY") ? "screen"
                : environment("SSH_TTY") ? "ssh" : "-",
                environment("SSH_TTY") && !environment("TMUX") && !environment("STY")
                ? "a lost connection ends the session; in tmux it goes on" : NULL);
}

/* The first folder of PATH that has the program; caller frees. NULL: none. */
static char *find_program(const char *name)
{
    const char *at = environment("PATH");

    while (at && *at) {
        size_t n = strcspn(at, ":");
        char *path = xasprintf("%.*s/%s", (int)n, at, name);

        if (access(path, X_OK) == 0)
            return path;
        free(path);
        at += n + (at[n] == ':');
    }
    return NULL;
}

static void examine_machine(struct findings *f, const struct context *c)
{
    const char *kernels = kernels_best()->name;
    char *text = xasprintf("%d, and %d in use", pool_cores(),
                           engine_threads(c->session->engine));

    add_finding(f, "cores", text, NULL);
    free(text);
    add_finding(f, "kernels", kernels, strcmp(kernels, "base") == 0
                ? "training is several times slower than on a processor with AVX2"
                : NULL);
    text = xasprintf("%zu MB", mem_available() >> 20);
    add_finding(f, "free memory", text, NULL);
    free(text);
    text = find_program("gnuplot");
    add_finding(f, "gnuplot", text ? text : "not found",
                text ? NULL : "figures need it: apt-get install gnuplot-nox");
    free(text);
}

/* The nearest folder on the way to `path` that exists must be writable. */
static bool can_write_below(const char *path)
{
    char *at = xstrdup(path), *slash;
    bool ok;

    while (access(at, F_OK) != 0 && (slash = strrchr(at, '/')) && slash != at)
        *slash = '\0';
    ok = access(access(at, F_OK) == 0 ? at : ".", W_OK) == 0;
    free(at);
    return ok;
}

static void examine_folder(struct findings *f, const char *what, const char *path)
{
    add_finding(f, what, path ? path : "HOME is not set",
                !path ? "nothing is kept from one session to the next"
                : can_write_below(path) ? NULL : "it cannot be written");
}

static void examine_folders(struct findings *f, const struct context *c)
{
    char *path = path_user("CONFIG", ".config", "rc");

    examine_folder(f, "start-up file", path);
    free(path);
    path = path_user("CONFIG", ".config", "keys");
    examine_folder(f, "keys", path);
    free(path);
    path = path_user("STATE", ".local/state", "history");
    examine_folder(f, "history", path);
    free(path);
    examine_folder(f, "runs", c->session->settings.run_dir);
}

static bool run_doctor(struct context *c, const struct call *call, struct error *err)
{
    struct grid *g = grid_new("findings");
    struct findings f = {g, 0};

    (void)call;
    (void)err;
    if (c->format == FORMAT_JSON)
        grid_fact_text(g, "version", PACKAGE_STRING);
    grid_column(g, "what", false);
    grid_column(g, "found", false);
    grid_prose(g, "advice");
    add_finding(&f, "version", PACKAGE_STRING, NULL);
    examine_terminal(&f, c);
    examine_machine(&f, c);
    examine_folders(&f, c);
    grid_print(g, c);
    context_note(c, f.n_advised > 0 ? "advice stands beside what is amiss"
                                    : "nothing is amiss");
    return true;
}

const struct command command_doctor = {
    .name = "doctor",
    .help = "say what the program finds around itself and what is amiss",
    .flags = COMMAND_DATA | COMMAND_UNRECORDED,
    .run = run_doctor,
};
