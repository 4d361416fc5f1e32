/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The run in words and numbers: how far it is, how good, what it is made of. */
#include "ui/pane_train.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "command/run_text.h"
#include "model/gbdt.h"
#include "ui/prose.h"
#include "ui/scroll.h"

enum {
    TWO_COLUMNS = 46, /* from this width on the make stands beside the metrics */
    LABEL = 10,       /* columns of a metric's title and of a value */
    VALUE = 8,
    MAKE_LABEL = 9,
    SHEET_HEIGHT = 100,
};

/* What is written line by line. */
struct sheet {
    const struct view *v;
    const struct run *run;
    struct surface *s;
    int y;
    int room; /* rows that are seen at a time */
};

static void blank_line(struct sheet *t, int still_to_come)
{
    if (t->y + still_to_come < t->room)
        t->y++;
}

/* ---- how far it is ---- */

static const char *end_text(const struct run *r)
{
    switch (r->progress.end) {
    case TRAIN_EPOCHS:
        return "all epochs done";
    case TRAIN_EARLY:
        return "stopped early";
    case TRAIN_STOPPED:
        return "stopped by hand";
    case TRAIN_DIVERGED:
        return "! diverged";
    default:
        return run_state_text(r);
    }
}

static bool is_paused(const struct sheet *t)
{
    const struct view_job *job = train_job_of(t->v, t->run);

    return job && job->paused;
}

static bool is_stepping(const struct run *r)
{
    return r->state == RUN_WAITING && r->progress.batches > 0;
}

static void draw_state(struct sheet *t)
{
    const struct train_progress *p = &t->run->progress;
    struct str text = {0};
    enum role role = ROLE_TEXT;
    int used = surface_text(t->s, 0, t->y, t->s->width - 8, ROLE_STRONG, t->run->name);

    if (is_paused(t)) {
        role = ROLE_WARNING;
        str_puts(&text, "PAUSED");
    } else if (t->run->state != RUN_WAITING) {
        role = p->end == TRAIN_DIVERGED ? ROLE_ERROR : ROLE_GOOD;
        str_puts(&text, end_text(t->run));
    } else if (is_stepping(t->run) && t->run->phase == PHASE_STEPPING) {
        role = ROLE_GOOD;
        str_printf(&text, "epoch %d of %d", p->epoch + 1, run_epochs(t->run));
    } else {
        str_puts(&text, train_phase_text(t->run->phase));
    }
    surface_text_right(t->s, used + 1, t->y++, t->s->width - used - 1, role,
                       str_text(&text));
    str_done(&text);
}

static void draw_bar(struct sheet *t, const char *label, double part)
{
    int width = t->s->width - 6 - 6;

    surface_text(t->s, 0, t->y, 6, ROLE_DIM, label);
    if (t->s->glyphs == GLYPHS_ASCII) {
        surface_put(t->s, 6, t->y, '[', ROLE_DIM);
        surface_put(t->s, 5 + width, t->y, ']', ROLE_DIM);
        surface_bar(t->s, 7, t->y, width - 2, part, ROLE_SERIES_1);
    } else {
        surface_fill(t->s, (struct rect){6, t->y, width, 1}, 0x2591, ROLE_DIM);
        surface_bar(t->s, 6, t->y, (int)floor(width * part), 1, ROLE_SERIES_1);
    }
    surface_printf(t->s, 7 + width, t->y++, 5, ROLE_TEXT, "%3.0f %%",
                   floor(100 * part));
}

static void draw_speed(struct sheet *t)
{
    const struct train_progress *p = &t->run->progress;
    struct str left = {0}, speed = {0};
    char count[COUNT_TEXT];

    if (p->rows_per_second > 0)
        str_printf(&speed, "%s rows/s",
                   count_text((size_t)p->rows_per_second, count));
    if (is_paused(t))
        str_puts(&left, "`resume` lets it go on");
    else
        train_left(p, &t->run->settings.train, "", &left);
    if (left.length > 0 && (int)(left.length + speed.length) + 3 <= t->s->width) {
        surface_text_right(t->s, 0, t->y, t->s->width, ROLE_DIM, str_text(&speed));
        t->y += prose_draw(t->s, 0, t->y, 0, ROLE_STRONG, str_text(&left));
    } else {
        t->y += prose_draw(t->s, 0, t->y, 0, ROLE_STRONG, str_text(&left));
        t->y += prose_draw(t->s, 0, t->y, 0, ROLE_DIM, str_text(&speed));
    }
    str_done(&left);
    str_done(&speed);
}

