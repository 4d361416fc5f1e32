/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/run_cells.h"

#include <math.h>

#include "base/text.h"
#include "command/run_text.h"
#include "ui/curves.h"
#include "ui/pane_train.h"

static void put_state(const struct view *v, const struct run *r, struct str *out)
{
    const struct view_job *job = train_job_of(v, r);

    str_puts(out, job && job->paused ? "paused" : run_state_text(r));
}

static void put_epochs(const struct run *r, struct str *out)
{
    if (r->progress.epoch > 0 || r->state == RUN_WAITING || r->state == RUN_TRAINED)
        str_printf(out, "%d/%d", r->progress.epoch, run_epochs(r));
}

static void put_labels(const struct run *r, struct str *out)
{
    char count[COUNT_TEXT];

    if (run_labels(r) > 0)
        str_puts(out, count_text(run_labels(r), count));
}

static void put_measure(double x, struct str *out)
{
    char text[32];

    if (isfinite(x))
        str_puts(out, train_measure(x, text));
}

static void put_time(const struct run *r, struct str *out)
{
    if (r->progress.seconds > 0 || r->state == RUN_WAITING || r->state == RUN_TRAINED)
        str_duration(out, r->progress.seconds);
}

static void put_note(const struct view *v, const struct run *r, struct str *out)
{
    struct str differences = {0};

    if (r->parent && !session_find_run(v->session, r->parent))
        str_printf(out, "from %s", r->parent); /* else it stands below it */
    if (r->progress.end == TRAIN_EARLY)
        str_puts(out, out->length > 0 ? "; early" : "early");
    run_differences(r, v->session->runs, v->session->n_runs, &differences);
    if (out->length > 0 && differences.length > 0)
        str_puts(out, "; ");
    str_puts(out, str_text(&differences));
    str_done(&differences);
}

void run_cell_text(const struct view *v, const struct run *r, enum run_cell cell,
                   struct str *out)
{
    const struct metrics *valid = run_valid(r);

    switch (cell) {
    case CELL_NAME: str_puts(out, r->name); break;
    case CELL_STATE: put_state(v, r, out); break;
    case CELL_TABLE: str_puts(out, r->origin ? r->origin : ""); break;
    case CELL_MODEL: str_puts(out, model_kind_name(run_model_kind(r))); break;
    case CELL_TARGET:
        str_puts(out, r->pretext == PRETEXT_NONE ? run_target(r) : run_task(r));
        break;
    case CELL_FROM: str_puts(out, r->parent ? r->parent : ""); break;
    case CELL_LABELS: put_labels(r, out); break;
    case CELL_EPOCHS: put_epochs(r, out); break;
    case CELL_BEST:
        if (r->progress.best_epoch > 0)
            str_printf(out, "%d", r->progress.best_epoch);
        break;
    case CELL_LOSS: put_measure(valid ? valid->loss : NAN, out); break;
    case CELL_VALID: put_measure(run_metric(valid, run_watched(r)), out); break;
    case CELL_TEST: put_measure(run_metric(&r->test, run_watched(r)), out); break;
    case CELL_TIME: put_time(r, out); break;
    default: put_note(v, r, out); break;
    }
}
