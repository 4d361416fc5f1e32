/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panes of the Train and Runs views, drawn from runs that are made by hand. */
#include <locale.h>

#include "base/mem.h"
#include "command/run_text.h"
#include "data/encode.h"
#include "data/infer.h"
#include "screen.h"
#include "subject.h"
#include "test.h"
#include "ui/curves.h"
#include "ui/scroll.h"

/* ---- a session by hand ---- */

struct stage {
    struct session *session;
    struct desk desk;
    struct view_job job;
    struct view view;
};

static struct schema *make_schema(const struct dataset *d, const char *target)
{
    struct schema *s = infer_schema(d);
    struct error err = {0};

    if (target)
        check(schema_set_target(s, d, schema_find(s, target), NULL, TASK_NONE, NULL,
                                &err));
    return s;
}

static struct dataset *make_table(void)
{
    return table_of("age,income,species,price\n1,<=50K,cat,1.5\n2,>50K,dog,2.5\n"
                    "3,<=50K,owl,4.5\n4,<=50K,cat,8.25\n");
}

static void stage_init(struct stage *t, const char *target)
{
    struct dataset *d = make_table();
    struct split_options split = split_defaults();

    *t = (struct stage){.session = xcalloc(1, sizeof *t->session)};
    t->session->settings = settings_defaults();
    session_add_table(t->session, table_new("adult", "load adult.csv", d,
                                            make_schema(d, target), &split));
    desk_init(&t->desk);
    t->view = (struct view){.session = t->session, .desk = &t->desk, .now = 1.7e9};
}

static void stage_done(struct stage *t)
{
    session_free(t->session);
    desk_done(&t->desk);
}

static void overlay(struct stage *t, const char *name)
{
    struct train_desk *d = &t->desk.train;

    d->overlaid = xgrow(d->overlaid, d->n_overlaid, &d->overlaid_capacity,
                        sizeof *d->overlaid);
    d->overlaid[d->n_overlaid++] = xstrdup(name);
}

/* The job that trains the run. */
static void give_job(struct stage *t, const struct run *r, bool paused)
{
    t->job = (struct view_job){.number = 1, .what = "train", .run = r, .paused = paused,
                               .status = ""};
    t->view.jobs = &t->job;
    t->view.n_jobs = 1;
}

/* ---- runs by hand ---- */

static double noise(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 24) - 0.5;
}

static struct metrics made_metrics(enum task task, double x, double speed,
                                   unsigned *state)
{
    double far = exp(-x / speed), late = 0.0006 * (x > 20 ? x - 20 : 0);
    struct metrics m = {
        .rows = 3256, .auc = 0.9172 - 0.11 * far - late + 0.001 * noise(state),
        .accuracy = 0.853 - 0.09 * far, .f1 = 0.652 - 0.2 * far,
        .average_precision = 0.78 - 0.2 * far, .calibration_error = 0.021 + 0.1 * far,
        .rmse = NAN, .mae = NAN, .r2 = NAN,
    };

    m.loss = 0.305 + 0.3 * far + 3 * late + 0.004 * noise(state);
    if (task == TASK_REGRESSION) {
        m.auc = m.accuracy = m.f1 = m.average_precision = m.calibration_error = NAN;
        m.rmse = 31250 * (1 + 2 * far);
        m.mae = 21090 * (1 + 2 * far);
        m.r2 = 0.84 - 0.5 * far;
    }
    return m;
}

enum { BATCHES = 178, STRIDE = 6 };

static void add_curve(struct run *r, double epochs, double speed, unsigned *state)
{
    r->curve.steps = STRIDE;
    for (double x = (double)STRIDE / BATCHES; x < epochs; x += (double)STRIDE / BATCHES) {
        struct curve_point p = {
            .epochs = x, .seconds = 7.5 * x, .norm = 0.8 + 0.2 * noise(state), .lr = 1e-3,
            .loss = 0.285 + 0.4 * exp(-x / speed) + 0.06 * noise(state),
        };

        curve_add(&r->curve, &p);
    }
}

static void add_epochs(struct run *r, int n, double speed, unsigned *state)
{
    double best_auc = -INFINITY;

    r->history = xcalloc((size_t)n + 1, sizeof *r->history);
    for (int i = 1; i <= n; i++) {
        struct metrics m = made_metrics(r->task, i, speed, state);
        double watched = train_watched(&r->settings.train, r->task, &m);

        r->history[r->n_history++] = (struct epoch_record){
            .epoch = i, .seconds = 7.5 * i, .lr = 1e-3, .valid = m,
            .train_loss = 0.285 + 0.4 * exp(-(i - 0.5) / speed),
            .best = watched > best_auc,
        };
        r->progress.since_best++;
        if (watched > best_auc) {
            best_auc = r->progress.best = watched;
            r->progress.best_epoch = i;
            r->progress.since_best = 0;
        }
    }
}

/* In its epoch after the first n ones; `part` of it is done. */
static struct run *add_run(struct stage *t, const char *name, const char *target,
                           int n, double part, double speed)
{
    struct run *r = run_new(name);
    unsigned state = (unsigned)(n * 7 + (int)(speed * 100));

    r->folder = xasprintf("runs/%s", name);
    r->origin = xstrdup("adult");
    r->data = dataset_ref(t->session->table->data);
    r->schema = make_schema(r->data, target);
    r->task = r->schema->task;
    r->settings.train.epochs = 50;
    r->settings.train.patience = 10;
    r->state = RUN_WAITING;
    r->phase = PHASE_STEPPING;
    r->rows = 22793;
    r->parameters = 213409;
    r->bytes = 148000000;
    r->batch = 128;
    add_curve(r, n + part, speed, &state);
    add_epochs(r, n, speed, &state);
    r->progress.batches = BATCHES;
    r->progress.steps = (size_t)(BATCHES * 50);
    r->progress.step = (size_t)(BATCHES * (n + part));
    r->progress.epoch = n;
    r->progress.loss = 0.2983;
    r->progress.lr = 1e-3;
    r->progress.seconds = 7.5 * (n + part);
    r->progress.rows_per_second = 2310;
    session_add_run(t->session, r);
    return r;
}

