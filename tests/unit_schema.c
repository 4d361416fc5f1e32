/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/path.h"
#include "base/rng.h"
#include "data/infer.h"
#include "data/target.h"
#include "data/vocabulary.h"
#include "table.h"
#include "test.h"

/* ---- names, marks, copies ---- */

static void names_read_back(void)
{
    enum kind kind;
    enum task task;

    for (enum kind k = KIND_CATEGORICAL; k <= KIND_WEIGHT; k++)
        check(kind_parse(kind_name(k), &kind) && kind == k);
    for (enum task t = TASK_NONE; t <= TASK_REGRESSION; t++)
        check(task_parse(task_name(t), &task) && task == t);
    check(!kind_parse("number", &kind));
    check(!task_parse("", &task));
    for (unsigned bit = WARN_CONSTANT; bit <= WARN_TEXT; bit *= 2)
        check(*warning_name((enum column_warning)bit) != '\0');
}

static const char people[] = "age,job,w,income\n"
                             "20,cook,1,low\n30,smith,1,high\n40,cook,2,low\n"
                             "50,baker,1,low\n,baker,1,high\n60,smith,2,low\n";

struct sample_table {
    struct dataset *data;
    struct schema *schema;
};

static struct sample_table load(const char *text)
{
    struct sample_table t = {.data = table_of(text)};

    t.schema = infer_schema(t.data);
    return t;
}

static void done(struct sample_table *t)
{
    schema_free(t->schema);
    dataset_unref(t->data);
}

static void marks_are_checked(void)
{
    struct sample_table t = load(people);
    struct error err = {0};

    check(schema_mark(t.schema, 0, KIND_CATEGORICAL, &err));
    check(t.schema->columns[0].marked);
    check(!schema_mark(t.schema, 1, KIND_CONTINUOUS, &err));
    check_str(err.text, "job holds no number: it cannot be continuous");
    check_int(t.schema->columns[1].kind, KIND_CATEGORICAL);
    check(schema_mark(t.schema, 2, KIND_WEIGHT, &err));
    check(!schema_mark(t.schema, 0, KIND_WEIGHT, &err));
    check(schema_set_target(t.schema, t.data, 3, NULL, TASK_NONE, NULL, &err));
    check(!schema_mark(t.schema, 3, KIND_IGNORE, &err));
    check(!schema_set_target(t.schema, t.data, 2, NULL, TASK_NONE, NULL, &err));
    check_int(t.schema->target, 3);
    done(&t);
}

static void copies_are_their_own(void)
{
    struct sample_table t = load(people);
    struct error err = {0};
    struct schema *copy;

    check(schema_set_target(t.schema, t.data, 3, NULL, TASK_NONE, NULL, &err));
    copy = schema_copy(t.schema);
    check(schema_mark(t.schema, 0, KIND_IGNORE, &err));
    check_int(copy->columns[0].kind, KIND_CONTINUOUS);
    check_str(copy->positive, "high");
    check_str(copy->columns[1].name, "job");
    schema_free(t.schema);
    t.schema = copy;
    done(&t);
}

/* ---- targets ---- */

struct target_case {
    const char *cells[6];
    const char *positive; /* asked for, or NULL */
    enum task asked, task;
    const char *chosen;   /* positive class, or NULL */
    const char *error;    /* part of the sentence, or NULL */
};

static void check_target(const struct target_case *c)
{
    struct str text = {0}, note = {0};
    struct error err = {0};
    struct sample_table t;
    bool set;

    str_puts(&text, "y,other\n");
    for (int i = 0; i < 6; i++)
        str_printf(&text, "%s,%d.5\n", c->cells[i], i % 4);
    t = load(str_text(&text));
    set = schema_set_target(t.schema, t.data, 0, c->positive, c->asked, &note, &err);
    if (c->error) {
        if (!check(!set) || !check(strstr(err.text, c->error) != NULL))
            printf("# said: %s\n", err.text);
        check_int(t.schema->target, -1);
        check_int(t.schema->task, TASK_NONE);
    } else if (check(set)) {
        check_int(t.schema->target, 0);
        check_str(task_name(t.schema->task), task_name(c->task));
        if (c->chosen)
            check_str(t.schema->positive, c->chosen);
        else
            check(t.schema->positive == NULL);
        check(note.length > 0);
    } else {
        printf("# %s: %s\n", c->cells[0], err.text);
    }
    done(&t);
    str_done(&text);
    str_done(&note);
}

