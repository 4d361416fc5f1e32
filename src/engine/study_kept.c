/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/study_kept.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "engine/job_train.h"
#include "engine/kept.h"

/* What files may make of a study, at most: what stands beyond is left out. */
enum { MOST_TABLES = 1000, MOST_SPLITS = 1000, MOST_ROUNDS = 100000, MOST_LABELS = 32,
       MOST_MODELS = 32 };

/* ---- names of trials, as study_key has them ---- */

/* Takes the last word off the text. NULL: it has only one. */
static char *take_word(char *text)
{
    char *blank = strrchr(text, ' ');

    if (!blank)
        return NULL;
    *blank = '\0';
    return blank + 1;
}

/* "7" from 0 to most; -1: no such number */
static int number_of(const char *word, int most)
{
    long n;

    return word && str_to_long(word, 0, most, &n) ? (int)n : -1;
}

/* "all": -1, "1,000": 1000 */
static bool read_labels(const char *word, long *out)
{
    char digits[COUNT_TEXT] = "";
    size_t n = 0;

    *out = -1;
    if (word && strcmp(word, "all") == 0)
        return true;
    for (; word && *word && n + 1 < sizeof digits; word++)
        if (*word != ',')
            digits[n++] = *word;
    return str_to_long(digits, 1, 1000000000, out);
}

/* ---- what they are of ---- */

static int find_table(struct study *s, const char *name, enum task task)
{
    struct schema schema = {.target = -1, .task = task};

    for (int i = 0; i < s->plan->n_tables; i++)
        if (strcmp(s->plan->tables[i].name, name) == 0)
            return i;
    return s->plan->n_tables < MOST_TABLES
        ? study_add_table(s->plan, name, NULL, &schema) : -1;
}

static int find_model(struct study *s, const char *name)
{
    for (int i = 0; i < s->n_models; i++)
        if (strcmp(s->models[i], name) == 0)
            return i;
    if (s->n_models == MOST_MODELS)
        return -1;
    s->models = xrealloc(s->models, ((size_t)s->n_models + 1) * sizeof *s->models);
    s->models[s->n_models] = xstrdup(name);
    return s->n_models++;
}

static int find_labels(struct study *s, long labels)
{
    for (int i = 0; i < s->n_labels; i++)
        if (s->labels[i] == labels)
            return i;
    if (s->n_labels == MOST_LABELS)
        return -1;
    s->labels = xrealloc(s->labels, ((size_t)s->n_labels + 1) * sizeof *s->labels);
    s->labels[s->n_labels] = labels;
    return s->n_labels++;
}

/* "TABLE LABELS MODEL SPLIT ROUND", where only the table may have blanks, or "ROUND". */
static bool read_key(struct study *s, const char *key, enum task task,
                     struct study_trial *t)
{
    char *text = xstrdup(key), *round = take_word(text), *split = NULL, *model = NULL;
    char *labels = NULL;
    long n_labels;
    bool ok;

    if (!round) {
        t->round = number_of(text, MOST_ROUNDS);
        t->fit.table = find_table(s, s->name, task);
        ok = t->round >= 0;
    } else {
        split = take_word(text);
        model = split ? take_word(text) : NULL;
        labels = model ? take_word(text) : NULL;
        t->round = number_of(round, MOST_ROUNDS);
        t->split = number_of(split, MOST_SPLITS - 1);
        ok = t->round >= 0 && t->split >= 0 && read_labels(labels, &n_labels)
            && (t->labels = find_labels(s, n_labels)) >= 0
            && (t->model = find_model(s, model)) >= 0
            && (t->fit.table = find_table(s, text, task)) >= 0;
    }
    free(text);
    return ok;
}

/* The last ", split 65:15:20 seed 1 fold 0 of 5, labeled -1" of what a trial was made on:
 * a target may be called like that. */
static void read_split(const char *on, struct split_options *o)
{
    static const char mark[] = ", split ";
    const char *at = NULL, *next = on;
    unsigned long long seed;

    *o = split_defaults();
    while (next && (next = strstr(next, mark)))
        at = next++;
    if (at && sscanf(at + strlen(mark),
                     "%lf:%lf:%lf seed %llu fold %d of %d, labeled %ld", &o->train,
                     &o->valid, &o->test, &seed, &o->fold, &o->folds, &o->labeled) == 7
        && o->train > 0)
        o->seed = seed;
    else
        *o = split_defaults();
}

/* ---- lines ---- */

static bool is_regression(const json_t *metrics)
{
    return json_object_get(metrics, "r2") != NULL;
}

struct results {
    struct study_result *list; /* (plan's trials) */
    size_t capacity;
};

