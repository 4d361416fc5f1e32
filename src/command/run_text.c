/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/run_text.h"

#include <math.h>
#include <string.h>

const char *run_state_text(const struct run *r)
{
    switch (r->state) {
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
    return target ? target : "";
}

const struct metrics *run_valid(const struct run *r)
{
    size_t best = (size_t)r->progress.best_epoch;

    if (r->valid.rows > 0)
        return &r->valid;
    return best > 0 && best <= r->n_history ? &r->history[best - 1].valid : NULL;
}

double run_metric(const struct metrics *m, const struct metric_field *f)
{
    return m && m->rows > 0 ? metric_value(m, f) : NAN;
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
