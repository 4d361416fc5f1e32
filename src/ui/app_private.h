/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the workbench share: app.c (loop), input.c (keys), actions.c
 * (commands of the screen), picture.c (everything on one surface). */
#ifndef UI_APP_PRIVATE_H
#define UI_APP_PRIVATE_H

#include <stdint.h>

#include "command/command.h"
#include "ui/desk.h"
#include "ui/figure_view.h"
#include "ui/keys.h"
#include "ui/layout.h"
#include "ui/log.h"
#include "ui/pane.h"
#include "ui/surface.h"

enum { MAX_VIEW_JOBS = 16 };

struct app {
    struct context context;
    struct desk desk;
    struct log *log;
    struct keys *keys;
    char *facts;             /* of the screen, for `doctor` */

    /* keys on their way */
    struct str input;        /* bytes that are no whole key yet */
    int64_t input_at;        /* when the last ones came, ms */
    bool bursting;           /* they are a paste without brackets, which goes on */
    int64_t polled_at;       /* when the keyboard was looked at last, ms */
    bool behind;             /* that was long ago, so that keys may have piled up */
    struct str pair;         /* the first key of two */
    struct str held;         /* and its bytes */
    char **lines;            /* typed while a command ran */
    size_t n_lines, lines_capacity;
    bool asked;              /* a key of a pane waits for its line to be completed */
    int busy;                /* commands that run, one inside another */
    bool interrupted;        /* Ctrl-C while one ran */
    int64_t interrupt_at;    /* of the last Ctrl-C on an empty line, ms */
    int interrupts;

    /* what is shown */
    struct str message;      /* the last sentence */
    enum log_kind message_kind;
    int64_t message_at;      /* ms */
    bool news;               /* jobs are heard at the moment */
    bool began;              /* what was on the command line is done */
    const char *question;    /* being asked, or NULL */
    bool answered, answer;
    size_t printed;          /* lines of data since the person last looked, ... */
    size_t printed_at;       /* ... of which this was the first, counted from the start */
    struct figure_view figure; /* of POPUP_FIGURE */
    enum view_id before;     /* the view that `back` returns to */
    struct surface screen;   /* as it was drawn last */
    struct surface panes;    /* its body, which stays when frozen */
    struct layout layout;
    enum view_id drawn_view;
    int cursor_x, cursor_y;
    bool stale;              /* something changed */
    bool urgent;             /* a person did it: no waiting for the next frame */
    int64_t drawn_at;        /* ms */
    int64_t alarm_at;        /* ms: the loop turns then at the latest; 0: no alarm */
    bool gone;               /* the terminal */

    struct view_job jobs[MAX_VIEW_JOBS]; /* texts are owned */
    size_t n_jobs;
};

/* ---- app.c ---- */

/* Runs a command line, logs it and what comes of it. kind: LOG_COMMAND or LOG_KEY. */
void app_run_line(struct app *app, const char *line, enum log_kind kind);
void app_say(struct app *app, enum log_kind kind, const char *text);
struct view app_view(struct app *app);
void app_suspend(struct app *app);
/* Lets that much time go by with the screen alive. False: a person interrupted. */
bool app_linger(struct app *app, int64_t ms);

/* ---- actions.c ---- */

void app_go_to(struct app *app, enum view_id view);
/* Gives the keys to the list of rows, at its beginning. */
void app_show_rows(struct app *app);

/* ---- actions_map.c ---- */

bool do_map(struct app *app, const struct call *call, struct error *err);

/* ---- actions_points.c ---- */

bool do_points(struct app *app, const struct call *call, struct error *err);
bool points_enter(struct app *app, struct error *err);
/* Whether points are still on the way from one run to another, and how far. */
bool points_move_on(struct embedding_desk *d);

/* ---- actions_brush.c ---- */

bool do_brush(struct app *app, const struct call *call, struct error *err);

/* ---- input.c ---- */

/* Bytes that came from the keyboard. */
void input_take(struct app *app, const char *bytes, size_t n);
/* Nothing came for a while: what is there is all. */
void input_flush(struct app *app);
/* Milliseconds until input_flush is due, -1: there is nothing to wait for. */
int input_timeout(const struct app *app);
/* Takes a finished line from the prompt and runs it, unless a command runs. */
void input_run_lines(struct app *app);

/* ---- actions.c ---- */

bool action_run(void *self, const struct call *call, struct error *err);

/* ---- picture.c ---- */

/* Draws everything on app->screen for this size. */
void picture_draw(struct app *app, int width, int height);

#endif
