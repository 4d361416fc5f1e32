/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command language: words, values, options, the table of commands, completion,
 * undo. */
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "command/command.h"
#include "command/complete.h"
#include "command/grid.h"
#include "command/lineage.h"
#include "command/name.h"
#include "command/option.h"
#include "command/pending.h"
#include "command/run_text.h"
#include "data/infer.h"
#include "engine/history.h"
#include "table.h"
#include "test.h"

/* ---- words ---- */

/* The words joined by "|", quoted ones in <>, with " &" in the end for the background; or
 * the error. Caller frees. */
static char *split(const char *line)
{
    struct words w;
    struct error err = {0};
    struct str out = {0};

    if (!words_split(line, &w, &err))
        return xasprintf("error: %s", err.text);
    for (int i = 0; i < w.n; i++)
        str_printf(&out, w.words[i].quoted ? "%s<%s>" : "%s%s", i > 0 ? "|" : "",
                   w.words[i].text);
    if (w.background)
        str_puts(&out, " &");
    words_done(&w);
    return out.text ? out.text : xstrdup("");
}

static void check_split(const char *line, const char *want)
{
    char *got = split(line);

    check_str(got, want);
    free(got);
}

static void words_are_split(void)
{
    check_split("", "");
    check_split(" \t ", "");
    check_split("# remark", "");
    check_split("load a.csv # remark", "load|a.csv");
    check_split("a#b c", "a#b|c");
    check_split("load 'a b' \"c d\"", "load|<a b>|<c d>");
    check_split("x --name='a b' y", "x|--name=a b|y");
    check_split("it's 5\" wide", "it's|5\"|wide");
    check_split("\"a\\\"b\\\\c\\x41\\n\\t\\q\\x00\"", "<a\"b\\cA\n\t\\q\\x00>");
    check_split("'a\\n'", "<a\\n>");
    check_split("'' \"\"", "<>|<>");
    check_split("/a b/ c", "/a|b/|c");
    check_split("C:\\dir", "C:\\dir");
    check_split("train &", "train &");
    check_split("train '&'", "train|<&>");
    check_split("& train", "&|train");
    check_split("'#' x", "<#>|x");
    check_split("a\r\n", "a");
    check_split("say 'no",
                "error: the quote ' that opens at character 5 is never closed");
    check_split("a \"b\"c", "error: a blank is missing after the quote that closes at "
                             "character 5");
}

static void long_lines_are_refused(void)
{
    char *line = xmalloc(LINE_LIMIT + 2);
    struct words w;
    struct error err;

    memset(line, 'x', LINE_LIMIT + 1);
    line[LINE_LIMIT + 1] = '\0';
    check(!words_split(line, &w, &err));
    line[LINE_LIMIT] = '\0';
    check(words_split(line, &w, &err));
    words_done(&w);
    free(line);
}

static void quoting_comes_back(void)
{
    static const char bytes[] = "ab \t\n\"'\\#&-/=x\x01\x7f\xc3\xa9\xff";
    struct rng r = rng_make(1, RNG_TEST, 1);

    for (int i = 0; i < 20000; i++) {
        char word[12] = "", *line;
        struct str text = {0};
        struct words w;
        struct error err = {0};
        size_t n = rng_below(&r, sizeof(word));

        for (size_t k = 0; k < n; k++)
            word[k] = bytes[rng_below(&r, sizeof(bytes) - 1)];
        word_quote(&text, word);
        line = xasprintf("v %s &", text.text);
        if (!check(words_split(line, &w, &err)) || !check_int(w.n, 2)
            || !check_str(w.words[1].text, word) || !check(w.background))
            printf("# %s\n", line);
        check(w.n < 2 || w.words[1].quoted || strncmp(word, "--", 2) != 0);
        words_done(&w);
        free(line);
        str_done(&text);
    }
}

static void random_lines_do_no_harm(void)
{
    struct rng r = rng_make(1, RNG_TEST, 2);

    for (int i = 0; i < 20000; i++) {
        char line[40];
        struct words w;
        struct cut cut;
        struct error err;
        size_t n = rng_below(&r, sizeof(line));

        for (size_t k = 0; k < n; k++)
            line[k] = (char)(1 + rng_below(&r, rng_below(&r, 2) ? 255 : 63));
        line[n] = '\0';
        if (words_split(line, &w, &err))
            words_done(&w);
        line_cut(line, rng_below(&r, n + 1), &cut);
        cut_done(&cut);
    }
}

