/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/where.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/vocabulary.h"

static void find_name(struct where *w, const struct dataset *d)
{
    w->column = -1;
    for (const char *at = w->text; w->column < 0 && (at = strchr(at, '=')); at++) {
        char *name = xstrndup(w->text, (size_t)(at - w->text));

        w->column = dataset_find(d, name);
        w->value = at + 1;
        free(name);
    }
}

/* Which texts of a dictionary are meant, so that rows need their code only. NULL: no
 * memory, or no dictionary. */
static bool *choose_codes(const struct column *c, struct cell value)
{
    size_t n = column_dictionary_size(c);
    bool *chosen = n > 0 ? try_calloc(n, sizeof *chosen) : NULL;

    for (size_t i = 0; chosen && i < n; i++)
        chosen[i] = value.length > 0
                        ? cell_equal(column_dictionary_cell(c, i), value)
                        : column_dictionary_missing(c, i);
    return chosen;
}

static bool has_value(const struct column *c, size_t row, struct cell value)
{
    return value.length > 0 ? cell_equal(column_cell(c, row), value)
                            : column_missing(c, row);
}

static bool list_rows(struct where *w, const struct dataset *d)
{
    const struct column *c = dataset_column(d, w->column);
    struct cell value = cell_of(w->value);
    bool *chosen = choose_codes(c, value);
    size_t rows = column_rows(c);
    uint32_t *fitting;

    w->rows = try_alloc(rows, sizeof *w->rows);
    for (size_t row = 0; w->rows && row < rows; row++) {
        w->rows[w->n] = (uint32_t)row;
        w->n += chosen ? chosen[column_code(c, row)] : has_value(c, row, value);
    }
    free(chosen);
    fitting = w->rows ? try_realloc(w->rows, w->n > 0 ? w->n : 1, sizeof *w->rows) : NULL;
    if (fitting)
        w->rows = fitting;
    return w->rows != NULL;
}

struct where *where_new(const struct dataset *d, const char *text)
{
    struct where *w = xcalloc(1, sizeof *w);

    w->text = xstrdup(text);
    find_name(w, d);
    if (w->column < 0 || list_rows(w, d))
        return w;
    where_free(w);
    return NULL;
}

void where_free(struct where *w)
{
    if (!w)
        return;
    free(w->rows);
    free(w->text);
    free(w);
}
