/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/attending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/figures.h"
#include "command/pending.h"
#include "lens/job_attention.h"

/* A run in training is looked at again after LIVE_MS and LIVE_SHARE times what the last
 * look took. */
enum { LIVE_MS = 500, LIVE_SHARE = 9 };

/* ---- wishes ---- */

static char *copy_text(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void attention_wish_copy(struct attention_wish *to, const struct attention_wish *from)
{
    *to = *from;
    to->run = copy_text(from->run);
    to->against = copy_text(from->against);
    to->class = copy_text(from->class);
    to->less_class = copy_text(from->less_class);
    to->cells = NULL;
    to->n_cells = 0;
    for (size_t i = 0; i < from->n_cells; i++)
        attention_wish_cell(to, from->cells[i]);
}

void attention_wish_done(struct attention_wish *w)
{
    free(w->run);
    free(w->against);
    free(w->class);
    free(w->less_class);
    attention_wish_clear_cells(w);
}

void attention_wish_clear_cells(struct attention_wish *w)
{
    for (size_t i = 0; i < w->n_cells; i++)
        free(w->cells[i]);
    free(w->cells);
    w->cells = NULL;
    w->n_cells = 0;
}

static bool is_of_column(const char *cell, const char *column, size_t n)
{
    return strncmp(cell, column, n) == 0 && cell[n] == '=';
}

void attention_wish_cell(struct attention_wish *w, const char *cell)
{
    size_t i = 0, n = strcspn(cell, "=");

    while (i < w->n_cells && !is_of_column(w->cells[i], cell, n))
        i++;
    if (i == w->n_cells) {
        w->cells = xrealloc(w->cells, ++w->n_cells * sizeof *w->cells);
        w->cells[i] = NULL;
    }
    free(w->cells[i]);
    w->cells[i] = xstrdup(cell);
}

const char *attention_wish_find(const struct attention_wish *w, const char *column)
{
    size_t n = strlen(column);

    for (size_t i = 0; i < w->n_cells; i++)
        if (is_of_column(w->cells[i], column, n))
            return w->cells[i] + n + 1;
    return NULL;
}

static bool same_cells(const struct attention_wish *a, const struct attention_wish *b)
{
    bool same = a->n_cells == b->n_cells;

    for (size_t i = 0; same && i < a->n_cells; i++)
        same = strcmp(a->cells[i], b->cells[i]) == 0;
    return same;
}

/* Whether they want the same rows looked at, by models of whatever name. */
static bool want_same(const struct attention_wish *a, const struct attention_wish *b)
{
    return same_text(a->against, b->against) && a->part == b->part && a->row == b->row
        && same_text(a->class, b->class) && same_text(a->less_class, b->less_class)
        && a->masking == b->masking && same_cells(a, b);
}

/* ---- what was found ---- */

struct attending *attending_of(struct context *c)
{
    if (!c->attending) {
        c->attending = xcalloc(1, sizeof *c->attending);
        c->attending->wish = (struct attention_wish){
            .part = PARTS, .layer = LAYER_LAST, .head = HEADS_MEAN};
    }
    return c->attending;
}

void attending_free(struct attending *a)
{
    if (!a)
        return;
    attention_wish_done(&a->wish);
    attention_wish_done(&a->of);
    sight_free(a->found);
    free(a->why_run);
    free(a);
}

int attending_layer(const struct attending *a)
{
    int layers = a->found->seen.layers;

    return a->wish.layer == LAYER_LAST || a->wish.layer >= layers ? layers - 1
                                                                  : a->wish.layer;
}

const char *attention_head_text(int head, char out[16])
{
    if (head >= 0)
        snprintf(out, 16, "%d", head + 1);
    return head == HEADS_MEAN ? "mean"
        : head == HEADS_MAX ? "max"
        : head == HEADS_ROLLOUT ? "rollout" : out;
}

bool attention_head_parse(const char *text, int heads, int *head, struct error *err)
{
    static const char *const names[] = {"mean", "max", "rollout"};
    static const int values[] = {HEADS_MEAN, HEADS_MAX, HEADS_ROLLOUT};
    char *end, *shown;
    long n;

    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *head = values[i];
            return true;
        }
    n = strtol(text, &end, 10);
    if (end != text && *end == '\0' && n >= 1 && n <= heads) {
        *head = (int)n - 1;
        return true;
    }
    shown = show(text, 40);
    error_set(err, ERROR_USAGE, "--head takes mean, max, rollout or a head from 1 to %d, "
              "not %s", heads, shown);
    free(shown);
    return false;
}

