/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every operation and whole models, built with real = double, against central
 * differences. Each parameter tensor's relative error must be below 1e-6.
 */
#include <float.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/logistic.h"
#include "model/mlp.h"
#include "model/pretrain.h"
#include "model/tabnet.h"
#include "model/vib.h"
#include "test.h"

#define LIMIT 1e-6
#define H 2e-6 /* so small that few SELUs pass their kink */
#define ROWS 21 /* not a multiple of LANES */

struct subject {
    struct params *params;
    struct graph *graph;
    struct pool *pool;
    struct graph_input input;
};

/* ---- data ---- */

static int32_t *random_codes(int columns, const int *classes)
{
    struct rng r = rng_make(3, RNG_TEST, 0);
    int32_t *codes = xcalloc((size_t)(ROWS * columns) + 1, sizeof *codes);

    for (int i = 0; i < ROWS * columns; i++)
        codes[i] = (int32_t)rng_below(&r, (uint64_t)classes[i % columns] + 1);
    return codes;
}

static float *random_floats(int n, int classes)
{
    struct rng r = rng_make(4, RNG_TEST, (uint64_t)(n + classes));
    float *v = xcalloc((size_t)n + 1, sizeof *v);

    for (int i = 0; i < n; i++)
        v[i] = classes ? (float)rng_below(&r, (uint64_t)classes) : (float)rng_normal(&r);
    return v;
}

static void give_input(struct subject *s, const struct model_shape *shape)
{
    int classes = shape->loss == LOSS_SQUARED ? 0
                  : shape->outputs == 1 ? 2 : shape->outputs;
    float *weight = random_floats(ROWS, 0);

    for (int i = 0; i < ROWS; i++)
        weight[i] = 0.5f + weight[i] * weight[i];
    s->input = (struct graph_input){
        .rows = ROWS, .codes = random_codes(shape->columns, shape->classes),
        .values = random_floats(ROWS * shape->continuous, 0),
        .target = random_floats(ROWS, classes), .weight = weight,
    };
}

static void subject_done(struct subject *s)
{
    graph_free(s->graph);
    params_free(s->params);
    pool_free(s->pool);
    free((void *)s->input.codes);
    free((void *)s->input.values);
    free((void *)s->input.target);
    free((void *)s->input.weight);
    free((void *)s->input.answers);
    free((void *)s->input.clean);
}

/* ---- the check ---- */

static bool start(struct subject *s)
{
    struct graph_plan plan = {ROWS, true, false};
    struct error err = {0};

    s->pool = pool_new(1, &err);
    graph_plan(s->graph, &plan);
    return check(params_allocate(s->params, 5, &err)
                 && params_allocate_training(s->params, graph_lanes(s->graph), &err)
                 && graph_allocate(s->graph, s->pool, &err));
}

/* Norms and biases start at 1 and 0, where errors could hide. */
static void shake(struct params *p)
{
    struct rng r = rng_make(6, RNG_TEST, 0);

    for (size_t i = 0; i < params_trainable(p); i++)
        p->value[i] += 0.1 * rng_normal(&r);
}

static double loss_at(struct subject *s, real *w, double x)
{
    double before = *w, loss;

    *w = x;
    loss = graph_train_forward(s->graph, &s->input, 9);
    *w = before;
    return loss;
}

static double difference(struct subject *s, real *w)
{
    double x = *w;

    return (loss_at(s, w, x + H) - loss_at(s, w, x - H)) / (2 * H);
}

/* What rounding of the loss leaves in n differences that should be zero. */
static double rounding(double loss, size_t n)
{
    return 4 * DBL_EPSILON * fmax(1, fabs(loss)) / (2 * H) * sqrt((double)n);
}

static void check_parameter(struct subject *s, int i, double loss)
{
    const struct param *p = &s->params->list[i];
    double off = 0, size = 0;

    for (size_t k = 0; k < p->count; k++) {
        double got = param_gradient(s->params, i)[k];
        double want = difference(s, &param_value(s->params, i)[k]);

        off += (got - want) * (got - want);
        size += got * got + want * want;
    }
    if (!(sqrt(off) <= LIMIT * sqrt(size) || sqrt(off) < rounding(loss, p->count))) {
        printf("# %s: relative error %g of norm %g\n", p->name, sqrt(off / size),
               sqrt(size / 2));
        test_bad++;
    }
}

