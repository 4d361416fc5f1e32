/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "data/datetime.h"
#include "data/encode.h"
#include "data/infer.h"
#include "data/scaling.h"
#include "table.h"
#include "test.h"

/* ---- scaling ---- */

/* Ours ends at the shares 1/2n and 1 - 1/2n. */
static double within_ends(double y, int n)
{
    double end = scaling_normal_quantile(1 - 0.5 / n);

    return fmax(-end, fmin(end, y));
}

/* From numpy.percentile, numpy.interp and the definition of scikit-learn's
 * QuantileTransformer(n_quantiles=min(1000, n), output_distribution="normal"). */
static void quantiles_agree_with_scikit_learn(void)
{
    struct sample v[] = {{1, 1}, {2, 3},  {3, 1},  {5, 1},
                         {8, 1}, {13, 1}, {21, 1}, {34, 1}};
    static const double x[] = {-5, 1, 1.5, 2, 2.5, 3, 4, 8, 20, 33, 34, 99};
    static const double y[] = {
        -5.199337582605575,  -5.199337582605575, -1.5932188180230502, -0.7647096737863872,
        -0.2822161470625082, -0.1397102988818621, 0.0,                0.43072729929545767,
        1.1503493803760079,  2.384679270949936,  5.19933758270342,    5.19933758270342,
    };
    double q[SCALING_MAX_QUANTILES];

    check_int(scaling_quantiles(v, 8, q), 10);
    check_near(q[1], 2, 0);
    check_near(q[7], 13, 1e-12);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        check_near(scaling_to_normal(x[i], q, 10), within_ends(y[i], 10), 1e-8);
}

/* The same for 2,500 numbers, more than quantiles, many of them equal. */
static void many_quantiles_agree_with_scikit_learn(void)
{
    static const double x[] = {0, .2, 3.3, 10, 50.125, 77.7, 100, 124.4, 124.5};
    static const double y[] = {
        -5.199337582605575,   -2.7947192639902556, -1.920863911501583,
        -1.3729655248730546,  -0.22777672762222817, 0.2710060405309035,
        0.8643650473631332,   2.9885765493558636,  5.19933758270342,
    };
    static struct sample v[2500];
    double q[SCALING_MAX_QUANTILES];

    for (int i = 0; i < 2500; i++)
        v[i] = (struct sample){i * i % 997 / 8.0, 1};
    scaling_sort(v, 2500);
    check_int(scaling_quantiles(v, 2500, q), 1000);
    check_near(q[1], 0.06268768768768768, 1e-12);
    check_near(q[333], 39.49999999999997, 1e-12);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        check_near(scaling_to_normal(x[i], q, 1000), within_ends(y[i], 1000),
                   fabs(y[i]) > 5 ? 1e-3 : 1e-8); /* the largest is there twice */
}

/* Zeros in three of four rows are ordinary, not 5 deviations away. */
static void an_end_that_repeats_goes_to_its_middle(void)
{
    struct sample v[] = {{0, 750}, {1, 150}, {2, 100}};
    double q[SCALING_MAX_QUANTILES];
    int n = scaling_quantiles(v, 3, q);

    check_near(scaling_to_normal(0, q, n), scaling_normal_quantile(0.375), 2e-3);
    check_near(scaling_to_normal(1, q, n), scaling_normal_quantile(0.825), 5e-3);
    check_near(scaling_to_normal(2, q, n), scaling_normal_quantile(0.95), 5e-3);
    check(scaling_to_normal(-1, q, n) < -3 && scaling_to_normal(3, q, n) > 3);
}

static void normal_quantiles_are_right(void)
{
    static const double p[] = {1e-10, 1e-7, .001, .02425, .25, .5, .6, .99, .999999};
    static const double x[] = {
        -6.361340902404056,  -5.199337582192817,  -3.090232306167813,
        -1.9729610513118845, -0.6744897501960817, 0,
        0.2533471031357998,  2.3263478740408408,  4.753424308817089};

    for (size_t i = 0; i < sizeof p / sizeof *p; i++)
        check_near(scaling_normal_quantile(p[i]), x[i], 1e-14 * (1 + fabs(x[i])));
}

