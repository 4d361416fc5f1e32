/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Continuous columns as tokens: their bins, their vectors, and models that have them. */
#include <math.h>

#include "base/mem.h"
#include "data/bins.h"
#include "data/feature.h"
#include "fixture.h"
#include "lens/attention.h"
#include "nn/graph.h"

/* ---- bins ---- */

static struct sample *numbers_from_1(size_t n)
{
    struct sample *v = xcalloc(n + 1, sizeof *v);

    for (size_t i = 0; i < n; i++)
        v[i] = (struct sample){(double)i + 1, 1};
    return v;
}

static void check_edges(const struct sample *v, size_t n, int bins, const double *want,
                        int n_want)
{
    struct feature f = {.deviation = 1};

    scaling_moments(v, n, &f.mean, &f.deviation);
    check(bins_fit(&f, v, n, bins));
    check_int(f.n_edges, n_want);
    for (int i = 0; i < n_want && i < f.n_edges; i++)
        check_near(f.edges[i], want[i], 1e-12);
    check(bins_ascend(&f));
    free(f.edges);
}

static void bins_share_the_rows(void)
{
    struct sample *nine = numbers_from_1(9), *ten = numbers_from_1(10);

    /* numpy.percentile([1 .. 9], [0, 25, 50, 75, 100]) */
    check_edges(nine, 9, 4, (const double[]){1, 3, 5, 7, 9}, 5);
    check_edges(ten, 10, 4, (const double[]){1, 3.25, 5.5, 7.75, 10}, 5);
    check_edges(ten, 10, 1, (const double[]){1, 10}, 2);
    free(nine);
    free(ten);
}

static void values_of_many_rows_are_edges(void)
{
    struct sample *v = numbers_from_1(11);
    static const struct sample few[] = {{1, 2}, {2, 1}, {5, 1}};
    static const struct sample two_heavy[] = {
        {0, 50}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 20}, {6, 1}};

    for (int i = 0; i < 11; i++)
        v[i].value = i;
    v[0].count = 90;
    check_edges(v, 11, 5, (const double[]){0, 1, 3.25, 5.5, 7.75, 10}, 6);
    check_edges(few, 3, 48, (const double[]){1, 2, 5}, 3);
    /* 75 rows, 4 bins: 0 takes one, then 5; two are left for 1, 2, 3, 4, 6 */
    check_edges(two_heavy, 7, 4, (const double[]){0, 1, 3, 5, 6}, 5);
    free(v);
}

static void edges_that_fall_together_are_one(void)
{
    /* standardised, both large ones are beyond what is kept */
    struct sample v[] = {{0, 400}, {1, 400}, {900, 1}, {1000, 1}};
    struct sample same = {7, 5};
    struct feature f = {.deviation = 1};

    check_edges(v, 4, 8, (const double[]){0, 1, 900}, 3);
    check(bins_fit(&f, &same, 1, 8));
    check_int(f.n_edges, 0);
}

/* ---- numbers of an encoder ---- */

static const char mixed[] =
    "a,n,hole,flat,when,y\n"
    "p,1,5,3,2020-01-02,1\nq,2,,3,2021-03-04,2\np,4,6,3,2022-05-06,4\nq,5,7,,2020-07-08,3\n"
    "p,7,8,3,2021-01-09,1\nq,9,,3,2023-01-10,2\np,1,5,3,2020-01-02,1\nq,2,,3,2021-03-04,2\n"
    "p,4,6,3,2022-05-06,4\nq,5,7,,2020-07-08,3\np,7,8,3,2021-01-09,1\nq,9,,3,2023-01-10,2\n";

static struct encoder *fit(struct dataset *d, const struct schema *s,
                           const struct encode_options *o)
{
    struct split split = {.rows = dataset_rows(d)};
    struct error err = {0};
    struct encoder *e;

    split.part = xcalloc(split.rows, 1);
    memset(split.part, PART_TRAIN, split.rows);
    e = encoder_fit(d, s, &split, o, NULL, &err);
    if (!check(e))
        printf("# %s\n", err.text);
    free(split.part);
    return e;
}

