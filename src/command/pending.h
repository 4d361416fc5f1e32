/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jobs as the commands see them: a job of the engine, and what is to be done when it
 * comes back. pending_start hands the work over and, unless the person wants the prompt
 * back, waits; pending_poll, called by the front end when the engine has news, tells of
 * progress and finishes what has ended.
 */
#ifndef COMMAND_PENDING_H
#define COMMAND_PENDING_H

#include "command/command.h"
#include "engine/engine.h"

struct pending;

struct pending_type {
    const struct job_type *job;
    /* Tells what is new in what the job published; through engine_look. May be NULL. */
    void (*watch)(struct context *c, struct pending *p);
    /* Appends how far it is, in a few words, for status line and `jobs`. May be NULL. */
    void (*status)(struct context *c, const struct pending *p, struct str *out);
    /* Under the engine's lock, before it is stopped because the program has to end. May
     * be NULL. */
    void (*cut)(void *work, void *arg);
    /* The work has come back and is to be freed here. Not DONE: *err says why; false
     * makes the command fail with *err. */
    bool (*finish)(struct context *c, struct pending *p, void *work, enum job_state ended,
                   struct error *err);
};

struct pending {
    const struct pending_type *type;
    char *what;      /* for people: "train r1"; owned, as is the next */
    char *name;      /* what the command wants to remember, or NULL */
    struct run *run; /* whose model it makes or uses, or NULL */
    const char *kept; /* the name of a study, which outlives the job: `resume` goes on
                         with what is left then; else NULL */
    bool quiet;      /* nobody asked for it: it is not told of, waited for or missed */
    /* filled by pending_start */
    int job;            /* of the engine: the number people see */
    enum format format; /* of the command that began it */
    char *line;         /* that command; filled if it is NULL */
    bool recorded;      /* it counted as done; should the job fail, it does no more */
    size_t told;        /* for watch: epochs told, and when the last was */
    int64_t told_at;
    size_t told_notes;  /* bytes of them */
    struct pending *next;
};

/* Whether a command waits for its job where a person is at the prompt; scripts always
 * do. */
enum patience { WAIT_FOR_IT, GO_ON };

/* Takes over the work and what p owns in any case. An interrupt while it waits stops the
 * job. */
bool pending_start(struct context *c, const struct call *call, enum patience patience,
                   struct pending p, void *work, struct error *err);

/* Waits for one job, or for all (0). An interrupt in batch stops them, keeping what can
 * be kept; at the prompt it only ends the waiting. False also for a failure of one that
 * nobody waited for. */
bool pending_wait(struct context *c, int job, struct error *err);

/* Tells news, finishes what has ended. */
void pending_poll(struct context *c);

/* Stops all of them, keeping what can be kept, and waits for that: the program ends. */
void pending_end(struct context *c);

/* A pending_type's status of a job that publishes what share of it is done: "45 %". */
void pending_put_share(struct context *c, const struct pending *p,
                       double (*share_of)(const void *work), struct str *out);

struct pending *pending_find(const struct context *c, int job);
/* The job of that number, or with NULL the only one there is. NULL and a sentence. */
struct pending *pending_asked(const struct context *c, const char *number,
                              struct error *err);
/* The name by which `resume` goes on with it in another session when the program is left;
 * NULL: it is lost then. */
const char *pending_kept_name(const struct pending *p);
/* The first after p (NULL: of all) that is not quiet; NULL: none. */
struct pending *pending_next(const struct context *c, const struct pending *p);

/* Forgets all of them; the engine still owns their work. */
void pending_clear(struct context *c);

#endif
