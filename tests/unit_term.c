/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * term.c on a pseudo terminal: a child has it as its terminal, and here we are at the
 * other end, reading what it writes, changing the size, or closing it. The two go in
 * step: the child tells what it did (tell), and waits until it may go on (wait_for_go).
 * What the bytes look like on a real terminal is the matter of term.sh.
 */
#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "test.h"

enum { DEADLINE_MS = 20000 };

/* ---- the child's side ---- */

static struct {
    int go, told;
} child;

static void tell(long value)
{
    if (write(child.told, &value, sizeof value) != (ssize_t)sizeof value)
        _exit(99);
}

static void wait_for_go(void)
{
    char byte;

    while (read(child.go, &byte, 1) != 1)
        if (errno != EINTR)
            _exit(98);
}

static void step(long value)
{
    tell(value);
    wait_for_go();
}

static struct surface screen;

static void begin(void)
{
    struct error err = {0};
    int width, height;

    if (!term_begin(&err)) {
        fprintf(stderr, "%s\n", err.text);
        _exit(97);
    }
    term_size(&width, &height);
    surface_init(&screen, width, height, term_glyphs());
}

static bool draw_text(const char *text)
{
    surface_text(&screen, 3, 2, 0, ROLE_TEXT, text);
    return term_draw(&screen, 0, 0);
}

/* ---- the terminal's side ---- */

struct side {
    int master, slave;   /* the slave stays open, so that its modes can be read */
    int go, told, errors;
    pid_t pid;
    struct str seen;     /* what the child wrote to its terminal */
    struct termios found;
};

static int max_of(int a, int b)
{
    return a > b ? a : b;
}

static void become_child(const struct side *s, const int go[2], const int told[2],
                         const int errors[2], void (*run)(void))
{
    signal(SIGHUP, SIG_DFL); /* behind nohup and in the background they are ignored */
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    setsid();
    ioctl(s->slave, TIOCSCTTY, 0);
    dup2(s->slave, STDIN_FILENO);
    dup2(s->slave, STDOUT_FILENO);
    dup2(errors[1], STDERR_FILENO);
    child.go = go[0];
    child.told = told[1];
    for (int fd = 3; fd < max_of(child.go, child.told) + 20; fd++)
        if (fd != child.go && fd != child.told)
            close(fd);
    run();
    surface_done(&screen);
    exit(0);
}

/* Runs it on a terminal of 80 x 24. */
static void start(struct side *s, const char *term_name, void (*run)(void))
{
    int go[2], told[2], errors[2];
    struct winsize size = {.ws_col = 80, .ws_row = 24};

    *s = (struct side){.master = posix_openpt(O_RDWR | O_NOCTTY)};
    if (s->master < 0 || grantpt(s->master) != 0 || unlockpt(s->master) != 0 ||
        pipe(go) != 0 || pipe(told) != 0 || pipe(errors) != 0)
        abort();
    s->slave = open(ptsname(s->master), O_RDWR | O_NOCTTY);
    ioctl(s->master, TIOCSWINSZ, &size);
    tcgetattr(s->slave, &s->found);
    setenv("TERM", term_name, 1);
    fflush(stdout);
    s->pid = fork();
    if (s->pid == 0)
        become_child(s, go, told, errors, run);
    close(go[0]);
    close(told[1]);
    close(errors[1]);
    s->go = go[1];
    s->told = told[0];
    s->errors = errors[0];
    fcntl(s->master, F_SETFL, O_NONBLOCK);
}

static bool read_master(struct side *s)
{
    char bytes[4096];
    ssize_t n = s->master >= 0 ? read(s->master, bytes, sizeof bytes) : 0;

    if (n > 0)
        str_add(&s->seen, bytes, (size_t)n);
    return n > 0;
}

/* What the child tells next, -1: it does not. Reads meanwhile what it writes, unless
 * `deaf`. */
static long hear_while(struct side *s, bool deaf)
{
    int64_t end = clock_ms() + DEADLINE_MS;
    long value;

    while (clock_ms() < end) {
        struct pollfd fds[] = {{s->told, POLLIN, 0}, {deaf ? -1 : s->master, POLLIN, 0}};

        poll(fds, 2, 100);
        if (fds[1].revents & POLLIN)
            read_master(s);
        if (!(fds[0].revents & (POLLIN | POLLHUP)))
            continue;
        if (read(s->told, &value, sizeof value) != (ssize_t)sizeof value)
            return -1;
        while (!deaf && read_master(s))
            ;
        return value;
    }
    return -1;
}

