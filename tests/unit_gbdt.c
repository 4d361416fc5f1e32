/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boosted trees: forests asked, written and read; what trees see of a row; and, where the
 * program was built with XGBoost, that they learn, stop, go on and come back the same. */
#include "base/mem.h"
#include "engine/answers.h"
#include "model/gbdt.h"
#include "model/grower.h"
#include "run.h"

/* ---- forests ---- */

/* Feature 0 is a number, feature 1 one of 12 categories. Below 2 (or missing): +1; else
 * categories 0, 3 and 11 go right, to -4, the others (or missing) to .5. */
static const struct forest_node split_nodes[] = {
    {.feature = 0, .left = 1, .set = -1, .value = 2, .gain = 7, .missing_left = true},
    {.feature = -1, .left = -1, .set = -1, .value = 1},
    {.feature = 1, .left = 3, .set = 0, .gain = 3, .missing_left = true},
    {.feature = -1, .left = -1, .set = -1, .value = 0.5f},
    {.feature = -1, .left = -1, .set = -1, .value = -4},
};
static const unsigned char split_set[] = {0x09, 0x08};
static const struct tree split_tree = {5, 2, split_nodes, split_set};
static const struct forest_node leaf_node = {.feature = -1, .left = -1, .set = -1,
                                             .value = 0.25f};
static const struct tree leaf_tree = {1, 0, &leaf_node, NULL};
static const int categories[] = {0, 12};

/* Two rounds of two outputs: the split, a leaf; a leaf, the split. */
static struct forest *small_forest(void)
{
    struct forest *f = forest_new();

    check(forest_add(f, &split_tree, NULL) && forest_add(f, &leaf_tree, NULL)
          && forest_add(f, &leaf_tree, NULL) && forest_add(f, &split_tree, NULL));
    return f;
}

static void trees_answer(void)
{
    static const float x[] = {1.9f, 0,  2, 0,  2, 1,  2, 3,  2, 11,  2, 10,
                              NAN, 3,  5, NAN};
    static const double want[] = {1, -4, 0.5, -4, -4, 0.5, 1, 0.5};
    struct forest *f = small_forest();
    float sums[2 * 8] = {0};

    for (int i = 0; i < 8; i++)
        check_near((double)tree_ask(&split_tree, x + 2 * i), want[i], 0);
    forest_sum(f, 0, 4, 2, x, 8, 2, sums);
    for (int i = 0; i < 8; i++)
        check(sums[2 * i] == (float)want[i] + 0.25f
              && sums[2 * i + 1] == (float)want[i] + 0.25f);
    forest_sum(f, 2, 3, 2, x, 8, 2, sums); /* the leaf of the first output */
    check(sums[0] == 1.5f && sums[1] == 1.25f);
    forest_free(f);
}

static void same_forest(const struct forest *a, const struct forest *b)
{
    if (!check(a && b && a->n_trees == b->n_trees && a->n_nodes == b->n_nodes
               && a->n_set_bytes == b->n_set_bytes))
        return;
    for (size_t i = 0; i < a->n_nodes; i++) {
        const struct forest_node *m = &a->nodes[i], *n = &b->nodes[i];

        check(m->feature == n->feature && m->left == n->left && m->set == n->set
              && m->value == n->value && m->gain == n->gain
              && m->missing_left == n->missing_left);
    }
    check(a->n_set_bytes == 0 || memcmp(a->sets, b->sets, a->n_set_bytes) == 0);
    for (size_t i = 0; i < a->n_trees; i++)
        check(a->first_node[i] == b->first_node[i] && a->first_set[i] == b->first_set[i]);
}

static void forests_are_cut(void)
{
    struct forest *f = small_forest(), *g = forest_copy(f);

    same_forest(f, g);
    forest_cut(g, 9);
    check_int(g->n_trees, 4);
    forest_cut(g, 2);
    check(g->n_trees == 2 && g->n_nodes == 6 && g->n_set_bytes == 2);
    check(forest_add(g, &leaf_tree, NULL) && forest_add(g, &split_tree, NULL));
    same_forest(f, g);
    forest_cut(g, 0);
    check(g->n_trees == 0 && g->n_nodes == 0 && g->n_set_bytes == 0);
    forest_free(f);
    forest_free(g);
}

/* The forest by way of a file; `change` may spoil what is written. NULL: refused. */
static struct forest *through_file(const struct forest *f,
                                   void change(struct safetensors_tensor *list,
                                               size_t *n),
                                   struct error *err)
{
    char *path = table_path();
    size_t n;
    struct safetensors_tensor *list = forest_tensors(f, "trees", &n);
    struct safetensors *s;
    struct forest *back = NULL;

