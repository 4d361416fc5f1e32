/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What attends to what: maps of rows, heads and layers, rollout, and the masking test. */
#include "base/mem.h"
#include "data/edit.h"
#include "fixture.h"
#include "lens/job_attention.h"
#include "nn/params.h"

enum { ROWS = 150, LAYERS = 2, HEADS = FIXTURE_HEADS, M = 3, CELLS = M * M };

/* An untrained model of a, b and kind, with the continuous columns x and price. */
static struct fixture fixture_new(int layers)
{
    return fixture_of(learnable_table(ROWS, -1), "yes", "weight", layers, 3, 2);
}

static void add_rows(struct attention *a, struct look *l, const struct frame *f,
                     uint32_t from, uint32_t n)
{
    uint32_t rows[ROWS];

    for (uint32_t done = 0; done < n; done += (uint32_t)look_most(l)) {
        int part = (int)(n - done) < look_most(l) ? (int)(n - done) : look_most(l);

        for (int i = 0; i < part; i++)
            rows[i] = from + done + (uint32_t)i;
        look_at(l, f, rows, part);
        attention_add(a, l, part);
    }
}

static void lines_sum_to_one(void)
{
    static const int heads[] = {0, 1, HEADS_MEAN, HEADS_ROLLOUT};
    struct fixture f = fixture_new(LAYERS);
    struct error err = {0};
    struct look *l = look_new(f.model, f.pool, &err);
    struct attention a;
    double map[CELLS], other[2][CELLS], largest[CELLS];

    check(attention_init(&a, l, &err));
    add_rows(&a, l, f.s.frame, 0, ROWS);
    check_int(a.rows, ROWS);
    for (int layer = 0; layer < LAYERS; layer++) {
        for (int k = 0; k < 4; k++) {
            attention_read(&a, layer, heads[k], map);
            for (int i = 0; i < M; i++)
                check_near(map[i * M] + map[i * M + 1] + map[i * M + 2], 1, 1e-5);
        }
        attention_read(&a, layer, 0, other[0]);
        attention_read(&a, layer, 1, other[1]);
        attention_read(&a, layer, HEADS_MEAN, map);
        attention_read(&a, layer, HEADS_MAX, largest);
        for (int i = 0; i < CELLS; i++) {
            check_near(map[i], (other[0][i] + other[1][i]) / 2, 1e-9);
            check(largest[i] == (other[0][i] > other[1][i] ? other[0][i] : other[1][i]));
        }
    }
    attention_done(&a);
    look_free(l);
    fixture_done(&f);
}

/* Of all rows at once the mean of each alone. */
static void rows_are_averaged(void)
{
    struct fixture f = fixture_new(LAYERS);
    struct error err = {0};
    struct look *l = look_new(f.model, f.pool, &err);
    struct attention all;
    double map[CELLS], sum[CELLS] = {0};

    check(attention_init(&all, l, &err));
    add_rows(&all, l, f.s.frame, 0, 70); /* more than go through at once */
    for (uint32_t row = 0; row < 70; row++) {
        struct attention one;

        check(attention_init(&one, l, &err));
        add_rows(&one, l, f.s.frame, row, 1);
        attention_read(&one, 1, 0, map);
        for (int i = 0; i < CELLS; i++)
            sum[i] += map[i] / 70;
        attention_done(&one);
    }
    attention_read(&all, 1, 0, map);
    for (int i = 0; i < CELLS; i++)
        check_near(map[i], sum[i], 1e-6);
    attention_done(&all);
    look_free(l);
    fixture_done(&f);
}

/* (A2 + I) / 2 (A1 + I) / 2, by hand for one row. */
static void rollout_goes_through_the_layers(void)
{
    struct fixture f = fixture_new(LAYERS);
    struct error err = {0};
    struct look *l = look_new(f.model, f.pool, &err);
    struct attention a;
    double first[CELLS], second[CELLS], map[CELLS];

    check(attention_init(&a, l, &err));
    add_rows(&a, l, f.s.frame, 7, 1);
    attention_read(&a, 0, HEADS_MEAN, first);
    attention_read(&a, 1, HEADS_MEAN, second);
    attention_read(&a, 0, HEADS_ROLLOUT, map);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) {
            double sum = 0;

            for (int k = 0; k < M; k++)
                sum += (second[i * M + k] + (i == k)) / 2
                    * ((first[k * M + j] + (k == j)) / 2);
            check_near(map[i * M + j], sum, 1e-6);
        }
    attention_done(&a);
    look_free(l);
    fixture_done(&f);
}

