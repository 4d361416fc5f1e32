/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/sample.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Copies the record's cells behind those of the rows before. */
static bool keep_row(struct sample *s, const struct csv_record *record, size_t *n_cells,
                     size_t *room)
{
    if (*room - *n_cells < record->n) {
        size_t want = 2 * (*room + record->n);
        struct cell *cells = try_realloc(s->cells, want, sizeof *cells);

        if (!cells)
            return false;
        s->cells = cells;
        *room = want;
    }
    if (record->n > 0)
        memcpy(s->cells + *n_cells, record->cells, record->n * sizeof *s->cells);
    *n_cells += record->n;
    return true;
}

static enum csv_status read_rows(struct sample *s, struct csv_reader *reader, size_t n,
                                 bool complete, size_t max_rows)
{
    size_t n_cells = 0, room = 0, at = 0, line = 1;
    enum csv_status status = CSV_STATUS_RECORD;

    while (at < n && s->n_rows < max_rows) {
        struct sample_row *row = &s->rows[s->n_rows];
        struct csv_record record;

        status = csv_reader_next(reader, s->text + at, n - at, complete || s->n_rows == 0,
                                 &record);
        if (status != CSV_STATUS_RECORD)
            break;
        if (!keep_row(s, &record, &n_cells, &room))
            return CSV_STATUS_MEMORY;
        *row = (struct sample_row){.n = record.n,
                                   .filled = cells_filled(record.cells, record.n),
                                   .offset = at, .length = record.length,
                                   .line = line, .lines = record.lines,
                                   .trouble = record.trouble != CSV_TROUBLE_NONE};
        at += record.length;
        line += record.lines;
        s->n_rows++;
    }
    return status;
}

bool sample_read(struct sample *s, const struct csv_format *format, const char *text,
                 size_t n, bool complete, size_t expected, size_t max_rows)
{
    struct csv_reader *reader = csv_reader_new(format);
    enum csv_status status = CSV_STATUS_MEMORY;
    const struct cell *cells;

    *s = (struct sample){.text = try_alloc(n ? n : 1, 1),
                         .rows = try_alloc(max_rows, sizeof *s->rows)};
    if (s->text && s->rows) {
        memcpy(s->text, text, n);
        csv_reader_expect(reader, expected);
        status = read_rows(s, reader, n, complete, max_rows);
    }
    csv_reader_free(reader);
    if (status == CSV_STATUS_MEMORY) {
        sample_done(s);
        return false;
    }
    cells = s->cells;
    for (size_t i = 0; i < s->n_rows; i++) {
        s->rows[i].cells = cells;
        if (cells)
            cells += s->rows[i].n;
    }
    return true;
}

void sample_done(struct sample *s)
{
    free(s->rows);
    free(s->text);
    free(s->cells);
    *s = (struct sample){0};
}

static size_t count_delimiters(int delimiter, const char *text, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += delimiter == DELIMITER_BLANKS ? text[i] == ' ' || text[i] == '\t'
                                               : text[i] == (char)delimiter;
    return count;
}

bool sample_read_other(struct sample *s, const struct csv_format *format,
                       const char *text, size_t n, size_t width)
{
    static const int delimiters[] = {',', ';', '\t', '|', DELIMITER_BLANKS, ' '};

    for (size_t i = 0; i < sizeof delimiters / sizeof *delimiters; i++) {
        struct csv_format other = *format;

        other.delimiter = delimiters[i];
        if (delimiters[i] == format->delimiter ||
            count_delimiters(delimiters[i], text, n) + 1 < width ||
            !sample_read(s, &other, text, n, true, width, 1))
            continue;
        if (s->n_rows == 1 && s->rows[0].n == width)
            return true;
        sample_done(s);
    }
    return false;
}

bool sample_row_empty(const struct sample_row *row, size_t from)
{
    for (size_t i = from; i < row->n; i++)
        if (row->cells[i].length > 0)
            return false;
    return true;
}

double sample_steadiness(const struct sample *s)
{
    const struct sample_row *before = NULL;
    size_t pairs = 0, same = 0;

    for (size_t i = 0; i < s->n_rows; i++) {
        const struct sample_row *row = &s->rows[i];

        if (row->filled == 0)
            continue;
        pairs += before != NULL;
        same += before && before->n == row->n;
        before = row;
    }
    return pairs ? (double)same / (double)pairs : 0;
}

size_t sample_width(const struct sample *s, size_t *rows, size_t *fit)
{
    size_t best = 0, most = 0;

    *rows = *fit = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        size_t n = s->rows[i].n, same = 0;

        if (s->rows[i].filled == 0)
            continue;
        ++*rows;
        if (n == best)
            continue;
        for (size_t j = 0; j < s->n_rows; j++)
            same += s->rows[j].n == n && s->rows[j].filled > 0;
        if (same > most) {
            most = same;
            best = n;
        }
    }
    for (size_t i = 0; i < s->n_rows; i++)
        *fit += s->rows[i].n >= best && s->rows[i].filled > 0 &&
                sample_row_empty(&s->rows[i], best);
    return best;
}

size_t cells_filled(const struct cell *cells, size_t n)
{
    size_t filled = 0;

    for (size_t i = 0; i < n; i++)
        filled += cells[i].length > 0;
    return filled;
}

bool cells_draw_line(const struct cell *cells, size_t n)
{
    size_t dashes = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < cells[i].length; j++) {
            if (!memchr("-=:+ ", cells[i].text[j], 5))
                return false;
            dashes += cells[i].text[j] != ' ';
        }
    return dashes > 0 && dashes >= 3 * cells_filled(cells, n);
}

