/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layer probe as a job: its features and scores against plain loops over looks, and
 * classes of which it is known where they can be read off. */
#include "base/mem.h"
#include "engine/answers.h"
#include "fixture.h"
#include "lens/job_probe.h"
#include "lens/look.h"
#include "lens/probe.h"

enum { ROWS = 400, LAYERS = 2, DIM = FIXTURE_DIM, FOLDS = 4 };

static struct fixture fixture_new(const char *target, int layers, int threads)
{
    return fixture_of(learnable_table(ROWS, -1), target, NULL, layers, 3, threads);
}

static struct rows_request rows_of(const struct fixture *f, enum part part)
{
    return fixture_rows(f, part);
}

static struct probe_job *probe_all(const struct fixture *f, enum part part, size_t most,
                                   uint64_t seed)
{
    struct probe_request q = {.rows = {rows_of(f, part)}, .n_runs = 1,
                              .pooled = {true, true, true}, .folds = FOLDS, .most = most,
                              .seed = seed};
    struct probe_job *j = probe_job_new(&q);
    struct error err = {0};

    if (!check(job_run(&probe_job_type, j, &err)))
        printf("# %s\n", err.text);
    return j;
}

/* ---- against plain loops ---- */

/* What a layer makes of each of the rows by itself, pooled, and the continuous inputs. */
static float *plain_features(const struct fixture *f, const uint32_t *rows, size_t n,
                             int layer, enum pooling pooling, int *inputs)
{
    struct error err = {0};
    struct look *l = look_new(f->model, f->pool, &err);
    int m = look_columns(l), c = f->s.frame->n_continuous;
    int pooled = pooling == POOLING_CONCAT ? m * DIM : DIM;
    real *hidden = xcalloc((size_t)(m * DIM), sizeof *hidden);
    float *x = xcalloc(n * (size_t)(pooled + c), sizeof *x), *out = x;

    *inputs = pooled + c;
    for (size_t i = 0; i < n; i++, out += pooled + c) {
        look_at(l, f->s.frame, rows + i, 1);
        look_hidden(l, layer, hidden);
        for (int k = 0; k < pooled; k++) {
            double sum = 0, top = -INFINITY;

            for (int column = 0; column < m; column++) {
                sum += (double)hidden[column * DIM + k % DIM];
                top = fmax(top, (double)hidden[column * DIM + k % DIM]);
            }
            out[k] = pooling == POOLING_CONCAT ? (float)hidden[k]
                : pooling == POOLING_MEAN ? (float)(sum / m) : (float)top;
        }
        for (int k = 0; k < c; k++)
            out[pooled + k] = f->s.frame->values[rows[i] * (uint32_t)c + (uint32_t)k];
    }
    free(hidden);
    look_free(l);
    return x;
}

static double plain_score(const struct fixture *f, const uint32_t *rows, size_t n,
                        int layer, enum pooling pooling)
{
    int inputs, *class = xcalloc(n, sizeof *class), classes = f->s.encoder->n_classes;
    float *x = plain_features(f, rows, n, layer, pooling, &inputs);
    float *value = xcalloc(n, sizeof *value);
    struct error err = {0};
    struct probe p;
    double score;

    for (size_t i = 0; i < n; i++) {
        value[i] = f->s.frame->target[rows[i]];
        class[i] = (int)value[i];
    }
    if (classes > 0)
        check(probe_init(&p, x, n, inputs, class, classes, FOLDS, 1, f->pool, &err));
    else
        check(probe_init_number(&p, x, n, inputs, value, FOLDS, 1, f->pool, &err));
    while (probe_step(&p, &err) == STEP_MORE)
        ;
    score = probe_score(&p, NULL);
    probe_done(&p);
    free(x);
    free(value);
    free(class);
    return score;
}

static void layers_are_probed_as_by_hand(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};

    for (int t = 0; t < 3; t++) {
        struct fixture f = fixture_new(targets[t], LAYERS, 2);
        struct probe_job *j = probe_all(&f, PART_TRAIN, 0, 1);
        size_t n = answers_count(f.s.frame, f.s.split, PART_TRAIN);
        uint32_t *rows = answers_rows(f.s.frame, f.s.split, PART_TRAIN, n);
        struct metrics whole;
        struct error err = {0};

        check_int(probe_job_rows(j), n);
        check_int(probe_job_layers(j, 0), LAYERS);
        check(model_evaluate(f.model, f.pool, f.s.frame, f.s.split, PART_TRAIN,
                             FILL_CLASS, &whole, &err));
        check(probe_job_end_to_end(j, 0) == (t < 2 ? whole.auc : whole.r2));
        check_str(probe_job_metric(j)->name, t < 2 ? "auc" : "r2");
        for (int layer = 0; layer <= LAYERS; layer++)
            for (int p = 0; p < POOLINGS; p++)
                check_near(probe_job_score(j, 0, (enum pooling)p, layer).mean,
                           plain_score(&f, rows, n, layer, (enum pooling)p), 2e-3);
        free(rows);
        probe_job_type.free(j);
        fixture_done(&f);
    }
}

