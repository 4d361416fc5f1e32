/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Train view's curves: loss and the metric that is watched. */
#include "ui/pane_train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/run_text.h"
#include "ui/chart.h"
#include "ui/curves.h"
#include "ui/prose.h"

/* ---- what the panes share ---- */

const struct run *view_run(const struct view *v)
{
    const struct session *s = v->session;
    const char *name = v->desk->train.run;
    const struct run *r = name ? session_find_run(s, name) : NULL;

    for (size_t i = s->n_runs; !r && i > 0; i--) {
        if (s->runs[i - 1]->state == RUN_WAITING)
            r = s->runs[i - 1];
    }
    if (!r)
        r = s->run;
    return r || s->n_runs == 0 ? r : s->runs[s->n_runs - 1];
}

const struct view_job *train_job_of(const struct view *v, const struct run *r)
{
    for (size_t i = 0; i < v->n_jobs; i++) {
        if (v->jobs[i].run == r && r->state == RUN_WAITING)
            return &v->jobs[i];
    }
    return NULL;
}

const char *train_measure(double x, char out[32])
{
    if (!isfinite(x))
        snprintf(out, 32, "-");
    else
        snprintf(out, 32, fabs(x) < 100 ? "%.4f" : fabs(x) < 1e6 ? "%.1f" : "%.3g", x);
    return out;
}

/* What to type next. */
static const char *next_step(const struct session *s)
{
    if (!s->table)
        return "`load FILE` reads a table, `target COLUMN` says what to predict, and "
               "`train` trains a model of it.";
    if (s->table->schema->target < 0)
        return "`target COLUMN` says what to predict, then `train` trains a model.";
    return "`train` trains a model of the table.";
}

bool train_draw_empty(const struct view *v, struct surface *s, const char *else_here)
{
    int gap = s->height > 5, y = gap, width = s->width - 2;

    if (view_run(v))
        return false;
    if (else_here) {
        prose_draw(s, 1, y, width, ROLE_DIM, else_here);
        return true;
    }
    y += prose_draw(s, 1, y, width, ROLE_STRONG, "There is no run yet.") + gap;
    y += prose_draw(s, 1, y, width, ROLE_TEXT, next_step(v->session)) + gap;
    prose_draw(s, 1, y, width, ROLE_DIM, "`open FILE` brings back one that was saved.");
    return true;
}

/* ---- the best weights ---- */

const struct diagnosis *train_known(const struct view *v)
{
    const struct run *r = view_run(v);

    return r ? r->diagnosis : NULL;
}

bool train_is_regression(const struct view *v)
{
    const struct run *r = view_run(v);

    return r && r->task == TASK_REGRESSION;
}

void train_draw_unknown(const struct run *r, struct surface *s, const char *early)
{
    struct str text = {0};

    if (r->state == RUN_WAITING)
        str_puts(&text, early);
    else if (r->state == RUN_OPENED)
        str_printf(&text, "%s was opened from its file, which does not keep this.",
                   r->name);
    else if (r->state == RUN_KEPT && r->files.model)
        str_printf(&text, "%s is kept from another session; `run %s` reads it.", r->name,
                   r->name);
    else if (r->state == RUN_KEPT)
        str_printf(&text, "%s is not done; `resume %s` goes on with it.", r->name,
                   r->name);
    else
        str_printf(&text, "%s ended before its first epoch did.", r->name);
    prose_draw(s, 1, s->height > 3, s->width - 2, ROLE_DIM, str_text(&text));
    str_done(&text);
}

const struct diagnosis *train_diagnosis(const struct view *v, struct surface *s)
{
    static const char here[] = "Here the best weights so far are judged by the "
                               "validation rows, after the first epoch.";
    const struct run *r = view_run(v);

    if (train_draw_empty(v, s, here))
        return NULL;
    if (r->diagnosis)
        return r->diagnosis;
    train_draw_unknown(r, s, here);
    return NULL;
}

/* ---- curves ---- */

