/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layout at all sizes, lists, and the log's ring. */
#include "ui/layout.h"

#include "ui/log.h"

#include "test.h"

static void make_desk(struct desk *d, enum view_id view, enum pane_id focus, bool zoomed)
{
    desk_init(d);
    d->view = view;
    d->focus[view] = focus;
    d->zoomed = zoomed;
}

static bool is_inside(struct rect r, int width, int height)
{
    return r.x >= 0 && r.y >= 0 && r.width >= 0 && r.height >= 0 &&
           r.x + r.width <= width && r.y + r.height <= height;
}

/* Counts in a map of the screen how often each cell is taken. */
static void take(unsigned char *map, int width, struct rect r)
{
    for (int y = r.y; y < r.y + r.height; y++) {
        for (int x = r.x; x < r.x + r.width; x++)
            map[y * width + x]++;
    }
}

/* Every cell belongs to exactly one rectangle. */
static bool covers(const struct layout *l, int width, int height)
{
    static unsigned char map[200 * 200];
    bool ok = true;

    memset(map, 0, sizeof(map));
    take(map, width, l->tabs);
    take(map, width, l->hints);
    take(map, width, l->status);
    take(map, width, l->prompt);
    if (l->n == 0)
        take(map, width, l->body);
    for (int i = 0; i < l->n; i++) {
        ok &= is_inside(l->panes[i].rect, width, height);
        take(map, width, l->panes[i].rect);
    }
    for (int i = 0; i < width * height; i++)
        ok &= map[i] == 1;
    return ok;
}

static bool check_size(const struct desk *d, int width, int height)
{
    struct layout l;

    layout_make(&l, d, width, height, 1, 1, true);
    return is_inside(l.tabs, width, height) && is_inside(l.hints, width, height) &&
           is_inside(l.status, width, height) && is_inside(l.prompt, width, height) &&
           l.prompt.height >= (height > 0) && covers(&l, width, height) &&
           (l.n == 0 || layout_focus(&l, d) >= 0) && l.n <= LAYOUT_PANES;
}

static bool check_sizes(const struct desk *d)
{
    for (int height = 0; height <= 100; height++) {
        for (int width = 0; width <= 200; width += height < 60 ? 1 : 7) {
            if (!check_size(d, width, height)) {
                printf("# view %d, focus %d at %d x %d\n", d->view, d->focus[d->view],
                       width, height);
                return false;
            }
        }
    }
    return true;
}

/* Whatever has the focus is seen, nothing overlaps, nothing is left over. */
static void every_size_is_filled(void)
{
    struct desk d;

    for (enum pane_id pane = 0; pane < PANES; pane++) {
        make_desk(&d, pane_view(pane), pane, false);
        d.train.pretext = !desk_has(&d, pane);
        d.study.standings = pane == PANE_STANDINGS;
        check(check_sizes(&d));
        desk_done(&d);
    }
    make_desk(&d, VIEW_TRAIN, PANE_LOSS, true);
    check(check_sizes(&d));
    desk_done(&d);
}

/* The panes change with the run that is shown, and the focus with them. */
static void focus_follows_the_kind_of_run(void)
{
    struct desk d;

    for (enum pane_id pane = PANE_LOSS; pane < PANE_RUNS; pane++) {
        make_desk(&d, VIEW_TRAIN, pane, false);
        for (int pretext = 1; pretext >= 0; pretext--) {
            desk_show(&d, pretext);
            check(desk_has(&d, d.focus[VIEW_TRAIN]));
            check(check_sizes(&d));
        }
        check(pane > PANE_FACTS || d.focus[VIEW_TRAIN] == pane);
        desk_done(&d);
    }
}

static void shifted_borders_leave_room(void)
{
    struct desk d;

    make_desk(&d, VIEW_TRAIN, PANE_LOSS, false);
    for (int shift = -300; shift <= 300; shift += 100) {
        for (int i = 0; i < PANES; i++) /* in turn one way and the other, or all one way */
            d.wider[VIEW_TRAIN][i] = shift % 200 != 0 && i % 2 > 0 ? -shift : shift;
        d.taller[VIEW_TRAIN] = -shift;
        check(check_size(&d, 160, 48) && check_size(&d, 120, 34) &&
              check_size(&d, 80, 24) && check_size(&d, 60, 16));
    }
    desk_done(&d);
}