/* One that makes no sense is left out. */
static void take_line(struct study *s, struct results *results, const char *line,
                      size_t n)
{
    json_t *j = json_loadb(line, n, 0, NULL);
    const char *key = json_string_value(json_object_get(j, "trial"));
    struct study_trial t = {.body = -1, .seeds = 1};
    struct study_result r;
    enum task task = is_regression(json_object_get(j, "test")) ? TASK_REGRESSION
                                                               : TASK_BINARY;

    if (key && study_result_from_json(&r, j) && read_key(s, key, task, &t)) {
        read_split(json_string_value(json_object_get(j, "on")), &t.fit.split);
        t.key = xstrdup(key);
        t.settings = xstrdup("");
        results->list = xgrow(results->list, s->plan->n_trials, &results->capacity,
                              sizeof *results->list);
        results->list[s->plan->n_trials] = r;
        study_add_trial(s->plan, &t);
    }
    json_decref(j);
}

struct numbered {
    const char *key;
    size_t trial;
};

static int compare_numbered(const void *a, const void *b)
{
    const struct numbered *s = a, *t = b;
    int order = strcmp(s->key, t->key);

    return order != 0 ? order : (s->trial > t->trial) - (s->trial < t->trial);
}

/* Of several lines of one trial the last counts. */
static void drop_doubles(struct study *s)
{
    size_t n = s->plan->n_trials;
    struct numbered *list = xcalloc(n + 1, sizeof *list);

    for (size_t i = 0; i < n; i++)
        list[i] = (struct numbered){s->plan->trials[i].key, i};
    qsort(list, n, sizeof *list, compare_numbered);
    for (size_t i = 0; i + 1 < n; i++)
        if (strcmp(list[i].key, list[i + 1].key) == 0)
            s->results[list[i].trial].state = TRIAL_WAITING;
    free(list);
}

static bool is_before(long a, long b)
{
    return b < 0 ? a >= 0 : a >= 0 && a < b;
}

static void sort_labels(struct study *s)
{
    int place[MOST_LABELS];
    long sorted[MOST_LABELS];

    for (int i = 0; i < s->n_labels; i++) {
        place[i] = 0;
        for (int k = 0; k < s->n_labels; k++)
            place[i] += is_before(s->labels[k], s->labels[i]);
        sorted[place[i]] = s->labels[i];
    }
    for (int i = 0; i < s->n_labels; i++)
        s->labels[i] = sorted[i];
    for (size_t i = 0; s->n_labels > 0 && i < s->plan->n_trials; i++)
        s->plan->trials[i].labels = place[s->plan->trials[i].labels];
}

static void take_lines(struct study *s, char *text)
{
    struct results results = {0};

    for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1)
        take_line(s, &results, at, (size_t)(end - at));
    s->results = results.list;
    s->kind = s->n_models > 0 ? STUDY_BENCHMARK : STUDY_SEARCH;
    drop_doubles(s);
    sort_labels(s);
}

/* ---- folders ---- */

static char *trials_of(const struct session *s, const char *name)
{
    return xasprintf("%s/%s/" STUDY_TRIALS, s->settings.run_dir, name);
}

bool study_kept_is(const struct session *s, const char *name)
{
    char *path = trials_of(s, name);
    bool is = name[0] != '\0' && name[0] != '.' && !strchr(name, '/')
        && access(path, F_OK) == 0;

    free(path);
    return is;
}

static char *lock_of(const struct session *s, const char *name)
{
    return xasprintf("%s/%s/" RUN_LOCK, s->settings.run_dir, name);
}

enum study_hold study_kept_hold(const struct session *s, const char *name)
{
    char *lock = lock_of(s, name);
    enum study_hold hold = access(lock, F_OK) != 0 ? STUDY_FREE
        : lock_is_taken(lock, NULL) ? STUDY_TAKEN : STUDY_CUT_OFF;

    free(lock);
    return hold;
}

/* Takes the text. */
static struct study *make_study(const struct session *s, const char *name, char *text)
{
    struct study *made = xcalloc(1, sizeof *made);

    made->name = xstrdup(name);
    made->folder = session_run_folder(s, name);
    made->plan = study_plan_new();
    take_lines(made, text);
    free(text);
    return made;
}

struct study *study_kept_open(const struct session *s, const char *name,
                              struct error *err)
{
    char *shown = show(name, 60), *path = trials_of(s, name), *text;
    struct study *made = NULL;

    if (!study_kept_is(s, name))
        error_set(err, ERROR_STATE, "there is no search or benchmark \"%s\" in the "
                  "folder of runs", shown);
    else if ((text = file_read(path, STUDY_TRIALS_BYTES, NULL, err)))
        made = make_study(s, name, text);
    if (made && made->plan->n_trials == 0) {
        error_set(err, ERROR_STATE, "no trial of %s is done yet", shown);
        study_free(made);
        made = NULL;
    }
    free(path);
    free(shown);
    return made;
}

char **study_kept_list(const struct session *s, size_t *n)
{
    size_t n_names;
    char **names = kept_names(s->settings.run_dir, &n_names);

    *n = 0;
    for (size_t i = 0; i < n_names; i++) {
        if (study_kept_is(s, names[i]))
            names[(*n)++] = names[i];
        else
            free(names[i]);
    }
    return names;
}
