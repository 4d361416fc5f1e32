/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures through gnuplot. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/attending.h"
#include "command/families.h"
#include "command/figures.h"
#include "command/mapping.h"
#include "command/name.h"
#include "command/pending.h"
#include "command/plotting.h"
#include "command/run_text.h"
#include "engine/study_kept.h"

enum {
    SECONDS = 10,                      /* that gnuplot may take */
    PAGE_COLUMNS = 80, PAGE_ROWS = 24, /* of text that is printed */
    MOST_VALUES = 200,                 /* in the histogram of a column */
};

static const double usual_smooth = 0.6;

/* ---- figures by name ---- */

/* The run of --run; else, as the Train view, the one in training, or the current one. */
static struct run *plotted_run(struct context *c, const struct call *call,
                               struct error *err)
{
    const struct session *s = c->session;
    struct run *r = NULL;

    for (size_t i = s->n_runs; !r && !call_option(call, "run") && i > 0; i--) {
        if (s->runs[i - 1]->state == RUN_WAITING)
            r = s->runs[i - 1];
    }
    if (!r)
        r = find_run(c, call_option(call, "run"), err);
    if (r && r->state == RUN_KEPT && r->files.model && !run_needs_model(r, err))
        return NULL;
    return r;
}

static void set_title(struct figure *f, const char *what, const struct run *r)
{
    f->title = xasprintf("%s of %s", what, r->name);
}

static struct figure *fail_without_epochs(const struct run *r, struct error *err)
{
    error_set(err, ERROR_STATE, "no epoch of %s is known", r->name);
    return NULL;
}

static struct curves_look look_of(const struct context *c, const struct call *call,
                                  const char **beside)
{
    struct curves_look look = {
        .log_y = call_choice(call, "y", 0) == 1,
        .by_time = call_choice(call, "x", 0) == 1,
        .smooth = call_number(call, "smooth", usual_smooth),
        .low = NAN, .high = NAN, .cursor = NAN, .session = c->session,
    };

    *beside = call_option(call, "beside");
    look.overlaid = (char *const *)beside;
    look.n_overlaid = *beside != NULL;
    return look;
}

/* The run that is drawn beside has to be there, and read if it was kept. */
static bool needs_beside(struct context *c, const struct call *call, struct error *err)
{
    const char *name = call_option(call, "beside");
    struct run *r = name ? find_run(c, name, err) : NULL;

    if (name && !r)
        return false;
    return !r || r->state != RUN_KEPT || !r->files.model || run_needs_model(r, err);
}

/* of: "loss", or NULL for the score that is watched */
static struct figure *make_curves(struct context *c, const struct call *call,
                                  const char *of, struct error *err)
{
    const char *beside;
    struct curves_look look = look_of(c, call, &beside);
    const struct run *r = plotted_run(c, call, err);
    struct figure *f;

    if (!r || !needs_beside(c, call, err))
        return NULL;
    f = of ? figures_loss(r, &look) : figures_score(r, &look);
    if (!f)
        return fail_without_epochs(r, err);
    if (!of)
        of = run_watched(r)->title;
    set_title(f, of, r);
    axis_label(&f->y, of);
    return f;
}

static struct figure *make_loss(struct context *c, const struct call *call,
                                struct error *err)
{
    return make_curves(c, call, "loss", err);
}

static struct figure *make_score(struct context *c, const struct call *call,
                                 struct error *err)
{
    return make_curves(c, call, NULL, err);
}

static const struct diagnosis *known_diagnosis(const struct run *r, struct error *err)
{
    if (r->diagnosis)
        return r->diagnosis;
    if (r->pretext != PRETEXT_NONE)
        error_set(err, ERROR_STATE, "%s is only pre-trained: it predicts no target that "
                  "this could be drawn of", r->name);
    else
        error_set(err, ERROR_STATE, "what %s says of its validation rows is not known "
                  "here yet: `evaluate --on valid --run %s` finds out", r->name, r->name);
    return NULL;
}

