/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/surface.h"

#include <locale.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "test.h"

static bool use_utf8(void)
{
    return setlocale(LC_ALL, "C.UTF-8") || setlocale(LC_ALL, "C.utf8") ||
           setlocale(LC_ALL, "en_US.UTF-8");
}

static void dumps(const struct surface *s, const char *want)
{
    struct str out = {0};

    surface_dump(s, &out);
    check_str(str_text(&out), want);
    str_done(&out);
}

static void dumps_roles(const struct surface *s, const char *want)
{
    struct str out = {0};

    surface_dump_roles(s, &out);
    check_str(str_text(&out), want);
    str_done(&out);
}

/* A drawing on a surface of its own, as text. */
static void draws(int width, int height, enum glyphs glyphs,
                  void (*draw)(struct surface *s), const char *want)
{
    struct surface s;

    surface_init(&s, width, height, glyphs);
    draw(&s);
    dumps(&s, want);
    surface_done(&s);
}

/* ---- cells and parts ---- */

static void a_new_one_is_blank(void)
{
    struct surface s;

    surface_init(&s, 3, 2, GLYPHS_ASCII);
    dumps(&s, "\n\n");
    check_int(surface_row(&s, 1)[2].code, ' ');
    check(surface_row(&s, 2) == NULL && surface_row(&s, -1) == NULL);
    surface_done(&s);
}

static void sizes_below_one_take_no_drawing(void)
{
    static const int sizes[][2] = {{0, 5}, {5, 0}, {-1, 3}, {3, -7}, {0, 0}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct surface s, part;

        surface_init(&s, sizes[i][0], sizes[i][1], GLYPHS_BRAILLE);
        check_int(s.width, 0);
        check_int(s.height, 0);
        surface_put(&s, 0, 0, 'x', ROLE_TEXT);
        surface_frame(&s, "title", true);
        surface_text(&s, 0, 0, 0, ROLE_TEXT, "text");
        surface_fill(&s, (struct rect){-5, -5, 10, 10}, '#', ROLE_TEXT);
        surface_line(&s, 0, ROLE_DIM);
        part = surface_part(&s, (struct rect){0, 0, 4, 4});
        surface_bar(&part, 0, 0, 3, 1, ROLE_TEXT);
        dumps(&s, "");
        surface_done(&s);
    }
}

static void draw_parts(struct surface *s)
{
    struct surface a = surface_part(s, (struct rect){1, 1, 4, 2});
    struct surface b = surface_part(&a, (struct rect){2, -1, 40, 2});

    surface_fill(&a, (struct rect){-3, -3, 100, 100}, 'a', ROLE_TEXT);
    surface_fill(&b, (struct rect){0, 0, 9, 9}, 'b', ROLE_TEXT);
    surface_text(&b, 1, 0, 0, ROLE_TEXT, "xyz");
    surface_put(&b, -1, 0, 'c', ROLE_TEXT);
    surface_put(&b, 0, 1, 'c', ROLE_TEXT);
}

static void parts_keep_to_themselves(void)
{
    draws(6, 4, GLYPHS_BRAILLE, draw_parts, "\n aab…\n aaaa\n\n");
}

static void parts_outside_are_empty(void)
{
    static const struct rect rects[] = {
        {6, 0, 3, 3}, {0, 4, 3, 3}, {-3, 0, 3, 3}, {0, -3, 3, 3}, {2, 2, 0, 1},
        {2, 2, 1, -1}, {2147483647, 0, 2147483647, 1}, {-2147483647, 0, 3, 1},
    };
    struct surface s;

    surface_init(&s, 6, 4, GLYPHS_ASCII);
    for (size_t i = 0; i < sizeof rects / sizeof rects[0]; i++) {
        struct surface part = surface_part(&s, rects[i]);

        check_int(part.width, 0);
        check_int(part.height, 0);
        surface_fill(&part, (struct rect){0, 0, 9, 9}, '#', ROLE_ERROR);
    }
    dumps(&s, "\n\n\n\n");
    surface_done(&s);
}

