/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linear maps over panels. A panel with its lanes is already what a matrix product wants
 * as its packed right side: a tile of outputs stays in registers while one line of the
 * input after the other is multiplied by weights broadcast from memory. Small weights
 * stay in the caches and are read where they lie; for the input's gradient, where
 * a tile's weights are columns of a large matrix, these are copied first. The gradient of
 * the weights is a sum over rows of the batch, so there the input is transposed, 16
 * features at a time, and the gradient of the output takes the weights' part.
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
#define MIDDLE (TILE * 2 / 3)

/* The call for each tile of `out` outputs, which begins at o: whole tiles first, then
 * two thirds of a tile and single outputs. `tile` is a constant in each of the calls. */
#define EACH_TILE(o, out, call)                                                         \
    for (int o = 0, tile; o < (out); o += tile)                                         \
        if ((out) - o >= TILE && (out) - o != 2 * MIDDLE) {                             \
            tile = TILE;                                                                \
            call;                                                                       \
        } else if ((out) - o >= MIDDLE) {                                               \
            tile = MIDDLE;                                                              \
            call;                                                                       \
        } else {                                                                        \
            tile = 1;                                                                   \
            call;                                                                       \
        }

/* sum[i] += sum over k < in of w[i * row + k * col] x[k] for i < tile; x[k] are lines */
INLINE void add_products(int tile, int in, const real *w, size_t row, size_t col,
                         const real *x, vec sum[TILE][PARTS])
{
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
}

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
    add_products(tile, in, w, row, col, x, sum);
    UNROLL for (int i = 0; i < tile; i++)
        UNROLL for (int p = 0; p < PARTS; p++)
            store(y + i * LANES + p * WIDTH, sum[i][p]);
}

