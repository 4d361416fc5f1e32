/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/metric.h"

#include <math.h>

#define FIELD(name, title, rises) {#name, title, offsetof(struct metrics, name), rises}

static const struct metric_field classification[] = {
    FIELD(auc, "AUC", true),
    FIELD(accuracy, "accuracy", true),
    FIELD(loss, "loss", false),
    FIELD(f1, "F1", true),
    FIELD(average_precision, "avg.prec.", true),
    FIELD(calibration_error, "calib.err", false),
    {0},
};

static const struct metric_field regression[] = {
    FIELD(rmse, "RMSE", false),
    FIELD(mae, "MAE", false),
    FIELD(r2, "R2", true),
    {0},
};

/* of pre-training; MLM has no AUC */
static const struct metric_field pretext[] = {
    FIELD(auc, "AUC", true),
    FIELD(accuracy, "accuracy", true),
    FIELD(loss, "loss", false),
    {0},
};

const struct metric_field *metric_field(enum task task, int i)
{
    const struct metric_field *f = task == TASK_REGRESSION ? regression
        : task == TASK_NONE ? pretext : classification;

    return f[i].name ? &f[i] : NULL;
}

const struct metric_field *metric_rising(enum task task)
{
    int i = 0;

    while (!metric_field(task, i)->rises)
        i++;
    return metric_field(task, i);
}

double metric_value(const struct metrics *m, const struct metric_field *f)
{
    return *(const double *)((const char *)m + f->offset);
}

json_t *metrics_to_json(const struct metrics *m, enum task task)
{
    json_t *j = json_object();
    const struct metric_field *f;

    json_object_set_new(j, "rows", json_integer((json_int_t)m->rows));
    for (int i = 0; (f = metric_field(task, i)); i++) {
        double x = metric_value(m, f);

        json_object_set_new(j, f->name, isfinite(x) ? json_real(x) : json_null());
    }
    return j;
}

static void take_fields(struct metrics *m, const json_t *j, const struct metric_field *f)
{
    for (; f->name; f++) {
        const json_t *v = json_object_get(j, f->name);

        *(double *)((char *)m + f->offset) =
            json_is_number(v) ? json_number_value(v) : NAN;
    }
}

bool metrics_from_json(struct metrics *m, const json_t *j)
{
    json_int_t rows = json_integer_value(json_object_get(j, "rows"));

    if (!json_is_object(j))
        return false;
    *m = (struct metrics){.rows = rows > 0 ? (size_t)rows : 0};
    take_fields(m, j, classification);
    take_fields(m, j, regression);
    return true;
}
