/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/run_text.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

const char *run_state_text(const struct run *r)
{
    if (r->files.elsewhere)
        return "elsewhere";
    if (r->files.cut_off)
        return "cut off";
    if (r->files.resumable)
        return "stopped";
    switch (r->state) {
    case RUN_KEPT:
        return "kept";
    case RUN_WAITING:
        return "training";
    case RUN_OPENED:
        return "opened";
    default:
        return r->progress.end == TRAIN_STOPPED    ? "stopped"
               : r->progress.end == TRAIN_DIVERGED ? "diverged"
                                                   : "trained";
    }
}

enum model_kind run_model_kind(const struct run *r)
{
    return r->model ? model_options(r->model)->kind : r->settings.model.kind;
}

const char *run_task(const struct run *r)
{
    return r->pretext == PRETEXT_NONE ? task_name(r->task) : pretext_name(r->pretext);
}

const char *run_target(const struct run *r)
{
    const char *target = NULL;

    if (r->pretext != PRETEXT_NONE)
        return "";
    if (r->schema && r->schema->target >= 0)
        target = r->schema->columns[r->schema->target].name;
    else if (r->model)
        target = model_encoder(r->model)->target;
    else
        target = r->target;
    return target ? target : "";
}

const struct metrics *run_valid(const struct run *r)
{
    size_t best = (size_t)r->progress.best_epoch;

    if (r->valid.rows > 0)
        return &r->valid;
    return best > 0 && best <= r->n_history ? &r->history[best - 1].valid : NULL;
}

const struct metric_field *run_watched(const struct run *r)
{
    enum watch watch = train_watch(&r->settings.train, r->task);
    const struct metric_field *f;
    const char *name = r->task == TASK_REGRESSION ? "r2"
        : r->pretext == PRETEXT_MLM ? "accuracy" : "auc";
    int i = 0;

    if (watch == WATCH_AUC && r->n_history > 0 && isnan(r->history[0].valid.auc))
        name = "accuracy";
    while ((f = metric_field(r->task, i)) && strcmp(f->name, name) != 0)
        i++;
    return f;
}

double run_metric(const struct metrics *m, const struct metric_field *f)
{
    return m && m->rows > 0 ? metric_value(m, f) : NAN;
}

/* ---- runs side by side ---- */

static bool same_text(const char *a, const char *b)
{
    return !a || !b || strcmp(a, b) == 0; /* what is not known is no difference */
}

static bool same_split(const struct split_options *a, const struct split_options *b)
{
    return a->train == b->train && a->valid == b->valid && a->test == b->test
        && a->seed == b->seed && a->folds == b->folds
        && (a->folds == 0 || a->fold == b->fold);
}

static bool same_rows(const struct run *a, const struct run *b)
{
    return a->test.rows == 0 || b->test.rows == 0 || a->test.rows == b->test.rows;
}

enum unlike runs_unlike(const struct run *a, const struct run *b)
{
    const struct pretrain_options *p = &a->settings.train.pretrain;
    const struct pretrain_options *q = &b->settings.train.pretrain;

    if (metric_field(a->task, 0) != metric_field(b->task, 0) || a->pretext != b->pretext)
        return UNLIKE_METRIC;
    if (!same_text(a->table, b->table))
        return UNLIKE_TABLE;
    if (strcmp(run_target(a), run_target(b)) != 0)
        return UNLIKE_TARGET;
    if (!same_split(&a->split, &b->split) || !same_rows(a, b))
        return UNLIKE_SPLIT;
    if (a->pretext != PRETEXT_NONE)
        return p->mask != q->mask || p->replace != q->replace ? UNLIKE_MASK : UNLIKE_NOT;
    return a->split.labeled != b->split.labeled ? UNLIKE_LABELS : UNLIKE_NOT;
}

const char *unlike_name(enum unlike u)
{
    static const char *const names[] = {"", "metric", "table", "target", "split",
                                        "labels", "mask"};

    return names[u];
}

