/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/intake.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/dataset_own.h"
#include "data/sample.h"

enum {
    WAITING_MAX = 64,
    UNCLOSED_NOTES = 3,        /* so many are worth a sentence each */
    REPAIR_COLUMNS_MAX = 4096, /* wider tables get no costly repairs ... */
    REPAIR_TEXT_MAX = 1 << 16, /* ... nor do longer rows */
    CELLS_FACTOR = 100, /* a line with more cells than this times the columns ... */
    CELLS_MORE = 1000,  /* ... and this is no row of the table */
};

/* A row that waits for those behind it. */
struct waiting {
    size_t line;
    bool after_blank;   /* a blank line stands before it */
    struct cell *cells; /* (n), their texts in `text` */
    size_t n;
    char *text;
};

struct intake {
    struct dataset *dataset;
    const struct layout *layout;
    const struct csv_format *format;
    const int *place;
    size_t lines;          /* of the files before */
    size_t rows, max_rows;
    struct cell *row;      /* (n_columns) scratch for a repaired row */
    bool suspect;          /* of the record in hand */
    size_t blank_rows;     /* one column: missing values not yet added */
    bool after_blank;      /* the line before was blank */
    size_t second_table;   /* line where it begins, 0: none */
    size_t second_lines;
    size_t unclosed;       /* quotes never closed */
    struct waiting waiting[WAITING_MAX];
    size_t n_waiting;
};

struct intake *intake_new(struct dataset *d, const struct layout *layout,
                          const struct csv_format *format, const int *place,
                          size_t lines, size_t max_rows)
{
    struct intake *in = xcalloc(1, sizeof *in);

    *in = (struct intake){.dataset = d, .layout = layout, .format = format,
                          .place = place, .lines = lines, .max_rows = max_rows,
                          .row = try_alloc(layout->n_columns, sizeof *in->row)};
    if (in->row)
        return in;
    free(in);
    return NULL;
}

static void free_waiting(struct intake *in, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        free(in->waiting[i].text);
        free(in->waiting[i].cells);
    }
}

void intake_free(struct intake *in)
{
    if (!in)
        return;
    free_waiting(in, 0, in->n_waiting);
    free(in->row);
    free(in);
}

void intake_turn(struct intake *in, struct dataset *d)
{
    in->dataset = d;
}

size_t intake_rows(const struct intake *in)
{
    return in->rows;
}

bool intake_full(const struct intake *in)
{
    return in->max_rows > 0 && in->rows >= in->max_rows;
}

/* The beginning of a row for the list of repairs. */
static void note_cells(struct intake *in, enum repair kind, size_t line,
                       const struct cell *cells, size_t n)
{
    char text[sizeof ((struct repair_note *)0)->text];
    int delimiter = in->format->delimiter;
    size_t put = 0;

    for (size_t i = 0; i < n && put + 1 < sizeof text; i++) {
        size_t part = cells[i].length;

        if (i > 0)
            text[put++] = delimiter == DELIMITER_BLANKS ? ' ' : (char)delimiter;
        if (part > sizeof text - put)
            part = sizeof text - put;
        memcpy(text + put, cells[i].text, part);
        put += part;
    }
    dataset_add_repair(in->dataset, kind, line, text, put);
}

static void check_cells(struct intake *in, const struct cell *cells, size_t line)
{
    for (size_t i = 0; i < in->layout->n_columns; i++) {
        if (!utf8_valid(cells[i].text, cells[i].length))
            note_cells(in, REPAIR_ENCODING, line, &cells[i], 1);
        if (memchr(cells[i].text, 0, cells[i].length))
            note_cells(in, REPAIR_NUL, line, &cells[i], 1);
    }
}

static bool add_row(struct intake *in, const struct cell *cells, size_t line)
{
    struct dataset *d = in->dataset;

    if (intake_full(in))
        return true;
    if (in->suspect)
        check_cells(in, cells, line);
    for (int i = 0; i < d->n_columns; i++)
        if (!column_append(d->columns[in->place ? in->place[i] : i], cells[i].text,
                           cells[i].length))
            return false;
    d->rows++;
    in->rows++;
    return lines_add(&d->lines, in->lines + line);
}

/* ---- rows of another width ---- */

