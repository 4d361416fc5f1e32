/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/standings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "num/paired.h"

const struct metric_field *standings_metric(const struct study *s, int table)
{
    return metric_rising(s->plan->tables[table].schema->task);
}

/* ---- values ---- */

static int count_splits(const struct study *s)
{
    int n = 0;

    for (size_t i = 0; i < s->plan->n_trials; i++)
        n = s->plan->trials[i].split >= n ? s->plan->trials[i].split + 1 : n;
    return n;
}

static bool is_of(const struct study_trial *t, const struct standing *at)
{
    return t->fit.table == at->table && t->labels == at->labels && t->model == at->model;
}

/* (splits) test values of the round that the validation rows choose, and of round 0; NAN
 * where there is none. Adds up what the trials took. */
static void find_values(const struct study *s, struct standing *at, double *chosen,
                        double *usual, int splits)
{
    const struct metric_field *f = standings_metric(s, at->table);
    const struct study_result **best = xcalloc((size_t)splits + 1, sizeof *best);

    for (int i = 0; i < splits; i++)
        chosen[i] = usual[i] = NAN;
    for (size_t i = 0; i < s->plan->n_trials; i++) {
        const struct study_trial *t = &s->plan->trials[i];
        const struct study_result *r = &s->results[i];

        if (!is_of(t, at))
            continue;
        at->failed += r->state == TRIAL_FAILED;
        if (r->state != TRIAL_DONE)
            continue;
        at->seconds += r->seconds;
        if (t->round == 0)
            usual[t->split] = metric_value(&r->test, f);
        if (!best[t->split] || study_is_better(r, best[t->split])) {
            best[t->split] = r;
            chosen[t->split] = metric_value(&r->test, f);
        }
    }
    free(best);
}

/* Of those that are there. Returns how many. */
static int mean_of(const double *x, int n, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    int known = 0;

    for (int i = 0; i < n; i++) {
        sum += isnan(x[i]) ? 0 : x[i];
        known += !isnan(x[i]);
    }
    *mean = known > 0 ? sum / known : NAN;
    for (int i = 0; i < n; i++)
        squares += isnan(x[i]) ? 0 : (x[i] - *mean) * (x[i] - *mean);
    *deviation = known > 1 ? sqrt(squares / (known - 1)) : NAN;
    return known;
}

static void measure(const struct study *s, struct standing *at, double *values,
                    int splits)
{
    double *usual = xcalloc((size_t)splits + 1, sizeof *usual);
    double unused;

    find_values(s, at, values, usual, splits);
    at->splits = mean_of(values, splits, &at->mean, &at->deviation);
    mean_of(usual, splits, &at->usual, &unused);
    free(usual);
}

/* ---- within a table and number of labels ---- */

/* Test rows by training rows. */
static double ratio_of(const struct study *s, int table)
{
    for (size_t i = 0; i < s->plan->n_trials; i++) {
        const struct split_options *o = &s->plan->trials[i].fit.split;

        if (s->plan->trials[i].fit.table == table && o->folds > 0)
            return 1.0 / (o->folds - 1) * (o->train + o->valid) / o->train;
        if (s->plan->trials[i].fit.table == table)
            return o->test / o->train;
    }
    return 0;
}

/* p over the splits that both have. */
static double p_of(const double *a, const double *b, int splits, double ratio)
{
    double *x = xcalloc(2 * (size_t)splits + 1, sizeof *x), *y = x + splits, p;
    int n = 0;

    for (int i = 0; i < splits; i++)
        if (!isnan(a[i]) && !isnan(b[i])) {
            x[n] = a[i];
            y[n++] = b[i];
        }
    p = paired_p(x, y, n, ratio);
    free(x);
    return p;
}

/* list (models), values (models, splits) */
static void rank(struct standing *list, const double *values, int models, int splits,
                 double ratio)
{
    int best = -1, known = 0;

    for (int m = 0; m < models; m++) {
        known += list[m].splits > 0;
        if (list[m].splits > 0 && (best < 0 || list[m].mean > list[best].mean))
            best = m;
    }
    for (int m = 0; m < models; m++) {
        list[m].best = m == best && known > 1;
        list[m].p = m == best || best < 0
            ? NAN : p_of(values + m * splits, values + best * splits, splits, ratio);
    }
}

static void add_group(struct standings *t, const struct study *s, int table, int labels,
                      int splits)
{
    struct standing *list = t->list + t->n;
    double *values = xcalloc((size_t)s->n_models * (size_t)splits + 1, sizeof *values);

    for (int m = 0; m < s->n_models; m++) {
        list[m] = (struct standing){.table = table, .labels = labels, .model = m};
        measure(s, &list[m], values + m * splits, splits);
    }
    rank(list, values, s->n_models, splits, ratio_of(s, table));
    t->n += (size_t)s->n_models;
    free(values);
}

/* ---- over tables ---- */

static bool has_all_models(const struct standings *t, const struct study *s, int table,
                           int labels)
{
    for (int m = 0; m < s->n_models; m++)
        if (standings_find(t, table, labels, m)->splits == 0)
            return false;
    return true;
}