/* what, errors: what it is called; the other of a regression, as its pane. */
static struct figure *make_diagnosed(struct context *c, const struct call *call,
                                     const char *what, const char *errors,
                                     struct figure *(*make)(const struct diagnosis *d),
                                     struct error *err)
{
    const struct run *r = plotted_run(c, call, err);
    const struct diagnosis *d = r ? known_diagnosis(r, err) : NULL;
    struct figure *f = d ? make(d) : NULL;

    if (d && !f)
        error_set(err, ERROR_STATE, "the validation rows are all of one class: there is "
                  "no ROC curve");
    if (f)
        f->title = xasprintf("%s of %s, validation rows, epoch %d",
                             d->task == TASK_REGRESSION ? errors : what, r->name,
                             d->epoch);
    return f;
}

static struct figure *make_roc(struct context *c, const struct call *call,
                               struct error *err)
{
    return make_diagnosed(c, call, "ROC", "predicted and true", figures_roc, err);
}

static struct figure *make_calibration(struct context *c, const struct call *call,
                                       struct error *err)
{
    return make_diagnosed(c, call, "calibration", "errors by prediction",
                          figures_calibration, err);
}

static struct figure *make_confusion(struct context *c, const struct call *call,
                                     struct error *err)
{
    return make_diagnosed(c, call, "confusion", "errors", figures_confusion, err);
}

static struct figure *make_learned(struct context *c, const struct call *call,
                                   struct error *err)
{
    const struct run *r = plotted_run(c, call, err);
    struct figure *f = r ? figures_learned(r) : NULL;

    if (f)
        set_title(f, "what was learned of each column", r);
    else if (r)
        error_set(err, ERROR_STATE, "%s was not pre-trained, or no epoch of it is known; "
                  "`pretrain mlm` begins with that", r->name);
    return f;
}

/* Where a screen has no profile of it (yet), one is made. */
static struct figure *make_column_figure(const struct table *t, int i, struct error *err)
{
    const struct schema_column *column = &t->schema->columns[i];
    struct profile *made = NULL, *p = t->profiles[i];
    struct figure *f;
    bool numbers;

    if (!p)
        p = made = profile_column(dataset_column(t->data, i), column->decimal, NULL,
                                  MOST_VALUES);
    if (!p) {
        error_set(err, ERROR_MEMORY, "not enough memory to look at %s", column->name);
        return NULL;
    }
    numbers = p->n_bins > 1 && column->kind != KIND_CATEGORICAL &&
              (column->kind != KIND_IGNORE || 2 * p->numeric > p->rows - p->missing);
    f = numbers ? figures_histogram(p) : figures_values(p, MOST_VALUES);
    profile_free(made);
    return f;
}

static struct figure *make_histogram(struct context *c, const struct call *call,
                                     struct error *err)
{
    const struct table *t = c->session->table;
    const char *name = call_option(call, "column");
    struct figure *f;
    int i;

    if (!name) {
        error_set(err, ERROR_USAGE, "plot histogram needs --column COLUMN");
        return NULL;
    }
    if (!t) {
        error_set(err, ERROR_STATE, "there is no table; `load FILE.csv` reads one");
        return NULL;
    }
    i = find_column(c, name, err);
    f = i >= 0 ? make_column_figure(t, i, err) : NULL;
    if (f) {
        f->title = xasprintf("%s of %s", t->schema->columns[i].name, t->name);
        axis_label(&f->y, "rows");
        if (!f->x.label)
            axis_label(&f->x, t->schema->columns[i].name);
    }
    return f;
}

static struct figure *make_attention(struct context *c, const struct call *call,
                                     struct error *err)
{
    (void)call;
    return attending_figure(c, err);
}

/* Results are drawn as they were printed last: what they take is said to their own
 * commands. */
