/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/desk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void desk_init(struct desk *d)
{
    *d = (struct desk){
        .focus = {
            [VIEW_DATA] = PANE_SCHEMA,
            [VIEW_TRAIN] = PANE_LOSS,
            [VIEW_RUNS] = PANE_RUNS,
            [VIEW_ATTENTION] = PANE_MAP,
            [VIEW_EMBEDDING] = PANE_POINTS,
            [VIEW_LOG] = PANE_LOG,
            [VIEW_STUDY] = PANE_TRIALS,
        },
        .train = {.smooth = 0.6, .cursor = NAN, .low = NAN, .high = NAN},
        .embedding = {.way = 1},
    };
}

void desk_done(struct desk *d)
{
    free(d->data.selected);
    free(d->data.filter);
    desk_unpick(&d->data);
    free(d->train.run);
    for (size_t i = 0; i < d->train.n_overlaid; i++)
        free(d->train.overlaid[i]);
    free(d->train.overlaid);
    for (size_t i = 0; i < d->train.n_folded; i++)
        free(d->train.folded[i]);
    free(d->train.folded);
    free(d->train.listed);
    free(d->embedding.run);
    free(d->embedding.class);
    free(d->embedding.brush_run);
    free(d->embedding.hidden);
    str_done(&d->search);
}

void desk_unpick(struct data_desk *d)
{
    free(d->picked.rows);
    free(d->picked.table);
    d->picked = (struct picked_rows){0};
}

static size_t find_fold(const struct desk *d, const char *run)
{
    size_t i = 0;

    while (i < d->train.n_folded && strcmp(d->train.folded[i], run) != 0)
        i++;
    return i;
}

bool desk_is_folded(const struct desk *d, const char *run)
{
    return find_fold(d, run) < d->train.n_folded;
}

void desk_fold(struct desk *d, const char *run)
{
    struct train_desk *t = &d->train;
    size_t i = find_fold(d, run);

    if (i < t->n_folded) {
        free(t->folded[i]);
        t->folded[i] = t->folded[--t->n_folded];
        return;
    }
    t->folded = xgrow(t->folded, t->n_folded, &t->folded_capacity, sizeof(*t->folded));
    t->folded[t->n_folded++] = xstrdup(run);
}

void list_move(struct list *l, long by, size_t n)
{
    size_t step = by < 0 ? 0 - (size_t)by : (size_t)by;

    if (n == 0)
        l->cursor = 0;
    else if (by < 0)
        l->cursor = step < l->cursor ? l->cursor - step : 0;
    else
        l->cursor = step < n - l->cursor ? l->cursor + step : n - 1;
    if (n > 0 && l->cursor >= n)
        l->cursor = n - 1;
}

void list_fit(struct list *l, size_t page, size_t n)
{
    l->page = page;
    l->total = n;
    if (l->cursor >= n)
        l->cursor = n > 0 ? n - 1 : 0;
    if (l->top + page > n)
        l->top = n > page ? n - page : 0;
    if (l->cursor < l->top)
        l->top = l->cursor;
    else if (page > 0 && l->cursor >= l->top + page)
        l->top = l->cursor - page + 1;
}

bool desk_leave(struct desk *d)
{
    struct list *l = &d->lists[d->focus[d->view]];
    bool brushing = d->view == VIEW_EMBEDDING && d->embedding.brushing;
    bool any = l->mark > 0 || brushing || d->zoomed;

    if (l->mark > 0)
        l->mark = 0;
    else if (brushing)
        d->embedding.brushing = false;
    else
        d->zoomed = false;
    return any;
}

bool list_in_range(const struct list *l, size_t i)
{
    size_t from = l->mark - 1;

    return l->mark > 0 && (from <= l->cursor ? i >= from && i <= l->cursor
                                             : i >= l->cursor && i <= from);
}

const char *view_name(enum view_id view)
{
    static const char *const names[] = {
        [VIEW_DATA] = "data", [VIEW_TRAIN] = "train", [VIEW_RUNS] = "runs",
        [VIEW_ATTENTION] = "attention", [VIEW_EMBEDDING] = "embeddings",
        [VIEW_LOG] = "log", [VIEW_STUDY] = "study",
    };

    return names[view];
}

const char *view_title(enum view_id view)
{
    static const char *const titles[] = {
        [VIEW_DATA] = "Data", [VIEW_TRAIN] = "Train", [VIEW_RUNS] = "Runs",
        [VIEW_ATTENTION] = "Attention", [VIEW_EMBEDDING] = "Embed",
        [VIEW_LOG] = "Log", [VIEW_STUDY] = "Study",
    };

    return titles[view];
}

enum view_id pane_view(enum pane_id pane)
{
    if (pane < PANE_LOSS)
        return VIEW_DATA;
    if (pane < PANE_RUNS)
        return VIEW_TRAIN;
    if (pane < PANE_MAP)
        return VIEW_RUNS;
    if (pane < PANE_POINTS)
        return VIEW_ATTENTION;
    if (pane < PANE_LOG)
        return VIEW_EMBEDDING;
    return pane < PANE_STANDINGS ? VIEW_LOG : VIEW_STUDY;
}

bool desk_has(const struct desk *d, enum pane_id pane)
{
    switch (pane) {
    case PANE_ROC:
    case PANE_CONFUSION:
    case PANE_CALIBRATION:
        return !d->train.pretext;
    case PANE_LEARNED:
    case PANE_EXAMPLE:
        return d->train.pretext;
    case PANE_STANDINGS:
        return d->study.standings;
    default:
        return true;
    }
}

void desk_show(struct desk *d, bool pretext)
{
    enum pane_id focus = d->focus[VIEW_TRAIN];

    d->train.pretext = pretext;
    if (desk_has(d, focus))
        return;
    if (pretext)
        d->focus[VIEW_TRAIN] = focus == PANE_CONFUSION ? PANE_EXAMPLE : PANE_LEARNED;
    else
        d->focus[VIEW_TRAIN] = focus == PANE_EXAMPLE ? PANE_CONFUSION : PANE_ROC;
}

void desk_show_study(struct desk *d, bool benchmark)
{
    if (d->study.standings == benchmark)
        return;
    d->study.standings = benchmark;
    d->focus[VIEW_STUDY] = benchmark ? PANE_STANDINGS : PANE_TRIALS;
}
