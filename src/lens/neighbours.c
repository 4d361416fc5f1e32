/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    ASKED = 64,  /* points that look for neighbours together */
    PANELS = 32, /* among so many panels at a time: their distances stay in the cache */
    SPARE = 8,   /* more than k are kept, as rounding may have changed their order */
};

#define CHUNK (PANELS * LANES)
#define OUT_PANEL ((size_t)(ASKED + 1) * LANES)
#define SLICE_FLOPS 1e9 /* of one thread in a slice */

/* A score and the number of a point in one number, which compares as they do: first the
 * score, whose bits are turned so that they rise with it, then the point. */
typedef uint64_t candidate;

/* The nearest of one point so far, in no order. */
struct best {
    candidate *list;
    int n;
    float limit; /* who is not below it is not among the nearest */
};

/* What a thread needs. */
struct search {
    float *ask;      /* (ASKED, d + 1) */
    float *score;    /* PANELS panels of ASKED */
    uint32_t *found; /* (CHUNK) */
    struct best best[ASKED];
    candidate *lists; /* what best points at */
};

static int keep_of(const struct neighbours *b)
{
    return b->k + SPARE;
}

static size_t list_room(int k)
{
    return 2 * (size_t)(k + SPARE) + CHUNK;
}

static bool init_search(struct search *s, int d, int k)
{
    s->ask = try_aligned((size_t)ASKED * (size_t)(d + 1), sizeof *s->ask);
    s->score = try_aligned(PANELS * OUT_PANEL, sizeof *s->score);
    s->found = try_alloc(CHUNK, sizeof *s->found);
    s->lists = try_alloc(ASKED * list_room(k), sizeof *s->lists);
    for (int i = 0; i < ASKED && s->lists; i++)
        s->best[i].list = s->lists + (size_t)i * list_room(k);
    return s->ask && s->score && s->found && s->lists;
}

static size_t search_memory(int d, int k)
{
    return (size_t)ASKED * (size_t)(d + 1) * sizeof(float)
        + PANELS * OUT_PANEL * sizeof(float) + CHUNK * sizeof(uint32_t)
        + ASKED * list_room(k) * sizeof(candidate);
}

size_t neighbours_memory(size_t n, int d, int k, int threads)
{
    return n * (size_t)k * (sizeof(uint32_t) + sizeof(float))
        + (size_t)threads * search_memory(d, k);
}

bool neighbours_init(struct neighbours *b, const struct points *points, int k,
                     struct pool *pool, struct error *err)
{
    int threads = pool_threads(pool);
    bool ok;

    *b = (struct neighbours){.n = points->n, .k = k, .points = points, .pool = pool};
    b->index = try_alloc(b->n * (size_t)k, sizeof *b->index);
    b->distance2 = try_alloc(b->n * (size_t)k, sizeof *b->distance2);
    b->search = try_calloc((size_t)threads, sizeof *b->search);
    ok = b->index && b->distance2 && b->search;
    for (int i = 0; i < threads && ok; i++)
        ok = init_search(&b->search[i], points->d, k);
    if (!ok) {
        neighbours_done(b);
        error_set(err, ERROR_MEMORY, "no memory for %d neighbours of %zu points", k,
                  points->n);
    }
    return ok;
}

static void drop_searches(struct neighbours *b)
{
    for (int i = 0; b->search && i < pool_threads(b->pool); i++) {
        free(b->search[i].ask);
        free(b->search[i].score);
        free(b->search[i].found);
        free(b->search[i].lists);
    }
    free(b->search);
    b->search = NULL;
}

void neighbours_done(struct neighbours *b)
{
    drop_searches(b);
    free(b->index);
    free(b->distance2);
    b->index = NULL;
    b->distance2 = NULL;
}

/* ---- the nearest so far ---- */

static candidate make_candidate(float score, uint32_t point)
{
    uint32_t bits;

    memcpy(&bits, &score, sizeof bits);
    bits ^= bits >> 31 ? 0xffffffffu : 0x80000000u;
    return (candidate)bits << 32 | point;
}

static float score_of(candidate c)
{
    uint32_t bits = (uint32_t)(c >> 32);
    float score;

    bits ^= bits >> 31 ? 0x80000000u : 0xffffffffu;
    memcpy(&score, &bits, sizeof score);
    return score;
}

static uint32_t point_of(candidate c)
{
    return (uint32_t)c;
}