static void end_run(struct stage *t, struct run *r, enum train_end end)
{
    r->state = RUN_TRAINED;
    r->progress.end = end;
    if (r->progress.best_epoch > 0) {
        r->valid = r->test = r->history[r->progress.best_epoch - 1].valid;
        r->test.rows = 6512;
        r->test.auc -= 0.0031;
        r->test.accuracy -= 0.0012;
        r->test.r2 -= 0.02;
    }
    t->session->run = r;
}

/* What a model that is right more often than not would say of n rows. */
static void diagnose(struct run *r, int n)
{
    static char *binary[] = {"<=50K", ">50K"};
    static char *animals[] = {"cat", "dog", "owl", "鳥の名前"};
    static size_t counts[] = {400, 300, 200, 100};
    struct encoder e = {.task = r->task, .class_counts = counts};
    float *said = xcalloc((size_t)n * 4, sizeof *said);
    float *truth = xcalloc((size_t)n, sizeof *truth);
    struct metrics m;
    unsigned state = 5;

    e.n_classes = r->task == TASK_BINARY ? 2 : r->task == TASK_MULTICLASS ? 4 : 0;
    e.classes = r->task == TASK_BINARY ? binary : animals;
    for (int i = 0; i < n; i++) {
        double p = pow(noise(&state) + 0.5, 1.6);

        if (r->task == TASK_BINARY) {
            truth[i] = noise(&state) + 0.5 < p;
            said[2 * i + 1] = (float)(0.9 * p + 0.03);
            said[2 * i] = 1 - said[2 * i + 1];
        } else if (r->task == TASK_MULTICLASS) {
            int class = (int)(4 * p);
            double own = 0.5 + noise(&state), next = 0.55 * (0.5 + noise(&state));

            truth[i] = (float)class;
            for (int k = 0; k < 4; k++)
                said[4 * i + k] = (float)(0.1 / (own + next + 0.4));
            said[4 * i + class] += (float)(own / (own + next + 0.4));
            said[4 * i + (class + 1) % 4] += (float)(next / (own + next + 0.4));
        } else {
            truth[i] = (float)(100000 * p + 20000);
            said[i] = (float)(90000 * p + 25000 + 40000 * noise(&state) * (p + 0.2));
        }
    }
    m = r->task == TASK_REGRESSION
        ? metrics_regression(said, truth, (size_t)n)
        : metrics_classification(said, truth, (size_t)n, e.n_classes);
    r->diagnosis = xcalloc(1, sizeof *r->diagnosis);
    diagnosis_make(r->diagnosis, &e, r->progress.best_epoch, &m, said, truth, (size_t)n);
    free(said);
    free(truth);
}

/* ---- screens ---- */

static void draw_framed(struct surface *screen, const struct view *v,
                        const struct pane_type *type, struct rect r, bool focused)
{
    struct surface frame = surface_part(screen, r), inside;
    struct str title = {0};

    type->title(v, &title);
    surface_frame(&frame, str_text(&title), focused);
    inside = surface_part(&frame, (struct rect){1, 1, frame.width - 2, frame.height - 2});
    type->draw(v, &inside, focused);
    for (enum pane_id pane = 0; pane < PANES; pane++) {
        if (pane_type(pane) == type)
            scroll_sign(&frame, &v->desk->lists[pane]);
    }
    str_done(&title);
}

static void check_screen(const struct surface *s, const char *name, bool roles)
{
    struct str text = {0};

    if (roles)
        surface_dump_roles(s, &text);
    else
        surface_dump(s, &text);
    check(screen_is(name, &text));
    str_done(&text);
}

/* The bodies of screens of 80x24, 160x48 and 60x16. */
enum size { SMALL, LARGE, LEAST };

static const struct rect bodies[] = {{0, 0, 80, 20}, {0, 0, 160, 44}, {0, 0, 60, 12}};
static const char *const sizes[] = {"80x24", "160x48", "60x16"};

static void draw_train(const struct stage *t, struct surface *s, enum size size)
{
    const struct view *v = &t->view;

    if (size == LARGE) {
        draw_framed(s, v, &pane_loss, (struct rect){0, 0, 80, 22}, true);
        draw_framed(s, v, &pane_score, (struct rect){80, 0, 80, 22}, false);
        draw_framed(s, v, &pane_roc, (struct rect){0, 22, 54, 22}, false);
        draw_framed(s, v, &pane_confusion, (struct rect){54, 22, 53, 22}, false);
        draw_framed(s, v, &pane_facts, (struct rect){107, 22, 53, 22}, false);
    } else {
        int width = s->width - 29, height = s->height / 2;

        draw_framed(s, v, &pane_loss, (struct rect){0, 0, width, height}, true);
        draw_framed(s, v, &pane_score, (struct rect){0, height, width, height}, false);
        draw_framed(s, v, &pane_facts, (struct rect){width, 0, 29, s->height}, false);
    }
}

static void draw_runs(const struct stage *t, struct surface *s, enum size size)
{
    int height = s->height / 2;

    (void)size;
    draw_framed(s, &t->view, &pane_runs, (struct rect){0, 0, s->width, height}, true);
    draw_framed(s, &t->view, &pane_compare, (struct rect){0, height, s->width, height},
                 false);
}

static void check_view(const struct stage *t, const char *name, enum size size,
                       enum glyphs glyphs,
                       void (*draw)(const struct stage *, struct surface *, enum size))
{
    struct surface s;
    char file[100];

    snprintf(file, sizeof file, "%s.%s.%s", name, sizes[size],
             glyphs == GLYPHS_ASCII ? "ascii" : "utf8");
    surface_init(&s, bodies[size].width, bodies[size].height, glyphs);
    draw(t, &s, size);
    check_screen(&s, file, false);
    surface_done(&s);
}

