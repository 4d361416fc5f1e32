/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models: predicting, files of them, and what is refused. */
#include <dirent.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/rng.h"
#include "engine/trainer.h"
#include "nn/safetensors.h"
#include "shared.h"
#include "subject.h"

/* ---- a small table and what follows from it ---- */

struct fresh {
    struct subject s;
    struct pool *pool;
    struct model *model;
};

static struct model_options small_options(void)
{
    struct model_options o = model_defaults();

    o.dim = 8;
    o.layers = 1;
    o.heads = 2;
    return o;
}

/* 200 rows: two categorical columns, one with gaps, a continuous one, and the target
 * asked for. */
static struct dataset *make_table(void)
{
    static const char *const towns[] = {"Rome", "Oslo", "", "Bern"};
    struct rng r = rng_make(1, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "town,grade,height,yes,kind,price\n");
    for (int i = 0; i < 200; i++) {
        int town = (int)rng_below(&r, 4), grade = (int)rng_below(&r, 3);
        double height = rng_normal(&r);

        str_printf(&text, "%s,%c,%.3f,%s,%d,%.2f\n", towns[town], "abc"[grade], height,
                   height + grade > 1 ? "yes" : "no", (town + grade) % 3,
                   100 + 10 * height + grade);
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* An untrained model of the table. */
static struct fresh fresh_of(const struct model_options *o, const char *target)
{
    struct fresh f = {.s = subject_new(make_table(), target, NULL)};
    struct error err = {0};

    f.pool = pool_new(2, &err);
    f.model = model_new(o, f.s.encoder, 7, &err);
    if (!f.model) {
        printf("# %s\n", err.text);
        exit(99);
    }
    return f;
}

static struct fresh fresh_new(const char *target, int layers)
{
    struct model_options o = small_options();

    o.layers = layers;
    return fresh_of(&o, target);
}

static void fresh_done(struct fresh *f)
{
    model_unref(f->model);
    pool_free(f->pool);
    subject_done(&f->s);
}

static float *predict(struct fresh *f, struct model *m, const uint32_t *rows, size_t n)
{
    float *out = xcalloc(n * (size_t)model_outputs(m), sizeof *out);
    struct error err = {0};

    check(model_predict(m, f->pool, f->s.frame, rows, n, FILL_CLASS, out, &err));
    return out;
}

/* ---- predicting ---- */

static void probabilities_sum_to_one(void)
{
    static const char *const targets[] = {"yes", "kind"};

    for (int i = 0; i < 2; i++) {
        struct fresh f = fresh_new(targets[i], 2);
        int classes = model_outputs(f.model);
        float *p = predict(&f, f.model, NULL, 200);

        check_int(classes, i == 0 ? 2 : 3);
        for (int r = 0; r < 200; r++) {
            double sum = 0;

            for (int c = 0; c < classes; c++)
                sum += (double)p[r * classes + c];
            check_near(sum, 1, 1e-6);
        }
        free(p);
        fresh_done(&f);
    }
}

static void regression_answers_in_its_own_unit(void)
{
    struct fresh f = fresh_new("price", 1);
    float *y = predict(&f, f.model, NULL, 200);
    double mean = 0;

    for (int r = 0; r < 200; r++)
        mean += (double)y[r] / 200;
    check(mean > 60 && mean < 140); /* an untrained model stays near the mean, 101 */
    free(y);
    fresh_done(&f);
}

static void a_row_alone_is_predicted_as_among_others(void)
{
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        struct model_options o = small_options();
        struct fresh f;
        float *all;

        o.kind = (enum model_kind)kind;
        f = fresh_of(&o, "yes");
        all = predict(&f, f.model, NULL, 200);
        for (uint32_t r = 0; r < 200; r += 37) {
            float *one = predict(&f, f.model, &r, 1);

            check_near(one[1], all[2 * r + 1], 0);
            free(one);
        }
        free(all);
        fresh_done(&f);
    }
}

static int find_feature(const struct encoder *e, const char *column)
{
    for (int i = 0; i < e->n_categorical; i++)
        if (strcmp(e->categorical[i].column, column) == 0)
            return i;
    check(false);
    return 0;
}

/* What a column adds where the mean of its classes stands for its missing class. */
static double gain_of_mean(const struct fresh *f, int column)
{
    const real *w = param_value(model_params(f->model),
                                model_column_table(f->model, column));
    int classes = f->s.encoder->categorical[column].classes;
    double mean = 0;

    for (int c = 1; c < classes; c++) /* the last one is "other" */
        mean += (double)w[c] / (classes - 1);
    return (mean - (double)w[0]) * f->s.encoder->target_deviation;
}

static void one_hot_columns_can_be_filled(void)
{
    struct model_options o = small_options();
    struct fresh f;
    struct error err = {0};
    float *by_class, *by_mean;
    int missing = 0, columns, town;

    o.kind = MODEL_LOGISTIC;
    f = fresh_of(&o, "price");
    columns = f.s.encoder->n_categorical;
    town = find_feature(f.s.encoder, "town");
    by_class = predict(&f, f.model, NULL, 200);
    by_mean = xcalloc(200, sizeof *by_mean);
    check(model_predict(f.model, f.pool, f.s.frame, NULL, 200, FILL_MEAN, by_mean, &err));
    for (int r = 0; r < 200; r++) {
        bool gone = f.s.frame->codes[columns * r + town] == 0;

        check_near((double)by_mean[r] - (double)by_class[r],
                   gone ? gain_of_mean(&f, town) : 0, 1e-4);
        missing += gone;
    }
    check(missing > 20);
    free(by_class);
    free(by_mean);
    fresh_done(&f);
}

/* ---- files ---- */

static void check_saved(const struct model_options *o, const char *target)
{
    struct fresh f = fresh_of(o, target);
    struct error err = {0};
    char *path = table_path();
    json_t *extra = json_pack("{s:i}", "answer", 42), *back = NULL;
    struct model *m;
    float *before = predict(&f, f.model, NULL, 200), *after;

    check(model_save(f.model, extra, path, &err));
    m = model_open(path, &back, &err);
    if (!check(m != NULL)) {
        printf("# %s\n", err.text);
    } else {
        after = predict(&f, m, NULL, 200);
        check(memcmp(before, after,
                     200 * (size_t)model_outputs(m) * sizeof *after) == 0);
        check_int(json_integer_value(json_object_get(back, "answer")), 42);
        check_int(model_parameters(m), model_parameters(f.model));
        check_int(model_options(m)->kind, o->kind);
        check_int(model_options(m)->encoding, o->encoding);
        check_int(model_options(m)->layers, o->layers);
        free(after);
    }
    free(before);
    model_unref(m);
    json_decref(extra);
    json_decref(back);
    unlink(path);
    free(path);
    fresh_done(&f);
}

static void saved_models_predict_the_same(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};