    if (change)
        change(list, &n);
    check(safetensors_write(path, 0600, list, n, NULL, 0, err));
    s = safetensors_open(path, err);
    if (check(s != NULL))
        back = forest_read(s, "trees", err);
    if (back && !forest_check(back, 2, categories, 2, err)) {
        forest_free(back);
        back = NULL;
    }
    safetensors_free(s);
    forest_tensors_free(list);
    unlink(path);
    free(path);
    return back;
}

static void forests_come_back(void)
{
    struct forest *f = small_forest(), *none = forest_new();
    struct error err = {0};
    struct forest *g = through_file(f, NULL, &err), *empty;

    same_forest(f, g);
    forest_free(g);
    empty = through_file(none, NULL, &err);
    same_forest(none, empty);
    forest_free(empty);
    forest_free(none);
    forest_free(f);
}

static int64_t *integers(struct safetensors_tensor *list, int tensor)
{
    return (int64_t *)list[tensor].data;
}

/* nodes are tensor 1: feature, left, missing, set of each */
static void no_such_feature(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 1)[0] = 2;
}

static void feature_of_2_to_the_32(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 1)[0] = (int64_t)1 << 32;
}

static void child_is_its_parent(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 1)[1] = 0;
}

static void child_of_another_tree(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 1)[1] = 4; /* the right one would be node 5 */
}

static void set_beyond_the_end(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 1)[2 * 4 + 3] = 1;
}

static void set_of_a_number(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 1)[3] = 0;
}

static void numbers_of_categories(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 1)[2 * 4 + 3] = -1;
}

static void sizes_too_large(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 0)[0] = 6;
}

static void sizes_negative(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    integers(list, 0)[1] = -2;
}

static void value_not_finite(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    ((float *)list[2].data)[1] = NAN;
}

static void odd_tree(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    list[0].shape[0] = 3; /* the nodes of the fourth are left over */
}

static void without_sets(struct safetensors_tensor *list, size_t *n)
{
    (void)list;
    *n = 4;
}

static void other_kind(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    list[0].dtype = DTYPE_U64;
}

static void gains_too_few(struct safetensors_tensor *list, size_t *n)
{
    (void)n;
    list[3].shape[0]--;
}

static void broken_forests_are_refused(void)
{
    void (*const changes[])(struct safetensors_tensor *, size_t *) = {
        no_such_feature, feature_of_2_to_the_32, child_is_its_parent,
        child_of_another_tree, set_beyond_the_end, set_of_a_number,
        numbers_of_categories, sizes_too_large, sizes_negative, value_not_finite,
        odd_tree, without_sets, other_kind, gains_too_few,
    };
    struct forest *f = small_forest();

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct error err = {0};

        if (!check(!through_file(f, changes[i], &err)) || !check(err.text[0] != '\0'))
            printf("# change %zu\n", i);
    }
    forest_free(f);
}

/* ---- what trees see ---- */

static void rows_are_seen_as_they_are(void)
{
    struct subject s = subject_new(table_of("c,x,yes\n"
                                            "a,1,no\na,2,yes\nb,,no\n,4,yes\na,5,no\n"
                                            "b,6,yes\na,1,no\na,2,yes\nb,3,no\na,4,yes\n"
                                            "a,5,no\nb,6,yes\n"), "yes", NULL);
    const struct encoder *e = s.encoder;
    struct gbdt *g;
    float *x;

    /* every row is for training, so that it does not depend on how they are drawn */
    memset(s.split->part, PART_TRAIN, s.split->rows * sizeof *s.split->part);
    g = gbdt_new(e);
    x = xcalloc(s.frame->rows, (size_t)g->n_features * sizeof *x);
    check(g->n_features == 2 && g->n_categorical == 1 && g->outputs == 1);
    check_int(g->categories[0], e->categorical[0].classes);
    check_int(g->categories[1], 0);
    gbdt_inputs(g, e, s.frame->codes, s.frame->values, s.frame->rows, x);
    check(x[0] == 0 && x[2 * 2] == 1 && isnan(x[3 * 2]) && x[4 * 2] == 0);
    check(x[1] < x[3] && x[3] < x[3 * 2 + 1] && x[3 * 2 + 1] < x[4 * 2 + 1]);
    if (g->missing[0] >= 0) /* that row may be one to validate with */
        check(isnan(x[2 * 2 + 1]));
    free(x);
    gbdt_free(g);
    subject_done(&s);
}

