/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prompt on cells: keys go in as bytes, what is drawn and what is taken comes out.
 * Readline has no terminal here, and must not miss one. */
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "command/command.h"
#include "engine/session.h"
#include "test.h"
#include "ui/candidates.h"
#include "ui/line.h"
#include "ui/prompt.h"

/* For an inputrc; Z leaves vi's command mode for emacs, so that one test has both. */
static const char inputrc[] =
    "set bell-style audible\n"
    "$if tabscope\n"
    "\"\\e[5~\": history-search-backward\n"
    "\"\\C-o\": tabscope-complete\n"
    "$endif\n"
    "set keymap vi-command\n"
    "\"Z\": emacs-editing-mode\n";

static struct context context;

static void print_nothing(void *self, const char *bytes, size_t n)
{
    (void)self;
    (void)bytes;
    (void)n;
}

static void note_failure(void *self, const char *sentence)
{
    (void)self;
    check_str(sentence, "");
}

static const struct way_out silent = {.print = print_nothing, .note = note_failure};

/* ---- hands and eyes ---- */

static void keys(const char *bytes)
{
    check_int(prompt_feed(bytes, strlen(bytes)), strlen(bytes));
}

/* Enter: the line is this one. */
static void enters(const char *want)
{
    char *line = NULL;

    prompt_feed("\r", 1);
    check_int(prompt_take(&line), PROMPT_LINE);
    check_str(line, want);
    free(line);
    prompt_open();
}

static void is_line(const char *want)
{
    check_str(prompt_line(), want);
}

static void clear(void)
{
    prompt_interrupt();
    is_line("");
}

/* What stands on width x height cells, and the cursor. */
static void shows_on(int width, int height, enum glyphs glyphs, const char *want,
                     int want_x, int want_y)
{
    struct surface s;
    struct str out = {0};
    int x, y;

    surface_init(&s, width, height, glyphs);
    prompt_draw(&s, &x, &y);
    surface_dump(&s, &out);
    check_str(str_text(&out), want);
    check_int(x, want_x);
    check_int(y, want_y);
    surface_done(&s);
    str_done(&out);
}

static void shows(const char *want, int x)
{
    shows_on(40, 1, GLYPHS_BRAILLE, want, x, 0);
}

/* What stands on width x height cells above the prompt. */
static void lists(int width, int height, const char *want)
{
    struct surface s;
    struct str out = {0};
    int x, y;

    surface_init(&s, width, 1, GLYPHS_ASCII);
    prompt_draw(&s, &x, &y);
    surface_done(&s);
    surface_init(&s, width, height, GLYPHS_ASCII);
    prompt_draw_candidates(&s);
    surface_dump(&s, &out);
    check_str(str_text(&out), want);
    surface_done(&s);
    str_done(&out);
}

/* ---- the line as it is seen ---- */

static void the_cursor_follows_wide_characters(void)
{
    keys("describe \xE5\xB9\xB4\xE9\xBD\xA2");
    shows("ts> describe \xE5\xB9\xB4\xE9\xBD\xA2\n", 17);
    keys("\033[D");
    shows("ts> describe \xE5\xB9\xB4\xE9\xBD\xA2\n", 15);
    keys("\177");
    shows("ts> describe \xE9\xBD\xA2\n", 13);
    keys("\005e\xCC\x81x"); /* a combining mark takes no column */
    shows("ts> describe \xE9\xBD\xA2""e\xCC\x81x\n", 17);
    clear();
}

static void what_cannot_be_shown_has_a_form(void)
{
    keys("a\026\001b");
    is_line("a\001b");
    shows("ts> a^Ab\n", 8);
    keys("\033[D\033[D");
    shows("ts> a^Ab\n", 5);
    clear();
    check(prompt_paste("a\xFF" "b\xE2\x80\xAE" "c\n\td", 10));
    shows("ts> a\xEF\xBF\xBD" "b<202E>c\xE2\x8F\x8E d\n", 17);
    shows_on(40, 1, GLYPHS_ASCII, "ts> a?b<202E>c\\ d\n", 17, 0);
    clear();
    keys("x\xE4y\xFFz"); /* broken characters do not come in by the keyboard */
    is_line("xyz");
    clear();
}

