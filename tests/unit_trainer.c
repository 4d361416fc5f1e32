/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trainer: it learns, stops when it should, keeps the best, and gives the same bits
 * for any number of threads. */
#include "base/mem.h"
#include "base/rng.h"
#include "engine/answers.h"
#include "model/grower.h"
#include "nn/params.h"
#include "run.h"

/* ---- every allocation counted, where no sanitizer does so itself ---- */

static _Atomic long allocations;

#if defined __GLIBC__ && !defined TEST_SANITIZED
#define COUNTS_ALLOCATIONS 1
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    allocations++;
    return __libc_realloc(p, size);
}
#else
#define COUNTS_ALLOCATIONS 0
#endif

/* ---- a model in training ---- */

#define N 600 /* rows */

static struct train_options quick_options(void)
{
    struct train_options o = train_defaults();

    o.batch = 48;
    o.epochs = 3;
    o.lr = 3e-3;
    o.average = 0.9;
    return o;
}

static struct run run_of(struct subject *s, const struct train_options *o,
                         enum model_kind kind, enum pretext pretext, int threads)
{
    struct model_options m = model_defaults();
    struct error err = {0};

    m.kind = kind;
    m.dim = 16;
    m.layers = 2;
    m.heads = 4;
    m.virtual_batch = 32; /* so that there are several to share out */
    return run_start(model_new_pretext(&m, s->encoder, pretext, 3, &err), s, o, threads,
                     &err);
}

static struct run pretext_new(struct subject *s, const struct train_options *o,
                              enum pretext pretext, int threads)
{
    return run_of(s, o, MODEL_TABTRANSFORMER, pretext, threads);
}

static struct run run_new(struct subject *s, const struct train_options *o, int threads)
{
    return pretext_new(s, o, PRETEXT_NONE, threads);
}

static struct metrics test_metrics(struct subject *s, struct run *r)
{
    struct metrics m = {0};

    check(model_evaluate(r->model, r->pool, s->frame, s->split, PART_TEST, FILL_CLASS, &m,
                         &r->err));
    return m;
}

/* ---- tests ---- */

static void learns_all_tasks(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};

    for (int i = 0; i < 3; i++) {
        struct subject s = subject_new(learnable_table(N, -1), targets[i], "weight");
        struct train_options o = quick_options();
        struct run r;
        struct metrics m;

        o.epochs = 40;
        r = run_new(&s, &o, 2);
        run_train(&r, -1);
        m = test_metrics(&s, &r);
        if (i < 2)
            check(m.auc > 0.95 && m.accuracy > 0.85);
        else
            check(m.r2 > 0.95 && m.rmse < 15);
        run_done(&r);
        subject_done(&s);
    }
}

