/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/input.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/edit.h"
#include "data/vocabulary.h"

/* The one of that column, made if there is none. */
static struct input *find(struct input *inputs, int *n, const char *column)
{
    for (int i = 0; i < *n; i++)
        if (strcmp(inputs[i].column, column) == 0)
            return &inputs[i];
    inputs[*n].column = column;
    return &inputs[(*n)++];
}

static void add(int **list, int *n, int feature)
{
    *list = xrealloc(*list, ((size_t)*n + 1) * sizeof **list);
    (*list)[(*n)++] = feature;
}

struct input *inputs_new(const struct encoder *e, int *n)
{
    struct input *inputs = xcalloc((size_t)(e->n_categorical + e->n_continuous) + 1,
                                   sizeof *inputs);

    *n = 0;
    for (int i = 0; i < e->n_categorical; i++) {
        struct input *in = find(inputs, n, e->categorical[i].column);

        add(&in->categorical, &in->n_categorical, i);
    }
    for (int i = 0; i < e->n_continuous; i++) {
        struct input *in = find(inputs, n, e->continuous[i].column);

        add(&in->continuous, &in->n_continuous, i);
    }
    return inputs;
}

void inputs_free(struct input *inputs, int n)
{
    for (int i = 0; i < n; i++) {
        free(inputs[i].categorical);
        free(inputs[i].continuous);
    }
    free(inputs);
}

void input_copy(const struct input *in, const struct frame *from, size_t row,
                struct frame *to, size_t at)
{
    size_t m = (size_t)from->n_categorical, c = (size_t)from->n_continuous;

    for (int i = 0; i < in->n_categorical; i++)
        to->codes[at * m + (size_t)in->categorical[i]] =
            from->codes[row * m + (size_t)in->categorical[i]];
    for (int i = 0; i < in->n_continuous; i++)
        to->values[at * c + (size_t)in->continuous[i]] =
            from->values[row * c + (size_t)in->continuous[i]];
}

struct frame *input_missing(const struct input *in, const struct encoder *e)
{
    struct frame *f = xcalloc(1, sizeof *f);

    f->rows = 1;
    f->n_categorical = e->n_categorical;
    f->n_continuous = e->n_continuous;
    f->codes = xcalloc((size_t)e->n_categorical + 1, sizeof *f->codes);
    f->values = xcalloc((size_t)e->n_continuous + 1, sizeof *f->values);
    edit_cell(e, f, 0, in->column, cell_of(""));
    return f;
}
