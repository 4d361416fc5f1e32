/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The study that was begun last: how the models of a benchmark stand, and its trials. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/option.h"
#include "command/standings.h"
#include "command/studying.h"
#include "ui/pane.h"
#include "ui/pane_data.h"
#include "ui/prose.h"

enum {
    MARK = 2,       /* the cursor and a blank */
    GROUND = 30,    /* table and labels, at most */
    NARROW = 12,    /* a cell with the mean, and splits where some are missing */
    WIDE = 22,      /* and with the deviation, below the longest name */
    NUMBER = 9,
    SHORT = 7,      /* a column of split, round or epochs */
    MODEL = 14,     /* the name of one that a trial has, where it is not made shorter */
};

static bool draw_empty(const struct view *v, struct surface *s)
{
    if (v->session->study)
        return false;
    prose_draw(s, 0, 0, s->width, ROLE_DIM,
               "Here the trials of a search or a benchmark stand. `search` draws settings "
               "at random and keeps the best run; `benchmark` holds several models "
               "against each other on the same rows.");
    return true;
}

/* ---- standings ---- */

static size_t count_standings(const struct view *v)
{
    const struct study *s = v->session->study;
    struct standings t;
    size_t n;

    if (!s || s->kind != STUDY_BENCHMARK)
        return 0;
    t = standings_make(s);
    n = t.n / (size_t)s->n_models;
    standings_done(&t);
    return n;
}

static void title_standings(const struct view *v, struct str *out)
{
    const struct study *s = v->session->study;

    if (!s || s->kind != STUDY_BENCHMARK) {
        str_puts(out, "benchmark");
        return;
    }
    str_printf(out, "%s: test %s, mean and deviation; * best, < worse (p < 0.05)",
               s->name, standings_metric(s, 0)->title);
}

/* "tt-rtd" of "tabtransformer-rtd" where that has no room. */
static const char *short_model(const char *model, int room, char out[32])
{
    static const char long_one[] = "tabtransformer";
    bool is_long = str_starts(model, long_one) && surface_width(model) > room;

    snprintf(out, 32, "%s%s", is_long ? "tt" : "",
             is_long ? model + strlen(long_one) : model);
    return out;
}

/* Where the standings stand. */
struct columns {
    int ground;      /* width of table and labels */
    int cell;        /* of a model */
    int left, right; /* the models that are shown: [left, right) */
};

static int ground_width(const struct study *s, const struct standings *t)
{
    int width = 0;

    for (size_t i = 0; i < t->n; i += (size_t)s->n_models) {
        struct str ground = {0};
        int own;

        standing_ground(s, &t->list[i], &ground);
        own = surface_width(str_text(&ground)) + 1;
        width = own > width ? own : width;
        str_done(&ground);
    }
    return width < GROUND ? width : GROUND;
}

/* As wide as lets all models be seen, with their deviations if they have room. The last
 * one stays at the right edge where they are moved further. */
static struct columns columns_of(const struct study *s, const struct standings *t,
                                 int width, size_t left)
{
    struct columns c = {.ground = ground_width(s, t)};
    int room = width - MARK - c.ground, most;

    c.cell = room / s->n_models;
    c.cell = c.cell < NARROW ? NARROW : c.cell > WIDE ? WIDE : c.cell;
    most = room / c.cell > 1 ? room / c.cell : 1;
    c.left = left < (size_t)s->n_models ? (int)left : s->n_models - 1;
    if (c.left > s->n_models - most)
        c.left = s->n_models > most ? s->n_models - most : 0;
    c.right = c.left + most < s->n_models ? c.left + most : s->n_models;
    return c;
}

static int count_splits_of(const struct study *s, const struct standing *at)
{
    int n = 0;

    for (size_t i = 0; i < s->plan->n_trials; i++)
        if (s->plan->trials[i].fit.table == at->table && s->plan->trials[i].split >= n)
            n = s->plan->trials[i].split + 1;
    return n;
}

