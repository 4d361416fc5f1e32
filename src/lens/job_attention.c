/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_attention.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/edit.h"

/* Rows that are looked at together, and how far one is through them. */
struct group {
    const char *class;   /* or NULL: all */
    struct rows *rows;   /* one of the job's */
    struct look *look;
    uint32_t *index;
    size_t n, done;
    struct attention *attention;
};

struct attention_job {
    struct attention_request asked; /* its texts are the job's own */
    struct rows rows[2];
    int n_rows;
    struct group groups[2];
    int n_groups;
    uint32_t *picked; /* (look_most): rows of a slice of the masking test */
    size_t masked;    /* rows of the masking test, done */
    struct sight *found;
};

static char **copy_texts(char *const *texts, size_t n)
{
    char **copy = xcalloc(n + 1, sizeof *copy);

    for (size_t i = 0; i < n; i++)
        copy[i] = xstrdup(texts[i]);
    return copy;
}

struct attention_job *attention_job_new(const struct attention_request *r)
{
    struct attention_job *j = xcalloc(1, sizeof *j);

    j->asked = *r;
    j->asked.cells = copy_texts(r->cells, r->n_cells);
    j->asked.class = r->class ? xstrdup(r->class) : NULL;
    j->asked.less_class = r->less_class ? xstrdup(r->less_class) : NULL;
    rows_init(&j->rows[j->n_rows++], &r->rows, r->class != NULL);
    if (r->less)
        rows_init(&j->rows[j->n_rows++], r->less, r->class != NULL);
    j->found = xcalloc(1, sizeof *j->found);
    j->found->encoder = encoder_ref((struct encoder *)model_encoder(r->rows.model));
    j->n_groups = r->less || r->less_class ? 2 : 1;
    for (int k = 0; k < j->n_groups; k++) {
        j->groups[k].attention = k == 0 ? &j->found->seen : &j->found->less;
        j->groups[k].rows = &j->rows[k < j->n_rows ? k : 0];
        j->groups[k].class = k && j->asked.less_class ? j->asked.less_class
                                                      : j->asked.class;
    }
    return j;
}

/* ---- which rows ---- */

static bool choose_row(struct attention_job *j, struct group *g, struct error *err)
{
    size_t rows = g->rows->frame->rows;

    if (j->asked.row > rows)
        return error_set(err, ERROR_INPUT, "the table has %zu rows, so no row %zu", rows,
                         j->asked.row);
    g->index = xcalloc(1, sizeof *g->index);
    g->index[g->n++] = (uint32_t)(j->asked.row - 1);
    return true;
}

static bool choose_rows(struct attention_job *j, struct group *g, struct error *err)
{
    int class = g->class ? rows_find_class(g->rows, g->class, err) : -1;

    if (g->class && class < 0)
        return false;
    if (j->asked.row > 0)
        return choose_row(j, g, err);
    g->index = rows_pick(g->rows, class, &g->n, err);
    return g->index;
}

/* ---- cells that are changed ---- */

/* What the model says of the one row, if it predicts something. */
static bool predict_row(struct attention_job *j, float **outputs, struct error *err)
{
    const struct group *g = &j->groups[0];
    struct model *m = g->rows->asked.model;

    if (model_pretext(m) != PRETEXT_NONE)
        return true;
    *outputs = xcalloc((size_t)model_outputs(m), sizeof **outputs);
    return model_predict(m, g->rows->asked.pool, g->rows->frame, g->index, 1, FILL_CLASS,
                         *outputs, err);
}

static bool refuse_cell(const char *text, struct error *err)
{
    char *shown = show(text, 60);

    error_set(err, ERROR_USAGE, "\"%s\" names no column that the model reads; a cell is "
              "said as COLUMN=VALUE", shown);
    free(shown);
    return false;
}

static void note_reading(struct attention_job *j, const char *cell,
                         enum edit_reading reading)
{
    char *shown = show(cell, 60);

    str_printf(&j->found->note, "%s: %s\n", shown, edit_reading_text(reading));
    free(shown);
}

static bool change_cells(struct attention_job *j, struct error *err)
{
    const struct encoder *e = j->found->encoder;

    if (j->asked.n_cells > 0 && !predict_row(j, &j->found->before, err))
        return false;
    for (size_t i = 0; i < j->asked.n_cells; i++) {
        enum edit_reading reading = EDIT_KNOWN;
        const char *text;
        const char *column = edit_split(e, j->rows[0].asked.data, j->asked.cells[i],
                                        &text);

        if (!column)
            return refuse_cell(j->asked.cells[i], err);
        for (int k = 0; k < j->n_groups; k++)
            reading = edit_cell(model_encoder(j->groups[k].rows->asked.model),
                                j->groups[k].rows->frame, j->groups[k].index[0], column,
                                (struct cell){text, (uint32_t)strlen(text)});
        if (reading == EDIT_UNSEEN || reading == EDIT_ODD)
            note_reading(j, j->asked.cells[i], reading);
    }
    return true;
}

/* ---- slices ---- */

