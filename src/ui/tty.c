/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Output goes through a descriptor of our own that does not block: O_NONBLOCK on standard
 * output would be shared with the shell and whoever else has it open.
 */
#include "ui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

enum { FAREWELL_BYTES = 256, FIRST_FREE_FD = 10, STACK_BYTES = 64 * 1024, WAIT_MS = 200 };

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};

enum { N_FATAL = sizeof fatal / sizeof fatal[0] };

/* Handlers of signals take no argument of ours, so this is one of the few writable
 * globals. */
static struct {
    int fd;                    /* the terminal, -1: not taken */
    struct termios found;
    int errors[2];             /* the pipe that standard error is meanwhile */
    int found_errors;          /* standard error as it was found */
    _Atomic bool taken;        /* raw, and standard error away */
    bool gone;
    bool at_exit;              /* tty_rescue is registered */
    struct str waiting;        /* not yet written ... */
    size_t out;                /* ... from here on */
    size_t written;
    char farewell[FAREWELL_BYTES];
    size_t farewell_length;
    struct sigaction before[N_FATAL];
    stack_t stack_before;
} tty = {.fd = -1, .errors = {-1, -1}, .found_errors = -1};

/* ---- modes ---- */

/* In the background it is another's terminal. */
static bool is_ours(void)
{
    pid_t owner = tcgetpgrp(tty.fd);

    return owner < 0 || owner == getpgrp();
}

static void set_raw(void)
{
    struct termios raw = tty.found;

    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL |
                               IXON | IXOFF);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(tty.fd, TCSANOW, &raw);
}

/* Async-signal-safe, as are the others that tty_rescue calls. */
static void pass_errors_on(void)
{
    char bytes[512];
    ssize_t n;

    while ((n = read(tty.errors[0], bytes, sizeof bytes)) > 0)
        if (write(STDERR_FILENO, bytes, (size_t)n) != n)
            return;
}

static void take(void)
{
    set_raw();
    dup2(tty.errors[1], STDERR_FILENO);
    tty.taken = true;
}

static void give_back(void)
{
    if (is_ours())
        tcsetattr(tty.fd, TCSANOW, &tty.found);
    dup2(tty.found_errors, STDERR_FILENO);
    pass_errors_on();
}

/* ---- in a hurry ---- */

void tty_set_farewell(const char *bytes, size_t n)
{
    tty.farewell_length = 0; /* never half of the old one and half of the new */
    n = n < FAREWELL_BYTES ? n : FAREWELL_BYTES;
    memcpy(tty.farewell, bytes, n);
    tty.farewell_length = n;
}

/* A terminal that takes nothing for a while gets nothing. */
static void write_farewell(void)
{
    struct pollfd p = {tty.fd, POLLOUT, 0};
    size_t n = 0;

    while (n < tty.farewell_length && poll(&p, 1, WAIT_MS) > 0) {
        ssize_t k = write(tty.fd, tty.farewell + n, tty.farewell_length - n);

        if (k < 0)
            return;
        n += (size_t)k;
    }
}

void tty_rescue(void)
{
    int saved = errno;

    if (!atomic_exchange(&tty.taken, false))
        return;
    if (is_ours())
        write_farewell();
    give_back();
    errno = saved;
}

/* What the processor raised comes again by itself, for whoever handled it before us. */
static void handle_fatal(int number, siginfo_t *info, void *context)
{
    (void)context;
    for (int i = 0; i < N_FATAL; i++)
        if (fatal[i] == number)
            sigaction(number, &tty.before[i], NULL);
    tty_rescue();
    if (info->si_code <= 0)
        raise(number);
}

/* On a stack of its own, for the one that overflowed. One that is ignored stays so. */
static void catch_fatal(void)
{
    static char stack[STACK_BYTES];
    struct sigaction action = {.sa_sigaction = handle_fatal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigemptyset(&action.sa_mask);
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, &tty.stack_before);
    for (int i = 0; i < N_FATAL; i++) {
        sigaction(fatal[i], NULL, &tty.before[i]);
        if (tty.before[i].sa_handler != SIG_IGN)
            sigaction(fatal[i], &action, NULL);
    }
}

static void leave_fatal(void)
{
    for (int i = 0; i < N_FATAL; i++)
        sigaction(fatal[i], &tty.before[i], NULL);
    sigaltstack(&tty.stack_before, NULL);
}

/* ---- taking and giving back ---- */

/* Opened anew; where its name leads nowhere (a container, another's terminal) the
 * controlling terminal is it. */
