/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/bins.h"
#include "data/feature.h"
#include "model/gbdt.h"
#include "model/logistic.h"
#include "model/mlp.h"
#include "model/pretrain.h"
#include "model/private.h"
#include "model/tabnet.h"
#include "model/vib.h"
#include "nn/prune.h"

struct model {
    struct model_options options;
    enum pretext pretext;
    struct encoder *encoder;
    struct params *params;   /* none of a GBDT */
    struct gbdt *gbdt;       /* or NULL */
    unsigned char **brought; /* (columns) codes whose vectors came with a body; or NULL */
    struct graph *infer;     /* planned for INFER_ROWS, or NULL */
    struct pool *infer_pool; /* the pool that it was allocated for */
    atomic_int references;
};

/* ---- shape ---- */

/* The shape, and what it points to. */
struct owned_shape {
    struct model_shape shape;
    int *classes;
    struct number_column *numbers;
    float **edges; /* (numbers) */
};

float *model_scaled_edges(const struct feature *f)
{
    float *edges = xcalloc((size_t)f->n_edges + 1, sizeof *edges);

    for (int i = 0; i < f->n_edges; i++)
        edges[i] = feature_scale(f, f->edges[i]);
    return edges;
}

static void add_numbers(struct owned_shape *s, const struct encoder *e)
{
    struct bins_column *numbers = xcalloc((size_t)e->n_continuous + 1, sizeof *numbers);
    int n = bins_numbers(e, numbers);

    s->numbers = xcalloc((size_t)n + 1, sizeof *s->numbers);
    s->edges = xcalloc((size_t)n + 1, sizeof *s->edges);
    for (int i = 0; i < n; i++) {
        const struct bins_column *q = &numbers[i];

        s->numbers[i] = (struct number_column){.value = q->value, .missing = q->missing};
        if (q->value < 0)
            continue;
        s->edges[i] = model_scaled_edges(&e->continuous[q->value]);
        s->numbers[i].edges = s->edges[i];
        s->numbers[i].n_edges = e->continuous[q->value].n_edges;
    }
    s->shape.numbers = n;
    s->shape.number = s->numbers;
    free(numbers);
}

static void shape_init(struct owned_shape *s, const struct model_options *o,
                       const struct encoder *e)
{
    *s = (struct owned_shape){.shape = {.columns = e->n_categorical, .outputs = 1,
                                        .continuous = e->n_continuous}};
    s->classes = xcalloc((size_t)e->n_categorical + 1, sizeof *s->classes);
    for (int i = 0; i < e->n_categorical; i++)
        s->classes[i] = e->categorical[i].classes;
    s->shape.classes = s->classes;
    if (o->continuous != CONTINUOUS_FEATURES)
        add_numbers(s, e);
    s->shape.loss = e->task == TASK_REGRESSION ? LOSS_SQUARED : LOSS_BINARY;
    if (e->task == TASK_MULTICLASS) {
        s->shape.loss = LOSS_MULTICLASS;
        s->shape.outputs = e->n_classes;
    }
}

static void shape_done(struct owned_shape *s)
{
    for (int i = 0; i < s->shape.numbers; i++)
        free(s->edges[i]);
    free(s->edges);
    free(s->numbers);
    free(s->classes);
}

static void describe(struct graph *g, const struct model_options *o,
                     const struct model_shape *s)
{
    switch (o->kind) {
    case MODEL_MLP:
    case MODEL_SPARSE_MLP: mlp_describe(g, o, s); break;
    case MODEL_VIB: vib_describe(g, o, s); break;
    case MODEL_TABNET: tabnet_describe(g, o, s); break;
    case MODEL_LOGISTIC: logistic_describe(g, o, s); break;
    default: tabtransformer_describe(g, o, s);
    }
}

struct graph *model_describe(const struct model_options *o, const struct encoder *e,
                             enum pretext pretext, struct params *p)
{
    struct graph *g = graph_new(p);
    struct owned_shape s;

    shape_init(&s, o, e);
    if (pretext == PRETEXT_NONE)
        describe(g, o, &s.shape);
    else
        pretrain_describe(g, o, &s.shape, pretext);
    shape_done(&s);
    return g;
}

struct graph *model_graph(struct model *m)
{
    return model_describe(&m->options, m->encoder, m->pretext, m->params);
}

/* ---- life ---- */

const char *pretext_name(enum pretext pretext)
{
    static const char *const names[PRETEXTS] = {"none", "mlm", "rtd", "dae"};

    return names[pretext];
}

bool pretext_parse(const char *name, enum pretext *pretext)
{
    for (int i = 0; name && i < PRETEXTS; i++)
        if (strcmp(name, pretext_name((enum pretext)i)) == 0) {
            *pretext = (enum pretext)i;
            return true;
        }
    return false;
}

