/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schemas as CSV. A person may have written the file, so that columns of it are found by
 * their names, and all but "column" and "kind" may be left out. */
#include "data/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "data/csv.h"
#include "data/infer.h"

enum { MAX_FILE = 64 << 20 }; /* bytes of a schema file */

enum field { FIELD_COLUMN, FIELD_KIND, FIELD_ROLE, FIELD_POSITIVE, FIELD_TASK,
             FIELD_DECIMAL, FIELDS };

static const char *const field_names[FIELDS] = {"column", "kind", "role",
                                                "positive", "task", "decimal"};

static void put_cell(struct file_writer *w, const char *text, char after)
{
    struct str cell = {0};

    csv_put_cell(&cell, text, strlen(text));
    str_putc(&cell, after);
    file_writer_write(w, cell.text, cell.length);
    str_done(&cell);
}

bool schema_save(const struct schema *s, const char *path, struct error *err)
{
    struct file_writer *w = file_writer_open(path, 0644, err);

    if (!w)
        return false;
    for (int f = 0; f < FIELDS; f++)
        put_cell(w, field_names[f], f + 1 < FIELDS ? ',' : '\n');
    for (int i = 0; i < s->n_columns; i++) {
        const struct schema_column *c = &s->columns[i];
        bool target = i == s->target;

        put_cell(w, c->name, ',');
        put_cell(w, kind_name(c->kind), ',');
        put_cell(w, target ? "target" : "input", ',');
        put_cell(w, target && s->positive ? s->positive : "", ',');
        put_cell(w, target ? task_name(s->task) : "", ',');
        put_cell(w, c->decimal == ',' ? "," : ".", '\n');
    }
    return file_writer_commit(w, err);
}

/* ---- loading ---- */

/* One line of the file, and what the lines so far have done to the schema. */
struct reader {
    struct schema *schema;
    const struct dataset *data;
    const char *path;
    struct str missing;      /* names that the table does not have */
    int order[FIELDS];       /* place of each field in a line, or -1 */
    char **cells;            /* of this line */
    size_t n_cells, capacity;
    size_t line;             /* of the file, where this one begins */
    bool has_header;
    int target;              /* column, or -1 */
    char *positive;
    enum task task;
    struct error *err;
};

static const char *field_of(const struct reader *r, enum field f)
{
    int place = r->order[f];

    return place >= 0 && (size_t)place < r->n_cells ? r->cells[place] : "";
}

static bool fail(struct reader *r, const char *what, const char *text)
{
    char *shown = show(text, 60), *path = show(r->path, 0);

    error_set(r->err, ERROR_INPUT, "%s:%zu: %s \"%s\"", path, r->line, what, shown);
    free(shown);
    free(path);
    return false;
}

static bool read_header(struct reader *r)
{
    for (int f = 0; f < FIELDS; f++) {
        r->order[f] = -1;
        for (size_t i = 0; i < r->n_cells; i++)
            if (strcmp(r->cells[i], field_names[f]) == 0)
                r->order[f] = (int)i;
    }
    if (r->order[FIELD_COLUMN] < 0 || r->order[FIELD_KIND] < 0)
        return fail(r, "the first line of a schema names column and kind, not",
                    r->n_cells ? r->cells[0] : "");
    return true;
}

static bool read_target(struct reader *r, int column)
{
    const char *task = field_of(r, FIELD_TASK), *positive = field_of(r, FIELD_POSITIVE);

    if (r->target >= 0)
        return fail(r, "a second target", r->schema->columns[column].name);
    if (*task && !task_parse(task, &r->task))
        return fail(r, "a task is binary, multiclass or regression, not", task);
    r->target = column;
    r->positive = *positive ? xstrdup(positive) : NULL;
    return true;
}

/* A person knows better than the guess whether 1,234 is a thousand. */
static bool read_decimal(struct reader *r, int column, const char *text)
{
    struct schema_column *c = &r->schema->columns[column];

    return *text == '\0' || *text == c->decimal ||
           infer_decimal(r->data, column, *text, c) ||
           error_set(r->err, ERROR_MEMORY, "no memory for the numbers of %s", c->name);
}

