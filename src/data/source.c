/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guess of the encoding from the first block, and decoding block by block into the
 * caller's memory. A character cut by the end of a block waits in `raw` for the next one.
 * What comes through a pipe is decoded in whole blocks only, so that nothing depends on
 * how it arrives.
 */
#include "data/source.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/bytes.h"

enum {
    RAW_ROOM = 1 << 18,
    NUL_RUN = 256,   /* so many NULs in a row are a hole, not text */
    HEAD = 4096,
};

enum charset {
    CHARSET_ASCII, /* nothing over 127 so far: undecided */
    CHARSET_UTF8,
    CHARSET_CP1252,
    CHARSET_UTF16LE,
    CHARSET_UTF16BE,
    CHARSET_UTF32LE,
    CHARSET_UTF32BE,
};

struct source {
    struct bytes *bytes;
    char *encoding;   /* as a person said it, or NULL */
    bool looked;      /* the kind of the file and its encoding are known */
    enum charset charset;
    size_t marks;
    char *raw;        /* (RAW_ROOM) bytes read and not yet given out: [begin, end) */
    size_t begin, end;
    bool at_end;
    bool later;       /* the block is not whole yet */
};

static bool refuse(const struct source *s, struct error *err, const char *what)
{
    return error_set(err, ERROR_INPUT, "%s: %s, not a table of text",
                     bytes_name(s->bytes), what);
}

/* A file of zeros, or a hole in it, must not be read to its end. */
static bool check_nuls(const struct source *s, const char *p, size_t n, struct error *err)
{
    const char *end = p + n;

    while (p < end && (p = memchr(p, 0, (size_t)(end - p)))) {
        const char *q = p;

        while (q < end && *q == 0)
            q++;
        if (q - p >= NUL_RUN)
            return refuse(s, err, "binary data (a block of NUL bytes)");
        p = q;
    }
    return true;
}

/* Fills raw; at_end is set where the file ends, later where the rest is yet to come. */
static bool fill(struct source *s, struct error *err)
{
    size_t n;

    memmove(s->raw, s->raw + s->begin, s->end - s->begin);
    s->end -= s->begin;
    s->begin = 0;
    s->later = false;
    while (s->end < RAW_ROOM && !s->at_end && !s->later) {
        enum bytes_status status = bytes_read(s->bytes, s->raw + s->end,
                                              RAW_ROOM - s->end, &n, err);

        if (status == BYTES_FAILED)
            return false;
        s->at_end = status == BYTES_END;
        s->later = status == BYTES_LATER;
        if (s->charset <= CHARSET_CP1252 && !check_nuls(s, s->raw + s->end, n, err))
            return false;
        s->end += n;
    }
    return true;
}

struct magic {
    const char *bytes;
    size_t n, at;
    const char *what;
};

/* What file(1) would say of things that come under the name .csv. */
static const char *binary_kind(const char *p, size_t n)
{
    static const struct magic magics[] = {
        {"\x7f" "ELF", 4, 0, "a program (ELF)"},
        {"MZ\x90\0", 4, 0, "a program (Windows)"},
        {"PK\3\4", 4, 0, "a zip archive or spreadsheet (xlsx, ods)"},
        {"PK\5\6", 4, 0, "an empty zip archive"},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, 0, "an old Office file (xls)"},
        {"SQLite format 3", 16, 0, "an SQLite database"},
        {"\x1f\x8b", 2, 0, "gzip inside gzip"},
        {"BZh", 3, 0, "compressed (bzip2)"},
        {"\xfd" "7zXZ\0", 6, 0, "compressed (xz)"},
        {"\x28\xb5\x2f\xfd", 4, 0, "compressed (zstd)"},
        {"7z\xbc\xaf\x27\x1c", 6, 0, "a 7z archive"},
        {"Rar!", 4, 0, "a rar archive"},
        {"ustar", 5, 257, "a tar archive"},
        {"\x89PNG", 4, 0, "a picture (PNG)"},
        {"\xff\xd8\xff", 3, 0, "a picture (JPEG)"},
        {"GIF8", 4, 0, "a picture (GIF)"},
        {"%PDF-", 5, 0, "a PDF document"},
        {"{\\rtf", 5, 0, "a text document (RTF)"},
        {"PAR1", 4, 0, "a Parquet file"},
        {"ARROW1", 6, 0, "an Arrow file"},
        {"\x89HDF", 4, 0, "an HDF5 file"},
        {"\x93NUMPY", 6, 0, "a numpy array"},
        {"GGUF", 4, 0, "a GGUF model"},
        {"RDX", 3, 0, "an R data file"},
        {"\x80\2", 2, 0, "a Python pickle"},
        {"\x80\3", 2, 0, "a Python pickle"},
        {"\x80\4", 2, 0, "a Python pickle"},
        {"\x80\5", 2, 0, "a Python pickle"},
    };

    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const struct magic *m = &magics[i];

        if (n >= m->at + m->n && memcmp(p + m->at, m->bytes, m->n) == 0)
            return m->what;
    }
    return NULL;
}

