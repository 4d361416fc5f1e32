/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/loader_own.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct dialect loader_dialect(const struct loader *l)
{
    return (struct dialect){
        .delimiter = l->format.delimiter, .quote = l->format.quote,
        .escape = l->format.escape, .skip_blanks = l->format.skip_blanks,
        .header = l->layout.header_rows > 0, .header_lines = l->layout.header_rows,
        .skipped_lines = l->layout.skipped, .encoding = source_encoding(l->source),
        .line_end = l->line_end, .gzip = source_gzip(l->source),
    };
}

static void note_dialect(const struct dialect *d, struct str *out)
{
    char room[8];

    str_printf(out, "delimiter %s%s, quote %c%s, %s, %s line ends%s\n",
               dialect_delimiter_name(d->delimiter, room),
               d->skip_blanks ? " and blank" : "", d->quote ? d->quote : '-',
               d->escape ? " with backslash escapes" : "", d->encoding, d->line_end,
               d->gzip ? ", gzip" : "");
}

static void note_encoding(struct loader *l)
{
    struct str *notes = &l->dataset->notes;
    const char *line_end = l->line_end;

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
    char count[COUNT_TEXT];

    if (t->skipped > 0)
        str_printf(notes, "%s lines before the table were not read\n",
                   count_text(t->skipped, count));
    if (t->header_rows == 0)
        str_puts(notes, "no names in the file: the columns are col_1, col_2 ...\n");
    else if (t->header_rows > 1)
        str_printf(notes, "names from %zu lines, from line %zu on\n", t->header_rows,
                   l->table_line);
    if (t->names_shifted)
        str_puts(notes, "one name too few: the first column has none\n");
}

/* How the file was read comes before what was noted on the way. */
static void note_file(struct loader *l)
{
    struct str *notes = &l->dataset->notes, before = *notes;
    struct dialect dialect = loader_dialect(l);

    *notes = (struct str){0};
    note_dialect(&dialect, notes);
    if (!l->first_note) {
        l->dataset->dialect = dialect;
        l->first_note = xstrdup(str_text(notes));
    } else if (strcmp(str_text(notes), l->first_note) == 0) {
        str_clear(notes); /* nothing new */
    }
    note_encoding(l);
    note_layout(l);
    str_add(notes, str_text(&before), before.length);
    str_done(&before);
}

/* Of several files each line tells which it is about. */
static void keep_notes(struct loader *l)
{
    const char *p = str_text(&l->dataset->notes), *end;

    for (; *p; p = end + 1) {
        end = strchr(p, '\n');
        if (l->options.n_more > 0)
            str_printf(&l->notes, "%s: ", source_name(l->source));
        str_add(&l->notes, p, (size_t)(end - p) + 1);
    }
    str_done(&l->dataset->notes);
}

void loader_note_file(struct loader *l)
{
    note_file(l);
    keep_notes(l);
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

void loader_note_missing(struct loader *l)
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