static long hear(struct side *s)
{
    return hear_while(s, false);
}

static void go_on(struct side *s)
{
    if (write(s->go, "g", 1) != 1)
        check(!"the child is gone");
}

/* Its status as waitpid has it. */
static int finish(struct side *s)
{
    int status = -1;

    while (hear(s) >= 0)
        ;
    if (waitpid(s->pid, &status, 0) != s->pid)
        status = -1;
    while (read_master(s))
        ;
    return status;
}

static void drop(struct side *s)
{
    close(s->master);
    close(s->slave);
    close(s->go);
    close(s->told);
    close(s->errors);
    str_done(&s->seen);
}

/* The child comes to its end by itself and without complaint. */
static void finish_well(struct side *s)
{
    check_int(finish(s), 0);
    drop(s);
}

static bool sees(const struct side *s, const char *bytes)
{
    return memmem(str_text(&s->seen), s->seen.length, bytes, strlen(bytes)) != NULL;
}

static bool modes_are_as_found(const struct side *s)
{
    struct termios now;

    tcgetattr(s->slave, &now);
    return now.c_iflag == s->found.c_iflag && now.c_oflag == s->found.c_oflag &&
           now.c_lflag == s->found.c_lflag && now.c_cflag == s->found.c_cflag &&
           memcmp(now.c_cc, s->found.c_cc, sizeof now.c_cc) == 0;
}

static bool is_raw(const struct side *s)
{
    struct termios now;

    tcgetattr(s->slave, &now);
    return !(now.c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) && !(now.c_oflag & OPOST) &&
           !(now.c_iflag & (ICRNL | IXON));
}

/* ---- taking and giving back ---- */

static void run_spoilt(void)
{
    begin();
    draw_text("hello there");
    step(1);
    term_repaint();
    draw_text("");
    step(2);
    term_end();
}

/* A program that we ran left its own modes behind. */
static void a_repaint_mends_the_modes_too(void)
{
    struct side s;

    start(&s, "xterm-256color", run_spoilt);
    check_int(hear(&s), 1);
    tcsetattr(s.slave, TCSANOW, &s.found);
    str_clear(&s.seen);
    go_on(&s);
    check_int(hear(&s), 2);
    check(is_raw(&s));
    check(sees(&s, "\033[?2004h"));
    check(sees(&s, "hello there"));
    go_on(&s);
    finish_well(&s);
}

static void run_once(void)
{
    begin();
    draw_text("hello there");
    step(1);
    term_end();
    term_end();
    step(2);
}

static void the_terminal_is_taken_and_given_back(void)
{
    struct side s;

    start(&s, "xterm-256color", run_once);
    check_int(hear(&s), 1);
    check(is_raw(&s));
    check(sees(&s, "\033[?1049h"));
    check(sees(&s, "\033[?2004h"));
    check(sees(&s, "hello there"));
    check(!sees(&s, "\033[?1049l"));
    go_on(&s);
    check_int(hear(&s), 2);
    check(modes_are_as_found(&s));
    check(sees(&s, "\033[?2004l"));
    check(sees(&s, "\033[?1049l"));
    go_on(&s);
    finish_well(&s);
}

static void run_twice(void)
{
    for (int i = 0; i < 2; i++) {
        begin();
        tell(draw_text(i == 0 ? "once" : "again"));
        term_end();
        surface_done(&screen);
    }
}

static void it_can_be_taken_again(void)
{
    struct side s;

    start(&s, "xterm-256color", run_twice);
    check_int(hear(&s), 1);
    check_int(hear(&s), 1);
    check(sees(&s, "again"));
    finish_well(&s);
}

static void run_refused(void)
{
    struct error err = {0};

    tell(term_begin(&err));
    tell(err.kind);
    tell(strstr(err.text, getenv("TERM")) != NULL);
    term_end();
}