static struct schema *mixed_schema(const struct dataset *d)
{
    struct schema *s = infer_schema(d);
    static const char *const numbers[] = {"n", "hole", "flat"};
    struct error err = {0};

    for (int i = 0; i < 3; i++)
        check(schema_mark(s, schema_find(s, numbers[i]), KIND_CONTINUOUS, &err));
    check(schema_mark(s, schema_find(s, "when"), KIND_DATETIME, &err));
    check(schema_set_target(s, d, schema_find(s, "y"), NULL, TASK_REGRESSION, NULL,
                            &err));
    return s;
}

static void each_number_has_one_place(void)
{
    struct dataset *d = table_load(mixed, sizeof mixed - 1);
    struct schema *s = mixed_schema(d);
    static const char *const want[] = {"n", "hole", "flat (missing)", "when (year)",
                                       "when (day)"};

    for (int scaling = SCALING_STANDARD; scaling <= SCALING_BOTH; scaling++) {
        struct encode_options o = encode_defaults();
        struct bins_column numbers[32];
        struct encoder *e;
        int n;

        o.scaling = (enum scaling)scaling;
        e = fit(d, s, &o);
        n = bins_numbers(e, numbers);
        check_int(n, 5);
        for (int i = 0; i < n; i++) {
            check_str(bins_feature(e, &numbers[i])->name, want[i]);
            check((numbers[i].value < 0) == (i == 2));
            check((numbers[i].missing >= 0) == (i == 1 || i == 2));
            if (numbers[i].value >= 0)
                check(e->continuous[numbers[i].value].n_edges > 1
                      && (scaling == SCALING_STANDARD)
                          == !e->continuous[numbers[i].value].quantiles);
        }
        encoder_unref(e);
    }
    schema_free(s);
    dataset_unref(d);
}

static void hidden_numbers_are_as_missing_cells(void)
{
    static const char gone[] = "a,n,hole,flat,when,y\np,1,,3,2020-01-02,1\n";
    static const char there[] = "a,n,hole,flat,when,y\np,1,7,3,2020-01-02,1\n";
    struct dataset *d = table_load(mixed, sizeof mixed - 1);
    struct dataset *one = table_load(gone, sizeof gone - 1);
    struct dataset *other = table_load(there, sizeof there - 1);
    struct schema *s = mixed_schema(d);
    struct encode_options o = encode_defaults();
    struct encoder *e = fit(d, s, &o);
    struct error err = {0};
    struct frame *want = encoder_apply_inputs(e, one, &err);
    struct frame *f = encoder_apply_inputs(e, other, &err);
    struct bins_column numbers[32];

    bins_numbers(e, numbers);
    check(memcmp(f->values, want->values, (size_t)f->n_continuous * sizeof(float)) != 0);
    bins_hide(e, &numbers[1], f->values);
    for (int i = 0; i < f->n_continuous; i++)
        check_near(f->values[i], want->values[i], 0);
    frame_free(f);
    frame_free(want);
    encoder_unref(e);
    schema_free(s);
    dataset_unref(d);
    dataset_unref(one);
    dataset_unref(other);
}

