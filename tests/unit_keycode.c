/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys in the spellings of terminals: xterm, rxvt, Linux' console, PuTTY, kitty. Every
 * case is decoded at once and as if its bytes came one by one: the same keys come out.
 */
#include "ui/keycode.h"

#include "base/mem.h"
#include "base/rng.h"

#include "test.h"

/* "C-Left", "press1(4,2)", "paste(text)", "focus", "blur", "-" for nothing of use. */
static void describe(const struct key *k, struct str *out)
{
    static const char *const actions[] = {"press", "release", "drag", "wheel-up",
                                          "wheel-down"};

    if (out->length > 0)
        str_putc(out, ' ');
    if (k->kind == KEY_NONE) {
        str_putc(out, '-');
    } else if (k->kind == KEY_MOUSE) {
        str_printf(out, "%s%d", actions[k->action], k->code);
        str_printf(out, k->modifiers ? "+%u(%d,%d)" : "%.0u(%d,%d)", k->modifiers, k->x,
                   k->y);
    } else if (k->kind == KEY_PASTE) {
        str_puts(out, "paste(");
        str_add(out, k->text, k->length);
        str_putc(out, ')');
    } else if (k->kind == KEY_ANSWER) {
        str_puts(out, "well");
    } else if (k->kind == KEY_FEATURES) {
        str_puts(out, k->code ? "sixels" : "plain");
    } else if (k->kind == KEY_FOCUS) {
        str_puts(out, k->code ? "focus" : "blur");
    } else {
        key_print(k, out);
    }
}

/* The keys of bytes that come `chunk` at a time; behind the last nothing comes. */
static void decode(const char *bytes, size_t n, size_t chunk, struct str *out)
{
    size_t at = 0, here = chunk < n ? chunk : n;

    str_clear(out);
    while (at < n) {
        /* so that a sanitizer sees any look behind what is there */
        char *copy = xmalloc(here - at + 1);
        size_t used = 0;
        struct key k;

        memcpy(copy, bytes + at, here - at);
        copy = xrealloc(copy, here - at > 0 ? here - at : 1);
        if (here > at)
            used = key_decode(copy, here - at, here == n, &k);
        if (used > 0)
            describe(&k, out);
        if (!check(used <= here - at) || !check(used > 0 || here < n))
            at = n;
        at += used;
        if (used == 0 && here < n)
            here = here + chunk < n ? here + chunk : n;
        free(copy);
    }
}

#define check_keys(bytes, wanted) keys_are((bytes), sizeof(bytes) - 1, (wanted), __LINE__)

static void keys_are(const char *bytes, size_t n, const char *wanted, int line)
{
    struct str got = {0};

    for (size_t chunk = n; chunk > 0; chunk = chunk > 1 ? 1 : 0) {
        decode(bytes, n, chunk, &got);
        test_check_str(str_text(&got), wanted, chunk == 1 ? "byte by byte" : "at once",
                       __FILE__, line);
    }
    str_done(&got);
}

static void characters(void)
{
    check_keys("aG?-~", "a G ? - ~");
    check_keys(" \r\t\x7f\b", "Space Enter Tab Bksp Bksp");
    check_keys("\x01\x0c\x1a\x1c\x1d\x1e\x1f", "C-a C-l C-z C-\\ C-] C-^ C-_");
    keys_are("\0\n", 2, "C-Space Enter", __LINE__);
    check_keys("é漢😀", "é 漢 😀");
    check_keys("\xff\xc0\xaf" "a", "- - - a");
    check_keys("\xe6\xbc" "a", "- - a");
    check_keys("\xc3", "-");
    check_keys("\xed\xa0\x80", "- - -"); /* a surrogate */
    check_keys("\xc2\x9b" "A", "- A");   /* CSI as one character */
}

static void alt(void)
{
    check_keys("\033x", "M-x");
    check_keys("\033X", "M-X");
    check_keys("\033\r\033\x7f\033\x0c", "M-Enter M-Bksp C-M-l");
    check_keys("\033é", "M-é");
    check_keys("\033[", "M-[");
    check_keys("\033O", "M-O");
    check_keys("\033P", "M-P");
    check_keys("\033]", "M-]");
    check_keys("\033_", "M-_");
    check_keys("\033Oz", "M-O z");
    check_keys("\033Px", "M-P x");
    check_keys("\033_a", "M-_ a");
}

