/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { ECHO_MS = 250 };

/* A handler takes no argument of ours, so this is one of the few writable globals. */
static struct {
    int pipe[2];
    volatile sig_atomic_t untaken[65]; /* by number, since the loop last took one */
    struct timespec last[65];          /* when the last one came; the handler's own */
    struct termios terminal;           /* as it was found */
    bool has_terminal;
    volatile sig_atomic_t hung_up;
    void (*rescue)(void);              /* of the screen, NULL: there is none */
} signals = {.pipe = {-1, -1}};

/* timeout(1) sends each signal twice at once; a person takes longer. */
static bool is_echo(int number)
{
    const struct timespec *last = &signals.last[number];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - last->tv_sec) * 1000 + (now.tv_nsec - last->tv_nsec) / 1000000 <
           ECHO_MS;
}

/* What is only news: it may come as often as it likes. */
static bool is_news(int number)
{
    return number == SIGTSTP || number == SIGWINCH || number == SIGCONT;
}

static void handle(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;

    if (!is_news(number) && is_echo(number))
        return;
    if (number == SIGHUP && signals.hung_up)
        return; /* a terminal is lost once, whoever else tells of it */
    signals.hung_up |= number == SIGHUP;
    clock_gettime(CLOCK_MONOTONIC, &signals.last[number]);
    if (++signals.untaken[number] > 1 && !is_news(number)) {
        if (signals.rescue)
            signals.rescue();
        if (signals.has_terminal)
            tcsetattr(STDIN_FILENO, TCSANOW, &signals.terminal);
        _exit(128 + number);
    }
    if (write(signals.pipe[1], &byte, 1) != 1 && !is_news(number))
        _exit(128 + number); /* nobody would ever hear of it */
    errno = saved;
}

/* One that is ignored from the start (nohup) stays so. */
static void catch_signal(int number)
{
    struct sigaction now, action = {.sa_handler = handle, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

bool signals_init(bool suspend, struct error *err)
{
    if (pipe2(signals.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set(err, ERROR_SYSTEM, "no pipe for signals: %s", strerror(errno));
    signals.has_terminal = tcgetattr(STDIN_FILENO, &signals.terminal) == 0;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    catch_signal(SIGINT);
    catch_signal(SIGTERM);
    catch_signal(SIGHUP);
    if (suspend)
        catch_signal(SIGTSTP);
    return true;
}

void signals_watch_screen(void (*rescue)(void))
{
    signals.rescue = rescue;
    catch_signal(SIGWINCH);
    catch_signal(SIGCONT);
}

void signals_suspend(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL}, ours;

    sigemptyset(&usual.sa_mask);
    sigaction(SIGTSTP, &usual, &ours);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
}

int signals_fd(void)
{
    return signals.pipe[0];
}

int signals_take(void)
{
    unsigned char byte;

    if (read(signals.pipe[0], &byte, 1) != 1)
        return 0;
    signals.untaken[byte] = 0;
    return byte;
}