static void edges_are_kept_and_checked(void)
{
    struct dataset *d = table_load(mixed, sizeof mixed - 1);
    struct schema *s = mixed_schema(d);
    struct encode_options o = encode_defaults();
    struct encoder *e = fit(d, s, &o), *back;
    json_t *j = encoder_to_json(e), *feature, *edges;
    struct error err = {0};

    back = encoder_from_json(j, &err);
    check(back && back->continuous[1].n_edges == e->continuous[1].n_edges
          && memcmp(back->continuous[1].edges, e->continuous[1].edges,
                    (size_t)e->continuous[1].n_edges * sizeof(double)) == 0);
    encoder_unref(back);
    feature = json_array_get(json_object_get(j, "continuous"), 1);
    edges = json_object_get(feature, "edges");
    json_array_set_new(edges, 1, json_real(-1e9));
    check(!encoder_from_json(j, &err) && strstr(err.text, "\"edges\""));
    json_object_del(feature, "edges"); /* as in files of before */
    back = encoder_from_json(j, &err);
    check(back && back->continuous[1].n_edges == 0);
    encoder_unref(back);
    json_decref(j);
    encoder_unref(e);
    schema_free(s);
    dataset_unref(d);
}

/* ---- vectors ---- */

enum { D = 3 };

static void set(struct params *p, const char *name, const double *v)
{
    int i = params_find(p, name);

    if (check(i >= 0))
        for (size_t k = 0; k < p->list[i].count; k++)
            param_value(p, i)[k] = (real)v[k];
}

/* The vectors of column `column` of x (rows, values) as a graph of e makes them, its
 * parameters as `prepare` has set them. */
static void embed(const struct embedding *e, void (*prepare)(struct params *),
                  const float *values, int rows, int column, float *out)
{
    struct params *p = params_new();
    struct graph *g = graph_new(p);
    struct tensor *x = graph_embed(g, e);
    int columns, d;
    struct graph_input in = {.rows = rows, .values = values};
    struct error err = {0};
    struct pool *pool = pool_new(1, &err);
    real *all;

    graph_name(x, "x");
    graph_plan(g, &(struct graph_plan){.rows = rows, .keep = true});
    check(params_allocate(p, 1, &err) && graph_allocate(g, pool, &err));
    prepare(p);
    graph_infer(g, &in);
    check(graph_tensor_size(g, "x", &columns, &d));
    all = xcalloc((size_t)(rows * columns * d), sizeof *all);
    check(graph_read(g, "x", all));
    for (int r = 0; r < rows; r++)
        for (int f = 0; f < d; f++)
            out[r * d + f] = (float)all[(r * columns + column) * d + f];
    free(all);
    graph_free(g);
    params_free(p);
    pool_free(pool);
}

/* Bins 0 .. 1 .. 3; x at 10 + 1, and for all of bin 2 at 100 more. */
static void prepare_bins(struct params *p)
{
    set(p, "columns.identifier", (const double[]){-4, -5});
    set(p, "numbers.0.weight", (const double[]){1, 100, 0, -2});
    set(p, "numbers.0.bias", (const double[]){10, 7});
    set(p, "numbers.0.missing", (const double[]){0.5, 0.25});
    set(p, "numbers.1.bias", (const double[]){1, 2});
    set(p, "readout.cls", (const double[]){8, 9, 10});
}

static void numbers_in_bins_are_linear_between_edges(void)
{
    static const float edges[] = {0, 1, 3};
    const struct number_column numbers[] = {
        {.value = 1, .missing = 0, .n_edges = 3, .edges = edges},
        {.value = -1, .missing = -1}};
    struct embedding e = {.d = D, .identifier = 1, .n_numbers = 2, .number = numbers,
                          .values = 2, .cls = true};
    /* missing or not, x */
    static const float values[] = {0, -5, 0, 0, 0, 0.5f, 0, 1, 0, 2, 0, 3, 0, 9, 1, 2};
    static const double want[][2] = {{10, 7}, {10, 7}, {10.5, 7}, {11, 7}, {61, 6},
                                     {111, 5}, {111, 5}, {0.5, 0.25}};
    float out[8 * D];

    embed(&e, prepare_bins, values, 8, 0, out);
    for (int r = 0; r < 8; r++) {
        check_near(out[r * D], -4, 0);
        check_near(out[r * D + 1], want[r][0], 1e-5);
        check_near(out[r * D + 2], want[r][1], 1e-5);
    }
    embed(&e, prepare_bins, values, 8, 1, out);
    check(out[0] == -5 && out[1] == 1 && out[2] == 2 && out[7 * D + 1] == 1);
    embed(&e, prepare_bins, values, 8, 2, out);
    check(out[0] == 8 && out[7 * D + 1] == 9 && out[7 * D + 2] == 10);
}

