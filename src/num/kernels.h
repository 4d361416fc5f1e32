/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernels: plain functions over pointers and sizes, forward beside backward, nothing
 * allocated. They are compiled once per instruction set; kernels_best() gives the table
 * for this machine. Backward kernels add to the gradients of parameters; whether they set or
 * add to the gradient of an activation is said by `add`.
 *
 * Names of sizes: n panels, d features of a panel, m columns, blocks = row blocks of LANES
 * rows. A size that ends in _panel is the distance from one panel to the next; features
 * may be a part of a panel's. "lines (k)" is an array of k lines of LANES reals. Layouts
 * are in num/real.h.
 */
#ifndef NUM_KERNELS_H
#define NUM_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "num/real.h"

/*
 * Dropout masks are not stored: whether a number is kept is a function of its place in
 * the tensor and of a key (of seed, step and node), asked again in the backward pass.
 */
struct dropout {
    uint32_t key;      /* a multiple of LANES, so that all widths of vectors agree */
    int32_t threshold; /* kept if the mixed place, as a signed number, is below */
    real scale;        /* 1 / (1 - rate); rate 0: see dropout_none */
};

static inline bool dropout_none(const struct dropout *d)
{
    return d->scale == 1;
}

/* rate in [0, 1) */
struct dropout dropout_make(double rate, uint32_t key);

struct attention_shape {
    int columns, d, heads; /* d a multiple of heads */
    struct dropout dropout; /* of the attention weights */
};

struct adamw {
    real lr, beta1, beta2, eps, weight_decay;
    real correction1, correction2; /* 1 - beta^t */
    real scale;                    /* of the gradient (clipping) */
};

/* Nodes of a grid over a layout, `scale` to the unit of length. A point (x, y) belongs to the
 * six nodes from the whole part of (x - left) scale on, and the like for y: its place among
 * them follows from the B-spline, so left is 2 nodes further left than it seems. */
struct tsne_grid {
    real left, low, scale;
    size_t row; /* numbers from one row of nodes to the next */
};

struct tsne_move {
    real exaggeration, inverse_z, rate, momentum;
};

struct kernels {
    const char *name; /* "base", "avx2" or "avx512" */

    /* ---- linear maps over panels (num/linear.c); w (out, in), rows w_row apart ---- */

    /* y = w x + b; b may be NULL */
    void (*linear_forward)(int n, int out, int in, const real *w, size_t w_row,
                           const real *b, const real *x, size_t x_panel, real *y,
                           size_t y_panel);
    /* dx = w^T dy */
    void (*linear_backward_input)(int n, int out, int in, const real *w, size_t w_row,
                                  const real *dy, size_t dy_panel, real *dx,
                                  size_t dx_panel, bool add);
    /* dw = dy x^T summed over panels and lanes, set or added to */
    void (*linear_backward_weight)(int n, int out, int in, const real *dy, size_t dy_panel,
                                   const real *x, size_t x_panel, real *dw, size_t dw_row,
                                   bool add);
    /* db = dy summed over panels and lanes, set or added to */
    void (*bias_backward)(int n, int out, const real *dy, size_t dy_panel, real *db,
                          bool add);

    /* ---- elementwise (num/activation.c) ---- */

    /* y = dropout(gelu(x)) over n panels of d features; GELU(x) = x Phi(x), exact.
     * In training x becomes the slope dy/dx, dropout included, which is all that
     * backward needs. place: number of the first panel in the tensor. */
    void (*gelu_forward)(int n, int d, real *x, real *y, bool training,
                         const struct dropout *drop, uint32_t place);
    /* dx = slope dy; dx may be dy */
    void (*gelu_backward)(int n, int d, const real *slope, const real *dy, real *dx);
    /* In place. SELU: 1.0507 (x, or 1.6733 (e^x - 1) below 0). */
    void (*selu_forward)(int n, int d, real *x, size_t panel);
    /* dy becomes the gradient before SELU, from its output y; db[f] gets its sum.
     * centred: dy sums to zero (batch norm follows), so the part of db that is a multiple
     * of that sum is left out instead of being added up as rounding noise, which AdamW
     * would blow up where the rest is zero too. */
    void (*selu_backward)(int n, int d, const real *y, size_t y_panel, real *dy,
                          size_t dy_panel, real *db, bool centred);
    /* Forward and backward alike; y may be x. place: number of the first feature. */
    void (*dropout_features)(int n, int d, const real *x, real *y, size_t panel,
                             const struct dropout *drop, uint32_t place);