static int compare_candidates(const void *a, const void *b)
{
    const candidate *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Hoare's selection: the `most` first of the list come to its front. */
static void select_first(candidate *list, int n, int most)
{
    int low = 0, high = n - 1;

    while (low < high) {
        candidate pivot = list[low + (high - low) / 2];
        int i = low, j = high;

        while (i <= j) {
            while (list[i] < pivot)
                i++;
            while (pivot < list[j])
                j--;
            if (i <= j) {
                candidate other = list[i];

                list[i++] = list[j];
                list[j--] = other;
            }
        }
        if (most - 1 <= j)
            high = j;
        else if (most - 1 >= i)
            low = i;
        else
            return;
    }
}

/* The list becomes its `most` best. Who comes later and is as near as the last one is not
 * among the nearest, as its number is higher. */
static void prune(struct best *best, int most)
{
    candidate last = 0;

    if (best->n <= most)
        return;
    select_first(best->list, best->n, most);
    best->n = most;
    for (int i = 0; i < most; i++)
        last = best->list[i] > last ? best->list[i] : last;
    best->limit = score_of(last);
}

static void take_chunk(const struct neighbours *b, struct search *s, int asked, int panel,
                       int panels)
{
    for (int q = 0; q < asked; q++) {
        const float *line = s->score + (size_t)q * LANES;
        struct best *best = &s->best[q];
        int n = b->points->kernels->find_below(panels, line, OUT_PANEL, best->limit,
                                               s->found);

        for (int i = 0; i < n; i++) {
            uint32_t at = s->found[i];

            best->list[best->n++] = make_candidate(
                line[at / LANES * OUT_PANEL + at % LANES], (uint32_t)panel * LANES + at);
        }
        if (best->n > 2 * keep_of(b))
            prune(best, keep_of(b));
    }
}

/* ---- one block ---- */

static void finish_point(const struct neighbours *b, size_t i, struct best *best)
{
    int n = 0;

    prune(best, keep_of(b) + 1); /* the point itself is among them */
    for (int c = 0; c < best->n; c++) {
        uint32_t j = point_of(best->list[c]);

        if (j < b->n && j != i) /* a panel's last places may be empty */
            best->list[n++] =
                make_candidate((float)points_distance2(b->points, i, j), j);
    }
    qsort(best->list, (size_t)n, sizeof *best->list, compare_candidates);
    for (int c = 0; c < b->k; c++) {
        b->index[i * (size_t)b->k + (size_t)c] = point_of(best->list[c]);
        b->distance2[i * (size_t)b->k + (size_t)c] = score_of(best->list[c]);
    }
}

static void search_block(void *arg, int task, int worker)
{
    const struct neighbours *b = arg;
    const struct points *p = b->points;
    struct search *s = &b->search[worker];
    size_t first = b->found + (size_t)task * ASKED;
    int asked = b->n - first < ASKED ? (int)(b->n - first) : ASKED;

    for (int q = 0; q < asked; q++) {
        points_ask(p, first + (size_t)q, s->ask + (size_t)q * (size_t)(p->d + 1));
        s->best[q].n = 0;
        s->best[q].limit = INFINITY;
    }
    for (int panel = 0; panel < p->panels; panel += PANELS) {
        int panels = p->panels - panel < PANELS ? p->panels - panel : PANELS;

        p->kernels->linear_forward(panels, asked, p->d + 1, s->ask, (size_t)(p->d + 1),
                                   NULL, p->panel + (size_t)panel * p->size, p->size,
                                   s->score, OUT_PANEL);
        take_chunk(b, s, asked, panel, panels);
    }
    for (int q = 0; q < asked; q++)
        finish_point(b, first + (size_t)q, &s->best[q]);
}

enum step neighbours_step(struct neighbours *b)
{
    double flops = 2.0 * ASKED * (double)b->n * (b->points->d + 1);
    size_t left = (b->n - b->found + ASKED - 1) / ASKED;
    size_t blocks = (size_t)(1 + SLICE_FLOPS / flops) * (size_t)pool_threads(b->pool);

    blocks = blocks < left ? blocks : left;
    pool_run(b->pool, (int)blocks, search_block, b);
    b->found += blocks * ASKED;
    if (b->found < b->n)
        return STEP_MORE;
    b->found = b->n;
    drop_searches(b);
    return STEP_DONE;
}
