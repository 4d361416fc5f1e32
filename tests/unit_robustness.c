/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spoiled cells: what the job measures is what comes out when the rows are spoiled by
 * hand. */
#include "base/mem.h"
#include "engine/answers.h"
#include "fixture.h"
#include "lens/job_robustness.h"

enum { ROWS = 300 };

static struct fixture fixture_new(const char *target, uint64_t seed, int threads)
{
    return fixture_of(learnable_table(ROWS, -1), target, "weight", 1, seed, threads);
}

static struct rows_request rows_of(const struct fixture *f)
{
    return fixture_rows(f, PART_TRAIN);
}

static struct robustness_request request_of(const struct fixture *f, enum spoiling how)
{
    return (struct robustness_request){.rows = {rows_of(f)}, .n_runs = 1, .spoiling = how,
                                       .rates = {0, 0.3, 0.6, 1}, .n_rates = 4,
                                       .seeds = 3};
}

static struct robustness_job *run_job(const struct robustness_request *q)
{
    struct robustness_job *j = robustness_job_new(q);
    struct error err = {0};

    if (!check(job_run(&robustness_job_type, j, &err)))
        printf("# %s\n", err.text);
    return j;
}

/* ---- by hand ---- */

/* One number of 0..1 for whether, one for what. */
static void draw(int seed, const char *column, size_t row, double out[2])
{
    uint64_t hash = 14695981039346656037u, bits[2];
    struct rng r;

    for (const char *c = column; *c; c++) {
        hash ^= (unsigned char)*c;
        hash *= 1099511628211u;
    }
    r = rng_make((uint64_t)seed, RNG_NOISE, hash >> 8);
    rng_block(r.seed, r.stream, row, bits);
    for (int i = 0; i < 2; i++)
        out[i] = (double)(bits[i] >> 11) / 9007199254740992.0;
}

/* The codes of all rows; returns how many cells are spoiled. */
static size_t spoil_by_hand(const struct encoder *e, const struct robustness_request *q,
                            double rate, int seed, int32_t *codes)
{
    size_t spoiled = 0;

    for (size_t i = 0; i < (size_t)ROWS * (size_t)e->n_categorical; i++) {
        size_t column = i % (size_t)e->n_categorical;
        double u[2];

        draw(seed, e->categorical[column].name, i / (size_t)e->n_categorical, u);
        if (u[0] >= rate)
            continue;
        spoiled++;
        codes[i] = q->spoiling == SPOIL_MISSING
            ? 0 : 1 + (int32_t)floor(u[1] * (e->categorical[column].classes - 1));
    }
    return spoiled;
}

static double measure_by_hand(struct fixture *f, const struct robustness_request *q,
                              double rate, int seed)
{
    struct frame *frame = f->s.frame;
    int32_t *before = frame->codes;
    size_t cells = (size_t)ROWS * (size_t)f->s.encoder->n_categorical;
    struct metrics m;
    struct error err = {0};
    size_t spoiled;

    frame->codes = xcalloc(cells, sizeof *before);
    memcpy(frame->codes, before, cells * sizeof *before);
    spoiled = spoil_by_hand(f->s.encoder, q, rate, seed, frame->codes);
    check_near((double)spoiled / (double)cells, rate, 0.06);
    check(model_evaluate(f->model, f->pool, frame, f->s.split, PART_TRAIN, q->fill, &m,
                         &err));
    free(frame->codes);
    frame->codes = before;
    return f->s.encoder->task == TASK_REGRESSION ? m.rmse : m.auc;
}

static void spoiled_rows_are_measured_as_by_hand(void)
{
    static const struct {
        const char *target;
        enum spoiling how;
        enum fill fill;
    } cases[] = {{"yes", SPOIL_NOISE, FILL_CLASS}, {"yes", SPOIL_MISSING, FILL_CLASS},
                 {"kind", SPOIL_MISSING, FILL_MEAN}, {"price", SPOIL_NOISE, FILL_CLASS}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f = fixture_new(cases[i].target, 3, 2);
        struct robustness_request q = request_of(&f, cases[i].how);
        struct robustness_job *j;

        q.fill = cases[i].fill;
        j = run_job(&q);
        check_int(robustness_job_rows(j), f.s.split->count[PART_TRAIN]);
        check(robustness_job_clean(j, 0) == measure_by_hand(&f, &q, 0, 0));
        for (int rate = 0; rate < q.n_rates; rate++)
            for (int seed = 0; seed < q.seeds; seed++)
                check(robustness_job_value(j, 0, rate, seed)
                      == measure_by_hand(&f, &q, q.rates[rate], seed));
        robustness_job_type.free(j);
        fixture_done(&f);
    }
}

/* Nothing spoiled is `evaluate`; all missing is a table without a value. */
static void the_ends_are_known(void)
{
    struct fixture f = fixture_new("yes", 3, 1);
    struct robustness_request q = request_of(&f, SPOIL_MISSING);
    struct robustness_job *j = run_job(&q);
    struct metrics clean, empty;
    struct error err = {0};
    double deviation;

    check(model_evaluate(f.model, f.pool, f.s.frame, f.s.split, PART_TRAIN, FILL_CLASS,
                         &clean, &err));
    memset(f.s.frame->codes, 0,
           (size_t)ROWS * (size_t)f.s.encoder->n_categorical * sizeof *f.s.frame->codes);
    check(model_evaluate(f.model, f.pool, f.s.frame, f.s.split, PART_TRAIN, FILL_CLASS,
                         &empty, &err));
    check(clean.auc != empty.auc);
    check_str(robustness_job_metric(j)->name, "auc");
    check(robustness_job_clean(j, 0) == clean.auc);
    check_near(robustness_job_mean(j, 0, 0, &deviation), clean.auc, 1e-12);
    check_near(deviation, 0, 1e-12);
    check_near(robustness_job_mean(j, 0, 3, &deviation), empty.auc, 1e-12);
    check_near(deviation, 0, 1e-12);
    robustness_job_type.free(j);
    fixture_done(&f);
}