/* Lines: sin 0.25, sin 1, cos 0.25, cos 1. */
static void prepare_waves(struct params *p)
{
    set(p, "numbers.0.frequency", (const double[]){0.25, 1});
    set(p, "numbers.0.weight",
        (const double[]){1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 10});
    set(p, "numbers.0.bias", (const double[]){0, 0, 100});
}

static void periodic_numbers_are_waves(void)
{
    const struct number_column number = {.value = 0, .missing = -1};
    struct embedding e = {.d = D, .n_numbers = 1, .number = &number, .values = 1,
                          .numbers = NUMBERS_PERIODIC, .frequencies = 2, .sigma = 1};
    static const float values[] = {0, 1, -1, 0.5f, 1001.25f};
    const double half = sqrt(0.5), eighth = sin(M_PI / 8);
    const double want[][D] = {{0, 0, 111},
                              {1, 0, 110},
                              {-1, 0, 110},
                              {half, 0, 100 + half - 10},
                              {cos(M_PI / 8), 1, 100 - eighth}};
    float out[5 * D];

    embed(&e, prepare_waves, values, 5, 0, out);
    for (int i = 0; i < 5 * D; i++)
        check_near(out[i], want[i / D][i % D], 2e-4);
}

/* ---- models ---- */

static struct model *model_of(const struct subject *s, enum number_encoding numbers,
                              enum readout readout, uint64_t seed)
{
    struct model_options o = model_defaults();
    struct error err = {0};
    struct model *m;

    o.dim = 8;
    o.layers = 2;
    o.heads = 2;
    o.head_cap = 16;
    o.frequencies = 5;
    o.continuous = CONTINUOUS_TOKENS;
    o.numbers = numbers;
    o.readout = readout;
    m = model_new(&o, s->encoder, seed, &err);
    check(m);
    return m;
}

enum { ROWS = 150 };

static void models_come_back_the_same(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", "weight");
    struct error err = {0};
    struct pool *pool = pool_new(2, &err);

    for (int kind = 0; kind < 4; kind++) {
        struct model *m = model_of(&s, (enum number_encoding)(kind % 2),
                                   (enum readout)(kind / 2), 3), *back;
        char path[64];
        float before[ROWS * 2], after[ROWS * 2];

        snprintf(path, sizeof path, "unit_tokens.%d.safetensors", kind);
        check(model_save(m, NULL, path, &err));
        back = model_open(path, NULL, &err);
        if (check(back)) {
            check(model_options(back)->continuous == CONTINUOUS_TOKENS
                  && model_options(back)->numbers == model_options(m)->numbers
                  && model_options(back)->readout == model_options(m)->readout);
            check(model_predict(m, pool, s.frame, NULL, ROWS, FILL_CLASS, before, &err)
                  && model_predict(back, pool, s.frame, NULL, ROWS, FILL_CLASS, after,
                                   &err));
            check(memcmp(before, after, sizeof before) == 0);
            check(before[0] != before[2]);
        }
        model_unref(back);
        model_unref(m);
        remove(path);
    }
    pool_free(pool);
    subject_done(&s);
}

