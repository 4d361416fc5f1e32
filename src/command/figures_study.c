/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the models of a benchmark stand, and what the trials of a search came to. */
#include "command/figures.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "command/contender.h"
#include "command/standings.h"

/* The part of its stretch of the axis that the points of a group take. */
static const double group_width = 0.8;

/* So that no point stands on the frame, also in few lines of text. */
static const double room = 0.04;

static void add_room(struct figure *f)
{
    double low, high;

    figure_y_range(f, &low, &high);
    f->y.low = low - room * (high - low);
    f->y.high = high + room * (high - low);
}

/* ---- benchmarks ---- */

/* (models) their numbers, as all benchmarks have them in order and colour. */
static int *models_in_order(const struct study *s)
{
    int *order = xcalloc((size_t)s->n_models + 1, sizeof *order);

    for (int m = 0; m < s->n_models; m++) {
        int at = m;

        for (; at > 0 && contender_number(s->models[order[at - 1]])
                             > contender_number(s->models[m]); at--)
            order[at] = order[at - 1];
        order[at] = m;
    }
    return order;
}

/* place: among the models, from the left. */
static void add_model(struct figure *f, const struct study *s, const struct standings *t,
                      int model, int place)
{
    int number = contender_number(s->models[model]);
    double aside = ((place + 0.5) / s->n_models - 0.5) * group_width;
    struct series *series = figure_add(f, contender_title(s->models[model]),
                                       SERIES_POINTS, number >= 0 ? number : model);

    for (size_t i = (size_t)model; i < t->n; i += (size_t)s->n_models) {
        const struct standing *at = &t->list[i];

        series_add_reach(series, (double)(i / (size_t)s->n_models) + 1 + aside, at->mean,
                         at->deviation);
    }
}

static void name_groups(struct figure *f, const struct study *s,
                        const struct standings *t)
{
    for (size_t i = 0; i < t->n; i += (size_t)s->n_models) {
        struct str name = {0};

        standing_ground(s, &t->list[i], &name);
        axis_add_name(&f->x, (double)(i / (size_t)s->n_models) + 1, str_text(&name));
        str_done(&name);
    }
    f->groups = true;
    f->x.low = 0.5;
    f->x.high = (double)f->x.n_names + 0.5;
}

/* The least and the greatest number of splits that a model is known on; 0: none is. */
static void count_splits(const struct standings *t, int *least, int *most)
{
    *least = *most = 0;
    for (size_t i = 0; i < t->n; i++) {
        int splits = t->list[i].table >= 0 ? t->list[i].splits : 0;

        if (splits > 0 && (*least == 0 || splits < *least))
            *least = splits;
        *most = splits > *most ? splits : *most;
    }
}

/* "b1: mean over 3 to 5 splits"; they vary while the study goes on. */
static char *title_of_benchmark(const struct study *s, int least, int most)
{
    if (most <= 1)
        return xasprintf("%s: one split", s->name);
    if (least == most)
        return xasprintf("%s: mean over %d splits", s->name, most);
    return xasprintf("%s: mean over %d to %d splits", s->name, least, most);
}

/* "test AUC", or where tables have different metrics all of them: "test AUC, R2"; and
 * what bars mean. */
static void label_values(struct figure *f, const struct study *s, bool bars)
{
    struct str label = {0};

    for (int k = 0; k < s->plan->n_tables; k++) {
        const struct metric_field *metric = standings_metric(s, k);
        bool known = false;

        for (int j = 0; j < k; j++)
            known = known || standings_metric(s, j) == metric;
        if (!known)
            str_printf(&label, "%s%s", k == 0 ? "test " : ", ", metric->title);
    }
    str_puts(&label, bars ? "; bars: one standard deviation" : "");
    axis_label(&f->y, str_text(&label));
    str_done(&label);
}

struct figure *figures_benchmark(const struct study *s)
{
    struct standings t = standings_make(s);
    struct figure *f = figure_new(NULL);
    int *order = models_in_order(s), least, most;

    for (int place = 0; place < s->n_models; place++)
        add_model(f, s, &t, order[place], place);
    name_groups(f, s, &t);
    count_splits(&t, &least, &most);
    label_values(f, s, most > 1);
    f->title = title_of_benchmark(s, least, most);
    add_room(f);
    free(order);
    standings_done(&t);
    return f;
}

/* ---- searches ---- */

static int compare_rounds(const void *a, const void *b)
{
    const struct study_trial *const *s = a, *const *t = b;

    return ((*s)->round > (*t)->round) - ((*s)->round < (*t)->round);
}

/* The trials that are done, in the order of their rounds; caller frees. */
static const struct study_trial **trials_in_order(const struct study *s, size_t *n)
{
    const struct study_trial **list = xcalloc(s->plan->n_trials + 1, sizeof *list);

    *n = 0;
    for (size_t i = 0; i < s->plan->n_trials; i++)
        if (s->results[i].state == TRIAL_DONE)
            list[(*n)++] = &s->plan->trials[i];
    if (*n > 0)
        qsort(list, *n, sizeof *list, compare_rounds);
    return list;
}

struct figure *figures_search(const struct study *s)
{
    const struct metric_field *metric = standings_metric(s, 0);
    struct figure *f = figure_new(NULL);
    struct series *best, *all;
    size_t n, chosen = 0;
    const struct study_trial **trials = trials_in_order(s, &n);
    const struct study_result *best_result = NULL;

    figure_add(f, "best so far", SERIES_STEPS, STYLE_VALID);
    all = figure_add(f, "trial", SERIES_POINTS, STYLE_TRAIN);
    best = &f->series[0];
    for (size_t i = 0; i < n; i++) {
        const struct study_result *r = &s->results[trials[i] - s->plan->trials];
        double value = metric_value(&r->valid, metric);

        if (!best_result || study_is_better(r, best_result)) {
            best_result = r;
            chosen = i;
        }
        series_add(all, trials[i]->round, value);
        series_add(best, trials[i]->round, all->y[chosen]);
    }
    f->x.whole = true;
    if (n > 0) {
        f->x.low = trials[0]->round - 0.5;
        f->x.high = trials[n - 1]->round + 0.5;
    }
    axis_label(&f->x, "trial");
    f->y.label = xasprintf("validation %s", metric->title);
    add_room(f);
    if (n > 0)
        f->title = xasprintf("%s: best of %zu trial%s: trial %d, validation %s %.4f",
                             s->name, n, n == 1 ? "" : "s", trials[chosen]->round,
                             metric->title, all->y[chosen]);
    free(trials);
    return f;
}