static void maps_are_monotone(void)
{
    struct rng rng = rng_make(1, RNG_TEST, 0);
    static struct sample v[300];
    double q[SCALING_MAX_QUANTILES], last = -INFINITY;
    int n;

    for (int i = 0; i < 300; i++)
        v[i] = (struct sample){floor(20 * rng_normal(&rng)), 1 + rng_below(&rng, 5)};
    scaling_sort(v, 300);
    n = scaling_quantiles(v, 300, q);
    for (double x = v[0].value - 1; x < v[299].value + 1; x += 0.125) {
        double y = scaling_to_normal(x, q, n);

        check(y >= last - 1e-12);
        last = y;
    }
}

static void extremes_do_not_overflow(void)
{
    struct sample v[] = {{-1.7e308, 1}, {0, 5}, {1.7e308, 1}};
    double mean, deviation, q[SCALING_MAX_QUANTILES];
    int n;

    scaling_moments(v, 3, &mean, &deviation);
    check(isfinite(mean) && isfinite(deviation) && deviation > 0);
    check_near(scaling_standard(1.7e308, mean, deviation), sqrt(7.0 / 2), 1e-12);
    check_near(scaling_standard(1e308, 0, 1e-300), SCALING_CLIP, 0);
    check_near(scaling_standard(-1e308, 1e308, 1), -SCALING_CLIP, 0);
    n = scaling_quantiles(v, 3, q);
    check_int(n, 7);
    for (int i = 0; i < n; i++)
        check(isfinite(q[i]));
    check(isfinite(scaling_to_normal(1e308, q, n)));
}

/* ---- fitting and applying ---- */

/* A table, split into the parts that its column "part" names, with the target if
 * named. */
struct setup {
    struct dataset *data;
    struct schema *schema;
    struct split split;
    struct encoder *encoder;
    struct frame *frame;
    struct str note;
    struct error err;
};

/* The first n_train rows are for training, the others for tests. */
static void set_up(struct setup *s, const char *text, const char *target, size_t n_train,
                   const struct encode_options *o)
{
    *s = (struct setup){.data = table_of(text)};
    s->schema = infer_schema(s->data);
    if (target && !schema_set_target(s->schema, s->data, schema_find(s->schema, target),
                                     NULL, TASK_NONE, NULL, &s->err))
        printf("# %s\n", s->err.text);
    s->split.rows = dataset_rows(s->data);
    s->split.part = malloc(s->split.rows + 1);
    for (size_t row = 0; row < s->split.rows; row++)
        s->split.part[row] = row < n_train ? PART_TRAIN : PART_TEST;
    s->encoder = NULL;
    if (o)
        s->encoder = encoder_fit(s->data, s->schema, &s->split, o, &s->note, &s->err);
    if (s->encoder)
        s->frame = encoder_apply(s->encoder, s->data, &s->note, &s->err);
    if (s->err.text[0])
        printf("# said: %s\n", s->err.text);
}

static void tear_down(struct setup *s)
{
    frame_free(s->frame);
    encoder_unref(s->encoder);
    free(s->split.part);
    schema_free(s->schema);
    dataset_unref(s->data);
    str_done(&s->note);
}

static struct encode_options standard(void)
{
    struct encode_options o = encode_defaults();

    o.scaling = SCALING_STANDARD;
    return o;
}

static const char shop[] =
    "colour,size,height,sold\n"
    "red,S,1,no\nblue,S,2,no\nred,M,3,yes\ngreen,,4,no\nblue,M,,yes\nred,S,6,no\n"
    "pink,XL,7,yes\nRed,,1000,maybe\n,S,oops,\n";

static void classes_are_by_frequency(void)
{
    struct setup s;
    struct encode_options o = standard();
    const struct feature *colour, *size;
    static const int32_t codes[] = {1, 1, 2, 1, 1, 2, 3, 0, 2, 2, 1, 1, 4, 3, 4, 0, 0, 1};

    set_up(&s, shop, NULL, 6, &o);
    if (!check(s.frame != NULL))
        return;
    colour = &s.encoder->categorical[0];
    size = &s.encoder->categorical[1];
    check_int(s.encoder->n_categorical, 4);
    check_int(colour->classes, 4);
    check_str(colour->texts[0], "red");
    check_str(colour->texts[1], "blue");
    check_str(colour->texts[2], "green");
    check_int(colour->counts[0], 0);
    check_int(colour->counts[1], 3);
    check_int(colour->counts[4], 0);
    check_int(size->classes, 3);
    check_int(size->counts[0], 1);
    for (int row = 0; row < 9; row++)
        for (int k = 0; k < 2; k++)
            check_int(s.frame->codes[4 * row + k], codes[2 * row + k]);
    tear_down(&s);
}

