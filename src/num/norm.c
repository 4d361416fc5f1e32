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

/* Lanes past `rows` of the vector that starts at row r become 0. */
INLINE vec within(vec v, int r, int rows)
{
    if (r + WIDTH > rows)
        for (int i = 0; i < WIDTH; i++)
            if (r + i >= rows)
                v[i] = 0;
    return v;
}

/* Where the rows from r on of one feature stand. */
INLINE size_t row_at(int r, size_t panel)
{
    return (size_t)(r / LANES) * panel + (size_t)(r % LANES);
}

INLINE void feature_moments(const real *x, int rows, size_t panel, real *mean,
                            real *variance)
{
    vec sum = {0}, square = {0};

    for (int r = 0; r < rows; r += WIDTH)
        sum += within(load(x + row_at(r, panel)), r, rows);
    *mean = lane_sum(sum) / (real)rows;
    for (int r = 0; r < rows; r += WIDTH) {
        vec c = within(load(x + row_at(r, panel)) - *mean, r, rows);

        square += c * c;
    }
    *variance = lane_sum(square) / (real)rows;
}

INLINE void scale_feature(const real *x, int rows, size_t panel, real factor, real shift,
                          real *y)
{
    for (int r = 0; r < lanes_up(rows); r += WIDTH)
        store(y + row_at(r, panel),
              within(load(x + row_at(r, panel)) * factor + shift, r, rows));
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

void ISA(batch_norm_backward)(int rows, int d, const real *x, const real *dy,
                              size_t panel, const real *mean, const real *rstd,
                              const real *gamma, real *dx, real *dgamma, real *dbeta)
{
    for (int f = 0; f < d; f++) {
        const real *in = x + f * LANES, *up = dy + f * LANES;
        real *to = dx + f * LANES;
        vec sum = {0}, along = {0};

        for (int r = 0; r < rows; r += WIDTH) {
            vec g = within(load(up + row_at(r, panel)), r, rows);

            sum += g;
            along += g * ((load(in + row_at(r, panel)) - mean[f]) * rstd[f]);
        }
        dbeta[f] = lane_sum(sum);
        dgamma[f] = lane_sum(along);

        real shift = dbeta[f] / (real)rows, slope = dgamma[f] / (real)rows;
        real factor = gamma[f] * rstd[f];

        for (int r = 0; r < lanes_up(rows); r += WIDTH) {
            vec hat = (load(in + row_at(r, panel)) - mean[f]) * rstd[f];
            vec g = factor * (load(up + row_at(r, panel)) - shift - hat * slope);

            store(to + row_at(r, panel), within(g, r, rows));
        }
    }
}