    for (int i = 0; i < 3; i++)
        for (int kind = 0; kind < MODEL_KINDS; kind++) {
            struct model_options o = small_options();

            o.kind = (enum model_kind)kind;
            o.layers = kind == MODEL_TABTRANSFORMER ? i : 0;
            o.head_norm = HEAD_NORM_YES;
            check_saved(&o, targets[i]);
            o.encoding = ENCODING_ONE_HOT;
            if (model_kind_is_mlp(o.kind))
                check_saved(&o, targets[i]);
        }
}

/* Writes the model's file anew with one thing changed and checks that it is refused. */
struct change {
    const char *tensor;   /* to leave out, or NULL */
    const char *extra;    /* tensor to add, or NULL */
    const char *nan;      /* tensor to poison, or NULL */
    const char *transpose;
    const char *key, *value; /* metadata to replace */
    const char *sentence; /* that the refusal must hold */
};

static size_t change_tensors(const struct safetensors *s, const struct change *c,
                             struct safetensors_tensor *list, float *poison)
{
    size_t n = 0;

    for (size_t i = 0; i < safetensors_count(s); i++) {
        struct safetensors_tensor t = *safetensors_get(s, i);

        if (c->tensor && strcmp(t.name, c->tensor) == 0)
            continue;
        if (c->nan && strcmp(t.name, c->nan) == 0) {
            memcpy(poison, t.data, t.bytes);
            poison[0] = NAN;
            t.data = poison;
        }
        if (c->transpose && strcmp(t.name, c->transpose) == 0) {
            t.shape[0] = safetensors_get(s, i)->shape[1];
            t.shape[1] = safetensors_get(s, i)->shape[0];
        }
        list[n++] = t;
    }
    if (c->extra) {
        list[n] = list[0];
        list[n++].name = c->extra;
    }
    return n;
}