/* What is left of a column that does not vary is whether it is missing. */
static void missing_cells_alone_are_seen(void)
{
    struct split_options split = split_defaults();
    struct str text = {0};
    struct error err = {0};
    struct subject s;
    struct gbdt *g;
    float *x;

    str_puts(&text, "z,x,yes\n");
    for (int i = 0; i < 60; i++)
        str_printf(&text, "%.1f,%s,%s\n", i % 40 / 7.0,
                   i % 3 ? "5.5" : "", i % 3 ? "no" : "yes");
    s.data = table_load(text.text, text.length);
    s.schema = infer_schema(s.data);
    check(schema_mark(s.schema, schema_find(s.schema, "x"), KIND_CONTINUOUS, &err));
    subject_make(&s, "yes", &split);
    g = gbdt_new(s.encoder);
    check_int(g->n_features, 2);
    x = xcalloc(60, 2 * sizeof *x);
    gbdt_inputs(g, s.encoder, s.frame->codes, s.frame->values, 60, x);
    for (int i = 0; i < 60; i++)
        check(x[2 * i + 1] == (i % 3 == 0) && !isnan(x[2 * i]));
    free(x);
    gbdt_free(g);
    subject_done(&s);
    str_done(&text);
}

/* Nobody has learned what other classes are, so they are missing ones. */
static void unknown_classes_are_missing(void)
{
    struct subject s = subject_new(learnable_table(100, -1), "yes", NULL);
    struct gbdt *g = gbdt_new(s.encoder);
    int32_t codes[3] = {0};
    float values[16] = {0}, x[16];

    check_int(s.encoder->categorical[0].classes, 5);
    codes[0] = 5;
    codes[1] = 4;
    gbdt_inputs(g, s.encoder, codes, values, 1, x);
    check(isnan(x[0]) && x[1] == 3);
    gbdt_free(g);
    subject_done(&s);
}

/* ---- training ---- */

static struct model_options tree_options(void)
{
    struct model_options o = model_defaults();

    o.kind = MODEL_GBDT;
    o.rounds = 5;
    o.min_child = 0.5;
    return o;
}

static struct train_options quick_options(void)
{
    struct train_options o = train_defaults();

    o.epochs = 12;
    o.lr = 0.3;
    return o;
}

static struct run run_new(struct subject *s, const struct model_options *m,
                          const struct train_options *o, int threads)
{
    struct error err = {0};

    return run_start(model_new(m, s->encoder, 3, &err), s, o, threads, &err);
}

static struct metrics measure(struct run *r, enum part part)
{
    struct metrics m = {0};

    check(trainer_measure(r->trainer, part, &m, &r->err));
    return m;
}

/* All rows' predictions; caller frees. */
static float *predict(struct run *r, const struct subject *s)
{
    float *out = xcalloc(s->frame->rows, (size_t)model_outputs(r->model) * sizeof *out);

    check(model_predict(r->model, r->pool, s->frame, NULL, s->frame->rows, FILL_CLASS,
                        out, &r->err));
    return out;
}

static void check_same_predictions(struct run *a, struct run *b, const struct subject *s)
{
    size_t bytes = s->frame->rows * (size_t)model_outputs(a->model) * sizeof(float);
    float *p = predict(a, s), *q = predict(b, s);

    check(memcmp(p, q, bytes) == 0);
    free(p);
    free(q);
}

static void it_is_said_without_xgboost(void)
{
    struct subject s = subject_new(learnable_table(60, -1), "yes", NULL);
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    struct run r = run_new(&s, &m, &o, 1);

    if (grower_version())
        check(r.trainer != NULL);
    else if (check(!r.trainer))
        check(strstr(r.err.text, "built without XGBoost") != NULL);
    run_done(&r);
    subject_done(&s);
}

/* x below 0: no, else yes; one tree of one split, a full step: the leaves answer minus the
 * sum of first derivatives by that of second ones and l2, each row's being -+.5 and .25. */
