/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linear maps over panels. A panel with its lanes is already what a matrix product wants
 * as its packed right side, and the weights of these models are small enough for the
 * first-level cache, so nothing is packed: a tile of outputs stays in registers while
 * one line of the input after the other is multiplied by weights broadcast from memory.
 */
#include "num/simd.h"

/* Outputs a tile: as many lines as the registers hold beside one line of input. */
#if VECTOR_BYTES == 64 && !defined REAL_DOUBLE
#define TILE 12
#elif VECTOR_BYTES == 32 && !defined REAL_DOUBLE
#define TILE 6
#else
#define TILE 2
#endif

/* y[i] = b[i] + sum over k of w[i * row + k * col] x[k] for i < tile, where y[i] and
 * x[k] are lines. */
INLINE void multiply_tile(int tile, int in, const real *w, size_t row, size_t col,
                          const real *b, const real *x, real *y, bool add)
{
    vec sum[TILE][PARTS];

    UNROLL for (int i = 0; i < tile; i++)
        UNROLL for (int p = 0; p < PARTS; p++) {
            sum[i][p] = b ? splat(b[i]) : (vec){0};
            if (add)
                sum[i][p] += load(y + i * LANES + p * WIDTH);
        }
    for (int k = 0; k < in; k++) {
        vec line[PARTS];

        UNROLL for (int p = 0; p < PARTS; p++)
            line[p] = load(x + (size_t)k * LANES + p * WIDTH);
        UNROLL for (int i = 0; i < tile; i++) {
            vec weight = splat(w[i * row + k * col]);

            UNROLL for (int p = 0; p < PARTS; p++)
                sum[i][p] += weight * line[p];
        }
    }
    UNROLL for (int i = 0; i < tile; i++)
        UNROLL for (int p = 0; p < PARTS; p++)
            store(y + i * LANES + p * WIDTH, sum[i][p]);
}

/* One panel: whole tiles first, then two thirds and one third of a tile. */
INLINE void multiply_panel(int out, int in, const real *w, size_t row, size_t col,
                           const real *b, const real *x, real *y, bool add)
{
    enum { LARGE = TILE, MIDDLE = TILE * 2 / 3, SMALL = 1 };
    int o = 0;

#define REST(size, enough)                                                               \
    for (; out - o >= (size) && (enough); o += (size))                                   \
        multiply_tile(size, in, w + o * row, row, col, b ? b + o : NULL, x,              \
                      y + (size_t)o * LANES, add)
    REST(LARGE, out - o != 2 * MIDDLE);
    REST(MIDDLE, true);
    REST(SMALL, true);
#undef REST
}

/* Inputs at a time: their lines and a tile's weights stay in the first-level cache while
 * the weights of all outputs stay in the second. */
#define DEPTH 256

void ISA(linear_forward)(int n, int out, int in, const real *w, size_t w_row,
                         const real *b, const real *x, size_t x_panel, real *y,
                         size_t y_panel)
{
    for (int k = 0; k < in; k += DEPTH) {
        int depth = in - k < DEPTH ? in - k : DEPTH;

        for (int p = 0; p < n; p++)
            multiply_panel(out, depth, w + k, w_row, 1, k == 0 ? b : NULL,
                           x + p * x_panel + (size_t)k * LANES, y + p * y_panel, k > 0);
    }
}

void ISA(linear_backward_input)(int n, int out, int in, const real *w, size_t w_row,
                                const real *dy, size_t dy_panel, real *dx,
                                size_t dx_panel, bool add)
{
    for (int k = 0; k < out; k += DEPTH) {
        int depth = out - k < DEPTH ? out - k : DEPTH;

        for (int p = 0; p < n; p++)
            multiply_panel(in, depth, w + (size_t)k * w_row, 1, w_row, NULL,
                           dy + p * dy_panel + (size_t)k * LANES, dx + p * dx_panel,
                           add || k > 0);
    }
}

/* to[0..4) = (or +=) the sums of the lanes of each of four vectors */
#if defined REAL_DOUBLE || VECTOR_BYTES == 16
INLINE void put_sums(vec a, vec b, vec c, vec d, real *to, bool add)
{
    real sums[] = {lane_sum(a), lane_sum(b), lane_sum(c), lane_sum(d)};

    for (int i = 0; i < 4; i++)
        to[i] = add ? to[i] + sums[i] : sums[i];
}
#else
typedef real quad __attribute__((vector_size(16)));
typedef real octo __attribute__((vector_size(32)));
typedef real quad_unaligned __attribute__((vector_size(16), aligned(4), may_alias));
#define SHUFFLE __builtin_shufflevector

