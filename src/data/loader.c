/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a file to a dataset: text in blocks from the source, records from the reader, cells into
 * columns. Rows that have not the table's width are repaired where there is one
 * obvious way, and wait in `pending` where the rows behind them decide: at the end of the file they
 * may be a footer or a second table.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/dataset_own.h"
#include "data/layout.h"
#include "data/sample.h"
#include "data/source.h"

enum {
    BLOCK = 1 << 18,          /* bytes read at a time */
    SAMPLE_LINES = 16,        /* the sample holds so many lines ... */
    SAMPLE_MAX = 1 << 24,     /* ... or so many bytes */
    COLUMNS_MAX = 1000000,
    PENDING_MAX = 64,
};

/* A row that waits for those behind it. */
struct waiting {
    size_t line;
    bool after_blank; /* a blank line stands before it */
    struct str text;  /* the cells, each followed by a NUL ... */
    uint32_t *lengths; /* ... and their lengths (n) */
    size_t n;
};

struct loader {
    struct load_options options;
    char *encoding;
    struct source *source;
    struct dataset *dataset;
    struct layout layout;
    struct csv_format format;
    struct csv_reader *reader;
    char *text;               /* [begin, end) is read and not yet cut into records */
    size_t begin, end, room;
    bool at_end;              /* nothing comes after text */
    bool suspect;             /* text holds NUL bytes or invalid UTF-8 */
    size_t line;              /* of text[begin] */
    size_t blank_rows;        /* one column: missing values not yet added */
    bool after_blank;         /* the line before was blank */
    bool done, second_table;
    struct waiting waiting[PENDING_MAX];
    size_t n_waiting;
    struct cell *row;         /* (n_columns) scratch for a repaired row */
};