static void a_leaf_answers_a_newton_step(void)
{
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    const struct forest_node *n;
    struct str text = {0};
    struct subject s;
    struct run r;
    int below = 0, above = 0;

    if (no_xgboost())
        return;
    str_puts(&text, "x,yes\n");
    for (int i = 0; i < 200; i++)
        str_printf(&text, "%.2f,%s\n", i % 2 ? 1 + i / 1000.0 : -1 - i / 1000.0,
                   i % 2 ? "yes" : "no");
    s = subject_new(table_load(text.text, text.length), "yes", NULL);
    m.rounds = m.depth = 1;
    m.subsample = m.colsample = 1;
    m.l2 = 2;
    o.epochs = 1;
    o.lr = 1;
    r = run_new(&s, &m, &o, 1);
    run_train(&r, -1);
    for (size_t i = 0; i < s.frame->rows; i++)
        if (s.split->part[i] == PART_TRAIN) {
            above += s.frame->target[i] > 0;
            below += s.frame->target[i] == 0;
        }
    n = model_gbdt(r.model)->forest->nodes;
    check_int(model_gbdt(r.model)->forest->n_nodes, 3);
    check(n[0].feature == 0 && n[0].left == 1 && n[0].gain > 0 && n[1].feature == -1);
    check_near((double)n[1].value, -0.5 * below / (0.25 * below + 2), 1e-5);
    check_near((double)n[2].value, 0.5 * above / (0.25 * above + 2), 1e-5);
    run_done(&r);
    subject_done(&s);
    str_done(&text);
}

static void every_task_is_learned(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};
    struct model_options m = tree_options();
    struct train_options o = quick_options();

    if (no_xgboost())
        return;
    for (int i = 0; i < 3; i++) {
        struct subject s = subject_new(learnable_table(1500, -1), targets[i], "weight");
        struct run r = run_new(&s, &m, &o, 2);
        struct metrics test;

        run_train(&r, -1);
        test = measure(&r, PART_TEST);
        if (i < 2 ? !check(test.accuracy > 0.95) : !check(test.r2 > 0.97))
            printf("# %s: accuracy %.3f, r2 %.3f\n", targets[i], test.accuracy, test.r2);
        check(trainer_curve(r.trainer)->n > 0);
        check_int(trainer_diagnosis(r.trainer)->epoch,
                  trainer_progress(r.trainer)->best_epoch);
        run_done(&r);
        subject_done(&s);
    }
}

/* Which of 150 categories it is decides, in no order of their codes; and missing cells of a
 * class and of a number decide too. */
