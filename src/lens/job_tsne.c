/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_tsne.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "lens/trust.h"

enum {
    SLICE_MS = 4,    /* iterations on few points are taken together */
    PUBLISH_MS = 50, /* between two copies of a layout */
    LEAST_POINTS = 7, /* that the least perplexity can be asked of */
};

#define START 1e-4 /* deviation of a beginning anywhere, as tsne.c has it */

/* What is laid out: a run, or the first of two and then the other. */
struct half {
    char *run;
    struct embeddings e;
    struct tsne *tsne;
    struct points points; /* for trust */
    struct trust trust;
    struct scatter *scatter; /* of the other one: the first one's `against` */
    int64_t begun, ended;    /* of t-SNE, ms */
};

struct tsne_job {
    struct half halves[2];
    int n, at;
    size_t most, most_points; /* rows and cells that were asked for */
    struct tsne_options options;
    bool random;
    struct scatter *from; /* or NULL */
    struct model *against; /* or NULL */
    bool stopping;
    size_t bytes;
    struct str note;

    /* published */
    struct tsne_view view;
    struct scatter *seen; /* a copy of scatter */
    struct str told;      /* of note */
    int64_t seen_at;
};

struct tsne_job *tsne_job_new(const struct tsne_job_request *r, struct error *err)
{
    struct tsne_job *j = xcalloc(1, sizeof *j);

    j->n = r->against ? 2 : 1;
    j->halves[0].run = xstrdup(r->run);
    embeddings_init(&j->halves[0].e, &r->embeddings);
    if (r->against) {
        j->halves[1].run = xstrdup(r->against_run);
        j->against = model_ref(r->against);
    }
    j->most = r->embeddings.most;
    j->most_points = r->most_points;
    j->options = r->tsne;
    j->random = r->random;
    j->view.progress.kl = NAN;
    j->from = r->from ? scatter_copy(r->from) : NULL;
    if (!r->from || j->from)
        return j;
    tsne_job_type.free(j);
    error_set(err, ERROR_MEMORY, "no memory for a copy of the layout");
    return NULL;
}

static struct half *half_of(struct tsne_job *j)
{
    return &j->halves[j->at];
}

static void half_done(struct half *h)
{
    trust_done(&h->trust);
    points_done(&h->points);
    tsne_free(h->tsne);
    embeddings_done(&h->e);
    h->tsne = NULL;
}

/* ---- beginning ---- */

/* As many rows as bring so many cells, but ten at least. */
static void limit_rows(struct tsne_job *j, struct embeddings *e)
{
    size_t columns = (size_t)e->columns;

    if (e->asked.points != EMBEDDING_CELLS || e->asked.most > 0 || j->most_points == 0
        || columns == 0)
        return;
    e->asked.most = j->most_points / columns > 10 ? j->most_points / columns : 10;
}

/* Three times so many neighbours are asked of each point; of few points a fifth of them
 * still leaves something to tell near from far. */
static void choose_perplexity(struct tsne_job *j, size_t n_points)
{
    double n = (double)n_points, most = n > 1 ? floor((n - 1) / 3) : 0;

    if (j->options.perplexity == 0)
        j->options.perplexity = fmax(3, fmin(tsne_defaults().perplexity, floor(n / 5)));
    if (j->options.perplexity <= most)
        return;
    str_printf(&j->note, "perplexity %g instead of %g: there are only %zu points\n", most,
               j->options.perplexity, n_points);
    j->options.perplexity = most;
}

/* Where layouts of the literature began before principal components. */
static void begin_anywhere(float *layout, size_t n, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_LAYOUT, 0);

    for (size_t i = 0; i < 2 * n; i++)
        layout[i] = (float)(START * rng_normal(&r));
}

/* What the layout begins with; NULL: the principal components. Exaggeration would throw
 * the other run's points into an order that means as little as the first one's: from there
 * they move only where they have to. */
static const struct scatter *find_start(struct tsne_job *j)
{
    return j->at > 0 ? j->halves[0].scatter : j->from;
}

