/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Models as safetensors files. The metadata hold one JSON text "model": options and the
 * encoder. From it every tensor's name and shape follow; the file must hold just these.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/gbdt.h"
#include "model/private.h"
#include "nn/safetensors.h"

#define FORMAT "tabscope"
#define SCHEMA_VERSION 1
#define FOREST "forest" /* the word that its trees have */

/* ---- options ---- */

/* Options in the file by name; a list that save, open and their check share. */
#define INT_OPTIONS(X) \
    X(dim) X(layers) X(heads) X(identifier) X(ffn) \
    X(head_hidden1) X(head_hidden2) X(head_cap)
#define REAL_OPTIONS(X) X(dropout) X(head_dropout)
#define TABNET_INTS(X) X(steps) X(width) X(category_dim) X(virtual_batch)
#define TABNET_REALS(X) X(gamma) X(sparsity)
#define BOOL_OPTIONS(X) X(head_norm) X(continuous_norm)
#define GBDT_INT_OPTIONS(X) X(rounds) X(depth) X(leaves)
#define GBDT_REAL_OPTIONS(X) X(min_child) X(subsample) X(colsample) X(l2)

/* False: no memory for it. */
static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static const char *const continuous_names[] = {"features", "tokens", "both"};
static const char *const numbers_names[] = {"ple", "periodic"};
static const char *const readout_names[] = {"concat", "cls"};

/* What is too large for an option is out of the range of each. */
static int int_of(const json_t *j)
{
    json_int_t i = json_integer_value(j);

    return i > -(1 << 30) && i < 1 << 30 ? (int)i : -2;
}

/* What a file without them has, as older ones, is as in the paper. */
static bool put_tokens(json_t *j, const struct model_options *o)
{
    bool ok = true;

    if (o->continuous != CONTINUOUS_FEATURES) {
        ok &= put(j, "continuous", json_string(continuous_names[o->continuous]));
        ok &= put(j, "numbers", json_string(numbers_names[o->numbers]));
        if (o->numbers == NUMBERS_PERIODIC)
            ok &= put(j, "frequencies", json_integer(o->frequencies));
    }
    if (o->readout != READOUT_CONCAT)
        ok &= put(j, "readout", json_string(readout_names[o->readout]));
    return ok;
}

/* One of n words; the first where there is none. -1: another. */
static int get_word(const json_t *j, const char *key, const char *const *words, int n)
{
    const json_t *v = json_object_get(j, key);

    for (int i = 0; i < n; i++)
        if (!v || (json_is_string(v) && strcmp(json_string_value(v), words[i]) == 0))
            return i;
    return -1;
}

static bool get_tokens(const json_t *j, struct model_options *o, struct error *err)
{
    int continuous = get_word(j, "continuous", continuous_names, 3);
    int numbers = get_word(j, "numbers", numbers_names, 2);
    int readout = get_word(j, "readout", readout_names, 2);
    const json_t *frequencies = json_object_get(j, "frequencies");

    if (continuous < 0 || numbers < 0 || readout < 0)
        return error_set(err, ERROR_INPUT, "its option %s is one that this version does "
                         "not know", continuous < 0 ? "continuous"
                         : numbers < 0 ? "numbers" : "readout");
    o->continuous = (enum continuous)continuous;
    o->numbers = (enum number_encoding)numbers;
    o->readout = (enum readout)readout;
    if (o->continuous == CONTINUOUS_FEATURES || o->numbers != NUMBERS_PERIODIC)
        return true;
    if (!json_is_integer(frequencies))
        return error_set(err, ERROR_INPUT, "its option frequencies is missing or of the "
                         "wrong kind");
    o->frequencies = int_of(frequencies);
    return true;
}