/* Three columns that mostly say the same, each in its own words. */
static struct dataset *make_echoes(void)
{
    struct rng r = rng_make(3, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,b,c,yes\n");
    for (int i = 0; i < N; i++) {
        int same = (int)rng_below(&r, 4), own[3];

        for (int k = 0; k < 3; k++)
            own[k] = rng_uniform(&r) < 0.05 ? (int)rng_below(&r, 4) : same;
        str_printf(&text, "%c,%c,%c,%s\n", "pqrs"[own[0]], "tuvw"[own[1]], "wxyz"[own[2]],
                   i % 2 ? "yes" : "no");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

static void learns_without_labels(void)
{
    struct subject s = subject_new(make_echoes(), "yes", NULL);
    struct train_options o = quick_options();

    o.epochs = 60;
    for (int pretext = PRETEXT_MLM; pretext <= PRETEXT_RTD; pretext++) {
        struct run r = pretext_new(&s, &o, (enum pretext)pretext, 2);
        const struct epoch_record *history;
        struct metrics m;
        size_t n;

        check_int(trainer_rows(r.trainer), s.frame->rows - s.split->count[PART_VALID]
                                               - s.split->count[PART_TEST]);
        run_train(&r, -1);
        history = trainer_history(r.trainer, &n);
        check(trainer_measure(r.trainer, PART_TEST, &m, &r.err));
        check_int(m.rows, s.split->count[PART_TEST]);
        check(m.loss < history[0].valid.loss && m.accuracy > 0.8);
        check(pretext == PRETEXT_MLM ? isnan(m.auc) : m.auc > 0.85);
        check(trainer_measure(r.trainer, PART_VALID, &m, &r.err));
        check_near(m.loss, -trainer_progress(r.trainer)->best, 1e-9);
        run_done(&r);
    }
    subject_done(&s);
}

/* Masked cells are those of a class that training rows need not have. */
static void mlm_keeps_what_masks_learned(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();

    check_int(s.encoder->categorical[0].counts[0], 0);
    for (int pretext = PRETEXT_MLM; pretext <= PRETEXT_RTD; pretext++) {
        struct run r = pretext_new(&s, &o, (enum pretext)pretext, 1);
        const struct params *p = model_params(r.model);
        int table = params_find(p, "columns.0.value");
        size_t width = p->list[table].shape[1], codes = p->list[table].shape[0];
        double off = 0;

        run_train(&r, -1);
        for (size_t k = 0; k < width; k++) {
            double mean = 0;

            for (size_t c = 1; c + 1 < codes; c++)
                mean += (double)param_value(p, table)[c * width + k] /
                        (double)(codes - 2);
            off += fabs(mean - (double)param_value(p, table)[k]);
        }
        check(pretext == PRETEXT_MLM ? off > 0.1 : off < 1e-4);
        run_done(&r);
    }
    subject_done(&s);
}

/* How far the body went from where it began in an epoch. */
static double way_of_body(struct subject *s, const struct train_options *o)
{
    struct run pre = pretext_new(s, o, PRETEXT_MLM, 1), r = run_new(s, o, 1);
    const struct params *p = model_params(r.model);
    int i = params_find(p, "layers.1.ffn.up.weight");
    struct str note = {0};
    real *before;
    double way = 0;

    check(model_take_body(r.model, pre.model, &note, &r.err));
    before = xmalloc(p->list[i].count * sizeof *before);
    memcpy(before, param_value(p, i), p->list[i].count * sizeof *before);
    run_train(&r, -1);
    for (size_t k = 0; k < p->list[i].count; k++)
        way += fabs((double)param_value(p, i)[k] - (double)before[k]);
    free(before);
    str_done(&note);
    run_done(&pre);
    run_done(&r);
    return way;
}

static void a_body_may_stand_still_or_go_slowly(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    double usual, slow, late;

    o.epochs = 2;
    o.average = 0;
    o.watch = WATCH_LOSS; /* of two epochs the last is the better one here */
    usual = way_of_body(&s, &o);
    o.body_lr = 0.1;
    slow = way_of_body(&s, &o);
    o.body_lr = 1;
    o.freeze = 1;
    late = way_of_body(&s, &o);
    o.freeze = 2;
    check(way_of_body(&s, &o) == 0);
    check(usual > 0 && slow > 0.05 * usual && slow < 0.2 * usual);
    check(late > 0.3 * usual && late < 0.9 * usual);
    subject_done(&s);
}

static void check_bits(enum pretext pretext)
{
    struct subject s = subject_new(learnable_table(N, -1), "kind", "weight");
    struct train_options o = quick_options();
    size_t n = 0;
    float *first = NULL;

    for (int threads = 1; threads <= 4; threads++) {
        struct run r = pretext_new(&s, &o, pretext, threads);
        const struct params *p = model_params(r.model);

        run_train(&r, -1);
        n = params_trainable(p) + p->total[PARAM_BUFFER];
        if (!first) {
            first = xmalloc(n * sizeof *first);
            memcpy(first, p->value, n * sizeof *first);
        }
        check(memcmp(first, p->value, n * sizeof *first) == 0);
        run_done(&r);
    }
    free(first);
    subject_done(&s);
}

static void same_bits_for_any_number_of_threads(void)
{
    check_bits(PRETEXT_NONE);
    check_bits(PRETEXT_MLM);
    check_bits(PRETEXT_RTD);
}

static void another_seed_gives_other_weights(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    struct run a = run_new(&s, &o, 1), b;
    const struct params *p = model_params(a.model), *q;

    o.seed = 2;
    b = run_new(&s, &o, 1);
    q = model_params(b.model);
    check(memcmp(p->value, q->value, params_trainable(p) * sizeof *p->value) == 0);
    run_train(&a, -1);
    run_train(&b, -1);
    check(memcmp(p->value, q->value, params_trainable(p) * sizeof *p->value) != 0);
    run_done(&a);
    run_done(&b);
    subject_done(&s);
}

static void check_allocations(enum pretext pretext)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    struct run r = pretext_new(&s, &o, pretext, 2);
    size_t batches = trainer_progress(r.trainer)->batches;

    if (COUNTS_ALLOCATIONS) {
        long before;

        trainer_step(r.trainer, &r.err);
        before = allocations;
        for (size_t i = 2; i < batches; i++)
            trainer_step(r.trainer, &r.err);
        check_int(allocations - before, 0);
        check(batches > 4);
    } else {
        test_skip("allocations cannot be counted in this build");
    }
    run_done(&r);
    subject_done(&s);
}

static void steps_allocate_nothing(void)
{
    check_allocations(PRETEXT_NONE);
    check_allocations(PRETEXT_MLM);
    check_allocations(PRETEXT_RTD);
}

/* The mean of the curve within an epoch is that epoch's loss where points and epochs go
 * together. */
static void the_curve_moves_within_epochs(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    struct run r;
    const struct epoch_record *history;
    const struct curve *c;
    size_t n, batches;
    double sum = 0;

    o.batch = 24;
    r = run_new(&s, &o, 2);
    batches = trainer_progress(r.trainer)->batches;
    run_train(&r, -1);
    history = trainer_history(r.trainer, &n);
    c = trainer_curve(r.trainer);
    check_int(c->steps, (batches + CURVE_EPOCH - 1) / CURVE_EPOCH);
    check_int(c->n, 3 * batches / c->steps);
    for (size_t i = 0; i < c->n; i++) {
        const struct curve_point *p = &c->points[i];

        check_near(p->epochs, (double)((i + 1) * c->steps) / (double)batches, 1e-9);
        check(isfinite(p->loss) && p->norm > 0);
        check_near(p->lr, o.lr, 1e-12);
        check(i == 0 || p->seconds >= p[-1].seconds);
        sum += p->epochs <= 1 ? p->loss : 0;
    }
    if (check(c->steps == 1))
        check_near(sum / (double)batches, history[0].train_loss, 1e-9);
    run_done(&r);
    subject_done(&s);
}

static void the_best_epoch_is_diagnosed(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};
    static const int lines[] = {2, 3, 0}, curves[] = {1, 3, 0}, groups[] = {0, 0, 10};

    for (int i = 0; i < 3; i++) {
        struct subject s = subject_new(learnable_table(N, -1), targets[i], "weight");
        struct train_options o = quick_options();
        struct run r = run_new(&s, &o, 2);
        const struct epoch_record *history;
        const struct diagnosis *d = trainer_diagnosis(r.trainer);
        size_t n, rows = 0;

        check_int(d->epoch, 0);
        run_train(&r, -1);
        history = trainer_history(r.trainer, &n);
        check_int(d->epoch, trainer_progress(r.trainer)->best_epoch);
        check(memcmp(&d->metrics, &history[d->epoch - 1].valid, sizeof d->metrics) == 0);
        check_int(d->lines, lines[i]);
        check_int(d->n_curves, curves[i]);
        check_int(d->n_groups, groups[i]);
        for (int k = 0; k < d->lines * d->lines; k++)
            rows += d->confusion[k];
        check_int(rows, d->lines ? d->metrics.rows : 0);
        if (i == 0)
            check_near(d->curves[0].auc, d->metrics.auc, 1e-12);
        run_done(&r);
        subject_done(&s);
    }
}

static void says_how_long_it_may_take(void)
{
    struct train_progress p = {.step = 100, .steps = 700, .seconds = 60};
    struct train_options o = train_defaults();
    struct str text = {0};

    train_left(&p, &o, "", &text);
    check_str(str_text(&text), "at most 6:00 left");
    str_clear(&text);
    o.patience = 0;
    train_left(&p, &o, ", ", &text);
    check_str(str_text(&text), ", 6:00 left");
    str_clear(&text);
    p.end = TRAIN_EARLY;
    train_left(&p, &o, "", &text);
    check_str(str_text(&text), "");
    str_done(&text);
}

static void stops_early_and_keeps_the_best(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    const struct train_progress *p;
    const struct epoch_record *history;
    struct run r;
    struct metrics valid;
    size_t n;

    o.epochs = 500;
    o.patience = 3;
    o.lr = 1e-2;
    r = run_new(&s, &o, 2);
    run_train(&r, -1);
    p = trainer_progress(r.trainer);
    history = trainer_history(r.trainer, &n);
    check_int(p->end, TRAIN_EARLY);
    check_int(p->epoch, p->best_epoch + 3);
    check_int(n, p->epoch);
    check_near(history[p->best_epoch - 1].valid.auc, p->best, 0);
    check(model_evaluate(r.model, r.pool, s.frame, s.split, PART_VALID, FILL_CLASS, &valid,
                         &r.err));
    check_near(valid.auc, p->best, 1e-6); /* untrained categories were settled since */
    run_done(&r);
    subject_done(&s);
}

/* The same steps, validated less often. */
static void an_epoch_may_be_several_passes(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    size_t steps[2], n[2], values;
    struct run r[2];

    o.patience = 0;
    o.missing_dropout = 0.2; /* other cells in each pass */
    for (int i = 0; i < 2; i++) {
        const struct train_progress *p;

        o.passes = i == 0 ? 1 : 3;
        o.epochs = i == 0 ? 6 : 2;
        r[i] = run_new(&s, &o, 2);
        p = trainer_progress(r[i].trainer);
        steps[i] = p->steps;
        while (p->step < p->steps)
            check_int(trainer_step(r[i].trainer, &r[i].err), STEP_MORE);
        trainer_history(r[i].trainer, &n[i]);
    }
    check_int(steps[0], steps[1]);
    check_int(n[0], 5); /* the last is still to come */
    check_int(n[1], 1);
    values = params_values(model_params(r[0].model));
    check(memcmp(model_params(r[0].model)->value, model_params(r[1].model)->value,
                 values * sizeof(real)) == 0);
    for (int i = 0; i < 2; i++)
        run_done(&r[i]);
    subject_done(&s);
}

static void stopping_keeps_the_best(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    struct run r = run_new(&s, &o, 1);

    trainer_step(r.trainer, &r.err);
    trainer_stop(r.trainer);
    check_int(trainer_progress(r.trainer)->end, TRAIN_STOPPED);
    check_int(trainer_step(r.trainer, &r.err), STEP_DONE);
    check(isfinite(test_metrics(&s, &r).loss));
    run_done(&r);
    subject_done(&s);
}

/* What is validated and kept are the averaged weights: after one epoch, not the last ones
 * but near them; without an average just those. */
static void averages_weights(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    float *kept[2];

    for (int i = 0; i < 2; i++) {
        struct train_options o = quick_options();
        struct run r;
        const struct params *p;

        o.epochs = 1;
        o.average = i == 0 ? 0 : 0.9;
        r = run_new(&s, &o, 1);
        p = model_params(r.model);
        run_train(&r, -1);
        kept[i] = xmalloc(params_values(p) * sizeof *kept[i]);
        memcpy(kept[i], p->value, params_values(p) * sizeof *kept[i]);
        if (i == 1) {
            double apart = 0, size = 0;

            for (size_t k = 0; k < params_trainable(p); k++) {
                apart += pow((double)kept[1][k] - (double)kept[0][k], 2);
                size += pow((double)kept[0][k], 2);
            }
            check(apart > 0 && apart < 0.01 * size);
        }
        run_done(&r);
    }
    free(kept[0]);
    free(kept[1]);
    subject_done(&s);
}

/* On all tasks, with the same bits on one thread and on three. */
static void rivals_learn(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};

