/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that is on the screen, on one surface. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/resume.h"
#include "ui/app_private.h"
#include "ui/prompt.h"
#include "ui/prose.h"
#include "ui/scroll.h"

enum { PROMPT_ROWS = 4, STATUS_ROWS = 3, LOG_WIDTH = 10 };

/* ---- the row of tabs ---- */

/* From 60 columns on with the names of the views, from 120 on as wide as they like. */
static int draw_tabs(const struct desk *d, struct surface *s)
{
    int x = 0;

    for (enum view_id view = 0; view < VIEWS; view++) {
        bool on = view == d->view;
        enum role role = on ? ROLE_TAB_ON : ROLE_TAB;
        const char *name = view == VIEW_ATTENTION && s->width < 120 ? "Attn"
                                                                    : view_title(view);

        if (on)
            surface_put(s, x, 0, '[', role);
        x += 1 + surface_printf(s, x + 1, 0, 0, role, s->width < 60 ? "%d" : "%d:%s",
                                view + 1, name);
        if (on)
            surface_put(s, x, 0, ']', role);
        x += s->width >= 120;
    }
    return x + 1;
}

static void add_table(const struct view *v, bool size, struct str *out)
{
    const struct table *t = v->session->table;
    char rows[COUNT_TEXT];

    if (!t)
        return;
    show_to(out, t->name, strlen(t->name), 24);
    if (size)
        str_printf(out, " %sx%d", count_text(dataset_rows(t->data), rows),
                   dataset_columns(t->data));
}

enum { LONG_STATUS = 80 }; /* columns from which a job may tell all */

/* Of a watched loss the trainer keeps the opposite: larger is better. */
static void add_best(const struct run *r, struct str *out)
{
    if (train_watch(&r->settings.train, r->task) == WATCH_LOSS)
        str_printf(out, " best loss %.4f", -r->progress.best);
    else
        str_printf(out, " best %.4f", r->progress.best);
}

/* The one in training; behind the last one the test rows are measured. */
static int epoch_of(const struct run *r)
{
    int epoch = r->progress.epoch + 1;

    return epoch < run_epochs(r) ? epoch : run_epochs(r);
}

/* The run that the job trains; another job may only look at one. */
static const struct run *in_training(const struct view_job *j)
{
    return j->run && j->run->state == RUN_WAITING ? j->run : NULL;
}

/* The first job by that name, and how many others there are. */
static void put_jobs(const struct view *v, int width, const char *what, struct str *out)
{
    const struct view_job *j = v->jobs;
    const struct run *r = in_training(j);

    str_puts(out, what);
    if (v->n_jobs > 1)
        str_printf(out, " +%zu", v->n_jobs - 1);
    if (j->paused)
        str_puts(out, " PAUSED");
    if (width < LONG_STATUS && r && r->progress.batches > 0)
        str_printf(out, " %d/%d", epoch_of(r), run_epochs(r));
    else if (j->status[0])
        str_printf(out, "  %s", j->status);
    if (width < LONG_STATUS && r && r->progress.best_epoch > 0)
        add_best(r, out);
}

/* "train r1 3/50 best 0.91", or without "train" where that is too long; with no job
 * "idle (resume r2)", or without "idle". */
static void add_jobs(const struct view *v, int width, struct str *out)
{
    const struct view_job *j = v->jobs;
    const struct run *r = resume_offered(v->session);

    if (v->n_jobs == 0) {
        str_puts(out, "idle");
        if (r)
            str_printf(out, " (resume %s)", r->name);
        if (!r || (int)show_width(out->text, out->length) <= width)
            return;
        str_clear(out);
        str_printf(out, "resume %s", r->name);
        return;
    }
    put_jobs(v, width, j->what, out);
    if ((int)show_width(out->text, out->length) <= width || !in_training(j))
        return;
    str_clear(out);
    put_jobs(v, width, j->run->name, out);
}

/* The table, and at the right jobs; where both do not fit, the table without its size, or
 * jobs alone. */