static bool set_start(struct tsne_job *j, struct half *h, struct error *err)
{
    const struct scatter *from = j->random ? NULL : find_start(j);
    size_t n = h->e.n_points, found = 0;
    float *layout;

    if (!j->random && !from)
        return true;
    layout = try_alloc(n, 2 * sizeof *layout);
    if (!layout)
        return error_set(err, ERROR_MEMORY, "no memory for where %zu points begin", n);
    if (from)
        found = scatter_start(h->scatter, from, layout);
    else
        begin_anywhere(layout, n, h->e.asked.seed);
    if (from && found == 0)
        str_puts(&j->note, "the layout to begin with has none of these values: begun "
                 "anew\n");
    else
        tsne_restart(h->tsne, layout, j->at > 0 ? 0 : j->options.early,
                     j->options.iterations);
    free(layout);
    return true;
}

static bool make_scatter(struct tsne_job *j, struct half *h, struct error *err)
{
    struct scatter *s = scatter_new(&h->e, h->run, h->e.asked.first, err);

    if (!s)
        return false;
    s->perplexity = j->options.perplexity;
    s->seed = h->e.asked.seed;
    s->most = j->most;
    s->iterations = j->options.iterations;
    h->scatter = s;
    if (j->at > 0)
        j->halves[0].scatter->against = s;
    return true;
}

static bool begin(struct tsne_job *j, struct error *err)
{
    struct half *h = half_of(j);
    struct embeddings *e = &h->e;

    if (e->n_points < LEAST_POINTS)
        return error_set(err, ERROR_INPUT, "there are only %zu points to lay out; t-SNE "
                         "needs %d", e->n_points, LEAST_POINTS);
    str_puts(&j->note, str_text(&e->rows.note));
    choose_perplexity(j, e->n_points);
    j->bytes = embeddings_memory(e) + (size_t)(2 * j->n) * scatter_memory(e)
        + tsne_memory(e->n_points, e->width, &j->options,
                      pool_threads(e->rows.asked.pool));
    if (!make_scatter(j, h, err))
        return false;
    h->begun = clock_ms();
    h->tsne = tsne_new(embeddings_points(e, e->asked.first), e->n_points, e->width,
                       &j->options, e->rows.asked.pool, err);
    return h->tsne && set_start(j, h, err);
}

/* ---- iterations ---- */

static void read_layout(struct tsne_job *j)
{
    struct half *h = half_of(j);
    struct tsne_progress p = tsne_progress(h->tsne);

    tsne_layout(h->tsne, h->scatter->layout);
    scatter_settle(h->scatter);
    if (j->at > 0)
        scatter_align(h->scatter, j->halves[0].scatter);
    h->scatter->iteration = p.iteration;
    h->scatter->kl = p.kl;
}

static enum step iterate(struct tsne_job *j, struct error *err)
{
    struct half *h = half_of(j);
    int64_t end = clock_ms() + SLICE_MS;
    enum step step = STEP_MORE;

    while (step == STEP_MORE && !j->stopping && clock_ms() < end)
        step = tsne_step(h->tsne, err);
    if (step == STEP_FAILED || (step == STEP_MORE && !j->stopping))
        return step;
    h->ended = clock_ms();
    read_layout(j);
    h->scatter->kl = tsne_kl(h->tsne);
    return STEP_DONE;
}

/* ---- how good it is ---- */

static bool begin_measuring(struct half *h, struct error *err)
{
    int most = (int)((h->e.n_points - 1) / 2), k = TSNE_TRUST;

    if (k > most)
        k = most;
    return points_init(&h->points, embeddings_points(&h->e, h->e.asked.first),
                       h->e.n_points, h->e.width, err)
        && trust_init(&h->trust, &h->points, h->scatter->layout, k, TSNE_TRUST_POINTS,
                      h->e.rows.asked.pool, err);
}

/* The same rows, drawn as the first run's were; a model of fewer layers has its last. */
static void go_to_other(struct tsne_job *j)
{
    struct embeddings_request q = j->halves[0].e.asked;
    int layers = model_options(j->against)->layers;

    q.rows = j->halves[0].e.rows.asked;
    q.rows.model = j->against;
    q.first = q.last = q.first < layers ? q.first : layers;
    j->at = 1;
    embeddings_init(&j->halves[1].e, &q);
    half_done(&j->halves[0]);
}

static enum step measure(struct tsne_job *j, struct error *err)
{
    struct half *h = half_of(j);