static void check_gradients(struct subject *s)
{
    double loss;

    if (!start(s))
        return;
    shake(s->params);
    loss = graph_train_forward(s->graph, &s->input, 9);
    graph_backward(s->graph);
    params_sum(s->params, kernels_best());
    for (int i = 0; i < s->params->n; i++)
        if (s->params->list[i].kind != PARAM_BUFFER)
            check_parameter(s, i, loss);
}

/* ---- single operations, between an embedding and a linear map to the loss ---- */

static const int classes3[] = {3, 5, 2};
static const struct model_shape three_columns = {
    .columns = 3, .classes = classes3, .outputs = 1, .loss = LOSS_SQUARED};

static struct model_shape shape_of(int columns, const int *classes, int continuous,
                                   int outputs, enum loss loss)
{
    return (struct model_shape){.columns = columns, .classes = classes,
                                .continuous = continuous, .outputs = outputs,
                                .loss = loss};
}

/* Appends the operation to look at; d is the width of x. */
typedef struct tensor *operation(struct graph *g, struct tensor *x, int d);

static void check_operation(int d, operation *body, operation *head)
{
    struct subject s = {.params = params_new()};
    struct tensor *x;

    s.graph = graph_new(s.params);
    x = graph_embedding(s.graph, 3, classes3, d, d / 4);
    if (body)
        x = body(s.graph, x, d);
    x = graph_concatenate(s.graph, x, NULL);
    if (head)
        x = head(s.graph, x, 3 * d);
    graph_loss(s.graph, graph_linear(s.graph, x, 1, "out", ACTIVATION_NONE),
               LOSS_SQUARED);
    give_input(&s, &three_columns);
    check_gradients(&s);
    subject_done(&s);
}

static struct tensor *linear_body(struct graph *g, struct tensor *x, int d)
{
    return graph_linear(g, x, d, "linear", ACTIVATION_NONE);
}

static struct tensor *gelu_body(struct graph *g, struct tensor *x, int d)
{
    return graph_gelu(g, linear_body(g, x, d), 0.3);
}

static struct tensor *add_norm_body(struct graph *g, struct tensor *x, int d)
{
    return graph_add_norm(g, x, linear_body(g, x, d), "norm");
}

static struct tensor *attend(struct graph *g, struct tensor *x, int heads, double dropout)
{
    return graph_attention(g, graph_query_key_value(g, x, "attention"), heads, dropout);
}

static struct tensor *attention_1(struct graph *g, struct tensor *x, int d)
{
    return attend(g, x, d, 0);
}

static struct tensor *attention_2(struct graph *g, struct tensor *x, int d)
{
    return attend(g, x, d / 2, 0.2);
}

static struct tensor *attention_4(struct graph *g, struct tensor *x, int d)
{
    return attend(g, x, d / 4, 0.2);
}

static struct tensor *attention_8(struct graph *g, struct tensor *x, int d)
{
    return attend(g, x, d / 8, 0);
}

static struct tensor *attention_all(struct graph *g, struct tensor *x, int d)
{
    (void)d;
    return attend(g, x, 1, 0.2);
}

static struct tensor *selu_head(struct graph *g, struct tensor *x, int d)
{
    return graph_linear(g, x, d + 1, "selu", ACTIVATION_SELU);
}

static struct tensor *batch_norm_head(struct graph *g, struct tensor *x, int d)
{
    return graph_batch_norm(g, selu_head(g, x, d), "norm");
}

static struct tensor *dropout_head(struct graph *g, struct tensor *x, int d)
{
    return graph_dropout(g, batch_norm_head(g, x, d), 0.4);
}

static struct tensor *dropout_after_selu(struct graph *g, struct tensor *x, int d)
{
    return graph_dropout(g, selu_head(g, x, d), 0.4);
}

static void embedding(void) { check_operation(8, NULL, NULL); }
static void linear(void) { check_operation(8, linear_body, NULL); }
static void linear_odd_width(void) { check_operation(7, linear_body, NULL); }
static void gelu_with_dropout(void) { check_operation(8, gelu_body, NULL); }
static void residual_and_norm(void) { check_operation(8, add_norm_body, NULL); }
static void attention_head_width_1(void) { check_operation(8, attention_1, NULL); }
static void attention_head_width_2(void) { check_operation(8, attention_2, NULL); }
static void attention_head_width_4(void) { check_operation(8, attention_4, NULL); }
static void attention_head_width_8(void) { check_operation(16, attention_8, NULL); }
static void attention_head_width_7(void) { check_operation(7, attention_all, NULL); }
static void selu(void) { check_operation(8, NULL, selu_head); }
static void batch_norm(void) { check_operation(8, NULL, batch_norm_head); }
static void dropout(void) { check_operation(8, NULL, dropout_head); }
static void dropout_without_norm(void) { check_operation(8, NULL, dropout_after_selu); }

