/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

enum {
    MAX_OUTPUT = 64 << 20, /* bytes of a figure */
    MAX_SAID = 4096,       /* of messages: what goes on from there is not kept */
    MAX_CPU = 600,         /* seconds: more than any deadline */
    READ_BYTES = 65536,
    NAP_MS = 20,           /* between looks at one that said all but has not ended */
};

static const size_t max_memory = (size_t)2 << 30;

struct gnuplot {
    pid_t pid;          /* 0: it has ended and was waited for */
    int in, out, said;  /* our ends of its pipes, -1: closed */
    int status;
    int seconds;
    int64_t deadline;   /* ms */
    struct str script;
    size_t sent;
    struct str output, messages;
    bool too_much;
};

const char gnuplot_question[] =
    "set print '-'\n"
    "print GPVAL_VERSION\n"
    "print GPVAL_TERMINALS\n";

/* ---- starting ---- */

/* Nothing of ours gets there but what finds programs and fonts: no GNUTERM, no
 * GNUPLOT_LIB, no locale with a comma in numbers. Caller frees. */
static char **make_environment(void)
{
    static const char *const kept[] = {"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME",
                                       "FONTCONFIG_PATH", "LD_LIBRARY_PATH"};
    size_t n = sizeof kept / sizeof kept[0], used = 0;
    char **environment = xcalloc(n + 2, sizeof *environment);

    for (size_t i = 0; i < n; i++) {
        const char *value = getenv(kept[i]);

        if (value)
            environment[used++] = xasprintf("%s=%s", kept[i], value);
    }
    environment[used] = xstrdup("LC_ALL=C.UTF-8");
    return environment;
}

static void free_environment(char **environment)
{
    for (size_t i = 0; environment[i]; i++)
        free(environment[i]);
    free(environment);
}

/* Signals as they are by default, a group of its own, none of our other files. */
static int spawn(pid_t *pid, const int pipes[3])
{
    char *arguments[] = {"gnuplot", "-d", "-", NULL}, **environment = make_environment();
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int code;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                          POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, pipes[i], i);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    code = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free_environment(environment);
    return code;
}

static void limit(pid_t pid)
{
    struct rlimit memory = {max_memory, max_memory}, cpu = {MAX_CPU, MAX_CPU};

    prlimit(pid, RLIMIT_AS, &memory, NULL);
    prlimit(pid, RLIMIT_CPU, &cpu, NULL);
}

/* Ends above the three standard ones, so that none of them is in another's way. */
static bool make_pipe(int ends[2])
{
    int low[2];

    if (pipe2(low, O_CLOEXEC) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
        close(low[i]);
    }
    if (ends[0] >= 0 && ends[1] >= 0)
        return true;
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
    }
    return false;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool tell_why(int code, struct error *err)
{
    if (code == ENOENT)
        return error_set(err, ERROR_STATE, "gnuplot, which draws figures, is not "
                         "installed; on Debian `apt install gnuplot-nox` brings it");
    return error_set(err, ERROR_SYSTEM, "gnuplot cannot be started: %s", strerror(code));
}

static bool start(struct gnuplot *g, struct error *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, said[2] = {-1, -1};
    bool made = make_pipe(in) && make_pipe(out) && make_pipe(said);
    int code = made ? spawn(&g->pid, (int[]){in[0], out[1], said[1]}) : errno;

    close_end(&in[0]);
    close_end(&out[1]);
    close_end(&said[1]);
    g->in = in[1];
    g->out = out[0];
    g->said = said[0];
    if (code != 0) {
        g->pid = 0;
        return tell_why(code, err);
    }
    limit(g->pid);
    fcntl(g->in, F_SETFL, O_NONBLOCK);
    fcntl(g->out, F_SETFL, O_NONBLOCK);
    fcntl(g->said, F_SETFL, O_NONBLOCK);
    return true;
}

struct gnuplot *gnuplot_new(const char *script, size_t n, int seconds, struct error *err)
{
    struct gnuplot *g = xcalloc(1, sizeof *g);

    g->seconds = seconds;
    g->deadline = clock_ms() + (int64_t)seconds * 1000;
    str_add(&g->script, script, n);
    if (start(g, err))
        return g;
    gnuplot_free(g);
    return NULL;
}

/* ---- running ---- */

static void send_more(struct gnuplot *g)
{
    while (g->in >= 0 && g->sent < g->script.length) {
        ssize_t n = write(g->in, g->script.text + g->sent, g->script.length - g->sent);

        if (n > 0)
            g->sent += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            return;
        else if (n == 0 || errno != EINTR)
            break; /* it does not want more; its end will tell why */
    }
    close_end(&g->in);
}

static void take_output(struct gnuplot *g, const char *bytes, size_t n)
{
    g->too_much |= g->output.length + n > MAX_OUTPUT;
    if (!g->too_much)
        str_add(&g->output, bytes, n);
}

static void take_message(struct gnuplot *g, const char *bytes, size_t n)
{
    size_t room = MAX_SAID - g->messages.length;

    str_add(&g->messages, bytes, n < room ? n : room);
}

static void take(struct gnuplot *g, int *fd,
                 void (*put)(struct gnuplot *g, const char *bytes, size_t n))
{
    char bytes[READ_BYTES];
    ssize_t n;

    while (*fd >= 0 && !g->too_much) {
        n = read(*fd, bytes, sizeof bytes);
        if (n > 0)
            put(g, bytes, (size_t)n);
        else if (n < 0 && errno == EAGAIN)
            return;
        else if (n == 0 || errno != EINTR)
            close_end(fd);
    }
}

