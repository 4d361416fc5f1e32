/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layouts of embeddings: the job against t-SNE itself, where values stand, how one begins
 * with another, what is published, what is stopped. */
#include "base/mem.h"
#include "command/figures.h"
#include "fixture.h"
#include "lens/job_tsne.h"

enum { ROWS = 120, M = 3, WIDTH = FIXTURE_DIM, ITERATIONS = 60 };

/* An untrained model of a, b and kind. */
static struct fixture fixture_new(int threads)
{
    return fixture_of(learnable_table(ROWS, -1), "yes", NULL, 2, 3, threads);
}

static struct tsne_job_request request_of(const struct fixture *f,
                                          enum embedding_points points)
{
    struct tsne_job_request q = {
        .run = "r",
        .embeddings = {
            .rows = fixture_rows(f, PART_NONE),
            .first = 2, .last = 2, .points = points, .seed = 1},
        .tsne = tsne_defaults()};

    q.tsne.perplexity = 0;
    q.tsne.iterations = ITERATIONS;
    q.tsne.early = 20;
    return q;
}

static struct scatter *laid_out(const struct tsne_job_request *q)
{
    struct error err = {0};
    struct tsne_job *j = tsne_job_new(q, &err);
    struct scatter *s;

    if (!check(job_run(&tsne_job_type, j, &err)))
        printf("# %s\n", err.text);
    s = tsne_job_take(j);
    tsne_job_type.free(j);
    return s;
}

static struct figure *figure_of(const struct scatter *s, enum scatter_by by,
                                const char *class)
{
    return figures_scatter(&s, 1, by, class);
}

static bool same_layout(const struct scatter *a, const struct scatter *b)
{
    return a->n_points == b->n_points
        && memcmp(a->layout, b->layout, 2 * a->n_points * sizeof *a->layout) == 0;
}

static void the_job_does_what_tsne_does(void)
{
    struct fixture f = fixture_new(2);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct scatter *s = laid_out(&q);
    struct embeddings e;
    struct error err = {0};
    float *layout = xcalloc(2 * ROWS * M, sizeof *layout);
    struct tsne *t;

    embeddings_init(&e, &q.embeddings);
    while (embeddings_step(&e, &err) == STEP_MORE)
        ;
    q.tsne.perplexity = 30;
    t = tsne_new(e.x, e.n_points, WIDTH, &q.tsne, f.pool, &err);
    while (tsne_step(t, &err) == STEP_MORE)
        ;
    tsne_layout(t, layout);
    check_int(s->n_points, ROWS * M);
    check(memcmp(s->layout, layout, 2 * ROWS * M * sizeof *layout) == 0);
    check_near(s->kl, tsne_kl(t), 0);
    check_near(s->perplexity, 30, 0);
    check(s->trust > 0.7 && s->trust <= 1 && s->ended);
    check_int(s->iteration, ITERATIONS);
    tsne_free(t);
    free(layout);
    embeddings_done(&e);
    scatter_free(s);
    fixture_done(&f);
}

static void threads_do_not_matter(void)
{
    struct scatter *s[2];

    for (int k = 0; k < 2; k++) {
        struct fixture f = fixture_new(1 + 2 * k);
        struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);

        s[k] = laid_out(&q);
        fixture_done(&f);
    }
    check(same_layout(s[0], s[1]));
    check(s[0]->kl == s[1]->kl && s[0]->trust == s[1]->trust);
    scatter_free(s[0]);
    scatter_free(s[1]);
}

