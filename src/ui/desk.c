/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/desk.h"

#include <math.h>
#include <stdlib.h>

void desk_init(struct desk *d)
{
    *d = (struct desk){
        .focus = {
            [VIEW_DATA] = PANE_SCHEMA,
            [VIEW_TRAIN] = PANE_LOSS,
            [VIEW_RUNS] = PANE_RUNS,
            [VIEW_LOG] = PANE_LOG,
        },
        .train = {.smooth = 0.6, .cursor = NAN, .low = NAN, .high = NAN},
    };
}

void desk_done(struct desk *d)
{
    free(d->data.selected);
    free(d->data.filter);
    free(d->train.run);
    for (size_t i = 0; i < d->train.n_overlaid; i++)
        free(d->train.overlaid[i]);
    free(d->train.overlaid);
    str_done(&d->search);
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

const char *view_name(enum view_id view)
{
    static const char *const names[] = {
        [VIEW_DATA] = "data", [VIEW_TRAIN] = "train", [VIEW_RUNS] = "runs",
        [VIEW_LOG] = "log",
    };

    return names[view];
}

const char *view_title(enum view_id view)
{
    static const char *const titles[] = {
        [VIEW_DATA] = "Data", [VIEW_TRAIN] = "Train", [VIEW_RUNS] = "Runs",
        [VIEW_LOG] = "Log",
    };

    return titles[view];
}

enum view_id pane_view(enum pane_id pane)
{
    if (pane < PANE_LOSS)
        return VIEW_DATA;
    if (pane < PANE_RUNS)
        return VIEW_TRAIN;
    return pane < PANE_LOG ? VIEW_RUNS : VIEW_LOG;
}