/* ---- operations of TabNet, on rows ---- */

enum { VIRTUAL = 16 }; /* so that 21 rows are two virtual batches */

/* Appends the operation to look at; x has 8 features. */
static void check_rows(operation *rows)
{
    struct subject s = {.params = params_new()};
    struct model_shape shape = shape_of(2, classes3, 0, 1, LOSS_SQUARED);
    struct tensor *x;

    s.graph = graph_new(s.params);
    x = graph_concatenate(s.graph, graph_embedding(s.graph, 2, classes3, 4, 0), NULL);
    x = rows(s.graph, graph_rows(s.graph, x), 8);
    x = graph_concatenate(s.graph, x, NULL);
    graph_loss(s.graph, graph_linear(s.graph, x, 1, "out", ACTIVATION_NONE),
               LOSS_SQUARED);
    give_input(&s, &shape);
    check_gradients(&s);
    subject_done(&s);
}

static struct tensor *shared_linear(struct graph *g, struct tensor *x, int out,
                                    const char *name)
{
    return graph_linear_shared(g, x, out, name, name, 0.5);
}

static struct tensor *one_weight_twice(struct graph *g, struct tensor *x, int d)
{
    x = graph_linear_shared(g, x, d, "first", "both", 0.5);
    return graph_linear_shared(g, x, d, "second", "both", 0.5);
}

static struct tensor *ghost(struct graph *g, struct tensor *x, int d)
{
    return graph_ghost_norm(g, shared_linear(g, x, d + 1, "linear"), VIRTUAL, "norm");
}

/* The residual has another use, before it and behind. */
static struct tensor *glu_rows(struct graph *g, struct tensor *x, int d)
{
    struct tensor *y = graph_glu(g, shared_linear(g, x, 2 * d, "first"), NULL, "glu");

    return graph_glu(g, shared_linear(g, y, 2 * d, "second"), y, "glu2");
}

static struct tensor *two_masks(struct graph *g, struct tensor *x, bool sparse,
                                double entropy)
{
    int d = graph_features(x);
    struct tensor *first = graph_mask(g, shared_linear(g, x, d, "m1"), NULL, sparse,
                                      entropy, "mask1");
    struct tensor *prior = graph_prior(g, first, NULL, 1.3, "prior1"), *second, *third;

    second = graph_mask(g, shared_linear(g, x, d, "m2"), prior, sparse, entropy, "mask2");
    prior = graph_prior(g, second, prior, 1.3, "prior2");
    third = graph_mask(g, shared_linear(g, x, d, "m3"), prior, sparse, 0, "mask3");
    x = graph_multiply(g, first, x, "x1");
    return graph_multiply(g, third, graph_multiply(g, second, x, "x2"), "x3");
}

static struct tensor *sparsemax_rows(struct graph *g, struct tensor *x, int d)
{
    (void)d;
    return two_masks(g, x, true, 0);
}

static struct tensor *sparsemax_entropy_rows(struct graph *g, struct tensor *x, int d)
{
    (void)d;
    return two_masks(g, x, true, 0.3);
}

static struct tensor *softmax_rows(struct graph *g, struct tensor *x, int d)
{
    (void)d;
    return two_masks(g, x, false, 0.3);
}

/* Features of x that nobody takes, that one takes, and that two do. */
static struct tensor *decision_rows(struct graph *g, struct tensor *x, int d)
{
    struct tensor *y = shared_linear(g, x, d, "first");
    struct tensor *z = shared_linear(g, x, d, "second");
    struct tensor *total = graph_decision(g, y, NULL, d / 2, "decision1");
    struct tensor *part = graph_part(g, y, d / 2, d / 4, "part");

    total = graph_decision(g, z, total, d / 2, "decision2");
    return graph_multiply(g, shared_linear(g, part, d / 2, "third"), total, "product");
}