static void check_refused(const struct safetensors *s, const struct change *c,
                          const char *path)
{
    static const char *const keys[] = {"format", "schema_version", "model"};
    struct safetensors_tensor list[64];
    struct safetensors_pair pairs[3];
    static float poison[1 << 16];
    struct error err = {0};
    size_t n = change_tensors(s, c, list, poison);

    for (int k = 0; k < 3; k++) {
        bool changed = c->key && strcmp(c->key, keys[k]) == 0;

        pairs[k] = (struct safetensors_pair){
            keys[k], changed ? c->value : safetensors_metadata(s, keys[k])};
    }
    check(safetensors_write(path, 0600, list, n, pairs, 3, &err));
    check(model_open(path, NULL, &err) == NULL);
    if (!check(strstr(err.text, c->sentence) != NULL))
        printf("# %s\n", err.text);
}

static void files_of_other_models_are_refused(void)
{
    static const struct change changes[] = {
        {.tensor = "head.out.bias", .sentence = "head.out.bias is missing"},
        {.extra = "head.7.weight", .sentence = "head.7.weight does not belong"},
        {.nan = "head.0.weight", .sentence = "not finite"},
        {.transpose = "head.0.weight", .sentence = "kind and shape"},
        {.key = "schema_version", .value = "999", .sentence = "newer version"},
        {.key = "schema_version", .value = "", .sentence = "schema_version"},
        {.key = "format", .value = "pt", .sentence = "no tabscope model"},
        {.key = "model", .value = "[]", .sentence = "no JSON object"},
        {.key = "model", .value = "{\"kind\":\"oracle\"}", .sentence = "of a kind"},
        {.key = "model",
         .value = "{\"kind\":\"tabtransformer\",\"options\":{\"dim\":1e9}}",
         .sentence = "option dim"},
        {.key = "model", .value = "{\"kind\":\"tabtransformer\",\"options\":"
                                  "{\"dim\":-9223372036854775808}}",
         .sentence = "option layers"},
    };
    struct fresh f = fresh_new("yes", 1);
    struct error err = {0};
    char *path = table_path(), *changed = table_path();
    struct safetensors *file;

    check(model_save(f.model, NULL, path, &err));
    file = safetensors_open(path, &err);
    if (check(file != NULL))
        for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
            check_refused(file, &changes[i], changed);
    safetensors_free(file);
    unlink(path);
    unlink(changed);
    free(path);
    free(changed);
    fresh_done(&f);
}

/* ---- broken files ---- */

/* A model as small as one can be, saved under path. Returns its bytes, *n of them. */
static char *save_smallest(const char *path, struct subject *s, size_t *n)
{
    struct model_options o = model_defaults();
    struct error err = {0};
    struct model *m;
    char *bytes;

    o.dim = 4;
    o.layers = 0;
    o.heads = o.head_cap = 1;
    *s = subject_new(table_of("a,y\nu,1\nv,0\nu,0\nv,1\nu,1\nv,0\nu,0\nv,1\n"), "y",
                     NULL);
    m = model_new(&o, s->encoder, 1, &err);
    check(m && model_save(m, NULL, path, &err));
    model_unref(m);
    bytes = file_read(path, 1 << 20, n, &err);
    check(bytes != NULL);
    return bytes;
}

