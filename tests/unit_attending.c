/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Attention view wishes and what it gets: refused wishes change nothing. */
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"
#include "command/attending.h"
#include "command/pending.h"
#include "engine/session.h"
#include "test.h"

/* ---- a front end that counts complaints ---- */

struct front {
    struct context context;
    struct attending *attending; /* the context's */
    int complaints;
    struct error complaint;      /* the last one */
};

static void take_bytes(void *self, const char *bytes, size_t n)
{
    (void)self;
    (void)bytes;
    (void)n;
}

static void take_text(void *self, const char *text)
{
    (void)self;
    (void)text;
}

static void take_complaint(void *self, const struct error *err)
{
    struct front *f = self;

    f->complaints++;
    f->complaint = *err;
}

static bool say_yes(void *self, const char *question)
{
    (void)self;
    (void)question;
    return true;
}

static bool wait_for_news(void *self)
{
    struct engine *e = ((struct front *)self)->context.session->engine;
    struct pollfd fd = {engine_fd(e), POLLIN, 0};

    if (poll(&fd, 1, 60000) != 1) {
        printf("Bail out! no news in a minute\n");
        exit(99);
    }
    engine_quiet(e);
    return true;
}

static const struct way_out out = {
    .print = take_bytes, .note = take_text, .complain = take_complaint,
    .status = take_text, .ask = say_yes, .turn = wait_for_news,
};

static void command(struct front *f, const char *line)
{
    struct error err = {0};

    if (!check(command_run(&f->context, line, &err)))
        printf("# %s: %s\n", line, err.text);
}

static void write_table(const char *path)
{
    FILE *file = fopen(path, "w");

    fputs("a,b,c,y\n", file);
    for (int i = 0; i < 90; i++)
        fprintf(file, "a%d,b%d,c%d,%s\n", i % 3, i % 4, i % 5, i % 2 ? "yes" : "no");
    fclose(file);
}

/* A run r with layers, and flat without; they are kept in that folder. */
static void front_init(struct front *f, const char *folder)
{
    static const char *const lines[] = {
        "load t.csv", "target y", "set model.dim 8", "set model.layers 2",
        "set model.heads 2", "set model.head_cap 16", "set model.layers 0",
        "train --epochs 1 --name flat", "set model.layers 2",
        "train --epochs 1 --name r",
    };
    char *line = xasprintf("set run.dir %s", folder);
    struct error err = {0};

    *f = (struct front){.context = {.out = &out, .self = f, .batch = true}};
    f->context.session = session_new(1, &err);
    command(f, line);
    free(line);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        command(f, lines[i]);
    f->attending = attending_of(&f->context);
    f->context.batch = false; /* from here on somebody looks */
}

static void front_done(struct front *f)
{
    session_free(f->context.session);
    pending_clear(&f->context);
    context_done(&f->context);
}

static void finish_jobs(struct front *f)
{
    while (f->context.pending) {
        wait_for_news(f);
        pending_poll(&f->context);
    }
}

/* Until there is nothing more to look at. */
static void follow(struct front *f)
{
    attending_follow(&f->context);
    finish_jobs(f);
}

static void wish_class(struct front *f, const char *class)
{
    free(f->attending->wish.class);
    f->attending->wish.class = xstrdup(class);
}

static void wish_run(struct front *f, const char *run)
{
    free(f->attending->wish.run);
    f->attending->wish.run = xstrdup(run);
}

/* ---- tests ---- */

static void a_refused_wish_goes_back(void)
{
    struct front f;
    const struct attending *a;

    front_init(&f, "one");
    a = f.attending;
    follow(&f);
    check(a->found && strcmp(a->of.run, "r") == 0 && !a->wish.run);
    f.attending->wish.head = 1;
    wish_class(&f, "maybe");
    follow(&f);
    check_int(f.complaints, 1);
    check_str(f.complaint.text, "no class \"maybe\": the classes are no, yes");
    check(a->found && !a->of.class && !a->wish.class && a->why.kind == ERROR_NONE);
    check_int(a->wish.head, 1); /* which it has */
    wish_run(&f, "flat");
    follow(&f);
    check_int(f.complaints, 2);
    check(a->found && strcmp(a->of.run, "r") == 0 && !a->wish.run);
    wish_run(&f, "nobody"); /* before there is a job */
    follow(&f);
    check_int(f.complaints, 3);
    check(a->found && !a->wish.run);
    attending_follow(&f.context);
    check(!f.context.pending); /* all is as it was: nothing to look at */
    front_done(&f);
}

/* Meanwhile another wish was made, which is not what failed. */
static void a_later_wish_stays(void)
{
    struct front f;

    front_init(&f, "two");
    follow(&f);
    wish_class(&f, "maybe");
    attending_follow(&f.context);
    check(f.context.pending != NULL);
    wish_class(&f, "yes");
    finish_jobs(&f);
    check_int(f.complaints, 0);
    check_str(f.attending->wish.class, "yes");
    follow(&f);
    check_str(f.attending->of.class, "yes");
    check_int(f.complaints, 0);
    front_done(&f);
}

/* There is nothing to go back to: the view says why, and does not try again and again. */
static void the_first_one_is_said_by_the_view(void)
{
    struct front f;

    front_init(&f, "three");
    wish_run(&f, "flat");
    follow(&f);
    check(!f.attending->found);
    check_int(f.complaints, 0);
    check_str(f.attending->why.text, "this model has no Transformer layers: nothing "
              "attends to anything");
    attending_follow(&f.context);
    check(!f.context.pending);
    wish_run(&f, "r");
    f.attending->why = (struct error){0}; /* as `map` does */
    follow(&f);
    check(f.attending->found && f.attending->why.kind == ERROR_NONE);
    front_done(&f);
}

int main(void)
{
    char folder[] = "/tmp/tabscope-test-XXXXXX";
    char *clean;
    int status;

    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 99;
    write_table("t.csv");
    test_run(a_refused_wish_goes_back);
    test_run(a_later_wish_stays);
    test_run(the_first_one_is_said_by_the_view);
    status = test_done();
    clean = xasprintf("rm -rf %s", folder);
    if (chdir("/") != 0 || system(clean) != 0)
        printf("# %s was not removed\n", folder);
    free(clean);
    return status;
}
