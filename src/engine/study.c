/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/study.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "engine/metric.h"
#include "engine/stopping.h"
#include "nn/params.h"

/* ---- the plan ---- */

struct shared_plan {
    struct study_plan plan;
    atomic_int references;
};

struct study_plan *study_plan_new(void)
{
    struct shared_plan *s = xcalloc(1, sizeof *s);

    atomic_init(&s->references, 1);
    return &s->plan;
}

struct study_plan *study_plan_ref(struct study_plan *p)
{
    atomic_fetch_add(&((struct shared_plan *)p)->references, 1);
    return p;
}

void study_plan_unref(struct study_plan *p)
{
    if (!p || atomic_fetch_sub(&((struct shared_plan *)p)->references, 1) > 1)
        return;
    for (int i = 0; i < p->n_tables; i++) {
        free(p->tables[i].name);
        dataset_unref(p->tables[i].data);
        schema_free(p->tables[i].schema);
    }
    for (size_t i = 0; i < p->n_trials; i++) {
        free(p->trials[i].key);
        free(p->trials[i].settings);
    }
    for (size_t i = 0; i < p->n_bodies; i++)
        model_unref(p->bodies[i].model);
    free(p->tables);
    free(p->trials);
    free(p->bodies);
    free(p);
}

int study_add_table(struct study_plan *p, const char *name, struct dataset *data,
                    const struct schema *schema)
{
    p->tables = xrealloc(p->tables, ((size_t)p->n_tables + 1) * sizeof *p->tables);
    p->tables[p->n_tables] = (struct study_table){
        xstrdup(name), data ? dataset_ref(data) : NULL, schema_copy(schema)};
    return p->n_tables++;
}

/* As JSON keeps texts, which has only UTF-8. Takes the key over. */
static char *valid_key(char *key)
{
    size_t n = strlen(key), length;
    struct str out = {0};
    int code;

    if (utf8_valid(key, n))
        return key;
    for (size_t at = 0; at < n; at += length) {
        length = (size_t)utf8_decode(key + at, n - at, &code);
        if (code >= 0)
            str_add(&out, key + at, length);
        else
            str_printf(&out, "<%02X>", (unsigned char)key[at]);
    }
    free(key);
    return out.text;
}

void study_add_trial(struct study_plan *p, const struct study_trial *t)
{
    struct study_trial *own;

    p->trials = xgrow(p->trials, p->n_trials, &p->trials_capacity, sizeof *p->trials);
    own = &p->trials[p->n_trials++];
    *own = *t;
    own->key = valid_key(own->key);
}

static struct study_body *new_body(struct study_plan *p)
{
    p->bodies = xgrow(p->bodies, p->n_bodies, &p->bodies_capacity, sizeof *p->bodies);
    p->bodies[p->n_bodies] = (struct study_body){0};
    return &p->bodies[p->n_bodies++];
}

int study_add_body(struct study_plan *p, const struct study_fit *body)
{
    new_body(p)->fit = *body;
    return (int)p->n_bodies - 1;
}

int study_add_model(struct study_plan *p, struct model *m)
{
    const struct params *w = model_params(m);
    struct study_body *b = new_body(p);

    b->model = model_ref(m);
    for (int i = 0; i < w->n; i++)
        b->crc = path_crc32(b->crc, w->value + w->list[i].offset,
                            w->list[i].count * sizeof *w->value);
    return (int)p->n_bodies - 1;
}

enum task study_task(const struct study_plan *p, const struct study_trial *t)
{
    return p->tables[t->fit.table].schema->task;
}

/* ---- what is kept of it ---- */

static char *file_of(const char *folder)
{
    return xasprintf("%s/" STUDY_TRIALS, folder);
}

static int count_kind(const struct schema *s, enum kind kind)
{
    int n = 0;

    for (int i = 0; i < s->n_columns; i++)
        n += s->columns[i].kind == kind;
    return n;
}

/* Who ends early by halving depends on how many rounds there are. Takes over the text;
 * caller frees. */
static char *with_stopping(const struct study_plan *p, const struct study_trial *t,
                           char *ground)
{
    char *text;

    if (p->stopping == STOPPING_NONE)
        return ground;
    if (p->stopping == STOPPING_MEDIAN)
        text = xasprintf("%s, stopping median", ground);
    else
        text = xasprintf("%s, stopping halving of %d", ground,
                         stopping_rounds(p, (size_t)(t - p->trials)));
    free(ground);
    return text;
}

/* A body of other weights is another body. Takes over the text; caller frees. */
static char *with_body(const struct study_plan *p, const struct study_trial *t,
                       char *ground)
{
    char *text;

    if (t->body < 0 || !p->bodies[t->body].model)
        return ground;
    text = xasprintf("%s, body %08x", ground, (unsigned)p->bodies[t->body].crc);
    free(ground);
    return text;
}

