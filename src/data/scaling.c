/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/scaling.h"

#include <math.h>
#include <stdlib.h>

const double SCALING_CLIP = 10;

static double largest(const struct sample *v, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(v[i].value));
    return most;
}

void scaling_moments(const struct sample *v, size_t n, double *mean, double *deviation)
{
    double unit = largest(v, n), total = 0, sum = 0, squares = 0, middle;

    if (unit == 0)
        unit = 1;
    for (size_t i = 0; i < n; i++) {
        total += (double)v[i].count;
        sum += (double)v[i].count * (v[i].value / unit);
    }
    middle = sum / total;
    for (size_t i = 0; i < n; i++) {
        double off = v[i].value / unit - middle;

        squares += (double)v[i].count * off * off;
    }
    *mean = middle * unit;
    *deviation = sqrt(squares / total) * unit;
}

static int compare_samples(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;

    return (x->value > y->value) - (x->value < y->value);
}

void scaling_sort(struct sample *v, size_t n)
{
    qsort(v, n, sizeof *v, compare_samples);
}

/* Between a and b, exact at both ends and free of overflow in b - a. */
static double interpolate(double a, double b, double t)
{
    double step = b - a;

    if (!isfinite(step))
        return a * (1 - t) + b * t;
    return t < 0.5 ? a + step * t : b - step * (1 - t);
}

/* A walk through the samples as if each were written `count` times. */
struct walk {
    const struct sample *v;
    size_t at, end; /* v[at] holds the places before end */
};

static double value_at(struct walk *w, size_t place)
{
    while (place >= w->end)
        w->end += w->v[++w->at].count;
    return w->v[w->at].value;
}

void scaling_quantiles_at(const struct sample *sorted, size_t n, const double *shares,
                          int n_shares, double *quantiles)
{
    struct walk low = {sorted, 0, sorted[0].count}, high = low;
    size_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += sorted[i].count;
    for (int i = 0; i < n_shares; i++) {
        double place = shares[i] * (double)(total - 1);
        size_t below = (size_t)place;
        size_t above = below + 1 < total ? below + 1 : total - 1;

        quantiles[i] = interpolate(value_at(&low, below), value_at(&high, above),
                                   place - (double)below);
        if (i > 0) /* rounding must not turn the order */
            quantiles[i] = fmax(quantiles[i], quantiles[i - 1]);
    }
}

int scaling_quantiles(const struct sample *sorted, size_t n,
                      double quantiles[SCALING_MAX_QUANTILES])
{
    double shares[SCALING_MAX_QUANTILES];
    size_t total = 0;
    int q;

    for (size_t i = 0; i < n; i++)
        total += sorted[i].count;
    q = total < SCALING_MAX_QUANTILES ? (int)total : SCALING_MAX_QUANTILES;
    for (int i = 0; i < q; i++)
        shares[i] = q > 1 ? (double)i / (double)(q - 1) : 0;
    scaling_quantiles_at(sorted, n, shares, q, quantiles);
    return q;
}

double scaling_standard(double x, double mean, double deviation)
{
    return fmax(-SCALING_CLIP, fmin(SCALING_CLIP, (x - mean) / deviation));
}

/* The number of quantiles below x, or not above it. */
static int count_quantiles(double x, const double *quantiles, int n, int equal_too)
{
    int low = 0, high = n;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (quantiles[middle] < x || (equal_too && quantiles[middle] == x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* x's share among the quantiles when of equal ones the last counts (`last`), or the
 * first. */
static double place_among(double x, const double *quantiles, int n, int last)
{
    int above = count_quantiles(x, quantiles, n, last); /* above - 1 is left of x */
    double step = 1.0 / (n - 1), low, high, part;

    if (above == 0)
        return 0;
    if (above == n)
        return 1;
    low = quantiles[above - 1];
    high = quantiles[above];
    part = isfinite(high - low) ? (x - low) / (high - low)
                                : (x / 2 - low / 2) / (high / 2 - low / 2);
    return (above - 1 + part) * step;
}

double scaling_to_normal(double x, const double *quantiles, int n)
{
    double edge = 0.5 / n, share;

    if (x < quantiles[0])
        share = 0;
    else if (x > quantiles[n - 1])
        share = 1;
    else
        share = (place_among(x, quantiles, n, 1) + place_among(x, quantiles, n, 0)) / 2;
    return scaling_normal_quantile(fmax(edge, fmin(1 - edge, share)));
}

/* a[0] + a[1] x + ... + a[7] x^7 */
static double polynomial(const double a[8], double x)
{
    double y = a[7];

    for (int i = 6; i >= 0; i--)
        y = y * x + a[i];
    return y;
}

/* Wichura's algorithm AS 241 (PPND16), good to about 1e-16. */
double scaling_normal_quantile(double p)
{
    static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e2,
                                1.9715909503065514427e3,  1.3731693765509461125e4,
                                4.5921953931549871457e4,  6.7265770927008700853e4,
                                3.3430575583588128105e4,  2.5090809287301226727e3};
    static const double b[8] = {1.0,                      4.2313330701600911252e1,
                                6.8718700749205790830e2,  5.3941960214247511077e3,
                                2.1213794301586595867e4,  3.9307895800092710610e4,
                                2.8729085735721942674e4,  5.2264952788528545610e3};
    static const double c[8] = {1.42343711074968357734e0, 4.63033784615654529590e0,
                                5.76949722146069140550e0, 3.64784832476320460504e0,
                                1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,                      2.05319162663775882187e0,
                                1.67638483018380384940e0, 6.89767334985100004550e-1,
                                1.48103976427480074590e-1, 1.51986665636164571966e-2,
                                5.47593808499534494600e-4, 1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0, 5.46378491116411436990e0,
                                1.78482653991729133580e0, 2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,                      5.99832206555887937690e-1,
                                1.36929880922735805310e-1, 1.48753612908506148525e-2,
                                7.86869131145613259100e-4, 1.84631831751005468180e-5,
                                1.42151175831644588870e-7, 2.04426310338993978564e-15};
    double q = p - 0.5, r, x;

    if (fabs(q) <= 0.425) {
        r = 0.180625 - q * q;
        return q * polynomial(a, r) / polynomial(b, r);
    }
    r = sqrt(-log(q < 0 ? p : 1 - p));
    x = r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6)
               : polynomial(e, r - 5) / polynomial(f, r - 5);
    return q < 0 ? -x : x;
}