static void escape_alone(void)
{
    struct key k;

    check_int(key_decode("\033", 1, false, &k), 0);
    check_int(key_decode("\033", 1, true, &k), 1);
    check(k.kind == KEY_CHARACTER && k.code == 27 && k.modifiers == 0);
    check_keys("\033\033", "Esc Esc");
    check_keys("\033\033a", "Esc M-a");
    check_keys("\033\xff", "Esc -");
    check_keys("\033\xc3", "Esc -");
    check_keys("\033\033[", "Esc M-[");
}

static void arrows(void)
{
    check_keys("\033[A\033[B\033[C\033[D", "Up Down Right Left");
    check_keys("\033OA\033OB\033OC\033OD", "Up Down Right Left");
    check_keys("\033[1;2A\033[1;3B\033[1;5C\033[1;6D", "S-Up M-Down C-Right C-S-Left");
    check_keys("\033[1;8A\033[5C\033O5D\033O1;5D", "C-M-S-Up C-Right C-Left C-Left");
    check_keys("\033[a\033[d\033Oa\033Oc", "S-Up S-Left C-Up C-Right"); /* rxvt */
    check_keys("\033\033[A\033\033OB", "M-Up M-Down");
    check_keys("\033[1;1A\033[1;257A", "Up Up");
    check_keys("\033[1;9A", "Up"); /* Super and the like are not ours */
}

static void the_block_of_six(void)
{
    check_keys("\033[H\033[F\033OH\033OF", "Home End Home End");
    check_keys("\033[1~\033[2~\033[3~\033[4~\033[5~\033[6~",
               "Home Ins Del End PgUp PgDn");
    check_keys("\033[7~\033[8~", "Home End");
    check_keys("\033[7^\033[8$\033[5@\033[3^", "C-Home S-End C-S-PgUp C-Del");
    check_keys("\033[1;5H\033[5;5~\033[3;2~\033[6;3~", "C-Home C-PgUp S-Del M-PgDn");
    check_keys("\033[Z\033[1;2Z\033\033[Z", "S-Tab S-Tab M-S-Tab");
}

static void function_keys(void)
{
    check_keys("\033OP\033OQ\033OR\033OS", "F1 F2 F3 F4");
    check_keys("\033[P\033[Q\033[R\033[S", "F1 F2 F3 F4");
    check_keys("\033[[A\033[[B\033[[C\033[[D\033[[E", "F1 F2 F3 F4 F5");
    check_keys("\033[11~\033[12~\033[13~\033[14~\033[15~", "F1 F2 F3 F4 F5");
    check_keys("\033[17~\033[18~\033[19~\033[20~\033[21~\033[23~\033[24~",
               "F6 F7 F8 F9 F10 F11 F12");
    check_keys("\033[25~\033[26~\033[28~\033[29~\033[31~\033[32~\033[33~\033[34~",
               "F13 F14 F15 F16 F17 F18 F19 F20");
    check_keys("\033[42~\033[45~", "F21 F24");
    check_keys("\033[57376u\033[57387u", "F13 F24");
    check_keys("\033[1;2P\033[1;5Q\033[1;5R\033[15;2~\033[23$\033[24^",
               "S-F1 C-F2 C-F3 S-F5 S-F11 C-F12");
    check_keys("\033[O\033[I", "blur focus");
    check_keys("\033[9~\033[10~\033[16~\033[22~\033[99~\033[~", "- - - - - -");
    check_keys("\033[[Zx", "- Z x");
}

static void keypad(void)
{
    check_keys("\033OM\033Ok\033Om\033Oj\033Oo\033Op\033Oy\033On",
               "Enter + - * / 0 9 .");
    check_keys("\033[57399u\033[57413u\033[57414u\033[57417u\033[57426u",
               "0 + Enter Left Del");
}

static void coded(void)
{
    check_keys("\033[97u\033[97;5u\033[97;3u\033[97;7u", "a C-a M-a C-M-a");
    check_keys("\033[97;2u\033[49:33;2u\033[49;2u", "A ! S-1");
    check_keys("\033[13u\033[27u\033[9u\033[127u\033[8u\033[32;5u",
               "Enter Esc Tab Bksp Bksp C-Space");
    check_keys("\033[9;2u\033[13;2u\033[13;5u\033[105;5u\033[109;5u",
               "S-Tab S-Enter C-Enter Tab Enter");
    check_keys("\033[108;6u", "C-S-l");
    check_keys("\033[27;5;97~\033[27;2;13~", "C-a S-Enter"); /* modifyOtherKeys */
    /* pressed, repeated, released */
    check_keys("\033[97;1:1u\033[97;1:2u\033[97;1:3u", "a a -");
    check_keys("\033[28450u", "漢");
    check_keys("\033[57358u\033[0u\033[55296u\033[1114112u\033[99999999999u",
               "- - - - -");
}

