/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layer norm with its residual, batch norm, and small sums. */
#include "num/simd.h"

#define EPSILON ((real)1e-5)

INLINE vec inverse_sqrt(vec v)
{
    for (int i = 0; i < WIDTH; i++)
        v[i] = 1 / (real)sqrt(v[i]);
    return v;
}

/* One vector of lanes of one panel. */
INLINE void add_norm_lanes(int d, const real *x, const real *residual, const real *gamma,
                           const real *beta, real *y, real *xhat, real *rstd)
{
    vec sum = {0}, square = {0};

    for (int f = 0; f < d; f++) {
        vec s = load(x + f * LANES) + load(residual + f * LANES);

        store(y + f * LANES, s);
        sum += s;
    }

    vec mean = sum * (1 / (real)d);

    for (int f = 0; f < d; f++) {
        vec c = load(y + f * LANES) - mean;

        square += c * c;
    }

    vec inverse = inverse_sqrt(square * (1 / (real)d) + EPSILON);

    for (int f = 0; f < d; f++) {
        vec normed = (load(y + f * LANES) - mean) * inverse;

        if (xhat)
            store(xhat + f * LANES, normed);
        store(y + f * LANES, normed * gamma[f] + beta[f]);
    }
    if (rstd)
        store(rstd, inverse);
}

void ISA(add_norm_forward)(int n, int d, const real *x, const real *residual,
                           const real *gamma, const real *beta, real *y, real *xhat,
                           real *rstd)
{
    for (int p = 0; p < n; p++)
        for (int v = 0; v < LANES; v += WIDTH) {
            size_t at = p * panel_size(d) + (size_t)v;

            add_norm_lanes(d, x + at, residual + at, gamma, beta, y + at,
                           xhat ? xhat + at : NULL,
                           rstd ? rstd + p * panel_size(1) + v : NULL);
        }
}

/* ds = rstd (g - mean(g) - xhat mean(g xhat)) with g = gamma dy */
INLINE void add_norm_backward_lanes(int d, const real *dy, const real *xhat, vec rstd,
                                    const real *gamma, real *ds, real *dgamma,
                                    real *dbeta)
{
    vec sum = {0}, along = {0};

    for (int f = 0; f < d; f++) {
        vec up = load(dy + f * LANES), hat = load(xhat + f * LANES);
        vec g = up * gamma[f];

        sum += g;
        along += g * hat;
        store(dgamma + f * LANES, load(dgamma + f * LANES) + up * hat);
        store(dbeta + f * LANES, load(dbeta + f * LANES) + up);
    }
    sum *= 1 / (real)d;
    along *= 1 / (real)d;
    for (int f = 0; f < d; f++) {
        vec g = load(dy + f * LANES) * gamma[f];

        store(ds + f * LANES, rstd * (g - sum - load(xhat + f * LANES) * along));
    }
}

void ISA(add_norm_backward)(int n, int d, const real *dy, const real *xhat,
                            const real *rstd, const real *gamma, real *ds, real *dgamma,
                            real *dbeta)
{
    for (int p = 0; p < n; p++)
        for (int v = 0; v < LANES; v += WIDTH) {
            size_t at = p * panel_size(d) + (size_t)v;

            add_norm_backward_lanes(d, dy + at, xhat + at,
                                    load(rstd + p * panel_size(1) + v), gamma, ds + at,
                                    dgamma + v, dbeta + v);
        }
}

void ISA(lines_sum)(int k, real *lines, real *total)
{
    for (int i = 0; i < k; i++)
        for (int v = 0; v < LANES; v += WIDTH) {
            total[i] += lane_sum(load(lines + i * LANES + v));
            store(lines + i * LANES + v, (vec){0});
        }
}

/* Lanes of the vector from lane v on become 0 past the first `rows` of a panel. */
INLINE vec within(vec x, int v, int rows)
{
    if (v + WIDTH > rows)
        for (int i = 0; i < WIDTH; i++)
            if (v + i >= rows)
                x[i] = 0;
    return x;
}

/* The call for each panel p of `rows` rows, of which it has `own`: a constant in the first
 * of the calls, so that nothing has to be cut off there. */
#define EACH_PANEL(p, rows, call)                                                       \
    for (int p = 0, own; p * LANES < (rows); p++)                                       \
        if ((rows) - p * LANES >= LANES) {                                              \
            own = LANES;                                                                \
            call;                                                                       \
        } else {                                                                        \
            own = (rows) - p * LANES;                                                   \
            call;                                                                       \
        }

INLINE real parts_sum(const vec sum[PARTS])
{
    vec all = sum[0];

    for (int v = 1; v < PARTS; v++)
        all += sum[v];
    return lane_sum(all);
}