/* Refused with a sentence that begins with the file's name. */
static bool is_refused(const char *path)
{
    struct error err = {0};
    struct model *m = model_open(path, NULL, &err);

    model_unref(m);
    return !m && strncmp(err.text, path, strlen(path)) == 0
        && strlen(err.text) > strlen(path) + 10;
}

static void every_prefix_of_a_model_is_refused(void)
{
    char *path = table_path();
    struct subject s;
    size_t n;
    char *whole = save_smallest(path, &s, &n);
    int taken = 0;

    check(!is_refused(path));
    while (n-- > 0) {
        check(truncate(path, (off_t)n) == 0);
        taken += !is_refused(path);
    }
    check_int(taken, 0);
    unlink(path);
    free(path);
    free(whole);
    subject_done(&s);
}

/* The weights and the encoder are still those of s. */
static bool is_unharmed(struct model *m, const struct subject *s, struct pool *pool,
                        const float *right, size_t n)
{
    struct error err = {0};
    struct frame *f = encoder_apply(model_encoder(m), s->data, NULL, &err);
    float *got = xcalloc(n, sizeof *got);
    bool same = f && model_predict(m, pool, f, NULL, n / 2, FILL_CLASS, got, &err)
        && memcmp(got, right, n * sizeof *got) == 0;

    free(got);
    frame_free(f);
    return same;
}

/* What is taken all the same is a file whose checksum has lost its name, and it predicts
 * what it did. */
static void every_flipped_bit_of_a_model_is_seen(void)
{
    enum { OUTPUTS = 16 };
    char *path = table_path();
    struct subject s;
    struct error err = {0};
    size_t n, taken = 0, harmed = 0;
    char *whole = save_smallest(path, &s, &n);
    struct pool *pool = pool_new(1, &err);
    struct model *m = model_open(path, NULL, &err);
    FILE *file = fopen(path, "r+b");
    float right[OUTPUTS];

    check(m && file && model_predict(m, pool, s.frame, NULL, OUTPUTS / 2, FILL_CLASS,
                                     right, &err));
    model_unref(m);
    setvbuf(file, NULL, _IONBF, 0);
    for (size_t i = 0; i < 8 * n; i++) {
        fseek(file, (long)(i / 8), SEEK_SET);
        fputc(whole[i / 8] ^ 1 << i % 8, file);
        m = model_open(path, NULL, &err);
        taken += m != NULL;
        harmed += m && !is_unharmed(m, &s, pool, right, OUTPUTS);
        model_unref(m);
        fseek(file, (long)(i / 8), SEEK_SET);
        fputc(whole[i / 8], file);
    }
    check_int(harmed, 0);
    check(taken < n / 8);
    printf("# %zu bits, of which %zu may turn\n", 8 * n, taken);
    fclose(file);
    pool_free(pool);
    unlink(path);
    free(path);
    free(whole);
    subject_done(&s);
}

/* No legal or broken file of the hostile corpus is one of our models. */
static void hostile_files_are_refused(void)
{
    char *folder = test_shared("hostile/own/models");
    DIR *d = folder ? opendir(folder) : NULL;
    int n = 0;

    if (!d) {
        test_skip("the shared folder is not there");
        free(folder);
        return;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char *path = xasprintf("%s/%s", folder, e->d_name);
        struct error err = {0};

        if (e->d_name[0] != '.') {
            check(model_open(path, NULL, &err) == NULL);
            check(err.text[0] != '\0');
            n++;
        }
        free(path);
    }
    check(n > 60);
    closedir(d);
    free(folder);
}

/* ---- what does not make a model ---- */