static bool put_options(json_t *j, const struct model_options *o)
{
    bool ok = true;

#define PUT_INT(name) ok &= put(j, #name, json_integer(o->name));
#define PUT_REAL(name) ok &= put(j, #name, json_real(o->name));
#define PUT_BOOL(name) ok &= put(j, #name, json_boolean(o->name));
    INT_OPTIONS(PUT_INT)
    REAL_OPTIONS(PUT_REAL)
    BOOL_OPTIONS(PUT_BOOL)
    if (o->kind == MODEL_VIB) {
        PUT_INT(latent)
        PUT_INT(components)
        PUT_REAL(beta)
    }
    if (o->kind == MODEL_TABNET) {
        TABNET_INTS(PUT_INT)
        TABNET_REALS(PUT_REAL)
        ok &= put(j, "softmax", json_boolean(o->mask == MASK_SOFTMAX));
    }
    if (o->kind == MODEL_GBDT) {
        GBDT_INT_OPTIONS(PUT_INT)
        GBDT_REAL_OPTIONS(PUT_REAL)
    }
    ok &= put_tokens(j, o);
    if (model_kind_is_mlp(o->kind))
        ok &= put(j, "one_hot", json_boolean(o->encoding == ENCODING_ONE_HOT));
    return ok;
}

static bool options_from_json(const json_t *j, enum model_kind kind,
                              struct model_options *o, struct error *err)
{
    const json_t *v;

