/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/ridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    PANELS = 16, /* whose products are summed in single precision */
    BLOCK = 32,  /* lines of the matrix that one task sums, columns of a step */
    WORK = 1 << 26, /* multiplications of a step, about */
};

/* The least share of it that can be left of a line's square. */
static const double rounding = 1e-10;

struct ridge_room {
    float *rows;   /* PANELS panels of rows: inputs, 1, target */
    float *sums;   /* (size, size) products of these */
    int panels;
    double sign;   /* of what is added to `into` */
    double *into;
};

/* ---- beginning and end ---- */

static void measure_target(struct ridge *r)
{
    double n = (double)r->x->n, square = 0;

    for (size_t i = 0; i < r->x->n; i++)
        r->mean += (double)r->target[i] / n;
    for (size_t i = 0; i < r->x->n; i++)
        square += ((double)r->target[i] - r->mean) * ((double)r->target[i] - r->mean) / n;
    r->deviation = sqrt(square);
}

bool ridge_init(struct ridge *r, const struct design *x, const float *target,
                double strength, struct pool *pool, struct error *err)
{
    size_t size = (size_t)x->d + 2;

    *r = (struct ridge){.x = x, .target = target, .strength = strength, .pool = pool,
                        .size = x->d + 2, .room = xcalloc(1, sizeof *r->room)};
    r->all = try_calloc(size, size * sizeof *r->all);
    r->factor = try_alloc(size, size * sizeof *r->factor);
    r->w = try_calloc(size, sizeof *r->w);
    r->room->rows = try_aligned(PANELS * panel_size(r->size), sizeof *r->room->rows);
    r->room->sums = try_aligned(size, size * sizeof *r->room->sums);
    if (!r->all || !r->factor || !r->w || !r->room->rows || !r->room->sums)
        return error_set(err, ERROR_MEMORY, "no memory for a regression on %d numbers",
                         x->d);
    measure_target(r);
    return true;
}

void ridge_done(struct ridge *r)
{
    if (r->room) {
        free(r->room->rows);
        free(r->room->sums);
    }
    free(r->room);
    free(r->all);
    free(r->factor);
    free(r->w);
    *r = (struct ridge){.x = NULL};
}

/* ---- sums of products ---- */

static void take_row(const struct ridge *r, size_t row, size_t at)
{
    const struct design *x = r->x;
    const float *from = x->panel + row / LANES * x->size + row % LANES;
    float *to = r->room->rows + at / LANES * panel_size(r->size) + at % LANES;
    double off = (double)r->target[row] - r->mean;

    for (int f = 0; f < x->d; f++)
        to[f * LANES] = from[f * LANES];
    to[x->d * LANES] = 1;
    to[(x->d + 1) * LANES] = r->deviation > 0 ? (float)(off / r->deviation) : 0;
}

/* The next rows that count: all, or those that are left out. False: there is none. */
static bool take_rows(struct ridge *r)
{
    struct ridge_room *room = r->room;
    size_t line = panel_size(r->size), n = 0;

    for (; r->row < r->x->n && n < PANELS * LANES; r->row++) {
        if (r->phase == RIDGE_TAKE_AWAY && r->learned[r->row])
            continue;
        if (n % LANES == 0) /* what the last panel is not filled up with counts as 0 */
            memset(room->rows + n / LANES * line, 0, line * sizeof *room->rows);
        take_row(r, r->row, n++);
    }
    room->panels = (int)((n + LANES - 1) / LANES);
    return n > 0;
}

static int tasks_of(const struct ridge *r, int first)
{
    return (r->size - first + BLOCK - 1) / BLOCK;
}

/* Lines of the lower triangle. */
static void add_task(void *arg, int task, int worker)
{
    const struct ridge *r = arg;
    const struct ridge_room *room = r->room;
    size_t size = (size_t)r->size, line = panel_size(r->size);
    int first = task * BLOCK;
    int end = first + BLOCK < r->size ? first + BLOCK : r->size;

    (void)worker;
    r->x->kernels->linear_backward_weight(room->panels, end - first, end,
                                          room->rows + (size_t)first * LANES, line,
                                          room->rows, line,
                                          room->sums + (size_t)first * size, size, false);
    for (size_t i = (size_t)first; i < (size_t)end; i++)
        for (size_t k = 0; k <= i; k++)
            room->into[i * size + k] += room->sign * (double)room->sums[i * size + k];
}