/* ---- text ---- */

static void draw_cut_text(struct surface *s)
{
    check_int(surface_text(s, 0, 0, 0, ROLE_TEXT, "exactly8"), 8);
    check_int(surface_text(s, 0, 1, 0, ROLE_TEXT, "one more9"), 8);
    check_int(surface_text(s, 0, 2, 4, ROLE_TEXT, "cut here"), 4);
    check_int(surface_text(s, 5, 2, 99, ROLE_TEXT, "edge"), 3);
    check_int(surface_text(s, 8, 3, 0, ROLE_TEXT, "outside"), 0);
    check_int(surface_text(s, 0, 9, 0, ROLE_TEXT, "below"), 0);
    check_int(surface_text(s, -2, 3, 0, ROLE_TEXT, "left out"), 8);
    check_int(surface_printf(s, 0, 4, 0, ROLE_TEXT, "%d of %s", 3, "7"), 6);
}

static void text_is_cut_at_the_edge(void)
{
    draws(8, 5, GLYPHS_BRAILLE, draw_cut_text,
          "exactly8\none mor…\ncut… ed…\nft out\n3 of 7\n");
    draws(8, 5, GLYPHS_ASCII, draw_cut_text,
          "exactly8\none mor~\ncut~ ed~\nft out\n3 of 7\n");
}

static void draw_right(struct surface *s)
{
    surface_text_right(s, 0, 0, 8, ROLE_TEXT, "12");
    surface_text_right(s, 0, 1, 4, ROLE_TEXT, "123456");
    surface_text_right(s, 2, 2, 0, ROLE_TEXT, "日本");
    surface_text_right(s, 0, 3, 5, ROLE_TEXT, "e\xCC\x81");
    surface_text_right(s, 9, 3, 0, ROLE_TEXT, "x");
    surface_text_right(s, 0, 3, 3, ROLE_TEXT, "");
}

static void text_ends_at_the_right(void)
{
    draws(8, 4, GLYPHS_BRAILLE, draw_right, "      12\n123…\n    日本\n    e\xCC\x81\n");
}

static void draw_hostile(struct surface *s)
{
    surface_text(s, 0, 0, 0, ROLE_TEXT, "\x1B[2Jx\n\t\x7F");
    surface_text(s, 0, 1, 0, ROLE_TEXT, "\xE2\x80\xAE""abc\xFF\xC2\x9B");
    surface_printf(s, 0, 2, 0, ROLE_TEXT, "%s", "\x1B]0;title\a");
    surface_text(s, 0, 3, 0, ROLE_TEXT, "\xCC\x81x");
    surface_put(s, 0, 4, 0x1B, ROLE_TEXT);
    surface_put(s, 1, 4, '\n', ROLE_TEXT);
    surface_put(s, 2, 4, 0x9B, ROLE_TEXT);
    surface_put(s, 3, 4, 0x301, ROLE_TEXT);
    surface_put(s, 4, 4, 0x7F, ROLE_TEXT);
    surface_put(s, 5, 4, 0, ROLE_TEXT);
}

static void text_from_outside_is_harmless(void)
{
    draws(20, 5, GLYPHS_BRAILLE, draw_hostile,
          "^[[2Jx^J^I^?\n<202E>abc\xEF\xBF\xBD<9B>\n^[]0;title^G\n<0301>x\n??????\n");
}

/* ---- wide characters, combining marks ---- */

static void draw_wide_at_edges(struct surface *s)
{
    struct surface left = surface_part(s, (struct rect){0, 2, 3, 1});
    struct surface right = surface_part(s, (struct rect){3, 2, 3, 1});

    surface_put(s, 5, 0, 0x65E5, ROLE_TEXT);   /* no room for its right half */
    surface_put(s, -1, 0, 0x65E5, ROLE_TEXT);  /* nor for the left one */
    surface_text(s, 0, 1, 0, ROLE_TEXT, "日本語日");
    surface_text(&left, 0, 0, 0, ROLE_TEXT, "a日日");
    surface_text(&right, -1, 0, 0, ROLE_TEXT, "日bc");
}

