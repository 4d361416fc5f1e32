/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A reading scores consistency^2 * (1 - 1/width) * looks * prior: consistency is the
 * share of rows that have the usual width (or that of the row before), looks the mean
 * over cells of how much each resembles a value. One column without any delimiter scores
 * a constant times its looks, so that a delimiter has to earn its place.
 */
#include "data/dialect.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "data/sample.h"

enum {
    SCORE_ROWS = 300,
    SCORE_BYTES = 1 << 18,
};

struct candidate {
    int delimiter;
    double prior;
};

static const struct candidate candidates[] = {
    {',', 1},    {';', 1},   {'\t', 1},  {'|', 1},
    {'\x1f', 1}, {'^', 0.8}, {'~', 0.6}, {DELIMITER_BLANKS, 0.4},
    {' ', 0.4},
};

#define ONE_COLUMN 0.25 /* score of a reading without delimiter, times its looks */
#define ASKED_FOR 1.5   /* prior of the delimiter that a person or the file named */

struct line_ends {
    size_t lf, crlf, crcrlf, cr;
};

static struct line_ends count_line_ends(const char *p, size_t n)
{
    struct line_ends e = {0};
    size_t returns = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\r') {
            returns++;
            continue;
        }
        if (p[i] == '\n') {
            e.lf += returns == 0;
            e.crlf += returns == 1;
            e.crcrlf += returns > 1;
        } else {
            e.cr += returns;
        }
        returns = 0;
    }
    e.cr += returns;
    return e;
}

static size_t count_ends(const char *p, size_t n)
{
    struct line_ends e = count_line_ends(p, n);

    return e.lf + e.crlf + e.crcrlf + e.cr;
}

/* Carriage returns outside double quotes. */
static size_t returns_outside(const char *p, size_t n)
{
    size_t returns = 0;
    bool quoted = false;

    for (size_t i = 0; i < n; i++) {
        quoted ^= p[i] == '"';
        returns += p[i] == '\r' && !quoted;
    }
    return returns;
}

static const char *name_line_ends(const struct line_ends *e)
{
    if (e->crlf + e->crcrlf + e->cr == 0)
        return "LF";
    if (e->lf + e->crcrlf + e->cr == 0)
        return "CRLF";
    if (e->lf + e->crlf + e->cr == 0)
        return "CRCRLF";
    return e->lf + e->crlf + e->crcrlf == 0 ? "CR" : "mixed";
}

static double looks_of(struct cell cell, int delimiter)
{
    if (delimiter == 0)
        for (uint32_t i = 0; i < cell.length; i++)
            if (memchr(",;\t|", cell.text[i], 4))
                return 0.3;
    switch (cell_class(cell)) {
    case CELL_EMPTY:
        return delimiter == ' ' ? 0.5 : 1;
    case CELL_ODD:
        return 0.3;
    case CELL_TEXT:
        return 0.9;
    default:
        return 1;
    }
}

/* Mean of the looks of the cells; a row whose quotes do not fit counts as odd. */
static double mean_looks(const struct sample *s, int delimiter)
{
    double sum = 0;
    size_t n = 0, odd = 0;

    for (size_t i = 0; i < s->n_rows; i++) {
        const struct sample_row *row = &s->rows[i];

        if (row->filled == 0)
            continue;
        for (size_t j = 0; j < row->n; j++)
            sum += looks_of(row->cells[j], delimiter);
        n += row->n;
        odd += row->trouble;
    }
    return n ? sum / (double)n * (1 - (double)odd / (double)s->n_rows) : 0;
}

/* Columns aligned by blanks: the gaps are wide, or nearly all cells are numbers. */
static bool is_aligned(const struct sample *s, const char *text)
{
    size_t gaps = 0, wide = 0, cells = 0, numbers = 0;

    for (size_t i = 0; i < s->n_rows; i++) {
        const struct sample_row *row = &s->rows[i];
        const char *p = text + row->offset;

        for (size_t j = 1; j + 1 < row->length; j++) {
            gaps += p[j] == ' ' && p[j - 1] != ' ';
            wide += p[j] == ' ' && p[j - 1] != ' ' && p[j + 1] == ' ';
        }
        for (size_t j = 0; j < row->n; j++)
            numbers += cell_class(row->cells[j]) == CELL_NUMBER;
        cells += row->n;
    }
    return 2 * wide > gaps || 10 * numbers > 8 * cells;
}

/* Blanks behind (nearly) every delimiter outside quotes, and not in numbers of tables
 * that are only padded: then they belong to the delimiter. */
static bool blanks_follow(const struct csv_format *f, const char *p, size_t n)
{
    size_t delimiters = 0, blanks = 0;
    bool quoted = false;

    for (size_t i = 0; i < n; i++) {
        if (f->quote && p[i] == (char)f->quote)
            quoted = !quoted;
        if (p[i] == f->line_end)
            quoted = false;
        if (quoted || p[i] != (char)f->delimiter)
            continue;
        delimiters++;
        blanks += i + 1 == n || p[i + 1] == ' ' || p[i + 1] == '\n' || p[i + 1] == '\r';
    }
    return delimiters > 0 && 50 * blanks >= 49 * delimiters &&
           memmem(p, n, (char[]){(char)f->delimiter, ' '}, 2) != NULL;
}

struct search {
    const char *text;
    size_t n;
    bool complete, no_memory;
    double best;
    struct csv_format *format;
};