static void values_stand_at_the_mean_of_their_cells(void)
{
    struct fixture f = fixture_new(2);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct scatter *s = laid_out(&q);

    check_int(s->n_values, 11);
    for (size_t v = 0; v < s->n_values; v++) {
        double x = 0, y = 0, rows = 0, e0 = 0;

        for (size_t i = 0; i < s->n_points; i++) {
            size_t column = i % M;
            int32_t code = f.s.frame->codes[s->row_of[i] * M + column];

            check_int(s->row_of[i], i / M);
            if ((int)column != s->values[v].column || code != s->values[v].code)
                continue;
            check_int(s->value_of[i], v);
            x += (double)s->layout[2 * i];
            y += (double)s->layout[2 * i + 1];
            rows++;
        }
        check_int(s->values[v].rows, rows);
        check_near((double)s->place[2 * v], x / rows, 1e-3);
        check_near((double)s->place[2 * v + 1], y / rows, 1e-3);
        for (int k = 0; k < WIDTH; k++)
            e0 += fabs((double)s->vectors[v * WIDTH + (size_t)k]);
        check(e0 > 0);
    }
    scatter_free(s);
    fixture_done(&f);
}

/* The vectors of cells' values are the means that points of values are. */
static void vectors_are_the_means_of_embeddings(void)
{
    struct fixture f = fixture_new(2);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct scatter *cells = laid_out(&q), *values;

    q.embeddings.points = EMBEDDING_VALUES;
    values = laid_out(&q);
    check_int(values->n_points, values->n_values);
    check(values->row_of == NULL);
    for (size_t i = 0; i < cells->n_values * WIDTH; i++)
        check_near((double)cells->vectors[i], (double)values->vectors[i], 1e-6);
    check(memcmp(values->place, values->layout,
                 2 * values->n_values * sizeof(float)) == 0);
    scatter_free(cells);
    scatter_free(values);
    fixture_done(&f);
}

static void seeds_are_of_rows_and_random_starts(void)
{
    struct fixture f = fixture_new(2);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct scatter *pca[2], *random[3];

    for (int k = 0; k < 2; k++) {
        q.embeddings.seed = (uint64_t)k + 1;
        pca[k] = laid_out(&q);
    }
    check(same_layout(pca[0], pca[1])); /* nothing is drawn */
    q.random = true;
    for (int k = 0; k < 3; k++) {
        q.embeddings.seed = k == 1 ? 2 : 1;
        random[k] = laid_out(&q);
    }
    check(same_layout(random[0], random[2]));
    check(!same_layout(random[0], random[1]));
    check(!same_layout(random[0], pca[0]));
    for (int k = 0; k < 3; k++)
        scatter_free(random[k]);
    scatter_free(pca[0]);
    scatter_free(pca[1]);
    fixture_done(&f);
}

static void few_points_have_less_perplexity(void)
{
    struct fixture f = fixture_new(1);
    struct tsne_job_request q = request_of(&f, EMBEDDING_VALUES);
    struct error err = {0};
    struct tsne_job *j;
    struct scatter *s = laid_out(&q);

    check_near(s->perplexity, 3, 0); /* more than a fifth of 11 */
    scatter_free(s);
    q.tsne.perplexity = 30;
    j = tsne_job_new(&q, &err);
    check(job_run(&tsne_job_type, j, &err));
    tsne_job_type.publish(j);
    check_str(str_text(tsne_job_view(j)->note),
              "perplexity 3 instead of 30: there are only 11 points\n");
    check_near(tsne_job_view(j)->scatter->perplexity, 3, 0);
    tsne_job_type.free(j);
    q.embeddings.points = EMBEDDING_CELLS;
    q.most_points = 90;
    s = laid_out(&q);
    check_int(s->rows, 30);
    check_int(s->n_points, 90);
    check_near(s->perplexity, 29, 0);
    q.tsne.perplexity = 0;
    scatter_free(s);
    s = laid_out(&q);
    check_near(s->perplexity, 18, 0);
    scatter_free(s);
    fixture_done(&f);
}

/* ---- the target ---- */

static void check_classes(const struct fixture *f, const struct scatter *s, size_t v)
{
    double counts[3] = {0}, rows = 0;
    int best = 0;

    for (size_t row = 0; row < ROWS; row++)
        if (f->s.frame->codes[row * M + (size_t)s->values[v].column]
            == s->values[v].code) {
            counts[(size_t)f->s.frame->target[row]]++;
            rows++;
        }
    for (int k = 0; k < 3; k++) {
        check_near(scatter_share(s, v, k), counts[k] / rows, 1e-12);
        best = counts[k] > counts[best] ? k : best;
    }
    check_int(scatter_class(s, v), best);
}

