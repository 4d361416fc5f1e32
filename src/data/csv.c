/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record reader. Its own scan says where a record ends and whether its quotes are
 * well formed; only then may libcsv, which cannot go back, have it. The cells that
 * libcsv hands out are written over the record from its start: they never outrun it.
 *
 * Reading stays linear for any input: what scans over many lines cost in vain is
 * counted, and beyond a share of the file quotes have to close in their line.
 */
#include "data/csv.h"

#include <csv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/reading.h"

enum {
    REPAIR_LINES = 8,           /* a malformed record is looked for in so many lines */
    REPAIR_BYTES = 1 << 16,
    PARSER_KEEP = 1 << 20,      /* larger buffers of libcsv are given back */
};

#define WASTE_MAX ((size_t)256 << 20)

struct csv_reader {
    struct csv_format format;
    size_t expected;
    struct cell *cells;
    size_t n, room;
    bool no_memory;
    char *begin, *put; /* record being tokenised, and where its next cell goes */
    struct csv_parser parser;
    struct reading *reading; /* made when the first malformed record comes */
    size_t consumed, wasted;
};

static int no_blank(unsigned char c)
{
    (void)c;
    return 0;
}

static int is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

static bool at_blank(const struct csv_format *f, char c)
{
    return c == ' ' || (c == '\t' && f->delimiter != '\t');
}

static bool trims(const struct csv_format *f)
{
    return f->skip_blanks || f->delimiter == DELIMITER_BLANKS;
}

struct csv_reader *csv_reader_new(const struct csv_format *format)
{
    struct csv_reader *r = xcalloc(1, sizeof *r);

    r->format = *format;
    csv_init(&r->parser, 0);
    csv_set_delim(&r->parser, format->delimiter == DELIMITER_BLANKS
                                  ? ' ' : (unsigned char)format->delimiter);
    csv_set_quote(&r->parser, (unsigned char)format->quote);
    csv_set_space_func(&r->parser, trims(format) ? is_blank : no_blank);
    csv_set_term_func(&r->parser, no_blank);
    csv_set_blk_size(&r->parser, 1 << 16);
    return r;
}

void csv_reader_free(struct csv_reader *r)
{
    if (!r)
        return;
    csv_free(&r->parser);
    reading_free(r->reading);
    free(r->cells);
    free(r);
}

void csv_reader_expect(struct csv_reader *r, size_t n_cells)
{
    r->expected = n_cells;
}

static bool grow_cells(struct csv_reader *r)
{
    size_t room = r->room ? 2 * r->room : 64;
    struct cell *cells = try_realloc(r->cells, room, sizeof *cells);

    if (!cells)
        return false;
    r->cells = cells;
    r->room = room;
    return true;
}

static inline bool push_cell(struct csv_reader *r, const char *text, size_t n)
{
    if (r->n == r->room && !grow_cells(r))
        return false;
    r->cells[r->n++] = (struct cell){text, (uint32_t)n};
    return true;
}

static bool push_trimmed(struct csv_reader *r, const char *text, const char *end)
{
    while (text < end && at_blank(&r->format, *text))
        text++;
    while (text < end && at_blank(&r->format, end[-1]))
        end--;
    return push_cell(r, text, (size_t)(end - text));
}

static bool split_blanks(struct csv_reader *r, const char *p, const char *end)
{
    while (p < end) {
        const char *begin = p;

        while (p < end && !is_blank((unsigned char)*p))
            p++;
        if (p > begin && !push_cell(r, begin, (size_t)(p - begin)))
            return false;
        while (p < end && is_blank((unsigned char)*p))
            p++;
    }
    return true;
}

/* Cuts a line without quotes. */
static bool split_plain(struct csv_reader *r, const char *p, const char *end)
{
    const char delimiter = (char)r->format.delimiter;

    r->n = 0;
    if (r->format.delimiter == 0)
        return push_cell(r, p, (size_t)(end - p));
    if (r->format.delimiter == DELIMITER_BLANKS)
        return split_blanks(r, p, end);
    for (;;) {
        const char *begin = p;

        while (p < end && *p != delimiter)
            p++;
        if (!(r->format.skip_blanks ? push_trimmed(r, begin, p)
                                    : push_cell(r, begin, (size_t)(p - begin))))
            return false;
        if (p == end)
            return true;
        p++;
    }
}