/* ---- names and values ---- */

static void near_names_are_found(void)
{
    static const char *const names[] = {"load", "tables", "target", "train", "age"};
    struct error err;

    check_str(name_nearest("lod", names, 5), "load");
    check_str(name_nearest("tabels", names, 5), "tables");
    check_str(name_nearest("AGE", names, 5), "age");
    check(name_nearest("xy", names, 5) == NULL);
    check(name_nearest("completely-different", names, 5) == NULL);
    check_int(name_find("command", "l", names, 5, "", &err), 0);
    check_int(name_find("command", "age", names, 5, "", &err), 4);
    check_int(name_find("command", "t", names, 5, "", &err), -1);
    check_str(err.text, "the command \"t\" may be tables, target or train");
    check_int(name_find("command", "", names, 5, "see `help`", &err), -1);
    check_str(err.text, "there is no command \"\"; see `help`");
}

static void values_are_checked(void)
{
    const struct value whole = {VALUE_INT, NULL, 1, 10};
    const struct value number = {VALUE_NUMBER, NULL, 1e-9, 1};
    const struct value seed = {VALUE_SEED, NULL, 0, 0};
    struct error err;
    uint64_t s;
    int byte;

    check(value_check(&whole, "n", "10", &err));
    check(!value_check(&whole, "n", "11", &err));
    check_str(err.text, "n takes a whole number from 1 to 10, not \"11\"");
    check(!value_check(&whole, "n", "1x", &err) && !value_check(&whole, "n", "", &err));
    check(value_check(&number, "x", "1e-9", &err));
    check(!value_check(&number, "x", "0", &err));
    check_str(err.text, "x takes a number from 1e-09 to 1, not \"0\"");
    check(!value_check(&number, "x", "nan", &err) &&
          !value_check(&number, "x", "1,5", &err));
    check(value_check(&seed, "s", "9223372036854775807", &err));
    check(!value_check(&seed, "s", "9223372036854775808", &err));
    check(!value_check(&seed, "s", "-1", &err) && !value_check(&seed, "s", "0x1", &err));
    check(value_seed("42", &s) && s == 42);
    check_int(value_choice("table|csv|json", "csv"), 1);
    check_int(value_choice("table|csv|json", "j"), 2);
    check_int(value_choice("test|train|tr", "tr"), 2);
    check_int(value_choice("test|train", "t"), -1);
    check_int(value_choice("test|train", ""), -1);
    check(value_byte("tab", &byte) && byte == '\t');
    check(value_byte(";", &byte) && byte == ';');
    check(value_byte("none", &byte) && byte == -1);
    check(!value_byte("ab", &byte) && !value_byte("", &byte));
}

/* ---- options ---- */

static void every_option_comes_back(void)
{
    struct settings s = settings_defaults();
    const struct option *o;
    struct error err;

    for (int i = 0; (o = option_at(i)); i++) {
        struct str before = {0}, after = {0};

        option_print(o, &s, &before);
        if (!check(option_set(o, &s, str_text(&before), &err)))
            printf("# %s: %s\n", o->name, err.text);
        option_print(o, &s, &after);
        check_str(str_text(&after), str_text(&before));
        check(option_find(o->name, &err) == o);
        check(strlen(o->help) > 5 && option_is_default(o, &s));
        str_done(&before);
        str_done(&after);
    }
    check(option_at(-1) == NULL && option_at(1000) == NULL);
}

static void limits_of_options_are_those_of_the_checks(void)
{
    const struct option *o;
    struct error err = {0};

    for (int i = 0; (o = option_at(i)); i++) {
        struct settings s = settings_defaults();
        struct str high = {0};

        if (o->value.type != VALUE_INT && o->value.type != VALUE_NUMBER)
            continue;
        s.model.dim = 1024;
        str_json_number(&high, o->value.high);
        if (!check(option_set(o, &s, high.text, &err)) ||
            !check(model_check(&s.model, &err)) || !check(train_check(&s.train, &err)))
            printf("# %s %s: %s\n", o->name, high.text, err.text);
        str_done(&high);
    }
}

/* ---- the table ---- */

