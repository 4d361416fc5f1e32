/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that use the model of a run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/families.h"
#include "command/grid.h"
#include "command/pending.h"
#include "engine/job_predict.h"
#include "engine/job_score.h"
#include "engine/metric.h"

#define FILL_OPTION \
    {"fill", {VALUE_CHOICE, FILL_NAMES, 0, 0}, OPTIONAL, FILL_NAMES, \
     "what a missing category stands for: the column's missing class, or the mean of " \
     "its known classes; class"}

enum { ROWS_A_LINE = 100000 }; /* of predict, without a status line */

/* ---- evaluate ---- */

static void print_json(struct context *c, const struct run *r, const char *part,
                       const struct metrics *m)
{
    const struct metric_field *f;
    struct str out = {0};

    str_puts(&out, "{\"run\":");
    str_json_string(&out, r->name, strlen(r->name));
    str_printf(&out, ",\"on\":\"%s\",\"rows\":%zu,\"metrics\":{", part, m->rows);
    for (int i = 0; (f = metric_field(r->task, i)); i++) {
        str_printf(&out, "%s\"%s\":", i > 0 ? "," : "", f->name);
        str_json_number(&out, metric_value(m, f));
    }
    str_puts(&out, "}}\n");
    context_print(c, out.text, out.length);
    str_done(&out);
}

static void print_metrics(struct context *c, const struct run *r, const char *part,
                          const struct metrics *m)
{
    const struct metric_field *f;
    struct grid *g = grid_new("metrics");

    grid_fact_text(g, "run", r->name);
    grid_fact_text(g, "on", part);
    grid_fact_count(g, "rows", m->rows);
    for (int i = 0; (f = metric_field(r->task, i)); i++)
        grid_fact_number(g, f->name, metric_value(m, f), 4);
    grid_print(g, c);
}

/* Of validation rows a run of another session has none, which figures and panes want. */
static void take_diagnosis(struct run *r, const struct score_job *job)
{
    if (r->diagnosis || score_job_part(job) != PART_VALID)
        return;
    r->diagnosis = xmalloc(sizeof *r->diagnosis);
    *r->diagnosis = *score_job_diagnosis(job);
    r->diagnosis->epoch = r->progress.best_epoch;
}

static bool finish_evaluate(struct context *c, struct pending *p, void *work,
                            enum job_state ended, struct error *err)
{
    const char *part;
    struct metrics m;

