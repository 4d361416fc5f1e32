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

struct tsne_job {
    char *run;
    struct embeddings e;
    size_t most, most_points; /* rows and cells that were asked for */
    struct tsne_options options;
    bool random;
    struct scatter *from; /* or NULL */
    struct tsne *tsne;
    struct points points; /* for trust */
    struct trust trust;
    struct scatter *scatter;
    int64_t begun, ended; /* of t-SNE, ms */
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

    j->run = xstrdup(r->run);
    embeddings_init(&j->e, &r->embeddings);
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

/* ---- beginning ---- */

/* As many rows as bring so many cells, but ten at least. */
static void limit_rows(struct tsne_job *j)
{
    size_t columns = (size_t)j->e.columns;

    if (j->e.asked.points != EMBEDDING_CELLS || j->e.asked.most > 0 || j->most_points == 0
        || columns == 0)
        return;
    j->e.asked.most = j->most_points / columns > 10 ? j->most_points / columns : 10;
}

/* Three times so many neighbours are asked of each point; of few points a fifth of them
 * still leaves something to tell near from far. */
static void choose_perplexity(struct tsne_job *j)
{
    double n = (double)j->e.n_points, most = n > 1 ? floor((n - 1) / 3) : 0;

    if (j->options.perplexity == 0)
        j->options.perplexity = fmax(3, fmin(tsne_defaults().perplexity, floor(n / 5)));
    if (j->options.perplexity <= most)
        return;
    str_printf(&j->note, "perplexity %g instead of %g: there are only %zu points\n", most,
               j->options.perplexity, j->e.n_points);
    j->options.perplexity = most;
}

/* Where layouts of the literature began before principal components. */
static void begin_anywhere(float *layout, size_t n, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_LAYOUT, 0);

    for (size_t i = 0; i < 2 * n; i++)
        layout[i] = (float)(START * rng_normal(&r));
}

static bool set_start(struct tsne_job *j, struct error *err)
{
    float *layout;
    size_t found = 0;

    if (!j->random && !j->from)
        return true;
    layout = try_alloc(j->e.n_points, 2 * sizeof *layout);
    if (!layout)
        return error_set(err, ERROR_MEMORY, "no memory for where %zu points begin",
                         j->e.n_points);
    if (j->from)
        found = scatter_start(j->scatter, j->from, layout);
    else
        begin_anywhere(layout, j->e.n_points, j->e.asked.seed);
    if (j->from && found == 0)
        str_puts(&j->note, "the layout to begin with has none of these values: begun "
                 "anew\n");
    else
        tsne_restart(j->tsne, layout, j->options.early, j->options.iterations);
    free(layout);
    return true;
}

static bool begin(struct tsne_job *j, struct error *err)
{
    int layer = j->e.asked.first, threads = pool_threads(j->e.rows.asked.pool);

    if (j->e.n_points < LEAST_POINTS)
        return error_set(err, ERROR_INPUT, "there are only %zu points to lay out; t-SNE "
                         "needs %d", j->e.n_points, LEAST_POINTS);
    str_puts(&j->note, str_text(&j->e.rows.note));
    choose_perplexity(j);
    j->bytes = embeddings_memory(&j->e) + 2 * scatter_memory(&j->e)
        + tsne_memory(j->e.n_points, j->e.width, &j->options, threads);
    j->scatter = scatter_new(&j->e, j->run, layer, err);
    if (!j->scatter)
        return false;
    j->scatter->perplexity = j->options.perplexity;
    j->scatter->seed = j->e.asked.seed;
    j->scatter->most = j->most;
    j->scatter->iterations = j->options.iterations;
    j->begun = clock_ms();
    j->tsne = tsne_new(embeddings_points(&j->e, layer), j->e.n_points, j->e.width,
                       &j->options, j->e.rows.asked.pool, err);
    return j->tsne && set_start(j, err);
}

/* ---- iterations ---- */

