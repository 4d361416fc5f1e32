/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys on their way: to a question, to a pop-up, to the prompt, or to the command that a
 * binding gives them. Bytes are taken out of the buffer before anything runs, because
 * what runs may turn the loop and come back here.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "command/pending.h"
#include "ui/app_private.h"
#include "ui/prompt.h"
#include "ui/term.h"

enum {
    ESCAPE_MS = 50,           /* how long an escape sequence may take, */
    ESCAPE_REMOTE_MS = 100,   /* and over a network */
    PASTE_MS = 2000,          /* how long the rest of a paste may take */
    BURST_MS = 50,            /* and of one without brackets */
    BURST_BYTES = 20,         /* that come at once are no typing, with lines among them */
    INTERRUPT_MS = 2000,      /* between Ctrl-C and Ctrl-C */
};

static bool is_key(const struct key *k, const char *name)
{
    struct key wanted;

    return key_parse(name, &wanted) && key_equal(k, &wanted);
}

/* ---- Ctrl-C ---- */

/* Twice within two seconds stops the job and keeps its best weights, a third time ends it
 * at once. */
static void interrupt_job(struct app *app, const struct pending *p)
{
    int64_t now = clock_ms();
    char *text;

    app->interrupts = now - app->interrupt_at < INTERRUPT_MS ? app->interrupts + 1 : 1;
    app->interrupt_at = now;
    if (app->interrupts > 1) {
        text = xasprintf("stop %d", p->job);
        app_run_line(app, text, LOG_KEY);
    } else {
        text = xasprintf("Ctrl-C again within 2 s: stop %s and keep its best weights",
                         p->what);
        app_say(app, LOG_NOTE, text);
    }
    free(text);
}

/* A key of a pane that wanted the rest of its line typed: the keys go back there. */
static void leave_answer(struct app *app)
{
    if (app->asked)
        app->desk.place = PLACE_PANES;
    app->asked = false;
}

static void interrupt(struct app *app)
{
    const struct pending *p;
    bool had_text;

    app->desk.popup = POPUP_NONE;
    if (app->question) {
        app->answered = true;
        return;
    }
    if (app->busy > 0) {
        app->interrupted = true;
        return;
    }
    p = pending_next(&app->context, NULL);
    had_text = prompt_interrupt();
    leave_answer(app);
    if (had_text)
        str_clear(&app->message);
    if (!had_text && p)
        interrupt_job(app, p);
    else
        app->interrupts = 0;
}

/* ---- the prompt ---- */

static void keep_line(struct app *app, char *line)
{
    if (app->busy > 0)
        app_say(app, LOG_NOTE, "the line is run when the command before it is done");
    app->lines = xgrow(app->lines, app->n_lines, &app->lines_capacity,
                       sizeof(*app->lines));
    app->lines[app->n_lines++] = line;
}

/* A paste may hold several lines; each is a command. */
static void keep_lines(struct app *app, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        if (n > 0)
            keep_line(app, xstrndup(text, n));
        text += n + (text[n] == '\n');
    }
}

static void take_news(struct app *app)
{
    char *line;

    switch (prompt_take(&line)) {
    case PROMPT_LINE:
        keep_lines(app, line);
        free(line);
        prompt_open();
        leave_answer(app);
        break;
    case PROMPT_END:
        prompt_open();
        keep_line(app, xstrdup("quit"));
        break;
    case PROMPT_NOTHING:
        break;
    }
}

static void feed_prompt(struct app *app, const char *bytes, size_t n)
{
    size_t taken;

    for (; n > 0; bytes += taken, n -= taken) {
        taken = prompt_feed(bytes, n);
        take_news(app);
        if (taken == 0)
            break;
    }
}

void input_run_lines(struct app *app)
{
    while (app->n_lines > 0 && !app->context.quit && app->context.signal == 0) {
        char *line = app->lines[0];

        memmove(app->lines, app->lines + 1, --app->n_lines * sizeof(*app->lines));
        app_run_line(app, line, LOG_COMMAND);
        free(line);
    }
}

/* ---- bindings ---- */

static bool is_of_screen(const char *line)
{
    size_t n = strcspn(line, " ");
    char *verb = xstrndup(line, n);
    const struct command *command = command_find(verb, NULL);

    free(verb);
    return command && (command->flags & COMMAND_SCREEN);
}

