/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Repulsion through a grid. The points are spread on the nodes of a grid by B-splines of
 * order 6, their potential, the sum of q = 1 / (1 + r^2), is a convolution, done by
 * Fourier transforms, and the force is minus half the potential's slope, read from the
 * same splines (as smooth particle mesh Ewald does: Essmann et al. 1995). So there is one
 * transform forth and one back where Linderman et al. 2019 have four each. The response
 * is the transform of the potential at the nodes, divided by those of the splines at both
 * ends, which makes the result exact between nodes.
 *
 * The grid is padded with as many zeros, for the transforms to be those of a plane
 * without end; lines of zeros are not transformed. Rows come first, two in one complex
 * transform and eight a task, and are laid down as columns, which are then transformed,
 * multiplied and transformed back while they are in the cache.
 *
 * Nothing depends on the number of threads: points are counted off by stripes of the
 * grid's rows, in the order of their numbers; even stripes are spread first, then odd
 * ones, as a stripe's points reach into the next.
 */
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lens/tsne_own.h"
#include "num/kernels.h"

enum {
    STRIPE = 8,   /* rows; a point reaches over 5 more than its own */
    REACH = 8,    /* nodes beyond a point's first, that are touched */
    PAIRS = 4,    /* of rows transformed by one task: a cache line of each column */
    COLUMNS = 4,  /* the like */
    CHUNKS = 16,  /* parts of the points for counting */
};

/* Between nodes. Errors fall like e to the -pi / spacing, the potential's own spectrum
 * beyond what the nodes can show. At 0.25 the gradient is within 1 % even where a layout
 * has all but come to rest and attraction and repulsion cancel. Of more points the errors
 * cancel in turn, so that they do with fewer nodes. Below SPACING_MIN a tiny layout would
 * only lose digits. */
#define SPACING 0.25
#define SPACING_POINTS 1e4
#define SPACING_MIN 0.2
/* How much a layout may grow before the grid is made anew, and shrink. */
#define GROWTH 1.05
#define SHRINKING 0.6

/* Lengths of transforms, padding included. */
static const int lengths[] = {64,   80,   96,   128,  160,  192,  256,  320,
                              384,  512,  640,  768,  896,  1024, 1280, 1536,
                              1792, 2048, 2560, 3072, 3584, 4096};
enum { LENGTHS = sizeof lengths / sizeof lengths[0] };

struct plans {
    fftwf_plan forth, back;
};

struct field {
    size_t n;
    int largest;              /* of lengths */
    struct plans plans[LENGTHS];

    int size;                 /* the present one of lengths, -1: none yet */
    int length, side, half;   /* lengths[size], its half, and half + 1 */
    double finest, spacing;   /* between nodes: at least, and now */
    float *response;          /* (half, half) */
    float *grid;              /* (side + REACH) rows, row numbers each */
    fftwf_complex *spectrum;  /* (half, side): columns one after the other */
    struct tsne_grid place;

    uint32_t *order;          /* (n) points, stripe by stripe */
    uint16_t *stripe;         /* (n) */
    size_t *count;            /* (CHUNKS, stripes) places in order, then their ends */
    size_t *begin;            /* (stripes + 1) */
    int stripes;
    double *z;                /* of each stripe */
    fftwf_complex **scratch;  /* for each thread: PAIRS + 2 lines */
    int threads;

    const float *y;           /* the caller's */
    float *force;
    int odd;                  /* which stripes are spread */
    const struct kernels *kernels;
};

/* ---- memory ---- */

static double finest_of(size_t n)
{
    return SPACING * pow(fmax((double)n / SPACING_POINTS, 1), 0.25);
}

/* The first of lengths that holds so wide a layout, or the last one up to `most`. */
static int size_for(double wide, double spacing, int most)
{
    int size = 0;

    while (size < most && (lengths[size] / 2 - REACH) * spacing < wide)
        size++;
    return size;
}

/* Layouts of n points end up some two roots of n wide; beyond what is planned for here
 * nodes lie further apart. */
static int largest_of(size_t n)
{
    return size_for(60 + 3 * sqrt((double)n), finest_of(n), LENGTHS - 1);
}

/* Numbers in a row of the grid. */
static size_t row_of(int side)
{
    return (size_t)side + REACH;
}

static size_t grid_of(int side)
{
    return row_of(side) * (size_t)(side + REACH);
}

