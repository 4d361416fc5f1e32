/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "num/breakdown.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int top_class(const float *p, int classes)
{
    int best = 0;

    for (int c = 1; c < classes; c++)
        if (p[c] > p[best])
            best = c;
    return best;
}

void breakdown_confusion(const float *probability, const float *truth, size_t n,
                         int classes, const int *line, int k, size_t *counts)
{
    memset(counts, 0, (size_t)k * (size_t)k * sizeof *counts);
    for (size_t i = 0; i < n; i++) {
        const float *p = probability + i * (size_t)classes;

        if (!isnan(truth[i]))
            counts[line[(int)truth[i]] * k + line[top_class(p, classes)]]++;
    }
}

/* Brier 1950, for two classes half of it, as is usual */
double breakdown_brier(const float *probability, const float *truth, size_t n,
                       int classes)
{
    double sum = 0, rows = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(truth[i]))
            continue;
        for (int c = classes == 2; c < classes; c++) {
            double e = (double)probability[i * (size_t)classes + (size_t)c]
                - (c == (int)truth[i]);

            sum += e * e;
        }
        rows++;
    }
    return rows > 0 ? sum / rows : NAN;
}

void breakdown_calibration(const float *probability, const float *truth, size_t n,
                           int classes, int bins, struct breakdown_bin *out)
{
    for (int b = 0; b < bins; b++)
        out[b] = (struct breakdown_bin){0};
    for (size_t i = 0; i < n; i++) {
        const float *p = probability + i * (size_t)classes;
        int class = classes == 2 ? 1 : top_class(p, classes);
        int bin = (int)(p[class] * (float)bins);

        if (isnan(truth[i]))
            continue;
        bin = bin < 0 ? 0 : bin < bins ? bin : bins - 1;
        out[bin].rows++;
        out[bin].said += (double)p[class];
        out[bin].found += (int)truth[i] == class;
    }
    for (int b = 0; b < bins; b++) {
        out[b].said = out[b].rows ? out[b].said / (double)out[b].rows : NAN;
        out[b].found = out[b].rows ? out[b].found / (double)out[b].rows : NAN;
    }
}

/* ---- numbers ---- */

struct pair {
    float said, found;
};

static int by_said(const void *a, const void *b)
{
    float x = ((const struct pair *)a)->said, y = ((const struct pair *)b)->said;

    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of values in rising order. */
static double quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;

    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

/* room: (n) */
static struct breakdown_group one_group(const struct pair *p, size_t n, double *room)
{
    struct breakdown_group g = {.rows = n};
    double square = 0;

    for (size_t i = 0; i < n; i++) {
        double e = (double)p[i].said - (double)p[i].found;

        g.said += (double)p[i].said / (double)n;
        g.found += (double)p[i].found / (double)n;
        square += e * e / (double)n;
        room[i] = (double)p[i].found;
    }
    qsort(room, n, sizeof *room, by_value);
    g.low = quantile(room, n, 0.1);
    g.high = quantile(room, n, 0.9);
    g.rmse = sqrt(square);
    return g;
}

int breakdown_groups(const float *prediction, const float *truth, size_t n, int groups,
                     struct breakdown_group *out)
{
    struct pair *pairs = xmalloc((n + 1) * sizeof *pairs);
    double *room = xmalloc((n + 1) * sizeof *room);
    size_t rows = 0, count;

    for (size_t i = 0; i < n; i++)
        if (!isnan(truth[i]))
            pairs[rows++] = (struct pair){prediction[i], truth[i]};
    qsort(pairs, rows, sizeof *pairs, by_said);
    count = rows < (size_t)groups ? rows : (size_t)groups;
    for (size_t g = 0; g < count; g++) {
        size_t from = g * rows / count, to = (g + 1) * rows / count;

        out[g] = one_group(pairs + from, to - from, room);
    }
    free(room);
    free(pairs);
    return (int)count;
}

void breakdown_residuals(const float *prediction, const float *truth, size_t n,
                         const double *q, int k, double *out)
{
    double *residual = xmalloc((n + 1) * sizeof *residual);
    size_t rows = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(truth[i]))
            residual[rows++] = (double)prediction[i] - (double)truth[i];
    qsort(residual, rows, sizeof *residual, by_value);
    for (int i = 0; i < k; i++)
        out[i] = rows ? quantile(residual, rows, q[i]) : NAN;
    free(residual);
}