/* Maps can only be subtracted where each cell of one is a cell of the other. */
static bool check_alike(const struct attention_job *j, struct error *err)
{
    const struct model *a = j->rows[0].asked.model, *b = j->rows[1].asked.model;
    const struct model_options *o = model_options(a), *p = model_options(b);
    bool alike = model_tokens(a) == model_tokens(b);

    for (int i = 0; alike && i < model_tokens(a); i++)
        alike = strcmp(model_token_name(a, i), model_token_name(b, i)) == 0;
    if (!alike)
        return error_set(err, ERROR_STATE, "the two models look at different columns: "
                         "their maps cannot be compared");
    return (o->layers == p->layers && o->heads == p->heads)
        || error_set(err, ERROR_STATE, "the two models have %d layers of %d heads and %d "
                     "of %d: their maps cannot be compared", o->layers, o->heads,
                     p->layers, p->heads);
}

static bool check_layers(const struct model *m, struct error *err)
{
    if (model_tokens(m) == 0 || model_options(m)->layers > 0)
        return true;
    return error_set(err, ERROR_STATE, "this model has no Transformer layers: nothing "
                     "attends to anything");
}

static void name_tokens(struct sight *s, const struct model *m)
{
    int categorical = s->encoder->n_categorical, n = model_tokens(m) - categorical;

    s->further = xcalloc((size_t)n + 1, sizeof *s->further);
    for (int i = 0; i < n; i++)
        s->further[i] = model_token_name(m, categorical + i);
}

static bool begin(struct attention_job *j, struct error *err)
{
    if (j->n_rows > 1 && !check_alike(j, err))
        return false;
    for (int k = 0; k < j->n_groups; k++) {
        struct group *g = &j->groups[k];

        if (!check_layers(g->rows->asked.model, err))
            return false;
        g->look = look_new(g->rows->asked.model, g->rows->asked.pool, err);
        if (!g->look || !choose_rows(j, g, err)
            || !attention_init(g->attention, g->look, err))
            return false;
    }
    name_tokens(j->found, j->rows[0].asked.model);
    j->picked = xcalloc((size_t)look_most(j->groups[0].look), sizeof *j->picked);
    if (j->asked.masking)
        j->found->effect = xcalloc((size_t)j->found->seen.columns,
                                   sizeof *j->found->effect);
    return change_cells(j, err);
}

static int slice(const struct group *g, size_t left)
{
    return left < (size_t)look_most(g->look) ? (int)left : look_most(g->look);
}

static void look_on(struct group *g)
{
    int n = slice(g, g->n - g->done);

    look_at(g->look, g->rows->frame, g->index + g->done, n);
    attention_add(g->attention, g->look, n);
    g->done += (size_t)n;
}

/* Rows of the masking test: evenly from all that are looked at. */
static bool mask_on(struct attention_job *j, size_t most, struct error *err)
{
    const struct group *g = &j->groups[0];
    int n = slice(g, most - j->masked);

    for (int i = 0; i < n; i++)
        j->picked[i] = g->index[(j->masked + (size_t)i) * g->n / most];
    j->masked += (size_t)n;
    if (!masking_add(g->rows->asked.model, g->rows->asked.pool, g->rows->frame, j->picked,
                     (size_t)n, j->found->effect, err))
        return false;
    for (int i = 0; i < j->found->seen.columns && j->masked == most; i++)
        j->found->effect[i] /= (double)most;
    return true;
}

/* What only adding rows needed goes. */
static enum step end(struct attention_job *j, struct error *err)
{
    if (j->asked.row > 0 && !predict_row(j, &j->found->outputs, err))
        return STEP_FAILED;
    for (int k = 0; k < j->n_groups; k++)
        attention_end(j->groups[k].attention);
    str_puts(&j->found->note, str_text(&j->rows[0].note));
    return STEP_DONE;
}

static enum step run(void *work, struct error *err)
{
    struct attention_job *j = work;
    size_t most;

    for (int k = 0; k < j->n_rows; k++)
        if (!j->rows[k].frame)
            return rows_step(&j->rows[k], err) == STEP_FAILED ? STEP_FAILED : STEP_MORE;
    if (!j->picked)
        return begin(j, err) ? STEP_MORE : STEP_FAILED;
    for (int k = 0; k < j->n_groups; k++)
        if (j->groups[k].done < j->groups[k].n) {
            look_on(&j->groups[k]);
            return STEP_MORE;
        }
    most = j->groups[0].n < ATTENTION_MASKED ? j->groups[0].n : ATTENTION_MASKED;
    if (j->asked.masking && j->masked < most)
        return mask_on(j, most, err) ? STEP_MORE : STEP_FAILED;
    return end(j, err);
}

static void release(void *work)
{
    struct attention_job *j = work;

    for (int k = 0; k < j->n_groups; k++) {
        free(j->groups[k].index);
        look_free(j->groups[k].look);
    }
    for (int k = 0; k < j->n_rows; k++)
        rows_done(&j->rows[k]);
    for (size_t i = 0; i < j->asked.n_cells; i++)
        free(j->asked.cells[i]);
    free((char **)j->asked.cells);
    free((char *)j->asked.class);
    free((char *)j->asked.less_class);
    free(j->picked);
    sight_free(j->found);
    free(j);
}

const struct job_type attention_job_type = {
    .name = "attention",
    .run = run,
    .free = release,
};

struct sight *attention_job_take(struct attention_job *j)
{
    struct sight *s = j->found;

    j->found = NULL;
    return s;
}