static void numbers_are_scaled_by_training_rows(void)
{
    struct setup s;
    struct encode_options o = standard();
    struct rng rng = rng_make(1, RNG_TEST, 0);
    struct str text = {0};

    str_puts(&text, "x,y\n");
    for (int i = 0; i < 400; i++)
        str_printf(&text, "%.3f,%c\n", 50 + 3 * rng_normal(&rng), "ab"[i % 2]);
    str_puts(&text, ",a\noops,a\n1e300,b\n50,b\n");
    set_up(&s, str_text(&text), NULL, 402, &o);
    if (!check(s.frame != NULL))
        return;
    check_int(s.encoder->n_continuous, 2);
    check_str(s.encoder->continuous[1].name, "x (missing)");
    check_near(s.encoder->continuous[0].mean, 50, 0.5);
    check_near(s.encoder->continuous[0].deviation, 3, 0.3);
    check_near(s.frame->values[2 * 0 + 1], 0, 0);
    check_near(s.frame->values[2 * 400 + 0], 0, 0);
    check_near(s.frame->values[2 * 400 + 1], 1, 0);
    check_near(s.frame->values[2 * 401 + 1], 1, 0);
    check_near(s.frame->values[2 * 402 + 0], SCALING_CLIP, 0);
    check_near(s.frame->values[2 * 402 + 1], 0, 0);
    check_near(s.frame->values[2 * 403], (50 - s.encoder->continuous[0].mean) /
               s.encoder->continuous[0].deviation, 1e-6);
    check_int(s.frame->missing, 2);
    check(strstr(str_text(&s.note), "x: 1 cell cannot be read") != NULL);
    tear_down(&s);
    str_done(&text);
}

static void rare_classes_share_a_place(void)
{
    struct setup s;
    struct encode_options o = standard();

    o.max_classes = 2;
    set_up(&s, shop, NULL, 6, &o);
    check_int(s.encoder->categorical[0].classes, 3);
    check_int(s.encoder->categorical[0].counts[3], 1);
    check_int(s.frame->codes[4 * 3], 3);
    check(strstr(str_text(&s.note), "colour: 2 of 3 classes are kept") != NULL);
    tear_down(&s);
    o = standard();
    o.min_count = 3;
    set_up(&s, shop, NULL, 6, &o);
    check_int(s.encoder->categorical[0].classes, 2);
    check_int(s.encoder->categorical[0].counts[2], 3);
    tear_down(&s);
}

static void constant_columns_are_left_out(void)
{
    struct setup s;
    struct encode_options o = standard();

    set_up(&s, "a,b,c,d\nx,1.5,u,7\nx,2.5,v,7\nx,1,u,7\ny,2,v,8\n", NULL, 3, &o);
    check_int(s.encoder->n_categorical, 1);
    check_int(s.encoder->n_continuous, 1);
    check(strstr(str_text(&s.note), "left out, the same in all training rows: a, d") !=
          NULL);
    tear_down(&s);
}

static void classes_of_the_target(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();

    set_up(&s, "x,y\n1.5,no\n2,yes\n3,no\n4,\n5,yes\n6,no\n", "y", 5, &o);
    check_int(s.encoder->task, TASK_BINARY);
    check_str(s.encoder->classes[1], "yes");
    check_int(s.encoder->class_counts[0], 2);
    check_int(s.encoder->class_counts[1], 2);
    check_near(s.frame->target[1], 1, 0);
    check_near(s.frame->target[5], 0, 0);
    check(isnan(s.frame->target[3]));
    tear_down(&s);
}