static void values_have_shares_of_classes(void)
{
    struct fixture f = fixture_of(learnable_table(ROWS, -1), "kind", NULL, 2, 3, 1);
    struct tsne_job_request q = request_of(&f, EMBEDDING_VALUES);
    struct scatter *s = laid_out(&q), *copy = scatter_copy(s);
    struct figure *by_class = figure_of(s, SCATTER_TARGET, NULL);
    struct figure *share = figure_of(s, SCATTER_TARGET, "k1");
    size_t n = 0;

    for (size_t v = 0; v < s->n_values; v++) {
        check_classes(&f, s, v);
        check_int(scatter_class(copy, v), scatter_class(s, v));
        check_int(s->values[v].known, s->values[v].rows);
        check(isnan(s->values[v].target));
    }
    check_int(by_class->n_series, 3);
    for (size_t i = 0; i < by_class->n_series; i++) {
        check_str(by_class->series[i].name, f.s.encoder->classes[i]);
        n += by_class->series[i].n;
    }
    check_int(n, s->n_values);
    check_int(share->n_series, 5);
    s->values[0].known = 0; /* of no row */
    check(isnan(scatter_share(s, 0, 1)) && scatter_class(s, 0) == -1);
    figure_free(by_class);
    figure_free(share);
    scatter_free(copy);
    scatter_free(s);
    fixture_done(&f);
}

static void numbers_have_no_classes(void)
{
    struct fixture f = fixture_of(learnable_table(ROWS, -1), "price", NULL, 2, 3, 1);
    struct tsne_job_request q = request_of(&f, EMBEDDING_VALUES);
    struct scatter *s = laid_out(&q);
    struct figure *figure = figure_of(s, SCATTER_TARGET, NULL);

    check(!s->class_rows && isnan(scatter_share(s, 0, 0)));
    check_int(scatter_class(s, 0), -1);
    check_int(figure->n_series, 5); /* levels of the mean */
    figure_free(figure);
    scatter_free(s);
    fixture_done(&f);
}

/* ---- one layout begins with another ---- */

static void cells_begin_where_they_are(void)
{
    struct fixture f = fixture_new(1);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct scatter *all = laid_out(&q), *few, *values;
    float layout[2 * ROWS * M];

    q.embeddings.most = 40;
    q.embeddings.seed = 5;
    few = laid_out(&q);
    check_int(scatter_start(few, all, layout), few->n_points);
    for (size_t i = 0; i < few->n_points; i++) {
        size_t cell = (size_t)few->row_of[i] * M + i % M;

        check(layout[2 * i] == all->layout[2 * cell]
              && layout[2 * i + 1] == all->layout[2 * cell + 1]);
    }
    check_int(scatter_start(all, few, layout), all->n_points); /* or at their value's */
    for (size_t i = 0; i < all->n_points; i++)
        if (all->row_of[i] < few->row_of[0])
            check(layout[2 * i] == few->place[2 * all->value_of[i]]);
    q.embeddings.points = EMBEDDING_VALUES;
    values = laid_out(&q);
    check_int(scatter_start(values, all, layout), values->n_points);
    check(memcmp(layout, all->place, 2 * values->n_points * sizeof *layout) == 0);
    scatter_free(all);
    scatter_free(few);
    scatter_free(values);
    fixture_done(&f);
}

