/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How boosted trees are trained. A step is a round: derivatives of the loss at what the
 * trees so far say of each row, and a tree (of several classes one each) that answers to
 * them; an epoch is some rounds, so that it is judged, drawn and ended as with other
 * models. What the trees say of rows is kept and only added to. Everything here is a
 * function of seed, round and the trees so far: the trees are all there is to be kept.
 *
 * Pseudo labels (engine/unlabeled.h): when it could end, a share of the rows without labels
 * joins the others with the class that the best trees find likeliest, and new trees are
 * grown from the beginning. Once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "engine/trainer_own.h"
#include "model/gbdt.h"
#include "model/grower.h"

enum { TASK_ROWS = 1024, PICK_ROWS = 256 };

/* Rows, and what the trees so far say of them. */
struct sheet {
    size_t n;
    float *x;      /* (n, features) */
    float *logits; /* (n, outputs) */
};

struct boosting {
    struct gbdt *gbdt; /* the model's */
    struct grower *grower;
    struct sheet learned; /* rows with a label, then those with a guessed one */
    struct sheet valid;
    float *target, *weight;  /* (learned) */
    float *first, *second;   /* (learned, outputs) derivatives */
    double *losses;          /* (tasks) sums */
    size_t begun;            /* steps before these trees were begun */
    int64_t *guessed;        /* (n_guessed, 2) row of the frame, class */
    size_t n_guessed;
    struct forest *teacher;  /* the best of the trees that guessed, or NULL */
};

static bool no_memory(size_t rows, struct error *err)
{
    return error_set(err, ERROR_MEMORY, "no memory to grow trees from %zu rows", rows);
}

static size_t rounds_of(const struct boosting *b)
{
    return b->gbdt->forest->n_trees / (size_t)b->gbdt->outputs;
}

/* ---- rows ---- */

static void sheet_done(struct sheet *s)
{
    free(s->x);
    free(s->logits);
    *s = (struct sheet){0};
}

static bool sheet_init(struct sheet *s, const struct gbdt *g, size_t n)
{
    s->n = n;
    s->x = try_alloc(n, (size_t)g->n_features * sizeof *s->x);
    s->logits = try_calloc(n, (size_t)g->outputs * sizeof *s->logits);
    return s->x && s->logits;
}

/* rows (s->n) of the frame */
static void pick_inputs(struct sheet *s, const struct trainer *t, const uint32_t *rows)
{
    const struct gbdt *g = t->boosting->gbdt;
    const struct frame *f = t->frame;
    int32_t *codes = xcalloc(PICK_ROWS * (size_t)f->n_categorical + 1, sizeof *codes);
    float *values = xcalloc(PICK_ROWS * (size_t)f->n_continuous + 1, sizeof *values);

    for (size_t from = 0; from < s->n; from += PICK_ROWS) {
        size_t n = s->n - from < PICK_ROWS ? s->n - from : PICK_ROWS;

        frame_pick(f, rows, from, n, codes, values);
        gbdt_inputs(g, model_encoder(t->model), codes, values, n,
                    s->x + from * (size_t)g->n_features);
    }
    free(codes);
    free(values);
}

struct addition {
    const struct gbdt *gbdt;
    struct sheet *sheet;
    size_t from; /* tree */
};

static void add_rows(void *arg, int task, int worker)
{
    const struct addition *a = arg;
    const struct gbdt *g = a->gbdt;
    size_t begin = (size_t)task * TASK_ROWS, left = a->sheet->n - begin;

    (void)worker;
    forest_sum(g->forest, a->from, g->forest->n_trees, g->outputs,
               a->sheet->x + begin * (size_t)g->n_features,
               left < TASK_ROWS ? left : TASK_ROWS, g->n_features,
               a->sheet->logits + begin * (size_t)g->outputs);
}

static int tasks_of(size_t rows)
{
    return (int)((rows + TASK_ROWS - 1) / TASK_ROWS);
}

/* What the trees from that one on say, added to what those before said. */
static void add_trees(struct trainer *t, struct sheet *s, size_t from)
{
    struct addition a = {t->boosting->gbdt, s, from};

    pool_run(t->pool, tasks_of(s->n), add_rows, &a);
}

/* ---- derivatives ---- */

/* Multiples of 2^-24: sums of them in double are exact, in any order. */
static float round_off(double derivative)
{
    return (float)(nearbyint(derivative * 0x1p24) * 0x1p-24);
}