/* The mean of tables that all models have, so that it is of the same ones. */
static void add_means(struct standings *t, const struct study *s, int labels)
{
    struct standing *list = t->list + t->n;
    double most = -INFINITY;

    for (int m = 0; m < s->n_models; m++) {
        struct standing *mean = &list[m];

        *mean = (struct standing){.table = -1, .labels = labels, .model = m,
                                  .deviation = NAN, .p = NAN};
        for (int k = 0; k < s->plan->n_tables; k++) {
            const struct standing *at = standings_find(t, k, labels, m);

            mean->seconds += at->seconds;
            mean->failed += at->failed;
            if (!has_all_models(t, s, k, labels))
                continue;
            mean->mean += at->mean;
            mean->usual += at->usual;
            mean->splits++;
        }
        mean->mean /= mean->splits;
        mean->usual /= mean->splits;
        most = fmax(most, mean->mean);
    }
    for (int m = 0; m < s->n_models; m++)
        list[m].best = s->n_models > 1 && list[m].mean == most;
    t->n += (size_t)s->n_models;
}

struct standings standings_make(const struct study *s)
{
    int tables = s->plan->n_tables, splits = count_splits(s);
    struct standings t = {.metric = standings_metric(s, 0)};
    size_t most = (size_t)(tables + 1) * (size_t)s->n_labels * (size_t)s->n_models;

    t.list = xcalloc(most + 1, sizeof *t.list);
    for (int k = 0; k < tables; k++)
        t.metric = standings_metric(s, k) == t.metric ? t.metric : NULL;
    for (int k = 0; k < tables; k++)
        for (int l = 0; l < s->n_labels; l++)
            add_group(&t, s, k, l, splits);
    for (int l = 0; l < s->n_labels && tables > 1 && t.metric; l++)
        add_means(&t, s, l);
    return t;
}

void standings_done(struct standings *t)
{
    free(t->list);
}

const struct standing *standings_find(const struct standings *t, int table, int labels,
                                      int model)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->list[i].table == table && t->list[i].labels == labels
            && t->list[i].model == model)
            return &t->list[i];
    return NULL;
}

bool standing_is_worse(const struct standing *s)
{
    return s->p < STANDINGS_LEVEL;
}

void standing_ground(const struct study *s, const struct standing *at, struct str *out)
{
    long labels = s->labels[at->labels];

    str_puts(out, at->table >= 0 ? s->plan->tables[at->table].name : "mean");
    if (labels >= 0)
        str_printf(out, ", %ld labels", labels);
}

/* ---- LaTeX ---- */

/* NULL: it stands for itself. The usual fonts have others in the places of < > |. */
static const char *latex_of(char c)
{
    static const struct {
        char c;
        const char *latex;
    } others[] = {
        {'&', "\\&"}, {'%', "\\%"}, {'$', "\\$"}, {'#', "\\#"}, {'_', "\\_"},
        {'{', "\\{"}, {'}', "\\}"}, {'~', "\\~{}"}, {'^', "\\^{}"},
        {'\\', "\\textbackslash{}"}, {'<', "\\textless{}"},
        {'>', "\\textgreater{}"}, {'|', "\\textbar{}"},
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].c == c)
            return others[i].latex;
    return NULL;
}

static void put_latex(struct str *out, const char *text)
{
    char *shown = show(text, 0);

    for (const char *p = shown; *p; p++) {
        if (latex_of(*p))
            str_puts(out, latex_of(*p));
        else
            str_putc(out, *p);
        if (p[0] == '-' && p[1] == '-')
            str_puts(out, "{}"); /* or it were a dash */
    }
    free(shown);
}

static void put_cell(struct str *out, const struct standing *at)
{
    if (isnan(at->mean)) {
        str_puts(out, " & --");
        return;
    }
    str_printf(out, at->best ? " & $\\mathbf{%.3f}$" : " & $%.3f$", at->mean);
    if (!isnan(at->deviation))
        str_printf(out, "\\,$\\pm$\\,%.3f", at->deviation);
    if (standing_is_worse(at))
        str_puts(out, "$^\\dagger$");
}

void standings_latex(const struct standings *t, const struct study *s,
                     const char *(*title)(const char *model), struct str *out)
{
    str_printf(out, "%% %s of the test rows, mean and standard deviation over the "
               "splits\n", t->metric ? t->metric->title : "AUC, R2 of regressions,");
    str_puts(out, "% \\dagger: worse than the best of its line, p < 0.05, corrected "
             "resampled t-test\n\\begin{tabular}{l");
    for (int m = 0; m < s->n_models; m++)
        str_putc(out, 'c');
    str_puts(out, "}\n\\hline\n");
    for (int m = 0; m < s->n_models; m++) {
        str_puts(out, " & ");
        put_latex(out, title(s->models[m]));
    }
    str_puts(out, " \\\\\n\\hline\n");
    for (size_t i = 0; i < t->n; i++) {
        struct str ground = {0};

        if (t->list[i].model == 0) {
            standing_ground(s, &t->list[i], &ground);
            str_puts(out, "{}"); /* or a [ in front were an argument of \\ */
            put_latex(out, str_text(&ground));
        }
        put_cell(out, &t->list[i]);
        if (t->list[i].model == s->n_models - 1)
            str_puts(out, " \\\\\n");
        str_done(&ground);
    }
    str_puts(out, "\\hline\n\\end{tabular}\n");
}