static struct figure *take_kept(const struct context *c, enum kept_figure which,
                                const char *command, struct error *err)
{
    struct figure *f = c->figures[which];

    if (f)
        return figure_ref(f);
    error_set(err, ERROR_STATE, "`%s` has not been run yet; what it prints can be drawn "
              "then", command);
    return NULL;
}

/* "; by share of yes" */
static void put_colours(struct str *out, const struct encoder *e, enum scatter_by by,
                        const char *class)
{
    if (by == SCATTER_ROWS)
        str_puts(out, "; by frequency");
    else if (by == SCATTER_TARGET && (class || e->n_classes == 2))
        str_printf(out, "; by share of %s", class ? class : e->classes[1]);
    else if (by == SCATTER_TARGET)
        str_printf(out, "; by %s %s", e->n_classes > 0 ? "most frequent" : "mean of",
                   e->target);
}

/* "t-SNE of r, layer 2, 600 rows: KL 0.54, trustworthiness 0.87" */
static void put_layout(struct str *out, const struct scatter *s)
{
    char rows[COUNT_TEXT];

    str_printf(out, "t-SNE of %s", s->run);
    if (s->against)
        str_printf(out, " and %s", s->against->run);
    else
        str_printf(out, ", layer %d", s->layer);
    str_printf(out, ", %s rows", count_text(s->rows, rows));
    if (s->against && !isnan(s->against->unlike))
        str_printf(out, ", laid over each other: %.0f %% unlike",
                   100 * s->against->unlike);
    if (!s->ended)
        str_printf(out, ", iteration %d of %d", s->iteration, s->iterations);
    if (!isnan(s->kl) && !s->against)
        str_printf(out, ": KL %.3f", s->kl);
    if (!isnan(s->trust) && !s->against)
        str_printf(out, ", trustworthiness %.3f", s->trust);
}

/* The class that --class names, as the model has it. */
static bool check_class(const struct scatter *s, const char *class, struct error *err)
{
    const struct encoder *e = s->encoder;

    for (int k = 0; class && k < e->n_classes; k++)
        if (s->class_rows && strcmp(e->classes[k], class) == 0)
            return true;
    return !class
        || name_refuse("class", class, (const char *const *)e->classes, e->n_classes,
                       "`plot tsne --by target` has all", err);
}

/* Colours mean the same in all panels. */
static bool check_panels(const struct scatter *const *s, int n, enum scatter_by by,
                         const char *class, struct error *err)
{
    const char *target = s[0]->encoder->target;

    for (int i = 0; i < n; i++) {
        const char *other = s[i]->encoder->target;

        if (!encoder_is_like(s[0]->encoder, s[i]->encoder))
            return error_set(err, ERROR_STATE, "%s and %s have other categorical "
                             "columns: they are not drawn beside each other", s[0]->run,
                             s[i]->run);
        if (by == SCATTER_TARGET && !(target && other ? strcmp(target, other) == 0
                                                      : target == other))
            return error_set(err, ERROR_STATE, "%s and %s have other targets to colour "
                             "values by", s[0]->run, s[i]->run);
        if (!check_class(s[i], class, err))
            return false;
    }
    return true;
}

/* 0 and a sentence: there are not so many. */
static int find_layouts(struct context *c, const struct call *call,
                        const struct scatter **s, struct error *err)
{
    const char *run = call_option(call, "run");
    int asked = (int)call_int(call, "panels", 1);
    int n = mapping_find_all(c, run, asked, s);

    if (n == asked)
        return n;
    if (n == 0)
        error_set(err, ERROR_STATE, "there is no layout of embeddings%s yet; `tsne` "
                  "makes one", run ? " of that run" : "");
    else
        error_set(err, ERROR_STATE, "there %s only %d layout%s of embeddings%s for %d "
                  "panels; `tsne` makes another", n == 1 ? "is" : "are", n,
                  n == 1 ? "" : "s", run ? " of that run" : "", asked);
    return 0;
}

