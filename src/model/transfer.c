/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body of one model becomes that of another: columns by name, classes by text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/feature.h"
#include "model/private.h"

static int identifier_of(const struct model_options *o)
{
    return o->identifier < 0 ? o->dim / 8 : o->identifier;
}

static bool check_shape(const struct model_options *a, const struct model_options *b,
                        struct error *err)
{
    if (a->dim == b->dim && a->layers == b->layers && a->heads == b->heads
        && a->ffn == b->ffn && identifier_of(a) == identifier_of(b))
        return true;
    return error_set(err, ERROR_USAGE, "the body to begin with has %d layers of width %d "
                     "with %d heads, the new one %d of width %d with %d; model.layers, "
                     "model.dim, model.heads, model.ffn and model.identifier must agree",
                     b->layers, b->dim, b->heads, a->layers, a->dim, a->heads);
}

static int find_feature(const struct encoder *e, const struct feature *wanted)
{
    for (int i = 0; i < e->n_categorical; i++) {
        const struct feature *f = &e->categorical[i];

        if (f->source == wanted->source && strcmp(f->column, wanted->column) == 0)
            return i;
    }
    return -1;
}

/* The code in `from` that means what `code` does in `to`, or -1. */
static int code_in(const struct feature *from, const struct feature *to, int code)
{
    int found;

    if (code == 0)
        return 0;
    if (code == to->classes)
        return from->classes;
    found = feature_code_of_text(from, (struct cell){to->texts[code - 1],
                                                     to->lengths[code - 1]});
    return found < from->classes ? found : -1;
}

static real *row_of(struct model *m, const char *part, int column, int row, size_t *width)
{
    struct params *p = model_params(m);
    char name[48];
    int i;

    if (column < 0)
        snprintf(name, sizeof name, "columns.%s", part);
    else
        snprintf(name, sizeof name, "columns.%d.%s", column, part);
    i = params_find(p, name);
    *width = i < 0 ? 0 : p->list[i].shape[1];
    return i < 0 ? NULL : param_value(p, i) + (size_t)row * *width;
}

static void copy_row(struct model *to, struct model *from, const char *part,
                     const int column[2], const int row[2])
{
    size_t width;
    const real *source = row_of(from, part, column[1], row[1], &width);

    if (source)
        memcpy(row_of(to, part, column[0], row[0], &width), source,
               width * sizeof *source);
}

/* What was taken over and what was not. */
struct census {
    int columns, classes, new_classes;
    struct str new_columns;
};

static bool take_column(struct model *to, struct model *from, int own, int other,
                        struct census *c, struct error *err)
{
    const struct feature *f = &model_encoder(to)->categorical[own];
    const struct feature *source = &model_encoder(from)->categorical[other];
    unsigned char *brought = model_mark_brought(to, own);

    if (!brought)
        return error_set(err, ERROR_MEMORY, "no memory for %d classes", f->classes);
    copy_row(to, from, "identifier", (const int[]){-1, -1}, (const int[]){own, other});
    for (int code = 0; code <= f->classes; code++) {
        int there = code_in(source, f, code);

        if (there < 0) {
            c->new_classes++;
            continue;
        }
        copy_row(to, from, "value", (const int[]){own, other},
                 (const int[]){code, there});
        brought[code] = 1;
        c->classes++;
    }
    c->columns++;
    return true;
}

static bool take_columns(struct model *to, struct model *from, struct census *c,
                         struct error *err)
{
    const struct encoder *e = model_encoder(to);

    for (int i = 0; i < e->n_categorical; i++) {
        int other = find_feature(model_encoder(from), &e->categorical[i]);

        if (other >= 0) {
            if (!take_column(to, from, i, other, c, err))
                return false;
            continue;
        }
        char *shown = show(e->categorical[i].name, 40);

        str_printf(&c->new_columns, "%s%s", c->new_columns.length ? ", " : "", shown);
        free(shown);
    }
    if (c->columns == 0)
        return error_set(err, ERROR_INPUT, "the run to begin with knows none of the "
                         "categorical columns of this table");
    return true;
}

static void take_layers(struct model *to, struct model *from)
{
    struct params *p = model_params(to), *source = model_params(from);

    for (int i = 0; i < p->n; i++) {
        const char *name = p->list[i].name;

        if (str_starts(name, "layers."))
            memcpy(param_value(p, i), param_value(source, params_find(source, name)),
                   p->list[i].count * sizeof(real));
    }
}

static void note_census(const struct census *c, const struct model *to, struct str *note)
{
    str_printf(note, "the body brings %d of %d categorical columns", c->columns,
               model_encoder(to)->n_categorical);
    if (c->new_columns.length > 0)
        str_printf(note, "; new to it: %s", str_text(&c->new_columns));
    if (c->new_classes > 0)
        str_printf(note, "; %d class%s of the others %s new", c->new_classes,
                   c->new_classes == 1 ? "" : "es", c->new_classes == 1 ? "is" : "are");
    str_putc(note, '\n');
}

bool model_take_body(struct model *to, struct model *from, struct str *note,
                     struct error *err)
{
    struct census c = {0};
    bool ok = check_shape(model_options(to), model_options(from), err)
        && take_columns(to, from, &c, err);

    if (ok) {
        take_layers(to, from);
        note_census(&c, to, note);
    }
    str_done(&c.new_columns);
    return ok;
}
