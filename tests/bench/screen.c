/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the workbench costs, measured from outside through a pty:
 *
 *     latency   from a key at the prompt to its character on the screen, while all cores
 *               train; the wish is 50 ms for 95 of 100
 *     bytes     that go to the terminal while the Train view is open, in a second
 *     training  how much longer the same epochs take under an open Train view than in a
 *               batch
 *     idle      processor time of a program with nothing to do, in two seconds
 *
 * usage: screen TABSCOPE TABLE.csv TARGET [KEYS]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 160, HEIGHT = 48, TIMEOUT_MS = 60000, EPOCHS = 6, ROUNDS = 3 };

struct screen {
    pid_t child;
    int fd;
    size_t bytes; /* read so far */
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "screen: %s\n", what);
    exit(EXIT_FAILURE);
}

static struct screen begin(char **argv)
{
    struct winsize size = {.ws_col = WIDTH, .ws_row = HEIGHT};
    struct screen s = {0};

    s.child = forkpty(&s.fd, NULL, NULL, &size);
    if (s.child < 0)
        fail("no pty");
    if (s.child == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        unsetenv("ACCESSIBLE");
        unsetenv("NO_COLOR");
        execv(argv[0], argv);
        _exit(127);
    }
    return s;
}

/* Reads what comes within ms; returns the bytes, which stand in out (NUL-terminated). */
static ssize_t take(struct screen *s, char *out, size_t size, int ms)
{
    struct pollfd fd = {s->fd, POLLIN, 0};
    ssize_t n;

    if (poll(&fd, 1, ms) <= 0)
        return 0;
    n = read(s->fd, out, size - 1);
    if (n < 0)
        n = 0;
    out[n] = '\0';
    s->bytes += (size_t)n;
    return n;
}

/* Seconds until the text comes; it must come in one piece. */
static double wait_for(struct screen *s, const char *text)
{
    static char seen[1 << 20];
    size_t n = 0;
    double from = now();

    while ((now() - from) * 1000 < TIMEOUT_MS) {
        if (n > sizeof(seen) / 2)
            n = 0;
        n += (size_t)take(s, seen + n, sizeof(seen) - n, 100);
        seen[n] = '\0';
        if (strstr(seen, text))
            return now() - from;
    }
    fprintf(stderr, "screen: \"%s\" did not come\n", text);
    exit(EXIT_FAILURE);
}

static void type(const struct screen *s, const char *keys)
{
    if (write(s->fd, keys, strlen(keys)) < 0)
        fail("the program does not take keys");
}

static void drain(struct screen *s, int ms)
{
    char bytes[65536];
    double end = now() + ms / 1000.0;

    while (now() < end)
        take(s, bytes, sizeof(bytes), (int)((end - now()) * 1000) + 1);
}

static void end(struct screen *s)
{
    char bytes[65536];

    kill(s->child, SIGKILL);
    while (take(s, bytes, sizeof(bytes), 100) > 0)
        ;
    waitpid(s->child, NULL, 0);
    close(s->fd);
}

/* ---- the measurements ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A character that nothing else on the screen has. */
static double time_key(struct screen *s)
{
    double from = now();

    type(s, "~");
    while (now() - from < 5) {
        char bytes[65536];

        if (take(s, bytes, sizeof(bytes), 100) > 0 && strchr(bytes, '~'))
            return now() - from;
    }
    fail("a key was not shown");
    return 0;
}

static void measure_latency(struct screen *s, int keys)
{
    double *times = malloc((size_t)keys * sizeof(*times));

    srand(1);
    for (int i = 0; i < keys; i++) {
        drain(s, 20 + rand() % 100);
        times[i] = time_key(s);
        if (i % 40 == 39)
            type(s, "\025"); /* C-u: an empty line */
    }
    qsort(times, (size_t)keys, sizeof(*times), compare);
    printf("latency  median %.1f ms, 95th percentile %.1f ms, longest %.1f ms, %d keys\n",
           times[keys / 2] * 1000, times[keys * 95 / 100] * 1000, times[keys - 1] * 1000,
           keys);
    free(times);
    type(s, "\025");
}

static void measure_bytes(struct screen *s)
{
    size_t before;

    type(s, "view train\r");
    drain(s, 1000);
    before = s->bytes;
    drain(s, 5000);
    printf("bytes    %.0f a second with the Train view open\n",
           (double)(s->bytes - before) / 5);
}

static double read_seconds(const char *folder)
{
    char path[4096], line[4096];
    double seconds = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/metrics.csv", folder);
    f = fopen(path, "r");
    if (!f)
        fail("a run has no metrics.csv");
    while (fgets(line, sizeof(line), f))
        sscanf(line, "%*d,%lf", &seconds);
    fclose(f);
    return seconds;
}