    /* ---- normalisation (num/norm.c) ---- */

    /* s = x + residual; y = gamma (s - mean) rstd + beta over the d features of each
     * row; xhat (n panels) = (s - mean) rstd and rstd lines (n) are kept for backward
     * where not NULL. eps 1e-5. Ba, Kiros, Hinton 2016. */
    void (*add_norm_forward)(int n, int d, const real *x, const real *residual,
                             const real *gamma, const real *beta, real *y, real *xhat,
                             real *rstd);
    /* ds (n panels) goes to both inputs. dgamma, dbeta lines (d), added to: their lanes
     * are summed at the end of a shard by lines_sum. */
    void (*add_norm_backward)(int n, int d, const real *dy, const real *xhat,
                              const real *rstd, const real *gamma, real *ds, real *dgamma,
                              real *dbeta);
    /* total[i] += sum of the lanes of lines[i]; the lines become 0 */
    void (*lines_sum)(int k, real *lines, real *total);

    /* Batch norm of d features over `rows` rows (biased variance, eps 1e-5). mean, rstd (d)
     * are kept; running averages move by `momentum` with the unbiased variance, as in
     * PyTorch. Ioffe, Szegedy 2015. x and y have the same panels and may not be the same.
     * Lanes past `rows` of y become 0. */
    void (*batch_norm_forward)(int rows, int d, const real *x, size_t panel,
                               const real *gamma, const real *beta, real *y, real *mean,
                               real *rstd, real *running_mean, real *running_var,
                               real momentum);
    /* The same with the running averages. y may be x. */
    void (*batch_norm_infer)(int rows, int d, const real *x, size_t panel,
                             const real *gamma, const real *beta, const real *running_mean,
                             const real *running_var, real *y);
    /* dx from dy (may be the same); dgamma, dbeta set */
    void (*batch_norm_backward)(int rows, int d, const real *x, const real *dy,
                                size_t panel, const real *mean, const real *rstd,
                                const real *gamma, real *dx, real *dgamma, real *dbeta);

    /* ---- attention (num/attention.c) ---- */

    /* For each row block: qkv panels (m) of 3d features (queries, keys, values) -> out panels
     * (m) of d: softmax(q k^T / sqrt(d / heads)) v, head by head. stat: panels (m) of 2 heads
     * features, the maximum and the inverse of the sum of each softmax, for backward.
     * weights (may be NULL): panels (m) of heads * m features, the attention maps.
     * scratch: lines (2 m). place: number of the first row block. */
    void (*attention_forward)(int blocks, const struct attention_shape *s, const real *qkv,
                              real *out, real *stat, real *weights, real *scratch,
                              uint32_t place);
    /* dqkv is set. scratch: lines (16 m). */
    void (*attention_backward)(int blocks, const struct attention_shape *s,
                               const real *qkv, const real *stat, const real *out,
                               const real *dout, real *dqkv, real *scratch,
                               uint32_t place);

    /* ---- softmax over many classes, some at a time (num/softmax.c) ---- */

    /* z: n panels of k logits. lines (n): the largest so far, at first very small, and the
     * sum of e^(z - largest), at first 0. */
    void (*softmax_scan)(int n, int k, const real *z, size_t panel, real *largest,
                         real *sum);
    /* z becomes e^(z - whole) slope. lines (n): whole, the logarithm of the sum of all e^z,
     * and slope. */
    void (*softmax_slope)(int n, int k, real *z, size_t panel, const real *whole,
                          const real *slope);

    /* ---- gated linear unit (num/glu.c), over n panels of d features ---- */

    /* x: panels of 2 d features, a and b. y = a sigmoid(b), or with a residual (n panels of
     * d) sqrt(1/2) (a sigmoid(b) + residual). */
    void (*glu_forward)(int n, int d, const real *x, const real *residual, real *y);
    /* dx (n panels of 2 d) is set; residual: there was one, whose gradient is
     * sqrt(1/2) dy. */
    void (*glu_backward)(int n, int d, const real *x, const real *dy, real *dx,
                         bool residual);

    /* ---- shares of 1 for the d features of each row of n panels (num/mask.c) ---- */

