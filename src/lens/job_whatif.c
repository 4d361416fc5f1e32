/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_whatif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/vocabulary.h"
#include "engine/answers.h"

enum { BEFORE, AFTER, BOTH };

struct whatif_job {
    struct whatif_request asked; /* data and edits are the job's own */
    struct frame *frame;         /* of two rows: before, after */
    float *outputs;              /* (BOTH, model_outputs) */
    bool predicted;
    struct look *look;
    int layers, heads, columns;  /* of the attention; 0: there is none */
    real *weights;               /* (layers, BOTH, heads, columns, columns) */
};

struct whatif_job *whatif_job_new(const struct whatif_request *r)
{
    struct whatif_job *j = xcalloc(1, sizeof *j);
    struct whatif_edit *edits = xcalloc((size_t)r->n_edits + 1, sizeof *edits);

    for (int i = 0; i < r->n_edits; i++) {
        edits[i].column = r->edits[i].column;
        edits[i].text = xstrdup(r->edits[i].text);
    }
    j->asked = *r;
    j->asked.model = model_ref(r->model);
    j->asked.data = dataset_ref(r->data);
    j->asked.edits = edits;
    j->outputs = xcalloc((size_t)(BOTH * model_outputs(r->model)), sizeof *j->outputs);
    return j;
}

/* ---- slices ---- */

static void copy_row(const struct frame *one, struct frame *both)
{
    for (int row = 0; row < BOTH; row++)
        frame_pick(one, NULL, 0, 1,
                   both->codes ? both->codes + row * one->n_categorical : NULL,
                   both->values ? both->values + row * one->n_continuous : NULL);
}

static struct frame *frame_of_both(const struct frame *one)
{
    struct frame *f = xcalloc(1, sizeof *f);

    f->rows = BOTH;
    f->n_categorical = one->n_categorical;
    f->n_continuous = one->n_continuous;
    f->codes = xcalloc((size_t)(BOTH * f->n_categorical) + 1, sizeof *f->codes);
    f->values = xcalloc((size_t)(BOTH * f->n_continuous) + 1, sizeof *f->values);
    copy_row(one, f);
    return f;
}

static bool encode(struct whatif_job *j, struct error *err)
{
    const struct encoder *e = model_encoder(j->asked.model);
    struct whatif_edit *edits = (struct whatif_edit *)j->asked.edits;
    size_t rows = dataset_rows(j->asked.data);
    struct frame *one;

    if (j->asked.row > rows)
        return error_set(err, ERROR_INPUT, "the table has %zu rows, so no row %zu", rows,
                         j->asked.row);
    one = encoder_apply_row(e, j->asked.data, j->asked.row - 1, err);
    if (!one)
        return false;
    j->frame = frame_of_both(one);
    frame_free(one);
    for (int i = 0; i < j->asked.n_edits; i++)
        edits[i].reading = edit_cell(e, j->frame, AFTER, edits[i].column,
                                     cell_of(edits[i].text));
    return true;
}

static size_t cells_of(const struct whatif_job *j)
{
    return (size_t)j->columns * (size_t)j->columns;
}

static bool begin_look(struct whatif_job *j, struct error *err)
{
    j->look = look_new(j->asked.model, j->asked.pool, err);
    if (!j->look)
        return false;
    j->layers = look_layers(j->look);
    j->heads = look_heads(j->look);
    j->columns = look_tokens(j->look);
    j->weights = try_alloc((size_t)(j->layers * BOTH * j->heads) * cells_of(j),
                           sizeof *j->weights);
    return j->weights || error_set(err, ERROR_MEMORY, "no memory for the attention of %d "
                                   "columns", j->columns);
}

static void look(struct whatif_job *j)
{
    static const uint32_t rows[BOTH] = {BEFORE, AFTER};
    size_t room = (size_t)(BOTH * j->heads) * cells_of(j);

    look_at(j->look, j->frame, rows, BOTH);
    for (int layer = 0; layer < j->layers; layer++)
        look_attention(j->look, layer, j->weights + (size_t)layer * room);
}