static void wrong_options_are_refused(void)
{
    struct fresh f = fresh_new("yes", 1);
    struct model_options o;
    struct error err = {0};

#define REFUSED(change, sentence)                                                        \
    o = small_options();                                                                 \
    change;                                                                              \
    check(model_new(&o, f.s.encoder, 1, &err) == NULL);                                  \
    check(strstr(err.text, sentence) != NULL)
    REFUSED(o.dim = 0, "model.dim is 0");
    REFUSED(o.heads = 3, "cannot be divided among 3 heads");
    REFUSED(o.dropout = 1, "model.dropout is 1");
    REFUSED(o.identifier = 8, "model.identifier is 8");
    REFUSED(o.layers = -1, "model.layers is -1");
    REFUSED((o.kind = MODEL_MLP, o.continuous = CONTINUOUS_TOKENS),
            "only a TabTransformer has model.continuous tokens");
    REFUSED((o.kind = MODEL_GBDT, o.readout = READOUT_CLS), "not model.kind gbdt");
#undef REFUSED
    fresh_done(&f);
}

static bool has_layer(const struct model_layer *layers, int n, const char *name)
{
    int found = 0;

    for (int i = 0; i < n; i++)
        found += strcmp(layers[i].name, name) == 0;
    return found == 1;
}

/* Maps are large: a plan that does not keep them must not even make them. */
static void attention_maps_are_made_on_demand(void)
{
    enum { ROWS = 200, COLUMNS = 100 };
    static const int classes[COLUMNS];
    struct model_options o = small_options();
    struct model_shape shape = {.columns = COLUMNS, .classes = classes,
                                .continuous = 1, .outputs = 1, .loss = LOSS_BINARY};
    size_t bytes[2];

    for (int keep = 0; keep < 2; keep++) {
        struct params *p = params_new();
        struct graph *g = graph_new(p);
        struct graph_plan plan = {ROWS, true, keep != 0};

        tabtransformer_describe(g, &o, &shape);
        graph_plan(g, &plan);
        bytes[keep] = graph_bytes(g, 1);
        graph_free(g);
        params_free(p);
    }
    check(bytes[1] >= bytes[0]
          + ROWS * (size_t)o.heads * COLUMNS * COLUMNS * sizeof(real));
}

static void layers_have_names_and_add_up(void)
{
    struct fresh f = fresh_new("yes", 2);
    struct error err = {0};
    size_t parameters = 0;
    double flops = 0;
    int n = 0;
    struct model_options o = *model_options(f.model);
    struct model_layer *layers;

    o.head_dropout = 0.1;
    layers = model_layers(&o, f.s.encoder, &n, &err);
    for (int i = 0; layers && i < n; i++) {
        check(has_layer(layers, n, layers[i].name));
        parameters += layers[i].parameters;
        flops += layers[i].flops;
    }
    check(has_layer(layers, n, "layers.1.ffn.up"));
    check(has_layer(layers, n, "layers.1.attention"));
    check(has_layer(layers, n, "head.1.norm.dropout"));
    check_int(parameters, model_parameters(f.model));
    check_near(flops, model_flops(f.model), 0);
    free(layers);
    o.dim = 7;
    check(model_layers(&o, f.s.encoder, &n, &err) == NULL);
    fresh_done(&f);
}

int main(void)
{
    test_run(probabilities_sum_to_one);
    test_run(regression_answers_in_its_own_unit);
    test_run(a_row_alone_is_predicted_as_among_others);
    test_run(one_hot_columns_can_be_filled);
    test_run(saved_models_predict_the_same);
    test_run(files_of_other_models_are_refused);
    test_run(every_prefix_of_a_model_is_refused);
    test_run(every_flipped_bit_of_a_model_is_seen);
    test_run(hostile_files_are_refused);
    test_run(wrong_options_are_refused);
    test_run(attention_maps_are_made_on_demand);
    test_run(layers_have_names_and_add_up);
    return test_done();
}
