/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/metric.h"

struct settings settings_defaults(void)
{
    return (struct settings){
        .model = model_defaults(),
        .train = train_defaults(),
        .data = encode_defaults(),
        .screen = {.hints = true},
        .split_seed = split_defaults().seed,
        .run_dir = "runs",
    };
}

struct session *session_new(int threads, struct error *err)
{
    struct engine *e = engine_new(threads, err);
    struct session *s;

    if (!e)
        return NULL;
    s = xcalloc(1, sizeof(*s));
    s->engine = e;
    s->settings = settings_defaults();
    return s;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    engine_free(s->engine);
    for (size_t i = 0; i < s->n_runs; i++)
        run_free(s->runs[i]);
    for (size_t i = 0; i < s->n_tables; i++)
        table_free(s->tables[i]);
    study_free(s->study);
    free(s->runs);
    free(s->tables);
    free(s);
}

struct table *session_find_table(const struct session *s, const char *name)
{
    for (size_t i = 0; i < s->n_tables; i++) {
        if (strcmp(s->tables[i]->name, name) == 0)
            return s->tables[i];
    }
    return NULL;
}

void session_add_table(struct session *s, struct table *t)
{
    size_t i = 0;

    while (i < s->n_tables && strcmp(s->tables[i]->name, t->name) != 0)
        i++;
    if (i == s->n_tables) {
        s->tables = xgrow(s->tables, s->n_tables, &s->tables_capacity,
                          sizeof(*s->tables));
        s->n_tables++;
    } else {
        table_free(s->tables[i]);
    }
    s->tables[i] = s->table = t;
}

struct run *session_find_run(const struct session *s, const char *name)
{
    for (size_t i = 0; i < s->n_runs; i++) {
        if (strcmp(s->runs[i]->name, name) == 0)
            return s->runs[i];
    }
    return NULL;
}

void session_add_run(struct session *s, struct run *r)
{
    s->runs = xgrow(s->runs, s->n_runs, &s->runs_capacity, sizeof(*s->runs));
    s->runs[s->n_runs++] = r;
}

void session_drop_run(struct session *s, struct run *r)
{
    for (size_t i = 0; i < s->n_runs; i++) {
        if (s->runs[i] == r) {
            memmove(s->runs + i, s->runs + i + 1, (--s->n_runs - i) * sizeof(*s->runs));
            break;
        }
    }
    if (s->run == r)
        s->run = NULL;
    run_free(r);
}

char *session_run_folder(const struct session *s, const char *name)
{
    return xasprintf("%s/%s", s->settings.run_dir, name);
}

char *session_free_name(const struct session *s, const char *prefix)
{
    for (int i = 1;; i++) {
        char *name = xasprintf("%s%d", prefix, i), *folder = session_run_folder(s, name);
        struct stat st;
        bool taken = session_find_run(s, name) || lstat(folder, &st) == 0;

        free(folder);
        if (!taken)
            return name;
        free(name);
    }
}

struct run *run_new(const char *name)
{
    struct run *r = xcalloc(1, sizeof(*r));

    r->name = xstrdup(name);
    r->split = split_defaults();
    r->settings = settings_defaults();
    train_settle(&r->settings.train, r->settings.model.kind);
    return r;
}

void run_free(struct run *r)
{
    if (!r)
        return;
    model_unref(r->model);
    model_unref(r->live);
    if (r->schema)
        schema_free(r->schema);
    if (r->data)
        dataset_unref(r->data);
    free(r->history);
    curve_done(&r->curve);
    learned_done(&r->learned);
    encoder_unref(r->encoder);
    free(r->diagnosis);
    free(r->folder);
    free(r->parent);
    free(r->target);
    free(r->origin);
    free(r->table);
    free(r->name);
    free(r);
}

struct model *run_seen(const struct run *r)
{
    return r->model ? r->model : r->live;
}

int run_epochs(const struct run *r)
{
    return r->progress.last_epoch > 0 ? r->progress.last_epoch : r->settings.train.epochs;
}

const struct encoder *run_encoder(const struct run *r)
{
    return r->model ? model_encoder(r->model) : r->encoder;
}

const struct column_score *run_learned(const struct run *r)
{
    const struct encoder *e = run_encoder(r);

    if (!e || e->n_categorical != r->learned.columns)
        return NULL;
    return learned_at(&r->learned, r->state == RUN_WAITING ? 0 : r->progress.best_epoch);
}

char *name_of_file(const char *path)
{
    static const char *const endings[] = {".gz", ".csv", ".tsv", ".txt", ".data",
                                          ".safetensors"};
    const char *slash = strrchr(path, '/'), *base = slash && slash[1] ? slash + 1 : path;
    size_t n = strlen(base);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t length = strlen(endings[i]);

        if (n > length && strncasecmp(base + n - length, endings[i], length) == 0)
            n -= length;
    }
    return xstrndup(base, n);
}

/* ---- beside the weights ---- */