    *o = model_defaults();
    o->kind = kind;
#define GET(name, test, value)                                                           \
    v = json_object_get(j, #name);                                                       \
    if (!test(v))                                                                        \
        return error_set(err, ERROR_INPUT,                                               \
                         "its option %s is missing or of the wrong kind", #name);        \
    o->name = value;
#define GET_INT(name) GET(name, json_is_integer, int_of(v))
#define GET_REAL(name) GET(name, json_is_number, json_number_value(v))
#define GET_BOOL(name) GET(name, json_is_boolean, json_is_true(v))
    INT_OPTIONS(GET_INT)
    REAL_OPTIONS(GET_REAL)
    BOOL_OPTIONS(GET_BOOL)
    if (kind == MODEL_VIB) {
        GET_INT(latent)
        GET_INT(components)
        GET_REAL(beta)
    }
    if (kind == MODEL_TABNET) {
        TABNET_INTS(GET_INT)
        TABNET_REALS(GET_REAL)
        o->mask = json_is_true(json_object_get(j, "softmax")) ? MASK_SOFTMAX
                                                              : MASK_SPARSEMAX;
    }
    if (kind == MODEL_GBDT) {
        GBDT_INT_OPTIONS(GET_INT)
        GBDT_REAL_OPTIONS(GET_REAL)
    }
    if (model_kind_is_mlp(kind) && json_is_true(json_object_get(j, "one_hot")))
        o->encoding = ENCODING_ONE_HOT;
    return get_tokens(j, o, err) && model_check(o, err);
}

/* ---- save ---- */

static int add_piece(const char *bytes, size_t n, void *out)
{
    str_add(out, bytes, n);
    return 0;
}

/* json_dumps leaves out pieces of keys that it has no memory for (jansson 2.14). */
static char *json_text(const json_t *j)
{
    struct str text = {0};

    if (json_dump_callback(j, add_piece, &text, JSON_COMPACT) == 0)
        return text.text;
    str_done(&text);
    return NULL;
}

/* NULL: no memory. Caller frees. */
static char *model_json(const struct model *m)
{
    json_t *j = json_object(), *options = json_object();
    enum pretext pretext = model_pretext(m);
    bool ok = put(j, "kind", json_string(model_kind_name(model_options(m)->kind)))
        && (pretext == PRETEXT_NONE
            || put(j, "pretext", json_string(pretext_name(pretext))))
        && put_options(options, model_options(m));
    char *text;

    ok = put(j, "options", options) && ok
        && put(j, "encoder", encoder_to_json(model_encoder(m)));
    text = ok ? json_text(j) : NULL;
    json_decref(j);
    return text;
}

static struct safetensors_tensor *list_params(const struct params *p, size_t *n)
{
    struct safetensors_tensor *list = xcalloc((size_t)p->n + 1, sizeof *list);

    for (int i = 0; i < p->n; i++) {
        const struct param *q = &p->list[i];

        list[i] = (struct safetensors_tensor){.name = q->name, .dtype = DTYPE_F32,
                                              .rank = q->rank, .data = param_value(p, i)};
        list[i].shape[0] = q->shape[0];
        list[i].shape[1] = q->shape[1];
    }
    *n = (size_t)p->n;
    return list;
}

/* NULL: no memory. */
static struct safetensors_tensor *list_tensors(struct model *m, size_t *n)
{
    return model_gbdt(m) ? forest_tensors(model_gbdt(m)->forest, FOREST, n)
                         : list_params(model_params(m), n);
}

static void free_tensors(struct model *m, struct safetensors_tensor *list)
{
    if (model_gbdt(m))
        forest_tensors_free(list);
    else
        free(list);
}

bool model_save(const struct model *m, const json_t *extra, const char *path,
                struct error *err)
{
    size_t n;
    struct safetensors_tensor *list = list_tensors((struct model *)m, &n);
    char *model = model_json(m), *text = extra ? json_text(extra) : NULL;
    char version[16];
    struct safetensors_pair pairs[] = {
        {"format", FORMAT}, {"schema_version", version}, {"version", PACKAGE_VERSION},
        {"model", model}, {"extra", text ? text : "null"},
    };
    bool ok = list && model && (text || !extra);

    snprintf(version, sizeof version, "%d", SCHEMA_VERSION);
    if (ok)
        ok = safetensors_write(path, 0644, list, n, pairs, sizeof pairs / sizeof *pairs,
                               err);
    else
        error_set(err, ERROR_MEMORY, "no memory to write down what the model is");
    free_tensors((struct model *)m, list);
    free(model);
    free(text);
    return ok;
}

/* ---- open ---- */

static bool check_format(const struct safetensors *s, struct error *err)
{
    const char *format = safetensors_metadata(s, "format");
    const char *version = safetensors_metadata(s, "schema_version");
    long number = version ? strtol(version, NULL, 10) : 0;

    if (!format || strcmp(format, FORMAT) != 0)
        return error_set(err, ERROR_INPUT, "it holds tensors, but no tabscope model");
    if (number < 1)
        return error_set(err, ERROR_INPUT, "its schema_version is missing or wrong");
    if (number > SCHEMA_VERSION)
        return error_set(err, ERROR_INPUT, "it was made by a newer version of tabscope "
                         "(schema %ld, this program reads %d); update this program",
                         number, SCHEMA_VERSION);
    return true;
}

/* Tensors of another's file may stand at any address. */
static float number_at(const void *data, size_t i)
{
    float x;

    memcpy(&x, (const char *)data + i * sizeof x, sizeof x);
    return x;
}

static bool finite_values(const void *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(number_at(data, i)))
            return false;
    return true;
}

static bool check_tensor(const struct param *q, const struct safetensors_tensor *t,
                         struct error *err)
{
    if (!t)
        return error_set(err, ERROR_INPUT, "tensor %s is missing", q->name);
    if (t->dtype != DTYPE_F32 || t->rank != q->rank || t->shape[0] != q->shape[0]
        || (q->rank == 2 && t->shape[1] != q->shape[1]))
        return error_set(err, ERROR_INPUT, "tensor %s is not of the kind and shape that "
                         "the model's options ask for", q->name);
    if (!finite_values(t->data, q->count))
        return error_set(err, ERROR_NUMERIC,
                         "tensor %s holds a number that is not finite", q->name);
    return true;
}

static bool refuse_tensor(const char *name, struct error *err)
{
    char *shown = show(name, 60);

    error_set(err, ERROR_INPUT, "tensor %s does not belong to the model", shown);
    free(shown);
    return false;
}

/* All tensors of the model and no other, checked before any memory is taken for them. */
static bool check_tensors(const struct safetensors *s, const struct params *p,
                          struct error *err)
{
    for (int i = 0; i < p->n; i++)
        if (!check_tensor(&p->list[i], safetensors_find(s, p->list[i].name), err))
            return false;
    for (size_t i = 0; i < safetensors_count(s); i++) {
        const char *name = safetensors_get(s, i)->name;

        if (params_find(p, name) < 0)
            return refuse_tensor(name, err);
    }
    return true;
}

/* Its trees ask for nothing that is not there, so they can be asked. */
static bool check_forest(const struct safetensors *s, const struct gbdt *g,
                         const struct forest *f, struct error *err)
{
    for (size_t i = 0; i < safetensors_count(s); i++)
        if (!forest_has_tensor(FOREST, safetensors_get(s, i)->name))
            return refuse_tensor(safetensors_get(s, i)->name, err);
    return forest_check(f, g->n_features, g->categories, g->outputs, err);
}

static struct model *build_gbdt(const struct safetensors *s,
                                const struct model_options *o, struct encoder *e,
                                enum pretext pretext, struct error *err)
{
    struct model *m = model_new_pretext(o, e, pretext, 0, err);
    struct forest *f = m ? forest_read(s, FOREST, err) : NULL;

