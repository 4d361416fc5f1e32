/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "data/batch.h"
#include "data/encode.h"
#include "test.h"

enum { ROWS = 100 };

/* A frame whose numbers tell their row. */
struct sample_frame {
    struct frame frame;
    int32_t codes[ROWS * 2];
    float values[ROWS * 3], target[ROWS], weight[ROWS];
};

static void fill(struct sample_frame *s, bool weights)
{
    for (int i = 0; i < ROWS; i++) {
        s->codes[2 * i] = 10 * i;
        s->codes[2 * i + 1] = 10 * i + 1;
        for (int k = 0; k < 3; k++)
            s->values[3 * i + k] = (float)i + 0.1f * (float)k;
        s->target[i] = (float)(i % 2);
        s->weight[i] = 0.5f + (float)i;
    }
    s->frame = (struct frame){.rows = ROWS, .n_categorical = 2, .n_continuous = 3,
                              .codes = s->codes, .values = s->values, .target = s->target,
                              .weight = weights ? s->weight : NULL};
}

/* Each row of a batch is the frame's row that its index names. */
static void check_batch(const struct batch *b, const struct sample_frame *s)
{
    for (int i = 0; i < b->rows; i++) {
        uint32_t row = b->index[i];

        check_int(b->codes[2 * i + 1], 10 * (int)row + 1);
        check_near(b->values[3 * i + 2], s->values[3 * row + 2], 0);
        check_near(b->target[i], row % 2, 0);
        check_near(b->weight[i], s->frame.weight ? 0.5 + row : 1, 0);
    }
}

static void take_index(uint32_t *index, int n)
{
    for (int i = 0; i < n; i++)
        index[i] = (uint32_t)(ROWS - 1 - i);
}

static void every_row_comes_once_an_epoch(void)
{
    static struct sample_frame s;
    uint32_t index[70];
    struct batcher *b;

    fill(&s, true);
    take_index(index, 70);
    b = batcher_new(&s.frame, index, 70, 16, true, false, 5);
    check_int(batcher_batches(b), 5);
    for (size_t epoch = 0; epoch < 3; epoch++) {
        int seen[ROWS] = {0};

        for (size_t k = 0; k < 5; k++) {
            const struct batch *x = batcher_get(b, epoch, k);

            check_int(x->rows, k < 4 ? 16 : 6);
            check_batch(x, &s);
            for (int i = 0; i < x->rows; i++)
                seen[x->index[i]]++;
        }
        for (int row = 0; row < ROWS; row++)
            check_int(seen[row], row >= 30);
    }
    batcher_free(b);
}

/* Any position can be asked for at any time: a run that goes on sees the same. */
static void order_depends_on_seed_and_epoch_only(void)
{
    static struct sample_frame s;
    uint32_t index[ROWS], first[16];
    struct batcher *a, *b, *c;

    fill(&s, false);
    take_index(index, ROWS);
    a = batcher_new(&s.frame, index, ROWS, 16, true, false, 5);
    b = batcher_new(&s.frame, index, ROWS, 16, true, false, 5);
    c = batcher_new(&s.frame, index, ROWS, 16, true, false, 6);
    memcpy(first, batcher_get(a, 0, 2)->index, sizeof first);
    batcher_get(a, 1, 0);
    batcher_get(a, 7, 3);
    check(memcmp(first, batcher_get(a, 0, 2)->index, sizeof first) == 0);
    check(memcmp(first, batcher_get(b, 0, 2)->index, sizeof first) == 0);
    check(memcmp(first, batcher_get(b, 1, 2)->index, sizeof first) != 0);
    check(memcmp(first, batcher_get(c, 0, 2)->index, sizeof first) != 0);
    check_batch(batcher_get(a, 4, 6), &s);
    check_int(batcher_get(a, 4, 6)->rows, 4);
    batcher_free(a);
    batcher_free(b);
    batcher_free(c);
}

static void order_can_stay(void)
{
    static struct sample_frame s;
    uint32_t index[20];
    struct batcher *b;

    fill(&s, false);
    take_index(index, 20);
    b = batcher_new(&s.frame, index, 20, 8, false, false, 1);
    check_int(batcher_get(b, 3, 1)->index[0], ROWS - 1 - 8);
    index[8] = 0; /* it was copied */
    check_int(batcher_get(b, 4, 1)->index[0], ROWS - 1 - 8);
    batcher_free(b);
}

static void last_batch_can_be_dropped(void)
{
    static struct sample_frame s;
    uint32_t index[20];
    struct batcher *b;

    fill(&s, false);
    take_index(index, 20);
    b = batcher_new(&s.frame, index, 20, 8, true, true, 1);
    check_int(batcher_batches(b), 2);
    batcher_free(b);
    b = batcher_new(&s.frame, index, 16, 8, true, true, 1);
    check_int(batcher_batches(b), 2);
    batcher_free(b);
    b = batcher_new(&s.frame, index, 5, 8, true, true, 1);
    check_int(batcher_batches(b), 1);
    check_int(batcher_get(b, 0, 0)->rows, 5);
    batcher_free(b);
    b = batcher_new(&s.frame, NULL, 0, 8, true, false, 1);
    check_int(batcher_batches(b), 0);
    batcher_free(b);
}

static void a_frame_may_lack_a_side(void)
{
    static struct sample_frame s;
    uint32_t index[20];
    struct batcher *b;

    fill(&s, false);
    take_index(index, 20);
    s.frame.n_categorical = 0;
    s.frame.codes = NULL;
    b = batcher_new(&s.frame, index, 20, 8, true, false, 1);
    check_near(batcher_get(b, 0, 0)->values[0], batcher_get(b, 0, 0)->index[0], 0);
    batcher_free(b);
    fill(&s, false);
    s.frame.n_continuous = 0;
    s.frame.values = NULL;
    b = batcher_new(&s.frame, index, 20, 8, true, false, 1);
    check_int(batcher_get(b, 0, 0)->codes[0], 10 * batcher_get(b, 0, 0)->index[0]);
    batcher_free(b);
}

int main(void)
{
    test_run(every_row_comes_once_an_epoch);
    test_run(order_depends_on_seed_and_epoch_only);
    test_run(order_can_stay);
    test_run(last_batch_can_be_dropped);
    test_run(a_frame_may_lack_a_side);
    return test_done();
}
