/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an iteration of t-SNE does to all points of a layout: attraction along the edges
 * of a sparse graph, repulsion between all pairs, or through a grid. Points are pairs (x,
 * y); q_ij = 1 / (1 + |y_i - y_j|^2).
 */
#include "num/simd.h"

/* ---- attraction ---- */

#ifdef REAL_DOUBLE

INLINE void load_points(const real *y, const uint32_t *at, vec *x, vec *other)
{
    for (int i = 0; i < WIDTH; i++) {
        (*x)[i] = y[2 * at[i]];
        (*other)[i] = y[2 * at[i] + 1];
    }
}

#else

typedef double pairs __attribute__((vector_size(VECTOR_BYTES)));
typedef double whole_point __attribute__((aligned(4), may_alias));

#if VECTOR_BYTES == 64
#define FOUR(p, a, i, j, k, l) p[a[i]], p[a[i + 1]], p[a[j]], p[a[j + 1]], p[a[k]], \
        p[a[k + 1]], p[a[l]], p[a[l + 1]]
#define EVEN 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30
#define ODD 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31
#elif VECTOR_BYTES == 32
#define FOUR(p, a, i, j, k, l) p[a[i]], p[a[i + 1]], p[a[j]], p[a[j + 1]]
#define EVEN 0, 2, 8, 10, 4, 6, 12, 14
#define ODD 1, 3, 9, 11, 5, 7, 13, 15
#else
#define FOUR(p, a, i, j, k, l) p[a[i]], p[a[i + 1]]
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#endif

/* Each point is loaded whole; then x and y are told apart within each 128 bits, which is
 * why every other pair of points goes to the second vector. */
INLINE void load_points(const real *y, const uint32_t *at, vec *x, vec *other)
{
    const whole_point *from = (const whole_point *)y;
    vec a = (vec)(pairs){FOUR(from, at, 0, 4, 8, 12)};
    vec b = (vec)(pairs){FOUR(from, at, 2, 6, 10, 14)};

    *x = __builtin_shufflevector(a, b, EVEN);
    *other = __builtin_shufflevector(a, b, ODD);
}

#endif

void ISA(tsne_attract)(size_t from, size_t to, const size_t *start,
                       const uint32_t *neighbour, const real *p, const real *y,
                       real *force)
{
    for (size_t i = from; i < to; i++) {
        vec fx = {0}, fy = {0}, x0 = splat(y[2 * i]), y0 = splat(y[2 * i + 1]);

        for (size_t e = start[i]; e < start[i + 1]; e += WIDTH) {
            vec dx, dy, w;

            load_points(y, neighbour + e, &dx, &dy);
            dx = x0 - dx;
            dy = y0 - dy;
            w = load(p + e) / (dx * dx + (dy * dy + 1));
            fx += w * dx;
            fy += w * dy;
        }
        force[2 * i] = lane_sum(fx);
        force[2 * i + 1] = lane_sum(fy);
    }
}

#ifdef REAL_DOUBLE

INLINE vec vlog(vec x)
{
    for (int i = 0; i < WIDTH; i++)
        x[i] = log(x[i]);
    return x;
}

#else

/* The natural logarithm of a normal number within 2 units in the last place: exponent and
 * a mantissa in [0.7, 1.4) (coefficients of Cephes' logf). */
INLINE vec vlog(vec x)
{
    ivec bits = (ivec)x - 0x3f3504f3; /* of sqrt(1/2) */
    ivec exponent = bits >> 23;
    vec m = (vec)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
    vec e = __builtin_convertvector(exponent, vec), m2 = m * m, r;

    r = m * 7.0376836292e-2f - 1.1514610310e-1f;
    r = r * m + 1.1676998740e-1f;
    r = r * m - 1.2420140846e-1f;
    r = r * m + 1.4249322787e-1f;
    r = r * m - 1.6668057665e-1f;
    r = r * m + 2.0000714765e-1f;
    r = r * m - 2.4999993993e-1f;
    r = r * m + 3.3333331174e-1f;
    r = r * m * m2 - e * 2.12194440e-4f - m2 * 0.5f;
    return r + m + e * 0.693359375f;
}

#endif

double ISA(tsne_cost)(size_t from, size_t to, const size_t *start,
                      const uint32_t *neighbour, const real *p, const real *y)
{
    double cost = 0;

    for (size_t i = from; i < to; i++) {
        vec sum = {0}, x0 = splat(y[2 * i]), y0 = splat(y[2 * i + 1]);

        for (size_t e = start[i]; e < start[i + 1]; e += WIDTH) {
            vec dx, dy;

            load_points(y, neighbour + e, &dx, &dy);
            dx = x0 - dx;
            dy = y0 - dy;
            sum += load(p + e) * vlog(dx * dx + (dy * dy + 1));
        }
        cost += lane_sum(sum);
    }
    return cost;
}

/* ---- repulsion between all pairs ---- */

#define ROWS 4 /* points that meet all others together */

struct meeting {
    vec x[ROWS], y[ROWS], fx[ROWS], fy[ROWS], z;
};