INLINE quad fold(vec v)
{
#if VECTOR_BYTES == 64
    octo h = SHUFFLE(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
        + SHUFFLE(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#else
    octo h = v;
#endif
    return SHUFFLE(h, h, 0, 1, 2, 3) + SHUFFLE(h, h, 4, 5, 6, 7);
}

INLINE void put_sums(vec a, vec b, vec c, vec d, real *to, bool add)
{
    quad p = fold(a), q = fold(b), r = fold(c), s = fold(d);
    quad pq = SHUFFLE(p, q, 0, 4, 1, 5) + SHUFFLE(p, q, 2, 6, 3, 7);
    quad rs = SHUFFLE(r, s, 0, 4, 1, 5) + SHUFFLE(r, s, 2, 6, 3, 7);
    quad sums = SHUFFLE(pq, rs, 0, 1, 4, 5) + SHUFFLE(pq, rs, 2, 3, 6, 7);

    if (add)
        sums += *(quad_unaligned *)to;
    *(quad_unaligned *)to = sums;
}
#endif

/* Outputs a tile of the weights' gradient; its inputs are four. */
#if VECTOR_BYTES == 64 && !defined REAL_DOUBLE
#define OUTER 6
#else
#define OUTER 3
#endif

struct outer {
    int n;
    const real *dy, *x;
    size_t dy_panel, x_panel, dw_row;
    bool add;
};

/* dw[i][j] (+)= sum over panels and lanes of dy[i] x[j], i < rows, j < 4 */
INLINE void outer_tile(int rows, const struct outer *o, int i0, int j0, real *dw)
{
    const real *dy = o->dy + i0 * LANES, *x = o->x + j0 * LANES;
    vec sum[OUTER][4];

    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < 4; j++)
            sum[i][j] = (vec){0};
    for (int p = 0; p < o->n; p++, dy += o->dy_panel, x += o->x_panel)
        UNROLL for (int v = 0; v < LANES; v += WIDTH) {
            vec left[OUTER];

            UNROLL for (int i = 0; i < rows; i++)
                left[i] = load(dy + i * LANES + v);
            UNROLL for (int j = 0; j < 4; j++) {
                vec right = load(x + j * LANES + v);

                UNROLL for (int i = 0; i < rows; i++)
                    sum[i][j] += left[i] * right;
            }
        }
    dw += (size_t)i0 * o->dw_row + j0;
    UNROLL for (int i = 0; i < rows; i++)
        put_sums(sum[i][0], sum[i][1], sum[i][2], sum[i][3], dw + (size_t)i * o->dw_row,
                 o->add);
}

/* The same for one weight: the last inputs where their number is odd. */
static void outer_one(const struct outer *o, int i, int j, real *dw)
{
    vec sum = {0};

    for (int p = 0; p < o->n; p++)
        for (int v = 0; v < LANES; v += WIDTH)
            sum += load(o->dy + p * o->dy_panel + i * LANES + v)
                * load(o->x + p * o->x_panel + j * LANES + v);
    dw += (size_t)i * o->dw_row + j;
    *dw = o->add ? *dw + lane_sum(sum) : lane_sum(sum);
}

static void outer_product(const struct outer *o, int out, int in, real *dw)
{
    enum { BLOCK = 16 }; /* inputs at a time: their lines stay in the first-level cache */
    int whole = in / 4 * 4;

    for (int from = 0; from < whole; from += BLOCK) {
        int to = from + BLOCK < whole ? from + BLOCK : whole;
        int i = 0;

        for (; out - i >= OUTER; i += OUTER)
            for (int j = from; j < to; j += 4)
                outer_tile(OUTER, o, i, j, dw);
        for (; i < out; i++)
            for (int j = from; j < to; j += 4)
                outer_tile(1, o, i, j, dw);
    }
    for (int i = 0; i < out; i++)
        for (int j = whole; j < in; j++)
            outer_one(o, i, j, dw);
}

void ISA(linear_backward_weight)(int n, int out, int in, const real *dy, size_t dy_panel,
                                 const real *x, size_t x_panel, real *dw, size_t dw_row,
                                 bool add)
{
    enum { PANELS = 16 }; /* at a time, for the same reason */

    for (int p = 0; p < n; p += PANELS) {
        struct outer o = {n - p < PANELS ? n - p : PANELS, dy + p * dy_panel,
                          x + p * x_panel, dy_panel, x_panel, dw_row, add || p > 0};

        outer_product(&o, out, in, dw);
    }
}

void ISA(bias_backward)(int n, int out, const real *dy, size_t dy_panel, real *db,
                        bool add)
{
    for (int i = 0; i < out; i++) {
        vec sum = {0};

        for (int p = 0; p < n; p++)
            for (int v = 0; v < LANES; v += WIDTH)
                sum += load(dy + p * dy_panel + i * LANES + v);
        db[i] = add ? db[i] + lane_sum(sum) : lane_sum(sum);
    }
}