static enum step run(void *work, struct error *err)
{
    struct whatif_job *j = work;
    const struct model *m = j->asked.model;

    if (!j->frame)
        return encode(j, err) ? STEP_MORE : STEP_FAILED;
    if (!j->predicted) {
        j->predicted = model_predict(j->asked.model, j->asked.pool, j->frame, NULL, BOTH,
                                     FILL_CLASS, j->outputs, err);
        return j->predicted ? STEP_MORE : STEP_FAILED;
    }
    if (model_options(m)->layers == 0 || model_tokens(m) == 0)
        return STEP_DONE;
    if (!j->look)
        return begin_look(j, err) ? STEP_MORE : STEP_FAILED;
    look(j);
    return STEP_DONE;
}

static void release(void *work)
{
    struct whatif_job *j = work;

    for (int i = 0; i < j->asked.n_edits; i++)
        free((char *)j->asked.edits[i].text);
    free((struct whatif_edit *)j->asked.edits);
    model_unref(j->asked.model);
    dataset_unref(j->asked.data);
    if (j->frame)
        frame_free(j->frame);
    look_free(j->look);
    free(j->outputs);
    free(j->weights);
    free(j);
}

const struct job_type whatif_job_type = {
    .name = "whatif",
    .run = run,
    .free = release,
};

/* ---- after the end ---- */

const struct whatif_request *whatif_job_asked(const struct whatif_job *j)
{
    return &j->asked;
}

struct cell whatif_job_cell(const struct whatif_job *j, const struct whatif_edit *edit)
{
    const struct dataset *d = j->asked.data;

    return column_cell(dataset_column(d, dataset_find(d, edit->column)),
                       j->asked.row - 1);
}

const float *whatif_job_outputs(const struct whatif_job *j)
{
    return j->outputs;
}

int whatif_job_class(const struct whatif_job *j, bool after)
{
    const struct encoder *e = model_encoder(j->asked.model);

    return answers_class(e, j->outputs + (after ? e->n_classes : 0));
}

bool whatif_job_attends(const struct whatif_job *j)
{
    return j->weights != NULL;
}

static const real *weights_of(const struct whatif_job *j, int layer, int which, int head)
{
    return j->weights + (size_t)((layer * BOTH + which) * j->heads + head) * cells_of(j);
}

static double change_of(const struct whatif_weight *w)
{
    return fabs(w->after - w->before);
}

/* Into the list of those that changed most; what came first stays in front. */
static void keep_largest(struct whatif_weight *list, int *n, int most,
                         struct whatif_weight w)
{
    int at = *n;

    while (at > 0 && change_of(&list[at - 1]) < change_of(&w))
        at--;
    if (at == most)
        return;
    *n += *n < most;
    memmove(list + at + 1, list + at, (size_t)(*n - at - 1) * sizeof *list);
    list[at] = w;
}

int whatif_job_weights(const struct whatif_job *j, struct whatif_weight *out)
{
    int n = 0;

    for (int at = 0; at < j->layers * j->heads; at++) {
        const real *before = weights_of(j, at / j->heads, BEFORE, at % j->heads);
        const real *after = weights_of(j, at / j->heads, AFTER, at % j->heads);

        for (int i = 0; i < j->columns * j->columns; i++) {
            struct whatif_weight w = {at / j->heads, at % j->heads, i / j->columns,
                                      i % j->columns, (double)before[i],
                                      (double)after[i]};

            if (change_of(&w) > 0)
                keep_largest(out, &n, j->asked.most, w);
        }
    }
    return n;
}

double *whatif_job_difference(const struct whatif_job *j, int layer)
{
    double *out = xcalloc(cells_of(j), sizeof *out);

    for (int head = 0; head < j->heads; head++) {
        const real *before = weights_of(j, layer, BEFORE, head);
        const real *after = weights_of(j, layer, AFTER, head);

        for (size_t i = 0; i < cells_of(j); i++)
            out[i] += ((double)after[i] - (double)before[i]) / j->heads;
    }
    return out;
}