/* What kind of model learns by that. */
static bool check_pretext(const struct model_options *o, const struct encoder *e,
                          enum pretext pretext, struct error *err)
{
    if (pretext == PRETEXT_NONE)
        return true;
    if (pretext == PRETEXT_DAE)
        return o->kind == MODEL_MLP
            || error_set(err, ERROR_USAGE, "dae pre-trains an MLP, not model.kind %s: say "
                         "`set model.kind mlp`", model_kind_name(o->kind));
    if (e->n_categorical == 0)
        return error_set(err, ERROR_STATE, "pre-training learns from categorical "
                         "columns, and there is none: mark some columns categorical");
    if (o->kind != MODEL_TABTRANSFORMER)
        return error_set(err, ERROR_USAGE, "only a TabTransformer is pre-trained by %s, not "
                         "model.kind %s: say `set model.kind tabtransformer`%s",
                         pretext_name(pretext), model_kind_name(o->kind),
                         o->kind == MODEL_MLP ? " or `pretrain dae`" : "");
    return true;
}

bool model_fits(const struct model_options *o, const struct encoder *e,
                enum pretext pretext, struct error *err)
{
    if (!model_check(o, err))
        return false;
    if (o->kind != MODEL_TABTRANSFORMER && model_has_tokens(o))
        return error_set(err, ERROR_USAGE, "only a TabTransformer has model.continuous "
                         "tokens and model.readout cls, not model.kind %s",
                         model_kind_name(o->kind));
    if (e->n_categorical + e->n_continuous == 0)
        return error_set(err, ERROR_STATE, "no input column: mark some columns "
                         "categorical or continuous");
    if (!check_pretext(o, e, pretext, err))
        return false;
    if (pretext == PRETEXT_NONE && e->task == TASK_NONE)
        return error_set(err, ERROR_STATE, "no target: choose one with `target COLUMN`");
    return true;
}

/* Parameters in place, not yet any memory. */
static struct model *model_draft(const struct model_options *o, struct encoder *encoder,
                                 enum pretext pretext)
{
    struct model *m = xcalloc(1, sizeof *m);

    atomic_init(&m->references, 1);
    m->options = *o;
    m->pretext = pretext;
    m->encoder = encoder_ref(encoder);
    m->params = params_new();
    if (o->kind == MODEL_GBDT)
        m->gbdt = gbdt_new(encoder);
    else
        graph_free(model_graph(m));
    return m;
}

struct model *model_new(const struct model_options *o, struct encoder *encoder,
                        uint64_t seed, struct error *err)
{
    return model_new_pretext(o, encoder, PRETEXT_NONE, seed, err);
}

struct model *model_new_pretext(const struct model_options *o, struct encoder *encoder,
                                enum pretext pretext, uint64_t seed, struct error *err)
{
    struct model *m;

    if (!model_fits(o, encoder, pretext, err))
        return NULL;
    m = model_draft(o, encoder, pretext);
    if (params_allocate(m->params, seed, err))
        return m;
    model_unref(m);
    return NULL;
}

struct model *model_ref(struct model *m)
{
    atomic_fetch_add(&m->references, 1);
    return m;
}

void model_unref(struct model *m)
{
    if (!m || atomic_fetch_sub(&m->references, 1) > 1)
        return;
    graph_free(m->infer);
    for (int i = 0; m->brought && i < m->encoder->n_categorical; i++)
        free(m->brought[i]);
    free(m->brought);
    params_free(m->params);
    gbdt_free(m->gbdt);
    encoder_unref(m->encoder);
    free(m);
}

const struct model_options *model_options(const struct model *m)
{
    return &m->options;
}

const struct encoder *model_encoder(const struct model *m)
{
    return m->encoder;
}

enum pretext model_pretext(const struct model *m)
{
    return m->pretext;
}

static bool is_one_hot(const struct model *m)
{
    return m->options.kind == MODEL_LOGISTIC
        || (model_kind_is_mlp(m->options.kind)
            && m->options.encoding == ENCODING_ONE_HOT);
}

bool model_embeds(const struct model *m)
{
    return m->encoder->n_categorical > 0 && !is_one_hot(m)
        && m->options.kind != MODEL_TABNET && !m->gbdt;
}

const char *model_lacks_embeddings(const struct model *m)
{
    return m->gbdt ? "takes its categorical columns as they are"
         : is_one_hot(m) ? "takes its categorical columns one-hot"
                         : "takes its categorical columns as numbers for its masks";
}

struct bins_column *model_numbers(const struct model *m, int *n)
{
    const struct encoder *e = m->encoder;
    struct bins_column *numbers = xcalloc((size_t)e->n_continuous + 1, sizeof *numbers);

    *n = m->options.continuous == CONTINUOUS_FEATURES ? 0 : bins_numbers(e, numbers);
    return numbers;
}