/* How many cells look like what their columns hold, cell `out` being left out. */
static size_t count_alike(const struct intake *in, const struct cell *cells, size_t n,
                          size_t out)
{
    size_t alike = 0;

    for (size_t i = 0, j = 0; i < n && j < in->layout->n_columns; i++) {
        enum cell_class here, column = in->layout->classes[j];

        if (i == out)
            continue;
        here = cell_class(cells[i]);
        alike += column == CELL_TEXT ? !cell_class_typed(here) && here != CELL_EMPTY
                                     : here == column;
        j++;
    }
    return alike;
}

/* One cell too many: the empty one without which the others fit best, or n. */
static size_t find_surplus(const struct intake *in, const struct cell *cells, size_t n)
{
    size_t best = n, most = 0;

    for (size_t i = n; i-- > 0;) {
        size_t alike;

        if (cells[i].length > 0)
            continue;
        alike = count_alike(in, cells, n, i);
        if (best == n || alike > most) {
            best = i;
            most = alike;
        }
    }
    return best;
}

static bool add_long(struct intake *in, const struct csv_record *r, size_t line)
{
    size_t n = in->layout->n_columns, filled = r->n, surplus = r->n;

    while (filled > 0 && r->cells[filled - 1].length == 0)
        filled--;
    if (r->n == n + 1 && n < REPAIR_COLUMNS_MAX)
        surplus = find_surplus(in, r->cells, r->n);
    if (surplus == r->n && filled > n) {
        note_cells(in, REPAIR_LONG, line, r->cells, r->n);
        return true;
    }
    for (size_t i = 0; i < n; i++)
        in->row[i] = r->cells[i + (i >= surplus)];
    note_cells(in, REPAIR_LONG_EMPTY, line, r->cells, r->n);
    return add_row(in, in->row, line);
}

static bool add_padded(struct intake *in, const struct cell *cells, size_t n, size_t line)
{
    for (size_t i = 0; i < in->layout->n_columns; i++)
        in->row[i] = i < n ? cells[i] : (struct cell){"", 0};
    return add_row(in, in->row, line);
}

/* True if every number, date and time stands where one belongs, and there are some. */
static bool belongs(const struct intake *in, const struct cell *cells)
{
    size_t typed = 0;

    for (size_t i = 0; i < in->layout->n_columns; i++) {
        if (!cell_class_typed(in->layout->classes[i]))
            continue;
        if (cell_class(cells[i]) != in->layout->classes[i])
            return false;
        typed++;
    }
    return typed > 0;
}

/* ---- rows that wait ---- */

static bool wait_row(struct intake *in, const struct csv_record *r, size_t line)
{
    struct waiting *w = &in->waiting[in->n_waiting];
    size_t length = 0, put = 0;

    for (size_t i = 0; i < r->n; i++)
        length += r->cells[i].length;
    *w = (struct waiting){.line = line, .after_blank = in->after_blank, .n = r->n,
                          .cells = try_alloc(r->n, sizeof *w->cells),
                          .text = try_alloc(length + 1, 1)};
    in->n_waiting++;
    if (!w->cells || !w->text)
        return false;
    for (size_t i = 0; i < r->n; i++) {
        memcpy(w->text + put, r->cells[i].text, r->cells[i].length);
        w->cells[i] = (struct cell){w->text + put, r->cells[i].length};
        put += r->cells[i].length;
    }
    return true;
}

/* Adds the first n waiting rows to the table and lists the others as not read. */
static bool settle_waiting(struct intake *in, size_t n)
{
    bool ok = true;

    for (size_t i = 0; i < in->n_waiting; i++) {
        const struct waiting *w = &in->waiting[i];

        if (i >= n) {
            note_cells(in, REPAIR_SKIPPED, w->line, w->cells, w->n);
            continue;
        }
        if (w->n < in->layout->n_columns)
            note_cells(in, REPAIR_SHORT, w->line, w->cells, w->n);
        ok = ok && add_padded(in, w->cells, w->n, w->line);
    }
    free_waiting(in, 0, in->n_waiting);
    in->n_waiting = 0;
    return ok;
}

static bool all_words(const struct cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum cell_class class = cell_class(cells[i]);

        if (class != CELL_WORD && class != CELL_TEXT)
            return false;
    }
    return n >= 2;
}

/* The waiting rows are a table of their own: behind a blank line names, then rows as
 * wide. */
static bool is_second_table(const struct intake *in)
{
    const struct waiting *w = in->waiting;

    if (in->n_waiting < 2 || !w[0].after_blank || !all_words(w[0].cells, w[0].n))
        return false;
    for (size_t i = 1; i < in->n_waiting; i++)
        if (w[i].n != w[0].n)
            return false;
    return true;
}

