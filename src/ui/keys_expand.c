/* SPDX-License-Identifier: GPL-3.0-or-later */
/* %words of a binding become what is under the cursor. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/option.h"
#include "command/parse.h"
#include "data/column.h"
#include "ui/keys.h"
#include "ui/keys_private.h"
#include "ui/pane_points.h"

const char keys_ask[] = "%ask{";

static bool refuse(struct error *err, const char *sentence)
{
    return error_set(err, ERROR_STATE, "%s", sentence);
}

/* ---- columns ---- */

static const char *name_of_column(const struct view *v, int i)
{
    return column_name(dataset_column(v->session->table->data, i));
}

static bool put_column(const struct view *v, struct str *out, struct error *err)
{
    int column = v->session->table ? view_column(v) : -1;

    if (v->desk->view == VIEW_EMBEDDING)
        return points_put_column(v, out)
            || refuse(err, "there is no column under the cursor");
    if (!v->session->table)
        return refuse(err, "there is no table yet; `load FILE` reads one");
    if (column < 0)
        return refuse(err, "there is no column under the cursor");
    word_quote(out, name_of_column(v, column));
    return true;
}

static bool put_columns(const struct view *v, struct str *out, struct error *err)
{
    const struct data_desk *d = &v->desk->data;
    int n = v->session->table ? dataset_columns(v->session->table->data) : 0, marked = 0;

    for (int i = 0; i < n && i < d->n_selected; i++) {
        if (!d->selected[i])
            continue;
        if (marked++ > 0)
            str_putc(out, ' ');
        word_quote(out, name_of_column(v, i));
    }
    return marked > 0 || put_column(v, out, err);
}

static bool put_value(const struct view *v, struct str *out, struct error *err)
{
    int column = v->session->table ? view_column(v) : -1;
    struct str word = {0};
    bool ok = column >= 0;

    if (v->desk->view == VIEW_EMBEDDING) {
        ok = points_put_value(v, &word);
    } else if (ok) {
        str_printf(&word, "%s=", name_of_column(v, column));
        ok = view_value(v, &word);
    }
    if (ok)
        word_quote(out, str_text(&word));
    str_done(&word);
    return ok || refuse(err, "there is no value under the cursor; `values` shows those "
                             "of a column");
}

/* ---- runs and jobs ---- */

static const struct run *run_here(const struct view *v)
{
    return v->desk->view == VIEW_RUNS ? view_listed_run(v) : view_run(v);
}

/* ending: behind the name, "" or the rest of the name of a file. */
static bool put_run(const struct view *v, const char *ending, struct str *out,
                    struct error *err)
{
    const struct run *r = run_here(v);
    char *name;

    if (!r)
        return refuse(err, "there is no run yet; `train` makes one");
    name = xasprintf("%s%s", r->name, ending);
    word_quote(out, name);
    free(name);
    return true;
}

static const struct view_job *find_job(const struct view *v, struct error *err)
{
    const struct run *r = run_here(v);

    if (v->desk->view == VIEW_EMBEDDING && points_job(v))
        return points_job(v);
    for (size_t i = 0; i < v->n_jobs && r; i++)
        if (v->jobs[i].run == r)
            return &v->jobs[i];
    if (v->n_jobs == 1)
        return &v->jobs[0];
    refuse(err, v->n_jobs == 0 ? "no job runs"
                               : "there are several jobs, none of them of this run; "
                                 "`jobs` lists them");
    return NULL;
}

static bool put_job(const struct view *v, struct str *out, struct error *err)
{
    const struct view_job *j = find_job(v, err);

    if (j)
        str_printf(out, "%d", j->number);
    return j != NULL;
}

static bool put_pause(const struct view *v, struct str *out, struct error *err)
{
    const struct view_job *j = find_job(v, err);

    if (j)
        str_printf(out, "%s %d", j->paused ? "resume" : "pause", j->number);
    return j != NULL;
}

/* ---- figures ---- */

enum { CURVE = 1, STEPS = 2 }; /* over epochs; with points between them */

/* What `plot` has for --smooth unless it is said. */
static const double usual_smooth = 0.6;

/* What `plot` draws of a pane, or of what stands beside it. */
static const struct {
    const char *name; /* NULL: nothing */
    int flags;
} figures[PANES] = {
    [PANE_LOSS] = {"loss", CURVE | STEPS},
    [PANE_SCORE] = {"score", CURVE},
    [PANE_FACTS] = {"loss", CURVE | STEPS},
    [PANE_ROC] = {"roc", 0},
    [PANE_CONFUSION] = {"confusion", 0},
    [PANE_CALIBRATION] = {"calibration", 0},
    [PANE_LEARNED] = {"learned", 0},
    [PANE_EXAMPLE] = {"learned", 0},
    [PANE_RUNS] = {"loss", CURVE | STEPS},
    [PANE_COMPARE] = {"score", CURVE},
    [PANE_CURVES] = {"score", CURVE},
};