static void draw_top(const struct view *v, struct surface *s)
{
    struct str table = {0}, jobs = {0};
    int x, room, width;

    surface_fill(s, (struct rect){0, 0, s->width, 1}, ' ', ROLE_TAB);
    x = draw_tabs(v->desk, s) + 2;
    if (v->desk->frozen)
        x += surface_text(s, x, 0, 0, ROLE_WARNING, "FROZEN") + 2;
    add_table(v, false, &table);
    room = s->width - x - surface_width(str_text(&table)) - 2;
    add_jobs(v, room, &jobs);
    width = surface_width(str_text(&jobs));
    str_clear(&table);
    if (width <= room)
        add_table(v, true, &table);
    if (width > s->width - x - surface_width(str_text(&table)) - 2) {
        str_clear(&table);
        add_table(v, false, &table);
    }
    if (width > room)
        str_clear(&table);
    x += surface_text(s, x, 0, s->width - x, ROLE_TAB, str_text(&table));
    room = s->width - x - 2;
    if (room > 4)
        surface_text(s, width < room ? s->width - width : x + 2, 0, room,
                     v->n_jobs > 0 ? ROLE_TAB_ON : ROLE_TAB, str_text(&jobs));
    str_done(&table);
    str_done(&jobs);
}

/* ---- panes ---- */

static struct list *list_of(const struct view *v, enum pane_id pane)
{
    return pane == PANE_ROWS && v->desk->data.one_row ? &v->desk->data.cells
                                                      : &v->desk->lists[pane];
}

static void draw_pane(const struct view *v, struct surface *frame, enum pane_id pane,
                      bool focused)
{
    const struct pane_type *type = pane_type(pane);
    struct list *l = list_of(v, pane);
    struct str title = {0};
    struct surface inside = surface_part(frame, (struct rect){1, 1, frame->width - 2,
                                                              frame->height - 2});

    l->page = l->total = 0; /* of what is shown now, if that is a list */
    type->draw(v, &inside, focused);
    if (type->ranged && pane != PANE_LOG)
        scroll_paint_range(&inside, l, type->header);
    type->title(v, &title); /* after drawing, which finds what is to be seen */
    surface_frame(frame, str_text(&title), focused);
    scroll_sign(frame, l);
    str_done(&title);
}

/* A screen too small for panes has the end of the log, as a plain prompt would. */
static void draw_body(const struct app *app, const struct view *v, struct surface *s)
{
    const struct layout *l = &app->layout;
    int focus = layout_focus(l, v->desk);

    if (l->n == 0 && s->height > 0 && s->width >= LOG_WIDTH)
        pane_log.draw(v, s, false);
    for (int i = 0; i < l->n; i++) {
        struct rect r = l->panes[i].rect;
        struct surface frame;

        r.y -= l->body.y;
        r.x -= l->body.x;
        frame = surface_part(s, r);
        draw_pane(v, &frame, l->panes[i].pane,
                  i == focus && v->desk->place == PLACE_PANES);
    }
}

static bool has_size(const struct surface *s, struct rect r)
{
    return s->width == r.width && s->height == r.height;
}

static void resize(struct surface *s, int width, int height)
{
    enum glyphs glyphs = s->glyphs;
    bool colourless = s->colourless;

    surface_done(s);
    surface_init(s, width, height, glyphs);
    s->colourless = colourless;
}

static void copy_cells(struct surface *to, const struct surface *from)
{
    for (int y = 0; y < to->height && y < from->height; y++)
        memcpy(to->cells + (size_t)y * (size_t)to->stride, surface_row(from, y),
               (size_t)(to->width < from->width ? to->width : from->width) *
               sizeof(*to->cells));
}

/* The panes are drawn apart, so that a frozen picture can stay as it is. */
static void draw_panes(struct app *app, const struct view *v)
{
    struct rect body = app->layout.body;
    struct surface part = surface_part(&app->screen, body);

    if (!app->desk.frozen || !has_size(&app->panes, body) ||
        app->drawn_view != app->desk.view) {
        resize(&app->panes, body.width, body.height);
        draw_body(app, v, &app->panes);
        app->drawn_view = app->desk.view;
    }
    copy_cells(&part, &app->panes);
}