/* The value, "*" at the best, "<" at what is worse; splits where some are missing. */
static void draw_standing(struct surface *surface, int x, int y, int width,
                          const struct study *s, const struct standing *at)
{
    struct str text = {0}, more = {0};
    int splits = count_splits_of(s, at);

    if (isnan(at->mean)) {
        surface_text_right(surface, x, y, width - 2, ROLE_DIM, "-");
        return;
    }
    str_printf(&text, "%.4f", at->mean);
    if (at->table >= 0 && at->splits < splits)
        str_printf(&more, " %d/%d", at->splits, splits);
    else if (!isnan(at->deviation))
        str_printf(&more, " %.4f", at->deviation);
    if (text.length + more.length <= (size_t)width - 2)
        str_puts(&text, str_text(&more));
    surface_text_right(surface, x, y, width - 2, at->best ? ROLE_GOOD : ROLE_TEXT,
                       text.text);
    if (at->best || standing_is_worse(at))
        surface_put(surface, x + width - 2, y, at->best ? '*' : '<',
                    at->best ? ROLE_GOOD : ROLE_DIM);
    str_done(&more);
    str_done(&text);
}

static void draw_line(struct surface *surface, int y, const struct study *s,
                      const struct standing *line, const struct columns *c)
{
    struct str ground = {0};

    standing_ground(s, line, &ground);
    surface_text(surface, MARK, y, c->ground - 1,
                 line->table < 0 ? ROLE_STRONG : ROLE_TEXT, str_text(&ground));
    str_done(&ground);
    for (int m = c->left; m < c->right; m++)
        draw_standing(surface, MARK + c->ground + (m - c->left) * c->cell, y, c->cell, s,
                      &line[m]);
}

/* Models, and at the edges whether there are more. */
static void draw_models(struct surface *surface, const struct study *s,
                        const struct columns *c)
{
    char name[32];

    for (int m = c->left; m < c->right; m++)
        surface_text_right(surface, MARK + c->ground + (m - c->left) * c->cell, 0,
                           c->cell - 2, ROLE_DIM,
                           short_model(s->models[m], c->cell - 2, name));
    if (c->left > 0)
        surface_text(surface, MARK, 0, c->ground, ROLE_DIM, "< more");
    if (c->right < s->n_models)
        surface_put(surface, surface->width - 1, 0, '>', ROLE_DIM);
}

static void draw_standings(const struct view *v, struct surface *surface, bool focused)
{
    struct list *list = &v->desk->lists[PANE_STANDINGS];
    const struct study *s = v->session->study;
    struct standings t;
    struct columns c;
    size_t lines;

    if (draw_empty(v, surface))
        return;
    if (s->kind != STUDY_BENCHMARK) {
        prose_draw(surface, 0, 0, surface->width, ROLE_DIM,
                   "This study is a search; its trials are below.");
        return;
    }
    t = standings_make(s);
    lines = t.n / (size_t)s->n_models;
    c = columns_of(s, &t, surface->width, v->desk->study.model);
    v->desk->study.model = (size_t)c.left;
    list_fit(list, surface->height > 1 ? (size_t)surface->height - 1 : 1, lines);
    draw_models(surface, s, &c);
    for (size_t i = list->top; i < lines && i < list->top + list->page; i++) {
        int y = 1 + (int)(i - list->top);

        draw_line(surface, y, s, t.list + i * (size_t)s->n_models, &c);
        if (i == list->cursor) {
            surface_put(surface, 0, y, '>', ROLE_TEXT);
            data_paint_cursor(surface, y, focused);
        }
    }
    standings_done(&t);
}

/* By one, within [0, most). */
static bool step_sideways(size_t *at, enum movement m, int most)
{
    if (m != MOVE_LEFT && m != MOVE_RIGHT)
        return false;
    if (m == MOVE_LEFT && *at > 0)
        --*at;
    if (m == MOVE_RIGHT && (int)*at + 1 < most)
        ++*at;
    return true;
}

