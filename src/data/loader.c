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
#include "data/loader_own.h"
#include "data/places.h"

enum {
    BLOCK = 1 << 18,          /* bytes read at a time */
    SAMPLE_LINES = 16,        /* the sample holds so many lines ... */
    SAMPLE_MAX = 1 << 24,     /* ... or so many bytes */
    COLUMNS_MAX = 1000000,
};

static bool no_memory(const struct loader *l, struct error *err)
{
    return error_set(err, ERROR_MEMORY, "not enough memory for the table at line %zu",
                     l->line);
}

static void prefix_path(const struct loader *l, struct error *err)
{
    const char *name = source_name(l->source);

    if (err && strncmp(err->text, name, strlen(name)) != 0)
        error_prefix(err, "%s", name);
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

/* Reads a block, or as much again as is waiting, so that long records stay linear; less
 * where a pipe has no more yet. */
static bool read_more(struct loader *l, struct error *err)
{
    size_t want = l->end - l->begin > BLOCK ? l->end - l->begin : BLOCK, n = 0;

    if (!grow_text(l, want))
        return no_memory(l, err);
    l->later = false;
    while (want >= 64 && !l->at_end && !l->later) {
        if (!source_read(l->source, l->text + l->end, want, &n, err))
            return false;
        l->later = source_later(l->source);
        l->at_end = n == 0 && !l->later;
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

/* False with `later` unset: a failure. */
static bool read_sample(struct loader *l, struct error *err)
{
    do {
        if (!read_more(l, err) || l->later)
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

static bool make_columns(struct loader *l, struct dataset *d, struct error *err)
{
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

/* The first file says what the columns are called. */
static bool name_columns(struct loader *l, struct error *err)
{
    size_t n = l->layout.n_columns, changed;
    char count[COUNT_TEXT];

    l->header = l->layout.header_rows > 0;
    l->n_names = n;
    l->names = names_make(l->layout.names, n, &changed);
    l->originals = try_calloc(n, sizeof *l->originals);
    if (!l->names || !l->originals)
        return no_memory(l, err);
    for (size_t i = 0; i < n; i++)
        str_add(&l->originals[i], str_text(&l->layout.names[i]),
                l->layout.names[i].length);
    if (changed > 0 && l->header)
        str_printf(
            &l->dataset->notes,
            "%s column name%s empty, doubled or not printable and replaced\n",
            count_text(changed, count), changed == 1 ? " was" : "s were");
    return make_columns(l, l->dataset, err);
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

/* A further file brings the same columns, in its own order. */
static bool match_columns(struct loader *l, struct error *err)
{
    const struct dataset *d = l->dataset;
    size_t n = (size_t)d->n_columns;

    if (l->header) {
        l->place = places_find(l->layout.names, l->layout.n_columns, l->originals, n,
                               d->files[0].name, err);
        return l->place != NULL;
    }
    return l->layout.n_columns == n ||
           error_set(err, ERROR_INPUT, "it has %zu columns, and %s has %zu",
                     l->layout.n_columns, d->files[0].name, n);
}

/* Whether a line holds names is asked of the first file only. */
static bool find_layout(struct loader *l, size_t width, const char *text, size_t n,
                        struct error *err)
{
    struct load_options options = l->options;

    if (l->names)
        options.header = l->header ? 1 : -1;
    return layout_find(&l->layout, &l->format, width, text, n, l->at_end, &options,
                       err) &&
           (l->names ? match_columns(l, err) : name_columns(l, err));
}

static bool begin_table(struct loader *l, struct error *err)
{
    size_t rows = loader_rows(l), most = l->options.max_rows;

    note_skipped(l, l->layout.offset);
    l->table_line = l->line + l->layout.line - 1;
    l->begin += l->layout.data_offset;
    l->line += l->layout.data_line - 1;
    l->reader = csv_reader_new(&l->format);
    csv_reader_expect(l->reader, l->layout.n_columns);
    l->intake = intake_new(l->dataset, &l->layout, &l->format, l->place, l->lines_before,
                           most > 0 ? most - rows : 0);
    return l->intake || no_memory(l, err);
}

static bool look(struct loader *l, struct error *err)
{
    const char *text;
    size_t n, width;

    if (!skip_lines(l, err))
        return false;
    note_kind(l);
    text = l->text + l->begin;
    n = l->end - l->begin;
    if (!dialect_detect(text, n, l->at_end, &l->options, &l->format, &width,
                        &l->line_end))
        return no_memory(l, err);
    if (n >= 6 && strncasecmp(text, "sep=", 4) == 0 && l->format.delimiter == text[4]) {
        size_t length = text[5] == '\r' && n > 6 && text[6] == '\n' ? 7 : 6;

        l->begin += length;
        l->line++;
        text += length;
        n -= length;
    }
    return find_layout(l, width, text, n, err) && begin_table(l, err);
}

static void file_done(struct loader *l)
{
    intake_free(l->intake);
    source_close(l->source);
    layout_done(&l->layout);
    csv_reader_free(l->reader);
    free(l->place);
    l->intake = NULL;
    l->source = NULL;
    l->reader = NULL;
    l->place = NULL;
}

static void loader_free(struct loader *l)
{
    file_done(l);
    for (size_t i = 0; l->originals && i < l->n_names; i++)
        str_done(&l->originals[i]);
    for (size_t i = 0; l->names && i < l->n_names; i++)
        free(l->names[i]);
    free(l->originals);
    free(l->names);
    dataset_unref(l->dataset);
    load_options_done(&l->options);
    str_done(&l->notes);
    free(l->first_note);
    free(l->path);
    free(l->text);
    free(l);
}

static const char *path_of(const struct loader *l, size_t file)
{
    return file == 0 ? l->path : l->options.more[file - 1];
}

static bool begin_file(struct loader *l, struct error *err)
{
    l->source = source_open(path_of(l, l->n_done), l->options.encoding, err);
    if (!l->source)
        return false;
    dataset_begin_file(l->dataset, source_name(l->source), l->lines_before);
    l->begin = l->end = 0;
    l->at_end = l->suspect = false;
    l->line = 1;
    return true;
}

/* What is missing is said before anything is read. */
static bool files_there(const struct loader *l, struct error *err)
{
    for (size_t i = 0; i < l->options.n_more; i++) {
        struct source *s = source_open(l->options.more[i], NULL, err);

        if (!s)
            return false;
        source_close(s);
    }
    return true;
}

struct loader *loader_new(const char *path, const struct load_options *options,
                          struct error *err)
{
    static const struct load_options usual;
    struct loader *l = xcalloc(1, sizeof *l);

    l->path = xstrdup(path);
    l->options = load_options_copy(options ? options : &usual);
    l->dataset = dataset_new(path, &l->options);
    if (begin_file(l, err) && files_there(l, err))
        return l;
    loader_free(l);
    return NULL;
}

/* ---- the end of a file ---- */

static bool end_file(struct loader *l, struct error *err)
{
    if (!intake_end(l->intake, err))
        return false;
    if (intake_rows(l->intake) == 0 && l->layout.trouble)
        return error_set(err, ERROR_INPUT, "quote opened in line %zu never closed",
                         l->table_line);
    loader_note_file(l);
    l->lines_before += l->line;
    l->n_done++;
    return true;
}

/* ---- slices ---- */

static bool enough(const struct loader *l)
{
    return l->options.max_rows > 0 && loader_rows(l) >= l->options.max_rows;
}

static enum step read_file(struct loader *l, struct error *err)
{
    enum step step;

    if (!l->reader) {
        if (!read_sample(l, err))
            return l->later ? STEP_MORE : STEP_FAILED;
        return look(l, err) ? STEP_MORE : STEP_FAILED;
    }
    step = read_records(l, err);
    return step == STEP_DONE && !end_file(l, err) ? STEP_FAILED : step;
}

enum step loader_step(struct loader *l, struct error *err)
{
    enum step step;

    if (!l->source)
        return begin_file(l, err) ? STEP_MORE : STEP_FAILED;
    step = read_file(l, err);
    if (step == STEP_FAILED)
        prefix_path(l, err);
    if (step != STEP_DONE || l->n_done > l->options.n_more || enough(l))
        return step;
    file_done(l);
    return STEP_MORE;
}

double loader_progress(const struct loader *l)
{
    double files = (double)l->options.n_more + 1;
    bool open = l->source && l->n_done <= l->options.n_more;

    return ((double)l->n_done + (open ? source_progress(l->source) : 0)) / files;
}

size_t loader_rows(const struct loader *l)
{
    return l->rows_taken + l->dataset->rows;
}

size_t loader_waiting(const struct loader *l)
{
    return l->dataset->rows;
}

/* ---- tables ---- */

static bool freeze(struct loader *l, struct error *err)
{
    struct dataset *d = l->dataset;
    size_t n = (size_t)d->n_columns;
    bool ok;

    d->names = name_index_new(n);
    d->originals = name_index_new(n);
    ok = d->names && d->originals;
    for (size_t i = 0; ok && i < n; i++) {
        const struct str *original = &l->originals[i];

        ok = column_freeze(d->columns[i], l->names[i],
                           (struct cell){str_text(original), (uint32_t)original->length},
                           d->missing);
        if (!ok)
            break;
        name_index_add(d->names, column_name(d->columns[i]), (int)i);
        name_index_add(d->originals, column_original_name(d->columns[i]).text, (int)i);
    }
    return ok || no_memory(l, err);
}

/* An empty table with the same columns, which knows what was repaired so far. */
static struct dataset *next_table(struct loader *l, struct error *err)
{
    struct dataset *d = l->dataset, *next = dataset_new(l->path, &l->options);

    for (size_t i = 0; i < d->n_files; i++)
        dataset_begin_file(next, d->files[i].name, d->files[i].lines);
    if (!make_columns(l, next, err)) {
        dataset_unref(next);
        return NULL;
    }
    memcpy(next->repairs, d->repairs, sizeof next->repairs);
    next->repair_notes = d->repair_notes;
    next->n_repair_notes = d->n_repair_notes;
    next->repair_room = d->repair_room;
    next->notes = d->notes;
    memset(d->repairs, 0, sizeof d->repairs);
    d->repair_notes = NULL;
    d->n_repair_notes = d->repair_room = 0;
    d->notes = (struct str){0};
    return next;
}

struct dataset *loader_take(struct loader *l, struct error *err)
{
    struct dataset *d = l->dataset, *next;

    d->dialect = loader_dialect(l);
    if (!freeze(l, err) || !(next = next_table(l, err)))
        return NULL;
    l->taken = true;
    l->rows_taken += d->rows;
    l->dataset = next;
    intake_turn(l->intake, next);
    return d;
}

struct dataset *loader_finish(struct loader *l, struct error *err)
{
    struct dataset *d = NULL;

    if (freeze(l, err)) {
        l->dataset->notes = l->notes;
        l->notes = (struct str){0};
        if (!l->taken) /* of a table in pieces nobody has all texts */
            loader_note_missing(l);
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