/* As the curves are looked at; of the runs over them the first one. */
static void put_curve(const struct view *v, bool steps, struct str *out)
{
    const struct train_desk *t = &v->desk->train;
    const struct run *r = run_here(v);
    size_t i = 0;

    if (t->by_time)
        str_puts(out, " --x time");
    if (steps && t->log_y)
        str_puts(out, " --y log");
    if (steps && t->smooth != usual_smooth)
        str_printf(out, " --smooth %g", t->smooth);
    while (i < t->n_overlaid && (strcmp(t->overlaid[i], r->name) == 0
                                 || !session_find_run(v->session, t->overlaid[i])))
        i++;
    if (i < t->n_overlaid) {
        str_puts(out, " --beside ");
        word_quote(out, t->overlaid[i]);
    }
}

static bool put_study(const struct view *v, struct str *out, struct error *err)
{
    const struct study *s = v->session->study;

    if (!s)
        return refuse(err, "there is no search and no benchmark yet");
    str_puts(out, s->kind == STUDY_SEARCH ? "search" : "benchmark");
    return true;
}

static bool put_figure(const struct view *v, struct str *out, struct error *err)
{
    enum pane_id pane = v->desk->focus[v->desk->view];
    int flags = figures[pane].flags;

    if (v->desk->view == VIEW_STUDY)
        return put_study(v, out, err);
    if (!figures[pane].name)
        return refuse(err, "there is no figure of this pane");
    str_printf(out, "%s --run ", figures[pane].name);
    if (!put_run(v, "", out, err))
        return false;
    if (flags & CURVE)
        put_curve(v, flags & STEPS, out);
    return true;
}

/* ---- what goes round ---- */

static bool put_smooth(const struct view *v, struct str *out, struct error *err)
{
    static const double steps[] = {0.6, 0.9, 0.97};
    double next = 0;

    (void)err;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && next == 0; i++)
        if (steps[i] > v->desk->train.smooth)
            next = steps[i];
    str_json_number(out, next);
    return true;
}

/* The value of an option after the one it has, of those it can be chosen from. */
static bool put_next(const struct view *v, const char *name, struct str *out,
                     struct error *err)
{
    const struct option *o = option_find(name, err);
    struct str value = {0};
    char choice[64];
    int i;

    if (!o)
        return false;
    if (o->value.type != VALUE_CHOICE)
        return error_set(err, ERROR_USAGE, "%s has no choices to go through", o->name);
    option_print(o, &v->session->settings, &value);
    i = value_choice(o->value.choices, str_text(&value));
    str_done(&value);
    if (!value_choice_name(o->value.choices, i + 1, choice, sizeof(choice)) &&
        !value_choice_name(o->value.choices, 0, choice, sizeof(choice)))
        return error_set(err, ERROR_USAGE, "%s has no choices to go through", o->name);
    word_quote(out, choice);
    return true;
}

/* ---- lines ---- */

static const struct {
    const char *name;
    bool (*put)(const struct view *v, struct str *out, struct error *err);
} words[] = {
    {"column", put_column}, {"columns", put_columns}, {"value", put_value},
    {"job", put_job}, {"pause", put_pause}, {"smooth", put_smooth},
    {"figure", put_figure},
};

enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

static bool is_name(const char *name, const char *text, size_t n)
{
    return strlen(name) == n && memcmp(name, text, n) == 0;
}

bool keys_is_word(const char *name, size_t n)
{
    for (int i = 0; i < N_WORDS; i++)
        if (is_name(words[i].name, name, n))
            return true;
    return is_name("run", name, n) || is_name("ask", name, n) || is_name("next", name, n);
}

/* What stands in the braces at *text, which goes on behind them. Caller frees. */
static char *take_braces(const char **text)
{
    size_t n = **text == '{' ? strcspn(*text + 1, "}") : 0;
    char *inside = xstrndup(**text == '{' ? *text + 1 : *text, n);

    if (**text == '{')
        *text += 1 + n + ((*text)[1 + n] == '}');
    return inside;
}

/* The word whose name is name[0..n), *rest being behind it. */
static bool put_word(const struct view *v, const char *name, size_t n, const char **rest,
                     struct str *out, bool *ask, struct error *err)
{
    char *inside;
    bool ok = true;

    for (int i = 0; i < N_WORDS; i++)
        if (is_name(words[i].name, name, n))
            return words[i].put(v, out, err);
    inside = take_braces(rest);
    if (is_name("run", name, n)) {
        ok = put_run(v, inside, out, err);
    } else if (is_name("ask", name, n)) {
        *ask = true;
        str_puts(out, inside);
    } else {
        ok = put_next(v, inside, out, err);
    }
    free(inside);
    return ok;
}

bool keys_expand(const struct view *v, const char *line, struct str *out, bool *ask,
                 struct error *err)
{
    bool ok = true;

    *ask = false;
    while (*line && ok) {
        size_t n = *line == '%' ? strspn(line + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
        const char *rest = line + 1 + n;

        if (n > 0 && keys_is_word(line + 1, n))
            ok = put_word(v, line + 1, n, &rest, out, ask, err);
        else
            str_add(out, line, 1 + n);
        line = rest;
    }
    return ok;
}