/* Text in the first cell and nothing behind it. */
static bool stands_alone(const struct cell *cells, size_t n)
{
    return n > 0 && cells[0].length > 0 && (n == 1 || cells[n - 1].length == 0) &&
           cells_filled(cells, n) == 1;
}

static bool is_total(struct cell cell)
{
    static const char *const words[] = {"total", "totals", "grand total", "sum",
                                        "subtotal"};

    if (cell.length < 3 || !memchr("tTsSgG", cell.text[0], 6))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);

        if (cell.length >= n && cell.length <= n + 1 &&
            strncasecmp(cell.text, words[i], n) == 0 &&
            (cell.length == n || cell.text[n] == ':'))
            return true;
    }
    return false;
}

/* A line of text behind the last row, a line of sums, or one with nothing in it. */
static bool is_footer(const struct intake *in, const struct waiting *w)
{
    if (is_total(w->cells[0]) || cells_filled(w->cells, w->n) == 0)
        return true;
    return stands_alone(w->cells, w->n) &&
           (w->after_blank || in->layout->n_columns > 2) &&
           !cell_class_typed(cell_class(w->cells[0]));
}

/* How many of the waiting rows belong to the table when the file ends behind them. */
static size_t count_own(const struct intake *in)
{
    size_t n = in->n_waiting;

    while (n > 0 && is_footer(in, &in->waiting[n - 1]))
        n--;
    if (n == in->n_waiting)
        return n;
    for (size_t i = 0; i < n; i++) /* a footer of several lines behind a blank one */
        if (stands_alone(in->waiting[i].cells, in->waiting[i].n) &&
            in->waiting[i].after_blank)
            return i;
    return n;
}

static bool settle_at_end(struct intake *in)
{
    size_t n = in->n_waiting, own;
    char count[COUNT_TEXT];

    if (is_second_table(in)) {
        in->second_table = in->waiting[0].line;
        in->second_lines = n;
        return settle_waiting(in, 0);
    }
    own = count_own(in);
    if (own < n)
        str_printf(&in->dataset->notes, "%s lines behind the table were not read\n",
                   count_text(n - own, count));
    return settle_waiting(in, own);
}

/* ---- records ---- */

static bool is_name(const struct intake *in, size_t column, struct cell cell)
{
    const struct str *name = &in->layout->names[column];

    return name->length == cell.length &&
           memcmp(str_text(name), cell.text, cell.length) == 0;
}

/* The names again, perhaps one more or one fewer. */
static bool repeats_names(const struct intake *in, const struct csv_record *r)
{
    size_t n = in->layout->n_columns;

    if (in->layout->header_rows == 0 || r->n < 2 || n < 2 || r->n + 1 < n || r->n > n + 1)
        return false;
    for (size_t i = 0; i < r->n && i < n; i++)
        if (!is_name(in, i, r->cells[i]))
            return false;
    return true;
}

/* Behind a blank line words over all the columns of numbers. */
static bool has_other_names(const struct intake *in, const struct csv_record *r)
{
    size_t typed = 0;

    if (r->n != in->layout->n_columns || !all_words(r->cells, r->n))
        return false;
    for (size_t i = 0; i < r->n; i++)
        typed += cell_class_typed(in->layout->classes[i]);
    return typed >= 2;
}

static bool begins_second_table(const struct intake *in, const struct csv_record *r)
{
    return repeats_names(in, r) || (in->after_blank && has_other_names(in, r));
}

/* Blank lines of a one-column table become missing values when a row comes behind them.
 */
static bool add_blank_rows(struct intake *in, size_t line)
{
    for (line -= in->blank_rows; in->blank_rows > 0; in->blank_rows--)
        if (!add_row(in, &(struct cell){"", 0}, line++))
            return false;
    return true;
}