/* The group goes while the child's number is still its own: whatever it started has no
 * business any more. */
static void reap(struct gnuplot *g)
{
    kill(-g->pid, SIGKILL);
    while (waitpid(g->pid, &g->status, 0) < 0 && errno == EINTR)
        ;
    g->pid = 0;
}

static bool has_ended(const struct gnuplot *g)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)g->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == g->pid;
}

static void wait_for_news(const struct gnuplot *g, int wait_ms)
{
    struct pollfd fds[] = {
        {g->in, POLLOUT, 0}, {g->out, POLLIN, 0}, {g->said, POLLIN, 0},
    };
    bool silent = g->out < 0 && g->said < 0;

    poll(fds, 3, silent && wait_ms > NAP_MS ? NAP_MS : wait_ms);
}

/* ---- what became of it ---- */

/* The line that tells most: the one that names a place, else the first with a word. */
static char *first_message(const char *text)
{
    const char *best = NULL, *next;
    size_t length = 0;
    bool places = false;

    for (; *text && !places; text = next) {
        size_t n = strcspn(text, "\n");

        next = text + n + (text[n] == '\n');
        while (n > 0 && (*text == ' ' || *text == '\t')) {
            text++;
            n--;
        }
        places = n > 1 && memchr(text, ':', n) && strncmp(text, "\"-\"", 3) == 0;
        if (places || (!best && n > 1)) {
            best = text;
            length = n;
        }
    }
    return best ? xstrndup(best, length) : NULL;
}

static bool fail_with_message(const struct gnuplot *g, const char *what,
                              struct error *err)
{
    char *message = first_message(str_text(&g->messages));
    char *shown = message ? show(message, 200) : NULL;

    error_set(err, ERROR_SYSTEM, "gnuplot %s%s%s", what, shown ? ": " : "",
              shown ? shown : " and said nothing");
    free(message);
    free(shown);
    return false;
}

static enum step judge(const struct gnuplot *g, struct error *err)
{
    if (g->too_much) {
        error_set(err, ERROR_MEMORY, "gnuplot made more than %d MB and was ended",
                  MAX_OUTPUT >> 20);
        return STEP_FAILED;
    }
    if (WIFSIGNALED(g->status)) {
        char *what = xasprintf("was ended by signal %d (%s)", WTERMSIG(g->status),
                               strsignal(WTERMSIG(g->status)));

        fail_with_message(g, what, err);
        free(what);
        return STEP_FAILED;
    }
    if (WEXITSTATUS(g->status) != 0) {
        fail_with_message(g, "failed", err);
        return STEP_FAILED;
    }
    if (g->output.length == 0) {
        fail_with_message(g, "drew nothing", err);
        return STEP_FAILED;
    }
    return STEP_DONE;
}

enum step gnuplot_step(struct gnuplot *g, int wait_ms, struct error *err)
{
    bool ended;

    if (g->pid == 0)
        return judge(g, err);
    wait_for_news(g, wait_ms);
    send_more(g);
    ended = has_ended(g); /* before the last look, so that nothing is missed */
    take(g, &g->out, take_output);
    take(g, &g->said, take_message);
    if (ended || g->too_much) {
        reap(g);
        return judge(g, err);
    }
    if (clock_ms() < g->deadline)
        return STEP_MORE;
    reap(g);
    error_set(err, ERROR_SYSTEM, "gnuplot was not done after %d s and was ended; "
              "--limit gives it more", g->seconds);
    return STEP_FAILED;
}

const struct str *gnuplot_output(const struct gnuplot *g)
{
    return &g->output;
}

void gnuplot_free(struct gnuplot *g)
{
    if (!g)
        return;
    if (g->pid > 0)
        reap(g);
    close_end(&g->in);
    close_end(&g->out);
    close_end(&g->said);
    str_done(&g->script);
    str_done(&g->output);
    str_done(&g->messages);
    free(g);
}

/* ---- facts ---- */

bool gnuplot_facts_read(struct gnuplot_facts *f, const char *answer, struct error *err)
{
    char *end, *terminals, *shown;
    long major = strtol(answer, &end, 10), minor = 0;
    bool ok;

    if (*end == '.')
        minor = strtol(end + 1, &end, 10);
    if (end == answer || *end != '\n' || major < 0 || major > 99 || minor < 0 ||
        minor > 99) {
        shown = show(answer, 60);
        error_set(err, ERROR_SYSTEM, "what is called gnuplot here is none: asked for its "
                  "version it said \"%s\"", shown);
        free(shown);
        return false;
    }
    terminals = xasprintf(" %s ", end + 1);
    ok = major * 100 + minor >= GNUPLOT_OLDEST;
    if (ok)
        *f = (struct gnuplot_facts){
            .version = (int)(major * 100 + minor),
            .cairo = strstr(terminals, " pngcairo ") && strstr(terminals, " pdfcairo "),
            .sixel = strstr(terminals, " sixelgd "),
            .block = strstr(terminals, " block "),
        };
    free(terminals);
    return ok || error_set(err, ERROR_STATE, "gnuplot %ld.%ld is too old for these "
                           "figures: 5.0 or a newer one is needed", major, minor);
}