static void wide_characters_at_edges(void)
{
    draws(6, 3, GLYPHS_BRAILLE, draw_wide_at_edges, "\n日本…\na…  bc\n");
}

static void draw_overwritten(struct surface *s)
{
    for (int y = 0; y < 4; y++)
        surface_text(s, 0, y, 0, ROLE_TEXT, "日本語");
    surface_put(s, 2, 0, 'x', ROLE_TEXT);
    surface_put(s, 3, 1, 'x', ROLE_TEXT);
    surface_put(s, 1, 2, 0x5B57, ROLE_TEXT);
    surface_fill(s, (struct rect){1, 3, 4, 1}, '.', ROLE_TEXT);
}

static void half_overwritten_ones_leave_blanks(void)
{
    draws(6, 4, GLYPHS_BRAILLE, draw_overwritten, "日x 語\n日 x語\n 字 語\n ....\n");
}

/* A part writes upon half a character that stands across its border. */
static void what_a_neighbour_cuts_is_shown_as_blank(void)
{
    struct surface s, left, right;

    surface_init(&s, 4, 2, GLYPHS_BRAILLE);
    left = surface_part(&s, (struct rect){0, 0, 2, 2});
    right = surface_part(&s, (struct rect){2, 0, 2, 2});
    surface_text(&s, 1, 0, 0, ROLE_WARNING, "日");
    surface_text(&s, 1, 1, 0, ROLE_WARNING, "日");
    surface_put(&left, 1, 0, 'l', ROLE_TEXT);
    surface_put(&right, 0, 1, 'r', ROLE_TEXT);
    dumps(&s, " l\n  r\n");
    check_int(surface_shown(&s, 2, 0).code, ' ');
    check_int(surface_shown(&s, 2, 0).role, ROLE_WARNING);
    check_int(surface_shown(&s, 1, 1).code, ' ');
    check_int(surface_shown(&s, 99, 0).code, ' ');
    surface_done(&s);
}

static void draw_marks(struct surface *s)
{
    surface_text(s, 0, 0, 0, ROLE_TEXT, "e\xCC\x81""e\xCC\x81");
    surface_text(s, 0, 1, 0, ROLE_TEXT, "日\xE3\x82\x99x");
    surface_text(s, 0, 2, 0, ROLE_TEXT,
                 "a\xCC\x80\xCC\x81\xCC\x82\xCC\x83\xCC\x84z");
    surface_text(s, 3, 3, 0, ROLE_TEXT, "e\xCC\x81");
    surface_put(s, 0, 0, 'x', ROLE_TEXT); /* takes the mark away too */
}

static void marks_stay_with_their_character(void)
{
    draws(4, 4, GLYPHS_BRAILLE, draw_marks,
          "xe\xCC\x81\n日\xE3\x82\x99x\na\xCC\x80\xCC\x81\xCC\x82z\n   e\xCC\x81\n");
}

/* ---- frames, bars, sparks ---- */

static void draw_frames(struct surface *s)
{
    struct surface a = surface_part(s, (struct rect){0, 0, 12, 3});
    struct surface b = surface_part(s, (struct rect){12, 0, 12, 3});

    surface_frame(&a, "Schema", true);
    surface_frame(&b, "much too long", false);
    surface_line(s, 3, ROLE_BORDER);
}

static void frames_at_all_levels(void)
{
    draws(24, 4, GLYPHS_ASCII, draw_frames,
          "+= Schema =++- much ~ -+\n"
          "|          ||          |\n"
          "+==========++----------+\n"
          "------------------------\n");
    for (int level = GLYPHS_BLOCKS; level <= GLYPHS_BRAILLE; level++)
        draws(24, 4, (enum glyphs)level, draw_frames,
              "╔═ Schema ═╗┌─ much … ─┐\n"
              "║          ║│          │\n"
              "╚══════════╝└──────────┘\n"
              "────────────────────────\n");
}