/* A row with few or no delimiters may be written with others. */
static bool add_other_way(struct intake *in, const struct csv_record *r, size_t line,
                          bool *added)
{
    size_t n = in->layout->n_columns, length = 0;
    struct sample s = {0};
    struct str text = {0};
    bool ok = true;

    *added = false;
    if (2 * r->n > n || n > REPAIR_COLUMNS_MAX ||
        in->format->delimiter == DELIMITER_BLANKS)
        return true;
    for (size_t i = 0; i < r->n; i++) {
        length += r->cells[i].length;
        if (length > REPAIR_TEXT_MAX)
            return true;
    }
    for (size_t i = 0; i < r->n; i++) {
        if (i > 0)
            str_putc(&text, (char)in->format->delimiter);
        str_add(&text, r->cells[i].text, r->cells[i].length);
    }
    if (sample_read_other(&s, in->format, str_text(&text), text.length, n)) {
        if (belongs(in, s.rows[0].cells)) {
            note_cells(in, REPAIR_DELIMITER, line, r->cells, r->n);
            ok = settle_waiting(in, in->n_waiting) && add_row(in, s.rows[0].cells, line);
            *added = true;
        }
        sample_done(&s);
    }
    str_done(&text);
    return ok;
}

static bool take_short(struct intake *in, const struct csv_record *r, size_t line)
{
    bool added;

    if (!add_other_way(in, r, line, &added))
        return false;
    if (added)
        return true;
    if (in->n_waiting == WAITING_MAX) {
        if (is_second_table(in))
            return settle_at_end(in);
        if (!settle_waiting(in, in->n_waiting))
            return false;
    }
    return wait_row(in, r, line);
}

/* A row of the right width that may still be no row, if the file ends with it. */
static bool is_doubtful(const struct intake *in, const struct csv_record *r)
{
    if (r->n > 2 && r->cells[r->n - 1].length == 0 &&
        cells_filled(r->cells + 1, r->n - 1) == 0)
        return r->cells[0].length == 0 || in->after_blank ||
               cell_class(r->cells[0]) == CELL_TEXT;
    return is_total(r->cells[0]);
}

static bool take_row(struct intake *in, const struct csv_record *r, size_t line)
{
    size_t n = in->layout->n_columns;

    if ((r->n != n && r->cells[0].length > 0 && r->cells[0].text[0] == '#') ||
        (n > 1 && in->rows == 0 && cells_draw_line(r->cells, r->n))) {
        note_cells(in, REPAIR_SKIPPED, line, r->cells, r->n);
        return true;
    }
    if (r->n == n && !is_doubtful(in, r))
        return (in->n_waiting == 0 || settle_waiting(in, in->n_waiting)) &&
               add_row(in, r->cells, line);
    if (r->n <= n)
        return take_short(in, r, line);
    return settle_waiting(in, in->n_waiting) && add_long(in, r, line);
}

static void note_quote(struct intake *in, const struct csv_record *r, size_t line)
{
    note_cells(in, REPAIR_QUOTE, line, r->cells, r->n);
    if (r->trouble == CSV_TROUBLE_UNCLOSED && in->unclosed++ < UNCLOSED_NOTES)
        str_printf(&in->dataset->notes,
                   "quote opened in line %zu never closed: read as text\n", line);
}

bool intake_take(struct intake *in, const struct csv_record *r, size_t line, bool suspect,
                 struct error *err)
{
    size_t n = in->layout->n_columns;
    bool ok = true;

    if (r->n == 0) {
        in->blank_rows += n == 1;
        in->after_blank = true;
        return true;
    }
    if (r->n > CELLS_FACTOR * n + CELLS_MORE)
        return error_set(err, ERROR_INPUT,
                         "line %zu has %zu cells and the table %zu columns", line, r->n,
                         n);
    in->suspect = suspect;
    if (in->blank_rows > 0)
        ok = add_blank_rows(in, line);
    if (r->trouble != CSV_TROUBLE_NONE)
        note_quote(in, r, line);
    if (!in->second_table && begins_second_table(in, r)) {
        ok = ok && settle_waiting(in, in->n_waiting);
        in->second_table = line;
    }
    if (in->second_table) {
        in->second_lines++;
        note_cells(in, REPAIR_SKIPPED, line, r->cells, r->n);
    } else {
        ok = ok && take_row(in, r, line);
    }
    in->after_blank = false;
    return ok || error_set(err, ERROR_MEMORY,
                           "not enough memory for the table at line %zu", line);
}

bool intake_end(struct intake *in, struct error *err)
{
    char count[COUNT_TEXT];

    if (!intake_full(in) && !settle_at_end(in))
        return error_set(err, ERROR_MEMORY, "not enough memory for the last rows");
    if (in->second_table)
        str_printf(&in->dataset->notes,
                   "a second table from line %zu on was not read (%s lines); to read "
                   "it, skip %zu lines\n", in->second_table,
                   count_text(in->second_lines, count), in->second_table - 1);
    return true;
}