void attending_title(const struct attending *a, struct str *out)
{
    char head[16], rows[COUNT_TEXT];

    if (a->wish.head != HEADS_ROLLOUT)
        str_printf(out, "layer %d, head ", attending_layer(a) + 1);
    str_printf(out, "%s, ", attention_head_text(a->wish.head, head));
    if (a->of.row > 0)
        str_printf(out, "row %zu%s", a->of.row, a->of.n_cells > 0 ? " changed" : "");
    else
        str_printf(out, "%s rows", count_text(a->found->seen.rows, rows));
    if (a->of.class)
        str_printf(out, " of %s", a->of.class);
    if (a->of.less_class)
        str_printf(out, " less %s", a->of.less_class);
    if (a->of.against)
        str_printf(out, " less %s", a->of.against);
}

void attending_masked(const struct attending *a, struct str *out)
{
    if (a->found->less.rows == 0)
        return;
    if (a->of.class)
        str_printf(out, "rows of %s", a->of.class);
    if (a->of.against)
        str_printf(out, "%s%s", a->of.class ? ", " : "", a->of.run);
}

struct figure *attending_figure(struct context *c, struct error *err)
{
    const struct attending *a = attending_of(c);
    struct str title = {0};
    const char **names;
    struct figure *f;
    double *map;
    int n;

    if (!a->found || a->found->seen.columns == 0) {
        error_set(err, ERROR_STATE, "no attention was looked at yet; `attention` does "
                  "that, and what it prints can be drawn");
        return NULL;
    }
    map = sight_map(a->found, attending_layer(a), a->wish.head);
    n = a->found->seen.columns;
    names = xcalloc((size_t)n, sizeof *names);
    for (int i = 0; i < n; i++)
        names[i] = sight_name(a->found, (size_t)i);
    f = figures_attention(names, n, map, a->found->less.rows > 0);
    free(names);
    str_printf(&title, "attention of %s, ", a->of.run);
    attending_title(a, &title);
    f->title = title.text;
    free(map);
    return f;
}

struct run *attending_run(struct context *c, const char *name, struct error *err)
{
    struct run *r = NULL;

    for (size_t i = c->session->n_runs; !name && !r && i > 0; i--)
        if (c->session->runs[i - 1]->state == RUN_WAITING)
            r = c->session->runs[i - 1];
    if (!r)
        r = find_run(c, name, err);
    if (!r || run_seen(r))
        return r;
    if (r->state != RUN_WAITING)
        return run_needs_model(r, err) ? r : NULL;
    error_set(err, ERROR_STATE, "the run %s has not begun to learn yet", r->name);
    return NULL;
}

bool attending_has(const struct attending *a, const struct attention_wish *w,
                   const struct run *r)
{
    bool live = !r->model;

    return a->found && strcmp(a->of.run, r->name) == 0 && want_same(&a->of, w)
        && a->live == live && (!live || a->step == r->progress.step);
}

/* ---- the job ---- */

struct attending_job {
    struct attention_wish wish; /* the run is named, */
    bool named;                 /* as it was when it came */
    bool live;
    size_t step;
    int64_t begun;
    struct attention_job *job;
};

static enum step run(void *work, struct error *err)
{
    return attention_job_type.run(((struct attending_job *)work)->job, err);
}

static void release(void *work)
{
    struct attending_job *j = work;

    attention_wish_done(&j->wish);
    attention_job_type.free(j->job);
    free(j);
}

const struct job_type attending_job_type = {
    .name = "attention",
    .run = run,
    .free = release,
};

static struct attention_job *make_job(struct context *c, const struct attention_wish *w,
                                      const struct run *r, struct error *err)
{
    struct attention_request q = {.row = w->row, .cells = w->cells,
                                  .n_cells = w->n_cells, .class = w->class,
                                  .less_class = w->less_class, .masking = w->masking};
    enum part part = w->row > 0 ? PART_NONE : w->part;
    struct rows_request less;
    struct run *other = w->against ? attending_run(c, w->against, err) : NULL;
    struct attention_job *j;

    if ((w->against && !other) || !run_rows(c, r, part, &q.rows, err))
        return NULL;
    if (other && !run_rows(c, other, part, &less, err)) {
        asked_rows_done(&q.rows);
        return NULL;
    }
    q.less = other ? &less : NULL;
    j = attention_job_new(&q);
    asked_rows_done(&q.rows);
    if (other)
        asked_rows_done(&less);
    return j;
}

struct attending_job *attending_job_new(struct context *c, const struct attention_wish *w,
                                        const struct run *r, struct error *err)
{
    struct attention_job *job = make_job(c, w, r, err);
    struct attending_job *j;

    if (!job)
        return NULL;
    j = xcalloc(1, sizeof *j);
    j->job = job;
    attention_wish_copy(&j->wish, w);
    free(j->wish.run);
    j->wish.run = xstrdup(r->name);
    j->named = w->run != NULL;
    j->live = !r->model;
    j->step = r->progress.step;
    j->begun = clock_ms();
    return j;
}