/* The others at j push the rows; sum_x and sum_y: what all rows do to the others */
INLINE void meet(struct meeting *m, vec xj, vec yj, vec *sum_x, vec *sum_y)
{
    *sum_x = *sum_y = (vec){0};
    UNROLL for (int r = 0; r < ROWS; r++) {
        vec dx = m->x[r] - xj, dy = m->y[r] - yj;
        vec q = 1 / (dx * dx + (dy * dy + 1)), q2 = q * q;

        m->z += q;
        m->fx[r] += q2 * dx;
        m->fy[r] += q2 * dy;
        *sum_x += q2 * dx;
        *sum_y += q2 * dy;
    }
}

/* Rows i to i + ROWS against the points of their own line, then those behind it. */
static double repel_rows(size_t i, size_t n, const real *x, const real *y, real *fx,
                         real *fy)
{
    size_t line = i / LANES * LANES, j = line;
    struct meeting m = {.z = {0}};
    vec own, sum_x, sum_y;

    UNROLL for (int r = 0; r < ROWS; r++) {
        m.x[r] = splat(x[i + (size_t)r]);
        m.y[r] = splat(y[i + (size_t)r]);
    }
    for (; j < line + LANES; j += WIDTH)
        meet(&m, load(x + j), load(y + j), &sum_x, &sum_y);
    own = m.z;
    m.z = (vec){0};
    for (; j < n; j += WIDTH) {
        meet(&m, load(x + j), load(y + j), &sum_x, &sum_y);
        store(fx + j, load(fx + j) - sum_x);
        store(fy + j, load(fy + j) - sum_y);
    }
    UNROLL for (int r = 0; r < ROWS; r++) {
        fx[i + (size_t)r] += lane_sum(m.fx[r]);
        fy[i + (size_t)r] += lane_sum(m.fy[r]);
    }
    return lane_sum(own) + 2.0 * lane_sum(m.z);
}

double ISA(tsne_repel)(size_t line, size_t n, const real *x, const real *y, real *fx,
                       real *fy)
{
    double z = 0;

    for (size_t i = line; i < line + LANES; i += ROWS)
        z += repel_rows(i, n, x, y, fx, fy);
    return z;
}

/* ---- repulsion through a grid ---- */

/* A point's weights for SPLINE nodes and two more of weight 0, which fill the vector. */
#define NODES 8

typedef real nodes __attribute__((vector_size(NODES * sizeof(real))));
typedef real nodes_unaligned
    __attribute__((vector_size(NODES * sizeof(real)), aligned(4), may_alias));

/* Powers of t in the six pieces of the B-spline of order 6, each over [0, 1). */
static const nodes spline[] = {
    {1 / 120.0, 26 / 120.0, 66 / 120.0, 26 / 120.0, 1 / 120.0, 0, 0, 0},
    {-5 / 120.0, -50 / 120.0, 0, 50 / 120.0, 5 / 120.0, 0, 0, 0},
    {10 / 120.0, 20 / 120.0, -60 / 120.0, 20 / 120.0, 10 / 120.0, 0, 0, 0},
    {-10 / 120.0, 20 / 120.0, 0, -20 / 120.0, 10 / 120.0, 0, 0, 0},
    {5 / 120.0, -20 / 120.0, 30 / 120.0, -20 / 120.0, 5 / 120.0, 0, 0, 0},
    {-1 / 120.0, 5 / 120.0, -10 / 120.0, 10 / 120.0, -5 / 120.0, 1 / 120.0, 0, 0},
};

INLINE nodes weights(real t)
{
    nodes w = spline[5];

    UNROLL for (int k = 4; k >= 0; k--)
        w = w * t + spline[k];
    return w;
}

INLINE nodes slopes(real t)
{
    nodes w = 5 * spline[5];

    UNROLL for (int k = 4; k >= 1; k--)
        w = w * t + (real)k * spline[k];
    return w;
}

INLINE real nodes_sum(nodes v)
{
    real s = 0;

    for (int i = 0; i < NODES; i++)
        s += v[i];
    return s;
}

/* Where a point lies: its first node, and the rest on the way to the next. */
struct place {
    size_t node;
    real tx, ty;
};

INLINE struct place find_place(const struct tsne_grid *g, const real *y)
{
    real u = (y[0] - g->left) * g->scale, v = (y[1] - g->low) * g->scale;
    int column = (int)u, row = (int)v;

    return (struct place){(size_t)row * g->row + (size_t)column, u - (real)column,
                          v - (real)row};
}

void ISA(tsne_spread)(size_t n, const uint32_t *points, const struct tsne_grid *g,
                      const real *y, real *grid)
{
    for (size_t k = 0; k < n; k++) {
        struct place at = find_place(g, y + 2 * points[k]);
        nodes wx = weights(at.tx), wy = weights(at.ty);
        nodes_unaligned *to;

        UNROLL for (int r = 0; r < 6; r++) {
            to = (nodes_unaligned *)(grid + at.node + (size_t)r * g->row);
            *to += wy[r] * wx;
        }
    }
}