/* Control bytes that no text holds in such numbers. */
static bool mostly_control(const unsigned char *p, size_t n)
{
    size_t control = 0;

    for (size_t i = 0; i < n; i++)
        control +=
            p[i] < 32 && !strchr("\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f", p[i] ? p[i] : 1);
    return n >= 32 && control > n * 3 / 10;
}

bool source_any_high(const char *p, size_t n)
{
    uint64_t high = 0, word;

    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&word, p, 8);
        high |= word;
    }
    for (; n > 0; p++, n--)
        high |= (unsigned char)*p;
    return high & 0x8080808080808080u;
}

struct tally {
    size_t good, shaped, bad;
};

/* Counts the sequences of bytes over 127: valid UTF-8; invalid but shaped like it
 * (overlong, surrogate, cut at the end of the file); anything else. */
static struct tally tally_utf8(const char *p, size_t n, bool at_end)
{
    struct tally t = {0};
    size_t i = 0;

    while (i < n) {
        unsigned char c = (unsigned char)p[i];
        size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1, have = 1;
        int code;

        if (c < 128) {
            i++;
            continue;
        }
        while (have < want && i + have < n && ((unsigned char)p[i + have] & 0xc0) == 0x80)
            have++;
        if (have < want && i + have == n && !at_end)
            break;
        if (utf8_decode(p + i, n - i, &code) > 1)
            t.good++;
        else if (want > 1 && (have == want || i + have == n))
            t.shaped++;
        else
            t.bad++;
        i += have;
    }
    return t;
}

static void decide_8bit(struct source *s, const char *p, size_t n)
{
    struct tally t;

    if (!source_any_high(p, n))
        return;
    t = tally_utf8(p, n, s->at_end);
    if (t.good + t.shaped + t.bad > 0)
        s->charset = t.bad > t.good + t.shaped ? CHARSET_CP1252 : CHARSET_UTF8;
}

/* UTF-16 without a mark: Latin text has a NUL in every second byte. */
static enum charset guess_wide(const char *p, size_t n)
{
    size_t even = 0, odd = 0, pairs = (n < HEAD ? n : HEAD) / 2;

    for (size_t i = 0; i < pairs; i++) {
        even += p[2 * i] == 0;
        odd += p[2 * i + 1] == 0;
    }
    if (pairs < 2 || even + odd == 0)
        return CHARSET_ASCII;
    if (odd > pairs * 3 / 4 && even < pairs / 8)
        return CHARSET_UTF16LE;
    if (even > pairs * 3 / 4 && odd < pairs / 8)
        return CHARSET_UTF16BE;
    return CHARSET_ASCII;
}

static bool has(const struct source *s, const char *mark, size_t n)
{
    return s->end - s->begin >= n && memcmp(s->raw + s->begin, mark, n) == 0;
}

/* From the byte order mark, if there is one, else from the pattern of NULs: UTF-16 only,
 * since nobody writes UTF-32 without a mark. `known`: a person said it. */