struct task {
    const char *tabscope, *table, *target;
    char folder[64];
};

static char *text_of(const char *format, const char *word)
{
    size_t n = strlen(format) + strlen(word) + 1;
    char *text = malloc(n);

    snprintf(text, n, "%s%s", format, word);
    return text;
}

/* The command lines that train; `name` of the run, `epochs` of it. */
static char **command_line(const struct task *t, const char *name, const char *epochs,
                           bool batch)
{
    char **argv = calloc(24, sizeof(*argv));
    int n = 0;

    argv[n++] = (char *)t->tabscope;
    argv[n++] = "--no-rc";
    if (batch)
        argv[n++] = "-b";
    argv[n++] = "-c";
    argv[n++] = text_of("load ", t->table);
    argv[n++] = "-c";
    argv[n++] = text_of("target ", t->target);
    argv[n++] = "-c";
    argv[n++] = text_of("set run.dir ", t->folder);
    argv[n++] = "-c";
    argv[n++] = "set train.patience 0";
    argv[n++] = "-c";
    argv[n++] = text_of("set train.epochs ", epochs);
    argv[n++] = "-c";
    argv[n++] = "view train";
    argv[n++] = "-c";
    argv[n++] = text_of("train --name ", name);
    if (batch)
        argv[n - 3] = "show train.epochs";
    return argv;
}

static double train_in_batch(const struct task *t, const char *name, const char *epochs)
{
    char **argv = command_line(t, name, epochs, true), folder[512];
    pid_t child = fork();
    int status;

    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, 1);
        dup2(null, 2);
        execv(argv[0], argv);
        _exit(127);
    }
    if (waitpid(child, &status, 0) < 0 || status != 0)
        fail("training in batch failed");
    snprintf(folder, sizeof(folder), "%s/%s", t->folder, name);
    return read_seconds(folder);
}

static double train_on_screen(const struct task *t, const char *name, const char *epochs)
{
    struct screen s = begin(command_line(t, name, epochs, false));
    char folder[512];

    wait_for(&s, "kept in");
    end(&s);
    snprintf(folder, sizeof(folder), "%s/%s", t->folder, name);
    return read_seconds(folder);
}

/* In turns, so that a noisy machine is noisy for both; the best of each counts. */
static void measure_training(const struct task *t)
{
    double batch = 1e9, screen = 1e9;
    char name[32], epochs[16];

    snprintf(epochs, sizeof(epochs), "%d", EPOCHS);
    for (int i = 0; i < ROUNDS; i++) {
        double seconds;

        snprintf(name, sizeof(name), "b%d", i);
        seconds = train_in_batch(t, name, epochs);
        batch = seconds < batch ? seconds : batch;
        snprintf(name, sizeof(name), "s%d", i);
        seconds = train_on_screen(t, name, epochs);
        screen = seconds < screen ? seconds : screen;
    }
    printf("training %.2f s in batch, %.2f s under an open Train view: %+.1f %%\n", batch,
           screen, (screen / batch - 1) * 100);
}

static double cpu_seconds(pid_t pid)
{
    char path[64], line[4096];
    unsigned long user = 0, system = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    f = fopen(path, "r");
    if (!f || !fgets(line, sizeof(line), f))
        fail("no /proc");
    fclose(f);
    sscanf(strrchr(line, ')') + 1, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu",
           &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void measure_idle(const struct task *t)
{
    char *argv[] = {(char *)t->tabscope, "--no-rc", (char *)t->table, NULL};
    struct screen s = begin(argv);
    double before;

    drain(&s, 2000);
    before = cpu_seconds(s.child);
    drain(&s, 2000);
    printf("idle     %.0f ms of processor time in two seconds\n",
           (cpu_seconds(s.child) - before) * 1000);
    end(&s);
}

int main(int argc, char **argv)
{
    struct task t = {.folder = "/tmp/tabscope-screen-XXXXXX"};
    struct screen s;

    if (argc < 4) {
        fprintf(stderr, "usage: screen TABSCOPE TABLE.csv TARGET [KEYS]\n");
        return 2;
    }
    t.tabscope = argv[1];
    t.table = argv[2];
    t.target = argv[3];
    if (!mkdtemp(t.folder))
        fail("no folder for runs");
    measure_idle(&t);
    s = begin(command_line(&t, "long", "100000", false));
    wait_for(&s, "train long");
    drain(&s, 3000);
    measure_latency(&s, argc > 4 ? atoi(argv[4]) : 200);
    measure_bytes(&s);
    end(&s);
    measure_training(&t);
    return 0;
}