    for (int i = 0; i < 3; i++) {
        struct subject s = subject_new(learnable_table(N, -1), targets[i], "weight");
        struct train_options o = quick_options();

        o.epochs = 12;
        o.lr = 1e-2;
        for (int kind = MODEL_MLP; kind < MODEL_KINDS; kind++) {
            if (kind == MODEL_GBDT && !grower_version())
                continue;

            struct run one = run_of(&s, &o, (enum model_kind)kind, PRETEXT_NONE, 1);
            struct run many = run_of(&s, &o, (enum model_kind)kind, PRETEXT_NONE, 3);
            const struct params *p = model_params(one.model);
            /* the table is not linear, and a TabNet takes its time */
            double least = kind == MODEL_LOGISTIC ? 0.65
                : kind == MODEL_TABNET ? 0.7 : 0.8;
            struct metrics m;

            run_train(&one, -1);
            run_train(&many, -1);
            check(memcmp(p->value, model_params(many.model)->value,
                         params_values(p) * sizeof *p->value) == 0);
            m = test_metrics(&s, &one);
            if (!check(i == 2 ? m.r2 > 0.5 : m.auc > least))
                printf("# %s, %s: auc %g, r2 %g\n", targets[i],
                       model_kind_name((enum model_kind)kind), m.auc, m.r2);
            run_done(&one);
            run_done(&many);
        }
        subject_done(&s);
    }
}

