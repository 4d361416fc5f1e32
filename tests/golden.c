/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * golden FILE|FOLDER...: holds our models against reference values of PyTorch: outputs,
 * hidden states, attention maps and masks, gradients of every parameter, and runs of
 * AdamW; of the TabTransformer, of numbers as its columns and its readout, of
 * pre-training, of the MLP with what rows without labels add to its loss, of the VIB and
 * of TabNet. Each file holds inputs, parameters and what comes of them; its settings are
 * in the metadata. Without arguments: the small files in tests/reference (made by make.py
 * there) and, where there is one, the shared reference folder.
 */
#include <dirent.h>
#include <stdarg.h>

#include "base/mem.h"
#include "model/mlp.h"
#include "model/pretrain.h"
#include "model/tabnet.h"
#include "model/vib.h"
#include "nn/safetensors.h"
#include "shared.h"
#include "test.h"

/* One golden file with the graph built from it. Owns all that these point to. */
struct golden {
    struct safetensors *file;
    enum pretext pretext;
    struct model_options options;
    struct model_shape shape;
    struct graph_input input, unlabeled; /* the second one without rows: there is none */
    struct params *params;
    struct graph *graph;
    struct pool *pool;
};

/* ---- what a file says ---- */

static const char *text(const struct golden *g, const char *key, const char *otherwise)
{
    const char *found = safetensors_metadata(g->file, key);

    return found ? found : otherwise;
}

static int integer(const struct golden *g, const char *key, int otherwise)
{
    const char *found = text(g, key, NULL);

    return found ? (int)strtol(found, NULL, 10) : otherwise;
}

static double number(const struct golden *g, const char *key, double otherwise)
{
    const char *found = text(g, key, NULL);

    return found ? strtod(found, NULL) : otherwise;
}

/* The place of the setting among the names "a|b|c"; of a file that does not say, the
 * first's. */
static int choice(const struct golden *g, const char *key, const char *names)
{
    const char *found = text(g, key, NULL);
    int place = 0;

    for (size_t n; found; names += n + 1, place++) {
        n = strcspn(names, "|");
        if (strlen(found) == n && strncmp(found, names, n) == 0)
            break;
        if (!check(names[n])) {
            printf("# %s: %s\n", key, found);
            return 0;
        }
    }
    return place;
}

/* The numbers of "3,1,4", *n of them. */
static int *list(const struct golden *g, const char *key, int *n)
{
    const char *from = text(g, key, "");
    int *numbers = xcalloc(strlen(from) + 1, sizeof *numbers);

    *n = 0;
    for (char *end; *from; from = *end ? end + 1 : end)
        numbers[(*n)++] = (int)strtol(from, &end, 10);
    return numbers;
}

__attribute__((format(printf, 2, 3)))
static const struct safetensors_tensor *find(const struct golden *g, const char *format,
                                             ...)
{
    char name[160];
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return safetensors_find(g->file, name);
}

static size_t count(const struct safetensors_tensor *t)
{
    size_t n = 1;

    for (int i = 0; i < t->rank; i++)
        n *= (size_t)t->shape[i];
    return n;
}

/* The i-th number of a tensor, whatever its kind and wherever it stands. */
static double number_at(const struct safetensors_tensor *t, size_t i)
{
    int64_t whole;
    float x;

    if (t->dtype == DTYPE_I64) {
        memcpy(&whole, (const char *)t->data + i * sizeof whole, sizeof whole);
        return (double)whole;
    }
    memcpy(&x, (const char *)t->data + i * sizeof x, sizeof x);
    return (double)x;
}

/* All of them; t NULL: NULL. */
static float *floats(const struct safetensors_tensor *t)
{
    float *values = t ? xcalloc(count(t) + 1, sizeof *values) : NULL;

    for (size_t i = 0; t && i < count(t); i++)
        values[i] = (float)number_at(t, i);
    return values;
}

static int32_t *codes(const struct safetensors_tensor *t)
{
    int32_t *values = t ? xcalloc(count(t) + 1, sizeof *values) : NULL;

    for (size_t i = 0; t && i < count(t); i++)
        values[i] = (int32_t)number_at(t, i);
    return values;
}

/* ---- settings ---- */

