/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program on a terminal that does what single keys say; tests/term.sh runs it in tmux
 * and compares what tmux shows with what was drawn.
 *
 *     n  the next picture                    r  everything anew
 *     g  bytes of someone else               s  a message on standard error
 *     l  the shell's screen, until a line    c  a text for the clipboard
 *     q  the end    x  an abort    X  a bad pointer    e  exit()
 *
 * After each key FOLDER/drawn holds the picture, FOLDER/facts a line: keys so far, bytes
 * written, width, height, process; FOLDER/errors what came out of standard error.
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "ui/term.h"

struct probe {
    const char *folder;
    struct surface screen;
    struct rng random;
    struct str errors;
    long keys;
};

static volatile sig_atomic_t resized;

static void take_winch(int number)
{
    (void)number;
    resized = 1;
}

static void save(const struct probe *p, const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", p->folder, name), *new = xasprintf("%s.new", path);
    FILE *f = fopen(new, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || rename(new, path) != 0)
        abort();
    free(path);
    free(new);
}

static void report(struct probe *p)
{
    struct str screen = {0}, facts = {0};
    int width, height;

    term_size(&width, &height);
    str_printf(&facts, "%ld %zu %d %d %ld\n", p->keys, term_written(), width, height,
               (long)getpid());
    surface_dump(&p->screen, &screen);
    save(p, "drawn", str_text(&screen));
    save(p, "errors", str_text(&p->errors));
    save(p, "facts", facts.text);
    str_done(&screen);
    str_done(&facts);
}

/* Text of all kinds in all places, over what stands there. */
static void scribble(struct probe *p)
{
    static const char *const texts[] = {
        "plain text", "日本語テキスト", "e\xCC\x81te\xCC\x82", "\033[31mred\n", "größer",
        "\xFF\xFE", "          ", "한글 and more", "0123456789", "\xF0\x9F\x98\x80",
    };
    struct surface *s = &p->screen;

    for (int i = 0; i < 30; i++)
        surface_text(s, (int)rng_below(&p->random, (uint64_t)s->width + 4) - 4,
                     (int)rng_below(&p->random, (uint64_t)s->height),
                     (int)rng_below(&p->random, 12),
                     (enum role)rng_below(&p->random, ROLES),
                     texts[rng_below(&p->random, sizeof texts / sizeof texts[0])]);
    if (rng_below(&p->random, 4) == 0) {
        struct surface part =
            surface_part(s, (struct rect){(int)rng_below(&p->random, 30),
                                          (int)rng_below(&p->random, 10), 30, 8});

        surface_frame(&part, "Title 日本", rng_below(&p->random, 2));
    }
}

static void fit(struct probe *p)
{
    int width, height;

    term_size(&width, &height);
    if (width == p->screen.width && height == p->screen.height)
        return;
    surface_done(&p->screen);
    surface_init(&p->screen, width, height, term_glyphs());
    surface_frame(&p->screen, "probe", true);
    surface_printf(&p->screen, 2, 1, 0, ROLE_TEXT, "%d x %d", width, height);
}

static bool draw(struct probe *p)
{
    fit(p);
    return term_draw(&p->screen, 1, 1);
}

static void write_raw(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        abort();
}

static void leave(void)
{
    char key;

    term_leave();
    write_raw("\non the screen of the shell\n");
    while (read(STDIN_FILENO, &key, 1) < 0 && errno == EINTR)
        ;
    term_return();
}

static void run_key(struct probe *p, char key)
{
    static int *volatile bad_pointer = (int *)4096; /* UBSan ends at a null one itself */
    static const char *const themes[] = {"dark", "light", "mono", "deut", "contrast"};

    p->keys++;
    switch (key) {
    case 'n':
        term_set_theme(theme_find(themes[p->keys % 5]));
        scribble(p);
        break;
    case 'r':
        term_repaint();
        break;
    case 's':
        fputs("a library complains\n", stderr);
        break;
    case 'g':
        write_raw("\033[5;5Hgarbage from elsewhere\r\n\n\n");
        break;
    case 'l':
        leave();
        break;
    case 'c':
        term_copy("copied text", 11);
        break;
    case 'x':
        fputs("last words\n", stderr);
        abort();
    case 'X':
        *bad_pointer = 1;
        break;
    case 'e':
        fputs("last words\n", stderr);
        exit(3);
    }
}

static void take_errors(struct probe *p)
{
    char bytes[256];
    ssize_t n = read(term_stderr(), bytes, sizeof bytes);

    if (n > 0)
        str_add(&p->errors, bytes, (size_t)n);
}

/* False: the end. */
static bool turn(struct probe *p)
{
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {term_stderr(), POLLIN, 0},
                           {term_waiting(), POLLOUT, 0}};
    char key = 0;

    if (poll(fds, 3, -1) < 0 && errno != EINTR)
        return false;
    if (resized) {
        resized = 0;
        term_resize();
    } else if (fds[2].revents) {
        term_is_ready();
    } else if (fds[1].revents) {
        take_errors(p);
    } else if (fds[0].revents) {
        if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q')
            return false;
        run_key(p, key);
    }
    if (!draw(p))
        return false;
    report(p);
    return true;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = take_winch};
    struct probe p = {.folder = argv[argc - 1], .random = rng_make(5, RNG_TEST, 0)};
    struct error err = {0};

    setlocale(LC_ALL, "");
    if (!term_begin(&err)) {
        printf("refused: %s\n", err.text);
        return 2;
    }
    sigaction(SIGWINCH, &action, NULL);
    if (draw(&p)) {
        report(&p);
        while (turn(&p))
            ;
    }
    term_end();
    surface_done(&p.screen);
    str_done(&p.errors);
    puts("the end");
    return 0;
}