static void run_bound(struct app *app, const struct binding *b)
{
    struct view v = app_view(app);
    struct str line = {0};
    struct error err = {0};
    bool to_prompt = false;

    if (app->desk.popup == POPUP_MENU && !str_starts(b->line, "move "))
        app->desk.popup = POPUP_NONE;
    if (!keys_expand(&v, b->line, &line, &to_prompt, &err)) {
        app_say(app, LOG_ERROR, err.text);
    } else if (to_prompt) {
        app->asked = app->desk.place == PLACE_PANES;
        app->desk.place = PLACE_PROMPT;
        prompt_set_line(str_text(&line));
    } else if (app->busy > 0 && !is_of_screen(str_text(&line))) {
        app_say(app, LOG_NOTE, "a command runs; Ctrl-C ends the waiting");
    } else {
        app_run_line(app, str_text(&line), LOG_KEY);
    }
    str_done(&line);
}

static void say_unbound(struct app *app, const struct key *key)
{
    struct str text = {0};

    str_puts(&text, "no command on ");
    key_print(key, &text);
    str_puts(&text, " here; ? lists the keys, : goes to the prompt");
    app_say(app, LOG_NOTE, str_text(&text));
    str_done(&text);
}

/* Esc and a key typed quickly look like Alt and the key. */
static bool take_without_alt(struct app *app, const struct key *key)
{
    struct key plain = *key;
    const struct binding *b;

    plain.modifiers &= ~(unsigned)KEY_ALT;
    if (!(key->modifiers & KEY_ALT) ||
        keys_find(app->keys, &app->desk, &app->pair, &plain, &b) != KEYS_BOUND)
        return false;
    run_bound(app, b);
    return true;
}

/* What the key is bound to is run; what is not goes to the prompt if that has the
 * keys. */
static void take_bindable(struct app *app, const struct key *key, const char *bytes,
                          size_t n)
{
    const struct binding *b;
    enum keys_news news = keys_find(app->keys, &app->desk, &app->pair, key, &b);

    if (news == KEYS_MORE) {
        str_add(&app->held, bytes, n);
        return;
    }
    if (news == KEYS_BOUND) {
        run_bound(app, b);
    } else if (app->desk.place == PLACE_PROMPT) {
        str_add(&app->held, bytes, n);
        feed_prompt(app, app->held.text, app->held.length);
    } else if (!take_without_alt(app, key)) {
        say_unbound(app, key);
    }
    str_clear(&app->held);
}

/* ---- mouse ---- */

static bool is_in(struct rect r, int x, int y)
{
    return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
}

static void focus_pane(struct app *app, enum pane_id pane)
{
    char *line;

    if (app->desk.place == PLACE_PANES && app->desk.focus[app->desk.view] == pane)
        return;
    line = xasprintf("focus %s", pane_type(pane)->name);
    app_run_line(app, line, LOG_KEY);
    free(line);
}

/* A click into a list puts the cursor there. */
static void click_pane(struct app *app, enum pane_id pane, int row)
{
    const struct pane_type *type = pane_type(pane);
    struct list *l = &app->desk.lists[pane];
    struct view v = app_view(app);
    size_t item = l->top + (size_t)(row - type->header);

    focus_pane(app, pane);
    if (pane == PANE_ROWS && app->desk.data.one_row)
        return;
    if (type->count && row >= type->header && item < type->count(&v))
        l->cursor = item;
}

static void take_mouse(struct app *app, const struct key *key)
{
    for (int i = 0; i < app->layout.n; i++) {
        struct rect r = app->layout.panes[i].rect;

        if (!is_in(r, key->x, key->y))
            continue;
        if (key->action == MOUSE_PRESS && key->code == 1) {
            click_pane(app, app->layout.panes[i].pane, key->y - r.y - 1);
        } else if (key->action == MOUSE_WHEEL_UP || key->action == MOUSE_WHEEL_DOWN) {
            focus_pane(app, app->layout.panes[i].pane);
            app_run_line(app, key->action == MOUSE_WHEEL_UP ? "move up 3" : "move down 3",
                         LOG_KEY);
        }
        return;
    }
    if (key->action == MOUSE_PRESS && is_in(app->layout.prompt, key->x, key->y))
        app->desk.place = PLACE_PROMPT;
}

/* ---- where a key goes ---- */

static void answer(struct app *app, const struct key *key)
{
    app->answer = is_key(key, "y") || is_key(key, "Y");
    app->answered = app->answer || is_key(key, "n") || is_key(key, "N") ||
                    is_key(key, "Esc") || is_key(key, "Enter");
}