/* *trouble: some quotes do not fit. */
static double score(struct search *s, const struct csv_format *f, double prior,
                    bool *trouble)
{
    struct sample sample;
    size_t rows, fit, width;
    double consistency, looks;

    *trouble = false;
    if (!sample_read(&sample, f, s->text, s->n, s->complete, 0, SCORE_ROWS)) {
        s->no_memory = true;
        return 0;
    }
    width = sample_width(&sample, &rows, &fit);
    looks = mean_looks(&sample, f->delimiter);
    consistency = sample_steadiness(&sample);
    if ((f->delimiter == DELIMITER_BLANKS || f->delimiter == ' ') &&
        is_aligned(&sample, s->text))
        prior = 0.8;
    for (size_t i = 0; i < sample.n_rows; i++)
        *trouble |= sample.rows[i].trouble;
    sample_done(&sample);
    if (f->delimiter == 0 || (width < 2 && prior == ASKED_FOR))
        return ONE_COLUMN * looks;
    if (width < 2)
        return 0;
    if (consistency < (double)fit / (double)rows)
        consistency = (double)fit / (double)rows;
    return consistency * consistency * (1 - 1 / (double)width) * looks * prior;
}

/* True if some quotes do not fit. */
static bool try_format(struct search *s, struct csv_format f, double prior)
{
    double value;
    bool trouble;

    if (f.delimiter == ',' || f.delimiter == ';' || f.delimiter == '|')
        f.skip_blanks = blanks_follow(&f, s->text, s->n);
    value = score(s, &f, prior, &trouble);
    if (value > s->best) {
        s->best = value;
        *s->format = f;
    }
    return trouble;
}

/* With each quote that occurs. A backslash is an escape only where quotes make no sense
 * without. */
static void try_delimiter(struct search *s, const struct load_options *o,
                          struct csv_format f, double prior)
{
    static const int quotes[] = {'"', '\''};

    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        char escaped[2] = {'\\', (char)quotes[i]};

        if (o->quote != 0 && o->quote != quotes[i])
            continue;
        if (i > 0 && !memchr(s->text, quotes[i], s->n))
            continue;
        f.quote = quotes[i];
        f.escape = 0;
        if (!try_format(s, f, prior) || !memmem(s->text, s->n, escaped, 2))
            continue;
        f.escape = '\\';
        try_format(s, f, prior);
    }
    if (o->quote != 0 && o->quote != '"' && o->quote != '\'') {
        f.quote = o->quote > 0 ? o->quote : 0;
        try_format(s, f, prior);
    }
}

/* Single blanks and runs of them are never both tried. */
static bool occurs(int delimiter, const char *text, size_t n)
{
    bool runs = memmem(text, n, "  ", 2) != NULL;

    if (delimiter == DELIMITER_BLANKS)
        return runs;
    return memchr(text, delimiter, n) != NULL && !(delimiter == ' ' && runs);
}

/* A spreadsheet's first line "sep=;". */
static int read_sep_line(const char *text, size_t n)
{
    if (n < 6 || strncasecmp(text, "sep=", 4) != 0 ||
        (text[5] != '\n' && text[5] != '\r'))
        return 0;
    return (unsigned char)text[4];
}

/* Every delimiter and quote with this line end. */
static void try_line_end(struct search *s, const struct load_options *o, char line_end,
                         int sep)
{
    struct csv_format f = {.line_end = line_end, .quote = o->quote > 0 ? o->quote : '"'};

    if (o->quote < 0)
        f.quote = 0;
    if (s->best < 0)
        *s->format = f;
    if (o->delimiter || sep) {
        f.delimiter = o->delimiter ? o->delimiter : sep;
        try_delimiter(s, o, f, ASKED_FOR);
        return;
    }
    try_format(s, f, 1);
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        f.delimiter = candidates[i].delimiter;
        if (occurs(f.delimiter, s->text, s->n))
            try_delimiter(s, o, f, candidates[i].prior);
    }
}

bool dialect_detect(const char *text, size_t n, bool complete,
                    const struct load_options *options, struct csv_format *format,
                    size_t *n_columns, const char **line_end)
{
    struct line_ends ends = count_line_ends(text, n);
    size_t rows, fit, newlines = ends.lf + ends.crlf + ends.crcrlf;
    struct search s = {text, n, complete, false, -1, format};
    int sep = read_sep_line(text, n);
    struct sample sample;

    if (n > SCORE_BYTES && count_ends(text, SCORE_BYTES / 4) > 0) {
        s.n = SCORE_BYTES;
        s.complete = false;
    }
    if (newlines > 0 || ends.cr == 0)
        try_line_end(&s, options, '\n', sep);
    if (ends.cr > newlines && (newlines == 0 || returns_outside(text, n) > newlines))
        try_line_end(&s, options, '\r', sep);
    *line_end = format->line_end == '\r' ? "CR" : name_line_ends(&ends);
    if (s.no_memory ||
        !sample_read(&sample, format, text, s.n, s.complete, 0, SCORE_ROWS))
        return false;
    *n_columns = sample_width(&sample, &rows, &fit);
    sample_done(&sample);
    return true;
}

const char *dialect_delimiter_name(int delimiter, char room[8])
{
    switch (delimiter) {
    case 0:
        return "none";
    case ',':
        return "comma";
    case ';':
        return "semicolon";
    case '\t':
        return "tab";
    case ' ':
        return "blank";
    case DELIMITER_BLANKS:
        return "runs of blanks";
    }
    if (delimiter > ' ' && delimiter < 127)
        snprintf(room, 8, "%c", delimiter);
    else
        snprintf(room, 8, "0x%02X", (unsigned)delimiter & 0xff);
    return room;
}