/* Complex numbers from one line of scratch to the next, all aligned alike. */
static size_t line_of(int length)
{
    return ((size_t)length + 8) / 8 * 8;
}

size_t field_memory(size_t n, int threads)
{
    int length = lengths[largest_of(n)], side = length / 2;
    size_t half = (size_t)side + 1, stripes = (size_t)side / STRIPE;

    return half * half * sizeof(float) + grid_of(side) * sizeof(float)
        + half * (size_t)side * sizeof(fftwf_complex)
        + n * (sizeof(uint32_t) + sizeof(uint16_t))
        + (CHUNKS + 2) * (stripes + 1) * sizeof(size_t)
        + (size_t)threads * (PAIRS + 2) * line_of(length) * sizeof(fftwf_complex);
}

static bool reserve(struct field *f)
{
    int length = lengths[f->largest], side = length / 2;
    size_t half = (size_t)side + 1, stripes = (size_t)side / STRIPE;
    bool ok;

    f->response = try_aligned(half * half, sizeof *f->response);
    f->grid = try_aligned(grid_of(side), sizeof *f->grid);
    f->spectrum = try_aligned(half * (size_t)side, sizeof *f->spectrum);
    f->order = try_alloc(f->n, sizeof *f->order);
    f->stripe = try_alloc(f->n, sizeof *f->stripe);
    f->count = try_alloc(CHUNKS * stripes, sizeof *f->count);
    f->begin = try_alloc(stripes + 1, sizeof *f->begin);
    f->z = try_alloc(stripes, sizeof *f->z);
    f->scratch = try_calloc((size_t)f->threads, sizeof *f->scratch);
    ok = f->response && f->grid && f->spectrum && f->order && f->stripe && f->count
        && f->begin && f->z && f->scratch;
    for (int i = 0; i < f->threads && ok; i++) {
        f->scratch[i] = try_aligned((PAIRS + 2) * line_of(length), sizeof **f->scratch);
        ok = f->scratch[i] != NULL;
    }
    return ok;
}

struct field *field_new(size_t n, int threads)
{
    struct field *f = xcalloc(1, sizeof *f);

    f->n = n;
    f->largest = largest_of(n);
    f->finest = finest_of(n);
    f->size = -1;
    f->threads = threads;
    f->kernels = kernels_best();
    if (!reserve(f)) {
        field_free(f);
        return NULL;
    }
    return f;
}

static void drop_plans(struct plans *p)
{
    fftwf_destroy_plan(p->forth);
    fftwf_destroy_plan(p->back);
    *p = (struct plans){0};
}

void field_free(struct field *f)
{
    if (!f)
        return;
    for (int i = 0; i < LENGTHS; i++)
        drop_plans(&f->plans[i]);
    for (int i = 0; i < f->threads && f->scratch; i++)
        free(f->scratch[i]);
    free(f->scratch);
    free(f->response);
    free(f->grid);
    free(f->spectrum);
    free(f->order);
    free(f->stripe);
    free(f->count);
    free(f->begin);
    free(f->z);
    free(f);
}

/* ---- the grid and its response ---- */

/* Estimated plans, as measured ones would not be the same every time. */
static bool plan(struct field *f)
{
    struct plans *p = &f->plans[f->size];
    fftwf_complex *a = f->scratch[0], *b = a + line_of(f->length);

    if (p->forth)
        return true;
    p->forth = fftwf_plan_dft_1d(f->length, a, b, FFTW_FORWARD, FFTW_ESTIMATE);
    p->back = fftwf_plan_dft_1d(f->length, a, b, FFTW_BACKWARD, FFTW_ESTIMATE);
    if (p->forth && p->back)
        return true;
    drop_plans(p);
    return false;
}

/* The transform of an even line whose first half is given: real, as its first half. */
static void transform_even(const struct field *f, int worker, const float *line,
                           float *to)
{
    fftwf_complex *in = f->scratch[worker], *out = in + line_of(f->length);

    for (int i = 0; i < f->length; i++) {
        in[i][0] = line[i < f->half ? i : f->length - i];
        in[i][1] = 0;
    }
    fftwf_execute_dft(f->plans[f->size].forth, in, out);
    for (int i = 0; i < f->half; i++)
        to[i] = out[i][0];
}

static float *line_of_scratch(const struct field *f, int worker, int line)
{
    return (float *)(f->scratch[worker] + (size_t)line * line_of(f->length));
}