static bool no_memory(const struct loader *l, struct error *err)
{
    return error_set(err, ERROR_MEMORY, "not enough memory for the table at line %zu", l->line);
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

static bool any_high(const char *p, size_t n)
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

static bool is_suspect(const char *p, size_t n, bool at_end)
{
    return memchr(p, 0, n) ||
           (any_high(p, n) && !utf8_valid(p, at_end ? n : whole_characters(p, n)));
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
        str_puts(&l->dataset->notes, "a DOS end-of-file mark (^Z) at the end was dropped\n");
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

/* ---- rows ---- */


static void note_cells(struct loader *l, enum repair kind, size_t line, const struct cell *cells,
                       size_t n)
{
    struct repair_note room;
    char text[sizeof room.text];
    size_t put = 0;

    for (size_t i = 0; i < n && put + 1 < sizeof text; i++) {
        size_t part = cells[i].length;

        if (i > 0)
            text[put++] = l->format.delimiter > 0 && l->format.delimiter < 256
                              ? (char)l->format.delimiter : ' ';
        if (part > sizeof text - put)
            part = sizeof text - put;
        memcpy(text + put, cells[i].text, part);
        put += part;
    }
    dataset_add_repair(l->dataset, kind, line, text, put);
}

static void check_cells(struct loader *l, const struct cell *cells, size_t line)
{
    for (size_t i = 0; i < l->layout.n_columns; i++) {
        if (!utf8_valid(cells[i].text, cells[i].length))
            note_cells(l, REPAIR_ENCODING, line, &cells[i], 1);
        if (memchr(cells[i].text, 0, cells[i].length))
            note_cells(l, REPAIR_NUL, line, &cells[i], 1);
    }
}

static bool add_row(struct loader *l, const struct cell *cells, size_t line)
{
    struct dataset *d = l->dataset;

    if (l->suspect)
        check_cells(l, cells, line);
    for (int i = 0; i < d->n_columns; i++)
        if (!column_append(d->columns[i], cells[i].text, cells[i].length))
            return false;
    d->rows++;
    l->done = l->options.max_rows > 0 && d->rows == l->options.max_rows;
    return lines_add(&d->lines, line);
}

static bool add_padded(struct loader *l, const struct cell *cells, size_t n, size_t line)
{
    for (size_t i = 0; i < l->layout.n_columns; i++)
        l->row[i] = i < n ? cells[i] : (struct cell){"", 0};
    return add_row(l, l->row, line);
}

static bool is_typed(enum cell_class class)
{
    return class == CELL_NUMBER || class == CELL_DATE || class == CELL_TIME;
}

/* How well cells[0..n_columns) look like what their columns hold, leaving out cell `out`. */
static size_t count_alike(const struct loader *l, const struct cell *cells, size_t n, size_t out)
{
    size_t alike = 0;

    for (size_t i = 0, j = 0; i < n && j < l->layout.n_columns; i++) {
        enum cell_class here;

        if (i == out)
            continue;
        here = cell_class(cells[i]);
        alike += l->layout.classes[j] == CELL_TEXT ? !is_typed(here) && here != CELL_EMPTY
                                                   : here == l->layout.classes[j];
        j++;
    }
    return alike;
}

/* One cell too many: the empty one without which the others fit best, or n. */
static size_t find_surplus(const struct loader *l, const struct cell *cells, size_t n)
{
    size_t best = n, most = 0;

    for (size_t i = n; i-- > 0;) {
        size_t alike;

        if (cells[i].length > 0)
            continue;
        alike = count_alike(l, cells, n, i);
        if (best == n || alike > most) {
            best = i;
            most = alike;
        }
    }
    return best;
}

static bool add_long(struct loader *l, const struct csv_record *r, size_t line)
{
    size_t n = l->layout.n_columns, k = 0, filled = r->n, surplus;

    while (filled > 0 && r->cells[filled - 1].length == 0)
        filled--;
    if (r->n == n + 1 && (surplus = find_surplus(l, r->cells, r->n)) < r->n) {
        for (size_t i = 0; i < r->n; i++)
            if (i != surplus)
                l->row[k++] = r->cells[i];
    } else if (filled <= n) {
        for (; k < n; k++)
            l->row[k] = r->cells[k];
    } else {
        note_cells(l, REPAIR_LONG, line, r->cells, r->n);
        return true;
    }
    note_cells(l, REPAIR_LONG_EMPTY, line, r->cells, r->n);
    return add_row(l, l->row, line);
}

/* ---- rows that wait ---- */

static void free_waiting(struct loader *l)
{
    for (size_t i = 0; i < l->n_waiting; i++) {
        str_done(&l->waiting[i].text);
        free(l->waiting[i].lengths);
    }
    l->n_waiting = 0;
}

static struct cell waiting_cell(const struct waiting *w, size_t i, size_t *at)
{
    struct cell cell = {w->text.text + *at, w->lengths[i]};

    *at += w->lengths[i] + 1;
    return cell;
}

/* Cells of a waiting row, in l->row (as many as fit); the number of cells. */
static size_t take_waiting(struct loader *l, const struct waiting *w)
{
    size_t at = 0, n = w->n < l->layout.n_columns ? w->n : l->layout.n_columns;

    for (size_t i = 0; i < n; i++)
        l->row[i] = waiting_cell(w, i, &at);
    return n;
}

static void skip_waiting(struct loader *l)
{
    for (size_t i = 0; i < l->n_waiting; i++) {
        size_t n = take_waiting(l, &l->waiting[i]);

        note_cells(l, REPAIR_SKIPPED, l->waiting[i].line, l->row, n);
    }
    free_waiting(l);
}

static bool add_waiting(struct loader *l)
{
    for (size_t i = 0; i < l->n_waiting && !l->done; i++) {
        size_t n = take_waiting(l, &l->waiting[i]);

        if (n < l->layout.n_columns)
            note_cells(l, REPAIR_SHORT, l->waiting[i].line, l->row, n);
        if (!add_padded(l, l->row, n, l->waiting[i].line))
            return false;
    }
    free_waiting(l);
    return true;
}

/* True for a line of names: several words, nothing else. */
static bool all_words(struct loader *l, const struct waiting *w)
{
    size_t n = take_waiting(l, w);

    for (size_t i = 0; i < n; i++) {
        enum cell_class class = cell_class(l->row[i]);

        if (class != CELL_WORD && class != CELL_TEXT)
            return false;
    }
    return n >= 2;
}

/* The waiting rows are a table of their own: behind a blank line names, then rows as wide. */
static bool is_second_table(struct loader *l)
{
    const struct waiting *w = l->waiting;

    if (l->n_waiting < 2 || !w[0].after_blank || !all_words(l, &w[0]))
        return false;
    for (size_t i = 1; i < l->n_waiting; i++)
        if (w[i].n != w[0].n)
            return false;
    return true;
}

static bool is_total(struct cell cell)
{
    static const char *const words[] = {"total", "totals", "grand total", "sum", "subtotal"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);

        if (cell.length >= n && cell.length <= n + 1 && strncasecmp(cell.text, words[i], n) == 0 &&
            (cell.length == n || cell.text[n] == ':'))
            return true;
    }
    return false;
}

/* One line of text behind the last row, or a line of sums. */
static bool is_footer(struct loader *l, const struct waiting *w)
{
    size_t n = take_waiting(l, w);

    if (is_total(l->row[0]))
        return true;
    return w->n == 1 && (w->after_blank || n + 1 < l->layout.n_columns) &&
           !is_typed(cell_class(l->row[0]));
}

/* Where the file ends, or enough rows wait. */
static bool judge_waiting(struct loader *l)
{
    size_t n = l->n_waiting;

    if (is_second_table(l)) {
        l->second_table = true;
        skip_waiting(l);
        return true;
    }
    while (l->at_end && n > 0 && is_footer(l, &l->waiting[n - 1]))
        n--;
    for (size_t i = 0; i < n; i++)
        if (l->waiting[i].n == 1 && l->waiting[i].after_blank && n < l->n_waiting)
            n = i;
    struct waiting footer[PENDING_MAX];
    size_t n_footer = l->n_waiting - n;

    memcpy(footer, l->waiting + n, n_footer * sizeof *footer);
    l->n_waiting = n;
    if (!add_waiting(l))
        return false;
    memcpy(l->waiting, footer, n_footer * sizeof *footer);
    l->n_waiting = n_footer;
    skip_waiting(l);
    return true;
}

static bool wait_row(struct loader *l, const struct csv_record *r, size_t line)
{
    struct waiting *w;

    if (l->n_waiting == PENDING_MAX && !judge_waiting(l))
        return false;
    w = &l->waiting[l->n_waiting];
    *w = (struct waiting){.line = line, .after_blank = l->after_blank, .n = r->n,
                          .lengths = try_alloc(r->n, sizeof *w->lengths)};
    if (!w->lengths)
        return false;
    l->n_waiting++;
    for (size_t i = 0; i < r->n; i++) {
        str_add(&w->text, r->cells[i].text, r->cells[i].length);
        str_putc(&w->text, '\0');
        w->lengths[i] = r->cells[i].length;
    }
    return true;
}

/* ---- records ---- */

static bool is_name(const struct loader *l, size_t column, struct cell cell)
{
    const struct str *name = &l->layout.names[column];

    return name->length == cell.length && memcmp(str_text(name), cell.text, cell.length) == 0;
}

/* The names again (perhaps one more or one fewer): a second table begins. */
static bool repeats_names(const struct loader *l, const struct csv_record *r)
{
    size_t n = l->layout.n_columns;

    if (l->layout.header_rows == 0 || r->n < 2 || n < 2 || r->n + 1 < n || r->n > n + 1)
        return false;
    for (size_t i = 0; i < r->n && i < n; i++)
        if (!is_name(l, i, r->cells[i]))
            return false;
    return true;
}

/* Behind a blank line words over all the columns of numbers: other names, another table. */
static bool has_other_names(const struct loader *l, const struct csv_record *r)
{
    size_t typed = 0;

    for (size_t i = 0; i < r->n; i++) {
        enum cell_class here = cell_class(r->cells[i]);

        if (here != CELL_WORD && here != CELL_TEXT)
            return false;
        typed += is_typed(l->layout.classes[i]);
    }
    return typed >= 2;
}

static bool too_wide(const struct loader *l, const struct csv_record *r, struct error *err)
{
    return error_set(err, ERROR_INPUT, "line %zu has %zu cells and the table %zu columns", l->line,
                     r->n, l->layout.n_columns);
}

static bool take_ragged(struct loader *l, const struct csv_record *r, struct error *err)
{
    size_t n = l->layout.n_columns;

    if (r->cells[0].length > 0 && r->cells[0].text[0] == '#') {
        note_cells(l, REPAIR_SKIPPED, l->line, r->cells, r->n);
        return true;
    }
    if (r->n > 100 * n + 1000)
        return too_wide(l, r, err);
    if (r->n < n)
        return wait_row(l, r, l->line) || no_memory(l, err);
    return (add_waiting(l) && add_long(l, r, l->line)) || no_memory(l, err);
}

static bool take_blank(struct loader *l, struct error *err)
{
    (void)err;
    l->after_blank = true;
    if (l->layout.n_columns == 1)
        l->blank_rows++;
    return true;
}

/* Blank lines of a one-column table become missing values when a row comes behind them. */
static bool add_blank_rows(struct loader *l)
{
    size_t line = l->line - l->blank_rows;

    for (; l->blank_rows > 0 && !l->done; l->blank_rows--)
        if (!add_row(l, &(struct cell){"", 0}, line++))
            return false;
    return true;
}

static bool take_record(struct loader *l, const struct csv_record *r, struct error *err)
{
    size_t n = l->layout.n_columns;
    bool ok;

    if (r->n == 0)
        return take_blank(l, err);
    if (l->blank_rows > 0 && !add_blank_rows(l))
        return no_memory(l, err);
    if (l->done)
        return true;
    if (r->trouble != CSV_TROUBLE_NONE)
        note_cells(l, REPAIR_QUOTE, l->line, r->cells, r->n);
    if (l->second_table || (is_name(l, 0, r->cells[0]) && repeats_names(l, r)) ||
        (l->after_blank && r->n == n && has_other_names(l, r))) {
        if (!l->second_table && !add_waiting(l))
            return no_memory(l, err);
        l->second_table = true;
        note_cells(l, REPAIR_SKIPPED, l->line, r->cells, r->n);
        return true;
    }
    if (r->n != n)
        ok = take_ragged(l, r, err);
    else if (is_total(r->cells[0]))
        ok = wait_row(l, r, l->line) || no_memory(l, err);
    else
        ok = ((l->n_waiting == 0 || add_waiting(l)) && (l->done || add_row(l, r->cells, l->line))) ||
             no_memory(l, err);
    l->after_blank = false;
    return ok;
}

enum step loader_step(struct loader *l, struct error *err)
{
    size_t until = l->begin + BLOCK;

    while (!l->done && l->begin < until) {
        struct csv_record r;
        enum csv_status status = CSV_STATUS_MORE;

        if (l->begin < l->end)
            status = csv_reader_next(l->reader, l->text + l->begin, l->end - l->begin, l->at_end,
                                     &r);
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
        if (!take_record(l, &r, err))
            return STEP_FAILED;
        l->begin += r.length;
        l->line += r.lines;
    }
    return l->done ? STEP_DONE : STEP_MORE;
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

static bool skip_lines(struct loader *l, struct error *err)
{
    long n = l->options.skip_set ? l->options.skip : 0;

    for (; n > 0; n--) {
        const char *end = memchr(l->text + l->begin, '\n', l->end - l->begin);

        if (!end)
            return error_set(err, ERROR_USAGE, "--skip %ld: it has only %zu lines in the first %zu bytes",
                             l->options.skip, l->line, l->end);
        l->begin = (size_t)(end + 1 - l->text);
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
        return error_set(err, ERROR_INPUT, "%zu columns are more than %d", n, COLUMNS_MAX);
    l->row = try_alloc(n, sizeof *l->row);
    d->columns = try_calloc(n, sizeof *d->columns);
    if (!l->row || !d->columns)
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
    if (!dialect_detect(text, n, l->at_end, &l->options, &l->format, &width, &dialect->line_end))
        return no_memory(l, err);
    if (n >= 6 && strncasecmp(text, "sep=", 4) == 0 && l->format.delimiter == text[4]) {
        size_t length = text[5] == '\r' && n > 6 && text[6] == '\n' ? 7 : 6;

        l->begin += length;
        l->line++;
        text += length;
        n -= length;
    }
    if (!layout_find(&l->layout, &l->format, width, text, n, l->at_end, &l->options, err) ||
        !make_columns(l, err))
        return false;
    note_skipped(l, l->layout.offset);
    l->begin += l->layout.data_offset;
    l->line += l->layout.data_line - 1;
    l->reader = csv_reader_new(&l->format);
    csv_reader_expect(l->reader, l->layout.n_columns);
    return true;
}

static void loader_free(struct loader *l)
{
    free_waiting(l);
    source_close(l->source);
    layout_done(&l->layout);
    csv_reader_free(l->reader);
    dataset_unref(l->dataset);
    free(l->encoding);
    free(l->text);
    free(l->row);
    free(l);
}

static void prefix_path(const struct loader *l, struct error *err)
{
    char *path = show(l->dataset->path, 0);

    if (err && strncmp(err->text, path, strlen(path)) != 0)
        error_prefix(err, "%s", path);
    free(path);
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
        str_printf(&d->notes, "%zu column names were empty, doubled or not printable and got others\n",
                   changed);
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
               dialect->skip_blanks ? " and blank" : "", dialect->quote ? dialect->quote : '-',
               dialect->escape ? " with backslash escapes" : "", dialect->encoding,
               dialect->line_end, dialect->gzip ? ", gzip" : "");
}

struct dataset *loader_finish(struct loader *l, struct error *err)
{
    struct dataset *d = NULL;

    if (!l->done && !judge_waiting(l)) {
        no_memory(l, err);
    } else if (l->dataset->rows == 0 && l->layout.trouble) {
        error_set(err, ERROR_INPUT, "quote opened in line %zu never closed",
                  l->layout.line);
    } else if (name_columns(l, err)) {
        note_dialect(l);
        d = dataset_ref(l->dataset);
    }
    if (!d)
        prefix_path(l, err);
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
    prefix_path(l, err);
    loader_cancel(l);
    return NULL;
}
