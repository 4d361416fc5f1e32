/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a model does: its best weights on the validation rows, what it has learned, what
 * attends to what. */
#include "command/figures.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "lens/sight.h"

enum { FEW_CLASSES = 6 }; /* whose confusions have room for more than a number */

/* ---- ROC ---- */

/* The threshold that the confusions are counted at. */
static void add_half(struct figure *f, const struct diagnosis *d)
{
    const size_t *c = d->confusion; /* true negatives, false positives, ... */
    struct series *s;

    if (d->lines != 2 || c[0] + c[1] == 0 || c[2] + c[3] == 0)
        return;
    s = figure_add(f, "at 0.5", SERIES_POINTS, 7);
    series_add(s, (double)c[1] / (double)(c[0] + c[1]),
               (double)c[3] / (double)(c[2] + c[3]));
}

static void add_roc(struct figure *f, const struct diagnosis *d, int i)
{
    const struct roc_curve *r = &d->curves[i];
    struct str name = {0};
    struct series *s;

    str_puts(&name, d->names[r->line]);
    if (d->lines > 2)
        str_printf(&name, " %.3f", r->auc);
    s = figure_add(f, str_text(&name), SERIES_LINE, i);
    for (int k = 0; k < r->n; k++)
        series_add(s, (double)r->points[k].x, (double)r->points[k].y);
    str_done(&name);
}

static struct figure *new_square(const char *x, const char *y)
{
    struct figure *f = figure_new(NULL);

    axis_label(&f->x, x);
    axis_label(&f->y, y);
    f->x.low = f->y.low = 0;
    f->x.high = f->y.high = 1;
    f->diagonal = true;
    return f;
}

static struct figure *make_roc(const struct diagnosis *d)
{
    struct figure *f = new_square("false alarms", "found");

    for (int i = 0; i < d->n_curves; i++)
        add_roc(f, d, i);
    add_half(f, d);
    return f;
}

/* Means of ten groups of rows, and between what most of their truths lie. */
static struct figure *make_groups(const struct diagnosis *d)
{
    struct figure *f = figure_new(NULL);

    axis_label(&f->x, "predicted");
    axis_label(&f->y, "true");
    f->diagonal = true;
    for (int i = 0; i < 2; i++) {
        struct series *s = figure_add(f, i ? "90 %" : "10 %", SERIES_FAINT, 1);

        for (int g = 0; g < d->n_groups; g++)
            series_add(s, d->groups[g].said, i ? d->groups[g].high : d->groups[g].low);
    }
    figure_add(f, "mean", SERIES_POINTS, 0);
    for (int g = 0; g < d->n_groups; g++)
        series_add(&f->series[2], d->groups[g].said, d->groups[g].found);
    return f;
}

struct figure *figures_roc(const struct diagnosis *d)
{
    if (d->task == TASK_REGRESSION)
        return make_groups(d);
    return d->n_curves > 0 ? make_roc(d) : NULL;
}

/* ---- calibration ---- */

static struct figure *make_sizes_of_errors(const struct diagnosis *d)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "RMSE", SERIES_POINTS, 0);

    axis_label(&f->x, "predicted");
    axis_label(&f->y, "RMSE");
    f->y.low = 0;
    for (int g = 0; g < d->n_groups; g++)
        series_add(s, d->groups[g].said, d->groups[g].rmse);
    return f;
}

struct figure *figures_calibration(const struct diagnosis *d)
{
    struct figure *f;
    struct series *s;

    if (d->task == TASK_REGRESSION)
        return make_sizes_of_errors(d);
    f = new_square("said", "came true");
    s = figure_add(f, d->lines == 2 ? d->names[1] : "likeliest class", SERIES_POINTS, 0);
    for (int i = 0; i < DIAGNOSIS_BINS; i++) {
        if (d->bins[i].rows > 0)
            series_add(s, d->bins[i].said, d->bins[i].found);
    }
    return f;
}

/* ---- confusions ---- */