static void odd_terminals_are_refused(void)
{
    static const char *const names[] = {"dumb", "no-such-terminal", "unknown"};

    for (int i = 0; i < 3; i++) {
        struct side s;

        start(&s, names[i], run_refused);
        check_int(hear(&s), false);
        check_int(hear(&s), ERROR_SYSTEM);
        check_int(hear(&s), true);
        check(modes_are_as_found(&s));
        check_int(s.seen.length, 0);
        finish_well(&s);
    }
}

static void run_without_terminal(void)
{
    struct error err = {0};
    int fd = open("/dev/null", O_RDWR);

    dup2(fd, STDIN_FILENO);
    tell(term_begin(&err));
    tell(term_stderr());
    close(fd);
}

static void no_terminal_is_refused(void)
{
    struct side s;

    start(&s, "xterm", run_without_terminal);
    check_int(hear(&s), false);
    check_int(hear(&s), -1);
    finish_well(&s);
}

static void run_signals(void)
{
    struct sigaction winch, stop;

    begin();
    sigaction(SIGWINCH, NULL, &winch);
    sigaction(SIGTSTP, NULL, &stop);
    tell(winch.sa_handler == SIG_DFL && stop.sa_handler == SIG_DFL);
    term_end();
}

static void signals_are_not_touched(void)
{
    struct side s;

    start(&s, "xterm", run_signals);
    check_int(hear(&s), true);
    finish_well(&s);
}

static void run_leaving(void)
{
    begin();
    term_set_mouse(true);
    draw_text("on our screen");
    step(1);
    fputs("before\n", stderr);
    term_leave();
    term_leave();
    fputs("between\n", stderr);
    step(2);
    term_return();
    draw_text("");
    step(3);
    term_end();
}

static void the_shell_has_its_screen_meanwhile(void)
{
    char said[64] = "";
    struct side s;

    start(&s, "xterm-256color", run_leaving);
    check_int(hear(&s), 1);
    check(sees(&s, "\033[?1002h\033[?1006h"));
    go_on(&s);
    check_int(hear(&s), 2);
    check(modes_are_as_found(&s));
    check(sees(&s, "\033[?1002l\033[?1006l"));
    check(sees(&s, "\033[?2004l"));
    check(sees(&s, "\033[?1049l"));
    check(read(s.errors, said, sizeof said - 1) > 0);
    check_str(said, "before\nbetween\n");
    str_clear(&s.seen);
    go_on(&s);
    check_int(hear(&s), 3);
    check(is_raw(&s));
    check(sees(&s, "\033[?1049h"));
    check(sees(&s, "\033[?1002h\033[?1006h"));
    check(sees(&s, "\033[?2004h"));
    check(sees(&s, "on our screen"));
    go_on(&s);
    finish_well(&s);
}

/* ---- drawing ---- */

static long bytes_of_drawing(int x, int y)
{
    size_t before = term_written();

    if (!term_draw(&screen, x, y))
        _exit(96);
    return (long)(term_written() - before);
}

static void run_differences(void)
{
    begin();
    surface_frame(&screen, "frame", true);
    bytes_of_drawing(5, 5);
    tell(bytes_of_drawing(5, 5));
    surface_put(&screen, 40, 12, 'x', ROLE_TEXT);
    tell(bytes_of_drawing(5, 5));
    tell(bytes_of_drawing(6, 5));
    tell(bytes_of_drawing(-1, -1));
    tell(bytes_of_drawing(500, 500));
    term_repaint();
    tell(bytes_of_drawing(5, 5));
    tell((long)term_written());
    term_end();
}

static void only_differences_are_written(void)
{
    struct side s;
    long written;

    start(&s, "xterm-256color", run_differences);
    check_int(hear(&s), 0);
    check(hear(&s) <= 20); /* there, the x, back */
    check(hear(&s) <= 8);
    check_int(hear(&s), 6); /* hides the cursor */
    check_int(hear(&s), 0);
    check(hear(&s) > 500);
    written = hear(&s);
    check(s.seen.length >= (size_t)written);
    finish_well(&s);
}

/* The Train view of a large screen: a point more on each of four curves, a dozen numbers
 * that change, the clock. */
