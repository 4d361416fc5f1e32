/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of the screen (command/cmd_screen.c): one function each, by name. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "ui/app_private.h"
#include "ui/curves.h"
#include "ui/editor.h"
#include "ui/pane_data.h"
#include "ui/prompt.h"
#include "ui/term.h"

static enum pane_id focused(const struct app *app)
{
    return app->desk.focus[app->desk.view];
}

/* The word's position in the choices of the command's argument. */
static int choice_of(const struct call *call, int argument)
{
    return value_choice(call->command->arguments[argument].value.choices,
                        call_word(call, argument));
}

static long count_of(const struct call *call, int argument)
{
    long n = 1;

    if (call_word(call, argument))
        str_to_long(call_word(call, argument), 1, 1000000000, &n);
    return n;
}

/* ---- views and focus ---- */

void app_go_to(struct app *app, enum view_id view)
{
    if (view != app->desk.view) {
        app->before = app->desk.view;
        app->desk.view = view;
        app->desk.zoomed = false;
    }
}

static void focus_on(struct app *app, enum pane_id pane)
{
    app_go_to(app, pane_view(pane));
    app->desk.focus[app->desk.view] = pane;
    app->desk.place = PLACE_PANES;
}

static bool do_view(struct app *app, const struct call *call, struct error *err)
{
    (void)err;
    app->desk.popup = POPUP_NONE;
    app_go_to(app, (enum view_id)choice_of(call, 0));
    return true;
}

static void focus_step(struct app *app, int by)
{
    enum pane_id order[PANES];
    int n = layout_order(&app->desk, order), at = 0;

    while (at < n - 1 && order[at] != focused(app))
        at++;
    focus_on(app, order[(at + by + n) % n]);
}

static bool do_focus(struct app *app, const struct call *call, struct error *err)
{
    const char *word = call_word(call, 0);
    char name[32];

    (void)err;
    value_choice_name(call->command->arguments[0].value.choices,
                      value_choice(call->command->arguments[0].value.choices, word), name,
                      sizeof(name));
    if (strcmp(name, "next") == 0 || strcmp(name, "previous") == 0) {
        focus_step(app, name[0] == 'n' ? 1 : -1);
    } else if (strcmp(name, "prompt") == 0 || strcmp(name, "panes") == 0) {
        app->desk.place = strcmp(name, "prompt") == 0 ? PLACE_PROMPT : PLACE_PANES;
    } else {
        for (enum pane_id pane = 0; pane < PANES; pane++) {
            if (strcmp(pane_type(pane)->name, name) == 0)
                focus_on(app, pane);
        }
    }
    return true;
}

static bool do_back(struct app *app, const struct call *call, struct error *err)
{
    static const enum pane_id homes[VIEWS] = {PANE_SCHEMA, PANE_LOSS, PANE_RUNS,
                                              PANE_MAP, PANE_POINTS, PANE_LOG,
                                              PANE_TRIALS};
    struct desk *d = &app->desk;

    if (d->popup != POPUP_NONE) {
        d->popup = POPUP_NONE;
    } else if (desk_leave(d)) {
        return true;
    } else if (focused(app) == PANE_ROWS && d->data.one_row) {
        d->data.one_row = false;
    } else if (focused(app) != homes[d->view]) {
        d->focus[d->view] = homes[d->view];
    } else if (app->before != d->view) {
        d->view = app->before;
    } else if (call_option(call, "leave")) {
        return command_run(&app->context, "quit", err);
    }
    return true;
}

/* ---- lists ---- */

static void move_popup(struct app *app, enum movement m, long n)
{
    struct list *l = &app->desk.popup_list;
    long page = (long)l->page > 1 ? (long)l->page - 1 : 1;
    size_t most = (size_t)-1 / 2;

    switch (m) {
    case MOVE_UP: list_move(l, -n, most); break;
    case MOVE_DOWN: list_move(l, n, most); break;
    case MOVE_PAGE_UP: list_move(l, -n * page, most); break;
    case MOVE_PAGE_DOWN: list_move(l, n * page, most); break;
    case MOVE_HOME: l->cursor = 0; break;
    case MOVE_END: l->cursor = most - 1; break;
    default: break;
    }
}