/* One pane as it stands on a screen of 80x24, or that fills one. */
static void check_pane(const struct stage *t, const char *name,
                       const struct pane_type *type, enum glyphs glyphs)
{
    struct surface s;
    char file[100];

    snprintf(file, sizeof file, "%s.51x20.%s", name,
             glyphs == GLYPHS_ASCII ? "ascii" : "utf8");
    surface_init(&s, 51, 20, glyphs);
    draw_framed(&s, &t->view, type, (struct rect){0, 0, 51, 20}, true);
    check_screen(&s, file, false);
    surface_done(&s);
}

/* ---- more than is seen ---- */

static bool shows(const struct stage *t, const char *text)
{
    struct surface s;
    struct str dump = {0};
    bool found;

    surface_init(&s, 29, 20, GLYPHS_ASCII);
    draw_framed(&s, &t->view, &pane_facts, (struct rect){0, 0, 29, 20}, true);
    surface_dump(&s, &dump);
    found = strstr(str_text(&dump), text) != NULL;
    surface_done(&s);
    str_done(&dump);
    return found;
}

static void facts_can_be_scrolled(void)
{
    struct stage t;
    struct run *r;

    stage_init(&t, "income");
    r = add_run(&t, "r7", "income", 23, 0.41, 6);
    give_job(&t, r, false);
    check(shows(&t, "epoch 24 of 50") && !shows(&t, "seed") && shows(&t, " more below"));
    check(pane_facts.move(&t.view, MOVE_DOWN, 1));
    check(!shows(&t, "epoch 24 of 50") && shows(&t, " 1 above, "));
    check(pane_facts.move(&t.view, MOVE_END, 1));
    check(shows(&t, "seed") && shows(&t, " above ") && !shows(&t, "below"));
    check(pane_facts.move(&t.view, MOVE_UP, 1));
    check(shows(&t, "1 below"));
    check(pane_facts.move(&t.view, MOVE_HOME, 1));
    check(shows(&t, "epoch 24 of 50"));
    check(!pane_facts.move(&t.view, MOVE_LEFT, 1));
    stage_done(&t);
}

/* ---- what is drawn ---- */

static void training_moves(void)
{
    struct stage t;
    struct run *r;

    stage_init(&t, "income");
    r = add_run(&t, "r7", "income", 23, 0.41, 6);
    diagnose(r, 3256);
    give_job(&t, r, false);
    for (enum size size = SMALL; size <= LEAST; size++) {
        check_view(&t, "train", size, GLYPHS_ASCII, draw_train);
        check_view(&t, "train", size, GLYPHS_BRAILLE, draw_train);
    }
    stage_done(&t);
}

static void roles_tell_what_things_are(void)
{
    struct stage t;
    struct surface s;
    struct run *r;

    stage_init(&t, "income");
    r = add_run(&t, "r7", "income", 23, 0.41, 6);
    diagnose(r, 3256);
    give_job(&t, r, false);
    surface_init(&s, 80, 20, GLYPHS_ASCII);
    draw_train(&t, &s, SMALL);
    check_screen(&s, "train.80x24.roles", true);
    surface_done(&s);
    stage_done(&t);
}

static void pictures_of_the_best_weights(void)
{
    static const char *const targets[] = {"income", "species", "price"};
    static const char *const names[] = {"binary", "multiclass", "regression"};

    for (int i = 0; i < 3; i++) {
        struct stage t;
        struct run *r;
        char name[64];

        stage_init(&t, targets[i]);
        r = add_run(&t, "r7", targets[i], 23, 0.41, 6);
        if (i == 1)
            r->task = TASK_MULTICLASS; /* the table has too few rows to tell */
        diagnose(r, 3256);
        snprintf(name, sizeof name, "roc.%s", names[i]);
        check_pane(&t, name, &pane_roc, GLYPHS_ASCII);
        check_pane(&t, name, &pane_roc, GLYPHS_BRAILLE);
        snprintf(name, sizeof name, "confusion.%s", names[i]);
        check_pane(&t, name, &pane_confusion, GLYPHS_ASCII);
        snprintf(name, sizeof name, "calibration.%s", names[i]);
        check_pane(&t, name, &pane_calibration, GLYPHS_ASCII);
        stage_done(&t);
    }
}

static void ends_are_told(void)
{
    struct stage t;
    struct run *r;

    stage_init(&t, "income");
    r = add_run(&t, "r5", "income", 31, 0, 6);
    end_run(&t, r, TRAIN_EARLY);
    check_pane(&t, "facts.early", &pane_facts, GLYPHS_ASCII);
    r = add_run(&t, "r6", "income", 7, 0.3, 3);
    end_run(&t, r, TRAIN_DIVERGED);
    r->curve.points[r->curve.n - 1].loss = NAN;
    snprintf(r->progress.message, sizeof r->progress.message,
             "the training loss is nan in epoch 8, batch 53 of 178: the weights of the "
             "best epoch are kept; a smaller train.lr may help");
    check_view(&t, "train.diverged", SMALL, GLYPHS_ASCII, draw_train);
    check_view(&t, "train.diverged", SMALL, GLYPHS_BRAILLE, draw_train);
    stage_done(&t);
}

static void pauses_are_told(void)
{
    struct stage t;
    struct run *r;

    stage_init(&t, "price");
    r = add_run(&t, "r2", "price", 12, 0.5, 4);
    give_job(&t, r, true);
    check_view(&t, "train.paused", SMALL, GLYPHS_ASCII, draw_train);
    stage_done(&t);
}

