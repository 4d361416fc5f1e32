/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/schema.h"

/* Rows that are looked at together, and how far one is through them. */
struct group {
    const char *class; /* or NULL: all */
    uint32_t *rows;
    size_t n, done;
    struct attention attention;
};

struct attention_job {
    struct attention_request asked; /* its texts, data and schema are the job's own */
    struct split *split;
    struct frame *frame;
    struct look *look;
    struct group groups[2];
    int n_groups;
    uint32_t *picked; /* (look_most): rows of a slice of the masking test */
    double *effect;
    size_t masked; /* rows of the masking test, done */
    struct str note;
};

struct attention_job *attention_job_new(const struct attention_request *r)
{
    struct attention_job *j = xcalloc(1, sizeof *j);

    j->asked = *r;
    j->asked.data = dataset_ref(r->data);
    j->asked.schema = schema_copy(r->schema);
    j->asked.class = r->class ? xstrdup(r->class) : NULL;
    j->asked.against = r->against ? xstrdup(r->against) : NULL;
    j->n_groups = r->against ? 2 : 1;
    j->groups[0].class = j->asked.class;
    j->groups[1].class = j->asked.against;
    return j;
}

/* ---- which rows ---- */

/* -1 and a sentence that names the classes. */
static int find_class(const struct encoder *e, const char *text, struct error *err)
{
    struct str names = {0};
    char *shown = show(text, 0);

    for (int c = 0; c < e->n_classes; c++) {
        if (strcmp(e->classes[c], text) == 0) {
            free(shown);
            str_done(&names);
            return c;
        }
        if (c < 8) {
            str_puts(&names, c ? ", " : "");
            show_to(&names, e->classes[c], strlen(e->classes[c]), 20);
        }
    }
    if (e->n_classes == 0)
        error_set(err, ERROR_INPUT, "this model predicts no class");
    else
        error_set(err, ERROR_INPUT, "no class \"%s\": the classes are %s%s", shown,
                  str_text(&names), e->n_classes > 8 ? ", ..." : "");
    free(shown);
    str_done(&names);
    return -1;
}

static bool is_asked(const struct attention_job *j, size_t row, int class)
{
    if (j->asked.part != PART_NONE && j->split->part[row] != j->asked.part)
        return false;
    return class < 0 || (!isnan(j->frame->target[row])
                         && (int)j->frame->target[row] == class);
}

static bool choose_rows(struct attention_job *j, struct group *g, struct error *err)
{
    int class = g->class ? find_class(model_encoder(j->asked.model), g->class, err) : -1;

    if (g->class && class < 0)
        return false;
    g->rows = try_alloc(j->frame->rows + 1, sizeof *g->rows);
    if (!g->rows)
        return error_set(err, ERROR_MEMORY, "no memory for the numbers of %zu rows",
                         j->frame->rows);
    if (j->asked.row > 0)
        g->rows[g->n++] = (uint32_t)(j->asked.row - 1);
    for (size_t row = 0; row < j->frame->rows && j->asked.row == 0; row++)
        if (is_asked(j, row, class))
            g->rows[g->n++] = (uint32_t)row;
    if (g->n > 0)
        return true;
    return error_set(err, ERROR_STATE, "there is no such row in the %s part",
                     j->asked.part == PART_NONE ? "whole" : part_name(j->asked.part));
}

/* ---- slices ---- */

static bool encode(struct attention_job *j, struct error *err)
{
    const struct encoder *e = model_encoder(j->asked.model);
    size_t rows = dataset_rows(j->asked.data);

    if (j->asked.row > rows)
        return error_set(err, ERROR_INPUT, "the table has %zu rows, so no row %zu", rows,
                         j->asked.row);
    if (j->groups[0].class)
        j->frame = encoder_apply(e, j->asked.data, &j->note, err);
    else
        j->frame = encoder_apply_inputs(e, j->asked.data, err);
    return j->frame;
}

static bool begin(struct attention_job *j, struct error *err)
{
    j->look = look_new(j->asked.model, j->asked.pool, err);
    if (!j->look)
        return false;
    for (int k = 0; k < j->n_groups; k++)
        if (!choose_rows(j, &j->groups[k], err)
            || !attention_init(&j->groups[k].attention, j->look, err))
            return false;
    j->picked = xcalloc((size_t)look_most(j->look), sizeof *j->picked);
    j->effect = xcalloc((size_t)j->frame->n_categorical, sizeof *j->effect);
    return true;
}

static int slice(const struct attention_job *j, size_t left)
{
    return left < (size_t)look_most(j->look) ? (int)left : look_most(j->look);
}

static void look_on(struct attention_job *j, struct group *g)
{
    int n = slice(j, g->n - g->done);

    look_at(j->look, j->frame, g->rows + g->done, n);
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
    if (!masking_add(j->asked.model, j->asked.pool, j->frame, j->picked, (size_t)n,
                     j->effect, err))
        return false;
    for (int i = 0; i < j->frame->n_categorical && j->masked == most; i++)
        j->effect[i] /= (double)most;
    return true;
}

static enum step run(void *work, struct error *err)
{
    struct attention_job *j = work;
    size_t most;

    if (!j->split && j->asked.part != PART_NONE) {
        j->split = split_new(j->asked.data, j->asked.schema, &j->asked.split, err);
        return j->split ? STEP_MORE : STEP_FAILED;
    }
    if (!j->frame)
        return encode(j, err) ? STEP_MORE : STEP_FAILED;
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
    split_free(j->split);
    if (j->frame)
        frame_free(j->frame);
    schema_free((struct schema *)j->asked.schema);
    free((char *)j->asked.class);
    free((char *)j->asked.against);
    dataset_unref(j->asked.data);
    free(j->picked);
    free(j->effect);
    str_done(&j->note);
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
    return str_text(&j->note);
}