static void draw_dashboard(int tick)
{
    for (int i = 0; i < 4; i++) {
        int x = 4 + tick % 60 + (i % 2) * 78, y = 5 + i * 4 + (tick * (i + 3)) % 4;

        surface_put(&screen, x, y, 0x2801 + (uint32_t)(tick * 7 + i) % 255,
                    (enum role)(ROLE_SERIES_1 + i));
    }
    for (int i = 0; i < 12; i++)
        surface_printf(&screen, 120, 24 + i, 0, ROLE_TEXT, "%-12s %.4f", "number",
                       0.9 - 0.0137 * i + 0.00031 * tick);
    surface_printf(&screen, 1, screen.height - 2, 0, ROLE_STATUS,
                   "train r3  epoch %d of 50  step %d  %d rows/s  ETA %02d:%02d",
                   tick / 10, tick * 12, 23000 + tick * 37 % 100, 3 - tick / 60,
                   59 - tick % 60);
}

static void run_dashboard(void)
{
    long most = 0, sum = 0, n = 50;

    wait_for_go();
    begin();
    surface_frame(&screen, "loss", true);
    for (int tick = 0; tick <= n; tick++) {
        long bytes;

        draw_dashboard(tick);
        bytes = bytes_of_drawing(11, screen.height - 1);
        if (tick == 0) {
            tell(bytes);
            continue;
        }
        sum += bytes;
        most = bytes > most ? bytes : most;
    }
    tell(sum / n);
    tell(most);
    term_end();
}

static void a_frame_in_training_is_small(void)
{
    struct winsize size = {.ws_col = 160, .ws_row = 48};
    struct side s;
    long first, mean, most;

    start(&s, "xterm-256color", run_dashboard);
    ioctl(s.master, TIOCSWINSZ, &size);
    go_on(&s);
    first = hear(&s);
    mean = hear(&s);
    most = hear(&s);
    printf("# bytes of a frame: first %ld, then %ld, at most %ld\n", first, mean, most);
    check(mean > 0 && mean < 600);
    check(most < 1200);
    finish_well(&s);
}

static void run_scrolling(void)
{
    begin();
    for (int first = 0; first < 3; first++) {
        long bytes;

        for (int y = 0; y < screen.height - 3; y++)
            surface_printf(&screen, 0, y, 0, ROLE_TEXT, "%5d  a line of the log, and %d",
                           first + y, (first + y) * 77777);
        bytes = bytes_of_drawing(0, screen.height - 1);
        if (first > 0)
            tell(bytes);
    }
    term_end();
}

static void a_log_that_scrolls_is_scrolled(void)
{
    struct side s;

    start(&s, "xterm-256color", run_scrolling);
    check(hear(&s) < 150);
    check(hear(&s) < 150);
    finish_well(&s);
}

static void run_colours(void)
{
    begin();
    surface_text(&screen, 0, 0, 0, ROLE_ERROR, "error");
    surface_text(&screen, 0, 1, 0, ROLE_SERIES_1, "series");
    surface_text(&screen, 0, 2, 0, ROLE_HEAT_15, "heat");
    term_set_theme(theme_find("contrast"));
    draw_text("text");
    step(term_colours());
    term_end();
}

/* Whether it saw a colour set: SGR 30-37, 40-47, 90-97, 38 and 48. */
static bool sees_colour(const struct side *s)
{
    const char *at = str_text(&s->seen);

    while ((at = strstr(at, "\033[")) != NULL) {
        char *end;

        do {
            long n = strtol(at + (*at == '\033' ? 2 : 1), &end, 10);

            if ((n >= 30 && n <= 38) || (n >= 40 && n <= 48) || (n >= 90 && n <= 107)) {
                const char *final = end + strspn(end, "0123456789;");

                if (*final == 'm')
                    return true;
            }
            at = end;
        } while (*at == ';');
    }
    return false;
}

static void colours_are_those_of_the_terminal(void)
{
    static const struct {
        const char *name;
        int colours;
    } terminals[] = {{"xterm-256color", 256}, {"xterm", 8}, {"linux", 8}, {"vt100", 0},
                     {"screen-256color", 256}, {"xterm-mono", 0}};

    for (size_t i = 0; i < sizeof terminals / sizeof terminals[0]; i++) {
        struct side s;

        start(&s, terminals[i].name, run_colours);
        check_int(hear(&s), terminals[i].colours);
        check(sees(&s, "error"));
        check_int(sees_colour(&s), terminals[i].colours > 0);
        go_on(&s);
        finish_well(&s);
    }
}