static void the_table_holds_together(void)
{
    const struct command *command;
    struct error err;

    for (int i = 0; (command = command_at(i)); i++) {
        int many = 0, optional = 0;
        struct str usage = {0};

        check(command_find(command->name, &err) == command);
        check(command->run != NULL && strlen(command->help) > 5);
        for (const struct parameter *p = command->arguments; p->name; p++) {
            many += p->count == MANY;
            optional += p->count == OPTIONAL;
            check(p->help != NULL);
        }
        check(many <= 1 && (many == 0 || optional == 0));
        for (const struct parameter *p = command->options; p->name; p++) {
            check(command_option(command, p->name, &err) == p);
            check(p->help && (p->value.type == VALUE_FLAG) == (p->sample == NULL));
            if (p->value.type == VALUE_SETTING)
                check(option_find(p->value.choices, &err) != NULL);
        }
        command_usage(command, &usage);
        check(str_starts(usage.text, command->name));
        str_done(&usage);
    }
}

static void words_find_their_arguments(void)
{
    const struct command *mark = command_find("mark", NULL);
    const struct command *head = command_find("head", NULL);

    check_str(command_argument(mark, 0, 4)->name, "COLUMN");
    check_str(command_argument(mark, 2, 4)->name, "COLUMN");
    check_str(command_argument(mark, 3, 4)->name, "KIND");
    check_str(command_argument(head, 0, 1)->name, "N");
    check(command_argument(head, 1, 2) == NULL);
}

/* ---- completion ---- */

static void say_nothing(void *self, const char *text)
{
    (void)self;
    (void)text;
}

static void print_nothing(void *self, const char *bytes, size_t n)
{
    (void)self;
    (void)bytes;
    (void)n;
}

static bool wait_a_turn(void *self)
{
    engine_quiet(((struct context *)self)->session->engine);
    usleep(500);
    return true;
}

static bool say_yes(void *self, const char *question)
{
    (void)self;
    (void)question;
    return true;
}

static void complain_nothing(void *self, const struct error *err)
{
    (void)self;
    (void)err;
}

static const struct way_out silent = {
    .print = print_nothing, .note = say_nothing, .complain = complain_nothing,
    .status = say_nothing, .ask = say_yes, .turn = wait_a_turn,
};

static struct context context_of(struct session *s, struct context *self)
{
    return (struct context){.session = s, .out = &silent, .self = self, .batch = true};
}

static void check_completion(const struct context *c, const char *line, const char *want)
{
    struct completion found;
    struct str got = {0};

    complete(c, line, strlen(line), &found);
    for (int i = 0; i < found.n; i++)
        str_printf(&got, "%s%s", i > 0 ? " " : "", found.texts[i]);
    if (!check_str(str_text(&got), want))
        printf("# completing %s\n", line);
    completion_done(&found);
    str_done(&got);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    check(f && fputs(text, f) >= 0);
    if (f)
        fclose(f);
}

static void words_are_completed(void)
{
    char folder[] = "/tmp/tabscope-test-XXXXXX";
    struct error err = {0};
    struct session *s = session_new(1, &err);
    struct context c = context_of(s, &c);

    check(mkdtemp(folder) && chdir(folder) == 0 && mkdir("sub dir", 0700) == 0);
    write_file("t.csv", "age,my city,agent\n1,x,2\n3,y,4\n1,x,5\n");
    check(command_run(&c, "load t.csv", &err));
    check_completion(&c, "lo", "load");
    check_completion(&c, "t", "tables target train tsne theme");
    check_completion(&c, "xyz", "");
    check_completion(&c, "mark a", "age agent");
    check_completion(&c, "mark my", "'my city'");
    check_completion(&c, "mark 'my c", "'my city'");
    check_completion(&c, "mark age cat", "categorical");
    check_completion(&c, "mark age ag", "age agent");
    check_completion(&c, "load t", "t.csv");
    check_completion(&c, "load s", "'sub dir/'");
    check_completion(&c, "load t.csv t", "t.csv");
    check_completion(&c, "load t.csv 'sub dir/x.csv' s", "'sub dir/'");
    check_completion(&c, "load t.csv --name a t.csv s", "'sub dir/'");
    check_completion(&c, "predict t", "t.csv");
    check_completion(&c, "predict t.csv --fill m", "mean");
    check_completion(&c, "load --he", "--header");
    check_completion(&c, "load --header ", "no yes");
    check_completion(&c, "load --header=y", "--header=yes");
    check_completion(&c, "tables --f", "--format");
    check_completion(&c, "tables --format j", "json");
    check_completion(&c, "set train.sch", "train.schedule");
    check_completion(&c, "set train.schedule c", "constant cosine");
    check_completion(&c, "set train.epochs ", "100");
    check_completion(&c, "train --schedule co", "constant cosine");
    check_completion(&c, "use ", "t");
    check_completion(&c, "help loa", "load");
    check_completion(&c, "benchmark t", "t t.csv");
    check_completion(&c, "benchmark --models vi", "vib");
    check_completion(&c, "benchmark --models mlp,tabn", "mlp,tabnet");
    check_completion(&c, "whatif a", "age= agent=");
    check_completion(&c, "whatif age=", "age=1 age=3");
    check_completion(&c, "whatif age=1 my", "'my city=");
    check_completion(&c, "whatif 'my city=y", "'my city=y'");
    check_completion(&c, "tables # lo", "");
    check_completion(&c, "bogus ", "");
    check(mkdir("runs", 0700) == 0 && mkdir("runs/b1", 0700) == 0
          && mkdir("runs/other", 0700) == 0);
    write_file("runs/b1/trials.jsonl", "");
    check_completion(&c, "plot search --study ", "b1");
    check_completion(&c, "benchmark --name ", "b1");
    check_completion(&c, "resume ", "b1");
    check(unlink("runs/b1/trials.jsonl") == 0 && rmdir("runs/b1") == 0
          && rmdir("runs/other") == 0 && rmdir("runs") == 0);
    str_done(&c.record);
    session_free(s);
    pending_clear(&c);
    check(unlink("t.csv") == 0 && rmdir("sub dir") == 0 && chdir("/") == 0 &&
          rmdir(folder) == 0);
}

