/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include <locale.h>
#include <wchar.h>

#include "base/rng.h"
#include "test.h"

static bool use_utf8(void)
{
    return setlocale(LC_ALL, "C.UTF-8") || setlocale(LC_ALL, "C.utf8") ||
           setlocale(LC_ALL, "en_US.UTF-8");
}

static void shows(const char *bytes, size_t n, size_t width, const char *want)
{
    struct str out = {0};
    size_t columns;

    str_add(&out, "", 0);
    columns = show_to(&out, bytes, n, width);
    check_str(out.text, want);
    check(width == 0 || columns <= width);
    if (width == 0)
        check_int(columns, show_width(bytes, n));
    str_done(&out);
}

static void shows_text(const char *text, size_t width, const char *want)
{
    shows(text, strlen(text), width, want);
}

static void controls_become_visible(void)
{
    shows("a\0b", 3, 0, "a^@b");
    shows_text("\x1B[2J\r\n\t\b\a\x7F", 0, "^[[2J^M^J^I^H^G^?");
    shows_text("\xC2\x9B""31m", 0, "<9B>31m");       /* C1 as UTF-8 */
    shows_text("\x9B""31m", 0, "\xEF\xBF\xBD""31m"); /* and raw */
    shows_text("\xC2\x80\xC2\x9F", 0, "<80><9F>");
}

static void tricky_code_points_become_visible(void)
{
    shows_text("\xE2\x80\xAE""abc", 0, "<202E>abc");
    shows_text("\xE2\x80\xA8\xE2\x80\xA9", 0, "<2028><2029>");
    shows_text("\xE2\x81\xA6\xE2\x81\xA9", 0, "<2066><2069>");
    shows_text("\xEF\xBB\xBFname", 0, "<FEFF>name");
    shows_text("\xE2\x80\x8B", 0, "<200B>");
    shows_text("\xEE\x80\x80", 0, "<E000>");             /* private */
    shows_text("\xF4\x8F\xBF\xBD", 0, "<10FFFD>");       /* private, plane 16 */
    shows_text("\xF3\xA0\x81\x81", 0, "<E0041>");        /* a tag */
    shows_text("\xCD\xB8", 0, "<0378>");                 /* unassigned */
    shows_text("\xEF\xBF\xBE", 0, "<FFFE>");             /* not a character */
}

