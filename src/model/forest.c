/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIELDS = 4 /* of a node in a file */ };

struct forest *forest_new(void)
{
    return xcalloc(1, sizeof(struct forest));
}

void forest_free(struct forest *f)
{
    if (!f)
        return;
    free(f->first_node);
    free(f->first_set);
    free(f->nodes);
    free(f->sets);
    free(f);
}

/* ---- trees ---- */

/* Twice what is needed, so that it is not moved at every tree. */
static size_t room_for(size_t n, size_t room)
{
    return n > room ? 2 * n : room;
}

static bool grow(struct forest *f, size_t trees, size_t nodes, size_t set_bytes)
{
    size_t tree_room = room_for(trees, f->tree_room);
    size_t node_room = room_for(nodes, f->node_room);
    size_t set_room = room_for(set_bytes, f->set_room);
    size_t *first_node = try_realloc(f->first_node, tree_room, sizeof *first_node);
    size_t *first_set = try_realloc(f->first_set, tree_room, sizeof *first_set);
    struct forest_node *all = try_realloc(f->nodes, node_room, sizeof *all);
    unsigned char *sets = try_realloc(f->sets, set_room + 1, 1);

    f->first_node = first_node ? first_node : f->first_node;
    f->first_set = first_set ? first_set : f->first_set;
    f->nodes = all ? all : f->nodes;
    f->sets = sets ? sets : f->sets;
    if (!first_node || !first_set || !all || !sets)
        return false;
    f->tree_room = tree_room;
    f->node_room = node_room;
    f->set_room = set_room;
    return true;
}

bool forest_add(struct forest *f, const struct tree *t, struct error *err)
{
    size_t nodes = f->n_nodes + t->n_nodes, set_bytes = f->n_set_bytes + t->n_set_bytes;

    if ((f->n_trees == f->tree_room || nodes > f->node_room || set_bytes > f->set_room)
        && !grow(f, f->n_trees + 1, nodes, set_bytes))
        return error_set(err, ERROR_MEMORY, "no memory for %zu nodes of trees", nodes);
    f->first_node[f->n_trees] = f->n_nodes;
    f->first_set[f->n_trees++] = f->n_set_bytes;
    memcpy(f->nodes + f->n_nodes, t->nodes, t->n_nodes * sizeof *t->nodes);
    if (t->n_set_bytes > 0)
        memcpy(f->sets + f->n_set_bytes, t->sets, t->n_set_bytes);
    f->n_nodes = nodes;
    f->n_set_bytes = set_bytes;
    return true;
}

struct tree forest_tree(const struct forest *f, size_t i)
{
    bool last = i + 1 == f->n_trees;
    size_t node = f->first_node[i], set = f->first_set[i];

    return (struct tree){
        .n_nodes = (last ? f->n_nodes : f->first_node[i + 1]) - node,
        .n_set_bytes = (last ? f->n_set_bytes : f->first_set[i + 1]) - set,
        .nodes = f->nodes + node, .sets = f->sets + set,
    };
}

struct forest *forest_copy(const struct forest *f)
{
    struct forest *copy = forest_new();
    bool done = true;

    for (size_t i = 0; done && i < f->n_trees; i++) {
        struct tree t = forest_tree(f, i);

        done = forest_add(copy, &t, NULL);
    }
    if (done)
        return copy;
    forest_free(copy);
    return NULL;
}

void forest_cut(struct forest *f, size_t n)
{
    if (n >= f->n_trees)
        return;
    f->n_nodes = f->first_node[n];
    f->n_set_bytes = f->first_set[n];
    f->n_trees = n;
}

/* ---- asking ---- */

static inline bool is_in(const unsigned char *set, size_t category)
{
    return set[category / 8] >> category % 8 & 1;
}

static inline bool goes_left(const struct tree *t, const struct forest_node *n, float x)
{
    if (isnan(x))
        return n->missing_left;
    return n->set < 0 ? x < n->value : !is_in(t->sets + n->set, (size_t)x);
}

float tree_ask(const struct tree *t, const float *x)
{
    const struct forest_node *n = t->nodes;

    while (n->feature >= 0)
        n = t->nodes + n->left + !goes_left(t, n, x[n->feature]);
    return n->value;
}

void forest_sum(const struct forest *f, size_t from, size_t to, int outputs,
                const float *x, size_t rows, int features, float *sums)
{
    for (size_t i = from; i < to; i++) {
        struct tree t = forest_tree(f, i);
        float *sum = sums + i % (size_t)outputs;

        for (size_t r = 0; r < rows; r++)
            sum[r * (size_t)outputs] += tree_ask(&t, x + r * (size_t)features);
    }
}

/* ---- files ---- */

