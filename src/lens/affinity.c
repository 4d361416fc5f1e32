/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/affinity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    TASK_ROWS = 256,
    WALKED = 8, /* neighbours that the walk of the graph follows */
};

int affinity_neighbours(double perplexity)
{
    return (int)(3 * perplexity);
}

/* ---- one row ---- */

static int count_least(int k, const float *distance2)
{
    int n = 1;

    while (n < k && distance2[n] <= distance2[0])
        n++;
    return n;
}

static void share_out(int k, int n, float *p)
{
    for (int j = 0; j < k; j++)
        p[j] = j < n ? 1 / (float)n : 0;
}

/* The row's entropy at precision beta, and its slope over the logarithm of beta. */
static double find_entropy(int k, const float *distance2, double beta, double *slope)
{
    double sum = 0, first = 0, second = 0;

    for (int j = 0; j < k; j++) {
        double x = ((double)distance2[j] - distance2[0]) * beta, w = exp(-x);

        sum += w;
        first += w * x;
        second += w * x * x;
    }
    first /= sum;
    *slope = -(second / sum - first * first);
    return log(sum) + first;
}

static void make_row(int k, const float *distance2, double beta, float *p)
{
    double least = distance2[0], sum = 0;

    for (int j = 0; j < k; j++) {
        p[j] = (float)exp((least - distance2[j]) * beta);
        sum += p[j];
    }
    for (int j = 0; j < k; j++)
        p[j] = (float)(p[j] / sum);
}

/* Newton's method on the logarithm of beta, within the bounds that are known. */
void affinity_row(int k, const float *distance2, double perplexity, float *p)
{
    double low = -INFINITY, high = INFINITY, mean = 0, b;
    int least = count_least(k, distance2);

    if (least >= perplexity || least == k) {
        share_out(k, least, p);
        return;
    }
    for (int j = 0; j < k; j++)
        mean += ((double)distance2[j] - distance2[0]) / k;
    b = -log(mean);
    for (int round = 0; round < 100; round++) {
        double slope, next;
        double excess = find_entropy(k, distance2, exp(b), &slope) - log(perplexity);

        if (fabs(excess) < 1e-7)
            break;
        *(excess > 0 ? &low : &high) = b;
        next = b - excess / slope;
        if (!(next > low && next < high && fabs(next - b) < 3))
            next = isinf(low) ? b - 2 : isinf(high) ? b + 2 : (low + high) / 2;
        b = next;
    }
    make_row(k, distance2, exp(b), p);
}

void affinity_calibrate(struct neighbours *b, size_t from, size_t to, double perplexity)
{
    for (size_t i = from; i < to; i++) {
        float *row = b->distance2 + i * (size_t)b->k;

        affinity_row(b->k, row, perplexity, row);
    }
}

/* ---- all rows ---- */

/* While P is made: who has a point among its neighbours, and how near. */
struct join {
    const struct neighbours *near;
    struct affinity *a;
    uint32_t *rank;    /* (n) the row of each point */
    size_t *from;      /* (n + 1) */
    uint32_t *point;   /* (n k) */
    float *p;          /* (n k) */
    uint32_t *seen;    /* (n) for each thread: 1 + the place in the row, or 0 */
    double *entropy;   /* of each task */
};

static int tasks_of(size_t n)
{
    return (int)((n + TASK_ROWS - 1) / TASK_ROWS);
}

size_t affinity_memory(size_t n, int k, int threads)
{
    size_t edges = n * (size_t)k;

    return n * (sizeof(uint32_t) * (2 + (size_t)threads) + 2 * sizeof(size_t))
        + edges * (sizeof(uint32_t) + sizeof(float))
        + (2 * edges + n * LANES) * (sizeof(uint32_t) + sizeof(float));
}

/* Breadth first from point 0, then from the first point that was not reached, ... */
static void walk(struct join *j)
{
    const struct neighbours *near = j->near;
    int steps = near->k < WALKED ? near->k : WALKED;
    uint32_t *order = j->a->order;
    size_t n = 0, next = 0;

    memset(j->rank, 0xff, near->n * sizeof *j->rank);
    for (size_t first = 0; first < near->n; first++) {
        if (j->rank[first] != UINT32_MAX)
            continue;
        j->rank[first] = (uint32_t)n;
        order[n++] = (uint32_t)first;
        for (; next < n; next++)
            for (int s = 0; s < steps; s++) {
                uint32_t to = near->index[order[next] * (size_t)near->k + (size_t)s];

                if (j->rank[to] == UINT32_MAX) {
                    j->rank[to] = (uint32_t)n;
                    order[n++] = to;
                }
            }
    }
}

static void turn_around(struct join *j)
{
    const struct neighbours *near = j->near;
    size_t edges = near->n * (size_t)near->k, before = 0;

    for (size_t e = 0; e < edges; e++)
        j->from[near->index[e]]++;
    for (size_t i = 0; i <= near->n; i++) {
        size_t count = j->from[i];

        j->from[i] = before;
        before += count;
    }
    for (size_t e = 0; e < edges; e++) {
        size_t to = j->from[near->index[e]]++;

        j->point[to] = (uint32_t)(e / (size_t)near->k);
        j->p[to] = near->distance2[e];
    }
    for (size_t i = near->n; i > 0; i--)
        j->from[i] = j->from[i - 1];
    j->from[0] = 0;
}