/* ---- where the answer is known ---- */

/* Classes that a alone, x alone, or nothing tells; one row in 20 has none. */
static struct dataset *telling_table(void)
{
    struct rng r = rng_make(5, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,b,x,by_a,by_x,by_none\n");
    for (int i = 0; i < ROWS; i++) {
        int a = (int)rng_below(&r, 4), b = (int)rng_below(&r, 4);
        double x = rng_normal(&r);

        str_printf(&text, "%c,%c,%.4f,%s,%s,%d\n", "pqrs"[a], "tuvw"[b], x,
                   i % 20 == 7 ? "" : a < 2 ? "yes" : "no", x > 0.3 ? "yes" : "no",
                   (int)rng_below(&r, 2));
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* The other targets are no inputs: they would tell, too. */
static struct fixture telling_fixture(const char *target)
{
    static const char *const others[] = {"by_a", "by_x", "by_none"};
    struct fixture f = {.s = {.data = telling_table()}};
    struct subject *s = &f.s;
    struct split_options split = split_defaults();
    struct encode_options encode = encode_defaults();
    struct model_options o = model_defaults();
    struct error err = {0};

    s->schema = infer_schema(s->data);
    for (int i = 0; i < 3; i++)
        if (strcmp(others[i], target) != 0)
            check(schema_mark(s->schema, schema_find(s->schema, others[i]), KIND_IGNORE,
                              &err));
    check(schema_set_target(s->schema, s->data, schema_find(s->schema, target), NULL,
                            TASK_NONE, NULL, &err));
    s->split = split_new(s->data, s->schema, &split, &err);
    s->encoder = encoder_fit(s->data, s->schema, s->split, &encode, NULL, &err);
    s->frame = encoder_apply(s->encoder, s->data, NULL, &err);
    o.dim = DIM;
    o.layers = LAYERS;
    o.heads = 2;
    o.head_cap = 16;
    f.pool = pool_new(1, &err);
    f.model = model_new(&o, s->encoder, 3, &err);
    return f;
}

static void what_is_in_a_layer_is_found(void)
{
    struct fixture f = telling_fixture("by_a");
    struct probe_job *j = probe_all(&f, PART_TRAIN, 0, 1);

    for (int layer = 0; layer <= LAYERS; layer++)
        check(probe_job_score(j, 0, POOLING_CONCAT, layer).mean > 0.999);
    check_int(probe_job_rows(j), answers_count(f.s.frame, f.s.split, PART_TRAIN));
    probe_job_type.free(j);
    fixture_done(&f);

    f = telling_fixture("by_x"); /* continuous columns stand beside every layer */
    j = probe_all(&f, PART_TRAIN, 0, 1);
    for (int layer = 0; layer <= LAYERS; layer++)
        for (int p = 0; p < POOLINGS; p++)
            check(probe_job_score(j, 0, (enum pooling)p, layer).mean > 0.98);
    probe_job_type.free(j);
    fixture_done(&f);

    f = telling_fixture("by_none");
    j = probe_all(&f, PART_TRAIN, 0, 1);
    for (int p = 0; p < POOLINGS; p++) {
        double auc = probe_job_score(j, 0, (enum pooling)p, LAYERS).mean;

        check(auc > 0.35 && auc < 0.65);
    }
    probe_job_type.free(j);
    fixture_done(&f);
}

/* A price is a sum of x and of what a says. */
static void numbers_are_probed_too(void)
{
    struct fixture f = fixture_new("price", LAYERS, 2);
    struct probe_job *j = probe_all(&f, PART_TRAIN, 0, 1);

    for (int layer = 0; layer <= LAYERS; layer++) {
        struct probe_score s = probe_job_score(j, 0, POOLING_CONCAT, layer);

        check(s.mean > 0.99 && s.mean <= 1);
        check(s.deviation >= 0 && s.deviation < 0.01);
    }
    check(probe_job_end_to_end(j, 0) < 0.5); /* it has learned nothing */
    probe_job_type.free(j);
    fixture_done(&f);
}

/* ---- its rows ---- */

static void figures_are_the_same_for_any_threads(void)
{
    struct fixture one = fixture_new("kind", LAYERS, 1);
    struct fixture three = fixture_new("kind", LAYERS, 3);
    struct probe_job *a = probe_all(&one, PART_NONE, 250, 9);
    struct probe_job *b = probe_all(&three, PART_NONE, 250, 9);
    struct probe_job *c = probe_all(&one, PART_NONE, 250, 10);
    bool differ = false;

    check_int(probe_job_rows(a), 250);
    for (int layer = 0; layer <= LAYERS; layer++)
        for (int p = 0; p < POOLINGS; p++) {
            struct probe_score s = probe_job_score(a, 0, (enum pooling)p, layer);
            struct probe_score t = probe_job_score(b, 0, (enum pooling)p, layer);

            check(s.mean == t.mean && s.deviation == t.deviation);
            differ |= probe_job_score(c, 0, (enum pooling)p, layer).mean != s.mean;
        }
    check(differ);
    probe_job_type.free(a);
    probe_job_type.free(b);
    probe_job_type.free(c);
    fixture_done(&one);
    fixture_done(&three);
}

/* Two models beside each other are what each is alone. */
static void a_second_run_stands_beside(void)
{
    struct fixture f = fixture_new("yes", LAYERS, 2);
    struct fixture flat = fixture_new("yes", 0, 2);
    struct probe_request q = {.rows = {rows_of(&f, PART_TRAIN),
                                       rows_of(&flat, PART_TRAIN)},
                              .n_runs = 2, .pooled = {false, true, false},
                              .folds = FOLDS, .seed = 1};
    struct probe_job *both = probe_job_new(&q), *one, *other;
    struct error err = {0};

    check(job_run(&probe_job_type, both, &err));
    one = probe_all(&f, PART_TRAIN, 0, 1);
    other = probe_all(&flat, PART_TRAIN, 0, 1);
    check_int(probe_job_layers(both, 0), LAYERS);
    check_int(probe_job_layers(both, 1), 0);
    for (int layer = 0; layer <= LAYERS; layer++)
        check(probe_job_score(both, 0, POOLING_MEAN, layer).mean
              == probe_job_score(one, 0, POOLING_MEAN, layer).mean);
    check(probe_job_score(both, 1, POOLING_MEAN, 0).mean
          == probe_job_score(other, 0, POOLING_MEAN, 0).mean);
    check(probe_job_end_to_end(both, 1) == probe_job_end_to_end(other, 0));
    probe_job_type.free(both);
    probe_job_type.free(one);
    probe_job_type.free(other);
    fixture_done(&f);
    fixture_done(&flat);
}

/* A class of two rows cannot be in four folds. */
static void rare_classes_are_left_out(void)
{
    struct str text = {0};
    struct fixture f;
    struct probe_job *j;
    size_t rare = 0;

    str_puts(&text, "a,b,c\n");
    for (int i = 0; i < ROWS; i++)
        str_printf(&text, "%c,%c,%s\n", "pqrs"[i % 4], "tuvw"[i % 13 % 4],
                   i % 200 == 17 ? "rare" : i % 4 < 2 ? "k" : i % 3 ? "l" : "m");
    f = fixture_of(table_load(text.text, text.length), "c", NULL, 1, 3, 1);
    j = probe_all(&f, PART_TRAIN, 0, 1);
    for (size_t i = 0; i < ROWS; i++)
        rare += f.s.split->part[i] == PART_TRAIN && i % 200 == 17;
    check(rare > 0 && rare < FOLDS);
    check_int(probe_job_rows(j), f.s.split->count[PART_TRAIN] - rare);
    check(strstr(probe_job_note(j), "of classes with fewer than 4 rows") != NULL);
    check(probe_job_score(j, 0, POOLING_CONCAT, 0).mean > 0.6);
    probe_job_type.free(j);
    fixture_done(&f);
    str_done(&text);
}

static void too_few_rows_are_refused(void)
{
    static const char *const targets[] = {"yes", "price"};
    static const char *const said[] = {
        "a probe of 4 folds needs two classes with as many rows each, and there is none",
        "a probe of 4 folds needs 8 rows with a target, and there are 3"};

    for (int t = 0; t < 2; t++) {
        struct fixture f = fixture_new(targets[t], 1, 1);
        struct probe_request q = {.rows = {rows_of(&f, PART_TEST)}, .n_runs = 1,
                                  .pooled = {true, false, false}, .folds = FOLDS,
                                  .most = 3, .seed = 1};
        struct probe_job *j = probe_job_new(&q);
        struct error err = {0};

        check(!job_run(&probe_job_type, j, &err));
        check_str(err.text, said[t]);
        probe_job_type.free(j);
        fixture_done(&f);
    }
}

static void stop_everywhere(const char *target)
{
    struct fixture f = fixture_new(target, 1, 1);
    struct probe_request q = {.rows = {rows_of(&f, PART_TEST)}, .n_runs = 1,
                              .pooled = {true, true, false}, .folds = FOLDS, .seed = 1};
    struct error err = {0};

    for (int slices = 0; slices < 40; slices++) {
        struct probe_job *j = probe_job_new(&q);

        for (int i = 0; i < slices; i++)
            check(probe_job_type.run(j, &err) == STEP_MORE);
        probe_job_type.publish(j);
        check(probe_job_share(j) >= 0 && probe_job_share(j) < 1);
        probe_job_type.free(j);
    }
    fixture_done(&f);
}

/* Whatever slice it is stopped after, nothing leaks and nothing is left running. */
static void it_can_be_stopped_anywhere(void)
{
    stop_everywhere("yes");
    stop_everywhere("price");
}

int main(void)
{
    test_run(layers_are_probed_as_by_hand);
    test_run(what_is_in_a_layer_is_found);
    test_run(numbers_are_probed_too);
    test_run(figures_are_the_same_for_any_threads);
    test_run(a_second_run_stands_beside);
    test_run(rare_classes_are_left_out);
    test_run(too_few_rows_are_refused);
    test_run(it_can_be_stopped_anywhere);
    return test_done();
}