static struct rect rect_of(struct desk *d, enum pane_id pane)
{
    struct layout l;

    layout_make(&l, d, 160, 48, 1, 1, true);
    for (int i = 0; i < l.n; i++)
        if (l.panes[i].pane == pane)
            return l.panes[i].rect;
    return (struct rect){0};
}

/* Gives the pane 4 cells as `layout wider` does; how many it got. */
static int widen(struct desk *d, enum pane_id pane)
{
    enum pane_id at = pane;
    struct layout l;
    int before = rect_of(d, pane).width;
    bool mine;

    layout_make(&l, d, 160, 48, 1, 1, true);
    mine = layout_border(&l, &at);
    d->wider[d->view][at] += mine ? 4 : -4;
    return rect_of(d, pane).width - before;
}

/* Also those inside the lower row of the wide Train view, of which each is its own. */
static void every_border_moves(void)
{
    static const enum pane_id panes[2][5] = {
        {PANE_LOSS, PANE_SCORE, PANE_ROC, PANE_CONFUSION, PANE_FACTS},
        {PANE_LOSS, PANE_SCORE, PANE_LEARNED, PANE_EXAMPLE, PANE_FACTS},
    };

    for (int pretext = 0; pretext < 2; pretext++) {
        for (int i = 0; i < 5; i++) {
            struct desk d;
            int upper, facts;

            make_desk(&d, VIEW_TRAIN, panes[pretext][i], false);
            d.train.pretext = pretext;
            upper = rect_of(&d, PANE_LOSS).width;
            facts = rect_of(&d, PANE_FACTS).width;
            check_int(widen(&d, panes[pretext][i]), 4);
            check((rect_of(&d, PANE_LOSS).width == upper) == (i > 1));
            check((rect_of(&d, PANE_FACTS).width == facts) == (i < 4));
            desk_done(&d);
        }
    }
}

static void a_pane_of_the_whole_width_has_no_border(void)
{
    struct desk d;

    make_desk(&d, VIEW_DATA, PANE_ROWS, false);
    check_int(rect_of(&d, PANE_ROWS).width, 160);
    check_int(widen(&d, PANE_ROWS), 0);
    desk_done(&d);
}

static void rules_of_small_screens(void)
{
    struct desk d;
    struct layout l;

    make_desk(&d, VIEW_DATA, PANE_SCHEMA, false);
    layout_make(&l, &d, 80, 24, 1, 1, true);
    check(l.tabs.height == 1 && l.hints.height == 1 && l.n >= 1);
    check_int(l.hints.y, 21);
    layout_make(&l, &d, 80, 24, 1, 1, false);
    check_int(l.hints.height, 0);
    layout_make(&l, &d, 59, 24, 1, 1, true);
    check(l.n == 1 && l.hints.height == 0);
    layout_make(&l, &d, 80, 15, 1, 1, true);
    check(l.n == 1 && l.hints.height == 0);
    layout_make(&l, &d, 39, 24, 1, 1, true);
    check(l.n == 0 && l.tabs.height == 0 && l.prompt.height == 1);
    layout_make(&l, &d, 80, 9, 1, 1, true);
    check_int(l.n, 0);
    layout_make(&l, &d, 80, 1, 1, 1, true);
    check(l.prompt.height == 1 && l.status.height == 0 && l.body.height == 0);
    layout_make(&l, &d, 160, 48, 1, 1, true);
    check(l.n == 3);
    desk_done(&d);
}

static void a_long_line_and_message_get_rows(void)
{
    struct desk d;
    struct layout l;

    make_desk(&d, VIEW_DATA, PANE_SCHEMA, false);
    layout_make(&l, &d, 80, 24, 2, 3, true);
    check_int(l.status.height, 2);
    check_int(l.prompt.height, 3);
    layout_make(&l, &d, 80, 24, 90, 90, true);
    check(l.prompt.height < 10 && l.status.height < 10 && covers(&l, 80, 24));
    desk_done(&d);
}

