/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xgboost/c_api.h>
#include <xgboost/version_config.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/text.h"
#include "model/grower.h"

enum { THREAD_CELLS = 50000 };

/* Of Debian and of XGBoost's own builds. */
static const char *const names[] = {"libxgboost.so.0", "libxgboost.so"};

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *grower_version(void)
{
    return TEXT(XGBOOST_VER_MAJOR) "." TEXT(XGBOOST_VER_MINOR) "."
        TEXT(XGBOOST_VER_PATCH);
}

/* ---- the library ---- */

#define FUNCTIONS(X) \
    X(XGBGetLastError) X(XGBRegisterLogCallback) X(XGDMatrixCreateFromDense) \
    X(XGDMatrixSetStrFeatureInfo) X(XGDMatrixFree) X(XGBoosterCreate) X(XGBoosterFree) \
    X(XGBoosterSetParam) X(XGBoosterBoostOneIter) X(XGBoosterSaveModelToBuffer)

struct library {
#define FIELD(name) __typeof__(name) *name;
    FUNCTIONS(FIELD)
#undef FIELD
};

static bool find(void *handle, const char *name, void *function)
{
    void *found = dlsym(handle, name);

    memcpy(function, &found, sizeof found);
    return found != NULL;
}

/* It is loaded once and stays: threads of its own may be around. What its constructors
 * write is seen by all who load it: the linker has a lock too, but ThreadSanitizer does not
 * know of that one. */
static bool load_alone(struct library *l)
{
    static pthread_mutex_t alone = PTHREAD_MUTEX_INITIALIZER;
    void *handle = NULL;
    bool all;

    pthread_mutex_lock(&alone);
    for (size_t i = 0; !handle && i < sizeof names / sizeof *names; i++)
        handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    all = handle != NULL;
#define FIND(name) all = all && find(handle, #name, &l->name);
    FUNCTIONS(FIND)
#undef FIND
    pthread_mutex_unlock(&alone);
    return all;
}

static bool load(struct library *l, struct error *err)
{
    const char *why;
    char *shown;

    if (load_alone(l))
        return true;
    why = dlerror();
    shown = show(why ? why : "a function of it is missing", 200);
    error_set(err, ERROR_SYSTEM, "XGBoost cannot be loaded, so no trees are grown: %s; "
              "install libxgboost, or choose another model.kind", shown);
    free(shown);
    return false;
}

/* ---- a grower ---- */

struct grower {
    struct library xgboost;
    const struct gbdt *gbdt;
    struct model_options options;
    DMatrixHandle rows;
    size_t n_rows;
    int threads; /* that have enough to do to be worth waiting for each other */
    uint64_t seed;
};

/* Its message has a time in front and a trace of calls behind. */
static bool refused(const struct grower *g, const char *what, struct error *err)
{
    const char *why = g->xgboost.XGBGetLastError();
    const char *time = strstr(why, "] ");
    char *line, *shown;

    why = time ? time + 2 : why;
    line = xstrndup(why, strcspn(why, "\n"));
    shown = show(line, 300);
    error_set(err, ERROR_STATE, "XGBoost fails in %s: %s", what, shown);
    free(shown);
    free(line);
    return false;
}

static void say_nothing(const char *text)
{
    (void)text;
}

static bool make_rows(struct grower *g, const float *x, struct error *err)
{
    char *array = xasprintf("{\"data\":[%zu,true],\"shape\":[%zu,%d],\"typestr\":\"<f4\","
                            "\"version\":3}", (size_t)x, g->n_rows, g->gbdt->n_features);
    char *config = xasprintf("{\"missing\":NaN,\"nthread\":%d}", g->threads);
    const char **kinds = xcalloc((size_t)g->gbdt->n_features, sizeof *kinds);
    bool done;

    for (int i = 0; i < g->gbdt->n_features; i++)
        kinds[i] = g->gbdt->categories[i] > 0 ? "c" : "float";
    done = g->xgboost.XGDMatrixCreateFromDense(array, config, &g->rows) == 0
        && g->xgboost.XGDMatrixSetStrFeatureInfo(g->rows, "feature_type", kinds,
                                                 (bst_ulong)g->gbdt->n_features) == 0;
    free(array);
    free(config);
    free(kinds);
    return done || refused(g, "taking the rows", err);
}

static int worth(int threads, size_t cells)
{
    size_t most = 1 + cells / THREAD_CELLS;

    return most < (size_t)threads ? (int)most : threads;
}

struct grower *grower_new(const struct gbdt *gbdt, const struct model_options *o,
                          const float *x, size_t rows, int threads, uint64_t seed,
                          struct error *err)
{
    struct grower *g = xcalloc(1, sizeof *g);