/* Predicted again with the column missing in the frame itself. */
static void masking_moves_the_prediction(void)
{
    struct fixture f = fixture_new(LAYERS);
    struct error err = {0};
    double effect[M] = {0}, wanted = 0;
    float before[2 * ROWS], after[2 * ROWS];

    check(masking_add(f.model, f.pool, f.s.frame, NULL, ROWS, effect, &err));
    check(model_predict(f.model, f.pool, f.s.frame, NULL, ROWS, FILL_CLASS, before,
                        &err));
    for (int i = 0; i < ROWS; i++)
        f.s.frame->codes[i * M + 1] = 0;
    check(model_predict(f.model, f.pool, f.s.frame, NULL, ROWS, FILL_CLASS, after,
                        &err));
    for (int i = 0; i < ROWS; i++)
        wanted += fabs((double)before[2 * i + 1] - (double)after[2 * i + 1]);
    check(wanted > 0);
    check_near(effect[1], wanted, 1e-4);
    memset(effect, 0, sizeof effect);
    check(masking_add(f.model, f.pool, f.s.frame, NULL, ROWS, effect, &err));
    check(effect[1] == 0); /* it is missing everywhere already */
    check(effect[0] > 0 && effect[2] > 0);
    fixture_done(&f);
}

static struct attention_request request_of(struct fixture *f)
{
    return (struct attention_request){
        .rows = fixture_rows(f, PART_TEST),
        .masking = true};
}

static struct sight *look_for(const struct attention_request *q)
{
    struct attention_job *j = attention_job_new(q);
    struct error err = {0};
    struct sight *found;

    check(job_run(&attention_job_type, j, &err));
    found = attention_job_take(j);
    attention_job_type.free(j);
    return found;
}

static void jobs_choose_rows(void)
{
    struct fixture f = fixture_new(LAYERS);
    struct attention_request q = request_of(&f);
    struct sight *found[3];
    double *maps[3];

    q.class = "yes";
    found[0] = look_for(&q);
    q.class = "no";
    found[1] = look_for(&q);
    q.class = "yes";
    q.less_class = "no";
    found[2] = look_for(&q);
    check_int(found[0]->seen.rows + found[1]->seen.rows,
              f.s.split->count[PART_TEST]);
    check_int(found[0]->less.rows, 0);
    check_int(found[2]->less.rows, found[1]->seen.rows);
    for (int k = 0; k < 3; k++)
        maps[k] = sight_map(found[k], 1, HEADS_MEAN);
    for (int i = 0; i < CELLS; i++)
        check_near(maps[2][i], maps[0][i] - maps[1][i], 1e-12);
    for (int k = 0; k < M; k++)
        check(found[0]->effect[k] > 0 && found[0]->effect[k] < 1);
    for (int k = 0; k < 3; k++) {
        check(!found[k]->outputs);
        free(maps[k]);
        sight_free(found[k]);
    }
    fixture_done(&f);
}

/* The maps of the two are looked at alone, too. */
static void runs_are_subtracted(void)
{
    struct fixture f = fixture_new(LAYERS), g = fixture_new(LAYERS);
    struct attention_request q = request_of(&f), less = request_of(&g);
    struct sight *found[3];
    double *maps[3];

    model_params(g.model)->value[0] += 1;
    found[0] = look_for(&q);
    found[1] = look_for(&less);
    q.less = &less.rows;
    found[2] = look_for(&q);
    for (int k = 0; k < 3; k++)
        maps[k] = sight_map(found[k], 0, 0);
    for (int i = 0; i < CELLS; i++)
        check_near(maps[2][i], maps[0][i] - maps[1][i], 1e-12);
    for (int k = 0; k < 3; k++) {
        free(maps[k]);
        sight_free(found[k]);
    }
    fixture_done(&f);
    fixture_done(&g);
}

static void one_row_is_predicted_too(void)
{
    struct fixture f = fixture_new(LAYERS);
    struct attention_request q = request_of(&f);
    struct sight *found;
    struct error err = {0};
    float outputs[2];
    uint32_t row = 6;

    q.rows.part = PART_NONE;
    q.row = row + 1;
    found = look_for(&q);
    check_int(found->seen.rows, 1);
    check(model_predict(f.model, f.pool, f.s.frame, &row, 1, FILL_CLASS, outputs, &err));
    for (int k = 0; k < 2; k++)
        check(found->outputs[k] == outputs[k]);
    sight_free(found);
    fixture_done(&f);
}

/* As a row would be predicted that has such cells. */
static void cells_can_be_changed(void)
{
    static char *const cells[] = {"a=q", "x=0.5"};
    struct fixture f = fixture_new(LAYERS);
    struct attention_request q = request_of(&f);
    struct sight *plain, *changed;
    struct error err = {0};
    float outputs[2];
    uint32_t row = 6;

    q.rows.part = PART_NONE;
    q.row = row + 1;
    q.masking = false;
    plain = look_for(&q);
    q.cells = cells;
    q.n_cells = 2;
    changed = look_for(&q);
    edit_cell(f.s.encoder, f.s.frame, row, "a", (struct cell){"q", 1});
    edit_cell(f.s.encoder, f.s.frame, row, "x", (struct cell){"0.5", 3});
    check(model_predict(f.model, f.pool, f.s.frame, &row, 1, FILL_CLASS, outputs, &err));
    check(!plain->before);
    for (int k = 0; k < 2; k++) {
        check(changed->before[k] == plain->outputs[k]);
        check(changed->outputs[k] == outputs[k]);
        check(changed->outputs[k] != plain->outputs[k]);
    }
    sight_free(plain);
    sight_free(changed);
    fixture_done(&f);
}