/* Batches in which no row counts have nothing to say, and end nothing. */
static void batches_without_weight_do_no_harm(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();

    for (size_t i = 0; i < s.frame->rows; i++)
        s.frame->weight[i] = i % 60 == 0;
    for (int kind = 0; kind < MODEL_GBDT; kind++) {
        struct run r = run_of(&s, &o, (enum model_kind)kind, PRETEXT_NONE, 2);

        run_train(&r, -1);
        if (!check_int(trainer_progress(r.trainer)->end, TRAIN_EPOCHS))
            printf("# %s: %s\n", model_kind_name((enum model_kind)kind),
                   trainer_progress(r.trainer)->message);
        check(isfinite(trainer_progress(r.trainer)->loss));
        run_done(&r);
    }
    subject_done(&s);
}

/* Half of the weights goes behind epochs 2 and 4, none comes back, and it still learns. */
static void a_sparse_mlp_is_pruned(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    const struct train_progress *p;
    size_t all, left;
    struct run r;

    o.epochs = 6;
    o.prune = 0.5;
    o.prune_every = 2;
    r = run_of(&s, &o, MODEL_SPARSE_MLP, PRETEXT_NONE, 2);
    p = trainer_progress(r.trainer);
    all = model_weights(r.model, &left);
    check_int(left, all);
    while (trainer_step(r.trainer, &r.err) == STEP_MORE) {
        size_t twice = (size_t)(p->epoch / 2);

        model_weights(r.model, &left);
        check_int(left, twice == 0 ? all : twice == 1 ? (all + 1) / 2 : (all + 3) / 4);
    }
    check_int(p->epoch, 6);
    check(test_metrics(&s, &r).auc > 0.8);
    run_done(&r);
    subject_done(&s);
}