/* The loss of one row, weighed, and its derivatives by each logit; the second one of several
 * classes is 2 p (1 - p), as XGBoost has it, since their logits change together. */
static double derive_classes(const float *z, int outputs, int target, double weight,
                             float *first, float *second)
{
    double largest = -INFINITY, sum = 0;

    for (int c = 0; c < outputs; c++)
        largest = fmax(largest, (double)z[c]);
    for (int c = 0; c < outputs; c++)
        sum += exp((double)z[c] - largest);
    for (int c = 0; c < outputs; c++) {
        double p = exp((double)z[c] - largest) / sum;

        first[c] = round_off(weight * (p - (c == target)));
        second[c] = round_off(weight * 2 * p * (1 - p));
    }
    return weight * (log(sum) + largest - (double)z[target]);
}

static double derive_binary(double z, double target, double weight, float *first,
                            float *second)
{
    double p = 1 / (1 + exp(-z));

    *first = round_off(weight * (p - target));
    *second = round_off(weight * p * (1 - p));
    return weight * (fmax(z, 0) + log1p(exp(-fabs(z))) - z * target);
}

static double derive_squared(double z, double target, double weight, float *first,
                             float *second)
{
    *first = round_off(weight * (z - target));
    *second = round_off(weight);
    return weight * (z - target) * (z - target);
}

static double derive_row(const struct trainer *t, size_t row)
{
    struct boosting *b = t->boosting;
    size_t at = row * (size_t)b->gbdt->outputs;
    const float *z = b->learned.logits + at;
    double target = (double)b->target[row], weight = (double)b->weight[row];

    switch (model_encoder(t->model)->task) {
    case TASK_REGRESSION:
        return derive_squared((double)*z, target, weight, b->first + at, b->second + at);
    case TASK_MULTICLASS:
        return derive_classes(z, b->gbdt->outputs, (int)target, weight, b->first + at,
                              b->second + at);
    default:
        return derive_binary((double)*z, target, weight, b->first + at, b->second + at);
    }
}

/* Whether a row is drawn follows from seed, round and its place only. */
static void derive_rows(void *arg, int task, int worker)
{
    const struct trainer *t = arg;
    struct boosting *b = t->boosting;
    size_t outputs = (size_t)b->gbdt->outputs, begin = (size_t)task * TASK_ROWS;
    size_t end = begin + TASK_ROWS < b->learned.n ? begin + TASK_ROWS : b->learned.n;
    double share = model_options(t->model)->subsample, loss = 0;
    struct rng r = rng_make(t->options.seed, RNG_BAG,
                            (uint64_t)rounds_of(b) << 24 | (uint64_t)task);

    (void)worker;
    for (size_t row = begin; row < end; row++) {
        loss += derive_row(t, row);
        if (share < 1 && rng_uniform(&r) >= share) {
            memset(b->first + row * outputs, 0, outputs * sizeof *b->first);
            memset(b->second + row * outputs, 0, outputs * sizeof *b->second);
        }
    }
    b->losses[task] = loss;
}

/* The mean loss before this round's trees. */
static double derive(struct trainer *t)
{
    struct boosting *b = t->boosting;
    double loss = 0;

    pool_run(t->pool, tasks_of(b->learned.n), derive_rows, t);
    for (int i = 0; i < tasks_of(b->learned.n); i++)
        loss += b->losses[i];
    return loss / (double)b->learned.n;
}

static bool grow(struct trainer *t, struct pass *pass, struct error *err)
{
    struct boosting *b = t->boosting;
    struct forest *f = b->gbdt->forest;
    size_t before = f->n_trees;

    *pass = (struct pass){derive(t), NAN, (int)b->learned.n};
    if (!isfinite(pass->loss))
        return true;
    if (!grower_round(b->grower, f, t->progress.lr, b->first, b->second, err)) {
        forest_cut(f, before);
        return false;
    }
    add_trees(t, &b->learned, before);
    add_trees(t, &b->valid, before);
    return true;
}

/* ---- beginning ---- */

/* Of so many rows without a label, how many are given one. */
static size_t count_guesses(const struct trainer *t, size_t unlabeled)
{
    return (size_t)ceil(t->options.unlabeled.pseudo_share * (double)unlabeled);
}

