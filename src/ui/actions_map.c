/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `map`: which attention is shown, and how. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/asked.h"
#include "ui/app_private.h"

enum { THRESHOLD_MOST = 1000 };

/* A wish that may still be refused; its texts are owned. */
struct change {
    struct app *app;
    const struct call *call;
    struct attention_wish wish;
    const struct sight *found; /* of the run that is wished, or NULL */
};

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = text ? xstrdup(text) : NULL;
}

/* "next" and "previous" go one on from `now`, within 1 and most. False: it is neither,
 * nor a number in that range. */
static bool read_step(const char *word, long now, long most, long *out)
{
    if (strcmp(word, "next") == 0)
        *out = now < most ? now + 1 : most;
    else if (strcmp(word, "previous") == 0)
        *out = now > 1 ? now - 1 : 1;
    else
        return str_to_long(word, 1, most, out);
    return true;
}

static bool read_layer(struct change *ch, struct error *err)
{
    const char *word = call_option(ch->call, "layer");
    int layers = ch->found ? ch->found->seen.layers : 1;
    long layer = ch->wish.layer == LAYER_LAST ? layers : ch->wish.layer + 1;

    if (!word)
        return true;
    if (!read_step(word, layer, layers, &layer))
        return error_set(err, ERROR_USAGE, "--layer takes next, previous or a layer from "
                         "1 to %d", layers);
    ch->wish.layer = (int)layer - 1;
    return true;
}

static int other_head(int head)
{
    return head >= 0 ? HEADS_MEAN : head == HEADS_MEAN ? HEADS_MAX
         : head == HEADS_MAX ? HEADS_ROLLOUT : 0;
}

static bool read_head(struct change *ch, struct error *err)
{
    const char *word = call_option(ch->call, "head");
    int heads = ch->found ? ch->found->seen.heads : 1;
    long head = ch->wish.head + 1;

    if (!word)
        return true;
    if (strcmp(word, "other") == 0)
        ch->wish.head = other_head(ch->wish.head);
    else if (read_step(word, head > 0 ? head : 0, heads, &head))
        ch->wish.head = (int)head - 1;
    else
        return attention_head_parse(word, heads, &ch->wish.head, err);
    return true;
}

/* What said before which rows is taken back. */
static void clear_rows(struct attention_wish *w)
{
    w->row = 0;
    attention_wish_clear_cells(w);
    set_text(&w->class, NULL);
    set_text(&w->less_class, NULL);
}

static bool read_row(struct change *ch, struct error *err)
{
    const char *word = call_option(ch->call, "row");
    long row = (long)ch->wish.row;

    if (!word)
        return true;
    if (!read_step(word, row, 4000000000, &row))
        return error_set(err, ERROR_USAGE, "--row takes next, previous or the number of "
                         "a row");
    clear_rows(&ch->wish);
    ch->wish.row = (size_t)row;
    return true;
}

static bool refuse_cell(const char *cell, struct error *err)
{
    struct str quoted = {0};
    char *shown;

    word_quote(&quoted, cell);
    shown = show(str_text(&quoted), 60);
    error_set(err, ERROR_STATE, "--cell changes a cell of one row: say `map --row N --cell "
              "%s`", shown);
    free(shown);
    str_done(&quoted);
    return false;
}

/* A cell of the row that is looked at, or is named beside it. */
static bool read_cell(struct change *ch, struct error *err)
{
    const char *cell = call_option(ch->call, "cell");

    if (!cell)
        return true;
    if (ch->wish.row == 0)
        return refuse_cell(cell, err);
    if (!strchr(cell, '='))
        return error_set(err, ERROR_USAGE, "--cell takes COLUMN=VALUE");
    attention_wish_cell(&ch->wish, cell);
    return true;
}

