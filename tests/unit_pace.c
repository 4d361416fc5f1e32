/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much may be on its way to a terminal (ui/pace.h). */
#include "ui/pace.h"

#include "test.h"

static void off_is_free(void)
{
    struct pace p = {0};

    check(pace_allows(&p, 1 << 30, 0));
    check(!pace_wants_question(&p, 1 << 30));
}

/* Fast answers never hold a picture. */
static void a_fast_line_is_not_held(void)
{
    struct pace p = {0};
    size_t sent = 5000;

    pace_set(&p, true, sent);
    for (int64_t now = 0; now < 10000; now += 100) {
        check(pace_allows(&p, sent, now));
        sent += 300;
        check(pace_wants_question(&p, sent));
        pace_asked(&p, sent, now);
        check(!pace_wants_question(&p, sent));
        pace_answered(&p);
    }
}

/* A line of `rate` bytes a second whose buffers take anything: what is on the way. */
static size_t worst_backlog(size_t rate, size_t frame, bool on)
{
    struct pace p = {0};
    size_t sent = 0, arrived = 0, asked_for = 0, worst = 0;

    pace_set(&p, on, 0);
    if (on)
        pace_asked(&p, 0, 0);
    for (int64_t now = 0; now < 60000; now += 10) {
        if (arrived < sent)
            arrived += rate / 100 < sent - arrived ? rate / 100 : sent - arrived;
        if (p.asked && arrived >= asked_for)
            pace_answered(&p);
        if (now % 100 == 0 && pace_allows(&p, sent, now)) {
            sent += frame;
            if (pace_wants_question(&p, sent)) {
                asked_for = sent;
                pace_asked(&p, sent, now);
            }
        }
        worst = sent - arrived > worst ? sent - arrived : worst;
    }
    return worst;
}

static void a_slow_line_holds_little(void)
{
    check(worst_backlog(1000, 300, false) > 100000);
    check(worst_backlog(1000, 300, true) < 1500);
    check(worst_backlog(1000, 5000, true) < 6500);
    check(worst_backlog(100000, 300, true) < 1500);
}

static void the_deaf_are_asked_no_more(void)
{
    struct pace p = {0};
    size_t sent = 0;
    int questions = 0, held = 0;

    pace_set(&p, true, 0);
    for (int64_t now = 0; now < 20000; now += 100) {
        if (!pace_allows(&p, sent, now)) {
            held++;
            continue;
        }
        sent += 2000;
        if (pace_wants_question(&p, sent)) {
            pace_asked(&p, sent, now);
            questions++;
        }
    }
    check_int(questions, 3);
    check(held > 20 && held <= 30); /* a second each */
}

static void a_lost_answer_costs_seconds(void)
{
    struct pace p = {0};

    pace_set(&p, true, 0);
    pace_asked(&p, 2000, 0);
    pace_answered(&p);
    pace_asked(&p, 4000, 100);
    check(!pace_allows(&p, 4000, 10000));
    check(pace_allows(&p, 4000, 10100));
    check(pace_wants_question(&p, 4300));
    pace_answered(&p); /* it was only late */
    check(!p.asked && p.unanswered == 0);
}

int main(void)
{
    test_run(off_is_free);
    test_run(a_fast_line_is_not_held);
    test_run(a_slow_line_holds_little);
    test_run(the_deaf_are_asked_no_more);
    test_run(a_lost_answer_costs_seconds);
    return test_done();
}
