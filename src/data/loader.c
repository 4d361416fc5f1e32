/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a file to a dataset: text in blocks from the source, records from the reader, rows
 * through the intake into the columns.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/dataset_own.h"
#include "data/intake.h"
#include "data/layout.h"
#include "data/source.h"

enum {
    BLOCK = 1 << 18,          /* bytes read at a time */
    SAMPLE_LINES = 16,        /* the sample holds so many lines ... */
    SAMPLE_MAX = 1 << 24,     /* ... or so many bytes */
    COLUMNS_MAX = 1000000,
};

struct loader {
    struct load_options options;
    char *encoding;
    struct source *source;
    struct dataset *dataset;
    struct layout layout;
    struct csv_format format;
    struct csv_reader *reader;
    struct intake *intake;
    char *text;               /* [begin, end) is read and not yet cut into records */
    size_t begin, end, room;
    bool at_end;              /* nothing comes after text */
    bool suspect;             /* text holds NUL bytes or invalid UTF-8 */
    size_t line;              /* of text[begin] */
    size_t table_line;        /* where the table begins */
};

static bool no_memory(const struct loader *l, struct error *err)
{
    return error_set(err, ERROR_MEMORY, "not enough memory for the table at line %zu",
                     l->line);
}

static void prefix_path(const struct loader *l, struct error *err)
{
    char *path = show(l->dataset->path, 0);

    if (err && strncmp(err->text, path, strlen(path)) != 0)
        error_prefix(err, "%s", path);
    free(path);
}

/* ---- text ---- */