static void move_list(struct list *l, enum movement m, long n, size_t count)
{
    long page = (long)l->page > 1 ? (long)l->page - 1 : 1;

    switch (m) {
    case MOVE_UP: list_move(l, -n, count); break;
    case MOVE_DOWN: list_move(l, n, count); break;
    case MOVE_PAGE_UP: list_move(l, -n * page, count); break;
    case MOVE_PAGE_DOWN: list_move(l, n * page, count); break;
    case MOVE_HOME: l->cursor = 0; break;
    case MOVE_END: l->cursor = count > 0 ? count - 1 : 0; break;
    default: break;
    }
}

static bool do_move(struct app *app, const struct call *call, struct error *err)
{
    const struct pane_type *type = pane_type(focused(app));
    enum movement m = (enum movement)choice_of(call, 0);
    struct view v = app_view(app);
    long n = count_of(call, 1);

    (void)err;
    if (app->desk.popup != POPUP_NONE)
        move_popup(app, m, n);
    else if (!(type->move && type->move(&v, m, n)) && type->count)
        move_list(&app->desk.lists[focused(app)], m, n, type->count(&v));
    return true;
}

/* The first item from `at` on, going round, that holds the text. */
static bool find_item(const struct pane_type *type, const struct view *v, size_t count,
                      size_t *at, bool backwards, const char *text)
{
    if (type->find)
        return type->find(v, at, backwards, text);
    for (size_t k = 0; k < count; k++) {
        if (type->holds(v, *at, text))
            return true;
        if (backwards)
            *at = *at > 0 ? *at - 1 : count - 1;
        else
            *at = *at + 1 < count ? *at + 1 : 0;
    }
    return false;
}

static bool do_find(struct app *app, const struct call *call, struct error *err)
{
    const struct pane_type *type = pane_type(focused(app));
    struct list *l = &app->desk.lists[focused(app)];
    bool backwards = call_option(call, "backwards") != NULL;
    struct view v = app_view(app);
    size_t count = type->count ? type->count(&v) : 0, at;
    char *shown;

    if (call_word(call, 0)) {
        str_clear(&app->desk.search);
        str_puts(&app->desk.search, call_word(call, 0));
    }
    if (app->desk.search.length == 0)
        return error_set(err, ERROR_STATE, "nothing was searched yet; / asks for a text");
    if ((!type->holds && !type->find) || count == 0)
        return error_set(err, ERROR_STATE, "there is nothing to search in this pane");
    app->desk.place = PLACE_PANES; /* found or not, as / came from there */
    at = l->cursor < count ? l->cursor : count - 1;
    if (!call_word(call, 0))
        at = backwards ? (at > 0 ? at - 1 : count - 1) : (at + 1) % count;
    if (find_item(type, &v, count, &at, backwards, app->desk.search.text)) {
        if (type->move)
            type->move(&v, MOVE_UP, 0); /* a list that follows its end stops doing so */
        l->cursor = at;
        return true;
    }
    shown = show(app->desk.search.text, 60);
    error_set(err, ERROR_STATE, "\"%s\" is not in this pane", shown);
    free(shown);
    return false;
}

/* ---- the Data view ---- */

/* Puts the cursor of the schema list on the column, if the list has it. */
static void point_at_column(struct app *app, int column)
{
    struct list *l = &app->desk.lists[PANE_SCHEMA];
    struct view v = app_view(app);
    struct column_list columns;
    int at;

    column_list_init(&columns, &v);
    at = column_list_find(&columns, column);
    if (at >= 0)
        l->cursor = (size_t)at;
    column_list_done(&columns);
}

static bool do_values(struct app *app, const struct call *call, struct error *err)
{
    int column;

    if (call_word(call, 0)) {
        column = find_column(&app->context, call_word(call, 0), err);
        if (column < 0)
            return false;
        app->desk.data.only_warnings = false;
        point_at_column(app, column);
    }
    app->desk.data.lower = LOWER_VALUES;
    app->desk.lists[PANE_VALUES] = (struct list){0};
    focus_on(app, PANE_VALUES);
    return true;
}