int model_tokens(const struct model *m)
{
    int n;

    free(model_numbers(m, &n));
    n += m->encoder->n_categorical;
    return n > 0 && m->options.readout == READOUT_CLS ? n + 1 : n;
}

const char *model_token_name(const struct model *m, int token)
{
    int n, i = token - m->encoder->n_categorical;
    struct bins_column *numbers;
    const char *name;

    if (i < 0)
        return m->encoder->categorical[token].name;
    numbers = model_numbers(m, &n);
    name = i < n ? bins_feature(m->encoder, &numbers[i])->name : "[CLS]";
    free(numbers);
    return name;
}

void model_hide_token(const struct model *m, int token, int32_t *codes, float *values)
{
    int n, i = token - m->encoder->n_categorical;
    struct bins_column *numbers;

    if (i < 0) {
        codes[token] = 0;
        return;
    }
    numbers = model_numbers(m, &n);
    if (i < n)
        bins_hide(m->encoder, &numbers[i], values);
    free(numbers);
}

int model_column_table(const struct model *m, int column)
{
    char name[32];

    snprintf(name, sizeof name, "columns.%d.%s", column,
             is_one_hot(m) ? "weight" : "value");
    return params_find(m->params, name);
}

unsigned char *model_mark_brought(struct model *m, int column)
{
    const struct encoder *e = m->encoder;

    if (!m->brought)
        m->brought = xcalloc((size_t)e->n_categorical, sizeof *m->brought);
    if (!m->brought[column])
        m->brought[column] = try_calloc((size_t)e->categorical[column].classes + 1, 1);
    return m->brought[column];
}

bool model_has_body(const struct model *m)
{
    return m->brought != NULL;
}

bool model_brought(const struct model *m, int column, int code)
{
    return m->brought && m->brought[column] && m->brought[column][code];
}

bool model_set_brought(struct model *m, int column, const unsigned char *codes)
{
    unsigned char *brought = model_mark_brought(m, column);
    size_t n = (size_t)m->encoder->categorical[column].classes + 1;

    for (size_t i = 0; brought && i < n; i++)
        brought[i] = codes[i] != 0;
    return brought != NULL;
}

struct params *model_params(struct model *m)
{
    return m->params;
}

struct gbdt *model_gbdt(struct model *m)
{
    return m->gbdt;
}

size_t model_parameters(const struct model *m)
{
    return m->gbdt ? gbdt_parameters(m->gbdt) : params_trainable(m->params);
}

size_t model_weights(const struct model *m, size_t *left)
{
    return prune_count(m->params, left);
}

double model_flops(const struct model *m)
{
    struct graph *g;
    double flops = 0;

    if (m->gbdt)
        return 0;
    g = model_graph((struct model *)m);
    for (int i = 0; i < graph_nodes(g); i++)
        flops += graph_node(g, i).flops;
    graph_free(g);
    return flops;
}

int model_outputs(const struct model *m)
{
    return m->encoder->task == TASK_REGRESSION ? 1 : m->encoder->n_classes;
}

size_t model_training_bytes(const struct model_options *o, const struct encoder *e,
                            enum pretext pretext, int batch, int threads)
{
    enum { WEIGHTS = 3 /* now, average, best */, AUTOSAVED = WEIGHTS + 2 /* moments */ };
    struct graph_plan plan = {batch, true, false};
    struct params *p;
    struct graph *g;
    size_t bytes;

    if (o->kind == MODEL_GBDT)
        return gbdt_training_bytes(e, (size_t)batch);
    p = params_new();
    g = model_describe(o, e, pretext, p);
    graph_plan(g, &plan);
    bytes = (WEIGHTS + AUTOSAVED) * params_values(p) * sizeof(real)
        + params_training_bytes(p, graph_lanes(g)) + graph_bytes(g, threads);
    graph_free(g);
    params_free(p);
    return bytes;
}

/* ---- predicting ---- */

struct graph *model_infer(struct model *m, struct pool *pool, struct error *err)
{
    struct graph_plan plan = {INFER_ROWS, false, false};

    if (m->infer && m->infer_pool == pool)
        return m->infer;
    graph_free(m->infer);
    m->infer = model_graph(m);
    m->infer_pool = pool;
    graph_plan(m->infer, &plan);
    if (graph_allocate(m->infer, pool, err))
        return m->infer;
    graph_free(m->infer);
    m->infer = NULL;
    return NULL;
}