static void mouse(void)
{
    check_keys("\033[<0;5;3M\033[<0;5;3m", "press1(4,2) release1(4,2)");
    check_keys("\033[<1;1;1M\033[<2;223;1000M", "press2(0,0) press3(222,999)");
    check_keys("\033[<64;5;3M\033[<65;5;3M\033[<66;5;3M",
               "wheel-up0(4,2) wheel-down0(4,2) -");
    check_keys("\033[<32;5;3M\033[<35;5;3M", "drag1(4,2) -");
    check_keys("\033[<16;5;3M\033[<12;5;3M\033[<80;1;1M",
               "press1+4(4,2) press1+3(4,2) wheel-up0+4(0,0)");
    check_keys("\033[<0;0;1M\033[<0;5M\033[<0;1;2;3M\033[<128;1;1M", "- - - -");
    check_keys("\033[M !!\033[M#%$\033[M`!\"",
               "press1(0,0) release1(4,3) wheel-up0(0,1)");
    check_keys("\033[M !\x02" "a", "- Space ! C-b a");
    check_keys("\033[M !", "-");
}

static void paste(void)
{
    struct key k;
    static const char open[] = "\033[200~a\033[A";

    check_keys("\033[200~two\rlines\t\033[201~x", "paste(two\rlines\t) x");
    check_keys("\033[200~\033[201~", "paste()");
    check_keys("\033[200~\033\033[A\033[201\033[200~\033[201~q",
               "paste(\033\033[A\033[201\033[200~) q");
    check_keys("\033[200~\xff\xc3\033[201~", "paste(\xff\xc3)");
    check_keys("\033[200~cut", "paste(cut)");
    check_keys("\033[201~a", "- a");
    check_keys("\033\033[200~a\033[201~", "Esc paste(a)");
    check_int(key_decode(open, sizeof open - 1, false, &k), 0);
    check(key_in_paste(open, sizeof open - 1));
    check(!key_in_paste("\033[200~a\033[201~", 13));
    check(!key_in_paste("\033[200", 5));
    check(!key_in_paste("\033", 1));
    check(!key_in_paste("\033[A", 3));
}

static void late_answers(void)
{
    check_keys("\033[?62;22c\033[>0;276;0cx", "plain - x");     /* DA1, DA2 */
    check_keys("\033[?64;1;2;4;6;9;15;16;17;18;21;22;28cx", "sixels x");
    check_keys("\033[?62;22;1;2;3;5;6;7;8;9;10;11;12;13;4cx", "sixels x");
    check_keys("\033[?4c\033[?1;2c\033[?62;14;44cx", "plain plain plain x");
    check_keys("\033[?c\033[?;4c\033[?;;;;;;;;;;;;;;;;;;;;;;;;4c", "plain sixels plain");
    check_keys("\033[0n\033[12;40R\033[1;1Rx", "well - - x");   /* DSR */
    check_keys("\033[?0u\033[?2026;2$y\033[8;24;80tx", "- - - x");
    check_keys("\033P>|XTerm(379)\033\\x", "- x");              /* XTVERSION */
    check_keys("\033P1+r544e=787465726d\033\\x", "- x");
    check_keys("\033]11;rgb:0000/0000/0000\033\\x", "- x");
    check_keys("\033]10;rgb:ffff/ffff/ffff\ax", "- x");
    check_keys("\033_Gi=31;OK\033\\x", "- x");
    check_keys("\033]11;rg\033[A", "- Up");   /* broken off */
    check_keys("\033]11;rg\x18x", "- x");
    check_keys("\033]11;rg", "-");
}

static void broken_sequences(void)
{
    check_keys("\033[1;5", "-");
    check_keys("\033[1;\033[A", "- Up");
    check_keys("\033[12\rx", "- Enter x");
    check_keys("\033[1é", "- é");
    check_keys("\033[<0;5", "-");
    check_keys("\033[[", "-");
    check_keys("\033O1", "-");
    check_keys("\033O?a", "M-O ? a");
    check_keys("\033[;;;;;;;;;1A\033[:::::A", "Up Up");
}

static void endless_sequences_end(void)
{
    enum { LENGTH = 20000 };
    char *bytes = xmalloc(LENGTH);
    struct key k;
    size_t used;

    memset(bytes, '1', LENGTH);
    memcpy(bytes, "\033[", 2);
    used = key_decode(bytes, LENGTH, false, &k);
    check(used > 2 && used < 1000 && k.kind == KEY_NONE);
    memcpy(bytes, "\033]", 2);
    used = key_decode(bytes, LENGTH, false, &k);
    check(used > 1000 && used < LENGTH && k.kind == KEY_NONE);
    free(bytes);
}