static void shared_weights(void) { check_rows(one_weight_twice); }
static void ghost_norm(void) { check_rows(ghost); }
static void gated_linear_unit(void) { check_rows(glu_rows); }
static void sparsemax(void) { check_rows(sparsemax_rows); }
static void sparsemax_with_entropy(void) { check_rows(sparsemax_entropy_rows); }
static void softmax_with_entropy(void) { check_rows(softmax_rows); }
static void decisions_and_parts(void) { check_rows(decision_rows); }

/* ---- whole models ---- */

static struct model_options small_options(void)
{
    struct model_options o = model_defaults();

    o.dim = 8;
    o.layers = 2;
    o.heads = 2;
    o.head_hidden1 = 2;
    o.head_hidden2 = 1;
    o.dropout = o.head_dropout = 0.2;
    return o;
}

typedef void describe(struct graph *g, const struct model_options *o,
                      const struct model_shape *s);

static void check_kind(describe *kind, const struct model_options *o,
                       const struct model_shape *shape)
{
    struct subject s = {.params = params_new()};

    s.graph = graph_new(s.params);
    kind(s.graph, o, shape);
    give_input(&s, shape);
    check_gradients(&s);
    subject_done(&s);
}

static void check_model(const struct model_options *o, const struct model_shape *shape)
{
    check_kind(tabtransformer_describe, o, shape);
}

static void binary_model(void)
{
    struct model_options o = small_options();
    struct model_shape s = shape_of(3, classes3, 2, 1, LOSS_BINARY);

    check_model(&o, &s);
}

static void multiclass_model_with_row_norm(void)
{
    struct model_options o = small_options();
    struct model_shape s = shape_of(3, classes3, 3, 4, LOSS_MULTICLASS);

    o.continuous_norm = true;
    o.head_norm = HEAD_NORM_NO;
    check_model(&o, &s);
}

static void regression_model_of_many_columns(void)
{
    /* more than ROWS of a map */
    static const int classes[] = {2, 2, 3, 2, 2, 2, 2, 2, 4, 2, 2};
    struct model_options o = small_options();
    struct model_shape s = shape_of(11, classes, 1, 1, LOSS_SQUARED);

    o.dim = 4;
    o.identifier = 0;
    check_model(&o, &s);
}

static void model_without_layers(void)
{
    struct model_options o = small_options();
    struct model_shape s = shape_of(3, classes3, 2, 1, LOSS_BINARY);

    o.layers = 0;
    check_model(&o, &s);
}

static void model_of_continuous_columns(void)
{
    struct model_options o = small_options();
    struct model_shape s = shape_of(0, NULL, 5, 1, LOSS_BINARY);

    check_model(&o, &s);
}

static void model_of_one_column(void)
{
    static const int classes[] = {4};
    struct model_options o = small_options();
    struct model_shape s = shape_of(1, classes, 0, 3, LOSS_MULTICLASS);

    check_model(&o, &s);
}

/* ---- continuous columns as tokens ---- */

static const float edges4[] = {-1.1f, -0.2f, 0.1f, 1.3f}, edges2[] = {-0.5f, 0.4f};

/* Of five values a row: two in bins, one of them with missing cells; one of which only
 * that is known; and nothing of the last. A normal number is above 0 in half of the
 * rows. */
static const struct number_column three_numbers[] = {
    {.value = 0, .missing = 1, .n_edges = 4, .edges = edges4},
    {.value = 2, .missing = -1, .n_edges = 2, .edges = edges2},
    {.value = -1, .missing = 3},
};

static struct model_shape shape_with_numbers(int columns)
{
    struct model_shape s = shape_of(columns, classes3, 5, 1, LOSS_BINARY);

    s.numbers = 3;
    s.number = three_numbers;
    return s;
}

/* Tokens are what is asked about here, not what goes on above them. */
static struct model_options smaller_options(void)
{
    struct model_options o = small_options();

    o.dim = 4;
    o.layers = 1;
    o.head_hidden1 = o.head_hidden2 = 1;
    return o;
}

static void numbers_in_bins(void)
{
    struct model_options o = smaller_options();
    struct model_shape s = shape_with_numbers(3);

    o.continuous = CONTINUOUS_TOKENS;
    check_model(&o, &s);
    o.continuous = CONTINUOUS_BOTH;
    o.identifier = 0;
    check_model(&o, &s);
}

