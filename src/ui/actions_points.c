/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `points`: which layout of embeddings is shown, and how; another layer, perplexity or
 * seed is laid out anew from where the values lie. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "command/mapping.h"
#include "command/parse.h"
#include "ui/app_private.h"
#include "ui/pane_points.h"

/* ---- how it is drawn ---- */

static void change_flag(const struct call *call, const char *option, bool *flag,
                        bool inverted)
{
    int choice = call_choice(call, option, -1);

    if (choice >= 0)
        *flag = choice == 2 ? !*flag : (choice == 1) != inverted;
}

static void change_colour(const struct view *v, const struct call *call,
                          const struct scatter *s, struct embedding_desk *d)
{
    int choice = call_choice(call, "colour", -1);
    char *target = s ? points_target_name(v, s) : NULL;

    if (choice == COLOURS) {
        choice = (d->colour + 1) % COLOURS;
        if (choice == COLOUR_TARGET && s && !target)
            choice = COLOUR_ROWS;
    }
    if (choice >= 0)
        d->colour = (enum points_colour)choice;
    free(target);
}

/* The one behind the present one; behind the last none. */
static const char *next_class(const struct view *v, const struct scatter *s)
{
    const struct encoder *e = s->encoder;
    int now = v->desk->embedding.class ? points_class(v, s) : -1;

    return now + 1 < e->n_classes ? e->classes[now + 1] : NULL;
}

static bool is_class(const struct encoder *e, const char *text)
{
    for (int k = 0; k < e->n_classes; k++)
        if (strcmp(e->classes[k], text) == 0)
            return true;
    return false;
}

/* A class whose share is meant, which then is to be seen. */
static bool change_class(const struct view *v, const struct call *call,
                         const struct scatter *s, struct embedding_desk *d,
                         struct error *err)
{
    const char *class = call_option(call, "class");
    char *shown;

    if (!class)
        return true;
    if (!s || !s->class_rows)
        return error_set(err, ERROR_STATE, "no classes are known of what is laid out");
    if (!is_class(s->encoder, class) && strcmp(class, "next") == 0) {
        class = next_class(v, s);
    } else if (!is_class(s->encoder, class)) {
        shown = show(class, 40);
        error_set(err, ERROR_INPUT, "%s has no class \"%s\"; `points --class next` goes "
                  "through them", s->encoder->target, shown);
        free(shown);
        return false;
    }
    free(d->class);
    d->class = class ? xstrdup(class) : NULL;
    d->colour = COLOUR_TARGET;
    return true;
}

static int column_of(const struct scatter *s, const char *name)
{
    int c = 0;

    while (c < s->encoder->n_categorical
           && strcmp(s->encoder->categorical[c].name, name) != 0)
        c++;
    return c;
}

static bool toggle_column(struct embedding_desk *d, const struct scatter *s,
                          const char *name, struct error *err)
{
    int column = s ? column_of(s, name) : 0;

    if (!s || column == s->encoder->n_categorical)
        return error_set(err, ERROR_INPUT, "no column \"%s\" is laid out", name);
    if (d->n_hidden < s->encoder->n_categorical) {
        d->hidden = xrealloc(d->hidden, (size_t)s->encoder->n_categorical
                                            * sizeof *d->hidden);
        for (; d->n_hidden < s->encoder->n_categorical; d->n_hidden++)
            d->hidden[d->n_hidden] = false;
    }
    d->hidden[column] = !d->hidden[column];
    return true;
}

static bool change_drawing(struct app *app, const struct call *call,
                           const struct scatter *s, struct error *err)
{
    struct embedding_desk *d = &app->desk.embedding;
    const char *hide = call_option(call, "hide");

    struct view v = app_view(app);

    if ((hide && !toggle_column(d, s, hide, err)) || !change_class(&v, call, s, d, err))
        return false;
    if (call_option(call, "all"))
        d->n_hidden = 0;
    change_colour(&v, call, s, d);
    change_flag(call, "cells", &d->cells, false);
    change_flag(call, "names", &d->bare, true);
    change_flag(call, "beside", &d->beside, false);
    if (!d->beside && app->desk.focus[VIEW_EMBEDDING] == PANE_BESIDE)
        app->desk.focus[VIEW_EMBEDDING] = PANE_POINTS;
    return true;
}

/* ---- laid out anew ---- */

/* What `tsne` is asked for, as the layout that is shown was. */
struct again {
    int layer;
    double perplexity;
    uint64_t seed;
    bool random;
};

/* now: the layer that is shown or, where one asks faster than it can be shown, the one
 * that was asked for last. */
static bool read_layer(const struct call *call, const struct scatter *s, int now,
                       int *layer, struct error *err)
{
    const char *word = call_option(call, "layer");
    long n;

    if (!word)
        return true;
    if (strcmp(word, "next") == 0)
        n = now < s->layers ? now + 1 : s->layers;
    else if (strcmp(word, "previous") == 0)
        n = now > 0 ? now - 1 : 0;
    else if (!str_to_long(word, 0, s->layers, &n))
        return error_set(err, ERROR_USAGE, "--layer takes next, previous or a layer from "
                         "0 to %d", s->layers);
    *layer = (int)n;
    return true;
}