static void beginnings_are_friendly(void)
{
    struct stage t;
    struct run *r;

    stage_init(&t, NULL);
    check_view(&t, "train.none", SMALL, GLYPHS_ASCII, draw_train);
    check_view(&t, "runs.none", SMALL, GLYPHS_ASCII, draw_runs);
    stage_done(&t);
    stage_init(&t, "income");
    r = add_run(&t, "r1", "income", 0, 0, 6);
    r->phase = PHASE_ENCODING;
    r->progress = (struct train_progress){0};
    r->rows = r->parameters = r->bytes = 0;
    r->batch = 0;
    give_job(&t, r, false);
    check_view(&t, "train.preparing", SMALL, GLYPHS_ASCII, draw_train);
    stage_done(&t);
    stage_init(&t, "income");
    r = add_run(&t, "r1", "income", 0, 0.4, 6);
    give_job(&t, r, false);
    check_view(&t, "train.first", SMALL, GLYPHS_ASCII, draw_train);
    stage_done(&t);
}

/* Twelve runs over each other, some with other options and names that are wide. */
static void make_many(struct stage *t)
{
    static const char *const names[] = {"r1", "r2", "baseline", "実験-三", "r5", "small",
                                        "r7", "r8", "r9", "a run of a rather long name",
                                        "r11", "r12"};
    struct run *r;

    stage_init(t, "income");
    for (int i = 0; i < 12; i++) {
        r = add_run(t, names[i], "income", 12 + 3 * i, 0, 3 + i);
        r->settings.train.lr = i % 3 ? 0 : 3e-4;
        r->settings.model.dim = i == 5 ? 16 : 32;
        end_run(t, r, i % 4 ? TRAIN_EARLY : TRAIN_EPOCHS);
        if (i != 6)
            overlay(t, names[i]);
    }
    r = add_run(t, "r13", "price", 9, 0, 4);
    end_run(t, r, TRAIN_STOPPED);
    r = add_run(t, "r14", "income", 5, 0.5, 6);
    give_job(t, r, false);
    t->session->run = t->session->runs[6];
    t->desk.train.run = xstrdup("r7");
    t->desk.lists[PANE_RUNS].cursor = 3;
}

static void many_runs_are_laid_over(void)
{
    struct stage t;

    make_many(&t);
    check_view(&t, "train.overlaid", SMALL, GLYPHS_ASCII, draw_train);
    check_view(&t, "train.overlaid", LARGE, GLYPHS_BRAILLE, draw_train);
    stage_done(&t);
}

static void the_current_run_is_under_the_cursor(void)
{
    struct stage t;

    make_many(&t);
    t.desk.lists[PANE_RUNS].cursor = 0;
    check_str(view_listed_run(&t.view)->name, t.session->run->name);
    t.session->run = t.session->runs[2]; /* which moves it no more */
    check(strcmp(view_listed_run(&t.view)->name, t.session->run->name) != 0);
    stage_done(&t);
}

static void runs_are_listed(void)
{
    struct stage t;
    struct str line = {0};

    make_many(&t);
    for (enum size size = SMALL; size <= LEAST; size++) {
        check_view(&t, "runs", size, GLYPHS_ASCII, draw_runs);
        check_view(&t, "runs", size, GLYPHS_BRAILLE, draw_runs);
    }
    check_int(pane_runs.count(&t.view), 14);
    check_str(view_listed_run(&t.view)->name, "実験-三");
    check(pane_runs.holds(&t.view, 2, "BASE") && !pane_runs.holds(&t.view, 3, "base"));
    check(pane_runs.holds(&t.view, 13, "training"));
    pane_runs.copy(&t.view, &line);
    check(str_starts(line.text, "実験-三\ttrained\tadult\t\ttabtransformer\tincome\t"
                                "22,793\t21/50\t"));
    str_done(&line);
    t.desk.lists[PANE_RUNS].cursor = 99;
    check_str(view_listed_run(&t.view)->name, "r14");
    stage_done(&t);
}

/* ---- pre-training ---- */

/* Eight columns of a census, one of them with missing cells and one with a class of a
 * long name. */
static struct dataset *make_census(void)
{
    static const char *const values[8][4] = {
        {"Private", "Self-emp", "State-gov", "Private"},
        {"HS-grad", "Bachelors", "Some-college", "Masters"},
        {"Married", "Never-married", "Divorced", "Married"},
        {"Sales", "Craft-repair", "", "Professional or of a similar kind"},
        {"Husband", "Own-child", "Wife", "Not-in-family"},
        {"White", "Black", "White", "White"},
        {"Male", "Female", "Male", "Male"},
        {"United-States", "Mexico", "日本", "United-States"},
    };
    struct str text = {0};
    struct dataset *d;
    unsigned state = 3;

    str_puts(&text, "workclass,education,marital_status,occupation,relationship,race,sex,"
                    "native_country,income\n");
    for (int row = 0; row < 80; row++) {
        for (int c = 0; c < 8; c++)
            str_printf(&text, "%s,", values[c][(int)(4 * (noise(&state) + 0.5))]);
        str_puts(&text, row % 4 ? "<=50K\n" : ">50K\n");
    }
    d = table_of(text.text);
    str_done(&text);
    return d;
}

/* What is told of column c after epoch x. */
static struct column_score made_score(enum pretext pretext, int c, double x)
{
    static const double plain[] = {0.697, 0.322, 0.46, 0.127, 0.405, 0.854, 0.669, 0.896};
    static const double most[] = {0.72, 0.487, 0.832, 0.318, 0.791, 0.851, 0.845, 0.912};
    double far = exp(-x / 4);
    struct column_score s = {.asked = (uint32_t)(970 + 7 * c), .auc = NAN};

    s.baseline = (float)plain[c];
    s.accuracy = (float)(most[c] - (most[c] - plain[c] + 0.02) * far);
    if (pretext == PRETEXT_RTD) {
        s.asked = 3256;
        s.auc = (float)(0.5 + 0.48 * most[c] * (1 - far) - 0.02 * c * far);
        s.baseline = 0.7f;
        s.accuracy = (float)(0.7 + 0.25 * most[c] * (1 - far));
    }
    return s;
}

