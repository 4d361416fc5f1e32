/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Multi-head self-attention over the columns of a row (Vaswani et al. 2017), all heads,
 * LANES rows at once. The attention weights are not kept for the backward pass: they are
 * made again from queries, keys and two numbers a softmax, which costs less than moving
 * them.
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

    return (struct head){q, q + d * LANES, q + 2 * d * LANES, panel_size(3 * s->d),
                         width};
}

/* Rows of the attention map that the forward pass works on together: keys and values are
 * read once for both, and all that is summed fits the registers. */
#define PAIR 2

/* score[r][j] (WIDTH numbers each, rows m apart) = q_(i + r) k_j scale for all columns j,
 * and largest[r] their maximum */
INLINE void scores(const struct head *a, int m, int i, int rows, real scale,
                   real *restrict score, vec *largest)
{
    const real *q = a->query + (size_t)i * a->panel;

    for (int r = 0; r < rows; r++)
        largest[r] = splat((real)-INFINITY);
    for (int j = 0; j < m; j++) {
        const real *k = a->key + (size_t)j * a->panel;
        vec sum[PAIR] = {{0}};

        for (int f = 0; f < a->width; f++) {
            vec key = load(k + f * LANES);

            for (int r = 0; r < rows; r++)
                sum[r] += load(q + (size_t)r * a->panel + f * LANES) * key;
        }
        for (int r = 0; r < rows; r++) {
            sum[r] *= scale;
            store(score + (size_t)(r * m + j) * WIDTH, sum[r]);
            largest[r] = vmax(largest[r], sum[r]);
        }
    }
}

/* Number of the dropout place of weight (block, head, i, 0) at vector v. */
INLINE uint32_t weight_place(const struct attention_shape *s, uint32_t block, int h,
                             int i, int v)
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

/* Where the results of rows i.. of head h go, at vector v. */
struct forward_out {
    real *out, *stat, *map; /* of row i; stat and map may be NULL */
    size_t out_panel, stat_panel, map_panel;
};

/* Row i of the map: score becomes mask_j e_j with e_j = exp(score_j - largest), and the first
 * features of out = sum over j of mask_j e_j v_j / sum over j of e_j; the map gets e. Returns
 * the inverse sum. */
INLINE vec softmax_values(const struct attention_shape *s, const struct head *a,
                          bool mapped, bool dropped, uint32_t place, vec largest,
                          real *restrict score, real *out, real *map)
{
    int features = group(a->width, 0);
    vec total = {0}, sum[GROUP] = {{0}}, inverse;

    for (int j = 0; j < s->columns; j++) {
        vec e = vexp(load(score + j * WIDTH) - largest);

        total += e;
        if (mapped)
            store(map + (size_t)j * LANES, e);
        if (dropped)
            e *= dropout_mask(&s->dropout, place + (uint32_t)j * LANES);
        if (a->width > GROUP)
            store(score + j * WIDTH, e);
        for (int f = 0; f < features; f++)
            sum[f] += e * load(a->value + (size_t)j * a->panel + f * LANES);
    }
    inverse = 1 / total;
    for (int f = 0; f < features; f++)
        store(out + f * LANES, sum[f] * inverse);
    return inverse;
}

/* Features f.. of out: sum over j of weight_j v_j times inverse */
INLINE void weigh_values(const struct head *a, int m, int f, const real *weight,
                         vec inverse, real *out)
{
    int features = group(a->width, f);
    vec sum[GROUP] = {{0}};

    for (int j = 0; j < m; j++)
        for (int k = 0; k < features; k++)
            sum[k] += load(weight + j * WIDTH)
                * load(a->value + (size_t)j * a->panel + (f + k) * LANES);
    for (int k = 0; k < features; k++)
        store(out + (f + k) * LANES, sum[k] * inverse);
}

/* One row of the map, from its scores on. */
INLINE void forward_row(const struct attention_shape *s, const struct head *a,
                        uint32_t place, vec largest, real *restrict score, real *out,
                        real *stat, real *map)
{
    bool dropped = !dropout_none(&s->dropout);
    vec inverse;

    if (map)
        inverse = softmax_values(s, a, true, dropped, place, largest, score, out, map);
    else if (dropped)
        inverse = softmax_values(s, a, false, true, place, largest, score, out, NULL);
    else
        inverse = softmax_values(s, a, false, false, place, largest, score, out, NULL);
    for (int f = GROUP; f < a->width; f += GROUP)
        weigh_values(a, s->columns, f, score, inverse, out);
    for (int j = 0; map && j < s->columns; j++)
        store(map + (size_t)j * LANES, load(map + (size_t)j * LANES) * inverse);
    if (stat) {
        store(stat, largest);
        store(stat + LANES, inverse);
    }
}

