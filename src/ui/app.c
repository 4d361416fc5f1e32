/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/app.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "command/attending.h"
#include "command/pending.h"
#include "command/profiling.h"
#include "command/studying.h"
#include "ui/app_private.h"
#include "ui/pane_points.h"
#include "ui/prompt.h"
#include "ui/signals.h"
#include "ui/term.h"

enum {
    BUSY_MS = 50,     /* until a terminal that takes no more is looked at again */
    BEHIND_MS = 20,   /* keys that waited so long may be many */
    ERROR_MS = 10000, /* an error stands against news */
    STATUS_BYTES = 200, /* of a line that the status row may have */
    READ_BYTES = 4096,
    SIXELS_MS = 300,  /* that a terminal has to say what it can do */
    LOCAL_FPS = 10, REMOTE_FPS = 4,
};

static void touch(struct app *app, bool urgent)
{
    app->stale = true;
    app->urgent |= urgent;
}

/* ---- the way out ---- */

/* News of a job, and what is said at the beginning, do not take an error away before it
 * can be read. */
static bool may_show(const struct app *app, const char *text)
{
    return text[0] != ' ' && !((app->news || !app->began) &&
                               app->message_kind == LOG_ERROR &&
                               app->message.length > 0 &&
                               clock_ms() - app->message_at < ERROR_MS);
}

/* What is indented goes on from the sentence before, which the status row keeps. */
void app_say(struct app *app, enum log_kind kind, const char *text)
{
    log_puts(app->log, kind, time(NULL), text);
    if (may_show(app, text)) {
        str_clear(&app->message);
        str_puts(&app->message, text);
        app->message_kind = kind;
        app->message_at = clock_ms();
    }
    touch(app, app->busy > 0);
}