static bool check_node(const struct tree *t, size_t i, int features,
                       const int *categories)
{
    const struct forest_node *n = &t->nodes[i];
    size_t bytes;

    if (!isfinite(n->value) || !isfinite(n->gain) || n->feature < -1)
        return false;
    if (n->feature < 0)
        return true;
    if (n->feature >= features || n->left <= (int64_t)i
        || (size_t)n->left + 1 >= t->n_nodes)
        return false;
    if (categories[n->feature] == 0)
        return n->set == -1;
    bytes = forest_set_bytes(categories[n->feature]);
    return n->set >= 0 && bytes <= t->n_set_bytes
        && (size_t)n->set <= t->n_set_bytes - bytes;
}

bool forest_check(const struct forest *f, int features, const int *categories,
                  int outputs, struct error *err)
{
    if (f->n_trees % (size_t)outputs != 0)
        return error_set(err, ERROR_INPUT, "%zu trees are no whole rounds of %d",
                         f->n_trees, outputs);
    for (size_t i = 0; i < f->n_trees; i++) {
        struct tree t = forest_tree(f, i);

        for (size_t k = 0; k < t.n_nodes; k++)
            if (!check_node(&t, k, features, categories))
                return error_set(err, ERROR_INPUT, "node %zu of tree %zu does not fit "
                                 "the columns or the other nodes", k, i);
    }
    return true;
}

static const char *const parts[FOREST_TENSORS] = {
    "sizes", "nodes", "values", "gains", "sets",
};
enum { SIZES, NODES, VALUES, GAINS, SETS };

/* "forest" and a part -> "forest.sizes" */
struct name {
    char text[32];
};

static struct name name_of(const char *word, int part)
{
    struct name n;

    snprintf(n.text, sizeof n.text, "%s.%s", word, parts[part]);
    return n;
}

bool forest_has_tensor(const char *word, const char *name)
{
    for (int i = 0; i < FOREST_TENSORS; i++)
        if (strcmp(name, name_of(word, i).text) == 0)
            return true;
    return false;
}

bool forest_is_there(const struct safetensors *s, const char *word)
{
    return safetensors_find(s, name_of(word, SIZES).text) != NULL;
}

static void fill_sizes(const struct forest *f, int64_t *sizes)
{
    for (size_t i = 0; i < f->n_trees; i++) {
        struct tree t = forest_tree(f, i);

        sizes[2 * i] = (int64_t)t.n_nodes;
        sizes[2 * i + 1] = (int64_t)t.n_set_bytes;
    }
}

static void fill_nodes(const struct forest *f, int64_t *nodes, float *values,
                       float *gains)
{
    for (size_t i = 0; i < f->n_nodes; i++) {
        const struct forest_node *n = &f->nodes[i];
        const int64_t fields[FIELDS] = {n->feature, n->left, n->missing_left, n->set};

        memcpy(nodes + i * FIELDS, fields, sizeof fields);
        values[i] = n->value;
        gains[i] = n->gain;
    }
}

struct safetensors_tensor *forest_tensors(const struct forest *f, const char *word,
                                          size_t *n)
{
    struct safetensors_tensor *list = xcalloc(FOREST_TENSORS, sizeof *list);
    int64_t *sizes = try_alloc(2 * f->n_trees, sizeof *sizes);
    int64_t *nodes = try_alloc(f->n_nodes, FIELDS * sizeof *nodes);
    float *values = try_alloc(f->n_nodes, sizeof *values);
    float *gains = try_alloc(f->n_nodes, sizeof *gains);

    *n = f->n_set_bytes > 0 ? FOREST_TENSORS : FOREST_TENSORS - 1;
    list[SIZES] = (struct safetensors_tensor){.dtype = DTYPE_I64, .rank = 2,
                                              .shape = {f->n_trees, 2}, .data = sizes};
    list[NODES] = (struct safetensors_tensor){
        .dtype = DTYPE_I64, .rank = 2, .shape = {f->n_nodes, FIELDS}, .data = nodes};
    list[VALUES] = (struct safetensors_tensor){.dtype = DTYPE_F32, .rank = 1,
                                               .shape = {f->n_nodes}, .data = values};
    list[GAINS] = (struct safetensors_tensor){.dtype = DTYPE_F32, .rank = 1,
                                              .shape = {f->n_nodes}, .data = gains};
    list[SETS] = (struct safetensors_tensor){.dtype = DTYPE_U8, .rank = 1,
                                             .shape = {f->n_set_bytes}, .data = f->sets};
    for (int i = 0; i < FOREST_TENSORS; i++)
        list[i].name = xstrdup(name_of(word, i).text);
    if (!sizes || !nodes || !values || !gains) {
        forest_tensors_free(list);
        return NULL;
    }
    fill_sizes(f, sizes);
    fill_nodes(f, nodes, values, gains);
    return list;
}

