/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/bins.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/feature.h"

/* ---- numbers ---- */

static bool is_same_number(const struct feature *a, const struct feature *b)
{
    return a->source == b->source && strcmp(a->column, b->column) == 0;
}

int bins_find_missing(const struct encoder *e, const char *column)
{
    for (int i = 0; i < e->n_continuous; i++)
        if (e->continuous[i].source == FEATURE_MISSING
            && strcmp(e->continuous[i].column, column) == 0)
            return i;
    return -1;
}

bool bins_stands_alone(const struct encoder *e, int missing)
{
    for (int i = 0; i < e->n_continuous; i++)
        if (i != missing
            && strcmp(e->continuous[i].column, e->continuous[missing].column) == 0)
            return false;
    return true;
}

int bins_numbers(const struct encoder *e, struct bins_column *out)
{
    int n = 0;

    for (int i = 0; i < e->n_continuous; i++) {
        const struct feature *f = &e->continuous[i];
        bool again = n > 0 && out[n - 1].value >= 0
            && is_same_number(&e->continuous[out[n - 1].value], f);

        if (f->source == FEATURE_MISSING) {
            if (bins_stands_alone(e, i)) /* a number of its own */
                out[n++] = (struct bins_column){-1, i};
        } else if (again) {
            out[n - 1].value = i;
        } else {
            out[n++] = (struct bins_column){i, bins_find_missing(e, f->column)};
        }
    }
    return n;
}

const struct feature *bins_feature(const struct encoder *e, const struct bins_column *n)
{
    int i = n->value >= 0 ? n->value : n->missing;

    /* the first of two has the plain name */
    while (i > 0 && is_same_number(&e->continuous[i - 1], &e->continuous[i]))
        i--;
    return &e->continuous[i];
}

void bins_hide(const struct encoder *e, const struct bins_column *n, float *values)
{
    for (int i = 0; n->value >= 0 && i < e->n_continuous; i++)
        if (is_same_number(&e->continuous[i], &e->continuous[n->value]))
            values[i] = 0;
    if (n->missing >= 0)
        values[n->missing] = 1;
}

/* ---- bins ---- */

/* Values that alone fill a bin, and what is left for the others. */
struct shares {
    bool *full;   /* (n) */
    size_t rows;  /* of the others */
    int bins;     /* for the others */
    size_t n;     /* number of the others */
};

/* Each value that is taken out leaves fewer rows for a bin, so that others may fill one. */
static void take_full(struct shares *s, const struct sample *v, size_t n)
{
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < n && s->bins > 1; i++) {
            if (s->full[i] || v[i].count * (size_t)s->bins <= s->rows)
                continue;
            s->full[i] = again = true;
            s->rows -= v[i].count;
            s->bins--;
            s->n--;
        }
    }
}

static int compare_edges(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Of the values that fill no bin alone: all, or the quantiles that divide them. Returns
 * how many. */
static int edges_of_others(const struct shares *s, const struct sample *v, size_t n,
                           double *edges)
{
    struct sample *others = xcalloc(s->n + 1, sizeof *others);
    double *shares = xcalloc((size_t)s->bins + 1, sizeof *shares);
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        if (!s->full[i])
            others[k++] = v[i];
    for (int i = 0; i <= s->bins; i++)
        shares[i] = (double)i / s->bins;
    if (k > (size_t)s->bins)
        scaling_quantiles_at(others, k, shares, s->bins + 1, edges);
    for (size_t i = 0; i < k && k <= (size_t)s->bins; i++)
        edges[i] = others[i].value;
    free(others);
    free(shares);
    return k > (size_t)s->bins ? s->bins + 1 : (int)k;
}

/* In order, and each number once. Returns how many are left. */
static int sort_edges(const struct feature *f, double *edges, int n)
{
    int k = 0;

    qsort(edges, (size_t)n, sizeof *edges, compare_edges);
    for (int i = 0; i < n; i++)
        if (k == 0 || feature_scale(f, edges[k - 1]) < feature_scale(f, edges[i]))
            edges[k++] = edges[i];
    return k;
}

bool bins_fit(struct feature *f, const struct sample *sorted, size_t n, int bins)
{
    struct shares s = {.full = try_calloc(n, sizeof *s.full), .bins = bins, .n = n};
    double *edges;
    int k;

    if (!s.full)
        return false;
    for (size_t i = 0; i < n; i++)
        s.rows += sorted[i].count;
    take_full(&s, sorted, n);
    edges = xcalloc((size_t)bins + 2, sizeof *edges);
    k = edges_of_others(&s, sorted, n, edges);
    for (size_t i = 0; i < n; i++)
        if (s.full[i])
            edges[k++] = sorted[i].value;
    free(s.full);
    k = sort_edges(f, edges, k);
    if (k < 2) {
        free(edges);
        return true;
    }
    f->edges = edges;
    f->n_edges = k;
    return true;
}

bool bins_ascend(const struct feature *f)
{
    for (int i = 1; i < f->n_edges; i++)
        if (!(f->edges[i - 1] < f->edges[i]
              && feature_scale(f, f->edges[i - 1]) < feature_scale(f, f->edges[i])))
            return false;
    return true;
}