static void one_class_against_the_rest(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();
    struct dataset *other = table_of("y,x\nc,1\nb,2\nd,3\n,4\n");
    struct frame *f;

    set_up(&s, "x,y\n1.5,a\n2,b\n3,c\n4,\n5,a\n6,b\n", NULL, 6, NULL);
    check(schema_set_target(s.schema, s.data, 1, "b", TASK_NONE, NULL, &s.err));
    s.split.part[3] = PART_NONE;
    s.encoder = encoder_fit(s.data, s.schema, &s.split, &o, NULL, &s.err);
    if (!check(s.encoder != NULL))
        return;
    check_str(s.encoder->classes[0], "not b");
    f = encoder_apply(s.encoder, other, NULL, &s.err);
    check_near(f->target[0], 0, 0);
    check_near(f->target[1], 1, 0);
    check_near(f->target[2], 0, 0);
    check(isnan(f->target[3]));
    frame_free(f);
    dataset_unref(other);
    tear_down(&s);
}

static void values_of_the_target(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();

    set_up(&s, "x,y\n1.5,10\n2,20\n3,30\n4,\n5,90\n", NULL, 3, NULL);
    check(schema_set_target(s.schema, s.data, 1, NULL, TASK_REGRESSION, NULL, &s.err));
    s.encoder = encoder_fit(s.data, s.schema, &s.split, &o, NULL, &s.err);
    s.frame = encoder_apply(s.encoder, s.data, NULL, &s.err);
    check_near(s.encoder->target_mean, 20, 1e-12);
    check_near(s.encoder->target_deviation, sqrt(200.0 / 3), 1e-12);
    check_near(s.frame->target[1], 0, 1e-7);
    check_near(s.frame->target[4], 70 / sqrt(200.0 / 3), 1e-5);
    check(isnan(s.frame->target[3]));
    tear_down(&s);
}

static void dates_become_features(void)
{
    struct setup s;
    struct encode_options o = standard();
    static const char *const names[] = {"when (month)", "when (weekday)", "when (hour)"};

    set_up(&s,
           "when,x\n2018-01-28 14:05,a\n2019-02-28 09:00,b\n,a\n2019-02-14 14:59,b\n"
           "2020-07-01 14:00,a\n",
           NULL, 4, &o);
    if (!check(s.frame != NULL))
        return;
    check_int(s.encoder->n_continuous, 3);
    check_str(s.encoder->continuous[0].name, "when (year)");
    check_str(s.encoder->continuous[1].name, "when (day)");
    check_str(s.encoder->continuous[2].name, "when (missing)");
    for (int i = 0; i < 3; i++)
        check_str(s.encoder->categorical[i].name, names[i]);
    check_str(s.encoder->categorical[0].texts[0], "Feb");
    check_str(s.encoder->categorical[1].texts[0], "Thu");
    check_str(s.encoder->categorical[2].texts[0], "14");
    check_int(s.frame->codes[0], 2);                               /* Jan */
    check_int(s.frame->codes[4 * 2], 0);                           /* missing */
    check_int(s.frame->codes[4 * 4], s.encoder->categorical[0].classes); /* Jul: unseen */
    check_near(s.frame->values[3 * 2 + 2], 1, 0);
    check_near(s.frame->values[3 * 0 + 1], (28 - 70 / 3.0) / sqrt(392 / 9.0), 1e-5);
    check_int(s.frame->missing, 1);
    tear_down(&s);
}

static void weights_have_mean_one(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();
    struct dataset *bad = table_of("x,w,y\n1,1,a\n2,-3,b\n"),
                   *none = table_of("x,y\n1,a\n");
    struct frame *f;

    set_up(&s, "x,w,y\n1.5,1,a\n2,2,b\n3,6,a\n4,0,b\n", NULL, 3, NULL);
    check(schema_mark(s.schema, 1, KIND_WEIGHT, &s.err));
    s.encoder = encoder_fit(s.data, s.schema, &s.split, &o, NULL, &s.err);
    s.frame = encoder_apply(s.encoder, s.data, NULL, &s.err);
    check_near(s.frame->weight[0] + s.frame->weight[1] + s.frame->weight[2], 3, 1e-6);
    check_near(s.frame->weight[2], 2, 1e-6);
    check_near(s.frame->weight[3], 0, 0);
    check(encoder_apply(s.encoder, bad, NULL, &s.err) == NULL);
    check_str(s.err.text, "line 3: the weight w is \"-3\" and must be a number from 0");
    f = encoder_apply(s.encoder, none, NULL, &s.err);
    check(f && f->weight == NULL);
    frame_free(f);
    dataset_unref(bad);
    dataset_unref(none);
    tear_down(&s);
}

