/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Speed of t-SNE: seconds for neighbours, P and iterations, and the KL divergence.
 *
 *   tsne [--threads T] [--iterations I] [--method exact|fft] [--rate R]
 *        [--momentum M] [--points FILE] [--write FILE] [--layout FILE] [N...]
 *
 * Points: N each of twenty clusters in 32 dimensions, whose centres are three times as
 * far from each other as they are wide, or so; or the rows of numbers in FILE, separated
 * by commas, as --write writes them, so that other programs can be given the same.
 * --layout writes the layout, two numbers a line. Ends with a line "tsne N KEY VALUE" a
 * figure.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "lens/tsne.h"

enum { CLUSTERS = 20, DIMENSIONS = 32 };

struct settings {
    struct tsne_options options;
    struct pool *pool;
    const char *points, *write, *layout;
};

struct table {
    size_t n;
    int d;
    float *x; /* (n, d) */
};

static void die(const char *what)
{
    fprintf(stderr, "tsne: %s\n", what);
    exit(1);
}

/* ---- points ---- */

static struct table make_points(size_t n)
{
    struct rng r = rng_make(3, RNG_TEST, 0);
    struct table t = {.n = n, .d = DIMENSIONS,
                      .x = xmalloc(n * DIMENSIONS * sizeof *t.x)};
    double centre[CLUSTERS][DIMENSIONS], wide[CLUSTERS];

    for (int c = 0; c < CLUSTERS; c++) {
        wide[c] = 0.5 + rng_uniform(&r);
        for (int f = 0; f < DIMENSIONS; f++)
            centre[c][f] = 3 * rng_normal(&r);
    }
    for (size_t i = 0; i < n; i++) {
        size_t c = rng_below(&r, CLUSTERS);

        for (int f = 0; f < DIMENSIONS; f++)
            t.x[i * DIMENSIONS + (size_t)f] =
                (float)(centre[c][f] + wide[c] * rng_normal(&r));
    }
    return t;
}

static int count_fields(const char *line)
{
    int n = 1;

    for (; *line; line++)
        n += *line == ',';
    return n;
}

static struct table read_points(const char *path)
{
    FILE *f = fopen(path, "r");
    struct table t = {0};
    char *line = NULL;
    size_t size = 0, room = 0;

    if (!f)
        die("cannot open the points");
    while (getline(&line, &size, f) > 0) {
        char *at = line;

        t.d = t.d ? t.d : count_fields(line);
        if (t.n == room) {
            room = room ? 2 * room : 1024;
            t.x = xrealloc(t.x, room * (size_t)t.d * sizeof *t.x);
        }
        for (int k = 0; k < t.d; k++, at += *at == ',')
            t.x[t.n * (size_t)t.d + (size_t)k] = strtof(at, &at);
        t.n++;
    }
    free(line);
    fclose(f);
    return t;
}

static void write_rows(const char *path, size_t n, int d, const float *x)
{
    FILE *f = fopen(path, "w");

    if (!f)
        die("cannot write");
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            fprintf(f, "%.7g%c", x[i * (size_t)d + (size_t)k], k + 1 < d ? ',' : '\n');
    if (fclose(f) != 0)
        die("cannot write");
}

/* ---- the measurement ---- */

struct clocks {
    double wall, cpu;
};

static struct clocks since(struct clocks start)
{
    return (struct clocks){clock_seconds() - start.wall, clock_cpu_seconds() - start.cpu};
}

static void print_figures(const struct settings *set, size_t n, struct clocks whole,
                          const struct clocks *phase, double kl)
{
    double each = 1000.0 / set->options.iterations;

    printf("tsne %zu seconds %.3f\n", n, whole.wall);
    printf("tsne %zu neighbours %.3f\n", n, phase[TSNE_NEIGHBOURS].wall);
    printf("tsne %zu affinities %.3f\n", n, phase[TSNE_AFFINITIES].wall);
    printf("tsne %zu ms_an_iteration %.4f\n", n, phase[TSNE_LAYOUT].wall * each);
    printf("tsne %zu cpu_seconds %.3f\n", n, whole.cpu);
    printf("tsne %zu cpu_neighbours %.3f\n", n, phase[TSNE_NEIGHBOURS].cpu);
    printf("tsne %zu cpu_affinities %.3f\n", n, phase[TSNE_AFFINITIES].cpu);
    printf("tsne %zu cpu_ms_an_iteration %.4f\n", n, phase[TSNE_LAYOUT].cpu * each);
    printf("tsne %zu kl %.4f\n", n, kl);
}

