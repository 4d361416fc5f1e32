/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The workbench at the end of a slow line. As with SSH the pty takes all that is written;
 * the line behind it delivers so many bytes a second, and what does not fit piles up. A
 * terminal at its end answers what it is asked. And one that nobody reads.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "shared.h"
#include "test.h"

enum { TIMEOUT_MS = 60000, LINE_BYTES = 1 << 20, RATE = 4000, WATCH_MS = 2500 };

struct line {
    pid_t child;
    int fd;
    char bytes[LINE_BYTES + 1]; /* all that was written */
    size_t n, delivered;        /* and what has come through */
    size_t worst;               /* most that was on its way */
    int answers;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void become_tabscope(const char *pace)
{
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("HOME", ".", 1);
    setenv("SSH_TTY", "/dev/pts/0", 1);
    unsetenv("TMUX");
    unsetenv("STY");
    unsetenv("ACCESSIBLE");
    unsetenv("XDG_STATE_HOME");
    execl("../tabscope", "tabscope", "--no-rc", "-c", pace, "-c", "load small.csv", "-c",
          "target over_50k", "-c", "set model.layers 1", "-c", "set model.head_cap 16",
          "-c", "set screen.fps 60", (char *)NULL);
    _exit(127);
}

static struct line *begin(const char *pace)
{
    struct winsize size = {.ws_col = 160, .ws_row = 48};
    struct line *l = calloc(1, sizeof *l);

