/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pre-training: which cells are hidden, whose body becomes whose, and graphs that give
 * the same bits for any number of threads. What they compute is held against PyTorch by
 * golden. */
#include "base/mem.h"
#include "base/rng.h"
#include "engine/trainer.h"
#include "model/corruption.h"
#include "model/measure.h"
#include "nn/params.h"
#include "subject.h"

/* ---- which cells are hidden ---- */

enum { ROWS = 4000, COLUMNS = 3 };

/* "a" has p eight times in ten, q, and r; "b" one class, "c" two; in both cells are
 * missing. */
static struct dataset *make_table(void)
{
    struct rng r = rng_make(1, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,b,c,y\n");
    for (int i = 0; i < ROWS; i++) {
        double x = rng_uniform(&r);

        str_printf(&text, "%c,%s,%s,%s\n", x < 0.8 ? 'p' : x < 0.9 ? 'q' : 'r',
                   i % 5 == 0 ? "" : "one", i % 4 == 0 ? "" : i % 4 == 1 ? "u" : "v",
                   i % 2 ? "yes" : "no");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

struct cells {
    struct subject subject;
    uint32_t index[ROWS];
    int32_t *codes, *answers; /* (ROWS, COLUMNS) */
};

static struct cells cells_new(void)
{
    struct dataset *d = make_table();
    struct cells c = {0};

    c.subject = subject_new(d, "y", NULL);
    check_int(c.subject.frame->n_categorical, COLUMNS);
    c.codes = xcalloc((size_t)ROWS * COLUMNS, sizeof *c.codes);
    c.answers = xcalloc((size_t)ROWS * COLUMNS, sizeof *c.answers);
    for (uint32_t i = 0; i < ROWS; i++)
        c.index[i] = i;
    return c;
}

static void cells_done(struct cells *c)
{
    free(c->codes);
    free(c->answers);
    subject_done(&c->subject);
}

static void hide(struct cells *c, enum pretext pretext, enum replace replace,
                 uint64_t epoch)
{
    struct pretrain_options o = {.mask = 0.3, .replace = replace};
    struct error err = {0};
    struct corruption *x = corruption_new(c->subject.encoder, pretext, &o, 7, &err);

    memcpy(c->codes, c->subject.frame->codes, (size_t)ROWS * COLUMNS * sizeof *c->codes);
    corruption_apply(x, epoch, c->index, ROWS, c->codes, c->answers);
    corruption_free(x);
}

static int32_t code_before(const struct cells *c, int i)
{
    return c->subject.frame->codes[i];
}

static void mlm_masks_a_share_of_what_is_there(void)
{
    struct cells c = cells_new();
    int there = 0, masked = 0;

    hide(&c, PRETEXT_MLM, REPLACE_UNIFORM, 0);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        int32_t before = code_before(&c, i);

        there += before > 0;
        masked += c.answers[i] > 0;
        check_int(c.answers[i] > 0 ? c.answers[i] : c.codes[i], before);
        check(c.answers[i] == 0 || c.codes[i] == 0);
    }
    check_near((double)masked / there, 0.3, 0.02);
    cells_done(&c);
}

/* Every answer is right, and what stands there instead is a class of training rows. */
static void check_replaced(const struct cells *c)
{
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        const struct feature *f = &c->subject.encoder->categorical[i % COLUMNS];

        check_int(c->answers[i], c->codes[i] != code_before(c, i));
        check(!c->answers[i] || (c->codes[i] > 0 && f->counts[c->codes[i]] > 0));
    }
}

/* Of the cells p of column a (code 1) that were replaced, how many became q (code 2) and
 * r. */
static void rtd_replaces_by_other_classes(void)
{
    struct cells c = cells_new();
    int became[3] = {0}, of[4] = {0}, q_to_p = 0, one_class = 0;

    hide(&c, PRETEXT_RTD, REPLACE_UNIFORM, 0);
    check_replaced(&c);
    for (int row = 0; row < ROWS; row++) {
        int32_t before = code_before(&c, row * COLUMNS), now = c.codes[row * COLUMNS];

        of[before]++;
        one_class += code_before(&c, row * COLUMNS + 1) > 0 &&
                     c.answers[row * COLUMNS + 1];
        if (before == 1)
            became[now - 1]++;
        q_to_p += before == 2 && now == 1;
    }
    check_near((double)(became[1] + became[2]) / of[1], 0.3, 0.03);
    check_near((double)became[1] / became[2], 1, 0.25);
    check_near((double)q_to_p / of[2], 0.15, 0.05);
    check_int(one_class, 0);
    hide(&c, PRETEXT_RTD, REPLACE_EMPIRICAL, 0);
    check_replaced(&c);
    q_to_p = 0;
    for (int row = 0; row < ROWS; row++)
        q_to_p += code_before(&c, row * COLUMNS) == 2 && c.codes[row * COLUMNS] == 1;
    /* p is eight times as likely as r */
    check_near((double)q_to_p / of[2], 0.3 * 8 / 9, 0.06);
    cells_done(&c);
}

static void every_epoch_hides_other_cells(void)
{
    struct cells c = cells_new();
    size_t size = (size_t)ROWS * COLUMNS * sizeof *c.codes;
    int32_t *first = xmalloc(size), row[COLUMNS], answer[COLUMNS];
    struct pretrain_options o = pretrain_defaults();
    struct error err = {0};
    struct corruption *x;

    hide(&c, PRETEXT_MLM, REPLACE_UNIFORM, 3);
    memcpy(first, c.codes, size);
    hide(&c, PRETEXT_MLM, REPLACE_UNIFORM, 4);
    check(memcmp(first, c.codes, size) != 0);
    hide(&c, PRETEXT_MLM, REPLACE_UNIFORM, 3);
    check(memcmp(first, c.codes, size) == 0);
    x = corruption_new(c.subject.encoder, PRETEXT_MLM, &o, 7, &err);
    memcpy(row, c.subject.frame->codes + 99 * COLUMNS, sizeof row);
    corruption_apply(x, 3, &c.index[99], 1, row, answer); /* whatever is around it */
    check(memcmp(row, first + 99 * COLUMNS, sizeof row) == 0);
    corruption_free(x);
    free(first);
    cells_done(&c);
}

/* Rows that tell where a cell comes from: n is the row's number, k the last digit of it,
 * and t is missing in every fifth. The first half of the rows is for training. */
enum { SWAPS = 600 };

static struct subject numbered_rows(void)
{
    struct str text = {0};
    struct encode_options o = encode_defaults();
    struct error err = {0};
    struct subject s = {0};