static void no_color_means_none(void)
{
    struct side s;

    setenv("NO_COLOR", "1", 1);
    start(&s, "xterm-256color", run_colours);
    unsetenv("NO_COLOR");
    check_int(hear(&s), 0);
    check(sees(&s, "error"));
    check(!sees_colour(&s));
    go_on(&s);
    finish_well(&s);
}

static void run_glyphs(void)
{
    begin();
    tell(term_glyphs());
    surface_put(&screen, 0, 0, 0x2801, ROLE_TEXT);
    surface_put(&screen, 1, 0, 0x65E5, ROLE_TEXT);
    tell(draw_text("after"));
    term_end();
}

static void check_glyphs(const char *term_name, const char *locale, enum glyphs want)
{
    struct side s;

    setlocale(LC_ALL, locale);
    start(&s, term_name, run_glyphs);
    check_int(hear(&s), want);
    check_int(hear(&s), true);
    check(sees(&s, "after"));
    for (size_t i = 0; want == GLYPHS_ASCII && i < s.seen.length; i++)
        check((unsigned char)s.seen.text[i] < 0x80);
    finish_well(&s);
    setlocale(LC_ALL, "C.UTF-8");
}

static void glyphs_are_what_can_be_trusted(void)
{
    check_glyphs("xterm-256color", "C.UTF-8", GLYPHS_BRAILLE);
    check_glyphs("tmux-256color", "C.UTF-8", GLYPHS_BRAILLE);
    check_glyphs("linux", "C.UTF-8", GLYPHS_BLOCKS);
    check_glyphs("vt220", "C.UTF-8", GLYPHS_BLOCKS);
    check_glyphs("xterm-256color", "C", GLYPHS_ASCII);
}

/* ---- sizes ---- */

static void run_sizes(void)
{
    begin();
    for (int i = 0; i < 6; i++) {
        int width, height;

        wait_for_go();
        term_resize();
        term_size(&width, &height);
        tell(width * 10000L + height);
        surface_done(&screen);
        surface_init(&screen, width, height, term_glyphs());
        surface_frame(&screen, "any", true);
        tell(term_draw(&screen, width - 1, height - 1));
    }
    term_end();
}

static void any_size_will_do(void)
{
    static const struct winsize sizes[] = {
        {.ws_col = 160, .ws_row = 48}, {.ws_col = 1, .ws_row = 1},
        {.ws_col = 3, .ws_row = 200}, {.ws_col = 65535, .ws_row = 65535},
        {.ws_col = 0, .ws_row = 0}, {.ws_col = 80, .ws_row = 24},
    };
    static const long wanted[] = {1600048, 10001, 30200, 10000500, 10000500, 800024};
    struct side s;

    start(&s, "xterm-256color", run_sizes);
    for (int i = 0; i < 6; i++) {
        ioctl(s.master, TIOCSWINSZ, &sizes[i]);
        go_on(&s);
        check_int(hear(&s), wanted[i]);
        check_int(hear(&s), true);
    }
    finish_well(&s);
}

/* ---- terminals that take nothing ---- */

/* Milliseconds that drawing took; the result apart. */
static int64_t timed_draw(const char *text, bool *ok)
{
    int64_t start_ms = clock_ms();

    *ok = draw_text(text);
    return clock_ms() - start_ms;
}

static void run_until_closed(void)
{
    bool ok;

    signal(SIGHUP, SIG_IGN);
    begin();
    draw_text("first");
    step(1);
    tell(timed_draw("second", &ok) < 1000);
    tell(ok);
    tell(timed_draw("third", &ok) < 1000);
    tell(ok);
    tell(term_is_ready());
    term_leave();
    term_return();
    term_end();
    tell(2);
}

static void a_closed_terminal_is_noticed(void)
{
    struct side s;

    start(&s, "xterm-256color", run_until_closed);
    check_int(hear(&s), 1);
    close(s.slave);
    close(s.master);
    s.slave = s.master = -1;
    go_on(&s);
    check_int(hear(&s), true);
    check_int(hear(&s), false);
    check_int(hear(&s), true);
    check_int(hear(&s), false);
    check_int(hear(&s), true);
    check_int(hear(&s), 2);
    finish_well(&s);
}

