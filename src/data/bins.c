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

static int find_missing(const struct encoder *e, const char *column)
{
    for (int i = 0; i < e->n_continuous; i++)
        if (e->continuous[i].source == FEATURE_MISSING
            && strcmp(e->continuous[i].column, column) == 0)
            return i;
    return -1;
}

/* The feature of a missing cell is a number of its own where nothing else is left of
 * the column. */
static bool stands_alone(const struct encoder *e, int missing)
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
            if (stands_alone(e, i))
                out[n++] = (struct bins_column){-1, i};
        } else if (again) {
            out[n - 1].value = i;
        } else {
            out[n++] = (struct bins_column){i, find_missing(e, f->column)};
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

/* ---- bins ---- */

void bins_fit(struct feature *f, const struct sample *sorted, size_t n, int bins)
{
    double *shares = xcalloc((size_t)bins + 1, sizeof *shares);
    double *edges = xcalloc((size_t)bins + 1, sizeof *edges);
    int k = 0;

    for (int i = 0; i <= bins; i++)
        shares[i] = (double)i / bins;
    scaling_quantiles_at(sorted, n, shares, bins + 1, edges);
    for (int i = 0; i <= bins; i++)
        if (k == 0 || feature_scale(f, edges[k - 1]) < feature_scale(f, edges[i]))
            edges[k++] = edges[i];
    free(shares);
    if (k < 2) {
        free(edges);
        return;
    }
    f->edges = edges;
    f->n_edges = k;
}

bool bins_ascend(const struct feature *f)
{
    for (int i = 1; i < f->n_edges; i++)
        if (!(f->edges[i - 1] < f->edges[i]
              && feature_scale(f, f->edges[i - 1]) < feature_scale(f, f->edges[i])))
            return false;
    return true;
}