static struct dataset *telling_table(void)
{
    struct rng r = rng_make(9, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "many,class,number,noise,by_many,by_class,by_number\n");
    for (int i = 0; i < 6000; i++) {
        int many = (int)rng_below(&r, 150);
        bool no_class = rng_below(&r, 4) == 0, no_number = rng_below(&r, 4) == 0;

        str_printf(&text, "m%d,%s,", many, no_class ? "" : rng_below(&r, 2) ? "p" : "q");
        if (!no_number)
            str_printf(&text, "%.3f", rng_normal(&r));
        str_printf(&text, ",%.3f,%s,%s,%s\n", rng_normal(&r),
                   many * 37 % 101 < 50 ? "yes" : "no", no_class ? "yes" : "no",
                   no_number ? "yes" : "no");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

static void categories_and_missing_cells_tell(void)
{
    static const char *const targets[] = {"by_many", "by_class", "by_number"};
    struct model_options m = tree_options();
    struct train_options o = quick_options();

    if (no_xgboost())
        return;
    for (int i = 0; i < 3; i++) {
        struct subject s = {.data = telling_table()};
        struct split_options split = split_defaults();
        struct error err = {0};
        struct run r;

        s.schema = infer_schema(s.data);
        for (int k = 0; k < 3; k++) /* else one would tell another */
            check(k == i || schema_mark(s.schema, schema_find(s.schema, targets[k]),
                                        KIND_IGNORE, &err));
        subject_make(&s, targets[i], &split);
        r = run_new(&s, &m, &o, 2);
        run_train(&r, -1);
        if (!check(measure(&r, PART_TEST).accuracy > 0.99))
            printf("# %s: %.3f\n", targets[i], measure(&r, PART_TEST).accuracy);
        run_done(&r);
        subject_done(&s);
    }
}

/* Rows enough for XGBoost to take two threads, and three. */
static void threads_do_not_matter(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};
    struct model_options m = tree_options();
    struct train_options o = quick_options();

    if (no_xgboost())
        return;
#if defined TEST_THREAD_SANITIZER
    test_skip("the sanitizer does not know OpenMP's threads");
    return;
#endif
    m.subsample = m.colsample = 0.6;
    o.epochs = 2;
    o.class_weight = CLASS_WEIGHT_BALANCED;
    for (int i = 0; i < 3; i++) {
        int rows = i == 0 ? 60000 : 30000;
        struct subject s = subject_new(learnable_table(rows, -1), targets[i], "weight");
        struct run one = run_new(&s, &m, &o, 1), three = run_new(&s, &m, &o, 3);

        run_train(&one, -1);
        run_train(&three, -1);
        same_forest(model_gbdt(one.model)->forest, model_gbdt(three.model)->forest);
        check_same_predictions(&one, &three, &s);
        run_done(&one);
        run_done(&three);
        subject_done(&s);
    }
}

/* Another seed draws other rows and columns; without drawing it changes nothing. */
static void the_seed_draws(void)
{
    struct model_options m = tree_options();
    struct train_options o = quick_options(), p = quick_options();
    struct subject s = subject_new(learnable_table(600, -1), "yes", NULL);

    if (!no_xgboost())
        for (int drawn = 0; drawn < 2; drawn++) {
            struct run a, b;

            m.subsample = m.colsample = drawn ? 0.7 : 1;
            o.epochs = p.epochs = 2;
            p.seed = 8;
            a = run_new(&s, &m, &o, 1);
            b = run_new(&s, &m, &p, 1);
            run_train(&a, -1);
            run_train(&b, -1);
            check((measure(&a, PART_VALID).loss != measure(&b, PART_VALID).loss) == drawn);
            run_done(&a);
            run_done(&b);
        }
    subject_done(&s);
}

/* Nothing can be learned: it ends early, and what is kept are the trees of the best. */
static void the_best_trees_are_kept(void)
{
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    const struct train_progress *p;
    const struct epoch_record *history;
    struct str text = {0};
    struct rng g = rng_make(4, RNG_TEST, 0);
    struct subject s;
    struct run r;
    size_t n;

    if (no_xgboost())
        return;
    str_puts(&text, "x,y,kind\n");
    for (int i = 0; i < 600; i++)
        str_printf(&text, "%.3f,%.3f,k%d\n", rng_normal(&g), rng_normal(&g),
                   (int)rng_below(&g, 3));
    s = subject_new(table_load(text.text, text.length), "kind", NULL);
    o.epochs = 50;
    o.patience = 3;
    r = run_new(&s, &m, &o, 1);
    run_train(&r, -1);
    p = trainer_progress(r.trainer);
    history = trainer_history(r.trainer, &n);
    check(p->end == TRAIN_EARLY && p->epoch == p->best_epoch + 3 && p->epoch < 50);
    check_int(model_gbdt(r.model)->forest->n_trees, p->best_epoch * 5 * 3);
    check(n == (size_t)p->epoch && history[p->best_epoch - 1].best);
    /* what was added up a round at a time is what the model says of the rows */
    check(measure(&r, PART_VALID).loss == history[p->best_epoch - 1].valid.loss);
    check(measure(&r, PART_VALID).auc == history[p->best_epoch - 1].valid.auc);
    check_near(history[0].lr, 0.3, 1e-12);
    check(model_parameters(r.model) == model_gbdt(r.model)->forest->n_nodes);
    run_done(&r);
    subject_done(&s);
    str_done(&text);
}

static void stopped_it_has_the_best_so_far(void)
{
    struct subject s = subject_new(learnable_table(300, -1), "yes", NULL);
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    struct run r;

    if (!no_xgboost()) {
        r = run_new(&s, &m, &o, 1);
        run_train(&r, 2 * (5 + 1) + 3);
        check_int(model_gbdt(r.model)->forest->n_trees, 13);
        trainer_stop(r.trainer);
        check(trainer_progress(r.trainer)->end == TRAIN_STOPPED);
        check_int(model_gbdt(r.model)->forest->n_trees,
                  5 * trainer_progress(r.trainer)->best_epoch);
        run_done(&r);
    }
    subject_done(&s);
}

/* ---- going on ---- */

/* Few labels, many rows without. */
static struct subject labelled(int labels)
{
    struct subject s = {.data = learnable_table(900, -1)};
    struct split_options split = split_defaults();