/* "t-SNE of 600 rows", where all are of so many. */
static void put_panels(struct str *out, const struct scatter *const *s, int n)
{
    char rows[COUNT_TEXT];
    bool same = true;

    for (int i = 1; i < n; i++)
        same = same && s[i]->rows == s[0]->rows;
    str_puts(out, "t-SNE");
    if (same)
        str_printf(out, " of %s rows", count_text(s[0]->rows, rows));
}

static struct figure *make_tsne(struct context *c, const struct call *call,
                                struct error *err)
{
    const char *class = call_option(call, "class");
    enum scatter_by by = (enum scatter_by)call_choice(call, "by", class ? SCATTER_TARGET
                                                                        : SCATTER_COLUMN);
    const struct scatter *s[MAPPING_KEPT];
    int n = find_layouts(c, call, s, err);
    struct str title = {0};
    struct figure *f;

    if (n == 0 || !check_panels(s, n, by, class, err))
        return NULL;
    f = figures_scatter(s, n, by, class);
    if (!f) {
        error_set(err, ERROR_STATE, "of this model there is no target to colour values "
                  "by");
        return NULL;
    }
    if (n == 1)
        put_layout(&title, s[0]);
    else
        put_panels(&title, s, n);
    put_colours(&title, s[0]->encoder, by, class);
    f->title = title.text;
    return f;
}

/* Of --study, else the session's own. Kept ones are read: *read is to be freed. NULL and
 * a sentence: there is none of that kind. */
static const struct study *find_study(struct context *c, const struct call *call,
                                      enum study_kind kind, struct study **read,
                                      struct error *err)
{
    static const char *const kinds[] = {[STUDY_SEARCH] = "search",
                                        [STUDY_BENCHMARK] = "benchmark"};
    const struct study *own = c->session->study, *found = own;
    const char *name = call_option(call, "study");
    char *shown = show(name ? name : "", 60);

    *read = NULL;
    if (name && !(own && strcmp(own->name, name) == 0))
        found = *read = study_kept_open(c->session, name, err);
    if (!name && (!found || found->kind != kind))
        error_set(err, ERROR_STATE, "there is no %s of this session; --study NAME draws "
                  "one that was kept", kinds[kind]);
    else if (found && found->kind != kind)
        error_set(err, ERROR_STATE, "%s is a %s: `plot %s` draws it", shown,
                  kinds[found->kind], kinds[found->kind]);
    free(shown);
    return found && found->kind == kind ? found : NULL;
}

static struct figure *make_study(struct context *c, const struct call *call,
                                 enum study_kind kind, struct error *err)
{
    struct study *read;
    const struct study *s = find_study(c, call, kind, &read, err);
    struct figure *f = !s ? NULL : kind == STUDY_SEARCH ? figures_search(s)
                                                        : figures_benchmark(s);

    study_free(read);
    return f;
}

static struct figure *make_search(struct context *c, const struct call *call,
                                  struct error *err)
{
    return make_study(c, call, STUDY_SEARCH, err);
}

static struct figure *make_benchmark(struct context *c, const struct call *call,
                                     struct error *err)
{
    return make_study(c, call, STUDY_BENCHMARK, err);
}

/* In the order of PLOT_NAMES. */
static const struct {
    struct figure *(*make)(struct context *c, const struct call *call, struct error *err);
    const char *what;
    enum kept_figure kept; /* of a result, which nothing makes but its command */
} charts[] = {
    {make_loss, "loss", 0}, {make_score, "score", 0}, {make_score, "score", 0},
    {make_roc, "ROC", 0}, {make_calibration, "calibration", 0},
    {make_confusion, "confusion", 0}, {make_learned, "learned", 0},
    {make_histogram, "histogram", 0}, {make_attention, "attention", 0},
    {NULL, "whatif", KEPT_WHATIF}, {NULL, "probe", KEPT_PROBE},
    {NULL, "robustness", KEPT_ROBUSTNESS}, {NULL, "importance", KEPT_IMPORTANCE},
    {NULL, "dependence", KEPT_DEPENDENCE}, {make_tsne, "t-SNE", 0},
    {make_search, "search", 0}, {make_benchmark, "benchmark", 0},
};