/* ---- the session ---- */

static char *states(const struct table *t)
{
    struct str out = {0};

    for (int i = 0; i < t->schema->n_columns; i++)
        str_printf(&out, "%.3s ", kind_name(t->schema->columns[i].kind));
    str_printf(&out, "%d %g", t->schema->target, t->split.train);
    return out.text;
}

/* Random changes; then undo all, redo all: each state comes back exactly. */
static void every_change_is_undone(void)
{
    static const char *const lines[] = {
        "mark a ignore", "mark /./ categorical", "mark b continuous", "target y",
        "split --train 50", "split --train 70 --valid 20", "target y --positive u",
    };
    enum { CHANGES = 60 };
    char folder[] = "/tmp/tabscope-test-XXXXXX", *seen[CHANGES + 1];
    struct rng r = rng_make(3, RNG_TEST, 0);
    struct error err = {0};
    struct session *s = session_new(1, &err);
    struct context c = context_of(s, &c);
    int n = 0;

    check(mkdtemp(folder) && chdir(folder) == 0);
    write_file("t.csv",
               "a,b,y\n1,2,u\n2,3,v\n3,4,u\n1,6,v\n1,3,u\n2,8,v\n3,3,u\n4,5,v\n");
    check(command_run(&c, "load t.csv", &err));
    seen[0] = states(s->table);
    while (n < CHANGES) {
        if (command_run(&c, lines[rng_below(&r, 7)], &err))
            seen[++n] = states(s->table);
    }
    for (int i = n; i > 0; i--) {
        char *now = states(s->table);

        check_str(now, seen[i]);
        free(now);
        check(command_run(&c, "undo", &err));
    }
    check(!command_run(&c, "undo", &err));
    for (int i = 0; i <= n; i++) {
        char *now = states(s->table);

        check_str(now, seen[i]);
        free(now);
        free(seen[i]);
        check(command_run(&c, "redo", &err) == (i < n));
    }
    str_done(&c.record);
    session_free(s);
    check(unlink("t.csv") == 0 && chdir("/") == 0 && rmdir(folder) == 0);
}

static void run_names_do_not_clash(void)
{
    char folder[] = "/tmp/tabscope-test-XXXXXX", *name;
    struct error err = {0};
    struct session *s = session_new(1, &err);

    check(mkdtemp(folder) && chdir(folder) == 0);
    check(mkdir("runs", 0700) == 0 && mkdir("runs/r1", 0700) == 0);
    session_add_run(s, run_new("r2"));
    name = session_free_name(s, "r");
    check_str(name, "r3");
    free(name);
    session_drop_run(s, s->runs[0]);
    name = session_free_name(s, "r");
    check_str(name, "r2");
    free(name);
    session_free(s);
    check(rmdir("runs/r1") == 0 && rmdir("runs") == 0 && chdir("/") == 0 &&
          rmdir(folder) == 0);
}