    (void)err;
    if (ended == JOB_DONE) {
        part = part_name(score_job_part(work));
        m = score_job_metrics(work);
        take_diagnosis(p->run, work);
        if (!p->run->data) /* else training has said it */
            context_note_lines(c, "", score_job_note(work));
        if (c->format == FORMAT_JSON)
            print_json(c, p->run, part, &m);
        else
            print_metrics(c, p->run, part, &m);
    }
    score_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type evaluate_pending = {
    .job = &score_job_type,
    .finish = finish_evaluate,
};

static bool run_evaluate(struct context *c, const struct call *call, struct error *err)
{
    static const enum part parts[] = {PART_TEST, PART_VALID, PART_TRAIN};
    struct pending p = {.type = &evaluate_pending};
    struct run *r = asked_predictor(c, call, err);
    struct pool *pool = r ? engine_pool(c->session->engine, err) : NULL;
    struct schema *s;
    void *job;

    if (!pool)
        return false;
    s = asked_schema(c, r, err);
    if (!s)
        return false;
    job = score_job_new(r->model, asked_data(c, r), s, &r->split,
                        parts[call_choice(call, "on", 0)],
                        (enum fill)call_choice(call, "fill", 0), pool);
    schema_free(s);
    p.run = r;
    p.what = xasprintf("evaluate %s", r->name);
    return pending_start(c, call, WAIT_FOR_IT, p, job, err);
}

const struct command command_evaluate = {
    .name = "evaluate",
    .help = "measure a run on rows that it was not trained on",
    .more = "A run is measured on the split of the table that it was trained on. One "
            "that was opened from a file is measured on the current table, split as in "
            "its training: the same rows are kept apart where the table is the same. "
            "With --on valid its ROC, calibration and confusion can be drawn then.",
    .options = {
        RUN_OPTION,
        {"on", {VALUE_CHOICE, "test|valid|train", 0, 0}, OPTIONAL, "test|valid|train",
         "which rows; test"},
        FILL_OPTION,
    },
    .flags = COMMAND_DATA | COMMAND_JOB,
    .run = run_evaluate,
};

/* ---- predict ---- */

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

struct predict_look {
    double share;
    size_t rows;
};

static void look_at_predict(void *work, void *arg)
{
    struct predict_look *look = arg;

    predict_job_view(work, &look->share, &look->rows);
}

/* Of a pipe nobody knows how much is to come. */
static void predict_status(struct context *c, const struct pending *p, struct str *out)
{
    struct predict_look look = {0};
    char rows[COUNT_TEXT];

    engine_look(c->session->engine, p->job, look_at_predict, &look);
    if (!isnan(look.share))
        str_printf(out, "%.0f %%, ", 100 * look.share);
    str_printf(out, "%s rows", count_text(look.rows, rows));
}

/* Where no status line shows it, a line now and then. */
static void watch_predict(struct context *c, struct pending *p)
{
    struct predict_look look = {0};
    struct str line = {0};

    engine_look(c->session->engine, p->job, look_at_predict, &look);
    if (c->narration != NARRATE_LINES || look.rows < p->told + ROWS_A_LINE)
        return;
    p->told = look.rows;
    predict_status(c, p, &line);
    context_note(c, "%s: %s", p->what, str_text(&line));
    str_done(&line);
}

static void note_predicted(struct context *c, const struct pending *p, void *work)
{
    size_t rows = predict_job_rows(work), unseen = predict_job_unseen(work);
    const char *out = predict_job_out(work);
    char count[COUNT_TEXT];

    context_note(c, "%s row%s predicted, written to %s%s", count_text(rows, count),
                 rows == 1 ? "" : "s", is_standard(out) ? "standard output" : out,
                 p->name);
    note_reading(c, predict_job_data(work));
    context_note_lines(c, "  ", predict_job_note(work));
    if (unseen > 0)
        context_note(c, "  %s cell%s a class that training did not know",
                     count_text(unseen, count), unseen == 1 ? " holds" : "s hold");
}

static bool finish_predict(struct context *c, struct pending *p, void *work,
                           enum job_state ended, struct error *err)
{
    (void)err;
    if (ended == JOB_DONE)
        note_predicted(c, p, work);
    predict_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type predict_pending = {
    .job = &predict_job_type,
    .watch = watch_predict,
    .status = predict_status,
    .finish = finish_predict,
};

/* Standard input and output are for one thing at a time. */
static bool check_standard(const struct context *c, const struct call *call,
                           struct error *err)
{
    if (!call_option(call, "out"))
        return error_set(err, ERROR_USAGE, "predict needs --out FILE, the file to write, "
                         "or --out - for standard output");
    if (is_standard(call_word(call, 0)) && !c->input_free)
        return error_set(err, ERROR_USAGE, "commands come from standard input here; "
                         "`tabscope -b -c LINE` leaves it to predict -");
    if (!is_standard(call_option(call, "out")))
        return true;
    if (!c->output_free)
        return error_set(err, ERROR_USAGE, "--out - is for `tabscope -b` with a file or "
                         "a pipe behind it");
    return !call->background ||
           error_set(err, ERROR_USAGE, "--out - cannot go on in the background: other "
                     "commands print there too");
}

static bool start_predict(struct context *c, const struct call *call,
                          struct predict_request *r, struct run *run, struct error *err)
{
    struct pending p = {.type = &predict_pending};
    const char *told = "";

