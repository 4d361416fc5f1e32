/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text is read as pieces: one code point (or one bad byte) with its visible form and
 * columns. Decoding is our own, so it does not depend on the locale; whether a code
 * point may be printed at all and how wide it is, wcwidth says where the locale is UTF-8.
 */
#include "base/text.h"

#include <langinfo.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum {
    MAX_MARKS = 8, /* combining marks in a row that are shown */
    REPLACEMENT = 0xFFFD,
};

struct piece {
    char text[16];
    int length;
    int columns; /* 0: a combining mark */
};

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

int utf8_decode(const char *bytes, size_t n, int *code)
{
    unsigned char first = (unsigned char)bytes[0];
    int length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3
               : first < 0xF5 ? 4 : 0;
    static const int least[] = {0, 0, 0x80, 0x800, 0x10000};
    int c;

    *code = -1;
    if (length == 0 || (size_t)length > n)
        return 1;
    c = length == 1 ? first : first & (0x7F >> length);
    for (int i = 1; i < length; i++) {
        if (!is_continuation(bytes[i]))
            return 1;
        c = c << 6 | (bytes[i] & 0x3F);
    }
    if (c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 1;
    *code = c;
    return length;
}

int utf8_valid(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        int code;

        if ((unsigned char)bytes[i] < 0x80) {
            i++;
            continue;
        }
        i += (size_t)utf8_decode(bytes + i, n - i, &code);
        if (code < 0)
            return 0;
    }
    return 1;
}

int utf8_encode(int code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

static bool locale_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Code points that wcwidth lets pass but that turn the direction of text, cannot be
 * seen, or look different on every machine. Ascending. */
static bool is_tricky(int code)
{
    static const int ranges[][2] = {
        {0x061C, 0x061C},     /* Arabic letter mark */
        {0x180E, 0x180E},     /* Mongolian vowel separator */
        {0x200B, 0x200B},     /* zero width space */
        {0x200E, 0x200F},     /* direction marks */
        {0x2028, 0x202E},     /* line ends, direction embedding and override */
        {0x2060, 0x206F},     /* joiners, invisible operators, isolates */
        {0xE000, 0xF8FF},     /* private use */
        {0xFEFF, 0xFEFF},     /* byte order mark */
        {0xFFF9, 0xFFFB},     /* interlinear annotation */
        {0xE0000, 0x10FFFF},  /* tags, private use */
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

static void make_hex(struct piece *p, int code)
{
    p->length = snprintf(p->text, sizeof p->text, code < 0x100 ? "<%02X>" : "<%04X>",
                         (unsigned)code);
    p->columns = p->length;
}

static void make_code(struct piece *p, int code, bool utf8)
{
    int columns;

    if (code < 0x20 || code == 0x7F) {
        p->text[0] = '^';
        p->text[1] = (char)(code ^ 0x40);
        p->length = p->columns = 2;
        return;
    }
    columns = code < 0x7F ? 1 : utf8 && !is_tricky(code) ? wcwidth((wchar_t)code) : -1;
    if (columns < 0) {
        make_hex(p, code);
        return;
    }
    p->length = utf8_encode(code, p->text);
    p->columns = columns;
}

/* The piece at bytes[0..n), n > 0; returns how many bytes it took. `marks` counts the
 * combining marks since the last base; -1 at the beginning, where a mark would join
 * whatever stands before the text. */
static size_t next_piece(struct piece *p, const char *bytes, size_t n, bool utf8,
                         int *marks)
{
    int code, length = utf8_decode(bytes, n, &code);

    make_code(p, code < 0 ? REPLACEMENT : code, utf8);
    if (p->columns > 0) {
        *marks = 0;
    } else if (*marks < 0) {
        make_hex(p, code);
        *marks = 0;
    } else if (++*marks > MAX_MARKS) {
        p->length = 0;
    }
    return (size_t)length;
}

static void put_ellipsis(struct str *out)
{
    str_puts(out, locale_is_utf8() ? "…" : "~");
}

size_t show_to(struct str *out, const char *bytes, size_t n, size_t width)
{
    bool utf8 = locale_is_utf8();
    size_t columns = 0, cut = out->length, cut_columns = 0;
    int marks = -1;
    struct piece p;

    for (size_t i = 0; i < n;) {
        i += next_piece(&p, bytes + i, n - i, utf8, &marks);
        if (width > 0 && p.columns > 0 && columns < width) {
            cut = out->length; /* here "…" would still fit */
            cut_columns = columns;
        }
        if (width > 0 && columns + (size_t)p.columns > width) {
            out->length = cut;
            put_ellipsis(out);
            return cut_columns + 1;
        }
        str_add(out, p.text, (size_t)p.length);
        columns += (size_t)p.columns;
    }
    return columns;
}

size_t show_end_to(struct str *out, const char *bytes, size_t n, size_t width)
{
    size_t from = 0;
    int code;

    if (width == 0 || show_width(bytes, n) <= width)
        return show_to(out, bytes, n, 0);
    while (from < n && show_width(bytes + from, n - from) > width - 1)
        from += (size_t)utf8_decode(bytes + from, n - from, &code);
    put_ellipsis(out);
    return 1 + show_to(out, bytes + from, n - from, 0);
}

char *show(const char *text, size_t width)
{
    struct str out = {0};

    str_add(&out, "", 0);
    show_to(&out, text, strlen(text), width);
    return out.text;
}

size_t show_width(const char *bytes, size_t n)
{
    bool utf8 = locale_is_utf8();
    size_t columns = 0;
    int marks = -1;
    struct piece p;

    for (size_t i = 0; i < n;) {
        i += next_piece(&p, bytes + i, n - i, utf8, &marks);
        columns += (size_t)p.columns;
    }
    return columns;
}

/* Bytes up to the next blank that is not between brackets. */
static size_t piece_of_line(const char *text)
{
    size_t n = 0;
    int depth = 0;

    for (; text[n] && (text[n] != ' ' || depth > 0); n++)
        depth += (text[n] == '[') - (text[n] == ']');
    return n;
}

void fold_to(struct str *out, const char *text, size_t at, size_t indent, size_t width)
{
    for (bool first = true; *text; first = false) {
        size_t gap = strspn(text, " "), n = piece_of_line(text + gap);
        size_t columns = show_width(text + gap, n);

        if (!first && at + gap + columns > width) {
            str_printf(out, "\n%*s", (int)indent, "");
            at = indent;
            str_add(out, text + gap, n);
        } else {
            str_add(out, text, gap + n);
            at += gap;
        }
        at += columns;
        text += gap + n;
    }
}

const char *count_text(size_t n, char out[COUNT_TEXT])
{
    char digits[COUNT_TEXT];
    int length = snprintf(digits, sizeof(digits), "%zu", n), at = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}