/* Of another model codes mean something else: names and texts are what counts. */
static void values_are_found_by_name(void)
{
    struct fixture f = fixture_new(1), g = {.s = subject_new(table_of(
        "b,other,yes\nt,1,yes\nu,2,no\nz,1,yes\nt,2,no\nu,3,yes\nz,1,no\nt,2,yes\nu,3,no\n"
        "z,1,yes\nt,2,no\nu,1,yes\nz,2,no\nt,3,yes\nu,1,no\nz,1,yes\nt,1,no\nu,2,yes\n"
        "z,2,no\nt,3,yes\nu,3,no\nz,1,yes\n"), "yes", NULL)};
    struct tsne_job_request q = request_of(&f, EMBEDDING_VALUES);
    struct model_options o = *model_options(f.model);
    struct error err = {0};
    struct scatter *first = laid_out(&q), *second;
    struct embeddings e;
    float layout[2 * ROWS];
    size_t found;

    g.pool = pool_new(1, &err);
    g.model = model_new(&o, g.s.encoder, 1, &err);
    q = request_of(&g, EMBEDDING_VALUES);
    q.embeddings.rows.data = g.s.data;
    embeddings_init(&e, &q.embeddings);
    while (embeddings_step(&e, &err) == STEP_MORE)
        ;
    second = scatter_new(&e, "g", 2, &err);
    embeddings_done(&e);
    found = scatter_start(second, first, layout);
    check_int(found, 2); /* b=t and b=u */
    for (size_t v = 0; v < second->n_values; v++) {
        const char *text = embedding_text(second->encoder, &second->values[v]);
        bool known = false;

        for (size_t i = 0; i < first->n_values; i++)
            if (strcmp(second->encoder->categorical[second->values[v].column].name, "b")
                    == 0 && first->values[i].column == 1
                && strcmp(embedding_text(first->encoder, &first->values[i]), text) == 0) {
                known = true;
                check(layout[2 * v] == first->place[2 * i]);
            }
        check(known || layout[2 * v] == 0);
    }
    scatter_free(first);
    scatter_free(second);
    fixture_done(&f);
    fixture_done(&g);
}

/* After one iteration more it lies about as before, not as from the start. */
static void the_present_layout_goes_on(void)
{
    struct fixture f = fixture_new(1);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct scatter *before = laid_out(&q), *after;
    double moved = 0, size = 0;

    q.from = before;
    q.tsne.iterations = 1;
    q.tsne.early = 0;
    after = laid_out(&q);
    for (size_t i = 0; i < 2 * before->n_points; i++) {
        moved += pow((double)(after->layout[i] - before->layout[i]), 2);
        size += pow((double)before->layout[i], 2);
    }
    check(moved > 0 && moved < 0.05 * size);
    scatter_free(before);
    scatter_free(after);
    fixture_done(&f);
}

/* ---- published, stopped ---- */

static void what_is_published_follows(void)
{
    struct fixture f = fixture_new(1);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct error err = {0};
    struct tsne_job *j;
    struct scatter *copy;
    enum step step;

    q.tsne.iterations = 400;
    j = tsne_job_new(&q, &err);
    do {
        step = tsne_job_type.run(j, &err);
        tsne_job_type.publish(j);
    } while (step == STEP_MORE);
    check_int(step, STEP_DONE);
    copy = scatter_copy(tsne_job_view(j)->scatter);
    check(same_layout(copy, tsne_job_view(j)->scatter));
    check(copy->iteration == 400 && copy->ended);
    check(copy->kl == tsne_job_view(j)->scatter->kl);
    check(tsne_job_view(j)->bytes > 0);
    scatter_free(copy);
    tsne_job_type.free(j);
    fixture_done(&f);
}

static void stopping_keeps_the_layout(void)
{
    struct fixture f = fixture_new(1);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct error err = {0};
    struct tsne_job *j;
    struct scatter *s;

    q.tsne.iterations = 1000000;
    j = tsne_job_new(&q, &err);
    while (tsne_job_view(j)->progress.iteration < 5
           && check(tsne_job_type.run(j, &err) == STEP_MORE))
        tsne_job_type.publish(j);
    tsne_job_type.stop(j);
    check(job_run(&tsne_job_type, j, &err));
    s = tsne_job_take(j);
    check(s && s->ended && s->iteration >= 5 && s->iteration < 1000000);
    check(s->kl > 0 && s->trust > 0);
    scatter_free(s);
    tsne_job_type.free(j);
    j = tsne_job_new(&q, &err);
    tsne_job_type.stop(j);
    check(!job_run(&tsne_job_type, j, &err));
    check_int(err.kind, ERROR_CANCELLED);
    check_str(err.text, "t-SNE was stopped before there was a layout");
    tsne_job_type.free(j);
    fixture_done(&f);
}