/* The potential at the nodes, row by row, in the spectrum's memory. */
static void transform_potential(void *arg, int row, int worker)
{
    const struct field *f = arg;
    float *line = line_of_scratch(f, worker, 2);
    float *to = (float *)f->spectrum + (size_t)row * (size_t)f->half;

    for (int i = 0; i < f->half; i++) {
        double x = i * f->spacing, y = row * f->spacing;

        line[i] = (float)(1 / (1 + x * x + y * y));
    }
    transform_even(f, worker, line, to);
}

/* The transform of the spline at the nodes. */
static double spline_at(const struct field *f, int k)
{
    double angle = 2 * M_PI * k / f->length;

    return (66 + 52 * cos(angle) + 2 * cos(2 * angle)) / 120;
}

static void transform_columns(void *arg, int column, int worker)
{
    const struct field *f = arg;
    const float *from = (const float *)f->spectrum;
    float *line = line_of_scratch(f, worker, 2);
    float *to = f->response + (size_t)column * (size_t)f->half;
    double other = spline_at(f, column), length = f->length;

    for (int i = 0; i < f->half; i++)
        line[i] = from[(size_t)i * (size_t)f->half + (size_t)column];
    transform_even(f, worker, line, to);
    for (int i = 0; i < f->half; i++) {
        double both = other * spline_at(f, i) * length;

        to[i] = (float)(to[i] / (both * both));
    }
}

static bool make_grid(struct field *f, struct pool *pool, double wide)
{
    f->size = size_for(wide, f->finest, f->largest);
    f->length = lengths[f->size];
    f->side = f->length / 2;
    f->half = f->side + 1;
    f->stripes = f->side / STRIPE;
    f->spacing = fmax(wide / (f->side - REACH), SPACING_MIN);
    f->place.scale = (float)(1 / f->spacing);
    f->place.row = row_of(f->side);
    if (!plan(f)) {
        f->size = -1;
        return false;
    }
    pool_run(pool, f->half, transform_potential, f);
    pool_run(pool, f->half, transform_columns, f);
    return true;
}

/* Makes a grid that holds the box, if the present one does not or is far too large. */
static bool fit_grid(struct field *f, struct pool *pool, const struct box *box)
{
    double x = (double)box->high[0] - box->low[0], y = (double)box->high[1] - box->low[1];
    double wide = x > y ? x : y, holds = (f->side - REACH) * f->spacing;

    if (f->size < 0 || wide > holds
        || (wide < SHRINKING * holds && (f->size > 0 || f->spacing > SPACING_MIN)))
        if (!make_grid(f, pool, wide * GROWTH))
            return false;
    f->place.left = box->low[0];
    f->place.low = box->low[1];
    return true;
}

/* ---- points by stripes ---- */

static void chunk_of(const struct field *f, int chunk, size_t *from, size_t *to)
{
    *from = f->n * (size_t)chunk / CHUNKS;
    *to = f->n * (size_t)(chunk + 1) / CHUNKS;
}

static void count_chunk(void *arg, int chunk, int worker)
{
    const struct field *f = arg;
    size_t *count = f->count + (size_t)chunk * (size_t)f->stripes, from, to;
    size_t rows = (size_t)(f->side + REACH);
    size_t first = rows * (size_t)chunk / CHUNKS;
    size_t last = rows * (size_t)(chunk + 1) / CHUNKS;

    (void)worker;
    memset(f->grid + first * f->place.row, 0,
           (last - first) * f->place.row * sizeof *f->grid);
    memset(count, 0, (size_t)f->stripes * sizeof *count);
    chunk_of(f, chunk, &from, &to);
    for (size_t i = from; i < to; i++) {
        int row = (int)((f->y[2 * i + 1] - f->place.low) * f->place.scale);

        f->stripe[i] = (uint16_t)(row / STRIPE);
        count[f->stripe[i]]++;
    }
}

static void number_places(struct field *f)
{
    size_t place = 0;

    for (int s = 0; s < f->stripes; s++) {
        f->begin[s] = place;
        for (int c = 0; c < CHUNKS; c++) {
            size_t *count = &f->count[c * f->stripes + s], n = *count;

            *count = place;
            place += n;
        }
    }
    f->begin[f->stripes] = place;
}