/* "3 epochs without a better one; ends after 7 more" */
static void draw_patience(struct sheet *t)
{
    const struct train_progress *p = &t->run->progress;
    int patience = t->run->settings.train.patience, left = patience - p->since_best;
    enum role role = patience > 0 && left * 3 <= patience ? ROLE_WARNING : ROLE_TEXT;
    struct str text = {0};

    if (p->best_epoch == 0)
        return;
    if (p->since_best == 0)
        str_printf(&text, "the last epoch is the best one yet");
    else
        str_printf(&text, "%s%d epoch%s without a better one",
                   role == ROLE_WARNING ? "! " : "", p->since_best,
                   p->since_best == 1 ? "" : "s");
    if (patience > 0 && p->since_best > 0)
        str_printf(&text, "; ends after %d more", left);
    t->y += prose_draw(t->s, 0, t->y, 0, role, str_text(&text));
    str_done(&text);
}

static void draw_going_on(struct sheet *t)
{
    const struct train_progress *p = &t->run->progress;
    size_t in_epoch = p->batches > 0 ? p->step - (size_t)p->epoch * p->batches : 0;

    if (p->steps > 0 && p->step >= p->steps) /* the last epoch is not followed by one */
        in_epoch = p->batches;
    draw_bar(t, "run", (double)p->step / (double)(p->steps ? p->steps : 1));
    if (t->room > 12)
        draw_bar(t, "epoch", (double)in_epoch / (double)(p->batches ? p->batches : 1));
    draw_speed(t);
    draw_patience(t);
}

/* "24 epochs in 1:12, best 21" */
static void draw_ended(struct sheet *t)
{
    const struct train_progress *p = &t->run->progress;
    struct str text = {0};

    if (p->epoch == 0 && t->run->state != RUN_TRAINED) {
        str_printf(&text, "from %s", t->run->origin);
    } else {
        str_printf(&text, "%d epoch%s in ", p->epoch, p->epoch == 1 ? "" : "s");
        str_duration(&text, p->seconds);
        str_printf(&text, ", best %d", p->best_epoch);
    }
    t->y += prose_draw(t->s, 0, t->y, 0, ROLE_TEXT, str_text(&text));
    if (p->end == TRAIN_DIVERGED)
        t->y += prose_draw(t->s, 0, t->y, 0, ROLE_ERROR, p->message);
    str_done(&text);
}

/* ---- how good it is ---- */

static void draw_values(struct sheet *t, const char *label, double first, double second)
{
    char text[32];

    surface_text(t->s, 0, t->y, LABEL, ROLE_DIM, label);
    surface_text_right(t->s, LABEL, t->y, VALUE, ROLE_TEXT, train_measure(first, text));
    surface_text_right(t->s, LABEL + VALUE, t->y++, VALUE, ROLE_STRONG,
                       train_measure(second, text));
}

static void draw_heads(struct sheet *t, const char *first, const char *second)
{
    surface_text_right(t->s, LABEL, t->y, VALUE, ROLE_DIM, first);
    surface_text_right(t->s, LABEL + VALUE, t->y++, VALUE, ROLE_DIM, second);
}

/* Pre-training by MLM has no AUC. */
static bool has_metric(const struct run *r, const struct metric_field *f)
{
    bool any = r->task != TASK_NONE;

    for (size_t i = 0; i < r->n_history && !any; i++)
        any = !isnan(metric_value(&r->history[i].valid, f));
    return any;
}