/* ---- rows without labels ---- */

/* Takes the labels of three training rows of four. */
static void hide_labels(struct subject *s)
{
    for (size_t i = 0; i < s->split->rows; i++)
        if (s->split->part[i] == PART_TRAIN && i % 4 != 0) {
            s->split->part[i] = PART_UNLABELED;
            s->split->count[PART_TRAIN]--;
            s->split->count[PART_UNLABELED]++;
        }
}

/* Mean entropy of what a model of those options predicts for those rows when its last epoch
 * begins; its bits follow from the options alone. */
static double entropy_after(struct subject *s, const struct train_options *o, int threads)
{
    struct run r = run_of(s, o, MODEL_TABTRANSFORMER, PRETEXT_NONE, threads);
    float *p = xcalloc(s->frame->rows * 3, sizeof *p);
    double sum = 0;
    size_t n = 0;

    while (trainer_progress(r.trainer)->epoch + 1 < o->epochs)
        check_int(trainer_step(r.trainer, &r.err), STEP_MORE);
    check(model_predict(r.model, r.pool, s->frame, NULL, s->frame->rows, FILL_CLASS, p,
                        &r.err));
    for (size_t i = 0; i < s->frame->rows; i++) {
        if (s->split->part[i] != PART_UNLABELED)
            continue;
        for (int c = 0; c < 3; c++)
            sum -= (double)p[3 * i + c] * log(fmax((double)p[3 * i + c], 1e-30));
        n++;
    }
    free(p);
    run_done(&r);
    return sum / (double)n;
}

