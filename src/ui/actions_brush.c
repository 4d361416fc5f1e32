/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `brush`: a rectangle of the layout, and what becomes of the rows in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "ui/app_private.h"
#include "ui/pane_points.h"

/* Where x lies from low to high. */
static double share_of(double x, double low, double high)
{
    return high > low ? fmin(1, fmax(0, (x - low) / (high - low))) : 0.5;
}

static void set_corner(double corner[2], const struct scatter *s, double x, double y)
{
    double left, right, bottom, top;

    scatter_range(s, true, &left, &right, &bottom, &top);
    corner[0] = share_of(x, left, right);
    corner[1] = share_of(y, bottom, top);
}

/* Its points are cells where cells are laid out: they are to be seen then. */
static void begin(struct app *app, const struct scatter *s)
{
    app->desk.embedding.brushing = true;
    app->desk.embedding.cells |= s->points == EMBEDDING_CELLS;
    app_go_to(app, VIEW_EMBEDDING);
    app->desk.popup = POPUP_NONE;
    app->desk.focus[VIEW_EMBEDDING] = PANE_POINTS;
    app->desk.place = PLACE_PANES;
}

static void begin_here(struct app *app, const struct view *v, const struct scatter *s)
{
    const float *at = s->place + 2 * points_cursor(v, s);
    struct embedding_desk *d = &app->desk.embedding;

    for (int i = 0; i < 2; i++)
        set_corner(d->brush[i], s, (double)at[0], (double)at[1]);
    begin(app, s);
    app_say(app, LOG_NOTE, "the brush goes from here to where it is moved; o moves the "
            "other corner, Enter shows its rows, Esc drops it");
}

static void say_what_is_in_it(struct app *app, const struct scatter *s)
{
    struct view v = app_view(app);
    struct brushed *b = points_brushed(&v);
    struct str text = {0};

    if (!b)
        return;
    points_put_brushed(s, b, &text);
    app_say(app, LOG_NOTE, str_text(&text));
    str_done(&text);
    brushed_free(b);
}

/* LEFT BOTTOM RIGHT TOP */
static bool put_there(struct app *app, const struct call *call, const struct scatter *s,
                      struct error *err)
{
    struct embedding_desk *d = &app->desk.embedding;
    double x[4];

    if (call->n_words != 4)
        return error_set(err, ERROR_USAGE, "brush takes LEFT BOTTOM RIGHT TOP, as in "
                         "`brush -10 -5 0 2.5`, or none of them");
    for (int i = 0; i < 4; i++)
        x[i] = strtod(call_word(call, i), NULL);
    if (x[0] > x[2] || x[1] > x[3])
        return error_set(err, ERROR_USAGE, "LEFT is larger than RIGHT, or BOTTOM than "
                         "TOP");
    set_corner(d->brush[0], s, x[0], x[1]);
    set_corner(d->brush[1], s, x[2], x[3]);
    begin(app, s);
    say_what_is_in_it(app, s);
    return true;
}

static void swap_corners(struct embedding_desk *d)
{
    double corner[2];

    memcpy(corner, d->brush[0], sizeof corner);
    memcpy(d->brush[0], d->brush[1], sizeof corner);
    memcpy(d->brush[1], corner, sizeof corner);
}

/* ---- rows ---- */

static const struct table *table_with(const struct session *s, const struct dataset *d)
{
    for (size_t i = 0; i < s->n_tables; i++)
        if (s->tables[i]->data == d)
            return s->tables[i];
    return NULL;
}

/* Whether the current table is the one that has them. */
static bool has_rows(const struct app *app, const struct scatter *s, struct error *err)
{
    const struct session *session = app->context.session;
    const struct table *t = table_with(session, s->data);

    if (!s->row_of)
        return error_set(err, ERROR_STATE, "each point is a value here and has no rows "
                         "of its own; `tsne --points cells` lays out cells");
    if (session->table && session->table->data == s->data)
        return true;
    return t ? error_set(err, ERROR_STATE, "they are rows of another table; `use %s` "
                         "first", t->name)
             : error_set(err, ERROR_STATE, "the table whose rows they are is not here "
                         "any more");
}

/* NULL and a sentence: there are none. */
static struct brushed *take_brushed(struct app *app, const struct scatter *s,
                                    struct error *err)
{
    struct view v = app_view(app);
    struct brushed *b;

    if (!app->desk.embedding.brushing) {
        error_set(err, ERROR_STATE, "there is no brush yet; `brush` begins one at the "
                  "cursor");
        return NULL;
    }
    b = has_rows(app, s, err) ? points_brushed(&v) : NULL;
    if (b && b->rows == 0) {
        brushed_free(b);
        b = NULL;
        error_set(err, ERROR_STATE, "no point is in the brush");
    }
    return b;
}

static bool show_rows(struct app *app, const struct scatter *s, struct error *err)
{
    struct brushed *b = take_brushed(app, s, err);
    struct data_desk *d = &app->desk.data;
    const struct table *t = app->context.session->table;
    size_t bytes = b ? b->rows * sizeof *b->row_of : 0;

    if (!b)
        return false;
    desk_unpick(d);
    d->picked = (struct picked_rows){
        .rows = memcpy(xmalloc(bytes), b->row_of, bytes), .n = b->rows,
        .table = xstrdup(t->name), .of = dataset_rows(t->data)};
    brushed_free(b);
    app_show_rows(app);
    return true;
}

static bool export_rows(struct app *app, const struct scatter *s, const char *file,
                        struct error *err)
{
    struct brushed *b = take_brushed(app, s, err);
    char *path = path_expand(file), rows[COUNT_TEXT];
    const char *told;
    bool ok = b && may_replace(&app->context, path, &told, err)
        && dataset_export_rows(s->data, b->row_of, b->rows, path, false, err);

    if (ok)
        context_note(&app->context, "%s row%s written to %s%s", count_text(b->rows, rows),
                     b->rows == 1 ? "" : "s", path, told);
    brushed_free(b);
    free(path);
    return ok;
}

bool do_brush(struct app *app, const struct call *call, struct error *err)
{
    struct embedding_desk *d = &app->desk.embedding;
    struct view v = app_view(app);
    const struct scatter *s = points_shown(&v);

    if (!s)
        return error_set(err, ERROR_STATE, "there is no layout yet; `tsne` makes one");
    if (call_option(call, "rows"))
        return show_rows(app, s, err);
    if (call_option(call, "export"))
        return export_rows(app, s, call_option(call, "export"), err);
    if (call_option(call, "swap") && !d->brushing)
        return error_set(err, ERROR_STATE, "there is no brush yet; `brush` begins one at "
                         "the cursor");
    if (call_option(call, "swap"))
        swap_corners(d);
    else if (call->n_words > 0)
        return put_there(app, call, s, err);
    else if (d->brushing)
        d->brushing = false;
    else
        begin_here(app, &v, s);
    return true;
}