static void read_options(struct golden *g)
{
    struct model_options *o = &g->options;

    *o = model_defaults();
    o->kind = (enum model_kind)choice(g, "model", MODEL_KIND_NAMES);
    o->encoding = (enum model_encoding)choice(g, "encoding", ENCODING_NAMES);
    o->dim = integer(g, "d", o->dim);
    o->layers = integer(g, "layers", 0);
    o->heads = integer(g, "heads", o->heads);
    o->identifier = integer(g, "identifier", o->identifier);
    o->dropout = 0;
    o->continuous_norm = o->kind == MODEL_TABTRANSFORMER;
    o->continuous = (enum continuous)choice(g, "tokens", CONTINUOUS_NAMES);
    o->numbers = (enum number_encoding)choice(g, "numbers", NUMBERS_NAMES);
    o->frequencies = integer(g, "frequencies", 0);
    o->readout = (enum readout)choice(g, "readout", READOUT_NAMES);
    o->latent = integer(g, "latent", 0);
    o->components = integer(g, "mixtures", 0);
    o->beta = number(g, "beta", 0);
    o->steps = integer(g, "steps", 0);
    o->width = integer(g, "n", 0);
    o->category_dim = integer(g, "category_dim", 0);
    o->mask = (enum model_mask)choice(g, "mask", MASK_NAMES);
    o->gamma = number(g, "gamma", 0);
    o->sparsity = number(g, "sparsity", 0);
    o->virtual_batch = integer(g, "virtual_batch", o->virtual_batch);
}

/* What a kind has in all of its files. */
static void choose_head(struct golden *g)
{
    struct model_options *o = &g->options;
    bool norm = integer(g, "batchnorm", o->kind == MODEL_MLP) != 0;

    o->head_norm = norm ? HEAD_NORM_YES : HEAD_NORM_NO;
    o->head_dropout = 0;
    o->head_cap = 0;
    if (o->kind == MODEL_MLP) {
        o->head_hidden1 = 2;
        o->head_hidden2 = 1;
    } else if (o->kind == MODEL_VIB) {
        o->head_hidden1 = o->head_hidden2 = 64; /* times its input, cut at the cap */
        o->head_cap = integer(g, "hidden", 0);
    }
}

static void read_numbers(struct golden *g)
{
    int n, *values = list(g, "values", &g->shape.numbers);
    int *missing = list(g, "missing", &n);
    struct number_column *numbers = xcalloc((size_t)n + 1, sizeof *numbers);

    if (!check_int(n, g->shape.numbers))
        g->shape.numbers = 0;
    for (int i = 0; i < g->shape.numbers; i++) {
        const struct safetensors_tensor *edges = find(g, "input.edges.%d", i);

        numbers[i] = (struct number_column){values[i], missing[i],
                                            edges ? (int)count(edges) : 0, floats(edges)};
    }
    g->shape.number = numbers;
    free(values);
    free(missing);
}

/* Rivals say "width" or "columns" where the TabTransformer says "continuous", and some of
 * no task but how many classes they tell apart. */
static void read_shape(struct golden *g)
{
    static const enum loss losses[] = {LOSS_MULTICLASS, LOSS_BINARY, LOSS_SQUARED};
    struct model_shape *s = &g->shape;
    int columns = integer(g, "columns", 0), classes = integer(g, "classes", 0);

    s->classes = list(g, "cardinalities", &s->columns);
    s->continuous = integer(g, "continuous", integer(g, "width", columns));
    if (!pretext_parse(text(g, "task", NULL), &g->pretext))
        s->loss = losses[choice(g, "task", "multiclass|binary|regression")];
    s->outputs = s->loss == LOSS_MULTICLASS ? integer(g, "outputs", classes) : 1;
    read_numbers(g);
}

/* ---- rows ---- */

/* Of MLM the code 0 is shown where a cell was masked, else the corrupted cells are. The
 * answer is what stood there; of RTD, whether that is another. */