static void columns_are_found_by_name(void)
{
    struct setup s;
    struct encode_options o = standard();
    struct dataset *other = table_of("sold,extra,height,size,colour\nno,9,3,S,blue\n");
    struct dataset *less = table_of("height,sold\n3,no\n");
    struct str note = {0};
    struct frame *f;

    set_up(&s, shop, "sold", 6, &o);
    f = encoder_apply(s.encoder, other, &note, &s.err);
    if (check(f != NULL)) {
        check_int(f->codes[0], 2);
        check_int(f->codes[1], 1);
        check_int(f->further, 1);
        check_str(str_text(&note), "");
    }
    check(encoder_apply(s.encoder, less, &note, &s.err) == NULL);
    check(strstr(s.err.text, "colour, size") != NULL);
    frame_free(f);
    dataset_unref(other);
    dataset_unref(less);
    str_done(&note);
    tear_down(&s);
}

static void one_sided_tables_work(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();

    set_up(&s, "x\n1.5\n2\n3\n4\n", NULL, 4, &o);
    check(s.frame && s.frame->n_categorical == 0 && s.frame->n_continuous == 2);
    check_str(s.encoder->continuous[0].name, "x");
    check_str(s.encoder->continuous[1].name, "x (quantile)");
    tear_down(&s);
    o.scaling = SCALING_QUANTILE;
    set_up(&s, "x\n1.5\n2\n3\n4\n", NULL, 4, &o);
    check(s.frame && s.frame->n_continuous == 1 && s.encoder->continuous[0].quantiles);
    tear_down(&s);
    set_up(&s, "x\na\nb\na\nb\n", NULL, 4, &o);
    check(s.frame && s.frame->n_categorical == 1 && s.frame->n_continuous == 0);
    tear_down(&s);
    set_up(&s, "x,y\na,a\na,b\na,a\n", "y", 3, &o);
    check(s.encoder == NULL);
    check(strstr(s.err.text, "no input column is left") != NULL);
    tear_down(&s);
    o.max_classes = 0;
    set_up(&s, shop, NULL, 6, &o);
    check(s.encoder == NULL);
    tear_down(&s);
}

static void distinct_rows_are_counted(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();

    set_up(&s, "x,c,y\n1.5,a,0\n1.5,a,1\n1.5,a,0\n2,a,0\n1.5,b,0\n1.50,a,0\n", "y", 6,
           &o);
    check_int(frame_distinct(s.frame, 100), 4);
    check_int(frame_distinct(s.frame, 4), 4);
    check_int(frame_distinct(s.frame, 3), 4);
    check_int(frame_distinct(s.frame, 1), 2);
    check_int(frame_distinct(s.frame, 0), 1);
    tear_down(&s);
}

/* Every code of a known class leads back to the text of its cell. */
static void codes_can_be_read_back(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();

    set_up(&s, shop, "sold", 9, &o);
    for (size_t row = 0; row < s.frame->rows; row++) {
        for (int k = 0; k < s.frame->n_categorical; k++) {
            const struct feature *f = &s.encoder->categorical[k];
            const struct column *c =
                dataset_column(s.data, dataset_find(s.data, f->column));
            int32_t code =
                s.frame->codes[row * (size_t)s.frame->n_categorical + (size_t)k];
            struct cell cell = column_cell(c, row);

            check((code == 0) == column_missing(c, row));
            check(code < f->classes);
            if (code > 0)
                check(f->lengths[code - 1] == cell.length &&
                      memcmp(f->texts[code - 1], cell.text, cell.length) == 0);
        }
    }
    tear_down(&s);
}

/* ---- JSON ---- */

static void check_same_frame(const struct frame *a, const struct frame *b)
{
    check_int(a->n_categorical, b->n_categorical);
    check_int(a->n_continuous, b->n_continuous);
    if (a->n_categorical)
        check(memcmp(a->codes, b->codes,
                     a->rows * (size_t)a->n_categorical * sizeof *a->codes) == 0);
    if (a->n_continuous)
        check(memcmp(a->values, b->values,
                     a->rows * (size_t)a->n_continuous * sizeof *a->values) == 0);
    check(memcmp(a->target, b->target, a->rows * sizeof *a->target) == 0);
}