static void draw_small_frames(struct surface *s)
{
    for (int i = 0; i < 6; i++) {
        struct surface part = surface_part(s, (struct rect){i * 8, 0, i + 2, 4 - i});

        surface_frame(&part, "ab", i % 2 == 1);
    }
}

static void frames_of_any_size(void)
{
    draws(48, 4, GLYPHS_ASCII, draw_small_frames,
          "++      +=+     +--+    +===+\n"
          "||      | |     +--+\n"
          "||      +=+\n"
          "++\n");
}

static void draw_bars(struct surface *s)
{
    static const double parts[] = {0, 0.001, 0.25, 0.30, 0.99, 1, 7, -1, NAN};

    for (int i = 0; i < 9; i++) {
        surface_text(s, 0, i, 0, ROLE_TEXT, "xxxxx");
        surface_bar(s, 0, i, 4, parts[i], ROLE_SERIES_1);
    }
}

static void bars_at_all_levels(void)
{
    draws(5, 9, GLYPHS_ASCII, draw_bars,
          "    x\n-   x\n#   x\n#   x\n####x\n####x\n####x\n    x\n    x\n");
    for (int level = GLYPHS_BLOCKS; level <= GLYPHS_BRAILLE; level++)
        draws(5, 9, (enum glyphs)level, draw_bars,
              "    x\n▏   x\n█   x\n█▎  x\n████x\n████x\n████x\n    x\n    x\n");
}

static void draw_sparks(struct surface *s)
{
    static const double ramp[] = {0, 0.01, 1, 2, 3, 4, 5, 6, 7, NAN, 7};
    static const double zeros[] = {0, 0, NAN, -3};
    static const double endless[] = {0, 1, INFINITY};

    surface_spark(s, 0, 0, 11, ramp, ROLE_SERIES_1);
    surface_spark(s, 0, 1, 4, zeros, ROLE_SERIES_1);
    surface_spark(s, 8, 1, 3, endless, ROLE_SERIES_1);
    surface_spark(s, 9, 2, 11, ramp, ROLE_SERIES_1);
}

static void sparks_at_all_levels(void)
{
    draws(11, 3, GLYPHS_ASCII, draw_sparks, " ..:-=+*# #\n         .#\n          .\n");
    for (int level = GLYPHS_BLOCKS; level <= GLYPHS_BRAILLE; level++)
        draws(11, 3, (enum glyphs)level, draw_sparks,
              " ▁▁▂▃▅▆▇█ █\n         ▁█\n          ▁\n");
}

/* ---- roles, comparison, other locales ---- */

static void roles_are_dumped_as_letters(void)
{
    struct surface s;

    surface_init(&s, 8, 2, GLYPHS_ASCII);
    surface_put(&s, 0, 0, 'x', ROLE_TEXT);
    surface_put(&s, 1, 0, 'x', ROLE_DIM);
    surface_put(&s, 2, 0, 'x', ROLE_SERIES_8);
    surface_put(&s, 3, 0, 'x', ROLE_HEAT_0);
    surface_put(&s, 4, 0, 'x', ROLE_HEAT_15);
    surface_paint(&s, (struct rect){2, 1, 99, 99}, ROLE_CURSOR);
    surface_put(&s, 7, 1, ' ', ROLE_TEXT);
    dumps_roles(&s, ".ay0F\n  jjjjj\n");
    surface_done(&s);
}

static void equal_means_all_of_it(void)
{
    struct surface a, b, c;

    surface_init(&a, 4, 2, GLYPHS_ASCII);
    surface_init(&b, 4, 2, GLYPHS_BRAILLE);
    surface_init(&c, 2, 4, GLYPHS_ASCII);
    check(surface_equal(&a, &b));
    check(!surface_equal(&a, &c));
    surface_paint(&b, (struct rect){3, 1, 1, 1}, ROLE_DIM);
    check(!surface_equal(&a, &b));
    surface_paint(&a, (struct rect){3, 1, 1, 1}, ROLE_DIM);
    check(surface_equal(&a, &b));
    surface_text(&a, 0, 0, 0, ROLE_TEXT, "e");
    surface_text(&b, 0, 0, 0, ROLE_TEXT, "e\xCC\x81");
    check(!surface_equal(&a, &b));
    surface_done(&a);
    surface_done(&b);
    surface_done(&c);
}