    str_puts(&text, "n,k,t\n");
    for (int i = 0; i < SWAPS; i++)
        str_printf(&text, i % 5 ? "%d,k%d,%d\n" : "%d,k%d,\n", i, i % 10, i * 3);
    s.data = table_load(text.text, text.length);
    str_done(&text);
    s.schema = infer_schema(s.data);
    check(schema_mark(s.schema, 0, KIND_CONTINUOUS, &err)
          && schema_mark(s.schema, 1, KIND_CATEGORICAL, &err)
          && schema_mark(s.schema, 2, KIND_CONTINUOUS, &err));
    s.split = xcalloc(1, sizeof *s.split);
    s.split->rows = SWAPS;
    s.split->part = xcalloc(SWAPS, 1);
    for (int i = 0; i < SWAPS; i++)
        s.split->part[i] = i < SWAPS / 2 ? PART_TRAIN : PART_VALID;
    s.encoder = encoder_fit(s.data, s.schema, s.split, &o, NULL, &err);
    s.frame = encoder_apply(s.encoder, s.data, NULL, &err);
    check_int(s.frame->n_continuous, 5); /* n and t in two scalings, and that it is missing */
    return s;
}

/* A row of the first half whose features of a column are all these: of t, say, both
 * numbers and whether it is missing. -1: there is none. */
static int find_donor(const struct frame *f, const float *values, const int *features,
                      int n)
{
    for (int row = 0; row < SWAPS / 2; row++) {
        int same = 0;

        for (int i = 0; i < n; i++)
            same += f->values[row * 5 + features[i]] == values[features[i]];
        if (same == n)
            return row;
    }
    return -1;
}

static void dae_takes_cells_of_training_rows(void)
{
    static const int n_features[] = {0, 1}, t_features[] = {2, 3, 4};
    struct subject s = numbered_rows();
    struct pretrain_options o = pretrain_defaults();
    struct error err = {0};
    struct corruption *x = corruption_new(s.encoder, PRETEXT_DAE, &o, 7, &err);
    uint32_t index[SWAPS];
    int32_t codes[SWAPS], answers[SWAPS], again[SWAPS];
    float values[SWAPS * 5], clean[SWAPS * 5];
    int of_n = 0, of_k = 0, of_t = 0, apart = 0;

    for (uint32_t i = 0; i < SWAPS; i++)
        index[i] = i;
    check(corruption_swap_with(x, s.encoder, s.frame, index, SWAPS / 2, &err));
    frame_pick(s.frame, NULL, 0, SWAPS, codes, values);
    corruption_swap(x, 2, index, SWAPS, codes, values, answers, clean);
    check(memcmp(answers, s.frame->codes, sizeof answers) == 0);
    check(memcmp(clean, s.frame->values, sizeof clean) == 0);
    for (int row = 0; row < SWAPS; row++) {
        const float *now = values + row * 5, *before = s.frame->values + row * 5;
        bool n = memcmp(now, before, 2 * sizeof *now) != 0;
        bool t = memcmp(now + 2, before + 2, 3 * sizeof *now) != 0;

        of_n += n;
        of_t += t;
        of_k += codes[row] != answers[row];
        apart += n != t;
        /* both of n are of one row, the three of t of one, which need not be the same */
        if (n)
            check(now[0] != before[0] && now[1] != before[1]
                  && find_donor(s.frame, now, n_features, 2) >= 0);
        if (t)
            check(find_donor(s.frame, now, t_features, 3) >= 0);
        check(codes[row] >= 1 && codes[row] <= 10);
    }
    check_near(of_n, 0.15 * SWAPS, 30);
    check_near(of_k, 0.15 * 0.9 * SWAPS, 30);
    check_near(of_t, 0.15 * SWAPS, 30);
    check(apart > 80);
    frame_pick(s.frame, NULL, 0, SWAPS, again, clean);
    corruption_swap(x, 2, index, SWAPS, again, clean, answers, values);
    check(memcmp(again, codes, sizeof codes) == 0);
    frame_pick(s.frame, NULL, 0, SWAPS, again, clean);
    corruption_swap(x, 3, index, SWAPS, again, clean, answers, values);
    check(memcmp(again, codes, sizeof codes) != 0);
    corruption_free(x);
    frame_free(s.frame);
    encoder_unref(s.encoder);
    free(s.split->part);
    free(s.split);
    schema_free(s.schema);
    dataset_unref(s.data);
}

static void odd_shares_are_refused(void)
{
    struct pretrain_options o = pretrain_defaults();
    struct error err = {0};

    check(pretrain_check(&o, &err));
    o.mask = 0;
    check(!pretrain_check(&o, &err) && strstr(err.text, "pretrain.mask"));
    o.mask = NAN;
    check(!pretrain_check(&o, &err));
    o = pretrain_defaults();
    o.swap = 1;
    check(!pretrain_check(&o, &err) && strstr(err.text, "pretrain.swap"));
}

/* ---- a body for another model ---- */

static struct model *small_model(struct subject *s, enum pretext pretext, int dim,
                                 uint64_t seed)
{
    struct model_options o = model_defaults();
    struct error err = {0};

    o.dim = dim;
    o.layers = 1;
    o.heads = 2;
    if (pretext == PRETEXT_DAE)
        o.kind = MODEL_MLP;
    return model_new_pretext(&o, s->encoder, pretext, seed, &err);
}

/* The line of a class in its column's table. */
static const real *vector_of(struct model *m, int column, const char *text, size_t *width)
{
    const struct feature *f = &model_encoder(m)->categorical[column];
    const struct params *p = model_params(m);
    int code = text ? 1 : 0, table;
    char name[32];

    while (text && code < f->classes && strcmp(f->texts[code - 1], text) != 0)
        code++;
    snprintf(name, sizeof name, "columns.%d.value", column);
    table = params_find(p, name);
    *width = p->list[table].shape[1];
    return param_value(p, table) + (size_t)code * *width;
}

static bool same_vector(struct model *a, int i, struct model *b, int j, const char *text)
{
    size_t n, m;
    const real *x = vector_of(a, i, text, &n), *y = vector_of(b, j, text, &m);

    return n == m && memcmp(x, y, n * sizeof *x) == 0;
}

static bool same_param(struct model *a, struct model *b, const char *name)
{
    const struct params *p = model_params(a), *q = model_params(b);
    int i = params_find(p, name), j = params_find(q, name);

    return memcmp(param_value(p, i), param_value(q, j),
                  p->list[i].count * sizeof(real)) == 0;
}

/* "colour" and "size" change places, "red" is no longer the most frequent, "blue" is new
 * and so is "shape". */
static struct subject before, after;

static void make_subjects(void)
{
    struct str text = {0};

    str_puts(&text, "colour,size,y\n");
    for (int i = 0; i < 100; i++)
        str_printf(&text, "%s,%s,%d\n", i % 5 < 3 ? "red" : i % 5 == 3 ? "green" : "",
                   i % 3 ? "small" : "large", i % 2);
    before = subject_new(table_load(text.text, text.length), "y", NULL);
    str_clear(&text);
    str_puts(&text, "size,shape,colour,z\n");
    for (int i = 0; i < 100; i++)
        str_printf(&text, "%s,%s,%s,%d\n", i % 3 ? "small" : "large", i % 2 ? "o" : "x",
                   i % 4 ? "blue" : i % 8 ? "green" : "red", i % 7 > 2);
    after = subject_new(table_load(text.text, text.length), "z", NULL);
    str_done(&text);
}

static void a_body_is_found_by_names(void)
{
    struct model *from, *to, *fresh;
    struct error err = {0};
    struct str note = {0};

    make_subjects();
    from = small_model(&before, PRETEXT_MLM, 8, 1);
    to = small_model(&after, PRETEXT_NONE, 8, 2);
    fresh = small_model(&after, PRETEXT_NONE, 8, 2);
    check(model_take_body(to, from, &note, &err));
    check(strstr(note.text, "2 of 3") && strstr(note.text, "shape")
          && strstr(note.text, "1 class "));
    check(same_vector(to, 0, from, 1, "small") && same_vector(to, 0, from, 1, "large"));
    check(same_vector(to, 2, from, 0, "red") && same_vector(to, 2, from, 0, "green"));
    check(same_vector(to, 2, from, 0, NULL));
    check(same_vector(to, 2, fresh, 2, "blue") && same_vector(to, 1, fresh, 1, "x"));
    check(same_param(to, from, "layers.0.attention.query.weight")
          && same_param(to, from, "layers.0.norm2.bias"));
    check(same_param(to, fresh, "head.0.weight")
          && same_param(to, fresh, "head.out.bias"));
    check(model_brought(to, 2, 0) && !model_brought(to, 2, 1) && !model_brought(to, 1, 1)
          && !model_brought(fresh, 2, 0));
    str_done(&note);
    model_unref(from);
    model_unref(to);
    model_unref(fresh);
    subject_done(&before);
    subject_done(&after);
}

static void bodies_that_do_not_fit_are_refused(void)
{
    struct subject other = subject_new(make_table(), "y", NULL);
    struct model *from, *wide, *to;
    struct error err = {0};
    struct str note = {0};

    make_subjects();
    from = small_model(&before, PRETEXT_RTD, 8, 1);
    wide = small_model(&after, PRETEXT_NONE, 16, 2);
    to = small_model(&other, PRETEXT_NONE, 8, 2);
    check(!model_take_body(wide, from, &note, &err) && strstr(err.text, "width 8"));
    check(!model_take_body(to, from, &note, &err) && strstr(err.text, "none of the"));
    check_int(note.length, 0);
    model_unref(from);
    model_unref(wide);
    model_unref(to);
    subject_done(&before);
    subject_done(&after);
    subject_done(&other);
}

/* An MLP goes on with all of a DAE but its last map, and only over the same columns. */
static void blocks_of_a_dae_come_whole(void)
{
    struct subject own = subject_new(make_table(), "y", NULL);
    struct model_options o = model_defaults();
    struct error err = {0};
    struct str note = {0};
    struct model *from, *to, *wide, *other;

    make_subjects();
    for (int encoding = 0; encoding < 2; encoding++) {
        o.kind = MODEL_MLP;
        o.encoding = (enum model_encoding)encoding;
        o.head_norm = HEAD_NORM_NO;
        o.head_hidden2 = 2;
        from = model_new_pretext(&o, own.encoder, PRETEXT_DAE, 1, &err);
        to = model_new(&o, own.encoder, 2, &err);
        other = model_new(&o, after.encoder, 2, &err);
        o.head_hidden2 = 3;
        wide = model_new(&o, own.encoder, 2, &err);
        str_clear(&note);
        check(model_take_body(to, from, &note, &err));
        check(strstr(note.text, "its blocks and 3 of 3 categorical columns"));
        check(same_param(to, from, encoding ? "columns.1.weight" : "columns.1.value")
              && same_param(to, from, "head.0.bias")
              && same_param(to, from, "head.1.weight"));
        if (!encoding)
            check(same_param(to, from, "columns.identifier")
                  && same_param(to, from, "head.0.weight"));
        check(!model_take_body(other, from, &note, &err)
              && strstr(err.text, "reads other columns"));
        check(!model_take_body(wide, from, &note, &err)
              && strstr(err.text, "another width"));
        model_unref(from);
        model_unref(to);
        model_unref(wide);
        model_unref(other);
    }
    str_done(&note);
    subject_done(&own);
    subject_done(&before);
    subject_done(&after);
}

static void models_learn_by_their_own_pretext(void)
{
    struct subject s = subject_new(make_table(), "y", NULL);
    struct model_options o = model_defaults();
    struct error err = {0};

    check(!model_new_pretext(&o, s.encoder, PRETEXT_DAE, 1, &err)
          && strstr(err.text, "set model.kind mlp"));
    o.kind = MODEL_MLP;
    check(!model_new_pretext(&o, s.encoder, PRETEXT_RTD, 1, &err)
          && strstr(err.text, "pretrain dae"));
    o.kind = MODEL_VIB;
    check(!model_new_pretext(&o, s.encoder, PRETEXT_DAE, 1, &err)
          && strstr(err.text, "not model.kind vib"));
    subject_done(&s);
}

/* ---- threads ---- */

enum { BATCH = 200 };

/* The body and the classifiers after a step, on so many threads. Caller frees. */
static real *weights_after_steps(enum pretext pretext, int threads, size_t *n)
{
    static const int classes[] = {3, 100, 2};
    struct model_shape shape = {.columns = 3, .classes = classes, .outputs = 1};
    struct model_options o = model_defaults();
    struct graph_plan plan = {BATCH, true, false};
    struct update u = update_defaults();
    struct rng r = rng_make(5, RNG_TEST, 0);
    int32_t codes[BATCH * 3], answers[BATCH * 3];
    struct graph_input in = {.rows = BATCH, .codes = codes, .answers = answers};
    struct params *p = params_new();
    struct graph *g = graph_new(p);
    struct error err = {0};
    struct pool *pool = pool_new(threads, &err);
    real *weights;

    o.layers = 2;
    for (int i = 0; i < BATCH * 3; i++) {
        uint64_t most = pretext == PRETEXT_MLM ? (uint64_t)classes[i % 3] + 1 : 2;

        codes[i] = (int32_t)rng_below(&r, (uint64_t)classes[i % 3] + 1);
        answers[i] = rng_uniform(&r) < 0.5 ? (int32_t)rng_below(&r, most) : 0;
    }
    pretrain_describe(g, &o, &shape, pretext);
    graph_plan(g, &plan);
    check(params_allocate(p, 1, &err)
          && params_allocate_training(p, graph_lanes(g), &err)
          && graph_allocate(g, pool, &err));
    for (uint64_t step = 0; step < 5; step++) {
        check(isfinite(graph_train_forward(g, &in, step)));
        graph_backward(g);
        params_step(p, kernels_best(), pool, &u, NULL);
    }
    *n = params_values(p);
    weights = xmalloc(*n * sizeof *weights);
    memcpy(weights, p->value, *n * sizeof *weights);
    graph_free(g);
    params_free(p);
    pool_free(pool);
    return weights;
}

static void same_bits_for_any_number_of_threads(void)
{
    for (int pretext = PRETEXT_MLM; pretext < PRETEXTS; pretext++) {
        size_t n;
        real *one = weights_after_steps((enum pretext)pretext, 1, &n);

        for (int threads = 2; threads <= 4; threads++) {
            real *more = weights_after_steps((enum pretext)pretext, threads, &n);

            check(memcmp(one, more, n * sizeof *one) == 0);
            free(more);
        }
        free(one);
    }
}

/* ---- a body that stands still ---- */

/* Gradients of the whole arena after one step backward; (n) of the body come first. */
static real *gradients(struct subject *s, bool head_only, bool norm, size_t *body,
                       size_t *n)
{
    struct model_options o = model_defaults();
    struct graph_plan plan = {64, true, false};
    struct error err = {0};
    struct pool *pool = pool_new(2, &err);
    struct graph_input in = {.rows = 64, .codes = s->frame->codes,
                             .values = s->frame->values, .target = s->frame->target};
    struct params *p;
    struct graph *g;
    struct model *m;
    real *out;

    o.dim = 16;
    o.layers = 1;
    o.heads = 2;
    o.continuous_norm = norm;
    m = model_new(&o, s->encoder, 3, &err);
    p = model_params(m);
    g = model_graph(m);
    graph_plan(g, &plan);
    check(params_allocate_training(p, graph_lanes(g), &err)
          && graph_allocate(g, pool, &err));
    check(isfinite(graph_train_forward(g, &in, 1)));
    if (head_only)
        graph_backward_head(g);
    else
        graph_backward(g);
    params_sum(p, kernels_best());
    *body = p->total[PARAM_BODY];
    *n = params_trainable(p);
    out = xmalloc(*n * sizeof *out);
    memcpy(out, p->gradient, *n * sizeof *out);
    graph_free(g);
    params_free_training(p);
    model_unref(m);
    pool_free(pool);
    return out;
}

/* The head learns the same, to the last bit, and the body is asked nothing. */
static void a_still_body_costs_nothing(void)
{
    struct rng r = rng_make(9, RNG_TEST, 0);
    struct str text = {0};
    struct subject s;

    str_puts(&text, "a,b,x,z,y\n");
    for (int i = 0; i < 400; i++)
        str_printf(&text, "%c,%c,%g,%g,%s\n", "pqr"[rng_below(&r, 3)],
                   "uvw"[rng_below(&r, 3)], rng_uniform(&r), rng_uniform(&r),
                   rng_below(&r, 2) ? "yes" : "no");
    s = subject_new(table_load(text.text, text.length), "y", NULL);
    for (int norm = 0; norm < 2; norm++) {
        size_t body, n;
        real *whole = gradients(&s, false, norm, &body, &n), most = 0;
        real *head = gradients(&s, true, norm, &body, &n);

        check(body > 0 && body < n);
        check(memcmp(whole + body, head + body, (n - body) * sizeof *whole) == 0);
        for (size_t i = 0; i < body; i++)
            most = fmaxf(most, fabsf((float)head[i]));
        check(most == 0);
        free(whole);
        free(head);
    }
    str_done(&text);
    subject_done(&s);
}

/* After any number of steps in which it stood still a body begins as a fresh one does:
 * its first step has the length of the rate. */
static void a_body_that_rested_begins_gently(void)
{
    struct subject s = subject_new(make_table(), "y", NULL);
    struct model *m = small_model(&s, PRETEXT_NONE, 8, 1);
    struct params *p = model_params(m);
    struct update u = update_defaults();
    struct error err = {0};
    struct pool *pool = pool_new(1, &err);
    int weight = params_find(p, "layers.0.attention.query.weight");
    real before;

    check(params_allocate_training(p, 1, &err));
    before = *param_value(p, weight);
    u.body = 0;
    for (u.rest = 0; u.rest < 500; u.rest++)
        params_step(p, kernels_best(), pool, &u, NULL);
    check(*param_value(p, weight) == before);
    u.body = 0.5;
    *param_lane(p, weight, 0) = 3;
    params_step(p, kernels_best(), pool, &u, NULL);
    check_near((double)(before - *param_value(p, weight)), 0.5 * u.lr, 1e-3 * u.lr);
    params_free_training(p);
    model_unref(m);
    pool_free(pool);
    subject_done(&s);
}

/* ---- what was learned of each column ---- */

/* "a" is one of three and "b" follows from it, "c" comes by chance. */
static struct dataset *make_rule(void)
{
    struct rng r = rng_make(3, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,b,c,y\n");
    for (int i = 0; i < 1200; i++) {
        int a = (int)rng_below(&r, 3), c = (int)rng_below(&r, 2);

        str_printf(&text, "a%d,b%d,c%d,%s\n", a, a, c, i % 2 ? "yes" : "no");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

struct lesson {
    struct subject subject;
    struct model *model;
    struct pool *pool;
    struct corruption *corruption;
    struct trainer *trainer;
    uint32_t *valid; /* (n) rows of that part */
    size_t n;
};

static void swap_with_training_rows(struct lesson *l)
{
    const struct frame *f = l->subject.frame;
    uint32_t *rows = xcalloc(f->rows, sizeof *rows);
    struct error err = {0};
    size_t n = 0;

    for (uint32_t i = 0; i < f->rows; i++)
        if (l->subject.split->part[i] == PART_TRAIN)
            rows[n++] = i;
    check(corruption_swap_with(l->corruption, l->subject.encoder, f, rows, n, &err));
    free(rows);
}

static struct lesson lesson_of(struct dataset *d, enum pretext pretext, int epochs)
{
    struct lesson l = {.subject = subject_new(d, "y", NULL)};
    struct train_options o = train_defaults();
    struct error err = {0};

    o.epochs = epochs;
    o.lr = 0.01;
    o.average = 0.9;
    l.pool = pool_new(2, &err);
    l.model = small_model(&l.subject, pretext, 16, 1);
    l.corruption = corruption_new(l.subject.encoder, pretext, &o.pretrain, o.seed, &err);
    swap_with_training_rows(&l);
    l.trainer = trainer_new(l.model, l.subject.frame, l.subject.split, &o, l.pool, &err);
    l.valid = xcalloc(l.subject.frame->rows, sizeof *l.valid);
    for (uint32_t i = 0; i < l.subject.frame->rows; i++)
        if (l.subject.split->part[i] == PART_VALID)
            l.valid[l.n++] = i;
    while (trainer_step(l.trainer, &err) == STEP_MORE)
        ;
    return l;
}

static struct lesson lesson_new(enum pretext pretext)
{
    return lesson_of(make_rule(), pretext, 6);
}

static void lesson_done(struct lesson *l)
{
    trainer_free(l->trainer);
    corruption_free(l->corruption);
    model_unref(l->model);
    pool_free(l->pool);
    subject_done(&l->subject);
    free(l->valid);
}

static struct metrics ask(struct lesson *l, const uint32_t *rows, size_t n,
                          struct column_score scores[3])
{
    struct metrics m = {0};
    struct error err = {0};

    check(pretext_measure(l->model, l->pool, l->corruption, l->subject.frame, rows, n, &m,
                          scores, &err));
    return m;
}

/* The whole is made of its columns, and those that follow from others are known. */
static void columns_are_measured(void)
{
    for (int pretext = PRETEXT_MLM; pretext < PRETEXTS; pretext++) {
        struct lesson l = lesson_new((enum pretext)pretext);
        struct column_score s[3];
        struct metrics m = ask(&l, l.valid, l.n, s);
        double asked = 0, right = 0;

        for (int c = 0; c < 3; c++) {
            asked += s[c].asked;
            right += s[c].asked * (double)s[c].accuracy;
            check(s[c].baseline > 0.25f && s[c].baseline < 0.95f);
            check(pretext != PRETEXT_MLM ? s[c].auc > 0.4f : isnan(s[c].auc));
            check(pretext == PRETEXT_MLM || s[c].asked == l.n);
        }
        check_near(m.accuracy, right / asked, 1e-6);
        /* where a and b contradict each other, a DAE cannot know which was swapped */
        if (pretext != PRETEXT_DAE)
            check(score_gain(&s[0]) > 0.3 && score_gain(&s[1]) > 0.3);
        check(score_gain(&s[2]) < 0.2);
        lesson_done(&l);
    }
}

/* a, b, c and the number x say the same, so that the others outvote one that is swapped. */
static struct dataset *make_votes(void)
{
    struct rng r = rng_make(3, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,b,c,x,y\n");
    for (int i = 0; i < 1200; i++) {
        int a = (int)rng_below(&r, 4);

        str_printf(&text, "a%d,b%d,c%d,%d.5,%s\n", a, a, a, a * a, i % 2 ? "yes" : "no");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

static void a_dae_gives_rows_back(void)
{
    struct lesson l = lesson_of(make_votes(), PRETEXT_DAE, 12);
    struct column_score s[3];
    struct metrics m;

    check_int(l.subject.frame->n_continuous, 2);
    m = ask(&l, l.valid, l.n, s);
    for (int c = 0; c < 3; c++)
        check(s[c].accuracy > 0.96f && s[c].baseline < 0.92f && s[c].auc > 0.95f);
    /* without a look: the logarithm of 4 in each class, 1 in each number */
    check(m.loss > 0 && m.loss < 0.2 && m.auc > 0.95);
    lesson_done(&l);
}

/* A row by itself is answered as the example says, and it is the same as in training. */
static void examples_are_what_the_model_says(void)
{
    for (int pretext = PRETEXT_MLM; pretext < PRETEXTS; pretext++) {
        struct lesson l = lesson_new((enum pretext)pretext);
        const struct frame *f = l.subject.frame;
        struct example_cell cells[EXAMPLES * 3];
        uint32_t rows[EXAMPLES];
        int n = pretext_examples(l.model, l.pool, l.corruption, f, l.valid, l.n, rows,
                                 cells);

        check_int(n, EXAMPLES);
        for (int i = 0; i < n * 3; i++) {
            const struct example_cell *cell = &cells[i];
            bool hidden = cell->before != cell->shown;
            struct column_score s[3];

            ask(&l, &rows[i / 3], 1, s);
            check_int(cell->before, f->codes[rows[i / 3] * 3 + (uint32_t)(i % 3)]);
            check(cell->sure >= 0 && cell->sure <= 1);
            if (pretext == PRETEXT_RTD) {
                check_int(s[i % 3].accuracy > 0.5f, (cell->sure > 0.5f) == hidden);
            } else {
                check(pretext == PRETEXT_DAE || hidden == (s[i % 3].asked == 1));
                check(!hidden
                      || (s[i % 3].accuracy > 0.5f) == (cell->said == cell->before));
                check(hidden ? cell->said > 0 : cell->said == 0);
            }
        }
        lesson_done(&l);
    }
}

static void epochs_are_kept(void)
{
    struct lesson l = lesson_new(PRETEXT_MLM);
    const struct learned *from = trainer_learned(l.trainer);
    struct learned copy = {0}, back = {0};
    struct metrics m;
    struct error err = {0};
    struct str csv = {0};
    json_t *j;

    check_int(from->n, 6);
    check_int(from->epochs[5], 6);
    check_int(from->example_epoch, 6);
    learned_follow(&copy, from);
    check(trainer_measure(l.trainer, PART_VALID, &m, &err));
    check_int(from->n, 6);
    check_int(from->example_epoch, trainer_progress(l.trainer)->best_epoch);
    learned_follow(&copy, from);
    check_int(copy.example_epoch, from->example_epoch);
    check(memcmp(copy.scores, from->scores, 6 * 3 * sizeof *copy.scores) == 0);
    check(learned_at(&copy, 3) == copy.scores + 6);
    check(learned_at(&copy, 99) == copy.scores + 15);
    j = learned_to_json(learned_at(from, 6), l.subject.encoder);
    learned_from_json(&back, l.subject.encoder, j);
    check_near((double)back.scores[1].accuracy, (double)copy.scores[16].accuracy, 1e-6);
    check_int(back.scores[1].asked, copy.scores[16].asked);
    check(isnan(back.scores[1].auc));
    learned_to_csv(from, l.subject.encoder, &csv);
    check(str_starts(csv.text, "epoch,column,asked,accuracy,baseline,auc\n1,a,"));
    check(strstr(csv.text, "\n6,c,") != NULL);
    json_decref(j);
    str_done(&csv);
    learned_done(&copy);
    learned_done(&back);
    check(learned_at(&back, 1) == NULL);
    lesson_done(&l);
}

int main(void)
{
    test_run(mlm_masks_a_share_of_what_is_there);
    test_run(rtd_replaces_by_other_classes);
    test_run(every_epoch_hides_other_cells);
    test_run(dae_takes_cells_of_training_rows);
    test_run(odd_shares_are_refused);
    test_run(a_body_is_found_by_names);
    test_run(bodies_that_do_not_fit_are_refused);
    test_run(blocks_of_a_dae_come_whole);
    test_run(models_learn_by_their_own_pretext);
    test_run(same_bits_for_any_number_of_threads);
    test_run(a_still_body_costs_nothing);
    test_run(a_body_that_rested_begins_gently);
    test_run(columns_are_measured);
    test_run(a_dae_gives_rows_back);
    test_run(examples_are_what_the_model_says);
    test_run(epochs_are_kept);
    return test_done();
}