static void files_give_names(void)
{
    static const char *const cases[][2] = {
        {"/x/a-b.csv", "a-b"}, {"a.csv.gz", "a"}, {"a.tar.gz", "a.tar"}, {".csv", ".csv"},
        {"a", "a"}, {"dir/", "dir/"}, {"A.CSV", "A"}, {"m.safetensors", "m"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *name = name_of_file(cases[i][0]);

        check_str(name, cases[i][1]);
        free(name);
    }
}

static void a_run_comes_back_from_json(void)
{
    struct run *r = run_new("one"), *back = run_new("two");
    json_t *j, *bad;

    r->origin = xstrdup("t\xff");
    r->split.seed = 77;
    r->split.folds = 5;
    r->split.fold = 2;
    r->settings.train.lr = 0.125;
    r->settings.train.seed = 9;
    j = run_to_json(r);
    check(j != NULL);
    run_take_json(back, j);
    check_int(back->split.seed, 77);
    check_int(back->split.fold, 2);
    check_near(back->settings.train.lr, 0.125, 0);
    check_int(back->settings.train.seed, 9);
    bad = json_pack("{s:{s:i, s:s}, s:i, s:[]}", "split", "folds", -3, "seed", "x",
                    "train", 1,
                    "metrics");
    run_take_json(back, bad);
    check_int(back->split.folds, 5);
    check_near(back->settings.train.lr, 0.125, 0);
    check_int(back->valid.rows, 0);
    json_decref(j);
    json_decref(bad);
    run_free(r);
    run_free(back);
}

/* As far as the file makes sense. */
static void epochs_come_back_from_metrics(void)
{
    struct run *r = run_new("one");

    r->folder = xstrdup("unit_command.run");
    r->task = TASK_BINARY;
    mkdir(r->folder, 0700);
    history_read(r);
    check_int(r->n_history, 0);
    write_file("unit_command.run/metrics.csv",
               "epoch,seconds,lr,train_loss,valid_loss,valid_auc,later,valid_f1\n"
               "1,0.5,0.001,0.75,0.5,0.75,x,0.5\n"
               "1,0.5,0.001,0.75,0.5,0.75,,0.5\n"
               "2,1.5,0.001,0.5,0.25,0.875,,\n"
               "3,2.5,0.001,0.5,0.25,0.8,,0.25\n4,3.5,0.0");
    history_read(r);
    check_int(r->n_history, 0); /* "x" is no number */
    write_file("unit_command.run/metrics.csv",
               "epoch,seconds,lr,train_loss,valid_loss,valid_auc,later,valid_f1\n"
               "1,0.5,0.001,0.75,0.5,0.75,,0.5\n"
               "2,1.5,0.001,0.5,0.25,0.875,,\n"
               "3,2.5,0.001,0.5,0.25,0.8,,0.25\n4,3.5,0.0");
    history_read(r);
    check_int(r->n_history, 3);
    check_near(r->history[0].valid.f1, 0.5, 0);
    check(isnan(r->history[1].valid.f1) && isnan(r->history[1].valid.accuracy));
    check_near(r->history[2].train_loss, 0.5, 0);
    check_near(r->history[2].valid.auc, 0.8, 0);
    check(r->history[1].best && !r->history[2].best);
    check_int(r->progress.epoch, 3);
    check_int(r->progress.best_epoch, 2);
    check_near(r->progress.best, 0.875, 0);
    check_near(r->progress.seconds, 2.5, 0);
    r->progress.epoch = 2;
    r->files.resumable = true;
    history_read(r);
    check_int(r->progress.epoch, 2);
    unlink("unit_command.run/metrics.csv");
    rmdir(r->folder);
    run_free(r);
}

/* ---- lineage and likeness of runs ---- */

static struct run *begun_from(struct session *s, const char *name, const char *parent)
{
    struct run *r = run_new(name);

    r->origin = xstrdup("t");
    r->parent = parent ? xstrdup(parent) : NULL;
    session_add_run(s, r);
    return r;
}

static void check_tree(const struct session *s, char *const *folded, size_t n,
                       const char *want)
{
    struct lineage l = lineage_make(s, folded, n);
    struct str got = {0};

    for (size_t i = 0; i < l.n; i++) {
        lineage_branch(&l, i, true, &got);
        str_printf(&got, "%s%s\n", l.lines[i].run->name, l.lines[i].folded ? " +" : "");
        check_int(lineage_find(&l, l.lines[i].run), i);
    }
    check_str(str_text(&got), want);
    str_done(&got);
    lineage_done(&l);
}

static void lineage_is_a_tree(void)
{
    struct session *s = xcalloc(1, sizeof(*s));
    char *pre[] = {"pre", "leaf"};

    check_tree(s, NULL, 0, "");
    begun_from(s, "leaf", "b");
    begun_from(s, "pre", NULL);
    begun_from(s, "a", "pre");
    begun_from(s, "b", "pre");
    begun_from(s, "lost", "nobody");
    begun_from(s, "c", "a");
    begun_from(s, "d", "a");
    check_tree(s, NULL, 0, "pre\n|- a\n|  |- c\n|  `- d\n`- b\n   `- leaf\nlost\n");
    check_tree(s, pre, 2, "pre +\nlost\n");
    begun_from(s, "own", "own");
    begun_from(s, "x", "y");
    begun_from(s, "y", "x");
    begun_from(s, "z", "y");
    check_tree(s, pre, 1, "pre +\nlost\nown\nx\ny\n`- z\n");
    session_free(s);
}

static void runs_fall_into_groups(void)
{
    struct session *s = xcalloc(1, sizeof(*s));
    const struct metric_field *f;
    double values[] = {0.7, 0.8, 0.9, NAN, 0.75};
    struct str why = {0};
    struct run **r;

    begun_from(s, "a", "pre");
    begun_from(s, "b", NULL);
    begun_from(s, "c", NULL)->split.labeled = 50;
    begun_from(s, "d", NULL)->split.labeled = 50;
    begun_from(s, "e", NULL);
    r = s->runs;
    for (size_t i = 0; i < 5; i++)
        r[i]->task = TASK_BINARY;
    r[0]->rows = 1234;
    f = metric_field(TASK_BINARY, 0);
    check_int(runs_group(r, 5, 4), 0);
    check_int(runs_group(r, 5, 3), 2);
    check_int(runs_base(r, 5, 0), 1);
    check_int(runs_base(r, 5, 2), 2);
    check_int(runs_best(r, 5, 0, f, values), 1);
    check_int(runs_best(r, 5, 2, f, values), 5); /* d has no value */
    runs_unlike_text(r[0], r[2], &why);
    check_str(str_text(&why), "other labels (50, not 1,234)");
    str_clear(&why);
    r[2]->split.seed = 2;
    runs_unlike_text(r[0], r[2], &why);
    check_str(str_text(&why), "another split (65/15/20, seed 2, not 65/15/20, seed 1)");
    str_clear(&why);
    r[2]->table = xstrdup("u");
    check_int(runs_unlike(r[0], r[2]), UNLIKE_SPLIT); /* a's table is not known */
    r[0]->table = xstrdup("t");
    check_int(runs_unlike(r[0], r[2]), UNLIKE_TABLE);
    r[2]->task = TASK_REGRESSION;
    check_int(runs_unlike(r[0], r[2]), UNLIKE_METRIC);
    runs_unlike_text(r[0], r[1], &why);
    check_int(why.length, 0);
    str_done(&why);
    session_free(s);
}

static void counts_are_grouped(void)
{
    char text[COUNT_TEXT];

    check_str(count_text(0, text), "0");
    check_str(count_text(999, text), "999");
    check_str(count_text(1000, text), "1,000");
    check_str(count_text(1234567, text), "1,234,567");
    check_str(count_text((size_t)-1, text), "18,446,744,073,709,551,615");
}

/* ---- grids on screens ---- */

static void keep_print(void *self, const char *bytes, size_t n)
{
    str_add(self, bytes, n);
}

static void keep_note(void *self, const char *sentence)
{
    str_printf(self, ": %s\n", sentence);
}

static const struct way_out keeping = {.print = keep_print, .note = keep_note};

/* What is printed on a screen of so many columns. Caller frees. */
static char *printed(struct grid *g, size_t width, bool scrolls)
{
    struct str out = {0};
    struct context c = {.out = &keeping, .self = &out, .width = width, .scrolls = scrolls};

    grid_print(g, &c);
    return out.text;
}

static struct grid *catalogue(void)
{
    struct grid *g = grid_new("things");

    grid_column(g, "name", false);
    grid_column(g, "role", false);
    grid_spare(g);
    grid_column(g, "hint", false);
    grid_column(g, "count", true);
    grid_prose(g, "story");
    grid_puts(g, "a name that is long, longer than a cell on any screen");
    grid_puts(g, "input");
    grid_puts(g, "");
    grid_count(g, 12345);
    grid_puts(g, "it was a dark and stormy night in the table");
    grid_puts(g, "short");
    grid_puts(g, "input");
    grid_puts(g, "");
    grid_count(g, 7);
    grid_puts(g, "none");
    return g;
}

static void grids_fit_the_screen(void)
{
    char *whole = printed(catalogue(), 0, false), *wide = printed(catalogue(), 120, false);
    char *narrow = printed(catalogue(), 60, false), *page = printed(catalogue(), 60, true);

    check_str(whole,
              "name                                      role   hint   count  story\n"
              "a name that is long, longer than a cell on any screen  input        12,345"
              "  it was a dark and stormy night in the table\n"
              "short                                     input             7  none\n");
    check_str(wide,
              "name                                      role   hint   count  story\n"
              "a name that is long, longer than a cell…  input        12,345  it was a "
              "dark and stormy night in the table\n"
              "short                                     input             7  none\n");
    check_str(narrow,
              "name           count  story\n"
              "a name that…  12,345  it was a dark and stormy night in the\n"
              "                      table\n"
              "short              7  none\n"
              "(2 more columns: role, hint)\n");
    check_str(page, whole);
    free(whole);
    free(wide);
    free(narrow);
    free(page);
}

static void keep_error(void *self, const struct error *err)
{
    str_printf(self, "! %s\n", err->text);
}

static void keep_status(void *self, const char *line)
{
    (void)self;
    (void)line;
}

/* What is begun at the prompt counts as done, until its job fails. */
static void what_failed_is_not_recorded(void)
{
    static const struct way_out out = {.print = keep_print, .note = keep_note,
                                       .complain = keep_error, .status = keep_status};
    static const char *const lines[] = {"set train.epochs 3", "load no.csv",
                                        "set train.lr 0.1"};
    struct str said = {0};
    struct error err = {0};
    struct context c = {.session = session_new(1, &err), .out = &out, .self = &said,
                        .background_loads = true};

    for (int i = 0; i < 3; i++)
        check(command_run(&c, lines[i], &err));
    check_str(str_text(&c.record), "set train.epochs 3\nload no.csv\nset train.lr 0.1\n");
    while (c.pending)
        pending_poll(&c);
    check(strstr(str_text(&said), "no.csv: No such file") != NULL);
    check_str(str_text(&c.record), "set train.epochs 3\nset train.lr 0.1\n");
    command_unrecord(&c, "train.lr 0.1"); /* only whole lines */
    command_unrecord(&c, "set train.epochs 3");
    check_str(str_text(&c.record), "set train.lr 0.1\n");
    command_unrecord(&c, "set train.lr 0.1");
    command_unrecord(&c, "set train.lr 0.1");
    check_str(str_text(&c.record), "");
    session_free(c.session);
    context_done(&c);
    str_done(&said);
}

static void paths_are_cut_in_front(void)
{
    struct grid *g = grid_new("tables");
    char *text;

    grid_column(g, "name", false);
    grid_column(g, "file", false);
    grid_puts(g, "income");
    grid_path(g, "/home/someone/work/tables of this year/income.csv");
    text = printed(g, 30, false);
    check_str(text, "name    file\n"
                    "income  … this year/income.csv\n");
    free(text);
}

static struct grid *explained(void)
{
    struct grid *g = grid_new("option");

    grid_fact_text(g, "value", "dark");
    grid_fact_text(g, "help", "colours of the workbench and of what is in it");
    grid_fact_text(g, "empty", "");
    return g;
}

static void facts_are_folded(void)
{
    char *whole = printed(explained(), 0, false), *narrow = printed(explained(), 30, false);

    check_str(whole, "value  dark\n"
                     "help   colours of the workbench and of what is in it\n"
                     "empty  -\n");
    check_str(narrow, "value  dark\n"
                      "help   colours of the\n"
                      "       workbench and of what\n"
                      "       is in it\n"
                      "empty  -\n");
    free(whole);
    free(narrow);
}

static struct grid *random_grid(struct rng *r)
{
    static const char text[] = "some words of a cell that may be long or longer still";
    size_t columns = 1 + rng_below(r, 9), cells = columns * (1 + rng_below(r, 4));
    struct grid *g = grid_new("rows");

    for (size_t c = 0; c < columns; c++) {
        grid_column(g, &text[rng_below(r, 50)], c > 0 && rng_below(r, 3) == 0);
        if (rng_below(r, 3) == 0)
            grid_spare(g);
    }
    for (size_t i = 0; i < cells; i++) {
        if (i % columns > 0 && rng_below(r, 4) == 0)
            grid_count(g, rng_below(r, 1000000));
        else if (rng_below(r, 4) == 0)
            grid_path(g, &text[rng_below(r, sizeof(text))]);
        else
            grid_text(g, text, rng_below(r, sizeof(text)));
    }
    return g;
}

static void no_line_leaves_the_screen(void)
{
    struct rng r = rng_make(1, RNG_TEST, 1);
    int bad = 0;

    for (int round = 0; round < 3000; round++) {
        size_t width = 1 + rng_below(&r, 100);
        char *text = printed(random_grid(&r), width, false);

        for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1)
            bad += show_width(at, (size_t)(end - at)) > width;
        free(text);
    }
    check_int(bad, 0);
}