static void all_tokens_attend_to_all(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", "weight");
    struct error err = {0};
    struct pool *pool = pool_new(1, &err);
    struct model *m = model_of(&s, NUMBERS_PLE, READOUT_CLS, 3);
    static const char *const names[] = {"a", "b", "kind", "x", "price", "[CLS]"};
    struct look *l = look_new(m, pool, &err);
    uint32_t rows[16];
    double map[36], effect[6] = {0};
    real hidden[16 * 3 * 8];
    struct attention a;

    check_int(model_tokens(m), 6);
    for (int i = 0; i < 6; i++)
        check_str(model_token_name(m, i), names[i]);
    for (uint32_t i = 0; i < 16; i++)
        rows[i] = i;
    check_int(look_tokens(l), 6);
    check_int(look_columns(l), 3);
    check(attention_init(&a, l, &err));
    look_at(l, s.frame, rows, 16);
    attention_add(&a, l, 16);
    for (int layer = 0; layer < 2; layer++) {
        attention_read(&a, layer, 0, map);
        for (int i = 0; i < 6; i++) {
            double sum = 0;

            for (int k = 0; k < 6; k++)
                sum += map[i * 6 + k];
            check_near(sum, 1, 1e-5);
        }
    }
    look_hidden(l, 0, hidden);
    /* the same class of a gives the same vector, whatever stands beside it */
    for (int r = 1; r < 16; r++)
        if (s.frame->codes[r * 3] == s.frame->codes[0])
            check(memcmp(hidden, hidden + r * 24, 8 * sizeof *hidden) == 0);
    check(masking_add(m, pool, s.frame, rows, 16, effect, &err));
    for (int i = 0; i < 5; i++)
        check(effect[i] > 0);
    check(effect[5] == 0);
    attention_done(&a);
    look_free(l);
    model_unref(m);
    pool_free(pool);
    subject_done(&s);
}

/* ---- bodies ---- */

static struct dataset *steps_table(void)
{
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,x,new,y\n");
    for (int i = 0; i < 100; i++)
        str_printf(&text, "%c,%d,%d,%s\n", "pq"[i % 3 == 0], i % 10, i % 17,
                   i % 7 < 3 ? "yes" : "no");
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* A model of the table, with so many bins. */
static struct model *steps_model(struct dataset *d, const struct schema *s, int bins,
                                 enum scaling scaling, uint64_t seed)
{
    struct encode_options o = encode_defaults();
    struct subject subject = {.data = d};
    struct model *m;