    if (!l)
        abort();
    l->child = forkpty(&l->fd, NULL, NULL, &size);
    if (l->child < 0)
        abort();
    if (l->child == 0)
        become_tabscope(pace);
    return l;
}

static void end(struct line *l)
{
    kill(l->child, SIGKILL);
    waitpid(l->child, NULL, 0);
    close(l->fd);
    free(l);
}

static void type(const struct line *l, const char *keys)
{
    check(write(l->fd, keys, strlen(keys)) == (ssize_t)strlen(keys));
}

/* What the program wrote enters the line. */
static void take(struct line *l, int ms)
{
    struct pollfd p = {l->fd, POLLIN, 0};
    ssize_t n;

    if (poll(&p, 1, ms) <= 0 || l->n == LINE_BYTES)
        return;
    n = read(l->fd, l->bytes + l->n, LINE_BYTES - l->n);
    l->n += n > 0 ? (size_t)n : 0;
    l->worst = l->n - l->delivered > l->worst ? l->n - l->delivered : l->worst;
}

/* Bytes come out at the other end, where a terminal answers. */
static void deliver(struct line *l, size_t most)
{
    size_t from = l->delivered > 3 ? l->delivered - 3 : 0;
    const char *at = l->bytes + from;

    l->delivered += most < l->n - l->delivered ? most : l->n - l->delivered;
    while ((at = memmem(at, (size_t)(l->bytes + l->delivered - at), "\033[5n", 4))) {
        type(l, "\033[0n");
        l->answers++;
        at += 4;
    }
}

/* A line that is fast, until the text came. */
static void wait_for(struct line *l, const char *text)
{
    int64_t until = now_ms() + TIMEOUT_MS;
    const char *from = l->bytes + l->n;

    while (!strstr(from, text) && now_ms() < until) {
        take(l, 100);
        deliver(l, LINE_BYTES);
    }
    if (!check(strstr(from, text) != NULL))
        printf("# \"%s\" did not come\n", text);
}

static void begin_training(struct line *l, const char *command)
{
    wait_for(l, "over_50k: binary");
    type(l, command);
    wait_for(l, "train r1");
    type(l, "view train\r");
    wait_for(l, "rows/s");
}

/* The most that is on its way while the line is slow, for that long, or until it is more
 * than `enough`. */
static size_t watch(struct line *l, int ms, size_t enough)
{
    int64_t at = now_ms(), until = at + ms, now;

    l->delivered = l->n;
    l->worst = 0;
    while ((now = now_ms()) < until && l->worst <= enough) {
        size_t most = (size_t)(now - at) * RATE / 1000;

        deliver(l, most);
        if (most > 0)
            at = now;
        take(l, 5);
    }
    return l->worst;
}

static void pictures_do_not_pile_up(void)
{
    struct line *l = begin("set screen.pace auto");
    size_t worst;

    begin_training(l, "train --epochs 100000 --patience 0 --name r10\r");
    worst = watch(l, WATCH_MS, LINE_BYTES);
    printf("# at most %zu bytes on their way, %d answers\n", worst, l->answers);
    check(l->answers > 3);
    check(worst < 15000); /* a whole picture and what was allowed before */
    type(l, "say here\r");
    wait_for(l, "here");
    end(l);
}

/* So that the test above is one. */
static void they_would_without_questions(void)
{
    struct line *l = begin("set screen.pace off");
    size_t worst;

    begin_training(l, "train --epochs 100000 --patience 0 --name r11\r");
    worst = watch(l, TIMEOUT_MS, 20000);
    printf("# %zu bytes\n", worst);
    check(l->answers == 0);
    check(worst > 20000);
    end(l);
}

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

/* Nobody reads, and the training goes on to its end. */
static void a_stalled_line_stops_no_training(void)
{
    int64_t until = now_ms() + TIMEOUT_MS;
    struct line *l = begin("set screen.pace auto");
    size_t before;

    begin_training(l, "train --epochs 40 --patience 0 --name r12\r");
    while (!is_there("runs/r12/model.safetensors") && now_ms() < until)
        poll(NULL, 0, 20);
    check(is_there("runs/r12/model.safetensors"));
    before = l->n;
    take(l, 0);
    printf("# %zu bytes were written meanwhile\n", l->n - before);
    check(l->n - before < 20000);
    type(l, "view data\r");
    wait_for(l, "household_size");
    end(l);
}

/* A question is the last thing that was written, and on its way. */
static bool is_asked(const struct line *l)
{
    return l->n >= l->delivered + 4 && memcmp(l->bytes + l->n - 4, "\033[5n", 4) == 0;
}

/* The last answer is waited for, that it may not be typed into the shell. */
static void no_answer_is_left_behind(void)
{
    struct line *l = begin("set screen.pace on");
    int64_t until = now_ms() + TIMEOUT_MS;
    bool to_train = true;

    wait_for(l, "over_50k: binary");
    while (!is_asked(l) && now_ms() < until) {
        type(l, to_train ? "\033OR" : "\033OQ");
        to_train = !to_train;
        for (int i = 0; i < 10 && !is_asked(l); i++)
            take(l, 20);
        if (!is_asked(l))
            deliver(l, LINE_BYTES);
    }
    check(is_asked(l));
    type(l, "\004");
    poll(NULL, 0, 300);
    check(waitpid(l->child, NULL, WNOHANG) == 0);
    deliver(l, LINE_BYTES);
    while (waitpid(l->child, NULL, WNOHANG) == 0 && now_ms() < until)
        take(l, 10);
    check(now_ms() < until);
    end(l);
}

static void begin_folder(char *folder)
{
    char *path = test_source("share/demo/income.csv");
    char *command;

    if (mkdir(folder, 0700) != 0 || chdir(folder) != 0 ||
        asprintf(&command, "head -400 '%s%s' > small.csv", path[0] == '/' ? "" : "../",
                 path) < 0 || system(command) != 0)
        abort();
    free(command);
    free(path);
}

int main(void)
{
    char folder[] = "slow_line.folder";

    if (system("rm -rf slow_line.folder") != 0)
        abort();
    begin_folder(folder);
    test_run(pictures_do_not_pile_up);
    test_run(they_would_without_questions);
    test_run(a_stalled_line_stops_no_training);
    test_run(no_answer_is_left_behind);
    if (chdir("..") != 0 || system("rm -rf slow_line.folder") != 0)
        abort();
    return test_done();
}