#define PLOT_NAMES \
    "loss|score|auc|roc|calibration|confusion|learned|histogram|attention|whatif|" \
    "probe|robustness|importance|dependence|tsne|search|benchmark"

/* ---- where it goes ---- */

/* Whether the file at the path is one that was written here, which needs no asking. */
static bool is_ours(const char *path)
{
    static const char mark[] = GNUPLOT_MARK;
    char begin[sizeof(mark) - 1];
    FILE *file = fopen(path, "re");
    bool ours = file && fread(begin, 1, sizeof(begin), file) == sizeof(begin) &&
                memcmp(begin, mark, sizeof(begin)) == 0;

    if (file)
        fclose(file);
    return ours;
}

static bool may_write(struct context *c, const char *path, const char **told,
                      struct error *err)
{
    static const char *const endings[] = {".gp", ".dat"};
    const char *ignored;
    bool may = may_replace(c, path, told, err);

    for (size_t i = 0; may && i < sizeof(endings) / sizeof(endings[0]); i++) {
        char *beside = plot_beside(path, endings[i]);

        may = is_ours(beside) || may_replace(c, beside, &ignored, err);
        free(beside);
    }
    return may;
}

/* Light, to be printed, where nobody says otherwise; a screen has its own ground. */
static void choose_look(struct context *c, const struct call *call, const char *path,
                        struct plot_look *look)
{
    struct picture_room room = {.columns = PAGE_COLUMNS, .rows = PAGE_ROWS};

    if (!path && c->out->room)
        c->out->room(c->self, &room);
    else if (!path && c->width > 0)
        room.columns = (int)c->width;
    look->dark = call_choice(call, "style", room.dark) == 1;
    if (path)
        return;
    if (room.page) {
        look->format = PLOT_SVG;
        return;
    }
    look->format = room.width > 0 && room.height > 0 ? PLOT_SIXEL : PLOT_TEXT;
    look->width = look->format == PLOT_SIXEL ? room.width : room.columns;
    look->height = look->format == PLOT_SIXEL ? room.height : room.rows;
    look->blocks = room.blocks;
}

static void note_file(struct context *c, const struct pending *p, const void *work)
{
    const char *path = plot_job_path(work);
    char *script = plot_beside(path, ".gp"), *data = plot_beside(path, ".dat");
    char bytes[COUNT_TEXT];

    context_note(c, "wrote %s%s (%s bytes), and what it was made from: %s, %s", path,
                 p->name, count_text(plot_job_picture(work)->length, bytes), script,
                 data);
    free(script);
    free(data);
}

static bool finish_plot(struct context *c, struct pending *p, void *work,
                        enum job_state ended, struct error *err)
{
    const struct str *picture = plot_job_picture(work);

    (void)err;
    if (plot_job_facts(work)->version > 0)
        c->gnuplot = *plot_job_facts(work);
    if (ended != JOB_DONE)
        ;
    else if (plot_job_path(work))
        note_file(c, p, work);
    else if (c->out->picture)
        c->out->picture(c->self, p->name, picture, plot_job_look(work)->format);
    else
        context_print(c, picture->text, picture->length);
    plot_job_type.free(work);
    return ended == JOB_DONE;
}

static const struct pending_type plot_pending = {
    .job = &plot_job_type,
    .finish = finish_plot,
};

static bool start_plot(struct context *c, const struct call *call, const char *path,
                       struct error *err)
{
    int chart = value_choice(PLOT_NAMES, call_word(call, 0));
    struct pending p = {.type = &plot_pending};
    struct plot_request r = {.path = path, .facts = c->gnuplot,
                             .seconds = (int)call_int(call, "limit", SECONDS)};
    const char *told = "";