/* ---- two runs ---- */

static struct model *other_model(const struct fixture *f, int layers, uint64_t seed)
{
    struct model_options o = *model_options(f->model);
    struct error err = {0};
    struct model *m;

    o.layers = layers;
    m = model_new(&o, f->s.encoder, seed, &err);
    if (!check(m != NULL))
        exit(1);
    return m;
}

/* The sum of squares around the middle of values. */
static double size_of(const struct scatter *s)
{
    double middle[2] = {0}, size = 0;

    for (size_t i = 0; i < 2 * s->n_values; i++)
        middle[i % 2] += (double)s->place[i] / (double)s->n_values;
    for (size_t i = 0; i < 2 * s->n_values; i++)
        size += pow((double)s->place[i] - middle[i % 2], 2);
    return size;
}

/* What is left to do to lay it over the first is nothing but a scale. */
static void check_aligned(const struct scatter *s)
{
    struct procrustes p;

    check(scatter_fit(s->against, s, &p));
    check(!p.is_reflected);
    check_near(p.b, 0, 1e-4);
    check_near(p.c, 0, 1e-4);
    check_near(p.unlike, s->against->unlike, 1e-4);
    check_near(p.scale, sqrt(1 - p.unlike), 1e-4);
    check_near(size_of(s->against) / size_of(s), 1, 1e-3);
}

static void the_other_run_is_laid_over_the_first(void)
{
    struct fixture f = fixture_new(2);
    struct model *other = other_model(&f, 2, 77);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct scatter *alone, *s;

    q.embeddings.most = 50;
    alone = laid_out(&q);
    q.against_run = "other";
    q.against = other;
    s = laid_out(&q);
    check(same_layout(s, alone)); /* which the other one does not change */
    check(!alone->against && isnan(alone->unlike) && isnan(s->unlike));
    check_str(s->against->run, "other");
    check_int(s->against->n_points, s->n_points);
    check(memcmp(s->against->row_of, s->row_of, s->n_points * sizeof *s->row_of) == 0);
    check(s->against->ended && s->against->kl > 0 && s->against->trust > 0.5);
    check(s->against->unlike > 0.001 && s->against->unlike < 1);
    check_aligned(s);
    scatter_free(s);
    q.random = true;
    s = laid_out(&q);
    check_aligned(s);
    scatter_free(s);
    q.random = false;
    q.against = f.model; /* itself: it has no reason to move far */
    s = laid_out(&q);
    check(s->against->unlike < 0.1);
    scatter_free(s);
    scatter_free(alone);
    model_unref(other);
    fixture_done(&f);
}

static void fewer_layers_have_a_last_one(void)
{
    struct fixture f = fixture_new(1);
    struct model *other = other_model(&f, 1, 5);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct scatter *s;

    q.against_run = "flat";
    q.against = other;
    s = laid_out(&q);
    check(s->layer == 2 && s->against->layer == 1 && s->against->layers == 1);
    scatter_free(s);
    model_unref(other);
    fixture_done(&f);
}