static bool check_filter(struct app *app, const char *filter, struct error *err)
{
    const struct where *found = table_where(app->context.session->table, filter);
    char *name;

    if (found && found->column >= 0)
        return true;
    if (!strchr(filter, '='))
        return error_set(err, ERROR_USAGE,
                         "rows takes COLUMN=VALUE, as in `rows sex=Male`");
    name = xstrndup(filter, strcspn(filter, "="));
    find_column(&app->context, name, err);
    free(name);
    return false;
}

void app_show_rows(struct app *app)
{
    app->desk.data.lower = LOWER_ROWS;
    app->desk.data.one_row = false;
    app->desk.lists[PANE_ROWS] = (struct list){0};
    focus_on(app, PANE_ROWS);
}

static bool do_rows(struct app *app, const struct call *call, struct error *err)
{
    const char *filter = call_word(call, 0);

    if (filter && !check_filter(app, filter, err))
        return false;
    free(app->desk.data.filter);
    app->desk.data.filter = filter ? xstrdup(filter) : NULL;
    desk_unpick(&app->desk.data);
    app_show_rows(app);
    return true;
}

static void clear_selection(struct data_desk *d)
{
    free(d->selected);
    d->selected = NULL;
    d->n_selected = 0;
}

/* They may be out of sight; one that was marked by its key is not. */
static void say_marked(struct app *app, int n)
{
    char *text = n == 0 ? xstrdup("no column is marked")
                        : xasprintf("%d column%s %s marked", n, n == 1 ? "" : "s",
                                    n == 1 ? "is" : "are");

    app_say(app, LOG_NOTE, text);
    free(text);
}

static bool do_select(struct app *app, const struct call *call, struct error *err)
{
    struct data_desk *d = &app->desk.data;
    int n = app->context.session->table->schema->n_columns;
    struct column_choice choice = {xcalloc((size_t)n + 1, sizeof(bool)), 0};
    bool ok = true;
    int marked = 0;

    if (call->n_words == 0 || d->n_selected != n) {
        clear_selection(d);
        d->selected = xcalloc((size_t)n + 1, sizeof(bool));
        d->n_selected = n;
    }
    for (int i = 0; ok && i < call->n_words; i++)
        ok = column_choose(&app->context, call_word(call, i), &choice, err);
    for (int i = 0; ok && i < n; i++) {
        d->selected[i] ^= choice.chosen[i];
        marked += d->selected[i];
    }
    free(choice.chosen);
    if (ok && choice.n != 1)
        say_marked(app, marked);
    return ok;
}

static bool has_warnings(const struct table *t)
{
    for (int i = 0; t && i < t->schema->n_columns; i++) {
        if (t->schema->columns[i].warnings)
            return true;
    }
    return false;
}

static bool do_arrange(struct app *app, const struct call *call, struct error *err)
{
    struct data_desk *d = &app->desk.data;
    int sort = call_choice(call, "sort", -1), only = call_choice(call, "only", -1);
    int learned = call_choice(call, "learned", -1);
    struct view v = app_view(app);
    int column = view_column(&v);
    bool only_warnings = only == 2 ? !d->only_warnings : only == 1;

    if (only >= 0 && only_warnings && !has_warnings(app->context.session->table))
        return error_set(err, ERROR_STATE, "no column has a warning");
    if (sort >= 0)
        d->sort = sort == 4 ? (d->sort + 1) % 4 : (unsigned)sort;
    if (only >= 0)
        d->only_warnings = only_warnings;
    if (column >= 0)
        point_at_column(app, column);
    if (learned >= 0)
        app->desk.train.sort = learned < LEARNED_SORTS
            ? (enum learned_sort)learned : (app->desk.train.sort + 1) % LEARNED_SORTS;
    return true;
}

/* ---- curves ---- */

static void set_x_range(struct train_desk *t, double low, double high)
{
    t->low = low;
    t->high = high;
}

/* Half of what is seen around the value cursor, or its later half. */
/* Around the value under the cursor. */
static void zoom_points(struct embedding_desk *d, int how)
{
    static const double most = 64;
    double zoom = d->zoom > 1 ? d->zoom : 1;

    d->zoom = how == 0 ? fmin(most, 2 * zoom) : how == 1 ? fmax(1, zoom / 2) : 1;
}

