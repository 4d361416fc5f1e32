/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a model says in the mean where a column has one value after another. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"
#include "lens/job_dependence.h"
#include "plot/figure.h"

enum { VALUES = 20, VALUES_MOST = 1000, ROWS = 10000 };

/* ---- what came of it ---- */

static void add_line(struct grid *g, const struct dependence_job *j,
                     const struct dependence *d)
{
    int decimals = grid_decimals(dependence_job_clean(j));

    if (dependence_job_is_continuous(j))
        grid_number(g, d->x, -1);
    else if (*d->text)
        grid_puts(g, d->text);
    else
        grid_none(g); /* missing */
    grid_count(g, d->rows);
    grid_number(g, (double)d->rows / (double)dependence_job_rows(j), 3);
    grid_number(g, d->mean, decimals);
    grid_difference(g, d->mean - dependence_job_clean(j), decimals);
    grid_number(g, d->low, decimals);
    grid_number(g, d->high, decimals);
}

static void print_dependence(struct context *c, const struct run *r,
                             const struct dependence_job *j)
{
    struct grid *g = grid_new("values");

    grid_fact_text(g, "run", r->name);
    grid_fact_text(g, "column", dependence_job_asked(j)->column);
    if (dependence_job_class(j))
        grid_fact_text(g, "class", dependence_job_class(j));
    else
        grid_fact_text(g, "target", model_encoder(r->model)->target);
    grid_fact_count(g, "rows", dependence_job_rows(j));
    grid_fact_number(g, "mean", dependence_job_clean(j),
                     grid_decimals(dependence_job_clean(j)));
    grid_column(g, "value", dependence_job_is_continuous(j));
    grid_column(g, "rows", true);
    grid_column(g, "share", true);
    grid_column(g, "mean", true);
    grid_column(g, "change", true);
    grid_column(g, "low", true);
    grid_column(g, "high", true);
    for (int i = 0; i < dependence_job_values(j); i++)
        add_line(g, j, dependence_job_value(j, i));
    grid_print(g, c);
}

/* Means as a curve with points, tenths as faint curves. */
static void add_numbers(struct figure *f, const struct dependence_job *j)
{
    static const struct {
        const char *name;
        enum series_kind kind;
        int style;
    } parts[] = {{"10 %", SERIES_FAINT, 6}, {"90 %", SERIES_FAINT, 1},
                 {"mean", SERIES_LINE, 0}, {"", SERIES_POINTS, 0}};

    for (int part = 0; part < 4; part++) {
        struct series *s = figure_add(f, parts[part].name, parts[part].kind,
                                      parts[part].style);

        for (int i = 0; i < dependence_job_values(j); i++) {
            const struct dependence *d = dependence_job_value(j, i);

            series_add(s, d->x, part == 0 ? d->low : part == 1 ? d->high : d->mean);
        }
    }
}

/* Means as bars, tenths as points. */
static void add_classes(struct figure *f, const struct dependence_job *j)
{
    static const char *const names[] = {"mean", "10 %", "90 %"};

    for (int part = 0; part < 3; part++) {
        struct series *s = figure_add(f, names[part],
                                      part ? SERIES_POINTS : SERIES_BARS, part);

        for (int i = 0; i < dependence_job_values(j); i++) {
            const struct dependence *d = dependence_job_value(j, i);

            series_add(s, i, part == 0 ? d->mean : part == 1 ? d->low : d->high);
        }
    }
    for (int i = 0; i < dependence_job_values(j); i++) {
        const char *text = dependence_job_value(j, i)->text;

        axis_add_name(&f->x, i, *text ? text : "(missing)");
    }
}

static struct figure *make_figure(const struct run *r, const struct dependence_job *j)
{
    const char *class = dependence_job_class(j);
    const char *column = dependence_job_asked(j)->column;
    struct figure *f = figure_new(NULL);

    f->title = xasprintf("partial dependence of %s on %s", r->name, column);
    f->y.label = class ? xasprintf("p(%s)", class)
                       : xstrdup(model_encoder(r->model)->target);
    f->level = dependence_job_clean(j);
    axis_label(&f->x, column);
    if (dependence_job_is_continuous(j)) {
        add_numbers(f, j);
        return f;
    }
    add_classes(f, j);
    if (class)
        f->y.low = 0;
    return f;
}

static void dependence_status(struct context *c, const struct pending *p, struct str *out)
{
    pending_put_share(c, p, dependence_job_share, out);
}

static bool finish_dependence(struct context *c, struct pending *p, void *work,
                              enum job_state ended, struct error *err)
{
    (void)err;
    if (ended == JOB_DONE) {
        context_note_lines(c, "", dependence_job_note(work));
        print_dependence(c, p->run, work);
        context_keep_figure(c, KEPT_DEPENDENCE, make_figure(p->run, work));
    }
    dependence_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type dependence_pending = {
    .job = &dependence_job_type,
    .status = dependence_status,
    .finish = finish_dependence,
};

/* ---- beginning ---- */

/* NULL: the model has no one value of it. */
static const char *find_input(const struct run *r, const struct dataset *d,
                              const char *name, struct error *err)
{
    const char *column = asked_input(r, d, name, err);
    bool continuous;

    if (!column || dependence_feature(model_encoder(r->model), column, &continuous))
        return column;
    error_set(err, ERROR_STATE, "%s is a date, of which the model reads year, month and "
              "the like: it has no one value", column);
    return NULL;
}

static bool run_dependence(struct context *c, const struct call *call, struct error *err)
{
    struct pending p = {.type = &dependence_pending};
    struct run *r = asked_predictor(c, call, err);
    struct dependence_request q = {
        .class = call_option(call, "class"),
        .values = (int)call_int(call, "values", VALUES),
        .most = (size_t)call_int(call, "rows", ROWS), .seed = call_seed(call, "seed", 1)};
    struct dataset *data = r ? asked_table(c, r, err) : NULL;
    struct dependence_job *job;

    q.column = data ? find_input(r, data, call_word(call, 0), err) : NULL;
    if (!q.column || !asked_rows(c, call, r, &q.rows, err))
        return false;
    job = dependence_job_new(&q);
    asked_rows_done(&q.rows);
    p.run = r;
    p.what = xasprintf("dependence %s", r->name);
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

const struct command command_dependence = {
    .name = "dependence",
    .help = "show what a model says where a column has one value after another",
    .more = "The column gets the same value in all rows, and what is said then is taken "
            "in the mean: partial dependence. A tenth of the rows is below low, a tenth "
            "above high. Of a continuous column values are quantiles of these rows, the "
            "numbers in the middle of equal parts, and a row counts for the value that "
            "its own number is nearest to. Where columns go together, some of these rows "
            "are such as never occur.",
    .arguments = {{"COLUMN", {VALUE_COLUMN, NULL, 0, 0}, REQUIRED, NULL,
                   "one that the model reads"}},
    .options = {
        RUN_OPTION,
        {"class", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, "V",
         "whose probability; the positive one, of many the most frequent"},
        {"values", {VALUE_INT, NULL, 1, VALUES_MOST}, OPTIONAL, "N",
         "so many at most; 20"},
        ON_OPTION,
        {"rows", {VALUE_INT, NULL, 1, 4e9}, OPTIONAL, "N", "so many at most; 10,000"},
        {"seed", {VALUE_SEED, NULL, 0, 0}, OPTIONAL, "N", "of the rows; 1"},
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_dependence,
};
