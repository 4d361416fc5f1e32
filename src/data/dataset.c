/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "data/dataset_own.h"

enum { EXPORT_BLOCK = 1 << 16 };

struct load_options load_options_copy(const struct load_options *from)
{
    struct load_options o = *from;
    char **more = xcalloc(o.n_more + 1, sizeof *more);

    for (size_t i = 0; i < o.n_more; i++)
        more[i] = xstrdup(from->more[i]);
    o.more = more;
    o.missing = from->missing ? xstrdup(from->missing) : NULL;
    o.encoding = from->encoding ? xstrdup(from->encoding) : NULL;
    return o;
}

void load_options_done(struct load_options *o)
{
    for (size_t i = 0; i < o->n_more; i++)
        free(o->more[i]);
    free((char **)o->more);
    free((char *)o->missing);
    free((char *)o->encoding);
    *o = (struct load_options){0};
}

struct dataset *dataset_new(const char *path, const struct load_options *options)
{
    struct dataset *d = xcalloc(1, sizeof *d);

    atomic_init(&d->references, 1);
    d->path = xstrdup(path);
    d->options = load_options_copy(options);
    d->missing = missing_new(options->missing);
    return d;
}

void dataset_begin_file(struct dataset *d, const char *name, size_t lines)
{
    d->files = xgrow(d->files, d->n_files, &d->file_room, sizeof *d->files);
    d->files[d->n_files++] = (struct dataset_file){xstrdup(name), d->rows, lines};
}

struct dataset *dataset_ref(struct dataset *d)
{
    atomic_fetch_add(&d->references, 1);
    return d;
}

void dataset_unref(struct dataset *d)
{
    if (!d || atomic_fetch_sub(&d->references, 1) > 1)
        return;
    if (d->columns)
        for (int i = 0; i < d->n_columns; i++)
            column_free(d->columns[i]);
    free(d->columns);
    name_index_free(d->names);
    name_index_free(d->originals);
    missing_free(d->missing);
    lines_done(&d->lines);
    free(d->repair_notes);
    str_done(&d->notes);
    for (size_t i = 0; i < d->n_files; i++)
        free(d->files[i].name);
    free(d->files);
    load_options_done(&d->options);
    free(d->path);
    free(d);
}

void dataset_add_repair(struct dataset *d, enum repair kind, size_t line,
                        const char *text, size_t n)
{
    struct repair_note *note;

    d->repairs[kind]++;
    if (d->n_repair_notes == REPAIR_NOTES_MAX)
        return;
    d->repair_notes = xgrow(d->repair_notes, d->n_repair_notes, &d->repair_room,
                            sizeof *d->repair_notes);
    note = &d->repair_notes[d->n_repair_notes++];
    *note = (struct repair_note){.kind = kind, .file = (int)d->n_files - 1,
                                 .line = line};
    if (n > sizeof note->text - 1)
        n = sizeof note->text - 1;
    for (size_t i = 0; i < n; i++)
        note->text[i] = text[i] ? text[i] : ' ';
}

const char *dataset_path(const struct dataset *d)
{
    return d->path;
}

size_t dataset_rows(const struct dataset *d)
{
    return d->rows;
}

int dataset_columns(const struct dataset *d)
{
    return d->n_columns;
}

const struct column *dataset_column(const struct dataset *d, int i)
{
    return d->columns[i];
}

int dataset_find(const struct dataset *d, const char *name)
{
    int i = name_index_find(d->names, name);

    return i >= 0 ? i : name_index_find(d->originals, name);
}

const struct load_options *dataset_options(const struct dataset *d)
{
    return &d->options;
}

static const struct dataset_file *file_of(const struct dataset *d, size_t row)
{
    const struct dataset_file *f = &d->files[d->n_files - 1];

    while (f > d->files && f->first_row > row)
        f--;
    return f;
}

size_t dataset_line(const struct dataset *d, size_t row)
{
    return lines_get(&d->lines, row) - file_of(d, row)->lines;
}

static void put_place(const struct dataset *d, const struct dataset_file *f, size_t line,
                      struct str *out)
{
    str_printf(out, "line %zu", line);
    if (d->options.n_more > 0)
        str_printf(out, " of %s", f->name);
}

void dataset_place(const struct dataset *d, size_t row, struct str *out)
{
    put_place(d, file_of(d, row), dataset_line(d, row), out);
}

void dataset_repair_place(const struct dataset *d, const struct repair_note *note,
                          struct str *out)
{
    put_place(d, &d->files[note->file], note->line, out);
}

size_t dataset_bytes(const struct dataset *d)
{
    size_t bytes = sizeof *d + lines_bytes(&d->lines);

    for (int i = 0; i < d->n_columns; i++)
        bytes += column_bytes(d->columns[i]);
    return bytes;
}