static void a_narrow_screen_has_little_prompt(void)
{
    shows_on(8, 1, GLYPHS_ASCII, "ts>\n", 4, 0);
    shows_on(7, 1, GLYPHS_ASCII, ">\n", 2, 0);
    shows_on(5, 1, GLYPHS_ASCII, ">\n", 1, 0);
    shows_on(1, 1, GLYPHS_ASCII, ">\n", 0, 0);
    keys("abc");
    shows_on(7, 1, GLYPHS_ASCII, "> abc\n", 5, 0);
    shows_on(5, 1, GLYPHS_ASCII, ">abc\n", 4, 0);
    shows_on(1, 1, GLYPHS_ASCII, "c\n", 0, 0);
    keys("\001");
    shows_on(1, 1, GLYPHS_ASCII, "a\n", 0, 0);
    clear();
    shows("ts>\n", 4);
}

static void a_long_line_scrolls(void)
{
    keys("0123456789abcdefghijklmnop");
    shows_on(20, 1, GLYPHS_ASCII, "<9abcdefghijklmnop\n", 18, 0);
    keys("\033[D\033[D\033[D");
    shows_on(20, 1, GLYPHS_ASCII, "<9abcdefghijklmnop\n", 15, 0);
    keys("\001");
    shows_on(20, 1, GLYPHS_ASCII, "ts> 0123456789abcde>\n", 4, 0);
    keys("\005");
    shows_on(3, 1, GLYPHS_ASCII, "op\n", 2, 0);
    shows_on(1, 1, GLYPHS_ASCII, "p\n", 0, 0);
    keys("\002");
    shows_on(1, 1, GLYPHS_ASCII, "p\n", 0, 0);
    shows_on(60, 1, GLYPHS_ASCII, "ts> 0123456789abcdefghijklmnop\n", 29, 0);
    shows_on(0, 1, GLYPHS_ASCII, "", -1, -1);
    clear();
}

static void a_long_line_wraps(void)
{
    check_int(prompt_rows(10, 5), 1);
    keys("01234\xE5\xB9\xB4" "6789abcdefghi");
    check_int(prompt_rows(10, 5), 3);
    check_int(prompt_rows(10, 2), 2);
    check_int(prompt_rows(80, 5), 1);
    check_int(prompt_rows(0, 5), 1);
    shows_on(10, 3, GLYPHS_ASCII, "ts> 01234\n\xE5\xB9\xB4" "6789abcd\nefghi\n", 5, 2);
    shows_on(10, 2, GLYPHS_ASCII, "< 6789abcd\nefghi\n", 5, 1);
    keys("\001");
    shows_on(10, 2, GLYPHS_ASCII, "ts> 01234\n\xE5\xB9\xB4" "6789abc>\n", 4, 0);
    clear();
    keys("012345");
    check_int(prompt_rows(10, 5), 2); /* the cursor behind it wants a place, too */
    shows_on(10, 2, GLYPHS_ASCII, "ts> 012345\n\n", 0, 1);
    clear();
}

/* Whatever the size, the cursor is inside. */
static void every_size_has_a_cursor(void)
{
    static const char text[] = "a\xE5\xB9\xB4\t\x01\n\xFF" "e\xCC\x81\xE2\x80\xAE"
                               "0123456789\xE9\xBD\xA2";

    for (int i = 0; i < 13 * 5 * (int)sizeof(text); i++) {
        struct line l = {.prompt = "ts> ", .text = text, .point = (size_t)(i / 65)};
        struct surface s;
        int x, y;

        surface_init(&s, i % 13, i / 13 % 5, GLYPHS_ASCII);
        line_draw(&l, &s, &x, &y);
        if (s.width > 0 && s.height > 0)
            check(x >= 0 && x < s.width && y >= 0 && y < s.height);
        else
            check(x == -1 && y == -1);
        surface_done(&s);
    }
}

/* ---- editing ---- */

static void words_are_walked_and_killed(void)
{
    keys("load income.csv");
    keys("\033b\033b");
    shows("ts> load income.csv\n", 9);
    keys("\033f");
    shows("ts> load income.csv\n", 15);
    keys("\001\033d\005 \031"); /* kill the first word, yank it at the end */
    is_line(" income.csv load");
    keys("\037\037");
    is_line(" income.csv");
    clear();
    keys("\0335x");
    is_line("xxxxx");
    keys("\0335");
    shows("(arg: 5) xxxxx\n", 14);
    check(prompt_wants_escape());
    keys("\033");
    check(!prompt_wants_escape());
    shows("ts> xxxxx\n", 9);
    keys("y");
    is_line("xxxxxy");
    clear();
}

