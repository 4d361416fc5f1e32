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
    GROUND = 22,    /* table and labels */
    NARROW = 10,    /* a cell with the mean alone */
    WIDE = 17,      /* and with the deviation */
    NUMBER = 9,
    TRIAL = 40,     /* the name of one, at most */
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
    str_printf(out, "%s: test %s, mean and deviation; * best, < worse (p < 0.05)", s->name,
               standings_metric(s, 0)->title);
}

/* "tt-rtd" of "tabtransformer-rtd", so that it finds room above a column. */
static const char *brief_name(const char *model, char out[32])
{
    static const char long_one[] = "tabtransformer-";
    bool is_long = str_starts(model, long_one);

    snprintf(out, 32, "%s%s", is_long ? "tt-" : "",
             is_long ? model + strlen(long_one) : model);
    return out;
}

/* Where all models find room with their deviations, they have these. */
static int cell_width(const struct surface *s, int models)
{
    return MARK + GROUND + models * WIDE <= s->width ? WIDE : NARROW;
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
    struct str text = {0};
    int splits = count_splits_of(s, at);

    if (isnan(at->mean)) {
        surface_text_right(surface, x, y, width - 2, ROLE_DIM, "-");
        return;
    }
    str_printf(&text, "%.4f", at->mean);
    if (at->splits < splits)
        str_printf(&text, " %d/%d", at->splits, splits);
    else if (width == WIDE && !isnan(at->deviation))
        str_printf(&text, " %.4f", at->deviation);
    surface_text_right(surface, x, y, width - 2, at->best ? ROLE_GOOD : ROLE_TEXT,
                       text.text);
    if (at->best || standing_is_worse(at))
        surface_put(surface, x + width - 2, y, at->best ? '*' : '<',
                    at->best ? ROLE_GOOD : ROLE_DIM);
    str_done(&text);
}

static void draw_line(struct surface *surface, int y, const struct study *s,
                      const struct standing *line, size_t left, int width)
{
    struct str ground = {0};

    standing_ground(s, line, &ground);
    surface_text(surface, MARK, y, GROUND - 1,
                 line->table < 0 ? ROLE_STRONG : ROLE_TEXT, str_text(&ground));
    str_done(&ground);
    for (int m = (int)left, x = MARK + GROUND; m < s->n_models; m++, x += width)
        draw_standing(surface, x, y, width, s, &line[m]);
}

static void draw_standings(const struct view *v, struct surface *surface, bool focused)
{
    struct list *list = &v->desk->lists[PANE_STANDINGS];
    const struct study *s = v->session->study;
    struct standings t;
    size_t lines, left;
    char name[32];
    int width;

    if (draw_empty(v, surface))
        return;
    if (s->kind != STUDY_BENCHMARK) {
        prose_draw(surface, 0, 0, surface->width, ROLE_DIM,
                   "This study is a search; its trials are below.");
        return;
    }
    t = standings_make(s);
    lines = t.n / (size_t)s->n_models;
    width = cell_width(surface, s->n_models);
    left = v->desk->study.left < (size_t)s->n_models ? v->desk->study.left : 0;
    list_fit(list, surface->height > 1 ? (size_t)surface->height - 1 : 1, lines);
    for (int m = (int)left, x = MARK + GROUND; m < s->n_models; m++, x += width)
        surface_text_right(surface, x, 0, width - 2, ROLE_DIM,
                           brief_name(s->models[m], name));
    for (size_t i = list->top; i < lines && i < list->top + list->page; i++) {
        int y = 1 + (int)(i - list->top);

        draw_line(surface, y, s, t.list + i * (size_t)s->n_models, left, width);
        if (i == list->cursor) {
            surface_put(surface, 0, y, '>', ROLE_TEXT);
            data_paint_cursor(surface, y, focused);
        }
    }
    standings_done(&t);
}