/* Esc closes what is open, then leaves the prompt; further ones do no harm. */
static bool take_escape(struct app *app)
{
    if (app->desk.popup != POPUP_NONE)
        app->desk.popup = POPUP_NONE;
    else if (app->desk.place == PLACE_PROMPT && prompt_wants_escape())
        return false;
    else if (app->desk.place == PLACE_PROMPT)
        app->desk.place = PLACE_PANES;
    else
        desk_leave(&app->desk);
    app->asked = false;
    return true;
}

/* Nothing of it runs before Enter, wherever the line ends in it are. */
static void take_paste(struct app *app, const char *text, size_t n)
{
    app->desk.place = PLACE_PROMPT;
    app->desk.popup = POPUP_NONE;
    if (!prompt_paste(text, n))
        app_say(app, LOG_ERROR, "the paste is too long for a command line; put it into a "
                "file and `source` that");
    else if (strchr(prompt_line(), '\n'))
        app_say(app, LOG_NOTE, "several lines were pasted; Enter runs them, Ctrl-C "
                "drops them");
}

static void run_menu_item(struct app *app)
{
    const struct binding *items[64];
    int n = keys_here(app->keys, &app->desk, true, items, 64);

    if (app->desk.popup_list.cursor < (size_t)n)
        run_bound(app, items[app->desk.popup_list.cursor]);
}

static void take_key(struct app *app, const struct key *key, const char *bytes, size_t n)
{
    if (key->kind == KEY_ANSWER)
        term_answered();
    if (key->kind == KEY_FEATURES)
        term_tell_sixels(key->code);
    if (key->kind == KEY_NONE || key->kind == KEY_FOCUS || key->kind == KEY_ANSWER ||
        key->kind == KEY_FEATURES)
        return;
    if (app->desk.place == PLACE_PROMPT && !app->question && prompt_wants_all())
        feed_prompt(app, bytes, n);
    else if (is_key(key, "C-c"))
        interrupt(app);
    else if (app->question)
        answer(app, key);
    else if (key->kind == KEY_MOUSE)
        take_mouse(app, key);
    else if (key->kind == KEY_PASTE)
        take_paste(app, key->text, key->length);
    else if (app->desk.popup == POPUP_MENU && is_key(key, "Enter"))
        run_menu_item(app);
    else if (!is_key(key, "Esc") || !take_escape(app))
        take_bindable(app, key, bytes, n);
}

/* ---- bytes ---- */

static void decode(struct app *app, bool final)
{
    struct key key;
    size_t used;

    while (app->input.length > 0 &&
           (used = key_decode(app->input.text, app->input.length, final, &key)) > 0) {
        char *bytes = xmalloc(used);

        memcpy(bytes, app->input.text, used);
        if (key.kind == KEY_PASTE)
            key.text = bytes + (key.text - app->input.text);
        app->input.length -= used;
        memmove(app->input.text, app->input.text + used, app->input.length);
        take_key(app, &key, bytes, used);
        free(bytes);
    }
}

/* Several lines at once, while the loop kept up with the keyboard: a paste of a terminal
 * that puts no brackets around it. Its lines must not run, nor its letters be keys. */
static bool is_burst(const struct app *app, const char *bytes, size_t n)
{
    size_t line = 0;

    if (app->input.length > 0 || app->question || app->behind || n < BURST_BYTES ||
        memchr(bytes, '\033', n))
        return false;
    while (line < n && bytes[line] != '\r' && bytes[line] != '\n')
        line++;
    return line + 1 < n;
}

void input_take(struct app *app, const char *bytes, size_t n)
{
    app->bursting = app->bursting || is_burst(app, bytes, n);
    str_add(&app->input, bytes, n);
    app->input_at = clock_ms();
    if (!app->bursting)
        decode(app, false);
}

void input_flush(struct app *app)
{
    struct str text = app->input;

    if (!app->bursting) {
        decode(app, true);
        return;
    }
    app->input = (struct str){0};
    app->bursting = false;
    take_paste(app, text.text, text.length);
    str_done(&text);
}

static int64_t patience(const struct app *app)
{
    if (app->bursting)
        return BURST_MS;
    if (key_in_paste(app->input.text, app->input.length))
        return PASTE_MS;
    return getenv("SSH_TTY") ? ESCAPE_REMOTE_MS : ESCAPE_MS;
}

int input_timeout(const struct app *app)
{
    int64_t left;

    if (app->input.length == 0)
        return -1;
    left = app->input_at + patience(app) - clock_ms();
    return left > 0 ? (int)left : 0;
}