/* Logits of one row -> what model_predict promises. */
static void to_outputs(const struct encoder *e, const real *logits, float *out)
{
    double largest = -INFINITY, sum = 0;

    if (e->task == TASK_REGRESSION) {
        out[0] = (float)((double)logits[0] * e->target_deviation + e->target_mean);
        return;
    }
    if (e->task == TASK_BINARY) {
        out[1] = (float)(1 / (1 + exp(-(double)logits[0])));
        out[0] = (float)(1 / (1 + exp((double)logits[0])));
        return;
    }
    for (int c = 0; c < e->n_classes; c++)
        largest = fmax(largest, (double)logits[c]);
    for (int c = 0; c < e->n_classes; c++)
        sum += exp((double)logits[c] - largest);
    for (int c = 0; c < e->n_classes; c++)
        out[c] = (float)(exp((double)logits[c] - largest) / sum);
}

static size_t count_logits(const struct model *m)
{
    return m->encoder->task == TASK_MULTICLASS ? (size_t)m->encoder->n_classes : 1;
}

void model_outputs_of(const struct model *m, const float *logits, size_t n, float *out)
{
    size_t outputs = (size_t)model_outputs(m);

    for (size_t i = 0; i < n; i++)
        to_outputs(m->encoder, logits + i * count_logits(m), out + i * outputs);
}

/* Rows picked from a frame, one after another. */
struct picked {
    int32_t *codes;
    float *values;
    float *x;      /* (rows, features) of a GBDT, or NULL */
    real *missing; /* (columns, width) or NULL */
    real *logits;
};

/* table (classes + 1, width): the mean of the known classes, which are all but missing
 * and other */
static void mean_of_known(const real *table, int classes, size_t width, real *mean)
{
    for (size_t k = 0; k < width; k++) {
        double sum = 0;

        for (int c = 1; c < classes; c++)
            sum += (double)table[(size_t)c * width + k];
        mean[k] = classes > 1 ? (real)(sum / (classes - 1)) : table[k];
    }
}

/* For graph_input. NULL: the parameters' own. */
static real *missing_values(const struct model *m, enum fill fill)
{
    const struct encoder *e = m->encoder;
    real *means = NULL;

    for (int i = 0; fill == FILL_MEAN && i < e->n_categorical; i++) {
        int p = model_column_table(m, i);
        size_t width = m->params->list[p].shape[1];

        if (!means)
            means = xcalloc((size_t)e->n_categorical * width, sizeof *means);
        mean_of_known(param_value(m->params, p), e->categorical[i].classes, width,
                      means + (size_t)i * width);
    }
    return means;
}

static void predict_by_graph(struct model *m, struct picked *p, int rows)
{
    struct graph_input in = {.rows = rows, .codes = p->codes, .values = p->values,
                             .missing = p->missing};

    graph_infer(m->infer, &in);
    graph_read(m->infer, "logits", p->logits);
}

static void predict_rows(struct model *m, struct pool *pool, struct picked *p, int rows,
                         float *out)
{
    if (m->gbdt) {
        gbdt_inputs(m->gbdt, m->encoder, p->codes, p->values, (size_t)rows, p->x);
        gbdt_logits(m->gbdt, pool, p->x, (size_t)rows, p->logits);
    } else {
        predict_by_graph(m, p, rows);
    }
    model_outputs_of(m, p->logits, (size_t)rows, out);
}

/* What it takes to predict at all. */
static bool prepare(struct model *m, struct pool *pool, struct error *err)
{
    if (m->pretext != PRETEXT_NONE)
        return error_set(err, ERROR_STATE, "a model that was only pre-trained predicts no "
                         "target");
    return m->gbdt || model_infer(m, pool, err);
}

bool model_predict(struct model *m, struct pool *pool, const struct frame *f,
                   const uint32_t *index, size_t n, enum fill fill, float *out,
                   struct error *err)
{
    size_t outputs = (size_t)model_outputs(m);
    struct picked p = {
        .codes = xcalloc(INFER_ROWS * (size_t)f->n_categorical + 1, sizeof *p.codes),
        .values = xcalloc(INFER_ROWS * (size_t)f->n_continuous + 1, sizeof *p.values),
        .logits = xcalloc(INFER_ROWS * outputs, sizeof *p.logits),
        .x = m->gbdt ? xcalloc(INFER_ROWS * (size_t)m->gbdt->n_features, sizeof *p.x)
                     : NULL,
    };
    bool ok = f->n_categorical == m->encoder->n_categorical
        && f->n_continuous == m->encoder->n_continuous;

    if (!ok)
        error_set(err, ERROR_STATE, "these rows were encoded for another model");
    ok = ok && prepare(m, pool, err);
    p.missing = ok && !m->gbdt ? missing_values(m, fill) : NULL;
    for (size_t from = 0; ok && from < n; from += INFER_ROWS) {
        int rows = (int)(n - from < INFER_ROWS ? n - from : INFER_ROWS);

        frame_pick(f, index, from, (size_t)rows, p.codes, p.values);
        predict_rows(m, pool, &p, rows, out + from * outputs);
    }
    free(p.codes);
    free(p.values);
    free(p.x);
    free(p.missing);
    free(p.logits);
    return ok;
}