enum scan_state { SCAN_WHOLE, SCAN_BROKEN, SCAN_OPEN };

struct scan {
    enum scan_state state;
    const char *end;  /* whole: where its line end begins; else how far it was read */
    size_t cells, lines;
};

/* Where the quoted text that begins at p (behind the quote) closes, or NULL. */
static const char *find_close(const struct csv_format *f, const char *p, const char *end)
{
    while (p < end) {
        if (f->escape) {
            while (p < end && *p != (char)f->quote)
                p += *p == (char)f->escape && end - p > 1 ? 2 : 1;
            return p < end ? p : NULL;
        }
        p = memchr(p, f->quote, (size_t)(end - p));
        if (!p || end - p < 2 || p[1] != (char)f->quote)
            return p;
        p += 2;
    }
    return NULL;
}

static bool is_delimiter(const struct csv_format *f, char c)
{
    return f->delimiter == DELIMITER_BLANKS ? is_blank((unsigned char)c)
                                            : c == (char)f->delimiter;
}

/* The carriage returns that belong to a line end at p are passed over. */
static const char *skip_returns(const struct csv_format *f, const char *p,
                                const char *end)
{
    const char *q = p;

    while (f->line_end == '\n' && q < end && *q == '\r')
        q++;
    return q == end || *q == f->line_end ? q : p;
}

static size_t count_ends(const char *p, const char *end, char line_end)
{
    size_t n = 0;

    while (p < end && (p = memchr(p, line_end, (size_t)(end - p)))) {
        n++;
        p++;
    }
    return n;
}

/* Follows one record with quotes to its end. */
static struct scan scan_record(const struct csv_format *f, const char *bytes, size_t n)
{
    const char *p = bytes, *end = bytes + n;
    struct scan s = {.lines = 1};

    for (;;) {
        if (trims(f))
            while (p < end && at_blank(f, *p))
                p++;
        s.cells++;
        if (p < end && *p == (char)f->quote) {
            const char *close = find_close(f, p + 1, end);

            s.end = end;
            s.state = SCAN_OPEN;
            if (!close)
                return s;
            s.lines += count_ends(p, close, f->line_end);
            p = close + 1;
            if (f->skip_blanks)
                while (p < end && at_blank(f, *p))
                    p++;
            if (skip_returns(f, p, end) != p)
                p = skip_returns(f, p, end);
            s.end = p;
            if (p < end && !is_delimiter(f, *p) && *p != f->line_end) {
                s.state = SCAN_BROKEN;
                return s;
            }
        } else {
            while (p < end && !is_delimiter(f, *p) && *p != f->line_end)
                p++;
        }
        if (p == end || *p == f->line_end) {
            s.state = SCAN_WHOLE;
            s.end = p;
            return s;
        }
        p++;
    }
}

static void take_cell(void *text, size_t n, void *reader)
{
    struct csv_reader *r = reader;

    if (n > 0)
        memmove(r->put, text, n);
    r->no_memory |= !push_cell(r, r->put, n);
    r->put += n;
}

static void take_row(int c, void *reader)
{
    (void)c;
    (void)reader;
}

/* Writes the record in the form that libcsv knows: quotes doubled for escapes, one blank
 * for a run. Returns the new end. */
static char *normalise(const struct csv_format *f, char *p, char *end)
{
    char *put = p, *begin = p;
    bool quoted = false;

    while (p < end) {
        if (quoted && f->escape && *p == (char)f->escape && end - p > 1 &&
            (p[1] == (char)f->quote || p[1] == (char)f->escape)) {
            *put++ = p[1];
            if (p[1] == (char)f->quote)
                *put++ = p[1];
            p += 2;
            continue;
        }
        if (*p == (char)f->quote)
            quoted = quoted ? false : put == begin || is_delimiter(f, put[-1]);
        if (!quoted && f->delimiter == DELIMITER_BLANKS && is_blank((unsigned char)*p)) {
            if (put > begin && put[-1] != ' ')
                *put++ = ' ';
            p++;
            continue;
        }
        *put++ = *p++;
    }
    if (f->delimiter == DELIMITER_BLANKS && !quoted && put > begin && put[-1] == ' ')
        put--;
    return put;
}