static void invalid_bytes_become_the_replacement(void)
{
    shows_text("a\xFF\xC3", 0, "a\xEF\xBF\xBD\xEF\xBF\xBD");
    shows_text("\xC0\xAF", 0, "\xEF\xBF\xBD\xEF\xBF\xBD");             /* overlong */
    shows_text("\xED\xA0\x80", 0, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* surrogate */
    shows_text("\xF4\x90\x80\x80", 0,
               "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* beyond the end */
}

static void long_text_is_cut(void)
{
    shows_text("hello", 5, "hello");
    shows_text("hello", 4, "hel…");
    shows_text("hello", 1, "…");
    shows_text("日本", 4, "日本");
    shows_text("日本", 3, "日…");
    shows_text("日本", 2, "…");
    shows_text("日本", 1, "…");
    shows_text("a日", 2, "a…");
    shows_text("abc\x1B", 4, "abc…");
    shows_text("e\xCC\x81""e\xCC\x81", 2, "e\xCC\x81""e\xCC\x81");
    shows_text("e\xCC\x81""ee\xCC\x81", 2, "e\xCC\x81…");
    shows_text("", 1, "");
}

static void combining_marks_are_held_in(void)
{
    char text[64] = "e", want[64] = "e";

    for (int i = 0; i < 12; i++)
        strcat(text, "\xCC\x81");
    for (int i = 0; i < 8; i++)
        strcat(want, "\xCC\x81");
    shows_text(text, 0, want);
    check_int(show_width(text, strlen(text)), 1);
    shows_text("\xCC\x81x", 0, "<0301>x"); /* would join what stands before */
}

static void plain_locale_shows_ascii(void)
{
    char *got;

    setlocale(LC_ALL, "C");
    shows_text("caf\xC3\xA9 \x1B[m", 0, "caf<E9> ^[[m");
    shows_text("\xE2\x82\xAC", 0, "<20AC>");
    shows_text("\xFF", 0, "<FFFD>");
    shows_text("hello", 4, "hel~");
    got = show("na\xC3\xAFve", 5);
    check_str(got, "na~");
    free(got);
    use_utf8();
}

static void shows_end(const char *text, size_t width, const char *want)
{
    struct str out = {0};

    check_int(show_end_to(&out, text, strlen(text), width),
              show_width(want, strlen(want)));
    check_str(str_text(&out), want);
    str_done(&out);
}

static void the_end_may_be_what_counts(void)
{
    shows_end("/a/b/c.csv", 0, "/a/b/c.csv");
    shows_end("/a/b/c.csv", 10, "/a/b/c.csv");
    shows_end("/a/b/c.csv", 9, "…/b/c.csv");
    shows_end("/a/b/c.csv", 1, "…");
    shows_end("日本語.csv", 9, "…本語.csv");
    shows_end("日本語.csv", 8, "…語.csv");
    shows_end("日本語.csv", 6, "….csv");
    shows_end("a\x1B[2J.csv", 8, "…[2J.csv");
}

/* Whatever comes in: what goes out is valid, printable and as wide as said. */
static void random_bytes_come_out_clean(void)
{
    static const char *const bits[] = {"\x1B", "日", "\xCC\x81", "\xFF", "a", "\n",
                                       "\xE2\x80\xAE", "\xF0\x9F\x98\x80", "\xC2\x9B",
                                       "\xC3"};
    struct rng r = rng_make(1, RNG_TEST, 0);

    for (int round = 0; round < 20000; round++) {
        struct str in = {0}, out = {0};
        size_t width = rng_below(&r, 12), columns, sum = 0;

        for (uint64_t n = rng_below(&r, 12); n > 0; n--)
            str_puts(&in, bits[rng_below(&r, 10)]);
        columns = (round % 2 ? show_to : show_end_to)(&out, str_text(&in), in.length,
                                                      width);
        check(width == 0 || columns <= width);
        check(utf8_valid(str_text(&out), out.length));
        for (size_t i = 0; i < out.length;) {
            int code;

            i += (size_t)utf8_decode(out.text + i, out.length - i, &code);
            check(wcwidth((wchar_t)code) >= 0);
            sum += (size_t)wcwidth((wchar_t)code);
        }
        check_int(sum, columns);
        str_done(&in);
        str_done(&out);
    }
}

static void every_code_point_encodes_and_decodes(void)
{
    int bad = 0;

    for (int code = 0; code <= 0x10FFFF; code++) {
        char bytes[4];
        int n = utf8_encode(code, bytes), back;
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;

        if (utf8_decode(bytes, (size_t)n, &back) != (surrogate ? 1 : n) ||
            back != (surrogate ? -1 : code) || utf8_valid(bytes, (size_t)n) == surrogate)
            bad++;
        if (n > 1 && (utf8_decode(bytes, (size_t)n - 1, &back) != 1 || back != -1))
            bad++;
    }
    check_int(bad, 0);
}

static void check_fold(const char *text, size_t at, size_t width, const char *want)
{
    struct str out = {0};

    fold_to(&out, text, at, 2, width);
    check_str(str_text(&out), want);
    str_done(&out);
}

static void lines_are_folded_at_blanks(void)
{
    check_fold("", 0, 10, "");
    check_fold("one two", 0, 7, "one two");
    check_fold("one two", 1, 7, "one\n  two");
    check_fold("one two three", 0, 6, "one\n  two\n  three");
    check_fold("a [--b C] d", 0, 8, "a\n  [--b C]\n  d");
    check_fold("  one  two three", 0, 10, "  one  two\n  three");
    check_fold("größe größe", 0, 11, "größe größe");
    check_fold("[ never closed", 0, 5, "[ never closed");
}

int main(void)
{
    if (!use_utf8()) {
        printf("1..0 # SKIP no UTF-8 locale\n");
        return 0;
    }
    test_run(controls_become_visible);
    test_run(tricky_code_points_become_visible);
    test_run(invalid_bytes_become_the_replacement);
    test_run(long_text_is_cut);
    test_run(combining_marks_are_held_in);
    test_run(plain_locale_shows_ascii);
    test_run(the_end_may_be_what_counts);
    test_run(random_bytes_come_out_clean);
    test_run(every_code_point_encodes_and_decodes);
    test_run(lines_are_folded_at_blanks);
    return test_done();
}