static bool check_memory(const struct trainer *t, size_t unlabeled, struct error *err)
{
    size_t rows = t->rows + count_guesses(t, unlabeled);
    size_t need = gbdt_training_bytes(model_encoder(t->model), rows);
    size_t have = mem_available();

    return need < have
        || error_set(err, ERROR_MEMORY, "growing trees would take %zu MB and %zu MB are "
                     "free; load fewer rows (load --rows) or ignore some columns",
                     need >> 20, have >> 20);
}

/* The row's label, and how much it counts. */
static void set_target(struct trainer *t, size_t at, size_t row, float target)
{
    struct boosting *b = t->boosting;

    b->target[at] = target;
    b->weight[at] = t->frame->weight ? t->frame->weight[row] : 1;
    if (t->class_weight)
        b->weight[at] *= t->class_weight[(int)target];
}

static void leave_rows(struct boosting *b)
{
    grower_free(b->grower);
    b->grower = NULL;
    sheet_done(&b->learned);
    free(b->target);
    free(b->weight);
    free(b->first);
    free(b->second);
    free(b->losses);
    b->target = b->weight = b->first = b->second = NULL;
    b->losses = NULL;
}

static bool allocate_rows(struct boosting *b, size_t n)
{
    size_t outputs = (size_t)b->gbdt->outputs;

    b->target = try_alloc(n, sizeof *b->target);
    b->weight = try_alloc(n, sizeof *b->weight);
    b->first = try_alloc(n, outputs * sizeof *b->first);
    b->second = try_alloc(n, outputs * sizeof *b->second);
    b->losses = try_alloc((size_t)tasks_of(n), sizeof *b->losses);
    return sheet_init(&b->learned, b->gbdt, n) && b->target && b->weight && b->first
        && b->second && b->losses;
}

/* Those with a label and those with a guessed one; NULL: no memory. */
static uint32_t *list_learned(const struct trainer *t)
{
    const struct boosting *b = t->boosting;
    uint32_t *labelled = trainer_list_rows(t, PART_TRAIN, t->rows);
    uint32_t *rows = labelled ? try_realloc(labelled, t->rows + b->n_guessed,
                                            sizeof *rows) : NULL;

    if (!rows)
        free(labelled);
    for (size_t i = 0; rows && i < b->n_guessed; i++)
        rows[t->rows + i] = (uint32_t)b->guessed[2 * i];
    return rows;
}

/* Rows to learn from, no tree yet. */
static bool take_rows(struct trainer *t, struct error *err)
{
    struct boosting *b = t->boosting;
    size_t n = t->rows + b->n_guessed;
    uint32_t *rows = list_learned(t);

    leave_rows(b);
    if (!rows || !allocate_rows(b, n)) {
        free(rows);
        return no_memory(n, err);
    }
    for (size_t i = 0; i < n; i++)
        set_target(t, i, rows[i], i < t->rows ? t->frame->target[rows[i]]
                                              : (float)b->guessed[2 * (i - t->rows) + 1]);
    pick_inputs(&b->learned, t, rows);
    free(rows);
    b->grower = grower_new(b->gbdt, model_options(t->model), b->learned.x, n,
                           pool_threads(t->pool), t->options.seed, err);
    return b->grower != NULL;
}

static bool take_valid(struct trainer *t, struct error *err)
{
    struct boosting *b = t->boosting;
    size_t n = answers_count(t->frame, t->split, PART_VALID);
    uint32_t *rows = trainer_list_rows(t, PART_VALID, n);

    if (!rows || !sheet_init(&b->valid, b->gbdt, n)) {
        free(rows);
        return no_memory(n, err);
    }
    pick_inputs(&b->valid, t, rows);
    free(rows);
    return true;
}

static bool begin(struct trainer *t, struct error *err)
{
    size_t unlabeled;

    t->boosting = xcalloc(1, sizeof *t->boosting);
    t->boosting->gbdt = model_gbdt(t->model);
    t->options.batch = t->largest_batch = (int)t->rows;
    t->progress.batches = (size_t)model_options(t->model)->rounds;
    return trainer_count_unlabeled(t, &unlabeled, err) && check_memory(t, unlabeled, err)
        && take_rows(t, err) && take_valid(t, err);
}

static void end(struct trainer *t)
{
    struct boosting *b = t->boosting;

    if (!b)
        return;
    leave_rows(b);
    sheet_done(&b->valid);
    free(b->guessed);
    forest_free(b->teacher);
    free(b);
}

