/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "num/paired.h"

#include <float.h>
#include <math.h>

/* Where a term of a continued fraction would vanish. */
static double away_from_zero(double x)
{
    return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

/* The continued fraction of the incomplete beta function, by Lentz's method (DLMF
 * 8.17.22); converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b)
{
    double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), f = d;

    for (int m = 1; m < 1000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double before = f;

        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        f *= c * d;
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        f *= c * d;
        if (fabs(f - before) <= DBL_EPSILON * fabs(f))
            break;
    }
    return f;
}

/* I_x(a, b), regularized. */
static double incomplete_beta(double x, double a, double b)
{
    double front;

    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double student_p(double t, double freedom)
{
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

double paired_p(const double *a, const double *b, int n, double ratio)
{
    double mean = 0, variance = 0;

    if (n < 2)
        return NAN;
    for (int i = 0; i < n; i++)
        mean += (a[i] - b[i]) / n;
    for (int i = 0; i < n; i++)
        variance += (a[i] - b[i] - mean) * (a[i] - b[i] - mean) / (n - 1);
    if (variance <= 0)
        return mean == 0 ? 1 : 0;
    return student_p(mean / sqrt((1.0 / n + ratio) * variance), n - 1);
}