/* JSON takes no wild bytes. */
static void put_text(json_t *j, const char *key, const char *text)
{
    char *shown = show(text, 0);

    json_object_set_new(j, key, json_string(shown));
    free(shown);
}

static json_t *pretrain_to_json(const struct pretrain_options *p)
{
    return json_pack("{s:f, s:f, s:s}", "mask", p->mask, "swap", p->swap, "replace",
                     p->replace == REPLACE_EMPIRICAL ? "empirical" : "uniform");
}

json_t *run_to_json(const struct run *r)
{
    const struct split_options *s = &r->split;
    const struct train_options *t = &r->settings.train;
    /* JSON takes no wild bytes */
    char *name = show(r->name, 0), *table = show(r->table ? r->table : r->origin, 0);
    json_t *j;

    j = json_pack("{s:s, s:s, s:{s:f, s:f, s:f, s:I, s:i, s:i, s:I},"
                  " s:{s:i, s:i, s:f, s:f, s:i, s:I}}",
                  "run", name, "table", table,
                  "split", "train", s->train, "valid", s->valid, "test", s->test,
                  "seed", (json_int_t)s->seed, "folds", s->folds, "fold", s->fold,
                  "labeled", (json_int_t)s->labeled,
                  "train", "epochs", t->epochs, "batch", t->batch, "lr", t->lr,
                  "weight_decay", t->weight_decay, "patience", t->patience,
                  "seed", (json_int_t)t->seed);
    if (r->parent)
        put_text(j, "parent", r->parent);
    if (r->pretext != PRETEXT_NONE)
        json_object_set_new(j, "pretrain", pretrain_to_json(&t->pretrain));
    free(table);
    free(name);
    return j;
}

static void take_double(const json_t *j, const char *key, double *out)
{
    const json_t *v = json_object_get(j, key);

    if (json_is_number(v) && isfinite(json_number_value(v)))
        *out = json_number_value(v);
}

static json_int_t int_or(const json_t *j, const char *key, json_int_t otherwise)
{
    const json_t *v = json_object_get(j, key);

    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static void take_split(struct split_options *out, const json_t *j)
{
    struct split_options s = split_defaults();

    take_double(j, "train", &s.train);
    take_double(j, "valid", &s.valid);
    take_double(j, "test", &s.test);
    s.seed = (uint64_t)int_or(j, "seed", (json_int_t)s.seed);
    s.folds = (int)int_or(j, "folds", s.folds);
    s.fold = (int)int_or(j, "fold", s.fold);
    s.labeled = (long)int_or(j, "labeled", s.labeled);
    if (split_check(&s, NULL))
        *out = s;
}

static void take_train(struct train_options *out, const json_t *j)
{
    struct train_options t = *out;

    t.epochs = (int)int_or(j, "epochs", t.epochs);
    t.batch = (int)int_or(j, "batch", t.batch);
    t.patience = (int)int_or(j, "patience", t.patience);
    t.seed = (uint64_t)int_or(j, "seed", (json_int_t)t.seed);
    take_double(j, "lr", &t.lr);
    take_double(j, "weight_decay", &t.weight_decay);
    if (train_check(&t, NULL))
        *out = t;
}

static void take_pretrain(struct pretrain_options *out, const json_t *j)
{
    struct pretrain_options p = *out;
    const char *replace = json_string_value(json_object_get(j, "replace"));

    take_double(j, "mask", &p.mask);
    take_double(j, "swap", &p.swap);
    if (replace && strcmp(replace, "empirical") == 0)
        p.replace = REPLACE_EMPIRICAL;
    if (pretrain_check(&p, NULL))
        *out = p;
}

static void take_text(char **out, const json_t *j, const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));

    free(*out);
    *out = text ? xstrdup(text) : NULL;
}

void run_take_json(struct run *r, const json_t *extra)
{
    const json_t *metrics = json_object_get(extra, "metrics");

    take_text(&r->parent, extra, "parent");
    take_text(&r->table, extra, "table");
    r->progress.epoch = (int)int_or(extra, "epochs", 0);
    r->progress.best_epoch = (int)int_or(extra, "best_epoch", 0);
    if (int_or(extra, "rows", 0) > 0)
        r->rows = (size_t)int_or(extra, "rows", 0);
    take_split(&r->split, json_object_get(extra, "split"));
    take_train(&r->settings.train, json_object_get(extra, "train"));
    take_pretrain(&r->settings.train.pretrain, json_object_get(extra, "pretrain"));
    metrics_from_json(&r->valid, json_object_get(metrics, "valid"));
    metrics_from_json(&r->test, json_object_get(metrics, "test"));
    if (r->model && r->learned.n == 0)
        learned_from_json(&r->learned, model_encoder(r->model),
                          json_object_get(metrics, "columns"));
}

void run_take_model(struct run *r, struct model *m, const json_t *extra)
{
    r->model = m;
    r->task = model_encoder(m)->task;
    r->pretext = model_pretext(m);
    r->settings.model = *model_options(m);
    r->settings.data = model_encoder(m)->options;
    if (extra)
        run_take_json(r, extra);
}
