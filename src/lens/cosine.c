/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/cosine.h"

#include <math.h>

double cosine_of(const float *a, const float *b, int d)
{
    double product = 0, square_a = 0, square_b = 0;

    for (int k = 0; k < d; k++) {
        product += (double)a[k] * (double)b[k];
        square_a += (double)a[k] * (double)a[k];
        square_b += (double)b[k] * (double)b[k];
    }
    return square_a > 0 && square_b > 0 ? product / (sqrt(square_a) * sqrt(square_b)) : 0;
}

size_t cosine_nearest(const float *x, size_t n, int d, size_t of, size_t k,
                      uint32_t *index, double *cosine)
{
    const float *mine = x + of * (size_t)d;
    size_t found = 0;

    for (size_t i = 0; i < n && k > 0; i++) {
        double c = i == of ? 0 : cosine_of(mine, x + i * (size_t)d, d);
        size_t at;

        if (i == of || (found == k && !(c > cosine[k - 1])))
            continue;
        at = found < k ? found++ : k - 1;
        for (; at > 0 && c > cosine[at - 1]; at--) {
            cosine[at] = cosine[at - 1];
            index[at] = index[at - 1];
        }
        cosine[at] = c;
        index[at] = (uint32_t)i;
    }
    return found;
}
