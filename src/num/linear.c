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

#define REST(size, enough)                                                                \
    for (; out - o >= (size) && (enough); o += (size))                                    \
        multiply_tile(size, in, w + o * row, row, col, b ? b + o : NULL, x,               \
                      y + (size_t)o * LANES, add)
    REST(LARGE, out - o != 2 * MIDDLE);
    REST(MIDDLE, true);
    REST(SMALL, true);
#undef REST
}

void ISA(linear_forward)(int n, int out, int in, const real *w, const real *b,
                         const real *x, real *y)
{
    for (int p = 0; p < n; p++)
        multiply_panel(out, in, w, (size_t)in, 1, b, x + p * panel_size(in),
                       y + p * panel_size(out), false);
}

void ISA(linear_backward_input)(int n, int out, int in, const real *w, const real *dy,
                                real *dx, bool add)
{
    for (int p = 0; p < n; p++)
        multiply_panel(in, out, w, 1, (size_t)in, NULL, dy + p * panel_size(out),
                       dx + p * panel_size(in), add);
}

/* The sums of the lanes of each of four vectors. */
#if defined REAL_DOUBLE || VECTOR_BYTES == 16
INLINE void add_sums(vec a, vec b, vec c, vec d, real *to)
{
    to[0] += lane_sum(a);
    to[1] += lane_sum(b);
    to[2] += lane_sum(c);
    to[3] += lane_sum(d);
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

INLINE void add_sums(vec a, vec b, vec c, vec d, real *to)
{
    quad p = fold(a), q = fold(b), r = fold(c), s = fold(d);
    quad pq = SHUFFLE(p, q, 0, 4, 1, 5) + SHUFFLE(p, q, 2, 6, 3, 7);
    quad rs = SHUFFLE(r, s, 0, 4, 1, 5) + SHUFFLE(r, s, 2, 6, 3, 7);
    quad sums = SHUFFLE(pq, rs, 0, 1, 4, 5) + SHUFFLE(pq, rs, 2, 3, 6, 7);

    *(quad_unaligned *)to += sums;
}
#endif

/* dw[i][j] += sum over panels and lanes of dy[i] x[j], i < rows, j < 4 */
INLINE void outer_tile(int rows, int n, int out, int in, const real *dy, const real *x,
                       real *dw)
{
    vec sum[3][4];

    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < 4; j++)
            sum[i][j] = (vec){0};
    for (int p = 0; p < n; p++, dy += panel_size(out), x += panel_size(in))
        UNROLL for (int v = 0; v < LANES; v += WIDTH) {
            vec left[3];

            UNROLL for (int i = 0; i < rows; i++)
                left[i] = load(dy + i * LANES + v);
            UNROLL for (int j = 0; j < 4; j++) {
                vec right = load(x + j * LANES + v);

                UNROLL for (int i = 0; i < rows; i++)
                    sum[i][j] += left[i] * right;
            }
        }
    UNROLL for (int i = 0; i < rows; i++)
        add_sums(sum[i][0], sum[i][1], sum[i][2], sum[i][3], dw + (size_t)i * in);
}

/* The same for any width, one weight at a time: the last columns of odd sizes. */
static void outer_rest(int n, int out, int in, int from, const real *dy, const real *x,
                       real *dw)
{
    for (int i = 0; i < out; i++)
        for (int j = from; j < in; j++) {
            vec sum = {0};

            for (int p = 0; p < n; p++)
                for (int v = 0; v < LANES; v += WIDTH)
                    sum += load(dy + p * panel_size(out) + i * LANES + v)
                        * load(x + p * panel_size(in) + j * LANES + v);
            dw[(size_t)i * in + j] += lane_sum(sum);
        }
}

static void bias_backward(int n, int out, const real *dy, real *db)
{
    for (int i = 0; i < out; i++) {
        vec sum = {0};

        for (int p = 0; p < n; p++)
            for (int v = 0; v < LANES; v += WIDTH)
                sum += load(dy + p * panel_size(out) + i * LANES + v);
        db[i] += lane_sum(sum);
    }
}

void ISA(linear_backward_weight)(int n, int out, int in, const real *dy, const real *x,
                                 real *dw, real *db)
{
    enum { BLOCK = 32 }; /* inputs at a time: their lines stay in the first-level cache */
    int whole = in / 4 * 4;

    for (int from = 0; from < whole; from += BLOCK) {
        int to = from + BLOCK < whole ? from + BLOCK : whole;
        int i = 0;

        for (; out - i >= 3; i += 3)
            for (int j = from; j < to; j += 4)
                outer_tile(3, n, out, in, dy + i * LANES, x + j * LANES,
                           dw + (size_t)i * in + j);
        for (; i < out; i++)
            for (int j = from; j < to; j += 4)
                outer_tile(1, n, out, in, dy + i * LANES, x + j * LANES,
                           dw + (size_t)i * in + j);
    }
    outer_rest(n, out, in, whole, dy, x, dw);
    if (db)
        bias_backward(n, out, dy, db);
}