static void hide_cells(struct golden *g)
{
    bool mlm = g->pretext == PRETEXT_MLM;
    const struct safetensors_tensor *t = find(g, "input.categorical");
    int32_t *shown = codes(find(g, mlm ? "input.masked" : "input.corrupted"));
    int32_t *own = codes(t), *answers = codes(t);

    for (size_t i = 0; check(shown && own) && i < count(t); i++) {
        if (g->pretext != PRETEXT_DAE)
            answers[i] = !mlm ? shown[i] != own[i] : shown[i] ? own[i] : 0;
        if (mlm)
            shown[i] = shown[i] ? 0 : own[i];
    }
    free(own);
    g->input.codes = shown;
    g->input.answers = answers;
    g->input.values = floats(find(g, "input.continuous"));
    if (g->pretext == PRETEXT_DAE) {
        g->input.clean = g->input.values;
        g->input.values = floats(find(g, "input.corrupted_continuous"));
    }
}

static void read_rows(struct golden *g)
{
    const struct safetensors_tensor *x = find(g, "input.continuous");
    const struct safetensors_tensor *categorical = find(g, "input.categorical");
    const struct safetensors_tensor *noise = find(g, "input.noise");
    const struct safetensors_tensor *unlabeled = find(g, "input.unlabeled");

    if (!x)
        x = find(g, "input.x");
    if (check(x || categorical))
        g->input.rows = (int)(x ? x : categorical)->shape[0];
    if (g->pretext == PRETEXT_NONE) {
        g->input.codes = codes(categorical);
        g->input.values = floats(x);
        g->input.target = floats(find(g, "input.target"));
    } else {
        hide_cells(g);
    }
    g->input.noise = floats(noise);
    g->input.noise_samples = noise ? (int)noise->shape[0] : 0;
    g->unlabeled = (struct graph_input){
        .rows = unlabeled ? (int)unlabeled->shape[0] : 0, .values = floats(unlabeled),
        .unlabeled = (enum unlabeled)choice(g, "kind", "plain|entropy|pseudo"),
        .scale = number(g, "weight", 0),
    };
}

/* ---- the model ---- */

/* The MLP of the reference calls our "head.0" "mlp.0", the VIB "encoder.0". */
static const struct safetensors_tensor *find_parameter(const struct golden *g,
                                                       const char *what,
                                                       const char *name)
{
    static const char *const heads[MODEL_KINDS] = {[MODEL_MLP] = "mlp",
                                                   [MODEL_VIB] = "encoder"};
    const char *own = heads[g->options.kind], *head = "head.";

    return own && strncmp(name, head, strlen(head)) == 0
        ? find(g, "%s.%s.%s", what, own, name + strlen(head))
        : find(g, "%s.%s", what, name);
}

static bool read_parameters(struct golden *g)
{
    for (int i = 0; i < g->params->n; i++) {
        struct param *p = &g->params->list[i];
        const struct safetensors_tensor *t = find_parameter(g, "parameter", p->name);

        p->decay = true; /* as in the reference */
        if (p->kind == PARAM_BUFFER)
            continue;
        if (!check(t != NULL) || !check_int(count(t), p->count)) {
            printf("# parameter %s\n", p->name);
            return false;
        }
        for (size_t k = 0; k < p->count; k++)
            param_value(g->params, i)[k] = (real)number_at(t, k);
    }
    return true;
}

static void describe(struct golden *g)
{
    static void (*const kinds[MODEL_KINDS])(struct graph *, const struct model_options *,
                                            const struct model_shape *) = {
        [MODEL_TABTRANSFORMER] = tabtransformer_describe, [MODEL_MLP] = mlp_describe,
        [MODEL_VIB] = vib_describe, [MODEL_TABNET] = tabnet_describe,
    };

    if (g->pretext != PRETEXT_NONE)
        pretrain_describe(g->graph, &g->options, &g->shape, g->pretext);
    else
        kinds[g->options.kind](g->graph, &g->options, &g->shape);
}

static bool build(struct golden *g)
{
    struct error err = {0};
    int rows = g->unlabeled.rows > g->input.rows ? g->unlabeled.rows : g->input.rows;
    struct graph_plan plan = {rows, true, true};
    bool ok;

    g->pool = pool_new(2, &err);
    g->params = params_new();
    g->graph = graph_new(g->params);
    describe(g);
    graph_plan(g->graph, &plan);
    ok = params_allocate(g->params, 1, &err)
        && params_allocate_training(g->params, graph_lanes(g->graph), &err)
        && graph_allocate(g->graph, g->pool, &err);
    return check(ok) && read_parameters(g);
}

/* ---- comparing ---- */