INLINE void multiply_panel(int out, int in, const real *w, size_t row, size_t col,
                           const real *b, const real *x, real *y, bool add)
{
    EACH_TILE(o, out, multiply_tile(tile, in, w + (size_t)o * row, row, col,
                                    b ? b + o : NULL, x, y + (size_t)o * LANES, add))
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

/* ---- the gradient of the input ---- */

struct inward {
    int n, depth;    /* panels; outputs that are summed */
    const real *w, *dy;
    size_t w_row, dy_panel, dx_panel;
    bool add;
};

/* Weights up to this size stay in the first-level cache. */
#define SMALL_BYTES 32768
/* Outputs at a time where they do not: a column of them and their lines do. */
#define SLICE 192

/* The tile's column of weights, row by row; to (depth, tile) */
INLINE void copy_column(int tile, const struct inward *a, int o, real *to)
{
    for (int k = 0; k < a->depth; k++)
        UNROLL for (int i = 0; i < tile; i++)
            to[k * tile + i] = a->w[(size_t)k * a->w_row + o + i];
}

/* Asks for what the next tiles find in rows [from, to): each row lies in another page,
 * where the processor does not look ahead by itself. */
INLINE void fetch_ahead(const struct inward *a, int o, int from, int to)
{
    for (int k = from; k < to; k++)
        __builtin_prefetch(a->w + (size_t)k * a->w_row + o + LANES);
}

INLINE void inward_tile(int tile, const struct inward *a, int o, real *dx)
{
    real column[SLICE * TILE];

    copy_column(tile, a, o, column);
    for (int p = 0; p < a->n; p++) {
        fetch_ahead(a, o, a->depth * p / a->n, a->depth * (p + 1) / a->n);
        multiply_tile(tile, a->depth, column, 1, tile, NULL, a->dy + p * a->dy_panel,
                      dx + p * a->dx_panel + (size_t)o * LANES, a->add);
    }
}

static void multiply_large(struct inward *a, int out, int in, real *dx)
{
    for (int k = 0; k < out; k += SLICE) {
        a->depth = out - k < SLICE ? out - k : SLICE;
        EACH_TILE(o, in, inward_tile(tile, a, o, dx))
        a->w += (size_t)a->depth * a->w_row;
        a->dy += (size_t)a->depth * LANES;
        a->add = true;
    }
}

void ISA(linear_backward_input)(int n, int out, int in, const real *w, size_t w_row,
                                const real *dy, size_t dy_panel, real *dx,
                                size_t dx_panel, bool add)
{
    struct inward a = {n, 0, w, dy, w_row, dy_panel, dx_panel, add};

    if ((size_t)out * (size_t)in * sizeof *w > SMALL_BYTES) {
        multiply_large(&a, out, in, dx);
        return;
    }
    for (int p = 0; p < n; p++)
        multiply_panel(in, out, w, 1, w_row, NULL, dy + p * dy_panel, dx + p * dx_panel,
                       add);
}

/* ---- the gradient of the weights ---- */

typedef real quad __attribute__((vector_size(4 * sizeof(real))));
typedef real quad_unaligned
    __attribute__((vector_size(4 * sizeof(real)), aligned(4), may_alias));
#define QUAD(p) (*(quad_unaligned *)(p))
#define SHUFFLE __builtin_shufflevector

/* Four lanes of four lines become four features of four rows. */
INLINE void transpose_quads(const real *x, real *to)
{
    quad a = QUAD(x), b = QUAD(x + LANES);
    quad c = QUAD(x + 2 * LANES), d = QUAD(x + 3 * LANES);
    quad ac = SHUFFLE(a, c, 0, 4, 1, 5), ca = SHUFFLE(a, c, 2, 6, 3, 7);
    quad bd = SHUFFLE(b, d, 0, 4, 1, 5), db = SHUFFLE(b, d, 2, 6, 3, 7);

    QUAD(to) = SHUFFLE(ac, bd, 0, 4, 1, 5);
    QUAD(to + LANES) = SHUFFLE(ac, bd, 2, 6, 3, 7);
    QUAD(to + 2 * LANES) = SHUFFLE(ca, db, 0, 4, 1, 5);
    QUAD(to + 3 * LANES) = SHUFFLE(ca, db, 2, 6, 3, 7);
}

/* to[r][f] = x[f][r]; features past the number given are 0 */
INLINE void transpose(int features, const real *x, real *to)
{
    int f = 0;

    for (; features - f >= 4; f += 4)
        for (int r = 0; r < LANES; r += 4)
            transpose_quads(x + f * LANES + r, to + r * LANES + f);
    for (; f < LANES; f++)
        for (int r = 0; r < LANES; r++)
            to[r * LANES + f] = f < features ? x[f * LANES + r] : 0;
}

/* Panels at a time: their transposed lines stay in the first-level cache. */
#define PANELS 8

struct outer {
    int n, features; /* panels; inputs, at most LANES */
    const real *dy;
    size_t dy_panel, dw_row;
    bool add;
};

/* The line of a tile into dw, at most LANES numbers */
INLINE void put_line(const struct outer *o, const vec *sum, real *dw)
{
    real line[LANES];

    if (o->features == LANES) {
        UNROLL for (int p = 0; p < PARTS; p++)
            store(dw + p * WIDTH, o->add ? load(dw + p * WIDTH) + sum[p] : sum[p]);
        return;
    }
    UNROLL for (int p = 0; p < PARTS; p++)
        store(line + p * WIDTH, sum[p]);
    for (int f = 0; f < o->features; f++)
        dw[f] = o->add ? dw[f] + line[f] : line[f];
}

/* dw[i] (+)= sum over panels and rows of dy[i] of the row times the row's inputs. Each
 * line of dw lies in another page: it is asked for before the sums, to be there after. */
INLINE void outer_tile(int tile, const struct outer *o, int i, const real *rows, real *dw)
{
    vec sum[TILE][PARTS] = {{{0}}};

    dw += (size_t)i * o->dw_row;
    UNROLL for (int k = 0; k < tile; k++) {
        __builtin_prefetch(dw + (size_t)k * o->dw_row, 1);
        __builtin_prefetch(dw + (size_t)k * o->dw_row + o->features - 1, 1);
    }
    for (int p = 0; p < o->n; p++)
        add_products(tile, LANES, o->dy + p * o->dy_panel + (size_t)i * LANES, LANES, 1,
                     rows + p * LANES * LANES, sum);
    UNROLL for (int k = 0; k < tile; k++)
        put_line(o, sum[k], dw + (size_t)k * o->dw_row);
}

static void outer_product(struct outer *o, int out, int in, const real *x, size_t x_panel,
                          real *dw)
{
    real rows[PANELS * LANES * LANES] __attribute__((aligned(VECTOR_BYTES)));

    for (int f = 0; f < in; f += LANES, dw += LANES) {
        o->features = in - f < LANES ? in - f : LANES;
        for (int p = 0; p < o->n; p++)
            transpose(o->features, x + p * x_panel + (size_t)f * LANES,
                      rows + p * LANES * LANES);
        EACH_TILE(i, out, outer_tile(tile, o, i, rows, dw))
    }
}

void ISA(linear_backward_weight)(int n, int out, int in, const real *dy, size_t dy_panel,
                                 const real *x, size_t x_panel, real *dw, size_t dw_row,
                                 bool add)
{
    for (int p = 0; p < n; p += PANELS) {
        struct outer o = {.n = n - p < PANELS ? n - p : PANELS, .dy = dy + p * dy_panel,
                          .dy_panel = dy_panel, .dw_row = dw_row, .add = add || p > 0};

        outer_product(&o, out, in, x + p * x_panel, x_panel, dw);
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