static void add_learned(struct run *r, int epochs)
{
    struct learned *l = &r->learned;
    struct example_cell *cells;

    for (int i = 1; i <= epochs; i++) {
        struct column_score scores[8];

        for (int c = 0; c < 8; c++)
            scores[c] = made_score(r->pretext, c, i);
        learned_add(l, i, scores, 8);
    }
    cells = learned_examples(l, 8);
    l->n_examples = 2;
    l->example_epoch = epochs;
    l->example_rows[0] = 4710;
    l->example_rows[1] = 12;
    for (int i = 0; i < 16; i++) {
        bool hidden = i % 3 == 1;

        cells[i] = (struct example_cell){.before = i % 3 + (i != 3), .sure = 0.03f};
        cells[i].shown = !hidden ? cells[i].before : r->pretext == PRETEXT_MLM ? 0 : 3;
        if (hidden || i == 2)
            cells[i].sure = i == 4 ? 0.31f : 0.93f;
        if (r->pretext == PRETEXT_MLM)
            cells[i].said = !hidden ? 0 : i == 4 ? 1 : cells[i].before;
    }
}

/* In its epoch after the first n ones. */
static struct run *pretrain(struct stage *t, const char *name, enum pretext pretext,
                            int n)
{
    struct subject census = subject_new(make_census(), "income", NULL);
    struct run *r = add_run(t, name, "income", n, 0.4, 4);

    r->pretext = pretext;
    r->task = TASK_NONE;
    r->encoder = encoder_ref(census.encoder);
    for (int i = 0; i < n; i++) {
        struct metrics *m = &r->history[i].valid;

        m->f1 = m->average_precision = m->calibration_error = NAN;
        m->auc = pretext == PRETEXT_MLM ? NAN : m->auc;
    }
    r->progress.best_epoch = n;
    r->progress.since_best = 0;
    r->progress.best = n > 0 ? -r->history[n - 1].valid.loss : 0;
    if (n > 0)
        add_learned(r, n);
    subject_done(&census);
    return r;
}

static void draw_pretrain(const struct stage *t, struct surface *s, enum size size)
{
    const struct view *v = &t->view;
    int width = s->width - 29, height = s->height / 2;

    if (size == LARGE) {
        draw_framed(s, v, &pane_loss, (struct rect){0, 0, 80, 22}, true);
        draw_framed(s, v, &pane_score, (struct rect){80, 0, 80, 22}, false);
        draw_framed(s, v, &pane_learned, (struct rect){0, 22, 54, 22}, false);
        draw_framed(s, v, &pane_example, (struct rect){54, 22, 53, 22}, false);
        draw_framed(s, v, &pane_facts, (struct rect){107, 22, 53, 22}, false);
    } else {
        draw_framed(s, v, &pane_loss, (struct rect){0, 0, width, height}, true);
        draw_framed(s, v, &pane_learned, (struct rect){0, height, width, height}, false);
        draw_framed(s, v, &pane_facts, (struct rect){width, 0, 29, s->height}, false);
    }
}

static void draw_alone(const struct stage *t, struct surface *s,
                       const struct pane_type *type)
{
    draw_framed(s, &t->view, type, (struct rect){0, 0, s->width, s->height}, true);
}

static void draw_learned_alone(const struct stage *t, struct surface *s, enum size size)
{
    (void)size;
    draw_alone(t, s, &pane_learned);
}

static void draw_example_alone(const struct stage *t, struct surface *s, enum size size)
{
    (void)size;
    draw_alone(t, s, &pane_example);
}

static void pretraining_moves(void)
{
    static const char *const names[] = {"mlm", "rtd"};

    for (int i = 0; i < 2; i++) {
        struct stage t;
        struct run *r;
        char name[32];

        stage_init(&t, "income");
        r = pretrain(&t, "pre", i ? PRETEXT_RTD : PRETEXT_MLM, 9);
        give_job(&t, r, false);
        for (enum size size = SMALL; size <= LEAST; size++) {
            snprintf(name, sizeof name, "pretrain-%s", names[i]);
            check_view(&t, name, size, GLYPHS_ASCII, draw_pretrain);
            check_view(&t, name, size, GLYPHS_BRAILLE, draw_pretrain);
            snprintf(name, sizeof name, "learned-%s", names[i]);
            check_view(&t, name, size, GLYPHS_ASCII, draw_learned_alone);
            check_view(&t, name, size, GLYPHS_BRAILLE, draw_learned_alone);
            snprintf(name, sizeof name, "example-%s", names[i]);
            check_view(&t, name, size, GLYPHS_ASCII, draw_example_alone);
            check_view(&t, name, size, GLYPHS_BRAILLE, draw_example_alone);
        }
        snprintf(name, sizeof name, "example-%s", names[i]);
        check_pane(&t, name, &pane_example, GLYPHS_BRAILLE);
        stage_done(&t);
    }
}

static void heat_is_what_was_learned(void)
{
    struct stage t;
    struct surface s;

    stage_init(&t, "income");
    pretrain(&t, "pre", PRETEXT_MLM, 9);
    surface_init(&s, 51, 11, GLYPHS_ASCII);
    draw_alone(&t, &s, &pane_learned);
    check_screen(&s, "learned-mlm.51x11.roles", true);
    surface_done(&s);
    stage_done(&t);
}

/* The first letters of the columns in that order. */
static void check_order(struct stage *t, enum learned_sort sort, const char *want)
{
    struct str text = {0}, got = {0};

    t->desk.train.sort = sort;
    pane_learned.copy(&t->view, &text);
    for (const char *p = strchr(str_text(&text), '\n'); p[1]; p = strchr(p + 1, '\n'))
        str_add(&got, p + 1, 2);
    check_str(str_text(&got), want);
    str_done(&text);
    str_done(&got);
}

static void columns_are_listed_in_any_order(void)
{
    struct stage t;

    stage_init(&t, "income");
    pretrain(&t, "pre", PRETEXT_MLM, 9);
    check_order(&t, LEARNED_POSITION, "woedmaocrerasena");
    check_order(&t, LEARNED_NAME, "edmanaocraresewo");
    check_order(&t, LEARNED_WORST, "ocedworemaserana");
    check_order(&t, LEARNED_GAIN, "mareseedocnawora");
    check_int(pane_learned.count(&t.view), 8);
    check(pane_learned.holds(&t.view, 0, "ARITAL"));
    check(!pane_learned.holds(&t.view, 1, "x"));
    stage_done(&t);
}