    /* p = max(z - tau, 0), tau so that p sums to 1: the point of the simplex next to z
     * (Martins, Astudillo 2016). p may be z. */
    void (*sparsemax_forward)(int n, int d, const real *z, real *p);
    /* dp becomes dz: dp minus its mean over the support where p > 0, elsewhere 0. */
    void (*sparsemax_backward)(int n, int d, const real *p, real *dp);
    /* p = e^z / sum e^z; p may be z. */
    void (*softmax_forward)(int n, int d, const real *z, real *p);
    /* dp becomes dz = p (dp - p . dp). */
    void (*softmax_backward)(int n, int d, const real *p, real *dp);

    /* ---- the update (num/adamw.c) ---- */

    /* g[i] = the sum of lanes[l][i]; the lanes become 0; returns the sum of g^2 */
    double (*gradient_sum)(size_t n, int lanes, real *lane, size_t lane_stride, real *g);
    double (*gradient_norm)(size_t n, const real *g);
    /* g becomes 0 where w is */
    void (*gradient_hold)(size_t n, const real *w, real *g);
    /* One AdamW step (Loshchilov, Hutter 2019) over n parameters. */
    void (*adamw_step)(size_t n, const struct adamw *o, bool decay, real *w, const real *g,
                       real *m, real *v);
    /* average += share (w - average) */
    void (*average_step)(size_t n, real share, const real *w, real *average);

    /* ---- layouts of t-SNE (num/tsne.c): y are n pairs, q = 1 / (1 + |y_i - y_j|^2) ---- */

    /* force[i] (pairs) = the sum over row i's neighbours j of p q (y_i - y_j), for rows
     * [from, to). They begin at start[i]; their number is a multiple of LANES: a place that
     * is left over has p 0. */
    void (*tsne_attract)(size_t from, size_t to, const size_t *start,
                         const uint32_t *neighbour, const real *p, const real *y,
                         real *force);
    /* The sum of p log(1 / q) over the same. */
    double (*tsne_cost)(size_t from, size_t to, const size_t *start,
                        const uint32_t *neighbour, const real *p, const real *y);
    /* Points `line` to line + LANES, and those after them up to n: each pair adds
     * q^2 (y_i - y_j) to the forces of both, and 2 q to the sum that is returned, which has a
     * 1 for each point itself, too. line and n are multiples of LANES; points that are left
     * over must lie far away from all and each other's forces be ignored. */
    double (*tsne_repel)(size_t line, size_t n, const real *x, const real *y, real *fx,
                         real *fy);
    /* grid += the points' weights: 8 numbers in each of 6 rows are touched. */
    void (*tsne_spread)(size_t n, const uint32_t *points, const struct tsne_grid *g,
                        const real *y, real *grid);
    /* From a grid of sums of q: force of the points = the sum of q^2 (y_i - y_j), which is
     * minus half the slope; returns the sum of q. */
    double (*tsne_gather)(size_t n, const uint32_t *points, const struct tsne_grid *g,
                          const real *y, const real *grid, real *force);
    /* Complex z (n) from two real rows, and back. */
    void (*rows_pair)(int n, const real *a, const real *b, real *z);
    void (*rows_part)(int n, const real *z, real *a, real *b);
    /* From the spectra z (pairs, n; `line` numbers apart) of pairs of rows to those of each
     * row, frequencies 0 to n / 2 only, as columns: each frequency's 2 pairs complex numbers
     * lie together, `column` numbers from those of the next. */
    void (*spectra_split)(int n, int pairs, const real *z, size_t line, real *columns,
                          size_t column);
    /* And back. */
    void (*spectra_join)(int n, int pairs, const real *columns, size_t column, real *z,
                         size_t line);
    /* Complex z (n) times an even function of which factor has the first n / 2 + 1. */
    void (*spectrum_scale)(int n, real *z, const real *factor);
    /* One step of n coordinates, with a gain for each (Jacobs 1988). */
    void (*tsne_move)(size_t n, const struct tsne_move *m, const real *attraction,
                      const real *repulsion, real *y, real *velocity, real *gain);

    /* ---- search ---- */

    /* Of line 0 of n panels: the places (panel * LANES + lane) of numbers below limit, in
     * order; found has room for all. Returns how many. */
    int (*find_below)(int n, const real *y, size_t y_panel, real limit, uint32_t *found);
};

/* The fastest table that this processor runs; TABSCOPE_ISA=base|avx2|avx512 in the
 * environment asks for a slower one. */
const struct kernels *kernels_best(void);

#endif
