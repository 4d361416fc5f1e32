/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/pca.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

enum {
    VECTORS = 8,
    ROUNDS = 60,
    TASKS = 32,      /* at most; their sums are added up in order */
    TASK_PANELS = 8, /* at least */
};

#define CLOSE 1e-5 /* two rounds' variances agree */

struct iteration {
    const struct points *points;
    int vectors, tasks;
    float *v;       /* (vectors, d) orthonormal */
    float *part;    /* (tasks, vectors, d): V X X^T of the task's panels */
    float *product; /* (tasks, TASK_PANELS panels of vectors) */
    double *w;      /* (vectors, d) */
    double variance[VECTORS];
};

static int tasks_of(const struct points *p)
{
    int tasks = (p->panels + TASK_PANELS - 1) / TASK_PANELS;

    return tasks < TASKS ? tasks : TASKS;
}

static void panels_of(const struct iteration *t, int task, int *from, int *to)
{
    *from = (int)((long)t->points->panels * task / t->tasks);
    *to = (int)((long)t->points->panels * (task + 1) / t->tasks);
}

static void multiply(void *arg, int task, int worker)
{
    const struct iteration *t = arg;
    const struct points *p = t->points;
    size_t panel = panel_size(t->vectors), d = (size_t)p->d;
    float *product = t->product + (size_t)task * TASK_PANELS * panel;
    float *part = t->part + (size_t)task * (size_t)t->vectors * d;
    int from, to;

    (void)worker;
    panels_of(t, task, &from, &to);
    memset(part, 0, (size_t)t->vectors * d * sizeof *part);
    for (int at = from; at < to; at += TASK_PANELS) {
        int n = to - at < TASK_PANELS ? to - at : TASK_PANELS;
        const float *x = p->panel + (size_t)at * p->size;

        p->kernels->linear_forward(n, t->vectors, p->d, t->v, d, NULL, x, p->size,
                                   product, panel);
        p->kernels->linear_backward_weight(n, t->vectors, p->d, product, panel, x,
                                           p->size, part, d, true);
    }
}

static double dot(const double *a, const double *b, int d)
{
    double sum = 0;

    for (int f = 0; f < d; f++)
        sum += a[f] * b[f];
    return sum;
}

/* Gram-Schmidt, twice for the sake of rounding; a vector of nothing becomes 0. */
static void make_orthonormal(double *w, int vectors, int d)
{
    for (int i = 0; i < vectors; i++) {
        double *row = w + (size_t)i * (size_t)d, before = dot(row, row, d), length;

        for (int k = 0; k < 2 * i; k++) {
            const double *other = w + (size_t)(k % i) * (size_t)d;
            double along = dot(row, other, d);

            for (int f = 0; f < d; f++)
                row[f] -= along * other[f];
        }
        length = dot(row, row, d);
        length = length > 1e-20 * before && length > 0 ? 1 / sqrt(length) : 0;
        for (int f = 0; f < d; f++)
            row[f] *= length;
    }
}

/* One rotation of Jacobi's method that makes m[p][q] 0; r gathers the rotations. */
static void rotate(double m[VECTORS][VECTORS], double r[VECTORS][VECTORS], int p, int q)
{
    double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
    double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;

    for (int k = 0; k < VECTORS; k++) {
        double a = m[k][p], b = m[k][q];

        m[k][p] = c * a - s * b;
        m[k][q] = s * a + c * b;
    }
    for (int k = 0; k < VECTORS; k++) {
        double a = m[p][k], b = m[q][k];

        m[p][k] = c * a - s * b;
        m[q][k] = s * a + c * b;
        a = r[p][k];
        b = r[q][k];
        r[p][k] = c * a - s * b;
        r[q][k] = s * a + c * b;
    }
}

/* The rows of r become the eigenvectors of symmetric m, in no order. */
static void diagonalise(double m[VECTORS][VECTORS], double r[VECTORS][VECTORS])
{
    for (int i = 0; i < VECTORS; i++)
        for (int k = 0; k < VECTORS; k++)
            r[i][k] = i == k;
    for (int sweep = 0; sweep < 12; sweep++)
        for (int p = 0; p < VECTORS; p++)
            for (int q = p + 1; q < VECTORS; q++)
                if (fabs(m[p][q]) > 1e-14 * (fabs(m[p][p]) + fabs(m[q][q])))
                    rotate(m, r, p, q);
}