static void periodic_numbers(void)
{
    struct model_options o = smaller_options();
    struct model_shape s = shape_with_numbers(3);

    o.continuous = CONTINUOUS_TOKENS;
    o.numbers = NUMBERS_PERIODIC;
    o.frequencies = 5;
    check_model(&o, &s);
}

static void numbers_alone(void)
{
    struct model_options o = smaller_options();
    struct model_shape s = shape_with_numbers(0);

    o.continuous = CONTINUOUS_TOKENS;
    check_model(&o, &s);
}

static void readout_of_one_column(void)
{
    struct model_options o = smaller_options();
    struct model_shape s = shape_with_numbers(3);
    struct model_shape plain = shape_of(3, classes3, 2, 1, LOSS_BINARY);

    o.readout = READOUT_CLS;
    check_model(&o, &plain);
    o.continuous = CONTINUOUS_TOKENS;
    check_model(&o, &s);
    o.continuous = CONTINUOUS_BOTH;
    check_model(&o, &s);
}

/* ---- rivals ---- */

static void mlp_of_vectors(void)
{
    struct model_options o = small_options();
    struct model_shape s = shape_of(3, classes3, 2, 1, LOSS_BINARY);

    check_kind(mlp_describe, &o, &s);
}

static void mlp_of_one_hot_columns(void)
{
    struct model_options o = small_options();
    struct model_shape s = shape_of(3, classes3, 2, 4, LOSS_MULTICLASS);

    o.encoding = ENCODING_ONE_HOT;
    check_kind(mlp_describe, &o, &s);
    o.head_hidden1 = 16; /* two chunks of features */
    o.continuous_norm = true;
    check_kind(mlp_describe, &o, &s);
}

static void logistic_regression(void)
{
    struct model_options o = small_options();
    struct model_shape s = shape_of(3, classes3, 2, 1, LOSS_BINARY);
    struct model_shape no_columns = shape_of(0, NULL, 4, 3, LOSS_MULTICLASS);
    struct model_shape only_columns = shape_of(3, classes3, 0, 1, LOSS_SQUARED);

    check_kind(logistic_describe, &o, &s);
    check_kind(logistic_describe, &o, &no_columns);
    check_kind(logistic_describe, &o, &only_columns);
}

/* What logistic regression of one column comes to: the logarithm of the odds in each of
 * its classes, or of several targets' shares. Returns the loss there. */
static double set_to_shares(struct subject *s, int codes, int outputs)
{
    real *w = param_value(s->params, params_find(s->params, "columns.0.weight"));
    real *bias = param_value(s->params, params_find(s->params, "head.out.bias"));
    int classes = outputs == 1 ? 2 : outputs;
    double n[8][4] = {{0}}, all[8] = {0}, total = 0, loss = 0;

    for (int r = 0; r < ROWS; r++) {
        double weight = (double)s->input.weight[r];

        n[s->input.codes[r]][(int)s->input.target[r]] += weight;
        all[s->input.codes[r]] += weight;
        total += weight;
    }
    for (int o = 0; o < outputs; o++)
        bias[o] = 0;
    for (int c = 0; c < codes; c++) {
        for (int o = 0; o < outputs; o++)
            w[c * outputs + o] = outputs == 1 ? log(n[c][1] / n[c][0]) : log(n[c][o]);
        for (int k = 0; k < classes; k++) {
            check(n[c][k] > 0);
            loss -= n[c][k] / total * log(n[c][k] / all[c]);
        }
    }
    return loss;
}

static void check_optimum(int outputs, enum loss loss)
{
    static const int classes[] = {1};
    struct model_options o = small_options();
    struct model_shape shape = shape_of(1, classes, 0, outputs, loss);
    struct subject s = {.params = params_new()};
    double want;

    s.graph = graph_new(s.params);
    logistic_describe(s.graph, &o, &shape);
    give_input(&s, &shape);
    if (start(&s)) {
        want = set_to_shares(&s, classes[0] + 1, outputs);
        check_near(graph_train_forward(s.graph, &s.input, 9), want, 1e-12);
        graph_backward(s.graph);
        params_sum(s.params, kernels_best());
        for (size_t i = 0; i < params_trainable(s.params); i++)
            check_near(s.params->gradient[i], 0, 1e-14);
    }
    subject_done(&s);
}

static void logistic_regression_at_its_optimum(void)
{
    check_optimum(1, LOSS_BINARY);
    check_optimum(3, LOSS_MULTICLASS);
}