INLINE void forward_rows(const struct attention_shape *s, const struct head *a, int i,
                         int rows, uint32_t place, const struct forward_out *o,
                         real *restrict scratch)
{
    int m = s->columns;
    vec largest[PAIR];

    scores(a, m, i, rows, 1 / (real)sqrt(a->width), scratch, largest);
    for (int r = 0; r < rows; r++)
        forward_row(s, a, place + (uint32_t)(r * m) * LANES, largest[r],
                    scratch + (size_t)(r * m) * WIDTH, o->out + r * o->out_panel,
                    o->stat ? o->stat + r * o->stat_panel : NULL,
                    o->map ? o->map + r * o->map_panel : NULL);
}

INLINE void forward_blocks(int width, int blocks, const struct attention_shape *s,
                           const real *qkv, real *out, real *stat, real *weights,
                           real *restrict scratch, uint32_t place)
{
    int m = s->columns;
    struct forward_out o = {.out_panel = panel_size(s->d),
                            .stat_panel = panel_size(2 * s->heads),
                            .map_panel = panel_size(s->heads * m)};

    for (int b = 0; b < blocks; b++)
        for (int h = 0; h < s->heads; h++)
            for (int v = 0; v < LANES; v += WIDTH) {
                struct head a = head_at(
                    s, width, qkv + (size_t)b * m * panel_size(3 * s->d), h, v);

                for (int i = 0; i < m; i += PAIR) {
                    size_t column = (size_t)b * m + (size_t)i;
                    uint32_t at = weight_place(s, place + (uint32_t)b, h, i, v);

                    o.out = out + column * o.out_panel + h * width * LANES + v;
                    o.stat = stat ? stat + column * o.stat_panel
                             + 2 * h * LANES + v : NULL;
                    o.map = weights ? weights + column * o.map_panel
                                + (size_t)h * m * LANES + v : NULL;
                    if (m - i >= PAIR)
                        forward_rows(s, &a, i, PAIR, at, &o, scratch);
                    else
                        forward_rows(s, &a, i, 1, at, &o, scratch);
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

/* With p the weights and o = sum p v: dp_j = do v_j, ds_j = p_j (dp_j - do o) scale, p
 * with its dropout mask in o and dp. Leaves ds (m) and the masked p (m), and the first
 * features of dq = sum over j of ds_j k_j. */
INLINE void weight_gradients(const struct attention_shape *s, const struct head *a, int i,
                             bool dropped, uint32_t place, const real *stat,
                             const real *out, const real *dout, real *restrict ds,
                             real *restrict kept, real *dquery)
{
    const real *query = a->query + (size_t)i * a->panel;
    int features = group(a->width, 0);
    real scale = 1 / (real)sqrt(a->width);
    vec largest = load(stat), inverse = load(stat + LANES), along = {0};
    vec dq[GROUP] = {{0}};

    for (int f = 0; f < a->width; f++)
        along += load(dout + f * LANES) * load(out + f * LANES);
    for (int j = 0; j < s->columns; j++) {
        const real *key = a->key + (size_t)j * a->panel;
        const real *value = a->value + (size_t)j * a->panel;
        vec score = {0}, dp = {0}, mask, p, slope;

        for (int f = 0; f < a->width; f++) {
            score += load(query + f * LANES) * load(key + f * LANES);
            dp += load(dout + f * LANES) * load(value + f * LANES);
        }
        p = vexp(score * scale - largest) * inverse;
        if (dropped) {
            mask = dropout_mask(&s->dropout, place + (uint32_t)j * LANES);
            dp *= mask;
            store(kept + j * WIDTH, p * mask);
        } else
            store(kept + j * WIDTH, p);
        slope = p * (dp - along) * scale;
        store(ds + j * WIDTH, slope);
        for (int f = 0; f < features; f++)
            dq[f] += slope * load(key + f * LANES);
    }
    for (int f = 0; f < features; f++)
        store(dquery + f * LANES, dq[f]);
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
INLINE void backward_rows(const struct backward_head *b, int width, bool dropped, int i0,
                          int rows, real *restrict scratch)
{
    int m = b->shape->columns;
    size_t step = (size_t)m * WIDTH, panel = b->head.panel, first = (size_t)i0 * panel;
    real *ds = scratch, *kept = scratch + ROWS * step;

    for (int i = 0; i < rows; i++) {
        size_t column = (size_t)(i0 + i);

        weight_gradients(b->shape, &b->head, i0 + i, dropped,
                         weight_place(b->shape, b->block, b->h, i0 + i, b->v),
                         b->stat + column * panel_size(2 * b->shape->heads),
                         b->out + column * b->panel, b->dout + column * b->panel,
                         ds + (size_t)i * step, kept + (size_t)i * step,
                         b->gradient.query + column * panel);
        for (int f = GROUP; f < width; f += GROUP)
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
                    stat + column * panel_size(2 * s->heads) + 2 * h * LANES + v,
                    out + at, dout + at, panel_size(s->d), place + (uint32_t)b, h, v};

                for (int i = 0; i < m; i += ROWS) {
                    int rows = m - i < ROWS ? m - i : ROWS;

                    if (dropout_none(&s->dropout))
                        backward_rows(&one, width, false, i, rows, scratch);
                    else
                        backward_rows(&one, width, true, i, rows, scratch);
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