/* While it trains: the last epoch and the best one. */
static void draw_progress_table(struct sheet *t)
{
    const struct run *r = t->run;
    const struct epoch_record *last = &r->history[r->n_history - 1], *best = NULL;
    const struct metric_field *f;
    struct str title = {0};

    if (r->progress.best_epoch > 0 && (size_t)r->progress.best_epoch <= r->n_history)
        best = &r->history[r->progress.best_epoch - 1];
    str_printf(&title, "best %d", r->progress.best_epoch);
    draw_heads(t, "now", title.text);
    draw_values(t, "train loss", r->progress.loss, best ? best->train_loss : NAN);
    draw_values(t, "valid loss", last->valid.loss, best ? best->valid.loss : NAN);
    for (int i = 0; (f = metric_field(r->task, i)); i++) {
        if (strcmp(f->name, "loss") != 0 && has_metric(r, f))
            draw_values(t, f->title, metric_value(&last->valid, f),
                        best ? metric_value(&best->valid, f) : NAN);
    }
    str_done(&title);
}

static void draw_first_loss(struct sheet *t)
{
    char text[32];

    draw_heads(t, "now", "");
    surface_text(t->s, 0, t->y, LABEL, ROLE_DIM, "train loss");
    surface_text_right(t->s, LABEL, t->y++, VALUE, ROLE_TEXT,
                       train_measure(t->run->progress.loss, text));
}

static void draw_result_table(struct sheet *t)
{
    const struct run *r = t->run;
    const struct metric_field *f;

    draw_heads(t, "valid", "test");
    for (int i = 0; (f = metric_field(r->task, i)); i++)
        if (r->pretext != PRETEXT_MLM || !isnan(run_metric(&r->valid, f)))
            draw_values(t, f->title, run_metric(&r->valid, f), run_metric(&r->test, f));
}

static void draw_metrics(struct sheet *t)
{
    if (t->run->state != RUN_WAITING)
        draw_result_table(t);
    else if (t->run->n_history > 0)
        draw_progress_table(t);
    else if (t->run->progress.step > 0)
        draw_first_loss(t);
}

/* ---- what it is made of ---- */