static void examples_are_walked_through(void)
{
    struct stage t;
    struct str text = {0};

    stage_init(&t, "income");
    check(!pane_example.move(&t.view, MOVE_RIGHT, 1));
    pretrain(&t, "pre", PRETEXT_MLM, 3);
    check(pane_example.move(&t.view, MOVE_RIGHT, 1));
    check_int(t.desk.train.example, 1);
    pane_example.move(&t.view, MOVE_RIGHT, 1);
    check_int(t.desk.train.example, 0);
    pane_example.move(&t.view, MOVE_LEFT, 3);
    check_int(t.desk.train.example, 1);
    check(!pane_example.move(&t.view, MOVE_DOWN, 1));
    pane_example.copy(&t.view, &text);
    check(str_starts(str_text(&text),
                     "column\tthe row\tit sees\tit says\tprobability\n"));
    str_done(&text);
    stage_done(&t);
}

static void pretraining_begins_and_ends(void)
{
    struct stage t;
    struct run *r;

    stage_init(&t, "income");
    r = pretrain(&t, "pre", PRETEXT_MLM, 0);
    give_job(&t, r, false);
    check_view(&t, "pretrain-first", SMALL, GLYPHS_ASCII, draw_pretrain);
    check_pane(&t, "example-first", &pane_example, GLYPHS_ASCII);
    stage_done(&t);
    stage_init(&t, "income");
    r = pretrain(&t, "pre", PRETEXT_MLM, 9);
    end_run(&t, r, TRAIN_EARLY);
    r->test.auc = NAN;
    check_view(&t, "pretrain-ended", SMALL, GLYPHS_BRAILLE, draw_pretrain);
    stage_done(&t);
}

/* ---- lineage ---- */

static struct run *fine_tune(struct stage *t, const char *name, const char *parent,
                             const char *target, long labels, double speed)
{
    struct run *r = add_run(t, name, target, 12, 0, speed);

    r->parent = parent ? xstrdup(parent) : NULL;
    r->split.labeled = labels;
    end_run(t, r, TRAIN_EARLY);
    return r;
}

/* Two pre-trained bodies, what was made of them, and two from scratch. */
static void make_family(struct stage *t)
{
    stage_init(t, "income");
    end_run(t, pretrain(t, "mlm", PRETEXT_MLM, 9), TRAIN_EPOCHS);
    fine_tune(t, "scratch-50", NULL, "income", 50, 9);
    fine_tune(t, "mlm-50", "mlm", "income", 50, 4);
    fine_tune(t, "mlm-200", "mlm", "income", 200, 3);
    end_run(t, pretrain(t, "rtd", PRETEXT_RTD, 9), TRAIN_EPOCHS);
    fine_tune(t, "rtd-50", "rtd", "income", 50, 5);
    fine_tune(t, "price", "mlm-200", "price", -1, 4);
    fine_tune(t, "scratch-200", NULL, "income", 200, 6);
    t->session->run = t->session->runs[2];
}

static void draw_family(const struct stage *t, struct surface *s, enum size size)
{
    int height = s->height / 2, left = s->width - s->width * 2 / 5;

    if (size != LARGE) {
        draw_runs(t, s, size);
        return;
    }
    draw_framed(s, &t->view, &pane_runs, (struct rect){0, 0, s->width, height}, true);
    draw_framed(s, &t->view, &pane_compare, (struct rect){0, height, left, height},
                false);
    draw_framed(s, &t->view, &pane_curves,
                (struct rect){left, height, s->width - left, height}, false);
}

static void lineage_is_shown(void)
{
    struct stage t;

    make_family(&t);
    overlay(&t, "mlm-50");
    overlay(&t, "rtd-50");
    overlay(&t, "mlm-200");
    overlay(&t, "scratch-200");
    t.desk.train.run = xstrdup("scratch-50");
    t.desk.lists[PANE_RUNS].cursor = 2;
    for (enum size size = SMALL; size <= LEAST; size++) {
        check_view(&t, "lineage", size, GLYPHS_ASCII, draw_family);
        check_view(&t, "lineage", size, GLYPHS_BRAILLE, draw_family);
    }
    desk_fold(&t.desk, "mlm");
    check_view(&t, "lineage-folded", SMALL, GLYPHS_BRAILLE, draw_family);
    stage_done(&t);
}

/* Left folds and goes up, right unfolds; the cursor stays on its run. */
static void the_tree_is_folded(void)
{
    struct stage t;
    struct list *l = &t.desk.lists[PANE_RUNS];

    make_family(&t);
    check_int(pane_runs.count(&t.view), 8);
    l->cursor = 3;
    check_str(view_listed_run(&t.view)->name, "price");
    pane_runs.move(&t.view, MOVE_LEFT, 1);
    check_str(view_listed_run(&t.view)->name, "mlm-200");
    pane_runs.move(&t.view, MOVE_LEFT, 1);
    check_int(pane_runs.count(&t.view), 7);
    check_str(view_listed_run(&t.view)->name, "mlm-200");
    pane_runs.move(&t.view, MOVE_LEFT, 1);
    check_str(view_listed_run(&t.view)->name, "mlm");
    pane_runs.move(&t.view, MOVE_LEFT, 1);
    check_int(pane_runs.count(&t.view), 5);
    check(desk_is_folded(&t.desk, "mlm"));
    pane_runs.move(&t.view, MOVE_RIGHT, 1);
    check_int(pane_runs.count(&t.view), 7);
    l->cursor = 2;
    check_str(view_listed_run(&t.view)->name, "mlm-200");
    desk_fold(&t.desk, "mlm"); /* it is gone from the list */
    check_str(view_listed_run(&t.view)->name, "mlm");
    desk_fold(&t.desk, "mlm");
    l->cursor = 3; /* scratch-50 */
    check_str(view_listed_run(&t.view)->name, "scratch-50");
    fine_tune(&t, "new", "mlm", "income", 50, 4);
    check_str(view_listed_run(&t.view)->name, "scratch-50");
    check_int(l->cursor, 4);
    stage_done(&t);
}