static void run(const struct settings *set, const struct table *points)
{
    struct error err = {0};
    struct clocks start = {clock_seconds(), clock_cpu_seconds()}, begun = start;
    struct clocks phases[TSNE_LAYOUT + 1];
    struct tsne *t = tsne_new(points->x, points->n, points->d, &set->options, set->pool,
                              &err);
    enum tsne_phase phase = TSNE_NEIGHBOURS;
    enum step step;

    if (!t)
        die(err.text);
    do {
        step = tsne_step(t, &err);
        if (step == STEP_FAILED)
            die(err.text);
        if (tsne_progress(t).phase != phase || step == STEP_DONE) {
            phases[phase] = since(begun);
            begun = (struct clocks){clock_seconds(), clock_cpu_seconds()};
            phase = tsne_progress(t).phase;
        }
    } while (step == STEP_MORE);
    print_figures(set, points->n, since(start), phases, tsne_progress(t).kl);
    if (set->layout) {
        float *layout = xmalloc(2 * points->n * sizeof *layout);

        tsne_layout(t, layout);
        write_rows(set->layout, points->n, 2, layout);
        free(layout);
    }
    tsne_free(t);
}

static void run_table(const struct settings *set, struct table points)
{
    if (set->write)
        write_rows(set->write, points.n, points.d, points.x);
    else
        run(set, &points);
    free(points.x);
}

static struct settings read_options(int argc, char **argv)
{
    static const struct option options[] = {
        {"threads", required_argument, NULL, 't'},
        {"iterations", required_argument, NULL, 'i'},
        {"method", required_argument, NULL, 'm'},
        {"rate", required_argument, NULL, 'r'},
        {"momentum", required_argument, NULL, 'M'},
        {"points", required_argument, NULL, 'p'},
        {"write", required_argument, NULL, 'w'},
        {"layout", required_argument, NULL, 'l'},
        {0},
    };
    struct settings set = {.options = tsne_defaults()};
    int threads = pool_cores(), c;
    struct error err;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (c) {
        case 't': threads = atoi(optarg); break;
        case 'i': set.options.iterations = atoi(optarg); break;
        case 'm':
            set.options.method = strcmp(optarg, "fft") == 0 ? TSNE_FFT : TSNE_EXACT;
            break;
        case 'r': set.options.rate = atof(optarg); break;
        case 'M': set.options.early_momentum = atof(optarg); break;
        case 'p': set.points = optarg; break;
        case 'w': set.write = optarg; break;
        case 'l': set.layout = optarg; break;
        default: die("unknown option; see the top of tests/bench/tsne.c");
        }
    if (threads < 1 || set.options.iterations < 1)
        die("threads and iterations are at least 1");
    if (set.options.early > set.options.iterations)
        set.options.early = set.options.iterations;
    set.pool = pool_new(threads, &err);
    if (!set.pool)
        die(err.text);
    return set;
}

int main(int argc, char **argv)
{
    static const char *const sizes[] = {"2000", "10000", "50000"};
    struct settings set = read_options(argc, argv);
    const char *const *size = sizes;
    int n = sizeof sizes / sizeof sizes[0];

    if (optind < argc) {
        size = (const char *const *)argv + optind;
        n = argc - optind;
    }
    if (set.points)
        run_table(&set, read_points(set.points));
    for (int i = 0; i < n && !set.points; i++)
        run_table(&set, make_points((size_t)atol(size[i])));
    pool_free(set.pool);
    return 0;
}
