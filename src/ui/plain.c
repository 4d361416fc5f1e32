/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/plain.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/pending.h"
#include "ui/prompt.h"
#include "ui/signals.h"

struct plain {
    struct context context;
    bool stdout_terminal, stderr_terminal;
    bool has_status;      /* standard error can show a line that changes */
    bool in_prompt;       /* a person is at the prompt; no status line while it is open */
    struct str status;    /* as it stands on the screen */
    int output_error;     /* errno of the first failed write to standard output */
    bool warned;          /* that a job runs, at the first attempt to leave */
};

/* ---- the way out ---- */

static void hide_status(struct plain *p)
{
    if (p->status.length > 0)
        fputs("\r\033[K", stderr);
    str_clear(&p->status);
}

static void hide(struct plain *p)
{
    if (p->in_prompt)
        prompt_hide();
    hide_status(p);
}

static void restore(struct plain *p)
{
    if (p->in_prompt)
        prompt_show();
}

/* What a terminal gets is made harmless once more: CSV holds cells as they are. */
static void show_lines(struct str *out, const char *bytes, size_t n)
{
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        size_t length = end ? (size_t)(end - bytes) : n;

        show_to(out, bytes, length, 0);
        if (end)
            str_putc(out, '\n');
        length += end != NULL;
        bytes += length;
        n -= length;
    }
}

static void print(void *self, const char *bytes, size_t n)
{
    struct plain *p = self;
    struct str shown = {0};

    if (p->stdout_terminal) {
        hide(p);
        show_lines(&shown, bytes, n);
        bytes = str_text(&shown);
        n = shown.length;
    }
    errno = 0;
    if ((fwrite(bytes, 1, n, stdout) != n || fflush(stdout) != 0) && p->output_error == 0)
        p->output_error = errno ? errno : EIO;
    str_done(&shown);
    if (p->stdout_terminal)
        restore(p);
}

static size_t screen_width(int fd)
{
    struct winsize size;

    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* On a terminal in lines that end between words. */
static void note(void *self, const char *sentence)
{
    struct plain *p = self;
    char *shown = show(sentence, 0);
    struct str lines = {0};

    fold_to(&lines, shown, 0, strspn(shown, " ") + 2,
            p->stderr_terminal ? screen_width(STDERR_FILENO) : SIZE_MAX);
    hide(p);
    fprintf(stderr, "%s\n", str_text(&lines));
    str_done(&lines);
    free(shown);
    restore(p);
}

static void complain(void *self, const struct error *err)
{
    note(self, err->text);
}

/* Rewrites the last line, when it is another one. There is room for the ^C that the
 * terminal writes behind it. */
static void status(void *self, const char *line)
{
    struct plain *p = self;
    size_t width = screen_width(STDERR_FILENO);
    struct str shown = {0};

    if (!p->has_status || (p->in_prompt && prompt_is_open()))
        return;
    if (line)
        show_to(&shown, line, strlen(line), width > 3 ? width - 3 : 1);
    if (strcmp(str_text(&shown), str_text(&p->status)) != 0) {
        hide_status(p);
        fputs(str_text(&shown), stderr);
        str_puts(&p->status, str_text(&shown));
    }
    str_done(&shown);
}

/* True: something happened on fd (or nothing is to be waited for there). False: a
 * signal. */
static bool take_signal(struct plain *p)
{
    int number = signals_take();

    if (number == SIGTERM || number == SIGHUP || (number == SIGINT && p->context.batch))
        p->context.signal = number;
    return number != 0 && number != SIGTSTP;
}

static bool turn(void *self)
{
    struct plain *p = self;
    struct engine *e = p->context.session->engine;
    struct pollfd fds[] = {{engine_fd(e), POLLIN, 0}, {signals_fd(), POLLIN, 0}};

    if (poll(fds, 2, -1) < 0)
        return true;
    if (fds[1].revents && take_signal(p))
        return false;
    engine_quiet(e);
    return true;
}

/* Waits for a key; 0: the input is at its end or a signal came. */
static char read_key(struct plain *p)
{
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {signals_fd(), POLLIN, 0}};
    char c = 0;

    while (poll(fds, 2, -1) < 0)
        ;
    if (fds[1].revents && take_signal(p))
        return 0;
    return fds[0].revents && read(STDIN_FILENO, &c, 1) == 1 ? c : 0;
}

/* The first letter of the answer counts; no answer is no. */
static bool ask(void *self, const char *question)
{
    struct plain *p = self;
    char *shown, first = 0, c;

    if (p->context.batch)
        return true;
    hide(p);
    shown = show(question, 0);
    fprintf(stderr, "%s (y/n) ", shown);
    free(shown);
    while ((c = read_key(p)) != 0 && c != '\n')
        first = first ? first : c;
    if (c == 0)
        fputc('\n', stderr);
    return first == 'y' || first == 'Y';
}