/* ---- the last rows ---- */

static const char *place_name(const struct app *app)
{
    static const char *const names[VIEWS] = {"DATA", "TRAIN", "RUNS", "ATTN",
                                             "EMBED", "LOG", "STUDY"};

    if (app->busy > 0)
        return "WAIT";
    return app->desk.place == PLACE_PROMPT ? "PROMPT" : names[app->desk.view];
}

static void add_status(const struct app *app, int width, struct str *out)
{
    const char *place = place_name(app);
    char *shown;

    if (app->question) {
        shown = xasprintf("%s (y/n)", app->question);
        fold_to(out, shown, 0, 2, (size_t)width);
    } else {
        shown = xasprintf("%-7s %s", place, str_text(&app->message));
        fold_to(out, shown, 0, 8, (size_t)width);
    }
    free(shown);
}

static void draw_status(const struct app *app, struct surface *s)
{
    enum role role = app->question ? ROLE_WARNING
                     : app->message_kind == LOG_ERROR ? ROLE_ERROR : ROLE_STATUS;
    struct str text = {0};

    surface_fill(s, (struct rect){0, 0, s->width, s->height}, ' ', ROLE_STATUS);
    add_status(app, s->width, &text);
    prose_draw_rows(s, 0, 0, s->width, role, str_text(&text));
    if (prose_rows(str_text(&text)) > s->height)
        surface_text_right(s, s->width - 4, s->height - 1, 4, role, " ...");
    if (!app->question)
        surface_text(s, 0, 0, 7, ROLE_KEY, place_name(app));
    str_done(&text);
}

static void draw_prompt(struct app *app, struct surface *s)
{
    int x = 0, y = 0;

    prompt_draw(s, &x, &y);
    app->cursor_x = -1;
    if (app->desk.place == PLACE_PROMPT && !app->question && s->height > 0) {
        app->cursor_x = app->layout.prompt.x + x;
        app->cursor_y = app->layout.prompt.y + y;
    }
}

/* ---- the whole ---- */

/* The log has what is longer; a question has to be read. */
static int count_status(const struct app *app, const struct str *text)
{
    int rows = prose_rows(str_text(text));

    return rows < STATUS_ROWS || app->question ? rows : STATUS_ROWS;
}

static void make_layout(struct app *app, int width, int height)
{
    struct str status = {0};

    add_status(app, width > 0 ? width : 1, &status);
    layout_make(&app->layout, &app->desk, width, height, count_status(app, &status),
                prompt_rows(width, PROMPT_ROWS),
                app->context.session->settings.screen.hints);
    str_done(&status);
}

void picture_draw(struct app *app, int width, int height)
{
    struct view v = app_view(app);
    struct surface part;

    resize(&app->screen, width, height);
    make_layout(app, width, height);
    part = surface_part(&app->screen, app->layout.tabs);
    if (app->layout.tabs.height > 0)
        draw_top(&v, &part);
    draw_panes(app, &v);
    part = surface_part(&app->screen, app->layout.body);
    if (app->desk.popup == POPUP_FIGURE) {
        figure_view_draw(&app->figure, &part);
    } else if (app->desk.popup != POPUP_NONE) {
        keys_draw_popup(app->keys, &v, &part);
    }
    part = surface_part(&app->screen, app->layout.hints);
    if (app->layout.hints.height > 0)
        keys_draw_hints(app->keys, &app->desk, &part);
    part = surface_part(&app->screen, app->layout.status);
    draw_status(app, &part);
    part = surface_part(&app->screen, app->layout.prompt);
    draw_prompt(app, &part);
    part = surface_part(&app->screen, (struct rect){
        0, 0, width, app->layout.status.y - app->layout.hints.height});
    prompt_draw_candidates(&part);
}