static void undo_takes_back_a_paste_at_once(void)
{
    keys("one ");
    check(prompt_paste("two three", 9));
    is_line("one two three");
    keys("\037");
    is_line("one ");
    prompt_set_line("set model.heads ");
    shows("ts> set model.heads\n", 20);
    keys("\037");
    is_line("one ");
    clear();
}

static void quoted_insert_takes_any_key(void)
{
    check(!prompt_wants_all());
    keys("\026");
    check(prompt_wants_all() && prompt_wants_escape());
    keys("\033");
    check(!prompt_wants_all() && !prompt_wants_escape());
    is_line("\033");
    shows("ts> ^[\n", 6);
    keys("\026\026\026");
    check(prompt_wants_all());
    clear();
    check(!prompt_wants_all());
    keys("a\026");
    check(prompt_paste("b\tc", 3)); /* a paste is no key */
    is_line("ab\tc");
    clear();
}

/* Readline would crash where a command fails within one. */
static void there_are_no_keyboard_macros(void)
{
    keys("\030(ab\002\030)\030e");
    is_line("ab");
    keys("\022a\030e\033y\030)");
    is_line("ab");
    clear();
}

static void keys_come_in_all_spellings(void)
{
    keys("ab");
    keys("\033[97;5u");          /* C-a as CSI u */
    keys("c\033OC\033[1;2A\033[1;7Zd"); /* an arrow; keys that mean nothing */
    is_line("cadb");
    keys("\033[F\033\033[Ae\033[27u");  /* End; Alt-Up; Escape */
    is_line("cadbe");
    keys("\033[15~\033[200~p\r\nq\033[201~\033[<0;1;1M\033[I"); /* F5, paste, mouse */
    is_line("cadbep\nq");
    clear();
}

static void what_follows_a_line_is_left(void)
{
    char *line = NULL;

    check_int(prompt_feed("one\rtwo", 7), 4);
    check(!prompt_is_open());
    shows_on(10, 1, GLYPHS_ASCII, "\n", -1, -1);
    check_int(prompt_feed("x", 1), 0);
    check_int(prompt_take(&line), PROMPT_LINE);
    check_str(line, "one");
    free(line);
    check_int(prompt_take(&line), PROMPT_NOTHING);
    prompt_open();
    keys("two");
    is_line("two");
    clear();
    check_int(prompt_feed("\004", 1), 1);
    check_int(prompt_take(&line), PROMPT_END);
    check(!prompt_is_open());
    prompt_open();
}

/* ---- history ---- */

static void history_goes_up_and_down(void)
{
    keys("load a.csv");
    enters("load a.csv");
    keys("describe \xE5\xB9\xB4");
    enters("describe \xE5\xB9\xB4");
    keys("load b.csv");
    enters("load b.csv");
    keys(" secret");
    enters(" secret");
    keys("new\033[A");
    is_line("load b.csv");
    keys("\033OA\020");
    is_line("load a.csv");
    keys("\033[B\033[B\016");
    is_line("new");
    clear();
    keys("load\033[5~\033[5~"); /* bound in the inputrc: what begins with that */
    is_line("load a.csv");
    clear();
}

static void a_search_finds_wide_characters(void)
{
    keys("\022");
    check(prompt_wants_escape());
    shows("(reverse-i-search)`':\n", 22);
    keys("\xE5\xB9\xB4");
    shows("(reverse-i-search)`\xE5\xB9\xB4': describe \xE5\xB9\xB4\n", 33);
    keys("\033"); /* stays on the line */
    check(!prompt_wants_escape());
    shows("ts> describe \xE5\xB9\xB4\n", 13);
    clear();
    keys("\022load\022");
    is_line("load a.csv");
    keys("\033[C\005!"); /* an arrow ends it and moves */
    is_line("load a.csv!");
    clear();
    keys("\022desc");
    enters("describe \xE5\xB9\xB4");
    keys("\022");
    check(prompt_paste("b.c\nx", 5)); /* is searched for as far as it can be */
    is_line("load b.csv");
    clear();
    keys("\022load\030e"); /* a command of two keys that fails */
    is_line("load b.csv");
    clear();
    keys("\033p" "de"); /* the search that is not incremental */
    check(prompt_wants_escape());
    keys("\033[A\033");
    check(!prompt_wants_escape());
    is_line("");
    clear();
}

