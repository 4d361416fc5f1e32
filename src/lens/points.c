/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/points.h"

#include <stdlib.h>

#include "base/mem.h"

/* Further away than anything, and its square is still a number. */
#define FAR 1e30f

static size_t panels_of(size_t n)
{
    return (n + LANES - 1) / LANES;
}

size_t points_memory(size_t n, int d)
{
    return panels_of(n) * panel_size(d + 1) * sizeof(float);
}

static float *feature_of(const struct points *p, size_t i, int feature)
{
    return p->panel + i / LANES * p->size + (size_t)feature * LANES + i % LANES;
}

static void find_mean(const struct points *p, double *mean)
{
    for (size_t i = 0; i < p->n; i++)
        for (int f = 0; f < p->d; f++)
            mean[f] += p->x[i * (size_t)p->d + (size_t)f] / (double)p->n;
}

static void fill_panels(const struct points *p, const double *mean)
{
    for (size_t i = 0; i < p->n; i++) {
        double square = 0;

        for (int f = 0; f < p->d; f++) {
            float x = (float)(p->x[i * (size_t)p->d + (size_t)f] - mean[f]);

            *feature_of(p, i, f) = x;
            square += (double)x * x;
        }
        *feature_of(p, i, p->d) = (float)square;
    }
    for (size_t i = p->n; i < (size_t)p->panels * LANES; i++)
        *feature_of(p, i, p->d) = FAR;
}

/* The sum of squares is only finite if all numbers are. */
static bool check_finite(const float *x, size_t n, int d, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        double square = 0;

        for (int f = 0; f < d; f++)
            square += (double)x[i * (size_t)d + (size_t)f] * x[i * (size_t)d + (size_t)f];
        if (!(square < FAR / 16))
            return error_set(err, ERROR_NUMERIC,
                             "point %zu of %zu has a number that is not finite, or too "
                             "large to compute with", i + 1, n);
    }
    return true;
}

bool points_init(struct points *p, const float *x, size_t n, int d, struct error *err)
{
    double *mean;

    *p = (struct points){.n = n, .d = d, .x = x, .size = panel_size(d + 1),
                         .kernels = kernels_best()};
    if (n < 2 || d < 1)
        return error_set(err, ERROR_STATE,
                         "%zu points of %d numbers: at least 2 points of 1 number are "
                         "needed", n, d);
    if (!check_finite(x, n, d, err))
        return false;
    p->panels = (int)panels_of(n);
    p->panel = try_aligned((size_t)p->panels * p->size, sizeof *p->panel);
    mean = try_calloc((size_t)d, sizeof *mean);
    if (p->panel && mean) {
        find_mean(p, mean);
        fill_panels(p, mean);
        free(mean);
        return true;
    }
    free(mean);
    points_done(p);
    return error_set(err, ERROR_MEMORY, "no memory for %zu points of %d numbers", n, d);
}

void points_done(struct points *p)
{
    free(p->panel);
    p->panel = NULL;
}

void points_ask(const struct points *p, size_t i, float *row)
{
    for (int f = 0; f < p->d; f++)
        row[f] = -2 * *feature_of(p, i, f);
    row[p->d] = 1;
}

/* Four sums, so that an addition need not wait for the one before it. */
double points_distance2(const struct points *p, size_t i, size_t j)
{
    const float *a = p->x + i * (size_t)p->d, *b = p->x + j * (size_t)p->d;
    double sum[4] = {0};
    int f = 0;

    for (; f + 4 <= p->d; f += 4)
        for (int k = 0; k < 4; k++) {
            double x = (double)a[f + k] - b[f + k];

            sum[k] += x * x;
        }
    for (; f < p->d; f++)
        sum[0] += ((double)a[f] - b[f]) * ((double)a[f] - b[f]);
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}