    o.bins = bins;
    o.scaling = scaling;
    subject.encoder = fit(d, s, &o);
    m = model_of(&subject, NUMBERS_PLE, READOUT_CONCAT, seed);
    encoder_unref(subject.encoder);
    return m;
}

/* Its vectors of x = 0 .. 9 before the first layer: (rows, d) */
static void vectors_of_x(struct model *m, struct dataset *d, real *out)
{
    struct error err = {0};
    struct frame *f = encoder_apply_inputs(model_encoder(m), d, &err);
    struct pool *pool = pool_new(1, &err);
    struct graph *g = model_graph(m);
    struct graph_input in = {.rows = 10, .codes = f->codes, .values = f->values};
    int tokens = model_tokens(m), x = 0;
    real *all = xcalloc((size_t)(10 * tokens * 8), sizeof *all);

    while (strcmp(model_token_name(m, x), "x") != 0)
        x++;
    graph_plan(g, &(struct graph_plan){.rows = 10, .keep = true});
    check(graph_allocate(g, pool, &err));
    graph_infer(g, &in);
    check(graph_read(g, "hidden.0", all));
    for (int r = 0; r < 10; r++)
        memcpy(out + r * 8, all + (r * tokens + x) * 8, 8 * sizeof *out);
    free(all);
    graph_free(g);
    pool_free(pool);
    frame_free(f);
}

static void bodies_bring_their_numbers(void)
{
    struct dataset *d = steps_table();
    struct schema *s = infer_schema(d), *less = infer_schema(d);
    struct model *from, *same, *coarse;
    struct error err = {0};
    struct str note = {0};
    real want[80], got[80];

    for (int i = 1; i < 3; i++) {
        check(schema_mark(s, i, KIND_CONTINUOUS, &err));
        check(schema_mark(less, i, i == 2 ? KIND_IGNORE : KIND_CONTINUOUS, &err));
    }
    check(schema_set_target(s, d, 3, NULL, TASK_NONE, NULL, &err)
          && schema_set_target(less, d, 3, NULL, TASK_NONE, NULL, &err));
    from = steps_model(d, less, 48, SCALING_STANDARD, 1);
    same = steps_model(d, s, 48, SCALING_STANDARD, 2);
    coarse = steps_model(d, s, 3, SCALING_STANDARD, 3); /* edges 0, 3, 6, 9 */
    vectors_of_x(from, d, want);
    check(model_take_body(same, from, &note, &err));
    check(strstr(str_text(&note), "2 of 3 columns; new to it: new"));
    vectors_of_x(same, d, got);
    check(memcmp(got, want, sizeof got) == 0);
    check(model_take_body(coarse, from, &note, &err));
    vectors_of_x(coarse, d, got);
    for (int k = 0; k < 8; k++) {
        for (int x = 0; x < 10; x += 3)
            check_near(got[x * 8 + k], want[x * 8 + k], 1e-5);
        check_near(got[4 * 8 + k], (2 * want[3 * 8 + k] + want[6 * 8 + k]) / 3, 1e-5);
    }
    str_done(&note);
    model_unref(from);
    model_unref(same);
    model_unref(coarse);
    schema_free(s);
    schema_free(less);
    dataset_unref(d);
}

/* 200 rows in pairs, so that x = 0 .. 9 come first in both tables; in the second the others
 * lie elsewhere, and with them quantiles and edges. */
static struct dataset *squares_table(bool other)
{
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,x,y\n");
    for (int i = 0; i < 200; i++)
        str_printf(&text, "%c,%d,%s\n", "pq"[i % 3 == 0],
                   i < 10 ? i : other ? i % 29 : i % 13 * (i % 13),
                   i % 7 < 3 ? "yes" : "no");
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* Quantiles bend what lies between two edges of the body's; the new edges are hit all the
 * same. */
static void scaled_bodies_are_hit_at_edges(void)
{
    struct dataset *d = squares_table(false), *other = squares_table(true);
    struct schema *s = infer_schema(d);
    struct model *from, *to;
    const struct feature *x;
    struct error err = {0};
    struct str note = {0};
    real want[80], got[80];
    int hit = 0;

    check(schema_mark(s, 1, KIND_CONTINUOUS, &err)
          && schema_set_target(s, d, 2, NULL, TASK_NONE, NULL, &err));
    from = steps_model(d, s, 3, SCALING_QUANTILE, 1);
    to = steps_model(other, s, 12, SCALING_QUANTILE, 2);
    check(model_take_body(to, from, &note, &err));
    vectors_of_x(from, d, want);
    vectors_of_x(to, other, got);
    x = &model_encoder(to)->continuous[0];
    for (int i = 0; i < x->n_edges; i++) {
        int at = (int)x->edges[i];

        if (at != x->edges[i] || at < 0 || at > 9)
            continue;
        for (int k = 0; k < 8; k++)
            check_near((double)got[at * 8 + k], (double)want[at * 8 + k], 1e-5);
        hit++;
    }
    check(hit > 1);
    str_done(&note);
    model_unref(from);
    model_unref(to);
    schema_free(s);
    dataset_unref(d);
    dataset_unref(other);
}

int main(void)
{
    test_run(bins_share_the_rows);
    test_run(values_of_many_rows_are_edges);
    test_run(edges_that_fall_together_are_one);
    test_run(each_number_has_one_place);
    test_run(hidden_numbers_are_as_missing_cells);
    test_run(edges_are_kept_and_checked);
    test_run(numbers_in_bins_are_linear_between_edges);
    test_run(periodic_numbers_are_waves);
    test_run(models_come_back_the_same);
    test_run(all_tokens_attend_to_all);
    test_run(bodies_bring_their_numbers);
    test_run(scaled_bodies_are_hit_at_edges);
    return test_done();
}