const struct dialect *dataset_dialect(const struct dataset *d)
{
    return &d->dialect;
}

const char *dataset_missing_marks(const struct dataset *d)
{
    return missing_list(d->missing);
}

size_t dataset_repairs(const struct dataset *d, enum repair kind)
{
    return d->repairs[kind];
}

const struct repair_note *dataset_repair_notes(const struct dataset *d, size_t *n)
{
    *n = d->n_repair_notes;
    return d->repair_notes;
}

const char *repair_name(enum repair kind)
{
    static const char *const names[REPAIR_KINDS] = {
        [REPAIR_SHORT] = "short rows padded",
        [REPAIR_LONG_EMPTY] = "surplus empty cells dropped",
        [REPAIR_LONG] = "rows with surplus text kept out",
        [REPAIR_QUOTE] = "stray quotes read as text",
        [REPAIR_DELIMITER] = "rows with another delimiter",
        [REPAIR_ENCODING] = "cells with invalid UTF-8",
        [REPAIR_SKIPPED] = "lines not read",
        [REPAIR_NUL] = "cells with NUL bytes",
    };

    return names[kind];
}

const char *dataset_notes(const struct dataset *d)
{
    return str_text(&d->notes);
}

/* What a spreadsheet takes for a formula; a signed number is none. */
static bool is_formula(struct cell cell)
{
    double number;

    return cell.length > 0 && memchr("=+-@\t\r", cell.text[0], 6) &&
           !str_to_double(cell.text, cell.length, &number);
}

struct export {
    struct file_writer *writer;
    struct str text; /* not yet handed to the writer */
    bool safe_formulas;
    bool one_column;
};

static void flush(struct export *e)
{
    file_writer_write(e->writer, str_text(&e->text), e->text.length);
    str_clear(&e->text);
}

/* In pieces, so that a cell of many megabytes is not held twice. */
static void put_long_cell(struct export *e, struct cell cell)
{
    str_putc(&e->text, '"');
    for (uint32_t i = 0; i < cell.length; i++) {
        if (cell.text[i] == '"')
            str_putc(&e->text, '"');
        str_putc(&e->text, cell.text[i]);
        if (e->text.length >= EXPORT_BLOCK)
            flush(e);
    }
    str_putc(&e->text, '"');
}

static void put_cell(struct export *e, struct cell cell)
{
    struct str guarded = {0};

    if (e->safe_formulas && is_formula(cell)) {
        str_putc(&guarded, '\'');
        str_add(&guarded, cell.text, cell.length);
        csv_put_cell(&e->text, guarded.text, guarded.length);
        str_done(&guarded);
    } else if (e->one_column && cell.length == 0) {
        str_puts(&e->text, "\"\""); /* a blank line would be no row */
    } else if (cell.length > EXPORT_BLOCK) {
        put_long_cell(e, cell);
    } else {
        csv_put_cell(&e->text, cell.text, cell.length);
    }
}

static void end_line(struct export *e)
{
    str_putc(&e->text, '\n');
    if (e->text.length >= EXPORT_BLOCK)
        flush(e);
}

static void put_names(struct export *e, const struct dataset *d)
{
    for (int i = 0; i < d->n_columns; i++) {
        if (i > 0)
            str_putc(&e->text, ',');
        put_cell(e, column_original_name(d->columns[i]));
    }
    end_line(e);
}

static void put_row(struct export *e, const struct dataset *d, size_t row)
{
    for (int i = 0; i < d->n_columns; i++) {
        if (i > 0)
            str_putc(&e->text, ',');
        put_cell(e, column_cell(d->columns[i], row));
    }
    end_line(e);
}

/* rows NULL: the first n */
static bool write_csv(const struct dataset *d, const uint32_t *rows, size_t n,
                      const char *path, bool safe_formulas, struct error *err)
{
    struct export e = {.safe_formulas = safe_formulas, .one_column = d->n_columns == 1};

    e.writer = file_writer_open(path, 0644, err);
    if (!e.writer)
        return false;
    if (d->dialect.header)
        put_names(&e, d);
    for (size_t i = 0; i < n; i++)
        put_row(&e, d, rows ? rows[i] : i);
    flush(&e);
    str_done(&e.text);
    return file_writer_commit(e.writer, err);
}

bool dataset_export(const struct dataset *d, const char *path, bool safe_formulas,
                    struct error *err)
{
    return write_csv(d, NULL, d->rows, path, safe_formulas, err);
}

bool dataset_export_rows(const struct dataset *d, const uint32_t *rows, size_t n,
                         const char *path, bool safe_formulas, struct error *err)
{
    return write_csv(d, rows, n, path, safe_formulas, err);
}
