/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The space that a search draws settings from. */
#include "command/space.h"
#include "test.h"

static bool parse(struct space *s, const char *word, struct error *err)
{
    const char *words[] = {word};

    return space_parse(s, words, 1, err);
}

static void check_refused(const char *word, const char *sentence)
{
    struct space s;
    struct error err = {0};

    check(!parse(&s, word, &err));
    check_str(err.text, sentence);
    space_done(&s);
}

static void what_makes_no_sense_is_refused(void)
{
    static const char *const twice[] = {"train.lr=1e-5..1e-3", "train.lr=0.1"};
    struct space s;
    struct error err;

    check_refused("train.lr", "\"train.lr\" says not what to draw: write "
                  "OPTION=LOW..HIGH, OPTION=LOW..HIGH:log or OPTION=A,B,C");
    check_refused("train.lrr=1", "there is no option \"train.lrr\"; did you mean "
                  "train.lr?");
    check_refused("train.lr=-1..1:log", "train.lr takes a number from 0 to 1, not "
                  "\"-1\"");
    check_refused("train.lr=1e-3..1e-5", "\"train.lr=1e-3..1e-5\" says not what to draw: "
                  "write OPTION=LOW..HIGH, OPTION=LOW..HIGH:log or OPTION=A,B,C");
    check_refused("model.dropout=0..0.5:log", "\"model.dropout=0..0.5:log\" says not what "
                  "to draw: write OPTION=LOW..HIGH, OPTION=LOW..HIGH:log or OPTION=A,B,C");
    check_refused("model.dropout=0,2", "model.dropout takes a number from 0 to 0.9, not "
                  "\"2\"");
    check_refused("model.dim=16,,32", "model.dim takes a whole number from 4 to 1024, not "
                  "\"\"");
    check_refused("screen.theme=dark,light", "screen.theme does not change what is "
                  "trained: draw options of model, train or data");
    check(!space_parse(&s, twice, 2, &err));
    check_str(err.text, "train.lr is given twice");
    space_done(&s);
}

enum { DRAWS = 2000 };

static void draws_fill_their_ranges(void)
{
    static const char *const words[] = {"train.lr=1e-5..1e-3:log", "model.dim=8..12",
                                        "model.dropout=0..0.5", "model.kind=mlp,vib"};
    struct space s;
    struct error err;
    double log_sum = 0, dropout = 0, least = 1, most = 0;
    int dims[13] = {0}, kinds = 0;

    check(space_parse(&s, words, 4, &err));
    for (int i = 0; i < DRAWS; i++) {
        struct settings x = settings_defaults();

        space_draw(&s, 7, i, &x);
        check(x.train.lr >= 1e-5 && x.train.lr <= 1e-3);
        check(x.model.dim >= 8 && x.model.dim <= 12);
        check(x.model.kind == MODEL_MLP || x.model.kind == MODEL_VIB);
        log_sum += log10(x.train.lr);
        dropout += x.model.dropout;
        least = fmin(least, x.model.dropout);
        most = fmax(most, x.model.dropout);
        dims[x.model.dim]++;
        kinds += x.model.kind == MODEL_VIB;
    }
    check_near(log_sum / DRAWS, -4, 0.05);
    check_near(dropout / DRAWS, 0.25, 0.012);
    check(least >= 0 && least < 0.002 && most <= 0.5 && most > 0.498);
    for (int d = 8; d <= 12; d++)
        check_near(dims[d], DRAWS / 5, 80);
    check_near(kinds, DRAWS / 2, 100);
    space_done(&s);
}

static void equal_seeds_draw_the_same(void)
{
    struct space s;
    struct error err;
    struct settings a = settings_defaults(), b = a, c = a, d = a;

    check(parse(&s, "train.lr=1e-5..1e-3:log", &err));
    space_draw(&s, 1, 4, &a);
    space_draw(&s, 1, 4, &b);
    space_draw(&s, 1, 5, &c);
    space_draw(&s, 2, 4, &d);
    check(a.train.lr == b.train.lr);
    check(a.train.lr != c.train.lr && a.train.lr != d.train.lr);
    space_done(&s);
}

static void every_kind_has_a_space_of_the_paper(void)
{
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        struct space s;
        struct settings x = settings_defaults();
        struct error err = {0};

        space_of_paper(&s, (enum model_kind)kind);
        check(s.n >= 2);
        for (int round = 0; round < 20; round++) {
            x.model.kind = (enum model_kind)kind;
            space_draw(&s, 3, round, &x);
            check(model_check(&x.model, &err) && train_check(&x.train, &err));
        }
        space_done(&s);
    }
}

int main(void)
{
    test_run(what_makes_no_sense_is_refused);
    test_run(draws_fill_their_ranges);
    test_run(equal_seeds_draw_the_same);
    test_run(every_kind_has_a_space_of_the_paper);
    return test_done();
}