/* A record that the scan found whole, through libcsv. False: no memory. */
static bool tokenise(struct csv_reader *r, char *bytes, size_t n)
{
    const struct csv_format *f = &r->format;
    bool ok;

    if (f->escape || f->delimiter == DELIMITER_BLANKS)
        n = (size_t)(normalise(f, bytes, bytes + n) - bytes);
    r->n = 0;
    r->put = bytes;
    r->no_memory = false;
    ok = csv_parse(&r->parser, bytes, n, take_cell, take_row, r) == n &&
         csv_fini(&r->parser, take_cell, take_row, r) == 0 && !r->no_memory;
    if (!ok || csv_get_buffer_size(&r->parser) > PARSER_KEEP)
        csv_free(&r->parser);
    return ok;
}

static const char *line_end_of(const struct csv_format *f, const char *bytes, size_t n)
{
    const char *p = memchr(bytes, f->line_end, n);

    return p ? p : bytes + n;
}

/* Without the carriage returns before the line end. */
static const char *trim_returns(const struct csv_format *f, const char *bytes,
                                const char *end)
{
    while (f->line_end == '\n' && end > bytes && end[-1] == '\r')
        end--;
    return end;
}

static void finish_record(struct csv_reader *r, struct csv_record *record,
                          const char *bytes, const char *end, size_t n)
{
    record->cells = r->cells;
    record->n = r->n;
    record->length = (size_t)(end - bytes) + (end < bytes + n);
    r->consumed += record->length;
}

static struct reading *get_reading(struct csv_reader *r)
{
    if (!r->reading)
        r->reading = reading_new(&r->format);
    return r->reading;
}

/* A malformed record: the fewest lines that give the expected cells, else one line. */
static enum csv_status repair(struct csv_reader *r, char *bytes, size_t n, bool last,
                              struct csv_record *record)
{
    const struct csv_format *f = &r->format;
    const char *first = line_end_of(f, bytes, n), *end = first;
    size_t lines = 1;

    for (;; lines++) {
        const char *text_end = trim_returns(f, bytes, end);

        if ((size_t)(end - bytes) > REPAIR_BYTES)
            break;
        if (end == bytes + n && !last)
            return CSV_STATUS_MORE;
        if (r->expected &&
            reading_find(get_reading(r), bytes, (size_t)(text_end - bytes), r->expected))
            goto found;
        if (end == bytes + n || lines == REPAIR_LINES || !r->expected)
            break;
        end = line_end_of(f, end + 1, (size_t)(bytes + n - end - 1));
    }
    lines = 1;
    end = first;
    reading_greedy(get_reading(r), bytes, (size_t)(trim_returns(f, bytes, end) - bytes));
found:
    if (reading_out_of_memory(r->reading))
        return CSV_STATUS_MEMORY;
    r->n = 0;
    for (size_t i = 0; i < reading_cells(r->reading); i++) {
        struct cell cell = reading_cell(r->reading, bytes, i);

        if (!push_cell(r, cell.text, cell.length))
            return CSV_STATUS_MEMORY;
    }
    record->lines = lines;
    finish_record(r, record, bytes, end, n);
    return CSV_STATUS_RECORD;
}

/* A record whose first line holds a quote. */
static enum csv_status next_quoted(struct csv_reader *r, char *bytes, size_t n, bool last,
                                   struct csv_record *record)
{
    const struct csv_format *f = &r->format;
    const char *line_end = line_end_of(f, bytes, n);
    bool one_line = r->wasted > WASTE_MAX + 4 * r->consumed;
    struct scan s = scan_record(f, bytes, one_line ? (size_t)(line_end - bytes) : n);
    bool cut = s.end == bytes + n && !last;