static size_t rows_of(const struct diagnosis *d, int truth)
{
    size_t rows = 0;

    for (int said = 0; said < d->lines; said++)
        rows += d->confusion[truth * d->lines + said];
    return rows;
}

/* Of few classes with its share. */
static void put_count(struct figure_matrix *m, int truth, int said, size_t n, size_t all)
{
    double share = all > 0 ? (double)n / (double)all : NAN;
    char count[COUNT_TEXT], *text;

    count_text(n, count);
    text = m->rows <= FEW_CLASSES && all > 0
               ? xasprintf("%s (%.0f %%)", count, 100 * share) : xstrdup(count);
    matrix_put(m, truth, said, share, text);
    free(text);
}

static struct figure *make_confusion(const struct diagnosis *d)
{
    struct figure *f = figure_new(NULL);
    struct figure_matrix *m = figure_set_matrix(f, d->lines, d->lines,
                                                "share of the true class");

    axis_label(&f->x, "said");
    axis_label(&f->y, "true");
    m->low = 0;
    m->high = 1;
    for (int truth = 0; truth < d->lines; truth++) {
        size_t all = rows_of(d, truth);

        matrix_name_row(m, truth, d->names[truth]);
        matrix_name_column(m, truth, d->names[truth]);
        for (int said = 0; said < d->lines; said++)
            put_count(m, truth, said, d->confusion[truth * d->lines + said], all);
    }
    return f;
}

/* How large errors are that so many rows do not exceed. */
static struct figure *make_errors(const struct diagnosis *d)
{
    struct figure *f = figure_new(NULL);
    struct series *s = figure_add(f, "error", SERIES_LINE, 0);

    axis_label(&f->x, "share of the rows");
    axis_label(&f->y, "said - true");
    f->level = 0;
    for (int i = 0; i < DIAGNOSIS_RESIDUALS; i++)
        series_add(s, diagnosis_levels[i], d->residuals[i]);
    return f;
}

struct figure *figures_confusion(const struct diagnosis *d)
{
    return d->task == TASK_REGRESSION ? make_errors(d) : make_confusion(d);
}

/* ---- pre-training ---- */

struct figure *figures_learned(const struct run *r)
{
    const struct column_score *scores = run_learned(r);
    const struct encoder *e = run_encoder(r);
    struct figure *f;

    if (!scores || !e)
        return NULL;
    f = figure_new(NULL);
    figure_add(f, "learned", SERIES_BARS, 0);
    figure_add(f, "without looking", SERIES_POINTS, 1);
    axis_label(&f->y, r->pretext != PRETEXT_MLM ? "AUC" : "accuracy");
    f->y.low = 0;
    f->y.high = 1;
    for (int i = 0; i < e->n_categorical; i++) {
        bool has_auc = !isnan(scores[i].auc);

        series_add(&f->series[0], i,
                   (double)(has_auc ? scores[i].auc : scores[i].accuracy));
        series_add(&f->series[1], i, has_auc ? 0.5 : (double)scores[i].baseline);
        axis_add_name(&f->x, i, e->categorical[i].name);
    }
    return f;
}

/* ---- attention ---- */

struct figure *figures_attention(const char *const *names, int n, const double *map,
                                 bool difference)
{
    struct figure *f = figure_new(NULL);
    int decimals = sight_decimals(map, (size_t)n * (size_t)n);
    struct figure_matrix *m = figure_set_matrix(f, n, n, difference
                                                             ? "difference of attention"
                                                             : "attention, share of 1");

    axis_label(&f->x, "is asked");
    axis_label(&f->y, "asks");
    m->diverging = difference;
    if (!difference)
        m->low = 0;
    for (int i = 0; i < n; i++) {
        matrix_name_row(m, i, names[i]);
        matrix_name_column(m, i, names[i]);
        for (int k = 0; k < n; k++) {
            char *text = difference ? xasprintf("%+.*f", decimals, map[i * n + k])
                                    : xasprintf("%.*f", decimals, map[i * n + k]);

            matrix_put(m, i, k, map[i * n + k], text);
            free(text);
        }
    }
    return f;
}