static void rows_without_labels_make_it_surer(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "kind", NULL);
    struct train_options o = quick_options();
    double alone, entropy, pseudo, none_yet;

    hide_labels(&s);
    o.epochs = 20;
    o.patience = 0;
    alone = entropy_after(&s, &o, 2);
    o.unlabeled.kind = UNLABELED_ENTROPY;
    o.unlabeled.entropy = 1;
    entropy = entropy_after(&s, &o, 2);
    check_near(entropy_after(&s, &o, 1), entropy, 0);
    o.unlabeled.kind = UNLABELED_PSEUDO;
    o.unlabeled.pseudo_begin = 2;
    o.unlabeled.pseudo_growth = 1;
    pseudo = entropy_after(&s, &o, 2);
    o.unlabeled.pseudo_begin = 20;
    none_yet = entropy_after(&s, &o, 2);
    check(entropy < 0.9 * alone);
    check(pseudo < 0.9 * alone);
    check_near(none_yet, alone, 0);
    subject_done(&s);
}

static void the_weight_of_pseudo_labels_grows(void)
{
    struct unlabeled_options o = unlabeled_defaults();

    check_near(unlabeled_weight(&o, 0), 0, 0);
    o.kind = UNLABELED_PSEUDO;
    check_near(unlabeled_weight(&o, 30), 0, 0);
    check_near(unlabeled_weight(&o, 50), 1.5, 1e-15);
    check_near(unlabeled_weight(&o, 70), 3, 0);
    check_near(unlabeled_weight(&o, 500), 3, 0);
    o.pseudo_begin = 10;
    o.pseudo_growth = 0;
    check_near(unlabeled_weight(&o, 9), 0, 0);
    check_near(unlabeled_weight(&o, 10), 3, 0);
    o.kind = UNLABELED_ENTROPY;
    check_near(unlabeled_weight(&o, 0), o.entropy, 0);
}

/* A loss that is not finite ends training with weights that are. */
static void divergence_keeps_good_weights(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "price", "weight");
    struct train_options o = quick_options();
    struct run r;

    o.lr = 1;
    o.clip = 0;
    o.epochs = 20;
    for (size_t i = 0; i < s.frame->rows; i++)
        s.frame->target[i] *= 1e25f; /* no gradient can hold that */
    r = run_new(&s, &o, 2);
    run_train(&r, -1);
    check_int(trainer_progress(r.trainer)->end, TRAIN_DIVERGED);
    check(trainer_curve(r.trainer)->n > 0);
    check(isnan(trainer_curve(r.trainer)->points[trainer_curve(r.trainer)->n - 1].loss));
    check(strstr(trainer_progress(r.trainer)->message, "in epoch 1") != NULL);
    for (size_t i = 0; i < params_trainable(model_params(r.model)); i++)
        if (!check(isfinite(model_params(r.model)->value[i])))
            break;
    run_done(&r);
    subject_done(&s);
}

static void categories_never_trained_get_the_mean(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    struct run r = run_new(&s, &o, 1);
    const struct params *p = model_params(r.model);
    const float *table = param_value(p, params_find(p, "columns.0.value"));
    size_t width = 14;

    run_train(&r, -1);
    check_int(p->list[params_find(p, "columns.0.value")].shape[1], width);
    for (size_t k = 0; k < width; k++) { /* rows: missing, four classes, other */
        double mean = 0;

        for (size_t c = 1; c <= 4; c++)
            mean += (double)table[c * width + k] / 4;
        check_near(table[k], mean, 1e-6);
        check_near(table[5 * width + k], mean, 1e-6);
    }
    run_done(&r);
    subject_done(&s);
}

static void schedules(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o = quick_options();
    const struct train_progress *p;
    struct run r;

    o.schedule = SCHEDULE_COSINE;
    o.warmup = 1;
    r = run_new(&s, &o, 1);
    p = trainer_progress(r.trainer);
    trainer_step(r.trainer, &r.err);
    check_near(p->lr, o.lr / (double)p->batches, 1e-12);
    while (p->step <= p->batches)
        trainer_step(r.trainer, &r.err);
    check_near(p->lr, o.lr, 1e-12);
    while (p->step < p->steps)
        trainer_step(r.trainer, &r.err);
    check(p->lr > 0 && p->lr < o.lr * 0.02);
    run_done(&r);
    subject_done(&s);
}