/* The part of text[0..n) that does not end within a character. */
static size_t whole_characters(const char *text, size_t n)
{
    size_t i = n;

    while (i > 0 && n - i < 3 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
        i--;
    return i > 0 && (unsigned char)text[i - 1] >= 0xc0 ? i - 1 : n;
}

static bool is_suspect(const char *p, size_t n, bool at_end)
{
    return memchr(p, 0, n) ||
           (source_any_high(p, n) && !utf8_valid(p, at_end ? n : whole_characters(p, n)));
}

static bool grow_text(struct loader *l, size_t want)
{
    char *text;

    if (l->begin > 0) {
        memmove(l->text, l->text + l->begin, l->end - l->begin);
        l->end -= l->begin;
        l->begin = 0;
    }
    if (l->room - l->end >= want)
        return true;
    text = try_realloc(l->text, l->end + want, 1);
    if (!text)
        return false;
    l->text = text;
    l->room = l->end + want;
    return true;
}

/* Reads a block, or as much again as is waiting, so that long records stay linear. */
static bool read_more(struct loader *l, struct error *err)
{
    size_t want = l->end - l->begin > BLOCK ? l->end - l->begin : BLOCK, n = 0;

    if (!grow_text(l, want))
        return no_memory(l, err);
    while (want >= 64 && !l->at_end) {
        if (!source_read(l->source, l->text + l->end, want, &n, err))
            return false;
        l->at_end = n == 0;
        l->end += n;
        want -= n;
    }
    if (l->at_end && l->end > 0 && l->text[l->end - 1] == '\x1a') {
        l->end--;
        str_puts(&l->dataset->notes,
                 "a DOS end-of-file mark (^Z) at the end was dropped\n");
    }
    l->suspect = is_suspect(l->text + l->begin, l->end - l->begin, l->at_end);
    return true;
}

static size_t count_lines(const char *p, size_t n, size_t enough)
{
    size_t lines = 0;
    const char *end = p + n;

    for (; p < end && lines < enough; p++)
        lines += *p == '\n' || *p == '\r';
    return lines;
}

static bool read_sample(struct loader *l, struct error *err)
{
    do {
        if (!read_more(l, err))
            return false;
    } while (!l->at_end && l->end < SAMPLE_MAX &&
             count_lines(l->text, l->end, SAMPLE_LINES) < SAMPLE_LINES);
    return true;
}

/* ---- records ---- */

static enum step read_records(struct loader *l, struct error *err)
{
    size_t until = l->begin + BLOCK;

    while (!intake_full(l->intake) && l->begin < until) {
        struct csv_record r;
        enum csv_status status = CSV_STATUS_MORE;

        if (l->begin < l->end)
            status = csv_reader_next(l->reader, l->text + l->begin, l->end - l->begin,
                                     l->at_end, &r);
        if (status == CSV_STATUS_MORE) {
            if (l->at_end)
                return STEP_DONE;
            return read_more(l, err) ? STEP_MORE : STEP_FAILED;
        }
        if (status == CSV_STATUS_MEMORY) {
            no_memory(l, err);
            return STEP_FAILED;
        }
        if (status == CSV_STATUS_LONG) {
            error_set(err, ERROR_INPUT, "line %zu is longer than %zu MB", l->line,
                      CSV_RECORD_MAX >> 20);
            return STEP_FAILED;
        }
        if (!intake_take(l->intake, &r, l->line, l->suspect, err))
            return STEP_FAILED;
        l->begin += r.length;
        l->line += r.lines;
    }
    return intake_full(l->intake) ? STEP_DONE : STEP_MORE;
}

enum step loader_step(struct loader *l, struct error *err)
{
    enum step step = read_records(l, err);

    if (step == STEP_FAILED)
        prefix_path(l, err);
    return step;
}

double loader_progress(const struct loader *l)
{
    return source_progress(l->source);
}

size_t loader_rows(const struct loader *l)
{
    return l->dataset->rows;
}

/* ---- beginning ---- */

/* Lines that a person wants left out, counted before anything is known of the file. */
static bool skip_lines(struct loader *l, struct error *err)
{
    long n = l->options.skip_set ? l->options.skip : 0;

    for (; n > 0; n--) {
        const char *p = l->text + l->begin, *end = l->text + l->end;

        while (p < end && *p != '\n' && *p != '\r')
            p++;
        if (p == end)
            return error_set(
                err, ERROR_USAGE,
                "cannot skip %ld lines: line %zu ends it, or %zu bytes are read",
                l->options.skip, l->line, l->end);
        p += *p == '\r' && end - p > 1 && p[1] == '\n' ? 2 : 1;
        l->begin = (size_t)(p - l->text);
        l->line++;
    }
    return true;
}

static bool starts(const struct loader *l, const char *text)
{
    size_t n = strlen(text), at = l->begin;

    while (at < l->end && strchr(" \t\r\n", l->text[at]) && l->text[at])
        at++;
    return l->end - at >= n && strncasecmp(l->text + at, text, n) == 0;
}

static void note_kind(struct loader *l)
{
    struct str *notes = &l->dataset->notes;

    if (starts(l, "<!doctype html") || starts(l, "<html"))
        str_puts(notes, "warning: this looks like a web page (HTML), not like a table\n");
    else if (starts(l, "<?xml"))
        str_puts(notes, "warning: this looks like XML, not like a table\n");
    else if (starts(l, "{\"") || starts(l, "[{") || starts(l, "[[") || starts(l, "{\n"))
        str_puts(notes, "warning: this looks like JSON, not like a table\n");
}

static bool make_columns(struct loader *l, struct error *err)
{
    struct dataset *d = l->dataset;
    size_t n = l->layout.n_columns;

    if (n > COLUMNS_MAX)
        return error_set(err, ERROR_INPUT, "%zu columns are more than %d", n,
                         COLUMNS_MAX);
    d->columns = try_calloc(n, sizeof *d->columns);
    if (!d->columns)
        return no_memory(l, err);
    d->n_columns = (int)n;
    for (size_t i = 0; i < n; i++) {
        d->columns[i] = column_new();
        if (!d->columns[i])
            return no_memory(l, err);
    }
    return true;
}

/* Lines before the table are listed as not read. */
static void note_skipped(struct loader *l, size_t n)
{
    const char *p = l->text + l->begin, *end = p + n;
    size_t line = l->line;

    while (p < end) {
        const char *q = memchr(p, l->format.line_end, (size_t)(end - p));
        size_t length;

        if (!q)
            q = end;
        length = (size_t)(q - p);
        while (length > 0 && p[length - 1] == '\r')
            length--;
        if (length > 0)
            dataset_add_repair(l->dataset, REPAIR_SKIPPED, line, p, length);
        line++;
        p = q + 1;
    }
}

static bool look(struct loader *l, struct error *err)
{
    struct dialect *dialect = &l->dataset->dialect;
    const char *text;
    size_t n, width;

    if (!read_sample(l, err) || !skip_lines(l, err))
        return false;
    note_kind(l);
    text = l->text + l->begin;
    n = l->end - l->begin;
    if (!dialect_detect(text, n, l->at_end, &l->options, &l->format, &width,
                        &dialect->line_end))
        return no_memory(l, err);
    if (n >= 6 && strncasecmp(text, "sep=", 4) == 0 && l->format.delimiter == text[4]) {
        size_t length = text[5] == '\r' && n > 6 && text[6] == '\n' ? 7 : 6;

        l->begin += length;
        l->line++;
        text += length;
        n -= length;
    }
    if (!layout_find(&l->layout, &l->format, width, text, n, l->at_end, &l->options,
                     err) ||
        !make_columns(l, err))
        return false;
    note_skipped(l, l->layout.offset);
    l->table_line = l->line + l->layout.line - 1;
    l->begin += l->layout.data_offset;
    l->line += l->layout.data_line - 1;
    l->reader = csv_reader_new(&l->format);
    csv_reader_expect(l->reader, l->layout.n_columns);
    l->intake = intake_new(l->dataset, &l->layout, &l->format, l->options.max_rows);
    return l->intake || no_memory(l, err);
}

static void loader_free(struct loader *l)
{
    intake_free(l->intake);
    source_close(l->source);
    layout_done(&l->layout);
    csv_reader_free(l->reader);
    dataset_unref(l->dataset);
    free(l->encoding);
    free(l->text);
    free(l);
}

struct loader *loader_new(const char *path, const struct load_options *options,
                          struct error *err)
{
    struct loader *l = xcalloc(1, sizeof *l);

    if (options)
        l->options = *options;
    l->dataset = dataset_new(path, l->options.missing);
    l->encoding = l->options.encoding ? xstrdup(l->options.encoding) : NULL;
    l->line = 1;
    l->source = source_open(path, l->encoding, err);
    if (!l->source || !look(l, err)) {
        prefix_path(l, err);
        loader_free(l);
        return NULL;
    }
    return l;
}

/* ---- end ---- */

static bool name_columns(struct loader *l, struct error *err)
{
    struct dataset *d = l->dataset;
    size_t n = l->layout.n_columns, changed;
    char **names = names_make(l->layout.names, n, &changed);
    bool ok = names != NULL;

    d->names = name_index_new(n);
    d->originals = name_index_new(n);
    ok = ok && d->names && d->originals;
    for (size_t i = 0; ok && i < n; i++) {
        const struct str *original = &l->layout.names[i];

        ok = column_freeze(d->columns[i], names[i],
                           (struct cell){str_text(original), (uint32_t)original->length},
                           d->missing);
        if (!ok)
            break;
        name_index_add(d->names, column_name(d->columns[i]), (int)i);
        name_index_add(d->originals, column_original_name(d->columns[i]).text, (int)i);
    }
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
    if (changed > 0 && l->layout.header_rows > 0)
        str_printf(
            &d->notes,
            "%zu column name%s empty, doubled or not printable and replaced\n",
            changed, changed == 1 ? " was" : "s were");
    return ok || no_memory(l, err);
}

static void note_dialect(struct loader *l)
{
    struct dialect *dialect = &l->dataset->dialect;
    struct str *notes = &l->dataset->notes;
    char room[8];

    dialect->delimiter = l->format.delimiter;
    dialect->quote = l->format.quote;
    dialect->escape = l->format.escape;
    dialect->skip_blanks = l->format.skip_blanks;
    dialect->header = l->layout.header_rows > 0;
    dialect->header_lines = l->layout.header_rows;
    dialect->skipped_lines = l->layout.skipped;
    dialect->encoding = source_encoding(l->source);
    dialect->gzip = source_gzip(l->source);
    str_printf(notes, "delimiter %s%s, quote %c%s, %s, %s line ends%s\n",
               dialect_delimiter_name(dialect->delimiter, room),
               dialect->skip_blanks ? " and blank" : "",
               dialect->quote ? dialect->quote : '-',
               dialect->escape ? " with backslash escapes" : "", dialect->encoding,
               dialect->line_end, dialect->gzip ? ", gzip" : "");
}

static void note_encoding(struct loader *l)
{
    struct str *notes = &l->dataset->notes;
    const char *line_end = l->dataset->dialect.line_end;

    if (source_marks(l->source) > 1)
        str_printf(notes, "%zu byte order marks at the start\n", source_marks(l->source));
    if (strcmp(source_encoding(l->source), "CP1252") == 0)
        str_puts(notes, "not UTF-8: read as CP1252 (Windows Latin-1)\n");
    if (strcmp(line_end, "mixed") == 0 || strcmp(line_end, "CRCRLF") == 0)
        str_printf(notes, "%s line ends: each was taken as one\n", line_end);
}

static void note_layout(struct loader *l)
{
    const struct layout *t = &l->layout;
    struct str *notes = &l->dataset->notes;

    if (t->skipped > 0)
        str_printf(notes, "%zu lines before the table were not read\n", t->skipped);
    if (t->header_rows == 0)
        str_puts(notes, "no names in the file: the columns are col_1, col_2 ...\n");
    else if (t->header_rows > 1)
        str_printf(notes, "names from %zu lines, from line %zu on\n", t->header_rows,
                   l->table_line);
    if (t->names_shifted)
        str_puts(notes, "one name too few: the first column has none\n");
}

/* Texts of two capital letters: then NA may be Namibia. */
static bool holds_codes(const struct column *c)
{
    size_t n = column_dictionary_size(c), codes = 0;

    for (size_t i = 0; i < n; i++) {
        struct cell cell = column_dictionary_cell(c, i);

        if (cell.length == 0)
            continue;
        if (cell.length != 2 || cell.text[0] < 'A' || cell.text[0] > 'Z' ||
            cell.text[1] < 'A' || cell.text[1] > 'Z')
            return false;
        codes++;
    }
    return codes > 2;
}

static void note_missing(struct loader *l)
{
    const struct dataset *d = l->dataset;

    if (!missing_has(d->missing, "NA", 2))
        return;
    for (int k = 0; k < d->n_columns; k++) {
        const struct column *c = d->columns[k];

        for (size_t i = 0; i < column_dictionary_size(c); i++) {
            struct cell cell = column_dictionary_cell(c, i);

            if (cell.length == 2 && memcmp(cell.text, "NA", 2) == 0 && holds_codes(c))
                str_printf(
                    &l->dataset->notes,
                    "column %s holds two-letter codes, but NA in it counts as missing\n",
                    column_name(c));
        }
    }
}

/* How the file was read comes before what was noted on the way. */
static void write_notes(struct loader *l)
{
    struct str before = l->dataset->notes;

    l->dataset->notes = (struct str){0};
    note_dialect(l);
    note_encoding(l);
    note_layout(l);
    str_add(&l->dataset->notes, str_text(&before), before.length);
    note_missing(l);
    str_done(&before);
}

struct dataset *loader_finish(struct loader *l, struct error *err)
{
    struct dataset *d = NULL;
    bool ok = intake_end(l->intake, err);

    if (ok && l->dataset->rows == 0 && l->layout.trouble)
        ok = error_set(err, ERROR_INPUT, "quote opened in line %zu never closed",
                       l->table_line);
    if (ok && name_columns(l, err)) {
        write_notes(l);
        d = dataset_ref(l->dataset);
    } else {
        prefix_path(l, err);
    }
    loader_free(l);
    return d;
}

void loader_cancel(struct loader *l)
{
    loader_free(l);
}

struct dataset *dataset_load(const char *path, const struct load_options *options,
                             struct error *err)
{
    struct loader *l = loader_new(path, options, err);
    enum step step = STEP_MORE;

    if (!l)
        return NULL;
    while (step == STEP_MORE)
        step = loader_step(l, err);
    if (step == STEP_DONE)
        return loader_finish(l, err);
    loader_cancel(l);
    return NULL;
}
