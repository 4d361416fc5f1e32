/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/twins.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/vocabulary.h"

static bool equal_columns(const struct column *a, const struct column *b)
{
    size_t rows = column_rows(a), n = column_dictionary_size(a);

    if (n != column_dictionary_size(b))
        return false;
    for (size_t code = 0; code < n; code++)
        if (!cell_equal(column_dictionary_cell(a, code), column_dictionary_cell(b, code)))
            return false;
    for (size_t row = 0; row < rows; row++)
        if (n ? column_code(a, row) != column_code(b, row)
              : !cell_equal(column_cell(a, row), column_cell(b, row)))
            return false;
    return true;
}

/* What equal columns agree in and others hardly ever do: figures and the first cells. */
struct print {
    double figures[4];
    struct cell cells[4];
    int column;
};

static struct print take_print(const struct dataset *d, const struct schema *s, int i)
{
    const struct schema_column *c = &s->columns[i];
    struct print print = {.column = i};
    size_t rows = dataset_rows(d);

    print.figures[0] = (double)c->distinct;
    print.figures[1] = (double)c->missing;
    print.figures[2] = (double)c->numeric;
    print.figures[3] = c->numeric ? c->mean : 0;
    for (size_t k = 0; k < 4 && k < rows; k++)
        print.cells[k] = column_cell(dataset_column(d, i), k * (rows / 4));
    return print;
}

static int compare_prints(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    int order = 0;

    for (int k = 0; k < 4 && order == 0; k++)
        order = (x->figures[k] > y->figures[k]) - (x->figures[k] < y->figures[k]);
    for (int k = 0; k < 4 && order == 0; k++)
        order = cell_compare(x->cells[k], y->cells[k]);
    return order;
}

static int compare_prints_in_order(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    int order = compare_prints(a, b);

    return order ? order : (x->column > y->column) - (x->column < y->column);
}

static void mark_duplicate(struct schema *s, int first, int second)
{
    struct schema_column *c = &s->columns[second];

    c->warnings |= WARN_DUPLICATE;
    c->kind = KIND_IGNORE;
    free(c->reason);
    c->reason = xasprintf("equal to %s", s->columns[first].name);
}

struct twins {
    const struct dataset *data;
    struct schema *schema;
    struct print *prints; /* (n), sorted */
    int n, at;
};

struct twins *twins_new(const struct dataset *d, struct schema *s)
{
    struct twins *t = xcalloc(1, sizeof *t);

    t->data = d;
    t->schema = s;
    t->prints = try_alloc((size_t)s->n_columns, sizeof *t->prints);
    if (!t->prints) {
        free(t);
        return NULL;
    }
    for (int i = 0; i < s->n_columns; i++)
        if (!(s->columns[i].warnings & (WARN_CONSTANT | WARN_ALL_MISSING)))
            t->prints[t->n++] = take_print(d, s, i);
    qsort(t->prints, (size_t)t->n, sizeof *t->prints, compare_prints_in_order);
    return t;
}

void twins_free(struct twins *t)
{
    if (!t)
        return;
    free(t->prints);
    free(t);
}

enum step twins_step(struct twins *t)
{
    const struct print *p = t->prints;
    int i = t->at++;

    if (i >= t->n)
        return STEP_DONE;
    for (int j = i - 1; j >= 0 && compare_prints(&p[j], &p[i]) == 0; j--) {
        int a = p[j].column, b = p[i].column;

        if (t->schema->columns[a].warnings & WARN_DUPLICATE)
            continue;
        if (equal_columns(dataset_column(t->data, a), dataset_column(t->data, b))) {
            mark_duplicate(t->schema, a, b);
            break;
        }
    }
    return STEP_MORE;
}
