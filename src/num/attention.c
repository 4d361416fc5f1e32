/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Multi-head self-attention over the columns of a row (Vaswani et al. 2017), all heads,
 * LANES rows at once. The attention weights are not kept for the backward pass: they are
 * made again from queries, keys and two numbers a softmax, which costs less than moving them.
 */
#include "num/simd.h"

/* Where head h of column i of a row block stands. */
struct head {
    const real *query, *key, *value; /* of column 0; + i * panel for column i */
    size_t panel;                    /* panel_size(3 d) */
    int width;                       /* features a head */
};

INLINE struct head head_at(const struct attention_shape *s, int width, const real *qkv,
                           int h, int v)
{
    size_t d = (size_t)s->d;
    const real *q = qkv + (size_t)(h * width) * LANES + v;

    return (struct head){q, q + d * LANES, q + 2 * d * LANES, panel_size(3 * s->d), width};
}

/* weight[j] (lines of WIDTH) = q_i k_j scale for all columns j; their maximum is returned */
INLINE vec scores(const struct head *a, int m, int i, real scale,
                  real *restrict weight)
{
    vec largest = splat((real)-INFINITY);

    for (int j = 0; j < m; j++) {
        const real *q = a->query + (size_t)i * a->panel, *k = a->key + (size_t)j * a->panel;
        vec sum = {0};

        for (int f = 0; f < a->width; f++)
            sum += load(q + f * LANES) * load(k + f * LANES);
        sum *= scale;
        store(weight + j * WIDTH, sum);
        largest = vmax(largest, sum);
    }
    return largest;
}

/* Number of the dropout place of weight (block, head, i, 0) at vector v. */
INLINE uint32_t weight_place(const struct attention_shape *s, uint32_t block, int h, int i,
                             int v)
{
    uint32_t line = ((block * (uint32_t)s->heads + (uint32_t)h) * (uint32_t)s->columns
                     + (uint32_t)i) * (uint32_t)s->columns;

    return line * LANES + (uint32_t)v;
}

INLINE void forward_row(const struct attention_shape *s, const struct head *a, int i,
                        uint32_t place, real *out, real *stat, real *map,
                        real *restrict weight)
{
    int m = s->columns;
    real scale = 1 / (real)sqrt(a->width);
    vec largest = scores(a, m, i, scale, weight), sum = {0};

    for (int j = 0; j < m; j++) {
        vec e = vexp(load(weight + j * WIDTH) - largest);

        sum += e;
        store(weight + j * WIDTH, e);
    }

    vec inverse = 1 / sum;

    for (int j = 0; j < m; j++) {
        vec w = load(weight + j * WIDTH) * inverse;

        if (map)
            store(map + (size_t)j * LANES, w);
        if (!dropout_none(&s->dropout))
            w *= dropout_mask(&s->dropout, place + (uint32_t)j * LANES);
        store(weight + j * WIDTH, w);
    }
    for (int f = 0; f < a->width; f++) {
        vec o = {0};

        for (int j = 0; j < m; j++)
            o += load(weight + j * WIDTH) * load(a->value + (size_t)j * a->panel + f * LANES);
        store(out + f * LANES, o);
    }
    if (stat) {
        store(stat, largest);
        store(stat + LANES, inverse);
    }
}

INLINE void forward_blocks(int width, int blocks, const struct attention_shape *s,
                           const real *qkv, real *out, real *stat, real *weights,
                           real *restrict scratch, uint32_t place)
{
    int m = s->columns;
    size_t map_panel = panel_size(s->heads * m);

    for (int b = 0; b < blocks; b++)
        for (int h = 0; h < s->heads; h++)
            for (int v = 0; v < LANES; v += WIDTH) {
                struct head a = head_at(s, width, qkv + (size_t)b * m * panel_size(3 * s->d), h,
                                        v);

                for (int i = 0; i < m; i++) {
                    size_t column = (size_t)b * m + (size_t)i;

                    forward_row(s, &a, i, weight_place(s, place + (uint32_t)b, h, i, v),
                                out + column * panel_size(s->d) + h * width * LANES + v,
                                stat ? stat + column * panel_size(2 * s->heads)
                                        + 2 * h * LANES + v : NULL,
                                weights ? weights + column * map_panel
                                        + (size_t)h * m * LANES + v : NULL,
                                scratch);
                }
            }
}

/* The usual widths of a head are compiled on their own, with their loops unrolled. */
void ISA(attention_forward)(int blocks, const struct attention_shape *s, const real *qkv,
                            real *out, real *stat, real *weights, real *scratch,
                            uint32_t place)
{
    int width = s->d / s->heads;

    if (width == 4)
        forward_blocks(4, blocks, s, qkv, out, stat, weights, scratch, place);
    else if (width == 8)
        forward_blocks(8, blocks, s, qkv, out, stat, weights, scratch, place);
    else
        forward_blocks(width, blocks, s, qkv, out, stat, weights, scratch, place);
}

