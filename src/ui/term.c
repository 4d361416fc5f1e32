/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Curses compares frames and thinks out the shortest way from one to the next; it writes
 * it into a file in memory, and ui/tty.c brings the bytes to the terminal. So a terminal
 * that takes nothing never stops the program inside of curses, one that is gone is
 * noticed, and bytes can be counted. Modes are set by ui/tty.c too: curses believes
 * it has no terminal to set them on.
 */
#include "ui/term.h"

#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "ui/pace.h"
#include "ui/tty.h"

enum {
    MAX_WIDTH = 1000, MAX_HEIGHT = 500, /* whatever a terminal says of itself */
    FRAME_MS = 40,      /* that a frame may wait for the terminal, and keys with it */
    LEAVE_MS = 500,
    CELL_WIDTH = 8, CELL_HEIGHT = 16, /* pixels, where they are not known */
    ANSWER_MS = 1000, /* that an answer may take when the terminal is given back */
    COPY_BYTES = 100000 /* that terminals take in one OSC 52 */
};

struct ink {
    attr_t attributes;
    short pair;
};

/* Curses has one terminal and no argument for it: one of the few writable globals. */
static struct {
    SCREEN *screen;      /* NULL: not taken */
    FILE *frame;         /* what curses writes: a file in memory */
    int width, height;
    int x, y;            /* of the cursor when it was last seen */
    int colours;
    bool own_colours;    /* the terminal's own foreground and background can be had */
    bool utf8;
    bool mouse, away;
    struct pace pace;
    enum term_sixels sixels;
    unsigned paintings;
    const struct theme *theme;
    struct ink inks[ROLES];
    struct surface drawn; /* what curses was told last */
} term;

/* ---- bytes ---- */

static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";
static const char mouse_on[] = "\033[?1002h\033[?1006h";
static const char mouse_off[] = "\033[?1002l\033[?1006l";
static const char question[] = "\033[5n", question_answer[] = "\033[0n";
static const char features_question[] = "\033[c", features_end[] = "c";

static void add(const char *text)
{
    tty_add(text, strlen(text));
}

/* Takes what curses wrote since the last time. */
static void collect(void)
{
    int fd = fileno(term.frame);
    char bytes[4096];
    ssize_t n;

    for (off_t at = 0; (n = pread(fd, bytes, sizeof bytes, at)) > 0; at += n)
        tty_add(bytes, (size_t)n);
    if (lseek(fd, 0, SEEK_SET) < 0 || ftruncate(fd, 0) != 0)
        tty_add("", 0); /* cannot be: it is ours alone */
}

/* A capability without its $<...> delays. */
static void add_capability(struct str *out, const char *name)
{
    const char *text = tigetstr(name);

    if (!text || text == (const char *)-1)
        return;
    while (*text) {
        size_t n = strncmp(text, "$<", 2) == 0 ? strcspn(text, ">") : 0;

        if (n > 0 && text[n] == '>')
            text += n + 1;
        else
            str_putc(out, *text++);
    }
}

/* Written by tty_rescue, where curses cannot be asked any more. */
static void prepare_farewell(void)
{
    struct str out = {0};

    str_puts(&out, mouse_off);
    str_puts(&out, paste_off);
    add_capability(&out, "sgr0");
    add_capability(&out, "op");
    add_capability(&out, "cnorm");
    add_capability(&out, "rmcup");
    str_puts(&out, "\r\n");
    tty_set_farewell(str_text(&out), out.length);
    str_done(&out);
}

/* ---- looks ---- */

static attr_t curses_attributes(unsigned attributes)
{
    return (attributes & ATTRIBUTE_BOLD ? A_BOLD : 0) |
           (attributes & ATTRIBUTE_DIM ? A_DIM : 0) |
           (attributes & ATTRIBUTE_REVERSE ? A_REVERSE : 0) |
           (attributes & ATTRIBUTE_UNDERLINE ? A_UNDERLINE : 0);
}

/* A pair for each role, so that eight colours and their 64 pairs are enough. */
static void mix_inks(void)
{
    for (int role = 0; role < ROLES; role++) {
        struct look l = theme_look(term.theme, (enum role)role, term.colours);
        struct ink *ink = &term.inks[role];

        ink->attributes = curses_attributes(l.attributes);
        ink->pair = 0;
        if (l.foreground < 0 && l.background < 0)
            continue;
        if (!term.own_colours) {
            l.foreground = l.foreground < 0 ? COLOR_WHITE : l.foreground;
            l.background = l.background < 0 ? COLOR_BLACK : l.background;
        }
        if (init_pair((short)(role + 1), l.foreground, l.background) == OK)
            ink->pair = (short)(role + 1);
    }
    surface_done(&term.drawn); /* it was told in other inks */
}

