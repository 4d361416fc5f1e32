/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body of one model becomes that of another: columns by name, classes by text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/bins.h"
#include "data/feature.h"
#include "model/private.h"

static int identifier_of(const struct model_options *o)
{
    return o->identifier < 0 ? o->dim / 8 : o->identifier;
}

/* Of two models with continuous columns as tokens. */
static bool check_numbers(const struct model_options *a, const struct model_options *b,
                          struct error *err)
{
    if (a->continuous == CONTINUOUS_FEATURES || b->continuous == CONTINUOUS_FEATURES
        || (a->numbers == b->numbers
            && (a->numbers == NUMBERS_PLE || a->frequencies == b->frequencies)))
        return true;
    return error_set(err, ERROR_USAGE, "the body to begin with embeds continuous columns "
                     "in another way; model.numbers and model.frequencies must agree");
}

static bool check_shape(const struct model_options *a, const struct model_options *b,
                        struct error *err)
{
    if (!check_numbers(a, b, err))
        return false;
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
    int columns, all, classes, new_classes;
    bool numbers; /* among the columns are such */
    bool blocks;  /* of an MLP come, too */
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

/* ---- numbers ---- */

static real *number_part(struct model *m, int number, const char *part)
{
    struct params *p = model_params(m);
    char name[48];
    int i;

    snprintf(name, sizeof name, "numbers.%d.%s", number, part);
    i = params_find(p, name);
    return i < 0 ? NULL : param_value(p, i);
}

static int vector_width(const struct model *m)
{
    const struct model_options *o = model_options(m);

    return o->dim - identifier_of(o);
}

/* A number's piecewise-linear vectors. Their lines are straight in what the model reads, the
 * scaled number. */
struct lines {
    int bins;
    float *edges;              /* (bins + 1), scaled */
    const real *weight, *bias; /* (width, bins), (width) */
};

/* Component k of the vector of x, scaled. */
static double component_at(const struct lines *l, int k, float x)
{
    const real *weight = l->weight + (size_t)k * (size_t)l->bins;
    double sum = (double)l->bias[k];

    for (int b = 0; b < l->bins; b++) {
        double low = (double)l->edges[b], high = (double)l->edges[b + 1];
        double part = ((double)x - low) / (high - low);

        sum += (part < 0 ? 0 : part > 1 ? 1 : part) * (double)weight[b];
    }
    return sum;
}

static bool same_edges(const struct feature *a, const struct feature *b)
{
    return a->n_edges == b->n_edges
        && (a->n_edges == 0
            || memcmp(a->edges, b->edges, (size_t)a->n_edges * sizeof *a->edges) == 0);
}

/* Where the edges are others, what stood for a number is what stands for it: exactly at
 * the new edges, and straight between them. */
static void take_bins(struct model *to, struct model *from, const int number[2],
                      const struct feature *f, const struct feature *source)
{
    real *weight = number_part(to, number[0], "weight");
    real *bias = number_part(to, number[0], "bias");
    struct lines there = {source->n_edges - 1, model_scaled_edges(source),
                          number_part(from, number[1], "weight"),
                          number_part(from, number[1], "bias")};
    int bins = f->n_edges - 1;

    for (int k = 0; k < vector_width(to); k++) {
        double before = component_at(&there, k, feature_scale(source, f->edges[0]));

        bias[k] = (real)before;
        for (int b = 0; b < bins; b++) {
            double x = component_at(&there, k, feature_scale(source, f->edges[b + 1]));

            weight[(size_t)k * (size_t)bins + (size_t)b] = (real)(x - before);
            before = x;
        }
    }
    free(there.edges);
}

static void copy_part(struct model *to, struct model *from, const int number[2],
                      const char *part, size_t n)
{
    real *own = number_part(to, number[0], part);
    const real *there = number_part(from, number[1], part);

    if (own && there)
        memcpy(own, there, n * sizeof *own);
}

static void take_number(struct model *to, struct model *from, const int number[2],
                        const struct feature *f, const struct feature *source)
{
    const struct model_options *o = model_options(to);
    size_t width = (size_t)vector_width(to);
    size_t features = o->numbers == NUMBERS_PERIODIC ? 2 * (size_t)o->frequencies
        : f->n_edges > 0 ? (size_t)f->n_edges - 1 : 0;
    int columns[] = {model_encoder(to)->n_categorical + number[0],
                     model_encoder(from)->n_categorical + number[1]};

    copy_row(to, from, "identifier", (const int[]){-1, -1}, columns);
    copy_part(to, from, number, "missing", width);
    if (o->numbers == NUMBERS_PLE && !same_edges(f, source)) {
        take_bins(to, from, number, f, source);
        return;
    }
    copy_part(to, from, number, "bias", width);
    copy_part(to, from, number, "weight", width * features);
    copy_part(to, from, number, "frequency", features / 2);
}

/* Both have a vector for what stands in the cell, or neither. */
static bool is_same_number(const struct model_options *o, const struct feature *a,
                           const struct feature *b)
{
    return a->source == b->source && strcmp(a->column, b->column) == 0
        && (o->numbers == NUMBERS_PERIODIC || (a->n_edges > 0) == (b->n_edges > 0));
}

static const struct feature *value_of(const struct encoder *e,
                                      const struct bins_column *n)
{
    return &e->continuous[n->value >= 0 ? n->value : n->missing];
}

static void note_new(struct census *c, const char *name)
{
    char *shown = show(name, 40);

    str_printf(&c->new_columns, "%s%s", c->new_columns.length ? ", " : "", shown);
    free(shown);
}

static void take_numbers(struct model *to, struct model *from, struct census *c)
{
    const struct encoder *e = model_encoder(to), *there = model_encoder(from);
    int n, known;
    struct bins_column *own = model_numbers(to, &n), *other = model_numbers(from, &known);

    for (int i = 0; i < n; i++) {
        const struct feature *f = value_of(e, &own[i]);
        int k = 0;

        while (k < known && !is_same_number(model_options(to), f,
                                            value_of(there, &other[k])))
            k++;
        if (k < known)
            take_number(to, from, (const int[]){i, k}, f, value_of(there, &other[k]));
        else
            note_new(c, bins_feature(e, &own[i])->name);
        c->columns += k < known;
    }
    c->all += n;
    c->numbers = n > 0;
    free(own);
    free(other);
}

/* ---- columns ---- */

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
        note_new(c, e->categorical[i].name);
    }
    if (c->columns == 0)
        return error_set(err, ERROR_INPUT, "the run to begin with knows none of the "
                         "categorical columns of this table");
    c->all = e->n_categorical;
    take_numbers(to, from, c);
    return true;
}