static void targets_are_understood(void)
{
    static const struct target_case cases[] = {
        {{"0", "1", "1", "1", "1", "1"}, NULL, TASK_NONE, TASK_BINARY, "1", NULL},
        {{"-1", "1", "1", "-1", "1", "1"}, NULL, TASK_NONE, TASK_BINARY, "1", NULL},
        {{"No", "Yes", "Yes", "Yes", "Yes", "No"},
         NULL,
         TASK_NONE,
         TASK_BINARY,
         "Yes",
         NULL},
        {{"<=50K", ">50K", ">50K", ">50K", ">50K", ""},
         NULL,
         TASK_NONE,
         TASK_BINARY,
         ">50K",
         NULL},
        {{"p", "e", "e", "p", "e", "e"}, NULL, TASK_NONE, TASK_BINARY, "p", NULL},
        {{"p", "e", "e", "p", "e", "e"}, "e", TASK_NONE, TASK_BINARY, "e", NULL},
        {{"a", "b", "c", "a", "b", "c"}, NULL, TASK_NONE, TASK_MULTICLASS, NULL, NULL},
        {{"a", "b", "c", "a", "b", "c"}, "b", TASK_NONE, TASK_BINARY, "b", NULL},
        {{"a", "b", "c", "a", "b", "c"}, NULL, TASK_BINARY, 0, NULL, "3 classes"},
        {{"a", "b", "c", "a", "b", "c"},
         NULL,
         TASK_REGRESSION,
         0,
         NULL,
         "not a column of"},
        {{"a", "b", "c", "a", "b", "c"}, "b", TASK_MULTICLASS, 0, NULL, "--task binary"},
        {{"a", "b", "c", "a", "b", "c"}, "z", TASK_NONE, 0, NULL, "no value \"z\""},
        {{"1.5", "2", "3", "4", "5", "6"}, NULL, TASK_NONE, TASK_REGRESSION, NULL, NULL},
        {{"3", "2", "3", "4", "2", "3"},
         NULL,
         TASK_MULTICLASS,
         TASK_MULTICLASS,
         NULL,
         NULL},
        {{"a", "a", "a", "", "a", "a"}, NULL, TASK_NONE, 0, NULL, "one class only"},
        {{"", "", "", "", "", "NA"}, NULL, TASK_NONE, 0, NULL, "no value in any row"},
        {{"2", "2", "2", "", "2", "2"}, NULL, TASK_REGRESSION, 0, NULL, "one value only"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_target(&cases[i]);
}

static void too_many_classes_are_refused(void)
{
    struct str text = {0};
    struct error err = {0};
    struct sample_table t;

    str_puts(&text, "y,x\n");
    for (int i = 0; i < 2002; i++)
        str_printf(&text, "c%d,%d.5\n", i / 2, i % 7);
    t = load(str_text(&text));
    check(!schema_set_target(t.schema, t.data, 0, NULL, TASK_NONE, NULL, &err));
    check(strstr(err.text, "1001 classes") != NULL);
    check(schema_set_target(t.schema, t.data, 0, "c7", TASK_NONE, NULL, &err));
    check_int(t.schema->task, TASK_BINARY);
    done(&t);
    str_done(&text);
}

static void classes_are_in_order(void)
{
    struct sample_table t = load("y,x\n10,a\n9,b\n,a\n100,b\n9,a\n");
    struct error err = {0};
    struct target *target;

    check(schema_set_target(t.schema, t.data, 0, NULL, TASK_MULTICLASS, NULL, &err));
    target = target_read(t.data, t.schema, &err);
    check_int(target->n_classes, 3);
    check(cell_equal(target->classes[0], cell_of("9")));
    check(cell_equal(target->classes[2], cell_of("100")));
    check_int(target->class_of[0], 1);
    check_int(target->class_of[2], -1);
    check(!target_known(target, 2) && target_known(target, 4));
    target_free(target);
    check(schema_set_target(t.schema, t.data, 0, "9", TASK_BINARY, NULL, &err));
    target = target_read(t.data, t.schema, &err);
    check(target->against_rest);
    check_int(target->class_of[0], 0);
    check_int(target->class_of[1], 1);
    check_int(target->class_of[2], -1);
    target_free(target);
    done(&t);
}

/* ---- leaks ---- */

/* 200 rows with a class and a price, and columns that tell of them. */
static char *leaky_table(void)
{
    static const char *const names[] = {"red", "green", "blue"};
    struct str text = {0};
    struct rng rng = rng_make(7, RNG_TEST, 0);

    str_puts(&text, "Y,price,copy,finer,score,after,dollars,log,honest,noise\n");
    for (int i = 0; i < 200; i++) {
        int y = rng_uniform(&rng) < 0.3;
        double price = 100 + 900 * rng_uniform(&rng), z = rng_normal(&rng);

        str_printf(&text, "%d,%.2f,%s,%s%d,%.4f,%s,%.4f,%.6f,%s,%.3f\n", y, price,
                   y ? "ja" : "nein", y ? "up" : "down", i % 3,
                   y + 0.9 * rng_uniform(&rng), y ? "2020" : "", 1.1 * price, log(price),
                   names[(y + (int)rng_below(&rng, 3)) % 3], y + z);
    }
    return text.text;
}

static void check_leaks(const struct schema *s, const char *names)
{
    for (int i = 0; i < s->n_columns; i++) {
        const char *name = s->columns[i].name;
        bool leaks = s->columns[i].warnings & WARN_LEAK, wanted = strstr(names, name);

        if (!check_int(leaks, wanted))
            printf("# column %s\n", name);
    }
}

static void leaks_are_found(void)
{
    char *text = leaky_table();
    struct sample_table t = load(text);
    struct error err = {0};
    struct str note = {0};

    check(schema_set_target(t.schema, t.data, 0, NULL, TASK_NONE, &note, &err));
    check_leaks(t.schema, "copy finer score after");
    check(strstr(str_text(&note), "give the target away") != NULL);
    check(schema_set_target(t.schema, t.data, 1, NULL, TASK_NONE, NULL, &err));
    check_int(t.schema->task, TASK_REGRESSION);
    check_leaks(t.schema, "dollars log");
    str_done(&note);
    done(&t);
    free(text);
}

/* ---- files ---- */

static void check_same(const struct schema *a, const struct schema *b)
{
    check_int(a->target, b->target);
    check_int(a->task, b->task);
    if (b->positive)
        check_str(a->positive, b->positive);
    for (int i = 0; i < a->n_columns; i++) {
        check_int(a->columns[i].kind, b->columns[i].kind);
        check_int(a->columns[i].decimal, b->columns[i].decimal);
    }
}

static void files_read_back(void)
{
    struct sample_table t = load("\"a,b\",\"say \"\"x\"\"\",\"1,5\",y\n"
                                 "1,u,\"1,5\",\"no, never\"\n2,v,\"2,25\",yes\n"
                                 "3,u,\"3,125\",yes\n2,u,\"2,75\",\"no, never\"\n");
    struct schema *other = infer_schema(t.data);
    struct error err = {0};
    struct str note = {0};
    char *path = table_path();

    check_int(t.schema->columns[2].decimal, ',');
    check(schema_mark(t.schema, 0, KIND_IGNORE, &err));
    check(schema_set_target(t.schema, t.data, 3, "no, never", TASK_NONE, NULL, &err));
    check(schema_save(t.schema, path, &err));
    if (!check(schema_load(other, t.data, path, &note, &err)))
        printf("# %s\n", err.text);
    check_same(other, t.schema);
    check(other->columns[0].marked);
    unlink(path);
    free(path);
    schema_free(other);
    done(&t);
    str_done(&note);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        exit(99);
}

static void bad_files_change_nothing(void)
{
    static const char *const bad[] = {
        "",
        "name,kind\nage,ignore\n",
        "column,kind\nage,number\n",
        "column,kind\nage,ignore\njob,continuous\n",
        "column,kind,role\nage,ignore,judge\n",
        "column,kind,decimal\nage,ignore,;\n",
        "column,kind,role\nincome,categorical,target\njob,categorical,target\n",
        "column,kind,role,task\nincome,categorical,target,guess\n",
        "column,kind,role,positive\nincome,categorical,target,none of them\n",
        "column,kind\nage,weight\nw,weight\n",
    };
    struct sample_table t = load(people);
    struct schema *before = schema_copy(t.schema);
    struct str note = {0};
    char *path = table_path();

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};

        write_file(path, bad[i]);
        if (!check(!schema_load(t.schema, t.data, path, &note, &err)) ||
            !check(err.text[0] != '\0'))
            printf("# case %zu\n", i);
        check_same(t.schema, before);
        check_int(t.schema->columns[0].marked, false);
    }
    unlink(path);
    free(path);
    schema_free(before);
    done(&t);
    str_done(&note);
}

