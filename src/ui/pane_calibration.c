/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the probabilities of the best weights so far come true; of a regression where
 * the errors are made. */
#include "ui/pane_train.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "command/figures.h"
#include "ui/chart.h"

enum { CHART_WIDTH = 30, CHART_HEIGHT = 9, BINS_WIDTH = 24 };

static void title_calibration(const struct view *v, struct str *out)
{
    const struct diagnosis *d = train_known(v);
    char text[32];

    if (train_is_regression(v)) {
        str_puts(out, "errors by prediction");
        return;
    }
    str_puts(out, "calibration");
    if (d)
        str_printf(out, ", error %s", train_measure(d->metrics.calibration_error, text));
    if (d)
        str_printf(out, ", Brier %s", train_measure(d->brier, text));
}

static void draw_bins(const struct diagnosis *d, struct surface *s)
{
    int y = 1;

    surface_text(s, 0, 0, 0, ROLE_DIM, "   said   true      rows");
    for (int i = 0; i < DIAGNOSIS_BINS && y < s->height; i++) {
        const struct breakdown_bin *b = &d->bins[i];
        char rows[COUNT_TEXT];

        if (b->rows == 0)
            continue;
        surface_printf(s, 0, y, 0, ROLE_TEXT, "  %5.3f  %5.3f", b->said, b->found);
        surface_text_right(s, 14, y++, 10, ROLE_DIM, count_text(b->rows, rows));
    }
}

static void draw_groups(const struct diagnosis *d, struct surface *s)
{
    int width = s->width / 4 < 12 ? s->width / 4 : 12;
    static const char *const heads[] = {"said", "true", "RMSE", "rows"};
    char text[32];

    for (int i = 0; i < 4; i++)
        surface_text_right(s, i * width, 0, width, ROLE_DIM, heads[i]);
    for (int i = 0; i < d->n_groups && i + 1 < s->height; i++) {
        const struct breakdown_group *g = &d->groups[i];
        double values[] = {g->said, g->found, g->rmse};

        for (int k = 0; k < 3; k++)
            surface_text_right(s, k * width, i + 1, width, ROLE_TEXT,
                               train_measure(values[k], text));
        snprintf(text, sizeof(text), "%zu", g->rows);
        surface_text_right(s, 3 * width, i + 1, width, ROLE_DIM, text);
    }
}

static void draw_probabilities(const struct diagnosis *d, struct surface *s)
{
    bool chart = s->width >= CHART_WIDTH && s->height >= CHART_HEIGHT;
    int table = s->width >= CHART_WIDTH + BINS_WIDTH ? BINS_WIDTH : 0;
    struct surface part;
    struct figure *f;

    if (!chart || table > 0) {
        part = surface_part(s, (struct rect){chart ? s->width - table : 0, 0, s->width,
                                             s->height});
        draw_bins(d, &part);
    }
    if (!chart)
        return;
    part = surface_part(s, (struct rect){0, 0, s->width - table, s->height});
    f = figures_calibration(d);
    chart_draw(f, &part);
    figure_free(f);
}

static void draw_calibration(const struct view *v, struct surface *s, bool focused)
{
    const struct diagnosis *d = train_diagnosis(v, s);

    (void)focused;
    if (!d)
        return;
    if (d->task == TASK_REGRESSION)
        draw_groups(d, s);
    else
        draw_probabilities(d, s);
}

static void copy_calibration(const struct view *v, struct str *out)
{
    const struct diagnosis *d = train_known(v);

    for (int i = 0; d && d->lines > 0 && i < DIAGNOSIS_BINS; i++)
        str_printf(out, "%.6g\t%.6g\t%zu\n", d->bins[i].said, d->bins[i].found,
                   d->bins[i].rows);
    for (int i = 0; d && i < d->n_groups; i++)
        str_printf(out, "%.6g\t%.6g\t%.6g\t%zu\n", d->groups[i].said, d->groups[i].found,
                   d->groups[i].rmse, d->groups[i].rows);
}

const struct pane_type pane_calibration = {
    .name = "calibration",
    .title = title_calibration,
    .draw = draw_calibration,
    .copy = copy_calibration,
};