static int open_terminal(void)
{
    char path[128];
    int fd = -1, flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

    if (ttyname_r(STDOUT_FILENO, path, sizeof path) == 0)
        fd = open(path, flags);
    return fd >= 0 ? fd : open("/dev/tty", flags);
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_all(void)
{
    close_one(&tty.fd);
    close_one(&tty.errors[0]);
    close_one(&tty.errors[1]);
    close_one(&tty.found_errors);
}

static bool open_all(struct error *err)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(err, ERROR_SYSTEM, "standard input and output are no terminal");
    tty.fd = open_terminal();
    if (tty.fd < 0 || tcgetattr(tty.fd, &tty.found) != 0)
        return error_set(err, ERROR_SYSTEM, "the terminal does not open: %s",
                         strerror(errno));
    tty.found_errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (tty.found_errors < 0 || pipe2(tty.errors, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set(err, ERROR_SYSTEM, "standard error is not to be had: %s",
                         strerror(errno));
    return true;
}

bool tty_begin(struct error *err)
{
    if (!open_all(err)) {
        close_all();
        return false;
    }
    tty.gone = false;
    tty.written = tty.out = tty.farewell_length = 0;
    catch_fatal();
    if (!tty.at_exit)
        atexit(tty_rescue);
    tty.at_exit = true;
    take();
    return true;
}

void tty_leave(void)
{
    tty_flush(WAIT_MS);
    if (atomic_exchange(&tty.taken, false))
        give_back();
}

void tty_return(void)
{
    if (tty.fd >= 0)
        take();
}

void tty_end(void)
{
    if (tty.fd < 0)
        return;
    tty_leave();
    leave_fatal();
    close_all();
    str_done(&tty.waiting);
}

bool tty_size(int *width, int *height)
{
    struct winsize size;

    if (ioctl(tty.fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return false;
    *width = size.ws_col;
    *height = size.ws_row;
    return true;
}

bool tty_cell(int *width, int *height)
{
    struct winsize size;

    if (ioctl(tty.fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return false;
    *width = size.ws_xpixel / size.ws_col;
    *height = size.ws_ypixel / size.ws_row;
    return *width > 0 && *height > 0;
}

/* ---- output ---- */

void tty_add(const char *bytes, size_t n)
{
    if (!tty.gone && tty.fd >= 0)
        str_add(&tty.waiting, bytes, n);
}

/* True: the terminal takes bytes. */
static bool wait_for_room(int ms)
{
    struct pollfd p = {tty.fd, POLLOUT, 0};
    int n = poll(&p, 1, ms);

    if (n > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)))
        tty.gone = true;
    return n > 0 && !tty.gone;
}

/* True: some were written. */
static bool write_some(void)
{
    ssize_t n = write(tty.fd, tty.waiting.text + tty.out, tty.waiting.length - tty.out);

    if (n <= 0) {
        tty.gone = n < 0 && errno != EAGAIN && errno != EINTR;
        return false;
    }
    tty.out += (size_t)n;
    tty.written += (size_t)n;
    return true;
}

bool tty_flush(int ms)
{
    int64_t end = clock_ms() + ms;

    if (tty.fd < 0)
        return false;
    while (tty.out < tty.waiting.length && !tty.gone) {
        int64_t left = end - clock_ms();

        if (write_some() || tty.gone)
            continue;
        if (left <= 0)
            return true;
        wait_for_room((int)left);
    }
    str_clear(&tty.waiting);
    tty.out = 0;
    return !tty.gone;
}

bool tty_is_ready(void)
{
    return !tty_flush(0) || (tty_waiting() < 0 && (wait_for_room(0) || tty.gone));
}

bool tty_is_gone(void)
{
    return tty.gone;
}

int tty_waiting(void)
{
    return tty.out < tty.waiting.length && !tty.gone ? tty.fd : -1;
}

size_t tty_written(void)
{
    return tty.written;
}

size_t tty_sent(void)
{
    return tty.written + tty.waiting.length - tty.out;
}

void tty_skip_to(const char *text, int ms)
{
    struct pollfd p = {STDIN_FILENO, POLLIN, 0};
    int64_t end = clock_ms() + ms, left;
    struct str seen = {0};
    char bytes[256];
    ssize_t n;

    while (!strstr(str_text(&seen), text) && (left = end - clock_ms()) > 0 &&
           poll(&p, 1, (int)left) >= 0) {
        if (!p.revents)
            continue;
        n = read(STDIN_FILENO, bytes, sizeof bytes);
        if (n <= 0)
            break;
        str_add(&seen, bytes, (size_t)n);
    }
    str_done(&seen);
}

int tty_stderr(void)
{
    return tty.errors[0];
}
