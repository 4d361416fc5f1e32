/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/prune.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/* Weight decay is for weights of linear maps only, and so is pruning. */
static bool can_prune(const struct param *q)
{
    return q->decay && q->kind == PARAM_HEAD;
}

size_t prune_count(const struct params *p, size_t *left)
{
    size_t n = 0;

    *left = 0;
    for (int i = 0; i < p->n; i++) {
        const real *w = param_value(p, i);

        if (!can_prune(&p->list[i]))
            continue;
        n += p->list[i].count;
        for (size_t k = 0; k < p->list[i].count; k++)
            *left += w[k] != 0;
    }
    return n;
}

static int compare(const void *a, const void *b)
{
    real x = *(const real *)a, y = *(const real *)b;

    return (x > y) - (x < y);
}

/* Of all that are not 0, ascending: (n). */
static void sort_magnitudes(const struct params *p, real *out)
{
    size_t n = 0;

    for (int i = 0; i < p->n; i++) {
        const real *w = param_value(p, i);

        for (size_t k = 0; can_prune(&p->list[i]) && k < p->list[i].count; k++)
            if (w[k] != 0)
                out[n++] = w[k] < 0 ? -w[k] : w[k];
    }
    qsort(out, n, sizeof *out, compare);
}

static void clear_below(struct params *p, real limit, real *average)
{
    for (int i = 0; i < p->n; i++) {
        size_t from = p->list[i].offset;

        for (size_t k = 0; can_prune(&p->list[i]) && k < p->list[i].count; k++) {
            size_t at = from + k;

            if (p->value[at] > limit || p->value[at] < -limit)
                continue;
            p->value[at] = p->moment1[at] = p->moment2[at] = 0;
            if (average)
                average[at] = 0;
        }
    }
}

bool prune_weights(struct params *p, double share, real *average, struct error *err)
{
    size_t left, gone;
    real *sizes;

    prune_count(p, &left);
    gone = (size_t)(share * (double)left);
    if (gone == 0)
        return true;
    sizes = try_alloc(left, sizeof *sizes);
    if (!sizes)
        return error_set(err, ERROR_MEMORY, "no memory to sort %zu weights by their size",
                         left);
    sort_magnitudes(p, sizes);
    clear_below(p, sizes[gone - 1], average);
    free(sizes);
    return true;
}

void prune_hold(struct params *p, const struct kernels *k)
{
    for (int i = 0; i < p->n; i++)
        if (can_prune(&p->list[i]))
            k->gradient_hold(p->list[i].count, param_value(p, i), param_gradient(p, i));
}