static void fill_with(int seed)
{
    for (int y = 0; y < screen.height; y++)
        for (int x = 0; x < screen.width; x++)
            surface_put(&screen, x, y, (uint32_t)('a' + (x * 7 + y * 3 + seed) % 26),
                        (enum role)(ROLE_HEAT_0 + (x + y + seed) % 16));
}

/* Draws until the terminal is full, then once more; then waits for it to be read. */
static void run_full(void)
{
    struct pollfd p = {-1, POLLOUT, 0};
    long slowest = 0;
    bool ok = true;

    begin();
    for (int i = 0; ok && i < 100 && term_is_ready(); i++) {
        long ms;

        fill_with(i);
        ms = timed_draw("", &ok);
        slowest = ms > slowest ? ms : slowest;
    }
    tell(ok && slowest < 1000);
    tell(!term_is_ready() && term_waiting() >= 0);
    step(1);
    while ((p.fd = term_waiting()) >= 0 && poll(&p, 1, DEADLINE_MS) > 0)
        term_is_ready();
    tell(term_waiting());
    tell((long)term_written());
    wait_for_go();
    term_end();
}

static void a_full_terminal_stops_nothing(void)
{
    struct side s;

    start(&s, "xterm-256color", run_full);
    check_int(hear_while(&s, true), true);
    check_int(hear_while(&s, true), true);
    check_int(hear_while(&s, true), 1);
    go_on(&s);
    check_int(hear(&s), -1);
    check_int(hear(&s), (long)s.seen.length);
    go_on(&s);
    finish_well(&s);
}

/* ---- standard error ---- */

static void run_errors(void)
{
    char bytes[64] = "";
    struct pollfd p;

    begin();
    fputs("a library complains\n", stderr);
    p = (struct pollfd){term_stderr(), POLLIN, 0};
    tell(poll(&p, 1, DEADLINE_MS));
    tell(read(term_stderr(), bytes, sizeof bytes - 1));
    tell(strcmp(bytes, "a library complains\n"));
    for (int i = 0; i < 20000; i++)
        fputs("more than a pipe can hold\n", stderr);
    tell(read(term_stderr(), bytes, sizeof bytes - 1));
    term_end();
    fputs("after\n", stderr);
}

static void standard_error_is_taken_aside(void)
{
    struct side s;
    struct str said = {0};
    char bytes[4096];
    ssize_t n;

    start(&s, "xterm-256color", run_errors);
    check_int(hear(&s), 1);
    check_int(hear(&s), 20);
    check_int(hear(&s), 0);
    check_int(hear(&s), 63);
    while ((n = read(s.errors, bytes, sizeof bytes)) > 0)
        str_add(&said, bytes, (size_t)n);
    check(said.length > 6 && strcmp(said.text + said.length - 6, "after\n") == 0);
    check(!sees(&s, "library"));
    str_done(&said);
    finish_well(&s);
}

/* ---- the clipboard ---- */

static void run_copy(void)
{
    static char text[80000];

    begin();
    memset(text, 'a', sizeof text);
    tell(term_copy("hello", 5));
    tell(term_copy("", 0));
    tell(term_copy("\xFF\xFE!", 3));
    step(1);
    tell(term_copy(text, 74992));
    tell(term_copy(text, 74991));
    while (term_waiting() >= 0)
        term_is_ready();
    tell((long)term_written());
    term_end();
}

static void copies_go_out_as_osc_52(void)
{
    struct side s;

    start(&s, "xterm-256color", run_copy);
    check_int(hear(&s), true);
    check_int(hear(&s), true);
    check_int(hear(&s), true);
    check_int(hear(&s), 1);
    check(sees(&s, "\033]52;c;aGVsbG8=\033\\"));
    check(sees(&s, "\033]52;c;\033\\"));
    check(sees(&s, "\033]52;c;//4h\033\\"));
    check(!sees(&s, "tmux"));
    go_on(&s);
    check_int(hear(&s), false);
    check_int(hear(&s), true);
    check(hear(&s) > 99990);
    finish_well(&s);
}