/* Each model has codes of its own for what a cell says. */
static void changed_cells_are_read_by_each_model(void)
{
    static char *const cells[] = {"a=s"};
    struct fixture f = fixture_new(LAYERS);
    struct fixture g = fixture_of(table_of("a,b,kind,yes\ns,t,k0,yes\nr,u,k1,no\n"
                                           "s,u,k2,no\nr,t,k0,yes\ns,t,k1,no\n"
                                           "r,u,k2,yes\ns,t,k0,no\nr,u,k1,yes\n"
                                           "s,u,k2,no\nr,t,k0,yes\n"),
                                  "yes", NULL, LAYERS, 3, 1);
    struct attention_request q = request_of(&f), less;
    struct sight *both, *own;
    double *map;

    q.masking = false;
    q.rows.part = PART_NONE;
    q.row = 2;
    q.cells = cells;
    q.n_cells = 1;
    less = q;
    less.rows = fixture_rows(&g, PART_NONE);
    own = look_for(&less);
    q.less = &less.rows;
    both = look_for(&q);
    map = xcalloc(CELLS, sizeof *map);
    attention_read(&both->less, 0, 0, map);
    for (int i = 0; i < CELLS; i++)
        check_near(map[i], own->seen.sum[i], 1e-12);
    free(map);
    sight_free(own);
    sight_free(both);
    fixture_done(&f);
    fixture_done(&g);
}

static void check_refused(const struct attention_request *q, const char *sentence)
{
    struct attention_job *j = attention_job_new(q);
    struct error err = {0};

    check(!job_run(&attention_job_type, j, &err));
    check_str(err.text, sentence);
    attention_job_type.free(j);
}

static void what_is_not_there_is_refused(void)
{
    struct fixture f = fixture_new(LAYERS), flat = fixture_new(0);
    struct attention_request q = request_of(&f), less;

    q.class = "maybe";
    check_refused(&q, "no class \"maybe\": the classes are no, yes");
    q = request_of(&f);
    q.rows.part = PART_NONE;
    q.row = ROWS + 1;
    check_refused(&q, "the table has 150 rows, so no row 151");
    q = request_of(&f);
    less = request_of(&flat);
    q = request_of(&f);
    q.less = &less.rows;
    check_refused(&q, "the two models have 2 layers of 2 heads and 0 of 2: their maps "
                  "cannot be compared");
    q = request_of(&f);
    q.rows.part = PART_NONE;
    q.row = 1;
    q.cells = (char *const[]){"size=3"};
    q.n_cells = 1;
    check_refused(&q, "\"size=3\" names no column that the model reads; a cell is said as "
                  "COLUMN=VALUE");
    q = request_of(&flat);
    check_refused(&q, "this model has no Transformer layers: nothing attends to "
                  "anything");
    fixture_done(&f);
    fixture_done(&flat);
}

/* The one in the middle has two digits, the largest three at most. */
static void numbers_have_digits_to_be_told_apart_by(void)
{
    static const struct {
        double map[5];
        int decimals;
    } cases[] = {
        {{0.2, 0.2, 0.2, 0.2, 0.2}, 2},           /* of five columns */
        {{0.73, 0.04, 0.12, 0.11, 0}, 2},
        {{0.06, 0.058, 0.061, 0.059, 0.062}, 3},  /* of seventeen */
        {{0.98, 0.001, 0.002, 0.003, 0.001}, 3},  /* a sharp head */
        {{1, 0.001, 0.002, 0.003, 0.001}, 2},     /* 1000 would be four digits */
        {{-0.04, 0.004, -0.003, 0.006, 0.005}, 4},
        {{2e-7, -3e-7, 1e-7, 0, 0}, 5},           /* no further */
        {{0, 0, 0, 0, 0}, 2},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_int(sight_decimals(cases[i].map, 5), cases[i].decimals);
    check_int(sight_decimals(NULL, 0), 2);
}

int main(void)
{
    test_run(lines_sum_to_one);
    test_run(rows_are_averaged);
    test_run(rollout_goes_through_the_layers);
    test_run(masking_moves_the_prediction);
    test_run(jobs_choose_rows);
    test_run(runs_are_subtracted);
    test_run(one_row_is_predicted_too);
    test_run(cells_can_be_changed);
    test_run(changed_cells_are_read_by_each_model);
    test_run(what_is_not_there_is_refused);
    test_run(numbers_have_digits_to_be_told_apart_by);
    return test_done();
}