static void read_layout(struct tsne_job *j)
{
    struct tsne_progress p = tsne_progress(j->tsne);

    tsne_layout(j->tsne, j->scatter->layout);
    scatter_settle(j->scatter);
    j->scatter->iteration = p.iteration;
    j->scatter->kl = p.kl;
}

static enum step iterate(struct tsne_job *j, struct error *err)
{
    int64_t end = clock_ms() + SLICE_MS;
    enum step step = STEP_MORE;

    while (step == STEP_MORE && !j->stopping && clock_ms() < end)
        step = tsne_step(j->tsne, err);
    if (step == STEP_FAILED || (step == STEP_MORE && !j->stopping))
        return step;
    j->ended = clock_ms();
    read_layout(j);
    j->scatter->kl = tsne_kl(j->tsne);
    return STEP_DONE;
}

/* ---- how good it is ---- */

static bool begin_measuring(struct tsne_job *j, struct error *err)
{
    int most = (int)((j->e.n_points - 1) / 2), k = TSNE_TRUST;

    if (k > most)
        k = most;
    return points_init(&j->points, embeddings_points(&j->e, j->e.asked.first),
                       j->e.n_points, j->e.width, err)
        && trust_init(&j->trust, &j->points, j->scatter->layout, k, TSNE_TRUST_POINTS,
                      j->e.rows.asked.pool, err);
}

static enum step measure(struct tsne_job *j, struct error *err)
{
    if (!j->points.panel && !begin_measuring(j, err))
        return STEP_FAILED;
    if (trust_step(&j->trust) == STEP_MORE)
        return STEP_MORE;
    j->scatter->trust = trust_value(&j->trust);
    j->scatter->ended = true;
    return STEP_DONE;
}

/* ---- the job ---- */

static enum step find_points(struct tsne_job *j, struct error *err)
{
    enum step step;

    if (j->e.rows.frame && !j->e.look)
        limit_rows(j);
    step = embeddings_step(&j->e, err);
    if (step == STEP_DONE)
        return begin(j, err) ? STEP_MORE : STEP_FAILED;
    return step;
}

static enum step run(void *work, struct error *err)
{
    struct tsne_job *j = work;
    enum step step;

    if (j->stopping && (!j->tsne || tsne_progress(j->tsne).phase != TSNE_LAYOUT)) {
        error_set(err, ERROR_CANCELLED, "t-SNE was stopped before there was a layout");
        return STEP_FAILED;
    }
    if (!j->tsne)
        return find_points(j, err);
    if (j->ended > 0)
        return measure(j, err);
    step = iterate(j, err);
    return step == STEP_DONE ? STEP_MORE : step;
}

static void stop(void *work)
{
    ((struct tsne_job *)work)->stopping = true;
}

/* Where there is no memory for a copy, nothing is seen until the end. */
static void publish_layout(struct tsne_job *j)
{
    int64_t now = clock_ms();

    if (!j->scatter || (j->ended == 0 && now - j->seen_at < PUBLISH_MS))
        return;
    if (j->ended == 0)
        read_layout(j);
    if (j->seen)
        scatter_follow(j->seen, j->scatter);
    else
        j->seen = scatter_copy(j->scatter);
    j->seen_at = now;
    j->view.scatter = j->seen;
}

static void publish(void *work)
{
    struct tsne_job *j = work;

    j->view.done = j->e.done;
    j->view.rows = j->e.n_rows;
    j->view.bytes = j->bytes;
    j->view.measuring = j->ended > 0;
    if (j->tsne) {
        j->view.progress = tsne_progress(j->tsne);
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

    trust_done(&j->trust);
    points_done(&j->points);
    tsne_free(j->tsne);
    embeddings_done(&j->e);
    scatter_free(j->from);
    scatter_free(j->scatter);
    scatter_free(j->seen);
    str_done(&j->note);
    str_done(&j->told);
    free(j->run);
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
    struct scatter *s = j->scatter;

    j->scatter = NULL;
    return s;
}

double tsne_job_seconds(const struct tsne_job *j)
{
    return (double)(j->ended - j->begun) / 1000;
}
