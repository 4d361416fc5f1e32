/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/diagnosis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const double diagnosis_levels[DIAGNOSIS_RESIDUALS] = {
    0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1,
};

static void copy_name(char out[DIAGNOSIS_NAME], const char *text)
{
    size_t n = strlen(text);

    if (n >= DIAGNOSIS_NAME) {
        n = DIAGNOSIS_NAME - 1;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(out, text, n);
    out[n] = '\0';
}

/* The class with the most training rows that has no line yet. */
static int most_frequent(const struct encoder *e, const int *line)
{
    int best = -1;

    for (int c = 0; c < e->n_classes; c++)
        if (line[c] < 0 && (best < 0 || e->class_counts[c] > e->class_counts[best]))
            best = c;
    return best;
}

/* line (classes) gets each class's line, of_line (lines) the class, -1 for "others". */
static void give_lines(struct diagnosis *d, const struct encoder *e, int *line,
                       int *of_line)
{
    bool all = e->n_classes <= DIAGNOSIS_CLASSES;
    int own = all ? e->n_classes : DIAGNOSIS_CLASSES - 1;

    d->lines = all ? own : DIAGNOSIS_CLASSES;
    for (int c = 0; c < e->n_classes; c++)
        line[c] = -1;
    for (int i = 0; i < own; i++) {
        of_line[i] = all ? i : most_frequent(e, line);
        line[of_line[i]] = i;
        copy_name(d->names[i], e->classes[of_line[i]]);
    }
    if (all)
        return;
    of_line[own] = -1;
    snprintf(d->names[own], DIAGNOSIS_NAME, "(%d others)", e->n_classes - own);
    for (int c = 0; c < e->n_classes; c++)
        line[c] = line[c] < 0 ? own : line[c];
}

/* The curve of a class against all others; without rows of both kinds it has no point. */
static void draw_curve(struct roc_curve *r, int class, const float *predicted,
                       const float *truth, size_t n, int classes, float *score,
                       unsigned char *positive)
{
    size_t known = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(truth[i]))
            continue;
        score[known] = predicted[i * (size_t)classes + (size_t)class];
        positive[known++] = (int)truth[i] == class;
    }
    r->auc = metric_auc(score, positive, known);
    r->n = metric_roc(score, positive, known, DIAGNOSIS_POINTS, r->points);
}

static void draw_curves(struct diagnosis *d, const int *of_line, const float *predicted,
                        const float *truth, size_t n, int classes)
{
    float *score = xmalloc((n + 1) * sizeof *score);
    unsigned char *positive = xmalloc(n + 1);

    d->n_curves = 0;
    for (int i = classes == 2; i < d->lines && d->n_curves < DIAGNOSIS_CURVES; i++) {
        struct roc_curve *r = &d->curves[d->n_curves];

        if (of_line[i] < 0)
            continue;
        r->line = i;
        draw_curve(r, of_line[i], predicted, truth, n, classes, score, positive);
        d->n_curves += r->n > 0;
    }
    free(positive);
    free(score);
}

static void take_classes(struct diagnosis *d, const struct encoder *e,
                         const float *predicted, const float *truth, size_t n)
{
    int of_line[DIAGNOSIS_CLASSES];
    int *line = xmalloc(((size_t)e->n_classes + 1) * sizeof *line);

    give_lines(d, e, line, of_line);
    breakdown_confusion(predicted, truth, n, e->n_classes, line, d->lines, d->confusion);
    breakdown_calibration(predicted, truth, n, e->n_classes, DIAGNOSIS_BINS, d->bins);
    d->brier = breakdown_brier(predicted, truth, n, e->n_classes);
    draw_curves(d, of_line, predicted, truth, n, e->n_classes);
    free(line);
}

void diagnosis_make(struct diagnosis *d, const struct encoder *e, int epoch,
                    const struct metrics *metrics, const float *predicted,
                    const float *truth, size_t n)
{
    d->epoch = epoch;
    d->metrics = *metrics;
    d->task = e->task;
    if (e->task != TASK_REGRESSION) {
        take_classes(d, e, predicted, truth, n);
        return;
    }
    d->n_groups = breakdown_groups(predicted, truth, n, DIAGNOSIS_BINS, d->groups);
    breakdown_residuals(predicted, truth, n, diagnosis_levels, DIAGNOSIS_RESIDUALS,
                        d->residuals);
}