/* To other models, where not all find room. */
static bool move_models(const struct view *v, enum movement m, long n)
{
    const struct study *s = v->session->study;

    (void)n;
    return step_sideways(&v->desk->study.model, m, s ? s->n_models : 0);
}

static void copy_standings(const struct view *v, struct str *out)
{
    const struct study *s = v->session->study;
    size_t line = v->desk->lists[PANE_STANDINGS].cursor * (size_t)(s ? s->n_models : 0);
    struct standings t;

    if (count_standings(v) == 0)
        return;
    t = standings_make(s);
    for (int m = 0; m < s->n_models && line + (size_t)m < t.n; m++) {
        if (m == 0)
            standing_ground(s, &t.list[line], out);
        str_printf(out, "\t%s %.4f", s->models[m], t.list[line + (size_t)m].mean);
    }
    standings_done(&t);
}

const struct pane_type pane_standings = {
    .name = "standings",
    .title = title_standings,
    .draw = draw_standings,
    .count = count_standings,
    .header = 1,
    .move = move_models,
    .copy = copy_standings,
};

/* ---- trials ---- */

/* Of a benchmark those of the table and labels under the cursor of the standings. */
static bool is_listed(const struct view *v, const struct study_trial *t)
{
    const struct study *s = v->session->study;
    size_t line = v->desk->lists[PANE_STANDINGS].cursor;

    if (s->kind != STUDY_BENCHMARK)
        return true;
    if (line >= (size_t)s->plan->n_tables * (size_t)s->n_labels)
        return true;
    return (size_t)t->fit.table == line / (size_t)s->n_labels
        && (size_t)t->labels == line % (size_t)s->n_labels;
}

/* Appends those of that state to n that are listed, the best first; returns how many there
 * are then. */
static size_t list_state(const struct view *v, enum trial_state state, size_t *list,
                         size_t n)
{
    const struct study *s = v->session->study;
    size_t *order = xcalloc(s->plan->n_trials + 1, sizeof *order);
    size_t found = study_order(s, state, order);

    for (size_t i = 0; i < found; i++)
        if (is_listed(v, &s->plan->trials[order[i]]))
            list[n++] = order[i];
    free(order);
    return n;
}

/* Those that go on, those that are paused, then what is done, and those that failed; others
 * wait. Returns how many; caller frees *out. */
static size_t list_trials(const struct view *v, size_t **out)
{
    const struct study *s = v->session->study;
    const struct study_plan *p = s->plan;
    size_t n = 0;

    *out = xcalloc(p->n_trials + 1, sizeof **out);
    for (int i = 0; i < s->n_lanes; i++)
        if (s->lanes[i].trial < p->n_trials && is_listed(v, &p->trials[s->lanes[i].trial])
            && s->results[s->lanes[i].trial].state != TRIAL_DONE)
            (*out)[n++] = s->lanes[i].trial;
    n = list_state(v, TRIAL_PAUSED, *out, n);
    n = list_state(v, TRIAL_DONE, *out, n);
    for (size_t i = 0; i < p->n_trials; i++)
        if (s->results[i].state == TRIAL_FAILED && is_listed(v, &p->trials[i]))
            (*out)[n++] = i;
    return n;
}

static size_t count_trials(const struct view *v)
{
    size_t *list, n;

    if (!v->session->study)
        return 0;
    n = list_trials(v, &list);
    free(list);
    return n;
}

static void title_trials(const struct view *v, struct str *out)
{
    const struct study *s = v->session->study;
    size_t done = s ? study_count(s, TRIAL_DONE) : 0;
    size_t failed = s ? study_count(s, TRIAL_FAILED) : 0;
    size_t paused = s ? study_count(s, TRIAL_PAUSED) : 0;
    size_t cut = s ? study_count_cut(s) : 0;

    str_puts(out, "trials");
    if (!s)
        return;
    str_printf(out, " of %s: %zu of %zu done", s->name, done, s->plan->n_trials);
    if (failed > 0)
        str_printf(out, ", %zu failed", failed);
    if (cut > 0)
        str_printf(out, ", %zu ended early", cut);
    if (paused > 0)
        str_printf(out, ", %zu paused", paused);
}