static void an_interrupt_leaves_no_search_behind(void)
{
    keys("\022load a");
    check(prompt_interrupt());
    shows("ts>\n", 4);
    check(!prompt_wants_escape());
    check(!prompt_interrupt());
    keys("\033[A");
    is_line("describe \xE5\xB9\xB4"); /* the newest line, not the one before the found */
    clear();
    keys("abc\033[A");
    clear();
    keys("x\033[A\033[B");
    is_line("x");
    clear();
    keys("\030"); /* a prefix */
    check(prompt_wants_escape());
    prompt_interrupt();
    keys("u");
    is_line("u");
    keys("\0337");
    prompt_interrupt();
    shows("ts>\n", 4);
    keys("v");
    is_line("v");
    clear();
    keys("w\030\033x"); /* Escape ends a prefix */
    is_line("wx");
    clear();
    keys("\022load a");
    prompt_close();
    prompt_open();
    shows("ts>\n", 4);
    keys("y");
    is_line("y");
    clear();
}

static void a_paste_of_lines_is_run_by_enter(void)
{
    check(prompt_paste("tables\r\nuse\tincome\n", 19));
    shows("ts> tables\xE2\x8F\x8Euse  income\xE2\x8F\x8E\n", 23);
    enters("tables\nuse\tincome\n");
    keys("\033[A");
    is_line("use\tincome");
    keys("\033[A");
    is_line("tables");
    clear();
}

static void a_huge_paste_is_refused(void)
{
    size_t n = 300000;
    char *text = xmalloc(n);

    memset(text, 'x', n);
    keys("ab");
    check(!prompt_paste(text, n));
    is_line("ab");
    check(prompt_paste(text, 200000));
    check(!prompt_paste(text, 100000));
    check_int(strlen(prompt_line()), 200002);
    check_int(prompt_rows(80, 6), 6);
    shows_on(6, 1, GLYPHS_ASCII, "<xxx\n", 4, 0);
    clear();
    free(text);
}

/* ---- completion ---- */

static void tab_completes_as_far_as_it_can(void)
{
    keys("descr\t");
    is_line("describe ");
    keys("\037"); /* one edit */
    is_line("descr");
    clear();
    keys("load fruit/ap\t");
    is_line("load fruit/ap");
    clear();
    keys("load fr\t");
    is_line("load fruit/"); /* a folder: no blank */
    check(!prompt_wants_escape());
    keys("b\017"); /* bound in the inputrc */
    is_line("load fruit/banana.csv ");
    clear();
    keys("load fruit/ap\033?"); /* what lists files in readline is ours, too */
    check(prompt_wants_escape());
    clear();
}

static void tab_lists_and_walks(void)
{
    keys("load fruit/a\t");
    is_line("load fruit/a");
    check(prompt_wants_escape());
    lists(40, 8,
          "\n"
          "\n"
          "       +- completions 4 ------------+\n"
          "       | 'fruit/a pear.csv'         |\n"
          "       | fruit/apple.csv            |\n"
          "       | fruit/apricot.csv          |\n"
          "       | fruit/attic/               |\n"
          "       +----------------------------+\n");
    keys("\t\t");
    is_line("load fruit/a"); /* until it is accepted */
    lists(32, 5,
          "  +- completions 2/4 ----------+\n"
          "  | 'fruit/a pear.csv'         |\n"
          "  |>fruit/apple.csv            |\n"
          "  | fruit/apricot.csv          |\n"
          "  +----------------------------+\n");
    keys("\033[Z\033[Z"); /* back, around the end */
    lists(32, 4,
          "  +- completions 4/4 ----------+\n"
          "  | fruit/apricot.csv          |\n"
          "  |>fruit/attic/               |\n"
          "  +----------------------------+\n");
    keys("\r");
    is_line("load fruit/attic/");
    check(!prompt_wants_escape());
    keys("\037\t\t ");
    is_line("load 'fruit/a pear.csv' ");
    enters("load 'fruit/a pear.csv' ");
    keys("load fruit/a\t");
    enters("load fruit/a"); /* nothing was chosen: Enter runs the line */
    keys("load fruit/a\t\t\033");
    is_line("load fruit/a");
    check(!prompt_wants_escape());
    lists(20, 3, "\n\n\n");
    clear();
}