/* To other models or settings, where not all find room. */
static bool move_sideways(const struct view *v, enum movement m, long n)
{
    const struct study *s = v->session->study;
    int most = !s ? 0 : s->kind == STUDY_SEARCH ? s->n_drawn : s->n_models;
    size_t *left = &v->desk->study.left;

    (void)n;
    if (m != MOVE_LEFT && m != MOVE_RIGHT)
        return false;
    if (m == MOVE_LEFT && *left > 0)
        --*left;
    if (m == MOVE_RIGHT && (int)*left + 1 < most)
        ++*left;
    return true;
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
    .move = move_sideways,
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

/* Those that go on, then the best first, then those that failed; others wait. Returns how
 * many; caller frees *out. */
static size_t list_trials(const struct view *v, size_t **out)
{
    const struct study *s = v->session->study;
    const struct study_plan *p = s->plan;
    size_t *order = xcalloc(p->n_trials + 1, sizeof *order), done, n = 0;

    *out = xcalloc(p->n_trials + 1, sizeof **out);
    for (int i = 0; i < s->n_lanes; i++)
        if (s->lanes[i].trial < p->n_trials && is_listed(v, &p->trials[s->lanes[i].trial])
            && s->results[s->lanes[i].trial].state != TRIAL_DONE)
            (*out)[n++] = s->lanes[i].trial;
    done = study_order(s, order);
    for (size_t i = 0; i < done; i++)
        if (is_listed(v, &p->trials[order[i]]))
            (*out)[n++] = order[i];
    for (size_t i = 0; i < p->n_trials; i++)
        if (s->results[i].state == TRIAL_FAILED && is_listed(v, &p->trials[i]))
            (*out)[n++] = i;
    free(order);
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

    str_puts(out, "trials");
    if (!s)
        return;
    str_printf(out, " of %s: %zu of %zu done", s->name, done, s->plan->n_trials);
    if (failed > 0)
        str_printf(out, ", %zu failed", failed);
}

/* "lr" of "train.lr" */
static const char *short_name(const char *option)
{
    return strchr(option, '.') + 1;
}

/* What a search has drawn, a column each from number `left` on; t NULL: their names. */
static void draw_drawn(struct surface *surface, int x, int y, const struct study *s,
                       const struct study_trial *t, size_t left)
{
    struct settings settings = t ? fit_settings(&t->fit) : settings_defaults();

    for (size_t i = left; i < (size_t)s->n_drawn; i++) {
        const char *name = short_name(s->drawn[i]);
        int width = surface_width(name) < NUMBER ? NUMBER : surface_width(name);
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

/* Of a search "7", of a benchmark "mlp-er, split 2, round 7". */
static void put_name(const struct study *s, const struct study_trial *t, struct str *out)
{
    char name[32];

    if (s->kind == STUDY_SEARCH)
        str_printf(out, "%d", t->round);
    else
        str_printf(out, "%s, split %d, round %d", brief_name(s->models[t->model], name),
                   t->split + 1, t->round);
}

static const struct study_lane *lane_of(const struct study *s, size_t trial)
{
    for (int i = 0; i < s->n_lanes; i++)
        if (s->lanes[i].trial == trial)
            return &s->lanes[i];
    return NULL;
}

static void draw_numbers(struct surface *surface, int x, int y, const struct study *s,
                         size_t trial)
{
    const struct study_result *r = &s->results[trial];
    const struct study_lane *l = lane_of(s, trial);
    const struct metric_field *f = metric_rising(study_task(s->plan,
                                                            &s->plan->trials[trial]));
    bool done = r->state == TRIAL_DONE;
    char valid[32], test[32], epochs[32], seconds[32];

    value_text(done ? metric_value(&r->valid, f) : l ? l->score : NAN, 4, valid);
    value_text(done ? metric_value(&r->test, f) : NAN, 4, test);
    snprintf(epochs, sizeof epochs, "%d", done ? r->epochs : l ? l->epoch : 0);
    value_text(done ? r->seconds : NAN, 1, seconds);
    surface_text_right(surface, x, y, NUMBER - 1, ROLE_TEXT, valid);
    surface_text_right(surface, x + NUMBER, y, NUMBER - 1, ROLE_TEXT, test);
    surface_text_right(surface, x + 2 * NUMBER, y, NUMBER - 2, ROLE_TEXT, epochs);
    surface_text_right(surface, x + 3 * NUMBER - 1, y, NUMBER - 1, ROLE_DIM, seconds);
}

static void draw_trial(struct surface *surface, int y, const struct study *s,
                       size_t trial, int key, size_t left)
{
    const struct study_trial *t = &s->plan->trials[trial];
    const struct study_lane *l = lane_of(s, trial);
    enum trial_state state = s->results[trial].state;
    int x = MARK + key + 1, beside = x + 4 * NUMBER;
    struct str name = {0};

    put_name(s, t, &name);
    surface_text(surface, MARK, y, key,
                 state == TRIAL_FAILED ? ROLE_ERROR
                 : state == TRIAL_DONE ? ROLE_TEXT : ROLE_GOOD, str_text(&name));
    str_done(&name);
    draw_numbers(surface, x, y, s, trial);
    if (state == TRIAL_FAILED)
        surface_text(surface, beside, y, 0, ROLE_DIM, "failed; the log says why");
    else if (l && l->body)
        surface_text(surface, beside, y, 0, ROLE_DIM, "its body is pre-trained");
    else if (s->kind == STUDY_SEARCH)
        draw_drawn(surface, beside, y, s, t, left);
    else
        surface_text(surface, beside, y, 0, ROLE_DIM, t->settings);
}

/* The widest of the names, within what may be. */
static int name_width(const struct study *s, const size_t *list, size_t n)
{
    int width = (int)strlen("trial");

    for (size_t i = 0; i < n; i++) {
        struct str name = {0};
        int own;

        put_name(s, &s->plan->trials[list[i]], &name);
        own = surface_width(str_text(&name));
        width = own > width ? own : width;
        str_done(&name);
    }
    return width < TRIAL ? width : TRIAL;
}

static void draw_trials(const struct view *v, struct surface *surface, bool focused)
{
    struct list *l = &v->desk->lists[PANE_TRIALS];
    const struct study *s = v->session->study;
    size_t *list, n, left = v->desk->study.left;
    int key, x;

    if (draw_empty(v, surface))
        return;
    n = list_trials(v, &list);
    key = name_width(s, list, n);
    x = MARK + key + 1;
    list_fit(l, surface->height > 1 ? (size_t)surface->height - 1 : 1, n);
    surface_text(surface, MARK, 0, key, ROLE_DIM, "trial");
    surface_text_right(surface, x, 0, NUMBER - 1, ROLE_DIM, "valid");
    surface_text_right(surface, x + NUMBER, 0, NUMBER - 1, ROLE_DIM, "test");
    surface_text_right(surface, x + 2 * NUMBER, 0, NUMBER - 2, ROLE_DIM, "epochs");
    surface_text_right(surface, x + 3 * NUMBER - 1, 0, NUMBER - 1, ROLE_DIM, "seconds");
    if (s->kind == STUDY_SEARCH)
        draw_drawn(surface, x + 4 * NUMBER, 0, s, NULL, left);
    else
        surface_text(surface, x + 4 * NUMBER, 0, 0, ROLE_DIM, "settings");
    for (size_t i = l->top; i < n && i < l->top + l->page; i++) {
        int y = 1 + (int)(i - l->top);

        draw_trial(surface, y, s, list[i], key, left);
        if (i == l->cursor) {
            surface_put(surface, 0, y, '>', ROLE_TEXT);
            data_paint_cursor(surface, y, focused);
        }
    }
    free(list);
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

    if (!s)
        return;
    n = list_trials(v, &list);
    if (at < n) {
        const struct study_trial *t = &s->plan->trials[list[at]];
        const struct metric_field *f = metric_rising(study_task(s->plan, t));

        str_printf(out, "%s\t%.6f\t%.6f\t%s", t->key,
                   metric_value(&s->results[list[at]].valid, f),
                   metric_value(&s->results[list[at]].test, f), t->settings);
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
    .move = move_sideways,
    .copy = copy_trial,
    .ranged = true,
};