    if (!h->points.panel && !begin_measuring(h, err))
        return STEP_FAILED;
    if (trust_step(&h->trust) == STEP_MORE)
        return STEP_MORE;
    h->scatter->trust = trust_value(&h->trust);
    h->scatter->ended = true;
    if (j->stopping || j->at + 1 == j->n)
        return STEP_DONE;
    go_to_other(j);
    return STEP_MORE;
}

/* ---- the job ---- */

static enum step find_points(struct tsne_job *j, struct error *err)
{
    struct embeddings *e = &half_of(j)->e;
    enum step step;

    if (e->rows.frame && !e->look)
        limit_rows(j, e);
    step = embeddings_step(e, err);
    if (step == STEP_DONE)
        return begin(j, err) ? STEP_MORE : STEP_FAILED;
    return step;
}

/* Before there is a layout of what comes now: of the other run nothing is kept. */
static enum step end_early(struct tsne_job *j, struct error *err)
{
    if (j->at > 0) {
        scatter_free(j->halves[0].scatter->against);
        j->halves[0].scatter->against = NULL;
        j->at = 0;
        return STEP_DONE;
    }
    error_set(err, ERROR_CANCELLED, "t-SNE was stopped before there was a layout");
    return STEP_FAILED;
}

static enum step run(void *work, struct error *err)
{
    struct tsne_job *j = work;
    struct half *h = half_of(j);
    enum step step;

    if (j->stopping && (!h->tsne || tsne_progress(h->tsne).phase != TSNE_LAYOUT))
        return end_early(j, err);
    if (!h->tsne)
        return find_points(j, err);
    if (h->ended > 0)
        return measure(j, err);
    step = iterate(j, err);
    return step == STEP_DONE ? STEP_MORE : step;
}

static void stop(void *work)
{
    ((struct tsne_job *)work)->stopping = true;
}

/* What is seen follows, or is copied where the other run has come or gone. */
static void copy_layouts(struct tsne_job *j)
{
    const struct scatter *s = j->halves[0].scatter;

    if (j->seen && !j->seen->against == !s->against) {
        scatter_follow(j->seen, s);
        return;
    }
    scatter_free(j->seen);
    j->seen = scatter_copy(s);
}

/* Where there is no memory for a copy, nothing is seen until the end. */
static void publish_layout(struct tsne_job *j)
{
    struct half *h = half_of(j);
    int64_t now = clock_ms();

    if (!h->scatter || (h->ended == 0 && now - j->seen_at < PUBLISH_MS))
        return;
    if (h->ended == 0)
        read_layout(j);
    copy_layouts(j);
    j->seen_at = now;
    j->view.scatter = j->seen;
}

static void publish(void *work)
{
    struct tsne_job *j = work;
    struct half *h = half_of(j);

    j->view.run = j->n > 1 ? h->run : NULL;
    j->view.done = h->e.done;
    j->view.rows = h->e.n_rows;
    j->view.bytes = h->tsne ? j->bytes : 0;
    j->view.measuring = h->ended > 0;
    if (h->tsne) {
        j->view.progress = tsne_progress(h->tsne);
        publish_layout(j);
    }
    if (j->told.length < j->note.length) {
        str_clear(&j->told);
        str_puts(&j->told, j->note.text);
    }
    j->view.note = &j->told;
}

static void release(void *work)
{
    struct tsne_job *j = work;

    for (int i = 0; i < 2; i++) {
        half_done(&j->halves[i]);
        free(j->halves[i].run);
    }
    model_unref(j->against);
    scatter_free(j->from);
    scatter_free(j->halves[0].scatter);
    scatter_free(j->seen);
    str_done(&j->note);
    str_done(&j->told);
    free(j);
}

const struct job_type tsne_job_type = {
    .name = "tsne",
    .run = run,
    .stop = stop,
    .publish = publish,
    .free = release,
};

const struct tsne_view *tsne_job_view(const struct tsne_job *j)
{
    return &j->view;
}

struct scatter *tsne_job_take(struct tsne_job *j)
{
    struct scatter *s = j->halves[0].scatter;

    j->halves[0].scatter = NULL;
    return s;
}

double tsne_job_seconds(const struct tsne_job *j)
{
    double ms = 0;

    for (int i = 0; i <= j->at; i++)
        ms += (double)(j->halves[i].ended - j->halves[i].begun);
    return ms / 1000;
}