void forest_tensors_free(struct safetensors_tensor *list)
{
    if (!list)
        return;
    for (int i = 0; i < FOREST_TENSORS; i++) {
        free((void *)list[i].name);
        if (i != SETS) /* the forest's own */
            free((void *)list[i].data);
    }
    free(list);
}

/* The file's tensors, of the kinds and shapes that belong together. */
static bool find_tensors(const struct safetensors *s, const char *word,
                         const struct safetensors_tensor *out[FOREST_TENSORS],
                         struct error *err)
{
    static const struct { enum dtype dtype; int rank; uint64_t width; } kinds[] = {
        {DTYPE_I64, 2, 2}, {DTYPE_I64, 2, FIELDS}, {DTYPE_F32, 1, 0}, {DTYPE_F32, 1, 0},
        {DTYPE_U8, 1, 0},
    };

    for (int i = 0; i < FOREST_TENSORS; i++) {
        struct name name = name_of(word, i);
        const struct safetensors_tensor *t = safetensors_find(s, name.text);

        out[i] = t;
        if (!t && i == SETS)
            continue;
        if (!t)
            return error_set(err, ERROR_INPUT, "tensor %s is missing", name.text);
        if (t->dtype != kinds[i].dtype || t->rank != kinds[i].rank
            || (t->rank == 2 && t->shape[1] != kinds[i].width)
            || ((i == VALUES || i == GAINS) && t->shape[0] != out[NODES]->shape[0]))
            return error_set(err, ERROR_INPUT, "tensor %s is not of the kind and shape "
                             "that trees ask for", name.text);
    }
    return true;
}

/* Numbers of another's file may stand at any address. */
static int64_t int_at(const struct safetensors_tensor *t, size_t i)
{
    int64_t x;

    memcpy(&x, (const char *)t->data + i * sizeof x, sizeof x);
    return x;
}

static float float_at(const struct safetensors_tensor *t, size_t i)
{
    float x;

    memcpy(&x, (const char *)t->data + i * sizeof x, sizeof x);
    return x;
}

/* What is no int32_t does not fit any tree. */
static int32_t narrow(int64_t x)
{
    return x >= INT32_MIN && x <= INT32_MAX ? (int32_t)x : INT32_MIN;
}

static struct forest_node read_node(const struct safetensors_tensor *const t[], size_t i)
{
    return (struct forest_node){
        .feature = narrow(int_at(t[NODES], i * FIELDS)),
        .left = narrow(int_at(t[NODES], i * FIELDS + 1)),
        .missing_left = int_at(t[NODES], i * FIELDS + 2) != 0,
        .set = narrow(int_at(t[NODES], i * FIELDS + 3)),
        .value = float_at(t[VALUES], i), .gain = float_at(t[GAINS], i),
    };
}

/* Every tree has a node, and all of them use up nodes and sets. */
static bool place_trees(struct forest *f, const struct safetensors_tensor *sizes,
                        size_t nodes, size_t set_bytes, struct error *err)
{
    size_t node = 0, set = 0;

    for (size_t i = 0; i < f->n_trees; i++) {
        int64_t own = int_at(sizes, 2 * i), bytes = int_at(sizes, 2 * i + 1);

        if (own < 1 || bytes < 0 || (size_t)own > nodes - node
            || (size_t)bytes > set_bytes - set)
            return error_set(err, ERROR_INPUT, "the sizes of its trees do not add up");
        f->first_node[i] = node;
        f->first_set[i] = set;
        node += (size_t)own;
        set += (size_t)bytes;
    }
    return (node == nodes && set == set_bytes)
        || error_set(err, ERROR_INPUT, "the sizes of its trees do not add up");
}

static bool read_trees(struct forest *f, const struct safetensors_tensor *const t[],
                       struct error *err)
{
    size_t trees = (size_t)t[SIZES]->shape[0], nodes = (size_t)t[NODES]->shape[0];
    size_t set_bytes = t[SETS] ? (size_t)t[SETS]->shape[0] : 0;

    if (!grow(f, trees, nodes, set_bytes))
        return error_set(err, ERROR_MEMORY, "no memory for %zu nodes of trees", nodes);
    f->n_trees = trees;
    if (!place_trees(f, t[SIZES], nodes, set_bytes, err))
        return false;
    for (size_t i = 0; i < nodes; i++)
        f->nodes[i] = read_node(t, i);
    if (set_bytes > 0)
        memcpy(f->sets, t[SETS]->data, set_bytes);
    f->n_nodes = nodes;
    f->n_set_bytes = set_bytes;
    return true;
}

struct forest *forest_read(const struct safetensors *s, const char *word,
                           struct error *err)
{
    const struct safetensors_tensor *t[FOREST_TENSORS];
    struct forest *f;

    if (!find_tensors(s, word, t, err))
        return NULL;
    f = forest_new();
    if (read_trees(f, t, err))
        return f;
    forest_free(f);
    return NULL;
}