static void draw_in_plain_locale(struct surface *s)
{
    surface_text(s, 0, 0, 0, ROLE_TEXT, "caf\xC3\xA9 long");
    surface_frame(s, NULL, false);
}

static void a_locale_without_utf8_gets_ascii(void)
{
    setlocale(LC_ALL, "C");
    draws(9, 3, GLYPHS_ASCII, draw_in_plain_locale,
          "+-------+\n|       |\n+-------+\n");
    use_utf8();
}

/* Whatever is drawn in whatever part: nothing leaves it, and each row shows as many
 * columns as it has. */
static void random_drawing_stays_inside(void)
{
    static const char *const texts[] = {"日本語", "e\xCC\x81x", "\x1B[31m", "plain", "\xFF日",
                                        "", "\xF0\x9F\x98\x80!"};
    struct rng r = rng_make(7, RNG_TEST, 0);

    for (int round = 0; round < 3000; round++) {
        struct surface s, part;
        struct rect where;

        surface_init(&s, (int)rng_below(&r, 14) + 1, (int)rng_below(&r, 5) + 1,
                     (enum glyphs)rng_below(&r, 3));
        where = (struct rect){(int)rng_below(&r, 12) - 3, (int)rng_below(&r, 6) - 2,
                              (int)rng_below(&r, 12), (int)rng_below(&r, 6)};
        surface_fill(&s, (struct rect){0, 0, 99, 99}, rng_below(&r, 2) ? '.' : 0x65E5,
                     ROLE_DIM);
        part = surface_part(&s, where);
        for (int i = 0; i < 5; i++)
            surface_text(&part, (int)rng_below(&r, 12) - 4, (int)rng_below(&r, 6) - 1,
                         (int)rng_below(&r, 8), ROLE_TEXT, texts[rng_below(&r, 7)]);
        if (rng_below(&r, 3) == 0)
            surface_frame(&part, texts[rng_below(&r, 7)], true);
        for (int y = 0; y < s.height; y++) {
            int columns = 0;

            for (int x = 0; x < s.width; x++) {
                struct screen_cell c = surface_shown(&s, x, y);
                bool inside = x >= where.x && x < where.x + where.width &&
                              y >= where.y && y < where.y + where.height;

                check(inside || c.role == ROLE_DIM);
                columns += c.code == 0 ? 0 : wcwidth((wchar_t)c.code);
            }
            check_int(columns, s.width);
        }
        surface_done(&s);
    }
}

int main(void)
{
    if (!use_utf8()) {
        printf("1..0 # SKIP no UTF-8 locale\n");
        return 0;
    }
    test_run(a_new_one_is_blank);
    test_run(sizes_below_one_take_no_drawing);
    test_run(parts_keep_to_themselves);
    test_run(parts_outside_are_empty);
    test_run(text_is_cut_at_the_edge);
    test_run(text_ends_at_the_right);
    test_run(text_from_outside_is_harmless);
    test_run(wide_characters_at_edges);
    test_run(half_overwritten_ones_leave_blanks);
    test_run(what_a_neighbour_cuts_is_shown_as_blank);
    test_run(marks_stay_with_their_character);
    test_run(frames_at_all_levels);
    test_run(frames_of_any_size);
    test_run(bars_at_all_levels);
    test_run(sparks_at_all_levels);
    test_run(roles_are_dumped_as_letters);
    test_run(equal_means_all_of_it);
    test_run(a_locale_without_utf8_gets_ascii);
    test_run(random_drawing_stays_inside);
    return test_done();
}