/* 1,234 was taken for text that may be a thousand; the file says that it is 1.234. */
static void a_decimal_sign_makes_numbers(void)
{
    struct sample_table t = load("x,y\n\"1,500\",a\n\"2,500\",b\n\"3,500\",a\n"
                                 "\"2,500\",b\n");
    struct schema_column *x = &t.schema->columns[0];
    struct error err = {0};
    char *path = table_path();

    check_int(x->numeric, 0);
    write_file(path, "column,kind,decimal\nx,continuous,\",\"\n");
    if (!check(schema_load(t.schema, t.data, path, NULL, &err)))
        printf("# %s\n", err.text);
    x = &t.schema->columns[0];
    check_int(x->kind, KIND_CONTINUOUS);
    check_int(x->decimal, ',');
    check_int(x->numeric, 4);
    check_near(x->min, 1.5, 0);
    check_near(x->max, 3.5, 0);
    check_near(x->mean, 2.5, 1e-12);
    check_near(x->deviation, sqrt(0.5), 1e-12);
    write_file(path, "column,kind,decimal\nx,continuous,.\n");
    check(!schema_load(t.schema, t.data, path, NULL, &err));
    check_int(t.schema->columns[0].numeric, 4);
    unlink(path);
    free(path);
    done(&t);
}