/* Why a run that is there has no curve. */
static void draw_no_curve(const struct view *v, struct surface *s)
{
    const struct run *r = view_run(v);
    struct str text = {0};

    if (r->phase == PHASE_STEPPING)
        str_printf(&text, "%s is in its first epoch.", r->name);
    else
        str_printf(&text, "%s: %s ...", r->name, train_phase_text(r->phase));
    train_draw_unknown(r, s, str_text(&text));
    str_done(&text);
}

/* Takes over the figure. */
static void draw_figure(const struct view *v, struct surface *s, struct figure *f)
{
    if (!f) {
        draw_no_curve(v, s);
        return;
    }
    chart_draw(f, s);
    figure_free(f);
}

static bool move_curves(const struct view *v, enum movement m, long n)
{
    const long all = 1000000;

    switch (m) {
    case MOVE_LEFT:
        return curves_move_cursor(v, -n);
    case MOVE_RIGHT:
        return curves_move_cursor(v, n);
    case MOVE_HOME:
        return curves_move_cursor(v, -all);
    case MOVE_END:
        return curves_move_cursor(v, all);
    default:
        return false;
    }
}

/* ---- loss ---- */

static void title_loss(const struct view *v, struct str *out)
{
    const struct train_desk *t = &v->desk->train;
    const struct run *r = view_run(v);

    str_puts(out, "loss");
    if (!r)
        return;
    str_printf(out, " of %s", r->name);
    if (r->curve.n > 0 && t->smooth > 0)
        str_printf(out, ", smoothed %.4g", t->smooth);
    str_puts(out, t->log_y ? ", log axis" : "");
    str_puts(out, t->by_time ? ", by time" : "");
    str_puts(out, isnan(t->low) && isnan(t->high) ? "" : ", zoomed");
}

static void draw_loss(const struct view *v, struct surface *s, bool focused)
{
    (void)focused;
    if (!train_draw_empty(v, s, NULL))
        draw_figure(v, s, curves_loss(v));
}

/* All epochs as lines of fields with tabs between them. */
static void copy_epochs(const struct view *v, struct str *out)
{
    const struct run *r = view_run(v);
    const struct metric_field *f;

    if (!r || r->n_history == 0)
        return;
    str_puts(out, "epoch\tseconds\ttrain_loss\tvalid_loss");
    for (int k = 0; (f = metric_field(r->task, k)); k++) {
        if (strcmp(f->name, "loss") != 0)
            str_printf(out, "\tvalid_%s", f->name);
    }
    for (size_t i = 0; i < r->n_history; i++) {
        const struct epoch_record *e = &r->history[i];

        str_printf(out, "\n%d\t%.1f\t%.6g\t%.6g", e->epoch, e->seconds, e->train_loss,
                   e->valid.loss);
        for (int k = 0; (f = metric_field(r->task, k)); k++) {
            if (strcmp(f->name, "loss") != 0)
                str_printf(out, "\t%.6g", metric_value(&e->valid, f));
        }
    }
    str_putc(out, '\n');
}

const struct pane_type pane_loss = {
    .name = "loss",
    .title = title_loss,
    .draw = draw_loss,
    .move = move_curves,
    .copy = copy_epochs,
};

/* ---- score ---- */

static void title_score(const struct view *v, struct str *out)
{
    const struct run *r = view_run(v);
    const struct metric_field *f = r ? run_watched(r) : NULL;
    char best[32];

    str_puts(out, f ? "valid " : "score");
    if (!r)
        return;
    str_puts(out, f->title);
    if (run_valid(r) && r->progress.best_epoch > 0)
        str_printf(out, ", best %s in epoch %d",
                   train_measure(run_metric(run_valid(r), f), best),
                   r->progress.best_epoch);
}

static void draw_score(const struct view *v, struct surface *s, bool focused)
{
    (void)focused;
    if (!train_draw_empty(v, s, "Here the curve of the validation metric is drawn."))
        draw_figure(v, s, curves_score(v));
}

const struct pane_type pane_score = {
    .name = "score",
    .title = title_score,
    .draw = draw_score,
    .move = move_curves,
    .copy = copy_epochs,
};