/* ---- judging ---- */

static bool answer(struct trainer *t, struct answers *a, struct error *err)
{
    const struct sheet *s = &t->boosting->valid;
    uint32_t *rows = trainer_list_rows(t, PART_VALID, s->n);

    a->n = s->n;
    a->predicted = try_alloc(s->n, (size_t)model_outputs(t->model) * sizeof *a->predicted);
    a->truth = try_alloc(s->n, sizeof *a->truth);
    if (!rows || !a->predicted || !a->truth) {
        free(rows);
        return no_memory(s->n, err);
    }
    model_outputs_of(t->model, s->logits, s->n, a->predicted);
    answers_truth(model_encoder(t->model), t->frame, rows, s->n, a->truth);
    free(rows);
    return true;
}

/* Which they are says the number of the best epoch. */
static void keep_best(struct trainer *t)
{
    (void)t;
}

static void keep_best_trees(const struct trainer *t)
{
    const struct boosting *b = t->boosting;
    size_t steps = (size_t)t->progress.best_epoch * t->progress.batches;

    forest_cut(b->gbdt->forest, steps > b->begun
               ? (steps - b->begun) * (size_t)b->gbdt->outputs : 0);
}

/* New trees that nothing is known of yet give way to those that guessed. */
static void finish(struct trainer *t, bool best)
{
    struct boosting *b = t->boosting;

    if (b->teacher && !t->has_best) {
        forest_free(b->gbdt->forest);
        b->gbdt->forest = b->teacher;
        b->teacher = NULL;
    } else if (best) {
        keep_best_trees(t);
    }
}

/* ---- pseudo labels ---- */

/* Some of the rows without a label, in no order; *n: how many. NULL: no memory. */
static uint32_t *draw_unlabeled(const struct trainer *t, size_t *n)
{
    size_t all = unlabeled_count(t->frame, t->split);
    uint32_t *rows = unlabeled_rows(t->frame, t->split, all);
    struct rng r = rng_make(t->options.seed, RNG_PSEUDO, 0);

    if (!rows)
        return NULL;
    rng_shuffle(&r, rows, all);
    *n = count_guesses(t, all);
    return rows;
}

/* The class that the model finds likeliest for each of n rows. */
static bool guess(struct trainer *t, const uint32_t *rows, size_t n, struct error *err)
{
    struct boosting *b = t->boosting;
    size_t outputs = (size_t)model_outputs(t->model);
    float *predicted = try_alloc(n, outputs * sizeof *predicted);
    bool done;

    free(b->guessed);
    b->guessed = try_alloc(n, 2 * sizeof *b->guessed);
    if (!b->guessed || !predicted)
        done = no_memory(n, err);
    else
        done = model_predict(t->model, t->pool, t->frame, rows, n, FILL_CLASS, predicted,
                             err);
    for (size_t i = 0; done && i < n; i++) {
        b->guessed[2 * i] = rows[i];
        b->guessed[2 * i + 1] = answers_class(model_encoder(t->model),
                                              predicted + i * outputs);
    }
    b->n_guessed = done ? n : 0;
    free(predicted);
    return done;
}

static bool begin_again(struct trainer *t, bool *more, struct error *err)
{
    struct boosting *b = t->boosting;
    uint32_t *rows;
    size_t n = 0;
    bool done;

    *more = t->options.unlabeled.kind == UNLABELED_PSEUDO && b->n_guessed == 0;
    if (!*more)
        return true;
    keep_best_trees(t);
    rows = draw_unlabeled(t, &n);
    done = rows ? guess(t, rows, n, err) : no_memory(t->frame->rows, err);
    free(rows);
    if (!done)
        return false;
    b->teacher = b->gbdt->forest;
    b->gbdt->forest = forest_new();
    b->begun = t->progress.step;
    t->progress.guessed = n;
    memset(b->valid.logits, 0,
           b->valid.n * (size_t)b->gbdt->outputs * sizeof *b->valid.logits);
    return take_rows(t, err);
}

/* ---- kept ---- */