static void find_charset(struct source *s, bool known)
{
    if (known) {
        if (has(s, "\xef\xbb\xbf", 3))
            s->begin += 3;
        return;
    }
    if (has(s, "\xff\xfe\0\0", 4)) {
        s->charset = CHARSET_UTF32LE;
        s->begin += 4;
    } else if (has(s, "\0\0\xfe\xff", 4)) {
        s->charset = CHARSET_UTF32BE;
        s->begin += 4;
    } else if (has(s, "\xff\xfe", 2) || has(s, "\xfe\xff", 2)) {
        s->charset = s->raw[0] == '\xff' ? CHARSET_UTF16LE : CHARSET_UTF16BE;
        s->begin += 2;
    } else {
        while (has(s, "\xef\xbb\xbf", 3)) {
            s->charset = CHARSET_UTF8;
            s->begin += 3;
            s->marks++;
        }
        if (s->marks == 0)
            s->charset = guess_wide(s->raw, s->end);
        return;
    }
    s->marks = 1;
}

static bool set_charset(struct source *s, struct error *err)
{
    const char *encoding = s->encoding;

    if (!encoding)
        return true;
    if (strcasecmp(encoding, "utf-8") == 0 || strcasecmp(encoding, "utf8") == 0)
        s->charset = CHARSET_UTF8;
    else if (strcasecmp(encoding, "cp1252") == 0 || strcasecmp(encoding, "latin1") == 0)
        s->charset = CHARSET_CP1252;
    else
        return error_set(err, ERROR_USAGE,
                         "encoding \"%s\" is not known: utf-8 or cp1252", encoding);
    return true;
}

/* Looks at the first block: kind of file, encoding. */
static bool look(struct source *s, struct error *err)
{
    const char *kind = binary_kind(s->raw, s->end);

    s->looked = true;
    if (s->end == 0)
        return error_set(err, ERROR_INPUT, "%s: 0 bytes, no table in it",
                         bytes_name(s->bytes));
    if (kind)
        return refuse(s, err, kind);
    find_charset(s, s->encoding != NULL);
    if (!set_charset(s, err))
        return false;
    if (s->charset > CHARSET_CP1252)
        return true;
    if (!check_nuls(s, s->raw, s->end, err))
        return false;
    if (mostly_control((unsigned char *)s->raw, s->end < HEAD ? s->end : HEAD))
        return refuse(s, err, "binary data");
    return true;
}

struct source *source_open(const char *path, const char *encoding, struct error *err)
{
    struct bytes *bytes = bytes_open(path, err);
    struct source *s;

    if (!bytes)
        return NULL;
    s = xcalloc(1, sizeof *s);
    s->bytes = bytes;
    s->encoding = encoding ? xstrdup(encoding) : NULL;
    s->raw = xmalloc(RAW_ROOM);
    s->charset = CHARSET_UTF16LE; /* no check for NULs before the encoding is known */
    return s;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    bytes_close(s->bytes);
    free(s->encoding);
    free(s->raw);
    free(s);
}

/* The code point at p[0..n) in a wide encoding; returns its bytes, 0 if they are cut. */
static size_t decode_wide(enum charset charset, const unsigned char *p, size_t n,
                          int *code)
{
    bool big = charset == CHARSET_UTF16BE || charset == CHARSET_UTF32BE;
    uint32_t v, low;

    if (charset >= CHARSET_UTF32LE) {
        if (n < 4)
            return 0;
        v = big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
                      p[0];
        *code = v > 0x10ffff || (v & 0xfffff800) == 0xd800 ? 0xfffd : (int)v;
        return 4;
    }
    if (n < 2)
        return 0;
    v = p[big ? 0 : 1] * 256u + p[big ? 1 : 0];
    *code = (int)v;
    if ((v & 0xf800) != 0xd800)
        return 2;
    *code = 0xfffd;
    if (v >= 0xdc00)
        return 2;
    if (n < 4)
        return 0;
    low = p[big ? 2 : 3] * 256u + p[big ? 3 : 2];
    if ((low & 0xfc00) != 0xdc00)
        return 2;
    *code = (int)(0x10000 + ((v & 0x3ff) << 10) + (low & 0x3ff));
    return 4;
}