static void typing_narrows_the_list(void)
{
    keys("load fruit/a\tp");
    lists(40, 5,
          "\n"
          "       +- completions 2 ------------+\n"
          "       | fruit/apple.csv            |\n"
          "       | fruit/apricot.csv          |\n"
          "       +----------------------------+\n");
    keys("\177");
    lists(40, 3,
          "         'fruit/a pear.csv'\n"
          "         fruit/apple.csv\n"
          "         fruit/apricot.csv\n");
    keys("pp\t");
    is_line("load fruit/app");
    keys("\r");
    is_line("load fruit/apple.csv ");
    keys("\037\177\t"); /* listed anew; a key that does not edit closes it */
    check(prompt_wants_escape());
    keys("\033[D");
    check(!prompt_wants_escape());
    clear();
    keys("load fruit/a\t");
    keys("pz"); /* nothing begins like that */
    check(!prompt_wants_escape());
    keys("\t");
    lists(40, 4,
          "\n"
          "       +- completions 0 ------------+\n"
          "       | nothing fits here          |\n"
          "       +----------------------------+\n");
    keys("x");
    check(!prompt_wants_escape());
    clear();
    keys("load fruit/a\t");
    keys("\003");
    check(prompt_interrupt());
    check(!prompt_wants_escape());
    clear();
}

/* With helps, and where there is little room. */
static void a_list_shows_what_it_can(void)
{
    char *texts[] = {"--class", "--clip", "--cluster"};
    char *helps[] = {"rows of one class", "hide weights below this value", NULL};
    struct candidates c = {.shown = true, .cursor = 1,
                           .list = {.n = 3, .texts = texts, .helps = helps}};
    static const char want[] =
        "\n"
        "             +- completions 2/3 ------------------------+\n"
        "             | --class    rows of one class             |\n"
        "             |>--clip     hide weights below this value |\n"
        "             | --cluster                                |\n"
        "             +------------------------------------------+\n";
    static const char cut[] =
        "+- completions 2/3 --------+\n"
        "| --class    rows of one ~ |\n"
        "|>--clip     hide weights~ |\n"
        "| --cluster                |\n"
        "+--------------------------+\n";
    struct surface s;
    struct str out = {0};

    surface_init(&s, 60, 6, GLYPHS_ASCII);
    candidates_draw(&c, &s, 15);
    surface_dump(&s, &out);
    check_str(str_text(&out), want);
    check_int(surface_row(&s, 3)[15].role, ROLE_CURSOR);
    check_int(surface_row(&s, 2)[30].role, ROLE_DIM);
    surface_done(&s);
    surface_init(&s, 28, 5, GLYPHS_ASCII);
    candidates_draw(&c, &s, 15);
    str_clear(&out);
    surface_dump(&s, &out);
    check_str(str_text(&out), cut);
    surface_done(&s);
    str_done(&out);
    for (int i = 0; i < 50 * 20; i++) {
        surface_init(&s, i % 50, i / 50, GLYPHS_BRAILLE);
        candidates_draw(&c, &s, i % 60 - 5);
        surface_done(&s);
    }
}

/* ---- vi ---- */

static void vi_mode_has_escape(void)
{
    keys("\033\n"); /* M-C-j */
    check(prompt_wants_escape());
    keys("load x");
    keys("\033");
    check(!prompt_wants_escape());
    is_line("load x");
    shows("ts> load x\n", 9);
    keys("0d");
    check(prompt_wants_escape());
    keys("w");
    is_line("x");
    keys("d");
    keys("\033");
    check(!prompt_wants_escape());
    is_line("x");
    keys("u0iy");
    is_line("yload x");
    keys("\033A/\033[A\033[B"); /* arrows work while inserting */
    check(prompt_paste("z", 1));
    check(prompt_wants_escape());
    clear();
    keys("q");
    enters("q");
    keys("\033fZ\033");
    keys("Zab");
    is_line("ab");
    check(!prompt_wants_escape());
    clear();
}

/* ---- all of it ---- */

static void type_at_random(void)
{
    static const char *const some[] = {
        "\033", "\033[A", "\033[B", "\033[D", "\t", "\033[Z", "\022", "\033p", "\030",
        "\026", "\xE5\xB9\xB4", "\033\n", "Z", "load ", "fruit/", "\0335", "\030(",
        "\030)", "\030e", "\037", "\033[200~a\nb\033[201~", "\xCC\x81", "\031", "\033y",
    };
    struct rng rng = rng_make(5, RNG_TEST, 0);

    for (int i = 0; i < 20000 && test_bad == 0; i++) {
        size_t r = rng_below(&rng, 100);
        size_t k = rng_below(&rng, sizeof(some) / sizeof(some[0]));
        struct surface s;
        char *line, one[2] = {(char)rng_below(&rng, 128), 0};
        int x, y;

        if (one[0] >= '0' && one[0] <= '9')
            one[0] = 'x'; /* counts of a million take their time */
        if (r < 45)
            prompt_feed(one, 1);
        else if (r < 96)
            prompt_feed(some[k], strlen(some[k]));
        else if (r < 97 || strlen(prompt_line()) > 2000)
            prompt_interrupt();
        else
            prompt_set_line("set data.seed 3");
        if (prompt_take(&line) == PROMPT_LINE)
            free(line);
        prompt_open();
        surface_init(&s, 1 + i % 17, 1 + i % 3, GLYPHS_BRAILLE);
        prompt_draw(&s, &x, &y);
        check(x >= 0 && x < s.width && y >= 0 && y < s.height);
        prompt_draw_candidates(&s);
        surface_done(&s);
    }
}

