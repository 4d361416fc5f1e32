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

/* Features that are summed side by side, so that no sum waits for itself. */
#define GROUP 4

INLINE int group(int width, int f)
{
    return width - f < GROUP ? width - f : GROUP;
}

/* to[f] (lines) = (or +=) sum over j < n of weight[j * step] lines[j * panel][f] */
INLINE void weigh_lines(int features, int n, const real *weight, size_t step,
                        const real *lines, size_t panel, real *to, bool add)
{
    vec sum[GROUP];

    for (int f = 0; f < features; f++)
        sum[f] = add ? load(to + f * LANES) : (vec){0};
    for (int j = 0; j < n; j++) {
        vec w = load(weight + (size_t)j * step);

        for (int f = 0; f < features; f++)
            sum[f] += w * load(lines + (size_t)j * panel + f * LANES);
    }
    for (int f = 0; f < features; f++)
        store(to + f * LANES, sum[f]);
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
    for (int f = 0; f < a->width; f += GROUP)
        weigh_lines(group(a->width, f), m, weight, WIDTH, a->value + f * LANES, a->panel,
                    out + f * LANES, false);
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

/* Rows i of the attention map that are worked on together: keys and values get their
 * gradients once for all of them. */
#define ROWS 8

/* With p the weights and o = sum p v: dp_j = do v_j, ds_j = p_j (dp_j - do o) scale, p with
 * its dropout mask in o and dp. Leaves ds (m) and the masked p (m). */
INLINE void weight_gradients(const struct attention_shape *s, const struct head *a, int i,
                             uint32_t place, const real *stat, const real *out,
                             const real *dout, real *restrict ds, real *restrict kept)
{
    const real *query = a->query + (size_t)i * a->panel;
    real scale = 1 / (real)sqrt(a->width);
    vec largest = load(stat), inverse = load(stat + LANES), along = {0};

    for (int f = 0; f < a->width; f++)
        along += load(dout + f * LANES) * load(out + f * LANES);
    for (int j = 0; j < s->columns; j++) {
        size_t column = (size_t)j * a->panel;
        vec score = {0}, dp = {0};

        for (int f = 0; f < a->width; f++) {
            score += load(query + f * LANES) * load(a->key + column + f * LANES);
            dp += load(dout + f * LANES) * load(a->value + column + f * LANES);
        }

        vec p = vexp(score * scale - largest) * inverse, masked = p;

        if (!dropout_none(&s->dropout)) {
            vec mask = dropout_mask(&s->dropout, place + (uint32_t)j * LANES);

            masked *= mask;
            dp *= mask;
        }
        store(ds + j * WIDTH, p * (dp - along) * scale);
        store(kept + j * WIDTH, masked);
    }
}

/* What of a row block and head a call works on. */
struct backward_head {
    const struct attention_shape *shape;
    struct head head;
    struct head_gradient gradient;
    const real *stat, *out, *dout; /* of column 0 */
    size_t panel;                  /* of out and dout */
    uint32_t block;
    int h, v;
};

/* Rows [i0, i0 + rows) of the map: dq += ds_j k_j, dk_j += ds_j q, dv_j += p_j do */
INLINE void backward_rows(const struct backward_head *b, int width, int i0, int rows,
                          real *restrict scratch)
{
    int m = b->shape->columns;
    size_t step = (size_t)m * WIDTH, panel = b->head.panel, first = (size_t)i0 * panel;
    real *ds = scratch, *kept = scratch + ROWS * step;

    for (int i = 0; i < rows; i++) {
        size_t column = (size_t)(i0 + i);

        weight_gradients(b->shape, &b->head, i0 + i,
                         weight_place(b->shape, b->block, b->h, i0 + i, b->v),
                         b->stat + column * panel_size(2 * b->shape->heads),
                         b->out + column * b->panel, b->dout + column * b->panel,
                         ds + (size_t)i * step, kept + (size_t)i * step);
        for (int f = 0; f < width; f += GROUP)
            weigh_lines(group(width, f), m, ds + (size_t)i * step, WIDTH,
                        b->head.key + f * LANES, panel,
                        b->gradient.query + column * panel + f * LANES, false);
    }
    for (int j = 0; j < m; j++)
        for (int f = 0; f < width; f += GROUP) {
            weigh_lines(group(width, f), rows, ds + j * WIDTH, step,
                        b->head.query + first + f * LANES, panel,
                        b->gradient.key + (size_t)j * panel + f * LANES, i0 > 0);
            weigh_lines(group(width, f), rows, kept + j * WIDTH, step,
                        b->dout + (size_t)i0 * b->panel + f * LANES, b->panel,
                        b->gradient.value + (size_t)j * panel + f * LANES, i0 > 0);
        }
}

INLINE void backward_blocks(int width, int blocks, const struct attention_shape *s,
                            const real *qkv, const real *stat, const real *out,
                            const real *dout, real *dqkv, real *scratch, uint32_t place)
{
    int m = s->columns;
    size_t panel = panel_size(3 * s->d), d = (size_t)s->d;

    for (int b = 0; b < blocks; b++)
        for (int h = 0; h < s->heads; h++)
            for (int v = 0; v < LANES; v += WIDTH) {
                size_t column = (size_t)b * (size_t)m, line = (size_t)(h * width) * LANES
                    + (size_t)v, at = column * panel_size(s->d) + line;
                real *q = dqkv + column * panel + line;
                struct backward_head one = {
                    s, head_at(s, width, qkv + column * panel, h, v),
                    {q, q + d * LANES, q + 2 * d * LANES},
                    stat + column * panel_size(2 * s->heads) + 2 * h * LANES + v, out + at,
                    dout + at, panel_size(s->d), place + (uint32_t)b, h, v};

                for (int i = 0; i < m; i += ROWS)
                    backward_rows(&one, width, i, m - i < ROWS ? m - i : ROWS, scratch);
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