static size_t count_lines(const char *bytes, size_t n)
{
    size_t lines = 0;

    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* What a command prints is for reading: several lines open the Log view, one line stands
 * in the status row too. */
static void print(void *self, const char *bytes, size_t n)
{
    struct app *app = self;
    const char *end = memchr(bytes, '\n', n);

    if (app->printed == 0)
        app->printed_at = log_forgotten(app->log) + log_lines(app->log);
    app->printed += count_lines(bytes, n);
    log_add(app->log, LOG_DATA, time(NULL), bytes, n);
    if (app->printed == 1 && end) {
        str_clear(&app->message);
        str_add(&app->message, bytes, (size_t)(end - bytes));
        app->message_kind = LOG_DATA;
    }
    touch(app, app->busy > 0);
}

/* The log has what a script did as if it had been typed. */
static void echo_line(void *self, const char *line)
{
    struct app *app = self;

    log_puts(app->log, LOG_COMMAND, time(NULL), line);
    touch(app, false);
}

static void note(void *self, const char *sentence)
{
    app_say(self, LOG_NOTE, sentence);
}

static void complain(void *self, const struct error *err)
{
    app_say(self, LOG_ERROR, err->text);
}

/* The jobs are shown from what they published themselves. */
static void status(void *self, const char *line)
{
    (void)line;
    touch(self, false);
}

/* What views will show is worked out in the background. */
static void prepare_views(struct app *app)
{
    profiling_start(&app->context);
    if (app->desk.view == VIEW_ATTENTION)
        attending_follow(&app->context);
}

static bool one_turn(struct app *app);

static bool turn(void *self)
{
    struct app *app = self;
    bool interrupted;

    prepare_views(app);
    app->busy++;
    one_turn(app);
    app->busy--;
    interrupted = app->interrupted;
    app->interrupted = false;
    return !interrupted && app->context.signal == 0;
}

bool app_linger(struct app *app, int64_t ms)
{
    bool interrupted = false;

    app->alarm_at = clock_ms() + ms;
    while (!interrupted && clock_ms() < app->alarm_at) {
        interrupted = !turn(app);
        pending_poll(&app->context);
    }
    app->alarm_at = 0;
    return !interrupted;
}

static bool ask(void *self, const char *question)
{
    struct app *app = self;

    app->question = question;
    app->answered = app->answer = false;
    touch(app, true);
    while (!app->answered && app->context.signal == 0 && one_turn(app))
        ;
    app->question = NULL;
    app->interrupted = false;
    touch(app, true);
    return app->answered && app->answer;
}

/* ---- figures ---- */

/* The part of the screen that the panes have. */
static struct rect body_of(const struct app *app)
{
    struct layout l;
    int width, height;

    term_size(&width, &height);
    layout_make(&l, &app->desk, width, height, 1, 1,
                app->context.session->settings.screen.hints);
    return l.body;
}

/* Asked when it matters first, and not for longer than a person would notice. */
static bool takes_sixels(struct app *app)
{
    int64_t end = clock_ms() + SIXELS_MS;
    enum screen_images images = app->context.session->settings.screen.images;

    if (images != IMAGES_AUTO)
        return images == IMAGES_SIXEL;
    term_ask_sixels();
    app->alarm_at = end;
    while (term_sixels() == SIXELS_ASKED && clock_ms() < end && one_turn(app))
        ;
    app->alarm_at = 0;
    return term_sixels() == SIXELS_YES;
}

static void find_room(void *self, struct picture_room *out)
{
    struct app *app = self;
    struct rect body = body_of(app);
    char theme[32] = "";
    int width, height;

    figure_view_room(body.width, body.height, out);
    value_choice_name(SCREEN_THEMES, app->context.session->settings.screen.theme, theme,
                      sizeof(theme));
    out->dark = strcmp(theme, "light") != 0;
    out->blocks = app->screen.glyphs != GLYPHS_ASCII;
    if (!takes_sixels(app))
        return;
    term_cell(&width, &height);
    out->width = out->columns * width;
    out->height = out->rows * height;
}

static void show_figure(void *self, const char *title, const struct str *picture,
                        enum plot_format format)
{
    struct app *app = self;
    struct rect body = body_of(app);

    figure_view_set(&app->figure, title, picture, format == PLOT_SIXEL, body.width,
                    body.height);
    app->figure.sent = false;
    app->desk.popup = POPUP_FIGURE;
    touch(app, true);
}

static const struct way_out app_out = {
    .print = print,
    .note = note,
    .complain = complain,
    .echo = echo_line,
    .status = status,
    .ask = ask,
    .turn = turn,
    .screen = action_run,
    .room = find_room,
    .picture = show_figure,
};

/* ---- running command lines ---- */

/* The inside of the pane in which output is read; it may not have been drawn yet. */
static struct rect output_pane(const struct app *app)
{
    struct desk desk = app->desk;
    struct rect r = {0};
    struct layout l;

    term_size(&r.width, &r.height);
    desk.view = VIEW_LOG;
    desk.zoomed = false;
    layout_make(&l, &desk, r.width, r.height, 1, 1, true);
    if (l.n == 0)
        return l.body;
    r.width = l.panes[0].rect.width - 2;
    r.height = l.panes[0].rect.height - 2;
    return r;
}

static size_t output_width(const struct app *app)
{
    int width = output_pane(app).width - LOG_MARK;

    return width > 20 ? (size_t)width : 20;
}

/* Output that is longer than a page is read from its beginning. */
static void show_printed(struct app *app)
{
    struct list *l = &app->desk.lists[PANE_LOG];
    size_t lines = log_forgotten(app->log) + log_lines(app->log) - app->printed_at;
    bool is_much = app->printed > 1 || (app->printed == 1 &&
                                        app->message.length > STATUS_BYTES);

    if (is_much && app->desk.view != VIEW_LOG) {
        app->before = app->desk.view;
        app->desk.view = VIEW_LOG;
    }
    if (is_much) {
        app->desk.log_held = (int)lines >= output_pane(app).height;
        l->cursor = l->top = log_lines(app->log) > lines ? log_lines(app->log) - lines - 1
                                                         : 0;
    }
    app->printed = 0;
}

/* What a key did can be typed, too, which is learnt by seeing it. */
static void echo(struct app *app, const char *line)
{
    if (app->message.length > 0 || str_starts(line, "move "))
        return;
    str_printf(&app->message, ": %s", line);
    app->message_kind = LOG_KEY;
}

void app_run_line(struct app *app, const char *line, enum log_kind kind)
{
    struct error err = {0};

    if (kind == LOG_KEY)
        log_key(app->log, time(NULL), line);
    else
        log_puts(app->log, kind, time(NULL), line);
    str_clear(&app->message);
    if (app->desk.popup == POPUP_FIGURE && !str_starts(line, "back"))
        app->desk.popup = POPUP_NONE;
    app->context.width = output_width(app);
    app->busy++;
    if (!command_run(&app->context, line, &err))
        complain(app, &err);
    app->busy--;
    if (kind == LOG_KEY)
        echo(app, line);
    show_printed(app);
    prepare_views(app);
    touch(app, true);
}

/* ---- what panes see ---- */

static void take_jobs(struct app *app)
{
    struct engine *e = app->context.session->engine;
    size_t n = 0;

    for (size_t i = 0; i < app->n_jobs; i++)
        free((char *)app->jobs[i].status);
    for (struct pending *p = pending_next(&app->context, NULL); p && n < MAX_VIEW_JOBS;
         p = pending_next(&app->context, p)) {
        struct str text = {0};

        if (p->type->status)
            p->type->status(&app->context, p, &text);
        app->jobs[n++] = (struct view_job){
            .number = p->job,
            .what = p->what,
            .run = p->run,
            .paused = engine_state(e, p->job) == JOB_PAUSED,
            .status = text.text ? text.text : xstrdup(""),
        };
    }
    app->n_jobs = n;
}

struct view app_view(struct app *app)
{
    struct view v = {
        .session = app->context.session,
        .desk = &app->desk,
        .log = app->log,
        .jobs = app->jobs,
        .attending = attending_of(&app->context),
        .mapping = app->context.mapping,
        .now = (double)time(NULL),
    };
    const struct run *r = view_run(&v);
    const struct study *study = v.session->study;

    take_jobs(app);
    v.n_jobs = app->n_jobs;
    desk_show(&app->desk, r && r->pretext != PRETEXT_NONE);
    points_follow_brush(&v);
    desk_show_study(&app->desk, study && study->kind == STUDY_BENCHMARK);
    return v;
}

/* ---- the loop ---- */

static enum glyphs chosen_glyphs(const struct app *app)
{
    switch (app->context.session->settings.screen.glyphs) {
    case SCREEN_BRAILLE:
        return GLYPHS_BRAILLE;
    case SCREEN_BLOCKS:
        return GLYPHS_BLOCKS;
    case SCREEN_ASCII:
        return GLYPHS_ASCII;
    default:
        return term_glyphs();
    }
}

/* Inside of tmux or screen it is they that answer, and that leave pictures out. */
static bool is_remote(void)
{
    return getenv("SSH_TTY") && !getenv("TMUX") && !getenv("STY");
}

static void apply_settings(struct app *app)
{
    const struct screen_options *o = &app->context.session->settings.screen;
    const struct theme *theme;
    char name[32];

    if (value_choice_name(SCREEN_THEMES, o->theme, name, sizeof(name))) {
        theme = theme_find(name);
        term_set_theme(theme);
        app->screen.colourless = app->panes.colourless =
            !theme_has_colours(theme, term_colours());
    }
    term_set_mouse(o->mouse);
    term_set_pace(o->pace == PACE_ON || (o->pace == PACE_AUTO && is_remote()));
    app->screen.glyphs = app->panes.glyphs = chosen_glyphs(app);
}

/* Sixels are no cells, so that what is drawn over them later does not take them away. */
static void take_figure_away(struct app *app)
{
    if (app->figure.sent && app->desk.popup != POPUP_FIGURE) {
        app->figure.sent = false;
        term_repaint();
    }
}

static void send_figure(struct app *app)
{
    struct figure_view *f = &app->figure;
    struct rect body = app->layout.body;

    if (app->desk.popup != POPUP_FIGURE || !figure_view_fits(f, body.width, body.height)
        || (f->sent && f->painted == term_paintings()))
        return;
    term_put_picture(body.x + 1, body.y + 1, f->picture.text, f->picture.length);
    f->sent = true;
    f->painted = term_paintings();
}

static void draw(struct app *app)
{
    bool moving = points_move_on(&app->desk.embedding);
    int width, height;

    apply_settings(app);
    term_size(&width, &height);
    picture_draw(app, width, height);
    take_figure_away(app);
    app->gone = !term_draw(&app->screen, app->cursor_x, app->cursor_y);
    send_figure(app);
    if (app->gone && app->context.signal == 0)
        app->context.signal = SIGHUP;
    app->stale = moving && app->desk.view == VIEW_EMBEDDING;
    app->urgent = false;
    app->drawn_at = clock_ms();
}

/* Pictures a second: as asked, or fewer over a network. */
static int frame_rate(const struct app *app)
{
    int asked = app->context.session->settings.screen.fps;

    if (asked > 0)
        return asked;
    return getenv("SSH_TTY") ? REMOTE_FPS : LOCAL_FPS;
}

/* Milliseconds until the next picture is due; 0: now; -1: nothing to draw. */
static int frame_timeout(const struct app *app)
{
    int64_t due = app->drawn_at + 1000 / frame_rate(app);
    int64_t now = clock_ms();

    if (!app->stale)
        return -1;
    return app->urgent || due <= now ? 0 : (int)(due - now);
}

static void draw_if_due(struct app *app)
{
    if (!app->gone && frame_timeout(app) == 0 && term_is_ready())
        draw(app);
}

/* The sooner of two, each -1 for never. */
static int sooner(int a, int b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

/* A frame that waits for the terminal to take more looks again soon. */
static int loop_timeout(const struct app *app)
{
    int frame = frame_timeout(app);
    int64_t alarm = app->alarm_at - clock_ms();

    if (frame == 0)
        frame = BUSY_MS;
    if (app->alarm_at > 0)
        frame = sooner(frame, alarm > 0 ? (int)alarm : 0);
    return sooner(frame, input_timeout(app));
}

static void take_stderr(struct app *app)
{
    char bytes[READ_BYTES];
    ssize_t n = read(term_stderr(), bytes, sizeof(bytes));

    if (n > 0)
        log_add(app->log, LOG_STDERR, time(NULL), bytes, (size_t)n);
    touch(app, false);
}

/* The end of the input is the end of the terminal. */
static void take_keyboard(struct app *app)
{
    char bytes[READ_BYTES];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

    if (n > 0)
        input_take(app, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        app->context.signal = SIGHUP;
    touch(app, true);
}

static void flush_keyboard(struct app *app)
{
    input_flush(app);
    touch(app, true);
}

/* On the shell's screen, which is there by then. */
static void say_what_stops(const struct app *app)
{
    const struct pending *p = NULL;

    while ((p = pending_next(&app->context, p)))
        dprintf(STDOUT_FILENO, "%s stands still until `fg`\n", p->what);
}

void app_suspend(struct app *app)
{
    term_leave();
    say_what_stops(app);
    signals_suspend();
    term_return();
    term_resize();
    touch(app, true);
}

static void take_signal(struct app *app)
{
    int number = signals_take();

    switch (number) {
    case 0:
        break;
    case SIGWINCH:
        term_resize();
        break;
    case SIGTSTP:
        app_suspend(app);
        break;
    case SIGCONT:
        term_repaint();
        break;
    case SIGHUP:
        if (!app->gone) /* else it is known */
            app->context.signal = number;
        break;
    default:
        app->context.signal = number;
    }
    touch(app, true);
}

/* What is printed at the end of a study stands in its view already: nobody who looks at
 * that is taken to the Log view. */
static void take_news(struct app *app)
{
    bool studied = study_pending(&app->context) != NULL;

    engine_quiet(app->context.session->engine);
    if (app->busy > 0) {
        touch(app, false); /* the command that waits looks itself */
        return;
    }
    app->news = true;
    pending_poll(&app->context);
    app->news = false;
    if (studied && !study_pending(&app->context) && app->desk.view == VIEW_STUDY)
        app->printed = 0;
    show_printed(app);
    prepare_views(app);
    touch(app, false);
}

/* Waits for something and takes it in. False: the terminal is gone. */
static bool one_turn(struct app *app)
{
    struct pollfd fds[] = {
        {app->gone ? -1 : STDIN_FILENO, POLLIN, 0},
        {signals_fd(), POLLIN, 0},
        {engine_fd(app->context.session->engine), POLLIN, 0},
        {app->gone ? -1 : term_stderr(), POLLIN, 0},
        {app->gone ? -1 : term_waiting(), POLLOUT, 0},
    };
    int ready;

    draw_if_due(app);
    app->behind = clock_ms() - app->polled_at > BEHIND_MS;
    ready = poll(fds, 5, loop_timeout(app));
    app->polled_at = clock_ms();
    if (ready < 0)
        return true;
    if (fds[1].revents)
        take_signal(app);
    if (fds[4].revents)
        term_is_ready(); /* writes what is left of the last picture */
    if (fds[3].revents)
        take_stderr(app);
    if (fds[2].revents)
        take_news(app);
    if (fds[0].revents)
        take_keyboard(app);
    else if (input_timeout(app) == 0)
        flush_keyboard(app);
    return !app->gone;
}

void app_run(struct app *app)
{
    touch(app, true);
    app->began = true;
    prepare_views(app);
    while (!app->context.quit && app->context.signal == 0) {
        input_run_lines(app);
        if (!app->context.quit)
            one_turn(app);
    }
}

/* ---- the end ---- */

/* Kept so that a lost connection loses no work. */
static void keep_session(struct app *app)
{
    char *path = path_user("STATE", ".local/state", "last.tabscope");

    if (path && app->context.record.length > 0)
        session_write(&app->context, path, NULL);
    free(path);
}

void app_end_jobs(struct app *app)
{
    struct context *c = &app->context;
    int number = c->signal;
    struct error err;

    keep_session(app);
    app->gone = true;
    term_end();
    c->signal = 0; /* a further one ends the waiting */
    c->batch = true;
    if (number == SIGHUP && c->session->settings.screen.hangup == HANGUP_CONTINUE)
        pending_wait(c, 0, &err);
    else
        pending_end(c);
    c->signal = number;
}

/* ---- making and freeing ---- */

static char *screen_facts(void)
{
    static const char *const names[] = {"ASCII", "blocks", "braille"};
    int width, height;

    term_size(&width, &height);
    return xasprintf("%d x %d, %d colours, %s, %s", width, height, term_colours(),
                     nl_langinfo(CODESET), names[term_glyphs()]);
}

struct app *app_new(struct session *s, struct error *err)
{
    struct app *app = xcalloc(1, sizeof(*app));

    app->log = log_new();
    app->keys = keys_new();
    desk_init(&app->desk);
    app->context = (struct context){
        .session = s, .out = &app_out, .self = app, .narration = NARRATE_ASIDE,
    };
    if (!prompt_begin_cells(&app->context, "tabscope> ")) {
        error_set(err, ERROR_SYSTEM, "/dev/null cannot be opened: %s", strerror(errno));
        app_free(app);
        return NULL;
    }
    if (!term_begin(err)) {
        app_free(app);
        return NULL;
    }
    signals_watch_screen(term_rescue);
    app->facts = screen_facts();
    app->context.screen = app->facts;
    prompt_open();
    app_say(app, LOG_NOTE,
            PACKAGE_STRING "; `help` lists the commands, Esc and ? the keys");
    touch(app, true);
    return app;
}

struct context *app_context(struct app *app)
{
    return &app->context;
}

void app_free(struct app *app)
{
    term_end();
    prompt_end();
    pending_clear(&app->context);
    context_done(&app->context);
    desk_done(&app->desk);
    log_free(app->log);
    keys_free(app->keys);
    str_done(&app->input);
    str_done(&app->pair);
    str_done(&app->held);
    str_done(&app->message);
    figure_view_done(&app->figure);
    for (size_t i = 0; i < app->n_lines; i++)
        free(app->lines[i]);
    for (size_t i = 0; i < app->n_jobs; i++)
        free((char *)app->jobs[i].status);
    free(app->lines);
    surface_done(&app->screen);
    surface_done(&app->panes);
    free(app->facts);
    free(app);
}