static void means_and_spread_are_over_the_seeds(void)
{
    struct fixture f = fixture_new("yes", 3, 1);
    struct robustness_request q = request_of(&f, SPOIL_NOISE);
    struct robustness_job *j = run_job(&q);
    double v[3], deviation, mean = robustness_job_mean(j, 0, 1, &deviation), sum = 0;

    for (int i = 0; i < 3; i++)
        v[i] = robustness_job_value(j, 0, 1, i);
    check(v[0] != v[1] && v[1] != v[2] && v[0] != v[2]);
    check_near(mean, (v[0] + v[1] + v[2]) / 3, 1e-12);
    for (int i = 0; i < 3; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    check_near(deviation, sqrt(sum / 2), 1e-12);
    robustness_job_type.free(j);
    q.seeds = 1;
    j = run_job(&q);
    check(robustness_job_mean(j, 0, 1, &deviation) == v[0] && isnan(deviation));
    robustness_job_type.free(j);
    fixture_done(&f);
}

static void figures_are_the_same_for_any_threads(void)
{
    struct fixture one = fixture_new("kind", 3, 1), three = fixture_new("kind", 3, 3);
    struct robustness_request q = request_of(&one, SPOIL_NOISE);
    struct robustness_request r = request_of(&three, SPOIL_NOISE);
    struct robustness_job *a = run_job(&q), *b = run_job(&r);

    for (int rate = 0; rate < q.n_rates; rate++)
        for (int seed = 0; seed < q.seeds; seed++)
            check(robustness_job_value(a, 0, rate, seed)
                  == robustness_job_value(b, 0, rate, seed));
    robustness_job_type.free(a);
    robustness_job_type.free(b);
    fixture_done(&one);
    fixture_done(&three);
}

static void rows_can_be_fewer(void)
{
    struct fixture f = fixture_new("yes", 3, 1);
    struct robustness_request q = request_of(&f, SPOIL_NOISE);
    struct robustness_job *j;

    q.most = 50;
    j = run_job(&q);
    check_int(robustness_job_rows(j), 50);
    check(robustness_job_clean(j, 0) != measure_by_hand(&f, &q, 0, 0));
    robustness_job_type.free(j);
    fixture_done(&f);
}

/* Each of two models sees the cells that it sees alone. */
static void a_second_run_stands_beside(void)
{
    struct fixture f = fixture_new("yes", 3, 1), g = fixture_new("yes", 4, 1);
    struct robustness_request q = request_of(&f, SPOIL_NOISE);
    struct robustness_request r = request_of(&g, SPOIL_NOISE);
    struct robustness_job *alone[2] = {run_job(&q), run_job(&r)}, *both;

    q.rows[1] = r.rows[0];
    q.n_runs = 2;
    both = run_job(&q);
    for (int k = 0; k < 2; k++) {
        check(robustness_job_clean(both, k) == robustness_job_clean(alone[k], 0));
        for (int rate = 0; rate < q.n_rates; rate++)
            check(robustness_job_value(both, k, rate, 1)
                  == robustness_job_value(alone[k], 0, rate, 1));
        robustness_job_type.free(alone[k]);
    }
    robustness_job_type.free(both);
    fixture_done(&f);
    fixture_done(&g);
}

static void without_categories_it_is_refused(void)
{
    struct str text = {0};
    struct fixture f = {.s = {.data = NULL}};
    struct model_options o = model_defaults();
    struct error err = {0};
    struct robustness_request q;
    struct robustness_job *j;

    str_puts(&text, "x,y\n");
    for (int i = 0; i < 100; i++)
        str_printf(&text, "%d.5,%s\n", i * 37 % 101, i % 3 ? "no" : "yes");
    f.s = subject_new(table_load(text.text, text.length), "y", NULL);
    f.pool = pool_new(1, &err);
    f.model = model_new(&o, f.s.encoder, 3, &err);
    q = request_of(&f, SPOIL_NOISE);
    j = robustness_job_new(&q);
    check(!job_run(&robustness_job_type, j, &err));
    check_str(err.text, "this model has no categorical columns whose cells could be "
              "spoiled");
    robustness_job_type.free(j);
    fixture_done(&f);
    str_done(&text);
}

static void it_can_be_stopped_anywhere(void)
{
    struct fixture f = fixture_new("yes", 3, 1);
    struct robustness_request q = request_of(&f, SPOIL_NOISE);
    struct error err = {0};
    double before = 0;

    for (int slices = 0; slices < 12; slices++) {
        struct robustness_job *j = robustness_job_new(&q);

        for (int i = 0; i < slices; i++)
            check(robustness_job_type.run(j, &err) == STEP_MORE);
        robustness_job_type.publish(j);
        check(robustness_job_share(j) >= before && robustness_job_share(j) < 1);
        before = robustness_job_share(j);
        robustness_job_type.free(j);
    }
    check(before > 0);
    fixture_done(&f);
}

int main(void)
{
    test_run(spoiled_rows_are_measured_as_by_hand);
    test_run(the_ends_are_known);
    test_run(means_and_spread_are_over_the_seeds);
    test_run(figures_are_the_same_for_any_threads);
    test_run(rows_can_be_fewer);
    test_run(a_second_run_stands_beside);
    test_run(without_categories_it_is_refused);
    test_run(it_can_be_stopped_anywhere);
    return test_done();
}