/* What a trial was made on: results of other rows are of no use. Caller frees. */
static char *ground_of(const struct study_plan *p, const struct study_trial *t)
{
    const struct study_table *table = &p->tables[t->fit.table];
    const struct split_options *s = &t->fit.split;
    char *target = show(table->schema->columns[table->schema->target].name, 0), *ground;

    ground = xasprintf("%zu rows, %d categorical, %d continuous, target %s, split "
                       "%g:%g:%g seed %llu fold %d of %d, labeled %ld, seeds %d",
                       dataset_rows(table->data),
                       count_kind(table->schema, KIND_CATEGORICAL),
                       count_kind(table->schema, KIND_CONTINUOUS), target, s->train,
                       s->valid, s->test, (unsigned long long)s->seed, s->fold, s->folds,
                       s->labeled, t->seeds);
    free(target);
    return with_body(p, t, with_stopping(p, t, ground));
}

static bool is_same(const struct study_plan *p, const struct study_trial *t,
                    const char *ground, const char *settings)
{
    char *own = ground_of(p, t);
    bool same = ground && settings && strcmp(own, ground) == 0
        && strcmp(t->settings, settings) == 0;

    free(own);
    return same;
}

static int compare_keys(const void *a, const void *b)
{
    const struct study_trial *const *s = a, *const *t = b;

    return strcmp((*s)->key, (*t)->key);
}

/* The trials, sorted by their keys; caller frees. */
static const struct study_trial **by_key(const struct study_plan *p)
{
    const struct study_trial **sorted = xcalloc(p->n_trials + 1, sizeof *sorted);

    for (size_t i = 0; i < p->n_trials; i++)
        sorted[i] = &p->trials[i];
    qsort(sorted, p->n_trials, sizeof *sorted, compare_keys);
    return sorted;
}

static const struct study_trial *find_trial(const struct study_trial **sorted, size_t n,
                                            const char *key)
{
    struct study_trial wanted = {.key = (char *)key};
    const struct study_trial *at = &wanted, **found;

    found = bsearch(&at, sorted, n, sizeof *sorted, compare_keys);
    return found ? *found : NULL;
}

static double number_of(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);

    return json_is_number(v) ? json_number_value(v) : NAN;
}

static int int_of(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    json_int_t i = json_integer_value(v);

    return i >= 0 && i <= INT32_MAX ? (int)i : 0;
}

static void read_rungs(struct rungs *r, const json_t *j)
{
    const json_t *list = json_object_get(j, "rungs");

    r->last = number_of(j, "last");
    for (; r->n < STUDY_RUNGS && (size_t)r->n < json_array_size(list); r->n++)
        r->best[r->n] = json_number_value(json_array_get(list, (size_t)r->n));
}

static json_t *rungs_to_json(const struct rungs *r)
{
    json_t *list = json_array();

    for (int i = 0; i < r->n; i++)
        json_array_append_new(list, json_real(r->best[i]));
    return list;
}

bool study_result_from_json(struct study_result *r, const json_t *j)
{
    *r = (struct study_result){.state = TRIAL_DONE};
    r->score = number_of(j, "score");
    r->seconds = number_of(j, "seconds");
    r->epochs = int_of(j, "epochs");
    r->best_epoch = int_of(j, "best_epoch");
    r->cut = json_is_true(json_object_get(j, "cut"));
    read_rungs(&r->rungs, j);
    return !isnan(r->score) && metrics_from_json(&r->valid, json_object_get(j, "valid"))
        && metrics_from_json(&r->test, json_object_get(j, "test"));
}

/* Of one line; one that makes no sense is left out. False: of another study. */
static bool take_line(const struct study_plan *p, const struct study_trial **sorted,
                      const char *line, size_t n, struct study_result *results)
{
    json_t *j = json_loadb(line, n, 0, NULL);
    const char *key = json_string_value(json_object_get(j, "trial"));
    const struct study_trial *t = key ? find_trial(sorted, p->n_trials, key) : NULL;
    struct study_result r;
    bool same = !t || is_same(p, t, json_string_value(json_object_get(j, "on")),
                              json_string_value(json_object_get(j, "settings")));

    if (t && same && study_result_from_json(&r, j))
        results[t - p->trials] = r;
    json_decref(j);
    return same;
}

bool study_read(const struct study_plan *p, const char *folder,
                struct study_result *results, size_t *done, struct error *err)
{
    char *path = file_of(folder), *shown, *text = NULL;
    const struct study_trial **sorted;
    bool ok = true;

    *done = 0;
    if (access(path, F_OK) == 0)
        ok = (text = file_read(path, STUDY_TRIALS_BYTES, NULL, err)) != NULL;
    sorted = by_key(p);
    for (char *at = text, *end; ok && at && (end = strchr(at, '\n')); at = end + 1)
        if (!take_line(p, sorted, at, (size_t)(end - at), results)) {
            shown = show(path, 0);
            ok = error_set(err, ERROR_STATE, "%s has trials with other settings, rows or "
                           "--stopping; choose another --name", shown);
            free(shown);
        }
    for (size_t i = 0; i < p->n_trials; i++)
        *done += results[i].state == TRIAL_DONE;
    free(sorted);
    free(text);
    free(path);
    return ok;
}

struct study_log {
    int fd;
    char *path;
};