static void bottleneck(void)
{
    struct model_options o = small_options();
    struct model_shape binary = shape_of(3, classes3, 2, 1, LOSS_BINARY);
    struct model_shape classes = shape_of(0, NULL, 4, 3, LOSS_MULTICLASS);
    struct model_shape number = shape_of(3, classes3, 0, 1, LOSS_SQUARED);

    o.latent = 3;
    o.components = 4;
    o.beta = 0.3;
    check_kind(vib_describe, &o, &binary);
    check_kind(vib_describe, &o, &classes);
    o.encoding = ENCODING_ONE_HOT;
    check_kind(vib_describe, &o, &number);
}

static void check_tabnet(enum model_mask mask, const struct model_shape *shape)
{
    struct model_options o = small_options();

    o.steps = mask == MASK_SPARSEMAX ? 2 : 3; /* the third makes much of rounding */
    o.width = 4;
    o.category_dim = 2;
    o.mask = mask;
    o.sparsity = 0.1;
    o.virtual_batch = VIRTUAL;
    check_kind(tabnet_describe, &o, shape);
}

static void tabnet_with_sparsemax(void)
{
    struct model_shape binary = shape_of(3, classes3, 2, 1, LOSS_BINARY);
    struct model_shape numbers = shape_of(0, NULL, 5, 3, LOSS_MULTICLASS);
    struct model_shape columns = shape_of(3, classes3, 0, 1, LOSS_SQUARED);

    check_tabnet(MASK_SPARSEMAX, &binary);
    check_tabnet(MASK_SPARSEMAX, &numbers);
    check_tabnet(MASK_SPARSEMAX, &columns);
}

static void tabnet_with_softmax(void)
{
    struct model_shape binary = shape_of(3, classes3, 2, 1, LOSS_BINARY);

    check_tabnet(MASK_SOFTMAX, &binary);
}

/* ---- rows without labels ---- */

static void check_unlabeled(describe *model, enum unlabeled kind, int outputs,
                            enum loss loss)
{
    struct model_options o = small_options();
    struct model_shape shape = shape_of(3, classes3, 2, outputs, loss);
    struct subject s = {.params = params_new()};

    s.graph = graph_new(s.params);
    model(s.graph, &o, &shape);
    give_input(&s, &shape);
    s.input.unlabeled = kind;
    s.input.scale = 0.7;
    check_gradients(&s);
    subject_done(&s);
}

static void entropy_of_predictions(void)
{
    check_unlabeled(mlp_describe, UNLABELED_ENTROPY, 1, LOSS_BINARY);
    check_unlabeled(mlp_describe, UNLABELED_ENTROPY, 4, LOSS_MULTICLASS);
}

/* Masks have no part in the loss there. */
static void entropy_of_a_tabnet(void)
{
    check_unlabeled(tabnet_describe, UNLABELED_ENTROPY, 1, LOSS_BINARY);
}

static void pseudo_labels(void)
{
    check_unlabeled(mlp_describe, UNLABELED_PSEUDO, 1, LOSS_BINARY);
    check_unlabeled(mlp_describe, UNLABELED_PSEUDO, 4, LOSS_MULTICLASS);
}

/* ---- pre-training ---- */

/* Answers 1..classes for MLM where asked, or 0 and 1. */
static int32_t *random_answers(const struct model_shape *s, enum pretext pretext)
{
    struct rng r = rng_make(8, RNG_TEST, 0);
    int32_t *answers = xcalloc((size_t)(ROWS * s->columns), sizeof *answers);

    for (int i = 0; i < ROWS * s->columns; i++) {
        uint64_t most = pretext == PRETEXT_MLM ? (uint64_t)s->classes[i % s->columns] : 1;

        if (rng_uniform(&r) < 0.4)
            answers[i] = (int32_t)(1 + rng_below(&r, most));
    }
    return answers;
}

static void check_pretext(const struct model_options *o, const struct model_shape *shape,
                          enum pretext pretext)
{
    struct subject s = {.params = params_new()};

    s.graph = graph_new(s.params);
    pretrain_describe(s.graph, o, shape, pretext);
    give_input(&s, shape);
    s.input.answers = random_answers(shape, pretext);
    check_gradients(&s);
    subject_done(&s);
}