    if (f && check_forest(s, model_gbdt(m), f, err)) {
        forest_free(model_gbdt(m)->forest);
        model_gbdt(m)->forest = f;
        return m;
    }
    forest_free(f);
    model_unref(m);
    return NULL;
}

static struct model *build_graph(const struct safetensors *s,
                                 const struct model_options *o, struct encoder *e,
                                 enum pretext pretext, struct error *err)
{
    struct params *draft = params_new();
    struct model *m = NULL;

    if (model_fits(o, e, pretext, err)) {
        graph_free(model_describe(o, e, pretext, draft));
        if (check_tensors(s, draft, err))
            m = model_new_pretext(o, e, pretext, 0, err);
    }
    params_free(draft);
    if (!m)
        return NULL;

    struct params *p = model_params(m);

    for (int i = 0; i < p->n; i++) {
        const void *from = safetensors_find(s, p->list[i].name)->data;

        for (size_t k = 0; k < p->list[i].count; k++)
            param_value(p, i)[k] = (real)number_at(from, k);
    }
    return m;
}

static bool take_pretext(const json_t *j, enum pretext *pretext, struct error *err)
{
    const json_t *v = json_object_get(j, "pretext");

    *pretext = PRETEXT_NONE;
    if (!v)
        return true;
    if (pretext_parse(json_string_value(v), pretext) && *pretext != PRETEXT_NONE)
        return true;
    return error_set(err, ERROR_INPUT, "it was pre-trained in a way that this version "
                     "does not know");
}

static struct model *from_json(const struct safetensors *s, const json_t *j,
                               struct error *err)
{
    struct model_options o;
    enum model_kind kind = MODEL_TABTRANSFORMER;
    enum pretext pretext;
    struct encoder *e;
    struct model *m;

    if (!model_kind_parse(json_string_value(json_object_get(j, "kind")), &kind)) {
        error_set(err, ERROR_INPUT,
                  "its model is of a kind that this version does not know");
        return NULL;
    }
    if (!take_pretext(j, &pretext, err)
        || !options_from_json(json_object_get(j, "options"), kind, &o, err))
        return NULL;
    e = encoder_from_json(json_object_get(j, "encoder"), err);
    if (!e)
        return NULL;
    m = o.kind == MODEL_GBDT ? build_gbdt(s, &o, e, pretext, err)
                             : build_graph(s, &o, e, pretext, err);
    encoder_unref(e);
    return m;
}

static struct model *from_file(const struct safetensors *s, json_t **extra,
                               struct error *err)
{
    const char *text = safetensors_metadata(s, "model");
    const char *more = safetensors_metadata(s, "extra");
    json_t *j;
    struct model *m;

    if (!check_format(s, err))
        return NULL;
    j = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!json_is_object(j)) {
        json_decref(j);
        error_set(err, ERROR_INPUT,
                  "its metadata \"model\" is missing or no JSON object");
        return NULL;
    }
    m = from_json(s, j, err);
    json_decref(j);
    if (extra)
        *extra = m && more
                     ? json_loads(more, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL)
                     : NULL;
    return m;
}

struct model *model_open(const char *path, json_t **extra, struct error *err)
{
    struct safetensors *s = safetensors_open(path, err);
    struct model *m;
    char *shown;

    if (!s)
        return NULL;
    m = from_file(s, extra, err);
    safetensors_free(s);
    if (!m) {
        shown = show(path, 0);
        error_prefix(err, "%s", shown);
        free(shown);
    }
    return m;
}