    split.labeled = labels;
    s.schema = infer_schema(s.data);
    subject_make(&s, "kind", &split);
    return s;
}

static void go_on(struct subject *s, const struct model_options *m,
                  const struct train_options *o, struct run *whole, int slices)
{
    char *path = table_path();
    struct run first = run_new(s, m, o, 2), second = run_new(s, m, o, 1);
    struct train_state out = {0}, in = {0};
    const struct train_progress *p, *q;
    struct error err = {0};
    size_t n, k;

    run_train(&first, slices);
    for (int i = 0; i < 2; i++) /* into the same memory again */
        check(trainer_keep(first.trainer, &out, &err));
    if (!check(train_state_write(&out, path, "running", "{}", &err)
               && train_state_read(&in, path, &err)
               && trainer_restore(second.trainer, &in, &err)))
        printf("# slice %d: %s\n", slices, err.text);
    check_int(trainer_diagnosis(second.trainer)->epoch,
              trainer_progress(first.trainer)->best_epoch);
    run_train(&second, -1);
    p = trainer_progress(whole->trainer);
    q = trainer_progress(second.trainer);
    check(p->step == q->step && p->epoch == q->epoch && p->best_epoch == q->best_epoch
          && p->best == q->best && p->end == q->end && p->guessed == q->guessed
          && p->last_epoch == q->last_epoch && p->steps == q->steps);
    trainer_history(whole->trainer, &n);
    trainer_history(second.trainer, &k);
    check(n == k && trainer_curve(whole->trainer)->n == trainer_curve(second.trainer)->n);
    same_forest(model_gbdt(whole->model)->forest, model_gbdt(second.model)->forest);
    check_same_predictions(whole, &second, s);
    train_state_done(&out);
    train_state_done(&in);
    run_done(&first);
    run_done(&second);
    unlink(path);
    free(path);
}

static void it_goes_on_from_any_step(void)
{
    struct model_options m = tree_options();
    struct train_options o = quick_options();

    if (no_xgboost())
        return;
    m.subsample = m.colsample = 0.7;
    o.epochs = 4;
    o.schedule = SCHEDULE_COSINE;
    for (int pseudo = 0; pseudo < 2; pseudo++) {
        struct subject s = pseudo ? labelled(80)
                                  : subject_new(learnable_table(400, -1), "yes", "weight");
        struct run whole;

        o.unlabeled.kind = pseudo ? UNLABELED_PSEUDO : UNLABELED_NOT;
        whole = run_new(&s, &m, &o, 1);
        run_train(&whole, -1);
        for (int slices = 0; slices < (pseudo ? 2 : 1) * 4 * 6; slices += 1 + slices / 3)
            go_on(&s, &m, &o, &whole, slices);
        run_done(&whole);
        subject_done(&s);
    }
}

static void states_that_do_not_fit_are_refused(void)
{
    struct model_options m = tree_options(), other = tree_options();
    struct train_options o = quick_options(), p = quick_options();
    struct subject s = labelled(80);
    struct train_state state = {0};
    struct error err = {0};
    struct run r, q;

    if (no_xgboost()) {
        subject_done(&s);
        return;
    }
    o.unlabeled.kind = UNLABELED_PSEUDO;
    o.epochs = 2;
    other.rounds = 7;
    r = run_new(&s, &m, &o, 1);
    run_train(&r, 2 * 6 + 4);
    check(trainer_progress(r.trainer)->guessed > 0);
    check(trainer_keep(r.trainer, &state, &err));
    q = run_new(&s, &other, &o, 1); /* other rounds an epoch */
    check(!trainer_restore(q.trainer, &state, &err));
    check_str(err.text, "what was kept does not fit the model and its settings");
    run_done(&q);
    q = run_new(&s, &m, &p, 1); /* nothing is guessed there */
    check(!trainer_restore(q.trainer, &state, &err));
    run_done(&q);
    q = run_new(&s, &m, &o, 1);
    state.guessed[0] = 900;
    check(!trainer_restore(q.trainer, &state, &err));
    state.guessed[0] = 1;
    state.guessed[1] = 3;
    check(!trainer_restore(q.trainer, &state, &err));
    state.guessed[1] = 2;
    forest_cut(state.forest, 4); /* no whole round of three classes */
    check(!trainer_restore(q.trainer, &state, &err));
    train_state_done(&state);
    run_done(&q);
    run_done(&r);
    subject_done(&s);
}

/* ---- rows without labels ---- */

static void a_share_is_guessed(void)
{
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    struct subject s = labelled(80);
    const struct train_progress *p;
    struct run r;
    size_t unlabeled = unlabeled_count(s.frame, s.split);

    if (no_xgboost()) {
        subject_done(&s);
        return;
    }
    o.unlabeled.kind = UNLABELED_PSEUDO;
    o.unlabeled.pseudo_share = 0.5;
    o.epochs = 3;
    r = run_new(&s, &m, &o, 1);
    run_train(&r, 3 * 6 - 1);
    p = trainer_progress(r.trainer);
    check(p->guessed == 0 && p->last_epoch == 3);
    run_train(&r, 1);
    check_int(p->guessed, (unlabeled + 1) / 2);
    check(p->last_epoch == 6 && p->best_epoch == 0 && p->end == TRAIN_RUNNING);
    check_int(model_gbdt(r.model)->forest->n_trees, 0);
    run_train(&r, -1);
    check(p->end == TRAIN_EPOCHS && p->epoch == 6 && p->best_epoch > 3);
    check_int(model_gbdt(r.model)->forest->n_trees, (p->best_epoch - 3) * 5 * 3);
    check(measure(&r, PART_TEST).accuracy > 0.7);
    run_done(&r);
    subject_done(&s);
}

/* Stopped right after new trees were begun, those that guessed are there. */
static void stopped_between_it_has_the_first_trees(void)
{
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    struct subject s = labelled(80);
    struct run r;

    if (!no_xgboost()) {
        o.unlabeled.kind = UNLABELED_PSEUDO;
        o.epochs = 3;
        r = run_new(&s, &m, &o, 1);
        run_train(&r, 3 * 6 + 2);
        check_int(model_gbdt(r.model)->forest->n_trees, 2 * 3);
        trainer_stop(r.trainer);
        check(model_gbdt(r.model)->forest->n_trees >= 5 * 3);
        run_done(&r);
    }
    subject_done(&s);
}

/* The same where it was kept and gone on with in between. */
static void kept_between_it_has_the_first_trees(void)
{
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    struct subject s = labelled(80);
    struct train_state out = {0}, in = {0};
    struct error err = {0};
    char *path = table_path();
    struct run a, b;

    if (!no_xgboost()) {
        o.unlabeled.kind = UNLABELED_PSEUDO;
        o.epochs = 3;
        a = run_new(&s, &m, &o, 1);
        b = run_new(&s, &m, &o, 1);
        run_train(&a, 3 * 6 + 2);
        check(trainer_keep(a.trainer, &out, &err));
        check(train_state_write(&out, path, "running", "{}", &err)
              && train_state_read(&in, path, &err)
              && trainer_restore(b.trainer, &in, &err));
        trainer_stop(a.trainer);
        trainer_stop(b.trainer);
        same_forest(model_gbdt(a.model)->forest, model_gbdt(b.model)->forest);
        check_same_predictions(&a, &b, &s);
        train_state_done(&out);
        train_state_done(&in);
        run_done(&a);
        run_done(&b);
    }
    unlink(path);
    free(path);
    subject_done(&s);
}

static void what_trees_cannot_is_refused(void)
{
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    struct subject s = labelled(80);
    struct error err = {0};
    struct run r;
    float out[3];
    int n;

    o.unlabeled.kind = UNLABELED_ENTROPY;
    r = run_new(&s, &m, &o, 1);
    check(!r.trainer && strstr(r.err.text, "pseudo") != NULL);
    check(model_predict(r.model, r.pool, s.frame, NULL, 1, FILL_MEAN, out, &err));
    check(!model_layers(&m, s.encoder, &n, &err) && strstr(err.text, "no layers"));
    check(!model_new_pretext(&m, s.encoder, PRETEXT_MLM, 1, &err));
    check(!model_embeds(r.model) && model_flops(r.model) == 0);
    m.depth = 0;
    check(!model_check(&m, &err) && strstr(err.text, "no end"));
    m.leaves = 1;
    check(!model_check(&m, &err) && strstr(err.text, "at least 2"));
    m.leaves = 2;
    check(model_check(&m, &err));
    m.subsample = 0;
    check(!model_check(&m, &err) && strstr(err.text, "model.subsample"));
    run_done(&r);
    subject_done(&s);
}

/* ---- files ---- */

static void it_comes_back_the_same(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};
    struct model_options m = tree_options();
    struct train_options o = quick_options();
    char *path = table_path();