static void classifiers_alone(enum pretext pretext)
{
    struct model_options o = small_options();

    o.layers = 0;
    check_pretext(&o, &three_columns, pretext);
}

static void column_logits(void) { classifiers_alone(PRETEXT_RTD); }
static void column_classifiers(void) { classifiers_alone(PRETEXT_MLM); }

static void classifier_of_many_classes(void)
{
    static const int classes[] = {150, 1}; /* three pieces of logits */
    struct model_options o = small_options();
    struct model_shape s = shape_of(2, classes, 0, 1, LOSS_SQUARED);

    o.dim = 4;
    o.layers = 0;
    check_pretext(&o, &s, PRETEXT_MLM);
}

static void mlm_model(void)
{
    struct model_options o = small_options();

    check_pretext(&o, &three_columns, PRETEXT_MLM);
}

static void check_dae(const struct model_options *o, const struct model_shape *shape)
{
    struct subject s = {.params = params_new()};

    s.graph = graph_new(s.params);
    pretrain_describe(s.graph, o, shape, PRETEXT_DAE);
    give_input(&s, shape);
    s.input.answers = random_codes(shape->columns, shape->classes);
    s.input.clean = random_floats(ROWS * shape->continuous + 1, 0);
    check_gradients(&s);
    subject_done(&s);
}

static void dae_model(void)
{
    struct model_options o = smaller_options();
    struct model_shape s = shape_of(3, classes3, 2, 1, LOSS_SQUARED);
    struct model_shape numbers = shape_of(0, NULL, 4, 1, LOSS_SQUARED);
    struct model_shape classes = shape_of(3, classes3, 0, 1, LOSS_SQUARED);

    o.kind = MODEL_MLP;
    check_dae(&o, &s);
    check_dae(&o, &numbers);
    check_dae(&o, &classes);
    o.encoding = ENCODING_ONE_HOT;
    o.head_norm = HEAD_NORM_NO;
    check_dae(&o, &s);
}

static void pretexts_beside_numbers(void)
{
    struct model_options o = smaller_options();
    struct model_shape s = shape_with_numbers(3);

    o.continuous = CONTINUOUS_TOKENS;
    check_pretext(&o, &s, PRETEXT_MLM);
    check_pretext(&o, &s, PRETEXT_RTD);
    o.readout = READOUT_CLS;
    o.numbers = NUMBERS_PERIODIC;
    check_pretext(&o, &s, PRETEXT_MLM);
    check_pretext(&o, &s, PRETEXT_RTD);
}

static void rtd_model(void)
{
    struct model_options o = small_options();

    check_pretext(&o, &three_columns, PRETEXT_RTD);
}

int main(void)
{
    test_run(embedding);
    test_run(linear);
    test_run(linear_odd_width);
    test_run(gelu_with_dropout);
    test_run(residual_and_norm);
    test_run(attention_head_width_1);
    test_run(attention_head_width_2);
    test_run(attention_head_width_4);
    test_run(attention_head_width_8);
    test_run(attention_head_width_7);
    test_run(selu);
    test_run(batch_norm);
    test_run(dropout);
    test_run(dropout_without_norm);
    test_run(shared_weights);
    test_run(ghost_norm);
    test_run(gated_linear_unit);
    test_run(sparsemax);
    test_run(sparsemax_with_entropy);
    test_run(softmax_with_entropy);
    test_run(decisions_and_parts);
    test_run(binary_model);
    test_run(multiclass_model_with_row_norm);
    test_run(regression_model_of_many_columns);
    test_run(model_without_layers);
    test_run(model_of_continuous_columns);
    test_run(model_of_one_column);
    test_run(numbers_in_bins);
    test_run(periodic_numbers);
    test_run(numbers_alone);
    test_run(readout_of_one_column);
    test_run(mlp_of_vectors);
    test_run(mlp_of_one_hot_columns);
    test_run(logistic_regression);
    test_run(logistic_regression_at_its_optimum);
    test_run(bottleneck);
    test_run(tabnet_with_sparsemax);
    test_run(tabnet_with_softmax);
    test_run(entropy_of_predictions);
    test_run(entropy_of_a_tabnet);
    test_run(pseudo_labels);
    test_run(column_logits);
    test_run(column_classifiers);
    test_run(classifier_of_many_classes);
    test_run(mlm_model);
    test_run(rtd_model);
    test_run(pretexts_beside_numbers);
    test_run(dae_model);
    return test_done();
}