static void make_line(struct sheet *t, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void make_line(struct sheet *t, const char *label, const char *format, ...)
{
    struct str text = {0};
    va_list args;

    va_start(args, format);
    str_vprintf(&text, format, args);
    va_end(args);
    surface_text(t->s, 0, t->y, MAKE_LABEL - 1, ROLE_DIM, label);
    surface_text(t->s, MAKE_LABEL, t->y++, 0, ROLE_TEXT, str_text(&text));
    str_done(&text);
}

static void draw_model(struct sheet *t)
{
    const struct run *r = t->run;
    const struct model_options *o = r->model ? model_options(r->model)
                                             : &r->settings.model;
    size_t parameters = r->model ? model_parameters(r->model) : r->parameters;
    char count[COUNT_TEXT];

    if (o->kind == MODEL_TABTRANSFORMER) {
        make_line(t, "layers", "%d, dim %d", o->layers, o->dim);
        make_line(t, "heads", "%d", o->heads);
    } else {
        make_line(t, "model", "%s", model_kind_name(o->kind));
        if (model_kind_is_mlp(o->kind) && o->encoding == ENCODING_ONE_HOT)
            make_line(t, "columns", "one-hot");
        if (o->kind == MODEL_TABNET)
            make_line(t, "steps", "%d, width %d", o->steps, o->width);
    }
    if (r->model && model_gbdt(r->model))
        make_line(t, "trees", "%s", count_text(model_gbdt(r->model)->forest->n_trees,
                                               count));
    else if (parameters > 0)
        make_line(t, "weights", "%s", count_text(parameters, count));
}

static void draw_training(struct sheet *t)
{
    const struct run *r = t->run;
    const struct train_options *o = &r->settings.train;
    bool now = r->state == RUN_WAITING && r->progress.lr > 0;
    bool trees = r->settings.model.kind == MODEL_GBDT;
    const struct engine *e = t->v->session->engine;
    char count[COUNT_TEXT];

    if (r->batch > 0)
        make_line(t, "batch", "%s rows", count_text((size_t)r->batch, count));
    make_line(t, trees ? "boosting" : "AdamW", "lr %.3g%s", now ? r->progress.lr : o->lr,
              o->schedule == SCHEDULE_COSINE ? " cos" : "");
    if (!trees)
        make_line(t, "decay", "%.3g", o->weight_decay);
    if (r->curve.n > 0 && !isnan(r->curve.points[r->curve.n - 1].norm))
        make_line(t, "gradient", "%.3g", r->curve.points[r->curve.n - 1].norm);
    if (r->bytes > 0)
        make_line(t, "memory", "%.0f MB", ceil((double)r->bytes / 1e6));
    if (e && r->state == RUN_WAITING)
        make_line(t, "threads", "%d", engine_threads(e));
    make_line(t, "seed", "%llu", (unsigned long long)o->seed);
}

static void draw_hiding(struct sheet *t)
{
    const struct pretrain_options *o = &t->run->settings.train.pretrain;

    if (t->run->pretext == PRETEXT_MLM)
        make_line(t, "masked", "%.3g %% of the cells", 100 * o->mask);
    else if (t->run->pretext == PRETEXT_DAE)
        make_line(t, "swapped", "%.3g %% of the cells", 100 * o->swap);
    else
        make_line(t, "replaced", "%.3g %%, %s", 100 * o->mask,
                  o->replace == REPLACE_EMPIRICAL ? "empirical" : "uniform");
}

static void draw_make(struct sheet *t)
{
    const struct run *r = t->run;
    char count[COUNT_TEXT];

    make_line(t, "table", "%s", r->origin ? r->origin : "-");
    if (r->parent)
        make_line(t, "from", "%s", r->parent);
    if (r->pretext == PRETEXT_NONE)
        make_line(t, "target", "%s", run_target(r));
    make_line(t, "task", "%s", run_task(r));
    if (r->pretext != PRETEXT_NONE)
        draw_hiding(t);
    if (r->rows > 0)
        make_line(t, "rows", "%s", count_text(r->rows, count));
    draw_model(t);
    draw_training(t);
    if (r->folder)
        make_line(t, "folder", "%s", r->folder);
}

/* ---- the pane ---- */

static void title_facts(const struct view *v, struct str *out)
{
    const struct run *r = view_run(v);

    str_puts(out, r ? r->state == RUN_WAITING ? "training" : "run" : "run");
}

/* Returns the lines it took. */
static int write_facts(const struct view *v, struct surface *s, int room)
{
    struct sheet t = {v, view_run(v), s, 0, room};
    bool wide = s->width >= TWO_COLUMNS;
    struct surface right;
    int from, left;

    draw_state(&t);
    if (is_stepping(t.run))
        draw_going_on(&t);
    else if (t.run->state != RUN_WAITING)
        draw_ended(&t);
    if (t.run->state != RUN_WAITING || is_stepping(t.run))
        blank_line(&t, 9);
    if (wide) {
        from = t.y;
        right = surface_part(s, (struct rect){28, from, s->width - 28, s->height - from});
        draw_metrics(&t);
        left = t.y;
        t.s = &right;
        t.y = 0;
        draw_make(&t);
        return t.y + from > left ? t.y + from : left;
    }
    draw_metrics(&t);
    blank_line(&t, 4);
    draw_make(&t);
    return t.y;
}

static void draw_facts(const struct view *v, struct surface *s, bool focused)
{
    struct surface sheet;
    int lines;

    (void)focused;
    if (train_draw_empty(v, s, "Here a run tells how far it is and how good."))
        return;
    surface_init(&sheet, s->width, SHEET_HEIGHT, s->glyphs);
    lines = write_facts(v, &sheet, s->height);
    scroll_show(s, &sheet, lines, &v->desk->lists[PANE_FACTS]);
    surface_done(&sheet);
}

static bool move_facts(const struct view *v, enum movement m, long n)
{
    return scroll_move(&v->desk->lists[PANE_FACTS], m, n);
}

/* Where its files are: what one wants to paste into a shell. */
static void copy_facts(const struct view *v, struct str *out)
{
    const struct run *r = view_run(v);

    if (r)
        str_puts(out, r->folder ? r->folder : r->name);
}

const struct pane_type pane_facts = {
    .name = "facts",
    .title = title_facts,
    .draw = draw_facts,
    .move = move_facts,
    .copy = copy_facts,
};