static void put_split(const struct run *r, bool rows, struct str *out)
{
    const struct split_options *s = &r->split;
    char count[COUNT_TEXT];

    if (rows)
        str_printf(out, "%s test rows", count_text(r->test.rows, count));
    else if (s->folds > 0)
        str_printf(out, "fold %d of %d, seed %llu", s->fold, s->folds,
                   (unsigned long long)s->seed);
    else
        str_printf(out, "%g/%g/%g, seed %llu", s->train, s->valid, s->test,
                   (unsigned long long)s->seed);
}

static void put_unlike(const struct run *r, enum unlike u, bool rows, struct str *out)
{
    const struct pretrain_options *p = &r->settings.train.pretrain;
    char count[COUNT_TEXT];

    switch (u) {
    case UNLIKE_METRIC:
        str_puts(out, run_task(r));
        break;
    case UNLIKE_TABLE:
        str_puts(out, r->table);
        break;
    case UNLIKE_TARGET:
        str_puts(out, run_target(r));
        break;
    case UNLIKE_SPLIT:
        put_split(r, rows, out);
        break;
    case UNLIKE_MASK:
        str_printf(out, "%g %s", p->mask,
                   p->replace == REPLACE_EMPIRICAL ? "empirical" : "uniform");
        break;
    default:
        if (run_labels(r) > 0)
            str_puts(out, count_text(run_labels(r), count));
        else
            str_puts(out, "all");
        break;
    }
}

void runs_unlike_text(const struct run *a, const struct run *b, struct str *out)
{
    enum unlike u = runs_unlike(a, b);
    bool rows = same_split(&a->split, &b->split);

    if (u == UNLIKE_NOT)
        return;
    str_printf(out, u == UNLIKE_LABELS ? "other %s (" : "another %s (", unlike_name(u));
    put_unlike(b, u, rows, out);
    str_puts(out, ", not ");
    put_unlike(a, u, rows, out);
    str_putc(out, ')');
}

size_t runs_group(struct run *const *runs, size_t n, size_t i)
{
    size_t first = 0;

    while (first < i && first < n && runs_unlike(runs[first], runs[i]) != UNLIKE_NOT)
        first++;
    return first;
}

size_t runs_base(struct run *const *runs, size_t n, size_t group)
{
    for (size_t i = group; i < n; i++) {
        if (runs_group(runs, n, i) == group && !runs[i]->parent)
            return i;
    }
    return group;
}

size_t runs_best(struct run *const *runs, size_t n, size_t group,
                 const struct metric_field *f, const double *values)
{
    size_t best = n, known = 0;

    for (size_t i = group; i < n; i++) {
        if (isnan(values[i]) || runs_group(runs, n, i) != group)
            continue;
        known++;
        if (best == n || (f->rises ? values[i] > values[best] : values[i] < values[best]))
            best = i;
    }
    return known > 1 ? best : n;
}

size_t run_labels(const struct run *r)
{
    if (r->pretext != PRETEXT_NONE)
        return 0;
    return r->split.labeled >= 0 ? (size_t)r->split.labeled : r->rows;
}

bool runs_differ(const struct option *o, struct run *const *runs, size_t n)
{
    struct str first = {0}, other = {0};
    bool result = false;

    if (n == 0 || !option_is_of_runs(o))
        return false;
    option_print(o, &runs[0]->settings, &first);
    for (size_t i = 1; i < n && !result; i++) {
        str_clear(&other);
        option_print(o, &runs[i]->settings, &other);
        result = strcmp(str_text(&first), str_text(&other)) != 0;
    }
    str_done(&first);
    str_done(&other);
    return result;
}

void run_differences(const struct run *r, struct run *const *runs, size_t n,
                     struct str *out)
{
    const struct option *o;
    const char *before = "";

    for (int i = 0; (o = option_at(i)); i++) {
        const char *name = o->name;

        if (option_is_default(o, &r->settings) || !runs_differ(o, runs, n))
            continue;
        if (str_starts(name, "train.") || str_starts(name, "model."))
            name += strlen("train.");
        str_printf(out, "%s%s ", before, name);
        option_print(o, &r->settings, out);
        before = ", ";
    }
}