static const struct way_out plain_out = {
    .print = print,
    .note = note,
    .complain = complain,
    .status = status,
    .ask = ask,
    .turn = turn,
};

/* ---- front end ---- */

static bool is_dumb(void)
{
    const char *term = getenv("TERM");

    return !term || strcmp(term, "dumb") == 0 || term[0] == '\0';
}

struct plain *plain_new(struct session *s, bool batch)
{
    struct plain *p = xcalloc(1, sizeof(*p));

    p->stdout_terminal = isatty(STDOUT_FILENO);
    p->stderr_terminal = isatty(STDERR_FILENO);
    p->has_status = p->stderr_terminal && !is_dumb() && !getenv("ACCESSIBLE");
    p->context = (struct context){
        .session = s,
        .out = &plain_out,
        .self = p,
        .batch = batch,
        .width = p->stdout_terminal ? screen_width(STDOUT_FILENO) : 0,
        .narration = !batch ? NARRATE_SPARSE : p->has_status ? NARRATE_STATUS
                                                             : NARRATE_LINES,
    };
    return p;
}

void plain_free(struct plain *p)
{
    pending_clear(&p->context);
    context_done(&p->context);
    str_done(&p->status);
    free(p);
}

struct context *plain_context(struct plain *p)
{
    return &p->context;
}

bool plain_flush(struct plain *p, struct error *err)
{
    if (p->output_error == 0 && fflush(stdout) != 0)
        p->output_error = errno;
    return p->output_error == 0 ||
           error_set(err, ERROR_SYSTEM, "standard output: %s", strerror(p->output_error));
}

/* ---- the prompt ---- */

static void run_line(struct plain *p, const char *line)
{
    struct error err = {0};

    p->warned = false;
    p->context.width = p->stdout_terminal ? screen_width(STDOUT_FILENO) : 0;
    if (!command_run(&p->context, line, &err))
        complain(p, &err);
    hide_status(p);
}

/* A paste may hold several lines; each is a command. */
static void run_lines(struct plain *p, char *text)
{
    char *at = text, *end;

    do {
        end = strchr(at, '\n');
        if (end)
            *end = '\0';
        run_line(p, at);
        at = end + 1;
    } while (end && !p->context.quit && p->context.signal == 0);
}

/* Ctrl-D: at once if nothing would be lost, else at the second time. */
static void leave(struct plain *p)
{
    if (p->context.pending && !p->warned) {
        note(p,
             pending_kept_name(p->context.pending)
                 ? "a job is not done; `stop` ends it and keeps what is done, Ctrl-D "
                   "again leaves, and `resume` goes on with it another time"
                 : "a job is not done; Ctrl-D again leaves, and it is lost");
        p->warned = true;
        return;
    }
    p->context.quit = true;
}

static void take_input(struct plain *p)
{
    char *line;

    prompt_read();
    switch (prompt_take(&line)) {
    case PROMPT_LINE:
        run_lines(p, line);
        free(line);
        break;
    case PROMPT_END:
        leave(p);
        break;
    case PROMPT_NOTHING:
        break;
    }
}

static void suspend(struct plain *p)
{
    prompt_close();
    hide_status(p);
    fflush(NULL);
    signals_suspend();
}

static void take_prompt_signal(struct plain *p)
{
    int number = signals_take();

    if (number == SIGINT) {
        if (!prompt_interrupt() && p->context.pending)
            note(p, "the jobs go on; `stop` ends one and keeps what is done");
    } else if (number == SIGTSTP) {
        suspend(p);
    } else if (number != 0) {
        p->context.signal = number;
    }
}

/* One turn of the loop: keys, signals, news from the engine. */
static void prompt_turn(struct plain *p)
{
    struct engine *e = p->context.session->engine;
    struct pollfd fds[] = {
        {STDIN_FILENO, POLLIN, 0}, {signals_fd(), POLLIN, 0}, {engine_fd(e), POLLIN, 0},
    };

    prompt_open();
    if (poll(fds, 3, -1) < 0)
        return;
    if (fds[1].revents)
        take_prompt_signal(p);
    if (fds[2].revents) {
        engine_quiet(e);
        pending_poll(&p->context);
    }
    if (prompt_is_open() && fds[0].revents)
        take_input(p);
}

void plain_prompt(struct plain *p, const char *reason)
{
    fprintf(stderr, PACKAGE_STRING ", plain prompt (%s); ", reason);
    fputs("`help` lists the commands, Ctrl-D leaves\n", stderr);
    p->in_prompt = true;
    prompt_begin(&p->context, "tabscope> ");
    while (!p->context.quit && p->context.signal == 0)
        prompt_turn(p);
    prompt_end();
    p->in_prompt = false;
}