/* When a look that was begun then may be had again. */
static int64_t next_look(int64_t begun)
{
    return clock_ms() + LIVE_MS + LIVE_SHARE * (clock_ms() - begun);
}

void attending_forget_why(struct attending *a)
{
    a->why = (struct error){0};
    free(a->why_run);
    a->why_run = NULL;
}

/* Keeps what was found without making it the wish. */
static void keep_found(struct attending *a, struct attending_job *j)
{
    sight_free(a->found);
    a->found = attention_job_take(j->job);
    attention_wish_done(&a->of);
    attention_wish_copy(&a->of, &j->wish);
    a->named = j->named;
    a->live = j->live;
    a->step = j->step;
    a->next = next_look(j->begun);
    attending_forget_why(a);
}

void attending_take(struct context *c, struct attending_job *j)
{
    struct attending *a = attending_of(c);

    keep_found(a, j);
    attention_wish_done(&a->wish);
    attention_wish_copy(&a->wish, &j->wish);
}

/* ---- in the background ---- */

/* Layer and head are of what was found, so they stay. False: it is what was found. */
static bool take_back_wish(struct attending *a)
{
    struct attention_wish back;
    const char *run = a->named ? a->of.run : NULL;

    if (!a->found || (want_same(&a->of, &a->wish) && same_text(run, a->wish.run)))
        return false;
    attention_wish_copy(&back, &a->of);
    back.layer = a->wish.layer;
    back.head = a->wish.head;
    free(back.run);
    back.run = copy_text(run);
    attention_wish_done(&a->wish);
    a->wish = back;
    return true;
}

/* Whether it is still what is wished, and nothing else by now. */
static bool is_wished(const struct attending *a, const struct attending_job *j)
{
    return want_same(&j->wish, &a->wish)
        && same_text(j->named ? j->wish.run : NULL, a->wish.run);
}

/* run: whose attention it is, or NULL. */
static void refuse_wish(struct context *c, const char *run, const struct error *err)
{
    struct attending *a = attending_of(c);

    if (take_back_wish(a)) {
        c->out->complain(c->self, err);
        return;
    }
    attending_forget_why(a);
    a->why = *err;
    if (!run)
        return;
    a->why_run = xstrdup(run);
    error_prefix(&a->why, "%s", run);
}

static bool finish_following(struct context *c, struct pending *p, void *work,
                             enum job_state ended, struct error *err)
{
    struct attending *a = attending_of(c);
    struct attending_job *j = work;
    bool other_cells = j->wish.n_cells > 0 && !want_same(&a->of, &j->wish);

    (void)p;
    if (ended == JOB_DONE) {
        keep_found(a, j);
        if (other_cells) /* what could not be read of them */
            context_note_lines(c, "", str_text(&a->found->note));
    } else if (ended == JOB_FAILED && is_wished(a, j)) {
        a->next = next_look(j->begun);
        refuse_wish(c, j->wish.run, err);
    }
    release(j);
    return true;
}

static const struct pending_type following_pending = {
    .job = &attending_job_type,
    .finish = finish_following,
};

static bool is_following(const struct context *c)
{
    for (const struct pending *p = c->pending; p; p = p->next)
        if (p->type == &following_pending)
            return true;
    return false;
}

/* What goes on is looked at now and then, so that it goes on; so is what failed. */
static bool is_soon(const struct attending *a, const struct run *r)
{
    if (a->why_run && strcmp(a->why_run, r->name) == 0 && clock_ms() < a->next)
        return true;
    return a->found && a->live && !r->model && strcmp(a->of.run, r->name) == 0
        && want_same(&a->of, &a->wish) && clock_ms() < a->next;
}

void attending_follow(struct context *c)
{
    struct attending *a = attending_of(c);
    struct call call = {.background = true};
    struct pending p = {.type = &following_pending, .quiet = true};
    struct error err = {0};
    struct run *r;
    struct attending_job *j;

    if (is_following(c))
        return;
    r = attending_run(c, a->wish.run, &err);
    if (r && attending_has(a, &a->wish, r)) {
        attending_forget_why(a);
        return;
    }
    if (r && is_soon(a, r))
        return;
    j = r ? attending_job_new(c, &a->wish, r, &err) : NULL;
    if (!j) {
        refuse_wish(c, r ? r->name : NULL, &err);
        return;
    }
    if (a->why_run && strcmp(a->why_run, r->name) != 0)
        attending_forget_why(a);
    p.what = xasprintf("attention %s", r->name);
    p.line = xstrdup("");
    pending_start(c, &call, GO_ON, p, j, &err);
}