/* ---- runs ---- */

/* A run of so many epochs, with the best in their middle, in a session. */
static struct session *session_with_run(int epochs, int best)
{
    struct error err = {0};
    struct session *s = session_new(1, &err);
    struct run *r = run_new("long");

    r->state = RUN_TRAINED;
    r->origin = xstrdup("t");
    r->task = TASK_BINARY;
    r->data = table_of("a,y\n1,no\n2,yes\n");
    r->schema = infer_schema(r->data);
    check(schema_set_target(r->schema, r->data, 1, NULL, TASK_NONE, NULL, &err));
    r->progress.best_epoch = best;
    r->history = xcalloc((size_t)epochs, sizeof *r->history);
    r->n_history = (size_t)epochs;
    for (int i = 0; i < epochs; i++)
        r->history[i].epoch = i + 1;
    session_add_run(s, r);
    return s;
}

/* The numbers of the epochs that `run` shows, and what it notes. Caller frees. */
static char *epochs_shown(int epochs, int best, enum format format)
{
    struct session *s = session_with_run(epochs, best);
    struct str out = {0}, seen = {0};
    struct context c = {.session = s, .out = &keeping, .self = &out,
                        .usual_format = format};
    struct error err = {0};
    const char *at;

    check(command_run(&c, "run long", &err));
    at = strstr(str_text(&out), "epoch,seconds");
    if (!at)
        at = strstr(str_text(&out), "epoch  seconds");
    for (at = at ? strchr(at, '\n') : NULL; at && at[1]; at = strchr(at + 1, '\n')) {
        if (at[1] == ':')
            str_puts(&seen, at + 1);
        else
            str_printf(&seen, "%ld ", strtol(at + 1, NULL, 10));
    }
    str_done(&out);
    str_done(&c.record);
    session_free(s);
    return seen.text;
}