/* Where the gradients of head h stand. */
struct head_gradient {
    real *query, *key, *value;
};

/* With p the weights and o = sum p v: dp_j = do v_j, ds_j = p_j (dp_j - do o) scale,
 * dq += ds_j k_j, dk_j += ds_j q, dv_j += p_j do (p with its dropout mask in dp and dv). */
INLINE void backward_row(const struct attention_shape *s, const struct head *a,
                         const struct head_gradient *g, int i, uint32_t place,
                         const real *stat, const real *out, const real *dout,
                         real *restrict weight)
{
    int m = s->columns;
    size_t row = (size_t)i * a->panel;
    real scale = 1 / (real)sqrt(a->width);
    vec largest = load(stat), inverse = load(stat + LANES), along = {0};

    for (int f = 0; f < a->width; f++)
        along += load(dout + f * LANES) * load(out + f * LANES);
    for (int j = 0; j < m; j++) {
        size_t column = (size_t)j * a->panel;
        vec score = {0}, dp = {0};

        for (int f = 0; f < a->width; f++) {
            score += load(a->query + row + f * LANES) * load(a->key + column + f * LANES);
            dp += load(dout + f * LANES) * load(a->value + column + f * LANES);
        }

        vec p = vexp(score * scale - largest) * inverse, kept = p;

        if (!dropout_none(&s->dropout)) {
            vec mask = dropout_mask(&s->dropout, place + (uint32_t)j * LANES);

            kept *= mask;
            dp *= mask;
        }

        vec ds = p * (dp - along) * scale;

        store(weight + j * WIDTH, ds);
        for (int f = 0; f < a->width; f++) {
            real *dk = g->key + column + f * LANES, *dv = g->value + column + f * LANES;

            store(dk, load(dk) + ds * load(a->query + row + f * LANES));
            store(dv, load(dv) + kept * load(dout + f * LANES));
        }
    }
    for (int f = 0; f < a->width; f++) {
        vec dq = {0};

        for (int j = 0; j < m; j++)
            dq += load(weight + j * WIDTH)
                * load(a->key + (size_t)j * a->panel + f * LANES);
        store(g->query + row + f * LANES, dq);
    }
}

INLINE void clear_lines(real *lines, int n)
{
    for (int i = 0; i < n; i++)
        store(lines + i * LANES, (vec){0});
}

INLINE void backward_blocks(int width, int blocks, const struct attention_shape *s,
                            const real *qkv, const real *stat, const real *out,
                            const real *dout, real *dqkv, real *restrict scratch,
                            uint32_t place)
{
    int m = s->columns;
    size_t panel = panel_size(3 * s->d), d = (size_t)s->d;

    for (int b = 0; b < blocks; b++)
        for (int h = 0; h < s->heads; h++)
            for (int v = 0; v < LANES; v += WIDTH) {
                size_t block = (size_t)b * m * panel;
                struct head a = head_at(s, width, qkv + block, h, v);
                real *q = dqkv + block + (size_t)(h * width) * LANES + v;
                struct head_gradient g = {q, q + d * LANES, q + 2 * d * LANES};

                for (int j = 0; j < m; j++) {
                    clear_lines(g.key + (size_t)j * panel, width);
                    clear_lines(g.value + (size_t)j * panel, width);
                }
                for (int i = 0; i < m; i++) {
                    size_t column = (size_t)b * m + (size_t)i;
                    size_t at = column * panel_size(s->d)
                        + (size_t)(h * width) * LANES + (size_t)v;

                    backward_row(s, &a, &g, i, weight_place(s, place + (uint32_t)b, h, i, v),
                                 stat + column * panel_size(2 * s->heads)
                                     + 2 * h * LANES + v,
                                 out + at, dout + at, scratch);
                }
            }
}

void ISA(attention_backward)(int blocks, const struct attention_shape *s,
                             const real *qkv, const real *stat, const real *out,
                             const real *dout, real *dqkv, real *scratch, uint32_t place)
{
    int width = s->d / s->heads;

    if (width == 4)
        backward_blocks(4, blocks, s, qkv, stat, out, dout, dqkv, scratch, place);
    else if (width == 8)
        backward_blocks(8, blocks, s, qkv, stat, out, dout, dqkv, scratch, place);
    else
        backward_blocks(width, blocks, s, qkv, stat, out, dout, dqkv, scratch, place);
}