/* Unicode of the CP1252 bytes 0x80..0x9f; its five holes stay C1 control codes. */
static int cp1252_code(unsigned char c)
{
    static const uint16_t codes[32] = {
        0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
        0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
    };

    return c >= 0x80 && c < 0xa0 ? codes[c - 0x80] : c;
}

static size_t decode_8bit(struct source *s, char *out, size_t room)
{
    size_t n = s->end - s->begin, put = 0;
    const char *raw = s->raw + s->begin;

    if (s->charset == CHARSET_ASCII)
        decide_8bit(s, raw, n);
    if (s->charset != CHARSET_CP1252) {
        put = n < room ? n : room;
        memcpy(out, raw, put);
        s->begin += put;
        return put;
    }
    while (s->begin < s->end && room - put >= 4)
        put += (size_t)utf8_encode(cp1252_code((unsigned char)s->raw[s->begin++]),
                                   out + put);
    return put;
}

static size_t decode_blocks(struct source *s, char *out, size_t room)
{
    size_t put = 0, used;
    int code;

    while (room - put >= 4) {
        size_t n = s->end - s->begin;

        used = decode_wide(s->charset, (unsigned char *)s->raw + s->begin, n, &code);
        if (used == 0 && (n == 0 || !s->at_end))
            break;
        if (used == 0) { /* the file ends within a character */
            code = 0xfffd;
            used = n;
        }
        put += (size_t)utf8_encode(code, out + put);
        s->begin += used;
    }
    return put;
}

/* Text that needs no conversion goes straight to the caller, unless this block shows that
 * it does. */
static bool read_straight(struct source *s, char *out, size_t room, size_t *n,
                          struct error *err)
{
    enum bytes_status status = bytes_read(s->bytes, out,
                                          room < RAW_ROOM ? room : RAW_ROOM, n, err);

    s->at_end = status == BYTES_END;
    if (status != BYTES_SOME)
        return status == BYTES_END;
    if (!check_nuls(s, out, *n, err))
        return false;
    if (s->charset == CHARSET_ASCII)
        decide_8bit(s, out, *n);
    if (s->charset == CHARSET_CP1252) {
        memcpy(s->raw, out, *n);
        s->begin = 0;
        s->end = *n;
        *n = 0;
    }
    return true;
}

static bool can_read_straight(const struct source *s)
{
    return s->begin == s->end && s->charset <= CHARSET_UTF8 && !s->at_end &&
           !bytes_piped(s->bytes);
}

/* The first block, when it is whole. */
static bool begin(struct source *s, struct error *err)
{
    return fill(s, err) && (s->later || look(s, err));
}

bool source_read(struct source *s, char *out, size_t room, size_t *n, struct error *err)
{
    *n = 0;
    if (!s->looked && !begin(s, err))
        return false;
    if (!s->looked)
        return true;
    if (can_read_straight(s) && !read_straight(s, out, room, n, err))
        return false;
    while (*n == 0) {
        if ((s->end - s->begin < 4 || s->later) && !s->at_end && !fill(s, err))
            return false;
        if (s->end == s->begin || s->later)
            return true;
        *n = s->charset > CHARSET_CP1252 ? decode_blocks(s, out, room)
                                         : decode_8bit(s, out, room);
    }
    if (s->charset > CHARSET_CP1252)
        return check_nuls(s, out, *n, err);
    return true;
}

bool source_later(const struct source *s)
{
    return s->later;
}

const char *source_name(const struct source *s)
{
    return bytes_name(s->bytes);
}

double source_progress(const struct source *s)
{
    return bytes_progress(s->bytes);
}

bool source_gzip(const struct source *s)
{
    return bytes_gzip(s->bytes);
}

const char *source_encoding(const struct source *s)
{
    static const char *const names[] = {"ASCII",    "UTF-8",    "CP1252",  "UTF-16LE",
                                        "UTF-16BE", "UTF-32LE", "UTF-32BE"};

    if (s->charset == CHARSET_UTF8 && s->marks > 0)
        return "UTF-8 with BOM";
    return s->charset == CHARSET_ASCII ? "UTF-8" : names[s->charset];
}

size_t source_marks(const struct source *s)
{
    return s->marks;
}