    g->gbdt = gbdt;
    g->options = *o;
    g->n_rows = rows;
    g->threads = worth(threads, rows * (size_t)gbdt->n_features);
    g->seed = seed;
    if (load(&g->xgboost, err)) {
        g->xgboost.XGBRegisterLogCallback(say_nothing);
        if (make_rows(g, x, err))
            return g;
    }
    grower_free(g);
    return NULL;
}

void grower_free(struct grower *g)
{
    if (g && g->rows)
        g->xgboost.XGDMatrixFree(g->rows);
    free(g);
}

/* ---- its trees ---- */

/* Arrays of a tree in XGBoost's JSON, by the number of a node there. */
struct source {
    const json_t *left, *right, *feature, *missing_left, *kind, *value, *gain;
    const json_t *categories, *begins, *sizes;
    int *set; /* (nodes) which of the sets a node has, -1: none */
    size_t n;
};

static int int_at(const json_t *array, size_t i)
{
    return (int)json_integer_value(json_array_get(array, i));
}

static float float_at(const json_t *array, size_t i)
{
    return (float)json_number_value(json_array_get(array, i));
}

static void open_source(struct source *s, const json_t *tree)
{
    const json_t *nodes = json_object_get(tree, "categories_nodes");

    *s = (struct source){
        .left = json_object_get(tree, "left_children"),
        .right = json_object_get(tree, "right_children"),
        .feature = json_object_get(tree, "split_indices"),
        .missing_left = json_object_get(tree, "default_left"),
        .kind = json_object_get(tree, "split_type"),
        .value = json_object_get(tree, "split_conditions"),
        .gain = json_object_get(tree, "loss_changes"),
        .categories = json_object_get(tree, "categories"),
        .begins = json_object_get(tree, "categories_segments"),
        .sizes = json_object_get(tree, "categories_sizes"),
    };
    s->n = json_array_size(s->left);
    s->set = xcalloc(s->n + 1, sizeof *s->set);
    for (size_t i = 0; i < s->n; i++)
        s->set[i] = -1;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        int node = int_at(nodes, i);

        if (node >= 0 && (size_t)node < s->n)
            s->set[node] = (int)i;
    }
}

/* The set of a node, behind those before. */
static void take_set(const struct source *s, int number, int categories, struct str *sets)
{
    size_t bytes = forest_set_bytes(categories), at = sets->length;
    size_t begin = (size_t)int_at(s->begins, (size_t)number);
    size_t size = (size_t)int_at(s->sizes, (size_t)number);

    for (size_t i = 0; i < bytes; i++)
        str_putc(sets, 0);
    for (size_t i = begin; i < begin + size; i++) {
        int category = int_at(s->categories, i);

        if (category >= 0 && category < categories)
            sets->text[at + (size_t)category / 8] |= (char)(1 << category % 8);
    }
}

static struct forest_node take_node(const struct source *s, size_t id,
                                    const struct gbdt *g, struct str *sets)
{
    struct forest_node n = {.feature = -1, .left = -1, .set = -1,
                            .value = float_at(s->value, id)};

    if (int_at(s->left, id) < 0)
        return n;
    n.feature = int_at(s->feature, id);
    n.missing_left = int_at(s->missing_left, id) != 0;
    n.gain = float_at(s->gain, id);
    if (s->set[id] >= 0) {
        n.set = (int32_t)sets->length;
        n.value = 0;
        take_set(s, s->set[id], g->categories[n.feature], sets);
    }
    return n;
}

/* Level by level from the root, children side by side. False: it is no tree. */
static bool take_nodes(const struct source *s, const struct gbdt *g, size_t *order,
                       struct forest_node *nodes, size_t *n, struct str *sets)
{
    size_t known = 1;

    order[0] = 0;
    for (*n = 0; *n < known; (*n)++) {
        size_t id = order[*n];

        nodes[*n] = take_node(s, id, g, sets);
        if (nodes[*n].feature < 0)
            continue;
        if (known + 2 > s->n)
            return false;
        nodes[*n].left = (int32_t)known;
        order[known++] = (size_t)int_at(s->left, id);
        order[known++] = (size_t)int_at(s->right, id);
        if (order[known - 1] >= s->n || order[known - 2] >= s->n)
            return false;
    }
    return s->n > 0;
}

static bool take_tree(const json_t *tree, const struct gbdt *g, struct forest *f,
                      struct error *err)
{
    struct source s;
    struct forest_node *nodes;
    struct str sets = {0};
    struct tree t = {0};
    size_t *order;
    bool ok;