static bool is_mark(struct cell c)
{
    static const char *const marks[] = {"NA", "N/A", "NULL", "NONE", "NAN", "?", "-", ".",
                                        "\\N", "#N/A"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i]), k = 0;

        while (k < n && k < c.length && toupper((unsigned char)c.text[k]) == marks[i][k])
            k++;
        if (k == n && c.length == n)
            return true;
    }
    return false;
}

static void trim(struct cell *c)
{
    while (c->length > 0 && isspace((unsigned char)c->text[0])) {
        c->text++;
        c->length--;
    }
    while (c->length > 0 && isspace((unsigned char)c->text[c->length - 1]))
        c->length--;
}

/* Takes a prefix off the cell. */
static bool eat(struct cell *c, const char *text)
{
    size_t n = strlen(text);

    if (c->length < n || memcmp(c->text, text, n) != 0)
        return false;
    c->text += n;
    c->length -= (uint32_t)n;
    return true;
}

static size_t eat_digits(struct cell *c)
{
    size_t n = 0;

    while (n < c->length && is_digit(c->text[n]))
        n++;
    c->text += n;
    c->length -= (uint32_t)n;
    return n;
}

static bool eat_money(struct cell *c)
{
    return eat(c, "$") || eat(c, "\xe2\x82\xac") || eat(c, "\xc2\xa3") ||
           eat(c, "\xc2\xa5");
}

/* Digits with at most one decimal sign, and group marks only before three digits. */
static bool eat_decimal(struct cell *c)
{
    size_t digits = eat_digits(c), whole = digits, last = digits, marks = 0;

    while (c->length > 0 && memchr(".,'", c->text[0], 3)) {
        if (marks++ > 0 && last != 3)
            return false;
        c->text++;
        c->length--;
        last = eat_digits(c);
        digits += last;
    }
    return digits > 0 && (marks < 2 || whole <= 3);
}

static bool is_number(struct cell c)
{
    if (!eat(&c, "-"))
        eat(&c, "+");
    if (eat_money(&c))
        eat(&c, "-");
    if (!eat_decimal(&c))
        return false;
    if (eat(&c, "e") || eat(&c, "E")) {
        if (!eat(&c, "-"))
            eat(&c, "+");
        if (eat_digits(&c) == 0)
            return false;
    }
    trim(&c);
    if (!eat(&c, "%"))
        eat_money(&c);
    return c.length == 0;
}

/* Reads "14:05", "14:05:00.5", "2:05 pm", with a zone behind it. */
static bool eat_time(struct cell *c)
{
    size_t n = eat_digits(c);

    if (n < 1 || n > 2 || !eat(c, ":") || eat_digits(c) != 2)
        return false;
    if (eat(c, ":") && eat_digits(c) != 2)
        return false;
    if (eat(c, "."))
        eat_digits(c);
    trim(c);
    if (!(eat(c, "am") || eat(c, "pm") || eat(c, "AM") || eat(c, "PM") || eat(c, "Z")) &&
        (eat(c, "+") || eat(c, "-"))) {
        eat_digits(c);
        eat(c, ":");
        eat_digits(c);
    }
    return true;
}

/* Three groups of digits with the same mark between, then maybe a time. */
static bool is_date(struct cell c)
{
    size_t a, b, d;
    char mark[2] = "";

    a = eat_digits(&c);
    if (a < 1 || a > 4 || c.length == 0 || !strchr("-/.", c.text[0]))
        return false;
    mark[0] = c.text[0];
    eat(&c, mark);
    b = eat_digits(&c);
    if (b < 1 || b > 2 || !eat(&c, mark))
        return false;
    d = eat_digits(&c);
    if (d < 1 || d > 4 || (a > 2 && d > 2))
        return false;
    if (!eat(&c, "T"))
        trim(&c);
    return c.length == 0 || (eat_time(&c) && c.length == 0);
}

static bool is_time(struct cell c)
{
    return eat_time(&c) && c.length == 0;
}

enum cell_class cell_class(struct cell c)
{
    bool blanks = false;

    trim(&c);
    if (c.length == 0 || is_mark(c))
        return CELL_EMPTY;
    if (is_digit(c.text[0]) || c.length < 32) {
        if (is_date(c))
            return CELL_DATE;
        if (is_time(c))
            return CELL_TIME;
        if (is_number(c))
            return CELL_NUMBER;
    }
    if (memchr("\"'", c.text[0], 2) || memchr("\"'", c.text[c.length - 1], 2))
        return CELL_ODD;
    for (uint32_t i = 0; i < c.length; i++) {
        char b = c.text[i];

        if (b == ',' || b == ';' || b == '\t' || b == '|' || b == '\x1f')
            return CELL_ODD;
        blanks |= b == ' ';
    }
    return blanks ? CELL_TEXT : CELL_WORD;
}

bool cell_class_typed(enum cell_class class)
{
    return class == CELL_NUMBER || class == CELL_DATE || class == CELL_TIME;
}

unsigned cell_shape(struct cell c)
{
    unsigned h = 2166136261u;
    char last = 0;
    bool digit = false;

    for (uint32_t i = 0; i < c.length; i++) {
        char b = is_digit(c.text[i]) ? '9' : is_letter(c.text[i]) ? 'a' : c.text[i];

        digit |= b == '9';
        if (b != last || (b != 'a' && b != '9'))
            h = (h ^ (unsigned char)b) * 16777619u;
        last = b;
    }
    return digit ? h | 1 : 0;
}
