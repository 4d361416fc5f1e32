/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Attention view wishes and what it gets: refused wishes change nothing. */
#include <unistd.h>

#include "base/mem.h"
#include "command/attending.h"
#include "front.h"

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

static struct attending *look(struct front *f)
{
    return attending_of(&f->context);
}

/* A run r with layers, and flat without; they are kept in that folder. */
static void begin(struct front *f, const char *folder)
{
    static const char *const lines[] = {
        "load t.csv", "target y", "set model.dim 8", "set model.layers 2",
        "set model.heads 2", "set model.head_cap 16", "set model.layers 0",
        "train --epochs 1 --name flat", "set model.layers 2",
        "train --epochs 1 --name r",
    };
    char *line = xasprintf("set run.dir %s", folder);

    front_init(f);
    f->context.batch = true;
    command(f, line);
    free(line);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        command(f, lines[i]);
    f->context.batch = false; /* from here on somebody looks */
}

/* Until there is nothing more to look at. */
static void follow(struct front *f)
{
    attending_follow(&f->context);
    front_finish(f);
}

static void wish_class(struct front *f, const char *class)
{
    free(look(f)->wish.class);
    look(f)->wish.class = xstrdup(class);
}

static void wish_run(struct front *f, const char *run)
{
    free(look(f)->wish.run);
    look(f)->wish.run = xstrdup(run);
}

/* ---- tests ---- */

static void a_refused_wish_goes_back(void)
{
    struct front f;
    const struct attending *a;

    begin(&f, "one");
    a = look(&f);
    follow(&f);
    check(a->found && strcmp(a->of.run, "r") == 0 && !a->wish.run);
    look(&f)->wish.head = 1;
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

    begin(&f, "two");
    follow(&f);
    wish_class(&f, "maybe");
    attending_follow(&f.context);
    check(f.context.pending != NULL);
    wish_class(&f, "yes");
    front_finish(&f);
    check_int(f.complaints, 0);
    check_str(look(&f)->wish.class, "yes");
    follow(&f);
    check_str(look(&f)->of.class, "yes");
    check_int(f.complaints, 0);
    front_done(&f);
}

/* There is nothing to go back to: the view says why, and does not try again and again. */
static void the_first_one_is_said_by_the_view(void)
{
    struct front f;

    begin(&f, "three");
    wish_run(&f, "flat");
    follow(&f);
    check(!look(&f)->found);
    check_int(f.complaints, 0);
    check_str(look(&f)->why.text, "flat: this model has no Transformer layers: nothing "
              "attends to anything");
    attending_follow(&f.context);
    check(!f.context.pending);
    wish_run(&f, "r"); /* another one is looked at without delay */
    follow(&f);
    check(look(&f)->found && look(&f)->why.kind == ERROR_NONE);
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