static void mark(const struct join *j, size_t point, uint32_t *seen, bool on)
{
    const uint32_t *own = j->near->index + point * (size_t)j->near->k;

    for (int s = 0; s < j->near->k; s++)
        seen[own[s]] = on ? (uint32_t)s + 1 : 0;
}

/* start[row + 1] becomes the row's length. */
static void count_rows(void *arg, int task, int worker)
{
    const struct join *j = arg;
    size_t row = (size_t)task * TASK_ROWS, end = row + TASK_ROWS;
    uint32_t *seen = j->seen + (size_t)worker * j->a->n;

    for (; row < end && row < j->a->n; row++) {
        size_t point = j->a->order[row], length = (size_t)j->near->k;

        mark(j, point, seen, true);
        for (size_t e = j->from[point]; e < j->from[point + 1]; e++)
            length += !seen[j->point[e]];
        mark(j, point, seen, false);
        j->a->start[row + 1] = (length + LANES - 1) / LANES * LANES;
    }
}

static double fill_row(const struct join *j, size_t row, uint32_t *seen)
{
    struct affinity *a = j->a;
    size_t point = a->order[row], k = (size_t)j->near->k, n = k;
    uint32_t *neighbour = a->neighbour + a->start[row];
    float *p = a->p + a->start[row];
    double half = 0.5 / (double)a->n, entropy = 0;

    for (size_t s = 0; s < k; s++) {
        neighbour[s] = j->rank[j->near->index[point * k + s]];
        p[s] = j->near->distance2[point * k + s];
    }
    mark(j, point, seen, true);
    for (size_t e = j->from[point]; e < j->from[point + 1]; e++) {
        uint32_t place = seen[j->point[e]];

        if (place) {
            p[place - 1] += j->p[e];
        } else {
            neighbour[n] = j->rank[j->point[e]];
            p[n++] = j->p[e];
        }
    }
    mark(j, point, seen, false);
    for (size_t s = 0; s < n; s++) {
        p[s] = (float)(p[s] * half);
        entropy += p[s] > 0 ? p[s] * log(p[s]) : 0;
    }
    for (; n < a->start[row + 1] - a->start[row]; n++) {
        neighbour[n] = (uint32_t)row;
        p[n] = 0;
    }
    return entropy;
}

static void fill_rows(void *arg, int task, int worker)
{
    const struct join *j = arg;
    size_t row = (size_t)task * TASK_ROWS, end = row + TASK_ROWS;

    for (; row < end && row < j->a->n; row++)
        j->entropy[task] += fill_row(j, row, j->seen + (size_t)worker * j->a->n);
}

static bool fill(struct join *j, struct pool *pool)
{
    struct affinity *a = j->a;
    int tasks = tasks_of(a->n);

    walk(j);
    turn_around(j);
    pool_run(pool, tasks, count_rows, j);
    for (size_t i = 0; i < a->n; i++)
        a->start[i + 1] += a->start[i];
    a->neighbour = try_aligned(a->start[a->n], sizeof *a->neighbour);
    a->p = try_aligned(a->start[a->n], sizeof *a->p);
    if (!a->neighbour || !a->p)
        return false;
    pool_run(pool, tasks, fill_rows, j);
    for (int t = 0; t < tasks; t++)
        a->entropy += j->entropy[t];
    return true;
}

bool affinity_init(struct affinity *a, const struct neighbours *b, struct pool *pool,
                   struct error *err)
{
    size_t edges = b->n * (size_t)b->k;
    struct join j = {.near = b, .a = a};
    bool ok;

    *a = (struct affinity){.n = b->n};
    a->order = try_alloc(a->n, sizeof *a->order);
    a->start = try_calloc(a->n + 1, sizeof *a->start);
    j.rank = try_alloc(a->n, sizeof *j.rank);
    j.from = try_calloc(a->n + 1, sizeof *j.from);
    j.point = try_alloc(edges, sizeof *j.point);
    j.p = try_alloc(edges, sizeof *j.p);
    j.seen = try_calloc(a->n * (size_t)pool_threads(pool), sizeof *j.seen);
    j.entropy = try_calloc((size_t)tasks_of(a->n), sizeof *j.entropy);
    ok = a->order && a->start && j.rank && j.from && j.point && j.p && j.seen && j.entropy
        && fill(&j, pool);
    free(j.rank);
    free(j.from);
    free(j.point);
    free(j.p);
    free(j.seen);
    free(j.entropy);
    if (!ok) {
        affinity_done(a);
        error_set(err, ERROR_MEMORY, "no memory for the %zu nearest pairs of %zu points",
                  edges, b->n);
    }
    return ok;
}

void affinity_done(struct affinity *a)
{
    free(a->order);
    free(a->start);
    free(a->neighbour);
    free(a->p);
    *a = (struct affinity){0};
}