static void place_chunk(void *arg, int chunk, int worker)
{
    const struct field *f = arg;
    size_t *next = f->count + (size_t)chunk * (size_t)f->stripes, from, to;

    (void)worker;
    chunk_of(f, chunk, &from, &to);
    for (size_t i = from; i < to; i++)
        f->order[next[f->stripe[i]]++] = (uint32_t)i;
}

static void spread_stripe(void *arg, int task, int worker)
{
    const struct field *f = arg;
    int s = 2 * task + f->odd;

    (void)worker;
    f->kernels->tsne_spread(f->begin[s + 1] - f->begin[s], f->order + f->begin[s],
                            &f->place, f->y, f->grid);
}

static void gather_stripe(void *arg, int s, int worker)
{
    const struct field *f = arg;

    (void)worker;
    f->z[s] = f->kernels->tsne_gather(f->begin[s + 1] - f->begin[s],
                                      f->order + f->begin[s], &f->place, f->y, f->grid,
                                      f->force);
}

/* ---- transforms ---- */

static void transform_rows(void *arg, int task, int worker)
{
    const struct field *f = arg;
    size_t side = (size_t)f->side, line = line_of(f->length);
    size_t first = (size_t)task * 2 * PAIRS;
    fftwf_complex *lines = f->scratch[worker], *in = lines + PAIRS * line;

    memset(in + side, 0, side * sizeof *in);
    for (size_t p = 0; p < PAIRS; p++) {
        const float *row = f->grid + (first + 2 * p) * f->place.row;

        f->kernels->rows_pair(f->side, row, row + f->place.row, *in);
        fftwf_execute_dft(f->plans[f->size].forth, in, lines + p * line);
    }
    f->kernels->spectra_split(f->length, PAIRS, *lines, 2 * line, f->spectrum[first],
                              2 * side);
}

static void transform_back_rows(void *arg, int task, int worker)
{
    const struct field *f = arg;
    size_t side = (size_t)f->side, line = line_of(f->length);
    size_t first = (size_t)task * 2 * PAIRS;
    fftwf_complex *lines = f->scratch[worker], *out = lines + PAIRS * line;

    f->kernels->spectra_join(f->length, PAIRS, f->spectrum[first], 2 * side, *lines,
                             2 * line);
    for (size_t p = 0; p < PAIRS; p++) {
        float *row = f->grid + (first + 2 * p) * f->place.row;

        fftwf_execute_dft(f->plans[f->size].back, lines + p * line, out);
        f->kernels->rows_part(f->side, *out, row, row + f->place.row);
    }
}

static void convolve_columns(void *arg, int task, int worker)
{
    const struct field *f = arg;
    const struct plans *p = &f->plans[f->size];
    fftwf_complex *a = f->scratch[worker], *b = a + line_of(f->length);
    size_t side = (size_t)f->side;

    for (int k = task * COLUMNS; k < (task + 1) * COLUMNS && k < f->half; k++) {
        fftwf_complex *column = f->spectrum + (size_t)k * side;

        memcpy(a, column, side * sizeof *a);
        memset(a + side, 0, side * sizeof *a);
        fftwf_execute_dft(p->forth, a, b);
        f->kernels->spectrum_scale(f->length, *b,
                                   f->response + (size_t)k * (size_t)f->half);
        fftwf_execute_dft(p->back, b, a);
        memcpy(column, a, side * sizeof *a);
    }
}

double field_repel(struct field *f, struct pool *pool, const float *y,
                   const struct box *box, float *force)
{
    double z = -(double)f->n; /* each has met itself */

    if (!fit_grid(f, pool, box))
        return NAN;
    f->y = y;
    f->force = force;
    pool_run(pool, CHUNKS, count_chunk, f);
    number_places(f);
    pool_run(pool, CHUNKS, place_chunk, f);
    for (f->odd = 0; f->odd < 2; f->odd++)
        pool_run(pool, (f->stripes + 1 - f->odd) / 2, spread_stripe, f);
    pool_run(pool, f->side / (2 * PAIRS), transform_rows, f);
    pool_run(pool, (f->half + COLUMNS - 1) / COLUMNS, convolve_columns, f);
    pool_run(pool, f->side / (2 * PAIRS), transform_back_rows, f);
    pool_run(pool, f->stripes, gather_stripe, f);
    for (int s = 0; s < f->stripes; s++)
        z += f->z[s];
    return z;
}