    if (!is_standard(r->out) && !may_replace(c, r->out, &told, err))
        return false;
    p.run = run;
    p.name = xstrdup(told);
    p.what = xasprintf("predict %s", run->name);
    return pending_start(c, call, WAIT_FOR_IT, p, predict_job_new(r), err);
}

static bool run_predict(struct context *c, const struct call *call, struct error *err)
{
    struct run *run = asked_predictor(c, call, err);
    struct pool *pool = run ? engine_pool(c->session->engine, err) : NULL;
    struct load_options options;
    struct predict_request r;
    char *in, *out;
    bool ok;

    if (!pool || !load_options_of(call, &options, err) || !check_standard(c, call, err))
        return false;
    in = path_expand(call_word(call, 0));
    out = path_expand(call_option(call, "out"));
    r = (struct predict_request){.model = run->model, .pool = pool, .in = in, .out = out,
                                 .options = &options,
                                 .fill = (enum fill)call_choice(call, "fill", 0)};
    ok = start_predict(c, call, &r, run, err);
    free(in);
    free(out);
    return ok;
}

const struct command command_predict = {
    .name = "predict",
    .help = "predict the rows of a file",
    .more = "The new file holds the cells as they were read and, at the right, the "
            "prediction and the probability of the positive class, or of every class "
            "beyond two. Columns are found by name. Rows are read, predicted and written "
            "a piece at a time, so a file may be larger than memory; the new one is "
            "there when all of it is. With - for a file `tabscope -b` reads standard "
            "input, or writes standard output.",
    .arguments = {{"FILE", {VALUE_FILE, NULL, 0, 0}, REQUIRED, NULL,
                   "new rows, CSV, plain or gzip"}},
    .options = {
        {"out", {VALUE_NEW_FILE, NULL, 0, 0}, OPTIONAL, "FILE",
         "the file to write; needed"},
        RUN_OPTION,
        FILL_OPTION,
        LOAD_OPTIONS,
    },
    .flags = COMMAND_JOB,
    .run = run_predict,
};

/* ---- save, open ---- */

/* The worker reads a model that a job uses; writing it out at the same time would
 * share it. */
static bool check_idle(const struct run *r, struct error *err)
{
    return r->users == 0 ||
           error_set(err, ERROR_STATE, "a job uses the model of %s; `wait` waits for it",
                     r->name);
}

static json_t *extra_of(const struct run *r)
{
    json_t *extra = run_to_json(r), *metrics = json_object();

    if (r->valid.rows > 0)
        json_object_set_new(metrics, "valid", metrics_to_json(&r->valid, r->task));
    if (r->test.rows > 0)
        json_object_set_new(metrics, "test", metrics_to_json(&r->test, r->task));
    json_object_set_new(extra, "metrics", metrics);
    return extra;
}

static bool run_save(struct context *c, const struct call *call, struct error *err)
{
    struct run *r = asked_run(c, call, err);
    const char *told;
    char *path;
    json_t *extra;
    bool ok;

    if (!r || !check_idle(r, err))
        return false;
    path = path_expand(call_word(call, 0));
    ok = may_replace(c, path, &told, err);
    if (ok) {
        extra = extra_of(r);
        ok = model_save(r->model, extra, path, err);
        json_decref(extra);
    }
    if (ok)
        context_note(c, "%s saved to %s%s", r->name, path, told);
    free(path);
    return ok;
}

const struct command command_save = {
    .name = "save",
    .help = "write the model of a run to a safetensors file",
    .more = "The file holds all that is needed to predict.",
    .arguments = {{"FILE", {VALUE_NEW_FILE, NULL, 0, 0}, REQUIRED, NULL,
                   "the file to write"}},
    .options = {RUN_OPTION},
    .run = run_save,
};

/* NAME, or NAME-2, NAME-3, ... */
static char *free_name(const struct session *s, const char *name)
{
    char *unique = xstrdup(name);

    for (int i = 2; session_find_run(s, unique); i++) {
        free(unique);
        unique = xasprintf("%s-%d", name, i);
    }
    return unique;
}

/* A model of a run's folder has the name of the folder. */
static char *name_of_model(const char *path)
{
    char *name = name_of_file(path), *folder;
    const char *slash = strrchr(path, '/');

    if (strcmp(name, "model") != 0 || !slash || slash == path)
        return name;
    free(name);
    folder = xstrndup(path, (size_t)(slash - path));
    name = name_of_file(folder);
    free(folder);
    return name;
}

/* A run of another session that is opened as a file keeps its name. */
static void forget_kept(struct session *s, const char *name, const char *path)
{
    struct run *r = session_find_run(s, name);
    char *own = r && r->folder ? xasprintf("%s/" RUN_MODEL, r->folder) : NULL;

    if (own && r->state == RUN_KEPT && strcmp(own, path) == 0)
        session_drop_run(s, r);
    free(own);
}

static void note_opened(struct context *c, const struct run *r)
{
    const struct encoder *e = model_encoder(r->model);
    char parameters[COUNT_TEXT];

    count_text(model_parameters(r->model), parameters);
    if (r->pretext != PRETEXT_NONE)
        context_note(c, "%s: %s parameters, pre-trained by %s on %d columns", r->name,
                     parameters, pretext_name(r->pretext), e->n_categorical);
    else
        context_note(c, "%s: %s parameters, predicts %s from %d features", r->name,
                     parameters, e->target, e->n_categorical + e->n_continuous);
}

static bool run_open(struct context *c, const struct call *call, struct error *err)
{
    char *path = path_expand(call_word(call, 0)), *wanted, *name;
    json_t *extra = NULL;
    struct model *m = model_open(path, &extra, err);
    struct run *r;

    if (!m) {
        free(path);
        return false;
    }
    wanted = call_option(call, "name") ? xstrdup(call_option(call, "name"))
                                       : name_of_model(path);
    forget_kept(c->session, wanted, path);
    name = free_name(c->session, wanted);
    r = run_new(name);
    r->state = RUN_OPENED;
    r->origin = path;
    run_take_model(r, m, extra);
    json_decref(extra);
    session_add_run(c->session, r);
    c->session->run = r;
    note_opened(c, r);
    free(wanted);
    free(name);
    return true;
}

const struct command command_open = {
    .name = "open",
    .help = "bring a model file back as a run",
    .more = "The run can be evaluated and can predict, and `train --from` begins with "
            "it.",
    .arguments = {{"FILE", {VALUE_FILE, NULL, 0, 0}, REQUIRED, NULL,
                   "a .safetensors file"}},
    .options = {{"name", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "R",
                 "another name for the run"}},
    .run = run_open,
};