static bool read_rows(struct change *ch, struct error *err)
{
    const struct call *call = ch->call;
    const char *diff = call_option(call, "diff"), *class = call_option(call, "class");
    int asked = (call_option(call, "row") != NULL) + (class != NULL) + (diff != NULL)
        + (call_option(call, "all") != NULL);

    if (asked > 1)
        return error_set(err, ERROR_USAGE, "--row, --all, --class and --diff say which "
                         "rows: give only one of them");
    if (!diff != !call_word(call, 0))
        return error_set(err, ERROR_USAGE, "--diff takes two classes, as in "
                         "--diff yes no");
    if (call_option(call, "all"))
        set_text(&ch->wish.against, NULL);
    if (asked > 0 && !call_option(call, "row"))
        clear_rows(&ch->wish);
    if (diff || class)
        set_text(&ch->wish.class, diff ? diff : class);
    if (diff)
        set_text(&ch->wish.less_class, call_word(call, 0));
    return read_row(ch, err) && read_cell(ch, err);
}

static bool read_runs(struct change *ch, struct error *err)
{
    const char *run = call_option(ch->call, "run");
    const char *against = call_option(ch->call, "against");
    static const enum part parts[] = {PART_TEST, PART_VALID, PART_TRAIN, PART_NONE};
    int on = call_choice(ch->call, "on", -1);

    if ((run && !attending_run(&ch->app->context, run, err))
        || (against && !attending_run(&ch->app->context, against, err)))
        return false;
    if (run)
        set_text(&ch->wish.run, run);
    if (against)
        set_text(&ch->wish.against, against);
    if (on >= 0)
        ch->wish.part = parts[on];
    return true;
}

static bool read_masking(struct change *ch, struct error *err)
{
    int masked = call_choice(ch->call, "masked", -1);
    const struct run *r;

    if (masked >= 0)
        ch->wish.masking = masked == 2 ? !ch->wish.masking : masked;
    if (masked < 0 || !ch->wish.masking)
        return true;
    r = attending_run(&ch->app->context, ch->wish.run, err);
    return r && run_predicts(r, err);
}

/* ---- how it is drawn ---- */

/* The step above `now`; behind the last one nothing is hidden. */
static double next_threshold(double now, bool difference)
{
    static const double shares[] = {0.5, 1, 2, 4, 0};
    static const double differences[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 0};
    const double *step = difference ? differences : shares;

    while (*step > 0 && *step <= now)
        step++;
    return *step;
}

static bool read_threshold(const char *word, double *out, struct error *err)
{
    char *end;
    double x = strtod(word, &end);

    if (end == word || *end || !(x >= 0 && x <= THRESHOLD_MOST))
        return error_set(err, ERROR_USAGE, "--threshold takes next or a number from 0 to "
                         "%d: how many times 1 / columns", THRESHOLD_MOST);
    *out = x;
    return true;
}

/* difference: it is one that is drawn */
static bool change_drawing(struct app *app, const struct call *call, bool difference,
                           struct error *err)
{
    struct attention_desk *d = &app->desk.attention;
    const char *threshold = call_option(call, "threshold");
    int numbers = call_choice(call, "numbers", -1);

    if (threshold && strcmp(threshold, "next") == 0)
        d->threshold = next_threshold(d->threshold, difference);
    else if (threshold && !read_threshold(threshold, &d->threshold, err))
        return false;
    if (numbers >= 0)
        d->plain = numbers == 2 ? !d->plain : !numbers;
    return true;
}

bool do_map(struct app *app, const struct call *call, struct error *err)
{
    struct attending *a = attending_of(&app->context);
    struct change ch = {.app = app, .call = call, .found = a->found};
    bool ok;

    attention_wish_copy(&ch.wish, &a->wish);
    ok = read_layer(&ch, err) && read_head(&ch, err) && read_rows(&ch, err)
        && read_runs(&ch, err) && read_masking(&ch, err)
        && change_drawing(app, call, a->found && a->found->less.rows > 0, err);
    if (ok) {
        struct attention_wish before = a->wish;

        a->wish = ch.wish;
        ch.wish = before;
        attending_forget_why(a);
        app->desk.popup = POPUP_NONE;
        app_go_to(app, VIEW_ATTENTION);
    }
    attention_wish_done(&ch.wish);
    return ok;
}
