/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ROC curve of the best weights so far; of a regression what is said against what is
 * true. */
#include "ui/pane_train.h"

#include "command/figures.h"
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

static void draw_roc(const struct view *v, struct surface *s, bool focused)
{
    const struct diagnosis *d = train_diagnosis(v, s);
    struct figure *f;

    (void)focused;
    if (!d)
        return;
    f = figures_roc(d);
    if (!f) {
        prose_draw(s, 1, s->height > 3, s->width - 2, ROLE_DIM,
                   "The validation rows are all of one class: there is no ROC curve.");
        return;
    }
    chart_draw(f, s);
    figure_free(f);
}

const struct pane_type pane_roc = {
    .name = "roc",
    .title = title_roc,
    .draw = draw_roc,
};