static bool is_there(const char *name, const struct safetensors_tensor *want)
{
    if (!check(want != NULL))
        printf("# no reference for %s\n", name);
    return want != NULL;
}

/* |got - want| <= 1e-5 + relative |want| for all; says the worst where not */
static void compare(const char *name, const real *got,
                    const struct safetensors_tensor *want, double relative)
{
    size_t bad = 0, worst = 0;
    double excess = 0;

    if (!is_there(name, want))
        return;
    for (size_t i = 0; i < count(want); i++) {
        double off = fabs((double)got[i] - number_at(want, i))
            - (1e-5 + relative * fabs(number_at(want, i)));

        if (!(off <= 0)) {
            bad++;
            if (!(off <= excess)) {
                excess = off;
                worst = i;
            }
        }
    }
    if (bad) {
        printf("# %s: %zu of %zu differ, worst at %zu: %.9g, wanted %.9g\n", name, bad,
               count(want), worst, (double)got[worst], number_at(want, worst));
        test_bad++;
    }
}

/* The norm of got - want is at most `limit` of the norm of want; says by how much not */
static void compare_norm(const char *name, const real *got,
                         const struct safetensors_tensor *want, double limit)
{
    double off = 0, size = 0;

    if (!is_there(name, want))
        return;
    for (size_t i = 0; i < count(want); i++) {
        double w = number_at(want, i);

        off += ((double)got[i] - w) * ((double)got[i] - w);
        size += w * w;
    }
    if (!check(sqrt(off) <= limit * sqrt(size)))
        printf("# %s: off by %g of its norm\n", name, sqrt(off / size));
}

/* Six steps of a TabNet make so much of rounding that PyTorch itself, in double and from
 * the file's parameters (F32), misses 549 of the file's gradients by more than 1e-3. What
 * it misses in the norm of a tensor is at most 4e-4, with floats 1.1e-3. */
static void compare_step(const struct golden *g, const char *name, const real *got,
                         const struct safetensors_tensor *want, double relative)
{
    if (g->options.kind == MODEL_TABNET && g->options.steps > 3)
        compare_norm(name, got, want, 2e-3);
    else
        compare(name, got, want, relative);
}

/* A VIB's logits are logarithms of what it predicts, or of its odds. */
static void make_probabilities(const struct golden *g, real *z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double e = exp((double)z[i]);

        z[i] = (real)(g->shape.loss == LOSS_BINARY ? e / (1 + e) : e);
    }
}

static void compare_output(struct golden *g, int rows, const char *name,
                           const struct safetensors_tensor *want)
{
    bool probability = strcmp(name, "probability") == 0;
    const char *own = probability ? "logits" : name;
    real *out = xcalloc(count(want) + 1, sizeof *out);
    int columns = 0, features = 0, layer = 0;
    bool map = sscanf(name, "attention.%d", &layer) == 1;

    if (!check(graph_tensor_size(g->graph, own, &columns, &features))
        || !check_int(count(want), rows * columns * features)
        || !check(map ? graph_read_attention(g->graph, layer, out)
                      : graph_read(g->graph, own, out)))
        printf("# output %s\n", name);
    else if (probability)
        make_probabilities(g, out, count(want));
    compare_step(g, name, out, want, 1e-4);
    free(out);
}

/* All that the file has of a pass over so many rows; of a VIB's samples it has more than
 * the graph keeps. */
static void compare_outputs(struct golden *g, int rows, const char *pass)
{
    int n = 0;

    for (size_t i = 0; i < safetensors_count(g->file); i++) {
        const struct safetensors_tensor *t = safetensors_get(g->file, i);
        const char *name = t->name + strlen(pass);

        if (strncmp(t->name, pass, strlen(pass)) != 0 || strcmp(name, "loss") == 0
            || strncmp(name, "unlabeled_", 10) == 0
            || (g->options.kind == MODEL_VIB && strcmp(name, "probability") != 0))
            continue;
        compare_output(g, rows, name, t);
        n++;
    }
    check(n > 0);
}

static double run_pass(struct golden *g, const struct graph_input *in, const char *pass)
{
    double loss = graph_train_forward(g->graph, in, 0);

    compare_outputs(g, in->rows, pass);
    graph_backward(g->graph);
    return loss;
}