static void take_layers(struct model *to, struct model *from)
{
    struct params *p = model_params(to), *source = model_params(from);

    for (int i = 0; i < p->n; i++) {
        const char *name = p->list[i].name;

        int there = params_find(source, name);

        if (there >= 0
            && (str_starts(name, "layers.") || strcmp(name, "readout.cls") == 0))
            memcpy(param_value(p, i), param_value(source, there),
                   p->list[i].count * sizeof(real));
    }
}

static void note_census(const struct census *c, struct str *note)
{
    str_printf(note, "the body brings %s%d of %d %scolumns",
               c->blocks ? "its blocks and " : "", c->columns, c->all,
               c->numbers ? "" : "categorical ");
    if (c->new_columns.length > 0)
        str_printf(note, "; new to it: %s", str_text(&c->new_columns));
    if (c->new_classes > 0)
        str_printf(note, "; %d class%s of the others %s new", c->new_classes,
                   c->new_classes == 1 ? "" : "es", c->new_classes == 1 ? "is" : "are");
    str_putc(note, '\n');
}

/* ---- the blocks of an MLP ---- */

static bool same_names(const struct feature *a, int n, const struct feature *b, int m)
{
    bool same = n == m;

    for (int i = 0; same && i < n; i++)
        same = strcmp(a[i].name, b[i].name) == 0;
    return same;
}

/* The first block has a place for each input, so these must be the same. */
static bool check_inputs(struct model *to, struct model *from, struct error *err)
{
    const struct encoder *a = model_encoder(to), *b = model_encoder(from);

    if (!same_names(a->categorical, a->n_categorical, b->categorical, b->n_categorical)
        || !same_names(a->continuous, a->n_continuous, b->continuous, b->n_continuous))
        return error_set(err, ERROR_INPUT, "the run to begin with reads other columns; the "
                         "blocks of an MLP can only go on with the same");
    return true;
}

/* Of "head.0", "head.1" and the norms; the last map is another's. */
static bool is_of_blocks(const char *name)
{
    return (str_starts(name, "head.") && !str_starts(name, "head.out"))
        || str_starts(name, "continuous.");
}

static bool take_blocks(struct model *to, struct model *from, struct error *err)
{
    struct params *p = model_params(to), *source = model_params(from);

    for (int i = 0; i < p->n; i++) {
        const struct param *own = &p->list[i];
        int there = params_find(source, own->name);

        if (!is_of_blocks(own->name))
            continue;
        if (there < 0 || source->list[there].count != own->count)
            return error_set(err, ERROR_USAGE, "the blocks to begin with are of another "
                             "width; model.head_hidden1, model.head_hidden2, "
                             "model.head_cap, model.head_norm and the classes of one-hot "
                             "columns must agree");
        memcpy(param_value(p, i), param_value(source, there), own->count * sizeof(real));
    }
    return true;
}

/* (codes) of one-hot columns, by their texts. */
static void take_one_hot(struct model *to, struct model *from)
{
    const struct encoder *e = model_encoder(to);

    for (int i = 0; i < e->n_categorical; i++)
        for (int code = 0; code <= e->categorical[i].classes; code++) {
            int there = code_in(&model_encoder(from)->categorical[i], &e->categorical[i],
                                code);

            if (there >= 0)
                copy_row(to, from, "weight", (const int[]){i, i},
                         (const int[]){code, there});
        }
}

static bool take_mlp(struct model *to, struct model *from, struct census *c,
                     struct error *err)
{
    bool embeds = model_embeds(to);

    if (!check_inputs(to, from, err) || (embeds && !take_columns(to, from, c, err))
        || !take_blocks(to, from, err))
        return false;
    if (!embeds) {
        take_one_hot(to, from);
        c->columns = c->all = model_encoder(to)->n_categorical;
    }
    return true;
}

bool model_take_body(struct model *to, struct model *from, struct str *note,
                     struct error *err)
{
    struct census c = {.blocks = model_pretext(from) == PRETEXT_DAE};
    bool ok = check_shape(model_options(to), model_options(from), err)
        && (c.blocks ? take_mlp(to, from, &c, err) : take_columns(to, from, &c, err));

    if (ok) {
        take_layers(to, from);
        note_census(&c, note);
    }
    str_done(&c.new_columns);
    return ok;
}