static void mistakes_have_their_line(void)
{
    static const struct {
        const char *text, *place;
    } cases[] = {
        {"", ":1: the file is empty"},
        {"\n\nname,kind\n", ":3: the first line"},
        {"column,kind\n\n \nage,number\n", ":4: a kind is"},
        {"column,kind\r\n\r\nage,number\r\n", ":3: a kind is"},
        {"column,kind\r\rage,number\r", ":3: a kind is"},
        {"column,kind\n\"two\nlines\",ignore\nage,number", ":4: a kind is"},
        {"column,kind\n\"two\nlines\",number\nage,ignore\n", ":2: a kind is"},
        {"column,kind\nage,ignore\n\"job,ignore\n", ":3: a quote"},
    };
    struct sample_table t = load(people);
    char *path = table_path();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};

        write_file(path, cases[i].text);
        check(!schema_load(t.schema, t.data, path, NULL, &err));
        if (!check(str_starts(err.text + strlen(path), cases[i].place)))
            printf("# %s\n", err.text);
    }
    unlink(path);
    free(path);
    done(&t);
}

static void other_columns_stay(void)
{
    struct sample_table t = load(people);
    struct error err = {0};
    struct str note = {0};
    char *path = table_path();

    write_file(path,
               "kind,column\r\nignore,age\r\ncontinuous,height\r\nignore,weight\r\n");
    check(schema_load(t.schema, t.data, path, &note, &err));
    check_str(str_text(&note), "not in the table: height, weight\n");
    check_int(t.schema->columns[0].kind, KIND_IGNORE);
    check_int(t.schema->columns[1].kind, KIND_CATEGORICAL);
    check(!schema_load(t.schema, t.data, "/nonexistent/x.csv", &note, &err));
    unlink(path);
    free(path);
    done(&t);
    str_done(&note);
}

int main(void)
{
    test_run(names_read_back);
    test_run(marks_are_checked);
    test_run(copies_are_their_own);
    test_run(targets_are_understood);
    test_run(too_many_classes_are_refused);
    test_run(classes_are_in_order);
    test_run(leaks_are_found);
    test_run(files_read_back);
    test_run(bad_files_change_nothing);
    test_run(a_decimal_sign_makes_numbers);
    test_run(mistakes_have_their_line);
    test_run(other_columns_stay);
    return test_done();
}