/* "lr" of "train.lr" */
static const char *short_name(const char *option)
{
    return strchr(option, '.') + 1;
}

static int drawn_width(const char *name)
{
    int width = surface_width(name);

    return width < NUMBER ? NUMBER : width;
}

/* The first that is shown: where all find room nothing is left out. */
static size_t first_drawn(const struct study *s, int room, size_t left)
{
    int width = -2;

    for (int i = 0; i < s->n_drawn; i++)
        width += drawn_width(short_name(s->drawn[i])) + 2;
    return width <= room ? 0 : left;
}

/* What a search has drawn, a column each from number `left` on; t NULL: their names. */
static void draw_drawn(struct surface *surface, int x, int y, const struct study *s,
                       const struct study_trial *t, size_t left)
{
    struct settings settings = t ? fit_settings(&t->fit) : settings_defaults();

    for (size_t i = left; i < (size_t)s->n_drawn; i++) {
        const char *name = short_name(s->drawn[i]);
        int width = drawn_width(name);
        struct str text = {0};

        if (t)
            option_print(option_find(s->drawn[i], NULL), &settings, &text);
        else
            str_puts(&text, name);
        surface_text_right(surface, x, y, width, t ? ROLE_TEXT : ROLE_DIM,
                           str_text(&text));
        str_done(&text);
        x += width + 2;
    }
}

static const struct metric_field *metric_of(const struct study *s, size_t trial)
{
    return metric_rising(study_task(s->plan, &s->plan->trials[trial]));
}

static const struct study_lane *lane_of(const struct study *s, size_t trial)
{
    for (int i = 0; i < s->n_lanes; i++)
        if (s->lanes[i].trial == trial)
            return &s->lanes[i];
    return NULL;
}

/* Where what is told of a trial stands; 0: not at all. */
struct places {
    int model;                    /* width of its name */
    int split, round;             /* ends of columns */
    int numbers;                  /* where they begin */
    int settings;                 /* likewise */
};

/* A search has rounds only, which are its trials. */
static struct places places_of(const struct study *s, const size_t *list, size_t n)
{
    struct places p = {.numbers = MARK};

    for (size_t i = 0; s->kind == STUDY_BENCHMARK && i < n; i++) {
        char name[32];
        int own = surface_width(short_model(s->models[s->plan->trials[list[i]].model],
                                            MODEL, name));

        p.model = own > p.model ? own : p.model;
    }
    if (s->kind == STUDY_BENCHMARK) {
        p.model = p.model > (int)strlen("model") ? p.model : (int)strlen("model");
        p.numbers = p.split = MARK + p.model + SHORT;
    }
    if (s->kind == STUDY_SEARCH || study_has_rounds(s))
        p.numbers = p.round = p.numbers + SHORT;
    p.settings = p.numbers + 4 * NUMBER + 1;
    return p;
}

static void draw_titles(struct surface *surface, const struct study *s,
                        const struct places *p)
{
    int x = p->numbers;

    if (p->model > 0)
        surface_text(surface, MARK, 0, p->model, ROLE_DIM, "model");
    if (p->split > 0)
        surface_text_right(surface, p->split - SHORT, 0, SHORT, ROLE_DIM, "split");
    if (p->round > 0)
        surface_text_right(surface, p->round - SHORT, 0, SHORT, ROLE_DIM,
                           s->kind == STUDY_SEARCH ? "trial" : "round");
    surface_text_right(surface, x, 0, NUMBER, ROLE_DIM, "valid");
    surface_text_right(surface, x + NUMBER, 0, NUMBER, ROLE_DIM, "test");
    surface_text_right(surface, x + 2 * NUMBER, 0, NUMBER - 1, ROLE_DIM, "epochs");
    surface_text_right(surface, x + 3 * NUMBER - 1, 0, NUMBER, ROLE_DIM, "seconds");
}