static void wrong_options_are_refused(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "yes", "weight");
    struct train_options o;
    struct run r;

#define REFUSED(change, sentence)                                                        \
    o = quick_options();                                                                 \
    change;                                                                              \
    r = run_new(&s, &o, 1);                                                              \
    check(r.trainer == NULL);                                                            \
    if (!check(strstr(r.err.text, sentence) != NULL))                                    \
        printf("# %s\n", r.err.text);                                                    \
    run_done(&r)
    REFUSED(o.lr = 1e9, "train.lr is 1e+09; it must be between");
    REFUSED(o.lr = -1, "train.lr is -1");
    REFUSED(o.epochs = 0, "train.epochs is 0");
    REFUSED(o.batch = -1, "train.batch is -1");
    REFUSED(o.clip = NAN, "train.clip is nan");
    REFUSED(o.average = 1, "train.average is 1");
    REFUSED(o.unlabeled.entropy = -1, "train.entropy is -1");
    REFUSED(o.unlabeled.kind = UNLABELED_PSEUDO, "every training row has its label");
    for (size_t i = 0; i < s.split->rows; i++)
        s.split->part[i] = PART_TRAIN;
    REFUSED((void)0, "0 validation rows");
#undef REFUSED
    subject_done(&s);
}

static void small_tables_get_small_batches(void)
{
    struct train_options o = train_defaults();

    check_int(train_batch(&o, 999), 16);
    check_int(train_batch(&o, 1000), 32);
    check_int(train_batch(&o, 9999), 96);
    check_int(train_batch(&o, 1000000), 256);
    o.batch = 7;
    check_int(train_batch(&o, 1000000), 7);
}

static void few_rows_go_without_batch_norm(void)
{
    struct model_options few = model_defaults(), many = few, asked = few;

    asked.head_norm = HEAD_NORM_YES;
    model_settle(&few, 999);
    model_settle(&many, 1000);
    model_settle(&asked, 999);
    check_int(few.head_norm, HEAD_NORM_NO);
    check_int(many.head_norm, HEAD_NORM_YES);
    check_int(asked.head_norm, HEAD_NORM_YES);
}

static void batch_may_be_larger_than_the_table(void)
{
    struct subject s = subject_new(learnable_table(N, -1), "kind", "weight");
    struct train_options o = quick_options();
    struct run r;

    o.batch = 4096;
    o.class_weight = CLASS_WEIGHT_BALANCED;
    r = run_new(&s, &o, 2);
    check_int(trainer_progress(r.trainer)->batches, 1);
    run_train(&r, -1);
    check_int(trainer_progress(r.trainer)->end, TRAIN_EPOCHS);
    run_done(&r);
    subject_done(&s);
}

int main(void)
{
    test_run(learns_all_tasks);
    test_run(learns_without_labels);
    test_run(a_body_may_stand_still_or_go_slowly);
    test_run(mlm_keeps_what_masks_learned);
    test_run(same_bits_for_any_number_of_threads);
    test_run(another_seed_gives_other_weights);
    test_run(steps_allocate_nothing);
    test_run(the_curve_moves_within_epochs);
    test_run(the_best_epoch_is_diagnosed);
    test_run(says_how_long_it_may_take);
    test_run(stops_early_and_keeps_the_best);
    test_run(an_epoch_may_be_several_passes);
    test_run(stopping_keeps_the_best);
    test_run(averages_weights);
    test_run(rivals_learn);
    test_run(batches_without_weight_do_no_harm);
    test_run(a_sparse_mlp_is_pruned);
    test_run(rows_without_labels_make_it_surer);
    test_run(the_weight_of_pseudo_labels_grows);
    test_run(divergence_keeps_good_weights);
    test_run(categories_never_trained_get_the_mean);
    test_run(schedules);
    test_run(wrong_options_are_refused);
    test_run(small_tables_get_small_batches);
    test_run(few_rows_go_without_batch_norm);
    test_run(batch_may_be_larger_than_the_table);
    return test_done();
}
