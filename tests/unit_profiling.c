/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles of the current table, made by a job that nobody asked for. */
#include <locale.h>
#include <time.h>

#include "base/mem.h"
#include "command/profiling.h"
#include "engine/job_profile.h"
#include "front.h"
#include "subject.h"

static struct table *add_table(struct front *f, const char *name, int rows)
{
    struct split_options split = split_defaults();
    struct str text = {0};
    struct dataset *d;
    struct table *t;

    str_puts(&text, "a,b,y\n");
    for (int i = 0; i < rows; i++)
        str_printf(&text, "%c,%d.5,%s\n", "pqr"[i % 3], i, i % 2 ? "yes" : "no");
    d = table_load(text.text, text.length);
    t = table_new(name, "load", d, infer_schema(d), &split);
    session_add_table(f->context.session, t);
    str_done(&text);
    return t;
}

static bool all_there(const struct table *t)
{
    for (int i = 0; i < t->schema->n_columns; i++) {
        if (!t->profiles[i])
            return false;
    }
    return true;
}

/* ---- tests ---- */

static void profiles_come_by_themselves(void)
{
    struct front f;
    struct table *t;

    front_init(&f);
    profiling_start(&f.context); /* without a table */
    check(!f.context.pending);
    t = add_table(&f, "t", 500);
    profiling_start(&f.context);
    check(f.context.pending && f.context.pending->quiet);
    check(!pending_next(&f.context, NULL));
    front_finish(&f);
    check(all_there(t));
    check_int(t->profiles[0]->distinct, 3);
    check(isnan(t->profiles[0]->value_signal));
    check_int(f.notes + f.complaints, 0);
    check_int(f.statuses, 0);
    profiling_start(&f.context);
    check(!f.context.pending);
    front_done(&f);
}

static void batch_has_none(void)
{
    struct front f;

    front_init(&f);
    add_table(&f, "t", 10);
    f.context.batch = true;
    profiling_start(&f.context);
    check(!f.context.pending);
    front_done(&f);
}

static void another_target_makes_new_ones(void)
{
    struct front f;
    struct table *t;
    struct error err = {0};

    front_init(&f);
    t = add_table(&f, "t", 500);
    check(command_run(&f.context, "target y", &err));
    profiling_start(&f.context);
    front_finish(&f);
    check_near(t->profiles[0]->values[0].rate, 0.5, 0.01);
    check(isnan(t->profiles[2]->value_signal));
    check(command_run(&f.context, "target a", &err));
    profiling_start(&f.context);
    check(isnan(t->profiles[0]->values[0].rate)); /* of y: no longer true */
    front_finish(&f);
    check(isnan(t->profiles[0]->values[0].rate));
    check_near(t->profiles[2]->values[0].rate, 1.0 / 3, 0.01);
    check(command_run(&f.context, "undo", &err));
    profiling_start(&f.context);
    front_finish(&f);
    check_near(t->profiles[0]->values[0].rate, 0.5, 0.01);
    front_done(&f);
}

/* The job of a table that is replaced must not write into the new one. */
static void a_replaced_table_gets_its_own(void)
{
    struct front f;
    struct table *t = NULL;

    front_init(&f);
    for (int i = 1; i <= 20; i++) {
        t = add_table(&f, "t", 300 * i);
        profiling_start(&f.context);
        if (i % 3 == 0)
            pending_poll(&f.context);
    }
    front_finish(&f);
    check(all_there(t));
    check_int(t->profiles[1]->rows, 6000);
    front_done(&f);
}

static void two_tables_keep_theirs(void)
{
    struct front f;
    struct table *one, *two;
    struct error err = {0};

    front_init(&f);
    one = add_table(&f, "one", 400);
    profiling_start(&f.context);
    two = add_table(&f, "two", 800);
    profiling_start(&f.context);
    check(command_run(&f.context, "use one", &err));
    profiling_start(&f.context);
    front_finish(&f);
    check(all_there(one) && all_there(two));
    check_int(one->profiles[0]->rows, 400);
    check_int(two->profiles[0]->rows, 800);
    front_done(&f);
}

static void leaving_does_not_wait(void)
{
    struct front f;
    struct error err = {0};

    front_init(&f);
    add_table(&f, "t", 20000);
    profiling_start(&f.context);
    check(command_run(&f.context, "wait", &err));
    check(command_run(&f.context, "quit", &err));
    check(f.context.quit);
    front_done(&f);
}

static void very_many_columns_list_fewer_values(void)
{
    check_int(profile_job_values(1), PROFILE_VALUES);
    check_int(profile_job_values(200), PROFILE_VALUES);
    check_int(profile_job_values(2000), 1000);
    check_int(profile_job_values(1000000), 100);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    test_run(profiles_come_by_themselves);
    test_run(batch_has_none);
    test_run(another_target_makes_new_ones);
    test_run(a_replaced_table_gets_its_own);
    test_run(two_tables_keep_theirs);
    test_run(leaving_does_not_wait);
    test_run(very_many_columns_list_fewer_values);
    return test_done();
}