    if (!no_xgboost())
        for (int i = 0; i < 3; i++) {
            struct subject s = subject_new(learnable_table(400, -1), targets[i], NULL);
            struct run r, back = {0};

            m.leaves = i == 1 ? 6 : 0;
            o.epochs = 3;
            r = run_new(&s, &m, &o, 1);
            run_train(&r, -1);
            check(model_save(r.model, NULL, path, &r.err));
            back.pool = pool_new(2, &back.err);
            back.model = model_open(path, NULL, &back.err);
            if (check(back.model != NULL)) {
                same_forest(model_gbdt(r.model)->forest, model_gbdt(back.model)->forest);
                check_same_predictions(&r, &back, &s);
                check_int(model_options(back.model)->leaves, m.leaves);
                check(model_options(back.model)->min_child == m.min_child);
            } else {
                printf("# %s\n", back.err.text);
            }
            run_done(&back);
            run_done(&r);
            subject_done(&s);
        }
    unlink(path);
    free(path);
}

/* One round by hand in place of a training; so also where there is no XGBoost. */
static struct model *model_by_hand(struct subject *s)
{
    struct model_options m = tree_options();
    struct error err = {0};
    struct model *model = model_new(&m, s->encoder, 1, &err);
    const struct forest_node nodes[] = {
        {.feature = 0, .left = 1, .set = 0, .gain = 1},
        {.feature = -1, .left = -1, .set = -1, .value = 2},
        {.feature = -1, .left = -1, .set = -1, .value = -2},
    };
    const unsigned char set[] = {0x05};
    const struct tree t = {3, 1, nodes, set};