/* ---- what is shown, and how ---- */

static void the_run_in_training_is_shown(void)
{
    struct stage t;
    struct run *first, *second;

    stage_init(&t, "income");
    check(view_run(&t.view) == NULL);
    check(view_listed_run(&t.view) == NULL);
    first = add_run(&t, "r1", "income", 3, 0, 6);
    end_run(&t, first, TRAIN_EPOCHS);
    check(view_run(&t.view) == first);
    second = add_run(&t, "r2", "income", 1, 0, 6);
    check(view_run(&t.view) == second);
    t.desk.train.run = xstrdup("r1");
    check(view_run(&t.view) == first);
    free(t.desk.train.run);
    t.desk.train.run = xstrdup("gone");
    check(view_run(&t.view) == second);
    second->state = RUN_TRAINED;
    check(view_run(&t.view) == first); /* the current one */
    t.session->run = NULL;
    check(view_run(&t.view) == second);
    stage_done(&t);
}

static void the_cursor_walks_along_the_curve(void)
{
    struct stage t;
    double *cursor = &t.desk.train.cursor, low, high;

    stage_init(&t, "income");
    check(!curves_move_cursor(&t.view, 1));
    check(!curves_range(&t.view, &low, &high));
    add_run(&t, "r1", "income", 2, 0.5, 6);
    check(curves_range(&t.view, &low, &high));
    check_near(low, 0, 0);
    check_near(high, 2.5, 0.04);
    check(pane_loss.move(&t.view, MOVE_LEFT, 1));
    check_near(*cursor, high, 1e-9);
    pane_loss.move(&t.view, MOVE_LEFT, 3);
    check_near(*cursor, high - 3.0 * STRIDE / BATCHES, 1e-9);
    pane_loss.move(&t.view, MOVE_HOME, 1);
    check_near(*cursor, (double)STRIDE / BATCHES, 1e-9);
    pane_loss.move(&t.view, MOVE_RIGHT, 2);
    check_near(*cursor, 3.0 * STRIDE / BATCHES, 1e-9);
    *cursor = -1;
    pane_loss.move(&t.view, MOVE_RIGHT, 1);
    check_near(*cursor, (double)STRIDE / BATCHES, 1e-9);
    check(!pane_loss.move(&t.view, MOVE_UP, 1));
    stage_done(&t);
}

static void long_curves_are_walked_by_epochs(void)
{
    struct stage t;

    stage_init(&t, "income");
    add_run(&t, "r1", "income", 30, 0, 6);
    curves_move_cursor(&t.view, 1);
    check_near(t.desk.train.cursor, 30, 0);
    curves_move_cursor(&t.view, -10);
    check_near(t.desk.train.cursor, 20, 0);
    t.desk.train.low = 24.98;
    curves_move_cursor(&t.view, 1); /* what is seen has few points again */
    check_near(t.desk.train.cursor, 25, 0.04);
    t.desk.train.by_time = true;
    t.desk.train.low = t.desk.train.cursor = NAN;
    curves_move_cursor(&t.view, 1);
    check_near(t.desk.train.cursor, 225, 0);
    stage_done(&t);
}

static const struct series *find_series(const struct figure *f, const char *name)
{
    for (size_t i = 0; i < f->n_series; i++)
        if (strcmp(f->series[i].name, name) == 0)
            return &f->series[i];
    return NULL;
}

static void figures_follow_the_desk(void)
{
    struct stage t;
    struct figure *f;
    struct run *other;

    stage_init(&t, "income");
    add_run(&t, "r1", "income", 4, 0, 6);
    other = add_run(&t, "r2", "income", 6, 0, 6);
    t.desk.train.run = xstrdup("r1");
    overlay(&t, "r2");
    overlay(&t, "gone");
    f = curves_loss(&t.view);
    check_int(find_series(f, "raw")->kind, SERIES_FAINT);
    check_int(find_series(f, "train")->n, find_series(f, "raw")->n);
    check_int(find_series(f, "valid")->n, 4);
    check_int(find_series(f, "r2")->n, 6);
    check_int(find_series(f, "best")->n, 1);
    check(!f->y.log);
    figure_free(f);

    t.desk.train.smooth = 0;
    t.desk.train.log_y = t.desk.train.by_time = true;
    t.desk.train.low = 16; /* seconds: from the third epoch on */
    f = curves_loss(&t.view);
    check_int(find_series(f, "train")->n, 2);
    check_near(find_series(f, "train")->x[0], 22.5, 0);
    check_int(find_series(f, "r2")->n, 4);
    check(f->y.log && f->x.low == 16 && isnan(f->x.high));
    figure_free(f);

    other->task = TASK_REGRESSION; /* has no AUC */
    f = curves_score(&t.view);
    check(!find_series(f, "r2") && find_series(f, "AUC"));
    check_near(f->level, t.session->runs[0]->progress.best, 0);
    figure_free(f);
    stage_done(&t);
}

/* A millionth more or less is no rise or fall. */
static void equal_scores_look_equal(void)
{
    struct stage t;
    struct figure *f;
    struct run *r;
    double low, high;

    stage_init(&t, "income");
    r = add_run(&t, "r1", "income", 4, 0, 4);
    for (size_t i = 0; i < r->n_history; i++)
        r->history[i].valid.auc = 0.84 + 1e-6 * (double)i;
    f = curves_score(&t.view);
    f->level = NAN;
    figure_y_range(f, &low, &high);
    check(low < 0.839 && high > 0.841);
    figure_free(f);
    for (size_t i = 0; i < r->n_history; i++)
        r->history[i].valid.auc = 1;
    f = curves_score(&t.view);
    figure_y_range(f, &low, &high);
    check(low < 0.95 && high == 1);
    figure_free(f);
    stage_done(&t);
}