static void check_epochs(int epochs, int best, enum format format, const char *want)
{
    char *shown = epochs_shown(epochs, best, format);

    check_str(shown, want);
    free(shown);
}

static void long_runs_are_shown_in_part(void)
{
    check_epochs(20, 5, FORMAT_TABLE,
                 "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 ");
    check_epochs(100, 50, FORMAT_TABLE,
                 "1 2 3 50 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 100 "
                 ": 80 epochs are left out; `--format csv` has all\n");
    check_epochs(26, 26, FORMAT_CSV, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 "
                                     "21 22 23 24 25 26 ");
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    test_run(words_are_split);
    test_run(long_lines_are_refused);
    test_run(quoting_comes_back);
    test_run(random_lines_do_no_harm);
    test_run(near_names_are_found);
    test_run(values_are_checked);
    test_run(every_option_comes_back);
    test_run(limits_of_options_are_those_of_the_checks);
    test_run(the_table_holds_together);
    test_run(words_find_their_arguments);
    test_run(words_are_completed);
    test_run(every_change_is_undone);
    test_run(run_names_do_not_clash);
    test_run(files_give_names);
    test_run(a_run_comes_back_from_json);
    test_run(epochs_come_back_from_metrics);
    test_run(lineage_is_a_tree);
    test_run(runs_fall_into_groups);
    test_run(counts_are_grouped);
    test_run(grids_fit_the_screen);
    test_run(what_failed_is_not_recorded);
    test_run(paths_are_cut_in_front);
    test_run(facts_are_folded);
    test_run(long_runs_are_shown_in_part);
    test_run(no_line_leaves_the_screen);
    return test_done();
}