INLINE void add_rows(int own, const real *x, vec sum[PARTS])
{
    UNROLL for (int v = 0; v < PARTS; v++)
        sum[v] += within(load(x + v * WIDTH), v * WIDTH, own);
}

INLINE void add_squares(int own, const real *x, real mean, vec sum[PARTS])
{
    UNROLL for (int v = 0; v < PARTS; v++) {
        vec c = within(load(x + v * WIDTH) - mean, v * WIDTH, own);

        sum[v] += c * c;
    }
}

INLINE void feature_moments(const real *x, int rows, size_t panel, real *mean,
                            real *variance)
{
    vec sum[PARTS] = {{0}}, square[PARTS] = {{0}};

    EACH_PANEL(p, rows, add_rows(own, x + (size_t)p * panel, sum))
    *mean = parts_sum(sum) / (real)rows;
    EACH_PANEL(p, rows, add_squares(own, x + (size_t)p * panel, *mean, square))
    *variance = parts_sum(square) / (real)rows;
}

INLINE void scale_rows(int own, const real *x, real factor, real shift, real *y)
{
    UNROLL for (int v = 0; v < LANES; v += WIDTH)
        store(y + v, within(load(x + v) * factor + shift, v, own));
}

INLINE void scale_feature(const real *x, int rows, size_t panel, real factor, real shift,
                          real *y)
{
    EACH_PANEL(p, rows, scale_rows(own, x + (size_t)p * panel, factor, shift,
                                   y + (size_t)p * panel))
}

void ISA(batch_norm_forward)(int rows, int d, const real *x, size_t panel,
                             const real *gamma, const real *beta, real *y, real *mean,
                             real *rstd, real *running_mean, real *running_var,
                             real momentum)
{
    for (int f = 0; f < d; f++) {
        real variance;

        feature_moments(x + f * LANES, rows, panel, &mean[f], &variance);
        rstd[f] = 1 / (real)sqrt(variance + EPSILON);
        scale_feature(x + f * LANES, rows, panel, gamma[f] * rstd[f],
                      beta[f] - mean[f] * gamma[f] * rstd[f], y + f * LANES);
        if (rows > 1)
            variance *= (real)rows / (real)(rows - 1);
        running_mean[f] += momentum * (mean[f] - running_mean[f]);
        running_var[f] += momentum * (variance - running_var[f]);
    }
}

void ISA(batch_norm_infer)(int rows, int d, const real *x, size_t panel,
                           const real *gamma, const real *beta, const real *running_mean,
                           const real *running_var, real *y)
{
    for (int f = 0; f < d; f++) {
        real factor = gamma[f] / (real)sqrt(running_var[f] + EPSILON);

        scale_feature(x + f * LANES, rows, panel, factor,
                      beta[f] - running_mean[f] * factor, y + f * LANES);
    }
}

/* What the gradient of one feature depends on. */
struct batch_slope {
    real mean, rstd;
    real factor, shift, slope;
};

INLINE void add_slopes(int own, const struct batch_slope *b, const real *x,
                       const real *dy, vec sum[PARTS], vec along[PARTS])
{
    UNROLL for (int v = 0; v < PARTS; v++) {
        vec g = within(load(dy + v * WIDTH), v * WIDTH, own);

        sum[v] += g;
        along[v] += g * ((load(x + v * WIDTH) - b->mean) * b->rstd);
    }
}

INLINE void put_slopes(int own, const struct batch_slope *b, const real *x,
                       const real *dy, real *dx)
{
    UNROLL for (int v = 0; v < LANES; v += WIDTH) {
        vec hat = (load(x + v) - b->mean) * b->rstd;
        vec g = b->factor * (load(dy + v) - b->shift - hat * b->slope);

        store(dx + v, within(g, v, own));
    }
}

void ISA(batch_norm_backward)(int rows, int d, const real *x, const real *dy,
                              size_t panel, const real *mean, const real *rstd,
                              const real *gamma, real *dx, real *dgamma, real *dbeta)
{
    for (int f = 0; f < d; f++, x += LANES, dy += LANES, dx += LANES) {
        struct batch_slope b = {mean[f], rstd[f], gamma[f] * rstd[f], 0, 0};
        vec sum[PARTS] = {{0}}, along[PARTS] = {{0}};

        EACH_PANEL(p, rows, add_slopes(own, &b, x + (size_t)p * panel,
                                       dy + (size_t)p * panel, sum, along))
        dbeta[f] = parts_sum(sum);
        dgamma[f] = parts_sum(along);
        b.shift = dbeta[f] / (real)rows;
        b.slope = dgamma[f] / (real)rows;
        EACH_PANEL(p, rows, put_slopes(own, &b, x + (size_t)p * panel,
                                       dy + (size_t)p * panel, dx + (size_t)p * panel))
    }
}