double ISA(tsne_gather)(size_t n, const uint32_t *points, const struct tsne_grid *g,
                        const real *y, const real *grid, real *force)
{
    real slope = (real)-0.5 * g->scale;
    double sum = 0;

    for (size_t k = 0; k < n; k++) {
        struct place at = find_place(g, y + 2 * points[k]);
        nodes wx = weights(at.tx), wy = weights(at.ty), sy = slopes(at.ty);
        nodes level = {0}, rise = {0};

        UNROLL for (int r = 0; r < 6; r++) {
            nodes line = *(const nodes_unaligned *)(grid + at.node + (size_t)r * g->row);

            level += wy[r] * line;
            rise += sy[r] * line;
        }
        force[2 * points[k]] = slope * nodes_sum(slopes(at.tx) * level);
        force[2 * points[k] + 1] = slope * nodes_sum(wx * rise);
        sum += nodes_sum(wx * level);
    }
    return sum;
}

void ISA(rows_pair)(int n, const real *restrict a, const real *restrict b,
                    real *restrict z)
{
    for (int i = 0; i < n; i++) {
        z[2 * i] = a[i];
        z[2 * i + 1] = b[i];
    }
}

void ISA(rows_part)(int n, const real *restrict z, real *restrict a, real *restrict b)
{
    for (int i = 0; i < n; i++) {
        a[i] = z[2 * i];
        b[i] = z[2 * i + 1];
    }
}

/* The spectrum of a real line is even in its real part and odd in the other, and of a
 * line times i it is the other way round. */
void ISA(spectra_split)(int n, int pairs, const real *restrict z, size_t line,
                        real *restrict columns, size_t column)
{
    for (int k = 0; k <= n / 2; k++)
        for (int p = 0; p < pairs; p++) {
            const real *at = z + (size_t)p * line + 2 * k;
            const real *other = z + (size_t)p * line + 2 * (k == 0 ? 0 : n - k);
            real *to = columns + (size_t)k * column + 4 * p;

            to[0] = (real)0.5 * (at[0] + other[0]);
            to[1] = (real)0.5 * (at[1] - other[1]);
            to[2] = (real)0.5 * (at[1] + other[1]);
            to[3] = (real)0.5 * (other[0] - at[0]);
        }
}

void ISA(spectra_join)(int n, int pairs, const real *restrict columns, size_t column,
                       real *restrict z, size_t line)
{
    for (int k = 0; k <= n / 2; k++)
        for (int p = 0; p < pairs; p++) {
            const real *from = columns + (size_t)k * column + 4 * p;
            real *at = z + (size_t)p * line + 2 * k;
            real *other = z + (size_t)p * line + 2 * (k == 0 ? 0 : n - k);

            other[0] = from[0] + from[3];
            other[1] = from[2] - from[1];
            at[0] = from[0] - from[3];
            at[1] = from[1] + from[2];
        }
}

void ISA(spectrum_scale)(int n, real *z, const real *factor)
{
    for (int k = 0; k <= n / 2; k++) {
        z[2 * k] *= factor[k];
        z[2 * k + 1] *= factor[k];
    }
    for (int k = n / 2 + 1; k < n; k++) {
        z[2 * k] *= factor[n - k];
        z[2 * k + 1] *= factor[n - k];
    }
}

/* ---- the step ---- */

void ISA(tsne_move)(size_t n, const struct tsne_move *m, const real *restrict attraction,
                    const real *restrict repulsion, real *restrict y,
                    real *restrict velocity, real *restrict gain)
{
    for (size_t i = 0; i < n; i++) {
        real slope = m->exaggeration * attraction[i] - m->inverse_z * repulsion[i];
        real other = gain[i] + (real)0.2, same = gain[i] * (real)0.8;
        real g = slope * velocity[i] > 0 ? same : other;

        g = g < (real)0.01 ? (real)0.01 : g;
        gain[i] = g;
        velocity[i] = m->momentum * velocity[i] - m->rate * g * slope;
        y[i] += velocity[i];
    }
}

/* ---- nearest neighbours ---- */

INLINE real lane_least(vec v)
{
    real least = v[0];

    for (int i = 1; i < WIDTH; i++)
        least = v[i] < least ? v[i] : least;
    return least;
}

INLINE vec vmin(vec a, vec b)
{
    return choose(a < b, a, b);
}

/* Most panels hold nothing of interest, so four are looked at as one first. */
int ISA(find_below)(int n, const real *y, size_t y_panel, real limit, uint32_t *found)
{
    int count = 0;

    for (int p = 0; p < n; p += 4) {
        int end = p + 4 < n ? p + 4 : n;
        vec least = load(y + (size_t)p * y_panel);

        for (int k = p; k < end; k++)
            for (int i = 0; i < LANES; i += WIDTH)
                least = vmin(least, load(y + (size_t)k * y_panel + i));
        if (!(lane_least(least) < limit))
            continue;
        for (int k = p; k < end; k++)
            for (int i = 0; i < LANES; i++) {
                found[count] = (uint32_t)(k * LANES + i);
                count += y[(size_t)k * y_panel + i] < limit;
            }
    }
    return count;
}