/* Whatever comes, and however it is cut, the same keys come out. */
static void any_bytes(void)
{
    static const char alphabet[] = "\033\033\033[[O]P_<?>;:0123456789~$^@MmAuRcn\x07\\"
                                   "\xc3\xa9\xe6\x18 aZ";
    struct rng r = rng_make(7, RNG_TEST, 0);
    struct str whole = {0}, parts = {0};

    for (int round = 0; round < 20000; round++) {
        char bytes[40];
        size_t n = 1 + rng_below(&r, sizeof bytes);

        for (size_t i = 0; i < n; i++)
            bytes[i] = rng_below(&r, 8) ? alphabet[rng_below(&r, sizeof alphabet - 1)]
                                        : (char)rng_below(&r, 256);
        decode(bytes, n, n, &whole);
        decode(bytes, n, 1 + rng_below(&r, 3), &parts);
        if (!check(whole.length == parts.length &&
                   memcmp(str_text(&whole), str_text(&parts), whole.length) == 0))
            break;
    }
    str_done(&whole);
    str_done(&parts);
}

static void names_go_both_ways(void)
{
    static const char *const names[] = {
        "a", "G", "#", "-", "C--", "M--", "C-l", "M-1", "C-M-l", "C-S-l", "Space",
        "C-Space", "Enter", "M-Enter", "S-Enter", "Tab", "S-Tab", "M-S-Tab", "Bksp",
        "Esc", "F1", "F24", "C-F5", "C-Left", "S-Up", "PgUp", "C-PgDn", "Home", "End",
        "Ins", "Del", "é", "M-漢", "C", "M", "S", "F", "C-_", "C-\\",
    };
    struct str back = {0};
    struct key k, again;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        str_clear(&back);
        if (!check(key_parse(names[i], &k)))
            printf("# %s\n", names[i]);
        key_print(&k, &back);
        check_str(str_text(&back), names[i]);
        check(key_parse(str_text(&back), &again) && key_equal(&k, &again));
    }
    str_done(&back);
}

static void check_alias(const char *name, const char *wanted)
{
    struct str text = {0};
    struct key k;

    if (check(key_parse(name, &k)))
        key_print(&k, &text);
    check_str(str_text(&text), wanted);
    str_done(&text);
}

static void other_names(void)
{
    check_alias("Return", "Enter");
    check_alias("escape", "Esc");
    check_alias("BACKSPACE", "Bksp");
    check_alias("PageDown", "PgDn");
    check_alias("f8", "F8");
    check_alias("S-g", "G");
    check_alias("C-L", "C-l");
    check_alias("C-i", "Tab");
    check_alias("C-m", "Enter");
    check_alias("C-[", "Esc");
    check_alias("C-S-Tab", "C-S-Tab");
    check_alias("M-C-x", "C-M-x");
}

static void no_such_names(void)
{
    static const char *const names[] = {"", "ab", "C-", "C-M-", "X-a", "F0", "F25", "Fx",
                                        "F-1", " ", "\x01", "\xff", "Ctrl-a", "g g",
                                        "\xc2\x85"};
    struct key k;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!check(!key_parse(names[i], &k)))
            printf("# \"%s\" was taken\n", names[i]);
        check_int(k.kind, KEY_NONE);
        check_int(k.modifiers, 0);
    }
}

static void equal_keys(void)
{
    struct key a = {.kind = KEY_MOUSE, .x = 1}, b = a;
    struct key p = {.kind = KEY_PASTE, .text = "ab", .length = 2}, q = p;

    check(key_equal(&a, &b));
    b.x = 2;
    check(!key_equal(&a, &b));
    q.text = "ac";
    check(!key_equal(&p, &q));
    q.length = p.length = 1;
    check(key_equal(&p, &q));
}

int main(void)
{
    test_run(characters);
    test_run(alt);
    test_run(escape_alone);
    test_run(arrows);
    test_run(the_block_of_six);
    test_run(function_keys);
    test_run(keypad);
    test_run(coded);
    test_run(mouse);
    test_run(paste);
    test_run(late_answers);
    test_run(broken_sequences);
    test_run(endless_sequences_end);
    test_run(any_bytes);
    test_run(names_go_both_ways);
    test_run(other_names);
    test_run(no_such_names);
    test_run(equal_keys);
    return test_done();
}