/* On the validation rows, of one that goes on or is paused so far; NAN: none yet. */
static double valid_of(const struct study *s, size_t trial)
{
    const struct study_result *r = &s->results[trial];
    const struct study_lane *l = lane_of(s, trial);

    if (r->state == TRIAL_DONE)
        return metric_value(&r->valid, metric_of(s, trial));
    return r->state == TRIAL_PAUSED ? r->score : l ? l->score : NAN;
}

static double test_of(const struct study *s, size_t trial)
{
    const struct study_result *r = &s->results[trial];

    return r->state == TRIAL_DONE ? metric_value(&r->test, metric_of(s, trial)) : NAN;
}

static void draw_numbers(struct surface *surface, int x, int y, const struct study *s,
                         size_t trial)
{
    const struct study_result *r = &s->results[trial];
    const struct study_lane *l = lane_of(s, trial);
    bool known = r->state == TRIAL_DONE || r->state == TRIAL_PAUSED;
    int epoch = known ? r->epochs : l ? l->epoch : 0;
    enum role role = r->cut ? ROLE_DIM : ROLE_TEXT;
    char valid[32], test[32], epochs[32], seconds[32];

    value_text(valid_of(s, trial), 4, valid);
    value_text(test_of(s, trial), 4, test);
    snprintf(epochs, sizeof epochs, "%d", epoch);
    value_text(known ? r->seconds : NAN, 1, seconds);
    surface_text_right(surface, x, y, NUMBER, role, valid);
    surface_text_right(surface, x + NUMBER, y, NUMBER, role, test);
    surface_text_right(surface, x + 2 * NUMBER, y, NUMBER - 1, role, epochs);
    surface_text_right(surface, x + 3 * NUMBER - 1, y, NUMBER, ROLE_DIM, seconds);
}

static void draw_count(struct surface *surface, int end, int y, enum role role, int count)
{
    char text[32];

    snprintf(text, sizeof text, "%d", count);
    surface_text_right(surface, end - SHORT, y, SHORT, role, text);
}

static void draw_name(struct surface *surface, int y, const struct study *s,
                      size_t trial, const struct places *p)
{
    const struct study_trial *t = &s->plan->trials[trial];
    const struct study_result *r = &s->results[trial];
    enum role role = r->state == TRIAL_FAILED ? ROLE_ERROR
                     : r->state == TRIAL_WAITING || r->state == TRIAL_RUNNING ? ROLE_GOOD
                     : r->cut ? ROLE_DIM : ROLE_TEXT;
    char name[32];

    if (p->model > 0)
        surface_text(surface, MARK, y, p->model, role,
                     short_model(s->models[t->model], MODEL, name));
    if (p->split > 0)
        draw_count(surface, p->split, y, role, t->split + 1);
    if (p->round > 0)
        draw_count(surface, p->round, y, role, t->round);
}

/* Of "model.kind mlp, train.lr 0.003, ..." from number `left` on; all trials of a model
 * have its kind, which is left out. */
static const char *settings_from(const char *settings, size_t left)
{
    const char *comma;

    left += str_starts(settings, "model.kind ");
    for (; left > 0 && settings; left--)
        settings = (comma = strstr(settings, ", ")) ? comma + 2 : NULL;
    return settings ? settings : "";
}

