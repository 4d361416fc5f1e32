/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_attention.h"

#include <stdlib.h>

#include "base/mem.h"

/* Rows that are looked at together, and how far one is through them. */
struct group {
    const char *class; /* or NULL: all */
    uint32_t *rows;
    size_t n, done;
    struct attention attention;
};

struct attention_job {
    struct attention_request asked; /* its texts are the job's own */
    struct rows rows;
    struct look *look;
    struct group groups[2];
    int n_groups;
    uint32_t *picked; /* (look_most): rows of a slice of the masking test */
    double *effect;
    size_t masked; /* rows of the masking test, done */
};

struct attention_job *attention_job_new(const struct attention_request *r)
{
    struct attention_job *j = xcalloc(1, sizeof *j);

    j->asked = *r;
    j->asked.class = r->class ? xstrdup(r->class) : NULL;
    j->asked.against = r->against ? xstrdup(r->against) : NULL;
    j->n_groups = r->against ? 2 : 1;
    j->groups[0].class = j->asked.class;
    j->groups[1].class = j->asked.against;
    rows_init(&j->rows, &r->rows, r->class != NULL);
    return j;
}

/* ---- which rows ---- */

static bool choose_row(struct attention_job *j, struct group *g, struct error *err)
{
    size_t rows = j->rows.frame->rows;

    if (j->asked.row > rows)
        return error_set(err, ERROR_INPUT, "the table has %zu rows, so no row %zu", rows,
                         j->asked.row);
    g->rows = xcalloc(1, sizeof *g->rows);
    g->rows[g->n++] = (uint32_t)(j->asked.row - 1);
    return true;
}

static bool choose_rows(struct attention_job *j, struct group *g, struct error *err)
{
    int class = g->class ? rows_find_class(&j->rows, g->class, err) : -1;

    if (g->class && class < 0)
        return false;
    if (j->asked.row > 0)
        return choose_row(j, g, err);
    g->rows = rows_pick(&j->rows, class, &g->n, err);
    return g->rows;
}

/* ---- slices ---- */

static bool begin(struct attention_job *j, struct error *err)
{
    j->look = look_new(j->rows.asked.model, j->rows.asked.pool, err);
    if (!j->look)
        return false;
    for (int k = 0; k < j->n_groups; k++)
        if (!choose_rows(j, &j->groups[k], err)
            || !attention_init(&j->groups[k].attention, j->look, err))
            return false;
    j->picked = xcalloc((size_t)look_most(j->look), sizeof *j->picked);
    j->effect = xcalloc((size_t)j->rows.frame->n_categorical, sizeof *j->effect);
    return true;
}

static int slice(const struct attention_job *j, size_t left)
{
    return left < (size_t)look_most(j->look) ? (int)left : look_most(j->look);
}

static void look_on(struct attention_job *j, struct group *g)
{
    int n = slice(j, g->n - g->done);

    look_at(j->look, j->rows.frame, g->rows + g->done, n);
    attention_add(&g->attention, j->look, n);
    g->done += (size_t)n;
}

/* Rows of the masking test: evenly from all that are looked at. */
static bool mask_on(struct attention_job *j, size_t most, struct error *err)
{
    const struct group *g = &j->groups[0];
    int n = slice(j, most - j->masked);

    for (int i = 0; i < n; i++)
        j->picked[i] = g->rows[(j->masked + (size_t)i) * g->n / most];
    j->masked += (size_t)n;
    if (!masking_add(j->rows.asked.model, j->rows.asked.pool, j->rows.frame, j->picked,
                     (size_t)n, j->effect, err))
        return false;
    for (int i = 0; i < j->rows.frame->n_categorical && j->masked == most; i++)
        j->effect[i] /= (double)most;
    return true;
}

static enum step run(void *work, struct error *err)
{
    struct attention_job *j = work;
    size_t most;

    if (!j->rows.frame)
        return rows_step(&j->rows, err) == STEP_FAILED ? STEP_FAILED : STEP_MORE;
    if (!j->look)
        return begin(j, err) ? STEP_MORE : STEP_FAILED;
    for (int k = 0; k < j->n_groups; k++)
        if (j->groups[k].done < j->groups[k].n) {
            look_on(j, &j->groups[k]);
            return STEP_MORE;
        }
    most = j->groups[0].n < ATTENTION_MASKED ? j->groups[0].n : ATTENTION_MASKED;
    if (!j->asked.masking || j->masked == most)
        return STEP_DONE;
    return mask_on(j, most, err) ? STEP_MORE : STEP_FAILED;
}

static void release(void *work)
{
    struct attention_job *j = work;

    for (int k = 0; k < 2; k++) {
        free(j->groups[k].rows);
        attention_done(&j->groups[k].attention);
    }
    look_free(j->look);
    rows_done(&j->rows);
    free((char *)j->asked.class);
    free((char *)j->asked.against);
    free(j->picked);
    free(j->effect);
    free(j);
}

const struct job_type attention_job_type = {
    .name = "attention",
    .run = run,
    .free = release,
};

const struct attention_request *attention_job_asked(const struct attention_job *j)
{
    return &j->asked;
}

size_t attention_job_rows(const struct attention_job *j)
{
    return j->groups[0].n;
}

size_t attention_job_against_rows(const struct attention_job *j)
{
    return j->groups[1].n;
}

double *attention_job_map(const struct attention_job *j)
{
    size_t m = (size_t)j->groups[0].attention.columns, cells = m * m;
    double *map = xcalloc(2 * cells, sizeof *map);

    for (int k = 0; k < j->n_groups; k++)
        attention_read(&j->groups[k].attention, j->asked.layer, j->asked.head,
                       map + (size_t)k * cells);
    for (size_t i = 0; i < cells; i++)
        map[i] -= map[cells + i];
    return map;
}

const double *attention_job_masking(const struct attention_job *j)
{
    return j->asked.masking ? j->effect : NULL;
}

const char *attention_job_note(const struct attention_job *j)
{
    return str_text(&j->rows.note);
}
