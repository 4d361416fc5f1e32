/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/kept.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "engine/history.h"
#include "engine/train_state.h"
#include "nn/safetensors.h"

static char *file_of(const struct run *r, const char *name)
{
    return xasprintf("%s/%s", r->folder, name);
}

static bool has_file(const struct run *r, const char *name)
{
    char *path = file_of(r, name);
    bool has = access(path, R_OK) == 0;

    free(path);
    return has;
}

static void take_text(char **out, const json_t *j, const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));

    if (!text)
        return;
    free(*out);
    *out = xstrdup(text);
}

static void take_task(struct run *r, const json_t *j, const char *pretext)
{
    const char *task = json_string_value(json_object_get(j, "task"));

    r->pretext = PRETEXT_NONE;
    pretext_parse(pretext, &r->pretext);
    if (r->pretext != PRETEXT_NONE || !task || !task_parse(task, &r->task))
        r->task = TASK_NONE;
}

/* ---- from the header of a model ---- */

static json_t *parse(const struct safetensors *s, const char *key)
{
    const char *text = safetensors_metadata(s, key);

    return text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static bool look_at_model(struct run *r)
{
    char *path = file_of(r, RUN_MODEL);
    struct safetensors *s = safetensors_peek(path, NULL);
    json_t *model = s ? parse(s, "model") : NULL, *extra = s ? parse(s, "extra") : NULL;
    const json_t *encoder = json_object_get(model, "encoder");
    bool ok = json_is_object(encoder);

    if (ok) {
        model_kind_parse(json_string_value(json_object_get(model, "kind")),
                         &r->settings.model.kind);
        take_task(r, encoder, json_string_value(json_object_get(model, "pretext")));
        take_text(&r->target, encoder, "target");
        run_take_json(r, extra);
    }
    json_decref(model);
    json_decref(extra);
    safetensors_free(s);
    free(path);
    return ok;
}

/* ---- from the header of a state ---- */

static void take_recipe(struct run *r, const json_t *j)
{
    const json_t *settings = json_object_get(j, "settings");
    const char *epochs = json_string_value(json_object_get(settings, "train.epochs"));
    long number;

    model_kind_parse(json_string_value(json_object_get(settings, "model.kind")),
                     &r->settings.model.kind);
    if (epochs && str_to_long(epochs, 1, 1000000, &number))
        r->settings.train.epochs = (int)number;
    take_text(&r->table, j, "table");
    take_text(&r->parent, j, "parent");
    take_text(&r->target, j, "target");
    take_task(r, json_object_get(j, "schema"),
              json_string_value(json_object_get(j, "pretext")));
}

static bool look_at_state(struct run *r)
{
    char *path = file_of(r, RUN_RESUME);
    struct train_about about;
    bool ok = train_state_peek(&about, path, NULL);
    struct stat st;
    json_t *j = ok ? json_loads(about.run, JSON_REJECT_DUPLICATES, NULL) : NULL;

    r->files.resumable = ok;
    r->files.cut_off = ok && !about.stopped;
    if (ok && stat(path, &st) == 0)
        r->files.when = st.st_mtim;
    if (j)
        take_recipe(r, j);
    if (ok) {
        r->progress.epoch = about.epoch;
        r->progress.best_epoch = about.best_epoch;
    }
    json_decref(j);
    free(about.run);
    free(path);
    return ok;
}

/* ---- all of them ---- */

/* False: nothing there to know it by. */
static bool look(struct run *r)
{
    char *lock = file_of(r, RUN_LOCK);
    bool known;

    r->files = (struct run_files){0};
    if (has_file(r, RUN_MODEL))
        r->files.model = look_at_model(r);
    if (has_file(r, RUN_RESUME))
        look_at_state(r);
    r->files.elsewhere = lock_is_taken(lock, NULL);
    known = r->files.model || r->files.resumable;
    if (known)
        history_read(r);
    if (known && !r->origin)
        r->origin = xstrdup(r->table ? r->table : r->folder);
    free(lock);
    return known;
}

static void add(struct session *s, const char *name)
{
    struct run *r = run_new(name);

    r->state = RUN_KEPT;
    r->folder = session_run_folder(s, name);
    if (look(r))
        session_add_run(s, r);
    else
        run_free(r);
}

static int compare_names(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Names go on screens and into sentences that name commands. */
static bool can_name(const char *name)
{
    char *shown = show(name, 0);
    bool can = strcmp(shown, name) == 0 && name[0] != '.' && name[0] != '-';

    free(shown);
    return can;
}

char **kept_names(const char *path, size_t *n)
{
    DIR *dir = opendir(path);
    const struct dirent *e;
    char **names = NULL;
    size_t capacity = 0;

    *n = 0;
    while (dir && (e = readdir(dir))) {
        if (!can_name(e->d_name))
            continue;
        names = xgrow(names, *n, &capacity, sizeof(*names));
        names[(*n)++] = xstrdup(e->d_name);
    }
    if (dir)
        closedir(dir);
    if (*n > 0)
        qsort(names, *n, sizeof(*names), compare_names);
    return names;
}

/* Of those that are known but not read. */
static void look_again(struct session *s)
{
    for (size_t i = s->n_runs; i > 0; i--) {
        struct run *r = s->runs[i - 1];

        if (r->state == RUN_KEPT && !look(r))
            session_drop_run(s, r);
    }
}

void kept_find(struct session *s)
{
    size_t n;
    char **names;

    look_again(s);
    names = kept_names(s->settings.run_dir, &n);
    for (size_t i = 0; i < n; i++) {
        if (!session_find_run(s, names[i]))
            add(s, names[i]);
        free(names[i]);
    }
    free(names);
}

bool kept_open(struct run *r, struct error *err)
{
    json_t *extra = NULL;
    struct model *m;
    char *path;

    if (!r->files.model && r->files.elsewhere)
        return error_set(err, ERROR_STATE,
                         "another program trains the run %s at present, and no weights "
                         "of it are saved yet", r->name);
    if (!r->files.model)
        return error_set(err, ERROR_STATE,
                         "the run %s was cut off, and no weights of it are saved yet; "
                         "`resume %s` goes on with it", r->name, r->name);
    path = file_of(r, RUN_MODEL);
    m = model_open(path, &extra, err);
    free(path);
    if (!m)
        return false;
    r->state = RUN_OPENED;
    run_take_model(r, m, extra);
    json_decref(extra);
    return true;
}