static bool do_zoom(struct app *app, const struct call *call, struct error *err)
{
    struct train_desk *t = &app->desk.train;
    int how = choice_of(call, 0);
    double low, high, low_seen, high_seen, middle, span;
    struct view v = app_view(app);

    if (app->desk.view == VIEW_EMBEDDING) {
        zoom_points(&app->desk.embedding, how);
        return true;
    }
    if (how == 2) {
        set_x_range(t, NAN, NAN);
        return true;
    }
    if (!curves_range(&v, &low, &high))
        return error_set(err, ERROR_STATE, "there is no curve to zoom yet");
    low_seen = isnan(t->low) ? low : t->low;
    high_seen = isnan(t->high) ? high : t->high;
    middle = isnan(t->cursor) ? high_seen : t->cursor;
    span = (high_seen - low_seen) * (how == 0 ? 0.5 : 2);
    low_seen = fmax(fmin(middle - span / 2, high - span), low);
    if (span >= high - low)
        set_x_range(t, NAN, NAN);
    else
        set_x_range(t, low_seen, low_seen + span);
    return true;
}

static bool do_chart(struct app *app, const struct call *call, struct error *err)
{
    struct train_desk *t = &app->desk.train;
    int y = call_choice(call, "y", -1), x = call_choice(call, "x", -1);
    int cursor = call_choice(call, "cursor", -1);
    long steps = call_int(call, "steps", 1);
    struct view v = app_view(app);

    if (y >= 0)
        t->log_y = y == 2 ? !t->log_y : y == 1;
    if (x >= 0) {
        t->by_time = x == 2 ? !t->by_time : x == 1;
        t->cursor = NAN;
        set_x_range(t, NAN, NAN);
    }
    t->smooth = call_number(call, "smooth", t->smooth);
    if (cursor == 2)
        t->cursor = NAN;
    else if (cursor >= 0 && !curves_move_cursor(&v, cursor == 0 ? -steps : steps))
        return error_set(err, ERROR_STATE, "there is no curve yet; `train` draws one");
    return true;
}

static void clear_overlays(struct train_desk *t)
{
    while (t->n_overlaid > 0)
        free(t->overlaid[--t->n_overlaid]);
}

static bool do_overlay(struct app *app, const struct call *call, struct error *err)
{
    struct train_desk *t = &app->desk.train;
    const struct run *r;

    if (!call_word(call, 0)) {
        clear_overlays(t);
        return true;
    }
    r = find_run(&app->context, call_word(call, 0), err);
    if (!r)
        return false;
    for (size_t i = 0; i < t->n_overlaid; i++) {
        if (strcmp(t->overlaid[i], r->name) == 0) {
            free(t->overlaid[i]);
            memmove(t->overlaid + i, t->overlaid + i + 1,
                    (--t->n_overlaid - i) * sizeof(*t->overlaid));
            return true;
        }
    }
    t->overlaid = xgrow(t->overlaid, t->n_overlaid, &t->overlaid_capacity,
                        sizeof(*t->overlaid));
    t->overlaid[t->n_overlaid++] = xstrdup(r->name);
    return true;
}

static bool do_fold(struct app *app, const struct call *call, struct error *err)
{
    struct desk *d = &app->desk;
    const struct run *r;

    if (!call_word(call, 0)) {
        while (d->train.n_folded > 0)
            desk_fold(d, d->train.folded[0]);
        return true;
    }
    r = find_run(&app->context, call_word(call, 0), err);
    if (r)
        desk_fold(d, r->name);
    return r != NULL;
}

/* ---- what is under the cursor ---- */

static bool enter_value(struct app *app, struct error *err)
{
    struct view v = app_view(app);
    int column = view_column(&v);
    struct str filter = {0}, line = {0};
    bool ok = false;

    if (column < 0)
        return error_set(err, ERROR_STATE, "there is no value under the cursor");
    str_printf(&filter, "%s=",
               column_name(dataset_column(v.session->table->data, column)));
    if (view_value(&v, &filter)) {
        str_puts(&line, "rows ");
        word_quote(&line, filter.text);
        ok = command_run(&app->context, line.text, err);
    } else {
        error_set(err, ERROR_STATE, "there is no value under the cursor");
    }
    str_done(&filter);
    str_done(&line);
    return ok;
}