/* False: all rows have been added. */
static bool add_rows(struct ridge *r, double *into, double sign)
{
    double work = (double)r->size * r->size * PANELS * LANES;

    r->room->into = into;
    r->room->sign = sign;
    for (int i = 0; i <= (int)(WORK / work); i++) {
        if (!take_rows(r))
            return false;
        pool_run(r->pool, tasks_of(r, 0), add_task, r);
    }
    return true;
}

/* ---- Cholesky ---- */

/* In eight sums beside each other, which the compiler puts into vectors. */
static double dot(const double *a, const double *b, int n)
{
    double sum[8] = {0}, all = 0;
    int i = 0;

    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++)
            sum[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    for (int k = 0; k < 8; k++)
        all += sum[k];
    return all;
}

static int end_of_block(const struct ridge *r)
{
    return r->column + BLOCK < r->size - 1 ? r->column + BLOCK : r->size - 1;
}

/* Columns of the block of line i, in front of its diagonal. */
static void factor_line(const struct ridge *r, int i)
{
    double *line = r->factor + (size_t)i * (size_t)r->size;
    int end = end_of_block(r);

    for (int k = r->column; k < end && k < i; k++) {
        const double *above = r->factor + (size_t)k * (size_t)r->size;

        line[k] = (line[k] - dot(line, above, k)) / above[k];
    }
}

static void factor_task(void *arg, int task, int worker)
{
    const struct ridge *r = arg;
    int first = end_of_block(r) + task * BLOCK;

    (void)worker;
    for (int i = first; i < first + BLOCK && i < r->size; i++)
        factor_line(r, i);
}

/* Some columns. The line of the target has no diagonal: with it the sums X'y go the way
 * of forward substitution. */
static void factor_block(struct ridge *r)
{
    int end = end_of_block(r);

    for (int i = r->column; i < end; i++) {
        double *line = r->factor + (size_t)i * (size_t)r->size, square;

        factor_line(r, i);
        square = line[i] - dot(line, line, i);
        line[i] = sqrt(fmax(square, rounding * line[i])); /* as it is more than 0 */
    }
    pool_run(r->pool, tasks_of(r, end), factor_task, r);
    r->column = end;
}

static void solve(struct ridge *r)
{
    size_t size = (size_t)r->size, n = size - 1;

    memcpy(r->w, r->factor + n * size, n * sizeof *r->w);
    for (size_t i = n; i-- > 0;) {
        const double *line = r->factor + i * size;

        r->w[i] /= line[i];
        for (size_t k = 0; k < i; k++)
            r->w[k] -= line[k] * r->w[i];
    }
}

/* ---- a fit ---- */

void ridge_fit(struct ridge *r, const unsigned char *learned)
{
    r->learned = learned;
    if (r->phase != RIDGE_SUM)
        r->phase = RIDGE_READY;
}

static void begin_fit(struct ridge *r)
{
    size_t size = (size_t)r->size;

    memcpy(r->factor, r->all, size * size * sizeof *r->factor);
    r->row = 0;
    r->column = 0;
    r->phase = RIDGE_TAKE_AWAY;
}

static void begin_factor(struct ridge *r)
{
    for (size_t f = 0; f < (size_t)r->x->d; f++)
        r->factor[f * (size_t)r->size + f] += 1 / r->strength;
    r->phase = RIDGE_FACTOR;
}

enum step ridge_step(struct ridge *r)
{
    switch (r->phase) {
    case RIDGE_SUM:
        if (!add_rows(r, r->all, 1))
            r->phase = RIDGE_READY;
        break;
    case RIDGE_READY:
        begin_fit(r);
        break;
    case RIDGE_TAKE_AWAY:
        if (!r->learned || !add_rows(r, r->factor, -1))
            begin_factor(r);
        break;
    case RIDGE_FACTOR:
        if (r->column < r->size - 1) {
            factor_block(r);
            break;
        }
        solve(r);
        r->phase = RIDGE_DONE;
        break;
    case RIDGE_DONE:
        return STEP_DONE;
    }
    return r->phase == RIDGE_DONE ? STEP_DONE : STEP_MORE;
}

void ridge_predict(const struct ridge *r, float *prediction)
{
    const struct design *x = r->x;

    for (size_t i = 0; i < x->n; i++) {
        const float *from = x->panel + i / LANES * x->size + i % LANES;
        double sum = r->w[x->d];

        for (int f = 0; f < x->d; f++)
            sum += r->w[f] * (double)from[f * LANES];
        prediction[i] = (float)(r->mean + r->deviation * sum);
    }
}