static void draw_trial(struct surface *surface, int y, const struct study *s,
                       size_t trial, const struct places *p, size_t left)
{
    const struct study_trial *t = &s->plan->trials[trial];
    const struct study_lane *l = lane_of(s, trial);

    draw_name(surface, y, s, trial, p);
    draw_numbers(surface, p->numbers, y, s, trial);
    if (s->results[trial].state == TRIAL_FAILED)
        surface_text(surface, p->settings, y, 0, ROLE_DIM, "failed; the log says why");
    else if (l && l->body)
        surface_text(surface, p->settings, y, 0, ROLE_DIM, "its body is pre-trained");
    else if (s->kind == STUDY_SEARCH)
        draw_drawn(surface, p->settings, y, s, t, left);
    else
        surface_text(surface, p->settings, y, 0, ROLE_DIM,
                     settings_from(t->settings, left));
}

static void draw_trials(const struct view *v, struct surface *surface, bool focused)
{
    struct list *l = &v->desk->lists[PANE_TRIALS];
    const struct study *s = v->session->study;
    size_t *list, n, left = v->desk->study.setting;
    struct places p;

    if (draw_empty(v, surface))
        return;
    n = list_trials(v, &list);
    p = places_of(s, list, n);
    list_fit(l, surface->height > 1 ? (size_t)surface->height - 1 : 1, n);
    draw_titles(surface, s, &p);
    if (s->kind == STUDY_SEARCH)
        left = first_drawn(s, surface->width - p.settings, left);
    if (left > 0)
        surface_text(surface, p.settings - 1, 0, 1, ROLE_DIM, "<");
    if (s->kind == STUDY_SEARCH)
        draw_drawn(surface, p.settings, 0, s, NULL, left);
    else
        surface_text(surface, p.settings, 0, 0, ROLE_DIM, "settings");
    for (size_t i = l->top; i < n && i < l->top + l->page; i++) {
        int y = 1 + (int)(i - l->top);

        draw_trial(surface, y, s, list[i], &p, left);
        if (i == l->cursor) {
            surface_put(surface, 0, y, '>', ROLE_TEXT);
            data_paint_cursor(surface, y, focused);
        }
    }
    free(list);
}

static int count_settings(const char *settings)
{
    int n = 1;

    while ((settings = strstr(settings, ", "))) {
        settings += 2;
        n++;
    }
    return n;
}

/* To other settings, where not all find room. */
static bool move_settings(const struct view *v, enum movement m, long n)
{
    const struct study *s = v->session->study;
    int most = s ? s->n_drawn : 0;

    (void)n;
    for (size_t i = 0; s && s->kind == STUDY_BENCHMARK && i < s->plan->n_trials; i++) {
        int own = count_settings(s->plan->trials[i].settings);

        most = own > most ? own : most;
    }
    return step_sideways(&v->desk->study.setting, m, most);
}

static bool trial_holds(const struct view *v, size_t i, const char *text)
{
    const struct study *s = v->session->study;
    struct str line = {0};
    size_t *list, n = list_trials(v, &list);
    bool holds;

    if (i < n)
        str_printf(&line, "%s %s", s->plan->trials[list[i]].key,
                   s->plan->trials[list[i]].settings);
    holds = data_cell_holds((struct cell){str_text(&line), (uint32_t)line.length}, text);
    str_done(&line);
    free(list);
    return holds;
}

static void copy_trial(const struct view *v, struct str *out)
{
    const struct study *s = v->session->study;
    size_t at = v->desk->lists[PANE_TRIALS].cursor, *list, n;
    char valid[32], test[32];

    if (!s)
        return;
    n = list_trials(v, &list);
    if (at < n) {
        value_text(valid_of(s, list[at]), 6, valid);
        value_text(test_of(s, list[at]), 6, test);
        str_printf(out, "%s\t%s\t%s\t%s", s->plan->trials[list[at]].key, valid, test,
                   s->plan->trials[list[at]].settings);
    }
    free(list);
}

const struct pane_type pane_trials = {
    .name = "trials",
    .title = title_trials,
    .draw = draw_trials,
    .count = count_trials,
    .header = 1,
    .holds = trial_holds,
    .move = move_settings,
    .copy = copy_trial,
    .ranged = true,
};