static void read_again(const struct call *call, const struct scatter *s, struct again *a)
{
    a->perplexity = call_number(call, "perplexity", s->perplexity);
    a->random = call_option(call, "seed") != NULL;
    a->seed = s->seed;
    if (a->random)
        a->seed = strcmp(call_option(call, "seed"), "next") == 0
            ? s->seed + 1 : strtoull(call_option(call, "seed"), NULL, 10);
}

static void put_line(struct str *out, const struct scatter *s, const struct again *a)
{
    static const char *const parts[PARTS] = {
        [PART_NONE] = "all", [PART_TRAIN] = "train", [PART_UNLABELED] = "train",
        [PART_VALID] = "valid", [PART_TEST] = "test"};

    str_puts(out, "tsne --run ");
    word_quote(out, s->run);
    if (s->against) {
        str_puts(out, " --against ");
        word_quote(out, s->against->run);
    }
    str_printf(out, " --layer %d --points %s --on %s", a->layer,
               s->points == EMBEDDING_CELLS ? "cells" : "values", parts[s->part]);
    if (s->most > 0)
        str_printf(out, " --rows %zu", s->most);
    str_printf(out, " --perplexity %g --seed %llu --start %s", a->perplexity,
               (unsigned long long)a->seed, a->random ? "random" : "present");
}

static bool lay_out_again(struct app *app, const struct call *call,
                          const struct scatter *s, struct error *err)
{
    const struct mapping *m = app->context.mapping;
    int now = m && m->coming >= 0 ? m->coming : s ? s->layer : 0;
    struct again a = {.layer = now};
    struct str line = {0};
    bool ok;

    if (!call_option(call, "layer") && !call_option(call, "perplexity")
        && !call_option(call, "seed"))
        return true;
    if (!s)
        return error_set(err, ERROR_STATE, "there is no layout yet; `tsne` makes one");
    if (!read_layer(call, s, now, &a.layer, err))
        return false;
    if (call_option(call, "layer") && a.layer == now)
        return error_set(err, ERROR_STATE, a.layer == 0
                         ? "layer 0 is what the first layer begins with"
                         : "layer %d is the last one", a.layer);
    read_again(call, s, &a);
    put_line(&line, s, &a);
    ok = command_run(&app->context, line.text, err);
    str_done(&line);
    return ok;
}

/* ---- two runs ---- */

enum { TURN_MS = 800 }; /* that points take from one run to the other */

bool points_move_on(struct embedding_desk *d)
{
    if (d->way < 1)
        d->way = fmin(1, (double)(clock_ms() - d->turned) / TURN_MS);
    return d->way < 1;
}

/* The cursor stays on its value. */
static void turn(struct app *app, const struct scatter *from, const struct scatter *to)
{
    struct embedding_desk *d = &app->desk.embedding;
    struct view v = app_view(app);
    uint32_t *same = xcalloc(from->n_values, sizeof *same);
    size_t at = points_cursor(&v, from);

    scatter_match(from, to, same);
    if (same[at] < to->n_values)
        app->desk.lists[PANE_POINTS].cursor = same[at];
    free(same);
    d->other = !d->other;
    d->way = 0;
    d->turned = clock_ms();
}

static bool change_run(struct app *app, const struct call *call, struct error *err)
{
    int choice = call_choice(call, "against", -1);
    struct view v = app_view(app);
    const struct scatter *made = points_made(&v), *shown = points_shown(&v);

    if (choice < 0)
        return true;
    if (!made || !made->against)
        return error_set(err, ERROR_STATE, "there is no layout of two runs; `tsne "
                         "--against R` makes one");
    if (choice == 2 || (choice == 1) != (shown != made))
        turn(app, shown, points_beside(&v));
    return true;
}

bool do_points(struct app *app, const struct call *call, struct error *err)
{
    struct view v = app_view(app);
    const char *run = call_option(call, "run");

    if (run && !mapping_find(&app->context, run))
        return error_set(err, ERROR_STATE, "there is no layout of %s yet; `tsne --run "
                         "%s` makes one", run, run);
    if (run || call_option(call, "newest")) {
        free(app->desk.embedding.run);
        app->desk.embedding.run = run ? xstrdup(run) : NULL;
    }
    if (!change_drawing(app, call, points_shown(&v), err) || !change_run(app, call, err)
        || !lay_out_again(app, call, points_made(&v), err))
        return false;
    app->desk.popup = POPUP_NONE;
    app_go_to(app, VIEW_EMBEDDING);
    return true;
}

/* The rows that have the value under the cursor, or are in the brush. */
bool points_enter(struct app *app, struct error *err)
{
    struct view v = app_view(app);
    struct str value = {0}, line = {0};
    bool ok;

    if (app->desk.embedding.brushing)
        return command_run(&app->context, "brush --rows", err);
    if (!points_put_value(&v, &value))
        return true;
    str_puts(&line, "rows ");
    word_quote(&line, value.text);
    ok = command_run(&app->context, line.text, err);
    str_done(&line);
    str_done(&value);
    return ok;
}