/* The row alone, then all of them again. */
static bool enter_row(struct app *app, struct error *err)
{
    struct view v = app_view(app);

    if (pane_rows.count(&v) == 0)
        return error_set(err, ERROR_STATE, "there is no row under the cursor");
    app->desk.data.one_row = !app->desk.data.one_row;
    return true;
}

static bool enter_run(struct app *app, struct error *err)
{
    struct view v = app_view(app);
    struct error unread;
    struct run *r = NULL;

    if (view_listed_run(&v))
        r = session_find_run(v.session, view_listed_run(&v)->name);
    if (!r)
        return error_set(err, ERROR_STATE, "there is no run yet; `train` makes one");
    if (r->state == RUN_KEPT)
        run_needs_model(r, &unread); /* if it cannot be read, the panes say so */
    free(app->desk.train.run);
    app->desk.train.run = xstrdup(r->name);
    app_go_to(app, VIEW_TRAIN);
    return true;
}

static bool do_enter(struct app *app, const struct call *call, struct error *err)
{
    (void)call;
    switch (focused(app)) {
    case PANE_SCHEMA:
        focus_on(app, PANE_COLUMN);
        return true;
    case PANE_COLUMN:
        return command_run(&app->context, "values", err);
    case PANE_VALUES:
        return enter_value(app, err);
    case PANE_ROWS:
        return enter_row(app, err);
    case PANE_RUNS:
        return enter_run(app, err);
    case PANE_POINTS:
        return points_enter(app, err);
    default:
        app->desk.zoomed = !app->desk.zoomed;
        return true;
    }
}

/* NULL and a sentence: there is no place for it, or it cannot be written. Caller
 * frees. */
static char *keep_copy(const struct str *text, struct error *err)
{
    char *path = path_user("STATE", ".local/state", "copied");

    if (!path)
        error_set(err, ERROR_STATE, "HOME is not set");
    else if (file_write(path, 0600, text->text, text->length, err))
        return path;
    free(path);
    return NULL;
}