/* A few points far above all others do not make a flat line of these. */
static void outliers_are_cut_off(void)
{
    struct stage t;
    struct figure *f;
    struct run *r;
    double low, high;

    stage_init(&t, "income");
    r = add_run(&t, "r1", "income", 6, 0, 6);
    f = curves_loss(&t.view);
    check(isnan(f->y.high));
    figure_free(f);
    r->curve.points[0].loss = 9;
    r->curve.points[1].loss = 4;
    f = curves_loss(&t.view);
    figure_y_range(f, &low, &high);
    check(high > 0.6 && high < 0.8);
    figure_free(f);
    t.desk.train.log_y = true;
    f = curves_loss(&t.view);
    check(isnan(f->y.high));
    figure_free(f);
    stage_done(&t);
}

/* A spike among very many points is still there, and so is the end. */
static void long_curves_keep_their_spikes(void)
{
    struct stage t;
    const struct series *raw, *train;
    struct figure *f;
    struct run *r;
    double most = 0;

    stage_init(&t, "income");
    r = add_run(&t, "r1", "income", 49, 0, 6);
    for (size_t i = 0; i < 8000; i++) {
        struct curve_point p = {.epochs = 49 + 0.001 * (double)i, .loss = 0.3};

        p.loss = i == 4321 ? 7 : i == 7999 ? NAN : 0.3;
        curve_add(&r->curve, &p);
    }
    f = curves_loss(&t.view);
    raw = find_series(f, "raw");
    train = find_series(f, "train");
    check(raw->n > 1000 && raw->n <= 2002);
    check(train->n > 800 && train->n <= 1001);
    for (size_t i = 0; i < raw->n; i++)
        most = fmax(most, raw->y[i]);
    check_near(most, 7, 0);
    check(isnan(raw->y[raw->n - 1]) && isnan(train->y[train->n - 1]));
    figure_free(f);
    stage_done(&t);
}

static void where_no_auc_is_accuracy_is_watched(void)
{
    struct stage t;
    struct run *r;

    stage_init(&t, "income");
    r = add_run(&t, "r1", "income", 4, 0, 6);
    check_str(run_watched(r)->name, "auc");
    r->settings.train.watch = WATCH_LOSS;
    check_str(run_watched(r)->name, "auc");
    r->settings.train.watch = WATCH_AUTO;
    r->history[0].valid.auc = NAN;
    check_str(run_watched(r)->name, "accuracy");
    r->task = TASK_REGRESSION;
    check_str(run_watched(r)->name, "r2");
    stage_done(&t);
}

static void whole_tables_are_copied(void)
{
    struct stage t;
    struct str text = {0};
    struct run *r;

    stage_init(&t, "income");
    pane_loss.copy(&t.view, &text);
    pane_confusion.copy(&t.view, &text);
    check_int(text.length, 0);
    r = add_run(&t, "r1", "income", 2, 0, 6);
    diagnose(r, 100);
    pane_loss.copy(&t.view, &text);
    check(str_starts(str_text(&text),
                     "epoch\tseconds\ttrain_loss\tvalid_loss\tvalid_auc\t"));
    check(strstr(str_text(&text), "\n2\t15.0\t") != NULL);
    str_clear(&text);
    pane_confusion.copy(&t.view, &text);
    check(str_starts(str_text(&text), "true\t<=50K\t>50K\n<=50K\t"));
    str_done(&text);
    stage_done(&t);
}

/* Nothing is written outside of a surface, and nothing fails, at any size. */
static void any_size_will_do(void)
{
    static const struct pane_type *const types[] = {
        &pane_loss, &pane_score, &pane_facts, &pane_roc, &pane_confusion,
        &pane_calibration, &pane_runs, &pane_compare, &pane_curves, &pane_learned,
        &pane_example,
    };
    struct stage t;

    make_many(&t);
    for (size_t i = 0; i < t.session->n_runs; i++)
        diagnose(t.session->runs[i], 300);
    pretrain(&t, "mlm", PRETEXT_MLM, 3);
    pretrain(&t, "rtd", PRETEXT_RTD, 1);
    for (int run = 0; run < 16; run += 5) {
        free(t.desk.train.run);
        t.desk.train.run = xstrdup(t.session->runs[run]->name);
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
            for (int width = 0; width < 90; width += 1 + width / 8) {
                for (int height = 0; height < 26; height += 1 + height / 6) {
                    struct surface s;

                    surface_init(&s, width, height,
                                 k % 2 ? GLYPHS_ASCII : GLYPHS_BRAILLE);
                    types[k]->draw(&t.view, &s, true);
                    surface_done(&s);
                }
            }
        }
    }
    stage_done(&t);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    test_run(training_moves);
    test_run(roles_tell_what_things_are);
    test_run(pictures_of_the_best_weights);
    test_run(ends_are_told);
    test_run(pauses_are_told);
    test_run(beginnings_are_friendly);
    test_run(many_runs_are_laid_over);
    test_run(the_current_run_is_under_the_cursor);
    test_run(runs_are_listed);
    test_run(pretraining_moves);
    test_run(heat_is_what_was_learned);
    test_run(columns_are_listed_in_any_order);
    test_run(examples_are_walked_through);
    test_run(pretraining_begins_and_ends);
    test_run(lineage_is_shown);
    test_run(the_tree_is_folded);
    test_run(the_run_in_training_is_shown);
    test_run(the_cursor_walks_along_the_curve);
    test_run(long_curves_are_walked_by_epochs);
    test_run(figures_follow_the_desk);
    test_run(equal_scores_look_equal);
    test_run(outliers_are_cut_off);
    test_run(long_curves_keep_their_spikes);
    test_run(where_no_auc_is_accuracy_is_watched);
    test_run(whole_tables_are_copied);
    test_run(facts_can_be_scrolled);
    test_run(any_size_will_do);
    return test_done();
}