static void every_pane_is_walked_through(void)
{
    enum pane_id order[PANES];
    int n = 0;

    for (int pretext = 0; pretext < 2; pretext++) {
        struct desk d;

        make_desk(&d, VIEW_DATA, PANE_SCHEMA, false);
        desk_show(&d, pretext);
        desk_show_study(&d, true);
        for (d.view = 0; d.view < VIEWS; d.view++) {
            int k = layout_order(&d, order);

            for (int i = 0; i < k; i++)
                check(pane_view(order[i]) == d.view && desk_has(&d, order[i]));
            n += pretext == 0 || d.view == VIEW_TRAIN ? k : 0;
        }
        desk_done(&d);
    }
    check_int(n, PANES + 3); /* loss, score and facts are there twice */
}

static void lists_stay_in_their_bounds(void)
{
    struct list l = {0};

    list_move(&l, 5, 3);
    check_int(l.cursor, 2);
    list_move(&l, -1, 3);
    check_int(l.cursor, 1);
    list_move(&l, -2000000000, 3);
    check_int(l.cursor, 0);
    list_move(&l, 7, 0);
    check_int(l.cursor, 0);
    l.cursor = 90;
    list_fit(&l, 10, 100);
    check(l.top == 81 && l.page == 10);
    l.cursor = 85;
    list_fit(&l, 10, 100);
    check_int(l.top, 81);
    l.cursor = 3;
    list_fit(&l, 10, 100);
    check_int(l.top, 3);
    list_fit(&l, 10, 4);
    check_int(l.top, 0);
    list_fit(&l, 0, 0);
    check(l.cursor == 0 && l.top == 0);
}

static void the_log_joins_and_cuts_lines(void)
{
    struct log *l = log_new();

    log_puts(l, LOG_COMMAND, 1, "load \033x");
    log_add(l, LOG_DATA, 2, "a\nb", 3);
    log_add(l, LOG_DATA, 2, "c\n\nd\n", 5);
    log_puts(l, LOG_NOTE, 3, "end");
    check_int(log_lines(l), 6);
    check_str(log_line(l, 0)->text, "load ^[x");
    check_str(log_line(l, 1)->text, "a");
    check_str(log_line(l, 2)->text, "bc");
    check_str(log_line(l, 3)->text, "");
    check_str(log_line(l, 4)->text, "d");
    check(log_line(l, 5)->kind == LOG_NOTE && log_line(l, 5)->at == 3);
    log_free(l);
}

static void the_log_counts_equal_keys(void)
{
    struct log *l = log_new();

    log_key(l, 1, "move down");
    log_key(l, 2, "move down");
    log_key(l, 3, "move down");
    check_int(log_lines(l), 1);
    check_str(log_line(l, 0)->text, "move down  (3 times)");
    log_puts(l, LOG_NOTE, 4, "x");
    log_key(l, 5, "move down");
    log_key(l, 6, "move up");
    check_int(log_lines(l), 4);
    check_str(log_line(l, 2)->text, "move down");
    log_free(l);
}

static void the_log_forgets_its_beginning(void)
{
    struct log *l = log_new();
    char text[32];

    for (int i = 0; i < LOG_LIMIT + 10; i++) {
        snprintf(text, sizeof(text), "%d", i);
        log_puts(l, LOG_NOTE, 0, text);
    }
    check_int(log_lines(l), LOG_LIMIT);
    check_int(log_forgotten(l), 10);
    check_str(log_line(l, 0)->text, "10");
    snprintf(text, sizeof(text), "%d", LOG_LIMIT + 9);
    check_str(log_line(l, LOG_LIMIT - 1)->text, text);
    log_free(l);
}

int main(void)
{
    test_run(every_size_is_filled);
    test_run(focus_follows_the_kind_of_run);
    test_run(shifted_borders_leave_room);
    test_run(every_border_moves);
    test_run(a_pane_of_the_whole_width_has_no_border);
    test_run(rules_of_small_screens);
    test_run(a_long_line_and_message_get_rows);
    test_run(every_pane_is_walked_through);
    test_run(lists_stay_in_their_bounds);
    test_run(the_log_joins_and_cuts_lines);
    test_run(the_log_counts_equal_keys);
    test_run(the_log_forgets_its_beginning);
    return test_done();
}