    if (cut && n < CSV_RECORD_MAX)
        return CSV_STATUS_MORE;
    if (cut && line_end == bytes + n)
        return CSV_STATUS_LONG;
    if (s.state == SCAN_WHOLE && !cut) {
        const char *text_end = trim_returns(f, bytes, line_end);

        if (s.lines > 1 && r->expected && s.cells != r->expected &&
            reading_find(get_reading(r), bytes, (size_t)(text_end - bytes),
                         r->expected)) {
            s.state = SCAN_BROKEN;
        } else {
            const char *end = s.end;

            record->lines = s.lines;
            if (!tokenise(r, bytes, (size_t)(trim_returns(f, bytes, end) - bytes)))
                return CSV_STATUS_MEMORY;
            finish_record(r, record, bytes, end, n);
            return CSV_STATUS_RECORD;
        }
    }
    record->trouble = s.state == SCAN_BROKEN ? CSV_TROUBLE_STRAY : CSV_TROUBLE_UNCLOSED;
    if (s.end > line_end)
        r->wasted += (size_t)(s.end - line_end);
    return repair(r, bytes, n, last || cut, record);
}

static bool is_blank_line(const struct csv_format *f, const char *p, const char *end)
{
    while (p < end && at_blank(f, *p))
        p++;
    return p == end;
}

/* Cuts a line without quotes. A carriage return inside it ends the record where that
 * gives the expected cells; *end is then moved there. False: no memory. */
static bool split_line(struct csv_reader *r, const char *bytes, const char **end)
{
    const char *at;

    if (!split_plain(r, bytes, *end))
        return false;
    if (!r->expected || r->n == r->expected || r->format.line_end == '\r')
        return true;
    at = memchr(bytes, '\r', (size_t)(*end - bytes));
    if (!at)
        return true;
    if (!split_plain(r, bytes, at))
        return false;
    if (r->n != r->expected)
        return split_plain(r, bytes, *end);
    *end = at;
    return true;
}

enum csv_status csv_reader_next(struct csv_reader *r, char *bytes, size_t n, bool last,
                                struct csv_record *record)
{
    const struct csv_format *f = &r->format;
    const char *end = memchr(bytes, f->line_end, n), *text_end, *line;

    *record = (struct csv_record){.lines = 1};
    if (!end && !last)
        return n < CSV_RECORD_MAX ? CSV_STATUS_MORE : CSV_STATUS_LONG;
    if (!end)
        end = bytes + n;
    text_end = trim_returns(f, bytes, end);
    r->n = 0;
    if (is_blank_line(f, bytes, text_end)) {
        finish_record(r, record, bytes, end, n);
        return CSV_STATUS_RECORD;
    }
    if (f->quote && memchr(bytes, f->quote, (size_t)(text_end - bytes)))
        return next_quoted(r, bytes, n, last, record);
    line = text_end;
    if (!split_line(r, bytes, &line))
        return CSV_STATUS_MEMORY;
    if (line != text_end)
        end = line;
    finish_record(r, record, bytes, end, n);
    return CSV_STATUS_RECORD;
}

/* At the start of a file these would be a byte order mark and a spreadsheet's "sep="
 * line. */
static bool means_something(const char *bytes, size_t n)
{
    return (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) ||
           ((n == 4 || n == 5) && memcmp(bytes, "sep=", 4) == 0);
}

static bool needs_quotes(const char *bytes, size_t n)
{
    if (means_something(bytes, n))
        return true;
    if (n > 0 && (is_blank((unsigned char)bytes[0]) ||
                  is_blank((unsigned char)bytes[n - 1])))
        return true;
    for (size_t i = 0; i < n; i++)
        switch (bytes[i]) {
        case '"':
        case ',':
        case '\n':
        case '\r':
            return true;
        }
    return false;
}

void csv_put_cell(struct str *out, const char *bytes, size_t n)
{
    if (!needs_quotes(bytes, n)) {
        str_add(out, bytes, n);
        return;
    }
    str_putc(out, '"');
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '"')
            str_putc(out, '"');
        str_putc(out, bytes[i]);
    }
    str_putc(out, '"');
}