static bool read_column(struct reader *r)
{
    const char *name = field_of(r, FIELD_COLUMN), *kind_text = field_of(r, FIELD_KIND);
    const char *role = field_of(r, FIELD_ROLE), *decimal = field_of(r, FIELD_DECIMAL);
    int column = dataset_find(r->data, name);
    enum kind kind;

    if (!kind_parse(kind_text, &kind))
        return fail(r,
                    "a kind is categorical, continuous, datetime, ignore or weight, not",
                    kind_text);
    if (strcmp(role, "target") != 0 && strcmp(role, "input") != 0 && *role)
        return fail(r, "a role is input or target, not", role);
    if (strcmp(decimal, ",") != 0 && strcmp(decimal, ".") != 0 && *decimal)
        return fail(r, "a decimal sign is . or , and not", decimal);
    if (column < 0) {
        if (r->missing.length)
            str_puts(&r->missing, ", ");
        show_to(&r->missing, name, strlen(name), 60);
        return true;
    }
    if (!read_decimal(r, column, decimal))
        return false;
    if ((kind == KIND_CONTINUOUS || kind == KIND_WEIGHT) &&
        r->schema->columns[column].numeric == 0)
        return fail(r, "a column without any number cannot be read as one:", name);
    r->schema->columns[column].kind = kind;
    r->schema->columns[column].marked = true;
    return strcmp(role, "target") != 0 || read_target(r, column);
}

static void clear_cells(struct reader *r)
{
    while (r->n_cells > 0)
        free(r->cells[--r->n_cells]);
}

static void copy_cells(struct reader *r, const struct csv_record *record)
{
    clear_cells(r);
    for (size_t i = 0; i < record->n; i++) {
        struct cell c = record->cells[i];

        r->cells = xgrow(r->cells, r->n_cells, &r->capacity, sizeof *r->cells);
        r->cells[r->n_cells++] = xstrndup(c.length ? c.text : "", c.length);
    }
}

static bool is_blank(const struct csv_record *record)
{
    return record->n == 0 || (record->n == 1 && record->cells[0].length == 0);
}

static bool take_record(struct reader *r, const struct csv_record *record)
{
    if (is_blank(record))
        return true;
    copy_cells(r, record);
    if (record->trouble != CSV_TROUBLE_NONE)
        return fail(r, "a quote is not closed, or text follows it, near", r->cells[0]);
    if (r->has_header)
        return read_column(r);
    r->has_header = true;
    return read_header(r);
}

/* The bytes are overwritten. */
static bool parse(struct reader *r, char *bytes, size_t n)
{
    struct csv_format format = {.delimiter = ',', .quote = '"', .skip_blanks = true,
                                .line_end = memchr(bytes, '\n', n) ? '\n' : '\r'};
    struct csv_reader *csv = csv_reader_new(&format);
    struct csv_record record;
    bool ok = true;

    for (r->line = 1; ok && n > 0; r->line += record.lines) {
        if (csv_reader_next(csv, bytes, n, true, &record) != CSV_STATUS_RECORD) {
            ok = error_set(r->err, ERROR_MEMORY, "no memory to read a schema");
            break;
        }
        ok = take_record(r, &record);
        bytes += record.length;
        n -= record.length;
    }
    csv_reader_free(csv);
    if (ok && !r->has_header)
        ok = fail(r, "the file is empty, not", "column,kind,...");
    return ok;
}

static bool check_weights(const struct reader *r)
{
    const struct schema *s = r->schema;
    int weights = 0;

    for (int i = 0; i < s->n_columns; i++)
        if (s->columns[i].kind == KIND_WEIGHT && ++weights > 1)
            return error_set(r->err, ERROR_INPUT, "%s would be a second weight column",
                             s->columns[i].name);
    return true;
}

/* Without a target in the file the schema keeps its own. */
static bool apply_target(struct reader *r, struct str *note)
{
    return r->target < 0 || schema_set_target(r->schema, r->data, r->target, r->positive,
                                              r->task, note, r->err);
}

bool schema_load(struct schema *s, const struct dataset *d, const char *path,
                 struct str *note, struct error *err)
{
    struct reader r = {.data = d, .path = path, .target = -1, .err = err};
    size_t length;
    char *bytes = file_read(path, MAX_FILE, &length, err);
    bool loaded;

    if (!bytes)
        return false;
    r.schema = schema_copy(s);
    loaded = parse(&r, bytes, length) && check_weights(&r) && apply_target(&r, note);
    if (loaded) {
        struct schema old = *s;

        *s = *r.schema;
        *r.schema = old;
        if (note && r.missing.length)
            str_printf(note, "not in the table: %s\n", str_text(&r.missing));
    }
    schema_free(r.schema);
    clear_cells(&r);
    free(r.cells);
    free(r.positive);
    free(bytes);
    str_done(&r.missing);
    return loaded;
}