static void tmux_gets_both_forms(void)
{
    struct side s;

    setenv("TMUX", "/tmp/x,1,0", 1);
    start(&s, "tmux-256color", run_copy);
    unsetenv("TMUX");
    check_int(hear(&s), true);
    check_int(hear(&s), true);
    check_int(hear(&s), true);
    check_int(hear(&s), 1);
    check(sees(&s, "\033]52;c;aGVsbG8=\033\\"));
    check(sees(&s, "\033Ptmux;\033\033]52;c;aGVsbG8=\033\033\\\033\\"));
    go_on(&s);
    finish_well(&s);
}

/* ---- ends that nobody planned ---- */

static void crash_by(void (*end)(void))
{
    begin();
    term_set_mouse(true);
    draw_text("hello");
    step(1);
    fputs("last words\n", stderr);
    end();
}

static void read_badly(void)
{
    static int *volatile nowhere = (int *)4096; /* UBSan ends at a null one itself */

    *nowhere = 1;
}

/* Until the stack is full. */
static int recurse(int depth)
{
    volatile char bytes[4096];

    bytes[0] = (char)depth;
    return (depth > 0 ? recurse(depth - 1) : 0) + bytes[0];
}

static void overflow(void)
{
    tell(recurse(1000 * 1000));
}

static void leave_with_3(void)
{
    exit(3);
}

static void quit(void)
{
    kill(getpid(), SIGQUIT);
    for (;;)
        pause();
}

static void run_abort(void) { crash_by(abort); }
static void run_bad_pointer(void) { crash_by(read_badly); }
static void run_overflow(void) { crash_by(overflow); }
static void run_exit(void) { crash_by(leave_with_3); }
static void run_quit(void) { crash_by(quit); }

/* signal 0: an exit with status 3. Sanitizers turn crashes into exits of their own. */
static void check_end(void (*run)(void), int signal_number)
{
    struct side s;
    char said[64] = "";
    int status;

    start(&s, "xterm-256color", run);
    check_int(hear(&s), 1);
    check(is_raw(&s));
    str_clear(&s.seen);
    go_on(&s);
    status = finish(&s);
    if (signal_number == 0)
        check(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    else
        check(WIFSIGNALED(status) ? WTERMSIG(status) == signal_number
                                  : WEXITSTATUS(status) != 0);
    check(modes_are_as_found(&s));
    check(sees(&s, "\033[?1002l\033[?1006l\033[?2004l"));
    check(sees(&s, "\033[?1049l"));
    check(read(s.errors, said, sizeof said - 1) > 0);
    check(strncmp(said, "last words\n", 11) == 0);
    drop(&s);
}

static void crashes_give_the_terminal_back(void)
{
    check_end(run_abort, SIGABRT);
    check_end(run_bad_pointer, SIGSEGV);
    check_end(run_overflow, SIGSEGV);
    check_end(run_quit, SIGQUIT);
    check_end(run_exit, 0);
}

int main(void)
{
    if (!setlocale(LC_ALL, "C.UTF-8")) {
        printf("1..0 # SKIP no locale C.UTF-8\n");
        return 0;
    }
    signal(SIGPIPE, SIG_IGN);
    unsetenv("NO_COLOR");
    unsetenv("TMUX");
    test_run(the_terminal_is_taken_and_given_back);
    test_run(it_can_be_taken_again);
    test_run(a_repaint_mends_the_modes_too);
    test_run(odd_terminals_are_refused);
    test_run(no_terminal_is_refused);
    test_run(signals_are_not_touched);
    test_run(the_shell_has_its_screen_meanwhile);
    test_run(only_differences_are_written);
    test_run(a_frame_in_training_is_small);
    test_run(a_log_that_scrolls_is_scrolled);
    test_run(colours_are_those_of_the_terminal);
    test_run(no_color_means_none);
    test_run(glyphs_are_what_can_be_trusted);
    test_run(any_size_will_do);
    test_run(a_closed_terminal_is_noticed);
    test_run(a_full_terminal_stops_nothing);
    test_run(standard_error_is_taken_aside);
    test_run(copies_go_out_as_osc_52);
    test_run(tmux_gets_both_forms);
    test_run(crashes_give_the_terminal_back);
    return test_done();
}