static const char varied[] =
    "when,c\xff,price,n,y\n"
    "2018-01-28,a\"b,1.1,1e300,u\n2019-02-28,\xff\xfe,2.7,2,v\n2020-03-01,\xc3\xa9,,3,w\n"
    "2021-03-05,a\"b,4.25,4,u\n2022-11-30,,5,5,v\n";

static void json_reads_back(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();
    struct encoder *back;
    struct frame *f;
    json_t *j, *again, *parsed;
    char *text;

    set_up(&s, varied, "y", 4, &o);
    if (!check(s.frame != NULL))
        return;
    j = encoder_to_json(s.encoder);
    text = json_dumps(j, 0);
    parsed = json_loads(text, 0, NULL);
    check(parsed != NULL);
    back = encoder_from_json(parsed, &s.err);
    if (!check(back != NULL)) {
        printf("# %s\n", s.err.text);
        return;
    }
    again = encoder_to_json(back);
    check(json_equal(j, again));
    f = encoder_apply(back, s.data, NULL, &s.err);
    check_same_frame(f, s.frame);
    check_int(back->fitted_rows, 4);
    frame_free(f);
    encoder_unref(back);
    json_decref(j);
    json_decref(again);
    json_decref(parsed);
    free(text);
    tear_down(&s);
}

/* Puts each of some wrong values at one place of the JSON and takes it out again. */
static void try_values(json_t *root, json_t *object, const char *key, size_t place)
{
    static const char *const wrong[] = {"null", "true", "-1", "1e999", "1e308", "\"\"",
                                        "\"x\"", "[]", "{}", "[1,2,3]", "99999999999",
                                        "{\"hex\":\"0\"}", "{\"hex\":\"zz\"}"};
    json_t *old = key ? json_object_get(object, key) : json_array_get(object, place);

    json_incref(old);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *value = json_loads(wrong[i], JSON_DECODE_ANY, NULL);
        struct error err = {0};
        struct encoder *e;

        if (!value)
            continue;
        if (key)
            json_object_set_new(object, key, value);
        else
            json_array_set_new(object, place, value);
        e = encoder_from_json(root, &err);
        check(e || err.text[0] != '\0');
        encoder_unref(e);
    }
    if (key)
        json_object_set_new(object, key, old);
    else
        json_array_set_new(object, place, old);
}

static void try_everywhere(json_t *root, json_t *j)
{
    const char *key;
    json_t *value;
    size_t i;
    void *next;

    if (json_is_object(j))
        json_object_foreach_safe(j, next, key, value) {
            char *name = strdup(key);

            try_everywhere(root, value);
            try_values(root, j, name, 0);
            free(name);
        }
    if (json_is_array(j))
        for (i = 0; i < json_array_size(j) && i < 3; i++) {
            try_everywhere(root, json_array_get(j, i));
            try_values(root, j, NULL, i);
        }
}

/* No value at any place crashes; what is refused is refused with a sentence. */
static void hostile_json_is_refused(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();
    json_t *j;
    struct encoder *e;

    set_up(&s, varied, "y", 4, &o);
    j = encoder_to_json(s.encoder);
    try_everywhere(j, j);
    e = encoder_from_json(j, &s.err);
    check(e != NULL);
    encoder_unref(e);
    check(encoder_from_json(NULL, &s.err) == NULL);
    json_decref(j);
    tear_down(&s);
}

/* Changes the copy of a good JSON by a JSON pointer-like path of keys and numbers. */
static json_t *step_down(json_t *j, const char *key)
{
    return json_is_array(j) ? json_array_get(j, (size_t)atoi(key))
                            : json_object_get(j, key);
}

static void check_refused(const json_t *good, const char *first, const char *second,
                          const char *key, const char *value)
{
    json_t *j = json_deep_copy(good), *place = j;
    struct error err = {0};
    struct encoder *e;

    if (first)
        place = step_down(place, first);
    if (second)
        place = step_down(place, second);
    json_object_set_new(place, key, json_loads(value, JSON_DECODE_ANY, NULL));
    e = encoder_from_json(j, &err);
    if (!check(e == NULL))
        printf("# accepted %s = %s\n", key, value);
    encoder_unref(e);
    json_decref(j);
}