    check(forest_add(model_gbdt(model)->forest, &t, &err));
    return model;
}

static char *read_all(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *bytes = xmalloc(1 << 20);

    *n = f ? fread(bytes, 1, 1 << 20, f) : 0;
    if (f)
        fclose(f);
    return bytes;
}

static void write_all(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    check(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void broken_files_are_refused(void)
{
    struct subject s = subject_new(learnable_table(100, -1), "yes", NULL);
    struct model *m = model_by_hand(&s), *back;
    char *path = table_path(), *bytes;
    struct error err = {0};
    size_t n;
    int n_opened = 0;

    check(model_save(m, NULL, path, &err));
    bytes = read_all(path, &n);
    back = model_open(path, NULL, &err);
    if (check(back != NULL))
        same_forest(model_gbdt(m)->forest, model_gbdt(back)->forest);
    model_unref(back);
    for (size_t at = 8; at < n; at += 7) { /* a bit anywhere */
        bytes[at] ^= 0x10;
        write_all(path, bytes, n);
        back = model_open(path, NULL, &err);
        if (back) /* in the names of checksums, which then are not there */
            same_forest(model_gbdt(m)->forest, model_gbdt(back)->forest);
        n_opened += back != NULL;
        model_unref(back);
        bytes[at] ^= 0x10;
    }
    check(n_opened < 5);
    for (size_t length = 0; length < n; length += 31) {
        write_all(path, bytes, length);
        check(!model_open(path, NULL, &err));
    }
    free(bytes);
    unlink(path);
    free(path);
    model_unref(m);
    subject_done(&s);
}

/* Predicting takes no XGBoost. */
static void trees_of_a_file_are_asked(void)
{
    struct subject s = subject_new(learnable_table(100, -1), "yes", NULL);
    struct model *m = model_by_hand(&s);
    struct error err = {0};
    struct pool *pool = pool_new(2, &err);
    float out[100 * 2];
    double high = 1 / (1 + exp(-2.0));

    check(model_predict(m, pool, s.frame, NULL, 100, FILL_CLASS, out, &err));
    for (size_t i = 0; i < 100; i++) {
        int32_t code = s.frame->codes[i * (size_t)s.frame->n_categorical];
        bool right = code == 1 || code == 3;

        check_near((double)out[2 * i + 1], right ? 1 - high : high, 1e-6);
        check_near((double)(out[2 * i] + out[2 * i + 1]), 1, 1e-6);
    }
    pool_free(pool);
    model_unref(m);
    subject_done(&s);
}

int main(void)
{
    setenv("OMP_WAIT_POLICY", "passive", 0); /* as the program does */
    test_run(trees_answer);
    test_run(forests_are_cut);
    test_run(forests_come_back);
    test_run(broken_forests_are_refused);
    test_run(rows_are_seen_as_they_are);
    test_run(missing_cells_alone_are_seen);
    test_run(unknown_classes_are_missing);
    test_run(it_is_said_without_xgboost);
    test_run(a_leaf_answers_a_newton_step);
    test_run(every_task_is_learned);
    test_run(categories_and_missing_cells_tell);
    test_run(threads_do_not_matter);
    test_run(the_seed_draws);
    test_run(the_best_trees_are_kept);
    test_run(stopped_it_has_the_best_so_far);
    test_run(it_goes_on_from_any_step);
    test_run(states_that_do_not_fit_are_refused);
    test_run(a_share_is_guessed);
    test_run(stopped_between_it_has_the_first_trees);
    test_run(kept_between_it_has_the_first_trees);
    test_run(what_trees_cannot_is_refused);
    test_run(it_comes_back_the_same);
    test_run(broken_files_are_refused);
    test_run(trees_of_a_file_are_asked);
    return test_done();
}