/* Beyond 256, numbers are no longer those of a palette: only its first eight are safe. */
static int count_colours(void)
{
    const char *no_colour = getenv("NO_COLOR");

    term.own_colours = false;
    if ((no_colour && *no_colour) || !has_colors() || start_color() != OK)
        return 0;
    term.own_colours = use_default_colors() == OK;
    if (COLORS < 8 || COLOR_PAIRS <= ROLES)
        return 0;
    return COLORS > 256 ? 8 : COLORS == 256 ? 256 : COLORS >= 16 ? 16 : 8;
}

/* ---- taking and giving back ---- */

static const int handled[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

enum { N_HANDLED = sizeof handled / sizeof handled[0] };

/* Curses installs handlers where it finds none; signals are not its business here. */
static SCREEN *open_screen(void)
{
    struct sigaction before[N_HANDLED];
    SCREEN *screen;

    for (int i = 0; i < N_HANDLED; i++)
        sigaction(handled[i], NULL, &before[i]);
    use_env(FALSE);   /* LINES and COLUMNS do not follow a resize */
    use_tioctl(TRUE); /* so that there is some size, whatever is not known */
    screen = newterm(NULL, term.frame, stdin);
    for (int i = 0; i < N_HANDLED; i++)
        sigaction(handled[i], &before[i], NULL);
    return screen;
}

/* Asked of a description of its own, since newterm leaks where it fails. */
static bool can_address(void)
{
    TERMINAL *before = set_curterm(NULL);
    int result;
    bool can = false;

    if (setupterm(NULL, fileno(term.frame), &result) == OK) {
        const char *cup = tigetstr("cup");

        can = cup && cup != (const char *)-1;
        del_curterm(cur_term);
    }
    set_curterm(before);
    return can;
}

static bool open_frame(struct error *err)
{
    int fd = memfd_create("frame", MFD_CLOEXEC);

    term.frame = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (!term.frame) {
        if (fd >= 0)
            close(fd);
        return error_set(err, ERROR_SYSTEM, "no memory file for the screen: %s",
                         strerror(errno));
    }
    return true;
}

static bool open_curses(struct error *err)
{
    const char *name = getenv("TERM");

    if (!open_frame(err))
        return false;
    term.screen = can_address() ? open_screen() : NULL;
    if (term.screen)
        return true;
    fclose(term.frame);
    return error_set(err, ERROR_SYSTEM, "a terminal of the type \"%s\" is unknown here, "
                     "or cannot put text anywhere on its screen", name ? name : "");
}

static void set_up_curses(void)
{
    raw();
    noecho();
    nonl();
    typeahead(-1); /* a frame is not broken off for a key */
    leaveok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    idlok(stdscr, TRUE);
    term.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    term.colours = count_colours();
}

bool term_begin(struct error *err)
{
    if (term.screen)
        return true;
    if (!tty_begin(err))
        return false;
    if (!open_curses(err)) {
        tty_end();
        return false;
    }
    set_up_curses();
    prepare_farewell();
    term.mouse = term.away = false;
    term.theme = theme_find("dark");
    mix_inks();
    term_resize();
    add(paste_on);
    return true;
}

/* An answer on its way must not reach the shell as if it had been typed. */
static void end_questions(void)
{
    if (term.pace.asked && !tty_is_gone())
        tty_skip_to(question_answer, ANSWER_MS);
    pace_set(&term.pace, false, 0);
    if (term.sixels == SIXELS_ASKED && !tty_is_gone())
        tty_skip_to(features_end, ANSWER_MS);
    if (term.sixels == SIXELS_ASKED)
        term.sixels = SIXELS_NO;
}

void term_leave(void)
{
    if (!term.screen || term.away)
        return;
    end_questions();
    add(mouse_off);
    add(paste_off);
    endwin();
    collect();
    tty_flush(LEAVE_MS);
    tty_leave();
    term.away = true;
}

void term_return(void)
{
    if (!term.screen || !term.away)
        return;
    term.away = false;
    term_repaint();
}

/* The SCREEN stays: it holds the terminal's description, which readline shares. */
void term_end(void)
{
    if (!term.screen)
        return;
    term_leave();
    tty_end();
    fclose(term.frame);
    surface_done(&term.drawn);
    term.screen = NULL;
}

void term_rescue(void)
{
    tty_rescue();
}

/* ---- what it is ---- */

void term_size(int *width, int *height)
{
    *width = term.width;
    *height = term.height;
}

void term_resize(void)
{
    int width = COLS, height = LINES;

    if (!term.screen)
        return;
    tty_size(&width, &height);
    term.width = width < MAX_WIDTH ? width : MAX_WIDTH;
    term.height = height < MAX_HEIGHT ? height : MAX_HEIGHT;
    if (term.width != COLS || term.height != LINES)
        resize_term(term.height, term.width);
    surface_done(&term.drawn);
    term.paintings++;
    clearok(curscr, TRUE); /* nobody knows what the terminal made of the old one */
}

int term_colours(void)
{
    return term.colours;
}

enum glyphs term_glyphs(void)
{
    const char *name = getenv("TERM");

    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        return GLYPHS_ASCII;
    if (name && (strncmp(name, "linux", 5) == 0 || strncmp(name, "vt", 2) == 0))
        return GLYPHS_BLOCKS;
    return GLYPHS_BRAILLE;
}

/* ---- what is wanted ---- */

void term_set_theme(const struct theme *t)
{
    if (!t || t == term.theme)
        return;
    term.theme = t;
    if (term.screen)
        mix_inks();
}

void term_set_mouse(bool on)
{
    if (on == term.mouse)
        return;
    term.mouse = on;
    if (term.screen && !term.away)
        add(on ? mouse_on : mouse_off);
}

/* ---- pace ---- */

static void ask_if_due(void)
{
    if (!pace_wants_question(&term.pace, tty_sent()))
        return;
    add(question);
    pace_asked(&term.pace, tty_sent(), clock_ms());
}

void term_set_pace(bool on)
{
    if (!term.screen || term.away)
        return;
    pace_set(&term.pace, on, tty_sent());
    if (on && !term.pace.answers)
        ask_if_due();
}

/* What was sent meanwhile is asked about at once, since nothing may be drawn before. */
void term_answered(void)
{
    pace_answered(&term.pace);
    ask_if_due();
}

/* ---- drawing ---- */

/* What the locale cannot write would leave curses guessing. */
static wchar_t writable(uint32_t code)
{
    if (code < 0x80)
        return code >= 0x20 && code < 0x7F ? (wchar_t)code : L'?';
    return term.utf8 && wcwidth((wchar_t)code) > 0 ? (wchar_t)code : L'?';
}

static void draw_cell(int x, int y, const struct screen_cell *c)
{
    const struct ink *ink = &term.inks[c->role];
    wchar_t text[CELL_MARKS + 2] = {writable(c->code)};
    cchar_t cell;

    for (int i = 0; i < CELL_MARKS && c->marks[i] != 0 && term.utf8; i++)
        text[i + 1] = (wchar_t)c->marks[i];
    if (setcchar(&cell, text, ink->attributes, ink->pair, NULL) == OK)
        mvadd_wch(y, x, &cell); /* fails in the last corner, having done it */
}

static void draw_row(const struct surface *s, int y)
{
    for (int x = 0; x < s->width && x < COLS; x++) {
        struct screen_cell c = surface_shown(s, x, y);

        if (c.code != 0)
            draw_cell(x, y, &c);
    }
}

/* Curses compares cells too, but has to be told each of them first. */
static void draw_changed_rows(const struct surface *s)
{
    struct surface *drawn = &term.drawn;
    bool all = drawn->width != s->width || drawn->height != s->height;

    if (all) {
        surface_done(drawn);
        surface_init(drawn, s->width, s->height, s->glyphs);
        erase();
    }
    for (int y = 0; y < s->height && y < LINES; y++) {
        struct rect row = {0, y, s->width, 1};
        struct surface now = surface_part(s, row), before = surface_part(drawn, row);

        if (!all && surface_equal(&now, &before))
            continue;
        draw_row(s, y);
        memcpy(before.cells, now.cells, (size_t)s->width * sizeof *now.cells);
    }
}

/* Curses leaves the last corner of a screen of a single column alone, as the cursor might
 * wrap behind it; on a single cell that is all there is. */
static void draw_only_cell(const struct surface *s)
{
    char bytes[4];
    int n = utf8_encode((int)writable(surface_shown(s, 0, 0).code), bytes);

    add("\r");
    tty_add(bytes, (size_t)n);
    add("\r");
}

bool term_draw(const struct surface *s, int x, int y)
{
    bool seen = x >= 0 && y >= 0 && x < COLS && y < LINES;

    if (!term.screen || term.away)
        return term.screen && tty_flush(0);
    draw_changed_rows(s);
    if (seen) {
        term.x = x;
        term.y = y;
    }
    curs_set(seen);
    move(term.y, term.x); /* a hidden one stays where it was: that costs nothing */
    wnoutrefresh(stdscr);
    doupdate();
    collect();
    if (s->width == 1 && s->height == 1)
        draw_only_cell(s);
    ask_if_due();
    return tty_flush(FRAME_MS);
}

/* Others may have left it in other modes as well. */
void term_repaint(void)
{
    if (!term.screen || term.away)
        return;
    tty_return();
    add(paste_on);
    if (term.mouse)
        add(mouse_on);
    term.paintings++;
    clearok(curscr, TRUE);
}

bool term_is_ready(void)
{
    return tty_is_ready() &&
           (tty_is_gone() || pace_allows(&term.pace, tty_sent(), clock_ms()));
}

int term_waiting(void)
{
    return tty_waiting();
}

size_t term_written(void)
{
    return tty_written();
}

int term_stderr(void)
{
    return tty_stderr();
}

/* ---- pictures ---- */

void term_ask_sixels(void)
{
    if (!term.screen || term.away || term.sixels != SIXELS_UNKNOWN)
        return;
    add(features_question);
    term.sixels = SIXELS_ASKED;
    tty_flush(FRAME_MS);
}

void term_tell_sixels(bool takes)
{
    if (term.sixels == SIXELS_ASKED)
        term.sixels = takes ? SIXELS_YES : SIXELS_NO;
}

enum term_sixels term_sixels(void)
{
    return term.sixels;
}

void term_cell(int *width, int *height)
{
    if (tty_cell(width, height))
        return;
    *width = CELL_WIDTH;
    *height = CELL_HEIGHT;
}

void term_put_picture(int x, int y, const char *bytes, size_t n)
{
    char place[32];

    if (!term.screen || term.away)
        return;
    snprintf(place, sizeof place, "\0337\033[%d;%dH", y + 1, x + 1);
    add(place);
    tty_add(bytes, n);
    add("\0338");
    tty_flush(FRAME_MS);
}

unsigned term_paintings(void)
{
    return term.paintings;
}

/* ---- clipboard ---- */

static void add_base64(struct str *out, const unsigned char *bytes, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < n; i += 3) {
        unsigned long group = (unsigned long)bytes[i] << 16;
        char four[4] = {0, 0, '=', '='};

        if (i + 1 < n)
            group |= (unsigned long)bytes[i + 1] << 8;
        if (i + 2 < n)
            group |= bytes[i + 2];
        four[0] = digits[group >> 18];
        four[1] = digits[group >> 12 & 63];
        if (i + 1 < n)
            four[2] = digits[group >> 6 & 63];
        if (i + 2 < n)
            four[3] = digits[group & 63];
        str_add(out, four, 4);
    }
}

/* tmux hands on what stands in this, with every ESC doubled; it takes the plain form too,
 * where it is set to. */
static void add_through_tmux(const struct str *sequence)
{
    add("\033Ptmux;");
    for (size_t i = 0; i < sequence->length; i++) {
        if (sequence->text[i] == '\033')
            add("\033");
        tty_add(sequence->text + i, 1);
    }
    add("\033\\");
}

bool term_copy(const char *text, size_t n)
{
    static const char head[] = "\033]52;c;", tail[] = "\033\\";
    struct str out = {0};

    if (!term.screen || (n + 2) / 3 * 4 + sizeof head + sizeof tail - 2 > COPY_BYTES)
        return false;
    str_puts(&out, head);
    add_base64(&out, (const unsigned char *)text, n);
    str_puts(&out, tail);
    tty_add(out.text, out.length);
    if (getenv("TMUX"))
        add_through_tmux(&out);
    str_done(&out);
    return tty_flush(FRAME_MS);
}