/* The items of the range, a line each, or the one under the cursor. */
static void take_copy(struct app *app, struct str *text)
{
    const struct pane_type *type = pane_type(focused(app));
    struct list *l = &app->desk.lists[focused(app)];
    struct view v = app_view(app);
    size_t at = l->cursor, count = type->count ? type->count(&v) : 0;

    if (l->mark == 0) {
        type->copy(&v, text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        l->cursor = at;
        if (!list_in_range(l, i))
            continue;
        l->cursor = i;
        type->copy(&v, text);
        str_putc(text, '\n');
    }
    l->cursor = at;
    l->mark = 0;
}

/* "5 lines, 1,234 bytes" */
static char *size_of_copy(const struct str *text)
{
    char bytes[COUNT_TEXT], count[COUNT_TEXT];
    size_t lines = text->text[text->length - 1] != '\n';

    for (size_t i = 0; i < text->length; i++)
        lines += text->text[i] == '\n';
    return xasprintf("%s line%s, %s byte%s", count_text(lines, count),
                     lines == 1 ? "" : "s", count_text(text->length, bytes),
                     text->length == 1 ? "" : "s");
}

/* The path as a person writes it, "~/...". */
static const char *below_home(const char *path, char **text)
{
    const char *home = getenv("HOME");
    size_t n = home ? strlen(home) : 0;

    *text = n > 0 && strncmp(path, home, n) == 0 && path[n] == '/'
            ? xasprintf("~%s", path + n) : NULL;
    return *text ? *text : path;
}

/* Both ways are told, and what was wrong with one that failed. */
static bool report_copy(struct app *app, const struct str *text, bool sent,
                        const char *path, struct error *err)
{
    char *size = size_of_copy(text), *home = NULL, *said;

    if (!sent && !path) {
        free(size);
        return error_prefix(err, "nothing was copied: it is too long for the clipboard, "
                            "and the file failed");
    }
    said = xasprintf("copied %s: %s%s%s", size,
                     sent ? "to the clipboard (OSC 52), if the terminal takes it"
                          : "not to the clipboard, which takes 74,991",
                     path ? "; to " : "; to no file, ",
                     path ? below_home(path, &home) : err->text);
    app_say(app, path ? LOG_NOTE : LOG_ERROR, said);
    free(said);
    free(home);
    free(size);
    return true;
}

static bool do_copy(struct app *app, const struct call *call, struct error *err)
{
    struct str text = {0};
    struct error failure = {0};
    char *path;
    bool ok;

    (void)call;
    if (pane_type(focused(app))->copy)
        take_copy(app, &text);
    if (text.length == 0) {
        str_done(&text);
        return error_set(err, ERROR_STATE, "there is nothing to copy in this pane");
    }
    path = keep_copy(&text, &failure);
    ok = report_copy(app, &text, term_copy(text.text, text.length), path, &failure);
    if (!ok)
        *err = failure;
    free(path);
    str_done(&text);
    return ok;
}

static bool do_range(struct app *app, const struct call *call, struct error *err)
{
    const struct pane_type *type = pane_type(focused(app));
    struct list *l = &app->desk.lists[focused(app)];
    struct view v = app_view(app);

    (void)call;
    if (!type->ranged || type->count(&v) == 0 ||
        (focused(app) == PANE_ROWS && app->desk.data.one_row))
        return error_set(err, ERROR_STATE, "there are no lines to mark in this pane");
    app->desk.place = PLACE_PANES;
    if (type->move)
        type->move(&v, MOVE_UP, 0); /* a list that follows its end stops doing so */
    l->mark = l->mark > 0 ? 0 : l->cursor + 1;
    app_say(app, LOG_NOTE, l->mark > 0
            ? "the range goes from here to the cursor; copy takes it"
            : "there is no range any more");
    return true;
}

static bool do_menu(struct app *app, const struct call *call, struct error *err)
{
    (void)err;
    app->desk.popup = strcmp(call->command->name, "menu") == 0 ? POPUP_MENU : POPUP_KEYS;
    app->desk.popup_list = (struct list){0};
    return true;
}

/* ---- the screen ---- */

/* As the next picture will have it: several keys may come before it is drawn. */
static struct layout next_layout(const struct app *app)
{
    const struct layout *drawn = &app->layout;
    struct layout l;
    int width, height;

    term_size(&width, &height);
    layout_make(&l, &app->desk, width, height, drawn->status.height, drawn->prompt.height,
                drawn->hints.height > 0);
    return l;
}

static bool stand_elsewhere(const struct layout *a, const struct layout *b)
{
    for (int i = 0; i < a->n && i < b->n; i++) {
        if (memcmp(&a->panes[i].rect, &b->panes[i].rect, sizeof(a->panes[i].rect)) != 0)
            return true;
    }
    return false;
}

/* One that cannot move further does not remember that it should. */
static bool move_border(struct app *app, int *shift, int by, struct error *err)
{
    struct layout before = next_layout(app), after;

    *shift += by;
    after = next_layout(app);
    if (stand_elsewhere(&before, &after))
        return true;
    *shift -= by;
    return error_set(err, ERROR_STATE, "this pane has no border that could go further");
}

/* The border is at the left of most panes; where there is none it is that of the pane at
 * the right. */
static bool make_wider(struct app *app, int by, struct error *err)
{
    struct layout l = next_layout(app);
    struct desk *d = &app->desk;
    enum pane_id pane = d->focus[d->view];
    bool mine = layout_border(&l, &pane);

    return move_border(app, &d->wider[d->view][pane], mine ? by : -by, err);
}

/* There is one, to the lower side of some panes and to the upper of others. */
static bool make_taller(struct app *app, int by, struct error *err)
{
    struct layout l = next_layout(app);
    struct desk *d = &app->desk;
    int i = layout_focus(&l, d);
    bool lower = i >= 0 && l.panes[i].rect.y > l.body.y;

    return move_border(app, &d->taller[d->view], lower ? -by : by, err);
}

static bool do_layout(struct app *app, const struct call *call, struct error *err)
{
    struct desk *d = &app->desk;

    switch (choice_of(call, 0)) {
    case 0:
        d->zoomed = !d->zoomed;
        return true;
    case 1:
        return make_wider(app, 4, err);
    case 2:
        return make_wider(app, -4, err);
    case 3:
        return make_taller(app, 2, err);
    case 4:
        return make_taller(app, -2, err);
    default:
        memset(d->wider[d->view], 0, sizeof(d->wider[d->view]));
        d->taller[d->view] = 0;
        return true;
    }
}

static bool do_freeze(struct app *app, const struct call *call, struct error *err)
{
    (void)call;
    (void)err;
    app->desk.frozen = !app->desk.frozen;
    app_say(app, LOG_NOTE, app->desk.frozen
            ? "the picture stands still; jobs go on, and freeze lets it go on too"
            : "the picture goes on");
    return true;
}

static bool do_repaint(struct app *app, const struct call *call, struct error *err)
{
    (void)app;
    (void)call;
    (void)err;
    term_repaint();
    return true;
}

static bool do_suspend(struct app *app, const struct call *call, struct error *err)
{
    (void)call;
    (void)err;
    app_suspend(app);
    return true;
}

/* Nothing of it runs before Enter. */
static bool do_edit(struct app *app, const struct call *call, struct error *err)
{
    char *text;
    bool done;

    (void)call;
    term_leave();
    text = editor_run(prompt_line(), err);
    term_return();
    term_resize();
    app->desk.place = PLACE_PROMPT;
    done = text != NULL;
    if (done)
        prompt_set_line(text);
    free(text);
    return done;
}

static bool write_screen(struct app *app, const char *path, struct error *err)
{
    struct str text = {0};
    int width, height;
    bool ok;

    term_size(&width, &height);
    picture_draw(app, width, height);
    surface_dump(&app->screen, &text);
    ok = file_write(path, 0644, text.text, text.length, err);
    str_done(&text);
    return ok;
}

static bool do_screen_dump(struct app *app, const struct call *call, struct error *err)
{
    const char *path = call_word(call, 0), *told;

    if (!may_replace(&app->context, path, &told, err) || !write_screen(app, path, err))
        return false;
    context_note(&app->context, "wrote %s%s", path, told);
    return true;
}

static bool do_say(struct app *app, const struct call *call, struct error *err)
{
    (void)err;
    app_say(app, LOG_NOTE, call_word(call, 0));
    return true;
}

static bool do_linger(struct app *app, const struct call *call, struct error *err)
{
    return app_linger(app, count_of(call, 0) * 1000) ||
           error_set(err, ERROR_CANCELLED, "interrupted; the keys are yours");
}

static bool do_bind(struct app *app, const struct call *call, struct error *err)
{
    return keys_bind(app->keys, call_word(call, 0), call_word(call, 1),
                     call_word(call, 2), err);
}

static bool do_unbind(struct app *app, const struct call *call, struct error *err)
{
    return keys_unbind(app->keys, call_word(call, 0), call_word(call, 1), err);
}

/* ---- the table ---- */

static const struct action {
    const char *name;
    bool (*run)(struct app *app, const struct call *call, struct error *err);
} actions[] = {
    {"view", do_view}, {"focus", do_focus}, {"move", do_move}, {"enter", do_enter},
    {"back", do_back}, {"find", do_find}, {"zoom", do_zoom}, {"layout", do_layout},
    {"select", do_select}, {"arrange", do_arrange}, {"rows", do_rows},
    {"values", do_values}, {"chart", do_chart}, {"overlay", do_overlay},
    {"fold", do_fold}, {"map", do_map}, {"points", do_points}, {"brush", do_brush},
    {"range", do_range},
    {"copy", do_copy}, {"menu", do_menu}, {"keys", do_menu}, {"freeze", do_freeze},
    {"repaint", do_repaint}, {"suspend", do_suspend}, {"edit", do_edit},
    {"screen-dump", do_screen_dump},
    {"say", do_say}, {"linger", do_linger}, {"bind", do_bind}, {"unbind", do_unbind},
};

bool action_run(void *self, const struct call *call, struct error *err)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, call->command->name) == 0)
            return actions[i].run(self, call, err);
    }
    return error_set(err, ERROR_STATE, "%s does nothing on this screen",
                     call->command->name);
}