    if (path && !plot_format_of(path, &r.look.format, err))
        return false;
    if (charts[chart].make)
        r.figure = charts[chart].make(c, call, err);
    else
        r.figure = take_kept(c, charts[chart].kept, charts[chart].what, err);
    if (!r.figure)
        return false;
    if (!figure_has_content(r.figure)) {
        figure_free(r.figure);
        return error_set(err, ERROR_STATE, "there is nothing to draw yet");
    }
    if (path && !may_write(c, path, &told, err)) {
        figure_free(r.figure);
        return false;
    }
    choose_look(c, call, path, &r.look);
    p.what = xasprintf("plot %s", charts[chart].what);
    p.name = xstrdup(path ? told : r.figure->title);
    return pending_start(c, call, WAIT_FOR_IT, p, plot_job_new(&r), err);
}

static bool run_plot(struct context *c, const struct call *call, struct error *err)
{
    char *path = call_word(call, 1) ? path_expand(call_word(call, 1)) : NULL;
    bool ok = start_plot(c, call, path, err);

    free(path);
    return ok;
}

const struct command command_plot = {
    .name = "plot",
    .help = "draw a figure with gnuplot, to a file or on the screen",
    .more = "The end of the file's name says what it becomes: .svg, .png, .pdf or .txt. "
            "The script and the data that gnuplot made it from are written beside it, as "
            "FILE.gp and FILE.dat. Without a file the figure is shown, as a picture "
            "where the terminal takes sixels. ROC curve, calibration and confusions are "
            "those of the best weights on the validation rows; of a regression they are "
            "predictions, sizes and quantiles of errors. auc is score. A figure that bears "
            "the name of a command, as attention does, is what that printed last; of a "
            "layout by tsne each value is drawn, at the mean of its cells; --panels "
            "draws several beside each other, each as large as the others. A benchmark "
            "is drawn as the mean and the deviation of each model on each table, a search "
            "as its trials and the best so far, also while they go on.",
    .arguments = {
        {"NAME", {VALUE_CHOICE, PLOT_NAMES, 0, 0}, REQUIRED, NULL, "the figure"},
        {"FILE", {VALUE_NEW_FILE, NULL, 0, 0}, OPTIONAL, NULL, "the file to write"},
    },
    .options = {
        {"run", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R",
         "else the one in training, or the current one"},
        {"beside", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R",
         "a run whose curve is drawn, too"},
        {"column", {VALUE_COLUMN, NULL, 0, 0}, OPTIONAL, "COLUMN", "of a histogram"},
        {"y", {VALUE_CHOICE, "linear|log", 0, 0}, OPTIONAL, "linear|log",
         "the axis of the loss; linear"},
        {"x", {VALUE_CHOICE, "epoch|time", 0, 0}, OPTIONAL, "epoch|time",
         "what curves run over; epoch"},
        {"smooth", {VALUE_NUMBER, NULL, 0, 0.99}, OPTIONAL, "X",
         "what a point of the loss keeps of the average of those before; 0.6"},
        {"by", {VALUE_CHOICE, SCATTER_BY, 0, 0}, OPTIONAL, SCATTER_BY,
         "what colours of tsne mean: the column; of the target the share of the positive "
         "class, which of several is the most frequent, or the mean; or how frequent a "
         "value is; column"},
        {"class", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, "V",
         "colours of tsne mean the share of that class"},
        {"panels", {VALUE_INT, NULL, 1, MAPPING_KEPT}, OPTIONAL, "N",
         "of tsne: the last N layouts beside each other, the oldest at the left; 1"},
        {"study", {VALUE_STUDY, NULL, 0, 0}, OPTIONAL, "S",
         "of search and benchmark: one that was kept; else that of this session"},
        {"style", {VALUE_CHOICE, "light|dark", 0, 0}, OPTIONAL, "light|dark",
         "of the ground; light, on a screen as its theme"},
        {"limit", {VALUE_INT, NULL, 1, 600}, OPTIONAL, "SECONDS",
         "how long gnuplot may take; 10"},
    },
    .flags = COMMAND_JOB,
    .run = run_plot,
};