static void compare_loss(struct golden *g)
{
    real *kept = xcalloc(g->params->total[PARAM_HEAD] + 1, sizeof *kept);
    real loss = (real)run_pass(g, &g->input, "output.");

    if (g->unlabeled.rows > 0) {
        params_keep_head(g->params, kept);
        loss += (real)run_pass(g, &g->unlabeled, "output.unlabeled_");
        params_add_head(g->params, kept);
    }
    compare("loss", &loss, find(g, "output.loss"), 1e-4);
    free(kept);
}

/* Of all backward passes so far. */
static void compare_gradients(struct golden *g)
{
    params_sum(g->params, kernels_best());
    for (int i = 0; i < g->params->n; i++) {
        const struct param *p = &g->params->list[i];

        if (p->kind != PARAM_BUFFER)
            compare_step(g, p->name, param_gradient(g->params, i),
                         find_parameter(g, "gradient", p->name), 1e-3);
    }
}

static void compare_adamw(struct golden *g)
{
    int steps = integer(g, "adamw_steps", 0);
    struct update u = {number(g, "adamw_lr", NAN), number(g, "adamw_beta1", NAN),
                       number(g, "adamw_beta2", NAN), number(g, "adamw_eps", NAN),
                       number(g, "adamw_weight_decay", NAN), 0, 1, 0};
    real losses[64];

    if (steps == 0 || !check(steps <= 64))
        return;
    for (int i = 0; i < steps; i++) {
        losses[i] = (real)graph_train_forward(g->graph, &g->input, (uint64_t)i);
        graph_backward(g->graph);
        params_step(g->params, kernels_best(), g->pool, &u, NULL);
    }
    compare("adamw.loss", losses, find(g, "adamw.loss"), 1e-3);
    for (int i = 0; i < g->params->n; i++) {
        const struct param *p = &g->params->list[i];

        if (p->kind != PARAM_BUFFER)
            compare(p->name, param_value(g->params, i),
                    find_parameter(g, "adamw.parameter", p->name), 1e-3);
    }
}

static void golden_free(struct golden *g)
{
    graph_free(g->graph);
    params_free(g->params);
    pool_free(g->pool);
    for (int i = 0; i < g->shape.numbers; i++)
        free((void *)g->shape.number[i].edges);
    free((void *)g->shape.number);
    free((void *)g->shape.classes);
    free((void *)g->input.codes);
    free((void *)g->input.values);
    free((void *)g->input.target);
    free((void *)g->input.answers);
    free((void *)g->input.clean);
    free((void *)g->input.noise);
    free((void *)g->unlabeled.values);
    safetensors_free(g->file);
}

/* ---- files ---- */

static const char *present_file;

static void golden_file(void)
{
    struct error err = {0};
    struct golden g = {.file = safetensors_open(present_file, &err)};

    if (!g.file) {
        printf("# %s\n", err.text);
        check(false);
        return;
    }
    read_options(&g);
    choose_head(&g);
    read_shape(&g);
    read_rows(&g);
    if (build(&g)) {
        compare_loss(&g);
        compare_gradients(&g);
        compare_adamw(&g);
    }
    golden_free(&g);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_path(const char *path);

static void run_folder(const char *path, DIR *folder)
{
    char *names[256];
    int n = 0;

    for (struct dirent *e; n < 256 && (e = readdir(folder)) != NULL;)
        if (strstr(e->d_name, ".safetensors"))
            names[n++] = xasprintf("%s/%s", path, e->d_name);
    qsort(names, (size_t)n, sizeof *names, by_name);
    for (int i = 0; i < n; i++) {
        run_path(names[i]);
        free(names[i]);
    }
}

static void run_path(const char *path)
{
    DIR *folder = opendir(path);

    if (folder) {
        run_folder(path, folder);
        closedir(folder);
        return;
    }
    present_file = path;
    test_run_named(golden_file, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

static void shared_files(void)
{
    test_skip("the shared folder is not there");
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            run_path(argv[i]);
        return test_done();
    }

    char *own = test_source("tests/reference");
    static const char *const shared[] = {"reference/golden", "reference/golden-rivals"};

    run_path(own);
    free(own);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        char *path = test_shared(shared[i]);

        if (path)
            run_path(path);
        else
            test_run(shared_files);
        free(path);
    }
    return test_done();
}