    open_source(&s, tree);
    nodes = try_alloc(s.n + 1, sizeof *nodes);
    order = try_alloc(s.n + 1, sizeof *order);
    if (!nodes || !order)
        ok = error_set(err, ERROR_MEMORY, "no memory for a tree of %zu nodes", s.n);
    else
        ok = take_nodes(&s, g, order, nodes, &t.n_nodes, &sets)
            || error_set(err, ERROR_STATE, "XGBoost has grown something that is no tree");
    t.nodes = nodes;
    t.sets = (const unsigned char *)sets.text;
    t.n_set_bytes = sets.length;
    ok = ok && forest_add(f, &t, err);
    str_done(&sets);
    free(s.set);
    free(nodes);
    free(order);
    return ok;
}

/* Where a node compares no numbers it says NaN, which is no JSON. */
static json_t *parse(const char *text, size_t length)
{
    char *copy = try_alloc(length + 1, 1), *nan = copy;
    json_t *j;

    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    while ((nan = strstr(nan, "NaN")))
        memcpy(nan, "0  ", 3);
    j = json_loadb(copy, length, 0, NULL);
    free(copy);
    return j;
}

static bool take_trees(const struct grower *g, BoosterHandle booster, struct forest *f,
                       struct error *err)
{
    const char *text;
    bst_ulong length;
    json_t *j, *trees;
    bool ok;

    if (g->xgboost.XGBoosterSaveModelToBuffer(booster, "{\"format\":\"json\"}", &length,
                                              &text) != 0)
        return refused(g, "giving its trees away", err);
    j = parse(text, length);
    trees = json_object_get(json_object_get(json_object_get(json_object_get(
        j, "learner"), "gradient_booster"), "model"), "trees");
    ok = json_array_size(trees) == (size_t)g->gbdt->outputs
        || error_set(err, ERROR_STATE, "XGBoost has grown %zu trees in place of %d",
                     json_array_size(trees), g->gbdt->outputs);
    for (int i = 0; ok && i < g->gbdt->outputs; i++)
        ok = take_tree(json_array_get(trees, (size_t)i), g->gbdt, f, err);
    json_decref(j);
    return ok;
}

/* ---- a round ---- */

/* In the C locale's digits, whatever the locale is. */
static bool set_number(const struct grower *g, BoosterHandle booster, const char *name,
                       double x)
{
    struct str text = {0};
    bool done;

    str_json_number(&text, x);
    done = g->xgboost.XGBoosterSetParam(booster, name, str_text(&text)) == 0;
    str_done(&text);
    return done;
}

static bool set_text(const struct grower *g, BoosterHandle booster, const char *name,
                     const char *value)
{
    return g->xgboost.XGBoosterSetParam(booster, name, value) == 0;
}

/* `round` decides which columns are drawn. */
static bool set_up(const struct grower *g, BoosterHandle b, uint64_t round, double lr)
{
    const struct model_options *o = &g->options;
    bool several = g->gbdt->outputs > 1;
    uint64_t drawn[2];

    rng_block(g->seed, RNG_GROW, round, drawn);
    return set_number(g, b, "nthread", g->threads) && set_number(g, b, "verbosity", 0)
        && set_number(g, b, "seed", (double)(drawn[0] >> 33))
        && set_text(g, b, "tree_method", "hist")
        && set_text(g, b, "objective", several ? "multi:softprob" : "reg:squarederror")
        && (!several || set_number(g, b, "num_class", g->gbdt->outputs))
        && set_text(g, b, "grow_policy", o->leaves > 0 ? "lossguide" : "depthwise")
        && set_number(g, b, "max_leaves", o->leaves)
        && set_number(g, b, "max_depth", o->depth) && set_number(g, b, "eta", lr)
        && set_number(g, b, "min_child_weight", o->min_child)
        && set_number(g, b, "colsample_bytree", o->colsample)
        && set_number(g, b, "lambda", o->l2);
}

bool grower_round(struct grower *g, struct forest *f, double lr, const float *first,
                  const float *second, struct error *err)
{
    size_t outputs = (size_t)g->gbdt->outputs;
    BoosterHandle b;
    bool ok;

    if (g->xgboost.XGBoosterCreate(&g->rows, 1, &b) != 0)
        return refused(g, "beginning a round", err);
    /* the library only reads the derivatives */
    ok = (set_up(g, b, f->n_trees / outputs, lr)
          && g->xgboost.XGBoosterBoostOneIter(b, g->rows, (float *)first, (float *)second,
                                              (bst_ulong)(g->n_rows * outputs)) == 0)
        || refused(g, "growing a tree", err);
    ok = ok && take_trees(g, b, f, err);
    g->xgboost.XGBoosterFree(b);
    return ok;
}