static bool refuse_log(const char *path, struct error *err)
{
    int reason = errno;
    char *shown = show(path, 0);

    error_set(err, ERROR_SYSTEM, "cannot write %s: %s", shown, strerror(reason));
    free(shown);
    return false;
}

/* A line that was cut off must not swallow the next one. */
static bool end_line(int fd)
{
    char last = '\n';
    off_t size = lseek(fd, 0, SEEK_END);

    if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
        return false;
    return last == '\n' || write(fd, "\n", 1) == 1;
}

struct study_log *study_log_open(const char *folder, struct error *err)
{
    struct study_log *l = xcalloc(1, sizeof *l);

    l->path = file_of(folder);
    l->fd = open(l->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (l->fd >= 0 && end_line(l->fd))
        return l;
    refuse_log(l->path, err);
    study_log_close(l);
    return NULL;
}

static char *line_of(const struct study_plan *p, const struct study_trial *t,
                     const struct study_result *r)
{
    enum task task = study_task(p, t);
    char *ground = ground_of(p, t), *text, *line;
    json_t *j = json_pack("{s:s, s:s, s:s, s:f, s:i, s:i, s:f}", "trial", t->key, "on",
                          ground, "settings", t->settings, "score", r->score, "epochs",
                          r->epochs, "best_epoch", r->best_epoch, "seconds", r->seconds);

    if (p->stopping != STOPPING_NONE) {
        json_object_set_new(j, "cut", json_boolean(r->cut));
        json_object_set_new(j, "rungs", rungs_to_json(&r->rungs));
        json_object_set_new(j, "last", json_real(r->rungs.last)); /* left out if NAN */
    }
    json_object_set_new(j, "valid", metrics_to_json(&r->valid, task));
    json_object_set_new(j, "test", metrics_to_json(&r->test, task));
    text = json_dumps(j, JSON_COMPACT | JSON_PRESERVE_ORDER);
    line = text ? xasprintf("%s\n", text) : NULL;
    free(text);
    free(ground);
    json_decref(j);
    return line;
}

bool study_log_add(struct study_log *l, const struct study_plan *p, size_t trial,
                   const struct study_result *r, struct error *err)
{
    char *line = line_of(p, &p->trials[trial], r);
    size_t n = line ? strlen(line) : 0;
    ssize_t written;
    bool ok;

    errno = ENOMEM;
    written = n > 0 ? write(l->fd, line, n) : -1;
    if (written >= 0 && (size_t)written < n)
        errno = ENOSPC;
    ok = written == (ssize_t)n && fdatasync(l->fd) == 0;
    free(line);
    return ok || refuse_log(l->path, err);
}

void study_log_close(struct study_log *l)
{
    if (!l)
        return;
    if (l->fd >= 0)
        close(l->fd);
    free(l->path);
    free(l);
}

/* ---- of the session ---- */

void study_free(struct study *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n_models; i++)
        free(s->models[i]);
    for (int i = 0; i < s->n_drawn; i++)
        free(s->drawn[i]);
    study_plan_unref(s->plan);
    free(s->models);
    free(s->from);
    free(s->drawn);
    free(s->labels);
    free(s->lanes);
    free(s->results);
    free(s->latex_path);
    free(s->trials_path);
    free(s->folder);
    free(s->name);
    free(s);
}

char *study_key(const struct study *s, const struct study_trial *t)
{
    char labels[COUNT_TEXT] = "all";

    if (s->kind == STUDY_SEARCH)
        return xasprintf("%d", t->round);
    if (s->labels[t->labels] >= 0)
        count_text((size_t)s->labels[t->labels], labels);
    return xasprintf("%s %s %s %d %d", s->plan->tables[t->fit.table].name, labels,
                     s->models[t->model], t->split, t->round);
}

size_t study_count(const struct study *s, enum trial_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < s->plan->n_trials; i++)
        n += s->results[i].state == state;
    return n;
}

size_t study_count_cut(const struct study *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->plan->n_trials; i++)
        n += s->results[i].state == TRIAL_DONE && s->results[i].cut;
    return n;
}

bool study_has_rounds(const struct study *s)
{
    for (size_t i = 0; i < s->plan->n_trials; i++)
        if (s->plan->trials[i].round > 0)
            return true;
    return false;
}

bool study_is_better(const struct study_result *r, const struct study_result *than)
{
    return r->cut != than->cut ? than->cut : r->score > than->score;
}

struct ranked {
    const struct study_result *result;
    size_t trial;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *s = a, *t = b;

    if (study_is_better(s->result, t->result))
        return -1;
    if (study_is_better(t->result, s->result))
        return 1;
    return s->trial < t->trial ? -1 : 1;
}

size_t study_order(const struct study *s, enum trial_state state, size_t *order)
{
    struct ranked *list = xcalloc(s->plan->n_trials + 1, sizeof *list);
    size_t n = 0;

    for (size_t i = 0; i < s->plan->n_trials; i++)
        if (s->results[i].state == state)
            list[n++] = (struct ranked){&s->results[i], i};
    qsort(list, n, sizeof *list, compare_ranked);
    for (size_t i = 0; i < n; i++)
        order[i] = list[i].trial;
    free(list);
    return n;
}
