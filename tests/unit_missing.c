/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Missing cells: what stands for them in predictions, and training that learns it. */
#include "base/mem.h"
#include "base/rng.h"
#include "engine/trainer.h"
#include "model/corruption.h"
#include "nn/params.h"
#include "subject.h"

enum { ROWS = 300 };

/* Every cell has a value, `a` four of them and `b` three. */
static struct subject make_subject(void)
{
    struct rng r = rng_make(5, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,b,x,yes\n");
    for (int i = 0; i < ROWS; i++) {
        int a = (int)rng_below(&r, 4), b = (int)rng_below(&r, 3);

        str_printf(&text, "%c,%c,%.3f,%s\n", "pqrs"[a], "tuv"[b], rng_normal(&r),
                   a == b ? "yes" : "no");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return subject_new(d, "yes", NULL);
}

struct trial {
    struct subject s;
    struct pool *pool;
    struct model *model;
    struct error err;
};

static struct trial trial_new(int threads)
{
    struct model_options o = model_defaults();
    struct trial t = {.s = make_subject(), .pool = pool_new(threads, &t.err)};

    o.dim = 8;
    o.layers = 1;
    o.heads = 2;
    o.head_cap = 16;
    t.model = model_new(&o, t.s.encoder, 3, &t.err);
    if (!t.model || !t.pool) {
        printf("# %s\n", t.err.text);
        exit(99);
    }
    return t;
}

static void trial_done(struct trial *t)
{
    model_unref(t->model);
    pool_free(t->pool);
    subject_done(&t->s);
}

/* (code, width) of a column. */
static real *vector_of(struct trial *t, int column, int code, size_t *width)
{
    struct params *p = model_params(t->model);
    char name[32];
    int i;

    snprintf(name, sizeof name, "columns.%d.value", column);
    i = params_find(p, name);
    *width = p->list[i].shape[1];
    return param_value(p, i) + (size_t)code * *width;
}

static void predict(struct trial *t, enum fill fill, float *out)
{
    check(model_predict(t->model, t->pool, t->s.frame, NULL, ROWS, fill, out, &t->err));
}

/* Every seventh cell of a, every fifth of b. */
static void make_gaps(struct frame *f)
{
    for (int i = 0; i < ROWS; i++) {
        f->codes[2 * i] = i % 7 == 0 ? 0 : f->codes[2 * i];
        f->codes[2 * i + 1] = i % 5 == 0 ? 0 : f->codes[2 * i + 1];
    }
}

/* ---- predicting ---- */

/* By hand: the mean is put where the missing class has its vector. */
static void put_means(struct trial *t)
{
    for (int c = 0; c < 2; c++) {
        int known = t->s.encoder->categorical[c].classes - 1;
        size_t width;
        real *missing = vector_of(t, c, 0, &width);

        for (size_t k = 0; k < width; k++) {
            double sum = 0;

            for (int code = 1; code <= known; code++)
                sum += (double)vector_of(t, c, code, &width)[k];
            missing[k] = (real)(sum / known);
        }
    }
}

static void the_mean_is_that_of_the_known_classes(void)
{
    struct trial t = trial_new(2);
    float class[2 * ROWS], mean[2 * ROWS], hand[2 * ROWS];
    struct params *p = model_params(t.model);
    size_t bytes = params_values(p) * sizeof(real);
    real *before = xmalloc(bytes);
    int differ = 0;

    check_int(t.s.encoder->categorical[0].classes, 5);
    check_int(t.s.encoder->categorical[1].classes, 4);
    make_gaps(t.s.frame);
    memcpy(before, p->value, bytes);
    predict(&t, FILL_CLASS, class);
    predict(&t, FILL_MEAN, mean);
    check(memcmp(before, p->value, bytes) == 0);
    put_means(&t);
    predict(&t, FILL_CLASS, hand);
    check(memcmp(mean, hand, sizeof mean) == 0);
    for (int i = 0; i < ROWS; i++) {
        bool gap = i % 7 == 0 || i % 5 == 0;

        check(gap || mean[2 * i] == class[2 * i]);
        differ += gap && mean[2 * i] != class[2 * i];
    }
    check(differ > ROWS / 4);
    free(before);
    trial_done(&t);
}

/* ---- missing-dropout ---- */

static int count_hidden(uint64_t seed, uint64_t epoch, int32_t *codes)
{
    enum { N = 4000, COLUMNS = 5 };
    static uint32_t index[N];
    int hidden = 0;

    for (int i = 0; i < N; i++)
        index[i] = (uint32_t)i;
    for (int i = 0; i < N * COLUMNS; i++)
        codes[i] = 1 + i % 3;
    corruption_hide(0.3, seed, epoch, index, N, COLUMNS, codes);
    for (int i = 0; i < N * COLUMNS; i++) {
        check(codes[i] == 0 || codes[i] == 1 + i % 3);
        hidden += codes[i] == 0;
    }
    return hidden;
}

static void the_share_is_right_and_drawn_anew(void)
{
    enum { CELLS = 20000 };
    static int32_t first[CELLS], again[CELLS], other[CELLS], epoch[CELLS];
    int both = 0;

    check_near(count_hidden(1, 0, first), 0.3 * CELLS, 4 * sqrt(0.21 * CELLS));
    count_hidden(1, 0, again);
    check(memcmp(first, again, sizeof first) == 0);
    count_hidden(2, 0, other);
    count_hidden(1, 1, epoch);
    check(memcmp(first, other, sizeof first) != 0);
    for (int i = 0; i < CELLS; i++)
        both += first[i] == 0 && epoch[i] == 0;
    check_near(both, 0.09 * CELLS, 4 * sqrt(0.0819 * CELLS)); /* of two epochs */
}

/* A row's cells do not depend on the batch that it is in. */
static void rows_are_drawn_by_their_number(void)
{
    static const uint32_t all[4] = {3, 1, 9, 7}, one = 9;
    int32_t codes[4 * 6], alone[6];

    for (int i = 0; i < 24; i++)
        codes[i] = 5;
    for (int i = 0; i < 6; i++)
        alone[i] = 5;
    corruption_hide(0.5, 11, 4, all, 4, 6, codes);
    corruption_hide(0.5, 11, 4, &one, 1, 6, alone);
    check(memcmp(alone, codes + 2 * 6, sizeof alone) == 0);
}

static void train(struct trial *t, double dropout)
{
    struct train_options o = train_defaults();
    struct trainer *trainer;
    enum step step = STEP_MORE;

    o.epochs = 4;
    o.batch = 32;
    o.missing_dropout = dropout;
    trainer = trainer_new(t->model, t->s.frame, t->s.split, &o, t->pool, &t->err);
    if (!check(trainer != NULL))
        return;
    while (step == STEP_MORE)
        step = trainer_step(trainer, &t->err);
    check_int(step, STEP_DONE);
    trainer_free(trainer);
}

/* How far the vector of the missing class is from the mean of the known ones. */
static double distance(struct trial *t, int column)
{
    int known = t->s.encoder->categorical[column].classes - 1;
    double sum = 0;
    size_t width;
    const real *missing = vector_of(t, column, 0, &width);

    for (size_t k = 0; k < width; k++) {
        double mean = 0;

        for (int code = 1; code <= known; code++)
            mean += (double)vector_of(t, column, code, &width)[k] / known;
        sum += ((double)missing[k] - mean) * ((double)missing[k] - mean);
    }
    return sqrt(sum);
}

/* Without gaps in the training rows the missing class gets the mean of the others in the
 * end; with dropout it has been learned. */
static void the_missing_class_is_learned(void)
{
    struct trial plain = trial_new(2), dropped = trial_new(2);

    train(&plain, 0);
    train(&dropped, 0.2);
    for (int c = 0; c < 2; c++) {
        check(distance(&plain, c) < 1e-5);
        check(distance(&dropped, c) > 1e-2);
    }
    for (int i = 0; i < 2 * ROWS; i++) /* the rows themselves are as they were */
        check(plain.s.frame->codes[i] == dropped.s.frame->codes[i]);
    trial_done(&plain);
    trial_done(&dropped);
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    struct trial one = trial_new(1), three = trial_new(3);
    size_t n = params_values(model_params(one.model));

    train(&one, 0.3);
    train(&three, 0.3);
    check(memcmp(model_params(one.model)->value, model_params(three.model)->value,
                 n * sizeof(real)) == 0);
    trial_done(&one);
    trial_done(&three);
}

static void the_range_is_checked(void)
{
    struct train_options o = train_defaults();
    struct error err = {0};

    o.missing_dropout = 1;
    check(!train_check(&o, &err));
    check(strstr(err.text, "train.missing_dropout") != NULL);
}

int main(void)
{
    test_run(the_mean_is_that_of_the_known_classes);
    test_run(the_share_is_right_and_drawn_anew);
    test_run(rows_are_drawn_by_their_number);
    test_run(the_missing_class_is_learned);
    test_run(any_number_of_threads_gives_the_same_bits);
    test_run(the_range_is_checked);
    return test_done();
}