static void both_are_published_and_copied(void)
{
    struct fixture f = fixture_new(1);
    struct model *other = other_model(&f, 2, 77);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct error err = {0};
    struct tsne_job *j;
    struct scatter *copy;
    bool alone = false;
    enum step step;

    q.against_run = "other";
    q.against = other;
    j = tsne_job_new(&q, &err);
    model_unref(other); /* the job has its own */
    do {
        step = tsne_job_type.run(j, &err);
        tsne_job_type.publish(j);
        alone |= tsne_job_view(j)->scatter && !tsne_job_view(j)->scatter->against;
    } while (step == STEP_MORE);
    check(alone && step == STEP_DONE);
    check_str(tsne_job_view(j)->run, "other");
    copy = scatter_copy(tsne_job_view(j)->scatter);
    check(same_layout(copy->against, tsne_job_view(j)->scatter->against));
    check_near(copy->against->unlike, tsne_job_view(j)->scatter->against->unlike, 0);
    scatter_free(copy);
    tsne_job_type.free(j);
    fixture_done(&f);
}

/* In the first run, or before the other one has a layout: that is left out. Later it is
 * kept as it is. */
static void stopping_ends_both(void)
{
    struct fixture f = fixture_new(1);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    struct error err = {0};

    q.against_run = "again";
    q.against = f.model;
    for (int when = 0; when < 3; when++) {
        struct tsne_job *j = tsne_job_new(&q, &err);
        const struct tsne_view *v = tsne_job_view(j);
        struct scatter *s;

        do {
            check(tsne_job_type.run(j, &err) == STEP_MORE);
            tsne_job_type.publish(j);
        } while (!(when == 0 ? v->progress.iteration > 1
                   : when == 1 ? strcmp(v->run, "again") == 0
                               : v->run && v->scatter && v->scatter->against
                                 && v->progress.iteration > 1));
        tsne_job_type.stop(j);
        check(job_run(&tsne_job_type, j, &err));
        check(tsne_job_seconds(j) >= 0);
        s = tsne_job_take(j);
        check(s->ended && (s->against != NULL) == (when == 2));
        check(!s->against || (s->against->ended && s->against->kl > 0));
        scatter_free(s);
        tsne_job_type.free(j);
    }
    fixture_done(&f);
}

static void points_go_from_one_to_the_other(void)
{
    struct fixture f = fixture_new(1);
    struct model *other = other_model(&f, 2, 77);
    struct tsne_job_request q = request_of(&f, EMBEDDING_CELLS);
    float layout[2 * ROWS * M], place[2 * 11];
    struct scatter *s, *b;

    q.against_run = "other";
    q.against = other;
    s = laid_out(&q);
    b = s->against;
    for (int part = 0; part <= 4; part++) {
        double way = part / 4.0;

        scatter_between(s, b, way, layout, place);
        for (size_t i = 0; i < 2 * s->n_points; i++)
            check_near((double)layout[i], (1 - way) * (double)s->layout[i]
                       + way * (double)b->layout[i], 1e-3);
        for (size_t i = 0; i < 2 * s->n_values; i++)
            check_near((double)place[i], (1 - way) * (double)s->place[i]
                       + way * (double)b->place[i], 1e-3);
    }
    scatter_free(s);
    model_unref(other);
    fixture_done(&f);
}

/* Points in each of n panels, which end half way between their names. */
static void count_in_panels(const struct figure *f, size_t n, size_t *counts)
{
    memset(counts, 0, n * sizeof *counts);
    for (size_t i = 0; i < f->n_series; i++)
        for (size_t k = 0; k < f->series[i].n; k++) {
            size_t p = 0;

            while (p + 1 < n
                   && f->series[i].x[k] > (f->x.names[p].at + f->x.names[p + 1].at) / 2)
                p++;
            counts[p]++;
        }
}