/* Rows of w by variance, which follow from rotating V so that V C V^T is diagonal. */
static void rotate_to_axes(struct iteration *t)
{
    int d = t->points->d, order[VECTORS];
    double m[VECTORS][VECTORS] = {{0}}, r[VECTORS][VECTORS];
    size_t row = (size_t)d;

    for (int i = 0; i < t->vectors; i++)
        for (int k = 0; k < t->vectors; k++)
            for (int f = 0; f < d; f++)
                m[i][k] += t->w[(size_t)i * row + (size_t)f]
                    * t->v[(size_t)k * row + (size_t)f];
    for (int i = 0; i < VECTORS; i++)
        for (int k = 0; k < i; k++)
            m[i][k] = m[k][i] = (m[i][k] + m[k][i]) / 2;
    diagonalise(m, r);
    for (int i = 0; i < VECTORS; i++) {
        int at = i;

        for (; at > 0 && m[i][i] > m[order[at - 1]][order[at - 1]]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (int f = 0; f < d; f++) {
        double turned[VECTORS] = {0};

        for (int i = 0; i < t->vectors; i++)
            for (int k = 0; k < t->vectors; k++)
                turned[i] += r[order[i]][k] * t->w[(size_t)k * row + (size_t)f];
        for (int i = 0; i < t->vectors; i++)
            t->w[(size_t)i * row + (size_t)f] = turned[i];
    }
    for (int i = 0; i < t->vectors; i++)
        t->variance[i] = m[order[i]][order[i]] / (double)t->points->n;
}

static void add_parts(struct iteration *t)
{
    size_t size = (size_t)t->vectors * (size_t)t->points->d;

    memset(t->w, 0, size * sizeof *t->w);
    for (int k = 0; k < t->tasks; k++)
        for (size_t i = 0; i < size; i++)
            t->w[i] += t->part[(size_t)k * size + i];
}

static void take_vectors(struct iteration *t)
{
    make_orthonormal(t->w, t->vectors, t->points->d);
    for (size_t i = 0; i < (size_t)t->vectors * (size_t)t->points->d; i++)
        t->v[i] = (float)t->w[i];
}

/* The sign of a component is nobody's: the largest weight shall be positive. */
static void settle_signs(struct iteration *t)
{
    for (int i = 0; i < t->vectors; i++) {
        float *row = t->v + (size_t)i * (size_t)t->points->d, most = 0;

        for (int f = 0; f < t->points->d; f++)
            most = fabsf(row[f]) > fabsf(most) ? row[f] : most;
        for (int f = 0; f < t->points->d && most < 0; f++)
            row[f] = -row[f];
    }
}

static bool agree(const double *before, const double *now)
{
    return fabs(now[0] - before[0]) <= CLOSE * now[0]
        && fabs(now[1] - before[1]) <= CLOSE * now[0];
}

static void iterate(struct iteration *t, struct pool *pool)
{
    struct rng r = rng_make(0, RNG_LAYOUT, 0);
    double before[VECTORS];
    int round = 0;

    for (size_t i = 0; i < (size_t)t->vectors * (size_t)t->points->d; i++)
        t->w[i] = rng_normal(&r);
    take_vectors(t);
    do {
        memcpy(before, t->variance, sizeof before);
        pool_run(pool, t->tasks, multiply, t);
        add_parts(t);
        rotate_to_axes(t);
        take_vectors(t);
    } while (++round < ROUNDS && !agree(before, t->variance));
    settle_signs(t);
}

static void score(const struct iteration *t, float *scores)
{
    const struct points *p = t->points;

    for (size_t i = 0; i < p->n; i++)
        for (int c = 0; c < 2; c++) {
            const float *x = p->panel + i / LANES * p->size + i % LANES;
            double sum = 0;

            for (int f = 0; f < p->d && c < t->vectors; f++)
                sum += (double)x[(size_t)f * LANES] * t->v[(size_t)c * (size_t)p->d
                                                           + (size_t)f];
            scores[2 * i + (size_t)c] = (float)sum;
        }
}

static double whole_variance(const struct points *p)
{
    double sum = 0;

    for (size_t i = 0; i < p->n; i++)
        sum += p->panel[i / LANES * p->size + (size_t)p->d * LANES + i % LANES];
    return sum / (double)p->n;
}

bool pca_scores(const struct points *p, struct pool *pool, float *scores,
                struct pca *result, struct error *err)
{
    struct iteration t = {.points = p, .tasks = tasks_of(p),
                          .vectors = p->d < VECTORS ? p->d : VECTORS};
    size_t size = (size_t)t.vectors * (size_t)p->d;
    double whole = whole_variance(p);
    bool ok;

    t.v = try_alloc(size, sizeof *t.v);
    t.part = try_alloc((size_t)t.tasks * size, sizeof *t.part);
    t.product = try_aligned((size_t)t.tasks * TASK_PANELS, panel_size(t.vectors)
                            * sizeof *t.product);
    t.w = try_alloc(size, sizeof *t.w);
    ok = t.v && t.part && t.product && t.w;
    if (ok) {
        iterate(&t, pool);
        score(&t, scores);
        for (int c = 0; c < 2; c++)
            result->share[c] = whole > 0 ? (float)(t.variance[c] / whole) : 0;
    } else {
        error_set(err, ERROR_MEMORY, "no memory for the components of %d dimensions",
                  p->d);
    }
    free(t.v);
    free(t.part);
    free(t.product);
    free(t.w);
    return ok;
}