static bool keep(struct trainer *t, struct train_state *s, struct error *err)
{
    const struct boosting *b = t->boosting;
    size_t bytes = b->n_guessed * 2 * sizeof *b->guessed;
    bool taught = b->teacher && !t->has_best;

    forest_free(s->forest);
    forest_free(s->teacher);
    free(s->guessed);
    s->forest = forest_copy(b->gbdt->forest);
    s->teacher = taught ? forest_copy(b->teacher) : NULL;
    s->guessed = try_alloc(bytes, 1);
    s->n_guessed = b->n_guessed;
    if (!s->forest || (taught && !s->teacher) || !s->guessed) {
        train_state_done(s);
        return error_set(err, ERROR_MEMORY, "no memory for a copy of the trees");
    }
    if (bytes > 0)
        memcpy(s->guessed, b->guessed, bytes);
    return true;
}

static bool guesses_fit(const struct trainer *t, const struct train_state *s)
{
    int classes = model_encoder(t->model)->n_classes;

    if (s->n_guessed > 0 && t->options.unlabeled.kind != UNLABELED_PSEUDO)
        return false;
    for (size_t i = 0; i < s->n_guessed; i++) {
        int64_t row = s->guessed[2 * i], class = s->guessed[2 * i + 1];

        if (row < 0 || (uint64_t)row >= t->frame->rows || class < 0 || class >= classes)
            return false;
    }
    return true;
}

static bool can_be_asked(const struct gbdt *g, const struct forest *f)
{
    return forest_check(f, g->n_features, g->categories, g->outputs, NULL);
}

/* Those that guessed are there until something is known of those that learn from it. */
static bool trees_fit(const struct gbdt *g, const struct train_state *s)
{
    bool taught = s->n_guessed > 0 && !s->counts.has_best;

    return s->forest && can_be_asked(g, s->forest) && (s->teacher != NULL) == taught
        && (!taught || can_be_asked(g, s->teacher));
}

static bool fits(const struct trainer *t, const struct train_state *s)
{
    const struct gbdt *g = t->boosting->gbdt;
    size_t rounds, steps = (size_t)s->counts.step, begun;

    if (!trees_fit(g, s) || !guesses_fit(t, s))
        return false;
    rounds = s->forest->n_trees / (size_t)g->outputs;
    if (rounds > steps)
        return false;
    begun = steps - rounds;
    return begun % t->progress.batches == 0 && (begun > 0) == (s->n_guessed > 0)
        && (!s->counts.has_best
            || (size_t)s->counts.best_epoch * t->progress.batches > begun)
        && rounds <= t->progress.batches * (size_t)t->options.epochs;
}

/* The model has the best trees meanwhile. */
static bool diagnose(struct trainer *t, struct error *err)
{
    struct gbdt *g = t->boosting->gbdt;
    struct forest *all = g->forest;
    bool done;

    g->forest = forest_copy(all);
    if (!g->forest) {
        g->forest = all;
        return error_set(err, ERROR_MEMORY, "no memory for a copy of the trees");
    }
    keep_best_trees(t);
    done = trainer_diagnose(t, err);
    forest_free(g->forest);
    g->forest = all;
    return done;
}

static bool restore(struct trainer *t, const struct train_state *s, struct error *err)
{
    struct train_progress *p = &t->progress;
    struct boosting *b = t->boosting;
    struct forest *f = forest_copy(s->forest);
    size_t bytes = s->n_guessed * 2 * sizeof *b->guessed;

    free(b->guessed);
    b->guessed = try_alloc(bytes, 1);
    b->teacher = s->teacher ? forest_copy(s->teacher) : NULL;
    if (!f || !b->guessed || (s->teacher && !b->teacher)) {
        forest_free(f);
        return no_memory(s->n_guessed, err);
    }
    if (bytes > 0)
        memcpy(b->guessed, s->guessed, bytes);
    b->n_guessed = s->n_guessed;
    forest_free(b->gbdt->forest);
    b->gbdt->forest = f;
    b->begun = p->step - rounds_of(b);
    p->last_epoch = (int)(b->begun / p->batches) + t->options.epochs;
    p->steps = p->batches * (size_t)p->last_epoch;
    p->guessed = b->n_guessed;
    if (b->n_guessed > 0 && !take_rows(t, err))
        return false;
    add_trees(t, &b->learned, 0);
    add_trees(t, &b->valid, 0);
    return diagnose(t, err);
}

const struct method boosting_method = {
    .begin = begin,
    .end = end,
    .step = grow,
    .answer = answer,
    .keep_best = keep_best,
    .finish = finish,
    .begin_again = begin_again,
    .keep = keep,
    .fits = fits,
    .restore = restore,
};