/* One beside the other, and the columns of both in one legend. */
static void a_figure_has_both(void)
{
    struct fixture f = fixture_new(1);
    struct model *other = other_model(&f, 2, 77);
    struct tsne_job_request q = request_of(&f, EMBEDDING_VALUES);
    struct scatter *s;

    q.against_run = "other";
    q.against = other;
    s = laid_out(&q);
    for (int by = SCATTER_COLUMN; by <= SCATTER_ROWS; by++) {
        struct figure *figure = figure_of(s, (enum scatter_by)by, NULL);
        size_t counts[2];

        check_int(figure->n_texts, 2 * s->n_values);
        check_int(figure->x.n_names, 2);
        check(str_starts(figure->x.names[0].text, "r, layer 2: KL "));
        check(str_starts(figure->x.names[1].text, "other, layer 2: KL "));
        count_in_panels(figure, 2, counts);
        check(counts[0] == s->n_values && counts[1] == s->n_values);
        check(by != SCATTER_COLUMN || figure->n_series == M);
        figure_free(figure);
    }
    scatter_free(s);
    model_unref(other);
    fixture_done(&f);
}

/* Of the texts from..from + n, in x and y. */
static void extent_of(const struct figure *f, size_t from, size_t n, double *width,
                      double *height)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};

    for (size_t i = from; i < from + n; i++) {
        low[0] = fmin(low[0], f->texts[i].x);
        high[0] = fmax(high[0], f->texts[i].x);
        low[1] = fmin(low[1], f->texts[i].y);
        high[1] = fmax(high[1], f->texts[i].y);
    }
    *width = high[0] - low[0];
    *height = high[1] - low[1];
}

/* Each as large as the others; two that are laid over each other keep their sizes to each
 * other. */
static void panels_are_of_one_size(void)
{
    struct fixture f = fixture_new(1);
    struct model *other = other_model(&f, 2, 77);
    struct tsne_job_request q = request_of(&f, EMBEDDING_VALUES);
    const struct scatter *s[3];
    struct scatter *owned[3];
    struct figure *figure;
    size_t counts[4], at = 0;
    double width, height;

    for (int i = 0; i < 3; i++) {
        q.embeddings.first = q.embeddings.last = 2 - i;
        q.against_run = i == 2 ? "other" : NULL;
        q.against = i == 2 ? other : NULL;
        s[i] = owned[i] = laid_out(&q);
    }
    for (size_t i = 0; i < 2 * owned[1]->n_values; i++)
        owned[1]->place[i] *= 1000; /* a size means nothing */
    figure = figures_scatter(s, 3, SCATTER_COLUMN, NULL);
    check_int(figure->x.n_names, 4);
    check(str_starts(figure->x.names[1].text, "r, layer 1: KL "));
    check(str_starts(figure->x.names[3].text, "other, layer 0: KL "));
    count_in_panels(figure, 4, counts);
    for (int i = 0; i < 4; i++) {
        const struct scatter *of = i < 3 ? s[i] : s[2]->against;

        check_int(counts[i], of->n_values);
        extent_of(figure, at, of->n_values, &width, &height);
        if (i < 2)
            check_near(fmax(width, height), 1, 1e-6);
        else
            check(fmax(width, height) <= 1 + 1e-6);
        at += of->n_values;
    }
    check_int(figure->n_texts, at);
    figure_free(figure);
    for (int i = 0; i < 3; i++)
        scatter_free(owned[i]);
    model_unref(other);
    fixture_done(&f);
}

int main(void)
{
    test_run(the_job_does_what_tsne_does);
    test_run(threads_do_not_matter);
    test_run(values_stand_at_the_mean_of_their_cells);
    test_run(vectors_are_the_means_of_embeddings);
    test_run(seeds_are_of_rows_and_random_starts);
    test_run(few_points_have_less_perplexity);
    test_run(values_have_shares_of_classes);
    test_run(numbers_have_no_classes);
    test_run(cells_begin_where_they_are);
    test_run(values_are_found_by_name);
    test_run(the_present_layout_goes_on);
    test_run(what_is_published_follows);
    test_run(stopping_keeps_the_layout);
    test_run(the_other_run_is_laid_over_the_first);
    test_run(fewer_layers_have_a_last_one);
    test_run(both_are_published_and_copied);
    test_run(stopping_ends_both);
    test_run(points_go_from_one_to_the_other);
    test_run(a_figure_has_both);
    test_run(panels_are_of_one_size);
    return test_done();
}
