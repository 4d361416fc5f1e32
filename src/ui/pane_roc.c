/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ROC curve of the best weights so far; of a regression what is said against what is
 * true. */
#include "ui/pane_train.h"

#include <math.h>

#include "ui/chart.h"
#include "ui/prose.h"

static void title_roc(const struct view *v, struct str *out)
{
    const struct diagnosis *d = train_known(v);
    char auc[32];

    if (train_is_regression(v)) {
        str_puts(out, "predicted and true");
        return;
    }
    str_puts(out, "ROC");
    if (d)
        str_printf(out, "%s, AUC %s, epoch %d", d->lines > 2 ? " of each class" : "",
                   train_measure(d->metrics.auc, auc), d->epoch);
}

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

static struct figure *roc_figure(const struct diagnosis *d)
{
    struct figure *f = figure_new(NULL);

    axis_label(&f->x, "false alarms");
    axis_label(&f->y, "found");
    f->x.low = f->y.low = 0;
    f->x.high = f->y.high = 1;
    f->diagonal = true;
    for (int i = 0; i < d->n_curves; i++)
        add_roc(f, d, i);
    add_half(f, d);
    return f;
}

/* Means of ten groups of rows, and between what most of their truths lie. */
static struct figure *groups_figure(const struct diagnosis *d)
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

static void draw_roc(const struct view *v, struct surface *s, bool focused)
{
    const struct diagnosis *d = train_diagnosis(v, s);
    struct figure *f;

    (void)focused;
    if (!d)
        return;
    if (d->task != TASK_REGRESSION && d->n_curves == 0) {
        prose_draw(s, 1, s->height > 3, s->width - 2, ROLE_DIM,
                   "The validation rows are all of one class: there is no ROC curve.");
        return;
    }
    f = d->task == TASK_REGRESSION ? groups_figure(d) : roc_figure(d);
    chart_draw(f, s);
    figure_free(f);
}

const struct pane_type pane_roc = {
    .name = "roc",
    .title = title_roc,
    .draw = draw_roc,
};