static void broken_encoders_are_refused(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();
    json_t *j;

    set_up(&s, varied, "y", 4, &o);
    j = encoder_to_json(s.encoder);
    check_refused(j, NULL, NULL, "scaling", "\"none\"");
    check_refused(j, NULL, NULL, "classes", "[\"u\"]");
    check_refused(j, NULL, NULL, "class_counts", "[1,2]");
    check_refused(j, NULL, NULL, "class_counts", "[1,2,-1]");
    check_refused(j, NULL, NULL, "task", "\"binary\"");
    check_refused(j, NULL, NULL, "task", "\"none\"");
    check_refused(j, NULL, NULL, "against_rest", "true");
    check_refused(j, NULL, NULL, "target", "null");
    check_refused(j, NULL, NULL, "weight_mean", "0");
    check_refused(j, NULL, NULL, "max_classes", "4294967297");
    check_refused(j, NULL, NULL, "categorical", "{}");
    check_refused(j, "categorical", "0", "texts", "[\"a\",\"a\"]");
    check_refused(j, "categorical", "0", "texts", "[]");
    check_refused(j, "categorical", "0", "counts", "[1]");
    check_refused(j, "categorical", "0", "source", "\"year\"");
    check_refused(j, "categorical", "0", "datetime", "9");
    check_refused(j, "categorical", "0", "decimal", "\";\"");
    check_refused(j, "categorical", "0", "column", "7");
    check_refused(j, "continuous", "0", "deviation", "0");
    check_refused(j, "continuous", "0", "deviation", "-2.5");
    check_refused(j, "continuous", "0", "quantiles", "[1,3,2]");
    check_refused(j, "continuous", "0", "quantiles", "[1]");
    check_refused(j, "continuous", "0", "quantiles", "[1,1,1]");
    check_refused(j, "continuous", "0", "quantiles", "[1,\"2\"]");
    check_refused(j, "continuous", "0", "source", "\"month\"");
    json_decref(j);
    tear_down(&s);
}

/* A column must not get two of them, so that one is in quantiles and one is not. */
static void marks_of_missing_cells_are_no_numbers(void)
{
    struct encode_options o = encode_defaults();
    struct setup s;
    json_t *j, *feature;

    set_up(&s, varied, "y", 4, &o);
    j = encoder_to_json(s.encoder);
    feature = json_array_get(json_object_get(j, "continuous"), 0);
    json_object_set_new(feature, "source", json_string("missing"));
    json_object_set_new(feature, "quantiles", json_pack("[i, i]", 1, 2));
    check(encoder_from_json(j, &s.err) == NULL);
    check(strstr(s.err.text, "\"source\"") != NULL);
    json_decref(j);
    tear_down(&s);
}

static void features_are_not_there_twice(void)
{
    struct setup s;
    struct encode_options o = encode_defaults();
    json_t *j, *continuous;

    set_up(&s, varied, "y", 4, &o);
    j = encoder_to_json(s.encoder);
    continuous = json_object_get(j, "continuous");
    json_array_append_new(continuous, json_deep_copy(json_array_get(continuous, 0)));
    check(encoder_from_json(j, &s.err) == NULL);
    check(strstr(s.err.text, "each column once") != NULL);
    json_decref(j);
    tear_down(&s);
}

int main(void)
{
    test_run(quantiles_agree_with_scikit_learn);
    test_run(many_quantiles_agree_with_scikit_learn);
    test_run(an_end_that_repeats_goes_to_its_middle);
    test_run(normal_quantiles_are_right);
    test_run(maps_are_monotone);
    test_run(extremes_do_not_overflow);
    test_run(classes_are_by_frequency);
    test_run(numbers_are_scaled_by_training_rows);
    test_run(rare_classes_share_a_place);
    test_run(constant_columns_are_left_out);
    test_run(classes_of_the_target);
    test_run(one_class_against_the_rest);
    test_run(values_of_the_target);
    test_run(dates_become_features);
    test_run(weights_have_mean_one);
    test_run(columns_are_found_by_name);
    test_run(one_sided_tables_work);
    test_run(distinct_rows_are_counted);
    test_run(codes_can_be_read_back);
    test_run(json_reads_back);
    test_run(hostile_json_is_refused);
    test_run(broken_encoders_are_refused);
    test_run(marks_of_missing_cells_are_no_numbers);
    test_run(features_are_not_there_twice);
    return test_done();
}