/* Whatever is typed, in both modes of editing: the cursor stays on the cells, and what
 * readline (8.2) crashes by does not reach it. In a process of its own, as readline leaks
 * where commands of vi are given up. */
static void random_keys_do_no_harm(void)
{
    pid_t child;
    int status = -1;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        type_at_random();
        fflush(stdout);
        _exit(test_bad > 0);
    }
    check(waitpid(child, &status, 0) == child);
    check_int(status, 0);
}

static void another_prompt_begins_with_the_same_history(void)
{
    prompt_end();
    check(prompt_begin_cells(&context, "again> "));
    prompt_open();
    shows("again>\n", 7);
    keys("\033[A");
    is_line("q");
    keys("\033[A");
    is_line("load fruit/a");
    clear();
}

static int quiet_file;

static void nothing_was_written_beside_the_cells(void)
{
    struct stat st;

    check(fstat(quiet_file, &st) == 0);
    check_int(st.st_size, 0);
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        exit(99);
}

/* The working folder of the test is one of its own. */
static void make_folder(char *folder)
{
    static const char *const files[] = {"fruit/a pear.csv", "fruit/apple.csv",
                                        "fruit/apricot.csv", "fruit/banana.csv"};

    if (!mkdtemp(folder) || chdir(folder) != 0 || mkdir("fruit", 0700) != 0 ||
        mkdir("fruit/attic", 0700) != 0)
        exit(99);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        write_file(files[i], "");
    write_file("inputrc", inputrc);
    write_file("stderr", "");
    setenv("HOME", folder, 1);
    setenv("INPUTRC", "inputrc", 1);
    setenv("TERM", "xterm", 1);
    unsetenv("XDG_STATE_HOME");
}

static void remove_folder(const char *folder)
{
    char *command = xasprintf("rm -rf '%s'", folder);

    if (system(command) != 0)
        printf("# %s is left\n", folder);
    free(command);
}

int main(void)
{
    char folder[] = "/tmp/tabscope-prompt-XXXXXX";
    struct error err;

    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 77;
    make_folder(folder);
    quiet_file = open("stderr", O_WRONLY | O_CLOEXEC);
    dup2(quiet_file, STDERR_FILENO);
    context = (struct context){.session = session_new(1, &err), .out = &silent};
    check(prompt_begin_cells(&context, "ts> "));
    prompt_open();
    test_run(the_cursor_follows_wide_characters);
    test_run(what_cannot_be_shown_has_a_form);
    test_run(a_narrow_screen_has_little_prompt);
    test_run(a_long_line_scrolls);
    test_run(a_long_line_wraps);
    test_run(every_size_has_a_cursor);
    test_run(words_are_walked_and_killed);
    test_run(undo_takes_back_a_paste_at_once);
    test_run(quoted_insert_takes_any_key);
    test_run(there_are_no_keyboard_macros);
    test_run(keys_come_in_all_spellings);
    test_run(what_follows_a_line_is_left);
    test_run(history_goes_up_and_down);
    test_run(a_search_finds_wide_characters);
    test_run(an_interrupt_leaves_no_search_behind);
    test_run(a_paste_of_lines_is_run_by_enter);
    test_run(a_huge_paste_is_refused);
    test_run(tab_completes_as_far_as_it_can);
    test_run(tab_lists_and_walks);
    test_run(typing_narrows_the_list);
    test_run(a_list_shows_what_it_can);
    test_run(vi_mode_has_escape);
    test_run(another_prompt_begins_with_the_same_history);
    test_run(random_keys_do_no_harm);
    test_run(nothing_was_written_beside_the_cells);
    prompt_end();
    session_free(context.session);
    remove_folder(folder);
    return test_done();
}
