/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A front end for commands that nobody looks at: it counts what it is told. */
#ifndef TESTS_FRONT_H
#define TESTS_FRONT_H

#include <poll.h>

#include "command/pending.h"
#include "engine/session.h"
#include "test.h"

enum { FRONT_PATIENCE_MS = 60000 }; /* for the next news of the engine */

struct front {
    struct context context;
    int notes, statuses;    /* statuses: that say something */
    int complaints;
    struct error complaint; /* the last one */
};

static void front_print(void *self, const char *bytes, size_t n)
{
    (void)self;
    (void)bytes;
    (void)n;
}

static void front_note(void *self, const char *sentence)
{
    (void)sentence;
    ((struct front *)self)->notes++;
}

static void front_complain(void *self, const struct error *err)
{
    struct front *f = self;

    f->complaints++;
    f->complaint = *err;
}

static void front_status(void *self, const char *line)
{
    ((struct front *)self)->statuses += line != NULL;
}

static bool front_ask(void *self, const char *question)
{
    (void)self;
    (void)question;
    return true;
}

static bool front_turn(void *self)
{
    struct engine *e = ((struct front *)self)->context.session->engine;
    struct pollfd fd = {engine_fd(e), POLLIN, 0};

    if (poll(&fd, 1, FRONT_PATIENCE_MS) != 1) {
        printf("Bail out! no news in a minute\n");
        exit(99);
    }
    engine_quiet(e);
    return true;
}

static const struct way_out front_out = {
    .print = front_print, .note = front_note, .complain = front_complain,
    .status = front_status, .ask = front_ask, .turn = front_turn,
};

static inline void front_init(struct front *f)
{
    struct error err = {0};

    *f = (struct front){.context = {.out = &front_out, .self = f}};
    f->context.session = session_new(1, &err);
}

static inline void front_done(struct front *f)
{
    session_free(f->context.session);
    pending_clear(&f->context);
    context_done(&f->context);
}

/* Until no job is left that somebody waits for. */
static inline void front_finish(struct front *f)
{
    while (f->context.pending) {
        front_turn(f);
        pending_poll(&f->context);
    }
}

#endif
